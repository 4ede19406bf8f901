/*
 * One table from its JSON text.  The text has passed its checksum, so what is
 * wrong here is not damage but a program that writes otherwise than we read;
 * it is refused all the same.  A reader remembers the first wrong thing, and
 * everything after it reads as empty: one test at the end is enough.
 */
#include "schema/schema_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

struct reader {
	struct arena *arena;
	bool bad;
};

static const struct json *
member(const struct json *j, const char *key)
{
	return json_get(j, str_from(key));
}

static struct str
optional_text(struct reader *r, const struct json *j, const char *key)
{
	const struct json *m = member(j, key);

	if (m == NULL)
		return STR_NONE;
	if (m->kind != JSON_STRING) {
		r->bad = true;
		return STR_NONE;
	}
	return str_dup(r->arena, m->text);
}

static struct str
get_text(struct reader *r, const struct json *j, const char *key)
{
	struct str s = optional_text(r, j, key);

	if (s.p == NULL)
		r->bad = true;
	return s;
}

static int64_t
to_number(struct reader *r, const struct json *m, int64_t lo, int64_t hi)
{
	int64_t v;

	if (m->kind == JSON_NUMBER && str_i64(m->src, &v) == 0 && v >= lo &&
	    v <= hi)
		return v;
	r->bad = true;
	return lo;
}

static int64_t
optional_number(struct reader *r, const struct json *j, const char *key,
    int64_t lo, int64_t hi)
{
	const struct json *m = member(j, key);

	return m == NULL ? 0 : to_number(r, m, lo, hi);
}

static int64_t
get_number(struct reader *r, const struct json *j, const char *key, int64_t lo,
    int64_t hi)
{
	if (member(j, key) == NULL)
		r->bad = true;
	return optional_number(r, j, key, lo, hi);
}

/* true when it stands there; false is left out */
static bool
get_flag(struct reader *r, const struct json *j, const char *key)
{
	const struct json *m = member(j, key);

	if (m != NULL && m->kind != JSON_TRUE)
		r->bad = true;
	return m != NULL;
}

/* the position of the word in the list */
static int
get_word(struct reader *r, const struct json *j, const char *key,
    const char *const *words, int last)
{
	const struct json *m = member(j, key);

	if (m != NULL && m->kind == JSON_STRING)
		for (int i = 0; i <= last; i++)
			if (str_eq_c(m->text, words[i]))
				return i;
	r->bad = true;
	return 0;
}

static enum type_class
get_class(struct reader *r, const struct json *j)
{
	const struct json *m = member(j, "class");

	if (m != NULL && m->kind == JSON_STRING)
		for (int i = 0; i <= TYPE_OTHER; i++)
			if (str_eq_c(
				m->text, type_class_name((enum type_class)i)))
				return (enum type_class)i;
	r->bad = true;
	return TYPE_OTHER;
}

/* an array's first element, and how many there are */
static const struct json *
get_list(struct reader *r, const struct json *j, const char *key, size_t *n)
{
	const struct json *m = member(j, key);

	*n = 0;
	if (m == NULL || m->kind != JSON_ARRAY) {
		r->bad = true;
		return NULL;
	}
	*n = m->n;
	return m->child;
}

static struct str *
get_texts(struct reader *r, const struct json *j, const char *key, size_t *n)
{
	const struct json *e = get_list(r, j, key, n);
	struct str *v = arena_array(r->arena, struct str, *n);

	for (size_t i = 0; e != NULL; e = e->next, i++) {
		if (e->kind != JSON_STRING)
			r->bad = true;
		else
			v[i] = str_dup(r->arena, e->text);
	}
	return v;
}

/* positions of columns, each below limit */
static uint16_t *
get_indices(struct reader *r, const struct json *j, const char *key,
    size_t limit, size_t *n)
{
	const struct json *e = get_list(r, j, key, n);
	uint16_t *v = arena_array(r->arena, uint16_t, *n);

	for (size_t i = 0; e != NULL; e = e->next, i++)
		v[i] = (uint16_t)to_number(r, e, 0, (int64_t)limit - 1);
	if (limit == 0 && *n > 0)
		r->bad = true;
	return v;
}

/* the type whose position stands there; only earlier ones can be named */
static struct type *
get_type(struct reader *r, const struct json *j, const char *key,
    struct type *types, size_t before)
{
	int64_t i;

	if (before == 0) {
		r->bad = true;
		return NULL;
	}
	i = get_number(r, j, key, 0, (int64_t)before - 1);
	return &types[i];
}

static void
read_fields(
    struct reader *r, const struct json *j, struct type *types, struct type *t)
{
	const struct json *e = get_list(r, j, "fields", &t->nfields);

