/*
 * One request, read aloud.  If a change makes serve_request longer, it is in
 * the wrong place.
 */
#include "app/app.h"

#include <string.h>

#include "app/app_priv.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

/* CORS preflight (Fetch standard): asked before the real request, without
 * credentials, so it is answered before anybody is identified */
static int
answer_preflight(struct ctx *c)
{
	response_status(&c->res, 204);
	response_header(&c->res, "Access-Control-Allow-Methods",
	    STR("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, QUERY"));
	response_header(&c->res, "Access-Control-Allow-Headers",
	    STR("Authorization, Content-Type, Accept, Prefer, If-Match, "
		"If-None-Match, Idempotency-Key"));
	response_header(&c->res, "Access-Control-Max-Age", STR("600"));
	return 0;
}

static const struct route preflight = {
    METHOD_OPTIONS, "/", NOT_COUNTED, answer_preflight, NULL};

static void
choose_dialect(struct ctx *c)
{
	for (size_t i = 1; c->app->dialects[i] != NULL; i++)
		if (request_is_below(&c->req, c->app->dialects[i]->base))
			c->dialect = c->app->dialects[i];
}

/* rows, for a route that reads them one by one */
static bool
wants_rows(struct ctx *c)
{
	const struct route *r;
	struct err err;

	if (!request_is_rows(&c->req))
		return false;
	err_init(&err, NULL);
	r = route_find(c->app->served_roots, &c->req, &err);
	return r != NULL && r->needs & NEEDS_ROWS;
}

static int
read_request(struct ctx *c)
{
	struct app *app = c->app;
	struct err late;
	int rc;

	rc = request_read(c->arena, app->fcgi, &app->conf, &c->req, &c->err);
	c->res.no_body = c->req.method == METHOD_HEAD;
	choose_dialect(c);
	ctx_common_headers(c);
	c->req.streamed = rc == 0 && wants_rows(c);
	if (c->req.streamed)
		return request_body_begin(app->fcgi, &app->conf, &c->err);
	if (rc == 0)
		return request_read_body(
		    c->arena, app->fcgi, &app->conf, &c->req, &c->err);
	/* the body is read in any case: not every web server delivers an
	 * answer that overtakes it */
	err_init(&late, c->arena);
	request_read_body(c->arena, app->fcgi, &app->conf, &c->req, &late);
	return rc;
}

int
ctx_identify(struct ctx *c)
{
	/* a bad token must not keep anyone from logging in again */
	if (c->route != NULL && c->route->needs & NEEDS_NO_TOKEN) {
		c->principal.anonymous = true;
		c->principal.id = ANONYMOUS_ID;
		return 0;
	}
	return auth_identify(c->arena, c->app->keys, &c->app->conf,
	    c->req.authorization, c->dialect->scheme, clock_real_s(),
	    &c->principal, &c->err);
}

/* a table that is hidden from him costs a look at the database, and is 401 or
 * 503 where that finds no session or is not possible: so do those that do not
 * exist */
static int
ask_as_if_hidden(struct ctx *c)
{
	struct batch *b = ctx_batch(c, BATCH_READ);

	batch_guard(b, ctx_guard_user(c, false));
	return ctx_run(c, b);
}

static int
find_table(struct ctx *c)
{
	const struct segment *seg;

	if (c->route->needs & OF_ACCOUNTS) {
		c->table = c->dialect->accounts(c->arena);
		return 0;
	}
	seg = route_segment(c->route, &c->req, "table");
	c->table = schema_table_by_path(c->app->schema, seg->text, &c->err);
	if (c->table != NULL)
		return 0;
	if (c->app->conf.conceal && c->err.id == ERR_NONE &&
	    ask_as_if_hidden(c) != 0)
		return -1;
	return err_set(&c->err, ERR_NOT_FOUND, NULL);
}

/* none of the path's routes has this method.  Which of the others the table
 * has is told to who may read it; to all others what is written in the table of
 * routes, whether there is such a table or not */
static int
refuse_method(struct ctx *c, const struct route *other)
{
	bool known;

	c->route = other;
	err_clear(&c->err);
	known = ctx_identify(c) == 0;
	if (known && ctx_count(c) != 0) {
		c->route = NULL;
		return -1;
	}
	if (!known || !(other->needs & NEEDS_TABLE) || c->app->schema == NULL ||
	    find_table(c) != 0 || !ctx_may_read(c, c->table, NULL, NULL))
		c->table = NULL;
	c->allow = ctx_allow(c);
	c->route = NULL;
	c->table = NULL;
	c->guarded = false;
	err_clear(&c->err);
	/* not the client's word for it: that may be any bytes */
	return err_set(&c->err, ERR_BAD_METHOD, "Allowed here: %s.", c->allow);
}

