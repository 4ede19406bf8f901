/*
 * PostgreSQL 15, 7.8.4 (data-modifying statements in WITH): all parts see the
 * same snapshot and know of each other by RETURNING alone.  The parts stand in
 * the order in which they refer to each other: what a row refers to before
 * it, what refers to the row behind it.
 */
#include "stmt/stmt_priv.h"

#include "base/arena.h"

struct emit {
	struct stmt *s;
	const struct stmt_opts *o;
	bool returning; /* whole rows */
	bool emits;     /* to the log of events */
	struct event_part *events;
	size_t nlinks, nevents;
	bool some; /* a part has been written */
	/* how many rows are to be written yet, and which was the last */
	size_t left;
	const struct nested *last;
};

static void
begin_part(struct emit *e, char letter, size_t number)
{
	if (e->some)
		stmt_lit(e->s, ", ");
	else
		stmt_lit(e->s, "with ");
	e->some = true;
	stmt_add(e->s, &letter, 1);
	buf_u64(&e->s->text, number);
	stmt_lit(e->s, " as (");
}

/* what becomes of the rows of a part */
static void
note_event(struct emit *e, const struct table *t, enum event_kind kind,
    char letter, size_t number)
{
	const struct event event = {.table = t, .kind = kind};
	size_t bytes = e->nevents * sizeof(*e->events);

	if (!e->emits || !t->emits)
		return;
	e->events = arena_grow(
	    e->s->arena, e->events, bytes, bytes + sizeof(*e->events));
	e->events[e->nevents++] = (struct event_part){event, letter, number};
}

static void
emit_part_name(struct emit *e, const struct nested *n)
{
	stmt_lit(e->s, "n");
	buf_u64(&e->s->text, n->number);
}

static void
emit_from(struct emit *e, const struct nested *n, bool *some)
{
	if (*some)
		stmt_lit(e->s, ", ");
	else
		stmt_lit(e->s, " from ");
	*some = true;
	emit_part_name(e, n);
}

/* a column of a row of this document: what was sent, or what came of it */
static void
emit_reference(struct emit *e, const struct nested *n, uint16_t column)
{
	const struct column *c = &n->table->columns[column];

	for (size_t i = 0; n->how != NESTED_CREATE && i < n->nby; i++)
		if (n->by[i] == column) {
			stmt_param(e->s, n->by_text[i], c->type);
			return;
		}
	emit_part_name(e, n);
	stmt_lit(e->s, ".");
	stmt_ident(e->s, c->name);
}

/* ---- one row ------------------------------------------------------------ */

/* each column of an insert in turn: its name, or its value */
struct columns {
	struct emit *e;
	bool values; /* else names */
	bool some;
};

static void
next_column(struct columns *l, const struct column *c)
{
	if (l->some)
		stmt_lit(l->e->s, ", ");
	l->some = true;
	if (!l->values)
		stmt_ident(l->e->s, c->name);
}

static void
emit_assigned(struct columns *l, const struct assign *as)
{
	next_column(l, as->column);
	if (l->values)
		stmt_param(l->e->s, as->is_null ? STR_NONE : as->text,
		    as->column->type);
}

static void
emit_columns(struct columns *l, const struct nested *n)
{
	const struct relation *rel = n->relation;

	for (size_t i = 0; i < n->body.n; i++)
		emit_assigned(l, &n->body.v[i]);
	for (size_t i = 0; n->place == NESTED_BEHIND && i < rel->nfar; i++) {
		next_column(l, &n->table->columns[rel->far_columns[i]]);
		if (l->values)
			emit_reference(l->e, n->up, rel->columns[i]);
	}
	for (const struct nested *d = n->down; d != NULL; d = d->next)
		for (size_t i = 0;
		     d->place == NESTED_BEFORE && i < d->relation->ncolumns;
		     i++) {
			next_column(
			    l, &n->table->columns[d->relation->columns[i]]);
			if (l->values)
				emit_reference(
				    l->e, d, d->relation->far_columns[i]);
		}
}

