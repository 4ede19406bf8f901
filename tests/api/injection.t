# Injection lists in every place that takes a text: never our fault, nothing
# changed, the same rows as the text bound as a parameter, and one SQL text
# whatever the value is.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata payloads/sqli-fuzz.txt

# payloads that reach pg_sleep() would be seen as 504
ask_start shop 'statement_timeout = 2s' && judge_in shop || bail_out "the API cannot be set up"
ctl "$home" grant anonymous 'product,order_item,order' crud >/dev/null

# the lists may hold any bytes; what is no UTF-8 is utf8.t's matter
cat "$DYNAPI_TESTDATA"/payloads/*.txt | tr -d '\r' | sort -u | iconv -f UTF-8 -t UTF-8 -c |
	sed 's/\\/\\\\/g; s/\t/\\t/g; /^$/d' >"$TMP/payloads"
sql shop 'CREATE TABLE t.payload (n int GENERATED ALWAYS AS IDENTITY, s text)'
sql shop "\\copy t.payload (s) from '$TMP/payloads'"
is "$(sql shop 'SELECT count(*) > 700 FROM t.payload')" t "the lists are read"

before=$(checksum shop)
questions shop "SELECT how || ' ' || n, m, replace(uri, '@', t.pct(s)), replace(send, '@', s2), head
	FROM t.payload, LATERAL (SELECT trim('\"' FROM to_json(s)::text) AS s2) q, (VALUES
	('text', 'GET', '/api/dyn/product/?limit=5&name=@', NULL, NULL),
	('varchar', 'GET', '/api/dyn/product/?limit=5&sku__eq=@', NULL, NULL),
	('int', 'GET', '/api/dyn/product/?limit=5&in_stock=@', NULL, NULL),
	('numeric', 'GET', '/api/dyn/product/?limit=5&price=@', NULL, NULL),
	('list', 'GET', '/api/dyn/product/?limit=5&tags=@', NULL, NULL),
	('jsonb', 'GET', '/api/dyn/product/?limit=5&attributes=@', NULL, NULL),
	('bool', 'GET', '/api/dyn/product/?limit=5&active=@', NULL, NULL),
	('enum', 'GET', '/api/dyn/order/?limit=5&status=@', NULL, NULL),
	('time', 'GET', '/api/dyn/order/?limit=5&placed=@', NULL, NULL),
	('name', 'GET', '/api/dyn/product/?limit=5&@=1', NULL, NULL),
	('name-eq', 'GET', '/api/dyn/product/?limit=5&@__eq=1', NULL, NULL),
	('strict', 'GET', '/api/dyn/product/?limit=5&x@=1', NULL, 'Prefer: handling=strict'),
	('search', 'GET', '/api/dyn/product/?limit=5&search=@', NULL, NULL),
	('ordering', 'GET', '/api/dyn/product/?limit=5&ordering=@', NULL, NULL),
	('ordering-', 'GET', '/api/dyn/product/?limit=5&ordering=-@,id', NULL, NULL),
	('fields', 'GET', '/api/dyn/product/?limit=5&fields=@', NULL, NULL),
	('page', 'GET', '/api/dyn/product/?page=@', NULL, NULL),
	('page_size', 'GET', '/api/dyn/product/?page_size=@', NULL, NULL),
	('limit', 'GET', '/api/dyn/product/?limit=@', NULL, NULL),
	('offset', 'GET', '/api/dyn/product/?limit=5&offset=@', NULL, NULL),
	('count', 'GET', '/api/dyn/product/?limit=5&count=@', NULL, NULL),
	('format', 'GET', '/api/dyn/product/?limit=5&format=@', NULL, NULL),
	('cursor', 'GET', '/api/dyn/product/?limit=5&cursor=@', NULL, NULL),
	('path', 'GET', '/api/dyn/@/', NULL, NULL),
	('schema', 'GET', '/api/dyn/public.@/', NULL, NULL),
	('key', 'GET', '/api/dyn/product/@/', NULL, NULL),
	('keys', 'GET', '/api/dyn/order_item/1,@/', NULL, NULL),
	('options', 'OPTIONS', '/api/dyn/@/', NULL, NULL),
	('delete', 'DELETE', '/api/dyn/product/@/', NULL, NULL),
	('put', 'PUT', '/api/dyn/product/@/', '{\"sku\":\"x\",\"name\":\"y\",\"price\":1}', NULL),
	('body int', 'PATCH', '/api/dyn/product/1/', '{\"in_stock\":\"@\"}', NULL),
	('body numeric', 'PATCH', '/api/dyn/product/1/', '{\"price\":\"@\"}', NULL),
	('body list', 'PATCH', '/api/dyn/product/1/', '{\"tags\":\"@\"}', NULL),
	('body key', 'PATCH', '/api/dyn/product/1/', '{\"@\":\"1\"}', NULL),
	('body text', 'PATCH', '/api/dyn/product/0/', '{\"name\":\"@\"}', NULL),
	('create', 'POST', '/api/dyn/product/', '{\"sku\":\"x\",\"name\":\"@\",\"tags\":[\"@\"],\"price\":-1}', NULL),
	('login', 'POST', '/api/auth/login/', '{\"username\":\"@\",\"password\":\"@\"}', NULL),
	('token', 'GET', '/api/dyn/product/?limit=1', NULL, 'Authorization: Bearer @'),
	('accept', 'GET', '/api/dyn/product/?limit=1', NULL, 'Accept: @'),
	('origin', 'GET', '/api/dyn/product/?limit=1', NULL, 'Origin: @')
	) p (how, m, uri, send, head) WHERE (how <> 'login' OR n % 40 = 0)
		-- a number is a good key and a good value
		AND (m = 'GET' OR s !~ '^-?[0-9.]+\$')" "$TMP/q"
# the headers of the last three are the payload itself
awk -F '\t' -v OFS='\t' 'NR == FNR { s[FNR] = $0; next }
	{ split($1, w, " "); if (index($5, "@")) sub(/@/, "", $5) && ($5 = $5 s[w[2]]) } 1' \
	"$TMP/payloads" "$TMP/q" >"$TMP/q2"
grep -q 'Origin: .*--' "$TMP/q2" || bail_out "headers hold no payloads"
ask_all "$TMP/q2" "$TMP/a"
answers shop "$TMP/a"
is "$(sql shop 'SELECT count(*) > 25000 FROM t.answer')" t "thousands of questions"
none shop "SELECT name, status, body FROM t.answer WHERE status = 0 OR status >= 500" "none is answered 5xx"
is "$(checksum shop)" "$before" "nothing has changed"
none shop "SELECT name, status, body FROM t.answer WHERE name LIKE 'delete %' AND status NOT IN (400, 404)" \
	"no row was hit by accident"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ '^(text|varchar) ' AND (status <> 200 OR body <> E'[]\n')" \
	"a text is compared as it stands"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ '^(int|numeric|bool|enum|time) '
	AND NOT (status = 400 AND body::json->>'code' = 'bad_value') AND NOT (status = 200)" \
	"other types take their values or say bad_value"
none shop "SELECT name, status, body FROM t.answer JOIN t.payload ON n = split_part(name, ' ', 2)::int
	WHERE name LIKE 'int %' AND (status = 200) <> (s ~ '^-?\\d{1,9}\$')" "for integers: digits only"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ '^(name|name-eq|ordering|ordering-) ' AND
	(status <> 200 OR json_array_length(body::json) <> 5) AND status <> 400" "unknown names are ignored"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ '^strict ' AND status <> 400" \
	"or refused when one insists"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ '^(path|schema|options) ' AND status NOT IN (400, 404)
	AND NOT status IN (401, 405)" "no table is found"
none shop "SELECT name, status, body FROM t.answer WHERE body ~* 'syntax error|pg_catalog|SQLSTATE|select |/usr/|ERROR: '
	AND name !~ '^(search|body|create|text|fields|name|strict|login)'" "no SQL, path or message leaks"
is "$(grep -c 'syntax error\|unterminated' "$home/log/postgresql")" 0 "PostgreSQL never saw a syntax error"

# the same SQL whatever the value: one text each place, as the server logs it
sql shop "ALTER SYSTEM SET log_statement = 'all'"
sql shop 'SELECT pg_reload_conf()' >"$TMP/reload"
logs_all() {
	[ "$(sql shop 'SHOW log_statement')" = all ]
}
wait_for 10 logs_all || bail_out "the statements are not logged"
: >"$home/log/postgresql"
for how in text search ordering name key 'body text' create; do
	grep "^$how [0-9]*	" "$TMP/q2" | head -n 100 >"$TMP/few"
	ask_all "$TMP/few" "$TMP/a2"
done
grep -o 'LOG:  execute .*' "$home/log/postgresql" | sed 's/^LOG:  execute [^:]*: //' |
	grep '"product"' | sort | uniq -c >"$TMP/texts"
# search has as many texts as there are numbers of terms
is "$(wc -l <"$TMP/texts" | awk '{ print ($1 > 3 && $1 < 40) }')" 1 "700 values, a few dozen SQL texts"
is "$(grep -ci 'union\|sleep\|1=1\|--' "$TMP/texts")" 0 "none of them holds a value"

# and as dynapictl explain shows it
explain() {
	ctl "$home" explain "$1" | sed -n '/^select:/,$p' | grep -v '^ *[$]'
}
like "$(explain 'GET /api/dyn/product/?name=lamp&search=red')" 'select .*name" = \$1' "explain shows the text"
is "$(explain "GET /api/dyn/product/?name=x'%20or%201=1--&search=%27;drop")" \
	"$(explain 'GET /api/dyn/product/?name=lamp&search=red')" "the same one for both"

ask_end
