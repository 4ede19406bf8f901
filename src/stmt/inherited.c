/*
 * A partition says no under its own name, and so does its constraint; callers
 * know neither.  Which constraint of the parent that is, the catalogs tell:
 * asked after a failure only, so that a table with thousands of partitions
 * costs the snapshot nothing.
 */
#include "stmt/stmt_priv.h"

/* "… n.nspname = $1 and c.relname = $2" of a pg_class c */
static void
emit_named(struct stmt *s, struct str schema, struct str name)
{
	stmt_lit(s, " join pg_catalog.pg_namespace n"
		    " on n.oid = c.relnamespace where n.nspname = ");
	stmt_param(s, schema, NULL);
	stmt_lit(s, "::name and c.relname = ");
	stmt_param(s, name, NULL);
	stmt_lit(s, "::name)");
}

/* from where it failed up to the table that was asked for */
static void
emit_way(struct stmt *s, const struct table *t, const struct violated *v)
{
	stmt_lit(s, "with recursive hit(oid) as ("
		    "select c.oid from pg_catalog.pg_class c");
	emit_named(s, v->schema, v->table);
	stmt_lit(s, ", up(oid) as (select oid from hit"
		    " union select i.inhparent from up"
		    " join pg_catalog.pg_inherits i on i.inhrelid = up.oid),"
		    " top(oid) as (select c.oid from up"
		    " join pg_catalog.pg_class c on c.oid = up.oid");
	emit_named(s, t->schema, t->name);
}

/* a foreign key leads to its parent's, an index to the one it is attached to:
 * with a constraint or without one it has the constraint's name */
static void
emit_kin(struct stmt *s, struct str constraint)
{
	size_t name = s->nargs + 1;

	stmt_lit(s, ", con(oid) as (select o.oid from hit"
		    " join pg_catalog.pg_constraint o on o.conrelid = hit.oid"
		    " where o.conname = ");
	stmt_param(s, constraint, NULL);
	stmt_lit(s, "::name union select o.conparentid from con"
		    " join pg_catalog.pg_constraint o on o.oid = con.oid"
		    " where o.conparentid <> 0),"
		    " ind(oid) as (select x.oid from hit"
		    " join pg_catalog.pg_index i on i.indrelid = hit.oid"
		    " join pg_catalog.pg_class x on x.oid = i.indexrelid"
		    " where x.relname = ");
	stmt_param_again(s, name);
	stmt_lit(s, " union select i.inhparent from ind"
		    " join pg_catalog.pg_inherits i on i.inhrelid = ind.oid)");
}

/* a CHECK is inherited under its own name */
static void
emit_name(struct stmt *s, size_t name)
{
	stmt_lit(s, " select coalesce("
		    "(select o.conname from con"
		    " join pg_catalog.pg_constraint o on o.oid = con.oid"
		    " where o.conrelid = top.oid limit 1),"
		    " (select x.relname from ind"
		    " join pg_catalog.pg_index i on i.indexrelid = ind.oid"
		    " join pg_catalog.pg_class x on x.oid = ind.oid"
		    " where i.indrelid = top.oid limit 1),"
		    " (select p.conname from pg_catalog.pg_constraint o"
		    " join pg_catalog.pg_constraint p"
		    " on p.conname = o.conname and p.conrelid = top.oid"
		    " where o.conrelid = hit.oid and o.conname = ");
	stmt_param_again(s, name);
	stmt_lit(s, " and o.contype = 'c' and p.contype = 'c'"
		    " and o.coninhcount > 0 limit 1))");
}

/* of an index those that the snapshot would name (introspect/catalog_sql.c);
 * without a constraint it is the row's way into the partitions that fails */
static void
emit_columns(struct stmt *s, size_t name)
{
	stmt_lit(s, ", a.attname from top cross join hit"
		    " left join pg_catalog.pg_attribute a"
		    " on a.attrelid = hit.oid and a.attnum = any(coalesce("
		    "(select o.conkey from pg_catalog.pg_constraint o"
		    " where o.conrelid = hit.oid and o.conname = ");
	stmt_param_again(s, name);
	stmt_lit(s, " limit 1), "
		    "(select (i.indkey::int2[])[0:i.indnkeyatts - 1]"
		    " from pg_catalog.pg_index i"
		    " join pg_catalog.pg_class x on x.oid = i.indexrelid"
		    " where i.indrelid = hit.oid and i.indpred is null"
		    " and i.indexprs is null and x.relname = ");
	stmt_param_again(s, name);
	stmt_lit(s, "), (select p.partattrs::int2[]"
		    " from pg_catalog.pg_partitioned_table p"
		    " where p.partrelid = hit.oid and ");
	stmt_param_again(s, name);
	stmt_lit(s, " is null))) order by a.attnum");
}

struct stmt *
stmt_inherited(struct arena *a, const struct table *t, const struct violated *v)
{
	struct stmt *s = stmt_new(a, "inherited");
	size_t name;

	emit_way(s, t, v);
	emit_kin(s, v->constraint);
	name = s->nargs;
	emit_name(s, name);
	emit_columns(s, name);
	return s;
}
