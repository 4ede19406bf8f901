/* A question in the auto dialect: one level of conditions, plain includes, or
 * groups. */
#include "random.h"

#include <string.h>
#include <strings.h>

/* the lists of conditions and orders of the parameters */
struct parts {
	struct text where, or_where, filter, order_by, sort, include;
	struct text group_by, aggregate, having;
};

static bool put_inner(struct parts *, const struct include *, const char *path);

static void
next_part(struct text *t)
{
	text_add(t, t->n == 0 ? "[" : ",");
}

static bool
join_path(struct text *name, const struct path *p)
{
	for (size_t i = 0; i < p->nhops; i++) {
		if (strchr(p->hops[i]->name, '.') != NULL)
			return false;
		text_format(name, "%s.", p->hops[i]->name);
	}
	if (p->column == NULL || strchr(p->column->name, '.') != NULL)
		return false;
	text_add(name, p->column->name);
	for (size_t i = 0; p->place != NULL && i < p->place->nkeys; i++)
		text_format(name, ".%s", p->place->key[i]);
	return true;
}

static bool
put_path(struct text *t, const struct path *p, const char *before)
{
	struct text name = {NULL, 0, 0};

	text_add(&name, before);
	if (!join_path(&name, p))
		return false;
	text_json(t, text_get(&name));
	return true;
}

static const char *
word_of(const struct node *leaf)
{
	switch (leaf->test) {
	case TEST_EQ:
	case TEST_NULL:
		return leaf->negated ? "!=" : random_chance(50) ? "=" : "==";
	case TEST_LT:
		return "<";
	case TEST_LE:
		return "<=";
	case TEST_GT:
		return ">";
	case TEST_GE:
		return ">=";
	case TEST_IN:
		return leaf->negated ? "!in" : "in";
	case TEST_LIKE:
		return leaf->negated ? "!LIKE" : "like";
	default:
		return NULL;
	}
}

static bool
put_cond(struct text *t, const struct node *leaf, const char *before)
{
	const char *word;

	if (leaf->kind != NODE_LEAF || (word = word_of(leaf)) == NULL)
		return false;
	/* the text null is null here */
	if (leaf->test == TEST_EQ && strcasecmp(leaf->values[0], "null") == 0)
		return false;
	next_part(t);
	text_char(t, '[');
	if (!put_path(t, &leaf->path, before))
		return false;
	if (word[0] != '=' || random_chance(50))
		text_format(t, ",\"%s\"", word);
	text_char(t, ',');
	if (leaf->test == TEST_NULL)
		text_add(t, "null");
	if (leaf->test == TEST_IN)
		text_char(t, '[');
	for (size_t i = 0; i < leaf->nvalues; i++) {
		text_add(t, i > 0 ? "," : "");
		text_json(t, leaf->values[i]);
	}
	text_add(t, leaf->test == TEST_IN ? "]]" : "]");
	return true;
}

static bool
put_any(struct parts *p, const struct node *group)
{
	if (group->kind != NODE_OR || p->or_where.n > 0)
		return false;
	for (size_t i = 0; i < group->n; i++)
		if (!put_cond(&p->or_where, group->v[i], ""))
			return false;
	return true;
}

static bool
put_order(struct text *t, const struct order *o, const char *before)
{
	if (o->nulls != ORDER_PLAIN)
		return false;
	next_part(t);
	text_char(t, '[');
	if (o->of != NULL)
		text_json(t, o->of->alias);
	else if (!put_path(t, &o->path, before))
		return false;
	text_add(t, o->desc ? ",\"DESC\"]" : ",\"ASC\"]");
	return true;
}

/* a path that begins with an included relation would be a child's condition */
static bool
begins_with_include(const struct query *q, const struct path *p)
{
	for (size_t i = 0; i < q->ninclude && p->nhops > 0; i++)
		if (q->include[i].relation == p->hops[0])
			return true;
	return false;
}

static bool
put_conds(struct parts *p, const struct query *q, const char *path)
{
	for (size_t i = 0; q->where != NULL && i < q->where->n; i++) {
		const struct node *node = q->where->v[i];

		if (path[0] == '\0' && node->kind == NODE_OR) {
			if (!put_any(p, node))
				return false;
			continue;
		}
		if (node->kind != NODE_LEAF ||
		    (path[0] != '\0' && begins_with_include(q, &node->path)) ||
		    !put_cond(
			path[0] == '\0' ? &p->where : &p->filter, node, path))
			return false;
	}
	for (size_t i = 0; i < q->norder; i++)
		if ((path[0] != '\0' &&
			begins_with_include(q, &q->order[i].path)) ||
		    !put_order(path[0] == '\0' ? &p->order_by : &p->sort,
			&q->order[i], path))
			return false;
	for (size_t i = 0; i < q->ninclude; i++)
		if (!put_inner(p, &q->include[i], path))
			return false;
	return true;
}

