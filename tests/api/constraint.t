# What the database refuses: which field, which constraint, and never 500 for
# what the client did.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE rules' && sql rules "
CREATE DOMAIN email AS text CONSTRAINT email_form CHECK (VALUE ~ '@');
CREATE TABLE maker (id int PRIMARY KEY, code text CONSTRAINT maker_code UNIQUE);
INSERT INTO maker VALUES (1, 'a'), (2, 'b');
CREATE SCHEMA audit;
CREATE TABLE audit.thing (id int CONSTRAINT thing_pkey PRIMARY KEY, name text NOT NULL);
CREATE TABLE thing (id int CONSTRAINT thing_pkey PRIMARY KEY, name text NOT NULL,
	a int, b int, email email, lower_is text, size int CONSTRAINT size_small CHECK (size < 10),
	maker_id int CONSTRAINT thing_maker REFERENCES maker, maker_code text CONSTRAINT thing_code REFERENCES maker (code),
	during int4range, late int CONSTRAINT thing_late UNIQUE DEFERRABLE INITIALLY DEFERRED,
	up int CONSTRAINT thing_up REFERENCES thing DEFERRABLE INITIALLY DEFERRED,
	twice int GENERATED ALWAYS AS (size * 2) STORED, act text,
	CONSTRAINT pair UNIQUE (a, b), CONSTRAINT a_before_b CHECK (a <= b),
	CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&));
CREATE UNIQUE INDEX thing_lower ON thing (lower(lower_is));
CREATE UNIQUE INDEX thing_some ON thing (size) WHERE size > 5;
INSERT INTO thing (id, name, a, b, lower_is, size, maker_id, during, late, maker_code) VALUES (1, 'one', 1, 2, 'X', 6, 1, '[1,5)', 1, 'b');
CREATE TABLE hidden (id int PRIMARY KEY, thing_id int CONSTRAINT hidden_thing REFERENCES thing,
	restricted int CONSTRAINT hidden_restricted REFERENCES maker ON DELETE RESTRICT);
INSERT INTO hidden VALUES (1, 1, 2);
CREATE TABLE raiser (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text);
CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RAISE EXCEPTION 'secret text' USING ERRCODE = OLD.code;
	ELSIF NEW.code <> 'ok' AND NEW.code <> '23514' OR TG_OP = 'UPDATE' THEN
		RAISE EXCEPTION 'secret text' USING ERRCODE = NEW.code;
	END IF;
	RETURN NEW;
END \$\$;
CREATE TRIGGER raise BEFORE INSERT OR UPDATE OR DELETE ON raiser FOR EACH ROW EXECUTE FUNCTION raise();
CREATE FUNCTION act() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
	IF NEW.act = 'audit-key' THEN INSERT INTO audit.thing VALUES (1, 'x'), (1, 'x'); END IF;
	IF NEW.act = 'audit-null' THEN INSERT INTO audit.thing VALUES (1, NULL); END IF;
	IF NEW.act = 'assert' THEN ASSERT false; END IF;
	IF NEW.act = 'strict' THEN SELECT id INTO STRICT NEW.a FROM public.maker WHERE id = 99; END IF;
	IF NEW.act = 'many' THEN NEW.a := (SELECT id FROM public.maker); END IF;
	IF NEW.act = 'bytes' THEN NEW.lower_is := convert_from('\\xff', 'UTF8'); END IF;
	IF NEW.act = 'number' THEN NEW.a := NEW.name::int; END IF;
	IF NEW.act = 'named' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation', COLUMN = 'name', CONSTRAINT = 'by_hand', TABLE = 'thing', SCHEMA = 'public'; END IF;
	IF NEW.act = 'unplaced' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation', TABLE = 'thing', SCHEMA = 'public'; END IF;
	RETURN NEW;
