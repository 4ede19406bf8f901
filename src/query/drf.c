/*
 * The native dialect: Django REST framework's query parameters without its
 * leniency.  Syntax only; whatever is not a reserved parameter is taken for a
 * filter, and query_resolve decides whether there is such a column.
 */
#include "query/query_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/params.h"

/* what an offset may reach, as int4 (SECURITY: checked arithmetic) */
#define ROWS_MAX INT64_C(2147483647)

struct drf {
	struct arena *arena;
	const struct query_limits *limits;
	struct query *q;
	struct err *err;
	bool page, size, limit, offset, count; /* which were given */
	size_t nfilters;
};

typedef int take_fn(struct drf *, const struct param *);

static int
refuse(struct drf *d, const struct param *p, const char *text)
{
	return err_add_field(d->err, ERR_BAD_PARAM, p->name, "%s", text);
}

static int
take_rows(struct drf *d, const struct param *p, int64_t min, int64_t max,
    int64_t *out)
{
	bool digits = p->value.len > 0;

	for (size_t i = 0; i < p->value.len; i++)
		digits = digits && p->value.p[i] >= '0' && p->value.p[i] <= '9';
	if (!digits)
		return refuse(d, p, "A whole number is required.");
	if (str_i64(p->value, out) != 0 || *out > max)
		return err_add_field(d->err, ERR_BAD_PARAM, p->name,
		    "Must be at most %lld.", (long long)max);
	if (*out < min)
		return err_add_field(d->err, ERR_BAD_PARAM, p->name,
		    "Must be at least %lld.", (long long)min);
	return 0;
}

static int
take_page(struct drf *d, const struct param *p)
{
	d->page = true;
	d->q->page.number = 0;
	if (str_eq_c(p->value, "last"))
		return 0;
	return take_rows(d, p, 1, ROWS_MAX, &d->q->page.number);
}

static int
take_page_size(struct drf *d, const struct param *p)
{
	d->size = true;
	return take_rows(d, p, 1, d->limits->max_page_size, &d->q->page.limit);
}

static int
take_limit(struct drf *d, const struct param *p)
{
	d->limit = true;
	return take_rows(d, p, 1, ROWS_MAX, &d->q->page.limit);
}

static int
take_offset(struct drf *d, const struct param *p)
{
	d->offset = true;
	return take_rows(d, p, 0, ROWS_MAX, &d->q->page.offset);
}

static int
take_cursor(struct drf *d, const struct param *p)
{
	return refuse(d, p, "Paging by cursor is not offered; use page.");
}

static int
take_count(struct drf *d, const struct param *p)
{
	d->count = true;
	if (str_eq_c(p->value, "exact"))
		d->q->want_count = COUNT_EXACT;
	else if (str_eq_c(p->value, "estimated"))
		d->q->want_count = COUNT_ESTIMATED;
	else if (!str_eq_c(p->value, "none"))
		return refuse(d, p, "Must be exact, estimated or none.");
	return 0;
}

static int
take_format(struct drf *d, const struct param *p)
{
	d->q->format = p->value;
	return 0;
}

/* "a ""quoted"" name, with a comma" at the head of rest; false: not quoted */
static bool
take_quoted(struct arena *a, struct str *rest, struct str *name)
{
	struct buf b;
	size_t i;

	if (rest->len == 0 || rest->p[0] != '"')
		return false;
	buf_init(&b, a, rest->len);
	for (i = 1; i < rest->len; i++) {
		if (rest->p[i] == '"' &&
		    (i + 1 == rest->len || rest->p[i + 1] != '"'))
			break;
		i += rest->p[i] == '"';
		buf_char(&b, rest->p[i]);
	}
	if (i >= rest->len || (i + 1 < rest->len && rest->p[i + 1] != ','))
		return false;
	*rest = i + 1 < rest->len ? str_sub(*rest, i + 2, rest->len) : STR_NONE;
	*name = buf_view(&b);
	return true;
}

/* the next name of a comma list; blanks around it do not count */
static bool
take_name(struct arena *a, struct str *rest, struct str *name)
{
	if (rest->p == NULL)
		return false;
	if (take_quoted(a, rest, name))
		return true;
	str_cut(rest, ',', name);
	*name = str_trim(*name);
	return true;
}

static size_t
count_names(struct str list)
{
	size_t n = 1;

	for (size_t i = 0; i < list.len; i++)
		n += list.p[i] == ',';
	return n;
}

static void
set_path(struct arena *a, struct path *p, struct str written, struct str name)
{
	p->text = written;
	p->names = arena_array(a, struct str, 1);
	p->names[0] = name;
	p->nnames = 1;
}

static int
take_fields(struct drf *d, const struct param *p)
{
	struct str rest = p->value, name;
	struct query *q = d->q;

	q->select = arena_array(d->arena, struct field, count_names(p->value));
	while (take_name(d->arena, &rest, &name))
		if (name.len > 0)
			set_path(d->arena, &q->select[q->nselect++].path, name,
			    name);
	if (q->nselect == 0)
		return refuse(d, p, "Name at least one column.");
	return 0;
}

