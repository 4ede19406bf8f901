# Idempotency-Key: what is created twice is there once.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE writing' && api_programs "$home" &&
	api_conf "$home" writing && ctl "$home" init >/dev/null &&
	pg_load writing "$DYNAPI_SRCDIR/tests/api/writing.sql" &&
	sql writing 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous '*' crud >/dev/null && ask_serve ||
	bail_out "the API cannot be set up"
p=/api/dyn/payment/
# pay KEY BODY [HEADER...] : a create under that key
pay() {
	local key=$1 send=$2
	shift 2
	ask POST "$p" "$send" "Idempotency-Key: $key" "$@"
}
rows() {
	sql writing "SELECT count(*) FROM $1"
}
answer() {
	printf '%s %s %s' "$status" "$(header Location)" "$(header Idempotency-Replayed)"
}

# ---- a repeat
pay k1 '{"amount":10}'
first=$body
is "$(answer)" '201 /api/dyn/payment/1/ ' "the first time"
tag=$(header ETag)
pay k1 '{"amount":10}'
is "$(answer)" '201 /api/dyn/payment/1/ true' "again: the same place, and it says so"
is "$body" "$first" "the same row"
is "$(header ETag)" "$tag" "and its tag"
is "$(rows payment)" 1 "which is there once"
is "$(sql writing 'SELECT last_value FROM payment_id_seq')" 1 "not even a number is lost"
sql writing "UPDATE payment SET amount = 11"
pay k1 '{"amount":10}'
is "$status $(printf '%s' "$body" | grep -c '"amount":11.00')" '201 1' "the row as it is now"
pay k1 '{"amount":10}' 'Prefer: return=minimal'
is "$status [$body] $(header Idempotency-Replayed)" '201 [] true' "without body when that is preferred"
pay k2 '{"amount":10}'
is "$(answer)" '201 /api/dyn/payment/2/ ' "another key is another row"
ask POST "$p" '{"amount":10}'
is "$(answer)" '201 /api/dyn/payment/3/ ' "none as well"

# ---- another request under the same key
try 422 idempotency_mismatch POST "$p" '{"amount":12}' 'Idempotency-Key: k1'
try 422 idempotency_mismatch POST "$p" '{"amount": 10}' 'Idempotency-Key: k1'
try 422 idempotency_mismatch POST "$p?format=csv" '{"amount":10}' 'Idempotency-Key: k1'
try 422 idempotency_mismatch POST /api/dyn/keyless/ '{"n":10}' 'Idempotency-Key: k1'
is "$(rows payment) $(rows keyless)" '3 0' "none of them created anything"

# ---- what was not created is not remembered
try 422 constraint POST "$p" '{"amount":-1}' 'Idempotency-Key: k3'
try 400 required POST "$p" '{}' 'Idempotency-Key: k3'
pay k3 '{"amount":13}'
is "$status $(header Idempotency-Replayed)" '201 ' "a key of a refused request is free"
pay k4 '{"amount":1,"ref":"r1"}'
is "$status" 201 "a unique value"
pay k4 '{"amount":1,"ref":"r1"}'
is "$status $(header Idempotency-Replayed)" '201 true' "the repeat does not collide with itself"
try 409 conflict POST "$p" '{"amount":1,"ref":"r1"}' 'Idempotency-Key: k5'
is "$(fields)" ref "another key does"
ask POST /api/dyn/swallowing/ '{"id":1}' 'Idempotency-Key: k6'
is "$status $(sql writing "SELECT count(*) FROM dynapi.idempotency WHERE key = 'k6'")" '201 0' \
	"nor is what a trigger swallowed"

# ---- keys and rows of every kind
ask POST /api/dyn/keyless/ '{"n":1}' 'Idempotency-Key: n1'
is "$(answer) $body" '201   {"n":1}' "a table without key"
ask POST /api/dyn/keyless/ '{"n":1}' 'Idempotency-Key: n1'
is "$(answer) $body" '201  true ' "cannot show its row again"
is "$(rows keyless)" 1 "but has it once"
hand='{"a":"x,y/ü","b":"AP8=","t":"2024-01-01T00:00:00.5+02:00","n":1}'
ask POST /api/dyn/made_by_hand/ "$hand" 'Idempotency-Key: h1'
location=$(header Location) first=$body
ask POST /api/dyn/made_by_hand/ "$hand" 'Idempotency-Key: h1'
is "$(answer)" "201 $location true" "a key of text, bytes and time"
is "$body" "$first" "leads to the row"
long=$(printf 'x%.0s' {1..255})
pay "$long" '{"amount":1}'
is "$status" 201 "a key of 255 bytes"
try 400 bad_request POST "$p" '{"amount":1}' "Idempotency-Key: ${long}x"
try 400 bad_request POST "$p" '{"amount":1}' 'Idempotency-Key: kü'
try 400 bad_request POST "$p" '{"amount":1}' $'Idempotency-Key: a\tb'
pay "\"it's; drop table x -- {a,b} \\" '{"amount":1}'
is "$status" 201 "a key is any printable text"
pay "\"it's; drop table x -- {a,b} \\" '{"amount":1}'
is "$(header Idempotency-Replayed)" true "… and known again"
before=$(rows payment)
ask PATCH "${p}1/" '{"amount":20}' 'Idempotency-Key: k1'
is "$status" 200 "of no meaning for PATCH"
pay dry '{"amount":1}' 'Prefer: tx=rollback'
is "$status $(rows payment)" "201 $before" "a dry run creates nothing"
pay dry '{"amount":1}'
is "$status $(header Idempotency-Replayed)" '201 ' "and keeps no key"

