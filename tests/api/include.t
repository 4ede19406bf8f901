# include=: relations beside each row, both ways, through join tables and
# nested, each with its own fields, filter, order and limit; the same bytes
# whether the rows are in hand or stream; and the rights that it takes.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
. "$DYNAPI_SRCDIR/tests/lib/web.sh"
need spawn-fcgi multiwatch
need_testdata sql/pagila.sql

ask_start pagila || bail_out "the API cannot be set up"
admin=$(user_token admin)
token=$admin

# told SQL : what PostgreSQL says of the last answer, :'doc' is its body
told() {
	psql -XAtq -d pagila -v ON_ERROR_STOP=1 -v doc="$body" <<<"SELECT $1;" 2>&1
}
# says URI SQL NAME : the answer is the JSON value of this statement
says() {
	ask GET "$1"
	[ "$status" = 200 ] || diag "$status ${body:0:500}"
	is "$status $(told "((:'doc')::jsonb = ($2)::jsonb)::text")" '200 true' "$3"
}

# ---- to-one
says '/api/dyn/customer/?customer_id__lte=5&ordering=customer_id&fields=customer_id,last_name&include=address(fields=address,phone)' \
	"SELECT json_agg(r ORDER BY customer_id) FROM (SELECT customer_id, last_name,
		json_build_object('address', a.address, 'phone', a.phone) address
		FROM customer c JOIN address a USING (address_id) WHERE customer_id <= 5) r" \
	"a to-one relation is an object"
says '/api/dyn/customer/5/?fields=customer_id&include=address.city.country(fields=country)' \
	"SELECT json_build_object('customer_id', 5, 'address', (SELECT to_jsonb(a) || jsonb_build_object('city',
		to_jsonb(ci) || jsonb_build_object('country', jsonb_build_object('country', co.country)))
		FROM customer c JOIN address a USING (address_id) JOIN city ci USING (city_id)
		JOIN country co USING (country_id) WHERE customer_id = 5))" "at any depth"
ask GET '/api/dyn/film/?film_id=1&fields=film_id&include=language(fields=name),original_language'
is "$(printf '%s' "$body" | tr -d ' \n')" '[{"film_id":1,"language":{"name":"English"},"original_language":null}]' \
	"null where there is none, and two relations to one table"
ask GET '/api/dyn/film/1/?fields=film_id&include=tongue:language(fields=name)'
is "$(told "(:'doc')::json #>> '{tongue,name}'" | tr -d ' ')" English "under another name"

# ---- to-many
says '/api/dyn/address/?address_id__in=1,5&fields=address_id&ordering=address_id&include=customer(fields=customer_id),store(fields=store_id)' \
	"SELECT json_agg(r ORDER BY address_id) FROM (SELECT address_id,
		coalesce((SELECT json_agg(json_build_object('customer_id', customer_id)) FROM customer c WHERE c.address_id = a.address_id), '[]') customer,
		coalesce((SELECT json_agg(json_build_object('store_id', store_id)) FROM store s WHERE s.address_id = a.address_id), '[]') store
		FROM address a WHERE address_id IN (1, 5)) r" "to-many relations are lists, empty ones too"
says '/api/dyn/customer/7/?fields=customer_id&include=rental(fields=rental_id,rental_period;ordering=-rental_period,rental_id;limit=3)' \
	"SELECT json_build_object('customer_id', 7, 'rental', (SELECT json_agg(x) FROM (SELECT rental_id, rental_period
		FROM rental WHERE customer_id = 7 ORDER BY rental_period DESC, rental_id LIMIT 3) x))" \
	"with their own fields, order and limit"
says '/api/dyn/customer/?customer_id__lte=20&limit=20&ordering=customer_id&fields=customer_id&include=rental(fields=rental_id;inventory_id__lte=1000;ordering=rental_id)' \
	"SELECT json_agg(json_build_object('customer_id', customer_id, 'rental', coalesce((SELECT json_agg(json_build_object('rental_id', rental_id) ORDER BY rental_id)
		FROM rental r WHERE r.customer_id = c.customer_id AND inventory_id <= 1000), '[]')) ORDER BY customer_id)
		FROM customer c WHERE customer_id <= 20" "and their own filter"
