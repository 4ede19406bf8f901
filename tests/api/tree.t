# Relations of a table to itself: includes with a depth, by a foreign key, a
# join table or a table of edges, and conditions on rows below or above others,
# or led to by edges, at any distance; in circles, over rows that are hidden,
# with every limit.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata sql/chinook.sql

pg_home "$home" || bail_out "no cluster"
sql chinook "CREATE TABLE ring (id int PRIMARY KEY, name text, next_id int REFERENCES ring);
	INSERT INTO ring VALUES (1, 'a', NULL), (2, 'b', 1), (3, 'c', 2), (4, 'self', 4), (5, 'tail', 3), (6, 'alone', NULL);
	UPDATE ring SET next_id = 3 WHERE id = 1;
	CREATE TABLE part (id int PRIMARY KEY, name text);
	INSERT INTO part SELECT i, 'part ' || i FROM generate_series(1, 6) i;
	CREATE TABLE part_edge (id int PRIMARY KEY, from_id int NOT NULL REFERENCES part, to_id int NOT NULL REFERENCES part, type text);
	INSERT INTO part_edge VALUES (1, 1, 2, 'has'), (2, 1, 3, 'has'), (3, 2, 4, 'has'), (4, 4, 1, 'has'), (5, 2, 5, 'replaces'), (6, 1, 2, 'replaces');
	CREATE TABLE person (id int PRIMARY KEY, name text);
	INSERT INTO person SELECT i, 'p' || i FROM generate_series(1, 5) i;
	CREATE TABLE knows (a_id int REFERENCES person, b_id int REFERENCES person, PRIMARY KEY (a_id, b_id));
	INSERT INTO knows VALUES (1, 2), (1, 3), (2, 1), (2, 4), (3, 3);
	CREATE TABLE chapter (id int PRIMARY KEY, code varchar(10) UNIQUE, up text COLLATE \"C\" REFERENCES chapter (code));
	INSERT INTO chapter VALUES (1, '1', NULL), (2, '1.''1', '1'), (3, NULL, '1.''1'), (4, '2', NULL), (5, NULL, NULL);
	CREATE TABLE big (id bigint PRIMARY KEY, up_id int REFERENCES big);
	INSERT INTO big VALUES (1, NULL), (2, 1), (5000000000, 2);
	CREATE TABLE grid (x int, y int, ux int, uy int, PRIMARY KEY (x, y), FOREIGN KEY (ux, uy) REFERENCES grid);
	INSERT INTO grid VALUES (1, 1, NULL, NULL), (1, 2, 1, 1), (1, 3, 1, 2);
	CREATE TABLE net (id inet PRIMARY KEY, up_id inet REFERENCES net);
	CREATE TABLE hub (id int PRIMARY KEY, hub_id int REFERENCES hub, depth int);
	INSERT INTO hub SELECT i, CASE WHEN i > 1 THEN 1 END, 1 FROM generate_series(1, 200) i;
	CREATE TABLE memo (id int PRIMARY KEY, seen boolean, up_id int REFERENCES memo);
	INSERT INTO memo SELECT i, i <> 3, nullif(i - 1, 0) FROM generate_series(1, 6) i;
	ALTER TABLE memo ENABLE ROW LEVEL SECURITY;
	CREATE POLICY seen ON memo USING (seen);
	CREATE TABLE spot (id int PRIMARY KEY, code text UNIQUE, seen boolean);
	INSERT INTO spot SELECT i, 's' || i, i <> 4 FROM generate_series(1, 8) i;
	CREATE TABLE way (id int PRIMARY KEY, a_id int REFERENCES spot, b_id int REFERENCES spot, open boolean, was text REFERENCES spot (code));
	INSERT INTO way VALUES (1, 1, 2, true), (2, 2, 3, true), (3, 3, 4, true), (4, 4, 5, true), (5, 2, 6, false), (6, 6, 7, true), (7, NULL, 8, true), (8, 7, NULL, true);
	ALTER TABLE spot ENABLE ROW LEVEL SECURITY;
	CREATE POLICY seen ON spot USING (seen);
	ALTER TABLE way ENABLE ROW LEVEL SECURITY;
	CREATE POLICY open ON way USING (open)" || bail_out "no tables"
api_programs "$home" && api_conf "$home" chinook && api_init "$home" secret-of-admin && ask_serve || bail_out "no API"
token=$(user_token admin)
sql chinook 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder'

# gets URI BODY NAME : white space of the texts apart
gets() {
	ask GET "$1"
	is "$status $body" "200 $2" "$3"
}
# ids URI IDS NAME : which rows, in their order
ids() {
	ask GET "$1&fields=id&ordering=id"
	is "$status $(grep -oE '[0-9]+' <<<"$body" | tr '\n' ' ')" "200 ${2:+$2 }" "$3"
}
# alike URI URI NAME : the same answer
alike() {
	local first
	ask GET "$1"
	first="$status $body"
	like "$first" '^200 ' "$3: is answered"
	ask GET "$2"
	is "$status $body" "$first" "$3: and the same written out"
}

## ---- a depth, down and up

e=/api/dyn/employee
down='employee!reports_to!back'
up='employee!reports_to'
gets "$e/1/?fields=first_name&include=team:$down(depth=2;fields=first_name;ordering=employee_id)" \
	'{"first_name":"Andrew","team":[{"first_name":"Nancy","team":[{"first_name":"Jane"},{"first_name":"Margaret"},{"first_name":"Steve"}]},{"first_name":"Michael","team":[{"first_name":"Robert"},{"first_name":"Laura"}]}]}' \
	"two levels down"
gets "$e/8/?fields=first_name&include=boss:$up(depth=5;fields=first_name)" \
	'{"first_name":"Laura","boss":{"first_name":"Michael","boss":{"first_name":"Andrew","boss":null}}}' "all levels up"
for limit in '' '&limit=3' '&page=1' '&cursor=' '&format=ndjson'; do
	alike "$e/?include=$down(depth=3;limit=2;ordering=last_name;fields=last_name),$up(depth=2;fields=title)&ordering=employee_id$limit" \
		"$e/?include=$down(limit=2;ordering=last_name;fields=last_name;include=$down(limit=2;ordering=last_name;fields=last_name;include=$down(limit=2;ordering=last_name;fields=last_name))),$up(fields=title;include=$up(fields=title))&ordering=employee_id$limit" \
		"a depth, ${limit:-streamed}"
done
alike "$e/?include=x:$down!inner(depth=2;title__icontains=staff)&fields=last_name" \
	"$e/?include=x:$down!inner(title__icontains=staff;include=x:$down!inner(title__icontains=staff))&fields=last_name" "with !inner"
ask POST $e/search/ "{\"employee_id\":8,\"fields\":\"first_name\",\"include\":[\"boss:$up(depth=2;fields=first_name)\"]}"
is "$status $body" '200 [{"first_name":"Laura","boss":{"first_name":"Michael","boss":{"first_name":"Andrew"}}}]' "asked in a body"

# a cursor goes on with it, and is of this depth only
ask GET "$e/?include=$down(depth=2;fields=title)&limit=2&cursor=&ordering=employee_id"
next=$(header Link)
next=${next#*<}
next=${next%%>*}
ask GET "$next"
like "$status $body" '^200 \[\{"employee_id":3,.*"employee!reports_to!back":\[\]' "the next page has the depth"
ask GET "${next/depth=2/depth=1}"
[ "${next/depth=2/depth=1}" != "$next" ] || ask GET "${next/depth%3D2/depth%3D1}"
is "$status $(fields)" "400 cursor" "a cursor of another depth is refused"

## ---- circles, wide trees

r=/api/dyn/ring
gets "$r/1/?fields=name&include=next(depth=5;fields=name)" \
	'{"name":"a","next":{"name":"c","next":{"name":"b","next":{"name":"a","next":{"name":"c","next":{"name":"b"}}}}}}' "round and round, five times"
gets "$r/4/?fields=name&include=ring(depth=2;fields=name)" \
	'{"name":"self","ring":[{"name":"self","ring":[{"name":"self"}]}]}' "a row below itself"
try 400 limit_exceeded GET "$r/1/?include=next(depth=6)"
is "$(fields)" next.depth "depth=6 is refused by name"
like "$body" 'At most 5 relations' "with the limit"
ids "$r/?next_id__descendant_of=1" "1 2 3 5" "below one of a circle: all of it, itself too, and its tail"
ids "$r/?next_id__ancestor_of=1" "1 2 3" "above one of a circle"
ids "$r/?next_id__ancestor_of=5" "1 2 3" "above the tail"
ids "$r/?next_id__descendant_of=5" "" "below the tail"
ids "$r/?next_id__descendant_of=4" "4" "below itself"
ids "$r/?next_id__ancestor_of=4" "4" "above itself"
ids "$r/?next_id__ndescendant_of=1" "4 6" "not below: all others, those without any above them too"
ids "$r/?next_id__nancestor_of=1" "4 5 6" "not above"
ids "$r/?next_id__descendant_of=77" "" "below a row that is not there"
ids "$r/?next_id__ndescendant_of=77" "1 2 3 4 5 6" "not below one that is not there"
ids "$r/?or=(next_id__descendant_of=5;next_id__ancestor_of=5)" "1 2 3" "either way"
ids "$r/?not=(next_id__descendant_of=1)" "4 6" "in not"
ids "$r/?next_id__descendant_of=1&name=tail" "5" "and something else"
ids "$r/?ring.next_id__descendant_of=4" "4" "of a related row"
ids "$r/?next__next_id__descendant_of=5" "" "of the row above"
gets "$r/?id=4&fields=id&include=ring(next_id__descendant_of=4;fields=id;depth=2)" '[{"id":4,"ring":[{"id":4,"ring":[{"id":4}]}]}]' "in an include with a depth"
ask GET "$r/?next_id__descendant_of=1&aggregate=count(*)"
is "$status $body" '200 [{"count":4}]' "counted"
ask GET "$r/?next_id__descendant_of=1&count=exact&limit=1"
like "$(header Content-Range)" '/4$' "and beside a page"

h=/api/dyn/hub
gets "$h/1/?fields=id&include=hub!hub_id!back(depth=3;limit=2;ordering=id;fields=id)" \
	'{"id":1,"hub!hub_id!back":[{"id":2,"hub!hub_id!back":[]},{"id":3,"hub!hub_id!back":[]}]}' "a limit for each"
ask GET "$h/?hub_id__descendant_of=1&aggregate=count(*)"
is "$body" '[{"count":199}]' "a wide tree"
ids "$h/?depth=1&id__lt=4" "1 2 3" "depth is a column like any other outside"
ask GET "$h/1/?fields=id&include=hub!hub_id!back(depth__eq=2)"
is "$body" '{"id":1,"hub!hub_id!back":[]}' "inside it is asked for with __eq"

## ---- join tables and tables of edges

gets '/api/dyn/person/1/?fields=name&include=knows:person!knows!knows_b_id_fkey(depth=2;fields=name;ordering=id)' \
	'{"name":"p1","knows":[{"name":"p2","knows":[{"name":"p1"},{"name":"p4"}]},{"name":"p3","knows":[{"name":"p3"}]}]}' "through a join table"
p=/api/dyn/part
edges='part_edge!from_id'
gets "$p/1/?fields=name&include=has:$edges(type=has;depth=2;fields=id;ordering=id;include=to(fields=name))" \
	'{"name":"part 1","has":[{"id":1,"to":{"name":"part 2","has":[{"id":3,"to":{"name":"part 4"}}]}},{"id":2,"to":{"name":"part 3","has":[]}}]}' \
	"by edges of one type"
alike "$p/?limit=4&include=$edges(type=has;depth=2;fields=id;include=to(fields=name))" \
	"$p/?limit=4&include=$edges(type=has;fields=id;include=to(fields=name;include=$edges(type=has;fields=id;include=to(fields=name))))" "by edges"
gets "$p/4/?fields=id&include=in:part_edge!to_id(depth=2;fields=type;include=from(fields=name))" \
	'{"id":4,"in":[{"type":"has","from":{"name":"part 2","in":[{"type":"replaces","from":{"name":"part 1"}},{"type":"has","from":{"name":"part 1"}}]}}]}' \
	"and backwards"
try 400 limit_exceeded GET "$p/?include=$edges(depth=3;include=to)"
like "$body" 'At most 5 relations' "six relations one behind the other"
try 400 bad_filter GET "$p/?include=$edges(depth=2)"
try 400 bad_filter GET "$p/?include=$edges(depth=2;include=from,to)"
is "$(fields)" "$edges.depth" "which of them leads back is not clear"

to="$edges.to"
ids "$p/?${to}__reached_from=1" "1 2 3 4 5" "all that edges lead to, round a circle"
ids "$p/?${to}__nreached_from=1" "6" "and all others"
ids "$p/?${to}__reached_from=3" "" "from where none leads on"
ids "$p/?${to}__reached_from=77" "" "from a row that is not there"
ids "$p/?${to}__reaches=5" "1 2 4" "all from which they lead to it"
ids "$p/?${to}__nreaches=5" "3 5 6" "and all others"
ids "$p/?${to}__reaches=6" "" "where none leads"
ids "$p/?part_edge!to_id.from__reached_from=5" "1 2 4" "backwards it is the same"
ids "$p/?${edges}__to__reaches=5&name=part%204" "4" "and something else"
ids "$p/?not=(${to}__reached_from=1)" "6" "in not"
ids "$p/?$to.${to}__reaches=5" "1 2 4" "of the rows behind edges"
k='person!knows!knows_b_id_fkey'
ids "/api/dyn/person/?${k}__reached_from=1" "1 2 3 4" "through a join table"
ids "/api/dyn/person/?${k}__reached_from=3" "3" "in a circle of one"
ids "/api/dyn/person/?${k}__reaches=4" "1 2" "through it to a row"
ids "/api/dyn/person/?person!knows!knows_a_id_fkey__reached_from=4" "1 2" "and backwards"
ask GET "$p/?${to}__reached_from=2&aggregate=count(*)"
is "$status $body" '200 [{"count":5}]' "counted"
gets "$p/6/?fields=id&include=part_edge!from_id($to.id=1)" '{"id":6,"part_edge!from_id":[]}' "beside a row"
try 400 bad_filter GET "$p/?${edges}__reaches=1"
try 400 bad_value GET "$p/?${to}__reaches=x"
try 400 bad_filter GET "/api/dyn/spot/?way!a_id.was__reaches=1"
like "$body" 'from a table to itself' "edges between two different keys"
ask PATCH "$p/?${to}__reaches=5" '{"name":"on the way"}'
is "$status $body $(sql chinook "SELECT string_agg(id::text, ' ' ORDER BY id) FROM part WHERE name = 'on the way'")" '200 {"updated":3} 1 2 4' "PATCH of all that lead there"

## ---- types of keys

c=/api/dyn/chapter
ids "$c/?up__descendant_of=1" "2 3" "text keys, and rows without one"
ids "$c/?up__ancestor_of=1.'1" "1" "with a quote"
ids "$c/?up__ndescendant_of=1" "1 4 5" "and not below them"
ids "$c/?up__descendant_of=" "" "the empty text is a key nobody has"
ids "/api/dyn/big/?up_id__ancestor_of=5000000000" "1 2" "the value is a key, not of the column's own type"
ids "/api/dyn/big/?up_id__descendant_of=1" "2 5000000000" "keys and foreign keys of two types"
try 400 bad_value GET "/api/dyn/big/?up_id__descendant_of=x"
try 400 bad_filter GET "/api/dyn/grid/?ux__descendant_of=1"
like "$body" 'this column alone' "no part of a longer key"
gets "/api/dyn/grid/1,3/?fields=x,y&include=grid!grid_ux_uy_fkey(depth=2;fields=y)" \
	'{"x":1,"y":3,"grid!grid_ux_uy_fkey":{"y":2,"grid!grid_ux_uy_fkey":{"y":1}}}' "but it has a depth"
try 400 bad_filter GET "/api/dyn/net/?up_id__descendant_of=::1"
like "$body" 'inet' "a type that cannot be followed is named"

## ---- writes

ask PATCH "$r/?next_id__descendant_of=5" '{"name":"x"}'
is "$status $body" '200 {"updated":0}' "PATCH of nothing below"
ask PATCH "$p/?id=1&nope__descendant_of=1" '{"name":"x"}'
is "$status" 400 "a name that is not there is refused in writes"
ask PATCH "$r/?next_id__ancestor_of=5" '{"name":"seen"}'
is "$status $body $(sql chinook "SELECT string_agg(id::text, ' ' ORDER BY id) FROM ring WHERE name = 'seen'")" '200 {"updated":3} 1 2 3' "PATCH of all above"
ask DELETE "$r/?next_id__descendant_of=1"
is "$status $body $(sql chinook 'SELECT count(*) FROM ring')" '200 {"deleted":4} 2' "DELETE of a circle and its tail"

## ---- who may see what

ids "/api/dyn/memo/?up_id__descendant_of=1" "2" "what lies behind a row that he does not see is not found"
ids "/api/dyn/memo/?up_id__descendant_of=3" "" "nor what lies below it"
ids "/api/dyn/memo/?up_id__descendant_of=4" "5 6" "but below one that he sees"
ids "/api/dyn/memo/?up_id__ancestor_of=6" "4 5" "upwards it ends there too"
ids "/api/dyn/memo/?up_id__nancestor_of=6" "1 2 6" "and so does its negation"
gets "/api/dyn/memo/6/?fields=id&include=up(depth=4;fields=id)" '{"id":6,"up":{"id":5,"up":{"id":4,"up":null}}}' "and a depth"
w='way!a_id.b'
ids "/api/dyn/spot/?${w}__reached_from=1" "2 3" "a row and an edge that he does not see lead nowhere"
ids "/api/dyn/spot/?${w}__reached_from=4" "" "nor from such a row"
ids "/api/dyn/spot/?${w}__reached_from=6" "7" "but from one that he sees"
ids "/api/dyn/spot/?${w}__reaches=5" "" "and none to where it is needed"
ids "/api/dyn/spot/?${w}__reaches=3" "1 2" "backwards it ends there too"

token=$(user_token eve)
ctl "$home" grant eve part r >/dev/null
try 403 forbidden GET "$p/?include=$edges(depth=1;include=to)"
like "$body" 'public\.part_edge' "the edges need a right of their own"
try 403 forbidden GET "$p/?include=$edges(depth=1)"
try 403 forbidden GET "$p/?${to}__reached_from=1"
like "$body" 'public\.part_edge' "and in conditions too"
try 403 forbidden GET "$p/?${to}__reaches=nope"
try 403 forbidden GET "$r/?next_id__descendant_of=1"
ctl "$home" grant eve ring d >/dev/null
ctl "$home" grant eve ring db >/dev/null
try 403 forbidden DELETE "$r/?next_id__descendant_of=4"

## ---- limits

token=$(user_token admin)
ask_conf chinook 'max_included = 50' 'max_includes = 3' 'max_depth = 20'
try 400 limit_exceeded GET "$h/?limit=1&ordering=id&include=hub!hub_id!back(depth=2)"
is "$(fields)" include "too many rows beside a page"
try 200 - GET "$h/?limit=1&ordering=id&include=hub!hub_id!back(depth=2;limit=5)"
try 400 limit_exceeded GET "$h/?limit=1&include=hub!hub_id(depth=4)"
like "$body" 'At most 3 relations' "each level counts as a relation"
try 400 limit_exceeded GET "$h/?include=hub!hub_id(depth=2147483647)"
try 400 bad_param GET "$h/?include=hub!hub_id(depth=18446744073709551617)"
ask_conf chinook 'max_includes = 1000' 'max_depth = 20'
n=20
try 200 - GET "$h/?limit=1&ordering=id&include=hub!hub_id(depth=$n;fields=id)"
try 200 - GET "$h/?limit=1&ordering=id&include=hub!hub_id!back(depth=$n;fields=id;limit=2)"
try 400 limit_exceeded GET "$h/?include=hub!hub_id(depth=9;include=a:hub!hub_id(depth=9;include=b:hub!hub_id(depth=9;include=c:hub!hub_id(depth=9))))"

ask_same_pid
done_testing
