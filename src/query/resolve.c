/*
 * The one place where names and types are checked.  What passes here builds:
 * a statement is made of pointers into the snapshot and of values that fit.
 * Errors are collected, so that one answer tells all of them.
 */
#include "query/query_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "schema/schema.h"

struct resolve {
	struct arena *arena;
	struct query *q;
	const struct table *table;
	bool strict;
	struct err *err;
};

enum found {
	FOUND,
	DROP, /* not there, and nobody insists */
	WRONG
};

static enum found
wrong(struct resolve *r, enum err_id id, struct str field, const char *text)
{
	err_add_field(r->err, id, field, "%s", text);
	return WRONG;
}

static enum found
find_column(struct resolve *r, struct path *p, bool must)
{
	if (p->nnames != 1 || p->njson != 0)
		return wrong(r, ERR_BAD_FILTER, p->text,
		    "Only columns of the table itself can be named here.");
	p->column = table_column(r->table, p->names[0]);
	if (p->column != NULL)
		return FOUND;
	if (!must && !r->strict)
		return DROP;
	return wrong(
	    r, ERR_UNKNOWN_COLUMN, p->text, "There is no such column.");
}

static enum found
refuse_type(struct resolve *r, const struct path *p, const char *what)
{
	err_add_field(r->err, ERR_BAD_FILTER, p->text,
	    "Columns of type %.*s cannot be %s.",
	    STR_ARGS(p->column->type->display), what);
	return WRONG;
}

static enum found
fit_value(struct resolve *r, const struct path *p, struct value *v)
{
	const char *text;

	v->type = p->column->type;
	if (v->is_null)
		return FOUND;
	text = value_match(r->arena, v->type, v->text, &v->text);
	return text == NULL ? FOUND : wrong(r, ERR_BAD_VALUE, p->text, text);
}

static enum found
resolve_cmp(struct resolve *r, struct expr *e, bool must)
{
	const struct column *whole;
	struct path *p = &e->cmp.path;
	enum found f;

	if (e->cmp.quant != QUANT_NONE || e->cmp.agg != AGG_NONE)
		return wrong(r, ERR_BAD_FILTER, p->text,
		    "This kind of comparison is not offered.");
	/* a column that is really called "name__eq" */
	whole = p->njson == 0 ? table_column(r->table, p->text) : NULL;
	if (whole != NULL && p->nnames == 1 && !str_eq(p->text, p->names[0])) {
		p->names[0] = p->text;
		e->cmp.op = OP_EQ;
	}
	f = find_column(r, p, must);
	if (f != FOUND)
		return f;
	if (query_ops[e->cmp.op].needs_order && !p->column->has_order)
		return refuse_type(r, p, "compared");
	if (!p->column->has_eq)
		return refuse_type(r, p, "filtered");
	return fit_value(r, p, &e->cmp.value);
}

static enum found
resolve_in(struct resolve *r, struct expr *e, bool must)
{
	struct path *p = &e->in.path;
	enum found f = find_column(r, p, must);

	if (f != FOUND)
		return f;
	if (!(e->kind == EXPR_IN ? p->column->has_eq : p->column->has_order))
		return refuse_type(r, p, "filtered");
	for (size_t i = 0; i < e->in.n; i++)
		if (fit_value(r, p, &e->in.v[i]) == WRONG)
			f = WRONG;
	return f;
}

static enum found resolve_expr(struct resolve *, struct expr *, bool must);

/* members of an AND may be dropped alone; an OR or NOT without one of its
 * members would mean something else */
static enum found
resolve_list(struct resolve *r, struct expr *e, bool must)
{
	size_t kept = 0;
	bool failed = false;

	must = must || e->kind != EXPR_AND;
	for (size_t i = 0; i < e->list.n; i++) {
		enum found f = resolve_expr(r, e->list.v[i], must);

		failed = failed || f == WRONG;
		if (f == FOUND)
			e->list.v[kept++] = e->list.v[i];
	}
	e->list.n = kept;
	if (failed)
		return WRONG;
	return kept == 0 ? DROP : FOUND;
}

static enum found
resolve_expr(struct resolve *r, struct expr *e, bool must)
{
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT:
		return resolve_list(r, e, must);
	case EXPR_CMP:
		return resolve_cmp(r, e, must);
	case EXPR_IN:
	case EXPR_BETWEEN:
		return resolve_in(r, e, must);
	case EXPR_ISNULL:
		return find_column(r, &e->null_path, must);
	case EXPR_EXISTS:
		return wrong(r, ERR_BAD_FILTER, e->text,
		    "Only columns of the table itself can be named here.");
	}
	return WRONG;
}

