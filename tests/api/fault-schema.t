# The schema changes under a snapshot in use: until dynapi-introspect has run,
# a request that meets the change is told so (503 snapshot_stale), never 500,
# and no column's value is ever given out or taken under another's name; after
# it everything is right without a restart.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
. "$DYNAPI_SRCDIR/tests/lib/fault.sh"

fault_home change "
	CREATE TABLE pair (id int PRIMARY KEY, n int NOT NULL, t text NOT NULL);
	INSERT INTO pair SELECT i, i, 't' || i FROM generate_series(1, 50) i;
	CREATE TABLE twin (id int PRIMARY KEY, a text, b text);
	INSERT INTO twin SELECT i, 'a' || i, 'b' || i FROM generate_series(1, 50) i;
	CREATE TABLE spare (id int PRIMARY KEY, a text);
	INSERT INTO spare SELECT i, 'spare' FROM generate_series(1, 50) i"
fault_web 4
pids=$(responders)

# ------------------------------------------------------------- the load

# load NAME PATH : bodies are $TMP/NAME/1, 2, 3 …, in the order of asking
load() {
	local n
	mkdir "$TMP/$1"
	for n in $(seq 8000); do
		printf 'url = "%s/api/dyn/%s"\noutput = "%s/%d"\n' "$base" "$2" \
			"$TMP/$1" "$n"
		printf 'write-out = "%d %%{http_code} %%{exitcode}\\n"\nnext\n' "$n"
	done >"$TMP/$1.urls"
	stdbuf -oL curl -s --rate 60/s -K "$TMP/$1.urls" >"$TMP/$1.log" &
	loads+=($!)
}
loads=()
load pairs 'pair/?ordering=id'
load row 'pair/7/'
load twins 'twin/?ordering=id&limit=20'
at_exit "kill ${loads[*]} 2>/dev/null"
goes_on() {
	[ "$(wc -l <"$TMP/pairs.log")" -gt $((mark + 12)) ]
}
flow() {
	mark=$(wc -l <"$TMP/pairs.log")
	wait_for 10 goes_on || fail "the load stands still"
}

# ------------------------------------------------------------- changes

# change NAME SQL
change() {
	flow
	sql change "$2" >/dev/null || bail_out "$2"
	flow
	what=$1
}
# stale METHOD PATH [BODY] : what every responder says, tried often enough to
# meet all of them
stale() {
	local i bad=
	for i in 1 2 3 4 5 6; do
		ask "$@"
		[ "$status $code" = "503 snapshot_stale" ] || bad="$status $code"
	done
	if [ -n "$bad" ]; then
		fail "$what: $1 $2 is stale"
		diag "got: $bad $(head -c 300 "$TMP/body")"
	else
		problem "$what: $1 $2" "503 snapshot_stale"
	fi
}
# now PATH JQ WANT : what all of them say from now on
now() {
	local i bad=0 got=
	for i in 1 2 3 4 5 6; do
		ask GET "$1"
		got="$status $(jq -cS "$2" "$TMP/body" 2>&1)"
		[ "$got" = "200 $3" ] || bad=$((bad + 1))
	done
	is "$bad $got" "0 200 $3" "$what: GET $1"
}
reread() {
	introspect "$H" >"$TMP/introspect" 2>&1 || bail_out "$(cat "$TMP/introspect")"
	# who is busy looks for a new snapshot every 20 ms
	sleep 0.03
	what="$what, read again"
}
what="before" p=/api/dyn/pair
now $p/7/ . '{"id":7,"n":7,"t":"t7"}'

change "columns of two types swapped" "BEGIN;
	ALTER TABLE pair RENAME n TO x; ALTER TABLE pair RENAME t TO n;
	ALTER TABLE pair RENAME x TO t; COMMIT"
stale GET $p/7/
stale GET $p/
stale GET "$p/?n=7"
stale GET "$p/?page=2"
stale POST $p/ '{"id":100,"n":100,"t":"t100"}'
stale PATCH $p/7/ '{"t":"changed"}'
is "$(sql change "SELECT count(*), max(t), min(n) FROM pair")" "50|50|t1" \
	"$what: nothing was written"
reread
now $p/7/ . '{"id":7,"n":"t7","t":7}'
now "$p/?n=t7" length 1
ask POST $p/ '{"id":100,"n":"t100","t":100}'
is "$status" 201 "$what: a write"
ask DELETE $p/100/
is "$status" 204 "$what: and its end"

change "columns of one type swapped" "BEGIN;
	ALTER TABLE twin RENAME a TO x; ALTER TABLE twin RENAME b TO a;
	ALTER TABLE twin RENAME x TO b; COMMIT"
# a name is what the database calls so
now /api/dyn/twin/7/ . '{"a":"b7","b":"a7","id":7}'
now "/api/dyn/twin/?a=b7" length 1

change "a column renamed" "ALTER TABLE pair RENAME t TO u"
stale GET $p/7/
stale POST $p/ '{"id":100,"n":"t100","t":100}'
# deleting looks at the key only
ask DELETE $p/50/
is "$status" 204 "$what: a row can go"
reread
now $p/7/ . '{"id":7,"n":"t7","u":7}'
ask GET "$p/?fields=id,t"
problem "$what: the old name" "400 unknown_column"

change "a column dropped" "ALTER TABLE pair DROP n"
stale GET $p/
reread
now $p/7/ . '{"id":7,"u":7}'

