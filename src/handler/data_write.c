/*
 * Writing one row, for every dialect; and /api/dyn/{table}/: create, replace,
 * update, delete as the native one shows them.  An answer 2xx is given only
 * after PostgreSQL has committed.  The row comes back in the same statement,
 * and goes out only to a caller who may read it; the guard has said whether
 * he may.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "render/render.h"

static struct stmt_opts
write_opts(const struct ctx *c, const struct write *w)
{
	struct stmt_opts opts = etag_opts(c);

	opts.etag = w->want_tag;
	opts.marks = c->marks;
	return opts;
}

static struct batch *
write_batch(struct ctx *c, const struct write *w)
{
	struct batch *b =
	    ctx_batch(c, prefer_dry_run(c) ? BATCH_TRY : BATCH_WRITE);

	batch_guard(b, ctx_guard(c, w->action));
	return b;
}

/* the row as it is to be shown: that of the write, or of a statement behind it */
static size_t
add_shown(struct ctx *c, const struct write *w, struct batch *b, size_t at)
{
	if (!c->marks)
		return at;
	return batch_add(
	    b, stmt_select_marked(c->arena, w->shape, &c->app->stmt_opts));
}

/* the batch has failed: since the row, as it is to be shown, is too much? */
static bool
is_too_many(const struct ctx *c, size_t at, size_t shown)
{
	return shown != at && c->batch->failed == shown &&
	       strcmp(c->batch->sqlstate, "ZD003") == 0;
}

/* a tag is made of the whole row, and says nothing of those beside it */
static bool
has_tag(const struct ctx *c, const struct write *w)
{
	return !c->marks || etag_fits(c, w->shape);
}

/* what the caller may see of it; the write's result begins with the row */
static void
take_row(
    struct ctx *c, struct write *w, struct batch *b, size_t at, size_t shown)
{
	bool readable = rights_of_guard(c, batch_rows(b, 0));
	struct rows *rows = batch_rows(b, at);

	w->affected = rows_count(rows);
	if (readable && rows_next(rows, &c->err) == 1 && has_tag(c, w))
		w->tag = etag_of(c, rows);
	rows_rewind(rows);
	if (readable && w->want_row)
		w->rows = batch_rows(b, shown);
}

/* ---- create ------------------------------------------------------------- */

/* a key as a path has it: bytea is base64 as in JSON */
void
key_segment(struct ctx *c, struct buf *out, size_t i, struct str text)
{
	const struct column *col = &c->table->columns[c->table->key[i]];
	struct str bytes;
	struct buf b;

	if (i > 0)
		buf_char(out, ',');
	if (col->type->class != TYPE_BYTEA ||
	    hex_decode(c->arena, str_sub(text, 2, text.len), &bytes) != 0) {
		buf_url(out, text);
		return;
	}
	buf_init(&b, c->arena, 4 * bytes.len + 4);
	buf_base64(&b, bytes);
	buf_url(out, buf_view(&b));
}

/* what comes as JSON has no quotes in a path */
static struct str
cell_text(struct ctx *c, const struct column *col, struct str cell)
{
	const struct json *j;

	if (col->type->class != TYPE_RANGE && col->type->class != TYPE_OTHER)
		return cell;
	j = json_parse(c->arena, cell, NULL);
	return j != NULL && j->kind == JSON_STRING ? j->text : cell;
}

struct str
write_key(struct ctx *c, struct rows *rows, bool all)
{
	const struct table *t = c->table;
	struct buf key;

	if (t->nkey == 0 || rows_next(rows, &c->err) != 1)
		return STR_NONE;
	buf_init(&key, c->arena, RESPONSE_LINE_MAX);
	for (size_t i = 0; i < t->nkey; i++) {
		size_t at = all ? t->key[i] : i;

		key_segment(c, &key, i,
		    cell_text(c, &t->columns[t->key[i]], rows_cell(rows, at)));
	}
	rows_rewind(rows);
	return key.overflow ? STR_NONE : buf_view(&key);
}

static void
row_path(struct ctx *c, struct buf *path, struct str key)
{
	link_path(c, path);
	buf_str(path, key);
	buf_char(path, '/');
}

