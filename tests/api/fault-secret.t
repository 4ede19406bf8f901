# Planted markers: what is secret, and what callers send, stands in no log and
# no error, whatever goes wrong meanwhile; nor in the process list.  What
# PostgreSQL logs is not ours.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
. "$DYNAPI_SRCDIR/tests/lib/fault.sh"

conf=("conninfo = host=$H/run dbname=secret user=dynapi_responder password=planted-conninfo"
	"log_level = debug" "statement_timeout = 1s")
fault_home secret "
	CREATE DOMAIN code AS text CHECK (VALUE <> 'planted-domain');
	CREATE TABLE item (id int PRIMARY KEY, note text UNIQUE CHECK (note <> 'planted-check'),
		code code, day date, n int REFERENCES item, slow int, address inet);
	INSERT INTO item VALUES (1, 'planted-unique');
	CREATE TABLE hidden (id int PRIMARY KEY);
	CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN
		IF new.note LIKE 'planted-raise%' THEN
			RAISE EXCEPTION 'not this: %', new.note USING DETAIL = new.note,
				HINT = new.note, ERRCODE = substr(new.note, 15, 5);
		END IF;
		IF new.note LIKE 'planted-notice%' THEN
			RAISE WARNING 'not this: %', new.note; END IF;
		IF new.slow > 0 THEN PERFORM pg_sleep(new.slow); END IF;
		PERFORM 1 / (CASE WHEN new.note = 'planted-zero' THEN 0 ELSE 1 END);
		RETURN new; END \$\$;
	CREATE TRIGGER complain BEFORE INSERT OR UPDATE ON item
		FOR EACH ROW EXECUTE FUNCTION complain()" "${conf[@]}"
ctl "$H" user add eve --password-stdin <<<"planted-password-1" >/dev/null ||
	bail_out "no user"
ctl "$H" revoke anonymous hidden >/dev/null
ctl "$H" grant eve item crud >/dev/null
fault_web 2

# say METHOD PATH [BODY [HEADER]] : one request of the session
statuses=
say() {
	ask "$1" "$2" "${3-}" ${4:+-H "$4"} ${token:+-H "Authorization: Bearer $token"}
	statuses+="$status "
	cat "$TMP/head" "$TMP/body" >>"$TMP/answers"
}
token=
login='/api/auth/login/'
i=/api/dyn/item/

# ------------------------------------------------------------- a session

say POST $login '{"username":"eve","password":"planted-password-2"}'
say POST $login '{"username":"planted-user","password":"planted-password-3"}'
say POST $login '{"username":"eve","password":"planted-password-4"'
say POST $login 'password=planted-password-5'
say POST "$login?password=planted-query-1" '{"username":"eve","password":5}'
say GET $i '' 'Authorization: Bearer planted-token-1'
say GET $i '' 'Authorization: Basic planted-token-2'
say GET "$i?access_token=planted-token-3" '' 'Cookie: session=planted-cookie'
ask POST $login '{"username":"eve","password":"planted-password-1"}'
is "$status" 200 "she logs in"
access=$(jq -r .access "$TMP/body")
refresh=$(jq -r .refresh "$TMP/body")
isnt "$access$refresh" nullnull "and has her tokens"
token=$access
say GET /api/auth/me/
say POST /api/auth/token/refresh/ '{"refresh":"planted-refresh"}'
say POST /api/auth/token/refresh/ "{\"refresh\":\"${refresh%?}\"}"

say GET "$i?note=planted-value-1"
say GET "$i?day=planted-value-2"
say GET "$i?search=planted-value-3&ordering=planted-value-4&limit=planted-value-5"
say GET "$i?fields=planted-value-6&page=planted-value-7&format=planted-value-8"
n=100
post() {
	n=$((n + 1))
	say POST $i "{\"id\":$n,$1}"
}
post '"note":"planted-unique"'
post '"note":"planted-check"'
post '"code":"planted-domain"'
post '"day":"planted-day"'
post '"address":"planted-address"'
post '"planted-name":1'
post '"n":987654321'
post '"note":"planted-zero"'
post '"note":"planted-notice"'
say GET '/api/dyn/hidden/?id=planted-value-9'
# the class of the error is the raiser's choice
for state in P0001 22000 23514 40001 42501 42P01 42703 53100 55P03 57014 57P01 58030 \
	XX000 ZD001 ZD002 25006 0A000 99999; do
	post "\"note\":\"planted-raise-$state\""
