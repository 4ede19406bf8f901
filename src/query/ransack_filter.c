/*
 * The conditions of v2: Ransack's predicates, combinations and groups.
 *
 * Only the snapshot can tell whether color_or_size_eq asks for a column of that
 * name: it is parsed both ways, and query_resolve takes the column first.  One
 * with both _or_ and _and_ in it, or that ends like a predicate, is named by
 * the long form, q[c][0][a][0][name], whose names are taken whole.
 */
#include "query/ransack_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "query/query_priv.h"

#define VALUES_MAX 1000 /* of one list (SECURITY 3) */

/* one condition: a predicate over one or more attributes */
struct condition {
	struct str text; /* as the user wrote it */
	const struct ransack_predicate *predicate;
	enum spread spread;
	struct str *attrs;
	size_t nattrs;
	struct str whole; /* all of them as one name, or STR_NONE */
	bool any_attr;    /* else all of them */
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
	e->loose = true;
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

/* Behind a to-many relation a predicate called not_ asks that no row is
 * otherwise, whatever its value, but for not_null=1: some row has one */
static enum whose
whose(const struct condition *c, bool negated)
{
	const struct ransack_predicate *p = c->predicate;
	bool called_not = p->negated && p->meaning != MEANS_BLANK;
	bool has_value = p->meaning == MEANS_NULL && negated;

	return called_not && !has_value ? WHOSE_EVERY : WHOSE_JOINED;
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
	e->whose = whose(c, negated);
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
	both[1]->whose = WHOSE_JOINED;
	return query_logic(r->arena, negated ? EXPR_AND : EXPR_OR, both, 2);
}

static struct expr *
make_truth(
    struct ransack *r, const struct condition *c, struct str attr, bool negated)
{
	bool is_true = c->predicate->meaning == MEANS_TRUE;
	struct expr *e =
	    make_cmp(r, c, attr, is_true ? STR("true") : STR("false"), negated);

