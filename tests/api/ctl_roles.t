# dynapictl with roles, groups and rules, and what grants tells of them.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"

home=$TMP/home
api_home "$home" shop || bail_out "no API"
for name in bea kim 'zoë'; do
	printf 'secret-of-%s\n' "$name" |
		ctl "$home" user add "$name" --password-stdin >/dev/null || bail_out "no users"
done

# run STATUS WANT ARGUMENT... : what it says, and then what it complains of
run() {
	local status
	ctl "$home" "${@:3}" >"$TMP/out" 2>"$TMP/err"
	status=$?
	is "$status $(cat "$TMP/out" "$TMP/err")" "$1 $2" "${*:3}"
}
# some STATUS REGEX ARGUMENT... : they have a line like that
some() {
	local out status name
	out=$(ctl "$home" "${@:3}" 2>&1)
	status=$?
	printf -v name '%q ' "${@:3}"
	is "$status" "$1" "${name:0:60}: status"
	like "$out" "$2" "${name:0:60}: says so"
}

# ---- roles
run 0 'role "clerk" added, id 1' role add clerk --description 'order desk'
run 1 'dynapictl: there is a role "clerk" already' role add clerk
run 0 'role "a ""b"", c" added, id 3' role add 'a ""b"", c'
for name in '' ' x' $'x\ny' $'\xff' "$(printf '%0151d' 0)"; do
	some 1 '[Aa] name ' role add "$name"
done
some 2 usage role add
some 2 'no command "role"' role
some 2 'role add has no --json' role add x --json
run 0 '[{"id":3,"name":"a \"\"b\"\", c","description":"","rules":0,"users":0,"groups":0},{"id":1,"name":"clerk","description":"order desk","rules":0,"users":0,"groups":0}]' \
	role list --json
run 0 '[]' role list clerk --json
for command in 'role list nobody' 'role can nobody order r' 'role cannot nobody order r' 'role clear nobody' \
	'role give nobody bea' 'role take nobody bea' 'role delete nobody'; do
	# shellcheck disable=SC2086
	run 1 'dynapictl: there is no role "nobody": "dynapictl role list" shows them, "dynapictl role add" makes one' $command
done

# ---- rules
run 0 'clerk  can  public.customer  cr---
clerk  can  public.order  cr---' role can clerk order,public.customer,order rc
run 0 'clerk  cannot  public.order  ---d-' role cannot clerk order d
some 1 'no exposed table "ordre"; is it order' role can clerk order,ordre r
for flags in '' x 'r w' R; do
	some 2 'FLAGS are letters of crudb' role can clerk order "$flags"
	some 2 'FLAGS are letters of crudb' role cannot clerk order "$flags"
done
some 2 usage role can clerk order
run 0 'id  rule    table            flags
1   can     public.customer  cr---
2   can     public.order     cr---
3   cannot  public.order     ---d-' role list clerk
run 0 'clerk  cannot  public.order  cr---' role cannot clerk order cr
run 0 'id  rule    table            flags
1   can     public.customer  cr---
3   cannot  public.order     ---d-
4   cannot  public.order     cr---' role list clerk
run 0 'clerk  can  public.order  crud-' role can clerk order crud
run 0 '[{"id":1,"rule":"can","table":"public.customer","flags":"cr---"},{"id":5,"rule":"can","table":"public.order","flags":"crud-"}]' \
	role list clerk --json
ctl "$home" role add all >/dev/null
some 0 'all  can  public.customer  -r---' role can all '*' r
is "$(sql shop "SELECT count(*) FROM dynapi.permissions p JOIN dynapi.roles r ON r.id = role_id WHERE name = 'all'")" \
	"$(ctl "$home" routes --json | grep -o '"path"' | grep -c .)" "'*' is every exposed table"
run 1 'dynapictl: role "clerk" has no rules for "gone"
dynapictl: role "clerk" has no rules for ""
dynapictl: not everything was there' role clear clerk gone,
run 0 'clerk  public.customer  cleared' role clear clerk customer
run 1 'clerk  public.order  cleared
dynapictl: role "clerk" has no rules for "customer"
dynapictl: not everything was there' role clear clerk customer,public.order
some 0 'all  public.order  cleared' role clear all
run 1 'dynapictl: role "all" has no rules for "*"
dynapictl: not everything was there' role clear all

# ---- who has it
run 0 'clerk  bea  given
clerk  zoë  given' role give clerk 'zoë, bea'
run 0 'clerk  bea  has it
clerk  kim  given' role give clerk bea,kim,kim
run 1 'dynapictl: there is no user "nobody"' role give clerk kim,nobody
run 1 'dynapictl: there is no user ""' role take clerk kim,
run 0 'clerk  kim  taken' role take clerk kim
run 1 'clerk  bea  taken
clerk  kim  did not have it
dynapictl: not everything was there' role take clerk kim,bea
is "$(sql shop 'SELECT count(*) FROM dynapi.role_users')" 1 "the others still have it"

# ---- groups
run 0 'group "staff" added, id 1' group add staff --description 'all of us'
run 1 'dynapictl: there is a group "staff" already' group add staff
some 1 '[Aa] name ' group add ' x'
for command in 'group join nobody bea' 'group leave nobody bea' 'group give nobody clerk' 'group take nobody clerk' 'group delete nobody'; do
	# shellcheck disable=SC2086
	run 1 'dynapictl: there is no group "nobody": "dynapictl group list" shows them, "dynapictl group add" makes one' $command
