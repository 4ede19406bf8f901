# Functions of a row as fields: which are found, where they can be asked for,
# and that nothing else can be called by its name.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" && sql postgres 'CREATE DATABASE library' || bail_out "no cluster"
sql library "CREATE SCHEMA side; CREATE SCHEMA closed;
	CREATE TABLE town (id int PRIMARY KEY, name text NOT NULL);
	CREATE TABLE writer (id int PRIMARY KEY, first text NOT NULL, last text, town_id int REFERENCES town, t int, taken int);
	CREATE TABLE book (id int PRIMARY KEY, writer_id int REFERENCES writer, price numeric(6,2), key bytea);
	CREATE TABLE side.note (id int PRIMARY KEY, x int);
	CREATE VIEW writer_list AS SELECT id, first FROM writer;
	ALTER TABLE writer DROP COLUMN t;
	ALTER TABLE writer ADD COLUMN t int DEFAULT 5;
	INSERT INTO town VALUES (1, 'Ulm'), (2, 'Bonn');
	INSERT INTO writer SELECT i, 'w' || i, CASE WHEN i % 4 > 0 THEN chr(65 + i % 3) END, CASE WHEN i % 5 > 0 THEN 1 + i % 2 END
		FROM generate_series(1, 30) i;
	INSERT INTO book SELECT i, 1 + i % 7, i * 1.5, decode('00ff', 'hex') FROM generate_series(1, 40) i;
	INSERT INTO side.note VALUES (1, 2), (2, 3);
	CREATE FUNCTION label(writer) RETURNS text IMMUTABLE LANGUAGE sql AS \$\$ SELECT \$1.first || ' ' || \$1.last \$\$;
	COMMENT ON FUNCTION label(writer) IS 'Whole name';
	CREATE FUNCTION label(town) RETURNS text IMMUTABLE LANGUAGE sql AS \$\$ SELECT coalesce('in ' || \$1.name, 'nowhere') \$\$;
	CREATE FUNCTION books(w writer) RETURNS int STABLE LANGUAGE sql AS \$\$ SELECT count(*)::int FROM public.book WHERE writer_id = w.id \$\$;
	CREATE FUNCTION facts(writer) RETURNS jsonb STABLE LANGUAGE sql AS \$\$ SELECT to_jsonb(\$1) \$\$;
	CREATE FUNCTION side.keys(book) RETURNS bytea[] IMMUTABLE LANGUAGE sql AS \$\$ SELECT ARRAY[\$1.key] \$\$;
	CREATE FUNCTION where_from(book) RETURNS point IMMUTABLE LANGUAGE sql AS \$\$ SELECT point(\$1.id, 0) \$\$;
	CREATE FUNCTION label(writer_list) RETURNS text IMMUTABLE LANGUAGE sql AS \$\$ SELECT upper(\$1.first) \$\$;
	CREATE FUNCTION twice(side.note) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 2 * \$1.x \$\$;
	CREATE FUNCTION taken(writer) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 7 \$\$;
	CREATE FUNCTION mixed(writer) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	CREATE FUNCTION side.mixed(writer) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 2 \$\$;
	CREATE FUNCTION loud(writer) RETURNS int VOLATILE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	CREATE FUNCTION closed.hidden(writer) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	CREATE FUNCTION many(writer) RETURNS SETOF int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	CREATE FUNCTION nothing(writer) RETURNS void STABLE LANGUAGE sql AS \$\$ SELECT \$\$;
	CREATE FUNCTION added(writer, int DEFAULT 1) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	CREATE FUNCTION anything(anyelement) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	CREATE FUNCTION number(int) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	CREATE FUNCTION more(int, writer) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	CREATE AGGREGATE total(writer) (sfunc = more, stype = int);
	CREATE FUNCTION secret(writer) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT 1 \$\$;
	REVOKE EXECUTE ON FUNCTION secret(writer) FROM PUBLIC;
	CREATE FUNCTION lost(writer) RETURNS bigint STABLE LANGUAGE sql SET search_path = public AS \$\$ SELECT count(*) FROM book \$\$;
	ALTER FUNCTION lost(writer) RESET search_path" || bail_out "no tables"
api_programs "$home" && api_conf "$home" library 'schemas = public, side' && api_init "$home" secret-of-admin &&
	ask_serve || bail_out "the API cannot be set up"
token=$(user_token admin)
w=/api/dyn/writer

