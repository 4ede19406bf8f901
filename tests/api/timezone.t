# Prefer: timezone= (the values of timestamptz in a zone of the client's own,
# for one request), with and without handling=strict.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql shop "CREATE TABLE moment (id int PRIMARY KEY, at timestamptz, plain timestamp, often timestamptz[], span tstzrange);
	INSERT INTO moment VALUES
	(1, '2024-01-15 12:00:00Z', '2024-01-15 12:00', '{2024-01-15 12:00Z}', '[2024-01-15 12:00Z,2024-07-15 12:00Z)'),
	(2, '2024-07-15 22:30:00.5Z', '2024-07-15 22:30', NULL, NULL),
	(3, '1850-01-01 00:00:00Z', NULL, NULL, NULL),
	(4, 'infinity', NULL, NULL, NULL),
	(5, '0044-03-15 00:00:00Z BC', NULL, NULL, NULL)"
api_programs "$home" && api_conf "$home" shop && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous moment r >/dev/null &&
	sql shop 'GRANT SELECT ON moment TO dynapi_responder' &&
	ask_serve || bail_out "the API cannot be set up"
m=/api/dyn/moment/

# in_zone ZONE QUERY : the last answer without blanks
in_zone() {
	ask GET "$m?ordering=id&$2" '' "Prefer: timezone=$1"
	printf '%s' "$body"
}
# json ZONE : all rows as PostgreSQL writes them in this zone
json() {
	sql shop "SET TimeZone = '$1'; SELECT json_agg(m ORDER BY id) FROM moment m" | tr -d '\n' | sed 's/}, *{/},{/g'
}

for zone in Europe/Berlin America/St_Johns Asia/Kathmandu UTC Etc/GMT+5 europe/berlin; do
	is "$(in_zone $zone '' | tr -d '\n')" "$(json $zone)" "every value in $zone as PostgreSQL has it"
	ask GET "$m?limit=1" '' "Prefer: timezone=$zone"
	is "$(header Preference-Applied)" "timezone=$zone" "and that it was applied"
done
like "$(in_zone '"Europe/Berlin"' 'id=1&fields=at')" '"at":"2024-01-15T13:00:00\+01:00"' "in quotes as RFC 7240 has values"
like "$(in_zone 'America/St_Johns' 'id=2&fields=at')" '"at":"2024-07-15T20:00:00.5-02:30"' "summer, and half an hour"
ask GET "$m?limit=1"
is "$(header Preference-Applied)" '' "the next request has none"
like "$body" '\+00:00|infinity' "and UTC"
ask GET "${m}1/?fields=at" '' 'Prefer: timezone=Asia/Tokyo'
is "$status $body" '200 {"at":"2024-01-15T21:00:00+09:00"}' "one row"
ask GET "$m?fields=at&id=1&format=csv" '' 'Prefer: timezone=Asia/Tokyo'
like "$body" '2024-01-15T21:00:00\+09:00' "CSV"
is "$(in_zone Asia/Tokyo 'at=2024-01-15T21:00:00&fields=id')" '[{"id":1}]' "values without offset are meant in it"
is "$(in_zone Asia/Tokyo 'at=2024-01-15T12:00:00Z&fields=id')" '[{"id":1}]' "those with one are not"
ask GET "$m?ordering=at&fields=id&cursor=&limit=2" '' 'Prefer: timezone=Asia/Tokyo'
next=$(header Link | sed 's/^<\(.*\)>.*/\1/')
ask GET "$next" '' 'Prefer: timezone=America/Lima'
is "$status $body" '200 [{"id":1},{"id":2}]' "a cursor is the same moment in every zone"

for zone in Mars/Olympus Europe/Nowhere '' "Europe/Berlin';" 'Europe Berlin' "$(printf 'A%.0s' $(seq 100))" ../../etc/passwd; do
	ask GET "$m?id=1&fields=at" '' "Prefer: timezone=$zone"
	is "$status $(header Preference-Applied) $body" '200  [{"at":"2024-01-15T12:00:00+00:00"}]' "ignored: ${zone:0:20}"
	try 400 bad_param GET "$m?id=1" '' "Prefer: handling=strict, timezone=$zone"
done
ask GET "${m}1/?fields=at" '' 'Prefer: timezone=Mars/Olympus'
is "$status $body" '200 {"at":"2024-01-15T12:00:00+00:00"}' "also of one row"
ask POST "${m}search/" '{"id":1,"fields":"at"}' 'Prefer: timezone=Asia/Tokyo'
like "$status $body" '^200 .*21:00:00\+09:00' "and by a body"

# nobody learns from it what he has no right to
ctl "$home" revoke anonymous moment >/dev/null
try 401 token_invalid GET "$m" '' 'Prefer: timezone=Mars/Olympus'
ctl "$home" grant anonymous moment r >/dev/null
ask_conf shop 'conceal = yes'
ask GET "$m?id=1&fields=at&nope.x=1" '' 'Prefer: timezone=Mars/Olympus'
is "$status $body" '200 [{"at":"2024-01-15T12:00:00+00:00"}]' "behind conceal too"
ask_same_pid
done_testing
