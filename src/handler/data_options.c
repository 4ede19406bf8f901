/*
 * OPTIONS on a table or a row: what there is to know before one asks (the
 * columns, what a writer may send, the limits in force).
 */
#include "handler/handler.h"

#include "base/jsonw.h"

/* the words of CONTRACT 1.1, which clients of Django REST Framework know */
static const char *
kind_word(const struct type *t)
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
	case TYPE_DATE:
		return "date";
	case TYPE_TIME:
	case TYPE_TIMETZ:
		return "time";
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMPTZ:
		return "datetime";
	case TYPE_INTERVAL:
		return "duration";
	case TYPE_UUID:
		return "uuid";
	case TYPE_JSON:
	case TYPE_JSONB:
		return "json";
	case TYPE_ENUM:
		return "choice";
	case TYPE_ARRAY:
		return "list";
	case TYPE_COMPOSITE:
		return "object";
	case TYPE_BYTEA:
		return "base64";
	case TYPE_TEXT:
	case TYPE_CHAR:
	case TYPE_RANGE:
	case TYPE_BUILTIN:
	case TYPE_OTHER:
		break;
	}
	return "string";
}

static bool
is_required(const struct column *col)
{
	return col->not_null && !col->has_default &&
	       col->identity == IDENTITY_NONE && !col->generated;
}

/* "customer_id" reads "Customer id" */
static void
write_label(struct jsonw *w, struct str name)
{
	char label[256];
	size_t n = name.len < sizeof label ? name.len : sizeof label;

	for (size_t i = 0; i < n; i++)
		label[i] = name.p[i] == '_' ? ' ' : name.p[i];
	if (n > 0 && label[0] >= 'a' && label[0] <= 'z')
		label[0] = (char)(label[0] - 'a' + 'A');
	/* names have at most 63 bytes, so none is ever cut */
	jsonw_kv(w, "label", (struct str){label, n});
}

/* no word about a table that he may not read */
static void
write_target(
    struct jsonw *w, const struct column *col, const struct rights *rights)
{
	if (col->fkey == NULL || !rights_see(rights, col->fkey->far_table))
		return;
	jsonw_key(w, "references");
	jsonw_object(w);
	jsonw_kv(w, "table", col->fkey->far_table);
	jsonw_kv(w, "column", col->fkey->far_columns[0]);
	jsonw_end(w);
}

/* replacing a row keeps what is write-only (query/body.c) */
static bool
is_wanted(const struct column *col, enum body_mode mode)
{
	return is_required(col) && mode != BODY_PATCH &&
	       !(mode == BODY_REPLACE && col->write_only);
}

static void
write_column(struct jsonw *w, const struct column *col,
    const struct rights *rights, enum body_mode mode)
{
	jsonw_key_str(w, col->name);
	jsonw_object(w);
	jsonw_kv_c(w, "type", kind_word(col->type));
	jsonw_kv(w, "sql_type", col->type->display);
	jsonw_kv_bool(w, "required", is_wanted(col, mode));
	jsonw_kv_bool(w, "read_only", !body_may_hold(col));
	if (col->write_only)
		jsonw_kv_bool(w, "write_only", true);
	jsonw_kv_bool(w, "nullable", !col->not_null);
	jsonw_kv_bool(w, "filterable", col->has_eq);
	jsonw_kv_bool(w, "orderable", col->has_order);
	write_label(w, col->name);
	if (col->comment.p != NULL)
		jsonw_kv(w, "help_text", col->comment);
	if (col->type->max_len > 0)
		jsonw_kv_i64(w, "max_length", col->type->max_len);
	if (col->type->nlabels > 0) {
		jsonw_key(w, "choices");
		jsonw_array(w);
		for (size_t i = 0; i < col->type->nlabels; i++)
			jsonw_str(w, col->type->labels[i]);
		jsonw_end(w);
	}
	write_target(w, col, rights);
	jsonw_end(w);
}

static void
write_columns(struct jsonw *w, const struct table *t,
    const struct rights *rights, enum body_mode mode)
{
	jsonw_object(w);
	for (size_t i = 0; i < table_ninput(t); i++)
		write_column(w, &t->columns[i], rights, mode);
	jsonw_end(w);
}

/* what can be asked for beside the columns, and never written */
static void
write_computed(
    struct jsonw *w, const struct table *t, const struct rights *rights)
{
	jsonw_key(w, "computed");
	jsonw_object(w);
	for (size_t i = 0; i < t->ncomputed; i++)
		write_column(w, &t->computed[i], rights, BODY_CREATE);
	jsonw_end(w);
}

/* most 0: by nothing */
static int64_t
bounded(int64_t n, int64_t most)
{
	return most > 0 && n > most ? most : n;
}

