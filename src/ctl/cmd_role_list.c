/* Users are counted, not named: there may be thousands; "grants" has the names. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"

#define FLAGS_MAX 8

static const struct list_column columns[] = {
    {"id", LIST_NUMBER},
    {"name", LIST_TEXT},
    {"description", LIST_TEXT},
    {"rules", LIST_NUMBER},
    {"users", LIST_NUMBER},
    {"groups", LIST_NUMBER},
};

static const struct list_column rule_columns[] = {
    {"id", LIST_NUMBER},
    {"rule", LIST_TEXT},
    {"table", LIST_TEXT},
    {"flags", LIST_TEXT},
};

static int
print_roles(struct ctl *c)
{
	struct stmt *s = stmt_new(c->arena, "roles");
	struct list *l;
	struct rows *rows;

	stmt_lit(s,
	    "select r.id, r.name, r.description, "
	    "(select pg_catalog.count(*) from dynapi.permissions p "
	    "where p.role_id = r.id), "
	    "(select pg_catalog.count(distinct m.user_id) from dynapi.members "
	    "m "
	    "where m.role_id = r.id), "
	    "(select pg_catalog.count(*) from dynapi.group_roles g "
	    "where g.role_id = r.id) from dynapi.roles r order by r.name");
	rows = ctl_ask(c, BATCH_READ, s);
	if (rows == NULL)
		return -1;
	l = ctl_list(c, columns, sizeof(columns) / sizeof(columns[0]));
	ctl_list_rows(l, rows, &c->err);
	ctl_list_print(l, c->json);
	return 0;
}

/* in the order in which they count */
static struct stmt *
make_rules(struct ctl *c, int64_t role)
{
	struct stmt *s = stmt_new(c->arena, "rules");

	stmt_lit(s,
	    "select id, predicate, table_name, to_create, to_read, to_update, "
	    "to_delete, to_bulk from dynapi.permissions where role_id = ");
	stmt_param_i64(s, role);
	stmt_lit(s, " order by id");
	return s;
}

static int
print_rules(struct ctl *c, const char *role)
{
	struct list *l = ctl_list(
	    c, rule_columns, sizeof(rule_columns) / sizeof(rule_columns[0]));
	char storage[FLAGS_MAX];
	struct rows *rows;
	struct buf flags;
	int64_t id;
	int got;

	if (ctl_role(c, role, &id) != 0)
		return -1;
	rows = ctl_ask(c, BATCH_READ, make_rules(c, id));
	if (rows == NULL)
		return -1;
	buf_fixed(&flags, storage, sizeof(storage));
	while ((got = rows_next(rows, &c->err)) == 1) {
		for (size_t i = 0; i < 3; i++)
			ctl_list_add(l, rows_cell(rows, i));
		buf_clear(&flags);
		ctl_flags(&flags, rows, 3);
		ctl_list_add(l, buf_view(&flags));
	}
	if (got == 0)
		ctl_list_print(l, c->json);
	return got;
}

static int
list_roles(struct ctl *c, char **args, size_t nargs)
{
	return nargs == 0 ? print_roles(c) : print_rules(c, args[0]);
}

const struct cmd cmd_role_list = {
    .name = "role list",
    .args = "[NAME]",
    .summary = "Lists the roles, or the rules of one",
    .help = "Rules are listed in their order: of those for one user the last "
	    "counts.",
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN | CAN_JSON,
    .run = list_roles,
};
