/* A rule that denies; role can is the other half. */
#include "ctl/ctl.h"

static int
role_cannot(struct ctl *c, char **args, size_t nargs)
{
	(void)nargs;
	return ctl_rule(c, args, false);
}

const struct cmd cmd_role_cannot = {
    .name = "role cannot",
    .args = "NAME TABLE[,TABLE...] FLAGS",
    .summary = "Who has the role may not do this",
    .help = "FLAGS and TABLE are those of role can.  As long as no later rule "
	    "for the same user\nallows it, nothing else does, but to be an "
	    "active superuser.",
    .min_args = 3,
    .max_args = 3,
    .needs = NEEDS_CONF | NEEDS_SCHEMA | NEEDS_ADMIN,
    .run = role_cannot,
};
