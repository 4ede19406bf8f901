/*
 * Reading /api/dyn/{table}/: lists, pages and rows.  A list without limit is
 * streamed; a page is held until the number of its rows is known, so that
 * Content-Range can be said before it.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/escape.h"
#include "base/jsonw.h"
#include "render/render.h"

#define NO_COUNT SIZE_MAX

/* one list under way */
struct list {
	struct query *q;
	const struct format *format;
	struct batch *b;
	size_t count_at;   /* index of the count, or NO_COUNT */
	int64_t count_cap; /* the count stops here; 0: it is exact */
	bool capped;       /* max_rows set the limit, not the client */
	bool in_hand;      /* all rows are held; else they stream */
	int64_t total;     /* -1: not known */
};

static struct query *
ask(struct ctx *c)
{
	struct query_limits limits = ctx_limits(c);
	struct query *q;

	q = query_parse_drf(c->arena, &c->req.params, &limits, &c->err);
	if (q == NULL || query_resolve(c->arena, q, c->app->schema, c->table,
			     &limits, &c->err) != 0)
		return NULL;
	return q;
}

static void
cap_rows(struct ctx *c, struct list *l)
{
	struct page *page = &l->q->page;
	int64_t max = c->app->conf.max_rows;

	if (max == 0 || page->kind == PAGE_NUMBER ||
	    (page->has_limit && page->limit <= max))
		return;
	page->kind = PAGE_SLICE;
	page->has_limit = true;
	page->limit = max;
	l->capped = true;
}

static void
add_count(struct ctx *c, struct list *l)
{
	const struct page *page = &l->q->page;

	l->count_at = NO_COUNT;
	if (page->kind == PAGE_NUMBER && page->number == 0)
		l->q->want_count = COUNT_EXACT; /* the last page has to be it */
	if (l->q->want_count == COUNT_NONE && l->in_hand && !l->capped &&
	    page->kind != PAGE_NUMBER)
		return;
	if (l->q->want_count == COUNT_NONE && page->kind == PAGE_NONE)
		return;
	if (l->q->want_count == COUNT_NONE && page->kind == PAGE_SLICE &&
	    page->has_limit)
		l->count_cap = page->offset + page->limit + 1;
	l->count_at =
	    batch_add(l->b, l->q->want_count == COUNT_ESTIMATED
				? stmt_estimate(c->arena, l->q)
				: stmt_count(c->arena, l->q, l->count_cap));
}

/* the number in the first row's only cell */
static int64_t
read_count(struct ctx *c, struct batch *b, size_t at)
{
	struct rows *rows = batch_rows(b, at);
	int64_t n = 0;

	if (rows_next(rows, &c->err) != 1 ||
	    str_i64(rows_cell(rows, 0), &n) != 0)
		return 0;
	return n;
}

static int64_t
count_pages(const struct list *l)
{
	const struct page *page = &l->q->page;

	return (l->total + page->limit - 1) / page->limit;
}

/* what the count says; the select has found the last page by the same count */
static void
take_count(struct ctx *c, struct list *l)
{
	struct page *page = &l->q->page;

	l->total = read_count(c, l->b, l->count_at);
	if (l->count_cap > 0 && l->total >= l->count_cap)
		l->total = -1;
	if (page->kind != PAGE_NUMBER || page->number > 0)
		return;
	page->number = l->total == 0 ? 1 : count_pages(l);
	page->offset = (page->number - 1) * page->limit;
}

