/*
 * Takes a request through the same steps as the responder (parse, resolve,
 * guard, statement) and shows each; the request's statements are not run.
 * The one question it asks is the evaluator's, in a read-only transaction.
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

struct request {
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
	else if (str_eq_c(r->method, "POST") && !has_key)
		r->action = ACTION_CREATE;
	else if ((str_eq_c(r->method, "PUT") || str_eq_c(r->method, "PATCH")) &&
		 has_key)
		r->action = ACTION_UPDATE;
	else if (str_eq_c(r->method, "DELETE") && has_key)
		r->action = ACTION_DELETE;
	else
		return ctl_refuse(
		    c, "%.*s cannot be done there", STR_ARGS(r->method));
	return 0;
}

/* "/mount/api/dyn/SEGMENT/KEY/", the last slash may be missing */
static int
read_path(struct ctl *c, struct request *r, struct str path)
{
	struct str mount = str_from(c->conf.mount), segment;

	if (str_starts(path, mount))
		path = str_sub(path, mount.len, path.len);
	if (!str_starts(path, STR("/api/dyn/")))
		return ctl_refuse(
		    c, "only requests below /api/dyn/ can be explained");
	path = str_sub(path, strlen("/api/dyn/"), path.len);
	if (str_ends(path, STR("/")))
		path = str_sub(path, 0, path.len - 1);
	str_cut(&path, '/', &segment);
	r->key = path;
	if (segment.len == 0 || str_chr(r->key, '/') >= 0 ||
	    percent_decode(c->arena, segment, false, &r->segment) != 0)
		return ctl_refuse(c, "the path is /api/dyn/TABLE/ or "
				     "/api/dyn/TABLE/KEY/");
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

/* the account as the responders' role sees it, and the evaluator's answer */
static int
ask_rights(struct ctl *c, struct request *r, bool *allowed)
{
	struct stmt *s = stmt_new(c->arena, "rights");
	struct rows *rows;

	c->db =
	    ctl_connect(c, conf_conninfo(c->arena, &c->conf, &c->err), true);
	if (c->db == NULL)
		return -1;
	stmt_lit(s, "select u.id, dynapi.allowed(u.id, ");
	stmt_param(s, r->table->qname, NULL);
	stmt_lit(s, ", ");
	stmt_param(s, str_from(action_name(r->action)), NULL);
	stmt_lit(s, ") from dynapi.users u where u.username = ");
	stmt_param(s, str_from(r->user), NULL);
	if (!ctl_ask_one(c, BATCH_READ, s, &rows))
		return ctl_refuse(c, "there is no user \"%s\"", r->user);
	*allowed = str_eq_c(rows_cell(rows, 1), "t");
	return str_i64(rows_cell(rows, 0), &r->principal.id);
}

static void
print_stmt(const struct stmt *s)
{
	char storage[2048];
	struct buf b;

	printf("\n%s:\n  %s\n", s->label, s->text.p);
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

static void
print_guard(struct ctl *c, const struct request *r)
{
	const struct guard_need need = {r->table, r->action};
	const struct guard_opts opts = {0};

	print_stmt(auth_guard(c->arena, &r->principal, &need, 1, &opts));
}

static struct query_limits
make_limits(const struct ctl *c)
{
	return (struct query_limits){.strict = c->conf.strict,
	    .page_size = c->conf.page_size,
	    .max_page_size = c->conf.max_page_size,
	    .max_rows = c->conf.max_rows,
	    .max_filters = (size_t)c->conf.max_filters,
	    .allow_page = true};
}

static struct stmt_opts
make_opts(const struct ctl *c)
{
	return (struct stmt_opts){
	    .numeric_as_string = strcmp(c->conf.numeric_as, "string") == 0,
	    .bigint_as_string = strcmp(c->conf.bigint_as, "string") == 0,
	    .page_size = c->conf.page_size,
	    .max_page_size = c->conf.max_page_size,
	    .max_rows = c->conf.max_rows};
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
	q = query_parse_drf(c->arena, &params, &limits, &c->err);
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

/* what the request would run after the guard; count may stay NULL */
static struct stmt *
make_work(struct ctl *c, const struct request *r, const struct query *q,
    struct stmt **count)
{
	struct stmt_opts opts = make_opts(c);

	if (r->action == ACTION_READ) {
		if (q->page.kind == PAGE_NUMBER || q->want_count == COUNT_EXACT)
			*count = stmt_count(c->arena, q, 0);
		return stmt_select(c->arena, q, &opts);
	}
	return r->action == ACTION_DELETE ? stmt_delete(c->arena, q)
					  : make_write(c, r, q);
}

static void
print_request(
    struct ctl *c, const struct request *r, const struct query *q, bool allowed)
{
	struct buf tree;

	buf_init(&tree, c->arena, TEXT_MAX);
	query_dump(&tree, q);
	printf("table: %.*s\nright: %s may%s %s\n\ntree:\n%s",
	    STR_ARGS(r->table->qname), r->user, allowed ? "" : " NOT",
	    action_name(r->action), tree.p);
	print_guard(c, r);
}

static int
explain(struct ctl *c, char **args, size_t nargs)
{
	struct request r = {.user = ctl_option(c, "user")};
	struct stmt *count = NULL, *work;
	struct query *q;
	bool allowed = false;
	int rc;

	(void)nargs;
	if (r.user == NULL)
		r.user = "anonymous";
	rc = read_request(c, &r, args[0]);
	if (rc != 0)
		return rc;
	q = make_query(c, &r);
	work = q == NULL ? NULL : make_work(c, &r, q, &count);
	if (work == NULL || ask_rights(c, &r, &allowed) != 0)
		return -1;
	r.principal.anonymous = r.principal.id == ANONYMOUS_ID;
	r.principal.sid = STR(ANY_SESSION);
	print_request(c, &r, q, allowed);
	if (count != NULL)
		print_stmt(count);
	print_stmt(work);
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
    .needs = NEEDS_CONF | NEEDS_SCHEMA,
    .run = explain,
};
