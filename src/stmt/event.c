/*
 * The log of events, written by the statement that changes the rows: one more
 * WITH part, which reads what the change returned.  So there is an event where
 * there is a change, and neither where it is undone.  (PostgreSQL 15, 7.8.4:
 * such a part runs once and to its end, whatever else reads the other one.  A
 * function called in RETURNING would cost twice as much.)
 *
 * The part also leaves a mark in the session, which db reads behind the commit
 * to wake who listens; what takes the event back takes back the mark.
 */
#include "stmt/stmt_priv.h"

/* the text that a row has of it; a cast says true for t, takes blanks off, and
 * adds to an address how many of its bits count */
static void
emit_key_text(struct stmt *s, const struct column *c)
{
	enum type_class class = c->type->class;
	bool differs =
	    class == TYPE_BOOL || class == TYPE_CHAR || class == TYPE_BUILTIN;

	if (differs)
		stmt_lit(s, "pg_catalog.concat(");
	stmt_column(s, c);
	if (differs)
		stmt_lit(s, ")");
	else
		stmt_lit(s, "::text");
}

void
stmt_key_texts(struct stmt *s, const struct table *t)
{
	for (size_t i = 0; i < t->nkey; i++) {
		if (i == 0)
			stmt_lit(s, "array[");
		else
			stmt_lit(s, ", ");
		emit_key_text(s, &t->columns[t->key[i]]);
	}
	if (t->nkey > 0)
		stmt_lit(s, "]");
	else
		stmt_lit(s, "null::text[]");
}

/* was there no such row?  What has been moved into a partition may have no xmax
 * any more; there the rows are looked for that the statement found */
static void
emit_created(struct stmt *s, const struct event *e)
{
	const struct table *t = e->table;

	if (t->kind == TABLE_ORDINARY) {
		stmt_lit(s, ", t.xmax = 0 as created");
		return;
	}
	stmt_lit(s, ", not exists (select from ");
	stmt_table(s, t);
	stmt_lit(s, " o");
	for (size_t i = 0; i < e->on->ncolumns; i++) {
		const struct column *c = &t->columns[e->on->columns[i]];

		if (i == 0)
			stmt_lit(s, " where o.");
		else
			stmt_lit(s, " and o.");
		stmt_ident(s, c->name);
		stmt_operator(s, "=", c->type);
		stmt_column(s, c);
	}
	stmt_lit(s, ") as created");
}

void
stmt_emitted(struct stmt *s, const struct event *e)
{
	if (!e->sum) {
		stmt_lit(s, ", ");
		stmt_key_texts(s, e->table);
		stmt_lit(s, " as k");
	}
	if (e->kind == EVENT_WRITTEN)
		emit_created(s, e);
}

static void
emit_kind(struct stmt *s, enum event_kind kind)
{
	switch (kind) {
	case EVENT_CREATED:
		stmt_lit(s, "'created'");
		return;
	case EVENT_UPDATED:
		stmt_lit(s, "'updated'");
		return;
	case EVENT_DELETED:
		stmt_lit(s, "'deleted'");
		return;
	case EVENT_WRITTEN:
		stmt_lit(
		    s, "case when w.created then 'created' else 'updated' end");
		return;
	}
}

static void
begin_lines(struct stmt *s, bool counted)
{
	s->emits = true;
	stmt_lit(s, "insert into dynapi.event (table_name, event, row_key");
	if (counted)
		stmt_lit(s, ", rows");
	stmt_lit(s, ") select ");
}

/* the table's name is the nth argument; 0: not bound yet */
static size_t
emit_line(struct stmt *s, const struct event *e, size_t n)
{
	if (n == 0)
		stmt_param(s, e->table->qname, NULL);
	else
		stmt_param_again(s, n);
	stmt_lit(s, "::text, ");
	emit_kind(s, e->kind);
	stmt_lit(s, ", ");
	return n == 0 ? s->nargs : n;
}

static void
end_lines(struct stmt *s)
{
	stmt_lit(s, " returning "
		    "pg_catalog.set_config('dynapi.wake', '1', false)");
}

/* one line says how many they are */
static void
emit_sum(struct stmt *s, const struct event *e)
{
	begin_lines(s, true);
	emit_line(s, e, 0);
	stmt_lit(s, "null::text[], pg_catalog.count(*) from w");
	if (e->kind == EVENT_WRITTEN)
		stmt_lit(s, " group by w.created");
	else
		stmt_lit(s, " having pg_catalog.count(*) > 0");
}

/* that, or a line for each if they are few */
static void
emit_few(struct stmt *s, const struct event *e)
{
	size_t name;

	begin_lines(s, true);
	name = emit_line(s, e, 0);
	stmt_lit(s, "w.k, 1 from w where (select pg_catalog.count(*) from w) "
		    "<= " EVENTS_MAX " union all select ");
	emit_line(s, e, name);
	stmt_lit(s, "null, pg_catalog.count(*) from w "
		    "having pg_catalog.count(*) > " EVENTS_MAX);
}

void
stmt_emit(struct stmt *s, const struct event *e)
{
	stmt_lit(s, ", e as (");
	if (e->sum) {
		emit_sum(s, e);
	} else if (e->any) {
		emit_few(s, e);
	} else {
		begin_lines(s, false);
		emit_line(s, e, 0);
		stmt_lit(s, "w.k from w");
	}
	end_lines(s);
	stmt_lit(s, ")");
}

void
stmt_emit_parts(struct stmt *s, const struct event_part *v, size_t n)
{
	begin_lines(s, false);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			stmt_lit(s, " union all select ");
		emit_line(s, &v[i].event, 0);
		stmt_key_texts(s, v[i].event.table);
		stmt_lit(s, " from ");
		stmt_add(s, &v[i].letter, 1);
		buf_u64(&s->text, v[i].number);
		stmt_lit(s, " t");
	}
	end_lines(s);
}
