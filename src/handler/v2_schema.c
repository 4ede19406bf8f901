/*
 * The tables a caller may read, described: info/schema, info/dsl,
 * info/translations.  A table that he may not read is not there, neither as a
 * model nor as the far side of a relation nor in a translation.
 */
#include "handler/v2_priv.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/jsonw.h"

#define LOCALE "it" /* CONTRACT 5.1 */

/* the tables the caller may read, loaded */
struct models {
	struct rights rights;
	struct visible visible;
	const struct table **v;
	size_t n;
};

static int
load_models(struct ctx *c, struct models *m)
{
	struct schema *schema = c->app->schema;
	size_t n = schema_count(schema);

	m->v = arena_array(c->arena, const struct table *, n);
	for (size_t i = 0; i < n; i++) {
		const struct table_entry *e = schema_entry(schema, i);
		const struct table *t;

		if (!rights_see(&m->rights, e->qname))
			continue;
		t = schema_table(schema, e->qname, &c->err);
		if (c->err.id != ERR_NONE)
			return -1;
		if (t != NULL)
			m->v[m->n++] = t;
	}
	return 0;
}

/* -1: refused.  also (or NULL) runs behind the guard in the same batch, its
 * rows are *rows */
static int
read_models(
    struct ctx *c, struct models *m, struct stmt *also, struct rows **rows)
{
	*m = (struct models){.visible = {rights_visible, &m->rights}};
	if (rights_ask(c, ctx_guard_user(c, false), also, rows, &m->rights) !=
		0 ||
	    load_models(c, m) != 0)
		return -1;
	v2_token(c);
	return 0;
}

/* ---- schema ------------------------------------------------------------- */

/* as Rails calls them */
static const char *
type_word(const struct type *t)
{
	switch (t->class) {
	case TYPE_BOOL:
		return "boolean";
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		return "integer";
	case TYPE_NUMERIC:
		return "decimal";
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		return "float";
	case TYPE_CHAR:
	case TYPE_ENUM:
		return "string";
	case TYPE_TEXT:
		return str_eq_c(t->base_name, "text") ? "text" : "string";
	case TYPE_BYTEA:
		return "binary";
	case TYPE_DATE:
		return "date";
	case TYPE_TIME:
	case TYPE_TIMETZ:
		return "time";
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMPTZ:
		return "datetime";
	case TYPE_INTERVAL:
		return "interval";
	case TYPE_UUID:
		return "uuid";
	case TYPE_JSON:
		return "json";
	case TYPE_JSONB:
		return "jsonb";
	case TYPE_ARRAY:
	case TYPE_COMPOSITE:
	case TYPE_RANGE:
	case TYPE_BUILTIN:
	case TYPE_OTHER:
		break;
	}
	return NULL;
}

static void
write_columns(struct jsonw *w, const struct table *t)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *col = &t->columns[i];
		const char *word = type_word(col->type);

		if (str_ends(col->name, STR("_id")))
			continue;
		jsonw_key_str(w, col->name);
		if (word != NULL)
			jsonw_cstr(w, word);
		else
			jsonw_str(w, col->type->display);
	}
}

static void
write_methods(struct jsonw *w, const struct table *t)
{
	jsonw_key(w, "methods");
	if (t->ncomputed == 0) {
		jsonw_null(w);
		return;
	}
	jsonw_array(w);
	for (size_t i = 0; i < t->ncomputed; i++)
		jsonw_str(w, t->computed[i].name);
	jsonw_end(w);
}

static void
write_names(struct jsonw *w, const struct models *m, const char *key,
    const struct relations *r, bool many)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < r->n; i++)
		if ((r->v[i].kind != RELATION_TO_ONE) == many &&
		    relation_is_seen(&r->v[i], &m->visible))
			jsonw_str(w, r->v[i].name);
	jsonw_end(w);
}

