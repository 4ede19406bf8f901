/*
 * shape.TABLE: what a[…] is where a request of /api/v2/ has none.  Here only
 * its form; whether there are such columns and relations, the snapshot knows.
 */
#include "conf/conf.h"
#include "conf/conf_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

static const char *check_shape(struct arena *, const struct json *);

static bool
is_name(const struct json *j)
{
	return j->kind == JSON_STRING && j->text.len > 0;
}

static bool
are_names(const struct json *j)
{
	if (j->kind != JSON_ARRAY)
		return is_name(j);
	for (const struct json *m = j->child; m != NULL; m = m->next)
		if (!is_name(m))
			return false;
	return true;
}

/* "x", ["x", "y"], {"x":{…}} */
static const char *
check_include(struct arena *a, const struct json *j)
{
	const char *wrong = NULL;

	if (j->kind != JSON_OBJECT)
		return are_names(j) ? NULL
				    : "\"include\" is a list of names, or an "
				      "object of them";
	for (const struct json *m = j->child; m != NULL && wrong == NULL;
	     m = m->next)
		wrong = check_shape(a, m);
	return wrong;
}

static const char *
check_member(struct arena *a, const struct json *m)
{
	static const char *const lists[] = {"only", "except", "methods"};

	if (str_eq_c(m->key, "include"))
		return check_include(a, m);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (str_eq_c(m->key, lists[i]))
			return are_names(m)
				   ? NULL
				   : arena_printf(a,
					 "\"%s\" is a list of names", lists[i]);
	return arena_printf(a,
	    "has \"%.*s\", which is none of only, except, methods, include",
	    STR_ARGS(m->key));
}

static const char *
check_shape(struct arena *a, const struct json *j)
{
	const char *wrong = NULL;

	if (j->kind != JSON_OBJECT)
		return "is a JSON object such as {\"except\": [\"note\"]}";
	for (const struct json *m = j->child; m != NULL && wrong == NULL;
	     m = m->next)
		wrong = check_member(a, m);
	return wrong;
}

/* how many relations it includes at any depth, and how deep that is */
static void
measure(const struct json *shape, size_t depth, size_t *n, size_t *deepest)
{
	const struct json *j = json_get(shape, STR("include"));

	if (j == NULL)
		return;
	if (depth > *deepest)
		*deepest = depth;
	*n += j->kind == JSON_STRING ? 1 : j->n;
	for (const struct json *m = j->child; m != NULL; m = m->next)
		measure(m, depth + 1, n, deepest);
}

static const char *
check_limits(struct arena *a, const struct conf *c, const struct json *shape)
{
	size_t n = 0, deepest = 0;

	measure(shape, 1, &n, &deepest);
	if (n > (size_t)c->max_includes)
		return arena_printf(a,
		    "includes %zu relations, above max_includes = %lld", n,
		    (long long)c->max_includes);
	if (deepest > (size_t)c->max_depth)
		return arena_printf(a,
		    "includes %zu relations one behind the other, above "
		    "max_depth = %lld",
		    deepest, (long long)c->max_depth);
	return NULL;
}

const char *
conf_shape_read(struct arena *a, const struct conf *c, struct conf_pair *pair)
{
	const char *wrong;
	struct err err;

	err_init(&err, a);
	pair->json = json_parse(a, str_from(pair->value), &err);
	if (pair->json == NULL)
		return arena_printf(a, "is no JSON: %s", err.detail);
	wrong = check_shape(a, pair->json);
	return wrong != NULL ? wrong : check_limits(a, c, pair->json);
}
