# Raw requests through nginx, lighttpd and Apache with the installed snippets:
# what reaches us gets one answer, whoever brought it; what a server refuses
# itself is in the table below (SECURITY Q7 to Q10, G2, G3).

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
need nginx lighttpd apache2 curl spawn-fcgi multiwatch

home=$TMP/h
api_home "$home" shop 'client_timeout = 5s' || bail_out "the API cannot be set up"
ctl "$home" grant anonymous product r >/dev/null || bail_out "cannot grant"
responders_start "$home" 3 || bail_out "no responders"
at_exit "responders_stop '$home'"
kinds='nginx lighttpd apache'
declare -A port
for kind in $kinds; do
	port[$kind]=$(free_port)
	at_exit "web_stop '$home' $kind"
	web_start "$home" "$kind" "${port[$kind]}" || bail_out "no $kind"
done
# a server may close before it has read all that we say
trap '' PIPE

# raw KIND BYTES : $status, $who ("us" or "web") and the answer's $body; \xHH
# in BYTES is that byte
raw() {
	local fd
	exec {fd}<>"/dev/tcp/127.0.0.1/${port[$1]}" || bail_out "no $1"
	{ printf '%b' "$2" >&"$fd"; } 2>/dev/null
	timeout 10 cat <&"$fd" 2>/dev/null | tr -d '\0' >"$TMP/raw"
	exec {fd}>&-
	status=$(sed -n '1s/HTTP\/1.[01] \([0-9]*\).*/\1/p' "$TMP/raw")
	who=web
	! grep -qi '^X-Request-Id: ' "$TMP/raw" || who=us
	body=$(sed '1,/^\r*$/d; s/"request_id":"[0-9a-f]*"//' "$TMP/raw")
}

# ---- the table: status by nginx, lighttpd, Apache; in brackets the server's
# own.  %H is "Host: localhost" and "Connection: close", %B a login of 31 bytes.

