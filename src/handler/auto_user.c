/*
 * Who asks, as the auto dialect tells it (CONTRACT 3.5): the account, its
 * groups, its roles (those that he has, and those that label his own rights)
 * and, for each right on a table, a permission named after both.
 */
#include "handler/handler.h"

#include "base/arena.h"
#include "base/jsonw.h"

static struct stmt *
user_stmt(struct ctx *c)
{
	struct stmt *s = stmt_new(c->arena, "userinfo");

	stmt_lit(s, "select u.username, u.email, u.first_name, u.last_name, "
		    "u.is_superuser, pg_catalog.array_to_json(array("
		    "select o.name from dynapi.groups o where o.id in ("
		    "select g.group_id from dynapi.user_groups g "
		    "where g.user_id = u.id) order by o.name)), "
		    "pg_catalog.array_to_json(array("
		    "select o.name from dynapi.roles o where o.id in ("
		    "select m.role_id from dynapi.members m "
		    "where m.user_id = u.id union all "
		    "select r.role_id from dynapi.user_roles r "
		    "where r.user_id = u.id) order by o.name)) "
		    "from dynapi.users u where u.id = ");
	stmt_param_i64(s, c->principal.id);
	return s;
}

static void
add_permission(
    struct ctx *c, struct jsonw *w, struct str table, const char *verb)
{
	jsonw_cstr(w, arena_printf(c->arena, "%.*s.%s", STR_ARGS(table), verb));
}

/* named as the path names the table: a schema before it, but the default */
static void
add_permissions(
    struct ctx *c, struct jsonw *w, struct str table, const struct right *r)
{
	static const enum action verbs[] = {
	    ACTION_CREATE, ACTION_READ, ACTION_UPDATE, ACTION_DELETE};

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (r->has[verbs[i]])
			add_permission(c, w, table, action_name(verbs[i]));
	if (r->has[ACTION_BULK] && r->has[ACTION_UPDATE])
		add_permission(c, w, table, "update_bulk");
	if (r->has[ACTION_BULK] && r->has[ACTION_DELETE])
		add_permission(c, w, table, "delete_bulk");
}

/* the one of a superuser stands for all there are */
static void
write_permissions(struct ctx *c, struct jsonw *w, const struct rights *rights)
{
	struct schema *schema = c->app->schema;

	jsonw_key(w, "permissions");
	jsonw_array(w);
	if (rights->all != NULL)
		jsonw_cstr(w, "admin");
	else if (!c->principal.anonymous)
		jsonw_cstr(w, "authenticated");
	for (size_t i = 0; rights->all == NULL && i < schema_count(schema);
	     i++) {
		const struct table_entry *e = schema_entry(schema, i);
		const struct right *r = rights_on(rights, e->qname);

		if (r != NULL)
			add_permissions(c, w, e->path, r);
	}
	jsonw_end(w);
}

/* what accounts here do not have is null */
static void
write_user(struct ctx *c, struct jsonw *w, const struct rows *user)
{
	static const char *const texts[] = {
	    "username", "email", "first_name", "last_name"};
	static const char *const none[] = {"uuid", "title", "avatar"};
	int64_t id = c->principal.id;

	jsonw_kv_i64(w, "id", id);
	jsonw_kv_c(w, "sub", arena_printf(c->arena, "%lld", (long long)id));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		jsonw_kv(w, texts[i], rows_cell(user, i));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		jsonw_key(w, none[i]);
		jsonw_null(w);
	}
	jsonw_key(w, "groups");
	jsonw_raw(w, rows_cell(user, 5));
	jsonw_key(w, "roles");
	jsonw_raw(w, rows_cell(user, 6));
}

static int
auto_userinfo(struct ctx *c)
{
	struct rights rights;
	struct rows *user;
	struct jsonw w;

	if (rights_ask(
		c, ctx_guard_user(c, false), user_stmt(c), &user, &rights) != 0)
		return -1;
	/* the guard saw him in the same snapshot */
	if (rows_next(user, &c->err) != 1)
		return err_set(&c->err, ERR_TOKEN_INVALID, NULL);
	respond_begin(c, &w);
	jsonw_object(&w);
	write_user(c, &w, user);
	write_permissions(c, &w, &rights);
	jsonw_kv_bool(&w, "superadmin", rights.all != NULL);
	jsonw_kv_bool(&w, "authenticated", !c->principal.anonymous);
	jsonw_end(&w);
	return respond_json(c, 200);
}

const struct route routes_auto_user[] = {
    {METHOD_GET, "/api/auto/auth/userinfo", NEEDS_SCHEMA, auto_userinfo,
	"Who I am and what I may do"},
    {METHOD_HEAD, "/api/auto/auth/userinfo", NEEDS_SCHEMA, auto_userinfo, NULL},
    {0},
};
