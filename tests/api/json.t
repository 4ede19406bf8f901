# JSONTestSuite through the real endpoint: what is no JSON is refused with 400
# and writes nothing, what is JSON arrives in a json and a jsonb column.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata json-parsing/test_parsing
suite=$DYNAPI_TESTDATA/json-parsing/test_parsing

pg_home "$home" || bail_out "no cluster"
sql shop "CREATE TABLE doc (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	j json, jb jsonb, name text)" >/dev/null
api_programs "$home" && api_conf "$home" shop && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous doc crud >/dev/null &&
	sql shop 'GRANT ALL ON doc TO dynapi_responder' &&
	judge_in shop && ask_serve || bail_out "the API cannot be set up"

# each text as the whole body, as the value of a json and of a jsonb column, as
# the filter of a jsonb column, and where a text is wanted
for file in "$suite"/*.json; do
	name=${file##*/}
	text=$(as_bytes <"$file")
	printf '%s body\tPOST\t/api/dyn/doc/\t%s\n' "$name" "$text"
	printf '%s json\tPOST\t/api/dyn/doc/\t{"j":%s,"name":"%s"}\n' "$name" "$text" "$name"
	printf '%s jsonb\tPOST\t/api/dyn/doc/\t{"jb":%s,"name":"%s"}\n' "$name" "$text" "$name"
	printf '%s patch\tPATCH\t/api/dyn/doc/1/\t%s\n' "$name" "$text"
	printf '%s login\tPOST\t/api/auth/login/\t%s\n' "$name" "$text"
	[ "$(wc -c <"$file")" -gt 1000 ] ||
		printf '%s filter\tGET\t/api/dyn/doc/?jb=%s\n' "$name" "$(as_percent <"$file")"
done >"$TMP/all"
is "$(grep -c ' json	' "$TMP/all")" 318 "the suite is complete"
sql shop "INSERT INTO doc (name) VALUES ('first')"

grep '^n_' "$TMP/all" >"$TMP/q"
before=$(sql shop 'SELECT count(*), md5(string_agg(d::text, chr(10))) FROM doc d')
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
for how in body json jsonb patch login; do
	is "$(sql shop "SELECT count(*) FROM t.answer WHERE name LIKE '% $how' AND status = 400
		AND body::json ->> 'code' = 'bad_json'
		AND head ~ 'Content-Type: application/problem\\+json'")" 188 "188 of 188 n_ are refused as $how"
done
none shop "SELECT name, status, body FROM t.answer WHERE status <> 400 AND name LIKE '% filter'
	AND name NOT LIKE 'n_structure_no_data.json%'" "and as a filter's value"
is "$(sql shop 'SELECT count(*), md5(string_agg(d::text, chr(10))) FROM doc d')" "$before" \
	"nothing was written"

grep '^y_' "$TMP/all" >"$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
# PostgreSQL has no U+0000, not even in a json
none shop "SELECT name, status, body FROM t.answer WHERE name ~ ' jsonb?\$' AND status <> 201
	AND NOT (name ~ 'y_object_escaped_null_in_key|y_string_null_escape' AND status = 400)" \
	"every y_ that PostgreSQL can hold is written"
is "$(sql shop "SELECT count(*) FROM t.answer WHERE name ~ ' jsonb?\$' AND status = 201")" 186 \
	"93 of 95 in each of two columns"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ ' (body|patch)\$'
	AND body::json ->> 'code' = 'bad_json' AND name !~ 'y_object_escaped_null_in_key|y_string_null_escape'" \
	"as a whole body none is said to be bad JSON"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ ' (body|patch)\$' AND status <> 400
	AND name !~ '^y_object_empty|^y_structure_whitespace_array|^y_array_empty.json body'" "but of the wrong shape"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ ' filter\$' AND status <> 200
	AND name !~ 'y_object_escaped_null_in_key|y_string_null_escape'" "each y_ can be a filter"
# what was written came back in the answer, and is what the file holds
for file in "$suite"/y_*.json; do
	printf '%s\t%s\n' "${file##*/}" "$(as_bytes <"$file")"
done >"$TMP/texts"
sql shop 'CREATE TABLE t.text (name text, text text)'
sql shop "\\copy t.text from '$TMP/texts'"
none shop "SELECT name, d.j::text, x.text FROM doc d JOIN t.text x USING (name)
	WHERE d.j IS NOT NULL AND d.j::text <> btrim(x.text, E' \\t\\n\\r')" "json has the very text"
none shop "SELECT name, d.jb, x.text FROM doc d JOIN t.text x USING (name)
	WHERE d.j IS NULL AND d.jb <> x.text::jsonb" "jsonb has the value"
none shop "SELECT a.name, a.body FROM t.answer a JOIN t.text x ON a.name = x.name || ' json'
	WHERE status = 201 AND (body::json -> 'j')::text <>
		translate(btrim(x.text, E' \\t\\n\\r'), E'\\n', ' ')" "and the answer shows it"

grep '^i_' "$TMP/all" >"$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE status NOT IN (200, 201, 400)" \
	"no i_ does any harm"

# names that come twice: in a json value they are PostgreSQL's matter
try 400 bad_value POST /api/dyn/doc/ '{"name":"a","name":"b"}'
is "$(fields)" name "the field is named"
try 400 bad_json POST /api/auth/login/ '{"username":"a","username":"b","password":"c"}'
try 400 bad_json POST /api/dyn/doc/ '{"name":"a"} {"name":"b"}'
try 400 bad_json POST /api/dyn/doc/ $'\xef\xbb\xbf{"name":"a"}'

# depth: at the limit and one past it
nested() {
	printf '{"j":%s%s}' "$(printf '[%.0s' $(seq "$1"))" "$(printf ']%.0s' $(seq "$1"))"
}
ask POST /api/dyn/doc/ "$(nested 31)"
is "$status" 201 "32 levels are taken"
try 400 bad_json POST /api/dyn/doc/ "$(nested 32)"

ask_end
