/* Open sessions are counted, not shown: their ids are half a token. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"

static const struct list_column columns[] = {
    {"id", LIST_NUMBER},
    {"username", LIST_TEXT},
    {"email", LIST_TEXT},
    {"active", LIST_FLAG},
    {"staff", LIST_FLAG},
    {"superuser", LIST_FLAG},
    {"sessions", LIST_NUMBER},
    {"last_login", LIST_TEXT},
};

static int
list_users(struct ctl *c, char **args, size_t nargs)
{
	struct stmt *s = stmt_new(c->arena, "users");
	struct list *l;
	struct rows *rows;

	(void)args;
	(void)nargs;
	stmt_lit(s,
	    "select u.id, u.username, u.email, u.is_active, u.is_staff, "
	    "u.is_superuser, (select pg_catalog.count(*) "
	    "from dynapi.session s where s.user_id = u.id "
	    "and s.revoked is null and s.expires > pg_catalog.now()), "
	    "u.last_login from dynapi.users u order by u.id");
	rows = ctl_ask(c, BATCH_READ, s);
	if (rows == NULL)
		return -1;
	l = ctl_list(c, columns, sizeof(columns) / sizeof(columns[0]));
	ctl_list_rows(l, rows, &c->err);
	ctl_list_print(l, c->json);
	return 0;
}

const struct cmd cmd_user_list = {
    .name = "user list",
    .args = "",
    .summary = "Lists the accounts and their open sessions",
    .needs = NEEDS_CONF | NEEDS_ADMIN | CAN_JSON,
    .run = list_users,
};
