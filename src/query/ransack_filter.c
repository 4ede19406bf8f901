/*
 * The conditions of v2: Ransack's predicates, combinations and groups.
 *
 * A name like color_or_size_eq is always split: only the snapshot could tell
 * that there is a column color_or_size.  Such a column is named by the long
 * form, q[c][0][a][0][name], whose names are taken whole; so is one that ends
 * like a predicate.
 */
#include "query/ransack_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "query/query_priv.h"

#define VALUES_MAX 1000 /* of one list (SECURITY 3) */

enum wants { WANTS_VALUE, WANTS_LIST, WANTS_FLAG };
enum spread { SPREAD_NONE, SPREAD_ANY, SPREAD_ALL };

/* of a flag: what it says when the value is true, reversed when it is false */
enum meaning { MEANS_OP, MEANS_TRUE, MEANS_FALSE, MEANS_NULL, MEANS_BLANK };

/* CONTRACT 5.2; those that want a value or a list exist with _any and _all */
static const struct predicate {
	const char *name;
	enum wants wants;
	enum meaning meaning;
	enum op op;
	bool negated;
} predicates[] = {
    {"eq", WANTS_VALUE, MEANS_OP, OP_EQ, false},
    {"not_eq", WANTS_VALUE, MEANS_OP, OP_EQ, true},
    {"lt", WANTS_VALUE, MEANS_OP, OP_LT, false},
    {"lteq", WANTS_VALUE, MEANS_OP, OP_LE, false},
    {"gt", WANTS_VALUE, MEANS_OP, OP_GT, false},
    {"gteq", WANTS_VALUE, MEANS_OP, OP_GE, false},
    {"in", WANTS_LIST, MEANS_OP, OP_EQ, false},
    {"not_in", WANTS_LIST, MEANS_OP, OP_EQ, true},
    {"matches", WANTS_VALUE, MEANS_OP, OP_ILIKE, false},
    {"does_not_match", WANTS_VALUE, MEANS_OP, OP_ILIKE, true},
    {"cont", WANTS_VALUE, MEANS_OP, OP_ICONTAINS, false},
    {"not_cont", WANTS_VALUE, MEANS_OP, OP_ICONTAINS, true},
    {"i_cont", WANTS_VALUE, MEANS_OP, OP_ICONTAINS, false},
    {"not_i_cont", WANTS_VALUE, MEANS_OP, OP_ICONTAINS, true},
    {"start", WANTS_VALUE, MEANS_OP, OP_ISTARTSWITH, false},
    {"not_start", WANTS_VALUE, MEANS_OP, OP_ISTARTSWITH, true},
    {"end", WANTS_VALUE, MEANS_OP, OP_IENDSWITH, false},
    {"not_end", WANTS_VALUE, MEANS_OP, OP_IENDSWITH, true},
    {"true", WANTS_FLAG, MEANS_TRUE, OP_EQ, false},
    {"not_true", WANTS_FLAG, MEANS_TRUE, OP_EQ, true},
    {"false", WANTS_FLAG, MEANS_FALSE, OP_EQ, false},
    {"not_false", WANTS_FLAG, MEANS_FALSE, OP_EQ, true},
    {"null", WANTS_FLAG, MEANS_NULL, OP_EQ, false},
    {"not_null", WANTS_FLAG, MEANS_NULL, OP_EQ, true},
    {"blank", WANTS_FLAG, MEANS_BLANK, OP_EQ, false},
    {"present", WANTS_FLAG, MEANS_BLANK, OP_EQ, true},
};

/* one condition: a predicate over one or more attributes */
struct condition {
	struct str text; /* as the user wrote it */
	const struct predicate *predicate;
	enum spread spread;
	struct str *attrs;
	size_t nattrs;
	bool any_attr; /* else all of them */
	struct str *values;
	size_t nvalues;
};

struct terms {
	struct arena *arena;
	struct expr **v;
	size_t n, cap;
};

static void
add_term(struct terms *t, struct expr *e)
{
	size_t cap = t->cap > 0 ? 2 * t->cap : 8;

	if (e == NULL)
		return;
	if (t->n == t->cap) {
		t->v = arena_grow(t->arena, t->v, t->cap * sizeof(*t->v),
		    cap * sizeof(*t->v));
		t->cap = cap;
	}
	t->v[t->n++] = e;
}

static void
refuse(struct ransack *r, enum err_id id, struct str field, const char *text)
{
	err_add_field(r->err, id, field, "%s", text);
}

/* no more leaves: what is still to come need not be looked at */
static bool
is_full(const struct ransack *r)
{
	return r->nfilters > r->limits->max_filters;
}

