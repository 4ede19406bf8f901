/* The form of a name is checked here; that it is new, by the table itself. */
#include "ctl/ctl.h"

#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "stmt/stmt.h"

#define NAME_CHARACTERS_MAX 150

static int
check_name(struct ctl *c, struct str name)
{
	if (!utf8_valid(name) || name.len == 0 ||
	    utf8_count(name) > NAME_CHARACTERS_MAX)
		return ctl_refuse(c, "a name has 1 to %d characters of UTF-8",
		    NAME_CHARACTERS_MAX);
	if (str_trim(name).len != name.len)
		return ctl_refuse(c, "a name does not begin or end in blanks");
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return ctl_refuse(
			    c, "a name has no control characters");
	return 0;
}

static int
check_email(struct ctl *c, const char *email)
{
	const char *at = strchr(email, '@');

	if (at == NULL || at == email || at[1] == '\0' ||
	    strpbrk(email, " \t\r\n<>") != NULL || !utf8_valid(str_from(email)))
		return ctl_refuse(c, "that is no e-mail address");
	return 0;
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
	if (check_name(c, str_from(args[0])) != 0 ||
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
