# The dynapi schema as it is installed by hand: migrations twice, what the
# responders' role may and may not do, the event trigger, and the guard.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"

responder='dynapi_responder'

install_schema() {
	local file
	for file in "$DYNAPI_SRCDIR"/sql/[0-9]*.sql; do
		psql -X -v ON_ERROR_STOP=1 -q1 -d postgres -f "$file" || return 1
	done
	sed "s/@RESPONDER@/\"$responder\"/g" "$DYNAPI_SRCDIR/sql/grants.sql" |
		psql -X -v ON_ERROR_STOP=1 -q1 -d postgres || return 1
	psql -X -v ON_ERROR_STOP=1 -q1 -d postgres \
		-f "$DYNAPI_SRCDIR/sql/event-trigger.sql"
}

# web TEXT : as the responders' role; what psql says in any case
web() {
	psql -XAtq -v VERBOSITY=sqlstate -d postgres -U "$responder" -c "$1" 2>&1
}

# the whole schema as text
dump() {
	pg_dump -d postgres --schema=dynapi | grep -v '^.\(un\)\?restrict '
}

pg_home "$TMP/home" || bail_out "no PostgreSQL"
sql postgres "CREATE ROLE $responder LOGIN"
sql postgres "CREATE TABLE before_it (id int PRIMARY KEY);
	CREATE TABLE serial_before (id serial PRIMARY KEY);
	CREATE SCHEMA hidden; CREATE TABLE hidden.secret (id int)"

# ---- migrations
is "$(install_schema 2>&1)" "" "the schema is installed without a word"
dump >"$TMP/once"
sql postgres "UPDATE dynapi.meta SET rights_version = 7"
is "$(install_schema 2>&1)" "" "and again"
sql postgres "UPDATE dynapi.meta SET rights_version = 1"
dump >"$TMP/twice"
same_file "$TMP/twice" "$TMP/once" "the second time changes nothing"
last=$(basename "$(ls "$DYNAPI_SRCDIR"/sql/[0-9]*.sql | tail -n 1)")
is "$(sql postgres 'SELECT version FROM dynapi.meta')" \
	"$((10#${last%%-*}))" "the version is the number of the last migration"
is "$(sed -n 's/^#define DYNAPI_SCHEMA_VERSION //p' \
	"$DYNAPI_SRCDIR/src/base/version.h")" \
	"$((10#${last%%-*}))" "which is what the programs expect"

# ---- what is exposed
is "$(sql postgres "SELECT dynapi.expose('public', '$responder')")" "" \
	"everything could be given"
web 'SELECT count(*) FROM before_it' >"$TMP/out"
is "$(cat "$TMP/out")" 0 "a table from before can be read"
is "$(web 'INSERT INTO serial_before DEFAULT VALUES RETURNING id')" 1 \
	"its sequence can be used"
sql postgres "CREATE TABLE later (id serial PRIMARY KEY)"
is "$(web 'INSERT INTO later DEFAULT VALUES RETURNING id')" 1 \
	"a table of the same owner too"
sql postgres "CREATE ROLE other; GRANT CREATE ON SCHEMA public TO other;
	SET ROLE other; CREATE TABLE \"of Other's\" (id serial PRIMARY KEY);
	CREATE TABLE ctas AS SELECT 1 AS id; CREATE VIEW v AS SELECT 2 AS id"
is "$(web "INSERT INTO \"of Other's\" DEFAULT VALUES RETURNING id")" 1 \
	"a table of somebody else by the event trigger"
is "$(web 'SELECT id FROM ctas UNION SELECT id FROM v ORDER BY 1')" "1
2" "and what CREATE TABLE AS and CREATE VIEW make"
like "$(web 'SELECT * FROM hidden.secret')" 42501 "another schema stays closed"
sql postgres "CREATE TABLE hidden.later (id int)"
like "$(web 'SELECT * FROM hidden.later')" 42501 "and its new tables too"
sql postgres "CREATE ROLE owner_of_dynapi; GRANT USAGE, CREATE ON SCHEMA public
	TO owner_of_dynapi; GRANT USAGE ON SCHEMA dynapi TO owner_of_dynapi;
	GRANT EXECUTE ON FUNCTION dynapi.expose TO owner_of_dynapi;
	REVOKE SELECT ON ctas FROM $responder"