static int
run_list(struct ctx *c, struct list *l)
{
	const struct page *page = &l->q->page;
	bool head = c->req.method == METHOD_HEAD;
	int64_t timeout;

	l->in_hand =
	    page->has_limit && page->limit <= c->app->conf.max_page_size;
	timeout = l->in_hand || head ? 0 : c->app->conf.stream_timeout;
	l->b = ctx_batch(c, BATCH_READ);
	l->b->stream = !l->in_hand && !head;
	l->b->stream_timeout_ms = (int)timeout;
	batch_guard(l->b, ctx_guard_for(c, ACTION_READ, timeout));
	if (head && page->kind == PAGE_NONE && l->q->want_count == COUNT_NONE)
		l->q->want_count = COUNT_EXACT;
	add_count(c, l);
	if (!head || l->count_at == NO_COUNT)
		batch_add(
		    l->b, stmt_select(c->arena, l->q, &c->app->stmt_opts));
	if (ctx_run(c, l->b) != 0)
		return -1;
	l->total = -1;
	if (l->count_at != NO_COUNT)
		take_count(c, l);
	return 0;
}

/* ---- links and ranges --------------------------------------------------- */

/* this request's own address with some parameters replaced */
static void
link_with(struct ctx *c, struct buf *out, const char *name, int64_t value)
{
	struct buf path;
	char sep = '?';

	buf_init(&path, c->arena, 65536);
	buf_lit(&path, "/api/dyn/");
	buf_url(&path, c->table->path);
	buf_char(&path, '/');
	for (size_t i = 0; i < c->req.params.n; i++) {
		const struct param *p = &c->req.params.v[i];

		if (str_eq_c(p->name, name))
			continue;
		buf_char(&path, sep);
		buf_url(&path, p->name);
		buf_char(&path, '=');
		buf_url(&path, p->value);
		sep = '&';
	}
	if (value >= 0)
		buf_printf(&path, "%c%s=%lld", sep, name, (long long)value);
	ctx_link(c, out, buf_view(&path));
}

static void
link_header(struct ctx *c, const char *rel, const char *name, int64_t value)
{
	struct buf link;

	buf_init(&link, c->arena, 65536);
	buf_char(&link, '<');
	link_with(c, &link, name, value);
	buf_printf(&link, ">; rel=\"%s\"", rel);
	response_header(&c->res, "Link", buf_view(&link));
}

/* RFC 9110 14.4 with the table as the unit */
static void
range_header(struct ctx *c, int64_t first, int64_t n, int64_t total)
{
	struct buf v;

	buf_init(&v, c->arena, 512);
	buf_url(&v, c->table->path);
	if (n > 0)
		buf_printf(&v, " %lld-%lld/", (long long)first,
		    (long long)(first + n - 1));
	else
		buf_lit(&v, " */");
	if (total >= 0)
		buf_i64(&v, total);
	else
		buf_char(&v, '*');
	response_header(&c->res, "Content-Range", buf_view(&v));
}

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
	return page->has_limit && n > page->limit ? page->limit : n;
}

static void
slice_headers(struct ctx *c, const struct list *l, int64_t in_hand)
{
	const struct page *page = &l->q->page;
	int64_t n, end;

	if (page->kind == PAGE_NONE && l->count_at == NO_COUNT)
		return;
	n = slice_rows(l, in_hand);
	end = page->offset + n;
	if (!l->in_hand && l->q->want_count == COUNT_ESTIMATED)
		range_header(c, 0, 0, l->total); /* how many will come? */
	else
		range_header(c, page->offset, n, l->total);
	if (!page->has_limit || n < page->limit)
		return;
	if (l->total > end || (l->total < 0 && l->count_at != NO_COUNT))
		link_header(c, "next", "offset", end);
}

/* ---- pages -------------------------------------------------------------- */

static void
envelope_link(struct ctx *c, struct jsonw *w, const char *key, int64_t number)
{
	struct buf link;

	jsonw_key(w, key);
	if (number < 1) {
		jsonw_null(w);
		return;
	}
	/* page_size= alone asks for page 1; without either there is no page */
	if (number == 1 && params_get(&c->req.params, STR("page_size")) != NULL)
		number = -1;
	buf_init(&link, c->arena, 65536);
	link_with(c, &link, "page", number);
	jsonw_str(w, buf_view(&link));
}

