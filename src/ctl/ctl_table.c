/*
 * Table names as a sysadmin types them, against the snapshot.  Only the
 * snapshot's directory is read, never a table's record.
 */
#include "ctl/ctl.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "schema/schema.h"
#include "stmt/stmt.h"

#define NAMES_MAX (64u << 20)
#define NEAR_MAX  3 /* letters, and names that are shown */
#define FLAGS_MAX 8

static const struct table_entry *
find_table(const struct schema *schema, struct str name)
{
	const struct table_entry *e;

	for (size_t i = 0; i < schema_count(schema); i++) {
		e = schema_entry(schema, i);
		if (str_eq(e->path, name) || str_eq(e->qname, name))
			return e;
	}
	return NULL;
}

static bool
is_near(const struct table_entry *e, struct str name)
{
	return conf_distance(name, e->name) <= NEAR_MAX ||
	       conf_distance(name, e->qname) <= NEAR_MAX ||
	       (name.len >= 3 &&
		   memmem(e->qname.p, e->qname.len, name.p, name.len) != NULL);
}

const char *
ctl_near(struct ctl *c, struct str name)
{
	struct buf b;
	size_t found = 0;

	buf_init(&b, c->arena, NAMES_MAX);
	for (size_t i = 0; i < schema_count(c->schema) && found < NEAR_MAX;
	     i++) {
		const struct table_entry *e = schema_entry(c->schema, i);

		if (!is_near(e, name))
			continue;
		buf_cstr(&b, found++ == 0 ? "; is it " : " or ");
		buf_str(&b, e->path);
	}
	if (found > 0)
		buf_char(&b, '?');
	return b.p;
}

static int
add_table(struct ctl *c, struct jsonw *w, struct str name)
{
	const struct table_entry *e = find_table(c->schema, name);

	if (e == NULL)
		return ctl_refuse(c, "there is no exposed table \"%.*s\"%s",
		    STR_ARGS(name), ctl_near(c, name));
	jsonw_str(w, e->qname);
	return 0;
}

const char *
ctl_tables(struct ctl *c, const char *list)
{
	struct str rest = str_from(list), name;
	struct buf b;
	struct jsonw w;

	buf_init(&b, c->arena, NAMES_MAX);
	jsonw_init(&w, &b);
	jsonw_array(&w);
	if (str_eq_c(rest, "*"))
		for (size_t i = 0; i < schema_count(c->schema); i++)
			jsonw_str(&w, schema_entry(c->schema, i)->qname);
	else
		while (str_cut(&rest, ',', &name))
			if (add_table(c, &w, str_trim(name)) != 0)
				return NULL;
	jsonw_end(&w);
	return b.p;
}

void
ctl_flags(struct buf *b, const struct rows *rows, size_t first)
{
	for (size_t i = 0; i < 5; i++)
		buf_char(b, str_eq_c(rows_cell(rows, first + i), "t")
				? "crudb"[i]
				: '-');
}

int
ctl_say_flags(struct ctl *c, const char *whose, struct rows *rows)
{
	char storage[FLAGS_MAX];
	struct buf flags;
	int got;

	buf_fixed(&flags, storage, sizeof(storage));
	while ((got = rows_next(rows, &c->err)) == 1) {
		buf_clear(&flags);
		ctl_flags(&flags, rows, 1);
		ctl_say("%s  %.*s  %s", whose, STR_ARGS(rows_cell(rows, 0)),
		    flags.p);
	}
	return got;
}

bool
ctl_is_flags(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "crudb")] == '\0';
}

void
ctl_add_stored(struct ctl *c, struct stmt *s, struct str name)
{
	struct str rest = str_from(c->conf.schemas), schema;

	if (str_eq_c(name, "*"))
		return;
	stmt_lit(s, " and (r.table_name = ");
	stmt_param(s, name, NULL);
	if (conf_list_next(&rest, &schema)) {
		stmt_lit(s, " or r.table_name = ");
		stmt_param(s,
		    str_from(arena_printf(c->arena, "%.*s.%.*s",
			STR_ARGS(schema), STR_ARGS(name))),
		    NULL);
	}
	stmt_lit(s, ")");
}

static int
expose_schema(struct ctl *c, struct str schema, const char *responder)
{
	struct stmt *s = stmt_new(c->arena, "expose");
	struct rows *rows;

	stmt_lit(s, "select dynapi.expose(n.nspname, ");
	stmt_param(s, str_from(responder), NULL);
	stmt_lit(s, "), 1 from pg_catalog.pg_namespace n where n.nspname = ");
	stmt_param(s, schema, NULL);
	rows = ctl_ask(c, BATCH_WRITE, s);
	if (rows == NULL)
		return -1;
	while (rows_next(rows, &c->err) == 1)
		ctl_warn("%.*s belongs to somebody else: its owner "
			 "must grant it to %s",
		    STR_ARGS(rows_cell(rows, 0)), responder);
	return 0;
}

static int
check_schema(struct ctl *c, struct str schema)
{
	struct stmt *s = stmt_new(c->arena, "schema");
	struct rows *rows;

	stmt_lit(s, "select 1 from pg_catalog.pg_namespace where nspname = ");
	stmt_param(s, schema, NULL);
	if (ctl_ask_one(c, BATCH_READ, s, &rows))
		return 0;
	return ctl_refuse(
	    c, "schemas: there is no schema \"%.*s\"", STR_ARGS(schema));
}

int
ctl_expose(struct ctl *c, const char *responder)
{
	struct str rest = str_from(c->conf.schemas), schema;

	while (conf_list_next(&rest, &schema))
		if (check_schema(c, schema) != 0 ||
		    expose_schema(c, schema, responder) != 0)
			return -1;
	return 0;
}
