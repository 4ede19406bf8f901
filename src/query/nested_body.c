/*
 * Reading a document of rows of several tables.  Each level is checked by
 * body_parse like any other body; what a relation gives (the key of the other
 * row) must not be given twice, and is not missed where it is absent.
 */
#include "query/query_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "schema/schema.h"

#define VALUES_MAX 30000 /* PostgreSQL takes 65,535 arguments */

struct seen {
	const struct table *table;
	struct relations relations;
	struct seen *next;
};

struct reading {
	struct arena *arena;
	struct schema *schema;
	const struct query_limits *limits;
	struct nested_set *set;
	struct seen *seen;
	size_t nvalues;
	struct err *err;
};

static int read_row(struct reading *, struct nested *, size_t depth);

static struct str
path_of(struct reading *r, const struct nested *n, struct str member)
{
	return str_from(arena_printf(
	    r->arena, "%.*s%.*s", STR_ARGS(n->path), STR_ARGS(member)));
}

/* reading goes on, so that one answer tells all */
static void
refuse(struct reading *r, const struct nested *n, struct str member,
    const char *text)
{
	err_add_field(r->err, ERR_BAD_VALUE, path_of(r, n, member), "%s", text);
}

static void
refuse_row(struct reading *r, const struct nested *n, const char *text)
{
	struct str path = n->path;

	if (path.len > 0)
		path.len--; /* the dot */
	err_add_field(r->err, ERR_BAD_VALUE, path, "%s", text);
}

static const struct relations *
relations_of(struct reading *r, const struct table *t)
{
	struct seen *s;

	for (s = r->seen; s != NULL; s = s->next)
		if (s->table == t)
			return &s->relations;
	s = arena_make(r->arena, struct seen);
	s->table = t;
	if (schema_relations(r->schema, r->arena, t, r->limits->visible,
		&s->relations, r->err) != 0)
		return NULL;
	s->next = r->seen;
	r->seen = s;
	return &s->relations;
}

static bool
is_generated(const struct column *c)
{
	return c->has_default || c->generated || c->identity != IDENTITY_NONE;
}

/* ---- which row, and what becomes of it ---------------------------------- */

/* the columns by which a row can be named in this place; a child is named by
 * its key, where that is not made of what its parent gives */
static void
find_by(struct nested *n)
{
	const struct relation *rel = n->relation;

	n->by = rel->far_columns;
	n->nby = rel->nfar;
	if (n->place != NESTED_BEHIND)
		return;
	n->by = n->table->key;
	n->nby = n->table->nkey;
	for (size_t i = 0; i < n->nby; i++)
		if (positions_have(rel->far_columns, rel->nfar, n->by[i]))
			n->nby = 0;
}

static enum nested_how
choose_how(const struct nested *n)
{
	bool generated = false;

	for (size_t i = 0; i < n->nby; i++) {
		const struct column *c = &n->table->columns[n->by[i]];
		const struct json *j = json_get(n->json, c->name);

		if (j == NULL || j->kind == JSON_NULL)
			return NESTED_CREATE;
		generated = generated || is_generated(c);
	}
	if (n->nby == 0)
		return NESTED_CREATE;
	if (generated || n->json->n == n->nby)
		return NESTED_LINK;
	return n->place == NESTED_BEHIND ? NESTED_CREATE : NESTED_ENSURE;
}

static void
read_by(struct reading *r, struct nested *n)
{
	n->by_text = arena_array(r->arena, struct str, n->nby);
	for (size_t i = 0; i < n->nby; i++) {
		const struct column *c = &n->table->columns[n->by[i]];
		const char *wrong;
		bool is_null;

		wrong = value_from_json(r->arena, c->type,
		    json_get(n->json, c->name), &n->by_text[i], &is_null);
		if (wrong != NULL)
			refuse(r, n, c->name, wrong);
	}
	r->nvalues += n->nby;
}

/* null, or no rows */
static bool
is_nothing(const struct json *m)
{
	return m->kind == JSON_NULL || (m->kind == JSON_ARRAY && m->n == 0);
}

static bool
is_relation(struct reading *r, const struct nested *n, struct str name)
{
	const struct relations *relations = relations_of(r, n->table);
	size_t nchoices = 0;

	return relations != NULL && (relation_find(relations, name, r->arena,
					 NULL, &nchoices) != NULL ||
					nchoices > 1);
}

/* a row that is only linked may carry its other columns along, as a GET has
 * shown them; they say nothing */
