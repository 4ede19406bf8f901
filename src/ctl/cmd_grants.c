/* Asks the evaluator, not the table: what is shown is what counts, and beside it
 * where it comes from.  Only --orphans looks at the stored rows. */
#include "ctl/ctl.h"

#include "base/arena.h"
#include "base/str.h"
#include "stmt/stmt.h"

#define FLAGS_MAX 8

static const struct list_column columns[] = {
    {"user", LIST_TEXT},
    {"table", LIST_TEXT},
    {"flags", LIST_TEXT},
    {"from", LIST_TEXT},
};

/* the same with the last for programs */
static const struct list_column json_columns[] = {
    {"user", LIST_TEXT},
    {"table", LIST_TEXT},
    {"flags", LIST_TEXT},
    {"from", LIST_JSON},
};
#define NCOLUMNS (sizeof(columns) / sizeof(columns[0]))

/* of rows w as dynapi.rights_reasons has them, gathered: as text, as JSON */
static void
add_reasons(struct stmt *s)
{
	stmt_lit(s,
	    "pg_catalog.string_agg(case w.source "
	    "when 'own' then w.flags || ' own' "
	    "when 'can' then w.flags || ' by role ' || w.role_name "
	    "when 'cannot' then 'not ' || w.flags || ' by role ' || "
	    "w.role_name "
	    "else w.flags || ' ' || w.source end "
	    "|| coalesce(' of group ' || w.group_name, ''), '; ' "
	    "order by w.source = 'cannot', w.source desc, w.role_name, "
	    "w.group_name) as words, "
	    "'[' || pg_catalog.string_agg((select pg_catalog.row_to_json(o) "
	    "from (select w.flags, w.source, w.role_name as role, "
	    "w.group_name as \"group\") o)::pg_catalog.text, ',' "
	    "order by w.source = 'cannot', w.source desc, w.role_name, "
	    "w.group_name) || ']' "
	    "as list");
}

static struct stmt *
make_grants(struct ctl *c, const char *user)
{
	struct stmt *s = stmt_new(c->arena, "grants");

	stmt_lit(s,
	    "select u.username, g.* from dynapi.users u cross join lateral ("
	    "select table_name, r.can_create, r.can_read, r.can_update, "
	    "r.can_delete, r.can_bulk, f.words, f.list "
	    "from dynapi.rights(u.id) r full join (select w.table_name, ");
	add_reasons(s);
	stmt_lit(s,
	    " from (select w.table_name, w.source, w.role_name, w.group_name, "
	    "w.flags from dynapi.rights_reasons w "
	    "where w.user_id = u.id and not u.is_superuser "
	    "union all select '*', 'superuser', null, null, 'crudb' "
	    "where u.is_superuser) w group by w.table_name) f "
	    "using (table_name)) g where u.is_active");
	if (user != NULL) {
		stmt_lit(s, " and u.username = ");
		stmt_param(s, str_from(user), NULL);
	}
	stmt_lit(s, " order by u.username, g.table_name");
	return s;
}

/* the stored rows, of disabled users too, and the rules whose table is not
 * exposed; of one user: his, and those of the roles that he has */
static struct stmt *
make_orphans(struct ctl *c, const char *user)
{
	struct stmt *s = stmt_new(c->arena, "orphans");

	stmt_lit(s,
	    "select w.username, w.table_name, w.can_create, w.can_read, "
	    "w.can_update, w.can_delete, w.can_bulk, ");
	add_reasons(s);
	stmt_lit(s,
	    " from (select x.*, pg_catalog.concat("
	    "case when x.can_create then 'c' end, "
	    "case when x.can_read then 'r' end, "
	    "case when x.can_update then 'u' end, "
	    "case when x.can_delete then 'd' end, "
	    "case when x.can_bulk then 'b' end) as flags from ("
	    "select r.user_id, u.username, 'own' as source, 0 as id, "
	    "null::int8 as role_id, null::text as role_name, "
	    "null::text as group_name, r.table_name, r.can_create, "
	    "r.can_read, r.can_update, r.can_delete, r.can_bulk "
	    "from dynapi.user_roles r join dynapi.users u on u.id = r.user_id "
	    "union all select null, null, p.predicate, p.id, p.role_id, "
	    "o.name, "
	    "null, p.table_name, p.to_create, p.to_read, p.to_update, "
	    "p.to_delete, p.to_bulk "
	    "from dynapi.permissions p join dynapi.roles o on o.id = p.role_id"
	    ") x) w where not exists (select from "
	    "pg_catalog.jsonb_array_elements_text(");
	stmt_param(s, str_from(ctl_tables(c, "*")), NULL);
	stmt_lit(s, "::pg_catalog.jsonb) t(name) where t.name = w.table_name)");
	if (user != NULL) {
		stmt_lit(s, " and exists (select from dynapi.users u "
			    "where (u.id = w.user_id or w.role_id in "
			    "(select m.role_id from dynapi.members m "
			    "where m.user_id = u.id)) and u.username = ");
		stmt_param(s, str_from(user), NULL);
		stmt_lit(s, ")");
	}
	stmt_lit(s, " group by w.username, w.id, w.table_name, w.can_create, "
		    "w.can_read, w.can_update, w.can_delete, w.can_bulk "
		    "order by w.username, w.id, w.table_name");
	return s;
}

static int
print_grants(struct ctl *c, struct rows *rows)
{
	struct list *l =
	    ctl_list(c, c->json ? json_columns : columns, NCOLUMNS);
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
		ctl_list_add(l, rows_cell(rows, c->json ? 8 : 7));
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
    .help = "Flags are what he may do in the end; behind them stands where "
	    "each comes from: the\nuser's own rights (grant), a role, also "
	    "through a group, and what a role denies.  A\nsuperuser has every "
	    "right on the table \"*\"; who is disabled has none.",
    .options =
	{
	    {"orphans", 0, NULL,
		"rights and rules on tables that are not exposed (any more)"},
	},
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN | CAN_JSON,
    .run = list_grants,
};
