/*
 * What we ask the catalogs, for PostgreSQL 13 and later.  Each statement is
 * about all tables at once and sorted the way it is looked up afterwards.
 * The session's search path is empty: pg_catalog is found first, and
 * format_type names the schema of every other type.
 */
#include "introspect/introspect_priv.h"

#include "db/db.h"
#include "stmt/stmt.h"

static void
ask(struct batch *b, struct stmt *s)
{
	batch_add(b, s);
}

static void
add_schemas(struct stmt *s, struct str schemas)
{
	stmt_param(s, schemas, NULL);
	stmt_lit(s, "::text[])");
}

static void
ask_database(struct batch *b)
{
	struct stmt *s = stmt_new(b->arena, "database");

	stmt_lit(s, "select datname, oid,"
		    " has_function_privilege('pg_catalog.pg_control_system()',"
		    " 'execute')"
		    " from pg_database where datname = current_database()");
	ask(b, s);
}

void
catalog_ask_system_id(struct batch *b)
{
	struct stmt *s = stmt_new(b->arena, "system_id");

	stmt_lit(s, "select system_identifier from pg_control_system()");
	ask(b, s);
}

static void
ask_schemas(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "schemas");

	stmt_lit(s, "select nspname from pg_namespace where nspname = any(");
	add_schemas(s, schemas);
	ask(b, s);
}

/* what PostgreSQL takes for its default is found in pg_catalog only: the
 * responders' search path is empty */
static void
ask_search(struct batch *b, struct str search)
{
	struct stmt *s = stmt_new(b->arena, "text search configuration");

	stmt_lit(s, "with named(v) as (select coalesce(");
	stmt_param(s, search, NULL);
	stmt_lit(s,
	    "::text[], parse_ident(current_setting("
	    "'default_text_search_config'))))"
	    " select quote_ident(n.nspname) || '.' || quote_ident(c.cfgname)"
	    " from named join pg_ts_config c"
	    " on c.cfgname = v[cardinality(v)]"
	    " join pg_namespace n on n.oid = c.cfgnamespace"
	    " and n.nspname = case cardinality(v) when 1 then 'pg_catalog'"
	    " else v[cardinality(v) - 1] end");
	ask(b, s);
}

/* foreign tables whose wrapper has no handler, and views over them: to ask
 * what can be done to them is an error, and nothing can */
#define BROKEN                                                                 \
	"with recursive broken(oid) as ("                                      \
	"select t.ftrelid from pg_foreign_table t"                             \
	" join pg_foreign_server s on s.oid = t.ftserver"                      \
	" join pg_foreign_data_wrapper w on w.oid = s.srvfdw"                  \
	" where w.fdwhandler = 0"                                              \
	" union select r.ev_class from broken b join pg_depend d"              \
	" on d.refclassid = 'pg_class'::regclass and d.refobjid = b.oid"       \
	" and d.classid = 'pg_rewrite'::regclass"                              \
	" join pg_rewrite r on r.oid = d.objid) "

/* only views and foreign tables need to be asked what can be done to them */
static void
ask_rels(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "relations");

	stmt_lit(s, BROKEN
	    "select c.oid, n.nspname, c.relname, c.relkind, c.relispartition,"
	    " c.relrowsecurity,"
	    " case when c.relkind in ('r','p') then 28"
	    " when b.oid is not null or c.relkind = 'm' then 0"
	    " else pg_relation_is_updatable(c.oid, true) end,"
	    " case when c.reltuples < 0 or c.relkind in ('v','f')"
	    " or (c.reltuples = 0 and c.relpages = 0) then -1"
	    " else least(c.reltuples, 1e18)::bigint end,"
	    " obj_description(c.oid, 'pg_class'), b.oid is not null"
	    " from pg_class c left join broken b on b.oid = c.oid"
	    " join pg_namespace n on n.oid = c.relnamespace"
	    " where c.relkind in ('r','p','v','m','f') and n.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s, " order by c.oid");
	ask(b, s);
}

