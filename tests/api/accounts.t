# Accounts over HTTP, /api/users/ and /api/v2/users, for superusers alone
# (SECURITY A9, J10, J11; CONTRACT 1.3, 5.8 and 5.10 check 10): who may, what is
# taken, what is never shown, and that there is always a superuser left.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

ask_start shop || bail_out "the API cannot be set up"
u=/api/users/
v=/api/v2/users
add() {
	printf '%s\n' "secret-of-$1" |
		ctl "$home" user add "$1" --password-stdin "${@:2}" >/dev/null &&
		ctl "$home" token "$1" --ttl 1h >"$TMP/$1" || bail_out "no user $1"
}
as_user() {
	token=
	[ "$1" = nobody ] || token=$(cat "$TMP/$1")
}
id_of() {
	sql shop "SELECT id FROM dynapi.users WHERE username = '$1'"
}
accounts() {
	sql shop "SELECT md5(string_agg(u::text, chr(10) ORDER BY id)) FROM dynapi.users u"
}
add plain
add staff --staff
add boss --superuser
add other
ctl "$home" token admin --ttl 1h >"$TMP/admin" || bail_out "no token"
admin=$(id_of admin) plain=$(id_of plain) boss=$(id_of boss) other=$(id_of other)

# try2 STATUS TEXT METHOD URI [BODY] : in the v2 dialect, the error's text
try2() {
	local want_status=$1 want_text=$2
	shift 2
	ask "$@"
	if [ "$want_text" = - ]; then
		is "$status" "$want_status" "$1 $2 ${3-} is $want_status"
	else
		is "$status $body" "$want_status {\"error\":\"$want_text\"}" \
			"$1 $2 ${3-} is $want_status"
	fi
}

# ---- who may
routes="GET $u|HEAD $u|POST $u|OPTIONS $u|QUERY $u|POST ${u}search/
GET $u$other/|HEAD $u$other/|PUT $u$other/|PATCH $u$other/|DELETE $u$other/|OPTIONS $u$other/
GET $v|HEAD $v|POST $v|OPTIONS $v|QUERY $v|POST $v/search
GET $v/$other|HEAD $v/$other|PUT $v/$other|PATCH $v/$other|DELETE $v/$other|OPTIONS $v/$other
PUT $v/$other/multi|DELETE $v/$other/multi|GET ${u}99/|GET ${u}x/|DELETE ${u}99/
GET $u?nothing=1&page=0|GET $v?q[nothing_eq]=1"
before=$(accounts)
for who in nobody plain staff; do
	as_user $who
	want=403
	[ $who != nobody ] || want=401
	while read -r method uri; do
		for send in '{"username":"mallory","password":"secret-of-mallory","is_superuser":true}' \
			'{"user":{"admin":true,"password":"secret-of-mallory"}}' '{"x":'; do
			case $method in
			GET | HEAD | DELETE | OPTIONS) send= ;;
			esac
			ask "$method" "$uri" "$send"
			is "$status" $want "$who: $method $uri $send"
			unlike "$body" "other|mallory|secret|column" "and is told nothing"
			[ -n "$send" ] || break
		done
	done < <(tr '|' '\n' <<<"$routes")
	for name in plain other; do
		ask PATCH "$u$(id_of $name)/" '{"is_superuser":true}'
		is "$status" $want "$who does not make $name a superuser"
		ask PUT "$v/$(id_of $name)" '{"user":{"admin":true}}'
		is "$status" $want "nor in v2"
	done
done
# rights on tables are none on accounts
sql shop "INSERT INTO dynapi.user_roles (user_id, table_name, can_create, can_read, can_update, can_delete, can_bulk)
	SELECT $plain, t, true, true, true, true, true FROM unnest(array['dynapi.account', 'dynapi.account_v2', 'dynapi.users']) t"
