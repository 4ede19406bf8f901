/*
 * The process: options, what it reads at start, and what it follows while it
 * runs (a new snapshot, SIGHUP).  It starts without PostgreSQL and without a
 * snapshot, as the responders do.
 */
#include "config.h"

#include "notify/notify.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "notify/notify_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "db/db.h"

#define PROGRAM      "dynapi-notifyd"
#define STATEMENT_MS 1000 /* everybody waits for it */

static const struct option longs[] = {
    {"config", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void
print_help(FILE *f)
{
	fputs("usage: " PROGRAM " [-c CONF]\n\n"
	      "Tells WebSocket and event stream clients of committed changes; "
	      "stays in the\nforeground until SIGTERM.  SIGHUP: reads CONF and "
	      "opens the log again.\n\n"
	      "  -c, --config CONF  read this file (" CONF_DEFAULT_FILE ")\n"
	      "  -h, --help         this text\n"
	      "  -V, --version      the version\n",
	    f);
}

/* -1: go on; else the exit status */
static int
read_options(struct notifier *d, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			d->conf_path = optarg;
			break;
		case 'h':
			print_help(stdout);
			return 0;
		case 'V':
			puts(PROGRAM " " PACKAGE_VERSION);
			return 0;
		default:
			print_help(stderr);
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	print_help(stderr);
	return 2;
}

static int
read_conf(const char *path, struct arena *a, struct conf *conf)
{
	struct buf mistakes;
	struct str rest, line;
	struct err err;

	err_init(&err, a);
	buf_init(&mistakes, a, 65536);
	if (conf_read(a, path, conf, &mistakes, &err) == 0)
		return 0;
	rest = mistakes.len > 0 ? buf_view(&mistakes)
				: str_from(err.cause ? err.cause : path);
	while (str_cut(&rest, '\n', &line))
		if (line.len > 0)
			log_msg(LEVEL_ERROR, "configuration", "%.*s",
			    STR_ARGS(line));
	return -1;
}

static int
load_keys(struct notifier *d, const struct conf *conf)
{
	struct keys *keys = NULL;
	struct err err;

	err_init(&err, d->scratch);
	if (conf->jwt_key_file == NULL)
		err_world(&err, ERR_INTERNAL, "jwt_key_file is not set");
	else
		keys = keys_load(conf->jwt_key_file, &err);
	if (keys == NULL) {
		log_msg(LEVEL_ERROR, "keys", "%s", err.cause);
		return -1;
	}
	keys_free(d->keys);
	d->keys = keys;
	return 0;
}

static void
derive_settings(struct notifier *d)
{
	d->stmt_opts = (struct stmt_opts){
	    .numeric_as_string = strcmp(d->conf.numeric_as, "string") == 0,
	    .bigint_as_string = strcmp(d->conf.bigint_as, "string") == 0};
}

static int
open_db(struct notifier *d)
{
	struct db_opts opts = {
	    .application_name = PROGRAM,
	    .connect_timeout_s = (int)((d->conf.connect_timeout + 999) / 1000),
	    .statement_timeout_ms = STATEMENT_MS,
	    .prepared_statements = d->conf.prepared_statements,
	    .check_version = true,
	};
	struct err err;

	err_init(&err, d->scratch);
	opts.pooled = strcmp(d->conf.pooler, "transaction") == 0;
	opts.conninfo = conf_conninfo(d->arena, &d->conf, &err);
	if (opts.conninfo == NULL) {
		log_msg(LEVEL_ERROR, "configuration", "%s",
		    err.cause ? err.cause : "conninfo is not set");
		return -1;
	}
	d->pooled = opts.pooled;
	d->db = db_new(&opts);
	return 0;
}

static int
init(struct notifier *d)
{
	const struct rlimit no_core = {0, 0};

	/* we hold the signing keys */
	setrlimit(RLIMIT_CORE, &no_core);
	if (read_conf(d->conf_path, d->arena, &d->conf) != 0)
		return -1;
	if (log_open(PROGRAM, d->conf.log, log_level_of(d->conf.log_level)) !=
	    0) {
		log_msg(LEVEL_ERROR, "log", "%s cannot be written: %s",
		    d->conf.log, strerror(errno));
		return -1;
	}
	derive_settings(d);
	if (open_db(d) != 0 || load_keys(d, &d->conf) != 0)
		return -1;
	daemon_follow_snapshot(d);
	return loop_open(d);
}

void
daemon_reload(struct notifier *d)
{
	struct arena *a = arena_new();
	struct buf kept;
	struct conf conf;

	if (log_reopen() != 0)
		log_msg(LEVEL_ERROR, "log", "cannot be reopened");
	buf_init(&kept, a, 4096);
	if (read_conf(d->conf_path, a, &conf) != 0) {
		log_msg(LEVEL_ERROR, "reload", "the old settings stay");
		arena_free(a);
		return;
	}
	conf_keep(a, &conf, &d->conf, &kept);
	if (load_keys(d, &conf) != 0) {
		log_msg(LEVEL_ERROR, "reload", "the old settings stay");
		arena_free(a);
		return;
	}
	arena_free(d->arena);
	d->arena = a;
	d->conf = conf;
	derive_settings(d);
	log_set_level(log_level_of(conf.log_level));
	log_msg(LEVEL_INFO, "reload", "settings read again");
	if (kept.len > 0)
		log_msg(LEVEL_WARN, "reload", "read at start only: %s", kept.p);
}

/* the tables that are listened to, as the new snapshot has them */
static void
take_schema(struct notifier *d, struct schema *next)
{
	struct client *c, *after;
	struct topic *t;
	struct err err;

	for (size_t i = 0; i < TOPICS; i++)
		for (t = d->topics[i]; t != NULL; t = t->next) {
			struct str qname = {t->qname, t->qname_len};

			err_init(&err, d->scratch);
			t->table = schema_table(next, qname, &err);
		}
	for (c = d->clients; c != NULL; c = after) {
		after = c->next;
		if (c->topic != NULL && c->topic->table == NULL)
			client_end(d, c, CLOSE_NOT_FOUND);
	}
	schema_free(d->schema);
	d->schema = next;
	db_expect(d->db, schema_meta(next)->database_oid,
	    schema_meta(next)->database);
}

void
daemon_follow_snapshot(struct notifier *d)
{
	const char *path = d->conf.snapshot;
	struct schema *next;
	struct err err;

	if (d->schema != NULL && !schema_replaced(d->schema, path))
		return;
	arena_reset(d->scratch);
	err_init(&err, d->scratch);
	next = schema_open(path, &err);
	/* who serves already looks at all of it first */
	if (next != NULL && d->schema != NULL &&
	    schema_verify(next, &err) != 0) {
		schema_free(next);
		next = NULL;
	}
	if (next != NULL)
		take_schema(d, next);
	else if (!d->schema_warned)
		log_msg(LEVEL_WARN, "snapshot", "%s%s",
		    err.cause ? err.cause : path,
		    d->schema ? " (the old one serves on)" : "");
	d->schema_warned = next == NULL;
}

static void
fini(struct notifier *d)
{
	loop_close(d);
	db_free(d->db);
	schema_free(d->schema);
	keys_free(d->keys);
	arena_free(d->scratch);
	arena_free(d->arena);
	log_close();
}

int
notify_main(int argc, char **argv)
{
	const char *env = getenv("DYNAPI_CONF");
	struct notifier d = {.conf_path = env != NULL ? env : CONF_DEFAULT_FILE,
	    .last = -1,
	    .epoll = -1,
	    .listener = -1,
	    .signals = -1,
	    .db_fd = -1};
	int status = read_options(&d, argc, argv);

	if (status >= 0)
		return status;
	d.arena = arena_new();
	d.scratch = arena_new();
	status = init(&d) == 0 ? 0 : 1;
	if (status == 0)
		loop_run(&d);
	fini(&d);
	return status;
}
