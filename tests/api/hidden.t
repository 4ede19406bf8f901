# Hidden and write-only columns.  To a client a hidden column does not exist:
# whatever is asked, its name gets the bytes that a name gets which is nobody's.
# A write-only one can be written, and is in no answer; who reads does not find
# it either.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

hide=("hidden = *.password_hash, account.vault_id, dynapi_no.such"
	"write_only = public.account.pin, public.account.must, account_list.pin")

pg_home "$home" && sql postgres 'CREATE DATABASE bank' || bail_out "no cluster"
sql bank "CREATE TABLE vault (id int PRIMARY KEY, place text);
	CREATE TABLE account (
		id int PRIMARY KEY, name text NOT NULL, mail text UNIQUE,
		password_hash text NOT NULL DEFAULT 'SECRETHASH0' UNIQUE,
		vault_id int REFERENCES vault,
		pin text,
		must text NOT NULL,
		kind int,
		CONSTRAINT hash_long CHECK (length(password_hash) > 3),
		CONSTRAINT hash_name CHECK (name <> password_hash),
		CONSTRAINT pin_long CHECK (length(pin) > 3),
		CONSTRAINT pin_name CHECK (pin <> name),
		CONSTRAINT hash_and_name UNIQUE (password_hash, name),
		CONSTRAINT must_once UNIQUE (must));
	CREATE UNIQUE INDEX hash_lower ON account (lower(password_hash));
	COMMENT ON COLUMN account.password_hash IS 'of the login';
	COMMENT ON COLUMN account.pin IS 'four letters';
	CREATE TABLE login (id int PRIMARY KEY, account_id int REFERENCES account,
		proof text REFERENCES account (password_hash), at int);
	CREATE TABLE tag (id int PRIMARY KEY, word text);
	CREATE TABLE account_tag (account_id int REFERENCES account, tag_id int REFERENCES tag,
		PRIMARY KEY (account_id, tag_id));
	CREATE TABLE closed (id int PRIMARY KEY, password_hash text NOT NULL, name text);
	CREATE TABLE safe (password_hash text PRIMARY KEY, name text);
	CREATE TABLE alone (password_hash text);
	CREATE VIEW account_list AS SELECT id, name, password_hash, pin, upper(name) AS up FROM account;
	CREATE TABLE event (id int, day int, name text, password_hash text DEFAULT 'SECRETHASH', PRIMARY KEY (id, day),
		CONSTRAINT hash_day CHECK (password_hash <> day::text)) PARTITION BY RANGE (day);
	CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10);
	ALTER TABLE event_1 ADD CONSTRAINT event_hash UNIQUE (password_hash, name);
	CREATE SCHEMA back;
	CREATE VIEW back.half AS SELECT id, password_hash AS half FROM account;
	CREATE VIEW letters AS SELECT id, left(half, 1) AS letter FROM back.half;
	CREATE TABLE heir (extra int) INHERITS (account);
	CREATE VIEW holder AS SELECT id, name, a AS whole, ARRAY[a] AS wholes FROM account a;
	CREATE FUNCTION strength(account) RETURNS int IMMUTABLE LANGUAGE sql AS \$\$ SELECT length(\$1.password_hash) + length(\$1.pin) \$\$;
	CREATE FUNCTION itself(account) RETURNS account IMMUTABLE LANGUAGE sql AS \$\$ SELECT \$1 \$\$;
	CREATE FUNCTION pin(account) RETURNS text IMMUTABLE LANGUAGE sql AS \$\$ SELECT 'SECRET' \$\$;
	CREATE FUNCTION password_hash(account) RETURNS text IMMUTABLE LANGUAGE sql AS \$\$ SELECT 'SECRET' \$\$;
	INSERT INTO vault VALUES (1, 'Bern'), (2, 'Chur');
	INSERT INTO account SELECT i, 'n' || i, 'm' || i, 'SECRETHASH' || i, 1 + i % 2, 'SECRETPIN' || i, 'SECRETMUST' || i, CASE WHEN i % 3 > 0 THEN i % 4 END
		FROM generate_series(1, 12) i;
	INSERT INTO login SELECT i, 1 + i % 5, NULL, i FROM generate_series(1, 30) i;
	INSERT INTO tag VALUES (1, 'good'), (2, 'bad');
	INSERT INTO account_tag SELECT i, 1 + i % 2 FROM generate_series(1, 12) i;
	INSERT INTO closed VALUES (1, 'SECRETHASH1', 'x');
	INSERT INTO alone VALUES ('SECRETHASH1')" || bail_out "no tables"
api_programs "$home" && api_conf "$home" bank "${hide[@]}" 'regex = yes' &&
	api_init "$home" secret-of-admin && ask_serve || bail_out "the API cannot be set up"
sql bank "INSERT INTO dynapi.translation VALUES
	('it', 'public.account.password_hash', 'Password hash'), ('it', 'public.account.pin', 'The pin'),
	('it', 'public.account.name', 'The name')"
