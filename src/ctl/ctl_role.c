/*
 * What the commands for roles and groups share: finding one by its name, who
 * has it, and rules.  All they do is change rows; what these come to is derived
 * by the triggers of sql/006-rules.sql.
 */
#include "ctl/ctl.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "stmt/stmt.h"
#include "auth/auth.h"

#define IDS_MAX (1u << 20)

int
ctl_check_name(struct ctl *c, const char *text)
{
	const char *wrong = accounts_name_wrong(str_from(text));

	return wrong == NULL ? 0 : ctl_refuse(c, "name refused: %s", wrong);
}

static int
find_named(struct ctl *c, struct stmt *s, const char *kind, const char *name,
    int64_t *id)
{
	struct rows *rows;

	stmt_param(s, str_from(name), NULL);
	if (ctl_ask_one(c, BATCH_READ, s, &rows))
		return str_i64(rows_cell(rows, 0), id);
	if (c->err.id != ERR_NONE)
		return -1;
	return ctl_refuse(c,
	    "there is no %s \"%s\": \"dynapictl %s list\" shows them, "
	    "\"dynapictl %s add\" makes one",
	    kind, name, kind, kind);
}

int
ctl_role(struct ctl *c, const char *name, int64_t *id)
{
	struct stmt *s = stmt_new(c->arena, "role");

	stmt_lit(s, "select id from dynapi.roles where name = ");
	return find_named(c, s, "role", name, id);
}

int
ctl_group(struct ctl *c, const char *name, int64_t *id)
{
	struct stmt *s = stmt_new(c->arena, "group");

	stmt_lit(s, "select id from dynapi.groups where name = ");
	return find_named(c, s, "group", name, id);
}

int
ctl_change(struct ctl *c, struct stmt *s, const char *whose,
    const struct change_words *words)
{
	struct rows *rows = ctl_ask(c, BATCH_WRITE, s);
	size_t idle = 0;
	int got = -1;
	bool done;

	while (rows != NULL && (got = rows_next(rows, &c->err)) == 1) {
		done = str_eq_c(rows_cell(rows, 1), "t");
		idle += !done;
		ctl_say("%s  %.*s  %s", whose, STR_ARGS(rows_cell(rows, 0)),
		    done ? words->done : words->idle);
	}
	if (got == 0 && idle > 0 && words->idle_fails)
		return ctl_refuse(c, "not everything was there");
	return got;
}

/* the ids of "bea,kim" as a JSON array; NULL with c->err */
static const char *
find_users(struct ctl *c, const char *list)
{
	struct str rest = str_from(list), name;
	struct ctl_account account;
	struct jsonw w;
	struct buf b;

	buf_init(&b, c->arena, IDS_MAX);
	jsonw_init(&w, &b);
	jsonw_array(&w);
	while (str_cut(&rest, ',', &name)) {
		if (ctl_account(c, str_c(c->arena, str_trim(name)), &account) !=
		    0)
			return NULL;
		jsonw_i64(&w, account.id);
	}
	jsonw_end(&w);
	if (b.overflow)
		ctl_refuse(c, "these are too many at once");
	return b.overflow ? NULL : b.p;
}

static void
add_member_change(struct stmt *s, enum member_change change, int64_t id)
{
	switch (change) {
	case ROLE_GIVE:
		stmt_lit(s, "insert into dynapi.role_users (user_id, role_id) "
			    "select a.id, ");
		break;
	case GROUP_JOIN:
		stmt_lit(s, "insert into dynapi.user_groups "
			    "(user_id, group_id) select a.id, ");
		break;
	case ROLE_TAKE:
		stmt_lit(s, "delete from dynapi.role_users m using asked a "
			    "where m.user_id = a.id and m.role_id = ");
		break;
	case GROUP_LEAVE:
		stmt_lit(s, "delete from dynapi.user_groups m using asked a "
			    "where m.user_id = a.id and m.group_id = ");
		break;
	}
	stmt_param_i64(s, id);
	if (change == ROLE_GIVE || change == GROUP_JOIN)
		stmt_lit(s, " from asked a order by a.id "
			    "on conflict do nothing returning user_id");
	else
		stmt_lit(s, " returning m.user_id");
}

