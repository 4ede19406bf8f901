/*
 * A term of a search: it stands somewhere where it is looked for.  It is one
 * argument for all that match it in the same way, and columns that follow each
 * other behind the same relations are asked in one EXISTS.
 */
#include "stmt/stmt_priv.h"

static bool
goes_same_way(const struct path *a, const struct path *b)
{
	for (size_t i = 0; i < a->nhops && a->nhops == b->nhops; i++)
		if (a->hops[i] != b->hops[i])
			return false;
	return a->nhops == b->nhops;
}

static void
emit_in(struct stmt *s, const struct expr *in, struct str term, size_t *shared)
{
	struct expr e = *in;

	e.cmp.path.nhops = 0;
	e.cmp.value.text = term;
	e.cmp.shared = shared;
	stmt_expr(s, NULL, &e);
}

/* how many of them lie behind the same relations as the first */
static size_t
count_way(const struct expr *v, size_t n)
{
	size_t i = 1;

	while (i < n && goes_same_way(&v[0].cmp.path, &v[i].cmp.path))
		i++;
	return i;
}

static void
emit_way(struct stmt *s, const struct expr *v, size_t n, struct str term,
    size_t shared[OP__MAX])
{
	const struct path *p = &v[0].cmp.path;
	unsigned near = s->alias;

	for (size_t i = 0; i < p->nhops; i++) {
		stmt_related(s, p->hops[i], s->alias);
		stmt_lit(s, " and ");
	}
	if (p->nhops > 0)
		stmt_lit(s, "(");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			stmt_lit(s, " or ");
		emit_in(s, &v[i], term, &shared[v[i].cmp.op]);
	}
	if (p->nhops > 0)
		stmt_lit(s, ")");
	for (size_t i = 0; i < p->nhops; i++)
		stmt_lit(s, ")");
	s->alias = near;
}

void
stmt_term(struct stmt *s, const struct query *q, struct str term)
{
	size_t shared[OP__MAX] = {0}, n;

	stmt_lit(s, "(");
	for (size_t i = 0; i < q->nsearch_in; i += n) {
		const struct expr *v = &q->search_in[i];

		n = count_way(v, q->nsearch_in - i);
		if (i > 0)
			stmt_lit(s, " or ");
		emit_way(s, v, n, term, shared);
	}
	stmt_lit(s, ")");
}
