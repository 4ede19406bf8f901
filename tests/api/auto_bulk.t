# The auto dialect's writes of many rows: POST of a list or of lines, PATCH and
# POST …/delete by a condition.

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
token=$admin
p=/api/auto/post
# refuse STATUS METHOD URI [BODY] : nothing is written
refuse() {
	local before want=$1 name="$2 $3 ${4-}"
	shift
	before=$(checksum blog)
	ask "$@"
	is "$status $(printf '%s' "$body" | sed -n 's/^{"status_code":\([0-9]*\),.*"exception":null,"extra":.*}$/\1/p')" \
		"$want $want" "${name//$'\n'/ } is $want"
	is "$(checksum blog)" "$before" "and writes nothing"
}
count() {
	sql blog "SELECT count(*) FROM $1"
}

# ---- several rows
ask POST /api/auto/tag '[{"name":"m1"},{"name":"m2"}]'
is "$status $body" '200 [{"id":4,"name":"m1"},{"id":5,"name":"m2"}]' "a list is created and comes back with its keys"
refuse 409 POST /api/auto/tag '[{"name":"m3"},{"name":"m1"}]'
refuse 422 POST /api/auto/tag '[{"name":"m3"},{"name":null}]'
like "$body" '"\[1\].name":\[' "the row that failed is named"
refuse 422 POST /api/auto/tag '[{"name":"m3"},{"nope":1}]'
refuse 422 POST /api/auto/tag '[{"name":"m3"},7]'

# ---- lines, read as they come
nd='Content-Type: application/x-ndjson' csv='Content-Type: text/csv'
ask POST /api/auto/tag $'{"name":"l1"}\n{"name":"l2"}\n' "$nd"
is "$status $body $(count "tag WHERE name LIKE 'l_'")" '200 {"created":2} 2' "NDJSON: their number"
ask POST /api/auto/tag $'name\r\n"l,3"\r\nl4\r\nl5\r\n' "$csv"
is "$status $body $(count "tag WHERE name IN ('l,3', 'l4', 'l5')")" '200 {"created":3} 3' "CSV"
ask POST /api/auto/tag '' "$nd"
is "$status $body" '200 {"created":0}' "no lines are no rows"
ask POST /api/auto/tag $'{"name":"l6"}\n' "$nd" 'Prefer: return=minimal'
is "$status $body $(header Preference-Applied)" '204  return=minimal' "nothing for who wants nothing"
ask POST /api/auto/tag $'{"name":"l7"}\n' "$nd" 'Prefer: tx=rollback'
is "$status $body $(count "tag WHERE name = 'l7'")" '200 {"created":1} 0' "a dry run"
for once in '' true; do
	ask POST /api/auto/tag $'{"name":"l8"}\n{"name":"l9"}\n' "$nd" 'Idempotency-Key: lines'
	is "$status $body $(header Idempotency-Replayed)" "200 {\"created\":2} $once" "an Idempotency-Key ${once:+again}"
done
is "$(count "tag WHERE name IN ('l8', 'l9')")" 2 "creates once"
refuse 409 POST /api/auto/tag $'{"name":"k1"}\n{"name":"l1"}\n' "$nd"
refuse 422 POST /api/auto/tag $'{"name":"k1"}\n{"name":[7]}\n{"nope":1}\n' "$nd"
like "$body" '"\[1\].name":\[.*"\[2\].nope":\[' "what is wrong is told by row and field"
refuse 422 POST /api/auto/tag $'{"name":"k1"}\n{"name":\n' "$nd"
refuse 422 POST /api/auto/tag $'name,nope\nk1,2\n' "$csv"
refuse 422 POST /api/auto/post $'title,views\nk1,many\n' "$csv"
refuse 400 POST '/api/auto/tag?on_conflict=name' $'{"name":"k1"}\n' "$nd"
refuse 412 POST /api/auto/tag $'{"name":"k1"}\n' "$nd" 'If-Match: "x"'
refuse 415 POST /api/auto/post/with_relations $'{"title":"k1"}\n' "$nd"
refuse 415 PATCH "$p?where=[\"id\",1]" $'{"views":1}\n' "$nd"
refuse 404 POST /api/auto/nowhere $'{"name":"k1"}\n' "$nd"
refuse 405 POST /api/auto/busy $'{"posts":1}\n' "$nd"

