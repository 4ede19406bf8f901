/*
 * Reading /api/dyn/{table}/: lists, pages, cursor pages and rows as the native
 * dialect shows them, by GET or by a body.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "render/render.h"

const struct dialect dialect_native = {
    .base = "/api/dyn/", .parse = query_parse_drf, .put = BODY_REPLACE};

static struct str
number_text(struct ctx *c, int64_t n)
{
	return str_from(arena_printf(c->arena, "%lld", (long long)n));
}

/* ---- slices ------------------------------------------------------------- */

/* rows of this slice: those in hand, else what the count leaves */
static int64_t
slice_rows(const struct list *l, int64_t in_hand)
{
	const struct page *page = &l->q->page;
	int64_t n;

	if (in_hand >= 0)
		return in_hand;
	if (l->total < 0)
		return page->limit;
	n = l->total > page->offset ? l->total - page->offset : 0;
	return n > page->limit ? page->limit : n;
}

/* a list without end says how many rows it has where that is known, or else
 * about */
static void
whole_header(struct ctx *c, const struct list *l)
{
	int64_t offset = l->q->page.offset, n = l->total - offset;

	if (l->q->want_count == COUNT_ESTIMATED)
		n = 0; /* how many will come? */
	if (l->total >= 0)
		range_header(c, offset, n > 0 ? n : 0, l->total);
}

static int
slice_headers(struct ctx *c, const struct list *l, int64_t in_hand)
{
	const struct page *page = &l->q->page;
	int64_t n, end;

	if (!page->has_limit) {
		whole_header(c, l);
		return 0;
	}
	n = slice_rows(l, in_hand);
	end = page->offset + n;
	range_header(c, page->offset, n, l->total);
	if (n < page->limit || !list_is_counted(l) ||
	    (l->total >= 0 && l->total <= end))
		return 0;
	return link_header(c, "next", "offset", number_text(c, end));
}

/* where a cursor page stands in the list nobody knows */
static int
cursor_headers(struct ctx *c, const struct list *l)
{
	struct str next = l->rows != NULL ? list_cursor(c, l) : STR_NONE;

	if (l->total >= 0)
		range_header(c, 0, 0, l->total);
	return next.p != NULL ? link_header(c, "next", "cursor", next) : 0;
}

/* ---- pages -------------------------------------------------------------- */

static int
envelope_link(struct ctx *c, struct jsonw *w, const char *key, int64_t number)
{
	struct str value;
	struct buf link;

	jsonw_key(w, key);
	if (number < 1) {
		jsonw_null(w);
		return 0;
	}
	value = number_text(c, number);
	/* page_size= alone asks for page 1; without either there is no page */
	if (number == 1 && params_get(&c->req.params, STR("page_size")) != NULL)
		value = STR_NONE;
	buf_init(&link, c->arena, 65536);
	if (list_link(c, &link, "page", value) != 0)
		return -1;
	jsonw_str(w, buf_view(&link));
	return 0;
}

/* 0: there is no page behind this one; of an unknown total there is always one,
 * for the count has stopped behind this page */
static int64_t
next_page(const struct list *l)
{
	int64_t number = l->q->page.number;

	return l->total < 0 || number < list_pages(l) ? number + 1 : 0;
}

/* n rows are on the page */
static int
page_headers(struct ctx *c, const struct list *l, int64_t n)
{
	const struct page *page = &l->q->page;
	int64_t next = next_page(l);

	if (page->number > 1 && n == 0)
		return err_set(&c->err, ERR_NOT_FOUND, "There is no page %lld.",
		    (long long)page->number);
	range_header(c, page->offset, n, l->total);
	if (next > 0 &&
	    link_header(c, "next", "page", number_text(c, next)) != 0)
		return -1;
	if (page->number == 1)
		return 0;
	return link_header(c, "prev", "page", number_text(c, page->number - 1));
}

