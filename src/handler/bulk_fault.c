/*
 * Which row was it?  The statement that failed is asked again for half of its
 * rows, and for half of those, until one is left; what succeeds meanwhile
 * stays, so that a row meets the same rows before it as it did the first
 * time.  Of a value that PostgreSQL refuses each column is cast alone.
 */
#include "handler/bulk_priv.h"

#include <string.h>

#include "base/arena.h"

/* a row was written before, or is not there (stmt/bulk.c); PostgreSQL's own
 * word for the former */
static bool
is_repeated(const struct batch *b)
{
	return strcmp(b->sqlstate, "ZD005") == 0 ||
	       strcmp(b->sqlstate, "21000") == 0;
}

/* input functions of extensions have SQLSTATEs of their own (blame.c) */
static bool
is_value(const struct batch *b)
{
	return sqlstate_is_value(b->sqlstate) ||
	       strcmp(b->sqlstate, "42601") == 0 ||
	       strcmp(b->sqlstate, "XX000") == 0;
}

/* is it the caller's row?  Else halving would not tell which; nor where the
 * table cannot have any */
static bool
is_of_a_row(const struct batch *b, const struct err *err)
{
	return !b->client_gone && *b->sqlstate != '\0' &&
	       strcmp(b->sqlstate, "0A000") != 0 &&
	       (err_status(err->id) < 500 || is_value(b) || is_repeated(b));
}

static struct sent *
find_sent(const struct loading *l)
{
	const struct stmt *failed = load_failed(l->load);

	for (size_t i = 0; i < LOAD_ROOMS; i++)
		if (failed != NULL && l->sent[i] != NULL &&
		    l->sent[i]->stmt == failed)
			return l->sent[i];
	return NULL;
}

static bool
succeeds(struct loading *l, const struct chunk *chunk)
{
	struct ctx *c = l->c;

	err_clear(&c->err);
	return load_try(l->load, bulk_stmt(l, c->arena, chunk), &c->err) !=
	       NULL;
}

/* true: chunk is the one row, and has just failed again */
static bool
find_row(struct loading *l, struct chunk *chunk)
{
	int64_t first = chunk->first, last = chunk->last;

	while (first < last) {
		chunk->first = first;
		chunk->last = first + (last - first) / 2;
		if (succeeds(l, chunk))
			first = chunk->last + 1;
		else if (is_of_a_row(load_batch(l->load), &l->c->err))
			last = chunk->last;
		else
			return false;
	}
	chunk->first = chunk->last = first;
	return !succeeds(l, chunk) &&
	       is_of_a_row(load_batch(l->load), &l->c->err);
}

/* ---- what to say -------------------------------------------------------- */

/* a key that was written before, or was not there to be changed */
static int
tell_repeated(struct loading *l, const struct chunk *chunk, int64_t index)
{
	struct ctx *c = l->c;
	struct rows *rows = NULL;
	enum err_id id = ERR_NOT_FOUND;
	const char *text = "There is no row with this key.";

	if (l->b->action == ACTION_UPDATE)
		rows =
		    load_try(l->load, stmt_bulk_find(c->arena, chunk), &c->err);
	err_clear(&c->err);
	if (l->b->action == ACTION_CREATE) {
		id = ERR_CONFLICT;
		text = "A row with this key came before in this request.";
	} else if (rows != NULL && rows_next(rows, &c->err) == 1) {
		bool own = str_eq(rows_cell(rows, 0), STR("t"));

		id = own ? ERR_BAD_VALUE : ERR_CONSTRAINT;
		text = own ? "This row was changed before in this request."
			   : "PostgreSQL leaves this row as it is.";
	}
	load_rollback(l->load);
	feed_blame(l->feed, &c->err, id, index, STR_NONE, text);
	return -1;
}

static bool
is_refused(struct loading *l, const struct chunk *chunk, size_t i)
{
	struct arena *a = l->c->arena;
	struct err e;

	err_init(&e, NULL);
	return load_try(l->load, stmt_bulk_cast(a, chunk, i), &e) == NULL &&
	       (is_value(load_batch(l->load)) ||
		   blame_is_domain(load_batch(l->load)));
}

