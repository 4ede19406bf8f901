/*
 * Takes a request through the same steps as the responder (parse, resolve,
 * guard, statement) and shows each; the request's statements are not run.
 * The questions it asks are the evaluator's and the planner's, in read-only
 * transactions.
 */
#include "ctl/ctl.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/params.h"
#include "base/str.h"
#include "auth/auth.h"
#include "query/query.h"
#include "schema/schema.h"
#include "stmt/stmt.h"

#define TEXT_MAX (1 << 20)

/* where a session's id stands in the real guard */
#define ANY_SESSION "00000000-0000-0000-0000-000000000000"

/* the front doors whose questions are understood here (DECISIONS 1) */
static const struct door {
	const char *base;
	struct query *(*parse)(struct arena *, struct params *,
	    const struct query_limits *, struct err *);
	bool bodies; /* a row is sent as an object of its columns */
} doors[] = {
    {"/api/dyn/", query_parse_drf, true},
    {"/api/auto/", query_parse_where, true},
    {"/api/v2/", query_parse_ransack, false},
};

struct request {
	const struct door *door;
	struct str method, segment, key, query, body;
	const struct table *table;
	enum action action;
	const char *user;
	struct principal principal;
};

static int
read_action(struct ctl *c, struct request *r)
{
	bool has_key = r->key.len > 0;

	if (str_eq_c(r->method, "GET") || str_eq_c(r->method, "HEAD"))
		r->action = ACTION_READ;
	else if (str_eq_c(r->method, "DELETE") && has_key)
		r->action = ACTION_DELETE;
	else if (!r->door->bodies)
		return ctl_refuse(c,
		    "below %s only GET, HEAD and DELETE can "
		    "be explained",
		    r->door->base);
	else if (str_eq_c(r->method, "POST") && !has_key)
		r->action = ACTION_CREATE;
	else if ((str_eq_c(r->method, "PUT") || str_eq_c(r->method, "PATCH")) &&
		 has_key)
		r->action = ACTION_UPDATE;
	else
		return ctl_refuse(
		    c, "%.*s cannot be done there", STR_ARGS(r->method));
	return 0;
}

static const struct door *
find_door(struct str path)
{
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
		if (str_starts(path, str_from(doors[i].base)))
			return &doors[i];
	return NULL;
}

/* "/mount/api/dyn/SEGMENT/KEY/", the last slash may be missing */
static int
read_path(struct ctl *c, struct request *r, struct str path)
{
	struct str mount = str_from(c->conf.mount), segment;

	if (str_starts(path, mount))
		path = str_sub(path, mount.len, path.len);
	r->door = find_door(path);
	if (r->door == NULL)
		return ctl_refuse(c,
		    "only requests below /api/dyn/, "
		    "/api/auto/ and /api/v2/ can be explained");
	path = str_sub(path, strlen(r->door->base), path.len);
	if (str_ends(path, STR("/")))
		path = str_sub(path, 0, path.len - 1);
	str_cut(&path, '/', &segment);
	r->key = path;
	if (segment.len == 0 || str_chr(r->key, '/') >= 0 ||
	    percent_decode(c->arena, segment, false, &r->segment) != 0)
		return ctl_refuse(c, "the path is %sTABLE/ or %sTABLE/KEY/",
		    r->door->base, r->door->base);
	return read_action(c, r);
}

static int
read_request(struct ctl *c, struct request *r, const char *text)
{
	struct str rest = str_trim(str_from(text)), uri, path;

	if (!str_cut(&rest, ' ', &r->method) || rest.p == NULL)
		return ctl_usage(
		    c, "the request is one argument: 'GET /api/dyn/TABLE/'");
	rest = str_trim(rest);
	str_cut(&rest, ' ', &uri);
	r->body = rest.p == NULL ? STR("") : str_trim(rest);
	str_cut(&uri, '?', &path);
	r->query = uri.p == NULL ? STR("") : uri;
	if (read_path(c, r, path) != 0)
		return -1;
	r->table = schema_table_by_path(c->schema, r->segment, &c->err);
	if (r->table == NULL)
		return ctl_refuse(c, "there is no exposed table \"%.*s\"%s",
		    STR_ARGS(r->segment), ctl_near(c, r->segment));
	return 0;
}

/* the account as the responders' role sees it */
static int
find_user(struct ctl *c, struct request *r)
{
	struct stmt *s = stmt_new(c->arena, "user");
	struct rows *rows;

	c->db =
	    ctl_connect(c, conf_conninfo(c->arena, &c->conf, &c->err), true);
	if (c->db == NULL)
		return -1;
	stmt_lit(s, "select u.id from dynapi.users u where u.username = ");
	stmt_param(s, str_from(r->user), NULL);
	if (!ctl_ask_one(c, BATCH_READ, s, &rows))
		return ctl_refuse(c, "there is no user \"%s\"", r->user);
	return str_i64(rows_cell(rows, 0), &r->principal.id);
}

/* the evaluator's answer, as a line */
static int
print_right(struct ctl *c, const struct request *r, const struct table *t,
    enum action action)
{
	struct stmt *s = stmt_new(c->arena, "right");
	struct rows *rows;