token=$(user_token writer)
for t in account login vault tag account_tag closed account_list holder event; do
	ctl "$home" grant writer "$t" crudb >"$TMP/grant" 2>&1 || bail_out "$(cat "$TMP/grant")"
done
a=/api/dyn/account

## ---- the same bytes as for a name that does not exist

# reading: METHOD|URI|BODY|HEADERS, @ is the name
cat >"$TMP/reads" <<'EOF'
GET|/api/dyn/account/?@=x
GET|/api/dyn/account/?@=
GET|/api/dyn/account/?@.a=1
GET|/api/dyn/account/?@__a__b=1
GET|/api/dyn/account/?@__nonsense=1
GET|/api/dyn/account/?ordering=@
GET|/api/dyn/account/?ordering=-@,name
GET|/api/dyn/account/?ordering=@:nullslast
GET|/api/dyn/account/?fields=@
GET|/api/dyn/account/?fields=name,@
GET|/api/dyn/account/?fields=-@
GET|/api/dyn/account/?fields=@&distinct=true
GET|/api/dyn/account/?fields=name&ordering=@&distinct=true
GET|/api/dyn/account/?group_by=@
GET|/api/dyn/account/?group_by=@&aggregate=count(*)
GET|/api/dyn/account/?aggregate=max(@)
GET|/api/dyn/account/?aggregate=count(distinct%20@)%20as%20n
GET|/api/dyn/account/?group_by=name&aggregate=count(*)&having=@__eq=1
GET|/api/dyn/account/?group_by=name&aggregate=count(*)&having=max(@)__gt=1
GET|/api/dyn/account/?group_by=name&aggregate=count(*)&ordering=@
GET|/api/dyn/account/?search=@
GET|/api/dyn/account/?search_fields=@&search=a
GET|/api/dyn/account/?or=(@=x;name=n1)
GET|/api/dyn/account/?not=(@__startswith=S)
GET|/api/dyn/account/?and=(@__isnull=true)
GET|/api/dyn/account/?include=@
GET|/api/dyn/account/?include=@.name
GET|/api/dyn/account/?include=@!inner
GET|/api/dyn/account/?include=x:@
GET|/api/dyn/account/?include=login(@=1)
GET|/api/dyn/account/?include=login(account.@__startswith=S)
GET|/api/dyn/account/?include=login(include=account(fields=@))
GET|/api/dyn/account/?cursor=&ordering=@
GET|/api/dyn/account/?cursor=&ordering=@,kind&limit=2
GET|/api/dyn/account/?page=1&ordering=@
GET|/api/dyn/account/?count=exact&@=x&limit=1
GET|/api/dyn/account/?format=csv&fields=@
GET|/api/dyn/account/1/?fields=@
GET|/api/dyn/account/1/?include=@
GET|/api/dyn/account/@/
GET|/api/dyn/account/?id=@
HEAD|/api/dyn/account/?@=x
GET|/api/dyn/login/?account.@=x
GET|/api/dyn/login/?account__@=x
GET|/api/dyn/login/?account__@__startswith=S
GET|/api/dyn/login/?account.@__isnull=true
GET|/api/dyn/login/?ordering=account.@
GET|/api/dyn/login/?fields=account.@
GET|/api/dyn/login/?group_by=account.@&aggregate=count(*)
GET|/api/dyn/login/?aggregate=max(account.@)
GET|/api/dyn/login/?include=account(fields=@)
GET|/api/dyn/login/?include=account(fields=name,@)
GET|/api/dyn/login/?include=account(fields=-@)
GET|/api/dyn/login/?include=account(@__startswith=S)
GET|/api/dyn/login/?include=account(ordering=@)
GET|/api/dyn/login/?include=account.@
GET|/api/dyn/login/?include=account!@
GET|/api/dyn/tag/?account.@=x
GET|/api/dyn/tag/?include=account(@__gt=A;fields=@)
GET|/api/dyn/tag/?include=account(ordering=@;limit=1)
GET|/api/dyn/account_list/?@=x
GET|/api/dyn/account_list/?ordering=@&fields=@
GET|/api/dyn/vault/?account.@=x
QUERY|/api/dyn/account/|{"@":"x"}|Content-Type: application/json
QUERY|/api/dyn/account/|{"fields":"@"}|Content-Type: application/json
QUERY|/api/dyn/account/|{"where":{"@__startswith":"S"},"ordering":["@"]}|Content-Type: application/json
POST|/api/dyn/account/search/|{"ordering":"@","or":"(@=x)"}|Content-Type: application/json
POST|/api/dyn/account/search/|{"include":"login(account.@=x)"}|Content-Type: application/json
GET|/api/auto/account?where=[["@","x"]]
GET|/api/auto/account?where=[["@","like","S%25"]]
GET|/api/auto/account?where=[["login.account.@","x"]]
GET|/api/auto/account?or_where=[["@","x"],["name","n1"]]
GET|/api/auto/account?order_by=@
GET|/api/auto/account?order_by=-@
GET|/api/auto/account?sort=@
GET|/api/auto/account?filter=@:x
GET|/api/auto/account?filter={"@":"x"}
GET|/api/auto/account?or_filter={"@":"x"}
GET|/api/auto/account?find=@:x
GET|/api/auto/account?find=@
GET|/api/auto/account?include=@
GET|/api/auto/account?include=login.@
GET|/api/auto/account?@=x
GET|/api/auto/account?group_by=@&aggregate=count(*)
GET|/api/auto/account?group_by=["@"]
GET|/api/auto/account?aggregate=max(@)
GET|/api/auto/account?aggregate=["count(distinct @)"]
GET|/api/auto/account?aggregate=count(*)&having=["max(@)",">","A"]
GET|/api/auto/account?group_by=kind&having={"@":"x"}
GET|/api/auto/account?group_by=kind&order_by=@
GET|/api/auto/login?group_by=account.@&aggregate=count(*)
QUERY|/api/auto/account|{"where":{"@":["like","S%"]},"order_by":"@"}|Content-Type: application/json
QUERY|/api/auto/account|{"@":"x","find":["@","x"]}|Content-Type: application/json
POST|/api/auto/account/search|{"group_by":["@"],"aggregate":["min(@)"]}|Content-Type: application/json
QUERY|/api/v2/account|{"q":{"@_start":"S"},"a":{"only":["@"]}}|Content-Type: application/json
GET|/api/auto/account/1?include=@
GET|/api/auto/account/1/@
PATCH|/api/auto/account?where=[["@","SECRETHASH1"]]|{"kind":5}
POST|/api/auto/account/delete?where=[["@","SECRETHASH1"]]
POST|/api/auto/account/delete|{"where":[["@","SECRETHASH1"]]}
GET|/api/v2/account?q[@_start]=$
GET|/api/v2/account?q[@_eq]=x
GET|/api/v2/account?q[@_null]=true
GET|/api/v2/account?q[@_present]=true
GET|/api/v2/account?q[@_gt]=A
GET|/api/v2/account?q[@_in][]=x
GET|/api/v2/account?q[name_or_@_start]=S
GET|/api/v2/account?q[@_or_name_cont]=S
GET|/api/v2/account?q[name_and_@_cont]=S
GET|/api/v2/account?q[@_cont_any][]=S
GET|/api/v2/account?q[s]=@
GET|/api/v2/account?q[s]=@+desc
GET|/api/v2/account?q[s][]=name+asc&q[s][]=@+asc
GET|/api/v2/account?q[g][0][@_start]=S
GET|/api/v2/account?q[c][0][a][]=@&q[c][0][p]=start&q[c][0][v][]=S
GET|/api/v2/account?q[login_account_@_start]=S
GET|/api/v2/account?a[only][]=@
GET|/api/v2/account?a[only][]=name&a[only][]=@
GET|/api/v2/account?a[except][]=@
GET|/api/v2/account?a[methods][]=@
GET|/api/v2/account?a[include]=@
GET|/api/v2/account?a[include][login][only][]=@
GET|/api/v2/account?a[include][login][include][account][only][]=@
GET|/api/v2/account?a[include][login][include][account][methods][]=@
GET|/api/v2/login?q[account_@_start]=S
GET|/api/v2/login?q[s]=account_@
GET|/api/v2/account/1?a[only][]=@
GET|/api/v2/account?count=true&q[@_eq]=x
POST|/api/v2/account/search|{"q":{"@_start":"S"}}
POST|/api/v2/account/search|{"q":{"s":"@"},"a":{"only":["@"]}}
GET|/api/v2/@
GET|/api/dyn/@/
EOF
for op in $(sed -n 's/^OP([A-Z_]*, "\([a-z_]*\)", "\([a-z_]*\)".*/\1 \2/p' "$DYNAPI_SRCDIR/src/query/op.def") \
	in nin between nbetween isnull null nnull; do
	echo "GET|/api/dyn/account/?@__$op=S,T"
	echo "GET|/api/dyn/login/?account__@__$op=S,T"
