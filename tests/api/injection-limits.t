# Questions that are meant to be too much: conditions, relations, lists,
# parentheses, brackets and JSON without end.  Each is refused at once, and
# costs neither memory nor the responder's life (SECURITY Q13).

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

ask_start shop 'statement_timeout = 5s' 'url_max = 64k' 'max_params = 10000' || bail_out "the API cannot be set up"
ctl "$home" grant anonymous 'product,order_item,order,customer,category,product_category' crudb >/dev/null

# rep N TEXT [JOINT] : N times
rep() {
	awk -v n="$1" -v s="$2" -v j="${3-}" 'BEGIN { for (i = 1; i <= n; i++) printf("%s%s", (i > 1 ? j : ""), s) }'
}
# the most memory it has ever had, in KiB
resident() {
	awk '$1 == "VmHWM:" { print $2 }' "/proc/$ask_pid/status"
}
# much STATUS NAME METHOD URI [BODY] : STATUS is an expression; quickly
much() {
	local began=${EPOCHREALTIME/./} took
	printf '%s\t%s\t%s\t%s\n' "x" "$3" "$4" "${5-\\N}" >"$TMP/q"
	ask_all "$TMP/q" "$TMP/a"
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	like "$(cut -f 2 "$TMP/a")" "^($1)\$" "$2"
	[ "$took" -lt 3000 ] || fail "$2: took $took ms"
	[ "$(wc -c <"$TMP/a")" -lt 200000 ] || fail "$2: $(wc -c <"$TMP/a") bytes of answer"
}

ask GET /api/dyn/product/?limit=1
is "$status" 200 "a small question"
p=/api/dyn/product/ a=/api/auto/product v=/api/v2/product

# ---- conditions
much 200 "64 conditions" GET "$p?limit=1&$(rep 64 'and=(id__gt=0)' '&')"
much 400 "65" GET "$p?limit=1&$(rep 65 'and=(id__gt=0)' '&')"
much 400 "a thousand in one or" GET "$p?or=($(rep 1000 'id=1' ';'))"
much 400 "five thousand parameters" GET "$p?$(rep 5000 'and=(id=1)' '&')"
much 400 "a thousand of auto" GET "$a?where=[$(rep 1000 '[\"id\",1]' ',')]"
much 400 "in tuples" GET "$a?or_where=$(rep 1000 '(id,1)' %2B)"
much 400 "a thousand of v2" GET "$v?$(awk 'BEGIN { for (i = 0; i < 1000; i++) printf "q[c][%d][a][]=id&q[c][%d][p]=eq&q[c][%d][v][]=1&", i, i, i }')"
much 400 "as attributes" GET "$v?q[$(rep 1000 name _or_)_eq]=1"
much 400 "as values" GET "$v?$(rep 900 'q[name_cont_any][]=a' '&')"
much 400 "attributes by values" GET "$v?q[$(rep 60 name _or_)_cont_any][]=a&q[$(rep 60 name _or_)_cont_any][]=b"
much 400 "of a body" POST "$p""search/" "{\"or\":\"($(rep 1000 id=1 ';'))\"}"
much 400 "of a v2 body" POST "$v/search" "{\"q\":{\"g\":[$(rep 2000 '{"id_eq":1}' ,)]}}"
much 400 "of having" GET "$p?aggregate=count(*)&having=$(rep 1000 'count__gt=1' ';')"

