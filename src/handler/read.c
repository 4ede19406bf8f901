/*
 * Reading, the same for every dialect: a question becomes one batch (guard,
 * count, rows, the rows of its to-many relations), and what came of it is
 * written row by row.  A page or slice is held until the number of its rows is
 * known, and only then are to-many relations statements of their own; all
 * else is streamed.
 *
 * With conceal a table that the caller may not read does not exist for him: a
 * question that is not about the columns of its own table alone is resolved
 * among the tables he can read, so that the answer is the same, byte by byte,
 * as if the others were not there.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/escape.h"
#include "render/render.h"

/* ---- asking ------------------------------------------------------------- */

/* what the caller may do, behind the guard of the table itself */
int
read_rights(struct ctx *c)
{
	struct rights *rights = arena_make(c->arena, struct rights);

	if (c->rights != NULL)
		return 0;
	c->ntouched = 0;
	if (rights_ask(c, ctx_guard(c, ctx_action(c)), NULL, NULL, rights) != 0)
		return prefer_was_zone(c) ? read_rights(c) : -1;
	c->rights = rights;
	return 0;
}

static int
limit_to_visible(struct ctx *c, struct query_limits *limits)
{
	struct visible *visible = arena_make(c->arena, struct visible);

	if (read_rights(c) != 0)
		return -1;
	*visible = (struct visible){rights_visible, c->rights};
	limits->visible = visible;
	return 0;
}

int
read_limits(struct ctx *c, struct query_limits *limits)
{
	*limits = ctx_limits(c);
	return c->app->conf.conceal ? limit_to_visible(c, limits) : 0;
}

/* also of a question that is refused the tables it has touched are known, so
 * that only who may read them hears why */
static int
resolve(struct ctx *c, struct query *q, const struct query_limits *limits,
    struct err *err)
{
	struct query_limits own = *limits;
	int rc;

	if (ctx_action(c) == ACTION_READ || q->shaped) {
		own.shape = c->dialect->shape;
		own.shape_arg = c;
	}
	rc = query_resolve(c->arena, q, c->app->schema, c->table, &own, err);
	c->touched = q->touched;
	c->ntouched = q->ntouched;
	return rc;
}

static struct query *
parse(struct ctx *c, struct params *params, const struct query_limits *limits,
    struct err *err)
{
	struct query *q = c->dialect->parse(c->arena, params, limits, err);

	return q != NULL && resolve(c, q, limits, err) == 0 ? q : NULL;
}

/* every name in it is a column of the table itself: then no other table can
 * change what it means.  What a relation to itself is called can depend on
 * one. */
static bool
is_local(struct ctx *c, struct params *params, struct query_limits limits)
{
	struct query *q;
	struct err err;

	limits.strict = true;
	err_init(&err, NULL);
	q = parse(c, params, &limits, &err);
	return q != NULL && !q->relates;
}

struct query *
read_ask(struct ctx *c, struct params *params)
{
	struct query_limits limits = ctx_limits(c);

	if (prefer_zone(c) != 0)
		return NULL;
	if (c->app->conf.conceal && !is_local(c, params, limits) &&
	    limit_to_visible(c, &limits) != 0)
		return NULL;
	return parse(c, params, &limits, &c->err);
}

int
read_shape(struct ctx *c, struct params *params, struct query **q)
{
	*q = params->n > 0 ? read_ask(c, params) : NULL;
	if (c->err.id != ERR_NONE)
		return -1;
	if (*q != NULL && !(*q)->shaped)
		*q = NULL;
	if (*q != NULL)
		(*q)->norder = 0;
	return 0;
}

int
read_resolve(struct ctx *c, struct query *q)
{
	struct query_limits limits;

	if (ctx_action(c) == ACTION_READ && prefer_zone(c) != 0)
		return -1;
	if (read_limits(c, &limits) != 0)
		return -1;
	return resolve(c, q, &limits, &c->err);
}

/* ---- running ------------------------------------------------------------ */

static void
cap_rows(struct ctx *c, struct list *l)
{
	struct page *page = &l->q->page;
	int64_t max = c->app->conf.max_rows;

	if (max == 0 || page->kind == PAGE_NUMBER ||
	    (page->has_limit && page->limit <= max))
		return;
	if (page->kind != PAGE_CURSOR)
		page->kind = PAGE_SLICE;
	page->has_limit = true;
	page->limit = max;
	l->capped = true;
}

/* the row that a cursor is made of has to be at hand before the head leaves */
static int
check_cursor_page(struct ctx *c, const struct page *page)
{
	int64_t max = c->app->conf.max_page_size;

	if (page->kind != PAGE_CURSOR ||
	    (page->has_limit && page->limit <= max))
		return 0;
	return err_add_field(&c->err, ERR_BAD_PARAM, STR("limit"),
	    "Must be at most %lld with cursor.", (long long)max);
}

static bool
wants_count(const struct list *l)
{
	const struct page *page = &l->q->page;

	if (l->q->want_count != COUNT_NONE || page->kind == PAGE_NUMBER)
		return true;
	if (page->kind == PAGE_NONE || page->kind == PAGE_CURSOR)
		return false;
	return !l->in_hand || l->capped;
}

