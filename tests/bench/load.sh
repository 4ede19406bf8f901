# load.sh - P1 to P5: requests per second through nginx beside ceiling and
# pgbench, and round trips to PostgreSQL; sourced by bench.sh.
# shellcheck disable=SC2154 # names that bench.sh sets

columns='id, store_id, first_name, last_name, email, active, created'
new_json='{"store_id":3,"first_name":"Ada","last_name":"Lovelace","email":"ada@example.org","active":true}'
new_lines='3
Ada
Lovelace
ada@example.org
true
'

new_sql="\\set n 3
	INSERT INTO public.customer (store_id, first_name, last_name, email, active)
	VALUES (:n, 'Ada', 'Lovelace', 'ada@example.org', true) RETURNING $columns;"

# emitting HOME TABLES : what emits events, for the responders that run
emitting() {
	local pid
	sed -i '/^events = /d' "$1/dynapi.conf" &&
		echo "events = $2" >>"$1/dynapi.conf" || return 1
	while read -r pid; do
		kill -HUP "$pid"
	done <"$1/run/responders.pid"
}

# wrk_rate METHOD PATH [BODY] : requests per second; any failed request ends
# the bench, since a fast refusal is no speed
wrk_rate() {
	local out
	out=$(BENCH_KEYS=100000 wrk -t 2 -c "$clients" -d "${BENCH_SECONDS}s" \
		-s "$bench/keys.lua" "$url" -- "$@" 2>&1)
	if grep -q 'Non-2xx\|Socket errors' <<<"$out" ||
		! grep -q '^Requests/sec' <<<"$out"; then
		echo "bench: $1 $2: $out" >&2
		return 1
	fi
	awk '/^Requests\/sec/ { print $2 }' <<<"$out"
}

# pgbench_rate SCRIPT
pgbench_rate() {
	pgbench -n -M prepared -c "$clients" -j 2 -T "$BENCH_SECONDS" -f - \
		-d main <<<"$1" 2>"$TMP/pgbench.err" |
		awk '/^tps/ { print $3; found = 1 } END { exit !found }' ||
		{
			cat "$TMP/pgbench.err" >&2
			return 1
		}
}

# cpu_ticks PIDFILE : of the children of the multiwatch in it
cpu_ticks() {
	cat /proc/[0-9]*/stat 2>/dev/null |
		awk -v parent="$(cat "$1")" '{ sub(/.*\) /, "") }
			$2 == parent { n += $12 + $13 } END { print n + 0 }'
}

# cpu_us RATE TICKS : of one request
cpu_us() {
	awk -v rate="$1" -v ticks="$2" -v hz="$(getconf CLK_TCK)" \
		-v seconds="$BENCH_SECONDS" \
		'BEGIN { printf "%.1f\n", 1e6 * ticks / hz / (rate * seconds) }'
}

# side ID NAME PIDFILE METHOD PATH [BODY] : one turn of one side; sets rate
side() {
	local id=$1 name=$2 pidfile=$3 ticks
	shift 3
	ticks=$(cpu_ticks "$pidfile")
	rate=$(wrk_rate "$@") || die "$id: $name could not run"
	ticks=$(($(cpu_ticks "$pidfile") - ticks))
	figure "$id" "$name" req/s "$rate"
	figure "$id" "$name: CPU of the responder" "us/request" \
		"$(cpu_us "$rate" "$ticks")"
}

side_ceiling() {
	local id=$1
	shift
	BENCH_TOKEN='' side "$id" ceiling "$main/run/ceiling.pid" "$@"
	ceiling=$rate
}

side_ours() {
	local id=$1
	shift
	side "$id" dynapi "$main/run/multiwatch.pid" "$@"
	ours=$rate
}

# compare ID METHOD CEILING-PATH OUR-PATH CEILING-BODY OUR-BODY SQL : in turns,
# and who begins changes from round to round
compare() {
	local id=$1 i rate ours ceiling db
	local theirs=("$2" "$3" ${5:+"$5"}) mine=("$2" "$4" ${6:+"$6"})
	side_ours warm "${mine[@]}"
	side_ceiling warm "${theirs[@]}"
	for ((i = 0; i < BENCH_ROUNDS; i++)); do
		db=$(pgbench_rate "$7") || die "$id: pgbench could not run"
		figure "$id" pgbench req/s "$db"
		if ((i % 2)); then
			side_ours "$id" "${mine[@]}"
			side_ceiling "$id" "${theirs[@]}"
		else
			side_ceiling "$id" "${theirs[@]}"
			side_ours "$id" "${mine[@]}"
		fi
		figure "$id" "dynapi / ceiling" ratio "$(ratio "$ours" "$ceiling")"
		peers "$id" "$ours"
	done
}

