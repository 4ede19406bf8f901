# dynapictl against a real database: init, accounts, rights, tokens, explain,
# checkconf.  Nothing here needs a responder.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"

home=$TMP/home
DYNAPI_SQLDIR=$DYNAPI_SRCDIR/sql
export DYNAPI_SQLDIR
pg_home "$home" && api_programs "$home" && api_conf "$home" shop ||
	bail_out "no database"

# run NAME STATUS ARGUMENT... : output is in $out, both streams
run() {
	local name=$1 want=$2 status
	shift 2
	out=$(ctl "$home" "$@" 2>&1)
	status=$?
	is "$status" "$want" "$name: status"
	[ "$status" = "$want" ] || diag "$out"
}

# run_in NAME STATUS INPUT ARGUMENT... : the same with standard input
run_in() {
	local name=$1 want=$2 input=$3 status
	shift 3
	out=$(printf %s "$input" | ctl "$home" "$@" 2>&1)
	status=$?
	is "$status" "$want" "$name: status"
	[ "$status" = "$want" ] || diag "$out"
}

## ---- usage

run "no command" 2
run "unknown command" 2 frobnicate
like "$out" 'no command "frobnicate"' "it is named"
run "half a command" 2 user
run "unknown option" 2 routes --frob
run "option without its argument" 2 token admin --ttl
run "too few arguments" 2 grant anonymous
like "$out" 'usage: .* grant USER TABLE' "the usage is shown"
run "too many arguments" 2 routes film
run "--json where it does not list" 2 checkconf --json
run "--help" 0 --help
for word in init 'user add' grant revoke grants 'role can' 'group join' token routes reload checkconf \
	conf explain; do
	like "$out" "  $word " "the help has $word"
	# shellcheck disable=SC2086
	like "$(ctl "$home" $word --help)" "usage: .* $word" "$word --help"
done
like "$(ctl "$home" -V)" 'dynapictl [0-9.]+ \(dynapi schema [0-9]+' "-V"
out=$(as "$home/bin/dynapictl" -c "$TMP/nothing" conf 2>&1)
like "$out" "$TMP/nothing" "a missing file is named"

## ---- init

run "before init" 1 user list
like "$out" 'has none.*dynapictl init' "it says what to do"

ctl "$home" init --print >"$TMP/init.sql"
is $? 0 "init --print"
is "$(sql shop "select count(*) from pg_namespace where nspname = 'dynapi'")" \
	0 "which touches nothing"
is "$(sql shop "select count(*) from pg_roles where rolname = 'dynapi_responder'")" \
	0 "not even the roles"

run "init" 0 init
like "$out" '001-accounts.sql applied' "the migration is named"
like "$out" 'role "dynapi_responder" created' "the role is created"
is "$(sql shop 'select version from dynapi.meta')" \
	"$(sed -n 's/^#define DYNAPI_SCHEMA_VERSION *//p' \
		"$DYNAPI_SRCDIR/src/base/version.h")" "the version is ours"
run "init again" 0 init
unlike "$out" 'applied|created' "it changes nothing"
is "$(sql shop "select string_agg(distinct p, ',') from (
	select has_table_privilege('dynapi_responder', c.oid, 'select, insert')::text p
	from pg_class c where c.relnamespace = 'public'::regnamespace
	and c.relkind = 'r') x")" true "the responders may use the tables"
is "$(sql shop "select has_column_privilege('dynapi_responder',
	'dynapi.users', 'password', 'select')")" f "but not read hashes"
sql shop 'create table later (id int primary key)'
is "$(sql shop "select has_table_privilege('dynapi_responder', 'later', 'select')")" \
	t "a table created later is theirs, too"

ours=$(sql shop 'select version from dynapi.meta')
sql shop 'update dynapi.meta set version = 999'
run "a newer database" 1 init
like "$out" 'version 999 .* knows [0-9]+' "both versions are named"
run "and for any command" 1 user list
sql shop "update dynapi.meta set version = $ours"

# the DBA's way, with an owner who is no superuser, twice
sql postgres 'create database dba'
pg_load dba "$DYNAPI_SRCDIR/share/demo.sql"
api_conf "$home" dba \
	"conninfo = host=$home/run dbname=dba user='odd \"role\\'s name'" \
	"admin_conninfo = host=$home/run dbname=dba user=dynapi_owner"
ctl "$home" init --print >"$TMP/dba.sql"
pg_load dba "$TMP/dba.sql"
is $? 0 "psql runs the printed SQL"
PGOPTIONS='-c client_min_messages=error' pg_load dba "$TMP/dba.sql"
is $? 0 "and runs it again"
is "$(sql dba "select nspowner::regrole from pg_namespace where nspname = 'dynapi'")" \
	dynapi_owner "the schema belongs to the role of admin_conninfo"
