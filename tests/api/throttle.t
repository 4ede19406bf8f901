# Throttles, counted by all responders together: requests by user and by
# address, failed logins by name and by source, who the client is behind
# proxies, and how many passwords are hashed at once (CONTRACT 1.8, SECURITY L2,
# L3, L6).

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
need nginx curl spawn-fcgi multiwatch

home=$TMP/h
file=$home/snapshot/throttle
port=$(free_port)
base=http://127.0.0.1:$port
product=$base/api/dyn/product/?limit=1
declare -A token

# settings LINE... : another configuration, and responders that never saw the
# one before
settings() {
	[ ! -e "$home/run/multiwatch.pid" ] || responders_stop "$home"
	api_conf "$home" shop 'cors_origins = https://app.example' "$@" &&
		responders_start "$home" 8 || bail_out "no responders"
}

pg_home "$home" && api_programs "$home" && api_conf "$home" shop &&
	api_init "$home" secret-of-admin || bail_out "no API"
at_exit "responders_stop '$home'"
for name in ann bob cat dan eve; do
	printf 'secret of %s\n' $name |
		ctl "$home" user add $name --email $name@example.org --password-stdin >/dev/null &&
		ctl "$home" grant $name product r >/dev/null || bail_out "user $name"
	token[$name]=$(ctl "$home" token $name --ttl 1h)
done
ctl "$home" grant anonymous product r >/dev/null || bail_out "grant"
settings 'throttle = 1000/d'
at_exit "web_stop '$home' nginx"
web_start "$home" nginx "$port" || bail_out "no web server"