	t->fields = arena_array(r->arena, struct type_field, t->nfields);
	for (size_t i = 0; e != NULL; e = e->next, i++) {
		t->fields[i].name = get_text(r, e, "name");
		t->fields[i].type =
		    get_type(r, e, "type", types, (size_t)(t - types));
	}
}

static void
read_domain(struct reader *r, const struct json *j, struct type *t)
{
	t->is_domain = get_flag(r, j, "is_domain");
	t->domain_not_null = get_flag(r, j, "domain_not_null");
	t->base_schema =
	    t->is_domain ? get_text(r, j, "base_schema") : t->schema;
	t->base_name = t->is_domain ? get_text(r, j, "base_name") : t->name;
}

static void
read_type(
    struct reader *r, const struct json *j, struct type *types, struct type *t)
{
	t->class = get_class(r, j);
	t->oid = (uint32_t)get_number(r, j, "oid", 0, UINT32_MAX);
	t->schema = get_text(r, j, "schema");
	t->name = get_text(r, j, "name");
	t->display = get_text(r, j, "display");
	read_domain(r, j, t);
	t->max_len = (int32_t)optional_number(r, j, "max_len", 0, INT32_MAX);
	t->precision = (int32_t)optional_number(r, j, "precision", 0, 1000);
	t->scale = (int32_t)optional_number(r, j, "scale", -1000, 1000);
	if (t->class == TYPE_ENUM)
		t->labels = get_texts(r, j, "labels", &t->nlabels);
	if (t->class == TYPE_ARRAY)
		t->element =
		    get_type(r, j, "element", types, (size_t)(t - types));
	if (t->class == TYPE_COMPOSITE)
		read_fields(r, j, types, t);
}

static void
read_column(struct reader *r, const struct json *j, struct type *types,
    size_t ntypes, struct column *c)
{
	c->name = get_text(r, j, "name");
	c->attnum = (int16_t)get_number(r, j, "attnum", 1, INT16_MAX);
	c->type = get_type(r, j, "type", types, ntypes);
	c->not_null = get_flag(r, j, "not_null");
	c->has_default = get_flag(r, j, "has_default");
	if (member(j, "identity") != NULL)
		c->identity = (enum identity)get_word(
		    r, j, "identity", record_identities, IDENTITY_BY_DEFAULT);
	c->generated = get_flag(r, j, "generated");
	c->updatable = get_flag(r, j, "updatable");
	c->write_only = get_flag(r, j, "write_only");
	c->has_eq = get_flag(r, j, "has_eq");
	c->has_order = get_flag(r, j, "has_order");
	c->comment = optional_text(r, j, "comment");
}

/* the member is left out where there are none */
static void
read_computed(struct reader *r, const struct json *j, struct type *types,
    size_t ntypes, struct table *t)
{
	const struct json *e;
	struct column *c;

	if (member(j, "computed") == NULL)
		return;
	e = get_list(r, j, "computed", &t->ncomputed);
	t->computed = arena_array(r->arena, struct column, t->ncomputed);
	for (c = t->computed; e != NULL; e = e->next, c++) {
		c->computed_of = t;
		c->name = get_text(r, e, "name");
		c->function_schema = get_text(r, e, "schema");
		c->type = get_type(r, e, "type", types, ntypes);
		c->has_eq = get_flag(r, e, "has_eq");
		c->has_order = get_flag(r, e, "has_order");
		c->comment = optional_text(r, e, "comment");
		if (table_input(t, c->name) != NULL)
			r->bad = true;
	}
}

/* the write-only ones stand behind the others, which are one at least */
static void
count_columns(struct reader *r, struct table *t, size_t n)
{
	while (t->ncolumns < n && !t->columns[t->ncolumns].write_only)
		t->ncolumns++;
	t->nwrite_only = n - t->ncolumns;
	for (size_t i = t->ncolumns; i < n; i++)
		if (!t->columns[i].write_only)
			r->bad = true;
	if (t->ncolumns == 0 || n > INT16_MAX)
		r->bad = true;
}

static void
read_columns(struct reader *r, const struct json *j, struct table *t)
{
	const struct json *e;
	struct type *types;
	size_t ntypes, n;

	e = get_list(r, j, "types", &ntypes);
	types = arena_array(r->arena, struct type, ntypes);
	for (size_t i = 0; e != NULL; e = e->next, i++)
		read_type(r, e, types, &types[i]);
	e = get_list(r, j, "columns", &n);
	t->columns = arena_array(r->arena, struct column, n);
	for (size_t i = 0; e != NULL; e = e->next, i++)
		read_column(r, e, types, ntypes, &t->columns[i]);
	count_columns(r, t, n);
	read_computed(r, j, types, ntypes, t);
}