/* 0: there is no page behind this one */
static int64_t
next_page(const struct list *l)
{
	int64_t number = l->q->page.number;

	return number < count_pages(l) ? number + 1 : 0;
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
	if (next > 0)
		link_header(c, "next", "page", next);
	if (page->number > 1)
		link_header(c, "prev", "page", page->number - 1);
	return 0;
}

static int
respond_page(struct ctx *c, struct list *l, struct rows *rows)
{
	struct buf *body = response_body(&c->res);
	struct jsonw w;

	if (page_headers(c, l, rows_count(rows)) != 0)
		return -1;
	if (l->format != &format_json)
		return respond_rows(c, rows, l->format, false);
	jsonw_init(&w, body);
	jsonw_object(&w);
	jsonw_kv_i64(&w, "count", l->total);
	envelope_link(c, &w, "next", next_page(l));
	envelope_link(c, &w, "previous", l->q->page.number - 1);
	buf_lit(body, ",\"results\":");
	if (respond_rows(c, rows, l->format, false) != 0)
		return -1;
	buf_lit(body, "}\n");
	return 0;
}

/* what GET would say, from the count alone */
static int
respond_head(struct ctx *c, struct list *l)
{
	if (l->q->page.kind != PAGE_NUMBER)
		slice_headers(c, l, -1);
	else if (page_headers(c, l, slice_rows(l, -1)) != 0)
		return -1;
	respond_format_headers(c, l->format);
	return 0;
}

static int
data_list(struct ctx *c)
{
	struct list l = {.q = ask(c)};
	struct rows *rows;

	if (l.q == NULL || (l.format = respond_format(c, l.q->format)) == NULL)
		return -1;
	cap_rows(c, &l);
	if (run_list(c, &l) != 0)
		return blame_query(c, l.q);
	if (c->req.method == METHOD_HEAD && l.count_at != NO_COUNT)
		return respond_head(c, &l);
	rows = batch_rows(l.b, l.b->n - 1);
	if (l.q->page.kind == PAGE_NUMBER)
		return respond_page(c, &l, rows);
	slice_headers(c, &l, l.in_hand ? rows_count(rows) : -1);
	if (respond_rows(c, rows, l.format, false) != 0)
		return -1;
	if (l.format == &format_json)
		buf_lit(response_body(&c->res), "\n");
	return 0;
}

/* ---- one row ------------------------------------------------------------ */

static int
data_retrieve(struct ctx *c)
{
	struct query *q = ask(c);
	const struct format *f;
	struct batch *b;
	size_t at;

	if (q == NULL || (f = respond_format(c, q->format)) == NULL ||
	    query_key(c->arena, q, route_segment(c->route, &c->req, "key")->raw,
		&c->err) != 0)
		return -1;
	q->page.kind = PAGE_NONE;
	q->page.has_limit = false;
	q->page.offset = 0;
	q->norder = 0;
	b = ctx_batch(c, BATCH_READ);
	batch_guard(b, ctx_guard(c, ACTION_READ));
	at = batch_add(b, stmt_select(c->arena, q, &c->app->stmt_opts));
	if (ctx_run(c, b) != 0)
		return blame_query(c, q);
	return respond_row(c, batch_rows(b, at), f, 200);
}

const struct route routes_data[] = {
    {METHOD_GET, "/api/dyn/{table}", NEEDS_TABLE, data_list,
	"Rows of the table"},
    {METHOD_HEAD, "/api/dyn/{table}", NEEDS_TABLE, data_list,
	"How many rows there are"},
    {METHOD_GET, "/api/dyn/{table}/{key}", NEEDS_TABLE | NEEDS_KEY,
	data_retrieve, "One row"},
    {METHOD_HEAD, "/api/dyn/{table}/{key}", NEEDS_TABLE | NEEDS_KEY,
	data_retrieve, "Is there such a row"},
    {0},
};