done >>"$TMP/reads"

# writing, and questions beside it
cat >"$TMP/writes" <<'EOF'
POST|/api/dyn/account/|{"id":90,"name":"n","must":"m","@":"x"}
POST|/api/dyn/account/|{"id":90,"name":"n","must":"m","@":null}
POST|/api/dyn/account/|{"@":1}
POST|/api/dyn/account/|[{"id":90,"name":"n","must":"m"},{"id":91,"name":"n","must":"m","@":"x"}]
POST|/api/dyn/account/|{"id":90,"name":"n","must":"m","@":"x"}|Content-Type: application/x-ndjson
POST|/api/dyn/account/|id,name,must,@\n90,n,m,x|Content-Type: text/csv
POST|/api/dyn/account/|id=90&name=n&must=m&@=x|Content-Type: application/x-www-form-urlencoded
POST|/api/dyn/account/|--X\r\nContent-Disposition: form-data; name="@"; filename=f\r\n\r\nx\r\n--X--|Content-Type: multipart/form-data; boundary=X
POST|/api/dyn/account/search/|@=x&@=y&fields=@|Content-Type: application/x-www-form-urlencoded
POST|/api/dyn/account/?on_conflict=@|[{"id":1,"name":"n","must":"m"}]
POST|/api/dyn/account/?on_conflict=@,name|[{"id":1,"name":"n","must":"m"}]
POST|/api/dyn/account/?on_conflict=id|[{"id":1,"name":"n","must":"m","@":"x"}]
POST|/api/dyn/account/?fields=@|{"id":1,"name":"n","must":"m"}
PUT|/api/dyn/account/1/|{"name":"n","@":"x"}
PATCH|/api/dyn/account/1/|{"@":"x"}
PATCH|/api/dyn/account/1/|{"@":"x"}|Prefer: return=minimal
PATCH|/api/dyn/account/|[{"id":1,"@":"x"}]
PATCH|/api/dyn/account/|[{"id":1,"kind":3,"@":"x"}]
PATCH|/api/dyn/account/|id,@\n1,x|Content-Type: text/csv
PATCH|/api/dyn/account/?@=SECRETHASH1|{"kind":7}
PATCH|/api/dyn/account/?@__startswith=S|{"kind":7}
PATCH|/api/dyn/account/?id=1|{"@":"x"}
PATCH|/api/dyn/account/?or=(@=SECRETHASH1)|{"kind":7}
PATCH|/api/dyn/account/?id=1&@=x|{"kind":1}|Prefer: tx=rollback
DELETE|/api/dyn/account/?@=SECRETHASH1
DELETE|/api/dyn/account/?@__startswith=S&max=0
POST|/api/dyn/login/|{"id":90,"account":{"id":91,"name":"n","must":"m","@":"x"}}
POST|/api/dyn/login/|{"id":90,"account":{"id":1,"@":"x"}}
POST|/api/dyn/account/|{"id":90,"name":"n","must":"m","@":{"id":1}}
POST|/api/dyn/account/|{"id":90,"name":"n","must":"m","@":[{"id":1}]}
POST|/api/dyn/account/|{"id":90,"name":"n","must":"m","tag":[{"id":5,"@":"x"}]}
POST|/api/auto/account|{"id":90,"name":"n","must":"m","@":"x"}
POST|/api/auto/account|[{"id":90,"name":"n","must":"m","@":"x"}]
POST|/api/auto/login/with_relations|{"id":90,"account":{"id":91,"name":"n","must":"m","@":"x"}}
PUT|/api/auto/account/1|{"name":"n","@":"x"}
PATCH|/api/auto/account/1|{"@":"x"}
PATCH|/api/auto/account?where=[["id",1]]|{"@":"x"}
POST|/api/v2/account|{"id":90,"name":"n","must":"m","@":"x"}
POST|/api/v2/account|{"account":{"id":90,"name":"n","must":"m","@":"x"}}
PUT|/api/v2/account/1|{"@":"x"}
PUT|/api/v2/account/1/multi?ids=1,2|{"@":"x"}
POST|/api/v2/account?a[only]=@|{"id":90,"name":"n","must":"m"}
POST|/api/v2/account?a[methods]=@|{"id":90,"name":"n","must":"m"}
POST|/api/v2/account?a[include]=@|{"id":90,"name":"n","must":"m"}
PUT|/api/v2/account/1?a[except]=@|{"name":"n"}
PUT|/api/v2/account/1?a[only]=@|{}
PUT|/api/v2/account/1?a[include][login][include][account][only]=@|{"name":"n"}
POST|/api/dyn/account_list/|{"id":90,"@":"x"}
PATCH|/api/dyn/account_list/1/|{"@":"x"}
EOF

