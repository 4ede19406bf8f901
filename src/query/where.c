/*
 * The auto dialect: one parameter for each part of the question, most of them
 * JSON.  Conditions on children name the included relation first; they and
 * the children's order go to the query of that include, so that everything
 * after the parser is the same as for the native dialect.
 */
#include "query/where_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/params.h"

/* what an offset may reach, as int4 (SECURITY: checked arithmetic) */
#define ROWS_MAX INT64_C(2147483647)

typedef int take_fn(struct where *, const struct param *);

int
where_refuse(struct where *w, const struct param *p, const char *text)
{
	return err_add_field(w->err, ERR_BAD_PARAM, p->name, "%s", text);
}

/* a name with a comma is quoted where commas separate; who quotes has done so */
static void
add_name(struct buf *b, struct str path)
{
	struct str name;
	bool quote;

	if (str_chr(path, '"') >= 0 || str_chr(path, ',') < 0) {
		buf_str(b, path);
		return;
	}
	for (bool some = false; str_cut(&path, '.', &name); some = true) {
		quote = str_chr(name, ',') >= 0;
		if (some)
			buf_char(b, '.');
		if (quote)
			buf_char(b, '"');
		buf_str(b, name);
		if (quote)
			buf_char(b, '"');
	}
}

/* ["a", "b"] says what a,b says; names: they are nothing else */
static int
read_listed(
    struct where *w, const struct param *p, bool names, struct param *out)
{
	struct str text = str_trim(p->value);
	const struct json *j;
	struct buf b;

	*out = *p;
	if (text.len == 0 || text.p[0] != '[')
		return 0;
	j = where_json(w, p, text);
	if (j == NULL)
		return -1;
	buf_init(&b, w->arena, 3 * text.len);
	for (const struct json *m = j->child; m != NULL; m = m->next) {
		if (m->kind != JSON_STRING)
			return where_refuse(w, p, "A list holds texts.");
		if (m != j->child)
			buf_char(&b, ',');
		if (names)
			add_name(&b, m->text);
		else
			buf_str(&b, m->text);
	}
	out->value = buf_view(&b);
	return 0;
}

/* ---- include ------------------------------------------------------------ */

static struct include *
find_include(const struct query *q, struct str name)
{
	for (size_t i = 0; i < q->ninclude; i++)
		if (str_eq(q->include[i].name, name))
			return &q->include[i];
	return NULL;
}

static struct include *
add_include(struct where *w, struct query *q, struct str name, struct str text)
{
	struct include *inc = find_include(q, name);
	size_t bytes = q->ninclude * sizeof(*inc);

	if (inc != NULL)
		return inc;
	if (++w->nincludes > w->limits->max_includes) {
		err_set(w->err, ERR_LIMIT, "At most %zu relations.",
		    w->limits->max_includes);
		return NULL;
	}
	q->include =
	    arena_grow(w->arena, q->include, bytes, bytes + sizeof(*inc));
	inc = &q->include[q->ninclude++];
	*inc = (struct include){
	    .text = text, .name = name, .query = query_new(w->arena)};
	return inc;
}

static int
take_include(struct where *w, const struct param *p)
{
	struct str rest, path, name;
	struct param listed;

	if (read_listed(w, p, false, &listed) != 0)
		return -1;
	rest = listed.value;
	while (str_cut(&rest, ',', &path)) {
		struct query *q = w->q;
		struct str text = path = str_trim(path);

		while (text.len > 0 && str_cut(&path, '.', &name)) {
			struct include *inc = add_include(w, q, name, text);

			if (inc == NULL)
				return -1;
			q = inc->query;
		}
	}
	return 0;
}

/*
 * The query of the include that a path leads to, and the path from there on:
 * "comments.author.city" with comments and comments.author included is city
 * of the author.  NULL: it begins with no included relation.
 */
static struct query *
child_query(struct where *w, const struct param *p, struct path *path)
{
	struct query *q = w->q;
	const struct include *inc;

	while (path->nnames > 1 &&
	       (inc = find_include(q, path->names[0])) != NULL) {
		q = inc->query;
		path->names++;
		path->nnames--;
	}
	if (q == w->q) {
		err_add_field(w->err, ERR_BAD_PARAM, p->name,
		    "%.*s does not begin with a relation in include.",
		    STR_ARGS(path->text));
		return NULL;
	}
	path->text = str_sub(path->text,
	    (size_t)(path->names[0].p - path->text.p), path->text.len);
	return q;
}

/* ---- conditions --------------------------------------------------------- */

static int
take_where(struct where *w, const struct param *p)
{
	struct conds c;

	if (where_conds(w, p, &c) != 0)
		return -1;
	for (size_t i = 0; i < c.n; i++)
		query_and(w->arena, w->q, c.v[i]);
	return 0;
}

