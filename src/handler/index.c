/*
 * What is here: /api/, the tables a caller may see (/api/dyn/), and reading
 * the schema again (POST /api/dyn/reload/).
 */
#include "handler/handler.h"

#include "base/arena.h"
#include "base/escape.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "base/proc.h"

#define RELOAD_MS 30000

static void
link_value(struct ctx *c, struct jsonw *w, const char *key, struct str path)
{
	struct buf link;

	buf_init(&link, c->arena, 4096);
	ctx_link(c, &link, path);
	jsonw_kv(w, key, buf_view(&link));
}

static int
index_roots(struct ctx *c)
{
	struct jsonw w;

	respond_begin(c, &w);
	jsonw_object(&w);
	jsonw_kv_c(&w, "name", "DynAPI");
	jsonw_key(&w, "links");
	jsonw_object(&w);
	link_value(c, &w, "tables", STR("/api/dyn/"));
	link_value(c, &w, "login", STR("/api/auth/login/"));
	link_value(c, &w, "me", STR("/api/auth/me/"));
	link_value(c, &w, "health", STR("/api/health/"));
	jsonw_end(&w);
	jsonw_end(&w);
	return respond_json(c, 200);
}

/* ---- /api/dyn/ ---------------------------------------------------------- */

static void
write_entry(struct ctx *c, struct jsonw *w, const struct table_entry *e,
    const struct right *r)
{
	struct buf path;

	jsonw_object(w);
	jsonw_kv(w, "table", e->qname);
	buf_init(&path, c->arena, 2048);
	buf_lit(&path, "/api/dyn/");
	buf_url(&path, e->path);
	buf_char(&path, '/');
	link_value(c, w, "path", buf_view(&path));
	jsonw_key(w, "key");
	jsonw_array(w);
	for (size_t i = 0; i < e->nkey; i++)
		jsonw_str(w, e->key[i]);
	jsonw_end(w);
	rights_write(w, r);
	jsonw_end(w);
}

static int
index_tables(struct ctx *c)
{
	struct schema *schema = c->app->schema;
	struct rights rights;
	struct jsonw w;

	if (rights_ask(c, ctx_guard_user(c, false), NULL, NULL, &rights) != 0)
		return -1;
	respond_begin(c, &w);
	jsonw_array(&w);
	for (size_t i = 0; i < schema_count(schema); i++) {
		const struct table_entry *e = schema_entry(schema, i);
		const struct right *r = rights_on(&rights, e->qname);

		if (r != NULL)
			write_entry(c, &w, e, r);
	}
	jsonw_end(&w);
	return respond_json(c, 200);
}

/* ---- reload ------------------------------------------------------------- */

static int
run_introspection(struct ctx *c)
{
	char *argv[4];
	struct buf out;
	int rc;

	argv[0] = arena_strdup(c->arena, c->app->conf.introspect);
	argv[1] = arena_strdup(c->arena, "-c");
	argv[2] = arena_strdup(c->arena, c->app->conf_path);
	argv[3] = NULL;
	buf_init(&out, c->arena, 65536);
	rc = proc_run(argv, RELOAD_MS, &out);
	if (rc != 0)
		return err_world(&c->err, ERR_RELOAD_UNAVAILABLE,
		    "dynapi-introspect ended with %d: %.*s", rc,
		    STR_ARGS(str_trim(buf_view(&out))));
	log_msg(LEVEL_INFO, "reload", "%.*s", STR_ARGS(buf_view(&out)));
	return 0;
}

static struct str
dashed(struct ctx *c, struct str name)
{
	char *copy = str_c(c->arena, name);

	for (size_t i = 0; i < name.len; i++)
		if (copy[i] == '_')
			copy[i] = '-';
	return (struct str){copy, name.len};
}

static void
write_route(struct ctx *c, struct jsonw *w, const struct table_entry *e)
{
	struct buf text;

	jsonw_object(w);
	jsonw_kv(w, "table", e->path);
	buf_init(&text, c->arena, 1024);
	buf_lit(&text, "dyn/");
	buf_str(&text, e->path);
	jsonw_kv(w, "route_prefix", buf_view(&text));
	buf_init(&text, c->arena, 1024);
	buf_lit(&text, "dyn-");
	buf_str(&text, dashed(c, e->path));
	jsonw_kv(w, "basename", buf_view(&text));
	jsonw_end(w);
}

static int
index_reload(struct ctx *c)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	struct schema *schema;
	struct jsonw w;

	batch_guard(b, ctx_guard_user(c, true));
	if (ctx_run(c, b) != 0 || run_introspection(c) != 0)
		return -1;
	app_follow_snapshot(c->app);
	schema = c->app->schema;
	if (schema == NULL)
		return err_world(&c->err, ERR_SNAPSHOT_UNAVAILABLE,
		    "the new snapshot cannot be opened");
	respond_begin(c, &w);
	jsonw_object(&w);
	jsonw_kv_i64(&w, "count", (int64_t)schema_count(schema));
	jsonw_key(&w, "tables");
	jsonw_array(&w);
	for (size_t i = 0; i < schema_count(schema); i++)
		write_route(c, &w, schema_entry(schema, i));
	jsonw_end(&w);
	jsonw_end(&w);
	return respond_json(c, 200);
}

const struct route routes_index[] = {
    {METHOD_GET, "/api", NEEDS_NO_TOKEN, index_roots, "What is here"},
    {METHOD_HEAD, "/api", NEEDS_NO_TOKEN, index_roots, NULL},
    {METHOD_GET, "/api/dyn", NEEDS_SCHEMA, index_tables,
	"The tables that I may see"},
    {METHOD_HEAD, "/api/dyn", NEEDS_SCHEMA, index_tables, NULL},
    {METHOD_POST, "/api/dyn/reload", NEEDS_SUPERUSER, index_reload,
	"Read the database's schema again"},
    {0},
};

const struct dialect *const handler_dialects[] = {
    &dialect_native, &dialect_users, &dialect_auto, &dialect_v2, NULL};

const struct root handler_roots[] = {
    {"native", "/api/dyn", routes_data},
    {"native", "/api/dyn", routes_write},
    {"native", "/api/dyn", routes_bulk},
    {"native", "/api/auth", routes_account},
    {"native", "/api/users", routes_users},
    {"health", "/api/health", routes_health},
    {"native", "/api", routes_index},
    {"native", "/api/dyn", routes_options},
    {"auto", "/api/auto", routes_auto},
    {"auto", "/api/auto", routes_auto_write},
    {"auto", "/api/auto", routes_auto_user},
    {"v2", "/api/v2", routes_v2},
    {"v2", "/api/v2", routes_v2_info},
    {"v2", "/api/v2/users", routes_v2_users},
    {0},
};
