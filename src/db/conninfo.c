/* Reads a connection string without opening it.  libpq's message about a
 * malformed one may quote a password, so it is not passed on. */
#include "db/db.h"

#include <string.h>

#include <libpq-fe.h>

#include "base/arena.h"

static const char *
find_option(const PQconninfoOption *o, const char *keyword)
{
	for (; o->keyword != NULL; o++)
		if (strcmp(o->keyword, keyword) == 0)
			return o->val;
	return NULL;
}

const char *
db_conninfo_user(struct arena *a, const char *conninfo, struct err *e)
{
	PQconninfoOption *options = PQconninfoParse(conninfo, NULL);
	const char *user;

	if (options == NULL) {
		err_world(e, ERR_INTERNAL, "a connection string is malformed");
		return NULL;
	}
	user = find_option(options, "user");
	if (user != NULL && user[0] != '\0')
		user = arena_strdup(a, user);
	else {
		user = NULL;
		err_world(e, ERR_INTERNAL,
		    "a connection string names no user: put user=… into it");
	}
	PQconninfoFree(options);
	return user;
}