static void
read_link(struct reading *r, struct nested *n)
{
	read_by(r, n);
	if (n->place == NESTED_BEHIND && !n->table->can_update)
		refuse_row(r, n, "PostgreSQL cannot update rows here.");
	if (n->json->twin != NULL)
		refuse(r, n, n->json->twin->key,
		    "This field is given more than once.");
	for (const struct json *m = n->json->child; m != NULL; m = m->next)
		if (table_column(n->table, m->key) == NULL &&
		    !(is_nothing(m) && is_relation(r, n, m->key)))
			refuse(r, n, m->key,
			    "This row is linked by its key: only its own "
			    "columns can stand here.");
}

/* ---- its columns -------------------------------------------------------- */

static bool
is_given(const struct nested *n, const struct column *c)
{
	return n->given[c - n->table->columns] != NESTED_NOT_GIVEN;
}

static void
take_errors(struct reading *r, const struct nested *n, const struct err *from)
{
	for (const struct err_field *f = from->fields; f != NULL; f = f->next) {
		const struct column *c = table_input(n->table, f->field);
		enum err_id id = from->id;

		if (c != NULL && is_given(n, c) &&
		    json_get(n->json, c->name) == NULL)
			continue;
		/* the first one may have been left out */
		if (id == ERR_REQUIRED && json_get(n->json, f->field) != NULL)
			id = ERR_BAD_VALUE;
		err_add_field(
		    r->err, id, path_of(r, n, f->field), "%s", f->text);
	}
	if (from->fields == NULL)
		err_set(r->err, from->id, "%s",
		    from->detail != NULL ? from->detail : err_title(from->id));
}

/* the columns of relations that have no row */
static void
add_nulls(struct nested *n)
{
	const struct table *t = n->table;

	/* where the body names one of them too, that was refused */
	for (size_t i = 0; i < t->ncolumns; i++)
		if (n->given[i] == NESTED_NULL && n->body.n < table_ninput(t))
			n->body.v[n->body.n++] = (struct assign){
			    .column = &t->columns[i], .is_null = true};
}

static void
read_columns(struct reading *r, struct nested *n, const struct json *plain)
{
	struct err err;

	for (const struct json *m = plain->child; m != NULL; m = m->next) {
		const struct column *c = table_input(n->table, m->key);

		if (c != NULL && is_given(n, c))
			refuse(r, n, m->key,
			    "A relation gives this value already.");
	}
	err_init(&err, r->arena);
	if (body_parse(r->arena, n->table, plain, BODY_CREATE, NULL, &n->body,
		&err) != 0)
		take_errors(r, n, &err);
	add_nulls(n);
	r->nvalues += n->body.n;
	if (!n->table->can_insert)
		refuse_row(r, n, "PostgreSQL cannot insert rows here.");
}

/* ---- relations ---------------------------------------------------------- */

static struct nested *
new_row(struct reading *r, struct nested *up, const struct table *t,
    const struct json *json)
{
	struct nested *n;

	if (r->set->n == NESTED_MAX) {
		err_set(r->err, ERR_LIMIT, "At most %d rows in one document.",
		    NESTED_MAX);
		return NULL;
	}
	n = arena_make(r->arena, struct nested);
	n->table = t;
	n->json = json;
	n->up = up;
	n->number = r->set->n;
	n->given = arena_array(r->arena, enum nested_given, table_ninput(t));
	r->set->v[r->set->n++] = n;
	return n;
}

static bool
may_be_null(const struct column *c)
{
	return !c->not_null && body_may_hold(c);
}

/* those of the columns that can be it; false: none can */
static bool
give(struct reading *r, struct nested *n, struct str member,
    const uint16_t *columns, size_t count, enum nested_given what)
{
	bool some = false, twice = false;

	for (size_t i = 0; i < count; i++) {
		if (what == NESTED_NULL &&
		    !may_be_null(&n->table->columns[columns[i]]))
			continue;
		some = true;
		twice = twice || n->given[columns[i]] != NESTED_NOT_GIVEN;
		n->given[columns[i]] = what;
	}
	if (twice)
		refuse(
		    r, n, member, "Another relation gives the same columns.");
	return some;
}

static bool
are_open(const struct table *t, const uint16_t *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!body_may_hold(&t->columns[columns[i]]))
			return false;
	return true;
}