as_user plain
try 403 forbidden GET "$u"
try 403 forbidden PATCH "$u$other/" '{"is_staff":true}'
try2 403 "Only a superuser may do this." GET "$v"
try 404 not_found GET /api/dyn/dynapi.account/
try 404 not_found GET /api/dyn/dynapi.users/
try 404 not_found GET /api/dyn/account/
sql shop "DELETE FROM dynapi.user_roles WHERE user_id = $plain"
is "$(accounts)" "$before" "and nothing has changed"
for bad in x "$(cat "$TMP/plain")x"; do
	token=$bad
	try 401 token_invalid GET "$u"
done

# ---- reading
as_user admin
ask GET "$u$other/"
like "$status $body" "^200 \{\"id\":$other,\"username\":\"other\",\"email\":\"\",\"first_name\":\"\",\"last_name\":\"\",\"contact\":null,\"is_active\":true,\"is_staff\":false,\"is_superuser\":false,\"date_joined\":\"20[0-9T:.-]+\+00:00\",\"last_login\":null\}$" \
	"an account has its fields and no other"
tag=$(header ETag)
like "$tag" '^"[0-9a-f]{32}"$' "and a tag"
ask GET "$u$other/" '' "If-None-Match: $tag"
is "$status" 304 "which says that it is as it was"
ask GET "$u?ordering=id&fields=id,username"
is "$status $body" "200 [{\"id\":0,\"username\":\"anonymous\"},{\"id\":$admin,\"username\":\"admin\"},{\"id\":$plain,\"username\":\"plain\"},{\"id\":$((plain + 1)),\"username\":\"staff\"},{\"id\":$boss,\"username\":\"boss\"},{\"id\":$other,\"username\":\"other\"}]" \
	"the list has all of them"
ask GET "$u?fields=id"
is "$body" "[{\"id\":$other},{\"id\":$boss},{\"id\":$((plain + 1))},{\"id\":$plain},{\"id\":$admin},{\"id\":0}]" \
	"in the order of every list"
ask GET "$u?search=O&is_superuser=true&fields=username&page=1&page_size=1"
is "$status $body" '200 {"count":1,"next":null,"previous":null,"results":[{"username":"boss"}]}' \
	"it is searched, filtered and paged like any"
ask GET "$u?fields=username&page=2&page_size=2&ordering=id"
like "$body" '"next":"/api/users/\?fields=username&page_size=2&ordering=id&page=3","previous":"/api/users/\?fields=username&page_size=2&ordering=id"' \
	"its links lead back to it"
is "$(header Content-Range)" 'users 2-3/6' "with their range"
ask GET "$u?fields=username&limit=1&offset=1&ordering=username"
is "$body $(header Content-Range)" '[{"username":"anonymous"}] users 1-1/*' "and slices"
ask GET "$u?fields=username&limit=1&offset=1&ordering=username&count=exact"
is "$(header Link)" '</api/users/?fields=username&limit=1&ordering=username&count=exact&offset=2>; rel="next"' "which go on"
ask GET "$u?username=bo%00ss"
is "$status" 400 "no U+0000"
ask HEAD "$u"
is "$status $(header Content-Range)" '200 users 0-5/6' "HEAD counts"
ask POST "${u}search/" '{"search":"plain","fields":"username"}'
is "$status $body" '200 [{"username":"plain"}]' "the question may come in the body"
ask GET "$u?fields=username,is_staff&format=csv&username=staff"
is "$body" $'username,is_staff\r\nstaff,true\r' "as CSV too"
ask OPTIONS "$u"
like "$body" '"password":\{"type":"string","sql_type":"text","required":true,"read_only":false,"write_only":true' "OPTIONS says what a password is"
like "$body" '"username":\{[^}]*"max_length":150' "how long a name may be"
is "$(header Allow)" 'GET, HEAD, QUERY, OPTIONS, POST' "and what can be done" || diag "$head"
for uri in "${u}99/" "${u}x/" "$u-1/" "${u}99999999999999999999/" "${u}1,2/"; do
	try 404 not_found GET "$uri"
