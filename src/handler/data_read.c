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
    .base = "/api/dyn/", .parse = query_parse_drf};

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
		link_header(c, "next", "offset", number_text(c, end));
}

/* where a cursor page stands in the list nobody knows */
static void
cursor_headers(struct ctx *c, const struct list *l)
{
	struct str next = l->rows != NULL ? list_cursor(c, l) : STR_NONE;

	if (l->total >= 0)
		range_header(c, 0, 0, l->total);
	if (next.p != NULL)
		link_header(c, "next", "cursor", next);
}

/* ---- pages -------------------------------------------------------------- */

static void
envelope_link(struct ctx *c, struct jsonw *w, const char *key, int64_t number)
{
	struct str value;
	struct buf link;

	jsonw_key(w, key);
	if (number < 1) {
		jsonw_null(w);
		return;
	}
	value = number_text(c, number);
	/* page_size= alone asks for page 1; without either there is no page */
	if (number == 1 && params_get(&c->req.params, STR("page_size")) != NULL)
		value = STR_NONE;
	buf_init(&link, c->arena, 65536);
	list_link(c, &link, "page", value);
	jsonw_str(w, buf_view(&link));
}

/* 0: there is no page behind this one */
static int64_t
next_page(const struct list *l)
{
	int64_t number = l->q->page.number;

	return number < list_pages(l) ? number + 1 : 0;
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
		link_header(c, "next", "page", number_text(c, next));
	if (page->number > 1)
		link_header(
		    c, "prev", "page", number_text(c, page->number - 1));
	return 0;
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
	jsonw_kv_i64(&w, "count", l->total);
	envelope_link(c, &w, "next", next_page(l));
	envelope_link(c, &w, "previous", l->q->page.number - 1);
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
	enum page_kind kind = l->q->page.kind;

	if (kind == PAGE_CURSOR)
		cursor_headers(c, l);
	else if (kind != PAGE_NUMBER)
		slice_headers(c, l, -1);
	else if (page_headers(c, l, slice_rows(l, -1)) != 0)
		return -1;
	respond_format_headers(c, l->format);
	return 0;
}

static int
data_list(struct ctx *c)
{
	struct list l = {.q = read_ask(c, &c->req.params)};

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
		cursor_headers(c, &l);
	else
		slice_headers(c, &l, l.in_hand ? rows_count(l.rows) : -1);
	if (list_write(c, &l) != 0)
		return -1;
	if (l.format == &format_json)
		buf_lit(response_body(&c->res), "\n");
	return 0;
}

/* ---- the same question in a body ---------------------------------------- */

/* which parameters are comma lists; quoted: of values, which may have commas */
static bool
is_list_name(struct str name, bool *quoted)
{
	static const struct {
		const char *end;
		bool quoted;
	} lists[] = {{"fields", true}, {"group_by", true}, {"search", true},
	    {"aggregate", false}, {"include", false}, {"ordering", false},
	    {"__in", true}, {"__nin", true}, {"__between", true},
	    {"__nbetween", true}};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		*quoted = lists[i].quoted;
		if (lists[i].end[0] == '_'
			? str_ends(name, str_from(lists[i].end))
			: str_eq_c(name, lists[i].end))
			return true;
	}
	return false;
}

/* a value of a comma list, in quotes where it could be taken for two */
static void
add_listed(struct buf *b, struct str s)
{
	bool plain = s.len > 0;

	for (size_t i = 0; i < s.len; i++)
		plain = plain && strchr(" ,\"'\t\r\n", s.p[i]) == NULL;
	if (plain) {
		buf_str(b, s);
		return;
	}
	buf_char(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			buf_char(b, '"');
		buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}

/* ["a", "b"] as "a,b" */
static int
list_text(struct ctx *c, const struct json *array, bool quoted, struct str *out)
{
	struct buf b;

	buf_init(&b, c->arena, SIZE_MAX / 4);
	for (const struct json *j = array->child; j != NULL; j = j->next) {
		if (j->kind == JSON_NULL || j->kind == JSON_OBJECT ||
		    j->kind == JSON_ARRAY)
			return err_add_field(&c->err, ERR_BAD_PARAM, array->key,
			    "The members must be texts, numbers, true or "
			    "false.");
		if (j != array->child)
			buf_char(&b, ',');
		if (j->kind == JSON_STRING && quoted)
			add_listed(&b, j->text);
		else
			buf_str(&b, j->kind == JSON_STRING ? j->text : j->src);
	}
	*out = buf_view(&b);
	return 0;
}

static int
param_text(struct ctx *c, const struct json *j, struct str *out)
{
	bool quoted;

	if (j->kind == JSON_NULL)
		return err_add_field(&c->err, ERR_BAD_PARAM, j->key,
		    "Cannot be null; isnull asks for that.");
	if (j->kind == JSON_ARRAY && is_list_name(j->key, &quoted))
		return list_text(c, j, quoted, out);
	*out = j->kind == JSON_STRING ? j->text : j->src;
	return 0;
}

/* the members of the body as parameters behind those of the address */
static int
take_body(struct ctx *c, const struct json *body)
{
	struct params *all = &c->req.params;
	size_t max = (size_t)c->app->conf.max_params;
	struct param *v;

	if (body->kind != JSON_OBJECT || body->twin != NULL)
		return err_set(&c->err, ERR_BAD_JSON,
		    "A JSON object with each parameter once is required.");
	if (all->n + body->n > max)
		return err_set(
		    &c->err, ERR_LIMIT, "At most %zu parameters.", max);
	v = arena_array(c->arena, struct param, all->n + body->n);
	for (size_t i = 0; i < all->n; i++)
		v[i] = all->v[i];
	*all = (struct params){v, all->n};
	for (const struct json *j = body->child; j != NULL; j = j->next) {
		struct param *p = &v[all->n];

		p->name = j->key;
		if (param_text(c, j, &p->value) != 0)
			return -1;
		all->n++;
	}
	return 0;
}

static int
data_search(struct ctx *c)
{
	return take_body(c, c->body) != 0 ? -1 : data_list(c);
}

/* ---- one row ------------------------------------------------------------ */

static int
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

#define SEARCH (NEEDS_TABLE | NEEDS_JSON | ONLY_READS)

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
