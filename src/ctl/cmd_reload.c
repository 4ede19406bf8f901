/* Gives new tables to the responders' role where no event trigger does, then
 * becomes the introspection, whose output and exit status are the answer. */
#include "ctl/ctl.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

static int
grant_tables(struct ctl *c)
{
	const char *responder, *conninfo;

	conninfo = conf_conninfo(c->arena, &c->conf, &c->err);
	if (conninfo == NULL)
		return -1;
	responder = db_conninfo_user(c->arena, conninfo, &c->err);
	if (responder == NULL)
		return -1;
	c->db = ctl_connect(c,
	    conf_admin_conninfo(c->arena, &c->conf, c->conf_path, &c->err),
	    true);
	return c->db == NULL ? -1 : ctl_expose(c, responder);
}

/*
 * What root writes into the responders' folder they could not replace: root
 * goes on as the folder's owner.
 */
static int
become_owner(struct ctl *c)
{
	struct str file = str_from(c->conf.snapshot);
	char *folder =
	    str_c(c->arena, str_sub(file, 0, (size_t)str_rchr(file, '/') + 1));
	const struct passwd *owner;
	struct stat st;

	if (geteuid() != 0 || stat(folder, &st) != 0 || st.st_uid == 0)
		return 0;
	owner = getpwuid(st.st_uid);
	if (owner == NULL)
		return ctl_refuse(c, "%s belongs to nobody known", folder);
	if (initgroups(owner->pw_name, owner->pw_gid) != 0 ||
	    setgid(owner->pw_gid) != 0 || setuid(owner->pw_uid) != 0)
		return ctl_refuse(
		    c, "becoming %s: %s", owner->pw_name, strerror(errno));
	return 0;
}

static int
reload(struct ctl *c, char **args, size_t nargs)
{
	char *argv[5] = {arena_strdup(c->arena, c->conf.introspect),
	    arena_strdup(c->arena, "-c"), arena_strdup(c->arena, c->conf_path)};

	(void)args;
	(void)nargs;
	if ((c->conf.admin_conninfo != NULL ||
		c->conf.admin_conninfo_file != NULL) &&
	    grant_tables(c) != 0)
		return -1;
	if (become_owner(c) != 0)
		return -1;
	if (c->json)
		argv[3] = arena_strdup(c->arena, "--json");
	fflush(stdout);
	execv(argv[0], argv);
	return ctl_refuse(c, "%s: %s", argv[0], strerror(errno));
}

const struct cmd cmd_reload = {
    .name = "reload",
    .args = "",
    .summary = "Reads the database's schema now (dynapi-introspect)",
    .needs = NEEDS_CONF | CAN_JSON,
    .run = reload,
};
