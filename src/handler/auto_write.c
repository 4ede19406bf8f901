/*
 * Writing in the auto dialect: what is created, changed or deleted comes back
 * with 200 to who may read it; others get an empty 204, or of what they have
 * created themselves the document they sent.
 */
#include "handler/auto_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "render/render.h"

/* ---- POST --------------------------------------------------------------- */

/* of a row, or of rows, the columns that can be read */
static struct json *
strip(struct ctx *c, const struct json *sent)
{
	struct json *out = arena_memdup(c->arena, sent, sizeof(*sent));
	struct json **tail = &out->child;

	*tail = NULL;
	for (const struct json *m = sent->child; m != NULL; m = m->next) {
		if (sent->kind == JSON_OBJECT &&
		    table_column(c->table, m->key) == NULL)
			continue;
		*tail = sent->kind == JSON_ARRAY
			    ? strip(c, m)
			    : arena_memdup(c->arena, m, sizeof(*m));
		(*tail)->next = NULL;
		tail = &(*tail)->next;
	}
	return out;
}

/* who may not read gets back what he sent, but for what nobody reads */
static int
respond_sent(struct ctx *c)
{
	struct jsonw w;

	json_write(respond_begin(c, &w), strip(c, c->body));
	return respond_json(c, 200);
}

static int
respond_created(struct ctx *c, const struct write *w)
{
	write_headers(c, w);
	if (!w->want_row)
		return respond_empty(c);
	if (w->rows == NULL || rows_count(w->rows) == 0)
		return respond_sent(c);
	return respond_row(c, w->rows, &format_json, 200);
}

/* the row of a create, and what an Idempotency-Key finds of it */
static struct write
creation(struct ctx *c)
{
	return (struct write){.action = ACTION_CREATE,
	    .body = c->body,
	    .want_row = true,
	    .want_tag = true,
	    .once = true};
}

static int
create_nested(struct ctx *c)
{
	struct write w = creation(c);
	struct document doc = {.whole = false};
	struct jsonw j;

	w.document = &doc;
	if (write_params(c, "") != 0 || write_row(c, &w) != 0)
		return -1;
	if (w.replayed || !w.want_row)
		return respond_created(c, &w);
	write_headers(c, &w);
	respond_begin(c, &j);
	if (data_nested_write(c, &j, &doc) != 0)
		return -1;
	return respond_json(c, 200);
}

static int
create_many(struct ctx *c)
{
	struct bulk b = {.action = ACTION_CREATE,
	    .json = c->body,
	    .max = -1,
	    .once = true,
	    .want_rows = true,
	    .format = c->req.streamed ? NULL : &format_json};

	if (write_params(c, "") != 0 || bulk_write(c, &b) != 0)
		return -1;
	if (b.format != NULL && !b.may_read)
		return respond_sent(c);
	return bulk_written(c, &b, 200, "created");
}

/* relations have a path of their own: here they are unknown columns */
static int
auto_create(struct ctx *c)
{
	struct write w = creation(c);

	if (c->req.streamed || c->body->kind == JSON_ARRAY)
		return create_many(c);
	if (write_params(c, "") != 0 || write_row(c, &w) != 0)
		return -1;
	return respond_created(c, &w);
}

/* ---- one row ------------------------------------------------------------ */

static int
write_one(struct ctx *c, struct write *w)
{
	w->raw_key = route_segment(c->route, &c->req, "key")->raw;
	w->lenient_key = true;
	w->conditional = true;
	w->want_row = true;
	w->want_tag = w->action != ACTION_DELETE;
	if (write_params(c, "") != 0 || write_row(c, w) != 0)
		return auto_not_found(c);
	write_headers(c, w);
	if (w->rows == NULL || rows_count(w->rows) == 0)
		return respond_empty(c);
	return respond_row(c, w->rows, &format_json, 200);
}

static int
auto_replace(struct ctx *c)
{
	return write_one(
	    c, &(struct write){
		   .action = ACTION_UPDATE, .replace = true, .body = c->body});
}

static int
auto_patch(struct ctx *c)
{
	return write_one(
	    c, &(struct write){.action = ACTION_UPDATE, .body = c->body});
}