done
try 400 bad_param GET "$u?page=0"
try 404 not_found GET "$u?page=9"
try 400 unknown_column GET "$u?fields=password"
try 400 unknown_column GET "$u?fields=rights_version"
try 400 unknown_column GET "$u?password__startswith=%24" '' 'Prefer: handling=strict'
ask GET "$u?password__startswith=%24&fields=id"
is "$(grep -o id <<<"$body" | wc -l)" 6 "a hash is not asked for, letter by letter or at all"
try 400 unknown_column GET "$u?ordering=password" '' 'Prefer: handling=strict'
try 400 unknown_column GET "$u?include=session"
try 400 unknown_column GET "$u?aggregate=max(password)&group_by=id"
try 405 method_not_allowed PATCH "$u?is_active=true" '{"is_active":false}'
try 405 method_not_allowed DELETE "$u"
try 405 method_not_allowed POST "$u$other/" '{}'

# ---- create
ask POST "$u" '{"username":"dora","password":"secret-of-dora","email":"dora@example.org","first_name":"Dora","contact":"+33 1","is_staff":true}'
dora=$(id_of dora)
like "$status $(header Location) $body" "^201 /api/users/$dora/ \{\"id\":$dora,\"username\":\"dora\",\"email\":\"dora@example.org\",\"first_name\":\"Dora\",\"last_name\":\"\",\"contact\":\"\+33 1\",\"is_active\":true,\"is_staff\":true,\"is_superuser\":false," \
	"an account is made"
like "$(sql shop "SELECT password FROM dynapi.users WHERE id = $dora")" '^\$argon2id\$v=19\$m=19456,t=2,p=1\$' "with a hash"
token=
ask POST /api/auth/login/ '{"username":"dora","password":"secret-of-dora"}'
is "$status" 200 "that its owner can log in by"
as_user admin
before=$(accounts)
try 409 conflict POST "$u" '{"username":"dora","password":"secret-of-nobody"}'
is "$(fields)" username "a name is there once"
try 409 conflict POST "$u" '{"username":"anonymous","password":"secret-of-nobody"}'
try 409 conflict PATCH "$u$other/" '{"username":"dora"}'
is "$(fields)" username "by PATCH too"
try 400 required POST "$u" '{}'
is "$(fields)" 'username password' "name and password have to be there"
try 400 unknown_column POST "$u" '{"username":" x","password":"123","x":1,"id":3,"email":"foo","is_active":"maybe","date_joined":"2020-01-01","last_login":null}'
is "$(fields)" 'x id is_active date_joined last_login username email password' "all faults are told together"
long=$(printf '%010000d' 7)
while IFS='|' read -r want code field send; do
	try "$want" "$code" POST "$u" "$send"
	is "$(fields)" "$field" "the fault is $field's"
done <<-EOT
	400|bad_value|username|{"username":"$long","password":"secret-of-x"}
	400|bad_value|username|{"username":"","password":"secret-of-x"}
	400|bad_value|username|{"username":"a\\nb","password":"secret-of-x"}
	400|bad_value|username|{"username":"a ","password":"secret-of-x"}
	400|bad_value|username|{"username":[7],"password":"secret-of-x"}
	422|constraint|username|{"username":null,"password":"secret-of-x"}
	422|constraint|password|{"username":"x","password":null}
	400|bad_value|password|{"username":"x","password":12345678901}
	400|bad_value|password|{"username":"x","password":{"a":"secret-of-x"}}
	400|bad_value|password|{"username":"x","password":""}
	400|bad_value|password|{"username":"x","password":"1234567"}
	400|bad_value|password|{"username":"x","password":"123456789012"}
	400|bad_value|password|{"username":"long-enough","password":"LONG-enough"}
	400|bad_value|password|{"username":"x","password":"$long"}
	400|bad_value|email|{"username":"x","password":"secret-of-x","email":"x"}
	400|bad_value|email|{"username":"x","password":"secret-of-x","email":"@x"}
	400|bad_value|email|{"username":"x","password":"secret-of-x","email":"x@"}
	400|bad_value|email|{"username":"x","password":"secret-of-x","email":"x @y"}
	400|bad_value|email|{"username":"x","password":"secret-of-x","email":"x@y\\r\\nBcc: z"}
	400|bad_value|email|{"username":"x","password":"secret-of-x","email":"$long@x"}
	400|bad_value|first_name|{"username":"x","password":"secret-of-x","first_name":"$long"}
	400|bad_value|contact|{"username":"x","password":"secret-of-x","contact":"$long"}
	400|bad_value|is_superuser|{"username":"x","password":"secret-of-x","is_superuser":"yes please"}
	422|constraint|is_active|{"username":"x","password":"secret-of-x","is_active":null}
	400|unknown_column|rights_version|{"username":"x","password":"secret-of-x","rights_version":9}
	400|unknown_column|admin|{"username":"x","password":"secret-of-x","admin":true}
	400|read_only|id|{"username":"x","password":"secret-of-x","id":0}
	400|bad_value|password|{"username":"x","password":"secret-of-x","password":"secret-of-y"}