# psql_says SQL : of the last answer, as :doc
psql_says() {
	psql -XAtq -d library -v ON_ERROR_STOP=1 -v doc="$body" <<<"SELECT $1;"
}
# same URI SQL NAME : the answer is what the query gives, as JSON
same() {
	ask GET "$1"
	is "$status $(psql_says "(:'doc')::jsonb = (SELECT coalesce(jsonb_agg(r), '[]') FROM ($2) r)" 2>&1)" '200 t' "$3"
	[ ${#body} -gt 10 ] || diag "little was compared: $body"
}
answers() {
	local want="$1 $2"
	shift 2
	ask "$@"
	is "$status $body" "$want" "$1 $2 ${3:+with $3 }is ${want:0:60}"
}

# ---- what is found
introspect "$home" --list >"$TMP/list"
is "$(grep -o '^ .*computed by .*' "$TMP/list" | tr -s ' ')" " keys bytea[], computed by side.keys
 where_from point, computed by public.where_from, no filter, no order
 label text, computed by public.label
 books integer, computed by public.books
 facts jsonb, computed by public.facts
 label text, computed by public.label
 lost bigint, computed by public.lost
 label text, computed by public.label
 twice integer, computed by public.twice" "stable and immutable functions of one row of an exposed table"
is "$(grep '^warning: .* function' "$TMP/list")" "warning: public.writer function mixed is no field: it is in the schemas public and side
warning: public.writer function public.secret is no field: the role of conninfo may not execute it
warning: public.writer function public.taken is no field: a column has its name" "and why others are not"
introspect "$home" --json >"$TMP/json"
is "$(psql -XAtq -d library -v doc="$(cat "$TMP/json")" <<<"SELECT c FROM jsonb_path_query(:'doc', '\$.tables[*] ? (@.name == \"writer\").computed[*] ? (@.name == \"label\")') c;")" \
	'{"name": "label", "type": "text", "class": "text", "comment": "Whole name", "orderable": true, "filterable": true, "function_schema": "public"}' "as JSON"

# ---- asking
same "$w/?id__lte=3&ordering=id" "SELECT id, first, last, town_id, taken, t FROM writer WHERE id <= 3 ORDER BY id" "they are no default columns"
same "$w/?fields=id,label,books&ordering=-books,label:nullsfirst,id" \
	"SELECT id, label(w), books(w) FROM writer w ORDER BY books(w) DESC, label(w) NULLS FIRST, id" "named and ordered by"
same "$w/?label__istartswith=W&books__gte=6&fields=id&ordering=id" \
	"SELECT id FROM writer w WHERE label(w) ILIKE 'w%' AND books(w) >= 6 ORDER BY id" "filtered"
same "$w/?label__isnull=true&fields=id&ordering=id" "SELECT id FROM writer WHERE last IS NULL ORDER BY id" "null"
same "$w/?facts.last=A&facts.id__gt=9&fields=id,facts.first&ordering=id" \
	"SELECT id, first AS \"facts.first\" FROM writer WHERE last = 'A' AND id > 9 ORDER BY id" "inside a JSON value"
same "$w/?group_by=books&aggregate=count(*),max(label)+as+m&having=count__gt=1&ordering=-books" \
	"SELECT books(w), count(*), max(label(w)) m FROM writer w GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 DESC" "grouped by, aggregated"
same "$w/?fields=books&distinct=true&ordering=books" "SELECT DISTINCT books(w) FROM writer w ORDER BY 1" "distinct"
answers 200 '{"label":"w1 B","books":5}' GET "$w/1/?fields=label,books"
same '/api/dyn/book/?fields=id,writer.label,writer.town.label&ordering=writer.town.label:nullsfirst,-id' \
	"SELECT b.id, label(w) AS \"writer.label\", CASE WHEN o.id IS NOT NULL THEN label(o) END AS \"writer.town.label\" FROM book b
		JOIN writer w ON w.id = writer_id LEFT JOIN town o ON o.id = town_id
		ORDER BY CASE WHEN o.id IS NOT NULL THEN label(o) END NULLS FIRST, b.id DESC" "of related rows; null where there is none"
same '/api/dyn/book/?writer.books=6&writer.town.label=in+Ulm&fields=id&ordering=id' \
	"SELECT b.id FROM book b JOIN writer w ON w.id = writer_id WHERE books(w) = 6 AND town_id = 1 ORDER BY id" "conditions through relations"
for slice in '' '&limit=3'; do
	same "/api/dyn/town/?fields=id,label&ordering=id&include=writer(fields=id,label;books__gt=5;ordering=-label,id)$slice" \
		"SELECT id, label(t), (SELECT coalesce(jsonb_agg(jsonb_build_object('id', id, 'label', label(w)) ORDER BY label(w) DESC, id), '[]')
			FROM writer w WHERE town_id = t.id AND books(w) > 5) writer FROM town t ORDER BY id" "of included rows ($slice)"
	same "$w/?fields=id&ordering=id&include=town(fields=label)$slice" \
		"SELECT * FROM (SELECT w.id, CASE WHEN o.id IS NOT NULL THEN jsonb_build_object('label', label(o)) END town FROM writer w
			LEFT JOIN town o ON o.id = town_id ORDER BY w.id ${slice:+LIMIT 3}) x" "of the included one ($slice)"
