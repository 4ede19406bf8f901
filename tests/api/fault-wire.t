# The way to PostgreSQL is cut, swallows, or says what makes no sense
# (tests/lib/relay.c stands in it): a write whose fate is not known is said to
# be so and never tried again, and the responder lives through any answer.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
. "$DYNAPI_SRCDIR/tests/lib/fault.sh"

LIMIT=3
BACK=5

conf=("statement_timeout = 2s" "connect_timeout = 1s")
fault_home wire "
	CREATE TABLE item (id int PRIMARY KEY, note text);
	INSERT INTO item SELECT i, 'note ' || i FROM generate_series(1, 5000) i" \
	"${conf[@]}"

mkdir "$H/relay" && chmod 700 "$H/relay" && give "$H/relay"
install -m 755 "$DYNAPI_BUILDDIR/tests/lib/relay" "$H/bin/relay"
# as: the relay itself, not a shell before it, has the number
as bash -c 'echo $$ >"$0/run/relay.pid"; exec "$0/bin/relay" \
	"$0/relay/.s.PGSQL.5432" "$0/run/.s.PGSQL.5432" "$0/relay/order"' "$H" \
	2>"$H/log/relay" &
at_exit "pid_end '$H/run/relay.pid' '$H/'"
wait_for 5 test -S "$H/relay/.s.PGSQL.5432" || bail_out "no relay"
api_conf "$H" wire "${conf[@]}" \
	"conninfo = host=$H/relay dbname=wire user=dynapi_responder"
fault_web 1
ask GET /api/dyn/item/1/
is "$status" 200 "the way is open"
pid=$(responders)

# order LINE : spoils the next batch.  A session must be open before, or the
# batch that asks for the schema's version would be it.
order() {
	within $BACK answers /api/dyn/item/1/ ||
		bail_out "no session before $1"
	printf '%s\n' "$1" >"$TMP/order"
	give "$TMP/order"
	mv "$TMP/order" "$H/relay/order"
}
obeyed() {
	[ ! -e "$H/relay/order" ] || fail "$1: nothing was spoilt"
}
has() {
	sql wire "SELECT count(*) FROM item WHERE $1"
}

# ------------------------------------------- F5: the fate of a write

id=10000
while read -r what rows; do
	id=$((id + 1))
	order "$what"
	ask POST /api/dyn/item/ "{\"id\":$id,\"note\":\"$what\"}"
	problem "$what in a POST" "503 outcome_unknown"
	obeyed "$what"
	ask GET "/api/dyn/item/?note=$what"
	is "$status" 200 "$what: the next request is served"
	is "$(has "id = $id")" "$rows" "$what: rows written"

	order "$what"
	ask PATCH /api/dyn/item/7/ "{\"note\":\"$what\"}"
	problem "$what in a PATCH" "503 outcome_unknown"
	is "$(has "id = 7 AND note = '$what'")" "$rows" "$what: rows changed"

	order "$what"
	ask DELETE "/api/dyn/item/$((id - 10000 + 20))/"
	problem "$what in a DELETE" "503 outcome_unknown"
	is "$(has "id = $id - 10000 + 20")" $((1 - rows)) "$what: rows left"

	order "$what"
	ask GET /api/dyn/item/8/
	is "$status" 200 "$what in a GET is not seen"
	obeyed "$what"
done <<'EOF2'
lose 0
cut 1
cut-ready 1
EOF2

# the same key again, had the write been tried twice, would have been a 409
ask POST /api/dyn/item/ '{"id":10002,"note":"again"}'
problem "the client who tries again sees what happened" "409 conflict"

# ------------------------------------------- F4: nothing comes back

order hole
ask GET /api/dyn/item/9/
problem "a hole, a read" "504 timeout" "503 db_unavailable"
ok "in time" at_most $LIMIT
order hole
ask POST /api/dyn/item/ '{"id":10010,"note":"hole"}'
problem "a hole, a write" "503 outcome_unknown"
ok "in time" at_most $LIMIT
order hole
ask GET /api/dyn/item/
problem "a hole, a list" "504 timeout" "503 db_unavailable"
ok "in time" at_most $LIMIT

# ------------------------------------------- F12: nonsense

