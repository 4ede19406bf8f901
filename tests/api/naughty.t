# The big list of naughty strings: stored, found, read and deleted byte for
# byte; as a whole body and in every parameter they are refused or harmless.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata naughty-strings/blns.json

pg_home "$home" || bail_out "no cluster"
sql shop 'CREATE TABLE naughty (id int PRIMARY KEY, s text NOT NULL, v varchar, l text[], j jsonb);
	CREATE TABLE named (s text PRIMARY KEY, id int);
	CREATE VIEW n_start AS SELECT id, s FROM naughty;
	CREATE VIEW n_equal AS SELECT id, s FROM naughty;
	CREATE VIEW n_words AS SELECT id, s FROM naughty;
	CREATE VIEW n_regex AS SELECT id, s FROM naughty'
api_programs "$home" && api_conf "$home" shop 'search.n_start = ^s' 'search.n_equal = =s' 'search.n_words = @s' 'search.n_regex = $s' \
	'regex = yes' && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous naughty,named,n_start,n_equal,n_words,n_regex crud >/dev/null &&
	sql shop 'GRANT ALL ON naughty, named, n_start, n_equal, n_words, n_regex TO dynapi_responder' &&
	judge_in shop && ask_serve || bail_out "the API cannot be set up"

psql -XAtq -d shop -v ON_ERROR_STOP=1 -v list="$(cat "$DYNAPI_TESTDATA/naughty-strings/blns.json")" <<'END'
CREATE TABLE t.naughty AS
SELECT n::int AS id, x AS s
FROM json_array_elements_text(:'list'::json) WITH ORDINALITY AS e (x, n);
END
is "$(sql shop 'SELECT count(*) FROM t.naughty')" 515 "all strings are read"

# create
questions shop "SELECT id, 'POST', '/api/dyn/naughty/', json_build_object('id', id, 's', s, 'v', s,
	'l', ARRAY[s, s], 'j', json_build_object(s, s)) FROM t.naughty" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE status <> 201" "all are created"
none shop "SELECT n.id, n.s FROM t.naughty n LEFT JOIN naughty x ON x.id = n.id AND x.s = n.s AND x.v = n.s
	AND x.l = ARRAY[n.s, n.s] AND x.j = jsonb_build_object(n.s, n.s) WHERE x.id IS NULL" \
	"and stored byte for byte, in lists and documents too"
none shop "SELECT a.name, a.body FROM t.answer a JOIN t.naughty n ON a.name = n.id::text
	WHERE body::json ->> 's' <> s OR body::json ->> 'v' <> s OR body::json -> 'l' ->> 1 <> s
		OR body::json -> 'j' ->> s IS DISTINCT FROM s" "the answer has them"

# a table whose keys they are; the empty one has no address, nor those that
# would climb in a path
questions shop "SELECT 'create', 'POST', '/api/dyn/named/', json_build_object('s', s, 'id', min(id))
	FROM t.naughty GROUP BY s" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT status, body FROM t.answer WHERE status <> 201" "they can be keys"
questions shop "SELECT s, 'GET', substring(head FROM 'Location: ([^\\r\\n]*)') FROM t.answer,
	LATERAL (SELECT body::json ->> 's' AS s) x WHERE s NOT IN ('', '.', '..')" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE NOT (status = 200 AND body::json ->> 's' = name)
	AND NOT (status = 400 AND body::json ->> 'code' = 'bad_path' AND '/' || name || '/' ~ '/\\.\\.?/')" \
	"and Location leads to each"
is "$(sql shop 'SELECT count(*) > 480 FROM t.answer WHERE status = 200')" t "nearly all"

# found by equality, in each column
questions shop "SELECT n.id || ' ' || col, 'GET', '/api/dyn/naughty/?fields=id,s&ordering=id&' || col || '=' || t.pct(
		CASE col WHEN 'l' THEN jsonb_build_array(s, s)::text WHEN 'j' THEN jsonb_build_object(s, s)::text ELSE s END)
	FROM t.naughty n, unnest(ARRAY['s', 'v__eq', 'l', 'j']) col" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT a.name, status, body FROM t.answer a JOIN t.naughty n ON n.id = split_part(a.name, ' ', 1)::int
	WHERE status <> 200 OR body::jsonb IS DISTINCT FROM (SELECT jsonb_agg(jsonb_build_object('id', m.id, 's', m.s)
		ORDER BY m.id) FROM t.naughty m WHERE m.s = n.s)" "equality finds just the same strings"

# searching for one as a quoted phrase finds at least it
questions shop "SELECT id, 'GET', '/api/dyn/naughty/?fields=id&limit=1000&search=' || t.pct('\"' || s || '\"')
	FROM t.naughty WHERE s !~ '[\"\\s,]' AND s <> ''" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE status <> 200
	OR NOT body::jsonb @> jsonb_build_array(jsonb_build_object('id', name::int))" "search finds it again"