says '/api/dyn/film/?limit=10&ordering=film_id&fields=film_id&include=actor(fields=last_name;ordering=last_name,actor_id),category(fields=name)' \
	"SELECT json_agg(json_build_object('film_id', film_id,
		'actor', (SELECT coalesce(json_agg(json_build_object('last_name', last_name) ORDER BY last_name), '[]') FROM film_actor JOIN actor USING (actor_id) WHERE film_id = f.film_id),
		'category', (SELECT json_agg(json_build_object('name', name)) FROM film_category JOIN category USING (category_id) WHERE film_id = f.film_id)) ORDER BY film_id)
		FROM film f WHERE film_id <= 10" "through join tables"
says '/api/dyn/store/?limit=5&fields=store_id&ordering=store_id&include=staff(fields=staff_id;include=rental(fields=rental_id;ordering=rental_id;limit=2;include=inventory.film(fields=title)))' \
	"SELECT json_agg(json_build_object('store_id', store_id, 'staff', (SELECT coalesce(json_agg(json_build_object('staff_id', staff_id, 'rental',
		(SELECT coalesce(json_agg(x), '[]') FROM (SELECT rental_id, (SELECT to_jsonb(i) || jsonb_build_object('film', jsonb_build_object('title', f.title))
			FROM inventory i JOIN film f USING (film_id) WHERE i.inventory_id = r.inventory_id) inventory
			FROM rental r WHERE r.staff_id = s.staff_id ORDER BY rental_id LIMIT 2) x)) ORDER BY staff_id DESC), '[]')
		FROM staff s WHERE s.store_id = st.store_id)) ORDER BY store_id) FROM (SELECT * FROM store ORDER BY store_id LIMIT 5) st" \
	"a to-one inside a to-many inside a to-many"

# ---- joins that choose the rows
says '/api/dyn/customer/?fields=customer_id&ordering=customer_id&include=rental!inner(inventory_id__lte=1000;fields=rental_id;ordering=rental_id)' \
	"SELECT json_agg(json_build_object('customer_id', customer_id, 'rental', r) ORDER BY customer_id) FROM (SELECT customer_id,
		json_agg(json_build_object('rental_id', rental_id) ORDER BY rental_id) r FROM rental WHERE inventory_id <= 1000 GROUP BY 1) x" \
	"!inner drops rows without one"
says '/api/dyn/film/?fields=film_id&ordering=film_id&include=inventory!anti' \
	"SELECT json_agg(json_build_object('film_id', film_id) ORDER BY film_id) FROM film f WHERE NOT EXISTS (SELECT FROM inventory i WHERE i.film_id = f.film_id)" \
	"!anti those that have one"

# ---- the same bytes however they come
for include in actor language,original_language 'inventory(limit=2)' 'inventory.rental(limit=2;ordering=rental_id)' \
	'actor(limit=2;ordering=-last_name;fields=first_name,last_name),category' 'cast:actor(fields=last_name)' \
	'actor(fields=actor_id;include=film(limit=1;fields=title))' 'inventory(fields=store_id;include=store.address.city),language'; do
	for format in json ndjson csv; do
		q="/api/dyn/film/?film_id__lte=60&ordering=-length,film_id&format=$format&include=$include"
		ask GET "$q"
		streamed=$body
		[ "$status" = 200 ] || diag "$status $body"
		ask GET "$q&limit=100"
		is "$status ${#body} $(printf '%s' "$body" | md5sum)" "200 ${#streamed} $(printf '%s' "$streamed" | md5sum)" \
			"$format of $include is the same in hand as streamed"
	done
