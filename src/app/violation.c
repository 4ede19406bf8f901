/*
 * A constraint that was violated: its name and its fields, as far as the
 * caller may know them.  Nothing where he may not read, and no name of another
 * table's; what a partition says is said of its parent, by the name that the
 * constraint has there, and what a table says below a view by the names of the
 * view's columns.
 */
#include "app/app.h"

#include <string.h>

#include "app/app_priv.h"
#include "base/arena.h"

struct finding {
	bool own;        /* the table's, or that of one it stands for */
	struct str name; /* of the constraint; STR_NONE: not to be told */
	/* what it is over; none where one of them is not open: a part would
	 * not be what was violated */
	const struct column **columns;
	size_t n;
	bool closed;
	/* a foreign key from the table to itself: what it refers to, NULL for
	 * what is not open */
	const struct column **far;
	size_t nfar;
};

/* whose fault is a foreign key? */
enum side { SIDE_OWN, SIDE_OTHERS, SIDE_UNKNOWN };

struct violated
ctx_violation(const struct batch *b)
{
	return (struct violated){str_from(b->schema), str_from(b->table),
	    str_from(b->constraint), str_from(b->column)};
}

/* not one that a trigger fills, or whose rows refer to this one; constraints of
 * two tables may have one name */
bool
ctx_said_by(const struct table *t, const struct batch *b)
{
	return b->table != NULL && b->schema != NULL &&
	       str_eq_c(t->name, b->table) && str_eq_c(t->schema, b->schema);
}

/* no partition takes the row; a view may be over such a table */
static bool
is_unplaced(const struct table *t, const struct batch *b)
{
	return (t->kind == TABLE_PARTITIONED || t->kind == TABLE_VIEW) &&
	       b->table != NULL && b->constraint == NULL && b->column == NULL &&
	       strcmp(b->sqlstate, "23514") == 0;
}

/* WITH CHECK OPTION */
static bool
is_outside(const struct table *t, const struct batch *b)
{
	return t->kind == TABLE_VIEW && !b->in_function &&
	       strcmp(b->sqlstate, "44000") == 0;
}

/* ---- what is known of it ------------------------------------------------ */

static const struct column **
take_columns(
    struct ctx *c, const struct table *t, const uint16_t *columns, size_t n)
{
	const struct column **v =
	    arena_array(c->arena, const struct column *, n + 1);

	for (size_t i = 0; i < n; i++)
		v[i] = &t->columns[columns[i]];
	return v;
}

static void
take_fkey(struct ctx *c, const struct table *t, const struct fkey *k,
    struct finding *f)
{
	f->columns = take_columns(c, t, k->columns, k->ncolumns);
	f->n = k->ncolumns;
	f->nfar = 0;
	if (!str_eq(k->far_table, t->qname))
		return;
	f->far = arena_array(c->arena, const struct column *, k->ncolumns + 1);
	for (; f->nfar < k->ncolumns; f->nfar++)
		f->far[f->nfar] = table_column(t, k->far_columns[f->nfar]);
}

static const struct constraint *
find_constraint(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->nconstraints; i++)
		if (str_eq(t->constraints[i].name, name))
			return &t->constraints[i];
	return NULL;
}

static const struct fkey *
find_fkey(const struct table *t, struct str name)
{
	for (size_t i = 0; i < t->nfkeys; i++)
		if (str_eq(t->fkeys[i].name, name))
			return &t->fkeys[i];
	return NULL;
}

/* false: the snapshot does not know it; it has no expressions */
static bool
find_known(struct ctx *c, const struct table *t, struct finding *f)
{
	const struct constraint *k = find_constraint(t, f->name);
	const struct fkey *fk = find_fkey(t, f->name);

	if (k != NULL && k->ncolumns > 0 && k->kind != CONSTRAINT_EXCLUDE) {
		f->columns = take_columns(c, t, k->columns, k->ncolumns);
		f->n = k->ncolumns;
		return true;
	}
	if (fk != NULL)
		take_fkey(c, t, fk, f);
	return fk != NULL;
}

/* the snapshot has nothing over hidden columns; where there are some, a name
 * that it does not know may be made of theirs */
static bool
is_telling(const struct table *t, struct str name)
{
	return t->conceals && find_constraint(t, name) == NULL &&
	       find_fkey(t, name) == NULL;
}

/* a table below a view: only who may read that hears its constraint's name,
 * which may be made of the table's */
