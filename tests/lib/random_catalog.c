/*
 * The lines of random.sql: T table, C column, V value, E element, P place in a
 * json value, K key column, F foreign key.  Relations and their names are made
 * here by the rules that the documentation tells, not by those in src/schema.
 */
#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 40
#define FIELDS_MAX  40

static void
die(const char *what)
{
	fprintf(stderr, "random: %s\n", what);
	exit(2);
}

/* what grows one by one; doubled at each power of two */
static void *
grow(void *v, size_t n, size_t size)
{
	void *bigger;

	if ((n & (n - 1)) != 0)
		return v;
	bigger = random_make((n == 0 ? 1 : 2 * n) * size);
	if (n > 0)
		memcpy(bigger, v, n * size);
	return bigger;
}

static void
add_text(struct list *l, const char *s)
{
	l->v = grow(l->v, l->n, sizeof(*l->v));
	l->v[l->n++] = s;
}

/* ---- lines -------------------------------------------------------------- */

struct line {
	const char *v[FIELDS_MAX];
	size_t n;
};

static char *
unescape(char *s)
{
	static const char letters[] = "bfnrtv", bytes[] = "\b\f\n\r\t\v";
	char *to = s, *start = s;

	for (; *s != '\0'; s++) {
		const char *known;

		if (*s != '\\' || s[1] == '\0') {
			*to++ = *s;
			continue;
		}
		known = strchr(letters, *++s);
		*to++ = known != NULL ? bytes[known - letters] : *s;
	}
	*to = '\0';
	return start;
}

static bool
read_line(struct line *l)
{
	char *text = NULL, *rest, *cell;
	size_t room = 0;
	ssize_t n = getline(&text, &room, stdin);

	*l = (struct line){.n = 0};
	if (n <= 0) {
		free(text);
		return false;
	}
	text[n - 1] = '\0';
	rest = random_copy(text, (size_t)n);
	free(text);
	while ((cell = strsep(&rest, "\t")) != NULL && l->n < FIELDS_MAX)
		if (strcmp(cell, "\\N") != 0)
			l->v[l->n++] = unescape(cell);
	return true;
}

static bool
is_true(const char *s)
{
	return s[0] == 't';
}

/* ---- tables ------------------------------------------------------------- */

static enum class class_of(const char *s) {
	static const char letters[] = "inftcbTIueArjJyo";
	const char *known = strchr(letters, s[0]);

	if (known == NULL) die("a class nobody knows");
	return (enum class)(known - letters);
}

static void
add_table(struct catalog *c, const struct line *l)
{
	struct table *t;

	c->tables = grow(c->tables, c->ntables, sizeof(*t));
	t = &c->tables[c->ntables++];
	*t = (struct table){.schema = l->v[1],
	    .name = l->v[2],
	    .path = l->v[3],
	    .rows = atol(l->v[4])};
	t->columns = random_make(COLUMNS_MAX * sizeof(*t->columns));
	t->key = random_make(COLUMNS_MAX * sizeof(*t->key));
}

static struct column *
add_column(struct table *t, const struct line *l)
{
	struct column *c = &t->columns[t->ncolumns++];

	if (t->ncolumns > COLUMNS_MAX)
		die("too many columns");
	*c = (struct column){.name = l->v[1],
	    .type = l->v[2],
	    .element = l->v[3],
	    .class = class_of(l->v[4]),
	    .not_null = is_true(l->v[5]),
	    .has_eq = is_true(l->v[6]),
	    .has_order = is_true(l->v[7]),
	    .is_domain = is_true(l->v[8])};
	return c;
}

static void
add_place(struct column *c, const struct line *l)
{
	char *rest = random_copy(l->v[1], strlen(l->v[1])), *key;
	struct place *p;

	c->places = grow(c->places, c->nplaces, sizeof(*p));
	p = &c->places[c->nplaces++];
	*p = (struct place){.is_number = is_true(l->v[2]), .value = l->v[3]};
	while ((key = strsep(&rest, ".")) != NULL && p->nkeys < JSON_MAX)
		p->key[p->nkeys++] = key;
}

const struct column *
table_find(const struct table *t, const char *name)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		if (strcmp(t->columns[i].name, name) == 0)
			return &t->columns[i];
	return NULL;
}

bool
class_is_text(const struct column *c)
{
	return c->class == CLASS_TEXT || c->class == CLASS_CHAR;
}

bool
class_is_searched(const struct column *c)
{
	static const char *const types[] = {
	    "inet", "cidr", "macaddr", "macaddr8"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(c->type, types[i]) == 0)
			return true;
	return class_is_text(c) || c->class == CLASS_ENUM ||
	       c->class == CLASS_UUID;
}

static void
add_key(struct table *t, const char *name)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		if (strcmp(t->columns[i].name, name) == 0)
			t->key[t->nkey++] = &t->columns[i];
}

static struct table *
find_table(struct catalog *c, const char *schema, const char *name)
{
	for (size_t i = 0; i < c->ntables; i++)
		if (strcmp(c->tables[i].schema, schema) == 0 &&
		    strcmp(c->tables[i].name, name) == 0)
			return &c->tables[i];
	die("a foreign key of no table");
	return NULL;
}

/* ---- relations ---------------------------------------------------------- */

struct key {
	const char *name;
	struct table *near, *far;
	bool is_unique; /* of near: one row at most for each far one */
	const char **near_columns, **far_columns;
	size_t n;
};