	stmt_lit(s, "select dynapi.allowed(");
	stmt_param_i64(s, r->principal.id);
	stmt_lit(s, ", ");
	stmt_param(s, t->qname, NULL);
	stmt_lit(s, ", ");
	stmt_param(s, str_from(action_name(action)), NULL);
	stmt_lit(s, ")");
	if (!ctl_ask_one(c, BATCH_READ, s, &rows))
		return -1;
	printf("right: %s may%s %s %.*s\n", r->user,
	    str_eq_c(rows_cell(rows, 0), "t") ? "" : " NOT",
	    action_name(action), STR_ARGS(t->qname));
	return 0;
}

static void
print_args(const struct stmt *s)
{
	char storage[2048];
	struct buf b;

	buf_fixed(&b, storage, sizeof(storage));
	for (size_t i = 0; i < s->nargs; i++) {
		buf_clear(&b);
		if (s->args[i] == NULL)
			buf_cstr(&b, "null");
		else
			buf_json(&b, str_from(s->args[i]));
		printf("  $%zu = %s\n", i + 1, b.overflow ? "…" : b.p);
	}
}

/* its children follow it in the same batch */
static void
print_stmt(const struct stmt *s)
{
	printf("\n%s:\n  %s\n", s->label, s->text.p);
	print_args(s);
	for (size_t i = 0; i < s->nchildren; i++)
		print_stmt(s->children[i]);
}

/* the right to the table itself, and to read those the question touches */
static void
print_guard(struct ctl *c, const struct request *r, const struct query *q)
{
	struct guard_need *needs =
	    arena_array(c->arena, struct guard_need, 1 + q->ntouched);
	const struct guard_opts opts = {0};

	needs[0] = (struct guard_need){r->table, r->action};
	for (size_t i = 0; i < q->ntouched; i++)
		needs[1 + i] = (struct guard_need){q->touched[i], ACTION_READ};
	print_stmt(
	    auth_guard(c->arena, &r->principal, needs, 1 + q->ntouched, &opts));
}

static struct query_limits
make_limits(const struct ctl *c)
{
	return (struct query_limits){.strict = c->conf.strict,
	    .page_size = c->conf.page_size,
	    .max_page_size = c->conf.max_page_size,
	    .max_rows = c->conf.max_rows,
	    .max_filters = (size_t)c->conf.max_filters,
	    .max_includes = (size_t)c->conf.max_includes,
	    .max_depth = (size_t)c->conf.max_depth,
	    .allow_page = true,
	    .regex = c->conf.regex,
	    .cursor_key = keys_cursor(c->arena, c->keys)};
}

static struct stmt_opts
make_opts(const struct ctl *c)
{
	return (struct stmt_opts){
	    .numeric_as_string = strcmp(c->conf.numeric_as, "string") == 0,
	    .bigint_as_string = strcmp(c->conf.bigint_as, "string") == 0,
	    .page_size = c->conf.page_size,
	    .max_page_size = c->conf.max_page_size,
	    .max_rows = c->conf.max_rows,
	    .max_included = c->conf.max_included};
}

/* rows that are held until their number is known have their to-many relations
 * from statements of their own; those that stream carry them */
static bool
is_in_hand(const struct ctl *c, const struct request *r, const struct query *q)
{
	return r->key.len > 0 ||
	       (q->page.has_limit && q->page.limit <= c->conf.max_page_size);
}

static struct query *
make_query(struct ctl *c, const struct request *r)
{
	struct query_limits limits = make_limits(c);
	struct params params;
	struct query *q;

	if (params_parse(c->arena, r->query, (size_t)c->conf.max_params,
		&params, &c->err) != 0)
		return NULL;
	q = r->door->parse(c->arena, &params, &limits, &c->err);
	if (q == NULL || query_resolve(c->arena, q, c->schema, r->table,
			     &limits, &c->err) != 0)
		return NULL;
	if (r->key.len > 0 && query_key(c->arena, q, r->key, &c->err) != 0)
		return NULL;
	return q;
}

static struct stmt *
make_write(struct ctl *c, const struct request *r, const struct query *q)
{
	struct stmt_opts opts = make_opts(c);
	const struct json *json;
	struct body body = {0};

	if (r->body.len == 0) {
		ctl_refuse(c, "the body is missing: '%.*s PATH {…}'",
		    STR_ARGS(r->method));
		return NULL;
	}
	json = json_parse(c->arena, r->body, &c->err);
	if (json == NULL)
		return NULL;
	if (r->action == ACTION_CREATE)
		return body_parse(c->arena, r->table, json, BODY_CREATE, NULL,
			   &body, &c->err) != 0
			   ? NULL
			   : stmt_insert(
				 c->arena, r->table, &body, true, &opts);
	if (body_parse(c->arena, r->table, json,
		str_eq_c(r->method, "PUT") ? BODY_REPLACE : BODY_PATCH, q,
		&body, &c->err) != 0)
		return NULL;
	return stmt_update(c->arena, q, &body, true, &opts);
}