# ---- the row is gone, or may not be seen
sql writing "DELETE FROM payment WHERE id = 1"
pay k1 '{"amount":10}'
is "$(answer) [$body]" '201 /api/dyn/payment/1/ true []' "a row deleted since: where it was, without body"
is "$(rows payment)" "$before" "it is not created again"
admin=$(user_token admin) ada=$(user_token ada) ben=$(user_token ben)
ctl "$home" grant ada payment c >/dev/null && ctl "$home" grant ben payment cr >/dev/null
token=$ada
pay k1 '{"amount":10}'
ada_row=$(header Location)
is "$status [$body] $(header Idempotency-Replayed) $(header ETag)" '201 []  ' "a key is its user's own; who may not read sees no row"
pay k1 '{"amount":10}'
is "$(answer) [$body] $(header ETag)" "201 $ada_row true [] " "nor when he repeats it"
token=$ben
pay k1 '{"amount":10}'
like "$status $body" '^201 \{"id":' "another user, another row"
isnt "$(header Location)" "$ada_row" "… really"
ctl "$home" revoke ben payment >/dev/null
try 403 forbidden POST "$p" '{"amount":10}' 'Idempotency-Key: k1'
token=
ctl "$home" user delete ada >/dev/null
is "$(sql writing "SELECT count(*) FROM dynapi.idempotency WHERE user_id NOT IN (SELECT id FROM dynapi.users)")" 0 "keys go with their user"

# ---- 24 hours
is "$(sql writing "SELECT DISTINCT expires - now() BETWEEN '23:50' AND '24:00' FROM dynapi.idempotency")" t "a key is kept for a day"
before=$(rows payment)
sql writing "UPDATE dynapi.idempotency SET expires = now() WHERE key IN ('k1', 'k2')"
pay k2 '{"amount":99}'
is "$status $(header Idempotency-Replayed) $(rows payment)" "201  $((before + 1))" "after that it is free"
is "$(sql writing "SELECT count(*) FROM dynapi.idempotency WHERE key = 'k1' AND user_id = 0")" 0 "and the others are cleared away"

# ---- at the same time
ask_same_pid
responders_stop "$home"
responders_start "$home" 4
ask GET /api/health/live
# together N TABLE BODY KEY : the same request N times at once
together() {
	local i pids=()
	for ((i = 1; i <= $1; i++)); do
		mkdir -p "$TMP/p$i"
		(TMP=$TMP/p$i && ask POST "/api/dyn/$2/" "$3" "Idempotency-Key: $4" &&
			echo "$status $(header Location)" >"$TMP/said") &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	cat "$TMP"/p*/said | sort | uniq -c | sed 's/^ *//'
	rm -f "$TMP"/p*/said
}
is "$(together 4 slow '{}' s1)" '4 201 /api/dyn/slow/1/' "four at once, slow to commit: one row, and all have it"
is "$(rows slow)" 1 "one row"
is "$(together 4 slow '{"ref":"u"}' s2 | sed 's/[0-9]*\/$//')" '4 201 /api/dyn/slow/' "with a unique value of its own"
is "$(rows slow)" 2 "one more"
for n in 1 2 3; do
	is "$(together 8 payment "{\"amount\":$n}" "t$n" | wc -l)" 1 "eight at once"
done

# ---- the connection is lost
before=$(rows slow)
mkdir "$TMP/lost"
(TMP=$TMP/lost && ask POST /api/dyn/slow/ '{"ref":"lost"}' 'Idempotency-Key: lost' && echo "$status" >"$TMP/said") &
pid=$!
for ((i = 0; i < 100; i++)); do
	killed=$(sql writing "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE usename = 'dynapi_responder' AND wait_event = 'PgSleep'")
	[ "$killed" = 0 ] || break
	sleep 0.02
done
wait $pid
is "$killed $(cat "$TMP/lost/said")" '1 503' "the server ends the connection in the middle of a create"
ask POST /api/dyn/slow/ '{"ref":"lost"}' 'Idempotency-Key: lost'
is "$status $(rows slow)" "201 $((before + 1))" "the client repeats it, and it is there once"
is "$(header Idempotency-Replayed)" '' "the first one had left nothing"
is_quiet() {
	[ "$(sql writing "SELECT count(*) FROM pg_stat_activity WHERE usename = 'dynapi_responder' AND state <> 'idle'")" = 0 ]
}
# the answer is lost: the row is there, and its client does not know
sql writing "DELETE FROM slow WHERE ref = 'lost2'"
mkdir "$TMP/gone"
timeout 0.15 "$DYNAPI_BUILDDIR/tests/lib/ask" "$socket" POST /api/dyn/slow/ '{"ref":"lost2"}' 'Idempotency-Key: lost2' >/dev/null
wait_for 5 is_quiet
seen=$(sql writing "SELECT count(*) FROM slow WHERE ref = 'lost2'")
ask POST /api/dyn/slow/ '{"ref":"lost2"}' 'Idempotency-Key: lost2'
is "$status $(sql writing "SELECT count(*) FROM slow WHERE ref = 'lost2'")" '201 1' "a client that gave up ($seen row then) has it once when he asks again"

# ---- one flush in the usual case
is "$(sql writing "SELECT has_table_privilege('dynapi_responder', 'dynapi.idempotency', 'insert') OR has_table_privilege('public', 'dynapi.idempotency', 'select')")" \
	f "nobody but the function writes keys"
done_testing
