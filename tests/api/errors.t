# Every refusal has its status, its code and a problem document, whoever asks;
# nothing is told to who may not know it.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

ask_start shop || bail_out "the API cannot be set up"
ctl "$home" grant anonymous product r >/dev/null
bea=$(user_token bea) carl=$(user_token carl)
ctl "$home" grant bea product,customer crud >/dev/null
ctl "$home" grant carl customer r >/dev/null
p=/api/dyn/product/ c=/api/dyn/customer/

# ---- who asks
try 200 - GET "$p?limit=1"
try 401 token_invalid GET "$c"
is "$(header WWW-Authenticate)" 'Bearer realm="dynapi"' "nobody is told how to sign in"
unlike "$body" 'public|customer' "but not what there is"
try 401 token_invalid POST "$p" '{"sku":"x"}'
try 401 token_invalid DELETE "${p}1/"
try 404 not_found GET /api/dyn/nothing/
for bad in x 'Bearer' 'Bearer ' 'Bearer x' 'Basic YTpi' 'Bearer a b' "$bea" "Bearer ${bea%?}" "Bearer ${bea}x"; do
	try 401 token_invalid GET "$p?limit=1" '' "Authorization: $bad"
done
like "$(header WWW-Authenticate)" 'error="invalid_token"' "a bad token is not taken for none"
try 400 bad_request GET "$p?limit=1" '' "Authorization: Bearer $bea, Bearer $carl"
ask GET "$c?limit=1" '' "Authorization: bEARER $bea"
is "$status" 200 "the scheme has no case"
token=$carl
try 200 - GET "$c?limit=1"
try 403 forbidden GET /api/dyn/order/
like "$body" '"detail":"You have no right to read public\.order\."' "403 names table and action"
like "$(cat "$home/log/dynapi")" 'dynapictl grant NAME public\.order r' "the log tells what would help"
try 403 forbidden POST "$c" '{"name":"x","email":"a@b"}'
try 403 forbidden PATCH "${c}1/" '{"name":"x"}'
try 403 forbidden PUT "${c}1/" '{"name":"x","email":"a@b"}'
try 403 forbidden DELETE "${c}1/"
try 403 forbidden DELETE "${c}99999/"
try 403 forbidden PATCH "${c}99999/" '{}'
try 403 forbidden GET "$p"
try 403 forbidden OPTIONS "$p"
ask HEAD "$p"
is "$status $body" '403 ' "HEAD too"
# faults in a request do not tell who has no right which columns there are
for query in '?id=x' '?ordering=nope' '?fields=nope' '?fields=id' '?limit=0' '?search=x' '?format=xml'; do
	ask GET "/api/dyn/order/$query"
	is "$status $(fields)" '403 ' "no right, whatever is asked: $query"
done
for send in '{"nope":1}' '{"name":1}' '{' '[]' '{"id":5}'; do
	ask POST "$c" "$send"
	is "$status $(fields)" '403 ' "no right, whatever is sent: $send"
done
try 404 not_found GET /api/dyn/nothing/
# a table that exists and one that does not differ in nothing but this
try 404 not_found GET /api/dyn/pg_catalog.pg_class/
try 404 not_found GET /api/dyn/pg_class/
try 404 not_found GET /api/dyn/dynapi.users/
try 404 not_found GET /api/dyn/users/
try 404 not_found GET /api/dyn/information_schema.tables/
try 403 forbidden POST /api/dyn/reload/
token=
try 401 token_invalid POST /api/dyn/reload/
# identity comes from the token alone
for name in X-User Remote-User X-Remote-User X-Forwarded-User Cookie X-Api-Key; do
	try 401 token_invalid GET "$c?limit=1" '' "$name: admin"
done
try 401 token_invalid GET "$c?access_token=$bea&limit=1"
token=$bea
ask GET "$c?limit=1" '' 'X-HTTP-Method-Override: DELETE' 'X-Method-Override: POST'
is "$status" 200 "nor can a header change the method"

# ---- methods
allow() {
	is "$(header Allow)" "$1" "and Allow: $1"
}
try 405 method_not_allowed PUT "$c" '{}'
allow 'GET, HEAD, QUERY, POST, PATCH, DELETE, OPTIONS'
try 405 method_not_allowed POST "${c}1/" '{}'
allow 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS'
for method in TRACE CONNECT PROPFIND get Get 'GET ' '' LINK; do
	try 405 method_not_allowed "$method" "$c"
done
try 405 method_not_allowed GET /api/dyn/reload/
allow POST
try 405 method_not_allowed POST /api/ '{}'
try 405 method_not_allowed DELETE /api/health/
try 405 method_not_allowed GET /api/auth/login/

