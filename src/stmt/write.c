/*
 * INSERT, UPDATE and DELETE of one row.  The row comes back by RETURNING, so
 * that what triggers and defaults made of it is what the client reads.
 */
#include "stmt/stmt.h"

#include <assert.h>

#include "base/arena.h"
#include "query/query.h"
#include "schema/schema.h"

static void
emit_assigned(struct stmt *s, const struct assign *as)
{
	if (as->is_default)
		stmt_lit(s, "default");
	else
		stmt_param(
		    s, as->is_null ? STR_NONE : as->text, as->column->type);
}

static void
emit_row(struct stmt *s, const struct table *t, const struct stmt_opts *o)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_output(s, &t->columns[i], o);
	}
}

static void
emit_one(struct stmt *s)
{
	stmt_col(s, STR("rows"), CELL_RAW);
	stmt_lit(s, "1");
}

/* the key alone: what Location needs when the row may not be read */
static void
emit_key(struct stmt *s, const struct table *t, const struct stmt_opts *o)
{
	for (size_t i = 0; i < t->nkey; i++) {
		if (i == 0)
			stmt_lit(s, " returning ");
		else
			stmt_lit(s, ", ");
		stmt_output(s, &t->columns[t->key[i]], o);
	}
}

static void
emit_values(struct stmt *s, const struct body *body)
{
	stmt_lit(s, " (");
	for (size_t i = 0; i < body->n; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_ident(s, body->v[i].column->name);
	}
	stmt_lit(s, ") values (");
	for (size_t i = 0; i < body->n; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		emit_assigned(s, &body->v[i]);
	}
	stmt_lit(s, ")");
}

struct stmt *
stmt_insert(struct arena *a, const struct table *t, const struct body *body,
    bool returning, const struct stmt_opts *o)
{
	struct stmt *s = stmt_new(a, "insert");

	stmt_lit(s, "insert into ");
	stmt_table(s, t);
	stmt_lit(s, " as t");
	if (body->n == 0)
		stmt_lit(s, " default values");
	else
		emit_values(s, body);
	if (returning) {
		stmt_lit(s, " returning ");
		emit_row(s, t, o);
	} else {
		emit_key(s, t, o);
	}
	return s;
}

static void
emit_result(struct stmt *s, const struct table *t, bool returning,
    const struct stmt_opts *o)
{
	if (returning)
		emit_row(s, t, o);
	else
		emit_one(s);
}

struct stmt *
stmt_update(struct arena *a, const struct query *q, const struct body *body,
    bool returning, const struct stmt_opts *o)
{
	struct stmt *s = stmt_new(a, "update");

	assert(q->where != NULL);
	if (body->n == 0) {
		stmt_lit(s, "select ");
		emit_result(s, q->table, returning, o);
		stmt_from_where(s, q);
		return s;
	}
	stmt_lit(s, "update ");
	stmt_table(s, q->table);
	stmt_lit(s, " t set ");
	for (size_t i = 0; i < body->n; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_ident(s, body->v[i].column->name);
		stmt_lit(s, " = ");
		emit_assigned(s, &body->v[i]);
	}
	stmt_where(s, q);
	stmt_lit(s, " returning ");
	emit_result(s, q->table, returning, o);
	return s;
}

struct stmt *
stmt_delete(struct arena *a, const struct query *q)
{
	struct stmt *s = stmt_new(a, "delete");

	assert(q->where != NULL);
	stmt_lit(s, "delete from ");
	stmt_table(s, q->table);
	stmt_lit(s, " t");
	stmt_where(s, q);
	stmt_lit(s, " returning ");
	emit_one(s);
	return s;
}
