# Numbered inserts while the database restarts five times and ten responders
# are killed: what was answered 201 is there exactly once, nothing is there
# twice, what was said to have failed is not there, and nobody waits longer
# than he must.  Beside it a long list is read, which is whole or seen to fail.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
. "$DYNAPI_SRCDIR/tests/lib/fault.sh"

LIMIT=3
BACK=5
CLIENTS=4

# no unique number: what came twice would be there twice; and slow, so that who
# is killed has mostly something to do
fault_home load "
	CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		client int NOT NULL, n int NOT NULL);
	CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
		'BEGIN PERFORM pg_sleep(random() * 0.03); RETURN new; END';
	CREATE TRIGGER linger BEFORE INSERT ON numbered
		FOR EACH ROW EXECUTE FUNCTION linger();
	CREATE TABLE fixed AS SELECT i AS id, repeat(md5(i::text), 4) AS note
		FROM generate_series(1, 10000) i;
	ALTER TABLE fixed ADD PRIMARY KEY (id);
	CREATE SCHEMA t;
	CREATE TABLE t.answer (client int, n int, status int, seconds float8,
		id bigint, code text)" \
	"statement_timeout = 2s" "response_buffer = 64k"
fault_web 4

# ------------------------------------------------------------- clients

# writer CLIENT : one POST after the other; "= STATUS SECONDS LOCATION" stands
# in the log below each answer
writer() {
	local n
	for n in $(seq 6000); do
		[ "$n" -eq 1 ] || echo next
		printf 'url = "%s/api/dyn/numbered/"\n' "$base"
		printf 'data = "{\\"client\\":%d,\\"n\\":%d}"\n' "$1" "$n"
		printf 'header = "Content-Type: application/json"\n'
		printf 'write-out = "= %%{http_code} %%{time_total} %%header{location}\\n"\n'
		printf 'max-time = 20\n'
	done >"$TMP/writer$1"
	stdbuf -oL curl -s --rate 100/s -K "$TMP/writer$1" >"$TMP/written$1" &
}
# rows CLIENT : the log as lines for t.answer
rows() {
	awk -v client="$1" '
		match($0, /"code":"[a-z_]*"/) {
			code = substr($0, RSTART + 8, RLENGTH - 9) }
		/^= / { n++; id = $4; gsub(/[^0-9]/, "", id)
			printf "%s\t%s\t%s\t%s\t%s\t%s\n", client, n, $2, $3,
				id == "" ? "\\N" : id, code == "" ? "\\N" : code
			code = "" }' "$TMP/written$1"
}
reader() {
	local n
	for n in $(seq 2000); do
		[ "$n" -eq 1 ] || echo next
		printf 'url = "%s/api/dyn/fixed/?ordering=id"\noutput = "%s"\n' \
			"$base" "$TMP/read/$n"
		printf 'write-out = "%d %%{http_code} %%{exitcode} %%{time_total}\\n"\n' "$n"
		printf 'max-time = 20\n'
	done >"$TMP/reader"
	mkdir "$TMP/read"
	stdbuf -oL curl -s --rate 5/s -K "$TMP/reader" >"$TMP/reads" &
}

ask GET '/api/dyn/fixed/?ordering=id'
is "$(jq length "$TMP/body")" 10000 "the long list"
whole=$(md5sum <"$TMP/body")

pids=()
for client in $(seq $CLIENTS); do
	writer "$client"
	pids+=($!)
done
reader
pids+=($!)
at_exit "kill ${pids[*]} 2>/dev/null"

# ------------------------------------------------------------- faults

written() {
	sql load "SELECT count(*) FROM numbered"
}
has_grown() {
	[ "$(written)" -gt $((mark + $1)) ]
}
# flows N : until so many more rows have been written
flows() {
	mark=$(written)
	within "${2:-20}" has_grown "$1"
}

killed=0 gone=()
kill_one() {
	local victim
	victim=$(responders | shuf -n 1)
	[ -n "$victim" ] && kill -KILL "$victim" && killed=$((killed + 1)) &&
		gone+=("$victim")
}
replaced() {
	! pid_runs "${gone[-1]}" && have_responders 4
}