static void
write_limits(struct ctx *c, struct jsonw *w)
{
	const struct conf *conf = &c->app->conf;
	int64_t most = c->dialect->page_max;

	jsonw_key(w, "limits");
	jsonw_object(w);
	jsonw_kv_i64(w, "page_size", bounded(conf->page_size, most));
	jsonw_kv_i64(w, "max_page_size", bounded(conf->max_page_size, most));
	jsonw_kv_i64(w, "max_rows", conf->max_rows);
	jsonw_kv_i64(w, "body_bytes", conf->body_max);
	jsonw_kv_i64(w, "url_bytes", conf->url_max);
	jsonw_kv_i64(w, "parameters", conf->max_params);
	jsonw_kv_i64(w, "filters", conf->max_filters);
	jsonw_kv_i64(w, "includes", conf->max_includes);
	jsonw_kv_i64(w, "relation_depth", conf->max_depth);
	jsonw_kv_i64(w, "included_rows", conf->max_included);
	jsonw_end(w);
}

static void
write_media_types(struct jsonw *w)
{
	jsonw_key(w, "renders");
	jsonw_array(w);
	jsonw_cstr(w, "application/json");
	jsonw_cstr(w, "application/x-ndjson");
	jsonw_cstr(w, "text/csv");
	jsonw_end(w);
	jsonw_key(w, "parses");
	jsonw_array(w);
	jsonw_cstr(w, "application/json");
	jsonw_cstr(w, "application/x-ndjson");
	jsonw_cstr(w, "text/csv");
	jsonw_cstr(w, "application/x-www-form-urlencoded");
	jsonw_cstr(w, "multipart/form-data");
	jsonw_end(w);
}

static void
write_actions(struct ctx *c, struct jsonw *w, const struct rights *rights)
{
	const struct right *r = rights_on(rights, c->table->qname);
	bool create =
	    r != NULL && r->has[ACTION_CREATE] && c->table->can_insert;
	bool update =
	    r != NULL && r->has[ACTION_UPDATE] && c->table->can_update;

	if (!create && !update)
		return;
	jsonw_key(w, "actions");
	jsonw_object(w);
	if (create) {
		jsonw_key(w, "POST");
		write_columns(w, c->table, rights, BODY_CREATE);
	}
	if (update) {
		jsonw_key(w, "PUT");
		write_columns(w, c->table, rights, c->dialect->put);
	}
	jsonw_end(w);
}

static void
write_relation(struct jsonw *w, const struct relation *r)
{
	bool one = r->kind == RELATION_TO_ONE;

	jsonw_key_str(w, r->name);
	jsonw_object(w);
	jsonw_kv(w, "table", r->far->qname);
	jsonw_kv_c(w, "kind", one ? "one" : "many");
	jsonw_key(w, "columns");
	jsonw_array(w);
	for (size_t i = 0; i < r->ncolumns; i++)
		jsonw_str(w, r->near->columns[r->columns[i]].name);
	jsonw_end(w);
	if (r->via != NULL)
		jsonw_kv(w, "through", r->via->qname);
	jsonw_end(w);
}

/* what include= and paths can name, as far as he may read it */
static int
write_relations(struct ctx *c, struct jsonw *w, const struct rights *rights)
{
	struct visible visible = {rights_visible, rights};
	struct relations relations;

	if (schema_relations(c->app->schema, c->arena, c->table,
		c->app->conf.conceal ? &visible : NULL, &relations,
		&c->err) != 0)
		return -1;
	jsonw_key(w, "relations");
	jsonw_object(w);
	for (size_t i = 0; i < relations.n; i++) {
		const struct relation *r = &relations.v[i];

		if (rights_see(rights, r->far->qname) &&
		    (r->via == NULL || rights_see(rights, r->via->qname)))
			write_relation(w, r);
	}
	jsonw_end(w);
	return 0;
}

static int
write_table(struct ctx *c, struct jsonw *w, const struct rights *rights)
{
	const struct table *t = c->table;

	jsonw_kv(w, "name", t->qname);
	jsonw_kv(w, "description", t->comment.p ? t->comment : STR(""));
	write_media_types(w);
	jsonw_key(w, "key");
	jsonw_array(w);
	for (size_t i = 0; i < t->nkey; i++)
		jsonw_str(w, t->columns[t->key[i]].name);
	jsonw_end(w);
	jsonw_key(w, "fields");
	write_columns(w, t, rights, BODY_CREATE);
	write_computed(w, t, rights);
	if (write_relations(c, w, rights) != 0)
		return -1;
	write_limits(c, w);
	return 0;
}

int
data_options(struct ctx *c)
{
	struct rights rights;
	struct jsonw w;

	if (rights_ask(c, ctx_guard(c, ACTION_READ), NULL, NULL, &rights) != 0)
		return -1;
	response_header(&c->res, "Allow", str_from(ctx_allow(c)));
	ctx_accept_headers(c);
	respond_begin(c, &w);
	jsonw_object(&w);
	if (write_table(c, &w, &rights) != 0)
		return -1;
	write_actions(c, &w, &rights);
	jsonw_end(&w);
	return respond_json(c, 200);
}

const struct route routes_options[] = {
    {METHOD_OPTIONS, "/api/dyn/{table}", NEEDS_TABLE, data_options,
	"Columns, choices and limits"},
    {METHOD_OPTIONS, "/api/dyn/{table}/{key}", NEEDS_TABLE, data_options,
	"Columns, choices and limits"},
    {0},
};
