/*
 * The one place where names and types are checked.  What passes here builds:
 * a statement is made of pointers into the snapshot and of values that fit.
 * Errors are collected, so that one answer tells all of them.
 */
#include "query/resolve_priv.h"

#include "base/arena.h"

/* ---- what is selected --------------------------------------------------- */

bool
resolve_is_selected(const struct query *q, size_t n, const struct field *f)
{
	for (size_t i = 0; i < n; i++)
		if (q->select[i].agg == f->agg &&
		    q->select[i].distinct == f->distinct &&
		    query_same_path(&q->select[i].path, &f->path) &&
		    str_eq(
			query_field_name(&q->select[i]), query_field_name(f)))
			return true;
	return false;
}

static void
resolve_select(struct scope *s)
{
	struct query *q = s->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->nselect; i++) {
		struct field *f = &q->select[i];

		if (resolve_column(s, &f->path, true) != FOUND)
			continue;
		if (f->alias.p == NULL && f->path.nhops + f->path.njson > 0)
			f->alias = resolve_title(s->r->arena, &f->path, ".");
		if (!resolve_is_selected(q, kept, f))
			q->select[kept++] = *f;
	}
	q->nselect = kept;
}

static void
set_column(struct path *p, const struct column *c)
{
	*p = (struct path){.text = c->name, .column = c};
}

/* every column but these becomes a list of columns */
static void
resolve_except(struct scope *s)
{
	const struct table *t = s->table;
	struct query *q = s->q;
	bool *out = arena_array(s->r->arena, bool, t->ncolumns);
	struct field *v;
	size_t n = 0;

	if (q->nexcept == 0 || q->nselect > 0)
		return;
	for (size_t i = 0; i < q->nexcept; i++) {
		struct path *p = &q->except[i];

		if (resolve_path(s, p, false) != FOUND)
			continue;
		if (p->nhops + p->njson > 0 || p->column->computed_of != NULL)
			resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
			    "Only columns of the table itself can be left "
			    "out.");
		else
			out[p->column - t->columns] = true;
	}
	v = arena_array(s->r->arena, struct field, t->ncolumns);
	for (size_t i = 0; i < t->ncolumns; i++)
		if (!out[i])
			set_column(&v[n++].path, &t->columns[i]);
	q->nexcept = 0;
	if (n == 0)
		resolve_wrong(s->r, ERR_BAD_FILTER, q->except[0].text,
		    "At least one column must be left.");
	if (n == t->ncolumns)
		return;
	q->select = v;
	q->nselect = n;
}

/* computed fields beside whatever is selected */
static void
resolve_also(struct scope *s)
{
	const struct table *t = s->table;
	struct query *q = s->q;
	size_t n = q->nselect;
	struct field *v;

	if (q->nalso == 0)
		return;
	v = arena_array(s->r->arena, struct field, n + t->ncolumns + q->nalso);
	for (size_t i = 0; i < n; i++)
		v[i] = q->select[i];
	for (size_t i = 0; q->nselect == 0 && i < t->ncolumns; i++)
		set_column(&v[n++].path, &t->columns[i]);
	q->select = v;
	for (size_t i = 0; i < q->nalso; i++) {
		const struct path *p = &q->also[i];
		const struct column *c = table_computed(t, resolve_whole(p));

		if (c == NULL) {
			resolve_wrong(s->r, ERR_UNKNOWN_COLUMN, p->text,
			    "There is no such computed value.");
			continue;
		}
		set_column(&v[n].path, c);
		if (!resolve_is_selected(q, n, &v[n]))
			n++;
	}
	q->nselect = n;
	q->nalso = 0;
}

static void
resolve_distinct(struct scope *s)
{
	const struct query *q = s->q;
	size_t n = q->nselect > 0 ? q->nselect : s->table->ncolumns;

	for (size_t i = 0; i < n; i++) {
		struct path p = {0};

		if (q->nselect > 0)
			p = q->select[i].path;
		else
			set_column(&p, &s->table->columns[i]);
		if (!resolve_operand(&p, AGG_NONE).has_eq)
			resolve_refuse_type(
			    s->r, &p, p.column->type, "told apart");
	}
	if (q->page.kind == PAGE_CURSOR)
		resolve_wrong(s->r, ERR_BAD_PARAM, STR("cursor"),
		    "Cannot be combined with distinct.");
}

