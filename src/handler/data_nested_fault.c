/*
 * Which row of the document was it?  PostgreSQL says the table; where several
 * of its rows were written, shorter and shorter beginnings of the document are
 * tried and undone, until the shortest that fails in the same way is left: its
 * last row is the one.
 */
#include "handler/data_nested_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

/* who waits for an answer gets it without the row rather than late */
#define SEARCH_US 1000000

/* what PostgreSQL refused, and how it looks so far */
struct refusal {
	struct ctx *c;
	struct nested_set *set;
	const struct batch *b;
	const struct table *table; /* one of the document, or of its links */
	bool told; /* he may read it: c->err has the fields and the name */
};

static struct str
row_path(const struct nested *n)
{
	return str_sub(n->path, 0, n->path.len - (n->path.len > 0));
}

/* ---- values ------------------------------------------------------------- */

/* the refused values of one row, with its path before them */
static void
blame_row(struct ctx *c, const struct nested *n)
{
	struct err_field **tail = c->err.fields_tail;

	blame_body(c, &n->body);
	for (struct err_field *f = *tail; f != NULL; f = f->next)
		f->field = str_from(arena_printf(c->arena, "%.*s%.*s",
		    STR_ARGS(n->path), STR_ARGS(f->field)));
}

static int
blame_links(struct ctx *c, const struct nested_set *set)
{
	const char *cause = c->err.cause;

	err_clear(&c->err);
	for (size_t i = 0; i < set->n; i++)
		if (data_nested_takes_over(set->v[i]))
			err_add_field(&c->err, ERR_CONFLICT,
			    row_path(set->v[i]),
			    "There may be no row with this key.");
	err_tell(&c->err, ERR_CONFLICT, NULL, cause);
	return -1;
}

static bool
has_links(const struct nested_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (data_nested_takes_over(set->v[i]))
			return true;
	return false;
}

/* ---- constraints: the table --------------------------------------------- */

/* was it a partition of this table, or what is below this view? */
static bool
stands_for_it(struct ctx *c, const struct table *t, const struct batch *failed)
{
	struct violated v = ctx_violation(failed);
	struct batch *b;
	struct err err;
	size_t at;

	if (t->kind != TABLE_PARTITIONED && t->kind != TABLE_VIEW)
		return false;
	err_init(&err, NULL);
	b = ctx_batch(c, BATCH_READ);
	batch_guard(b, ctx_guard(c, ACTION_CREATE));
	at = batch_add(b, stmt_violated(c->arena, t, &v));
	return db_run(c->app->db, b, &err) == 0 &&
	       rows_next(batch_rows(b, at), &err) == 1;
}

static bool
is_first_of_table(const struct nested_set *set, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (set->v[k]->table == set->v[i]->table)
			return false;
	return true;
}

static const struct table *
via_of(const struct nested *n)
{
	return n->place == NESTED_BESIDE ? n->relation->via : NULL;
}

static const struct table *
table_said(struct ctx *c, const struct nested_set *set, const struct batch *b)
{
	for (size_t i = 0; i < set->n; i++)
		if (ctx_said_by(set->v[i]->table, b))
			return set->v[i]->table;
	for (size_t i = 0; i < set->n; i++)
		if (via_of(set->v[i]) != NULL &&
		    ctx_said_by(via_of(set->v[i]), b))
			return via_of(set->v[i]);
	for (size_t i = 0; i < set->n; i++)
		if (is_first_of_table(set, i) &&
		    stands_for_it(c, set->v[i]->table, b))
			return set->v[i]->table;
	return NULL;
}

/* the table of this document that said no, and what may be told of it; of the
 * outermost that has been asked already */
static void
find_table(struct refusal *r)
{
	struct ctx *c = r->c;
	bool own = c->err.fields != NULL || c->err.detail != NULL;

	r->table = table_said(c, r->set, r->b);
	r->told = r->table == c->table ? own : ctx_violated(c, r->table, r->b);
}

/* ---- constraints: the row ----------------------------------------------- */

