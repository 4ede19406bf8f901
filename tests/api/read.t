# Reading: lists, slices, pages, filters, search, order, fields, formats, rows.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

ask_start shop || bail_out "the API cannot be set up"
ctl "$home" grant anonymous product r >/dev/null
ask GET '/api/dyn/product/?limit=2&fields=id'
echo "$status"; echo "$head"; echo "B: $body"
try 400 bad_value GET '/api/dyn/product/?id=x'
try 401 token_invalid POST '/api/dyn/product/' '{"a":1}'
ask_end