/* relations by the names under which he can ask for them */
static int
write_model(struct ctx *c, struct jsonw *w, const struct models *m,
    const struct table *t)
{
	struct relations r;

	if (schema_relations(c->app->schema, c->arena, t,
		c->app->conf.conceal ? &m->visible : NULL, &r, &c->err) != 0)
		return -1;
	jsonw_key_str(w, t->path);
	jsonw_object(w);
	write_columns(w, t);
	jsonw_key(w, "associations");
	jsonw_object(w);
	write_names(w, m, "has_many", &r, true);
	write_names(w, m, "belongs_to", &r, false);
	jsonw_end(w);
	write_methods(w, t);
	jsonw_end(w);
	return 0;
}

int
v2_schema(struct ctx *c)
{
	struct models m;
	struct jsonw w;

	if (read_models(c, &m, NULL, NULL) != 0)
		return -1;
	respond_begin(c, &w);
	jsonw_object(&w);
	for (size_t i = 0; i < m.n; i++)
		if (write_model(c, &w, &m, m.v[i]) != 0)
			return -1;
	jsonw_end(&w);
	return respond_json(c, 200);
}

/* ---- dsl ---------------------------------------------------------------- */

static int
write_shape(struct ctx *c, struct jsonw *w, const struct models *m,
    const struct table *t)
{
	const struct json *shape = v2_shape_of(c, t, &m->rights, &c->err);
	struct buf text;

	if (c->err.id != ERR_NONE)
		return -1;
	jsonw_key_str(w, t->path);
	if (shape == NULL) {
		jsonw_null(w);
		return 0;
	}
	buf_init(&text, c->arena, 1 << 20);
	json_write(&text, shape);
	jsonw_raw(w, buf_view(&text));
	return 0;
}

int
v2_dsl(struct ctx *c)
{
	struct models m;
	struct jsonw w;

	if (read_models(c, &m, NULL, NULL) != 0)
		return -1;
	respond_begin(c, &w);
	jsonw_object(&w);
	for (size_t i = 0; i < m.n; i++)
		if (write_shape(c, &w, &m, m.v[i]) != 0)
			return -1;
	jsonw_end(&w);
	return respond_json(c, 200);
}

/* ---- translations ------------------------------------------------------- */

/* a text at a path of words; the tree that the answer is */
struct word {
	struct str name, text; /* text STR_NONE: it has members */
	struct word *child, *last, *next;
};

static struct word *
append(struct arena *a, struct word *parent, struct str name)
{
	struct word *w = arena_make(a, struct word);

	w->name = name;
	if (parent->last != NULL)
		parent->last->next = w;
	else
		parent->child = w;
	parent->last = w;
	return w;
}

static struct word *
enter(struct arena *a, struct word *parent, struct str name)
{
	struct word *w = parent->child;

	while (w != NULL && !str_eq(w->name, name))
		w = w->next;
	return w != NULL ? w : append(a, parent, name);
}

/* "a.b.c"; where a text stands already, it stays */
static void
put_text(struct arena *a, struct word *root, struct str key, struct str text)
{
	struct str rest = key, name;
	struct word *w = root;

	for (unsigned depth = 1; w->text.p == NULL; depth++) {
		if (depth == JSONW_DEPTH_MAX / 2 || !str_cut(&rest, '.', &name))
			break;
		w = enter(a, w, name);
	}
	if (rest.p == NULL && w->child == NULL && w->text.p == NULL)
		w->text = text;
}

static void
write_words(struct jsonw *w, const struct word *at)
{
	if (at->text.p != NULL) {
		jsonw_str(w, at->text);
		return;
	}
	jsonw_object(w);
	for (const struct word *m = at->child; m != NULL; m = m->next) {
		jsonw_key_str(w, m->name);
		write_words(w, m);
	}
	jsonw_end(w);
}

struct text {
	struct str key, text;
};

struct texts {
	struct text *v; /* sorted by key */
	size_t n;
};

static int
read_texts(struct ctx *c, struct rows *rows, struct texts *out)
{
	int rc;

	*out = (struct texts){
	    arena_array(c->arena, struct text, (size_t)rows_count(rows)), 0};
	while ((rc = rows_next(rows, &c->err)) == 1)
		out->v[out->n++] =
		    (struct text){str_dup(c->arena, rows_cell(rows, 0)),
			str_dup(c->arena, rows_cell(rows, 1))};
	return rc;
}

