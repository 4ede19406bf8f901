/*
 * Which methods a path has (RFC 9110 15.5.6): those of its routes whose work
 * PostgreSQL can do with the table.  The same function decides whether a
 * request is 405 and what Allow says.
 */
#include "app/app.h"

#include "app/app_priv.h"

static enum action
method_action(enum method m)
{
	switch (m) {
	case METHOD_POST:
		return ACTION_CREATE;
	case METHOD_PUT:
	case METHOD_PATCH:
		return ACTION_UPDATE;
	case METHOD_DELETE:
		return ACTION_DELETE;
	case METHOD_GET:
	case METHOD_HEAD:
	case METHOD_OPTIONS:
	case METHOD_QUERY:
	case METHOD__MAX:
		break;
	}
	return ACTION_READ;
}

static enum action
route_action(const struct route *r)
{
	if (r->needs & ONLY_READS)
		return ACTION_READ;
	return r->needs & DELETES ? ACTION_DELETE : method_action(r->method);
}

enum action
ctx_action(const struct ctx *c)
{
	return c->route != NULL ? route_action(c->route)
				: method_action(c->req.method);
}

static bool
is_possible(const struct table *t, enum action action)
{
	switch (action) {
	case ACTION_CREATE:
		return t->can_insert;
	case ACTION_UPDATE:
		return t->can_update;
	case ACTION_DELETE:
		return t->can_delete;
	case ACTION_READ:
	case ACTION_BULK:
		break;
	}
	return true;
}

static bool
is_offered(const void *table, const struct route *r)
{
	return table == NULL || is_possible(table, route_action(r));
}

bool
ctx_offers(const struct ctx *c, const struct route *r)
{
	return is_offered(c->table, r);
}

const char *
ctx_allow(const struct ctx *c)
{
	return route_allow(
	    c->app->served_roots, &c->req, c->arena, is_offered, c->table);
}

int
ctx_check_method(struct ctx *c)
{
	enum action action = ctx_action(c);

	if (is_possible(c->table, action))
		return 0;
	c->allow = ctx_allow(c);
	return err_set(&c->err, ERR_BAD_METHOD,
	    "PostgreSQL cannot %s rows of %.*s.",
	    action == ACTION_CREATE ? "insert" : action_name(action),
	    STR_ARGS(c->table->qname));
}
