/*
 * Parameters of a write that knows its rows by their key or their body.  A
 * filter that was passed over here would seem to guard the write, so that
 * whatever asks for something is refused; what means nothing is, where names
 * are strict.  Whether it asks for something, the dialect's own parser says.
 */
#include "handler/handler.h"

bool
write_owns(struct str name, const char *own)
{
	struct str rest = str_from(own), word;

	while (str_cut(&rest, ' ', &word))
		if (word.len > 0 &&
		    (str_eq(name, word) ||
			(str_ends(word, STR("[")) && str_starts(name, word))))
			return true;
	return false;
}

static bool
is_other_page(const struct page *a, const struct page *b)
{
	return a->kind != b->kind || a->number != b->number ||
	       a->limit != b->limit || a->offset != b->offset;
}

/* does it ask for more than the dialect's empty question? */
static bool
is_asking(const struct query *q, const struct query *empty)
{
	return q->nselect > 0 || q->nexcept > 0 || q->nalso > 0 ||
	       q->distinct || q->nsearch > 0 || q->norder > empty->norder ||
	       q->ninclude > 0 || q->ngroup > 0 || q->having != NULL ||
	       q->want_count != empty->want_count || q->format.p != NULL ||
	       is_other_page(&q->page, &empty->page);
}

/* is it a condition on what there is?  That another table has no such column
 * is told to those alone who may read it */
static bool
is_condition(struct ctx *c, struct query *q, const struct query_limits *limits)
{
	struct err err;
	int rc;

	err_init(&err, NULL);
	if (q->where == NULL)
		return false;
	rc = query_resolve(c->arena, q, c->app->schema, c->table, limits, &err);
	for (size_t i = 0; i < q->ntouched; i++)
		ctx_need(c, q->touched[i], ACTION_READ);
	return rc != 0 || q->where != NULL || q->ntouched > 0;
}

/* would it choose or shape rows? */
static bool
is_question(struct ctx *c, struct param *p, const struct query_limits *limits)
{
	struct params one = {p, 1}, none = {NULL, 0};
	struct query *q, *empty;
	struct err err;

	err_init(&err, NULL);
	q = c->dialect->parse(c->arena, &one, limits, &err);
	empty = c->dialect->parse(c->arena, &none, limits, &err);
	return q == NULL || empty == NULL || is_asking(q, empty) ||
	       is_condition(c, q, limits);
}

static void
check_param(struct ctx *c, struct param *p, struct query_limits limits)
{
	bool strict = limits.strict;

	limits.strict = false;
	if (is_question(c, p, &limits))
		err_add_field(&c->err, ERR_BAD_PARAM, p->name,
		    "Has no meaning for a write that knows its rows.");
	else if (strict)
		err_add_field(&c->err, ERR_BAD_PARAM, p->name,
		    "There is no such parameter.");
}

int
write_params(struct ctx *c, const char *own)
{
	struct params *all = &c->req.params;
	struct query_limits limits;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += !write_owns(all->v[i].name, own);
	if (n == 0)
		return 0;
	if (read_limits(c, &limits) != 0)
		return -1;
	c->nalso = 0;
	for (size_t i = 0; i < all->n; i++)
		if (!write_owns(all->v[i].name, own))
			check_param(c, &all->v[i], limits);
	return c->err.id != ERR_NONE ? -1 : 0;
}
