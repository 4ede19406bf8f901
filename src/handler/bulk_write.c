/*
 * Many rows in one transaction.  They are checked one by one as they come,
 * put together as long as they have the same columns, and sent without
 * waiting; memory is bounded by the rows that are under way.  After the first
 * fault nothing more is sent, but the rest is still read, so that one answer
 * names many.
 */
#include "handler/bulk_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/escape.h"
#include "base/json.h"

/* a statement has at most so many rows, and about so many bytes of them */
#define CHUNK_ROWS  1000
#define CHUNK_BYTES (256u << 10)
/* a line of 1 MiB, every letter of it escaped */
#define TEXTS_MAX (16u << 20)

/* ---- chunks ------------------------------------------------------------- */

struct stmt *
bulk_stmt(struct loading *l, struct arena *a, const struct chunk *chunk)
{
	struct stmt_opts o = l->c->app->stmt_opts;
	bool returning = l->b->format != NULL && l->b->may_read;

	o.many = l->many;
	return l->b->action == ACTION_CREATE
		   ? stmt_bulk_insert(a, chunk, l->b->on, returning, &o)
		   : stmt_bulk_update(a, chunk, returning, &o);
}

static void
note_assigned(struct loading *l, const struct chunk *chunk)
{
	const struct effect e = {.chunk = chunk, .on = l->b->on};
	const struct effect all = {
	    .columns = l->assigned, .ncolumns = l->nassigned};

	if (l->b->action == ACTION_CREATE && (e.on == NULL || e.on->ignore))
		return;
	if (l->assigned == NULL)
		l->assigned = arena_array(l->c->arena, const struct column *,
		    table_ninput(chunk->table));
	for (size_t i = 0; i < chunk->ncolumns; i++)
		if (effect_assigns(&e, chunk->columns[i]) &&
		    !effect_assigns(&all, chunk->columns[i]))
			l->assigned[l->nassigned++] = chunk->columns[i];
}

static int
open_chunk(struct loading *l, const struct feed_row *row)
{
	struct arena *room = load_room(l->load, &l->c->err);
	struct chunk *chunk;

	if (room == NULL)
		return -1;
	l->room = room;
	l->open = arena_make(room, struct sent);
	l->open->index = row->index;
	chunk = &l->open->chunk;
	chunk->table = l->c->table;
	chunk->first = 1;
	chunk->ncolumns = row->n;
	if (l->b->action == ACTION_UPDATE)
		chunk->nkey = l->c->table->nkey;
	chunk->columns = arena_array(room, const struct column *, row->n + 1);
	chunk->arrays = arena_array(room, const char *, row->n + 1);
	l->texts = arena_array(room, struct buf, row->n + 1);
	l->bytes = 0;
	for (size_t i = 0; i < row->n; i++) {
		chunk->columns[i] = row->v[i].column;
		buf_init(&l->texts[i], room, TEXTS_MAX);
		buf_char(&l->texts[i], '{');
	}
	note_assigned(l, chunk);
	return 0;
}

static int
send_chunk(struct loading *l)
{
	struct sent *s = l->open;
	struct chunk *chunk;

	if (s == NULL)
		return 0;
	l->open = NULL;
	chunk = &s->chunk;
	for (size_t i = 0; i < chunk->ncolumns; i++) {
		buf_char(&l->texts[i], '}');
		chunk->arrays[i] = l->texts[i].p;
		if (l->texts[i].overflow)
			return err_set(&l->c->err, ERR_BODY_TOO_LARGE, NULL);
	}
	s->stmt = bulk_stmt(l, l->room, chunk);
	l->sent[l->nsent++ % LOAD_ROOMS] = s;
	return load_send(l->load, s->stmt, &l->c->err);
}

static bool
fits(const struct loading *l, const struct feed_row *row)
{
	const struct chunk *chunk = &l->open->chunk;

	if (chunk->ncolumns != row->n || row->n == 0 ||
	    chunk->last == CHUNK_ROWS || l->bytes > CHUNK_BYTES)
		return false;
	for (size_t i = 0; i < row->n; i++)
		if (chunk->columns[i] != row->v[i].column)
			return false;
	return true;
}

static int
add_row(struct loading *l, const struct feed_row *row)
{
	if (l->open != NULL && !fits(l, row) && send_chunk(l) != 0)
		return -1;
	if (l->open == NULL && open_chunk(l, row) != 0)
		return -1;
	l->open->chunk.last++;
	l->nrows++;
	for (size_t i = 0; i < row->n; i++) {
		struct buf *b = &l->texts[i];

		if (b->len > 1)
			buf_char(b, ',');
		if (row->v[i].is_null)
			buf_lit(b, "NULL");
		else
			buf_element(b, row->v[i].text);
		l->bytes += row->v[i].text.len + 3;
	}
	return 0;
}

