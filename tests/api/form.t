# HTML forms: rows, logins and searches from the two media types that a browser
# sends by itself, through nginx and as plain CGI.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need curl spawn-fcgi multiwatch nginx

port=$(free_port)
base=http://127.0.0.1:$port
conf=("body_max = 4m" "max_params = 30" "write_only = item.note" "hidden = item.mail"
	"cors_origins = https://friend.example")
pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE rules' && pg_load rules "$DYNAPI_SRCDIR/tests/api/rules.sql" &&
	sql rules "CREATE TABLE box (id int PRIMARY KEY, ticked boolean NOT NULL, perhaps boolean,
		blobs bytea[], nums int[] NOT NULL DEFAULT '{7}')" || bail_out "no tables"
api_programs "$home" && api_conf "$home" rules "${conf[@]}" &&
	api_init "$home" secret-of-admin &&
	sql rules 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"
web_start "$home" nginx "$port" || bail_out "no web server"
at_exit "web_stop '$home' nginx"
token=$(user_token admin)
i=/api/dyn/item/
URL='Content-Type: application/x-www-form-urlencoded'
PART='Content-Type: multipart/form-data; boundary=X'

# send URI CURL-ARGUMENT... : through nginx; sets status, body and code
send() {
	local uri=$1
	shift
	status=$(curl -gs -m 30 -D "$TMP/head" -o "$TMP/answer" -w '%{http_code}' \
		${token:+-H "Authorization: Bearer $token"} "$@" "$base$uri")
	body=$(cat "$TMP/answer")
	head=$(tr -d '\r' <"$TMP/head")
	code=$(printf '%s' "$body" | sed -n 's/^{"type":"urn:dynapi:error:\([a-z_]*\)".*/\1/p')
}
row() {
	sql rules "SELECT row_to_json(t) FROM (SELECT $2 FROM $1) t"
}
rows() {
	sql rules "SELECT count(*) FROM $1"
}
# detail : of the last answer
detail() {
	printf '%s' "$body" | sed -n 's/.*"detail":"\([^"]*\)".*/\1/p'
}

# ---- rows
send "$i" -d 'name=a+b%2B&price=2.5&qty=3&active=on&day=2024-02-29&kind=old&tags=x&tags=y%2Cz&ip=::1'
is "$status $(header Location)" '201 /api/dyn/item/3/' "curl -d makes a row"
is "$(row 'item WHERE id = 3' 'name, price, qty, active, day, kind, tags, ip')" \
	'{"name":"a b+","price":2.50,"qty":3,"active":true,"day":"2024-02-29","kind":"old","tags":["x","y,z"],"ip":"::1"}' \
	"as it was meant"
send "$i" -F name=ü -F price=0 -F 'doc={"k":[1,2.50]}' -F tags='["[",null]' -F note=$'two\r\nlines'
is "$status" 201 "curl -F makes one"
is "$(row 'item WHERE id = 4' 'name, doc, tags, note')" \
	'{"name":"ü","doc":{"k": [1, 2.50]},"tags":["[",null],"note":"two\r\nlines"}' "with JSON and lines in it"
is "$(printf '%s' "$body" | grep -c note)" 0 "what is write-only is set and not shown"
send "$i" -d 'name=&price=1&qty=&active=&made=&day=&tags=&doc=&kind=&code=&maker_id=&ip=&data=&id='
is "$status" 201 "inputs that were left empty"
is "$(row 'item WHERE id = 5' '*')" \
	'{"id":5,"name":"","price":1.00,"qty":1,"active":null,"note":null,"made":null,"seen":null,"day":null,"tags":null,"doc":null,"kind":null,"mail":null,"code":"","maker_id":null,"ip":null,"data":null,"total":1.00}' \
	"are null, the default, or the empty text"
