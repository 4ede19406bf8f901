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

/* 0: no match; else 1 + number of literal segments, so that more is better */
static unsigned
match(const char *pattern, const struct request *r)
{
	struct str rest = str_from(pattern + 1), part;
	unsigned literal = 0;
	size_t i = 0;

	if (rest.len == 0)
		return r->nsegments == 0;
	for (; str_cut(&rest, '/', &part); i++) {
		if (i == r->nsegments)
			return 0;
		if (is_capture(part))
			continue;
		if (!str_eq(part, r->segments[i].text))
			return 0;
		literal++;
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

/* the best score any method has for this path */
static unsigned
best_score(const struct route *const *tables, const struct request *r)
{
	unsigned best = 0, score;

	for (; *tables != NULL; tables++)
		for (const struct route *t = *tables; t->pattern; t++)
			if ((score = match(t->pattern, r)) > best)
				best = score;
	return best;
}

const struct route *
route_find(const struct route *const *tables, const struct request *r,
    struct arena *a, const char **allow, struct err *err)
{
	unsigned best = best_score(tables, r);
	struct buf names;

	if (best == 0) {
		err_set(err, ERR_NOT_FOUND, NULL);
		return NULL;
	}
	buf_init(&names, a, 256);
	for (size_t k = 0; tables[k] != NULL; k++)
		for (const struct route *t = tables[k]; t->pattern; t++) {
			if (match(t->pattern, r) != best)
				continue;
			if (t->method == r->method)
				return t;
			add_allow(&names, t->method);
		}
	*allow = names.p;
	err_set(err, ERR_BAD_METHOD, "%.*s is not allowed here; %s %s.",
	    (int)(r->method_text.len < 32 ? r->method_text.len : 32),
	    r->method_text.p ? r->method_text.p : "", names.p,
	    strchr(names.p, ',') ? "are" : "is");
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
