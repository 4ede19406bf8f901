/* Works on the rules themselves, not on the snapshot: those about a table that
 * is gone can be taken away, too. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"

static struct stmt *
make_clear(struct ctl *c, int64_t role, struct str name)
{
	struct stmt *s = stmt_new(c->arena, "clear");

	stmt_lit(s, "with gone as (delete from dynapi.permissions r "
		    "where r.role_id = ");
	stmt_param_i64(s, role);
	ctl_add_stored(c, s, name);
	stmt_lit(s, " returning r.table_name) select distinct g.table_name "
		    "from gone g order by g.table_name");
	return s;
}

static int
clear_one(struct ctl *c, const char *role, int64_t id, struct str name,
    size_t *missing)
{
	struct rows *rows = ctl_ask(c, BATCH_WRITE, make_clear(c, id, name));
	size_t n = 0;

	while (rows != NULL && rows_next(rows, &c->err) == 1) {
		ctl_say(
		    "%s  %.*s  cleared", role, STR_ARGS(rows_cell(rows, 0)));
		n++;
	}
	if (rows != NULL && n == 0) {
		ctl_warn("role \"%s\" has no rules for \"%.*s\"", role,
		    STR_ARGS(name));
		++*missing;
	}
	return rows == NULL ? -1 : 0;
}

static int
clear_role(struct ctl *c, char **args, size_t nargs)
{
	struct str rest = str_from(nargs > 1 ? args[1] : "*"), name;
	size_t missing = 0;
	int64_t id;

	if (ctl_role(c, args[0], &id) != 0)
		return -1;
	while (str_cut(&rest, ',', &name))
		if (clear_one(c, args[0], id, str_trim(name), &missing) != 0)
			return -1;
	return missing == 0 ? 0 : ctl_refuse(c, "not everything was there");
}

const struct cmd cmd_role_clear = {
    .name = "role clear",
    .args = "NAME [TABLE[,TABLE...]]",
    .summary = "Takes away the rules of a role",
    .help = "Those for these tables, whatever they say; without a table all.",
    .min_args = 1,
    .max_args = 2,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = clear_role,
};
