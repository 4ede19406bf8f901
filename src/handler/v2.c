/*
 * /api/v2/{models}: lists, searches, rows, changes of one row and of several.
 * The tree of a question and what is done with it are those of every dialect;
 * here are the routes, the shape of answers and errors, and the headers.
 *
 * What the dialect does not know is refused unless the client prefers
 * handling=lenient: a misspelt condition must not return every row.
 */
#include "handler/v2_priv.h"

#include "base/arena.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "render/render.h"

/* ---- errors ------------------------------------------------------------- */

/* what Rails calls a validation: values of a row that is written */
static bool
is_validation(const struct ctx *c)
{
	if (c->table == NULL || ctx_action(c) == ACTION_READ ||
	    ctx_action(c) == ACTION_DELETE)
		return false;
	return c->err.id == ERR_BAD_VALUE || c->err.id == ERR_REQUIRED ||
	       c->err.id == ERR_CONFLICT;
}

/* "name: Not a valid choice, size: A valid integer is required" */
static struct str
join_fields(struct ctx *c)
{
	struct buf b;

	buf_init(&b, c->arena, 65536);
	for (const struct err_field *f = c->err.fields; f != NULL;
	     f = f->next) {
		struct str text = str_from(f->text);

		if (str_ends(text, STR(".")))
			text.len--;
		if (b.len > 0)
			buf_lit(&b, ", ");
		buf_str(&b, f->field);
		buf_lit(&b, ": ");
		buf_str(&b, text);
	}
	return buf_view(&b);
}

/* 401 and 404 have nothing to add to their status */
static struct str
error_text(struct ctx *c, int status)
{
	if (c->err.fields != NULL && c->err.detail != NULL)
		return str_from(arena_printf(c->arena, "%.*s, %s",
		    STR_ARGS(join_fields(c)), c->err.detail));
	if (c->err.fields != NULL)
		return join_fields(c);
	if (c->err.detail != NULL)
		return str_from(c->err.detail);
	if (status == 401 || status == 404)
		return STR_NONE;
	return str_from(err_title(c->err.id));
}

/* a guard has found it good; one is asked where the refusal came before */
static bool
has_session(struct ctx *c)
{
	struct err refused = c->err;
	struct batch *b;
	bool good;

	if (c->guarded)
		return true;
	err_clear(&c->err);
	good = ctx_identify(c) == 0 && !c->principal.anonymous &&
	       ctx_count(c) == 0;
	if (good) {
		b = ctx_batch(c, BATCH_READ);
		batch_guard(b, ctx_guard_user(c, false));
		good = ctx_run(c, b) == 0;
	}
	c->err = refused;
	return good;
}

static void
v2_error(struct ctx *c, int status)
{
	struct str text = error_text(c, status);
	struct jsonw w;

	if (is_validation(c))
		response_status(&c->res, 422);
	/* who is throttled costs no look at his session */
	if (status >= 400 && status < 500 && status != 401 && status != 429 &&
	    has_session(c))
		v2_token(c);
	if (text.p == NULL)
		return;
	response_header(&c->res, "Content-Type", STR("application/json"));
	jsonw_init(&w, response_body(&c->res));
	jsonw_object(&w);
	jsonw_kv(&w, "error", text);
	jsonw_end(&w);
}

const struct dialect dialect_v2 = {.base = "/api/v2/",
    .parse = query_parse_ransack,
    .error = v2_error,
    .shape = v2_shape,
    .challenge = "Token realm=Application",
    .scheme = "Token",
    .accounts = accounts_table_v2,
    .strict = true,
    .put = BODY_PATCH};

/* ---- asking ------------------------------------------------------------- */

/* no action has been declared for any table */
static int
refuse_action(struct ctx *c)
{
	if (params_get(&c->req.params, STR("do")) == NULL)
		return 0;
	return err_set(&c->err, ERR_NOT_FOUND, "There is no such action.");
}

static struct query *
ask_params(struct ctx *c)
{
	return refuse_action(c) == 0 ? read_ask(c, &c->req.params) : NULL;
}

/* conditions must not vanish because they stand in the wrong place */
static int
refuse_params(struct ctx *c, const struct query_limits *limits)
{
	const struct params *all = &c->req.params;

	for (size_t i = 0; i < all->n && limits->strict; i++)
		err_add_field(&c->err, ERR_BAD_PARAM, all->v[i].name,
		    "The question stands in the body here.");
	return c->err.id == ERR_NONE ? 0 : -1;
}

