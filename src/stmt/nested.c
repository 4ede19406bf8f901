/*
 * The rows of a to-many relation as one JSON text, for parents that stream:
 * the bytes that the renderer would make of the same rows.  row_to_json()
 * takes the names of members from SQL's identifiers; a name that somebody
 * asked for, or that is too long for one, is bound as an argument instead, and
 * the object is put together from its members.
 */
#include "stmt/stmt_priv.h"

#include <assert.h>

#include "base/escape.h"

#define IDENTIFIER_MAX 63 /* NAMEDATALEN - 1 */

static void emit_rows(struct stmt *, const struct include *,
    const struct stmt_opts *, bool as_json);

/* an object under way */
struct object {
	struct stmt *s;
	const struct stmt_opts *o;
	const struct from *f;
	bool bound; /* names are arguments */
	size_t n;
};

static bool
is_identifier(const struct include *inc)
{
	return inc->alias.p == NULL &&
	       inc->relation->name.len <= IDENTIFIER_MAX;
}

static bool
has_bound_names(const struct query *q)
{
	for (size_t i = 0; i < q->nselect; i++)
		if (!stmt_field_is_plain(&q->select[i]))
			return true;
	for (size_t i = 0; i < q->ninclude; i++)
		if (!is_identifier(&q->include[i]))
			return true;
	return false;
}

static void
begin_member(struct object *b, struct str name)
{
	struct buf prefix;

	if (b->n++ > 0 && !b->bound)
		stmt_lit(b->s, ", ");
	if (!b->bound)
		return;
	buf_init(&prefix, b->s->arena, SIZE_MAX / 4);
	buf_char(&prefix, b->n == 1 ? '{' : ',');
	buf_json(&prefix, name);
	buf_char(&prefix, ':');
	if (b->n > 1)
		stmt_lit(b->s, " || ");
	stmt_param(b->s, buf_view(&prefix), NULL);
	stmt_lit(b->s, "::text || coalesce(");
}

static void
end_member(struct object *b, struct str name)
{
	if (b->bound) {
		stmt_lit(b->s, ", 'null')");
		return;
	}
	stmt_lit(b->s, " as ");
	stmt_ident(b->s, name);
}

static void
add_field(struct object *b, const struct field *f)
{
	struct str name = query_field_name(f);

	begin_member(b, name);
	if (b->bound)
		stmt_lit(b->s, "pg_catalog.to_json(");
	stmt_field_json(b->s, b->f, f, b->o);
	if (b->bound)
		stmt_lit(b->s, ")::text");
	end_member(b, name);
}

static void
add_fields(struct object *b, const struct query *q)
{
	struct field f = {0};

	for (size_t i = 0; i < q->nselect; i++)
		add_field(b, &q->select[i]);
	for (size_t i = 0; q->nselect == 0 && i < q->table->ncolumns; i++) {
		f.path.column = &q->table->columns[i];
		add_field(b, &f);
	}
}

static void emit_object(struct stmt *, const struct from *,
    const struct query *, const struct stmt_opts *, bool as_json);

/* a joined row, or null */
static void
add_one(struct object *b, const struct include *inc)
{
	struct stmt *s = b->s;
	unsigned near = s->alias;

	begin_member(b, query_include_name(inc));
	s->alias = stmt_joined(b->f, near, inc);
	stmt_lit(s, "case when ");
	stmt_presence(s, inc->relation, s->alias);
	stmt_lit(s, " then ");
	emit_object(s, b->f, inc->query, b->o, !b->bound);
	stmt_lit(s, " end");
	s->alias = near;
	end_member(b, query_include_name(inc));
}

static void
add_many(struct object *b, const struct include *inc)
{
	begin_member(b, query_include_name(inc));
	emit_rows(b->s, inc, b->o, !b->bound);
	end_member(b, query_include_name(inc));
}

static void
add_members(struct object *b, const struct query *q)
{
	add_fields(b, q);
	for (size_t i = 0; i < q->ninclude; i++) {
		const struct include *inc = &q->include[i];

		if (inc->join == JOIN_ANTI)
			continue;
		if (inc->relation->kind == RELATION_TO_ONE)
			add_one(b, inc);
		else
			add_many(b, inc);
	}
}

