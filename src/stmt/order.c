/*
 * In which order, and which part of it.  query_resolve has made the order
 * total, so that pages neither overlap nor leave a row out.
 */
#include "stmt/stmt_priv.h"

/* rows that are told apart by what is selected have nothing else */
bool
stmt_orders(const struct query *q, const struct order_key *k)
{
	if (!q->distinct || k->field != NULL)
		return true;
	return stmt_is_selected(q, &k->path);
}

void
stmt_order_key(struct stmt *s, const struct from *f, const struct order_key *k)
{
	if (k->field != NULL)
		stmt_aggregate(
		    s, f, &k->field->path, k->field->agg, k->field->distinct);
	else
		stmt_path(s, f, &k->path, PATH_JSONB);
}

void
stmt_direction(struct stmt *s, const struct order_key *k)
{
	if (k->desc)
		stmt_lit(s, " desc");
	if (k->nulls == NULLS_FIRST)
		stmt_lit(s, " nulls first");
	else if (k->nulls == NULLS_LAST)
		stmt_lit(s, " nulls last");
}

void
stmt_order(struct stmt *s, const struct from *f, bool *some)
{
	for (size_t i = 0; i < f->q->norder; i++) {
		const struct order_key *k = &f->q->order[i];

		if (!stmt_orders(f->q, k))
			continue;
		if (*some)
			stmt_lit(s, ", ");
		else
			stmt_lit(s, " order by ");
		*some = true;
		stmt_order_key(s, f, k);
		stmt_direction(s, k);
	}
}

/* the last page begins where the count says, in the same snapshot */
static void
emit_last_offset(struct stmt *s, const struct query *q)
{
	size_t n;

	stmt_lit(
	    s, " offset (select (greatest(pg_catalog.count(*), 1) - 1) / ");
	stmt_param_i64(s, q->page.limit);
	n = s->nargs;
	stmt_lit(s, " * ");
	stmt_param_again(s, n);
	stmt_lit(s, "::int8");
	stmt_counted(s, q);
	stmt_lit(s, ")");
}

bool
stmt_is_sliced(const struct query *q)
{
	return q->page.kind != PAGE_NONE &&
	       ((q->page.has_limit && q->page.limit > 0) ||
		   q->page.offset > 0 || q->page.kind == PAGE_NUMBER);
}

static void
emit_slice(struct stmt *s, const struct query *q, int64_t rows,
    const struct stmt_opts *o)
{
	if (rows > 0)
		stmt_limit(s, rows, o);
	if (q->page.kind == PAGE_NUMBER && q->page.number == 0) {
		emit_last_offset(s, q);
	} else if (q->page.offset > 0) {
		stmt_lit(s, " offset ");
		stmt_param_i64(s, q->page.offset);
	}
}

void
stmt_slice(struct stmt *s, const struct query *q, const struct stmt_opts *o)
{
	emit_slice(s, q, q->page.has_limit ? q->page.limit : 0, o);
}

void
stmt_page(struct stmt *s, const struct query *q, const struct stmt_opts *o)
{
	const struct page *p = &q->page;
	int64_t rows = p->has_limit ? p->limit : 0;

	/* a page has a limit of its own, and links that count on it */
	if (o->max_rows > 0 && p->kind != PAGE_NUMBER &&
	    p->kind != PAGE_CURSOR && (rows == 0 || rows > o->max_rows))
		rows = o->max_rows;
	emit_slice(s, q, rows, o);
}
