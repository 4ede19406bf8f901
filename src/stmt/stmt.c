/*
 * The three calls that make SQL: literal text, quoted identifier, parameter.
 * Identifiers are always quoted, for "interval" and "char" mean something else
 * without quotes; the session's search_path is empty, so that only pg_catalog
 * can answer an unqualified name.
 */
#include "stmt/stmt_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/escape.h"

struct stmt *
stmt_new(struct arena *a, const char *label)
{
	struct stmt *s = arena_make(a, struct stmt);

	s->arena = a;
	s->label = label;
	s->order_col = -1;
	s->etag_col = -1;
	/* the question is bounded; of its text nothing may be left out */
	buf_init(&s->text, a, SIZE_MAX / 4);
	return s;
}

void
stmt_add(struct stmt *s, const char *text, size_t len)
{
	buf_add(&s->text, text, len);
}

void
stmt_quoted(struct stmt *s, struct str name, char quote)
{
	struct str part;

	buf_char(&s->text, quote);
	while (str_chr(name, quote) >= 0) {
		str_cut(&name, quote, &part);
		buf_str(&s->text, part);
		buf_char(&s->text, quote);
		buf_char(&s->text, quote);
	}
	buf_str(&s->text, name);
	buf_char(&s->text, quote);
}

void
stmt_ident(struct stmt *s, struct str name)
{
	stmt_quoted(s, name, '"');
}

static void
add_qualified(struct stmt *s, struct str schema, struct str name)
{
	stmt_ident(s, schema);
	stmt_lit(s, ".");
	stmt_ident(s, name);
}

void
stmt_table(struct stmt *s, const struct table *t)
{
	add_qualified(s, t->schema, t->name);
}

void
stmt_type(struct stmt *s, const struct type *t)
{
	add_qualified(s, t->base_schema, t->base_name);
}

void
stmt_alias(struct stmt *s, unsigned alias)
{
	stmt_lit(s, "t");
	if (alias > 0)
		buf_u64(&s->text, alias);
}

/* "s"."f"((t.*)::"s"."table"): t alone would be a column of that name, and
 * where it stands for a sub-select its rows are none of the table's yet */
static void
add_computed(struct stmt *s, const struct column *c)
{
	add_qualified(s, c->function_schema, c->name);
	stmt_lit(s, "((");
	stmt_alias(s, s->alias);
	stmt_lit(s, ".*)::");
	stmt_table(s, c->computed_of);
	stmt_lit(s, ")");
}

void
stmt_column(struct stmt *s, const struct column *c)
{
	if (c->computed_of != NULL) {
		add_computed(s, c);
		return;
	}
	stmt_alias(s, s->alias);
	stmt_lit(s, ".");
	stmt_ident(s, c->name);
}

static void
add_arg(struct stmt *s, const char *text)
{
	if (s->nargs == s->args_cap) {
		size_t cap = s->args_cap == 0 ? 8 : 2 * s->args_cap;

		s->args = arena_grow(s->arena, s->args,
		    s->args_cap * sizeof(*s->args), cap * sizeof(*s->args));
		s->args_cap = cap;
	}
	s->args[s->nargs++] = text;
}

void
stmt_param_again(struct stmt *s, size_t n)
{
	stmt_lit(s, "$");
	buf_u64(&s->text, n);
}

void
stmt_param(struct stmt *s, struct str value, const struct type *t)
{
	add_arg(s, value.p == NULL ? NULL : str_c(s->arena, value));
	stmt_param_again(s, s->nargs);
	if (t == NULL)
		return;
	stmt_lit(s, "::");
	stmt_type(s, t);
}

void
stmt_param_i64(struct stmt *s, int64_t n)
{
	struct buf text;

	buf_fixed(&text, arena_alloc(s->arena, 24), 23);
	buf_i64(&text, n);
	add_arg(s, text.p);
	stmt_param_again(s, s->nargs);
	stmt_lit(s, "::int8");
}

