/*
 * What the files of db/ share.
 *
 *   conn.c      one connection: open, is it alive, drop
 *   prepared.c  which statements it has prepared under which name
 *   batch.c     what a caller puts together
 *   send.c      one attempt at it: the messages, in one burst
 *   wait.c      … waiting for the next answer, and giving up
 *   receive.c   … sorting the answers
 *   verdict.c   … what its failure means
 *   run.c       db_run: attempts; ping; script
 *   load.c      a long write: one transaction, many statements under way
 *   rows.c      results, streamed or in hand
 *   listen.c    being woken by NOTIFY
 *   wake.c      waking
 *   cancel.c    the cancel request, in a process of its own
 */
#ifndef DYNAPI_DB_PRIV_H
#define DYNAPI_DB_PRIV_H

#include <libpq-fe.h>
#include <sys/types.h>

#include "db/db.h"

#define PREPARED_MAX     256
#define PREPARED_BUCKETS 512
#define DOOMED_MAX       64

/* GRACE: beyond the statement's own timeout, before we cancel ourselves;
 * DRAIN: how long a cancelled batch may take to end */
#define GRACE_US      300000
#define DRAIN_US      600000
#define ABANDON_US    300000
#define CROWDED_US    2000000 /* how long 53300 is waited out */
#define PAUSE_MIN_MS  50
#define PAUSE_MAX_MS  5000
#define COLLIDE_TRIES 3

struct cancel {
	pid_t pid; /* 0: none under way */
	int fd;    /* end of file when it is done */
};

/* -1 when it cannot be started */
int cancel_start(struct cancel *, PGconn *);
/* true: the server has dealt with it (or there was none); false: not within
 * the time, the helper is killed and the connection cannot be trusted */
bool cancel_finish(struct cancel *, int64_t deadline_us);

enum prepared_state {
	PREPARED_FREE,
	PREPARED_SENT, /* on its way in the present batch */
	PREPARED_READY
};

struct prepared_stmt {
	enum prepared_state state;
	uint64_t hash;
	char *text;
	size_t len;
	char name[16];
	uint64_t batch; /* the last batch that used it */
	struct prepared_stmt *next_hash, *newer, *older;
};

/* a least-recently-used cache keyed by the exact text */
struct prepared {
	struct prepared_stmt *buckets[PREPARED_BUCKETS];
	struct prepared_stmt *newest, *oldest;
	size_t n, max;
	uint64_t last_name, batch;
	/* names that the server still has and we no longer want */
	char doomed[DOOMED_MAX][16];
	size_t ndoomed;
};

void prepared_init(struct prepared *, size_t max);
void prepared_next_batch(struct prepared *);
/* state SENT: the caller must send its Parse; NULL: send it unnamed */
struct prepared_stmt *prepared_get(
    struct prepared *, struct str text, bool *is_new);
void prepared_ready(struct prepared_stmt *);
/* out of the cache; doomed when the server has it */
void prepared_forget(struct prepared *, struct prepared_stmt *);
/* the server has none of them (any more) */
void prepared_clear(struct prepared *);
/* the first doomed name is gone from the server */
void prepared_undoom(struct prepared *);

enum link_state { LINK_UNTRIED, LINK_UP, LINK_DOWN };

enum control {
	CONTROL_BEGIN,
	CONTROL_COMMIT,
	CONTROL_ROLLBACK,
	/* of a long write (load.c) */
	CONTROL_WRITE,   /* BEGIN */
	CONTROL_SAVE,    /* the place to go back to */
	CONTROL_RELEASE, /* what came after it stays */
	CONTROL_BACK,
	CONTROL_CHECK, /* deferred constraints, now */
	CONTROL_WAKE,  /* who listens to the log of events */
	CONTROL__MAX
};

/* which database: OIDs alone are alike in all clusters */
struct database_id {
	int64_t oid;   /* 0: not known */
	char name[64]; /* NAMEDATALEN */
};

enum op_kind {
	OP_CONTROL,
	OP_SETTINGS,
	OP_PREPARE,
	OP_EXEC,
	OP_DEALLOCATE,
	OP_WAKE,
	OP_SYNC
};

/* one expected answer, in the order of sending */
struct op {
	enum op_kind kind;
	size_t stmt; /* PREPARE and EXEC of the batch's statements */
	struct prepared_stmt *prepared;
};

