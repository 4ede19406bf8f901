/* A question in the v2 dialect, where it says the same in only one way: names
 * are pieces between underscores there. */
#include "random.h"

#include <string.h>

static void
put_param(struct text *t, const char *name, const char *value)
{
	text_char(t, t->n > 0 ? '&' : '?');
	text_percent(t, name);
	text_char(t, '=');
	text_percent(t, value);
}

/* ---- names -------------------------------------------------------------- */

/* in how many ways pieces can be a column behind relations */
static unsigned
count_ways(const struct table *t, const char *text, int depth)
{
	unsigned n = table_find(t, text) != NULL;

	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *c = &t->columns[i];
		size_t k = strlen(c->name);

		n += (c->class == CLASS_JSON || c->class == CLASS_JSONB) &&
		     strncmp(text, c->name, k) == 0 && text[k] == '_';
	}
	for (size_t i = 0; i < t->nrelations && depth > 0; i++) {
		const struct relation *r = &t->relations[i];
		size_t k = strlen(r->name);

		if (strncmp(text, r->name, k) == 0 && text[k] == '_')
			n += count_ways(r->far, text + k + 1, depth - 1);
		k = strlen(r->bare);
		if (strcmp(r->bare, r->name) != 0 &&
		    strncmp(text, r->bare, k) == 0 && text[k] == '_')
			n += count_ways(r->far, text + k + 1, depth - 1);
	}
	return n;
}

/* NULL: it would be taken for something else */
static const char *
name_of(const struct table *table, const struct path *p)
{
	struct text t = {NULL, 0, 0};
	const char *name;

	if (p->column == NULL || p->place != NULL)
		return NULL;
	for (size_t i = 0; i < p->nhops; i++)
		text_format(&t, "%s_", p->hops[i]->name);
	text_add(&t, p->column->name);
	name = text_get(&t);
	if (strpbrk(name, "[]. ") != NULL || strstr(name, "_or_") != NULL ||
	    strstr(name, "_and_") != NULL || strstr(name, "__") != NULL ||
	    count_ways(table, name, 5) != 1)
		return NULL;
	return name;
}

/* ---- conditions --------------------------------------------------------- */

static const char *
predicate_of(const struct node *leaf, bool joined)
{
	switch (leaf->test) {
	case TEST_EQ:
		return leaf->negated ? "not_eq" : "eq";
	case TEST_LT:
		return "lt";
	case TEST_LE:
		return "lteq";
	case TEST_GT:
		return "gt";
	case TEST_GE:
		return "gteq";
	case TEST_IN:
		return leaf->negated ? "not_in" : "in";
	case TEST_ILIKE:
		return leaf->negated ? "does_not_match" : "matches";
	case TEST_ICONTAINS:
		return leaf->negated ? "not_cont" : "i_cont";
	case TEST_ISTARTS:
		return leaf->negated ? "not_start" : "start";
	case TEST_IENDS:
		return leaf->negated ? "not_end" : "end";
	case TEST_NULL:
		/* behind a relation it is asked of an outer join */
		if (leaf->path.nhops > 0 && !joined)
			return NULL;
		return leaf->negated ? "not_null" : "null";
	default:
		return NULL;
	}
}

/* blanks around a value are cut off, and what is then empty is dropped */
static bool
survives(const struct node *leaf)
{
	static const char blank[] = " \t\n\r\f\v";

	for (size_t i = 0; i < leaf->nvalues; i++) {
		const char *v = leaf->values[i];
		size_t n = strlen(v);

		if (n == 0 || strchr(blank, v[0]) != NULL ||
		    strchr(blank, v[n - 1]) != NULL)
			return false;
	}
	return leaf->said == NULL;
}

/* q[title_eq]=x */
static void
put_short(struct text *t, const char *in, const struct node *leaf,
    const char *name, const char *predicate)
{
	const char *key = random_format("%s[%s_%s]", in, name, predicate);

	if (leaf->test == TEST_NULL)
		put_param(t, key, "true");
	else if (leaf->test != TEST_IN)
		put_param(t, key, leaf->values[0]);
	else
		for (size_t i = 0; i < leaf->nvalues; i++)
			put_param(
			    t, random_format("%s[]", key), leaf->values[i]);
}

