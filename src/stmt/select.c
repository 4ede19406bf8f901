/*
 * A resolved query as SELECT.  Walks the tree and trusts it: what cannot be
 * built was refused by query_resolve.
 */
#include "stmt/stmt_priv.h"

#include "base/arena.h"

void
stmt_from_where(struct stmt *s, const struct query *q)
{
	stmt_lit(s, " from ");
	stmt_table(s, q->table);
	stmt_lit(s, " ");
	stmt_alias(s, s->alias);
	stmt_where(s, q);
}

static void
emit_tables(struct stmt *s, const struct from *f, const struct stmt_opts *o)
{
	stmt_lit(s, " from ");
	if (o != NULL && stmt_keyset_branches(f->q)) {
		stmt_keyset_table(s, f, o);
	} else {
		stmt_table(s, f->q->table);
		stmt_lit(s, " ");
		stmt_alias(s, f->alias);
	}
	stmt_joins(s, f);
}

void
stmt_rows(struct stmt *s, const struct from *f, const struct stmt_opts *o)
{
	bool some = false, ordered = false;

	emit_tables(s, f, o);
	if (!stmt_keyset_branches(f->q)) {
		stmt_conditions(s, f->q, true, &some);
		stmt_keyset_where(s, f, &some);
	}
	if (f->marked) {
		stmt_and(s, &some);
		stmt_is_marked(s, f->q->table);
	}
	stmt_group(s, f, false);
	stmt_order(s, f, &ordered);
	stmt_page(s, f->q, o);
}

/* alone of the columns that no member names */
static void
add_hidden(struct stmt *s, const struct from *f, const struct stmt_opts *o)
{
	const struct query *q = f->q;

	if (q->page.kind == PAGE_CURSOR) {
		s->order_col = (ptrdiff_t)s->ncols;
		for (size_t i = 0; i < q->norder; i++) {
			stmt_lit(s, ", (");
			stmt_order_key(s, f, &q->order[i]);
			stmt_lit(s, ")::text");
			stmt_col(s, STR("after"), CELL_TEXT);
		}
	}
	s->row_tag = o->etag && q->nselect == 0 && !f->grouped &&
		     stmt_tag_is_of_cells(q->table, o);
	if (o->etag && !f->grouped && !s->row_tag) {
		s->etag_col = (ptrdiff_t)s->ncols;
		stmt_lit(s, ", ");
		stmt_tag(s, q->table, o);
		stmt_col(s, STR("etag"), CELL_TEXT);
	}
}

static struct stmt *
select_rows(struct arena *a, const struct query *q, bool marked,
    const struct stmt_opts *o)
{
	struct stmt *s = stmt_new(a, "select");
	struct list list = {.s = s, .o = o};
	struct from f;

	s->shape = arena_make(a, struct shape);
	stmt_plan(s, &f, q, 0);
	f.marked = marked;
	list.f = &f;
	stmt_lit(s, "select ");
	stmt_members(&list, q, NULL, s->shape);
	add_hidden(s, &f, o);
	stmt_rows(s, &f, o);
	if (q->ninclude == 0 && s->shape->n == s->ncols)
		s->shape = NULL;
	return s;
}

struct stmt *
stmt_select(struct arena *a, const struct query *q, const struct stmt_opts *o)
{
	return select_rows(a, q, false, o);
}

struct stmt *
stmt_select_marked(
    struct arena *a, const struct query *q, const struct stmt_opts *o)
{
	struct stmt_opts here = *o;

	here.etag = here.stitch = false;
	here.bounded = here.max_included > 0;
	return select_rows(a, q, true, &here);
}

void
stmt_counted(struct stmt *s, const struct query *q)
{
	bool some = false;
	struct from f;

	if (!stmt_is_grouped(q)) {
		stmt_from_where(s, q);
		return;
	}
	stmt_plan(s, &f, q, s->alias);
	stmt_lit(s, " from (select 1");
	emit_tables(s, &f, NULL);
	stmt_conditions(s, q, true, &some);
	stmt_group(s, &f, true);
	stmt_lit(s, ") x");
}

struct stmt *
stmt_count(struct arena *a, const struct query *q, int64_t cap)
{
	struct stmt *s = stmt_new(a, "count");

	stmt_col(s, STR("count"), CELL_RAW);
	stmt_lit(s, "select pg_catalog.count(*)");
	if (cap <= 0) {
		stmt_counted(s, q);
		return s;
	}
	stmt_lit(s, " from (select 1");
	stmt_counted(s, q);
	stmt_lit(s, " limit ");
	stmt_param_i64(s, cap);
	stmt_lit(s, ") x");
	return s;
}

static bool
is_whole(const struct query *q)
{
	for (size_t i = 0; i < q->ninclude; i++)
		if (q->include[i].join != JOIN_LEFT)
			return false;
	return q->where == NULL && q->nsearch == 0 && !stmt_is_grouped(q);
}

/* row security and views hide rows that reltuples counts */
bool
stmt_is_estimated(const struct query *q)
{
	const struct table *t = q->table;

	return is_whole(q) && !t->row_security && t->kind != TABLE_VIEW &&
	       t->kind != TABLE_FOREIGN;
}

struct stmt *
stmt_estimate(struct arena *a, const struct query *q)
{
	const struct table *t = q->table;
	struct stmt *s;

	if (!stmt_is_estimated(q))
		return stmt_count(a, q, ESTIMATE_ROWS_MAX);
	s = stmt_new(a, "estimate");
	stmt_col(s, STR("count"), CELL_RAW);
	stmt_lit(s, "select case when c.reltuples >= 0 then c.reltuples::int8 "
		    "else (select pg_catalog.count(*)");
	stmt_from_where(s, q);
	stmt_lit(s,
	    ") end from pg_catalog.pg_class c join pg_catalog.pg_namespace n "
	    "on n.oid = c.relnamespace where n.nspname = ");
	stmt_param(s, t->schema, NULL);
	stmt_lit(s, "::text and c.relname = ");
	stmt_param(s, t->name, NULL);
	stmt_lit(s, "::text");
	return s;
}