is "$(sql postgres "SET ROLE owner_of_dynapi;
	SELECT dynapi.expose('public', '$responder');
	SELECT dynapi.expose('hidden', '$responder')")" "public.ctas
hidden
hidden.later
hidden.secret" "what could not be given is named"
not_ok "there is no such schema" \
	sql postgres "SELECT dynapi.expose('nowhere', '$responder')" 2>/dev/null

# ---- what the responders' role may not do
sql postgres "INSERT INTO dynapi.users (username, password)
	VALUES ('bea', 'the-hash')"
n=0
while IFS= read -r text; do
	n=$((n + 1))
	like "$(web "$text")" 42501 "refused: $text"
done <<-'EOT'
	SELECT password FROM dynapi.users
	SELECT * FROM dynapi.users
	SELECT u FROM dynapi.users u
	SELECT id FROM dynapi.users WHERE password = 'the-hash'
	SELECT count(password) FROM dynapi.users
	SELECT refresh_hash FROM dynapi.session
	SELECT * FROM dynapi.session
	UPDATE dynapi.users SET is_superuser = true
	INSERT INTO dynapi.users (username) VALUES ('x')
	DELETE FROM dynapi.users
	INSERT INTO dynapi.user_roles (user_id, table_name) VALUES (1, 'a.b')
	UPDATE dynapi.user_roles SET can_read = true
	UPDATE dynapi.user_rights SET can_read = true
	INSERT INTO dynapi.role_users VALUES (1, 1)
	INSERT INTO dynapi.user_groups VALUES (1, 1)
	SELECT * FROM dynapi.permissions
	SELECT * FROM dynapi.derived_rights
	SELECT dynapi.rights_refresh(NULL, NULL)
	DELETE FROM dynapi.session
	UPDATE dynapi.session SET revoked = NULL
	UPDATE dynapi.meta SET version = 0
	SELECT dynapi.password_set(1, 'x')
	SELECT dynapi.expose('hidden', 'dynapi_responder')
	CREATE TABLE dynapi.mine (id int)
	TRUNCATE dynapi.users
EOT
is "$n" 25 "each of them was tried"
is "$(sql postgres "SELECT count(*) FROM pg_proc p
	WHERE pronamespace = 'dynapi'::regnamespace
	AND NOT EXISTS (SELECT FROM unnest(proconfig) c
		WHERE c LIKE 'search_path=%') AND proname <> 'current_user_id'")" 0 \
	"every function has its own search_path"
is "$(sql postgres "SELECT string_agg(proname, ',') FROM pg_proc p
	WHERE pronamespace = 'dynapi'::regnamespace AND EXISTS
		(SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
		WHERE grantee = 0)")" current_user_id \
	"PUBLIC may only ask who it is"

# ---- constraints
while IFS= read -r text; do
	not_ok "refused: $text" sql postgres "$text" 2>/dev/null
done <<-'EOT'
	UPDATE dynapi.users SET password = 'x' WHERE id = 0
	UPDATE dynapi.users SET is_superuser = true WHERE id = 0
	UPDATE dynapi.users SET username = 'visitor' WHERE id = 0
	UPDATE dynapi.users SET username = 'anonymous' WHERE username = 'bea'
	INSERT INTO dynapi.users (username) VALUES ('bea')
	INSERT INTO dynapi.users (username) VALUES ('')
	INSERT INTO dynapi.session (user_id, expires) VALUES (0, now())
	INSERT INTO dynapi.user_roles (user_id, table_name) VALUES (0, 'film')
	INSERT INTO dynapi.meta (version) VALUES (1)
	SELECT dynapi.refuse('00000')
