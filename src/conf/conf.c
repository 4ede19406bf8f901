/*
 * The table of parameters as data, and what everybody asks of a
 * configuration once it is read: lists, connection strings.
 */
#include "conf/conf.h"
#include "conf/conf_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"

#define SECRET_MAX   65536
#define DISTANCE_MAX 128

const struct conf_param conf_params[] = {
#define PARAM(name, kind, def, lo, hi, reload, prose)                          \
	{#name, &conf_kind_##kind, def, lo, hi, #reload[0] == 'y', NULL,       \
	    prose, offsetof(struct conf, name)},
#define FAMILY(name, of, prose)                                                \
	{#name, &conf_kind_pairs, "", "", "", true, #of, prose,                \
	    offsetof(struct conf, name)},
#include "conf/conf.def"
#undef PARAM
#undef FAMILY
};
const size_t conf_nparams = sizeof(conf_params) / sizeof(conf_params[0]);

const struct conf_param *
conf_param_find(struct str name)
{
	for (size_t i = 0; i < conf_nparams; i++)
		if (str_eq_c(name, conf_params[i].name))
			return &conf_params[i];
	return NULL;
}

void *
conf_param_value(const struct conf_param *p, struct conf *c)
{
	return (char *)c + p->offset;
}

void
conf_defaults(struct arena *a, struct conf *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < conf_nparams; i++) {
		const struct conf_param *p = &conf_params[i];

		p->kind->set(a, p, str_from(p->def), conf_param_value(p, c));
	}
}

static bool
is_separator(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

bool
conf_list_next(struct str *rest, struct str *item)
{
	size_t from = 0, to;

	while (from < rest->len && is_separator(rest->p[from]))
		from++;
	to = from;
	while (to < rest->len && !is_separator(rest->p[to]))
		to++;
	*item = str_sub(*rest, from, to - from);
	*rest = str_sub(*rest, to, rest->len);
	return item->len > 0;
}

/* '*' and '?', by going back to the last star: no recursion, no blow-up */
static bool
match_pattern(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = SIZE_MAX, mark = 0;

	while (i < s.len) {
		if (p < pattern.len && pattern.p[p] == '*') {
			star = p++;
			mark = i;
		} else if (p < pattern.len &&
			   (pattern.p[p] == '?' || pattern.p[p] == s.p[i])) {
			p++;
			i++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			i = ++mark;
		} else
			return false;
	}
	while (p < pattern.len && pattern.p[p] == '*')
		p++;
	return p == pattern.len;
}

bool
conf_list_has(const char *list, struct str item)
{
	struct str rest = str_from(list), pattern;

	while (conf_list_next(&rest, &pattern))
		if (match_pattern(pattern, item))
			return true;
	return false;
}

/* Levenshtein's distance, one row of the table at a time */
size_t
conf_distance(struct str a, struct str b)
{
	size_t row[DISTANCE_MAX + 1], left, up;

	if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 0; i < a.len; i++) {
		left = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < b.len; j++) {
			up = row[j + 1];
			if (a.p[i] != b.p[j]) {
				left = left < up ? left : up;
				left = (left < row[j] ? left : row[j]) + 1;
			}
			row[j + 1] = left;
			left = up;
		}
	}
	return row[b.len];
}

static const char *
read_first_line(
    struct arena *a, const char *path, mode_t forbidden, struct err *e)
{
	struct str text, line;

	if (file_check_secret(path, forbidden, e) != 0 ||
	    file_read(a, path, SECRET_MAX, &text, e) != 0)
		return NULL;
	if (text.len == 0 || !str_cut(&text, '\n', &line) ||
	    str_trim(line).len == 0) {
		err_world(e, ERR_INTERNAL, "%s: the first line is empty", path);
		return NULL;
	}
	return str_c(a, str_trim(line));
}

const char *
conf_conninfo(struct arena *a, const struct conf *c, struct err *e)
{
	if (c->conninfo_file != NULL)
		return read_first_line(a, c->conninfo_file, 0027, e);
	if (c->conninfo == NULL)
		err_world(e, ERR_INTERNAL,
		    "neither conninfo nor conninfo_file is set");
	return c->conninfo;
}

const char *
conf_admin_conninfo(
    struct arena *a, const struct conf *c, const char *path, struct err *e)
{
	struct stat st;

	if (c->admin_conninfo_file != NULL)
		return read_first_line(a, c->admin_conninfo_file, 0077, e);
	if (c->admin_conninfo == NULL) {
		err_world(e, ERR_INTERNAL,
		    "%s: neither admin_conninfo nor admin_conninfo_file is "
		    "set",
		    path);
		return NULL;
	}
	if (stat(path, &st) != 0) {
		err_world(e, ERR_INTERNAL, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if ((st.st_mode & 0077) != 0) {
		err_world(e, ERR_INTERNAL,
		    "%s: it holds admin_conninfo, so its mode must be 0600 "
		    "(it is %04o); or use admin_conninfo_file",
		    path, (unsigned)st.st_mode & 07777);
		return NULL;
	}
	return c->admin_conninfo;
}