EOT
try 400 bad_request POST "$u" '[{"username":"x","password":"secret-of-x"}]'
try 400 bad_request POST "$u?on_conflict=username" '{"username":"dora","password":"secret-of-x"}'
try 400 bad_value POST "$u" '"x"'
try 400 bad_json POST "$u" '{"username":"x\u0000","password":"secret-of-x"}'
try 400 bad_json POST "$u" '{"username":"x","password":"secret-of-x\u0000"}'
try 400 bad_json POST "$u" '{'
try 415 unsupported_media_type POST "$u" 'username=x' 'Content-Type: text/plain'
try 415 unsupported_media_type POST "$u" 'username,password' 'Content-Type: text/csv'
try 400 bad_param POST "$u?username=x" '{"username":"x","password":"secret-of-x"}'
is "$(accounts)" "$before" "nothing was written by any of them"
ask POST "$u" '{"username":"trial","password":"secret-of-trial"}' 'Prefer: tx=rollback'
is "$status $(header Preference-Applied)" '201 tx=rollback' "a trial"
is "$(accounts)" "$before" "changes nothing"
ask POST "$u" '{"username":"quiet","password":"secret-of-quiet"}' 'Prefer: return=minimal' 'Idempotency-Key: k1'
is "$status $body" '201 ' "a create without a word"
is "$(sql shop 'SELECT count(*) FROM dynapi.idempotency')" 0 "what is kept under a key would be a quick hash of the password"
ask POST "$u" 'username=form&password=secret-of-form&is_active=false' 'Content-Type: application/x-www-form-urlencoded'
like "$status $body" '^201 .*"username":"form".*"is_active":false' "a form"
# names that have broken others
while IFS= read -r name; do
	text=$(sed 's/[\\"]/\\&/g' <<<"$name")
	ask POST "$u" "{\"username\":\"$text\",\"password\":\"secret-of-$text\",\"last_name\":\"$text\"}"
	is "$status" 201 "a user called $name"
	at=$(header Location)
	ask GET "$at?fields=username,last_name"
	is "$body" "{\"username\":\"$text\",\"last_name\":\"$text\"}" "is called so"
	ask DELETE "$at"
	is "$status" 204 "and goes"
done <<-'EOT'
	Robert'); DROP TABLE dynapi.users;--
	$1
	%s%n
	"quoted"
	back\slash
	<script>alert(1)</script>
	{"$ne":1}
	../../etc/passwd
	Ω≈ç√∫˜µ≤≥÷
	田中さんにあげて下さい
	👾 🙇 💁
	null
	0
EOT

