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

bool
blame_is_domain(const struct batch *b)
{
	return b->table == NULL && (strcmp(b->sqlstate, "23514") == 0 ||
				       strcmp(b->sqlstate, "23502") == 0);
}

/* NULL where it passes */
static struct batch *
find_fault(struct ctx *c, struct stmt *s)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	struct err err;

	err_init(&err, c->arena);
	batch_guard(b, ctx_guard(c, c->action));
	batch_add(b, s);
	return db_run(c->app->db, b, &err) != 0 ? b : NULL;
}

static bool
is_refused(struct ctx *c, const struct column *col, struct str text)
{
	struct assign as = {.column = col, .text = text};
	struct batch *b = find_fault(c, stmt_cast(c->arena, &as));

	return b != NULL &&
	       (is_value_fault(b, col->type) || blame_is_domain(b));
}

/* is there anything to find out? */
static bool
is_unclear(const struct ctx *c)
{
	if (c->err.fields != NULL || c->res.state != RESPONSE_HEAD ||
	    c->batch == NULL || *c->batch->sqlstate == '\0')
		return false;
	return c->err.id == ERR_BAD_VALUE || c->err.id == ERR_INTERNAL ||
	       (c->err.id == ERR_CONSTRAINT && blame_is_domain(c->batch));
}

static void
blame(struct ctx *c, const struct column *col, struct str field)
{
	bool domain = c->err.id == ERR_CONSTRAINT;
	const char *detail = c->err.detail, *cause = c->err.cause;

	if (c->err.fields == NULL)
		err_clear(&c->err);
	if (domain)
		err_add_field(&c->err, ERR_CONSTRAINT, field,
		    "This value is not allowed.");
	else
		err_add_field(&c->err, ERR_BAD_VALUE, field,
		    "This is not a valid %.*s.", STR_ARGS(col->type->display));
	if (domain)
		err_tell(&c->err, ERR_CONSTRAINT, detail, cause);
}

int
blame_body(struct ctx *c, const struct body *body)
{
	if (!is_unclear(c))
		return -1;
	for (size_t i = 0; i < body->n; i++) {
		const struct assign *as = &body->v[i];

		if (!as->is_null && !as->is_default && !as->is_next &&
		    is_refused(c, as->column, as->text))
			blame(c, as->column, as->column->name);
	}
	return -1;
}

/* only values that are cast to the column's own type */
static void
blame_value(struct ctx *c, const struct path *p, const struct value *v)
{
	if (p->column != NULL && p->njson == 0 && !v->is_null &&
	    v->type == p->column->type && is_refused(c, p->column, v->text))
		blame(c, p->column, p->text);
}

static void
blame_regex(struct ctx *c, struct str text, struct str field)
{
	struct batch *b;

	if (strcmp(c->batch->sqlstate, "2201B") != 0)
		return;
	b = find_fault(c, stmt_regex(c->arena, text));
	if (b == NULL || strcmp(b->sqlstate, "2201B") != 0)
		return;
	if (c->err.fields == NULL)
		err_clear(&c->err);
	err_add_field(&c->err, ERR_BAD_VALUE, field,
	    "This is not a valid regular expression.");
}

static void
blame_filters(struct ctx *c, const struct expr *e)
{
	if (e == NULL)
		return;
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT:
		for (size_t i = 0; i < e->list.n; i++)
			blame_filters(c, e->list.v[i]);
		return;
	case EXPR_CMP:
		if (query_ops[e->cmp.op].takes == OP_TAKES_REGEX)
			blame_regex(c, e->cmp.value.text, e->cmp.path.text);
		else
			blame_value(c, &e->cmp.path, &e->cmp.value);
		return;
	case EXPR_IN:
	case EXPR_BETWEEN:
		for (size_t i = 0; i < e->in.n; i++)
			blame_value(c, &e->in.path, &e->in.v[i]);
		return;
	case EXPR_EXISTS:
		blame_filters(c, e->exists.where);
		return;
	case EXPR_ISNULL:
		return;
	}
}

/* a term is a pattern where some column is searched with $ */
static void
blame_terms(struct ctx *c, const struct query *q)
{
	bool regex = false;

	for (size_t i = 0; i < q->nsearch_in; i++)
		regex = regex || query_ops[q->search_in[i].cmp.op].takes ==
				     OP_TAKES_REGEX;
	for (size_t i = 0; i < q->nsearch && regex; i++)
		blame_regex(c, q->search[i].text, STR("search"));
}

static void
blame_includes(struct ctx *c, const struct query *q)
{
	for (size_t i = 0; i < q->ninclude; i++) {
		blame_filters(c, q->include[i].query->where);
		blame_terms(c, q->include[i].query);
		blame_includes(c, q->include[i].query);
	}
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
	blame_terms(c, q);
	blame_filters(c, q->having);
	blame_includes(c, q);
	return -1;
}
