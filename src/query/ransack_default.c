/*
 * What a[…] is where a request has none (shape.TABLE), brought down to what is
 * there: each name that is left is a column, a computed value or a relation
 * that the caller can be shown.  The same walk tells checkconf what is not.
 */
#include "query/ransack_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "schema/schema.h"

/* the members of one object */
struct parts {
	struct json *v[4];
	size_t n;
};

static void
tell(const struct query_shaping *s, const struct table *t, const char *what,
    struct str name)
{
	if (s->miss != NULL)
		s->miss(s->arg, arena_printf(s->arena, "%.*s has no %s %.*s",
				    STR_ARGS(t->qname), what, STR_ARGS(name)));
}

/* ---- columns and computed values ---------------------------------------- */

static bool
is_column(const struct table *t, struct str name)
{
	return table_column(t, name) != NULL;
}

static bool
is_computed(const struct table *t, struct str name)
{
	return table_computed(t, name) != NULL;
}

static bool
is_either(const struct table *t, struct str name)
{
	return is_column(t, name) || is_computed(t, name);
}

static const struct {
	const char *name, *what;
	bool (*is)(const struct table *, struct str);
} lists[] = {{"only", "column", is_either}, {"except", "column", is_column},
    {"methods", "computed value", is_computed}};

static bool
has_text(struct json *const *v, size_t n, struct str text)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i]->text, text))
			return true;
	return false;
}

static struct json *
make_list(
    const struct query_shaping *s, const char *key, struct json **v, size_t n)
{
	struct json *list = json_make(s->arena, JSON_ARRAY, v, n);

	list->key = str_from(key);
	return list;
}

/* "x" or ["x", "y"] of the ith kind */
static struct json *
keep_list(const struct query_shaping *s, const struct table *t, size_t i,
    const struct json *j)
{
	bool many = j->kind == JSON_ARRAY;
	const struct json *m = many ? j->child : j;
	struct json **v = arena_array(s->arena, struct json *, many ? j->n : 1);
	size_t n = 0;

	for (; m != NULL; m = many ? m->next : NULL)
		if (!lists[i].is(t, m->text))
			tell(s, t, lists[i].what, m->text);
		else if (!has_text(v, n, m->text))
			v[n++] = json_make_text(s->arena, STR_NONE, m->text);
	return make_list(s, lists[i].name, v, n);
}

/* where nothing would be left, or it would be everything: what names a row */
static struct json *
only_key(const struct query_shaping *s, const struct table *t)
{
	struct json **v = arena_array(s->arena, struct json *, t->nkey + 1);
	size_t n = 0;

	for (size_t i = 0; i < t->nkey; i++)
		v[n++] = json_make_text(
		    s->arena, STR_NONE, t->columns[t->key[i]].name);
	if (n == 0)
		v[n++] = json_make_text(s->arena, STR_NONE, t->columns[0].name);
	return make_list(s, "only", v, n);
}

static void
keep_columns(const struct query_shaping *s, const struct table *t,
    const struct json *shape, struct parts *out)
{
	bool only = json_get(shape, STR("only")) != NULL;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct json *j = json_get(shape, str_from(lists[i].name));
		bool except = lists[i].is == is_column;
		struct json *kept;

		if (j == NULL || (except && only))
			continue;
		kept = keep_list(s, t, i, j);
		if (except ? kept->n == t->ncolumns
			   : lists[i].is == is_either && kept->n == 0) {
			if (s->miss != NULL)
				s->miss(s->arg, arena_printf(s->arena,
						    "no column of %.*s is left",
						    STR_ARGS(t->qname)));
			kept = only_key(s, t);
		}
		if (kept->n > 0 || except)
			out->v[out->n++] = kept;
	}
}

/* ---- relations ---------------------------------------------------------- */

static bool
is_same(const struct relation *a, const struct relation *b)
{
	return a->far == b->far && a->via == b->via && a->kind == b->kind &&
	       str_eq(a->constraint, b->constraint);
}

