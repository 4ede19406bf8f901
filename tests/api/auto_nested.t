# POST /api/auto/{table}/with_relations: rows of several tables in one
# statement, with every right it takes, all of it or nothing.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE blog' && pg_load blog "$DYNAPI_SRCDIR/tests/api/auto.sql" &&
	sql blog "CREATE EXTENSION citext; CREATE TABLE label (code citext PRIMARY KEY DEFAULT 'x', post_id int REFERENCES post);
		INSERT INTO label VALUES ('news');
		CREATE TABLE visit (id int, post_id int REFERENCES post, n int CONSTRAINT visit_n CHECK (n < 10), PRIMARY KEY (id)) PARTITION BY RANGE (id);
		CREATE TABLE secret_1 PARTITION OF visit FOR VALUES FROM (0) TO (10);
		INSERT INTO visit VALUES (1)" && api_programs "$home" && api_conf "$home" blog && api_init "$home" secret-of-admin &&
	sql blog 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"
admin=$(user_token admin) && ann=$(user_token ann) || bail_out "no users"
token=$admin
w=/with_relations

# rows QUERY : its rows as JSON, in one line
rows() {
	sql blog "SELECT json_agg(t) FROM ($1) t" | tr -d '\n' | sed 's/, *{/,{/g'
}
# made PATH BODY WANT NAME : what is sent comes back with keys; digits of new
# keys are compared as they are, for the sequences are ours alone
made() {
	ask POST "/api/auto/$1$w" "$2"
	is "$status $body" "200 $3" "$4"
}
# refuse STATUS PATH BODY FIELDS : nothing is written
refuse() {
	local before
	before=$(checksum blog)
	ask POST "/api/auto/$2$w" "$3"
	is "$status $(printf '%s' "$body" | grep -o '"errors":{.*}' | grep -o '"[^"]*":\["' | sed 's/^"//; s/":\["$//' | paste -sd' ')" \
		"$1 $4" "$2 with ${3:0:90} is $1"
	is "$(checksum blog)" "$before" "and writes nothing"
}

# ---- each kind of relation
made post '{"title":"t","author_id":2,"tag":[{"id":1,"name":"db"},{"name":"new"}],"comment":[{"body":"hi"}]}' \
	'{"title":"t","author_id":2,"tag":[{"id":1,"name":"db"},{"name":"new","id":4}],"comment":[{"body":"hi","id":6}],"id":6}' \
	"the document comes back with the keys that were made"
is "$(rows 'SELECT * FROM post_tag WHERE post_id = 6 ORDER BY tag_id')" '[{"post_id":6,"tag_id":1},{"post_id":6,"tag_id":4}]' \
	"one tag was linked, one created and linked"
is "$(rows 'SELECT post_id, body FROM comment WHERE id = 6')" '[{"post_id":6,"body":"hi"}]' "the comment belongs to the post"
is "$(rows 'SELECT name FROM tag WHERE id = 1')" '[{"name":"db"}]' "a linked row stays as it was"

made comment '{"body":"deep","post":{"title":"p","author":{"name":"Dan","country":{"code":"FR"}}}}' \
	'{"body":"deep","post":{"title":"p","author":{"name":"Dan","country":{"code":"FR"},"id":4},"id":7},"id":7}' \
	"what a row belongs to is created before it, or linked by its key"
is "$(rows 'SELECT c.body, p.title, a.name, a.country_code FROM comment c JOIN post p ON p.id = c.post_id JOIN author a ON a.id = p.author_id WHERE c.id = 7')" \
	'[{"body":"deep","title":"p","name":"Dan","country_code":"FR"}]' "three levels"

made author '{"name":"Eve","country":{"code":"IT","name":"Italy"},"profile":{"bio":"b"}}' \
	'{"name":"Eve","country":{"code":"IT","name":"Italy"},"profile":{"bio":"b","id":2},"id":5}' \
	"a key given by hand creates the row that is not there"
made author '{"name":"Fay","country":{"code":"IT","name":"Other"}}' \
	'{"name":"Fay","country":{"code":"IT","name":"Italy"},"id":6}' "and links the row that is"
is "$(rows "SELECT c.*, count(*) FROM country c JOIN author a ON a.country_code = c.code WHERE code = 'IT' GROUP BY 1, 2")" \
	'[{"code":"IT","name":"Italy","count":2}]' "as it was"
is "$(rows 'SELECT bio FROM profile WHERE author_id = 5')" '[{"bio":"b"}]' "a to-one relation backwards"

made author '{"name":"Gus","badge":[{"code":"gold"},{"code":"tin","label":"Tin"},{"code":"gold"}]}' \
	'{"name":"Gus","badge":[{"code":"gold"},{"code":"tin","label":"Tin"},{"code":"gold"}],"id":7}' "linked twice is linked"
is "$(rows 'SELECT badge_code FROM author_badge WHERE author_id = 7 ORDER BY 1')" '[{"badge_code":"gold"},{"badge_code":"tin"}]' "once"

made post '{"title":"adopts","comment":[{"id":1},{"id":2,"body":"ignored"}]}' \
	'{"title":"adopts","comment":[{"id":1},{"id":2,"body":"buy"}],"id":8}' "children that exist are taken over"
is "$(rows 'SELECT id, body, post_id FROM comment WHERE id IN (1, 2) ORDER BY id')" \
	'[{"id":1,"body":"first","post_id":8},{"id":2,"body":"buy","post_id":8}]' "and changed in nothing else"

made post '{"title":"tree","comment":[{"body":"a","author":{"name":"X","post":[{"title":"inner","tag":[{"name":"q"}]}]}}]}' \
	'{"title":"tree","comment":[{"body":"a","author":{"name":"X","post":[{"title":"inner","tag":[{"name":"q","id":5}],"id":10}],"id":8},"id":8}],"id":9}' \
	"relations of relations"
is "$(rows "SELECT p.title, a.name, t.name AS tag FROM post p JOIN author a ON a.id = p.author_id JOIN post_tag x ON x.post_id = p.id JOIN tag t ON t.id = x.tag_id WHERE p.id = 10")" \
	'[{"title":"inner","name":"X","tag":"q"}]' "each where it belongs"

made post '{"title":"none","author":null,"comment":[],"tag":null}' \
	'{"title":"none","author":null,"comment":[],"tag":null,"id":11}' "null and nothing write nothing"
made post '[{"title":"l1","tag":[{"id":1}]},{"title":"l2","comment":[{"body":"x"}]}]' \
	'[{"title":"l1","tag":[{"id":1}],"id":12},{"title":"l2","comment":[{"body":"x","id":9}],"id":13}]' "a list of documents"
made post '{"id":77,"title":"given"}' '{"id":77,"title":"given"}' "a key that was sent stays"
made post '{"title":"labelled","label":[{"code":"NEWS"}]}' '{"title":"labelled","label":[{"code":"news"}],"id":14}' \
	"a row is linked by what its type calls equal"

# ---- refusals: each with its path, nothing written
refuse 422 post '{"title":"x","comment":[{"body":"ok"},{"body":"much too long text","spam":"maybe"}]}' 'comment[1].body comment[1].spam'
refuse 422 post '{"title":"x","comment":[{}],"tag":[{}],"views":"x"}' 'comment[0].body tag[0].name views'
refuse 422 post '{"title":"x","comment":[{"body":"x","nope":1}]}' comment[0].nope
refuse 422 post '{"title":"x","nope":[{"body":"x"}]}' nope
refuse 422 post '{"title":"x","comment":{"body":"x"}}' comment
refuse 422 post '{"title":"x","comment":["x"]}' comment
refuse 422 post '{"title":"x","author":[{"name":"x"}]}' author
refuse 422 post '{"title":"x","author_id":1,"author":{"name":"x"}}' author_id
refuse 422 post '{"title":"x","comment":[{"body":"x","post_id":1}]}' comment[0].post_id
refuse 422 post '{"title":"x","author":{"id":1,"post":[{"title":"y"}]}}' author.post
refuse 422 author '{"name":"x","country":{"code":"XX","name":"x","author":[{"name":"y"}]}}' country.author
refuse 422 post '[{"title":"x"},{"title":null}]' [1].title
refuse 422 post '[]' ''
refuse 422 post '"x"' ''
refuse 422 post '{"title":"x","tag":[{"id":"x"}]}' tag[0].id
refuse 409 post '{"title":"x","author":{"id":999}}' author_id
refuse 409 post '{"title":"x","tag":[{"id":999}]}' 'tag[0]'
refuse 409 post '{"title":"x","tag":[{"name":"db"}]}' tag[0].name
refuse 409 post '{"title":"x","comment":[{"id":999}]}' comment[0]
refuse 409 post '{"id":1,"title":"x"}' id
refuse 422 post '{"title":"x","visit":[{"id":2,"n":11}]}' 'visit[0].n'
refuse 422 post '{"title":"x","visit":[{"id":11,"n":1}]}' 'visit[0].id'
refuse 422 visit '{"id":2,"n":11,"post":{"title":"x"}}' n
refuse 409 visit '{"id":1,"post":{"title":"x"}}' id
unlike "$body" secret "no partition is named"
refuse 422 post '{"title":"x","titles":[]}' titles
deep='{"name":"x"}'
for i in 1 2; do
	deep="{\"name\":\"x\",\"post\":[{\"title\":\"x\",\"comment\":[{\"body\":\"x\",\"author\":$deep}]}]}"
done
refuse 400 author "$deep" ''
many=$(printf '{"body":"x"},%.0s' $(seq 500))
refuse 400 post "{\"title\":\"x\",\"comment\":[${many%,}]}" ''

# ---- the right on every table that is written
rights() {
	ctl "$home" revoke ann post,comment,post_tag,author >/dev/null 2>&1
	while [ $# -gt 0 ]; do
		ctl "$home" grant ann "$1" "$2" >/dev/null
		shift 2
	done
}
token=$ann
both='{"title":"x","comment":[{"body":"x"}]}'
rights post c
refuse 403 post "$both" ''
like "$body" 'no right to create public.comment' "the missing right is named"
refuse 403 post '{"title":"x","comment":[{"nope":"x"}]}' ''
refuse 403 post '{"title":"x","tag":[{"id":1}]}' ''
like "$body" 'no right to create public.post_tag' "a link is a row too"
refuse 403 post '{"title":"x","comment":[{"id":1}]}' ''
like "$body" 'no right to update public.comment' "taking over is an update"
refuse 403 post '{"title":"x","author":{"name":"x"}}' ''
ask POST "/api/auto/post$w" '{"title":"x","author":{"id":1}}'
is "$status" 200 "a link in its own column needs none"
rights comment c
refuse 403 post "$both" ''
rights post c comment c
ask POST "/api/auto/post$w" "$both"
is "$status" 200 "with both rights it is done"
rights post c post_tag c
ask POST "/api/auto/post$w" '{"title":"x","tag":[{"id":1}]}'
is "$status" 200 "a link"
refuse 403 post '{"title":"x","tag":[{"name":"n"}]}' ''
rights post c comment u
ask POST "/api/auto/post$w" '{"title":"x","comment":[{"id":1}]}'
is "$status" 200 "taking over"
token=''
ask POST "/api/auto/post$w" "$both"
is "$status" 401 "visitors are asked who they are"

# ---- concealed tables have no relations
token=$ann
ask_conf blog "conceal = yes"
rights post cr comment c
refuse 422 post "$both" comment
ctl "$home" grant ann comment cr >/dev/null
ask POST "/api/auto/post$w" "$both"
is "$status" 200 "unless he may read them"

# ---- the native root takes the same documents, in its own words
ask POST /api/dyn/post/ "$both"
is "$status" 201 "POST of an object with rows of a relation"
posted=$(header Location)
ask GET "$posted?include=comment"
like "$body" '"comment":.."id"' "they are there, below Location"
before=$(checksum blog)
ask POST /api/dyn/post/ "$both" "Prefer: tx=rollback"
is "$status $(header Preference-Applied)" "201 tx=rollback" "a dry run"
is "$(header Location)" "" "leads nowhere"
is "$(checksum blog)" "$before" "and writes nothing"
ask POST /api/dyn/post/ "$both" "Prefer: tx=rollback" "Idempotency-Key: k1"
is "$status" 201 "with an Idempotency-Key as well"
is "$(checksum blog)" "$before" "and nothing is written"
ask POST /api/dyn/post/ '{"title":"x","comment":[{"body":"a"},{"nope":1}]}'
is "$status" 400 "a fault inside"
like "$body" '"comment.1..nope"' "is named by its path"
is "$(checksum blog)" "$before" "and nothing is written"
ask POST /api/dyn/post/ "$both" "Prefer: return=minimal"
is "$status $body" "201 " "return=minimal has no body"
ctl "$home" revoke ann comment >/dev/null
ask POST /api/dyn/post/ "$both"
is "$status" 400 "a concealed table has no relation here either"

ask_end
