/*
 * Where the terms of a search are looked for, and how: as search.TABLE says,
 * else in every column that people know by its text.  What that setting names
 * and is not there (any more), or does not exist for the caller, is passed
 * over; a column behind relations is the sysadmin's word, so that its name is
 * read as he sees the tables, whoever asks.
 */
#include "query/resolve_priv.h"

#include <string.h>

#include "base/arena.h"

#define DEPTH_MAX 20 /* the most that max_depth can be */

static const struct {
	const char *prefix;
	enum op op;
} kinds[] = {
    {"^", OP_ISTARTSWITH}, {"=", OP_IEXACT}, {"@", OP_FTS}, {"$", OP_IREGEX},
    {"", OP_ICONTAINS}, /* every text begins with it */
};

const char *
query_search_prefix(enum op op)
{
	size_t i = 0;

	while (kinds[i].op != op && kinds[i].prefix[0] != '\0')
		i++;
	return kinds[i].prefix;
}

static enum op
cut_prefix(struct str *item)
{
	size_t i = 0;

	while (!str_starts(*item, str_from(kinds[i].prefix)))
		i++;
	*item = str_sub(*item, strlen(kinds[i].prefix), item->len);
	return kinds[i].op;
}

/* NULL, or why it cannot be looked for there */
static const char *
find_misfit(const struct path *p, enum op op)
{
	const struct type *t = p->column->type;
	bool words = value_is_builtin(t, "tsvector");

	if (p->njson > 0)
		return NULL;
	if (op != OP_FTS && words)
		return "a tsvector is searched with @ before its name";
	if (op == OP_FTS ? words || type_is_text(t) : type_is_searched(t))
		return NULL;
	return op == OP_FTS ? "only texts and tsvectors are searched with @"
			    : "columns of this type are not searched";
}

/* a resolve of its own, which sees all tables and has its own errors */
struct reading {
	struct resolve r;
	struct scope s;
	struct query_limits limits;
	struct err err;
};

static void
begin_reading(struct reading *g, struct arena *a, struct schema *schema,
    const struct table *t)
{
	*g = (struct reading){.limits = {.max_depth = DEPTH_MAX}};
	err_init(&g->err, a);
	g->r = (struct resolve){
	    .arena = a, .schema = schema, .limits = &g->limits, .err = &g->err};
	g->s = (struct scope){.r = &g->r, .table = t};
}

static enum found
read_item(struct reading *g, struct str item, struct expr *in)
{
	struct path *p = &in->cmp.path;
	enum found f;

	*in = (struct expr){.kind = EXPR_CMP, .text = item};
	in->cmp.op = cut_prefix(&item);
	in->cmp.phrase = in->cmp.op == OP_FTS;
	query_path(g->r.arena, p, item, item);
	f = resolve_path(&g->s, p, true);
	if (f == FOUND && g->r.schema != NULL)
		in->cmp.config = schema_meta(g->r.schema)->text_search;
	return f;
}

const char *
query_search_check(struct arena *a, struct schema *schema,
    const struct table *t, struct str item, struct touched *touched)
{
	struct reading g;
	struct expr in;
	enum found f;

	begin_reading(&g, a, schema, t);
	f = read_item(&g, item, &in);
	*touched = (struct touched){g.r.touched, g.r.ntouched};
	if (f == FOUND)
		return find_misfit(&in.cmp.path, in.cmp.op);
	return g.err.fields != NULL ? g.err.fields->text : err_title(g.err.id);
}

/* ---- of one question ---------------------------------------------------- */

/* do all of them exist for the caller? */
static bool
sees_all(const struct scope *s, const struct resolve *r)
{
	const struct visible *v = s->r->limits->visible;

	for (size_t i = 0; v != NULL && i < r->ntouched; i++)
		if (!v->sees(v->arg, r->touched[i]))
			return false;
	return true;
}

/* also where the column is lost the tables on the way to it are touched: that
 * it is not there is told to those alone who may read them */
static bool
take_item(struct scope *s, struct reading *g, struct str item, struct expr *in)
{
	struct resolve *r = s->r;
	enum found f;

	g->r.touched = NULL;
	g->r.ntouched = g->r.touched_cap = 0;
	f = read_item(g, item, in);
	if (g->err.id == ERR_SNAPSHOT_UNAVAILABLE) {
		r->failed = true;
		err_world(r->err, g->err.id, "%s",
		    g->err.cause != NULL ? g->err.cause : "");
	}
	if ((in->cmp.op == OP_IREGEX && !r->limits->regex) ||
	    !sees_all(s, &g->r))
		return false;
	r->relates = r->relates || g->r.relates;
	for (size_t i = 0; i < g->r.ntouched; i++)
		resolve_touch(r, g->r.touched[i]);
	return f == FOUND && find_misfit(&in->cmp.path, in->cmp.op) == NULL;
}

static void
take_items(struct scope *s)
{
	const struct table *t = s->table;
	struct query *q = s->q;
	struct reading g;

	begin_reading(&g, s->r->arena, s->r->schema, t);
	q->search_in = arena_array(s->r->arena, struct expr, t->nsearch);
	for (size_t i = 0; i < t->nsearch; i++)
		if (take_item(
			s, &g, t->search[i], &q->search_in[q->nsearch_in]))
			q->nsearch_in++;
}

static void
take_columns(struct scope *s)
{
	const struct table *t = s->table;
	struct query *q = s->q;

	q->search_in = arena_array(s->r->arena, struct expr, t->ncolumns);
	for (size_t i = 0; i < t->ncolumns; i++) {
		struct expr *in = &q->search_in[q->nsearch_in];

		if (!type_is_searched(t->columns[i].type))
			continue;
		in->kind = EXPR_CMP;
		in->cmp.op = OP_ICONTAINS;
		in->cmp.path.column = &t->columns[i];
		q->nsearch_in++;
	}
}

void
resolve_search(struct scope *s)
{
	struct query *q = s->q;

	if (q->nsearch == 0)
		return;
	q->nsearch_in = 0;
	if (s->table->search != NULL)
		take_items(s);
	else
		take_columns(s);
	if (q->nsearch_in == 0)
		resolve_wrong(s->r, ERR_BAD_FILTER, STR("search"),
		    "This table has no text columns to search.");
}
