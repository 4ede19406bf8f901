# Many rows at once: all of them or none, and the row that was wrong is named.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

conf=("key.cheap = id" "key.joined = id" "bulk_body_max = 40m")
pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE rules' && pg_load rules "$DYNAPI_SRCDIR/tests/api/rules.sql" &&
	sql rules "
	CREATE TABLE line (id int PRIMARY KEY, name text NOT NULL CHECK (name <> 'bad'),
		n int, u text UNIQUE, ip inet);
	CREATE TABLE many (id int PRIMARY KEY, name text NOT NULL, note text);
	CREATE TABLE parted (id int, part int, n int, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
	CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
	CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
	CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree, n int);
	CREATE TABLE kept (id int PRIMARY KEY, n int);
	INSERT INTO kept VALUES (1, 1);
	CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE TRIGGER keep BEFORE UPDATE ON kept FOR EACH ROW EXECUTE FUNCTION keep();
	CREATE TABLE fussy (id int PRIMARY KEY, a text, lock_version smallint DEFAULT 32767);
	INSERT INTO fussy VALUES (1, 'x');
	CREATE FUNCTION fuss() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE check_violation; END';
	CREATE TRIGGER fuss BEFORE INSERT ON fussy FOR EACH ROW WHEN (NEW.a = 'bad') EXECUTE FUNCTION fuss();
	CREATE TABLE sheet (id int PRIMARY KEY, t text, n numeric, b boolean, bin bytea, d date,
		ts timestamptz, tags text[], doc jsonb, r int4range, i interval, k kind, nums int[], p point)" ||
	bail_out "no tables"
api_programs "$home" && api_conf "$home" rules "${conf[@]}" &&
	api_init "$home" secret-of-admin &&
	sql rules 'CREATE TABLE own (id int PRIMARY KEY, owner bigint DEFAULT dynapi.current_user_id(), n int);
		ALTER TABLE own ENABLE ROW LEVEL SECURITY;
		CREATE POLICY mine ON own USING (owner = dynapi.current_user_id())' &&
	introspect "$home" >/dev/null && ctl "$home" grant anonymous '*' crudb >/dev/null &&
	sql rules 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"

i=/api/dyn/item/ l=/api/dyn/line/ m=/api/dyn/many/
ND='Content-Type: application/x-ndjson' CSV='Content-Type: text/csv'

# says STATUS BODY-REGEX NAME : of the last answer
says() {
	like "$status $body" "^$1 .*$2" "$3"
}
# faults STATUS NAMES METHOD URI BODY [HEADER...] : each row and field is named
faults() {
	local want="$1 $2"
	shift 2
	ask "$@"
	is "$status $(fields)" "$want" "$1 ${2:0:60} with $(printf '%q' "${3:0:80}")"
	[ "$status $(fields)" = "$want" ] || diag "$body"
}
sums() {
	checksum rules | sort
}
# rows TABLE : how many there are
rows() {
	sql rules "SELECT count(*) FROM $1"
}
# ask_file METHOD URI FILE HEADER : a body that is too long for a command line
ask_file() {
	{
		printf 'x\t%s\t%s\t' "$1" "$2"
		sed -z 's/\\/\\\\/g; s/\t/\\t/g; s/\n/\\n/g; s/\r/\\r/g' "$3"
		printf '\t%s\n' "$4"
	} | "$DYNAPI_BUILDDIR/tests/lib/ask" "$socket" >"$TMP/big"
	status=$(cut -f2 "$TMP/big")
	body=$(cut -f4 "$TMP/big" | sed 's/\\n$//')
}

# ---------------------------------------------------------------- create
ask POST "$l" '[{"id":1,"name":"a"},{"id":2,"name":"b","n":2,"u":"x\"\\{,}"},{"name":"c","id":3,"u":"NULL"}]'
is "$status $body" '201 [{"id":1,"name":"a","n":null,"u":null,"ip":null},{"id":2,"name":"b","n":2,"u":"x\"\\{,}","ip":null},{"id":3,"name":"c","n":null,"u":"NULL","ip":null}]' \
	"an array: rows with different columns, in their order"