/* ---- leaves ------------------------------------------------------------- */

/* NULL above the limit */
static struct expr *
new_leaf(struct ransack *r, const struct condition *c, enum expr_kind kind)
{
	struct expr *e;

	if (++r->nfilters > r->limits->max_filters) {
		err_set(r->err, ERR_LIMIT, "At most %zu filters.",
		    r->limits->max_filters);
		return NULL;
	}
	e = arena_make(r->arena, struct expr);
	e->kind = kind;
	e->text = c->text;
	return e;
}

static struct expr *
make_cmp(struct ransack *r, const struct condition *c, struct str attr,
    struct str value, bool negated)
{
	struct expr *e = new_leaf(r, c, EXPR_CMP);

	if (e == NULL)
		return NULL;
	ransack_path(r->arena, &e->cmp.path, attr);
	e->cmp.op = c->predicate->op;
	e->cmp.value.text = value;
	e->negated = negated;
	return e;
}

static struct expr *
make_in(struct ransack *r, const struct condition *c, struct str attr,
    const struct str *values, size_t n)
{
	struct expr *e = new_leaf(r, c, EXPR_IN);

	if (e == NULL)
		return NULL;
	ransack_path(r->arena, &e->in.path, attr);
	e->in.v = arena_array(r->arena, struct value, n);
	e->in.n = n;
	for (size_t i = 0; i < n; i++)
		e->in.v[i].text = values[i];
	e->negated = c->predicate->negated;
	return e;
}

static struct expr *
make_null(
    struct ransack *r, const struct condition *c, struct str attr, bool negated)
{
	struct expr *e = new_leaf(r, c, EXPR_ISNULL);

	if (e == NULL)
		return NULL;
	ransack_path(r->arena, &e->null_path, attr);
	e->negated = negated;
	return e;
}

/* null or '', and what is neither: only texts can be '' */
static struct expr *
make_blank(
    struct ransack *r, const struct condition *c, struct str attr, bool negated)
{
	struct expr *both[] = {make_null(r, c, attr, negated),
	    make_cmp(r, c, attr, STR(""), negated)};

	if (both[0] == NULL || both[1] == NULL)
		return NULL;
	both[1]->cmp.if_text = true;
	return query_logic(r->arena, negated ? EXPR_AND : EXPR_OR, both, 2);
}

static struct expr *
make_flag(struct ransack *r, const struct condition *c, struct str attr)
{
	bool negated =
	    c->predicate->negated == (ransack_flag(c->values[0]) == 1);

	switch (c->predicate->meaning) {
	case MEANS_TRUE:
		return make_cmp(r, c, attr, STR("true"), negated);
	case MEANS_FALSE:
		return make_cmp(r, c, attr, STR("false"), negated);
	case MEANS_NULL:
		return make_null(r, c, attr, negated);
	case MEANS_BLANK:
		return make_blank(r, c, attr, negated);
	case MEANS_OP:
		break;
	}
	return NULL;
}

static struct expr *
make_values(struct ransack *r, const struct condition *c, struct str attr)
{
	struct terms t = {.arena = r->arena};
	bool list = c->predicate->wants == WANTS_LIST;

	if (list && c->spread == SPREAD_NONE)
		return make_in(r, c, attr, c->values, c->nvalues);
	for (size_t i = 0; i < c->nvalues && !is_full(r); i++)
		add_term(&t, list ? make_in(r, c, attr, &c->values[i], 1)
				  : make_cmp(r, c, attr, c->values[i],
					c->predicate->negated));
	return query_logic(
	    r->arena, c->spread == SPREAD_ANY ? EXPR_OR : EXPR_AND, t.v, t.n);
}

static struct expr *
make_condition(struct ransack *r, const struct condition *c)
{
	struct terms t = {.arena = r->arena};

	for (size_t i = 0; i < c->nattrs && !is_full(r); i++)
		add_term(&t, c->predicate->wants == WANTS_FLAG
				 ? make_flag(r, c, c->attrs[i])
				 : make_values(r, c, c->attrs[i]));
	return query_logic(
	    r->arena, c->any_attr ? EXPR_OR : EXPR_AND, t.v, t.n);
}

/* ---- values ------------------------------------------------------------- */

static bool
takes_many(const struct condition *c)
{
	return c->spread != SPREAD_NONE || c->predicate->wants == WANTS_LIST;
}

