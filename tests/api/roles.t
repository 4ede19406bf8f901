# Rights by roles, groups and ordered rules: the truth table of what flags and
# rules come to, the derived rights against an evaluator that shares nothing
# with it, changes that count at once, two sessions at once, what the guard
# costs with many rights.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
api_programs "$home" && api_conf "$home" shop && api_init "$home" secret-of-admin || bail_out "no API"
ann=$(user_token ann) && kim=$(user_token kim) && root=$(user_token admin) && off=$(user_token off) || bail_out "no users"

# ---- the truth table: a table for each, named own_rule_way
sql shop "CREATE SCHEMA t;
	CREATE TABLE t.cases AS SELECT own, rule, way, concat_ws('_', own, rule, way) AS name
		FROM unnest(ARRAY['none', 'no', 'yes']) own, unnest(ARRAY['nothing', 'can', 'cannot', 'can_cannot', 'cannot_can']) rule,
			unnest(ARRAY['role', 'group', 'both']) way;
	DO \$\$ DECLARE c record; BEGIN
		FOR c IN SELECT * FROM t.cases LOOP
			EXECUTE format('CREATE TABLE %I (id int PRIMARY KEY)', c.name);
			EXECUTE format('INSERT INTO %I VALUES (1)', c.name);
		END LOOP;
	END \$\$;
	INSERT INTO dynapi.roles (name) SELECT 'r_' || way FROM (SELECT DISTINCT way FROM t.cases) w;
	INSERT INTO dynapi.groups (name) VALUES ('all');
	INSERT INTO dynapi.user_groups SELECT u.id, g.id FROM dynapi.users u, dynapi.groups g WHERE username <> 'kim';
	INSERT INTO dynapi.role_users SELECT r.id, u.id FROM dynapi.roles r, dynapi.users u
		WHERE r.name IN ('r_role', 'r_both') AND username <> 'kim';
	INSERT INTO dynapi.group_roles SELECT g.id, r.id FROM dynapi.roles r, dynapi.groups g WHERE r.name IN ('r_group', 'r_both');
	INSERT INTO dynapi.permissions (role_id, predicate, table_name, to_read)
		SELECT r.id, p, 'public.' || c.name, true FROM t.cases c JOIN dynapi.roles r ON r.name = 'r_' || way,
			string_to_table(rule, '_') WITH ORDINALITY o (p, n) WHERE p <> 'nothing' ORDER BY n;
	INSERT INTO dynapi.user_roles (user_id, table_name, can_read, can_create)
		SELECT u.id, 'public.' || c.name, own = 'yes', own = 'no' FROM t.cases c, dynapi.users u WHERE own <> 'none' AND username <> 'kim';
	UPDATE dynapi.users SET is_active = false WHERE username = 'off'" &&
	introspect "$home" >/dev/null && ask_serve || bail_out "the cases cannot be set up"
