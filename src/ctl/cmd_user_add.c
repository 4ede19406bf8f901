/* The form is checked here; that the name is new, by the table itself. */
#include "ctl/ctl.h"

#include "base/str.h"
#include "stmt/stmt.h"
#include "auth/auth.h"

static int
check_email(struct ctl *c, const char *email)
{
	const char *wrong = accounts_email_wrong(str_from(email));

	return wrong == NULL ? 0 : ctl_refuse(c, "%s", wrong);
}

static int
insert_user(
    struct ctl *c, const char *name, const char *email, const char *hash)
{
	struct stmt *s = stmt_new(c->arena, "user");
	struct rows *rows;

	stmt_lit(s,
	    "insert into dynapi.users "
	    "(username, email, password, is_staff, is_superuser) values (");
	stmt_param(s, str_from(name), NULL);
	stmt_lit(s, ", ");
	stmt_param(s, str_from(email == NULL ? "" : email), NULL);
	stmt_lit(s, ", ");
	stmt_param(s, str_from(hash), NULL);
	stmt_lit(s, ", ");
	stmt_param(
	    s, ctl_option(c, "staff") != NULL ? STR("t") : STR("f"), NULL);
	stmt_lit(s, ", ");
	stmt_param(
	    s, ctl_option(c, "superuser") != NULL ? STR("t") : STR("f"), NULL);
	stmt_lit(s, ") on conflict (username) do nothing returning id");
	if (!ctl_ask_one(c, BATCH_WRITE, s, &rows))
		return ctl_refuse(c, "there is a user \"%s\" already", name);
	ctl_say(
	    "user \"%s\" added, id %.*s", name, STR_ARGS(rows_cell(rows, 0)));
	return 0;
}

static int
add_user(struct ctl *c, char **args, size_t nargs)
{
	const char *email = ctl_option(c, "email"), *hash;

	(void)nargs;
	if (ctl_check_name(c, args[0]) != 0 ||
	    (email != NULL && check_email(c, email) != 0))
		return -1;
	hash = ctl_new_password(c, args[0]);
	return hash == NULL ? -1 : insert_user(c, args[0], email, hash);
}

const struct cmd cmd_user_add = {
    .name = "user add",
    .args = "NAME [--email E] [--staff] [--superuser] [--password-stdin]",
    .summary = "Adds an account",
    .help = "It has no rights until somebody grants them, unless it is a "
	    "superuser.",
    .options =
	{
	    {"email", 0, "E", "e-mail address"},
	    {"staff", 0, NULL, "may administer accounts"},
	    {"superuser", 0, NULL, "may do everything"},
	    {"password-stdin", 0, NULL,
		"the password is the first line of standard input"},
	},
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_ADMIN,
    .run = add_user,
};
