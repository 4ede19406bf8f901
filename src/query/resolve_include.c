/*
 * Relations beside each row.  A relation that is named twice is one with what
 * both say; the query of each is resolved like an outermost one, in the table
 * it leads to.
 *
 * One with a depth, which comes again and again, goes on where it is back at
 * the table that it left: behind itself, or where that is a table of edges,
 * behind the one relation in it that leads back.
 */
#include "query/resolve_priv.h"

#include "base/arena.h"

/* v, n as one array with w, m behind */
static void *
append(struct arena *a, const void *v, size_t n, const void *w, size_t m,
    size_t size)
{
	char *both;

	if (n == 0 || m == 0)
		return arena_memdup(a, n == 0 ? w : v, (n + m) * size);
	both = arena_alloc(a, (n + m) * size);
	for (size_t i = 0; i < n * size; i++)
		both[i] = ((const char *)v)[i];
	for (size_t i = 0; i < m * size; i++)
		both[n * size + i] = ((const char *)w)[i];
	return both;
}

#define APPEND(a, to, from, member, count)                                     \
	((to)->member = append((a), (to)->member, (to)->count, (from)->member, \
	     (from)->count, sizeof((to)->member[0])),                          \
	    (to)->count += (from)->count)

static bool
is_same_page(const struct page *a, const struct page *b)
{
	return a->kind == b->kind && a->has_limit == b->has_limit &&
	       a->limit == b->limit && a->offset == b->offset &&
	       a->number == b->number && str_eq(a->cursor, b->cursor);
}

static void
merge_queries(struct scope *s, const struct include *in, struct query *to,
    const struct query *from)
{
	struct arena *a = s->r->arena;

	APPEND(a, to, from, select, nselect);
	APPEND(a, to, from, except, nexcept);
	APPEND(a, to, from, also, nalso);
	APPEND(a, to, from, search, nsearch);
	APPEND(a, to, from, order, norder);
	APPEND(a, to, from, group, ngroup);
	APPEND(a, to, from, include, ninclude);
	query_and(a, to, from->where);
	to->distinct = to->distinct || from->distinct;
	if (to->having == NULL)
		to->having = from->having;
	if (to->page.kind == PAGE_NONE)
		to->page = from->page;
	else if (from->page.kind != PAGE_NONE &&
		 !is_same_page(&to->page, &from->page))
		resolve_wrong(s->r, ERR_BAD_FILTER, in->text,
		    "This relation is included twice with different limits.");
}

static void
merge(struct scope *s, struct include *to, const struct include *from)
{
	if (to->join != from->join) {
		if (to->join == JOIN_ANTI || from->join == JOIN_ANTI)
			resolve_wrong(s->r, ERR_BAD_FILTER, from->text,
			    "A relation cannot be shown and be absent at "
			    "once.");
		to->join = JOIN_INNER;
	}
	if (to->repeats && from->repeats)
		resolve_wrong(s->r, ERR_BAD_FILTER, from->text,
		    "This relation is included twice with a depth.");
	if (from->repeats) {
		to->repeats = true;
		to->again = from->again;
	}
	merge_queries(s, from, to->query, from->query);
}

static struct include *
find_same(struct query *q, size_t n, const struct include *in)
{
	for (size_t i = 0; i < n; i++)
		if (q->include[i].relation == in->relation &&
		    (q->include[i].alias.p == NULL) == (in->alias.p == NULL) &&
		    str_eq(q->include[i].alias, in->alias))
			return &q->include[i];
	return NULL;
}

static void
find_includes(struct scope *s)
{
	struct query *q = s->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->ninclude; i++) {
		struct include in = q->include[i], *same;

		in.relation = resolve_relation(s, in.text, in.name);
		if (in.relation == NULL)
			continue;
		in.name = in.relation->name;
		same = find_same(q, kept, &in);
		if (same != NULL)
			merge(s, same, &in);
		else
			q->include[kept++] = in;
	}
	q->ninclude = kept;
}

static bool
leads_home(const struct include *in)
{
	return in->relation->far == in->relation->near;
}

/* what is wrong with it is told once */
static void
add_again(struct scope *s, struct query *q, const struct include *in)
{
	if (in->again != NULL && !s->r->failed)
		q->include = append(s->r->arena, q->include, q->ninclude++,
		    in->again, 1, sizeof(*in->again));
}

/* of the relations of a table of edges it is one that leads back */
static void
repeat_behind(struct scope *s, const struct include *in)
{
	struct query *q = s->q, *back = NULL;
	size_t n = 0;

	for (size_t i = 0; i < q->ninclude; i++) {
		const struct include *one = &q->include[i];

		if (one->join == JOIN_ANTI ||
		    one->relation->far != in->relation->near)
			continue;
		back = one->query;
		n++;
	}
	if (n == 1)
		add_again(s, back, in);
	else if (!s->r->failed)
		resolve_wrong(s->r, ERR_BAD_FILTER,
		    str_from(arena_printf(
			s->r->arena, "%.*s.depth", STR_ARGS(in->text))),
		    "Only a relation of a table to itself has a depth, or one "
		    "that includes just one that leads back.");
}

static bool
count_include(struct scope *s, const struct include *in)
{
	struct resolve *r = s->r;

	if (++r->nincludes <= r->limits->max_includes)
		return true;
	resolve_wrong(r, ERR_LIMIT, in->text,
	    arena_printf(
		r->arena, "At most %zu relations.", r->limits->max_includes));
	return false;
}

/* what a list has, and a part of a row has not */
static const char *
find_stray(const struct include *in)
{
	const struct query *q = in->query;

	if (resolve_is_grouped(q))
		return "Aggregates cannot be included.";
	if (q->want_count != COUNT_NONE)
		return "Included rows cannot be counted.";
	if (q->page.kind == PAGE_NUMBER || q->page.kind == PAGE_CURSOR)
		return "Included rows have a limit and an offset, no pages.";
	if (in->relation->kind != RELATION_TO_ONE)
		return NULL;
	if (q->norder > 0)
		return "There is only one such row: it has no order.";
	if (q->page.kind != PAGE_NONE)
		return "There is only one such row: it has no limit.";
	return q->distinct ? "There is only one such row." : NULL;
}

static void
resolve_include(struct scope *s, const struct include *in)
{
	struct scope far = {.r = s->r,
	    .q = in->query,
	    .table = in->relation->far,
	    .depth = s->depth + 1};
	const char *stray = find_stray(in);

	if (stray != NULL)
		resolve_wrong(s->r, ERR_BAD_FILTER, in->text, stray);
	else
		resolve_query(&far, in);
}

void
resolve_includes(struct scope *s, const struct include *in)
{
	struct query *q = s->q;
	bool repeats = in != NULL && in->repeats;

	if (repeats && leads_home(in))
		add_again(s, q, in);
	find_includes(s);
	if (repeats && !leads_home(in))
		repeat_behind(s, in);
	for (size_t i = 0; i < q->ninclude; i++) {
		if (!count_include(s, &q->include[i]))
			return;
		resolve_include(s, &q->include[i]);
	}
	if (q->distinct && q->ninclude > 0)
		resolve_wrong(s->r, ERR_BAD_FILTER, STR("distinct"),
		    "Cannot be combined with include.");
}