# requests NAME FORMS : as lines for ask_all, each plain and strict
requests() {
	sed "s/@/$1/g" "$2" | awk -F '|' -v bearer="Authorization: Bearer $token" '{
		body = $3 == "" ? "\\N" : $3
		n = gsub(/"/, "%22", $2) + gsub(/ /, "%20", $2) + gsub(/{/, "%7B", $2) + gsub(/}/, "%7D", $2)
		type = $4
		if ($3 != "" && type !~ /^Content-Type/) type = "Content-Type: application/json" (type == "" ? "" : "\\n" type)
		head = bearer (type == "" ? "" : "\\n" type)
		printf "%d\t%s\t%s\t%s\t%s\n", NR, $1, $2, body, head
		printf "%d strict\t%s\t%s\t%s\t%s\\nPrefer: handling=strict\n", NR, $1, $2, body, head }'
}

# alike NAME OTHER FORMS WHAT : an answer tells them apart by nothing but the name
alike() {
	requests "$1" "$3" >"$TMP/q1"
	requests "$2" "$3" >"$TMP/q2"
	ask_all "$TMP/q1" "$TMP/a1.raw"
	ask_all "$TMP/q2" "$TMP/a2.raw"
	for i in 1 2; do
		sed -E "s/${2##*!}/${1##*!}/g; s/[Rr]equest[-_][Ii]d(\":\"|: )[^\"\\]*/request_id/g
			s/Token: [^\\]*//; s/Date: [^\\]*//" "$TMP/a$i.raw" >"$TMP/a$i"
	done
	is "$(wc -l <"$TMP/a1")" "$(wc -l <"$TMP/q1")" "$4: all are answered"
	diff "$TMP/a1" "$TMP/a2" | head -n 6 >"$TMP/diff"
	is "$(cat "$TMP/diff")" "" "$4: byte by byte the same"
	is "$(cut -f 2 "$TMP/a1" | grep -c '^5')" 0 "$4: no fault of ours"
	is "$(cut -f 2 "$TMP/a1" | grep -cE '^40[13]')" 0 "$4: he has all rights"
	is "$(grep -c SECRET "$TMP/a1")" 0 "$4: no value is shown"
}

