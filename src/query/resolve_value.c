/*
 * Operators and values against types.  A message says what the column's type
 * is and what cannot be done with it; the value then is what PostgreSQL gets,
 * with the type it is bound as.
 */
#include "query/resolve_priv.h"

#include "base/arena.h"
#include "base/json.h"

#define VALUES_MAX 1000 /* of one list (SECURITY 3) */

#define BUILTIN(c, n)                                                          \
	{                                                                      \
		.class = TYPE_##c, .schema = {"pg_catalog", 10},               \
		.name = {n, sizeof(n) - 1}, .display = {n, sizeof(n) - 1},     \
		.base_schema = {"pg_catalog", 10}, .base_name = {              \
			n,                                                     \
			sizeof(n) - 1                                          \
		}                                                              \
	}

static const struct type jsonb_type = BUILTIN(JSONB, "jsonb");
static const struct type int8_type = BUILTIN(INT8, "int8");
static const struct type numeric_type = BUILTIN(NUMERIC, "numeric");
static const struct type float8_type = BUILTIN(FLOAT8, "float8");
static struct type text_type = BUILTIN(TEXT, "text");
static const struct type texts_type = {.class = TYPE_ARRAY,
    .schema = {"pg_catalog", 10},
    .name = {"_text", 5},
    .display = {"text[]", 6},
    .base_schema = {"pg_catalog", 10},
    .base_name = {"_text", 5},
    .element = &text_type};

/* PostgreSQL 15 table 9.59: what sum and avg return */
static const struct type *
sum_type(const struct type *t)
{
	if (t->class == TYPE_INT2 || t->class == TYPE_INT4)
		return &int8_type;
	return t->class == TYPE_INT8 ? &numeric_type : t;
}

static const struct type *
avg_type(const struct type *t)
{
	if (t->class == TYPE_FLOAT4)
		return &float8_type;
	return t->class == TYPE_INT2 || t->class == TYPE_INT4 ||
		       t->class == TYPE_INT8
		   ? &numeric_type
		   : t;
}

const struct type *
query_type(const struct path *p, enum aggregate agg)
{
	switch (agg) {
	case AGG_COUNT:
		return &int8_type;
	case AGG_SUM:
		return sum_type(p->column->type);
	case AGG_AVG:
		return avg_type(p->column->type);
	case AGG_NONE:
	case AGG_MIN:
	case AGG_MAX:
		break;
	}
	return p->njson > 0 ? &jsonb_type : p->column->type;
}

struct operand
resolve_operand(const struct path *p, enum aggregate agg)
{
	const struct column *c = p->column;
	struct operand o = {.has_eq = true, .has_order = true};

	if (agg != AGG_NONE) {
		o.type = query_type(p, agg);
		return o;
	}
	o.inside = p->njson > 0;
	o.type = c->type;
	o.has_eq = o.inside || c->has_eq;
	o.has_order = o.inside || c->has_order;
	return o;
}

enum found
resolve_refuse_type(struct resolve *r, const struct path *p,
    const struct type *t, const char *what)
{
	return resolve_wrong(r, ERR_BAD_FILTER, p->text,
	    arena_printf(r->arena, "Columns of type %.*s cannot be %s.",
		STR_ARGS(t->display), what));
}

static bool
is_words(const struct operand *o)
{
	return o->inside || type_is_text(o->type) ||
	       value_is_builtin(o->type, "tsvector");
}

/* an enum is matched by its label */
static bool
is_text(const struct operand *o)
{
	return o->inside || type_is_text(o->type) ||
	       o->type->class == TYPE_ENUM;
}

static bool
is_set(const struct operand *o, enum op op)
{
	if (o->inside || o->type->class == TYPE_JSONB)
		return op != OP_OVERLAP;
	return o->has_eq &&
	       (o->type->class == TYPE_ARRAY || o->type->class == TYPE_RANGE);
}

static bool
is_json(const struct operand *o)
{
	return o->inside || o->type->class == TYPE_JSON ||
	       o->type->class == TYPE_JSONB;
}

/* what cannot be done with it, or NULL */
static const char *
find_misfit(const struct operand *o, enum op op)
{
	switch (query_ops[op].takes) {
	case OP_TAKES_EQUAL:
		return o->has_eq ? NULL : "filtered";
	case OP_TAKES_ORDER:
		if (!o->has_order)
			return "compared";
		return o->has_eq ? NULL : "filtered";
	case OP_TAKES_TEXT:
	case OP_TAKES_PATTERN:
	case OP_TAKES_REGEX:
		return is_text(o) ? NULL : "matched with a text";
	case OP_TAKES_SEARCH:
		return is_words(o) ? NULL : "searched for words";
	case OP_TAKES_SET:
		return is_set(o, op) ? NULL : "compared as sets";
	case OP_TAKES_ARRAY:
		return !o->inside && o->has_eq && o->type->class == TYPE_ARRAY
			   ? NULL
			   : "asked for an element";
	case OP_TAKES_RANGE:
		return !o->inside && o->type->class == TYPE_RANGE
			   ? NULL
			   : "compared as ranges";
	case OP_TAKES_JSON:
		return is_json(o) ? NULL : "asked for a key";
	case OP_TAKES_TREE: /* a circle ends where PostgreSQL can hash */
	case OP_TAKES_GRAPH:
		return o->has_eq && o->type->class < TYPE_ARRAY
			   ? NULL
			   : "followed from row to row";
	}
	return NULL;
}

/* ---- values ------------------------------------------------------------- */

static const struct json *
read_json(struct arena *a, struct str text)
{
	struct err e;

	err_init(&e, NULL);
	return json_parse_row(a, text, &e);
}

