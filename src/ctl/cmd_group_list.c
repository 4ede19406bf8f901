/* As the roles: users are counted, roles are named. */
#include "ctl/ctl.h"

#include "stmt/stmt.h"

static const struct list_column columns[] = {
    {"id", LIST_NUMBER},
    {"name", LIST_TEXT},
    {"description", LIST_TEXT},
    {"users", LIST_NUMBER},
    {"roles", LIST_JSON},
};

static int
list_groups(struct ctl *c, char **args, size_t nargs)
{
	struct stmt *s = stmt_new(c->arena, "groups");
	struct list *l;
	struct rows *rows;

	(void)args;
	(void)nargs;
	stmt_lit(s,
	    "select g.id, g.name, g.description, "
	    "(select pg_catalog.count(*) from dynapi.user_groups u "
	    "where u.group_id = g.id), "
	    "pg_catalog.array_to_json(array(select r.name "
	    "from dynapi.roles r join dynapi.group_roles m on m.role_id = r.id "
	    "where m.group_id = g.id order by r.name)) "
	    "from dynapi.groups g order by g.name");
	rows = ctl_ask(c, BATCH_READ, s);
	if (rows == NULL)
		return -1;
	l = ctl_list(c, columns, sizeof(columns) / sizeof(columns[0]));
	ctl_list_rows(l, rows, &c->err);
	ctl_list_print(l, c->json);
	return 0;
}

const struct cmd cmd_group_list = {
    .name = "group list",
    .args = "",
    .summary = "Lists the groups and their roles",
    .needs = NEEDS_CONF | NEEDS_ADMIN | CAN_JSON,
    .run = list_groups,
};
