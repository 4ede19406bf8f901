# dynapi-introspect: what it finds in pagila, chinook and in a database made to
# be awkward, compared with what the catalogs say; what it prints when things
# change; what it refuses.

. "${DYNAPI_SRCDIR:-$(dirname "$0")/../..}/tests/lib/tap.sh"
. "$DYNAPI_SRCDIR/tests/lib/pg.sh"
. "$DYNAPI_SRCDIR/tests/lib/api.sh"

home=$TMP/home
pg_home "$home" && api_programs "$home" || bail_out "no database"
sql postgres "create role plain login" || bail_out "no role"
snapshot=$home/snapshot/schema.sqlite

# use DATABASE [LINE...] : the configuration, as a role without any right
use() {
	local db=$1
	shift
	api_conf "$home" "$db" \
		"conninfo = host=$home/run dbname=$db user=plain" "$@"
}

# run NAME STATUS [ARGUMENT...] : standard output in $out, errors in $err
run() {
	local name=$1 want=$2 status
	shift 2
	out=$(introspect "$home" "$@" 2>"$TMP/err")
	status=$?
	err=$(cat "$TMP/err")
	is "$status" "$want" "$name: status"
	[ "$status" = "$want" ] || diag "$out$err"
}

# fresh : no snapshot
fresh() {
	rm -f "$snapshot"
}

# has TEXT NAME, has_not TEXT NAME : a line of $out
has() {
	ok "$2" grep -qxF -- "$1" <<<"$out"
}

has_not() {
	not_ok "$2" grep -qxF -- "$1" <<<"$out"
}

# ask DATABASE SQL : rows; j is what --json prints
ask() {
	introspect "$home" --json >"$TMP/json" || return 1
	{
		# shellcheck disable=SC2016
		printf '\\set j `cat %q`\n' "$TMP/json"
		printf 'select :%sj%s::json as j \\gset\n' "'" "'"
		printf "set search_path = '';\n"
		printf 'create temp view doc as select :%sj%s::json as j;\n' "'" "'"
		printf '%s;\n' "$2"
	} | psql -XAtq -v ON_ERROR_STOP=1 -d "$1"
}

## ---- usage

use shop
run "unknown option" 2 --frob
like "$err" 'usage: dynapi-introspect' "the usage is shown"
run "two tasks" 2 --check --list
run "an argument" 2 film
run "--help" 0 --help
like "$out" '--check .*stale' "the help explains --check"
run "-V" 0 -V
like "$out" '^dynapi-introspect [0-9.]+ \(snapshot format 3\)$' "the version"
echo "schmas = public" >>"$home/dynapi.conf"
run "a mistake in the configuration" 1
like "$err" 'dynapi.conf:[0-9]+: ' "it is named with its line"
is "$out" "" "and nothing is printed"
ok "and nothing is written" test ! -e "$snapshot"

## ---- against the catalogs

# the same question to the catalogs and to --json must give the same rows
columns="
select t->>'table', c->>'name', c->>'type', c->>'not_null', c->>'has_default'
from doc, json_array_elements(j->'tables') t, json_array_elements(t->'columns') c
where t->>'kind' <> 'view'"
catalog_columns="
select n.nspname || '.' || r.relname, attname,
	format_type(atttypid, atttypmod),
	case when attnotnull or typnotnull then 'true' else 'false' end,
	case when atthasdef and attgenerated = '' then 'true' else 'false' end
from pg_attribute a join pg_class r on r.oid = attrelid
	join pg_namespace n on n.oid = relnamespace join pg_type y on y.oid = atttypid
where relkind in ('r','p','m') and not relispartition and attnum > 0
	and not attisdropped and nspname in ('public','legacy')"
fkeys="
select t->>'table', f->>'name', f->>'table', f->>'columns', f->>'far_columns'
from doc, json_array_elements(j->'tables') t,
	json_array_elements(t->'foreign_keys') f"
refs="
select f->>'table', f->>'name', t->>'table', f->>'far_columns', f->>'columns'
from doc, json_array_elements(j->'tables') t,
	json_array_elements(t->'references') f"
catalog_fkeys="
select n.nspname || '.' || r.relname, conname, fn.nspname || '.' || f.relname,
	(select '[' || string_agg(to_json(attname)::text, ',' order by k.i) || ']'
	from pg_attribute, unnest(conkey) with ordinality k(num, i)
	where attrelid = conrelid and attnum = k.num),
	(select '[' || string_agg(to_json(attname)::text, ',' order by k.i) || ']'
	from pg_attribute, unnest(confkey) with ordinality k(num, i)
	where attrelid = confrelid and attnum = k.num)