static void
mark(bool *wanted, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wanted[v[i]] = true;
}

/* all of it, or what somebody refers to */
static void
emit_returning(struct emit *e, const struct nested *n)
{
	const struct table *t = n->table;
	bool *wanted = arena_array(e->s->arena, bool, t->ncolumns);
	bool some = false;

	mark(wanted, t->key, t->nkey);
	for (size_t i = 0; n->relation == NULL && e->o->etag && i < t->ncolumns;
	     i++)
		wanted[i] = true;
	if (n->relation != NULL && n->place != NESTED_BEHIND)
		mark(wanted, n->relation->far_columns, n->relation->nfar);
	for (const struct nested *d = n->down; d != NULL; d = d->next)
		if (d->place != NESTED_BEFORE)
			mark(wanted, d->relation->columns,
			    d->relation->ncolumns);
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (!e->returning && !wanted[i])
			continue;
		if (some)
			stmt_lit(e->s, ", ");
		else
			stmt_lit(e->s, " returning ");
		some = true;
		stmt_column(e->s, &t->columns[i]);
	}
	if (!some && e->emits && t->emits)
		stmt_lit(e->s, " returning 1 as r");
}

static void
emit_sources(struct emit *e, const struct nested *n)
{
	bool some = false;

	if (n->place == NESTED_BEHIND)
		emit_from(e, n->up, &some);
	for (const struct nested *d = n->down; d != NULL; d = d->next)
		if (d->place == NESTED_BEFORE && d->how == NESTED_CREATE)
			emit_from(e, d, &some);
}

static bool
has_columns(const struct nested *n)
{
	for (const struct nested *d = n->down; d != NULL; d = d->next)
		if (d->place == NESTED_BEFORE)
			return true;
	return n->body.n > 0 || n->place == NESTED_BEHIND;
}

static void
emit_insert(struct emit *e, const struct nested *n)
{
	struct columns names = {.e = e}, values = {.e = e, .values = true};

	begin_part(e, 'n', n->number);
	stmt_lit(e->s, "insert into ");
	stmt_table(e->s, n->table);
	if (has_columns(n)) {
		stmt_lit(e->s, " as t (");
		emit_columns(&names, n);
		stmt_lit(e->s, ") select ");
		emit_columns(&values, n);
		emit_sources(e, n);
	} else {
		stmt_lit(e->s, " as t default values");
	}
	if (n->how == NESTED_ENSURE)
		stmt_lit(e->s, " on conflict do nothing");
	emit_returning(e, n);
	stmt_lit(e->s, ")");
	note_event(e, n->table, EVENT_CREATED, 'n', n->number);
}

/* the row that is there already */
static void
emit_by(struct emit *e, const struct nested *n)
{
	for (size_t i = 0; i < n->nby; i++) {
		const struct column *c = &n->table->columns[n->by[i]];

		if (i == 0)
			stmt_lit(e->s, " where ");
		else
			stmt_lit(e->s, " and ");
		stmt_column(e->s, c);
		stmt_operator(e->s, "=", c->type);
		stmt_param(e->s, n->by_text[i], c->type);
	}
}

/* a child that is there already gets another parent */
static void
emit_adopt(struct emit *e, const struct nested *n)
{
	const struct column *counter = stmt_counter(n->table, e->o);
	const struct relation *rel = n->relation;

	begin_part(e, 'n', n->number);
	stmt_lit(e->s, "update ");
	stmt_table(e->s, n->table);
	stmt_lit(e->s, " as t set ");
	for (size_t i = 0; i < rel->nfar; i++) {
		if (i > 0)
			stmt_lit(e->s, ", ");
		stmt_ident(e->s, n->table->columns[rel->far_columns[i]].name);
		stmt_lit(e->s, " = ");
		emit_reference(e, n->up, rel->columns[i]);
	}
	if (counter != NULL)
		stmt_count_up(e->s, counter);
	stmt_lit(e->s, " from ");
	emit_part_name(e, n->up);
	emit_by(e, n);
	emit_returning(e, n);
	stmt_lit(e->s, ")");
	note_event(e, n->table, EVENT_UPDATED, 'n', n->number);
}