/* what the request would run after the guard, and after the counts */
static struct stmt *
make_work(struct ctl *c, const struct request *r, const struct query *q)
{
	struct stmt_opts opts = make_opts(c);

	if (r->action == ACTION_READ) {
		opts.stitch = is_in_hand(c, r, q);
		return stmt_select(c->arena, q, &opts);
	}
	return r->action == ACTION_DELETE ? stmt_delete(c->arena, q)
					  : make_write(c, r, q);
}

static int
print_request(struct ctl *c, const struct request *r, const struct query *q)
{
	struct buf tree;

	printf("table: %.*s\n", STR_ARGS(r->table->qname));
	if (print_right(c, r, r->table, r->action) != 0)
		return -1;
	for (size_t i = 0; i < q->ntouched; i++)
		if (print_right(c, r, q->touched[i], ACTION_READ) != 0)
			return -1;
	buf_init(&tree, c->arena, TEXT_MAX);
	query_dump(&tree, q);
	printf("\ntree:\n%s", tree.p);
	print_guard(c, r, q);
	return 0;
}

/* the key of a plan's first sort, or STR_NONE; a merge has one too, but reads
 * what is in order already */
static struct str
find_sort(struct ctl *c, struct rows *plan)
{
	bool is_sort = false;

	while (rows_next(plan, &c->err) == 1) {
		struct str line = str_trim(rows_cell(plan, 0));

		if (is_sort && str_starts(line, STR("Sort Key: ")))
			return line;
		if (str_starts(line, STR("->")))
			line = str_trim(str_sub(line, 2, line.len));
		is_sort = str_eq_c(line, "Sort") ||
			  str_eq_c(line, "Incremental Sort");
	}
	return STR_NONE;
}

/*
 * A keyset page costs the same wherever it is, if an index gives the order.
 * A small table is sorted even where there is one, so the planner is asked
 * what it does if it can help it.
 */
static int
print_cost(struct ctl *c, const struct stmt *work)
{
	struct stmt *set = stmt_new(c->arena, "set");
	struct stmt *s = stmt_new(c->arena, "plan");
	struct batch *b = batch_new(c->arena, BATCH_READ);
	struct str sort;
	size_t at;

	stmt_lit(
	    set, "select pg_catalog.set_config('enable_sort', 'off', true)");
	stmt_lit(s, "explain (costs off) ");
	stmt_add(s, work->text.p, work->text.len);
	s->args = work->args;
	s->nargs = work->nargs;
	batch_add(b, set);
	at = batch_add(b, s);
	if (db_run(c->db, b, &c->err) != 0)
		return -1;
	sort = find_sort(c, batch_rows(b, at));
	if (sort.p == NULL)
		printf(
		    "\npages: an index gives the order, each costs the same\n");
	else
		printf("\npages: no index gives the order, all that follows is "
		       "sorted for each (%.*s)\n",
		    STR_ARGS(sort));
	return c->err.id == ERR_NONE ? 0 : -1;
}

/* an estimate is not believed up to the end of the page */
static void
print_counts(struct ctl *c, const struct query *q)
{
	const struct page *page = &q->page;

	if (q->want_count == COUNT_ESTIMATED)
		print_stmt(stmt_estimate(c->arena, q));
	else if (page->kind == PAGE_NUMBER || q->want_count == COUNT_EXACT)
		print_stmt(stmt_count(c->arena, q, 0));
	if (q->want_count == COUNT_ESTIMATED && page->has_limit &&
	    stmt_is_estimated(q))
		print_stmt(
		    stmt_count(c->arena, q, page->offset + page->limit + 1));
}

static int
explain(struct ctl *c, char **args, size_t nargs)
{
	struct request r = {.user = ctl_option(c, "user")};
	struct stmt *work;
	struct query *q;
	int rc;

	(void)nargs;
	if (r.user == NULL)
		r.user = "anonymous";
	rc = read_request(c, &r, args[0]);
	if (rc != 0)
		return rc;
	q = make_query(c, &r);
	work = q == NULL ? NULL : make_work(c, &r, q);
	if (work == NULL || find_user(c, &r) != 0)
		return -1;
	r.principal.anonymous = r.principal.id == ANONYMOUS_ID;
	r.principal.sid = STR(ANY_SESSION);
	if (print_request(c, &r, q) != 0)
		return -1;
	if (r.action == ACTION_READ)
		print_counts(c, q);
	print_stmt(work);
	if (r.action == ACTION_READ && q->page.kind == PAGE_CURSOR)
		return print_cost(c, work);
	return 0;
}

const struct cmd cmd_explain = {
    .name = "explain",
    .args = "'METHOD /path?query [BODY]' [--user NAME]",
    .summary = "Shows a request's tree, SQL, arguments and rights",
    .help = "Touches nothing: the request is not carried out.",
    .options =
	{
	    {"user", 0, "NAME", "who asks (anonymous)"},
	},
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_KEYS | NEEDS_SCHEMA,
    .run = explain,
};
