/*
 * A query string of the auto dialect.  Whatever comes is refused with a 400 or
 * becomes a tree within the limits, every name and value of which is text
 * that was sent.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fuzz.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/params.h"
#include "base/utf8.h"
#include "query/query.h"

#define MAX_FILTERS  8
#define MAX_INCLUDES 6

static void
check_path(const struct path *p)
{
	must(p->nnames > 0 && p->text.p != NULL);
	for (size_t i = 0; i < p->nnames; i++)
		must(
		    p->names[i].p >= p->text.p &&
		    p->names[i].p + p->names[i].len <= p->text.p + p->text.len);
}

static size_t
check_expr(const struct expr *e)
{
	size_t n = 0;

	if (e->kind == EXPR_AND || e->kind == EXPR_OR) {
		must(e->list.n > 1 && !e->negated);
		for (size_t i = 0; i < e->list.n; i++)
			n += check_expr(e->list.v[i]);
		return n;
	}
	must(e->kind == EXPR_CMP || e->kind == EXPR_IN ||
	     e->kind == EXPR_ISNULL);
	if (e->kind == EXPR_CMP)
		must(e->cmp.value.text.p != NULL && !e->cmp.value.is_null);
	/* what is inside sum() was read by itself */
	if (e->kind == EXPR_CMP && e->cmp.agg != AGG_NONE)
		return 1;
	check_path(e->kind == EXPR_CMP      ? &e->cmp.path
		   : e->kind == EXPR_ISNULL ? &e->null_path
					    : &e->in.path);
	return 1;
}

static void
check_query(const struct query *q, size_t *leaves, size_t *includes)
{
	if (q->where != NULL)
		*leaves += check_expr(q->where);
	if (q->having != NULL)
		*leaves += check_expr(q->having);
	for (size_t i = 0; i < q->ngroup; i++)
		check_path(&q->group[i]);
	for (size_t i = 0; i < q->norder; i++)
		check_path(&q->order[i].path);
	*includes += q->ninclude;
	for (size_t i = 0; i < q->ninclude; i++)
		check_query(q->include[i].query, leaves, includes);
}

static void
check_whole(struct arena *a, const struct query *q)
{
	size_t leaves = 0, includes = 0;
	struct buf b;

	check_query(q, &leaves, &includes);
	must(leaves <= MAX_FILTERS && includes <= MAX_INCLUDES);
	must(q->page.has_limit && q->page.limit >= 1 && q->page.limit <= 100 &&
	     q->page.offset >= 0 && q->page.offset <= INT32_MAX);
	buf_init(&b, a, 1 << 24);
	query_dump(&b, q);
	must(!b.overflow && utf8_valid(buf_view(&b)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct query_limits limits = {.strict = true,
	    .page_size = 25,
	    .max_page_size = 1000,
	    .max_filters = MAX_FILTERS,
	    .max_includes = MAX_INCLUDES,
	    .max_depth = 4};
	struct arena *a = arena_new();
	struct str text = {arena_memdup(a, bytes, n), n};
	struct query *q = NULL;
	struct params params;
	struct err err;

	err_init(&err, a);
	if (params_parse(a, text, 32, &params, &err) == 0)
		q = query_parse_where(a, &params, &limits, &err);
	must((q != NULL) == (err.id == ERR_NONE));
	must(err.id == ERR_NONE || err_status(err.id) == 400);
	if (q != NULL)
		check_whole(a, q);
	arena_free(a);
	return 0;
}
