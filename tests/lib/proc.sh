# proc.sh - users, ports and processes; sourced by bootstrap and by the tests.
#
# PostgreSQL refuses to run as root, and nothing of ours needs to: as root
# every server runs as $svc, an unprivileged user; otherwise as ourselves.

svc=
if [ "$(id -u)" -eq 0 ]; then
	svc=nobody
	if id -u postgres >/dev/null 2>&1; then
		svc=postgres
	fi
fi

# as COMMAND... : run it as the user of the servers.  Paths must be absolute.
as() {
	if [ -z "$svc" ]; then
		"$@"
		return
	fi
	(cd / && HOME=/nonexistent exec setpriv --reuid="$svc" \
		--regid="$(id -g "$svc")" --clear-groups -- "$@")
}

# give PATH... : let the servers' user own what root has made
give() {
	[ -z "$svc" ] || chown "$svc:$(id -g "$svc")" "$@"
}

# wait_for SECONDS COMMAND... : until it succeeds; 1 when time is up
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.1
	done
}

# pid_runs PID [WORD] : it is no zombie, and its command line has WORD
pid_runs() {
	local state
	[ -n "$1" ] && [ -r "/proc/$1/stat" ] || return 1
	state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null)
	case $state in
	'' | Z | X) return 1 ;;
	esac
	[ -z "${2-}" ] ||
		tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null | grep -qF -- "$2"
}

pid_gone() {
	! pid_runs "$1"
}

# pid_end PIDFILE WORD [SIGNAL] : ends the process whose number stands in the
# first line and waits for its end.  WORD guards against a number that has
# meanwhile been given to somebody else.
pid_end() {
	local pid
	pid=$(head -n 1 "$1" 2>/dev/null) || return 0
	pid=${pid//[!0-9]/}
	if pid_runs "$pid" "$2"; then
		kill "-${3:-TERM}" "$pid"
		if ! wait_for 20 pid_gone "$pid"; then
			kill -KILL "$pid"
			wait_for 5 pid_gone "$pid"
		fi
	fi
	rm -f "$1"
}

port_busy() {
	(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# free_port : below the range from which the kernel gives clients theirs
free_port() {
	local port
	while :; do
		port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
		if ! port_busy "$port"; then
			echo "$port"
			return
		fi
	done
}

# random_hex BYTES
random_hex() {
	od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'
}
