/*
 * Batches against a real PostgreSQL: one snapshot, one burst, refusals, what
 * is remembered between batches, streams, scripts.  Run by tests/api/db.t.
 */
#include "base/version.h"
#include "db_help.h"

/* ---- connection ---------------------------------------------------------- */

static void
test_settings(void **state)
{
	static const struct {
		int line;
		const char *name, *value;
	} cases[] = {
	    {__LINE__, "search_path", ""},
	    {__LINE__, "TimeZone", "UTC"},
	    {__LINE__, "IntervalStyle", "iso_8601"},
	    {__LINE__, "extra_float_digits", "1"},
	    {__LINE__, "bytea_output", "hex"},
	    {__LINE__, "jit", "off"},
	    {__LINE__, "client_encoding", "UTF8"},
	    {__LINE__, "statement_timeout", "30s"},
	    {__LINE__, "application_name", "test"},
	    {__LINE__, "client_min_messages", "error"},
	};

	(void)state;
	setenv("PGTZ", "Asia/Tokyo", 1);
	db_free(db);
	db = db_new(&default_opts);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got =
		    ask(arena_printf(arena, "show %s", cases[i].name));

		if (strcmp(got, cases[i].value) != 0)
			fail_msg("line %d: %s is %s", cases[i].line,
			    cases[i].name, got);
	}
	assert_int_equal(strncmp(ask("show DateStyle"), "ISO", 3), 0);
}

static void
test_their_options_stay(void **state)
{
	struct db_opts o = default_opts;

	(void)state;
	db_free(db);
	o.conninfo = "dbname=postgres application_name=mine "
		     "options='-c geqo=off -c TimeZone=Asia/Tokyo'";
	db = db_new(&o);
	assert_string_equal(ask("show geqo"), "off");
	assert_string_equal(ask("show TimeZone"), "UTC");
	assert_string_equal(ask("show application_name"), "mine");
}

static void
test_bad_conninfo(void **state)
{
	struct db_opts o = default_opts;

	(void)state;
	db_free(db);
	o.conninfo = "dbname=postgres password=a secret";
	db = db_new(&o);
	assert_fails(make_batch(BATCH_READ, "select 1"), ERR_DB_UNAVAILABLE);
	assert_null(strstr(err.cause, "secret"));
}

static void
test_version(void **state)
{
	struct db_opts o = default_opts;
	char set[64];

	(void)state;
	db_free(db);
	o.check_version = true;
	db = db_new(&o);
	sql("drop schema if exists dynapi cascade");
	assert_fails(make_batch(BATCH_READ, "select 1"), ERR_VERSION_MISMATCH);
	assert_non_null(strstr(err.cause, "has none"));
	sql("create schema dynapi; create table dynapi.meta (version int);"
	    "insert into dynapi.meta values (4711)");
	assert_fails(make_batch(BATCH_READ, "select 1"), ERR_VERSION_MISMATCH);
	assert_non_null(strstr(err.cause, "has 4711"));
	/* noticed without a restart */
	snprintf(set, sizeof(set), "update dynapi.meta set version = %d",
	    DYNAPI_SCHEMA_VERSION);
	sql(set);
	assert_runs(make_batch(BATCH_READ, "select 1"));
	assert_int_equal(stats().connects, 1);
	sql("drop schema dynapi cascade");
}

static void
test_ping(void **state)
{
	(void)state;
	assert_int_equal(db_ping(db, 1000, &err), 0);
}

/* ---- reads --------------------------------------------------------------- */