int
ctl_members(struct ctl *c, enum member_change change, const char *name,
    const char *users)
{
	static const struct change_words words[] = {
	    [ROLE_GIVE] = {"given", "has it", false},
	    [ROLE_TAKE] = {"taken", "did not have it", true},
	    [GROUP_JOIN] = {"joined", "is in it", false},
	    [GROUP_LEAVE] = {"left", "was not in it", true},
	};
	bool role = change == ROLE_GIVE || change == ROLE_TAKE;
	struct stmt *s = stmt_new(c->arena, "members");
	const char *ids;
	int64_t id = 0;

	if ((role ? ctl_role(c, name, &id) : ctl_group(c, name, &id)) != 0)
		return -1;
	ids = find_users(c, users);
	if (ids == NULL)
		return -1;
	stmt_lit(s, "with asked as (select u.id, u.username "
		    "from dynapi.users u where u.id in (select e.id::int8 from "
		    "pg_catalog.jsonb_array_elements_text(");
	stmt_param(s, str_from(ids), NULL);
	stmt_lit(s, "::pg_catalog.jsonb) e(id))), done as (");
	add_member_change(s, change, id);
	stmt_lit(s, ") select a.username, d.user_id is not null from asked a "
		    "left join done d on d.user_id = a.id order by a.username");
	return ctl_change(c, s, name, &words[change]);
}

static void
add_flag(struct stmt *s, const char *flags, char letter)
{
	if (strchr(flags, letter) != NULL)
		stmt_lit(s, "true");
	else
		stmt_lit(s, "false");
}

/* rules of the same role about no more than the new one can never be the last
 * again: they go */
static struct stmt *
make_rule(struct ctl *c, int64_t role, const char *tables, const char *flags,
    bool can)
{
	struct stmt *s = stmt_new(c->arena, "rule");

	stmt_lit(s, "with asked as (select distinct "
		    "pg_catalog.jsonb_array_elements_text(");
	stmt_param(s, str_from(tables), NULL);
	stmt_lit(s, "::pg_catalog.jsonb) as name), idle as (delete from "
		    "dynapi.permissions p using asked a "
		    "where p.table_name = a.name and p.role_id = ");
	stmt_param_i64(s, role);
	stmt_lit(s, " and (not p.to_create or ");
	add_flag(s, flags, 'c');
	stmt_lit(s, ") and (not p.to_read or ");
	add_flag(s, flags, 'r');
	stmt_lit(s, ") and (not p.to_update or ");
	add_flag(s, flags, 'u');
	stmt_lit(s, ") and (not p.to_delete or ");
	add_flag(s, flags, 'd');
	stmt_lit(s, ") and (not p.to_bulk or ");
	add_flag(s, flags, 'b');
	stmt_lit(s, ")) insert into dynapi.permissions (role_id, predicate, "
		    "table_name, to_create, to_read, to_update, to_delete, "
		    "to_bulk) select ");
	stmt_param_i64(s, role);
	stmt_lit(s, ", ");
	stmt_param(s, can ? STR("can") : STR("cannot"), NULL);
	stmt_lit(s, ", a.name");
	for (const char *letter = "crudb"; *letter != '\0'; letter++) {
		stmt_lit(s, ", ");
		add_flag(s, flags, *letter);
	}
	stmt_lit(s, " from asked a order by a.name returning table_name, "
		    "to_create, to_read, to_update, to_delete, to_bulk");
	return s;
}

int
ctl_rule(struct ctl *c, char **args, bool can)
{
	const char *tables;
	struct rows *rows;
	int64_t role = 0;

	if (!ctl_is_flags(args[2]))
		return ctl_usage(
		    c, "FLAGS are letters of crudb, not \"%s\"", args[2]);
	if (ctl_role(c, args[0], &role) != 0)
		return -1;
	tables = ctl_tables(c, args[1]);
	if (tables == NULL)
		return -1;
	rows =
	    ctl_ask(c, BATCH_WRITE, make_rule(c, role, tables, args[2], can));
	if (rows == NULL)
		return -1;
	return ctl_say_flags(c,
	    arena_printf(c->arena, "%s  %s", args[0], can ? "can" : "cannot"),
	    rows);
}
