/*
 * Rows below or above another one of their own table, at any distance:
 *
 *   exists (select 1 from (with recursive r(k) as (
 *     select t1.id from T t1 where t1.id = $1
 *     union select t1.id from r join T t1 on t1.parent_id = r.k)
 *   select k from r) u where u.k = t.parent_id)
 *
 * and the same with id and parent_id changed about, but for $1.  UNION drops
 * what was there before, so that a circle ends; both its halves are one
 * column, so that they agree in type and collation.  PostgreSQL makes a join
 * of this EXISTS, which the other forms do not allow: with WITH right behind
 * it a sub-select is run anew for each row, and NOT IN holds for no row where
 * a key is null.
 */
#include "stmt/stmt_priv.h"

/* T t1 */
static void
emit_table(struct stmt *s, const struct table *t)
{
	stmt_table(s, t);
	stmt_lit(s, " ");
	stmt_alias(s, s->alias);
}

static void
emit_rows(struct stmt *s, const struct expr *e, const struct column *key,
    const struct column *out, const struct column *in)
{
	const struct table *t = e->cmp.tree->near;

	stmt_lit(s, "select ");
	stmt_column(s, out);
	stmt_lit(s, " from ");
	emit_table(s, t);
	stmt_lit(s, " where ");
	stmt_column(s, key);
	stmt_operator(s, "=", key->type);
	stmt_value(s, &e->cmp.value, key->type);
	stmt_lit(s, " union select ");
	stmt_column(s, out);
	stmt_lit(s, " from r join ");
	emit_table(s, t);
	stmt_lit(s, " on ");
	stmt_column(s, in);
	stmt_operator(s, "=", in->type);
	stmt_lit(s, "r.k");
}

void
stmt_in_tree(struct stmt *s, const struct expr *e)
{
	const struct relation *up = e->cmp.tree;
	const struct column *parent = &up->near->columns[up->columns[0]];
	const struct column *key = &up->far->columns[up->far_columns[0]];
	bool below = e->cmp.op == OP_DESCENDANT;
	const struct column *out = below ? key : parent;
	const struct column *in = below ? parent : key;
	unsigned near = s->alias;

	stmt_lit(s, "exists (select 1 from (with recursive r(k) as (");
	s->alias = ++s->naliases;
	emit_rows(s, e, key, out, in);
	s->alias = near;
	stmt_lit(s, ") select k from r) u where u.k");
	stmt_operator(s, "=", in->type);
	stmt_column(s, in);
	stmt_lit(s, ")");
}
