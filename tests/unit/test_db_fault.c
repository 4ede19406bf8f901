/*
 * The database misbehaves: lost, stopped, killed, restarted, full, slow, in
 * collision, or talking nonsense.  Run by tests/api/db.t.
 */
#include "db_help.h"

#include <sys/socket.h>
#include <sys/un.h>

static int64_t began;

static void
start_clock(void)
{
	began = clock_mono_us();
}

static void
assert_took(int from_ms, int to_ms)
{
	int ms = (int)((clock_mono_us() - began) / 1000);

	if (ms < from_ms || ms > to_ms)
		fail_msg("took %d ms, not %d to %d", ms, from_ms, to_ms);
}

static int
backend(void)
{
	return (int)strtol(ask("select pg_backend_pid()"), NULL, 10);
}

static char *
terminate_text(int pid)
{
	return arena_printf(arena, "select pg_terminate_backend(%d)", pid);
}

static void
make_t(void)
{
	sql("drop table if exists public.t; create table public.t (v int)");
}

static struct batch *
make_insert(const char *before)
{
	struct batch *b = batch_new(arena, BATCH_WRITE);

	batch_add(
	    b, make_stmt("create", "insert into public.t values (1)", 0, NULL));
	if (before != NULL)
		batch_add(b, make_stmt("work", before, 0, NULL));
	return b;
}

/* until the cluster takes connections again */
static void
wait_server(void)
{
	for (int i = 0; i < 100; i++) {
		if (PQping("dbname=postgres") == PQPING_OK) {
			other_open();
			return;
		}
		usleep(100000);
	}
	fail_msg("the server does not come back");
}

/* until a batch succeeds: no pause between attempts is longer than 5 s */
static void
wait_batch(void)
{
	for (int i = 0; i < 70; i++) {
		if (run_text(BATCH_WRITE, "select 1") == 0)
			return;
		usleep(100000);
	}
	fail_msg("does not recover: %s", err.cause);
}

/* ---- lost ---------------------------------------------------------------- */

static void
test_idle_loss(void **state)
{
	int pid = backend();

	(void)state;
	make_t();
	for (int kind = BATCH_READ; kind <= BATCH_WRITE; kind++) {
		sql(terminate_text(pid));
		usleep(100000);
		assert_runs(kind == BATCH_READ ? make_batch(kind, "select 1")
					       : make_insert(NULL));
		assert_int_not_equal(backend(), pid);
		pid = backend();
	}
	assert_int_equal(stats().connects, 3);
	assert_string_equal(sql("select count(*) from public.t"), "1");
}

static void
test_loss_in_read(void **state)
{
	struct batch *b = make_batch(BATCH_READ, "select pg_sleep(0.5), 7");
	int pid = backend();
	pid_t killer = later(200, execute, terminate_text(pid));

	(void)state;
	assert_runs(b);
	done(killer);
	assert_int_equal(rows_count(batch_rows(b, 0)), 1);
	assert_int_equal(stats().connects, 2);
}

/* the server says why it goes, in place of a statement's answer */
static void
test_loss_in_write_proved(void **state)
{
	struct batch *b = make_insert("select pg_sleep(5)");
	int pid = backend();
	pid_t killer = later(200, execute, terminate_text(pid));

	(void)state;
	make_t();
	assert_fails(b, ERR_DB_UNAVAILABLE);
	done(killer);
	assert_string_equal(b->sqlstate, "57P01");
	assert_string_equal(sql("select count(*) from public.t"), "0");
	assert_runs(make_insert(NULL));
}

/* it says so while it commits: who knows */
static void
test_loss_at_sync(void **state)
{
	struct batch *b = make_insert(NULL);
	int pid = backend();
	pid_t killer = later(200, execute, terminate_text(pid));

	(void)state;
	sql("drop table if exists public.t; create table public.t (v int);"
	    "create or replace function public.slow() returns trigger "
	    "language plpgsql as "
	    "$$ begin perform pg_sleep(5); return null; end $$;"
	    "create constraint trigger slow after insert on public.t "
	    "deferrable initially deferred "
	    "for each row execute function public.slow()");
	assert_fails(b, ERR_OUTCOME_UNKNOWN);
	done(killer);
	assert_string_equal(ask("select 1"), "1");
}

