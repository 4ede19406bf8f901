/*
 * A partition says no under its own name, a view under that of a table below
 * it, and callers know neither.  Which constraint of the table asked for that
 * is, and which of its columns, the catalogs tell: asked after a failure only,
 * so that a table with thousands of partitions costs the snapshot nothing.
 *
 * What a view's column shows stands nowhere but in the tree of its rule: each
 * of its outermost target entries has the table and the column that it is a
 * plain copy of.  Trees are braces in braces, and what stands in a name is
 * escaped, so that the outermost can be told from those of sub-selects.
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

/* from where it failed up to what inherits to it, from the table that was
 * asked for down through views */
static void
emit_way(struct stmt *s, const struct table *t, const struct violated *v)
{
	stmt_lit(s, "with recursive hit(oid) as ("
		    "select c.oid from pg_catalog.pg_class c");
	emit_named(s, v->schema, v->table);
	stmt_lit(s, ", up(oid) as (select oid from hit"
		    " union select i.inhparent from up"
		    " join pg_catalog.pg_inherits i on i.inhrelid = up.oid),"
		    " top(oid) as (select c.oid from pg_catalog.pg_class c");
	emit_named(s, t->schema, t->name);
	stmt_lit(s,
	    ", down(oid) as (select oid from top"
	    " union select d.refobjid from down"
	    " join pg_catalog.pg_rewrite r on r.ev_class = down.oid"
	    " and r.rulename = '_RETURN'"
	    " join pg_catalog.pg_depend d on d.objid = r.oid"
	    " and d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass"
	    " and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)");
}

/* what plain columns of these views show; col: what those of the table asked
 * for show of any relation; base: the one of them that said no */
static void
emit_shown(struct stmt *s)
{
	stmt_lit(s,
	    ", token(rel, word, ord, depth) as ("
	    "select r.ev_class, m.word[1], m.ord, pg_catalog.sum("
	    "case pg_catalog.left(m.word[1], 1)"
	    " when '{' then 1 when '}' then -1 else 0 end)"
	    " over (partition by r.oid order by m.ord) from down"
	    " join pg_catalog.pg_rewrite r on r.ev_class = down.oid"
	    " and r.rulename = '_RETURN'"
	    " cross join lateral pg_catalog.regexp_matches(r.ev_action::text,"
	    " '\\\\.|[{}]|:resno \\d+|:resorigtbl \\d+|:resorigcol -?\\d+',"
	    " 'g') with ordinality as m(word, ord)),"
	    " entry(rel, words) as (select rel, array[word,"
	    " pg_catalog.lead(word, 1) over w,"
	    " pg_catalog.lead(word, 2) over w] from token"
	    " where depth = 2 and word like ':res%'"
	    " window w as (partition by rel order by ord)),"
	    " shows(rel, num, far, far_num) as (select rel,"
	    " pg_catalog.substr(words[1], 8)::int,"
	    " pg_catalog.substr(words[2], 13)::oid,"
	    " pg_catalog.substr(words[3], 13)::int from entry"
	    " where words[1] like ':resno %'"
	    " and words[2] like ':resorigtbl %'"
	    " and words[3] like ':resorigcol %'),"
	    " col(rel, num, name) as (select a.attrelid, a.attnum::int,"
	    " a.attname from top"
	    " join pg_catalog.pg_attribute a on a.attrelid = top.oid"
	    " and a.attnum > 0 and not a.attisdropped"
	    " union all select x.far, x.far_num, col.name from col"
	    " join shows x on x.rel = col.rel and x.num = col.num"
	    " where x.far <> 0 and x.far_num > 0),"
	    " base(oid) as (select up.oid from up where exists ("
	    "select from col where col.rel = up.oid) limit 1)");
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
		    " own(oid) as (select x.oid from hit"
		    " join pg_catalog.pg_index i on i.indrelid = hit.oid"
		    " join pg_catalog.pg_class x on x.oid = i.indexrelid"
		    " where x.relname = ");
	stmt_param_again(s, name);
	stmt_lit(s, "),"
		    " ind(oid) as (select oid from own"
		    " union select i.inhparent from ind"
		    " join pg_catalog.pg_inherits i on i.inhrelid = ind.oid)");
}

/* "k" what the constraint is over, "p" what decides whether a row is in its
 * index, "r" what a foreign key from a table to itself refers to */
