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

# ---- a[…] of a write: its row as GET shows it
sql shop "CREATE TABLE poets (id serial PRIMARY KEY, name text NOT NULL UNIQUE CHECK (name <> 'bad'), pin text DEFAULT 'hush',
		mentor_id int REFERENCES poets, n int, lock_version int DEFAULT 0, created_at timestamptz DEFAULT '2026-01-05 10:00+00');
	CREATE TABLE poems (id serial PRIMARY KEY, poet_id int REFERENCES poets ON UPDATE CASCADE, title text, created_at int);
	CREATE TABLE debts (id serial PRIMARY KEY, poet_id int REFERENCES poets, sum int);
	CREATE TABLE pairs (a text, b char(5), c bytea, d bool, e inet, made int, PRIMARY KEY (a, b, c, d, e));
	CREATE TABLE keyless (a int, b int);
	CREATE TABLE swallowed (id serial PRIMARY KEY, a int);
	CREATE VIEW verses WITH (security_barrier) AS SELECT id, title, poet_id FROM poems;
	COMMENT ON VIEW verses IS '@key id';
	CREATE FUNCTION share(poets) RETURNS int STABLE LANGUAGE sql AS 'SELECT 100 / (\$1).n';
	CREATE FUNCTION first_poem() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN
		INSERT INTO public.poems (poet_id, title) SELECT NEW.id, 'First' || i FROM generate_series(1, coalesce(NEW.n, 1)) i; RETURN NULL; END\$\$;
	CREATE TRIGGER first_poem AFTER INSERT ON poets FOR EACH ROW EXECUTE FUNCTION first_poem();
	CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
	CREATE TRIGGER swallow BEFORE INSERT ON swallowed FOR EACH ROW EXECUTE FUNCTION swallow();
	GRANT USAGE ON SEQUENCE poets_id_seq, poems_id_seq, debts_id_seq, swallowed_id_seq TO PUBLIC;
	INSERT INTO poets (name) VALUES ('Hom'); INSERT INTO poets (name, mentor_id, n) VALUES ('Vir', 1, 2)"
keep+=('hidden = poets.pin')
shapes 'max_included = 10' 'key.verses = id'
introspect "$home" >/dev/null
eve=$(user_token eve) token=$eve && ctl "$home" grant eve poets,poems,pairs,keyless,swallowed,verses crud >/dev/null

# writes STATUS BODY METHOD URI BODY [HEADER...]
writes() {
	local want="$1 $2" name="$3 $4 ${5:0:60}"
	ask "$3" "$v$4" "${@:5}"
	is "$status $body" "$want" "$name is ${want:0:70}"
}

# unwritten STATUS PATTERN METHOD URI BODY [HEADER...] : refused, nothing is written
unwritten() {
	local before name="$3 $4 ${5:0:60}"
	before=$(checksum shop)
	ask "$3" "$v$4" "${@:5}"
	like "$status $body" "^$1 .*$2" "$name is $1"
	is "$(checksum shop)" "$before" "and nothing is written"
}

writes 201 '{"id":3,"name":"Dan"}' POST '/poets?a[only][]=id&a[only][]=name' '{"name":"Dan"}'
is "$(header Location)" /api/v2/poets/3/ "Location is that of the row"
like "$(header Token)" ... "and a Token"
tag=$(header ETag)
ask GET "$v/poets/3?a[only][]=id&a[only][]=name"
is "$(header ETag)" "$tag" "the tag is that of the same view of the row"
writes 201 '{"id":4,"name":"Sap","n":null}' POST '/poets?a[except][]=created_at&a[except][]=lock_version&a[except][]=mentor_id' '{"poet":{"name":"Sap"}}'
writes 201 '{"id":5,"share":25}' POST '/poets?a[methods]=share&a[only]=id' '{"name":"Ovi","n":4}'
is "$(header ETag)" '' "what a function says has no tag"
writes 201 '{"name":"Hor","poems":[{"title":"First2"},{"title":"First1"}],"mentor":{"name":"Vir","mentor":{"id":1}}}' POST \
	'/poets?a[only]=name&a[include][poems][only]=title&a[include][mentor][only]=name&a[include][mentor][include][mentor][only]=id' '{"name":"Hor","mentor_id":2,"n":2}'
is "$(header ETag)" '' "and none what other rows say"
writes 201 '{"name":"Own","mentor":{"name":"Own"}}' POST '/poets?json_attrs={"only":"name","include":{"mentor":{"only":"name"}}}&a[only]=nothing' '{"id":70,"mentor_id":70,"name":"Own"}'
writes 200 '{"name":"One","mentor":{"name":"One"}}' PUT '/poets/70?a[only]=name&a[include][mentor][only]=name' '{"name":"One"}'
writes 200 '{"n":5}' PUT '/poets/70?a[only]=n' '{"poet":{"n":5}}'
writes 200 '{"name":"One"}' PUT '/poets/70?a[only]=name' '{}'
writes 200 '{"n":6,"poems":[{"title":"First1"}]}' PUT '/poets/70?a[only]=n&a[include][poems][only]=title' '{"n":6,"lock_version":2}'
for uri in '/poets/70?a[only]=' '/poets/70?a=' '/poets/70'; do
	ask PUT "$v$uri" '{"n":6}'
	like "$status $body" '^200 \{"id":70,"name":"One","mentor_id":70,"n":6,"lock_version":' "$uri says nothing: the whole row"
