# cursor=: pages by key.  Walking from link to link gives just the list,
# whatever the order; a cursor is the server's own and belongs to its question.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql shop "CREATE TABLE colour (id int PRIMARY KEY, name text);
	INSERT INTO colour VALUES (1, 'red'), (2, 'green'), (3, NULL), (4, 'a, \"b\" & c=d');
	CREATE TABLE bead (a int, b int, n int, price numeric(6,2), note text, made timestamptz, colour_id int REFERENCES colour,
		PRIMARY KEY (a, b));
	INSERT INTO bead SELECT i / 10, i % 10, CASE WHEN i % 7 > 0 THEN i % 5 END, (i * 37 % 101) / 4.0,
		CASE WHEN i % 3 > 0 THEN chr(97 + i % 26) || '''\"\\\\ ä' END, timestamptz '2024-03-30 12:00:00.125Z' + i * interval '1 hour',
		CASE WHEN i % 6 > 0 THEN 1 + i % 4 END FROM generate_series(0, 96) i;
	CREATE TABLE flat (n int);
	INSERT INTO flat SELECT generate_series(1, 10);
	ANALYZE"
api_programs "$home" && api_conf "$home" shop && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous bead,colour,flat r >/dev/null &&
	sql shop 'GRANT SELECT ON bead, colour, flat TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"
b=/api/dyn/bead/

next() {
	header Link | sed -n 's/^<\(.*\)>; rel="next"$/\1/p'
}
# rows of the last answer, one a line
rows() {
	printf '%s' "$body" | sed 's/},{/}\n{/g; s/^\[//; s/\]$//; s/$/\n/' | sed '/^$/d'
}
# walk URI : all rows behind it into $TMP/walked, and the number of pages
walk() {
	local uri=$1
	pages=0
	: >"$TMP/walked"
	while [ -n "$uri" ] && [ $pages -lt 200 ]; do
		ask GET "$uri"
		[ "$status" = 200 ] || {
			diag "$status $body"
			return
		}
		rows >>"$TMP/walked"
		pages=$((pages + 1))
		uri=$(next)
	done
}

for order in '' a,b -a,-b n -n n:nullslast -n:nullsfirst,b -price,note note:nullsfirst,-made made -made \
	colour.name,-a colour.name:nullsfirst,n:nullslast,-price -colour.id; do
	ask GET "$b?ordering=$order"
	rows >"$TMP/all"
	for limit in 1 7 97; do
		walk "$b?ordering=$order&cursor=&limit=$limit"
		if [ "$(wc -l <"$TMP/walked")" = 97 ]; then
			same_file "$TMP/walked" "$TMP/all" "pages of $limit ordered by ${order:-the key}"
		else
			fail "pages of $limit ordered by ${order:-the key}"
			diag "$(wc -l <"$TMP/walked") rows"
		fi
	done
done
walk "$b?cursor=&limit=10&colour.name=red&ordering=-made&fields=a,made"
ask GET "$b?colour.name=red&ordering=-made&fields=a,made"
rows >"$TMP/all"
same_file "$TMP/walked" "$TMP/all" "with a filter, and only some columns"
walk "$b?cursor=&limit=10&include=colour(fields=name)&ordering=a"
ask GET "$b?include=colour(fields=name)&ordering=a"
rows >"$TMP/all"
same_file "$TMP/walked" "$TMP/all" "with a relation beside each row"

# ---- what accompanies a page
ask GET "$b?cursor=&limit=10"
is "$(header Content-Range)" '' "no range is known"
like "$(header Link)" '^<'"$b"'\?limit=10&cursor=[A-Za-z0-9_-]+>; rel="next"$' "a link to the next"
ask GET "$b?cursor="
is "$(rows | wc -l)" 25 "without limit a page has page_size rows"
ask GET "$b?cursor=&page_size=5"
is "$status $(rows | wc -l)" '200 5' "or as many as page_size says"
ask GET "$b?cursor=&limit=10&count=exact"
is "$(header Content-Range)" 'bead */97' "the total when asked for"
ask GET "$(next)"
is "$status $(header Content-Range)" '200 bead */97' "on every page"
ask GET "$b?note__contains=%25%26x&cursor=&limit=1&ordering=n"
is "$status$(next)" 200 "no link where no row came"
ask GET "$b?cursor=&limit=2&note__contains=%C3%A4&colour.name=a,+%22b%22+%26+c%3Dd"
like "$(next)" 'note__contains=%C3%A4&colour.name=a%2C%20%22b%22%20%26%20c%3Dd&cursor=' "the link keeps all else"
ask GET "$(next)"
is "$status" 200 "and can be followed"
ask GET "$b?cursor=&limit=100"
is "$(rows | wc -l)$(next)" 97 "no link behind the last row"
ask HEAD "$b?cursor=&limit=10"
like "$status $(header Link)" '^200 <.*rel="next"$' "HEAD has the link too"
ask HEAD "$b?cursor=&limit=10&count=exact"
like "$(header Content-Range) $(header Link)" '^bead \*/97 <.*rel="next"$' "with the total"
ask GET "$b?cursor=&limit=3&format=csv"
like "$(header Link)" 'format=csv&cursor=' "and CSV"
ask GET "$b?cursor=&limit=3&format=ndjson"
is "$(printf '%s\n' "$body" | wc -l)" 3 "and NDJSON"
like "$(header Link)" 'format=ndjson&cursor=' "with its link"

# rows that come and go between two pages
ask GET "$b?ordering=price&fields=a,b&limit=20&cursor="
link=$(next)
sql shop "INSERT INTO bead (a, b, price) VALUES (-1, 0, -5); DELETE FROM bead WHERE a = 0 AND b = 0" >/dev/null
sql shop "SELECT json_build_object('a', a, 'b', b) FROM bead ORDER BY price, a DESC, b DESC" >/dev/null
walk "$link"
is "$(wc -l <"$TMP/walked")" 77 "a page continues behind its last row, not at a number"

# ---- refusals
for bad in cursor=x cursor=AAAA 'cursor=%20' 'cursor=*' "cursor=$(printf 'A%.0s' $(seq 2000))"; do
	try 400 bad_param GET "$b?$bad"
	unlike "$body" 'bead|select' "$bad tells nothing"
done
ask GET "$b?cursor=&limit=5&ordering=n"
token_of() {
	sed 's/.*cursor=//' <<<"$(next)"
}
c=$(token_of)
try 200 - GET "$b?cursor=$c&limit=9&ordering=n"
try 400 bad_param GET "$b?cursor=$c&limit=5&ordering=-n"
try 400 bad_param GET "$b?cursor=$c&limit=5"
try 400 bad_param GET "/api/dyn/colour/?cursor=$c&ordering=id"
try 400 bad_param GET "$b?cursor=${c%?}&ordering=n"
try 400 bad_param GET "$b?cursor=A$c&ordering=n"
try 400 bad_param GET "$b?cursor=&offset=1"
try 400 bad_param GET "$b?cursor=&page=1"
try 400 bad_param GET "$b?cursor=&limit=1001"
try 400 bad_param GET '/api/dyn/flat/?cursor='

# ---- long questions: the link is complete, or the answer says why there is none
# word LENGTH
word() {
	printf "%0${1}d" 0
}
for long in 2500 3500 6500; do
	walk "$b?cursor=&limit=30&fields=a,b&note__ne=$(word $long)"
	ask GET "$b?fields=a,b&note__ne=$(word $long)"
	rows >"$TMP/all"
	same_file "$TMP/walked" "$TMP/all" "a question of $long bytes is walked to its end"
	is $((pages > 1)) 1 "over several pages"
done
for page in 'cursor=&limit=5' 'cursor=&limit=5&format=csv' 'cursor=&limit=5&format=ndjson' \
	'limit=5&count=exact' 'limit=5&count=estimated' 'page=1&page_size=5' 'page=2&page_size=60'; do
	try 400 limit_exceeded GET "$b?$page&note__ne=$(word 7950)"
	like "$body" 'by POST to .../search/' "the way out is named"
	ask HEAD "$b?$page&note__ne=$(word 7950)"
	is "$status" 400 "HEAD $page"
done
try 200 - GET "$b?page=1&page_size=100&note__ne=$(word 7950)"
try 200 - GET "$b?cursor=&limit=100&note__ne=$(word 7950)"

# in a body: the link is where to send it again
# walk_body METHOD URI BODY
walk_body() {
	local uri=$2 method=$1
	pages=0
	: >"$TMP/walked"
	while [ -n "$uri" ] && [ $pages -lt 200 ]; do
		ask "$method" "$uri" "$3"
		[ "$status" = 200 ] || {
			diag "$status $body"
			return
		}
		rows >>"$TMP/walked"
		pages=$((pages + 1)) uri=$(next) method=POST
	done
}
question='"fields":["a","b"],"ordering":["price"],"note__nin":["'$(word 20000)'","b'$(word 20000)'"]'
ask POST "${b}search/" "{$question}"
rows >"$TMP/all"
walk_body POST "${b}search/?cursor=&limit=20" "{$question}"
same_file "$TMP/walked" "$TMP/all" "a long body is walked to its end"
is $((pages > 2)) 1 "over several pages"
ask QUERY "$b?cursor=&limit=20" "{$question}"
like "$(next)" "^${b}search/\\?limit=20&cursor=" "that of QUERY goes on by POST"
walk_body QUERY "$b?cursor=&limit=20" "{$question}"
same_file "$TMP/walked" "$TMP/all" "to its end"
walk_body POST "${b}search/?limit=20&offset=0&count=exact" "{$question}"
same_file "$TMP/walked" "$TMP/all" "by offset as well"
ask POST "${b}search/" "{$question,\"cursor\":\"\",\"limit\":20}"
link=$(next)
like "$link" "^${b}search/\\?cursor=[A-Za-z0-9_-]+\$" "what was in the body stays there"
try 400 bad_param POST "$link" "{$question,\"cursor\":\"\",\"limit\":20}"
try 200 - POST "$link" "{$question,\"limit\":20}"
ask POST "${b}search/?page=2&page_size=20" "{$question}"
like "$body" "\"next\":\"${b}search/\\?page_size=20&page=3\",\"previous\":\"${b}search/\\?page_size=20" \
	"a page has such links too"
like "$(header Link)" "<${b}search/\\?page_size=20&page=3>; rel=\"next\"" "in its head as well"
ask POST "${b}search/" '{"cursor":"","limit":20,"note__nin":["x"]}'
like "$(next)" "^$b\\?limit=20&note__nin=x&cursor=" "a short one becomes an address"
try 400 limit_exceeded POST "${b}search/?cursor=&limit=5&note__ne=$(word 7950)" '{}'

# ---- another key, other cursors
ask_same_pid
responders_stop "$home"
(
	umask 077
	random_hex 32 >"$home/jwt.key"
)
ask_serve || bail_out "no responder with another key"
try 400 bad_param GET "$b?cursor=$c&limit=5&ordering=n"
ask_same_pid
done_testing
