/* A question in the native dialect, written in one of the many ways there are:
 * with dots or underscores, quoted or not, in any order of parameters. */
#include "random.h"

#include <ctype.h>
#include <string.h>

#define PAIRS_MAX 40

/* the parameters of one level */
struct pairs {
	const char *name[PAIRS_MAX], *value[PAIRS_MAX];
	size_t n;
	bool inside; /* an included relation: values are quoted */
};

static void put_level(struct pairs *, const struct query *);

static void
add_pair(struct pairs *p, const char *name, const char *value)
{
	p->name[p->n] = name;
	p->value[p->n++] = value;
}

/* ---- names -------------------------------------------------------------- */

static bool
is_plain(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || s[0] == '_' || s[n - 1] == '_' || strstr(s, "__") != NULL)
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && (*s & 0x80) == 0 &&
		    *s != '_' && *s != '!')
			return false;
	return true;
}

static void
put_name(struct text *t, const char *name)
{
	if (is_plain(name) && random_chance(95))
		text_add(t, name);
	else
		text_quoted(t, name);
}

static void
put_path(struct text *t, const struct path *p)
{
	for (size_t i = 0; i < p->nhops; i++) {
		put_name(t, p->hops[i]->name);
		if (i + 1 < p->nhops || p->column != NULL)
			text_add(t, random_chance(50) ? "." : "__");
	}
	if (p->column != NULL)
		put_name(t, p->column->name);
	for (size_t i = 0; p->place != NULL && i < p->place->nkeys; i++)
		text_format(t, "%s%s", random_chance(50) ? "." : "__",
		    p->place->key[i]);
}

static bool
is_reserved(const char *name)
{
	static const char *const words[] = {"aggregate", "and", "count",
	    "cursor", "depth", "distinct", "fields", "format", "group_by",
	    "having", "include", "limit", "not", "offset", "or", "ordering",
	    "page", "page_size", "search"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(name, words[i]) == 0)
			return true;
	return false;
}

/* ---- values ------------------------------------------------------------- */

static bool
is_simple(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) && strchr("-.:_+", *s) == NULL)
			return false;
	return true;
}

static void
put_value(struct text *t, const char *value)
{
	if (is_simple(value) && random_chance(85))
		text_add(t, value);
	else
		text_quoted(t, value);
}

static const char *
list_of(const struct node *leaf)
{
	struct text t = {NULL, 0, 0};

	for (size_t i = 0; i < leaf->nvalues; i++) {
		if (i > 0)
			text_char(&t, ',');
		put_value(&t, leaf->values[i]);
	}
	return text_get(&t);
}

static const char *
quote_inside(const char *value, bool inside)
{
	struct text t = {NULL, 0, 0};

	if (!inside)
		return value;
	put_value(&t, value);
	return text_get(&t);
}

/* ---- conditions --------------------------------------------------------- */

static void
put_null(struct pairs *out, struct text *name, bool negated)
{
	static const char *const yes[] = {"true", "1", "True"};
	static const char *const no[] = {"false", "0", "FALSE"};
	unsigned die = random_below(3);
	bool swap = random_chance(40);

	if (random_chance(50)) {
		text_add(name, "__isnull");
		add_pair(out, text_get(name), negated ? no[die] : yes[die]);
		return;
	}
	text_add(name, negated != swap ? "__nnull" : "__null");
	add_pair(out, text_get(name), swap ? no[die] : yes[die]);
}

static void
put_leaf(struct pairs *out, const struct node *leaf, bool inside)
{
	struct text name = {NULL, 0, 0};
	const struct test_info *test = &tests[leaf->test];
	const char *value;

	put_path(&name, &leaf->path);
	if (leaf->test == TEST_NULL) {
		put_null(out, &name, leaf->negated);
		return;
	}
	if (leaf->test != TEST_EQ || leaf->negated || random_chance(30) ||
	    is_reserved(text_get(&name)))
		text_format(&name, "__%s",
		    leaf->negated ? test->negated : test->suffix);
	if (leaf->test == TEST_IN || leaf->test == TEST_BETWEEN) {
		add_pair(out, text_get(&name), list_of(leaf));
		return;
	}
	if (leaf->test == TEST_ANY_KEY || leaf->test == TEST_ALL_KEYS)
		value = list_of(leaf);
	else
		value = leaf->said != NULL ? leaf->said : leaf->values[0];
	add_pair(out, text_get(&name), quote_inside(value, inside));
}

