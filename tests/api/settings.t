# Settings that change answers: CORS, conceal, strict, mount, base_url, serve,
# csv_guard, pooler; and OPTIONS, which tells what is in force.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

ask_start shop || bail_out "the API cannot be set up"
ctl "$home" grant anonymous product r >/dev/null
bea=$(user_token bea) carl=$(user_token carl)
ctl "$home" grant bea product crud >/dev/null
ctl "$home" grant carl customer c >/dev/null
p=/api/dyn/product/ c=/api/dyn/customer/

# ---- OPTIONS
token=$bea
ask OPTIONS "$p"
is "$status $(header Allow)" '200 GET, HEAD, QUERY, POST, PATCH, DELETE, OPTIONS' "OPTIONS of a table"
psql_says() {
	psql -XAtq -d shop -v ON_ERROR_STOP=1 -v doc="$body" <<<"SELECT (:'doc'::json) #> $1;"
}
is "$(psql_says "'{fields,sku}'")" '{"type":"string","sql_type":"character varying(20)","required":true,"read_only":false,"nullable":false,"filterable":true,"orderable":true,"label":"Sku","max_length":20}' \
	"tells all about a column"
like "$(psql_says "'{fields,price}'")" '"type":"decimal".*"help_text":"Per piece, without tax"' "its comment"
like "$(psql_says "'{fields,id}'")" '"required":false,"read_only":true' "that it cannot be written"
is "$(psql_says "'{description}'") $(psql_says "'{key}'") $(psql_says "'{name}'")" '"What we sell" ["id"] "public.product"' "the table's comment and key"
is "$(psql_says "'{limits}'")" '{"page_size":25,"max_page_size":1000,"max_rows":0,"body_bytes":1048576,"url_bytes":8192,"parameters":100,"filters":64,"includes":20,"relation_depth":5,"included_rows":100000}' "the limits"
is "$(psql_says "'{renders}'")$(psql_says "'{parses}'")" '["application/json","application/x-ndjson","text/csv"]["application/json","application/x-ndjson","text/csv","application/x-www-form-urlencoded","multipart/form-data"]' "the formats"
isnt "$(psql_says "'{actions,POST,name}'")$(psql_says "'{actions,PUT,name}'")" '' "for writers what they may send"
ask OPTIONS "${p}1/"
is "$status $(header Allow)" '200 GET, HEAD, PUT, PATCH, DELETE, OPTIONS' "OPTIONS of a row"
token=
ask OPTIONS "$p"
is "$status $(psql_says "'{actions}'")" '200 ' "a reader is told of no actions"
try 401 token_invalid OPTIONS "$c"
try 404 not_found OPTIONS /api/dyn/nothing/
ctl "$home" grant anonymous order,order_item r >/dev/null
ask OPTIONS /api/dyn/order/
is "$(psql_says "'{fields,customer_id,references}'")" '' "nothing about a table that he may not read"
ctl "$home" grant anonymous customer r >/dev/null
ask OPTIONS /api/dyn/order/
ctl "$home" revoke anonymous customer >/dev/null
is "$(psql_says "'{fields,status,choices}'") $(psql_says "'{fields,customer_id,references}'")" \
	'["open","paid","shipped","cancelled"] {"table":"public.customer","column":"id"}' "labels of an enum, the target of a foreign key"

# ---- no CORS unless it is set
ask GET "$p?limit=1" '' 'Origin: https://app.example'
is "$status $(header Access-Control-Allow-Origin)" '200 ' "no origin is allowed by default"
ask OPTIONS "$p" '' 'Origin: https://app.example' 'Access-Control-Request-Method: GET'
is "$(header Access-Control-Allow-Origin)" '' "nor in a preflight"

ask_conf shop 'cors_origins = https://app.example, http://localhost:3000'
ask GET "$p?limit=1" '' 'Origin: https://app.example'
is "$status $(header Access-Control-Allow-Origin) $(header Vary)" '200 https://app.example Origin' "a listed origin"
like "$(header Access-Control-Expose-Headers)" 'Content-Range.*Link.*Location.*X-Total-Count' "may see our headers"
is "$(header Access-Control-Allow-Credentials)" '' "cookies mean nothing here"
ask GET "$c" '' 'Origin: http://localhost:3000'
is "$status $(header Access-Control-Allow-Origin)" '401 http://localhost:3000' "errors can be read too"
ask OPTIONS "$c" '' 'Origin: https://app.example' 'Access-Control-Request-Method: PATCH' 'Access-Control-Request-Headers: authorization,content-type'
is "$status $body" '204 ' "a preflight needs no right"
is "$(header Access-Control-Allow-Origin)" https://app.example "names the origin"
like "$(header Access-Control-Allow-Methods)" 'PATCH' "the methods"
like "$(header Access-Control-Allow-Headers)" 'Authorization, Content-Type' "the headers"
like "$(header Access-Control-Max-Age)" '^[0-9]+$' "and for how long"
for origin in https://evil.example https://app.example.evil http://app.example https://app.example:8443 null https://APP.example/ \
	'https://app.example, http://localhost:3000' '*'; do
	ask GET "$p?limit=1" '' "Origin: $origin"
	is "$status $(header Access-Control-Allow-Origin) $(header Vary)" '200  Origin' "not allowed: $origin"