static bool
may_hear(struct ctx *c, struct str schema, struct str name, struct str said)
{
	const struct table *t;
	struct err err;

	err_init(&err, NULL);
	t = schema_table(c->app->schema,
	    str_from(arena_printf(
		c->arena, "%.*s.%.*s", STR_ARGS(schema), STR_ARGS(name))),
	    &err);
	return t != NULL && !is_telling(t, said) &&
	       ctx_may_read(c, t, NULL, NULL);
}

static bool
has_column(const struct finding *f, const struct column *col)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->columns[i] == col)
			return true;
	return false;
}

/* a write-only column may hear what it may not be, and not what is there */
static const struct column *
find_open(const struct table *t, const struct batch *b, struct str name)
{
	if (name.p == NULL)
		return NULL;
	return strcmp(b->sqlstate, "23514") == 0 ||
		       strcmp(b->sqlstate, "23502") == 0
		   ? table_input(t, name)
		   : table_column(t, name);
}

/* a row of stmt_violated */
static void
take_part(const struct table *t, const struct batch *b, const struct rows *kin,
    struct finding *f)
{
	struct str role = rows_cell(kin, 1);
	const struct column *col = find_open(t, b, rows_cell(kin, 2));

	if (str_eq(role, STR("r")))
		f->far[f->nfar++] = col;
	else if (role.p != NULL && col == NULL)
		f->closed = true;
	else if (str_eq(role, STR("k")) && !has_column(f, col))
		f->columns[f->n++] = col;
}

static void
take_kin(struct ctx *c, const struct table *t, const struct batch *b,
    struct rows *kin, struct finding *f)
{
	size_t n = (size_t)rows_count(kin) + 1;
	struct str schema = STR_NONE, name = STR_NONE;
	struct err err;

	err_init(&err, NULL);
	f->columns = arena_array(c->arena, const struct column *, n);
	f->far = arena_array(c->arena, const struct column *, n);
	while (rows_next(kin, &err) == 1) {
		take_part(t, b, kin, f);
		f->own = true;
		if (rows_cell(kin, 0).p != NULL)
			f->name = str_dup(c->arena, rows_cell(kin, 0));
		if (rows_cell(kin, 3).p == NULL)
			continue;
		schema = str_dup(c->arena, rows_cell(kin, 3));
		name = str_dup(c->arena, rows_cell(kin, 4));
	}
	if (schema.p == NULL)
		find_known(c, t, f);
	else if (f->name.p != NULL && !may_hear(c, schema, name, f->name))
		f->name = STR_NONE;
	else if (f->name.p != NULL)
		return;
	if (is_telling(t, f->name))
		f->name = STR_NONE;
}

static bool
is_asked_for(const struct table *t, const struct violated *v,
    const struct batch *b, bool own, bool known)
{
	if (v->schema.p == NULL || v->table.p == NULL)
		return false;
	return !own ||
	       (!known && (v->constraint.p != NULL || is_unplaced(t, b)));
}

/* may it be told at all? */
static bool
find_violated(struct ctx *c, const struct table *t, const struct batch *b,
    const struct violated *v, struct finding *f)
{
	struct stmt *also = NULL;
	struct rows *kin = NULL;
	bool known;

	f->own = ctx_said_by(t, b);
	if (f->own || v->table.p == NULL)
		f->name = v->constraint;
	known = f->own && f->name.p != NULL && find_known(c, t, f);
	if (is_asked_for(t, v, b, f->own, known))
		also = stmt_violated(c->arena, t, v);
	if (!ctx_may_read(c, t, also, &kin))
		return false;
	if (kin != NULL)
		take_kin(c, t, b, kin, f);
	else if (is_telling(t, f->name))
		f->name = STR_NONE;
	return true;
}

/* ---- foreign keys ------------------------------------------------------- */

/* a row that was there already was changed, and another table's refer to it */
static bool
is_referred(const struct table *t, const struct violated *v)
{
	for (size_t i = 0; i < t->nrefs; i++) {
		struct str far = t->refs[i].far_table;

		if (str_eq(t->refs[i].name, v->constraint) &&
		    far.len == v->schema.len + 1 + v->table.len &&
		    str_starts(far, v->schema) && str_ends(far, v->table))
			return true;
	}
	return false;
}

static bool
are_open(const struct finding *f)
{
	for (size_t i = 0; i < f->nfar; i++)
		if (f->far[i] == NULL)
			return false;
	return !f->closed && f->n == f->nfar;
}

/* from a table to itself: what there was before the change decides.  Rows that
 * a view or a policy keeps from us may refer to it, too. */
