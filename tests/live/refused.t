# Who may not listen, and what is no WebSocket.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/live.sh"
need curl

home=$TMP/h
live_home "$home" shop "cors_origins = https://good.example" ||
	bail_out "no API"
at=$live_address
for name in reader other; do
	ctl "$home" user add $name --password-stdin <<<"secret-of-$name" >/dev/null ||
		bail_out "no user"
done
ctl "$home" grant reader order r >/dev/null
ctl "$home" grant anonymous product r >/dev/null
reader=$(ctl "$home" token reader)
other=$(ctl "$home" token other)

# ---- who
# these are waited for at the end
began=$SECONDS
listen none $at /ws/dynapi/order/
listen query $at "/ws/dynapi/order/?token=$reader"
listen cookie -H "Cookie: token=$reader" $at /ws/dynapi/order/
exec 4<>"/dev/tcp/127.0.0.1/${at##*:}"
printf 'GET /ws' >&4
ws=/ws/dynapi/order/
is "$(hear_end -w 300 -t "$reader" $at $ws)" time "a token in Authorization"
is "$(hear_end -w 300 -p "$reader" $at $ws)" time "a token as a subprotocol, which is answered"
is "$(hear_end -w 300 -m "{\"token\": \"$reader\"}" $at $ws)" time "a token as the first message"
is "$(hear_end -w 300 $at /ws/dynapi/product/)" time "none where anonymous may read"
is "$(hear_end -w 300 -t "$reader" $at /ws/dynapi/order)" time "without the last slash"
is "$(hear_end -w 300 -t "$reader" $at /ws/dynapi/public.order/)" time "with its schema"
is "$(hear_end -w 300 -t "$reader" $at /ws/dynapi/o%72der/)" time "with an escape"
is "$(hear_end -w 300 -t "$reader" -H "Origin: http://$at" $at $ws)" time "a page of the same host"
is "$(hear_end -w 300 -t "$reader" -H "Origin: https://good.example" $at $ws)" time "a page of cors_origins"
while IFS='|' read -r wanted options path name; do
	# shellcheck disable=SC2086
	is "$(eval "hear_end -w 7000 $options $at $path")" "$wanted" "$name"
done <<'EOF'
close 4404|-t $reader|/ws/dynapi/nothing/|an unknown table
close 4404||/ws/dynapi/nothing/|an unknown table without a token
close 4403|-t $other|/ws/dynapi/order/|no right
close 4403|-p $other|/ws/dynapi/order/|no right, by subprotocol
close 4403|-m '{"token":"'$other'"}'|/ws/dynapi/order/|no right, by message
close 4403|-t $reader|/ws/dynapi/customer/|no right to this table
close 4401|-t ${reader}x|/ws/dynapi/order/|a broken token
close 4401|-p ${reader}x|/ws/dynapi/order/|a broken token, by subprotocol
close 4401|-m '{"token":"'${reader}x'"}'|/ws/dynapi/order/|a broken token, by message
close 4401|-m '{"token":1}'|/ws/dynapi/order/|a token that is a number
close 4401|-m 'hello'|/ws/dynapi/order/|a first message that is no token
close 4401|-m '[[[['|/ws/dynapi/order/|a first message that is no JSON
close 4401|-t ${reader}x|/ws/dynapi/product/|a broken token where none is needed
http 400|-t $reader -p $reader|/ws/dynapi/order/|two tokens
http 400|-t $reader -H "Authorization: Bearer $reader"|/ws/dynapi/order/|two Authorization headers
http 400|-t "$reader, x"|/ws/dynapi/order/|two that were joined
close 4401|-H "Authorization: Basic eDp5"|/ws/dynapi/order/|another scheme
http 403|-t $reader -H "Origin: https://evil.example"|/ws/dynapi/order/|a page of another site
http 403|-t $reader -H "Origin: null"|/ws/dynapi/order/|a page without an origin
http 403|-t $reader -H "Origin: https://good.example.evil"|/ws/dynapi/order/|a page of a site with a similar name
http 404|-t $reader|/ws/dynapi/|no table
http 404|-t $reader|/ws/other/order/|another address
http 404|-t $reader|/ws/dynapi/order/x/|a longer one
http 400|-t $reader|/ws/dynapi/%ff/|a name that is no text
http 400|-t $reader|/ws/dynapi/order/?since=x|a position that is none
http 400|-t $reader|/ws/dynapi/order/?since=-1|a negative one
http 401|-s|/sse/dynapi/order/|a stream without a token
http 401|-s -t ${reader}x|/sse/dynapi/order/|a stream with a broken one
http 401|-s -H "Sec-WebSocket-Protocol: dynapi, bearer.$reader"|/sse/dynapi/order/|a stream takes no subprotocol
http 403|-s -t $other|/sse/dynapi/order/|a stream without the right
http 404|-s -t $reader|/sse/dynapi/nothing/|a stream of an unknown table
EOF
is "$(curl -s "http://$at/sse/dynapi/order/" | jq -r .code)" token_invalid "a stream is refused by a problem document"
like "$(curl -s -i -X POST "http://$at/sse/dynapi/order/")" '^HTTP/1.1 405 .*Allow: GET' "POST is 405"
like "$(curl -s -i -H 'Origin: https://good.example' -m 1 "http://$at/sse/dynapi/product/")" \
	'Access-Control-Allow-Origin: https://good.example' "scripts of cors_origins may read a stream"
