/*
 * Conditions.  A leaf behind relations becomes EXISTS, one for each relation
 * on its way, so that it means the same in a list, an UPDATE and a DELETE and
 * no row comes twice.  Members of one AND that go the same way are asked of
 * the same related row.
 */
#include "query/resolve_priv.h"

#include "base/arena.h"

static void add_member(struct arena *, struct expr *list, struct expr *);

/* both are asked of the same row of the relation */
static void
join_exists(struct arena *a, struct expr *e, struct expr *also)
{
	struct expr *first = e->exists.where, *list;

	e->exists.or_none = e->exists.or_none && also->exists.or_none;
	if (also->exists.where == NULL)
		return;
	if (first == NULL) {
		e->exists.where = also->exists.where;
		return;
	}
	list = first;
	if (first->kind != EXPR_AND) {
		list = arena_make(a, struct expr);
		list->kind = EXPR_AND;
		list->text = first->text;
		add_member(a, list, first);
	}
	add_member(a, list, also->exists.where);
	e->exists.where = list->list.n == 1 ? list->list.v[0] : list;
}

static bool
goes_through(const struct expr *e, const struct relation *rel)
{
	return e->kind == EXPR_EXISTS && !e->negated &&
	       e->exists.relation == rel;
}

static void
add_member(struct arena *a, struct expr *list, struct expr *e)
{
	size_t n = list->list.n;

	for (size_t i = 0; i < n && e->kind == EXPR_EXISTS && !e->negated; i++)
		if (goes_through(list->list.v[i], e->exists.relation)) {
			join_exists(a, list->list.v[i], e);
			return;
		}
	/* full at each power of two */
	if ((n & (n - 1)) == 0)
		list->list.v = arena_grow(a, list->list.v, n * sizeof(e),
		    (n == 0 ? 1 : 2 * n) * sizeof(e));
	list->list.v[list->list.n++] = e;
}

static struct path *
leaf_path(struct expr *leaf)
{
	if (leaf->kind == EXPR_CMP)
		return &leaf->cmp.path;
	return leaf->kind == EXPR_ISNULL ? &leaf->null_path : &leaf->in.path;
}

/* is it asked of all related rows: that none is otherwise? */
static bool
asks_all(const struct expr *leaf, const struct path *p)
{
	bool many = false;

	for (size_t i = 0; i < p->nhops; i++)
		many = many || p->hops[i]->kind != RELATION_TO_ONE;
	return many && (leaf->whose == WHOSE_EVERY ||
			   (leaf->whose == WHOSE_BY_SIGN && leaf->negated));
}

/* the innermost condition, NULL: that there is such a row at all; otherwise:
 * what no row may be */
static struct expr *
make_inner(struct arena *a, const struct expr *leaf, bool otherwise)
{
	struct expr *inner;

	if (leaf->kind == EXPR_ISNULL && leaf->null_path.column == NULL)
		return NULL;
	inner = arena_memdup(a, leaf, sizeof(*leaf));
	leaf_path(inner)->hops = NULL;
	leaf_path(inner)->nhops = 0;
	inner->negated = leaf->negated != otherwise;
	return inner;
}

/* the leaf becomes the outermost EXISTS */
static void
wrap(struct arena *a, struct expr *leaf)
{
	const struct path p = *leaf_path(leaf);
	bool all, or_none, negated;
	struct expr *e;

	if (p.nhops == 0)
		return;
	all = asks_all(leaf, &p);
	e = make_inner(a, leaf, all);
	negated = e == NULL ? !leaf->negated : all;
	or_none = e != NULL && !all && leaf->kind == EXPR_ISNULL &&
		  !leaf->negated && leaf->whose != WHOSE_BY_SIGN;
	for (size_t i = p.nhops; i-- > 0;) {
		struct expr *outer = arena_make(a, struct expr);

		outer->kind = EXPR_EXISTS;
		outer->text = leaf->text;
		outer->exists.relation = p.hops[i];
		outer->exists.where = e;
		outer->exists.or_none = or_none;
		e = outer;
	}
	*leaf = *e;
	leaf->negated = negated;
}

static struct expr *
find_leaf(struct expr *e)
{
	while (e->kind == EXPR_AND || e->kind == EXPR_OR)
		e = e->list.v[0];
	return e;
}

/* ---- leaves ------------------------------------------------------------- */

/* a column that is really called "name__eq" */
static void
take_whole(struct scope *s, struct expr *e)
{
	struct path *p = &e->cmp.path;

	if (p->nnames == 0 || str_eq(p->text, resolve_whole(p)) ||
	    resolve_named(s->table, p->text) == NULL)
		return;
	p->names[0] = p->text;
	p->nnames = 1;
	e->cmp.op = OP_EQ;
	e->negated = false;
}

