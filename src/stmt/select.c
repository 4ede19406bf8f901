/*
 * A resolved query as SELECT.  Walks the tree and trusts it: what cannot be
 * built was refused by query_resolve.
 */
#include "stmt/stmt.h"

#include <assert.h>

#include "base/arena.h"
#include "query/query.h"
#include "schema/schema.h"

/* where an estimate has to count, it stops here */
#define ESTIMATE_ROWS_MAX 10000

static void
emit_path(struct stmt *s, const struct path *p)
{
	assert(p->column != NULL && p->njoins == 0 && p->njson == 0);
	stmt_column(s, p->column);
}

/*
 * The operators of a type of an extension (citext, hstore, ltree) live where
 * the type lives; without its schema PostgreSQL would fall back on a cast to
 * text and compare something else.  All other classes have theirs in
 * pg_catalog, whatever schema the type is in.
 */
static void
emit_op(struct stmt *s, enum op op, const struct type *t)
{
	bool foreign = (t->class == TYPE_TEXT || t->class == TYPE_OTHER) &&
		       !str_eq_c(t->base_schema, "pg_catalog");

	stmt_lit(s, " ");
	if (foreign) {
		stmt_lit(s, "operator(");
		stmt_ident(s, t->base_schema);
		stmt_lit(s, ".");
	}
	buf_cstr(&s->text, query_ops[op].sql);
	if (foreign)
		stmt_lit(s, ")");
	stmt_lit(s, " ");
}

/* a cast to name would cut the text off; name = text compares all of it */
static void
emit_value(struct stmt *s, const struct value *v)
{
	struct str text = v->is_null ? STR_NONE : v->text;

	if (str_eq_c(v->type->base_name, "name") &&
	    str_eq_c(v->type->base_schema, "pg_catalog")) {
		stmt_param(s, text, NULL);
		stmt_lit(s, "::text");
	} else {
		stmt_param(s, text, v->type);
	}
}

static void emit_expr(struct stmt *, const struct expr *);

static void
emit_list(struct stmt *s, const struct expr *e)
{
	if (e->kind == EXPR_NOT)
		stmt_lit(s, "not ");
	stmt_lit(s, "(");
	for (size_t i = 0; i < e->list.n; i++) {
		if (i > 0 && e->kind == EXPR_OR)
			stmt_lit(s, " or ");
		else if (i > 0)
			stmt_lit(s, " and ");
		emit_expr(s, e->list.v[i]);
	}
	stmt_lit(s, ")");
}

/* one comparison a value; an empty list is true of nothing */
static void
emit_in(struct stmt *s, const struct expr *e)
{
	if (e->in.n == 0)
		stmt_lit(s, "false");
	else
		stmt_lit(s, "(");
	for (size_t i = 0; i < e->in.n; i++) {
		if (i > 0)
			stmt_lit(s, " or ");
		emit_path(s, &e->in.path);
		emit_op(s, OP_EQ, e->in.path.column->type);
		emit_value(s, &e->in.v[i]);
	}
	if (e->in.n > 0)
		stmt_lit(s, ")");
}

static void
emit_between(struct stmt *s, const struct expr *e)
{
	assert(e->in.n == 2);
	for (size_t i = 0; i < 2; i++) {
		if (i > 0)
			stmt_lit(s, " and ");
		emit_path(s, &e->in.path);
		emit_op(s, i == 0 ? OP_GE : OP_LE, e->in.path.column->type);
		emit_value(s, &e->in.v[i]);
	}
}

static void
emit_expr(struct stmt *s, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT:
		emit_list(s, e);
		break;
	case EXPR_CMP:
		emit_path(s, &e->cmp.path);
		emit_op(s, e->cmp.op, e->cmp.path.column->type);
		emit_value(s, &e->cmp.value);
		break;
	case EXPR_IN:
		emit_in(s, e);
		break;
	case EXPR_BETWEEN:
		emit_between(s, e);
		break;
	case EXPR_ISNULL:
		emit_path(s, &e->null_path);
		stmt_lit(s, " is null");
		break;
	case EXPR_EXISTS:
		assert(!"query_resolve lets no relation pass");
		break;
	}
}

/* %term% with the term's own wildcards taken literally */
static struct str
like_pattern(struct arena *a, struct str term)
{
	struct buf b;

	buf_init(&b, a, 2 * term.len + 2);
	buf_char(&b, '%');
	for (size_t i = 0; i < term.len; i++) {
		char c = term.p[i];

		if (c == '%' || c == '_' || c == '\\')
			buf_char(&b, '\\');
		buf_char(&b, c);
	}
	buf_char(&b, '%');
	return buf_view(&b);
}

