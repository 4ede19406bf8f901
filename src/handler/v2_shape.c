/*
 * What a row of /api/v2/ shows where the request does not say it: shape.TABLE,
 * else all but v2_except.  A relation of the shape is there for those alone who
 * may read its table; to them it is as if they had asked for it.  A relation
 * that is included shows the columns of its own table's shape, and none of that
 * table's relations.
 */
#include "handler/v2_priv.h"

#include "base/arena.h"
#include "base/json.h"

static const struct json *
find_line(const struct ctx *c, const struct table *t)
{
	const struct json *found = NULL;

	for (const struct conf_pair *p = c->app->conf.shape; p != NULL;
	     p = p->next)
		if (str_eq_c(t->qname, p->name) || str_eq_c(t->path, p->name))
			found = p->json;
	return found;
}

/* {"except":["created_at"]}; NULL: no column, or each of them */
static const struct json *
leave_out(const struct ctx *c, const struct table *t)
{
	struct json **v = arena_array(c->arena, struct json *, t->ncolumns);
	struct json *list;
	size_t n = 0;

	for (size_t i = 0; i < t->ncolumns; i++)
		if (conf_list_has(c->app->conf.v2_except, t->columns[i].name))
			v[n++] = json_make_text(
			    c->arena, STR_NONE, t->columns[i].name);
	if (n == 0 || n == t->ncolumns)
		return NULL;
	list = json_make(c->arena, JSON_ARRAY, v, n);
	list->key = STR("except");
	return json_make(c->arena, JSON_OBJECT, &list, 1);
}

const struct json *
v2_shape_of(struct ctx *c, const struct table *t, const struct rights *rights,
    struct err *err)
{
	const struct json *line = find_line(c, t);
	struct visible visible = {rights_visible, rights};
	struct query_shaping s = {.arena = c->arena,
	    .schema = c->app->schema,
	    .named = c->app->conf.conceal ? &visible : NULL,
	    .seen = &visible,
	    .alone = rights == NULL};

	return line != NULL ? query_shaped(&s, t, line, err) : leave_out(c, t);
}

static bool
has_relations(const struct ctx *c, const struct table *t)
{
	const struct json *line = find_line(c, t);

	return line != NULL && json_get(line, STR("include")) != NULL;
}

int
v2_shape(void *ctx, struct query *q, const struct table *t, bool included,
    struct err *err)
{
	struct ctx *c = ctx;
	bool relates = !included && has_relations(c, t);
	const struct json *shape;

	if (relates && read_rights(c) != 0)
		return -1;
	/* of what the question touches the guard has not heard yet */
	if (relates)
		c->guarded = false;
	shape = v2_shape_of(c, t, relates ? c->rights : NULL, err);
	if (err->id != ERR_NONE)
		return -1;
	return shape != NULL ? query_shape(c->arena, q, shape, err) : 0;
}