#define WAKE_OPS 3

struct db {
	struct db_opts opts;
	struct database_id have, want;
	char *options;  /* session settings as startup options */
	bool malformed; /* conninfo cannot be read */
	struct arena *scratch;
	PGconn *conn;    /* NULL: closed */
	PGconn *started; /* by db_connect_soon; NULL: none */
	bool dying;      /* the server has announced its end */
	bool listens;    /* LISTEN was said on this connection */
	bool notified;   /* a NOTIFY has come since db_woken */
	bool checked;    /* the schema version was right */
	bool crowded;    /* the last attempt met 53300 */
	enum link_state link;
	int pause_ms;
	int64_t next_try_us;
	uint64_t random;
	struct prepared prepared;
	struct prepared_stmt control[CONTROL__MAX];
	struct run *stream;       /* a batch whose last rows are not read yet */
	struct op wake[WAKE_OPS]; /* answers to a wake-up, not read yet */
	size_t nwake;
	int64_t waking_us; /* when that was sent */
	int64_t woken_us;  /* when what has woken somebody was */
	struct db_stats stats;
};

void conn_drop(struct db *);
/* logs the loss (once per connection) and drops */
void conn_lost(struct db *, const char *why);
/* 0 … below */
uint32_t conn_random(struct db *, uint32_t below);
void conn_sleep_ms(int ms);

struct run {
	struct db *db;
	struct batch *b;
	struct op *ops;
	size_t nops, at;     /* the answer that comes next */
	int64_t deadline_us; /* 0: none */
	int64_t idle_us;     /* stream: bound of each wait, 0: none */
	int client_fd;
	bool sent;       /* bytes may have left */
	bool unsent;     /* bytes are still waiting to leave */
	bool streaming;  /* rows are being handed out */
	bool forget_all; /* the server lost our prepared statements */
	int nulls;       /* in a row, for answers that make no sense */
	struct cancel cancel;
	bool cancelled;
	const char *why_cancelled;
	/* how it ended */
	bool lost;
	const char *why_lost;
	bool failed;        /* an error result came: nothing was committed */
	bool stale_plan;    /* … because of a prepared statement */
	bool guard_raised;  /* … in the guard */
	bool row_policy;    /* … because of a row security policy */
	bool shape_changed; /* the columns are not those of the snapshot */
	const char *message;
};

struct run *run_new(struct db *, struct batch *, int64_t deadline_us);
/* all messages of the batch, and the burst that sends them (send.c) */
void run_send(struct run *);
/* the same one by one */
void run_send_control(struct run *, enum control);
void run_send_settings(struct run *);
void run_send_stmt(struct run *, size_t i);
void run_send_sync(struct run *);
/*
 * Behind the sync of a write that may have emitted events: wakes who listens,
 * if it has, and if they were not a moment ago.  Nobody waits for it and it
 * fails nothing; what is answered is read before the next batch (wake.c).
 */
void run_send_wake(struct run *);
/* the same after a write that took longer than who listens stays awake */
void wake_late(struct run *, int64_t sent_us);
void wake_receive(struct db *);
/* reads answers to the end, or to the next rows of a stream */
void run_receive(struct run *);
/* the answers up to the next sync only; the connection is looked after by
 * run_finish */
void run_receive_sync(struct run *);
/* no more answers will be read: is the connection fit for the next batch? */
void run_finish(struct run *);
/* one result of the present op; NULL: its end, or lost (wait.c) */
PGresult *run_await(struct run *);
void run_lose(struct run *, const char *why);
/* asks the server to stop; what still comes is read for drain_us */
void run_cancel(struct run *, const char *why, int64_t drain_us);
/* reads to the end without looking; drops the connection if it must */
void run_abandon(struct run *);
/* an error result; the first one counts (verdict.c) */
void run_note_error(struct run *, const struct op *, const PGresult *);
/* what the failure is for the caller; 0 when there is none */
int run_verdict(struct run *, struct err *);

struct rows {
	const struct batch *batch;
	const struct stmt *stmt;
	PGresult *res;
	int at, n, ncols;
	struct run *run; /* a stream that has not ended */
};

/* takes the result over; false: the columns are not what was expected */
bool rows_take(struct rows *, PGresult *, enum batch_kind);
void rows_clear(struct rows *);

#endif
