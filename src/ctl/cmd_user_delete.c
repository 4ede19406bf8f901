/* Rights and sessions go with the row (on delete cascade). */
#include "ctl/ctl.h"

static int
delete_user(struct ctl *c, char **args, size_t nargs)
{
	struct ctl_account account;

	(void)nargs;
	if (ctl_account(c, args[0], &account) != 0)
		return -1;
	if (account.id == 0)
		return ctl_refuse(c, "\"anonymous\" stays; it can be disabled");
	if (ctl_change_account(c, args[0], "delete from dynapi.users u") != 0)
		return -1;
	ctl_say("user \"%s\" deleted", args[0]);
	return 0;
}

const struct cmd cmd_user_delete = {
    .name = "user delete",
    .args = "NAME",
    .summary = "Deletes an account, its rights and its sessions",
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = delete_user,
};
