/*
 * What search.TABLE names, as it goes into the snapshot: whole, so that a
 * column that comes back is searched again.  What cannot be searched is told,
 * and the rest is searched.
 */
#include "introspect/introspect_priv.h"

#include <string.h>

#include "base/arena.h"
#include "conf/conf.h"
#include "query/query.h"
#include "schema/schema.h"

void
searched_fill(struct catalog *c, struct rel *r)
{
	const char *line = expose_line(c, c->conf->search, r);
	struct str rest = str_from(line), item;
	struct table *t = r->table;

	if (line == NULL)
		return;
	t->search = arena_array(c->arena, struct str, rest.len + 1);
	while (conf_list_next(&rest, &item))
		t->search[t->nsearch++] = str_dup(c->arena, item);
}

/* the last name of a path, whatever its prefix; its separators may be in the
 * name of a column, which then is told without a reason */
static struct str
last_name(struct str item)
{
	ptrdiff_t dot = str_rchr(item, '.');

	if (dot >= 0)
		return str_sub(item, (size_t)dot + 1, item.len);
	for (size_t i = item.len; i-- > 1;)
		if (item.p[i] == '_' && item.p[i - 1] == '_')
			return str_sub(item, i + 1, item.len);
	return strchr("^=@$", item.p[0]) != NULL ? str_sub(item, 1, item.len)
						 : item;
}

static const struct attr *
find_concealed(const struct catalog *c, const struct table *t, struct str item,
    const struct touched *touched)
{
	const struct attr *a =
	    conceal_find(catalog_rel(c, t->oid), last_name(item));

	for (size_t i = 0; a == NULL && i < touched->n; i++)
		a = conceal_find(
		    catalog_rel(c, touched->v[i]->oid), last_name(item));
	return a;
}

static void
tell_item(struct catalog *c, struct schema *schema, const struct table *t,
    struct str item)
{
	struct touched touched;
	const struct attr *concealed;
	const char *wrong =
	    query_search_check(c->arena, schema, t, item, &touched);

	if (wrong == NULL)
		return;
	concealed = find_concealed(c, t, item, &touched);
	if (concealed != NULL)
		catalog_notice(c, t->qname, false,
		    "search.%.*s names %.*s, which is kept from clients (%s)",
		    STR_ARGS(t->qname), STR_ARGS(item), concealed->why);
	else
		catalog_notice(c, t->qname, false,
		    "search.%.*s names %.*s, which is not searched: %s",
		    STR_ARGS(t->qname), STR_ARGS(item), wrong);
}

void
searched_tell(struct catalog *c, const struct snapshot *s)
{
	struct schema *schema = schema_of(c->arena, s);

	for (size_t i = 0; i < s->ntables; i++)
		for (size_t k = 0; k < s->tables[i].nsearch; k++)
			tell_item(
			    c, schema, &s->tables[i], s->tables[i].search[k]);
}