/* what is not there cannot be left out of these: the answer would be all rows */
static int
read_bound(struct where *w, const struct param *p, struct conds *c)
{
	if (where_conds(w, p, c) != 0)
		return -1;
	for (size_t i = 0; i < c->n; i++)
		c->v[i]->must = true;
	return 0;
}

static int
take_or_where(struct where *w, const struct param *p)
{
	struct conds c;

	if (read_bound(w, p, &c) != 0)
		return -1;
	query_and(w->arena, w->q, query_logic(w->arena, EXPR_OR, c.v, c.n));
	return 0;
}

static int
take_find(struct where *w, const struct param *p)
{
	struct conds c;

	if (read_bound(w, p, &c) != 0)
		return -1;
	if (c.n != 1)
		return where_refuse(w, p, "One condition is needed.");
	w->find = c.v[0];
	return 0;
}

static int
take_filter(struct where *w, const struct param *p)
{
	struct query *child;
	struct conds c;

	if (where_conds(w, p, &c) != 0)
		return -1;
	for (size_t i = 0; i < c.n; i++) {
		child = child_query(w, p, where_path(c.v[i]));
		if (child == NULL)
			return -1;
		query_and(w->arena, child, c.v[i]);
	}
	return 0;
}

/* one OR group for each relation that is named */
static int
take_or_filter(struct where *w, const struct param *p)
{
	struct query **of;
	struct conds c;

	if (read_bound(w, p, &c) != 0)
		return -1;
	of = arena_array(w->arena, struct query *, c.n + 1);
	for (size_t i = 0; i < c.n; i++)
		if ((of[i] = child_query(w, p, where_path(c.v[i]))) == NULL)
			return -1;
	for (size_t i = 0; i < c.n; i++) {
		struct query *child = of[i];
		struct expr **v;
		size_t n = 0;

		if (child == NULL)
			continue;
		v = arena_array(w->arena, struct expr *, c.n);
		for (size_t k = i; k < c.n; k++)
			if (of[k] == child) {
				v[n++] = c.v[k];
				of[k] = NULL;
			}
		query_and(
		    w->arena, child, query_logic(w->arena, EXPR_OR, v, n));
	}
	return 0;
}

/* ---- order -------------------------------------------------------------- */

static int
take_order_by(struct where *w, const struct param *p)
{
	struct orders o;

	if (where_orders(w, p, &o) != 0)
		return -1;
	w->q->order = o.v;
	w->q->norder = o.n;
	return 0;
}

static int
take_sort(struct where *w, const struct param *p)
{
	struct orders o;

	if (where_orders(w, p, &o) != 0)
		return -1;
	for (size_t i = 0; i < o.n; i++) {
		struct query *child = child_query(w, p, &o.v[i].path);

		if (child == NULL)
			return -1;
		if (child->order == NULL)
			child->order =
			    arena_array(w->arena, struct order_key, o.n);
		child->order[child->norder++] = o.v[i];
	}
	return 0;
}

/* ---- groups ------------------------------------------------------------- */

static int
take_grouping(struct where *w, const struct param *p, bool names,
    int (*take)(struct level *, const struct param *))
{
	struct param listed;

	return read_listed(w, p, names, &listed) != 0
		   ? -1
		   : take(w->groups, &listed);
}

static int
take_group_by(struct where *w, const struct param *p)
{
	return take_grouping(w, p, true, drf_group_by);
}

static int
take_aggregate(struct where *w, const struct param *p)
{
	return take_grouping(w, p, false, drf_aggregate);
}

/* ["sum(amount)", ">", 5]; else it is the name that one was given */
static int
compare_aggregate(struct where *w, const struct param *p, struct expr *e)
{
	struct field f = {0};

	if (!drf_is_aggregate(e->text))
		return 0;
	if (e->kind != EXPR_CMP)
		return where_refuse(w, p, "Aggregates can only be compared.");
	if (drf_read_aggregate(w->groups, p, e->text, &f) != 0)
		return -1;
	e->cmp.path = f.path;
	e->cmp.path.text = e->text;
	e->cmp.agg = f.agg;
	e->cmp.distinct = f.distinct;
	return 0;
}

/* conditions like those of where, on groups */
static int
take_having(struct where *w, const struct param *p)
{
	struct conds c;

	if (read_bound(w, p, &c) != 0)
		return -1;
	for (size_t i = 0; i < c.n; i++)
		if (compare_aggregate(w, p, c.v[i]) != 0)
			return -1;
	w->q->having = query_logic(w->arena, EXPR_AND, c.v, c.n);
	return 0;
}

/* ---- pages -------------------------------------------------------------- */

