/* The form of a name is that of an account; that it is new, the table says. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"

static int
add_role(struct ctl *c, char **args, size_t nargs)
{
	const char *description = ctl_option(c, "description");
	struct stmt *s = stmt_new(c->arena, "role");
	struct rows *rows;

	(void)nargs;
	if (ctl_check_name(c, args[0]) != 0)
		return -1;
	stmt_lit(s, "insert into dynapi.roles (name, description) values (");
	stmt_param(s, str_from(args[0]), NULL);
	stmt_lit(s, ", ");
	stmt_param(s, str_from(description == NULL ? "" : description), NULL);
	stmt_lit(s, ") on conflict (name) do nothing returning id");
	if (!ctl_ask_one(c, BATCH_WRITE, s, &rows))
		return ctl_refuse(c, "there is a role \"%s\" already", args[0]);
	ctl_say("role \"%s\" added, id %.*s", args[0],
	    STR_ARGS(rows_cell(rows, 0)));
	return 0;
}

const struct cmd cmd_role_add = {
    .name = "role add",
    .args = "NAME [--description TEXT]",
    .summary = "Adds a role",
    .help = "\"role can\" and \"role cannot\" make its rules, \"role give\" "
	    "gives it to users.",
    .options =
	{
	    {"description", 0, "TEXT", "what it is for"},
	},
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = add_role,
};
