/*
 * What handlers share about one request: guards, batches, links, and the one
 * place where an error becomes a document (RFC 9457).  Errors of the database
 * are made fit for the caller here (and in violation.c): fields are named from
 * the snapshot, the rest goes to the log.
 */
#include "app/app.h"

#include <string.h>

#include "app/app_priv.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/jsonw.h"

/* ---- guards and batches ------------------------------------------------- */

void
ctx_need(struct ctx *c, const struct table *t, enum action action)
{
	size_t bytes = c->nalso * sizeof(*c->also);

	for (size_t i = 0; i < c->nalso; i++)
		if (c->also[i].table == t && c->also[i].action == action)
			return;
	c->also = arena_grow(c->arena, c->nalso == 0 ? NULL : c->also, bytes,
	    bytes + sizeof(*c->also));
	c->also[c->nalso++] = (struct guard_need){t, action};
}

/* the rights beside that to its own table: those of c->also, then to read what
 * is touched */
static struct guard_need
other_need(const struct ctx *c, size_t i)
{
	return i < c->nalso
		   ? c->also[i]
		   : (struct guard_need){c->touched[i - c->nalso], ACTION_READ};
}

static bool
for_superusers(const struct ctx *c)
{
	return c->route != NULL && c->route->needs & NEEDS_SUPERUSER;
}

struct stmt *
ctx_guard_for(struct ctx *c, enum action action, int64_t timeout_ms)
{
	size_t others = c->nalso + c->ntouched;
	struct guard_need *needs =
	    arena_array(c->arena, struct guard_need, 1 + others);
	struct guard_opts opts = {.need_superuser = for_superusers(c),
	    .read_only = action == ACTION_READ,
	    .statement_timeout_ms = (int)timeout_ms,
	    .timezone = c->timezone,
	    .shown = c->shown,
	    .nshown = c->nshown,
	    .marks = c->marks};

	c->action = action;
	needs[0] = (struct guard_need){c->table, action};
	for (size_t i = 0; i < others; i++)
		needs[1 + i] = other_need(c, i);
	return auth_guard(c->arena, &c->principal, needs, 1 + others, &opts);
}

struct stmt *
ctx_guard(struct ctx *c, enum action action)
{
	return ctx_guard_for(c, action, 0);
}

struct stmt *
ctx_guard_user(struct ctx *c, bool superuser)
{
	struct guard_opts opts = {
	    .need_user = superuser, .need_superuser = superuser};

	return auth_guard(c->arena, &c->principal, NULL, 0, &opts);
}

struct batch *
ctx_batch(struct ctx *c, enum batch_kind kind)
{
	struct batch *b = batch_new(c->arena, kind);

	b->timeout_ms = (int)c->app->conf.statement_timeout;
	b->client_fd = fcgi_client_fd(c->app->fcgi);
	return b;
}

struct query_limits
ctx_limits(const struct ctx *c)
{
	struct query_limits limits = c->app->query_limits;

	limits.strict = limits.strict || c->dialect->strict;
	if (request_prefers(&c->req, "handling=strict"))
		limits.strict = true;
	else if (request_prefers(&c->req, "handling=lenient"))
		limits.strict = false;
	limits.strict = limits.strict || c->strict;
	return limits;
}

/* ---- errors of the database --------------------------------------------- */

static bool
ask_load(
    struct load *l, struct stmt *guard, struct stmt *also, struct rows **rows)
{
	struct err err;

	err_init(&err, NULL);
	if (load_try(l, guard, &err) == NULL)
		return false;
	if (also != NULL)
		*rows = load_try(l, also, &err);
	return also == NULL || *rows != NULL;
}

bool
ctx_may_read(
    struct ctx *c, const struct table *t, struct stmt *also, struct rows **rows)
{
	struct guard_need need = {t, ACTION_READ};
	struct guard_opts opts = {.need_user = false};
	struct stmt *guard =
	    auth_guard(c->arena, &c->principal, &need, 1, &opts);
	struct batch *b;
	struct err err;
	size_t at = 0;

	err_init(&err, NULL);
	if (c->load != NULL)
		return ask_load(c->load, guard, also, rows);
	b = ctx_batch(c, BATCH_READ);
	batch_guard(b, guard);
	if (also != NULL)
		at = batch_add(b, also);
	if (db_run(c->app->db, b, &err) != 0)
		return false;
	if (also != NULL)
		*rows = batch_rows(b, at);
	return true;
}

static const char *
action_letter(enum action action)
{
	static const char *const letters[] = {"c", "r", "u", "d", "b"};

	return letters[action];
}