/* before there is such a row: can it have a Location? */
static int
check_address(struct ctx *c, const struct body *body)
{
	const struct table *t = c->table;
	const struct assign *as;
	struct buf key, path;

	buf_init(&key, c->arena, RESPONSE_LINE_MAX);
	for (size_t i = 0; i < t->nkey; i++) {
		as = body_assign(body, &t->columns[t->key[i]]);
		if (as != NULL && as->text.len > 0)
			key_segment(c, &key, i, as->text);
	}
	if (key.len == 0 && !key.overflow)
		return 0;
	row_path(c, &path, buf_view(&key));
	if (!key.overflow && link_fits(c, &path))
		return 0;
	return err_set(&c->err, ERR_LIMIT,
	    "The key is too long for the address of the row; rows of a list, "
	    "[{...}], need none.");
}

static int
create_row(struct ctx *c, struct write *w)
{
	struct stmt_opts opts = write_opts(c, w);
	struct once once;
	struct body body = {0};
	struct batch *b;
	size_t at, shown, check = 0;
	int keyed = 0;

	if (w->once && (keyed = once_read(c, &once)) < 0)
		return -1;
	if (body_parse(c->arena, c->table, w->body, BODY_CREATE, NULL, &body,
		&c->err) != 0 ||
	    check_address(c, &body) != 0)
		return -1;
	b = write_batch(c, w);
	if (keyed)
		check = batch_add(b, stmt_once_check(c->arena, &once));
	at = batch_add(b,
	    keyed ? stmt_insert_once(
			c->arena, c->table, &body, w->want_row, &once, &opts)
		  : stmt_insert(c->arena, c->table, &body, w->want_row, &opts));
	shown = add_shown(c, w, b, at);
	if (keyed)
		batch_add(b, stmt_once_ensure(c->arena, c->table, &once));
	if (ctx_run(c, b) != 0) {
		if (keyed && (keyed = once_replay(c, w, &once, check)) != 0)
			return keyed < 0 ? -1 : 0;
		if (is_too_many(c, at, shown))
			return read_too_many(c);
		return blame_body(c, &body);
	}
	/* a trigger may have swallowed the row: then there is none to show */
	w->key = write_key(c, batch_rows(b, at), w->want_row);
	take_row(c, w, b, at, shown);
	return 0;
}

/* ---- update and delete -------------------------------------------------- */

static struct query *
key_query(struct ctx *c, const struct write *w)
{
	struct query_limits limits = ctx_limits(c);
	struct query *q = query_new(c->arena);

	if (query_resolve(
		c->arena, q, c->app->schema, c->table, &limits, &c->err) != 0 ||
	    query_key(c->arena, q, w->raw_key, &c->err) != 0)
		return NULL;
	q->norder = 0;
	q->lenient_key = w->lenient_key;
	return q;
}

/* NULL in *rule: no conditions.  Who guesses a tag guesses the row: only a
 * reader may */
static int
read_rule(struct ctx *c, const struct write *w, struct tag_rule *storage,
    struct tag_rule **rule)
{
	int some = w->conditional ? etag_rule(c, storage) : 0;

	*rule = some > 0 ? storage : NULL;
	if (some > 0)
		ctx_need(c, c->table, ACTION_READ);
	if (some > 0 && c->timezone.p != NULL && etag_depends_on_zone(c))
		return err_set(&c->err, ERR_BAD_REQUEST,
		    "An entity tag cannot be compared in another time zone.");
	return some < 0 ? -1 : 0;
}

/* with a rule the last two columns say what became of it */
static int
check_outcome(struct ctx *c, struct rows *rows, const struct tag_rule *rule)
{
	size_t n = rows_stmt(rows)->ncols;
	bool done, there;

	if (rule == NULL)
		return rows_count(rows) > 0
			   ? 0
			   : err_set(&c->err, ERR_NOT_FOUND, NULL);
	if (rows_next(rows, &c->err) != 1)
		return err_set(&c->err, ERR_NOT_FOUND, NULL);
	done = str_eq(rows_cell(rows, n - 2), STR("t"));
	there = str_eq(rows_cell(rows, n - 1), STR("t"));
	rows_rewind(rows);
	if (done)
		return 0;
	if (there && !rule->has_match && !rule->has_none)
		return err_set(&c->err, ERR_STALE_ROW, NULL);
	return err_set(
	    &c->err, there ? ERR_PRECONDITION_FAILED : ERR_NOT_FOUND, NULL);
}

/* what the body says of lock_version is one more condition */
static void
take_lock(struct ctx *c, struct body *body, struct tag_rule *storage,
    struct tag_rule **rule)
{
	storage->lock = lock_take(c, body, &storage->lock_value);
	if (storage->lock != NULL)
		*rule = storage;
}