static int
find_route(struct ctx *c)
{
	const struct root *roots = c->app->served_roots;

	if (c->req.method == METHOD_OPTIONS && c->req.preflight.len > 0 &&
	    ctx_origin_allowed(c)) {
		c->route = &preflight;
		return 0;
	}
	c->route = route_find(roots, &c->req, &c->err);
	if (c->route == NULL && c->err.id == ERR_BAD_METHOD)
		return refuse_method(c, route_of_path(roots, &c->req));
	return c->route != NULL ? 0 : -1;
}

static int
meet_needs(struct ctx *c)
{
	unsigned needs = c->route->needs;

	if (needs & (NEEDS_SCHEMA | NEEDS_TABLE) && c->app->schema == NULL)
		return err_world(&c->err, ERR_SNAPSHOT_UNAVAILABLE,
		    "no snapshot: run dynapi-introspect");
	if (needs & (NEEDS_USER | NEEDS_SUPERUSER) && c->principal.anonymous)
		return err_set(&c->err, ERR_TOKEN_INVALID,
		    "Authentication credentials were not provided.");
	if (ctx_count(c) != 0)
		return -1;
	if (needs & NEEDS_TABLE && find_table(c) != 0)
		return -1;
	if (needs & NEEDS_KEY && c->table->nkey == 0)
		return err_set(&c->err, ERR_NO_KEY, NULL);
	if (needs & NEEDS_TABLE && ctx_check_method(c) != 0)
		return -1;
	if (ctx_check_origin(c) != 0)
		return -1;
	if (needs & NEEDS_JSON || (needs & NEEDS_ROWS && !c->req.streamed))
		return ctx_parse_body(c);
	return 0;
}

/* the schema changed under the snapshot: when a newer one is there already,
 * the same request is answered from it, once */
static int
handle(struct ctx *c)
{
	struct params asked = c->req.params;
	int rc = c->route->handle(c);

	/* what has been read of a body is gone */
	if (rc == 0 || c->err.id != ERR_SNAPSHOT_STALE || c->req.streamed ||
	    c->res.state != RESPONSE_HEAD || !app_follow_snapshot(c->app))
		return rc;
	err_clear(&c->err);
	c->guarded = false;
	c->ntouched = 0;
	c->nalso = 0;
	c->rights = NULL;
	c->req.params = asked; /* without those of the body */
	response_reset(&c->res);
	ctx_common_headers(c);
	return meet_needs(c) != 0 ? -1 : c->route->handle(c);
}

static void
log_request(struct ctx *c)
{
	enum log_level level = LEVEL_INFO;
	struct str path = c->req.target;
	ptrdiff_t q = str_chr(path, '?');

	/* a query may hold what nobody wants in a log */
	if (q >= 0)
		path.len = (size_t)q;
	if (c->err.id != ERR_NONE && err_status(c->err.id) >= 500 &&
	    !c->res.client_gone)
		level = c->err.id == ERR_INTERNAL ? LEVEL_ERROR : LEVEL_WARN;
	log_begin(level, "request");
	log_cstr("id", c->req.id);
	log_str("method", c->req.method_text);
	log_str("path", path);
	log_i64("status", c->res.status);
	log_i64("bytes", c->res.sent_bytes);
	log_i64("us", c->res.ended_us - c->began_us);
	log_i64("db_us", c->db_us);
	if (c->principal.anonymous)
		log_cstr("user", "anonymous");
	else
		log_i64("user", c->principal.id);
	log_str("remote", c->req.remote);
	if (c->err.id != ERR_NONE) {
		log_cstr("code", err_code(c->err.id));
		log_cstr("cause", c->err.cause);
	}
	if (c->res.incomplete)
		log_cstr("head", "incomplete");
	if (c->res.failed || c->res.client_gone)
		log_cstr("cut", c->res.client_gone ? "client" : "failure");
	log_end();
}

void
serve_request(struct ctx *c)
{
	if (read_request(c) != 0 || /* 400, 413, 414 */
	    find_route(c) != 0 ||   /* 404, 405 */
	    ctx_identify(c) != 0 || /* 401 */
	    meet_needs(c) != 0 ||   /* 401, 403, 404, 415, 429 */
	    handle(c) != 0)
		ctx_error(c);
	fcgi_body_drop(c->app->fcgi);
	response_end(&c->res);
	log_request(c);
}
