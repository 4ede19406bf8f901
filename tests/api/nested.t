# POST /api/dyn/{table}/ of an object with the rows of its relations: answered
# with what is stored, as far as it may be read; null and [] for a relation;
# the row, the field and the constraint that refuses it.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

hide=("hidden = town.hash" "write_only = person.pin")
pg_home "$home" && sql postgres 'CREATE DATABASE firm' || bail_out "no cluster"
sql firm "CREATE DOMAIN small AS int CHECK (value < 10);
	CREATE TABLE town (id serial PRIMARY KEY, name text NOT NULL CONSTRAINT town_once UNIQUE,
		hash text NOT NULL DEFAULT 'SECRETHASH' CONSTRAINT hash_name CHECK (hash <> name),
		since timestamptz NOT NULL DEFAULT '2026-01-01 00:00+00');
	CREATE TABLE address (id serial PRIMARY KEY, street text NOT NULL CONSTRAINT street_named CHECK (street <> 'bad'),
		town_id int NOT NULL CONSTRAINT address_town REFERENCES town, raw json DEFAULT '{\"a\" : 1,
 \"a\":2}', rank small DEFAULT 3);
	CREATE TABLE person (id serial PRIMARY KEY, name text NOT NULL CONSTRAINT named CHECK (name <> 'bad'),
		shout text GENERATED ALWAYS AS (upper(name)) STORED, pin text, code char(4) CONSTRAINT coded UNIQUE,
		big bigint DEFAULT 9007199254740993, bytes bytea DEFAULT '\x00ff', tags text[] DEFAULT '{a,\"b,c\"}',
		boss_id int DEFAULT 1 CONSTRAINT bossed REFERENCES person, address_id int CONSTRAINT housed REFERENCES address);
	CREATE TABLE phone (person_id int REFERENCES person, nr int CONSTRAINT nr_small CHECK (nr < 100), kind text DEFAULT 'home',
		day date CONSTRAINT day_once UNIQUE DEFERRABLE INITIALLY DEFERRED, PRIMARY KEY (person_id, nr));
	CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN NEW.kind := upper(NEW.kind);
		IF NEW.kind = 'NONE' THEN RETURN NULL; END IF;
		IF NEW.kind = 'TOWN' THEN INSERT INTO public.town (name) VALUES ('Bonn'); END IF; RETURN NEW; END \$\$;
	CREATE TRIGGER shout BEFORE INSERT ON phone FOR EACH ROW EXECUTE FUNCTION shout();
	CREATE TABLE skill (code text PRIMARY KEY, title text NOT NULL DEFAULT 'none');
	CREATE TABLE person_skill (person_id int REFERENCES person, skill_code text CONSTRAINT skilled REFERENCES skill, PRIMARY KEY (person_id, skill_code));
	CREATE TABLE desk (id serial PRIMARY KEY, person_id int CONSTRAINT desk_once UNIQUE REFERENCES person, place text);
	CREATE TABLE room (house int, nr int, label text, PRIMARY KEY (house, nr));
	CREATE TABLE chair (id serial PRIMARY KEY, house int NOT NULL DEFAULT 1, nr int DEFAULT 1, FOREIGN KEY (house, nr) REFERENCES room);
	CREATE TABLE made (id serial PRIMARY KEY, half int, town_id int GENERATED ALWAYS AS (half * 2) STORED REFERENCES town);
	CREATE TABLE twin (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY REFERENCES town, word text);
	CREATE TABLE ratio (id serial PRIMARY KEY, person_id int REFERENCES person, n int, q int GENERATED ALWAYS AS (10 / n) STORED);
	CREATE TABLE slow (id serial PRIMARY KEY, skill_code text REFERENCES skill, n int CONSTRAINT slow_n CHECK (n < 10));
	CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM pg_sleep(NEW.n * 0.1); RETURN NEW; END \$\$;
	CREATE TRIGGER nap BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION nap();
	CREATE TABLE safe (id serial PRIMARY KEY, owner text NOT NULL DEFAULT current_setting('dynapi.user_id'), what text);
	CREATE TABLE paper (id serial PRIMARY KEY, safe_id int REFERENCES safe, word text);
	ALTER TABLE safe ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON safe USING (owner = current_setting('dynapi.user_id'));
	CREATE TABLE club (id serial PRIMARY KEY, name text);
	CREATE TABLE club_skill (club_id int REFERENCES club, skill_code text REFERENCES skill, PRIMARY KEY (club_id, skill_code));
	ALTER TABLE club_skill ENABLE ROW LEVEL SECURITY;
	CREATE POLICY none ON club_skill FOR INSERT WITH CHECK (skill_code <> 'sql');
	CREATE POLICY seen ON club_skill FOR SELECT USING (true);
	CREATE TABLE slip (id int, paper_id int REFERENCES paper, n int CONSTRAINT slip_n CHECK (n < 10), PRIMARY KEY (id)) PARTITION BY RANGE (id);
	CREATE TABLE secret_part PARTITION OF slip FOR VALUES FROM (0) TO (10);
	INSERT INTO town (name) VALUES ('Bonn'), ('Lyon'), ('Bern');
	INSERT INTO address (street, town_id) VALUES ('Main', 1);
	INSERT INTO person (name, boss_id, code) VALUES ('Ann', NULL, 'ann'), ('Bob', 1, 'bob');
	INSERT INTO skill VALUES ('c', 'C'), ('sql', 'SQL');
	INSERT INTO desk (place) VALUES ('south'), ('north');
	INSERT INTO room VALUES (1, 1, 'one');
	INSERT INTO safe (owner, what) VALUES ('0', 'SECRETSAFE')" && api_programs "$home" &&
	api_conf "$home" firm "${hide[@]}" && api_init "$home" secret-of-admin &&
	sql firm 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"
admin=$(user_token admin) && eve=$(user_token eve) || bail_out "no users"
token=$admin
d=/api/dyn

# post TABLE BODY WANT NAME [HEADER...] : 201 and this document
post() {
	local table=$1 send=$2 want=$3 name=$4
	shift 4
	ask POST "$d/$table/" "$send" "$@"
	is "$status $body" "201 $want" "$name"
	unlike "$body" 'SECRET|"pin"' "and nothing of what is hidden"
}
# same A B : is it the same JSON?
same() {
	sql firm "SELECT \$a\$$1\$a\$::jsonb = \$a\$$2\$a\$::jsonb"
}
# faults STATUS TABLE BODY FIELDS DETAIL : nothing is written
faults() {
	local before
	before=$(checksum firm)
	ask POST "$d/$2/" "$3"
	is "$status [$(fields)] $(printf '%s' "$body" | sed -n 's/.*"detail":"\([^"]*\)".*/\1/p')" \
		"$1 [$4]${5:+ }${5-}$([ -n "${5-}" ] || echo ' ')" "$2 with ${3:0:100} is $1"
	unlike "$body" 'SECRET|hash|secret_part' "and tells nothing that is hidden"
	is "$(checksum firm)" "$before" "and writes nothing"
}
rights() {
	local table
	for table in town address person phone skill person_skill desk room chair safe paper slip; do
		ctl "$home" revoke eve "$table" >/dev/null 2>&1
	done
	while [ $# -gt 0 ]; do
		ctl "$home" grant eve "$1" "$2" >/dev/null
		shift 2
	done
}

# ---- what is stored comes back
person3='"shout":"CID","code":null,"big":9007199254740993,"bytes":"AP8=","tags":["a","b,c"],"boss_id":1'
address2='"id":2,"town_id":4,"raw":{"a" : 1,  "a":2},"rank":3'
post person '{"address":{"town":{"name":"Rome"},"street":"Via"},"name":"Cid","pin":"x","phone":[{"nr":8},{"kind":"work","nr":7}],"skill":[{"code":"go","title":"Go"},{"code":"c"}]}' \
	'{"address":{"town":{"name":"Rome","id":4,"since":"2026-01-01T00:00:00+00:00"},"street":"Via",'"$address2"'},"name":"Cid","phone":[{"nr":8,"person_id":3,"kind":"HOME","day":null},{"kind":"WORK","nr":7,"person_id":3,"day":null}],"skill":[{"code":"go","title":"Go"},{"code":"c","title":"C"}],"id":3,'"$person3"',"address_id":2}' \
	"every row with all of its columns, in the order they were sent"
posted=$body tag=$(header ETag) place=$(header Location)
is "$place" "$d/person/3/" "Location of the outermost row"
ask GET "$place"
is "$(header ETag)" "$tag" "and its tag"
ask GET "$place?include=address.town,phone,skill"
is "$(same "$body" "$posted")" t "the same as a GET with include"
ask PATCH "$place" '{"name":"Cid"}' "If-Match: $tag"
is "$status" 200 "which opens a change"
post person '{"name":"Dan","desk":{"id":2},"boss":{"id":2,"name":"no"},"code":"x"}' \
	'{"name":"Dan","desk":{"id":2,"person_id":4,"place":"north"},"boss":{"id":2,"name":"Bob","shout":"BOB","code":"bob ","big":9007199254740993,"bytes":"AP8=","tags":["a","b,c"],"boss_id":1,"address_id":null},"code":"x   ","id":4,"shout":"DAN","big":9007199254740993,"bytes":"AP8=","tags":["a","b,c"],"boss_id":2,"address_id":null}' \
	"linked rows as they are, one taken over, values as the column has them"
post skill '{"code":"r","person":[{"id":1},{"id":1}]}' \
	'{"code":"r","person":['"$(sql firm "SELECT '{\"id\":1,\"name\":\"Ann\",\"shout\":\"ANN\",\"code\":\"ann \",\"big\":9007199254740993,\"bytes\":\"AP8=\",\"tags\":[\"a\",\"b,c\"],\"boss_id\":null,\"address_id\":null}'" | sed 's/.*/&,&/')"'],"title":"none"}' \
	"linked twice"
ask POST "$d/person/" '{"name":"Tz","phone":[]}' "Prefer: timezone=Asia/Tokyo"
is "$status [$(header ETag)]" "201 []" "in another time zone no tag"
ask POST "$d/address/" '{"street":"a","town":{"name":"Kobe"}}' "Prefer: timezone=Asia/Tokyo"
like "$body" '"since":"2026-01-01T09:00:00.09:00"' "times of nested rows are in the zone"
ask POST "$d/person/" '{"name":"Eva","phone":[{"nr":1}]}' "Prefer: return=minimal"
is "$status [$body] $(header Location | sed 's/[0-9]*.$//')" "201 [] $d/person/" "return=minimal"
like "$(header ETag)" '^"[0-9a-f]{32}"$' "has the tag"
ask POST "$d/person/" '{"name":"Flo","phone":[{"nr":1}]}' "Prefer: tx=rollback"
like "$status [$(header Location)$(header ETag)] $body" '^201 \[\] .*"phone":\[.*"person_id":' "a dry run shows what it would be"
post person '{"name":"Gil","phone":[{"nr":1,"kind":"none"}]}' \
	"$(printf '{"name":"Gil","phone":[{"nr":1,"kind":"none"}],"id":%d,"shout":"GIL","code":null,"big":9007199254740993,"bytes":"AP8=","tags":["a","b,c"],"boss_id":1,"address_id":null}' "$(sql firm 'SELECT last_value + 1 FROM person_id_seq')")" \
	"a row that a trigger swallowed is as it was sent"
sql firm 'UPDATE address SET raw = (repeat($j$[$j$, 60) || $j$"\u0000\ud800 {\\\" }],:"$j$ || repeat($j$]$j$, 60))::json WHERE id = 1'
ask POST "$d/person/" '{"name":"Hal","address":{"id":1}}'
like "$status $body" '^201 .*"address":\{"id":1,"street":"Main","town_id":1,"raw":\[\[\[.*\\u0000\\ud800 \{\\\\\\" \}\],:"\].*\]\],"rank":3\},"id":' "whatever a json column holds"

# ---- Idempotency-Key
for i in 1 2; do
	ask POST "$d/address/" '{"street":"once","town":{"id":2}}' 'Idempotency-Key: k'
	is "$status [$(header Idempotency-Replayed)]" "201 [$([ $i = 1 ] || echo true)]" "once"
	like "$body" "\"street\":\"once\".*\"town_id\":2" "with the row"
done
is "$(sql firm "SELECT count(*) FROM address WHERE street = 'once'")" 1 "is made once"

# ---- null and []
for send in '{"name":"n","boss":null}' '{"name":"n","boss":null,"phone":[]}' '{"boss":null,"phone":null,"name":"n","desk":null,"skill":null}' \
	'{"name":"n","boss":null,"address":{"id":1}}'; do
	ask POST "$d/person/" "$send"
	like "$status $body" '^201 .*"boss":null.*"boss_id":null' "$send: there is no boss"
	ask POST /api/auto/person/with_relations "$send"
	like "$status $body" '^200 .*"boss":null' "auto: $send"
done
is "$(sql firm "SELECT count(*), count(boss_id) FROM person WHERE name = 'n'")" '8|0' "though there is a default"
ask POST "$d/person/" '{"name":"m","phone":[]}'
like "$status $body" '^201 .*"phone":\[\].*"boss_id":1' "what is not named has its default"
ask POST "$d/chair/" '{"room":null}'
like "$status $body" '^201 .*"house":1,"nr":null' "of two columns one that can be null is enough"
faults 400 chair '{"room":null,"nr":1}' nr
faults 400 chair '{"room":null,"nr":null}' nr
faults 400 person '{"name":"x","boss":null,"boss_id":1}' boss_id
faults 400 person '{"name":"x","boss":null,"boss_id":null}' boss_id
faults 422 address '{"street":"x","town":null}' town
faults 422 person '{"name":"x","address":{"street":"x","town":null}}' address.town
faults 400 person '{"name":"x","nobody":null}' nobody
faults 400 person '{"name":"x","nobody":[]}' nobody
faults 400 person '{"name":"x","boss":[]}' boss
faults 400 room '{"house":9,"nr":9,"chair":[{"room":null}]}' 'chair[0].room'
ask POST "$d/person/" '{"name":"x","boss":{"id":1,"address":null,"phone":[],"boss_id":null}}'
is "$status" 201 "of a linked row they say nothing"
is "$(sql firm 'SELECT count(*) FROM phone WHERE person_id = 1')" 0 "and do nothing"
faults 400 person '{"name":"x","boss":{"id":1,"id":2}}' boss.id
faults 400 person '{"name":"x","boss":{"id":1,"nobody":null,"nothing":[]}}' 'boss.nobody boss.nothing'

# ---- a relation by a column that the database makes
faults 400 made '{"half":1,"town":{"name":"x"}}' town
faults 400 made '{"town":{"id":2}}' town
faults 400 town '{"name":"x","made":[{"half":1},{"id":1}]}' 'made[0] made[1]'
faults 400 town '{"name":"x","twin":{"word":"y"}}' twin
faults 400 twin '{"town":{"id":1}}' town

# ---- constraints of any row
faults 409 person '{"name":"x","address":{"street":"x","town":{"name":"Bonn"}}}' address.town.name 'Constraint town_once refuses this.'
faults 422 person '{"name":"x","address":{"street":"bad","town_id":1}}' address.street 'Constraint street_named refuses this.'
faults 409 person '{"name":"x","address":{"street":"x","town_id":99}}' address.town_id 'Constraint address_town refuses this.'
faults 409 person '{"name":"x","address":{"street":"x","town":{"id":99}}}' address.town_id 'Constraint address_town refuses this.'
faults 422 person '{"name":"x","address":{"street":"x","town":{"name":"SECRETHASH"}}}' address.town
faults 422 person '{"name":"x","address":{"street":"x","town_id":1,"rank":11}}' address.rank
faults 422 person '{"name":"bad","boss":{"name":"y"}}' name 'Constraint named refuses this.'
faults 422 person '{"name":"x","boss":{"name":"bad"}}' boss.name 'Constraint named refuses this.'
faults 422 person '{"name":"x","boss":{"name":"y","boss":{"name":"bad"}}}' boss.boss.name 'Constraint named refuses this.'
faults 409 person '{"name":"x","code":"q","boss":{"name":"y","code":"ann"}}' boss.code 'Constraint coded refuses this.'
faults 409 person '{"name":"x","code":"ann","boss":{"name":"y","code":"q"}}' code 'Constraint coded refuses this.'
faults 409 person '{"name":"x","code":"q","boss":{"name":"y","code":"q"}}' code 'Constraint coded refuses this.'
faults 409 person '{"name":"x","boss_id":99,"address":{"id":1}}' boss_id 'Constraint bossed refuses this.'
faults 409 person '{"name":"x","boss":{"name":"y","boss_id":99}}' boss.boss_id 'Constraint bossed refuses this.'
phones=$(seq 1 40 | sed 's/.*/{"nr":&}/' | paste -sd,)
faults 422 person "{\"name\":\"x\",\"phone\":[$phones,{\"nr\":100},{\"nr\":41}]}" 'phone[40].nr' 'Constraint nr_small refuses this.'
faults 422 person "{\"name\":\"x\",\"phone\":[{\"nr\":100},$phones]}" 'phone[0].nr' 'Constraint nr_small refuses this.'
faults 409 person '{"name":"x","phone":[{"nr":1},{"nr":2},{"nr":1}]}' 'phone[2].person_id phone[2].nr' 'Constraint phone_pkey refuses this.'
faults 409 person '{"name":"x","phone":[{"nr":1,"day":"2026-01-01"},{"nr":2},{"nr":3,"day":"2026-01-01"},{"nr":4}]}' 'phone[2].day' 'Constraint day_once refuses this.'
faults 409 person '{"name":"x","skill":[{"code":"c"},{"code":"nope"},{"code":"sql"}]}' 'skill[1]' 'Constraint skilled refuses this.'
faults 409 person '{"name":"x","desk":{"id":1},"skill":[{"code":"nope"}]}' 'skill[0]' 'Constraint skilled refuses this.'
faults 409 paper '{"word":"x","slip":[{"id":1,"n":1},{"id":1,"n":1}]}' 'slip[1].id' 'Constraint slip_pkey refuses this.'
faults 422 paper '{"word":"x","slip":[{"id":1,"n":1},{"id":2,"n":11}]}' 'slip[1].n' 'Constraint slip_n refuses this.'
faults 422 paper '{"word":"x","slip":[{"id":11,"n":1},{"id":2,"n":1}]}' 'slip[0].id' 'No partition takes this row.'
faults 422 skill '{"code":"x","slow":[{"n":1},{"n":10}]}' 'slow[1].n' 'Constraint slow_n refuses this.'
# PostgreSQL's word for a missing link is that for a division by zero
faults 422 person '{"name":"x","desk":{"id":1},"ratio":[{"n":0}]}' ''
faults 409 person '{"name":"x","desk":{"id":99},"ratio":[{"n":1}]}' desk
# it is not looked for longer than a second
faults 422 skill '{"code":"x","slow":[{"n":4},{"n":4},{"n":4},{"n":1},{"n":1},{"n":10}]}' '' 'Constraint slow_n refuses this.'
# a trigger of another row's may have done it: nobody is blamed
faults 409 address '{"street":"x","town":{"name":"new"},"person":[{"name":"y","phone":[{"nr":1,"kind":"town"}]}]}' '' 'Constraint town_once refuses this.'
ask POST /api/auto/person/with_relations '[{"name":"x"},{"name":"bad"},{"name":"y"}]'
like "$status $body" '^422 .*"\[1\]\.name"' "a list of them in the auto dialect"
ask POST /api/auto/person/with_relations '[{"name":"x","phone":[{"nr":100}]},{"name":"y","phone":[{"nr":1}]}]'
like "$status $body" '^422 .*"\[0\]\.phone\[0\]\.nr"' "and of what belongs to them"

# ---- who may not read some of the tables
token=$eve
rights person cr address c town c phone cr
IFS='|' read -r -a ids < <(sql firm "SELECT t.last_value + 1,
	a.last_value + 1, p.last_value + 1, p.last_value + 1
	FROM town_id_seq t, address_id_seq a, person_id_seq p")
post person '{"name":"eve","address":{"street":"S","town":{"name":"Oslo"}},"phone":[{"nr":1}]}' \
	"$(printf '{"name":"eve","address":{"street":"S","town":{"name":"Oslo","id":%d},"id":%d},"phone":[{"nr":1,"person_id":%d,"kind":"HOME","day":null}],"id":%d,%s,"address_id":%d}' \
		"${ids[@]}" \
		'"shout":"EVE","code":null,"big":9007199254740993,"bytes":"AP8=","tags":["a","b,c"],"boss_id":1' \
		"$(sql firm 'SELECT last_value + 1 FROM address_id_seq')")" \
	"of a table that may not be read: what was sent, and the key that was made"
post person '{"name":"eve","address":{"id":1,"street":"guess","rank":1},"phone":[]}' \
	"$(printf '{"name":"eve","address":{"id":1,"street":"guess","rank":1},"phone":[],"id":%d,%s,"address_id":1}' \
		"$(sql firm 'SELECT last_value + 1 FROM person_id_seq')" \
		'"shout":"EVE","code":null,"big":9007199254740993,"bytes":"AP8=","tags":["a","b,c"],"boss_id":1')" \
	"of a linked row there what was sent, and nothing else"
faults 409 person '{"name":"x","address":{"street":"x","town":{"name":"Bonn"}}}' address.town
faults 422 person '{"name":"x","address":{"street":"bad","town_id":1}}' address
faults 409 person '{"name":"x","address":{"street":"x","town_id":1},"phone":[{"nr":1},{"nr":1}]}' 'phone[1].person_id phone[1].nr' 'Constraint phone_pkey refuses this.'
rights person cr phone c
faults 409 person '{"name":"x","phone":[{"nr":1},{"nr":1}]}' ''
rights person c phone cr
ask POST "$d/person/" '{"name":"eve","phone":[{"nr":1}]}'
is "$status [$body] [$(header ETag)]" "201 [] []" "who may not read the outermost table sees nothing"
like "$(header Location)" "^$d/person/" "but where it is"
ask POST /api/auto/person/with_relations '{"name":"eve","code":"e","phone":[{"nr":1,"kind":"a"}]}'
like "$status $body" '^200 \{"name":"eve","code":"e","phone":\[\{"nr":1,"kind":"A","person_id":[0-9]*\}\],"id":[0-9]*\}$' "auto: what he sent of it, and of the other what is stored"
is "$(header ETag)" "" "and no tag"
faults 422 person '{"name":"bad","phone":[]}' ''
faults 422 person '{"name":"x","boss":{"name":"bad"}}' ''

# ---- row security knows who asks
token=$admin
rights paper cr safe r
token=$eve
post paper '{"word":"w","safe":{"id":1}}' '{"word":"w","safe":{"id":1},"id":'"$(sql firm 'SELECT last_value + 1 FROM paper_id_seq')"',"safe_id":1}' \
	"a linked row that he may not see is as he sent it"
rights paper cr safe cr
ask POST "$d/paper/" '{"word":"w","safe":{"what":"mine"}}'
like "$status $body" '^201 .*"safe":\{"what":"mine","id":[0-9]*,"owner":"[0-9]+"\}' "his own he sees"
number=$(printf '%s' "$body" | sed -n 's/.*"mine","id":\([0-9]*\).*/\1/p')
rights paper cr safe r
ask POST "$d/paper/" "{\"word\":\"w\",\"safe\":{\"id\":$number}}"
like "$status $body" '^201 .*"safe":\{"id":[0-9]*,"owner":"[0-9]+","what":"mine"\}' "linked as well"
rights paper cr
ask POST "$d/paper/" "{\"word\":\"w\",\"safe\":{\"id\":$number}}"
like "$status $body" '^201 .*"safe":\{"id":[0-9]*\},"id"' "unless he may not read the table"

# refused FIELDS TABLE BODY NAME : row security of that table refuses the row at
# that place
refused() {
	ask POST "$d/$3/" "$4"
	is "$status $(fields) $(printf '%s' "$body" | sed -n 's/.*"detail":"You have no right to [a-z]* \([a-z_.]*\)\.".*/\1/p')" "403 $1 $2" "$5"
}
rights paper cr safe cr
refused safe public.safe paper '{"word":"w","safe":{"what":"x","owner":"0"}}' "row security of another table names that one"
refused '' public.safe safe '{"what":"x","owner":"0","paper":[{"word":"a"},{"word":"b"}]}' "of the outermost row that"
is "$(sql firm "SELECT count(*) FROM safe WHERE what = 'x'")" 0 "and nothing is written"
rights club cr skill cr club_skill cr
refused 'skill[1]' public.club_skill club '{"name":"c","skill":[{"code":"c"},{"code":"sql"}]}' "of the table that links rows that"
refused 'skill[1]' '' club '{"name":"c","skill":[{"code":"c"},{"code":"sql","title":"new"}]}' "or the row and no table, where it may be either"
rights paper cr
ask POST "$d/paper/" '{"word":"w","safe":{"what":"x","owner":"0"}}'
like "$status $body" '403 .*public\.safe' "without the right it is the right that is missing"
unlike "$body" 'Row security' "and nothing of row security"

# ---- settings that change how values look
ask_conf firm "${hide[@]}" "bigint_as = string" "version.person = id"
token=$admin
ask POST "$d/desk/" '{"place":"p","person":{"name":"v"}}'
like "$status $body" '^201 .*"big":"9007199254740993"' "numbers as strings in nested rows"
ask POST "$d/person/" '{"name":"v","phone":[]}'
is "$(header ETag)" "\"$(sql firm 'SELECT last_value FROM person_id_seq')\"" "the tag by version.TABLE"

ask_conf firm "${hide[@]}" "conceal = yes"
token=$eve
rights person cr phone cr
next=$(sql firm "SELECT last_value + 1 FROM person_id_seq")
post person '{"name":"eve","phone":[{"nr":1}],"boss":null}' \
	"$(printf '{"name":"eve","phone":[{"nr":1,"person_id":%d,"kind":"HOME","day":null}],"boss":null,"id":%d,"shout":"EVE","code":null,"big":9007199254740993,"bytes":"AP8=","tags":["a","b,c"],"boss_id":null,"address_id":null}' \
		"$next" "$next")" "with conceal"
faults 400 person '{"name":"x","address":null}' address
faults 400 person '{"name":"x","address":[]}' address
faults 400 person '{"name":"x","address":{"id":1}}' address

ask_end
