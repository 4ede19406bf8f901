# pagila and chinook: every exposed table, every row's key, every filterable
# column as filter, every orderable one as order; the numbers are psql's.
# The questions come from what OPTIONS says, as a client would make them.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata sql/pagila.sql

PGOPTIONS='-c TimeZone=UTC -c IntervalStyle=iso_8601 -c extra_float_digits=1 -c jit=off -c client_min_messages=warning'
export PGOPTIONS

pg_home "$home" && api_programs "$home" || bail_out "no cluster"

# sample DATABASE SCHEMAS TABLES
sample() {
	local db=$1
	rm -f "$home/snapshot/schema.sqlite"
	api_conf "$home" "$db" "schemas = $2" && api_init "$home" secret-of-admin ||
		bail_out "$db cannot be set up"
	# the event trigger and "reload" grant what is there; here by hand
	for schema in ${2//,/ }; do
		sql "$db" "GRANT USAGE ON SCHEMA $schema TO dynapi_responder;
			GRANT SELECT ON ALL TABLES IN SCHEMA $schema TO dynapi_responder"
	done
	judge_in "$db" && ask_serve || bail_out "$db is not served"
	token=$(user_token admin)
	if [ "$db" = pagila ]; then
		try 409 not_populated GET /api/dyn/nicer_but_slower_film_list/
		sql pagila 'REFRESH MATERIALIZED VIEW nicer_but_slower_film_list'
	fi
	ask GET /api/dyn/
	psql -XAtq -d "$db" -v ON_ERROR_STOP=1 -v doc="$body" <<-'END' || bail_out "no list of tables"
	CREATE TABLE t.entry AS SELECT e ->> 'table' AS qname, e ->> 'path' AS path, e -> 'key' AS key
		FROM json_array_elements(:'doc'::json) e;
	END
	is "$(sql "$db" 'SELECT count(*) FROM t.entry')" "$3" "$db: $3 tables are exposed"
	questions "$db" "SELECT qname, 'OPTIONS', path, NULL, 'Authorization: Bearer $token' FROM t.entry" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers "$db" "$TMP/a"
	none "$db" "SELECT name, status, body FROM t.answer WHERE status <> 200" "$db: OPTIONS tells about each"
	sql "$db" "CREATE TABLE t.col AS SELECT qname, path, f.key AS col, f.value AS about,
		(e.qname::regclass)::text AS rel FROM t.answer a JOIN t.entry e ON a.name = e.qname,
		json_each(body::json -> 'fields') f"
	none "$db" "SELECT e.qname, attname FROM t.entry e JOIN pg_attribute a ON attrelid = e.qname::regclass
		LEFT JOIN t.col c ON c.qname = e.qname AND c.col = attname
		WHERE attnum > 0 AND NOT attisdropped AND c.col IS NULL" "$db: and all columns"

	# every row of every table, in the order of its key
	questions "$db" "SELECT qname, 'GET', path || '?format=ndjson', NULL, 'Authorization: Bearer $token'
		FROM t.entry" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers "$db" "$TMP/a"
	none "$db" "SELECT name, status, left(body, 300) FROM t.answer WHERE status <> 200" "$db: every list is 200"
	sql "$db" "CREATE TABLE t.seen AS SELECT name AS qname, md5(string_agg(line, chr(10) ORDER BY line COLLATE \"C\")) AS sum,
		count(line) AS n FROM t.answer LEFT JOIN LATERAL regexp_split_to_table(rtrim(body, chr(10)), chr(10)) line
		ON line <> '' GROUP BY name"
	sql "$db" "SELECT string_agg(format('SELECT %L, (SELECT md5(string_agg(j, chr(10) ORDER BY j COLLATE \"C\"))
		FROM (SELECT translate(row_to_json(x)::text, chr(10), '' '') AS j FROM (SELECT %s FROM %s) x) y),
		(SELECT count(*) FROM %s)', qname, cols, rel, rel), ' UNION ALL ')
		FROM (SELECT qname, rel, string_agg(CASE about ->> 'type' WHEN 'base64'
			THEN format('translate(encode(%I, ''base64''), chr(10), '''') AS %I', col, col)
			ELSE quote_ident(col) END, ', ') AS cols FROM t.col GROUP BY qname, rel) c" >"$TMP/sql"
	{
		echo 'CREATE TABLE t.wanted (qname, sum, n) AS'
		cat "$TMP/sql"
	} | psql -Xq -d "$db" -v ON_ERROR_STOP=1 || bail_out "no rows to compare with"
	none "$db" "SELECT w.qname, w.n, s.n FROM t.wanted w LEFT JOIN t.seen s USING (qname)
		WHERE (w.sum, w.n) IS DISTINCT FROM (s.sum, s.n)" "$db: and its rows are row_to_json() to the byte"
	is "$(sql "$db" "SELECT sum(n) > 15000 FROM t.wanted")" t "$db: thousands of rows"

	# each filterable column with a value of its own, each orderable one both ways
	sql "$db" "SELECT string_agg(format('SELECT %L, %L, (SELECT json_build_array(x.%I, count(*)) FROM %s x
		WHERE x.%I IS NOT NULL GROUP BY x.%I LIMIT 1)', qname, col, col, rel, col, col), ' UNION ALL ')
		FROM t.col WHERE (about ->> 'filterable')::boolean AND about ->> 'type' <> 'base64'" >"$TMP/sql"
	{
		echo 'CREATE TABLE t.pick AS SELECT qname, col, p -> 0 AS value, (p ->> 1)::int AS n FROM ('
		cat "$TMP/sql"
		echo ') x (qname, col, p)'
	} | psql -Xq -d "$db" -v ON_ERROR_STOP=1 || bail_out "no values"
	questions "$db" "SELECT qname || ' ' || col, 'GET', path || '?count=exact&limit=1&' || t.pct(col || '__eq') || '=' ||
			t.pct(CASE WHEN json_typeof(value) IN ('array', 'object') THEN value::text ELSE value #>> '{}' END),
			NULL, 'Authorization: Bearer $token'
		FROM t.pick JOIN t.col USING (qname, col) WHERE value IS NOT NULL" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers "$db" "$TMP/a"
	none "$db" "SELECT name, status, left(body, 300) FROM t.answer WHERE status <> 200" "$db: each column filters"
	none "$db" "SELECT a.name, n.n, head FROM t.answer a JOIN t.pick n ON a.name = n.qname || ' ' || n.col
		WHERE status = 200 AND substring(head FROM 'Content-Range: [^\\r\\n]*/(\\d+)')::int IS DISTINCT FROM n.n" \
		"$db: and leaves as many rows as in psql"
	is "$(sql "$db" 'SELECT count(*) > 50 FROM t.answer')" t "$db: that was tried on many columns"
	questions "$db" "SELECT qname || ' ' || col || ' ' || dir, 'GET', path || '?limit=20&ordering=' || t.pct(dir || '\"' || col || '\"')
		|| '&fields=' || t.pct('\"' || col || '\"'), NULL, 'Authorization: Bearer $token'
		FROM t.col, (VALUES (''), ('-')) d (dir) WHERE (about ->> 'orderable')::boolean" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers "$db" "$TMP/a"
	none "$db" "SELECT name, status, left(body, 300) FROM t.answer WHERE status <> 200" "$db: each column orders"
	sql "$db" "SELECT string_agg(format('SELECT %L, (SELECT json_agg(v) FROM (SELECT to_json(%s) AS v FROM %s ORDER BY %I %s LIMIT 20) x)',
		qname || ' ' || col || ' ' || dir, CASE about ->> 'type' WHEN 'base64' THEN format('encode(%I, ''base64'')', col)
			ELSE quote_ident(col) END, rel, col, CASE dir WHEN '-' THEN 'DESC' ELSE '' END),
		' UNION ALL ') FROM t.col, (VALUES (''), ('-')) d (dir) WHERE (about ->> 'orderable')::boolean" >"$TMP/sql"
	{
		echo 'CREATE TABLE t.sorted (name, vals) AS'
		cat "$TMP/sql"
	} | psql -Xq -d "$db" -v ON_ERROR_STOP=1 || bail_out "nothing sorted"
	none "$db" "SELECT name FROM t.answer JOIN t.sorted USING (name), LATERAL (SELECT json_agg(v.value) AS got
			FROM json_array_elements(CASE WHEN status = 200 THEN body::json ELSE '[]' END) r, json_each(r) v) g
		WHERE got::jsonb IS DISTINCT FROM vals::jsonb" "$db: as psql does"

	# one row by its key, wherever there is one: the row that the list has
	questions "$db" "SELECT qname, 'GET', path || '?limit=1', NULL, 'Authorization: Bearer $token'
		FROM t.entry WHERE json_array_length(key) > 0" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers "$db" "$TMP/a"
	sql "$db" "CREATE TABLE t.first AS SELECT name, body FROM t.answer"
	questions "$db" "SELECT name, 'GET', path || (SELECT string_agg(t.pct(body::json -> 0 ->> k), ',' ORDER BY n)
			FROM json_array_elements_text(key) WITH ORDINALITY x (k, n)) || '/', NULL, 'Authorization: Bearer $token'
		FROM t.first JOIN t.entry ON name = qname WHERE json_array_length(body::json) > 0" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers "$db" "$TMP/a"
	none "$db" "SELECT name, status, a.body FROM t.answer a JOIN t.first f USING (name)
		WHERE status <> 200 OR '[' || rtrim(a.body, chr(10)) || ']' <> rtrim(f.body, chr(10))" \
		"$db: a row by its key is the one of the list"
	is "$(sql "$db" "SELECT count(*) >= 10 FROM t.answer")" t "$db: for most tables"
	questions "$db" "SELECT qname, 'GET', path || '1/', NULL, 'Authorization: Bearer $token'
		FROM t.entry WHERE json_array_length(key) = 0 UNION ALL
		SELECT '', 'GET', '/api/dyn/', NULL, 'Authorization: Bearer $token'" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers "$db" "$TMP/a"
	none "$db" "SELECT name, status, body FROM t.answer WHERE name <> '' AND (status <> 404
		OR body::json ->> 'code' <> 'no_key')" "$db: without a key rows have no address"
	ask_same_pid
	responders_stop "$home"
	token=
}

sample pagila public,legacy "$(sql pagila "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
	WHERE nspname IN ('public', 'legacy') AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT relispartition")"
sample chinook public 11
ask_serve

ask_end
