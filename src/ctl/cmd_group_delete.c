/* Who was in it loses what he had through it (on delete cascade). */
#include "ctl/ctl.h"

#include "stmt/stmt.h"

static int
delete_group(struct ctl *c, char **args, size_t nargs)
{
	struct stmt *s = stmt_new(c->arena, "group");
	int64_t id;

	(void)nargs;
	if (ctl_group(c, args[0], &id) != 0)
		return -1;
	stmt_lit(s, "delete from dynapi.groups where id = ");
	stmt_param_i64(s, id);
	if (ctl_ask(c, BATCH_WRITE, s) == NULL)
		return -1;
	ctl_say("group \"%s\" deleted", args[0]);
	return 0;
}

const struct cmd cmd_group_delete = {
    .name = "group delete",
    .args = "NAME",
    .summary = "Deletes a group",
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = delete_group,
};
