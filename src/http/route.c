/*
 * Finding the route of a request: only roots that the path is below are looked
 * at, their patterns segment by segment.  A literal segment beats {name}, so
 * that a fixed route wins over a table of the same name.
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

/* how many segments the pattern takes, -1: it does not fit; *literal: how many
 * of them without {name} */
static ptrdiff_t
take(const char *pattern, const struct request *r, size_t *literal)
{
	const char *p = pattern + 1;
	size_t i;

	*literal = 0;
	for (i = 0; *p != '\0'; i++) {
		if (i == r->nsegments)
			return -1;
		if (*p == '{') {
			p = strchrnul(p, '/');
		} else {
			if (!continues(p, r->segments[i].text))
				return -1;
			p += r->segments[i].text.len;
			++*literal;
		}
		if (*p == '/')
			p++;
		else if (*p != '\0')
			return -1;
	}
	return (ptrdiff_t)i;
}

/* 0: no match; else 1 + number of literal segments, so that more is better */
static size_t
match(const char *pattern, const struct request *r)
{
	size_t literal;

	if (take(pattern, r, &literal) != (ptrdiff_t)r->nsegments)
		return 0;
	return 1 + literal;
}

bool
request_is_below(const struct request *r, const char *base)
{
	size_t literal;

	return take(base, r, &literal) >= 0;
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
allowed(const struct root *roots, const struct request *r, struct arena *a,
    size_t best)
{
	struct buf names;

	buf_init(&names, a, 256);
	for (; roots->name != NULL; roots++)
		for (const struct route *t = roots->routes; t->pattern; t++)
			if (match(t->pattern, r) == best)
				add_allow(&names, t->method);
	return names.p;
}

const struct route *
route_find(const struct root *roots, const struct request *r, struct arena *a,
    const char **allow, struct err *err)
{
	const struct route *found = NULL;
	size_t best = 0, score;

	for (const struct root *root = roots; root->name != NULL; root++) {
		if (!request_is_below(r, root->base))
			continue;
		for (const struct route *t = root->routes; t->pattern; t++) {
			score = match(t->pattern, r);
			if (score < best || score == 0)
				continue;
			if (score > best)
				found = NULL;
			best = score;
			if (found == NULL && t->method == r->method)
				found = t;
		}
	}
	if (found != NULL)
		return found;
	if (best == 0) {
		err_set(err, ERR_NOT_FOUND, NULL);
		return NULL;
	}
	*allow = allowed(roots, r, a, best);
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
