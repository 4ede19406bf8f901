/*
 * Many rows of /api/dyn/{table}/ at once: created, merged, changed alike or
 * each by itself, deleted.  Whoever names no rows has to say that he means
 * all of them, and unknown names are errors here: a filter that was ignored
 * would change the whole table.
 */
#include "handler/handler.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "render/render.h"

static int
bad_param(struct ctx *c, const char *name, const char *text)
{
	return err_add_field(
	    &c->err, ERR_BAD_PARAM, str_from(name), "%s", text);
}

/* ---- parameters --------------------------------------------------------- */

static const char *const own_names[] = {
    "all", "format", "ids", "max_affected", "on_conflict"};

static bool
is_own(struct str name)
{
	for (size_t i = 0; i < sizeof own_names / sizeof *own_names; i++)
		if (str_eq_c(name, own_names[i]))
			return true;
	return false;
}

/* the value of a parameter of ours, STR_NONE without it; twice is -1 */
static int
take_param(struct ctx *c, const char *name, struct str *out)
{
	const struct param *p = params_get(&c->req.params, str_from(name));

	*out = p != NULL ? p->value : STR_NONE;
	if (params_count(&c->req.params, str_from(name)) > 1)
		return bad_param(c, name, "May be given once.");
	return 0;
}

/* those that are the dialect's to read */
static struct params
other_params(struct ctx *c)
{
	const struct params *all = &c->req.params;
	struct params rest = {arena_array(c->arena, struct param, all->n), 0};

	for (size_t i = 0; i < all->n; i++)
		if (!is_own(all->v[i].name))
			rest.v[rest.n++] = all->v[i];
	return rest;
}

static int
read_max(struct ctx *c, int64_t *max)
{
	struct str text;

	*max = -1;
	if (take_param(c, "max_affected", &text) != 0)
		return -1;
	if (text.p != NULL && (str_i64(text, max) != 0 || *max < 0))
		return bad_param(c, "max_affected", "Must be a number.");
	return 0;
}

static const struct format *
read_format(struct ctx *c)
{
	struct str text;

	if (take_param(c, "format", &text) != 0)
		return NULL;
	return respond_format(c, text);
}

static void
resolution_header(struct ctx *c)
{
	static const char *const all[] = {
	    "resolution=merge-duplicates", "resolution=ignore-duplicates"};

	for (size_t i = 0; i < 2; i++)
		if (request_prefers(&c->req, all[i]))
			response_header(
			    &c->res, "Preference-Applied", str_from(all[i]));
}

static int
respond_number(struct ctx *c, int status, const char *name, int64_t n)
{
	struct jsonw w;

	if (prefer_nothing(c)) {
		response_status(&c->res, status == 200 ? 204 : status);
		return 0;
	}
	respond_begin(c, &w);
	jsonw_object(&w);
	jsonw_kv_i64(&w, name, n);
	jsonw_end(&w);
	return respond_json(c, status);
}

/* ---- create and merge --------------------------------------------------- */

bool
bulk_is_asked(const struct ctx *c)
{
	return c->req.streamed || c->body->kind == JSON_ARRAY ||
	       params_get(&c->req.params, STR("on_conflict")) != NULL;
}

static bool
is_key_constraint(const struct constraint *k)
{
	return k->kind == CONSTRAINT_PRIMARY || k->kind == CONSTRAINT_UNIQUE;
}

static bool
has_column(const struct table *t, const struct constraint *k, struct str name)
{
	for (size_t i = 0; i < k->ncolumns; i++)
		if (str_eq(t->columns[k->columns[i]].name, name))
			return true;
	return false;
}

/* exactly these columns, in any order */
static bool
is_meant(const struct table *t, const struct constraint *k, struct str list)
{
	struct str rest = list, name;
	size_t n = 0;

	while (str_cut(&rest, ',', &name)) {
		if (!has_column(t, k, str_trim(name)))
			return false;
		n++;
	}
	return n == k->ncolumns;
}

