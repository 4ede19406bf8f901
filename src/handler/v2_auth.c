/*
 * Who one is at /api/v2/: login by e-mail address or name, the token that each
 * answer renews, and what is known without a table.
 */
#include "handler/v2_priv.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/jsonw.h"

void
v2_token(struct ctx *c)
{
	struct session s = {.id = c->principal.sid,
	    .user_id = c->principal.id,
	    .end = c->principal.end};

	if (!c->principal.anonymous)
		response_header(&c->res, "Token", account_token(c, &s));
}

int
v2_empty(struct ctx *c)
{
	response_status(&c->res, 200);
	return 0;
}

/* ---- authenticate ------------------------------------------------------- */

static struct stmt *
lookup_stmt(struct ctx *c, struct str name)
{
	struct stmt *s = stmt_new(c->arena, "login");

	stmt_lit(s, "select id, password, is_active "
		    "from dynapi.login_lookup_email(");
	stmt_param(s, name, NULL);
	stmt_lit(s, "::pg_catalog.text)");
	return s;
}

/* a text of {"auth":{…}}, or of the body itself */
static struct str
take_text(struct ctx *c, const char *name)
{
	const struct json *auth = json_get(c->body, STR("auth"));
	const struct json *j;

	j = json_get(auth != NULL ? auth : c->body, str_from(name));
	if (j != NULL && j->kind == JSON_STRING && j->text.len > 0)
		return j->text;
	err_add_field(
	    &c->err, ERR_REQUIRED, str_from(name), "%s", "A text is required.");
	return STR_NONE;
}

int
v2_authenticate(struct ctx *c)
{
	struct str name = take_text(c, "email");
	struct str password = take_text(c, "password");
	struct rows *user;
	struct session s;
	struct jsonw w;

	if (c->err.id != ERR_NONE || account_open(c, name, lookup_stmt(c, name),
					 password, &s, &user) != 0)
		return -1;
	response_header(&c->res, "Token", account_token(c, &s));
	respond_begin(c, &w);
	account_write(&w, &s, user);
	return respond_json(c, 200);
}
