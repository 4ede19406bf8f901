# SECURITY L1: nobody learns from the clock whether a name exists.  A wrong
# password, an unknown name, a disabled user and one without a password take
# the same time: medians of 200 logins each within 10 %, taken in turns so that
# a busy machine slows all of them alike.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
need nginx curl spawn-fcgi multiwatch

home=$TMP/home
rounds=200
api_home "$home" shop 'throttle_login =' || bail_out "no API"
for name in known off; do
	printf 'secret of %s\n' $name |
		ctl "$home" user add $name --password-stdin >/dev/null ||
		bail_out "user $name"
done
ctl "$home" user disable off >/dev/null
sql shop "INSERT INTO dynapi.users (username) VALUES ('nopassword')"
responders_start "$home" 1 || bail_out "no responders"
at_exit "responders_stop '$home'"
port=$(free_port)
at_exit "web_stop '$home' nginx"
web_start "$home" nginx "$port" || bail_out "no web server"

names=(known unknown off nopassword)
for ((i = 0; i < rounds; i++)); do
	for name in "${names[@]}"; do
		cat <<-EOT
			next
			url = "http://127.0.0.1:$port/api/auth/login/"
			header = "Content-Type: application/json"
			data = "{\"username\":\"$name\",\"password\":\"wrong $i\"}"
			output = "/dev/null"
			write-out = "$name %{http_code} %{time_total}\n"
			silent
		EOT
	done
done | sed 1d >"$TMP/requests"
curl -K "$TMP/requests" >"$TMP/times" || fail "curl"
is "$(awk '$2 == 401' "$TMP/times" | wc -l)" $((rounds * ${#names[@]})) \
	"all were refused"

# median NAME : in microseconds
median() {
	awk -v n="$1" '$1 == n { print int($3 * 1000000) }' "$TMP/times" |
		sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}
known=$(median known)
# what a sanitizer adds to 19 MiB of memory depends on what lay there before
within=10
if grep -q __asan_init "$DYNAPI_BUILDDIR/dynapi.fcgi"; then
	within=30
fi
for name in "${names[@]:1}"; do
	other=$(median "$name")
	diag "wrong password $known us, $name $other us"
	ok "$name takes as long as a wrong password" test \
		$((other * 100)) -ge $((known * (100 - within))) -a \
		$((other * 100)) -le $((known * (100 + within)))
done
ok "it is the hash that takes the time" test "$known" -gt 5000
done_testing
