/* The rows of a question as SQL: lists with what lies beside them, and
 * groups. */
#include "random.h"

#include <stdlib.h>
#include <string.h>

static void put_rows(struct text *, const struct query *,
    const struct relation *, const char *near, bool ordered);

static void
put_included(struct text *t, const struct include *inc, const char *name)
{
	const char *row = sql_name();

	if (inc->relation->to_one)
		text_format(t, "(select row_to_json(%s) from (", row);
	else
		text_format(t,
		    "(select ('[' || coalesce(string_agg(row_to_json(%s)::text,"
		    " ','), '') || ']')::json from (",
		    row);
	put_rows(t, inc->query, inc->relation, name, true);
	text_format(t, ") %s)", row);
}

static void
put_list(struct text *t, const struct query *q, const char *name)
{
	bool some = false;
	struct path p = {.nhops = 0};

	for (size_t i = 0; i < q->nfields; i++) {
		text_add(t, i > 0 ? ", " : "");
		sql_value(t, name, &q->fields[i].path, FORM_SHOWN);
		text_add(t, " as ");
		text_ident(t, q->fields[i].alias);
		some = true;
	}
	for (size_t i = 0; q->nfields == 0 && i < q->table->ncolumns; i++) {
		text_add(t, i > 0 ? ", " : "");
		p.column = &q->table->columns[i];
		sql_value(t, name, &p, FORM_SHOWN);
		text_add(t, " as ");
		text_ident(t, p.column->name);
		some = true;
	}
	for (size_t i = 0; i < q->ninclude; i++) {
		const struct include *inc = &q->include[i];

		if (inc->join == JOIN_ANTI)
			continue;
		text_add(t, some ? ", " : "");
		some = true;
		put_included(t, inc, name);
		text_add(t, " as ");
		text_ident(
		    t, inc->alias != NULL ? inc->alias : inc->relation->name);
	}
}

static void
put_direction(struct text *t, const struct order *o)
{
	text_add(t, o->desc ? " desc" : " asc");
	/* null is more than anything else */
	if (o->nulls == ORDER_FIRST || (o->nulls == ORDER_PLAIN && o->desc))
		text_add(t, " nulls first");
	else
		text_add(t, " nulls last");
}

static bool
is_ordered_by(const struct query *q, const struct column *c)
{
	for (size_t i = 0; i < q->norder; i++)
		if (q->order[i].path.nhops == 0 &&
		    q->order[i].path.column == c &&
		    q->order[i].path.place == NULL)
			return true;
	return false;
}

static void
put_tie(struct text *t, const struct query *q, const struct column *c,
    const char *name, bool desc, bool *some)
{
	if (!c->has_order || is_ordered_by(q, c))
		return;
	text_add(t, *some ? ", " : " order by ");
	*some = true;
	sql_column(t, name, c->name);
	text_add(t, desc ? " desc" : "");
}

/* without a wish the newest key is first; with one, the key decides last */
static void
put_order(struct text *t, const struct query *q, const char *name)
{
	const struct table *table = q->table;
	bool some = false;

	for (size_t i = 0; i < q->norder; i++) {
		text_add(t, some ? ", " : " order by ");
		some = true;
		sql_value(t, name, &q->order[i].path, FORM_VALUE);
		put_direction(t, &q->order[i]);
	}
	for (size_t i = 0; i < table->nkey; i++)
		put_tie(t, q, table->key[i], name, q->norder == 0, &some);
	for (size_t i = 0; table->nkey == 0 && i < table->ncolumns; i++)
		put_tie(t, q, &table->columns[i], name, false, &some);
}

static void
put_slice(struct text *t, const struct query *q)
{
	if (q->page == PAGE_NUMBER)
		text_format(t, " limit %ld offset %ld", q->limit,
		    (q->number - 1) * q->limit);
	if (q->page != PAGE_SLICE)
		return;
	if (q->limit > 0)
		text_format(t, " limit %ld", q->limit);
	text_format(t, " offset %ld", q->offset);
}

static const struct field *
find_field(const struct query *q, const struct path *p)
{
	for (size_t i = 0; i < q->nfields; i++)
		if (memcmp(&q->fields[i].path, p, sizeof(*p)) == 0)
			return &q->fields[i];
	abort();
}

