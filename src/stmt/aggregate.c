/*
 * Groups and what is computed of them.  "distinct" is a grouping by all that
 * is selected: so a column whose output is JSON, which has no equality, can
 * still be told apart by its own.
 */
#include "stmt/stmt_priv.h"

static bool
has_aggregate(const struct query *q)
{
	for (size_t i = 0; i < q->nselect; i++)
		if (q->select[i].agg != AGG_NONE)
			return true;
	return q->having != NULL;
}

bool
stmt_is_grouped(const struct query *q)
{
	return q->ngroup > 0 || q->distinct || has_aggregate(q);
}

bool
stmt_is_selected(const struct query *q, const struct path *p)
{
	for (size_t i = 0; i < q->nselect; i++)
		if (q->select[i].agg == AGG_NONE &&
		    query_same_path(&q->select[i].path, p))
			return true;
	return q->nselect == 0 && p->nhops == 0 && p->njson == 0 &&
	       p->column->computed_of == NULL;
}

/* the least citext is not the least text */
static void
emit_home(struct stmt *s, const struct path *p)
{
	if (p->njson == 0 && p->column->type->class == TYPE_TEXT &&
	    !str_eq_c(p->column->type->base_schema, "pg_catalog"))
		stmt_ident(s, p->column->type->base_schema);
	else
		stmt_lit(s, "pg_catalog");
}

void
stmt_aggregate(struct stmt *s, const struct from *f, const struct path *p,
    enum aggregate agg, bool distinct)
{
	switch (agg) {
	case AGG_NONE:
		stmt_path(s, f, p, PATH_VALUE);
		return;
	case AGG_COUNT:
		stmt_lit(s, "pg_catalog.count(");
		break;
	case AGG_SUM:
		stmt_lit(s, "pg_catalog.sum(");
		break;
	case AGG_AVG:
		stmt_lit(s, "pg_catalog.avg(");
		break;
	case AGG_MIN:
		emit_home(s, p);
		stmt_lit(s, ".min(");
		break;
	case AGG_MAX:
		emit_home(s, p);
		stmt_lit(s, ".max(");
		break;
	}
	if (p->column == NULL) {
		stmt_lit(s, "*)");
		return;
	}
	if (distinct)
		stmt_lit(s, "distinct ");
	stmt_path(s, f, p, p->njson > 0 ? PATH_TEXT : PATH_VALUE);
	stmt_lit(s, ")");
}

bool
stmt_field_is_plain(const struct field *f)
{
	return f->alias.p == NULL && f->agg == AGG_NONE && f->path.nhops == 0 &&
	       f->path.njson == 0;
}

static void
emit_selected(struct stmt *s, const struct from *f)
{
	const struct query *q = f->q;
	struct path p = {0};

	for (size_t i = 0; i < q->nselect; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_path(s, f, &q->select[i].path, PATH_VALUE);
	}
	for (size_t i = 0; q->nselect == 0 && i < q->table->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		p.column = &q->table->columns[i];
		stmt_path(s, f, &p, PATH_VALUE);
	}
}

/* of_nothing: there is no aggregate in the select list that would say that
 * all rows are one group */
void
stmt_group(struct stmt *s, const struct from *f, bool of_nothing)
{
	const struct query *q = f->q;

	if (q->ngroup == 0 && !has_aggregate(q)) {
		if (q->distinct) {
			stmt_lit(s, " group by ");
			emit_selected(s, f);
		}
		return;
	}
	for (size_t i = 0; i < q->ngroup; i++) {
		if (i == 0)
			stmt_lit(s, " group by ");
		else
			stmt_lit(s, ", ");
		stmt_path(s, f, &q->group[i], PATH_VALUE);
	}
	if (q->ngroup == 0 && of_nothing)
		stmt_lit(s, " group by ()");
	if (q->having != NULL) {
		stmt_lit(s, " having ");
		stmt_expr(s, f, q->having);
	}
}
