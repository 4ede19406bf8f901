/* Works on the rows themselves, not on the snapshot: rights on a table that
 * is gone can be revoked, too. */
#include "ctl/ctl.h"

#include "base/arena.h"
#include "base/str.h"
#include "stmt/stmt.h"

static struct stmt *
make_revoke(struct ctl *c, int64_t user, struct str name)
{
	struct stmt *s = stmt_new(c->arena, "revoke");

	stmt_lit(s, "with gone as (delete from dynapi.user_roles r "
		    "where r.user_id = ");
	stmt_param_i64(s, user);
	ctl_add_stored(c, s, name);
	stmt_lit(s, " returning r.table_name) "
		    "select g.table_name from gone g order by g.table_name");
	return s;
}

static int
revoke_one(struct ctl *c, const char *user, int64_t id, struct str name,
    size_t *missing)
{
	struct rows *rows = ctl_ask(c, BATCH_WRITE, make_revoke(c, id, name));
	size_t n = 0;

	while (rows != NULL && rows_next(rows, &c->err) == 1) {
		ctl_say(
		    "%s  %.*s  revoked", user, STR_ARGS(rows_cell(rows, 0)));
		n++;
	}
	if (rows != NULL && n == 0) {
		ctl_warn(
		    "\"%s\" has no rights on \"%.*s\"", user, STR_ARGS(name));
		++*missing;
	}
	return rows == NULL ? -1 : 0;
}

static int
revoke(struct ctl *c, char **args, size_t nargs)
{
	struct str rest = str_from(args[1]), name;
	struct ctl_account account;
	size_t missing = 0;

	(void)nargs;
	if (ctl_account(c, args[0], &account) != 0)
		return -1;
	while (str_cut(&rest, ',', &name))
		if (revoke_one(
			c, args[0], account.id, str_trim(name), &missing) != 0)
			return -1;
	return missing == 0 ? 0 : ctl_refuse(c, "not everything was there");
}

const struct cmd cmd_revoke = {
    .name = "revoke",
    .args = "USER TABLE[,TABLE...]",
    .summary = "Takes away all rights on tables",
    .help = "'*' is every table the user has rights on.",
    .min_args = 2,
    .max_args = 2,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = revoke,
};