static void
replace_err(
    struct ctx *c, enum err_id id, const char *detail, const char *cause)
{
	err_clear(&c->err);
	err_tell(&c->err, id, detail, cause);
}

static bool
has_right(struct rows *rights, const struct guard_need *need)
{
	struct err err;

	err_init(&err, NULL);
	rows_rewind(rights);
	while (rows_next(rights, &err) == 1)
		if (str_eq(rows_cell(rights, 0), STR("*")) ||
		    str_eq(rows_cell(rights, 0), need->table->qname))
			return str_eq(
			    rows_cell(rights, 1 + need->action), STR("t"));
	return false;
}

/* which of the rights that the guard asked for is missing; the table's own
 * when it cannot be told */
static struct guard_need
find_missing(struct ctx *c)
{
	struct guard_need own = {c->table, c->action}, need;
	struct batch *b;
	struct err err;
	size_t at;

	if (c->nalso + c->ntouched == 0)
		return own;
	err_init(&err, NULL);
	b = ctx_batch(c, BATCH_READ);
	at = batch_add(b, auth_rights(c->arena, &c->principal));
	if (db_run(c->app->db, b, &err) != 0 ||
	    !has_right(batch_rows(b, at), &own))
		return own;
	for (size_t i = 0; i < c->nalso + c->ntouched; i++) {
		need = other_need(c, i);
		if (!has_right(batch_rows(b, at), &need))
			return need;
	}
	return own;
}

static void
explain_forbidden(struct ctx *c)
{
	struct guard_need missing;
	const char *cause;

	if (c->table == NULL || for_superusers(c)) {
		replace_err(
		    c, ERR_FORBIDDEN, "Only a superuser may do this.", NULL);
		return;
	}
	missing = find_missing(c);
	cause = arena_printf(c->arena,
	    "to allow it: dynapictl grant NAME %.*s %s (NAME of user %lld; "
	    "dynapictl grants NAME tells if a role denies it)",
	    STR_ARGS(missing.table->qname), action_letter(missing.action),
	    (long long)c->principal.id);
	if (c->app->conf.conceal &&
	    (c->action == ACTION_READ ||
		!ctx_may_read(c, c->table, NULL, NULL))) {
		replace_err(c, ERR_NOT_FOUND, NULL, cause);
		return;
	}
	if (c->principal.anonymous) {
		replace_err(c, ERR_TOKEN_INVALID,
		    "Authentication credentials were not provided.", cause);
		return;
	}
	replace_err(c, ERR_FORBIDDEN,
	    arena_printf(c->arena, "You have no right to %s %.*s.",
		action_name(missing.action), STR_ARGS(missing.table->qname)),
	    cause);
}

int
ctx_run(struct ctx *c, struct batch *b)
{
	int64_t began = clock_mono_us();
	int rc;

	c->batch = b;
	rc = db_run(c->app->db, b, &c->err);
	c->db_us += clock_mono_us() - began;
	c->guarded = c->guarded || b->guard >= 0;
	return rc == 0 ? 0 : ctx_failed(c, b);
}

/* a rule that does something else instead, and has no RETURNING; ON CONFLICT
 * of a table with rules … */
static bool
is_ruled_out(const struct ctx *c, const struct batch *b)
{
	return c->err.id == ERR_CONSTRAINT && !b->in_function &&
	       strcmp(b->sqlstate, "0A000") == 0;
}

int
ctx_failed(struct ctx *c, struct batch *b)
{
	if (b->client_gone)
		c->res.client_gone = true;
	else if (c->err.id == ERR_FORBIDDEN)
		explain_forbidden(c);
	else if (is_ruled_out(c, b))
		c->err.detail = "The rules of this table do not say what is "
				"written, or cannot do this at all.";
	else if (c->err.id == ERR_CONFLICT || c->err.id == ERR_CONSTRAINT)
		ctx_violated(c, c->table, b);
	return -1;
}

/*
 * A request that fails before it reaches the database must not tell someone
 * without rights which columns there are: the guard is asked first.
 */
static void
guard_before_error(struct ctx *c)
{
	struct err refused = c->err;
	struct batch *b;

	if (c->guarded || c->table == NULL || c->err.id == ERR_NONE ||
	    err_status(c->err.id) >= 500)
		return;
	err_clear(&c->err);
	/* rights are the same in every zone, and there may be none like it */
	c->timezone = STR_NONE;
	b = ctx_batch(c, BATCH_READ);
	batch_guard(b, ctx_guard(c, ctx_action(c)));
	if (ctx_run(c, b) == 0)
		c->err = refused;
}