run "its owner runs init" 0 init
unlike "$out" 'event trigger' "the trigger is there"
run "its owner adds a user" 0 user list
api_conf "$home" dba "conninfo = host=$home/run dbname=dba user=nobody_yet" \
	"admin_conninfo = host=$home/run dbname=dba user=dynapi_owner"
run "a role that may not be created" 1 init
like "$out" 'init --print' "the way out is named"
api_conf "$home" dba "conninfo = host=$home/run dbname=dba user=dynapi_dba"
run "one role for both" 1 init
like "$out" 'same role' "is refused"
api_conf "$home" dba "conninfo = host=$home/run dbname=dba"
run "conninfo without user" 1 init
like "$out" 'names no user' "is refused"
api_conf "$home" dba "schemas = public, nowhere"
run "a schema that is not there" 1 init
like "$out" 'no schema "nowhere"' "is named"

# three at once
sql postgres 'create database race'
api_conf "$home" race
for i in 1 2 3; do
	ctl "$home" init >"$TMP/race.$i" 2>&1 &
done
wait %1 && wait %2 && wait %3
is $? 0 "three at once all succeed"
is "$(cat "$TMP"/race.? | grep -c applied)" "$(find "$DYNAPI_SQLDIR" -name '[0-9]*.sql' | wc -l)" \
	"each migration is made by one of them"

api_conf "$home" shop
introspect "$home" >/dev/null || bail_out "no snapshot"

## ---- accounts

run_in "user add" 0 "secret-of-admin" user add admin --superuser --password-stdin
run_in "a name twice" 1 "another-secret" user add admin --password-stdin
like "$out" 'already' "is refused"
run_in "user add --staff" 0 $'bea-secret-7\nrest' \
	user add bea --email bea@example.org --staff --password-stdin
for weak in short 1234567890123 ''; do
	run_in "password '$weak'" 1 "$weak" user add bea2 --password-stdin
done
run_in "a password like the name" 1 "walter-1" user add walter-1 --password-stdin
run_in "bytes that are no UTF-8" 1 $'\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7' \
	user add bea2 --password-stdin
run_in "1,025 bytes" 1 "$(printf '%01025d' 0 | tr 0 x)" \
	user add bea2 --password-stdin
for name in '' ' bea' $'be\na' "$(printf '%0151d' 0)"; do
	run_in "name $(printf %q "${name:0:9}")" 1 "fine-password" \
		user add "$name" --password-stdin
done
run_in "no address" 1 "fine-password" user add bea2 --email x --password-stdin
is "$(sql shop 'select count(*) from dynapi.users')" 3 "nobody else was added"
is "$(sql shop "select left(password, 31) from dynapi.users where username = 'bea'")" \
	'$argon2id$v=19$m=19456,t=2,p=1$' "the hash is Argon2id"

run "user list" 0 user list
like "$out" 'bea +bea@example.org +yes +yes +no' "shows people"
run "user list --json" 0 user list --json
like "$out" '"username":"bea","email":"bea@example.org","active":true,"staff":true,"superuser":false,"sessions":0' \
	"and programs"
unlike "$out" 'argon2' "no hash is shown"

run "token" 0 token bea
like "$out" '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$' \
	"nothing but a token is printed"
is "$(sql shop "select count(*) from dynapi.session s join dynapi.users u
	on u.id = s.user_id where u.username = 'bea' and s.revoked is null
	and s.expires between now() + '14 min' and now() + '16 min'")" 1 \
	"its session ends with it"
run "token --ttl" 0 token bea --ttl 2h
is "$(sql shop "select count(*) from dynapi.session
	where expires > now() + '119 min'")" 1 "--ttl counts"
for ttl in 0 -1 1y 1000d ''; do
	run "--ttl '$ttl'" 2 token bea --ttl "$ttl"
done
run "a token for nobody" 1 token zoe
run "a token for anonymous" 1 token anonymous

run_in "user passwd" 0 "another-secret-7" user passwd bea --password-stdin
is "$(sql shop 'select count(*) from dynapi.session where revoked is null')" \
	0 "ends the sessions"
run_in "user passwd for nobody" 1 "another-secret-7" user passwd zoe --password-stdin
run_in "user passwd for anonymous" 1 "another-secret-7" \
	user passwd anonymous --password-stdin

run "another session" 0 token bea
run "user disable" 0 user disable bea
is "$(sql shop 'select count(*) from dynapi.session where revoked is null')" \
	0 "ends the sessions"
run "a token for the disabled" 1 token bea
run "user enable" 0 user enable bea
run "user enable for nobody" 1 user enable zoe
run "the last superuser is not disabled" 1 user disable admin
like "$out" 'last active superuser' "and it says why"
run "nor deleted" 1 user delete admin
run_in "with a second one" 0 "second-secret" \
	user add second --superuser --password-stdin
