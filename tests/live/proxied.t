# Live events through each web server, below a path too.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
. "$DYNAPI_SRCDIR/tests/lib/live.sh"

home=$TMP/h
live_home "$home" shop "mount = /shop" || bail_out "no API"
ctl "$home" user add ann --password-stdin <<<"secret-of-ann" >/dev/null
ctl "$home" grant ann order r >/dev/null
ann=$(ctl "$home" token ann)
responders_start "$home" 1 && at_exit "responders_stop '$home'" ||
	bail_out "no responder"
key=0

for kind in nginx lighttpd apache; do
	port=$(free_port)
	web_program "$kind" >/dev/null || bail_out "$kind is not installed"
	web_start "$home" "$kind" "$port" /shop && at_exit "web_stop '$home' $kind" ||
		bail_out "no $kind"
	at=127.0.0.1:$port
	key=$((key + 1))
	is "$(curl -s -o "$TMP/body" -w '%{http_code}' "http://$at/shop/api/health/live/")" 200 "$kind: the API"
	listen ws -n 1 -t "$ann" $at /shop/ws/dynapi/order/
	listen sub -n 1 -p "$ann" -H "Origin: http://$at" $at /shop/ws/dynapi/order/
	listen sse -n 1 -s -t "$ann" -H "Origin: http://$at" $at /shop/sse/dynapi/order/
	began=$(date +%s%N)
	sql shop "insert into dynapi.event (table_name, event, row_key)
		values ('public.order', 'created', '{$key}'); notify dynapi"
	heard ws
	took=$((($(date +%s%N) - began) / 1000000))
	like "$(head -n 1 "$TMP/ws.out")" "\"pk\":$key,\"id\"" "$kind: a WebSocket, in $took ms"
	heard sub
	like "$(head -n 1 "$TMP/sub.out")" "\"pk\":$key,\"id\"" "$kind: with a token as subprotocol, of the same host"
	heard sse
	like "$(grep ^data "$TMP/sse.out")" "\"pk\":$key,\"id\"" "$kind: an event stream"
	is "$(hear_end -t "$ann" $at /shop/ws/dynapi/customer/)" "close 4403" "$kind: the close code arrives"
	is "$(hear_end -t "$ann" -H 'Origin: http://evil.example' $at /shop/ws/dynapi/order/)" "http 403" "$kind: so does a refusal"
	is "$(hear_end -s $at /shop/sse/dynapi/order/)" "http 401" "$kind: and that of a stream"
	is "$(hear_end -t "$ann" $at /shop/ws/dynapi/public.c%75stomer/)" "close 4403" "$kind: so does a path with escapes"
	like "$(tail -n 5 "$home/log/dynapi")" 'remote=127.0.0.1' "$kind: with the client's address"
done
notifier_stop "$home"
is "$(curl -s -o "$TMP/body" -m 5 -w '%{http_code}' "http://$at/shop/sse/dynapi/order/")" 503 "without the daemon it is 503"
done_testing
