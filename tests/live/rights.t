# What a listener may be told: rights while he is connected, single rows.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/live.sh"

home=$TMP/h
pg_home "$home" || bail_out "no PostgreSQL"
sql shop "create table diary (id bigint primary key, owner bigint, text text);
	alter table diary enable row level security;
	create table pair (a integer, b text, primary key (a, b));
	create table stamped (t timestamptz primary key);
	create table flagged (f boolean primary key);
	create table priced (n numeric primary key);
	create table coded (u uuid primary key);
	create table heap (x integer);
	create view open_order as select id, note from \"order\" where status = 'open';
	create schema other; create table other.thing (id integer primary key)"
live_address=127.0.0.1:$(free_port)
api_programs "$home" &&
	api_conf "$home" shop "events = *" "notify_listen = $live_address" \
		"jwt_leeway = 0s" "schemas = public, other" "key.open_order = id" &&
	api_init "$home" secret-of-admin || bail_out "no API"
sql shop "create policy own on diary using (owner = dynapi.current_user_id())"
introspect "$home" >/dev/null
at_exit "notifier_stop '$home'"
notifier_start "$home" || bail_out "no notifier"
at=$live_address
for name in ann ben; do
	ctl "$home" user add $name --password-stdin <<<"secret-of-$name" >/dev/null ||
		bail_out "no user"
	for table in order diary pair stamped flagged priced coded heap open_order other.thing; do
		ctl "$home" grant $name $table crud >/dev/null || bail_out "no grant"
	done
done
ann=$(ctl "$home" token ann)
ben=$(ctl "$home" token ben)
ann_id=$(sql shop "select id from dynapi.users where username = 'ann'")

# event TABLE EVENT KEY [ROWS] : what a responder would write, KEY as an array
event() {
	sql shop "insert into dynapi.event (table_name, event, row_key, rows)
		values ('$1', '$2', $3, ${4-1}); notify dynapi"
}

# texts NAME : the messages without their ids
texts() {
	heard "$1"
	sed 's/,"id":[0-9]*}$/}/' "$TMP/$1.out"
}

# ---- forms of keys
while IFS='|' read -r table key rows wanted name; do
	listen one -n 1 -t "$ann" $at "/ws/dynapi/$table/"
	case $table in
	*.*) ;;
	*) table=public.$table ;;
	esac
	event "$table" updated "$key" "$rows"
	is "$(texts one | head -n 1)" "{\"event\":\"updated\",$wanted}" "$name"
done <<'EOF'
order|'{31}'|1|"table":"order","pk":31|a number
pair|'{7,"a \"b\", c"}'|1|"table":"pair","pk":[7,"a \"b\", c"]|a key of two columns
stamped|'{2026-01-02 03:04:05+00}'|1|"table":"stamped","pk":"2026-01-02T03:04:05+00:00"|a time as rows have it
flagged|'{t}'|1|"table":"flagged","pk":true|a truth value
priced|'{1.50}'|1|"table":"priced","pk":1.50|a number with its digits
coded|'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'|1|"table":"coded","pk":"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"|a uuid
order|null|12|"table":"order","pk":null,"rows":12|many rows
heap|null|1|"table":"heap","pk":null,"rows":1|a row without a key
other.thing|'{5}'|1|"table":"other.thing","pk":5|a table of another schema
EOF

# ---- rights that end
listen kept -n 2 -t "$ben" $at /ws/dynapi/order/
listen lost -w 3000 -t "$ann" $at /ws/dynapi/order/
listen stream -w 3000 -s -t "$ann" $at /sse/dynapi/order/
event public.order created "'{41}'"
ctl "$home" revoke ann order >/dev/null
event public.order created "'{42}'"
heard lost
is "$(texts lost | tail -n 1)" "close 4403" "who may not read any more is sent away"
is "$(texts lost | grep -c pk)" 1 "and is not told"
heard stream
like "$(cat "$TMP/stream.out")" 'event: close.data: .*"code":4403' "neither by a stream"
is "$(texts kept | grep -c pk)" 2 "another one is"
ctl "$home" grant ann order r >/dev/null