static void
test_read(void **state)
{
	const char *args[] = {"7", NULL, "it's \"quoted\""};
	struct batch *b = batch_new(arena, BATCH_READ);
	struct rows *rows;
	size_t i;

	(void)state;
	i = batch_add(b,
	    make_stmt("test",
		"select $1::int + 1 a, $2::text b, $3::text c, '' d", 3, args));
	assert_runs(b);
	rows = batch_rows(b, i);
	assert_int_equal(rows_ncols(rows), 4);
	assert_int_equal(rows_count(rows), 1);
	assert_int_equal(rows_next(rows, &err), 1);
	assert_string_equal(rows_cell(rows, 0).p, "8");
	assert_null(rows_cell(rows, 1).p);
	assert_string_equal(rows_cell(rows, 2).p, args[2]);
	assert_non_null(rows_cell(rows, 3).p);
	assert_int_equal(rows_cell(rows, 3).len, 0);
	assert_true(str_eq_c(rows_name(rows, 2), "c"));
	assert_int_equal(rows_next(rows, &err), 0);
	assert_int_equal(rows_next(rows, &err), 0);
}

/* two statements of a batch see the same moment, whatever happens between */
static void
test_one_snapshot(void **state)
{
	struct batch *b = batch_new(arena, BATCH_READ);
	pid_t writer;

	(void)state;
	sql("drop table if exists public.t; create table public.t (v int)");
	batch_add(b, make_stmt("n", "select count(*) from public.t", 0, NULL));
	batch_add(b, make_stmt("s", "select pg_sleep(0.4)", 0, NULL));
	batch_add(b, make_stmt("n", "select count(*) from public.t", 0, NULL));
	writer = later(150, execute, "insert into public.t values (1)");
	assert_runs(b);
	done(writer);
	assert_string_equal(value_of(b, 0), "0");
	assert_string_equal(value_of(b, 2), "0");
	assert_string_equal(ask("select count(*) from public.t"), "1");
}

static void
test_read_cannot_write(void **state)
{
	struct batch *b =
	    make_batch(BATCH_READ, "insert into public.t values (1)");

	(void)state;
	sql("drop table if exists public.t; create table public.t (v int)");
	assert_fails(b, ERR_INTERNAL);
	assert_string_equal(b->sqlstate, "25006");
	assert_string_equal(sql("select count(*) from public.t"), "0");
}

/* one burst, one wait, and nothing prepared anew, in steady state */
static void
test_round_trips(void **state)
{
	struct db_stats before, after;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct batch *b = batch_new(arena, BATCH_READ);

		batch_guard(b, make_stmt("guard", "select 1", 0, NULL));
		batch_add(b, make_stmt("list", "select 2", 0, NULL));
		before = stats();
		assert_runs(b);
		after = stats();
		assert_int_equal(after.flushes - before.flushes, 1);
		assert_int_equal(after.prepares - before.prepares, i ? 0 : 2);
	}
	assert_true(after.waits - before.waits <= 1);
}

/* ---- refusals ------------------------------------------------------------ */

static void
make_refuse(void)
{
	sql("create or replace function public.refuse(c text) returns text "
	    "language plpgsql volatile as "
	    "$$ begin raise exception 'refused' using errcode = c; end $$");
	sql("drop table if exists public.t; create table public.t (v int)");
}

static void
test_guard(void **state)
{
	static const struct {
		int line;
		const char *sqlstate;
		enum err_id want;
	} cases[] = {
	    {__LINE__, "ZD001", ERR_TOKEN_INVALID},
	    {__LINE__, "ZD002", ERR_FORBIDDEN},
	    {__LINE__, "ZD003", ERR_INTERNAL},
	};

	(void)state;
	make_refuse();
	for (size_t i = 0; i < COUNT(cases); i++)
		for (int kind = BATCH_READ; kind <= BATCH_WRITE; kind++) {
			struct batch *b = batch_new(arena, kind);
			const char *args[] = {cases[i].sqlstate};

			batch_guard(
			    b, make_stmt("guard", "select public.refuse($1)", 1,
				   args));
			batch_add(
			    b, make_stmt("work",
				   kind == BATCH_READ
				       ? "select 1"
				       : "insert into public.t values (1)",
				   0, NULL));
			assert_fails(b, cases[i].want);
			assert_int_equal(b->failed, 0);
			/* the connection serves on */
			assert_string_equal(ask("select 5"), "5");
		}
	assert_string_equal(sql("select count(*) from public.t"), "0");
	assert_int_equal(stats().connects, 1);
}

