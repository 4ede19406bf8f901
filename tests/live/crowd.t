# Many listeners, slow ones, too many.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/live.sh"
need prlimit

home=$TMP/h
live_home "$home" shop || bail_out "no API"
at=$live_address
ctl "$home" grant anonymous order r >/dev/null
ctl "$home" user add ann --password-stdin <<<"secret-of-ann" >/dev/null
ctl "$home" grant ann order r >/dev/null
ann=$(ctl "$home" token ann)
path=/ws/dynapi/order/

# again [LIMIT...] : the notifier, with more lines of configuration
again() {
	notifier_stop "$home"
	sed -i '/^notify_max/d' "$home/dynapi.conf"
	printf '%s\n' "$@" >>"$home/dynapi.conf"
	: >"$home/log/dynapi"
	notifier_start "$home" || bail_out "no notifier"
}

logged() {
	grep -q "$1" "$home/log/dynapi"
}

# ---- one who does not read
listen deaf -z -w 12000 $at $path
listen gate -g -w 12000 -n 100000 $at $path
listen crowd -c 30 -n 3000 -w 15000 $at $path
for i in 1 2 3 4 5 6; do
	sql shop "insert into dynapi.event (table_name, event, row_key)
		select 'public.order', 'updated', array[repeat('9', 2000)]
		from generate_series(1, 500); notify dynapi"
done
heard crowd
is "$(head -n 1 "$TMP/crowd.out")" "messages 90000" "thirty listeners hear all of three thousand events"
ok "one who does not read is sent away" wait_for 5 logged 'live_end.*code=1013'
rss=$(awk '/VmHWM/ { print $2 }' "/proc/$(cat "$home/run/notifier.pid")/status")
[ -n "${ASAN_OPTIONS-}" ] || ok "in little memory ($rss KiB)" test "$rss" -lt 60000
kill -USR1 "$(cat "$TMP/gate.pid")"
heard gate
like "$(tail -n 1 "$TMP/gate.out")" '^(close 1013|eof)$' "who begins to read again finds out"
n=$(grep -c updated "$TMP/gate.out")
ok "and has had the first $n of them" test "$n" -ge 256 -a "$n" -lt 3000
silence deaf

# ---- how many
again "notify_max_user = 3" "notify_max_source = 12"
for i in 1 2 3; do
	listen "user$i" -t "$ann" -w 9000 $at $path
done
is "$(hear_end -t "$ann" $at $path)" "close 1013" "a user has so many subscriptions"
is "$(hear_end -s -t "$ann" $at /sse/dynapi/order/)" "http 503" "of both kinds together"
listen source -c 9 -w 9000 $at $path
is "$(hear_end $at $path)" "close 1013" "so has an address"
is "$(hear_end -w 300 -H 'X-Forwarded-For: 192.0.2.1, 192.0.2.7' $at $path)" time "which is that of X-Forwarded-For"
listen far -c 12 -w 9000 -H 'X-Forwarded-For: 192.0.2.9' $at $path
is "$(hear_end -H 'X-Forwarded-For: 192.0.2.1, 192.0.2.9' $at $path)" "close 1013" "its last one"
silence source
silence far
again "notify_max = 20"
listen all -c 20 -w 9000 $at $path
is "$(hear_end $at $path)" "http 503" "all have so many"
silence all
is "$(hear_end -w 300 $at $path)" time "and then there is room"

# ---- no descriptors
notifier_stop "$home"
sed -i '/^notify_max/d' "$home/dynapi.conf"
: >"$home/log/dynapi"
notifier_start "$home" notifier "$home/dynapi.conf" "$(command -v prlimit)" --nofile=64 ||
	bail_out "no notifier"
"$DYNAPI_BUILDDIR/tests/lib/hear" -c 80 -w 2500 $at $path >"$TMP/many.out" &
many=$!
ok "without descriptors nobody else is accepted" wait_for 5 logged 'no room for more'
ticks() {
	awk '{ print $14 + $15 }' "/proc/$(cat "$home/run/notifier.pid")/stat"
}
before=$(ticks)
sql shop "insert into dynapi.event (table_name, event, row_key)
	values ('public.order', 'created', '{1}'); notify dynapi"
wait "$many"
like "$(head -n 1 "$TMP/many.out")" '^messages ([3-9][0-9])$' "those who are in are served"
ok "which costs no time" test $(($(ticks) - before)) -lt 100
ok "then there is room again" wait_for 5 logged 'room for connections again'
is "$(hear_end -w 500 $at $path)" time "for others"
done_testing