/* blank ones are dropped, and so is what a flag cannot be */
static void
add_value(struct ransack *r, struct condition *c, const struct json *j)
{
	struct str text;

	if (!ransack_scalar(j, &text))
		refuse(r, ERR_BAD_PARAM, c->text,
		    "A text, a number or true or false is wanted.");
	else if (text.len > 0 &&
		 (c->predicate->wants != WANTS_FLAG || ransack_flag(text) >= 0))
		c->values[c->nvalues++] = text;
}

/* room for the values of a list; false: there are too many */
static bool
make_room(struct ransack *r, struct condition *c, size_t n)
{
	if (n > VALUES_MAX) {
		err_add_field(r->err, ERR_LIMIT, c->text, "At most %d values.",
		    VALUES_MAX);
		return false;
	}
	c->values = arena_array(r->arena, struct str, n);
	return true;
}

static void
take_values(struct ransack *r, struct condition *c, const struct json *j)
{
	bool list = ransack_is_list(j);

	if (!make_room(r, c, list ? j->n : 1))
		return;
	if (list && !takes_many(c))
		refuse(r, ERR_BAD_PARAM, c->text, "One value is wanted.");
	else if (!list)
		add_value(r, c, j);
	else
		for (const struct json *m = j->child; m != NULL; m = m->next)
			add_value(r, c, m);
}

/* a value of the long form is {"value":x}, or x alone */
static void
take_long_values(struct ransack *r, struct condition *c, const struct json *j)
{
	const struct json *x;

	if (!ransack_is_list(j)) {
		take_values(r, c, j);
		return;
	}
	if (!make_room(r, c, j->n))
		return;
	for (const struct json *m = j->child; m != NULL; m = m->next) {
		x = json_get(m, STR("value"));
		add_value(r, c, x != NULL ? x : m);
	}
	if (c->nvalues > 1 && !takes_many(c))
		refuse(r, ERR_BAD_PARAM, c->text, "One value is wanted.");
}

/* ---- names -------------------------------------------------------------- */

/* is it this predicate, alone or with _any or _all? */
static bool
is_predicate(struct str s, const struct predicate *p, enum spread *spread)
{
	size_t n = strlen(p->name);
	struct str rest = str_sub(s, n, s.len);

	if (!str_starts(s, str_from(p->name)))
		return false;
	*spread = SPREAD_NONE;
	if (rest.len == 0)
		return true;
	*spread = str_eq_c(rest, "_any") ? SPREAD_ANY : SPREAD_ALL;
	return p->wants != WANTS_FLAG &&
	       (str_eq_c(rest, "_any") || str_eq_c(rest, "_all"));
}

static bool
find_predicate(struct condition *c, struct str name)
{
	for (size_t i = 0; i < sizeof(predicates) / sizeof(predicates[0]); i++)
		if (is_predicate(name, &predicates[i], &c->spread)) {
			c->predicate = &predicates[i];
			return true;
		}
	return false;
}

/* the longest that ends the key; *attrs is what stands before it */
static bool
cut_predicate(struct condition *c, struct str *attrs)
{
	for (size_t i = 1; i + 1 < c->text.len; i++)
		if (c->text.p[i] == '_' &&
		    find_predicate(c, str_sub(c->text, i + 1, c->text.len))) {
			*attrs = str_sub(c->text, 0, i);
			return true;
		}
	return false;
}

/* "a" of "a_or_b", and whether it is or; the last one leaves rest->p NULL */
static struct str
cut_attr(struct str *rest, bool *is_or)
{
	struct str all = *rest;

	for (size_t i = 1; i < all.len; i++) {
		struct str here = str_sub(all, i, all.len);

		*is_or = str_starts(here, STR("_or_"));
		if (!*is_or && !str_starts(here, STR("_and_")))
			continue;
		*rest = str_sub(here, *is_or ? 4 : 5, here.len);
		return str_sub(all, 0, i);
	}
	*rest = STR_NONE;
	return all;
}

static void
split_attrs(struct ransack *r, struct condition *c, struct str attrs)
{
	struct str rest = attrs;
	bool is_or, mixed = false, empty = false;

	c->attrs = arena_array(r->arena, struct str, attrs.len / 4 + 1);
	while (rest.p != NULL) {
		c->attrs[c->nattrs] = cut_attr(&rest, &is_or);
		empty = empty || c->attrs[c->nattrs++].len == 0;
		if (rest.p == NULL)
			break;
		mixed = mixed || (c->nattrs > 1 && is_or != c->any_attr);
		c->any_attr = is_or;
	}
	if (mixed)
		refuse(r, ERR_BAD_FILTER, c->text,
		    "Either _or_ or _and_ in one name; groups take both.");
	if (empty)
		refuse(r, ERR_BAD_FILTER, c->text, "An attribute is missing.");
}

