# The demo of bootstrap, and the README's first session pasted into a shell.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
need curl spawn-fcgi multiwatch

demo=$TMP/demo
# what it says is in $TMP/shown
bootstrap() {
	bash "$DYNAPI_SRCDIR/bootstrap" "$@" >"$TMP/shown" 2>&1
}
at_exit "bootstrap stop --dir '$demo'"

ok "demo --detach" bootstrap demo --dir "$demo" --port "$(free_port)" \
	--workers 2 --detach
diag "$(head -n 12 "$TMP/shown")"
[ -e "$demo/env" ] || done_testing
. "$demo/env"
is "$(wc -l <"$RESPONDER_PIDS")" 2 "two responders"
mapfile -t pids <"$RESPONDER_PIDS"
ok "their numbers are true" kill -0 "${pids[@]}"
ok "the web server's too" kill -0 "$(cat "$WEB_PID")"
ok "the notifier's too" kill -0 "$(cat "$NOTIFIER_PID")"
is "$(curl -s -o "$TMP/body" -w '%{http_code}' "$BASE_URL/api/health/ready")" 200 \
	"it is ready"
for file in "$CONF" "$SNAPSHOT" "$BINDIR/dynapictl"; do
	ok "${file##*/} is there" test -e "$file"
done
is "$(stat -c %a "$demo/env")" 600 "nobody else reads the password"

# session FILE : in a shell in which curl fails when the API refuses
session() {
	{
		echo 'set -eu -o pipefail; . "$1"'
		echo 'curl() { command curl --fail-with-body -m 30 "$@"; }'
		cat "$1"
	} >"$TMP/session"
	bash "$TMP/session" "$demo/env" >"$TMP/said" 2>&1 && return
	diag "$(tail -n 5 "$TMP/said")"
	return 1
}

sed -n 's/^TOKEN=/&/p; s/^curl /&/p' "$TMP/shown" >"$TMP/lines"
ok "the lines that the demo prints" session "$TMP/lines"
like "$(cat "$TMP/said")" '"sku"' "and they show a product"

sed -n '/^A first session/,/^What there is/s/^    //p' \
	"$DYNAPI_SRCDIR/README" | grep -v '^\. demo/env$' >"$TMP/lines"
ok "the README's sessions" session "$TMP/lines"
like "$(cat "$TMP/said")" '"price": *19.90' "what it changes is changed"
like "$(cat "$TMP/said")" 'id,sku,name' "what it makes public is public"
like "$(cat "$TMP/said")" '"customer":\{"name":"[^"]*"\},"order_item":\[\{"order_id"' \
	"relations stand beside the rows"
like "$(cat "$TMP/said")" '"count":[0-9]+,"spent":' "groups are counted and added up"
is "$(sed -n 's/.*\(\[{"id":[0-9]*,"placed":.*\)/\1/p' "$TMP/said" | grep -o '"placed":' | wc -l)" \
	100 "the cursor leads to the second page"
like "$(cat "$TMP/said")" 'data: ."event":"updated","table":"order","pk":1,"id"' "changes are told"
like "$(cat "$TMP/said")" '"created":2' "many rows are created"

not_ok "a second demo in the same folder is refused" \
	bootstrap demo --dir "$demo" --detach
like "$(cat "$TMP/shown")" 'a demo runs' "with the reason"

# stopped, and on with the same data
ok "stop" bootstrap stop --dir "$demo"
is "$(curl -s -o "$TMP/body" -w '%{http_code}' "$BASE_URL/api/health/live")" 000 \
	"it is gone"
ok "on again, with another web server" bootstrap demo --dir "$demo" \
	--port "$(free_port)" --web lighttpd --detach
. "$demo/env"
like "$(curl -s "$BASE_URL/api/dyn/product/7/")" '19.90' "the data are still there"
ok "stopped again" bootstrap stop --dir "$demo"

done_testing
