/* What is exposed and how, for people and for programs. */
#include "introspect/introspect.h"

#include "base/buf.h"
#include "base/jsonw.h"
#include "schema/schema.h"

/* --------------------------------------------------------------- for people */

static void
add_names(struct buf *b, const struct table *t, const uint16_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_lit(b, ", ");
		buf_str(b, t->columns[v[i]].name);
	}
}

static void
list_column(struct buf *b, const struct table *t, const struct column *c)
{
	bool writable = t->can_insert || t->can_update;

	buf_printf(b, "    %-24.*s %.*s", STR_ARGS(c->name),
	    STR_ARGS(c->type->display));
	if (c->not_null)
		buf_lit(b, ", not null");
	if (c->identity != IDENTITY_NONE)
		buf_lit(b, ", identity");
	else if (c->generated)
		buf_lit(b, ", generated");
	else if (c->has_default)
		buf_lit(b, ", default");
	if (c->write_only)
		buf_lit(b, ", write only");
	if (!c->has_eq && !c->write_only)
		buf_lit(b, ", no filter");
	if (!c->has_order && !c->write_only)
		buf_lit(b, ", no order");
	if (writable && !c->updatable)
		buf_lit(b, ", read only");
	buf_char(b, '\n');
}

static void
list_computed(struct buf *b, const struct column *c)
{
	buf_printf(b, "    %-24.*s %.*s, computed by %.*s.%.*s",
	    STR_ARGS(c->name), STR_ARGS(c->type->display),
	    STR_ARGS(c->function_schema), STR_ARGS(c->name));
	if (!c->has_eq)
		buf_lit(b, ", no filter");
	if (!c->has_order)
		buf_lit(b, ", no order");
	buf_char(b, '\n');
}

static void
list_fkey(struct buf *b, const struct table *t, const struct fkey *f,
    const char *arrow)
{
	buf_lit(b, "    (");
	add_names(b, t, f->columns, f->ncolumns);
	buf_printf(b, ") %s %.*s (", arrow, STR_ARGS(f->far_table));
	for (size_t i = 0; i < f->ncolumns; i++) {
		if (i > 0)
			buf_lit(b, ", ");
		buf_str(b, f->far_columns[i]);
	}
	buf_lit(b, ")\n");
}

static void
list_search(struct buf *b, const struct table *t)
{
	for (size_t i = 0; i < t->nsearch; i++)
		buf_printf(b, "%s%.*s", i == 0 ? "    search " : ", ",
		    STR_ARGS(t->search[i]));
	if (t->nsearch > 0)
		buf_char(b, '\n');
}

static void
list_table(struct buf *b, const struct table *t)
{
	buf_printf(b, "%.*s: %s at /api/dyn/%.*s/", STR_ARGS(t->qname),
	    table_kind_name(t->kind), STR_ARGS(t->path));
	if (t->nkey > 0) {
		buf_lit(b, ", key ");
		add_names(b, t, t->key, t->nkey);
	}
	if (!t->can_insert && !t->can_update && !t->can_delete)
		buf_lit(b, ", read only");
	if (t->row_security)
		buf_lit(b, ", row security");
	buf_char(b, '\n');
	for (size_t i = 0; i < table_ninput(t); i++)
		list_column(b, t, &t->columns[i]);
	for (size_t i = 0; i < t->ncomputed; i++)
		list_computed(b, &t->computed[i]);
	list_search(b, t);
	for (size_t i = 0; i < t->nfkeys; i++)
		list_fkey(b, t, &t->fkeys[i], "->");
	for (size_t i = 0; i < t->nrefs; i++)
		list_fkey(b, t, &t->refs[i], "<-");
}

static void
list_notices(
    struct buf *b, const struct snapshot *s, bool excluded, const char *what)
{
	for (size_t i = 0; i < s->nnotices; i++)
		if (s->notices[i].excluded == excluded)
			buf_printf(b, "%s: %.*s %.*s\n", what,
			    STR_ARGS(s->notices[i].qname),
			    STR_ARGS(s->notices[i].text));
}

void
introspect_list(struct buf *b, const struct snapshot *s)
{
	for (size_t i = 0; i < s->ntables; i++)
		list_table(b, &s->tables[i]);
	list_notices(b, s, true, "excluded");
	list_notices(b, s, false, "warning");
}

/* ------------------------------------------------------------- for programs */

static void
json_names(struct jsonw *w, const char *key, const struct table *t,
    const uint16_t *v, size_t n)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++)
		jsonw_str(w, t->columns[v[i]].name);
	jsonw_end(w);
}

static void
json_type(struct jsonw *w, const struct type *t)
{
	jsonw_kv(w, "type", t->display);
	jsonw_kv_c(w, "class", type_class_name(t->class));
	if (t->max_len > 0)
		jsonw_kv_i64(w, "max_length", t->max_len);
	if (t->class != TYPE_ENUM)
		return;
	jsonw_key(w, "labels");
	jsonw_array(w);
	for (size_t i = 0; i < t->nlabels; i++)
		jsonw_str(w, t->labels[i]);
	jsonw_end(w);
}

