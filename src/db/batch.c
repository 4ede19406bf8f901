/* What a caller puts together before db_run sees it. */
#include "db/db_priv.h"

#include <assert.h>

#include "base/arena.h"
#include "stmt/stmt.h"

/* the arena goes: results go with it, and rows nobody reads any more */
static void
end_batch(void *arg)
{
	struct batch *b = arg;

	if (b->run != NULL && b->run->streaming)
		run_abandon(b->run);
	if (b->rows == NULL)
		return;
	for (size_t i = 0; i < b->n; i++)
		if (b->rows[i] != NULL)
			rows_clear(b->rows[i]);
}

struct batch *
batch_new(struct arena *a, enum batch_kind kind)
{
	struct batch *b = arena_make(a, struct batch);

	b->arena = a;
	b->kind = kind;
	b->guard = -1;
	b->client_fd = -1;
	b->cap = 4;
	b->stmts = arena_array(a, struct stmt *, b->cap);
	arena_defer(a, end_batch, b);
	return b;
}

void
batch_guard(struct batch *b, struct stmt *s)
{
	assert(b->n == 0);
	b->guard = (ptrdiff_t)batch_add(b, s);
}

size_t
batch_add(struct batch *b, struct stmt *s)
{
	size_t at = b->n;

	assert(b->run == NULL);
	if (b->n == b->cap) {
		b->stmts = arena_grow(b->arena, b->stmts,
		    b->cap * sizeof(struct stmt *),
		    2 * b->cap * sizeof(struct stmt *));
		b->cap *= 2;
	}
	b->stmts[b->n++] = s;
	b->emits = b->emits || s->emits;
	for (size_t i = 0; i < s->nchildren; i++)
		batch_add(b, s->children[i]);
	return at;
}

struct rows *
batch_rows(const struct batch *b, size_t i)
{
	assert(i < b->n && b->rows != NULL);
	return b->rows[i];
}
