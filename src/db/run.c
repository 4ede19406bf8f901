/*
 * db_run: attempts.  Again after a lost connection (a read once; a write only
 * if no byte has left), after a collision (three times; the server has said
 * that it undid the transaction), and after a prepared statement turned out
 * to be older than the schema (once).
 */
#include "db/db_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "stmt/stmt.h"

struct tries {
	bool relinked, replanned;
	int collisions;
};

static bool
is_collision(const struct run *r)
{
	return r->failed && !r->lost &&
	       (strcmp(r->b->sqlstate, "40001") == 0 ||
		   strcmp(r->b->sqlstate, "40P01") == 0);
}

static bool
is_again(struct run *r, struct tries *t)
{
	if (r->cancelled)
		return false;
	if (r->lost && !t->relinked &&
	    (r->b->kind != BATCH_WRITE || !r->sent)) {
		t->relinked = true;
		return true;
	}
	if (r->stale_plan && !r->lost && !t->replanned) {
		t->replanned = true;
		return true;
	}
	if (is_collision(r) && t->collisions < COLLIDE_TRIES) {
		t->collisions++;
		conn_sleep_ms(5 * t->collisions +
			      (int)conn_random(r->db, 20u << t->collisions));
		return true;
	}
	return false;
}

static void
forget_attempt(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->rows[i] != NULL) {
			rows_clear(b->rows[i]);
			b->rows[i] = NULL;
		}
	b->sqlstate[0] = '\0';
	b->constraint = b->column = b->table = b->schema = NULL;
}

/* behind a pooler an aborted transaction occupies a server connection */
static void
roll_back_now(struct db *db)
{
	struct batch *b;
	struct run *r;

	if (!db->opts.pooled || db->conn == NULL ||
	    PQtransactionStatus(db->conn) == PQTRANS_IDLE)
		return;
	b = batch_new(db->scratch, BATCH_WRITE);
	r = run_new(db, b, clock_mono_us() + DRAIN_US);
	run_send(r);
	run_receive(r);
	arena_reset(db->scratch);
}

static int
run_attempts(struct db *db, struct batch *b, struct err *err)
{
	struct tries tries = {0};
	int64_t deadline = 0, sent_us;
	struct run *r;
	int rc;

	for (;;) {
		if (db_connect(db, err) != 0)
			return -1;
		if (deadline == 0 && b->timeout_ms > 0)
			deadline = clock_mono_us() +
				   (int64_t)b->timeout_ms * 1000 + GRACE_US;
		r = run_new(db, b, deadline);
		sent_us = clock_mono_us();
		run_send(r);
		run_receive(r);
		if (!is_again(r, &tries))
			break;
		forget_attempt(b);
	}
	rc = run_verdict(r, err);
	if (rc != 0)
		roll_back_now(db);
	else if (b->emits && b->kind == BATCH_WRITE)
		wake_late(r, sent_us);
	return rc;
}

int
db_run(struct db *db, struct batch *b, struct err *err)
{
	int64_t start = clock_mono_us();
	int rc;

	if (b->timeout_ms <= 0)
		b->timeout_ms = db->opts.statement_timeout_ms;
	rc = run_attempts(db, b, err);
	b->db_us += clock_mono_us() - start;
	return rc;
}

int
db_ping(struct db *db, int timeout_ms, struct err *err)
{
	struct arena *a = arena_new();
	struct batch *b = batch_new(a, BATCH_READ);
	struct stmt *s = arena_make(a, struct stmt);
	struct err e;
	int rc;

	s->arena = a;
	s->label = "ping";
	buf_init(&s->text, a, 64);
	buf_lit(&s->text, "select 1");
	batch_add(b, s);
	b->timeout_ms = timeout_ms;
	err_init(&e, a);
	rc = db_run(db, b, &e);
	if (rc != 0)
		err_world(err, e.id, "%s", e.cause != NULL ? e.cause : "");
	arena_free(a);
	return rc;
}