EOT
ok "names differ by case" \
	sql postgres "INSERT INTO dynapi.users (username) VALUES ('Bea')"

# ---- the evaluator
sql postgres "INSERT INTO dynapi.users (id, username, is_superuser, is_active)
	VALUES (101, 'a', false, true), (102, 'b', true, true),
		(103, 'c', true, false), (104, 'd', false, false);
	INSERT INTO dynapi.user_roles (user_id, table_name, can_read, can_delete,
		can_bulk)
	SELECT u, 'public.film', true, false, true
	FROM unnest(ARRAY[101, 102, 103, 104]) u"
while read -r user table action want; do
	is "$(web "SELECT dynapi.allowed($user, '$table', '$action')")" "$want" \
		"user $user may $action $table: $want"
done <<-'EOT'
	101 public.film read t
	101 public.film delete f
	101 public.film bulk t
	101 public.film fly f
	101 public.actor read f
	101 * read f
	101 film read f
	102 public.film delete t
	102 public.actor read t
	102 public.actor fly f
	103 public.film read f
	104 public.film read f
	999 public.film read f
	0 public.film read f
EOT

# ---- the flags of a session are its user's
flags() {
	sql postgres "SELECT string_agg(DISTINCT concat(s.is_active,
		s.is_superuser, s.revoked IS NOT NULL), ',')
		FROM dynapi.session s WHERE user_id = 101"
}
sql postgres "INSERT INTO dynapi.session (user_id, expires, is_superuser)
	VALUES (101, now() + '1 h', true), (101, now() + '1 h', false)"
is "$(flags)" tff "whatever is said when it is opened"
sql postgres "UPDATE dynapi.users SET is_superuser = true WHERE id = 101"
is "$(flags)" ttf "they follow him, in all of his sessions"
not_ok "and nobody else" sql postgres \
	"UPDATE dynapi.session SET is_superuser = false WHERE user_id = 101" \
	2>/dev/null
sql postgres "BEGIN; UPDATE dynapi.users SET is_superuser = false WHERE id = 101;
	ROLLBACK"
is "$(flags)" ttf "as his do, with the transaction"
sql postgres "UPDATE dynapi.users SET is_active = false WHERE id = 101"
is "$(flags)" ftt "who is switched off has no session that is good"
sql postgres "UPDATE dynapi.users SET is_active = true WHERE id = 101;
	DELETE FROM dynapi.session WHERE user_id = 101"
is_waiting() {
	sql postgres "SELECT wait_event_type FROM pg_stat_activity" |
		grep -q '^Lock$'
}
mkfifo "$TMP/holder"
psql -XAtq -d postgres <"$TMP/holder" >"$TMP/held" &
holder=$!
exec 9>"$TMP/holder"
echo "BEGIN; UPDATE dynapi.users SET is_active = false WHERE id = 101;
	SELECT 'held';" >&9
ok "his row is held" wait_for 10 grep -q held "$TMP/held"
sql postgres "INSERT INTO dynapi.session (user_id, expires)
	VALUES (101, now() + '1 h')" 9>&- &
opener=$!
ok "a session that is opened meanwhile waits" wait_for 10 is_waiting
echo "COMMIT;" >&9
exec 9>&-
ok "he is switched off" wait "$holder"
ok "and the session opened" wait "$opener"
is "$(flags)" ftt "and ended, as one of a user who is switched off"

# ---- guard and sessions, in C
sql postgres "CREATE TABLE note (owner bigint, body text);
	ALTER TABLE note ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON note USING (owner = dynapi.current_user_id());
	CREATE POLICY any_insert ON note FOR INSERT WITH CHECK (true)"
CMOCKA_MESSAGE_OUTPUT=TAP "$DYNAPI_BUILDDIR/tests/unit/test_auth_guard" \
	>"$TMP/guard" 2>&1
status=$?
diag "$(cat "$TMP/guard")"
is "$status" 0 "test_auth_guard"
done_testing
