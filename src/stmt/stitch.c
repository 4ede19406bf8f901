/*
 * To-many relations by statements of their own: when the parents are in hand,
 * one statement per relation brings the children of all of them, each with
 * the number of its parent, in the parents' order.  It finds the parents by
 * repeating their query, which gives the same rows in the same snapshot.
 *
 *   select p.ord, … from (select q.*, row_number() over () as ord from (PARENTS) q) p
 *   join child t on t.parent = p.k0 order by p.ord, …
 *
 * Children that are limited or grouped for each parent are a lateral
 * sub-select.  Grandchildren number the rows of that very statement.
 */
#include "stmt/stmt_priv.h"

#include "base/arena.h"

struct level {
	const struct level *up; /* NULL: the outermost query */
	const struct query *q;
	const struct include *include; /* what hangs it on up */
	const struct through *through; /* to-one includes on the way there */
};

/* what is selected of the rows of a level */
struct want {
	const struct level *child; /* the keys that this one hangs on, or … */
	struct list *list;         /* … everything, with its shape */
	struct shape *shape;
};

static unsigned
find_near(const struct from *f, unsigned alias, const struct through *through)
{
	if (through == NULL)
		return alias;
	return stmt_joined(
	    f, find_near(f, alias, through->up), through->include);
}

static void
emit_keys(struct stmt *s, const struct from *f, const struct level *child)
{
	const struct relation *r = child->include->relation;
	unsigned alias = s->alias;

	s->alias = find_near(f, alias, child->through);
	for (size_t i = 0; i < r->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_column(s, &r->near->columns[r->columns[i]]);
		stmt_lit(s, " as k");
		buf_u64(&s->text, i);
	}
	s->alias = alias;
}

static void
emit_wanted(struct stmt *s, const struct from *f, const struct want *w)
{
	if (w->child != NULL) {
		emit_keys(s, f, w->child);
		return;
	}
	w->list->f = f;
	stmt_members(w->list, f->q, NULL, w->shape);
}

static void emit_level(struct stmt *, const struct level *, const struct want *,
    const struct stmt_opts *);

/* the parents with their numbers, as p */
static void
emit_parents(struct stmt *s, const struct level *l, const struct stmt_opts *o)
{
	struct want keys = {.child = l};

	stmt_lit(
	    s, "(select q.*, pg_catalog.row_number() over () as ord from (");
	emit_level(s, l->up, &keys, o);
	stmt_lit(s, ") q) p");
}

/* t1."parent_id" = p.k0 */
static void
emit_match(struct stmt *s, const struct relation *r, unsigned far, unsigned via)
{
	const struct table *t = r->via != NULL ? r->via : r->far;
	const uint16_t *v = r->via != NULL ? r->via_near : r->far_columns;
	unsigned alias = s->alias;

	s->alias = r->via != NULL ? via : far;
	for (size_t i = 0; i < r->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, " and ");
		stmt_column(s, &t->columns[v[i]]);
		stmt_operator(s, "=", t->columns[v[i]].type);
		stmt_lit(s, "p.k");
		buf_u64(&s->text, i);
	}
	s->alias = alias;
}

/* the rows of one relation */
struct child {
	const struct relation *relation;
	struct from f;
	unsigned far, via;
};

static void
start_child(struct stmt *s, const struct level *l, struct child *c)
{
	c->relation = l->include->relation;
	c->far = ++s->naliases;
	c->via = c->relation->via != NULL ? ++s->naliases : 0;
	stmt_plan(s, &c->f, l->q, c->far);
	s->alias = c->far;
}

/* all children of all parents: one join */
static void
emit_joined(struct stmt *s, const struct level *l, const struct want *w,
    const struct stmt_opts *o)
{
	bool some = false, ordered = true;
	unsigned alias = s->alias;
	struct child c;

	start_child(s, l, &c);
	emit_wanted(s, &c.f, w);
	stmt_lit(s, " from ");
	s->alias = alias;
	emit_parents(s, l, o);
	s->alias = c.far;
	stmt_lit(s, " join ");
	if (c.via > 0)
		stmt_lit(s, "(");
	stmt_far(s, c.relation, c.far, c.via, true);
	if (c.via > 0)
		stmt_lit(s, ")");
	stmt_lit(s, " on ");
	emit_match(s, c.relation, c.far, c.via);
	stmt_joins(s, &c.f);
	stmt_conditions(s, l->q, true, &some);
	stmt_lit(s, " order by p.ord");
	stmt_order(s, &c.f, &ordered);
	s->alias = alias;
}