# ---- change
ask PATCH "$u$dora/" '{"email":"","contact":null,"last_name":"D."}'
like "$status $body" '^200 .*"email":"","first_name":"Dora","last_name":"D.","contact":null,' "PATCH changes what is sent"
ask PATCH "$u$dora/" '{}'
like "$status $body" '^200 .*"last_name":"D."' "which may be nothing"
ask GET "$u$dora/"
tag=$(header ETag)
ask PUT "$u$dora/" "$body" "If-Match: $tag"
is "$status $(header ETag)" "200 $tag" "what was read can be put back, and changes nothing"
try 412 precondition_failed PATCH "$u$dora/" '{"is_staff":false}' 'If-Match: "00000000000000000000000000000000"'
try 412 precondition_failed DELETE "$u$dora/" '' 'If-Match: "00000000000000000000000000000000"'
ask PUT "$u$dora/" '{"username":"dora"}'
like "$status $body" '^200 .*"first_name":"","last_name":"","contact":null,"is_active":true,"is_staff":false,"is_superuser":false' "PUT sets what is not sent to its default"
is "$(sql shop "SELECT password IS NOT NULL FROM dynapi.users WHERE id = $dora")" t "but for the password"
try 400 required PUT "$u$dora/" '{"email":"x@y"}'
try 400 bad_value PATCH "$u$dora/" "{\"id\":$admin}"
try 400 bad_value PATCH "$u$dora/" '{"password":"DORA"}'
ask PATCH "$u$dora/" '{"username":"dora-the-explorer"}'
try 400 bad_value PATCH "$u$dora/" '{"password":"Dora-The-Explorer"}'
is "$(fields)" password "a password is not the name that one has already"
ask PATCH "$u$dora/" '{"date_joined":"2000-01-01T00:00:00Z","last_login":"2000-01-01T00:00:00Z"}'
unlike "$status $body" '^200.*2000-01-01' "nobody writes what the database knows"
try 404 not_found PATCH "${u}99/" '{"email":""}'
try 404 not_found PATCH "${u}99/" '{"password":"secret-of-x"}'
try 404 not_found DELETE "${u}99/"
try 400 unknown_column PATCH "$u$dora/" '{"refresh_hash":"x"}'
try 400 bad_param PATCH "$u$dora/?username=x" '{"email":""}'

# ---- sessions end
token_of() {
	ctl "$home" token "$1" --ttl 1h >"$TMP/$1"
}
for change in '{"password":"another-secret"}' '{"is_active":false}' '{"username":"renamed"}'; do
	token_of other
	as_user other
	try 200 - GET /api/auth/me/
	as_user admin
	ask PATCH "$u$other/" "$change"
	is "$status" 200 "$change"
	as_user other
	try 401 token_invalid GET /api/auth/me/
	as_user admin
	ask PATCH "$u$other/" '{"is_active":true,"username":"other"}'
	as_user other
	try 401 token_invalid GET /api/auth/me/
	as_user admin
done
token=
ask POST /api/auth/login/ '{"username":"other","password":"secret-of-other"}'
is "$status" 401 "the old password is none any more"
ask POST /api/auth/login/ '{"username":"other","password":"another-secret"}'
is "$status" 200 "the new one is"
as_user admin
ask PATCH "$u$other/" '{"email":"o@example.org"}'
token_of other
ask PATCH "$u$other/" '{"email":"p@example.org","is_staff":true}'
as_user other
try 200 - GET /api/auth/me/
token_of boss
as_user boss
ask PATCH "$u$boss/" '{"password":"secret-of-boss-again"}'
is "$status" 200 "a superuser changes his own password"
try 401 token_invalid GET "$u"
# a superuser that is none any more
token_of boss
as_user boss
try 200 - GET "$u"
as_user admin
ask PATCH "$u$boss/" '{"is_superuser":false}'
is "$status" 200 "one superuser demotes another"
as_user boss
try 403 forbidden GET "$u"
try 403 forbidden PATCH "$u$boss/" '{"is_superuser":true}'
as_user admin
ask PATCH "$u$boss/" '{"is_superuser":true}'
as_user boss
try 200 - GET "$u"

# ---- guards
as_user admin
before=$(accounts)
while IFS='|' read -r method path send; do
	try 403 forbidden "$method" "$u$path/" "$send"
	like "$body" '"detail":"(You cannot demote yourself|This user is every visitor without a token: it stays as it is)\."' "in clear words"