READY='Z\0\0\0\5I'
PARSED='1\0\0\0\0042\0\0\0\4'
# said NAME BYTES : as the answer to a list, a row and a write
id=20000
said() {
	local name=$1
	# shellcheck disable=SC2059
	printf "$2" >"$H/relay/bytes"
	order "say $H/relay/bytes"
	ask GET /api/dyn/item/
	nonsense "$name, a list"
	order "say $H/relay/bytes"
	ask GET /api/dyn/item/11/
	nonsense "$name, a row"
	order "say $H/relay/bytes"
	id=$((id + 1))
	ask POST /api/dyn/item/ "{\"id\":$id,\"note\":\"said\"}"
	problem "$name, a write" "503 outcome_unknown" "503 db_unavailable" \
		"500 internal"
}
# a read is tried a second time when the connection is lost
nonsense() {
	[ "$status" = 200 ] || problem "$1" "503 db_unavailable" "500 internal"
	at_most $LIMIT || fail "$1: too late"
	obeyed "$1"
}
said "nothing" ''
said "ready without an answer" "$READY"
said "an error without SQLSTATE" 'E\0\0\0\23SERROR\0Mwhat?\0\0'"$READY"
said "an error without fields" 'E\0\0\0\5\0'"$READY"
said "an error of an unknown kind" 'E\0\0\0\24SERROR\0CQQ123\0\0'"$READY"
said "an error in bad text" 'E\0\0\0\34SERROR\0CXX000\0M\377\376\1\033[1m\0\0'"$READY"
said "COPY out" "$PARSED"'H\0\0\0\7\0\0\0d\0\0\0\5x'"$READY"
said "COPY in" "$PARSED"'G\0\0\0\7\0\0\0'"$READY"
said "COPY both" "$PARSED"'W\0\0\0\7\0\0\0'"$READY"
said "a row that nobody described" "$PARSED"'D\0\0\0\13\0\1\0\0\0\1x'"$READY"
said "a login question" 'R\0\0\0\10\0\0\0\3'
said "a row of a gigabyte" 'D\100\0\0\0\0\1'
said "an impossible length" 'T\177\377\377\377'
said "a negative length" 'T\377\377\377\377'
said "half a message" "$PARSED"'C\0\0\0\40SEL'
said "another protocol" 'HTTP/1.1 400 Bad Request\r\n\r\n'
said "zeros" '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
is "$(has "id > 20000")" 0 "nothing of it was written"

# in front of a good answer
# before NAME : what stands in the file is not to be noticed
before() {
	order "before $H/relay/bytes"
	ask GET /api/dyn/item/12/
	is "$status $(jq -r .note "$TMP/body")" "200 note 12" "$1, a row"
	obeyed "$1"
	order "before $H/relay/bytes"
	ask GET /api/dyn/item/?page_size=2
	is "$status" 200 "$1, a page"
	order "before $H/relay/bytes"
	id=$((id + 1))
	ask POST /api/dyn/item/ "{\"id\":$id,\"note\":\"$1\"}"
	is "$status" 201 "$1, a write"
}
lines=$(wc -l <"$H/log/dynapi")
yes 'x' | head -n 100000 | tr -d '\n' |
	sed 's/x/NAAA\x1eSNOTICE\x00C00000\x00Mabcdefgh\x00\x00/g; s/AAA/\x00\x00\x00/g' \
		>"$H/relay/bytes"
before "a flood of notices"
printf 'A\0\0\0\14\0\0\0\1x\0y\0S\0\0\0\21TimeZone\0UTC\0' >"$H/relay/bytes"
before "a notification and a setting"
ok "and no flood in the log" test $(($(wc -l <"$H/log/dynapi") - lines)) -le 20

# instead of a login
# hello NAME BYTES
hello() {
	# shellcheck disable=SC2059
	printf "$2" >"$H/relay/bytes"
	order lose
	printf 'hello %s\n' "$H/relay/bytes" >"$TMP/order.hello"
	give "$TMP/order.hello"
	# the write loses its session, the next request meets the bytes
	ask POST /api/dyn/item/ '{"id":30000,"note":"hello"}'
	mv "$TMP/order.hello" "$H/relay/order"
	ask GET /api/dyn/item/13/
	problem "$1 at login" "503 db_unavailable"
	ok "in time" at_most $LIMIT
	obeyed "$1"
	ok "and back" within $BACK answers /api/dyn/item/13/
}
hello "nothing" ''
hello "an error without SQLSTATE" 'E\0\0\0\23SERROR\0Mwhat?\0\0'
hello "an error of before 2003" 'Ewhat is this?\n\0'
hello "an unknown kind of password" 'R\0\0\0\10\0\0\0\143'
hello "rows" 'D\0\0\0\13\0\1\0\0\0\1x'
hello "another protocol" 'HTTP/1.1 400 Bad Request\r\n\r\n'

# ------------------------------------------- bytes that are no text

# a database that never looked at them
is "$(responders)" "$pid" "one responder has lived through all of this"
responders_stop "$H"
sql postgres "CREATE DATABASE plain TEMPLATE template0 ENCODING SQL_ASCII
	LC_COLLATE 'C' LC_CTYPE 'C'"
sql plain "CREATE TABLE item (id int PRIMARY KEY, note text, rank int);
	INSERT INTO item VALUES (1, 'good'), (2, E'not \\xff\\xfe good')"
api_conf "$H" plain "${conf[@]}" "snapshot = $H/snapshot/plain.sqlite" &&
	api_init "$H" secret-of-admin &&
	ctl "$H" grant anonymous '*' crud >/dev/null &&
	responders_start "$H" 1 || bail_out "no second API"
ask GET /api/dyn/item/1/
is "$status" 200 "text is text"
for path in item/ item/2/ 'item/?format=csv'; do
	ask GET "/api/dyn/$path"
	problem "$path: bytes are not given out" "500 internal"
done
ask PATCH /api/dyn/item/2/ '{"rank":3}'
problem "nor after a write" "500 internal"
is "$(sql plain "SELECT count(*) FROM item WHERE rank = 3")" 0 "which is undone"

is "$(cat "$H/log/responders" "$H/log/relay" 2>/dev/null)" "" \
	"nothing on standard error"

done_testing
