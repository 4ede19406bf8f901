/*
 * Many rows in one statement.  Their values come as one array of texts for
 * each column, cast where they are used, so that the text depends on the set
 * of columns alone and a statement can be asked again for a part of its rows:
 * that is how the row is found that PostgreSQL refuses.
 */
#include "stmt/stmt_priv.h"

#include <assert.h>

#include "base/arena.h"

/* an array is too large to be copied: the argument is the chunk's own */
static void
emit_array(struct stmt *s, const char *array)
{
	stmt_param(s, STR_NONE, NULL);
	s->args[s->nargs - 1] = array;
	stmt_lit(s, "::text[]");
}

static void
emit_number(struct stmt *s, const char *letter, size_t i)
{
	buf_cstr(&s->text, letter);
	buf_u64(&s->text, i);
}

/* the arrays side by side as u(c0, c1 …, ord), from row first to last */
static void
emit_unnest(struct stmt *s, const struct chunk *c)
{
	stmt_lit(s, " from rows from (");
	for (size_t i = 0; i < c->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_lit(s, "pg_catalog.unnest(");
		emit_array(s, c->arrays[i]);
		stmt_lit(s, ")");
	}
	stmt_lit(s, ") with ordinality as u(");
	for (size_t i = 0; i < c->ncolumns; i++) {
		emit_number(s, "c", i);
		stmt_lit(s, ", ");
	}
	stmt_lit(s, "ord) where u.ord between ");
	stmt_param_i64(s, c->first);
	stmt_lit(s, " and ");
	stmt_param_i64(s, c->last);
}

/* u.c0::"pg_catalog"."int4" */
static void
emit_cast(struct stmt *s, const struct chunk *c, size_t i)
{
	emit_number(s, "u.c", i);
	stmt_lit(s, "::");
	stmt_type(s, c->columns[i]->type);
}

static void
emit_outputs(struct stmt *s, const struct table *t, const struct stmt_opts *o)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_output(s, &t->columns[i], o);
	}
}

/* ---- a change that another part of the statement reads -------------------- */

/* (r0, r1 …): what the CTE w returns, for two columns can have one name */
static void
emit_aliases(struct stmt *s, size_t n, bool first)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0 || !first)
			stmt_lit(s, ", ");
		emit_number(s, "r", i);
	}
}

static void
begin_part(struct stmt *s, size_t n)
{
	stmt_lit(s, "with w(");
	emit_aliases(s, n > 0 ? n : 1, true);
	stmt_lit(s, ") as (");
}

/* what it returns: the outputs, or anything */
static void
emit_returning(
    struct stmt *s, const struct table *t, bool rows, const struct stmt_opts *o)
{
	stmt_lit(s, " returning ");
	if (rows)
		emit_outputs(s, t, o);
	else
		stmt_lit(s, "1");
}

/* what is answered of it: the outputs, or the number of the rows */
static void
end_part(struct stmt *s, size_t n, const struct event *e)
{
	if (e->table->emits)
		stmt_emitted(s, e);
	stmt_lit(s, ")");
	if (e->table->emits)
		stmt_emit(s, e);
	stmt_lit(s, " select ");
	emit_aliases(s, n, true);
	s->counted = n == 0;
	if (s->counted)
		stmt_lit(s, "pg_catalog.count(*)");
	stmt_lit(s, " from w");
}

static struct event
chunk_event(
    const struct chunk *c, enum event_kind kind, const struct stmt_opts *o)
{
	return (struct event){.table = c->table,
	    .kind = kind,
	    .sum = o->many || c->table->nkey == 0};
}

/* ---- insert ------------------------------------------------------------- */

/* rows that hold the counter say themselves what becomes of it */
static void
emit_count(struct stmt *s, const struct chunk *c, const struct stmt_opts *o)
{
	const struct column *counter = stmt_counter(c->table, o);

	for (size_t i = 0; i < c->ncolumns; i++)
		if (c->columns[i] == counter)
			return;
	if (counter != NULL)
		stmt_count_up(s, counter);
}

/* A row that this transaction has written already cannot be told from one
 * that was there before; of the two values neither is right. */