from pg_constraint c join pg_class r on r.oid = conrelid
	join pg_namespace n on n.oid = r.relnamespace
	join pg_class f on f.oid = confrelid
	join pg_namespace fn on fn.oid = f.relnamespace
where contype = 'f' and not r.relispartition and conparentid = 0
	and n.nspname in ('public','legacy')"
keys="
select t->>'table', t->>'key' from doc, json_array_elements(j->'tables') t
where json_array_length(t->'key') > 0"
catalog_keys="
select n.nspname || '.' || r.relname,
	(select '[' || string_agg(to_json(attname)::text, ',' order by k.i) || ']'
	from pg_attribute, unnest(conkey) with ordinality k(num, i)
	where attrelid = conrelid and attnum = k.num)
from pg_constraint c join pg_class r on r.oid = conrelid
	join pg_namespace n on n.oid = r.relnamespace
where contype = 'p' and not r.relispartition
	and n.nspname in ('public','legacy')"
updatable="
select t->>'table', t->>'can_insert', t->>'can_update'
from doc, json_array_elements(j->'tables') t where t->>'kind' = 'view'"
information_updatable="
select table_schema || '.' || table_name,
	case when is_insertable_into = 'YES' or is_trigger_insertable_into = 'YES'
	then 'true' else 'false' end,
	case when is_updatable = 'YES' or is_trigger_updatable = 'YES'
	then 'true' else 'false' end
from information_schema.views where table_schema in ('public','legacy')"

# agree DATABASE NAME OURS THEIRS : rows of one that the other lacks
agree() {
	local n
	n=$(ask "$1" "select count(*) from ($4) x")
	isnt "$n" 0 "$1: $2: there is something to compare"
	is "$(ask "$1" "($3 except $4) union all ($4 except $3) limit 5")" "" \
		"$1: $2 are those of the catalogs"
}

