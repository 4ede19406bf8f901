/*
 * The answers of one attempt, in the order of the messages.  After an error
 * the rest comes back as "aborted" up to the sync, and is read like anything
 * else: only the sync's own answer says that a write was committed.
 */
#include "db/db_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

#if defined(HAVE_CONFIG_H)
#include "config.h"
#endif

#define CHUNK_ROWS 256
#define NULLS_MAX  8

static struct rows *
get_rows(struct run *r, size_t i)
{
	struct batch *b = r->b;

	if (b->rows[i] == NULL) {
		b->rows[i] = arena_make(b->arena, struct rows);
		b->rows[i]->batch = b;
		b->rows[i]->stmt = b->stmts[i];
	}
	return b->rows[i];
}

static bool
is_streamed(const struct run *r, const struct op *op)
{
	return r->b->stream && op->kind == OP_EXEC && op->stmt + 1 == r->b->n;
}

/* the next op's answer comes up: the moment to say how we want its rows */
static void
enter_op(struct run *r)
{
	if (r->at == r->nops || !is_streamed(r, &r->ops[r->at]))
		return;
#ifdef HAVE_PQSETCHUNKEDROWSMODE
	PQsetChunkedRowsMode(r->db->conn, CHUNK_ROWS);
#else
	PQsetSingleRowMode(r->db->conn);
#endif
}

static void
take_done(struct run *r, const struct op *op, PGresult *res)
{
	switch (op->kind) {
	case OP_EXEC:
		if (r->streaming)
			break;
		if (!rows_take(get_rows(r, op->stmt), res, r->b->kind))
			r->shape_changed = true;
		return;
	case OP_PREPARE:
		prepared_ready(op->prepared);
		break;
	case OP_DEALLOCATE:
		prepared_undoom(&r->db->prepared);
		break;
	case OP_WAKE:
		if (PQntuples(res) > 0)
			r->db->woken_us = r->db->waking_us;
		break;
	case OP_CONTROL:
	case OP_SETTINGS:
	case OP_SYNC:
		break;
	}
	PQclear(res);
}

/* a statement that was not prepared after all */
static void
take_unprepared(struct run *r, const struct op *op)
{
	struct db *db = r->db;

	if (op->kind != OP_PREPARE)
		return;
	if (op->prepared >= db->control &&
	    op->prepared < db->control + CONTROL__MAX)
		op->prepared->state = PREPARED_FREE;
	else
		prepared_forget(&db->prepared, op->prepared);
}

static void
take_stream_rows(struct run *r, const struct op *op, PGresult *res)
{
	struct rows *rows = get_rows(r, op->stmt);
	bool fits = rows_take(rows, res, r->b->kind);

	if (!r->streaming) {
		r->streaming = true;
		r->db->stream = r;
		rows->run = r;
		if (r->b->stream_timeout_ms > 0)
			r->deadline_us =
			    clock_mono_us() +
			    (int64_t)r->b->stream_timeout_ms * 1000 + GRACE_US;
		else if (r->deadline_us != 0)
			r->idle_us = (int64_t)r->b->timeout_ms * 1000;
	}
	if (!fits) {
		r->shape_changed = true;
		run_cancel(r, "the columns have changed", DRAIN_US);
	}
}

/* true: rows of a stream are in hand */
static bool
take(struct run *r, const struct op *op, PGresult *res)
{
	r->nulls = 0;
	switch (PQresultStatus(res)) {
	case PGRES_SINGLE_TUPLE:
#ifdef HAVE_PQSETCHUNKEDROWSMODE
	case PGRES_TUPLES_CHUNK:
#endif
		if (r->cancelled) {
			PQclear(res);
			return false;
		}
		take_stream_rows(r, op, res);
		return !r->shape_changed;
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
	case PGRES_EMPTY_QUERY:
		take_done(r, op, res);
		return false;
	case PGRES_PIPELINE_ABORTED:
		take_unprepared(r, op);
		break;
	case PGRES_PIPELINE_SYNC:
		if (op->kind == OP_SYNC)
			r->at++;
		else
			run_lose(r, "a sync that was not asked for");
		break;
	case PGRES_FATAL_ERROR:
		take_unprepared(r, op);
		run_note_error(r, op, res);
		break;
	default:
		run_lose(r, "an answer that was not asked for");
		break;
	}
	PQclear(res);
	return false;
}

void
run_finish(struct run *r)
{
	struct db *db = r->db;

	if (db->stream == r)
		db->stream = NULL;
	r->streaming = false;
	if (!cancel_finish(&r->cancel, r->deadline_us) && !r->lost)
		conn_lost(db, "a cancel request is still under way");
	if (r->lost)
		conn_lost(db, r->why_lost);
	/* this server is a standby: the next attempt looks for a writer */
	if (r->b->kind != BATCH_READ && strcmp(r->b->sqlstate, "25006") == 0)
		conn_drop(db);
	if (db->conn != NULL && r->forget_all) {
		prepared_clear(&db->prepared);
		memset(db->control, 0, sizeof(db->control));
	}
}

void
run_receive(struct run *r)
{
	PGresult *res;

	if (r->at == 0)
		enter_op(r);
	while (r->at < r->nops && !r->lost) {
		const struct op *op = &r->ops[r->at];

		res = run_await(r);
		if (res != NULL) {
			if (take(r, op, res))
				return;
		} else if (op->kind != OP_SYNC) {
			r->at++;
			enter_op(r);
		} else if (++r->nulls > NULLS_MAX) {
			run_lose(r, "the sync was not answered");
		}
	}
	run_finish(r);
}

void
run_receive_sync(struct run *r)
{
	PGresult *res;

	while (r->at < r->nops && !r->lost) {
		const struct op *op = &r->ops[r->at];

		res = run_await(r);
		if (res != NULL)
			take(r, op, res);
		else if (op->kind != OP_SYNC)
			r->at++;
		else if (++r->nulls > NULLS_MAX)
			run_lose(r, "the sync was not answered");
		if (res != NULL && op->kind == OP_SYNC)
			return;
	}
}

void
run_abandon(struct run *r)
{
	if (!r->cancelled)
		run_cancel(r, "nobody reads on", ABANDON_US);
	run_receive(r);
}