# expect OWN RULE : what a look at the last word of the rules says
expect() {
	case ${2##*_}/$1 in
	cannot/*) echo no ;;
	*/yes) echo yes ;;
	*/no) echo no ;;
	can/none) echo yes ;;
	*) echo no ;;
	esac
}
n=0
while IFS='|' read -r own rule way name; do
	want=$(expect "$own" "$rule")
	got='' wanted=''
	for who in ann kim root off visitor; do
		token=${!who-}
		ask GET "/api/dyn/$name/"
		got+=" $who $status"
		case $who/$want in
		root/* | ann/yes | visitor/yes) wanted+=" $who 200" ;;
		ann/* | kim/*) wanted+=" $who 403" ;;
		*) wanted+=" $who 401" ;;
		esac
	done
	is "$got" "$wanted" "own flag $own, rules $rule, through $way: $want"
	n=$((n + 1))
done < <(sql shop 'SELECT * FROM t.cases')
is "$n" 45 "each of them was tried"
is "$(sql shop "SELECT string_agg(DISTINCT username, ',') FROM dynapi.user_rights r JOIN dynapi.users u ON u.id = user_id
	WHERE can_read AND table_name = 'public.none_can_role'")" 'admin,ann,anonymous,off' "the account's own state is not derived"
is "$(sql shop "SELECT string_agg(dynapi.allowed(id, 'public.none_can_role', 'read')::text, ',' ORDER BY id) FROM dynapi.users")" \
	'true,true,true,false,false' "but the answer knows it"
is "$(sql shop "SELECT count(*) FROM dynapi.rights(1)")" 1 "a superuser has one row"

# ---- check 5.10 (8), and the next request after each change
token=$kim
v=/api/v2/product
# next STATUS COMMAND... : after it, in both dialects
next() {
	local want=$1
	shift
	ctl "$home" "$@" >"$TMP/out" 2>&1 || diag "$(cat "$TMP/out")"
	ask GET "$v?per=1"
	is "$status" "$want" "v2 after $*"
	ask GET "/api/dyn/product/?limit=1"
	is "$status" "$want" "native after $*"
}
ctl "$home" role add first >/dev/null
ctl "$home" role add second >/dev/null
ctl "$home" group add staff >/dev/null
ask GET "$v?per=1"
is "$status" 403 "a user without a rule"
next 403 role give first kim
next 200 role can first product r
next 403 role cannot first product r
next 200 role can first product r
next 200 role cannot second product r
next 403 role give second kim
next 200 role can first product r
next 403 role cannot second product rd
next 403 grant kim product cr
next 200 role take second kim
next 200 group give staff second
next 403 group join staff kim
next 200 role clear second
next 403 role cannot second product r
next 200 group leave staff kim
next 403 group join staff kim
next 200 group take staff second
next 403 group give staff second
next 200 group delete staff
next 403 role give second kim
next 200 role delete second
next 200 revoke kim product
next 403 role cannot first product crudb
next 200 role can first product r
ask POST $v '{"product":{"name":"x"}}'
is "$status" 403 "what is not of the last rule stays as it was"
next 200 role can first product c
next 403 role delete first
token=''
next 401 role add visitors
next 401 role can visitors product r
next 200 role give visitors anonymous
next 401 role cannot visitors product r
next 401 role delete visitors
token=$kim
ask_same_pid
like "$(tail -n 1 "$home/log/dynapi")" 'dynapictl grant NAME public.product r .*grants NAME tells if a role denies' "the log knows what would help"

# ---- what stands in user_rights is what the sources say, whatever happens
sql shop "CREATE FUNCTION t.wrong() RETURNS SETOF text LANGUAGE sql AS \$\$
	WITH rule AS (SELECT DISTINCT ON (user_id, table_name, action) user_id, table_name, action, predicate
			FROM (SELECT user_id, role_id FROM dynapi.role_users UNION
				SELECT user_id, role_id FROM dynapi.user_groups NATURAL JOIN dynapi.group_roles) m
			NATURAL JOIN (SELECT role_id, id, predicate, table_name, unnest(ARRAY['c', 'r', 'u', 'd', 'b']) AS action,
				unnest(ARRAY[to_create, to_read, to_update, to_delete, to_bulk]) AS about FROM dynapi.permissions) p
			WHERE about ORDER BY user_id, table_name, action, id DESC),
		own AS (SELECT user_id, table_name, unnest(ARRAY['c', 'r', 'u', 'd', 'b']) AS action,
				unnest(ARRAY[can_create, can_read, can_update, can_delete, can_bulk]) AS flag FROM dynapi.user_roles),
		should AS (SELECT user_id, table_name, action FROM own WHERE flag UNION
				SELECT user_id, table_name, action FROM rule WHERE predicate = 'can'
					AND NOT EXISTS (SELECT FROM own o WHERE (o.user_id, o.table_name) = (rule.user_id, rule.table_name))
			EXCEPT SELECT user_id, table_name, action FROM rule WHERE predicate = 'cannot'),
		does AS (SELECT user_id, table_name, action FROM (SELECT user_id, table_name, unnest(ARRAY['c', 'r', 'u', 'd', 'b']) AS action,
				unnest(ARRAY[can_create, can_read, can_update, can_delete, can_bulk]) AS flag FROM dynapi.user_rights) r WHERE flag)
	(SELECT concat_ws(' ', 'lacks', s.*) FROM (TABLE should EXCEPT TABLE does) s)
	UNION ALL (SELECT concat_ws(' ', 'has', s.*) FROM (TABLE does EXCEPT TABLE should) s)
	UNION ALL SELECT 'empty ' || user_id FROM dynapi.user_rights
		WHERE NOT (can_create OR can_read OR can_update OR can_delete OR can_bulk) \$\$;
	CREATE FUNCTION t.flag() RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT random() < 0.4';
	CREATE FUNCTION t.some(n int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT (random() * (n - 1))::int + 1';"
is "$(sql shop 'SELECT t.wrong()')" "" "after all that"
sql shop "BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM dynapi.permissions; COMMIT"
like "$(sql shop 'SELECT t.wrong()')" 'has \(0,public.none_can_both,r\)' "what is wrong would be seen"
sql shop 'TRUNCATE dynapi.permissions'
is "$(sql shop 'SELECT t.wrong()')" "" "TRUNCATE derives all anew"
sql shop "DELETE FROM dynapi.roles; DELETE FROM dynapi.groups; DELETE FROM dynapi.users WHERE username IN ('ann', 'off')"
is "$(sql shop 'SELECT count(*) FROM dynapi.user_rights')" \
	"$(sql shop "SELECT count(*) FROM dynapi.user_roles WHERE can_read OR can_create")" "who is deleted leaves nothing"
# ids 11 to 16 in each table; a change that cannot be made is one that changes nothing
cat >"$TMP/change.sql" <<'EOS'
	SELECT setseed(:seed);
	DO $$
	DECLARE
		n int;
		what int;
		wrong text;
		text text;
	BEGIN
		FOR n IN 1..600 LOOP
			what := t.some(26);
			text := CASE what
			WHEN 1 THEN 'INSERT INTO dynapi.users (id, username) SELECT i, ''u'' || i FROM generate_series(11, 16) i ON CONFLICT DO NOTHING'
			WHEN 2 THEN 'INSERT INTO dynapi.roles (id, name) SELECT i, ''r'' || i FROM generate_series(11, 16) i ON CONFLICT DO NOTHING'
			WHEN 3 THEN 'INSERT INTO dynapi.groups (id, name) SELECT i, ''g'' || i FROM generate_series(11, 16) i ON CONFLICT DO NOTHING'
			WHEN 4 THEN 'INSERT INTO dynapi.role_users SELECT 10 + t.some(6), id FROM dynapi.users WHERE t.flag() ON CONFLICT DO NOTHING'
			WHEN 5 THEN 'INSERT INTO dynapi.user_groups SELECT id, 10 + t.some(6) FROM dynapi.users WHERE t.flag() ON CONFLICT DO NOTHING'
			WHEN 6 THEN 'INSERT INTO dynapi.group_roles SELECT 10 + t.some(6), 10 + t.some(6) FROM generate_series(1, t.some(3)) ON CONFLICT DO NOTHING'
			WHEN 7 THEN 'DELETE FROM dynapi.role_users WHERE t.flag()'
			WHEN 8 THEN 'DELETE FROM dynapi.user_groups WHERE t.flag()'
			WHEN 9 THEN 'DELETE FROM dynapi.group_roles WHERE t.flag()'
			WHEN 10 THEN 'DELETE FROM dynapi.permissions WHERE t.flag()'
			WHEN 11 THEN 'DELETE FROM dynapi.user_roles WHERE t.flag()'
			WHEN 12 THEN 'DELETE FROM dynapi.roles WHERE id = 10 + t.some(6)'
			WHEN 13 THEN 'DELETE FROM dynapi.groups WHERE id = 10 + t.some(6)'
			WHEN 14 THEN 'DELETE FROM dynapi.users WHERE id = 10 + t.some(6)'
			WHEN 15 THEN 'UPDATE dynapi.permissions SET role_id = 10 + t.some(6), table_name = ''public.t'' || t.some(3) WHERE t.flag()'
			WHEN 16 THEN 'UPDATE dynapi.permissions SET predicate = ''cannot'', to_read = t.flag(), to_create = true WHERE t.flag()'
			WHEN 17 THEN 'UPDATE dynapi.role_users SET user_id = 10 + t.some(6) WHERE role_id = 10 + t.some(6) AND user_id = 10 + t.some(6)'
			WHEN 18 THEN 'UPDATE dynapi.user_groups SET group_id = 10 + t.some(6) WHERE group_id = 10 + t.some(6) AND user_id = 10 + t.some(6)'
			WHEN 19 THEN 'UPDATE dynapi.group_roles SET role_id = 10 + t.some(6) WHERE role_id = 10 + t.some(6)'
			WHEN 20 THEN 'UPDATE dynapi.user_roles SET can_read = t.flag(), can_update = t.flag(), table_name = ''public.t'' || t.some(3) WHERE id % 7 = t.some(6)'
			WHEN 21 THEN 'WITH a AS (DELETE FROM dynapi.roles WHERE id = 10 + t.some(6)), b AS (DELETE FROM dynapi.groups WHERE id = 10 + t.some(6)),
				c AS (DELETE FROM dynapi.permissions WHERE id % 3 = 1)
				INSERT INTO dynapi.role_users SELECT 10 + t.some(6), id FROM dynapi.users ON CONFLICT DO NOTHING'
			WHEN 22 THEN 'WITH a AS (DELETE FROM dynapi.users WHERE id = 10 + t.some(6)), b AS (UPDATE dynapi.group_roles SET group_id = 10 + t.some(6) WHERE role_id = 10 + t.some(6))
				DELETE FROM dynapi.permissions WHERE id % 5 = 1'
			WHEN 23 THEN 'INSERT INTO dynapi.user_roles (user_id, table_name, can_read, can_create, can_bulk, role_id)
				SELECT id, ''public.t'' || t.some(3), t.flag(), t.flag(), t.flag(), 10 + t.some(6) FROM dynapi.users
				ON CONFLICT (user_id, table_name) DO UPDATE SET can_read = NOT excluded.can_read, can_delete = true'
			ELSE 'INSERT INTO dynapi.permissions (role_id, predicate, table_name, to_create, to_read, to_update, to_delete, to_bulk)
				SELECT 10 + t.some(6), CASE WHEN t.flag() THEN ''cannot'' ELSE ''can'' END, ''public.t'' || t.some(3),
					t.flag(), true, t.flag(), t.flag(), t.flag() FROM generate_series(1, t.some(3))'
			END;
			BEGIN
				EXECUTE text;
				UPDATE t.made SET n = made.n + 1 WHERE kind = what;
			EXCEPTION WHEN integrity_constraint_violation THEN
				NULL;
			END;
			UPDATE t.made SET n = made.n + (SELECT count(*) FROM dynapi.user_rights WHERE user_id > 10) WHERE kind = 0;
			wrong := (SELECT string_agg(w, E'\n') FROM t.wrong() w);
			IF wrong <> '' THEN
				RAISE EXCEPTION E'change %: %\n%', n, text, wrong;
			END IF;
		END LOOP;
	END $$
EOS
seed=${RANDOM_SEED:-0.$RANDOM}
sql shop 'CREATE TABLE t.made (kind int, n int); INSERT INTO t.made SELECT i, 0 FROM generate_series(0, 26) i'
out=$(psql -XAtq -v ON_ERROR_STOP=1 -v seed="$seed" -d shop -f "$TMP/change.sql" 2>&1)
is "$? $out" '0 ' "600 random changes, RANDOM_SEED=$seed"
is "$(sql shop 'SELECT string_agg(kind::text, $$ $$) FROM t.made WHERE n = 0')" "" "each kind was made, and there were rights"
is "$(sql shop "WITH reason AS (SELECT user_id, table_name, regexp_split_to_table(flags, '') AS action
		FROM dynapi.rights_reasons WHERE source <> 'cannot'),
	does AS (SELECT user_id, table_name, action FROM dynapi.user_rights, LATERAL (VALUES ('c', can_create), ('r', can_read), ('u', can_update),
		('d', can_delete), ('b', can_bulk)) a (action, flag) WHERE flag)
	SELECT * FROM ((TABLE reason EXCEPT TABLE does) UNION ALL (TABLE does EXCEPT TABLE reason)) w")" "" "grants has a reason for each of them"

# ---- two sessions at once: whoever comes second sees what the first did
is_waiting() {
	sql postgres "SELECT wait_event_type FROM pg_stat_activity" | grep -q '^Lock$'
}
# both FIRST SECOND WANT : the second begins while the first is not committed;
# what user 11 may do with public.race then
both() {
	local holder status
	sql shop "DELETE FROM dynapi.permissions; DELETE FROM dynapi.role_users; DELETE FROM dynapi.user_groups; DELETE FROM dynapi.group_roles;
		INSERT INTO dynapi.users (id, username) VALUES (11, 'u11') ON CONFLICT DO NOTHING;
		INSERT INTO dynapi.roles (id, name) VALUES (11, 'r11') ON CONFLICT DO NOTHING;
		INSERT INTO dynapi.groups (id, name) VALUES (11, 'g11') ON CONFLICT DO NOTHING; $before"
	rm -f "$TMP/holder" "$TMP/held"
	mkfifo "$TMP/holder"
	psql -XAtq -d shop <"$TMP/holder" >"$TMP/held" 2>&1 &
	holder=$!
	exec 9>"$TMP/holder"
	echo "BEGIN; $1; SELECT 'held';" >&9
	wait_for 10 grep -q held "$TMP/held" || fail "the first holds"
	psql -XAtq -v VERBOSITY=sqlstate -v ON_ERROR_STOP=1 -d shop -c "$2" >"$TMP/second" 2>&1 9>&- &
	second=$!
	wait_for 10 is_waiting || fail "the second waits"
	echo "${4-COMMIT};" >&9
	exec 9>&-
	wait "$holder"
	wait "$second"
	status=$?
	is "$status $(cat "$TMP/second")$(sql shop "SELECT dynapi.allowed(11, 'public.race', 'read')")" "$3" "${1:0:50} | ${2:0:50} ${4-}"
	is "$(sql shop 'SELECT t.wrong()')" "" "and nothing is wrong"
}
member='INSERT INTO dynapi.role_users VALUES (11, 11)'
rule="INSERT INTO dynapi.permissions (role_id, predicate, table_name, to_read) VALUES (11, 'can', 'public.race', true)"
deny="INSERT INTO dynapi.permissions (role_id, predicate, table_name, to_read) VALUES (11, 'cannot', 'public.race', true)"
before=''
both "$member" "$rule" '0 t'
both "$rule" "$member" '0 t'
both "$member" "$rule" '0 f' ROLLBACK
both "$rule" "$deny" '0 f'
both "$deny; $member" "$rule" '0 t'
both 'INSERT INTO dynapi.user_groups VALUES (11, 11)' 'INSERT INTO dynapi.group_roles VALUES (11, 11)' '0 f'
both "INSERT INTO dynapi.user_groups VALUES (11, 11); $rule" 'INSERT INTO dynapi.group_roles VALUES (11, 11)' '0 t'
both 'INSERT INTO dynapi.group_roles VALUES (11, 11)' "INSERT INTO dynapi.user_groups VALUES (11, 11); $rule" '0 t'
before="$rule;"
both 'DELETE FROM dynapi.permissions' "$member" '0 f'
both "$member" 'DELETE FROM dynapi.permissions' '0 f'
both "$member" "$deny" '0 f'
both 'DELETE FROM dynapi.roles WHERE id = 11' "$member" '1 ERROR:  23503f'
both 'DELETE FROM dynapi.users WHERE id = 11' "$member" '1 ERROR:  23503f'
both "$member" 'DELETE FROM dynapi.roles WHERE id = 11' '0 f'
both "$member" 'DELETE FROM dynapi.users WHERE id = 11' '0 f'
before="$rule; $member;"
both 'DELETE FROM dynapi.role_users' "$rule" '0 f'
both "$deny" 'DELETE FROM dynapi.role_users' '0 f'
both 'DELETE FROM dynapi.role_users' "DELETE FROM dynapi.permissions; $member" '0 f'
# who has looked before the other was done cannot derive from what he saw
before="$rule;"
for level in 'REPEATABLE READ' SERIALIZABLE; do
	both 'DELETE FROM dynapi.permissions' "BEGIN ISOLATION LEVEL $level; SELECT FROM dynapi.roles; $member; COMMIT" '1 ERROR:  40001f'
	both "$member" "BEGIN ISOLATION LEVEL $level; SELECT FROM dynapi.roles; $deny; COMMIT" '1 ERROR:  40001t'
done
# numbers of rules follow the order of commits, for they are given behind the lock
before=''
both "INSERT INTO dynapi.user_groups VALUES (11, 11); INSERT INTO dynapi.group_roles VALUES (11, 11); $deny" "$rule" '0 t'

# ---- rights there were before there were rules
sql postgres 'CREATE DATABASE old'
for file in "$DYNAPI_SRCDIR"/sql/00[1-5]*.sql; do
	PGOPTIONS='-c client_min_messages=error' pg_load old "$file"
done
sql old "INSERT INTO dynapi.users (username) VALUES ('ann'), ('bob');
	INSERT INTO dynapi.roles (name) VALUES ('label');
	INSERT INTO dynapi.user_roles (user_id, table_name, can_read, can_bulk, role_id)
		VALUES (0, 'public.film', true, false, NULL), (1, 'public.film', true, true, 1), (2, 'public.film', false, false, NULL), (2, 'public.gone', false, true, NULL)"
api_conf "$home" old || bail_out "no configuration"
like "$(ctl "$home" init 2>&1)" '006-rules.sql applied' "a database of version 5"
is "$(sql old "SELECT user_id, table_name, can_read, can_bulk FROM dynapi.user_rights ORDER BY 1, 2")" "0|public.film|t|f
1|public.film|t|t
2|public.gone|f|t" "has its rights derived"
sql old "UPDATE dynapi.roles SET description = 'x'"
is "$(sql old "SELECT lock_version, updated_at > created_at FROM dynapi.roles")" '1|t' "a role counts its changes"

# ---- 10,000 users with 100 rights each
api_conf "$home" shop
sql shop "DELETE FROM dynapi.users WHERE id > 10; ALTER TABLE dynapi.users ALTER id RESTART WITH 1000"
began=$(date +%s%N)
sql shop "INSERT INTO dynapi.users (username) SELECT 'many ' || i FROM generate_series(1, 10000) i;
	INSERT INTO dynapi.roles (id, name) VALUES (101, 'crowd'), (102, 'wall');
	INSERT INTO dynapi.role_users SELECT 101, id FROM dynapi.users;
	INSERT INTO dynapi.permissions (role_id, predicate, table_name, to_read) SELECT 101, 'can', 'public.many' || i, true FROM generate_series(1, 100) i"
diag "100 rules for a role of 10,000: $((($(date +%s%N) - began) / 1000000)) ms"
sql shop "ANALYZE dynapi.user_rights, dynapi.role_users, dynapi.permissions"
is "$(sql shop "SELECT count(*) >= 1000000 FROM dynapi.user_rights")" t "each of them has his rights"
# took MOST_MS WHAT SQL
took() {
	local began ms
	began=$(date +%s%N)
	sql shop "$3"
	ms=$((($(date +%s%N) - began) / 1000000))
	diag "$2: $ms ms"
	ok "$2 takes no $1 ms" test "$ms" -lt "$1"
}
took 5000 "one more rule" "INSERT INTO dynapi.permissions (role_id, predicate, table_name, to_read) VALUES (101, 'can', 'public.product', true)"
took 5000 "one more member" "INSERT INTO dynapi.role_users SELECT 102, id FROM dynapi.users WHERE username = 'kim'"
took 5000 "a right of his own" "INSERT INTO dynapi.user_roles (user_id, table_name, can_create) SELECT id, 'public.customer', true FROM dynapi.users WHERE username = 'kim'"
took 5000 "who leaves" "DELETE FROM dynapi.role_users WHERE role_id = 101 AND user_id = (SELECT id FROM dynapi.users WHERE username = 'many 7')"
is "$(sql shop "SELECT count(*) FROM dynapi.user_rights WHERE user_id = (SELECT id FROM dynapi.users WHERE username = 'many 7')")" 0 "has no rights left"
sql shop "ALTER ROLE dynapi_responder SET session_preload_libraries = 'auto_explain';
	ALTER ROLE dynapi_responder SET auto_explain.log_min_duration = 0;
	ALTER ROLE dynapi_responder SET auto_explain.log_analyze = on;
	ALTER ROLE dynapi_responder SET auto_explain.log_timing = off;
	ALTER ROLE dynapi_responder SET auto_explain.log_buffers = on"
ask_conf shop
is_logged() {
	plan=$(awk '/ plan:$/ { keep = 0 } /^\tQuery Text: select coalesce/ { keep = 1; text = "" }
		/^\t/ && keep { text = text $0 "\n" } END { printf "%s", text }' "$home/log/postgresql")
	[ -n "$plan" ]
}
# custom plans first, then the generic one
for _ in 1 2 3 4 5 6 7 8; do
	ask GET /api/dyn/product/1
	[ "$status" = 200 ] || fail "$status $body"
done
wait_for 5 is_logged
like "$plan" 'Index Scan using user_rights_pkey on user_rights' "the guard looks up one key"
is "$(grep -c 'Scan' <<<"$plan") $(grep -c 'Seq Scan' <<<"$plan")" '2 0' "and the session, and nothing else"
unlike "$plan" 'permissions|role_users|members|user_groups' "no rule is read"
buffers=$(awk '/^\t[^ ]/ { top = 1 } top && /Buffers: / { split($0, w, " ")
	for (i in w) if (w[i] ~ /^(hit|read)=/) { sub(/.*=/, "", w[i]); sum += w[i] }
	top = 0 } END { print sum + 0 }' <<<"$plan")
diag "$plan"
ok "$buffers pages of it are touched" test "$buffers" -le 12
ask_same_pid
done_testing