ask POST "$l" '[]'
is "$status $body" '201 []' "an empty array"
ask POST "$i" '[{"name":"x","price":1},{"name":"y","price":2,"qty":3}]'
says 201 '"qty":1,.*"qty":3,.*"total":6.00' "absent columns have their defaults"
ask POST /api/dyn/nothing_but_key/ '[{},{}]'
is "$status $body" '201 [{"id":1},{"id":2}]' "rows of nothing but defaults"
ask POST "$l" '[{"id":4,"name":"d"}]' 'Prefer: return=minimal'
is "$status $(header Preference-Applied) $body" '201 return=minimal ' "return=minimal"
ask POST "$l" '[{"id":5,"name":"e"}]' 'Prefer: tx=rollback'
is "$status $(header Preference-Applied) $(rows line)" '201 tx=rollback 4' "tx=rollback keeps nothing"
ask POST "$l?format=csv" '[{"id":5,"name":"e"}]'
is "$status $body" $'201 id,name,n,u,ip\r\n5,e,,,\r' "as CSV"
ask POST "$l" $'{"id":6,"name":"f"}\n\n {"id":7,"name":"g","n":1}\r\n{"name":"h","id":8}' "$ND"
is "$status $body" '201 {"created":3}' "NDJSON, an empty line between"
ask POST "$l" '' "$ND" 'Content-Length: 0'
is "$status $body" '201 {"created":0}' "no line at all"
ask POST "$l" $'id,name,n,u\r\n9,"i, ""j""",1,""\r\n10,k,,\r\n11,"two\r\nlines",3,z' "$CSV"
is "$status $body" '201 {"created":3}' "CSV"
is "$(sql rules "SELECT json_agg(json_build_array(name, n, u) ORDER BY id) FROM line WHERE id IN (9, 10, 11)")" \
	'[["i, \"j\"", 1, ""], ["k", null, null], ["two\r\nlines", 3, "z"]]' "empty is null, quoted empty is the empty text"
ask POST "$l" $'{"id":12,"name":"l"}\n{"id":13,"name":"m"}' "$ND" 'Prefer: tx=rollback'
is "$status $body $(rows line)" '201 {"created":2} 11' "a dry run of lines"

# ---------------------------------------------------------------- faults
before=$(sums)
faults 400 '[1].price [2]' POST "$i" '[{"name":"a","price":1},{"name":"b"},7]'
faults 400 '[0].nope [1].total' POST "$i" '[{"name":"a","price":1,"nope":1},{"name":"a","price":1,"total":1}]'
faults 400 '[1].price [2].qty [3]' POST "$i" $'{"name":"a","price":1}\n{"name":"a"}\n{"name":"a","price":1,"qty":"x"}\n{"a"' "$ND"
faults 400 '[1]' POST "$l" $'{"id":20,"name":"a"}\n{"id":21,"name":"\xff"}' "$ND"
faults 400 '[0]' POST "$l" $'\xef\xbb\xbf{"id":20,"name":"a"}' "$ND"
faults 400 '[0]' POST "$l" $'{"id":20,"name":"a\\u0000"}' "$ND"
faults 400 '[1].id' POST "$l" $'{"id":20,"name":"a"}\n{"id":21,"id":22,"name":"a"}' "$ND"
faults 400 '[0] [1] [2].n [3] [4]' POST "$l" $'id,name,n\n1,a,1,1\n1\n1,a,x\n"a"b,c,1\n"unended,1,1' "$CSV"
faults 400 '[1]' POST "$l" $'id,name\n20,a\n21,\xff\n22,c' "$CSV"
faults 400 'nope total name' POST "$i" $'name,price,nope,total,name\na,1,1,1,1' "$CSV"
faults 400 'price' POST "$i" $'name\na' "$CSV"
faults 422 '[0].name' POST "$l" $'id,name\n20,' "$CSV"
faults 400 '' POST "$l" $'\xef\xbb\xbfid,name\n20,a' "$CSV"
faults 400 '' POST "$l" ' ' 'Content-Type: application/json'
faults 415 '' POST "$l" 'id' 'Content-Type: text/plain'
faults 415 '' POST "$l" $'id,name\n20,a' "$CSV" 'Content-Encoding: gzip'
faults 422 '[1].name' POST "$l" '[{"id":20,"name":"a"},{"id":21,"name":"bad"},{"id":22,"name":"c"}]'
faults 409 '[2].u' POST "$l" '[{"id":20,"name":"a","u":"q"},{"id":21,"name":"b"},{"id":22,"name":"c","u":"q"}]'
faults 409 '[1].id' POST "$l" '[{"id":20,"name":"a"},{"id":1,"name":"c"}]'
faults 400 '[1].ip' POST "$l" '[{"id":20,"name":"a","ip":"::1"},{"id":21,"name":"b","ip":"x"}]'
faults 409 '[1].maker_id' POST "$i" '[{"name":"a","price":1,"maker_id":1},{"name":"a","price":1,"maker_id":9}]'
faults 409 'next_id' POST /api/dyn/late/ '[{"id":20,"next_id":99}]'
faults 409 'next_id' POST /api/dyn/late/ '[{"id":20,"next_id":99}]' 'Prefer: tx=rollback'
faults 409 '' POST "$l?max_affected=1" '[{"id":20,"name":"a"},{"id":21,"name":"b"}]'
is "$(sums)" "$before" "none of these has written"
ask POST /api/dyn/tree/ "[$(for n in $(seq 1500); do
	printf '{"id":%d,"parent":%s},' $n "$([ $n -gt 1 ] && echo $((n - 1)) || echo null)"