static void
emit_conflict(struct stmt *s, const struct chunk *c, const struct conflict *on,
    const struct stmt_opts *o)
{
	const struct table *t = c->table;

	stmt_lit(s, " on conflict (");
	for (size_t i = 0; i < on->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_ident(s, t->columns[on->columns[i]].name);
	}
	if (on->ignore) {
		stmt_lit(s, ") do nothing");
		return;
	}
	stmt_lit(s, ") do update set ");
	for (size_t i = 0; i < c->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_ident(s, c->columns[i]->name);
		stmt_lit(s, " = excluded.");
		stmt_ident(s, c->columns[i]->name);
	}
	emit_count(s, c, o);
	stmt_lit(s, " where case when dynapi.is_own(t.xmin) "
		    "then dynapi.refuse('ZD005') is null else true end");
}

static void
emit_insert(struct stmt *s, const struct chunk *c)
{
	if (c->ncolumns == 0) {
		stmt_lit(s, " default values");
		return;
	}
	stmt_lit(s, " (");
	for (size_t i = 0; i < c->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_ident(s, c->columns[i]->name);
	}
	stmt_lit(s, ") select ");
	for (size_t i = 0; i < c->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		emit_cast(s, c, i);
	}
	emit_unnest(s, c);
}

struct stmt *
stmt_bulk_insert(struct arena *a, const struct chunk *c,
    const struct conflict *on, bool returning, const struct stmt_opts *o)
{
	bool merges = on != NULL && !on->ignore, emits = c->table->emits;
	struct event e =
	    chunk_event(c, merges ? EVENT_WRITTEN : EVENT_CREATED, o);
	size_t n = returning ? c->table->ncolumns : 0;
	struct stmt *s = stmt_new(a, "bulk insert");

	e.on = on;
	if (merges)
		s->effect = effect_of(a, (struct effect){.chunk = c, .on = on});
	if (emits)
		begin_part(s, n);
	stmt_lit(s, "insert into ");
	stmt_table(s, c->table);
	stmt_lit(s, " as t");
	emit_insert(s, c);
	if (on != NULL && c->ncolumns > 0)
		emit_conflict(s, c, on, o);
	if (returning || emits)
		emit_returning(s, c->table, returning, o);
	if (emits)
		end_part(s, n, &e);
	return s;
}

/* ---- update ------------------------------------------------------------- */

static void
emit_key_match(struct stmt *s, const struct chunk *c)
{
	for (size_t i = 0; i < c->nkey; i++) {
		if (i > 0)
			stmt_lit(s, " and ");
		stmt_column(s, c->columns[i]);
		stmt_operator(s, "=", c->columns[i]->type);
		emit_number(s, "u.c", i);
	}
}

/* only real tables know who has written a row */
static bool
knows_writer(const struct table *t)
{
	return t->kind == TABLE_ORDINARY || t->kind == TABLE_PARTITIONED;
}

static void
emit_update(struct stmt *s, const struct chunk *c, const struct stmt_opts *o)
{
	stmt_lit(s, "update ");
	stmt_table(s, c->table);
	stmt_lit(s, " t set ");
	for (size_t i = c->nkey; i < c->ncolumns; i++) {
		if (i > c->nkey)
			stmt_lit(s, ", ");
		stmt_ident(s, c->columns[i]->name);
		stmt_lit(s, " = ");
		emit_number(s, "u.c", i);
	}
	emit_count(s, c, o);
	stmt_lit(s, " from u where ");
	emit_key_match(s, c);
	if (knows_writer(c->table))
		stmt_lit(s, " and not dynapi.is_own(t.xmin)");
	stmt_lit(s, " returning u.ord");
}

/* nothing but keys: the rows only have to be there */
static void
emit_presence(struct stmt *s, const struct chunk *c, bool returning,
    const struct stmt_opts *o)
{
	stmt_lit(s, "select u.ord");
	if (returning) {
		stmt_lit(s, ", ");
		emit_outputs(s, c->table, o);
	}
	stmt_lit(s, " from u join ");
	stmt_table(s, c->table);
	stmt_lit(s, " t on ");
	emit_key_match(s, c);
}

void
stmt_chunk_rows(struct stmt *s, const struct chunk *c)
{
	stmt_lit(s, "with u as (select u.ord");
	for (size_t i = 0; i < c->ncolumns; i++) {
		stmt_lit(s, ", ");
		emit_cast(s, c, i);
		emit_number(s, " as c", i);
	}
	emit_unnest(s, c);
	stmt_lit(s, ")");
}

