/* The tree as people read it in golden cases and in dynapictl explain: one
 * noun a line, two blanks for each level, names quoted only where needed. */
#include "query/query_priv.h"

#include "base/buf.h"
#include "base/escape.h"
#include "schema/schema.h"

static void
put_indent(struct buf *b, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		buf_lit(b, "  ");
}

static bool
is_plain(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || s.p[i] == '_' ||
			(i > 0 && s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return s.len > 0;
}

static void
put_name(struct buf *b, struct str name)
{
	if (is_plain(name))
		buf_str(b, name);
	else
		buf_json(b, name);
}

static void
put_path(struct buf *b, const struct path *p)
{
	for (size_t i = 0; i < p->nhops; i++) {
		put_name(b, p->hops[i]->name);
		buf_char(b, '.');
	}
	if (p->column != NULL) {
		put_name(b, p->column->name);
	} else if (p->nnames == 0) {
		buf_char(b, '*');
	} else {
		for (size_t i = 0; i < p->nnames; i++) {
			if (i > 0)
				buf_char(b, '.');
			put_name(b, p->names[i]);
		}
		buf_char(b, '?');
	}
	for (size_t i = 0; i < p->njson; i++) {
		buf_lit(b, "->");
		put_name(b, p->json[i]);
	}
}

static void
put_value(struct buf *b, const struct value *v)
{
	buf_char(b, ' ');
	if (v->is_null)
		buf_lit(b, "null");
	else
		buf_json(b, v->text);
	if (v->type != NULL) {
		buf_lit(b, " as ");
		put_name(b, v->type->base_name);
	}
}

static void put_expr(struct buf *, const struct expr *, unsigned depth);

static void
put_list(struct buf *b, const char *word, const struct expr *e, unsigned depth)
{
	buf_printf(b, "%s\n", word);
	for (size_t i = 0; i < e->list.n; i++)
		put_expr(b, e->list.v[i], depth + 1);
}

static void
put_in(struct buf *b, const char *word, const struct expr *e)
{
	buf_printf(b, "%s%s ", e->negated ? "n" : "", word);
	put_path(b, &e->in.path);
	for (size_t i = 0; i < e->in.n; i++)
		put_value(b, &e->in.v[i]);
	buf_char(b, '\n');
}

/* "sum(distinct amount)", or the path alone */
static void
put_aggregate(
    struct buf *b, enum aggregate agg, bool distinct, const struct path *p)
{
	static const char *const words[] = {
	    "", "count", "sum", "avg", "min", "max"};

	if (agg != AGG_NONE)
		buf_printf(b, "%s(%s", words[agg], distinct ? "distinct " : "");
	put_path(b, p);
	if (agg != AGG_NONE)
		buf_char(b, ')');
}

static void
put_step(struct buf *b, const struct expr *e)
{
	buf_lit(b, " by ");
	put_name(b, e->cmp.tree->name);
	if (e->cmp.onward == NULL)
		return;
	buf_char(b, '.');
	put_name(b, e->cmp.onward->name);
}

static void
put_cmp(struct buf *b, const struct expr *e)
{
	const struct op_info *op = &query_ops[e->cmp.op];

	if (!e->negated)
		buf_cstr(b, op->suffix);
	else if (op->negated[0] != '\0')
		buf_cstr(b, op->negated);
	else
		buf_printf(b, "not %s", op->suffix);
	buf_char(b, ' ');
	put_aggregate(b, e->cmp.agg, e->cmp.distinct, &e->cmp.path);
	if (op->takes == OP_TAKES_GRAPH)
		put_step(b, e);
	put_value(b, &e->cmp.value);
	buf_char(b, '\n');
}

static void
put_expr(struct buf *b, const struct expr *e, unsigned depth)
{
	put_indent(b, depth);
	switch (e->kind) {
	case EXPR_AND:
		put_list(b, "and", e, depth);
		break;
	case EXPR_OR:
		put_list(b, "or", e, depth);
		break;
	case EXPR_NOT:
		put_list(b, "not", e, depth);
		break;
	case EXPR_CMP:
		put_cmp(b, e);
		break;
	case EXPR_IN:
		put_in(b, "in", e);
		break;
	case EXPR_BETWEEN:
		put_in(b, "between", e);
		break;
	case EXPR_ISNULL:
		buf_cstr(b, e->negated ? "not isnull " : "isnull ");
		put_path(b, &e->null_path);
		buf_char(b, '\n');
		break;
	case EXPR_EXISTS:
		buf_cstr(b, e->negated ? "not exists " : "exists ");
		put_name(b, e->exists.relation->name);
		buf_cstr(b, e->exists.or_none ? " or none\n" : "\n");
		if (e->exists.where != NULL)
			put_expr(b, e->exists.where, depth + 1);
		break;
	}
}

static void
put_where(struct buf *b, const char *word, const struct expr *e, unsigned depth)
{
	if (e == NULL)
		return;
	put_indent(b, depth);
	buf_printf(b, "%s\n", word);
	put_expr(b, e, depth + 1);
}

static void
put_field(struct buf *b, const struct field *f)
{
	buf_char(b, ' ');
	put_aggregate(b, f->agg, f->distinct, &f->path);
	if (f->alias.p != NULL) {
		buf_lit(b, " as ");
		put_name(b, f->alias);
	}
}

static void
put_paths(struct buf *b, const char *word, const struct path *v, size_t n,
    unsigned depth)
{
	if (n == 0)
		return;
	put_indent(b, depth);
	buf_cstr(b, word);
	for (size_t i = 0; i < n; i++) {
		buf_char(b, ' ');
		put_path(b, &v[i]);
	}
	buf_char(b, '\n');
}

static void
put_select(struct buf *b, const struct query *q, unsigned depth)
{
	if (q->nselect > 0) {
		put_indent(b, depth);
		buf_cstr(b, q->distinct ? "select distinct" : "select");
		for (size_t i = 0; i < q->nselect; i++)
			put_field(b, &q->select[i]);
		buf_char(b, '\n');
	}
	put_paths(b, "except", q->except, q->nexcept, depth);
}

static void
put_search(struct buf *b, const struct query *q, unsigned depth)
{
	if (q->nsearch == 0)
		return;
	put_indent(b, depth);
	buf_lit(b, "search");
	for (size_t i = 0; i < q->nsearch; i++) {
		buf_char(b, ' ');
		buf_json(b, q->search[i].text);
	}
	buf_lit(b, " in");
	for (size_t i = 0; i < q->nsearch_in; i++) {
		const struct expr *e = &q->search_in[i];

		buf_char(b, ' ');
		buf_cstr(b, query_search_prefix(e->cmp.op));
		put_path(b, &e->cmp.path);
	}
	buf_char(b, '\n');
}

static void
put_key(struct buf *b, const struct order_key *k)
{
	const struct field *f = k->field;

	if (f != NULL && f->agg != AGG_NONE)
		put_aggregate(b, f->agg, f->distinct, &f->path);
	else
		put_path(b, f != NULL ? &f->path : &k->path);
}

static void
put_order(struct buf *b, const struct query *q, unsigned depth)
{
	static const char *const nulls[] = {"", " nulls first", " nulls last"};

	if (q->norder == 0)
		return;
	put_indent(b, depth);
	buf_lit(b, "order");
	for (size_t i = 0; i < q->norder; i++) {
		buf_cstr(b, q->order[i].desc ? " -" : " ");
		put_key(b, &q->order[i]);
		buf_cstr(b, nulls[q->order[i].nulls]);
	}
	buf_char(b, '\n');
}

/* after the values of one row, one per order key */
static void
put_cursor(struct buf *b, const struct page *p, size_t nkeys)
{
	buf_printf(b, "cursor limit %lld", (long long)p->limit);
	if (p->after == NULL)
		return;
	buf_lit(b, " after");
	for (size_t i = 0; i < nkeys; i++)
		put_value(b, &p->after[i]);
}

static void
put_page(struct buf *b, const struct query *q, unsigned depth)
{
	const struct page *p = &q->page;

	if (p->kind == PAGE_NONE)
		return;
	put_indent(b, depth);
	switch (p->kind) {
	case PAGE_NONE:
		break;
	case PAGE_SLICE:
		buf_lit(b, "slice");
		if (p->has_limit)
			buf_printf(b, " limit %lld", (long long)p->limit);
		buf_printf(b, " offset %lld", (long long)p->offset);
		break;
	case PAGE_NUMBER:
		if (p->number == 0)
			buf_lit(b, "page last");
		else
			buf_printf(b, "page %lld", (long long)p->number);
		buf_printf(b, " size %lld", (long long)p->limit);
		break;
	case PAGE_CURSOR:
		put_cursor(b, p, q->norder);
		break;
	}
	buf_char(b, '\n');
}

static void put_query(struct buf *, const struct query *, unsigned depth);

static void
put_includes(struct buf *b, const struct query *q, unsigned depth)
{
	static const char *const joins[] = {"left", "inner", "anti"};

	for (size_t i = 0; i < q->ninclude; i++) {
		put_indent(b, depth);
		buf_printf(b, "include %s ", joins[q->include[i].join]);
		put_name(b, q->include[i].name);
		if (q->include[i].alias.p != NULL) {
			buf_lit(b, " as ");
			put_name(b, q->include[i].alias);
		}
		buf_char(b, '\n');
		put_query(b, q->include[i].query, depth + 1);
	}
}

/* the tables beside its own that the question touches */
static void
put_touched(struct buf *b, const struct query *q, unsigned depth)
{
	if (q->ntouched == 0)
		return;
	put_indent(b, depth);
	buf_lit(b, "touches");
	for (size_t i = 0; i < q->ntouched; i++)
		buf_printf(b, " %.*s", STR_ARGS(q->touched[i]->qname));
	buf_char(b, '\n');
}

static void
put_query(struct buf *b, const struct query *q, unsigned depth)
{
	if (q->table != NULL) {
		put_indent(b, depth);
		buf_printf(b, "table %.*s\n", STR_ARGS(q->table->qname));
	}
	put_touched(b, q, depth);
	put_select(b, q, depth);
	put_where(b, "where", q->where, depth);
	put_search(b, q, depth);
	put_paths(b, "group", q->group, q->ngroup, depth);
	put_where(b, "having", q->having, depth);
	put_order(b, q, depth);
	put_page(b, q, depth);
	put_includes(b, q, depth);
	if (q->want_count != COUNT_NONE) {
		put_indent(b, depth);
		buf_printf(b, "count %s\n",
		    q->want_count == COUNT_EXACT ? "exact" : "estimated");
	}
	if (q->format.p != NULL) {
		put_indent(b, depth);
		buf_lit(b, "format ");
		buf_json(b, q->format);
		buf_char(b, '\n');
	}
}

void
query_dump(struct buf *b, const struct query *q)
{
	put_query(b, q, 0);
}
