# A stranger with hostile intent.  First one who has got at the socket and
# speaks bad FastCGI (SECURITY G1), then one with or without an account who
# wants to learn what he may not see (A1, A2, A5, A6, A10, J15, O3, O5).

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

ask_start shop 'client_timeout = 2s' || bail_out "the API cannot be set up"
sql shop "CREATE TABLE large AS SELECT i AS id, repeat('x', 200) AS note
		FROM generate_series(1, 20000) i;
	ALTER TABLE large ADD PRIMARY KEY (id);
	CREATE TABLE hidden (id int PRIMARY KEY, secret_column int UNIQUE,
		product_id bigint REFERENCES product CONSTRAINT hidden_reference
			REFERENCES product);
	INSERT INTO hidden VALUES (1, 1, 5);
	CREATE TABLE points (id int PRIMARY KEY, hidden_id int REFERENCES hidden);
	CREATE TABLE note (id bigint PRIMARY KEY, owner bigint);
	INSERT INTO note SELECT i, i FROM generate_series(0, 9) i;
	ALTER TABLE note ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON note USING (owner = dynapi.current_user_id())"
introspect "$home" >/dev/null && ctl "$home" grant anonymous large r >/dev/null ||
	bail_out "no tables"

# ---- bad FastCGI

REQUEST=("begin=1,0,1" param=REQUEST_METHOD=GET)
LIVE=("${REQUEST[@]}" param=REQUEST_URI=/api/health/live)

# rude STATUS SECONDS NAME STEP... : the answer has this status ("-": none),
# and the responder lets go within the time
rude() {
	local want=$1 limit=$2 name=$3 got ended
	shift 3
	got=$("$DYNAPI_BUILDDIR/tests/lib/rude" "$socket" "$limit" "$@")
	ended=$?
	got=$(printf '%s' "$got" | sed -n '1s/^Status: \([0-9]*\).*/\1/p')
	is "${got:--} $ended" "$want 0" "$name"
}

rude 200 5 "a request as it should be" get=/api/health/live
rude 200 5 "records of one byte" "${LIVE[@]}" params=1 text=5,1,
rude 200 5 "the connection is not kept, whoever asks" begin=1,1,1 \
	param=REQUEST_METHOD=GET param=REQUEST_URI=/api/health/live params=9 text=5,1,
rude 200 5 "records of 65,535 bytes" "${LIVE[@]}" \
	"param=HTTP_X=$(printf '%65000s' x)" "param=HTTP_X=$(printf '%65000s' x)" \
	params=65535 fill=5,1,65535 text=5,1,
rude 400 5 "the parameters do not end" "${LIVE[@]}" open=100 shut
rude - 9 "nobody says anything"
rude 400 5 "a begin, and no more" begin=1,0,1 shut
rude - 5 "half a header" hex=010100 shut
rude - 5 "half a begin" hex=01010001000800000001 shut
rude - 5 "another version" hex=0901000100080000 shut
rude - 5 "a role that there is not" begin=9,0,1 param=REQUEST_METHOD=GET \
	params=9 text=5,1,
rude - 5 "parameters before a begin" param=REQUEST_METHOD=GET params=9 shut
rude - 5 "an answer instead of a request" text=6,1,Status shut
rude - 9 "lengths of 2 GiB" begin=1,0,1 lie=2147483647,2147483647 open=100
rude - 9 "a value of 2 GB that does not come" begin=1,0,1 lie=10,2000000000 \
	open=100 fill=4,1,65535
rude 400 5 "a body before the parameters" begin=1,0,1 fill=5,1,100 shut
rude 200 5 "records of another request between ours" "${LIVE[@]}" \
	fill=4,7,500 params=9 fill=5,7,900 text=5,1,
rude 200 5 "questions about us between ours" begin=1,0,1 \
	hex=0109000000110000 hex=0f00464347495f4d41585f434f4e4e535f \
	param=REQUEST_METHOD=GET param=REQUEST_URI=/api/health/live params=99 \
	text=5,1,
rude 400 5 "an abort before the body" "${REQUEST[@]}" \
	param=REQUEST_URI=/api/health/live params=99 text=2,1,
rude 400 5 "the body is shorter than said" "${LIVE[@]}" param=CONTENT_LENGTH=5 \
	params=99 text=5,1,abc text=5,1,
rude 400 5 "the body is longer than said" "${LIVE[@]}" param=CONTENT_LENGTH=2 \
	params=99 text=5,1,abc text=5,1,
