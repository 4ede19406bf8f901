/*
 * One row of many: a JSON object, or the fields of a CSV line under the names
 * of its header.  The rules are those of a row that comes alone (body.c).
 */
#include <string.h>

#include "query/feed_priv.h"

#include "base/arena.h"
#include "base/json.h"
#include "query/query_priv.h"
#include "schema/schema.h"

/* ---- JSON --------------------------------------------------------------- */

/* the faults of this row, under its number */
static void
copy_faults(struct feed *f, const struct err *from, struct err *to)
{
	if (from->fields == NULL)
		feed_blame(f, to, from->id, f->index, STR_NONE,
		    from->detail != NULL ? from->detail : err_title(from->id));
	for (const struct err_field *e = from->fields; e != NULL; e = e->next)
		feed_blame(f, to, from->id, f->index, e->field, e->text);
}

/* the values that name the row, as if its path had them */
static void
read_key(
    struct feed *f, const struct json *j, struct query *key, struct err *err)
{
	const struct table *t = f->opts.table;

	key->table = t;
	key->key = arena_array(f->scratch, struct value, t->nkey);
	for (size_t i = 0; i < t->nkey; i++) {
		const struct column *c = &t->columns[t->key[i]];
		const struct json *m = json_get(j, c->name);
		struct value *v = &key->key[i];
		const char *wrong = "This field is required.";

		v->type = c->type;
		if (m != NULL)
			wrong = value_from_json(
			    f->scratch, c->type, m, &v->text, &v->is_null);
		if (wrong == NULL && v->is_null)
			wrong = "This field may not be null.";
		if (wrong != NULL)
			err_add_field(err,
			    m == NULL ? ERR_REQUIRED : ERR_BAD_VALUE, c->name,
			    "%s", wrong);
		f->row[i] = (struct assign){.column = c, .text = v->text};
	}
	key->nkey = t->nkey;
}

int
feed_json_row(
    struct feed *f, const struct json *j, struct feed_row *row, struct err *err)
{
	struct query key = {.table = f->opts.table};
	bool keyed = f->opts.mode == BODY_PATCH;
	struct body body = {NULL, 0};
	struct err e;

	err_init(&e, f->scratch);
	row->n = 0;
	if (keyed && j->kind == JSON_OBJECT)
		read_key(f, j, &key, &e);
	if (e.id == ERR_NONE)
		body_parse(f->scratch, f->opts.table, j, f->opts.mode,
		    keyed ? &key : NULL, &body, &e);
	if (e.id != ERR_NONE) {
		copy_faults(f, &e, err);
		return -1;
	}
	row->n = key.nkey + body.n;
	for (size_t i = 0; i < body.n; i++)
		f->row[key.nkey + i] = body.v[i];
	return 0;
}

/* ---- CSV ---------------------------------------------------------------- */

/*
 * The next field of a line; *rest is STR_NONE behind the last one.  Inside
 * quotes two of them are one; a quote anywhere else is an error.
 */
static const char *
cut_quoted(struct arena *a, struct str *rest, struct field_text *out)
{
	char *text = arena_alloc(a, rest->len);
	size_t n = 0, i = 1;

	for (;; i++) {
		if (i >= rest->len)
			return "A quoted field does not end.";
		if (rest->p[i] == '"') {
			if (i + 1 == rest->len || rest->p[i + 1] != '"')
				break;
			i++;
		}
		text[n++] = rest->p[i];
	}
	*out = (struct field_text){{text, n}, true};
	i++;
	if (i < rest->len && rest->p[i] != ',')
		return "Behind the end of a quoted field a comma is expected.";
	*rest = i < rest->len ? str_sub(*rest, i + 1, rest->len) : STR_NONE;
	return NULL;
}

static const char *
cut_field(struct arena *a, struct str *rest, struct field_text *out)
{
	struct str part;

	if (rest->len > 0 && rest->p[0] == '"')
		return cut_quoted(a, rest, out);
	str_cut(rest, ',', &part);
	*out = (struct field_text){part, false};
	return str_chr(part, '"') >= 0
		   ? "A field with quotes in it must be quoted."
		   : NULL;
}

/* what as_csv puts before a text that a spreadsheet would run */
static struct str
without_guard(const struct feed *f, const struct field_text *field)
{
	struct str s = field->text;
	size_t i = 0;

	while (i < s.len && s.p[i] == '\'')
		i++;
	if (!f->opts.csv_guard || !field->quoted || i == 0 || i == s.len ||
	    strchr("=+-@\t\r", s.p[i]) == NULL)
		return s;
	return str_sub(s, 1, s.len);
}

static bool
is_key(const struct table *t, const struct column *c)
{
	return positions_have(t->key, t->nkey, (size_t)(c - t->columns));
}

/* may a field stand for it?  In PATCH what cannot be written is left alone */
static bool
takes(struct feed *f, const struct column *c, bool *used, struct err *err)
{
	size_t i = (size_t)(c - f->opts.table->columns);

	if (used[i]) {
		err_add_field(err, ERR_BAD_VALUE, c->name,
		    "This column is named more than once.");
		return false;
	}
	used[i] = true;
	if (f->opts.mode == BODY_PATCH)
		return body_may_hold(c) || is_key(f->opts.table, c);
	if (body_may_hold(c))
		return true;
	err_add_field(err, ERR_READ_ONLY, c->name, "This field is read-only.");
	return false;
}

