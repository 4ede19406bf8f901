/*
 * The way from an open connection to a snapshot in hand.
 */
#include "config.h"

#include "introspect/introspect_priv.h"

#include "base/arena.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "schema/schema.h"

/* the configured list in one form, whatever its separators were */
static struct str
join_schemas(struct catalog *c)
{
	const char *all = "";
	struct str rest = str_from(c->conf->schemas), item;

	while (conf_list_next(&rest, &item))
		all = arena_printf(c->arena, "%s%s%.*s", all,
		    all[0] == '\0' ? "" : ", ", STR_ARGS(item));
	return str_from(all);
}

static void
fill_meta(struct catalog *c, struct snapshot_meta *m)
{
	struct str rest = str_from(c->conf->schemas), first = STR("");

	conf_list_next(&rest, &first);
	m->program_version = STR(PACKAGE_VERSION);
	m->database = c->database;
	m->system_id = c->system_id;
	m->database_oid = c->database_oid;
	m->written_s = clock_real_s();
	m->default_schema = str_dup(c->arena, first);
	m->schemas = join_schemas(c);
	m->text_search = c->text_search;
}

int
introspect_read(struct arena *a, struct db *db, const struct conf *conf,
    struct snapshot *s, struct err *err)
{
	struct catalog c = {.arena = a, .conf = conf};

	*s = (struct snapshot){.tables = NULL};
	if (catalog_read(&c, db, err) != 0)
		return -1;
	expose_rels(&c);
	assemble_tables(&c, s);
	fill_meta(&c, &s->meta);
	return 0;
}

bool
introspect_same_database(const struct snapshot *was, const struct snapshot *is)
{
	const struct snapshot_meta *a = &was->meta, *b = &is->meta;

	if (!str_eq(a->database, b->database))
		return false;
	return a->system_id.p == NULL || b->system_id.p == NULL ||
	       str_eq(a->system_id, b->system_id);
}
