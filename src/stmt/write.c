/*
 * INSERT, UPDATE and DELETE of one row.  The row comes back by RETURNING, so
 * that what triggers and defaults made of it is what the client reads.
 */
#include "stmt/stmt_priv.h"

#include <assert.h>

#include "base/arena.h"

static void
emit_counter(struct stmt *s, const struct column *counter)
{
	stmt_lit(s, "coalesce(");
	stmt_column(s, counter);
	stmt_lit(s, ", 0)");
}

static void
emit_assigned(struct stmt *s, const struct assign *as)
{
	if (as->is_next) {
		emit_counter(s, as->column);
		stmt_lit(s, " + 1");
	} else if (as->is_default) {
		stmt_lit(s, "default");
	} else {
		stmt_param(
		    s, as->is_null ? STR_NONE : as->text, as->column->type);
	}
}

/* ---- what comes back ---------------------------------------------------- */

/* commas, and names where another SELECT reads the columns */
static void
begin_column(struct stmt *s)
{
	if (s->ncols > 0)
		stmt_lit(s, ", ");
}

static void
end_column(struct stmt *s, bool named)
{
	if (!named)
		return;
	stmt_lit(s, " as c");
	buf_u64(&s->text, s->ncols);
}

static void
emit_column(struct stmt *s, const struct column *c, bool named,
    const struct stmt_opts *o)
{
	begin_column(s);
	stmt_output(s, c, o);
	end_column(s, named);
}

/* the members of the answer's row are the columns so far */
static void
close_row(struct stmt *s)
{
	s->shape = arena_make(s->arena, struct shape);
	s->shape->v = arena_array(s->arena, struct member, s->ncols);
	for (size_t i = 0; i < s->ncols; i++)
		s->shape->v[s->shape->n++] =
		    (struct member){.name = s->cols[i].name, .col = i};
}

static void
emit_tag(struct stmt *s, const struct table *t, bool named,
    const struct stmt_opts *o)
{
	if (!o->etag)
		return;
	if (s->shape == NULL)
		close_row(s);
	begin_column(s);
	s->etag_col = (ptrdiff_t)s->ncols;
	stmt_tag(s, t, o);
	stmt_col(s, STR("etag"), CELL_TEXT);
	end_column(s, named);
}

static void
emit_mark(struct stmt *s, const struct table *t, bool named,
    const struct stmt_opts *o)
{
	if (!o->marks)
		return;
	if (s->shape == NULL)
		close_row(s);
	begin_column(s);
	stmt_mark(s, t);
	stmt_col(s, STR("mark"), CELL_TEXT);
	end_column(s, named);
}

static void
emit_row(struct stmt *s, const struct table *t, bool named,
    const struct stmt_opts *o)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		emit_column(s, &t->columns[i], named, o);
	s->row_tag = o->etag && stmt_tag_is_of_cells(t, o);
	if (!s->row_tag)
		emit_tag(s, t, named, o);
	emit_mark(s, t, named, o);
}

/* the key alone: what Location needs when the row may not be read */
static void
emit_key(struct stmt *s, const struct table *t, bool named,
    const struct stmt_opts *o)
{
	for (size_t i = 0; i < t->nkey; i++)
		emit_column(s, &t->columns[t->key[i]], named, o);
	emit_tag(s, t, named, o);
}

static void
emit_one(struct stmt *s, bool named)
{
	stmt_lit(s, "1");
	stmt_col(s, STR("rows"), CELL_RAW);
	end_column(s, named);
}

static void
emit_result(struct stmt *s, const struct table *t, bool returning, bool named,
    const struct stmt_opts *o)
{
	if (returning) {
		emit_row(s, t, named, o);
		return;
	}
	emit_one(s, named);
	emit_tag(s, t, named, o);
}

/* ---- what another part of the statement reads ---------------------------- */

static void
begin_part(struct stmt *s, bool named)
{
	if (named)
		stmt_lit(s, "with w as (");
}

