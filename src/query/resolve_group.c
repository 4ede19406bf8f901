/*
 * Queries that answer with groups: aggregates, the columns grouped by, having,
 * and an order among these.  A group is a row without a key, so nothing that
 * needs one is combined with it.
 */
#include "query/resolve_priv.h"

#include "base/arena.h"

static const char *const agg_words[] = {
    "", "count", "sum", "avg", "min", "max"};

bool
resolve_is_grouped(const struct query *q)
{
	for (size_t i = 0; i < q->nselect; i++)
		if (q->select[i].agg != AGG_NONE)
			return true;
	return q->ngroup > 0 || q->having != NULL;
}

static bool
has_minimum(const struct column *c)
{
	static const char *const builtin[] = {"inet", "money", "oid", "pg_lsn"};

	switch (c->type->class) {
	case TYPE_BUILTIN:
		for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]);
		     i++)
			if (value_is_builtin(c->type, builtin[i]))
				return true;
		return false;
	case TYPE_BOOL:
	case TYPE_BYTEA:
	case TYPE_UUID:
	case TYPE_JSON:
	case TYPE_JSONB:
	case TYPE_COMPOSITE:
	case TYPE_RANGE:
	case TYPE_OTHER:
		return false;
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
	case TYPE_NUMERIC:
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
	case TYPE_TEXT:
	case TYPE_CHAR:
	case TYPE_DATE:
	case TYPE_TIME:
	case TYPE_TIMETZ:
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMPTZ:
	case TYPE_INTERVAL:
	case TYPE_ENUM:
	case TYPE_ARRAY:
		break;
	}
	return c->has_order;
}

/* PostgreSQL 15 table 9.59; what a JSON value holds is not known */
static bool
has_aggregate(const struct path *p, enum aggregate agg)
{
	const struct column *c = p->column;

	switch (agg) {
	case AGG_NONE:
	case AGG_COUNT:
		return true;
	case AGG_SUM:
	case AGG_AVG:
		return p->njson == 0 && (type_is_number(c->type) ||
					    c->type->class == TYPE_INTERVAL);
	case AGG_MIN:
	case AGG_MAX:
		return p->njson == 0 && has_minimum(c);
	}
	return false;
}

/* the path of an aggregate; count has none for "*" */
static enum found
resolve_aggregate(
    struct scope *s, struct path *p, enum aggregate agg, bool distinct)
{
	enum found f;

	if (p->nnames == 0)
		return agg == AGG_COUNT && !distinct
			   ? FOUND
			   : resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
				 "Only count can do without a column.");
	f = resolve_column(s, p, true);
	if (f != FOUND)
		return f;
	if (!has_aggregate(p, agg))
		return resolve_refuse_type(s->r, p, p->column->type,
		    arena_printf(
			s->r->arena, "the argument of %s", agg_words[agg]));
	if (distinct && p->njson == 0 && !p->column->has_eq)
		return resolve_refuse_type(
		    s->r, p, p->column->type, "told apart");
	return FOUND;
}

static void
name_aggregate(struct scope *s, struct field *f)
{
	struct str title;

	if (f->alias.p != NULL)
		return;
	if (f->path.column == NULL) {
		f->alias = str_from(agg_words[f->agg]);
		return;
	}
	title = resolve_title(s->r->arena, &f->path, "_");
	f->alias = str_from(arena_printf(
	    s->r->arena, "%s_%.*s", agg_words[f->agg], STR_ARGS(title)));
}

static bool
is_among(const struct path *v, size_t n, const struct path *p)
{
	for (size_t i = 0; i < n; i++)
		if (query_same_path(&v[i], p))
			return true;
	return false;
}

static bool
is_grouped_by(const struct query *q, const struct path *p)
{
	return is_among(q->group, q->ngroup, p);
}

static void
resolve_keys(struct scope *s)
{
	struct query *q = s->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->ngroup; i++) {
		struct path *p = &q->group[i];

		if (resolve_column(s, p, true) != FOUND)
			continue;
		if (p->njson == 0 && !p->column->has_eq) {
			resolve_refuse_type(
			    s->r, p, p->column->type, "grouped by");
			continue;
		}
		if (!is_among(q->group, kept, p))
			q->group[kept++] = *p;
	}
	q->ngroup = kept;
}

