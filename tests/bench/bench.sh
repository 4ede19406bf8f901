#!/bin/bash
# bench.sh - the figures of "make bench": what our programs do beside what the
# same parts can do without them (ceiling.c) and what the database alone can
# do (pgbench), all in one run on a private cluster.  Whatever is compared is
# measured in turns, so that a machine that slows down slows both.  Prints a
# table and writes bench.json; slow is no failure, "could not run" is one.
#
#   BENCH_QUICK=1    about two minutes, wider spread
#   BENCH_ONLY="P1 P6"
#   BENCH_WORKERS=4  responders, the same number for the ceiling
#   BENCH_ROUNDS, BENCH_SECONDS  how often, and how long each time

set -u
LC_ALL=C.UTF-8
export LC_ALL
: "${DYNAPI_SRCDIR:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${DYNAPI_BUILDDIR:=$DYNAPI_SRCDIR/build}"
export DYNAPI_SRCDIR DYNAPI_BUILDDIR
for lib in proc pg api web live; do
	. "$DYNAPI_SRCDIR/tests/lib/$lib.sh"
done
bench=$DYNAPI_SRCDIR/tests/bench
for lib in measure peers load related stream upload start events; do
	. "$bench/$lib.sh"
done

: "${BENCH_WORKERS:=4}"
: "${BENCH_OUT:=$DYNAPI_BUILDDIR/bench.json}"
if [ -n "${BENCH_QUICK-}" ]; then
	: "${BENCH_ROUNDS:=3}" "${BENCH_SECONDS:=1}"
else
	: "${BENCH_ROUNDS:=7}" "${BENCH_SECONDS:=4}"
fi
# shellcheck disable=SC2034 # for load.sh
clients=8
began=$SECONDS

# ---------------------------------------------------------------- everything

