/*
 * Everything libpq.  A struct db is one connection that opens late, is
 * replaced when found dead, and remembers its prepared statements.  A struct
 * batch is what one request sends: one pipeline, one flush, one wait.
 *
 *   b = batch_new(arena, BATCH_READ);
 *   batch_guard(b, guard);          refusal aborts all that follows
 *   i = batch_add(b, stmt);
 *   db_run(db, b, &err);            0: every result is here, or streams
 *   rows = batch_rows(b, i);
 *
 * A read batch is BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY … COMMIT
 * and one sync: one snapshot.  (Where it is a guard that makes the
 * transaction read-only and one statement, the block is left out.)  A write batch is one implicit transaction; 0
 * means that PostgreSQL has committed.  Reads are retried once on a lost
 * connection; writes only when nothing was sent; a write whose outcome is
 * unknown is ERR_OUTCOME_UNKNOWN and never retried.
 *
 * Results belong to the batch's arena.  PostgreSQL 15 chapters 34.5 (pipeline
 * mode), 34.6 (single-row mode), 55.2.3 (extended query).
 */
#ifndef DYNAPI_DB_H
#define DYNAPI_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct conf;
struct db;
struct rows;
struct run;
struct stmt;

struct db_opts {
	const char *conninfo; /* libpq connection string or URI */
	const char *application_name;
	int connect_timeout_s;
	int statement_timeout_ms;
	bool prepared_statements; /* named ones */
	/* behind a transaction pooler: the session settings travel in each
	 * batch, and there are no named statements */
	bool pooled;
	bool check_version; /* dynapi.meta must have our schema version */
};

/* TRY: a write that is checked to its end, deferred constraints included, and
 * then undone; it is in a transaction of its own that nothing commits */
enum batch_kind { BATCH_READ, BATCH_WRITE, BATCH_TRY };

struct batch {
	struct arena *arena;
	enum batch_kind kind;
	struct stmt **stmts;
	struct rows **rows; /* one per statement, after db_run */
	size_t n, cap;
	ptrdiff_t guard; /* index of the guard, -1: none */
	bool stream;     /* the last statement's rows are streamed */
	bool emits;      /* a statement writes the log of events */
	/* whole batch; stream: until the first row; 0: the db's
	 * statement_timeout_ms.  What has not come 300 ms later is cancelled */
	int timeout_ms;
	/* stream: all of it; 0: timeout_ms for each wait after the first row */
	int stream_timeout_ms;
	int client_fd; /* watched while we wait; -1: none */
	/* after a failure */
	char sqlstate[6];
	size_t failed;          /* index of the statement that failed */
	const char *constraint; /* PG_DIAG_CONSTRAINT_NAME, or NULL */
	const char *column;     /* PG_DIAG_COLUMN_NAME, or NULL */
	const char *table;      /* PG_DIAG_TABLE_NAME, or NULL */
	const char *schema;     /* PG_DIAG_SCHEMA_NAME, or NULL */
	bool in_function;       /* a function or a trigger has said it */
	bool client_gone;
	/* for the log */
	int64_t db_us;
	struct run *run; /* db's own */
};

struct batch *batch_new(struct arena *, enum batch_kind);
void batch_guard(struct batch *, struct stmt *); /* first statement only */
/* its children follow it; the index is its own */
size_t batch_add(struct batch *, struct stmt *);
struct rows *batch_rows(const struct batch *, size_t i);

struct db *db_new(const struct db_opts *); /* opens nothing yet */
void db_free(struct db *);
/*
 * Sends the batch and waits.  -1: err from the SQLSTATE table (sqlstate.def),
 * ZD001 of the guard is ERR_TOKEN_INVALID, ZD002 ERR_FORBIDDEN; a lost
 * connection ERR_DB_UNAVAILABLE; the batch's failure fields are set.
 * With stream, 0 means that the first row has come (or the end).
 */
int db_run(struct db *, struct batch *, struct err *);

