/* Conditions that have an answer: every name is there and every value fits, so
 * that a refusal is a difference like any other. */
#include "random.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const struct test_info tests[TEST__MAX] = {
    [TEST_EQ] = {"eq", "ne", "="},
    [TEST_LT] = {"lt", NULL, "<"},
    [TEST_LE] = {"lte", NULL, "<="},
    [TEST_GT] = {"gt", NULL, ">"},
    [TEST_GE] = {"gte", NULL, ">="},
    [TEST_DISTINCT] = {"isdistinct", "nisdistinct", NULL},
    [TEST_IEXACT] = {"iexact", "niexact", NULL},
    [TEST_CONTAINS] = {"contains", "ncontains", NULL},
    [TEST_ICONTAINS] = {"icontains", "nicontains", NULL},
    [TEST_STARTS] = {"startswith", "nstartswith", NULL},
    [TEST_ISTARTS] = {"istartswith", "nistartswith", NULL},
    [TEST_ENDS] = {"endswith", "nendswith", NULL},
    [TEST_IENDS] = {"iendswith", "niendswith", NULL},
    [TEST_LIKE] = {"like", "nlike", "like"},
    [TEST_ILIKE] = {"ilike", "nilike", "ilike"},
    [TEST_REGEX] = {"regex", "nregex", "~"},
    [TEST_IREGEX] = {"iregex", "niregex", "~*"},
    [TEST_WORDS] = {"fts", "nfts", NULL},
    [TEST_SUPERSET] = {"acontains", "nacontains", "@>"},
    [TEST_SUBSET] = {"acontainedby", "nacontainedby", "<@"},
    [TEST_OVERLAP] = {"aoverlap", "naoverlap", "&&"},
    [TEST_ELEMENT] = {"aelement", "naelement", NULL},
    [TEST_KEY] = {"has_key", "nhas_key", NULL},
    [TEST_ANY_KEY] = {"has_any_keys", "nhas_any_keys", NULL},
    [TEST_ALL_KEYS] = {"has_all_keys", "nhas_all_keys", NULL},
    [TEST_LEFT] = {"left_of", "nleft_of", "<<"},
    [TEST_RIGHT] = {"right_of", "nright_of", ">>"},
    [TEST_NOT_RIGHT] = {"not_right_of", NULL, "&<"},
    [TEST_NOT_LEFT] = {"not_left_of", NULL, "&>"},
    [TEST_ADJACENT] = {"adjacent", "nadjacent", "-|-"},
    [TEST_BELOW] = {"descendant_of", "ndescendant_of", NULL},
    [TEST_ABOVE] = {"ancestor_of", "nancestor_of", NULL},
    [TEST_IN] = {"in", "nin", NULL},
    [TEST_BETWEEN] = {"between", "nbetween", NULL},
    [TEST_NULL] = {"isnull", "nnull", NULL},
};

/* ---- paths -------------------------------------------------------------- */

const struct relation *
leaf_relation(const struct table *t, bool to_one)
{
	const struct relation *r;

	for (int i = 0; i < 8 && t->nrelations > 0; i++) {
		r = PICK(t->relations, t->nrelations);
		if (r->to_one || !to_one)
			return r;
	}
	return NULL;
}

/* through up to max relations; the table it leads to */
const struct table *
leaf_hops(const struct table *t, struct path *p, size_t max, unsigned percent,
    bool to_one)
{
	const struct relation *r;

	while (p->nhops < max && random_chance(percent) &&
	       (r = leaf_relation(t, to_one)) != NULL) {
		p->hops[p->nhops++] = r;
		t = r->far;
	}
	return t;
}

bool
path_same(const struct path *a, const struct path *b)
{
	bool same = a->nhops == b->nhops && a->column == b->column &&
		    a->place == b->place;

	for (size_t i = 0; same && i < a->nhops; i++)
		same = a->hops[i] == b->hops[i];
	return same;
}

const char *
path_title(const struct path *p, const char *separator)
{
	struct text t = {NULL, 0, 0};

	for (size_t i = 0; i < p->nhops; i++)
		text_format(&t, "%s%s", p->hops[i]->name, separator);
	text_add(&t, p->column->name);
	for (size_t i = 0; p->place != NULL && i < p->place->nkeys; i++)
		text_format(&t, "%s%s", separator, p->place->key[i]);
	return text_get(&t);
}

/* ---- values ------------------------------------------------------------- */