static enum side
ask_side(struct ctx *c, const struct table *t, const struct effect *e,
    const struct violated *v, const struct finding *f)
{
	struct self_key k = {t, f->columns, f->far, f->n};
	enum side otherwise;
	struct rows *rows = NULL;
	struct stmt *s;
	struct err err;

	err_init(&err, NULL);
	if (!are_open(f))
		return SIDE_UNKNOWN;
	otherwise = effect_assigns_any(e, f->columns, f->n) ? SIDE_UNKNOWN
							    : SIDE_OTHERS;
	s = stmt_refers(c->arena, e, &k, v);
	if (s == NULL || !ctx_may_read(c, t, s, &rows))
		return otherwise;
	if (rows_next(rows, &err) == 1)
		return SIDE_OTHERS;
	return t->kind == TABLE_VIEW || t->row_security ? otherwise : SIDE_OWN;
}

static enum side
find_side(struct ctx *c, const struct table *t, const struct batch *b,
    const struct violated *v, const struct effect *e, const struct finding *f)
{
	bool others = c->action != ACTION_CREATE;

	if (strcmp(b->sqlstate, "23503") != 0 &&
	    strcmp(b->sqlstate, "23001") != 0)
		return SIDE_OWN;
	if (!f->own)
		return others || (e != NULL && is_referred(t, v)) ? SIDE_OTHERS
								  : SIDE_OWN;
	if (c->action == ACTION_DELETE || strcmp(b->sqlstate, "23001") == 0)
		return SIDE_OTHERS;
	if (f->nfar == 0 || (e == NULL && !others))
		return SIDE_OWN;
	if (e == NULL)
		return SIDE_UNKNOWN;
	return effect_assigns_any(e, f->far, f->nfar) ? ask_side(c, t, e, v, f)
						      : SIDE_OWN;
}

/* ---- what to say -------------------------------------------------------- */

static const char *
explain_state(const char *sqlstate)
{
	if (strcmp(sqlstate, "23502") == 0)
		return "This field may not be null.";
	if (strcmp(sqlstate, "23503") == 0)
		return "There is no row with this key.";
	if (strcmp(sqlstate, "23505") == 0)
		return "A row with this value exists already.";
	if (strcmp(sqlstate, "23P01") == 0)
		return "This collides with an existing row.";
	return "This value is not allowed.";
}

/* what raises an error may name a column without its table */
static void
blame_fields(struct ctx *c, const struct table *t, const struct batch *b,
    const struct finding *f, enum err_id id)
{
	const char *text = explain_state(b->sqlstate);
	struct str named = ctx_said_by(t, b) || b->table == NULL
			       ? str_from(b->column)
			       : STR_NONE;

	if (find_open(t, b, named) != NULL)
		err_add_field(&c->err, id, named, "%s", text);
	for (size_t i = 0; f->own && !f->closed && i < f->n; i++)
		err_add_field(&c->err, id, f->columns[i]->name, "%s", text);
}

static const char *
explain_violated(struct ctx *c, const struct table *t, const struct batch *b,
    const struct finding *f, enum side side)
{
	if (side == SIDE_OTHERS)
		return "Other rows refer to this one.";
	if (f->name.p != NULL)
		return arena_printf(c->arena, "Constraint %.*s refuses this.",
		    STR_ARGS(f->name));
	if (f->own && is_unplaced(t, b) &&
	    (t->kind == TABLE_PARTITIONED || f->n > 0))
		return "No partition takes this row.";
	if (is_outside(t, b))
		return "This view would not show the row.";
	return NULL;
}

/* a constraint of no table is a domain's; whose value it was finds
 * blame_body.  To ask is to forget what the batch has said. */
bool
ctx_violated(struct ctx *c, const struct table *t, const struct batch *b)
{
	const struct batch said = *b;
	struct violated v = ctx_violation(b);
	const struct effect *e = b->n > 0 ? b->stmts[b->failed]->effect : NULL;
	const char *cause = c->err.cause;
	enum err_id id = c->err.id;
	struct finding f = {.name = STR_NONE};
	enum side side;

	if (t == NULL ||
	    (b->constraint == NULL && b->column == NULL && !is_unplaced(t, b) &&
		!is_outside(t, b)) ||
	    !find_violated(c, t, &said, &v, &f) || (!f.own && t != c->table))
		return false;
	side = find_side(c, t, &said, &v, e, &f);
	err_clear(&c->err);
	if (side == SIDE_OWN)
		blame_fields(c, t, &said, &f, id);
	err_tell(&c->err, id, explain_violated(c, t, &said, &f, side), cause);
	return f.own;
}
