# Conditions and orders through relations: names with dots or two underscores,
# to-one and to-many, against what PostgreSQL says; and the rights they take.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata sql/pagila.sql

ask_start pagila || bail_out "the API cannot be set up"
token=$(user_token admin)

# ids TABLE QUERY : the keys of a list, in order
ids() {
	ask GET "/api/dyn/$1/?fields=$1_id&$2"
	[ "$status" = 200 ] || echo "$status $body"
	printf '%s' "$body" | tr -d "[]{}\"_:a-z"
}
# same TABLE QUERY SQL-CONDITION NAME
same() {
	local want
	want=$(sql pagila "SELECT coalesce(string_agg($1_id::text, ',' ORDER BY $1_id), '') FROM $1 t WHERE $3")
	is "$(ids "$1" "ordering=$1_id&$2")" "$want" "$4"
	[ -n "$want" ] || diag "an empty list shows little"
}

# ---- conditions
same customer 'address.city.city=Abha' \
	"address_id IN (SELECT address_id FROM address JOIN city USING (city_id) WHERE city = 'Abha')" "through two to-one relations"
same customer 'address__city__country__country__startswith=Ger' \
	"address_id IN (SELECT address_id FROM address JOIN city USING (city_id) JOIN country USING (country_id) WHERE country LIKE 'Ger%')" \
	"with underscores and an operator"
same film 'actor.last_name=TEMPLE' \
	"film_id IN (SELECT film_id FROM film_actor JOIN actor USING (actor_id) WHERE last_name = 'TEMPLE')" "through a join table: some row"
same film 'actor.last_name__ne=TEMPLE' \
	"NOT EXISTS (SELECT FROM film_actor JOIN actor USING (actor_id) WHERE film_id = t.film_id AND last_name = 'TEMPLE')" \
	"a negation: no row"
same film 'actor.last_name=TEMPLE&actor.first_name=BURT' \
	"film_id IN (SELECT film_id FROM film_actor JOIN actor USING (actor_id) WHERE last_name = 'TEMPLE' AND first_name = 'BURT')" \
	"two conditions are asked of the same row"
same store 'staff.picture__isnull=true' \
	"store_id IN (SELECT store_id FROM staff WHERE picture IS NULL)" "null in a to-many relation"
same customer 'rental.inventory.film.title__in=ACADEMY+DINOSAUR,ACE+GOLDFINGER' \
	"customer_id IN (SELECT customer_id FROM rental JOIN inventory USING (inventory_id) JOIN film USING (film_id)
		WHERE title IN ('ACADEMY DINOSAUR', 'ACE GOLDFINGER'))" "a list at the end of a long way"
same customer 'address.district__ne=Texas' \
	"address_id IN (SELECT address_id FROM address WHERE district <> 'Texas')" "a negation through a to-one relation"
is "$(ids film 'original_language.name=English')" '' "a relation that is null"
same address 'customer.customer_id__gte=590&city.city__ilike=a%25' \
	"address_id IN (SELECT address_id FROM customer WHERE customer_id >= 590) AND city_id IN (SELECT city_id FROM city WHERE city ILIKE 'a%')" \
	"backwards and forwards"
ask GET '/api/dyn/film/?actor.last_name=TEMPLE&limit=1&count=exact'
is "$(header Content-Range)" "film 0-0/$(sql pagila "SELECT count(DISTINCT film_id) FROM film_actor JOIN actor USING (actor_id) WHERE last_name = 'TEMPLE'")" \
	"the count is one of rows, not of pairs"
ask HEAD '/api/dyn/film/?actor.last_name=TEMPLE'
like "$(header Content-Range)" '^film 0-[0-9]+/[0-9]+$' "HEAD counts too"

# ---- order
is "$(ids customer 'ordering=address.city.city,-customer_id&limit=20')" \
	"$(sql pagila "SELECT string_agg(customer_id::text, ',') FROM (SELECT customer_id FROM customer JOIN address USING (address_id) JOIN city USING (city_id) ORDER BY city, customer_id DESC LIMIT 20) x")" \
	"ordered by a to-one relation"
is "$(ids film 'ordering=original_language.name:nullsfirst,film_id&limit=5')" 1,2,3,4,5 "rows without it stay"
try 400 bad_filter GET '/api/dyn/film/?ordering=actor.last_name' '' 'Prefer: handling=strict'
ask GET '/api/dyn/customer/?customer_id=1&fields=customer_id,address.city.city,store.store_id'
like "$status $body" '^200 ' "a column of a to-one relation as a field"

# ---- groups and aggregates
ask GET '/api/dyn/film/?group_by=rating&aggregate=count(*),sum(length)+as+s&ordering=rating'
psql_says() {
	psql -XAtq -d pagila -v ON_ERROR_STOP=1 -v doc="$body" <<<"SELECT $1;"
}
is "$status $(psql_says "(:'doc')::jsonb = (SELECT jsonb_agg(r) FROM (SELECT rating, count(*), sum(length) s FROM film GROUP BY 1 ORDER BY 1) r)")" \
	'200 t' "rows of groups"
