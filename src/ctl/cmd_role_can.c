/* A rule that allows; role cannot is the other half. */
#include "ctl/ctl.h"

static int
role_can(struct ctl *c, char **args, size_t nargs)
{
	(void)nargs;
	return ctl_rule(c, args, true);
}

const struct cmd cmd_role_can = {
    .name = "role can",
    .args = "NAME TABLE[,TABLE...] FLAGS",
    .summary = "Who has the role may do this",
    .help = "FLAGS: letters of crudb for create, read, update, delete and "
	    "bulk.  '*' is every\nexposed table there is now.  Of all rules "
	    "for a user the last one made counts; his\nown rights "
	    "(grant) go before one that allows.",
    .min_args = 3,
    .max_args = 3,
    .needs = NEEDS_CONF | NEEDS_SCHEMA | NEEDS_ADMIN,
    .run = role_can,
};