/* the order keys as o0, o1 …, so that the rows can be ordered once more */
static void
emit_order_columns(struct stmt *s, const struct from *f)
{
	for (size_t i = 0; i < f->q->norder; i++) {
		if (!stmt_orders(f->q, &f->q->order[i]))
			continue;
		stmt_lit(s, ", ");
		stmt_order_key(s, f, &f->q->order[i]);
		stmt_lit(s, " as o");
		buf_u64(&s->text, i);
	}
}

static void
emit_order_again(struct stmt *s, const struct query *q)
{
	stmt_lit(s, " order by p.ord");
	for (size_t i = 0; i < q->norder; i++) {
		if (!stmt_orders(q, &q->order[i]))
			continue;
		stmt_lit(s, ", r.o");
		buf_u64(&s->text, i);
		stmt_direction(s, &q->order[i]);
	}
}

/* one parent's children */
static void
emit_lateral(struct stmt *s, const struct level *l, const struct want *w,
    const struct stmt_opts *o)
{
	bool some = true, ordered = false;
	unsigned alias = s->alias;
	struct child c;

	start_child(s, l, &c);
	stmt_lit(s, "select ");
	emit_wanted(s, &c.f, w);
	emit_order_columns(s, &c.f);
	stmt_lit(s, " from ");
	stmt_far(s, c.relation, c.far, c.via, true);
	stmt_joins(s, &c.f);
	stmt_lit(s, " where ");
	emit_match(s, c.relation, c.far, c.via);
	stmt_conditions(s, l->q, true, &some);
	stmt_group(s, &c.f, false);
	stmt_order(s, &c.f, &ordered);
	stmt_slice(s, l->q, o);
	s->alias = alias;
}

/* r.c1, r.c2 … or r.k0 … */
static void
emit_names(struct stmt *s, const struct want *w)
{
	size_t first = w->list != NULL;
	size_t n =
	    w->list != NULL ? s->ncols : w->child->include->relation->ncolumns;

	for (size_t i = first; i < n; i++) {
		if (i > first)
			stmt_lit(s, ", ");
		if (w->list != NULL)
			stmt_lit(s, "r.c");
		else
			stmt_lit(s, "r.k");
		buf_u64(&s->text, i);
	}
}

/* which columns there are is known when they have been written */
static void
emit_limited(struct stmt *s, const struct level *l, const struct want *w,
    const struct stmt_opts *o)
{
	struct buf before = s->text, parents, rows;

	buf_init(&s->text, s->arena, before.max);
	emit_parents(s, l, o);
	parents = s->text;
	buf_init(&s->text, s->arena, before.max);
	emit_lateral(s, l, w, o);
	rows = s->text;
	s->text = before;
	emit_names(s, w);
	stmt_lit(s, " from ");
	buf_str(&s->text, buf_view(&parents));
	stmt_lit(s, " cross join lateral (");
	buf_str(&s->text, buf_view(&rows));
	stmt_lit(s, ") r");
	emit_order_again(s, l->q);
}

static void
emit_level(struct stmt *s, const struct level *l, const struct want *w,
    const struct stmt_opts *o)
{
	struct from f;

	stmt_lit(s, "select ");
	if (w->list != NULL) {
		stmt_lit(s, "p.ord, ");
		stmt_col(s, STR("ord"), CELL_RAW);
	}
	if (l->up == NULL) {
		stmt_plan(s, &f, l->q, 0);
		emit_wanted(s, &f, w);
		stmt_rows(s, &f, o);
	} else if (stmt_is_sliced(l->q) || stmt_is_grouped(l->q)) {
		if (w->list != NULL)
			w->list->named = true;
		emit_limited(s, l, w, o);
	} else {
		emit_joined(s, l, w, o);
	}
}

struct stmt *
stmt_stitched(const struct list *parent, const struct include *inc,
    const struct through *through)
{
	struct level top = {.q = parent->f->q};
	struct level here = {.up = parent->level != NULL ? parent->level : &top,
	    .q = inc->query,
	    .include = inc,
	    .through = through};
	struct stmt *s = stmt_new(parent->s->arena, "include");
	struct list list = {.s = s, .o = parent->o, .level = &here};
	struct want all = {.list = &list};

	s->shape = all.shape = arena_make(s->arena, struct shape);
	emit_level(s, &here, &all, parent->o);
	if (parent->o->max_included > 0) {
		stmt_lit(s, " limit ");
		buf_i64(&s->text, parent->o->max_included + 1);
	}
	return s;
}