ask GET '/api/dyn/film/?group_by=rating&aggregate=count(*)&limit=2&count=exact&ordering=rating'
is "$status $(header Content-Range)" '200 film 0-1/5' "a slice of them counts groups"
ask HEAD '/api/dyn/film/?group_by=rating&aggregate=count(*)'
is "$status $(header Content-Range)" '200 film 0-4/5' "so does HEAD"
ask GET '/api/dyn/film/?aggregate=count(*),min(length),max(length)'
is "$status $body" "200 $(sql pagila "SELECT json_build_array(json_build_object('count', count(*), 'min_length', min(length), 'max_length', max(length))) FROM film" | tr -d ' ')" "aggregates alone are one row"
ask GET '/api/dyn/film/?fields=rating,rental_duration&distinct=true&count=exact&limit=3&ordering=rating,rental_duration'
is "$status $(header Content-Range)" "200 film 0-2/$(sql pagila 'SELECT count(*) FROM (SELECT DISTINCT rating, rental_duration FROM film) x')" "distinct rows are counted as such"
ask GET '/api/dyn/film/?fields=rating&distinct=true&format=csv&ordering=rating'
is "$status $(printf '%s' "$body" | tr -d '\r' | tr '\n' ' ')" '200 rating G PG PG-13 R NC-17' "and are CSV as well"

# ---- the same by a body
ask POST /api/dyn/film/search/ '{"actor.last_name":"TEMPLE","film_id__in":[53,61,"249"],"fields":["film_id"],"ordering":["-film_id"]}'
by_body=$body
ask GET '/api/dyn/film/?actor.last_name=TEMPLE&film_id__in=53,61,249&fields=film_id&ordering=-film_id'
is "$by_body" "$body" "POST search/ answers as GET"
ask QUERY /api/dyn/film/ '{"actor.last_name":"TEMPLE","film_id__in":[53,61,"249"],"fields":["film_id"],"ordering":["-film_id"]}'
is "$status $body" "200 $by_body" "and QUERY"
ask POST '/api/dyn/film/search/?format=csv' '{"title__in":["ACADEMY DINOSAUR","a,\"b"],"fields":"film_id"}'
is "$status $(printf '%s' "$body" | tr -d '\r' | tr '\n' ' ')" '200 film_id 1' "texts with commas, parameters in the address beside it"
ask POST /api/dyn/film/search/ '{"page":1,"page_size":2,"ordering":"film_id","fields":"film_id"}'
like "$body" '"count":1000,"next":"/api/dyn/film/\?page_size=2&ordering=film_id&fields=film_id&page=2"' "links lead to the same by GET"
try 400 bad_param POST /api/dyn/film/search/ '{"title":null}'
try 400 bad_param POST /api/dyn/film/search/ '{"film_id__in":[1,[2]]}'
try 400 bad_param POST '/api/dyn/film/search/?limit=1' '{"limit":2}'
try 400 bad_json POST /api/dyn/film/search/ '[1]'
try 400 bad_json POST /api/dyn/film/search/ '{"limit":1,"limit":2}'
try 400 bad_json POST /api/dyn/film/search/ '{"limit":'
try 415 unsupported_media_type POST /api/dyn/film/search/ 'limit=1' 'Content-Type: text/plain'
ask POST /api/dyn/film/search/ 'limit=1&fields=film_id' 'Content-Type: application/x-www-form-urlencoded'
is "$status $body" '200 [{"film_id":1000}]' "a search form"
try 404 not_found POST /api/dyn/nothing/search/ '{}'

# ---- rights
token=$(user_token bea)
ctl "$home" grant bea film,customer,address r >/dev/null
try 200 - POST /api/dyn/film/search/ '{"limit":1}'
try 403 forbidden POST /api/dyn/film/ '{"title":"x"}'
try 403 forbidden POST /api/dyn/rental/search/ '{"limit":1}'
try 403 forbidden GET '/api/dyn/film/?actor.last_name=TEMPLE'
try 403 forbidden GET '/api/dyn/customer/?address.city.city=x'
try 403 forbidden GET '/api/dyn/customer/?ordering=address.city.city'
try 403 forbidden GET '/api/dyn/customer/?fields=customer_id,address.city.city'
try 403 forbidden GET '/api/dyn/film/?group_by=language.name&aggregate=count(*)'
try 200 - GET '/api/dyn/customer/?address.district=Texas&limit=1'
# nothing about a table that he may not read, not even what is wrong with it
try 403 forbidden GET '/api/dyn/film/?language.language_id=x'
ctl "$home" grant bea city r >/dev/null
try 200 - GET '/api/dyn/customer/?address.city.city=x'
ctl "$home" grant anonymous film r >/dev/null
token=''
try 401 token_invalid GET '/api/dyn/film/?actor.last_name=TEMPLE'
try 200 - POST /api/dyn/film/search/ '{"limit":1}'

ask_same_pid
done_testing
