/*
 * The snapshot as everybody sees it: names at once, tables at first touch.
 * What was loaded stays until the schema is freed, so that pointers into it
 * are good for as long as anybody holds the schema.
 */
#include "schema/schema.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "schema/schema_priv.h"

struct schema {
	struct arena *arena;
	struct arena *scratch; /* for reading one record */
	struct snapfile *file; /* NULL: all tables are in hand */
	const struct snapshot_meta *meta;
	struct directory directory;
	struct table **tables;        /* NULL: not yet touched */
	struct table_entry **entries; /* the same */
	struct relations **relations; /* the same */
	struct notice *notices;       /* NULL: not yet read */
	size_t nnotices;
	const char *emitting; /* NULL: no table emits events */
	bool (*has)(const char *list, struct str item);
};

static void
free_arena(void *arg)
{
	arena_free(arg);
}

static int
damaged(const struct table_entry *e, struct err *err)
{
	return err_world(err, ERR_SNAPSHOT_UNAVAILABLE,
	    "the snapshot's record of %.*s is damaged; dynapi-introspect "
	    "writes it anew",
	    STR_ARGS(e->qname));
}

static int
open_directory(struct schema *s, struct err *err)
{
	struct str bytes;

	if (snapfile_part(s->file, s->arena, PART_DIRECTORY, &bytes, err) != 0)
		return -1;
	if (directory_open(bytes, &s->directory) != 0)
		return err_world(err, ERR_SNAPSHOT_UNAVAILABLE,
		    "the snapshot's directory is damaged; dynapi-introspect "
		    "writes it anew");
	return 0;
}

static void
make_room(struct schema *s)
{
	s->scratch = arena_new();
	arena_defer(s->arena, free_arena, s->scratch);
	s->tables = arena_array(s->arena, struct table *, s->directory.n);
	s->entries =
	    arena_array(s->arena, struct table_entry *, s->directory.n);
	s->relations =
	    arena_array(s->arena, struct relations *, s->directory.n);
}

/* into an arena of the caller's, who frees it instead of the schema */
static struct schema *
open_in(struct arena *a, const char *path, struct err *err)
{
	struct schema *s = arena_make(a, struct schema);

	s->arena = a;
	s->file = snapfile_open(a, path, err);
	if (s->file == NULL || open_directory(s, err) != 0)
		return NULL;
	s->meta = snapfile_meta(s->file);
	make_room(s);
	return s;
}

struct schema *
schema_open(const char *path, struct err *err)
{
	struct arena *a = arena_new();
	struct schema *s = open_in(a, path, err);

	if (s == NULL)
		arena_free(a);
	return s;
}

struct schema *
schema_of(struct arena *a, const struct snapshot *snap)
{
	struct schema *s = arena_make(a, struct schema);
	struct buf names;

	s->arena = a;
	s->meta = &snap->meta;
	buf_init(&names, a, SIZE_MAX / 4);
	directory_write(&names, snap);
	directory_open(buf_view(&names), &s->directory);
	make_room(s);
	for (size_t i = 0; i < s->directory.n; i++)
		s->tables[i] = &snap->tables[i];
	return s;
}

int
schema_verify(struct schema *s, struct err *err)
{
	struct str json;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < s->directory.n; i++) {
		rc = snapfile_record(s->file, s->scratch, i, &json, err);
		arena_reset(s->scratch);
	}
	return rc;
}

void
schema_free(struct schema *s)
{
	if (s != NULL)
		arena_free(s->arena);
}

const struct snapshot_meta *
schema_meta(const struct schema *s)
{
	return s->meta;
}

bool
schema_replaced(const struct schema *s, const char *path)
{
	return !snapfile_current(s->file, path);
}

size_t
schema_count(const struct schema *s)
{
	return s->directory.n;
}

static struct table_entry *
unpack_entry(const struct schema *s, size_t i)
{
	struct table_entry *e = arena_make(s->arena, struct table_entry);
	struct directory_hit h;

	directory_get(&s->directory, i, &h);
	e->qname = h.qname;
	e->schema = h.schema;
	e->name = h.name;
	e->path = h.full_path ? h.qname : h.name;
	e->kind = h.kind;
	e->nkey = h.nkey;
	e->key = arena_array(s->arena, struct str, h.nkey);
	for (size_t k = 0; k < h.nkey; k++)
		e->key[k] = directory_key(&h.keys);
	return e;
}

const struct table_entry *
schema_entry(const struct schema *s, size_t i)
{
	if (s->entries[i] == NULL)
		s->entries[i] = unpack_entry(s, i);
	return s->entries[i];
}

/* the directory and the record say the same */
static bool
table_fits(const struct table *t, const struct table_entry *e)
{
	if (!str_eq(t->schema, e->schema) || !str_eq(t->name, e->name) ||
	    !str_eq(t->path, e->path) || t->kind != e->kind ||
	    t->nkey != e->nkey)
		return false;
	for (size_t i = 0; i < t->nkey; i++)
		if (!str_eq(t->columns[t->key[i]].name, e->key[i]))
			return false;
	return true;
}