static void put_node(struct pairs *, const struct node *, bool inside);

static const char *
join(const struct pairs *p, const char *before, const char *after)
{
	struct text t = {NULL, 0, 0};

	text_add(&t, before);
	for (size_t i = 0; i < p->n; i++)
		text_format(
		    &t, "%s%s=%s", i > 0 ? ";" : "", p->name[i], p->value[i]);
	text_add(&t, after);
	return text_get(&t);
}

static void
put_group(struct pairs *out, const struct node *node)
{
	static const char *const words[] = {"", "and", "or", "not"};
	struct pairs members = {.n = 0};

	for (size_t i = 0; i < node->n; i++)
		put_node(&members, node->v[i], true);
	add_pair(out, words[node->kind], join(&members, "(", ")"));
}

static void
put_node(struct pairs *out, const struct node *node, bool inside)
{
	if (node->kind == NODE_LEAF)
		put_leaf(out, node, inside);
	else
		put_group(out, node);
}

/* the same name twice is refused, but not in parentheses */
static void
put_where(struct pairs *out, const struct node *where)
{
	for (size_t i = 0; i < where->n; i++) {
		size_t before = out->n;
		bool twice = false;

		put_node(out, where->v[i], out->inside);
		for (size_t k = 0; k < before; k++)
			twice = twice ||
				strcmp(out->name[k], out->name[before]) == 0;
		if (where->v[i]->kind != NODE_LEAF ||
		    !(twice || random_chance(5)))
			continue;
		out->n = before;
		put_group(
		    out, &(struct node){
			     .kind = NODE_AND, .v = {where->v[i]}, .n = 1});
	}
}

/* ---- the rest ----------------------------------------------------------- */

static void
put_terms(struct pairs *out, const struct query *q)
{
	struct text t = {NULL, 0, 0};

	if (q->nterms == 0)
		return;
	for (size_t i = 0; i < q->nterms; i++) {
		if (i > 0)
			text_add(&t, random_chance(50) ? " " : ",");
		put_value(&t, q->terms[i]);
	}
	add_pair(out, "search", text_get(&t));
}

static void
put_aggregate(struct text *t, const struct field *f)
{
	text_format(t, "%s(", f->function);
	if (f->path.column == NULL)
		text_char(t, '*');
	if (f->distinct)
		text_add(t, "distinct ");
	if (f->path.column != NULL)
		put_path(t, &f->path);
	text_char(t, ')');
}

static void
put_fields(struct pairs *out, const struct query *q)
{
	struct text t = {NULL, 0, 0};

	if (q->nfields == 0)
		return;
	for (size_t i = 0; i < q->nfields; i++) {
		text_add(&t, i > 0 ? "," : "");
		put_path(&t, &q->fields[i].path);
	}
	add_pair(out, "fields", text_get(&t));
	if (q->distinct)
		add_pair(out, "distinct", "true");
}

static void
put_groups(struct pairs *out, const struct query *q)
{
	struct text keys = {NULL, 0, 0}, t = {NULL, 0, 0};

	for (size_t i = 0; i < q->ngroup; i++) {
		text_add(&keys, i > 0 ? "," : "");
		put_path(&keys, &q->group[i]);
	}
	if (q->ngroup > 0)
		add_pair(out, "group_by", text_get(&keys));
	for (size_t i = q->ngroup; i < q->nfields; i++) {
		text_add(&t, i > q->ngroup ? "," : "");
		put_aggregate(&t, &q->fields[i]);
		text_format(&t, " as %s", q->fields[i].alias);
	}
	if (q->nfields > q->ngroup)
		add_pair(out, "aggregate", text_get(&t));
}