static bool
is_json_number(struct arena *a, struct str text)
{
	const struct json *j = read_json(a, text);

	return j != NULL && j->kind == JSON_NUMBER;
}

/* an object or a list; a number or a text in quotes may be meant as letters */
static bool
is_json_tree(struct arena *a, struct str text)
{
	const struct json *j = read_json(a, text);

	return j != NULL && (j->kind == JSON_OBJECT || j->kind == JSON_ARRAY);
}

/* one that is compared for equality or order */
static const char *
fit_plain(
    struct arena *a, const struct operand *o, bool as_number, struct value *v)
{
	if (o->inside) {
		v->type = as_number ? &jsonb_type : NULL;
		return NULL;
	}
	v->type = o->type;
	if (v->is_null)
		return NULL;
	if (o->type->class == TYPE_ARRAY)
		return value_list(a, o->type, v->text, &v->text);
	return value_match(a, o->type, v->text, &v->text);
}

/* a list, a range or one value of it, a JSON value */
static const char *
fit_set(struct arena *a, const struct operand *o, struct value *v)
{
	v->type = o->inside ? &jsonb_type : o->type;
	if (v->is_null)
		return NULL;
	if (v->type->class == TYPE_ARRAY)
		return value_list(a, v->type, v->text, &v->text);
	if (v->type->class == TYPE_RANGE)
		return value_span(a, v->type, v->text, &v->text);
	return value_match(a, v->type, v->text, &v->text);
}

static const char *
fit_value(struct arena *a, const struct operand *o, struct expr *e)
{
	struct value *v = &e->cmp.value;
	struct operand element = {0};

	switch (query_ops[e->cmp.op].takes) {
	case OP_TAKES_EQUAL:
	case OP_TAKES_TREE:
	case OP_TAKES_GRAPH:
		return fit_plain(a, o, false, v);
	case OP_TAKES_ORDER:
		return fit_plain(
		    a, o, o->inside && is_json_number(a, v->text), v);
	case OP_TAKES_TEXT:
	case OP_TAKES_PATTERN:
	case OP_TAKES_REGEX:
	case OP_TAKES_SEARCH:
		v->type = NULL;
		return NULL;
	case OP_TAKES_SET:
	case OP_TAKES_RANGE:
		return fit_set(a, o, v);
	case OP_TAKES_ARRAY:
		element.type = o->type->element;
		return fit_plain(a, &element, false, v);
	case OP_TAKES_JSON:
		v->type = e->cmp.op == OP_HAS_KEY ? NULL : &texts_type;
		return v->type == NULL || v->is_null
			   ? NULL
			   : value_list(a, v->type, v->text, &v->text);
	}
	return NULL;
}

/* "contains" of a set; of a place in JSON, where the value is a tree */
static bool
is_contained(struct arena *a, const struct operand *o, const struct expr *e)
{
	if (o->inside)
		return is_json_tree(a, e->cmp.value.text);
	return o->type->class == TYPE_JSONB || o->type->class == TYPE_ARRAY ||
	       o->type->class == TYPE_RANGE;
}

/* the value is the key of a row, whatever the column's own type */
static enum found
find_tree(struct scope *s, struct expr *e, struct operand *o)
{
	const struct relation *up = NULL;

	if (e->cmp.path.njson == 0)
		up = resolve_tree(s, &e->cmp.path);
	if (up == NULL)
		return resolve_wrong(s->r, ERR_BAD_FILTER, e->cmp.path.text,
		    "Must be a foreign key of this column alone to its own "
		    "table.");
	e->cmp.tree = up;
	o->type = up->far->columns[up->far_columns[0]].type;
	return FOUND;
}

enum found
resolve_op(struct scope *s, struct expr *e, struct operand o)
{
	const struct path *p = &e->cmp.path;
	const char *wrong;

	if (query_ops[e->cmp.op].takes == OP_TAKES_TREE &&
	    find_tree(s, e, &o) != FOUND)
		return WRONG;
	if (e->cmp.op == OP_CONTAINS && is_contained(s->r->arena, &o, e))
		e->cmp.op = OP_SUPERSET;
	if (query_ops[e->cmp.op].takes == OP_TAKES_REGEX &&
	    !s->r->limits->regex)
		return resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
		    "Regular expressions are not offered here.");
	wrong = find_misfit(&o, e->cmp.op);
	if (wrong != NULL)
		return resolve_refuse_type(s->r, p, o.type, wrong);
	wrong = fit_value(s->r->arena, &o, e);
	if (wrong != NULL)
		return resolve_wrong(s->r, ERR_BAD_VALUE, p->text, wrong);
	if (query_ops[e->cmp.op].takes == OP_TAKES_SEARCH &&
	    s->r->schema != NULL)
		e->cmp.config = schema_meta(s->r->schema)->text_search;
	return FOUND;
}

enum found
resolve_in(struct scope *s, struct expr *e, struct operand o)
{
	struct arena *a = s->r->arena;
	const struct path *p = &e->in.path;
	bool numbers = o.inside && e->kind == EXPR_BETWEEN;

	if (e->in.n > VALUES_MAX)
		return resolve_wrong(
		    s->r, ERR_LIMIT, p->text, "At most 1000 values.");
	if (!(e->kind == EXPR_IN ? o.has_eq : o.has_order))
		return resolve_refuse_type(s->r, p, o.type, "filtered");
	for (size_t i = 0; i < e->in.n && numbers; i++)
		numbers = is_json_number(a, e->in.v[i].text);
	for (size_t i = 0; i < e->in.n; i++) {
		const char *wrong = fit_plain(a, &o, numbers, &e->in.v[i]);

		if (wrong != NULL)
			return resolve_wrong(
			    s->r, ERR_BAD_VALUE, p->text, wrong);
	}
	return FOUND;
}
