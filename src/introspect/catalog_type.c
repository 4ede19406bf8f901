/*
 * The types of columns.  One struct type per pg_type row and modifier, shared
 * by all columns that have it; a domain is its base type under another name.
 *
 * Equality and order are looked up as PostgreSQL's parser does: the type's own
 * default operator class, that of a type it is binary coercible to, and for
 * arrays, enums, ranges and records that of the pseudo-type, which asks the
 * parts.
 */
#include "introspect/introspect_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "schema/schema.h"

#define VARIANTS_MIN 256
#define VARHDR_BYTES 4
#define NESTING_MAX  100

struct variant {
	uint32_t oid;
	int32_t typmod;
	struct type *type;
};

/* ----------------------------------------------------------------- sharing */

static size_t
hash_variant(uint32_t oid, int32_t typmod)
{
	uint64_t h =
	    ((uint64_t)oid << 32 | (uint32_t)typmod) * 0x9e3779b97f4a7c15u;

	return (size_t)(h ^ h >> 32);
}

/* where it is, or where it belongs */
static struct variant **
find_slot(struct variant **v, size_t cap, uint32_t oid, int32_t typmod)
{
	size_t i = hash_variant(oid, typmod) & (cap - 1);

	while (v[i] != NULL && (v[i]->oid != oid || v[i]->typmod != typmod))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

static void
grow_variants(struct catalog *c)
{
	size_t cap = c->variants_cap == 0 ? VARIANTS_MIN : 2 * c->variants_cap;
	struct variant **v = arena_array(c->arena, struct variant *, cap);

	for (size_t i = 0; i < c->variants_cap; i++)
		if (c->variants[i] != NULL)
			*find_slot(v, cap, c->variants[i]->oid,
			    c->variants[i]->typmod) = c->variants[i];
	c->variants = v;
	c->variants_cap = cap;
}

/* ---------------------------------------------------------------- one type */

static bool
is_array(const struct ctype *t)
{
	return t->category == 'A' && t->elem != 0;
}

static enum type_class
classify(const struct ctype *t)
{
	enum type_class known = type_class_of(t->oid);

	if (known != TYPE_OTHER)
		return known;
	switch (t->kind) {
	case 'e':
		return TYPE_ENUM;
	case 'c':
		return TYPE_COMPOSITE;
	case 'r':
	case 'm':
		return TYPE_RANGE;
	default:
		break;
	}
	if (is_array(t))
		return TYPE_ARRAY;
	if (str_eq(t->schema, STR("pg_catalog")))
		return TYPE_BUILTIN;
	/* of the extension of that name; sent and read as text */
	return str_eq(t->name, STR("citext")) ? TYPE_TEXT : TYPE_OTHER;
}

static bool
is_bits(const struct type *t)
{
	return t->class == TYPE_BUILTIN &&
	       (str_eq_c(t->base_name, "bit") ||
		   str_eq_c(t->base_name, "varbit"));
}

/* what the modifier says; numeric.c packs precision and an 11-bit scale */
static void
apply_typmod(struct type *t, int32_t typmod)
{
	int32_t m = typmod - VARHDR_BYTES;

	if (is_bits(t) && typmod > 0)
		t->max_len = typmod;
	if (typmod < VARHDR_BYTES)
		return;
	if (t->class == TYPE_TEXT || t->class == TYPE_CHAR)
		t->max_len = m;
	if (t->class == TYPE_NUMERIC) {
		t->precision = m >> 16 & 0xffff;
		t->scale = ((m & 0x7ff) ^ 1024) - 1024;
	}
}

/* format_type's text of an array is its element's and "[]" */
static struct str
display_element(const struct catalog *c, uint32_t element, struct str array)
{
	const struct ctype *t = catalog_ctype(c, element);

	if (str_ends(array, STR("[]")))
		return str_sub(array, 0, array.len - 2);
	return t == NULL ? STR("") : t->name;
}

static void
fill_fields(struct catalog *c, const struct ctype *ct, struct type *t)
{
	const struct attr *a = catalog_fields(c, ct->rel, &t->nfields);

	t->fields = arena_array(c->arena, struct type_field, t->nfields);
	for (size_t i = 0; i < t->nfields; i++) {
		t->fields[i].name = a[i].name;
		t->fields[i].type =
		    catalog_type(c, a[i].type, a[i].typmod, a[i].display);
	}
}

/* base is the type itself, or what the domain is made of in the end */
static void
fill_base(struct catalog *c, const struct ctype *base, int32_t typmod,
    struct str display, struct type *t)
{
	t->class = classify(base);
	t->base_schema = base->schema;
	t->base_name = base->name;
	apply_typmod(t, typmod);
	if (t->class == TYPE_ENUM) {
		t->labels = base->labels;
		t->nlabels = base->nlabels;
	}
	if (t->class == TYPE_ARRAY)
		t->element = catalog_type(c, base->elem, typmod,
		    display_element(c, base->elem, display));
	if (t->class == TYPE_COMPOSITE)
		fill_fields(c, base, t);
}

/* *typmod and *display become those of the type below the domains */
static const struct ctype *
undo_domains(const struct catalog *c, const struct ctype *t, int32_t *typmod,
    struct str *display, bool *not_null)
{
	const struct ctype *base;

	while (t->kind == 'd') {
		base = catalog_ctype(c, t->base);
		if (base == NULL)
			break;
		*not_null |= t->not_null;
		*typmod = t->typmod;
		*display = t->base_display;
		t = base;
	}
	return t;
}

/* a type that the catalogs do not explain (dropped meanwhile) is other */
static struct type *
make_type(struct catalog *c, uint32_t oid, int32_t typmod, struct str display)
{
	struct type *t = arena_make(c->arena, struct type);
	const struct ctype *ct = catalog_ctype(c, oid);

	t->oid = oid;
	t->display = display;
	t->class = TYPE_OTHER;
	t->schema = t->base_schema = ct == NULL ? STR("") : ct->schema;
	t->name = t->base_name = ct == NULL ? STR("") : ct->name;
	if (ct == NULL)
		return t;
	t->is_domain = ct->kind == 'd';
	ct = undo_domains(c, ct, &typmod, &display, &t->domain_not_null);
	fill_base(c, ct, typmod, display, t);
	return t;
}

struct type *
catalog_type(
    struct catalog *c, uint32_t oid, int32_t typmod, struct str display)
{
	struct variant **slot, *v;

	if (2 * c->nvariants >= c->variants_cap)
		grow_variants(c);
	slot = find_slot(c->variants, c->variants_cap, oid, typmod);
	if (*slot != NULL)
		return (*slot)->type;
	v = arena_make(c->arena, struct variant);
	v->oid = oid;
	v->typmod = typmod;
	/* makes its parts first, and so may grow the list */
	v->type = make_type(c, oid, typmod, display);
	*find_slot(c->variants, c->variants_cap, oid, typmod) = v;
	c->nvariants++;
	return v->type;
}

bool
catalog_type_default(const struct catalog *c, uint32_t oid)
{
	const struct ctype *t;

	for (t = catalog_ctype(c, oid); t != NULL && t->kind == 'd';
	     t = catalog_ctype(c, t->base))
		if (t->has_default)
			return true;
	return false;
}

/* --------------------------------------------------- equality and ordering */

enum wanted {
	WANT_EQ,
	WANT_ORDER,
	WANT_PLAIN_EQ /* "=" is found with an empty search path */
};

static bool has_operator(
    const struct catalog *, uint32_t oid, enum wanted, int depth);

static int
compare_oid(const void *key, const void *element)
{
	const uint32_t *a = key, *b = element;

	return (*a > *b) - (*a < *b);
}

static bool
has_opclass(const struct catalog *c, uint32_t oid, enum wanted w)
{
	const struct opclass *o = bsearch(&oid, c->opclasses, c->nopclasses,
	    sizeof(c->opclasses[0]), compare_oid);

	if (o == NULL)
		return false;
	switch (w) {
	case WANT_EQ:
		return o->btree || o->hash;
	case WANT_ORDER:
		return o->less;
	case WANT_PLAIN_EQ:
		return o->plain_eq;
	}
	return false;
}

static bool
has_cast_opclass(const struct catalog *c, uint32_t oid, enum wanted w)
{
	for (size_t i = 0; i < c->ncasts; i++)
		if (c->casts[i].from == oid &&
		    has_opclass(c, c->casts[i].to, w))
			return true;
	return false;
}

/* the operators of arrays and records find those of their parts by operator
 * class, so that these need not be on the search path */
static bool
parts_have(
    const struct catalog *c, const struct ctype *t, enum wanted w, int depth)
{
	enum wanted of_part = w == WANT_ORDER ? WANT_ORDER : WANT_EQ;
	const struct attr *a;
	size_t n;

	if (is_array(t))
		return has_operator(c, t->elem, of_part, depth);
	a = catalog_fields(c, t->rel, &n);
	for (size_t i = 0; i < n; i++)
		if (!has_operator(c, a[i].type, of_part, depth))
			return false;
	return true;
}

static bool
has_operator(const struct catalog *c, uint32_t oid, enum wanted w, int depth)
{
	const struct ctype *t = catalog_ctype(c, oid);

	if (t == NULL || depth == NESTING_MAX)
		return false;
	if (t->kind == 'd')
		return has_operator(c, t->base, w, depth + 1);
	if (has_opclass(c, oid, w) || has_cast_opclass(c, oid, w))
		return true;
	if (t->kind == 'e' || t->kind == 'r' || t->kind == 'm')
		return true;
	if (t->kind == 'c' || is_array(t))
		return parts_have(c, t, w, depth + 1);
	return false;
}

bool
catalog_has_eq(const struct catalog *c, uint32_t type)
{
	return has_operator(c, type, WANT_PLAIN_EQ, 0);
}

bool
catalog_has_order(const struct catalog *c, uint32_t type)
{
	return has_operator(c, type, WANT_ORDER, 0);
}