/* ---- names of the answer ------------------------------------------------ */

static bool
is_column_name(const struct scope *s, struct str name)
{
	return s->q->nselect == 0 && table_column(s->table, name) != NULL;
}

static void
refuse_name(struct scope *s, struct str name)
{
	resolve_wrong(s->r, ERR_BAD_FILTER, name,
	    "Two parts of the answer would have this name.");
}

static void
resolve_names(struct scope *s)
{
	const struct query *q = s->q;

	for (size_t i = 0; i < q->nselect; i++)
		for (size_t k = 0; k < i; k++)
			if (str_eq(query_field_name(&q->select[i]),
				query_field_name(&q->select[k])))
				refuse_name(s, query_field_name(&q->select[i]));
	for (size_t i = 0; i < q->ninclude; i++) {
		struct str name = query_include_name(&q->include[i]);
		bool twice = is_column_name(s, name);

		if (q->include[i].join == JOIN_ANTI)
			continue;
		for (size_t k = 0; k < q->nselect; k++)
			twice = twice ||
				str_eq(name, query_field_name(&q->select[k]));
		for (size_t k = 0; k < i; k++)
			twice = twice || (q->include[k].join != JOIN_ANTI &&
					     str_eq(name, query_include_name(
							      &q->include[k])));
		if (twice)
			refuse_name(s, name);
	}
}

/* ---- order -------------------------------------------------------------- */

bool
resolve_is_ordered(const struct query *q, size_t n, const struct path *p,
    const struct field *field)
{
	for (size_t i = 0; i < n; i++)
		if (q->order[i].field == field &&
		    (field != NULL || query_same_path(&q->order[i].path, p)))
			return true;
	return false;
}

static bool
is_distinct_order(const struct query *q, const struct path *p)
{
	for (size_t i = 0; i < q->nselect; i++)
		if (query_same_path(&q->select[i].path, p))
			return true;
	return q->nselect == 0 && p->nhops + p->njson == 0 &&
	       p->column->computed_of == NULL;
}

/* a column that is really called "-name" */
static void
take_minus(const struct scope *s, struct order_key *k)
{
	if (!k->desc || k->path.nnames == 0 ||
	    resolve_named(s->table, resolve_whole(&k->path)) != NULL ||
	    resolve_named(s->table, k->path.text) == NULL)
		return;
	k->path.names[0] = k->path.text;
	k->path.nnames = 1;
	k->desc = false;
}

static bool
resolve_order_key(struct scope *s, struct order_key *k)
{
	struct path *p = &k->path;

	take_minus(s, k);
	if (resolve_column(s, p, false) != FOUND)
		return false;
	if (!resolve_operand(p, AGG_NONE).has_order)
		resolve_refuse_type(s->r, p, p->column->type, "ordered by");
	else if (s->q->distinct && !is_distinct_order(s->q, p))
		resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
		    "With distinct only what is selected can be ordered by.");
	else
		return true;
	return false;
}

static void
resolve_order_keys(struct scope *s)
{
	struct query *q = s->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->norder; i++) {
		struct order_key k = q->order[i];

		if (resolve_order_key(s, &k) &&
		    !resolve_is_ordered(q, kept, &k.path, NULL))
			q->order[kept++] = k;
	}
	q->norder = kept;
}

void
resolve_grow_order(struct scope *s, size_t n)
{
	struct query *q = s->q;
	struct order_key *asked = q->order;

	q->order = arena_array(s->r->arena, struct order_key, q->norder + n);
	for (size_t i = 0; i < q->norder; i++)
		q->order[i] = asked[i];
}

