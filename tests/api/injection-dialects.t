# The injection lists in every place of the native, auto and v2 dialects where
# a name, an operator, a value or an option stands: never our fault, nothing
# changed, and where the place takes a value one SQL text whatever it is.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata payloads/sqli-fuzz.txt

# payloads that reach pg_sleep() would be seen as 504
ask_start shop 'statement_timeout = 2s' 'regex = yes' && judge_in shop || bail_out "the API cannot be set up"
ctl "$home" grant anonymous 'product,order_item,order,customer,category,product_category,offer,invitation' crudb >/dev/null

cat "$DYNAPI_TESTDATA"/payloads/*.txt | tr -d '\r' | sort -u | iconv -f UTF-8 -t UTF-8 -c |
	sed 's/\\/\\\\/g; s/\t/\\t/g; /^$/d' >"$TMP/payloads"
sql shop 'CREATE TABLE t.payload (n int GENERATED ALWAYS AS IDENTITY, s text)'
sql shop "\\copy t.payload (s) from '$TMP/payloads'"
# and what has a meaning in our own grammars
sql shop "INSERT INTO t.payload (s) VALUES (')'), ('('), ('((('), (';'), (','), ('\"'), ('\"\"'), ('\"\"\"'), ('name\"'), ('!inner'),
	(':nullslast'), ('a:b'), ('*'), ('count(*)'), ('count(*) as \"x\"'), ('[]'), ('[0]'), ('q[x]'), ('{'), ('null'), ('\$1'),
	('{\"a\":1}'), ('\\'), ('%'), ('__'), ('a__b'), ('.'), ('..'), ('id.id'), ('0'), ('-1'), ('1e9'), ('x'' || pg_sleep(9) || '''),
	('\"; DROP TABLE product; --'), ('name\" = '''' or 1=1 --'), ('pg_catalog.version()'), ('public.product'), ('oid'), ('ctid'),
	('xmin'), ('tableoid'), ('t'), ('t.*'), ('current_user'), ('default'), (repeat('a', 64)), (repeat('\"', 63)), (E'a\\u00a0b'), (E'\\u02bc')"
is "$(sql shop 'SELECT count(*) > 700 FROM t.payload')" t "the lists are read"
before=$(checksum shop)

# kind v: a value, whose text may not reach the SQL; n: a name, an operator, an
# option.  @ is the payload, # the payload inside a JSON text, ~ inside quotes.
sql shop "CREATE TABLE t.place (kind text, how text, method text, uri text, body text, head text)"
psql -XAtq -v ON_ERROR_STOP=1 -d shop -c "\\copy t.place from stdin" <<'END' || bail_out "no places"
v	eq	GET	/api/dyn/product/?limit=2&name=@	\N	\N
v	ne	GET	/api/dyn/product/?limit=2&name__ne=@	\N	\N
v	gt	GET	/api/dyn/product/?limit=2&name__gt=@	\N	\N
v	in	GET	/api/dyn/product/?limit=2&name__in=@	\N	\N
v	nin	GET	/api/dyn/product/?limit=2&name__nin=a,@,b	\N	\N
v	between	GET	/api/dyn/product/?limit=2&name__between=@,@	\N	\N
v	contains	GET	/api/dyn/product/?limit=2&name__contains=@	\N	\N
v	icontains	GET	/api/dyn/product/?limit=2&name__icontains=@	\N	\N
v	startswith	GET	/api/dyn/product/?limit=2&name__nstartswith=@	\N	\N
v	iexact	GET	/api/dyn/product/?limit=2&name__iexact=@	\N	\N
v	like	GET	/api/dyn/product/?limit=2&name__like=@	\N	\N
v	regex	GET	/api/dyn/product/?limit=2&name__regex=@	\N	\N
v	words	GET	/api/dyn/product/?limit=2&name__fts=@	\N	\N
v	set	GET	/api/dyn/product/?limit=2&tags__acontains=@	\N	\N
v	has	GET	/api/dyn/product/?limit=2&tags__has=@	\N	\N
v	overlap	GET	/api/dyn/product/?limit=2&tags__aoverlap=@	\N	\N
v	json eq	GET	/api/dyn/product/?limit=2&attributes.color=@	\N	\N
v	json gt	GET	/api/dyn/product/?limit=2&attributes.color__gt=x@	\N	\N
v	json in	GET	/api/dyn/product/?limit=2&attributes__color__in=@	\N	\N
v	json key	GET	/api/dyn/product/?limit=2&attributes__has_key=@	\N	\N
v	json keys	GET	/api/dyn/product/?limit=2&attributes__has_keys=@	\N	\N
v	relation	GET	/api/dyn/order/?limit=2&customer.name=@	\N	\N
v	relation ne	GET	/api/dyn/order/?limit=2&order_item.product.name__ne=@	\N	\N
v	or	GET	/api/dyn/product/?limit=2&or=(name="~";sku="~")	\N	\N
v	not	GET	/api/dyn/product/?limit=2&not=(name="~")	\N	\N
v	include eq	GET	/api/dyn/order/?limit=2&include=customer(name="~")	\N	\N
v	include in	GET	/api/dyn/customer/?limit=2&include=order(note__in="~",x)	\N	\N
v	having	GET	/api/dyn/product/?group_by=active&having=min(name)__gt=@	\N	\N
v	aggregate where	GET	/api/dyn/product/?aggregate=count(*)&name=@	\N	\N
v	page where	GET	/api/dyn/product/?page=1&name=@	\N	\N
v	cursor where	GET	/api/dyn/product/?cursor=&limit=2&name__lt=@	\N	\N
v	search body	POST	/api/dyn/product/search/	{"name":"#","limit":2}	\N
v	search list	POST	/api/dyn/product/search/	{"name__in":["#","b"],"limit":2}	\N
v	search tree	POST	/api/dyn/product/search/	{"or":[{"name":"#","in_stock__gte":0},{"not":{"sku":"#"}}],"limit":2}	\N
v	search tree list	POST	/api/dyn/product/search/	{"or":[{"name__in":["#","b"]},{"id":1}],"limit":2}	\N
v	array list	GET	/api/dyn/product/?limit=2&tags=@	\N	\N
v	update where	PATCH	/api/dyn/product/?name=@%20never	{"in_stock":5}	\N
v	update value	PATCH	/api/dyn/product/?id=0	{"name":"#"}	\N
v	update json	PATCH	/api/dyn/product/?id=0	{"attributes":{"#":"#"}}	\N
v	delete where	DELETE	/api/dyn/product/?name=@%20never	\N	\N
v	if-none-match	GET	/api/dyn/product/1/	\N	If-None-Match: @
v	if-match	PATCH	/api/dyn/product/1/	{"in_stock":5}	If-Match: "@"
v	auto where	GET	/api/auto/product?where=["name","#"]	\N	\N
v	auto object	GET	/api/auto/product?where={"name":["!=","#"]}	\N	\N
v	auto in	GET	/api/auto/product?where=["name","in",["a","#"]]	\N	\N
v	auto like	GET	/api/auto/product?or_where=[["name","like","#"],["sku","#"]]	\N	\N
v	auto tuple	GET	/api/auto/product?where=(name,=,@)	\N	\N
v	auto quoted	GET	/api/auto/product?where=(name,"@")	\N	\N
v	auto find	GET	/api/auto/product?find=["name","#"]	\N	\N
v	auto filter	GET	/api/auto/customer?include=order&filter=["order.note","#"]	\N	\N
v	auto relation	GET	/api/auto/order?where=["customer.name",">=","#"]	\N	\N
v	auto having	GET	/api/auto/product?group_by=name&having=["name","#"]	\N	\N
v	auto search	POST	/api/auto/product/search	{"where":{"name":["!=","#"]},"size":5}	\N
v	auto query	QUERY	/api/auto/product	{"find":["name","#"]}	\N
v	auto json	GET	/api/auto/product?where=["attributes.color","#"]	\N	\N
v	auto update	PATCH	/api/auto/product?where=["name","#%20never"]	{"in_stock":5}	\N
v	auto delete	POST	/api/auto/product/delete?where=["name","#%20never"]	\N	\N
v	v2 eq	GET	/api/v2/product?page=1&per=2&q[name_eq]=@	\N	\N
v	v2 cont	GET	/api/v2/product?page=1&per=2&q[name_not_cont]=@	\N	\N
v	v2 matches	GET	/api/v2/product?page=1&per=2&q[name_matches]=@	\N	\N
v	v2 in	GET	/api/v2/product?page=1&per=2&q[name_in][]=@&q[name_in][]=b	\N	\N
v	v2 any	GET	/api/v2/product?page=1&per=2&q[name_start_any][]=@	\N	\N
v	v2 or	GET	/api/v2/product?page=1&per=2&q[name_or_sku_eq]=@	\N	\N
v	v2 long	GET	/api/v2/product?page=1&per=2&q[c][0][a][0][name]=name&q[c][0][p]=lt&q[c][0][v][0][value]=@	\N	\N
v	v2 group	GET	/api/v2/product?page=1&per=2&q[g][0][m]=or&q[g][0][name_eq]=@&q[g][0][id_eq]=1	\N	\N
v	v2 relation	GET	/api/v2/order?page=1&per=2&q[customer_name_end]=@	\N	\N
v	v2 count	GET	/api/v2/product?count=true&q[name_eq]=@	\N	\N
v	v2 body	POST	/api/v2/product/search	{"q":{"name_eq":"#"},"page":1,"per":2}	\N
v	v2 body text	GET	/api/v2/product?page=1&per=2&q={"name_eq":"#"}	\N	\N
n	path	GET	/api/dyn/product/?limit=2&customer.@=1	\N	\N
n	path2	GET	/api/dyn/order/?limit=2&customer__@=1	\N	\N
n	path3	GET	/api/dyn/order/?limit=2&@.name=1	\N	\N
n	strict path	GET	/api/dyn/order/?limit=2&customer.@=1	\N	Prefer: handling=strict
n	operator	GET	/api/dyn/product/?limit=2&name__@=1	\N	\N
n	json path	GET	/api/dyn/product/?limit=2&attributes.@=1	\N	\N
n	json path2	GET	/api/dyn/product/?limit=2&attributes__@__gt=1	\N	\N
n	json order	GET	/api/dyn/product/?limit=2&ordering=-attributes.@	\N	\N
n	json field	GET	/api/dyn/product/?limit=2&fields=id,attributes.@	\N	\N
n	json group	GET	/api/dyn/product/?group_by=attributes.@&aggregate=count(*)	\N	\N
n	ordering	GET	/api/dyn/order/?limit=2&ordering=customer.@	\N	\N
n	nulls	GET	/api/dyn/order/?limit=2&ordering=note:@	\N	\N
n	fields	GET	/api/dyn/order/?limit=2&fields=id,customer.@	\N	\N
n	distinct	GET	/api/dyn/order/?distinct=@&fields=status	\N	\N
n	include	GET	/api/dyn/order/?limit=2&include=@	\N	\N
n	alias	GET	/api/dyn/order/?limit=2&include=@:customer	\N	\N
n	quoted alias	GET	/api/dyn/order/?limit=2&include="@":customer	\N	\N
n	join	GET	/api/dyn/order/?limit=2&include=customer!@	\N	\N
n	option	GET	/api/dyn/customer/?limit=2&include=order(@=1)	\N	\N
n	options	GET	/api/dyn/customer/?limit=2&include=order(@)	\N	\N
n	inner limit	GET	/api/dyn/customer/?limit=2&include=order(limit=@)	\N	\N
n	inner order	GET	/api/dyn/customer/?limit=2&include=order(ordering=@)	\N	\N
n	inner fields	GET	/api/dyn/customer/?limit=2&include=order(fields=@)	\N	\N
n	raw or	GET	/api/dyn/product/?limit=2&or=(name=@;sku=@)	\N	\N
n	raw not	GET	/api/dyn/product/?limit=2&not=(name=@)	\N	\N
n	raw include	GET	/api/dyn/customer/?limit=2&include=order(note__in=@,x)	\N	\N
n	nested	GET	/api/dyn/customer/?limit=2&include=order.@	\N	\N
n	aggregate	GET	/api/dyn/product/?aggregate=@	\N	\N
n	function	GET	/api/dyn/product/?aggregate=@(price)	\N	\N
n	argument	GET	/api/dyn/product/?aggregate=sum(@)	\N	\N
n	as	GET	/api/dyn/product/?aggregate=sum(price) as @	\N	\N
n	quoted as	GET	/api/dyn/product/?aggregate=sum(price) as "@"	\N	\N
n	group	GET	/api/dyn/product/?group_by=@&aggregate=count(*)	\N	\N
n	having name	GET	/api/dyn/product/?group_by=active&aggregate=count(*)&having=@__gt=1	\N	\N
n	having all	GET	/api/dyn/product/?group_by=active&aggregate=count(*)&having=@	\N	\N
n	and	GET	/api/dyn/product/?and=(@)	\N	\N
n	or name	GET	/api/dyn/product/?or=(@=1;id=1)	\N	\N
n	list	GET	/api/dyn/product/?limit=2&name__in="@"	\N	\N
n	range	GET	/api/dyn/product/?limit=2&price__between=@	\N	\N
n	count	GET	/api/dyn/product/?count=@	\N	\N
n	cursor	GET	/api/dyn/product/?cursor=@&ordering=name	\N	\N
n	search name	POST	/api/dyn/product/search/	{"#":"1"}	\N
n	query method	QUERY	/api/dyn/product/	{"ordering":"#","fields":["#"]}	\N
n	ids	DELETE	/api/dyn/product/?ids=x@	\N	\N
n	ids2	DELETE	/api/dyn/order_item/?ids=@,x	\N	\N
n	max	DELETE	/api/dyn/product/?id=0&max_affected=@	\N	\N
n	conflict	POST	/api/dyn/product/?on_conflict=@	[{"sku":"x","name":"y","price":-1}]	\N
n	conflict2	POST	/api/dyn/product/?on_conflict=sku,@	[{"sku":"x","name":"y","price":-1}]	\N
n	bulk key	PATCH	/api/dyn/product/	[{"id":"x#","name":"y"}]	\N
n	bulk name	PATCH	/api/dyn/product/	[{"id":0,"#":"y"}]	\N
n	bulk names	POST	/api/dyn/product/	[{"sku":"x","name":"#","price":-1},{"#":1}]	\N
n	csv	POST	/api/dyn/product/	sku,name,@	Content-Type: text/csv
n	nested name	POST	/api/dyn/customer/	{"name":"x","email":"#","order":[{"#":1}]}	\N
n	nested relation	POST	/api/dyn/customer/	{"name":"x","#":[{"note":"#"}]}	\N
n	idempotency	POST	/api/dyn/product/	{"sku":"#","name":"x","price":-1}	Idempotency-Key: @
n	prefer	GET	/api/dyn/product/?limit=1	\N	Prefer: timezone=@
n	prefer2	GET	/api/dyn/product/?limit=1	\N	Prefer: @
n	auto name	GET	/api/auto/product?where=["#","x"]	\N	\N
n	auto operator	GET	/api/auto/product?where=["name","#","x"]	\N	\N
n	auto raw	GET	/api/auto/product?where=@	\N	\N
n	auto tuple	GET	/api/auto/product?where=(@)	\N	\N
n	auto order	GET	/api/auto/product?order_by=["#","ASC"]	\N	\N
n	auto dir	GET	/api/auto/product?order_by=["name","#"]	\N	\N
n	auto order raw	GET	/api/auto/product?order_by=@	\N	\N
n	auto include	GET	/api/auto/order?include=@	\N	\N
n	auto filter	GET	/api/auto/customer?include=order&filter=["order.#","x"]	\N	\N
n	auto sort	GET	/api/auto/customer?include=order&sort=["order.#"]	\N	\N
n	auto group	GET	/api/auto/product?group_by=@&aggregate=count(*)	\N	\N
n	auto groups	GET	/api/auto/product?group_by=["#"]&aggregate=["count(*)"]	\N	\N
n	auto aggregate	GET	/api/auto/product?aggregate=sum(@)	\N	\N
n	auto as	GET	/api/auto/product?aggregate=sum(price) as @	\N	\N
n	auto quoted as	GET	/api/auto/product?aggregate=sum(price) as "@"	\N	\N
n	auto having	GET	/api/auto/product?group_by=active&aggregate=count(*)&having=["#",1]	\N	\N
n	auto search name	POST	/api/auto/product/search	{"#":"1"}	\N
n	auto query	QUERY	/api/auto/product	{"order_by":"#","include":["#"]}	\N
n	auto page	GET	/api/auto/product?page=@	\N	\N
n	auto size	GET	/api/auto/product?page_size=@	\N	\N
n	auto cache	GET	/api/auto/product?cache=@	\N	\N
n	auto key	GET	/api/auto/product/x@	\N	\N
n	auto body	PUT	/api/auto/product/0	{"#":"#"}	\N
n	auto relations	POST	/api/auto/customer/with_relations	{"name":"x","#":[{"#":1}]}	\N
n	v2 name	GET	/api/v2/product?q[@_eq]=1	\N	\N
n	v2 predicate	GET	/api/v2/product?q[name_@]=1	\N	\N
n	v2 q	GET	/api/v2/product?q[@]=1	\N	\N
n	v2 raw	GET	/api/v2/product?q=@	\N	\N
n	v2 param	GET	/api/v2/product?@=1	\N	\N
n	v2 m	GET	/api/v2/product?q[m]=@&q[name_eq]=x	\N	\N
n	v2 sort	GET	/api/v2/product?q[s]=@	\N	\N
n	v2 dir	GET	/api/v2/product?q[s]=name @	\N	\N
n	v2 sort long	GET	/api/v2/product?q[s][0][name]=name&q[s][0][dir]=@	\N	\N
n	v2 long name	GET	/api/v2/product?q[c][0][a][0][name]=@&q[c][0][p]=eq&q[c][0][v][]=1	\N	\N
n	v2 long p	GET	/api/v2/product?q[c][0][a][0][name]=name&q[c][0][p]=@&q[c][0][v][]=1	\N	\N
n	v2 index	GET	/api/v2/product?q[c][@][a][0][name]=name&q[c][0][p]=eq&q[c][0][v][]=1	\N	\N
n	v2 only	GET	/api/v2/product?a[only][]=@	\N	\N
n	v2 except	GET	/api/v2/product?a[except][]=@	\N	\N
n	v2 methods	GET	/api/v2/product?a[methods][]=@	\N	\N
n	v2 include	GET	/api/v2/order?a[include][@][only][]=id	\N	\N
n	v2 include2	GET	/api/v2/order?a[include][customer][only][]=@	\N	\N
n	v2 page	GET	/api/v2/product?page=@&per=@	\N	\N
n	v2 body	POST	/api/v2/product/search	{"q":{"#":"#"},"a":{"#":["#"]}}	\N
n	v2 create	POST	/api/v2/product	{"product":{"#":"#"}}	\N
n	v2 multi	DELETE	/api/v2/product/x@/multi	\N	\N
n	v2 locale	GET	/api/v2/info/translations?locale=@	\N	\N
END

# ask_places WHERE : their questions into $TMP/q
ask_places() {
	questions shop "SELECT how || ' ' || n, method, replace(replace(replace(uri, '@', t.pct(s)), '#', t.pct(s2)), '~', t.pct(replace(s, '\"', '\"\"'))),
			replace(replace(body, '@', s), '#', s2), replace(head, '@', regexp_replace(s, '[\\r\\n]', '', 'g'))
		FROM t.place, t.payload, LATERAL (SELECT regexp_replace(to_json(s)::text, '^\"|\"\$', '', 'g') AS s2) j
		WHERE $1 ORDER BY how, n" "$TMP/q"
}

ask_places 'n % 4 = 0 OR n > (SELECT max(n) - 50 FROM t.payload)'
ask_all "$TMP/q" "$TMP/a"
answers shop "$TMP/a"
is "$(sql shop 'SELECT count(*) > 20000 FROM t.answer')" t "thousands of questions"
none shop "SELECT name, status, body FROM t.answer WHERE status = 0 OR status >= 500" "none is answered 5xx"
is "$(checksum shop)" "$before" "nothing has changed"
none shop "SELECT name, status, body FROM t.answer WHERE status BETWEEN 200 AND 299
	AND name ~ '^(idempotency|bulk|csv|nested (name|relation)|conflict|auto body|auto relations|v2 create)'" "nothing was written"
none shop "SELECT name, status, body FROM t.answer WHERE body ~* 'syntax error|pg_catalog\\.|SQLSTATE|/usr/|ERROR: |invalid input'
	AND status >= 400 AND NOT EXISTS (SELECT FROM t.payload WHERE n = substring(name FROM '\\d+\$')::int
		AND s ~* 'syntax error|pg_catalog|SQLSTATE|/usr/|ERROR|invalid')" "no SQL, path or message leaks"
is "$(grep 'syntax error\|unterminated\|does not exist' "$home/log/postgresql" | head -n 3)" "" "PostgreSQL understood all it was told"
none shop "SELECT name, max(length(body)) FROM t.answer WHERE status >= 400 GROUP BY name HAVING max(length(body)) > 20000" \
	"refusals are short"

# the same SQL whatever the value: what PostgreSQL is told for a word, and then
# for the payloads
sql shop "ALTER SYSTEM SET log_statement = 'all'"
sql shop 'SELECT pg_reload_conf()' >"$TMP/reload"
logs_all() {
	[ "$(sql shop 'SHOW log_statement')" = all ]
}
wait_for 10 logs_all || bail_out "the statements are not logged"
# texts : of all that was asked of tables since the log was emptied
texts() {
	grep -o 'LOG:  execute .*' "$home/log/postgresql" | sed 's/^LOG:  execute [^:]*: //' | grep '"public"' | sort -u
}
sql shop "INSERT INTO t.payload (s) VALUES ('lamp')"
ask_places "kind = 'v' AND s = 'lamp'"
cp "$TMP/q" "$TMP/plain"
ask_places "kind = 'v' AND (n % 9 = 0 OR n > (SELECT max(n) - 40 FROM t.payload)) AND s <> 'lamp'
	AND NOT (how LIKE 'auto %' AND lower(s) = 'null')" # there it means null
bad=
cut -f 1 "$TMP/plain" | sed 's/ [0-9]*$//' >"$TMP/hows"
while read -r how; do
	: >"$home/log/postgresql"
	grep "^$how [0-9]*	" "$TMP/plain" >"$TMP/few"
	ask_all "$TMP/few" "$TMP/a"
	texts >"$TMP/texts.plain"
	: >"$home/log/postgresql"
	grep "^$how [0-9]*	" "$TMP/q" >"$TMP/few"
	ask_all "$TMP/few" "$TMP/a"
	texts >"$TMP/texts"
	[ -s "$TMP/texts.plain" ] || bad+="$how: no text"$'\n'
	more=$(comm -13 "$TMP/texts.plain" "$TMP/texts" | head -n 2)
	[ -z "$more" ] || bad+="$how: $more"$'\n'
done <"$TMP/hows"
is "$bad" "" "in $(wc -l <"$TMP/hows") places the text is the same for each value"

ask_end
