/*
 * The auto dialect, /api/auto/{table}: the same engine under the names, the
 * status codes and the errors of CONTRACT chapter 3.  Reading here, writing in
 * auto_write.c.
 */
#include "handler/auto_priv.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/jsonw.h"
#include "render/render.h"

/* ---- errors ------------------------------------------------------------- */

/* a body that does not fit is 422 here, but for a question that stands there */
static bool
is_body_fault(const struct ctx *c)
{
	enum action action = ctx_action(c);

	if (action == ACTION_READ || action == ACTION_DELETE)
		return c->err.id == ERR_BAD_JSON;
	switch (c->err.id) {
	case ERR_BAD_JSON:
	case ERR_BAD_VALUE:
	case ERR_READ_ONLY:
	case ERR_REQUIRED:
	case ERR_UNKNOWN_COLUMN:
		return true;
	default:
		return false;
	}
}

static const char *
message_of(int status)
{
	switch (status) {
	case 400:
		return "Bad Parameter";
	case 401:
		return "Not Authenticated";
	case 403:
		return "Permission Denied";
	case 422:
		return "Unprocessable Entity";
	default:
		return status_reason(status);
	}
}

static const char *
detail_of(struct ctx *c)
{
	const struct err *err = &c->err;

	if (err->detail != NULL)
		return err->detail;
	if (err->fields != NULL && err->fields->next == NULL)
		return arena_printf(c->arena, "%.*s: %s",
		    STR_ARGS(err->fields->field), err->fields->text);
	return err_title(err->id);
}

/* params: the text of the parameter that could not be read */
static void
write_extra(struct ctx *c, struct jsonw *w)
{
	const struct err *err = &c->err;
	const struct param *p = NULL;

	if (err->fields == NULL) {
		jsonw_null(w);
		return;
	}
	if (err->id == ERR_BAD_PARAM)
		p = params_get(&c->req.params, err->fields->field);
	jsonw_object(w);
	if (p != NULL)
		jsonw_kv(w, "params", p->value);
	ctx_write_fields(w, err);
	jsonw_end(w);
}

static void
auto_error(struct ctx *c, int status)
{
	struct buf *body = response_body(&c->res);
	struct jsonw w;

	if (is_body_fault(c))
		response_status(&c->res, status = 422);
	response_header(&c->res, "Content-Type", STR("application/json"));
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_kv_i64(&w, "status_code", status);
	jsonw_kv_c(&w, "message", message_of(status));
	jsonw_kv_c(&w, "detail", detail_of(c));
	jsonw_key(&w, "exception");
	jsonw_null(&w);
	jsonw_key(&w, "extra");
	write_extra(c, &w);
	jsonw_end(&w);
	buf_lit(body, "\n");
}

const struct dialect dialect_auto = {.base = "/api/auto/",
    .parse = query_parse_where,
    .error = auto_error,
    .strict = true,
    .put = BODY_REPLACE,
    .page_max = WHERE_PAGE_MAX};

int
auto_not_found(struct ctx *c)
{
	if (c->err.id == ERR_NONE)
		err_set(&c->err, ERR_NOT_FOUND, NULL);
	/* with a cause: a table that is hidden must look like none */
	if (c->err.id == ERR_NOT_FOUND && c->err.cause == NULL)
		c->err.detail = "Item not found";
	return -1;
}

/* ---- cache=seconds ------------------------------------------------------ */

/* DECISIONS 4: the client or the web server keeps the answer, not we */
static void
cache_headers(struct ctx *c)
{
	const struct param *p = params_get(&c->req.params, STR("cache"));
	int64_t seconds = 0, max = c->app->conf.max_cache / 1000;

	if (p == NULL || str_i64(p->value, &seconds) != 0)
		return;
	if (seconds > max)
		seconds = max;
	response_header_drop(&c->res, "Cache-Control");
	response_header_f(&c->res, "Cache-Control", "private, max-age=%lld",
	    (long long)seconds);
	response_header(&c->res, "Vary", STR("Authorization, Accept, Prefer"));
}

static bool
is_known(struct str known, struct str tag)
{
	struct str item;

	while (known.p != NULL && str_cut(&known, ',', &item)) {
		item = str_trim(item);
		if (str_starts(item, STR("W/")))
			item = str_sub(item, 2, item.len);
		if (str_eq(item, tag) || str_eq_c(item, "*"))
			return true;
	}
	return false;
}