/* ---- results ------------------------------------------------------------ */

static void
render_rows(struct loading *l, struct rows *rows)
{
	struct buf *body = response_body(&l->c->res);
	const struct json *json = l->b->json;

	if (!l->rendering) {
		render_init(&l->render, l->c->arena, l->b->format, rows,
		    json != NULL && json->kind == JSON_OBJECT);
		l->render.csv_guard = l->c->app->conf.csv_guard;
		render_head(&l->render, body);
		l->rendering = true;
	}
	while (rows_next(rows, &l->c->err) == 1)
		render_row(&l->render, rows, body);
}

/* a statement has succeeded */
static void
take_done(void *arg, struct rows *rows)
{
	struct loading *l = arg;

	/* an update has changed all or raised */
	l->b->affected = l->b->action == ACTION_CREATE
			     ? l->b->affected + rows_count(rows)
			     : l->nrows;
	if (l->b->format != NULL && l->b->may_read)
		render_rows(l, rows);
}

static void
end_rows(struct loading *l)
{
	const struct json *json = l->b->json;

	if (l->b->format == NULL || !l->b->may_read)
		return;
	if (l->rendering)
		render_tail(&l->render, response_body(&l->c->res));
	else if (l->b->format == &format_json && json != NULL &&
		 json->kind == JSON_ARRAY)
		buf_lit(response_body(&l->c->res), "[]");
}

/* ---- the body ----------------------------------------------------------- */

static ssize_t
read_body(void *arg, char *room, size_t n, struct err *err)
{
	struct loading *l = arg;
	ssize_t got = fcgi_body_read(l->c->app->fcgi, room, n, err);

	if (got > 0 && l->hash != NULL)
		sha256_add(l->hash, room, (size_t)got);
	return got;
}

static bool
is_many(const struct json *json)
{
	size_t n = 0;

	if (json == NULL)
		return true;
	for (json = json->child; json != NULL && n <= CHUNK_ROWS;
	     json = json->next)
		n++;
	return n > CHUNK_ROWS;
}

static void
open_feed(struct loading *l)
{
	struct ctx *c = l->c;
	struct feed_opts o = {.kind = FEED_JSON,
	    .table = c->table,
	    .mode = l->b->action == ACTION_CREATE ? BODY_CREATE : BODY_PATCH,
	    .json = l->b->json,
	    .csv_guard = c->app->conf.csv_guard,
	    .read = read_body,
	    .arg = l};

	if (o.json == NULL)
		o.kind =
		    request_is(&c->req, "text/csv") ? FEED_CSV : FEED_NDJSON;
	l->feed = feed_new(c->arena, &o);
	l->many = is_many(o.json);
}

static void
need_bulk(struct ctx *c)
{
	c->nalso = 0;
	ctx_need(c, c->table, ACTION_BULK);
}

static void
need_rights(struct ctx *c, const struct bulk *b)
{
	c->nalso = 0;
	if (b->action == ACTION_UPDATE)
		need_bulk(c);
	else if (b->on != NULL && !b->on->ignore)
		ctx_need(c, c->table, ACTION_UPDATE);
}

static int
begin(struct loading *l)
{
	struct ctx *c = l->c;
	struct load_opts o = {.timeout_ms = (int)c->app->conf.statement_timeout,
	    .stream_timeout_ms = (int)c->app->conf.stream_timeout,
	    .client_fd = fcgi_client_fd(c->app->fcgi),
	    .done = take_done,
	    .arg = l};
	int rc;

	l->load = load_new(c->arena, c->app->db, &o);
	rc = load_begin(l->load, ctx_guard(c, l->b->action), &c->err);
	c->guarded = true;
	c->batch = load_batch(l->load);
	if (rc != 0)
		return c->batch != NULL ? ctx_failed(c, c->batch) : -1;
	l->b->may_read = rights_of_guard(c, load_guard(l->load));
	return 0;
}

static int
check_max(struct loading *l, const struct feed_row *row)
{
	if (l->b->max < 0 || row->index < l->b->max)
		return 0;
	return err_set(&l->c->err, ERR_TOO_MANY_ROWS,
	    "There are more than %lld rows.", (long long)l->b->max);
}

