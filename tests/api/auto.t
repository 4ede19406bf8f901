# The auto dialect from end to end: lists, rows, writing one row, errors.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE blog' && pg_load blog "$DYNAPI_SRCDIR/tests/api/auto.sql" &&
	api_programs "$home" && api_conf "$home" blog && api_init "$home" secret-of-admin &&
	sql blog 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"
admin=$(user_token admin) && ann=$(user_token ann) || bail_out "no users"
ctl "$home" grant ann post r >/dev/null || bail_out "no grant"
token=$admin
p=/api/auto/post

# ids QUERY : the ids of a list, in order
ids() {
	ask GET "$p?$1"
	[ "$status" = 200 ] || echo "$status"
	printf '%s' "$body" | grep -o '{"id":[0-9]*' | tr -dc '0-9\n' | paste -sd,
}
# refuse STATUS MESSAGE METHOD URI [BODY] : an error of this dialect
refuse() {
	local want=$1 message=$2
	shift 2
	ask "$@"
	is "$status $(printf '%s' "$body" | sed -n 's/^{"status_code":\([0-9]*\),"message":"\([^"]*\)","detail":".*","exception":null,"extra":\(null\|{.*}\)}$/\1 \2/p')" \
		"$want $want $message" "$1 $2 ${3-} is $want"
	[ "$status" = "$want" ] || diag "$body"
}

# ---- lists
ask GET "$p?where=[\"id\",1]"
is "$status $body" '200 [{"id":1,"title":"one","author_id":1,"views":0,"price":0.00,"published":false}]' "a bare array"
is "$(header X-Total-Count)" 1 "with the number of rows in a header"
is "$(header Content-Type) $(header Cache-Control)" 'application/json no-store' "JSON, not kept"
is "$(ids order_by=id)" 1,2,3,4,5 "all rows"
is "$(ids 'order_by=id&page=2&page_size=2')" 3,4 "a page"
ask GET "$p?page=2&page_size=2"
is "$(header X-Total-Count)" 5 "all matching rows are counted"
ask GET "$p?page=9"
is "$status $body $(header X-Total-Count)" '200 [] 5' "behind the last page there is nothing"
ask GET '/api/auto/page?order_by=n&page_size=1000'
is "$(printf '%s' "$body" | grep -o '"n"' | wc -l) $(header X-Total-Count)" '100 250' "a page has at most 100 rows"
ask GET '/api/auto/page'
is "$(printf '%s' "$body" | grep -o '"n"' | wc -l)" 25 "or 25 when nobody says"
ask HEAD "$p?where=[\"views\",0]"
is "$status $(header X-Total-Count) $body" '200 2 ' "HEAD counts"
ask GET /api/auto/post/
is "$status" 200 "a slash at the end is optional"
ask GET /api/auto/public.post/1
is "$status" 200 "the schema may be named"
ask GET "$p?where=[\"id\",1]&format=csv"
is "$body" "$(printf 'id,title,author_id,views,price,published\r\n1,one,1,0,0.00,false\r')" "CSV"

# ---- names that are not there, where they cannot be passed over
for q in 'or_where=[["nope",1]]' 'or_where={"nope":1}&where=["id",1]' 'find=["nope",1]' 'include=author&or_filter=["author.nope",1]'; do
	refuse 400 'Bad Parameter' GET "$p?$q" '' 'Prefer: handling=lenient'
	like "$body" 'There is no such column' "… for the name"
done

# ---- conditions
is "$(ids 'order_by=id&where=["views",0]')" 1,3 "zero is a value"
is "$(ids 'order_by=id&where=["published",false]')" 1,5 "so is false"
is "$(ids 'order_by=id&where=["title",""]')" 4 "so is nothing"
is "$(ids 'order_by=id&where=["author_id",null]')" 4 "null"
is "$(ids 'order_by=id&where=["author_id","!=","null"]')" 1,2,3,5 "not null"
is "$(ids 'order_by=id&where=["title","like","t%25"]')" 2,3 "like"
is "$(ids 'order_by=id&where=["title","LIKE","T%25"]')" '' "with regard to case"
is "$(ids 'order_by=id&where=["title","!like","t%25"]')" 1,4,5 "not like"
is "$(ids 'order_by=id&where=["id","in",[1,3,99]]')" 1,3 "in"
is "$(ids 'order_by=id&where=["id","!in",[1,3]]')" 2,4,5 "not in"
is "$(ids 'order_by=id&where=["id","in",[]]')" '' "in nothing"
is "$(ids 'order_by=id&where=["id","!in",[]]')" 1,2,3,4,5 "not in nothing"
is "$(ids 'order_by=id&where=[["views",">",0],["views","<=",7]]')" 2,4 "both conditions"
is "$(ids 'order_by=id&where=["views",0]&or_where=[["id",1],["id",2]]')" 1 "or_where is one group beside where"
is "$(ids 'order_by=id&where=["price",1.5]')" 2 "numbers are compared as numbers"
is "$(ids 'order_by=id&where=["author.city","Lyon"]')" 1,2 "through a relation that is not included"
is "$(ids 'order_by=id&where=["comment.spam",true]')" 1,2 "to-many: with such a row"
is "$(ids 'order_by=id&where=["tag.name","web"]')" 1 "through a join table"
is "$(ids 'order_by=[["author.name","DESC"],["id","DESC"]]&where=["author_id","!=",null]')" 5,3,2,1 "order by a relation"
# the same question in both forms
while read -r one other; do
	ask GET "$p?$one"
	first="$status $(header X-Total-Count) $body"
	ask GET "$p?$other"
	is "$status $(header X-Total-Count) $body" "$first" "$one asks what $other asks"
	like "$first" '^200 ' "and is understood"
done <<'END'
where={"id":1,"title":"one"} where=[["id",1],["title","one"]]
where={"id":[">",2],"title":["like","%25e%25"]} where=[["id",">",2],["title","like","%25e%25"]]
where={"title":["in",["one","two"]]} where=["title","in",["one","two"]]
or_where=(id,1)+(id,3) or_where=[["id",1],["id",3]]
or_where=(title,"two")+(title,50%25) or_where=[["title","two"],["title","50%25"]]
order_by=[{"author_id":"ASC"},{"title":"DESC"}] order_by=[["author_id","ASC"],["title","DESC"]]
order_by=title order_by=["title"]
size=2&page=2 page_size=2&page=2
find={"title":"two"} find=["title","two"]
include=comment&filter={"comment.spam":false} include=comment&filter=["comment.spam",false]
END

# ---- find
ask GET "$p?find=[\"title\",\"two\"]&where=[\"id\",1]&page=7"
is "$status $body $(header X-Total-Count)" '200 {"id":2,"title":"two","author_id":1,"views":5,"price":1.50,"published":true} ' "find is one object, whatever else"
ask GET "$p?find=[\"title\",\"none\"]"
is "$status $body" '200 null' "or null"

# ---- include
ask GET "$p?where=[\"id\",1]&include=author,comment.author&include=tag&sort=[[\"comment.id\",\"DESC\"],[\"tag.name\"]]"
is "$status $body" '200 [{"id":1,"title":"one","author_id":1,"views":0,"price":0.00,"published":false,"author":{"id":1,"name":"Ann","city":"Lyon","country_code":"FR"},"comment":[{"id":3,"post_id":1,"author_id":null,"body":"second","spam":false,"author":null},{"id":2,"post_id":1,"author_id":3,"body":"buy","spam":true,"author":{"id":3,"name":"Cid","city":null,"country_code":null}},{"id":1,"post_id":1,"author_id":2,"body":"first","spam":false,"author":{"id":2,"name":"Bob","city":"Bonn","country_code":"DE"}}],"tag":[{"id":1,"name":"db"},{"id":2,"name":"web"}]}]' \
	"objects and arrays, nested, sorted"
ask GET "$p?order_by=id&include=comment&filter=[\"comment.spam\",false]&sort=comment.id"
is "$(printf '%s' "$body" | grep -o '"title":"[^"]*"' | wc -l) $(printf '%s' "$body" | grep -o '"body":"[^"]*"' | paste -sd' ')" \
	'5 "body":"first" "body":"second" "body":"hm"' "filter hides children and keeps parents"
ask GET "$p?where=[\"comment.spam\",true]&include=comment&order_by=id"
is "$(printf '%s' "$body" | grep -o '"body":"[^"]*"' | wc -l)" 4 "where chooses parents and hides no children"
ask GET "$p?order_by=id&include=comment&or_filter=[[\"comment.body\",\"first\"],[\"comment.body\",\"hm\"]]"
is "$(printf '%s' "$body" | grep -o '"body":"[^"]*"' | paste -sd' ')" '"body":"first" "body":"hm"' "or_filter"
ask GET "$p?order_by=id&page=2&page_size=1&include=comment"
is "$body" '[{"id":2,"title":"two","author_id":1,"views":5,"price":1.50,"published":true,"comment":[{"id":4,"post_id":2,"author_id":3,"body":"spam","spam":true}]}]' \
	"a page of parents cuts no children"
ask GET "/api/auto/author/3?include=post,profile"
is "$status $body" '200 {"id":3,"name":"Cid","city":null,"country_code":null,"post":[],"profile":null}' "nothing included is [] or null"

# ---- one row
ask GET "$p/1?include=comment&filter=[\"comment.spam\",true]"
is "$status $body" '200 {"id":1,"title":"one","author_id":1,"views":0,"price":0.00,"published":false,"comment":[{"id":2,"post_id":1,"author_id":3,"body":"buy","spam":true}]}' "a row, with its children"
refuse 404 "Not Found" GET "$p/99"
like "$body" '"detail":"Item not found"' "there is no such item"
refuse 404 "Not Found" GET "$p/x"
refuse 404 "Not Found" GET /api/auto/nowhere
refuse 404 "Not Found" GET /api/auto/titles/1

# ---- cache
ask GET "$p?cache=60"
is "$(header Cache-Control) $(header Vary)" 'private, max-age=60 Authorization, Accept, Prefer' "cache= lets the client keep it"
tag=$(header ETag)
like "$tag" '^"[0-9a-f]{32}"$' "with a tag"
ask GET "$p?cache=60" '' "If-None-Match: $tag"
is "$status $body $(header ETag)" "304  $tag" "by which he can ask whether it is new"
ask GET "$p?cache=60" '' "If-None-Match: \"x\", W/$tag"
is "$status" 304 "among others"
ask GET "$p?cache=60&page=2" '' "If-None-Match: $tag"
is "$status" 200 "another answer is sent"
ask GET "$p?cache=999999"
is "$(header Cache-Control)" 'private, max-age=3600' "not longer than max_cache"
ask GET "$p/1?cache=5"
is "$(header Cache-Control)" 'private, max-age=5' "a row too"
tag=$(header ETag)
ask GET "$p/1"
like "$(header ETag)" '^"[0-9a-f]{32}"$' "a row has a tag in any case"
like "$tag" "^${tag%%[.\"]*}${tag:0:33}\." "the same one, and how it was asked for"
is "$(header ETag)" "$(ask GET /api/dyn/post/1/ && header ETag)" "that of the native dialect"
ask GET "$p/1?cache=5" '' "If-None-Match: $tag"
is "$status $body" '304 ' "by which he can ask whether it is new"
ask GET "$p/1?include=author&cache=5"
is "$status $(header ETag)" '200 ' "none with rows of others"

# ---- refusals
refuse 400 "Bad Parameter" GET "$p?where=[[\"id\""
is "$body" '{"status_code":400,"message":"Bad Parameter","detail":"where: This is not valid JSON. At byte 6: the text ends early.","exception":null,"extra":{"params":"[[\"id\"","errors":{"where":["This is not valid JSON. At byte 6: the text ends early."]}}}' \
	"the text is echoed"
refuse 400 "Bad Parameter" GET "$p?where=[\"nope\",1]"
refuse 400 "Bad Parameter" GET "$p?where=[\"id\",\"~\",1]"
refuse 400 "Bad Parameter" GET "$p?where=[\"id\",\"x\"]"
refuse 400 "Bad Parameter" GET "$p?order_by=nope"
refuse 400 "Bad Parameter" GET "$p?include=nope"
refuse 400 "Bad Parameter" GET "$p?filter=[\"comment.spam\",true]"
refuse 400 "Bad Parameter" GET "$p?views=0"
refuse 400 "Bad Parameter" GET "$p?page=0"
refuse 405 "Method Not Allowed" DELETE "$p"
is "$(header Allow)" "GET, HEAD, POST, PATCH" "what is allowed is told"

# ---- rights
token=''
refuse 401 "Not Authenticated" GET "$p"
refuse 401 "Not Authenticated" POST "$p" '{"title":"x"}'
token=$ann
ask GET "$p"
is "$status" 200 "who may read, reads"
refuse 403 "Permission Denied" POST "$p" '{"title":"x"}'
is "$body" '{"status_code":403,"message":"Permission Denied","detail":"You have no right to create public.post.","exception":null,"extra":null}' "and is told what he may not"
refuse 403 "Permission Denied" POST "$p" '{"nope":"x"}'
refuse 403 "Permission Denied" PUT "$p/1" '{"title":"x"}'
refuse 403 "Permission Denied" PATCH "$p/1" '{"title":"x"}'
refuse 403 "Permission Denied" DELETE "$p/1"
refuse 403 "Permission Denied" GET "$p?include=comment"
like "$body" 'read public.comment' "the included table needs a right of its own"
refuse 403 "Permission Denied" GET "$p?where=[\"comment.spam\",true]"
refuse 403 "Permission Denied" GET "$p?order_by=author.name"
refuse 403 "Permission Denied" GET "$p?include=tag"
ctl "$home" grant anonymous post r >/dev/null
token=''
ask GET "$p"
is "$status" 200 "what visitors may read needs no token"
ctl "$home" revoke anonymous post >/dev/null
token=$admin

# ---- writing one row
ask POST "$p" '{"title":"six","views":6}'
is "$status $body" '200 {"id":6,"title":"six","author_id":null,"views":6,"price":null,"published":null}' "POST answers 200 with the row"
ask PUT "$p/6" '{"id":99,"title":"6","price":6}'
is "$status $body" '200 {"id":6,"title":"6","author_id":null,"views":0,"price":6.00,"published":null}' "PUT replaces; the key of the path wins"
refuse 422 "Unprocessable Entity" PUT "$p/6" '{"views":1}'
like "$body" '"errors":\{"title":\["This field is required."\]\}' "a mandatory field is missing"
ask PATCH "$p/6" '{"views":66}'
is "$status $body" '200 {"id":6,"title":"6","author_id":null,"views":66,"price":6.00,"published":null}' "PATCH changes"
ask PATCH "$p/6" '{}'
is "$status" 200 "or nothing"
ask DELETE "$p/6"
is "$status $body" '200 {"id":6,"title":"6","author_id":null,"views":66,"price":6.00,"published":null}' "DELETE answers the row that was"
for method in DELETE PUT PATCH; do
	refuse 404 "Not Found" $method "$p/6" '{"title":"x"}'
done
refuse 422 "Unprocessable Entity" POST "$p" '{"title":"x","nope":1}'
refuse 422 "Unprocessable Entity" POST "$p" '{"title":"x","views":"many"}'
refuse 422 "Unprocessable Entity" POST "$p" '{"title":'
refuse 422 "Unprocessable Entity" POST "$p" '{"title":null}'
refuse 422 "Unprocessable Entity" POST "$p" '"x"'
refuse 409 Conflict POST "$p" '{"title":"x","author_id":99}'
refuse 409 Conflict POST "$p" '{"title":"x","id":1}'
refuse 409 Conflict DELETE "$p/1"
refuse 415 "Unsupported Media Type" POST "$p" '{"title":"x"}' 'Content-Type: text/plain'
refuse 404 "Not Found" DELETE /api/auto/titles/1
ctl "$home" revoke ann post >/dev/null
ctl "$home" grant ann post cud >/dev/null
token=$ann
ask POST "$p" '{"title":"mine"}'
is "$status $(printf '%s' "$body" | sed 's/"id":[0-9]*/"id":N/')" '200 {"title":"mine"}' "who may not read gets back what he sent"
ask PATCH "$p/1" '{"views":0}'
is "$status $body" '204 ' "or nothing"
token=$admin

# ---- the conditions of the head hold here as in the native root
ask PATCH "$p/1" '{"views":9}' 'If-Match: "none-of-these"'
is "$status" 412 "PATCH of another state"
ask DELETE "$p/1" '' 'If-Match: "none-of-these"'
is "$status" 412 "and DELETE"
ask POST "$p" '{"title":"once"}' 'Idempotency-Key: auto-1'
is "$status" 200 "a create with an Idempotency-Key"
once=$body
ask POST "$p" '{"title":"once"}' 'Idempotency-Key: auto-1'
is "$status $body $(header Idempotency-Replayed)" "200 $once true" "is done once"
ask GET "$p/1?cache=9"
tag=$(header ETag)
ask PATCH "$p/1" '{"views":10}' "If-Match: $tag"
is "$status" 200 "the tag of a row is met while it is the same"
new=$(header ETag)
ask PATCH "$p/1" '{"views":11}' "If-Match: $tag"
is "$status" 412 "and not when it has changed"
ask PUT "$p/1" '{"title":"one","author_id":1}' "If-Match: $new"
is "$status" 200 "the answer of a change has the new one"
ask DELETE "$p/1" '' "If-Match: $new"
is "$status" 412 "DELETE looks at it as well"

ask_end
