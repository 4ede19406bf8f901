/*
 * The fields of a form as the JSON object that body_parse reads.  A form has
 * texts only and cannot leave a field out that it shows, nor show a box that
 * is not ticked; what it means by that the columns say (Django REST Framework
 * reads HTML forms alike).  Whether a text is a value stays body_parse's to
 * judge.
 */
#include "query/query_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/form.h"
#include "base/json.h"
#include "schema/schema.h"

struct form_reading {
	struct arena *arena;
	const struct table *table;
	const struct form *form;
	bool creating;
	const struct column **columns; /* of each field; NULL: none */
	size_t *times;                 /* of each column: fields it has */
	bool *taken;                   /* of each column: as a list, whole */
	struct json **v;
	size_t n;
	struct err *err;
};

/* the text is JSON itself; where it is not, the text alone, which says what it
 * begins with (0: anything), says that it cannot be meant */
static struct json *
read_json(struct form_reading *r, const struct form_field *f, char begin)
{
	struct json *j = NULL;
	struct err why;

	err_init(&why, NULL);
	if (begin == '\0' || (f->value.len > 0 && f->value.p[0] == begin))
		j = json_parse_row(r->arena, f->value, &why);
	if (j == NULL)
		return json_make_text(r->arena, f->name, f->value);
	j->key = f->name;
	return j;
}

/* one value, or one element of a list */
static struct json *
read_value(
    struct form_reading *r, const struct type *t, const struct form_field *f)
{
	switch (t->class) {
	case TYPE_JSON:
	case TYPE_JSONB:
		return read_json(r, f, '\0');
	case TYPE_ARRAY:
		return read_json(r, f, '[');
	case TYPE_COMPOSITE:
	case TYPE_OTHER:
		return read_json(r, f, '{');
	default:
		return json_make_text(r->arena, f->name, f->value);
	}
}

/* ---- files -------------------------------------------------------------- */

static struct json *
read_file(
    struct form_reading *r, const struct type *t, const struct form_field *f)
{
	struct json *j = json_make_text(r->arena, f->name, STR(""));
	struct buf b;

	if (t->class == TYPE_BYTEA) {
		buf_init(&b, r->arena, f->value.len / 3 * 4 + 4);
		buf_base64(&b, f->value);
		j->text = buf_view(&b);
	} else if (!type_is_text(t)) {
		err_add_field(r->err, ERR_BAD_VALUE, f->name,
		    "This field takes no file.");
	} else if (!form_is_text(f->value)) {
		err_add_field(r->err, ERR_BAD_VALUE, f->name,
		    "The file must be valid UTF-8 without U+0000.");
	} else {
		return json_make_text(r->arena, f->name, f->value);
	}
	return j;
}

/* ---- lists -------------------------------------------------------------- */

/* name=a&name=b, or one text that is a JSON array; the first of them asks */
static struct json *
read_list(struct form_reading *r, const struct column *c, size_t first)
{
	const struct form_field *v = r->form->v;
	size_t column = (size_t)(c - r->table->columns), n = 0;
	struct json **items =
	    arena_array(r->arena, struct json *, r->times[column]);
	struct json *j;

	r->taken[column] = true;
	if (r->times[column] == 1 && !v[first].is_file &&
	    v[first].value.len > 0 && v[first].value.p[0] == '[')
		return read_value(r, c->type, &v[first]);
	for (size_t i = first; i < r->form->n; i++)
		if (r->columns[i] == c)
			items[n++] =
			    v[i].is_file
				? read_file(r, c->type->element, &v[i])
				: read_value(r, c->type->element, &v[i]);
	j = json_make(r->arena, JSON_ARRAY, items, n);
	j->key = c->name;
	return j;
}

/* ---- fields ------------------------------------------------------------- */

/* an input that was left empty: of a text the empty text, else null, or what
 * the database puts there by itself; NULL: as if it were not there */
static struct json *
read_empty(
    struct form_reading *r, const struct column *c, const struct form_field *f)
{
	struct json *j = json_make_text(r->arena, f->name, STR(""));

	if (!c->not_null)
		j->kind = JSON_NULL;
	else if (r->creating && body_may_hold(c) && !body_must_hold(c))
		return NULL;
	return j;
}

static struct json *
read_field(struct form_reading *r, const struct column *c, size_t i)
{
	const struct form_field *f = &r->form->v[i];

	if (f->value.len == 0 && !f->is_file && !type_is_text(c->type) &&
	    r->times[c - r->table->columns] == 1)
		return read_empty(r, c, f);
	if (c->type->class == TYPE_ARRAY)
		return read_list(r, c, i);
	return f->is_file ? read_file(r, c->type, f)
			  : read_value(r, c->type, f);
}

static void
add_field(struct form_reading *r, size_t i)
{
	const struct form_field *f = &r->form->v[i];
	const struct column *c = r->columns[i];
	struct json *j;

	if (c == NULL)
		j = json_make_text(
		    r->arena, f->name, f->is_file ? STR("") : f->value);
	else if (r->taken[c - r->table->columns])
		return;
	else
		j = read_field(r, c, i);
	if (j != NULL)
		r->v[r->n++] = j;
}

/* a box that is not ticked is not sent */
static void
add_unticked(struct form_reading *r)
{
	for (size_t i = 0; i < table_ninput(r->table); i++) {
		const struct column *c = &r->table->columns[i];

		if (c->type->class == TYPE_BOOL && body_must_hold(c) &&
		    r->times[i] == 0)
			r->v[r->n++] =
			    json_make_text(r->arena, c->name, STR("false"));
	}
}

static void
find_columns(struct form_reading *r)
{
	for (size_t i = 0; i < r->form->n; i++) {
		r->columns[i] = table_input(r->table, r->form->v[i].name);
		if (r->columns[i] != NULL)
			r->times[r->columns[i] - r->table->columns]++;
	}
}

const struct json *
body_from_form(struct arena *a, const struct table *t, const struct form *form,
    bool creating, struct err *err)
{
	struct form_reading r = {.arena = a,
	    .table = t,
	    .form = form,
	    .creating = creating,
	    .columns = arena_array(a, const struct column *, form->n),
	    .times = arena_array(a, size_t, table_ninput(t)),
	    .taken = arena_array(a, bool, table_ninput(t)),
	    .v = arena_array(a, struct json *, form->n + table_ninput(t)),
	    .err = err};

	find_columns(&r);
	for (size_t i = 0; i < form->n; i++)
		add_field(&r, i);
	if (creating)
		add_unticked(&r);
	return err->id != ERR_NONE ? NULL : json_make(a, JSON_OBJECT, r.v, r.n);
}
