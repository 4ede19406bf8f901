# Accounts over HTTP: login, tokens, refresh, logout, me, and what a request
# with each kind of token gets (SECURITY J10 to J12, J15, L1, L4, L5).

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"

home=$TMP/home
db=shop
api_home "$home" $db || bail_out "no API"

# req METHOD URI [BODY [HEADER...]] : sets $status, $head and $body
req() {
	local answer
	answer=$(cgi "$home" "$@" 2>>"$TMP/stderr")
	status=$(cgi_status <<<"$answer")
	head=$(sed '/^$/q' <<<"$answer")
	body=$(cgi_body <<<"$answer")
}

# field NAME : a text of the body
field() {
	sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" <<<"$body"
}

# login NAME PASSWORD : sets $access and $refresh too
login() {
	req POST /api/auth/login/ "{\"username\":\"$1\",\"password\":\"$2\"}"
	access=$(field access)
	refresh=$(field refresh)
}

me() {
	req GET /api/auth/me/ '' "Authorization: Bearer $1"
}

add_user() {
	printf '%s\n' "$2" | ctl "$home" user add "$1" --password-stdin "${@:3}" \
		>/dev/null || bail_out "user $1"
}
add_user bea "secret of bea" --email bea@example.org
add_user cat "secret of cat"
ctl "$home" grant bea customer cr >/dev/null || bail_out grant

# ---- login
login bea "secret of bea"
is "$status" 200 "login"
like "$body" '^\{"refresh":"[A-Za-z0-9_.-]+","access":"[A-Za-z0-9_.-]+","user":\{"id":[0-9]+,"username":"bea","email":"bea@example.org","contact":null\}\}$' \
	"the answer has its shape"
like "$head" 'Cache-Control: no-store' "and is not kept by caches"
is "$(sql $db "SELECT last_login IS NOT NULL FROM dynapi.users
	WHERE username = 'bea'")" t "the time of the login is kept"
is "$(sql $db "SELECT client FROM dynapi.session")" 127.0.0.1 \
	"the session knows where it was opened"
for part in "$access" "$refresh"; do
	part=${part#*.}
	part=${part%.*}
	printf '%s%s' "$part" "$(printf '%*s' $(((4 - ${#part} % 4) % 4)) '' |
		tr ' ' =)" | tr -- -_ +/ | base64 -d
	echo
done >"$TMP/claims"
like "$(sed -n 1p "$TMP/claims")" '"token_type":"access"' "the access token"
like "$(sed -n 2p "$TMP/claims")" '"token_type":"refresh"' "the refresh token"
unlike "$(cat "$TMP/claims")" 'superuser|bea|email|role' \
	"tokens say who by number, and nothing about rights"

