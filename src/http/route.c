/*
 * Finding the route of a request.  Tables are short and patterns are compared
 * segment by segment; a literal segment beats {name}, so that a fixed route
 * wins over a table of the same name.
 */
#include "http/http.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"

static bool
is_capture(struct str part)
{
	return part.len > 2 && part.p[0] == '{';
}

/* it may hold a slash that was written as %2F, but no NUL, so that it does not
 * go past the end of the pattern */
static bool
continues(const char *pattern, struct str part)
{
	for (size_t i = 0; i < part.len; i++)
		if (pattern[i] != part.p[i] || part.p[i] == '/')
			return false;
	return true;
}

/* 0: no match; else 1 + number of literal segments, so that more is better */
static unsigned
match(const char *pattern, const struct request *r)
{
	const char *p = pattern + 1;
	unsigned literal = 0;
	size_t i;

	for (i = 0; *p != '\0'; i++) {
		struct str part;

		if (i == r->nsegments)
			return 0;
		part = r->segments[i].text;
		if (*p == '{') {
			p = strchrnul(p, '/');
		} else {
			if (!continues(p, part))
				return 0;
			p += part.len;
			literal++;
		}
		if (*p == '/')
			p++;
		else if (*p != '\0')
			return 0;
	}
	return i == r->nsegments ? 1 + literal : 0;
}

static void
add_allow(struct buf *allow, enum method m)
{
	const char *name = method_name(m);

	if (strstr(allow->p, name) != NULL)
		return;
	if (allow->len > 0)
		buf_lit(allow, ", ");
	buf_cstr(allow, name);
}

/* the methods that this path has */
static const char *
allowed(const struct route *const *tables, const struct request *r,
    struct arena *a, unsigned best)
{
	struct buf names;

	buf_init(&names, a, 256);
	for (; *tables != NULL; tables++)
		for (const struct route *t = *tables; t->pattern; t++)
			if (match(t->pattern, r) == best)
				add_allow(&names, t->method);
	return names.p;
}

const struct route *
route_find(const struct route *const *tables, const struct request *r,
    struct arena *a, const char **allow, struct err *err)
{
	const struct route *found = NULL;
	unsigned best = 0, score;

	for (size_t k = 0; tables[k] != NULL; k++)
		for (const struct route *t = tables[k]; t->pattern; t++) {
			score = match(t->pattern, r);
			if (score < best || score == 0)
				continue;
			if (score > best)
				found = NULL;
			best = score;
			if (found == NULL && t->method == r->method)
				found = t;
		}
	if (found != NULL)
		return found;
	if (best == 0) {
		err_set(err, ERR_NOT_FOUND, NULL);
		return NULL;
	}
	*allow = allowed(tables, r, a, best);
	/* not the client's word for it: that may be any bytes */
	err_set(err, ERR_BAD_METHOD, "Allowed here: %s.", *allow);
	return NULL;
}

const struct segment *
route_segment(
    const struct route *route, const struct request *r, const char *name)
{
	struct str rest = str_from(route->pattern + 1), part;

	for (size_t i = 0; str_cut(&rest, '/', &part); i++)
		if (is_capture(part) &&
		    str_eq_c(str_sub(part, 1, part.len - 2), name))
			return &r->segments[i];
	return NULL;
}
