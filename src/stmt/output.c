/*
 * How a column is selected, and how its text becomes JSON.  Scalars come as
 * they are and are encoded by us; arrays, composites, ranges and types of
 * extensions come as to_json() gives them.  Only where bytea (base64 here) or
 * a number that is to be a string lies inside them, the value is taken apart:
 * that costs, so it is done for no other type.
 */
#include "stmt/stmt_priv.h"

#define ARRAY_DIMS_MAX 6 /* PostgreSQL's MAXDIM */
/* arrays in composites in arrays: the text grows twentyfold with each level,
 * so that deeper ones stay as to_json() has them */
#define ARRAY_LEVELS_MAX 2

/* an expression inside a column's value */
struct place {
	const struct place *up;    /* NULL: what is selected itself */
	const struct field *whole; /* … this one … */
	const struct from *f;      /* … of these tables */
	struct str field;          /* of a composite */
	bool element;              /* of an array: a row of u<depth> … */
	size_t ndims; /* … or, not 0, by the indices i<depth><dim> */
	size_t depth; /* nesting of loops, so that names differ */
};

static void emit_value(struct stmt *, const struct place *, const struct type *,
    const struct stmt_opts *);

enum cell
stmt_cell(const struct type *t, const struct stmt_opts *o)
{
	switch (t->class) {
	case TYPE_INT2:
	case TYPE_INT4:
		return CELL_RAW;
	case TYPE_INT8:
		return o->bigint_as_string ? CELL_QUOTED_RAW : CELL_RAW;
	case TYPE_NUMERIC:
		return o->numeric_as_string ? CELL_QUOTED_RAW : CELL_REAL;
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		return CELL_REAL;
	case TYPE_BOOL:
		return CELL_BOOL;
	case TYPE_TEXT:
	case TYPE_CHAR:
	case TYPE_ENUM:
	case TYPE_BUILTIN:
		return CELL_TEXT;
	case TYPE_BYTEA:
		return CELL_BYTEA;
	case TYPE_DATE:
	case TYPE_TIME:
	case TYPE_TIMETZ:
	case TYPE_INTERVAL:
	case TYPE_UUID:
		return CELL_QUOTED_RAW;
	case TYPE_TIMESTAMP:
		return CELL_TIMESTAMP;
	case TYPE_TIMESTAMPTZ:
		return CELL_TIMESTAMPTZ;
	case TYPE_JSON:
	case TYPE_JSONB:
	case TYPE_ARRAY:
	case TYPE_COMPOSITE:
	case TYPE_RANGE:
	case TYPE_OTHER:
		return CELL_JSON;
	}
	return CELL_TEXT;
}

bool
stmt_is_plain(const struct type *t)
{
	return t->class != TYPE_ARRAY && t->class != TYPE_COMPOSITE &&
	       t->class != TYPE_RANGE && t->class != TYPE_OTHER;
}

static bool
is_string_number(const struct type *t, const struct stmt_opts *o)
{
	return (t->class == TYPE_NUMERIC && o->numeric_as_string) ||
	       (t->class == TYPE_INT8 && o->bigint_as_string);
}

/* does to_json() give anything but what we promise? */
static bool
is_exception(const struct type *t, const struct stmt_opts *o)
{
	if (t->class == TYPE_ARRAY)
		return is_exception(t->element, o);
	if (t->class == TYPE_COMPOSITE)
		for (size_t i = 0; i < t->nfields; i++)
			if (is_exception(t->fields[i].type, o))
				return true;
	return t->class == TYPE_BYTEA || is_string_number(t, o);
}

static void
emit_index(struct stmt *s, size_t depth, size_t dim)
{
	stmt_lit(s, "i");
	buf_u64(&s->text, depth * 10 + dim);
}

static void
emit_place(struct stmt *s, const struct place *p)
{
	if (p->up == NULL) {
		stmt_aggregate(s, p->f, &p->whole->path, p->whole->agg,
		    p->whole->distinct);
		return;
	}
	if (p->element && p->ndims == 0) {
		stmt_lit(s, "u");
		buf_u64(&s->text, p->depth);
		stmt_lit(s, ".e");
		return;
	}
	stmt_lit(s, "(");
	emit_place(s, p->up);
	stmt_lit(s, ")");
	if (!p->element) {
		stmt_lit(s, ".");
		stmt_ident(s, p->field);
	}
	for (size_t dim = 1; dim <= p->ndims; dim++) {
		stmt_lit(s, "[");
		emit_index(s, p->depth, dim);
		stmt_lit(s, "]");
	}
}

