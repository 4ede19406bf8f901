# The database layer and the rendering against a private cluster: the C
# programs make the cases, this gives them a server that they may also stop.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"

pg_home "$TMP/home" || bail_out "no PostgreSQL"

# what TEST_PG runs: restart MODE, stop MODE, start
cat >"$TMP/server" <<EOF
. "$DYNAPI_SRCDIR/tests/lib/proc.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
"pg_\$1" "$TMP/home" \${2-}
EOF
TEST_PG="bash $TMP/server"
export TEST_PG

# run PROGRAM : each of its cases is one of ours
run() {
	local line status
	CMOCKA_MESSAGE_OUTPUT=TAP "$DYNAPI_BUILDDIR/tests/unit/$1" \
		>"$TMP/$1" 2>"$TMP/$1.err"
	status=$?
	while IFS= read -r line; do
		case $line in
		'ok '*) pass "$1: ${line#ok * - }" ;;
		'not ok '*) fail "$1: ${line#not ok * - }" ;;
		esac
	done <"$TMP/$1"
	ok "$1 ends well" test "$status" -eq 0
	[ "$status" -eq 0 ] || {
		diag "$(grep -v '^ok' "$TMP/$1")"
		diag "$(grep -v '^NOTICE' "$TMP/$1.err")"
	}
}

run test_render_db
run test_stmt_db
run test_db
run test_db_fault
done_testing
