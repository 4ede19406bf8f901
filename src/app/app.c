/*
 * The process: what it reads at start, the accept loop, and what it follows
 * between two requests (a new snapshot, SIGHUP).  It starts without PostgreSQL
 * and without a snapshot; both are looked for again when a request needs them.
 */
#include "app/app.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

/* how often a busy responder looks whether there is a new snapshot */
#define LOOK_US 20000

static void
log_mistakes(const struct buf *mistakes)
{
	struct str rest = buf_view(mistakes), line;

	while (str_cut(&rest, '\n', &line))
		if (line.len > 0)
			log_msg(LEVEL_ERROR, "configuration", "%.*s",
			    STR_ARGS(line));
}

/* a configuration in an arena of its own, so that a bad one changes nothing */
static int
read_conf(const char *path, struct arena *a, struct conf *conf)
{
	struct buf mistakes;
	struct err err;

	err_init(&err, a);
	buf_init(&mistakes, a, 65536);
	if (conf_read(a, path, conf, &mistakes, &err) == 0)
		return 0;
	log_mistakes(&mistakes);
	if (mistakes.len == 0)
		log_msg(LEVEL_ERROR, "configuration", "%s",
		    err.cause ? err.cause : path);
	return -1;
}

/* a route that does not begin with its base would never be found */
static void
check_root(const struct root *r)
{
	for (const struct route *t = r->routes; t->pattern != NULL; t++)
		assert(strncmp(t->pattern, r->base, strlen(r->base)) == 0);
}

static void
choose_roots(struct app *app)
{
	size_t n = 0;

	for (const struct root *r = app->roots; r->name != NULL; r++)
		n++;
	app->served_roots = arena_array(app->arena, struct root, n + 1);
	n = 0;
	for (const struct root *r = app->roots; r->name != NULL; r++) {
		check_root(r);
		if (conf_list_has(app->conf.serve, str_from(r->name)))
			app->served_roots[n++] = *r;
	}
}

static void
derive_settings(struct app *app)
{
	const struct conf *conf = &app->conf;

	app->stmt_opts = (struct stmt_opts){
	    .numeric_as_string = strcmp(conf->numeric_as, "string") == 0,
	    .bigint_as_string = strcmp(conf->bigint_as, "string") == 0,
	    .page_size = conf->page_size,
	    .max_page_size = conf->max_page_size,
	    .max_rows = conf->max_rows,
	    .max_included = conf->max_included,
	    .counts = conf_list_has(conf->serve, STR("v2")),
	};
	app->query_limits = (struct query_limits){.strict = conf->strict,
	    .page_size = conf->page_size,
	    .max_page_size = conf->max_page_size,
	    .max_rows = conf->max_rows,
	    .max_filters = (size_t)conf->max_filters,
	    .max_includes = (size_t)conf->max_includes,
	    .max_depth = (size_t)conf->max_depth,
	    .allow_page = true,
	    .regex = conf->regex,
	    .cursor_key = keys_cursor(app->arena, app->keys)};
	fcgi_signals(app->fcgi, conf->drain_timeout);
	fcgi_set_client_timeout(app->fcgi, conf->client_timeout);
	if (app->schema != NULL)
		schema_emit(app->schema, conf->events, conf_list_has);
	choose_roots(app);
}

static int
load_keys(struct app *app, const struct conf *conf)
{
	struct keys *keys;
	struct err err;

	err_init(&err, app->arena);
	if (conf->jwt_key_file == NULL) {
		log_msg(LEVEL_ERROR, "keys", "jwt_key_file is not set");
		return -1;
	}
	keys = keys_load(conf->jwt_key_file, &err);
	if (keys == NULL) {
		log_msg(LEVEL_ERROR, "keys", "%s", err.cause);
		return -1;
	}
	keys_free(app->keys);
	app->keys = keys;
	return 0;
}

static int
init_db(struct app *app)
{
	const struct conf *conf = &app->conf;
	struct db_opts opts;
	struct err err;

	err_init(&err, app->arena);
	opts = (struct db_opts){
	    .conninfo = conf_conninfo(app->arena, conf, &err),
	    .application_name = "dynapi",
	    .connect_timeout_s = (int)((conf->connect_timeout + 999) / 1000),
	    .statement_timeout_ms = (int)conf->statement_timeout,
	    .prepared_statements = conf->prepared_statements,
	    .pooled = strcmp(conf->pooler, "transaction") == 0,
	    .check_version = true,
	};
	if (opts.conninfo == NULL) {
		log_msg(LEVEL_ERROR, "configuration", "%s",
		    err.cause ? err.cause : "conninfo is not set");
		return -1;
	}
	app->db = db_new(&opts);
	return 0;
}