done <<-EOT
	PATCH|$admin|{"is_superuser":false}
	PATCH|$admin|{"is_active":false}
	PATCH|$admin|{"is_active":false,"is_superuser":false,"password":"secret-of-x"}
	PUT|$admin|{"username":"admin"}
	PUT|$admin|{"username":"admin","is_superuser":true,"is_active":false}
	DELETE|$admin|
	PATCH|0|{"email":"a@example.org"}
	PATCH|0|{"is_superuser":true}
	PATCH|0|{"is_active":false}
	PATCH|0|{"password":"secret-of-x"}
	PATCH|0|{"username":"x"}
	PUT|0|{"username":"anonymous"}
	DELETE|0|
EOT
is "$(accounts)" "$before" "the accounts are as they were"
ask PATCH "$u$admin/" '{"email":"admin@example.org","is_superuser":true,"is_active":true}'
is "$status" 200 "what is his own may be changed otherwise"

# ---- v2
ask GET "$v?q[username_eq]=boss"
is "$status $body" "200 [{\"id\":$boss,\"username\":\"boss\",\"email\":\"\",\"first_name\":\"\",\"last_name\":\"\",\"admin\":true,\"locked\":false,\"last_sign_in_at\":null}]" \
	"in v2 it has other names"
is "$(header Content-Range)" 'users 0-0/1' "its range"
isnt "$(header Token)" '' "and a token comes along"
ask GET "$v/$boss?a[only][]=created_at&a[only][]=admin"
like "$status $body" '^200 \{"admin":true,"created_at":"20|^200 \{"created_at":"20' "shapes are as of tables"
ask GET "$v?q[admin_true]=true&q[s]=username+asc&a[only][]=username&page=1&per=1"
is "$status $body $(header Content-Range)" '200 [{"username":"admin"}] users 0-0/2' "and predicates, sorts, pages"
ask POST "$v/search" '{"q":{"email_cont":"ADMIN@"},"a":{"only":["username"]}}'
is "$status $body" '200 [{"username":"admin"}]' "a search"
try2 400 - GET "$v?q[password_start]=%24"
try2 400 - GET "$v?a[only][]=password"
try2 400 - GET "$v?q[s]=password"
try2 400 - GET "$v?a[include]=session"
ask POST "$v" '{"user":{"username":"erik","password":"secret-of-erik","email":"erik@example.org","locked":true}}'
erik=$(id_of erik)
like "$status $(header Location) $body" "^201 /api/v2/users/$erik/ \{\"id\":$erik,\"username\":\"erik\",\"email\":\"erik@example.org\",\"first_name\":\"\",\"last_name\":\"\",\"admin\":false,\"locked\":true," "a create"
is "$(sql shop "SELECT is_active, is_superuser, is_staff FROM dynapi.users WHERE id = $erik")" 'f|f|f' "says what it means"
ask PUT "$v/$erik" '{"locked":false,"last_name":"the Red"}'
like "$status $body" '^200 .*"email":"erik@example.org","first_name":"","last_name":"the Red","admin":false,"locked":false' "a change of some fields"
ask PATCH "$v/$erik" '{"users":{"admin":true}}'
like "$status $body" '^200 .*"admin":true' "by PATCH too"
token=
ask POST /api/v2/authenticate '{"auth":{"email":"erik@example.org","password":"secret-of-erik"}}'
header Token >"$TMP/erik"
as_user erik
ask GET "$v/$erik"
is "$status" 200 "he can log in"
try2 403 "You cannot demote yourself" PUT "$v/$erik" '{"user":{"admin":false}}'
isnt "$(header Token)" '' "who is refused keeps his session"
try2 403 "You cannot demote yourself" PUT "$v/$erik" '{"user":{"locked":true}}'
try2 403 "You cannot demote yourself" PUT "$v/$erik" '{"admin":"f"}'
try2 403 "You cannot demote yourself" PATCH "$v/$erik" '{"users":{"admin":false,"locked":true}}'
try2 403 "You cannot demote yourself" DELETE "$v/$erik"
try2 403 "This user is every visitor without a token: it stays as it is" PUT "$v/0" '{"user":{"locked":true}}'
try2 403 "This user is every visitor without a token: it stays as it is" DELETE "$v/0"
try2 404 "Accounts are changed one by one." PUT "$v/1/multi?ids=1,2" '{"user":{"admin":false}}'
try2 404 "Accounts are changed one by one." DELETE "$v/1/multi?ids=1,2"
try2 422 "username: A row with this value exists already" POST "$v" '{"user":{"username":"boss","password":"secret-of-x"}}'
try2 422 "password: This password is too short: 8 bytes at least" POST "$v" '{"user":{"username":"x","password":"x"}}'
try2 422 - POST "$v" '{"user":{}}'
try2 400 - POST "$v" '{"user":{"username":"x","password":"secret-of-x","is_superuser":true}}'
try2 400 - POST "$v" '{"user":{"username":"x","password":"secret-of-x","id":1}}'
try2 400 - POST "$v" '[{"username":"x","password":"secret-of-x"}]'
try2 404 - GET "$v/99"
try2 404 - PUT "$v/99" '{"user":{"admin":true}}'
try2 404 - GET "$v?do=destroy"
ask PUT "$v/$erik" '{"user":{"admin":true,"locked":false}}'
is "$status" 200 "he may say what he is"
as_user admin
ask DELETE "$v/$erik"
is "$status $body" '200 ' "another one deletes him"
as_user erik
try2 401 - GET "$v"
as_user admin
try2 404 - DELETE "$v/$erik"
# a table of that name
sql shop "CREATE TABLE users (id int PRIMARY KEY, login text); INSERT INTO users VALUES (1, 'of the table');
	GRANT ALL ON users TO dynapi_responder"
