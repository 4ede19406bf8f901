# events.sh - P12 to P14: live events; sourced by bench.sh.
# shellcheck disable=SC2154 # names that bench.sh sets

# tell N : so many events of one transaction
tell() {
	sql main "insert into dynapi.event (table_name, event, row_key)
		select 'public.customer', 'updated', array[i::text]
		from generate_series(1, $1) i; notify dynapi" >/dev/null
}

# the key is the time, so that hear knows how late it is
late_events() {
	title P12 "commit to delivery, 1,000 events/s, 100 subscribers"
	cat >"$TMP/late.sql" <<-'EOF'
	insert into dynapi.event (table_name, event, row_key) values
	  ('public.customer', 'created', array[(extract(epoch from
	  clock_timestamp()) * 1000000)::bigint::text]);
	notify dynapi;
	EOF
	listen late -l -c 100 -w 10000 -t "$BENCH_TOKEN" "$live" "$live_path" &&
		pgbench -n -f "$TMP/late.sql" -R 1000 -c 4 -j 1 -T 7 main \
			>"$main/log/pgbench" 2>&1 && heard late || die "P12: no events"
	figure P12 "median" ms "$(awk '/^late/ { print $3 / 1000 }' "$TMP/late.out")"
	figure P12 "99 of 100 within" ms \
		"$(awk '/^late/ { print $5 / 1000 }' "$TMP/late.out")"
	target P12 "99 of 100 within" '<=' 20
}

fan_out() {
	local from i
	title P13 "one table to 1,000 subscribers, rights checked"
	for i in 1 2 3 4 5; do
		listen fan -c 1000 -n 1000 -w 60000 -t "$BENCH_TOKEN" "$live" \
			"$live_path" || die "P13: no subscribers"
		from=$EPOCHREALTIME
		tell 1000 && heard fan || die "P13: no events"
		figure P13 "messages" 1/s "$(awk -v s="$(minus \
			"${EPOCHREALTIME/,/.}" "${from/,/.}")" \
			'/^messages/ { printf "%.0f", $2 / s }' "$TMP/fan.out")"
	done
	target P13 messages '>=' 100000
}

resident() {
	awk '/^VmRSS/ { print $2 }' "/proc/$(cat "$main/run/notifier.pid")/status"
}

idle_connections() {
	local before
	title P14 "10,000 idle connections"
	notifier_stop "$main"
	notifier_start "$main" || die "P14: no notifier"
	ulimit -n 20000
	before=$(resident)
	listen idle -c 10000 -w 120000 -t "$BENCH_TOKEN" "$live" "$live_path"
	wait_for 60 test -e "$TMP/idle.ready" || die "P14: no connections"
	figure P14 "resident, each" KiB "$(awk -v a="$before" -v b="$(resident)" \
		'BEGIN { printf "%.3f", (b - a) / 10000 }')"
	target P14 "resident, each" '<=' 16
	silence idle
}

bench_events() {
	local live live_path=/ws/dynapi/customer/
	wanted P12 || wanted P13 || wanted P14 || return 0
	live=$(sed -n 's/^notify_listen = //p' "$main/dynapi.conf")
	notifier_start "$main" || die "the notifier does not start"
	! wanted P12 || late_events
	! wanted P13 || fan_out
	! wanted P14 || idle_connections
	notifier_stop "$main"
}