/* of an answer that is held back whole: what it is, or that it has not changed
 * (RFC 9110 13.1.2) */
static void
tag_answer(struct ctx *c)
{
	unsigned char hash[SHA256_BYTES];
	char text[64];
	struct buf tag;

	if (params_get(&c->req.params, STR("cache")) == NULL ||
	    c->res.state != RESPONSE_HEAD || c->res.no_body ||
	    c->res.spooled > 0)
		return;
	sha256(buf_view(&c->res.body), hash);
	buf_fixed(&tag, text, sizeof(text));
	buf_char(&tag, '"');
	buf_hex(&tag, (struct str){(const char *)hash, 16});
	buf_char(&tag, '"');
	response_header(&c->res, "ETag", buf_view(&tag));
	if (!is_known(c->req.if_none_match, buf_view(&tag)))
		return;
	response_status(&c->res, 304);
	buf_clear(&c->res.body);
	c->res.no_body = true;
}

/* ---- GET ---------------------------------------------------------------- */

static int
auto_find(struct ctx *c, struct list *l)
{
	if (l->format == &format_json && rows_count(l->rows) == 0) {
		respond_format_headers(c, l->format);
		buf_lit(response_body(&c->res), "null");
		return 0;
	}
	return respond_rows(c, l->rows, l->format, l->format == &format_json);
}

/* keeps: as long as cache= says; nobody keeps what answers a POST */
static int
answer_list(struct ctx *c, bool keeps)
{
	struct list l = {.q = read_ask(c, &c->req.params)};
	bool find;

	if (l.q == NULL || (l.format = respond_format(c, l.q->format)) == NULL)
		return -1;
	find = params_get(&c->req.params, STR("find")) != NULL;
	if (list_run(c, &l) != 0)
		return -1;
	if (!find)
		response_header_f(
		    &c->res, "X-Total-Count", "%lld", (long long)l.total);
	if (keeps)
		cache_headers(c);
	if (l.rows == NULL) { /* HEAD */
		respond_format_headers(c, l.format);
		return 0;
	}
	if ((find ? auto_find(c, &l) : list_write(c, &l)) != 0)
		return -1;
	if (l.format == &format_json)
		buf_lit(response_body(&c->res), "\n");
	if (keeps)
		tag_answer(c);
	return 0;
}

static int
auto_list(struct ctx *c)
{
	return answer_list(c, true);
}

/* QUERY is safe as GET is, and its answer may be kept with the question */
static int
auto_query(struct ctx *c)
{
	return question_take_json(c, c->body) != 0 ? -1 : answer_list(c, true);
}

static int
auto_search(struct ctx *c)
{
	return question_take_json(c, c->body) != 0 ? -1 : answer_list(c, false);
}

static int
auto_retrieve(struct ctx *c)
{
	struct query *q = read_ask(c, &c->req.params);
	const struct format *f;
	struct rows *rows;
	int rc;

	if (q == NULL || (f = respond_format(c, q->format)) == NULL)
		return -1;
	rows = read_row(c, q, route_segment(c->route, &c->req, "key")->raw);
	if (rows == NULL || rows_count(rows) == 0)
		return auto_not_found(c);
	cache_headers(c);
	rc = etag_respond(c, rows, f);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return respond_row(c, rows, f, 200);
}

#define TABLE  "/api/auto/{table}"
#define ROW    "/api/auto/{table}/{key}"
#define SEARCH (NEEDS_TABLE | NEEDS_JSON | ONLY_READS)

const struct route routes_auto[] = {
    {METHOD_GET, TABLE, NEEDS_TABLE, auto_list, "Rows, 25 at a time"},
    {METHOD_HEAD, TABLE, NEEDS_TABLE, auto_list, "How many rows there are"},
    {METHOD_QUERY, TABLE, SEARCH, auto_query, "Rows, the question in the body"},
    {METHOD_POST, TABLE "/search", SEARCH, auto_search,
	"Rows, the question in the body"},
    {METHOD_OPTIONS, TABLE, NEEDS_TABLE, data_options,
	"Columns, choices and limits"},
    {METHOD_GET, ROW, NEEDS_TABLE | NEEDS_KEY, auto_retrieve, "One row"},
    {METHOD_HEAD, ROW, NEEDS_TABLE | NEEDS_KEY, auto_retrieve,
	"Is there such a row"},
    {METHOD_OPTIONS, ROW, NEEDS_TABLE, data_options,
	"Columns, choices and limits"},
    {0},
};