static void
emit_term(struct stmt *s, const struct query *q, struct str term)
{
	size_t n = s->nargs + 1;

	stmt_lit(s, "(");
	for (size_t i = 0; i < q->nsearch_columns; i++) {
		if (i > 0)
			stmt_lit(s, " or ");
		stmt_column(s, q->search_columns[i]);
		stmt_lit(s, "::text ilike ");
		if (i == 0)
			stmt_param(s, like_pattern(s->arena, term), NULL);
		else
			stmt_param_again(s, n);
	}
	stmt_lit(s, ")");
}

void
stmt_where(struct stmt *s, const struct query *q)
{
	bool some = false;

	if (q->where == NULL && q->nsearch == 0)
		return;
	stmt_lit(s, " where ");
	if (q->where != NULL && q->where->kind == EXPR_AND) {
		for (size_t i = 0; i < q->where->list.n; i++, some = true) {
			if (some)
				stmt_lit(s, " and ");
			emit_expr(s, q->where->list.v[i]);
		}
	} else if (q->where != NULL) {
		emit_expr(s, q->where);
		some = true;
	}
	for (size_t i = 0; i < q->nsearch; i++, some = true) {
		if (some)
			stmt_lit(s, " and ");
		emit_term(s, q, q->search[i].text);
	}
}

void
stmt_from_where(struct stmt *s, const struct query *q)
{
	stmt_lit(s, " from ");
	stmt_table(s, q->table);
	stmt_lit(s, " t");
	stmt_where(s, q);
}

static void
emit_select_list(
    struct stmt *s, const struct query *q, const struct stmt_opts *o)
{
	size_t n = q->nselect > 0 ? q->nselect : q->table->ncolumns;

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_output(s,
		    q->nselect > 0 ? q->select[i].path.column
				   : &q->table->columns[i],
		    o);
	}
}

static void
emit_order(struct stmt *s, const struct query *q)
{
	for (size_t i = 0; i < q->norder; i++) {
		const struct order_key *k = &q->order[i];

		if (i == 0)
			stmt_lit(s, " order by ");
		else
			stmt_lit(s, ", ");
		emit_path(s, &k->path);
		if (k->desc)
			stmt_lit(s, " desc");
		if (k->nulls == NULLS_FIRST)
			stmt_lit(s, " nulls first");
		else if (k->nulls == NULLS_LAST)
			stmt_lit(s, " nulls last");
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
	stmt_from_where(s, q);
	stmt_lit(s, ")");
}

static void
emit_page(struct stmt *s, const struct query *q, const struct stmt_opts *o)
{
	const struct page *p = &q->page;
	int64_t rows = p->has_limit ? p->limit : 0;

	/* a page has a limit of its own, and links that count on it */
	if (o->max_rows > 0 && p->kind != PAGE_NUMBER &&
	    (rows == 0 || rows > o->max_rows))
		rows = o->max_rows;
	if (rows > 0)
		stmt_limit(s, rows, o);
	if (p->kind == PAGE_NUMBER && p->number == 0) {
		emit_last_offset(s, q);
	} else if (p->offset > 0) {
		stmt_lit(s, " offset ");
		stmt_param_i64(s, p->offset);
	}
}

struct stmt *
stmt_select(struct arena *a, const struct query *q, const struct stmt_opts *o)
{
	struct stmt *s = stmt_new(a, "select");

	stmt_lit(s, "select ");
	emit_select_list(s, q, o);
	stmt_from_where(s, q);
	emit_order(s, q);
	emit_page(s, q, o);
	return s;
}

struct stmt *
stmt_count(struct arena *a, const struct query *q, int64_t cap)
{
	struct stmt *s = stmt_new(a, "count");

	stmt_col(s, STR("count"), CELL_RAW);
	stmt_lit(s, "select pg_catalog.count(*)");
	if (cap <= 0) {
		stmt_from_where(s, q);
		return s;
	}
	stmt_lit(s, " from (select 1");
	stmt_from_where(s, q);
	stmt_lit(s, " limit ");
	stmt_param_i64(s, cap);
	stmt_lit(s, ") x");
	return s;
}

/* row security and views hide rows that reltuples counts */
struct stmt *
stmt_estimate(struct arena *a, const struct query *q)
{
	const struct table *t = q->table;
	struct stmt *s;

	if (q->where != NULL || q->nsearch > 0 || t->row_security ||
	    t->kind == TABLE_VIEW || t->kind == TABLE_FOREIGN)
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
