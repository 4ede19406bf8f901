# ETag, If-Match and If-None-Match of rows.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE writing' && api_programs "$home" &&
	api_conf "$home" writing "version.versioned = v" "key.seen = id" &&
	ctl "$home" init >/dev/null && pg_load writing "$DYNAPI_SRCDIR/tests/api/writing.sql" &&
	sql writing 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous '*' crud >/dev/null && ask_serve ||
	bail_out "the API cannot be set up"
c=/api/dyn/counter/

# tag METHOD URI [BODY [HEADER...]] : the ETag of the answer
tag() {
	ask "$@"
	header ETag
}
# became N : the first row's n
became() {
	sql writing 'SELECT n FROM counter WHERE id = 1'
}

# ---- the tag
t=$(tag GET "${c}1/")
like "$t" '^"[0-9a-f]{32}"$' "GET of a row has a strong tag"
is "$(tag GET "${c}1")" "$t" "the same one again"
is "$(tag HEAD "${c}1/")" "$t" "HEAD too"
isnt "$(tag GET "${c}2/")" "$t" "another row has another"
ask GET "$c"
is "$(header ETag)" '' "a list has none"
ask GET "${c}99/"
is "$status $(header ETag)" '404 ' "nor what is not there"
isnt "$(tag GET "${c}1/?fields=id,n")" "$t" "other fields are another representation"
isnt "$(tag GET "${c}1/?fields=id,n")" "$(tag GET "${c}1/?fields=id")" "… each its own"
isnt "$(tag GET "${c}1/?format=csv")" "$t" "so is another format"
is "$(tag GET "${c}1/" '' 'Accept: text/csv')" "$(tag GET "${c}1/?format=csv")" "however it was asked for"
is "$(tag GET /api/dyn/child/?include=counter)" '' "no tag with rows of others"
sql writing 'INSERT INTO child VALUES (1, 1)'
ask GET '/api/dyn/child/1/?include=counter'
is "$status $(header ETag)" '200 ' "… in one row either"
isnt "$(tag GET /api/dyn/child/1/)" '' "without them there is one"
is "$(tag GET "${c}1/" '' 'Prefer: timezone=Asia/Tokyo')" '' "no tag of a row in another time zone"
ask POST "$c" '{"note":"posted"}'
is "$status" 201 "create"
is "$(header ETag)" "$(tag GET "$(printf '%s' "$c")4/")" "POST has the tag of what GET shows"
ask PATCH "${c}4/" '{"n":5}'
is "$status $(header ETag)" "200 $(tag GET "${c}4/")" "PATCH has the new one"
ask PUT "${c}4/" '{"note":"put"}'
is "$status $(header ETag)" "200 $(tag GET "${c}4/")" "PUT too"
is "$(tag PATCH "${c}4/" '{}')" "$(header ETag)" "PATCH {} the one there is"
is "$(tag GET /api/dyn/versioned/1/)" '"1"' "a version column is the tag"
is "$(tag PATCH /api/dyn/versioned/1/ '{"n":1}')" '"2"' "as it is after the change"

# ---- 304
t=$(tag GET "${c}1/")
# read STATUS HEADER-VALUE NAME [URI] : GET with If-None-Match
read_is() {
	ask GET "${4-${c}1/}" '' "If-None-Match: $2"
	is "$status" "$1" "$3"
}
read_is 304 "$t" "the same tag"
is "$body" '' "304 has no body"
is "$(header ETag) $(header Content-Type)" "$t " "but the tag"
read_is 304 "W/$t" "weak, as a web server that compresses makes it"
read_is 304 '*' "any"
read_is 304 "\"x\", $t" "a list"
read_is 304 "\"a,b\" ,, W/\"y\",$t," "with commas in a tag and empty members"
read_is 304 "\"${t:1:32}-gzip\"" "with the suffix of Apache's compression"
read_is 200 '"x"' "another tag"
is "$(printf '%s' "$body" | grep -c '"id":1')" 1 "… with the row"
read_is 200 "$(tag GET "${c}1/?format=csv")" "that of another format"
read_is 304 "$(tag GET "${c}1/?fields=id")" "that of these fields" "${c}1/?fields=id"
read_is 200 "$t" "the whole row's for some fields" "${c}1/?fields=id"
read_is 404 '*' "a row that is not there" "${c}99/"
ask HEAD "${c}1/" '' "If-None-Match: $t"
is "$status $body" '304 ' "HEAD"
ask GET "${c}1/" '' "If-Match: $t"
is "$status" 200 "If-Match of a GET"
ask GET "${c}1/" '' 'If-Match: "x"'
is "$status" 412 "… of another row"

