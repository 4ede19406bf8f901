# shape.TABLE: what a row of /api/v2/ shows where the request does not say it, to
# whom; what info/dsl says of it; what checkconf says of a wrong one.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql shop "CREATE TABLE authors (id int PRIMARY KEY, name text NOT NULL, born date, pin text DEFAULT 'hush', word text,
		created_at timestamptz DEFAULT '2026-01-05 10:00+00', lock_version int DEFAULT 0);
	CREATE TABLE books (id int PRIMARY KEY, author_id int REFERENCES authors, editor_id int REFERENCES authors, title text,
		price int, created_at timestamptz DEFAULT '2026-01-05 10:00+00');
	CREATE TABLE diaries (id int PRIMARY KEY, author_id int REFERENCES authors, page text);
	CREATE TABLE tags (id int PRIMARY KEY, tag text);
	CREATE TABLE book_tags (book_id int REFERENCES books, tag_id int REFERENCES tags, PRIMARY KEY (book_id, tag_id));
	CREATE TABLE old_tags (book_id int REFERENCES books, tag_id int REFERENCES tags, PRIMARY KEY (book_id, tag_id));
	CREATE TABLE notes (a int, b int, PRIMARY KEY (a, b));
	CREATE TABLE plain (id int PRIMARY KEY, created_at int);
	CREATE FUNCTION works(authors) RETURNS bigint STABLE LANGUAGE sql AS 'SELECT count(*) FROM public.books b WHERE b.author_id = (\$1).id';
	CREATE FUNCTION twice(books) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT (\$1).price * 2';
	INSERT INTO authors (id, name, born) VALUES (1, 'Ann', '1950-01-01'), (2, 'Bob', NULL);
	INSERT INTO books VALUES (1, 1, 2, 'One', 10), (2, 1, NULL, 'Two', 20);
	INSERT INTO diaries VALUES (1, 1, 'dear');
	INSERT INTO tags VALUES (1, 'red'); INSERT INTO book_tags VALUES (1, 1); INSERT INTO old_tags VALUES (2, 1);
	INSERT INTO notes VALUES (1, 2); INSERT INTO plain VALUES (1, 1)"
keep=('hidden = authors.pin' 'write_only = authors.word')
api_programs "$home" && api_conf "$home" shop "${keep[@]}" && api_init "$home" secret-of-admin || bail_out "the API cannot be set up"
ctl "$home" grant anonymous authors,books,notes,plain r >/dev/null && ask_serve || bail_out "the API is not served"
admin=$(user_token admin) v=/api/v2

# shapes LINE... : a responder with these
shapes() {
	ask_conf shop "${keep[@]}" "$@"
}

# shows URI BODY [HEADER...]
shows() {
	local uri=$1 want=$2
	shift 2
	ask GET "$v$uri" '' "$@"
	is "$status $body" "200 $want" "$uri${token:+ with a token} is ${want:0:60}"
}

# dsl TABLE JSON : what info/dsl has under its name, for an administrator or bea
dsl() {
	ask GET $v/info/dsl
	is "$(sql shop "SELECT x.body::json -> '$1' FROM (SELECT \$x\$$body\$x\$::text AS body) x")" "$2" "info/dsl: $1 is $2"
}

ann='"id":1,"name":"Ann"'
# ---- only, except, methods
shapes 'shape.authors = {"only": ["id", "name"]}'
shows '/authors?q[s]=id' "[{$ann},{\"id\":2,\"name\":\"Bob\"}]"
shows /authors/1 "{$ann}"
shows '/authors/1?a[except]=name' '{"id":1,"born":"1950-01-01","created_at":"2026-01-05T10:00:00+00:00","lock_version":0}'
shows '/authors/1?a[only]=born' '{"born":"1950-01-01"}'
shows '/authors/1?a[methods]=works&a[only]=id' '{"id":1,"works":2}'
shows '/authors/1?a[only]=' "{$ann}"
shows '/authors/1?a=' "{$ann}"
ask POST $v/authors/search '{"q":{"id_eq":1}}'
is "$status $body" "200 [{$ann}]" "a search has it too"
ask POST $v/authors/search '{"q":{"id_eq":1},"a":{"except":[]}}'
is "$status $body" "200 [{$ann,\"born\":\"1950-01-01\",\"created_at\":\"2026-01-05T10:00:00+00:00\",\"lock_version\":0}]" "nothing to leave out is everything"
for a in '{"include":{}}' '{"include":[]}'; do
	ask POST $v/authors/search '{"q":{"id_eq":1},"a":'"$a"'}'
	is "$status $body" "200 [{$ann,\"born\":\"1950-01-01\",\"created_at\":\"2026-01-05T10:00:00+00:00\",\"lock_version\":0}]" "and so is nothing to include: $a"