static void
resolve_where(struct resolve *r)
{
	struct expr *e = r->q->where;

	if (e == NULL)
		return;
	if (resolve_expr(r, e, false) == DROP)
		r->q->where = NULL;
	else if (e->kind == EXPR_AND && e->list.n == 1)
		r->q->where = e->list.v[0];
}

static void
resolve_search(struct resolve *r)
{
	struct query *q = r->q;

	if (q->nsearch == 0)
		return;
	q->search_columns =
	    arena_array(r->arena, const struct column *, r->table->ncolumns);
	for (size_t i = 0; i < r->table->ncolumns; i++)
		if (type_is_text(r->table->columns[i].type))
			q->search_columns[q->nsearch_columns++] =
			    &r->table->columns[i];
	if (q->nsearch_columns == 0)
		wrong(r, ERR_BAD_FILTER, STR("search"),
		    "This table has no text columns to search.");
}

static bool
is_ordered_by(const struct query *q, size_t n, const struct column *c)
{
	for (size_t i = 0; i < n; i++)
		if (q->order[i].path.column == c)
			return true;
	return false;
}

static void
resolve_order_keys(struct resolve *r)
{
	struct query *q = r->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->norder; i++) {
		struct order_key *k = &q->order[i];

		/* a column that is really called "-name" */
		if (k->desc && k->path.nnames == 1 &&
		    table_column(r->table, k->path.names[0]) == NULL &&
		    table_column(r->table, k->path.text) != NULL) {
			k->path.names[0] = k->path.text;
			k->desc = false;
		}
		if (find_column(r, &k->path, false) != FOUND)
			continue;
		if (!k->path.column->has_order)
			refuse_type(r, &k->path, "ordered by");
		else if (!is_ordered_by(q, kept, k->path.column))
			q->order[kept++] = *k;
	}
	q->norder = kept;
}

static void
append_order(struct resolve *r, const struct column *c, bool desc)
{
	struct query *q = r->q;
	struct order_key *k = &q->order[q->norder];

	if (!c->has_order || is_ordered_by(q, q->norder, c))
		return;
	*k = (struct order_key){.desc = desc};
	k->path.text = c->name;
	k->path.column = c;
	q->norder++;
}

/* a total order, or pages would overlap: the key decides between equals; a
 * table without one is ordered by all it has */
static void
resolve_order(struct resolve *r)
{
	const struct table *t = r->table;
	struct query *q = r->q;
	struct order_key *asked;
	bool none;

	resolve_order_keys(r);
	none = q->norder == 0;
	asked = q->order;
	q->order =
	    arena_array(r->arena, struct order_key, q->norder + t->ncolumns);
	for (size_t i = 0; i < q->norder; i++)
		q->order[i] = asked[i];
	for (size_t i = 0; i < t->nkey; i++)
		append_order(r, &t->columns[t->key[i]], none);
	for (size_t i = 0; t->nkey == 0 && i < t->ncolumns; i++)
		append_order(r, &t->columns[i], false);
}

static void
resolve_select(struct resolve *r)
{
	struct query *q = r->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->nselect; i++) {
		struct field *f = &q->select[i];
		bool twice = false;

		if (find_column(r, &f->path, true) != FOUND)
			continue;
		for (size_t k = 0; k < kept; k++)
			twice =
			    twice || q->select[k].path.column == f->path.column;
		if (!twice)
			q->select[kept++] = *f;
	}
	q->nselect = kept;
}

int
query_resolve(struct arena *a, struct query *q, struct schema *schema,
    const struct table *table, const struct query_limits *limits,
    struct err *err)
{
	struct resolve r = {.arena = a,
	    .q = q,
	    .table = table,
	    .strict = limits->strict,
	    .err = err};

	(void)schema; /* relations will be looked up in it */
	q->table = table;
	resolve_select(&r);
	resolve_where(&r);
	resolve_search(&r);
	resolve_order(&r);
	if (q->ninclude > 0 || q->ngroup > 0 || q->having != NULL)
		err_set(err, ERR_BAD_FILTER,
		    "Only columns of the table itself can be named here.");
	return err != NULL && err->id != ERR_NONE ? -1 : 0;
}
