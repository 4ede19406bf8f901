/*
 * The wake-up behind a write: NOTIFY in a transaction of its own, since a
 * commit that contains it takes a lock of the whole database.  It is sent with
 * the write; its answers are left lying until the connection is needed again,
 * so that the client waits for the write alone.
 */
#include "db/db_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"

/* who was woken looks at the log by himself, for much longer than this
 * (notify/deliver.c): so long nobody has to be woken again */
#define AWAKE_US 200000

static bool
is_awake(const struct db *db)
{
	return db->woken_us > 0 && clock_mono_us() - db->woken_us < AWAKE_US;
}

/* Behind a transaction pooler it might go to another server connection: there
 * the listener has to look from time to time. */
void
run_send_wake(struct run *r)
{
	struct db *db = r->db;
	size_t at = r->nops;

	if (r->lost || db->opts.pooled || is_awake(db))
		return;
	db->waking_us = clock_mono_us();
	run_send_control(r, CONTROL_WAKE);
	if (!r->lost)
		r->ops[r->nops - 1].kind = OP_WAKE;
	run_send_sync(r);
	db->nwake = r->nops - at;
	memcpy(db->wake, r->ops + at, db->nwake * sizeof(*db->wake));
	r->nops = at;
	if (!r->lost)
		return;
	/* the answer to the write may still come, and is what counts */
	r->lost = false;
	db->nwake = 0;
	db->dying = true;
}

void
wake_late(struct run *r, int64_t sent_us)
{
	if (r->db->nwake > 0 || clock_mono_us() - sent_us < AWAKE_US)
		return;
	r->db->woken_us = 0;
	run_send_wake(r);
}

void
wake_receive(struct db *db)
{
	struct batch *b;
	struct run *r;

	if (db->nwake == 0 || db->conn == NULL)
		return;
	b = batch_new(db->scratch, BATCH_READ);
	r = run_new(db, b, clock_mono_us() + DRAIN_US);
	memcpy(r->ops, db->wake, db->nwake * sizeof(*db->wake));
	r->nops = db->nwake;
	r->sent = true;
	db->nwake = 0;
	run_receive(r);
	if (r->failed)
		log_msg(LEVEL_WARN, "wake",
		    "SQLSTATE %s: who listens hears of "
		    "the last events later",
		    b->sqlstate);
	arena_reset(db->scratch);
}