# two administrators remove each other at the same moment
for i in admin second; do
	ctl "$home" user disable $i >"$TMP/last.$i" 2>&1 &
done
wait
is "$(sql shop 'select count(*) from dynapi.users where is_superuser and is_active')" \
	1 "one stays"
run "enabled again" 0 user enable admin
run "the other" 0 user enable second
run "user delete" 0 user delete second
run "user delete for nobody" 1 user delete second
run "anonymous is not deleted" 1 user delete anonymous
run "anonymous can be disabled" 0 user disable anonymous
run "and enabled" 0 user enable anonymous

# the prompt: twice, without echo
prompted() {
	local prompt pid
	coproc TTY { script -qec "$1" /dev/null; }
	pid=$TTY_PID
	for _ in 1 2; do
		while IFS= read -r -n 1 -u "${TTY[0]}" c; do
			prompt+=$c
			[[ $prompt != *": " ]] || break
		done
		prompt=
		echo "$2" >&"${TTY[1]}"
		shift
	done
	cat <&"${TTY[0]}"
	wait "$pid"
}
cat >"$TMP/passwd" <<-EOF
	#!/bin/bash
	. "$DYNAPI_SRCDIR/tests/lib/proc.sh"
	. "$DYNAPI_SRCDIR/tests/lib/api.sh"
	ctl "$home" user passwd bea
EOF
chmod 755 "$TMP/passwd"
out=$(prompted "bash $TMP/passwd" typed-secret-1 typed-secret-1)
like "$out" 'password of "bea" changed' "the prompt takes a password"
unlike "$out" 'typed-secret' "which is not echoed"
out=$(prompted "bash $TMP/passwd" typed-secret-1 typed-secret-2)
like "$out" 'differ' "two that differ are refused"

## ---- rights

run "grant" 0 grant bea order,public.customer r
run "grant adds" 0 grant bea order cu
like "$out" 'bea  public.order  cru--' "and shows what is the case"
run "grant '*'" 0 grant anonymous '*' r
is "$(sql shop "select count(*) from dynapi.user_roles where user_id = 0")" \
	"$(ctl "$home" routes --json | grep -o '"path"' | grep -c .)" \
	"'*' is every exposed table"
run "an unknown table" 1 grant bea order,ordre r
like "$out" 'no exposed table "ordre"; is it order' "near names are named"
run "an unknown user" 1 grant zoe order r
for flags in '' x 'r w' R; do
	run "flags '$flags'" 2 grant bea order "$flags"
done
run "grants" 0 grants
like "$out" 'admin +\* +crudb' "a superuser has all"
like "$out" 'bea +public.order +cru--' "others what was granted"
run "grants USER --json" 0 grants bea --json
is "$out" '[{"user":"bea","table":"public.customer","flags":"-r---","from":[{"flags":"r","source":"own","role":null,"group":null}]},{"user":"bea","table":"public.order","flags":"cru--","from":[{"flags":"cru","source":"own","role":null,"group":null}]}]' \
	"one user's, for programs"
run "grants for nobody" 1 grants zoe
run "no orphans" 0 grants --orphans --json
is "$out" '[]' "there is none"
sql shop "insert into dynapi.user_roles (user_id, table_name, can_read)
	select id, 'public.gone', true from dynapi.users where username = 'bea'"
run "grants --orphans" 0 grants --orphans --json
is "$out" '[{"user":"bea","table":"public.gone","flags":"-r---","from":[{"flags":"r","source":"own","role":null,"group":null}]}]' \
	"shows rights on vanished tables"
run "revoke them" 0 revoke bea gone
run "revoke" 0 revoke bea order
run "what is not there" 1 revoke bea order,customer
is "$(sql shop "select count(*) from dynapi.user_roles where user_id > 0")" 0 \
	"the rest is revoked all the same"
run "revoke '*'" 0 revoke anonymous '*'
is "$(sql shop 'select count(*) from dynapi.user_roles')" 0 "nothing is left"

## ---- looking

run "routes" 0 routes
like "$out" '/api/dyn/order_item/ +public.order_item +table +order_id,line' \
	"path, table, kind, key"
run "explain" 0 explain 'GET /api/dyn/order/?customer_id=1&page=2' --user bea
like "$out" 'right: bea may NOT read' "the right"
like "$out" 'eq customer_id "1"' "the tree"
like "$out" 'from "public"."order" t where t."customer_id" = \$1' "the SQL"
like "$out" '\$1 = "1"' "the arguments"
run "a grant" 0 grant bea order r
run "explain again" 0 explain 'GET /api/dyn/order/7' --user bea
like "$out" 'right: bea may read' "the evaluator is asked"
like "$out" 'eq id "7"' "the key is in the tree"
before=$(sql shop "select count(*), max(id) from public.order")
run "explain an insert" 0 explain \
	'POST /api/dyn/order/ {"customer_id": 1}' --user admin