# ---- 412
t=$(tag GET "${c}1/")
ask PATCH "${c}1/" '{"n":10}' "If-Match: $t"
is "$status $(became)" '200 10' "If-Match lets the same row be changed"
isnt "$(header ETag)" "$t" "and the tag is a new one"
try 412 precondition_failed PATCH "${c}1/" '{"n":11}' "If-Match: $t"
try 412 precondition_failed PUT "${c}1/" '{"n":11}' "If-Match: $t"
try 412 precondition_failed DELETE "${c}1/" '' "If-Match: $t"
try 412 precondition_failed PATCH "${c}1/" '{}' "If-Match: $t"
is "$(became)" 10 "none of these has changed anything"
n=$(tag GET "${c}1/")
try 412 precondition_failed PATCH "${c}1/" '{"n":11}' "If-Match: W/$n"
ask PATCH "${c}1/" '{}' "If-Match: $n"
is "$status $(header ETag)" "200 $n" "PATCH {} with the right tag"
ask PATCH "${c}1/" '{"n":12}' "If-Match: \"x\", W/\"y\", $n"
is "$status $(became)" '200 12' "a list"
ask PATCH "${c}1/" '{"n":13}' 'If-Match: *'
is "$status $(became)" '200 13' "any row"
for query in '?format=csv' '?format=ndjson' '?fields=id,n'; do
	ask PATCH "${c}1/" '{"n":14}' "If-Match: $(tag GET "${c}1/$query")"
	is "$status" 200 "the tag of $query is of the row"
done
for what in 'If-Match: *' 'If-Match: "x"' 'If-None-Match: *' 'If-None-Match: "x"'; do
	try 404 not_found PATCH "${c}99/" '{"n":1}' "$what"
	try 404 not_found DELETE "${c}99/" '' "$what"
	try 404 not_found PATCH "${c}99/" '{}' "$what"
done
try 412 precondition_failed PATCH "${c}1/" '{"n":15}' 'If-None-Match: *'
try 412 precondition_failed DELETE "${c}1/" '' 'If-None-Match: *'
n=$(tag GET "${c}1/")
try 412 precondition_failed PATCH "${c}1/" '{"n":15}' "If-None-Match: $n"
try 412 precondition_failed PATCH "${c}1/" '{"n":15}' "If-None-Match: W/$n"
try 412 precondition_failed PATCH "${c}1/" '{"n":15}' "If-None-Match: \"x\"" "If-Match: \"x\""
is "$(became)" 14 "nothing changed"
ask PATCH "${c}1/" '{"n":15}' "If-None-Match: $t"
is "$status $(became)" '200 15' "If-None-Match of an older state"
ask PATCH "${c}1/" '{"n":16}' "If-None-Match: $t" "If-Match: $(tag GET "${c}1/")"
is "$status $(became)" '200 16' "both"
ask DELETE "${c}2/" '' "If-Match: $(tag GET "${c}2/")"
is "$status" 204 "DELETE with the right tag"
ask PATCH /api/dyn/versioned/1/ '{"n":2}' 'If-Match: "2"'
is "$status $(header ETag)" '200 "3"' "a version column"
try 412 precondition_failed PATCH /api/dyn/versioned/1/ '{"n":2}' 'If-Match: "2"'
# the other front doors
for door in 'PUT /api/v2/versioned/1 {"n":3}' 'PUT /api/auto/versioned/1 {"n":4}' 'PATCH /api/auto/versioned/1 {"n":5}'; do
	read -r method uri change <<<"$door"
	was=$(sql writing 'SELECT v FROM versioned WHERE id = 1')
	is "$(tag GET "$uri")" "\"$was\"" "$uri has the tag of its version"
	ask "$method" "$uri" "$change" 'If-Match: "0"'
	is "$status" 412 "$method $uri of another version"
	ask "$method" "$uri" "$change" "If-Match: \"$was\""
	is "$status $(header ETag)" "200 \"$((was + 1))\"" "$method $uri of this one"