static void
put_having(struct pairs *out, const struct query *q)
{
	const struct node *leaf;
	struct text t = {NULL, 0, 0};

	if (q->having == NULL)
		return;
	leaf = q->having->v[0];
	if (leaf->of->function == NULL)
		put_path(&t, &leaf->of->path);
	else if (random_chance(50))
		put_aggregate(&t, leaf->of);
	else
		text_add(&t, leaf->of->alias);
	text_format(&t, "__%s=",
	    leaf->negated ? tests[leaf->test].negated
			  : tests[leaf->test].suffix);
	put_value(&t, leaf->values[0]);
	add_pair(out, "having", text_get(&t));
}

static void
put_order(struct pairs *out, const struct query *q)
{
	struct text t = {NULL, 0, 0};

	if (q->norder == 0)
		return;
	for (size_t i = 0; i < q->norder; i++) {
		const struct order *o = &q->order[i];

		text_add(&t, i > 0 ? "," : "");
		text_add(&t, o->desc ? "-" : "");
		if (o->of != NULL)
			text_add(&t, o->of->alias);
		else
			put_path(&t, &o->path);
		if (o->nulls != ORDER_PLAIN)
			text_add(&t, o->nulls == ORDER_FIRST ? ":nullsfirst"
							     : ":nullslast");
	}
	add_pair(out, "ordering", text_get(&t));
}

static void
put_page(struct pairs *out, const struct query *q)
{
	if (q->page == PAGE_NUMBER) {
		if (q->number > 1 || random_chance(50))
			add_pair(out, "page", random_format("%ld", q->number));
		add_pair(out, "page_size", random_format("%ld", q->limit));
	} else if (q->page != PAGE_ALL) {
		if (q->limit > 0)
			add_pair(out, "limit", random_format("%ld", q->limit));
		if (q->page == PAGE_WALK)
			add_pair(out, "cursor", "");
		else if (q->offset > 0)
			add_pair(
			    out, "offset", random_format("%ld", q->offset));
	}
	if (q->count && q->page != PAGE_NUMBER)
		add_pair(out, "count", "exact");
}

static void
put_include(struct text *t, const struct include *inc)
{
	static const char *const joins[] = {"", "!inner", "!anti"};
	struct pairs members = {.inside = true};

	if (inc->alias != NULL) {
		put_name(t, inc->alias);
		text_char(t, ':');
	}
	put_name(t, inc->relation->name);
	text_add(t, joins[inc->join]);
	if (inc->depth > 0 && random_chance(80)) {
		put_level(&members, inc->once);
		add_pair(&members, "depth", random_format("%u", inc->depth));
	} else {
		put_level(&members, inc->query);
	}
	if (members.n > 0)
		text_add(t, join(&members, "(", ")"));
}

static void
put_includes(struct pairs *out, const struct query *q)
{
	struct text t = {NULL, 0, 0};

	if (q->ninclude == 0)
		return;
	for (size_t i = 0; i < q->ninclude; i++) {
		text_add(&t, i > 0 ? "," : "");
		put_include(&t, &q->include[i]);
	}
	add_pair(out, "include", text_get(&t));
}

static void
shuffle(struct pairs *p)
{
	for (size_t i = p->n; i > 1; i--) {
		size_t k = random_below((unsigned)i);
		const char *name = p->name[k], *value = p->value[k];

		p->name[k] = p->name[i - 1];
		p->value[k] = p->value[i - 1];
		p->name[i - 1] = name;
		p->value[i - 1] = value;
	}
}

static void
put_level(struct pairs *out, const struct query *q)
{
	if (q->where != NULL)
		put_where(out, q->where);
	put_terms(out, q);
	if (q->grouped)
		put_groups(out, q);
	else
		put_fields(out, q);
	put_having(out, q);
	put_order(out, q);
	put_includes(out, q);
	put_page(out, q);
	shuffle(out);
}

bool
write_native(struct text *t, const struct query *q)
{
	struct pairs p = {.n = 0};

	if (q->joined)
		return false;
	put_level(&p, q);
	text_add(t, "/api/dyn/");
	text_percent(t, q->table->path);
	text_char(t, '/');
	for (size_t i = 0; i < p.n; i++) {
		text_char(t, i > 0 ? '&' : '?');
		text_percent(t, p.name[i]);
		text_char(t, '=');
		text_percent(t, p.value[i]);
	}
	return true;
}
