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
# kept KEY : what is kept under it, of any user
kept() {
	sql writing "SELECT count(*) FROM dynapi.idempotency WHERE key = '$1'"
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
try 422 idempotency_mismatch POST "$p" '[{"amount":12}]' 'Idempotency-Key: k1'
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
is "$(answer) $(kept k6)" '201   1' "what a trigger swallowed is remembered"
ask POST /api/dyn/swallowing/ '{"id":1}' 'Idempotency-Key: k6'
is "$(answer) [$body] $(rows swallowing)" '201  true [] 0' "for it may have written another row instead"
try 422 idempotency_mismatch POST /api/dyn/swallowing/ '{"id":2}' 'Idempotency-Key: k6'
sql writing "CREATE TABLE letter (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text);
	CREATE TABLE sheet (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, letter_id int REFERENCES letter, text text);
	CREATE TABLE moved (text text);
	CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO public.moved VALUES (NEW.text); RETURN NULL; END';
	CREATE TRIGGER move BEFORE INSERT ON letter FOR EACH ROW EXECUTE FUNCTION move();
	CREATE TABLE box (id int PRIMARY KEY, text text);
	INSERT INTO box VALUES (1, 'a');
	CREATE TABLE slot (text text);
	CREATE RULE moved AS ON INSERT TO box DO INSTEAD INSERT INTO moved VALUES (NEW.text);
	CREATE RULE kept AS ON UPDATE TO box DO INSTEAD NOTHING;
	CREATE RULE moved AS ON INSERT TO slot DO INSTEAD INSERT INTO moved VALUES (NEW.text) RETURNING text;
	GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder"
introspect "$home" >/dev/null
ctl "$home" grant anonymous letter,sheet,box,slot crudb >/dev/null
for i in 1 2; do
	ask POST /api/dyn/letter/ '{"text":"a"}' 'Idempotency-Key: mv1'
	ask POST /api/dyn/letter/ '{"text":"b","sheet":[{"text":"c"}]}' 'Idempotency-Key: mv2'
done
is "$status $(header Idempotency-Replayed) $(rows letter) $(sql writing 'SELECT string_agg(text, $$ $$) FROM moved')" \
	'201 true 0 a b' "a row that a trigger puts elsewhere is created once, with rows of its relations too"
ask POST /api/dyn/letter/ '{"text":"x"}' 'Idempotency-Key: mv3' 'Prefer: tx=rollback'
is "$status $(kept mv3)" '201 0' "what was undone is not remembered"

# ---- rules that do something else instead
for i in 1 2; do
	ask POST /api/dyn/slot/ '{"text":"d"}' 'Idempotency-Key: mv4'
done
is "$status $(header Idempotency-Replayed) $(sql writing "SELECT count(*) FROM moved WHERE text = 'd'")" '201 true 1' \
	"a rule that returns its row is as good as the table"
for send in '{"id":2,"text":"x"}' '[{"id":2,"text":"x"},{"id":3,"text":"y"}]'; do
	try 422 constraint POST /api/dyn/box/ "$send"
	like "$body" 'The rules of this table do not say what is written' "and one that does not is named"
	is "$(fields)" '' "and no field"
	try 422 constraint POST /api/dyn/box/ "$send" 'Idempotency-Key: mv5'
	try 422 constraint POST '/api/dyn/box/?on_conflict=id' "$send"
done
try 422 constraint PATCH /api/dyn/box/1/ '{"text":"x"}'
try 422 constraint PATCH '/api/dyn/box/?id=1' '{"text":"x"}' 'Prefer: return=representation'
is "$(sql writing "SELECT count(*) FROM moved WHERE text IN ('x', 'y')") $(kept mv5)" '0 0' "nothing was written"

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

# ---- an object with rows of its relations
n=/api/dyn/invoice/
# bill KEY BODY [HEADER...] : one of those, under that key
bill() {
	local key=$1 send=$2
	shift 2
	ask POST "$n" "$send" "Idempotency-Key: $key" "$@"
}
both='{"ref":"i1","line":[{"n":1},{"n":2}]}'
bill b1 "$both"
is "$(answer)" '201 /api/dyn/invoice/1/ ' "rows of two tables"
like "$body" '^\{"ref":"i1","line":\[\{"n":1,"id":1,"invoice_id":1\},' "… as they are stored"
bill b1 "$both"
is "$(answer) $body" '201 /api/dyn/invoice/1/ true {"id":1,"ref":"i1","note":null}' "again: the outermost row, and where it is"
tag=$(header ETag)
ask GET "${n}1/"
is "$tag" "$(header ETag)" "with its tag"
is "$(rows invoice) $(rows line)" '1 2' "all of them are there once"
is "$(sql writing 'SELECT last_value FROM line_id_seq')" 2 "not even a number is lost"
sql writing "UPDATE invoice SET note = 'later'"
bill b1 "$both"
is "$status $body" '201 {"id":1,"ref":"i1","note":"later"}' "the row as it is now"
bill b1 "$both" 'Prefer: return=minimal'
is "$(answer) [$body]" '201 /api/dyn/invoice/1/ true []' "without body when that is preferred"
try 422 idempotency_mismatch POST "$n" '{"ref":"i1","line":[{"n":1},{"n":3}]}' 'Idempotency-Key: b1'
try 422 idempotency_mismatch POST "$n" '{"ref":"i1"}' 'Idempotency-Key: b1'
try 422 idempotency_mismatch POST "$p" '{"amount":1}' 'Idempotency-Key: b1'
try 422 idempotency_mismatch POST "$n" "$both" 'Idempotency-Key: k1'
try 400 bad_request POST "$n" "$both" 'Idempotency-Key: kü'
try 422 constraint POST "$n" '{"ref":"i2","line":[{"n":1},{"n":0}]}' 'Idempotency-Key: b2'
try 400 unknown_column POST "$n" '{"ref":"i2","line":[{"nope":1}]}' 'Idempotency-Key: b2'
is "$(rows invoice) $(rows line) $(kept b2)" '1 2 0' "none of them created anything, or kept a key"
bill b2 '{"ref":"i2","line":[{"n":1}]}' 'Prefer: tx=rollback'
is "$status $(rows invoice) $(kept b2)" '201 1 0' "nor does a dry run"
bill b2 '{"ref":"i2","line":[{"n":1}]}'
is "$status $(header Idempotency-Replayed) $(kept b2)" '201  1' "the key is free"
try 409 conflict POST "$n" "$both" 'Idempotency-Key: b3'
is "$(fields) $(kept b3)" 'ref 0' "the same row under another key collides"
w=/api/auto/invoice/with_relations
ask POST $w '{"ref":"w1","line":[{"n":7}]}' 'Idempotency-Key: w1'
is "$status $(printf '%s' "$body" | grep -c '"n":7')" '200 1' "with_relations of the auto dialect"
place=$(sql writing "SELECT id FROM invoice WHERE ref = 'w1'")
ask POST $w '{"ref":"w1","line":[{"n":7}]}' 'Idempotency-Key: w1'
is "$status $(header Idempotency-Replayed) $body" "200 true {\"id\":$place,\"ref\":\"w1\",\"note\":null}" "… is done once"
ask POST $w '{"ref":"w1","line":[{"n":8}]}' 'Idempotency-Key: w1'
is "$status" 422 "… of this body"
list='[{"ref":"w2","line":[{"n":8}]},{"ref":"w3"}]'
ask POST $w "$list" 'Idempotency-Key: w2'
is "$status $(printf '%s' "$body" | grep -c '"id"')" '200 1' "a list of them"
ask POST $w "$list" 'Idempotency-Key: w2'
is "$status $(header Idempotency-Replayed) $body" "200 true [{\"ref\":\"w2\"},{\"ref\":\"w3\"}]" "… is answered with the outermost rows as they were sent"
is "$(sql writing "SELECT count(*) FROM invoice WHERE ref ~ '^w'") $(sql writing "SELECT created, row_key IS NULL FROM dynapi.idempotency WHERE key = 'w2'")" \
	'3 2|t' "… and there once"
sql writing "DELETE FROM line; DELETE FROM invoice WHERE id = 1"
bill b1 "$both"
is "$(answer) [$body]" '201 /api/dyn/invoice/1/ true []' "deleted since: where it was"
is "$(sql writing "SELECT count(*) FROM invoice WHERE ref = 'i1'")" 0 "and not created again"
sql writing "UPDATE dynapi.idempotency SET expires = now() WHERE key = 'b1'"
bill b1 "$both"
is "$status $(header Idempotency-Replayed) $(rows line)" '201  2' "after a day the key is free"
sql writing "CREATE TRIGGER swallow BEFORE INSERT ON invoice FOR EACH ROW WHEN (NEW.ref = 'none') EXECUTE FUNCTION swallow()"
bill b4 '{"ref":"none","line":[{"n":1}]}'
is "$status $(kept b4)" '201 1' "what a trigger swallowed is remembered"

# ---- many rows: their number is kept
ND='Content-Type: application/x-ndjson' CSV='Content-Type: text/csv'
# refused STATUS-AND-CODE KEY LINES HEADER
refused() {
	pay "$2" "$3" "$4"
	like "$status $body" "^${1% *} .*\"code\":\"${1#* }\"" "key $2 with ${#3} bytes of ${4##*/} is $1"
}
before=$(rows payment)
pay m1 '[{"amount":1},{"amount":2}]'
like "$status $(header Idempotency-Replayed) $body" '^201  \[\{"id":' "an array"
pay m1 '[{"amount":1},{"amount":2}]'
is "$status $(header Idempotency-Replayed) $body" '201 true {"created":2}' "again: how many there were"
pay m1 '[{"amount":1},{"amount":2}]' 'Prefer: return=minimal'
is "$status $(header Idempotency-Replayed) [$body]" '201 true []' "or nothing"
is "$(rows payment)" $((before + 2)) "they are there once"
try 422 idempotency_mismatch POST "$p" '[{"amount":1},{"amount":3}]' 'Idempotency-Key: m1'
try 422 idempotency_mismatch POST "$p" '{"amount":1}' 'Idempotency-Key: m1'
refused '422 idempotency_mismatch' m1 $'{"amount":1}\n{"amount":2}\n' "$ND"
pay m2 $'{"amount":1}\n{"amount":2}\n{"amount":3}\n' "$ND"
is "$status $body" '201 {"created":3}' "lines"
pay m2 $'{"amount":1}\n{"amount":2}\n{"amount":3}\n' "$ND"
is "$status $(header Idempotency-Replayed) $body" '201 true {"created":3}' "again"
refused '422 idempotency_mismatch' m2 $'{"amount":1}\n{"amount":2}\n{"amount":4}\n' "$ND"
pay m3 $'amount,ref\n1,c1\n2,c2\n' "$CSV"
is "$status $body" '201 {"created":2}' "CSV"
pay m3 $'amount,ref\n1,c1\n2,c2\n' "$CSV"
is "$status $(header Idempotency-Replayed) $body" '201 true {"created":2}' "again, and it does not collide with itself"
refused '409 conflict' m4 $'amount,ref\n1,c1\n2,c2\n' "$CSV"
is "$(fields)" '[0].ref' "under another key it does"
try 422 constraint POST "$p" '[{"amount":1},{"amount":-1}]' 'Idempotency-Key: m4'
refused '400 bad_value' m4 $'{"amount":1}\n{"amount":"x"}\n' "$ND"
try 409 too_many_rows POST "$p?max_affected=1" '[{"amount":1},{"amount":1}]' 'Idempotency-Key: m4'
pay m4 '[{"amount":1}]' 'Prefer: tx=rollback'
is "$(rows payment) $(kept m4)" "$((before + 7)) 0" "what was not created is not remembered"
pay m4 '[]'
pay m4 '[]'
is "$status $(header Idempotency-Replayed) $body" '201 true {"created":0}' "none is a number, too"
up='[{"id":900,"n":1},{"id":901,"n":2}]'
ask POST '/api/dyn/counter/?on_conflict=id' "$up" 'Idempotency-Key: u1'
is "$status" 201 "rows that are merged"
sql writing "UPDATE counter SET n = 5 WHERE id = 900"
ask POST '/api/dyn/counter/?on_conflict=id' "$up" 'Idempotency-Key: u1'
is "$status $(header Idempotency-Replayed) $body $(sql writing 'SELECT n FROM counter WHERE id = 900')" \
	'201 true {"written":2} 5' "… are not merged again"
ask POST /api/auto/payment '[{"amount":1},{"amount":2}]' 'Idempotency-Key: m5'
ask POST /api/auto/payment '[{"amount":1},{"amount":2}]' 'Idempotency-Key: m5'
is "$status $(header Idempotency-Replayed) $body" '200 true [{"amount":1},{"amount":2}]' "a list of the auto dialect is as it was sent"
is "$(rows payment)" $((before + 9)) "and there once"
sql writing "UPDATE dynapi.idempotency SET expires = now() WHERE key = 'm1'"
pay m1 '[{"amount":1},{"amount":2}]'
is "$status $(header Idempotency-Replayed) $(rows payment)" "201  $((before + 11))" "after a day the key is free"
big=$(for ((i = 1; i <= 3000; i++)); do printf '{"amount":%d,"ref":"big%d"}\n' $i $i; done)
pay m7 "$big" "$ND"
is "$status $body" '201 {"created":3000}' "rows of several statements"
pay m7 "$big" "$ND"
is "$status $(header Idempotency-Replayed) $body" '201 true {"created":3000}' "… and again"
refused '422 idempotency_mismatch' m7 "$big{\"amount\":1}" "$ND"
sql writing "DELETE FROM payment WHERE ref ~ '^big'"
before=$(($(rows payment) - 1))

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
before=$(rows payment)
pay m2 $'{"amount":1}\n{"amount":2}\n{"amount":3}\n' "$ND"
is "$status $(header Idempotency-Replayed) $(rows payment)" "201  $((before + 3))" "many as well"
token=$ada
pay m1 '[{"amount":10}]'
is "$status $body" '201 {"created":1}' "who may not read"
pay m1 '[{"amount":10}]'
is "$status $(header Idempotency-Replayed) $body" '201 true {"created":1}' "hears how many"

# ---- without the rights a key tells nothing
ctl "$home" grant ada invoice cr >/dev/null && ctl "$home" grant ada line c >/dev/null
bill o1 '{"ref":"o1","line":[{"n":1}]}'
is "$status" 201 "ada may create both"
token=$ben
ctl "$home" grant ben invoice c >/dev/null && ctl "$home" grant ben line c >/dev/null
bill o1 '{"ref":"o2","line":[{"n":1}]}'
is "$status [$body] $(header Idempotency-Replayed)" '201 [] ' "ben, too: his key is another one"
bill o1 '{"ref":"o2","line":[{"n":1}]}'
is "$status [$body] $(header Idempotency-Replayed)" '201 [] true' "… and sees no row, nor when he repeats it"
token=$ada
ctl "$home" revoke ada line >/dev/null
try 403 forbidden POST "$n" '{"ref":"o1","line":[{"n":1}]}' 'Idempotency-Key: o1'
one=${body%%\"request_id*}
try 403 forbidden POST "$n" '{"ref":"o1","line":[{"n":2}]}' 'Idempotency-Key: o1'
is "${body%%\"request_id*}" "$one" "another body is refused alike"
try 403 forbidden POST "$n" '{"ref":"o1","line":[{"n":1}]}' 'Idempotency-Key: o9'
is "${body%%\"request_id*}" "$one" "so is another key"
ctl "$home" revoke ada payment >/dev/null
try 403 forbidden POST "$p" '[{"amount":10}]' 'Idempotency-Key: m1'
try 403 forbidden POST "$p" '[{"amount":11}]' 'Idempotency-Key: m1'
refused '403 forbidden' m1 $'{"amount":11}\n' "$ND"
ctl "$home" grant ada payment c >/dev/null
token=$ben
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
# together N TABLE BODY KEY [HEADER] : the same request N times at once
together() {
	local i pids=()
	for ((i = 1; i <= $1; i++)); do
		mkdir -p "$TMP/p$i"
		(TMP=$TMP/p$i && ask POST "/api/dyn/$2/" "$3" "Idempotency-Key: $4" ${5+"$5"} &&
			echo "$status $(header Location)" >"$TMP/said") &
		pids+=($!)
	done
	for i in "${pids[@]}"; do wait "$i"; done
	cat "$TMP"/p*/said | sort | uniq -c | sed 's/^ *//'
	rm -f "$TMP"/p*/said
}
is "$(together 4 slow '{}' s1 | sed 's/[0-9]*\/$//')" '4 201 /api/dyn/slow/' "four at once, slow to commit: one row, and all have it"
is "$(rows slow)" 1 "one row"
is "$(together 4 slow '{"ref":"u"}' s2 | sed 's/[0-9]*\/$//')" '4 201 /api/dyn/slow/' "with a unique value of its own"
is "$(rows slow)" 2 "one more"
for i in 1 2 3; do
	is "$(together 8 payment "{\"amount\":$i}" "t$i" | wc -l)" 1 "eight at once"
done
id=$(sql writing "SELECT last_value + 1 FROM invoice_id_seq")
is "$(together 4 invoice '{"note":"t","step":[{"n":1},{"n":2}]}' t4 | sed "s/$id/ID/")" '4 201 /api/dyn/invoice/ID/' "rows of two tables, slow to commit"
is "$(sql writing "SELECT count(*) FROM invoice WHERE note = 't'") $(rows step)" '1 2' "are there once"
is "$(together 4 invoice '{"ref":"t5","note":"t","step":[{"n":1}]}' t5 | sed 's/[0-9]*\/$//')" '4 201 /api/dyn/invoice/' "… with a unique value"
is "$(sql writing "SELECT count(*) FROM invoice WHERE note = 't'") $(rows step)" '2 3' "once"
before=$(rows payment)
is "$(together 4 payment '[{"amount":1},{"amount":2}]' t6)" '4 201 ' "many rows"
is "$(together 4 payment $'{"amount":1,"ref":"t7"}\n{"amount":2}\n' t7 "$ND")" '4 201 ' "… read as they come, with a unique value"
is "$(rows payment)" $((before + 4)) "once"
is "$(together 2 slow '[{"ref":"t8"},{}]' t8)" '2 201 ' "… slow to commit"
is "$(sql writing "SELECT count(*) FROM slow WHERE ref = 't8'")" 1 "once"

# ---- the connection is lost
before=$(rows slow)
mkdir "$TMP/lost"
# killed_in URI BODY KEY : the server ends the connection while it waits
killed_in() {
	local i pid killed
	(TMP=$TMP/lost && ask POST "$1" "$2" "Idempotency-Key: $3" && echo "$status" >"$TMP/said") &
	pid=$!
	for ((i = 0; i < 100; i++)); do
		killed=$(sql writing "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE usename = 'dynapi_responder' AND wait_event = 'PgSleep'")
		[ "$killed" = 0 ] || break
		sleep 0.02
	done
	wait $pid
	echo "$killed $(cat "$TMP/lost/said")"
}
is "$(killed_in /api/dyn/slow/ '{"ref":"lost"}' lost)" '1 503' "the server ends the connection in the middle of a create"
ask POST /api/dyn/slow/ '{"ref":"lost"}' 'Idempotency-Key: lost'
is "$status $(rows slow)" "201 $((before + 1))" "the client repeats it, and it is there once"
is "$(header Idempotency-Replayed)" '' "the first one had left nothing"
send='{"ref":"lost3","step":[{"n":1},{"n":2}]}'
is "$(killed_in "$n" "$send" lost3)" '1 503' "… of rows of two tables"
is "$(sql writing "SELECT count(*) FROM invoice WHERE ref = 'lost3'") $(kept lost3)" '0 0' "neither rows nor key are there"
bill lost3 "$send"
is "$status $(header Idempotency-Replayed) $(sql writing "SELECT count(*) FROM step JOIN invoice i ON i.id = invoice_id WHERE ref = 'lost3'")" \
	'201  2' "the client repeats it, and they are there once"
is "$(killed_in /api/dyn/slow/ '[{"ref":"lost4"},{"ref":"lost5"}]' lost4)" '1 503' "… of many rows"
is "$(sql writing "SELECT count(*) FROM slow WHERE ref ~ 'lost[45]'") $(kept lost4)" '0 0' "neither rows nor key"
ask POST /api/dyn/slow/ '[{"ref":"lost4"},{"ref":"lost5"}]' 'Idempotency-Key: lost4'
is "$status $(header Idempotency-Replayed) $(kept lost4)" '201  1' "once more, and they are"
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