static int
refuse_conflict(struct ctx *c)
{
	const struct table *t = c->table;
	struct buf b;

	buf_init(&b, c->arena, 4096);
	for (size_t i = 0; i < t->nconstraints; i++) {
		const struct constraint *k = &t->constraints[i];

		if (!is_key_constraint(k))
			continue;
		buf_cstr(&b, b.len > 0 ? "; " : "");
		for (size_t n = 0; n < k->ncolumns; n++) {
			buf_cstr(&b, n > 0 ? "," : "");
			buf_str(&b, t->columns[k->columns[n]].name);
		}
	}
	if (b.len == 0)
		return bad_param(c, "on_conflict",
		    "This table has no primary key and nothing unique.");
	return err_add_field(&c->err, ERR_BAD_PARAM, STR("on_conflict"),
	    "Must be the columns of a primary or unique key: %s.", b.p);
}

/* *on NULL: a row that is there already is a conflict */
static int
read_conflict(struct ctx *c, struct conflict *storage, struct conflict **on)
{
	const struct table *t = c->table;
	struct str list;

	*on = NULL;
	if (take_param(c, "on_conflict", &list) != 0)
		return -1;
	if (list.p == NULL)
		return 0;
	*storage = (struct conflict){
	    .ignore = request_prefers(&c->req, "resolution=ignore-duplicates")};
	*on = storage;
	for (size_t i = 0; i < t->nconstraints; i++) {
		const struct constraint *k = &t->constraints[i];

		if (!is_key_constraint(k) || !is_meant(t, k, list))
			continue;
		storage->columns = k->columns;
		storage->ncolumns = k->ncolumns;
		return 0;
	}
	return refuse_conflict(c);
}

int
bulk_written(
    struct ctx *c, const struct bulk *b, int status, const char *counted)
{
	bool rows = b->format != NULL && b->may_read;
	bool single = b->json != NULL && b->json->kind == JSON_OBJECT;

	if (params_get(&c->req.params, STR("on_conflict")) != NULL)
		resolution_header(c);
	if (!rows)
		return respond_number(c, status, counted, b->affected);
	/* ignored, or swallowed by a trigger: then there is none to show */
	if (single && b->affected == 0) {
		response_status(&c->res, status == 200 ? 204 : status);
		return 0;
	}
	response_status(&c->res, status);
	respond_format_headers(c, b->format);
	if (b->format == &format_json)
		buf_lit(response_body(&c->res), "\n");
	return 0;
}

int
bulk_create(struct ctx *c)
{
	struct bulk b = {.action = ACTION_CREATE,
	    .json = c->body,
	    .once = true,
	    .want_rows = true};
	const struct format *f = read_format(c);
	struct conflict storage, *on;

	if (f == NULL || write_params(c, "format max_affected on_conflict") ||
	    read_max(c, &b.max) != 0 || read_conflict(c, &storage, &on) != 0)
		return -1;
	b.on = on;
	/* a list comes back as it was stored; of lines only their number */
	b.format = c->req.streamed ? NULL : f;
	if (on != NULL && !on->ignore && !c->table->can_update)
		return bad_param(c, "on_conflict",
		    "PostgreSQL cannot change rows of this table; with Prefer: "
		    "resolution=ignore-duplicates they stay.");
	if (bulk_write(c, &b) != 0)
		return -1;
	return bulk_written(
	    c, &b, 201, on != NULL && !on->ignore ? "written" : "created");
}

/* ---- rows that a filter or their keys name ------------------------------ */

/* what makes sense of a list only */
static int
refuse_shape(struct ctx *c, const struct query *q)
{
	static const char *const pages[] = {[PAGE_SLICE] = "limit",
	    [PAGE_NUMBER] = "page",
	    [PAGE_CURSOR] = "cursor"};
	const struct {
		bool there;
		const char *name;
	} all[] = {{q->norder > 0, "ordering"},
	    {q->page.kind != PAGE_NONE, pages[q->page.kind]},
	    {q->ninclude > 0, "include"}, {q->nselect > 0, "fields"},
	    {q->nexcept > 0, "fields"}, {q->distinct, "distinct"},
	    {q->ngroup > 0, "group_by"}, {q->having != NULL, "having"},
	    {q->want_count != COUNT_NONE, "count"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].there)
			return bad_param(c, all[i].name,
			    "Has no meaning for a write of many rows.");
	return 0;
}

