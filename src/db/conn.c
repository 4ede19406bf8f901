/*
 * The one connection.  It opens late, by polling with our own deadline, and is
 * looked at without waiting before each batch.  After a failure attempts are
 * spaced by a growing pause with jitter, during which the answer is "no" at
 * once; only "too many connections" is waited out for a moment.
 */
#include "db/db_priv.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "stmt/stmt.h"

#define TOO_MANY ":  53300: " /* as PQERRORS_VERBOSE prints it */

static const char settings[] =
    "-c search_path= -c TimeZone=UTC -c DateStyle=ISO"
    " -c IntervalStyle=iso_8601 -c extra_float_digits=1 -c bytea_output=hex"
    " -c jit=off -c client_min_messages=error"
    " -c standard_conforming_strings=on -c statement_timeout=";

static char *
copy(const char *s)
{
	char *p = strdup(s);

	if (p == NULL)
		log_fatal("memory", "out of memory for the connection");
	return p;
}

/* the options that the operator wrote, and ours after them: the last wins.
 * conninfo may also be the bare name of a database, which PQconninfoParse does
 * not know */
static char *
make_options(struct db *db)
{
	const struct db_opts *o = &db->opts;
	PQconninfoOption *list = PQconninfoParse(o->conninfo, NULL);
	const char *theirs = "";
	char *all;

	db->malformed = list == NULL && strpbrk(o->conninfo, "=:") != NULL;
	for (PQconninfoOption *i = list; i != NULL && i->keyword != NULL; i++)
		if (strcmp(i->keyword, "options") == 0 && i->val != NULL)
			theirs = i->val;
	if (asprintf(
		&all, "%s %s%d", theirs, settings, o->statement_timeout_ms) < 0)
		log_fatal("memory", "out of memory for the connection");
	PQconninfoFree(list);
	return all;
}

struct db *
db_new(const struct db_opts *o)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL)
		log_fatal("memory", "out of memory for the connection");
	db->opts = *o;
	db->opts.conninfo = copy(o->conninfo != NULL ? o->conninfo : "");
	db->opts.application_name =
	    copy(o->application_name != NULL ? o->application_name : "dynapi");
	if (o->pooled)
		db->opts.prepared_statements = false;
	db->options = make_options(db);
	db->scratch = arena_new();
	db->random = (uint64_t)clock_mono_us() ^ (uint64_t)getpid() << 32;
	prepared_init(&db->prepared, PREPARED_MAX);
	/* libpq would send these after our own settings */
	unsetenv("PGTZ");
	unsetenv("PGDATESTYLE");
	unsetenv("PGGEQO");
	return db;
}

static void
free_text(const char *s)
{
	free((void *)(uintptr_t)s);
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	wake_receive(db);
	conn_drop(db);
	PQfinish(db->started);
	prepared_clear(&db->prepared);
	arena_free(db->scratch);
	free(db->options);
	free_text(db->opts.conninfo);
	free_text(db->opts.application_name);
	free(db);
}

void
db_stats(const struct db *db, struct db_stats *out)
{
	*out = db->stats;
}

/* xorshift: jitter needs no secret */
uint32_t
conn_random(struct db *db, uint32_t below)
{
	uint64_t x = db->random | 1;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	db->random = x;
	return below == 0 ? 0 : (uint32_t)(x >> 16) % below;
}