static bool
is_needed(const struct feed *f, const struct column *c)
{
	if (f->opts.mode == BODY_PATCH)
		return is_key(f->opts.table, c);
	return body_must_hold(c);
}

/* the columns that are named, the key's first where it names rows, and the
 * place of each field among them */
static void
settle_columns(struct feed *f, const struct column **named, const bool *used)
{
	const struct table *t = f->opts.table;
	size_t nkey = f->opts.mode == BODY_PATCH ? t->nkey : 0;

	for (size_t i = 0; i < nkey; i++)
		f->columns[f->ncolumns++] = &t->columns[t->key[i]];
	for (size_t i = 0; i < table_ninput(t); i++) {
		const struct column *c = &t->columns[i];

		if (used[i] && body_may_hold(c) && !(nkey > 0 && is_key(t, c)))
			f->columns[f->ncolumns++] = c;
	}
	for (size_t i = 0; i < f->nfields; i++) {
		f->places[i] = FIELD_IGNORED;
		for (size_t k = 0; k < f->ncolumns; k++)
			if (f->columns[k] == named[i])
				f->places[i] = k;
	}
}

static size_t
count_fields(struct str line)
{
	size_t n = 1;

	for (size_t i = 0; i < line.len; i++)
		n += line.p[i] == ',';
	return n;
}

int
feed_csv_header(struct feed *f, struct str line, struct err *err)
{
	const struct table *t = f->opts.table;
	size_t max = count_fields(line);
	const struct column **named;
	struct str rest = line;
	struct field_text name;
	const char *wrong;
	bool *used = arena_array(f->scratch, bool, table_ninput(t) + 1);

	if (max > 2 * table_ninput(t) + 2)
		return err_set(err, ERR_BAD_REQUEST,
		    "The first line has more names than the table columns.");
	named = arena_array(f->scratch, const struct column *, max);
	f->columns =
	    arena_array(f->arena, const struct column *, table_ninput(t) + 1);
	f->places = arena_array(f->arena, size_t, max);
	while (rest.p != NULL) {
		wrong = cut_field(f->scratch, &rest, &name);
		if (wrong != NULL)
			return err_set(err, ERR_BAD_REQUEST, "%s", wrong);
		name.text = without_guard(f, &name);
		named[f->nfields] = table_input(t, name.text);
		if (named[f->nfields] == NULL)
			err_add_field(err, ERR_UNKNOWN_COLUMN, name.text,
			    "There is no such column.");
		else if (!takes(f, named[f->nfields], used, err))
			named[f->nfields] = NULL;
		f->nfields++;
	}
	for (size_t i = 0; i < table_ninput(t); i++)
		if (!used[i] && is_needed(f, &t->columns[i]))
			err_add_field(err, ERR_REQUIRED, t->columns[i].name,
			    "This field is required.");
	settle_columns(f, named, used);
	return err->id != ERR_NONE ? -1 : 0;
}

/* what to_json() makes a text of is written as JSON in CSV too */
static struct str
without_json_quotes(struct arena *a, const struct type *t, struct str s)
{
	const struct json *j;
	struct err e;

	if ((t->class != TYPE_RANGE && t->class != TYPE_OTHER) || s.len == 0 ||
	    s.p[0] != '"')
		return s;
	err_init(&e, NULL);
	j = json_parse(a, s, &e);
	return j != NULL && j->kind == JSON_STRING ? j->text : s;
}

static int
read_field(struct feed *f, size_t place, const struct field_text *field,
    struct err *err)
{
	const struct column *c = f->columns[place];
	struct assign *as = &f->row[place];
	enum err_id id = ERR_BAD_VALUE;
	const char *wrong = NULL;

	*as = (struct assign){.column = c};
	as->is_null = !field->quoted && field->text.len == 0;
	if (!as->is_null) {
		wrong = value_check(f->scratch, c->type,
		    without_json_quotes(
			f->scratch, c->type, without_guard(f, field)),
		    &as->text);
	} else if (c->not_null ||
		   (f->opts.mode == BODY_PATCH && is_key(f->opts.table, c))) {
		wrong = "This field may not be null.";
		id = ERR_CONSTRAINT;
	}
	if (wrong == NULL)
		return 0;
	feed_blame(f, err, id, f->index, c->name, wrong);
	return -1;
}

int
feed_csv_row(
    struct feed *f, struct str line, struct feed_row *row, struct err *err)
{
	struct field_text field;
	const char *wrong = NULL;
	struct str rest = line;
	size_t n = 0;
	int rc = 0;

	row->n = f->ncolumns;
	while (rest.p != NULL && wrong == NULL) {
		wrong = cut_field(f->scratch, &rest, &field);
		if (wrong == NULL && n == f->nfields)
			wrong = "The line has more fields than the first.";
		if (wrong == NULL && f->places[n] != FIELD_IGNORED &&
		    read_field(f, f->places[n], &field, err) != 0)
			rc = -1;
		n++;
	}
	if (wrong == NULL && n < f->nfields)
		wrong = "The line has fewer fields than the first.";
	if (wrong == NULL)
		return rc;
	feed_blame(f, err, ERR_BAD_VALUE, f->index, STR_NONE, wrong);
	return -1;
}