static void
emit_part_columns(struct stmt *s)
{
	for (size_t i = 1; i <= s->ncols; i++) {
		if (i > 1)
			stmt_lit(s, ", ");
		stmt_lit(s, "w.c");
		buf_u64(&s->text, i);
	}
}

/* the end of a write that emits an event: what it returned */
static void
end_part(struct stmt *s, const struct event *e)
{
	if (!e->table->emits)
		return;
	stmt_emitted(s, e);
	stmt_lit(s, ")");
	stmt_emit(s, e);
	stmt_lit(s, " select ");
	emit_part_columns(s);
	stmt_lit(s, " from w");
}

/* ---- create ------------------------------------------------------------- */

static void
emit_values(struct stmt *s, const struct body *body)
{
	stmt_lit(s, " (");
	for (size_t i = 0; i < body->n; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_ident(s, body->v[i].column->name);
	}
	stmt_lit(s, ") values (");
	for (size_t i = 0; i < body->n; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		emit_assigned(s, &body->v[i]);
	}
	stmt_lit(s, ")");
}

static void
emit_insert(struct stmt *s, const struct table *t, const struct body *body)
{
	begin_part(s, t->emits);
	stmt_lit(s, "insert into ");
	stmt_table(s, t);
	stmt_lit(s, " as t");
	if (body->n == 0)
		stmt_lit(s, " default values");
	else
		emit_values(s, body);
}

static void
emit_created(struct stmt *s, const struct table *t, bool returning,
    const struct stmt_opts *o)
{
	stmt_lit(s, " returning ");
	if (returning)
		emit_row(s, t, t->emits, o);
	else if (t->nkey > 0 || o->etag)
		emit_key(s, t, t->emits, o);
	else if (t->emits)
		emit_one(s, true);
}

struct stmt *
stmt_insert(struct arena *a, const struct table *t, const struct body *body,
    bool returning, const struct stmt_opts *o)
{
	struct event event = {.table = t, .kind = EVENT_CREATED};
	struct stmt *s = stmt_new(a, "insert");

	emit_insert(s, t, body);
	if (returning || t->nkey > 0 || o->etag || t->emits)
		emit_created(s, t, returning, o);
	end_part(s, &event);
	return s;
}

/* ---- create once -------------------------------------------------------- */

/* "user_id = … and key = …" */
static void
emit_once(struct stmt *s, const struct once *once)
{
	stmt_lit(s, " from dynapi.idempotency i where i.user_id = ");
	stmt_param_i64(s, once->user_id);
	stmt_lit(s, " and i.key = ");
	stmt_param(s, once->key, NULL);
	stmt_lit(s, "::text and i.expires > pg_catalog.now()");
}

struct stmt *
stmt_once_check(struct arena *a, const struct once *once)
{
	struct stmt *s = stmt_new(a, "once");

	stmt_lit(s, "select dynapi.refuse('" ONCE_TAKEN "')");
	emit_once(s, once);
	return s;
}

struct stmt *
stmt_once_find(struct arena *a, const struct table *t, const struct once *once)
{
	struct stmt *s = stmt_new(a, "once");

	stmt_lit(s, "select i.fingerprint::text");
	stmt_col(s, STR("fingerprint"), CELL_TEXT);
	stmt_lit(s, ", i.created");
	stmt_col(s, STR("created"), CELL_RAW);
	for (size_t i = 0; i < t->nkey; i++) {
		stmt_lit(s, ", i.row_key[");
		buf_u64(&s->text, i + 1);
		stmt_lit(s, "]");
		stmt_col(s, t->columns[t->key[i]].name, CELL_TEXT);
	}
	emit_once(s, once);
	return s;
}