while read -r nginx lighttpd apache request; do
	[ -n "$request" ] || continue
	bytes=${request//%H/Host: localhost\\r\\nConnection: close\\r\\n}
	bytes=${bytes//%B/\{\"username\":\"a\",\"password\":\"b\"\}}
	got= different= first=
	for kind in $kinds; do
		raw "$kind" "$bytes"
		[ $who = us ] || status="($status)"
		got+=" $status"
		[ $who = us ] || continue
		first=${first:-$body}
		[ "$body" = "$first" ] || different+=" $kind"
	done
	is "$got$different" " $nginx $lighttpd $apache" "${request:0:90}"
done <<'EOT'
200 200 200 GET /api/health/live HTTP/1.1\r\n%H\r\n
200 200 200 GET /api/health/live HTTP/1.0\r\n\r\n
200 200 200 GET /api HTTP/1.1\r\n%H\r\n
(404) (404) (404) GET /apix HTTP/1.1\r\n%H\r\n
(400) (400) (400) GET /api/health/live HTTP/1.1\r\nConnection: close\r\n\r\n
(400) (400) (400) GET /api/health/live HTTP/1.1\r\n%HHost: b\r\n\r\n
400 400 400 GET /api//health/live HTTP/1.1\r\n%H\r\n
400 400 400 GET /api/./health/live HTTP/1.1\r\n%H\r\n
400 400 400 GET /api/x/../health/live HTTP/1.1\r\n%H\r\n
400 400 400 GET /api/x/%2e%2e/health/live HTTP/1.1\r\n%H\r\n
404 404 404 GET /api/health%2flive HTTP/1.1\r\n%H\r\n
400 400 400 GET /api/health/live/..%2Fx HTTP/1.1\r\n%H\r\n
404 404 404 GET /api/health/live/%5c..%5cx HTTP/1.1\r\n%H\r\n
404 404 404 GET /api/health/%252e%252e/live HTTP/1.1\r\n%H\r\n
200 200 200 GET /api/%68ealth/%6Cive HTTP/1.1\r\n%H\r\n
404 404 404 GET /api/health/live;x=y HTTP/1.1\r\n%H\r\n
404 404 404 GET /api/health/live. HTTP/1.1\r\n%H\r\n
404 404 404 GET /api/health/LIVE HTTP/1.1\r\n%H\r\n
(400) 400 (404) GET /api/health/live%00 HTTP/1.1\r\n%H\r\n
400 400 400 GET /api/health/live?a=%00 HTTP/1.1\r\n%H\r\n
200 200 200 GET /api/dyn/product/?name=%01 HTTP/1.1\r\n%H\r\n
400 (400) 400 GET /api/dyn/product/?name=%ff HTTP/1.1\r\n%H\r\n
400 400 400 GET /api/dyn/product/?name=%80 HTTP/1.1\r\n%H\r\n
400 400 400 GET /api/dyn/product/?name=%zz HTTP/1.1\r\n%H\r\n
400 400 400 GET /api/dyn/product/?name=% HTTP/1.1\r\n%H\r\n
(400) 400 (400) GET /api/dyn/product/%zz/ HTTP/1.1\r\n%H\r\n
400 (400) 400 GET /api/dyn/product/%ff/ HTTP/1.1\r\n%H\r\n
400 (404) 400 GET /api/dyn/product/%c3b/ HTTP/1.1\r\n%H\r\n
404 404 404 GET /api/dyn/product/\xc3\xa9/ HTTP/1.1\r\n%H\r\n
(400) 400 (400) GET /api/dyn/product/ x HTTP/1.1\r\n%H\r\n
(400) 400 (400) GET /api/health/live?a=\x01 HTTP/1.1\r\n%H\r\n
200 200 (400) GET /api/health/live#frag HTTP/1.1\r\n%H\r\n
200 200 200 GET http://localhost/api/health/live HTTP/1.1\r\n%H\r\n
200 (400) 200 GET http://evil.example/api/health/live HTTP/1.1\r\n%H\r\n
(400) (400) (400) GET * HTTP/1.1\r\n%H\r\n
(400) (200) (200) OPTIONS * HTTP/1.1\r\n%H\r\n
405 (501) 405 FOO /api/health/live HTTP/1.1\r\n%H\r\n
(400) (501) 405 get /api/health/live HTTP/1.1\r\n%H\r\n
(405) 405 405 TRACE /api/health/live HTTP/1.1\r\n%H\r\n
(405) 405 (400) CONNECT /api/health/live HTTP/1.1\r\n%H\r\n
405 405 405 PROPFIND /api/health/live HTTP/1.1\r\n%HContent-Length: 0\r\n\r\n
405 405 405 POST /api/health/live HTTP/1.1\r\n%HContent-Length: 0\r\n\r\n
401 401 401 POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: application/json\r\nContent-Length: 31\r\n\r\n%B
401 401 401 POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n%B\r\n0\r\n\r\n
(400) (400) 401 POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: application/json\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\n%B\r\n0\r\n\r\n
(400) (400) (400) POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: application/json\r\nContent-Length: 31\r\nContent-Length: 31\r\n\r\n%B
(400) (400) (400) POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: application/json\r\nContent-Length: -1\r\n\r\n%B
400 (411) 400 POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: application/json\r\n\r\n%B
415 415 415 POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 31\r\n\r\n%B
415 415 415 POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: text/plain\r\nContent-Length: 31\r\n\r\n%B
401 401 401 POST /api/auth/login/ HTTP/1.1\r\n%HContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 23\r\n\r\nusername=a&password=b&c
401 401 401 GET /api/auth/me/ HTTP/1.1\r\n%H\r\n
401 401 401 GET /api/auth/me/ HTTP/1.1\r\n%HX-User: admin\r\nRemote-User: admin\r\nX-Remote-User: admin\r\nX_User: admin\r\nUser: admin\r\nX-Forwarded-User: admin\r\nRemote_User: admin\r\n\r\n
401 401 401 GET /api/auth/me/ HTTP/1.1\r\n%HAuthorization: Basic YWRtaW46c2VjcmV0LW9mLWFkbWlu\r\n\r\n
(400) 400 400 GET /api/auth/me/ HTTP/1.1\r\n%HAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n
401 401 401 GET /api/auth/me/?access_token=x HTTP/1.1\r\n%HCookie: access=x\r\n\r\n
200 200 200 GET /api/dyn/product/1/ HTTP/1.1\r\n%HX-HTTP-Method-Override: DELETE\r\nX-HTTP-Method: DELETE\r\nX_HTTP_Method_Override: DELETE\r\n\r\n
405 405 405 POST /api/dyn/product/1/?_method=DELETE HTTP/1.1\r\n%HX-HTTP-Method-Override: DELETE\r\nContent-Length: 0\r\n\r\n
304 304 304 GET /api/dyn/product/1/ HTTP/1.1\r\n%HRange: bytes=0-3\r\nIf-None-Match: *\r\n\r\n
(400) 412 412 GET /api/dyn/product/1/ HTTP/1.1\r\n%HIf-Match: "a"\r\nIf-Match: "b"\r\n\r\n
200 200 200 GET /api/dyn/product/1/ HTTP/1.1\r\n%HAccept: text/html\r\nAccept: application/json\r\n\r\n
406 406 406 GET /api/dyn/product/1/ HTTP/1.1\r\n%HAccept: text/html\r\nAccept: image/png\r\n\r\n
400 400 400 GET /api/dyn/product/?nope=1 HTTP/1.1\r\n%HPrefer: return=minimal\r\nPrefer: handling=strict\r\n\r\n
(400) (400) (400) GET /api/health/live HTTP/1.1\r\n%HX-A : b\r\n\r\n
(400) (400) (400) GET /api/health/live HTTP/1.1\r\n%HX\x00A: b\r\n\r\n
200 (400) (400) GET /api/health/live HTTP/1.1\nHost: localhost\nConnection: close\n\n
EOT

# ---- what climbs out of the folder

need_testdata payloads/path-traversal.txt
reached=0 wrong=
while IFS= read -r payload; do
	first=
	for kind in $kinds; do
		raw "$kind" "GET /api/dyn/product/${payload//\\/\\\\} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
		case $status in
		400 | 404) ;;
		*) wrong+="$kind $payload: $status;" ;;
		esac
		[ $who = us ] || continue
		reached=$((reached + 1))
		first=${first:-$body}
		[ "$body" = "$first" ] || wrong+="$kind $payload: $body;"
	done