introspect "$home" >/dev/null
for ((i = 0; i < 100; i++)); do
	ask GET /api/v2/public.users/1
	[ "$status" != 200 ] || break
	sleep 0.05
done
ask GET "$v/1?a[only][]=username"
is "$status $body" "200 {\"username\":\"admin\"}" "a table of the same name does not take its place"
ask GET /api/v2/public.users/1
is "$status $body" '200 {"id":1,"login":"of the table"}' "it has its schema before it"
ask DELETE "$v/1/multi?ids=1"
is "$status" 404 "nor is it meant by what accounts cannot do"
ask POST "$v/search" '{"a":{"only":["username"]},"q":{"id_eq":1}}'
is "$body" '[{"username":"admin"}]' "or by a search"
is "$(sql shop 'SELECT count(*) FROM users')" 1 "and has its row"
ask GET /api/dyn/users/1/
is "$status $body" '200 {"id":1,"login":"of the table"}' "among the tables it is what it was"

# ---- two at once
# race NAME REQUEST-OF-ADMIN REQUEST-OF-BOSS : both wait for one lock, in either
# order, and go; status of each in $one and $two
race() {
	local name=$1
	rm -f "$TMP/fifo"
	mkfifo "$TMP/fifo"
	psql -XAtq -d shop <"$TMP/fifo" >/dev/null &
	local holder=$!
	exec 8>"$TMP/fifo"
	echo "BEGIN; SELECT pg_advisory_xact_lock(hashtext('dynapi.users superusers'));" >&8
	until [ "$(waiting granted)" = 1 ]; do sleep 0.05; done
	eval "cgi '$home' $2 'Authorization: Bearer $(cat "$TMP/admin")'" >"$TMP/one" 8>&- &
	local first=$!
	until [ "$(waiting 'NOT granted')" = 1 ]; do sleep 0.05; done
	eval "cgi '$home' $3 'Authorization: Bearer $(cat "$TMP/boss")'" >"$TMP/two" 8>&- &
	local second=$!
	until [ "$(waiting 'NOT granted')" = 2 ]; do sleep 0.05; done
	exec 8>&-
	wait "$first" "$second" "$holder"
	one=$(cgi_status <"$TMP/one") two=$(cgi_status <"$TMP/two")
	is "$(sql shop 'SELECT count(*) FROM dynapi.users WHERE is_active AND is_superuser')" "$4" "$name: superusers that are left"
}
waiting() {
	sql shop "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND $1"
}
token_of boss
race "each demotes the other" "PATCH $u$boss/ '{\"is_superuser\":false}'" "PATCH $u$admin/ '{\"is_superuser\":false}'" 1
is "$one $two" '200 403' "the second one has no right any more"
as_user admin
ask PATCH "$u$boss/" '{"is_superuser":true}'
race "in v2" "PUT $v/$boss '{\"user\":{\"admin\":false}}'" "PUT $v/$admin '{\"user\":{\"admin\":false}}'" 1
is "$one $two" '200 403' "as well"
ask PATCH "$u$boss/" '{"is_superuser":true}'
race "each switches the other off" "PATCH $u$boss/ '{\"is_active\":false}'" "PUT $v/$admin '{\"locked\":true}'" 1
is "$one $two" '200 401' "the second one is nobody any more"
ask PATCH "$u$boss/" '{"is_active":true}'
token_of boss
race "both change a third" "PATCH $u$other/ '{\"first_name\":\"A\"}'" "PATCH $u$other/ '{\"first_name\":\"B\"}'" 2
is "$one $two" '200 409' "the second one has not seen what he would write over"
ask GET "$u$other/?fields=first_name"
is "$body" '{"first_name":"A"}' "which stays"
race "each deletes the other" "DELETE $u$boss/ ''" "DELETE $v/$admin ''" 1
is "$one $two" '204 401' "the second one is not there any more"
is "$(id_of admin)" "$admin" "the first one is"
is "$(ctl "$home" user disable admin 2>&1; ctl "$home" user delete admin 2>&1)" \
	'dynapictl: "admin" is the last active superuser: make another one first
