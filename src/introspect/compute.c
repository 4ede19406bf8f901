/*
 * Functions of a row as fields of its table.  A name that would stand for two
 * things stands for the column, and for none of two functions.
 */
#include "introspect/introspect_priv.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "schema/schema.h"

/* functions of the same rows with the same name, in different schemas */
static size_t
count_same(const struct fun *f, const struct fun *end)
{
	size_t n = 1;

	while (f + n < end && f[n].rel == f->rel && str_eq(f[n].name, f->name))
		n++;
	return n;
}

static bool
is_readable(const struct fun *f)
{
	return utf8_valid(f->name) && utf8_valid(f->display);
}

/* whether it is shown or not: the name is not free */
static bool
is_column(const struct rel *r, struct str name)
{
	for (size_t i = 0; i < r->nattrs; i++)
		if (str_eq(r->attrs[i].name, name))
			return true;
	return false;
}

/* true when it can be a field; else a notice says why not */
static bool
check_fun(struct catalog *c, const struct rel *r, const struct fun *f, size_t n)
{
	if (!is_readable(f))
		catalog_notice(c, r->qname, false,
		    "a function of its rows has a name that is not UTF-8");
	else if (is_column(r, f->name))
		catalog_notice(c, r->qname, false,
		    "function %.*s.%.*s is no field: a column has its name",
		    STR_ARGS(f->schema), STR_ARGS(f->name));
	else if (n > 1)
		catalog_notice(c, r->qname, false,
		    "function %.*s is no field: it is in the schemas %.*s and "
		    "%.*s",
		    STR_ARGS(f->name), STR_ARGS(f->schema),
		    STR_ARGS(f[1].schema));
	else if (f->inside != NULL)
		catalog_notice(c, r->qname, false,
		    "function %.*s.%.*s is no field: %s, which is kept from "
		    "clients, is in its values",
		    STR_ARGS(f->schema), STR_ARGS(f->name), f->inside);
	else if (!f->may_run)
		catalog_notice(c, r->qname, false,
		    "function %.*s.%.*s is no field: the role of conninfo may "
		    "not execute it",
		    STR_ARGS(f->schema), STR_ARGS(f->name));
	else
		return true;
	return false;
}

static void
fill_field(struct catalog *c, const struct table *t, const struct fun *f,
    struct column *field)
{
	field->name = f->name;
	field->function_schema = f->schema;
	field->computed_of = t;
	field->type = catalog_type(c, f->type, -1, f->display);
	field->has_eq = catalog_has_eq(c, f->type);
	field->has_order = catalog_has_order(c, f->type);
	field->comment = utf8_valid(f->comment) ? f->comment : STR_NONE;
}

static void
fill_fields(struct catalog *c, const struct rel *r, const struct fun *f,
    const struct fun *end)
{
	struct table *t = r->table;
	size_t n;

	t->computed = arena_array(c->arena, struct column, (size_t)(end - f));
	for (; f < end; f += n) {
		n = count_same(f, end);
		if (check_fun(c, r, f, n))
			fill_field(c, t, f, &t->computed[t->ncomputed++]);
	}
}

void
compute_fields(struct catalog *c)
{
	const struct fun *f = c->funs, *end = c->funs + c->nfuns, *next;

	for (; f < end; f = next) {
		const struct rel *r = catalog_rel(c, f->rel);

		for (next = f; next < end && next->rel == f->rel;)
			next++;
		if (r != NULL && r->table != NULL)
			fill_fields(c, r, f, next);
	}
}