static bool
resolve_field(struct scope *s, struct field *f)
{
	if (f->agg != AGG_NONE) {
		if (resolve_aggregate(s, &f->path, f->agg, f->distinct) !=
		    FOUND)
			return false;
		name_aggregate(s, f);
		return true;
	}
	if (resolve_column(s, &f->path, true) != FOUND)
		return false;
	if (!is_grouped_by(s->q, &f->path)) {
		resolve_wrong(s->r, ERR_BAD_FILTER, f->path.text,
		    "Only what is grouped by can stand beside an aggregate.");
		return false;
	}
	if (f->alias.p == NULL && f->path.nhops + f->path.njson > 0)
		f->alias = resolve_title(s->r->arena, &f->path, ".");
	return true;
}

static void
resolve_fields(struct scope *s)
{
	struct query *q = s->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->nselect; i++) {
		struct field f = q->select[i];

		if (resolve_field(s, &f) && !resolve_is_selected(q, kept, &f))
			q->select[kept++] = f;
	}
	q->nselect = kept;
}

/* ---- having ------------------------------------------------------------- */

static const struct field *
find_alias(const struct query *q, const struct path *p)
{
	struct str name = resolve_whole(p);

	for (size_t i = 0; i < q->nselect; i++)
		if (str_eq(q->select[i].alias, name) && name.len > 0)
			return &q->select[i];
	return NULL;
}

static struct expr *
compare_aggregate(struct arena *a, const struct expr *of, const struct field *f,
    enum op op, struct value v)
{
	struct expr *e = arena_make(a, struct expr);

	e->kind = EXPR_CMP;
	e->text = of->text;
	e->cmp.path = f->path;
	e->cmp.path.text = of->in.path.text;
	e->cmp.agg = f->agg;
	e->cmp.distinct = f->distinct;
	e->cmp.op = op;
	e->cmp.value = v;
	return e;
}

/* IN and BETWEEN as comparisons, for these can be of aggregates */
static void
unfold(struct arena *a, struct expr *e, const struct field *f)
{
	bool any = e->kind == EXPR_IN, negated = e->negated;
	struct expr list = {.kind = any ? EXPR_OR : EXPR_AND, .text = e->text};

	list.list.v = arena_array(a, struct expr *, e->in.n);
	for (size_t i = 0; i < e->in.n; i++) {
		enum op op = any ? OP_EQ : i == 0 ? OP_GE : OP_LE;

		list.list.v[list.list.n++] =
		    compare_aggregate(a, e, f, op, e->in.v[i]);
	}
	*e = list;
	if (negated)
		*e = *query_not(a, arena_memdup(a, &list, sizeof(list)));
}

static enum found
resolve_compared(struct scope *s, struct expr *e)
{
	struct path *p = &e->cmp.path;

	if (resolve_aggregate(s, p, e->cmp.agg, e->cmp.distinct) != FOUND)
		return WRONG;
	return resolve_op(s, e, resolve_operand(p, e->cmp.agg));
}

static enum found
resolve_unfolded(struct scope *s, struct expr *e, const struct field *f)
{
	enum found got = FOUND;
	struct expr *list = e;

	unfold(s->r->arena, e, f);
	if (e->kind == EXPR_NOT)
		list = e->list.v[0];
	for (size_t i = 0; i < list->list.n; i++)
		if (resolve_compared(s, list->list.v[i]) != FOUND)
			got = WRONG;
	return got;
}

static enum found
refuse_null(struct scope *s, const struct path *p)
{
	return resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
	    "Aggregates can only be compared with values.");
}

static enum found
resolve_key_leaf(struct scope *s, struct expr *e, struct path *p)
{
	if (resolve_column(s, p, true) != FOUND)
		return WRONG;
	if (!is_grouped_by(s->q, p))
		return resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
		    "Only aggregates and what is grouped by can be compared "
		    "here.");
	if (e->kind == EXPR_CMP)
		return resolve_op(s, e, resolve_operand(p, AGG_NONE));
	return e->kind == EXPR_ISNULL
		   ? FOUND
		   : resolve_in(s, e, resolve_operand(p, AGG_NONE));
}

