/*
 * Creating rows of several tables at once: one guard with the right on every
 * table that is written, one statement, one transaction.
 */
#include "handler/data_nested_priv.h"

#include "base/arena.h"
#include "base/json.h"

/* ---- rights ------------------------------------------------------------- */

bool
data_nested_takes_over(const struct nested *n)
{
	return n->how == NESTED_LINK && n->place == NESTED_BEHIND;
}

/* the outermost table's right is the one the guard is named */
static void
need_rights(struct ctx *c, const struct nested_set *set)
{
	c->nalso = 0;
	for (size_t i = 0; i < set->n; i++) {
		const struct nested *n = set->v[i];

		if (n->how != NESTED_LINK && n->table != c->table)
			ctx_need(c, n->table, ACTION_CREATE);
		else if (data_nested_takes_over(n))
			ctx_need(c, n->table, ACTION_UPDATE);
		if (n->place == NESTED_BESIDE)
			ctx_need(c, n->relation->via, ACTION_CREATE);
	}
}

/* where it stands in c->shown; there the guard says whether he may read it */
static size_t
find_shown(const struct ctx *c, const struct table *t)
{
	size_t i = 0;

	while (i < c->nshown && c->shown[i] != t)
		i++;
	return i;
}

/* the rows of these tables go out, if he may read them */
static void
show_tables(struct ctx *c, const struct nested_set *set)
{
	c->shown = arena_array(c->arena, const struct table *, set->n);
	c->nshown = 0;
	for (size_t i = 0; i < set->n; i++) {
		const struct table *t = set->v[i]->table;

		if (t != c->table && find_shown(c, t) == c->nshown)
			c->shown[c->nshown++] = t;
	}
}

/* true: the outermost rows */
static bool
take_rights(struct ctx *c, struct document *doc, struct rows *guard)
{
	const struct nested_set *set = &doc->set;
	bool own = rights_of_guard(c, guard);

	doc->open = arena_array(c->arena, bool, set->n);
	for (size_t i = 0; i < set->n; i++) {
		const struct table *t = set->v[i]->table;

		doc->open[i] = t == c->table
				   ? own
				   : rights_of_shown(guard, find_shown(c, t));
	}
	return own;
}

/* ---- creating ----------------------------------------------------------- */

/* what the caller may see of it */
static void
take_document(struct ctx *c, struct write *w, struct batch *b)
{
	struct document *doc = w->document;
	bool readable = take_rights(c, doc, batch_rows(b, 0));

	if (doc->set.single) {
		w->key = write_key(c, doc->rows, false);
		if (readable && rows_next(doc->rows, &c->err) == 1)
			w->tag = etag_of(c, doc->rows);
		rows_rewind(doc->rows);
	}
	if (readable && w->want_row)
		w->rows = doc->rows;
}

int
data_nested_create(struct ctx *c, struct write *w)
{
	struct document *doc = w->document;
	struct stmt_opts opts = etag_opts(c);
	struct query_limits limits;
	struct once once;
	struct batch *b;
	size_t at, check = 0;
	int rc, keyed = 0;

	opts.etag = w->want_tag;
	if ((w->once && (keyed = once_read(c, &once)) < 0) ||
	    read_limits(c, &limits) != 0)
		return -1;
	rc = nested_parse(c->arena, c->app->schema, c->table, w->body, &limits,
	    &doc->set, &c->err);
	need_rights(c, &doc->set);
	if (rc != 0) {
		/* only who has all of these rights hears why */
		c->guarded = false;
		return -1;
	}
	if (w->want_row)
		show_tables(c, &doc->set);
	b = ctx_batch(c, prefer_dry_run(c) ? BATCH_TRY : BATCH_WRITE);
	batch_guard(b, ctx_guard(c, ACTION_CREATE));
	if (keyed)
		check = batch_add(b, stmt_once_check(c->arena, &once));
	at = batch_add(b, stmt_insert_nested(c->arena, &doc->set, w->want_row,
			      keyed ? &once : NULL, &opts));
	if (keyed)
		batch_add(b, stmt_once_ensure(c->arena, c->table, &once));
	rc = ctx_run(c, b);
	if (rc != 0 && keyed && (keyed = once_replay(c, w, &once, check)) != 0)
		return keyed < 0 ? -1 : 0;
	if (rc != 0)
		return data_nested_fault(c, &doc->set, b);
	doc->rows = batch_rows(b, at);
	take_document(c, w, b);
	return 0;
}

/* only such members can be rows, or say that there is none: what has no others
 * needs no further look */
static bool
has_depth(const struct table *t, const struct json *body)
{
	for (const struct json *m = body->child; m != NULL; m = m->next)
		if ((m->kind == JSON_OBJECT || m->kind == JSON_ARRAY ||
			m->kind == JSON_NULL) &&
		    table_input(t, m->key) == NULL)
			return true;
	return false;
}

bool
data_nested_is(struct ctx *c, const struct json *body)
{
	struct query_limits limits;

	return body->kind == JSON_OBJECT && has_depth(c->table, body) &&
	       read_limits(c, &limits) == 0 &&
	       nested_is(
		   c->arena, c->app->schema, c->table, body, limits.visible);
}
