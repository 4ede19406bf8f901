# Every limit, at the limit and one past it.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql shop "CREATE TABLE wide (id int PRIMARY KEY, t text, l int[]);
	INSERT INTO wide SELECT i, 'x' FROM generate_series(1, 1500) i"
api_programs "$home" && api_conf "$home" shop && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous wide,product crud >/dev/null &&
	sql shop 'GRANT ALL ON wide TO dynapi_responder' &&
	judge_in shop && ask_serve || bail_out "the API cannot be set up"
w=/api/dyn/wide/

# of LENGTH : that many letters
of() {
	head -c "$1" /dev/zero | tr '\0' x
}

# big STATUS NAME METHOD URI [BODY-FILE [HEADER]] : too big for an argument
big() {
	printf '%s\t%s\t%s\t' "$2" "$3" "$4" >"$TMP/q"
	if [ -n "${5-}" ]; then cat "$5"; else printf '\\N'; fi >>"$TMP/q"
	printf '\t%s\n' "${6-}" >>"$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	is "$(cut -f 2 "$TMP/a")" "$1" "$2"
}

# URL: 8 KiB
prefix="$w?limit=1&x="
big 200 "a URL of 8192 bytes" GET "$prefix$(of $((8192 - ${#prefix})))"
big 414 "one of 8193" GET "$prefix$(of $((8193 - ${#prefix})))"
big 414 "one of 60000" GET "$prefix$(of 60000)"
like "$(cut -f 4 "$TMP/a")" '"code":"url_too_long"' "says so"