static int
tell_values(struct loading *l, const struct chunk *chunk, int64_t index)
{
	struct ctx *c = l->c;
	const char *cause;
	struct err e;

	err_init(&e, c->arena);
	for (size_t i = 0; i < chunk->ncolumns; i++) {
		const struct column *col = chunk->columns[i];

		if (is_refused(l, chunk, i))
			feed_blame(l->feed, &e, ERR_BAD_VALUE, index, col->name,
			    arena_printf(c->arena, "This is not a valid %.*s.",
				STR_ARGS(col->type->display)));
	}
	if (e.id == ERR_NONE && c->err.id != ERR_INTERNAL)
		feed_blame(l->feed, &e, c->err.id, index, STR_NONE,
		    "PostgreSQL refuses a value of this row.");
	load_rollback(l->load);
	if (e.id == ERR_NONE)
		return -1;
	cause = c->err.cause;
	err_clear(&c->err);
	for (const struct err_field *f = e.fields; f != NULL; f = f->next)
		err_add_field(&c->err, e.id, f->field, "%s", f->text);
	err_tell(&c->err, e.id, e.detail, cause);
	return -1;
}

/* the fields that ctx_failed has found, each under the number of its row */
static int
tell_constraint(struct loading *l, int64_t index)
{
	struct ctx *c = l->c;
	struct err e;

	if (c->err.id == ERR_CONFLICT || c->err.id == ERR_CONSTRAINT)
		c->load = l->load;
	ctx_failed(c, load_batch(l->load));
	c->load = NULL;
	load_rollback(l->load);
	e = c->err;
	err_clear(&c->err);
	for (const struct err_field *f = e.fields; f != NULL; f = f->next)
		feed_blame(l->feed, &c->err, e.id, index, f->field, f->text);
	if (e.fields == NULL && err_status(e.id) != 401 &&
	    err_status(e.id) < 500)
		feed_blame(l->feed, &c->err, e.id, index, STR_NONE,
		    e.detail != NULL ? e.detail : err_title(e.id));
	err_tell(&c->err, e.id, e.detail, e.cause);
	return -1;
}

/* the columns whose domain it is; then the row fails once more, and says which
 * constraint refuses it */
static int
tell_domain(struct loading *l, const struct chunk *chunk, int64_t index)
{
	struct ctx *c = l->c;
	struct err e;

	err_init(&e, c->arena);
	for (size_t i = 0; i < chunk->ncolumns; i++)
		if (is_refused(l, chunk, i))
			feed_blame(l->feed, &e, ERR_CONSTRAINT, index,
			    chunk->columns[i]->name,
			    "This value is not allowed.");
	succeeds(l, chunk);
	tell_constraint(l, index);
	if (e.fields != NULL && c->err.id == ERR_CONSTRAINT) {
		c->err.fields = e.fields;
		c->err.nfields = e.nfields;
	}
	return -1;
}

/* of all rows, which are not known any more */
static void
tell_assigned(struct loading *l, const struct batch *b)
{
	struct effect *e = arena_make(l->c->arena, struct effect);

	e->columns = l->assigned;
	e->ncolumns = l->nassigned;
	if (l->assigned != NULL)
		b->stmts[b->failed]->effect = e;
}

/* not of one row: deferred constraints, a lost connection, time … */
static int
tell_whole(struct loading *l, bool at_end)
{
	struct ctx *c = l->c;
	const struct batch *b = load_batch(l->load);

	load_rollback(l->load);
	if (at_end)
		tell_assigned(l, b);
	if (l->b->on != NULL && strcmp(b->sqlstate, "55000") == 0) {
		err_clear(&c->err);
		return err_add_field(&c->err, ERR_BAD_PARAM, STR("on_conflict"),
		    "This constraint is deferrable, which PostgreSQL does not "
		    "take here.");
	}
	ctx_failed(c, load_batch(l->load));
	if (at_end &&
	    (c->err.id == ERR_CONFLICT || c->err.id == ERR_CONSTRAINT))
		c->err.detail = arena_printf(c->arena, "%s%s%s",
		    c->err.detail != NULL ? c->err.detail : "",
		    c->err.detail != NULL ? " " : "",
		    "It was found at the end, where it is not known which row "
		    "it was.");
	return -1;
}

int
bulk_fault(struct loading *l)
{
	struct batch *b = load_batch(l->load);
	struct sent *sent = find_sent(l);
	struct err first = l->c->err;
	struct chunk chunk;
	int64_t index;

	/* what has been written of the answer is not true any more */
	response_reset(&l->c->res);
	if (sent == NULL || !is_of_a_row(b, &l->c->err))
		return tell_whole(l, sent == NULL);
	chunk = sent->chunk;
	if (!find_row(l, &chunk)) {
		/* only together they fail */
		if (l->c->err.id == ERR_NONE)
			l->c->err = first;
		return tell_whole(l, false);
	}
	index = sent->index + chunk.first - 1;
	if (is_repeated(b))
		return tell_repeated(l, &chunk, index);
	if (blame_is_domain(b))
		return tell_domain(l, &chunk, index);
	if (is_value(b))
		return tell_values(l, &chunk, index);
	return tell_constraint(l, index);
}
