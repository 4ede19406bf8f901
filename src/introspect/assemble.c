/*
 * struct table out of rows of the catalogs.  Everything is sorted by name
 * (columns by number), so that the same database gives the same snapshot.
 */
#include "introspect/introspect_priv.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "schema/schema.h"

#define EVENT_UPDATE (1u << 2) /* nodes.h: CMD_UPDATE */
#define EVENT_INSERT (1u << 3)
#define EVENT_DELETE (1u << 4)

static enum table_kind
name_kind(char kind)
{
	switch (kind) {
	case 'p':
		return TABLE_PARTITIONED;
	case 'v':
		return TABLE_VIEW;
	case 'm':
		return TABLE_MATVIEW;
	case 'f':
		return TABLE_FOREIGN;
	default:
		return TABLE_ORDINARY;
	}
}

static enum identity
name_identity(char identity)
{
	switch (identity) {
	case 'a':
		return IDENTITY_ALWAYS;
	case 'd':
		return IDENTITY_BY_DEFAULT;
	default:
		return IDENTITY_NONE;
	}
}

static struct str
keep_comment(struct str s)
{
	return utf8_valid(s) ? s : STR_NONE;
}

static void
fill_column(struct catalog *c, const struct attr *a, struct column *col)
{
	col->name = a->name;
	col->attnum = a->num;
	col->type = catalog_type(c, a->type, a->typmod, a->display);
	col->not_null = a->not_null || col->type->domain_not_null;
	col->has_default = !a->generated &&
			   (a->has_default || catalog_type_default(c, a->type));
	col->identity = name_identity(a->identity);
	col->generated = a->generated;
	col->updatable = a->updatable && !a->barred;
	col->write_only = a->sight == SIGHT_WRITE_ONLY;
	col->has_eq = !col->write_only && catalog_has_eq(c, a->type);
	col->has_order = !col->write_only && catalog_has_order(c, a->type);
	col->comment = keep_comment(a->comment);
}

static void
tell_barred(struct catalog *c, const struct rel *r)
{
	for (size_t i = 0; i < r->nattrs; i++)
		if (r->attrs[i].barred && r->attrs[i].sight != SIGHT_HIDDEN)
			catalog_notice(c, r->qname, false,
			    "%.*s is not counted: the role of conninfo may not "
			    "update it",
			    STR_ARGS(r->attrs[i].name));
}

static void
fill_table(struct catalog *c, const struct rel *r)
{
	struct table *t = r->table;

	t->schema = r->schema;
	t->name = r->name;
	t->qname = r->qname;
	t->path = r->path;
	t->oid = r->oid;
	t->kind = name_kind(r->kind);
	t->can_insert = (r->events & EVENT_INSERT) != 0;
	t->can_update = (r->events & EVENT_UPDATE) != 0;
	t->can_delete = (r->events & EVENT_DELETE) != 0;
	t->row_security = r->row_security;
	t->est_rows = r->est_rows;
	t->comment = keep_comment(r->comment);
	t->columns = arena_array(c->arena, struct column, r->nattrs);
	for (size_t i = 0; i < r->nattrs; i++)
		if (r->attrs[i].sight == SIGHT_OPEN)
			fill_column(
			    c, &r->attrs[i], &t->columns[t->ncolumns++]);
	tell_barred(c, r);
	t->conceals = t->ncolumns < r->nattrs;
	for (size_t i = 0; i < r->nattrs; i++)
		if (r->attrs[i].sight == SIGHT_WRITE_ONLY)
			fill_column(c, &r->attrs[i],
			    &t->columns[t->ncolumns + t->nwrite_only++]);
}

/* attribute number to position among the columns that can be read; -1 when it
 * is none of them */
