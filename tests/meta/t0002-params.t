# conf.def is the one table of parameters, op.def that of operators: manual and
# sample say the same.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
cd "$DYNAPI_SRCDIR" || exit 1

manual=man/dynapi.conf.5
sample=$DYNAPI_BUILDDIR/etc/dynapi.conf.sample
ok "there is a manual page" test -s $manual
ok "there is a sample" test -s "$sample"
[ -s $manual ] || done_testing

params=$(sed -n 's/^PARAM(\([a-z0-9_]*\),.*/\1/p' src/conf/conf.def)
families=$(sed -n 's/^FAMILY(\([a-z0-9_]*\), *\([A-Z]*\),.*/\1.\2/p' src/conf/conf.def)
isnt "$params" "" "conf.def has parameters"

for name in $params $families; do
	grep -q "^\.It .*\b${name%.*}\b" $manual || echo "$name: not in $manual"
	grep -q "^#*${name//./\\.} *=" "$sample" || echo "$name: not in the sample"
done >"$TMP/missing"
is "$(cat "$TMP/missing")" "" "every parameter is documented"

# the other way round: what the manual lists exists
sed -n 's/^\.It [A-Z][a-z] \([a-z][a-z0-9_]*\)\b.*/\1/p' $manual | sort -u |
	while read -r name; do
		{ printf '%s\n' $params && cut -d . -f 1 <<<"$families"; } | grep -qx "${name%.*}" || echo "$name"
	done >"$TMP/unknown"
is "$(cat "$TMP/unknown")" "" "the manual lists no other parameter"

# a default that the manual names is the one of the table
while IFS='|' read -r name default; do
	[ -n "$default" ] || continue
	awk -v name="$name" -v default="$default" '
		$1 == ".It" { here = 0; for (i = 2; i <= NF; i++) if ($i == name) here = 1 }
		here { text = text "\n" $0 }
		END { gsub(/\\&/, "", text); exit index(text, default) == 0 }' $manual ||
		echo "$name: the default $default is not there"
done < <(sed -n 's/^PARAM(\([a-z0-9_]*\), *[a-z]*, *"\([^"]*\)",.*/\1|\2/p' \
	src/conf/conf.def) >"$TMP/defaults"
is "$(cat "$TMP/defaults")" "" "the manual has the defaults"

awk -f man/params.awk src/conf/conf.def $manual >"$TMP/page"
same_file $manual "$TMP/page" "$manual is what man/params.awk makes of conf.def"

# ---- the question language
manual=man/dynapi-query.7
awk -f man/ops.awk src/query/op.def src/query/where_cond.c \
	src/query/ransack_predicate.c $manual >"$TMP/page"
same_file $manual "$TMP/page" "$manual is what man/ops.awk makes of op.def"
is "$(grep -c '^OP(' src/query/op.def)" \
	"$(sed -n '/^\.\\" operators: begin/,/^\.\\" operators: end/p' $manual |
		grep -c '^\.It [a-z_]* Ta')" "with every operator"

# words FILE TABLE : the first text of each entry of a table
words() {
	sed -n "/$2\[\] = {/,/^};/s/^ *{\"\([a-z_]*\)\",.*/\1/p" "src/query/$1"
}
for word in $(words drf.c reserved) $(words where.c reserved); do
	grep -q "$word=" $manual || echo "$word="
done >"$TMP/missing"
for word in $(words drf_filter.c words); do
	grep -q "^\.It Li .*\b$word\b" $manual || echo "$word"
done >>"$TMP/missing"
for word in $(words ransack_predicate.c predicates) $(words ransack_shape.c shapings) \
	$(sed -n '/own_names\[\] = {/,/};/s/[^"]*"\([a-z_]*\)"[^"]*/\1 /gp' src/handler/data_bulk.c |
		tr -d '};'); do
	grep -q "\b$word\b" $manual || echo "$word"
done >>"$TMP/missing"
is "$(cat "$TMP/missing")" "" "every parameter and predicate is in $manual"
isnt "$(words drf.c reserved)$(words where.c reserved)" "" "there are parameters"
isnt "$(words drf_filter.c words)$(words ransack_predicate.c predicates)" "" "and words"

done_testing
