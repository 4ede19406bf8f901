/*
 * The native dialect: Django REST framework's query parameters without its
 * leniency.  Syntax only; whatever is not a reserved parameter is taken for a
 * filter, and query_resolve decides whether there is such a column.
 */
#include "query/drf_priv.h"

#include "base/arena.h"

typedef int take_fn(struct level *, const struct param *);

int
drf_blame(struct level *l, struct str name, enum err_id id, const char *text)
{
	struct str field = name;

	if (l->name.len > 0)
		field = str_from(arena_printf(l->d->arena, "%.*s%.*s",
		    STR_ARGS(l->name), STR_ARGS(name)));
	return err_add_field(l->d->err, id, field, "%s", text);
}

int
drf_refuse(struct level *l, const struct param *p, const char *text)
{
	return drf_blame(l, p->name, ERR_BAD_PARAM, text);
}

static int
take_rows(struct level *l, const struct param *p, int64_t min, int64_t max,
    int64_t *out)
{
	struct arena *a = l->d->arena;
	bool digits = p->value.len > 0;

	for (size_t i = 0; i < p->value.len; i++)
		digits = digits && p->value.p[i] >= '0' && p->value.p[i] <= '9';
	if (!digits)
		return drf_refuse(l, p, "A whole number is required.");
	if (str_i64(p->value, out) != 0 || *out > max)
		return drf_refuse(l, p,
		    arena_printf(a, "Must be at most %lld.", (long long)max));
	if (*out < min)
		return drf_refuse(l, p,
		    arena_printf(a, "Must be at least %lld.", (long long)min));
	return 0;
}

static int
take_page(struct level *l, const struct param *p)
{
	l->page = true;
	l->q->page.number = 0;
	if (str_eq_c(p->value, "last"))
		return 0;
	return take_rows(l, p, 1, ROWS_MAX, &l->q->page.number);
}

static int
take_page_size(struct level *l, const struct param *p)
{
	l->size = true;
	return take_rows(
	    l, p, 1, l->d->limits->max_page_size, &l->q->page.limit);
}

static int
take_limit(struct level *l, const struct param *p)
{
	l->limit = true;
	return take_rows(l, p, 1, ROWS_MAX, &l->q->page.limit);
}

static int
take_offset(struct level *l, const struct param *p)
{
	l->offset = true;
	return take_rows(l, p, 0, ROWS_MAX, &l->q->page.offset);
}

/* as many of the same relation one behind the other */
static int
take_depth(struct level *l, const struct param *p)
{
	return take_rows(l, p, 1, ROWS_MAX, &l->times);
}

static int
take_cursor(struct level *l, const struct param *p)
{
	l->cursor = true;
	l->q->page.cursor = p->value;
	return 0;
}

static int
take_count(struct level *l, const struct param *p)
{
	l->count = true;
	if (str_eq_c(p->value, "exact"))
		l->q->want_count = COUNT_EXACT;
	else if (str_eq_c(p->value, "estimated"))
		l->q->want_count = COUNT_ESTIMATED;
	else if (!str_eq_c(p->value, "none"))
		return drf_refuse(l, p, "Must be exact, estimated or none.");
	return 0;
}

static int
take_distinct(struct level *l, const struct param *p)
{
	l->q->distinct = str_eq_c(p->value, "true");
	if (l->q->distinct || str_eq_c(p->value, "false"))
		return 0;
	return drf_refuse(l, p, "Must be true or false.");
}

static int
take_format(struct level *l, const struct param *p)
{
	l->q->format = p->value;
	return 0;
}

static int
take_fields(struct level *l, const struct param *p)
{
	struct str rest = p->value, name;
	struct query *q = l->q;

	q->select =
	    arena_array(l->d->arena, struct field, drf_count(p->value, ','));
	while (drf_item(&rest, &name))
		if (name.len > 0 && drf_path(l, &q->select[q->nselect++].path,
					p->name, "", name, STR("")) != 0)
			return -1;
	if (q->nselect == 0)
		return drf_refuse(l, p, "Name at least one column.");
	return 0;
}

static bool
cut_end(struct str *text, struct str end)
{
	if (!str_ends(*text, end))
		return false;
	*text = str_sub(*text, 0, text->len - end.len);
	return true;
}

