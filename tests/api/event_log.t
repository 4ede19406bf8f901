# The log of events: a line for every row that a write changes, in the
# transaction of that write, and a wake-up for who listens.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

keys=("key.plain_view = id" "key.made_view = id" "key.ruled_view = id" "serve = native, health, auto, v2")
pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE events' && api_programs "$home" &&
	api_conf "$home" events "${keys[@]}" "events = *" && ctl "$home" init >/dev/null &&
	pg_load events "$DYNAPI_SRCDIR/tests/api/event_log.sql" || bail_out "no database"
foreign=yes
sql events "CREATE EXTENSION postgres_fdw;
	CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$home/run', dbname 'events');
	CREATE USER MAPPING FOR dynapi_responder SERVER here OPTIONS (user 'dynapi_dba', password_required 'false');
	CREATE FOREIGN TABLE far (id int, n int) SERVER here OPTIONS (table_name 'far_there');
	CREATE TABLE far_there (id int PRIMARY KEY, n int)" >/dev/null 2>&1 || foreign=
sql events 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
	GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous '*' crudb >/dev/null && ask_serve ||
	bail_out "the API cannot be set up"
f=/api/dyn/film/

# told : what the log says since it was asked last: a letter for the event, the
# table (without "public."), the key, and how many rows where it names none
told() {
	sql events "WITH d AS (DELETE FROM dynapi.event RETURNING *)
		SELECT coalesce(string_agg(left(event, 1) || ' ' || substr(table_name, 8) || ' ' ||
			coalesce(array_to_string(row_key, '|'), 'x' || rows), ', ' ORDER BY table_name, row_key, event), '') FROM d"
}
# says WANTED NAME
says() {
	is "$(told)" "$1" "$2"
}
# short METHOD URI [BODY [HEADER...]]
short() {
	printf '%.100s' "${*//$'\n'/ }"
}
# does STATUS WANTED METHOD URI [BODY [HEADER...]] : a write and what the log
# says of it
does() {
	local want_status=$1 wanted=$2
	shift 2
	ask "$@"
	is "$status $(told)" "$want_status $wanted" "$(short "$@")"
}

# ---- one row
does 201 'c film 1' POST "$f" '{"title":"one"}'
does 201 'c film 7' POST "$f" '{"id":7,"title":"seven"}' 'Prefer: return=minimal'
does 200 'u film 7' PATCH "${f}7/" '{"title":"x"}'
does 200 'u film 7' PATCH "${f}7/" '{"title":"x"}'
does 200 'u film 7' PUT "${f}7/" '{"title":"y"}'
does 200 '' PATCH "${f}7/" '{}'
does 204 'd film 7' DELETE "${f}7/"
does 404 '' DELETE "${f}7/"
does 404 '' PATCH "${f}7/" '{"title":"x"}'
does 422 '' POST "$f" '{"title":"bad"}'
does 422 '' PATCH "${f}1/" '{"title":"bad"}'
does 400 '' POST "$f" '{"title":1,"price":"x"}'
does 409 '' POST "$f" '{"id":1,"title":"twice"}'
ask GET "${f}1/"
tag=$(header ETag)
does 412 '' PATCH "${f}1/" '{"title":"z"}' 'If-Match: "wrong"'
does 412 '' DELETE "${f}1/" '' 'If-Match: "wrong"'
does 404 '' DELETE "${f}99/" '' "If-Match: $tag"
does 200 'u film 1' PATCH "${f}1/" '{"title":"z"}' "If-Match: $tag"
does 412 '' PATCH "${f}1/" '{"title":"z"}' "If-Match: $tag"
does 204 'd film 1' DELETE "${f}1/" '' 'If-Match: *'
does 201 '' POST "$f" '{"title":"dry"}' 'Prefer: tx=rollback'
does 201 'c film 4' POST "$f" '{"title":"once"}' 'Idempotency-Key: k'
does 201 '' POST "$f" '{"title":"once"}' 'Idempotency-Key: k'
is "$(header Idempotency-Replayed)" true "that was a repeat"
does 422 '' POST "$f" '{"title":"twice"}' 'Idempotency-Key: k'
does 200 '' PATCH "${f}4/" '{"title":"dry"}' 'Prefer: tx=rollback'
does 204 '' DELETE "${f}4/" '' 'Prefer: tx=rollback'
does 201 'c keyless x1' POST /api/dyn/keyless/ '{"a":1}'
does 201 'c keyless x1' POST /api/dyn/keyless/ '{"a":1}' 'Prefer: return=minimal'
does 201 'c keyless x1' POST /api/dyn/keyless/ '{"a":1}' 'Idempotency-Key: l'

