/* Its rules go with the row (on delete cascade), and what they allow. */
#include "ctl/ctl.h"

#include "stmt/stmt.h"

static int
delete_role(struct ctl *c, char **args, size_t nargs)
{
	struct stmt *s = stmt_new(c->arena, "role");
	int64_t id;

	(void)nargs;
	if (ctl_role(c, args[0], &id) != 0)
		return -1;
	stmt_lit(s, "delete from dynapi.roles where id = ");
	stmt_param_i64(s, id);
	if (ctl_ask(c, BATCH_WRITE, s) == NULL)
		return -1;
	ctl_say("role \"%s\" deleted", args[0]);
	return 0;
}

const struct cmd cmd_role_delete = {
    .name = "role delete",
    .args = "NAME",
    .summary = "Deletes a role and its rules",
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = delete_role,
};
