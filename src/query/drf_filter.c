/*
 * Conditions of the native dialect: name__operator=value, and or=(…), and=(…),
 * not=(…) around them.  The members of such a group are conditions only; the
 * same name may stand there twice, for in an OR that says something.
 */
#include "query/drf_priv.h"

#include "base/arena.h"

/* what a condition's name says after its last "__" */
struct verb {
	enum expr_kind kind;
	enum op op;
	bool negated;
	bool optional; /* isnull: the value may be left out */
};

static const struct word {
	const char *suffix;
	struct verb verb;
} words[] = {
    {"in", {EXPR_IN, 0, false, false}},
    {"nin", {EXPR_IN, 0, true, false}},
    {"between", {EXPR_BETWEEN, 0, false, false}},
    {"nbetween", {EXPR_BETWEEN, 0, true, false}},
    {"isnull", {EXPR_ISNULL, 0, false, false}},
    {"null", {EXPR_ISNULL, 0, false, true}},
    {"nnull", {EXPR_ISNULL, 0, true, true}},
    /* what jsonb's operator is called where there are no arrays */
    {"contained_by", {EXPR_CMP, OP_SUBSET, false, false}},
    {"ncontained_by", {EXPR_CMP, OP_SUBSET, true, false}},
};

static bool
find_verb(struct str suffix, struct verb *v)
{
	if (suffix.len == 0)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq_c(suffix, words[i].suffix)) {
			*v = words[i].verb;
			return true;
		}
	for (size_t op = 0; op < OP__MAX; op++) {
		bool negated = str_eq_c(suffix, query_ops[op].negated);

		if (negated || str_eq_c(suffix, query_ops[op].suffix)) {
			*v = (struct verb){
			    EXPR_CMP, (enum op)op, negated, false};
			return true;
		}
	}
	return false;
}

/* "name__suffix": behind is "__suffix", or "" where that is no operator */
static struct verb
split_verb(struct str *name, struct str *behind)
{
	struct verb verb = {EXPR_CMP, OP_EQ, false, false};
	size_t i = name->len;

	*behind = STR("");
	while (i > 2 && !(name->p[i - 1] == '_' && name->p[i - 2] == '_'))
		i--;
	if (i > 2 && find_verb(str_sub(*name, i, name->len), &verb)) {
		*behind = str_sub(*name, i - 2, name->len);
		*name = str_sub(*name, 0, i - 2);
	}
	return verb;
}

bool
drf_needs_no_value(struct str name)
{
	struct str behind;

	return split_verb(&name, &behind).optional;
}

static int
read_truth(struct level *l, const struct param *p, bool optional, bool *out)
{
	struct str v = p->value;

	*out = str_case_eq(v, STR("true")) || str_eq_c(v, "1") ||
	       (optional && v.len == 0);
	if (*out || str_case_eq(v, STR("false")) || str_eq_c(v, "0"))
		return 0;
	return drf_refuse(l, p, "Must be true or false.");
}

/* inside parentheses a value is quoted to hold what else would end it */
static struct str
read_value(struct level *l, const struct param *p, bool inside)
{
	struct str value = p->value;

	if (inside)
		drf_unquote(l->d->arena, p->value, &value);
	return value;
}

static int
read_verb(struct level *l, const struct param *p, bool inside,
    const struct path *path, const struct verb *verb, struct expr *e)
{
	bool truth;

	e->kind = verb->kind;
	e->negated = verb->negated;
	switch (verb->kind) {
	case EXPR_IN:
	case EXPR_BETWEEN:
		e->in.path = *path;
		if (drf_values(l, p, &e->in.v, &e->in.n) != 0)
			return -1;
		return verb->kind == EXPR_IN || e->in.n == 2
			   ? 0
			   : drf_refuse(l, p,
				 "Two values are needed, a comma between.");
	case EXPR_ISNULL:
		e->null_path = *path;
		if (read_truth(l, p, verb->optional, &truth) != 0)
			return -1;
		e->negated = verb->negated == truth;
		return 0;
	default:
		e->cmp.path = *path;
		e->cmp.op = verb->op;
		e->cmp.value.text = read_value(l, p, inside);
		return 0;
	}
}

static int
count_filter(struct level *l)
{
	struct drf *d = l->d;

	if (++d->nfilters <= d->limits->max_filters)
		return 0;
	return err_set(
	    d->err, ERR_LIMIT, "At most %zu filters.", d->limits->max_filters);
}

