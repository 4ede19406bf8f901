# What comes out of every built-in type is to_json() to the byte, and what came
# out goes in again and leaves the row as it was.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE kinds' && pg_load kinds "$DYNAPI_SRCDIR/tests/api/types.sql" ||
	bail_out "types.sql cannot be loaded"
api_programs "$home" && api_conf "$home" kinds && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous every,exact crud >/dev/null &&
	sql kinds 'GRANT SELECT, INSERT, UPDATE, DELETE ON every, exact TO dynapi_responder' &&
	judge_in kinds && ask_serve || bail_out "the API cannot be set up"

# the styles of DECISIONS 4
PGOPTIONS='-c TimeZone=UTC -c IntervalStyle=iso_8601 -c DateStyle=ISO
	-c extra_float_digits=1 -c search_path= -c client_min_messages=warning'
export PGOPTIONS

# differ FILE FILE : the columns in which two files of rows differ
differ() {
	awk -v RS=, 'NR == FNR { a[FNR] = $0; next }
		a[FNR] != $0 { print "wanted " substr(a[FNR], 1, 200) "\ngot    " substr($0, 1, 200)
			if (++n == 8) exit }' "$1" "$2"
}

sql kinds 'SELECT row_to_json(t) FROM public.every t ORDER BY id' | tr '\n' '\001' |
	sed 's/\x01{"id":/\n{"id":/g; s/\x01$/\n/' | tr '\001' ' ' >"$TMP/wanted"
ask GET '/api/dyn/every/?ordering=id&format=ndjson'
is "$status $(header Content-Type)" "200 application/x-ndjson" "every type comes as lines"
printf '%s\n' "$body" >"$TMP/lines"
is "$(differ "$TMP/wanted" "$TMP/lines")" "" "each is to_json to the byte"
same_file "$TMP/lines" "$TMP/wanted" "and nothing else is there"
{
	printf '['
	sed '1!s/^/,/' "$TMP/wanted" | tr -d '\n'
	echo ']'
} >"$TMP/array"
ask GET '/api/dyn/every/?ordering=id'
printf '%s\n' "$body" >"$TMP/json"
same_file "$TMP/json" "$TMP/array" "the JSON list has the same rows"

# every column alone, as an own statement
sql kinds "SELECT attname, row_number() OVER (ORDER BY attnum) FROM pg_catalog.pg_attribute
	WHERE attrelid = 'public.every'::regclass AND attnum > 1" -F '	' >"$TMP/columns"
questions kinds "SELECT attname, 'GET', '/api/dyn/every/?ordering=id&format=ndjson&fields=%22'
	|| replace(replace(replace(attname, '\"', '%22%22'), '[', '%5B'), ' ', '+') || '%22'
	FROM pg_catalog.pg_attribute WHERE attrelid = 'public.every'::regclass AND attnum > 0" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers kinds "$TMP/a"
none kinds "SELECT name, status, left(body, 200) FROM t.answer WHERE status <> 200" \
	"each column can be named"

# out and in again
sql kinds 'CREATE TABLE t.before AS SELECT * FROM public.every'
# unchanged NAME : every column of every row has the text it had; line feeds in
# json come out as blanks
unchanged() {
	none kinds "SELECT id, x.key, left(x.value, 100), left(y.value, 100)
		FROM t.before b FULL JOIN public.every e USING (id),
		public.each(public.hstore(b)) x JOIN public.each(public.hstore(e)) y USING (key)
		WHERE translate(x.value, chr(10), ' ') IS DISTINCT FROM translate(y.value, chr(10), ' ')" "$1"
}
for method in PUT PATCH; do
	questions kinds "SELECT id, 'GET', '/api/dyn/every/' || id || '/' FROM public.every" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	awk -F '\t' -v OFS='\t' -v method="$method" \
		'{ print $1, method, "/api/dyn/every/" $1 "/", $4 }' "$TMP/a" >"$TMP/q"
	ask_all "$TMP/q" "$TMP/b"
	answers kinds "$TMP/b"
	none kinds "SELECT name, status, left(body, 700) FROM t.answer WHERE status <> 200" \
		"what GET gave is taken by $method"
	unchanged "$method has left every row as it was"
	awk -F '\t' '{ print $1, $4 }' "$TMP/a" >"$TMP/a.body"
	awk -F '\t' '{ print $1, $4 }' "$TMP/b" >"$TMP/b.body"
	same_file "$TMP/b.body" "$TMP/a.body" "$method answers what GET does"
done

# and as a new row
awk -F '\t' -v OFS='\t' '{ n = $1 + 1000; sub(/"id":[0-9]+/, "\"id\":" n, $4)
	print n, "POST", "/api/dyn/every/", $4 }' "$TMP/a" >"$TMP/q"
