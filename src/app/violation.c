/*
 * A constraint that was violated: its name and its fields, as far as the
 * caller may know them.  Nothing where he may not read, and no name of another
 * table's; what a partition says is said of its parent, by the name that the
 * constraint has there.
 */
#include "app/app.h"

#include <string.h>

#include "app/app_priv.h"
#include "base/arena.h"

struct finding {
	bool own;         /* the table's, or that of one below it */
	struct str name;  /* of the constraint; STR_NONE: not to be told */
	struct rows *kin; /* of stmt_inherited; NULL: there are none */
};

/* was it this table that said no?  Not one that a trigger fills, or whose
 * rows refer to this one; constraints of two tables may have one name */
static bool
is_own(const struct table *t, const struct batch *b)
{
	return b->table != NULL && b->schema != NULL &&
	       str_eq_c(t->name, b->table) && str_eq_c(t->schema, b->schema);
}

/* no partition takes the row */
static bool
is_unplaced(const struct table *t, const struct batch *b)
{
	return t->kind == TABLE_PARTITIONED && b->table != NULL &&
	       b->constraint == NULL && b->column == NULL &&
	       strcmp(b->sqlstate, "23514") == 0;
}

/* the snapshot has nothing over hidden columns; where there are some, a name
 * that it does not know may be made of theirs */
static bool
is_telling(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->nconstraints; i++)
		if (str_eq(t->constraints[i].name, name))
			return false;
	for (size_t i = 0; i < t->nfkeys; i++)
		if (str_eq(t->fkeys[i].name, name))
			return false;
	return t->conceals;
}

/* may it be told at all? */
static bool
find_violated(struct ctx *c, const struct batch *b, struct finding *f)
{
	struct violated v = {
	    str_from(b->schema), str_from(b->table), str_from(b->constraint)};
	struct stmt *also = NULL;
	struct err err;

	err_init(&err, NULL);
	f->own = is_own(c->table, b);
	if (v.schema.p != NULL && v.table.p != NULL &&
	    (!f->own || is_unplaced(c->table, b)))
		also = stmt_inherited(c->arena, c->table, &v);
	if (!ctx_may_read(c, also, &f->kin))
		return false;
	if (f->kin != NULL && rows_next(f->kin, &err) != 1)
		f->kin = NULL;
	f->own = f->own || f->kin != NULL;
	f->name = v.constraint;
	if (f->kin != NULL)
		f->name = str_dup(c->arena, rows_cell(f->kin, 0));
	else if (!f->own && v.table.p != NULL)
		f->name = STR_NONE;
	if (is_telling(c->table, f->name))
		f->name = STR_NONE;
	return true;
}

static const char *
explain_state(const char *sqlstate)
{
	if (strcmp(sqlstate, "23502") == 0)
		return "This field may not be null.";
	if (strcmp(sqlstate, "23503") == 0 || strcmp(sqlstate, "23001") == 0)
		return "There is no row with this key.";
	if (strcmp(sqlstate, "23505") == 0)
		return "A row with this value exists already.";
	if (strcmp(sqlstate, "23P01") == 0)
		return "This collides with an existing row.";
	return "This value is not allowed.";
}

static void
blame_columns(struct ctx *c, enum err_id id, const uint16_t *columns, size_t n,
    const char *text)
{
	for (size_t i = 0; i < n; i++)
		err_add_field(&c->err, id, c->table->columns[columns[i]].name,
		    "%s", text);
}

/* false: the snapshot does not know it */
static bool
blame_constraint(
    struct ctx *c, enum err_id id, struct str name, const char *text)
{
	const struct table *t = c->table;
	bool known = false;

	for (size_t i = 0; i < t->nconstraints; i++) {
		if (!str_eq(t->constraints[i].name, name))
			continue;
		blame_columns(c, id, t->constraints[i].columns,
		    t->constraints[i].ncolumns, text);
		known = true;
	}
	for (size_t i = 0; i < t->nfkeys; i++) {
		if (!str_eq(t->fkeys[i].name, name))
			continue;
		blame_columns(
		    c, id, t->fkeys[i].columns, t->fkeys[i].ncolumns, text);
		known = true;
	}
	return known;
}

/* all columns, or nothing: a part of them would not be what was violated */
static bool
is_open(const struct table *t, struct rows *kin)
{
	struct err err;

	err_init(&err, NULL);
	rows_rewind(kin);
	while (rows_next(kin, &err) == 1)
		if (rows_cell(kin, 1).p != NULL &&
		    table_input(t, rows_cell(kin, 1)) == NULL)
			return false;
	return true;
}

/* a constraint that only the partition has, or the partition key */
static void
blame_kin(struct ctx *c, enum err_id id, struct rows *kin, const char *text)
{
	struct err err;

	err_init(&err, NULL);
	if (!is_open(c->table, kin))
		return;
	rows_rewind(kin);
	while (rows_next(kin, &err) == 1) {
		const struct column *col =
		    table_input(c->table, rows_cell(kin, 1));

		if (col != NULL)
			err_add_field(&c->err, id, col->name, "%s", text);
	}
}

static void
blame_fields(struct ctx *c, const struct batch *b, const struct finding *f,
    enum err_id id)
{
	const char *text = explain_state(b->sqlstate);
	bool known = false;

	if (b->column != NULL &&
	    table_input(c->table, str_from(b->column)) != NULL)
		err_add_field(&c->err, id, str_from(b->column), "%s",
		    "This field may not be null.");
	if (f->name.p != NULL)
		known = blame_constraint(c, id, f->name, text);
	if (!known && f->kin != NULL)
		blame_kin(c, id, f->kin, text);
}

/* a constraint of no table is a domain's; whose value it was finds
 * blame_body */
void
ctx_violated(struct ctx *c, const struct batch *b)
{
	bool refers = strcmp(b->sqlstate, "23503") == 0 ||
		      strcmp(b->sqlstate, "23001") == 0;
	const char *cause = c->err.cause;
	enum err_id id = c->err.id;
	struct finding f = {.kin = NULL};

	if (c->table == NULL ||
	    (b->constraint == NULL && b->column == NULL &&
		!is_unplaced(c->table, b)) ||
	    !find_violated(c, b, &f))
		return;
	refers = refers && (!f.own || c->action == ACTION_DELETE);
	err_clear(&c->err);
	if (f.own && !refers)
		blame_fields(c, b, &f, id);
	err_set(&c->err, id, NULL);
	if (refers && c->action != ACTION_CREATE)
		c->err.detail = "Other rows refer to this one.";
	else if (f.name.p != NULL)
		c->err.detail = arena_printf(c->arena,
		    "Constraint %.*s refuses this.", STR_ARGS(f.name));
	else if (f.own && is_unplaced(c->table, b))
		c->err.detail = "No partition takes this row.";
	c->err.cause = cause;
}