done
ask POST $v/authors/search '{"q":{"id_eq":1},"a":{"only":["id"],"include":{}}}'
is "$status $body" '200 [{"id":1}]' "of some columns nothing more"
ask POST $v/authors/search '{"q":{"id_eq":1},"a":{}}'
is "$status $body" "200 [{$ann}]" "but {} says nothing"
ask POST $v/authors/search '{"json_attrs":{"only":["id"]},"a":{"only":["name"]}}'
like "$body" '\{"id":2\}' "json_attrs replaces it"
shows '/books/1?a[only]=id&a[include]=author' "{\"id\":1,\"author\":{$ann}}"
shows '/books/1?a[only]=id&a[include][author][only]=born' '{"id":1,"author":{"born":"1950-01-01"}}'
shows '/plain' '[{"id":1}]'
ask GET /api/dyn/authors/1/
like "$body" '"born"' "the native dialect knows nothing of it"
ask GET '/api/auto/authors/1'
like "$body" '"born"' "nor auto"
shows '/authors?count=true' '{"count":2}'
ask GET $v/authors/1
tag=$(header ETag)
ask GET $v/authors/1 '' "If-None-Match: $tag"
is "$status" 304 "a row of some columns has its tag"

shapes 'shape.public.authors = {"except": "born", "methods": ["works"]}' 'shape.books = {"methods": "twice"}' 'shape.plain = {}'
shows /authors/1 "{$ann,\"created_at\":\"2026-01-05T10:00:00+00:00\",\"lock_version\":0,\"works\":2}"
shows '/plain' '[{"id":1,"created_at":1}]'
shows '/authors/1?a[only]=id&a[include][books!author_id][only]=id' '{"id":1,"books!author_id":[{"id":2},{"id":1}]}'
shows '/authors/1?a[only]=id&a[include]=books!author_id&q[s]=id' '{"id":1,"books!author_id":[{"id":2,"author_id":1,"editor_id":null,"title":"Two","price":20,"created_at":"2026-01-05T10:00:00+00:00","twice":40},{"id":1,"author_id":1,"editor_id":2,"title":"One","price":10,"created_at":"2026-01-05T10:00:00+00:00","twice":20}]}'
token=$admin
dsl authors '{"except":["born"],"methods":["works"]}'
dsl plain null
token=

# ---- include: with the rights of who asks
shapes 'shape.authors = {"only":["id"],"include":["diaries","books!author_id"]}' \
	'shape.books = {"only":["id"],"include":{"author":{"only":["name"]},"tags!book_tags":{"only":"tag"}}}' \
	'shape.diaries = {"include":["author"]}'
shows /authors/1 '{"id":1,"books!author_id":[{"id":2},{"id":1}]}'
shows '/authors?q[id_eq]=1' '[{"id":1,"books!author_id":[{"id":2},{"id":1}]}]'
shows '/authors?q[id_eq]=1&page=1&per=1' '[{"id":1,"books!author_id":[{"id":2},{"id":1}]}]'
shows '/authors?count=true&q[books!author_id_id_eq]=1' '{"count":1}'
ask HEAD "$v/authors?page=1"
is "$status $(header Content-Range)" '200 authors 0-24/2' "HEAD"
shows /books/1 '{"id":1,"author":{"name":"Ann"}}'
ask GET "$v/authors?a[include]=diaries"
is "$status" 401 "who asks for it is told"
is "$(ask GET "$v/authors?q[id_eq]=1" '' 'Prefer: handling=lenient' && echo "$body")" '[{"id":1,"books!author_id":[{"id":2},{"id":1}]}]' "lenient or not"
ask GET $v/diaries/1
is "$status" 401 "its own rows stay closed"
for uri in '?q[nothing_eq]=1' '?q[s]=page&a[only]=nothing' '/1?a[only]=nothing'; do
	ask GET "$v/diaries$uri"
	like "$status $body" '^401 \{"error":"[^:]*"\}' "nor is anything told of the columns: $uri"
done
ask GET $v/info/dsl
is "$status" 401 "and info/dsl is for users"
token=$(user_token bea) && ctl "$home" grant bea authors,books r >/dev/null
shows /authors/1 '{"id":1,"books!author_id":[{"id":2},{"id":1}]}'
for uri in /diaries '/diaries?q[nothing_eq]=1' '/diaries?q[s]=page&a[only]=nothing'; do
	ask GET "$v$uri"
	is "$status $body" '403 {"error":"You have no right to read public.diaries."}' "nor is anything told of the columns: $uri"
done
dsl authors '{"only":["id"],"include":["books!author_id"]}'
dsl books '{"only":["id"],"include":{"author":{"only":["name"]}}}'
ask GET $v/info/dsl
unlike "$body" 'diar|tag' "and nothing else of them"
ctl "$home" grant bea tags r >/dev/null
shows /books/1 '{"id":1,"author":{"name":"Ann"}}'
ctl "$home" grant bea book_tags,diaries r >/dev/null
shows /books/1 '{"id":1,"author":{"name":"Ann"},"tags!book_tags":[{"tag":"red"}]}'
ask GET $v/info/schema
like "$body" '"has_many":\["book_tags","tags!book_tags"\],"belongs_to":\["author","editor"\]' "info/schema calls them as they are asked for"
shows /authors/1 '{"id":1,"diaries":[{"id":1,"author_id":1,"page":"dear"}],"books!author_id":[{"id":2},{"id":1}]}'
dsl authors '{"only":["id"],"include":["diaries","books!author_id"]}'
ctl "$home" revoke bea books >/dev/null
shows /authors/1 '{"id":1,"diaries":[{"id":1,"author_id":1,"page":"dear"}]}'
token=$admin
shows /authors/1 '{"id":1,"diaries":[{"id":1,"author_id":1,"page":"dear"}],"books!author_id":[{"id":2},{"id":1}]}'
ask PUT $v/authors/1 '{"name":"Ann"}'
like "$status $body" '^200 \{"id":1,"name":"Ann","born"' "a change answers with the row"
ask PUT "$v/authors/1/multi?ids=1" '{}'
is "$status $body" '200 ["1"]' "and one of many with their keys"