done
ask OPTIONS "$p" '' 'Origin: https://evil.example' 'Access-Control-Request-Method: GET'
is "$(header Access-Control-Allow-Origin)" '' "nor in a preflight"
ask OPTIONS "$p"
is "$status $(header Access-Control-Allow-Methods)" '200 ' "OPTIONS without an origin is the other one"
ask_conf shop 'cors_origins = *'
ask GET "$p?limit=1" '' 'Origin: https://any.example'
like "$(header Access-Control-Allow-Origin)" '^(\*|https://any\.example)$' "every origin"

# ---- conceal
ask_conf shop 'conceal = yes'
token=$carl
ask GET "$p"
is "$status" 404 "a table without any right is not there"
hidden=$(printf '%s' "$body" | sed 's/"request_id":"[^"]*"//')
ask GET /api/dyn/nothing/
is "$(printf '%s' "$body" | sed 's/"request_id":"[^"]*"//')" "$hidden" "just as one that is not there"
for method in POST OPTIONS HEAD; do
	ask $method "$p" '{"nope":1}'
	is "$status" 404 "$method too"
done
for method in GET PUT PATCH DELETE; do
	ask $method "${p}1/" '{"nope":1}'
	is "$status" 404 "$method of a row too"
done
ask GET "$p?nope=1&id=x"
is "$status" 404 "whatever is asked"
ask GET "$c"
is "$status" 404 "a table one may only write to cannot be read"
token=
ask GET "$c"
is "$status" 404 "for those who are not signed in as well"
try 200 - GET "$p?limit=1"
ask POST "$p" '{}'
is "$status" 401 "a table that one may read is no secret"
token=$(user_token dora)
ctl "$home" grant dora product r >/dev/null
try 403 forbidden POST "$p" '{}'
token=

# ---- strict
ask_conf shop 'strict = yes'
try 400 unknown_column GET "$p?nope=1"
is "$(fields)" nope "unknown filters are refused"
try 400 unknown_column GET "$p?ordering=nope"
try 200 - GET "$p?limit=1&name=x&ordering=name"
try 200 - GET "$p?limit=1&nope=1" '' 'Prefer: handling=lenient'

# ---- mount and base_url
ask_conf shop 'mount = /shop/v1'
ask GET /shop/v1$p?page=1\&page_size=1
like "$body" '"next":"/shop/v1/api/dyn/product/\?page_size=1&page=2"' "below a mount, links have it"
try 404 not_found GET "$p"
try 404 not_found GET "/shop/v1x$p"
try 404 not_found GET "/shop$p"
token=$bea
ask POST "/shop/v1$p" '{"sku":"mounted","name":"m","price":1}'
like "$status $(header Location)" '^201 /shop/v1/api/dyn/product/[0-9]+/$' "Location too"
place=$(header Location)
ask DELETE "$place"
is "$status" 204 "which leads there"
ask GET /shop/v1/api/dyn/
like "$body" '"path":"/shop/v1/api/dyn/product/"' "and the index"
token=
ask_conf shop 'base_url = https://api.example.org' 'mount = /x'
ask GET "/x$p?page=1&page_size=1" '' 'Host: evil.example'
like "$body" '"next":"https://api\.example\.org/x/api/dyn/product/\?page_size=1&page=2"' "absolute links come from the settings, never from Host"

# ---- serve
ask_conf shop 'serve = health' || :
try 404 not_found GET "$p"
try 200 - GET /api/health/live

# ---- csv_guard
sql shop "INSERT INTO product (sku, name, price) VALUES ('F', '=1+1', 1), ('G', '-2', 2), ('H', '\"q\"', 3)"
guarded() {
	ask GET "$p?format=csv&fields=name&ordering=-id&limit=3"
	printf '%s' "$body" | tr -d '\r' | tail -n +2 | tr '\n' ' '
}
ask_conf shop
is "$(guarded)" '"""q""" "'"'"'-2" "'"'"'=1+1"' "formulas are made harmless in CSV"
ask_conf shop 'csv_guard = no'
is "$(guarded)" '"""q""" -2 =1+1' "unless one does not want it"

# ---- the same without prepared statements, and as a transaction pooler needs it
before=$(ask GET "$p?page=2&page_size=7&search=lamp" && printf '%s' "$body")
for setting in 'prepared_statements = no' 'pooler = transaction' 'pooler = session'; do
	ask_conf shop "$setting"
	for n in 1 2 3; do
		ask GET "$p?page=2&page_size=7&search=lamp"
	done
	is "$status $body" "200 $before" "$setting: the same page"
	token=$bea
	ask POST "$p" '{"sku":"pool","name":"m","price":1}'
	is "$status" 201 "$setting: a write"
	ask DELETE "$(header Location)"
	is "$status" 204 "$setting: and away"
	token=
done

ask_end