static bool
is_graph(const struct expr *e)
{
	return e->kind == EXPR_CMP &&
	       query_ops[e->cmp.op].takes == OP_TAKES_GRAPH;
}

static enum found
resolve_leaf(struct scope *s, struct expr *e, bool must)
{
	struct path *p = leaf_path(e);
	bool blank = e->kind == EXPR_CMP && e->cmp.if_text;
	enum found f;

	must = e->must || (must && !e->loose);
	if (e->kind == EXPR_CMP && e->cmp.agg != AGG_NONE)
		return resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
		    "Aggregates can only be compared in having.");
	if (e->kind == EXPR_CMP)
		take_whole(s, e);
	f = e->kind == EXPR_ISNULL || blank || is_graph(e)
		? resolve_far(s, p, must)
		: resolve_path(s, p, must);
	if (f != FOUND)
		return f;
	if (is_graph(e) && !resolve_graph(e))
		return resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
		    "Must be relations that lead from a table to itself by "
		    "the rows of another one, each by one column.");
	if (blank && (p->column == NULL ||
			 (p->njson == 0 && !type_is_text(p->column->type))))
		return DROP; /* v2's blank: nothing but a text can be '' */
	if (e->kind == EXPR_CMP)
		f = resolve_op(s, e, resolve_operand(p, AGG_NONE));
	else if (e->kind != EXPR_ISNULL)
		f = resolve_in(s, e, resolve_operand(p, AGG_NONE));
	if (f == FOUND)
		wrap(s->r->arena, e);
	return f;
}

static enum found
count_filter(struct resolve *r)
{
	if (++r->nfilters <= r->limits->max_filters)
		return FOUND;
	r->failed = true;
	err_set(
	    r->err, ERR_LIMIT, "At most %zu filters.", r->limits->max_filters);
	return WRONG;
}

/* members of an AND may be dropped alone; an OR or NOT without one of its
 * members would mean something else */
static enum found
resolve_list(struct scope *s, struct expr *e, bool must, leaf_fn *leaf)
{
	struct expr kept = {.kind = e->kind};
	bool failed = false;

	must = must || e->kind != EXPR_AND;
	for (size_t i = 0; i < e->list.n; i++) {
		enum found f = resolve_expr(s, e->list.v[i], must, leaf);

		failed = failed || f == WRONG;
		if (f != FOUND)
			continue;
		if (e->kind == EXPR_AND) {
			add_member(s->r->arena, &kept, e->list.v[i]);
			continue;
		}
		kept.list.v = e->list.v;
		kept.list.v[kept.list.n++] = e->list.v[i];
	}
	e->list.v = kept.list.v;
	e->list.n = kept.list.n;
	if (failed)
		return WRONG;
	if (e->list.n == 1 && e->kind != EXPR_NOT && !e->negated) {
		struct expr only = *e->list.v[0];

		*e = only;
		return FOUND;
	}
	return e->list.n == 0 ? DROP : FOUND;
}

enum found
resolve_expr(struct scope *s, struct expr *e, bool must, leaf_fn *leaf)
{
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT:
		return resolve_list(s, e, must, leaf);
	case EXPR_CMP:
	case EXPR_IN:
	case EXPR_BETWEEN:
	case EXPR_ISNULL:
		return count_filter(s->r) == FOUND ? leaf(s, e, must) : WRONG;
	case EXPR_EXISTS:
		break;
	}
	return resolve_wrong(s->r, ERR_BAD_FILTER, e->text,
	    "This kind of condition cannot be asked for.");
}

/* each list, or the one column that has its name; they are in one another as
 * query_logic makes them.  *any: something has changed */
static struct expr *
choose_whole(struct scope *s, struct expr *e, bool *any)
{
	struct expr *whole;
	bool inner = false;

	if (e->kind != EXPR_AND && e->kind != EXPR_OR)
		return e;
	whole = e->list.whole;
	if (whole != NULL) {
		*any = true;
		if (resolve_is_column(s, leaf_path(find_leaf(whole))))
			return whole;
		e->list.whole = NULL;
	}
	for (size_t i = 0; i < e->list.n; i++)
		e->list.v[i] = choose_whole(s, e->list.v[i], &inner);
	*any = *any || inner;
	return inner ? query_logic(s->r->arena, e->kind, e->list.v, e->list.n)
		     : e;
}

void
resolve_where(struct scope *s)
{
	struct query *q = s->q;
	bool any = false;

	if (q->where != NULL)
		q->where = choose_whole(s, q->where, &any);
	if (q->where != NULL &&
	    resolve_expr(s, q->where, false, resolve_leaf) == DROP)
		q->where = NULL;
}