static int
take_ordering(struct level *l, const struct param *p)
{
	struct str rest = p->value, name;
	struct query *q = l->q;

	q->order = arena_array(
	    l->d->arena, struct order_key, drf_count(p->value, ','));
	while (drf_item(&rest, &name)) {
		struct order_key *k = &q->order[q->norder];

		k->desc = name.len > 0 && name.p[0] == '-';
		if (k->desc)
			name = str_sub(name, 1, name.len);
		k->nulls = NULLS_DEFAULT;
		if (cut_end(&name, STR(":nullsfirst")))
			k->nulls = NULLS_FIRST;
		else if (cut_end(&name, STR(":nullslast")))
			k->nulls = NULLS_LAST;
		if (name.len == 0)
			continue;
		q->norder++;
		if (drf_path(l, &k->path, p->name, k->desc ? "-" : "", name,
			STR("")) != 0)
			return -1;
	}
	return 0;
}

static bool
is_separator(char c)
{
	return c == ',' || c == ' ' || (c >= '\t' && c <= '\r');
}

/* the length of the term at the head of s; a quote that is never closed
 * before a separator is a letter like any other */
static size_t
term_length(struct str s, struct str *term)
{
	size_t n = 0;

	if (s.p[0] == '"' || s.p[0] == '\'')
		for (size_t i = 1; i < s.len; i++)
			if (s.p[i] == s.p[0] &&
			    (i + 1 == s.len || is_separator(s.p[i + 1]))) {
				*term = str_sub(s, 1, i - 1);
				return i + 1;
			}
	while (n < s.len && !is_separator(s.p[n]))
		n++;
	*term = str_sub(s, 0, n);
	return n;
}

static int
take_search(struct level *l, const struct param *p)
{
	struct str rest = p->value, term;
	struct query *q = l->q;

	q->search = arena_array(l->d->arena, struct term, rest.len / 2 + 1);
	while (rest.len > 0) {
		size_t n = 1;

		if (!is_separator(rest.p[0])) {
			n = term_length(rest, &term);
			if (term.len > 0)
				q->search[q->nsearch++].text = term;
		}
		rest = str_sub(rest, n, rest.len);
	}
	if (q->nsearch > l->d->limits->max_filters)
		return err_add_field(l->d->err, ERR_LIMIT, p->name,
		    "At most %zu terms.", l->d->limits->max_filters);
	return 0;
}

enum use {
	EVERYWHERE, /* of the table asked, and of an included relation */
	INCLUDED,
	OUTERMOST,
	PAGING /* outermost, where the dialect has page= */
};

static const struct reserved {
	const char *name;
	take_fn *take;
	enum use use;
	bool again; /* may be given more than once */
} reserved[] = {
    {"aggregate", drf_aggregate, OUTERMOST, false},
    {"and", drf_and, EVERYWHERE, true},
    {"count", take_count, OUTERMOST, false},
    {"cursor", take_cursor, OUTERMOST, false},
    {"depth", take_depth, INCLUDED, false},
    {"distinct", take_distinct, EVERYWHERE, false},
    {"fields", take_fields, EVERYWHERE, false},
    {"format", take_format, OUTERMOST, false},
    {"group_by", drf_group_by, OUTERMOST, false},
    {"having", drf_having, OUTERMOST, false},
    {"include", drf_include, EVERYWHERE, true},
    {"limit", take_limit, EVERYWHERE, false},
    {"not", drf_not, EVERYWHERE, true},
    {"offset", take_offset, EVERYWHERE, false},
    {"or", drf_or, EVERYWHERE, true},
    {"ordering", take_ordering, EVERYWHERE, false},
    {"page", take_page, PAGING, false},
    {"page_size", take_page_size, PAGING, false},
    {"search", take_search, EVERYWHERE, false},
};

static const struct reserved filter = {"", drf_filter, EVERYWHERE, false};

static const struct reserved *
find_reserved(const struct level *l, struct str name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_eq_c(name, reserved[i].name) &&
		    (l->d->limits->allow_page || reserved[i].use != PAGING) &&
		    (l->depth > 0 || reserved[i].use != INCLUDED))
			return &reserved[i];
	return &filter;
}