like "$out" 'insert into "public"."order"' "shows it"
run "explain a delete" 0 explain 'DELETE /api/dyn/order/1' --user admin
is "$(sql shop "select count(*), max(id) from public.order")" "$before" \
	"and does nothing"
run "explain a keyset page" 0 explain 'GET /api/dyn/order/?cursor=&limit=2' \
	--user bea
like "$out" 'an index gives the order' "of the key costs the same everywhere"
run "explain another" 0 explain \
	'GET /api/dyn/order/?ordering=customer_id&cursor=&limit=2' --user bea
like "$out" 'no index gives the order.*Sort Key' "and else it is said"
run "a bad value" 1 explain 'GET /api/dyn/order/?customer_id=x'
like "$out" 'customer_id: ' "names the field"
run "an unknown table" 1 explain 'GET /api/dyn/ordre/'
like "$out" 'is it order' "names the near one"
run "another root" 1 explain 'GET /elsewhere'
run "no path" 2 explain GET
run "a user who is not there" 1 explain 'GET /api/dyn/order/' --user zoe

sql shop 'create table newest (id int primary key)'
run "reload" 0 reload
like "$out" 'newest' "introspects"
run "routes" 0 routes
like "$out" '/api/dyn/newest/' "the new table is there"
rm "$home/snapshot/schema.sqlite"
run "no snapshot" 1 routes
like "$out" 'dynapi-introspect' "says what writes it"
run "reload again" 0 reload
# shellcheck disable=SC2154 # svc is proc.sh's
if [ "$(id -u)" -eq 0 ]; then
	"$home/bin/dynapictl" -c "$home/dynapi.conf" reload >"$TMP/out" 2>&1
	is $? 0 "reload as root"
	is "$(stat -c %U "$home/snapshot/schema.sqlite")" "$svc" \
		"leaves the snapshot to the responders' user"
fi

## ---- configuration

run "conf" 0 conf
like "$out" 'page_size = 25' "shows defaults"
api_conf "$home" shop "page_size = 50" \
	"conninfo = host=$home/run dbname=shop user=dynapi_responder password=planted-secret"
run "conf -n" 0 conf -n
like "$out" 'page_size = 50' "shows what differs"
unlike "$out" 'max_page_size|planted-secret' "nothing else, and no password"
unlike "$(ctl "$home" conf)" 'planted-secret' "conf hides it too"

api_conf "$home" shop
run "checkconf" 0 checkconf
like "$out" ': good$' "finds nothing"
api_conf "$home" shop "page_sise = 50" "strict = maybe"
run "mistakes" 1 checkconf
like "$out" "dynapi.conf:[0-9]+: there is no parameter \"page_sise\"; is it page_size" \
	"the first"
like "$out" "dynapi.conf:[0-9]+: strict must be yes or no" "and the second"
run "they stop every command" 1 routes
api_conf "$home" shop
for mode in 644 660 602; do
	chmod $mode "$home/dynapi.conf"
	run "mode $mode of the configuration" 1 checkconf
done
chmod 640 "$home/dynapi.conf"
run "admin_conninfo that the group can read" 1 user list
like "$out" '0600.*admin_conninfo_file' "is refused"
chmod 600 "$home/dynapi.conf"
chmod 644 "$home/jwt.key"
run "mode 644 of the key" 1 checkconf
like "$out" 'jwt_key_file' "is found"
chmod 600 "$home/jwt.key"
chmod 644 "$home/snapshot/schema.sqlite"
run "mode 644 of the snapshot" 1 checkconf
chmod 640 "$home/snapshot/schema.sqlite"

# checks ROLE : what checkconf says about this role
checks() {
	api_conf "$home" shop "conninfo = host=$home/run dbname=shop user=$1"
	run "role $1" 1 checkconf
}
checks dynapi_dba
like "$out" 'is a superuser' "a superuser is found"
sql shop "create role too_much login bypassrls;
	grant pg_read_all_data, pg_execute_server_program to too_much;
	grant usage on schema dynapi to too_much;
	grant select on dynapi.meta to too_much;
	create table owned (id int primary key);
	alter table owned owner to too_much"
checks too_much
like "$out" 'BYPASSRLS' "BYPASSRLS"
like "$out" 'member of pg_execute_server_program, pg_read_all_data' "membership"
like "$out" 'owns exposed tables: public.owned' "ownership"
checks no_such_role
like "$out" 'no_such_role' "a role that cannot connect"
run "all of that together" 1 checkconf

done_testing