# ---- relations
much 400 "a path through six relations" GET "/api/dyn/order/?customer.order.customer.order.customer.order.id=1"
much 400 "an include of six" GET "/api/dyn/order/?limit=1&include=customer.order.customer.order.customer.order"
much 400 "nested in parentheses" GET "/api/dyn/order/?limit=1&include=customer(include=order(include=customer(include=order(include=customer(include=order)))))"
much 400 "a path of a thousand names" GET "/api/dyn/order/?$(rep 1000 customer .).id=1"
much 400 "with underscores" GET "/api/dyn/order/?$(rep 1000 customer.order __).id=1"
much 400 "of v2" GET "/api/v2/order?q[$(rep 1000 customer_order _)_id_eq]=1"
much 400 "of auto" GET "/api/auto/order?where=[\"$(rep 1000 customer .).id\",1]"
much 400 "21 includes" GET "/api/dyn/order/?limit=1&$(awk 'BEGIN { for (i = 0; i < 21; i++) printf "include=a%d:customer&", i }')"
much '200|400' "one relation a thousand times" GET "/api/dyn/order/?limit=1&include=$(rep 1000 'customer.order' ,)"
much 400 "of auto" GET "/api/auto/order?include=$(awk 'BEGIN { for (i = 0; i < 1000; i++) printf "customer.a%d,", i }')"
much 400 "of v2" GET "/api/v2/order?$(awk 'BEGIN { for (i = 0; i < 1000; i++) printf "a[include][]=a%d&", i }')"
much 400 "of a v2 body" POST "/api/v2/order/search" "{\"a\":{\"include\":[$(rep 5000 '"customer"' ,)]}}"
much 400 "a nested document without end" POST /api/dyn/customer/ "{\"name\":\"x\",\"order\":[$(rep 600 '{"note":"x"}' ,)]}"
much 400 "of ten levels" POST /api/dyn/customer/ "$(rep 10 '{"order":[{"customer":' )1$(rep 10 '}]}')"

# ---- lists
much 400 "a list of 5,000" GET "$p?id__in=$(rep 5000 1 ,)"
much 414 "of 100,000" GET "$p?id__in=$(rep 100000 1 ,)"
much 400 "of 100,000 in a body" POST "$p""search/" "{\"id__in\":[$(rep 100000 1 ,)]}"
much 400 "of v2" POST "$v/search" "{\"q\":{\"id_in\":[$(rep 100000 1 ,)]}}"
much 400 "of auto" GET "$a?where=[\"id\",\"in\",[$(rep 20000 1 ,)]]"
much 400 "ids" DELETE "$p?ids=$(rep 20000 0 ,)"
much 400 "fields" GET "$p?limit=1&fields=$(rep 5000 nope ,)"
much 400 "ordering" GET "$p?limit=1&ordering=$(rep 5000 id.x ,)"
much '200|400' "the same order again and again" GET "$p?limit=1&ordering=$(rep 5000 -id ,)"
much '200|400' "json keys in an order" GET "$p?limit=1&ordering=$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "attributes.k%d,", i }')"
much '200|400' "aggregates" GET "$p?aggregate=$(awk 'BEGIN { for (i = 0; i < 2500; i++) printf "sum(id)+as+a%d,", i }')"
much '200|400' "groups" GET "$p?group_by=$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "attributes.k%d,", i }')"
much 400 "a megabyte of columns" POST "$p""search/" "{\"fields\":\"$(rep 300000 id ,)\"}"
much 400 "of orders" POST "$p""search/" "{\"ordering\":\"$(rep 200000 -id ,)\"}"
much 400 "of groups" POST "$p""search/" "{\"group_by\":\"$(rep 70000 attributes.a ,)\"}"
much '200|400' "of relations" POST "/api/dyn/order/search/" "{\"limit\":1,\"include\":\"$(rep 60000 customer.order ,)\"}"
much 400 "of aggregates" POST "$p""search/" "{\"aggregate\":\"$(rep 80000 'sum(id)' ,)\"}"
much 400 "of having" POST "$p""search/" "{\"aggregate\":\"count(*)\",\"having\":\"$(rep 80000 'count=1' ';')\"}"
much 400 "of v2 columns" POST "$v/search" "{\"a\":{\"only\":[$(rep 150000 '"id"' ,)]}}"
much 400 "of v2 exceptions" POST "$v/search" "{\"a\":{\"except\":[$(rep 150000 '"id"' ,)]}}"
much 400 "of v2 orders" POST "$v/search" "{\"q\":{\"s\":[$(rep 150000 '"id"' ,)]}}"
much 400 "of different names" POST "$v/search" "{\"q\":{$(awk 'BEGIN { for (i = 0; i < 50000; i++) printf("%s\"k%d_eq\":1", (i ? "," : ""), i) }')}}"
much 400 "terms" GET "$p?search=$(rep 5000 a +)"

