# utf8tests: what is no UTF-8 is refused wherever text comes in, what is comes
# back byte for byte.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata utf8/utf8tests.txt

pg_home "$home" || bail_out "no cluster"
sql shop 'CREATE TABLE word (word text PRIMARY KEY, j jsonb)'
api_programs "$home" && api_conf "$home" shop && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous word crud >/dev/null &&
	sql shop 'GRANT ALL ON word TO dynapi_responder' &&
	judge_in shop && ask_serve || bail_out "the API cannot be set up"

# "name:valid hex:616263:…" or "name:valid:abc" as NAME KIND HEX
sed -n 's/^\([^#:]*\): *\(valid\|invalid\) *\(hex\)\{0,1\}:\([^:]*\).*/\1\t\2\t\3\t\4/p' \
	"$DYNAPI_TESTDATA/utf8/utf8tests.txt" | tr -d '\r' |
	while IFS=$'\t' read -r name kind hex text; do
		# a tab is white space to read, so that two of them are one
		if [ "$hex" != hex ]; then
			text=$(printf '%s' "$hex" | od -An -v -tx1 | tr -d ' \n')
		fi
		printf '%s\t%s\t%s\n' "$name" "$kind" "${text//[^0-9a-fA-F]/}"
	done >"$TMP/cases"
is "$(cut -f 2 "$TMP/cases" | sort | uniq -c | tr '\n' ' ' | tr -s ' ')" " 145 invalid 77 valid " \
	"all lines of the file are read"

# every way in
while IFS=$'\t' read -r name kind hex; do
	pct=$(printf '%s' "$hex" | sed 's/../%&/g')
	# raw where a web server would let it through
	bytes=$(printf '%s' "$hex" | sed 's/../%&/g; s/%\([89a-fA-F]\)/\\x\1/g')
	# control characters cannot stand in JSON as they are
	json=$(printf '%s' "$hex" | sed 's/../& /g' | awk '{ for (i = 1; i <= NF; i++)
		if ($i ~ /^[01]/ ) printf "\\\\u00%s", $i
		else if ($i == "22" || tolower($i) == "5c") printf "\\\\\\x%s", $i
		else printf "\\x%s", $i }')
	printf '%s\t%s\t%s\n' "$name" "$kind" "$json" >>"$TMP/json"
	printf '%s %s table\tGET\t/api/dyn/wo%srd/\n' "$kind" "$name" "$pct"
	printf '%s %s raw-table\tGET\t/api/dyn/wo%srd/\n' "$kind" "$name" "$bytes"
	printf '%s %s key\tGET\t/api/dyn/word/a%s/\n' "$kind" "$name" "$pct"
	printf '%s %s raw-key\tGET\t/api/dyn/word/a%s/\n' "$kind" "$name" "$bytes"
	printf '%s %s value\tGET\t/api/dyn/word/?word=%s\n' "$kind" "$name" "$pct"
	printf '%s %s raw-value\tGET\t/api/dyn/word/?word=%s\n' "$kind" "$name" "$bytes"
	printf '%s %s name\tGET\t/api/dyn/word/?w%srd=1\n' "$kind" "$name" "$pct"
	printf '%s %s search\tGET\t/api/dyn/word/?search=%s\n' "$kind" "$name" "$pct"
	printf '%s %s ordering\tGET\t/api/dyn/word/?ordering=%s\n' "$kind" "$name" "$pct"
	printf '%s %s fields\tGET\t/api/dyn/word/?fields=%s\n' "$kind" "$name" "$pct"
	printf '%s %s member\tPOST\t/api/dyn/word/\t{"w%s":"x"}\n' "$kind" "$name" "$json"
	printf '%s %s json\tPOST\t/api/dyn/word/\t{"word":"json %s %s","j":"%s"}\n' "$kind" "$name" "$name" "$json" "$json"
	printf '%s %s body\tPOST\t/api/dyn/word/\t{"word":"body %s %s"}\n' "$kind" "$name" "$name" "$json"
	printf '%s %s patch\tPATCH\t/api/dyn/word/none/\t{"word":"none","j":"%s"}\n' "$kind" "$name" "$json"
	printf '%s %s user\tPOST\t/api/auth/login/\t{"username":"%s","password":"%s"}\n' \
		"$kind" "$name" "$json" "$json"
done <"$TMP/cases" >"$TMP/all"

grep '^invalid' "$TMP/all" >"$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
for how in table raw-table key raw-key value raw-value name search ordering fields member json body patch user; do
	is "$(sql shop "SELECT count(*) FROM t.answer WHERE name LIKE '% $how' AND status = 400
		AND body::json ->> 'code' IN ('bad_path', 'bad_query', 'bad_json')")" 145 \
		"145 of 145 invalid are refused as $how"
done
is "$(sql shop 'SELECT count(*) FROM word')" 0 "nothing was written"

grep '^valid' "$TMP/all" >"$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE status >= 500 OR status = 0" "no valid one does harm"
# three of them hold U+0000, which PostgreSQL does not have
sql shop 'CREATE TABLE t.sent (name text, kind text, hex text)'
sql shop "\\copy t.sent from '$TMP/cases'"
sql shop "DELETE FROM t.answer a USING t.sent s WHERE kind = 'valid'
	AND a.name LIKE 'valid ' || s.name || ' %' AND hex ~ '^(..)*00' AND status = 400;
	DELETE FROM t.sent WHERE hex ~ '^(..)*00' OR kind = 'invalid'"
is "$(sql shop 'SELECT count(*) FROM t.sent')" 74 "74 of the 77 valid can be stored"
none shop "SELECT name, status, body FROM t.answer WHERE body LIKE '%UTF-8%'" \
	"no valid one is said not to be UTF-8"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ ' (json|body)\$' AND status <> 201" \
	"they are written"
none shop "SELECT name, status, body FROM t.answer WHERE name ~ ' value\$' AND status <> 200" \
	"and can be asked for"

# what is in the table is what was sent
is "$(sql shop "SELECT count(*) FROM t.sent JOIN word
	ON word = 'body ' || name || ' ' || convert_from(decode(hex, 'hex'), 'UTF8')")" 74 "byte for byte"
questions shop "SELECT hex, 'GET', '/api/dyn/word/' || t.pct('json ' || name || ' '
	|| convert_from(decode(hex, 'hex'), 'UTF8')) || '/' FROM t.sent" "$TMP/q"
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
none shop "SELECT name, status, body FROM t.answer WHERE status <> 200
	OR convert_to(body::json ->> 'j', 'UTF8') <> decode(name, 'hex')" "and comes back so by its key"

try 400 bad_query GET '/api/dyn/word/?word=%00'
try 400 bad_query GET '/api/dyn/word/?a%00b=1'
try 400 bad_path GET '/api/dyn/word/a%00b/'
try 400 bad_path GET '/api/dyn/wo%00rd/'
try 400 bad_json POST /api/dyn/word/ '{"word":"a\u0000b"}'
try 400 bad_json POST /api/dyn/word/ '{"wo\u0000rd":"a"}'
for bad in % %4 %g0 %0g %%41 %u0041; do
	try 400 bad_query GET "/api/dyn/word/?word=$bad"
	try 400 bad_path GET "/api/dyn/word/$bad/"
done
# decoded once: a percent sign is a letter afterwards
ask POST /api/dyn/word/ '{"word":"%41"}'
ask GET '/api/dyn/word/?word=%2541&fields=word'
is "$body" '[{"word":"%41"}]' "a value is decoded once"
ask GET '/api/dyn/word/%2541/?fields=word'
is "$body" '{"word":"%41"}' "a key is decoded once"

ask_end