static int
respond_page(struct ctx *c, struct list *l)
{
	struct buf *body = response_body(&c->res);
	struct jsonw w;

	if (page_headers(c, l, rows_count(l->rows)) != 0)
		return -1;
	if (l->format != &format_json)
		return list_write(c, l);
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_key(&w, "count");
	if (l->total >= 0)
		jsonw_i64(&w, l->total);
	else
		jsonw_null(&w);
	if (envelope_link(c, &w, "next", next_page(l)) != 0 ||
	    envelope_link(c, &w, "previous", l->q->page.number - 1) != 0)
		return -1;
	buf_lit(body, ",\"results\":");
	if (list_write(c, l) != 0)
		return -1;
	buf_lit(body, "}\n");
	return 0;
}

/* ---- lists -------------------------------------------------------------- */

/* what GET would say, from the count alone */
static int
respond_head(struct ctx *c, struct list *l)
{
	int rc;

	switch (l->q->page.kind) {
	case PAGE_CURSOR:
		rc = cursor_headers(c, l);
		break;
	case PAGE_NUMBER:
		rc = page_headers(c, l, slice_rows(l, -1));
		break;
	default:
		rc = slice_headers(c, l, -1);
		break;
	}
	if (rc != 0)
		return -1;
	respond_format_headers(c, l->format);
	return 0;
}

int
data_list(struct ctx *c)
{
	struct list l = {.q = read_ask(c, &c->req.params)};
	int rc;

	if (l.q == NULL ||
	    (l.format = respond_format(c, l.q->format)) == NULL ||
	    list_run(c, &l) != 0)
		return -1;
	handling_header(c);
	if (l.rows == NULL)
		return respond_head(c, &l);
	if (l.q->page.kind == PAGE_NUMBER)
		return respond_page(c, &l);
	if (l.q->page.kind == PAGE_CURSOR)
		rc = cursor_headers(c, &l);
	else
		rc = slice_headers(c, &l, l.in_hand ? rows_count(l.rows) : -1);
	if (rc != 0 || list_write(c, &l) != 0)
		return -1;
	if (l.format == &format_json)
		buf_lit(response_body(&c->res), "\n");
	return 0;
}

/* ---- the same question in a body ---------------------------------------- */

int
data_search(struct ctx *c)
{
	return question_take(c, c->body) != 0 ? -1 : data_list(c);
}

/* ---- one row ------------------------------------------------------------ */

int
data_retrieve(struct ctx *c)
{
	struct query *q = read_ask(c, &c->req.params);
	const struct format *f;
	struct rows *rows;
	int rc;

	if (q == NULL || (f = respond_format(c, q->format)) == NULL)
		return -1;
	rows = read_row(c, q, route_segment(c->route, &c->req, "key")->raw);
	if (rows == NULL)
		return -1;
	handling_header(c);
	rc = etag_respond(c, rows, f);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	return respond_row(c, rows, f, 200);
}

#define SEARCH (NEEDS_TABLE | NEEDS_JSON | TAKES_FORM | ONLY_READS)

const struct route routes_data[] = {
    {METHOD_GET, "/api/dyn/{table}", NEEDS_TABLE, data_list,
	"Rows of the table"},
    {METHOD_HEAD, "/api/dyn/{table}", NEEDS_TABLE, data_list,
	"How many rows there are"},
    {METHOD_POST, "/api/dyn/{table}/search", SEARCH, data_search,
	"Rows of the table, the parameters in the body"},
    {METHOD_QUERY, "/api/dyn/{table}", SEARCH, data_search,
	"Rows of the table, the parameters in the body"},
    {METHOD_GET, "/api/dyn/{table}/{key}", NEEDS_TABLE | NEEDS_KEY,
	data_retrieve, "One row"},
    {METHOD_HEAD, "/api/dyn/{table}/{key}", NEEDS_TABLE | NEEDS_KEY,
	data_retrieve, "Is there such a row"},
    {0},
};
