/*
 * One table as a JSON text: writing.  Types stand in a list of their own, each
 * after those it consists of, and are named by position: a type used by ten
 * columns is written once, and nesting in the database is none in the text.
 * What is false, zero or absent is left out.
 */
#include "schema/schema_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/jsonw.h"

const char *const record_kinds[] = {
    [TABLE_ORDINARY] = "table",
    [TABLE_PARTITIONED] = "partitioned",
    [TABLE_VIEW] = "view",
    [TABLE_MATVIEW] = "matview",
    [TABLE_FOREIGN] = "foreign",
};

const char *const record_constraints[] = {
    [CONSTRAINT_PRIMARY] = "primary",
    [CONSTRAINT_UNIQUE] = "unique",
    [CONSTRAINT_CHECK] = "check",
    [CONSTRAINT_EXCLUDE] = "exclude",
};

const char *const record_identities[] = {
    [IDENTITY_NONE] = "none",
    [IDENTITY_ALWAYS] = "always",
    [IDENTITY_BY_DEFAULT] = "by default",
};

/* the types of one table, each after its parts */
struct types {
	struct arena *arena;
	const struct type **v;
	size_t n, cap;
};

static size_t
type_index(const struct types *l, const struct type *t)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == t)
			return i;
	return l->n;
}

static void
append_type(struct types *l, const struct type *t)
{
	size_t cap = l->cap == 0 ? 16 : 2 * l->cap;

	if (l->n == l->cap) {
		const struct type **v =
		    arena_array(l->arena, const struct type *, cap);

		if (l->n > 0)
			memcpy(v, l->v, l->n * sizeof(v[0]));
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = t;
}

static void
collect_type(struct types *l, const struct type *t)
{
	if (type_index(l, t) < l->n)
		return;
	if (t->element != NULL)
		collect_type(l, t->element);
	for (size_t i = 0; i < t->nfields; i++)
		collect_type(l, t->fields[i].type);
	append_type(l, t);
}

static void
put_flag(struct jsonw *w, const char *key, bool v)
{
	if (v)
		jsonw_kv_bool(w, key, v);
}

static void
put_number(struct jsonw *w, const char *key, int64_t v)
{
	if (v != 0)
		jsonw_kv_i64(w, key, v);
}

static void
put_text(struct jsonw *w, const char *key, struct str v)
{
	if (v.p != NULL)
		jsonw_kv(w, key, v);
}

static void
put_indices(struct jsonw *w, const char *key, const uint16_t *v, size_t n)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		jsonw_i64(w, v[i]);
	jsonw_end(w);
}

static void
put_texts(struct jsonw *w, const char *key, const struct str *v, size_t n)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		jsonw_str(w, v[i]);
	jsonw_end(w);
}