/* no word at all: the whole cluster restarts */
static void
test_killed(void **state)
{
	static const struct {
		int line;
		enum batch_kind kind;
		enum err_id want;
	} cases[] = {
	    {__LINE__, BATCH_WRITE, ERR_OUTCOME_UNKNOWN},
	    {__LINE__, BATCH_READ, ERR_DB_UNAVAILABLE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int pid = backend();
		struct batch *b =
		    make_batch(cases[i].kind, "select pg_sleep(3)");
		pid_t killer = fork();

		if (killer == 0) {
			usleep(200000);
			_exit(kill(pid, SIGKILL) != 0);
		}
		/* a read may find the server back and succeed */
		if (run(b) != 0 && err.id != cases[i].want)
			fail_msg(
			    "line %d: %s", cases[i].line, err_code(err.id));
		if (cases[i].kind == BATCH_WRITE)
			assert_int_equal(err.id, cases[i].want);
		done(killer);
		wait_server();
		wait_batch();
	}
}

static void
test_restart(void **state)
{
	static const char *const modes[] = {"fast", "immediate"};

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		ask("select 1");
		server(arena_printf(arena, "restart %s", modes[i]));
		/* nothing was lost, nobody sees it */
		assert_runs(make_batch(BATCH_WRITE, "select 1"));
	}
	other_open();
}

static void
test_away(void **state)
{
	(void)state;
	server("stop fast");
	start_clock();
	for (int i = 0; i < 20; i++)
		assert_fails(
		    make_batch(BATCH_READ, "select 1"), ERR_DB_UNAVAILABLE);
	assert_took(0, 1000);
	/* most of them did not even try */
	server("start");
	wait_batch();
	assert_took(0, 15000);
	other_open();
}

/* a server that does not write is left, so that a writer can be found */
static void
test_standby(void **state)
{
	struct batch *b;

	(void)state;
	make_t();
	assert_runs(
	    make_batch(BATCH_WRITE, "set default_transaction_read_only = on"));
	b = make_insert(NULL);
	assert_fails(b, ERR_DB_UNAVAILABLE);
	assert_string_equal(b->sqlstate, "25006");
	assert_runs(make_insert(NULL));
	assert_int_equal(stats().connects, 2);
}

/* ---- slow ---------------------------------------------------------------- */

static void
test_statement_timeout(void **state)
{
	struct db_opts o = default_opts;
	struct batch *b = make_batch(BATCH_READ, "select pg_sleep(5)");

	(void)state;
	o.statement_timeout_ms = 200;
	db_free(db);
	db = db_new(&o);
	start_clock();
	assert_fails(b, ERR_TIMEOUT);
	assert_took(190, 700);
	assert_string_equal(ask("select 1"), "1");
	assert_int_equal(stats().connects, 1);
}

/* each statement is in time, the batch is not */
static void
test_our_clock(void **state)
{
	int pid = backend();

	(void)state;
	for (int kind = BATCH_READ; kind <= BATCH_WRITE; kind++) {
		struct batch *b = make_batch(kind, "select pg_sleep(9)");

		b->timeout_ms = 200;
		start_clock();
		assert_fails(b, ERR_TIMEOUT);
		assert_took(200, 1200);
		assert_string_equal(b->sqlstate, "57014");
		assert_false(b->client_gone);
		/* cancelled, not cut off; and the cancel hits nobody else */
		assert_int_equal(backend(), pid);
	}
}