/* among all tables, as who wrote the line sees them */
static const struct relation *
find_relation(const struct query_shaping *s, const struct table *t,
    struct str name, struct err *err)
{
	const struct relation *rel, **choices;
	struct relations all;
	size_t n;

	if (schema_relations(s->schema, s->arena, t, NULL, &all, err) != 0)
		return NULL;
	rel = relation_find(&all, name, s->arena, &choices, &n);
	if (rel == NULL && n == 1)
		rel = choices[0];
	if (rel == NULL)
		tell(s, t, n > 1 ? "single relation" : "relation", name);
	return rel;
}

/* as the caller calls it; STR_NONE: he does not see it */
static struct str
name_of(const struct query_shaping *s, const struct table *t,
    const struct relation *rel, struct err *err)
{
	struct relations named;

	if (!relation_is_seen(rel, s->seen))
		return STR_NONE;
	if (s->named == NULL)
		return rel->name;
	if (schema_relations(s->schema, s->arena, t, s->named, &named, err) !=
	    0)
		return STR_NONE;
	for (size_t i = 0; i < named.n; i++)
		if (is_same(&named.v[i], rel))
			return named.v[i].name;
	return STR_NONE;
}

/* an object with the relation's name as its key, or NULL */
static struct json *
keep_relation(const struct query_shaping *s, const struct table *t,
    struct str name, const struct json *options, struct err *err)
{
	const struct relation *rel = find_relation(s, t, name, err);
	struct json *kept = NULL;

	if (rel == NULL)
		return NULL;
	name = name_of(s, t, rel, err);
	if (name.p == NULL)
		return NULL;
	if (options != NULL)
		kept = query_shaped(s, rel->far, options, err);
	if (kept == NULL)
		kept = json_make(s->arena, JSON_OBJECT, NULL, 0);
	kept->key = name;
	return kept;
}

/* a list of names, where none has options of its own */
static struct json *
shorten(const struct query_shaping *s, struct json **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i]->n > 0)
			return json_make(s->arena, JSON_OBJECT, v, n);
	for (size_t i = 0; i < n; i++)
		v[i] = json_make_text(s->arena, STR_NONE, v[i]->key);
	return json_make(s->arena, JSON_ARRAY, v, n);
}

static bool
has_key(struct json *const *v, size_t n, struct str key)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i]->key, key))
			return true;
	return false;
}

/* "x", ["x", "y"], {"x":{…}} */
static void
keep_relations(const struct query_shaping *s, const struct table *t,
    const struct json *j, struct parts *out, struct err *err)
{
	bool many = j->kind != JSON_STRING;
	const struct json *m = many ? j->child : j;
	struct json **v = arena_array(s->arena, struct json *, many ? j->n : 1);
	size_t n = 0;

	for (; m != NULL; m = many ? m->next : NULL) {
		bool named = j->kind == JSON_OBJECT;
		struct json *kept = keep_relation(
		    s, t, named ? m->key : m->text, named ? m : NULL, err);

		if (kept != NULL && !has_key(v, n, kept->key))
			v[n++] = kept;
	}
	if (n == 0)
		return;
	out->v[out->n] = shorten(s, v, n);
	out->v[out->n++]->key = STR("include");
}

struct json *
query_shaped(const struct query_shaping *s, const struct table *t,
    const struct json *shape, struct err *err)
{
	const struct json *include = json_get(shape, STR("include"));
	struct parts p = {.n = 0};

	keep_columns(s, t, shape, &p);
	if (include != NULL && !s->alone)
		keep_relations(s, t, include, &p, err);
	return p.n > 0 ? json_make(s->arena, JSON_OBJECT, p.v, p.n) : NULL;
}

int
query_shape(
    struct arena *a, struct query *q, const struct json *shape, struct err *err)
{
	const struct query_limits any = {
	    .strict = true, .max_includes = SIZE_MAX};
	struct ransack r = {.arena = a, .limits = &any, .err = err};

	ransack_shape(&r, q, shape);
	return err->id == ERR_NONE ? 0 : -1;
}