done < <(tr -d '\r' <"$DYNAPI_TESTDATA/payloads/path-traversal.txt")
is "$wrong" "" "no traversal finds anything, and all servers bring back the same"
ok "many reach us ($reached)" test "$reached" -gt 150

# ---- the words of a query as arguments of a CGI program (RFC 3875 4.4)

web_program apache >/dev/null
port[apache-cgi]=$(free_port)
at_exit "web_stop '$home' apache-cgi"
if web_start "$home" apache-cgi "${port[apache-cgi]}"; then
	# as in the snippet: the program itself, not the script of web_start
	program=$home/web-apache-cgi/cgi/dynapi.fcgi
	install -m 755 "$DYNAPI_BUILDDIR/dynapi.fcgi" "$program.new" &&
		mv "$program.new" "$program" || bail_out "no program"
	for query in "-c+$home/dynapi.conf" "%2dc+$home/dynapi.conf" \
		"%2Dc+${home//\//%2F}%2Fdynapi.conf" -V --help "-c%20$home/dynapi.conf"; do
		raw apache-cgi "GET /api/health/live?$query HTTP/1.0\r\nHost: localhost\r\n\r\n"
		is "$status" 400 "a client does not choose our configuration: ?$query"
	done
	for query in "+-c+$home/dynapi.conf" "%20-c+$home/dynapi.conf" "x+-c+$home/dynapi.conf" \
		"-c+$home/dynapi.conf&a=1"; do
		raw apache-cgi "GET /api/health/live?$query HTTP/1.0\r\nHost: localhost\r\n\r\n"
		unlike "$status$who" '^200|us' "nor by ?$query"
	done
else
	fail "apache-cgi starts"
fi

is "$(grep -E 'status=5|level=error' "$home/log/dynapi" | head -n 3)" "" \
	"nothing in the log is our fault"
done_testing
