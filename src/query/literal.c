/*
 * JSON values of a body as PostgreSQL's input text.  Arrays, composites and
 * hstore become literals of ours rather than json_populate_record(), so that
 * what lies inside them obeys the same rules as a plain column: base64 for
 * bytea, our own grammar for numbers and times.
 */
#include "query/query_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/escape.h"
#include "base/json.h"
#include "schema/schema.h"

#define ARRAY_DIMS_MAX 6 /* PostgreSQL's MAXDIM */
#define LITERAL_MAX    (64u << 20)

struct writer {
	struct arena *arena;
	struct buf out;
	const struct type *element;
	size_t dims;
	size_t size[ARRAY_DIMS_MAX]; /* of each dimension */
	char delimiter;
};

/* elements of these types are JSON themselves: a list is one value */
static bool
takes_lists(const struct type *element)
{
	return element->class == TYPE_JSON || element->class == TYPE_JSONB ||
	       element->class == TYPE_ARRAY;
}

/* the shape of the first branch; all others must have it too */
static const char *
measure_array(struct writer *w, const struct json *j)
{
	w->dims = 0;
	do {
		if (w->dims == ARRAY_DIMS_MAX)
			return "Lists can be nested at most 6 deep.";
		w->size[w->dims++] = j->n;
		j = j->child;
	} while (
	    !takes_lists(w->element) && j != NULL && j->kind == JSON_ARRAY);
	return NULL;
}

static const char *
write_element(struct writer *w, const struct json *j)
{
	struct str text = STR("");
	const char *wrong;
	bool is_null;

	wrong = value_from_json(w->arena, w->element, j, &text, &is_null);
	if (wrong != NULL)
		return wrong;
	if (is_null)
		buf_lit(&w->out, "NULL");
	else
		buf_element(&w->out, text);
	return NULL;
}

static const char *
write_array(struct writer *w, const struct json *j, size_t dim)
{
	size_t i = 1;

	if (j->kind != JSON_ARRAY || j->n != w->size[dim])
		return "Nested lists must all have the same length.";
	buf_char(&w->out, '{');
	for (const struct json *e = j->child; e != NULL; e = e->next, i++) {
		const char *wrong;

		if (i > 1)
			buf_char(&w->out, w->delimiter);
		wrong = dim + 1 < w->dims ? write_array(w, e, dim + 1)
					  : write_element(w, e);
		if (wrong != NULL)
			return arena_printf(w->arena, "Item %zu: %s", i, wrong);
	}
	buf_char(&w->out, '}');
	return NULL;
}

/* int2vector and oidvector: numbers between blanks, no nulls */
static const char *
write_vector(struct writer *w, const struct json *j)
{
	for (const struct json *e = j->child; e != NULL; e = e->next) {
		const char *wrong;
		struct str text;
		bool is_null;

		wrong =
		    value_from_json(w->arena, w->element, e, &text, &is_null);
		if (wrong != NULL || is_null)
			return is_null ? "Items may not be null." : wrong;
		if (w->out.len > 0)
			buf_char(&w->out, ' ');
		buf_str(&w->out, text);
	}
	return NULL;
}

static const char *
read_array(struct arena *a, const struct type *t, const struct json *j,
    struct str *out)
{
	struct writer w = {.arena = a, .element = t->element};
	const char *wrong;

	if (j->kind != JSON_ARRAY)
		return "Expected a list of items.";
	buf_init(&w.out, a, LITERAL_MAX);
	if (value_is_builtin(t, "int2vector") ||
	    value_is_builtin(t, "oidvector")) {
		wrong = write_vector(&w, j);
		*out = buf_view(&w.out);
		return wrong;
	}
	/* pg_type.typdelim: the one built-in type that has its own */
	w.delimiter = value_is_builtin(t->element, "box") ? ';' : ',';
	wrong = measure_array(&w, j);
	if (wrong == NULL)
		wrong = write_array(&w, j, 0);
	if (wrong == NULL && w.out.overflow)
		wrong = "This list is too long.";
	*out = buf_view(&w.out);
	return wrong;
}

static const char *
check_members(struct arena *a, const struct type *t, const struct json *j)
{
	for (const struct json *m = j->child; m != NULL; m = m->next) {
		size_t i = 0;

		while (i < t->nfields && !str_eq(t->fields[i].name, m->key))
			i++;
		if (i == t->nfields)
			return arena_printf(
			    a, "There is no field \"%.*s\".", STR_ARGS(m->key));
	}
	return NULL;
}

static const char *
read_composite(struct arena *a, const struct type *t, const struct json *j,
    struct str *out)
{
	const char *wrong;
	struct buf b;

	if (j->kind != JSON_OBJECT)
		return "Expected an object.";
	if (j->twin != NULL)
		return "A name is given more than once.";
	wrong = check_members(a, t, j);
	if (wrong != NULL)
		return wrong;
	buf_init(&b, a, LITERAL_MAX);
	for (size_t i = 0; i < t->nfields; i++) {
		const struct json *m = json_get(j, t->fields[i].name);
		struct str text = STR("");
		bool is_null = true;

		buf_char(&b, i == 0 ? '(' : ',');
		if (m != NULL)
			wrong = value_from_json(
			    a, t->fields[i].type, m, &text, &is_null);
		if (wrong != NULL)
			return arena_printf(a, "Field \"%.*s\": %s",
			    STR_ARGS(t->fields[i].name), wrong);
		if (!is_null)
			buf_element(&b, text);
	}
	buf_char(&b, ')');
	*out = buf_view(&b);
	return b.overflow ? "This object is too long." : NULL;
}