/* nothing to change: the row as it is, under the same right */
static int
update_nothing(struct ctx *c, struct write *w, struct query *q,
    const struct body *none, const struct tag_rule *rule)
{
	struct stmt_opts opts = write_opts(c, w);
	struct batch *b = ctx_batch(c, BATCH_READ);
	struct rows *rows;
	struct str tag;
	size_t at, shown;

	opts.etag = w->want_tag || rule != NULL;
	batch_guard(b, ctx_guard(c, ACTION_UPDATE));
	at = batch_add(b, stmt_update(c->arena, q, none, w->want_row, &opts));
	shown = add_shown(c, w, b, at);
	if (ctx_run(c, b) != 0)
		return is_too_many(c, at, shown) ? read_too_many(c)
						 : blame_query(c, q);
	rows = batch_rows(b, at);
	if (rows_next(rows, &c->err) != 1)
		return err_set(&c->err, ERR_NOT_FOUND, NULL);
	if (rule != NULL) {
		tag = etag_of(c, rows);
		if (!etag_obeys(tag, rule))
			return err_set(&c->err, ERR_PRECONDITION_FAILED, NULL);
	}
	rows_rewind(rows);
	take_row(c, w, b, at, shown);
	return 0;
}

static int
update_row(struct ctx *c, struct write *w)
{
	struct stmt_opts opts = write_opts(c, w);
	struct tag_rule storage = {.lock = NULL}, *rule;
	struct query *q;
	struct body body = {0};
	struct batch *b;
	size_t at, shown;

	if (read_rule(c, w, &storage, &rule) != 0 ||
	    (q = key_query(c, w)) == NULL ||
	    body_parse(c->arena, c->table, w->body,
		w->replace ? BODY_REPLACE : BODY_PATCH, q, &body, &c->err) != 0)
		return -1;
	if (body.n == 0)
		return update_nothing(c, w, q, &body, rule);
	if (w->locks)
		take_lock(c, &body, &storage, &rule);
	b = write_batch(c, w);
	at = batch_add(
	    b, stmt_update_if(c->arena, q, &body, w->want_row, rule, &opts));
	shown = add_shown(c, w, b, at);
	if (ctx_run(c, b) != 0) {
		if (is_too_many(c, at, shown))
			return read_too_many(c);
		blame_query(c, q);
		return blame_body(c, &body);
	}
	if (check_outcome(c, batch_rows(b, at), rule) != 0)
		return -1;
	take_row(c, w, b, at, shown);
	return 0;
}

static int
delete_row(struct ctx *c, struct write *w)
{
	struct stmt_opts opts = c->app->stmt_opts;
	struct tag_rule storage, *rule;
	struct query *q;
	struct batch *b;
	size_t at;

	if (read_rule(c, w, &storage, &rule) != 0 ||
	    (q = key_query(c, w)) == NULL)
		return -1;
	opts.version = etag_opts(c).version;
	b = write_batch(c, w);
	at =
	    batch_add(b, stmt_delete_if(c->arena, q, w->want_row, rule, &opts));
	if (ctx_run(c, b) != 0)
		return blame_query(c, q);
	if (check_outcome(c, batch_rows(b, at), rule) != 0)
		return -1;
	take_row(c, w, b, at, at);
	return 0;
}

static int
write_any(struct ctx *c, struct write *w)
{
	switch (w->action) {
	case ACTION_CREATE:
		return w->document != NULL ? data_nested_create(c, w)
					   : create_row(c, w);
	case ACTION_UPDATE:
		return update_row(c, w);
	case ACTION_DELETE:
		return delete_row(c, w);
	case ACTION_READ:
	case ACTION_BULK:
		break;
	}
	return err_world(&c->err, ERR_INTERNAL, "reading is no writing");
}

int
write_row(struct ctx *c, struct write *w)
{
	int rc;

	w->want_row = prefer_rows(c, w->want_row);
	c->marks = w->shape != NULL && w->want_row;
	if (prefer_check(c) != 0)
		return -1;
	rc = write_any(c, w);
	if (rc != 0 && prefer_was_zone(c))
		rc = write_any(c, w);
	if (rc != 0)
		return -1;
	/* as in a read, there is none of what another zone shows */
	if (c->timezone.p != NULL)
		w->tag = STR_NONE;
	prefer_applied(c, w->rows != NULL);
	return 0;
}

