/* Who was given the role himself keeps it. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"

static int
take_group(struct ctl *c, char **args, size_t nargs)
{
	static const struct change_words words = {
	    "taken", "did not have it", true};
	struct stmt *s = stmt_new(c->arena, "group");
	int64_t group, role;

	(void)nargs;
	if (ctl_group(c, args[0], &group) != 0 ||
	    ctl_role(c, args[1], &role) != 0)
		return -1;
	stmt_lit(s, "with done as (delete from dynapi.group_roles "
		    "where group_id = ");
	stmt_param_i64(s, group);
	stmt_lit(s, " and role_id = ");
	stmt_param_i64(s, role);
	stmt_lit(s, " returning 1) select ");
	stmt_param(s, str_from(args[1]), NULL);
	stmt_lit(s, "::pg_catalog.text, exists (select from done)");
	return ctl_change(c, s, args[0], &words);
}

const struct cmd cmd_group_take = {
    .name = "group take",
    .args = "GROUP ROLE",
    .summary = "Takes a role from the group",
    .min_args = 2,
    .max_args = 2,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = take_group,
};