done
post '"note":"planted-slow","slow":3'
say PATCH ${i}1/ '{"note":"planted-raise-XX001"}'
say PUT ${i}1/ '{"id":2,"note":"planted-put"}'
say POST $i "$(printf '{"id":1,"note":"planted-\xff"}')"
say POST $i '{"id":1,"note":"planted-text" planted-rest'

# the database goes while he works
ask_later w POST $i '{"id":500,"note":"planted-lost","slow":1}' \
	-H "Authorization: Bearer $token"
wait_for 5 is_busy insert
sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
	WHERE usename = 'dynapi_responder'" >/dev/null
asked w
statuses+="$status "
pg_stop "$H"
say POST $i '{"id":501,"note":"planted-away"}'
say POST $login '{"username":"eve","password":"planted-password-1"}'
say GET /api/health/ready
pg_start "$H"
wait_for 5 answers /api/health/ready
sql secret "ALTER TABLE item RENAME note TO text"
say POST $i '{"id":502,"note":"planted-stale"}'
sql secret "ALTER TABLE item RENAME text TO note"
diag "$(tr ' ' '\n' <<<"$statuses" | grep . | sort | uniq -c | tr '\n' ' ')"
for want in 200 201 400 401 403 409 422 500 503 504; do
	like " $statuses" " $want " "the session has met $want"
done

# ------------------------------------------------------------- bad settings

# broken NAME LINE... : what starts anew with these says so without the secret
broken() {
	api_conf "$H" secret "${@:2}"
	{
		cgi "$H" GET ${i}1/
		introspect "$H"
		ctl "$H" user list
		ctl "$H" checkconf
		ctl "$H" conf
	} >>"$TMP/answers" 2>&1
}
for conninfo in "host=$H/nowhere dbname=secret user=u password=planted-conninfo" \
	"host='$H/run password=planted-conninfo" \
	"password=planted-conninfo nonsense" \
	"postgresql://u:planted-conninfo@nowhere.invalid:1/secret" \
	"postgresql://u:planted-conninfo@[nowhere/secret?password=planted-conninfo" \
	"host=$H/run dbname=secret user=dynapi_responder password=planted-conninfo port=no"; do
	broken "$conninfo" "conninfo = $conninfo" "admin_conninfo = $conninfo"
done
broken "no key" "jwt_key_file = $H/dynapi.conf"
api_conf "$H" secret "${conf[@]}"
{
	ctl "$H" conf
	ctl "$H" checkconf
	ctl "$H" user list --json
	ctl "$H" explain "POST $i" --user eve
	introspect "$H" --list
} >>"$TMP/answers" 2>&1

# ------------------------------------------------------------- the search

key=$(head -n 1 "$H/jwt.key")
hash=$(sql secret "SELECT password_hash FROM dynapi.users WHERE username = 'eve'" \
	2>/dev/null || sql secret "SELECT password FROM dynapi.users WHERE username = 'eve'")
like "$hash" '^.argon2id' "there is a hash to look for"
secrets=("$key" "${access##*.}" "${refresh##*.}" argon2 "${hash##*\$}"
	planted-password planted-conninfo secret-of-admin)
# search NAME FILE WORD... : none of them is in it
search() {
	local name=$1 file=$2
	shift 2
	is "$(grep -oaF "$(printf '%s\n' "$@")" "$file" | sort | uniq -c)" "" "$name"
}
cat "$H/log/dynapi" "$H/log/responders" "$H/log/init" "$H/log"/web-* \
	"$H/web-nginx/error.log" >"$TMP/logs" 2>/dev/null
ok "there are logs" test "$(wc -l <"$TMP/logs")" -ge 50
search "no secret in any log" "$TMP/logs" "${secrets[@]}"
search "no value either" "$TMP/logs" planted
ok "there are answers" test "$(wc -c <"$TMP/answers")" -ge 20000
search "no secret in any answer or output" "$TMP/answers" "${secrets[@]}" \
	planted-refresh planted-token planted-cookie
search "nothing that PostgreSQL says to its own people" "$TMP/answers" \
	'not this' 'Key (' 'Failing row' 'PL/pgSQL' 'complain()' 'DETAIL' 'HINT:' \
	'new row for relation' 'invalid input syntax'
for pid in $(responders); do
	tr '\0' '\n' <"/proc/$pid/cmdline"
	tr '\0' '\n' <"/proc/$pid/environ"
done >"$TMP/processes"
ok "there are processes" grep -q dynapi.fcgi "$TMP/processes"
search "no secret in the process list" "$TMP/processes" "${secrets[@]}"
is "$(for pid in $(responders); do
	awk '/^Max core file size/ { print $5 }' "/proc/$pid/limits"
done | sort -u)" 0 "no memory image is left by who holds the key"

done_testing
