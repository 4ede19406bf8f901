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

# ---- writing
sql shop 'GRANT ALL ON moment TO dynapi_responder' && ctl "$home" grant anonymous moment crudb >/dev/null
local='2024-01-15T21:00:00' w='Prefer: timezone=Asia/Tokyo, return=representation'
# at ID : what was stored
at() {
	sql shop "SELECT at AT TIME ZONE 'UTC' FROM moment WHERE id = $1"
}
# heard STATUS METHOD URI BODY ID WHAT : a value without offset is meant in the zone
heard() {
	sql shop "UPDATE moment SET at = NULL WHERE id = $5"
	ask "$2" "$3" "$4" "$w"
	is "$status $(header Preference-Applied | tail -n 1) $(at "$5")" "$1 timezone=Asia/Tokyo 2024-01-15 12:00:00" "$6"
	like "$body" '"at":"2024-01-15T21:00:00\+09:00"' "and is shown in it"
	is "$(header ETag)" '' "without a tag, as in a read"
}
heard 201 POST "$m" "{\"id\":20,\"at\":\"$local\"}" 20 "POST"
heard 201 POST "$m" "[{\"id\":21,\"at\":\"$local\"}]" 21 "POST of a list"
heard 200 PATCH "${m}20/" "{\"at\":\"$local\"}" 20 "PATCH"
heard 200 PUT "${m}20/" "{\"at\":\"$local\"}" 20 "PUT"
heard 200 PATCH "$m?id=20" "{\"at\":\"$local\"}" 20 "PATCH of a condition"
heard 200 PATCH "$m" "[{\"id\":20,\"at\":\"$local\"}]" 20 "PATCH of rows"
heard 200 POST /api/auto/moment "{\"id\":22,\"at\":\"$local\"}" 22 "auto: POST"
heard 200 POST /api/auto/moment "[{\"id\":23,\"at\":\"$local\"}]" 23 "auto: POST of a list"
heard 200 PATCH /api/auto/moment/20 "{\"at\":\"$local\"}" 20 "auto: PATCH"
heard 201 POST /api/v2/moment "{\"id\":24,\"at\":\"$local\"}" 24 "v2: POST"
heard 200 PUT /api/v2/moment/20 "{\"at\":\"$local\"}" 20 "v2: PUT"
ask POST /api/auto/moment/with_relations "{\"id\":25,\"at\":\"$local\"}" "$w"
is "$status $(at 25)" '200 2024-01-15 12:00:00' "auto: with relations"
ask DELETE "$m?at=$local&ids=25" '' 'Prefer: timezone=Asia/Tokyo'
is "$status $body" '200 {"deleted":1}' "a condition of a change of many"
ask PATCH "${m}20/" '{"often":[]}' "$w"
like "$status $body" '^200 .*"at":"2024-01-15T21:00:00\+09:00"' "the values that are there"
for uri in "${m}20/" "$m?id=20" /api/auto/moment/20 '/api/auto/moment?where=["id",20]'; do
	ask PATCH "$uri" '{"at":"2024-01-15T12:00:00"}' 'Prefer: timezone=Mars/Olympus'
	is "$status $(header Preference-Applied) $(at 20)" '200  2024-01-15 12:00:00' "an unknown zone is ignored: $uri"
	sql shop 'UPDATE moment SET at = NULL WHERE id = 20'
	ask PATCH "$uri" '{"at":"2024-01-15T12:00:00"}' 'Prefer: handling=strict, timezone=Mars/Olympus'
	is "$status $(at 20)" '400 ' "or refused, and nothing is written"
