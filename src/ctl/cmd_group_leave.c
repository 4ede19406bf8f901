/* Takes users out of a group. */
#include "ctl/ctl.h"

static int
leave_group(struct ctl *c, char **args, size_t nargs)
{
	(void)nargs;
	return ctl_members(c, GROUP_LEAVE, args[0], args[1]);
}

const struct cmd cmd_group_leave = {
    .name = "group leave",
    .args = "GROUP USER[,USER...]",
    .summary = "Takes users out of the group",
    .min_args = 2,
    .max_args = 2,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = leave_group,
};