static int
read_all(struct ctx *c, bool *all)
{
	struct str text;

	if (take_param(c, "all", &text) != 0)
		return -1;
	*all = str_eq(text, STR("true"));
	if (text.p != NULL && !*all && !str_eq(text, STR("false")))
		return bad_param(c, "all", "Must be true or false.");
	return 0;
}

/* the rows that are meant; whoever filters looks at them, and has to be
 * allowed to before he is told which names are wrong */
static struct query *
ask_rows(struct ctx *c, bool *by_key)
{
	struct params rest = other_params(c);
	struct query_limits limits;
	struct query *q;
	struct str ids;
	bool all;

	c->nalso = 0;
	ctx_need(c, c->table, ACTION_BULK);
	if (rest.n > 0)
		ctx_need(c, c->table, ACTION_READ);
	c->strict = true;
	limits = ctx_limits(c);
	q = c->dialect->parse(c->arena, &rest, &limits, &c->err);
	if (q == NULL || refuse_shape(c, q) != 0 || read_all(c, &all) != 0 ||
	    take_param(c, "ids", &ids) != 0 || read_resolve(c, q) != 0)
		return NULL;
	*by_key = q->where == NULL && q->nsearch == 0;
	if (*by_key && ids.p == NULL && !all) {
		bad_param(c, "all",
		    "Name the rows by a filter or by ids=, or say all=true.");
		return NULL;
	}
	q->norder = 0;
	if (ids.p != NULL &&
	    query_ids(c->arena, q, STR("ids"), ids, &c->err) != 0)
		return NULL;
	return q;
}

int
bulk_respond(struct ctx *c, const struct change *ch, const struct format *f,
    const char *counted)
{
	if (ch->rows == NULL)
		return respond_number(c, 200, counted, ch->affected);
	if (respond_rows(c, ch->rows, f, false) != 0)
		return -1;
	if (f == &format_json)
		buf_lit(response_body(&c->res), "\n");
	return 0;
}

static int
change_rows(struct ctx *c, const struct json *json)
{
	struct change ch = {.body = json};
	const struct format *f = read_format(c);

	if (f == NULL || read_max(c, &ch.max) != 0 ||
	    (ch.q = ask_rows(c, &ch.by_key)) == NULL ||
	    bulk_change(c, &ch) != 0)
		return -1;
	return bulk_respond(c, &ch, f, json != NULL ? "updated" : "deleted");
}

/* ---- rows that each hold their key -------------------------------------- */

static int
update_rows(struct ctx *c)
{
	struct bulk b = {.action = ACTION_UPDATE, .json = c->body};
	const struct format *f = read_format(c);
	struct params rest = other_params(c);

	if (c->table->nkey == 0)
		return err_set(&c->err, ERR_NO_KEY, NULL);
	for (size_t i = 0; i < rest.n; i++)
		err_add_field(&c->err, ERR_BAD_PARAM, rest.v[i].name,
		    "The rows are named by their keys already.");
	if (f == NULL || rest.n > 0 || read_max(c, &b.max) != 0)
		return -1;
	b.format = c->req.streamed ? NULL : f;
	if (bulk_write(c, &b) != 0)
		return -1;
	return bulk_written(c, &b, 200, "updated");
}

static int
bulk_patch(struct ctx *c)
{
	if (c->req.streamed || c->body->kind == JSON_ARRAY)
		return update_rows(c);
	return change_rows(c, c->body);
}

static int
bulk_delete(struct ctx *c)
{
	return change_rows(c, NULL);
}

const struct route routes_bulk[] = {
    {METHOD_PATCH, "/api/dyn/{table}", NEEDS_TABLE | NEEDS_ROWS | TAKES_FORM,
	bulk_patch, "Change many rows"},
    {METHOD_DELETE, "/api/dyn/{table}", NEEDS_TABLE, bulk_delete,
	"Delete many rows"},
    {0},
};