/* what the database makes itself names no row of this document */
static bool
may_relate(const struct nested *n)
{
	const struct relation *rel = n->relation;

	if (n->place == NESTED_BESIDE)
		return are_open(rel->via, rel->via_near, rel->ncolumns) &&
		       are_open(rel->via, rel->via_far, rel->nfar);
	return n->place == NESTED_BEFORE
		   ? are_open(n->up->table, rel->columns, rel->ncolumns)
		   : are_open(n->table, rel->far_columns, rel->nfar);
}

/* null: there is no such row.  Of the columns that would name it those that
 * can be null are: one is enough */
static void
read_none(struct reading *r, struct nested *n, const struct relation *rel,
    struct str member)
{
	if (rel->kind != RELATION_TO_ONE || rel->backwards ||
	    give(r, n, member, rel->columns, rel->ncolumns, NESTED_NULL))
		return;
	err_add_field(r->err, ERR_CONSTRAINT, path_of(r, n, member),
	    "This field may not be null.");
	/* nothing more is to be said of them */
	give(r, n, member, rel->columns, rel->ncolumns, NESTED_GIVEN);
}

static int
read_related(struct reading *r, struct nested *up, const struct relation *rel,
    const struct json *json, struct str path, size_t depth,
    struct nested ***tail)
{
	struct nested *n;

	if (json->kind != JSON_OBJECT) {
		refuse(r, up, rel->name,
		    rel->kind == RELATION_TO_ONE
			? "Must be an object or null."
			: "Must be a list of objects.");
		return 0;
	}
	n = new_row(r, up, rel->far, json);
	if (n == NULL)
		return -1;
	n->path = path;
	n->relation = rel;
	n->place = rel->kind == RELATION_MANY_TO_MANY ? NESTED_BESIDE
		   : rel->backwards                   ? NESTED_BEHIND
						      : NESTED_BEFORE;
	if (!may_relate(n))
		refuse_row(r, n, "This relation is read-only.");
	if (n->place == NESTED_BEFORE)
		give(r, up, rel->name, rel->columns, rel->ncolumns,
		    NESTED_GIVEN);
	if (n->place == NESTED_BEHIND)
		give(r, n, STR(""), rel->far_columns, rel->nfar, NESTED_GIVEN);
	**tail = n;
	*tail = &n->next;
	return read_row(r, n, depth);
}

static int
read_relation(struct reading *r, struct nested *up, const struct relation *rel,
    const struct json *m, size_t depth, struct nested ***tail)
{
	size_t i = 0;

	if (m->kind == JSON_NULL) {
		read_none(r, up, rel, m->key);
		return 0;
	}
	if (depth == r->limits->max_depth)
		return err_set(r->err, ERR_LIMIT,
		    "At most %zu relations one behind the other.",
		    r->limits->max_depth);
	if (rel->kind == RELATION_TO_ONE)
		return read_related(r, up, rel, m,
		    str_from(arena_printf(
			r->arena, "%s.", path_of(r, up, m->key).p)),
		    depth + 1, tail);
	if (m->kind != JSON_ARRAY) {
		refuse(r, up, m->key, "Must be a list of objects.");
		return 0;
	}
	for (const struct json *j = m->child; j != NULL; j = j->next) {
		struct str path = str_from(arena_printf(
		    r->arena, "%s[%zu].", path_of(r, up, m->key).p, i++));

		if (read_related(r, up, rel, j, path, depth + 1, tail) != 0)
			return -1;
	}
	return 0;
}

static void
refuse_ambiguous(struct reading *r, const struct nested *n, struct str name,
    const struct relation *const *choices, size_t nchoices)
{
	struct buf text;

	buf_init(&text, r->arena, 1000);
	buf_lit(&text, "This may be");
	for (size_t i = 0; i < nchoices; i++) {
		buf_cstr(&text, i == 0 ? " " : ", ");
		buf_str(&text, choices[i]->name);
	}
	buf_char(&text, '.');
	refuse(r, n, name, text.p);
}

/* NULL: it is no relation of the table */
static const struct relation *
find_relation(struct reading *r, const struct nested *n,
    const struct relations *relations, const struct json *m)
{
	const struct relation **choices = NULL, *rel;
	size_t nchoices = 0;

	if (table_input(n->table, m->key) != NULL)
		return NULL;
	rel = relation_find(relations, m->key, r->arena, &choices, &nchoices);
	if (rel == NULL && nchoices > 1)
		refuse_ambiguous(r, n, m->key, choices, nchoices);
	return rel;
}