done
ask POST "$m" '{"id":30,"at":"2024-01-15T12:00:00"}' 'Prefer: timezone=Mars/Olympus' 'Idempotency-Key: z1'
is "$status $(at 30)" '201 2024-01-15 12:00:00' "with an Idempotency-Key"
ask POST "$m" '[{"id":31,"at":"2024-01-15T12:00:00"}]' 'Prefer: timezone=Mars/Olympus' 'Idempotency-Key: z2'
is "$status $(at 31)" '201 2024-01-15 12:00:00' "and many"
ask POST "$m" $'{"id":32,"at":"2024-01-15T12:00:00"}\n' 'Prefer: timezone=Mars/Olympus' 'Content-Type: application/x-ndjson'
is "$status $body $(at 32)" '201 {"created":1} 2024-01-15 12:00:00' "and lines"
ask POST "$m" $'{"id":33,"at":"2024-01-15T21:00:00"}\n' 'Prefer: timezone=Asia/Tokyo' 'Content-Type: application/x-ndjson'
is "$status $body $(at 33)" '201 {"created":1} 2024-01-15 12:00:00' "which are meant in the zone"
ask POST "$m" $'{"id":34}\n' 'Prefer: handling=strict, timezone=Mars/Olympus' 'Content-Type: application/x-ndjson'
is "$status" 400 "or refused"
ask PATCH "${m}20/" '{"at":"x"}' 'Prefer: timezone=Mars/Olympus'
is "$status $(fields)" '400 at' "what else is wrong is still told"
try 400 unknown_column PATCH "${m}20/" '{"nope":1}' 'Prefer: timezone=Mars/Olympus'
try 400 bad_value GET "$m?id=x" '' 'Prefer: timezone=Mars/Olympus'
# a tag is made of texts: of what the zone shows otherwise there is none
ask GET "${m}20/"
tag=$(header ETag)
try 400 bad_request PATCH "${m}20/" '{"often":null}' 'Prefer: timezone=Asia/Tokyo' "If-Match: $tag"
try 400 bad_request PATCH "${m}20/" '{}' 'Prefer: timezone=Asia/Tokyo' "If-Match: $tag"
try 400 bad_request DELETE "${m}20/" '' 'Prefer: timezone=Asia/Tokyo' 'If-None-Match: "x"'
try 200 - PATCH "${m}20/" '{"often":null}' 'Prefer: timezone=Asia/Tokyo' 'If-Match: *'
sql shop 'CREATE TABLE plain (id int PRIMARY KEY, n int, at timestamp); INSERT INTO plain VALUES (1, 1, now());
	GRANT ALL ON plain TO dynapi_responder' && introspect "$home" >/dev/null && ctl "$home" grant anonymous plain ru >/dev/null
ask GET /api/dyn/plain/1/
tag=$(header ETag)
try 200 - PATCH /api/dyn/plain/1/ '{"n":2}' 'Prefer: timezone=Asia/Tokyo' "If-Match: $tag"
try 412 precondition_failed PATCH /api/dyn/plain/1/ '{"n":2}' 'Prefer: timezone=Asia/Tokyo' "If-Match: $tag"
ctl "$home" revoke anonymous moment >/dev/null
try 401 token_invalid PATCH "${m}20/" '{"at":null}' 'Prefer: timezone=Mars/Olympus'
try 401 token_invalid PATCH "${m}20/" '{"at":null}' 'Prefer: handling=strict, timezone=Mars/Olympus'
try 401 token_invalid PATCH "${m}20/" '{"at":null}' 'Prefer: handling=strict, tx=nope'
ctl "$home" grant anonymous moment r >/dev/null

ask GET '/api/v2/moment?count=true' '' 'Prefer: timezone=Asia/Tokyo'
is "$status $(header Preference-Applied)" '200 timezone=Asia/Tokyo' "a count of v2 in a zone"
count=$body
for uri in '/api/v2/moment?count=true' '/api/v2/moment?count=true&page=1&per=1'; do
	ask GET "$uri" '' 'Prefer: timezone=Mars/Olympus'
	is "$status $(header Preference-Applied)" '200 ' "an unknown zone is ignored: $uri"
	ask GET "$uri" '' 'Prefer: handling=strict, timezone=Mars/Olympus'
	like "$status $body" '^400 .*Prefer: There is no such time zone' "or refused"
done
ask GET '/api/v2/moment?count=true' '' 'Prefer: timezone=Mars/Olympus'
is "$body" "$count" "and it is the same count"

# nobody learns from it what he has no right to
ctl "$home" revoke anonymous moment >/dev/null
try 401 token_invalid GET "$m" '' 'Prefer: timezone=Mars/Olympus'
try 401 token_invalid GET "$m" '' 'Prefer: handling=strict, timezone=Mars/Olympus'
ask GET '/api/v2/moment?count=true' '' 'Prefer: handling=strict, timezone=Mars/Olympus'
is "$status" 401 "nor in v2"
ctl "$home" grant anonymous moment r >/dev/null
ask_conf shop 'conceal = yes'
ask GET "$m?id=1&fields=at&nope.x=1" '' 'Prefer: timezone=Mars/Olympus'
is "$status $body" '200 [{"at":"2024-01-15T12:00:00+00:00"}]' "behind conceal too"
ask_same_pid
done_testing