done
ask DELETE /api/v2/versioned/1 '' 'If-Match: "0"'
is "$status" 412 "DELETE, too"
token=$(user_token admin)
for uri in '/api/auto/counter?where=["id",1]' '/api/v2/counter/any/multi?ids=1'; do
	method=PATCH
	[[ $uri == /api/auto/* ]] || method=PUT
	for what in 'If-Match: "x"' 'If-Match: *' 'If-None-Match: "x"'; do
		ask $method "$uri" '{"n":99}' "$what"
		is "$status" 412 "$what of $method $uri, which is not of one row"
	done
done
token=
is "$(became)" 16 "and changes nothing"
ask PATCH /api/dyn/seen/1/ '{"n":17}' "If-Match: $(tag GET /api/dyn/seen/1/)"
is "$status $(became)" '200 17' "a view"
sql writing "UPDATE counter SET doc = '{\"a\": [1, null]}', tags = '{\"x,y\",NULL}', data = '\\x00ff', note = 'ü\"\\' WHERE id = 1"
ask PATCH "${c}1/" '{"n":18}' "If-Match: $(tag GET "${c}1/")"
is "$status $(became)" '200 18' "values of every kind"
sql writing "UPDATE counter SET doc = '{\"a\": [1,  null]}' WHERE id = 1"
isnt "$(tag GET "${c}1/")" "$(header ETag)" "json: another text is another tag"
# the tag is made here of the cells, and by the database in the condition
for row in plain/1 plain/2 plain/3 wide/1; do
	t=$(tag GET "/api/dyn/$row/")
	like "$t" '^"[0-9a-f]{32}"$' "$row has a tag"
	try 412 precondition_failed PATCH "/api/dyn/$row/" '{"id":'"${row#*/}"'}' "If-None-Match: $t"
	change='{"v":"new"}'
	[ $row != wide/1 ] || change='{"c300":"new"}'
	ask PATCH "/api/dyn/$row/" "$change" "If-Match: $t"
	is "$status" 200 "which the database makes as well"
	t=$(header ETag)
	is "$(tag GET "/api/dyn/$row/")" "$t" "and so does PATCH"
	ask PATCH "/api/dyn/$row/" "$change" "If-Match: $t" 'Prefer: return=minimal'
	is "$status $(header ETag)" "204 $t" "without the row, too"
done
ask PATCH "${c}1/" '{"n":"x"}' 'If-Match: "x"'
is "$status" 400 "a body that is wrong is 400 whatever the tag"

# ---- rights: who guesses a tag guesses the row
user=$(user_token bea) && ctl "$home" grant bea counter u >/dev/null && ctl "$home" grant bea own crud >/dev/null
token=$user
ctl "$home" revoke anonymous '*' >/dev/null
ask PATCH "${c}1/" '{"n":20}'
is "$status $(header ETag)" '204 ' "who may not read gets no tag"
try 403 forbidden PATCH "${c}1/" '{"n":21}' "If-Match: \"x\""
try 403 forbidden PATCH "${c}1/" '{"n":21}' "If-None-Match: \"x\""
try 403 forbidden PATCH "${c}1/" '{}' "If-Match: \"x\""
ask PATCH "${c}1/" '{"n":22}' "If-Match: *"
is "$status" 204 "any row: nothing is guessed"
sql writing "INSERT INTO own SELECT 1, id, 0 FROM dynapi.users WHERE username = 'bea'; INSERT INTO own VALUES (2, 0, 0)"
ask PATCH /api/dyn/own/1/ '{"n":1}' "If-Match: $(tag GET /api/dyn/own/1/)"
is "$status" 200 "row security: one's own row"
try 404 not_found PATCH /api/dyn/own/2/ '{"n":1}' 'If-Match: "x"'
token=
ctl "$home" grant anonymous '*' crud >/dev/null

# ---- hostile headers
for value in 'x' '"' '"x' 'x"' '"x""y"' '"x" "y"' 'W/' 'W/x' 'w/"x"' 'W/ "x"' '*,"x"' '"x",*' '**' ',' ' , ' "'x'" '"x";q=1' '"a b"' '"x",W/"y'; do
	try 400 bad_request PATCH "${c}1/" '{"n":30}' "If-Match: $value"
	try 400 bad_request DELETE "${c}1/" '' "If-None-Match: $value"
	try 400 bad_request GET "${c}1/" '' "If-None-Match: $value"
done
for name in If-Match If-None-Match; do
	is "$(cgi "$home" PATCH "${c}1/" '{"n":30}' "$name:" | cgi_status)" 400 "nor is an empty $name, as some web servers pass it on"
done
is "$(became)" 22 "nothing of that was taken for a condition that holds"
many=$(printf '"%032x",' {1..1000})
ask PATCH "${c}1/" '{"n":31}' "If-Match: ${many}"
is "$status" 412 "1,000 tags are compared"
n=$(tag GET "${c}1/")
ask PATCH "${c}1/" '{"n":31}' "If-Match: $(printf '"%032x",' {1..999})$n"
is "$status" 200 "the last one too"
try 431 headers_too_large PATCH "${c}1/" '{"n":32}' "If-Match: ${many}\"y\""
printf 'q\tPATCH\t%s1/\t{"n":33}\tIf-Match: %s\\nContent-Type: application/json\n' "$c" "$(printf '"%032x",' {1..10000})" >"$TMP/q"
ask_all "$TMP/q" "$TMP/a"
is "$(cut -f2 "$TMP/a")" 431 "10,000 are refused"
ask PATCH "${c}1/" '{"n":33}' "If-Match: \"';drop/**/table/**/counter;--\""
is "$status" 412 "what looks like SQL is a text"
ask PATCH "${c}1/" '{"n":33}' "If-Match: \"{a,b}\",\"\\\",\"NULL\",\"\""
is "$status" 412 "what looks like an array, too"
sql writing 'UPDATE versioned SET v = 9' >/dev/null
ask_same_pid

# ---- no update is lost
responders_stop "$home"
responders_start "$home" 4
ask PATCH "${c}3/" '{"n":0}'
# add_50 : n + 1, fifty times, whoever else does it
add_50() {
	local done=0 n t
	while [ $done -lt 50 ]; do
		ask GET "${c}3/"
		t=$(header ETag)
		n=$(printf '%s' "$body" | sed 's/.*"n":\([0-9]*\).*/\1/')
		ask PATCH "${c}3/" "{\"n\":$((n + 1))}" "If-Match: $t"
		case $status in
		200) done=$((done + 1)) ;;
		412) echo 412 ;;
		*)
			echo "$status $body"
			return 1
			;;
		esac
	done
}
for writer in {1..8}; do
	mkdir "$TMP/$writer"
	(TMP=$TMP/$writer && add_50 >"$TMP/log") &
	pids[writer]=$!
done
all=0
for writer in {1..8}; do
	wait "${pids[writer]}" || all=$writer
done
is "$all" 0 "8 writers have each added one 50 times"
is "$(sql writing 'SELECT n FROM counter WHERE id = 3')" 400 "and nothing is lost"
like "$(cat "$TMP"/[1-8]/log | grep -c 412)" '^[1-9]' "though they met ($(cat "$TMP"/[1-8]/log | grep -c 412) times)"
done_testing