static struct table *
load_table(struct schema *s, size_t i, struct err *err)
{
	const struct table_entry *e = schema_entry(s, i);
	struct table *t = arena_make(s->arena, struct table);
	struct str json;
	bool good;

	if (snapfile_record(s->file, s->scratch, i, &json, err) != 0)
		return NULL;
	good =
	    record_read(s->arena, s->scratch, json, t) == 0 && table_fits(t, e);
	arena_reset(s->scratch);
	if (!good) {
		damaged(e, err);
		return NULL;
	}
	return t;
}

static bool
emits(const struct schema *s, const struct table *t)
{
	return s->emitting != NULL &&
	       (s->has(s->emitting, t->name) || s->has(s->emitting, t->qname));
}

void
schema_emit(struct schema *s, const char *list,
    bool (*has)(const char *list, struct str item))
{
	s->emitting = list;
	s->has = has;
	for (size_t i = 0; i < s->directory.n; i++)
		if (s->tables[i] != NULL)
			s->tables[i]->emits = emits(s, s->tables[i]);
}

static const struct table *
get_table(struct schema *s, ptrdiff_t i, struct err *err)
{
	if (i < 0)
		return NULL;
	if (s->tables[i] == NULL) {
		s->tables[i] = load_table(s, (size_t)i, err);
		if (s->tables[i] != NULL)
			s->tables[i]->emits = emits(s, s->tables[i]);
	}
	return s->tables[i];
}

const struct table *
schema_table(struct schema *s, struct str qname, struct err *err)
{
	return get_table(s, directory_find(&s->directory, qname), err);
}

/* the table of the default schema with that very name, or -1 */
static ptrdiff_t
find_default(struct schema *s, struct str name)
{
	struct str schema = schema_meta(s)->default_schema;
	struct directory_hit h;
	struct buf qname;
	ptrdiff_t i;

	buf_init(&qname, s->scratch, schema.len + 1 + name.len);
	buf_str(&qname, schema);
	buf_char(&qname, '.');
	buf_str(&qname, name);
	i = directory_find(&s->directory, buf_view(&qname));
	arena_reset(s->scratch);
	if (i < 0)
		return -1;
	directory_get(&s->directory, (size_t)i, &h);
	return str_eq(h.schema, schema) && !h.full_path ? i : -1;
}

const struct table *
schema_table_by_path(struct schema *s, struct str segment, struct err *err)
{
	ptrdiff_t i = find_default(s, segment);

	if (i < 0)
		i = directory_find(&s->directory, segment);
	return get_table(s, i, err);
}

struct relations **
schema_kept(struct schema *s, const struct table *t, struct arena **a)
{
	ptrdiff_t i = directory_find(&s->directory, t->qname);

	if (i < 0 || s->tables[i] != t)
		return NULL;
	*a = s->arena;
	return &s->relations[i];
}

static int
read_notices(struct schema *s, struct notice **v, size_t *n, struct err *err)
{
	struct str json;
	int rc = 0;

	if (s->notices == NULL) {
		if (snapfile_part(
			s->file, s->scratch, PART_NOTICES, &json, err) != 0)
			return -1;
		rc = notices_read(
		    s->arena, s->scratch, json, &s->notices, &s->nnotices);
		arena_reset(s->scratch);
	}
	if (rc != 0)
		return err_world(err, ERR_SNAPSHOT_UNAVAILABLE,
		    "the snapshot's notices are damaged; dynapi-introspect "
		    "writes it anew");
	*v = s->notices;
	*n = s->nnotices;
	return 0;
}

int
snapshot_read(
    struct arena *a, const char *path, struct snapshot *snap, struct err *err)
{
	struct schema *s = open_in(a, path, err);
	const struct table *t;

	if (s == NULL)
		return -1;
	snap->meta = *schema_meta(s);
	snap->ntables = schema_count(s);
	snap->tables = arena_array(a, struct table, snap->ntables);
	for (size_t i = 0; i < snap->ntables; i++) {
		t = get_table(s, (ptrdiff_t)i, err);
		if (t == NULL)
			return -1;
		snap->tables[i] = *t;
	}
	return read_notices(s, &snap->notices, &snap->nnotices, err);
}

static const struct column *
find_column(const struct column *v, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].name, name))
			return &v[i];
	return NULL;
}

const struct column *
table_column(const struct table *t, struct str name)
{
	return find_column(t->columns, t->ncolumns, name);
}

size_t
table_ninput(const struct table *t)
{
	return t->ncolumns + t->nwrite_only;
}

const struct column *
table_input(const struct table *t, struct str name)
{
	return find_column(t->columns, table_ninput(t), name);
}

const struct column *
table_counter(const struct table *t)
{
	const struct column *c = table_input(t, STR("lock_version"));

	if (c == NULL || c->generated || !c->updatable ||
	    c->identity == IDENTITY_ALWAYS)
		return NULL;
	switch (c->type->class) {
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		return c;
	default:
		return NULL;
	}
}

const char *
table_kind_name(enum table_kind kind)
{
	switch (kind) {
	case TABLE_ORDINARY:
		return "table";
	case TABLE_PARTITIONED:
		return "partitioned table";
	case TABLE_VIEW:
		return "view";
	case TABLE_MATVIEW:
		return "materialized view";
	case TABLE_FOREIGN:
		return "foreign table";
	}
	return "";
}

bool
positions_have(const uint16_t *v, size_t n, size_t column)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] == column)
			return true;
	return false;
}

const struct column *
table_computed(const struct table *t, struct str name)
{
	return find_column(t->computed, t->ncomputed, name);
}
