# random.sh - random questions to a running API and the same to PostgreSQL;
# sourced after ask.sh.  RANDOM_SEED asks the same questions again,
# RANDOM_QUESTIONS others in number.

random_seed=${RANDOM_SEED-$((RANDOM * 32768 + RANDOM))}

# random_load DATABASE SCHEMAS QUESTIONS : makes them, in t.asked
random_load() {
	local db=$1 schemas=$2 n=${RANDOM_QUESTIONS-$3}
	psql -Xq -d "$db" -v ON_ERROR_STOP=1 -f "$DYNAPI_SRCDIR/tests/lib/random.sql" &&
		PGOPTIONS="$PGOPTIONS -c search_path=" psql -XAtq -d "$db" -v ON_ERROR_STOP=1 \
			-c "BEGIN" -c "SET LOCAL search_path = t, pg_catalog" \
			-c "CREATE TEMP TABLE t_lines AS SELECT n, l FROM t.catalog('{$schemas}', $((random_seed % 1000)) / 1000.0) WITH ORDINALITY x (l, n)" \
			-c "SET LOCAL search_path = pg_catalog" \
			-c "COPY (SELECT $(for i in $(seq 1 16); do printf 'l[%s],' "$i"; done | sed 's/,$//') FROM t_lines ORDER BY n) TO STDOUT" \
			>"$TMP/catalog" &&
		"$DYNAPI_BUILDDIR/tests/lib/random" "$random_seed" "$n" <"$TMP/catalog" >"$TMP/asked" &&
		sql "$db" "CREATE TABLE t.asked (n int, dialect text, page text, counted boolean, rows bigint, uri text, sql text);
			CREATE TABLE t.due (n int PRIMARY KEY, total bigint, body text, failure text);
			CREATE TABLE t.walked (name text, round int, status int, head text, body text)" &&
		psql -XAtq -v ON_ERROR_STOP=1 -d "$db" -c "\\copy t.asked from '$TMP/asked'"
}

# random_answers DATABASE : what PostgreSQL says, in t.due
random_answers() {
	psql -XAtq -d "$1" -v ON_ERROR_STOP=1 <<-'SQL'
	DO $$
	DECLARE q record; total bigint; body text;
	BEGIN
		SET LOCAL search_path = pg_catalog;
		FOR q IN SELECT DISTINCT ON (n) n, sql FROM t.asked ORDER BY n LOOP
			BEGIN
				EXECUTE q.sql INTO total, body;
				INSERT INTO t.due VALUES (q.n, total, translate(body, chr(10), ' '));
			EXCEPTION WHEN OTHERS THEN
				INSERT INTO t.due (n, failure) VALUES (q.n, sqlerrm);
			END;
		END LOOP;
	END $$
	SQL
}

# random_ask DATABASE : what the API says, in t.answer; from cursor to cursor
# all pages of a walk
random_ask() {
	local db=$1 round=0
	# shellcheck disable=SC2154 # token is the test's
	questions "$db" "SELECT n || ' ' || dialect, 'GET', uri, NULL, 'Authorization: Bearer $token' FROM t.asked ORDER BY n, dialect" "$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	answers "$db" "$TMP/a"
	sql "$db" "INSERT INTO t.walked SELECT name, 0, a.status, head, body FROM t.answer a JOIN t.asked q ON name = n || ' ' || dialect
		WHERE page = 'walk' AND a.status = 200; CREATE TABLE t.first AS TABLE t.answer"
	while [ $round -lt 60 ]; do
		questions "$db" "SELECT name, 'GET', next, NULL, 'Authorization: Bearer $token' FROM (SELECT name, substring(head from 'Link: <([^>]*)>; rel=\"next\"') AS next
			FROM t.walked WHERE round = $round) x WHERE next IS NOT NULL" "$TMP/q"
		[ -s "$TMP/q" ] || break
		ask_all "$TMP/q" "$TMP/a"
		answers "$db" "$TMP/a"
		round=$((round + 1))
		sql "$db" "INSERT INTO t.walked SELECT name, $round, status, head, body FROM t.answer"
	done
	# what there is to compare: each answer's array, and the total it names
	sql "$db" "CREATE TABLE t.got AS SELECT q.*, a.status, a.head, a.body AS answer,
			CASE WHEN a.status <> 200 THEN NULL
				WHEN page = 'walk' THEN (SELECT '[' || coalesce(string_agg(nullif(substr(rtrim(w.body, chr(10)), 2, length(rtrim(w.body, chr(10))) - 2), ''), ',' ORDER BY round), '') || ']'
					FROM t.walked w WHERE w.name = a.name)
				WHEN page = 'number' AND dialect = 'native' THEN (a.body::json -> 'results')::text
				ELSE rtrim(a.body, chr(10)) END AS body,
			CASE WHEN a.status <> 200 THEN NULL
				WHEN page = 'number' AND dialect = 'native' THEN (a.body::json ->> 'count')::bigint
				WHEN dialect = 'auto' THEN substring(a.head from 'X-Total-Count: (\\d+)')::bigint
				WHEN counted OR dialect = 'v2' THEN substring(a.head from 'Content-Range: [^\\r\\n]*/(\\d+)')::bigint END AS total
		FROM t.asked q JOIN t.first a ON a.name = q.n || ' ' || q.dialect"
}

