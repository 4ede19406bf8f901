# measure.sh - collecting figures; sourced by bench.sh.
# shellcheck disable=SC2154 # names that bench.sh sets
#
# A result is a line of fields separated by tabs:
#   fact   NAME VALUE                    what it was measured on
#   title  ID TEXT
#   figure ID NAME UNIT VALUE...         one value per repetition
#   target ID NAME <=|>= BOUND           of the median of that figure
#   note   ID TEXT

result() {
	local IFS=$'\t'
	echo "$*" >>"$results"
}

title() {
	say "$1 $2"
	result title "$1" "$2"
}

# figure ID NAME UNIT VALUE : the values of one name are gathered by report.awk
figure() {
	[[ $4 =~ ^-?[0-9]+(\.[0-9]+)?$ ]] ||
		die "$1: $2: could not be measured${4:+: $4}"
	result figure "$@"
}

target() {
	result target "$@"
}

# ratio A B : with three digits after the point
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", (b > 0 ? a / b : 0) }'
}

minus() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f\n", a - b }'
}

# median : of the numbers on stdin; fails when there is none
median() {
	sort -n | awk '{ v[NR] = $1 }
		END { if (NR == 0) exit 1
			m = v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]
			printf "%.3f\n", m / 2 }'
}

# seconds COMMAND... : how long it took
seconds() {
	local from=$EPOCHREALTIME status
	"$@" >/dev/null
	status=$?
	minus "${EPOCHREALTIME/,/.}" "${from/,/.}"
	return $status
}

first_line() {
	"$@" 2>&1 | head -n 1
}

describe() {
	result fact date "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
	result fact command "${BENCH_QUICK:+BENCH_QUICK=1 }${BENCH_ONLY:+BENCH_ONLY=\"$BENCH_ONLY\" }make bench"
	result fact processor "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
	result fact cores "$(nproc)"
	result fact memory "$(awk '/^MemTotal/ { printf "%.1f GiB", $2 / 1048576 }' /proc/meminfo)"
	result fact kernel "$(uname -sr)"
	result fact "load before" "$(cut -d' ' -f1-3 /proc/loadavg)"
	result fact dynapi "$("$DYNAPI_BUILDDIR/dynapi.fcgi" -V | cut -d' ' -f2)${BENCH_CFLAGS:+, $BENCH_CFLAGS}"
	result fact PostgreSQL "$(first_line "$(pg_bin)/postgres" -V | sed 's/.*) //'), fsync off, Unix socket"
	result fact nginx "$(PATH=$PATH:/usr/sbin first_line nginx -v | sed 's/.*: //'), 2 workers"
	result fact wrk "$(first_line wrk -v | cut -d' ' -f2), $clients connections, 2 threads"
	result fact responders "$BENCH_WORKERS, as many ceilings"
	result fact repetitions "$BENCH_ROUNDS rounds of $BENCH_SECONDS s, in turns"
}

# vm_kib PID FIELD
vm_kib() {
	awk -v field="$2:" '$1 == field { print $2 }' "/proc/$1/status"
}

report() {
	say "done"
	awk -F'\t' -v json="$BENCH_OUT" -f "$bench/report.awk" "$results" &&
		echo "written: $BENCH_OUT"
}