need_programs() {
	local pair missing=()
	for pair in wrk:wrk strace:strace curl:curl nginx:nginx-light \
		spawn-fcgi:spawn-fcgi multiwatch:multiwatch psql:postgresql \
		pgbench:postgresql strip:binutils; do
		PATH=$PATH:/usr/sbin command -v "${pair%%:*}" >/dev/null ||
			missing+=("${pair##*:}")
	done
	[ ${#missing[@]} -eq 0 ] ||
		die "not installed: apt-get install ${missing[*]}"
	for pair in dynapi.fcgi dynapi-introspect dynapictl dynapi-notifyd \
		tests/lib/hear \
		tests/bench/ceiling tests/bench/fcgiget; do
		[ -x "$DYNAPI_BUILDDIR/$pair" ] || die "$pair is not built"
	done
}

die() {
	echo "bench: $*" >&2
	exit 1
}

say() {
	echo "# $((SECONDS - began)) s: $*" >&2
}

wanted() {
	[ -z "${BENCH_ONLY-}" ] || [[ " $BENCH_ONLY " == *" $1 "* ]]
}

clean_up() {
	local status=$?
	trap - EXIT
	for home in "$TMP"/*/; do
		home=${home%/}
		pid_end "$home/web-nginx/pid" "$home/"
		pid_end "$home/run/ceiling.pid" "$home/"
		responders_stop "$home"
		notifier_stop "$home"
	done
	peers_stop
	pg_stop "$TMP/main" immediate
	if [ "$status" -eq 0 ]; then
		rm -rf "$TMP"
	else
		echo "# left for you to look at: $TMP" >&2
	fi
	exit "$status"
}

# a copy of the build's programs that the servers' user can run
bench_programs() {
	local name
	for name in ceiling fcgiget; do
		install -m 755 "$DYNAPI_BUILDDIR/tests/bench/$name" \
			"$TMP/$name" || return 1
	done
}

# database NAME : with what the API needs in it, below $TMP/NAME
database() {
	local name=$1 home=$TMP/$1
	shift
	home_make "$home" && api_programs "$home" &&
		api_conf "$home" "$name" \
			"conninfo = host=$main/run dbname=$name user=dynapi_responder" \
			"admin_conninfo = host=$main/run dbname=$name user=dynapi_dba" \
			"$@" &&
		api_init "$home" "$(random_hex 8)" || return 1
	random_hex 8 | ctl "$home" user add bench --password-stdin \
		>"$home/log/user" || return 1
}

# token_of HOME : where wrk, curl and fcgiget look for it, never in argv
use_token() {
	BENCH_TOKEN=$(ctl "$1" token bench --ttl 2h) || return 1
	FCGIGET_TOKEN=$BENCH_TOKEN
	export BENCH_TOKEN FCGIGET_TOKEN
}

main_database() {
	local rows=1000000
	home_make "$main" && pg_init "$main" fast && pg_start "$main" || return 1
	pg_env "$main"
	sql postgres 'CREATE DATABASE main' && psql -Xq -v ON_ERROR_STOP=1 \
		-v rows="$rows" -v buyers=10000 -d main \
		-f "$bench/customer.sql" -f "$bench/related.sql" &&
		database main "notify_listen = 127.0.0.1:$(free_port)" \
			"notify_max = 20000" "notify_max_user = 20000" \
			"notify_max_source = 20000" && ctl "$main" grant bench \
		customer,few,big,loaded,address,buyer,rental crudb \
		>"$main/log/grant" && use_token "$main" &&
		sql main CHECKPOINT
}

# nginx before both: ours below /api, the ceiling everywhere else
web_servers() {
	local dir=$main/web-nginx
	as spawn-fcgi -s "$main/run/ceiling.sock" -M 0600 -b 1024 \
		-P "$main/run/ceiling.pid" -- "$(command -v multiwatch)" \
		-f "$BENCH_WORKERS" -- "$TMP/ceiling" \
		"host=$main/run dbname=main user=dynapi_responder" \
		>"$main/log/ceiling" 2>&1 &&
		responders_start "$main" "$BENCH_WORKERS" || return 1
	port=$(free_port)
	url=http://127.0.0.1:$port
	web_start "$main" nginx "$port" || return 1
	sed "s|/run/fcgi.sock|/run/ceiling.sock|" "$dir/nginx-fcgi.conf" \
		>"$dir/ceiling.conf" &&
		echo "location / { include $dir/ceiling.conf; }" \
			>>"$dir/nginx.conf" && kill -HUP "$(cat "$dir/pid")" &&
		wait_for 20 curl -fsS "$url/r1" &&
		wait_for 20 curl -fsS "$url/api/health/ready"
}

# the same rows, or there is nothing to compare; the ceiling leaves time
# stamps as PostgreSQL writes them
same_rows() {
	local pair ours theirs api=/api/dyn/customer
	# shellcheck disable=SC2154 # included is of related.sh
	for pair in "/r7:$api/7/" "/l0/100:$api/?ordering=id&limit=100" \
		"/j0:$included" "/s0:$included"; do
		ours=$(curl -fsS -H @- "$url${pair#*:}" \
			<<<"Authorization: Bearer $BENCH_TOKEN" | without_times)
		theirs=$(curl -fsS "$url${pair%%:*}" | without_times)
		[ -n "$ours" ] && [ "$ours" = "$theirs" ] ||
			die "the ceiling answers ${theirs:0:300}, we answer ${ours:0:300}"
	done
}

without_times() {
	tr -d ' \n' | sed -E 's/"(created|rented|returned)":"[^"]*"//g'
}

main() {
	need_programs
	TMP=$(mktemp -d "${TMPDIR:-/tmp}/dynapi-b.XXXXXX") || exit 1
	chmod 755 "$TMP"
	give "$TMP"
	main=$TMP/main
	results=$TMP/results
	: >"$results"
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	describe
	say "a private PostgreSQL with its tables"
	bench_programs && main_database || die "no database"
	say "nginx, $BENCH_WORKERS responders, $BENCH_WORKERS ceilings"
	web_servers || die "the servers do not start"
	same_rows
	peers_start
	bench_load
	bench_related
	peers_stop
	bench_stream
	bench_upload
	bench_start
	bench_events
	report
}

main "$@"
