/*
 * /api/v2/info/: what the API says of itself.  Version apart, everything
 * needs a token and renews it.
 */
#include "handler/v2_priv.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/jsonw.h"

static int
info_version(struct ctx *c)
{
	struct jsonw w;

	respond_begin(c, &w);
	jsonw_object(&w);
	jsonw_kv_c(&w, "version", DYNAPI_VERSION);
	jsonw_end(&w);
	return respond_json(c, 200);
}

/* the rows of one statement behind the guard of a user */
static struct rows *
ask_user(struct ctx *c, struct stmt *s)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	size_t at;

	batch_guard(b, ctx_guard_user(c, false));
	at = batch_add(b, s);
	if (ctx_run(c, b) != 0)
		return NULL;
	v2_token(c);
	return batch_rows(b, at);
}

static int
info_heartbeat(struct ctx *c)
{
	struct batch *b = ctx_batch(c, BATCH_READ);

	batch_guard(b, ctx_guard_user(c, false));
	if (ctx_run(c, b) != 0)
		return -1;
	v2_token(c);
	return v2_empty(c);
}

static int
info_roles(struct ctx *c)
{
	static const char *const raw[] = {
	    "created_at", "updated_at", "lock_version"};
	struct stmt *s = stmt_new(c->arena, "roles");
	struct rows *rows;
	struct jsonw w;
	int rc;

	stmt_lit(s, "select id, name, description, "
		    "pg_catalog.to_json(created_at), "
		    "pg_catalog.to_json(updated_at), lock_version "
		    "from dynapi.roles order by id");
	if ((rows = ask_user(c, s)) == NULL)
		return -1;
	respond_begin(c, &w);
	jsonw_array(&w);
	while ((rc = rows_next(rows, &c->err)) == 1) {
		jsonw_object(&w);
		jsonw_key(&w, "id");
		jsonw_raw(&w, rows_cell(rows, 0));
		jsonw_kv(&w, "name", rows_cell(rows, 1));
		jsonw_kv(&w, "description", rows_cell(rows, 2));
		for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
			jsonw_key(&w, raw[i]);
			jsonw_raw(&w, rows_cell(rows, 3 + i));
		}
		jsonw_end(&w);
	}
	jsonw_end(&w);
	return rc < 0 ? -1 : respond_json(c, 200);
}

/* ordered by namespace, so that one follows the other */
static int
info_settings(struct ctx *c)
{
	struct stmt *s = stmt_new(c->arena, "settings");
	struct str ns = STR_NONE;
	struct rows *rows;
	struct jsonw w;
	int rc;

	stmt_lit(s, "select ns, key, value from dynapi.settings(");
	stmt_param_i64(s, c->principal.id);
	stmt_lit(s, ")");
	if ((rows = ask_user(c, s)) == NULL)
		return -1;
	respond_begin(c, &w);
	jsonw_object(&w);
	while ((rc = rows_next(rows, &c->err)) == 1) {
		if (ns.p == NULL || !str_eq(ns, rows_cell(rows, 0))) {
			if (ns.p != NULL)
				jsonw_end(&w);
			ns = str_dup(c->arena, rows_cell(rows, 0));
			jsonw_key_str(&w, ns);
			jsonw_object(&w);
		}
		jsonw_key_str(&w, rows_cell(rows, 1));
		jsonw_str(&w, rows_cell(rows, 2));
	}
	if (ns.p != NULL)
		jsonw_end(&w);
	jsonw_end(&w);
	return rc < 0 ? -1 : respond_json(c, 200);
}

#define INFO (NEEDS_USER | NEEDS_SCHEMA)

const struct route routes_v2_info[] = {
    {METHOD_POST, "/api/v2/authenticate",
	NEEDS_JSON | TAKES_FORM | NEEDS_NO_TOKEN, v2_authenticate,
	"A token for an e-mail address and a password"},
    {METHOD_GET, "/api/v2/info/version", NEEDS_NO_TOKEN, info_version,
	"The version of the program"},
    {METHOD_GET, "/api/v2/info/heartbeat", NEEDS_USER, info_heartbeat,
	"A new token"},
    {METHOD_GET, "/api/v2/info/roles", NEEDS_USER, info_roles, "All roles"},
    {METHOD_GET, "/api/v2/info/settings", NEEDS_USER, info_settings,
	"The settings that are public; all of them for a superuser"},
    {METHOD_GET, "/api/v2/info/schema", INFO, v2_schema,
	"The columns and relations of the tables that I may read"},
    {METHOD_GET, "/api/v2/info/dsl", INFO, v2_dsl,
	"What a row leaves out unless it is asked for"},
    {METHOD_GET, "/api/v2/info/translations", INFO, v2_translations,
	"Labels and texts in a language"},
    {0},
};