ask_all "$TMP/q" "$TMP/b"
answers kinds "$TMP/b"
none kinds "SELECT name, status, left(body, 700) FROM t.answer WHERE status <> 201" \
	"what GET gave is taken by POST"
sql kinds 'DELETE FROM public.every WHERE id < 1000; UPDATE public.every SET id = id - 1000'
unchanged "POST makes the same rows"

# each value finds its row again as a filter, where the type has equality
ask OPTIONS /api/dyn/every/
printf '%s' "$body" >"$TMP/options"
psql -XAtq -d kinds -v ON_ERROR_STOP=1 -v doc="$body" <<'END' >"$TMP/q"
CREATE TABLE t.field AS SELECT key AS name, value AS about
	FROM pg_catalog.json_each((:'doc'::json) -> 'fields');
COPY (
	SELECT f.name || ' ' || r.id, 'GET', '/api/dyn/every/?fields=id&ordering=id&' ||
		t.pct(f.name || '__eq') || '=' || t.pct(CASE f.about->>'type' WHEN 'json'
			THEN (pg_catalog.row_to_json(r) -> f.name)::text ELSE j.value END)
	FROM t.field f, public.every r, pg_catalog.json_each_text(pg_catalog.row_to_json(r)) j
	WHERE j.key = f.name AND j.value IS NOT NULL AND (f.about ->> 'filterable')::boolean
		AND length(j.value) < 1000
) TO STDOUT;
END
ask_all "$TMP/q" "$TMP/a"
answers kinds "$TMP/a"
none kinds "SELECT name, status, left(body, 400) FROM t.answer WHERE status <> 200
	OR NOT body::json::jsonb @> pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('id',
		pg_catalog.regexp_replace(name, '.* ', '')::int))" "each value finds its row as a filter"
is "$(sql kinds 'SELECT count(*) > 200 FROM t.answer')" t "and they were many"
ask GET '/api/dyn/every/?citext=mIxEd&fields=id'
is "$body" '[{"id":1}]' "citext is compared as citext"
none kinds "SELECT f.name, f.about->>'filterable' FROM t.field f
	WHERE (f.about->>'filterable')::boolean IS DISTINCT FROM NOT (f.name IN ('json', 'xml', 'point',
		'polygon', 'jsonpath', 'refcursor', 'txid_snapshot', 'pg_snapshot', 'json[]', 'point[]', 'hstore'))
	AND f.name NOT IN ('line', 'lseg', 'box', 'path', 'circle', 'box[]')" \
	"types without equality say so"
none kinds "SELECT f.about FROM t.field f WHERE name IN ('hstore', 'json', 'xml', 'point') AND (about->>'orderable')::boolean" \
	"and those without an order, or whose order is called otherwise"
questions kinds "SELECT name, 'GET', '/api/dyn/every/?' || t.pct(name || '__eq') || '=x' FROM t.field
	WHERE NOT (about ->> 'filterable')::boolean UNION ALL
	SELECT name || ' order', 'GET', '/api/dyn/every/?ordering=' || t.pct('\"' || name || '\"') FROM t.field
	WHERE NOT (about ->> 'orderable')::boolean" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers kinds "$TMP/a"
none kinds "SELECT name, status, left(body, 300) FROM t.answer WHERE status <> 400 OR
	body::json->>'code' <> 'bad_filter'" "and refuse filter or order with 400"

# each type that can be a key: Location leads to the row, which can be changed
# and deleted there
ctl "$home" grant anonymous '*' crud >/dev/null
sql kinds 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder'
questions kinds "SELECT k.type || ' ' || i, 'POST', '/api/dyn/key_' || n || '/',
		json_build_object('k', pg_catalog.row_to_json(e) -> k.type)
	FROM public.kinds k, generate_subscripts(vals, 1) i, public.every e
	WHERE e.id = i AND to_regclass('public.key_' || n) IS NOT NULL AND length(vals[i]) < 900
		-- arrays have an index even where their elements have no order
		AND k.type NOT IN ('json[]', 'box[]', 'point[]')" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers kinds "$TMP/a"
none kinds "SELECT name, status, left(body, 300) FROM t.answer WHERE status <> 201" "each type can be a key"
is "$(sql kinds 'SELECT count(*) > 120 FROM t.answer')" t "which is tried with many values"
sql kinds "CREATE TABLE t.made AS SELECT name, body, substring(head FROM 'Location: ([^\r\n]*)') AS place FROM t.answer"
for method in GET PATCH PUT DELETE; do
	questions kinds "SELECT name, '$method', place, CASE WHEN '$method' LIKE 'P%' THEN
			replace(body, '\"v\":null', '\"v\":1') END FROM t.made
		WHERE place !~ '/(%2E|\.){0,2}/\$'" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers kinds "$TMP/a"
	none kinds "SELECT name, status, place, left(a.body, 300) FROM t.answer a JOIN t.made m USING (name)
		WHERE status NOT IN (200, 204) OR '$method' = 'GET' AND a.body <> m.body" "$method where Location leads"
