/* Gives a role to users; role take is the other half. */
#include "ctl/ctl.h"

static int
give_role(struct ctl *c, char **args, size_t nargs)
{
	(void)nargs;
	return ctl_members(c, ROLE_GIVE, args[0], args[1]);
}

const struct cmd cmd_role_give = {
    .name = "role give",
    .args = "NAME USER[,USER...]",
    .summary = "Gives the role to users",
    .help = "The user \"anonymous\" is every visitor.",
    .min_args = 2,
    .max_args = 2,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = give_role,
};
