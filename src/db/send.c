/*
 * The messages of one attempt.  libpq holds them back until the sync (or
 * 64 KB), so that a batch leaves in one send.  For each message that will be
 * answered there is one struct op, in the same order.
 */
#include "db/db_priv.h"

#include <string.h>

#include "base/arena.h"
#include "stmt/stmt.h"

#define DEALLOCATE_AT_ONCE 8

static const struct {
	const char *name, *text;
} controls[CONTROL__MAX] = {
    [CONTROL_BEGIN] = {"b", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
    [CONTROL_COMMIT] = {"c", "COMMIT"},
    [CONTROL_ROLLBACK] = {"r", "ROLLBACK"},
    [CONTROL_WRITE] = {"w", "BEGIN"},
    [CONTROL_SAVE] = {"p", "SAVEPOINT dynapi"},
    [CONTROL_RELEASE] = {"q", "RELEASE SAVEPOINT dynapi"},
    [CONTROL_BACK] = {"k", "ROLLBACK TO SAVEPOINT dynapi"},
    [CONTROL_CHECK] = {"d", "SET CONSTRAINTS ALL IMMEDIATE"},
    /* the mark is the change's (stmt/event.c) and gone if that is undone */
    [CONTROL_WAKE] = {"n",
	"select pg_catalog.pg_notify('dynapi', ''),"
	" pg_catalog.set_config('dynapi.wake', '', false)"
	" where pg_catalog.current_setting('dynapi.wake', true) = '1'"},
};

/* what the startup options are without a pooler */
static const char pooled_settings[] =
    "select set_config('search_path', '', true),"
    " set_config('TimeZone', 'UTC', true),"
    " set_config('DateStyle', 'ISO', true),"
    " set_config('IntervalStyle', 'iso_8601', true),"
    " set_config('extra_float_digits', '1', true),"
    " set_config('bytea_output', 'hex', true),"
    " set_config('jit', 'off', true),"
    " set_config('statement_timeout', $1, true)";

struct run *
run_new(struct db *db, struct batch *b, int64_t deadline_us)
{
	struct run *r = arena_make(b->arena, struct run);

	r->db = db;
	r->b = b;
	r->deadline_us = deadline_us;
	r->client_fd = b->client_fd;
	r->ops = arena_array(
	    b->arena, struct op, 2 * b->n + DEALLOCATE_AT_ONCE + 12);
	b->run = r;
	if (b->rows == NULL)
		b->rows = arena_array(b->arena, struct rows *, b->n);
	return r;
}

/* an op for the message just queued; ok is what PQsend… returned */
static void
expect(struct run *r, int ok, enum op_kind kind, size_t stmt,
    struct prepared_stmt *p)
{
	if (ok == 0) {
		/* cannot happen to a living connection, unless a statement
		 * has more parameters than the protocol can carry */
		r->sent = r->nops > 0;
		run_lose(r, PQerrorMessage(r->db->conn));
		return;
	}
	r->ops[r->nops++] = (struct op){kind, stmt, p};
}

static int
send_text(
    struct run *r, const char *text, size_t nargs, const char *const *args)
{
	return PQsendQueryParams(
	    r->db->conn, text, (int)nargs, NULL, args, NULL, NULL, 0);
}

void
run_send_control(struct run *r, enum control c)
{
	struct prepared_stmt *p = &r->db->control[c];
	PGconn *conn = r->db->conn;
	int ok;

	if (r->lost)
		return;
	if (!r->db->opts.prepared_statements) {
		ok = send_text(r, controls[c].text, 0, NULL);
		expect(r, ok, OP_CONTROL, 0, NULL);
		return;
	}
	if (p->state == PREPARED_FREE) {
		ok = PQsendPrepare(
		    conn, controls[c].name, controls[c].text, 0, NULL);
		expect(r, ok, OP_PREPARE, 0, p);
		p->state = PREPARED_SENT;
	}
	ok =
	    PQsendQueryPrepared(conn, controls[c].name, 0, NULL, NULL, NULL, 0);
	expect(r, ok, OP_CONTROL, 0, NULL);
}

void
run_send_settings(struct run *r)
{
	char *text =
	    arena_printf(r->b->arena, "%d", r->db->opts.statement_timeout_ms);
	const char *args[1] = {text};

	if (!r->lost)
		expect(r, send_text(r, pooled_settings, 1, args), OP_SETTINGS,
		    0, NULL);
}

void
run_send_stmt(struct run *r, size_t i)
{
	const struct stmt *s = r->b->stmts[i];
	const char *const *args = (const char *const *)s->args;
	struct prepared_stmt *p = NULL;
	PGconn *conn = r->db->conn;
	bool is_new = false;
	int ok;

	if (r->lost)
		return;
	if (r->db->opts.prepared_statements)
		p = prepared_get(&r->db->prepared, buf_view(&s->text), &is_new);
	if (p == NULL) {
		ok = send_text(r, s->text.p, s->nargs, args);
		expect(r, ok, OP_EXEC, i, NULL);
		return;
	}
	if (is_new) {
		r->db->stats.prepares++;
		ok = PQsendPrepare(conn, p->name, s->text.p, 0, NULL);
		expect(r, ok, OP_PREPARE, i, p);
	}
	ok = PQsendQueryPrepared(
	    conn, p->name, (int)s->nargs, args, NULL, NULL, 0);
	expect(r, ok, OP_EXEC, i, p);
}

/* behind the work: after COMMIT of a read, whose transaction must not begin
 * with anything that takes a snapshot */
static void
send_deallocates(struct run *r)
{
	const struct prepared *p = &r->db->prepared;
	char text[32];

	for (size_t i = 0; i < p->ndoomed && i < DEALLOCATE_AT_ONCE; i++) {
		if (r->lost)
			return;
		stpcpy(stpcpy(text, "DEALLOCATE "), p->doomed[i]);
		expect(r, send_text(r, text, 0, NULL), OP_DEALLOCATE, 0, NULL);
	}
}

void
run_send_sync(struct run *r)
{
	if (r->lost)
		return;
	r->sent = true;
	r->db->stats.flushes++;
	expect(r, PQpipelineSync(r->db->conn), OP_SYNC, 0, NULL);
	if (!r->lost)
		r->unsent = PQflush(r->db->conn) > 0;
}

/*
 * Does this read need a transaction block?  One statement behind a guard that
 * makes the transaction read-only sees one snapshot anyway, and a block costs
 * a tenth of what the database does for a row by key.
 */
static bool
wants_block(const struct batch *b)
{
	return b->kind == BATCH_READ &&
	       !(b->n == 2 && b->guard == 0 && b->stmts[0]->read_only);
}

/* what a commit would have checked, and then none of it */
static void
send_undo(struct run *r)
{
	run_send_control(r, CONTROL_CHECK);
	run_send_control(r, CONTROL_ROLLBACK);
}

void
run_send(struct run *r)
{
	const struct batch *b = r->b;
	bool block = wants_block(b);

	prepared_next_batch(&r->db->prepared);
	if (PQtransactionStatus(r->db->conn) != PQTRANS_IDLE)
		run_send_control(r, CONTROL_ROLLBACK);
	if (block)
		run_send_control(r, CONTROL_BEGIN);
	else if (b->kind == BATCH_TRY)
		run_send_control(r, CONTROL_WRITE);
	if (r->db->opts.pooled)
		run_send_settings(r);
	for (size_t i = 0; i < b->n; i++)
		run_send_stmt(r, i);
	if (block)
		run_send_control(r, CONTROL_COMMIT);
	else if (b->kind == BATCH_TRY)
		send_undo(r);
	if (r->db->prepared.ndoomed > 0)
		send_deallocates(r);
	run_send_sync(r);
	if (b->emits && b->kind == BATCH_WRITE)
		run_send_wake(r);
}