static void
read_key(struct catalog *c, struct key *k, const struct line *l)
{
	*k = (struct key){.name = l->v[1],
	    .near = find_table(c, l->v[2], l->v[3]),
	    .far = find_table(c, l->v[4], l->v[5]),
	    .is_unique = is_true(l->v[6]),
	    .n = (l->n - 7) / 2};
	k->near_columns = random_make(k->n * sizeof(char *));
	k->far_columns = random_make(k->n * sizeof(char *));
	for (size_t i = 0; i < k->n; i++) {
		k->near_columns[i] = l->v[7 + 2 * i];
		k->far_columns[i] = l->v[8 + 2 * i];
	}
}

static struct relation *
add_relation(struct table *t, const struct key *k)
{
	struct relation *r;

	t->relations = grow(t->relations, t->nrelations, sizeof(*r));
	r = &t->relations[t->nrelations++];
	*r = (struct relation){.constraint = k->name, .near = t};
	r->by = k->n == 1 ? k->near_columns[0] : k->name;
	return r;
}

static void
add_forward(const struct key *k)
{
	struct relation *r = add_relation(k->near, k);
	const char *column = k->near_columns[0];
	size_t n = strlen(column);

	r->bare = k->far->name;
	if (k->n == 1 && n > 3 && strcmp(column + n - 3, "_id") == 0)
		r->bare = random_copy(column, n - 3);
	r->far = k->far;
	if (k->n == 1 && k->near == k->far)
		for (size_t i = 0; i < k->near->ncolumns; i++)
			if (strcmp(k->near->columns[i].name, column) == 0) {
				k->near->columns[i].tree = k->near;
				k->near->columns[i].tree_key =
				    k->far_columns[0];
			}
	r->to_one = true;
	r->near_columns = k->near_columns;
	r->far_columns = k->far_columns;
	r->n = r->nfar = k->n;
}

static void
add_backward(const struct key *k)
{
	struct relation *r = add_relation(k->far, k);

	r->bare = k->near->name;
	r->far = k->near;
	r->to_one = k->is_unique;
	r->backwards = true;
	r->near_columns = k->far_columns;
	r->far_columns = k->near_columns;
	r->n = r->nfar = k->n;
}

static bool
is_in_primary_key(const struct key *k)
{
	for (size_t i = 0; i < k->n; i++) {
		bool found = false;

		for (size_t j = 0; j < k->near->nkey; j++)
			found = found || strcmp(k->near->key[j]->name,
					     k->near_columns[i]) == 0;
		if (!found)
			return false;
	}
	return true;
}

static void
add_through(const struct key *here, const struct key *there)
{
	struct relation *r = add_relation(here->far, there);

	r->by = here->near->name;
	r->bare = there->far->name;
	r->far = there->far;
	r->via = here->near;
	r->backwards = true;
	r->near_columns = here->far_columns;
	r->via_near = here->near_columns;
	r->n = here->n;
	r->far_columns = there->far_columns;
	r->via_far = there->near_columns;
	r->nfar = there->n;
}

static const char *
longer_name(const struct relation *r)
{
	bool self = r->backwards && r->near == r->far && r->via == NULL;

	if (r->level == 0)
		return r->bare;
	if (r->via != NULL && r->level > 1)
		return random_format(
		    "%s!%s!%s", r->far->name, r->by, r->constraint);
	return random_format("%s!%s%s", r->far->name,
	    r->level > 1 ? r->constraint : r->by, self ? "!back" : "");
}

static bool
is_taken(const struct table *t, size_t i)
{
	if (table_find(t, t->relations[i].name) != NULL)
		return true;
	for (size_t k = 0; k < t->nrelations; k++)
		if (k != i &&
		    strcmp(t->relations[k].name, t->relations[i].name) == 0)
			return true;
	return false;
}

/* those that share a name take the longer one, all at once */
static void
name_relations(struct table *t)
{
	bool *taken = random_make(t->nrelations + 1);

	for (size_t i = 0; i < t->nrelations; i++)
		t->relations[i].name = t->relations[i].bare;
	for (unsigned level = 1; level <= 2; level++) {
		for (size_t i = 0; i < t->nrelations; i++)
			taken[i] = is_taken(t, i);
		for (size_t i = 0; i < t->nrelations; i++)
			if (taken[i]) {
				t->relations[i].level++;
				t->relations[i].name =
				    longer_name(&t->relations[i]);
			}
	}
}

static void
make_relations(struct catalog *c, const struct key *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add_forward(&v[i]);
		add_backward(&v[i]);
		for (size_t k = 0; k < n; k++)
			if (k != i && v[k].near == v[i].near &&
			    is_in_primary_key(&v[i]) &&
			    is_in_primary_key(&v[k]))
				add_through(&v[i], &v[k]);
	}
	for (size_t i = 0; i < c->ntables; i++)
		name_relations(&c->tables[i]);
}

/* ---- all of it ---------------------------------------------------------- */

void
catalog_read(struct catalog *c)
{
	struct column *column = NULL;
	struct key *keys = NULL;
	size_t nkeys = 0;
	struct line l;

	while (read_line(&l)) {
		char kind = l.v[0][0];
		struct table *t =
		    c->ntables > 0 ? &c->tables[c->ntables - 1] : NULL;

		if (kind == 'T')
			add_table(c, &l);
		else if (kind == 'F') {
			keys = grow(keys, nkeys, sizeof(*keys));
			read_key(c, &keys[nkeys++], &l);
		} else if (t == NULL)
			die("a line before the first table");
		else if (kind == 'C')
			column = add_column(t, &l);
		else if (kind == 'K')
			add_key(t, l.v[1]);
		else if (column == NULL)
			die("a line before the first column");
		else if (kind == 'V')
			add_text(&column->values, l.v[1]);
		else if (kind == 'E')
			add_text(&column->elements, l.v[1]);
		else if (kind == 'P')
			add_place(column, &l);
		else
			die("a line of no kind");
	}
	make_relations(c, keys, nkeys);
}
