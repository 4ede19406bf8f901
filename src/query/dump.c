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
	for (size_t i = 0; i < p->njoins; i++) {
		put_name(b, p->joins[i].fkey->name);
		buf_char(b, '.');
	}
	if (p->column != NULL) {
		put_name(b, p->column->name);
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
	buf_printf(b, "%s ", word);
	put_path(b, &e->in.path);
	for (size_t i = 0; i < e->in.n; i++)
		put_value(b, &e->in.v[i]);
	buf_char(b, '\n');
}

static void
put_expr(struct buf *b, const struct expr *e, unsigned depth)
{
	static const char *const quant[] = {"", " any", " all"};

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
		buf_printf(b, "%s%s ", query_ops[e->cmp.op].suffix,
		    quant[e->cmp.quant]);
		put_path(b, &e->cmp.path);
		put_value(b, &e->cmp.value);
		buf_char(b, '\n');
		break;
	case EXPR_IN:
		put_in(b, "in", e);
		break;
	case EXPR_BETWEEN:
		put_in(b, "between", e);
		break;
	case EXPR_ISNULL:
		buf_lit(b, "isnull ");
		put_path(b, &e->null_path);
		buf_char(b, '\n');
		break;
	case EXPR_EXISTS:
		buf_lit(b, "exists ");
		put_path(b, &e->exists.relation);
		buf_char(b, '\n');
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
	static const char *const words[] = {
	    "", "count ", "sum ", "avg ", "min ", "max "};

	buf_printf(b, " %s", words[f->agg]);
	put_path(b, &f->path);
	if (f->alias.p != NULL) {
		buf_lit(b, " as ");
		put_name(b, f->alias);
	}
}

static void
put_select(struct buf *b, const struct query *q, unsigned depth)
{
	if (q->nselect == 0)
		return;
	put_indent(b, depth);
	buf_cstr(b, q->distinct ? "select distinct" : "select");
	for (size_t i = 0; i < q->nselect; i++)
		put_field(b, &q->select[i]);
	buf_char(b, '\n');
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
	for (size_t i = 0; i < q->nsearch_columns; i++) {
		buf_char(b, ' ');
		put_name(b, q->search_columns[i]->name);
	}
	buf_char(b, '\n');
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
		put_path(b, &q->order[i].path);
		buf_cstr(b, nulls[q->order[i].nulls]);
	}
	buf_char(b, '\n');
}

static void
put_page(struct buf *b, const struct page *p, unsigned depth)
{
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
		buf_printf(b, "cursor %.*s", STR_ARGS(p->cursor));
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
		put_path(b, &q->include[i].path);
		buf_char(b, '\n');
		put_query(b, q->include[i].query, depth + 1);
	}
}

static void
put_group(struct buf *b, const struct query *q, unsigned depth)
{
	if (q->ngroup == 0)
		return;
	put_indent(b, depth);
	buf_lit(b, "group");
	for (size_t i = 0; i < q->ngroup; i++) {
		buf_char(b, ' ');
		put_path(b, &q->group[i]);
	}
	buf_char(b, '\n');
}

static void
put_query(struct buf *b, const struct query *q, unsigned depth)
{
	if (q->table != NULL) {
		put_indent(b, depth);
		buf_printf(b, "table %.*s\n", STR_ARGS(q->table->qname));
	}
	put_select(b, q, depth);
	put_where(b, "where", q->where, depth);
	put_search(b, q, depth);
	put_group(b, q, depth);
	put_where(b, "having", q->having, depth);
	put_order(b, q, depth);
	put_page(b, &q->page, depth);
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
