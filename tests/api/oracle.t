# Two databases that differ only in what a user may not read: the rows of the
# tables he has no right on, rows that row security hides, the columns of those
# tables, and with conceal = yes the tables themselves.  Whatever he asks, he gets the same
# bytes from both (SECURITY A1-A4, A6).

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

twin=$TMP/twin # the second API, in the cluster of the first
# of both; what is searched and what v2 shows leads to what she may not read, to
# what row security hides, and to what is hers
common=('schemas = public, other' 'search.bill = person.name, h_bank.name' 'search.city = ^name, person__name, other.city!city_id.name'
	'search.person_club = person.name, =club.name' 'search.reply = note.name, note.person.name' 'search.tag = person_tag.person.name, name'
	'shape.bill = {"include":["h_bank","person"]}'
	'shape.tag = {"include":{"h_tagging":{},"person_tag":{"only":"person_id","include":["person"]}}}'
	'shape.reply = {"only":["id"],"include":{"note":{"include":{"person":{"include":["h_vault!h_vault_id","bill"]}}}}}'
	'shape.city = {"include":{"country":{},"h_profile":{"include":["person"]},"person":{"only":["id"],"methods":"initial"}}}')

# twin_conf ["NAME = VALUE"...]
twin_conf() {
	api_conf "$twin" two "conninfo = host=$home/run dbname=two user=dynapi_responder" \
		"admin_conninfo = host=$home/run dbname=two user=dynapi_dba" \
		"jwt_key_file = $home/jwt.key" "${common[@]}" "$@"
}

pg_home "$home" || bail_out "no cluster"
sql postgres 'CREATE DATABASE one' && pg_load one "$DYNAPI_SRCDIR/tests/api/oracle.sql" &&
	api_programs "$home" && api_conf "$home" one "${common[@]}" && api_init "$home" secret-of-admin || bail_out "no API"
eve=$(user_token eve) && adam=$(user_token admin) && judge_in one || bail_out "no users"
ctl "$home" grant eve city,person,bill,tag,person_tag,person_club,note,reply,short rudb >/dev/null
ctl "$home" grant eve city,bill,tag,reply,note c >/dev/null
ctl "$home" grant eve city,bill,tag,reply,note crudb >/dev/null
ctl "$home" grant anonymous city,bill,tag,person_club r >/dev/null
sql one "GRANT ALL ON ALL TABLES IN SCHEMA public, other TO dynapi_responder;
	GRANT USAGE ON SCHEMA other TO dynapi_responder;
	UPDATE note SET owner = (SELECT id FROM dynapi.users WHERE username = 'eve') WHERE owner = 0;
	ALTER TABLE note ENABLE ROW LEVEL SECURITY;
	CREATE POLICY own ON note USING (owner = dynapi.current_user_id());
	INSERT INTO dynapi.translation VALUES ('it', 'public.city', 'Città')" || bail_out "no tables"
introspect "$home" >"$TMP/out" && pg_load one "$DYNAPI_SRCDIR/tests/lib/oracle_questions.sql" && sql one ANALYZE || bail_out "no questions"

# what is asked: eve everything, others a part
questions one "SELECT name, method, uri, body, concat_ws(E'\n', 'Authorization: Bearer $eve', head) FROM t.question ORDER BY name" "$TMP/eve"
questions one "SELECT 'anonymous ' || name, method, uri, body, head FROM t.question WHERE t.some(name || 'x', 8) ORDER BY name" "$TMP/anonymous"
questions one "SELECT 'admin ' || name, method, uri, body, concat_ws(E'\n', 'Authorization: Bearer $adam', head)
	FROM t.question WHERE t.some(name || 'y', 10) ORDER BY name" "$TMP/admin"
cat "$TMP/eve" "$TMP/anonymous" >"$TMP/q"
ok "some thousand questions" test "$(wc -l <"$TMP/q")" -gt 4000

sql postgres 'CREATE DATABASE two TEMPLATE one' || bail_out "no twin"
sql two "UPDATE h_country SET name = 'planned ' || id, code = 'c' || id, gdp = -id;
	UPDATE h_vault SET name = NULL, pin = 'p' || id, score = -id, doc = '[1]', owner_id = 3, keeper_id = NULL;
	UPDATE h_profile SET name = 'x', city_id = NULL;
	UPDATE h_bank SET name = 'x', score = NULL;
	UPDATE club SET name = NULL, score = -1;
	UPDATE h_tagging SET name = 'x';
	DELETE FROM boss WHERE id > 3;
	DELETE FROM other.city;
	DELETE FROM h_tagging WHERE person_id > 5;
	DELETE FROM h_profile WHERE person_id < 5;
	INSERT INTO h_tagging SELECT 1, id FROM tag ON CONFLICT DO NOTHING;
	INSERT INTO h_vault SELECT i, 'more', i, i, NULL, 1 + i % 20, 1 + i % 3 FROM generate_series(101, 900) i;
	INSERT INTO h_bank SELECT i FROM generate_series(101, 200) i;
	INSERT INTO club SELECT i, 'more' FROM generate_series(101, 200) i;
	UPDATE note SET person_id = 21 - person_id, name = 'x', stars = -stars WHERE owner = 1000000;
	UPDATE note SET up = NULL WHERE id = 5;
	UPDATE note SET up = id + 1 WHERE id BETWEEN 6 AND 9;
	INSERT INTO note SELECT i, 1000000, 1 + i % 20, 'more', i FROM generate_series(1001, 3000) i;
	DELETE FROM note WHERE owner = 1000000 AND id BETWEEN 21 AND 25;
	INSERT INTO dynapi.translation VALUES ('it', 'public.h_vault', 'Cassaforte'), ('it', 'public.h_vault.pin', 'Codice');
	ANALYZE" || bail_out "the twin cannot be changed"