# ---- a change of all that meet a condition
ask PATCH "$p?where=[\"views\",0]" '{"views":1}'
is "$status $body" '200 {"updated":2}' "PATCH with a condition says how many"
is "$(count 'post WHERE views = 1')" 2 "and has done it"
ask PATCH "$p?where={\"author.city\":\"Lyon\"}" '{"price":9}'
is "$status $body" '200 {"updated":2}' "a condition through a relation"
ask PATCH "$p?or_where=(id,3)+(id,4)" '{"published":true}'
is "$status $body" '200 {"updated":2}' "or_where"
ask PATCH "$p?where=[\"id\",99]" '{"views":1}'
is "$status $body" '200 {"updated":0}' "none is no error"
refuse 400 PATCH "$p" '{"views":2}'
refuse 400 PATCH "$p?where=[]" '{"views":2}'
refuse 400 PATCH "$p?where={}" '{"views":2}'
refuse 400 PATCH "$p?find=[\"id\",1]" '{"views":2}'
refuse 400 PATCH "$p?where=[\"id\",1]&page=2" '{"views":2}'
refuse 400 PATCH "$p?where=[\"id\",1]&include=author" '{"views":2}'
refuse 400 PATCH "$p?where=[\"nope\",1]" '{"views":2}'
refuse 400 PATCH "$p?where=[\"id\",\"x\"]" '{"views":2}'
# a condition that is passed over would mean every row
refuse 400 PATCH "$p?where=[[\"nope\",1],[\"id\",\">\",0]]" '{"views":2}' 'Prefer: handling=lenient'
refuse 400 PATCH "$p?where=[\"id\",\">\",0]&or_where=(nope,1)+(id,1)" '{"views":2}' 'Prefer: handling=lenient'
refuse 400 PATCH "$p?where={\"author.nope\":1,\"id\":1}" '{"views":2}' 'Prefer: handling=lenient'
refuse 412 PATCH "$p?where=[\"id\",1]" '{"views":2}' 'If-Match: "x"'
refuse 400 PATCH "$p?where=[\"id\",1]" '{"views":2}' 'Idempotency-Key: k'
refuse 400 PATCH "$p?where=[\"id\"" '{"views":2}'
refuse 422 PATCH "$p?where=[\"id\",1]" '{"nope":2}'
refuse 422 PATCH "$p?where=[\"id\",1]" '{"views":"x"}'
refuse 422 PATCH "$p?where=[\"id\",1]" '[{"views":1}]'
refuse 409 PATCH "$p?where=[\"id\",1]" '{"author_id":99}'

# ---- and the end of them
ask POST "$p/delete" '{"where":["title","like","three%"]}'
is "$status $body" '200 {"deleted":1}' "POST to delete, the condition in the body"
ask POST "$p/delete" '{"where":{"id":77},"or_where":"(id,1)+(id,2)"}'
is "$status $body" '200 {"deleted":0}' "in any of its forms"
ask POST "/api/auto/comment/delete?where=%5B%22spam%22,true%5D"
is "$status $body $(count comment)" '200 {"deleted":2} 3' "or in the query string"
refuse 400 POST "$p/delete"
refuse 400 POST "$p/delete" '{}'
refuse 400 POST "$p/delete" '{"where":[]}'
refuse 400 POST "$p/delete" '{"all":true}'
refuse 400 POST "$p/delete" '{"where":["nope",1]}'
refuse 400 POST "$p/delete" '{"where":{"nope":1,"id":[">",0]}}' 'Prefer: handling=lenient'
refuse 400 POST "$p/delete" '{"where":["id",1],"order_by":"id"}'
refuse 422 POST "$p/delete" '["id",1]'
refuse 422 POST "$p/delete" '{"where"'
refuse 409 POST "$p/delete" '{"where":["id",1]}'

# ---- rights: the action's, and that to do it to many
token=$ann
ctl "$home" grant ann post crud >/dev/null
refuse 403 PATCH "$p?where=[\"id\",1]" '{"views":2}'
refuse 403 POST "$p/delete" '{"where":["id",4]}'
ctl "$home" revoke ann post >/dev/null
ctl "$home" grant ann post b >/dev/null
refuse 403 PATCH "$p?where=[\"id\",1]" '{"views":2}'
refuse 403 POST "$p/delete" '{"where":["id",4]}'
refuse 403 POST "$p/delete" '{"where":["nope",4]}'
ctl "$home" grant ann post ub >/dev/null
refuse 403 PATCH "$p?where=[\"nope\",1]" '{"views":2}'
unlike "$body" nope "and tells nobody which columns there are who may not read"
ctl "$home" revoke ann post >/dev/null
ctl "$home" grant ann post rub >/dev/null
ask PATCH "$p?where=[\"id\",1]" '{"views":2}'
is "$status $body" '200 {"updated":1}' "update and bulk"
refuse 403 PATCH "$p?where=[\"comment.body\",\"first\"]" '{"views":3}'
ctl "$home" revoke ann post >/dev/null
ctl "$home" grant ann post rdb >/dev/null
ask POST "$p/delete" '{"where":["id",4]}'
is "$status $body" '200 {"deleted":1}' "delete and bulk, without create"
refuse 400 POST "$p/delete" '{"where":["nope",4]}'
ctl "$home" grant ann tag c >/dev/null
ask POST /api/auto/tag '[{"name":"m8"},{"name":"m9"}]'
is "$status $body" '200 [{"name":"m8"},{"name":"m9"}]' "who may not read gets back what he sent"
ask POST /api/auto/tag $'{"name":"m10"}\n' "$nd"
is "$status $body" '200 {"created":1}' "or of lines their number"
refuse 403 POST "$p" $'{"title":"x"}\n' "$nd"
refuse 403 POST "$p" $'{"nope":"x"}\n' "$nd"
unlike "$body" nope "and no name before the right"
token=''
refuse 401 POST /api/auto/tag $'{"name":"m11"}\n' "$nd"
refuse 401 PATCH "$p?where=[\"id\",1]" '{"views":2}'
refuse 401 POST "$p/delete" '{"where":["id",1]}'

ask_end