done){\"id\":2000,\"parent\":2001}]" 'Prefer: return=minimal'
is "$status $(fields)" '409 [1500].parent' "rows meet those before them, also when the wrong one is looked for"
ask POST "$l" "[$(for n in $(seq 300); do printf '{"id":"x"},'; done)1]"
is "$status $(fields | wc -w)" '400 100' "a hundred faults are enough"

# ---------------------------------------------------------------- many rows
# lines N FORMAT : rows of the table line
lines() {
	sql rules "COPY (SELECT json_build_object('id', i, 'name', 'name ' || i, 'u', 'u' || i)
		FROM generate_series(1000, 999 + $1) i) TO STDOUT"
}
lines 10000 >"$TMP/good"
# spoiled ROW TEXT : the same with another row there
spoiled() {
	awk -v row="$1" -v text="$2" 'NR == row + 1 { print text; next } { print }' \
		"$TMP/good" >"$TMP/spoiled"
}
n=$(rows line)
for fault in '422 [5000].name={"id":500,"name":"bad"}' '409 [5000].u={"id":500,"name":"x","u":"u1003"}' \
	'409 [5000].id={"id":1003,"name":"x"}' '409 [5000].u={"id":500,"name":"x","u":"u5999"}' \
	'400 [5000].ip={"id":500,"name":"x","ip":"x"}' '400 [5000].n={"id":500,"name":"x","n":"x"}' \
	'400 [5000]={"id":500' '400 [5000].nope={"id":500,"name":"x","nope":1}'; do
	want=${fault%%=*} text=${fault#*=}
	spoiled 5000 "$text"
	ask_file POST "$l" "$TMP/spoiled" "$ND"
	is "$status $(fields) $(rows line)" "$want $n" "10,000 rows, one of them $text"
done
spoiled 9999 '{"id":500,"name":"bad"}'
ask_file POST "$l" "$TMP/spoiled" "$ND"
is "$status $(fields) $(rows line)" "422 [9999].name $n" "the last one is wrong"
{
	echo id,name,u
	seq 1000 9999 | sed 's/.*/&,name &,u&/'
	echo '7,"",'
} >"$TMP/csv"
ask_file POST "$l" "$TMP/csv" "$CSV"
is "$status $(fields) $(rows line)" "409 [9000].id $n" "rows of CSV are counted without the header"
ask_file POST "$l" "$TMP/good" "$ND"
is "$status $body $(($(rows line) - n))" '201 {"created":10000} 10000' "without it all are kept"

# ---------------------------------------------------------------- limits
long=$(printf 'x%.0s' $(seq 1024))
{
	echo '{"id":1,"name":"a"}'
	printf '{"id":2,"name":"'
	for n in $(seq 2048); do printf %s "$long"; done
	printf '"}\n{"id":3,"name":"c"}\n'
} >"$TMP/long"
ask_file POST "$m" "$TMP/long" "$ND"
is "$status $(fields) $(rows many)" '413 [1] 0' "a line of 2 MiB"
{
	printf 'id,name\n1,"'
	for n in $(seq 2048); do printf '%s\n' "$long"; done
	printf '"\n'
} >"$TMP/long"
ask_file POST "$m" "$TMP/long" "$CSV"
is "$status $(fields) $(rows many)" '413 [0] 0' "a quoted field of 2 MiB with line feeds"
{
	printf '{"id":1,"name":"'
	for n in $(seq 1020); do printf %s "$long"; done
	printf '"}\n'
} >"$TMP/long"
ask_file POST "$m" "$TMP/long" "$ND"
is "$status $(sql rules 'SELECT max(length(name)) FROM many')" '201 1044480' "a line of nearly 1 MiB"
is "$(cgi "$home" POST "$m" "$(sed 's/"id":1/"id":2/' "$TMP/long")" "$ND" | cgi_body)" \
	'{"created":1}' "also by plain CGI"
is "$(cgi "$home" POST "$m" $'{"id":3,"name":"a"}\n{"id":3,"name":"b"}' "$ND" | cgi_status) $(rows many)" '409 2' \
	"where a wrong row keeps the others away too"
ask POST "$m" $'{"id":4,"name":"a"}\n{"id":5,' "$ND" 'Content-Length: 100'
is "$status $(rows many)" '400 2' "a body shorter than announced"
ask POST "$m" $'{"id":4,"name":"a"}\n{"id":5,"name":"b"}' "$ND" 'Content-Length: 20'
is "$status $(rows many)" '400 2' "a body longer than announced"
ask POST "$m" $'{"id":4,"name":"a"}\n{"id":5,"name":"b"}' "$ND" 'Content-Length:'
is "$status $(rows many)" '201 4' "a body without a length"
try 413 body_too_large POST "$m" '{"id":6,"name":"a"}' "$ND" 'Content-Length: 99999999999'
try 400 bad_request POST "$m" '{"id":6,"name":"a"}' "$ND" 'Content-Length: x'
try 401 token_invalid POST "$m" '{"id":6,"name":"a"}' "$ND" 'Authorization: Bearer x'
try 404 not_found POST /api/dyn/nothing/ '{"id":6,"name":"a"}' "$ND"
is "$(rows many)" 4 "and nothing was kept of these"

# ---------------------------------------------------------------- memory
pid=$(cat "$home/run/responders.pid")
hwm() {
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status"
}
sql rules 'TRUNCATE many'
sql rules "COPY (SELECT json_build_object('id', i, 'name', md5(i::text), 'note', repeat('n', 60))
	FROM generate_series(1, 200000) i) TO STDOUT" >"$TMP/big.in"