/* the key of the row of the join table, which is what links */
static void
emit_link_key(struct emit *e, const struct table *via)
{
	if (!e->emits || !via->emits)
		return;
	for (size_t i = 0; i < via->nkey; i++) {
		if (i == 0)
			stmt_lit(e->s, " returning ");
		else
			stmt_lit(e->s, ", ");
		stmt_ident(e->s, via->columns[via->key[i]].name);
	}
}

/* the row of the join table; linked twice is linked */
static void
emit_join(struct emit *e, const struct nested *n)
{
	const struct relation *rel = n->relation;
	size_t number = e->nlinks++;
	bool some = false;

	begin_part(e, 'j', number);
	stmt_lit(e->s, "insert into ");
	stmt_table(e->s, rel->via);
	stmt_lit(e->s, " (");
	for (size_t i = 0; i < rel->ncolumns; i++) {
		stmt_ident(e->s, rel->via->columns[rel->via_near[i]].name);
		stmt_lit(e->s, ", ");
	}
	for (size_t i = 0; i < rel->nfar; i++) {
		if (i > 0)
			stmt_lit(e->s, ", ");
		stmt_ident(e->s, rel->via->columns[rel->via_far[i]].name);
	}
	stmt_lit(e->s, ") select ");
	for (size_t i = 0; i < rel->ncolumns; i++) {
		emit_reference(e, n->up, rel->columns[i]);
		stmt_lit(e->s, ", ");
	}
	for (size_t i = 0; i < rel->nfar; i++) {
		if (i > 0)
			stmt_lit(e->s, ", ");
		emit_reference(e, n, rel->far_columns[i]);
	}
	emit_from(e, n->up, &some);
	if (n->how == NESTED_CREATE)
		emit_from(e, n, &some);
	stmt_lit(e->s, " on conflict do nothing");
	emit_link_key(e, rel->via);
	stmt_lit(e->s, ")");
	note_event(e, rel->via, EVENT_CREATED, 'j', number);
}

/* is it among those that are to be written? */
static bool
emit_row(struct emit *e, const struct nested *n)
{
	for (const struct nested *d = n->down; d != NULL; d = d->next)
		if (d->place == NESTED_BEFORE)
			emit_row(e, d);
	if (e->left == 0)
		return false;
	e->left--;
	e->last = n;
	if (n->how != NESTED_LINK)
		emit_insert(e, n);
	else if (n->place == NESTED_BEHIND)
		emit_adopt(e, n);
	for (const struct nested *d = n->down; d != NULL; d = d->next) {
		if (d->place != NESTED_BEFORE && emit_row(e, d) &&
		    d->place == NESTED_BESIDE)
			emit_join(e, d);
	}
	return true;
}

/* ---- the answer --------------------------------------------------------- */

static void
next_result(struct emit *e)
{
	if (e->some)
		stmt_lit(e->s, ", ");
	e->some = true;
}

static void
emit_key(struct emit *e, const struct table *t)
{
	for (size_t i = 0; i < t->nkey; i++) {
		next_result(e);
		stmt_output(e->s, &t->columns[t->key[i]], e->o);
	}
}

static void
emit_tag(struct emit *e, const struct table *t)
{
	if (!e->o->etag)
		return;
	next_result(e);
	e->s->etag_col = (ptrdiff_t)e->s->ncols;
	stmt_tag(e->s, t, e->o);
	stmt_col(e->s, STR("etag"), CELL_TEXT);
}