# body: 1 MiB
make_body() {
	printf '{"id":%d,"t":"' "$1"
	of $((1048576 - 13 - ${#1} + $2))
	printf '"}'
}
make_body 2001 -1 >"$TMP/body"
is "$(wc -c <"$TMP/body")" 1048576 "a body of 1 MiB"
big 201 "is taken" POST "$w" "$TMP/body"
make_body 2002 0 >"$TMP/body"
big 413 "one byte more is not" POST "$w" "$TMP/body"
like "$(cut -f 4 "$TMP/a")" '"code":"body_too_large"' "says so"
big 413 "nor without a length" POST "$w" "$TMP/body" 'Content-Length:'
big 413 "nor a lie of a length" POST "$w" "$TMP/body" 'Content-Length: 2000000000'
is "$(sql shop 'SELECT length(t) FROM wide WHERE id > 2000')" 1048558 "all of the first was stored, nothing of the others"
ask GET "${w}2001/?fields=id"
is "$status" 200 "and the responder goes on"

# parameters: 100; filters: 64; search terms: 64
params() {
	printf 'x%d=1&' $(seq "$1")
}
filters() {
	printf 'x%d__eq=1&' $(seq "$1")
}
try 400 limit_exceeded GET "$w?$(params 101)"
try 200 - GET "$w?limit=1&$(filters 64)"
try 400 limit_exceeded GET "$w?limit=1&$(filters 65)"
try 400 limit_exceeded GET "$w?$(printf 'limit=1&%.0s' $(seq 101))"
ask GET "$w?limit=1&search=$(printf 'x+%.0s' $(seq 64))"
is "$status" 200 "64 terms"
try 400 limit_exceeded GET "$w?limit=1&search=$(printf 'x+%.0s' $(seq 65))"

# pages: 1000 rows; lists have none
try 200 - GET "$w?page_size=1000"
try 400 bad_param GET "$w?page_size=1001"
ask GET "$w?limit=1501&fields=id"
is "$(printf '%s' "$body" | grep -o id | wc -l)" 1501 "a slice may be larger than a page"
ask GET "$w?fields=id"
is "$(printf '%s' "$body" | grep -o id | wc -l)" 1501 "a list has all rows"

# token: 8 KiB
big 401 "a token of 8 KiB is judged" GET "$w?limit=1" '' "Authorization: Bearer $(of 8192)"
big 431 "a longer one is not" GET "$w?limit=1" '' "Authorization: Bearer $(of 8193)"
like "$(cut -f 4 "$TMP/a")" '"code":"headers_too_large"' "says so"
big 431 "nor one of a megabyte" GET "$w?limit=1" '' "Authorization: Bearer $(of 1000000)"

# lists inside values, keys, names
printf '{"id":3001,"l":[%s]}' "$(seq -s , 100000)" >"$TMP/body"
big 201 "a list of 100,000" POST "$w" "$TMP/body"
is "$(sql shop 'SELECT cardinality(l) FROM wide WHERE id = 3001')" 100000 "is stored"
ask POST "$w" '{"id":1,"l":[[[[[[1]]]]]]}'
is "$status" 409 "six dimensions are read"
try 400 bad_value POST "$w" '{"id":1,"l":[[[[[[[1]]]]]]]}'
{
	printf '{"id":3002'
	printf ',"a%d":1' $(seq 50000)
	printf '}'
} >"$TMP/body"
big 400 "50,000 unknown names" POST "$w" "$TMP/body"
is "$(head -c 200000 "$TMP/a" | wc -c | awk '{ print $1 < 100000 }')" 1 "are not all told"
big 400 "an endless number" POST "$w" <(printf '{"id":%s}' "$(of 100000 | tr x 9)")
big 404 "a long key" GET "$w$(of 5000)/"
big 404 "a long name" GET "/api/dyn/$(of 5000)/"
big 404 "many segments" GET "/api$(printf '/x%.0s' $(seq 1000))"
big 405 "a long method" "$(of 5000)" "$w"

# small settings hold as well
ask_conf shop 'url_max = 256' 'body_max = 1k' 'max_params = 5' 'max_filters = 2' 'token_max = 512' \
	'page_size = 3' 'max_page_size = 5' 'max_rows = 10'
big 200 "a URL of 256" GET "$prefix$(of $((256 - ${#prefix})))"
big 414 "one of 257" GET "$prefix$(of $((257 - ${#prefix})))"
{
	printf '{"id":4001,"t":"'
	of $((1024 - 18))
	printf '"}'
} >"$TMP/body"
big 201 "a body of 1 KiB" POST "$w" "$TMP/body"
sed -i 's/4001/40010/' "$TMP/body"
big 413 "and a byte" POST "$w" "$TMP/body"
try 200 - GET "$w?limit=1&fields=id&ordering=id&count=exact&a=1"
try 400 limit_exceeded GET "$w?limit=1&fields=id&ordering=id&count=exact&a=1&b=1"
try 200 - GET "$w?a=1&b=1"
try 400 limit_exceeded GET "$w?a=1&b=1&c=1"
big 401 "a token of 512" GET "$w" '' "Authorization: Bearer $(of 512)"
big 431 "one of 513" GET "$w" '' "Authorization: Bearer $(of 513)"
ask GET "$w?page=1&fields=id&ordering=id"
like "$body" '"results":\[\{"id":1\},\{"id":2\},\{"id":3\}\]' "pages of three"
try 200 - GET "$w?page_size=5"
try 400 bad_param GET "$w?page_size=6"
# a capped list says so
ask GET "$w?fields=id&ordering=id"
is "$(printf '%s' "$body" | grep -o id | wc -l) $(header Content-Range)" '10 wide 0-9/*' "max_rows caps a list"
next=$(header Link)
is "$next" '</api/dyn/wide/?fields=id&ordering=id&offset=10>; rel="next"' "and leads on"
next=${next#<} next=${next%%>*}
ask GET "$next"
like "$(printf '%s' "$body" | cut -c 1-12) $(header Content-Range)" '\[\{"id":11\},.* wide 10-19/\*' "there"
ask GET "$w?limit=11&fields=id"
is "$(printf '%s' "$body" | grep -o id | wc -l)" 10 "it caps a limit too"
like "$(header Link)" 'offset=10>; rel="next"' "and says so"
ask GET "$w?limit=10&fields=id"
is "$(printf '%s' "$body" | grep -o id | wc -l)" 10 "at the cap"
ask GET "$w?id=1"
is "$(header Content-Range)" 'wide 0-0/1' "a capped list that is whole has its number"
ask GET "$w?format=csv&fields=id"
is "$(printf '%s\n' "$body" | wc -l)" 11 "CSV is capped"

ask_end
