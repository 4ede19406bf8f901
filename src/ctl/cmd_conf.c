/* What a responder with this file would go by. */
#include "ctl/ctl.h"

#include <stdio.h>

static int
show_conf(struct ctl *c, char **args, size_t nargs)
{
	(void)args;
	(void)nargs;
	conf_print(&c->conf, ctl_option(c, "changed") != NULL, stdout);
	return 0;
}

const struct cmd cmd_conf = {
    .name = "conf",
    .args = "[-n]",
    .summary = "Shows the values in force, passwords hidden",
    .options =
	{
	    {"changed", 'n', NULL, "only what differs from the default"},
	},
    .needs = NEEDS_CONF,
    .run = show_conf,
};
