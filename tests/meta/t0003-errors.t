# err.def is the one table of errors: each code is unique and explained.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
cd "$DYNAPI_SRCDIR" || exit 1

manual=man/dynapi.7
table=$(sed -n 's/^ERR(\([A-Z_]*\), *\([0-9]*\), *"\([a-z_]*\)".*/\1 \2 \3/p' \
	src/base/err.def)
isnt "$table" "" "err.def has errors"
is "$(echo "$table" | wc -l)" "$(grep -c '^ERR(' src/base/err.def)" \
	"every line is understood"
is "$(echo "$table" | cut -d ' ' -f 3 | sort | uniq -d)" "" "no code twice"
is "$(echo "$table" | cut -d ' ' -f 1 | sort | uniq -d)" "" "no name twice"
is "$(echo "$table" | awk '$2 < 400 || $2 > 599')" "" "only 4xx and 5xx"

ok "there is a manual page" test -s $manual
[ -s $manual ] || done_testing
echo "$table" | while read -r _ status code; do
	grep -q "^\.It .*\b$code\b" $manual || echo "$status $code"
done >"$TMP/missing"
is "$(cat "$TMP/missing")" "" "every code is explained in $manual"

# status and title are told as the answer has them
told() {
	awk '/^\.It Li [a-z_]+ , Li [0-9]+$/ {
			head = $3 " " $6
			getline
			print head " " $0
		}' $manual
}
sed -n 's/^ERR([A-Z_]*, *\([0-9]*\), *"\([a-z_]*\)", *"\(.*\)")/\2 \1 \3/p' \
	src/base/err.def >"$TMP/titles"
told >"$TMP/told"
same_file "$TMP/told" "$TMP/titles" "$manual has the codes in the order of err.def, with their titles"

done_testing
