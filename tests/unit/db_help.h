/*
 * What the tests against a real PostgreSQL share.  tests/api/db.t starts a
 * private cluster and tells us by the environment: PGHOST, PGPORT, PGUSER,
 * and TEST_PG, a command that takes "restart MODE", "stop MODE", "start".
 */
#ifndef DYNAPI_DB_HELP_H
#define DYNAPI_DB_HELP_H

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "cases.h"
#include "db/db.h"
#include "stmt/stmt.h"

static struct err err;
static struct db *db;
static PGconn *other; /* a connection beside the one under test */

static const struct db_opts default_opts = {
    .conninfo = "dbname=postgres",
    .application_name = "test",
    .connect_timeout_s = 2,
    .statement_timeout_ms = 30000,
    .prepared_statements = true,
};

/* a server that recovers from what the last test did to it is waited for */
static UNUSED void
other_open(void)
{
	for (int i = 0; i < 100; i++) {
		if (other != NULL)
			PQfinish(other);
		other = PQconnectdb("dbname=postgres");
		if (PQstatus(other) == CONNECTION_OK)
			return;
		usleep(100000);
	}
	if (PQstatus(other) != CONNECTION_OK)
		fail_msg("%s", PQerrorMessage(other));
}

/* on the other connection; the first value, or "" */
static UNUSED const char *
sql(const char *text)
{
	static char value[256];
	PGresult *res = PQexec(other, text);
	ExecStatusType status = PQresultStatus(res);

	value[0] = '\0';
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		fail_msg("%s: %s", text, PQerrorMessage(other));
	if (PQntuples(res) > 0)
		snprintf(value, sizeof(value), "%s", PQgetvalue(res, 0, 0));
	PQclear(res);
	return value;
}

static UNUSED struct stmt *
make_stmt(const char *label, const char *text, size_t n, const char **args)
{
	struct stmt *s = arena_make(arena, struct stmt);

	s->arena = arena;
	s->label = label;
	buf_init(&s->text, arena, 1 << 20);
	buf_cstr(&s->text, text);
	s->args = args;
	s->nargs = n;
	return s;
}

static UNUSED struct batch *
make_batch(enum batch_kind kind, const char *text)
{
	struct batch *b = batch_new(arena, kind);

	if (text != NULL)
		batch_add(b, make_stmt("test", text, 0, NULL));
	return b;
}

static UNUSED int
run(struct batch *b)
{
	err_init(&err, arena);
	return db_run(db, b, &err);
}

static UNUSED int
run_text(enum batch_kind kind, const char *text)
{
	return run(make_batch(kind, text));
}

#define assert_runs(b)                                                         \
	do {                                                                   \
		if (run(b) != 0)                                               \
			fail_msg("line %d: %s: %s", __LINE__,                  \
			    err_code(err.id), err.cause ? err.cause : "");     \
	} while (0)

#define assert_fails(b, want)                                                  \
	do {                                                                   \
		if (run(b) == 0 || err.id != (want))                           \
			fail_msg("line %d: %s instead of %s: %s", __LINE__,    \
			    err_code(err.id), err_code(want),                  \
			    err.cause ? err.cause : "");                       \
	} while (0)

/* the first value of the batch's statement i */
static UNUSED const char *
value_of(struct batch *b, size_t i)
{
	struct rows *rows = batch_rows(b, i);
	struct str s;

	if (rows_next(rows, &err) != 1)
		return "(no row)";
	s = rows_cell(rows, 0);
	return s.p == NULL ? "(null)" : s.p;
}

static UNUSED const char *
ask(const char *text)
{
	struct batch *b = make_batch(BATCH_READ, text);

	if (run(b) != 0)
		fail_msg("%s: %s: %s", text, err_code(err.id),
		    err.cause ? err.cause : "");
	return value_of(b, 0);
}

static UNUSED struct db_stats
stats(void)
{
	struct db_stats s;

	db_stats(db, &s);
	return s;
}

static UNUSED int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	err_init(&err, arena);
	db = db_new(&default_opts);
	other_open();
	return 0;
}

static UNUSED int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	db_free(db);
	PQfinish(other);
	other = NULL;
	return 0;
}

/* runs fn in a process of its own after ms milliseconds */
static UNUSED pid_t
later(int ms, void (*fn)(const char *), const char *arg)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	usleep((useconds_t)ms * 1000);
	fn(arg);
	_exit(0);
}

static UNUSED void
done(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* for later(): a statement on a connection of its own */
static UNUSED void
execute(const char *text)
{
	PGconn *c = PQconnectdb("dbname=postgres");
	PGresult *res = PQexec(c, text);
	ExecStatusType status = PQresultStatus(res);

	PQclear(res);
	PQfinish(c);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		_exit(1);
}

static UNUSED void
server(const char *what)
{
	char command[512];

	snprintf(command, sizeof(command), "%s %s", getenv("TEST_PG"), what);
	if (system(command) != 0)
		_exit(1);
}

#endif