static void
json_column(struct jsonw *w, const struct column *c)
{
	jsonw_object(w);
	jsonw_kv(w, "name", c->name);
	json_type(w, c->type);
	jsonw_kv_bool(w, "not_null", c->not_null);
	jsonw_kv_bool(w, "has_default", c->has_default);
	jsonw_kv_bool(w, "identity", c->identity != IDENTITY_NONE);
	jsonw_kv_bool(w, "generated", c->generated);
	jsonw_kv_bool(w, "updatable", c->updatable);
	jsonw_kv_bool(w, "write_only", c->write_only);
	jsonw_kv_bool(w, "filterable", c->has_eq);
	jsonw_kv_bool(w, "orderable", c->has_order);
	if (c->comment.p != NULL)
		jsonw_kv(w, "comment", c->comment);
	jsonw_end(w);
}

static void
json_computed(struct jsonw *w, const struct column *c)
{
	jsonw_object(w);
	jsonw_kv(w, "name", c->name);
	jsonw_kv(w, "function_schema", c->function_schema);
	json_type(w, c->type);
	jsonw_kv_bool(w, "filterable", c->has_eq);
	jsonw_kv_bool(w, "orderable", c->has_order);
	if (c->comment.p != NULL)
		jsonw_kv(w, "comment", c->comment);
	jsonw_end(w);
}

static void
json_fkeys(struct jsonw *w, const char *key, const struct table *t,
    const struct fkey *fkeys, size_t n)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w);
		jsonw_kv(w, "name", fkeys[i].name);
		json_names(
		    w, "columns", t, fkeys[i].columns, fkeys[i].ncolumns);
		jsonw_kv(w, "table", fkeys[i].far_table);
		jsonw_key(w, "far_columns");
		jsonw_array(w);
		for (size_t k = 0; k < fkeys[i].ncolumns; k++)
			jsonw_str(w, fkeys[i].far_columns[k]);
		jsonw_end(w);
		jsonw_kv_bool(w, "unique", fkeys[i].far_unique);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void
json_search(struct jsonw *w, const struct table *t)
{
	if (t->search == NULL)
		return;
	jsonw_key(w, "search");
	jsonw_array(w);
	for (size_t i = 0; i < t->nsearch; i++)
		jsonw_str(w, t->search[i]);
	jsonw_end(w);
}

static void
json_table_head(struct jsonw *w, const struct table *t)
{
	jsonw_kv(w, "table", t->qname);
	jsonw_kv(w, "schema", t->schema);
	jsonw_kv(w, "name", t->name);
	jsonw_kv(w, "path", t->path);
	jsonw_kv_c(w, "kind", table_kind_name(t->kind));
	json_names(w, "key", t, t->key, t->nkey);
	jsonw_kv_bool(w, "can_insert", t->can_insert);
	jsonw_kv_bool(w, "can_update", t->can_update);
	jsonw_kv_bool(w, "can_delete", t->can_delete);
	jsonw_kv_bool(w, "row_security", t->row_security);
	jsonw_kv_i64(w, "estimated_rows", t->est_rows);
	if (t->comment.p != NULL)
		jsonw_kv(w, "comment", t->comment);
}

static void
json_table(struct jsonw *w, const struct table *t)
{
	jsonw_object(w);
	json_table_head(w, t);
	jsonw_key(w, "columns");
	jsonw_array(w);
	for (size_t i = 0; i < table_ninput(t); i++)
		json_column(w, &t->columns[i]);
	jsonw_end(w);
	jsonw_key(w, "computed");
	jsonw_array(w);
	for (size_t i = 0; i < t->ncomputed; i++)
		json_computed(w, &t->computed[i]);
	jsonw_end(w);
	json_search(w, t);
	json_fkeys(w, "foreign_keys", t, t->fkeys, t->nfkeys);
	json_fkeys(w, "references", t, t->refs, t->nrefs);
	jsonw_end(w);
}

static void
json_notices(
    struct jsonw *w, const char *key, const struct snapshot *s, bool excluded)
{
	jsonw_key(w, key);
	jsonw_array(w);
	for (size_t i = 0; i < s->nnotices; i++) {
		if (s->notices[i].excluded != excluded)
			continue;
		jsonw_object(w);
		jsonw_kv(w, "table", s->notices[i].qname);
		jsonw_kv(w, "text", s->notices[i].text);
		jsonw_end(w);
	}
	jsonw_end(w);
}

void
introspect_list_json(struct buf *b, const struct snapshot *s)
{
	struct jsonw w;

	jsonw_init(&w, b);
	jsonw_object(&w);
	jsonw_kv(&w, "database", s->meta.database);
	jsonw_kv(&w, "schemas", s->meta.schemas);
	if (s->meta.text_search.p != NULL)
		jsonw_kv(&w, "text_search", s->meta.text_search);
	jsonw_key(&w, "tables");
	jsonw_array(&w);
	for (size_t i = 0; i < s->ntables; i++)
		json_table(&w, &s->tables[i]);
	jsonw_end(&w);
	json_notices(&w, "excluded", s, true);
	json_notices(&w, "warnings", s, false);
	jsonw_end(&w);
	buf_char(b, '\n');
}