change "a column added" "ALTER TABLE pair ADD v text DEFAULT 'v'"
now $p/7/ . '{"id":7,"u":7}'
reread
now $p/7/ . '{"id":7,"u":7,"v":"v"}'

change "a wider integer" "ALTER TABLE pair ALTER u TYPE bigint"
now $p/7/ . '{"id":7,"u":7,"v":"v"}'
change "a number becomes a text" "ALTER TABLE pair ALTER u TYPE text
	USING 'u' || u"
stale GET $p/7/
stale GET "$p/?u=7"
# by the API itself
token=$(login_token "$base" admin secret-of-admin)
ask POST /api/dyn/reload/ '' -H "Authorization: Bearer $token"
is "$status" 200 "$what: POST /api/dyn/reload/"
what="$what, reloaded"
now $p/7/ . '{"id":7,"u":"u7","v":"v"}'

change "a table made anew, in another order" "BEGIN; DROP TABLE twin;
	CREATE TABLE twin (b text, a text, id int PRIMARY KEY);
	INSERT INTO twin SELECT 'a' || i, 'b' || i, i FROM generate_series(1, 50) i;
	GRANT SELECT ON twin TO dynapi_responder; COMMIT"
now /api/dyn/twin/7/ . '{"a":"b7","b":"a7","id":7}'
reread
now /api/dyn/twin/7/ keys_unsorted '["b","a","id"]'

change "a table without grant" "REVOKE ALL ON spare FROM dynapi_responder"
ask GET /api/dyn/spare/
is "$status" 500 "$what: is the administrator's matter"
like "$(tail -n 20 "$H/log/dynapi" | grep 42501)" "lacks this GRANT" \
	"$what: the log says which"

flow
kill "${loads[@]}" 2>/dev/null
wait "${loads[@]}" 2>/dev/null

# the guard waits until the new snapshot is there: the one who asked by the old
# one has asked only once
what="a column renamed, and read again meanwhile"
sql change "BEGIN; LOCK TABLE dynapi.users; SELECT pg_sleep(20)" >/dev/null 2>&1 &
holder=$!
is_held() {
	[ "$(sql change "SELECT count(*) FROM pg_locks WHERE granted
		AND mode = 'AccessExclusiveLock'
		AND relation = 'dynapi.users'::regclass")" -gt 0 ]
}
wait_for 5 is_held || fail "$what: no lock"
ask_later search POST $p/search/ '{"limit":1,"ordering":"id"}'
wait_for 5 is_busy dynapi.users || fail "$what: nobody waits"
sql change "ALTER TABLE pair RENAME v TO w"
introspect "$H" >"$TMP/introspect" 2>&1 || bail_out "$(cat "$TMP/introspect")"
sql change "SELECT pg_cancel_backend(pid) FROM pg_stat_activity
	WHERE query LIKE '%pg_sleep(20)%' AND pid <> pg_backend_pid()" >/dev/null
asked search
wait "$holder"
is "$status $(cat "$TMP/body")" '200 [{"id":1,"u":"u1","w":"v"}]' "$what"

what="a table renamed"
sql change "ALTER TABLE spare RENAME TO other"
stale GET /api/dyn/spare/
reread
ask GET /api/dyn/spare/
problem "$what: the old name" "404 not_found"

what="a table dropped"
sql change "DROP TABLE twin"
stale GET /api/dyn/twin/7/
reread
ask GET /api/dyn/twin/7/
problem "$what" "404 not_found"

# ------------------------------------------------------------- what it saw

# the forms that rows of pair had, in their order
form='def form: if has("v") then (if .u == "u\(.id)" then 5 elif .u == .id then 4
		else "wrong" end)
	elif has("u") and has("n") then (if .n == "t\(.id)" and .u == .id then 2
		else "wrong" end)
	elif has("u") then (if .u == .id then 3 elif .u == "u\(.id)" then 5
		else "wrong" end)
	elif .n == .id and .t == "t\(.id)" then 0
	elif .n == "t\(.id)" and .t == .id then 1
	else "wrong" end;'
twin='def form: if .a == "a\(.id)" and .b == "b\(.id)" then 0
	elif .a == "b\(.id)" and .b == "a\(.id)" then 1 else "wrong" end;'

# seen NAME DEFINITION : the forms of all answers, one a line
seen() {
	local n status code
	while read -r n status code; do
		# the one that was ended with curl
		[ "$code" = 0 ] && echo "$TMP/$1/$n"
	done <"$TMP/$1.log" | xargs jq -c "$2"'
		if type == "array" then [.[] | form] | unique | .[]
		elif has("code") then .code else form end' 2>&1
}
for name in pairs row twins; do
	def=$form
	[ $name != twins ] || def=$twin
	seen $name "$def" >"$TMP/$name.seen"
	diag "$name: $(sort "$TMP/$name.seen" | uniq -c | tr '\n' ' ')"
	is "$(grep -vxE '[0-5]|"snapshot_stale"' "$TMP/$name.seen" | sort | uniq -c)" \
		"" "$name: right or stale, nothing else"
	grep -xE '[0-5]' "$TMP/$name.seen" >"$TMP/$name.forms"
	same_file "$TMP/$name.forms" <(sort -n "$TMP/$name.forms") \
		"$name: what is new stays new"
done
is "$(sort -u "$TMP/row.forms" | tr -d '\n')" 012345 "every change was seen"
is "$(responders)" "$pids" "by the same responders"
is "$(cat "$H/log/responders" 2>/dev/null)" "" "nothing on standard error"

done_testing