same=
while IFS='|' read -r name text; do
	req POST /api/auth/login "$text"
	is "$status" 401 "refused: $name"
	text=${body//\"request_id\":\"*\"/}
	is "$text" "${same:=$text}" "in the same words: $name"
done <<-'EOT'
	wrong password|{"username":"bea","password":"wrong"}
	trailing space|{"username":"bea","password":"secret of bea "}
	other case|{"username":"bea","password":"Secret of bea"}
	unknown name|{"username":"nobody","password":"secret of bea"}
	name in other case|{"username":"Bea","password":"secret of bea"}
	name with a space|{"username":"bea ","password":"secret of bea"}
	the visitors|{"username":"anonymous","password":"x"}
	injection|{"username":"bea' or '1'='1","password":"x"}
EOT
like "$body" '"code":"login_failed"' "the code"
like "$head" 'WWW-Authenticate: Bearer' "401 comes with its header"
long=$(printf '%01024d' 7)
while IFS='|' read -r want name text; do
	req POST /api/auth/login "$text"
	is "$status" "$want" "$name"
done <<-EOT
	400|no password|{"username":"bea"}
	400|no name|{"password":"x"}
	400|nothing|{}
	400|empty password|{"username":"bea","password":""}
	400|null|{"username":"bea","password":null}
	400|a number|{"username":"bea","password":12345678}
	400|an array|[]
	400|a text|"bea"
	400|twice|{"username":"bea","username":"bea","password":"secret of bea"}
	400|U+0000|{"username":"bea","password":"secret of bea\\u0000"}
	400|no JSON|username=bea&password=x
	401|1,024 bytes|{"username":"bea","password":"$long"}
	400|1,025 bytes|{"username":"bea","password":"$long$long"}
EOT
req POST /api/auth/login '{}'
like "$body" '"errors":\{"username":\["This field is required."\],"password":\["This field is required."\]\}' \
	"all fields are named at once"
req POST /api/auth/login 'username=bea&password=x' \
	'Content-Type: application/x-www-form-urlencoded'
is "$status" 401 "a form is read"
req POST /api/auth/login '{"username":"bea","password":"x"}' 'Content-Type: text/plain'
is "$status" 415 "no text"
req GET /api/auth/login
is "$status" 405 "GET is not for login"
like "$head" 'Allow: ' "and Allow says so"
req POST /api/auth/login '{"username":"bea","password":"secret of bea"}' \
	'Authorization: Bearer rubbish'
is "$status" 200 "a spoilt token does not keep anybody from logging in"

# ---- hashes of another kind
hash() {
	sql $db "UPDATE dynapi.users SET password = '$1' WHERE username = 'cat'"
}
hash 'pbkdf2_sha256$1000$seasalt$mQnueSakb748zqBAC1tmWVZsZbi2zPGZarEzTGdfmso='
login cat 'correct hors'
is "$status" 401 "Django's hash, wrong"
like "$(sql $db "SELECT password FROM dynapi.users WHERE username = 'cat'")" \
	'^pbkdf2' "stays"
login cat 'correct horse'
is "$status" 200 "Django's hash"
like "$(sql $db "SELECT password FROM dynapi.users WHERE username = 'cat'")" \
	'^\$argon2id\$v=19\$m=19456,t=2,p=1\$' "is replaced"
login cat 'correct horse'
is "$status" 200 "and the new one is good"
for text in '$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc' \
	'!' '' 'correct horse' '$2b$12$abcdefghijklmnopqrstuv'; do
	hash "$text"
	login cat 'correct horse'
	is "$status" 401 "a hash of no use: $text"
done
sql $db "UPDATE dynapi.users SET password = NULL WHERE username = 'cat'"
login cat 'correct horse'
is "$status" 401 "no hash at all"
like "$(cat "$home/log/dynapi")" 'password hash of user [0-9]+ is of an unknown kind' \
	"the log knows why"
printf 'secret of cat\n' | ctl "$home" user passwd cat --password-stdin \
	>/dev/null || fail "passwd"
login cat 'secret of cat'
is "$status" 200 "a new password"
cat_access=$access

# ---- me
login bea "secret of bea"
me "$access"
is "$status" 200 "me"
like "$body" '^\{"id":[0-9]+,"username":"bea","email":"bea@example.org","first_name":"","last_name":"","contact":null,"is_staff":false,"is_superuser":false,"last_login":"20[0-9-]+T[0-9:.]+\+00:00","date_joined":"20[0-9-]+T[0-9:.]+\+00:00","rights":\[\{"table":"public.customer","rights":\["create","read"\]\}\]\}$' \
	"who I am and what I may do"
login admin secret-of-admin
me "$access"
like "$body" '"is_superuser":true.*"rights":\[\{"table":"\*","rights":\["create","read","update","delete","bulk"\]\}\]' \
	"a superuser may do all"
req GET /api/auth/me/
is "$status" 401 "me without a token"
like "$head" 'WWW-Authenticate: Bearer realm="dynapi"' "says how"

# ---- tables with and without rights
login bea "secret of bea"
req GET /api/dyn/customer/1/ '' "Authorization: Bearer $access"
is "$status" 200 "a right that was given"
req GET /api/dyn/product/1/ '' "Authorization: Bearer $access"
is "$status" 403 "one that was not"
like "$body" '"code":"forbidden"' "its code"
req GET /api/dyn/product/1/
is "$status" 401 "visitors may sign in"
req GET /api/dyn/nothing/1/ '' "Authorization: Bearer $access"
is "$status" 404 "an unknown table"
ctl "$home" grant anonymous product r >/dev/null
req GET /api/dyn/product/1/
is "$status" 200 "a public table"
req GET /api/dyn/product/1/ '' "Authorization: Bearer $access"
is "$status" 403 "is public for visitors, users have rights of their own"

# ---- the header
while IFS='|' read -r want name value; do
	value=${value//TOKEN/$access}
	req GET /api/auth/me/ '' "Authorization: $value"
	is "$status" "$want" "Authorization: $name"
done <<-'EOT'
	200|Bearer|Bearer TOKEN
	200|bearer|bearer TOKEN
	200|BEARER|BEARER TOKEN
	401|Basic|Basic TOKEN
	401|no scheme|TOKEN
	401|Token|Token TOKEN
	401|one byte more|Bearer TOKENA
	401|nothing|Bearer
	400|two|Bearer TOKEN, Bearer TOKEN
EOT
req GET "/api/auth/me/?access_token=$access&token=$access"
is "$status" 401 "no token in the query string"
req GET /api/auth/me/ '' "Cookie: access=$access; token=$access"
is "$status" 401 "nor in a cookie"
me "$refresh"
is "$status" 401 "a refresh token is no access token"
me "$(printf '%08193d' 0)"
is "$status" 431 "a token that is too long"
for header in X-User X-Remote-User X-Forwarded-User; do
	req GET /api/auth/me/ '' "$header: admin"
	is "$status" 401 "$header is nobody"
done

# ---- refresh
refresh() {
	req POST /api/auth/token/refresh/ "{\"refresh\":\"$1\"}"
}
first=$refresh
refresh "$first"
is "$status" 200 "refresh"
like "$body" '^\{"refresh":"[^"]+","access":"[^"]+"\}$' "gives both tokens"
second=$(field refresh)
isnt "$second" "$first" "the refresh token is another"
access=$(field access)
me "$access"
is "$status" 200 "the new access token is good"
refresh "$access"
is "$status" 401 "an access token is no refresh token"
refresh "$first"
is "$status" 401 "a refresh token is good once"
like "$body" '"code":"token_invalid"' "its code"
refresh "$second"
is "$status" 401 "after that the session is over"
me "$access"
is "$status" 401 "for its access tokens too"
for text in '{}' '{"refresh":""}' '{"refresh":1}' '{"refresh":null}' '[]' 'x'; do
	req POST /api/auth/token/refresh/ "$text"
	is "$status" 400 "refresh with $text"
done
refresh rubbish
is "$status" 401 "refresh with rubbish"

# ---- logout
login bea "secret of bea"
one=$access one_refresh=$refresh
login bea "secret of bea"
two=$access two_refresh=$refresh
req POST /api/auth/logout/ '' "Authorization: Bearer $one"
is "$status" 204 "logout"
is "$body" "" "without a body"
me "$one"
is "$status" 401 "the token is void at once"
refresh "$one_refresh"
is "$status" 401 "the refresh token too"
req POST /api/auth/logout/ '' "Authorization: Bearer $one"
is "$status" 401 "once is enough"
me "$two"
is "$status" 200 "another session goes on"
req POST /api/auth/logout/ "{\"refresh\":\"$two_refresh\"}" \
	"Authorization: Bearer $cat_access"
is "$status" 204 "with somebody else's refresh token"
me "$two"
is "$status" 200 "his session goes on"
login bea "secret of bea"
req POST /api/auth/logout/ "{\"refresh\":\"$two_refresh\"}" \
	"Authorization: Bearer $access"
is "$status" 204 "with the refresh token of another session of mine"
me "$two"
is "$status" 401 "that one has ended"
login bea "secret of bea"
req POST /api/auth/logout/ '{"refresh":"rubbish"}' \
	"Authorization: Bearer $access"
is "$status" 401 "with rubbish"
req POST /api/auth/logout/ 'rubbish' "Authorization: Bearer $access"
is "$status" 400 "with no JSON"
me "$access"
is "$status" 200 "nothing has ended"
req POST /api/auth/logout/
is "$status" 401 "without a token"

# ---- what was issued before a change (J10, J11)
login bea "secret of bea"
ctl "$home" user disable bea >/dev/null
me "$access"
is "$status" 401 "disabled"
req POST /api/auth/login/ '{"username":"bea","password":"secret of bea"}'
is "$status" 401 "no login"
refresh "$refresh"
is "$status" 401 "no refresh"
ctl "$home" user enable bea >/dev/null
me "$access"
is "$status" 401 "enabled again: the old token stays void"
login bea "secret of bea"
is "$status" 200 "a new login"
printf 'another secret\n' | ctl "$home" user passwd bea --password-stdin \
	>/dev/null
me "$access"
is "$status" 401 "a new password ends the sessions"
login bea "another secret"
sql $db "UPDATE dynapi.users SET username = 'beatrice' WHERE username = 'bea'"
me "$access"
is "$status" 401 "another name"
login beatrice "another secret"
ctl "$home" user delete beatrice >/dev/null
me "$access"
is "$status" 401 "deleted"
access=$(ctl "$home" token cat --ttl 1h)
me "$access"
is "$status" 200 "a token of dynapictl"

# ---- keys (J11, J14)
old=$(cat "$home/jwt.key")
{ random_hex 32 && echo && echo "$old"; } >"$home/jwt.new"
chmod 600 "$home/jwt.new" && give "$home/jwt.new" &&
	mv "$home/jwt.new" "$home/jwt.key"
me "$access"
is "$status" 200 "two keys: a token of the old one"
login cat "secret of cat"
is "$status" 200 "login with the new one"
new_access=$access
access=$(ctl "$home" token admin)
sed -i 2d "$home/jwt.key"
chmod 600 "$home/jwt.key" && give "$home/jwt.key"
me "$new_access"
is "$status" 200 "one key: its own tokens"
me "$(ctl "$home" token cat)"
is "$status" 200 "made by dynapictl as well"
me "$cat_access"
is "$status" 401 "one key: not those of the old one"
chmod 644 "$home/jwt.key"
req GET /api/health/live
isnt "$status" 200 "it does not start when others can read the key"
like "$(cat "$home/log/dynapi" "$TMP/stderr")" 'jwt.key: mode 0644' \
	"file and mode are named"
chmod 600 "$home/jwt.key"

# ---- nothing of all this in the log
cat "$home"/log/* "$TMP/stderr" >"$TMP/all" 2>/dev/null
for secret in "secret of" "another secret" "correct horse" '$argon2id$' \
	'pbkdf2_sha256$' "$cat_access" "$first" "$old"; do
	not_ok "the log has no \"${secret:0:20}\"" grep -qF -- "$secret" "$TMP/all"
done
done_testing
