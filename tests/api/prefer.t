# Prefer: return=, tx=rollback, handling= (RFC 7240).

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE writing' && api_programs "$home" &&
	api_conf "$home" writing && ctl "$home" init >/dev/null &&
	pg_load writing "$DYNAPI_SRCDIR/tests/api/writing.sql" &&
	sql writing 'GRANT ALL ON ALL TABLES IN SCHEMA public TO dynapi_responder;
		GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO dynapi_responder' &&
	api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous '*' crud >/dev/null && ask_serve ||
	bail_out "the API cannot be set up"
c=/api/dyn/counter/
# said : what is told of an answer
said() {
	printf '%s [%s] %s' "$status" "${body:0:9}" "$(header Preference-Applied | tr '\n' ' ')"
}
n() {
	sql writing "SELECT coalesce((SELECT n FROM counter WHERE id = ${1-1}), -1)"
}

# ---- return=
ask POST "$c" '{"n":4}'
is "$(said)" '201 [{"id":4,"] ' "a create shows the row"
ask POST "$c" '{"n":5}' 'Prefer: return=representation'
is "$(said)" '201 [{"id":5,"] return=representation ' "and says so when asked"
ask POST "$c" '{"n":6}' 'Prefer: return=minimal'
is "$(said)$(header Location)" '201 [] return=minimal /api/dyn/counter/6/' "return=minimal"
like "$(header ETag)" '^"[0-9a-f]{32}"$' "has the tag"
ask POST "$c" '{"n":7}' 'Prefer: return=headers-only'
is "$(said)$(header Location)" '201 [] return=headers-only /api/dyn/counter/7/' "return=headers-only"
is "$(n 6) $(n 7)" '6 7' "they have written"
ask PATCH "${c}1/" '{"n":8}' 'Prefer: return=minimal'
is "$(said)" '204 [] return=minimal ' "PATCH"
tag=$(header ETag)
ask GET "${c}1/"
is "$(header ETag)" "$tag" "with the tag of what GET shows"
ask PUT "${c}1/" '{"n":9}' 'Prefer: return=minimal'
is "$(said) $(n)" '204 [] return=minimal  9' "PUT"
ask PATCH "${c}1/" '{}' 'Prefer: return=minimal'
is "$(said)" '204 [] return=minimal ' "PATCH {}"
ask PATCH "${c}1/" '{"n":10}' 'Prefer: return=minimal' "If-Match: $(header ETag)"
is "$(said) $(n)" '204 [] return=minimal  10' "with a condition"
ask PATCH "${c}1/" '{"n":11}' 'Prefer: return=representation'
is "$(said)" '200 [{"id":1,"] return=representation ' "representation"
ask DELETE "${c}4/"
is "$(said)" '204 [] ' "DELETE shows nothing"
ask DELETE "${c}5/" '' 'Prefer: return=representation'
is "$(said) $(n 5)" '200 [{"id":5,"] return=representation  -1' "unless asked"
ask DELETE "${c}6/" '' 'Prefer: return=representation' 'If-Match: *'
is "$(said)" '200 [{"id":6,"] return=representation ' "with a condition"
ask DELETE "${c}7/?format=csv" '' 'Prefer: return=representation'
is "$status $(header Content-Type)" '200 text/csv; charset=utf-8; header=present' "in any format"
# a list may come as several lines (RFC 9110 5.3); some web servers join them
ask PATCH "${c}1/" '{"n":12}' 'Prefer: return=representation' 'Prefer: tx=rollback'
is "$(said) $(n)" '200 [{"id":1,"] tx=rollback return=representation  11' "both of two lines count"
ask PATCH "${c}1/" '{"n":12}' 'Prefer: return=minimal' 'Prefer: return=representation, tx=rollback'
is "$(said) $(n)" '204 [] tx=rollback return=minimal  11' "in their order"
ask GET "${c}1/" '' 'Accept: text/html' 'Accept: text/csv'
is "$status $(header Content-Type)" '200 text/csv; charset=utf-8; header=present' "Accept"
ask GET "${c}1/"
tag=$(header ETag)
ask GET "${c}1/" '' 'If-None-Match: "x"' "If-None-Match: $tag"
is "$status" 304 "If-None-Match"
ask PATCH "${c}1/" '{"n":11}' 'If-Match: "x"' "If-Match: $tag"
is "$status" 200 "If-Match"
try 412 precondition_failed PATCH "${c}1/" '{"n":13}' 'If-Match: "x"' 'If-Match: "y"'
try 400 bad_request POST "$c" '{"n":5}' 'Idempotency-Key: a' 'Idempotency-Key: b'
try 400 bad_request POST "$c" '{"n":5}' 'Idempotency-Key: a' 'Idempotency-Key: a'
user=$(user_token bea) && ctl "$home" grant bea counter cud >/dev/null
token=$user
ask POST "$c" '{"n":1}' 'Prefer: return=representation'
is "$(said)" '201 [] ' "who may not read sees no row"
is "$(header ETag)" '' "and no tag"
ask DELETE "$(header Location)" '' 'Prefer: return=representation'
is "$(said)" '204 [] ' "nor a deleted one"
token=

