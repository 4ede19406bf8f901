/* grant adds the letters given to what the user has; revoke takes all away.
 * A wildcard is expanded now: tables that come later are not granted. */
#include "ctl/ctl.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "stmt/stmt.h"

static struct stmt *
make_grant(struct ctl *c, int64_t user, const char *tables, const char *flags)
{
	struct stmt *s = stmt_new(c->arena, "grant");
	const char *letter;

	stmt_lit(s,
	    "insert into dynapi.user_roles as r (user_id, table_name, "
	    "can_create, can_read, can_update, can_delete, can_bulk) select ");
	stmt_param_i64(s, user);
	stmt_lit(s, ", t.name");
	for (letter = "crudb"; *letter != '\0'; letter++) {
		if (strchr(flags, *letter) != NULL)
			stmt_lit(s, ", true");
		else
			stmt_lit(s, ", false");
	}
	stmt_lit(
	    s, " from (select distinct pg_catalog.jsonb_array_elements_text(");
	stmt_param(s, str_from(tables), NULL);
	stmt_lit(s, "::pg_catalog.jsonb) as name) t order by t.name "
		    "on conflict (user_id, table_name) do update set "
		    "can_create = r.can_create or excluded.can_create, "
		    "can_read = r.can_read or excluded.can_read, "
		    "can_update = r.can_update or excluded.can_update, "
		    "can_delete = r.can_delete or excluded.can_delete, "
		    "can_bulk = r.can_bulk or excluded.can_bulk "
		    "returning r.table_name, r.can_create, r.can_read, "
		    "r.can_update, r.can_delete, r.can_bulk");
	return s;
}

/* what of it does not count, as the last rule for him denies it */
static struct stmt *
make_denied(struct ctl *c, int64_t user, const char *tables, const char *flags)
{
	struct stmt *s = stmt_new(c->arena, "denied");

	stmt_lit(s, "select w.table_name, w.flags, w.role_name "
		    "from dynapi.rights_reasons w where w.source = 'cannot' "
		    "and w.user_id = ");
	stmt_param_i64(s, user);
	stmt_lit(s, " and pg_catalog.translate(w.flags, ");
	stmt_param(s, str_from(flags), NULL);
	stmt_lit(s, "::pg_catalog.text, '') <> w.flags and w.table_name in "
		    "(select pg_catalog.jsonb_array_elements_text(");
	stmt_param(s, str_from(tables), NULL);
	stmt_lit(s, "::pg_catalog.jsonb)) order by w.table_name, w.role_name");
	return s;
}

static int
warn_denied(struct ctl *c, const char *user, struct rows *rows)
{
	int got;

	while ((got = rows_next(rows, &c->err)) == 1)
		ctl_warn("%.*s: role \"%.*s\" denies %.*s to \"%s\"; a later "
			 "\"role can\", \"role clear\" or \"role take\" "
			 "changes that",
		    STR_ARGS(rows_cell(rows, 0)), STR_ARGS(rows_cell(rows, 2)),
		    STR_ARGS(rows_cell(rows, 1)), user);
	return got;
}

static int
grant(struct ctl *c, char **args, size_t nargs)
{
	struct batch *b = batch_new(c->arena, BATCH_WRITE);
	struct ctl_account account;
	const char *tables;
	size_t granted, denied;

	(void)nargs;
	if (!ctl_is_flags(args[2]))
		return ctl_usage(
		    c, "FLAGS are letters of crudb, not \"%s\"", args[2]);
	if (ctl_account(c, args[0], &account) != 0)
		return -1;
	tables = ctl_tables(c, args[1]);
	if (tables == NULL)
		return -1;
	granted = batch_add(b, make_grant(c, account.id, tables, args[2]));
	denied = batch_add(b, make_denied(c, account.id, tables, args[2]));
	if (db_run(c->db, b, &c->err) != 0 ||
	    ctl_say_flags(c, args[0], batch_rows(b, granted)) != 0)
		return -1;
	return warn_denied(c, args[0], batch_rows(b, denied));
}

const struct cmd cmd_grant = {
    .name = "grant",
    .args = "USER TABLE[,TABLE...] FLAGS",
    .summary = "Adds rights of a user's own on tables",
    .help = "FLAGS: letters of crudb for create, read, update, delete and "
	    "bulk.  '*' is every\nexposed table there is now.  The user "
	    "\"anonymous\" is every visitor.",
    .min_args = 3,
    .max_args = 3,
    .needs = NEEDS_CONF | NEEDS_SCHEMA | NEEDS_ADMIN,
    .run = grant,
};