static void
read_constraints(struct reader *r, const struct json *j, struct table *t)
{
	const struct json *e;
	struct constraint *c;

	e = get_list(r, j, "constraints", &t->nconstraints);
	t->constraints =
	    arena_array(r->arena, struct constraint, t->nconstraints);
	for (c = t->constraints; e != NULL; e = e->next, c++) {
		c->name = get_text(r, e, "name");
		c->kind = (enum constraint_kind)get_word(
		    r, e, "kind", record_constraints, CONSTRAINT_EXCLUDE);
		c->columns = get_indices(r, e, "columns",
		    c->kind == CONSTRAINT_CHECK ? table_ninput(t) : t->ncolumns,
		    &c->ncolumns);
	}
}

static struct fkey *
read_fkeys(struct reader *r, const struct json *j, const char *key,
    const struct table *t, size_t *n)
{
	const struct json *e = get_list(r, j, key, n);
	struct fkey *fkeys = arena_array(r->arena, struct fkey, *n), *f;
	size_t nfar;

	for (f = fkeys; e != NULL; e = e->next, f++) {
		f->name = get_text(r, e, "name");
		f->columns =
		    get_indices(r, e, "columns", t->ncolumns, &f->ncolumns);
		f->far_table = get_text(r, e, "far_table");
		f->far_columns = get_texts(r, e, "far_columns", &nfar);
		f->far_unique = get_flag(r, e, "far_unique");
		if (nfar != f->ncolumns || nfar == 0)
			r->bad = true;
	}
	return fkeys;
}

static void
read_head(struct reader *r, const struct json *j, struct table *t)
{
	t->schema = get_text(r, j, "schema");
	t->name = get_text(r, j, "name");
	t->path = get_text(r, j, "path");
	t->kind = (enum table_kind)get_word(
	    r, j, "kind", record_kinds, TABLE_FOREIGN);
	t->oid = (uint32_t)get_number(r, j, "oid", 0, UINT32_MAX);
	t->can_insert = get_flag(r, j, "can_insert");
	t->can_update = get_flag(r, j, "can_update");
	t->can_delete = get_flag(r, j, "can_delete");
	t->row_security = get_flag(r, j, "row_security");
	t->conceals = get_flag(r, j, "conceals");
	t->est_rows = get_number(r, j, "est_rows", -1, INT64_MAX);
	t->comment = optional_text(r, j, "comment");
	t->qname = str_from(arena_printf(
	    r->arena, "%.*s.%.*s", STR_ARGS(t->schema), STR_ARGS(t->name)));
}

/* the first foreign key that is this one column */
static void
link_columns(struct table *t)
{
	struct column *c;

	for (size_t i = 0; i < t->nfkeys; i++) {
		if (t->fkeys[i].ncolumns != 1)
			continue;
		c = &t->columns[t->fkeys[i].columns[0]];
		if (c->fkey == NULL)
			c->fkey = &t->fkeys[i];
	}
}

int
record_read(
    struct arena *a, struct arena *scratch, struct str json, struct table *t)
{
	struct reader r = {.arena = a};
	const struct json *j = json_parse(scratch, json, NULL);

	memset(t, 0, sizeof(*t));
	if (j == NULL || j->kind != JSON_OBJECT)
		return -1;
	read_head(&r, j, t);
	read_columns(&r, j, t);
	if (r.bad)
		return -1;
	t->key = get_indices(&r, j, "key", t->ncolumns, &t->nkey);
	if (member(j, "search") != NULL)
		t->search = get_texts(&r, j, "search", &t->nsearch);
	read_constraints(&r, j, t);
	t->fkeys = read_fkeys(&r, j, "fkeys", t, &t->nfkeys);
	t->refs = read_fkeys(&r, j, "refs", t, &t->nrefs);
	if (r.bad)
		return -1;
	link_columns(t);
	return 0;
}

int
notices_read(struct arena *a, struct arena *scratch, struct str json,
    struct notice **out, size_t *n)
{
	struct reader r = {.arena = a};
	const struct json *j = json_parse(scratch, json, NULL), *e;
	struct notice *v;

	if (j == NULL || j->kind != JSON_ARRAY)
		return -1;
	*n = j->n;
	*out = v = arena_array(a, struct notice, j->n);
	for (e = j->child; e != NULL; e = e->next, v++) {
		v->qname = get_text(&r, e, "table");
		v->text = get_text(&r, e, "text");
		v->excluded = get_flag(&r, e, "excluded");
	}
	return r.bad ? -1 : 0;
}
