/*
 * The log of events, by the functions of sql/009-live.sql.  Whoever reads first
 * numbers what is new, so that there is one order for all.
 */
#include "notify/notify_priv.h"

#include "base/arena.h"
#include "base/json.h"
#include "db/db.h"

#define PURGE_AT_ONCE 5000

static int
run(struct notifier *d, struct stmt *s, struct rows **rows, struct err *err)
{
	struct batch *b = batch_new(d->scratch, BATCH_WRITE);

	batch_add(b, s);
	if (db_run(d->db, b, err) != 0)
		return -1;
	*rows = batch_rows(b, 0);
	return 0;
}

static int64_t
cell_i64(const struct rows *rows, size_t col)
{
	int64_t v = 0;

	return str_i64(rows_cell(rows, col), &v) == 0 ? v : 0;
}

/* of many rows there is none */
static void
take_key(struct arena *a, struct event *e, struct str text)
{
	const struct json *list;
	struct err err;

	err_init(&err, a);
	if (text.p == NULL || (list = json_parse(a, text, &err)) == NULL ||
	    list->kind != JSON_ARRAY)
		return;
	e->key = arena_array(a, struct str, list->n + 1);
	for (const struct json *j = list->child; j != NULL; j = j->next)
		e->key[e->nkey++] = j->kind == JSON_STRING ? j->text : j->src;
}

static void
take_event(struct arena *a, struct event *e, const struct rows *rows)
{
	*e = (struct event){.seq = cell_i64(rows, 0),
	    .table = str_dup(a, rows_cell(rows, 1)),
	    .kind = str_dup(a, rows_cell(rows, 2)),
	    .rows = cell_i64(rows, 4)};
	take_key(a, e, str_dup(a, rows_cell(rows, 3)));
}

int
journal_read(struct notifier *d, int64_t after, struct event **events,
    size_t *n, struct err *err)
{
	struct stmt *s = stmt_new(d->scratch, "events");
	struct rows *rows = NULL;

	*n = 0;
	stmt_lit(s, "select seq, table_name, event, row_key, rows from "
		    "dynapi.event_read(");
	stmt_param_i64(s, after);
	stmt_lit(s, ", ");
	stmt_param_i64(s, EVENTS_AT_ONCE);
	stmt_lit(s, ")");
	if (run(d, s, &rows, err) != 0)
		return -1;
	*events =
	    arena_array(d->scratch, struct event, (size_t)rows_count(rows) + 1);
	while (rows_next(rows, err) == 1)
		take_event(d->scratch, &(*events)[(*n)++], rows);
	return 0;
}

int
journal_position(
    struct notifier *d, int64_t *kept_from, int64_t *last, struct err *err)
{
	struct stmt *s = stmt_new(d->scratch, "event position");
	struct rows *rows = NULL;

	stmt_lit(s, "select kept_from, last_seq from dynapi.event_position()");
	if (run(d, s, &rows, err) != 0)
		return -1;
	if (rows_next(rows, err) != 1)
		return err_world(err, ERR_INTERNAL, "no position of events");
	*kept_from = cell_i64(rows, 0);
	*last = cell_i64(rows, 1);
	return 0;
}

int
journal_purge(struct notifier *d, bool *more, struct err *err)
{
	struct stmt *s = stmt_new(d->scratch, "event purge");
	struct rows *rows = NULL;

	stmt_lit(s, "select dynapi.event_purge(pg_catalog.make_interval(secs "
		    "=> ");
	stmt_param_i64(s, d->conf.event_keep / 1000);
	stmt_lit(s, "), ");
	stmt_param_i64(s, PURGE_AT_ONCE);
	stmt_lit(s, ")");
	if (run(d, s, &rows, err) != 0)
		return -1;
	*more = rows_next(rows, err) == 1 && cell_i64(rows, 0) == PURGE_AT_ONCE;
	return 0;
}
