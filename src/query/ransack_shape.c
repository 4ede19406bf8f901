/*
 * a[…] of v2: which columns and relations a row shows.  A request value
 * replaces whatever is the default; "only" beats "except".
 */
#include "query/ransack_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "query/query_priv.h"

static void
refuse(struct ransack *r, struct str field, const char *text)
{
	err_add_field(r->err, ERR_BAD_PARAM, field, "%s", text);
}

/* "x", ["x", "y"], {"0":"x"}: the names of it, in the arena */
static size_t
take_names(struct ransack *r, const struct json *j, struct str **out)
{
	bool list = ransack_is_list(j);
	const struct json *m = list ? j->child : j;
	size_t n = 0;

	*out = arena_array(r->arena, struct str, list ? j->n : 1);
	for (; m != NULL; m = list ? m->next : NULL) {
		struct str name;

		if (!ransack_scalar(m, &name))
			refuse(r, j->key, "Names are wanted.");
		else if (name.len > 0)
			(*out)[n++] = name;
	}
	return n;
}

static void
take_only(struct ransack *r, struct query *q, const struct json *j)
{
	struct str *names;
	size_t n = take_names(r, j, &names);

	q->select = arena_array(r->arena, struct field, n);
	for (size_t i = 0; i < n; i++)
		query_path_name(
		    r->arena, &q->select[i].path, names[i], names[i]);
	q->nselect = n;
}

static size_t
take_paths(struct ransack *r, const struct json *j, struct path **out)
{
	struct str *names;
	size_t n = take_names(r, j, &names);

	*out = arena_array(r->arena, struct path, n);
	for (size_t i = 0; i < n; i++)
		query_path_name(r->arena, &(*out)[i], names[i], names[i]);
	return n;
}

static void
take_except(struct ransack *r, struct query *q, const struct json *j)
{
	q->nexcept = take_paths(r, j, &q->except);
}

static void
take_methods(struct ransack *r, struct query *q, const struct json *j)
{
	q->nalso = take_paths(r, j, &q->also);
}

/* ---- include ------------------------------------------------------------ */

/* how many relations j names at its own level */
static size_t
count_relations(const struct json *j)
{
	size_t n = 0;

	if (!ransack_is_list(j))
		return j->kind == JSON_OBJECT ? j->n : 1;
	for (const struct json *m = j->child; m != NULL; m = m->next)
		n += m->kind == JSON_OBJECT ? m->n : 1;
	return n;
}

/* options: the same keys once more, or NULL */
static void
add_relation(struct ransack *r, struct query *q, struct str name,
    const struct json *options)
{
	struct include *in;
	struct str text = STR("");

	if (++r->nincludes > r->limits->max_includes) {
		err_set(r->err, ERR_LIMIT, "At most %zu relations.",
		    r->limits->max_includes);
		return;
	}
	in = &q->include[q->ninclude++];
	in->text = in->name = name;
	in->query = query_new(r->arena);
	if (options == NULL)
		return;
	if (options->kind == JSON_OBJECT)
		ransack_shape(r, in->query, options);
	else if (!ransack_scalar(options, &text) ||
		 (text.len > 0 && ransack_flag(text) != 1))
		refuse(r, name, "Options are an object.");
}

static void
add_relations(struct ransack *r, struct query *q, const struct json *j)
{
	struct str name;

	if (j->kind == JSON_OBJECT)
		for (const struct json *m = j->child; m != NULL; m = m->next)
			add_relation(r, q, m->key, m);
	else if (!ransack_scalar(j, &name))
		refuse(r, STR("include"), "Names are wanted.");
	else if (name.len > 0)
		add_relation(r, q, name, NULL);
}

/* "x", ["x", {"y":{…}}], {"x":{…}} */
static void
take_include(struct ransack *r, struct query *q, const struct json *j)
{
	q->include = arena_array(r->arena, struct include, count_relations(j));
	if (!ransack_is_list(j)) {
		add_relations(r, q, j);
		return;
	}
	for (const struct json *m = j->child;
	     m != NULL && r->err->id != ERR_LIMIT; m = m->next)
		add_relations(r, q, m);
}

static const struct shaping {
	const char *name;
	void (*take)(struct ransack *, struct query *, const struct json *);
} shapings[] = {
    {"only", take_only},
    {"except", take_except},
    {"methods", take_methods},
    {"include", take_include},
};

static const struct shaping *
find_shaping(struct str name)
{
	for (size_t i = 0; i < sizeof(shapings) / sizeof(shapings[0]); i++)
		if (str_eq_c(name, shapings[i].name))
			return &shapings[i];
	return NULL;
}

/* an empty list says that there is nothing to leave out, or to include; as Rails
 * has it, where {} is one of relations as well */
static bool
says_all(const struct json *a)
{
	for (const struct json *m = a->child; m != NULL; m = m->next)
		if ((m->kind == JSON_ARRAY || m->kind == JSON_OBJECT) &&
		    m->n == 0)
			return true;
	return false;
}

void
ransack_shape(struct ransack *r, struct query *q, const struct json *a)
{
	for (const struct json *m = a->child; m != NULL; m = m->next) {
		const struct shaping *s = find_shaping(m->key);

		if (s != NULL)
			s->take(r, q, m);
		else if (r->limits->strict)
			refuse(r, m->key,
			    "Must be only, except, methods or include.");
	}
	q->shaped =
	    q->nselect + q->nexcept + q->nalso + q->ninclude > 0 || says_all(a);
	if (q->nselect > 0)
		q->nexcept = 0;
}
