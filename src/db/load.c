/*
 * A long write: one transaction whose statements are sent without waiting for
 * each.  Every statement stands behind a savepoint and has a sync of its own,
 * so that after a failure the transaction can be put back to where it was
 * before, and the caller can find out which part of the statement it was.
 *
 * As many statements are under way as there are rooms, so memory does not
 * grow with their number.  Nothing but COMMIT keeps anything: a connection
 * lost before it was sent is an ordinary failure, not an unknown outcome.
 */
#include "db/db_priv.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "stmt/stmt.h"

/* the messages of one statement, with those that prepare them */
#define OPS_EACH 8
#define OPS_MAX  (OPS_EACH * (LOAD_ROOMS + 1))
/* places among the statements, behind those of the rooms: the guard, and one
 * that stands for what is none (COMMIT) */
#define GUARD  LOAD_ROOMS
#define COMMIT (LOAD_ROOMS + 1)
#define PLACES (LOAD_ROOMS + 2)

struct load {
	struct db *db;
	struct arena *arena;
	struct load_opts opts;
	struct batch *b;
	struct run *r;
	struct arena *rooms[LOAD_ROOMS];
	size_t first, n; /* under way: n rooms from first on, in a ring */
	int64_t until_us;
	bool open;   /* the transaction is */
	bool broken; /* … and has failed since the last savepoint */
	struct stmt *failed;
};

static void
end_load(void *arg)
{
	struct load *l = arg;

	load_rollback(l);
	for (size_t i = 0; i < LOAD_ROOMS; i++)
		arena_free(l->rooms[i]);
}

struct load *
load_new(struct arena *a, struct db *db, const struct load_opts *opts)
{
	struct load *l = arena_make(a, struct load);

	l->db = db;
	l->arena = a;
	l->opts = *opts;
	if (l->opts.timeout_ms <= 0)
		l->opts.timeout_ms = db->opts.statement_timeout_ms;
	l->until_us = clock_mono_us() + (int64_t)opts->stream_timeout_ms * 1000;
	for (size_t i = 0; i < LOAD_ROOMS; i++)
		l->rooms[i] = arena_new();
	arena_defer(a, end_load, l);
	return l;
}

struct batch *
load_batch(const struct load *l)
{
	return l->b;
}

struct stmt *
load_failed(const struct load *l)
{
	return l->failed;
}

/* how long the next answer may take */
static void
set_deadline(struct load *l)
{
	int64_t each = clock_mono_us() + (int64_t)l->opts.timeout_ms * 1000;

	if (l->r->cancelled)
		return;
	l->r->deadline_us =
	    (each < l->until_us ? each : l->until_us) + GRACE_US;
}

static void
receive(struct load *l)
{
	int64_t start = clock_mono_us();

	set_deadline(l);
	run_receive_sync(l->r);
	l->b->db_us += clock_mono_us() - start;
}

/* answers that came make room for those to come */
static void
compact(struct run *r)
{
	memmove(r->ops, r->ops + r->at, (r->nops - r->at) * sizeof(*r->ops));
	r->nops -= r->at;
	r->at = 0;
	assert(r->nops + OPS_EACH <= OPS_MAX);
}

static void
receive_all(struct load *l)
{
	while (l->r->at < l->r->nops && !l->r->lost)
		receive(l);
	l->n = 0;
}

static int
verdict(const struct load *l, struct err *err)
{
	struct run *r = l->r;

	if (!r->lost)
		return run_verdict(r, err);
	return err_world(err, r->cancelled ? ERR_TIMEOUT : ERR_DB_UNAVAILABLE,
	    "%s%s%s", r->cancelled ? r->why_cancelled : "",
	    r->cancelled ? ", and " : "", r->why_lost);
}

static bool
has_failed(const struct load *l)
{
	return l->r->lost || l->r->failed || l->r->shape_changed;
}

/* no more of this connection: is it fit for the next batch? */
static void
leave(struct load *l)
{
	l->open = false;
	run_finish(l->r);
}

/* ---- begin -------------------------------------------------------------- */

static void
begin(struct load *l, struct stmt *guard)
{
	struct batch *b = batch_new(l->arena, BATCH_WRITE);
	struct run *r;

	b->stmts = arena_array(l->arena, struct stmt *, PLACES);
	b->n = b->cap = PLACES;
	b->stmts[GUARD] = guard;
	b->stmts[COMMIT] = stmt_new(l->arena, "commit");
	b->guard = GUARD;
	b->timeout_ms = l->opts.timeout_ms;
	b->client_fd = l->opts.client_fd;
	l->b = b;
	l->r = r = run_new(l->db, b, 0);
	r->ops = arena_array(l->arena, struct op, OPS_MAX);
	prepared_next_batch(&l->db->prepared);
	if (PQtransactionStatus(l->db->conn) != PQTRANS_IDLE)
		run_send_control(r, CONTROL_ROLLBACK);
	run_send_control(r, CONTROL_WRITE);
	if (l->db->opts.pooled)
		run_send_settings(r);
	run_send_stmt(r, GUARD);
	run_send_sync(r);
	receive(l);
}