# ---- many rows
does 201 'c film 10, c film 11' POST "$f" '[{"id":10,"title":"a"},{"id":11,"title":"b","code":"B"}]'
is "$(printf '%s' "$body" | grep -o '"id":[0-9]*' | tr '\n' ' ')" '"id":10 "id":11 ' "they come back all the same"
does 201 'c film 12, c film 13' POST "$f" '[{"id":12,"title":"a"},{"id":13,"title":"b"}]' 'Prefer: return=minimal'
does 422 '' POST "$f" '[{"id":14,"title":"a"},{"id":15,"title":"bad"}]'
does 201 '' POST "$f" '[{"id":14,"title":"a"}]' 'Prefer: tx=rollback'
does 201 'u film 13, c film 16' POST "$f?on_conflict=id" '[{"id":13,"title":"m"},{"id":16,"title":"n"}]' 'Prefer: resolution=merge-duplicates'
does 201 'u film 13, c film 17' POST "$f?on_conflict=id" '[{"id":13,"title":"m"},{"id":17,"title":"n"}]' 'Prefer: resolution=merge-duplicates, return=minimal'
does 201 'c film 18' POST "$f?on_conflict=id" '[{"id":13,"title":"i"},{"id":18,"title":"n"}]' 'Prefer: resolution=ignore-duplicates'
does 201 'c film 19' POST "$f?on_conflict=id" '[{"id":13,"title":"i"},{"id":19,"title":"n"}]' 'Prefer: resolution=ignore-duplicates, return=minimal'
does 201 'u film 16' POST "$f?on_conflict=id" '{"id":16,"title":"one"}' 'Prefer: resolution=merge-duplicates'
does 200 'u film 10, u film 12' PATCH "$f" '[{"id":12,"price":1},{"id":10,"price":2}]'
does 404 '' PATCH "$f" '[{"id":12,"price":1},{"id":99,"price":2}]'
does 200 '' PATCH "$f" '[{"id":12},{"id":10}]'
does 200 'u film 10, u film 12' PATCH "$f?ids=10,12" '{"price":3}'
is "$body" '{"updated":2}' "rows that change alike are counted"
does 200 'u film 10, u film 12' PATCH "$f?price=3" '{"price":4}' 'Prefer: return=representation'
does 200 '' PATCH "$f?price=3" '{"price":4}'
is "$body" '{"updated":0}' "none is none"
does 200 '' PATCH "$f?ids=10" '{}'
does 409 '' PATCH "$f?price=4&max_affected=1" '{"price":5}'
does 200 'u film 10, u film 12' PATCH "$f?price=4&max_affected=2" '{"price":5}'
is "$body" '{"updated":2}' "with a limit, too"
does 200 '' DELETE "$f?ids=10,12" '' 'Prefer: tx=rollback'
does 200 'd film 10, d film 12' DELETE "$f?ids=10,12"
is "$body" '{"deleted":2}' "and deleted"
does 200 'd keyless x3' DELETE '/api/dyn/keyless/?all=true'
does 201 'c keyless x2' POST /api/dyn/keyless/ '[{"a":1},{"a":2}]'

# ---- more than anybody wants to hear of
ask POST "$f" "[$(seq -s, -f '{"id":%g,"title":"t"}' 1001 2000)]" 'Prefer: return=minimal'
is "$status $(sql events "SELECT count(*), count(row_key), sum(rows) FROM dynapi.event")" \
	'201 1000|1000|1000' "a thousand rows are told one by one"
