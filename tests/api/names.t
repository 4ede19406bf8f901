# Names that need care: of tables, of columns, of schemas; fixed routes beside
# tables of the same name; what is not exposed.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

long=$(printf 'l%.0s' $(seq 63))
pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE names'
psql -Xq -v ON_ERROR_STOP=1 -d names -v long="$long" <<'SQL' || bail_out "no tables"
CREATE SCHEMA other;
CREATE SCHEMA "we.ird-schema";
CREATE SCHEMA hidden;
-- tables, each with one row that says which it is
DO $$
DECLARE n text;
BEGIN
	FOREACH n IN ARRAY ARRAY['reload', 'config', 'search', 'health', 'a b', 'a"b', 'a.b', 'a,b', 'a/b', 'a%2Fb', 'ünï ✓', 'Upper', 'upper',
		'select', 'a;drop table x', 'a''b', 'a\b', ' lead', 'trail ', 'q?m', 'h#h', '-', '%', '100%', 'public', 'other', 'dyn', 'a+b', '..x', repeat('l', 63)] LOOP
		EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY, which text)', n);
		EXECUTE format('INSERT INTO %I VALUES (1, %L)', n, n);
	END LOOP;
END $$;
CREATE TABLE other.reload (id int PRIMARY KEY, which text);
INSERT INTO other.reload VALUES (1, 'other.reload');
CREATE TABLE other."x.y" (id int PRIMARY KEY, which text);
INSERT INTO other."x.y" VALUES (1, 'other.x.y');
CREATE TABLE "we.ird-schema"."t.t" (id int PRIMARY KEY, which text);
INSERT INTO "we.ird-schema"."t.t" VALUES (1, 'we.ird-schema.t.t');
CREATE TABLE hidden.t (id int PRIMARY KEY, which text);
-- what "exclude" names by default, and what is never there
CREATE TABLE django_session (id int PRIMARY KEY, which text);
CREATE TABLE auth_user (id int PRIMARY KEY, which text);
CREATE TABLE no_columns ();
CREATE TABLE parted (id int, which text, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
INSERT INTO parted VALUES (1, 'parted');
-- columns
CREATE TABLE cols (id int PRIMARY KEY, "limit" text, page text, search text, ordering text, fields text, format text, count text,
	"offset" text, cursor text, page_size text, "a b" text, "a""b" text, "a,b" text, "-id" text, "x__eq" text, x text, "é" text, "order" text,
	"Select" text, "a.b" text, "a=b" text, "a&b" text, "a+b" text, "%41" text, "__eq" text, "?" text, "a\b" text, " s " text, "''" text, "a$1" text, "$1" text);
DO $$
DECLARE c text;
BEGIN
	INSERT INTO cols (id) VALUES (1), (2);
	FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'cols'::regclass AND attnum > 1 LOOP
		EXECUTE format('UPDATE cols SET %I = %L || id', c, c);
	END LOOP;
END $$;
CREATE TABLE "K e,y" ("k 1" text, "k,2" text, v text, PRIMARY KEY ("k 1", "k,2"));
CREATE TABLE late (id int PRIMARY KEY);
DROP TABLE late;
SQL
api_programs "$home" && api_conf "$home" names 'schemas = public, other, we.ird-schema' && api_init "$home" secret-of-admin &&
	for schema in public other '"we.ird-schema"'; do
		sql names "GRANT USAGE ON SCHEMA $schema TO dynapi_responder; GRANT ALL ON ALL TABLES IN SCHEMA $schema TO dynapi_responder"
	done && judge_in names && ask_serve || bail_out "the API cannot be set up"
token=$(user_token admin)

ask GET /api/dyn/
psql -XAtq -d names -v doc="$body" <<'END'
CREATE TABLE t.entry AS SELECT e ->> 'table' AS qname, e ->> 'path' AS path, e -> 'rights' AS rights FROM json_array_elements(:'doc'::json) e;
END
none names "SELECT path FROM t.entry WHERE path ~ 'django|auth_|no_columns|parted_1|hidden'" "what is not for all is not exposed"
is "$(sql names 'SELECT count(*) FROM t.entry')" 36 "all else is"
none names "SELECT * FROM t.entry WHERE rights::text <> '[\"create\",\"read\",\"update\",\"delete\",\"bulk\"]'" "with the rights of a superuser"
questions names "SELECT qname, 'GET', path || '1/', NULL, 'Authorization: Bearer $token' FROM t.entry WHERE qname !~ 'K e,y|cols|late'
	UNION ALL SELECT qname, 'OPTIONS', path, NULL, 'Authorization: Bearer $token' FROM t.entry" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers names "$TMP/a"
none names "SELECT name, status, body FROM t.answer WHERE status <> 200" "every path that is listed leads somewhere"
none names "SELECT name, body FROM t.answer WHERE body::json ->> 'which' IS DISTINCT FROM regexp_replace(name, '^public\\.', '')
	AND body::json ->> 'name' IS DISTINCT FROM name" "to that very table"
for uri in reload config search; do
	like "$(sql names "SELECT path FROM t.entry WHERE qname = 'public.$uri'")" "^/api/dyn/(public\.)?$uri/\$" "$uri has a path"
	ask GET "/api/dyn/public.$uri/1/"
	like "$body" "\"which\":\"$uri\"" "public.$uri by its schema"
done
is "$(sql names "SELECT path FROM t.entry WHERE qname = 'public.reload'")" /api/dyn/public.reload/ "a fixed route comes first"
try 405 method_not_allowed GET /api/dyn/reload/
for uri in django_session auth_user no_columns parted_1 hidden.t public.parted_1 pg_catalog.pg_class dynapi.users users UPPER 'a%252Fb2' 'a%20b%20' "${long}l" "${long%l}"; do
	try 404 not_found GET "/api/dyn/$uri/"
done
ask GET /api/dyn/Upper/1/
like "$body" '"which":"Upper"' "upper case"
ask GET /api/dyn/upper/1/
like "$body" '"which":"upper"' "and lower"
ask GET /api/dyn/other.x.y/1/
like "$body" 'other.x.y' "a dot in a name behind a schema"
ask GET /api/dyn/a.b/1/
like "$body" '"which":"a.b"' "a dot in a name of the default schema"
ask GET '/api/dyn/we.ird-schema.t.t/1/'
like "$body" 'we.ird-schema.t.t' "dots everywhere"

# ---- columns: filter, order, fields, write
questions names "SELECT attname || ' ' || how, m, replace(replace(uri, '@Q', t.pct('\"' || replace(attname, '\"', '\"\"') || '\"')), '@', t.pct(attname)),
		CASE m WHEN 'PATCH' THEN json_build_object(attname, 'new') END, 'Authorization: Bearer $token'
	FROM pg_attribute, (VALUES ('eq', 'GET', '/api/dyn/cols/?fields=id&@__eq=@1'), ('fields', 'GET', '/api/dyn/cols/1/?fields=@Q'),
		('up', 'GET', '/api/dyn/cols/?fields=id&ordering=@Q'), ('down', 'GET', '/api/dyn/cols/?fields=id&ordering=-@Q'),
		('write', 'PATCH', '/api/dyn/cols/1/')) h (how, m, uri) WHERE attrelid = 'cols'::regclass AND attnum > 1" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers names "$TMP/a"
none names "SELECT name, status, body FROM t.answer WHERE status <> 200" "every column can be named in every place"
none names "SELECT name, body FROM t.answer WHERE name LIKE '% eq' AND name <> 'x eq' AND body <> E'[{\"id\":1}]\n'" "as a filter"
none names "SELECT name, body FROM t.answer WHERE name LIKE '% fields' AND body <> json_build_object(
	regexp_replace(name, ' fields\$', ''), regexp_replace(name, ' fields\$', '') || '1')::text || E'\n'
	AND replace(body, '\":\"', '\" : \"') <> json_build_object(
	regexp_replace(name, ' fields\$', ''), regexp_replace(name, ' fields\$', '') || '1')::text || E'\n'" "in fields"