int
app_init(struct app *app, const char *conf_path, const struct root *roots,
    const struct dialect *const *dialects)
{
	const struct rlimit no_core = {0, 0};

	/* we hold the signing keys */
	setrlimit(RLIMIT_CORE, &no_core);
	app->arena = arena_new();
	app->conf_path = conf_path;
	app->roots = roots;
	app->dialects = dialects;
	if (read_conf(conf_path, app->arena, &app->conf) != 0)
		return -1;
	if (log_open("dynapi", app->conf.log,
		log_level_of(app->conf.log_level)) != 0) {
		log_msg(LEVEL_ERROR, "log", "%s cannot be written: %s",
		    app->conf.log, strerror(errno));
		return -1;
	}
	if (init_db(app) != 0)
		return -1;
	/* one request, that hardly ever needs no database */
	if (fcgi_is_cgi(app->fcgi))
		db_connect_soon(app->db);
	if (load_keys(app, &app->conf) != 0)
		return -1;
	derive_settings(app);
	app_follow_snapshot(app);
	return 0;
}

void
app_fini(struct app *app)
{
	fcgi_free(app->fcgi);
	db_free(app->db);
	throttle_close(app->throttle);
	if (app->letters != (locale_t)0)
		freelocale(app->letters);
	schema_free(app->schema);
	keys_free(app->keys);
	arena_free(app->arena);
	log_close();
}

/* what SIGHUP can change; the names of what it cannot, but would have to */
static int
take_conf(struct app *app, struct arena *a, struct conf *conf, struct buf *kept)
{
	buf_init(kept, a, 4096);
	if (read_conf(app->conf_path, a, conf) != 0)
		return -1;
	conf_keep(a, conf, &app->conf, kept);
	return load_keys(app, conf);
}

/* SIGHUP: the new configuration only when it is whole, else the old one */
static void
reload_conf(struct app *app)
{
	struct arena *a = arena_new();
	struct buf kept;
	struct conf conf;

	if (log_reopen() != 0)
		log_msg(LEVEL_ERROR, "log", "cannot be reopened");
	if (take_conf(app, a, &conf, &kept) != 0) {
		log_msg(LEVEL_ERROR, "reload", "the old settings stay");
		arena_free(a);
		return;
	}
	arena_free(app->arena);
	app->arena = a;
	app->conf = conf;
	derive_settings(app);
	log_set_level(log_level_of(conf.log_level));
	log_msg(LEVEL_INFO, "reload", "settings read again");
	if (kept.len > 0)
		log_msg(LEVEL_WARN, "reload", "read at start only: %s", kept.p);
}

bool
app_follow_snapshot(struct app *app)
{
	const char *path = app->conf.snapshot;
	struct arena *a;
	struct schema *next;
	struct err err;

	if (app->schema != NULL && !schema_replaced(app->schema, path))
		return false;
	a = arena_new();
	err_init(&err, a);
	next = schema_open(path, &err);
	/* who serves already looks at all of it first */
	if (next != NULL && app->schema != NULL &&
	    schema_verify(next, &err) != 0) {
		schema_free(next);
		next = NULL;
	}
	if (next != NULL) {
		schema_free(app->schema);
		app->schema = next;
		schema_emit(next, app->conf.events, conf_list_has);
		db_expect(app->db, schema_meta(next)->database_oid,
		    schema_meta(next)->database);
	} else if (!app->schema_warned) {
		log_msg(LEVEL_WARN, "snapshot",
		    "%s; run dynapi-introspect -c %s%s",
		    err.cause ? err.cause : path, app->conf_path,
		    app->schema ? " (the old one serves on)" : "");
	}
	app->schema_warned = next == NULL;
	arena_free(a);
	return next != NULL;
}

static void
serve_one(struct app *app, struct arena *a)
{
	struct ctx c = {.arena = a, .app = app};

	c.principal.anonymous = true; /* until a token says otherwise */
	c.dialect = app->dialects[0];
	c.began_us = clock_mono_us();
	err_init(&c.err, a);
	response_init(&c.res, a, app->fcgi, (size_t)app->conf.response_buffer);
	c.res.spool = !fcgi_can_break(app->fcgi);
	c.res.spool_max = app->conf.spool_max;
	if (c.began_us - app->looked_us > LOOK_US) {
		app->looked_us = c.began_us;
		app_follow_snapshot(app);
	}
	serve_request(&c);
}

/* the log may wait for a quiet moment: this is one when nobody waits */
static int
next_request(struct app *app)
{
	if (log_held() && fcgi_idle(app->fcgi))
		log_flush();
	return fcgi_accept(app->fcgi);
}

int
app_run(struct app *app)
{
	struct arena *a = arena_new();
	int rc;

	log_hold(true);
	while ((rc = next_request(app)) >= 0) {
		if (rc > 0)
			continue;
		if (fcgi_take_hup())
			reload_conf(app);
		serve_one(app, a);
		arena_reset(a);
		app->served++;
		if (app->conf.max_requests > 0 &&
		    app->served >= (uint64_t)app->conf.max_requests)
			break;
	}
	log_hold(false);
	arena_free(a);
	return 0;
}