done
run 0 'staff  bea  joined
staff  kim  joined' group join staff bea,kim
run 0 'staff  bea  is in it' group join staff bea
run 1 'dynapictl: there is no user "nobody"' group join staff nobody
run 0 'staff  bea  left' group leave staff bea
run 1 'staff  bea  was not in it
dynapictl: not everything was there' group leave staff bea
run 0 'staff  clerk  given' group give staff clerk
run 0 'staff  clerk  has it' group give staff clerk
run 0 'staff  a ""b"", c  given' group give staff 'a ""b"", c'
some 1 'there is no role "nobody"' group give staff nobody
run 0 '[{"id":1,"name":"staff","description":"all of us","users":1,"roles":["a \"\"b\"\", c","clerk"]}]' group list --json
run 0 'id  name   description  users  roles
1   staff  all of us    1      ["a \"\"b\"\", c","clerk"]' group list
run 0 'staff  a ""b"", c  taken' group take staff 'a ""b"", c'
run 1 'staff  a ""b"", c  did not have it
dynapictl: not everything was there' group take staff 'a ""b"", c'
some 0 'clerk +order desk +0 +2 +1$' role list

# ---- where rights come from: zoë has the role, kim is in the group
ctl "$home" role can clerk order,product r >/dev/null
ctl "$home" role add intern >/dev/null
ctl "$home" role cannot intern order,customer ud >/dev/null
ctl "$home" role give intern kim >/dev/null
run 0 'user  table            flags  from
kim   public.customer  -----  not ud by role intern
kim   public.order     -r---  r by role clerk of group staff; not ud by role intern
kim   public.product   -r---  r by role clerk of group staff' grants kim
run 0 'kim  public.order  crud-
dynapictl: public.order: role "intern" denies ud to "kim"; a later "role can", "role clear" or "role take" changes that' \
	grant kim order crud
run 0 'kim  public.product  --u--' grant kim product u
run 0 'user  table            flags  from
kim   public.customer  -----  not ud by role intern
kim   public.order     cr---  cr own; not ud by role intern
kim   public.product   --u--  u own' grants kim
run 0 '[{"user":"kim","table":"public.customer","flags":"-----","from":[{"flags":"ud","source":"cannot","role":"intern","group":null}]},{"user":"kim","table":"public.order","flags":"cr---","from":[{"flags":"cr","source":"own","role":null,"group":null},{"flags":"ud","source":"cannot","role":"intern","group":null}]},{"user":"kim","table":"public.product","flags":"--u--","from":[{"flags":"u","source":"own","role":null,"group":null}]}]' \
	grants kim --json
run 0 'clerk  can  public.order  --u--' role can clerk order u
some 0 'kim +public.order +cru-- +cru own; not d by role intern' grants kim
some 0 'zoë +public.order +-ru-- +ru by role clerk([^ ]|$)' grants
some 0 'admin +\* +crudb +crudb superuser' grants
ctl "$home" group join staff zoë >/dev/null
some 0 'zoë +public.order +-ru-- +ru by role clerk([^ ]|$)' grants zoë
ctl "$home" role take clerk zoë >/dev/null
some 0 'zoë +public.order +-ru-- +ru by role clerk of group staff([^ ]|$)' grants zoë
ctl "$home" user disable zoë >/dev/null
run 0 '[]' grants zoë --json
some 0 'right: kim may NOT delete public.order' explain 'DELETE /api/dyn/order/1' --user kim
some 0 'right: kim may update public.order' explain 'PATCH /api/dyn/order/1 {"status": "paid"}' --user kim

# ---- tables that are gone
sql shop "CREATE TABLE brief (id int PRIMARY KEY)"
introspect "$home" >/dev/null
ctl "$home" role can clerk brief ru >/dev/null
ctl "$home" role cannot intern brief d >/dev/null
ctl "$home" grant bea brief r >/dev/null
run 0 '[]' grants --orphans --json
sql shop "DROP TABLE brief"
introspect "$home" >/dev/null
run 0 'user  table         flags  from
bea   public.brief  -r---  r own
-     public.brief  -ru--  ru by role clerk
-     public.brief  ---d-  not d by role intern' grants --orphans
run 0 '[{"user":null,"table":"public.brief","flags":"-ru--","from":[{"flags":"ru","source":"can","role":"clerk","group":null}]},{"user":null,"table":"public.brief","flags":"---d-","from":[{"flags":"d","source":"cannot","role":"intern","group":null}]}]' \
	grants kim --orphans --json
run 0 'user  table         flags  from
bea   public.brief  -r---  r own' grants bea --orphans
run 0 'clerk  public.brief  cleared' role clear clerk brief

# ---- the end of them
run 0 'group "staff" deleted' group delete staff
run 0 'role "intern" deleted' role delete intern
run 0 'user  table           flags  from
kim   public.order    crud-  crud own
kim   public.product  --u--  u own' grants kim
ctl "$home" role delete clerk >/dev/null
is "$(sql shop 'SELECT count(*) FROM dynapi.permissions, dynapi.roles WHERE name = $$clerk$$')" 0 "nothing of it is left"
done_testing