static bool
put_inner(struct parts *p, const struct include *inc, const char *path)
{
	const struct query *q = inc->query;
	const char *name = inc->relation->name;

	if (inc->alias != NULL || inc->join != JOIN_LEFT || q->nfields > 0 ||
	    q->page != PAGE_ALL || strpbrk(name, ".,") != NULL)
		return false;
	text_format(
	    &p->include, "%s%s%s", p->include.n > 0 ? "," : "", path, name);
	return put_conds(p, q, random_format("%s%s.", path, name));
}

static void
put_listed(struct text *list, const char *item, bool json)
{
	text_add(list, list->n > 0 ? "," : json ? "[" : "");
	if (json)
		text_json(list, item);
	else
		text_add(list, item);
}

/* other names would have to be quoted as the native dialect has them */
static bool
join_plain(struct text *t, const struct path *p)
{
	struct text name = {NULL, 0, 0};

	if (!join_path(&name, p) ||
	    strpbrk(text_get(&name), ",:;()\"'- ") != NULL ||
	    strstr(text_get(&name), "__") != NULL)
		return false;
	text_add(t, text_get(&name));
	return true;
}

static bool
join_aggregate(struct text *t, const struct field *f)
{
	text_format(t, "%s(%s", f->function, f->distinct ? "distinct " : "");
	if (f->path.column == NULL)
		text_char(t, '*');
	else if (!join_plain(t, &f->path))
		return false;
	text_char(t, ')');
	return true;
}

static bool
put_groups(struct parts *p, const struct query *q)
{
	bool json = random_chance(50);

	for (size_t i = 0; i < q->nfields; i++) {
		struct text item = {NULL, 0, 0};
		const struct field *f = &q->fields[i];

		if (i < q->ngroup ? !join_plain(&item, &q->group[i])
				  : !join_aggregate(&item, f))
			return false;
		if (i >= q->ngroup)
			text_format(&item, " as %s", f->alias);
		put_listed(i < q->ngroup ? &p->group_by : &p->aggregate,
		    text_get(&item), json);
	}
	if (json && p->group_by.n > 0)
		text_char(&p->group_by, ']');
	if (json && p->aggregate.n > 0)
		text_char(&p->aggregate, ']');
	return true;
}

static bool
put_having(struct text *t, const struct query *q)
{
	struct text item = {NULL, 0, 0};
	const struct node *leaf;
	const char *word;

	if (q->having == NULL)
		return true;
	leaf = q->having->v[0];
	word = word_of(leaf);
	if (word == NULL || strcasecmp(leaf->values[0], "null") == 0)
		return false;
	text_char(t, '[');
	if (leaf->of->function == NULL) {
		if (!put_path(t, &leaf->of->path, ""))
			return false;
	} else if (random_chance(50)) {
		if (!join_aggregate(&item, leaf->of))
			return false;
		text_json(t, text_get(&item));
	} else {
		text_json(t, leaf->of->alias);
	}
	text_format(t, ",\"%s\",", word);
	text_json(t, leaf->values[0]);
	text_char(t, ']');
	return true;
}

static void
put_param(
    struct text *t, const char *name, const struct text *value, const char *end)
{
	if (value->n == 0)
		return;
	text_format(t, "&%s=", name);
	text_percent(t, text_get(value));
	text_percent(t, end);
}

bool
write_auto(struct text *t, const struct query *q)
{
	struct parts p = {.where = {NULL, 0, 0}};

	if (q->page != PAGE_NUMBER || q->limit > 100 ||
	    (q->nfields > 0 && !q->grouped) || q->joined || q->nterms > 0 ||
	    !put_conds(&p, q, ""))
		return false;
	if (q->grouped && (!put_groups(&p, q) || !put_having(&p.having, q)))
		return false;
	text_add(t, "/api/auto/");
	text_percent(t, q->table->path);
	text_format(t, "?page=%ld&%s=%ld", q->number,
	    random_chance(50) ? "size" : "page_size", q->limit);
	put_param(t, "where", &p.where, "]");
	put_param(t, "or_where", &p.or_where, "]");
	put_param(t, "filter", &p.filter, "]");
	put_param(t, "order_by", &p.order_by, "]");
	put_param(t, "sort", &p.sort, "]");
	put_param(t, "include", &p.include, "");
	put_param(t, "group_by", &p.group_by, "");
	put_param(t, "aggregate", &p.aggregate, "");
	put_param(t, "having", &p.having, "");
	return true;
}