none names "SELECT name, body FROM t.answer WHERE name LIKE '% up' AND body <> E'[{\"id\":1},{\"id\":2}]\n'" "in ordering"
none names "SELECT name, body FROM t.answer WHERE name LIKE '% down' AND body <> E'[{\"id\":2},{\"id\":1}]\n'" "and descending"
is "$(sql names "SELECT count(*) FROM cols c, LATERAL json_each_text(row_to_json(c)) WHERE id = 1 AND value = 'new'")" 31 "and in a body"
ask GET '/api/dyn/cols/?x=x2&fields=id'
is "$body" '[{"id":2}]' "a plain filter"
ask GET '/api/dyn/cols/?x__eq=x__eq2&fields=id'
is "$body" '[{"id":2}]' "a column that is called x__eq comes before the operator"
ask GET '/api/dyn/cols/?ordering=-id&fields=id'
is "$body" '[{"id":2},{"id":1}]' "a known name comes before the column -id"

ask POST '/api/dyn/K%20e,y/' '{"k 1":"a,b","k,2":"c d","v":"/"}'
is "$status $(header Location)" '201 /api/dyn/K%20e%2Cy/a%2Cb,c%20d/' "odd names in Location"
ask GET "$(header Location)"
is "$status" 200 "which leads there"
long=$(printf '%07800d' 0)
ask POST '/api/dyn/K%20e,y/' "{\"k 1\":\"$long\",\"k,2\":\"z\"}"
is "$status $(header Location)" "201 /api/dyn/K%20e%2Cy/$long,z/" "a long key in Location"
ask GET "$(header Location)"
is "$status" 200 "which leads there as well"
long=${long}$long
try 400 limit_exceeded POST '/api/dyn/K%20e,y/' "{\"k 1\":\"$long\",\"k,2\":\"z\"}"
is "$(sql names "SELECT count(*) FROM \"K e,y\" WHERE length(\"k 1\") > 8000")" 0 "a row without an address is not created alone"
try 201 - POST '/api/dyn/K%20e,y/' "[{\"k 1\":\"$long\",\"k,2\":\"z\"}]"
ask GET '/api/dyn/K%20e,y/?page=1&page_size=1&k%201=a%2Cb'
is "$body" '{"count":1,"next":null,"previous":null,"results":[{"k 1":"a,b","k,2":"c d","v":"/"}]}' "and in filters"
ask GET '/api/dyn/%C3%BCn%C3%AF%20%E2%9C%93/?limit=1&offset=0&count=exact'
is "$(header Content-Range)" '%C3%BCn%C3%AF%20%E2%9C%93 0-0/1' "and in headers, where nothing odd can stand"
ask GET "/api/dyn/a%22b/?format=csv"
unlike "$(header Content-Disposition)" '"a"b' "a quote cannot end a file name"

