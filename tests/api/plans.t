# The plans of what really runs, as auto_explain logs them: pages by cursor,
# relations beside rows, conditions through them and counts use the indexes
# that are there, and page 10,000 reads as many buffers as page 1.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"
. "$DYNAPI_SRCDIR/tests/lib/ask.sh"
need spawn-fcgi multiwatch

pg_home "$home" || bail_out "no cluster"
sql shop "CREATE TABLE owner (id int PRIMARY KEY, name text NOT NULL);
	CREATE INDEX owner_name ON owner (name);
	INSERT INTO owner SELECT i, 'name ' || i FROM generate_series(1, 20000) i;
	CREATE TABLE item (id int PRIMARY KEY, owner_id int NOT NULL REFERENCES owner, made timestamptz NOT NULL, n int, note text);
	INSERT INTO item SELECT i, 1 + i * 7919::bigint % 20000, timestamptz '2024-01-01 00:00Z' + i * 7 % 150001 * interval '1 minute',
		CASE WHEN i % 10 > 0 THEN i * 31 % 5000 END, 'note ' || i FROM generate_series(1, 150000) i;
	CREATE INDEX item_owner ON item (owner_id);
	CREATE INDEX item_made ON item (made, id);
	CREATE INDEX item_n ON item (n, id);
	CREATE INDEX item_words ON item USING gin (to_tsvector('english', note));
	ALTER DATABASE shop SET default_text_search_config = 'pg_catalog.english';
	CREATE TABLE label (id int PRIMARY KEY, name text);
	INSERT INTO label SELECT i, 'label ' || i FROM generate_series(1, 5000) i;
	CREATE TABLE item_label (item_id int REFERENCES item, label_id int REFERENCES label, PRIMARY KEY (item_id, label_id));
	INSERT INTO item_label SELECT 1 + i * 7 % 150000, 1 + i * 13 % 5000 FROM generate_series(1, 100000) i ON CONFLICT DO NOTHING;
	CREATE INDEX item_label_label ON item_label (label_id);
	CREATE TABLE folder (id int PRIMARY KEY, parent_id int REFERENCES folder, name text);
	INSERT INTO folder SELECT i, nullif(i / 8, 0), 'folder ' || i FROM generate_series(1, 60000) i;
	CREATE INDEX folder_parent ON folder (parent_id)" &&
	sql shop 'VACUUM ANALYZE' || bail_out "no tables"
api_programs "$home" && api_conf "$home" shop 'search.item = @note' 'search.owner = @item.note' 'search.label = ^name' && api_init "$home" secret-of-admin &&
	ctl "$home" grant anonymous owner,item,label,item_label,folder r >/dev/null &&
	sql shop "GRANT SELECT ON owner, item, label, item_label, folder TO dynapi_responder;
		ALTER ROLE dynapi_responder SET session_preload_libraries = 'auto_explain';
		ALTER ROLE dynapi_responder SET auto_explain.log_min_duration = 0;
		ALTER ROLE dynapi_responder SET auto_explain.log_analyze = on;
		ALTER ROLE dynapi_responder SET auto_explain.log_timing = off;
		ALTER ROLE dynapi_responder SET auto_explain.log_buffers = on" &&
	ask_serve || bail_out "the API cannot be set up"