/* did it write a row of that table? */
static bool
is_suspect(const struct refusal *r, const struct nested *n)
{
	return via_of(n) == r->table ||
	       (n->table == r->table &&
		   (n->how != NESTED_LINK || data_nested_takes_over(n)));
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* does this beginning fail as all of it did? */
static bool
fails(const struct refusal *r, size_t rows, const struct nested **last)
{
	struct ctx *c = r->c;
	struct batch *b = ctx_batch(c, BATCH_TRY);
	struct err err;

	err_init(&err, NULL);
	batch_guard(b, ctx_guard(c, ACTION_CREATE));
	batch_add(b, stmt_begin_nested(c->arena, r->set, rows, last));
	return db_run(c->app->db, b, &err) != 0 &&
	       strcmp(b->sqlstate, r->b->sqlstate) == 0 &&
	       is_same(b->schema, r->b->schema) &&
	       is_same(b->table, r->b->table) &&
	       is_same(b->constraint, r->b->constraint) &&
	       is_same(b->column, r->b->column);
}

/* NULL: it cannot be told, or not soon; a trigger of another row's may have
 * done it.  Where the table is not known any row may be it */
static const struct nested *
search(const struct refusal *r)
{
	int64_t until = clock_mono_us() + SEARCH_US;
	size_t from = 1, to = r->set->n;
	const struct nested *last;

	while (from < to && clock_mono_us() < until) {
		size_t half = from + (to - from) / 2;

		if (fails(r, half, &last))
			to = half;
		else
			from = half + 1;
	}
	return from == to && fails(r, from, &last) &&
		       (r->table == NULL || is_suspect(r, last))
		   ? last
		   : NULL;
}

/* the row, or NULL; of a table that he may not read, which is not searched for,
 * the one that PostgreSQL can have meant */
static const struct nested *
find_row(const struct refusal *r)
{
	const struct nested *found = NULL;
	size_t n = 0;

	for (size_t i = 0; i < r->set->n; i++)
		if (is_suspect(r, r->set->v[i])) {
			found = r->set->v[i];
			n++;
		}
	if (r->told && r->set->n > 1)
		return search(r);
	return n == 1 ? found : NULL;
}

static int
blame_constraint(const struct refusal *r)
{
	struct ctx *c = r->c;
	const struct nested *n = find_row(r);
	struct err said = c->err;

	err_clear(&c->err);
	for (const struct err_field *f = said.fields;
	     r->told && n != NULL && n->table == r->table && f != NULL;
	     f = f->next)
		err_add_field(&c->err, said.id,
		    str_from(arena_printf(c->arena, "%.*s%.*s",
			STR_ARGS(n->path), STR_ARGS(f->field))),
		    "%s", f->text);
	if (n != NULL && n->path.len > 0 && c->err.fields == NULL)
		err_add_field(&c->err, said.id, row_path(n),
		    "A constraint of the database refuses this row.");
	err_tell(&c->err, said.id, r->told ? said.detail : NULL, said.cause);
	return -1;
}

/* ---- row security ------------------------------------------------------- */

/* whose policy it was; NULL: the row's, or that of the table that links it */
static const struct table *
policy_of(const struct nested *n)
{
	if (n->place != NESTED_BESIDE)
		return n->table;
	return n->how == NESTED_LINK ? n->relation->via : NULL;
}

/* PostgreSQL names the table in its message alone */
static int
blame_policy(const struct refusal *r)
{
	struct ctx *c = r->c;
	const char *detail = c->err.detail, *cause = c->err.cause;
	const struct nested *n = search(r);
	const struct table *t = n != NULL ? policy_of(n) : NULL;

	if (n == NULL)
		return -1;
	if (t != c->table)
		detail = t == NULL ? NULL
				   : arena_printf(c->arena,
					 "You have no right to %s %.*s.",
					 action_name(data_nested_takes_over(n)
							 ? ACTION_UPDATE
							 : ACTION_CREATE),
					 STR_ARGS(t->qname));
	err_clear(&c->err);
	if (n->path.len > 0)
		err_add_field(&c->err, ERR_FORBIDDEN, row_path(n),
		    "Row security refuses this row.");
	err_tell(&c->err, ERR_FORBIDDEN, detail, cause);
	return -1;
}

int
data_nested_fault(struct ctx *c, struct nested_set *set, const struct batch *b)
{
	struct refusal r = {.c = c, .set = set, .b = b};
	const struct nested *last;

	/* the rows alone are not asked whether they are linked */
	if (c->err.id == ERR_CONSTRAINT && has_links(set) &&
	    strcmp(b->sqlstate, STMT_NOT_LINKED) == 0 &&
	    !fails(&r, set->n, &last))
		return blame_links(c, set);
	if ((c->err.id == ERR_CONFLICT || c->err.id == ERR_CONSTRAINT) &&
	    b->table != NULL && b->schema != NULL) {
		find_table(&r);
		return r.table != NULL ? blame_constraint(&r) : -1;
	}
	if (c->err.id == ERR_FORBIDDEN && strcmp(b->sqlstate, "42501") == 0)
		return blame_policy(&r);
	for (size_t i = 0; i < set->n; i++)
		blame_row(c, set->v[i]);
	return -1;
}
