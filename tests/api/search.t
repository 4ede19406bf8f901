# Searching: what search= looks in without a word, what search.TABLE makes of
# it, through relations too, with their rights, and what becomes of it when the
# schema changes.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" && sql postgres 'CREATE DATABASE look' || bail_out "no cluster"
sql look "CREATE TYPE state AS ENUM ('draft', 'Printed', '50%_off');
	CREATE DOMAIN host AS inet;
	CREATE TABLE author (id int PRIMARY KEY, name text, mail text, secret_hash text);
	CREATE TABLE book (id int PRIMARY KEY, title varchar(60), code char(8), state state, uid uuid, addr inet, net cidr, mac macaddr,
		home host, doc jsonb, raw bytea, x xml, tags text[], n int, note text, words tsvector, author_id int REFERENCES author,
		secret_hash text);
	CREATE TABLE label (id int PRIMARY KEY, word text);
	CREATE TABLE book_label (book_id int REFERENCES book, label_id int REFERENCES label, PRIMARY KEY (book_id, label_id));
	CREATE TABLE page (id int PRIMARY KEY, book_id int REFERENCES book, line text);
	CREATE TABLE plain (id int PRIMARY KEY, doc json, raw bytea, x xml, tags text[], t tsvector);
	CREATE FUNCTION loud(book) RETURNS text IMMUTABLE LANGUAGE sql AS \$\$ SELECT upper(\$1.title) || '!' \$\$;
	INSERT INTO author VALUES (1, 'Ann Lee', 'ann@example.org', 'needle'), (2, 'Bo%b', NULL, 'x'), (3, NULL, 'c_d@example.org', 'x');
	INSERT INTO book VALUES
		(1, 'The Red Lamp', 'AB-1', 'draft', '0a1b2c3d-0000-4000-8000-00000000000f', '10.1.2.3', '10.1.0.0/16', '08:00:2b:01:02:03',
			'10.9.9.9', '{\"colour\":\"Crimson\"}', 'needle', '<a>needle</a>', '{needle}', 4711, 'lamps are burning', to_tsvector('english', 'burning lamps'), 1, 'needle'),
		(2, '100% blue_kettle', 'CD-2', 'Printed', NULL, '10.1.2.0/24', NULL, NULL, NULL, '{\"colour\":\"%\"}', NULL, NULL, NULL, 0, 'a kettle, no lamp', to_tsvector('english', 'kettle'), 2, NULL),
		(3, 'back\\slash', 'lamp', '50%_off', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'say \"hi there\"', NULL, 3, NULL),
		(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
	INSERT INTO label VALUES (1, 'Light'), (2, 'kitchen');
	INSERT INTO book_label VALUES (1, 1), (2, 2), (3, 1), (3, 2);
	INSERT INTO page VALUES (1, 1, 'first line'), (2, 1, 'Second line'), (3, 3, 'first again');
	ALTER DATABASE look SET default_text_search_config = 'pg_catalog.english'" || bail_out "no tables"
hide='hidden = *.secret_hash'
api_programs "$home" && api_conf "$home" look "$hide" && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous book,author,label,book_label,page,plain rud >/dev/null &&
	ctl "$home" grant anonymous book,page b >/dev/null &&
	sql look 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder' && ask_serve || bail_out "the API cannot be set up"

b=/api/dyn/book/

# finds TERMS IDS NAME [MORE] : the books that are found
finds() {
	ask GET "$b?ordering=id&fields=id&search=$1${4-}"
	is "$status $(printf '%s' "$body" | tr -d '[]{}"id:')" "200 $2" "$3"
}

# searches LINE... : the setting of search.book, introspected, and a responder
# that has it; the warnings are in $warned
searches() {
	ask_same_pid
	responders_stop "$home"
	api_conf "$home" look "$hide" "$@" && introspect "$home" >"$TMP/out" 2>&1 && ask_serve || bail_out "no responder with $*"
	warned=$(introspect "$home" --list | sed -n 's/^warning: //p' | grep -F search)
}

# ---- without the setting
finds lamp 1,2,3 "texts of each kind, whatever the case"
finds AB-1 1 "also of fixed length"
finds PRINT 2 "an enum is found by its label"
finds draf,lamp 1 "and with other terms"
finds '50%25_o' 3 "percent and underscore are themselves in a label"
finds 0A1B2C3D 1 "a uuid is found by a part of it"
finds 10.1.2.3 1 "an address"
finds /32 '' "has no mask that nobody has seen"
finds 10.1.2.0/24 2 "but the one that it has"
finds 10.1.0.0/16 1 "a network has its own"
finds 08:00:2B 1 "a mac address"
finds 10.9.9 1 "an address of a domain"
finds needle '' "no json, bytea, xml or array is searched, and nothing hidden"
finds 4711 '' "nor a number"
finds Crimson '' "nor what is inside json"
try 400 bad_filter GET '/api/dyn/plain/?search=x'
like "$body" 'no text columns to search' "a table without such columns says so"

# ---- each prefix
searches 'search.book = title'
is "$warned" '' "nothing to warn of"
finds lamp 1 "only what is named is searched"
finds LAMP 1 "a part of it, whatever the case"
finds '100%25' 2 "percent is itself"
finds 'e_k' 2 "underscore is itself"
finds 'k%5Cs' 3 "backslash is itself"
finds 'red,the' 1 "every term must be there"
finds '%22red+lamp%22' 1 "a phrase is one term"
finds '%22lamp+red%22' '' "whose words have an order"
searches 'search.book = ^title'
finds the 1 "^ is the beginning"
finds red '' "not the middle"
finds '100%25' 2 "percent is itself"
finds '1_0' '' "underscore is no wildcard"
finds '%25' '' "nor percent"
finds 'back%5C' 3 "backslash is itself"
finds '%22the+red%22' 1 "a phrase, too"
searches 'search.book = =title, =code'
finds '%22the+RED+lamp%22' 1 "= is all of it, whatever the case"
finds lamp 3 "fixed length without its blanks"
finds '%22100%25+blue_kettle%22' 2 "percent and underscore are themselves"
finds '%22100_+blue%25%22' '' "and no wildcards"
finds 'back%5Cslash' 3 "backslash is itself"
searches 'search.book = =addr =net =uid ^mac =state'
finds 10.1.2.3 1 "an address as it is shown"
finds 10.1.2.3/32 '' "and not otherwise"
finds 0A1B2C3D-0000-4000-8000-00000000000F 1 "a uuid in any case"
finds 08:00 1 "a mac address by its beginning"
finds printed 2 "an enum"
searches 'search.book = @note'
finds lamp 1,2 "@ is words and their forms"
finds burn 1 "in the configuration of __fts"
finds 'lamp,kettle' 2 "every term must be there"
finds '%22burning+lamps%22' '' "the words of a phrase stand one behind the other"
finds '%22hi+there%22' 3 "and in this order"
finds '-lamp' 1,2 "no operator is one"
finds 'lamp+or+kettle' '' "so that or is a word like another"
finds "'%27+%7C+%26+!+(+:*" '' "nothing is syntax"
finds the '' "a word that the configuration passes over is nowhere"
searches 'search.book = @words'
finds lamp 1 "a tsvector is searched itself"
searches 'search.book = ^title @note =code'
finds lamp 1,2,3 "each in its own way"
finds 'lamp,back' 3 "every term in one of them"
searches 'search.book = doc.colour loud'
finds crim 1 "a place in json"
finds '%25' 2 "where percent is itself"
finds 'lamp!' 1 "a computed field"

# ---- regular expressions
searches 'regex = yes' 'search.book = $title, $state'
finds '^the.*p$' 1 "\$ is a regular expression"
finds '^(THE%7Cback)' 1,3 "whatever the case"
finds '%5E%5Cd' 2,3 "its backslashes are its own"
finds '%22d+l%22' 1 "with blanks"
for bad in '(' '%5B' 'a%7B2,1%7D' '%5C' '*a'; do
	ask GET "$b?search=$bad"
	like "$status $body" '^400 .*"code":"bad_value".*"errors":\{"search":\["This is not a valid regular expression."' "$bad is none, and the client's mistake"
done
ask GET "/api/dyn/author/?include=book(search=*x)"
like "$status $body" '^400 .*"search":' "in an include as well"
ask POST "${b}search/" '{"search":["^back",")"]}'
like "$status $body" '^400 .*"search":' "and in a body"
ask DELETE "$b?search=)&max_affected=1" '' 'Prefer: tx=rollback'
like "$status $body" '^400 .*"search":' "and of a change of what is found"
api_conf "$home" look "$hide" 'search.book = $title, code'
ctl "$home" checkconf >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'dynapi.conf:[0-9]+: search.book has \$title, which needs regex = yes' "without regex = yes it is a mistake of the file"
# the snapshot still has it
searches 'regex = yes' 'search.book = $title, code'
finds '^the' 1 "one beside another"
ask_conf look "$hide"
finds '^the' '' "a responder that does not offer them passes over it"
finds AB-1 1 "but not over the other"

# ---- through relations
searches 'search.book = title, author.name, ^label.word, page.line' 'search.page = =book__author__mail'
is "$warned" '' "nothing to warn of"
finds ann 1 "the row that it refers to"
finds 'bo%25b' 2 "percent is itself there"
finds KIT 2,3 "through a join table"
finds itch '' "in its own way"
finds 'first' 1,3 "the rows that refer to it"
finds 'first,second' 1 "each term in any of them"
finds 'ann,lamp,light,first' 1 "each somewhere"
finds 'ann,back' '' "but all of them"
ask GET '/api/dyn/page/?search=ANN@example.org&fields=id&ordering=id'
is "$body" '[{"id":1},{"id":2}]' "through two relations"
ask GET "/api/dyn/author/?include=book(search=kit;fields=id)&fields=id&ordering=id"
is "$body" '[{"id":1,"book":[]},{"id":2,"book":[{"id":2}]},{"id":3,"book":[{"id":3}]}]' "of an included table"
ask GET "/api/dyn/author/?include=book!inner(search=kit)&fields=id&ordering=id&page=1"
like "$body" '"count":2,.*"id":2.*"id":3' "and as its condition"
ask POST "${b}search/" '{"search":"ann","fields":"id"}'
is "$body" '[{"id":1}]' "in a body"
ask GET "$b?search=first&fields=id&ordering=id&cursor=&limit=1"
next=$(header Link | sed -n 's/^<\(.*\)>; rel="next"$/\1/p')
ask GET "$next"
is "$body" '[{"id":3}]' "from cursor to cursor"
ask GET "$b?search=e&count=exact&limit=1"
is "$(header Content-Range)" 'book 0-0/2' "counted"
ask PATCH "$b?search=kit&max_affected=9" '{"n":8}'
is "$status $(sql look 'SELECT string_agg(id::text, $$,$$ ORDER BY id) FROM book WHERE n = 8')" "200 2,3" "what is found is changed"
ask DELETE "/api/dyn/page/?search=ann@example.org&max_affected=9"
is "$status $(sql look 'SELECT string_agg(id::text, $$,$$) FROM page')" "200 3" "and deleted"
ctl "$home" explain "GET $b?search=ann" >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'search "ann" in title author.name \^label.word page.line' "explain shows where it looks"
like "$(introspect "$home" --list)" '    search title, author.name, \^label.word, page.line' "--list shows the setting"
like "$(introspect "$home" --list --json)" '"search":\["title","author.name","\^label.word","page.line"\]' "and for programs"

# ---- rights
ctl "$home" revoke anonymous author >/dev/null
ask GET "$b?search=lamp"
like "$status $body" '^401 ' "each table it leads to must be allowed"
bea=$(user_token bea) && ctl "$home" grant bea book,label,book_label r >/dev/null
token=$bea
ask GET "$b?search=lamp"
like "$status $body" '^403 .*public.(author|page)' "or it is 403 that names it"
ask GET "/api/dyn/author/?search=lamp"
is "$status" 403 "as the table itself is"
ctl "$home" grant bea author,page r >/dev/null
finds ann 1 "who may read them finds"
ctl "$home" revoke bea author >/dev/null
ctl "$home" revoke bea page >/dev/null
searches 'search.book = title, author.name, ^label.word, page.line, author.nope' 'conceal = yes'
finds lamp 1 "with conceal what he may not read is not there"
finds ann '' "and not searched"
finds kit 2,3 "the rest is"
searches 'search.book = author.name' 'conceal = yes'
try 400 bad_filter GET "$b?search=ann"
token=

# ---- mistakes of the setting
searches 'search.book = titel, n, @state, words, secret_hash, author.secret_hash, author.nope, title, raw' 'search.nope = a' 'key.nope = a' 'version.nope = a' \
	'search.public.author = mail'
is "$warned" "nope is named by search.nope, but no such table is exposed
public.book search.public.book names @state, which is not searched: only texts and tsvectors are searched with @
public.book search.public.book names author.nope, which is not searched: There is no such column.
public.book search.public.book names author.secret_hash, which is kept from clients (hidden = *.secret_hash)
public.book search.public.book names n, which is not searched: columns of this type are not searched
public.book search.public.book names raw, which is not searched: columns of this type are not searched
public.book search.public.book names secret_hash, which is kept from clients (hidden = *.secret_hash)
public.book search.public.book names titel, which is not searched: There is no such column.
public.book search.public.book names words, which is not searched: a tsvector is searched with @ before its name" "--list names what cannot be searched, and why"
like "$(introspect "$home" --list)" 'warning: nope is named by key.nope.*warning: nope is named by version.nope' "and lines of other families about no table"
token=$(user_token admin)
finds lamp 1 "the rest is searched"
ask GET '/api/dyn/author/?search=c_d&fields=id'
is "$body" '[{"id":3}]' "a line may name the schema"
token=
ctl "$home" checkconf >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" "warning: .*dynapi.conf:[0-9]+: search.book: titel: There is no such column." "checkconf names the line"
like "$(cat "$TMP/out")" "warning: .*dynapi.conf:[0-9]+: search.nope: no such table is exposed" "and a table that is none"
unlike "$(cat "$TMP/out")" 'search.book: title:' "and not what is good"
api_conf "$home" look "$hide" 'search.book = ^, title' 'search.page = line line'
ctl "$home" checkconf >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'search.book has \^ without a column behind it' "a prefix alone is a mistake"
like "$(cat "$TMP/out")" 'search.page has line twice' "a column twice, too"

# ---- the schema changes
searches 'search.book = note, title'
sql look 'ALTER TABLE book DROP note'
introspect "$home" >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'names note, which is not searched' "a column that is dropped is told of"
ask GET /api/health/live
finds red 1 "and the others are searched"
sql look 'ALTER TABLE book ADD note text'
introspect "$home" >"$TMP/out" 2>&1
sql look "UPDATE book SET note = 'new' WHERE id = 4"
finds new 4 "when it comes back it is searched again"
sql look 'ALTER TABLE book DROP title CASCADE, DROP note'
introspect "$home" >"$TMP/out" 2>&1
try 400 bad_filter GET "$b?search=AB-1"

# ---- the setting changes, and the responder lives on
api_conf "$home" look "$hide" 'search.book = code'
introspect "$home" >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'public.book: search code, was note, title' "a change of the setting is told"
finds AB-1 1 "and followed"
api_conf "$home" look "$hide"
introspect "$home" >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'search every text, was code' "and its end"
finds draft 1 "after which all is searched"
ask_end
