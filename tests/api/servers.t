# The same question gets the same answer as plain CGI and through each web
# server, with the installed snippets, at the root and below a mount.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
need nginx lighttpd apache2 curl spawn-fcgi multiwatch

home=$TMP/h
api_home "$home" shop || bail_out "the API cannot be set up"
ctl "$home" grant anonymous product,customer crud >/dev/null ||
	bail_out "cannot grant"

# get KIND URI [CURL-ARGUMENT...] : status, content type and body in $TMP/KIND
get() {
	local kind=$1 uri=$2
	shift 2
	curl -s -m 20 --path-as-is -o "$TMP/$kind.body" \
		-w '%{http_code} %{content_type}\n' "$@" \
		"http://127.0.0.1:$port$uri" >"$TMP/$kind" && cat "$TMP/$kind.body" \
		>>"$TMP/$kind"
}

uris=('/api/dyn/product/?page_size=3' '/api/dyn/product/7/' '/api/dyn/product/?format=csv'
	'/api/dyn/product/?name=Red%20Lamp' '/api/dyn/product/%37/' '/api/dyn/nothing/'
	'/api/dyn/product/a%2Fb/' '/api/dyn/product/?sku=%01' '/api/health/live')

compare() {
	local prefix=$1 kind=$2 i
	for i in "${!uris[@]}"; do
		get "$kind" "$prefix${uris[i]}" || diag "curl failed"
		# every request has an id of its own
		sed -i 's/"request_id":"[0-9a-f]*"//' "$TMP/$kind"
		same_file "$TMP/$kind" "$TMP/wanted.$i" "$kind ${uris[i]}"
	done
}

for prefix in '' /shop; do
	api_conf "$home" shop "mount = $prefix" || bail_out "no configuration"
	for i in "${!uris[@]}"; do
		cgi "$home" GET "$prefix${uris[i]}" >"$TMP/answer"
		{
			cgi_status <"$TMP/answer" | tr '\n' ' '
			cgi_header Content-Type <"$TMP/answer"
			cgi_body <"$TMP/answer"
		} | sed 's/"request_id":"[0-9a-f]*"//' >"$TMP/wanted.$i"
	done
	like "$(head -n 1 "$TMP/wanted.0")" '^200 application/json' "plain CGI answers"
	like "$(cat "$TMP/wanted.1")" '"sku":"P-0007"' "with the row"
	responders_start "$home" 3 || bail_out "no responders"
	at_exit "responders_stop '$home'"
	for kind in nginx lighttpd apache fcgid lighttpd-cgi apache-cgi; do
		port=$(free_port)
		at_exit "web_stop '$home' $kind"
		if web_start "$home" "$kind" "$port" "$prefix"; then
			compare "$prefix" "$kind"
			get "$kind" "$prefix/api/dyn/customer/?page_size=1" \
				-H 'Authorization: Bearer wrong'
			like "$(head -n 1 "$TMP/$kind")" '^401 ' "$kind passes Authorization"
			get "$kind" "$prefix/api/dyn/customer/" -X POST \
				-H 'Content-Type: application/json' \
				-d "{\"name\":\"$kind\",\"email\":\"a$RANDOM@$kind.example\"}"
			like "$(cat "$TMP/$kind")" "^201 .*\"name\":\"$kind\"" "$kind takes a body"
			for path in dyn/product/ auto/product v2/product; do
				case $path in
				dyn/*) question='{"id__in":[7],"fields":["sku"]}' ;;
				auto/*) question='{"where":["id",7],"group_by":["sku"]}' ;;
				v2/*) question='{"q":{"id_eq":7},"a":{"only":["sku"]}}' ;;
				esac
				get "$kind" "$prefix/api/$path" -X QUERY -H 'Content-Type: application/json' -d "$question"
				is "$(cat "$TMP/$kind")" $'200 application/json\n[{"sku":"P-0007"}]' "$kind passes QUERY of ${path%%/*}"
			done
			curl -s -m 20 -o /dev/null -D "$TMP/head" "http://127.0.0.1:$port$prefix/api/dyn/product/?page=2&page_size=1&nothing=$(printf '%07000d' 0)"
			is "$(grep -o 'page=[13]>; rel="[a-z]*"' "$TMP/head" | tr '\n' ' ')" 'page=3>; rel="next" page=1>; rel="prev" ' \
				"$kind brings long links"
		else
			fail "$kind starts"
		fi
		web_stop "$home" "$kind"
	done
	responders_stop "$home"
done
is "$(sql shop "SELECT count(*) FROM customer WHERE id > 100")" 12 "every row arrived once"

done_testing