# plan URI : asks it, and leaves the plans of its statements (not the guard's)
# in $plans, and in $buffers how many pages they have touched
plan() {
	local from
	from=$(wc -c <"$home/log/postgresql")
	ask GET "$1"
	[ "$status" = 200 ] || diag "$status $body"
	wait_for 5 plan_is_logged "$from"
	plans=$(tail -c +"$((from + 1))" "$home/log/postgresql" | awk '
		/ plan:$/ { text = ""; keep = 1; next }
		/^\tQuery Text: / { keep = /"public"\./ || /reltuples/ }
		/^\t/ { if (keep) print; next }
		{ keep = 0 }' | grep -v '^.Query Text: ')
	# what a node touches holds what those below it do
	buffers=$(awk '/^\t[^ ]/ { top = 1 } top && /Buffers: / { split($0, w, " ")
		for (i in w) if (w[i] ~ /^(hit|read)=/) { sub(/.*=/, "", w[i]); sum += w[i] }
		top = 0 } END { print sum + 0 }' <<<"$plans")
}
plan_is_logged() {
	tail -c +"$(($1 + 1))" "$home/log/postgresql" | grep -qE '"public"\.|reltuples'
}

# uses INDEX... : the last plans have these, and read no whole table
uses() {
	local name=$1 index
	shift
	for index; do
		if ! grep -qE "(Index|Index Only|Bitmap Index) Scan( Backward)? (using|on) $index( |\$)" <<<"$plans"; then
			fail "$name: $index is used"
			diag "$plans"
			return
		fi
	done
	if grep -q 'Seq Scan' <<<"$plans"; then
		fail "$name: no table is read whole"
		diag "$plans"
		return
	fi
	pass "$name uses $*"
}

# sorts_not NAME : the order comes from the index
sorts_not() {
	unlike "$plans" 'Sort' "$1: nothing is sorted"
}

next() {
	header Link | sed -n 's/^<\(.*\)>; rel="next"$/\1/p'
}

# ---- one row, filters
plan /api/dyn/item/77/
uses "a row by its key" item_pkey
plan '/api/dyn/item/?id__in=5,7,9&fields=note'
uses "a list of keys" item_pkey
plan '/api/dyn/item/?n__between=100,103&fields=note&ordering=n'
uses "between" item_n
plan '/api/dyn/item/?made__gte=2024-01-02T00:00:00Z&made__lt=2024-01-02T01:00:00Z&ordering=made,id&fields=id'
uses "a span of time" item_made
plan '/api/dyn/item/?n__isnull=true&ordering=n,id&limit=5&fields=id'
uses "null" item_n
plan '/api/dyn/item/?note__fts=4711+or+4712&fields=id'
uses "words in a text column" item_words
is "$body" '[{"id":4712},{"id":4711}]' "and finds them"
plan '/api/dyn/owner/?item.note__fts=4711&fields=id'
like "$plans" 'Bitmap Index Scan on item_words' "words in a text column of a relation use it, too"
for term in 4711 '%22note+4712%22' 4713 4714 4715 4716 4717; do
	plan "/api/dyn/item/?search=$term&fields=id"
done
uses "a search by @" item_words
is "$body" '[{"id":4717}]' "and finds them, also once the statement is prepared"
plan '/api/dyn/item/?search=note,4711&fields=id'
uses "two terms" item_words
plan '/api/dyn/owner/?search=4711&fields=id'
like "$plans" 'Bitmap Index Scan on item_words' "a search by @ through a relation uses it, too"

# ---- pages by cursor
for order in made,id -made,-id; do
	plan "/api/dyn/item/?ordering=$order&fields=id&limit=10&cursor="
	uses "the first page by $order" item_made
	sorts_not "the first page by $order"
	plan "$(next)"
	uses "the second page by $order" item_made
	sorts_not "the second page by $order"
	like "$plans" 'Index Cond: \(ROW\(made, id\) [<>] ROW' "with the cursor as its condition"
done
plan '/api/dyn/item/?ordering=n,id&fields=id&limit=10&cursor='
uses "the first page by a column with nulls" item_n
plan "$(next)"
uses "the second page by a column with nulls" item_n
unlike "$plans" 'actual rows=[0-9]{3}' "and reads no more than its rows"
plan '/api/dyn/item/?fields=id&limit=10&cursor='
uses "the first page by the key" item_pkey
plan "$(next)"
uses "the second page by the key" item_pkey
sorts_not "the second page by the key"

# far PARAMETERS : the address of page 10,000, ten rows each
far() {
	local uri="/api/dyn/item/?$1&fields=id&limit=1000&cursor=" i
	for ((i = 0; i < 100; i++)); do
		ask GET "$uri"
		uri=$(next)
	done
	printf '%s' "${uri/limit=1000/limit=10}"
}

for order in made,id -made,-id id n,id; do
	plan "/api/dyn/item/?ordering=$order&fields=id&limit=10&cursor="
	first=$buffers
	plan "$(far "ordering=$order")"
	like "$body" '^\[(\{"id":[0-9]+\},?){10}\]$' "page 10,000 by $order"
	ok "reads $buffers buffers, page 1 $first" test "$buffers" -le $((first * 3 / 2 + 12))
done
plan '/api/dyn/item/?ordering=made,id&fields=id&limit=10&offset=100000'
ok "an offset as far reads $buffers" test "$buffers" -gt 300

# ---- relations
plan '/api/dyn/item/?ordering=made,id&limit=10&include=owner'
uses "a to-one relation of a page" item_made owner_pkey
plan '/api/dyn/item/?ordering=made,id&limit=10&include=owner&cursor='
plan "$(next)"
uses "a to-one relation of a page by cursor" item_made owner_pkey
plan '/api/dyn/owner/?ordering=id&limit=10&include=item'
uses "a to-many relation of a page" owner_pkey item_owner
plan '/api/dyn/owner/?ordering=id&limit=10&include=item(limit=3;ordering=-made)'
uses "with a limit of its own" owner_pkey item_owner
plan '/api/dyn/owner/?id__lt=20&include=item(limit=3;ordering=-made)'
uses "of a list that streams" owner_pkey item_owner
plan '/api/dyn/owner/?ordering=id&limit=10&include=item(limit=3;include=label(limit=2))'
uses "and through a join table" owner_pkey item_owner item_label_pkey label_pkey
plan '/api/dyn/owner/77/?include=item.label'
uses "of one row" owner_pkey item_owner item_label_pkey label_pkey

# ---- conditions through relations
plan '/api/dyn/item/?owner.name=name%2077&fields=id'
uses "a condition on a to-one relation" owner_name item_owner
plan '/api/dyn/owner/?item.id=5&fields=name'
uses "on a to-many relation" item_pkey owner_pkey
plan '/api/dyn/item/?label.id=7&fields=id'
uses "through a join table" item_label_label item_pkey

# ---- trees
plan '/api/dyn/folder/1500/?include=folder(depth=3)'
uses "a depth downwards" folder_pkey folder_parent
plan '/api/dyn/folder/?ordering=id&limit=10&include=folder(depth=3;limit=2;ordering=id)'
uses "with a limit for each" folder_pkey folder_parent
plan '/api/dyn/folder/59999/?include=parent(depth=5)'
uses "a depth upwards" folder_pkey
plan '/api/dyn/folder/?parent_id__descendant_of=1500&fields=id'
uses "rows below another" folder_pkey folder_parent
ok "reads $buffers buffers for 8 of them" test "$buffers" -lt 600
plan '/api/dyn/folder/?parent_id__descendant_of=77&fields=id&ordering=id&limit=10&count=exact'
uses "a page of them" folder_pkey folder_parent
plan '/api/dyn/folder/?parent_id__ancestor_of=59999&fields=id'
uses "rows above another" folder_pkey
ok "reads $buffers buffers for them" test "$buffers" -lt 100
plan '/api/dyn/folder/?id=1500&parent_id__ndescendant_of=1500&fields=id'
uses "one row that is not below another" folder_pkey folder_parent

# ---- counts
plan '/api/dyn/item/?owner_id=7&limit=1&count=exact'
uses "an exact count" item_owner
plan '/api/dyn/item/?owner.name=name%2077&page_size=1'
uses "the count of a page" owner_name item_owner
plan '/api/dyn/item/?limit=1&ordering=id&count=estimated'
like "$plans" 'Aggregate [^\n]*\(never executed\)' "an estimate counts nothing"
ok "and reads $buffers buffers" test "$buffers" -lt 60
plan '/api/dyn/item/?limit=10&ordering=made,id'
uses "a slice without a total" item_made
ok "reads $buffers buffers for it" test "$buffers" -lt 60

ask_end