told >/dev/null
does 201 'c film 3000' POST "$f" '{"id":3000,"title":"t"}'
does 200 'u film x1001' PATCH "$f?id__gt=1000" '{"price":1}'
ask PATCH "$f?id__gt=1000&id__lt=2001" '{"price":2}'
is "$body $(sql events "SELECT count(*), count(row_key) FROM dynapi.event")" '{"updated":1000} 1000|1000' \
	"changed alike as well"
told >/dev/null
does 200 'd film x1001' DELETE "$f?id__gt=1000" '' 'Prefer: return=representation'
ask POST "$f" "[$(seq -s, -f '{"id":%g,"title":"t"}' 1001 3500)]" 'Prefer: return=minimal'
is "$status $(sql events "SELECT count(row_key), count(*) <= 10, sum(rows) FROM dynapi.event")" \
	'201 0|t|2500' "of a longer list only how many rows there are"
told >/dev/null
ask DELETE "$f?id__gt=1000"
told >/dev/null
ND='Content-Type: application/x-ndjson' CSV='Content-Type: text/csv'
does 201 'c film x2' POST "$f" $'{"id":20,"title":"a"}\n{"id":21,"title":"b"}\n' "$ND"
is "$body" '{"created":2}' "streamed rows are counted"
does 200 'u film x2' PATCH "$f" $'{"id":20,"title":"c"}\n{"id":21,"title":"d"}\n' "$ND"
does 201 'c film x1, u film x1' POST "$f?on_conflict=id" $'id,title\n20,e\n22,f\n' "$CSV" 'Prefer: resolution=merge-duplicates'
is "$body" '{"written":2}' "merged rows as well"
does 201 'c film x1' POST "$f?on_conflict=id" $'id,title\n20,e\n23,f\n' "$CSV" 'Prefer: resolution=ignore-duplicates'
does 201 '' POST "$f?on_conflict=id" $'id,title\n20,e\n23,f\n' "$CSV" 'Prefer: resolution=ignore-duplicates'
is "$body" '{"created":0}' "nothing written is nothing"
does 422 '' POST "$f" $'id,title\n24,e\n25,bad\n' "$CSV"
does 201 '' POST "$f" $'id,title\n24,e\n' "$CSV" 'Prefer: tx=rollback'
does 201 'c film x1' POST "$f" $'id,title\n24,e\n' "$CSV" 'Idempotency-Key: csv'
does 201 '' POST "$f" $'id,title\n24,e\n' "$CSV" 'Idempotency-Key: csv'
seq 100001 200000 | awk -v uri="$f" 'BEGIN { printf "load\tPOST\t%s\t", uri }
	{ printf "{\"id\":%d,\"title\":\"t\"}\\n", $1 }
	END { print "\tContent-Type: application/x-ndjson" }' >"$TMP/load"
ask_all "$TMP/load" "$TMP/loaded"
is "$(cut -f 2,4 "$TMP/loaded")" $'201\t{"created":100000}\\n' "a load of 100,000 rows"
is "$(sql events "SELECT count(*) <= 1000, count(row_key), sum(rows) FROM dynapi.event")" 't|0|100000' \
	"whose log stays small"
sql events 'TRUNCATE dynapi.event; DELETE FROM film WHERE id > 100000' >/dev/null

# ---- rows of several tables
a=/api/dyn/author/
ask POST "$a" '{"name":"A","book":[{"name":"B","tag":[{"id":1},{"name":"new"}],"page":[{"n":1}]}]}'
is "$status $(sql events "SELECT string_agg(substr(table_name, 8) || ' ' || coalesce(array_to_string(row_key, '|'), 'x' || rows), ', ' ORDER BY id) FROM dynapi.event")" \
	'201 author 1, book 1, book_tag 1|1, tag 2, book_tag 2|1, page x1' "in the order in which they refer to each other"
told >/dev/null
does 201 'c author 2, u book 1' POST "$a" '{"name":"C","book":[{"id":1}]}'
does 201 '' POST "$a" '{"name":"D","book":[{"name":"E"}]}' 'Prefer: tx=rollback'
does 409 '' POST "$a" '{"name":"D","book":[{"name":"E","tag":[{"name":"old"}]}]}'
does 201 'c author 6' POST "$a" '{"id":6,"name":"F","book":[]}' 'Idempotency-Key: n'
does 201 '' POST "$a" '{"id":6,"name":"F","book":[]}' 'Idempotency-Key: n'

