/*
 * PostgreSQL refused a value that our own grammar let through (inet, xml,
 * domains, types of extensions) and does not say which: each is cast alone,
 * so that the answer can name the field.
 */
#include "handler/handler.h"

#include <string.h>

#include "app/app.h"
#include "base/err.h"
#include "query/query.h"
#include "stmt/stmt.h"

/* input functions of extensions (hstore, ltree, PostGIS) have SQLSTATEs that
 * mean a mistake of ours elsewhere: of a cast alone they mean the value */
static bool
is_value_fault(const struct batch *b, const struct type *t)
{
	return sqlstate_is_value(b->sqlstate) ||
	       (t->class == TYPE_OTHER &&
		   (strcmp(b->sqlstate, "42601") == 0 ||
		       strcmp(b->sqlstate, "XX000") == 0));
}

static bool
is_refused(struct ctx *c, const struct column *col, struct str text)
{
	struct assign as = {.column = col, .text = text};
	struct batch *b = ctx_batch(c, BATCH_READ);
	struct err err;

	err_init(&err, c->arena);
	batch_guard(b, ctx_guard(c, c->action));
	batch_add(b, stmt_cast(c->arena, &as));
	return db_run(c->app->db, b, &err) != 0 && is_value_fault(b, col->type);
}

/* is there anything to find out? */
static bool
is_unclear(const struct ctx *c)
{
	return (c->err.id == ERR_BAD_VALUE || c->err.id == ERR_INTERNAL) &&
	       c->err.fields == NULL && c->res.state == RESPONSE_HEAD &&
	       c->batch != NULL && *c->batch->sqlstate != '\0';
}

static void
blame(struct ctx *c, const struct column *col, struct str field)
{
	if (c->err.fields == NULL)
		err_clear(&c->err);
	err_add_field(&c->err, ERR_BAD_VALUE, field,
	    "This is not a valid %.*s.", STR_ARGS(col->type->display));
}

int
blame_body(struct ctx *c, const struct body *body)
{
	if (!is_unclear(c))
		return -1;
	for (size_t i = 0; i < body->n; i++) {
		const struct assign *as = &body->v[i];

		if (!as->is_null && !as->is_default &&
		    is_refused(c, as->column, as->text))
			blame(c, as->column, as->column->name);
	}
	return -1;
}

static void
blame_filters(struct ctx *c, const struct expr *e)
{
	const struct path *p;

	if (e == NULL)
		return;
	if (e->kind == EXPR_AND || e->kind == EXPR_OR || e->kind == EXPR_NOT)
		for (size_t i = 0; i < e->list.n; i++)
			blame_filters(c, e->list.v[i]);
	if (e->kind != EXPR_CMP || e->cmp.value.is_null)
		return;
	p = &e->cmp.path;
	if (is_refused(c, p->column, e->cmp.value.text))
		blame(c, p->column, p->text);
}

int
blame_query(struct ctx *c, const struct query *q)
{
	const struct table *t = q->table;

	if (!is_unclear(c))
		return -1;
	for (size_t i = 0; i < q->nkey; i++) {
		if (!is_refused(c, &t->columns[t->key[i]], q->key[i].text))
			continue;
		err_clear(&c->err);
		return err_set(&c->err, ERR_NOT_FOUND, NULL);
	}
	blame_filters(c, q->where);
	return -1;
}
