# The same as random.t over a database of its own, so that it can also be asked
# where the samples are not: odd names, all kinds of types, keys of two
# columns, tables with two ways to each other.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
. "$DYNAPI_SRCDIR/tests/lib/random.sh"
need spawn-fcgi multiwatch

PGOPTIONS='-c TimeZone=UTC -c IntervalStyle=iso_8601 -c extra_float_digits=1 -c jit=off -c client_min_messages=warning'
export PGOPTIONS
diag "seed $random_seed"

pg_home "$home" && api_programs "$home" &&
	pg_load shop "$DYNAPI_SRCDIR/tests/api/random_own.sql" &&
	api_conf "$home" shop "schemas = own,side" "regex = yes" "max_depth = 9" "max_includes = 100" && api_init "$home" secret-of-admin &&
	sql shop "GRANT USAGE ON SCHEMA own, side TO dynapi_responder;
		GRANT SELECT ON ALL TABLES IN SCHEMA own, side TO dynapi_responder" &&
	judge_in shop && ask_serve || bail_out "the API cannot be set up"
token=$(user_token admin)
random_test shop own,side 200
# a join table whose key has a third column names the same two rows again
want=$(sql shop "SELECT string_agg(DISTINCT shelf_id::text, ',') FROM own.loan WHERE book_id = 8")
for page in '' '&limit=5'; do
	ask GET "/api/dyn/book/?id=8&fields=id&include=shelf!loan(fields=id)$page"
	is "$(sql shop 'SELECT count(*) > 1 FROM own.loan WHERE book_id = 8') $body" "t [{\"id\":8,\"shelf!loan\":[{\"id\":$want}]}]" \
		"a related row is there once, however often it is joined${page:+, on a page too}"
done

ask_end
