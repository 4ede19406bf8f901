/*
 * /api/users/: the accounts, for superusers.  They are a view (auth/accounts.c)
 * that is asked and written as tables are; here is what its columns cannot say:
 * rules of names and addresses, passwords that become hashes before anything
 * else sees them, and what the triggers of the view refuse.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"

const struct dialect dialect_users = {.base = "/api/users/",
    .alone = true,
    .accounts = accounts_table,
    .parse = query_parse_drf,
    .put = BODY_REPLACE};

/* ---- bodies ------------------------------------------------------------- */

static struct assign *
find_assign(const struct ctx *c, const struct body *body, const char *name)
{
	struct assign *as =
	    body_assign(body, table_input(c->table, str_from(name)));

	return as != NULL && !as->is_null && !as->is_default ? as : NULL;
}

static void
blame(struct ctx *c, const struct assign *as, const char *wrong)
{
	if (wrong != NULL)
		err_add_field(
		    &c->err, ERR_BAD_VALUE, as->column->name, "%s", wrong);
}

/* all faults that can be told without the database */
static int
check_body(struct ctx *c, const struct json *json, enum body_mode mode,
    struct body *body)
{
	const struct assign *name, *email, *password;

	body_parse(c->arena, c->table, json, mode, NULL, body, &c->err);
	name = find_assign(c, body, "username");
	email = find_assign(c, body, "email");
	password = find_assign(c, body, "password");
	if (name != NULL)
		blame(c, name, accounts_name_wrong(name->text));
	if (email != NULL && email->text.len > 0)
		blame(c, email, accounts_email_wrong(email->text));
	if (password != NULL)
		blame(c, password,
		    password_weak(
			password->text, name != NULL ? name->text : STR("")));
	return c->err.id == ERR_NONE ? 0 : -1;
}

static int
ask_right(struct ctx *c)
{
	struct batch *b = ctx_batch(c, BATCH_READ);

	batch_guard(b, ctx_guard_user(c, true));
	return ctx_run(c, b);
}

/* Before a hash costs us time: may he?  And what is the one called whose
 * password it is?  STR_NONE in *name: nobody yet. */
static int
ask_name(struct ctx *c, struct str *name)
{
	const struct segment *key = route_segment(c->route, &c->req, "key");
	struct query *q = query_new(c->arena);
	struct rows *rows;
	int rc;

	*name = STR_NONE;
	if (key == NULL)
		return ask_right(c);
	if (query_resolve(c->arena, q, c->app->schema, c->table,
		&c->app->query_limits, &c->err) != 0 ||
	    (rows = read_row(c, q, key->raw)) == NULL)
		return -1;
	rc = rows_next(rows, &c->err);
	if (rc == 0)
		return err_set(&c->err, ERR_NOT_FOUND, NULL);
	if (rc == 1)
		*name = str_dup(c->arena, rows_cell(rows, 1));
	return rc < 0 ? -1 : 0;
}

static int
make_hash(struct ctx *c, struct str password, struct str *hash)
{
	int place;

	if (ctx_hash_begin(c, &place) != 0)
		return -1;
	*hash = str_from(password_hash(c->arena, password));
	ctx_hash_end(c, place);
	return 0;
}

/* the same object with the hash where the password was */
static struct json *
with_hash(struct ctx *c, const struct json *body, struct str hash)
{
	struct json **v = arena_array(c->arena, struct json *, body->n);
	size_t n = 0;

	for (const struct json *m = body->child; m != NULL; m = m->next)
		if (str_eq_c(m->key, "password"))
			v[n++] = json_make_text(c->arena, m->key, hash);
		else
			v[n++] = arena_memdup(c->arena, m, sizeof(*m));
	return json_make(c->arena, JSON_OBJECT, v, n);
}

static int
take_password(
    struct ctx *c, const struct json *json, const struct assign *password)
{
	struct str name, hash;