questions shop "SELECT id || ' ' || v, 'GET', '/api/dyn/n_' || v || '/?fields=id&limit=1000&search=' || t.pct('\"' || s || '\"')
	FROM t.naughty, unnest(ARRAY['start', 'equal', 'words', 'regex']) v WHERE s !~ '[\"\\s,]' AND s <> ''" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ 'start|equal' AND (status <> 200
	OR NOT body::jsonb @> jsonb_build_array(jsonb_build_object('id', split_part(name, ' ', 1)::int)))" "as a beginning and as a whole, too"
none shop "SELECT name, status, body FROM t.answer JOIN t.naughty n ON n.id = split_part(name, ' ', 1)::int
	WHERE name ~ 'equal' AND body::jsonb <> (SELECT jsonb_agg(jsonb_build_object('id', m.id) ORDER BY m.id)
		FROM t.naughty m WHERE m.s ILIKE replace(replace(replace(n.s, E'\\\\', E'\\\\\\\\'), '%', E'\\\\%'), '_', E'\\\\_'))" "and as a whole nothing else"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ 'words' AND status <> 200" "words are never a mistake"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ 'regex' AND status <> 200
	AND (status <> 400 OR body NOT LIKE '%\"errors\":{\"search\":%')" "a pattern that is none is the client's mistake"

# NDJSON and CSV hold the same
ask GET '/api/dyn/naughty/?format=ndjson&ordering=id'
printf '%s\n' "$body" >"$TMP/lines"
sed 's/\\/\\\\/g; s/\t/\\t/g' "$TMP/lines" >"$TMP/copy"
sql shop 'CREATE TABLE t.line (j json)'
sql shop "\\copy t.line from '$TMP/copy'"
none shop "SELECT n.id, j FROM t.naughty n LEFT JOIN t.line ON (j ->> 'id')::int = n.id AND j ->> 's' = s
	WHERE j IS NULL" "NDJSON has every string on its own line"
"$DYNAPI_BUILDDIR/tests/lib/ask" "$socket" GET '/api/dyn/naughty/?format=csv&fields=id,s&ordering=id' |
	sed '1,/^\r*$/d' >"$TMP/csv"
sql shop 'CREATE TABLE t.csv (id int, s text)'
sql shop "\\copy t.csv from '$TMP/csv' csv header"
none shop "SELECT n.id, n.s, c.s FROM t.naughty n LEFT JOIN t.csv c USING (id)
	WHERE c.s IS DISTINCT FROM CASE WHEN n.s ~ '^[=+@\\t\\r-]' THEN '''' || n.s ELSE n.s END" \
	"CSV too, formulas made harmless"

# everywhere else
before=$(checksum shop naughty)
questions shop "SELECT id || ' ' || how, m, replace(uri, '@', t.pct(s)), CASE m WHEN 'GET' THEN NULL ELSE s END FROM t.naughty,
	(VALUES ('body', 'POST', '/api/dyn/naughty/'), ('patch', 'PATCH', '/api/dyn/naughty/1/'),
		('put', 'PUT', '/api/dyn/naughty/1/'), ('login', 'POST', '/api/auth/login/'),
		('name', 'GET', '/api/dyn/naughty/?limit=1&x@=@'), ('order', 'GET', '/api/dyn/naughty/?limit=1&ordering=@'),
		('fields', 'GET', '/api/dyn/naughty/?fields=@'), ('page', 'GET', '/api/dyn/naughty/?page=@'),
		('size', 'GET', '/api/dyn/naughty/?page_size=@'), ('limit', 'GET', '/api/dyn/naughty/?limit=@'),
		('offset', 'GET', '/api/dyn/naughty/?offset=@'), ('format', 'GET', '/api/dyn/naughty/?limit=1&format=@'),
		('count', 'GET', '/api/dyn/naughty/?limit=1&count=@'), ('id', 'GET', '/api/dyn/naughty/?id=@'),
		('table', 'GET', '/api/dyn/x@/'), ('key', 'GET', '/api/dyn/naughty/x@/'),
		('path', 'GET', '/api/@/'), ('delete', 'DELETE', '/api/dyn/naughty/x@/')) p (how, m, uri)" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE status = 0 OR status >= 500" "nowhere else do they harm"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ ' (body|patch|put|login)\$'
	AND status <> 400" "none is a good body"
none shop "SELECT name, status, body FROM t.answer WHERE status >= 400 AND
	(body::json ->> 'status')::int <> status" "every refusal is a problem document"
is "$(checksum shop naughty)" "$before" "and nothing has changed"

# and away
questions shop "SELECT id, 'DELETE', '/api/dyn/naughty/' || id || '/' FROM t.naughty" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE status <> 204 OR body <> ''" "all are deleted"
is "$(sql shop 'SELECT count(*) FROM naughty')" 0 "and gone"

ask_end
