/*
 * Relations out of the foreign keys of a table and of those that arrive at it.
 * They are named anew for each set of tables that somebody sees: whether a
 * name stands alone must not depend on a table that does not exist for him.
 */
#include "schema/schema_priv.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/err.h"

/* the longest form of a name, which is never shared */
#define LEVEL_MAX 3

struct builder {
	struct schema *schema;
	struct arena *arena;
	const struct table *near;
	const struct visible *visible;
	struct relation *v;
	struct str *columns; /* of each: what tells it from its like, or none */
	unsigned *levels;    /* of each: how long its name is */
	size_t n, cap;
	bool failed;
	struct err *err;
};

/* NULL: not exposed, not seen, or not readable (then the whole has failed) */
static const struct table *
reach(struct builder *b, struct str qname)
{
	const struct table *t;
	struct err err;

	if (str_eq(qname, b->near->qname))
		return b->near;
	err_init(&err, b->arena);
	t = schema_table(b->schema, qname, &err);
	if (t == NULL && err.id != ERR_NONE) {
		b->failed = true;
		err_world(
		    b->err, err.id, "%s", err.cause != NULL ? err.cause : "");
	}
	if (t != NULL && b->visible != NULL &&
	    !b->visible->sees(b->visible->arg, t))
		return NULL;
	return t;
}

/* positions of the named columns; NULL when one is not there */
static const uint16_t *
find_positions(
    struct builder *b, const struct table *t, const struct str *names, size_t n)
{
	uint16_t *v = arena_array(b->arena, uint16_t, n);

	for (size_t i = 0; i < n; i++) {
		const struct column *c = table_column(t, names[i]);

		if (c == NULL)
			return NULL;
		v[i] = (uint16_t)(c - t->columns);
	}
	return v;
}

static struct relation *
append(struct builder *b, struct str column)
{
	size_t cap = b->cap == 0 ? 8 : 2 * b->cap;

	if (b->n == b->cap) {
		b->v = arena_grow(b->arena, b->v, b->cap * sizeof(b->v[0]),
		    cap * sizeof(b->v[0]));
		b->columns = arena_grow(b->arena, b->columns,
		    b->cap * sizeof(struct str), cap * sizeof(struct str));
		b->cap = cap;
	}
	b->columns[b->n] = column;
	b->v[b->n] = (struct relation){.near = b->near};
	return &b->v[b->n++];
}

static struct str
bare_name(const struct table *far, struct str column)
{
	struct str id = STR("_id");

	if (column.len > id.len && str_ends(column, id))
		return str_sub(column, 0, column.len - id.len);
	return far->name;
}

static void
add_fkey(struct builder *b, const struct fkey *f)
{
	const struct table *far = reach(b, f->far_table);
	const uint16_t *far_columns;
	struct str column = STR_NONE;
	struct relation *r;

	if (far == NULL)
		return;
	far_columns = find_positions(b, far, f->far_columns, f->ncolumns);
	if (far_columns == NULL)
		return;
	if (f->ncolumns == 1)
		column = b->near->columns[f->columns[0]].name;
	r = append(b, column);
	r->bare = bare_name(far, column);
	r->kind = RELATION_TO_ONE;
	r->far = far;
	r->columns = f->columns;
	r->far_columns = far_columns;
	r->ncolumns = r->nfar = f->ncolumns;
	r->constraint = f->name;
}

static void
add_ref(struct builder *b, const struct fkey *f, const struct table *far)
{
	const uint16_t *far_columns =
	    find_positions(b, far, f->far_columns, f->ncolumns);
	struct relation *r;

	if (far_columns == NULL)
		return;
	r = append(b, f->ncolumns == 1 ? f->far_columns[0] : STR_NONE);
	r->bare = far->name;
	r->kind = f->far_unique ? RELATION_TO_ONE : RELATION_TO_MANY;
	r->far = far;
	r->columns = f->columns;
	r->far_columns = far_columns;
	r->ncolumns = r->nfar = f->ncolumns;
	r->constraint = f->name;
	r->backwards = true;
}

static bool
is_in_key(const struct table *t, const struct fkey *f)
{
	for (size_t i = 0; i < f->ncolumns; i++)
		if (!positions_have(t->key, t->nkey, f->columns[i]))
			return false;
	return true;
}

/* the same foreign key as the other table has it */
static const struct fkey *
find_twin(const struct builder *b, const struct table *via, struct str name)
{
	for (size_t i = 0; i < via->nfkeys; i++)
		if (str_eq(via->fkeys[i].name, name) &&
		    str_eq(via->fkeys[i].far_table, b->near->qname))
			return &via->fkeys[i];
	return NULL;
}

static void
add_through(struct builder *b, const struct fkey *ref, const struct table *via,
    const struct fkey *there)
{
	const struct table *far = reach(b, there->far_table);
	const uint16_t *far_columns, *via_near;
	struct relation *r;

	if (far == NULL || !is_in_key(via, there))
		return;
	far_columns =
	    find_positions(b, far, there->far_columns, there->ncolumns);
	via_near = find_positions(b, via, ref->far_columns, ref->ncolumns);
	if (far_columns == NULL || via_near == NULL)
		return;
	r = append(b, via->name);
	r->bare = far->name;
	r->kind = RELATION_MANY_TO_MANY;
	r->far = far;
	r->columns = ref->columns;
	r->ncolumns = ref->ncolumns;
	r->far_columns = far_columns;
	r->nfar = there->ncolumns;
	r->via = via;
	r->via_near = via_near;
	r->via_far = there->columns;
	r->constraint = there->name;
	r->backwards = true;
}

