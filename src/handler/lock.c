/*
 * Optimistic locking as Rails does it: each change of a row counts its
 * lock_version up (stmt_opts.counts), and one of v2 that names it holds for the
 * row at that count alone.  The column is a counter and nothing else: what such
 * a body says of it is never written.
 */
#include "handler/handler.h"

const struct column *
lock_take(struct ctx *c, struct body *body, struct str *value)
{
	const struct column *col = table_counter(c->table);
	struct assign *as = col != NULL ? body_assign(body, col) : NULL;

	/* nobody can have read one that is write-only */
	if (as == NULL || col->write_only)
		return NULL;
	*value = as->is_null ? STR("0") : as->text;
	*as = (struct assign){.column = col, .is_next = true};
	/* who guesses it learns what the row says */
	ctx_need(c, c->table, ACTION_READ);
	return col;
}
