/*
 * Creating rows of several tables at once: one guard with the right on every
 * table that is written, one statement, one transaction.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "render/render.h"

/* ---- rights ------------------------------------------------------------- */

/* a row that is there already becomes this parent's child */
static bool
is_taken_over(const struct nested *n)
{
	return n->how == NESTED_LINK && n->place == NESTED_BEHIND;
}

/* the outermost table's right is the one the guard is named */
static void
need_rights(struct ctx *c, const struct nested_set *set)
{
	c->nalso = 0;
	for (size_t i = 0; i < set->n; i++) {
		const struct nested *n = set->v[i];

		if (n->how != NESTED_LINK && n->table != c->table)
			ctx_need(c, n->table, ACTION_CREATE);
		else if (is_taken_over(n))
			ctx_need(c, n->table, ACTION_UPDATE);
		if (n->place == NESTED_BESIDE)
			ctx_need(c, n->relation->via, ACTION_CREATE);
	}
}

/* ---- failures ----------------------------------------------------------- */

static struct str
row_path(const struct nested *n)
{
	return str_sub(n->path, 0, n->path.len - (n->path.len > 0));
}

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

static bool
is_said_of(const struct table *t, const struct violated *v)
{
	return str_eq(t->name, v->table) && str_eq(t->schema, v->schema);
}