# random_judge DATABASE QUESTIONS
random_judge() {
	local db=$1 n=${RANDOM_QUESTIONS-$2} count differ
	none "$db" "SELECT n, failure, left(sql, 200) FROM t.due JOIN t.asked USING (n) WHERE failure IS NOT NULL" "$db: the SQL of each question runs"
	# there is no page behind the last one
	sql "$db" "CREATE VIEW t.difference AS SELECT n, dialect, status, uri, sql, g.total AS got_total, d.total AS due_total, g.answer, g.body AS got, d.body AS due,
			CASE WHEN status <> 200 THEN 'status' WHEN g.body IS DISTINCT FROM d.body THEN 'rows' ELSE 'total' END AS what
		FROM t.got g JOIN t.due d USING (n) WHERE failure IS NULL AND CASE
			WHEN dialect = 'native' AND page = 'number' AND d.body = '[]' AND uri ~ '[?&]page=[2-9]' THEN status <> 404
			ELSE status <> 200 OR g.body IS DISTINCT FROM d.body
				OR ((counted OR page = 'number' OR dialect <> 'native') AND g.total IS DISTINCT FROM d.total) END"
	count=$(sql "$db" 'SELECT count(DISTINCT n) FROM t.got')
	differ=$(sql "$db" 'SELECT count(*) FROM t.difference')
	is "$count" "$n" "$db: $n questions of the seed $random_seed were asked"
	if [ "$differ" != 0 ]; then
		sql "$db" "COPY (SELECT format(E'%s %s %s %s\n%s\n%s\n%s %s\n%s\n%s\n', n, dialect, what, status, uri, sql,
			got_total, due_total, left(coalesce(got, answer), 2000), left(due, 2000)) FROM t.difference ORDER BY n) TO STDOUT" |
			sed 's/\\n/\n/g' >"$TMP/differences-$db"
		diag "$(head -n 40 "$TMP/differences-$db" | cut -c 1-600)"
		diag "all of them: $TMP/differences-$db"
	fi
	is "$differ" 0 "$db: no answer differs from PostgreSQL's"
	diag "$(sql "$db" "SELECT string_agg(format('%s %s %s', dialect, page, n), ', ') FROM
		(SELECT dialect, page, count(*) AS n FROM t.got GROUP BY 1, 2 ORDER BY 1, 2) x")"
	diag "$(sql "$db" "SELECT format('%s answers with rows, %s rows in all', count(*) FILTER (WHERE body <> '[]'), sum(json_array_length(body::json))) FROM t.got")"
	ok "$db: many have rows" test "$(sql "$db" "SELECT count(*) FILTER (WHERE body <> '[]') * 3 > count(*) FROM t.got")" = t
}

# random_test DATABASE SCHEMAS QUESTIONS : the API serves the database
random_test() {
	local began=$SECONDS
	random_load "$1" "$2" "$3" || bail_out "$1: no questions"
	random_answers "$1" || bail_out "$1: PostgreSQL cannot be asked"
	diag "$1: PostgreSQL took $((SECONDS - began)) s"
	began=$SECONDS
	random_ask "$1"
	diag "$1: the API took $((SECONDS - began)) s"
	random_judge "$1" "$3"
}