/*
 * A long write: one transaction of any number of statements, several of which
 * are under way at a time (load.c).
 *
 *   l = load_new(arena, db, &opts);
 *   load_begin(l, guard, &err);             BEGIN and the guard, waited for
 *   room = load_room(l, &err);              waits when all rooms are in use
 *   load_send(l, stmt made in room, &err);  not waited for
 *   load_commit(l, &err);                   0: PostgreSQL has committed
 *
 * After -1 nothing is under way, and load_failed is the statement that failed
 * (NULL: none did).  The transaction can then be tried with other statements
 * (load_try, each of which stays when it succeeds) until it is rolled back.
 * It is rolled back with its arena at the latest.  What is to be said of the
 * failure stands in load_batch.
 */
#define LOAD_ROOMS 4
struct load;
struct load_opts {
	int timeout_ms;        /* each statement; 0: the db's */
	int stream_timeout_ms; /* all of it */
	int client_fd;         /* watched while we wait; -1: none */
	/* told of each statement that succeeded, in their order */
	void (*done)(void *arg, struct rows *);
	void *arg;
};
struct load *load_new(struct arena *, struct db *, const struct load_opts *);
int load_begin(struct load *, struct stmt *guard, struct err *);
struct rows *load_guard(const struct load *); /* what the guard said */
struct arena *load_room(struct load *, struct err *);
int load_send(struct load *, struct stmt *, struct err *);
int load_wait(struct load *, struct err *); /* until none is under way */
struct stmt *load_failed(const struct load *);
/* its rows, or NULL */
struct rows *load_try(struct load *, struct stmt *, struct err *);
/* what COMMIT would find (deferred constraints) */
int load_check(struct load *, struct err *);
int load_commit(struct load *, struct err *);
void load_rollback(struct load *);
struct batch *load_batch(const struct load *);

/*
 * Being woken: after db_listen, NOTIFY dynapi makes db_fd readable and db_woken
 * true, once; so does the end of the connection, after which db_listen is due
 * again.  What was notified meanwhile is lost: look at what it is about after
 * each db_listen.  A transaction pooler cannot do this.
 */
int db_listen(struct db *, struct err *); /* nothing to do: 0 at once */
int db_fd(const struct db *);             /* -1: closed */
bool db_woken(struct db *);               /* does not wait */

/* is the database there: one trivial statement; for /health/ready */
int db_ping(struct db *, int timeout_ms, struct err *);
/* the database that the snapshot was made of (with check_version): batches
 * sent to another one are ERR_SNAPSHOT_UNAVAILABLE with both named */
void db_expect(struct db *, uint32_t oid, struct str name);
/* a first step that does not wait: the server prepares itself while the
 * caller still does other things; failures show when it is needed */
void db_connect_soon(struct db *);
/* opened now rather than at the first batch; for dynapictl */
int db_connect(struct db *, struct err *);
/* one SQL script of several statements in one transaction (migrations) */
int db_script(struct db *, const char *sql, struct err *);
/*
 * The user that a connection string names (keyword or URI), in the arena;
 * NULL with ERR_INTERNAL when it is malformed or names none.  Opens nothing.
 */
const char *db_conninfo_user(
    struct arena *, const char *conninfo, struct err *);
/* counters for the log and the tests of round trips */
struct db_stats {
	uint64_t flushes, waits, connects, prepares;
};
void db_stats(const struct db *, struct db_stats *);
/* is this SQLSTATE caused by a schema that changed under us? */
bool sqlstate_is_stale(const char *sqlstate);
/* a value of the caller that PostgreSQL refused (class 22) */
bool sqlstate_is_value(const char *sqlstate);
enum err_id sqlstate_err(const char *sqlstate, enum batch_kind);

/*
 * Rows of one statement.  rows_next: 1 there is a row, 0 the end, -1 failed
 * (a streamed result can fail late).  Cells are valid until the next call.
 */
size_t rows_ncols(const struct rows *);
const struct stmt *rows_stmt(const struct rows *);
/* the rows of the statement's child i */
struct rows *rows_child(const struct rows *, size_t i);
/* rows in hand, or -1 for a stream; for writes: rows affected */
int64_t rows_count(const struct rows *);
int rows_next(struct rows *, struct err *);
struct str rows_cell(const struct rows *, size_t col); /* p NULL: null */
/* before the first row again; not for streams */
void rows_rewind(struct rows *);
/* name of result column i as PostgreSQL says it (statements without cols) */
struct str rows_name(const struct rows *, size_t col);

#endif
