# The auto dialect on pagila and chinook: both ways to write a question give the
# rows that psql finds.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch
need_testdata sql/pagila.sql

pg_home "$home" && api_programs "$home" || bail_out "no cluster"

# serve DATABASE
serve() {
	rm -f "$home/snapshot/schema.sqlite"
	api_conf "$home" "$1" && api_init "$home" secret-of-admin &&
		sql "$1" 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO dynapi_responder' &&
		ask_serve || bail_out "$1 is not served"
	db=$1
	token=$(user_token admin)
}
# same TABLE KEY SQL QUERY... : every query finds the rows whose keys, in order,
# the SQL behind "SELECT key FROM" gives
same() {
	local table=$1 key=$2 want query
	want=$(sql "$db" "SELECT string_agg(k::text, ',') FROM (SELECT t.$key AS k FROM $3) x") ||
		bail_out "psql does not take $3"
	shift 3
	for query; do
		ask GET "/api/auto/$table?page_size=100&$query"
		is "$status $(printf '%s' "$body" | grep -o "[[{,]{*\"$key\":[0-9]*" | grep "{" | tr -dc '0-9\n' | paste -sd,)" \
			"200 $want" "$db: $table?$query"
	done
	[ -n "$want" ] || fail "$db: $table has such rows"
}

serve pagila
same film film_id "film t WHERE rental_rate = 0.99 AND length < 50 ORDER BY film_id LIMIT 100" \
	'where=[["rental_rate",0.99],["length","<",50]]&order_by=film_id' \
	'where={"rental_rate":0.99,"length":["<",50]}&order_by=[{"film_id":"ASC"}]' \
	'where=(rental_rate,0.99)+(length,%3C,50)&order_by=["film_id"]'
same film film_id "film t WHERE rating = 'G' AND (length = 100 OR length = 120) ORDER BY title DESC" \
	'where=["rating","G"]&or_where=[["length",100],["length",120]]&order_by=["title","DESC"]' \
	'where={"rating":"G"}&or_where=(length,100)+(length,120)&order_by=[{"title":"DESC"}]'
same film film_id "film t WHERE title LIKE 'A%' AND title NOT LIKE '%E%' ORDER BY film_id" \
	'where=[["title","like","A%25"],["title","!like","%25E%25"]]&order_by=film_id' \
	'where=[{"title":["LIKE","A%25"]},{"title":["!LIKE","%25E%25"]}]&order_by=film_id'
same film film_id "film t WHERE film_id IN (1, 5, 9, 99999) ORDER BY film_id" \
	'where=["film_id","in",[1,5,9,99999]]&order_by=film_id' \
	'where={"film_id":["in",[1,5,9,99999]]}&order_by=film_id' \
	'where=(film_id,in,[1,5,9,99999])&order_by=film_id'
same address address_id "address t WHERE address2 IS NULL ORDER BY address_id LIMIT 100" \
	'where=["address2",null]&order_by=address_id' \
	'where={"address2":null}&order_by=address_id' \
	'where=["address2","=","NULL"]&order_by=address_id'
same address address_id "address t WHERE address2 IS NOT NULL AND postal_code > '9' ORDER BY district, address_id LIMIT 100" \
	'where=[["address2","!=",null],["postal_code",">","9"]]&order_by=[["district"],["address_id"]]' \
	'where={"address2":["!=","null"],"postal_code":[">","9"]}&order_by=[{"district":"asc"},{"address_id":"asc"}]'
same customer customer_id "customer t JOIN address a USING (address_id) JOIN city c USING (city_id) WHERE c.city LIKE 'S%' ORDER BY customer_id LIMIT 100" \
	'where=["address.city.city","like","S%25"]&order_by=customer_id' \
	'where={"address.city.city":["like","S%25"]}&order_by=customer_id&include=address.city'
same country country_id "country t WHERE EXISTS (SELECT FROM city c WHERE c.country_id = t.country_id AND c.city LIKE 'Z%') ORDER BY country DESC" \
	'where=["city.city","like","Z%25"]&order_by=["country","DESC"]' \
	'where={"city.city":["like","Z%25"]}&order_by={"country":"DESC"}'
same actor actor_id "actor t WHERE EXISTS (SELECT FROM film_actor x JOIN film f USING (film_id) WHERE x.actor_id = t.actor_id AND f.length > 184) ORDER BY actor_id LIMIT 100" \
	'where=["film.length",">",184]&order_by=actor_id' \
	'where={"film.length":[">",184]}&order_by=actor_id'
same city city_id "city t JOIN country USING (country_id) ORDER BY country, city_id LIMIT 100 OFFSET 100" \
	'order_by=[["country.country"],["city_id"]]&page=2' \
	'order_by=[{"country.country":"ASC"},{"city_id":"ASC"}]&page=2'

# children: their own condition and order; the parents stay
ask GET '/api/auto/country?where=["country_id","in",[1,2,44]]&order_by=country_id&include=city&filter=["city.city","like","A%25"]&sort=["city.city","DESC"]'
one=$body
is "$status $(printf '%s' "$body" | grep -o '"city":"[^"]*"' | cut -d'"' -f4 | paste -sd,)" \
	"200 $(sql pagila "SELECT string_agg(city, ',' ORDER BY country_id, city DESC) FROM city WHERE country_id IN (1, 2, 44) AND city LIKE 'A%'")" \
	"pagila: filter and sort are the children's"
is "$(printf '%s' "$body" | grep -o '"country":' | wc -l)" 3 "pagila: no parent is lost"
ask GET '/api/auto/country?where={"country_id":["in",[1,2,44]]}&order_by=[{"country_id":"ASC"}]&include=city&filter={"city.city":["like","A%25"]}&sort=[{"city.city":"DESC"}]'
is "$body" "$one" "pagila: in the other form too"
ask GET '/api/auto/film?page_size=1000'
is "$status $(header X-Total-Count) $(printf '%s' "$body" | grep -o '"film_id":' | wc -l)" '200 1000 100' "pagila: at most 100 rows"

ask_same_pid
responders_stop "$home"
serve chinook
same track track_id "track t JOIN album USING (album_id) JOIN artist a USING (artist_id) WHERE a.name = 'AC/DC' ORDER BY t.name, t.track_id" \
	'where=["album.artist.name","AC/DC"]&order_by=[["name"],["track_id"]]' \
	'where={"album.artist.name":"AC/DC"}&order_by=[{"name":"ASC"},{"track_id":"ASC"}]'
same artist artist_id "artist t WHERE EXISTS (SELECT FROM album b JOIN track k USING (album_id) WHERE b.artist_id = t.artist_id AND k.milliseconds > 2000000) ORDER BY artist_id" \
	'where=["album.track.milliseconds",">",2000000]&order_by=artist_id' \
	'where={"album.track.milliseconds":[">",2000000]}&order_by=artist_id'
same playlist playlist_id "playlist t WHERE EXISTS (SELECT FROM playlist_track x WHERE x.playlist_id = t.playlist_id AND x.track_id = 597) ORDER BY playlist_id" \
	'where=["track.track_id",597]&order_by=playlist_id' \
	'or_where=(track.track_id,597)&order_by=playlist_id'
same invoice invoice_id "invoice t WHERE total >= 15 AND billing_country != 'USA' ORDER BY invoice_id LIMIT 100" \
	'where=[["total",">=",15],["billing_country","!=","USA"]]&order_by=invoice_id' \
	'where={"total":[">=",15],"billing_country":["!=","USA"]}&order_by=invoice_id'

ask_end
