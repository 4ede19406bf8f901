/*
 * Everything that can be wrong before the first request: the file, what it
 * names, and whether the responders' role could do harm (DECISIONS 6).  All
 * findings are shown, not the first only; an error makes the status 1.
 */
#include "ctl/ctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/str.h"
#include "auth/auth.h"
#include "query/query.h"
#include "schema/schema.h"
#include "stmt/stmt.h"

#define MISTAKES_MAX (1 << 20)

struct check {
	struct ctl *ctl;
	size_t errors, warnings;
};

static void __attribute__((format(printf, 2, 3)))
add_error(struct check *k, const char *fmt, ...)
{
	va_list ap;

	fputs("error: ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	k->errors++;
}

static void __attribute__((format(printf, 2, 3)))
add_warning(struct check *k, const char *fmt, ...)
{
	va_list ap;

	fputs("warning: ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	k->warnings++;
}

/* what a function of another folder has found */
static void
add_err(struct check *k, const char *what)
{
	struct err *e = &k->ctl->err;

	add_error(k, "%s: %s", what,
	    e->cause != NULL    ? e->cause
	    : e->detail != NULL ? e->detail
				: err_title(e->id));
	err_clear(e);
}

/* the folder of a file that we will write or that holds a secret */
static void
check_folder(struct check *k, const char *what, const char *file)
{
	const char *slash = strrchr(file, '/');
	struct stat st;
	char *dir;

	dir = slash == NULL
		  ? arena_strdup(k->ctl->arena, ".")
		  : str_c(k->ctl->arena,
			(struct str){
			    file, slash == file ? 1 : (size_t)(slash - file)});
	if (stat(dir, &st) != 0)
		add_error(k, "%s: %s: %s", what, dir, strerror(errno));
	else if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0)
		add_error(k, "%s: everybody may write to %s", what, dir);
}

static void
check_files(struct check *k)
{
	struct ctl *c = k->ctl;

	check_folder(k, "configuration", c->conf_path);
	check_folder(k, "snapshot", c->conf.snapshot);
	if (c->conf.log != NULL && c->conf.log[0] == '/')
		check_folder(k, "log", c->conf.log);
	if (c->conf.jwt_key_file == NULL)
		add_error(k, "jwt_key_file is not set: nobody can log in");
	else {
		check_folder(k, "jwt_key_file", c->conf.jwt_key_file);
		c->keys = keys_load(c->conf.jwt_key_file, &c->err);
		if (c->keys == NULL)
			add_err(k, "jwt_key_file");
		keys_free(c->keys);
	}
	if ((c->conf.admin_conninfo != NULL ||
		c->conf.admin_conninfo_file != NULL) &&
	    conf_admin_conninfo(c->arena, &c->conf, c->conf_path, &c->err) ==
		NULL)
		add_err(k, "admin_conninfo");
}

/* the table of FAMILY.TABLE, or NULL and a finding */
static const struct table *
find_table(struct check *k, const char *family, const struct conf_pair *p)
{
	struct ctl *c = k->ctl;
	const struct table *t =
	    schema_table_by_path(c->schema, str_from(p->name), &c->err);

	if (t == NULL)
		t = schema_table(c->schema, str_from(p->name), &c->err);
	if (c->err.id != ERR_NONE)
		add_err(k, "snapshot");
	else if (t == NULL)
		add_warning(k, "%s:%zu: %s.%s: no such table is exposed",
		    c->conf_path, p->line, family, p->name);
	return t;
}

/* a name of shape.TABLE that the snapshot does not have */
struct missing {
	struct check *check;
	const struct conf_pair *line;
};

static void
add_missing(void *arg, const char *text)
{
	const struct missing *m = arg;

	add_warning(m->check, "%s:%zu: shape.%s: %s", m->check->ctl->conf_path,
	    m->line->line, m->line->name, text);
}

static void
check_shape(struct check *k, const struct conf_pair *p)
{
	struct ctl *c = k->ctl;
	const struct table *t = find_table(k, "shape", p);
	struct missing missing = {k, p};
	struct query_shaping s = {.arena = c->arena,
	    .schema = c->schema,
	    .miss = add_missing,
	    .arg = &missing};

	if (t == NULL)
		return;
	query_shaped(&s, t, p->json, &c->err);
	if (c->err.id != ERR_NONE)
		add_err(k, "snapshot");
}

/* what search.TABLE names and the snapshot does not have */
static void
check_search(struct check *k, const struct conf_pair *p)
{
	struct ctl *c = k->ctl;
	const struct table *t = find_table(k, "search", p);
	struct str rest = str_from(p->value), item;
	struct touched touched;

	while (t != NULL && conf_list_next(&rest, &item)) {
		const char *wrong =
		    query_search_check(c->arena, c->schema, t, item, &touched);

		if (wrong != NULL)
			add_warning(k, "%s:%zu: search.%s: %.*s: %s",
			    c->conf_path, p->line, p->name, STR_ARGS(item),
			    wrong);
	}
}

static void
check_snapshot(struct check *k)
{
	struct ctl *c = k->ctl;
	struct stat st;

	if (stat(c->conf.snapshot, &st) == 0 && (st.st_mode & 0007) != 0)
		add_error(k, "snapshot: %s: others may read it (mode %04o)",
		    c->conf.snapshot, (unsigned)st.st_mode & 07777);
	if (ctl_open_schema(c) != 0)
		add_err(k, "snapshot");
	else if (schema_count(c->schema) == 0)
		add_warning(k, "snapshot: it has no table");
	else if (!str_eq_c(schema_meta(c->schema)->schemas, c->conf.schemas))
		add_warning(k,
		    "snapshot: it was made for other schemas: run dynapictl "
		    "reload");
	for (const struct conf_pair *p = c->conf.search;
	     c->schema != NULL && p != NULL; p = p->next)
		check_search(k, p);
	for (const struct conf_pair *p = c->conf.shape;
	     c->schema != NULL && p != NULL; p = p->next)
		check_shape(k, p);
}

/* one row of flags and names about the role that the responders use */
static struct stmt *
make_role_question(struct ctl *c)
{
	struct stmt *s = stmt_new(c->arena, "role");

	stmt_lit(s,
	    "with me as (select r.* from pg_catalog.pg_roles r "
	    "where r.rolname = current_user), exposed as (select o.oid, "
	    "o.relowner, o.relkind, n.nspname || '.' || o.relname as name "
	    "from pg_catalog.pg_class o join pg_catalog.pg_namespace n "
	    "on n.oid = o.relnamespace where o.relkind in "
	    "('r', 'p', 'v', 'm', 'f') and not o.relispartition "
	    "and n.nspname = any (pg_catalog.string_to_array("
	    "pg_catalog.translate(");
	stmt_param(s, str_from(c->conf.schemas), NULL);
	stmt_lit(s,
	    ", E' \\t', ',,'), ','))) select me.rolname, me.rolsuper, "
	    "me.rolbypassrls, "
	    "(select pg_catalog.string_agg(g.rolname, ', ' order by g.rolname) "
	    "from pg_catalog.pg_roles g where g.rolname in "
	    "('pg_execute_server_program', 'pg_read_all_data', "
	    "'pg_write_all_data', 'pg_read_server_files', "
	    "'pg_write_server_files') "
	    "and pg_catalog.pg_has_role(me.oid, g.oid, 'member')), "
	    "(select pg_catalog.string_agg(e.name, ', ' order by e.name) "
	    "from exposed e "
	    "where pg_catalog.pg_has_role(me.oid, e.relowner, 'member')), "
	    "(select pg_catalog.count(*) from exposed e where not "
	    "pg_catalog.has_table_privilege(me.oid, e.oid, 'select')), "
	    "(select pg_catalog.count(*) from exposed), "
	    "exists (select from pg_catalog.pg_namespace n "
	    "where n.nspname = 'dynapi' "
	    "and pg_catalog.pg_has_role(me.oid, n.nspowner, 'member')), "
	    "me.rolcreaterole or me.rolcreatedb or me.rolreplication "
	    "from me");
	return s;
}

static bool
is_true(struct rows *rows, size_t cell)
{
	return str_eq_c(rows_cell(rows, cell), "t");
}

static void
check_role(struct check *k, struct rows *rows)
{
	struct str role = rows_cell(rows, 0);

	if (is_true(rows, 1)) {
		add_error(
		    k, "conninfo: role %.*s is a superuser", STR_ARGS(role));
		return; /* all the rest follows from it */
	}
	if (is_true(rows, 2))
		add_error(
		    k, "conninfo: role %.*s has BYPASSRLS", STR_ARGS(role));
	if (rows_cell(rows, 3).p != NULL)
		add_error(k, "conninfo: role %.*s is a member of %.*s",
		    STR_ARGS(role), STR_ARGS(rows_cell(rows, 3)));
	if (rows_cell(rows, 4).p != NULL)
		add_error(k, "conninfo: role %.*s owns exposed tables: %.*s",
		    STR_ARGS(role), STR_ARGS(rows_cell(rows, 4)));
	if (is_true(rows, 7))
		add_error(k, "conninfo: role %.*s owns the dynapi schema",
		    STR_ARGS(role));
	if (is_true(rows, 8))
		add_warning(k,
		    "conninfo: role %.*s may create roles or databases, or "
		    "replicate",
		    STR_ARGS(role));
	if (!str_eq_c(rows_cell(rows, 5), "0"))
		add_warning(k,
		    "conninfo: role %.*s may not read %.*s of %.*s tables of "
		    "the exposed schemas",
		    STR_ARGS(role), STR_ARGS(rows_cell(rows, 5)),
		    STR_ARGS(rows_cell(rows, 6)));
}

static void
check_database(struct check *k)
{
	struct ctl *c = k->ctl;
	const char *conninfo = conf_conninfo(c->arena, &c->conf, &c->err);
	struct rows *rows;

	if (conninfo == NULL) {
		add_err(k, "conninfo");
		return;
	}
	c->db = ctl_connect(c, conninfo, false);
	if (c->db == NULL ||
	    !ctl_ask_one(c, BATCH_READ, make_role_question(c), &rows)) {
		add_err(k, "conninfo");
		return;
	}
	check_role(k, rows);
	/* asked last: without the dynapi schema the rest is still true */
	if (ctl_connect(c, conninfo, true) == NULL)
		add_err(k, "conninfo");
}

static int
checkconf(struct ctl *c, char **args, size_t nargs)
{
	struct check k = {.ctl = c};
	struct buf mistakes;

	(void)args;
	(void)nargs;
	buf_init(&mistakes, c->arena, MISTAKES_MAX);
	if (conf_read(c->arena, c->conf_path, &c->conf, &mistakes, &c->err) !=
	    0) {
		fputs(mistakes.p, stdout);
		err_clear(&c->err);
		return ctl_refuse(c, "the configuration has mistakes");
	}
	check_files(&k);
	check_snapshot(&k);
	check_database(&k);
	if (k.errors > 0)
		return ctl_refuse(c, "%s: %zu error%s", c->conf_path, k.errors,
		    k.errors == 1 ? "" : "s");
	printf("%s: good%s\n", c->conf_path,
	    k.warnings > 0 ? ", with warnings" : "");
	return 0;
}

const struct cmd cmd_checkconf = {
    .name = "checkconf",
    .args = "",
    .summary = "Finds mistakes in the configuration and what it names",
    .help = "Checks the file, modes, keys, the snapshot, the connection, "
	    "and that the\nresponders' role has no more power than it "
	    "needs.",
    .run = checkconf,
};