dynapictl: "admin" is the last active superuser: make another one first' \
	"dynapictl does not remove the last one either"

# ---- behind the responder: what its role alone can do
as_responder() {
	PGUSER=dynapi_responder sql shop "$1" 2>&1 | grep -o 'ERROR.*' | head -n 1
}
sid=$(sql shop "SELECT id FROM dynapi.session WHERE user_id = $plain LIMIT 1")
like "$(as_responder "UPDATE dynapi.users SET is_superuser = true")" 'permission denied' "the role cannot write accounts"
like "$(as_responder "SELECT password FROM dynapi.users")" 'permission denied' "nor read hashes"
like "$(as_responder "SELECT dynapi.password_set(1, 'x')")" 'permission denied' "nor set them"
while IFS='|' read -r setting rule; do
	for view in "account SET is_staff = true" "account_v2 SET first_name = 'x'"; do
		like "$(as_responder "$setting UPDATE dynapi.$view WHERE id = $plain")" "ERROR: +$rule" "without the session of a superuser: $rule"
	done
	like "$(as_responder "$setting INSERT INTO dynapi.account (username, password) VALUES ('x', 'x')")" "ERROR: +$rule" "no insert"
	like "$(as_responder "$setting DELETE FROM dynapi.account WHERE id = $plain")" "ERROR: +$rule" "no delete"
done <<-EOT
	|not a valid session
	SET dynapi.user_id = $admin;|not a valid session
	SET dynapi.user_id = $plain; SET dynapi.session = '$sid';|no superuser
	SET dynapi.user_id = $admin; SET dynapi.session = '$sid';|not a valid session
EOT
is "$(PGUSER=dynapi_responder sql shop "SELECT count(password) FROM dynapi.account")" 0 "the views have no hash"

# ---- conceal
ask_conf shop "conceal = yes"
as_user plain
try 403 forbidden GET "$u"
try 403 forbidden GET "$u$admin/"
try 403 forbidden GET "$u?search=x&ordering=nothing"
try 403 forbidden DELETE "$u$admin/"
as_user admin
try 200 - GET "$u?search=x&ordering=id"
ask PATCH "$u$plain/" '{"first_name":"P"}'
is "$status" 200 "with conceal too"

# ---- secrets
is "$(grep -cE 'secret-of|another-secret|argon2' "$home/log/dynapi")" 0 "no password and no hash is in the log"
is "$(sql shop "SELECT count(*) FROM dynapi.users WHERE password !~ '^\\\$argon2id'")" 0 "what is stored are hashes"
ask_end