static struct query *
ask_body(struct ctx *c)
{
	struct query_limits limits;
	struct query *q;

	if (refuse_action(c) != 0)
		return NULL;
	limits = ctx_limits(c);
	if (refuse_params(c, &limits) != 0)
		return NULL;
	q = query_parse_ransack_json(c->arena, c->body, &limits, &c->err);
	return q != NULL && read_resolve(c, q) == 0 ? q : NULL;
}

/* ---- lists -------------------------------------------------------------- */

/* "users 0-1/3": of a page the places it has, whether filled or not; 0-0 of
 * the whole list (CONTRACT 5.3) */
static void
list_headers(struct ctx *c, const struct query *q, int64_t total)
{
	const struct page *page = &q->page;
	int64_t end = page->has_limit ? page->offset + page->limit - 1 : 0;
	struct buf v;

	v2_token(c);
	buf_init(&v, c->arena, 512);
	buf_url(&v, c->table->path);
	buf_printf(&v, " %lld-%lld/%lld", (long long)page->offset,
	    (long long)end, (long long)total);
	response_header(&c->res, "Content-Range", buf_view(&v));
}

/* count=true without page= */
static int
respond_count(struct ctx *c, const struct query *q)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	struct rows *rows;
	struct jsonw w;
	int64_t total;
	size_t at;

	batch_guard(b, ctx_guard(c, ACTION_READ));
	at = batch_add(b, stmt_count(c->arena, q, 0));
	if (ctx_run(c, b) != 0)
		return prefer_was_zone(c) ? respond_count(c, q)
					  : blame_query(c, q);
	prefer_zone_header(c);
	rows = batch_rows(b, at);
	if (rows_next(rows, &c->err) != 1 ||
	    str_i64(rows_cell(rows, 0), &total) != 0)
		return -1;
	list_headers(c, q, total);
	respond_begin(c, &w);
	jsonw_object(&w);
	jsonw_kv_i64(&w, "count", total);
	jsonw_end(&w);
	return respond_json(c, 200);
}

static bool
is_empty(const struct list *l)
{
	return l->total == 0 ||
	       (l->in_hand && l->rows != NULL && rows_count(l->rows) == 0);
}

static int
respond_list(struct ctx *c, struct query *q)
{
	struct list l = {.q = q};

	if (q == NULL || (l.format = respond_format(c, q->format)) == NULL)
		return -1;
	if (q->want_count != COUNT_NONE && q->page.kind == PAGE_NONE)
		return respond_count(c, q);
	q->want_count = COUNT_EXACT; /* the header always names it */
	if (list_run(c, &l) != 0)
		return -1;
	list_headers(c, q, l.total);
	if (c->app->conf.v2_empty_404 && is_empty(&l))
		response_status(&c->res, 404);
	if (l.rows == NULL) {
		respond_format_headers(c, l.format);
		return 0;
	}
	if (list_write(c, &l) != 0)
		return -1;
	if (l.format == &format_json)
		buf_lit(response_body(&c->res), "\n");
	return 0;
}

int
v2_list(struct ctx *c)
{
	return respond_list(c, ask_params(c));
}

int
v2_search(struct ctx *c)
{
	return respond_list(c, ask_body(c));
}

/* ---- one row ------------------------------------------------------------ */

static struct str
raw_key(struct ctx *c)
{
	return route_segment(c->route, &c->req, "key")->raw;
}

int
v2_show(struct ctx *c)
{
	struct query *q = ask_params(c);
	const struct format *f;
	struct rows *rows;
	int rc;

	if (q == NULL || (f = respond_format(c, q->format)) == NULL)
		return -1;
	rows = read_row(c, q, raw_key(c));
	if (rows == NULL)
		return -1;
	v2_token(c);
	rc = etag_respond(c, rows, f);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return respond_row(c, rows, f, 200);
}

/* categories of category, people of person: as far as endings tell */
static bool
is_plural(struct str many, struct str one)
{
	static const struct {
		const char *one, *many;
	} ends[] = {{"", "s"}, {"", "es"}, {"y", "ies"}, {"f", "ves"},
	    {"fe", "ves"}, {"is", "es"}, {"ex", "ices"}, {"ix", "ices"},
	    {"um", "a"}, {"man", "men"}, {"person", "people"},
	    {"child", "children"}, {"mouse", "mice"}};

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct str a = str_from(ends[i].one);
		struct str b = str_from(ends[i].many);

		if (str_ends(one, a) && str_ends(many, b) &&
		    str_eq(str_sub(one, 0, one.len - a.len),
			str_sub(many, 0, many.len - b.len)))
			return true;
	}
	return false;
}

/* the table's name, as it is or in the other number */
static bool
is_model_name(struct str key, struct str table)
{
	return str_eq(key, table) || is_plural(table, key) ||
	       is_plural(key, table);
}

