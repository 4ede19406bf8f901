# stream.sh - P6: a million rows in three formats; sourced by bench.sh.
# shellcheck disable=SC2154 # names that bench.sh sets

# copy_out : the same rows by psql
copy_out() {
	psql -Xq -v ON_ERROR_STOP=1 -d main \
		-c "\\copy (SELECT $columns FROM public.big) TO '/dev/null'"
}

# at_socket FORMAT : sets first_ms and wall_s
at_socket() {
	local status total bytes cpu
	# shellcheck disable=SC2034 # cpu is the last column
	read -r status first_ms total bytes cpu < <(ask "$home" -t \
		"/api/dyn/big/?format=$1")
	[ "$status" = 200 ] && [ "$bytes" -gt 10000000 ] ||
		die "P6: $1 at the socket: status $status, $bytes bytes"
	wall_s=$(awk -v ms="$total" 'BEGIN { printf "%.3f\n", ms / 1000 }')
}

# through_nginx FORMAT
through_nginx() {
	local status bytes
	read -r status first_ms wall_s bytes < <(curl -sS -o /dev/null -H @- \
		-w '%{http_code} %{time_starttransfer} %{time_total} %{size_download}\n' \
		"$url/api/dyn/big/?format=$1" \
		<<<"Authorization: Bearer $BENCH_TOKEN")
	[ "$status" = 200 ] && [ "$bytes" -gt 10000000 ] ||
		die "P6: $1 through nginx: status $status, $bytes bytes"
	first_ms=$(awk -v s="$first_ms" 'BEGIN { print s * 1000 }')
}

# count_rows FORMAT : of an answer on stdin; no value of ours has a brace or
# a line feed
count_rows() {
	case $1 in
	json) tr -cd '{' | wc -c ;;
	ndjson) wc -l ;;
	csv) echo $(($(wc -l) - 1)) ;;
	esac
}

# memory_of TABLE FORMAT ROWS [PARAMETERS] : peak above idle of a fresh
# responder that has sent all its rows
memory_of() {
	local pid idle rows
	one_start "$home" || die "P6: no responder"
	ask "$home" /api/dyn/customer/1/ >/dev/null || die "P6: no answer"
	pid=$(cat "$home/run/responders.pid")
	idle=$(vm_kib "$pid" VmRSS)
	rows=$(ask "$home" "/api/dyn/$1/?format=$2${4-}" | count_rows "$2")
	[ "$rows" -eq "$3" ] || die "P6: $1 as $2 has $rows rows"
	peak_kib=$(($(vm_kib "$pid" VmHWM) - idle))
	responders_stop "$home"
}

mib() {
	awk -v kib="$1" 'BEGIN { printf "%.2f\n", kib / 1024 }'
}

# a list that is not cut, with 30 rows of a to-many relation in each of its own
streamed_includes() {
	local name="10,000 rows, 30 included in each"
	memory_of buyer json 31000 "&include=rental&id__lte=1000"
	few=$peak_kib
	memory_of buyer json 310000 "&include=rental"
	figure P6 "$name: peak" MiB "$(mib "$peak_kib")"
	figure P6 "$name: above 1,000" MiB "$(mib $((peak_kib - few)))"
	target P6 "$name: peak" '<=' 16
	target P6 "$name: above 1,000" '<=' 1
}

bench_stream() {
	local home=$TMP/stream i format copy rounds=$((BENCH_ROUNDS / 2))
	local first_ms wall_s peak_kib few
	wanted P6 || return 0
	title P6 "a million rows of 7 columns"
	for format in json ndjson csv; do
		memory_of few "$format" 10000
		few=$peak_kib
		memory_of big "$format" 1000000
		figure P6 "$format: peak memory above idle" MiB "$(mib "$peak_kib")"
		figure P6 "$format: the same above that of 10,000 rows" MiB \
			"$(mib $((peak_kib - few)))"
		target P6 "$format: peak memory above idle" '<=' 16
		target P6 "$format: the same above that of 10,000 rows" '<=' 1
		for name in "first byte at the socket" "first byte through nginx"; do
			target P6 "$format: $name" '<=' 50
		done
		target P6 "$format: at the socket / copy" '<=' 2
		target P6 "$format: through nginx / copy" '<=' 3
	done
	streamed_includes
	one_start "$home" || die "P6: no responder"
	for ((i = 0; i < rounds; i++)); do
		for format in json ndjson csv; do
			copy=$(seconds copy_out) || die "P6: copy failed"
			figure P6 "psql \\copy" s "$copy"
			at_socket "$format"
			figure P6 "$format: first byte at the socket" ms "$first_ms"
			figure P6 "$format: at the socket" s "$wall_s"
			figure P6 "$format: at the socket / copy" ratio \
				"$(ratio "$wall_s" "$copy")"
			through_nginx "$format"
			figure P6 "$format: first byte through nginx" ms "$first_ms"
			figure P6 "$format: through nginx" s "$wall_s"
			figure P6 "$format: through nginx / copy" ratio \
				"$(ratio "$wall_s" "$copy")"
		done
	done
	responders_stop "$home"
}