/* {"a": "1", "b": null}, as the cast of hstore to json gives it */
static const char *
read_hstore(struct arena *a, const struct json *j, struct str *out)
{
	struct buf b;

	if (j->twin != NULL)
		return "A name is given more than once.";
	buf_init(&b, a, LITERAL_MAX);
	for (const struct json *m = j->child; m != NULL; m = m->next) {
		if (b.len > 0)
			buf_char(&b, ',');
		buf_element(&b, m->key);
		buf_lit(&b, "=>");
		if (m->kind == JSON_NULL)
			buf_lit(&b, "NULL");
		else
			buf_element(
			    &b, m->kind == JSON_STRING ? m->text : m->src);
	}
	*out = buf_view(&b);
	return b.overflow ? "This object is too long." : NULL;
}

/* types of extensions: text, or what their cast to json gave (GeoJSON, …) */
static const char *
read_other(struct arena *a, const struct type *t, const struct json *j,
    struct str *out)
{
	if (j->kind == JSON_OBJECT && str_eq_c(t->base_name, "hstore"))
		return read_hstore(a, j, out);
	*out = j->kind == JSON_STRING ? j->text : j->src;
	return NULL;
}

/* which JSON values a class takes beside strings */
static const char *
scalar_text(const struct type *t, const struct json *j, struct str *text)
{
	*text = j->kind == JSON_STRING ? j->text : j->src;
	switch (t->class) {
	case TYPE_BOOL:
		if (j->kind == JSON_STRING || j->kind == JSON_TRUE ||
		    j->kind == JSON_FALSE)
			return NULL;
		return "Must be a valid boolean.";
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		if (j->kind == JSON_STRING || j->kind == JSON_NUMBER)
			return NULL;
		return "A valid integer is required.";
	case TYPE_NUMERIC:
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		if (j->kind == JSON_STRING || j->kind == JSON_NUMBER)
			return NULL;
		return "A valid number is required.";
	case TYPE_TEXT:
	case TYPE_CHAR:
	case TYPE_BUILTIN:
		if (j->kind == JSON_STRING || j->kind == JSON_NUMBER)
			return NULL;
		return "Not a valid string.";
	case TYPE_BYTEA:
	case TYPE_DATE:
	case TYPE_TIME:
	case TYPE_TIMETZ:
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMPTZ:
	case TYPE_INTERVAL:
	case TYPE_UUID:
	case TYPE_ENUM:
	case TYPE_RANGE:
		return j->kind == JSON_STRING ? NULL : "Not a valid string.";
	case TYPE_JSON:
	case TYPE_JSONB:
	case TYPE_ARRAY:
	case TYPE_COMPOSITE:
	case TYPE_OTHER:
		return NULL; /* have readers of their own */
	}
	return NULL;
}

const char *
value_from_json(struct arena *a, const struct type *t, const struct json *j,
    struct str *out, bool *is_null)
{
	const char *wrong;
	struct str text;

	*is_null = j->kind == JSON_NULL;
	*out = STR("");
	if (*is_null)
		return NULL;
	if (t->class == TYPE_JSON || t->class == TYPE_JSONB) {
		/* a text of a form that is none */
		if (j->src.p == NULL)
			return "Must be valid JSON.";
		*out = j->src;
		return NULL;
	}
	if (t->class == TYPE_ARRAY)
		return read_array(a, t, j, out);
	if (t->class == TYPE_COMPOSITE)
		return read_composite(a, t, j, out);
	if (t->class == TYPE_OTHER)
		return read_other(a, t, j, out);
	wrong = scalar_text(t, j, &text);
	return wrong != NULL ? wrong : value_check(a, t, text, out);
}

/* "a ""quoted"" item": what follows it; false: its quote is not closed */
static bool
take_quoted(struct str *rest, struct buf *item)
{
	size_t i;

	for (i = 1; i < rest->len; i++) {
		if (rest->p[i] == '"' &&
		    (i + 1 == rest->len || rest->p[++i] != '"')) {
			i += rest->p[i] == '"';
			*rest = str_sub(*rest, i, rest->len);
			return rest->len == 0 || rest->p[0] == ',';
		}
		buf_char(item, rest->p[i]);
	}
	return false;
}

/* the item at the head of *rest, which is cut off */
static bool
take_item(struct str *rest, struct buf *item)
{
	struct str plain;

	buf_clear(item);
	if (rest->len == 0 || rest->p[0] != '"') {
		str_cut(rest, ',', &plain);
		buf_str(item, plain);
		return true;
	}
	if (!take_quoted(rest, item))
		return false;
	*rest = rest->len == 0 ? STR_NONE : str_sub(*rest, 1, rest->len);
	return true;
}

/* numbers between blanks, boxes between semicolons: as PostgreSQL has them */
static bool
has_commas(const struct type *t)
{
	return !value_is_builtin(t, "int2vector") &&
	       !value_is_builtin(t, "oidvector") &&
	       !value_is_builtin(t->element, "box");
}

const char *
value_list(
    struct arena *a, const struct type *t, struct str text, struct str *out)
{
	struct buf b, item;
	struct str rest = text;

	if (!has_commas(t) ||
	    (text.len > 0 && (text.p[0] == '{' || text.p[0] == '[')))
		return value_match(a, t, text, out);
	buf_init(&b, a, LITERAL_MAX);
	buf_init(&item, a, text.len);
	buf_char(&b, '{');
	while (text.len > 0 && rest.p != NULL) {
		struct str element;
		const char *wrong;

		if (!take_item(&rest, &item))
			return "A quoted value must end with its quote.";
		wrong = value_match(
		    a, t->element, str_dup(a, buf_view(&item)), &element);
		if (wrong != NULL)
			return wrong;
		if (b.len > 1)
			buf_char(&b, ',');
		buf_element(&b, element);
	}
	buf_char(&b, '}');
	*out = buf_view(&b);
	return b.overflow ? "This list is too long." : NULL;
}