/* rows told apart by what they show, and ordered by that */
static void
put_distinct_order(struct text *t, const struct query *q)
{
	bool some = false;

	for (size_t i = 0; i < q->norder; i++) {
		text_add(t, some ? ", " : " order by ");
		some = true;
		text_ident(t, find_field(q, &q->order[i].path)->alias);
		put_direction(t, &q->order[i]);
	}
	for (size_t i = 0; i < q->nfields; i++) {
		if (!q->fields[i].path.column->has_order)
			continue;
		text_add(t, some ? ", " : " order by ");
		some = true;
		text_ident(t, q->fields[i].alias);
	}
}

/* the rows of a relation, or of the table itself */
static void
put_rows(struct text *t, const struct query *q, const struct relation *r,
    const char *near, bool ordered)
{
	const char *name = sql_name();

	if (q->distinct)
		text_add(t, "select * from (select distinct ");
	else
		text_add(t, "select ");
	put_list(t, q, name);
	text_add(t, " from ");
	sql_table(t, q->table, name);
	text_add(t, " where ");
	if (r != NULL)
		sql_match(t, r, near, name);
	else
		text_add(t, "true");
	sql_conditions(t, q, name);
	if (q->distinct)
		text_format(t, ") %s", sql_name());
	if (!ordered)
		return;
	if (q->distinct)
		put_distinct_order(t, q);
	else
		put_order(t, q, name);
	put_slice(t, q);
}

/* ---- groups ------------------------------------------------------------- */

static void
put_aggregate(struct text *t, const struct query *q, const struct field *f)
{
	size_t i = (size_t)(f - q->fields);

	if (f->function == NULL)
		text_format(t, "v%zu", i);
	else if (f->path.column == NULL)
		text_add(t, "count(*)");
	else
		text_format(t, "%s(%sv%zu)", f->function,
		    f->distinct ? "distinct " : "", i);
}

static void
put_having(struct text *t, const struct query *q)
{
	for (size_t i = 0; q->having != NULL && i < q->having->n; i++) {
		const struct node *leaf = q->having->v[i];
		struct text given = {NULL, 0, 0};
		struct side side = {NULL, NULL, leaf};

		put_aggregate(&given, q, leaf->of);
		side.given = text_get(&given);
		text_add(t, i > 0 ? " and " : " having ");
		text_add(t, leaf->negated ? "not (" : "(");
		sql_test(t, &side);
		text_add(t, ")");
	}
}

static void
put_group_order(struct text *t, const struct query *q)
{
	bool some = false;

	for (size_t i = 0; i < q->norder; i++) {
		const struct field *f = q->order[i].of;

		text_add(t, some ? ", " : " order by ");
		some = true;
		put_aggregate(
		    t, q, f != NULL ? f : find_field(q, &q->order[i].path));
		put_direction(t, &q->order[i]);
	}
	for (size_t i = 0; i < q->ngroup; i++) {
		text_add(t, some ? ", " : " order by ");
		some = true;
		put_aggregate(t, q, &q->fields[i]);
	}
}

static void
put_groups(struct text *t, const struct query *q, bool ordered)
{
	const char *name = sql_name();

	text_add(t, "select ");
	for (size_t i = 0; i < q->nfields; i++) {
		const struct field *f = &q->fields[i];

		text_add(t, i > 0 ? ", " : "");
		put_aggregate(t, q, f);
		text_add(t, " as ");
		text_ident(t, f->alias);
	}
	text_add(t, " from (select true as v");
	for (size_t i = 0; i < q->nfields; i++) {
		if (q->fields[i].path.column == NULL)
			continue;
		text_add(t, ", ");
		sql_value(t, name, &q->fields[i].path, FORM_VALUE);
		text_format(t, " as v%zu", i);
	}
	text_add(t, " from ");
	sql_table(t, q->table, name);
	text_add(t, " where true");
	sql_conditions(t, q, name);
	text_format(t, ") %s", sql_name());
	for (size_t i = 0; i < q->ngroup; i++)
		text_format(t, "%sv%zu", i > 0 ? ", " : " group by ", i);
	put_having(t, q);
	if (!ordered)
		return;
	put_group_order(t, q);
	put_slice(t, q);
}

static void
put_answer(struct text *t, const struct query *q, bool ordered)
{
	if (q->grouped)
		put_groups(t, q, ordered);
	else
		put_rows(t, q, NULL, NULL, ordered);
}

void
write_sql(struct text *t, const struct query *q)
{

	text_add(t, "select (select count(*) from (");
	put_answer(t, q, false);
	text_add(t, ") n), (select '[' || "
		    "coalesce(string_agg(row_to_json(r)::text, ','), '') || "
		    "']' from (");
	put_answer(t, q, true);
	text_add(t, ") r)");
}