# ---- paths
for path in '' / /ap /apix /api/x /api/dyn/product/1/x /api/dyn/product/1/x/y/z /API/ /api/Dyn/ /admin/ /api/auth/ \
	/api/health/x /rest/v1/product '/api/dyn/product%2F1/' '/api/dyn/product%2f/' '/api%2fdyn/product/' \
	'/api/dyn/product.' '/api/dyn/.product' '/api/dyn/public.' '/api/dyn/a.b.c' '/api/dyn/product;x=y/' '/api/dyn/product%5c1/' \
	'/api/dyn/PRODUCT/' '/api/dyn/%22product%22/' '/api/dyn/product%20/' /api/dyn/publicproduct/; do
	try 404 not_found GET "$path"
done
for path in //api/dyn/product/ /api//dyn/product/ /api/dyn/product// /api/dyn//product/ /api/./dyn/product/ /api/dyn/../dyn/product/ \
	/api/dyn/product/.. /api/dyn/product/%2e%2e/ /api/dyn/%2e%2e%2fproduct/ /api/dyn/..%2f..%2fetc%2fpasswd/ '/api/dyn/product/1/..'; do
	try 400 bad_path GET "$path"
done
try 200 - GET '/api/dyn/%70roduct/?limit=1'
try 200 - GET '/api/dyn/product/?limit=1#x'
ask GET 'http://example.org/api/dyn/product/?limit=1'
is "$status" 200 "an absolute target"

# ---- bodies
new='{"name":"x","email":"x@example.org"}'
for type in text/plain application/x-www-form-urlencoded2 'multipart/mixed; boundary=x' text/json application/jsonx application/xml '*/*' json \
	application/vnd.api+json ''; do
	try 415 unsupported_media_type POST "$c" "$new" "Content-Type: $type"
done
for coding in gzip deflate br 'gzip, identity' x; do
	try 415 unsupported_media_type POST "$c" "$new" "Content-Encoding: $coding"
done
for type in application/json 'application/json; charset=utf-8' 'Application/JSON;charset=UTF-8' ' application/json '; do
	ask POST "$c" '{"name":"x","email":"x"}' "Content-Type: $type"
	is "$status" 422 "Content-Type: $type is read"
done
try 422 constraint POST "$c" '{"name":"x","email":"x"}' 'Content-Encoding: identity'
try 400 bad_request POST "$c" "$new" "Content-Length: $((${#new} + 1))"
try 400 bad_request POST "$c" "$new" "Content-Length: $((${#new} - 1))"
for length in -1 x 1e3 0x10 99999999999999999999 '+5' '1,1'; do
	try 400 bad_request POST "$c" "$new" "Content-Length: $length"
done
try 413 body_too_large POST "$c" "$new" 'Content-Length: 1048577'
try 400 bad_json POST "$c" '' 'Content-Type: application/json'
is "$(sql shop "SELECT count(*) FROM customer WHERE name = 'x'")" 0 "none of these was written"
ask POST "$c" "$new" 'Content-Length:'
is "$status" 201 "a body without length is read to its end"
place=$(header Location)
ask GET "$p?limit=1" '{"x":1}'
is "$status" 200 "a body of GET does not matter"
ask DELETE "$place" '{"x":1}'
is "$status" 204 "nor one of DELETE"

# ---- what an error holds
ask GET "$p?id=x"
like "$body" '^\{"type":"urn:dynapi:error:bad_value","title":"[^"]+","status":400,"code":"bad_value","request_id":"[0-9a-f]{16}","errors":\{"id":\["A valid integer is required\."\]\}\}$' \
	"members in their order"
is "$(header Cache-Control)" no-store "it is not kept"
id=$(header X-Request-Id)
like "$(grep "id=$id" "$home/log/dynapi")" 'method=GET path=/api/dyn/product/ status=400 .*code=bad_value' \
	"and has its line in the log"
unlike "$(grep "id=$id" "$home/log/dynapi")" 'id=x' "without the query"
is "$(grep -c "${bea:20:60}" "$home/log/dynapi")" 0 "no token is in the log"
ask GET "$p?id=x" '' 'X-Request-Id: mine'
unlike "$(header X-Request-Id)" mine "a request id is ours"

# ---- health
token=
for uri in /api/health/ /api/health /api/health/live /api/health/ready; do
	try 200 - GET "$uri"
done
ask GET /api/
like "$status $body" '^200 \{"name":"DynAPI"' "/api/ says what is here"

ask_end
