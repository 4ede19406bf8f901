# The auto dialect from end to end: lists, by address and by body, rows, writing
# one row, OPTIONS, who asks, errors.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE blog' && pg_load blog "$DYNAPI_SRCDIR/tests/api/auto.sql" &&
	api_programs "$home" && api_conf "$home" blog 'schemas = public,blog2' && api_init "$home" secret-of-admin &&
	sql blog 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"
admin=$(user_token admin) && ann=$(user_token ann) || bail_out "no users"
ctl "$home" grant ann post r >/dev/null || bail_out "no grant"
token=$admin
p=/api/auto/post

# as_body QUERY RAW : the parameters as one JSON object; with RAW 1 those that are
# JSON as they are; include may stand there twice, and becomes a list
as_body() {
	printf '%s\n' "$1" | LC_ALL=C awk -v raw="$2" '
		function digit(s, at) {
			return index("0123456789ABCDEF", toupper(substr(s, at, 1))) - 1
		}
		function decode(s, out, i) {
			gsub(/\+/, " ", s)
			for (i = 1; i <= length(s); i++)
				if (substr(s, i, 1) == "%") {
					out = out sprintf("%c", 16 * digit(s, i + 1) + digit(s, i + 2))
					i += 2
				} else
					out = out substr(s, i, 1)
			return out
		}
		function quote(s) {
			gsub(/["\\]/, "\\\\&", s)
			return "\"" s "\""
		}
		{
			n = split($0, pairs, "&")
			for (i = 1; i <= n; i++) {
				eq = index(pairs[i], "=")
				name = substr(pairs[i], 1, eq - 1)
				value = decode(substr(pairs[i], eq + 1))
				if (name == "include") {
					list = list (list == "" ? "" : ",") quote(value)
					many = many "+"
				} else
					out = out quote(name) ":" (raw && value ~ /^([[{]|[0-9]+$)/ ? value : quote(value)) ","
			}
			if (many != "")
				out = out "\"include\":" (many == "+" ? list : "[" list "]") ","
			sub(/,$/, "", out)
			print "{" out "}"
		}'
}
# the last question once more by a body, in $TMP/by_body what came of it
by_body() {
	local path=${2%%\?*} kept=("$status" "$head" "$body") raw=1 query='' method uri question wanted
	wanted="$status $(header X-Total-Count) $body"
	[[ $body != *'not valid JSON'* ]] || raw=0
	[[ $2 != *\?* ]] || query=${2#*\?}
	question=$(as_body "$query" "$raw")
	# JSON has no name twice
	[ "$(grep -o '"cache":' <<<"$question" | wc -l)" -lt 2 ] || return
	for method in QUERY POST; do
		uri=$path
		[ "$method" = QUERY ] || uri=${path%/}/search
		ask_once "$method" "$uri" "$question" "${@:4}"
		if [ "$status $(header X-Total-Count) $body" = "$wanted" ]; then
			echo same
		else
			echo "$method $uri $question is $status $body, but GET $wanted"
		fi >>"$TMP/by_body"
	done
	status=${kept[0]} head=${kept[1]} body=${kept[2]}
}
# what GET asks of a list, QUERY and POST ask as well
eval "$(declare -f ask | sed '1s/ask/ask_once/')"
ask() {
	ask_once "$@"
	if [ "$1" = GET ] && [[ $2 =~ ^/api/auto/[^/?]+/?(\?|$) && $* != *If-None-Match* ]]; then
		by_body "$@"
	fi
}

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

# ---- groups
ask GET "$p?group_by=author_id&aggregate=count(*),sum(views)+as+seen&order_by=[[\"seen\",\"DESC\"]]"
is "$status $(header X-Total-Count) $body" '200 3 [{"author_id":2,"count":2,"seen":9},{"author_id":null,"count":1,"seen":7},{"author_id":1,"count":2,"seen":5}]' \
	"groups, with their number in the header"
first=$body
ask GET "$p?group_by=[\"author_id\"]&aggregate=[\"count(*)\",\"sum(views)+as+seen\"]&order_by={\"seen\":\"DESC\"}&having=[[\"seen\",\">\",5],[\"count(*)\",\">=\",2]]"
is "$status $(header X-Total-Count) $body" '200 1 [{"author_id":2,"count":2,"seen":9}]' "those that having chooses"
ask GET "$p?group_by=author.city&aggregate=count(*)&where=[\"author_id\",\"!=\",null]&order_by=author.city&format=csv"
is "$status $(printf '%s' "$body" | tr -d '\r' | tr '\n' ' ')" '200 author.city,count Bonn,2 Lyon,2' "through a relation, as CSV"
ask GET "$p?aggregate=count(*),max(price)&where=[\"views\",\">\",100]"
is "$status $(header X-Total-Count) $body" '200 1 [{"count":0,"max_price":null}]' "aggregates of nothing"
ask GET "$p?group_by=author_id&aggregate=count(*)&page=2&size=2&order_by=author_id"
is "$status $(header X-Total-Count) $body" '200 3 [{"author_id":null,"count":1}]' "pages of groups"
refuse 400 "Bad Parameter" GET "$p?group_by=author_id&aggregate=count(*)&include=author"
refuse 400 "Bad Parameter" GET "$p?group_by=nope&aggregate=count(*)"
refuse 400 "Bad Parameter" GET "$p?aggregate=count(*)&find=[\"id\",1]"
refuse 400 "Bad Parameter" GET "$p?having=[\"count(*)\",1]"
refuse 400 "Bad Parameter" PATCH "$p?where=[\"id\",1]&group_by=author_id" '{"views":1}'
refuse 400 "Bad Parameter" PATCH "$p/1?group_by=author_id" '{"views":1}'

# ---- the question in a body
ask POST "$p/search" '{"where":[["author.city","Lyon"]],"include":["author","tag"],"sort":["tag.name","DESC"],"order_by":"id","size":1,"page":2}'
is "$status $(header X-Total-Count) $body" '200 2 [{"id":2,"title":"two","author_id":1,"views":5,"price":1.50,"published":true,"author":{"id":1,"name":"Ann","city":"Lyon","country_code":"FR"},"tag":[{"id":1,"name":"db"}]}]' \
	"JSON in the body is JSON"
ask POST "$p/search/?order_by=id" '{"where":{"id":[">",3]},"group_by":["author_id"],"aggregate":"count(*)","order_by":"author_id"}'
is "$status" 400 "a parameter stands in the address or in the body"
like "$body" '"order_by":\["Given more than once."\]' "and is named"
ask POST "$p/search/?size=1" '{"where":{"id":[">",3]},"group_by":["author_id"],"aggregate":"count(*)","order_by":"author_id"}'
is "$status $(header X-Total-Count) $body" '200 2 [{"author_id":2,"count":1}]' "each has some"
ask POST "$p/search?include=author" '{"include":"tag","find":["id",1]}'
like "$status $body" '^200 \{"id":1,.*"author":\{.*"tag":\[' "include may stand in both"
ask QUERY "$p" '{"find":{"title":"none"}}'
is "$status $body" '200 null' "find by a body"
ask QUERY "$p" '{"format":"ndjson","where":["id","in",[1,2]],"group_by":"author_id","aggregate":"count(*)"}'
is "$status $(header Content-Type) $body" '200 application/x-ndjson {"author_id":1,"count":2}' "in another format"
ask POST /api/auto/public.search/search '{}'
is "$status $body" '200 [{"id":1}]' "a table of that name has its schema before it"
ask POST /api/auto/public.search '{"id":2}'
is "$status $body" '200 {"id":2}' "and takes rows"
refuse 404 "Not Found" POST /api/auto/search '{"id":3}'
for bad in '{"where":null}' '{"page":null}' '{"where":7}' '{"page":1.5}' '{"page":true}' '{"find":[1,2]}' '{"include":[["tag"]]}' \
	'{"include":{"tag":1}}' '{"where":{"id":1,"id":2}}' '{"views":0}' '{"group_by":["author_id",null]}' '{"where":["nope",1]}' \
	'{"where":["id","x"]}' '{"order_by":["id",["x"]]}' '{"size":2,"page_size":2}' '{"cache":-1}' '{"format":["csv"]}'; do
	for method in POST QUERY; do
		[ "$method" = POST ] && uri=$p/search || uri=$p
		refuse 400 "Bad Parameter" "$method" "$uri" "$bad"
	done
done
for bad in '{"page":1,"page":2}' '[]' '"x"' '{' ''; do
	refuse 422 "Unprocessable Entity" POST "$p/search" "$bad" 'Content-Type: application/json'
	refuse 422 "Unprocessable Entity" QUERY "$p" "$bad" 'Content-Type: application/json'
done
refuse 400 "Bad Parameter" POST "$p/search" "{$(printf '"a%s":1,' {1..120})\"b\":1}"
refuse 415 "Unsupported Media Type" QUERY "$p" 'page=1' 'Content-Type: application/x-www-form-urlencoded'
refuse 415 "Unsupported Media Type" POST "$p/search" '{"page":1}' 'Content-Type: application/x-ndjson'
refuse 404 "Not Found" POST /api/auto/nowhere/search '{}'

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

ask GET "$p?find=[\"id\",1]&cache=7"
is "$(header Cache-Control)" 'private, max-age=7' "and what find finds"
tag=$(header ETag)
ask GET "$p?find=[\"id\",1]&cache=7" '' "If-None-Match: $tag"
is "$status $body" '304 ' "which may have changed"
ask GET "$p?group_by=views&aggregate=count(*)&cache=7"
like "$(header Cache-Control) $(header ETag)" '^private, max-age=7 "[0-9a-f]{32}"$' "and groups"
ask GET "$p?where=[\"nope\",1]&cache=7"
is "$status $(header Cache-Control)" '400 no-store' "no refusal"
for bad in -1 x 1.5 ''; do
	refuse 400 "Bad Parameter" GET "$p?cache=$bad"
	refuse 400 "Bad Parameter" GET "$p/1?cache=$bad"
done
refuse 400 "Bad Parameter" GET "$p?cache=1&cache=1"
ask QUERY "$p" '{"where":["id",1],"cache":7}'
like "$(header Cache-Control) $(header ETag)" '^private, max-age=7 "[0-9a-f]{32}"$' "QUERY is as GET"
ask QUERY "$p" '{"where":["id",1],"cache":7}' "If-None-Match: $(header ETag)"
is "$status $body" '304 ' "with the question in the body"
ask POST "$p/search" '{"where":["id",1],"cache":7}'
is "$status $(header Cache-Control) $(header ETag)" '200 no-store ' "what POST answers is kept by nobody"

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
is "$(header Allow)" "GET, HEAD, QUERY, OPTIONS, POST, PATCH" "what is allowed is told"
refuse 405 "Method Not Allowed" PUT "$p/search" '{}'
is "$(header Allow)" "POST" "of the search too"

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
refuse 403 "Permission Denied" GET "$p?group_by=author.name&aggregate=count(*)"
refuse 403 "Permission Denied" GET "$p?group_by=author_id&aggregate=max(author.name)"
refuse 403 "Permission Denied" GET "/api/auto/comment?aggregate=count(*)"
refuse 403 "Permission Denied" GET "/api/auto/comment?aggregate=count(nope)"
refuse 403 "Permission Denied" POST /api/auto/comment/search '{"where":["nope",1]}'
refuse 403 "Permission Denied" QUERY /api/auto/comment '{"page":0}'
refuse 403 "Permission Denied" OPTIONS /api/auto/comment
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

# ---- OPTIONS tells of a table what it does in the native root
for path in post post/1 titles busy tag auth author_badge; do
	ask OPTIONS "/api/dyn/$path"
	told=$body
	ask OPTIONS "/api/auto/$path"
	is "$status $body" "200 ${told/'"max_page_size":1000'/'"max_page_size":100'}" "OPTIONS of $path"
done
is "$(ask OPTIONS $p && header Allow)" 'GET, HEAD, QUERY, OPTIONS, POST, PATCH' "of a table"
is "$(ask OPTIONS $p/1 && header Allow)" 'GET, HEAD, OPTIONS, PUT, PATCH, DELETE' "of a row"
is "$(ask OPTIONS /api/auto/busy && header Allow)" 'GET, HEAD, QUERY, OPTIONS' "of a view that is only read"
is "$(ask OPTIONS /api/auto/busy/1 && header Allow)" 'GET, HEAD, OPTIONS' "and of its rows"
refuse 404 "Not Found" OPTIONS /api/auto/nowhere
token=$ann
refuse 403 "Permission Denied" OPTIONS "$p"
ctl "$home" grant ann titles r >/dev/null
ask OPTIONS /api/auto/titles
unlike "$status $body" '^200 .*"actions"' "a reader is told of no actions"
token=''
refuse 401 "Not Authenticated" OPTIONS "$p"

# ---- who asks
u=/api/auto/auth/userinfo
token=$admin
ask GET $u
is "$status $body" "200 {\"id\":1,\"sub\":\"1\",\"username\":\"admin\",\"email\":\"\",\"first_name\":\"\",\"last_name\":\"\",\"uuid\":null,\"title\":null,\"avatar\":null,\"groups\":[],\"roles\":[],\"permissions\":[\"admin\"],\"superadmin\":true,\"authenticated\":true}" \
	"a superuser"
is "$(header Content-Type) $(header Cache-Control)" 'application/json no-store' "as JSON, not kept"
ask HEAD $u
is "$status $body" '200 ' "HEAD"
sql blog "UPDATE dynapi.users SET email = 'ann@example.org', first_name = 'Ann', last_name = 'O''Neil \"x\"' WHERE username = 'ann';
	INSERT INTO dynapi.roles (name) VALUES ('writers'), ('an \"odd\" one'), ('nobody''s'), ('readers'), ('staff');
	INSERT INTO dynapi.groups (name) VALUES ('a \"group\"'), ('z'), ('others');
	INSERT INTO dynapi.user_groups SELECT u.id, g.id FROM dynapi.users u, dynapi.groups g WHERE username = 'ann' AND name <> 'others';
	INSERT INTO dynapi.group_roles SELECT g.id, r.id FROM dynapi.groups g, dynapi.roles r WHERE r.name = 'readers';
	INSERT INTO dynapi.role_users SELECT r.id, u.id FROM dynapi.users u, dynapi.roles r WHERE username = 'ann' AND name IN ('readers', 'staff');
	INSERT INTO dynapi.permissions (role_id, predicate, table_name, to_read, to_delete) SELECT r.id, p.predicate, p.name, true, p.d FROM dynapi.roles r,
		(VALUES ('readers', 'can', 'public.comment', true), ('staff', 'cannot', 'public.country', false)) p (role, predicate, name, d) WHERE r.name = p.role;
	INSERT INTO dynapi.user_roles (user_id, table_name, role_id, can_read) SELECT u.id, t.name, r.id, t.name <> 'public.tag'
		FROM dynapi.users u, dynapi.roles r, (VALUES ('public.badge', 'writers'), ('public.tag', 'writers'), ('public.country', 'an \"odd\" one'),
			('public.gone', 'writers')) t (name, role)
		WHERE u.username = 'ann' AND r.name = t.role"
ctl "$home" grant ann auth rub >/dev/null
ctl "$home" grant ann page b >/dev/null
ctl "$home" grant ann post crudb >/dev/null
ctl "$home" grant ann blog2.note cr >/dev/null
token=$ann
ask GET $u/
is "$status $(printf '%s' "$body" | sed 's/"id":[0-9]*,"sub":"[0-9]*"/"id":N/')" '200 {"id":N,"username":"ann","email":"ann@example.org","first_name":"Ann","last_name":"O'"'"'Neil \"x\"","uuid":null,"title":null,"avatar":null,"groups":["a \"group\"","z"],"roles":["an \"odd\" one","readers","staff","writers"],"permissions":["authenticated","blog2.note.create","blog2.note.read","auth.read","auth.update","auth.update_bulk","badge.read","comment.read","comment.delete","post.create","post.read","post.update","post.delete","post.update_bulk","post.delete_bulk","titles.read"],"superadmin":false,"authenticated":true}' \
	"a user: each right a permission, whatever gives it, none of a table that is gone"
token=''
ctl "$home" grant anonymous tag r >/dev/null
ask GET $u
is "$status $body" '200 {"id":0,"sub":"0","username":"anonymous","email":"","first_name":"","last_name":"","uuid":null,"title":null,"avatar":null,"groups":[],"roles":[],"permissions":["tag.read"],"superadmin":false,"authenticated":false}' \
	"a visitor"
ctl "$home" revoke anonymous tag >/dev/null
token=wrong
refuse 401 "Not Authenticated" GET $u
token=$ann
sql blog "UPDATE dynapi.session SET revoked = now() WHERE user_id = (SELECT id FROM dynapi.users WHERE username = 'ann')"
refuse 401 "Not Authenticated" GET $u
ann=$(ctl "$home" token ann --ttl 1h)
token=$admin
refuse 405 "Method Not Allowed" POST $u '{}'
is "$(header Allow)" 'GET, HEAD' "userinfo is read"
ask GET /api/auto/public.auth/userinfo
is "$status $body" '200 {"name":"userinfo","n":1}' "a row of that address has its schema before it"
ask GET /api/auto/auth/other
is "$status $body" '200 {"name":"other","n":2}' "the others need none"

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

differ=$(grep -v '^same$' "$TMP/by_body")
is "$differ" '' "every question has the same answer when it comes in a body"
[ "$(grep -c '^same$' "$TMP/by_body")" -ge 100 ] && pass "and there were many" || fail "there were many"

ask_end
