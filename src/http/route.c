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

/* the first of the routes that fit best; *best: how well they do, 0: none */
static const struct route *
look(const struct root *roots, const struct request *r, bool any_method,
    size_t *best)
{
	const struct route *found = NULL;
	size_t score;

	*best = 0;
	for (const struct root *root = roots; root->name != NULL; root++) {
		if (!request_is_below(r, root->base))
			continue;
		for (const struct route *t = root->routes; t->pattern; t++) {
			score = match(t->pattern, r);
			if (score < *best || score == 0)
				continue;
			if (score > *best)
				found = NULL;
			*best = score;
			if (found == NULL &&
			    (any_method || t->method == r->method))
				found = t;
		}
	}
	return found;
}

const struct route *
route_find(const struct root *roots, const struct request *r, struct err *err)
{
	size_t best;
	const struct route *found = look(roots, r, false, &best);

	if (found == NULL)
		err_set(err, best == 0 ? ERR_NOT_FOUND : ERR_BAD_METHOD, NULL);
	return found;
}

const struct route *
route_of_path(const struct root *roots, const struct request *r)
{
	size_t best;

	return look(roots, r, true, &best);
}

const char *
route_allow(const struct root *roots, const struct request *r, struct arena *a,
    bool (*offered)(const void *arg, const struct route *), const void *arg)
{
	struct buf names;
	size_t best;

	buf_init(&names, a, 256);
	look(roots, r, true, &best);
	for (; best > 0 && roots->name != NULL; roots++)
		for (const struct route *t = roots->routes; t->pattern; t++)
			if (match(t->pattern, r) == best && offered(arg, t))
				add_allow(&names, t->method);
	return names.p;
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