send "${i}5/" -X PATCH -d 'qty=9'
is "$status $(row 'item WHERE id = 5' 'qty, price')" '200 {"qty":9,"price":1.00}' "PATCH changes what is sent"
send "${i}5/" -X PUT -F name=new -F price=7
is "$status $(row 'item WHERE id = 5' 'name, qty, price, code')" '200 {"name":"new","qty":1,"price":7.00,"code":null}' "PUT replaces"
send "${i}5/" -X PATCH -d 'id=6'
is "$status $(fields)" '400 id' "the key cannot become another"
send "${i}5/" -X PATCH -d 'qty='
is "$status $(fields)" '400 qty' "an empty number is none where null is none"
send "$i?id__in=3,4" -X PATCH -d 'qty=4'
is "$status $body" '200 {"updated":2}' "rows of a condition"
send "$i?on_conflict=id" -d 'id=5&name=up&price=1'
is "$status $(row 'item WHERE id = 5' name)" '201 {"name":"up"}' "merged"

# ---- boxes
send /api/dyn/box/ -d 'id=1'
is "$status $(row 'box WHERE id = 1' '*')" '201 {"id":1,"ticked":false,"perhaps":null,"blobs":null,"nums":[7]}' \
	"a box that has to say something is not ticked"
send /api/dyn/box/ -d 'id=2&ticked=on&nums=3'
is "$status $(row 'box WHERE id = 2' 'ticked, nums')" '201 {"ticked":true,"nums":[3]}' "or is"
send /api/dyn/box/2/ -X PUT -d 'perhaps=on'
is "$status $(fields)" '400 ticked' "nobody unticks it by not naming it"
ask POST /api/dyn/box/ '{"id":3}'
is "$status $(fields)" '400 ticked' "JSON has to say it"