# ---- depth
much 400 "parentheses" GET "$p?or=$(rep 5000 '(' )"
much 400 "and their like" GET "$p?$(rep 2000 'or=(' )id=1$(rep 2000 ')')"
much 400 "and not" GET "$p?$(rep 2000 'not=(' )id=1$(rep 2000 ')')"
much 400 "of includes" GET "/api/dyn/order/?include=$(rep 1000 'customer(include=order(include=')customer$(rep 2000 ')')"
much 400 "of having" GET "$p?aggregate=count(*)&having=$(rep 2000 'or=(' )count=1$(rep 2000 ')')"
much 400 "of aggregates" GET "$p?aggregate=$(rep 3000 'count(' )id$(rep 3000 ')')"
much 400 "quotes" GET "$p?name__in=$(rep 5001 '%22')"
much 400 "groups of v2" GET "$v?q$(rep 1000 '[g][0]')[id_eq]=1"
much 400 "groups without number" GET "$v?q$(rep 1000 '[g]')[id_eq]=1"
much 400 "includes of v2" GET "/api/v2/order?a$(rep 1000 '[include][customer]')[only]=id"
much 400 "groups of a body" POST "$v/search" "{\"q\":$(rep 1000 '{"g":[')1$(rep 1000 ']}')}"
much 400 "JSON of auto" GET "$a?where=$(rep 1000 '[')1$(rep 1000 ']')"
much 400 "objects" GET "$a?where=$(rep 1000 '{"a":')1$(rep 1000 '}')"
much 400 "a value" GET "$a?where=[\"attributes\",$(rep 1000 '[')1$(rep 1000 ']')]"
much '200|400' "a JSON path" GET "$p?limit=1&attributes.$(rep 1000 a .)=1"
much 400 "a long one in strict" GET "$p?limit=1&attributes.$(rep 5000 a .)=1"
much '200|400' "a JSON filter" GET "$p?limit=1&attributes=$(rep 5000 '[')1$(rep 5000 ']')"
much '200|400' "an array" GET "$p?limit=1&tags__acontains=$(rep 5000 '{')1$(rep 5000 '}')"
much 400 "a body" POST "$p" "$(rep 100000 '[')"
much 400 "of objects" POST "$p" "$(rep 100000 '{"a":')"

# ---- numbers
much '200|400' "an index of nine digits" GET "$v?q[c][999999999][a][0][name]=id&q[c][999999999][p]=eq&q[c][999999999][v][]=1"
much '200|400' "of many digits" GET "$v?q[c][99999999999999999999999][a][]=id&q[c][99999999999999999999999][p]=eq&q[c][99999999999999999999999][v][]=1"
much '200|400' "a group of it" GET "$v?q[g][999999999][id_eq]=1"
much '200|400' "negative" GET "$v?q[g][-1][id_eq]=1"
much 400 "a page" GET "$v?page=99999999999999999999"
much 400 "pages by size" GET "$p?page=2147483647&page_size=1000"
much 400 "an inner limit" GET "/api/dyn/customer/?limit=1&include=order(limit=99999999999999999999)"
much '200|400' "an inner limit that is a number" GET "/api/dyn/customer/?limit=1&include=order(limit=2147483647;offset=2147483647)"
much 400 "a cursor of 40,000 bytes" GET "$p?cursor=$(rep 40000 A)"
much 400 "max_affected" DELETE "$p?id=0&max_affected=99999999999999999999"

ask GET /api/dyn/product/?limit=1
is "$status" 200 "the responder goes on"
size=$(resident)
# what is freed rests for a while in the sanitizer's hands
bound=150000
! grep -q __asan_init "$DYNAPI_BUILDDIR/dynapi.fcgi" || bound=700000
ok "and was never large ($size KiB)" test "$size" -lt $bound
ask_end
