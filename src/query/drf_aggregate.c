/*
 * aggregate=count(*),sum(amount) as total, group_by=a,b: what stands in an
 * answer is the grouped columns (or those of fields=), then the aggregates.
 */
#include "query/drf_priv.h"

#include "base/arena.h"

static const struct {
	const char *word;
	enum aggregate agg;
} functions[] = {
    {"count", AGG_COUNT},
    {"sum", AGG_SUM},
    {"avg", AGG_AVG},
    {"min", AGG_MIN},
    {"max", AGG_MAX},
};

static enum aggregate
find_function(struct str word)
{
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (str_case_eq(word, str_from(functions[i].word)))
			return functions[i].agg;
	return AGG_NONE;
}

bool
drf_is_aggregate(struct str text)
{
	ptrdiff_t open = drf_find(text, '(');

	return open > 0 && text.p[text.len - 1] == ')' &&
	       find_function(str_sub(text, 0, (size_t)open)) != AGG_NONE;
}

static bool
cut_word(struct str *text, struct str word)
{
	if (text->len <= word.len ||
	    !str_case_eq(str_sub(*text, 0, word.len), word))
		return false;
	*text = str_trim(str_sub(*text, word.len, text->len));
	return true;
}

int
drf_read_aggregate(
    struct level *l, const struct param *p, struct str text, struct field *f)
{
	ptrdiff_t open = drf_find(text, '(');
	struct str inside;

	if (!drf_is_aggregate(text))
		return drf_refuse(l, p,
		    "Must be count, sum, avg, min or max of a column, as in "
		    "sum(amount) as total.");
	f->agg = find_function(str_sub(text, 0, (size_t)open));
	inside = str_trim(
	    str_sub(text, (size_t)open + 1, text.len - (size_t)open - 2));
	f->distinct = cut_word(&inside, STR("distinct "));
	if (str_eq_c(inside, "*")) {
		f->path.text = text;
		return f->agg == AGG_COUNT && !f->distinct
			   ? 0
			   : drf_refuse(l, p, "Only count takes a *.");
	}
	if (inside.len == 0)
		return drf_refuse(l, p, "Name a column in the parentheses.");
	return drf_path(l, &f->path, p->name, "", inside, STR(""));
}

/* "sum(amount) as total" without its last two words */
static bool
cut_alias(struct arena *a, struct str *text, struct str *alias)
{
	ptrdiff_t close = str_rchr(*text, ')');
	struct str rest;

	*alias = STR_NONE;
	if (close < 0)
		return true;
	rest = str_trim(str_sub(*text, (size_t)close + 1, text->len));
	if (rest.len == 0)
		return true;
	*text = str_sub(*text, 0, (size_t)close + 1);
	if (!cut_word(&rest, STR("as ")))
		return false;
	drf_unquote(a, rest, &rest);
	*alias = rest;
	return rest.len > 0;
}

int
drf_aggregate(struct level *l, const struct param *p)
{
	struct arena *a = l->d->arena;
	struct str rest = p->value, text;
	int got;

	l->aggregates = arena_array(a, struct field, drf_count(p->value, ','));
	while ((got = drf_part(&rest, ',', &text)) > 0) {
		struct field *f = &l->aggregates[l->naggregates++];

		text = str_trim(text);
		if (!cut_alias(a, &text, &f->alias))
			return drf_refuse(l, p,
			    "After an aggregate only \"as NAME\" may follow.");
		if (drf_read_aggregate(l, p, text, f) != 0)
			return -1;
	}
	return got == 0
		   ? 0
		   : drf_refuse(l, p, "A quote or parenthesis is not closed.");
}

int
drf_group_by(struct level *l, const struct param *p)
{
	struct query *q = l->q;
	struct str rest = p->value, name;

	q->group =
	    arena_array(l->d->arena, struct path, drf_count(p->value, ','));
	while (drf_item(&rest, &name))
		if (name.len > 0 && drf_path(l, &q->group[q->ngroup++], p->name,
					"", name, STR("")) != 0)
			return -1;
	return q->ngroup > 0 ? 0
			     : drf_refuse(l, p, "Name at least one column.");
}

/* why a parameter cannot be there, by its name */
static int
refuse_named(struct level *l, const char *name, const char *text)
{
	return drf_blame(l, str_from(name), ERR_BAD_PARAM, text);
}

int
drf_settle_groups(struct level *l)
{
	struct query *q = l->q;
	size_t own = q->nselect > 0 ? q->nselect : q->ngroup;
	struct field *select;

	if (q->ngroup == 0 && l->naggregates == 0)
		return q->having == NULL ? 0
					 : refuse_named(l, "having",
					       "Needs aggregate or group_by.");
	if (q->ninclude > 0)
		return refuse_named(l, "include",
		    "Cannot be combined with aggregate or group_by.");
	if (q->distinct)
		return refuse_named(l, "distinct",
		    "Cannot be combined with aggregate or group_by.");
	if (l->cursor)
		return refuse_named(l, "cursor",
		    "Cannot be combined with aggregate or group_by.");
	select = arena_array(l->d->arena, struct field, own + l->naggregates);
	for (size_t i = 0; i < own; i++) {
		if (q->nselect > 0)
			select[i] = q->select[i];
		else
			select[i].path = q->group[i];
	}
	for (size_t i = 0; i < l->naggregates; i++)
		select[own + i] = l->aggregates[i];
	q->select = select;
	q->nselect = own + l->naggregates;
	return 0;
}