/* '{"a",NULL}': quoted or not, an element is taken as it is */
static void
add_element(struct buf *b, struct str text, char delimiter)
{
	if (b->len > 1)
		buf_char(b, delimiter);
	if (text.p == NULL) {
		buf_lit(b, "NULL");
		return;
	}
	buf_element(b, text);
}

void
stmt_param_texts(struct stmt *s, const struct str *v, size_t n)
{
	struct buf b;

	buf_init(&b, s->arena, SIZE_MAX / 4);
	buf_char(&b, '{');
	for (size_t i = 0; i < n; i++)
		add_element(&b, v[i], ',');
	buf_char(&b, '}');
	stmt_param(s, buf_view(&b), NULL);
	stmt_lit(s, "::text[]");
}

/* pg_type.typdelim: box alone has another one */
void
stmt_param_values(
    struct stmt *s, const struct value *v, size_t n, const struct type *element)
{
	bool box = element != NULL && str_eq_c(element->base_name, "box") &&
		   str_eq_c(element->base_schema, "pg_catalog");
	struct buf b;

	buf_init(&b, s->arena, SIZE_MAX / 4);
	buf_char(&b, '{');
	for (size_t i = 0; i < n; i++)
		add_element(
		    &b, v[i].is_null ? STR_NONE : v[i].text, box ? ';' : ',');
	buf_char(&b, '}');
	stmt_param(s, buf_view(&b), element);
	if (element == NULL)
		stmt_lit(s, "::text");
	stmt_lit(s, "[]");
}

/* a bounded number of texts; all other limits share one (MEASURED 2) */
void
stmt_limit(struct stmt *s, int64_t rows, const struct stmt_opts *o)
{
	static const int64_t common[] = {1, 20, 25, 50, 100, 1000};
	bool print = rows == o->page_size || rows == o->max_page_size;

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		print = print || rows == common[i];
	stmt_lit(s, " limit ");
	if (print)
		buf_i64(&s->text, rows);
	else
		stmt_param_i64(s, rows);
}

void
stmt_col(struct stmt *s, struct str name, enum cell cell)
{
	s->cols = arena_grow(s->arena, s->cols, s->ncols * sizeof(*s->cols),
	    (s->ncols + 1) * sizeof(*s->cols));
	s->cols[s->ncols++] = (struct stmt_col){name, cell};
}

/* has the type a modifier, of which nothing is known here? */
static bool
has_modifier(const struct type *t)
{
	return (t->class == TYPE_ARRAY || t->class == TYPE_OTHER) &&
	       !t->is_domain && str_chr(t->display, '(') >= 0;
}

void
stmt_begin_input(struct stmt *s, const struct type *t)
{
	if (has_modifier(t))
		stmt_lit(s, "select r.v from pg_catalog.json_to_record("
			    "pg_catalog.json_build_object('v', ");
	else
		stmt_lit(s, "select ");
}

void
stmt_end_input(struct stmt *s, const struct type *t)
{
	if (has_modifier(t)) {
		stmt_lit(s, "::text)) as r(v ");
		buf_str(&s->text, t->display);
		stmt_lit(s, ")");
		return;
	}
	stmt_lit(s, "::");
	add_qualified(s, t->schema, t->name);
}

/* to the column's own type: a domain's checks are part of the question */
struct stmt *
stmt_cast(struct arena *a, const struct assign *as)
{
	const struct type *t = as->column->type;
	struct stmt *s = stmt_new(a, "cast");

	stmt_begin_input(s, t);
	stmt_param(
	    s, as->is_null || as->is_default ? STR_NONE : as->text, NULL);
	stmt_end_input(s, t);
	stmt_col(s, as->column->name, CELL_TEXT);
	return s;
}

struct stmt *
stmt_regex(struct arena *a, struct str pattern)
{
	struct stmt *s = stmt_new(a, "regex");

	stmt_col(s, STR("regex"), CELL_TEXT);
	stmt_lit(s, "select '' ~ ");
	stmt_param(s, pattern, NULL);
	stmt_lit(s, "::text");
	return s;
}