const struct json *
v2_unwrap(const struct ctx *c)
{
	const struct json *only = c->body->child;
	bool named;

	if (c->body->kind == JSON_OBJECT && c->body->n == 1 &&
	    only->kind == JSON_OBJECT &&
	    table_input(c->table, only->key) == NULL) {
		named = is_model_name(only->key, c->table->name) ||
			is_model_name(only->key, c->table->path);
		return named ? only : c->body;
	}
	return c->body;
}

/* what is no write, or could not be answered, before anything is written */
static int
refuse_write(struct ctx *c, const char *own)
{
	if (refuse_action(c) != 0 || respond_format(c, STR_NONE) == NULL)
		return -1;
	return write_params(c, own);
}

#define SHAPE "a a[ json_attrs json_attrs["

/* a[…] of a write: how it shows its row */
static int
ask_shape(struct ctx *c, struct query **shape)
{
	const struct params *all = &c->req.params;
	struct params own = {arena_array(c->arena, struct param, all->n), 0};

	for (size_t i = 0; i < all->n; i++)
		if (write_owns(all->v[i].name, SHAPE))
			own.v[own.n++] = all->v[i];
	/* it is found again by its key */
	if (own.n > 0 && c->table->nkey == 0)
		return err_add_field(&c->err, ERR_BAD_PARAM, own.v[0].name,
		    "The table has no key.");
	return read_shape(c, &own, shape);
}

static int
respond_written(struct ctx *c, struct write *w, int status)
{
	const struct format *f = respond_format(c, STR_NONE);

	if (f == NULL)
		f = &format_json;
	v2_token(c);
	if (w->rows != NULL && w->shape != NULL)
		w->tag = etag_full(c, w->tag, f);
	write_headers(c, w);
	response_status(&c->res, status);
	/* a trigger may have swallowed the row: then there is none to show */
	if (w->rows == NULL || rows_count(w->rows) == 0)
		return 0;
	return respond_row(c, w->rows, f, status);
}

static int
create_many(struct ctx *c)
{
	struct bulk b = {.action = ACTION_CREATE,
	    .json = c->body,
	    .max = -1,
	    .once = true,
	    .want_rows = true};

	if (refuse_write(c, "") != 0)
		return -1;
	b.format = c->req.streamed ? NULL : respond_format(c, STR_NONE);
	if (bulk_write(c, &b) != 0)
		return -1;
	v2_token(c);
	return bulk_written(c, &b, 201, "created");
}

int
v2_create(struct ctx *c)
{
	struct write w = {.action = ACTION_CREATE,
	    .want_row = true,
	    .want_tag = true,
	    .once = true};

	if (c->req.streamed || c->body->kind == JSON_ARRAY)
		return create_many(c);
	if (refuse_write(c, SHAPE) != 0 || ask_shape(c, &w.shape) != 0)
		return -1;
	w.body = v2_unwrap(c);
	return write_row(c, &w) != 0 ? -1 : respond_written(c, &w, 201);
}

int
v2_update(struct ctx *c)
{
	struct write w = {.action = ACTION_UPDATE,
	    .locks = true,
	    .conditional = true,
	    .raw_key = raw_key(c),
	    .want_row = true,
	    .want_tag = true};

	if (refuse_write(c, SHAPE) != 0 || ask_shape(c, &w.shape) != 0)
		return -1;
	w.body = v2_unwrap(c);
	return write_row(c, &w) != 0 ? -1 : respond_written(c, &w, 200);
}

int
v2_delete(struct ctx *c)
{
	struct write w = {.action = ACTION_DELETE,
	    .conditional = true,
	    .raw_key = raw_key(c)};

	if (refuse_write(c, "") != 0 || write_row(c, &w) != 0)
		return -1;
	if (w.affected == 0)
		return err_set(&c->err, ERR_NOT_FOUND, NULL);
	if (w.rows != NULL)
		return respond_written(c, &w, 200);
	v2_token(c);
	return v2_empty(c);
}

/* ---- several rows ------------------------------------------------------- */

/* ["1","2","3"]: those that were there.  Who may not read hears only that it
 * was done. */
static int
respond_ids(struct ctx *c, const struct change *ch)
{
	struct jsonw w;
	int rc = 0;

	if (ch->affected == 0)
		return err_set(&c->err, ERR_NOT_FOUND, NULL);
	v2_token(c);
	if (ch->rows == NULL)
		return v2_empty(c);
	if (request_prefers(&c->req, "return=representation"))
		return bulk_respond(c, ch, &format_json, "");
	respond_begin(c, &w);
	jsonw_array(&w);
	while ((rc = rows_next(ch->rows, &c->err)) == 1) {
		struct buf id;

		buf_init(&id, c->arena, 65536);
		for (size_t i = 0; i < c->table->nkey; i++) {
			if (i > 0)
				buf_char(&id, ',');
			buf_str(&id, rows_cell(ch->rows, c->table->key[i]));
		}
		jsonw_str(&w, buf_view(&id));
	}
	jsonw_end(&w);
	return rc < 0 ? -1 : respond_json(c, 200);
}