/* after the first fault: what else is wrong? */
static int
read_faults(struct loading *l)
{
	struct ctx *c = l->c;
	struct feed_row row;
	enum feed_got got;

	load_rollback(l->load);
	do
		got = feed_next(l->feed, &row, &c->err);
	while (got != FEED_END && got != FEED_BROKEN &&
	       c->err.nfields < FEED_FAULTS_MAX);
	return -1;
}

static int
read_rows(struct loading *l)
{
	struct feed_row row;

	for (;;) {
		switch (feed_next(l->feed, &row, &l->c->err)) {
		case FEED_END:
			if (send_chunk(l) != 0 ||
			    load_wait(l->load, &l->c->err) != 0)
				return bulk_fault(l);
			return 0;
		case FEED_ROW:
			if (check_max(l, &row) != 0)
				return -1;
			if (add_row(l, &row) != 0)
				return bulk_fault(l);
			break;
		case FEED_FAULT:
			return read_faults(l);
		case FEED_BROKEN:
			return -1;
		}
	}
}

static int
end(struct loading *l)
{
	struct err *err = &l->c->err;
	int rc;

	if (!prefer_dry_run(l->c))
		rc = load_commit(l->load, err);
	else if ((rc = load_check(l->load, err)) == 0)
		load_rollback(l->load);
	return rc == 0 ? 0 : bulk_fault(l);
}

/* ---- created before ------------------------------------------------------ */

static void
drop_hash(struct loading *l)
{
	if (l->hash != NULL)
		l->once.fingerprint = once_fingerprint(l->c, l->hash);
	l->hash = NULL;
}

/* what nobody has looked at is a part of the fingerprint, too */
static int
read_rest(struct loading *l)
{
	char room[4096];
	ssize_t n = l->hash != NULL;

	while (n > 0)
		n = read_body(l, room, sizeof room, &l->c->err);
	drop_hash(l);
	return n < 0 ? -1 : 0;
}

/* 1: all of it was created before */
static int
find_created(struct loading *l)
{
	struct rows *kept;
	int rc = once_find(l->c, &l->once, &kept, &l->b->may_read);

	l->b->may_read = false;
	if (rc != 1)
		return rc;
	if (read_rest(l) != 0 ||
	    once_confirm(l->c, &l->once, kept, &l->b->affected) != 0)
		return -1;
	return 1;
}

static int
begin_once(struct loading *l)
{
	int rc = once_read(l->c, &l->once);

	if (rc <= 0)
		return rc;
	l->keyed = true;
	if (l->c->req.streamed)
		l->hash = once_hash(l->c);
	return find_created(l);
}

/* of two at once the slower meets the rows, or the key, of the faster */
static int
find_clash(struct loading *l)
{
	struct err refused = l->c->err;
	int rc;

	if (!once_is_clash(&refused))
		return -1;
	err_clear(&l->c->err);
	rc = find_created(l);
	if (rc == 0)
		l->c->err = refused;
	return rc == 1 ? 1 : -1;
}

static int
keep(struct loading *l)
{
	struct ctx *c = l->c;
	struct stmt *s;

	if (read_rest(l) != 0)
		return -1;
	s = stmt_once_keep(c->arena, c->table, &l->once, l->b->affected);
	return load_try(l->load, s, &c->err) != NULL ? 0 : bulk_fault(l);
}

/* ---- the whole ---------------------------------------------------------- */

static int
write_all(struct loading *l)
{
	int rc;

	open_feed(l);
	rc = begin(l);
	if (rc == 0)
		rc = read_rows(l);
	if (rc == 0 && l->keyed)
		rc = keep(l);
	if (rc == 0)
		rc = end(l);
	load_rollback(l->load);
	if (load_batch(l->load) != NULL)
		l->c->db_us += load_batch(l->load)->db_us;
	if (rc == 0)
		end_rows(l);
	return rc;
}

/* what holds of one row: taken in silence it would promise too much */
static int
refuse_conditions(struct ctx *c, bool creates)
{
	if (c->req.if_match.p != NULL || c->req.if_none_match.p != NULL)
		return err_set(&c->err, ERR_PRECONDITION_FAILED,
		    "Only single rows have an entity tag.");
	if (!creates && c->req.idempotency_key.p != NULL)
		return err_set(&c->err, ERR_BAD_REQUEST,
		    "Idempotency-Key is for what creates rows.");
	return 0;
}

