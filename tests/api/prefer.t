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
ask_same_pid
done_testing
