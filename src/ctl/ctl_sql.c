/*
 * The files of sql/: the numbered migrations, and the scripts that have a
 * place for the responders' role.  DYNAPI_SQLDIR names them for a tree that
 * is not installed.
 */
#include "ctl/ctl.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"
#include "base/version.h"

#ifndef DYNAPI_DATADIR
#define DYNAPI_DATADIR "/usr/share/dynapi"
#endif
#define SQL_MAX (4u << 20)

static const char *
find_dir(void)
{
	const char *dir = getenv("DYNAPI_SQLDIR");

	return dir == NULL || dir[0] == '\0' ? DYNAPI_DATADIR "/sql" : dir;
}

int
ctl_sql(struct ctl *c, const char *name, struct str *text)
{
	return file_read(c->arena,
	    arena_printf(c->arena, "%s/%s", find_dir(), name), SQL_MAX, text,
	    &c->err);
}

int
ctl_sql_for(struct ctl *c, const char *name, const char *role, struct str *text)
{
	const struct str marker = STR("@RESPONDER@");
	struct str quoted = ctl_quoted(c, role), rest;
	const char *at;
	struct buf b;

	if (ctl_sql(c, name, &rest) != 0)
		return -1;
	buf_init(&b, c->arena, SQL_MAX);
	while ((at = rest.len == 0 ? NULL
				   : memmem(rest.p, rest.len, marker.p,
					 marker.len)) != NULL) {
		buf_add(&b, rest.p, (size_t)(at - rest.p));
		buf_str(&b, quoted);
		rest =
		    str_sub(rest, (size_t)(at - rest.p) + marker.len, rest.len);
	}
	buf_str(&b, rest);
	*text = buf_view(&b);
	return 0;
}

/* the number of "001-accounts.sql", or 0 */
static int
read_number(const char *name)
{
	struct str s = str_from(name);
	int64_t n;

	if (!str_ends(s, STR(".sql")) || str_chr(s, '-') != 3 ||
	    s.p[0] == '-' || str_i64(str_sub(s, 0, 3), &n) != 0)
		return 0;
	return (int)n;
}

static int
is_migration(const struct dirent *d)
{
	return read_number(d->d_name) > 0;
}

static int
read_migrations(
    struct ctl *c, struct dirent **found, int n, struct migration *v)
{
	for (int i = 0; i < n; i++) {
		v[i].name = arena_strdup(c->arena, found[i]->d_name);
		if (read_number(v[i].name) != i + 1)
			return ctl_refuse(c, "%s: %s is not number %d",
			    find_dir(), v[i].name, i + 1);
		if (ctl_sql(c, v[i].name, &v[i].text) != 0)
			return -1;
	}
	return 0;
}

int
ctl_migrations(struct ctl *c, struct migration **out)
{
	struct dirent **found;
	int n = scandir(find_dir(), &found, is_migration, alphasort), rc;

	if (n < 0)
		return ctl_refuse(c, "%s: %s", find_dir(), strerror(errno));
	*out = arena_array(c->arena, struct migration, (size_t)n + 1);
	rc = read_migrations(c, found, n, *out);
	for (int i = 0; i < n; i++)
		free(found[i]);
	free(found);
	if (rc == 0 && n != DYNAPI_SCHEMA_VERSION)
		return ctl_refuse(c,
		    "%s: it has %d migrations, this program needs %d",
		    find_dir(), n, DYNAPI_SCHEMA_VERSION);
	return rc;
}