/* ---- conditions and groups ---------------------------------------------- */

static bool
is_blank(const struct json *j)
{
	struct str text;

	if (ransack_scalar(j, &text))
		return text.len == 0;
	for (const struct json *m = j->child; m != NULL; m = m->next)
		if (!ransack_scalar(m, &text) || text.len > 0)
			return false;
	return true;
}

/* nobody insists: what is not known is left out */
static void
refuse_unknown(struct ransack *r, struct str field, const char *text)
{
	if (r->limits->strict)
		refuse(r, ERR_BAD_FILTER, field, text);
}

static struct expr *
take_key(struct ransack *r, const struct json *m)
{
	struct condition c = {.text = m->key};
	struct str attrs;

	if (is_blank(m))
		return NULL;
	if (!cut_predicate(&c, &attrs)) {
		refuse_unknown(r, c.text, "There is no such predicate.");
		return NULL;
	}
	split_attrs(r, &c, attrs);
	take_values(r, &c, m);
	return c.nvalues > 0 ? make_condition(r, &c) : NULL;
}

static bool
is_or(struct ransack *r, const struct json *m)
{
	struct str text = STR("");

	if (m == NULL)
		return false;
	if (!ransack_scalar(m, &text) ||
	    !(text.len == 0 || str_eq_c(text, "or") || str_eq_c(text, "and")))
		refuse_unknown(r, STR("m"), "Must be \"and\" or \"or\".");
	return str_eq_c(text, "or");
}

/* the names of a: "x", ["x"], [{"name":"x"}] */
static void
take_long_attrs(struct ransack *r, struct condition *c, const struct json *a)
{
	bool list = ransack_is_list(a);
	const struct json *m = list ? a->child : a, *x;

	c->attrs = arena_array(r->arena, struct str, list ? a->n : 1);
	for (; m != NULL; m = list ? m->next : NULL) {
		struct str name = STR("");

		x = json_get(m, STR("name"));
		ransack_scalar(x != NULL ? x : m, &name);
		if (name.len > 0)
			c->attrs[c->nattrs++] = name;
	}
}

/* {"a":[{"name":"price"}],"p":"gt","v":[{"value":10}],"m":"or"} */
static struct expr *
take_long(struct ransack *r, const struct json *j)
{
	const struct json *a = json_get(j, STR("a"));
	const struct json *p = json_get(j, STR("p"));
	const struct json *v = json_get(j, STR("v"));
	struct condition c = {.text = STR("c")};
	struct str name = STR("");

	if (v == NULL)
		return NULL;
	if (p != NULL)
		ransack_scalar(p, &name);
	if (!find_predicate(&c, name)) {
		refuse_unknown(r, STR("p"), "There is no such predicate.");
		return NULL;
	}
	if (a != NULL)
		take_long_attrs(r, &c, a);
	if (c.nattrs == 0) {
		refuse_unknown(r, STR("a"), "An attribute is missing.");
		return NULL;
	}
	c.text = c.attrs[0];
	c.any_attr = is_or(r, json_get(j, STR("m")));
	take_long_values(r, &c, v);
	return c.nvalues > 0 ? make_condition(r, &c) : NULL;
}

typedef struct expr *take_fn(struct ransack *, const struct json *);

static void
take_each(struct ransack *r, struct terms *t, const struct json *list,
    struct str key, take_fn *take)
{
	bool many = ransack_is_list(list);
	const struct json *m = many ? list->child : list;

	for (; m != NULL; m = many ? m->next : NULL)
		if (m->kind == JSON_OBJECT)
			add_term(t, take(r, m));
		else if (!is_blank(m))
			refuse(r, ERR_BAD_PARAM, key, "An object is wanted.");
}

/* one level; the sorts of the outermost are not ours */
struct expr *
ransack_where(struct ransack *r, const struct json *q)
{
	struct terms t = {.arena = r->arena};
	bool any = is_or(r, json_get(q, STR("m")));

	for (const struct json *m = q->child; m != NULL && !is_full(r);
	     m = m->next) {
		if (str_eq_c(m->key, "m") || str_eq_c(m->key, "s"))
			continue;
		if (str_eq_c(m->key, "c"))
			take_each(r, &t, m, m->key, take_long);
		else if (str_eq_c(m->key, "g"))
			take_each(r, &t, m, m->key, ransack_where);
		else
			add_term(&t, take_key(r, m));
	}
	return query_logic(r->arena, any ? EXPR_OR : EXPR_AND, t.v, t.n);
}