peak=$(hwm)
ask_file POST "$m" "$TMP/big.in" "$ND"
is "$status $body $(rows many)" '201 {"created":200000} 200000' "200,000 rows ($(wc -c <"$TMP/big.in") bytes)"
peak=$(($(hwm) - peak))
# what is freed rests for a while in the sanitizer's hands
bound=16384
grep -q __asan_init "$DYNAPI_BUILDDIR/dynapi.fcgi" && bound=524288
ok "in at most 16 MiB more ($peak KiB)" test "$peak" -le "$bound"

# ---------------------------------------------------------------- leaving
# half a body: the parameters of a request, and rows without an end
half() {
	local records=() from
	for from in 1 2001 4001; do
		records+=("text=5,1,$(seq $((from + 1000000)) $((from + 1001999)) |
			sed 's/.*/{"id":&,"name":"n"}/')"$'\n')
	done
	"$DYNAPI_BUILDDIR/tests/lib/rude" "$socket" 20 begin=1,0,1 \
		param=REQUEST_METHOD=POST "param=REQUEST_URI=$m" \
		param=CONTENT_TYPE=application/x-ndjson \
		param=SERVER_PROTOCOL=HTTP/1.1 params=1000 "${records[@]}" "$@"
}
is_loading() {
	[ "$(sql postgres "SELECT count(*) FROM pg_stat_activity WHERE usename = 'dynapi_responder'
		AND state LIKE 'idle in transaction%' AND query NOT LIKE 'BEGIN%'")" -gt 0 ]
}
is_idle() {
	[ "$(sql postgres "SELECT count(*) FROM pg_stat_activity WHERE usename = 'dynapi_responder'
		AND state <> 'idle'")" -eq 0 ]
}
half close >"$TMP/half" 2>&1
wait_for 10 is_idle
is "$(sql rules 'SELECT count(*) FROM many WHERE id > 1000000')" 0 "a client who leaves in the middle leaves nothing"
ask GET "$m?limit=1"
is "$status" 200 "and the responder goes on"
half sleep=15000 close >"$TMP/half" 2>&1 &
client=$!
ok "a load is under way" wait_for 10 is_loading
kill -KILL "$pid"
wait "$client"
wait_for 10 ask GET /api/health/live
is "$(sql rules 'SELECT count(*) FROM many WHERE id > 1000000')" 0 "a responder that is killed in the middle leaves nothing"
ask_pid=$(cat "$home/run/responders.pid")
pid=$ask_pid
half sleep=15000 close >"$TMP/half" 2>&1 &
client=$!
ok "another load is under way" wait_for 10 is_loading
sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'dynapi_responder'" >"$TMP/killed"
kill "$client" 2>/dev/null
wait "$client" 2>/dev/null
ok "the responder is free again" wait_for 10 ask GET "$m?limit=1"
is "$(sql rules 'SELECT count(*) FROM many WHERE id > 1000000')" 0 "a connection that is lost in the middle leaves nothing"
# what was done to it is no fault of the responder
: >"$home/log/dynapi"