# ---- tx=rollback
sequence=$(sql writing "SELECT last_value FROM counter_id_seq")
rows=$(sql writing "SELECT count(*) FROM counter")
ask POST "$c" '{"n":20}' 'Prefer: tx=rollback'
is "$(said)" "201 [{\"id\":$((sequence + 1)),\"] tx=rollback " "a create is tried"
is "$(header Location)$(header ETag)" '' "nothing is where it would be"
is "$(sql writing "SELECT count(*) FROM counter")" "$rows" "and nothing is there"
ask PATCH "${c}1/" '{"n":21}' 'Prefer: tx=rollback'
is "$(said) $(n)" '200 [{"id":1,"] tx=rollback  11' "PATCH"
is "$(printf '%s' "$body" | grep -c '"n":21')" 1 "shows what it would be"
ask PUT "${c}1/" '{"n":22}' 'Prefer: tx=rollback, return=minimal'
is "$(said) $(n)" '204 [] tx=rollback return=minimal  11' "PUT, two preferences"
ask DELETE "${c}1/" '' 'Prefer: tx=rollback'
is "$(said) $(n)" '204 [] tx=rollback  11' "DELETE"
ask DELETE "${c}1/" '' 'Prefer: tx=rollback' 'If-Match: "x"'
is "$status $(n)" '412 11' "conditions count"
try 404 not_found DELETE "${c}99/" '' 'Prefer: tx=rollback'
try 422 constraint POST /api/dyn/payment/ '{"amount":-1}' 'Prefer: tx=rollback'
ask POST "$c" '{"n":23}'
is "$status" 201 "after a refusal the connection is as before"
sql writing "INSERT INTO child VALUES (1, 1)"
try 409 conflict DELETE "${c}1/" '' 'Prefer: tx=rollback'
try 409 conflict POST /api/dyn/late/ '{"id":2,"next_id":9}'
is "$(fields)" next_id "a constraint that is judged at commit"
try 409 conflict POST /api/dyn/late/ '{"id":2,"next_id":9}' 'Prefer: tx=rollback'
is "$(fields)" next_id "is judged in a dry run, too"
ask POST /api/dyn/late/ '{"id":2,"next_id":2}' 'Prefer: tx=rollback'
is "$(said) $(sql writing 'SELECT count(*) FROM late')" '201 [{"id":2,"] tx=rollback  1' "and lets pass what is right"
ask POST "$c" '{"n":24}' 'Prefer: tx=commit'
is "$(said)" "201 [{\"id\":$((sequence + 3)),] " "tx=commit is no preference of ours"
try 403 forbidden POST /api/dyn/payment/ '{"amount":1}' 'Prefer: tx=rollback' "Authorization: Bearer $user"
before=$(sql writing "SELECT xact_commit FROM pg_stat_database WHERE datname = 'writing'")
ask PATCH "${c}1/" '{"n":30}' 'Prefer: tx=rollback'
ask PATCH "${c}1/" '{"n":31}'
is "$status $(n)" '200 31' "a write after a dry run is a write"

# ---- how it is written
for prefer in 'return=minimal' 'RETURN=Minimal' ' return = minimal ' 'return="minimal"' 'return=minimal; foo=bar' \
	'x, return=minimal' 'x="a,b", return=minimal' 'x="return=representation", return=minimal' \
	'return=minimal, return=representation' 'respond-async,wait=10 , return=minimal'; do
	ask PATCH "${c}1/" '{"n":40}' "Prefer: $prefer"
	is "$(said)" '204 [] return=minimal ' "Prefer: $prefer"
done
for prefer in '' ',' '=' 'return' 'return=' 'return=maximal' 'return="minimal' 'xreturn=minimal' 'return=representation, return=minimal' \
	'minimal' 'return-minimal' '"return=minimal"' ';;;' '"' '\' 'return=minimal2' "return='minimal'"; do
	ask PATCH "${c}1/" '{"n":41}' "Prefer: $prefer"
	is "$status" 200 "not understood, so not followed: $prefer"