before=$(checksum bank)
alike password_hash passwurd_hash "$TMP/reads" "a hidden name"
alike vault_id vaund_id "$TMP/reads" "the column of a hidden foreign key"
grep -vE '/v2/@|/dyn/@/' "$TMP/reads" >"$TMP/relations"
alike vault vauld "$TMP/relations" "its relation"
alike 'login!proof' 'login!praaf' "$TMP/reads" "a relation over a hidden column"
alike password_hash passwurd_hash "$TMP/writes" "a hidden name in writes"
is "$(checksum bank)" "$before" "nothing is written"
alike vault vauld "$TMP/writes" "a relation of a hidden column in writes"
alike pin pix "$TMP/reads" "a write-only name"
alike must most "$TMP/reads" "a required write-only name"
is "$(checksum bank)" "$before" "nothing is written"

## ---- what is shown

# no_secret WHAT METHOD URI [BODY [HEADER...]] : succeeds and shows neither
no_secret() {
	local what=$1
	shift
	ask "$@"
	like "$status" '^2' "$what: is $status"
	[[ $status == 2* ]] || diag "$body"
	not_ok "$what: shows nothing of it" \
		grep -qE 'SECRET|password|"pin"|"must"|vault_id|new-pin' <<<"$head$body"
}
sees='"id":1,"name":"n1","mail":"m1","kind":1'
no_secret "a row" GET $a/1/
is "$body" "{$sees}" "a row has the other columns"
tag=$(header ETag)
no_secret "a list" GET $a/
no_secret "as CSV" GET "$a/?format=csv&limit=1"
is "${body%%$'\r'*}" "id,name,mail,kind" "the header of CSV"
no_secret "as NDJSON" GET "$a/?format=ndjson"
no_secret "included" GET "/api/dyn/login/?include=account,account.tag&limit=3"
no_secret "included, streamed" GET "/api/dyn/tag/?include=account.login.account"
no_secret "distinct" GET "$a/?distinct=true&fields=mail"
no_secret "paged" GET "$a/?page=1"
no_secret "by cursor" GET "$a/?cursor=&limit=2&ordering=kind"
no_secret "auto" GET "/api/auto/account?include=login"
no_secret "v2" GET "/api/v2/account?a[include]=login"
no_secret "v2, one row" GET "/api/v2/account/1"
for what in schema dsl translations; do
	ask GET /api/v2/info/$what
	is "$status" 200 "info/$what"
	not_ok "info/$what shows nothing of them" grep -qE 'password|pin|must|vault_id|wholes' <<<"$body"