static void
write_fields(struct jsonw *w, const struct type *t, const struct types *l)
{
	jsonw_key(w, "fields");
	jsonw_array(w);
	for (size_t i = 0; i < t->nfields; i++) {
		jsonw_object(w);
		jsonw_kv(w, "name", t->fields[i].name);
		jsonw_kv_i64(
		    w, "type", (int64_t)type_index(l, t->fields[i].type));
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void
write_domain(struct jsonw *w, const struct type *t)
{
	jsonw_kv_bool(w, "is_domain", true);
	put_flag(w, "domain_not_null", t->domain_not_null);
	jsonw_kv(w, "base_schema", t->base_schema);
	jsonw_kv(w, "base_name", t->base_name);
}

static void
write_type(struct jsonw *w, const struct type *t, const struct types *l)
{
	jsonw_object(w);
	jsonw_kv_c(w, "class", type_class_name(t->class));
	jsonw_kv_i64(w, "oid", t->oid);
	jsonw_kv(w, "schema", t->schema);
	jsonw_kv(w, "name", t->name);
	jsonw_kv(w, "display", t->display);
	if (t->is_domain)
		write_domain(w, t);
	put_number(w, "max_len", t->max_len);
	put_number(w, "precision", t->precision);
	put_number(w, "scale", t->scale);
	if (t->class == TYPE_ENUM)
		put_texts(w, "labels", t->labels, t->nlabels);
	if (t->element != NULL)
		jsonw_kv_i64(w, "element", (int64_t)type_index(l, t->element));
	if (t->class == TYPE_COMPOSITE)
		write_fields(w, t, l);
	jsonw_end(w);
}

static void
write_column(struct jsonw *w, const struct column *c, const struct types *l)
{
	jsonw_object(w);
	jsonw_kv(w, "name", c->name);
	jsonw_kv_i64(w, "attnum", c->attnum);
	jsonw_kv_i64(w, "type", (int64_t)type_index(l, c->type));
	put_flag(w, "not_null", c->not_null);
	put_flag(w, "has_default", c->has_default);
	if (c->identity != IDENTITY_NONE)
		jsonw_kv_c(w, "identity", record_identities[c->identity]);
	put_flag(w, "generated", c->generated);
	put_flag(w, "updatable", c->updatable);
	put_flag(w, "write_only", c->write_only);
	put_flag(w, "has_eq", c->has_eq);
	put_flag(w, "has_order", c->has_order);
	put_text(w, "comment", c->comment);
	jsonw_end(w);
}

static void
write_computed(struct jsonw *w, const struct table *t, const struct types *l)
{
	if (t->ncomputed == 0)
		return;
	jsonw_key(w, "computed");
	jsonw_array(w);
	for (size_t i = 0; i < t->ncomputed; i++) {
		const struct column *c = &t->computed[i];

		jsonw_object(w);
		jsonw_kv(w, "name", c->name);
		jsonw_kv(w, "schema", c->function_schema);
		jsonw_kv_i64(w, "type", (int64_t)type_index(l, c->type));
		put_flag(w, "has_eq", c->has_eq);
		put_flag(w, "has_order", c->has_order);
		put_text(w, "comment", c->comment);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void
write_constraint(struct jsonw *w, const struct constraint *c)
{
	jsonw_object(w);
	jsonw_kv(w, "name", c->name);
	jsonw_kv_c(w, "kind", record_constraints[c->kind]);
	put_indices(w, "columns", c->columns, c->ncolumns);
	jsonw_end(w);
}

static void
write_fkeys(
    struct jsonw *w, const char *key, const struct fkey *fkeys, size_t n)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		const struct fkey *f = &fkeys[i];

		jsonw_object(w);
		jsonw_kv(w, "name", f->name);
		put_indices(w, "columns", f->columns, f->ncolumns);
		jsonw_kv(w, "far_table", f->far_table);
		put_texts(w, "far_columns", f->far_columns, f->ncolumns);
		put_flag(w, "far_unique", f->far_unique);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void
write_columns(struct jsonw *w, const struct table *t, const struct types *l)
{
	jsonw_key(w, "types");
	jsonw_array(w);
	for (size_t i = 0; i < l->n; i++)
		write_type(w, l->v[i], l);
	jsonw_end(w);
	jsonw_key(w, "columns");
	jsonw_array(w);
	for (size_t i = 0; i < table_ninput(t); i++)
		write_column(w, &t->columns[i], l);
	jsonw_end(w);
}

static void
write_head(struct jsonw *w, const struct table *t, bool with_estimate)
{
	jsonw_kv(w, "schema", t->schema);
	jsonw_kv(w, "name", t->name);
	jsonw_kv(w, "path", t->path);
	jsonw_kv_c(w, "kind", record_kinds[t->kind]);
	jsonw_kv_i64(w, "oid", t->oid);
	put_flag(w, "can_insert", t->can_insert);
	put_flag(w, "can_update", t->can_update);
	put_flag(w, "can_delete", t->can_delete);
	put_flag(w, "row_security", t->row_security);
	put_flag(w, "conceals", t->conceals);
	if (with_estimate)
		jsonw_kv_i64(w, "est_rows", t->est_rows);
	put_text(w, "comment", t->comment);
}

void
table_json(struct buf *b, const struct table *t, bool with_estimate)
{
	struct types l = {.arena = b->arena};
	struct jsonw w;

	for (size_t i = 0; i < table_ninput(t); i++)
		collect_type(&l, t->columns[i].type);
	for (size_t i = 0; i < t->ncomputed; i++)
		collect_type(&l, t->computed[i].type);
	jsonw_init(&w, b);
	jsonw_object(&w);
	write_head(&w, t, with_estimate);
	write_columns(&w, t, &l);
	write_computed(&w, t, &l);
	put_indices(&w, "key", t->key, t->nkey);
	if (t->search != NULL)
		put_texts(&w, "search", t->search, t->nsearch);
	jsonw_key(&w, "constraints");
	jsonw_array(&w);
	for (size_t i = 0; i < t->nconstraints; i++)
		write_constraint(&w, &t->constraints[i]);
	jsonw_end(&w);
	write_fkeys(&w, "fkeys", t->fkeys, t->nfkeys);
	write_fkeys(&w, "refs", t->refs, t->nrefs);
	jsonw_end(&w);
}

void
notices_write(struct buf *b, const struct notice *notices, size_t n)
{
	struct jsonw w;

	jsonw_init(&w, b);
	jsonw_array(&w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(&w);
		jsonw_kv(&w, "table", notices[i].qname);
		jsonw_kv(&w, "text", notices[i].text);
		put_flag(&w, "excluded", notices[i].excluded);
		jsonw_end(&w);
	}
	jsonw_end(&w);
}