/* ---- answers ------------------------------------------------------------ */

bool
ctx_origin_allowed(const struct ctx *c)
{
	return c->req.origin.len > 0 && c->app->conf.cors_origins != NULL &&
	       conf_list_has(c->app->conf.cors_origins, c->req.origin);
}

static bool
is_header_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

void
ctx_common_headers(struct ctx *c)
{
	response_header(&c->res, "X-Request-Id", str_from(c->req.id));
	response_header(&c->res, "X-Content-Type-Options", STR("nosniff"));
	response_header(&c->res, "Cache-Control", STR("no-store"));
	if (c->app->conf.cors_origins == NULL)
		return;
	response_header(&c->res, "Vary", STR("Origin"));
	if (!ctx_origin_allowed(c) || !is_header_text(c->req.origin))
		return;
	response_header(&c->res, "Access-Control-Allow-Origin", c->req.origin);
	response_header(&c->res, "Access-Control-Expose-Headers",
	    STR("Content-Range, ETag, Idempotency-Replayed, Link, Location, "
		"Preference-Applied, Retry-After, Token, X-Request-Id, "
		"X-Total-Count"));
}

void
ctx_link(const struct ctx *c, struct buf *out, struct str path)
{
	if (c->app->conf.base_url != NULL)
		buf_cstr(out, c->app->conf.base_url);
	if (c->app->conf.mount != NULL)
		buf_cstr(out, c->app->conf.mount);
	buf_str(out, path);
}

void
ctx_write_fields(struct jsonw *w, const struct err *err)
{
	const struct err_field *f, *g;
	bool seen;

	if (err->fields == NULL)
		return;
	jsonw_key(w, "errors");
	jsonw_object(w);
	for (f = err->fields; f != NULL; f = f->next) {
		seen = false;
		for (g = err->fields; g != f; g = g->next)
			seen = seen || str_eq(g->field, f->field);
		if (seen)
			continue;
		jsonw_key_str(w, f->field);
		jsonw_array(w);
		for (g = f; g != NULL; g = g->next)
			if (str_eq(g->field, f->field))
				jsonw_cstr(w, g->text);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void
error_headers(struct ctx *c, int status)
{
	const struct err *err = &c->err;

	if (status == 401 && c->dialect->challenge != NULL)
		response_header(&c->res, "WWW-Authenticate",
		    str_from(c->dialect->challenge));
	else if (status == 401)
		response_header(&c->res, "WWW-Authenticate",
		    c->req.authorization.len > 0
			? STR("Bearer realm=\"dynapi\", "
			      "error=\"invalid_token\"")
			: STR("Bearer realm=\"dynapi\""));
	if (status == 405 && c->allow != NULL)
		response_header(&c->res, "Allow", str_from(c->allow));
	if (status == 415 && c->route != NULL)
		ctx_accept_headers(c);
	if (status == 503 || status == 429)
		response_header_f(&c->res, "Retry-After", "%d",
		    err->retry_after_s > 0 ? err->retry_after_s : 1);
}

static void
write_problem(struct ctx *c, int status)
{
	const struct err *err = &c->err;
	struct jsonw w;

	response_header(
	    &c->res, "Content-Type", STR("application/problem+json"));
	jsonw_init(&w, response_body(&c->res));
	jsonw_object(&w);
	jsonw_key(&w, "type");
	jsonw_cstr(&w,
	    arena_printf(c->arena, "urn:dynapi:error:%s", err_code(err->id)));
	jsonw_kv_c(&w, "title", err_title(err->id));
	jsonw_kv_i64(&w, "status", status);
	if (err->detail != NULL)
		jsonw_kv_c(&w, "detail", err->detail);
	jsonw_kv_c(&w, "code", err_code(err->id));
	jsonw_kv_c(&w, "request_id", c->req.id);
	ctx_write_fields(&w, err);
	jsonw_end(&w);
	buf_lit(response_body(&c->res), "\n");
}

void
ctx_error(struct ctx *c)
{
	int status;

	if (c->res.state != RESPONSE_HEAD) {
		response_break(&c->res);
		return;
	}
	guard_before_error(c);
	status = err_status(c->err.id);
	if (c->err.id == ERR_TOKEN_INVALID || status == 403)
		ctx_uncount(c);
	response_reset(&c->res);
	ctx_common_headers(c);
	response_status(&c->res, status);
	error_headers(c, status);
	if (c->dialect->error != NULL)
		c->dialect->error(c, status);
	else
		write_problem(c, status);
	if (c->res.no_body)
		c->res.length = (int64_t)c->res.body.len;
}