done
ask GET '/api/dyn/film/?page=2&page_size=3&ordering=film_id&fields=film_id&include=category(fields=name)'
is "$(told "string_agg(x ->> 'film_id', ' ') || ' ' || json_typeof((:'doc')::json #> '{results,0,category}') FROM json_array_elements((:'doc')::json -> 'results') x")" \
	'4 5 6 array' "in the envelope of a page"
ask POST /api/dyn/film/search/ '{"film_id__lte":2,"ordering":["film_id"],"fields":["film_id"],"include":"category(fields=name)"}'
like "$status $body" '^200 \[\{"film_id":1,"category":\[\{"name"' "asked by a body"

# ---- CSV
ask GET '/api/dyn/customer/?limit=2&ordering=customer_id&fields=customer_id&include=address(fields=district,phone;include=city(fields=city)),rental(fields=rental_id;ordering=rental_id;limit=2)&format=csv'
is "$(printf '%s' "$body" | sed -n 1p | tr -d '\r')" 'customer_id,address.district,address.phone,address.city.city,rental' "CSV has a column for each member of an object"
like "$(printf '%s' "$body" | sed -n 2p)" '^1,.*,"\[\{""rental_id"":[0-9]+\},\{""rental_id"":[0-9]+\}\]"' "and JSON for a list"
ask GET '/api/dyn/customer/?customer_id=-1&include=address(fields=phone)&fields=customer_id&format=csv'
is "$(printf '%s' "$body" | tr -d '\r')" 'customer_id,address.phone' "the header without any row"

# ---- refusals
try 400 unknown_column GET '/api/dyn/film/?include=nothing'
like "$body" '"errors":\{"(include|nothing)":' "naming what was asked for"
try 400 bad_param GET '/api/dyn/film/?include=actor('
try 400 unknown_column GET '/api/dyn/film/?include=actor(fields=nope)'
try 400 bad_value GET '/api/dyn/film/?include=actor(actor_id=x)'
try 400 limit_exceeded GET '/api/dyn/film/?include=actor.film.actor.film.actor.film'
ask GET '/api/dyn/staff/?include=store'
is "$status" 400 "an ambiguous name"
like "$body" 'store!manager_staff_id.*store!store_id' "with the choices"

# ---- rights on every table
user() {
	token=$(user_token "$1")
}
user bea
ctl "$home" grant bea film,language,customer,address r >/dev/null
try 200 - GET '/api/dyn/film/?limit=1&include=language'
try 403 forbidden GET '/api/dyn/film/?limit=1&include=actor'
like "$body" '"detail":"You have no right to read public\.(actor|film_actor)\."' "naming the table"
like "$(tail -n 1 "$home/log/dynapi")" 'dynapictl grant NAME public\.(actor|film_actor) r' "the log has the line that helps"
try 403 forbidden GET '/api/dyn/film/1/?include=actor'
try 403 forbidden GET '/api/dyn/customer/?limit=1&include=address.city'
like "$body" 'no right to read public\.city' "also deep inside"
try 403 forbidden GET '/api/dyn/customer/?limit=1&include=address(include=city(fields=nope))'
try 403 forbidden GET '/api/dyn/customer/?limit=1&include=address!anti(city.city=x)'
try 403 - HEAD '/api/dyn/film/?include=actor'
ctl "$home" grant bea actor,film_actor r >/dev/null
try 200 - GET '/api/dyn/film/?limit=1&include=actor'
ctl "$home" revoke bea film_actor >/dev/null
try 403 forbidden GET '/api/dyn/film/?limit=1&include=actor'
like "$body" 'public\.film_actor' "the join table counts"
ctl "$home" grant anonymous film r >/dev/null
token=''
try 401 token_invalid GET '/api/dyn/film/?limit=1&include=language'
try 200 - GET '/api/dyn/film/?limit=1'

# ---- too many
ask_conf pagila 'max_included = 50' 'max_includes = 2'
token=$admin
try 400 limit_exceeded GET '/api/dyn/customer/?limit=10&include=rental'
is "$(fields)" include "too many rows to stitch"
try 200 - GET '/api/dyn/customer/?limit=10&include=rental(limit=5)'
try 200 - GET '/api/dyn/customer/?include=rental&customer_id__lte=10'
try 400 limit_exceeded GET '/api/dyn/film/?include=actor,language,category'

# ---- conceal: what he may not read is not there
ask_conf pagila 'conceal = yes'
user carl
ctl "$home" grant carl film,language,store r >/dev/null
same_answer() {
	local first second
	ask GET "$1"
	first="$status $(printf '%s' "$body" | sed "s/\"request_id\":\"[^\"]*\"//; s/${3:-x^}/NAME/g")"
	ask GET "$2"
	second="$status $(printf '%s' "$body" | sed "s/\"request_id\":\"[^\"]*\"//; s/${4:-x^}/NAME/g")"
	is "$first" "$second" "${1#/api/dyn/} answers as if it were not there"
}
same_answer '/api/dyn/film/?include=actor' '/api/dyn/film/?include=actxx' actor actxx
same_answer '/api/dyn/film/?include=film_actor' '/api/dyn/film/?include=film_actxx' film_actor film_actxx
same_answer '/api/dyn/film/?limit=2&actor.last_name=x' '/api/dyn/film/?limit=2&actxx.last_name=x'
same_answer '/api/dyn/film/?limit=2&inventory__store_id=x' '/api/dyn/film/?limit=2&inventoxx__store_id=x'
same_answer '/api/dyn/store/?ordering=address.phone' '/api/dyn/store/?ordering=addresx.phone'
ask GET '/api/dyn/film/?film_id=1&fields=film_id&include=language(fields=name)'
like "$status $body" '^200 .*"language":\{"name":"English' "what he may read is"
ask OPTIONS /api/dyn/film/
is "$(told "string_agg(k, ' ') FROM json_object_keys((:'doc')::json -> 'relations') k")" 'language original_language' "nor told of"
try 404 not_found GET '/api/dyn/customer/?include=store'