/* ---- answers ------------------------------------------------------------ */

static const struct format *
write_format(struct ctx *c)
{
	struct param *p = params_get(&c->req.params, STR("format"));

	return respond_format(c, p != NULL ? p->value : STR_NONE);
}

/* "/mount/api/dyn/film/7/".  A key of the client's own that is too long for it
 * was refused; one that the database made would have no address to ask for. */
static void
location_header(struct ctx *c, struct str key)
{
	struct buf path, link;

	if (key.p == NULL)
		return;
	row_path(c, &path, key);
	if (!link_fits(c, &path))
		return;
	buf_init(&link, c->arena, RESPONSE_LINE_MAX);
	ctx_link(c, &link, buf_view(&path));
	response_header(&c->res, "Location", buf_view(&link));
}

void
write_headers(struct ctx *c, const struct write *w)
{
	/* there is nothing at the place of what was undone */
	if (prefer_dry_run(c))
		return;
	location_header(c, w->key);
	etag_header(c, w->tag);
}

static int
respond_created(struct ctx *c, const struct write *w, const struct format *f)
{
	response_status(&c->res, 201);
	write_headers(c, w);
	if (w->rows == NULL || rows_count(w->rows) == 0)
		return 0;
	return respond_row(c, w->rows, f, 201);
}

/* an object with rows of its relations in it; its repeat is answered with the
 * outermost row alone */
static int
create_nested(struct ctx *c, struct write *w, const struct format *f)
{
	struct jsonw j;

	w->document = arena_make(c->arena, struct document);
	w->document->whole = true;
	if (write_row(c, w) != 0)
		return -1;
	if (w->replayed || w->rows == NULL)
		return respond_created(c, w, f);
	write_headers(c, w);
	respond_begin(c, &j);
	if (data_nested_write(c, &j, w->document) != 0)
		return -1;
	return respond_json(c, 201);
}

int
data_create(struct ctx *c)
{
	struct write w = {.action = ACTION_CREATE,
	    .body = c->body,
	    .want_row = true,
	    .want_tag = true,
	    .once = true};
	const struct format *f = write_format(c);

	if (bulk_is_asked(c))
		return bulk_create(c);
	if (write_params(c, "format") != 0)
		return -1;
	if (f != NULL && data_nested_is(c, w.body))
		return create_nested(c, &w, f);
	if (c->err.id != ERR_NONE || write_row(c, &w) != 0)
		return -1;
	return respond_created(c, &w, f);
}

/* the row that was changed or deleted */
static int
write_one(struct ctx *c, struct write *w)
{
	const struct format *f = NULL;

	w->raw_key = route_segment(c->route, &c->req, "key")->raw;
	w->want_row = w->want_tag = w->action != ACTION_DELETE;
	w->conditional = true;
	if ((w->action != ACTION_DELETE || prefer_rows(c, false)) &&
	    (f = write_format(c)) == NULL)
		return -1;
	if (write_params(c, "format") != 0 || write_row(c, w) != 0)
		return -1;
	write_headers(c, w);
	if (w->rows == NULL)
		return respond_empty(c);
	return respond_row(c, w->rows, f, 200);
}

int
data_replace(struct ctx *c)
{
	return write_one(
	    c, &(struct write){
		   .action = ACTION_UPDATE, .replace = true, .body = c->body});
}

int
data_patch(struct ctx *c)
{
	return write_one(
	    c, &(struct write){.action = ACTION_UPDATE, .body = c->body});
}

int
data_delete(struct ctx *c)
{
	return write_one(c, &(struct write){.action = ACTION_DELETE});
}

#define ROW   "/api/dyn/{table}/{key}"
#define KEYED (NEEDS_TABLE | NEEDS_KEY)
#define FORM  (NEEDS_JSON | TAKES_FORM)

const struct route routes_write[] = {
    {METHOD_POST, "/api/dyn/{table}", NEEDS_TABLE | NEEDS_ROWS | TAKES_FORM,
	data_create, "Create a row, or many"},
    {METHOD_PUT, ROW, KEYED | FORM, data_replace, "Replace a row"},
    {METHOD_PATCH, ROW, KEYED | FORM, data_patch,
	"Change some columns of a row"},
    {METHOD_DELETE, ROW, KEYED, data_delete, "Delete a row"},
    {0},
};