like "$(curl -s -i -X OPTIONS -H 'Origin: https://good.example' \
	-H 'Access-Control-Request-Method: GET' "http://$at/sse/dynapi/product/")" \
	'204.*Access-Control-Allow-Headers: Authorization' "and may send a token"
unlike "$(cat "$home/log/dynapi")" "${reader#*.}" "no token is logged"

# ---- what is no handshake: the status of a raw head, - : it is closed, 101
status() {
	local line
	exec 3<>"/dev/tcp/127.0.0.1/${at##*:}" || return
	printf '%b' "$1" >"$TMP/head"
	cat "$TMP/head" >&3
	IFS= read -r -t 3 line <&3 || line='HTTP/1.1 - '
	exec 3>&-
	line=${line#HTTP/1.1 }
	echo "${line%% *}"
}
start='GET /ws/dynapi/product/ HTTP/1.1\r\nHost: x\r\n'
up='Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n'
key='Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
v='Sec-WebSocket-Version: 13\r\n'
is "$(status "$start$up$key$v\r\n")" 101 "a handshake"
is "$(status "${start}uPgrade: WebSocket\r\ncOnnection: upgrade\r\n$key$v\r\n")" 101 "names in any case"
is "$(status "$start\r\n")" 426 "a plain GET"
is "$(status "$start$up$key${v/13/12}\r\n")" 426 "version 12"
is "$(status "$start$up$key\r\n")" 426 "no version"
is "$(status "$start$up$v\r\n")" 400 "no key"
is "$(status "$start$up${key/dGhl/}$v\r\n")" 400 "a short key"
is "$(status "$start$up${key/==/}$v\r\n")" 400 "a key without its padding"
is "$(status "$start$up$key$key$v\r\n")" 400 "two keys"
is "$(status "${start/1.1/1.0}$up$key$v\r\n")" 400 "HTTP/1.0"
is "$(status "${start/1.1/2.0}$up$key$v\r\n")" 400 "HTTP/2.0"
is "$(status "GET /ws/dynapi/product/ HTTP/1.1\r\n$up$key$v\r\n")" 400 "no Host"
is "$(status "${start/GET/POST}$up$key$v\r\n")" 405 "POST"
is "$(status "${start/GET \//GET  /}$up$key$v\r\n")" 400 "two blanks"
is "$(status "${start}X : y\r\n$up$key$v\r\n")" 400 "a blank before the colon"
is "$(status "${start}X: a\r\n b\r\n$up$key$v\r\n")" 400 "a folded line"
is "$(status "${start}X: a\x01b\r\n$up$key$v\r\n")" 400 "a control character"
is "$(status "${start//\\r/}\r\n\r\n")" 400 "lines that end in LF"
is "$(status "$start${up}Content-Length: 5\r\n$key$v\r\n")" 400 "a body is announced"
is "$(status "$start${up}Transfer-Encoding: chunked\r\n$key$v\r\n")" 400 "a chunked one"
is "$(status "$start$up$key$v\r\n\x81\x80abcd")" 400 "something behind the head"
long=$(head -c 20000 /dev/zero | tr '\0' a)
is "$(status "${start}X: $long\r\n$up$key$v\r\n")" 431 "a long header"
is "$(status "$start$(for i in {1..200}; do printf 'X: y\\r\\n'; done)$up$key$v\r\n")" 431 "many headers"
is "$(status "$start${up}Authorization: Bearer $(head -c 9000 /dev/zero | tr '\0' a)\r\n$key$v\r\n")" 431 "a long token"

# ---- what is no frame: the end after these bytes (RFC 6455 5 and 7.4.1)
while IFS='|' read -r wanted bytes name; do
	is "$(hear_end -w 1500 -x "$bytes" $at /ws/dynapi/product/)" "$wanted" "$name"
done <<'EOF'
time|818200000000 6869|a text
time|8182000000 00.68.69|a text that dribbles
time|0182000000006869 808200000000 6869|a text in two frames
time|018100000000e2 898000000000 80820000000082ac|a character in two frames, a ping between
time|828400000000ff00ff00|bytes
close 1005|888000000000|a close without a code
close 1002|81026869|a frame without a mask
close 1002|c18000000000|the first reserved bit
close 1002|a18000000000|the second
close 1002|918000000000|the third
close 1002|838000000000|an unknown kind of data
close 1002|8b8000000000|an unknown kind of control
close 1002|098000000000|a ping in pieces
close 1002|89fe007e00000000|a ping of 126 bytes
close 1002|808000000000|a continuation of nothing
close 1002|0181000000006181810000000061|a text in a text
close 1002|81fe000100000000 61|a length that is not the shortest
close 1002|81ff000000000000000100000000 61|nor this
close 1002|81ff800000000000000000000000|a length of 2^63
close 1009|81ff000000010000000000000000|a length of 4 GiB
close 1009|81ff7fffffffffffffff00000000|a length of 2^63-1
close 1009|81ff000000000001000100000000|one byte too many
close 1007|818200000000c328|a text that is no UTF-8
close 1007|818100000000e2|half a character
close 1007|818300000000eda080|a surrogate
close 1007|818400000000f4908080|beyond the last character
close 1007|018100000000e2 808100000000 28|half a character in two frames
close 1002|888100000000 03|a close of one byte
close 1002|888200000000 0000|a close with code 0
close 1002|888200000000 03e7|999
close 1002|888200000000 03ec|1004
close 1002|888200000000 03ed|1005
close 1002|888200000000 03ee|1006
close 1002|888200000000 03f7|1015
close 1002|888200000000 0bb7|2999
close 1002|888200000000 1388|5000
close 1002|888200000000 ffff|65535
close 1000|888200000000 03e8|1000
close 1011|888200000000 03f3|1011
close 4999|888200000000 1387|4999
close 1007|888400000000 03e8c328|a reason that is no UTF-8
close 1000|888200000000 03e8 81026869|a frame after the close
EOF
like "$("$DYNAPI_BUILDDIR/tests/lib/hear" -w 400 -x "8984000000007a7a7a7a" $at /ws/dynapi/product/)" \
	'^pong zzzz' "a ping is answered with what it had"
is "$(hear_end -w 900 -x "81feea6000000000$(head -c 60000 /dev/zero | od -An -v -tx1 | tr -d ' \n') 818200000000c328" \
	$at /ws/dynapi/product/)" "close 1007" "60,000 bytes are read over"

# ---- what takes its time
heard none
is "$(cat "$TMP/none.out")" "close 4401" "no token, after five seconds"
heard query
is "$(cat "$TMP/query.out")" "close 4401" "one in the query string is not looked at"
heard cookie
is "$(cat "$TMP/cookie.out")" "close 4401" "nor one in a cookie"
is "$(timeout 12 cat <&4)" "" "a slow head is closed"
ok "and no sooner than after ten seconds" test $((SECONDS - began)) -ge 9
exec 4>&-
ok "the daemon is still the same" pid_runs "$(cat "$home/run/notifier.pid")" "$home/"
done_testing