static int
take_number(struct where *w, const struct param *p, int64_t min, int64_t *out)
{
	bool digits = p->value.len > 0;

	for (size_t i = 0; i < p->value.len; i++)
		digits = digits && p->value.p[i] >= '0' && p->value.p[i] <= '9';
	if (!digits)
		return where_refuse(w, p, "A whole number is required.");
	if (str_i64(p->value, out) != 0 || *out > ROWS_MAX)
		return err_add_field(w->err, ERR_BAD_PARAM, p->name,
		    "Must be at most %lld.", (long long)ROWS_MAX);
	if (*out < min)
		return err_add_field(w->err, ERR_BAD_PARAM, p->name,
		    "Must be at least %lld.", (long long)min);
	return 0;
}

static int
take_page(struct where *w, const struct param *p)
{
	return take_number(w, p, 1, &w->page);
}

static int
take_size(struct where *w, const struct param *p)
{
	if (w->has_size)
		return where_refuse(w, p, "page_size and size are the same.");
	w->has_size = true;
	return take_number(w, p, 1, &w->size);
}

/* what it means for the answer's headers is the handler's */
static int
take_cache(struct where *w, const struct param *p)
{
	int64_t seconds;

	return take_number(w, p, 0, &seconds);
}

static int
take_format(struct where *w, const struct param *p)
{
	w->q->format = p->value;
	return 0;
}

static int
settle_page(struct where *w)
{
	struct page *page = &w->q->page;
	int64_t most = w->limits->max_page_size < WHERE_PAGE_MAX
			   ? w->limits->max_page_size
			   : WHERE_PAGE_MAX;
	int64_t limit = w->has_size ? w->size : w->limits->page_size;

	if (limit > most)
		limit = most;
	if (w->page - 1 > ROWS_MAX / limit)
		return err_add_field(w->err, ERR_BAD_PARAM, STR("page"),
		    "There cannot be that many pages.");
	*page = (struct page){.kind = PAGE_NUMBER,
	    .has_limit = true,
	    .limit = limit,
	    .number = w->page,
	    .offset = (w->page - 1) * limit};
	w->q->want_count = COUNT_EXACT;
	return 0;
}

/* the first that matches, whatever else is asked */
static int
settle_find(struct where *w)
{
	struct query *q = w->q;

	if (q->ngroup > 0 || q->nselect > 0)
		return err_add_field(w->err, ERR_BAD_PARAM, STR("find"),
		    "Cannot be combined with aggregate or group_by.");
	q->where = w->find;
	q->norder = 0;
	q->page =
	    (struct page){.kind = PAGE_SLICE, .has_limit = true, .limit = 1};
	return 0;
}

/* ---- parameters --------------------------------------------------------- */

static const struct reserved {
	const char *name;
	take_fn *take;
	bool repeats;
} reserved[] = {
    {"include", take_include, true},
    {"aggregate", take_aggregate, false},
    {"cache", take_cache, false},
    {"filter", take_filter, false},
    {"find", take_find, false},
    {"format", take_format, false},
    {"group_by", take_group_by, false},
    {"having", take_having, false},
    {"or_filter", take_or_filter, false},
    {"or_where", take_or_where, false},
    {"order_by", take_order_by, false},
    {"page", take_page, false},
    {"page_size", take_size, false},
    {"size", take_size, false},
    {"sort", take_sort, false},
    {"where", take_where, false},
};

static const struct reserved *
find_reserved(struct str name)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_eq_c(name, reserved[i].name))
			return &reserved[i];
	return NULL;
}

static bool
is_repeated(const struct params *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(all->v[k].name, all->v[i].name))
			return true;
	return false;
}

static int
take_param(struct where *w, struct params *all, size_t i, bool includes)
{
	struct param *p = &all->v[i];
	const struct reserved *r = find_reserved(p->name);

	if (includes != (r != NULL && r->take == take_include))
		return 0;
	p->used = true;
	if (r == NULL)
		return where_refuse(w, p, "There is no such parameter.");
	if (!r->repeats && is_repeated(all, i))
		return where_refuse(w, p, "Given more than once.");
	return r->take(w, p);
}

struct query *
query_parse_where(struct arena *a, struct params *params,
    const struct query_limits *limits, struct err *err)
{
	struct where w = {.arena = a,
	    .limits = limits,
	    .q = query_new(a),
	    .err = err,
	    .page = 1};
	bool failed = false;

	w.groups = drf_level(a, w.q, limits, err);
	/* conditions on children look for their include */
	for (size_t i = 0; i < params->n; i++)
		failed |= take_param(&w, params, i, true) != 0;
	for (size_t i = 0; i < params->n; i++)
		failed |= take_param(&w, params, i, false) != 0;
	if (failed || drf_settle_groups(w.groups) != 0)
		return NULL;
	failed = w.find != NULL ? settle_find(&w) != 0 : settle_page(&w) != 0;
	return failed ? NULL : w.q;
}