/* only the guard's own word counts */
static void
test_not_the_guard(void **state)
{
	struct batch *b = batch_new(arena, BATCH_READ);

	(void)state;
	make_refuse();
	batch_guard(b, make_stmt("guard", "select 1", 0, NULL));
	batch_add(
	    b, make_stmt("work", "select public.refuse('ZD001')", 0, NULL));
	assert_fails(b, ERR_INTERNAL);
	assert_int_equal(b->failed, 1);
}

static void
test_errors(void **state)
{
	static const struct {
		int line;
		const char *text, *sqlstate;
		enum err_id want;
	} cases[] = {
	    {__LINE__, "select 1/0", "22012", ERR_CONSTRAINT},
	    {__LINE__, "select 'topsecret'::int", "22P02", ERR_BAD_VALUE},
	    {__LINE__, "select 1 from public.nowhere", "42P01",
		ERR_SNAPSHOT_STALE},
	    {__LINE__, "select nix from pg_catalog.pg_class", "42703",
		ERR_SNAPSHOT_STALE},
	    {__LINE__, "selec", "42601", ERR_INTERNAL},
	    {__LINE__, "insert into public.u values (1), (1)", "23505",
		ERR_CONFLICT},
	    {__LINE__, "insert into public.u values (2, 9)", "23503",
		ERR_CONFLICT},
	    {__LINE__, "insert into public.u values (null)", "23502",
		ERR_CONSTRAINT},
	    {__LINE__, "insert into public.u values (-1)", "23514",
		ERR_CONSTRAINT},
	    {__LINE__, "do $$ begin raise 'topsecret'; end $$", "P0001",
		ERR_CONSTRAINT},
	};

	(void)state;
	sql("drop table if exists public.u; create table public.u ("
	    "a int constraint u_key primary key check (a > 0), "
	    "b int constraint u_far references public.u)");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct batch *b = make_batch(BATCH_WRITE, cases[i].text);

		run(b);
		if (err.id != cases[i].want ||
		    strcmp(b->sqlstate, cases[i].sqlstate) != 0)
			fail_msg("line %d: %s %s", cases[i].line,
			    err_code(err.id), b->sqlstate);
		if (err.cause != NULL && strstr(err.cause, "topsecret"))
			fail_msg("line %d: a value in the log's text: %s",
			    cases[i].line, err.cause);
	}
}

static void
test_error_names(void **state)
{
	struct batch *b = make_batch(
	    BATCH_WRITE, "insert into public.u values (3, 3), (4, 99)");

	(void)state;
	sql("drop table if exists public.u; create table public.u ("
	    "a int primary key, b int constraint u_far references public.u)");
	assert_fails(b, ERR_CONFLICT);
	assert_string_equal(b->constraint, "u_far");
	assert_string_equal(b->table, "u");
	b = make_batch(BATCH_WRITE, "insert into public.u values (null)");
	assert_fails(b, ERR_CONSTRAINT);
	assert_string_equal(b->column, "a");
}

static void
test_row_policy_and_grant(void **state)
{
	struct db_opts o = default_opts;
	struct batch *b;

	(void)state;
	sql("drop table if exists public.p, public.q;"
	    "drop role if exists test_poor; create role test_poor login;"
	    "create table public.p (v int); create table public.q (v int);"
	    "alter table public.p enable row level security;"
	    "create policy p on public.p with check (v > 0);"
	    "grant insert on public.p to test_poor");
	o.conninfo = "dbname=postgres user=test_poor";
	db_free(db);
	db = db_new(&o);
	b = make_batch(BATCH_WRITE, "insert into public.p values (-1)");
	assert_fails(b, ERR_FORBIDDEN);
	b = make_batch(BATCH_WRITE, "insert into public.q values (1)");
	assert_fails(b, ERR_INTERNAL);
	assert_non_null(strstr(err.cause, "GRANT"));
}