/* what came of the row; without a part of its own it stayed as it was */
static void
emit_stored(struct emit *e, struct nested *n)
{
	bool links = n->how == NESTED_LINK && n->place != NESTED_BEHIND;

	next_result(e);
	n->col = e->s->ncols;
	stmt_col(e->s, STR("row"), CELL_JSON);
	if (n->how == NESTED_ENSURE)
		stmt_lit(e->s, "coalesce(");
	if (!links) {
		stmt_lit(e->s, "(select ");
		stmt_row_json(e->s, n->table, e->o);
		stmt_lit(e->s, " from ");
		emit_part_name(e, n);
		stmt_lit(e->s, " t)");
	}
	if (n->how == NESTED_ENSURE)
		stmt_lit(e->s, ", ");
	if (links || n->how == NESTED_ENSURE) {
		stmt_lit(e->s, "(select ");
		stmt_row_json(e->s, n->table, e->o);
		stmt_lit(e->s, " from ");
		stmt_table(e->s, n->table);
		stmt_lit(e->s, " t");
		emit_by(e, n);
		stmt_lit(e->s, " limit 1)");
	}
	if (n->how == NESTED_ENSURE)
		stmt_lit(e->s, ")");
}

/* of all that a write can do wrong nothing else divides */
static void
emit_check(struct emit *e, const struct nested *n)
{
	next_result(e);
	stmt_col(e->s, STR("linked"), CELL_RAW);
	stmt_lit(e->s, "1 / (select pg_catalog.count(*) from ");
	emit_part_name(e, n);
	stmt_lit(e->s, ")");
}

/* behind all others, so that two at once fail at a row before they wait for
 * the key */
static void
emit_kept(struct emit *e, const struct nested_set *set, const struct once *once)
{
	int64_t rows = 0;

	for (const struct nested *n = set->first; n != NULL; n = n->next)
		rows++;
	stmt_keep(e->s, set->v[0]->table, once, set->single ? -1 : rows);
}

static void
emit_parts(struct emit *e, const struct nested_set *set)
{
	for (const struct nested *n = set->first; n != NULL; n = n->next)
		emit_row(e, n);
	if (e->nevents > 0) {
		begin_part(e, 'e', 0);
		stmt_emit_parts(e->s, e->events, e->nevents);
		stmt_lit(e->s, ")");
	}
	stmt_lit(e->s, " select ");
	e->some = false;
}

/* at least a column of it */
static void
emit_nothing(struct emit *e)
{
	if (e->some)
		return;
	stmt_col(e->s, STR("rows"), CELL_RAW);
	stmt_lit(e->s, "1");
}

struct stmt *
stmt_insert_nested(struct arena *a, struct nested_set *set, bool returning,
    const struct once *once, const struct stmt_opts *o)
{
	struct emit e = {.s = stmt_new(a, "nested"),
	    .o = o,
	    .returning = returning,
	    .emits = true,
	    .left = SIZE_MAX};

	emit_parts(&e, set);
	if (set->single) {
		emit_key(&e, set->v[0]->table);
		emit_tag(&e, set->v[0]->table);
	}
	for (size_t i = 0; i < set->n; i++) {
		struct nested *n = set->v[i];

		if (returning)
			emit_stored(&e, n);
		if (n->how == NESTED_LINK && n->place == NESTED_BEHIND)
			emit_check(&e, n);
	}
	emit_nothing(&e);
	if (once != NULL)
		emit_kept(&e, set, once);
	if (set->single)
		stmt_lit(e.s, " from n0 t");
	return e.s;
}

struct stmt *
stmt_begin_nested(struct arena *a, struct nested_set *set, size_t rows,
    const struct nested **last)
{
	static const struct stmt_opts plain;
	struct emit e = {.s = stmt_new(a, "nested"), .o = &plain, .left = rows};

	emit_parts(&e, set);
	emit_nothing(&e);
	*last = e.last;
	return e.s;
}