rude 400 5 "the body does not come" "${LIVE[@]}" param=CONTENT_LENGTH=2 params=99
rude 400 5 "an end that does not come" "${LIVE[@]}" param=CONTENT_LENGTH=0 params=99
rude 413 5 "a body that is said to be large" "${LIVE[@]}" \
	param=CONTENT_LENGTH=9223372036854775807 params=99 text=5,1,
for n in -1 1e3 99999999999999999999 0x10 '5 5'; do
	rude 400 5 "Content-Length $n" "${LIVE[@]}" "param=CONTENT_LENGTH=$n" \
		params=99 text=5,1,
done
rude 400 5 "two Authorization headers" "${REQUEST[@]}" \
	param=REQUEST_URI=/api/health/live "param=HTTP_AUTHORIZATION=Bearer a" \
	"param=HTTP_AUTHORIZATION=Bearer b" params=99 text=5,1,
rude 405 5 "a method of 60,000 bytes" begin=1,0,1 \
	"param=REQUEST_METHOD=$(printf '%60000s' x)" \
	param=REQUEST_URI=/api/health/live params=65535 text=5,1,
is "$("$DYNAPI_BUILDDIR/tests/lib/rude" "$socket" 5 begin=1,0,1 \
	"param=REQUEST_METHOD=$(printf '\377')" param=REQUEST_URI=/api/health/live \
	params=99 text=5,1, | iconv -f UTF-8 -t UTF-8 | sed -n 's/.*"detail":"\([^"]*\).*/\1/p')" \
	"Allowed here: GET, HEAD." "a method that is no text is not repeated"
rude 414 5 "a URI of 60,000 bytes" "${REQUEST[@]}" \
	"param=REQUEST_URI=/$(printf '%060000d' 1)" params=65535 text=5,1,
rude 404 5 "no parameter at all" begin=1,0,1 text=4,1, text=5,1,
for i in $(seq 40); do
	"$DYNAPI_BUILDDIR/tests/lib/rude" "$socket" 1 "${LIVE[@]}" open=100 close
done
rude 200 5 "forty who left in the middle cost nothing" get=/api/health/live

# what a client does not read is not waited for: the one responder is free
# again soon after client_timeout, also where the answer is spooled first
for protocol in HTTP/1.1 HTTP/1.0; do
	"$DYNAPI_BUILDDIR/tests/lib/rude" "$socket" 1 "${REQUEST[@]}" \
		"param=REQUEST_URI=/api/dyn/large/" "param=SERVER_PROTOCOL=$protocol" \
		params=999 text=5,1, sleep=8000 close >/dev/null &
	rude_pid=$!
	sleep 0.2
	began=$SECONDS
	ask GET /api/health/live
	is "$status $((SECONDS - began < 6))" "200 1" \
		"a client of $protocol that does not read"
	kill $rude_pid 2>/dev/null
	wait $rude_pid 2>/dev/null
done

# nor may what has to be spooled fill the disk
ask_conf shop 'client_timeout = 2s' 'spool_max = 1m' 'response_buffer = 64k'
ask GET /api/dyn/large/
is "$status $((${#body} > 4000000))" "200 1" "a long list"
rude 400 5 "is refused where it would be spooled and too large" "${REQUEST[@]}" \
	param=REQUEST_URI=/api/dyn/large/ param=SERVER_PROTOCOL=HTTP/1.0 params=999 \
	text=5,1,
rude 200 5 "a part of it is not" "${REQUEST[@]}" \
	'param=REQUEST_URI=/api/dyn/large/?limit=4000' param=SERVER_PROTOCOL=HTTP/1.0 \
	params=999 text=5,1,
ask_conf shop 'client_timeout = 2s'

# on TCP only the web servers named by FCGI_WEB_SERVER_ADDRS are heard
for address in 127.0.0.1 127.0.0.2 10.1.1.1,127.0.0.1 ''; do
	port=$(free_port)
	as spawn-fcgi -a 127.0.0.1 -p "$port" -P "$home/run/tcp.pid" -- \
		"$(command -v env)" FCGI_WEB_SERVER_ADDRS="$address" \
		"$home/bin/dynapi.fcgi" -c "$home/dynapi.conf" >/dev/null
	want=200
	[ "$address" != 127.0.0.2 ] || want=-
	got=$("$DYNAPI_BUILDDIR/tests/lib/rude" "$port" 5 get=/api/health/live |
		sed -n '1s/^Status: \([0-9]*\).*/\1/p')
	is "${got:--}" $want "heard on TCP: ${address:-everybody}"
	pid_end "$home/run/tcp.pid" dynapi.fcgi
done

# ---- identity comes from the token alone

made_up=('X-User: admin' 'User: admin' 'Remote-User: admin' 'X-Remote-User: admin'
	'X-Forwarded-User: admin' 'X-User-Id: 1' 'Cookie: access=1; sessionid=1'
	'X-HTTP-Method-Override: DELETE')
try 401 token_invalid GET /api/auth/me/ '' "${made_up[@]}"
rude 401 5 "nor does the socket give one" "${REQUEST[@]}" param=REMOTE_USER=admin \
	param=AUTH_TYPE=Basic param=HTTP_REMOTE_USER=admin param=LOGNAME=admin \
	param=USER=admin param=DYNAPI_USER=1 param=REQUEST_URI=/api/auth/me/ \
	params=99 text=5,1,
ctl "$home" grant anonymous product,points r >/dev/null
try 200 - GET /api/dyn/product/5/ '' "${made_up[@]}"
is "$(sql shop 'SELECT count(*) FROM product WHERE id = 5')" 1 \
	"no header makes another method of it"
eve=$(user_token eve) && ada=$(user_token admin) || bail_out "no users"
for header in "Authorization: Basic YWRtaW46c2VjcmV0LW9mLWFkbWlu" \
	"Authorization: Bearer" "Authorization: $eve" "Authorization: Bearer $eve x" \
	"Authorization: Bearer ${eve}x" "Authorization: Bearer ${eve%?}" \
	"Authorization: Bearer ${eve%.*}." "Authorization: Token $eve"; do
	try 401 token_invalid GET /api/auth/me/ '' "$header"
done
try 400 bad_request GET /api/auth/me/ '' "Authorization: Bearer $eve, Bearer $ada"
try 401 token_invalid GET "/api/auth/me/?access_token=$eve&token=$eve"
try 200 - GET /api/auth/me/ '' "Authorization: bEaReR $eve"

# one responder, three callers in turn: each is answered as himself
ctl "$home" grant eve order,note r >/dev/null
ctl "$home" grant anonymous note r >/dev/null
for i in $(seq 300); do
	printf 'eve\tGET\t/api/auth/me/\t\\N\tAuthorization: Bearer %s\n' "$eve"
	printf 'nobody\tGET\t/api/auth/me/\n'
	printf 'ada\tGET\t/api/auth/me/\t\\N\tAuthorization: Bearer %s\n' "$ada"
	printf 'wrong\tGET\t/api/auth/me/\t\\N\tAuthorization: Bearer %s\n' "${eve}x"
	printf 'order eve\tGET\t/api/dyn/order/1/\t\\N\tAuthorization: Bearer %s\n' "$eve"
	printf 'order nobody\tGET\t/api/dyn/order/1/\n'
	printf 'bad\tGET\t/api/dyn/order/?limit=x\t\\N\tAuthorization: Bearer %s\n' "$ada"
	printf 'note nobody\tGET\t/api/dyn/note/\n'
	printf 'note eve\tGET\t/api/dyn/note/\t\\N\tAuthorization: Bearer %s\n' "$eve"
	printf 'note ada\tGET\t/api/dyn/note/\t\\N\tAuthorization: Bearer %s\n' "$ada"
	printf 'hidden ada\tGET\t/api/dyn/hidden/1/\t\\N\tAuthorization: Bearer %s\n' "$ada"
	printf 'hidden eve\tGET\t/api/dyn/hidden/1/\t\\N\tAuthorization: Bearer %s\n' "$eve"
done >"$TMP/turns"
ask_all "$TMP/turns" "$TMP/answers"
is "$(awk -F '\t' '{ who = "-"
		if (match($4, /"username":"[a-z]*"/))
			who = substr($4, RSTART + 12, RLENGTH - 13)
		if ($1 ~ /^note/)
			who = $4
		n[$1 " " $2 " " who]++ }
	END { for (i in n) print i, n[i] }' "$TMP/answers" | sort)" \
	"ada 200 admin 300
bad 400 - 300
eve 200 eve 300
hidden ada 200 - 300
hidden eve 403 - 300
nobody 401 - 300
note ada 200 [{\"id\":1,\"owner\":1}]\\n 300
note eve 200 [{\"id\":2,\"owner\":2}]\\n 300
note nobody 200 [{\"id\":0,\"owner\":0}]\\n 300
order eve 200 - 300
order nobody 401 - 300
wrong 401 - 300" "callers in turn at one responder"

# ---- CORS is closed

for method in GET OPTIONS; do
	ask $method /api/dyn/product/?limit=1 '' 'Origin: https://evil.example' \
		'Access-Control-Request-Method: DELETE'
	unlike "$head" '[Aa]ccess-[Cc]ontrol|Vary' "$method: no script of another site reads it"
done

# ---- HEAD says what GET says

for query in '' 'limit=3' 'limit=3&offset=99' 'limit=3&count=exact' 'page=1&page_size=7' \
	'page=last&page_size=7' 'page=99' 'format=csv' 'format=ndjson&limit=2' 'limit=x' \
	'format=csv&page=2' 'count=exact' 'limit=4&count=estimated' 'limit=2000'; do
	ask GET "/api/dyn/product/?$query"
	got="$status $head"
	long=$(header Content-Length)
	ask HEAD "/api/dyn/product/?$query"
	length=$(header Content-Length)
	is "$(sed '/^X-Request-Id\|^Content-Length\|^Content-Range: product 0-99/d' <<<"$status $head")" \
		"$(sed '/^X-Request-Id\|^Content-Length\|^Content-Range: product 0-99/d' <<<"$got")" \
		"HEAD ?$query"
	is "${length:-$long} ${body}" "$long " "and no other length, and no body"
done
ask DELETE /api/dyn/hidden/1/ '' "Authorization: Bearer $ada"
is "$status" 204 "a row is deleted"
unlike "$head" 'Content-Length|Connection' "an answer without body has no length"

# a link that is too long for the head is not left out in silence
for length in 1000 2900 3300 7000 7850; do
	ask GET "/api/dyn/product/?page=2&page_size=5&nothing=$(printf "%0${length}d" 1)"
	is "$status $(header Content-Type) $(header Link | wc -l)" "200 application/json 2" \
		"a URL of $length bytes has both links"
	ok "and a head that web servers take" test ${#head} -lt 20000
done
try 400 limit_exceeded GET "/api/dyn/product/?page=2&page_size=5&nothing=$(printf '%07970d' 1)"

# a body of wrong names only: the answer comes soon and is not larger
seq -s ',' -f '"k%g":1' 90000 | sed 's/.*/{&}/' >"$TMP/wide"
printf 'wide\tPOST\t/api/dyn/product/\t%s\tAuthorization: Bearer %s\n' \
	"$(cat "$TMP/wide")" "$ada" >"$TMP/turns"
began=$SECONDS
ask_all "$TMP/turns" "$TMP/answers"
is "$(cut -c 1-8 "$TMP/answers") $((SECONDS - began < 5))" "wide	400 1" \
	"ninety thousand wrong names"
ok "are not all repeated" test "$(wc -c <"$TMP/answers")" -lt 200000

# ---- what may be known

token=$eve
try 403 forbidden GET /api/dyn/hidden/
ctl "$home" grant eve product d >/dev/null
try 409 conflict DELETE /api/dyn/product/6/ || :
sql shop "INSERT INTO hidden VALUES (2, 2, 7)"
try 409 conflict DELETE /api/dyn/product/7/
unlike "$body$head" 'hidden|secret' "a table that refers to it is not named"
ctl "$home" grant eve product rd >/dev/null
try 409 conflict DELETE /api/dyn/product/7/
unlike "$body$head" 'hidden|secret' "not to a reader either"
ctl "$home" grant eve points r >/dev/null
ask OPTIONS /api/dyn/points/
like "$status $body" '^200 .*"hidden_id"' "the columns of what he may read"
unlike "$body" 'references|public.hidden' "without the table behind the key"
ctl "$home" grant eve hidden r >/dev/null
ask OPTIONS /api/dyn/points/
like "$body" '"references":\{"table":"public.hidden","column":"id"\}' \
	"which is told to who may read it"
ctl "$home" revoke eve hidden >/dev/null

# create, but not read
ctl "$home" grant eve hidden c >/dev/null
try 201 - POST /api/dyn/hidden/ '{"id":10,"secret_column":10}'
is "$body" "" "what he may not read is not shown"
is "$(header Location)" /api/dyn/hidden/10/ "but where it is"
try 409 conflict POST /api/dyn/hidden/ '{"id":11,"secret_column":10}'
unlike "$body$head" 'secret|hidden|exists' "a conflict tells neither column nor constraint"
try 409 conflict POST /api/dyn/hidden/ '{"id":12,"product_id":999999}'
unlike "$body$head" 'product|hidden' "nor does a key that is not there"
try 403 forbidden GET /api/dyn/hidden/10/
try 403 forbidden PATCH /api/dyn/hidden/10/ '{"id":10}'
try 403 forbidden OPTIONS /api/dyn/hidden/
ctl "$home" revoke eve hidden >/dev/null
token=

# ---- conceal: what he may not see is not there

ask_conf shop 'client_timeout = 2s' 'conceal = yes'

# seen METHOD URI [BODY] : the whole answer but for what is new in each
seen() {
	ask "$@"
	printf '%s %s %s' "$status" "$head" "$body" |
		sed 's/^X-Request-Id: .*//; s/"request_id":"[0-9a-f]*"//'
}
for who in '\N' "Authorization: Bearer $eve"; do
	for method in GET HEAD POST PUT PATCH DELETE OPTIONS TRACE; do
		for rest in '' / /1/ /1,2/ /a/b/ '/?page=1' '/?id=x' '/?id=1&id=2' \
			'/?format=xml' '/?limit=0' '/?fields=nope' '/?%zz' '/1/?format=xml' /%zz/; do
			for send in '\N' '{}' '{' '{"id":1}'; do
				for table in hidden unknown; do
					printf '%s\t' "$table $method $rest $send ${who:0:5}" \
						$method "/api/dyn/$table$rest" "$send"
					printf '%s\n' "$who"
				done
			done
		done
	done
done >"$TMP/turns"
ask_all "$TMP/turns" "$TMP/answers"
is "$(wc -l <"$TMP/answers")" 1792 "as many answers as questions"
is "$(awk -F '\t' '{ sub(/X-Request-Id: [0-9a-f]*/, "", $3)
		sub(/"request_id":"[0-9a-f]*"/, "", $4)
		answer = $2 $3 $4 }
	NR % 2 { name = $1; first = answer; next }
	answer != first || answer ~ /hidden/ || $2 !~ /^4/ { print name ": " first }' \
	"$TMP/answers" | head -n 5)" "" "a hidden table and one that is not there"
token=$eve
try 404 not_found GET /api/dyn/hidden/
try 200 - GET /api/dyn/product/1/
try 404 not_found POST /api/dyn/order_item/ '{}'
sql shop "UPDATE dynapi.session SET revoked = now()
	WHERE user_id = (SELECT id FROM dynapi.users WHERE username = 'eve')"
is "$(seen GET /api/dyn/hidden/)" "$(seen GET /api/dyn/unknown/)" \
	"nor does an ended session see a difference"
try 401 token_invalid GET /api/dyn/unknown/
pg_stop "$home"
is "$(seen GET /api/dyn/hidden/)" "$(seen GET /api/dyn/unknown/)" \
	"nor anybody while the database is away"
try 503 db_unavailable GET /api/dyn/unknown/
pg_start "$home"
log=$(grep -v 'status=503\|db_down' "$home/log/dynapi")
printf '%s\n' "$log" >"$home/log/dynapi"
token=

# ---- nothing secret stands in a log

ask POST /api/auth/login/ '{"username":"admin","password":"planted-password-1"}'
ask POST '/api/auth/login/?password=planted-password-2' \
	'{"username":"planted-name","password":"planted-password-3"'
ask GET "/api/auth/me/?token=planted-token-4" '' 'Authorization: Bearer planted-token-5'
ask GET "/api/dyn/product/?name=planted-value-6"
ask POST /api/dyn/product/ '{"name":"planted-value-7"}' \
	"Authorization: Bearer $ada" 'Cookie: planted-cookie-8'
ask PATCH /api/dyn/product/1/ '{"price":"planted-value-9"}' \
	"Authorization: Bearer $ada"
is "$(grep -rlE "planted-|${eve##*.}|${ada##*.}|$(cat "$home/jwt.key")|secret-of-" \
	"$home/log" "$home/web-"* 2>/dev/null | grep -v "/log/init")" "" \
	"no password, token, key or value in any log"
ok "although there are logs" grep -q 'code=login_failed' "$home/log/dynapi"
ask GET '/api/dyn/x%0aevent=forged%1b[31m/'
ask GET /api/health/live
# its line is written after its answer
ok "the log says what was asked" wait_for 5 grep -q \
	"id=$(header X-Request-Id) method=GET path=/api/health/live status=200 .* remote=127.0.0.1\$" \
	"$home/log/dynapi"
is "$(grep -c '^event=forged\|'$'\e' "$home/log/dynapi")" 0 "nobody writes our log"

ask_end
