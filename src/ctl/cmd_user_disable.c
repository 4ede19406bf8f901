/* The trigger users_changed ends the sessions. */
#include "ctl/ctl.h"

static int
disable_user(struct ctl *c, char **args, size_t nargs)
{
	(void)nargs;
	if (ctl_change_account(
		c, args[0], "update dynapi.users u set is_active = false") != 0)
		return -1;
	ctl_say("user \"%s\" disabled, its sessions have ended", args[0]);
	return 0;
}

const struct cmd cmd_user_disable = {
    .name = "user disable",
    .args = "NAME",
    .summary = "Switches an account off and ends its sessions",
    .help = "Rights are kept.  The last active superuser stays; without "
	    "\"anonymous\"\nnothing is public.",
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = disable_user,
};
