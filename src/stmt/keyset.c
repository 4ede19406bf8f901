/*
 * The rows behind a cursor.  Where all keys go one way and none can be null,
 * they are what a row comparison says, and one index range finds them.  Else
 * there is a branch for each key: equal in the keys before it and behind the
 * cursor in this one; each is ordered and limited by itself, so that an index
 * serves each, and their union takes the table's place.  One condition with
 * OR would read the whole table.
 */
#include "stmt/stmt_priv.h"

#include <assert.h>

#include "base/arena.h"

enum branch_kind {
	BRANCH_BEHIND,  /* behind the cursor's value */
	BRANCH_NULLS,   /* nulls come after all values */
	BRANCH_NOT_NULL /* values come after the nulls */
};

static bool
can_be_null(const struct order_key *k)
{
	return k->path.nhops > 0 || k->path.njson > 0 ||
	       !k->path.column->not_null;
}

static bool
has_nulls_last(const struct order_key *k)
{
	return k->nulls == NULLS_LAST ||
	       (k->nulls == NULLS_DEFAULT && !k->desc);
}

static bool
is_set(const struct query *q)
{
	return q->page.kind == PAGE_CURSOR && q->page.after != NULL;
}

static const struct type *
key_type(const struct order_key *k)
{
	return query_type(&k->path, AGG_NONE);
}

/* ROW() takes the operators it finds, which are not an extension's */
static bool
is_row_comparison(const struct query *q)
{
	for (size_t i = 0; i < q->norder; i++) {
		const struct order_key *k = &q->order[i];
		const struct type *t = key_type(k);

		if (can_be_null(k) || k->desc != q->order[0].desc ||
		    q->page.after[i].is_null ||
		    !str_eq_c(t->base_schema, "pg_catalog"))
			return false;
	}
	return q->norder > 0;
}

static bool
has_branch(const struct query *q, size_t i, enum branch_kind kind)
{
	const struct order_key *k = &q->order[i];
	bool at_null = q->page.after[i].is_null;

	switch (kind) {
	case BRANCH_BEHIND:
		return !at_null;
	case BRANCH_NULLS:
		return !at_null && can_be_null(k) && has_nulls_last(k);
	case BRANCH_NOT_NULL:
		return at_null && !has_nulls_last(k);
	}
	return false;
}

bool
stmt_keyset_branches(const struct query *q)
{
	return is_set(q) && !is_row_comparison(q);
}

static void
emit_compared(struct stmt *s, const struct from *f, size_t i, const char *op)
{
	const struct order_key *k = &f->q->order[i];
	const struct value *v = &f->q->page.after[i];

	stmt_order_key(s, f, k);
	stmt_operator(s, op, k->path.njson > 0 ? NULL : key_type(k));
	stmt_value(s, v, key_type(k));
}

static void
emit_branch_where(
    struct stmt *s, const struct from *f, size_t key, enum branch_kind kind)
{
	const struct query *q = f->q;
	bool some = false;

	stmt_conditions(s, q, false, &some);
	for (size_t i = 0; i < key; i++) {
		stmt_and(s, &some);
		if (q->page.after[i].is_null) {
			stmt_order_key(s, f, &q->order[i]);
			stmt_is_null(s, &q->order[i].path, false);
		} else {
			emit_compared(s, f, i, "=");
		}
	}
	stmt_and(s, &some);
	if (kind == BRANCH_BEHIND) {
		emit_compared(s, f, key, q->order[key].desc ? "<" : ">");
		return;
	}
	stmt_order_key(s, f, &q->order[key]);
	stmt_is_null(s, &q->order[key].path, kind == BRANCH_NOT_NULL);
}

/* is a function asked that takes a whole row? */
static bool
has_computed(const struct query *q)
{
	for (size_t i = 0; i < q->nselect; i++)
		if (q->select[i].path.column != NULL &&
		    q->select[i].path.column->computed_of == q->table)
			return true;
	for (size_t i = 0; i < q->norder; i++)
		if (q->order[i].path.column != NULL &&
		    q->order[i].path.column->computed_of == q->table)
			return true;
	return false;
}

/* the columns that we know, but where functions need those, too, that the
 * snapshot does not have */
static void
emit_columns(struct stmt *s, const struct query *q)
{
	const struct table *t = q->table;

	if (t->conceals && has_computed(q)) {
		stmt_alias(s, s->alias);
		stmt_lit(s, ".*");
		return;
	}
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_column(s, &t->columns[i]);
	}
}

static void
emit_branch(struct stmt *s, const struct query *q, size_t key,
    enum branch_kind kind, const struct stmt_opts *o)
{
	unsigned alias = s->alias;
	bool some = false;
	struct from f;

	s->alias = ++s->naliases;
	stmt_plan_order(s, &f, q, s->alias);
	stmt_lit(s, "(select ");
	emit_columns(s, q);
	stmt_lit(s, " from ");
	stmt_table(s, q->table);
	stmt_lit(s, " ");
	stmt_alias(s, s->alias);
	stmt_joins(s, &f);
	emit_branch_where(s, &f, key, kind);
	stmt_order(s, &f, &some);
	stmt_page(s, q, o);
	stmt_lit(s, ")");
	s->alias = alias;
}

void
stmt_keyset_table(
    struct stmt *s, const struct from *f, const struct stmt_opts *o)
{
	static const enum branch_kind kinds[] = {
	    BRANCH_BEHIND, BRANCH_NULLS, BRANCH_NOT_NULL};
	bool some = false;

	stmt_lit(s, "(");
	for (size_t i = f->q->norder; i > 0; i--)
		for (size_t k = 0; k < 3; k++) {
			if (!has_branch(f->q, i - 1, kinds[k]))
				continue;
			if (some)
				stmt_lit(s, " union all ");
			emit_branch(s, f->q, i - 1, kinds[k], o);
			some = true;
		}
	/* behind the last of all possible rows */
	if (!some) {
		stmt_lit(s, "select * from ");
		stmt_table(s, f->q->table);
		stmt_lit(s, " where false");
	}
	stmt_lit(s, ") ");
	stmt_alias(s, f->alias);
}

/* (a, b) > ($1, $2) */
void
stmt_keyset_where(struct stmt *s, const struct from *f, bool *some)
{
	const struct query *q = f->q;

	if (!is_set(q))
		return;
	assert(is_row_comparison(q));
	stmt_and(s, some);
	for (size_t i = 0; i < q->norder; i++) {
		stmt_add(s, i == 0 ? "(" : ", ", i == 0 ? 1 : 2);
		stmt_order_key(s, f, &q->order[i]);
	}
	if (q->order[0].desc)
		stmt_lit(s, ") < ");
	else
		stmt_lit(s, ") > ");
	for (size_t i = 0; i < q->norder; i++) {
		stmt_add(s, i == 0 ? "(" : ", ", i == 0 ? 1 : 2);
		stmt_value(s, &q->page.after[i], key_type(&q->order[i]));
	}
	stmt_lit(s, ")");
}