/* a part of a text, whole letters, sometimes in another case */
static const char *
pick_part(const char *s)
{
	size_t n = strlen(s), from, to;
	char *part;

	if (n == 0)
		return s;
	from = random_below((unsigned)n);
	to = from + 1 + random_below((unsigned)(n - from));
	while (from > 0 && (s[from] & 0xc0) == 0x80)
		from--;
	while (to < n && (s[to] & 0xc0) == 0x80)
		to++;
	part = random_copy(s + from, to - from);
	if (random_chance(30))
		for (char *p = part; *p != '\0'; p++)
			*p = (char)(islower((unsigned char)*p)
					? toupper((unsigned char)*p)
					: tolower((unsigned char)*p));
	return part;
}

/* the ends count for what begins or ends with something */
static const char *
pick_end(const char *s, bool start)
{
	size_t n = strlen(s), k = n == 0 ? 0 : random_below((unsigned)n + 1);

	while (k < n && (s[k] & 0xc0) == 0x80)
		k++;
	return start ? random_copy(s, k) : random_copy(s + k, n - k);
}

/* some letters become wildcards; no backslash, whose meaning is not ours */
static const char *
pick_pattern(const char *s)
{
	struct text t = {NULL, 0, 0};

	if (random_chance(30))
		text_char(&t, '%');
	for (; *s != '\0'; s++) {
		if ((*s & 0x80) != 0 || *s == '\\')
			continue;
		if (random_chance(15))
			text_char(&t, random_chance(50) ? '_' : '%');
		else
			text_char(&t, *s);
	}
	if (random_chance(40))
		text_char(&t, '%');
	return text_get(&t);
}

/* letters only, some of them a dot */
static const char *
pick_regex(const char *s)
{
	struct text t = {NULL, 0, 0};

	if (random_chance(30))
		text_char(&t, '^');
	for (int i = 0; *s != '\0' && i < 6; s++, i++)
		text_char(&t, isalnum((unsigned char)*s) ? *s : '.');
	if (random_chance(20))
		text_add(&t, ".*");
	return text_get(&t);
}

const char *
leaf_value(const struct column *c)
{
	if (c->values.n == 0)
		return NULL;
	return *PICK(c->values.v, c->values.n);
}

/* of plain letters: another one, or one nobody has */
static const char *
pick_compared(const struct column *c)
{
	const char *value = leaf_value(c);

	if (value == NULL || c->is_domain)
		return value;
	if (c->class == CLASS_INT && random_chance(20))
		return random_format("%u", random_below(300));
	if (c->class == CLASS_NUMERIC && random_chance(20))
		return random_format(
		    "%u.%u", random_below(20), random_below(100));
	if (c->class == CLASS_TEXT && random_chance(20))
		return pick_part(value);
	return value;
}

/* a comma list of what stands in some arrays, and the array it means */
static void
make_elements(struct node *leaf)
{
	const struct list *l = &leaf->path.column->elements;
	struct text said = {NULL, 0, 0}, array = {NULL, 0, 0};
	unsigned n = 1 + random_below(3);

	text_char(&array, '{');
	for (unsigned i = 0; i < n; i++) {
		const char *element = *PICK(l->v, l->n);

		if (i > 0) {
			text_char(&said, ',');
			text_char(&array, ',');
		}
		text_quoted(&said, element);
		text_char(&array, '"');
		for (; *element != '\0'; element++) {
			if (strchr("\"\\", *element) != NULL)
				text_char(&array, '\\');
			text_char(&array, *element);
		}
		text_char(&array, '"');
	}
	text_char(&array, '}');
	leaf->said = text_get(&said);
	leaf->values[0] = text_get(&array);
}

/* ---- leaves ------------------------------------------------------------- */

static bool
is_string(const struct path *p)
{
	return p->place != NULL || class_is_text(p->column) ||
	       p->column->class == CLASS_ENUM;
}