	if (e != NULL)
		e->whose = whose(c, negated);
	return e;
}

static struct expr *
make_flag(struct ransack *r, const struct condition *c, struct str attr)
{
	bool negated =
	    c->predicate->negated == (ransack_flag(c->values[0]) == 1);

	switch (c->predicate->meaning) {
	case MEANS_TRUE:
	case MEANS_FALSE:
		return make_truth(r, c, attr, negated);
	case MEANS_NULL:
		return make_null(r, c, attr, negated);
	case MEANS_BLANK:
		return make_blank(r, c, attr, negated);
	case MEANS_OP:
		break;
	}
	return NULL;
}

/* equal to one of them, or to none */
static bool
is_in(const struct condition *c)
{
	const struct ransack_predicate *p = c->predicate;

	if (p->meaning != MEANS_OP || p->op != OP_EQ)
		return false;
	if (c->spread == SPREAD_NONE)
		return p->wants == WANTS_LIST;
	return p->negated == (c->spread == SPREAD_ALL);
}

static struct expr *
make_values(struct ransack *r, const struct condition *c, struct str attr)
{
	struct terms t = {.arena = r->arena};
	bool list = c->predicate->wants == WANTS_LIST;

	if (is_in(c))
		return make_in(r, c, attr, c->values, c->nvalues);
	for (size_t i = 0; i < c->nvalues && !is_full(r); i++)
		add_term(&t, list ? make_in(r, c, attr, &c->values[i], 1)
				  : make_cmp(r, c, attr, c->values[i],
					c->predicate->negated));
	return query_logic(
	    r->arena, c->spread == SPREAD_ANY ? EXPR_OR : EXPR_AND, t.v, t.n);
}

static struct expr *
make_attr(struct ransack *r, const struct condition *c, struct str attr)
{
	return c->predicate->wants == WANTS_FLAG ? make_flag(r, c, attr)
						 : make_values(r, c, attr);
}

static struct expr *
make_condition(struct ransack *r, const struct condition *c)
{
	struct terms t = {.arena = r->arena};
	size_t before = r->nfilters, after;
	struct expr *e;

	for (size_t i = 0; i < c->nattrs && !is_full(r); i++)
		add_term(&t, make_attr(r, c, c->attrs[i]));
	e = query_logic(r->arena, c->any_attr ? EXPR_OR : EXPR_AND, t.v, t.n);
	if (c->whole.p == NULL || is_full(r))
		return e;
	/* instead of them, and fewer than they are */
	after = r->nfilters;
	r->nfilters = before;
	e->list.whole = make_attr(r, c, c->whole);
	r->nfilters = after;
	return e;
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

	if (!ransack_is_many(j)) {
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

static bool
find_predicate(struct condition *c, struct str name)
{
	c->predicate = ransack_predicate(name, &c->spread);
	return c->predicate != NULL;
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
	if (c->nattrs > 1)
		c->whole = attrs;
}

/* ---- conditions and groups ---------------------------------------------- */

/* nothing, also as [""] or {"0":{"value":""}} */
static bool
is_blank(const struct json *j)
{
	struct str text;

	if (ransack_scalar(j, &text))
		return text.len == 0;
	for (const struct json *m = j->child; m != NULL; m = m->next)
		if (!is_blank(m))
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
		refuse_unknown(r, m->key, "Must be \"and\" or \"or\".");
	return str_eq_c(text, "or");
}

static bool
has_attr(const struct condition *c, struct str name)
{
	for (size_t i = 0; i < c->nattrs; i++)
		if (str_eq(c->attrs[i], name))
			return true;
	return false;
}

/* the names of a: "x", ["x"], [{"name":"x"}] */
static void
take_long_attrs(struct ransack *r, struct condition *c, const struct json *a)
{
	bool list = ransack_is_many(a);
	const struct json *m = list ? a->child : a, *x;

	if (list && a->n > r->limits->max_filters) {
		err_set(r->err, ERR_LIMIT, "At most %zu filters.",
		    r->limits->max_filters);
		return;
	}
	c->attrs = arena_array(r->arena, struct str, list ? a->n : 1);
	for (; m != NULL; m = list ? m->next : NULL) {
		struct str name = STR("");

		x = json_get(m, STR("name"));
		ransack_scalar(x != NULL ? x : m, &name);
		if (name.len == 0)
			refuse_unknown(r, a->key, "An attribute has no name.");
		else if (has_attr(c, name))
			refuse_unknown(r, name, "Given more than once.");
		else
			c->attrs[c->nattrs++] = name;
	}
}

/* the members of a condition or a group by their short names */
const struct json *
ransack_part(struct ransack *r, const struct json *j, char word)
{
	const struct json *found = NULL;

	for (const struct json *m = j->child; m != NULL; m = m->next)
		if (ransack_word(m->key) != word)
			continue;
		else if (found != NULL)
			refuse(
			    r, ERR_BAD_PARAM, m->key, "Given more than once.");
		else
			found = m;
	return found;
}

static void
check_long(struct ransack *r, const struct json *j)
{
	for (const struct json *m = j->child; m != NULL; m = m->next) {
		char word = ransack_word(m->key);

		if (word == '\0' || strchr("apvm", word) == NULL)
			refuse_unknown(
			    r, m->key, "Must be a, p, v or m of a condition.");
	}
	if (j->n == 0)
		refuse_unknown(r, STR("a"), "An attribute is missing.");
}

/* {"a":[{"name":"price"}],"p":"gt","v":[{"value":10}],"m":"or"} */
static struct expr *
take_long(struct ransack *r, const struct json *j)
{
	const struct json *a = ransack_part(r, j, 'a');
	const struct json *p = ransack_part(r, j, 'p');
	const struct json *v = ransack_part(r, j, 'v');
	struct condition c = {.text = STR("c")};
	struct str name = STR("");

	check_long(r, j);
	if (v == NULL || is_blank(v))
		return NULL;
	if (p != NULL)
		ransack_scalar(p, &name);
	if (!find_predicate(&c, name)) {
		refuse_unknown(r, STR("p"), "There is no such predicate.");
		return NULL;
	}
	if (a != NULL)
		take_long_attrs(r, &c, a);
	else
		refuse_unknown(r, STR("a"), "An attribute is missing.");
	if (c.nattrs == 0)
		return NULL;
	c.text = c.attrs[0];
	c.any_attr = is_or(r, ransack_part(r, j, 'm'));
	take_long_values(r, &c, v);
	return c.nvalues > 0 ? make_condition(r, &c) : NULL;
}

typedef struct expr *take_fn(struct ransack *, const struct json *);

/* does it name a part or a condition?  Else it is an index */
static bool
is_name(struct str key)
{
	struct condition c = {.text = key};
	struct str attrs;

	return ransack_word(key) != '\0' || cut_predicate(&c, &attrs);
}

static bool
is_many(const struct json *j)
{
	bool many = ransack_is_many(j);

	for (const struct json *m = j->child; m != NULL && many; m = m->next)
		many = j->kind == JSON_ARRAY || !is_name(m->key);
	return many;
}

static void
take_each(struct ransack *r, struct terms *t, const struct json *list,
    struct str key, take_fn *take)
{
	bool many = is_many(list);
	const struct json *m = many ? list->child : list;

	if (list->kind == JSON_OBJECT && list->n == 0)
		return;
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
	bool any = is_or(r, ransack_part(r, q, 'm'));

	for (const struct json *m = q->child; m != NULL && !is_full(r);
	     m = m->next) {
		switch (ransack_word(m->key)) {
		case 'm':
		case 's':
			break;
		case 'c':
			take_each(r, &t, m, m->key, take_long);
			break;
		case 'g':
			take_each(r, &t, m, m->key, ransack_where);
			break;
		default:
			add_term(&t, take_key(r, m));
		}
	}
	return query_logic(r->arena, any ? EXPR_OR : EXPR_AND, t.v, t.n);
}
