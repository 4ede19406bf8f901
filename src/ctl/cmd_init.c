/*
 * Brings the dynapi schema of a database to this program's version and gives
 * the responders' role what it needs.  Every step may be repeated; a session
 * lock keeps a second init waiting.  --print writes the same steps as SQL, in
 * the same order, and opens no connection.
 */
#include "config.h"

#include "ctl/ctl.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/version.h"
#include "stmt/stmt.h"

/*
 * The event trigger's function belongs to a superuser, the schema it is in
 * perhaps to another role.  "Revoke … on all functions" of that role would
 * fail on this one if it had no right on it at all.
 */
static const char trigger_right[] =
    "\ndo $dynapi$ begin execute pg_catalog.format('grant execute on "
    "function dynapi.grant_new_tables() to %s with grant option',\n"
    "\t(select n.nspowner::pg_catalog.regrole from "
    "pg_catalog.pg_namespace n\n"
    "\twhere n.nspname = 'dynapi')); end $dynapi$;\n";

struct plan {
	const char *responder; /* role of conninfo */
	const char *admin;     /* role of admin_conninfo, or NULL */
	struct migration *migrations;
	struct str grants, trigger;
};

static int
make_plan(struct ctl *c, struct plan *p)
{
	const char *conninfo = conf_conninfo(c->arena, &c->conf, &c->err);

	if (conninfo == NULL)
		return -1;
	p->responder = db_conninfo_user(c->arena, conninfo, &c->err);
	if (p->responder == NULL || ctl_migrations(c, &p->migrations) != 0 ||
	    ctl_sql_for(c, "grants.sql", p->responder, &p->grants) != 0)
		return -1;
	if (ctl_sql(c, "event-trigger.sql", &p->trigger) != 0)
		return -1;
	p->trigger = str_from(arena_printf(
	    c->arena, "%.*s%s", STR_ARGS(p->trigger), trigger_right));
	return 0;
}

static int
take_lock(struct ctl *c)
{
	struct stmt *s = stmt_new(c->arena, "lock");

	stmt_lit(s, "select pg_catalog.pg_advisory_lock("
		    "pg_catalog.hashtext('dynapi init'))");
	return ctl_ask(c, BATCH_WRITE, s) == NULL ? -1 : 0;
}

/* 0: there is no schema yet */
static int
read_version(struct ctl *c, int64_t *version)
{
	struct stmt *s = stmt_new(c->arena, "schema");
	struct rows *rows;

	*version = 0;
	stmt_lit(s, "select pg_catalog.to_regclass('dynapi.meta') is not null");
	if (!ctl_ask_one(c, BATCH_READ, s, &rows))
		return -1;
	if (!str_eq_c(rows_cell(rows, 0), "t"))
		return 0;
	s = stmt_new(c->arena, "version");
	stmt_lit(s, "select version from dynapi.meta");
	if (!ctl_ask_one(c, BATCH_READ, s, &rows))
		return ctl_refuse(c, "dynapi.meta has no row");
	return str_i64(rows_cell(rows, 0), version);
}

static int
migrate(struct ctl *c, const struct plan *p)
{
	int64_t have;

	if (read_version(c, &have) != 0)
		return -1;
	if (have > DYNAPI_SCHEMA_VERSION)
		return ctl_refuse(c,
		    "the database has version %lld of the dynapi schema, this "
		    "program knows %d: install a newer program",
		    (long long)have, DYNAPI_SCHEMA_VERSION);
	for (; have < DYNAPI_SCHEMA_VERSION; have++) {
		const struct migration *m = &p->migrations[have];

		if (db_script(c->db, str_c(c->arena, m->text), &c->err) != 0)
			return -1;
		ctl_say("%s applied", m->name);
	}
	return 0;
}

struct roles {
	bool exists;       /* the responders' role */
	bool may_create;   /* we may create roles */
	bool is_superuser; /* we are */
	bool has_trigger;  /* somebody who could has added it */
	bool is_same;      /* the responders' role is ours */
};

static int
read_roles(struct ctl *c, const char *responder, struct roles *r)
{
	struct stmt *s = stmt_new(c->arena, "roles");
	struct rows *rows;

	stmt_lit(s, "select exists (select from pg_catalog.pg_roles o "
		    "where o.rolname = ");
	stmt_param(s, str_from(responder), NULL);
	stmt_lit(
	    s, "), m.rolcreaterole or m.rolsuper, m.rolsuper, m.rolname = ");
	stmt_param(s, str_from(responder), NULL);
	stmt_lit(s,
	    ", exists (select from pg_catalog.pg_event_trigger e "
	    "where e.evtname = 'dynapi_grant_new_tables' "
	    "and e.evtenabled <> 'D') "
	    "from pg_catalog.pg_roles m where m.rolname = current_user");
	if (!ctl_ask_one(c, BATCH_READ, s, &rows))
		return -1;
	r->exists = str_eq_c(rows_cell(rows, 0), "t");
	r->may_create = str_eq_c(rows_cell(rows, 1), "t");
	r->is_superuser = str_eq_c(rows_cell(rows, 2), "t");
	r->is_same = str_eq_c(rows_cell(rows, 3), "t");
	r->has_trigger = str_eq_c(rows_cell(rows, 4), "t");
	return 0;
}

static int
create_role(struct ctl *c, const char *name)
{
	char *sql = arena_printf(
	    c->arena, "create role %.*s login", STR_ARGS(ctl_quoted(c, name)));

	if (db_script(c->db, sql, &c->err) != 0)
		return -1;
	ctl_say("role \"%s\" created; it has no password: give it one unless "
		"it logs in without",
	    name);
	return 0;
}

