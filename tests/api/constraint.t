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
	RETURN NEW;
END \$\$;
CREATE TRIGGER act BEFORE INSERT ON thing FOR EACH ROW EXECUTE FUNCTION act();
CREATE VIEW small AS SELECT id, name, size FROM thing WHERE size < 4 WITH CHECK OPTION;
CREATE TABLE part (id int, n int, CONSTRAINT part_key PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
INSERT INTO part VALUES (1, 1);
" && api_programs "$home" && api_conf "$home" rules && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous '*' crud >/dev/null &&
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
refused 409 conflict '' thing_some '{"id":2,"name":"x","size":6}'
refused 422 constraint size size_small '{"id":2,"name":"x","size":10}'
refused 422 constraint 'a b' a_before_b '{"id":2,"name":"x","a":3,"b":2}'
refused 422 constraint email email_form '{"id":2,"name":"x","email":"none"}'
refused 422 constraint name - '{"id":2,"name":null}'
ask POST "$t" '{"id":2,"name":"x","lower_is":"x"}'
is "$status $(detail)" '409 Constraint thing_lower refuses this.' "an index on an expression is named"
try 422 constraint PATCH "${t}1/" '{"email":"none"}'
is "$(fields)" email "a domain in PATCH"
try 409 conflict PATCH "${t}1/" '{"up":77}'
is "$(fields)" up "judged at commit, PATCH"
try 400 read_only POST "$t" '{"id":2,"name":"x","twice":4}'
try 422 constraint POST /api/dyn/small/ '{"id":2,"name":"x","size":5}'
try 409 conflict POST /api/dyn/part/ '{"id":1,"n":2}'
try 422 constraint POST /api/dyn/part/ '{"id":11,"n":2}'

# ---- rows that others refer to
try 409 conflict DELETE "${t}1/"
is "$(detail) $(fields)" 'Other rows refer to this one. ' "a delete names no table and no constraint"
unlike "$body" hidden "really"
try 409 conflict DELETE /api/dyn/maker/2/
unlike "$body" hidden "nor one that restricts"
try 409 conflict PATCH /api/dyn/maker/2/ '{"code":"c"}'
is "$(detail) $(fields)" 'Other rows refer to this one. ' "nor an update of what is referred to"

# ---- what a trigger does
refused 409 conflict '' - '{"id":2,"name":"x","act":"audit-key"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"audit-null"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"assert"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"strict"}'
refused 422 constraint '' - '{"id":2,"name":"x","act":"many"}'
refused 500 internal '' - '{"id":2,"name":"x","act":"bytes"}'
refused 400 bad_value '' - '{"id":2,"name":"x","act":"number"}'
try 422 constraint POST "$t" '{"id":2,"name":"x","act":"named"}'
is "$(fields)" name "a trigger may say which column it means"
is "$(sql rules 'SELECT count(*) FROM thing')" 1 "nothing of all this was written"

# ---- whoever may not read hears nothing of it
token=$(user_token bea) && ctl "$home" revoke anonymous '*' >/dev/null && ctl "$home" grant bea thing cu >/dev/null
ask POST "$t" '{"id":1,"name":"x"}'
is "$status $(fields) $(detail)" '409  ' "no field, no name"
ask PATCH "${t}1/" '{"size":10}'
is "$status $(fields) $(detail)" '422  ' "nor in PATCH"
token=
ctl "$home" grant anonymous '*' crud >/dev/null

# ---- every SQLSTATE that a value, a row or a trigger can cause
raised() {
	ask POST /api/dyn/raiser/ "{\"code\":\"$1\"}"
	is "$status" "$2" "$1 of a create is $2"
	unlike "$body" secret "… without the text"
}
for state in 22000 22001 22002 22003 22004 22005 22007 22008 22009 2200B 2200C 2200D 2200F 2200G 2200H 2200L 2200M 2200N 2200S 2200T \
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
sed -i '/level=error.*SQLSTATE \(XX000\|ZD00.\|55000\)/d' "$home/log/dynapi"
ask_same_pid
done_testing