static int
ask_ids(struct ctx *c, struct query *q)
{
	const struct param *ids = params_get(&c->req.params, STR("ids"));

	if (ids == NULL || ids->value.len == 0)
		return err_add_field(&c->err, ERR_BAD_PARAM, STR("ids"),
		    "Name the rows: ids=1,2,3.");
	if (params_count(&c->req.params, STR("ids")) > 1)
		return err_add_field(
		    &c->err, ERR_BAD_PARAM, STR("ids"), "May be given once.");
	if (read_resolve(c, q) != 0)
		return -1;
	if (query_ids(c->arena, q, STR("ids"), ids->value, &c->err) == 0)
		return 0;
	/* a fault of the question is none of the body */
	if (c->err.id == ERR_BAD_VALUE)
		c->err.id = ERR_BAD_PARAM;
	return -1;
}

/* they are named already, and cannot all become one */
static int
refuse_key(struct ctx *c, const struct json *body)
{
	const struct table *t = c->table;

	for (size_t i = 0; body != NULL && i < t->nkey; i++) {
		const struct column *col = &t->columns[t->key[i]];

		if (body->kind == JSON_OBJECT &&
		    json_get(body, col->name) != NULL)
			err_add_field(&c->err, ERR_BAD_VALUE, col->name,
			    "The key of many rows cannot be changed.");
	}
	return c->err.id != ERR_NONE ? -1 : 0;
}

/* body NULL: delete */
static int
change_many(struct ctx *c, const struct json *body)
{
	struct change ch = {.q = query_new(c->arena),
	    .body = body,
	    .max = -1,
	    .by_key = true,
	    .want_rows = true,
	    .locks = true,
	    .same = true};

	/* he has to have it before he is told what is wrong */
	ctx_need(c, c->table, ACTION_BULK);
	if (refuse_write(c, "ids") != 0 || ask_ids(c, ch.q) != 0 ||
	    refuse_key(c, body) != 0 || bulk_change(c, &ch) != 0)
		return -1;
	return respond_ids(c, &ch);
}

static int
v2_update_many(struct ctx *c)
{
	return change_many(c, v2_unwrap(c));
}

static int
v2_delete_many(struct ctx *c)
{
	return change_many(c, NULL);
}

/* ---- OPTIONS ------------------------------------------------------------ */

int
v2_options(struct ctx *c)
{
	if (data_options(c) != 0)
		return -1;
	v2_token(c);
	return 0;
}

#define ROWS  "/api/v2/{table}"
#define ROW   "/api/v2/{table}/{key}"
#define KEYED (NEEDS_TABLE | NEEDS_KEY)
#define FORM  (NEEDS_JSON | TAKES_FORM)

const struct route routes_v2[] = {
    {METHOD_GET, ROWS, NEEDS_TABLE, v2_list, "Rows of the table"},
    {METHOD_HEAD, ROWS, NEEDS_TABLE, v2_list, "How many rows there are"},
    {METHOD_POST, ROWS "/search", NEEDS_TABLE | NEEDS_JSON | ONLY_READS,
	v2_search, "Rows of the table, the question in the body"},
    {METHOD_QUERY, ROWS, NEEDS_TABLE | NEEDS_JSON | ONLY_READS, v2_search,
	"Rows of the table, the question in the body"},
    {METHOD_OPTIONS, ROWS, NEEDS_TABLE, v2_options,
	"Columns, choices and limits"},
    {METHOD_POST, ROWS, NEEDS_TABLE | NEEDS_ROWS | TAKES_FORM, v2_create,
	"Create a row, or several"},
    {METHOD_GET, ROW, KEYED, v2_show, "One row"},
    {METHOD_HEAD, ROW, KEYED, v2_show, "Is there such a row"},
    {METHOD_OPTIONS, ROW, NEEDS_TABLE, v2_options,
	"Columns, choices and limits"},
    {METHOD_PUT, ROW, KEYED | FORM, v2_update, "Change some columns of a row"},
    {METHOD_DELETE, ROW, KEYED, v2_delete, "Delete a row"},
    {METHOD_PUT, ROW "/multi", KEYED | FORM, v2_update_many,
	"Change the same columns of the rows that ids= names"},
    {METHOD_DELETE, ROW "/multi", KEYED, v2_delete_many,
	"Delete the rows that ids= names"},
    {0},
};