static int
ensure_role(struct ctl *c, const char *name, const struct roles *r)
{
	if (r->is_same)
		return ctl_refuse(c,
		    "conninfo and admin_conninfo name the same role \"%s\": "
		    "the responders need a role of their own",
		    name);
	if (r->exists)
		return 0;
	if (!r->may_create)
		return ctl_refuse(c,
		    "role \"%s\" does not exist and may not be created by "
		    "us: \"dynapictl init --print\" has the SQL for the DBA",
		    name);
	return create_role(c, name);
}

static int
add_trigger(struct ctl *c, const struct plan *p, const struct roles *r)
{
	if (r->is_superuser)
		return db_script(c->db, str_c(c->arena, p->trigger), &c->err);
	if (r->has_trigger)
		return 0;
	ctl_warn("without an event trigger (it takes a superuser) new "
		 "tables are given to the responders by \"dynapictl reload\"");
	return 0;
}

static int
init_database(struct ctl *c, const struct plan *p)
{
	struct roles roles;

	c->db = ctl_connect(c,
	    conf_admin_conninfo(c->arena, &c->conf, c->conf_path, &c->err),
	    false);
	if (c->db == NULL || take_lock(c) != 0 ||
	    read_roles(c, p->responder, &roles) != 0 ||
	    ensure_role(c, p->responder, &roles) != 0 || migrate(c, p) != 0 ||
	    db_script(c->db, str_c(c->arena, p->grants), &c->err) != 0 ||
	    ctl_expose(c, p->responder) != 0 || add_trigger(c, p, &roles) != 0)
		return -1;
	ctl_say("the dynapi schema has version %d, role \"%s\" its rights",
	    DYNAPI_SCHEMA_VERSION, p->responder);
	return 0;
}

static void
print_literal(const char *text)
{
	putchar('\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			putchar('\'');
		putchar(*text);
	}
	putchar('\'');
}

static void
print_script(struct str text)
{
	printf("begin;\n%.*s\ncommit;\n\n", STR_ARGS(text));
}

static void
print_role(struct ctl *c, const char *name)
{
	fputs("do $dynapi$ begin\n"
	      "\tif not exists (select from pg_catalog.pg_roles where "
	      "rolname = ",
	    stdout);
	print_literal(name);
	printf(") then\n\t\tcreate role %.*s login;\n\tend if;\n"
	       "end $dynapi$;\n",
	    STR_ARGS(ctl_quoted(c, name)));
}

/* the schema belongs to the role of admin_conninfo, whoever runs this */
static void
print_owner(struct ctl *c, const char *admin)
{
	struct str quoted = ctl_quoted(c, admin);

	print_role(c, admin);
	fputs("do $dynapi$ begin\n"
	      "\texecute pg_catalog.format('grant create on database %I to "
	      "%I',\n\t\tpg_catalog.current_database(), ",
	    stdout);
	print_literal(admin);
	printf(");\nend $dynapi$;\n"
	       "create schema if not exists dynapi authorization %.*s;\n"
	       "set role %.*s;\n\n",
	    STR_ARGS(quoted), STR_ARGS(quoted));
}

static void
print_expose(struct ctl *c, const char *responder)
{
	struct str rest = str_from(c->conf.schemas), schema;

	while (conf_list_next(&rest, &schema)) {
		fputs("select * from dynapi.expose(", stdout);
		print_literal(str_c(c->arena, schema));
		fputs(", ", stdout);
		print_literal(responder);
		fputs(") as not_granted;\n", stdout);
	}
	putchar('\n');
}

static int
print_plan(struct ctl *c, struct plan *p)
{
	const char *admin;

	if (c->conf.admin_conninfo != NULL ||
	    c->conf.admin_conninfo_file != NULL) {
		admin = conf_admin_conninfo(
		    c->arena, &c->conf, c->conf_path, &c->err);
		if (admin == NULL)
			return -1;
		p->admin = db_conninfo_user(c->arena, admin, &c->err);
		if (p->admin == NULL)
			return -1;
	}
	printf("-- DynAPI %s: version %d of the dynapi schema.  Run it as a "
	       "superuser:\n"
	       "-- psql -X -v ON_ERROR_STOP=1 -d DATABASE -f THIS\n\n",
	    PACKAGE_VERSION, DYNAPI_SCHEMA_VERSION);
	if (p->admin != NULL)
		print_owner(c, p->admin);
	for (int i = 0; i < DYNAPI_SCHEMA_VERSION; i++)
		print_script(p->migrations[i].text);
	if (p->admin != NULL)
		puts("reset role;\n");
	print_role(c, p->responder);
	putchar('\n');
	print_script(p->grants);
	print_expose(c, p->responder);
	print_script(p->trigger);
	return 0;
}

static int
init(struct ctl *c, char **args, size_t nargs)
{
	struct plan plan = {0};

	(void)args;
	(void)nargs;
	if (make_plan(c, &plan) != 0)
		return -1;
	return ctl_option(c, "print") != NULL ? print_plan(c, &plan)
					      : init_database(c, &plan);
}

const struct cmd cmd_init = {
    .name = "init",
    .args = "[--print]",
    .summary = "Creates or migrates the dynapi schema and its roles",
    .help = "Connects with admin_conninfo.  The responders' role is the "
	    "user of conninfo.",
    .options =
	{
	    {"print", 0, NULL, "write the SQL for the DBA and touch nothing"},
	},
    .needs = NEEDS_CONF,
    .run = init,
};