static void
keep_member(struct reading *r, struct json *plain, const struct json *m,
    struct json ***tail)
{
	struct json *copy = arena_memdup(r->arena, m, sizeof(*m));

	copy->next = NULL;
	**tail = copy;
	*tail = &copy->next;
	plain->n++;
}

/* the object without its relations in *plain, these below n */
static int
read_members(
    struct reading *r, struct nested *n, struct json *plain, size_t depth)
{
	const struct relations *relations = relations_of(r, n->table);
	struct nested **down = &n->down;
	struct json **tail = &plain->child;

	if (relations == NULL)
		return -1;
	plain->child = NULL;
	plain->n = 0;
	for (const struct json *m = n->json->child; m != NULL; m = m->next) {
		const struct relation *rel = find_relation(r, n, relations, m);

		if (rel == NULL)
			keep_member(r, plain, m, &tail);
		else if (read_relation(r, n, rel, m, depth, &down) != 0)
			return -1;
	}
	return 0;
}

static int
read_row(struct reading *r, struct nested *n, size_t depth)
{
	struct json plain = *n->json;

	if (n->relation != NULL) {
		find_by(n);
		n->how = choose_how(n);
	}
	if (n->how == NESTED_LINK) {
		read_link(r, n);
		return 0;
	}
	if (read_members(r, n, &plain, depth) != 0)
		return -1;
	if (n->how == NESTED_ENSURE) {
		read_by(r, n);
		if (n->down != NULL)
			refuse(r, n, n->down->relation->name,
			    "This row may be there already: nothing can be "
			    "written below it.");
	}
	read_columns(r, n, &plain);
	if (r->nvalues > VALUES_MAX)
		return err_set(
		    r->err, ERR_LIMIT, "This document has too many values.");
	return 0;
}

/* ---- the document ------------------------------------------------------- */

static int
read_outermost(struct reading *r, const struct table *t,
    const struct json *json, struct str path, struct nested ***tail)
{
	struct nested *n;

	if (json->kind != JSON_OBJECT)
		return err_set(r->err, ERR_BAD_VALUE,
		    "A row must be a JSON object; this one is of type %s.",
		    json_kind_name(json->kind));
	n = new_row(r, NULL, t, json);
	if (n == NULL)
		return -1;
	n->path = path;
	**tail = n;
	*tail = &n->next;
	return read_row(r, n, 0);
}

int
nested_parse(struct arena *a, struct schema *schema, const struct table *t,
    const struct json *json, const struct query_limits *limits,
    struct nested_set *out, struct err *err)
{
	struct reading r = {.arena = a,
	    .schema = schema,
	    .limits = limits,
	    .set = out,
	    .err = err};
	struct nested **tail = &out->first;
	size_t i = 0;

	*out = (struct nested_set){.single = json->kind != JSON_ARRAY};
	out->v = arena_array(a, struct nested *, NESTED_MAX);
	if (out->single)
		read_outermost(&r, t, json, STR(""), &tail);
	else if (json->n == 0)
		err_set(err, ERR_BAD_VALUE, "There is no row to create.");
	else
		for (json = json->child; json != NULL; json = json->next)
			if (read_outermost(&r, t, json,
				str_from(arena_printf(a, "[%zu].", i++)),
				&tail) != 0)
				break;
	return err->id != ERR_NONE ? -1 : 0;
}

static bool
names_relation(struct arena *a, const struct relations *relations,
    const struct table *t, const struct json *object)
{
	for (const struct json *m = object->child; m != NULL; m = m->next) {
		size_t nchoices = 0;

		if (table_input(t, m->key) == NULL &&
		    (relation_find(relations, m->key, a, NULL, &nchoices) !=
			    NULL ||
			nchoices > 1))
			return true;
	}
	return false;
}

bool
nested_is(struct arena *a, struct schema *schema, const struct table *t,
    const struct json *json, const struct visible *visible)
{
	struct relations relations;
	struct err err;

	err_init(&err, NULL);
	if ((json->kind != JSON_OBJECT && json->kind != JSON_ARRAY) ||
	    schema_relations(schema, a, t, visible, &relations, &err) != 0)
		return false;
	if (json->kind == JSON_OBJECT)
		return names_relation(a, &relations, t, json);
	for (const struct json *j = json->child; j != NULL; j = j->next)
		if (j->kind == JSON_OBJECT &&
		    names_relation(a, &relations, t, j))
			return true;
	return false;
}
