# conf.def is the one table of parameters: manual and sample say the same.

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
		printf '%s\n' $params ${families//.*/} | grep -qx "${name%.*}" || echo "$name"
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

done_testing