static bool
is_place(const struct expr *e)
{
	return e->kind == EXPR_CMP &&
	       (query_ops[e->cmp.op].takes == OP_TAKES_TREE ||
		   query_ops[e->cmp.op].takes == OP_TAKES_GRAPH);
}

static enum found
resolve_having(struct scope *s, struct expr *e, bool must)
{
	struct path *p = e->kind == EXPR_CMP      ? &e->cmp.path
			 : e->kind == EXPR_ISNULL ? &e->null_path
						  : &e->in.path;
	const struct field *f;
	struct str text = p->text;

	(void)must; /* a group has nothing that could be left out */
	if (is_place(e))
		return resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
		    "A group has no place in a tree or a graph.");
	if (e->kind == EXPR_CMP && e->cmp.agg != AGG_NONE)
		return resolve_compared(s, e);
	f = find_alias(s->q, p);
	if (f == NULL)
		return resolve_key_leaf(s, e, p);
	if (f->agg == AGG_NONE) {
		*p = f->path;
		p->text = text;
		return resolve_key_leaf(s, e, p);
	}
	if (e->kind == EXPR_ISNULL)
		return refuse_null(s, p);
	if (e->kind != EXPR_CMP)
		return resolve_unfolded(s, e, f);
	*p = f->path;
	p->text = text;
	e->cmp.agg = f->agg;
	e->cmp.distinct = f->distinct;
	return resolve_compared(s, e);
}

void
resolve_group(struct scope *s)
{
	struct query *q = s->q;

	resolve_keys(s);
	if (s->r->failed)
		return;
	resolve_fields(s);
	if (q->nselect == 0 && !s->r->failed)
		resolve_wrong(s->r, ERR_BAD_FILTER, STR("having"),
		    "Having needs a group or an aggregate.");
	if (q->distinct)
		resolve_wrong(s->r, ERR_BAD_FILTER, STR("distinct"),
		    "Groups are distinct by themselves.");
	if (q->ninclude > 0)
		resolve_wrong(s->r, ERR_BAD_FILTER, q->include[0].text,
		    "Groups have no relations.");
	if (q->page.kind == PAGE_CURSOR)
		resolve_wrong(s->r, ERR_BAD_PARAM, STR("cursor"),
		    "Groups have no cursor.");
	if (!s->r->failed && q->having != NULL)
		resolve_expr(s, q->having, true, resolve_having);
}

/* ---- order -------------------------------------------------------------- */

static enum found
resolve_group_key(struct scope *s, struct order_key *k)
{
	const struct field *f = find_alias(s->q, &k->path);
	enum found found;

	if (f != NULL && f->agg != AGG_NONE) {
		k->field = f;
		k->path.column = f->path.column;
		return FOUND;
	}
	if (f != NULL) {
		k->path.names = f->path.names;
		k->path.nnames = f->path.nnames;
	}
	found = resolve_column(s, &k->path, false);
	if (found != FOUND)
		return found;
	if (!is_grouped_by(s->q, &k->path))
		return resolve_wrong(s->r, ERR_BAD_FILTER, k->path.text,
		    "Groups can be ordered by what they are grouped by and "
		    "by aggregates.");
	return resolve_operand(&k->path, AGG_NONE).has_order
		   ? FOUND
		   : resolve_refuse_type(
			 s->r, &k->path, k->path.column->type, "ordered by");
}

/* what the groups are made of tells them apart: a total order */
void
resolve_group_order(struct scope *s)
{
	struct query *q = s->q;
	size_t kept = 0;

	for (size_t i = 0; i < q->norder; i++) {
		struct order_key k = q->order[i];

		if (resolve_group_key(s, &k) == FOUND &&
		    !resolve_is_ordered(q, kept, &k.path, k.field))
			q->order[kept++] = k;
	}
	q->norder = kept;
	resolve_grow_order(s, q->ngroup);
	for (size_t i = 0; i < q->ngroup; i++)
		resolve_append_order(s, &q->group[i], false);
}