static bool
fits(const struct path *p, enum test test)
{
	const struct column *c = p->column;
	bool inside = p->place != NULL;

	if (test == TEST_NULL)
		return true;
	if (c->class == CLASS_BYTEA || c->class == CLASS_OTHER ||
	    (!inside && c->values.n == 0))
		return false;
	switch (test) {
	case TEST_EQ:
	case TEST_IN:
		return inside || c->has_eq;
	case TEST_DISTINCT:
		return !inside && c->has_eq;
	case TEST_LT:
	case TEST_LE:
	case TEST_GT:
	case TEST_GE:
	case TEST_BETWEEN:
		return inside || (c->has_order && c->class != CLASS_JSONB);
	case TEST_WORDS:
		return inside || class_is_text(c);
	case TEST_SUPERSET:
	case TEST_SUBSET:
		return !inside &&
		       (c->class == CLASS_ARRAY || c->class == CLASS_RANGE ||
			   c->class == CLASS_JSONB);
	case TEST_OVERLAP:
		return c->class == CLASS_ARRAY || c->class == CLASS_RANGE;
	case TEST_ELEMENT:
		return c->class == CLASS_ARRAY && c->elements.n > 0;
	case TEST_KEY:
	case TEST_ANY_KEY:
	case TEST_ALL_KEYS:
		return !inside && c->nplaces > 0;
	case TEST_LEFT:
	case TEST_RIGHT:
	case TEST_NOT_RIGHT:
	case TEST_NOT_LEFT:
	case TEST_ADJACENT:
		return c->class == CLASS_RANGE;
	case TEST_BELOW:
	case TEST_ABOVE:
		return c->tree != NULL;
	default:
		return is_string(p);
	}
}

static const char *
pick_text(const struct path *p)
{
	return p->place != NULL ? p->place->value : leaf_value(p->column);
}

static const char *
value_for(const struct path *p, enum test test)
{
	const struct column *c = p->column;

	switch (test) {
	case TEST_IEXACT:
		return random_chance(70) ? pick_text(p)
					 : pick_part(pick_text(p));
	case TEST_CONTAINS:
	case TEST_ICONTAINS:
		return pick_part(pick_text(p));
	case TEST_STARTS:
	case TEST_ISTARTS:
		return pick_end(pick_text(p), true);
	case TEST_ENDS:
	case TEST_IENDS:
		return pick_end(pick_text(p), false);
	case TEST_LIKE:
	case TEST_ILIKE:
		return pick_pattern(pick_text(p));
	case TEST_REGEX:
	case TEST_IREGEX:
		return pick_regex(pick_text(p));
	case TEST_WORDS:
		return pick_text(p);
	case TEST_ELEMENT:
		return *PICK(c->elements.v, c->elements.n);
	case TEST_KEY:
		return PICK(c->places, c->nplaces)->key[0];
	default:
		return p->place != NULL ? p->place->value : pick_compared(c);
	}
}

static bool
looks_like_number(const char *s)
{
	s += *s == '-';
	return *s != '\0' && strspn(s, "0123456789.") == strlen(s);
}

static void
fill_values(struct node *leaf)
{
	const struct path *p = &leaf->path;
	size_t n = leaf->test == TEST_NULL      ? 0
		   : leaf->test == TEST_BETWEEN ? 2
		   : leaf->test == TEST_IN || leaf->test == TEST_ANY_KEY ||
			   leaf->test == TEST_ALL_KEYS
		       ? 1 + random_below(VALUES_MAX)
		       : 1;

	for (size_t i = 0; i < n; i++)
		leaf->values[i] = value_for(
		    p, leaf->test == TEST_ANY_KEY || leaf->test == TEST_ALL_KEYS
			   ? TEST_KEY
			   : leaf->test);
	leaf->nvalues = n;
	if (p->column->elements.n > 0 && random_chance(60) &&
	    leaf->test >= TEST_SUPERSET && leaf->test <= TEST_OVERLAP)
		make_elements(leaf);
	leaf->as_number = p->place != NULL &&
			  looks_like_number(p->place->value) &&
			  ((leaf->test >= TEST_LT && leaf->test <= TEST_GE) ||
			      leaf->test == TEST_BETWEEN);
}

void
leaf_column(const struct table *t, struct path *p)
{
	p->column = PICK(t->columns, t->ncolumns);
	if (p->column->nplaces > 0 && random_chance(60))
		p->place = PICK(p->column->places, p->column->nplaces);
}

static struct node *
make_leaf(const struct table *t, size_t depth)
{
	struct node *leaf = random_make(sizeof(*leaf));

	t = leaf_hops(t, &leaf->path, 3 - depth, 35, false);
	leaf->kind = NODE_LEAF;
	if (leaf->path.nhops > 0 && random_chance(8)) {
		leaf->test = TEST_NULL;
		leaf->negated = random_chance(50);
		return leaf;
	}
	leaf_column(t, &leaf->path);
	do
		leaf->test = (enum test)random_below(TEST__MAX);
	while (!fits(&leaf->path, leaf->test));
	if (random_chance(20) && fits(&leaf->path, TEST_EQ))
		leaf->test = TEST_EQ;
	if (random_chance(10) && fits(&leaf->path, TEST_IN))
		leaf->test = TEST_IN;
	if (random_chance(50) && fits(&leaf->path, TEST_BELOW))
		leaf->test = random_chance(50) ? TEST_BELOW : TEST_ABOVE;
	leaf->negated = tests[leaf->test].negated != NULL && random_chance(25);
	fill_values(leaf);
	return leaf;
}