# ---- the other dialects
does 200 'c tag 10' POST /api/auto/tag '{"id":10,"name":"m"}'
does 200 'u tag 10' PUT /api/auto/tag/10 '{"id":99,"name":"n"}'
does 200 'u tag 10' PATCH /api/auto/tag/10 '{"name":"o"}'
does 200 'd tag 10' DELETE /api/auto/tag/10
does 200 'c tag 11, c tag 12' POST /api/auto/tag '[{"id":11,"name":"p"},{"id":12,"name":"q"}]'
does 200 'u tag 11' PATCH '/api/auto/tag?where=["id",11]' '{"name":"r"}'
does 200 'd tag 11' POST /api/auto/tag/delete '{"where":["id",11]}'
does 201 'c tag 13' POST /api/v2/tag '{"tag":{"id":13,"name":"s"}}'
does 200 'u tag 13' PUT /api/v2/tag/13 '{"tag":{"name":"t"}}'
does 200 'u tag 12, u tag 13' PUT '/api/v2/tag/any/multi?ids=12,13,99' '{"tag":{"name":null}}'
does 200 'd tag 12, d tag 13' DELETE '/api/v2/tag/any/multi?ids=12,13'

# ---- keys, as they are in the answer; names
# keyed TABLE BODY KEY : a create, and Location leads to the same row
keyed() {
	does 201 "c $1 $3" POST "/api/dyn/$1/" "$2"
	local place
	place=$(header Location)
	ask GET "$place"
	is "$status" 200 "$place is there"
	does 204 "d $1 $3" DELETE "$place"
}
keyed by_text '{"k":"a,b/ü \"q\" {x} \\ '"'"'"}' "a,b/ü \"q\" {x} \\ '"
does 201 'c by_text ' POST /api/dyn/by_text/ '{"k":""}'
keyed by_bytes '{"k":"+/8="}' '\xfbff'
keyed by_uuid '{"k":"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}' a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11
keyed by_time '{"k":"2024-01-01T00:00:00.5+02:00"}' '2023-12-31 22:00:00.5+00'
keyed by_day '{"k":"2024-01-01T00:00:00","d":"2024-02-29"}' '2024-01-01 00:00:00|2024-02-29'
keyed by_flag '{"k":true,"c":"ab"}' 't|ab   '
keyed by_number '{"k":1.50}' 1.50
keyed by_host '{"k":"::1"}' ::1
keyed by_range '{"k":"[1,5)"}' '[1,5)'
odd='/api/dyn/Odd%20%22na%27me%5C/'
ask POST "$odd" '{"a\"b":"x,y","n":3,"k":"k","created":false}'
is "$status $(told)" "201 c Odd \"na'me\\ 3|x,y" "names that need care"
ask POST "$odd?on_conflict=n,a%22b" '[{"a\"b":"x,y","n":3,"k":"l"},{"a\"b":"z","n":3,"k":"m","created":true}]' 'Prefer: resolution=merge-duplicates'
is "$status $(told)" "201 u Odd \"na'me\\ 3|x,y, c Odd \"na'me\\ 3|z" "columns that are called as ours are"
ask PATCH "$odd?n=3" '{"k":"o"}' 'Prefer: return=representation'
is "$status $(told) $(printf '%s' "$body" | grep -o '"k":"o"' | wc -l)" "200 u Odd \"na'me\\ 3|x,y, u Odd \"na'me\\ 3|z 2" "whatever is asked of them"
ask PATCH "$odd" '[{"a\"b":"z","n":3,"k":"p"}]'
is "$status $(told)" "200 u Odd \"na'me\\ 3|z" "row by row"
long=$(head -c 7500 /dev/zero | tr '\0' k)
ask POST /api/dyn/by_text/ "[{\"k\":\"$long\"}]"
like "$status $(told)" '^(201 c by_text k{7500}|4.. )$' "a key that is longer than a notification"
sql events "ALTER TABLE by_text DROP CONSTRAINT by_text_pkey; CREATE UNIQUE INDEX ON by_text (md5(k))"

