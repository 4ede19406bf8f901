# upload.sh - P7: many rows of NDJSON and CSV into a table; sourced by
# bench.sh.
# shellcheck disable=SC2154 # names that bench.sh sets

# the files: the rows of "big" as NDJSON, as CSV with and without its head
upload_files() {
	local rows=$1 out=$2 from
	from="(SELECT $columns FROM public.big WHERE id <= $rows ORDER BY id) s"
	psql -XAtq -v ON_ERROR_STOP=1 -d main \
		-c "COPY (SELECT row_to_json(s) FROM $from) TO STDOUT" \
		>"$out.ndjson" && psql -XAtq -v ON_ERROR_STOP=1 -d main \
		-c "COPY (SELECT id, store_id, first_name, last_name, email, active,
			to_json(created) #>> '{}' FROM $from) TO STDOUT (FORMAT csv)" \
		>"$out.plain" && {
		echo "${columns// /}"
		cat "$out.plain"
	} >"$out.csv" && chmod 644 "$out".*
}

empty_table() {
	sql main 'TRUNCATE public.loaded'
}

# copy_in FILE : by psql
copy_in() {
	psql -Xq -v ON_ERROR_STOP=1 -d main \
		-c "\\copy public.loaded ($columns) FROM '$1' (FORMAT csv)"
}

# upload FILE FORMAT : through the API into an empty table; sets wall_s
upload() {
	local type=application/x-ndjson status first total
	[ "$2" = ndjson ] || type=text/csv
	empty_table || die "P7: truncate failed"
	read -r status first total < <(ask "$home" -t -m POST -b "$1.$2" \
		-H "Content-Type: $type" /api/dyn/loaded/ | cut -d' ' -f1-3)
	[ "$status" = 201 ] &&
		[ "$(sql main 'SELECT count(*) FROM public.loaded')" = "$rows" ] ||
		die "P7: $2: status $status after $first ms"
	wall_s=$(awk -v ms="$total" 'BEGIN { printf "%.3f\n", ms / 1000 }')
}

# upload_memory FILE FORMAT : peak above idle of a fresh responder
upload_memory() {
	local pid idle
	one_start "$home" || die "P7: no responder"
	ask "$home" /api/dyn/customer/1/ >/dev/null || die "P7: no answer"
	pid=$(cat "$home/run/responders.pid")
	idle=$(vm_kib "$pid" VmRSS)
	upload "$1" "$2"
	figure P7 "$2: peak memory above idle" MiB \
		"$(mib $(($(vm_kib "$pid" VmHWM) - idle)))"
}

bench_upload() {
	local home=$TMP/upload file=$TMP/rows rows=1000000 i format copy wall_s
	local rounds=$((BENCH_ROUNDS / 2))
	wanted P7 || return 0
	[ -z "${BENCH_QUICK-}" ] || rows=200000
	title P7 "$rows rows of 7 columns into an empty table"
	upload_files "$rows" "$file" || die "P7: no files"
	for format in ndjson csv; do
		target P7 "$format: peak memory above idle" '<=' 16
		target P7 "$format: at the socket / copy" '<=' 3
	done
	for ((i = 0; i < rounds; i++)); do
		for format in ndjson csv; do
			empty_table && copy=$(seconds copy_in "$file.plain") ||
				die "P7: copy failed"
			figure P7 "psql \\copy of CSV" s "$copy"
			upload_memory "$file" "$format"
			responders_stop "$home"
			figure P7 "$format: at the socket" s "$wall_s"
			figure P7 "$format: at the socket / copy" ratio \
				"$(ratio "$wall_s" "$copy")"
		done
	done
	rm -f "$file".*
}