/* ---- logic -------------------------------------------------------------- */

static struct node *make_node(const struct table *, size_t depth, int levels);

static struct node *
make_group(const struct table *t, enum node_kind kind, size_t n, size_t depth,
    int levels)
{
	struct node *group = random_make(sizeof(*group));

	group->kind = kind;
	for (size_t i = 0; i < n; i++)
		group->v[group->n++] = make_node(t, depth, levels);
	return group;
}

static struct node *
make_node(const struct table *t, size_t depth, int levels)
{
	unsigned die = random_below(100);

	if (levels > 0 && die < 18)
		return make_group(
		    t, NODE_OR, 2 + random_below(2), depth, levels - 1);
	if (levels > 0 && die < 24)
		return make_group(
		    t, NODE_NOT, 1 + random_below(2), depth, levels - 1);
	if (levels > 0 && die < 29)
		return make_group(t, NODE_AND, 2, depth, levels - 1);
	return make_leaf(t, depth);
}

/* a second condition through the relation of the first: of the same row? */
static void
add_twin(struct node *where, size_t depth)
{
	const struct path *first = &where->v[0]->path;
	struct node *leaf;

	if (where->n == LIST_MAX || where->v[0]->kind != NODE_LEAF ||
	    first->nhops == 0)
		return;
	leaf = make_leaf(first->hops[0]->far, depth + 1);
	if (leaf->path.nhops >= 3)
		return;
	for (size_t i = leaf->path.nhops; i > 0; i--)
		leaf->path.hops[i] = leaf->path.hops[i - 1];
	leaf->path.hops[0] = first->hops[0];
	leaf->path.nhops++;
	where->v[where->n++] = leaf;
}

/* two conditions that many a row meets, alone or both: do they ask one row of
 * several? */
static struct node *
make_pair(const struct relation *r)
{
	struct node *pair = random_make(sizeof(*pair));

	pair->kind = NODE_AND;
	for (int tries = 0; pair->n < 2 && tries < 20; tries++) {
		struct node *leaf = random_make(sizeof(*leaf));

		leaf->path.hops[leaf->path.nhops++] = r;
		leaf->path.column = PICK(r->far->columns, r->far->ncolumns);
		leaf->test = random_chance(50) ? TEST_GE : TEST_LE;
		if (!fits(&leaf->path, leaf->test))
			continue;
		fill_values(leaf);
		pair->v[pair->n++] = leaf;
	}
	return pair->n == 2 ? pair : NULL;
}

struct node *
leaf_where(const struct table *t, size_t depth)
{
	const struct relation *r = leaf_relation(t, false);
	size_t n = random_below(100) < 30 ? 0 : 1 + random_below(3);
	struct node *where = NULL;

	if (depth < 3 && r != NULL && !r->to_one && random_chance(12))
		where = make_pair(r);
	if (where != NULL || n == 0)
		return where;
	where = make_group(t, NODE_AND, n, depth, 2);
	if (random_chance(40))
		add_twin(where, depth);
	return where;
}

bool
leaf_join(struct node *where)
{
	bool some = false;

	for (size_t i = 0; i < where->n; i++)
		some = leaf_join(where->v[i]) || some;
	if (where->kind != NODE_LEAF || where->path.nhops == 0 ||
	    where->path.column == NULL ||
	    (where->test != TEST_NULL && random_chance(30)))
		return some;
	where->path.place = NULL;
	where->test = TEST_NULL;
	where->negated = random_chance(30);
	where->nvalues = 0;
	where->said = NULL;
	return true;
}

/* a word, or several in quotes, of some text of the table */
void
leaf_terms(struct query *q)
{
	size_t n = 1 + random_below(2);

	for (int tries = 0; q->nterms < n && tries < 20; tries++) {
		const struct column *c =
		    PICK(q->table->columns, q->table->ncolumns);
		const char *part;
		bool good = true;

		if (!class_is_searched(c) || c->values.n == 0)
			continue;
		part = pick_part(leaf_value(c));
		for (const char *p = part; *p != '\0'; p++)
			good = good && strchr("'\",\t\n\r\v\f", *p) == NULL;
		if (good && part[0] != '\0' && strlen(part) < 12)
			q->terms[q->nterms++] = part;
	}
}
