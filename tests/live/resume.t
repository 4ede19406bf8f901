# Nothing is lost and nothing comes twice: resuming, killed daemons, several.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/live.sh"

home=$TMP/h
live_home "$home" shop || bail_out "no API"
at=$live_address
ctl "$home" grant anonymous order r >/dev/null
path=/ws/dynapi/order/

# add KEY... : one transaction each
add() {
	local key
	for key; do
		echo "insert into dynapi.event (table_name, event, row_key)
			values ('public.order', 'created', '{$key}'); notify dynapi;"
	done | psql -Xq -d shop
}

keys() {
	sed -n 's/.*"pk":\([0-9]*\).*/\1/p' "$TMP/$1.out" | xargs
}

ids() {
	sed -n 's/.*"id":\([0-9]*\)}$/\1/p' "$TMP/$1.out"
}

# ---- the order is that of commits
listen order -n 3 $at $path
sql shop "insert into dynapi.event (table_name, event, row_key)
	values ('public.order', 'created', '{1}'); select pg_sleep(1)" -1 >/dev/null &
wait_for 5 sh -c "[ \$(psql -XAtq -d shop -c \"select count(*) from pg_stat_activity where query ~ 'pg_sleep' and wait_event = 'PgSleep'\") = 1 ]"
add 2
add 3
heard order
is "$(keys order)" "2 3 1" "who commits later comes later"
is "$(ids order | sort -n | xargs)" "$(ids order | xargs)" "with a higher id"
is "$(sql shop "select string_agg(row_key[1], ' ' order by id) from dynapi.event")" "1 2 3" \
	"though it was written before"

# ---- going on
last=$(ids order | tail -n 1)
add 4 5 6
listen since -n 3 $at "$path?since=$last"
heard since
is "$(keys since)" "4 5 6" "since= goes on behind an id"
listen event -s -n 3 -H "Last-Event-ID: $last" $at /sse/dynapi/order/
heard event
is "$(keys event)" "4 5 6" "so does Last-Event-ID"
listen all -n 6 $at "$path?since=0"
heard all
is "$(keys all)" "2 3 1 4 5 6" "from the beginning, in the same order"
is "$(ids all | head -n 3 | xargs)" "$(ids order | xargs)" "with the same ids"
listen now -w 700 $at "$path?since=$(ids all | tail -n 1)"
add 7
heard now
is "$(keys now)" 7 "nothing twice where nothing is missing"

# ---- a daemon is killed while others write
(for i in {100..699}; do
	echo "insert into dynapi.event (table_name, event, row_key)
		values ('public.order', 'created', '{$i}'); notify dynapi;"
	[ $((i % 10)) -ne 0 ] || echo "select pg_sleep(0.03);"
done | psql -Xq -o /dev/null -d shop) &
writer=$!
since=$(ids all | tail -n 1)
: >"$TMP/told.out"
for round in 1 2 3 4 5 6 7; do
	listen part -n 600 -w 1200 $at "$path?since=$since"
	[ $round -gt 4 ] || {
		notifier_stop "$home" notifier KILL
		heard part
		notifier_start "$home" || bail_out "no notifier"
	}
	heard part
	cat "$TMP/part.out" >>"$TMP/told.out"
	since=$(ids told | tail -n 1)
done
wait "$writer"
is "$(keys told)" "7 $(echo {100..699})" "all is told once, whenever the daemon was killed"
is "$(ids told | sort -n | uniq -d)" "" "no id comes twice"

# ---- two daemons
second=127.0.0.1:$(free_port)
sed "s/^notify_listen.*/notify_listen = $second/" "$home/dynapi.conf" >"$home/second.conf"
chmod 600 "$home/second.conf"
give "$home/second.conf"
at_exit "notifier_stop '$home' second"
notifier_start "$home" second "$home/second.conf" || bail_out "no second notifier"
listen a -n 400 $at $path
listen b -n 400 $second $path
for base in 1000 2000 3000 4000; do
	# shellcheck disable=SC2046
	add $(seq $base $((base + 99))) &
	writers+=($!)
done
wait "${writers[@]}"
heard a
heard b
is "$(keys a | tr ' ' '\n' | sort -n | xargs)" "$(echo {1000..1099} {2000..2099} {3000..3099} {4000..4099})" \
	"what four have written at once"
same_file "$TMP/a.out" "$TMP/b.out" "both daemons tell the same in the same order"
middle=$(ids a | sed -n 200p)
listen c -n 200 $second "$path?since=$middle"
heard c
is "$(ids c | xargs)" "$(ids a | tail -n 200 | xargs)" "one goes on with what the other has told"

# ---- a long log, for one who has missed all of it
sql shop "insert into dynapi.event (table_name, event, row_key)
	select case when i % 2 = 0 then 'public.order' else 'public.product' end,
		'updated', array[i::text] from generate_series(10001, 15000) i"
from=$(ids a | tail -n 1)
listen long -n 2500 -w 15000 $at "$path?since=$from"
heard long
is "$(keys long)" "$(seq 10002 2 15000 | xargs)" "thousands of events, his table's alone"
is "$(tail -n 1 "$TMP/long.out")" enough "without being sent away"

# ---- what is not kept
sql shop "select dynapi.event_purge('0s', 3000)" >/dev/null
listen old -n 2 $at "$path?since=1"
heard old
like "$(head -n 1 "$TMP/old.out")" '^."event":"resync","table":"order","id":[0-9]+.$' \
	"who comes back too late is told so"
listen future -n 2 -w 800 $at "$path?since=999999999"
add 8
heard future
like "$(cat "$TMP/future.out")" '"resync".*"pk":8' "and who names an id that never was"
sed "s/^notify_listen.*/notify_listen = 127.0.0.1:$(free_port)/; \$aevent_keep = 1s" \
	"$home/dynapi.conf" >"$home/third.conf"
chmod 600 "$home/third.conf"
give "$home/third.conf"
wait_for 3 sh -c "[ \$(psql -XAtq -d shop -c \"select max(created) < now() - interval '1.1s' from dynapi.event\") = t ]"
at_exit "notifier_stop '$home' third"
notifier_start "$home" third "$home/third.conf" || bail_out "no third notifier"
ok "event_keep clears the log" wait_for 5 sh -c \
	"[ \$(psql -XAtq -d shop -c 'select count(*) from dynapi.event') = 0 ]"
listen empty -n 1 -w 800 $at "$path?since=$(ids future | tail -n 1)"
heard empty
is "$(cat "$TMP/empty.out")" time "an empty log has lost nothing of who has seen it all"
listen gone -n 1 -w 800 $at "$path?since=$from"
heard gone
like "$(cat "$TMP/gone.out")" resync "of others it has"
done_testing