done
ask PATCH "${c}1/" '{"n":42}' "Prefer: $(printf 'a%s=b,' {1..2000})return=minimal"
is "$(said)" '204 [] return=minimal ' "a long list"

# ---- handling=
ask GET "$c?nope=1"
is "$status" 200 "an unknown filter is ignored"
try 400 unknown_column GET "$c?nope=1" '' 'Prefer: handling=strict'
ask GET "$c?n=1" '' 'Prefer: handling=strict'
is "$status $(header Preference-Applied)" '200 handling=strict' "strict with what is known"
ask GET "${c}1/?nope=1" '' 'Prefer: handling=lenient'
is "$status $(header Preference-Applied)" '200 handling=lenient' "lenient"
ask GET "$c?nope=1" '' 'Prefer: handling=lenient, handling=strict'
is "$status" 200 "the first one counts"
ask GET "$c?n=1" '' 'Prefer: handling=strict, unheard-of=1'
is "$status" 200 "preferences that are not known are ignored in any case (RFC 7240 2)"
try 400 bad_param PATCH "${c}1/" '{"n":43}' 'Prefer: handling=strict, tx=rolback'
try 400 bad_param PATCH "${c}1/" '{"n":43}' 'Prefer: handling=strict, return=maximal'
try 400 bad_param POST "$c" '[{"n":43}]' 'Prefer: handling=strict, tx=bogus'
try 400 bad_param POST "$c?on_conflict=id" '{"id":1,"n":43}' 'Prefer: handling=strict, resolution=ignore'
is "$(n)" 42 "strict: a misspelt preference is no write"
ask PATCH "${c}1/" '{"n":43}' 'Prefer: handling=strict, tx=commit, return=minimal'
is "$(said) $(n)" '204 [] return=minimal handling=strict  43' "nor are those that are known refused"
ask PATCH "${c}1/" '{"n":42}' 'Prefer: tx=rolback'
is "$(said) $(n)" '200 [{"id":1,"]  '"42" "without strict it is not followed, and the answer does not say it was"

# ---- the other front doors
ctl "$home" grant anonymous counter,child b >/dev/null
d=/api/auto/counter v=/api/v2/counter
before=$(checksum writing)
# dry WANT METHOD URI [BODY [HEADER...]] : as if it were done
dry() {
	local want="$1 [tx=rollback] "
	shift
	ask "$@" 'Prefer: tx=rollback'
	is "$status [$(header Preference-Applied)] $(header Location)" "$want" "a dry run: $1 $2 ${3-}"
	is "$(checksum writing)" "$before" "leaves nothing"
}
for body in '{"n":50}' '[{"n":50},{"n":51}]'; do
	dry 201 POST "$c" "$body"
	dry 200 POST "$d" "$body"
done
dry 200 POST /api/auto/child/with_relations '{"id":7,"counter":{"n":50}}'
dry 201 POST "$v" '{"n":50}'
for method in PUT PATCH; do
	dry 200 $method "${c}1/" '{"n":50}'
	dry 200 $method "$d/1" '{"n":50}'
done
dry 200 PUT "$v/1" '{"n":50}'
dry 204 DELETE "${c}2/" ''
dry 200 DELETE "$d/2" ''
dry 200 DELETE "$v/2" ''
dry 200 PATCH "$c?id=2" '{"n":50}'
dry 200 PATCH "$c" '[{"id":2,"n":50}]'
dry 200 DELETE "$c?ids=2" ''
dry 200 PATCH "$d?where=[\"id\",2]" '{"n":50}'
dry 200 POST "$d/delete" '{"where":["id",2]}'
dry 200 PUT "$v/x/multi?ids=2" '{"n":50}'
dry 200 DELETE "$v/x/multi?ids=2" ''
for uri in "$d/2" "$v/2"; do
	ask DELETE "$uri" '' 'Prefer: tx=rollback' 'If-Match: "x"'
	is "$status $(n 2)" '412 0' "conditions count: $uri"
	ask DELETE "$uri" '' 'Prefer: handling=strict, tx=bogus'
	is "$status $(n 2)" '400 0' "and words: $uri"
done