done
answers 200 '[{"id":1,"keys":["AP8="]}]' GET '/api/dyn/book/?id=1&fields=id,keys'
answers 200 '[{"id":1,"label":"W1"}]' GET '/api/dyn/writer_list/?id=1&fields=id,label'
answers 200 '[{"id":1,"x":2}]' GET '/api/dyn/side.note/?twice=4'
# by cursor, in both directions, over nulls and equals
for order in label -label books,-label facts.last,-books; do
	got='' next="$w/?fields=id&ordering=$order&limit=4&cursor="
	while [ -n "$next" ] && [ ${#got} -lt 500 ]; do
		ask GET "$next"
		[ "$status" = 200 ] || break
		got+=$(printf '%s' "$body" | tr -cd '0-9,'),
		next=$(header Link | sed -n 's/.*<\([^>]*\)>; rel="next".*/\1/p')
	done
	ask GET "$w/?fields=id&ordering=$order"
	is "${got%,}" "$(printf '%s' "$body" | tr -cd '0-9,')" "all pages by $order are all rows"
done

# ---- other dialects
same '/api/v2/writer?a[methods][]=label&q[id_lteq]=2&q[s]=id+asc' \
	"SELECT id, first, last, town_id, taken, t, label(w) FROM writer w WHERE id <= 2 ORDER BY id" "v2: beside the columns"
same '/api/v2/writer?a[methods][]=label&a[only][]=id&q[label_start]=w2&q[s]=books+desc' \
	"SELECT id, label(w) FROM writer w WHERE label(w) LIKE 'w2%' ORDER BY books(w) DESC, id" "v2: beside some, in conditions and order"
ask GET '/api/v2/writer?a[methods][]=loud'
like "$status $body" '^400 .*loud: There is no such computed value' "v2: nothing else is a method"
ask GET /api/v2/info/schema
is "$(psql_says "(:'doc')::jsonb->'writer'->'methods'")" '["books", "facts", "label", "lost"]' "v2: the schema names them"
same '/api/auto/writer?where=["label","like","w2%25"]&order_by=["label","DESC"]' \
	"SELECT id, first, last, town_id, taken, t FROM writer w WHERE label(w) LIKE 'w2%' ORDER BY label(w) DESC" "auto"

# ---- nothing else
for name in loud hidden many nothing added anything number more total secret mixed pg_sleep pg_catalog.pg_sleep \
	'label(writer)' public.label length version current_user; do
	try 400 unknown_column GET "$w/?$name=1" '' 'Prefer: handling=strict'
	try 400 unknown_column GET "$w/?fields=$name"
	try 400 unknown_column GET "$w/?ordering=$name" '' 'Prefer: handling=strict'
done
same "$w/?taken__isnull=true&fields=id,taken&ordering=id" "SELECT id, w.taken FROM writer w ORDER BY id" "a column goes before a function"
try 400 bad_filter GET '/api/dyn/book/?where_from=(1,0)'
try 400 bad_value GET "$w/?books=many"

# ---- writing
try 400 unknown_column POST $w/ '{"id":99,"first":"x","label":"y"}'
is "$(fields)" label "with its name"
try 400 unknown_column PATCH $w/1/ '{"books":3}'
ask PATCH "$w/?label=w1+B" '{"t":77}'
is "$status $(sql library "SELECT string_agg(id::text, ',') FROM writer WHERE t = 77")" "200 1" "changed by a condition on one"
ask OPTIONS $w/
is "$(psql_says "(:'doc')::jsonb->'computed'->'label'")" \
	'{"type": "string", "label": "Label", "nullable": true, "required": false, "sql_type": "text", "help_text": "Whole name", "orderable": true, "read_only": true, "filterable": true}' \
	"OPTIONS tells them"
is "$(psql_says "(:'doc')::jsonb->'fields' ? 'label' OR (:'doc')::jsonb->'actions'->'POST' ? 'label'")" f "but not as columns"

# ---- rights
token=$(user_token bea)
try 403 forbidden GET "$w/?fields=label"
ctl "$home" grant bea writer r >/dev/null
answers 200 '[{"id":1,"books":5}]' GET "$w/?id=1&fields=id,books"
try 403 forbidden GET "$w/?town.label=x"
try 403 forbidden GET "$w/?fields=town.label"
token=$(user_token admin)

# ---- the database has changed since
sql library 'REVOKE EXECUTE ON FUNCTION label(writer) FROM PUBLIC'
try 500 internal GET "$w/?fields=label"
like "$(tail -n 1 "$home/log/dynapi")" "permission denied for function label.*lacks this GRANT" "the log says what is missing"
try 200 - GET "$w/?fields=id"
like "$(introspect "$home")" 'dropped field label \(text\), computed by public.label' "the next introspection takes it away"
try 400 unknown_column GET "$w/?fields=label"
sql library 'GRANT EXECUTE ON FUNCTION label(writer) TO PUBLIC'
like "$(introspect "$home")" 'added field label \(text\), computed by public.label' "and gives it back"
try 200 - GET "$w/?fields=label"
sql library 'DROP FUNCTION books(writer)'
try 503 snapshot_stale GET "$w/?fields=books"
try 503 snapshot_stale GET "$w/?fields=lost"
like "$(tail -n 1 "$home/log/dynapi")" 'SQLSTATE 42P01' "a function that names no schema finds no table"

ask_same_pid
done_testing