static struct str
find_text(const struct texts *texts, struct str key)
{
	size_t lo = 0, hi = texts->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int cmp = str_cmp(texts->v[mid].key, key);

		if (cmp == 0)
			return texts->v[mid].text;
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return STR_NONE;
}

static void
put_label(struct ctx *c, struct word *in, struct str name,
    const struct texts *texts, struct str key, struct str comment)
{
	struct str text = find_text(texts, key);

	if (text.p == NULL)
		text = comment;
	if (text.p != NULL)
		append(c->arena, in, name)->text = text;
}

/* what the tables are called, and would be in the singular; sorted */
struct names {
	struct str *v;
	size_t n;
};

static int
compare_names(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void
collect_names(struct ctx *c, const struct models *m, struct names *out)
{
	*out = (struct names){arena_array(c->arena, struct str, 2 * m->n), 0};
	for (size_t i = 0; i < m->n; i++) {
		struct str path = m->v[i]->path;
		struct str one = v2_singular(c->arena, path);

		out->v[out->n++] = path;
		if (!str_eq(one, path))
			out->v[out->n++] = one;
	}
	if (out->n > 0)
		qsort(out->v, out->n, sizeof(*out->v), compare_names);
}

/* as Rails has it, in the singular; its own where that would be two tables' */
static struct str
model_name(struct ctx *c, const struct names *names, const struct table *t)
{
	struct str one = v2_singular(c->arena, t->path);
	size_t lo = 0, hi = names->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (str_cmp(names->v[mid], one) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo + 1 < names->n && str_eq(names->v[lo + 1], one) ? t->path
								  : one;
}

static void
put_model(struct ctx *c, struct word *models, struct word *attributes,
    const struct texts *texts, struct str name, const struct table *t)
{
	struct word *own = arena_make(c->arena, struct word), *in;

	put_label(c, models, name, texts, t->qname, t->comment);
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct column *col = &t->columns[i];
		char *key = arena_printf(c->arena, "%.*s.%.*s",
		    STR_ARGS(t->qname), STR_ARGS(col->name));

		put_label(
		    c, own, col->name, texts, str_from(key), col->comment);
	}
	if (own->child == NULL)
		return;
	in = append(c->arena, attributes, name);
	in->child = own->child;
	in->last = own->last;
}

/* "public.film…": of a table, which has been told where it may be */
static bool
is_label(struct ctx *c, struct str key)
{
	struct str rest = str_from(c->app->conf.schemas), name;

	while (conf_list_next(&rest, &name))
		if (str_starts(key, name) && key.len > name.len &&
		    key.p[name.len] == '.')
			return true;
	return false;
}

static struct stmt *
texts_stmt(struct ctx *c, struct str locale)
{
	struct stmt *s = stmt_new(c->arena, "translations");

	stmt_lit(s, "select key, text from dynapi.translation where locale = ");
	stmt_param(s, locale, NULL);
	stmt_lit(s, "::pg_catalog.text order by key");
	return s;
}

int
v2_translations(struct ctx *c)
{
	const struct param *locale = params_get(&c->req.params, STR("locale"));
	struct word root = {.child = NULL}, *rails;
	struct models m;
	struct names names;
	struct texts texts;
	struct rows *rows = NULL;
	struct jsonw w;

	if (read_models(c, &m,
		texts_stmt(c, locale != NULL ? locale->value : STR(LOCALE)),
		&rows) != 0 ||
	    read_texts(c, rows, &texts) != 0)
		return -1;
	rails = enter(c->arena, &root, STR("activerecord"));
	enter(c->arena, rails, STR("models"));
	enter(c->arena, rails, STR("attributes"));
	collect_names(c, &m, &names);
	for (size_t i = 0; i < m.n; i++)
		put_model(c, rails->child, rails->child->next, &texts,
		    model_name(c, &names, m.v[i]), m.v[i]);
	for (size_t i = 0; i < texts.n; i++)
		if (!is_label(c, texts.v[i].key))
			put_text(
			    c->arena, &root, texts.v[i].key, texts.v[i].text);
	respond_begin(c, &w);
	write_words(&w, &root);
	return respond_json(c, 200);
}