slow=0 away=0
for round in 1 2 3 4 5; do
	mode=fast
	[ $((round % 2)) -eq 1 ] || mode=immediate
	flows 150 || fail "round $round: rows are written"
	kill_one
	within 1 replaced || slow=$((slow + 1))
	flows 60
	# one more dies while the database does
	(
		trap - EXIT
		pg_stop "$H" $mode
	) &
	stopper=$!
	kill_one
	wait $stopper
	pg_start "$H" || bail_out "PostgreSQL does not start"
	flows 0 $BACK || away=$((away + 1))
done
flows 100
is "$killed" 10 "ten responders killed, and five restarts"
is $slow 0 "a killed one is replaced within a second"
is $away 0 "service is back within $BACK seconds of each restart"
kill "${pids[@]}" 2>/dev/null
wait "${pids[@]}" 2>/dev/null
no_writes() {
	is_idle insert
}
ok "all writes end" wait_for 5 no_writes

# ------------------------------------------------------------- comparison

for client in $(seq $CLIENTS); do
	rows "$client"
done >"$TMP/answers"
sql load "\\copy t.answer FROM '$TMP/answers'" || bail_out "no answers"
# none NAME QUERY : finds no row
none() {
	is "$(sql load "$2 LIMIT 5")" "" "$1"
}
diag "$(sql load "SELECT status, code, count(*), round(max(seconds)::numeric, 2)
	FROM t.answer GROUP BY 1, 2 ORDER BY 1, 2")"
ok "there was enough to go wrong" test "$(sql load \
	"SELECT count(*) FROM t.answer WHERE status = 201")" -ge 1000
ok "and it did" test "$(sql load \
	"SELECT count(*) FROM t.answer WHERE status <> 201")" -ge 5
ok "in the middle of a write, too" test "$(sql load "SELECT count(*) FROM t.answer
	WHERE status = 502 OR code = 'outcome_unknown'")" -ge 3
none "no row is there twice" "SELECT client, n, count(*) FROM numbered
	GROUP BY 1, 2 HAVING count(*) > 1"
none "every 201 is there, under the address that was given" "
	SELECT a.* FROM t.answer a WHERE status = 201 AND NOT EXISTS (
		SELECT FROM numbered r
		WHERE r.id = a.id AND r.client = a.client AND r.n = a.n)"
none "what was said to have failed is not there" "
	SELECT a.* FROM t.answer a JOIN numbered r USING (client, n)
	WHERE status <> 201 AND code <> 'outcome_unknown'"
# curl was ended while it waited for the last one
none "no row that nobody sent" "
	SELECT r.* FROM numbered r
	WHERE n > (SELECT max(n) + 1 FROM t.answer a WHERE a.client = r.client)"
none "no answer but these" "SELECT status, code, count(*) FROM t.answer
	WHERE NOT (status = 201 OR status = 502
		OR status = 503 AND code IN ('db_unavailable', 'outcome_unknown')
		OR status = 504 AND code = 'timeout') GROUP BY 1, 2"
ok "only who was with a killed responder hears 502" test "$(sql load \
	"SELECT count(*) FROM t.answer WHERE status = 502")" -le "$killed"
none "no answer took longer than it may" "SELECT * FROM t.answer
	WHERE seconds > $LIMIT + $SLACK"

# the long list: NUMBER STATUS CURL'S-EXIT SECONDS
good=0 bad=
while read -r n status code seconds; do
	if [ "$status $code" = "200 0" ]; then
		[ "$(md5sum <"$TMP/read/$n")" = "$whole" ] && good=$((good + 1)) ||
			bad+=" $n"
	fi
	at_most $LIMIT || bad+=" $n:$seconds"
done <"$TMP/reads"
diag "$(awk '{ n[$2 " " $3]++ } END { for (i in n) print i ": " n[i] }' "$TMP/reads")"
is "$bad" "" "a list that looks whole is whole"
ok "most of them are" test $good -ge 10

is "$(grep code=internal "$H/log/dynapi" | grep -vc cut=client)" 0 \
	"nothing was our fault"
is "$(cat "$H/log/responders" 2>/dev/null)" "" "nothing on standard error"
is "$(find "$H/run" "$H/snapshot" -newer "$H/dynapi.conf" \
	! -name 'responder*' ! -name '*.pid' ! -name '.s.PGSQL*' -type f \
	! -name 'schema.sqlite*')" "" "no killed one has left a file"

done_testing