static struct expr *
read_leaf(struct level *l, const struct param *p, bool inside)
{
	struct expr *e = arena_make(l->d->arena, struct expr);
	struct str name = p->name, behind;
	struct verb verb = split_verb(&name, &behind);
	struct path path;

	if (count_filter(l) != 0 ||
	    drf_path(l, &path, p->name, "", name, behind) != 0 ||
	    read_verb(l, p, inside, &path, &verb, e) != 0)
		return NULL;
	e->text = path.text;
	return e;
}

/* sum(amount)__gte=5, or the name that an aggregate was given */
static struct expr *
read_having_leaf(struct level *l, const struct param *p)
{
	struct str name = p->name, behind;
	struct verb verb = split_verb(&name, &behind);
	struct field f = {0};
	struct expr *e;

	if (!drf_is_aggregate(name))
		return read_leaf(l, p, true);
	if (count_filter(l) != 0 || drf_read_aggregate(l, p, name, &f) != 0)
		return NULL;
	if (verb.kind != EXPR_CMP) {
		drf_refuse(l, p, "Aggregates can only be compared.");
		return NULL;
	}
	e = query_cmp(
	    l->d->arena, p->name, name, verb.op, read_value(l, p, true));
	e->negated = verb.negated;
	e->cmp.path = f.path;
	e->cmp.path.text = p->name;
	e->cmp.agg = f.agg;
	e->cmp.distinct = f.distinct;
	return e;
}

/* a group's members: what they are, and how deep we are */
struct logic {
	struct level *l;
	size_t depth;
	bool having;
};

static struct expr *read_group(
    struct logic, const struct param *, enum expr_kind);

static struct expr *
read_condition(struct logic g, const struct param *p)
{
	struct expr *e;

	if (str_eq_c(p->name, "or"))
		return read_group(g, p, EXPR_OR);
	if (str_eq_c(p->name, "and"))
		return read_group(g, p, EXPR_AND);
	if (str_eq_c(p->name, "not"))
		return read_group(g, p, EXPR_NOT);
	e = g.having ? read_having_leaf(g.l, p) : read_leaf(g.l, p, true);
	if (e != NULL)
		e->must = true;
	return e;
}

static struct expr *
read_list(struct logic g, const struct param *of, struct str text,
    enum expr_kind kind)
{
	struct expr **v;
	struct param *members;
	size_t n;

	if (drf_members(g.l, of, text, &members, &n) != 0)
		return NULL;
	v = arena_array(g.l->d->arena, struct expr *, n);
	for (size_t i = 0; i < n; i++) {
		v[i] = read_condition(g, &members[i]);
		if (v[i] == NULL)
			return NULL;
	}
	return query_logic(g.l->d->arena, kind, v, n);
}

/* kind=(a=1;b=2) */
static struct expr *
read_group(struct logic g, const struct param *p, enum expr_kind kind)
{
	struct str text = p->value;
	struct expr *e;

	if (text.len < 2 || text.p[0] != '(' || text.p[text.len - 1] != ')') {
		drf_refuse(g.l, p, "Must be (name=value;name=value).");
		return NULL;
	}
	if (++g.depth > LOGIC_MAX) {
		drf_blame(g.l, p->name, ERR_LIMIT,
		    "Too many parentheses inside each other.");
		return NULL;
	}
	text = str_sub(text, 1, text.len - 2);
	e = read_list(g, p, text, kind == EXPR_OR ? EXPR_OR : EXPR_AND);
	if (e != NULL && kind == EXPR_NOT)
		e = query_not(g.l->d->arena, e);
	return e;
}

static int
take_group(struct level *l, const struct param *p, enum expr_kind kind)
{
	struct expr *e = read_group((struct logic){.l = l}, p, kind);

	if (e == NULL)
		return -1;
	query_and(l->d->arena, l->q, e);
	return 0;
}

int
drf_or(struct level *l, const struct param *p)
{
	return take_group(l, p, EXPR_OR);
}

int
drf_and(struct level *l, const struct param *p)
{
	return take_group(l, p, EXPR_AND);
}

int
drf_not(struct level *l, const struct param *p)
{
	return take_group(l, p, EXPR_NOT);
}

int
drf_filter(struct level *l, const struct param *p)
{
	struct expr *e = read_leaf(l, p, l->depth > 0);

	if (e == NULL)
		return -1;
	query_and(l->d->arena, l->q, e);
	return 0;
}

int
drf_having(struct level *l, const struct param *p)
{
	struct logic g = {.l = l, .having = true};

	l->q->having = read_list(g, p, p->value, EXPR_AND);
	return l->q->having == NULL ? -1 : 0;
}
