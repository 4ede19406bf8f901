# start.sh - P8 to P11: how soon a responder, plain CGI and introspection are
# there, and how small an idle responder is; sourced by bench.sh.
# shellcheck disable=SC2154 # names that bench.sh sets

first_row=/api/dyn/table_00001/7/

# tables DATABASE N SCHEMAS FIRST
tables() {
	sql postgres "CREATE DATABASE $1" &&
		psql -Xq -v ON_ERROR_STOP=1 -v n="$2" -v schemas="$3" \
			-v first="$4" -d "$1" -f "$bench/tables.sql"
}

schema_names() {
	seq -s ', ' -f 's%g' "$1"
}

# connect_ms DATABASE : the mean of 20 connections
connect_ms() {
	pgbench -n -C -c 1 -t 20 -f - -U dynapi_responder -d "$1" <<<'SELECT 1;' \
		2>/dev/null | awk '/^average connection time/ { print $5 }'
}

# time_of ID NAME FCGIGET-ARGUMENT... : sets ms, the median of five; the CPU
# time of the program, which others on the machine disturb less, is a figure
time_of() {
	local id=$1 name=$2
	shift 2
	as "$TMP/fcgiget" -t -n 5 "$@" >"$TMP/times" &&
		ms=$(awk '{ print $3 }' "$TMP/times" | median) ||
		die "$id: $name: no answer"
	figure "$id" "$name" ms "$ms"
	figure "$id" "$name: CPU of the program" ms \
		"$(awk '{ print $5 }' "$TMP/times" | median)"
}

# responder_start NAME HOME : from exec to the end of the first answer
responder_start() {
	time_of P8 "$1" -f -s "$2/run/start.sock" "$first_row" \
		-- "$2/bin/dynapi.fcgi" -c "$2/dynapi.conf"
}

bench_start() {
	local ten=$TMP/ten many=$TMP/many
	if wanted P8 || wanted P10; then
		say "a database of 10 tables"
		tables ten 10 1 public.table_00001 && database ten &&
			ctl "$ten" grant bench table_00001 r >"$ten/log/grant" ||
			die "no database of 10 tables"
	fi
	if wanted P8 || wanted P9; then
		say "a database of 10,000 tables"
		tables many 10000 1 public.table_00001 && database many &&
			ctl "$many" grant bench table_00001 r >"$many/log/grant" ||
			die "no database of 10,000 tables"
	fi
	! wanted P8 || start_of_responder
	! wanted P9 || introspection
	! wanted P10 || plain_cgi
	! wanted P11 || idle_size
}

start_of_responder() {
	local i ms few connect token_ten token_many
	title P8 "from exec to the end of the first answer, one row by key"
	use_token "$ten" && token_ten=$FCGIGET_TOKEN && use_token "$many" &&
		token_many=$FCGIGET_TOKEN || die "P8: no token"
	for ((i = 0; i < BENCH_ROUNDS; i++)); do
		connect=$(connect_ms ten)
		figure P8 "connecting to PostgreSQL" ms "$connect"
		FCGIGET_TOKEN=$token_ten responder_start "10 tables" "$ten"
		few=$ms
		figure P8 "10 tables, beside connecting" ms "$(minus "$few" "$connect")"
		FCGIGET_TOKEN=$token_many responder_start "10,000 tables" "$many"
		figure P8 "10,000 tables, beside connecting" ms \
			"$(minus "$ms" "$(connect_ms many)")"
		figure P8 "10,000 tables / 10 tables" ratio "$(ratio "$ms" "$few")"
		time_of P8 ceiling -f -s "$main/run/start.sock" /r7 -- "$TMP/ceiling" \
			"host=$main/run dbname=main user=dynapi_responder"
		figure P8 "ceiling, beside connecting" ms "$(minus "$ms" "$connect")"
	done
	target P8 "10 tables, beside connecting" '<=' 20
	target P8 "10,000 tables, beside connecting" '<=' 20
	target P8 "10,000 tables / 10 tables" '<=' 1.2
}

