/*
 * Writing /api/dyn/{table}/: create, replace, update, delete.  An answer 2xx
 * is given only after PostgreSQL has committed.  The row comes back in the
 * same statement, and goes out only to a caller who may read it; the guard
 * has said whether he may.
 */
#include "handler/handler.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/escape.h"
#include "base/json.h"
#include "render/render.h"

/* the guard has said it in its only cell */
static bool
may_read(struct ctx *c, const struct batch *b)
{
	struct rows *guard = batch_rows(b, 0);

	return rows_next(guard, &c->err) == 1 &&
	       str_starts(rows_cell(guard, 0), STR("t"));
}

/* a key as a path has it: bytea is base64 as in JSON, and what comes as JSON
 * has no quotes around it */
static struct str
key_text(
    struct ctx *c, const struct table *t, size_t col, const struct rows *row)
{
	enum type_class class = t->columns[col].type->class;
	struct str cell = rows_cell(row, col), bytes;
	const struct json *j;
	struct buf b;

	if (class == TYPE_RANGE || class == TYPE_OTHER) {
		j = json_parse(c->arena, cell, NULL);
		return j != NULL && j->kind == JSON_STRING ? j->text : cell;
	}
	if (class != TYPE_BYTEA ||
	    hex_decode(c->arena, str_sub(cell, 2, cell.len), &bytes) != 0)
		return cell;
	buf_init(&b, c->arena, 4 * bytes.len + 4);
	buf_base64(&b, bytes);
	return buf_view(&b);
}

/* "/mount/api/dyn/film/7/" from a returned row */
static void
location_header(struct ctx *c, const struct rows *row)
{
	const struct table *t = c->table;
	struct buf path, link;

	buf_init(&path, c->arena, 3000);
	buf_lit(&path, "/api/dyn/");
	buf_url(&path, t->path);
	for (size_t i = 0; i < t->nkey; i++) {
		buf_char(&path, i == 0 ? '/' : ',');
		buf_url(&path, key_text(c, t, t->key[i], row));
	}
	buf_char(&path, '/');
	buf_init(&link, c->arena, 3500);
	ctx_link(c, &link, buf_view(&path));
	if (!path.overflow && !link.overflow)
		response_header(&c->res, "Location", buf_view(&link));
}

static int
not_writable(struct ctx *c, const char *verb)
{
	c->allow = data_methods(c);
	return err_set(&c->err, ERR_BAD_METHOD,
	    "PostgreSQL cannot %s rows of %.*s.", verb,
	    STR_ARGS(c->table->qname));
}

static const struct format *
write_format(struct ctx *c)
{
	struct param *p = params_get(&c->req.params, STR("format"));

	return respond_format(c, p != NULL ? p->value : STR_NONE);
}

/* ---- create ------------------------------------------------------------- */

static int
data_create(struct ctx *c)
{
	const struct format *f = write_format(c);
	struct body body;
	struct rows *rows;
	struct batch *b;
	size_t at;

	if (f == NULL)
		return -1;
	if (!c->table->can_insert)
		return not_writable(c, "insert");
	if (body_parse(c->arena, c->table, c->body, BODY_CREATE, NULL, &body,
		&c->err) != 0)
		return -1;
	b = ctx_batch(c, BATCH_WRITE);
	batch_guard(b, ctx_guard(c, ACTION_CREATE));
	at = batch_add(b,
	    stmt_insert(c->arena, c->table, &body, true, &c->app->stmt_opts));
	if (ctx_run(c, b) != 0)
		return blame_body(c, &body);
	rows = batch_rows(b, at);
	response_status(&c->res, 201);
	if (c->table->nkey > 0 && rows_next(rows, &c->err) == 1) {
		location_header(c, rows);
		rows_rewind(rows);
	}
	/* a trigger may have swallowed the row: then there is none to show */
	if (rows_count(rows) == 0 || !may_read(c, b))
		return 0;
	return respond_row(c, rows, f, 201);
}

/* ---- update ------------------------------------------------------------- */

static struct query *
key_query(struct ctx *c)
{
	const struct segment *key;
	struct query_limits limits = ctx_limits(c);
	struct query *q = query_new(c->arena);

	key = route_segment(c->route, &c->req, "key");
	if (query_resolve(
		c->arena, q, c->app->schema, c->table, &limits, &c->err) != 0 ||
	    query_key(c->arena, q, key->raw, &c->err) != 0)
		return NULL;
	q->norder = 0;
	return q;
}

/* nothing to change: the row as it is, under the same right */
static int
update_nothing(struct ctx *c, struct query *q, const struct format *f)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	size_t at;

	batch_guard(b, ctx_guard(c, ACTION_UPDATE));
	at = batch_add(b, stmt_select(c->arena, q, &c->app->stmt_opts));
	if (ctx_run(c, b) != 0)
		return blame_query(c, q);
	if (rows_count(batch_rows(b, at)) > 0 && !may_read(c, b))
		return respond_empty(c);
	return respond_row(c, batch_rows(b, at), f, 200);
}

static int
update_row(struct ctx *c, enum body_mode mode)
{
	const struct format *f = write_format(c);
	struct query *q;
	struct body body;
	struct batch *b;
	size_t at;

	if (f == NULL)
		return -1;
	if (!c->table->can_update)
		return not_writable(c, "update");
	if ((q = key_query(c)) == NULL ||
	    body_parse(c->arena, c->table, c->body, mode, q, &body, &c->err) !=
		0)
		return -1;
	if (body.n == 0)
		return update_nothing(c, q, f);
	b = ctx_batch(c, BATCH_WRITE);
	batch_guard(b, ctx_guard(c, ACTION_UPDATE));
	at = batch_add(
	    b, stmt_update(c->arena, q, &body, true, &c->app->stmt_opts));
	if (ctx_run(c, b) != 0) {
		blame_query(c, q);
		return blame_body(c, &body);
	}
	if (rows_count(batch_rows(b, at)) > 0 && !may_read(c, b))
		return respond_empty(c);
	return respond_row(c, batch_rows(b, at), f, 200);
}

static int
data_replace(struct ctx *c)
{
	return update_row(c, BODY_REPLACE);
}

static int
data_patch(struct ctx *c)
{
	return update_row(c, BODY_PATCH);
}

/* ---- delete ------------------------------------------------------------- */

static int
data_delete(struct ctx *c)
{
	struct query *q;
	struct batch *b;
	size_t at;

	if (!c->table->can_delete)
		return not_writable(c, "delete");
	if ((q = key_query(c)) == NULL)
		return -1;
	b = ctx_batch(c, BATCH_WRITE);
	batch_guard(b, ctx_guard(c, ACTION_DELETE));
	at = batch_add(b, stmt_delete(c->arena, q));
	if (ctx_run(c, b) != 0)
		return blame_query(c, q);
	if (rows_count(batch_rows(b, at)) == 0)
		return err_set(&c->err, ERR_NOT_FOUND, NULL);
	return respond_empty(c);
}

#define ROW   "/api/dyn/{table}/{key}"
#define KEYED (NEEDS_TABLE | NEEDS_KEY)

const struct route routes_write[] = {
    {METHOD_POST, "/api/dyn/{table}", NEEDS_TABLE | NEEDS_JSON, data_create,
	"Create a row"},
    {METHOD_PUT, ROW, KEYED | NEEDS_JSON, data_replace, "Replace a row"},
    {METHOD_PATCH, ROW, KEYED | NEEDS_JSON, data_patch,
	"Change some columns of a row"},
    {METHOD_DELETE, ROW, KEYED, data_delete, "Delete a row"},
    {0},
};
