/* Takes a role from users; those who have it by a group keep it. */
#include "ctl/ctl.h"

static int
take_role(struct ctl *c, char **args, size_t nargs)
{
	(void)nargs;
	return ctl_members(c, ROLE_TAKE, args[0], args[1]);
}

const struct cmd cmd_role_take = {
    .name = "role take",
    .args = "NAME USER[,USER...]",
    .summary = "Takes the role from users",
    .help = "Who has it through a group keeps it.",
    .min_args = 2,
    .max_args = 2,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = take_role,
};
