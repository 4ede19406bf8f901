# Random questions about pagila and chinook, a thousand each: what the API
# answers is, to the byte, what psql says to SQL that something else has
# written.  RANDOM_SEED=… asks the same again.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
. "$DYNAPI_SRCDIR/tests/lib/random.sh"
need spawn-fcgi multiwatch
need_testdata sql/pagila.sql

PGOPTIONS='-c TimeZone=UTC -c IntervalStyle=iso_8601 -c extra_float_digits=1 -c jit=off -c client_min_messages=warning'
export PGOPTIONS
diag "seed $random_seed"

pg_home "$home" && api_programs "$home" || bail_out "no cluster"
# what these aggregate has no order: it depends on the plan
sql pagila 'DROP VIEW actor_info, film_list, rental_report;
	REFRESH MATERIALIZED VIEW nicer_but_slower_film_list'

# try_random DATABASE SCHEMAS : each foreign key gets an index, or the minutes
# would go into PostgreSQL's loops; where they still do, answers are waited for
try_random() {
	local db=$1 schema
	rm -f "$home/snapshot/schema.sqlite"
	sql "$db" "SELECT format('CREATE INDEX ON %s (%s);', conrelid::regclass, (SELECT string_agg(quote_ident(attname), ', ' ORDER BY o)
		FROM unnest(conkey) WITH ORDINALITY k (num, o) JOIN pg_attribute ON attrelid = conrelid AND attnum = num))
		FROM pg_constraint WHERE contype = 'f'" | psql -Xq -d "$db" -v ON_ERROR_STOP=1 &&
		sql "$db" ANALYZE &&
		api_conf "$home" "$db" "schemas = $2" "regex = yes" "max_depth = 9" "max_includes = 100" "statement_timeout = 10min" && api_init "$home" secret-of-admin ||
		bail_out "$db cannot be set up"
	for schema in ${2//,/ }; do
		sql "$db" "GRANT USAGE ON SCHEMA $schema TO dynapi_responder;
			GRANT SELECT ON ALL TABLES IN SCHEMA $schema TO dynapi_responder"
	done
	judge_in "$db" && ask_serve || bail_out "$db is not served"
	token=$(user_token admin)
	random_test "$db" "$2" 1000
	ask_same_pid
	responders_stop "$home"
	token=
}

try_random pagila public,legacy
try_random chinook public
ask_serve
ask_end