static int
write_once(struct ctx *c, struct bulk *b)
{
	struct loading l = {.c = c, .b = b};
	int rc;

	rc = b->once ? begin_once(&l) : 0;
	if (rc == 0 && (rc = write_all(&l)) != 0 && l.keyed)
		rc = find_clash(&l);
	drop_hash(&l);
	return rc < 0 ? -1 : 0;
}

int
bulk_write(struct ctx *c, struct bulk *b)
{
	int rc;

	need_rights(c, b);
	if (!prefer_rows(c, b->want_rows))
		b->format = NULL;
	if (refuse_conditions(c, b->action == ACTION_CREATE) != 0 ||
	    prefer_check(c) != 0)
		return -1;
	rc = write_once(c, b);
	if (rc != 0 && prefer_was_zone(c))
		rc = write_once(c, b);
	if (rc == 0)
		prefer_applied(c, b->format != NULL && b->may_read);
	return rc;
}

/* ---- what a query finds ------------------------------------------------- */

static int
take_changed(struct ctx *c, struct change *ch, struct batch *b, size_t at)
{
	struct rows *rows = batch_rows(b, at);

	ch->affected = rows_count(rows);
	if (ch->want_rows && rights_of_guard(c, batch_rows(b, 0)))
		ch->rows = rows;
	return 0;
}

/* nothing to change: the rights are asked for all the same */
static int
change_nothing(struct ctx *c, struct change *ch)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	size_t at = 0;

	batch_guard(b, ctx_guard(c, ACTION_UPDATE));
	if (ch->same)
		at = batch_add(
		    b, stmt_select(c->arena, ch->q, &c->app->stmt_opts));
	if (ctx_run(c, b) != 0)
		return blame_query(c, ch->q);
	if (!ch->same)
		return 0;
	ch->affected = rows_count(batch_rows(b, at));
	if (ch->want_rows && rights_of_guard(c, batch_rows(b, 0)))
		ch->rows = batch_rows(b, at);
	return 0;
}

/* the guard, and behind it what holds the rows at the lock_version that the
 * body names */
static void
add_guard(
    struct ctx *c, const struct change *ch, struct body *body, struct batch *b)
{
	const struct column *lock = NULL;
	struct str value = STR_NONE;

	if (ch->locks && ch->body != NULL)
		lock = lock_take(c, body, &value);
	batch_guard(
	    b, ctx_guard(c, ch->body != NULL ? ACTION_UPDATE : ACTION_DELETE));
	if (lock != NULL)
		batch_add(b, stmt_lock(c->arena, ch->q, lock, value));
}

static int
explain_change(struct ctx *c, const struct change *ch, const struct batch *b,
    size_t at, const struct body *body)
{
	if (strcmp(b->sqlstate, "ZD003") == 0) {
		err_clear(&c->err);
		if (b->failed < at)
			return err_set(&c->err, ERR_STALE_ROW, NULL);
		return err_set(&c->err, ERR_TOO_MANY_ROWS,
		    "More than %lld rows would change; none has.",
		    (long long)ch->max);
	}
	blame_query(c, ch->q);
	return ch->body != NULL ? blame_body(c, body) : -1;
}

static int
change(struct ctx *c, struct change *ch)
{
	struct body body = {NULL, 0};
	struct batch *b;
	size_t at;

	if (ch->body != NULL && body_parse(c->arena, c->table, ch->body,
				    BODY_PATCH, NULL, &body, &c->err) != 0)
		return -1;
	if (ch->body != NULL && body.n == 0)
		return change_nothing(c, ch);
	b = ctx_batch(c, prefer_dry_run(c) ? BATCH_TRY : BATCH_WRITE);
	add_guard(c, ch, &body, b);
	at = batch_add(
	    b, stmt_change(c->arena, ch->q, ch->body != NULL ? &body : NULL,
		   ch->max, ch->want_rows, &c->app->stmt_opts));
	if (ctx_run(c, b) != 0)
		return explain_change(c, ch, b, at, &body);
	return take_changed(c, ch, b, at);
}

int
bulk_change(struct ctx *c, struct change *ch)
{
	int rc;

	need_bulk(c);
	if (!ch->by_key)
		ctx_need(c, c->table, ACTION_READ);
	ch->want_rows = prefer_rows(c, ch->want_rows);
	if (refuse_conditions(c, false) != 0 || prefer_check(c) != 0)
		return -1;
	rc = change(c, ch);
	if (rc != 0 && prefer_was_zone(c))
		rc = change(c, ch);
	if (rc == 0)
		prefer_applied(c, ch->rows != NULL);
	return rc;
}
