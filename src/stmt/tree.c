/*
 * Rows below or above another one of their own table, at any distance, or that
 * edges lead to or from:
 *
 *   exists (select 1 from (with recursive r(k) as (
 *     select t1.id from T t1 where t1.id = $1
 *     union select t1.id from r join T t1 on t1.parent_id = r.k)
 *   select k from r) u where u.k = t.parent_id)
 *
 * and the same with id and parent_id changed about, but for $1.  Where the edges
 * have a table of their own, "join E t2 on t2.from_id = t1.id" stands behind
 * each T t1, and t2.to_id comes out: what T hides leads nowhere, then as well.
 * UNION drops what was there before, so that a circle ends; both its halves
 * are one column, so that they agree in type and collation.  PostgreSQL makes
 * a join of this EXISTS, which the other forms do not allow: with WITH right
 * behind it a sub-select is run anew for each row, and NOT IN holds for no row
 * where a key is null.
 */
#include "stmt/stmt_priv.h"

/* from a row to the next ones: "in" of these, or of the edges that lead to them,
 * is what was found before, and "out" is what is found */
struct step {
	const struct table *table, *edges; /* edges: or NULL */
	const struct column *key, *in, *out;
};

static void
emit_table(struct stmt *s, const struct table *t, unsigned alias)
{
	stmt_table(s, t);
	stmt_lit(s, " ");
	stmt_alias(s, alias);
}

static void
emit_column(struct stmt *s, const struct column *c, unsigned alias)
{
	s->alias = alias;
	stmt_column(s, c);
}

static void
emit_edges(struct stmt *s, const struct step *st, unsigned row)
{
	if (st->edges == NULL)
		return;
	stmt_lit(s, " join ");
	emit_table(s, st->edges, row + 1);
	stmt_lit(s, " on ");
	emit_column(s, st->in, row + 1);
	stmt_operator(s, "=", st->in->type);
	emit_column(s, st->key, row);
}

/* what is found; both times of tables with these names */
static void
emit_rows(struct stmt *s, const struct step *st, const struct value *v)
{
	bool own = st->edges == NULL;
	const struct column *behind = own ? st->in : st->key;
	unsigned row = ++s->naliases;
	unsigned edge = own ? row : ++s->naliases;

	stmt_lit(s, "select ");
	emit_column(s, st->out, edge);
	stmt_lit(s, " from ");
	emit_table(s, st->table, row);
	emit_edges(s, st, row);
	stmt_lit(s, " where ");
	emit_column(s, st->key, row);
	stmt_operator(s, "=", st->key->type);
	stmt_value(s, v, st->key->type);
	stmt_lit(s, " union select ");
	emit_column(s, st->out, edge);
	stmt_lit(s, " from r join ");
	emit_table(s, st->table, row);
	stmt_lit(s, " on ");
	emit_column(s, behind, row);
	stmt_operator(s, "=", behind->type);
	stmt_lit(s, "r.k");
	emit_edges(s, st, row);
}

/* is this column of the row at hand among what is found? */
static void
emit_found(struct stmt *s, const struct step *st, const struct value *v,
    const struct column *c)
{
	unsigned near = s->alias;

	stmt_lit(s, "exists (select 1 from (with recursive r(k) as (");
	emit_rows(s, st, v);
	stmt_lit(s, ") select k from r) u where u.k");
	stmt_operator(s, "=", c->type);
	emit_column(s, c, near);
	stmt_lit(s, ")");
}

void
stmt_in_tree(struct stmt *s, const struct expr *e)
{
	const struct relation *up = e->cmp.tree;
	const struct column *parent = &up->near->columns[up->columns[0]];
	const struct column *key = &up->far->columns[up->far_columns[0]];
	bool below = e->cmp.op == OP_DESCENDANT;
	struct step st = {.table = up->near,
	    .key = key,
	    .in = below ? parent : key,
	    .out = below ? key : parent};

	emit_found(s, &st, &e->cmp.value, st.in);
}

void
stmt_in_graph(struct stmt *s, const struct expr *e)
{
	const struct relation *rel = e->cmp.tree, *onward = e->cmp.onward;
	const struct table *edges = onward != NULL ? rel->far : rel->via;
	const struct column *from, *to;
	bool forth = e->cmp.op == OP_REACHED;
	struct step st = {.table = rel->near, .edges = edges};

	from = &edges->columns[onward != NULL ? rel->far_columns[0]
					      : rel->via_near[0]];
	to = &edges->columns[onward != NULL ? onward->columns[0]
					    : rel->via_far[0]];
	st.key = &rel->near->columns[rel->columns[0]];
	st.in = forth ? from : to;
	st.out = forth ? to : from;
	emit_found(s, &st, &e->cmp.value, st.key);
}
