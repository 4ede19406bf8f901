/* The other half of user disable. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"

static int
enable_user(struct ctl *c, char **args, size_t nargs)
{
	struct stmt *s = stmt_new(c->arena, "enable");
	struct rows *rows;

	(void)nargs;
	stmt_lit(s, "update dynapi.users u set is_active = true "
		    "where u.username = ");
	stmt_param(s, str_from(args[0]), NULL);
	stmt_lit(s, " returning u.id");
	if (!ctl_ask_one(c, BATCH_WRITE, s, &rows))
		return ctl_refuse(c, "there is no user \"%s\"", args[0]);
	ctl_say("user \"%s\" enabled", args[0]);
	return 0;
}

const struct cmd cmd_user_enable = {
    .name = "user enable",
    .args = "NAME",
    .summary = "Switches an account on again",
    .help = "Sessions that were ended stay ended.",
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = enable_user,
};
