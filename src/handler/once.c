/*
 * Idempotency-Key: a create that may be sent again when its answer was lost.
 *
 * The normal case costs no round trip: a statement in front of the insert
 * raises when the key is in use, the insert itself keeps it, or where no row
 * comes back the statement behind it.  Of two requests at once the slower
 * fails at a unique index, of the keys or of the table; then the row of the
 * faster one is its answer as well.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/form.h"

#define KEY_MAX 255

static bool
is_key(struct str key)
{
	for (size_t i = 0; i < key.len; i++)
		if (key.p[i] < ' ' || key.p[i] > '~')
			return false;
	return key.len <= KEY_MAX;
}

/* the parts are told apart by bytes that none of them can hold in front */
struct sha256 *
once_hash(const struct ctx *c)
{
	struct sha256 *h = sha256_new();

	sha256_add(h, c->req.method_text.p, c->req.method_text.len);
	sha256_add(h, " ", 1);
	sha256_add(h, c->req.target.p, c->req.target.len);
	sha256_add(h, "\n", 1);
	return h;
}

struct str
once_fingerprint(struct ctx *c, struct sha256 *h)
{
	unsigned char sum[SHA256_BYTES];
	struct buf b;

	sha256_end(h, sum);
	buf_init(&b, c->arena, 2 * SHA256_BYTES + 2);
	buf_lit(&b, "\\x");
	buf_hex(&b, (struct str){(const char *)sum, sizeof sum});
	return buf_view(&b);
}

static void
add_text(struct sha256 *h, struct str s)
{
	uint64_t len = s.len;

	sha256_add(h, &len, sizeof len);
	sha256_add(h, s.p, s.len);
}

/* of a form its fields: each time it is sent it has another boundary */
static void
add_body(const struct ctx *c, struct sha256 *h)
{
	if (c->form == NULL) {
		sha256_add(h, c->req.body.p, c->req.body.len);
		return;
	}
	sha256_add(h, "form", 4);
	for (size_t i = 0; i < c->form->n; i++) {
		add_text(h, c->form->v[i].name);
		add_text(h, c->form->v[i].value);
		sha256_add(h, c->form->v[i].is_file ? "f" : "t", 1);
	}
}

int
once_read(struct ctx *c, struct once *once)
{
	struct str key = str_trim(c->req.idempotency_key);
	struct sha256 *h;

	if (c->req.idempotency_key.p == NULL)
		return 0;
	if (key.len == 0 || !is_key(key))
		return err_set(&c->err, ERR_BAD_REQUEST,
		    "Idempotency-Key must have 1 to %d printable ASCII "
		    "characters.",
		    KEY_MAX);
	h = once_hash(c);
	add_body(c, h);
	*once = (struct once){c->principal.id, key, once_fingerprint(c, h)};
	return 1;
}

int
once_find(
    struct ctx *c, const struct once *once, struct rows **kept, bool *may_read)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	size_t at;

	batch_guard(b, ctx_guard(c, ACTION_CREATE));
	at = batch_add(b, stmt_once_find(c->arena, c->table, once));
	if (ctx_run(c, b) != 0)
		return -1;
	*kept = batch_rows(b, at);
	*may_read = rights_of_guard(c, batch_rows(b, 0));
	return rows_next(*kept, &c->err);
}

int
once_confirm(struct ctx *c, const struct once *once, const struct rows *kept,
    int64_t *created)
{
	if (!str_eq(rows_cell(kept, 0), once->fingerprint))
		return err_set(&c->err, ERR_IDEMPOTENCY_MISMATCH, NULL);
	response_header(&c->res, "Idempotency-Replayed", STR("true"));
	return str_i64(rows_cell(kept, 1), created);
}

bool
once_is_clash(const struct err *refused)
{
	return refused->id == ERR_CONFLICT || refused->id == ERR_CONSTRAINT;
}

/* the row as it is now, if it still is */
static int
read_again(struct ctx *c, struct write *w)
{
	struct query_limits limits = ctx_limits(c);
	struct query *q = w->want_row ? w->shape : NULL;
	struct rows *rows;

	if (q == NULL) {
		q = query_new(c->arena);
		if (query_resolve(c->arena, q, c->app->schema, c->table,
			&limits, &c->err) != 0)
			return -1;
	}
	if ((rows = read_row(c, q, w->key)) == NULL)
		return -1;
	if (rows_next(rows, &c->err) != 1)
		return 0;
	if (w->want_tag)
		w->tag = etag_of(c, rows);
	rows_rewind(rows);
	if (w->want_row)
		w->rows = rows;
	return 0;
}

static int
replay(struct ctx *c, struct write *w, const struct once *once,
    const struct rows *kept, bool may_read)
{
	struct buf key;

	if (once_confirm(c, once, kept, &w->affected) != 0)
		return -1;
	w->replayed = true;
	if (c->table->nkey == 0 || rows_cell(kept, 2).p == NULL)
		return 0;
	buf_init(&key, c->arena, 3000);
	for (size_t i = 0; i < c->table->nkey; i++)
		key_segment(c, &key, i, rows_cell(kept, i + 2));
	w->key = buf_view(&key);
	return may_read ? read_again(c, w) : 0;
}

/* it was the check that said so, not a trigger */
static bool
is_taken(const struct batch *b, size_t check)
{
	return b->failed == check && strcmp(b->sqlstate, ONCE_TAKEN) == 0;
}

int
once_replay(
    struct ctx *c, struct write *w, const struct once *once, size_t check)
{
	bool taken = is_taken(c->batch, check), may_read;
	struct err refused = c->err;
	struct rows *kept;
	int rc;

	if (!taken && !once_is_clash(&refused))
		return 0;
	err_clear(&c->err);
	rc = once_find(c, once, &kept, &may_read);
	if (rc < 0)
		return -1;
	if (rc == 0) {
		/* it has run out between the two */
		if (taken)
			return err_set(&c->err, ERR_RETRY, NULL);
		c->err = refused;
		return 0;
	}
	return replay(c, w, once, kept, may_read) != 0 ? -1 : 1;
}
