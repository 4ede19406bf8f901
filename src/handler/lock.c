/*
 * Optimistic locking as Rails does it: each change of a row counts its
 * lock_version up, and one that names it holds for the row at that count
 * alone.  The column is a counter and nothing else: what the body says of it
 * is never written.
 */
#include "handler/handler.h"

#include "base/arena.h"

#define LOCK_COLUMN "lock_version"

static const struct column *
find_lock(const struct table *t)
{
	const struct column *col = table_column(t, STR(LOCK_COLUMN));

	if (col == NULL || col->generated || !col->updatable ||
	    col->identity == IDENTITY_ALWAYS)
		return NULL;
	switch (col->type->class) {
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		return col;
	default:
		return NULL;
	}
}

const struct column *
lock_take(struct ctx *c, struct body *body, struct str *value)
{
	const struct column *col = find_lock(c->table);
	struct assign *as;

	if (col == NULL || body->n == 0)
		return NULL;
	as = body_assign(body, col);
	/* there is room for every column once */
	if (as == NULL) {
		body->v[body->n++] =
		    (struct assign){.column = col, .is_next = true};
		return NULL;
	}
	*value = as->is_null ? STR("0") : as->text;
	*as = (struct assign){.column = col, .is_next = true};
	/* who guesses it learns what the row says */
	ctx_need(c, c->table, ACTION_READ);
	return col;
}