# ---- concealed: a table that is not there has no name, and those of others follow
shapes 'conceal = yes' 'shape.authors = {"only":["id"],"include":["diaries","books!author_id"]}' \
	'shape.books = {"only":["id"],"include":["tags!book_tags","author","tags!old_tags"]}'
token=$(user_token bob) && ctl "$home" grant bob books,authors r >/dev/null
shows /authors/1 '{"id":1,"books!author_id":[{"id":2},{"id":1}]}'
shows /books/1 '{"id":1,"author":{"id":1}}'
dsl books '{"only":["id"],"include":["author"]}'
ctl "$home" grant bob tags,book_tags r >/dev/null
shows /books/1 '{"id":1,"tags":[{"id":1,"tag":"red"}],"author":{"id":1}}'
dsl books '{"only":["id"],"include":["tags","author"]}'
ctl "$home" revoke bob tags,book_tags >/dev/null
ctl "$home" revoke bob authors >/dev/null
shows /books/1 '{"id":1}'
shows '/books?q[s]=id' '[{"id":1},{"id":2}]'
ask GET $v/authors/1
is "$status $body" '404 ' "what is concealed stays so, whatever its shape includes"
ask GET "$v/authors?q[nothing_eq]=1"
is "$status $body" '404 ' "whatever is asked of it"
dsl books '{"only":["id"]}'
ask GET $v/info/dsl
is "$body" '{"books":{"only":["id"]}}' "of the others info/dsl says nothing"
token=

# ---- hidden, write-only and unknown columns
shapes 'shape.authors = {"only":["name","pin","word","nothing"]}' 'shape.books = {"only":["pin"],"include":"author"}' \
	'shape.notes = {"except":["a","b"],"methods":["works"]}' 'shape.plain = {"only":["nothing"],"include":["nothing"]}'
shows /authors/1 '{"name":"Ann"}'
shows /books/1 '{"id":1,"author":{"name":"Ann"}}'
shows /notes '[{"a":1,"b":2}]'
shows /plain '[{"id":1}]'
ask GET "$v/authors/1?a[only][]=name&a[only][]=pin"
is "$status $body" '400 {"error":"pin: There is no such column"}' "whoever asks for them hears that they are not there"
token=$admin
dsl authors '{"only":["name"]}'
dsl notes '{"only":["a","b"]}'
dsl plain '{"only":["id"]}'
token=
ctl "$home" checkconf >"$TMP/out" 2>&1
for want in 'shape.authors: public.authors has no column pin' 'shape.authors: public.authors has no column word' \
	'shape.authors: public.authors has no column nothing' 'shape.books: no column of public.books is left' \
	'shape.notes: no column of public.notes is left' 'shape.notes: public.notes has no computed value works' \
	'shape.plain: public.plain has no relation nothing'; do
	like "$(cat "$TMP/out")" "warning: [^ ]*dynapi.conf:[0-9]+: $want" "checkconf: $want"
done
like "$(cat "$TMP/out")" ': good, with warnings' "these are warnings"
line=$(grep -n '^shape.plain' "$home/dynapi.conf" | cut -d: -f1)
like "$(cat "$TMP/out")" "dynapi.conf:$line: shape.plain" "with the line"

# ---- refused before anything is served
refused() {
	printf '%s\n' "$1" >"$TMP/line"
	cp "$home/dynapi.conf" "$TMP/dynapi.conf" && cat "$TMP/line" >>"$TMP/dynapi.conf" && chmod 600 "$TMP/dynapi.conf"
	"$home/bin/dynapictl" -c "$TMP/dynapi.conf" checkconf >"$TMP/out" 2>&1
	is "$?" 1 "$1 is refused"
	like "$(cat "$TMP/out")" "dynapi.conf:[0-9]+: shape.$2" "shape.$2"
}
refused 'shape.tags = {"only":' 'tags is no JSON'
refused 'shape.tags = "tag"' 'tags is a JSON object'
refused 'shape.tags = {"hide":["tag"]}' 'tags has "hide", which is none of only'
refused 'shape.tags = {"include":[{"books":{}}]}' 'tags "include" is a list'
refused 'shape.books = {}' 'books stands here twice'
shapes 'shape.nothing = {"only":["x"]}'
ctl "$home" checkconf >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'shape.nothing: no such table is exposed' "a table that is not there"
shapes 'shape.books = {"include":["authors"]}'
ctl "$home" checkconf >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'shape.books: public.books has no relation authors' "a relation by its table's name, which is not its own"

ask_end