static void
ask_attrs(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "columns");

	stmt_lit(s, BROKEN
	    "select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,"
	    " format_type(a.atttypid, a.atttypmod), a.attnotnull,"
	    " a.atthasdef, a.attgenerated <> '', a.attidentity,"
	    " case when c.relkind in ('r','p') then true"
	    " when b.oid is not null or c.relkind = 'm' then false"
	    " else pg_column_is_updatable(c.oid, a.attnum, true) end,"
	    " d.description,"
	    " a.attname = 'lock_version' and has_any_column_privilege(c.oid,"
	    " 'update') and not has_column_privilege(c.oid, a.attnum, 'update')"
	    " from pg_attribute a left join pg_description d"
	    " on d.classoid = 'pg_class'::regclass and d.objoid = a.attrelid"
	    " and d.objsubid = a.attnum"
	    " join pg_class c on c.oid = a.attrelid"
	    " left join broken b on b.oid = c.oid"
	    " join pg_namespace n on n.oid = c.relnamespace"
	    " where a.attnum > 0 and not a.attisdropped"
	    " and not c.relispartition"
	    " and c.relkind in ('r','p','v','m','f') and n.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s, " order by a.attrelid, a.attnum");
	ask(b, s);
}

/* a foreign key to a partitioned table has a row per partition as well
 * (conparentid); and a unique index may be no constraint */
static void
ask_cons(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "constraints");

	stmt_lit(s,
	    "select o.conrelid, o.confrelid, o.conname, o.contype::text,"
	    " o.conkey::text, o.confkey::text,"
	    " case when o.confrelid <> 0 then o.confrelid::regclass::text end"
	    " from pg_constraint o join pg_class c on c.oid = o.conrelid"
	    " join pg_namespace n on n.oid = c.relnamespace"
	    " where o.contype in ('p','u','c','x','f') and o.conparentid = 0"
	    " and not c.relispartition and n.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s,
	    " union all "
	    "select i.indrelid, 0, x.relname, 'u',"
	    " (i.indkey::int2[])[0:i.indnkeyatts - 1]::text, null,"
	    " null"
	    " from pg_index i join pg_class x on x.oid = i.indexrelid"
	    " join pg_class c on c.oid = i.indrelid"
	    " join pg_namespace n on n.oid = c.relnamespace"
	    " where i.indisunique and i.indisvalid and i.indpred is null"
	    " and i.indexprs is null and not c.relispartition"
	    " and not exists (select from pg_constraint o"
	    " where o.conindid = i.indexrelid"
	    " and o.contype in ('p','u','x'))"
	    " and n.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s, " order by 1, 3");
	ask(b, s);
}

/* functions of one argument, a row, to one value; what is volatile may do
 * anything */
#define FUNS                                                                   \
	" from pg_proc p join pg_namespace n on n.oid = p.pronamespace"        \
	" join pg_type v on v.oid = p.prorettype and v.typtype <> 'p'"         \
	" join pg_type a on a.oid = p.proargtypes[0]"                          \
	" join pg_class c on c.oid = a.typrelid"                               \
	" join pg_namespace cn on cn.oid = c.relnamespace"                     \
	" where p.prokind = 'f' and p.pronargs = 1 and not p.proretset"        \
	" and p.provolatile in ('i','s') and not c.relispartition"             \
	" and c.relkind in ('r','p','v','m','f') and n.nspname = any("

static void
ask_funs(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "functions");

	stmt_lit(s, "select c.oid, p.proname, n.nspname, p.prorettype,"
		    " format_type(p.prorettype, null),"
		    " has_function_privilege(p.oid, 'execute'),"
		    " obj_description(p.oid, 'pg_proc')" FUNS);
	add_schemas(s, schemas);
	stmt_lit(s, " and cn.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s, " order by c.oid, p.proname, n.nspname");
	ask(b, s);
}