listen out -w 3000 -t "$ann" $at /ws/dynapi/order/
sql shop "update dynapi.session set revoked = now() where user_id = $ann_id"
event public.order created "'{43}'"
is "$(texts out)" "close 4401" "whose session has ended is sent away, untold"
is "$(hear_end -w 2000 -t "$ann" $at /ws/dynapi/order/)" "close 4401" "and does not come back"
ann=$(ctl "$home" token ann)
listen off -w 3000 -t "$ann" $at /ws/dynapi/order/
ctl "$home" user disable ann >/dev/null
event public.order created "'{44}'"
is "$(texts off)" "close 4401" "who is switched off is sent away"
ctl "$home" user enable ann >/dev/null
ann=$(ctl "$home" token ann)
short=$(ctl "$home" token ann --ttl 2s)
is "$(hear_end -w 5000 -t "$short" $at /ws/dynapi/order/)" "close 4401" "a token that ends while it listens"
ctl "$home" grant anonymous order r >/dev/null
listen visitor -w 3000 $at /ws/dynapi/order/
event public.order created "'{45}'"
ctl "$home" revoke anonymous order >/dev/null
event public.order created "'{46}'"
is "$(texts visitor | xargs)" '{event:created,table:order,pk:45} close 4401' "a visitor likewise"

# ---- single rows
sql shop "insert into diary values (1, $ann_id, 'x'), (2, 0, 'y');
	insert into \"order\" (id, customer_id, status) values (901, 1, 'open'), (902, 1, 'paid')"
sql shop "insert into diary values (91, $ann_id, ''), (92, (select id from dynapi.users where username = 'ben'), '');
	insert into \"order\" (id, customer_id) values (999, 1)"
listen ann -n 2 -t "$ann" $at /ws/dynapi/diary/
listen ben -n 1 -s -t "$ben" $at /sse/dynapi/diary/
listen view -n 2 -t "$ben" $at /ws/dynapi/open_order/
sql shop "insert into dynapi.event (table_name, event, row_key, rows) values
	('public.diary', 'updated', '{1}', 1), ('public.diary', 'updated', '{2}', 1),
	('public.diary', 'updated', '{3}', 1), ('public.diary', 'deleted', '{1}', 1),
	('public.diary', 'updated', null, 3), ('public.open_order', 'updated', '{901}', 1),
	('public.open_order', 'updated', '{902}', 1), ('public.open_order', 'updated', '{999}', 1),
	('public.diary', 'updated', '{91}', 1), ('public.diary', 'updated', '{92}', 1); notify dynapi"
is "$(texts ann | xargs)" '{event:updated,table:diary,pk:1} {event:updated,table:diary,pk:91} enough' \
	"of rows with a policy the own ones"
is "$(texts ben | sed -n 's/^data: //p' | xargs)" '{event:updated,table:diary,pk:92}' "and of those of others nothing"
is "$(texts view | xargs)" '{event:updated,table:open_order,pk:901} {event:updated,table:open_order,pk:999} enough' \
	"of a view the rows that it shows"
listen ann -n 1 -w 3000 -t "$ann" $at /ws/dynapi/diary/
event public.diary updated "'{garbage}'"
event public.diary updated "'{1}'"
is "$(texts ann | xargs)" '{event:updated,table:diary,pk:1} enough' "a key that is none does no harm"

# ---- wrong notifications and events
listen noise -n 3 -t "$ben" $at /ws/dynapi/order/
sql shop "notify dynapi, 'garbage'; notify dynapi, '{\"table\":\"order\"}';
	insert into dynapi.event (table_name, event, row_key) values
	('public.order', 'created', '{}'), ('public.order', 'created', '{1,2}'),
	('nothing', 'created', '{1}'), ('public.order', 'created', '{7}'); notify dynapi"
is "$(texts noise | xargs)" '{event:created,table:order,pk:null,rows:1} {event:created,table:order,pk:null,rows:1} {event:created,table:order,pk:7} enough' \
	"what is no event does no harm"

# ---- concealed
sed -i '$aconceal = yes' "$home/dynapi.conf"
kill -HUP "$(cat "$home/run/notifier.pid")"
wait_for 5 grep -q 'settings read again' "$home/log/dynapi"
ctl "$home" revoke ben order >/dev/null
for path in order nothing; do
	is "$(hear_end -w 2000 -t "$ben" $at /ws/dynapi/$path/)" "close 4404" "concealed: $path"
	is "$(hear_end -w 2000 -s -t "$ben" $at /sse/dynapi/$path/)" "http 404" "concealed: a stream of $path"
	is "$(hear_end -w 2000 -s $at /sse/dynapi/$path/)" "http 404" "concealed: a stream of $path for a visitor"
	listen "visitor_$path" -w 7000 $at /ws/dynapi/$path/
done
for path in order nothing; do
	is "$(texts "visitor_$path")" "close 4404" "concealed: $path for a visitor"
done

# ---- another schema
listen gone -w 5000 -t "$ben" $at /ws/dynapi/pair/
sql shop "drop table pair"
introspect "$home" >/dev/null
is "$(texts gone)" "close 4404" "a table that is gone"
done_testing