static ptrdiff_t
find_position(const struct table *t, int16_t num)
{
	size_t lo = 0, hi = t->ncolumns, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (t->columns[mid].attnum == num)
			return (ptrdiff_t)mid;
		if (num < t->columns[mid].attnum)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

/* and among the write-only ones */
static ptrdiff_t
find_input(const struct table *t, int16_t num)
{
	for (size_t i = t->ncolumns; i < table_ninput(t); i++)
		if (t->columns[i].attnum == num)
			return (ptrdiff_t)i;
	return find_position(t, num);
}

/* a name in the text of a notice or record; the catalogs' may be any bytes */
static bool
is_usable(const struct con *con)
{
	return utf8_valid(con->name);
}

/* NULL when one of them cannot be read: what is about a part of them is not
 * what the database means */
static uint16_t *
find_all(struct catalog *c, ptrdiff_t (*find)(const struct table *, int16_t),
    const struct table *t, const int16_t *nums, size_t n)
{
	uint16_t *v = arena_array(c->arena, uint16_t, n);
	ptrdiff_t at;

	for (size_t i = 0; i < n; i++) {
		at = find(t, nums[i]);
		if (at < 0)
			return NULL;
		v[i] = (uint16_t)at;
	}
	return v;
}

static uint16_t *
find_positions(
    struct catalog *c, const struct table *t, const int16_t *nums, size_t n)
{
	return find_all(c, find_position, t, nums, n);
}

/* a CHECK says what may be written: the write-only columns too */
static uint16_t *
find_checked(struct catalog *c, const struct table *t, const struct con *con)
{
	return find_all(c, con->kind == 'c' ? find_input : find_position, t,
	    con->nums, con->n);
}

static enum constraint_kind
name_constraint(char kind)
{
	switch (kind) {
	case 'p':
		return CONSTRAINT_PRIMARY;
	case 'u':
		return CONSTRAINT_UNIQUE;
	case 'x':
		return CONSTRAINT_EXCLUDE;
	default:
		return CONSTRAINT_CHECK;
	}
}

/* the rows of one relation follow each other, sorted by name */
static const struct con *
skip_rel(const struct catalog *c, const struct con *con)
{
	const struct con *end = c->cons + c->ncons, *next = con;

	while (next < end && next->rel == con->rel)
		next++;
	return next;
}

static void
fill_constraints(struct catalog *c, struct table *t, const struct con *con,
    const struct con *end)
{
	struct constraint *k;
	uint16_t *columns;

	t->constraints =
	    arena_array(c->arena, struct constraint, (size_t)(end - con));
	for (; con < end; con++) {
		if (con->kind == 'f' || !is_usable(con) ||
		    (columns = find_checked(c, t, con)) == NULL)
			continue;
		k = &t->constraints[t->nconstraints++];
		k->name = con->name;
		k->kind = name_constraint(con->kind);
		k->ncolumns = con->n;
		k->columns = columns;
	}
}

/* the rest of a foreign key, from t's side */
static void
fill_far(struct catalog *c, struct fkey *f, const struct table *t,
    const int16_t *nums, const struct table *far, const int16_t *far_nums,
    size_t n)
{
	const struct column *columns = far->columns;
	uint16_t *positions;

	f->ncolumns = n;
	f->columns = find_positions(c, t, nums, n);
	positions = find_positions(c, far, far_nums, n);
	f->far_table = far->qname;
	f->far_columns = arena_array(c->arena, struct str, n);
	for (size_t i = 0; i < n; i++)
		f->far_columns[i] = columns[positions[i]].name;
}

/* some unique constraint of t lies within these columns */
static bool
is_unique(const struct table *t, const uint16_t *columns, size_t n)
{
	for (size_t i = 0; i < t->nconstraints; i++) {
		const struct constraint *k = &t->constraints[i];
		size_t inside = 0;

		if (k->kind != CONSTRAINT_PRIMARY &&
		    k->kind != CONSTRAINT_UNIQUE)
			continue;
		for (size_t a = 0; a < k->ncolumns; a++)
			for (size_t b = 0; b < n; b++)
				inside += k->columns[a] == columns[b];
		if (k->ncolumns > 0 && inside >= k->ncolumns)
			return true;
	}
	return false;
}

/* are all columns of the foreign key open, on both sides? */
static bool
is_open(struct catalog *c, const struct con *con, const struct table *t,
    const struct table *far)
{
	return find_positions(c, t, con->nums, con->n) != NULL &&
	       find_positions(c, far, con->far_nums, con->n) != NULL;
}

static const struct rel *
find_far(struct catalog *c, const struct rel *r, const struct con *con)
{
	const struct rel *far = catalog_rel(c, con->far);

	if (con->n == 0 || con->n != con->nfar || !is_usable(con))
		return NULL;
	if (far != NULL && far->table != NULL) {
		if (is_open(c, con, r->table, far->table))
			return far;
		r->table->conceals = true;
		catalog_notice(c, r->qname, true,
		    "foreign key %.*s is no relation: it is made of columns "
		    "that are kept from clients",
		    STR_ARGS(con->name));
		return NULL;
	}
	catalog_notice(c, r->qname, false,
	    "foreign key %.*s leads to %.*s, which is not exposed",
	    STR_ARGS(con->name), STR_ARGS(con->far_name));
	return NULL;
}

static void
fill_fkeys(struct catalog *c, struct rel *r, const struct con *con,
    const struct con *end)
{
	struct table *t = r->table;
	const struct rel *far;
	struct fkey *f;

	t->fkeys = arena_array(c->arena, struct fkey, (size_t)(end - con));
	for (; con < end; con++) {
		far = con->kind == 'f' ? find_far(c, r, con) : NULL;
		if (far == NULL)
			continue;
		f = &t->fkeys[t->nfkeys++];
		f->name = con->name;
		f->far_unique = true;
		fill_far(c, f, t, con->nums, far->table, con->far_nums, con->n);
		far->table->nrefs++;
	}
}

/* what arrives at a table leaves another one: the same keys once more */
static void
fill_refs(struct catalog *c, const struct con *con)
{
	const struct rel *r = catalog_rel(c, con->rel);
	const struct rel *far = catalog_rel(c, con->far);
	struct table *t;
	struct fkey *f;

	if (con->kind != 'f' || r == NULL || r->table == NULL || far == NULL ||
	    far->table == NULL || con->n == 0 || con->n != con->nfar ||
	    !is_usable(con) || !is_open(c, con, r->table, far->table))
		return;
	t = far->table;
	f = &t->refs[t->nrefs++];
	f->name = con->name;
	fill_far(c, f, t, con->far_nums, r->table, con->nums, con->n);
	f->far_unique = is_unique(
	    r->table, find_positions(c, r->table, con->nums, con->n), con->n);
}

static void
make_refs_room(struct catalog *c)
{
	struct table *t;

	for (size_t i = 0; i < c->nrels; i++) {
		t = c->rels[i].table;
		if (t == NULL)
			continue;
		t->refs = arena_array(c->arena, struct fkey, t->nrefs);
		t->nrefs = 0;
	}
}

static int
compare_ref(const void *a, const void *b)
{
	const struct fkey *x = a, *y = b;
	int c = str_cmp(x->far_table, y->far_table);

	return c != 0 ? c : str_cmp(x->name, y->name);
}

static int
compare_fkey(const void *a, const void *b)
{
	const struct fkey *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static int
compare_constraint(const void *a, const void *b)
{
	const struct constraint *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

/* PostgreSQL sorted names by its collation; we sort bytes */
static void
sort_parts(struct table *t)
{
	qsort(t->constraints, t->nconstraints, sizeof(t->constraints[0]),
	    compare_constraint);
	qsort(t->fkeys, t->nfkeys, sizeof(t->fkeys[0]), compare_fkey);
	qsort(t->refs, t->nrefs, sizeof(t->refs[0]), compare_ref);
}

static void
relate(struct catalog *c)
{
	const struct con *con, *end = c->cons + c->ncons, *next;
	struct rel *r;

	for (con = c->cons; con < end; con = next) {
		next = skip_rel(c, con);
		r = catalog_rel(c, con->rel);
		if (r == NULL || r->table == NULL)
			continue;
		fill_constraints(c, r->table, con, next);
		fill_fkeys(c, r, con, next);
	}
	make_refs_room(c);
	for (con = c->cons; con < end; con++)
		fill_refs(c, con);
}

/* a table without any has empty lists, not none */
static void
fill_empty(struct catalog *c, struct table *t)
{
	if (t->constraints == NULL)
		t->constraints = arena_array(c->arena, struct constraint, 0);
	if (t->fkeys == NULL)
		t->fkeys = arena_array(c->arena, struct fkey, 0);
	sort_parts(t);
}

static void
warn_leaks(struct catalog *c)
{
	const struct rel *r;

	for (size_t i = 0; i < c->nleaks; i++) {
		r = catalog_rel(c, c->leaks[i].view);
		if (r != NULL && r->table != NULL)
			catalog_notice(c, r->qname, false,
			    "shows rows of %.*s past its row security: "
			    "make the view security_invoker or exclude it",
			    STR_ARGS(c->leaks[i].table));
	}
}

static int
compare_table(const void *a, const void *b)
{
	const struct table *x = a, *y = b;

	return str_cmp(x->qname, y->qname);
}

static int
compare_notice(const void *a, const void *b)
{
	const struct notice *x = a, *y = b;
	int c = str_cmp(x->qname, y->qname);

	return c != 0 ? c : str_cmp(x->text, y->text);
}

void
assemble_tables(struct catalog *c, struct snapshot *s)
{
	size_t n = 0;

	for (size_t i = 0; i < c->nrels; i++)
		if (c->rels[i].table != NULL)
			fill_table(c, &c->rels[i]);
	compute_fields(c);
	relate(c);
	s->tables = arena_array(c->arena, struct table, c->nrels);
	for (size_t i = 0; i < c->nrels; i++) {
		if (c->rels[i].table == NULL)
			continue;
		fill_empty(c, c->rels[i].table);
		expose_key(c, &c->rels[i]);
		searched_fill(c, &c->rels[i]);
		conceal_tell(c, &c->rels[i]);
		s->tables[n++] = *c->rels[i].table;
	}
	s->ntables = n;
	warn_leaks(c);
	conceal_tell_sources(c);
	qsort(s->tables, n, sizeof(s->tables[0]), compare_table);
	searched_tell(c, s);
	expose_tell_lines(c);
	if (c->nnotices > 0)
		qsort(c->notices, c->nnotices, sizeof(c->notices[0]),
		    compare_notice);
	s->notices = c->notices;
	s->nnotices = c->nnotices;
}