/* ---- writes -------------------------------------------------------------- */

static void
test_write(void **state)
{
	struct batch *b = batch_new(arena, BATCH_WRITE);
	struct db_stats before, after;

	(void)state;
	make_refuse();
	batch_guard(b, make_stmt("guard", "select 1", 0, NULL));
	batch_add(b,
	    make_stmt("create",
		"insert into public.t values (1), (2) returning v", 0, NULL));
	batch_add(
	    b, make_stmt("update", "update public.t set v = v + 1", 0, NULL));
	before = stats();
	assert_runs(b);
	after = stats();
	assert_int_equal(after.flushes - before.flushes, 1);
	assert_int_equal(rows_count(batch_rows(b, 1)), 2);
	assert_int_equal(rows_count(batch_rows(b, 2)), 2);
	assert_string_equal(value_of(b, 1), "1");
	assert_string_equal(sql("select sum(v) from public.t"), "5");
}

static void
test_write_is_one_transaction(void **state)
{
	struct batch *b = batch_new(arena, BATCH_WRITE);

	(void)state;
	make_refuse();
	batch_add(
	    b, make_stmt("create", "insert into public.t values (1)", 0, NULL));
	batch_add(b, make_stmt("bad", "select sqrt(-1)", 0, NULL));
	assert_fails(b, ERR_BAD_VALUE);
	assert_int_equal(b->failed, 1);
	assert_string_equal(sql("select count(*) from public.t"), "0");
}

/* a deferred constraint speaks at the sync, after every statement's success */
static void
test_deferred(void **state)
{
	struct batch *b =
	    make_batch(BATCH_WRITE, "insert into public.u values (1, 99)");

	(void)state;
	sql("drop table if exists public.u; create table public.u ("
	    "a int primary key, b int constraint u_far references public.u "
	    "deferrable initially deferred)");
	assert_fails(b, ERR_CONFLICT);
	assert_string_equal(b->sqlstate, "23503");
	assert_string_equal(b->constraint, "u_far");
	assert_string_equal(sql("select count(*) from public.u"), "0");
	assert_runs(
	    make_batch(BATCH_WRITE, "insert into public.u values (1, 1)"));
	assert_string_equal(sql("select count(*) from public.u"), "1");
	assert_int_equal(stats().connects, 1);
}

/* far more than a socket holds, both ways at once */
static void
test_large(void **state)
{
	struct batch *b = batch_new(arena, BATCH_WRITE);
	size_t n = 8 * 1024 * 1024;
	char *text = arena_alloc(arena, n + 1);
	const char *args[] = {text};

	(void)state;
	memset(text, 'x', n);
	text[n] = '\0';
	for (int i = 0; i < 3; i++)
		batch_add(b, make_stmt("echo", "select $1::text", 1, args));
	assert_runs(b);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(rows_next(batch_rows(b, i), &err), 1);
		assert_int_equal(rows_cell(batch_rows(b, i), 0).len, n);
	}
}

/* ---- prepared statements ------------------------------------------------- */

static void
test_prepared_is_bounded(void **state)
{
	struct db_stats before;
	int n;

	(void)state;
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 400; i++)
			ask(arena_printf(arena, "select %d", i));
	n = (int)strtol(
	    ask("select count(*) from pg_prepared_statements"), NULL, 10);
	/* 256, three of our own, and some that wait to be deallocated */
	if (n < 200 || n > 256 + 3 + 64)
		fail_msg("%d prepared statements", n);
	before = stats();
	ask("select 399");
	assert_int_equal(stats().prepares, before.prepares);
}

