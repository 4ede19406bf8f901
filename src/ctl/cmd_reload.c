/* Gives new tables to the responders' role where no event trigger does, then
 * becomes the introspection, whose output and exit status are the answer. */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

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