done

# as GET would show it, default shapes of what is included and all
shapes 'max_included = 10' 'shape.poems = {"only":["title"],"include":["poet"]}' 'shape.poets = {"only":["n"]}' 'key.verses = id' 'hidden = poets.pin'
for a in 'a[include]=poems' 'a[only]=id&a[include][]=poems&a[include][]=mentor' 'a[except]=id' 'a[methods]=share' \
	'a[include][poems][include]=poet' 'a[include][poems][include][poet][include]=poems'; do
	ask PUT "$v/poets/2?$a" '{"n":2}'
	written="$status $(header ETag) $body"
	ask GET "$v/poets/2?$a"
	is "$written" "$status $(header ETag) $body" "PUT shows what GET shows: $a"
done
ask PUT "$v/poets/2" '{}'
like "$body" '"name":"Vir"' "without a[] the row is whole, whatever shape.poets says"
writes 201 '{"title":"T"}' POST '/verses?a[only]=title' '{"id":90,"title":"T"}'
writes 200 '{"title":"U"}' PUT '/verses/90?a[only]=title' '{"title":"U"}'
writes 201 '{"made":1}' POST '/pairs?a[only]=made' '{"a":"x,\"{}\\ y","b":"pq","c":"AAE=","d":true,"e":"10.0.0.1","made":1}'
row=$(header Location)
writes 200 '{"made":2}' PUT "${row#"$v"}?a[only]=made" '{"made":2}'
writes 201 '' POST '/swallowed?a[only]=a' '{"a":1}'