for db in pagila chinook; do
	need_db=$(sql postgres "select count(*) from pg_database
		where datname = '$db'")
	if [ "$need_db" = 0 ]; then
		need_testdata "sql/$db.sql"
		continue
	fi
	# as the owner: information_schema shows others less
	schemas=public
	[ $db = chinook ] || schemas="public, legacy"
	api_conf "$home" $db "schemas = $schemas" \
		"conninfo = host=$home/run dbname=$db user=dynapi_dba"
	agree $db columns "$columns" "$catalog_columns"
	agree $db "foreign keys" "$fkeys" "$catalog_fkeys"
	agree $db references "$refs" "$catalog_fkeys"
	agree $db keys "$keys" "$catalog_keys"
	[ $db = chinook ] ||
		agree $db "what views can" "$updatable" "$information_updatable"
	fresh
	run "$db: first run" 0
	like "$out" "^snapshot written: (26|11) tables\$" "$db: it says how many"
	is "$err" "" "$db: no complaint"
	before=$(stat -c %i-%Y "$snapshot")
	run "$db: second run" 0
	is "$out$err" "" "$db: nothing new, nothing said"
	is "$(stat -c %i-%Y "$snapshot")" "$before" "$db: and nothing written"
	run "$db: --check" 0 --check
	is "$out$err" "" "$db: fresh"
done

## ---- the awkward database

sql postgres "create database odd" &&
	pg_load odd "$DYNAPI_SRCDIR/tests/api/introspect.sql" ||
	bail_out "no odd database"
odd_conf=("schemas = public, legacy, a, a.b, nowhere" "key.keyed = id"
	"key.keyless = id" "key.parent = a" "key.writable = id, wrong"
	"key.joined = c, id")
use odd "${odd_conf[@]}"
fresh
run "odd: --list" 0 --list
while IFS= read -r line; do
	has "$line" "odd: $line"
done <<'EOF'
public.parent: table at /api/dyn/parent/, key b, a
public.keyed: view at /api/dyn/keyed/, key id, read only
public.joined: view at /api/dyn/joined/, key c, id, read only
public.legacy.t: table at /api/dyn/legacy.t/, key id
public.reload: table at /api/dyn/public.reload/, key id
public.rls: table at /api/dyn/rls/, key id, row security
public.parted: partitioned table at /api/dyn/parted/, key id, day
public.far: foreign table at /api/dyn/far/
public.rls_mat: materialized view at /api/dyn/rls_mat/, read only
public.writable: view at /api/dyn/writable/
    more                     integer, read only
    doc                      json, no filter, no order
    docs                     json[], no filter, no order
    secret                   public.hidden, no filter, no order
    pt                       point, no filter, no order
    xid                      xid, no order
    places                   public.place[]
    code                     public.code, not null, default
    twice                    numeric, generated
    by_default               bigint, not null, identity
excluded: a.b.c the names of schema and table (a and b.c) read the same as another table's
excluded: a.b.c the names of schema and table (a.b and c) read the same as another table's
excluded: legacy.t its path is that of the table legacy.t in schema public
excluded: public.django_session exclude = django_*
excluded: public.empty has no column
excluded: public.parted_1 is a partition; its parent is exposed
excluded: public.nothing_there cannot be read: a foreign data wrapper without handler
excluded: public.nothing_seen cannot be read: a foreign data wrapper without handler
warning: nowhere is named by schemas, but there is no such schema
warning: public.keyless nothing keeps the columns of key.public.keyless unique
warning: public.parent has a primary key; key.public.parent is not used
warning: public.writable key.public.writable names wrong, which is no column of it
warning: public.reload is addressed as public.reload: reload is a fixed route
warning: public.rls_view shows rows of public.rls past its row security: make the view security_invoker or exclude it
warning: public.rls_over shows rows of public.rls past its row security: make the view security_invoker or exclude it
warning: public.rls_mat shows rows of public.rls past its row security: make the view security_invoker or exclude it
warning: public.uses_django foreign key uses_django_id_fkey leads to public.django_session, which is not exposed
EOF
has_not "    gone                     integer" "odd: a dropped column is gone"
ok "--list writes nothing" test ! -e "$snapshot"

# value of a column, as --json has it
column() {
	ask odd "select c->>'$3' from doc, json_array_elements(j->'tables') t,
		json_array_elements(t->'columns') c
		where t->>'table' = '$1' and c->>'name' = '$2'"
}

while read -r name key want; do
	is "$(column public.types "$name" "$key")" "$want" "odd: $name: $key"
done <<'EOF'
short class text
short max_length 5
code max_length 5
code not_null true
codes class array
mood class enum
mood labels ["sad","ok","happy's"]
place class composite
during class range
net class builtin
flag class builtin
fixed class char
fixed max_length 3
name max_length 20
docb filterable true
docb orderable true
price comment in euro
EOF
is "$(ask odd "select f->>'unique' from doc, json_array_elements(j->'tables') t,
	json_array_elements(t->'references') f
	where f->>'name' = 'child_parent'")" true "odd: at most one child"
is "$(ask odd "select f->>'unique' from doc, json_array_elements(j->'tables') t,
	json_array_elements(t->'references') f
	where f->>'name' = 'child_c_fkey'")" false "odd: any number of children"

use odd "${odd_conf[@]}" "include = public.par*, child" "exclude = parted"
run "include and exclude" 0 --list
has "public.child: table at /api/dyn/child/, key id" "included by its name"
has "public.parent: table at /api/dyn/parent/, key b, a" "included by pattern"
has "excluded: public.parted exclude = parted" "excluded"
has "excluded: public.types is not in include" "not included"

## ---- changes

use odd "${odd_conf[@]}"
run "first run" 0
# change SQL LINE... : these lines and no others are printed, once
change() {
	local text=${1//[$'\n\t']/ } want
	shift
	sql odd "$text" >/dev/null || bail_out "$text"
	want=$(printf '%s\n' "$@")
	run "$text: --check" 1 --check
	is "$out" "$want" "$text: --check says so"
	run "$text: --diff" 0 --diff
	is "$out" "$want" "$text: --diff says so"
	run "$text" 0
	is "$out" "$want" "$text: is told"
	run "$text: again" 0
	is "$out$err" "" "$text: is told once"
}

change "create table fresh (id int primary key)" "added table public.fresh"
change "alter table fresh add note varchar(9) not null default ''" \
	"added column public.fresh.note (character varying(9))"
change "alter table fresh alter note type text, alter note drop not null,
	alter note drop default" \
	"altered column public.fresh.note: type text, was character varying(9);\
 not not null; not with default"
change "alter table fresh rename note to remark" \
	"dropped column public.fresh.note (text)" \
	"added column public.fresh.remark (text)"
change "alter table fresh add unique (remark)" \
	"altered table public.fresh: added unique fresh_remark_key (remark)"
change "comment on table fresh is 'new'" "altered table public.fresh: comment"
change "comment on column fresh.id is 'key'" \
	"altered column public.fresh.id: comment"
change "alter table fresh enable row level security" \
	"altered table public.fresh: under row security"
change "alter table keyless add foreign key (id) references fresh" \
	"altered table public.fresh: added reference keyless_id_fkey (id) from\
 public.keyless (id)" \
	"altered table public.keyless: added foreign key keyless_id_fkey (id) to\
 public.fresh (id)"
change "alter type mood add value 'angry'" \
	"altered column public.types.mood: type public.mood has changed" \
	"altered column public.types.moods: type public.mood[] has changed" \
	"altered column public.types.place: type public.place has changed" \
	"altered column public.types.places: type public.place[] has changed"
change "alter table parent drop constraint parent_pkey cascade" \
	"altered table public.child: dropped foreign key child_parent (a, b) to\
 public.parent (a, b)" \
	"altered table public.parent: key (a), was (b, a); dropped primary key\
 parent_pkey (b, a); dropped reference child_parent (a, b) from public.child\
 (a, b), one at most" \
	"warning: public.parent nothing keeps the columns of key.public.parent\
 unique" \
	"settled: public.parent has a primary key; key.public.parent is not used"
change "drop table fresh cascade" \
	"dropped table public.fresh" \
	"altered table public.keyless: dropped foreign key keyless_id_fkey (id) to\
 public.fresh (id)"
change "create view leak as select id from rls" \
	"added table public.leak" \
	"warning: public.leak has no key: its rows have no address;\
 key.public.leak = COLUMN[,COLUMN] names one" \
	"warning: public.leak shows rows of public.rls past its row security: make\
 the view security_invoker or exclude it"
change "drop table empty; create table empty (); drop table keyless;
	create table keyless (id int, name text)" \
	"recreated table public.keyless"

# the header's rows lie in the file as name and value
generation() {
	grep -oa 'generation[0-9]\+' "$snapshot" | head -n 1
}

before=$(generation)
sql odd "insert into keyless select 1 from generate_series(1, 1000);
	analyze keyless" >/dev/null
run "rows are no news" 0
is "$out$err" "" "rows are no news"
is "$(generation)" "$before" "and no generation"
sql odd "create table another (id int primary key)" >/dev/null
run "another table" 0
is "$(generation)" "generation$((${before#generation} + 1))" \
	"a change is the next generation"

use odd "${odd_conf[@]}" "schemas = public"
run "other schemas" 1 --check
has "schemas public, was public, legacy, a, a.b, nowhere" "is a change"
has "dropped table legacy.other" "and shows in the tables"

## ---- text search

sql odd "create text search configuration \"it's\" (copy = simple);
	create text search configuration plain (copy = simple);
	alter database odd set default_text_search_config = 'pg_catalog.german'" >/dev/null
# searches WANT NAME [SETTING] : the configuration that --json has
searches() {
	use odd "${odd_conf[@]}" ${3+"$3"}
	run "$2" 0 --json
	is "$(sed -n 's/.*"text_search":"\(\([^"\]\|\\.\)*\)".*/\1/p' <<<"$out")" "$1" "$2"
}
searches pg_catalog.german "the database's default"
searches pg_catalog.english "a built-in configuration" "text_search = english"
searches pg_catalog.french "and with its schema" "text_search = pg_catalog.french"
searches public.plain "one of our own" "text_search = public.plain"
searches 'public.\"it'"'"'s\"' "a name that needs quotes" "text_search = public.it's"
use odd "${odd_conf[@]}"
run "the default" 0
use odd "${odd_conf[@]}" "text_search = english"
run "another configuration" 1 --check
has "text search configuration pg_catalog.english, was pg_catalog.german" "is a change"
for name in plain pg_catalog.plain public.english nowhere.plain public. . "' || '" ENGLISH; do
	use odd "${odd_conf[@]}" "text_search = $name"
	run "text_search = $name" 1 --check
	is "$err" "dynapi-introspect: text_search names $name, which is no text search configuration of database odd: write NAME for one of pg_catalog and SCHEMA.NAME for any other (\\dF in psql lists them)" \
		"says that there is no $name"
done
sql odd "alter database odd set default_text_search_config = 'public.\"it''s\"'" >/dev/null
searches 'public.\"it'"'"'s\"' "a default of the database's own"
sql odd "alter database odd reset default_text_search_config" >/dev/null
data=$(sql odd 'show data_directory')
cp "$data/postgresql.conf" "$TMP/postgresql.conf"
echo "default_text_search_config = 'nowhere.none'" >>"$data/postgresql.conf"
sql odd 'select pg_reload_conf()' >/dev/null
default_is() {
	[ "$(sql odd 'show default_text_search_config')" = "$1" ]
}
wait_for 5 default_is nowhere.none
searches '' "a default that is not there"
use odd "${odd_conf[@]}"
run "a default that is not there" 1 --check
has "warning: default_text_search_config names no text search configuration of this database: __fts cannot be asked" "is warned of"
cat "$TMP/postgresql.conf" >"$data/postgresql.conf"
sql odd 'select pg_reload_conf()' >/dev/null

## ---- what it refuses

use odd "${odd_conf[@]}"
run "again" 0
cp "$snapshot" "$TMP/good"

# damage OFFSET : one byte of the snapshot
damage() {
	cp "$TMP/good" "$snapshot"
	printf '\377' | dd of="$snapshot" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

at=$(grep -obaF '"name":"keyless"' "$TMP/good" | head -n 1)
damage "${at%%:*}"
run "a damaged record: --check" 1 --check
like "$err" 'damaged' "it says so"
run "a damaged record" 0
like "$err" 'replaced: .*damaged' "it is replaced"
like "$out" '^snapshot written: [0-9]+ tables$' "by a new one"
run "a repaired record" 0 --check

head -c 20000 "$TMP/good" >"$snapshot"
run "a short snapshot: --check" 1 --check
run "a short snapshot" 0
rm -f "$snapshot"
run "no snapshot: --check" 1 --check
like "$err" 'No such file.*dynapi-introspect writes it' "it says what to do"
run "no snapshot" 0

at=$(grep -obaF 'format3' "$TMP/good" | head -n 1)
# other_format N : the snapshot says that it has this one
other_format() {
	cp "$TMP/good" "$snapshot"
	printf '%s' "$1" | dd of="$snapshot" bs=1 seek=$((${at%%:*} + 6)) \
		conv=notrunc 2>/dev/null
}
other_format 1
run "an older format: --check" 1 --check
like "$err" 'format 1 .*reads format 3' "both are named"
run "an older format" 0
like "$err" 'replaced: .*format 1 .*reads format 3' "it is replaced"
run "the new one" 0 --check
other_format 4
cp "$snapshot" "$TMP/newer"
run "a newer format" 1
like "$err" 'format 4 .*reads format 3' "both are named"
same_file "$snapshot" "$TMP/newer" "and it is left alone"
cp "$TMP/good" "$snapshot"

use shop
run "another database" 1
like "$err" 'database odd .*database shop .*remove the file' "both are named"
same_file "$snapshot" "$TMP/good" "and it is left alone"

use odd "schemas = public, pg_catalog"
run "a system's schema" 1
like "$err" 'schemas cannot expose pg_catalog' "is refused"
use odd "schemas = public, dynapi"
run "our schema" 1
like "$err" 'schemas cannot expose dynapi' "is refused"
use missing
run "no such database" 1
like "$err" 'missing' "is named"
use odd "conninfo = host=$home/none dbname=odd user=plain password=secretword"
run "no server" 1
is "$(wc -l <<<"$err")" 1 "one line"
like "$err" '^dynapi-introspect: .*none' "names where"
unlike "$err" secretword "without the password"
same_file "$snapshot" "$TMP/good" "the snapshot stays"

use odd "${odd_conf[@]}" "snapshot = $home/nowhere/schema.sqlite"
run "no folder" 1
like "$err" 'nowhere/schema.sqlite.lock: No such file' "is named"

## ---- two at once, and killed

use odd "${odd_conf[@]}"
fresh
pids=()
for i in 1 2 3 4; do
	introspect "$home" >"$TMP/out$i" 2>&1 &
	pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
	wait "$pid" || failed=$((failed + 1))
done
is "$failed" 0 "four at once succeed"
is "$(cat "$TMP"/out? | wc -l)" 1 "and one of them had news"

for delay in 0.005 0.01 0.02 0.03 0.05 0.08; do
	sql odd "comment on table keyless is '$delay'" >/dev/null
	as timeout -s KILL $delay "$home/bin/dynapi-introspect" \
		-c "$home/dynapi.conf" >/dev/null 2>&1
done
run "after some were killed" 0
run "the snapshot" 0 --check
is "$(ls "$home/snapshot")" "$(printf 'schema.sqlite\nschema.sqlite.lock')" \
	"and nothing is left over"

done_testing
