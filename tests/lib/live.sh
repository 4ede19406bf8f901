# live.sh - an API with dynapi-notifyd, and listeners; sourced after api.sh by
# the tests.

# live_home HOME DATABASE ["NAME = VALUE"...] : an API whose every change is an
# event, and a notifier on $live_address
live_home() {
	local home=$1 db=$2
	shift 2
	live_address=127.0.0.1:$(free_port)
	api_home "$home" "$db" "events = *" "notify_listen = $live_address" "$@" &&
		at_exit "notifier_stop '$home'" && notifier_start "$home"
}

# listen NAME ARGUMENT... : tests/lib/hear in the background, until it is
# connected or has ended; what it hears is in $TMP/NAME.out
listen() {
	local name=$1
	shift
	rm -f "$TMP/$name.ready" "$TMP/$name.end"
	{
		"$DYNAPI_BUILDDIR/tests/lib/hear" -r "$TMP/$name.ready" "$@" \
			>"$TMP/$name.out" 2>&1 &
		echo $! >"$TMP/$name.pid"
		wait $!
		touch "$TMP/$name.end"
	} 2>/dev/null &
	wait_for 10 listening "$name"
}

listening() {
	test -e "$TMP/$1.ready" || test -e "$TMP/$1.end"
}

# heard NAME : its end
heard() {
	wait_for 20 test -e "$TMP/$1.end"
}

# silence NAME : it leaves
silence() {
	kill "$(cat "$TMP/$1.pid")" 2>/dev/null
	heard "$1"
}

# hear_end ARGUMENT... : the last line of a listener that is waited for
hear_end() {
	"$DYNAPI_BUILDDIR/tests/lib/hear" "$@" 2>&1 | tail -n 1
}