static void
emit_key_parts(struct stmt *s)
{
	stmt_lit(s,
	    ", the(oid, rel, kind) as ("
	    "select o.oid, o.conrelid, o.contype from con"
	    " join pg_catalog.pg_constraint o on o.oid = con.oid"
	    " order by o.conrelid = (select oid from base) desc,"
	    " o.conrelid = (select oid from hit) desc limit 1),"
	    " part(role, rel, num, pos) as ("
	    "select 'k', the.rel, k.num::int,"
	    " case the.kind when 'f' then k.pos else k.num end from the"
	    " join pg_catalog.pg_constraint o on o.oid = the.oid"
	    " cross join pg_catalog.unnest(o.conkey)"
	    " with ordinality as k(num, pos)"
	    " where the.kind not in ('p', 'u', 'x')"
	    " union select 'r', o.confrelid, k.num, k.pos from the"
	    " join pg_catalog.pg_constraint o on o.oid = the.oid"
	    " join up on up.oid = o.confrelid"
	    " cross join pg_catalog.unnest(o.confkey)"
	    " with ordinality as k(num, pos)"
	    " union select x.role, i.indrelid, x.num, x.pos from own"
	    " join pg_catalog.pg_index i on i.indexrelid = own.oid"
	    " cross join lateral (select 'k', k.num::int, k.pos from"
	    " pg_catalog.unnest((i.indkey::int2[])[0:i.indnkeyatts - 1])"
	    " with ordinality as k(num, pos) where k.num <> 0"
	    " union all select 'k', pg_catalog.substr(m.word[1], 11)::int, 99"
	    " from pg_catalog.regexp_matches(i.indexprs::text,"
	    " ':varattno -?\\d+', 'g') as m(word)"
	    " union all select 'p', pg_catalog.substr(m.word[1], 11)::int, 99"
	    " from pg_catalog.regexp_matches(i.indpred::text,"
	    " ':varattno -?\\d+', 'g') as m(word)) as x(role, num, pos)");
}

/* a column that may not be null; without a constraint and a column it is the
 * row's way into the partitions that fails */
static void
emit_parts(struct stmt *s, struct str column, size_t name)
{
	size_t not_null;

	emit_key_parts(s);
	stmt_lit(s, " union select 'k', a.attrelid, a.attnum, 0 from hit"
		    " join pg_catalog.pg_attribute a on a.attrelid = hit.oid"
		    " where a.attname = ");
	stmt_param(s, column, NULL);
	not_null = s->nargs;
	stmt_lit(s, "::name and ");
	stmt_param_again(s, name);
	stmt_lit(s,
	    "::name is null"
	    " union select 'k', p.partrelid, x.num, x.num from hit"
	    " join pg_catalog.pg_partitioned_table p"
	    " on p.partrelid = hit.oid cross join lateral ("
	    "select k.num::int from pg_catalog.unnest(p.partattrs::int2[])"
	    " as k(num) where k.num <> 0"
	    " union all select pg_catalog.substr(m.word[1], 11)::int"
	    " from pg_catalog.regexp_matches(p.partexprs::text,"
	    " ':varattno -?\\d+', 'g') as m(word)) as x(num) where ");
	stmt_param_again(s, not_null);
	stmt_lit(s, "::name is null and ");
	stmt_param_again(s, name);
	stmt_lit(s, "::name is null)");
}

/* a CHECK is inherited under its own name */
static void
emit_name(struct stmt *s, size_t name)
{
	stmt_lit(s, " select coalesce("
		    "(select o.conname from con"
		    " join pg_catalog.pg_constraint o on o.oid = con.oid"
		    " where o.conrelid = base.oid limit 1),"
		    " (select x.relname from ind"
		    " join pg_catalog.pg_index i on i.indexrelid = ind.oid"
		    " join pg_catalog.pg_class x on x.oid = ind.oid"
		    " where i.indrelid = base.oid limit 1),"
		    " (select p.conname from pg_catalog.pg_constraint o"
		    " join pg_catalog.pg_constraint p"
		    " on p.conname = o.conname and p.conrelid = base.oid"
		    " where o.conrelid = hit.oid and o.conname = ");
	stmt_param_again(s, name);
	stmt_lit(s, " and o.contype = 'c' and p.contype = 'c'"
		    " and o.coninhcount > 0 limit 1))");
}

/* inherited columns have their parents' names; of two columns that show the
 * same one neither is meant */
static void
emit_columns(struct stmt *s)
{
	stmt_lit(s,
	    ", part.role, shown.name,"
	    " case when b.oid <> top.oid then n.nspname end,"
	    " case when b.oid <> top.oid then b.relname end"
	    " from base cross join hit cross join top"
	    " join pg_catalog.pg_class b on b.oid = base.oid"
	    " join pg_catalog.pg_namespace n on n.oid = b.relnamespace"
	    " left join part on true"
	    " left join pg_catalog.pg_attribute f"
	    " on f.attrelid = part.rel and f.attnum = part.num"
	    " left join pg_catalog.pg_attribute a"
	    " on a.attrelid = base.oid and a.attname = f.attname"
	    " left join lateral (select pg_catalog.min(col.name::text) from col"
	    " where col.rel = base.oid and col.num = a.attnum"
	    " having pg_catalog.count(*) = 1) as shown(name) on true"
	    " order by part.role, part.pos, part.num");
}

struct stmt *
stmt_violated(struct arena *a, const struct table *t, const struct violated *v)
{
	struct stmt *s = stmt_new(a, "violated");
	size_t name;

	emit_way(s, t, v);
	emit_shown(s);
	emit_kin(s, v->constraint);
	name = s->nargs;
	emit_parts(s, v->column, name);
	emit_name(s, name);
	emit_columns(s);
	return s;
}