done
like "$body" '"The name"' "but the other labels"
ask GET "$a/?search=SECRET"
is "$body" "[]" "search does not look there"
ask GET "/api/v2/account?q[name_or_mail_cont]=SECRET"
is "$body" "[]" "nor does v2"
try 404 not_found GET /api/dyn/safe/
try 404 not_found GET /api/dyn/alone/
no_secret "a view over it" GET /api/dyn/account_list/
like "$body" '"up":"N1"' "with its other columns"
no_secret "rows as values" GET "/api/dyn/holder/?id=1"
is "$body" '[{"id":1,"name":"n1"}]' "a column whose values hold it is hidden as well"
ask GET "$a/1/?fields=name,strength"
is "$body" '{"name":"n1","strength":21}' "a computed field may read them"
ask GET "$a/?cursor=&limit=2&ordering=-kind,name&fields=id,strength"
link=$(header Link)
link=${link#*<}
ask GET "${link%%>*}"
is "$status" 200 "also behind a cursor of branches"
is "$body" "$(sql bank "SELECT '[' || string_agg(format('{\"id\":%s,\"strength\":%s}', id, strength(a)), ',') || ']' FROM (SELECT * FROM account ORDER BY kind DESC, name, id LIMIT 2 OFFSET 2) a")" \
	"with their values"
for f in itself pin password_hash; do
	try 400 unknown_column GET "$a/?fields=$f"
done

ask OPTIONS $a/
is "$status" 200 "OPTIONS"
not_ok "OPTIONS does not know hidden ones" grep -qE 'password|vault' <<<"$body"
psql_says() {
	psql -XAtq -d bank -v ON_ERROR_STOP=1 -v doc="$body" <<<"SELECT $1;"
}
for where in fields actions,POST actions,PUT; do
	is "$(psql_says ":'doc'::json #>> '{$where,pin,write_only}'")" true "OPTIONS: $where: pin is write-only"
	is "$(psql_says ":'doc'::json #>> '{$where,pin,filterable}'")" false "OPTIONS: $where: and no filter"
done
is "$(psql_says ":'doc'::json #>> '{fields,pin,help_text}'")" "four letters" "OPTIONS: with its comment"
is "$(psql_says ":'doc'::json #>> '{fields,name,write_only}'")" "" "OPTIONS: name is not"
is "$(psql_says ":'doc'::json #>> '{actions,POST,must,required}'")" true "OPTIONS: POST: must is required"
is "$(psql_says ":'doc'::json #>> '{actions,PUT,must,required}'")" false "OPTIONS: PUT: it is not"
is "$(psql_says "string_agg(k, ',') FROM json_object_keys(:'doc'::json -> 'relations') k")" "account_tag,login,tag" "OPTIONS: relations"

## ---- write-only columns are written

# stored ID : pin and must
stored() {
	sql bank "SELECT coalesce(pin, '-') || ' ' || must || ' ' || password_hash FROM account WHERE id = $1"
}
n=20
while IFS='|' read -r what method uri send header; do
	n=$((n + 1))
	sql bank "UPDATE account SET password_hash = 'hash' || id WHERE password_hash = 'SECRETHASH0'"
	no_secret "$what" "$method" "${uri//@/$n}" "$(printf '%b' "${send//@/$n}")" ${header:+"$header"}
	is "$(stored $n)" "new-pin must$n SECRETHASH0" "$what: is stored"
done <<'EOF'
create|POST|/api/dyn/account/|{"id":@,"name":"x","pin":"new-pin","must":"must@"}
create with a list|POST|/api/dyn/account/|[{"id":@,"name":"x","pin":"new-pin","must":"must@"}]
create with NDJSON|POST|/api/dyn/account/|{"id":@,"name":"x","pin":"new-pin","must":"must@"}|Content-Type: application/x-ndjson
create with CSV|POST|/api/dyn/account/|id,pin,must,name\n@,new-pin,must@,x|Content-Type: text/csv
upsert|POST|/api/dyn/account/?on_conflict=id|[{"id":@,"name":"x","pin":"new-pin","must":"must@"}]
create with a key|POST|/api/dyn/account/|{"id":@,"name":"x","pin":"new-pin","must":"must@"}|Idempotency-Key: "k@"
create below|POST|/api/dyn/login/|{"id":10@,"account":{"id":@,"name":"x","pin":"new-pin","must":"must@"}}
create above|POST|/api/dyn/account/|{"id":@,"name":"x","pin":"new-pin","must":"must@","login":[{"id":20@,"at":5}]}
auto|POST|/api/auto/account|{"id":@,"name":"x","pin":"new-pin","must":"must@"}
auto, a list|POST|/api/auto/account|[{"id":@,"name":"x","pin":"new-pin","must":"must@"}]
auto, relations|POST|/api/auto/login/with_relations|{"id":30@,"account":{"id":@,"name":"x","pin":"new-pin","must":"must@"}}
v2|POST|/api/v2/account|{"id":@,"name":"x","pin":"new-pin","must":"must@"}
v2, wrapped|POST|/api/v2/account|{"account":{"id":@,"name":"x","pin":"new-pin","must":"must@"}}
EOF
sql bank "UPDATE account SET password_hash = 'hash' || id WHERE password_hash = 'SECRETHASH0'"
n=20
while IFS='|' read -r what method uri send header; do
	n=$((n + 1))
	no_secret "$what" "$method" "${uri//@/$n}" "$(printf '%b' "${send//@/$n}")" ${header:+"$header"}
	is "$(stored $n)" "pin-2 must$n hash$n" "$what: is stored"
done <<'EOF'
PATCH|PATCH|/api/dyn/account/@/|{"pin":"pin-2"}
PATCH, the row wanted|PATCH|/api/dyn/account/@/|{"pin":"pin-2"}|Prefer: return=representation
PUT|PUT|/api/dyn/account/@/|{"name":"x","pin":"pin-2"}
PATCH of rows|PATCH|/api/dyn/account/|[{"id":@,"pin":"pin-2"}]
PATCH of rows, CSV|PATCH|/api/dyn/account/|id,pin\n@,pin-2|Content-Type: text/csv
PATCH by filter|PATCH|/api/dyn/account/?id=@|{"pin":"pin-2"}
upsert of what is there|POST|/api/dyn/account/?on_conflict=id|[{"id":@,"name":"x","pin":"pin-2","must":"must@"}]
auto PATCH|PATCH|/api/auto/account/@|{"pin":"pin-2"}
auto PUT|PUT|/api/auto/account/@|{"name":"x","pin":"pin-2"}
auto, many|PATCH|/api/auto/account?where=[["id",@]]|{"pin":"pin-2"}
v2 PUT|PUT|/api/v2/account/@|{"pin":"pin-2"}
v2, many|PUT|/api/v2/account/@/multi?ids=@|{"pin":"pin-2"}
EOF
no_secret "PUT of what GET has shown" PUT $a/21/ '{"id":21,"name":"y","mail":null,"kind":null}'
is "$(stored 21)" "pin-2 must21 hash21" "PUT keeps what it does not name"
ask GET $a/1/
is "$(header ETag)" "$tag" "a tag is of what can be read"
no_secret "a new pin" PATCH $a/1/ '{"pin":"new-pin"}' "If-Match: $tag"
is "$(header ETag)" "$tag" "and stays when something else changes"
no_secret "nothing new" PATCH $a/1/ '{}'
no_secret "deleted, and shown" DELETE $a/22/ '' 'Prefer: return=representation'
sql bank "UPDATE account SET pin = 'SECRETPIN1' WHERE id = 1"

# who may not read is shown what he sent
writer=$token token=$(user_token blind)
ctl "$home" grant blind account cub >"$TMP/grant" && ctl "$home" grant blind login cub >>"$TMP/grant" || bail_out "no grant"
no_secret "blind, auto" POST /api/auto/account '{"id":60,"name":"x","pin":"new-pin","must":"must60"}'
is "$body" '{"id":60,"name":"x"}' "blind, auto: the rest comes back"
sql bank "UPDATE account SET password_hash = 'hash60' WHERE id = 60"
no_secret "blind, auto, a list" POST /api/auto/account '[{"id":61,"name":"x","pin":"new-pin","must":"must61"}]'
is "$body" '[{"id":61,"name":"x"}]' "blind, auto, a list: the rest comes back"
sql bank "UPDATE account SET password_hash = 'hash61' WHERE id = 61"
no_secret "blind, relations" POST /api/auto/login/with_relations '{"id":660,"account":{"id":66,"name":"x","pin":"new-pin","must":"must66"}}'
sql bank "UPDATE account SET password_hash = 'hash66' WHERE id = 66"
token=$writer

## ---- what is refused, and how

try 400 required POST $a/ '{"id":70,"name":"x"}'
is "$(fields)" must "a write-only column is required"
try 400 bad_value PATCH $a/1/ '{"pin":true}'
is "$(fields)" pin "its faults have its name"
try 422 constraint PATCH $a/1/ '{"pin":"abc"}'
is "$(fields)" pin "those of the database, too"
try 422 constraint PATCH $a/1/ '{"pin":"n1"}'
like "$(fields)" pin "and with others"
try 422 constraint POST $a/ '[{"id":70,"name":"x","must":null}]'
is "$(fields)" '[0].must' "and in a list"
like "$body" 'may not be null' "with the text of all"
try 409 conflict PATCH $a/1/ '{"must":"SECRETMUST2"}'
is "$(fields)" "" "what says whether a value is there names nothing"
unlike "$body" 'must|SECRET' "nor its constraint"
sql bank "ALTER TABLE heir ADD CONSTRAINT heir_must UNIQUE (must);
	INSERT INTO heir (id, name, must) VALUES (95, 'x', 'heir-1'), (96, 'x', 'heir-2')"
try 409 conflict PATCH $a/95/ '{"must":"heir-2"}'
is "$(fields)" "" "nor where a table says so that inherits"
unlike "$body" 'must|heir' "nor its constraint"
sql bank "DELETE FROM heir; ALTER TABLE heir DROP CONSTRAINT heir_must"
unlike_password() {
	unlike "$body" 'password|hash|SECRET' "$1"
}
sql bank "INSERT INTO account (id, name, must) VALUES (80, 'x', 'must80')"
try 409 conflict POST $a/ '{"id":81,"name":"x","must":"must81"}'
is "$(fields)" "" "a constraint of a hidden column names no field"
unlike_password "nor itself"
try 422 constraint POST $a/ '{"id":81,"name":"SECRETHASH0","must":"must81"}'
is "$(fields)" "" "nor does one of it and another"
unlike_password "nor itself"
sql bank "UPDATE account SET password_hash = 'hash80' WHERE id = 80"
try 201 - POST /api/dyn/event/ '{"id":1,"day":1,"name":"x"}'
try 409 conflict POST /api/dyn/event/ '{"id":2,"day":2,"name":"x"}'
is "$(fields)" "" "a partition's constraint of a hidden column and another names no field"
unlike_password "nor itself"
sql bank "ALTER TABLE event ALTER password_hash SET DEFAULT '3'"
try 422 constraint POST /api/dyn/event/ '{"id":3,"day":3,"name":"y"}'
is "$(fields)" "" "nor does one of the parent"
unlike_password "nor itself"
try 409 conflict POST /api/dyn/event/ '{"id":1,"day":1,"name":"z"}'
is "$(fields)" "id day" "the key is named"
try 422 constraint POST /api/dyn/closed/ '{"id":2,"name":"x"}'
unlike_password "a hidden column that must not be null is not named"
try 409 conflict POST /api/dyn/login/ '{"id":500,"proof":"x"}'
unlike "$body" 'password|hash|account' "a foreign key to a hidden column names nothing"
try 409 conflict POST $a/ '{"id":1,"name":"x","must":"must82"}'
is "$(fields)" id "the other constraints are named"
like "$body" 'account_pkey' "with their names"
for sent in '{"pin":"x1234"}' '{"must":"x"}'; do
	name=$(sed 's/{"\([a-z]*\).*/\1/' <<<"$sent")
	try 400 bad_param POST "$a/?on_conflict=$name" '[{"id":1,"name":"x","must":"m"}]'
	unlike "$body" "must,|name, |: .*$name" "on_conflict=$name: is no key"
done
is "$(grep -cE 'SECRET(HASH|PIN|MUST)|new-pin|pin-2' "$home/log/dynapi")" 0 "no value is in the log"

## ---- a column that is hidden later

ask GET "$a/?cursor=&limit=2&ordering=mail"
link=$(header Link)
link=${link#*<}
link=${link%%>*}
ask GET "$link"
is "$status" 200 "a cursor over mail"
api_conf "$home" bank "${hide[0]}, account.mail" "${hide[1]}" 'regex = yes'
introspect "$home" >"$TMP/out" 2>&1
like "$(cat "$TMP/out")" 'dropped column public.account.mail' "introspect tells what has gone"
ask GET $a/1/
is "$body" '{"id":1,"name":"n1","kind":1}' "it is gone without a restart"
isnt "$(header ETag)" "$tag" "with another tag"
ask GET "$link"
is "$status $(fields)" "400 cursor" "a cursor over it is refused as others are"
before=$(checksum bank)
alike mail mall "$TMP/reads" "a name that was known"
alike mail mall "$TMP/writes" "a name that was known, in writes"
is "$(checksum bank)" "$before" "nothing is written"
try 200 - GET "$a/?limit=1"
unlike "$body" mail "mail is gone"

## ---- what the administrator is told

introspect "$home" --list >"$TMP/list" 2>&1
while read -r line; do
	ok "--list: ${line:0:70}" grep -qxF -- "$line" "$TMP/list"
done <<'EOF'
excluded: public.account column password_hash is hidden: hidden = *.password_hash
excluded: public.account column vault_id is hidden: hidden = account.vault_id
excluded: public.account column mail is hidden: hidden = account.mail
excluded: public.account column pin is write-only: write_only = public.account.pin
excluded: public.account_list column pin is write-only: write_only = account_list.pin
excluded: public.account foreign key account_vault_id_fkey is no relation: it is made of columns that are kept from clients
excluded: public.login foreign key login_proof_fkey is no relation: it is made of columns that are kept from clients
excluded: public.holder column whole is hidden: public.account.mail is in its values
excluded: public.holder column wholes is hidden: public.account.mail is in its values
excluded: public.alone has no column that can be read (hidden = *.password_hash)
warning: public.closed rows cannot be created, but where a trigger fills password_hash: it is hidden, not null and has no default
warning: public.safe is not exposed: its rows are addressed by password_hash, which cannot be kept from clients (hidden = *.password_hash)
warning: public.letters may show what is in public.account.password_hash (hidden = *.password_hash): look at its columns
warning: public.heir may show what is in public.account.pin (write_only = public.account.pin): look at its columns
warning: dynapi_no.such is named by hidden, but there is no such column
warning: public.account function public.itself is no field: public.account.mail, which is kept from clients, is in its values
warning: public.account function public.pin is no field: a column has its name
EOF
ok "--list: a write-only column" grep -qE '^    pin +text, write only$' "$TMP/list"
not_ok "--list: who conceals it as well is not warned of" grep -q 'heir may show.*password_hash' "$TMP/list"
not_ok "--list: a hidden column is none" grep -qE '^    password_hash' "$TMP/list"
api_conf "$home" bank "key.holder = whole" "hidden = account.pin, account.must" "write_only = account.pin, *.up"
introspect "$home" --list >"$TMP/list" 2>&1
while read -r line; do
	ok "--list: ${line:0:70}" grep -qxF -- "$line" "$TMP/list"
done <<'EOF'
warning: public.account column password_hash looks like a secret: hidden = public.account.password_hash or write_only = public.account.password_hash keeps it from clients
excluded: public.account column pin is hidden: hidden = account.pin
excluded: public.account_list column up is hidden: write_only = *.up, but PostgreSQL cannot write it
warning: public.holder key.public.holder names whole, which is kept from clients (public.account.pin is in its values)
EOF

ask_end
