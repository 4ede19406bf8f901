/* Puts users into a group. */
#include "ctl/ctl.h"

static int
join_group(struct ctl *c, char **args, size_t nargs)
{
	(void)nargs;
	return ctl_members(c, GROUP_JOIN, args[0], args[1]);
}

const struct cmd cmd_group_join = {
    .name = "group join",
    .args = "GROUP USER[,USER...]",
    .summary = "Puts users into the group",
    .min_args = 2,
    .max_args = 2,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = join_group,
};