struct stmt *
stmt_bulk_update(struct arena *a, const struct chunk *c, bool returning,
    const struct stmt_opts *o)
{
	struct event e = chunk_event(c, EVENT_UPDATED, o);
	bool emits = c->table->emits && c->ncolumns > c->nkey;
	size_t n = returning ? c->table->ncolumns : 0;
	struct stmt *s = stmt_new(a, "bulk update");

	assert(c->nkey > 0);
	s->effect = effect_of(a, (struct effect){.chunk = c});
	stmt_chunk_rows(s, c);
	stmt_lit(s, ", w(ord");
	emit_aliases(s, n, false);
	stmt_lit(s, ") as (");
	if (c->ncolumns == c->nkey) {
		emit_presence(s, c, returning, o);
	} else {
		emit_update(s, c, o);
		if (returning) {
			stmt_lit(s, ", ");
			emit_outputs(s, c->table, o);
		}
		if (emits)
			stmt_emitted(s, &e);
	}
	stmt_lit(s, ")");
	if (emits)
		stmt_emit(s, &e);
	stmt_lit(s, " select ");
	if (returning)
		emit_aliases(s, n, true);
	else
		stmt_lit(s, "1");
	stmt_lit(s, " from w where (select case when pg_catalog.count(*) <> ");
	stmt_param_i64(s, c->last - c->first + 1);
	stmt_lit(s, " then dynapi.refuse('ZD005') end from w) is null "
		    "order by ord");
	if (!returning)
		stmt_lit(s, " limit 1");
	return s;
}

struct stmt *
stmt_bulk_find(struct arena *a, const struct chunk *c)
{
	struct stmt *s = stmt_new(a, "bulk find");

	stmt_chunk_rows(s, c);
	stmt_col(s, STR("own"), CELL_BOOL);
	if (knows_writer(c->table))
		stmt_lit(s, " select dynapi.is_own(t.xmin)");
	else
		stmt_lit(s, " select false");
	stmt_lit(s, " from u join ");
	stmt_table(s, c->table);
	stmt_lit(s, " t on ");
	emit_key_match(s, c);
	return s;
}

struct stmt *
stmt_bulk_present(struct arena *a, const struct chunk *c)
{
	struct stmt *s = stmt_new(a, "bulk present");

	stmt_chunk_rows(s, c);
	stmt_lit(s, " ");
	emit_presence(s, c, false, NULL);
	return s;
}

struct stmt *
stmt_bulk_cast(struct arena *a, const struct chunk *c, size_t i)
{
	const struct type *t = c->columns[i]->type;
	struct stmt *s = stmt_new(a, "bulk cast");

	stmt_col(s, c->columns[i]->name, CELL_TEXT);
	stmt_begin_input(s, t);
	stmt_lit(s, "(");
	emit_array(s, c->arrays[i]);
	stmt_lit(s, ")[");
	stmt_param_i64(s, c->first);
	stmt_lit(s, "]");
	stmt_end_input(s, t);
	return s;
}

/* ---- what a query finds ------------------------------------------------- */

static void
emit_change(struct stmt *s, const struct query *q, const struct body *body,
    const struct stmt_opts *o)
{
	if (body == NULL) {
		stmt_lit(s, "delete from ");
		stmt_table(s, q->table);
		stmt_lit(s, " t");
	} else {
		stmt_lit(s, "update ");
		stmt_table(s, q->table);
		stmt_set(s, q->table, body, o);
	}
	stmt_where(s, q);
}

struct stmt *
stmt_change(struct arena *a, const struct query *q, const struct body *body,
    int64_t max, bool returning, const struct stmt_opts *o)
{
	struct event e = {.table = q->table,
	    .kind = body != NULL ? EVENT_UPDATED : EVENT_DELETED,
	    .sum = q->table->nkey == 0,
	    .any = true};
	size_t n = returning ? q->table->ncolumns : 0;
	struct stmt *s =
	    stmt_new(a, body != NULL ? "bulk update" : "bulk delete");

	assert(body == NULL || body->n > 0);
	if (body != NULL)
		s->effect = effect_of(a, (struct effect){.of = q, .set = body});
	if (!returning && max < 0 && !q->table->emits) {
		emit_change(s, q, body, o);
		return s;
	}
	begin_part(s, n);
	emit_change(s, q, body, o);
	emit_returning(s, q->table, returning, o);
	end_part(s, n, &e);
	if (max >= 0) {
		stmt_lit(s, " where (select case when pg_catalog.count(*) > ");
		stmt_param_i64(s, max);
		stmt_lit(s, " then dynapi.refuse('ZD003') end from w) is null");
	}
	return s;
}