# ---- a failure in an included row after the body has begun
token=$admin
ask_same_pid
responders_stop "$home"
rm "$home/snapshot/schema.sqlite"
sql postgres 'CREATE DATABASE late' && sql late "
	CREATE TABLE parent (id int PRIMARY KEY, note text);
	CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent);
	INSERT INTO parent SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i;
	INSERT INTO child SELECT id, id FROM parent;
	CREATE INDEX ON child (parent_id);
	CREATE FUNCTION boom(id int) RETURNS boolean LANGUAGE plpgsql STABLE AS \$\$
		BEGIN IF id = 15000 THEN RAISE division_by_zero; END IF; RETURN true; END \$\$;
	ALTER TABLE child ENABLE ROW LEVEL SECURITY;
	CREATE POLICY p ON child USING (boom(id));
	ANALYZE" || bail_out "no tables"
api_conf "$home" late && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous '*' r >/dev/null &&
	responders_start "$home" 1 || bail_out "no API"
# who has answered has written its number down
ask GET /api/health/live
ask_pid=$(cat "$home/run/responders.pid")
port=$(free_port)
web_start "$home" nginx "$port" || bail_out "no nginx"
at_exit "web_stop '$home' nginx"
fetch() {
	curl -sS -m 60 -o "$TMP/body" -w '%{http_code}' "http://127.0.0.1:$port/api/dyn/parent/?ordering=id&include=child$1" 2>"$TMP/curl.err"
}
is "$(fetch ''; echo " $?")" '200 18' "a list that breaks off is cut where the client sees it"
is "$(fetch '&format=csv'; echo " $?")" '200 18' "so is CSV"
fetch '&format=ndjson' >/dev/null
like "$(tail -n 1 "$TMP/body")" '^\{"error":' "NDJSON ends with a line that says so"
is "$(fetch '&id=15000')" 500 "before the first row it is a status"
is "$(fetch '&limit=1000&offset=14500')" 500 "and for rows in hand"
is "$(fetch '&limit=1000&offset=1000')" 200 "other rows are well"

ask_same_pid
done_testing
