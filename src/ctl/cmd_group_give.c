/* Who is in the group, now or later, has the role. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"

static int
give_group(struct ctl *c, char **args, size_t nargs)
{
	static const struct change_words words = {"given", "has it", false};
	struct stmt *s = stmt_new(c->arena, "group");
	int64_t group, role;

	(void)nargs;
	if (ctl_group(c, args[0], &group) != 0 ||
	    ctl_role(c, args[1], &role) != 0)
		return -1;
	stmt_lit(s, "with done as (insert into dynapi.group_roles "
		    "(group_id, role_id) values (");
	stmt_param_i64(s, group);
	stmt_lit(s, ", ");
	stmt_param_i64(s, role);
	stmt_lit(s, ") on conflict do nothing returning 1) select ");
	stmt_param(s, str_from(args[1]), NULL);
	stmt_lit(s, "::pg_catalog.text, exists (select from done)");
	return ctl_change(c, s, args[0], &words);
}

const struct cmd cmd_group_give = {
    .name = "group give",
    .args = "GROUP ROLE",
    .summary = "Gives the group a role",
    .min_args = 2,
    .max_args = 2,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = give_group,
};