home_make "$twin" && api_programs "$twin" && twin_conf && introspect "$twin" >"$TMP/out" 2>&1 || bail_out "no second API"

# both_start CONF... : a responder for each
both_start() {
	responders_stop "$home"
	responders_stop "$twin"
	api_conf "$home" one "${common[@]}" "$@" && twin_conf "$@" && responders_start "$home" 1 && responders_start "$twin" 1 ||
		bail_out "no responders"
}
at_exit "responders_stop '$home'; responders_stop '$twin'"

# alike FILE : an answer without what is new in each
alike() {
	sed -E 's/X-Request-Id: [0-9a-f]+//; s/"request_id":"[0-9a-f]+"//; s/\\r\\nToken: [^\\]*/\\r\\nToken:/' "$1"
}

# ask_both QUESTIONS : into $TMP/one and $TMP/two; those that differ into $TMP/differ
ask_both() {
	"$DYNAPI_BUILDDIR/tests/lib/ask" "$home/run/fcgi.sock" <"$1" >"$TMP/one.raw" &
	"$DYNAPI_BUILDDIR/tests/lib/ask" "$twin/run/fcgi.sock" <"$1" >"$TMP/two.raw"
	wait $!
	alike "$TMP/one.raw" >"$TMP/one"
	alike "$TMP/two.raw" >"$TMP/two"
	is "$(wc -l <"$TMP/one") $(wc -l <"$TMP/two")" "$(wc -l <"$1") $(wc -l <"$1")" "every question has two answers"
	paste -d '\n' "$TMP/one" "$TMP/two" | awk 'NR % 2 { first = $0; next } $0 != first { print first; print $0 }' >"$TMP/differ"
}

# told : how many questions differ, and the first of them
told() {
	echo "$(($(wc -l <"$TMP/differ") / 2)) differ"
	head -n 12 "$TMP/differ" | cut -c 1-600 | sed 's/X-Content-Type-Options.*no-store//'
}

# what no answer may hold; links repeat what was asked, but escaped
hidden_words() {
	cut -f 2- "$TMP/one" | grep '^[23]' | grep -E 'planted [0-9]|"planted-|Cassaforte|"pin"|1000000' | head -n 3
}

# judge NAME : of the last questions
judge() {
	told >"$TMP/told"
	is "$(cat "$TMP/told")" "0 differ" "$1"
	is "$(cut -f 2 "$TMP/one" "$TMP/two" | grep -c '^[05]')" 0 "none is answered 5xx"
	is "$(hidden_words)" "" "no answer holds what is hidden"
}

both_start
ask_both "$TMP/q"
judge "contents"
ask_both "$TMP/admin"
ok "a superuser sees what differs" test "$(wc -l <"$TMP/differ")" -gt 200

# what is asked of both has changed both alike
seen_rows() {
	for table in city person bill tag person_tag person_club reply; do
		sql "$1" "SELECT '$table', count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM $table t"
	done
}
is "$(seen_rows two)" "$(seen_rows one)" "what she may read is still the same in both"

# their columns
sql two "ALTER TABLE h_vault RENAME pin TO nip;
	ALTER TABLE h_vault ALTER score TYPE text, ADD initial text;
	ALTER TABLE h_profile DROP name;
	ALTER TABLE h_tagging DROP name, ADD born int[];
	ALTER TABLE h_country RENAME name TO eman;
	ALTER TABLE h_bank RENAME score TO doc;
	ALTER TABLE other.city RENAME name TO nope;
	ALTER TABLE boss ADD doc jsonb, ADD nope int;
	DROP FUNCTION secret;
	ALTER TABLE club RENAME name TO during" || bail_out "the twin cannot be changed"
introspect "$twin" >"$TMP/out" 2>&1
both_start
ask_both "$TMP/q"
judge "columns"

# and whether they are there
sql two "DROP TABLE h_country, other.city, boss, h_vault, h_profile, h_bank, h_tagging, club CASCADE" 2>"$TMP/out" ||
	bail_out "the twin cannot be changed"
introspect "$twin" >"$TMP/out" 2>&1
both_start 'conceal = yes'
ask_both "$TMP/eve"
judge "existence"
is "$(cat "$home/log/responders" "$twin/log/responders" | head -n 3)" "" "the responders have written nothing to standard error"
done_testing