int
load_begin(struct load *l, struct stmt *guard, struct err *err)
{
	int rc;

	/* nothing can have happened yet, so once more is harmless */
	for (int tries = 0; tries < 2; tries++) {
		if (db_connect(l->db, err) != 0)
			return -1;
		l->open = true;
		begin(l, guard);
		if (l->r->cancelled || (!l->r->lost && !l->r->stale_plan))
			break;
		leave(l);
	}
	rc = verdict(l, err);
	if (rc != 0)
		load_rollback(l);
	return rc;
}

struct rows *
load_guard(const struct load *l)
{
	return batch_rows(l->b, GUARD);
}

/* ---- statements --------------------------------------------------------- */

/* what came before a failure is gone with it, what comes after too */
static int
fail(struct load *l, size_t at, struct err *err)
{
	receive_all(l);
	l->broken = true;
	l->failed = l->b->stmts[at];
	return verdict(l, err);
}

static int
take_oldest(struct load *l, struct err *err)
{
	size_t at = l->first;

	receive(l);
	if (has_failed(l))
		return fail(l, at, err);
	l->first = (l->first + 1) % LOAD_ROOMS;
	l->n--;
	if (l->opts.done != NULL)
		l->opts.done(l->opts.arg, l->b->rows[at]);
	rows_clear(l->b->rows[at]);
	return 0;
}

struct arena *
load_room(struct load *l, struct err *err)
{
	struct arena *room;

	if (l->n == LOAD_ROOMS && take_oldest(l, err) != 0)
		return NULL;
	room = l->rooms[(l->first + l->n) % LOAD_ROOMS];
	arena_reset(room);
	return room;
}

static void
send(struct load *l, size_t at, struct stmt *s)
{
	struct rows *rows = l->b->rows[at];

	compact(l->r);
	l->b->emits = l->b->emits || s->emits;
	l->b->stmts[at] = s;
	if (rows != NULL) {
		rows_clear(rows);
		rows->stmt = s;
		rows->ncols = 0;
	}
	run_send_control(l->r, CONTROL_SAVE);
	run_send_stmt(l->r, at);
	run_send_control(l->r, CONTROL_RELEASE);
	run_send_sync(l->r);
}

int
load_send(struct load *l, struct stmt *s, struct err *err)
{
	size_t at = (l->first + l->n) % LOAD_ROOMS;

	assert(l->open && l->n < LOAD_ROOMS);
	if (clock_mono_us() > l->until_us)
		return err_world(err, ERR_TIMEOUT, "stream_timeout has passed");
	send(l, at, s);
	l->n++;
	return l->r->lost ? fail(l, at, err) : 0;
}

int
load_wait(struct load *l, struct err *err)
{
	while (l->n > 0)
		if (take_oldest(l, err) != 0)
			return -1;
	return 0;
}

static void
forget_failure(struct load *l)
{
	struct run *r = l->r;
	struct batch *b = l->b;

	r->failed = r->stale_plan = r->guard_raised = false;
	r->row_policy = r->shape_changed = b->in_function = false;
	r->message = NULL;
	b->sqlstate[0] = '\0';
	b->constraint = b->column = b->table = b->schema = NULL;
}

struct rows *
load_try(struct load *l, struct stmt *s, struct err *err)
{
	assert(l->open && l->n == 0);
	if (l->r->lost || l->r->cancelled) {
		verdict(l, err);
		return NULL;
	}
	compact(l->r);
	if (l->broken)
		run_send_control(l->r, CONTROL_BACK);
	forget_failure(l);
	send(l, 0, s);
	receive(l);
	l->broken = has_failed(l);
	return verdict(l, err) == 0 ? l->b->rows[0] : NULL;
}

/* ---- the end ------------------------------------------------------------ */

static int
run_control(struct load *l, enum control c, struct err *err)
{
	compact(l->r);
	run_send_control(l->r, c);
	run_send_sync(l->r);
	if (c == CONTROL_COMMIT && l->b->emits) {
		l->db->woken_us = 0;
		run_send_wake(l->r);
	}
	receive(l);
	l->broken = has_failed(l);
	return verdict(l, err);
}

int
load_check(struct load *l, struct err *err)
{
	return load_wait(l, err) == 0 ? run_control(l, CONTROL_CHECK, err) : -1;
}

int
load_commit(struct load *l, struct err *err)
{
	struct err e;
	int rc;

	if (load_wait(l, err) != 0)
		return -1;
	err_init(&e, l->arena);
	rc = run_control(l, CONTROL_COMMIT, &e);
	if (rc != 0)
		err_world(err, l->r->lost ? ERR_OUTCOME_UNKNOWN : e.id, "%s",
		    e.cause != NULL ? e.cause : "");
	leave(l);
	return rc;
}

void
load_rollback(struct load *l)
{
	struct err e;

	if (!l->open)
		return;
	err_init(&e, NULL);
	/* rows that nobody wants are not worth being waited for */
	if (l->n > 0 && !l->r->lost && !l->r->cancelled)
		run_cancel(l->r, "nothing of it is wanted", DRAIN_US);
	receive_all(l);
	if (!l->r->lost)
		run_control(l, CONTROL_ROLLBACK, &e);
	leave(l);
}
