/* dynapi.password_set ends the sessions in the same transaction. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"

static int
set_password(struct ctl *c, char **args, size_t nargs)
{
	struct ctl_account account;
	struct stmt *s = stmt_new(c->arena, "password");
	const char *hash;

	(void)nargs;
	if (ctl_account(c, args[0], &account) != 0)
		return -1;
	if (account.id == 0)
		return ctl_refuse(c, "\"anonymous\" cannot log in");
	hash = ctl_new_password(c, args[0]);
	if (hash == NULL)
		return -1;
	stmt_lit(s, "select dynapi.password_set(");
	stmt_param_i64(s, account.id);
	stmt_lit(s, ", ");
	stmt_param(s, str_from(hash), NULL);
	stmt_lit(s, ")");
	if (ctl_ask(c, BATCH_WRITE, s) == NULL)
		return -1;
	ctl_say("password of \"%s\" changed, its sessions have ended", args[0]);
	return 0;
}

const struct cmd cmd_user_passwd = {
    .name = "user passwd",
    .args = "NAME [--password-stdin]",
    .summary = "Sets a password and ends the account's sessions",
    .options =
	{
	    {"password-stdin", 0, NULL,
		"the password is the first line of standard input"},
	},
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = set_password,
};
