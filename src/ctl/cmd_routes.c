/* From the snapshot alone: works while the database is away. */
#include "ctl/ctl.h"

#include "base/arena.h"
#include "base/escape.h"
#include "base/str.h"
#include "schema/schema.h"

#define TEXT_MAX 65536

static const struct list_column columns[] = {
    {"path", LIST_TEXT},
    {"table", LIST_TEXT},
    {"kind", LIST_TEXT},
    {"key", LIST_WORDS},
};

static void
add_route(struct ctl *c, struct list *l, const struct table_entry *e)
{
	struct buf path, key;

	buf_init(&path, c->arena, TEXT_MAX);
	buf_cstr(&path, c->conf.mount == NULL ? "" : c->conf.mount);
	buf_lit(&path, "/api/dyn/");
	buf_url(&path, e->path);
	buf_char(&path, '/');
	buf_init(&key, c->arena, TEXT_MAX);
	for (size_t i = 0; i < e->nkey; i++) {
		if (i > 0)
			buf_char(&key, ',');
		buf_str(&key, e->key[i]);
	}
	ctl_list_add(l, buf_view(&path));
	ctl_list_add(l, e->qname);
	ctl_list_add(l, str_from(table_kind_name(e->kind)));
	ctl_list_add(l, buf_view(&key));
}

static int
list_routes(struct ctl *c, char **args, size_t nargs)
{
	struct list *l =
	    ctl_list(c, columns, sizeof(columns) / sizeof(columns[0]));

	(void)args;
	(void)nargs;
	for (size_t i = 0; i < schema_count(c->schema); i++)
		add_route(c, l, schema_entry(c->schema, i));
	ctl_list_print(l, c->json);
	return 0;
}

const struct cmd cmd_routes = {
    .name = "routes",
    .args = "",
    .summary = "Lists the exposed tables and their paths",
    .needs = NEEDS_CONF | NEEDS_SCHEMA | CAN_JSON,
    .run = list_routes,
};