/* page and slice exclude each other; an offset stays in its range */
static int
settle_number(struct level *l)
{
	struct page *p = &l->q->page;

	if (l->limit || l->offset)
		return drf_blame(l, l->limit ? STR("limit") : STR("offset"),
		    ERR_BAD_PARAM,
		    "Cannot be combined with page or page_size.");
	p->kind = PAGE_NUMBER;
	p->has_limit = true;
	if (!l->page)
		p->number = 1;
	if (!l->size)
		p->limit = l->d->limits->page_size;
	if (p->number > 1 && p->number - 1 > ROWS_MAX / p->limit)
		return drf_blame(l, STR("page"), ERR_BAD_PARAM,
		    "There cannot be that many pages.");
	p->offset = p->number > 1 ? (p->number - 1) * p->limit : 0;
	if (!l->count)
		l->q->want_count = COUNT_EXACT;
	return 0;
}

/* limit and page_size both say how many rows follow a cursor */
static int
settle_cursor(struct level *l)
{
	struct page *p = &l->q->page;
	int64_t max = l->d->limits->max_page_size;

	if (l->page || l->offset)
		return drf_blame(l, l->page ? STR("page") : STR("offset"),
		    ERR_BAD_PARAM, "Cannot be combined with cursor.");
	if (l->limit && l->size)
		return drf_blame(l, STR("limit"), ERR_BAD_PARAM,
		    "Cannot be combined with page_size.");
	if (l->limit && p->limit > max)
		return err_add_field(l->d->err, ERR_BAD_PARAM, STR("limit"),
		    "Must be at most %lld.", (long long)max);
	if (!l->limit && !l->size)
		p->limit = l->d->limits->page_size;
	p->kind = PAGE_CURSOR;
	p->has_limit = true;
	return 0;
}

static int
settle_page(struct level *l)
{
	struct page *p = &l->q->page;

	if (l->cursor)
		return settle_cursor(l);
	if (l->page || l->size)
		return settle_number(l);
	p->has_limit = l->limit;
	if (l->limit || l->offset)
		p->kind = PAGE_SLICE;
	return 0;
}

static int
settle(struct level *l)
{
	if (settle_page(l) != 0 || drf_settle_groups(l) != 0)
		return -1;
	if (l->q->distinct && l->q->nselect == 0)
		return drf_blame(l, STR("distinct"), ERR_BAD_PARAM,
		    "Needs fields: the columns whose values are to differ.");
	if (l->q->distinct && l->cursor)
		return drf_blame(l, STR("cursor"), ERR_BAD_PARAM,
		    "Cannot be combined with distinct.");
	return 0;
}

/* true where the level has such a parameter already */
static bool
is_repeated(struct level *l, struct str name)
{
	size_t cap = l->seen_cap;

	for (size_t i = 0; i < l->nseen; i++)
		if (str_eq(l->seen[i], name))
			return true;
	if (l->nseen == cap) {
		l->seen_cap = cap == 0 ? 8 : 2 * cap;
		l->seen = arena_grow(l->d->arena, l->seen,
		    cap * sizeof(*l->seen), l->seen_cap * sizeof(*l->seen));
	}
	l->seen[l->nseen++] = name;
	return false;
}

static int
take_param(struct level *l, const struct param *p)
{
	const struct reserved *r = find_reserved(l, p->name);

	if ((r->use == OUTERMOST || r->use == PAGING) && l->depth > 0)
		return drf_refuse(
		    l, p, "Cannot be given for an included relation.");
	if (!r->again && is_repeated(l, p->name))
		return drf_refuse(l, p, "Given more than once.");
	return r->take(l, p);
}

int
drf_take(struct level *l, struct param *v, size_t n)
{
	bool failed = false;

	for (size_t i = 0; i < n; i++) {
		v[i].used = true;
		failed |= take_param(l, &v[i]) != 0;
	}
	return failed ? -1 : settle(l);
}

struct level *
drf_level(struct arena *a, struct query *q, const struct query_limits *limits,
    struct err *err)
{
	struct level *l = arena_make(a, struct level);

	l->d = arena_make(a, struct drf);
	*l->d = (struct drf){.arena = a, .limits = limits, .err = err};
	l->q = q;
	l->name = STR("");
	return l;
}

struct query *
query_parse_drf(struct arena *a, struct params *params,
    const struct query_limits *limits, struct err *err)
{
	struct level *top = drf_level(a, query_new(a), limits, err);

	return drf_take(top, params->v, params->n) == 0 ? top->q : NULL;
}