/* was it a partition of this table? */
static bool
is_parent(struct ctx *c, const struct table *t, const struct violated *v)
{
	struct batch *b;
	struct err err;
	size_t at;

	if (t->kind != TABLE_PARTITIONED)
		return false;
	err_init(&err, NULL);
	b = ctx_batch(c, BATCH_READ);
	batch_guard(b, ctx_guard(c, ACTION_CREATE));
	at = batch_add(b, stmt_inherited(c->arena, t, v));
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

/* the table of this document that said no, or NULL */
static const struct table *
find_table(
    struct ctx *c, const struct nested_set *set, const struct violated *v)
{
	for (size_t i = 0; i < set->n; i++)
		if (is_said_of(set->v[i]->table, v))
			return set->v[i]->table;
	for (size_t i = 0; i < set->n; i++)
		if (is_first_of_table(set, i) &&
		    is_parent(c, set->v[i]->table, v))
			return set->v[i]->table;
	return NULL;
}

/* the one row of this document that PostgreSQL can have meant, or NULL */
static const struct nested *
find_failed(const struct nested_set *set, const struct table *t)
{
	const struct nested *found = NULL;

	for (size_t i = 0; i < set->n; i++) {
		if (set->v[i]->table != t)
			continue;
		if (found != NULL)
			return NULL;
		found = set->v[i];
	}
	return found;
}

/* constraints of other tables than the outermost: the row is named, and
 * nothing else of a table that he perhaps may not read */
static int
blame_constraint(
    struct ctx *c, const struct nested_set *set, const struct batch *b)
{
	struct violated v = {
	    str_from(b->schema), str_from(b->table), str_from(b->constraint)};
	enum err_id id = c->err.id;
	const char *cause = c->err.cause;
	const struct table *t;
	const struct nested *n;

	if (b->table == NULL)
		return -1;
	t = find_table(c, set, &v);
	if (t == c->table)
		return -1;
	n = find_failed(set, t);
	err_clear(&c->err);
	if (n != NULL)
		err_add_field(&c->err, id, row_path(n),
		    "A constraint of the database refuses this row.");
	err_set(&c->err, id, NULL);
	c->err.cause = cause;
	return -1;
}

static int
blame_links(struct ctx *c, const struct nested_set *set)
{
	const char *cause = c->err.cause;

	err_clear(&c->err);
	for (size_t i = 0; i < set->n; i++)
		if (is_taken_over(set->v[i]))
			err_add_field(&c->err, ERR_CONFLICT,
			    row_path(set->v[i]),
			    "There may be no row with this key.");
	err_set(
	    &c->err, ERR_CONFLICT, "A row that is to be linked is missing.");
	c->err.cause = cause;
	return -1;
}

static bool
has_links(const struct nested_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (is_taken_over(set->v[i]))
			return true;
	return false;
}

static int
explain_failure(
    struct ctx *c, const struct nested_set *set, const struct batch *b)
{
	if (c->err.id == ERR_CONSTRAINT && has_links(set) &&
	    strcmp(b->sqlstate, STMT_NOT_LINKED) == 0)
		return blame_links(c, set);
	if (c->err.id == ERR_CONFLICT || c->err.id == ERR_CONSTRAINT)
		return blame_constraint(c, set, b);
	for (size_t i = 0; i < set->n; i++)
		blame_row(c, set->v[i]);
	return -1;
}

/* ---- creating ----------------------------------------------------------- */

static int
run_nested(struct ctx *c, struct write *w, struct nested_set *set,
    struct rows **rows, bool *may_read)
{
	struct query_limits limits;
	struct once once;
	struct batch *b;
	size_t at, check = 0;
	int rc, keyed = 0;

	if ((w->once && (keyed = once_read(c, &once)) < 0) ||
	    read_limits(c, &limits) != 0)
		return -1;
	rc = nested_parse(
	    c->arena, c->app->schema, c->table, w->body, &limits, set, &c->err);
	need_rights(c, set);
	if (rc != 0) {
		/* only who has all of these rights hears why */
		c->guarded = false;
		return -1;
	}
	b = ctx_batch(c, prefer_dry_run(c) ? BATCH_TRY : BATCH_WRITE);
	batch_guard(b, ctx_guard(c, ACTION_CREATE));
	if (keyed)
		check = batch_add(b, stmt_once_check(c->arena, &once));
	at = batch_add(b, stmt_insert_nested(c->arena, set,
			      keyed ? &once : NULL, &c->app->stmt_opts));
	if (ctx_run(c, b) != 0) {
		if (keyed && (keyed = once_replay(c, w, &once, check)) != 0)
			return keyed < 0 ? -1 : 0;
		return explain_failure(c, set, b);
	}
	*rows = batch_rows(b, at);
	*may_read = rights_of_guard(c, batch_rows(b, 0));
	return 0;
}

int
data_nested_run(struct ctx *c, struct write *w, struct nested_set *set,
    struct rows **rows, bool *may_read)
{
	int rc;

	w->want_row = prefer_rows(c, w->want_row);
	if (prefer_check(c) != 0)
		return -1;
	rc = run_nested(c, w, set, rows, may_read);
	if (rc != 0 && prefer_was_zone(c))
		rc = run_nested(c, w, set, rows, may_read);
	if (rc != 0)
		return -1;
	if (c->timezone.p != NULL)
		w->tag = STR_NONE;
	prefer_applied(
	    c, w->replayed ? w->rows != NULL : *may_read && w->want_row);
	return 0;
}

/* only such members can be rows: what has none needs no further look */
static bool
has_depth(const struct json *body)
{
	for (const struct json *m = body->child; m != NULL; m = m->next)
		if (m->kind == JSON_OBJECT || m->kind == JSON_ARRAY)
			return true;
	return false;
}

bool
data_nested_is(struct ctx *c, const struct json *body)
{
	struct query_limits limits;

	return body->kind == JSON_OBJECT && has_depth(body) &&
	       read_limits(c, &limits) == 0 &&
	       nested_is(
		   c->arena, c->app->schema, c->table, body, limits.visible);
}

/* ---- the document with its keys ----------------------------------------- */

static void
write_value(struct ctx *c, struct jsonw *w, const struct json *j)
{
	struct buf text;

	buf_init(&text, c->arena, j->src.len * 2 + 16);
	json_write(&text, j);
	jsonw_raw(w, buf_view(&text));
}

static const struct nested *
find_row(const struct nested *up, const struct json *j)
{
	for (const struct nested *d = up->down; d != NULL; d = d->next)
		if (d->json == j)
			return d;
	return NULL;
}

static void write_row_json(
    struct ctx *, struct jsonw *, const struct nested *, const struct rows *);

static void
write_member(struct ctx *c, struct jsonw *w, const struct nested *n,
    const struct json *m, const struct rows *rows)
{
	const struct nested *row = find_row(n, m);

	if (row != NULL) {
		write_row_json(c, w, row, rows);
		return;
	}
	if (m->kind != JSON_ARRAY || m->child == NULL ||
	    find_row(n, m->child) == NULL) {
		write_value(c, w, m);
		return;
	}
	jsonw_array(w);
	for (const struct json *j = m->child; j != NULL; j = j->next)
		write_row_json(c, w, find_row(n, j), rows);
	jsonw_end(w);
}

size_t
data_nested_key(const struct nested *n, const struct rows *rows, size_t i)
{
	bool whole = n->relation == NULL && rows_stmt(rows)->shape != NULL;

	return n->col + (whole ? n->table->key[i] : i);
}

/* a key that was made by the database follows what was sent */
static void
write_made_key(struct ctx *c, struct jsonw *w, const struct nested *n,
    const struct rows *rows)
{
	const struct table *t = n->table;
	const struct stmt *s;
	struct buf text;

	if (rows == NULL)
		return;
	s = rows_stmt(rows);
	for (size_t i = 0; n->how == NESTED_CREATE && i < t->nkey; i++) {
		const struct column *k = &t->columns[t->key[i]];
		size_t col = data_nested_key(n, rows, i);

		if (json_get(n->json, k->name) != NULL)
			continue;
		buf_init(&text, c->arena, rows_cell(rows, col).len * 6 + 16);
		cell_json(&text, s->cols[col].cell, rows_cell(rows, col));
		jsonw_key_str(w, k->name);
		jsonw_raw(w, buf_view(&text));
	}
}

static void
write_row_json(struct ctx *c, struct jsonw *w, const struct nested *n,
    const struct rows *rows)
{
	jsonw_object(w);
	for (const struct json *m = n->json->child; m != NULL; m = m->next) {
		const struct column *col = table_input(n->table, m->key);

		if (col != NULL && col->write_only)
			continue;
		jsonw_key_str(w, m->key);
		write_member(c, w, n, m, rows);
	}
	write_made_key(c, w, n, rows);
	jsonw_end(w);
}

int
data_nested_write(struct ctx *c, struct jsonw *w, const struct nested_set *set,
    struct rows *rows)
{
	/* a trigger may have swallowed a row: then there are no keys, but what
	 * it left is committed */
	if (rows_next(rows, &c->err) != 1)
		rows = NULL;
	if (!set->single)
		jsonw_array(w);
	for (const struct nested *n = set->first; n != NULL; n = n->next)
		write_row_json(c, w, n, rows);
	if (!set->single)
		jsonw_end(w);
	return 0;
}