/* the types of these columns and functions, and those they consist of */
static void
add_used(struct stmt *s, struct str schemas)
{
	stmt_lit(s,
	    "with recursive used(oid) as ("
	    "select a.atttypid from pg_attribute a"
	    " join pg_class c on c.oid = a.attrelid"
	    " join pg_namespace n on n.oid = c.relnamespace"
	    " where a.attnum > 0 and not a.attisdropped"
	    " and not c.relispartition"
	    " and c.relkind in ('r','p','v','m','f') and n.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s, " union select p.prorettype" FUNS);
	add_schemas(s, schemas);
	stmt_lit(s, " union "
		    "select x.oid from used u join pg_type t on t.oid = u.oid"
		    " cross join lateral (select t.typbasetype"
		    " union all select t.typelem where t.typcategory = 'A'"
		    " union all select a.atttypid from pg_attribute a"
		    " where t.typtype = 'c' and a.attrelid = t.typrelid"
		    " and a.attnum > 0 and not a.attisdropped) x(oid)"
		    " where x.oid <> 0) ");
}

static void
ask_types(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "types");

	add_used(s, schemas);
	stmt_lit(s,
	    "select t.oid, n.nspname, t.typname, t.typtype, t.typcategory,"
	    " t.typrelid, t.typelem, t.typbasetype, t.typtypmod,"
	    " case when t.typtype = 'd'"
	    " then format_type(t.typbasetype, t.typtypmod) end,"
	    " t.typnotnull,"
	    " t.typdefault is not null or t.typdefaultbin is not null"
	    " from used u join pg_type t on t.oid = u.oid"
	    " join pg_namespace n on n.oid = t.typnamespace order by t.oid");
	ask(b, s);
}

static void
ask_fields(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "fields");

	add_used(s, schemas);
	stmt_lit(s,
	    "select a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod,"
	    " format_type(a.atttypid, a.atttypmod)"
	    " from used u join pg_type t on t.oid = u.oid and t.typtype = 'c'"
	    " join pg_attribute a on a.attrelid = t.typrelid"
	    " where a.attnum > 0 and not a.attisdropped"
	    " order by a.attrelid, a.attnum");
	ask(b, s);
}

static void
ask_labels(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "labels");

	add_used(s, schemas);
	stmt_lit(s, "select e.enumtypid, e.enumlabel"
		    " from used u join pg_enum e on e.enumtypid = u.oid"
		    " order by e.enumtypid, e.enumsortorder");
	ask(b, s);
}

/* equality is strategy 3 of btree and 1 of hash; an order is of use where its
 * operators are called as everywhere (those of hstore are not) */
static void
ask_opclasses(struct batch *b)
{
	struct stmt *s = stmt_new(b->arena, "operator classes");

	stmt_lit(s,
	    "select c.opcintype, bool_or(m.amname = 'btree'),"
	    " bool_or(m.amname = 'hash'), bool_or(exists ("
	    "select from pg_amop a join pg_operator o on o.oid = a.amopopr"
	    " where m.amname = 'btree' and a.amopfamily = c.opcfamily"
	    " and a.amoplefttype = c.opcintype"
	    " and a.amoprighttype = c.opcintype and a.amopstrategy = 1"
	    " and o.oprname = '<')), bool_or(exists ("
	    "select from pg_amop a join pg_operator o on o.oid = a.amopopr"
	    " where a.amopfamily = c.opcfamily"
	    " and a.amoplefttype = c.opcintype"
	    " and a.amoprighttype = c.opcintype"
	    " and a.amopstrategy = case m.amname when 'btree' then 3 else 1"
	    " end and o.oprname = '='"
	    " and o.oprnamespace = 'pg_catalog'::regnamespace))"
	    " from pg_opclass c join pg_am m on m.oid = c.opcmethod"
	    " where c.opcdefault and m.amname in ('btree','hash')"
	    " group by c.opcintype order by c.opcintype");
	ask(b, s);
}

static void
ask_casts(struct batch *b)
{
	struct stmt *s = stmt_new(b->arena, "casts");

	stmt_lit(s, "select castsource, casttarget from pg_cast"
		    " where castmethod = 'b' and castcontext = 'i'"
		    " order by castsource, casttarget");
	ask(b, s);
}

/*
 * A view reads tables with its owner's rights, past their row security, unless
 * it is security_invoker (PostgreSQL 15); a materialized view always did.  A
 * view over such a view shows the same rows.
 */
