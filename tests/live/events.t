# A change becomes one message to who may read the row (CONTRACT 1.16, 6).

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
. "$DYNAPI_SRCDIR/tests/lib/live.sh"
need nginx curl

home=$TMP/h
live_home "$home" shop || bail_out "no API"
web=$(free_port)
responders_start "$home" 2 && at_exit "responders_stop '$home'" &&
	web_start "$home" nginx "$web" && at_exit "web_stop '$home' nginx" ||
	bail_out "no web server"
base=http://127.0.0.1:$web
ctl "$home" user add reader --password-stdin <<<"secret-of-reader" >/dev/null &&
	ctl "$home" user add writer --password-stdin <<<"secret-of-writer" >/dev/null &&
	ctl "$home" grant reader order r >/dev/null &&
	ctl "$home" grant writer order crud >/dev/null || bail_out "no users"
reader=$(login_token "$base" reader secret-of-reader)
writer=$(login_token "$base" writer secret-of-writer)

# post JSON : status of a create, and its key in $TMP/answer
post() {
	curl -s -m 10 -o "$TMP/answer" -w '%{http_code}' -X POST \
		-H "Authorization: Bearer $writer" \
		-H 'Content-Type: application/json' -d "$1" "$base/api/dyn/order/"
}

for way in "127.0.0.1:$web" "$live_address"; do
	name="through nginx"
	[ "$way" != "$live_address" ] || name="directly"
	listen ws -t "$reader" -w 1200 "$way" /ws/dynapi/order/
	listen sse -s -t "$reader" -w 1200 "$way" /sse/dynapi/order/
	is "$(post '{"customer_id": 1}')" 201 "$name: a row"
	key=$(jq .id <"$TMP/answer")
	is "$(post '{"customer_id": 999999}')" 409 "$name: a row that is refused"
	heard ws
	is "$(jq -c 'del(.id)' <<<"$(grep event "$TMP/ws.out")")" \
		'{"event":"created","table":"order","pk":'"$key"'}' "$name: one message"
	heard sse
	is "$(sed -n 's/^data: //p' "$TMP/sse.out")" "$(grep event "$TMP/ws.out")" "$name: the same as an event stream"
	like "$(cat "$TMP/sse.out")" 'id: [0-9]+.event: created' "$name: with its id and name"
done
# ---- every kind of write, once it is committed
listen all -n 4 -t "$reader" "$live_address" /ws/dynapi/order/
# write METHOD PATH BODY [HEADER] : its status
write() {
	curl -s -m 10 -o "$TMP/answer" -w '%{http_code}' -X "$1" \
		-H "Authorization: Bearer $writer" -H "${4-X: y}" \
		-H 'Content-Type: application/json' -d "$3" "$base/api/dyn/order/$2"
}
is "$(write PATCH "$key/" '{"note": "x"}')" 200 "a change"
is "$(write PATCH "$key/" '{"note": "y"}' 'Prefer: tx=rollback')" 200 "one that is undone"
is "$(write PATCH "$key/" '{"customer_id": 999999}')" 409 "one that is refused"
is "$(write PATCH 999999/ '{"note": "x"}')" 404 "one of no row"
is "$(write PUT "$key/" '{"customer_id": 1}')" 200 "another one"
is "$(write DELETE "$key/" '')" 204 "the end of a row"
is "$(write DELETE "$key/" '')" 404 "which is gone"
is "$(write POST "" '{"customer_id": 1, "id": 77777}')" 201 "a row with a key"
heard all
is "$(jq -r '.event? // empty, .pk? // empty' <<<"$(grep event "$TMP/all.out")" | xargs)" \
	"updated $key updated $key deleted $key created 77777" "each is told in its order, and nothing else"
done_testing
