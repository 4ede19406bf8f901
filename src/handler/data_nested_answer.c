/*
 * A created document as it is stored: members in the order in which they were
 * sent, each with the value that its column has now, then the columns that
 * were not sent.  Of a row that the caller may not read goes out what he knows
 * himself.  The values are those bytes that an include would have: a row
 * comes as one JSON object, which PostgreSQL has put together, and is cut at
 * its commas here, whatever its json columns hold.
 */
#include "handler/data_nested_priv.h"

#include <assert.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "render/render.h"

struct answer {
	struct ctx *c;
	struct jsonw *w;
	const struct document *doc;
	struct str **stored; /* by number of the row, per column; NULL: none */
};

/* ---- what is stored ----------------------------------------------------- */

/* up to the next comma, colon or end of the object that *rest is inside of */
static struct str
cut_part(struct str *rest)
{
	bool quoted = false;
	size_t depth = 0, i;
	struct str part;

	for (i = 0; i < rest->len; i++) {
		char ch = rest->p[i];

		if (quoted && ch == '\\')
			i++;
		else if (ch == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (ch == '{' || ch == '[')
			depth++;
		else if (depth == 0 && (ch == ',' || ch == ':' || ch == '}'))
			break;
		else if (ch == '}' || ch == ']')
			depth--;
	}
	part = str_sub(*rest, 0, i);
	*rest = str_sub(*rest, i + 1, rest->len);
	return part;
}

static struct str *
cut_row(struct ctx *c, const struct table *t, struct str object)
{
	struct str *v = arena_array(c->arena, struct str, t->ncolumns);
	struct str rest = str_sub(object, 1, object.len);

	for (size_t i = 0; i < t->ncolumns; i++) {
		cut_part(&rest); /* the name */
		v[i] = cut_part(&rest);
		assert(v[i].len > 0);
	}
	return v;
}

/* a trigger may have swallowed a row: then there is none, but what it left is
 * committed */
static int
take_stored(struct answer *a)
{
	const struct nested_set *set = &a->doc->set;
	struct rows *rows = a->doc->rows;
	int got = rows_next(rows, &a->c->err);

	a->stored = arena_array(a->c->arena, struct str *, set->n);
	for (size_t i = 0; got == 1 && i < set->n; i++) {
		struct str object = rows_cell(rows, set->v[i]->col);

		if (object.p != NULL)
			a->stored[i] = cut_row(a->c, set->v[i]->table, object);
	}
	return got < 0 ? -1 : 0;
}

/* ---- the document ------------------------------------------------------- */

static void
write_stored(struct answer *a, struct str value)
{
	struct buf text;

	buf_init(&text, a->c->arena, value.len);
	cell_json(&text, CELL_JSON, value);
	jsonw_raw(a->w, buf_view(&text));
}

static void
write_sent(struct answer *a, const struct json *j)
{
	struct buf text;

	buf_init(&text, a->c->arena, j->src.len * 2 + 16);
	json_write(&text, j);
	jsonw_raw(a->w, buf_view(&text));
}

static const struct nested *
find_row(const struct nested *up, const struct json *j)
{
	for (const struct nested *d = up->down; d != NULL; d = d->next)
		if (d->json == j)
			return d;
	return NULL;
}

static void write_one(struct answer *, const struct nested *);

static void
write_related(struct answer *a, const struct nested *n, const struct json *m)
{
	const struct nested *row = find_row(n, m);

	if (row != NULL) {
		write_one(a, row);
		return;
	}
	if (m->kind != JSON_ARRAY || m->child == NULL ||
	    find_row(n, m->child) == NULL) {
		write_sent(a, m);
		return;
	}
	jsonw_array(a->w);
	for (const struct json *j = m->child; j != NULL; j = j->next)
		write_one(a, find_row(n, j));
	jsonw_end(a->w);
}

/* does a column that was not sent go out? */
static bool
is_added(const struct answer *a, const struct nested *n, size_t column)
{
	const struct table *t = n->table;

	if (json_get(n->json, t->columns[column].name) != NULL)
		return false;
	if (a->doc->whole && a->doc->open[n->number])
		return true;
	return n->how == NESTED_CREATE &&
	       positions_have(t->key, t->nkey, column);
}

static void
write_one(struct answer *a, const struct nested *n)
{
	const struct table *t = n->table;
	const struct str *stored = a->stored[n->number];
	bool open = stored != NULL && a->doc->open[n->number];

	jsonw_object(a->w);
	for (const struct json *m = n->json->child; m != NULL; m = m->next) {
		const struct column *col = table_input(t, m->key);

		if (col != NULL && col->write_only)
			continue;
		jsonw_key_str(a->w, m->key);
		if (col != NULL && open)
			write_stored(a, stored[col - t->columns]);
		else
			write_related(a, n, m);
	}
	for (size_t i = 0; stored != NULL && i < t->ncolumns; i++) {
		if (!is_added(a, n, i))
			continue;
		jsonw_key_str(a->w, t->columns[i].name);
		write_stored(a, stored[i]);
	}
	jsonw_end(a->w);
}

int
data_nested_write(struct ctx *c, struct jsonw *w, const struct document *doc)
{
	struct answer a = {.c = c, .w = w, .doc = doc};

	if (take_stored(&a) != 0)
		return -1;
	if (!doc->set.single)
		jsonw_array(w);
	for (const struct nested *n = doc->set.first; n != NULL; n = n->next)
		write_one(&a, n);
	if (!doc->set.single)
		jsonw_end(w);
	return 0;
}