/* of the row of s->alias */
static void
emit_object(struct stmt *s, const struct from *f, const struct query *q,
    const struct stmt_opts *o, bool as_json)
{
	struct object b = {.s = s, .o = o, .f = f, .bound = has_bound_names(q)};

	if (b.bound)
		stmt_lit(s, "(");
	else
		stmt_lit(s, "(select pg_catalog.row_to_json(r.*)");
	if (!b.bound && !as_json)
		stmt_lit(s, "::text");
	if (!b.bound)
		stmt_lit(s, " from (select ");
	add_members(&b, q);
	if (b.bound)
		stmt_lit(s, " || '}')");
	else
		stmt_lit(s, ") r)");
	if (b.bound && as_json)
		stmt_lit(s, "::json");
}

/* the related rows in their order, each as r, or its object as r.j */
static void
emit_selected(
    struct stmt *s, const struct include *inc, const struct stmt_opts *o)
{
	const struct query *q = inc->query;
	const struct relation *r = inc->relation;
	unsigned near = s->alias, far = ++s->naliases;
	unsigned via = r->via != NULL ? ++s->naliases : 0;
	bool ordered = false, some = true;
	struct object b = {.s = s, .o = o, .bound = has_bound_names(q)};
	struct from f;

	stmt_plan(s, &f, q, far);
	b.f = &f;
	s->alias = far;
	stmt_lit(s, "select ");
	add_members(&b, q);
	if (b.bound)
		stmt_lit(s, " || '}' as j");
	stmt_lit(s, " from ");
	stmt_far(s, r, far, via, true);
	stmt_joins(s, &f);
	stmt_lit(s, " where ");
	stmt_match(s, r, near, far, via);
	stmt_conditions(s, q, true, &some);
	stmt_group(s, &f, false);
	stmt_order(s, &f, &ordered);
	stmt_slice(s, q, o);
	s->alias = near;
}

/* of a statement that is refused when there are too many of them */
static void
emit_bounded(struct stmt *s, const struct include *inc,
    const struct stmt_opts *o, bool as_json)
{
	stmt_lit(s, "(select case when pg_catalog.count(*) > ");
	stmt_param_i64(s, o->max_included);
	stmt_lit(s, " then dynapi.refuse('ZD003') else "
		    "coalesce('[' || pg_catalog.string_agg(");
	if (has_bound_names(inc->query))
		stmt_lit(s, "r.j");
	else
		stmt_lit(s, "pg_catalog.row_to_json(r.*)::text");
	stmt_lit(s, ", ',') || ']', '[]') end from (");
	emit_selected(s, inc, o);
	if (!stmt_is_sliced(inc->query)) {
		stmt_lit(s, " limit ");
		stmt_param_i64(s, o->max_included + 1);
	}
	stmt_lit(s, ") r)");
	if (as_json)
		stmt_lit(s, "::json");
}

/* r alone would be a column of that name, where there is one;
 * array_to_json() puts nothing between elements but a comma, and needs no
 * parsing again as a text would that is to be json */
static void
emit_rows(struct stmt *s, const struct include *inc, const struct stmt_opts *o,
    bool as_json)
{
	bool bound = has_bound_names(inc->query);

	assert(inc->relation->kind != RELATION_TO_ONE);
	if (o->bounded) {
		emit_bounded(s, inc, o, as_json);
		return;
	}
	if (bound)
		stmt_lit(s, "(select coalesce('[' || "
			    "pg_catalog.string_agg(r.j, ',') || ']', '[]')");
	else
		stmt_lit(s, "pg_catalog.array_to_json("
			    "array(select (r.*)::record");
	stmt_lit(s, " from (");
	emit_selected(s, inc, o);
	if (bound)
		stmt_lit(s, ") r)");
	else
		stmt_lit(s, ") r))");
	if (bound && as_json)
		stmt_lit(s, "::json");
	else if (!bound && !as_json)
		stmt_lit(s, "::text");
}

void
stmt_nested_rows(
    struct stmt *s, const struct include *inc, const struct stmt_opts *o)
{
	emit_rows(s, inc, o, true);
}

void
stmt_row_json(struct stmt *s, const struct table *t, const struct stmt_opts *o)
{
	struct query q = {.table = t};

	emit_object(s, NULL, &q, o, false);
}