void
resolve_append_order(struct scope *s, const struct path *p, bool desc)
{
	struct query *q = s->q;
	struct order_key *k = &q->order[q->norder];

	if (!resolve_operand(p, AGG_NONE).has_order ||
	    resolve_is_ordered(q, q->norder, p, NULL))
		return;
	*k = (struct order_key){.path = *p, .desc = desc};
	q->norder++;
}

static void
append_column(struct scope *s, size_t column, bool desc)
{
	struct path p;

	set_column(&p, &s->table->columns[column]);
	resolve_append_order(s, &p, desc);
}

/* a total order, or pages would overlap: the key decides between equals; a
 * table without one is ordered by all it has, distinct rows by what they are */
static void
resolve_order(struct scope *s)
{
	const struct table *t = s->table;
	struct query *q = s->q;
	bool none;

	resolve_order_keys(s);
	none = q->norder == 0;
	resolve_grow_order(s, q->nselect + t->ncolumns);
	if (q->distinct && q->nselect > 0) {
		for (size_t i = 0; i < q->nselect; i++)
			resolve_append_order(s, &q->select[i].path, false);
		return;
	}
	for (size_t i = 0; i < t->nkey; i++)
		append_column(s, t->key[i], none);
	for (size_t i = 0; t->nkey == 0 && i < t->ncolumns; i++)
		append_column(s, i, false);
}

/* ---- the whole ---------------------------------------------------------- */

/* false: it cannot be known, and nothing more is said */
static bool
take_shape(struct scope *s, bool included)
{
	const struct query_limits *limits = s->r->limits;

	if (limits->shape == NULL || s->q->shaped ||
	    limits->shape(
		limits->shape_arg, s->q, s->table, included, s->r->err) == 0)
		return true;
	s->r->failed = true;
	return false;
}

/* the columns a table can have (PostgreSQL 15, appendix K) */
#define COLUMNS_MAX 1600

/* before anything is looked up: names are compared each with each */
static bool
is_too_much(struct scope *s)
{
	const struct query *q = s->q;
	struct resolve *r = s->r;

	r->nselected += q->nselect + q->nexcept + q->nalso;
	r->nordered += q->norder + q->ngroup;
	if (r->nselected <= COLUMNS_MAX &&
	    r->nordered <= r->limits->max_filters)
		return false;
	r->failed = true;
	if (r->nselected > COLUMNS_MAX)
		err_set(r->err, ERR_LIMIT, "At most %d columns.", COLUMNS_MAX);
	else
		err_set(r->err, ERR_LIMIT,
		    "At most %zu columns to order or group by.",
		    r->limits->max_filters);
	return true;
}

void
resolve_query(struct scope *s, const struct include *in)
{
	struct query *q = s->q;
	bool grouped = resolve_is_grouped(q);

	q->table = s->table;
	if (!take_shape(s, in != NULL) || is_too_much(s))
		return;
	if (grouped) {
		resolve_group(s);
	} else {
		resolve_select(s);
		resolve_except(s);
		resolve_also(s);
	}
	resolve_where(s);
	resolve_search(s);
	resolve_includes(s, in);
	if (q->distinct && !grouped)
		resolve_distinct(s);
	if (!s->r->failed)
		resolve_names(s);
	if (in != NULL && in->relation->kind == RELATION_TO_ONE)
		return;
	if (!grouped)
		resolve_order(s);
	else if (!s->r->failed)
		resolve_group_order(s);
}

int
query_resolve(struct arena *a, struct query *q, struct schema *schema,
    const struct table *table, const struct query_limits *limits,
    struct err *err)
{
	struct resolve r = {.arena = a,
	    .schema = schema,
	    .limits = limits,
	    .root = table,
	    .err = err};
	struct scope s = {.r = &r, .q = q, .table = table};

	resolve_query(&s, NULL);
	/* also when it failed: only who may read them may hear why */
	q->touched = r.touched;
	q->ntouched = r.ntouched;
	q->relates = r.relates;
	return r.failed ? -1 : resolve_cursor(&r, q);
}