/* a volatile function runs once for each row that is there */
void
stmt_keep(struct stmt *s, const struct table *t, const struct once *once,
    int64_t many)
{
	begin_column(s);
	stmt_lit(s, "dynapi.idempotency_keep(");
	stmt_param_i64(s, once->user_id);
	stmt_lit(s, ", ");
	stmt_param(s, once->key, NULL);
	stmt_lit(s, "::text, ");
	stmt_param(s, once->fingerprint, NULL);
	stmt_lit(s, "::bytea, ");
	stmt_param(s, t->qname, NULL);
	stmt_lit(s, "::text, '201', ");
	if (many < 0 && t->nkey > 0)
		stmt_key_texts(s, t);
	else
		stmt_lit(s, "null");
	if (many >= 0) {
		stmt_lit(s, ", ");
		stmt_param_i64(s, many);
	}
	stmt_lit(s, ")");
	stmt_col(s, STR("kept"), CELL_TEXT);
}

struct stmt *
stmt_insert_once(struct arena *a, const struct table *t,
    const struct body *body, bool returning, const struct once *once,
    const struct stmt_opts *o)
{
	struct event event = {.table = t, .kind = EVENT_CREATED};
	struct stmt *s = stmt_new(a, "insert");

	emit_insert(s, t, body);
	emit_created(s, t, returning, o);
	if (s->shape == NULL)
		close_row(s);
	stmt_keep(s, t, once, -1);
	end_column(s, t->emits);
	end_part(s, &event);
	return s;
}

struct stmt *
stmt_once_keep(struct arena *a, const struct table *t, const struct once *once,
    int64_t rows)
{
	struct stmt *s = stmt_new(a, "keep");

	stmt_lit(s, "select ");
	stmt_keep(s, t, once, rows);
	return s;
}

struct stmt *
stmt_once_ensure(
    struct arena *a, const struct table *t, const struct once *once)
{
	struct stmt *s = stmt_once_keep(a, t, once, 0);

	stmt_lit(s, " where not exists (select 1");
	emit_once(s, once);
	stmt_lit(s, ")");
	return s;
}

/* ---- update and delete -------------------------------------------------- */

/* a row without a tag (no version yet) is like none */
static void
emit_tags(struct stmt *s, const struct table *t, bool negated,
    const struct str *tags, size_t n, const struct stmt_opts *o)
{
	stmt_lit(s, " and (");
	stmt_tag(s, t, o);
	stmt_lit(s, " = any(");
	stmt_param_texts(s, tags, n);
	if (negated)
		stmt_lit(s, ")) is not true");
	else
		stmt_lit(s, "))");
}

static void
emit_rule(struct stmt *s, const struct table *t, const struct tag_rule *rule,
    const struct stmt_opts *o)
{
	if (rule == NULL)
		return;
	if (rule->has_match)
		emit_tags(s, t, false, rule->match, rule->nmatch, o);
	if (rule->has_none)
		emit_tags(s, t, true, rule->none, rule->nnone, o);
	if (rule->lock != NULL) {
		stmt_lit(s, " and ");
		emit_counter(s, rule->lock);
		stmt_lit(s, " = ");
		stmt_param(s, rule->lock_value, rule->lock->type);
	}
}

static bool
is_part(const struct table *t, const struct tag_rule *rule)
{
	return rule != NULL || t->emits;
}

/* what the write inside "with w as (…" has done */
static void
emit_outcome(struct stmt *s, const struct query *q, const struct event *e)
{
	stmt_lit(s, ", true as done");
	if (e->table->emits)
		stmt_emitted(s, e);
	stmt_lit(s, ")");
	if (e->table->emits)
		stmt_emit(s, e);
	stmt_lit(s, " select ");
	emit_part_columns(s);
	if (s->shape == NULL)
		close_row(s);
	stmt_lit(s, ", w.done, x.there from (select exists (select");
	stmt_col(s, STR("done"), CELL_BOOL);
	stmt_col(s, STR("there"), CELL_BOOL);
	stmt_from_where(s, q);
	stmt_lit(s, ") as there) x left join w on true");
}