static int64_t
larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* up to the first row behind the slice or page; 0: it has no end */
static int64_t
rows_passed(const struct page *page)
{
	return page->has_limit ? page->offset + page->limit + 1 : 0;
}

static void
count_to(struct ctx *c, struct list *l, int64_t cap)
{
	l->count_cap = cap;
	l->count_at = batch_add(l->b, stmt_count(c->arena, l->q, cap));
}

/* whether rows follow has to be known for certain: so many are counted in any
 * case */
static void
add_estimate(struct ctx *c, struct list *l)
{
	int64_t passed = rows_passed(&l->q->page);

	if (!stmt_is_estimated(l->q)) {
		count_to(c, l, larger(passed, ESTIMATE_ROWS_MAX));
		return;
	}
	l->estimate_at = batch_add(l->b, stmt_estimate(c->arena, l->q));
	if (passed > 0)
		count_to(c, l, passed);
}

static void
add_count(struct ctx *c, struct list *l)
{
	const struct page *page = &l->q->page;

	l->count_at = l->estimate_at = NO_COUNT;
	l->count_cap = 0;
	if (page->kind == PAGE_NUMBER && page->number == 0)
		l->q->want_count = COUNT_EXACT; /* the last page has to be it */
	if (!wants_count(l))
		return;
	if (l->q->want_count == COUNT_ESTIMATED)
		add_estimate(c, l);
	else if (l->q->want_count == COUNT_NONE && page->kind == PAGE_SLICE)
		count_to(c, l, rows_passed(page));
	else
		count_to(c, l, 0);
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

/* -1: there are more rows than the planner knows of */
static int64_t
read_estimate(struct ctx *c, struct list *l)
{
	int64_t n = read_count(c, l->b, l->estimate_at);

	return n >= l->count_cap ? n : -1;
}

/* what the count says; the select has found the last page by the same count */
static void
take_count(struct ctx *c, struct list *l)
{
	struct page *page = &l->q->page;

	l->total = -1;
	if (l->count_at != NO_COUNT)
		l->total = read_count(c, l->b, l->count_at);
	if (l->count_cap > 0 && l->total >= l->count_cap)
		l->total = -1;
	if (l->estimate_at != NO_COUNT && l->total < 0)
		l->total = read_estimate(c, l);
	if (page->kind != PAGE_NUMBER || page->number > 0)
		return;
	page->number = l->total == 0 ? 1 : list_pages(l);
	page->offset = (page->number - 1) * page->limit;
}

int
read_too_many(struct ctx *c)
{
	err_clear(&c->err);
	return err_add_field(&c->err, ERR_LIMIT, STR("include"),
	    "An included relation has more than %lld rows here: give it a "
	    "limit.",
	    (long long)c->app->conf.max_included);
}

/* a to-many relation of rows in hand is in hand too: not without bounds */
static int
check_included(struct ctx *c, const struct rows *rows)
{
	const struct stmt *s = rows_stmt(rows);
	int64_t max = c->app->conf.max_included;

	for (size_t i = 0; i < s->nchildren; i++) {
		const struct rows *child = rows_child(rows, i);

		if (rows_count(child) > max)
			return read_too_many(c);
		if (check_included(c, child) != 0)
			return -1;
	}
	return 0;
}

static void
make_batch(struct ctx *c, struct list *l, bool head)
{
	int64_t timeout = l->in_hand || head ? 0 : c->app->conf.stream_timeout;

	l->b = ctx_batch(c, BATCH_READ);
	l->b->stream = !l->in_hand && !head;
	l->b->stream_timeout_ms = (int)timeout;
	batch_guard(l->b, ctx_guard_for(c, ACTION_READ, timeout));
}

int
list_run(struct ctx *c, struct list *l)
{
	const struct page *page = &l->q->page;
	bool head = c->req.method == METHOD_HEAD;
	struct stmt_opts opts = c->app->stmt_opts;
	size_t at = NO_COUNT;

	cap_rows(c, l);
	if (check_cursor_page(c, page) != 0)
		return -1;
	l->in_hand =
	    page->has_limit && page->limit <= c->app->conf.max_page_size;
	make_batch(c, l, head);
	if (head && page->kind == PAGE_NONE && l->q->want_count == COUNT_NONE)
		l->q->want_count = COUNT_EXACT;
	add_count(c, l);
	opts.stitch = l->in_hand;
	/* a cursor is made of a row */
	if (!head || !list_is_counted(l) || page->kind == PAGE_CURSOR)
		at = batch_add(l->b, stmt_select(c->arena, l->q, &opts));
	if (ctx_run(c, l->b) != 0)
		return prefer_was_zone(c) ? list_run(c, l)
					  : blame_query(c, l->q);
	prefer_zone_header(c);
	l->rows = at != NO_COUNT ? batch_rows(l->b, at) : NULL;
	take_count(c, l);
	return l->rows != NULL ? check_included(c, l->rows) : 0;
}

int
list_write(struct ctx *c, struct list *l)
{
	return respond_rows(c, l->rows, l->format, false);
}

static struct rows *
run_row(struct ctx *c, struct query *q)
{
	struct stmt_opts opts =
	    etag_fits(c, q) ? etag_opts(c) : c->app->stmt_opts;
	struct batch *b;
	size_t at;

	opts.stitch = true;
	b = ctx_batch(c, BATCH_READ);
	batch_guard(b, ctx_guard(c, ACTION_READ));
	at = batch_add(b, stmt_select(c->arena, q, &opts));
	if (ctx_run(c, b) != 0) {
		if (prefer_was_zone(c))
			return run_row(c, q);
		blame_query(c, q);
		return NULL;
	}
	/* what a write shows again has its own word on that */
	if (ctx_action(c) == ACTION_READ)
		prefer_zone_header(c);
	return check_included(c, batch_rows(b, at)) == 0 ? batch_rows(b, at)
							 : NULL;
}

struct rows *
read_row(struct ctx *c, struct query *q, struct str raw_key)
{
	if (query_key(c->arena, q, raw_key, &c->err) != 0)
		return NULL;
	return run_row(c, q);
}

/* ---- pages, links and ranges -------------------------------------------- */

bool
list_is_counted(const struct list *l)
{
	return l->count_at != NO_COUNT || l->estimate_at != NO_COUNT;
}

int64_t
list_pages(const struct list *l)
{
	const struct page *page = &l->q->page;

	return (l->total + page->limit - 1) / page->limit;
}

struct str
list_cursor(struct ctx *c, const struct list *l)
{
	struct query_limits limits = ctx_limits(c);
	const struct query *q = l->q;
	const struct stmt *s = rows_stmt(l->rows);
	struct str *texts = arena_array(c->arena, struct str, q->norder);
	struct str token;

	if (rows_count(l->rows) < q->page.limit || s->order_col < 0)
		return STR_NONE;
	while (rows_next(l->rows, &c->err) == 1)
		continue;
	for (size_t i = 0; i < q->norder; i++)
		texts[i] = rows_cell(l->rows, (size_t)s->order_col + i);
	token = query_cursor(c->arena, q, texts, &limits);
	rows_rewind(l->rows);
	return token;
}

void
link_path(struct ctx *c, struct buf *path)
{
	buf_init(path, c->arena, 65536);
	buf_cstr(path, c->dialect->base);
	if (c->dialect->alone)
		return;
	buf_url(path, c->table->path);
	buf_char(path, '/');
}

/* these parameters, one of them replaced */
static void
add_params(struct buf *path, const struct params *params, const char *name,
    struct str value)
{
	char sep = '?';

	for (size_t i = 0; i < params->n; i++) {
		const struct param *p = &params->v[i];

		if (str_eq_c(p->name, name))
			continue;
		buf_char(path, sep);
		buf_url(path, p->name);
		buf_char(path, '=');
		buf_url(path, p->value);
		sep = '&';
	}
	if (value.p != NULL) {
		buf_printf(path, "%c%s=", sep, name);
		buf_url(path, value);
	}
}

bool
link_fits(const struct ctx *c, const struct buf *path)
{
	const struct conf *conf = &c->app->conf;
	size_t around = strlen("Link: <>; rel=\"next\"\r\n"), mount = 0;

	if (conf->mount != NULL)
		mount = strlen(conf->mount);
	if (conf->base_url != NULL)
		around += strlen(conf->base_url);
	return !path->overflow && mount + path->len <= (size_t)conf->url_max &&
	       around + mount + path->len <= RESPONSE_LINE_MAX;
}

/* a question in a body may be longer than an address: it stays in the body,
 * and the link is where to send it again */
static int
search_path(struct ctx *c, struct buf *path, const char *name, struct str value)
{
	struct params own;

	if (params_parse(c->arena, c->req.query,
		(size_t)c->app->conf.max_params, &own, &c->err) != 0)
		return -1;
	link_path(c, path);
	buf_lit(path, "search/");
	add_params(path, &own, name, value);
	return 0;
}

int
list_link(struct ctx *c, struct buf *out, const char *name, struct str value)
{
	struct buf path;

	link_path(c, &path);
	add_params(&path, &c->req.params, name, value);
	if (c->body != NULL && !link_fits(c, &path) &&
	    search_path(c, &path, name, value) != 0)
		return -1;
	if (!link_fits(c, &path))
		return err_set(&c->err, ERR_LIMIT,
		    "The link to the other rows would be too long: send the "
		    "question by POST to .../search/, in the body.");
	ctx_link(c, out, buf_view(&path));
	return 0;
}

int
link_header(struct ctx *c, const char *rel, const char *name, struct str value)
{
	struct buf link;

	buf_init(&link, c->arena, RESPONSE_LINE_MAX);
	buf_char(&link, '<');
	if (list_link(c, &link, name, value) != 0)
		return -1;
	buf_printf(&link, ">; rel=\"%s\"", rel);
	response_header(&c->res, "Link", buf_view(&link));
	return 0;
}

/* RFC 9110 14.4 with the table as the unit */
void
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