static int
auto_delete(struct ctx *c)
{
	return write_one(c, &(struct write){.action = ACTION_DELETE});
}

/* ---- all rows that meet a condition ------------------------------------- */

/* of the parameters of a list, those that choose rows */
static int
check_params(struct ctx *c)
{
	for (size_t i = 0; i < c->req.params.n; i++) {
		struct str name = c->req.params.v[i].name;

		if (!str_eq_c(name, "where") && !str_eq_c(name, "or_where"))
			err_add_field(&c->err, ERR_BAD_PARAM, name,
			    "Only where and or_where choose the rows.");
	}
	return c->err.id != ERR_NONE ? -1 : 0;
}

/* a fault of the question is no fault of the body */
static int
refuse_question(struct ctx *c)
{
	if (c->err.id == ERR_BAD_VALUE || c->err.id == ERR_UNKNOWN_COLUMN)
		c->err.id = ERR_BAD_FILTER;
	return -1;
}

static struct query *
ask_which(struct ctx *c)
{
	struct query *q;

	/* he has to have them before he is told which names are wrong */
	c->nalso = 0;
	ctx_need(c, c->table, ACTION_BULK);
	ctx_need(c, c->table, ACTION_READ);
	/* a condition that is passed over would mean more rows */
	c->strict = true;
	if (check_params(c) != 0)
		return NULL;
	q = read_ask(c, &c->req.params);
	if (q == NULL) {
		refuse_question(c);
		return NULL;
	}
	if (q->where == NULL) {
		err_add_field(&c->err, ERR_BAD_PARAM, STR("where"),
		    "A condition is required.");
		return NULL;
	}
	q->page = (struct page){.kind = PAGE_NONE};
	q->norder = 0;
	q->want_count = COUNT_NONE;
	return q;
}

static int
auto_update_many(struct ctx *c)
{
	struct change change = {.body = c->body, .max = -1};

	if ((change.q = ask_which(c)) == NULL || bulk_change(c, &change) != 0)
		return -1;
	return bulk_respond(c, &change, &format_json, "updated");
}

/* {"where": [["id", 1]]} says what where=[["id",1]] says */
static int
read_question(struct ctx *c)
{
	const struct json *j;

	if (c->req.body.len == 0)
		return 0;
	if (!request_is(&c->req, "application/json"))
		return err_set(&c->err, ERR_MEDIA_TYPE,
		    "The body must be application/json.");
	j = json_parse(c->arena, c->req.body, &c->err);
	return j != NULL ? question_take_json(c, j) : -1;
}

static int
auto_delete_many(struct ctx *c)
{
	struct change change = {.max = -1};

	if (read_question(c) != 0 || (change.q = ask_which(c)) == NULL ||
	    bulk_change(c, &change) != 0)
		return -1;
	return bulk_respond(c, &change, &format_json, "deleted");
}

#define TABLE "/api/auto/{table}"
#define ROW   "/api/auto/{table}/{key}"
#define KEYED (NEEDS_TABLE | NEEDS_KEY)
#define FORM  (NEEDS_JSON | TAKES_FORM)

const struct route routes_auto_write[] = {
    {METHOD_POST, TABLE, NEEDS_TABLE | NEEDS_ROWS | TAKES_FORM, auto_create,
	"Create a row, or several"},
    {METHOD_POST, TABLE "/with_relations", NEEDS_TABLE | NEEDS_JSON,
	create_nested, "Create a row and those that belong to it"},
    {METHOD_PATCH, TABLE, NEEDS_TABLE | FORM, auto_update_many,
	"Change all rows that meet a condition"},
    {METHOD_POST, TABLE "/delete", NEEDS_TABLE | DELETES, auto_delete_many,
	"Delete all rows that meet a condition"},
    {METHOD_PUT, ROW, KEYED | FORM, auto_replace, "Replace a row"},
    {METHOD_PATCH, ROW, KEYED | FORM, auto_patch,
	"Change some columns of a row"},
    {METHOD_DELETE, ROW, KEYED, auto_delete, "Delete a row"},
    {0},
};