# ---- the schema changes
sql names 'CREATE TABLE late (id int PRIMARY KEY, n text); GRANT ALL ON late TO dynapi_responder'
try 404 not_found GET /api/dyn/late/
token=$(user_token bea)
try 403 forbidden POST /api/dyn/reload/
token=$(user_token admin)
ask POST /api/dyn/reload/
is "$status" 200 "reload"
like "$body" '\{"table":"late","route_prefix":"dyn/late","basename":"dyn-late"\}' "names it"
like "$body" '"count":37,' "and counts"
ask POST /api/dyn/late/ '{"id":1,"n":"x"}'
is "$status" 201 "it is there without a restart"
ask GET /api/dyn/late/1/
is "$body" '{"id":1,"n":"x"}' "whole"
# the table changes below the snapshot: no wrong answer, and after a reload a good one
sql names 'ALTER TABLE late DROP COLUMN n; ALTER TABLE late ADD COLUMN m int'
ask GET /api/dyn/late/
like "$status" '^503$' "a column that is gone: the snapshot is stale"
like "$body" '"code":"snapshot_stale"' "it says"
ask POST /api/dyn/reload/
ask GET /api/dyn/late/
is "$status $body" '200 [{"id":1,"m":null}]' "until it is read again"
sql names 'DROP TABLE late'
ask POST /api/dyn/reload/
try 404 not_found GET /api/dyn/late/
sed -i '/snapshot_stale/d' "$home/log/dynapi"

ask_end