static void
emit_returned(struct stmt *s, const struct query *q, enum event_kind kind,
    bool returning, const struct tag_rule *rule, const struct stmt_opts *o)
{
	struct event event = {.table = q->table, .kind = kind};

	stmt_where(s, q);
	emit_rule(s, q->table, rule, o);
	stmt_lit(s, " returning ");
	emit_result(s, q->table, returning, is_part(q->table, rule), o);
	if (rule != NULL)
		emit_outcome(s, q, &event);
	else
		end_part(s, &event);
}

const struct column *
stmt_counter(const struct table *t, const struct stmt_opts *o)
{
	return o->counts ? table_counter(t) : NULL;
}

void
stmt_count_up(struct stmt *s, const struct column *counter)
{
	stmt_lit(s, ", ");
	stmt_ident(s, counter->name);
	stmt_lit(s, " = ");
	emit_counter(s, counter);
	stmt_lit(s, " + 1");
}

/* a default is what a replaced row gets that does not name the counter */
void
stmt_set(struct stmt *s, const struct table *t, const struct body *body,
    const struct stmt_opts *o)
{
	const struct column *counter = stmt_counter(t, o);

	stmt_lit(s, " t set ");
	for (size_t i = 0; i < body->n; i++) {
		struct assign as = body->v[i];

		if (i > 0)
			stmt_lit(s, ", ");
		if (counter != NULL && as.column == counter) {
			as.is_next = as.is_next || as.is_default;
			counter = NULL;
		}
		stmt_ident(s, as.column->name);
		stmt_lit(s, " = ");
		emit_assigned(s, &as);
	}
	if (counter != NULL)
		stmt_count_up(s, counter);
}

struct stmt *
stmt_update_if(struct arena *a, const struct query *q, const struct body *body,
    bool returning, const struct tag_rule *rule, const struct stmt_opts *o)
{
	struct stmt *s = stmt_new(a, "update");

	assert(q->where != NULL && body->n > 0);
	s->effect = effect_of(a, (struct effect){.of = q, .set = body});
	begin_part(s, is_part(q->table, rule));
	stmt_lit(s, "update ");
	stmt_table(s, q->table);
	stmt_set(s, q->table, body, o);
	emit_returned(s, q, EVENT_UPDATED, returning, rule, o);
	return s;
}

struct stmt *
stmt_update(struct arena *a, const struct query *q, const struct body *body,
    bool returning, const struct stmt_opts *o)
{
	struct stmt *s;

	assert(q->where != NULL);
	if (body->n > 0)
		return stmt_update_if(a, q, body, returning, NULL, o);
	s = stmt_new(a, "update");
	stmt_lit(s, "select ");
	emit_result(s, q->table, returning, false, o);
	stmt_from_where(s, q);
	return s;
}

struct stmt *
stmt_delete_if(struct arena *a, const struct query *q, bool returning,
    const struct tag_rule *rule, const struct stmt_opts *o)
{
	struct stmt *s = stmt_new(a, "delete");

	assert(q->where != NULL);
	begin_part(s, is_part(q->table, rule));
	stmt_lit(s, "delete from ");
	stmt_table(s, q->table);
	stmt_lit(s, " t");
	emit_returned(s, q, EVENT_DELETED, returning, rule, o);
	return s;
}

struct stmt *
stmt_delete(struct arena *a, const struct query *q)
{
	static const struct stmt_opts plain;

	return stmt_delete_if(a, q, false, NULL, &plain);
}

struct stmt *
stmt_lock(struct arena *a, const struct query *q, const struct column *counter,
    struct str value)
{
	struct stmt *s = stmt_new(a, "lock");

	stmt_lit(s, "select case when ");
	emit_counter(s, counter);
	stmt_lit(s, " <> ");
	stmt_param(s, value, counter->type);
	stmt_lit(s, " then dynapi.refuse('ZD003') end");
	stmt_from_where(s, q);
	stmt_lit(s, " for update");
	return s;
}