static void
test_stopped(void **state)
{
	static const struct {
		int line;
		enum batch_kind kind;
		enum err_id want;
	} cases[] = {
	    {__LINE__, BATCH_READ, ERR_TIMEOUT},
	    {__LINE__, BATCH_WRITE, ERR_OUTCOME_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct batch *b = make_batch(cases[i].kind, "select 1");
		int pid = backend();

		b->timeout_ms = 200;
		start_clock();
		kill(pid, SIGSTOP);
		run(b);
		kill(pid, SIGCONT);
		if (err.id != cases[i].want)
			fail_msg(
			    "line %d: %s", cases[i].line, err_code(err.id));
		assert_took(200, 1200);
		assert_string_equal(ask("select 1"), "1");
		assert_int_not_equal(backend(), pid);
	}
}

/* in the middle of a stream: each wait has its bound */
static void
test_stream_stopped(void **state)
{
	struct batch *b = make_batch(BATCH_READ,
	    "select repeat('x', 1000) from generate_series(1, 1000000)");
	int pid = backend(), n = 0, rc;

	(void)state;
	b->stream = true;
	b->timeout_ms = 300;
	assert_runs(b);
	kill(pid, SIGSTOP);
	start_clock();
	while ((rc = rows_next(batch_rows(b, 0), &err)) == 1)
		n++;
	kill(pid, SIGCONT);
	assert_int_equal(rc, -1);
	assert_int_equal(err.id, ERR_TIMEOUT);
	assert_took(300, 1500);
	assert_string_equal(ask("select 1"), "1");
}

static void
test_stream_timeout(void **state)
{
	struct batch *b =
	    make_batch(BATCH_READ, "select repeat('x', 10000), pg_sleep(0.05) "
				   "from generate_series(1, 1000)");
	int rc;

	(void)state;
	b->stream = true;
	b->timeout_ms = 1000;
	b->stream_timeout_ms = 400;
	start_clock();
	assert_runs(b);
	while ((rc = rows_next(batch_rows(b, 0), &err)) == 1)
		;
	assert_int_equal(rc, -1);
	assert_int_equal(err.id, ERR_TIMEOUT);
	assert_took(400, 1500);
	assert_string_equal(ask("select 1"), "1");
	assert_int_equal(stats().connects, 1);
}

/* one end of a pair whose other end closes after a while */
static int
leaving_client(int ms, pid_t *pid)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	*pid = fork();
	if (*pid == 0) {
		close(ends[0]);
		usleep((useconds_t)ms * 1000);
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

static void
test_client_leaves(void **state)
{
	int pid = backend();

	(void)state;
	for (int stream = 0; stream < 2; stream++) {
		struct batch *b = make_batch(BATCH_READ,
		    "select repeat('x', 10000), pg_sleep(0.1) "
		    "from generate_series(1, 100)");
		pid_t client;
		int rc;

		b->client_fd = leaving_client(300, &client);
		b->stream = stream;
		start_clock();
		rc = run(b);
		if (stream) {
			assert_int_equal(rc, 0);
			while ((rc = rows_next(batch_rows(b, 0), &err)) == 1)
				;
		}
		assert_int_equal(rc, -1);
		assert_took(250, 1300);
		assert_true(b->client_gone);
		assert_int_equal(err.id, ERR_TIMEOUT);
		assert_int_equal(backend(), pid);
		close(b->client_fd);
		done(client);
	}
}

/* ---- crowded, in collision ----------------------------------------------- */

/* returns when a process of its own has the role's only place, which it keeps
 * for so long; -1: until it is killed */
static pid_t
take_place(int ms)
{
	int ready[2];
	pid_t helper;
	char c;

	assert_int_equal(pipe(ready), 0);
	helper = fork();
	if (helper == 0) {
		PGconn *conn = PQconnectdb("dbname=postgres user=test_many");

		if (PQstatus(conn) != CONNECTION_OK ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		if (ms < 0)
			pause();
		usleep((useconds_t)ms * 1000);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	return helper;
}

static void
test_too_many(void **state)
{
	struct db_opts o = default_opts;
	pid_t helper;

	(void)state;
	sql("drop role if exists test_many;"
	    "create role test_many login connection limit 1");
	o.conninfo = "dbname=postgres user=test_many";
	db_free(db);
	db = db_new(&o);
	/* the only place is given back while we wait for it */
	helper = take_place(500);
	assert_runs(make_batch(BATCH_READ, "select 1"));
	done(helper);
	db_free(db);
	/* ours is given back when the server has noticed */
	while (*sql("select 1 from pg_stat_activity"
		    " where usename = 'test_many'") != '\0')
		usleep(10000);
	/* taken for good: it ends, though not at once */
	db = db_new(&o);
	helper = take_place(-1);
	start_clock();
	assert_fails(make_batch(BATCH_READ, "select 1"), ERR_DB_UNAVAILABLE);
	assert_took(1500, 15000);
	kill(helper, SIGKILL);
	waitpid(helper, NULL, 0);
}

static void
test_deadlock(void **state)
{
	struct batch *b = batch_new(arena, BATCH_WRITE);
	pid_t rival;

	(void)state;
	sql("drop table if exists public.t;"
	    "create table public.t (k int primary key, v int);"
	    "insert into public.t values (1, 0), (2, 0)");
	rival = later(0, execute,
	    "begin; set local deadlock_timeout = '10s';"
	    "update public.t set v = v + 10 where k = 1;"
	    "select pg_sleep(0.4);"
	    "update public.t set v = v + 10 where k = 2; commit");
	usleep(200000);
	batch_add(b, make_stmt("a", "update public.t set v = v + 1 where k = 2",
			 0, NULL));
	batch_add(b, make_stmt("b", "update public.t set v = v + 1 where k = 1",
			 0, NULL));
	assert_runs(b);
	done(rival);
	assert_string_equal(sql("select sum(v) from public.t"), "22");
}

/* four attempts and no more */
static void
test_collisions_end(void **state)
{
	struct batch *b = make_batch(BATCH_WRITE, "select public.collide()");

	(void)state;
	sql("drop sequence if exists public.tries;"
	    "create sequence public.tries;"
	    "create or replace function public.collide() returns int "
	    "language plpgsql as $$ begin "
	    "perform nextval('public.tries');"
	    "raise exception 'x' using errcode = '40001'; end $$");
	assert_fails(b, ERR_RETRY);
	assert_string_equal(sql("select last_value from public.tries"), "4");
	assert_string_equal(ask("select 1"), "1");
}

/* ---- nonsense ------------------------------------------------------------ */

/* what a false server says when the first sync has come; a message is its
 * type, its body's length and its body */
struct reply {
	const char *bytes;
	size_t len;
};
#define BYTES(text)                                                            \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}
#define READY "Z\0\0\0\5I"

static void
read_to_sync(int fd)
{
	unsigned char head[5];
	char skip[4096];

	while (recv(fd, head, 5, MSG_WAITALL) == 5) {
		size_t n = ((size_t)head[1] << 24 | (size_t)head[2] << 16 |
			       (size_t)head[3] << 8 | head[4]) -
			   4;

		while (n > 0) {
			ssize_t got = recv(
			    fd, skip, n < sizeof(skip) ? n : sizeof(skip), 0);

			if (got <= 0)
				_exit(0);
			n -= (size_t)got;
		}
		if (head[0] == 'S')
			return;
	}
	_exit(0);
}

static void
serve_nonsense(int listener, struct reply reply)
{
	static const char hello[] = "R\0\0\0\10\0\0\0\0"
				    "S\0\0\0\31client_encoding\0UTF8\0"
				    "S\0\0\0\30server_version\00015.0\0"
				    "K\0\0\0\14\0\0\0\1\0\0\0\1" READY;
	unsigned char head[4];
	char startup[4096];
	int fd = accept(listener, NULL, NULL);
	size_t n;

	if (recv(fd, head, 4, MSG_WAITALL) != 4)
		_exit(1);
	n = ((size_t)head[2] << 8 | head[3]) - 4;
	if (recv(fd, startup, n, MSG_WAITALL) != (ssize_t)n)
		_exit(1);
	send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL);
	read_to_sync(fd);
	send(fd, reply.bytes, reply.len, MSG_NOSIGNAL);
	/* until the other side has had enough */
	shutdown(fd, SHUT_WR);
	while (recv(fd, startup, sizeof(startup), 0) > 0)
		;
	close(fd);
}

static pid_t
start_nonsense(const char *dir, struct reply reply)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s/.s.PGSQL.5432", dir);
	unlink(a.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 5), 0);
	pid = fork();
	if (pid == 0)
		for (;;)
			serve_nonsense(fd, reply);
	close(fd);
	return pid;
}

static void
test_nonsense(void **state)
{
	static const struct {
		int line;
		struct reply reply;
	} cases[] = {
	    /* nothing */
	    {__LINE__, BYTES("")},
	    /* ready, without an answer */
	    {__LINE__, BYTES(READY)},
	    /* an error without SQLSTATE */
	    {__LINE__, BYTES("E\0\0\0\14SERROR\0\0" READY)},
	    {__LINE__, BYTES("E\0\0\0\5\0" READY)},
	    /* an error with a SQLSTATE of the wrong length */
	    {__LINE__, BYTES("E\0\0\0\16C1234567\0\0" READY)},
	    /* copy out, copy in, copy both */
	    {__LINE__, BYTES("1\0\0\0\0042\0\0\0\4H\0\0\0\7\0\0\0" READY)},
	    {__LINE__, BYTES("1\0\0\0\0042\0\0\0\4G\0\0\0\7\0\0\0" READY)},
	    {__LINE__, BYTES("1\0\0\0\0042\0\0\0\4W\0\0\0\7\0\0\0" READY)},
	    /* a row without a description */
	    {__LINE__, BYTES("1\0\0\0\0042\0\0\0\4D\0\0\0\6\0\0" READY)},
	    /* a row with more columns than described */
	    {__LINE__, BYTES("1\0\0\0\0042\0\0\0\4T\0\0\0\6\0\0"
			     "D\0\0\0\13\0\1\0\0\0\1x" READY)},
	    /* a length that cannot be */
	    {__LINE__, BYTES("T\0\0\0\1")},
	    {__LINE__, BYTES("T\177\377\377\377")},
	    /* no message at all */
	    {__LINE__, BYTES("HTTP/1.1 400 Bad Request\r\n\r\n")},
	    {__LINE__, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0")},
	    {__LINE__, BYTES("\377\377\377\377\377\377\377\377\377\377")},
	    /* half a message */
	    {__LINE__, BYTES("1\0\0\0\0042\0\0\0\4C\0\0\0\40SEL")},
	};
	char dir[] = "/tmp/dynapi-fake.XXXXXX";
	struct db_opts o = default_opts;

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < COUNT(cases); i++)
		for (int kind = BATCH_READ; kind <= BATCH_WRITE; kind++) {
			pid_t fake = start_nonsense(dir, cases[i].reply);
			struct batch *b = make_batch(kind, "select 1");

			o.conninfo = arena_printf(arena,
			    "host=%s port=5432 dbname=x sslmode=disable "
			    "gssencmode=disable",
			    dir);
			b->timeout_ms = 500;
			db_free(db);
			db = db_new(&o);
			start_clock();
			if (run(b) == 0 || err_status(err.id) < 500)
				fail_msg("line %d: %s", cases[i].line,
				    err_code(err.id));
			/* it was not the login that failed */
			assert_true(stats().connects >= 1);
			assert_took(0, 3000);
			kill(fake, SIGKILL);
			waitpid(fake, NULL, 0);
		}
	unlink(arena_printf(arena, "%s/.s.PGSQL.5432", dir));
	rmdir(dir);
}

static void
test_notice_flood(void **state)
{
	(void)state;
	assert_runs(make_batch(BATCH_WRITE,
	    "do $$ begin set client_min_messages = notice;"
	    "for i in 1..100000 loop raise notice 'flood %', i; end loop;"
	    "end $$"));
	assert_string_equal(ask("select 1"), "1");
}

/* a notification nobody asked for, between two batches */
static void
test_unasked_message(void **state)
{
	int pid = backend();

	(void)state;
	assert_runs(make_batch(BATCH_WRITE, "listen x"));
	sql("notify x, 'y'");
	usleep(100000);
	assert_runs(make_batch(BATCH_WRITE, "select 1"));
	assert_int_equal(backend(), pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_idle_loss),
	    TEST(test_loss_in_read),
	    TEST(test_loss_in_write_proved),
	    TEST(test_loss_at_sync),
	    TEST(test_standby),
	    TEST(test_statement_timeout),
	    TEST(test_our_clock),
	    TEST(test_stopped),
	    TEST(test_stream_stopped),
	    TEST(test_stream_timeout),
	    TEST(test_client_leaves),
	    TEST(test_too_many),
	    TEST(test_deadlock),
	    TEST(test_collisions_end),
	    TEST(test_notice_flood),
	    TEST(test_unasked_message),
	    TEST(test_nonsense),
	    TEST(test_killed),
	    TEST(test_restart),
	    TEST(test_away),
	};

	log_open("test_db_fault", "/dev/null", LEVEL_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