# ---------------------------------------------------------------- CSV out and in
sql rules "INSERT INTO sheet VALUES
	(1, '=1+1', 1.50, true, '\\x00ff', '2024-02-29', '2024-01-01 12:00+02', ARRAY['a', NULL, 'b,\"c'], '{\"a\": [1, null]}', '[1,5)', '1 day', 'new', '{{1,2},{3,4}}', NULL),
	(2, '', NULL, NULL, '', NULL, NULL, '{}', 'null', 'empty', NULL, NULL, NULL, '(1,2)'),
	(3, NULL, 'NaN', false, NULL, 'infinity', '-infinity', NULL, '\"s\"', '(,3]', '-1 mon 2 days', 'old', '{}', NULL),
	(4, '''=x', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(5, '''''=a,b', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(6, E'two\r\nlines, \"q\"', -7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(7, '''plain', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(8, '-1', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(9, E'\t@x', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"
sheet() {
	sql rules 'SELECT t::text FROM sheet t ORDER BY id' | md5sum
}
before=$(sheet)
for format in csv ndjson; do
	"$DYNAPI_BUILDDIR/tests/lib/ask" "$socket" GET "/api/dyn/sheet/?format=$format" |
		sed '1,/^\r$/d' >"$TMP/out"
	sql rules 'TRUNCATE sheet'
	[ $format = csv ] && type=$CSV || type=$ND
	ask_file POST /api/dyn/sheet/ "$TMP/out" "$type"
	is "$status $body" '201 {"created":9}' "what was taken out as $format goes in again"
	is "$(sheet)" "$before" "and is the same"
done

# ---------------------------------------------------------------- change and delete by a filter
ask PATCH "$i?name__in=x,y" '{"note":"changed"}'
is "$status $body" '200 {"updated":2}' "all rows of a filter"
ask PATCH "$i?maker.name=one" '{"note":"by relation"}'
is "$status $body $(sql rules 'SELECT note FROM item WHERE id = 1')" '200 {"updated":1} by relation' "through a relation"
ask PATCH "$i?search=chang" '{"qty":4}'
is "$status $body" '200 {"updated":2}' "by a search"
ask PATCH "$i?note=changed&max_affected=2" '{"note":"c2"}' 'Prefer: return=representation'
is "$status $(header Preference-Applied) $(printf '%s' "$body" | grep -o '"note":"c2"' | wc -l)" \
	'200 return=representation 2' "the rows, when they are asked for"
ask PATCH "$i?note=c2" '{"note":"c3"}' 'Prefer: return=minimal'
is "$status $body" '204 ' "nothing, when it is"
ask PATCH "$i?note=c3" '{"note":"c4"}' 'Prefer: tx=rollback'
is "$status $body $(sql rules "SELECT count(*) FROM item WHERE note = 'c3'")" '200 {"updated":2} 2' "a dry run"
ask PATCH "$i?note=c3" '{}'
is "$status $body" '200 {"updated":0}' "nothing to change"
ask PATCH "$i?ids=1,2" '{"note":"ids"}'
is "$status $body" '200 {"updated":2}' "rows by their keys"
ask PATCH '/api/dyn/pairs/?ids=x,1;"x,y",1;nothing,7' '{"n":"both"}'
is "$status $body" '200 {"updated":2}' "where the key has two columns"
before=$(sums)
try 409 too_many_rows PATCH "$i?note=ids&max_affected=1" '{"note":"n"}'
try 409 too_many_rows PATCH "$i?all=true&max_affected=0" '{"note":"n"}' 'Prefer: return=representation'
try 409 too_many_rows DELETE "$l?all=true&max_affected=3"
for uri in "$i" "$i?all=false" "$i?format=json" "$i?max_affected=5"; do
	try 400 bad_param PATCH "$uri" '{"note":"n"}'
	is "$(fields)" all "and all= is named"
	try 400 bad_param DELETE "$uri"
done
for uri in 'ordering=id&id=1' 'limit=1&id=1' 'page=1&id=1' 'cursor=&id=1' 'include=maker&id=1' 'fields=id&id=1' \
	'aggregate=count(*)&id=1' 'count=exact&id=1' 'distinct=true&fields=id&id=1' 'all=yes' 'max_affected=x&id=1' \
	'max_affected=-1&id=1' 'all=true&all=true' 'ids=1&ids=2'; do
	ask PATCH "$i?$uri" '{"note":"n"}'
	is "$status" 400 "PATCH $uri"
	ask DELETE "$i?$uri"
	is "$status" 400 "DELETE $uri"
done
try 412 precondition_failed PATCH "$i?id=1" '{"note":"n"}' 'If-Match: "x"'
try 412 precondition_failed DELETE "$i?id=1" '' 'If-None-Match: *'
try 400 bad_request POST "$i" '[{"name":"a","price":1}]' 'Idempotency-Key: kü'
try 400 bad_request PATCH "$i?id=1" '{"note":"n"}' 'Idempotency-Key: k'
try 400 bad_request DELETE "$i?id=1" '' 'Idempotency-Key: k'
for uri in 'nope=1' 'nope__gt=1' 'maker.nope=1' 'id=1&nope=2'; do
	try 400 unknown_column PATCH "$i?$uri" '{"note":"n"}' 'Prefer: handling=lenient'
done
for ids in '' '1,' x '1;2' '1,,2' '"1' '"1"x' 1.5; do
	try 400 bad_value DELETE "$i?ids=$ids"
done
try 400 bad_value DELETE '/api/dyn/pairs/?ids=x'
try 400 bad_value DELETE '/api/dyn/pairs/?ids=x,1,2'
try 400 bad_value DELETE '/api/dyn/pairs/?ids=x,1;'
try 404 no_key DELETE '/api/dyn/keyless/?ids=1'
try 400 read_only POST "$i" '[{"name":"a","price":1,"total":1}]'
try 400 bad_value PATCH "$i?id=1" '{"qty":"x"}'
try 400 bad_value PATCH "$i?id=1" '{"ip":"x"}'
try 422 constraint PATCH "$i?id=1" '{"price":-1}'
try 409 conflict PATCH "$i?ids=1,2" '{"code":"Z"}'
try 409 conflict DELETE "/api/dyn/maker/?all=true"
try 405 method_not_allowed DELETE "/api/dyn/joined/?all=true"
is "$(sums)" "$before" "none of these has written"
ask DELETE "/api/dyn/pairs/?n=both" '' 'Prefer: return=representation'
is "$status $body" '200 [{"a":"x,y","b":1,"n":"both"},{"a":"x","b":1,"n":"both"}]' "rows that are deleted can be seen once more"
ask DELETE "$l?id__gte=1000"
is "$status $body" '200 {"deleted":10000}' "rows of a filter are deleted"
ask DELETE "/api/dyn/pairs/?all=true"
is "$status $body $(rows pairs)" '200 {"deleted":3} 0' "all=true means all"

# ---------------------------------------------------------------- each by itself
ask PATCH "$l" '[{"id":1,"n":10},{"id":2,"n":20,"name":"B"},{"id":3,"u":null}]'
is "$status $body" '200 {"updated":3}' "rows with different columns"
is "$(sql rules "SELECT json_agg(json_build_array(name, n, u) ORDER BY id) FROM line WHERE id < 4")" \
	'[["a", 10, null], ["B", 20, "x\"\\{,}"], ["c", null, null]]' "and nothing else of them"
ask PATCH "$l" '[{"id":2,"n":21},{"id":1,"n":11}]' 'Prefer: return=representation'
is "$status $body" '200 [{"id":2,"name":"B","n":21,"u":"x\"\\{,}","ip":null},{"id":1,"name":"a","n":11,"u":null,"ip":null}]' \
	"they come back in the order they were sent"
ask PATCH "$l" $'id,n\n1,12\n2,\n' "$CSV"
is "$status $body $(sql rules 'SELECT n FROM line WHERE id = 1')" '200 {"updated":2} 12' "CSV"
ask PATCH "$l" $'{"id":1,"n":13}\n{"id":2,"n":22}' "$ND"
is "$status $body" '200 {"updated":2}' "NDJSON"
ask PATCH "$l" '[{"id":1},{"id":2}]'
is "$status $body" '200 {"updated":2}' "nothing but keys"
ask PATCH "$i" '[{"id":1,"total":7,"qty":2}]'
is "$status $body" '200 {"updated":1}' "what cannot be written is left alone, as in PATCH of one row"
ask PATCH /api/dyn/parted/ '[]'
is "$status $body" '200 {"updated":0}' "no rows"
before=$(sums)
faults 404 '[1]' PATCH "$l" '[{"id":1,"n":1},{"id":999,"n":2}]'
faults 404 '[1]' PATCH "$l" '[{"id":1},{"id":999}]'
faults 400 '[2]' PATCH "$l" '[{"id":1,"n":1},{"id":2,"n":2},{"id":1,"n":3}]'
faults 400 '[2]' PATCH "$l" '[{"id":1,"n":1},{"id":2,"n":2,"name":"b"},{"id":1,"n":3}]'
faults 400 '[0].id [1].id [2].nope' PATCH "$l" '[{"n":1},{"id":null},{"id":1,"nope":1}]'
faults 400 id PATCH "$l" $'n\n1' "$CSV"
faults 422 '[1].name' PATCH "$l" '[{"id":1,"n":1},{"id":2,"name":"bad"}]'
faults 422 '[0]' PATCH /api/dyn/kept/ '[{"id":1,"n":2}]'
faults 409 '[1].u' PATCH "$l" '[{"id":1,"u":"same"},{"id":2,"u":"same"}]'
faults 409 '' PATCH "$l?max_affected=1" '[{"id":1,"n":1},{"id":2,"n":2}]'
faults 400 name PATCH "$l?name=a" '[{"id":1,"n":1}]'
faults 404 '' PATCH /api/dyn/keyless/ '[{"a":1}]'
is "$(sums)" "$before" "none of these has written"
sql rules 'TRUNCATE line; INSERT INTO line (id, name) SELECT i, i::text FROM generate_series(1, 5000) i'
for pair in '{"id":4999,"n":1}=400 [4998]' '{"id":7000,"n":1}=404 [3000]'; do
	for n in $(seq 5000); do
		echo "{\"id\":$n,\"n\":$n}"
	done | awk -v text="${pair%%=*}" 'NR == 3001 { print text; next } { print }' >"$TMP/spoiled"
	ask_file PATCH "$l" "$TMP/spoiled" "$ND"
	is "$status $(fields) $(sql rules 'SELECT count(n) FROM line')" "${pair#*=} 0" "5,000 rows, one of them ${pair%%=*}"
done

# ---------------------------------------------------------------- merge
sql rules 'TRUNCATE line'
ask POST "$l?on_conflict=id" '[{"id":1,"name":"a"},{"id":2,"name":"b"}]'
is "$status $(rows line)" '201 2' "new rows are created"
ask POST "$l?on_conflict=id" '[{"id":1,"name":"A","n":1},{"id":3,"name":"C"}]' 'Prefer: resolution=merge-duplicates'
is "$status $(header Preference-Applied) $body" '201 resolution=merge-duplicates [{"id":1,"name":"A","n":1,"u":null,"ip":null},{"id":3,"name":"C","n":null,"u":null,"ip":null}]' \
	"those that are there are changed"
ask POST "$l?on_conflict=id" '[{"id":1,"name":"x"},{"id":4,"name":"D"}]' 'Prefer: resolution=ignore-duplicates'
is "$status $body" '201 [{"id":4,"name":"D","n":null,"u":null,"ip":null}]' "or stay as they are"
ask POST "$l?on_conflict=id" $'id,name\n1,AA\n5,E' "$CSV"
is "$status $body" '201 {"written":2}' "lines are merged too"
ask POST "$l?on_conflict=id" '{"id":1,"name":"one"}'
is "$status $body" '201 {"id":1,"name":"one","n":1,"u":null,"ip":null}' "and one row alone"
ask POST "$l?on_conflict=id" '{"id":1,"name":"two"}' 'Prefer: resolution=ignore-duplicates'
is "$status $body" '201 ' "of which nothing is to be seen when it stays"
ask POST "/api/dyn/parted/?on_conflict=part,id" '[{"id":1,"part":1,"n":1},{"id":1,"part":2,"n":2}]'
is "$status" 201 "a key of two columns, in any order"
ask POST "/api/dyn/parted/?on_conflict=part,id" '[{"id":1,"part":1,"n":10},{"id":1,"part":2,"n":20}]'
is "$status $body" '201 [{"id":1,"part":1,"n":10},{"id":1,"part":2,"n":20}]' "in partitions"
before=$(sums)
faults 409 '[2]' POST "$l?on_conflict=id" '[{"id":8,"name":"a"},{"id":9,"name":"b"},{"id":8,"name":"c"}]'
faults 409 '[2]' POST "$l?on_conflict=id" '[{"id":1,"name":"a"},{"id":9,"name":"b"},{"id":1,"name":"c"}]'
faults 409 '[2]' POST "$l?on_conflict=id" '[{"id":1,"name":"a"},{"id":9,"name":"b","n":1},{"id":1,"name":"c"}]'
faults 409 '[1]' POST "/api/dyn/parted/?on_conflict=part,id" '[{"id":1,"part":1,"n":10},{"id":1,"part":1,"n":20}]'
faults 400 '[1].name' POST "$l?on_conflict=id" '[{"id":1,"name":"a"},{"id":9}]'
faults 409 '[1].u' POST "$l?on_conflict=id" '[{"id":1,"name":"a","u":"u"},{"id":9,"name":"b","u":"u"}]'
# what is no column's is the row's, and of one object nobody's
f="/api/dyn/fussy/?on_conflict=id"
faults 422 '[1]' POST "$f" '[{"id":3,"a":"x"},{"id":2,"a":"bad"}]'
faults 422 '' POST "$f" '{"id":2,"a":"bad"}'
unlike "$body" '"errors"' "an object's row has no name"
faults 400 '[0]' POST "$f" '[{"id":1,"a":"y"}]'
faults 400 '' POST "$f" '{"id":1,"a":"y"}'
like "$body" '"detail":"PostgreSQL refuses a value of this row.".*[0-9a-f]"}$' "and the answer says it once"
for columns in name id,name '' nope 'id,id' 'id;drop'; do
	faults 400 on_conflict POST "$l?on_conflict=$columns" '[{"id":1,"name":"a"}]'
done
like "$body" 'Must be the columns of a primary or unique key: (id; u|u; id)\.' "the choices are told"
faults 400 on_conflict POST "/api/dyn/keyless/?on_conflict=a" '[{"a":1}]'
faults 400 on_conflict POST "/api/dyn/late/?on_conflict=u" '[{"id":1,"u":1}]'
is "$(sums)" "$before" "none of these has written"
seq 1 3000 | sed 's/.*/{"id":&,"name":"n"}/' >"$TMP/merge"
echo '{"id":17,"name":"again"}' >>"$TMP/merge"
ask_file POST "$l?on_conflict=id" "$TMP/merge" "$ND"
is "$status $(fields) $(rows line)" '409 [3000] 5' "the same key in another part of the body"

# ---------------------------------------------------------------- rights
ctl "$home" revoke anonymous '*' >/dev/null
carl=$(user_token carl)
token=$carl
may() { # FLAGS : of carl, on line
	ctl "$home" revoke carl line >/dev/null 2>&1
	[ -z "$1" ] || ctl "$home" grant carl line "$1" >/dev/null
}
rights() { # STATUS FLAGS METHOD URI BODY [HEADER...]
	local want=$1
	may "$2"
	shift 2
	ask "$@"
	is "$status" "$want" "$1 ${2:0:50} with $(ctl "$home" grants carl | tail -n 1) is $want"
}
one='[{"id":1,"name":"a"}]'
rights 403 rudb POST "$l" '[{"id":50,"name":"a"}]'
rights 201 c POST "$l" '[{"id":50,"name":"a"}]'
is "$body" '{"created":1}' "who may not read is told the number"
rights 403 rc POST "$l?on_conflict=id" "$one"
rights 403 ru POST "$l?on_conflict=id" "$one"
rights 201 cu POST "$l?on_conflict=id" "$one"
rights 201 c POST "$l?on_conflict=id" "$one" 'Prefer: resolution=ignore-duplicates'
rights 403 rud PATCH "$l" "$one"
rights 403 rb PATCH "$l" "$one"
rights 200 ub PATCH "$l" "$one" 'Prefer: return=representation'
is "$body" '{"updated":1}' "nor are changed rows shown to him"
rights 403 rud PATCH "$l?id=1" '{"n":1}'
rights 403 udb PATCH "$l?id=1" '{"n":1}'
like "$body" 'no right to read public.line' "a filter is reading"
rights 403 udb PATCH "$l?nope=1" '{"n":1}'
rights 200 udb PATCH "$l?ids=1" '{"n":1}'
rights 200 udb PATCH "$l?all=true" '{"n":1}'
rights 403 rub DELETE "$l?id=1"
rights 403 rud DELETE "$l?all=true"
rights 403 rdb PATCH "$l?all=true" '{}'
rights 200 rdb DELETE "$l?id=1"
rights 403 '' POST "$l" '{"id":60,"name":"a"}' "$ND"
rights 403 '' POST "$l" $'{"id":60' "$ND"
is "$(fields)" '' "without a right no fault is told"
rights 403 '' POST "$l" $'nope\n1' "$CSV"
ctl "$home" grant carl item rudb >/dev/null
try 403 forbidden PATCH "$i?maker.name=one" '{"note":"x"}'
token=
try 401 token_invalid DELETE "$l?all=true"
try 401 token_invalid POST "$l" '{"id":60,"name":"a"}' "$ND"
token=$carl
ctl "$home" grant carl own crudb >/dev/null
sql rules 'INSERT INTO own VALUES (1, -1, 1)'
ask POST /api/dyn/own/ '[{"id":2,"n":1},{"id":3,"n":1}]'
is "$status" 201 "rows under a row policy"
faults 404 '[1]' PATCH /api/dyn/own/ '[{"id":2,"n":2},{"id":1,"n":2}]'
faults 403 '[1]' POST /api/dyn/own/ '[{"id":4},{"id":5,"owner":-1}]'
ask DELETE '/api/dyn/own/?all=true'
is "$status $body $(sql rules 'SELECT id FROM own')" '200 {"deleted":2} 1' "all means all of his"
token=

# ---------------------------------------------------------------- settings
is_idle || wait_for 10 is_idle
ask_conf rules "${conf[@]}" "body_max = 50k" "bulk_body_max = 100k" "csv_guard = no"
ctl "$home" grant anonymous '*' crudb >/dev/null
sql rules 'TRUNCATE many'
ask_file POST "$m" "$TMP/big.in" "$ND"
is "$status $(rows many)" '413 0' "bulk_body_max, by its announced length"
ask_file POST "$m" "$TMP/big.in" "$ND"$'\\nContent-Length:'
is "$status $(rows many)" '413 0' "and by what comes"
ask POST "$m" $'id,name\n1,"\'=x"' "$CSV"
is "$status $(sql rules 'SELECT name FROM many')" "201 '=x" "without csv_guard an apostrophe is a letter"
# it is the database that is slow here, not the client
ask_conf rules "${conf[@]}" "client_timeout = 1s"
sql rules "TRUNCATE many; CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_sleep(0.2); RETURN new; END';
	CREATE TRIGGER linger BEFORE INSERT ON many FOR EACH ROW EXECUTE FUNCTION linger()"
for n in $(seq 14); do
	printf '{"id":%d,"name":"%04000d"%s}\n' "$n" 0 "${note-}"
	[ -n "${note-}" ] && note= || note=',"note":"x"'
done >"$TMP/slow.in"
ask_file POST "$m" "$TMP/slow.in" "$ND"
is "$status $body" '201 {"created":14}' "client_timeout is the client's alone"
sql rules 'DROP TRIGGER linger ON many'
ask_conf rules "${conf[@]}" "pooler = transaction"
sql rules 'TRUNCATE many'
ask POST "$m" '[{"id":1,"name":"a"},{"id":2,"name":"b"}]'
is "$status $(rows many)" '201 2' "behind a pooler"
faults 409 '[1].id' POST "$m" $'{"id":3,"name":"a"}\n{"id":1,"name":"b"}' "$ND"
faults 404 '[1]' PATCH "$m" '[{"id":1,"note":"n"},{"id":9,"note":"n"}]'
is "$(sql rules 'SELECT count(*), count(note) FROM many')" '2|0' "all or nothing there too"
ask OPTIONS "$m"
like "$(header Allow)" 'POST, PATCH, DELETE, OPTIONS' "OPTIONS tells of it"
ask_end