static void
ask_leaks(struct batch *b, struct str schemas)
{
	struct stmt *s = stmt_new(b->arena, "views over row security");

	stmt_lit(s,
	    "with recursive edge(v, rel) as ("
	    "select distinct r.ev_class, d.refobjid"
	    " from pg_rewrite r join pg_depend d"
	    " on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid"
	    " and d.refclassid = 'pg_class'::regclass"
	    " and d.refobjid <> r.ev_class"
	    " join pg_class c on c.oid = r.ev_class"
	    " and c.relkind in ('v','m')"
	    " where c.relnamespace not in ('pg_catalog'::regnamespace,"
	    " 'information_schema'::regnamespace)),"
	    " deep(v, rel) as (select v, rel from edge"
	    " union select d.v, e.rel from deep d join edge e"
	    " on e.v = d.rel),"
	    " bad(v, rel) as (select d.v, d.rel from deep d"
	    " join pg_class t on t.oid = d.rel and t.relrowsecurity"
	    " join pg_class c on c.oid = d.v"
	    " where c.relkind = 'm' or not exists ("
	    "select from unnest(c.reloptions) o where o in ("
	    "'security_invoker=true','security_invoker=on',"
	    "'security_invoker=yes','security_invoker=1')))"
	    " select distinct x.v, tn.nspname || '.' || t.relname"
	    " from (select v, rel from bad union"
	    " select d.v, b.rel from deep d join bad b on b.v = d.rel) x"
	    " join pg_class t on t.oid = x.rel"
	    " join pg_namespace tn on tn.oid = t.relnamespace"
	    " join pg_class c on c.oid = x.v"
	    " join pg_namespace n on n.oid = c.relnamespace"
	    " where n.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s, " order by 1, 2");
	ask(b, s);
}

/* columns that views read, over other views too, and those that are inherited;
 * what a view makes of a column the catalogs do not tell */
static void
ask_sources(struct batch *b, struct str schemas, bool wanted)
{
	struct stmt *s = stmt_new(b->arena, "sources of columns");

	stmt_lit(s, "with recursive edge(rel, far, num) as ("
		    "select distinct r.ev_class, d.refobjid, d.refobjsubid"
		    " from pg_rewrite r join pg_depend d"
		    " on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid"
		    " and d.refclassid = 'pg_class'::regclass"
		    " and d.refobjid <> r.ev_class and d.refobjsubid > 0"
		    " join pg_class c on c.oid = r.ev_class"
		    " and c.relkind in ('v','m') where ");
	stmt_param(s, wanted ? STR("t") : STR("f"), NULL);
	stmt_lit(s, "::boolean union all"
		    " select i.inhrelid, i.inhparent, a.attnum"
		    " from pg_inherits i join pg_class c on c.oid = i.inhrelid"
		    " and c.relkind in ('r','f') and not c.relispartition"
		    " join pg_attribute a on a.attrelid = i.inhparent"
		    " and a.attnum > 0 and not a.attisdropped where ");
	stmt_param_again(s, 1);
	stmt_lit(s, "::boolean),"
		    " deep(rel, far, num) as (select rel, far, num from edge"
		    " union select d.rel, e.far, e.num from deep d"
		    " join edge e on e.rel = d.far)"
		    " select d.rel, d.far, d.num from deep d"
		    " join pg_class c on c.oid = d.rel"
		    " join pg_namespace n on n.oid = c.relnamespace"
		    " join pg_class f on f.oid = d.far"
		    " join pg_namespace fn on fn.oid = f.relnamespace"
		    " where n.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s, " and fn.nspname = any(");
	add_schemas(s, schemas);
	stmt_lit(s, " order by 1, 2, 3");
	ask(b, s);
}

void
catalog_ask(
    struct batch *b, struct str schemas, struct str search, bool sources)
{
	ask_database(b);
	ask_schemas(b, schemas);
	ask_search(b, search);
	ask_rels(b, schemas);
	ask_attrs(b, schemas);
	ask_cons(b, schemas);
	ask_funs(b, schemas);
	ask_types(b, schemas);
	ask_fields(b, schemas);
	ask_labels(b, schemas);
	ask_opclasses(b);
	ask_casts(b);
	ask_leaks(b, schemas);
	ask_sources(b, schemas, sources);
}