/* array(select … array(select element)): the same shape, new elements */
static void
emit_loops(struct stmt *s, const struct place *array, const struct type *t,
    size_t ndims, const struct stmt_opts *o)
{
	struct place element = {.up = array,
	    .element = true,
	    .ndims = ndims,
	    .depth = array->depth + 1};

	for (size_t dim = 1; dim <= ndims; dim++)
		stmt_lit(s, "array(select ");
	emit_value(s, &element, t->element, o);
	for (size_t dim = ndims; dim > 0; dim--) {
		stmt_lit(s, " from pg_catalog.generate_subscripts(");
		emit_place(s, array);
		stmt_lit(s, ", ");
		buf_u64(&s->text, dim);
		stmt_lit(s, ") ");
		emit_index(s, element.depth, dim);
		stmt_lit(s, " order by ");
		emit_index(s, element.depth, dim);
		stmt_lit(s, ")");
	}
}

/* the usual array in one pass; an index would search from its start */
static void
emit_list(struct stmt *s, const struct place *array, const struct type *t,
    const struct stmt_opts *o)
{
	struct place element = {
	    .up = array, .element = true, .depth = array->depth + 1};

	stmt_lit(s, "array(select ");
	emit_value(s, &element, t->element, o);
	stmt_lit(s, " from (select pg_catalog.unnest(");
	emit_place(s, array);
	stmt_lit(s, ") as e) u");
	buf_u64(&s->text, element.depth);
	stmt_lit(s, ")");
}

static void
emit_array(struct stmt *s, const struct place *p, const struct type *t,
    const struct stmt_opts *o)
{
	if (is_string_number(t->element, o)) {
		stmt_lit(s, "pg_catalog.to_json(");
		emit_place(s, p);
		stmt_lit(s, "::text[])");
		return;
	}
	stmt_lit(s, "case when ");
	emit_place(s, p);
	stmt_lit(s, " is null then null else case pg_catalog.array_ndims(");
	emit_place(s, p);
	stmt_lit(s, ")");
	for (size_t ndims = ARRAY_DIMS_MAX; ndims > 1; ndims--) {
		stmt_lit(s, " when ");
		buf_u64(&s->text, ndims);
		stmt_lit(s, " then pg_catalog.to_json(");
		emit_loops(s, p, t, ndims, o);
		stmt_lit(s, ")");
	}
	stmt_lit(s, " else pg_catalog.to_json(");
	emit_list(s, p, t, o);
	stmt_lit(s, ") end end");
}

/* "is null" is true of a row of nulls too, "is distinct from" is exact */
static void
emit_composite(struct stmt *s, const struct place *p, const struct type *t,
    const struct stmt_opts *o)
{
	stmt_lit(s, "case when ");
	emit_place(s, p);
	stmt_lit(s, " is distinct from null then "
		    "(select pg_catalog.to_json(r.*) from (select ");
	for (size_t i = 0; i < t->nfields; i++) {
		struct place field = {
		    .up = p, .field = t->fields[i].name, .depth = p->depth};

		if (i > 0)
			stmt_lit(s, ", ");
		emit_value(s, &field, t->fields[i].type, o);
		stmt_lit(s, " as ");
		stmt_ident(s, t->fields[i].name);
	}
	stmt_lit(s, ") r) end");
}

/* encode() breaks lines after 76 letters as MIME wants it; JSON does not */
static void
emit_value(struct stmt *s, const struct place *p, const struct type *t,
    const struct stmt_opts *o)
{
	if (!is_exception(t, o) ||
	    (t->class == TYPE_ARRAY && p->depth == ARRAY_LEVELS_MAX)) {
		emit_place(s, p);
	} else if (t->class == TYPE_ARRAY) {
		emit_array(s, p, t, o);
	} else if (t->class == TYPE_COMPOSITE) {
		emit_composite(s, p, t, o);
	} else if (t->class == TYPE_BYTEA) {
		stmt_lit(s, "pg_catalog.translate(pg_catalog.encode(");
		emit_place(s, p);
		stmt_lit(s, ", 'base64'), E'\\n', '')");
	} else {
		emit_place(s, p);
		stmt_lit(s, "::text");
	}
}

void
stmt_field(struct stmt *s, const struct from *f, const struct field *field,
    const struct stmt_opts *o)
{
	const struct type *t = query_type(&field->path, field->agg);
	struct place p = {.whole = field, .f = f};

	stmt_col(s, query_field_name(field), stmt_cell(t, o));
	if (stmt_is_plain(t)) {
		emit_place(s, &p);
	} else if (is_exception(t, o)) {
		emit_value(s, &p, t, o);
	} else {
		stmt_lit(s, "pg_catalog.to_json(");
		emit_place(s, &p);
		stmt_lit(s, ")");
	}
}

void
stmt_field_json(struct stmt *s, const struct from *f, const struct field *field,
    const struct stmt_opts *o)
{
	struct place p = {.whole = field, .f = f};

	emit_value(s, &p, query_type(&field->path, field->agg), o);
}

void
stmt_output(struct stmt *s, const struct column *c, const struct stmt_opts *o)
{
	struct field f = {.path = {.column = c}};

	stmt_field(s, NULL, &f, o);
}