void
conn_sleep_ms(int ms)
{
	struct timespec t = {ms / 1000, (long)(ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

void
conn_drop(struct db *db)
{
	if (db->stream != NULL) {
		db->stream->lost = true;
		db->stream->streaming = false;
		db->stream = NULL;
	}
	if (db->conn == NULL)
		return;
	PQfinish(db->conn);
	db->conn = NULL;
	db->dying = false;
	db->listens = false;
	db->nwake = 0;
	db->checked = false;
	prepared_clear(&db->prepared);
	memset(db->control, 0, sizeof(db->control));
}

/* one line, without the line feeds of libpq */
static void
log_link(enum log_level level, const char *event, const char *why)
{
	struct str text = str_trim(str_from(why));

	log_begin(level, event);
	if (text.len > 0)
		log_str("cause", text);
	log_end();
}

void
conn_lost(struct db *db, const char *why)
{
	if (db->conn == NULL)
		return;
	log_link(LEVEL_WARN, "db_lost",
	    why != NULL ? why : PQerrorMessage(db->conn));
	db->link = LINK_UNTRIED;
	conn_drop(db);
}

/* everything but the announcement of an end is dropped: notices may hold
 * values, and a flood of them must not become a flood of lines */
static void
receive_notice(void *arg, const PGresult *res)
{
	const char *severity =
	    PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	struct db *db = arg;

	if (severity != NULL &&
	    (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
		db->dying = true;
	if (state != NULL && strncmp(state, "57P", 3) == 0)
		db->dying = true;
}

static PGconn *
start(const struct db *db)
{
	const struct db_opts *o = &db->opts;
	const struct {
		const char *key, *value;
	} all[] = {
	    /* what conninfo may say otherwise */
	    {"fallback_application_name", o->application_name},
	    {"keepalives_idle", "30"},
	    {"keepalives_interval", "10"},
	    {"keepalives_count", "3"},
	    {"tcp_user_timeout", "30000"},
	    {"dbname", o->conninfo},
	    /* what it may not */
	    {"client_encoding", "UTF8"},
	    {"options", o->pooled ? "" : db->options},
	};
	const char *keys[sizeof(all) / sizeof(all[0]) + 1] = {NULL};
	const char *values[sizeof(all) / sizeof(all[0]) + 1] = {NULL};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		keys[i] = all[i].key;
		values[i] = all[i].value;
	}
	return PQconnectStartParams(keys, values, 1);
}

void
db_connect_soon(struct db *db)
{
	struct pollfd p = {.events = POLLOUT};

	if (db->conn != NULL || db->started != NULL)
		return;
	db->started = start(db);
	p.fd = PQsocket(db->started);
	if (PQstatus(db->started) != CONNECTION_BAD && poll(&p, 1, 0) == 1)
		PQconnectPoll(db->started);
}

/* false: time is up */
static bool
wait_connect(PGconn *conn, PostgresPollingStatusType want, int64_t deadline_us)
{
	struct pollfd p = {.fd = PQsocket(conn)};
	int64_t left;
	int n;

	p.events = want == PGRES_POLLING_READING ? POLLIN : POLLOUT;
	do {
		left = deadline_us - clock_mono_us();
		if (left <= 0)
			return false;
		n = poll(&p, 1, (int)(left / 1000) + 1);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* NULL when it is open, else why not */
static const char *
finish_connect(PGconn *conn, int64_t deadline_us)
{
	PostgresPollingStatusType want = PGRES_POLLING_WRITING;

	if (PQstatus(conn) == CONNECTION_BAD)
		return PQerrorMessage(conn);
	while (want != PGRES_POLLING_OK) {
		if (!wait_connect(conn, want, deadline_us))
			return "connect_timeout has passed";
		want = PQconnectPoll(conn);
		if (want == PGRES_POLLING_FAILED)
			return PQerrorMessage(conn);
	}
	return NULL;
}

static int
attempt(struct db *db, struct err *err)
{
	int64_t deadline =
	    clock_mono_us() + (int64_t)db->opts.connect_timeout_s * 1000000;
	PGconn *conn = db->started != NULL ? db->started : start(db);
	const char *why;

	db->started = NULL;
	db->crowded = false;
	if (conn == NULL)
		log_fatal("memory", "out of memory for the connection");
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(conn, receive_notice, db);
	/* libpq's message might quote a password out of it */
	why = db->malformed ? "conninfo is malformed"
			    : finish_connect(conn, deadline);
	if (why == NULL &&
	    (PQsetnonblocking(conn, 1) != 0 || !PQenterPipelineMode(conn)))
		why = PQerrorMessage(conn);
	if (why == NULL) {
		PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
		db->conn = conn;
		db->stats.connects++;
		return 0;
	}
	db->crowded = strstr(why, TOO_MANY) != NULL;
	if (db->link != LINK_DOWN)
		log_link(LEVEL_ERROR, "db_down", why);
	db->link = LINK_DOWN;
	err_world(
	    err, ERR_DB_UNAVAILABLE, "%.*s", STR_ARGS(str_trim(str_from(why))));
	PQfinish(conn);
	return -1;
}

static void
space_attempts(struct db *db)
{
	int pause = db->pause_ms;

	pause = pause == 0 ? PAUSE_MIN_MS : pause * 2;
	db->pause_ms = pause > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause;
	pause = db->pause_ms / 2 +
		(int)conn_random(db, (uint32_t)db->pause_ms / 2 + 1);
	db->next_try_us = clock_mono_us() + (int64_t)pause * 1000;
}

static int
open_link(struct db *db, struct err *err)
{
	int64_t until = clock_mono_us() + CROWDED_US;
	struct err e;
	int pause;

	if (clock_mono_us() < db->next_try_us)
		return err_world(err, ERR_DB_UNAVAILABLE,
		    "waiting before the next attempt to connect");
	for (;;) {
		err_init(&e, db->scratch);
		if (attempt(db, &e) == 0)
			break;
		pause = 50 + (int)conn_random(db, 150);
		if (!db->crowded ||
		    clock_mono_us() + (int64_t)pause * 1000 > until) {
			space_attempts(db);
			return err_world(err, e.id, "%s", e.cause);
		}
		conn_sleep_ms(pause);
	}
	db->pause_ms = 0;
	db->next_try_us = 0;
	return 0;
}

/* looks without waiting: an idle connection has nothing to read, unless the
 * server says something about itself or has gone */
static bool
is_alive(struct db *db)
{
	PGnotify *note;
	char byte;
	ssize_t n;

	for (int i = 0; i < 8; i++) {
		n = recv(PQsocket(db->conn), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (n == 0 || !PQconsumeInput(db->conn))
			return false;
		PQisBusy(db->conn);
		while ((note = PQnotifies(db->conn)) != NULL) {
			PQfreemem(note);
			db->notified = true;
		}
		if (db->dying || PQstatus(db->conn) != CONNECTION_OK)
			return false;
	}
	return false;
}

/* the caller's words for a schema that is not ours */
static int
refuse_version(struct db *db, struct err *err, const char *found)
{
	if (db->link != LINK_DOWN)
		log_msg(LEVEL_ERROR, "db_version",
		    "the program needs version %d of the dynapi schema, the "
		    "database has %s: run dynapictl init",
		    DYNAPI_SCHEMA_VERSION, found);
	db->link = LINK_DOWN;
	return err_world(err, ERR_VERSION_MISMATCH,
	    "the program needs version %d of the dynapi schema, the database "
	    "has %s",
	    DYNAPI_SCHEMA_VERSION, found);
}

static void
identity_set(struct database_id *id, struct str oid, struct str name)
{
	size_t n = name.len < sizeof(id->name) ? name.len : 0;

	if (str_i64(oid, &id->oid) != 0)
		id->oid = 0;
	memcpy(id->name, name.p, n);
	id->name[n] = '\0';
}

void
db_expect(struct db *db, uint32_t oid, struct str name)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", oid);
	identity_set(&db->want, str_from(text), name);
}

/* rows of another database would be taken for those of the snapshot */
static int
check_identity(struct db *db, struct err *err)
{
	const struct database_id *have = &db->have, *want = &db->want;

	if (!db->opts.check_version || want->oid == 0 ||
	    (want->oid == have->oid && strcmp(want->name, have->name) == 0))
		return 0;
	return err_world(err, ERR_SNAPSHOT_UNAVAILABLE,
	    "the snapshot was made of database %s (OID %lld), conninfo leads "
	    "to %s (OID %lld): run dynapi-introspect",
	    want->name, (long long)want->oid, have->name, (long long)have->oid);
}

static int
read_version(struct db *db, struct arena *a, struct err *err)
{
	struct batch *b = batch_new(a, BATCH_WRITE);
	struct stmt *s = arena_make(a, struct stmt);
	struct str have = STR_NONE;
	struct run *run;
	struct err e;

	s->arena = a;
	s->label = "version";
	buf_init(&s->text, a, 128);
	buf_lit(&s->text, "select m.version, d.oid, d.datname "
			  "from dynapi.meta m, pg_catalog.pg_database d "
			  "where d.datname = pg_catalog.current_database()");
	batch_add(b, s);
	err_init(&e, a);
	run = run_new(db, b,
	    clock_mono_us() + (int64_t)db->opts.connect_timeout_s * 1000000);
	run_send(run);
	run_receive(run);
	if (run_verdict(run, &e) != 0) {
		if (sqlstate_is_stale(b->sqlstate))
			return refuse_version(db, err, "none");
		return err_world(err, ERR_DB_UNAVAILABLE,
		    "reading dynapi.meta: %s", e.cause);
	}
	if (rows_next(batch_rows(b, 0), &e) == 1) {
		have = rows_cell(batch_rows(b, 0), 0);
		identity_set(&db->have, rows_cell(batch_rows(b, 0), 1),
		    rows_cell(batch_rows(b, 0), 2));
	}
	if (!str_eq_c(have, arena_printf(a, "%d", DYNAPI_SCHEMA_VERSION)))
		return refuse_version(
		    db, err, have.p != NULL ? have.p : "none");
	return 0;
}

static int
check_version(struct db *db, struct err *err)
{
	struct arena *a;
	int rc;

	if (db->checked || !db->opts.check_version)
		return 0;
	a = arena_new();
	rc = read_version(db, a, err);
	arena_free(a);
	db->checked = rc == 0;
	return rc;
}

int
db_connect(struct db *db, struct err *err)
{
	int rc;

	if (db->stream != NULL)
		run_abandon(db->stream);
	wake_receive(db);
	if (db->conn != NULL && (db->dying || !is_alive(db)))
		conn_lost(db, "the server ended the connection");
	if (db->conn == NULL) {
		rc = open_link(db, err);
		arena_reset(db->scratch);
		if (rc != 0)
			return -1;
	}
	if (check_version(db, err) != 0 || check_identity(db, err) != 0)
		return -1;
	if (db->link != LINK_UP) {
		log_begin(LEVEL_INFO, "db_up");
		log_i64("backend", PQbackendPID(db->conn));
		log_i64("server_version", PQserverVersion(db->conn));
		log_end();
	}
	db->link = LINK_UP;
	return 0;
}