plain_cgi() {
	local i ms connect
	title P10 "plain CGI, a new process for each request"
	use_token "$ten" || die "P10: no token"
	for ((i = 0; i < BENCH_ROUNDS; i++)); do
		connect=$(connect_ms ten)
		figure P10 "connecting to PostgreSQL" ms "$connect"
		time_of P10 "one row by key" -c "$first_row" \
			-- "$ten/bin/dynapi.fcgi" -c "$ten/dynapi.conf"
		figure P10 "one row by key, beside connecting" ms \
			"$(minus "$ms" "$connect")"
		figure P10 "the program's start alone (-V)" ms \
			"$(start_alone "$ten/bin/dynapi.fcgi")"
	done
	target P10 "one row by key, beside connecting" '<=' 15
}

# start_alone PROGRAM : loading it and its libraries
start_alone() {
	local i
	for i in 1 2 3 4 5; do
		minus "$(seconds "$1" -V)" 0
	done | median | awk '{ printf "%.3f\n", $1 * 1000 }'
}

# introspect_new HOME : from nothing
introspect_new() {
	rm -f "$1/snapshot/"*
	introspect "$1"
}

introspection() {
	local wide=$TMP/wide i rounds=$((BENCH_ROUNDS / 2)) some lots
	title P9 "introspection"
	tables wide 1200 15 s1.table_00015 &&
		database wide "schemas = $(schema_names 15)" ||
		die "P9: no database of 1,200 tables"
	for ((i = 0; i < rounds; i++)); do
		some=$(seconds introspect_new "$wide") || die "P9: failed"
		lots=$(seconds introspect_new "$TMP/many") || die "P9: failed"
		figure P9 "1,200 tables, 15 schemas" s "$some"
		figure P9 "the same, nothing new" s "$(seconds introspect "$wide")"
		figure P9 "10,000 tables" s "$lots"
		figure P9 "10,000 tables, nothing new" s "$(seconds introspect "$many")"
		figure P9 "a table of 10,000 / a table of 1,200" ratio \
			"$(awk -v a="$lots" -v b="$some" 'BEGIN { printf "%.3f\n", (a / 10000) / (b / 1200) }')"
	done
	result note P9 "snapshot of 10,000 tables: $(($(stat -c %s "$many/snapshot/schema.sqlite") / 1024)) KiB"
	target P9 "1,200 tables, 15 schemas" '<=' 1
	target P9 "the same, nothing new" '<=' 0.5
	target P9 "a table of 10,000 / a table of 1,200" '<=' 1.2
}

idle_size() {
	local home=$TMP/idle pid
	title P11 "an idle responder"
	one_start "$home" || die "P11: no responder"
	pid=$(cat "$home/run/responders.pid")
	figure P11 "private memory after the start" MiB "$(private_mib "$pid")"
	use_token "$main" && ask "$home" -n 100 -k 1 '/api/dyn/customer/{}/' >/dev/null &&
		ask "$home" -n 100 '/api/dyn/customer/?ordering=id&limit=1000' >/dev/null &&
		ask "$home" -t '/api/dyn/few/' >/dev/null || die "P11: no answer"
	figure P11 "private memory after 201 requests" MiB "$(private_mib "$pid")"
	target P11 "private memory after 201 requests" '<=' 8
	responders_stop "$home"
	strip -o "$TMP/stripped" "$DYNAPI_BUILDDIR/dynapi.fcgi" || die "P11: strip failed"
	figure P11 "dynapi.fcgi, stripped" MiB \
		"$(mib $(($(stat -c %s "$TMP/stripped") / 1024)))"
	target P11 "dynapi.fcgi, stripped" '<=' 2
}

private_mib() {
	mib "$(awk '/^Private_(Clean|Dirty):/ { n += $2 } END { print n + 0 }' \
		"/proc/$1/smaps_rollup")"
}
