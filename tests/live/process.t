# The daemon's life: without a database, signals, a socket in a folder.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/live.sh"
need curl

home=$TMP/h
live_home "$home" shop || bail_out "no API"
at=$live_address
ctl "$home" grant anonymous order r >/dev/null
path=/ws/dynapi/order/

event() {
	sql shop "insert into dynapi.event (table_name, event, row_key)
		values ('public.order', 'created', '{$1}'); notify dynapi"
}

keys() {
	sed -n 's/.*"pk":\([0-9]*\).*/\1/p' "$TMP/$1.out" | xargs
}

listening_now() {
	[ "$(sql shop "select count(*) from pg_stat_activity
		where application_name = 'dynapi-notifyd'")" = "$1" ]
}

# ---- the database goes and comes
listen through -n 3 -w 15000 $at $path
event 1
pg_restart "$home" immediate
event 2
ok "it connects again" wait_for 8 listening_now 1
event 3
heard through
is "$(keys through)" "1 2 3" "a restart of PostgreSQL loses nothing"
(for i in {100..299}; do
	echo "insert into dynapi.event (table_name, event, row_key)
		values ('public.order', 'created', '{$i}'); notify dynapi;"
	[ $((i % 20)) -ne 0 ] || echo "select pg_sleep(0.05);"
done | psql -Xq -o /dev/null -d shop) &
writer=$!
listen cut -n 190 -w 15000 $at $path
for i in 1 2 3; do
	sql shop "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'dynapi-notifyd'" >/dev/null
	wait_for 5 listening_now 1
done
wait "$writer"
event 300
wait_for 5 grep -q '"pk":300' "$TMP/cut.out"
silence cut
is "$(keys cut | tr ' ' '\n' | sort -n | uniq -d)" "" "its connection is cut again and again: nothing comes twice"
first=$(keys cut | cut -d ' ' -f 1)
is "$(keys cut)" "$(seq -s ' ' "$first" $((first + 189)))" "and nothing is lost"

listen stays -n 1 -w 15000 $at $path
pg_stop "$home" immediate
is "$(hear_end $at $path)" "close 1013" "without PostgreSQL nobody new is let in"
is "$(hear_end -s $at /sse/dynapi/order/)" "http 503" "nor to a stream"
like "$(curl -s -i -m 5 "http://$at/sse/dynapi/order/")" 'Retry-After: 1.*"code":"db_unavailable"' "which says why"
notifier_stop "$home" other
pg_start "$home"
wait_for 8 listening_now 1
event 4
heard stays
is "$(keys stays)" 4 "who was there stays"

# ---- its end
listen going -c 25 -w 8000 $at $path
listen stream -s -w 8000 $at /sse/dynapi/order/
exec 4<>"/dev/tcp/127.0.0.1/${at##*:}"
printf 'GET /ws' >&4
listen deaf -z -w 9000 $at $path
pid=$(cat "$home/run/notifier.pid")
began=$SECONDS
kill -TERM "$pid"
heard going
is "$(tail -n 2 "$TMP/going.out" | xargs)" "same end 25 close 1001" "SIGTERM: all are told 1001"
heard stream
like "$(cat "$TMP/stream.out")" '"code":1001' "a stream too"
ok "it ends" wait_for 6 pid_gone "$pid"
ok "within five seconds" test $((SECONDS - began)) -le 5
silence deaf
exec 4>&-

# ---- started without a database, and on a socket in a folder
pg_stop "$home" fast
sed -i "s|^notify_listen.*|notify_listen = $home/run/live.sock|" "$home/dynapi.conf"
at=$home/run/live.sock
notifier_start "$home" || bail_out "no notifier"
is "$(stat -c %a "$at")" 660 "the socket is for its owner and group"
is "$(hear_end "$at" $path)" "close 1013" "it starts without PostgreSQL"
pg_start "$home"
wait_for 8 listening_now 1
listen socket -n 1 "$at" $path
event 5
heard socket
is "$(keys socket)" 5 "and finds it when it is there"
notifier_stop "$home" notifier KILL
ok "a killed one leaves its socket" test -S "$at"
notifier_start "$home" || bail_out "no notifier"
is "$(hear_end -w 300 "$at" $path)" time "which the next one takes over"

# ---- behind a pooler nobody wakes it
notifier_stop "$home"
sed '$apooler = transaction' "$home/dynapi.conf" >"$home/pooled.conf"
chmod 600 "$home/pooled.conf"
give "$home/pooled.conf"
at_exit "notifier_stop '$home' pooled"
notifier_start "$home" pooled "$home/pooled.conf" || bail_out "no notifier"
listen pooled -n 1 "$at" $path
event 6
heard pooled
is "$(keys pooled)" 6 "behind a transaction pooler it looks by itself"
notifier_stop "$home" pooled
notifier_start "$home" || bail_out "no notifier"

# ---- SIGHUP
pid=$(cat "$home/run/notifier.pid")
mv "$home/log/dynapi" "$home/log/dynapi.1"
sed -i '$anonsense = 1' "$home/dynapi.conf"
kill -HUP "$pid"
ok "the log is opened again" wait_for 5 test -s "$home/log/dynapi"
like "$(cat "$home/log/dynapi")" 'nonsense.*the old settings stay' "a bad configuration changes nothing"
sed -i 's/^nonsense.*/max_params = 1/' "$home/dynapi.conf"
kill -HUP "$pid"
ok "a good one does" wait_for 5 grep -q 'settings read again' "$home/log/dynapi"
is "$(hear_end -w 300 "$at" "$path?a=1&b=2")" "http 400" "from then on"
as "$home/bin/dynapi-notifyd" -c "$home/dynapi.conf" 2>"$TMP/err"
is $? 1 "a second one does not take the place of the first"
like "$(cat "$home/log/dynapi")" 'listen.*in use' "and says so"
notifier_stop "$home"
not_ok "the socket is removed" test -e "$at"
for value in nowhere 127.0.0.1 127.0.0.1:0 127.0.0.1:70000 "[::1]" relative/path; do
	sed -i "s|^notify_listen.*|notify_listen = $value|" "$home/dynapi.conf"
	as timeout 5 "$home/bin/dynapi-notifyd" -c "$home/dynapi.conf" 2>"$TMP/err"
	is $? 1 "notify_listen = $value is refused"
done
"$DYNAPI_BUILDDIR/dynapi-notifyd" --nonsense 2>"$TMP/err"
is $? 2 "a wrong option is wrong usage"
done_testing