# ---- what is no plain table
does 201 'c parted 1|2023-01-01' POST /api/dyn/parted/ '{"id":1,"day":"2023-01-01"}'
does 201 'u parted 1|2023-01-01, c parted 2|2025-01-01, c parted 3|2023-02-02' POST '/api/dyn/parted/?on_conflict=id,day' \
	'[{"id":1,"day":"2023-01-01","n":1},{"id":2,"day":"2025-01-01","n":1},{"id":3,"day":"2023-02-02","n":1}]' 'Prefer: resolution=merge-duplicates'
does 200 'u parted 1|2023-01-01' PATCH /api/dyn/parted/1,2023-01-01/ '{"n":2}'
does 204 'd parted 1|2023-01-01' DELETE /api/dyn/parted/1,2023-01-01/
does 201 'c plain_view 50' POST /api/dyn/plain_view/ '{"id":50,"title":"v"}'
does 200 'u plain_view 50' PATCH /api/dyn/plain_view/50/ '{"title":"w"}'
does 204 'd plain_view 50' DELETE /api/dyn/plain_view/50/
ask POST /api/dyn/made_view/ '{"title":"v"}'
id=$(header Location)
id=${id//[^0-9]/}
is "$status $(told)" "201 c made_view $id" "a view that a trigger makes writable"
does 200 "u made_view $id" PATCH "/api/dyn/made_view/$id/" '{"title":"w"}'
does 204 "d made_view $id" DELETE "/api/dyn/made_view/$id/"
does 201 '' POST /api/dyn/watched/ '{"id":1,"name":"swallow"}'
does 201 'c watched 2' POST /api/dyn/watched/ '[{"id":1,"name":"swallow"},{"id":2,"name":"x"}]'
does 201 'c watched 103' POST /api/dyn/watched/ '{"id":3,"name":"moved"}'
does 200 'u watched 203' PATCH /api/dyn/watched/103/ '{"name":"moved"}'
does 409 '' POST /api/dyn/late/ '{"id":1,"next_id":9}'
does 409 '' POST /api/dyn/late/ '[{"id":1,"next_id":9}]'
does 201 'c late 1' POST /api/dyn/late/ '{"id":1,"next_id":1}'
does 201 'c ruled_view 51' POST /api/dyn/ruled_view/ '{"id":51,"title":"v"}'
ask POST /api/dyn/ruled/ '{"id":1}'
is "$status $(told) $(sql events 'SELECT count(*) FROM ruled')" '422  0' "a table whose rules an event cannot go along with"
if [ -n "$foreign" ]; then
	does 201 'c far x1' POST /api/dyn/far/ '{"id":1,"n":1}'
	does 201 'c far x2' POST /api/dyn/far/ '[{"id":2,"n":1},{"id":3,"n":1}]'
	does 200 'd far x3' DELETE '/api/dyn/far/?all=true'
fi
token=$(user_token ann) || bail_out "no token"
ctl "$home" grant ann own crudb >/dev/null
me=$(sql events "SELECT id FROM dynapi.users WHERE username = 'ann'")
sql events "INSERT INTO own VALUES (1, $me, 1), (2, $me + 1, 1)"
does 201 'c own 3' POST /api/dyn/own/ "{\"id\":3,\"who\":$me}"
does 403 '' POST /api/dyn/own/ "{\"id\":4,\"who\":$((me + 1))}"
does 200 'u own 1, u own 3' PATCH '/api/dyn/own/?all=true' '{"n":2}'
does 404 '' DELETE /api/dyn/own/2/
does 200 'd own 1, d own 3' DELETE '/api/dyn/own/?all=true'
does 403 '' POST "$f" '{"title":"no right"}'
token=''

# ---- who listens
coproc LISTENER { as psql -XAtq -d events -v ON_ERROR_STOP=1 2>&1; }
echo 'LISTEN dynapi;' >&"${LISTENER[1]}"
# heard : how many wake-ups have come since it was asked last
heard() {
	local line n=0
	echo "SELECT 'so far';" >&"${LISTENER[1]}"
	while IFS= read -r -t 10 line <&"${LISTENER[0]}" && [ "$line" != 'so far' ]; do
		[[ $line != *'notification "dynapi"'* ]] || n=$((n + 1))
	done
	# psql looks for them after the answer
	while IFS= read -r -t 0.3 line <&"${LISTENER[0]}"; do
		[[ $line != *'notification "dynapi"'* ]] || n=$((n + 1))
	done
	echo "$n"
}
heard >/dev/null
# wakes N METHOD URI [BODY [HEADER...]]
wakes() {
	local wanted=$1
	shift
	ask "$@"
	sleep 0.2
	is "$(heard)" "$wanted" "$status of $(short "$@") wakes $wanted times"
}
told >/dev/null
wakes 1 POST "$f" '{"id":60,"title":"x"}'
wakes 0 POST "$f" '{"id":60,"title":"x"}'
wakes 0 POST "$f" '{"id":61,"title":"bad"}'
wakes 1 PATCH "${f}60/" '{"title":"y"}'
wakes 0 PATCH "${f}60/" '{}'
wakes 0 PATCH "${f}99/" '{"title":"y"}'
wakes 0 PATCH "${f}60/" '{"title":"y"}' 'If-Match: "wrong"'
wakes 0 PATCH "${f}60/" '{"title":"y"}' 'Prefer: tx=rollback'
wakes 0 GET "${f}60/"
wakes 1 PATCH "$f?ids=60" '{"title":"z"}'
wakes 0 PATCH "$f?ids=61" '{"title":"z"}'
wakes 1 POST "$f" '[{"id":62,"title":"x"},{"id":63,"title":"x"}]'
wakes 0 POST "$f" '[{"id":64,"title":"x"},{"id":65,"title":"bad"}]'
wakes 0 POST "$f" '[{"id":64,"title":"x"}]' 'Prefer: tx=rollback'
wakes 1 POST "$f" $'{"id":66,"title":"x"}\n' "$ND"
wakes 1 DELETE "${f}60/"
wakes 1 POST "$a" '{"name":"A","book":[{"name":"B"}]}'
wakes 0 POST /api/dyn/late/ '{"id":5,"next_id":9}'
wakes 0 POST /api/dyn/late/ '[{"id":5,"next_id":9}]'
is "$(sql events "SELECT count(*) FROM dynapi.event")" 9 "as many as there are lines, but for the two of one write and of a document"
sql events "REVOKE INSERT (row_key) ON dynapi.event FROM dynapi_responder"
wakes 0 PATCH "${f}62/" '{"title":"lost?"}'
is "$status $(sql events "SELECT title FROM film WHERE id = 62")" '500 x' "no change without its event"
sql events "GRANT INSERT (row_key) ON dynapi.event TO dynapi_responder"
sql events "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_notify(text, text) FROM PUBLIC"
wakes 0 PATCH "${f}62/" '{"title":"kept"}'
is "$status $(sql events "SELECT title FROM film WHERE id = 62")" '200 kept' "a wake-up that fails is no failure"
wakes 0 PATCH "${f}62/" '{"title":"kept on"}'
is "$status" 200 "nor that of the next one"
sql events "GRANT EXECUTE ON FUNCTION pg_catalog.pg_notify(text, text) TO PUBLIC"
wakes 1 PATCH "${f}63/" '{"title":"and again"}'
for i in 1 2 3 4; do
	ask PATCH "${f}63/" "{\"title\":\"$i\"}"
done
sleep 0.2
is "$(heard)" 1 "who was woken looks for what follows at once by himself"
told >/dev/null
cgi "$home" POST "$f" '{"id":70,"title":"cgi"}' >/dev/null
sleep 0.2
is "$(told) $(heard)" 'c film 70 1' "a plain CGI program wakes as well"
is "$(grep -c 'could not send data' "$home/log/postgresql")" 0 "and waits until PostgreSQL has said its last word"

# ---- other settings
ask_conf events "${keys[@]}" "events = public.b*, keyless" "prepared_statements = no"
told >/dev/null
wakes 0 POST "$f" '{"id":80,"title":"x"}'
wakes 1 POST /api/dyn/keyless/ '{"a":1}'
wakes 1 POST /api/dyn/book/ '{"id":90,"name":"x"}'
says 'c book 90, c keyless x1' "only the tables that events names"
ask_conf events "${keys[@]}" "events = *" "pooler = transaction"
wakes 0 POST "$f" '{"id":81,"title":"x"}'
says 'c film 81' "behind a pooler there is an event, and nobody is woken"
sed -i 's/^events = .*/events = tag/' "$home/dynapi.conf"
kill -HUP "$ask_pid"
ask GET /api/health/live
ask POST "$f" '{"id":82,"title":"x"}'
says '' "a table that is taken out of events while we run"
ask POST /api/dyn/tag/ '{"name":"hup"}'
like "$(told)" '^c tag ' "and one that is put in"
ask_conf events "${keys[@]}"
ask POST "$f" '{"id":83,"title":"x"}'
ask DELETE "$f?ids=83"
ask POST "$f" $'{"id":83,"title":"x"}\n' "$ND"
says '' "without events there are none"
ask_same_pid

# ---- several at once, and one that is killed
responders_stop "$home"
api_conf "$home" events "${keys[@]}" "events = *" && responders_start "$home" 3 || bail_out "no responders"
sql events 'TRUNCATE film, quiet; TRUNCATE dynapi.event' >/dev/null
sql events "INSERT INTO film (id, title) VALUES (1, 'shared')"
for i in 1 2 3 4; do
	for j in $(seq 40); do
		printf 'c\tPOST\t%s\t{"title":"%s"}\tContent-Type: application/json\n' "$f" "$i-$j"
		printf 'u\tPATCH\t%s1/\t{"price":%s}\tContent-Type: application/json\n' "$f" "$j"
	done >"$TMP/burst$i"
	"$DYNAPI_BUILDDIR/tests/lib/ask" "$socket" <"$TMP/burst$i" >"$TMP/burst$i.out" &
	bursts+=($!)
done
wait "${bursts[@]}"
is "$(cut -f 1,2 "$TMP"/burst?.out | sort | uniq -c | awk '{ print $2, $3, $1 }')" $'c 201 160\nu 200 160' "four at once"
is "$(sql events "SELECT event, count(*), count(DISTINCT row_key) FROM dynapi.event GROUP BY event ORDER BY event")" \
	$'created|160|160\nupdated|160|1' "each has its line"
none events "SELECT id FROM film WHERE id <> 1 AND ARRAY[id::text] NOT IN (SELECT row_key FROM dynapi.event WHERE event = 'created')" \
	"and every row its own"
sql events 'TRUNCATE dynapi.event; TRUNCATE film, quiet, watched'
for i in $(seq 8); do
	for j in $(seq 60); do
		printf 'c\tPOST\t%s\t{"title":"%s"}\tContent-Type: application/json\n' "$f" "$i-$j"
	done | "$DYNAPI_BUILDDIR/tests/lib/ask" "$socket" >"$TMP/killed.$i" 2>/dev/null &
	asker=$!
	sleep "0.0$((i * 7 % 10))"
	for pid in $(cat "$home/run/responders.pid"); do
		kill -KILL "$pid"
	done
	wait "$asker"
	wait_for 10 ask GET /api/health/live
done
ask POST /api/dyn/watched/ '{"id":1,"name":"slow"}' &
asker=$!
sleep 0.2
for pid in $(cat "$home/run/responders.pid"); do
	kill -KILL "$pid"
done
wait "$asker"
wait_for 10 ask GET /api/health/live
# is_quiet : what the killed ones had asked for is done, or is not
is_quiet() {
	[ "$(sql events "SELECT count(*) FROM pg_stat_activity WHERE usename = 'dynapi_responder' AND state <> 'idle'")" = 0 ]
}
wait_for 10 is_quiet
like "$(sql events 'SELECT count(*) FROM film')" '^[1-9][0-9]*$' "responders were killed in the middle of writing"
none events "SELECT t, n, e.id FROM (SELECT 'film', id FROM film UNION ALL SELECT 'watched', id FROM watched) r (t, n)
	FULL JOIN dynapi.event e ON e.table_name = 'public.' || t AND e.row_key = ARRAY[n::text]
	WHERE n IS NULL OR e.id IS NULL" "every row that is there has its line, and no other"
ask_pid=$(cat "$home/run/responders.pid")
ask_same_pid
done_testing