done

# what only the type itself can judge
for value in '"x"' '"a=>"' '[1]' '5'; do
	try 400 bad_value PATCH /api/dyn/every/1/ "{\"hstore\":$value,\"integer\":1}"
	is "$(fields)" hstore "of an extension's type, by name"
done
sed -i '/code=bad_value/d' "$home/log/dynapi"

# bytea, and numbers as strings
wanted_exact() {
	sql kinds "$1" | tr -d '\n' | sed 's/}{"id":/},{"id":/g; s/^/[/; s/$/]/'
}
b64() {
	echo "translate(encode($1, 'base64'), E'\\n', '')"
}
ask GET '/api/dyn/exact/?ordering=id'
is "${body:0:294}" '[{"id":0,"n":null,"i":null,"b":null,"ns":null,"is":null,"bs":null,"c":null,"d":null,"cs":null},{"id":1,"n":1.50,"i":9223372036854775807,"b":"","ns":[],"is":[],"bs":[],"c":{"b":null,"n":null,"i":null,"t":null},"d":{"inner_one":null,"many":null,"bs":null},"cs":[]},{"id":2,"n":"NaN","i":-1,"b":"A' \
	"bytea is base64"
like "$body" '"bs":\["AA==","",null\],"c":\{"b":"AQI=","n":1.50,"i":9007199254740993,"t":"x"\},"d":\{"inner_one":\{"b":"/w==","n":2.50,"i":5,"t":"y"\},"many":\[\{"b":"AQ==","n":1,"i":2,"t":"z"\},null\],"bs":\["qg==",null\]\},"cs":\[\{"b":"QQ==","n":7.0,"i":8,"t":"q"\},null\]\}' \
	"bytea is base64 inside arrays and composites"
like "$body" '"ns":\[\[1.0,2.0\],\[3.0,null\]\],"is":\[\[1\],\[2\]\],"bs":\[\["AQ==","Ag=="\],\["Aw==","BA=="\]\]' \
	"of more dimensions too"
unlike "$body" $'\n' "without line breaks"
exact_before=$(sql kinds 'SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM public.exact t')

# back_in NAME
back_in() {
	questions kinds "SELECT id, 'GET', '/api/dyn/exact/' || id || '/' FROM public.exact" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	awk -F '\t' -v OFS='\t' '{ print $1, "PUT", "/api/dyn/exact/" $1 "/", $4 }' "$TMP/a" >"$TMP/q"
	ask_all "$TMP/q" "$TMP/b"
	answers kinds "$TMP/b"
	none kinds "SELECT name, status, left(body, 700) FROM t.answer WHERE status <> 200" "$1: taken by PUT"
	is "$(sql kinds 'SELECT md5(string_agg(t::text, chr(10) ORDER BY id)) FROM public.exact t')" \
		"$exact_before" "$1: every row is as it was"
}
back_in "bytea"
ask_conf kinds 'numeric_as = string' 'bigint_as = string'
ask GET '/api/dyn/exact/?ordering=id'
like "$body" '"id":1,"n":"1.50","i":"9223372036854775807","b":""' "numeric and bigint as strings"
like "$body" '"n":"NaN","i":"-1"' "NaN is a string once"
like "$body" '"ns":\["1.50","NaN",null\],"is":\["9007199254740993",null\]' "in arrays too"
like "$body" '"c":\{"b":"AQI=","n":"1.50","i":"9007199254740993","t":"x"\}' "in composites too"
like "$body" '"d":\{"inner_one":\{"b":"/w==","n":"2.50","i":"5","t":"y"\},"many":\[\{"b":"AQ==","n":"1","i":"2","t":"z"\},null\]' \
	"in composites in composites too"
like "$body" '"ns":\[\["1.0","2.0"\],\["3.0",null\]\],"is":\[\["1"\],\["2"\]\]' "in two dimensions too"
back_in "numbers as strings"
ask GET '/api/dyn/every/2/?fields=bigint,numeric,integer,%22numeric(12%2C4)%22,double+precision'
is "$body" '{"bigint":"9223372036854775807","numeric":"-0.000001","integer":2147483647,"numeric(12,4)":"-0.0001","double precision":5e-324}' \
	"integer and float stay numbers"

ask_end