static void
test_prepared_are_gone(void **state)
{
	(void)state;
	assert_string_equal(ask("select 'a'"), "a");
	assert_runs(make_batch(BATCH_WRITE, "deallocate all"));
	assert_string_equal(ask("select 'a'"), "a");
	assert_runs(make_batch(BATCH_WRITE, "select 'b'"));
	assert_runs(make_batch(BATCH_WRITE, "deallocate all"));
	assert_runs(make_batch(BATCH_WRITE, "select 'b'"));
	assert_int_equal(stats().connects, 1);
}

static void
test_plan_is_stale(void **state)
{
	const char *text = "select * from public.t";

	(void)state;
	sql("drop table if exists public.t; create table public.t (v int);"
	    "insert into public.t values (1)");
	assert_string_equal(ask(text), "1");
	sql("alter table public.t alter v type text using v || 'x'");
	assert_string_equal(ask(text), "1x");
	assert_int_equal(stats().connects, 1);
}

static struct batch *
make_typed(enum batch_kind kind, const char *text, enum cell cell)
{
	struct batch *b = make_batch(kind, text);

	b->stmts[0]->cols = arena_make(arena, struct stmt_col);
	b->stmts[0]->cols[0].name = STR("v");
	b->stmts[0]->cols[0].cell = cell;
	b->stmts[0]->ncols = 1;
	return b;
}

/* bytes that are copied into JSON as they are must be of a type whose text is
 * JSON */