# get URL [NAME [CURL-OPTION...]] : $status, $body, $wait (Retry-After)
get() {
	local url=$1 name=${2-}
	shift $(($# < 2 ? $# : 2))
	status=$(curl -s -m 30 -o "$TMP/body" -D "$TMP/head" -w '%{http_code}' \
		${name:+-H "Authorization: Bearer ${token[$name]}"} "$@" "$url")
	body=$(cat "$TMP/body")
	wait=$(sed -n 's/^Retry-After: \([0-9]*\).*/\1/Ip' "$TMP/head")
}

# many N URL [CURL-OPTION...] : as many at once; $answers is "STATUS*TIMES …"
many() {
	local n=$1 url=$2 i
	shift 2
	for ((i = 0; i < n; i++)); do
		printf 'url = "%s"\noutput = /dev/null\n' "$url"
	done >"$TMP/urls"
	answers=$(curl -s -m 60 -Z --parallel-max 40 -w '%{http_code}\n' "$@" -K "$TMP/urls" 2>/dev/null |
		sort | uniq -c | awk '{ printf "%s%s*%s", sep, $2, $1; sep = " " }')
}

# times STATUS : how often many had it
times() {
	sed -n "s/.*\b$1\*\([0-9]*\).*/\1/p" <<<"$answers" | grep . || echo 0
}

login='{"username":"%s","password":"%s"}'
# login NAME PASSWORD [CURL-OPTION...]
login() {
	local data
	# shellcheck disable=SC2059
	data=$(printf "$login" "$1" "$2")
	shift 2
	get "$base/api/auth/login/" '' -H 'Content-Type: application/json' -d "$data" "$@"
}

# ---- 1.16 (7): exactly as many as the rate says, whoever of eight answers

get "$base/api/health/ready"
[ "$status" = 200 ] || bail_out "not ready"
many 1100 "$product" -H "Authorization: Bearer ${token[ann]}"
is "$answers" "200*1000 429*100" "of 1,100 at once 1,000 are answered"
get "$product" ann
is "$status" 429 "and the next is not"
ok "it is told when: $wait s" test "$wait" -gt 86000 -a "$wait" -lt 87800
like "$body" "\"status\":429,\"detail\":\"Request was throttled. Expected available in $wait seconds.\",\"code\":\"throttled\"" "in the body, too"
is "$(sed -n 's/^Content-Type: \([^\r]*\)\r*/\1/Ip' "$TMP/head")" application/problem+json "which is a problem"
get "$product" ann -I
is "$status ${wait:+told}" "429 told" "HEAD"
get "$product" bob
is "$status" 200 "another user is not affected"
get "$product"
is "$status" 200 "nor is an unknown one"
get "$base/api/auto/product?page_size=1" ann
is "$status ${wait:+told}" "429 told" "auto"
like "$body" "Request was throttled. Expected available in $wait seconds." "in its words: $body"
get "$base/api/v2/product" ann
is "$status ${wait:+told}" "429 told" "v2"
is "$body" "{\"error\":\"Request was throttled. Expected available in $wait seconds.\"}" "in its words"
is "$(grep -ci '^Token:' "$TMP/head")" 0 "without a new token"
for path in /api/dyn/ /api/auth/me/ /api/v2/info/heartbeat /api/dyn/nothing/; do
	get "$base$path" ann
	is "$status" 429 "$path"
done
for path in /api/health/ /api/health/live /api/health/ready; do
	get "$base$path" ann
	is "$status" 200 "$path is not throttled"
done
get "$base/api/nowhere/" ann
is "$status" 404 "what is no resource is not counted"
get "$base/api/dyn/product/1/" ann -X POST
is "$status" 429 "what it cannot do is"
get "$base/api/v2/product/1" ann -X POST
is "$status $(grep -ci '^Token:' "$TMP/head")" "429 0" "in v2 as well"
get "$base/api/v2/nowhere/at/all/1" ann
is "$status $(grep -ci '^Token:' "$TMP/head")" "404 0" "nor does v2 look at the session to give a new token"

# ---- what outlives what

settings 'throttle = 1000/d'
get "$product" ann
is "$status" 429 "a restart of the responders forgets nothing"
for pid in $(cat "$home/run/responders.pid"); do
	kill -KILL "$pid"
done
wait_for 20 eval 'get "$base/api/health/live"; [ $status = 200 ]'
get "$product" ann
is "$status" 429 "nor does kill -9"
get "$product" bob
is "$status" 200 "which locks nobody out"
rm "$file"
ok "removing the file does" wait_for 20 eval 'get "$product" ann; [ $status = 200 ]'

# ---- killed in the middle of it

settings 'throttle = 300/d'
curl -s -m 60 -Z --parallel-max 40 -w '%{http_code}\n' -o /dev/null -H "Authorization: Bearer ${token[eve]}" \
	"$product&n=[1-900]" >"$TMP/killed" 2>/dev/null &
curl_pid=$!
killed=
for i in 1 2 3 4; do
	sleep 0.1
	for pid in $(cat "$home/run/responders.pid"); do
		kill -KILL "$pid" 2>/dev/null
		killed+=" $pid"
	done
done
wait "$curl_pid"
# one that has not died yet could still take a connection
none_left() {
	local pid
	for pid in $killed; do
		! pid_runs "$pid" || return 1
	done
}
wait_for 10 none_left
got=$(grep -c 200 "$TMP/killed")
diag "$got of 900 answered 200, $(grep -c 502 "$TMP/killed") were cut"
ok "never more than the rate" test "$got" -le 300
many 300 "$product" -H "Authorization: Bearer ${token[eve]}"
ok "nothing stays locked: $answers" test "$(times 429)" -gt 0 -a \
	$(($(times 429) + $(times 200))) -eq 300
ok "never more than the rate, afterwards" test $((got + $(times 200))) -le 300

# ---- what counts; a request under way counts until it is found to be refused,
# so that less of them than the rate are made at once

rm "$file"
settings 'throttle = 5/d'
many 20 "$base/api/dyn/customer/" --parallel-max 4 -H "Authorization: Bearer ${token[cat]}"
is "$answers" "403*20" "without the right"
many 20 "$base/api/dyn/customer/" --parallel-max 4
is "$answers" "401*20" "nobody"
many 20 "$product" --parallel-max 4 -H "Authorization: Bearer ${token[cat]}x"
is "$answers" "401*20" "a token that is none"
many 20 "$base/api/auth/me/" --parallel-max 4
is "$answers" "401*20" "a place for users only"
many 8 "$product" -H "Authorization: Bearer ${token[cat]}"
is "$answers" "200*5 429*3" "403 did not count"
get "$base/api/dyn/customer/" cat
is "$status" 429 "who is throttled is told so first"
many 8 "$base/api/dyn/product/999999/" -H "Authorization: Bearer ${token[dan]}"
is "$answers" "404*5 429*3" "404 counts"
many 8 "$base/api/dyn/product/?limit=x" -H "Authorization: Bearer ${token[bob]}"
is "$answers" "400*5 429*3" "400 does"
many 8 "$product"
is "$answers" "200*5 429*3" "unknown visitors count by address, 401 not"
get "$base/api/"
is "$status" 429 "everywhere"
login ann 'secret of ann'
is "$status" 429 "at the login, too"
get "$product" '' -X OPTIONS -H 'Origin: https://app.example' -H 'Access-Control-Request-Method: GET'
is "$status" 204 "a preflight does not count"
get "$base/api/health/"
is "$status" 200 "nor does health"
get "$product" '' -H 'X-Forwarded-For: 198.51.100.1'
is "$status" 429 "X-Forwarded-For of anybody is nothing"
get "$product" eve
is "$status" 200 "users count by themselves"

# ---- behind proxies

settings 'throttle = 5/d' 'trusted_proxies = 127.0.0.1, 10.0.0.0/8'
for i in 1 2 3 4 5; do
	get "$product" '' -H "X-Forwarded-For: 203.0.113.$i, 198.51.100.1, 10.1.1.$i"
	is "$status" 200 "through a proxy, $i"
done
get "$product" '' -H 'X-Forwarded-For: 203.0.113.77, 198.51.100.1'
is "$status" 429 "what a client writes before it is nothing"
get "$product" '' -H 'X-Forwarded-For: 203.0.113.77' -H 'X-Forwarded-For: 198.51.100.1'
is "$status" 429 "nor in a header of its own"
get "$product" '' -H 'X-Forwarded-For: 198.51.100.2'
is "$status" 200 "another client"
get "$product" '' -H 'X-Forwarded-For: 198.51.100.2, nonsense'
is "$status" 429 "what is no address is the proxy's fault, and its count"
for i in 1 2 3 4 5; do
	get "$product" '' -H "X-Forwarded-For: 2001:db8:0:1::$i"
done
get "$product" '' -H 'X-Forwarded-For: 2001:db8:0:1:ffff::9'
is "$status" 429 "IPv6 by /64"
get "$product" '' -H 'X-Forwarded-For: 2001:db8:0:2::1'
is "$status" 200 "and no more"
responders_stop "$home"
ok "the log has the client" grep -q 'event=request .* remote=198\.51\.100\.2' "$home/log/dynapi"
not_ok "and nothing that was forged" grep -q '203\.0\.113\.' "$home/log/dynapi"

# ---- logins (L2)

rm "$file"
settings 'throttle_login = 10/20s' 'trusted_proxies = 127.0.0.1'
json='Content-Type: application/json'
# shellcheck disable=SC2059
many 100 "$base/api/auth/login/" -H "$json" -d "$(printf "$login" ann wrong)"
is "$answers" "401*10 429*90" "of 100 wrong passwords at once 10 are looked at"
login ann 'secret of ann'
is "$status" 429 "nor is the right one then"
ok "it is told when: $wait s" test "$wait" -ge 1 -a "$wait" -le 21
like "$body" '"code":"throttled"' "with its code"
ann_wait=$wait
ann_at=$SECONDS
login ANN 'secret of ann'
is "$status" 429 "whatever the case of the letters"
login bob 'secret of bob'
is "$status" 200 "another account, from the same address"
login nobody wrong
many 30 "$base/api/auth/login/" -H "$json" -d '{"username":"nobody","password":"wrong"}'
is "$answers" "401*9 429*21" "a name that nobody has is the same"
get "$base/api/v2/authenticate" '' -H "$json" -d '{"auth":{"email":"ann","password":"secret of ann"}}'
is "$status" 429 "v2 counts with it"
like "$body" '^\{"error":"Request was throttled. Expected available in [0-9]+ seconds?\."\}$' "in its words"
many 30 "$base/api/v2/authenticate" -H "$json" -d '{"auth":{"email":"cat@example.org","password":"wrong"}}'
is "$answers" "401*10 429*20" "and is throttled itself"
get "$product" ann
is "$status" 200 "who has a token is not affected"
many 15 "$base/api/auth/login/" --parallel-max 4 -H "$json" -H 'X-Forwarded-For: 198.51.100.9' \
	-d '{"username":"bob","password":"secret of bob"}'
is "$answers" "200*15" "right ones do not count"

# by source: many names, few passwords
for i in $(seq 130); do
	printf 'next\nurl = "%s/api/auth/login/"\nheader = "%s"\nheader = "X-Forwarded-For: 198.51.100.66"\n' "$base" "$json"
	printf 'data = "{\\"username\\":\\"user%s\\",\\"password\\":\\"wrong\\"}"\noutput = /dev/null\nsilent\nwrite-out = "%%{http_code}\\n"\n' "$i"
done | sed 1d >"$TMP/spray"
is "$(curl -Z --parallel-max 4 -K "$TMP/spray" 2>/dev/null | sort | uniq -c | awk '{ printf "%s*%s ", $2, $1 }')" \
	"401*100 429*30 " "one address tries ten times as many names"
login bob 'secret of bob' -H 'X-Forwarded-For: 198.51.100.66'
is "$status" 429 "and is not let in then"
login bob 'secret of bob' -H 'X-Forwarded-For: 198.51.100.67'
is "$status" 200 "others are"
refresh=$(sed -n 's/.*"refresh":"\([^"]*\)".*/\1/p' <<<"$body")
many 130 "$base/api/auth/token/refresh/" -H "$json" -H 'X-Forwarded-For: 198.51.100.68' -d '{"refresh":"guessed"}'
is "$answers" "401*100 429*30" "refresh tokens that are none count by source"
get "$base/api/auth/token/refresh/" '' -H "$json" -H 'X-Forwarded-For: 198.51.100.68' -d "{\"refresh\":\"$refresh\"}"
is "$status" 429 "for whom good ones wait"
get "$base/api/auth/token/refresh/" '' -H "$json" -H 'X-Forwarded-For: 198.51.100.69' -d "{\"refresh\":\"$refresh\"}"
is "$status" 200 "others' do not"

# names: whatever the database may take for the same, and no others.  lower()
# makes an i of U+0130 and a k of U+212A.
ctl "$home" user add kiki --email kiki@example.org --password-stdin <<<'secret of kiki' >/dev/null
for name in $'k\u0130ki' $'\u212aiki' $'kik\u0130' $'KIKI' $'ki\u212ai' $'\u212a\u0130\u212a\u0130'; do
	many 2 "$base/api/v2/authenticate" -H "$json" -d "{\"auth\":{\"email\":\"$name@example.org\",\"password\":\"wrong\"}}"
done
get "$base/api/v2/authenticate" '' -H "$json" -d '{"auth":{"email":"kiki@example.org","password":"secret of kiki"}}'
is "$status" 429 "one address in other letters is one address"
many 30 "$base/api/auth/login/" -H "$json" -d $'{"username":"\u0438\u0432\u0430\u043d","password":"wrong"}'
is "$answers" "401*10 429*20" "a name in another script"
login $'\u0418\u0412\u0410\u041d' wrong
is "$status" 429 "in capitals, too"
login $'\u043f\u0451\u0442\u0440' wrong
is "$status" 401 "does not keep out the others of that script"
# places FILE : how many counters have a name
places() {
	od -An -v -tx8 -w8448 -j4096 "$1" |
		awk '{ for (i = 1; i <= 16; i++) n += $i !~ /^0*$/ } END { print n }'
}
before=$(places "$file")
ok "there are counters ($before)" test "$before" -gt 100
for i in $(seq 20); do
	login "other$i" wrong -H 'X-Forwarded-For: 198.51.100.66'
done
is "$status $(places "$file")" "429 $before" "names that a throttled address tries take no places from others"

# the account works again just when it was said
left=$((ann_wait - (SECONDS - ann_at) + 1))
[ $left -le 0 ] || sleep $left
login ann 'secret of ann'
is "$status" 200 "after the period it works again"

# ---- as many hashes as processors (L3)

as "$DYNAPI_BUILDDIR/tests/unit/test_limit" hold "$file" >"$TMP/held" &
ok "all places are taken" wait_for 20 grep -q held "$TMP/held"
holder=$(sed 's/held //' "$TMP/held")
at_exit "kill $holder 2>/dev/null"
began=$(date +%s%3N)
login ann 'secret of ann'
took=$(($(date +%s%3N) - began))
is "$status ${wait:+told}" "503 told" "a login waits, and is told to come again"
like "$body" '"code":"busy"' "for that reason"
ok "after a second: $took ms" test $took -ge 900 -a $took -le 3000
get "$product" ann
is "$status" 200 "reads do not wait"
many 12 "$base/api/auth/login/" -H "$json" -d '{"username":"dan","password":"wrong"}'
is "$answers" "503*12" "nor is any password looked at"
kill -KILL "$holder"
wait_for 20 pid_gone "$holder"
login dan 'secret of dan'
is "$status" 200 "who dies leaves his place; and what was not looked at did not count"

# ---- without the file

: >"$home/log/dynapi"
settings 'throttle = 1/d' 'throttle_login = 1/d' 'throttle_file = /nonexistent/throttle'
many 30 "$product"
is "$answers" "200*30" "without the file nothing is throttled"
login ann 'secret of ann'
is "$status" 200 "and logins go on"
get "$base/api/health/ready"
is "$status" 200 "it is ready"
responders_stop "$home"
warned=$(grep -c 'level=warn .*event=throttle' "$home/log/dynapi")
ok "each responder warns once ($warned)" test "$warned" -ge 1 -a "$warned" -le 8
like "$(grep -m 1 event=throttle "$home/log/dynapi")" /nonexistent/throttle "and names the file"

# a damaged one is replaced, and that is logged
: >"$home/log/dynapi"
printf 'nonsense' >"$file"
give "$file"
settings 'throttle = 3/d'
many 30 "$product"
is "$answers" "200*3 429*27" "with a damaged file it begins anew"
responders_stop "$home"
is "$(grep -c 'event=throttle .*is damaged' "$home/log/dynapi")" 1 "which one of them logs"
settings 'throttle = '
many 30 "$product"
is "$answers" "200*30" "an empty rate is none"
done_testing