for prefer in return=minimal return=headers-only; do
	ask PATCH "$d/1" '{"n":60}' "Prefer: $prefer"
	is "$(said) $(n)" "204 [] $prefer  60" "auto: $prefer"
	ask POST "$d" '{"n":61}' "Prefer: $prefer"
	is "$(said) $(header Location | tr -d 0-9)" "204 [] $prefer  /api/auto/counter//" "of a create, which is where it says"
	ask POST "$d" '[{"n":62}]' "Prefer: $prefer"
	is "$(said)" "204 [] $prefer " "of several"
	ask POST "$d/with_relations" '{"n":63}' "Prefer: $prefer"
	is "$(said)" "204 [] $prefer " "of several tables"
	ask PATCH "$d?where=[\"id\",1]" '{"n":64}' "Prefer: $prefer"
	is "$(said) $(n)" "204 [] $prefer  64" "of a condition"
	ask PUT "$v/1" '{"n":65}' "Prefer: $prefer"
	is "$(said) $(n)" "200 [] $prefer  65" "v2: $prefer"
	ask POST "$v" '{"n":66}' "Prefer: $prefer"
	is "$(said) $(header Location | sed 's/[0-9]*.$//')" "201 [] $prefer  /api/v2/counter/" "of a create"
	ask PUT "$v/x/multi?ids=1" '{"n":67}' "Prefer: $prefer"
	is "$(said) $(n)" "200 [] $prefer  67" "of several"
done
whole='Prefer: return=representation'
ask PATCH "$d/1" '{"n":70}' "$whole"
is "$(said)" '200 [{"id":1,"] return=representation ' "auto: the row"
ask PATCH "$d?where=[\"id\",1]" '{"n":71}' "$whole"
is "$(said)" '200 [[{"id":1,] return=representation ' "the rows of a condition"
ask PUT "$v/x/multi?ids=1" '{"n":72}' "$whole"
is "$(said)" '200 [[{"id":1,] return=representation ' "v2: the rows instead of their keys"
sql writing 'DELETE FROM child; INSERT INTO counter (id, n) VALUES (900, 1), (901, 1), (902, 1)'
ask DELETE "$v/900" '' "$whole"
is "$(said)" '200 [{"id":900] return=representation ' "v2: the deleted row"
ask POST "$d/delete" '{"where":["id",901]}' "$whole"
is "$(said)" '200 [[{"id":90] return=representation ' "auto: deleted rows"
token=$user
ask DELETE "$d/902" '' "$whole"
is "$(said)" '204 [] ' "who may not read sees none, and is not told that he does"
token=

# ---- what stands beside a write that knows its rows
before=$(checksum writing)
for query in 'n__gt=100000' n=1 id=1 or=\(n=1\) search=x limit=1 ordering=n fields=id include=child count=exact child.id=1 child.nope=1; do
	for prefer in handling=lenient handling=strict; do
		try 400 bad_param DELETE "${c}2/?$query" '' "Prefer: $prefer"
		is "$(fields)" "${query%%=*}" "which is named"
	done
done
for method in PUT PATCH; do
	try 400 bad_param $method "${c}2/?n=1" '{"n":5}'
done
try 400 bad_param POST "$c?fields=id" '{"n":5}'
try 400 bad_param POST "$c?n=1" '[{"n":5}]'
try 400 bad_param POST "$c?on_conflict=id&n=1" '{"id":2,"n":5}'
try 400 bad_param POST "$c?on_conflit=id" '{"id":2,"n":5}' 'Prefer: handling=strict'
try 400 bad_param PATCH "${c}2/?nope=1" '{"n":5}' 'Prefer: handling=strict'
for request in "DELETE $d/2?where=[\"n\",1]" "DELETE $d/2?nope=1" "DELETE $v/2?q[n_eq]=1" "DELETE $v/2?nope=1" "DELETE $v/2?a[only]=id" \
	"DELETE $v/x/multi?ids=2&q[n_eq]=1"; do
	ask "${request%% *}" "${request#* }"
	is "$status" 400 "$request"
done
for request in "POST $d?include=child" "POST $d/with_relations?where=[\"n\",1]" "PATCH $d/2?find=[\"n\",1]" "PUT $v/2?q[n_eq]=1" "POST $v?a[only]=id&q[n_eq]=1"; do
	ask "${request%% *}" "${request#* }" '{"n":5}'
	is "$status" 400 "$request"
done
is "$(checksum writing)" "$before" "nothing was written"
ask PATCH "${c}2/?nope=1&_=123" '{"n":5}'
is "$status $(n 2)" '200 5' "what is no name here is passed over"
ask PUT "$v/2?nope=1" '{"n":7}' 'Prefer: handling=lenient'
is "$status $(n 2)" '200 7' "by v2, too, when that is preferred"
ask PATCH "$d/2?nope=1" '{"n":6}' 'Prefer: handling=lenient'
is "$status $(n 2)" '400 7' "auto knows no parameters but its own"
# that another table has such a column hears who may read it
token=$user
for query in child.id=1 child.nope=1; do
	try 403 forbidden PATCH "${c}2/?$query" '{"n":8}'
done
token=
ask_same_pid
done_testing