static void
test_shape(void **state)
{
	static const struct {
		int line;
		const char *text;
		enum cell cell;
		bool fits;
	} cases[] = {
	    {__LINE__, "select 1::int4 v", CELL_RAW, true},
	    {__LINE__, "select '}'::text v", CELL_RAW, false},
	    {__LINE__, "select 1.5 v", CELL_RAW, false},
	    {__LINE__, "select 1.5 v", CELL_REAL, true},
	    {__LINE__, "select '\"'::text v", CELL_QUOTED_RAW, false},
	    {__LINE__, "select current_date v", CELL_QUOTED_RAW, true},
	    {__LINE__, "select 1.5 v", CELL_QUOTED_RAW, true},
	    {__LINE__, "select '{}'::text v", CELL_JSON, false},
	    {__LINE__, "select '{}'::jsonb v", CELL_JSON, true},
	    {__LINE__, "select now()::text v", CELL_TIMESTAMP, false},
	    {__LINE__, "select now() v", CELL_TIMESTAMPTZ, true},
	    {__LINE__, "select 'x'::text v", CELL_BYTEA, false},
	    {__LINE__, "select 't'::text v", CELL_BOOL, false},
	    {__LINE__, "select 1 v, 2 w", CELL_RAW, false},
	    {__LINE__, "select 1 v", CELL_TEXT, true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (int stream = 0; stream < 2; stream++) {
			struct batch *b = make_typed(
			    BATCH_READ, cases[i].text, cases[i].cell);

			b->stream = stream;
			run(b);
			if (err.id !=
			    (cases[i].fits ? ERR_NONE : ERR_SNAPSHOT_STALE))
				fail_msg("line %d: %s", cases[i].line,
				    err_code(err.id));
			if (err.id == ERR_NONE)
				assert_int_equal(
				    rows_next(batch_rows(b, 0), &err), 1);
		}
	/* a write has happened: it is shown as text instead */
	{
		struct batch *b =
		    make_typed(BATCH_WRITE, "select '}'::text v", CELL_RAW);

		assert_runs(b);
		assert_int_equal(
		    rows_stmt(batch_rows(b, 0))->cols[0].cell, CELL_TEXT);
	}
}

static void
test_without_prepared(void **state)
{
	struct db_opts o = default_opts;

	(void)state;
	db_free(db);
	o.prepared_statements = false;
	db = db_new(&o);
	make_refuse();
	assert_string_equal(ask("select 1"), "1");
	assert_fails(make_batch(BATCH_READ, "select sqrt(-1)"), ERR_BAD_VALUE);
	assert_string_equal(
	    ask("select count(*) from pg_prepared_statements"), "0");
}

/* what a transaction pooler needs: nothing outlives the batch */
static void
test_pooled(void **state)
{
	struct db_opts o = default_opts;

	(void)state;
	db_free(db);
	o.pooled = true;
	db = db_new(&o);
	assert_string_equal(ask("show search_path"), "");
	assert_string_equal(ask("show intervalstyle"), "iso_8601");
	assert_string_equal(
	    ask("select count(*) from pg_prepared_statements"), "0");
	assert_fails(make_batch(BATCH_READ, "select sqrt(-1)"), ERR_BAD_VALUE);
	/* the aborted transaction does not occupy a server connection */
	assert_string_equal(
	    sql("select count(*) from pg_stat_activity where "
		"application_name = 'test' and state <> 'idle'"),
	    "0");
	assert_runs(make_batch(BATCH_WRITE, "select 1"));
}

/* ---- wake-ups ------------------------------------------------------------ */

/* what a change of a table that emits events does beside its change */
static struct batch *
make_emitting(enum batch_kind kind, const char *then)
{
	struct batch *b = batch_new(arena, kind);
	struct stmt *s = make_stmt("test",
	    "select pg_catalog.set_config('dynapi.wake', '1', false)", 0, NULL);

	s->emits = true;
	batch_add(b, s);
	batch_add(b, make_stmt("then", then, 0, NULL));
	return b;
}

/* so long that who was woken has to be woken again */
static void
let_sleep(void)
{
	usleep(210000);
}

/* wake-ups on the other connection; none come any more after the next answer
 * on ours, which PostgreSQL gives behind them */
static int
count_woken(void)
{
	PGnotify *note;
	int n = 0;

	ask("select 1");
	sql("select 1");
	while (PQconsumeInput(other) && (note = PQnotifies(other)) != NULL) {
		assert_string_equal(note->relname, "dynapi");
		assert_string_equal(note->extra, "");
		PQfreemem(note);
		n++;
	}
	return n;
}

static void
test_wake(void **state)
{
	static const struct {
		int line;
		enum batch_kind kind;
		const char *then;
		enum err_id err;
		int woken;
	} cases[] = {
	    {__LINE__, BATCH_WRITE, "select 1", ERR_NONE, 1},
	    {__LINE__, BATCH_WRITE, "select 1 / 0", ERR_BAD_VALUE, 0},
	    {__LINE__, BATCH_TRY, "select 1", ERR_NONE, 0},
	    /* the mark is gone: another write does not wake for it */
	    {__LINE__, BATCH_WRITE,
		"select pg_catalog.set_config('dynapi.wake', '', false)",
		ERR_NONE, 0},
	    {__LINE__, BATCH_WRITE, "select 1", ERR_NONE, 1},
	};

	(void)state;
	sql("listen dynapi");
	for (size_t i = 0; i < COUNT(cases); i++) {
		int rc, woken;

		let_sleep();
		rc = run(make_emitting(cases[i].kind, cases[i].then));
		woken = count_woken();

		if ((rc != 0) != (cases[i].err != ERR_NONE) ||
		    woken != cases[i].woken)
			fail_msg("line %d: %d, woken %d times", cases[i].line,
			    rc, woken);
		assert_string_equal(
		    ask("select current_setting('dynapi.wake', true)"), "");
	}
	assert_int_equal(stats().connects, 1);
}

/* who was woken looks for more by himself: but for what takes longer than he
 * does */
static void
test_wake_once(void **state)
{
	(void)state;
	sql("listen dynapi");
	for (int i = 0; i < 3; i++)
		assert_runs(make_emitting(BATCH_WRITE, "select 1"));
	assert_int_equal(count_woken(), 1);
	assert_runs(
	    make_emitting(BATCH_WRITE, "select pg_catalog.pg_sleep(0.21)"));
	assert_int_equal(count_woken(), 1);
	/* who was refused has woken nobody */
	let_sleep();
	assert_int_equal(run(make_emitting(BATCH_WRITE, "select 1 / 0")), -1);
	assert_runs(make_emitting(BATCH_WRITE, "select 1"));
	assert_int_equal(count_woken(), 1);
}

/* sent with the write, and not waited for */
static void
test_wake_costs_no_wait(void **state)
{
	struct batch *b;
	struct db_stats before, after;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_runs(make_emitting(BATCH_WRITE, "select 1"));
	let_sleep();
	b = make_emitting(BATCH_WRITE, "select pg_catalog.pg_sleep(0.05)");
	/* what it left behind is read now */
	ask("select 1");
	before = stats();
	assert_runs(b);
	after = stats();
	assert_int_equal(after.waits - before.waits, 1);
	assert_int_equal(after.flushes - before.flushes, 2);
	assert_int_equal(after.prepares - before.prepares, 1);
}

static void
test_wake_pooled(void **state)
{
	struct db_opts o = default_opts;

	(void)state;
	sql("listen dynapi");
	db_free(db);
	o.pooled = true;
	db = db_new(&o);
	assert_runs(make_emitting(BATCH_WRITE, "select 1"));
	assert_int_equal(count_woken(), 0);
	db_free(db);
	o.pooled = false;
	o.prepared_statements = false;
	db = db_new(&o);
	assert_runs(make_emitting(BATCH_WRITE, "select 1"));
	assert_int_equal(count_woken(), 1);
}

/* who reads the answers to the wake-up finds the connection gone: that is no
 * failure of the write, nor of what comes next */
static void
test_wake_is_lost(void **state)
{
	(void)state;
	assert_runs(make_emitting(BATCH_WRITE, "select 1"));
	sql("select pg_terminate_backend(pid) from pg_stat_activity where "
	    "application_name = 'test'");
	usleep(100000);
	assert_string_equal(ask("select 7"), "7");
	assert_int_equal(stats().connects, 2);
}

/* ---- streams ------------------------------------------------------------- */

static struct batch *
make_stream(const char *text)
{
	struct batch *b = batch_new(arena, BATCH_READ);

	batch_guard(b, make_stmt("guard", "select 1", 0, NULL));
	batch_add(b, make_stmt("list", text, 0, NULL));
	b->stream = true;
	return b;
}

static int
count_rows(struct batch *b, int max)
{
	int n = 0;

	while (n < max && rows_next(batch_rows(b, 1), &err) == 1)
		n++;
	return n;
}

static void
test_stream(void **state)
{
	struct batch *b = make_stream("select generate_series(1, 10000)");

	(void)state;
	assert_runs(b);
	assert_int_equal(rows_count(batch_rows(b, 1)), -1);
	assert_int_equal(count_rows(b, 20000), 10000);
	assert_int_equal(err.id, ERR_NONE);
	assert_int_equal(rows_next(batch_rows(b, 1), &err), 0);
	assert_string_equal(ask("select 1"), "1");
	assert_int_equal(stats().connects, 1);
}

static void
test_stream_empty(void **state)
{
	struct batch *b = make_stream("select 1 where false");

	(void)state;
	assert_runs(b);
	assert_int_equal(rows_next(batch_rows(b, 1), &err), 0);
	assert_string_equal(ask("select 1"), "1");
}

static void
test_stream_fails(void **state)
{
	struct batch *b = make_stream("select sqrt(-1)");

	(void)state;
	assert_fails(b, ERR_BAD_VALUE);
	assert_int_equal(b->failed, 1);
	/* late, when the first rows are out */
	b = make_stream(
	    "select sqrt(4999 - i) from generate_series(1, 9000) i");
	assert_runs(b);
	assert_int_equal(count_rows(b, 20000), 4999);
	assert_int_equal(err.id, ERR_BAD_VALUE);
	assert_string_equal(b->sqlstate, "2201F");
	assert_string_equal(ask("select 1"), "1");
	assert_int_equal(stats().connects, 1);
}

/* nobody reads on: the next batch must not wait for a million rows */
static void
test_stream_left(void **state)
{
	int64_t start;

	(void)state;
	for (int reset = 0; reset < 2; reset++) {
		struct batch *b =
		    make_stream("select generate_series(1, 100000000)");

		assert_runs(b);
		assert_int_equal(count_rows(b, 5), 5);
		start = clock_mono_us();
		if (reset)
			arena_reset(arena);
		assert_string_equal(ask("select 1"), "1");
		assert_true(clock_mono_us() - start < 1500000);
	}
	sql("select pg_sleep(0.1)");
	assert_string_equal(
	    sql("select count(*) from pg_stat_activity where "
		"application_name = 'test' and state = 'active'"),
	    "0");
}

/* ---- scripts ------------------------------------------------------------- */

static void
test_script(void **state)
{
	(void)state;
	assert_string_equal(ask("select 1"), "1");
	assert_int_equal(db_script(db,
			     "drop table if exists public.s;\n"
			     "create table public.s (v int);\n"
			     "insert into public.s values (1);\n",
			     &err),
	    0);
	assert_string_equal(ask("select count(*) from public.s"), "1");
	/* all or nothing */
	assert_int_equal(db_script(db,
			     "insert into public.s values (2);\n"
			     "insert into public.s\nvalues ('x');\n",
			     &err),
	    -1);
	assert_int_equal(err.id, ERR_BAD_VALUE);
	assert_non_null(strstr(err.cause, "line 3"));
	assert_string_equal(ask("select count(*) from public.s"), "1");
	/* an open transaction does not stay */
	err_init(&err, arena);
	assert_int_equal(
	    db_script(db, "begin; insert into public.s values (3)", &err), 0);
	assert_string_equal(ask("select count(*) from public.s"), "1");
	/* after a refused read, whose transaction is still open */
	assert_fails(make_batch(BATCH_READ, "select sqrt(-1)"), ERR_BAD_VALUE);
	err_init(&err, arena);
	assert_int_equal(
	    db_script(db, "insert into public.s values (4)", &err), 0);
	assert_string_equal(ask("select count(*) from public.s"), "2");
	err_init(&err, arena);
	assert_int_equal(db_script(db, "copy public.s to stdout", &err), -1);
	assert_string_equal(ask("select 1"), "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_settings),
	    TEST(test_their_options_stay),
	    TEST(test_bad_conninfo),
	    TEST(test_version),
	    TEST(test_ping),
	    TEST(test_read),
	    TEST(test_one_snapshot),
	    TEST(test_read_cannot_write),
	    TEST(test_round_trips),
	    TEST(test_guard),
	    TEST(test_not_the_guard),
	    TEST(test_errors),
	    TEST(test_error_names),
	    TEST(test_row_policy_and_grant),
	    TEST(test_write),
	    TEST(test_write_is_one_transaction),
	    TEST(test_deferred),
	    TEST(test_large),
	    TEST(test_prepared_is_bounded),
	    TEST(test_prepared_are_gone),
	    TEST(test_plan_is_stale),
	    TEST(test_shape),
	    TEST(test_without_prepared),
	    TEST(test_pooled),
	    TEST(test_wake),
	    TEST(test_wake_once),
	    TEST(test_wake_costs_no_wait),
	    TEST(test_wake_pooled),
	    TEST(test_wake_is_lost),
	    TEST(test_stream),
	    TEST(test_stream_empty),
	    TEST(test_stream_fails),
	    TEST(test_stream_left),
	    TEST(test_script),
	};

	log_open("test_db", "/dev/null", LEVEL_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