# ---- refused before anything is written
unwritten 400 'pin: There is no such column' POST '/poets?a[only]=pin' '{"name":"No"}'
unwritten 400 'nothing: There is no such column' PUT '/poets/1?a[only]=nothing' '{"name":"No"}'
unwritten 400 'nothing: There is no such relation' PUT '/poets/1?a[include]=nothing' '{"name":"No"}'
unwritten 400 'destroy: There is no such computed value' POST '/poets?a[methods]=destroy' '{"name":"No"}'
unwritten 400 'hide: Must be only' POST '/poets?a[hide]=id' '{"name":"No"}'
unwritten 400 'contradicts' POST '/poets?a[only]=id&a[only][]=n' '{"name":"No"}'
unwritten 400 'a: The table has no key' POST '/keyless?a={"only":"a"}' '{"a":1}'
unwritten 403 'no right to read public.debts' POST '/poets?a[include]=debts' '{"name":"No"}'
unwritten 403 'no right to read public.debts' PUT '/poets/1?a[include][debts][only]=nothing' '{"name":"No"}'
unwritten 403 'no right to read public.debts' PUT '/poets/1?a[include]=debts' '{}'
unwritten 400 'include: An included relation has more than 10 rows' POST '/poets?a[include]=poems' '{"name":"No","n":11}'
unwritten 400 'include: An included relation has more than 10 rows' POST '/poets?a[include]=poems' '{"name":"No","n":11}' 'Idempotency-Key: many'
writes 201 '{"n":10}' POST '/poets?a[only]=n' '{"name":"Ten","n":10}'
unwritten 4.. '' POST '/poets?a[methods]=share' '{"name":"No","n":0}'
for param in 'q[n_eq]=1' 'q[s]=id' page=1 per=1 count=true format=json 'an[only]=id'; do
	name=${param%%[\[=]*}
	unwritten 400 "error\":\"$name" POST "/poets?a[only]=id&$param" '{"name":"No"}'
	unwritten 400 "error\":\"$name" PUT "/poets/1?$param&a[only]=id" '{"name":"No"}'
done
unwritten 400 'a\[only\]' POST '/poets?a[only]=id' '[{"name":"No"}]'
unwritten 400 'a\[only\]' PUT '/poets/x/multi?ids=1&a[only]=id' '{"n":1}'
unwritten 400 'a\[only\]' DELETE '/poets/1?a[only]=id' ''
unwritten 422 'poet_id: There is no row with this key' POST '/poems?a[only]=id' '{"poet_id":12345}'
unwritten 422 'name: ' POST '/poets?a[only]=id' '{"name":null}'
unwritten 404 '' PUT '/poets/999?a[only]=id' '{"n":1}'
unwritten 409 '' PUT '/poets/2?a[only]=id' '{"n":1,"lock_version":0}'
unwritten 412 '' PUT '/poets/2?a[only]=id' '{"n":1}' 'If-Match: "x"'

# ---- what else a write can be asked
ask GET "$v/poets/1?a[only]=n"
writes 200 '{"n":3}' PUT '/poets/1?a[only]=n' '{"n":3}' "If-Match: $(header ETag)"
writes 200 '{"n":4}' PUT '/poets/1?a[only]=n' '{"n":4}' "If-Match: $(header ETag)"
before=$(checksum shop)
writes 201 '{"name":"Dry","poems":[{"title":"First1"}]}' POST '/poets?a[only]=name&a[include][poems][only]=title' '{"name":"Dry"}' 'Prefer: tx=rollback'
writes 200 '{"n":77}' PUT '/poets/1?a[only]=n' '{"n":77}' 'Prefer: tx=rollback'
is "$(checksum shop)" "$before" "a dry run shows it, and writes nothing"
writes 201 '' POST '/poets?a[only]=n' '{"name":"Min"}' 'Prefer: return=minimal'
shaped='/poets?a[only]=name&a[include][poems][only]=title'
writes 201 '{"name":"Key","poems":[{"title":"First1"}]}' POST "$shaped" '{"name":"Key"}' 'Idempotency-Key: k1'
writes 201 '{"name":"Key","poems":[{"title":"First1"}]}' POST "$shaped" '{"name":"Key"}' 'Idempotency-Key: k1'
is "$(header Idempotency-Replayed)" true "the repeat has the same shape"
unwritten 422 '' POST '/poets?a[only]=id' '{"name":"Key"}' 'Idempotency-Key: k1'
writes 201 '{"name":"Kay"}' POST '/poets?a[only]=name' '{"name":"Kay"}' 'Idempotency-Key: k2'
tag=$(header ETag)
writes 201 '{"name":"Kay"}' POST '/poets?a[only]=name' '{"name":"Kay"}' 'Idempotency-Key: k2'
is "$(header ETag)" "$tag" "and the same tag"
writes 200 '{"created_at":"2026-01-05T15:00:00+05:00"}' PUT '/poets/1?a[only]=created_at' '{"n":1}' 'Prefer: timezone=Asia/Tashkent'
ask PUT "$v/poets/1?a[only]=n" '{"n":8}' 'Accept: text/csv'
is "$status $(printf '%s' "$body" | tr -d '\r' | tr '\n' /)" '200 n/8' "and in another format"

# ---- who may write but not read
token=$(user_token max) && ctl "$home" grant max poets cu >/dev/null
writes 201 '' POST '/poets?a[only]=name' '{"name":"Max"}'
like "$(header Location)" '^/api/v2/poets/[0-9]+/$' "he is told where it is"
is "$(header ETag)" '' "and no tag"
writes 200 '' PUT '/poets/1?a[only]=name' '{"n":9}'
writes 200 '' PUT '/poets/1?a[methods]=share' '{"n":0}'
writes 200 '' PUT '/poets/1?a[methods]=share' '{}'
writes 201 '' POST '/poets?a[methods]=share' '{"name":"Nul","n":0}'
unwritten 403 'no right to read public.poems' POST '/poets?a[include]=poems' '{"name":"No"}'
token=
unwritten 401 '' POST '/poets?a[only]=nothing' '{"name":"No"}'
token=$(user_token ted) && ctl "$home" grant ted poets r >/dev/null
unwritten 403 'no right to create public.poets' POST '/poets?a[only]=nothing' '{"name":"No"}'
unwritten 403 'no right to change public.poets|no right to update public.poets' PUT '/poets/1?a[only]=nothing' '{"name":"No"}'

# ---- concealed, and with events
shapes 'conceal = yes' 'events = poets' 'hidden = poets.pin'
introspect "$home" >/dev/null
token=$eve
unwritten 400 'debts: There is no such relation' POST '/poets?a[include]=debts' '{"name":"No"}'
unwritten 400 'debts: There is no such relation' PUT '/poets/1?a[include][debts][only]=nothing' '{"name":"No"}'
writes 201 '{"name":"Eve","poems":[{"title":"First1"}]}' POST "$shaped" '{"name":"Eve"}'
writes 201 '{"name":"Ida","poems":[{"title":"First1"}]}' POST "$shaped" '{"name":"Ida"}' 'Idempotency-Key: k3'
writes 200 '{"name":"Hom","mentor":null}' PUT '/poets/1?a[only]=name&a[include][mentor][only]=name' '{"n":11,"mentor_id":null}'
writes 200 '{"n":12}' PUT '/poets/1?a[only]=n' '{"n":12}' 'If-Match: *'

# ---- accounts
token=$admin
writes 201 '{"username":"zoe"}' POST '/users?a[only]=username' '{"username":"zoe","password":"a long secret 1"}'
row=$(header Location)
writes 200 '{"email":"zoe@shop.example"}' PUT "${row#"$v"}?a[only]=email" '{"email":"zoe@shop.example"}'
unwritten 400 'password: There is no such column' PUT "${row#"$v"}?a[only]=password" '{"email":"no@shop.example"}'

ask_end
