/*
 * What came behind the head, as the route reads it: JSON, or a form that
 * becomes the same tree.
 *
 * A browser sends JSON to another site only after it was allowed to, but a form
 * at once, on the word of any page (Fetch: 4.10, "simple" requests).  Nobody is
 * known here by more than his Authorization header, which no form has; what
 * anonymous may write, a page could still have its visitors write for it, from
 * where they are.  So that needs a page of our own, or of cors_origins.
 */
#include "app/app.h"

#include "app/app_priv.h"
#include "base/arena.h"
#include "base/form.h"
#include "base/json.h"

/* ---- media types -------------------------------------------------------- */

static struct str
media_types(struct ctx *c, unsigned needs)
{
	struct buf b;

	buf_init(&b, c->arena, 200);
	if (needs & (NEEDS_JSON | NEEDS_ROWS))
		buf_lit(&b, "application/json");
	if (needs & NEEDS_ROWS)
		buf_lit(&b, ", application/x-ndjson, text/csv");
	if (needs & TAKES_FORM)
		buf_lit(&b, ", application/x-www-form-urlencoded, "
			    "multipart/form-data");
	return buf_view(&b);
}

void
ctx_accept_headers(struct ctx *c)
{
	static const struct {
		enum method method;
		const char *header;
	} all[] = {
	    {METHOD_POST, "Accept-Post"}, {METHOD_PATCH, "Accept-Patch"}};
	struct request other = c->req;
	const struct route *r;
	struct str types;
	struct err err;

	for (size_t i = 0; i < 2; i++) {
		err_init(&err, NULL);
		other.method = all[i].method;
		r = route_find(c->app->served_roots, &other, &err);
		if (r == NULL || !ctx_offers(c, r))
			continue;
		types = media_types(c, r->needs);
		if (types.len > 0)
			response_header(&c->res, all[i].header, types);
	}
}

/* ---- whose page --------------------------------------------------------- */

/* "https://api.example.org:8443" of the Host that was asked */
static bool
is_own_origin(const struct ctx *c)
{
	struct str host = fcgi_param(c->app->fcgi, "HTTP_HOST");
	struct str origin = c->req.origin;

	if (c->app->conf.base_url != NULL &&
	    str_case_eq(origin, str_from(c->app->conf.base_url)))
		return true;
	for (size_t i = 0; i + 3 <= origin.len; i++)
		if (str_eq(str_sub(origin, i, 3), STR("://")))
			return host.len > 0 &&
			       str_case_eq(
				   str_sub(origin, i + 3, origin.len), host);
	return false;
}

/* would a browser have asked first? */
static bool
is_simple(const struct request *r)
{
	return r->method == METHOD_POST && !request_is_rows(r) &&
	       !request_is(r, "application/json");
}

int
ctx_check_origin(struct ctx *c)
{
	if (!c->principal.anonymous || c->req.origin.len == 0 ||
	    !is_simple(&c->req) || ctx_action(c) == ACTION_READ ||
	    ctx_origin_allowed(c) || is_own_origin(c))
		return 0;
	return err_set(&c->err, ERR_FORBIDDEN,
	    "A page of another site cannot send forms here.");
}

/* ---- the body ----------------------------------------------------------- */

/* of no table, and what a list is asked by: every field is a text */
static const struct json *
parse_texts(struct ctx *c)
{
	const struct json *j = form_json(c->arena, c->form, &c->err);

	if (j == NULL || j->twin == NULL || c->route->needs & NEEDS_TABLE)
		return j;
	err_add_field(&c->err, ERR_BAD_FORM, j->twin->key,
	    "This field is given more than once.");
	return NULL;
}

static int
parse_form(struct ctx *c)
{
	struct form *form = arena_make(c->arena, struct form);

	if (form_parse(c->arena, c->req.content_type, c->req.body,
		(size_t)c->app->conf.max_params, form, &c->err) != 0)
		return -1;
	c->form = form;
	if (!(c->route->needs & NEEDS_TABLE) || c->route->needs & ONLY_READS)
		c->body = parse_texts(c);
	else
		c->body = body_from_form(c->arena, c->table, form,
		    ctx_action(c) == ACTION_CREATE, &c->err);
	return c->body != NULL ? 0 : -1;
}

int
ctx_parse_body(struct ctx *c)
{
	unsigned needs = c->route->needs;

	c->form = NULL;
	if (needs & TAKES_FORM && form_is(c->req.content_type))
		return parse_form(c);
	if (!request_is(&c->req, "application/json"))
		return err_set(&c->err, ERR_MEDIA_TYPE,
		    "The body must be %s%s.",
		    needs & (NEEDS_ROWS | TAKES_FORM) ? "one of " : "",
		    media_types(c, needs).p);
	c->body = needs & NEEDS_TABLE
		      ? json_parse_row(c->arena, c->req.body, &c->err)
		      : json_parse(c->arena, c->req.body, &c->err);
	return c->body != NULL ? 0 : -1;
}