/* q[c][0][a][0][name]=title&q[c][0][p]=eq&q[c][0][v][0][value]=x */
static void
put_long(struct text *t, const char *in, size_t n, const struct node *leaf,
    const char *name, const char *predicate)
{
	const char *c = random_format("%s[c][%zu]", in, n);

	put_param(t, random_format("%s[a][0][name]", c), name);
	put_param(t, random_format("%s[p]", c), predicate);
	if (leaf->test == TEST_NULL)
		put_param(t, random_format("%s[v][0][value]", c), "1");
	for (size_t i = 0; i < leaf->nvalues; i++)
		put_param(t, random_format("%s[v][%zu][value]", c, i),
		    leaf->values[i]);
}

static bool
put_leaf(struct text *t, const char *in, size_t n, const struct query *q,
    const struct node *leaf, bool whole)
{
	const char *name, *predicate;

	if (leaf->kind != NODE_LEAF || !survives(leaf) ||
	    (name = name_of(q->table, &leaf->path)) == NULL ||
	    (predicate = predicate_of(leaf, q->joined)) == NULL)
		return false;
	if (whole)
		put_long(t, in, n, leaf, name, predicate);
	else
		put_short(t, in, leaf, name, predicate);
	return true;
}

static bool
put_where(struct text *t, const struct query *q)
{
	bool whole = random_chance(50);
	size_t ngroups = 0;

	if (q->where == NULL)
		return true;
	for (size_t i = 0; i < q->where->n; i++) {
		const struct node *node = q->where->v[i];
		const char *in;

		if (node->kind == NODE_LEAF) {
			/* the same key twice is refused */
			if (!put_leaf(
				t, "q", i, q, node, whole || q->where->n > 1))
				return false;
			continue;
		}
		if (node->kind == NODE_NOT)
			return false;
		in = random_format("q[g][%zu]", ngroups++);
		put_param(t, random_format("%s[m]", in),
		    node->kind == NODE_OR ? "or" : "and");
		for (size_t k = 0; k < node->n; k++)
			if (!put_leaf(t, in, k, q, node->v[k], true))
				return false;
	}
	return true;
}

/* ---- the rest ----------------------------------------------------------- */

static bool
put_order(struct text *t, const struct query *q)
{
	for (size_t i = 0; i < q->norder; i++) {
		const struct order *o = &q->order[i];
		const char *name = name_of(q->table, &o->path);

		if (name == NULL || o->nulls != ORDER_PLAIN)
			return false;
		put_param(t, "q[s][]",
		    random_format("%s %s", name, o->desc ? "desc" : "asc"));
	}
	return true;
}

static bool
put_shape(struct text *t, const struct query *q, const char *in)
{
	for (size_t i = 0; i < q->nfields; i++) {
		const struct path *p = &q->fields[i].path;

		if (p->nhops > 0 || p->place != NULL)
			return false;
		put_param(t, random_format("%s[only][]", in), p->column->name);
	}
	for (size_t i = 0; i < q->ninclude; i++) {
		const struct include *inc = &q->include[i];
		const struct query *far = inc->query;
		const char *name = inc->relation->name, *key;

		if (inc->alias != NULL || inc->join != JOIN_LEFT ||
		    far->where != NULL || far->norder > 0 ||
		    far->page != PAGE_ALL || strpbrk(name, "[]") != NULL)
			return false;
		key = random_format("%s[include][%s]", in, name);
		if (far->nfields == 0 && far->ninclude == 0)
			put_param(t, key, "");
		else if (!put_shape(t, far, key))
			return false;
	}
	return true;
}

bool
write_v2(struct text *t, const struct query *q)
{
	struct text params = {NULL, 0, 0};

	if (q->grouped || q->distinct || q->nterms > 0 ||
	    (q->page != PAGE_NUMBER && q->page != PAGE_ALL) ||
	    !put_where(&params, q) || !put_order(&params, q) ||
	    !put_shape(&params, q, "a"))
		return false;
	if (q->page == PAGE_NUMBER) {
		put_param(&params, "page", random_format("%ld", q->number));
		put_param(&params, "per", random_format("%ld", q->limit));
	}
	text_add(t, "/api/v2/");
	text_percent(t, q->table->path);
	text_add(t, text_get(&params));
	return true;
}
