# Lists that stream: memory stays where it is, a failure after the body has
# begun is seen by the client behind every server, a client who leaves takes
# his query with him, and a statement that takes too long is cancelled.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"

H=$TMP/h
ROWS=200000
pg_home "$H" || bail_out "no PostgreSQL"
sql postgres "CREATE DATABASE stream" || bail_out "no database"
sql stream "
	CREATE TABLE big AS SELECT i AS id, repeat(md5(i::text), 3) AS note
		FROM generate_series(1, $ROWS) i;
	ALTER TABLE big ADD PRIMARY KEY (id);
	ANALYZE big;
	CREATE VIEW late AS SELECT id, note,
		CASE WHEN id > 50000 THEN 1 / (id - id) ELSE id END AS n FROM big;
	CREATE VIEW early AS SELECT i AS id, 1 / (i - i) AS n
		FROM generate_series(1, 10) i;
	CREATE VIEW slow AS SELECT i AS id, pg_sleep(30)::text AS s
		FROM generate_series(1, 3) i;
	CREATE VIEW trickle AS SELECT id, repeat('x', 1000) AS pad,
		CASE WHEN id % 1000 = 0 THEN pg_sleep(0.2)::text END AS s
		FROM big" || bail_out "no tables"
api_programs "$H" && api_conf "$H" stream "statement_timeout = 3s" \
	"key.late = id" "key.early = id" "key.slow = id" "key.trickle = id" &&
	api_init "$H" secret-of-admin &&
	ctl "$H" grant anonymous '*' r >/dev/null &&
	responders_start "$H" 4 || bail_out "no API"
at_exit "responders_stop '$H'"

# ------------------------------------------------------------ every server

# sleeping: how many queries of the responders run for the view
sleeping() {
	sql postgres "SELECT count(*) FROM pg_stat_activity
		WHERE state = 'active' AND usename = 'dynapi_responder'
			AND query LIKE '%\"$1\"%'"
}
is_asleep() {
	[ "$(sleeping "$1")" -gt 0 ]
}
is_awake() {
	[ "$(sleeping "$1")" -eq 0 ]
}

BASE=
fetch() {
	curl -sS -m 60 -o "$TMP/body" -w '%{http_code}' "$@" 2>"$TMP/curl.err"
}

for kind in nginx lighttpd apache fcgid lighttpd-cgi apache-cgi; do
	port=$(free_port)
	web_start "$H" $kind "$port" || bail_out "no $kind"
	at_exit "web_stop '$H' $kind"
	BASE=http://127.0.0.1:$port/api/dyn

	is "$(fetch "$BASE/big/?ordering=id")" 200 "$kind: a long list"
	is "$(jq length "$TMP/body")" $ROWS "$kind: all rows of it"
	is "$(fetch "$BASE/big/?format=ndjson")" 200 "$kind: the same as NDJSON"
	is "$(wc -l <"$TMP/body")" $ROWS "$kind: a line for each row"

	# what fails before anything went out is an error like any other
	is "$(fetch "$BASE/early/")" 500 "$kind: an early failure has a status"
	is "$(jq -r .code "$TMP/body")" internal "$kind: and a code"

	for format in json csv ndjson; do
		status=$(fetch "$BASE/late/?ordering=id&format=$format")
		code=$?
		case $kind in
		nginx | lighttpd | apache)
			is "$status" 200 "$kind: $format begins well"
			is $code 18 "$kind: and its failure is seen"
			;;
		*)
			is "$status" 500 "$kind: $format fails before it begins"
			is "$(jq -r .code "$TMP/body")" internal \
				"$kind: with a code"
			;;
		esac
		[ $format = ndjson ] || continue
		case $kind in
		nginx | lighttpd | apache)
			like "$(tail -n 1 "$TMP/body")" '^\{"error":.*"code":"internal"' \
				"$kind: NDJSON says so in its last line"
			;;
		esac
	done
	is "$(fetch --http1.0 "$BASE/late/?ordering=id")" 500 \
		"$kind: HTTP/1.0 could not see it, so it is told before"

	# a statement that gives nothing in time
	SECONDS=0
	is "$(fetch "$BASE/slow/")" 504 "$kind: too slow is 504"
	ok "$kind: within the timeout and a second" test $SECONDS -le 5
	is "$(jq -r .code "$TMP/body")" timeout "$kind: code timeout"
	ok "$kind: and the query is cancelled" wait_for 2 is_awake slow

	# the client leaves in mid-stream; mod_fcgid tells only who writes, and
	# what is spooled for it is not written yet
	if [ $kind != fcgid ]; then
		curl -sS -m 1 -o /dev/null "$BASE/trickle/?ordering=id" 2>/dev/null
		ok "$kind: who leaves takes the query along" \
			wait_for 10 is_awake trickle
	fi
	is "$(fetch "$BASE/big/1/")" 200 "$kind: and the next request is served"
	web_stop "$H" $kind
done

# --------------------------------------- before the first byte: nginx tells

port=$(free_port)
web_start "$H" nginx "$port" || bail_out "no nginx"
BASE=http://127.0.0.1:$port/api/dyn
curl -sS -m 30 -o /dev/null "$BASE/slow/" 2>/dev/null &
client=$!
ok "a query sleeps" wait_for 5 is_asleep slow
kill $client
ok "its client leaves before the first byte: cancelled" wait_for 1 is_awake slow

# ---------------------------------------------------------------- memory

responders_stop "$H"
responders_start "$H" 1 || bail_out "no responder"
peak() {
	sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$(tail -n 1 "$H/run/responders.pid")/status"
}
is "$(fetch "$BASE/big/?limit=10")" 200 "a few rows"
before=$(peak)
is "$(fetch "$BASE/big/")" 200 "many rows"
after=$(peak)
diag "peak memory before $before kB, after $ROWS rows $after kB"
isnt "$before" "" "the peak is known"
# what is freed rests for a while in the sanitizer's hands
bound=16384
grep -q __asan_init "$DYNAPI_BUILDDIR/dynapi.fcgi" && bound=524288
ok "memory does not grow with the answer" test $((after - before)) -le $bound

done_testing