bench_load() {
	local api=/api/dyn/customer
	if wanted P1; then
		title P1 "one row by key, token verified, rights checked, through nginx"
		target P1 "dynapi / ceiling" '>=' 0.80
		target P1 "dynapi / PostgREST" '>=' 3.5
		target P1 "dynapi / DRF" '>=' 20
		compare P1 GET '/r{}' "$api/{}/" '' '' "\\set k random(1, 100000)
			SELECT $columns FROM public.customer WHERE id = :k;"
	fi
	if wanted P2; then
		title P2 "100 rows"
		target P2 "dynapi / ceiling" '>=' 1.0
		compare P2 GET /l0/100 "$api/?ordering=id&limit=100" '' '' "\\set n 100
			SELECT $columns FROM public.customer WHERE id > 0 ORDER BY id LIMIT :n;"
	fi
	if wanted P3; then
		title P3 "1,000 rows"
		target P3 "dynapi / ceiling" '>=' 1.1
		compare P3 GET /l0/1000 "$api/?ordering=id&limit=1000" '' '' "\\set n 1000
			SELECT $columns FROM public.customer WHERE id > 0 ORDER BY id LIMIT :n;"
	fi
	if wanted P4; then
		title P4 "create one row, without event"
		target P4 "dynapi / ceiling" '>=' 0.85
		target P4 "dynapi / PostgREST" '>=' 2
		compare P4 POST /i "$api/" "$new_lines" "$new_json" "$new_sql"
		title P4e "create one row, with event and wake-up"
		target P4e "dynapi / ceiling" '>=' 0.70
		emitting "$main" customer
		compare P4e POST /i "$api/" "$new_lines" "$new_json" "$new_sql"
		result note P4e "events written: $(sql main 'SELECT count(*) FROM dynapi.event')"
		emitting "$main" ''
	fi
	! wanted P5 || round_trips
}

# ---------------------------------------------------------------- round trips

# one_start HOME [COMMAND...] : a single responder of its own for main's data
one_start() {
	home_make "$1" && api_programs "$1" && cp "$main/dynapi.conf" "$1/" &&
		sed -i "s|^log = .*|log = $1/log/dynapi|" "$1/dynapi.conf" &&
		chmod 600 "$1/dynapi.conf" && give "$1/dynapi.conf" || return 1
	local home=$1
	shift
	responders_start "$home" 1 "$@" &&
		wait_for 20 ask "$home" /api/health/live
}

# ask HOME ARGUMENT... : fcgiget to the responders of HOME
ask() {
	local home=$1
	shift
	as "$TMP/fcgiget" -s "$home/run/fcgi.sock" "$@"
}

# trips FILE COUNT : of the system calls of the last COUNT requests: sends to
# PostgreSQL and waits for it, per request, and the most in any request
trips() {
	awk -v count="$2" '
		/accept4?\(/ { n++ }
		/connect\(.*PGSQL/ { match($0, /\([0-9]+/)
			fd = substr($0, RSTART + 1, RLENGTH - 1) }
		fd != "" && $0 ~ "(sendto|sendmsg|write)\\(" fd "," { sends[n]++ }
		fd != "" && $0 ~ "poll\\(.*fd=" fd "," { waits[n]++ }
		END { for (i = n - count; i < n; i++) {
				s += sends[i]; w += waits[i]
				if (sends[i] > most) most = sends[i] }
			printf "%.2f %.2f %d\n", s / count, w / count, most }' "$1"
}

round_trips() {
	local api=/api/dyn/customer home=$TMP/trips log=$TMP/trips/log/strace sends waits most
	title P5 "round trips to PostgreSQL in steady state, 100 requests each"
	if ! one_start "$home" "$(command -v strace)" -D -qq -s 64 -o "$log" \
		-e trace=accept,accept4,connect,sendto,sendmsg,write,poll,ppoll; then
		result note P5 "not measured: strace could not run"
		return
	fi
	trip read "$api/{}/" 1
	trip "list of 100" "$api/?ordering=id&limit=100" 1
	trip create "$api/" 1 -m POST -H 'Content-Type: application/json' -d "$new_json"
	trip update "$api/{}/" 1 -m PATCH -H 'Content-Type: application/json' -d '{"active":false}'
	trip delete "$api/{}/" 90000 -m DELETE
	# libpq before 17 sends what is behind a sync by itself
	emitting "$home" customer
	most_sends=2 trip "create with event" "$api/" 1 -m POST -H 'Content-Type: application/json' -d "$new_json"
	responders_stop "$home"
}

# trip NAME URI FIRST-KEY [FCGIGET-ARGUMENT...] : three to warm up, then 100
trip() {
	local name=$1 uri=$2 first=$3
	shift 3
	ask "$home" -n 103 -k "$first" "$@" "$uri" >/dev/null ||
		die "P5: $name failed"
	# the responder waits for the next one when this is there
	wait_for 5 grep -q 'accept' <(tail -n 1 "$log")
	read -r sends waits most < <(trips "$log" 100)
	figure P5 "$name: sends per request" sends "$sends"
	figure P5 "$name: most sends of a request" sends "$most"
	figure P5 "$name: waits per request" waits "$waits"
	target P5 "$name: sends per request" '<=' "${most_sends-1}"
}