END \$\$;
CREATE TRIGGER act BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION act();
CREATE VIEW small AS SELECT id, name, size FROM thing WHERE size < 4 WITH CHECK OPTION;
CREATE TABLE part (id int, n int, CONSTRAINT part_key PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
INSERT INTO part VALUES (1, 1);
-- names of partitions are secret; the first was made by itself and attached
CREATE TABLE reading (id int, zone int NOT NULL, code text NOT NULL, size int CONSTRAINT reading_size CHECK (size < 10),
	maker_id int CONSTRAINT reading_maker REFERENCES maker, serial int, note text, day int,
	up_id int, up_zone int, CONSTRAINT reading_key PRIMARY KEY (id, zone),
	CONSTRAINT reading_up FOREIGN KEY (up_id, up_zone) REFERENCES reading,
	CONSTRAINT reading_late UNIQUE (zone, serial) DEFERRABLE INITIALLY DEFERRED) PARTITION BY LIST (zone);
CREATE UNIQUE INDEX reading_code ON reading (zone, code);
CREATE UNIQUE INDEX reading_some ON reading (zone, day) WHERE day > 5;
CREATE TABLE secret_1 (code text NOT NULL, zone int NOT NULL, id int, size int, serial int, maker_id int,
	note text CONSTRAINT secret_note CHECK (note <> 'bad'), up_zone int, day int, up_id int,
	CONSTRAINT secret_1_pk PRIMARY KEY (id, zone), CONSTRAINT reading_size CHECK (size < 10),
	CONSTRAINT secret_1_maker FOREIGN KEY (maker_id) REFERENCES maker, CONSTRAINT secret_1_only UNIQUE (note),
	CONSTRAINT secret_1_late UNIQUE (zone, serial) DEFERRABLE INITIALLY DEFERRED);
CREATE UNIQUE INDEX secret_1_code ON secret_1 (zone, code);
CREATE UNIQUE INDEX secret_1_some ON secret_1 (zone, day) WHERE day > 5;
ALTER TABLE reading ATTACH PARTITION secret_1 FOR VALUES IN (1);
CREATE TABLE secret_2 PARTITION OF reading FOR VALUES IN (2) PARTITION BY RANGE (zone);
CREATE TABLE secret_2a PARTITION OF secret_2 FOR VALUES FROM (0) TO (100);
CREATE TABLE deep (id int, zone int, CONSTRAINT deep_key PRIMARY KEY (id, zone)) PARTITION BY LIST (zone);
CREATE TABLE secret_deep PARTITION OF deep FOR VALUES IN (1) PARTITION BY RANGE (id);
CREATE TABLE secret_deep_a PARTITION OF secret_deep FOR VALUES FROM (0) TO (100);
INSERT INTO reading (id, zone, code, serial, note, day) VALUES (1, 1, 'a', 1, 'n', 6), (1, 2, 'a', 1, 'n', 6);
CREATE TABLE elder (id int PRIMARY KEY, n int CONSTRAINT elder_n CHECK (n < 10), k int NOT NULL);
CREATE TABLE secret_kid (own int NOT NULL, CONSTRAINT secret_kid_k UNIQUE (k), CONSTRAINT secret_kid_kn CHECK (k > n)) INHERITS (elder);
INSERT INTO secret_kid VALUES (1, 1, 11, 1), (2, 1, 12, 1);
-- from a table to itself
CREATE TABLE node (id int PRIMARY KEY, code text CONSTRAINT node_code UNIQUE, up int CONSTRAINT node_up REFERENCES node,
	up_code text CONSTRAINT node_up_code REFERENCES node (code), note text);
INSERT INTO node VALUES (1, 'a', NULL, NULL, 'n'), (2, 'b', 1, 'a', 'n'), (3, 'c', NULL, NULL, 'n'), (5, 'e', NULL, 'e', 'n');
CREATE TABLE follow (id int PRIMARY KEY, code text UNIQUE, up text CONSTRAINT follow_up REFERENCES follow (code) ON UPDATE CASCADE ON DELETE RESTRICT);
INSERT INTO follow VALUES (1, 'a', NULL), (2, 'b', 'a');
CREATE TABLE late (id int PRIMARY KEY, code text UNIQUE, up text CONSTRAINT late_up REFERENCES late (code) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO late VALUES (1, 'a', NULL), (2, 'b', 'a'), (3, 'c', NULL);
CREATE TABLE dept (tenant int, id int, up int, PRIMARY KEY (tenant, id), CONSTRAINT dept_up FOREIGN KEY (tenant, up) REFERENCES dept);
INSERT INTO dept VALUES (1, 1, NULL), (1, 2, 1), (1, 3, NULL);
-- views, which rename, swap and compute
CREATE VIEW shown AS SELECT id AS nr, name AS label, size AS s, maker_id AS who, upper(name) AS loud, lower_is AS low, a,
	(SELECT m.code AS label FROM maker m WHERE m.id = maker_id) AS made_by FROM thing WHERE id < (SELECT 1000 AS nr);
CREATE VIEW shown_again AS SELECT s AS small, label AS \"la{bel\", nr FROM shown;
CREATE VIEW swapped AS SELECT id, maker_code AS name, name AS maker_code FROM thing;
CREATE VIEW node_shown AS SELECT id AS nr, code AS c, up_code AS uc FROM node;
CREATE VIEW reading_shown AS SELECT id AS nr, zone AS z, code AS c, note AS remark FROM reading;
CREATE VIEW vague AS SELECT id, name, NULL::text AS hint FROM thing;
CREATE FUNCTION vague() RETURNS trigger LANGUAGE plpgsql AS \$\$
BEGIN
	IF NEW.hint = 'own' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'check_violation', COLUMN = 'hint', TABLE = 'vague', SCHEMA = 'public'; END IF;
	IF NEW.hint = 'bare' THEN RAISE EXCEPTION 'no' USING ERRCODE = 'unique_violation', COLUMN = 'hint'; END IF;
	IF NEW.hint = 'outside' THEN INSERT INTO public.small VALUES (50, 'x', 5); END IF;
	INSERT INTO public.thing (id, name) VALUES (NEW.id, NEW.name);
	RETURN NEW;
END \$\$;
CREATE TRIGGER vague INSTEAD OF INSERT OR UPDATE OR DELETE ON vague FOR EACH ROW EXECUTE FUNCTION vague();
CREATE TABLE vault (id int PRIMARY KEY, pin text CONSTRAINT vault_pin UNIQUE, door text);
INSERT INTO vault VALUES (1, 'x', 'y');
CREATE UNIQUE INDEX vault_door ON vault (door) WHERE pin <> '';
CREATE VIEW vault_shown AS SELECT id, pin AS p, door AS d FROM vault;
CREATE VIEW vault_front AS SELECT id, door AS d FROM vault;
-- and what else there is
CREATE DOMAIN work_email AS email CONSTRAINT work_form CHECK (VALUE ~ 'work');
CREATE TABLE other (id int GENERATED BY DEFAULT AS IDENTITY (MAXVALUE 2) PRIMARY KEY, w work_email, ws work_email[], lo int, hi int,
	amount numeric(4,2), room int, twice int GENERATED ALWAYS AS (lo * 2) STORED,
	CONSTRAINT span EXCLUDE USING gist (int4range(lo, hi) WITH &&) WHERE (lo IS NOT NULL), CONSTRAINT busy EXCLUDE USING spgist (int4range(hi, hi + room) WITH &&) WHERE (room > 0),
	CONSTRAINT three CHECK (lo < hi OR amount > 0));
CREATE UNIQUE INDEX other_pair ON other ((w || amount::text), (amount::text || w)) WHERE lo IS NULL;
INSERT INTO other (id, w, lo, hi, amount) VALUES (100, 'a@work', 1, 5, 1), (101, 'b@work', NULL, NULL, 1);
UPDATE other SET hi = 13, room = 2 WHERE id = 101;
CREATE TABLE modified (id int PRIMARY KEY, b bit(4), v bit varying(3), l varchar(3)[], m bit(2)[], email email, note text);
-- as types of extensions are: only their own functions know what 3 means
CREATE TYPE short;
CREATE FUNCTION short_in(cstring, oid, int4) RETURNS short LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION short_out(short) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE FUNCTION short_mod_in(cstring[]) RETURNS int4 LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodin';
CREATE FUNCTION short_mod_out(int4) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varchartypmodout';
CREATE TYPE short (INPUT = short_in, OUTPUT = short_out, TYPMOD_IN = short_mod_in, TYPMOD_OUT = short_mod_out);
CREATE FUNCTION short(short, int4, boolean) RETURNS short LANGUAGE internal IMMUTABLE STRICT AS 'varchar';
CREATE CAST (short AS short) WITH FUNCTION short(short, int4, boolean) AS IMPLICIT;
ALTER TABLE modified ADD s short(3), ADD k short(3)[];
" && api_programs "$home" && api_conf "$home" rules "regex = yes
hidden = vault.pin" && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous '*' crudb >/dev/null &&
	sql rules 'GRANT ALL ON ALL TABLES IN SCHEMA public, audit TO dynapi_responder;
		GRANT USAGE ON SCHEMA audit TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"
t=/api/dyn/thing/
detail() {
	printf '%s' "$body" | sed -n 's/.*"detail":"\([^"]*\)".*/\1/p'
}
# refused STATUS CODE FIELDS CONSTRAINT BODY : a create; CONSTRAINT - is none
refused() {
	local want
	try "$1" "$2" POST "$t" "$5"
	want="Constraint $4 refuses this."
	[ "$4" != - ] || want=
	is "$(fields) | $(detail)" "$3 | $want" "… $3 $4"
}

# ---- a row
refused 409 conflict id thing_pkey '{"id":1,"name":"x"}'
refused 409 conflict 'a b' pair '{"id":2,"name":"x","a":1,"b":2}'
refused 409 conflict maker_id thing_maker '{"id":2,"name":"x","maker_id":9}'
refused 409 conflict maker_code thing_code '{"id":2,"name":"x","maker_code":"z"}'
refused 409 conflict during no_overlap '{"id":2,"name":"x","during":"[4,6)"}'
refused 409 conflict late thing_late '{"id":2,"name":"x","late":1}'
refused 409 conflict up thing_up '{"id":2,"name":"x","up":77}'
refused 409 conflict size thing_some '{"id":2,"name":"x","size":6}'
refused 422 constraint size size_small '{"id":2,"name":"x","size":10}'
refused 422 constraint 'a b' a_before_b '{"id":2,"name":"x","a":3,"b":2}'
refused 422 constraint email email_form '{"id":2,"name":"x","email":"none"}'
refused 422 constraint name - '{"id":2,"name":null}'
refused 409 conflict lower_is thing_lower '{"id":2,"name":"x","lower_is":"x"}'
try 422 constraint PATCH "${t}1/" '{"email":"none"}'
is "$(fields)" email "a domain in PATCH"
try 409 conflict PATCH "${t}1/" '{"up":77}'
is "$(fields)" up "judged at commit, PATCH"
try 400 read_only POST "$t" '{"id":2,"name":"x","twice":4}'
try 422 constraint POST /api/dyn/small/ '{"id":2,"name":"x","size":5}'
try 409 conflict POST /api/dyn/part/ '{"id":1,"n":2}'
try 422 constraint POST /api/dyn/part/ '{"id":11,"n":2}'

# ---- values whose type has a modifier, which a cast would cut off
t=/api/dyn/modified/
for value in '"b":"10101"' '"b":"101"' '"b":"x1F"' '"v":"1010"' '"v":"b1010"' '"l":["abcd"]' '"m":["01","101"]' '"s":"abcd"' \
	'"k":["abc","abcd"]'; do
	refused 400 bad_value "$(expr "$value" : '"\(.\)')" - "{\"id\":1,$value}"
	try 400 bad_value POST "$t" "[{\"id\":1,\"note\":\"x\"},{\"id\":2,$value}]"
	is "$(fields)" "[1].$(expr "$value" : '"\(.\)')" "of the second row: $value"
done
try 201 - POST "$t" '{"id":1,"b":"xA","v":"101","l":["abc"],"m":["01","10"],"s":"abc","k":["a"]}'
try 201 - POST "$t" '{"id":2,"b":"b0101","v":"","l":["",null]}'
ask GET "${t}?fields=b,v,l&ordering=id"
is "$body" '[{"b":"1010","v":"101","l":["abc"]},{"b":"0101","v":"","l":["",null]}]' "what fits is written"
try 400 bad_value PATCH "${t}1/" '{"b":"11111"}'
is "$(fields)" b "in PATCH"
try 200 - GET "$t?b=11111"
is "$body" '[]' "what is too long equals nothing"
try 422 constraint POST "$t" '[{"id":3},{"id":4,"note":"x","email":"none"}]'
is "$(fields) $(detail)" '[1].email Constraint email_form refuses this.' "a domain's check in many rows"
ask POST "$t" '{"id":3}
{"id":4,"email":"none"}' 'Content-Type: application/x-ndjson'
is "$status $(fields)" '422 [1].email' "and in lines"
is "$(sql rules 'SELECT count(*) FROM modified')" 2 "none of them was written"

# ---- patterns
for q in 'note__regex=(' 'note__niregex=a{2,1}' 'email__regex=[' 'or=(id=1;note__regex="(")'; do
	try 400 bad_value GET "$t?${q//[/%5B}"
	is "$(fields)" "$(expr "$q" : 'or=' >/dev/null && echo note__regex || echo "${q%%=*}")" "the parameter is named: $q"
done
try 400 bad_value GET "$t?note__regex=%5B&email__iregex=(&id=1"
is "$(fields)" 'note__regex email__iregex' "both of them"
t=/api/dyn/thing/

# ---- a partition, whose own names nobody knows
t=/api/dyn/reading/
for zone in 1 2; do
	refused 409 conflict 'id zone' reading_key "{\"id\":1,\"zone\":$zone,\"code\":\"x\"}"
	refused 409 conflict 'zone code' reading_code "{\"id\":2,\"zone\":$zone,\"code\":\"a\"}"
	refused 409 conflict 'zone day' reading_some "{\"id\":2,\"zone\":$zone,\"code\":\"x\",\"day\":6}"
	refused 409 conflict 'zone serial' reading_late "{\"id\":2,\"zone\":$zone,\"code\":\"x\",\"serial\":1}"
	refused 409 conflict maker_id reading_maker "{\"id\":2,\"zone\":$zone,\"code\":\"x\",\"maker_id\":9}"
	refused 409 conflict 'up_id up_zone' reading_up "{\"id\":2,\"zone\":$zone,\"code\":\"x\",\"up_id\":9,\"up_zone\":9}"
	refused 422 constraint size reading_size "{\"id\":2,\"zone\":$zone,\"code\":\"x\",\"size\":10}"
	refused 422 constraint code - "{\"id\":2,\"zone\":$zone,\"code\":null}"
	try 422 constraint PATCH "${t}1,$zone/" '{"size":10}'
	is "$(fields) $(detail)" 'size Constraint reading_size refuses this.' "of an update, zone $zone"
	try 409 conflict POST "$t" "[{\"id\":3,\"zone\":$zone,\"code\":\"x\"},{\"id\":1,\"zone\":$zone,\"code\":\"y\"}]"
	is "$(fields) $(detail)" '[1].id [1].zone Constraint reading_key refuses this.' "of the second of two rows, zone $zone"
	try 409 conflict POST "$t" "[{\"id\":3,\"zone\":$zone,\"code\":\"x\"},{\"id\":4,\"zone\":$zone,\"code\":\"y\",\"serial\":1}]"
	is "$(fields) $(detail)" 'zone serial Constraint reading_late refuses this. It was found at the end, where it is not known which row it was.' \
		"deferred, of two rows, zone $zone"
	unlike "$body" secret "… no partition's name"
done
refused 409 conflict note - '{"id":2,"zone":1,"code":"x","note":"n"}'
unlike "$body" secret "what only the partition has: the field, and not its name"
refused 422 constraint note - '{"id":2,"zone":1,"code":"x","note":"bad"}'
unlike "$body" secret "neither of a check"
try 422 constraint POST "$t" '{"id":2,"zone":3,"code":"x"}'
is "$(fields) $(detail)" 'zone No partition takes this row.' "no partition: its key is named"
try 422 constraint POST /api/dyn/deep/ '{"id":200,"zone":1}'
is "$(fields) $(detail)" 'id No partition takes this row.' "and that of the level that has none"
unlike "$body" secret "… without its name"
try 422 constraint PATCH /api/dyn/elder/1/ '{"n":10}'
is "$(fields) $(detail)" 'n Constraint elder_n refuses this.' "a table that inherits: a check of its parent"
try 422 constraint PATCH /api/dyn/elder/1/ '{"k":null}'
is "$(fields)" k "a column of its parent"
try 409 conflict PATCH /api/dyn/elder/1/ '{"k":12}'
is "$(fields) $(detail)" 'k ' "what only it has"
unlike "$body" secret "… without a name"
try 422 constraint PATCH /api/dyn/elder/1/ '{"k":0}'
is "$(fields) $(detail)" 'n k ' "of two columns"
sql rules "INSERT INTO reading (id, zone, code, up_id, up_zone) VALUES (9, 1, 'up', 1, 2)"
try 409 conflict DELETE "${t}1,2/"
is "$(fields) $(detail)" ' Other rows refer to this one.' "a partition's row that one in another refers to"
unlike "$body" secret "… without its name"
t=/api/dyn/thing/

# ---- rows that others refer to
try 409 conflict DELETE "${t}1/"
is "$(detail) $(fields)" 'Other rows refer to this one. ' "a delete names no table and no constraint"
unlike "$body" hidden "really"
try 409 conflict DELETE /api/dyn/maker/2/
unlike "$body" hidden "nor one that restricts"
try 409 conflict PATCH /api/dyn/maker/2/ '{"code":"c"}'
is "$(detail) $(fields)" 'Other rows refer to this one. ' "nor an update of what is referred to"

# ---- a table that refers to itself
t=/api/dyn/node/
missing="There is no row with this key."
others='Other rows refer to this one.'
# dangles METHOD PATH BODY FIELDS CONSTRAINT : the row refers to none
dangles() {
	try 409 conflict "$1" "$2" "${3-}"
	is "$(fields) $(detail)" "$4 Constraint $5 refuses this." "… $4"
	like "$body" "$missing" "… and why"
}
# referred METHOD PATH BODY : others refer to it
referred() {
	try 409 conflict "$1" "$2" "${3-}"
	is "$(fields) $(detail)" " $others" "… by others"
}
dangles POST "$t" '{"id":9,"up_code":"q"}' up_code node_up_code
dangles PATCH "${t}3/" '{"up_code":"q"}' up_code node_up_code
dangles PATCH "${t}3/" '{"code":"z","up_code":"q"}' up_code node_up_code
dangles PATCH "${t}1/" '{"code":"a","up_code":"q"}' up_code node_up_code
dangles PATCH "${t}5/" '{"code":"z"}' up_code node_up_code
dangles PUT "${t}1/" '{"code":"a","up_code":"q"}' up_code node_up_code
dangles PUT "${t}3/" '{"up_code":"q"}' up_code node_up_code
dangles PATCH "$t?id=3" '{"id":9,"up":77}' up node_up
dangles PATCH "$t?code=c&max_affected=1" '{"id":9,"up":77}' up node_up
referred PATCH "${t}1/" '{"code":"z"}'
referred PATCH "${t}1/" '{"code":null,"note":"x"}'
referred PATCH "${t}1/" '{"code":"z","up_code":"q"}'
referred PATCH "${t}1/" '{"code":"z","up_code":null}'
referred PUT "${t}1/" '{"up_code":"e"}'
referred PATCH "$t?id=1" '{"id":9}'
referred PATCH "$t?id=1" '{"id":9,"up":3}'
referred DELETE "${t}1/"
referred DELETE "$t?id=1"
referred PATCH "/api/dyn/node_shown/?nr=1" '{"c":"z"}'
dangles PATCH "/api/dyn/node_shown/?nr=3" '{"uc":"q"}' uc node_up_code
try 409 conflict PATCH "/api/dyn/node_shown/?nr=3" '{"c":"z","uc":"q"}'
is "$(fields) $(detail)" ' Constraint node_up_code refuses this.' "below a view others may be hidden: nothing is guessed"
try 200 - PATCH "${t}5/" '{"code":"z","up_code":"z"}' 'Prefer: tx=rollback'
ask PATCH /api/auto/node/3 '{"code":"z","up_code":"q"}'
like "$status $body" "^409 .*\"up_code\"" "auto says it too"
ask PATCH /api/auto/node/1 '{"code":"z","up_code":"q"}'
like "$status $body" "^409 .*Other rows refer" "both"
ask PUT /api/v2/node/1 '{"node":{"code":"z"}}'
is "$status $body" "422 {\"error\":\"$others\"}" "and v2"
for table in follow late; do
	dangles PATCH "/api/dyn/$table/2/" '{"up":"q"}' up "${table}_up"
	dangles PATCH "/api/dyn/$table/2/" '{"code":"z","up":"q"}' up "${table}_up"
	referred DELETE "/api/dyn/$table/1/"
done
dangles PATCH /api/dyn/follow/1/ '{"code":"z","up":"q"}' up follow_up
referred PATCH /api/dyn/late/1/ '{"code":"z"}'
referred PATCH /api/dyn/late/1/ '{"code":"z","up":"q"}'
t=/api/dyn/dept/
dangles PATCH "$t?tenant=1&id=3" '{"tenant":2,"up":9}' 'tenant up' dept_up
dangles PATCH "$t?tenant=1&id=2" '{"tenant":2}' 'tenant up' dept_up
dangles PATCH "$t?tenant=1&id=2" '{"id":7,"up":9}' 'tenant up' dept_up
referred PATCH "$t?tenant=1&id=1" '{"tenant":2}'
referred PATCH "$t?tenant=1&id=1" '{"id":7}'
referred DELETE "$t?tenant=1&up__isnull=true"
try 200 - PATCH "$t?tenant=1&id__in=1,2" '{"tenant":2}' 'Prefer: tx=rollback'
referred PATCH '/api/dyn/reading/?id=1&zone=2' '{"id":7}'
dangles PATCH '/api/dyn/reading/?id=1&zone=1' '{"id":7,"up_id":50,"up_zone":1}' 'up_id up_zone' reading_up

# ---- in many rows
t=/api/dyn/node/
many() {
	try 409 conflict "$1" "$2" "${3-}"
	is "$(fields) $(detail)" "$4" "… $4"
}
many PATCH "$t" '[{"id":2,"up":1},{"id":3,"up":77}]' '[1].up Constraint node_up refuses this.'
many PATCH "$t" '[{"id":3,"code":"c"},{"id":1,"code":"z"}]' "[1] $others"
many PATCH "$t" '[{"id":3,"code":"y","up_code":"a"},{"id":2,"code":"z","up_code":"q"}]' '[1].up_code Constraint node_up_code refuses this.'
many PATCH "$t" '[{"id":1,"code":"a","up_code":null},{"id":3,"code":"y","up_code":"b"},{"id":2,"code":"z","up_code":"a"}]' "[2] $others"
many POST "$t?on_conflict=id" '[{"id":3,"code":"c","up_code":"q"}]' '[0].up_code Constraint node_up_code refuses this.'
many POST "$t?on_conflict=id" '[{"id":4,"code":"d","up_code":"c"},{"id":3,"code":"z","up_code":null}]' "[1] $others"
many POST "$t?on_conflict=code" '[{"id":4,"code":"d","up_code":"q"}]' '[0].up_code Constraint node_up_code refuses this.'
many POST "/api/dyn/maker/?on_conflict=id" '[{"id":2,"code":"z"}]' "[0] $others"
late="It was found at the end, where it is not known which row it was."
many PATCH /api/dyn/late/ '[{"id":2,"up":"q"},{"id":3,"up":null}]' "up Constraint late_up refuses this. $late"
many PATCH /api/dyn/late/ '[{"id":1,"code":"z"},{"id":3,"code":"c"}]' " $others $late"
many POST "/api/dyn/late/?on_conflict=id" '[{"id":4,"up":"q"}]' "up Constraint late_up refuses this. $late"

# ---- below views
t=/api/dyn/shown/
refused 409 conflict nr thing_pkey '{"nr":1,"label":"x"}'
refused 409 conflict low thing_lower '{"nr":2,"label":"x","low":"x"}'
refused 409 conflict who thing_maker '{"nr":2,"label":"x","who":9}'
refused 409 conflict s thing_some '{"nr":2,"label":"x","s":6}'
refused 422 constraint s size_small '{"nr":2,"label":"x","s":10}'
refused 422 constraint label - '{"nr":2,"label":null}'
try 422 constraint PATCH "$t?nr=1" '{"a":3}'
is "$(fields) $(detail)" ' Constraint a_before_b refuses this.' "of two columns, one of which it does not show"
referred DELETE "$t?nr=1"
many POST "$t" '[{"nr":8,"label":"x"},{"nr":1,"label":"y"}]' '[1].nr Constraint thing_pkey refuses this.'
t=/api/dyn/shown_again/
refused 422 constraint small size_small '{"nr":2,"la{bel":"x","small":10}'
refused 422 constraint 'la{bel' - '{"nr":2,"la{bel":null}'
refused 409 conflict nr thing_pkey '{"nr":1,"la{bel":"x"}'
t=/api/dyn/swapped/
refused 422 constraint maker_code - '{"id":2,"name":"a"}'
refused 409 conflict name thing_code '{"id":2,"name":"z","maker_code":"x"}'
t=/api/dyn/reading_shown/
refused 409 conflict 'nr z' reading_key '{"nr":1,"z":1,"c":"x"}'
refused 409 conflict 'z c' reading_code '{"nr":2,"z":2,"c":"a"}'
refused 409 conflict remark - '{"nr":2,"z":1,"c":"x","remark":"n"}'
try 422 constraint POST "$t" '{"nr":2,"z":3,"c":"x"}'
is "$(fields) $(detail)" 'z No partition takes this row.' "a view over partitions"
unlike "$body" secret "… without their names"
try 422 constraint POST /api/dyn/small/ '{"id":2,"name":"x","size":5}'
is "$(fields) $(detail)" ' This view would not show the row.' "WITH CHECK OPTION"
t=/api/dyn/vague/
refused 422 constraint hint - '{"id":2,"name":"x","hint":"own"}'
refused 409 conflict hint - '{"id":2,"name":"x","hint":"bare"}'
refused 422 constraint '' - '{"id":2,"name":"x","hint":"outside"}'
refused 409 conflict id thing_pkey '{"id":1,"name":"x"}'
refused 422 constraint name - '{"id":2,"name":null}'

# ---- what else there is
t=/api/dyn/other/
refused 422 constraint w email_form '{"id":1,"w":"work"}'
refused 422 constraint w work_form '{"id":1,"w":"a@b"}'
refused 422 constraint ws work_form '{"id":1,"ws":["a@work","a@b"]}'
refused 409 conflict 'lo hi' span '{"id":1,"lo":4,"hi":9}'
refused 409 conflict 'hi room' busy '{"id":1,"lo":11,"hi":12,"room":5}'
refused 409 conflict 'w amount' other_pair '{"id":1,"w":"b@work","amount":1}'
refused 422 constraint 'lo hi amount' three '{"id":1,"lo":9,"hi":8,"amount":-1}'
refused 400 bad_value amount - '{"id":1,"amount":100}'
try 201 - POST "$t" '[{},{}]'
try 500 internal POST "$t" '{}'
is "$(fields)" '' "an identity at its end is nobody's value"

# ---- what is hidden below a view, or not his to read
t=/api/dyn/vault_shown/
refused 409 conflict p - '{"id":2,"p":"x"}'
refused 409 conflict d - '{"id":2,"p":"z","d":"y"}'
t=/api/dyn/vault_front/
refused 409 conflict id vault_pkey '{"id":1}'
try 409 conflict POST /api/dyn/vault/ '{"id":1,"door":"z"}'
sql rules "UPDATE vault SET pin = 'x'; ALTER TABLE vault ALTER pin SET DEFAULT 'z'"
refused 409 conflict '' - '{"id":2,"d":"y"}'
sql rules "ALTER TABLE vault ALTER pin SET DEFAULT 'x'"
refused 409 conflict '' - '{"id":2}'
t=/api/dyn/vault/
refused 409 conflict '' - '{"id":2}'
refused 409 conflict id vault_pkey '{"id":1}'
token=$(user_token vic) && ctl "$home" revoke anonymous '*' >/dev/null && ctl "$home" grant vic shown rcu >/dev/null
t=/api/dyn/shown/
refused 409 conflict nr - '{"nr":1,"label":"x"}'
refused 422 constraint s - '{"nr":2,"label":"x","s":10}'
token=
ctl "$home" grant anonymous '*' crudb >/dev/null
t=/api/dyn/thing/

# ---- what a trigger does
refused 409 conflict '' - '{"id":2,"name":"x","act":"audit-key"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"audit-null"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"assert"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"strict"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"many"}'
refused 500 internal '' - '{"id":2,"name":"x","act":"bytes"}'
refused 400 bad_value '' - '{"id":2,"name":"x","act":"number"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"unplaced"}'
try 422 constraint POST "$t" '{"id":2,"name":"x","act":"named"}'
is "$(fields)" name "a trigger may say which column it means"
is "$(sql rules 'SELECT count(*) FROM thing')" 1 "nothing of all this was written"

# ---- whoever may not read hears nothing of it
token=$(user_token bea) && ctl "$home" revoke anonymous '*' >/dev/null && ctl "$home" grant bea thing cu >/dev/null
ask POST "$t" '{"id":1,"name":"x"}'
is "$status $(fields) $(detail)" '409  ' "no field, no name"
ask PATCH "${t}1/" '{"size":10}'
is "$status $(fields) $(detail)" '422  ' "nor in PATCH"
ctl "$home" grant bea reading cu >/dev/null
ask POST /api/dyn/reading/ '{"id":1,"zone":1,"code":"x"}'
is "$status $(fields) $(detail)" '409  ' "nor of a partition"
ask POST /api/dyn/reading/ '{"id":1,"zone":3,"code":"x"}'
is "$status $(fields) $(detail)" '422  ' "nor of its key"
token=
ctl "$home" grant anonymous '*' crudb >/dev/null

# ---- every SQLSTATE that a value, a row or a trigger can cause
raised() {
	ask POST /api/dyn/raiser/ "{\"code\":\"$1\"}"
	is "$status" "$2" "$1 of a create is $2"
	unlike "$body" secret "… without the text"
}
for state in 22000 22001 22002 22003 22004 22005 22007 22008 22009 2200B 2200C 2200D 2200F 2200G 2200L 2200M 2200N 2200S 2200T \
	22010 22011 22013 22014 22015 22016 22018 22019 2201B 2201E 2201F 2201G 2201W 2201X 2202E 2202G 2202H \
	22022 22023 22024 22025 22026 22027 22030 22031 22032 22033 22034 22035 22036 22037 22038 22039 2203A 2203B 2203C 2203D 2203E 2203F 2203G \
	22P01 22P02 22P03 22P04 22P05 22P06; do
	raised $state 400
done
for state in 22012 21000 23000 23502 27000 09000 44000 54000 P0001 P0002 P0003 P0004 U0001 ZZ999 99999 P1234; do
	raised $state 422
done
for state in 23001 23503 23505 23P01; do
	raised $state 409
done
raised 40001 503
raised 40P01 503
raised XX000 500
raised 2200H 500
raised ZD001 500
raised ZD003 500
raised ZD004 500
raised 22021 500
raised 55000 500
raised 428C9 503
sql rules "INSERT INTO raiser (code) VALUES ('ok')"
for state in 22P02 23505 P0001 U0001; do
	ask PATCH /api/dyn/raiser/1/ "{\"code\":\"$state\"}"
	like "$status" '^4' "$state of an update is $status"
done
sql rules "ALTER TABLE raiser DISABLE TRIGGER raise; UPDATE raiser SET code = 'U0001'; ALTER TABLE raiser ENABLE TRIGGER raise" >/dev/null
id=$(sql rules "SELECT id FROM raiser LIMIT 1")
ask DELETE "/api/dyn/raiser/$id/"
is "$status" 422 "U0001 of a delete"
unlike "$(cat "$home/log/dynapi")" 'secret text' "nor is the text in the log"
sed -i '/level=error.*SQLSTATE \(XX000\|2200H\|ZD00.\|55000\)/d' "$home/log/dynapi"
ask_same_pid
done_testing