# ---- faults, all of them, as of JSON
before=$(rows item)
ask POST "$i" '{"nope":"1","price":"x","qty":"40000","active":"maybe","made":"now","day":"2024-02-30","kind":"young","code":"toolong","maker_id":"1.5","data":"!","total":"1","mail":"a@b"}'
json="$status $(printf '%s' "$body" | sed 's/"request_id":"[^"]*"//')"
send "$i" -d 'nope=1&price=x&qty=40000&active=maybe&made=now&day=2024-02-30&kind=young&code=toolong&maker_id=1.5&data=!&total=1&mail=a@b'
is "$status $(printf '%s' "$body" | sed 's/"request_id":"[^"]*"//')" "$json" "the same words as of JSON"
like "$body" '"mail":\["There is no such column' "a hidden one is none"
send "$i" -d 'name=a&price=1&tags[]=x'
is "$status $code $(fields)" '400 unknown_column tags[]' "names are taken as they are"
send "$i" -d 'name=a&name=b&price=1'
is "$status $code $(fields)" '400 bad_value name' "a field that comes twice"
send "$i" -d 'name=a&price=1&doc={'
is "$status $code $(fields)" '400 bad_value doc' "what should be JSON and is not"
send "$i" -d 'name=a&price=1&tags=[1'
is "$status $code $(fields)" '400 bad_value tags' "or a list"
send "$i" -d 'price=-1&name=a'
is "$status $code $(fields)" '422 constraint price' "constraints have their field"
send "$i" -d 'name=%&price=1'
is "$status $code $(detail)" '400 bad_form A percent sign is not followed by two hex digits.' "a bad escape"
send "$i" -d 'name=%FF&price=1'
is "$status $code" '400 bad_form' "no UTF-8"
send "$i" -d 'name=%00&price=1'
is "$status $code" '400 bad_form' "U+0000"
send "$i" -d "$(printf 'a%s=1&' $(seq 31))"
is "$status $code" '400 limit_exceeded' "too many fields"
send "$i" -H "$URL; charset=iso-8859-1" -d 'name=a&price=1'
is "$status $code" '415 unsupported_media_type' "letters of another kind"
# parts TEXT : a body with CR LF for each newline, and what is wrong with it
parts() {
	printf '%b' "${1//\\n/\\r\\n}" >"$TMP/parts"
	send "$i" -H "$PART" --data-binary "@$TMP/parts"
	is "$status $code $(detail)" "400 bad_form $2" "$2"
}
D='Content-Disposition: form-data; name='
parts "" "The boundary of the Content-Type is not in the body."
parts "--X\n${D}name\n\na\n" "Part 1: no boundary ends it."
parts "--X\n${D}name\n\na\n--X\n${D}price\n\n1\n--X" "Behind part 2, its boundary does not end its line."
parts "--X\n\na\n--X--" "Part 1: it has no Content-Disposition."
parts "--X\n${D}name; filename*=UTF-8''x\n\na\n--X--" "Part 1: a form has no parameters with an asterisk."
parts "--X\n${D}name\nContent-Transfer-Encoding: base64\n\na\n--X--" \
	"Part 1: its Content-Transfer-Encoding must be 7bit, 8bit or binary."
send "$i" -H 'Content-Type: multipart/form-data' -d x
is "$status $code $(detail)" '400 bad_form The Content-Type has no valid boundary.' "no boundary at all"
send "$i" -H "$URL" --data-binary "@/dev/null"
is "$status $code $(fields)" '400 required name price' "an empty form"
is "$(rows item)" "$before" "nothing of that was written"

# ---- files
head -c 1048576 /dev/urandom >"$TMP/file"
printf '\r\n--X--\r\n\0' >>"$TMP/file"
send "$i" -F name=file -F price=1 -F "data=@$TMP/file;filename=\"a \\\" b\""
is "$status" 201 "a file of 1 MiB"
id=$(printf '%s' "$body" | sed 's/^{"id":\([0-9]*\),.*/\1/')
is "$(sql rules "SELECT md5(data) FROM item WHERE id = $id")" "$(md5sum <"$TMP/file" | cut -d' ' -f1)" "is in the column, byte by byte"
send "$i$id/?fields=data"
printf '%s' "$body" | sed 's/^{"data":"//; s/"}$//' | base64 -d >"$TMP/back"
same_file "$TMP/back" "$TMP/file" "and comes back"
: >"$TMP/empty"
send "$i" -F name=none -F price=1 -F "data=@$TMP/empty"
is "$status $(sql rules 'SELECT length(data) FROM item ORDER BY id DESC LIMIT 1')" '201 0' "an empty file is no bytes"
send "$i" -F name=none -F price=1 -F "data=@$TMP/empty;filename="
is "$status $(sql rules 'SELECT data IS NULL FROM item ORDER BY id DESC LIMIT 1')" '201 t' "no file chosen is none"
printf 'täxt' >"$TMP/text"
send "$i" -F price=1 -F "name=@$TMP/text"
is "$status $(sql rules 'SELECT name FROM item ORDER BY id DESC LIMIT 1')" '201 täxt' "a file for a text column"
send "$i" -F price=1 -F "name=@$TMP/file"
is "$status $code $(fields)" '400 bad_value name' "that is no text"
send "$i" -F name=a -F "price=@$TMP/text" -F "doc=@$TMP/text" -F 'data=AP8='
is "$status $code $(fields)" '400 bad_value price doc' "other columns take none"
send /api/dyn/box/ -F id=5 -F "blobs=@$TMP/text" -F "blobs=@$TMP/empty"
is "$status $(sql rules 'SELECT blobs FROM box WHERE id = 5')" "201 {\"\\\\x74c3a47874\",\"\\\\x\"}" "files of an array"
head -c 4194305 /dev/zero >"$TMP/large"
send "$i" -F name=a -F price=1 -F "data=@$TMP/large"
is "$status $code" '413 body_too_large' "body_max holds"

# ---- what is taken where
for uri in "${i}search/" "$i" "${i}1/"; do
	send "$uri" -X PATCH -H 'Content-Type: text/plain' -d x
	[ "$uri" != "${i}search/" ] || continue
	is "$status $code" '415 unsupported_media_type' "no text/plain at $uri"
	like "$(header Accept-Patch)" 'application/json, .*application/x-www-form-urlencoded, multipart/form-data$' "Accept-Patch says what"
done
send "$i" -H 'Content-Type: text/plain' -d x
like "$status $(header Accept-Post) $(detail)" '^415 application/json, application/x-ndjson, text/csv, application/x-www-form-urlencoded, multipart/form-data The body must be one of application/json, ' \
	"and Accept-Post"
send "$i" -X OPTIONS
like "$body" '"parses":\["application/json","application/x-ndjson","text/csv","application/x-www-form-urlencoded","multipart/form-data"\]' "OPTIONS too"
like "$(header Accept-Post) $(header Accept-Patch)" '^application/json.*form-data application/json.*form-data$' "in both headers"
send "${i}1/" -X OPTIONS
is "$(header Accept-Post) $(header Accept-Patch)" ' application/json, application/x-www-form-urlencoded, multipart/form-data' "a row is not posted to"

# ---- once
send "$i" -F name=once -F price=1 -H 'Idempotency-Key: f1'
is "$status $(header Idempotency-Replayed)" '201 ' "with an Idempotency-Key"
send "$i" -F name=once -F price=1 -H 'Idempotency-Key: f1'
is "$status $(header Idempotency-Replayed)" '201 true' "and another boundary it is the same form"
is "$(rows "item WHERE name = 'once'")" 1 "written once"
send "$i" -F name=once -F price=2 -H 'Idempotency-Key: f1'
is "$status $code" '422 idempotency_mismatch' "another value is another form"
send "$i" -F name=once -F price=1 -F note= -H 'Idempotency-Key: f1'
is "$status $code" '422 idempotency_mismatch' "so is one more field"
ask POST "$i" '{"name":"once","price":"1"}' 'Idempotency-Key: f1'
is "$status" 422 "and JSON is no form"

# ---- searches
send "$i?fields=name&ordering=name" && all=$body
send "${i}search/" -d 'fields=name&ordering=name'
is "$status $body" "200 $all" "a search form"
send "${i}search/?fields=name" -F 'name__in=first,second' -F ordering=-name
is "$body" '[{"name":"second"},{"name":"first"}]' "beside parameters of the address"
send "${i}search/" -d 'price__lt=x'
is "$status $code" '400 bad_value' "with a mistake"
send "${i}search/" -d 'id=1&id=2'
is "$status $code" '400 bad_param' "twice, as in an address"
send "${i}search/" -F "name=@$TMP/text"
is "$status $code $(fields)" '400 bad_form name' "with a file"

# ---- the other dialects
send /api/auto/item/ -d 'name=auto&price=1'
is "$status $(rows "item WHERE name = 'auto'")" '200 1' "auto creates"
send "/api/auto/item/$id" -X PATCH -F name=auto2
is "$status $(row "item WHERE id = $id" name)" '200 {"name":"auto2"}' "and changes"
send /api/v2/item -F name=v2 -F price=1
is "$status $(rows "item WHERE name = 'v2'")" '201 1' "v2 creates"
send "/api/v2/item/$id" -X PUT -d name=v2x
is "$status $(row "item WHERE id = $id" name)" '200 {"name":"v2x"}' "and changes"
send /api/auto/item/ -d 'name=%&price=1'
like "$status $body" '^400 .*two hex digits' "and refuses in its own words"

# ---- rights
token=''
send "$i" -d 'nope=%'
is "$status $code" '401 token_invalid' "nobody is told what is wrong"
send "$i" -F "nope=@$TMP/text" -F "price=@$TMP/text"
is "$status $code" '401 token_invalid' "of files neither"
token=$(user_token bea)
send "$i" -d 'name=a&price=1'
is "$status $code" '403 forbidden' "a right is needed"
ctl "$home" grant bea item c >/dev/null
send "$i" -d 'name=bea&price=1'
is "$status $body" '201 ' "and enough"

# ---- login
token=''
printf 'secret&of+bea' | ctl "$home" user passwd bea --password-stdin >/dev/null
send /api/auth/login/ -d username=bea --data-urlencode 'password=secret&of+bea'
like "$status $body" '^200 .*"access":"[^"]+"' "a form logs in"
refresh=$(printf '%s' "$body" | sed 's/.*"refresh":"\([^"]*\)".*/\1/')
send /api/auth/token/refresh/ -F "refresh=$refresh"
like "$status $body" '^200 .*"access":"[^"]+"' "and refreshes"
send /api/auth/token/refresh/ -F "refresh=$refresh"
is "$status $code" '401 token_invalid' "once"
send /api/auth/login/ -d 'username=bea&password=wrong'
is "$status $code" '401 login_failed' "a wrong password"
send /api/auth/login/ -d 'username=bea'
is "$status $code $(fields)" '400 required password' "none"
send /api/auth/login/ -d 'username=bea&password='
is "$status $code $(fields)" '400 bad_value password' "an empty one"
send /api/auth/login/ -d 'username=bea&password=a&password=b'
is "$status $code $(fields)" '400 bad_form password' "two"
send /api/auth/login/ -F username=bea -F "password=@$TMP/text"
is "$status $code $(fields)" '400 bad_form password' "a file"
send /api/v2/authenticate -d 'email=bea' --data-urlencode 'password=secret&of+bea'
like "$status $(header Token)" '^200 .' "v2 as well"
is "$(grep -c 'secret&of\|secret%26of' "$home/log/dynapi")" 0 "no password is in the log"

# ---- a page of another site
ctl "$home" grant anonymous item,old_serial crudb >/dev/null
login() {
	send /api/auth/login/ -d username=bea --data-urlencode 'password=secret&of+bea' "$@"
}
before=$(rows item)
for origin in https://evil.example null "http://127.0.0.1:1" "http://x@127.0.0.1:$port" "https://friend.example.evil"; do
	send "$i" -d 'name=evil&price=1' -H "Origin: $origin"
	is "$status $code" '403 forbidden' "cannot have a visitor write ($origin)"
	send "$i" -F name=evil -F price=1 -H "Origin: $origin"
	is "$status" 403 "in parts neither"
	send '/api/auto/item/delete?where=[["id",">",0]]' -X POST -H "Origin: $origin"
	is "$status" 403 "nor delete"
	login -H "Origin: $origin"
	is "$status $code" '403 forbidden' "nor log in"
done
is "$(rows item)" "$before" "nothing has changed"
for origin in "$base" "HTTP://127.0.0.1:$port" https://friend.example; do
	send "$i" -d 'name=good&price=1' -H "Origin: $origin"
	is "$status" 201 "one of ours can ($origin)"
	login -H "Origin: $origin"
	is "$status" 200 "and log in"
done
send "${i}search/" -d 'name=first' -H 'Origin: https://evil.example'
is "$status" 200 "whoever reads is shown, not the page"
ctl "$home" revoke anonymous '*' >/dev/null
send "$i" -d 'name=evil&price=1' -H 'Origin: https://evil.example'
is "$status $code" '401 token_invalid' "and nothing is told of rights"
token=$(ctl "$home" token bea --ttl 1h)
send "$i" -d 'name=good&price=1' -H 'Origin: https://evil.example'
is "$status" 201 "who has a token is not asked where from"

# ---- plain CGI
token=$(user_token admin)
answer=$(cgi "$home" POST "$i" 'name=cgi&price=1' "$URL" "Authorization: Bearer $token")
is "$(cgi_status <<<"$answer")" 201 "by CGI"
answer=$(cgi "$home" POST "$i" $'--X\r\n'"$D"$'"name"; filename="f"\r\n\r\ncgi2\r\n--X\r\n'"$D"$'price\r\n\r\n2\r\n--X--' \
	"$PART" "Authorization: Bearer $token")
is "$(cgi_status <<<"$answer") $(rows "item WHERE name LIKE 'cgi%'")" '201 2' "in parts, with a file"
answer=$(cgi "$home" POST "$i" '--X' "$PART" "Authorization: Bearer $token")
is "$(cgi_status <<<"$answer") $(cgi_body <<<"$answer" | grep -c bad_form)" '400 1' "and a refusal"

ask_same_pid
is "$(grep -c 'level=error' "$home/log/dynapi")" 0 "no request was an error of ours"
done_testing
