/* Asks the evaluator, not the table: what is shown is what counts.  Only
 * --orphans looks at the stored rows. */
#include "ctl/ctl.h"

#include "base/arena.h"
#include "base/str.h"
#include "stmt/stmt.h"

#define FLAGS_MAX 8

static const struct list_column columns[] = {
    {"user", LIST_TEXT},
    {"table", LIST_TEXT},
    {"flags", LIST_TEXT},
};

static struct stmt *
make_grants(struct ctl *c, const char *user)
{
	struct stmt *s = stmt_new(c->arena, "grants");

	stmt_lit(s,
	    "select u.username, r.table_name, r.can_create, r.can_read, "
	    "r.can_update, r.can_delete, r.can_bulk "
	    "from dynapi.users u cross join lateral dynapi.rights(u.id) r");
	if (user != NULL) {
		stmt_lit(s, " where u.username = ");
		stmt_param(s, str_from(user), NULL);
	}
	stmt_lit(s, " order by u.username, r.table_name");
	return s;
}

/* the stored rows, of disabled users too, whose table is not exposed */
static struct stmt *
make_orphans(struct ctl *c, const char *user)
{
	struct stmt *s = stmt_new(c->arena, "orphans");

	stmt_lit(s,
	    "select u.username, r.table_name, r.can_create, r.can_read, "
	    "r.can_update, r.can_delete, r.can_bulk "
	    "from dynapi.user_roles r join dynapi.users u on u.id = r.user_id "
	    "where not exists (select from "
	    "pg_catalog.jsonb_array_elements_text(");
	stmt_param(s, str_from(ctl_tables(c, "*")), NULL);
	stmt_lit(s, "::pg_catalog.jsonb) t(name) where t.name = r.table_name)");
	if (user != NULL) {
		stmt_lit(s, " and u.username = ");
		stmt_param(s, str_from(user), NULL);
	}
	stmt_lit(s, " order by u.username, r.table_name");
	return s;
}

static int
print_grants(struct ctl *c, struct rows *rows)
{
	struct list *l =
	    ctl_list(c, columns, sizeof(columns) / sizeof(columns[0]));
	char storage[FLAGS_MAX];
	struct buf flags;
	int got;

	buf_fixed(&flags, storage, sizeof(storage));
	while ((got = rows_next(rows, &c->err)) == 1) {
		buf_clear(&flags);
		ctl_flags(&flags, rows, 2);
		ctl_list_add(l, rows_cell(rows, 0));
		ctl_list_add(l, rows_cell(rows, 1));
		ctl_list_add(l, buf_view(&flags));
	}
	if (got == 0)
		ctl_list_print(l, c->json);
	return got;
}

static int
list_grants(struct ctl *c, char **args, size_t nargs)
{
	const char *user = nargs > 0 ? args[0] : NULL;
	bool orphans = ctl_option(c, "orphans") != NULL;
	struct ctl_account account;
	struct rows *rows;

	if (user != NULL && ctl_account(c, user, &account) != 0)
		return -1;
	if (orphans && ctl_open_schema(c) != 0)
		return -1;
	rows = ctl_ask(c, BATCH_READ,
	    orphans ? make_orphans(c, user) : make_grants(c, user));
	return rows == NULL ? -1 : print_grants(c, rows);
}

const struct cmd cmd_grants = {
    .name = "grants",
    .args = "[USER] [--orphans]",
    .summary = "Shows who may do what",
    .help = "A superuser has every right on the table \"*\"; who is "
	    "disabled has none.",
    .options =
	{
	    {"orphans", 0, NULL,
		"stored rights on tables that are not exposed (any more)"},
	},
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN | CAN_JSON,
    .run = list_grants,
};