static int
take_ordering(struct drf *d, const struct param *p)
{
	struct str rest = p->value, name = STR("");
	struct query *q = d->q;

	q->order =
	    arena_array(d->arena, struct order_key, count_names(p->value));
	while (rest.p != NULL) {
		struct str written;
		bool desc;

		while (rest.len > 0 && rest.p[0] == ' ')
			rest = str_sub(rest, 1, rest.len);
		desc = rest.len > 0 && rest.p[0] == '-';
		if (desc)
			rest = str_sub(rest, 1, rest.len);
		take_name(d->arena, &rest, &name);
		written = name;
		if (desc)
			written = str_from(
			    arena_printf(d->arena, "-%.*s", STR_ARGS(name)));
		if (name.len > 0) {
			q->order[q->norder].desc = desc;
			set_path(d->arena, &q->order[q->norder++].path, written,
			    name);
		}
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
take_search(struct drf *d, const struct param *p)
{
	struct str rest = p->value, term;
	struct query *q = d->q;

	q->search = arena_array(d->arena, struct term, rest.len / 2 + 1);
	while (rest.len > 0) {
		size_t n = 1;

		if (!is_separator(rest.p[0])) {
			n = term_length(rest, &term);
			if (term.len > 0)
				q->search[q->nsearch++].text = term;
		}
		rest = str_sub(rest, n, rest.len);
	}
	if (q->nsearch > d->limits->max_filters)
		return err_add_field(d->err, ERR_LIMIT, p->name,
		    "At most %zu terms.", d->limits->max_filters);
	return 0;
}

/* name__suffix: the operator, and the name without it */
static enum op
split_operator(struct str *name)
{
	for (size_t op = 0; op < OP__MAX; op++) {
		struct str suffix = str_from(query_ops[op].suffix);
		size_t cut = suffix.len + 2;

		if (name->len <= cut || !str_ends(*name, suffix) ||
		    !str_ends(
			str_sub(*name, 0, name->len - suffix.len), STR("__")))
			continue;
		*name = str_sub(*name, 0, name->len - cut);
		return (enum op)op;
	}
	return OP_EQ;
}

static int
take_filter(struct drf *d, const struct param *p)
{
	struct str name = p->name;
	enum op op = split_operator(&name);

	if (++d->nfilters > d->limits->max_filters)
		return err_set(d->err, ERR_LIMIT, "At most %zu filters.",
		    d->limits->max_filters);
	query_and(
	    d->arena, d->q, query_cmp(d->arena, p->name, name, op, p->value));
	return 0;
}

static const struct reserved {
	const char *name;
	take_fn *take;
	bool paging; /* only where the dialect has page= */
} reserved[] = {
    {"count", take_count, false},
    {"cursor", take_cursor, false},
    {"fields", take_fields, false},
    {"format", take_format, false},
    {"limit", take_limit, false},
    {"offset", take_offset, false},
    {"ordering", take_ordering, false},
    {"page", take_page, true},
    {"page_size", take_page_size, true},
    {"search", take_search, false},
};

static take_fn *
find_reserved(const struct drf *d, struct str name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_eq_c(name, reserved[i].name) &&
		    (d->limits->allow_page || !reserved[i].paging))
			return reserved[i].take;
	return take_filter;
}

/* page and slice exclude each other; an offset stays in its range */
static int
settle_page(struct drf *d)
{
	struct page *p = &d->q->page;

	if ((d->page || d->size) && (d->limit || d->offset))
		return err_add_field(d->err, ERR_BAD_PARAM,
		    d->limit ? STR("limit") : STR("offset"),
		    "Cannot be combined with page or page_size.");
	p->has_limit = d->limit;
	if (d->limit || d->offset)
		p->kind = PAGE_SLICE;
	if (!d->page && !d->size)
		return 0;
	p->kind = PAGE_NUMBER;
	p->has_limit = true;
	if (!d->page)
		p->number = 1;
	if (!d->size)
		p->limit = d->limits->page_size;
	if (p->number > 1 && p->number - 1 > ROWS_MAX / p->limit)
		return err_add_field(d->err, ERR_BAD_PARAM, STR("page"),
		    "There cannot be that many pages.");
	p->offset = p->number > 1 ? (p->number - 1) * p->limit : 0;
	if (!d->count)
		d->q->want_count = COUNT_EXACT;
	return 0;
}

static bool
is_repeated(const struct params *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(all->v[k].name, all->v[i].name))
			return true;
	return false;
}

struct query *
query_parse_drf(struct arena *a, struct params *params,
    const struct query_limits *limits, struct err *err)
{
	struct drf d = {
	    .arena = a, .limits = limits, .q = query_new(a), .err = err};
	bool failed = false;

	for (size_t i = 0; i < params->n; i++) {
		struct param *p = &params->v[i];

		p->used = true;
		if (is_repeated(params, i))
			failed |= refuse(&d, p, "Given more than once.") != 0;
		else
			failed |= find_reserved(&d, p->name)(&d, p) != 0;
	}
	if (!failed)
		failed = settle_page(&d) != 0;
	return failed ? NULL : d.q;
}