static void
add_arrivals(struct builder *b, const struct fkey *ref)
{
	const struct table *far = reach(b, ref->far_table);
	const struct fkey *here;

	if (far == NULL)
		return;
	add_ref(b, ref, far);
	here = find_twin(b, far, ref->name);
	if (here == NULL || !is_in_key(far, here))
		return;
	for (size_t i = 0; i < far->nfkeys; i++)
		if (&far->fkeys[i] != here)
			add_through(b, ref, far, &far->fkeys[i]);
}

/* ---------------------------------------------------------------- names */

static struct str
make_name(const struct builder *b, size_t i)
{
	const struct relation *r = &b->v[i];
	/* both ways of a key from a table to itself would be called the same */
	const char *way =
	    r->backwards && r->near == r->far && r->via == NULL ? "!back" : "";
	struct str by = b->columns[i], far = r->far->name;

	if (b->levels[i] == 0)
		return r->bare;
	if (by.p == NULL || (b->levels[i] > 1 && r->via == NULL))
		by = r->constraint;
	if (b->levels[i] == LEVEL_MAX) {
		far = r->far->qname;
		by = r->via != NULL ? r->via->qname : by;
	}
	if (r->via != NULL && b->levels[i] > 1)
		return str_from(arena_printf(b->arena, "%.*s!%.*s!%.*s",
		    STR_ARGS(far), STR_ARGS(by), STR_ARGS(r->constraint)));
	return str_from(arena_printf(
	    b->arena, "%.*s!%.*s%s", STR_ARGS(far), STR_ARGS(by), way));
}

static bool
is_taken(const struct builder *b, size_t i)
{
	/* in a body a name stands for a write-only column too */
	if (table_input(b->near, b->v[i].name) != NULL)
		return true;
	for (size_t k = 0; k < b->n; k++)
		if (k != i && str_eq(b->v[k].name, b->v[i].name))
			return true;
	return false;
}

/* all that share a name take the next longer one, until none do */
static void
make_names(struct builder *b)
{
	bool *taken = arena_array(b->arena, bool, b->n);
	bool again = true;

	b->levels = arena_array(b->arena, unsigned, b->n);
	for (size_t i = 0; i < b->n; i++)
		b->v[i].name = b->v[i].bare;
	while (again) {
		again = false;
		for (size_t i = 0; i < b->n; i++)
			taken[i] = b->levels[i] < LEVEL_MAX && is_taken(b, i);
		for (size_t i = 0; i < b->n; i++) {
			if (!taken[i])
				continue;
			b->levels[i]++;
			b->v[i].name = make_name(b, i);
			again = true;
		}
	}
}

static int
compare_names(const void *a, const void *b)
{
	const struct relation *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static int
build(struct builder *b, struct relations *out)
{
	const struct table *t = b->near;

	for (size_t i = 0; i < t->nfkeys; i++)
		add_fkey(b, &t->fkeys[i]);
	for (size_t i = 0; i < t->nrefs; i++)
		add_arrivals(b, &t->refs[i]);
	if (b->failed)
		return -1;
	make_names(b);
	if (b->n > 1)
		qsort(b->v, b->n, sizeof(b->v[0]), compare_names);
	*out = (struct relations){b->v, b->n};
	return 0;
}

int
schema_relations(struct schema *s, struct arena *a, const struct table *t,
    const struct visible *visible, struct relations *out, struct err *err)
{
	struct relations **kept = NULL;
	struct builder b = {
	    .arena = a, .schema = s, .near = t, .visible = visible, .err = err};

	*out = (struct relations){NULL, 0};
	if (s == NULL)
		return 0;
	if (visible == NULL)
		kept = schema_kept(s, t, &b.arena);
	if (kept != NULL && *kept != NULL) {
		*out = **kept;
		return 0;
	}
	if (build(&b, out) != 0)
		return -1;
	if (kept != NULL)
		*kept = arena_memdup(b.arena, out, sizeof(*out));
	return 0;
}

bool
relation_is_seen(const struct relation *r, const struct visible *v)
{
	return v == NULL || (v->sees(v->arg, r->far) &&
				(r->via == NULL || v->sees(v->arg, r->via)));
}

const struct relation *
relation_find(const struct relations *l, struct str name, struct arena *a,
    const struct relation ***choices, size_t *nchoices)
{
	const struct relation *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		n += str_eq(l->v[i].bare, name);
		if (str_eq(l->v[i].name, name))
			found = &l->v[i];
	}
	*nchoices = found != NULL ? 0 : n;
	if (found != NULL || choices == NULL || n == 0)
		return found;
	*choices = arena_array(a, const struct relation *, n);
	for (size_t i = n = 0; i < l->n; i++)
		if (str_eq(l->v[i].bare, name))
			(*choices)[n++] = &l->v[i];
	return NULL;
}