	if (ask_name(c, &name) != 0)
		return -1;
	blame(c, password, password_weak(password->text, name));
	if (c->err.id != ERR_NONE || make_hash(c, password->text, &hash) != 0)
		return -1;
	c->body = with_hash(c, json, hash);
	return 0;
}

int
users_take(struct ctx *c, const struct json *json, enum body_mode mode)
{
	const struct assign *password;
	struct body body = {0};

	if (bulk_is_asked(c))
		return err_set(&c->err, ERR_BAD_REQUEST,
		    "Accounts are written one by one.");
	/* what would be kept is made of the body: a quick hash of a password */
	c->req.idempotency_key = STR_NONE;
	if (check_body(c, json, mode, &body) != 0)
		return -1;
	c->body = json;
	password = find_assign(c, &body, "password");
	return password != NULL ? take_password(c, json, password) : 0;
}

/* ---- refusals ----------------------------------------------------------- */

int
users_done(struct ctx *c, int rc)
{
	static const struct {
		const char *rule;
		enum err_id id;
		const char *detail;
	} rules[] = {
	    {"session", ERR_TOKEN_INVALID, NULL},
	    {"changed", ERR_STALE_ROW, NULL},
	    {"superuser", ERR_FORBIDDEN, "Only a superuser may do this."},
	    {"own", ERR_FORBIDDEN, "You cannot demote yourself."},
	    {"anonymous", ERR_FORBIDDEN,
		"This user is every visitor without a token: it stays as it "
		"is."},
	};
	const struct batch *b = c->batch;

	if (rc == 0 || b == NULL || strcmp(b->sqlstate, "ZD006") != 0 ||
	    b->constraint == NULL)
		return rc;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (strcmp(b->constraint, rules[i].rule) != 0)
			continue;
		err_clear(&c->err);
		err_set(&c->err, rules[i].id, NULL);
		c->err.detail = rules[i].detail;
	}
	return -1;
}

static int
users_create(struct ctx *c)
{
	if (users_take(c, c->body, BODY_CREATE) != 0)
		return -1;
	return users_done(c, data_create(c));
}

static int
users_replace(struct ctx *c)
{
	if (users_take(c, c->body, BODY_REPLACE) != 0)
		return -1;
	return users_done(c, data_replace(c));
}

static int
users_patch(struct ctx *c)
{
	if (users_take(c, c->body, BODY_PATCH) != 0)
		return -1;
	return users_done(c, data_patch(c));
}

static int
users_delete(struct ctx *c)
{
	return users_done(c, data_delete(c));
}

#define USERS  (NEEDS_SUPERUSER | NEEDS_TABLE | OF_ACCOUNTS)
#define FORM   (NEEDS_JSON | TAKES_FORM)
#define SEARCH (FORM | ONLY_READS)

const struct route routes_users[] = {
    {METHOD_GET, "/api/users", USERS, data_list, "Accounts"},
    {METHOD_HEAD, "/api/users", USERS, data_list,
	"How many accounts there are"},
    {METHOD_POST, "/api/users/search", USERS | SEARCH, data_search,
	"Accounts, the parameters in the body"},
    {METHOD_QUERY, "/api/users", USERS | SEARCH, data_search,
	"Accounts, the parameters in the body"},
    {METHOD_OPTIONS, "/api/users", USERS, data_options, "Fields, and limits"},
    {METHOD_POST, "/api/users", USERS | FORM, users_create,
	"Create an account"},
    {METHOD_GET, "/api/users/{key}", USERS, data_retrieve, "One account"},
    {METHOD_HEAD, "/api/users/{key}", USERS, data_retrieve,
	"Is there such an account"},
    {METHOD_OPTIONS, "/api/users/{key}", USERS, data_options,
	"Fields, and limits"},
    {METHOD_PUT, "/api/users/{key}", USERS | FORM, users_replace,
	"Replace an account"},
    {METHOD_PATCH, "/api/users/{key}", USERS | FORM, users_patch,
	"Change an account"},
    {METHOD_DELETE, "/api/users/{key}", USERS, users_delete,
	"Delete an account, its rights and its sessions"},
    {0},
};
