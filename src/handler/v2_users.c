/*
 * /api/v2/users: the accounts in the words of v2, for superusers.  A table of
 * that name has its schema before it, as everywhere where a fixed route is.
 */
#include "handler/v2_priv.h"

/* the words of CONTRACT 5.8 have no full stop */
static int
done(struct ctx *c, int rc)
{
	struct str text;

	rc = users_done(c, rc);
	text = str_from(c->err.detail);
	if (rc != 0 && c->err.id == ERR_FORBIDDEN && str_ends(text, STR(".")))
		c->err.detail = str_c(c->arena, str_sub(text, 0, text.len - 1));
	return rc;
}

static int
create_user(struct ctx *c)
{
	if (users_take(c, v2_unwrap(c), BODY_CREATE) != 0)
		return -1;
	return done(c, v2_create(c));
}

static int
update_user(struct ctx *c)
{
	if (users_take(c, v2_unwrap(c), BODY_PATCH) != 0)
		return -1;
	return done(c, v2_update(c));
}

static int
delete_user(struct ctx *c)
{
	return done(c, v2_delete(c));
}

static int
refuse_many(struct ctx *c)
{
	return err_set(
	    &c->err, ERR_NOT_FOUND, "Accounts are changed one by one.");
}

#define USERS (NEEDS_SUPERUSER | NEEDS_TABLE | OF_ACCOUNTS)
#define FORM  (NEEDS_JSON | TAKES_FORM)
#define ROWS  "/api/v2/users"
#define ROW   "/api/v2/users/{key}"

const struct route routes_v2_users[] = {
    {METHOD_GET, ROWS, USERS, v2_list, "Accounts"},
    {METHOD_HEAD, ROWS, USERS, v2_list, "How many accounts there are"},
    {METHOD_POST, ROWS "/search", USERS | NEEDS_JSON | ONLY_READS, v2_search,
	"Accounts, the question in the body"},
    {METHOD_QUERY, ROWS, USERS | NEEDS_JSON | ONLY_READS, v2_search,
	"Accounts, the question in the body"},
    {METHOD_OPTIONS, ROWS, USERS, v2_options, "Fields, and limits"},
    {METHOD_POST, ROWS, USERS | FORM, create_user, "Create an account"},
    {METHOD_GET, ROW, USERS, v2_show, "One account"},
    {METHOD_HEAD, ROW, USERS, v2_show, "Is there such an account"},
    {METHOD_OPTIONS, ROW, USERS, v2_options, "Fields, and limits"},
    {METHOD_PUT, ROW, USERS | FORM, update_user, "Change an account"},
    {METHOD_PATCH, ROW, USERS | FORM, update_user, "Change an account"},
    {METHOD_DELETE, ROW, USERS, delete_user,
	"Delete an account, its rights and its sessions"},
    {METHOD_PUT, ROW "/multi", USERS, refuse_many, NULL},
    {METHOD_DELETE, ROW "/multi", USERS, refuse_many, NULL},
    {0},
};
