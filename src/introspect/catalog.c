/*
 * Rows of the catalogs as arrays of structs.  PostgreSQL sorted them; what
 * belongs together is found by bisection, and columns are handed to their
 * relations in one pass.
 */
#include "introspect/introspect_priv.h"

#include <assert.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "schema/schema.h"
#include "db/db.h"

#define SCHEMAS_MAX    ((size_t)64 * 1024)
#define BATCH_LIMIT_MS (10 * 60 * 1000)

/* ------------------------------------------------------------------ cells */

static struct str
cell_text(struct catalog *c, const struct rows *r, size_t col)
{
	return str_dup(c->arena, rows_cell(r, col));
}

static int64_t
cell_i64(const struct rows *r, size_t col)
{
	int64_t v = 0;
	struct str s = rows_cell(r, col);

	if (s.p != NULL && str_i64(s, &v) != 0)
		v = 0;
	return v;
}

static uint32_t
cell_oid(const struct rows *r, size_t col)
{
	return (uint32_t)cell_i64(r, col);
}

static bool
cell_bool(const struct rows *r, size_t col)
{
	return str_eq(rows_cell(r, col), STR("t"));
}

static char
cell_char(const struct rows *r, size_t col)
{
	struct str s = rows_cell(r, col);

	return s.len == 0 ? '\0' : s.p[0];
}

/* "{1,2}" */
static int16_t *
cell_nums(struct catalog *c, const struct rows *r, size_t col, size_t *n)
{
	struct str s = rows_cell(r, col), part;
	int16_t *v;
	int64_t num;

	*n = 0;
	if (s.len < 2)
		return NULL;
	s = str_sub(s, 1, s.len - 2);
	v = arena_array(c->arena, int16_t, s.len + 1);
	while (str_cut(&s, ',', &part))
		/* 0 stands for an expression */
		if (str_i64(part, &num) == 0 && num > 0)
			v[(*n)++] = (int16_t)num;
	return v;
}

/* ------------------------------------------------------------------- rows */

static void
take_rel(struct catalog *c, const struct rows *r, size_t i)
{
	struct rel *rel = &c->rels[i];

	rel->oid = cell_oid(r, 0);
	rel->schema = cell_text(c, r, 1);
	rel->name = cell_text(c, r, 2);
	rel->qname = str_from(arena_printf(
	    c->arena, "%.*s.%.*s", STR_ARGS(rel->schema), STR_ARGS(rel->name)));
	rel->kind = cell_char(r, 3);
	rel->partition = cell_bool(r, 4);
	rel->row_security = cell_bool(r, 5);
	rel->events = (unsigned)cell_i64(r, 6);
	rel->est_rows = cell_i64(r, 7);
	rel->comment = cell_text(c, r, 8);
	rel->broken = cell_bool(r, 9);
}

static void
take_field(struct catalog *c, const struct rows *r, struct attr *a)
{
	a->rel = cell_oid(r, 0);
	a->num = (int16_t)cell_i64(r, 1);
	a->name = cell_text(c, r, 2);
	a->type = cell_oid(r, 3);
	a->typmod = (int32_t)cell_i64(r, 4);
	a->display = cell_text(c, r, 5);
}

static void
take_fields(struct catalog *c, const struct rows *r, size_t i)
{
	take_field(c, r, &c->fields[i]);
}

static void
take_attr(struct catalog *c, const struct rows *r, size_t i)
{
	struct attr *a = &c->attrs[i];

	take_field(c, r, a);
	a->not_null = cell_bool(r, 6);
	a->has_default = cell_bool(r, 7);
	a->generated = cell_bool(r, 8);
	a->identity = cell_char(r, 9);
	a->updatable = cell_bool(r, 10);
	a->comment = cell_text(c, r, 11);
	a->barred = cell_bool(r, 12);
}

static void
take_con(struct catalog *c, const struct rows *r, size_t i)
{
	struct con *con = &c->cons[i];

	con->rel = cell_oid(r, 0);
	con->far = cell_oid(r, 1);
	con->name = cell_text(c, r, 2);
	con->kind = cell_char(r, 3);
	con->nums = cell_nums(c, r, 4, &con->n);
	con->far_nums = cell_nums(c, r, 5, &con->nfar);
	con->far_name = cell_text(c, r, 6);
}

static void
take_fun(struct catalog *c, const struct rows *r, size_t i)
{
	struct fun *f = &c->funs[i];

	f->rel = cell_oid(r, 0);
	f->name = cell_text(c, r, 1);
	f->schema = cell_text(c, r, 2);
	f->type = cell_oid(r, 3);
	f->display = cell_text(c, r, 4);
	f->may_run = cell_bool(r, 5);
	f->comment = cell_text(c, r, 6);
}

static void
take_type(struct catalog *c, const struct rows *r, size_t i)
{
	struct ctype *t = &c->types[i];

	t->oid = cell_oid(r, 0);
	t->schema = cell_text(c, r, 1);
	t->name = cell_text(c, r, 2);
	t->kind = cell_char(r, 3);
	t->category = cell_char(r, 4);
	t->rel = cell_oid(r, 5);
	t->elem = cell_oid(r, 6);
	t->base = cell_oid(r, 7);
	t->typmod = (int32_t)cell_i64(r, 8);
	t->base_display = cell_text(c, r, 9);
	t->not_null = cell_bool(r, 10);
	t->has_default = cell_bool(r, 11);
}

static void
take_opclass(struct catalog *c, const struct rows *r, size_t i)
{
	c->opclasses[i] = (struct opclass){cell_oid(r, 0), cell_bool(r, 1),
	    cell_bool(r, 2), cell_bool(r, 3), cell_bool(r, 4)};
}

static void
take_cast(struct catalog *c, const struct rows *r, size_t i)
{
	c->casts[i] = (struct cast){cell_oid(r, 0), cell_oid(r, 1)};
}

static void
take_leak(struct catalog *c, const struct rows *r, size_t i)
{
	c->leaks[i] = (struct leak){cell_oid(r, 0), cell_text(c, r, 1)};
}

static void
take_source(struct catalog *c, const struct rows *r, size_t i)
{
	c->sources[i] = (struct source){
	    cell_oid(r, 0), cell_oid(r, 1), (int16_t)cell_i64(r, 2)};
}

static int
take_all(struct catalog *c, struct rows *r,
    void (*take)(struct catalog *, const struct rows *, size_t),
    struct err *err)
{
	size_t i = 0;
	int rc;

	while ((rc = rows_next(r, err)) > 0)
		take(c, r, i++);
	return rc;
}

/* an array with room for every row */
#define TAKE(member, count, which, take)                                       \
	(c->count = (size_t)rows_count(batch_rows(b, which)),                  \
	    c->member =                                                        \
		arena_zalloc(c->arena, c->count, sizeof(c->member[0])),        \
	    take_all(c, batch_rows(b, which), take, err))

/* the labels of one enum follow each other */
static int
take_labels(struct catalog *c, struct rows *r, struct err *err)
{
	size_t left = (size_t)rows_count(r);
	struct str *v = arena_array(c->arena, struct str, left);
	struct ctype *t = c->types;
	uint32_t oid;
	int rc;

	while ((rc = rows_next(r, err)) > 0) {
		oid = cell_oid(r, 0);
		while (t < c->types + c->ntypes && t->oid < oid)
			t++;
		assert(t < c->types + c->ntypes && t->oid == oid);
		if (t->labels == NULL)
			t->labels = v;
		t->nlabels++;
		*v++ = cell_text(c, r, 1);
	}
	return rc;
}

static int
take_database(struct catalog *c, struct rows *r, struct err *err)
{
	int rc = rows_next(r, err);

	if (rc > 0) {
		c->database = cell_text(c, r, 0);
		c->database_oid = cell_oid(r, 1);
		c->may_see_system_id = cell_bool(r, 2);
	}
	return rc > 0 ? 0
		      : err_world(err, ERR_DB_UNAVAILABLE,
			    "the database does not know itself");
}

/* splits what was configured into what is there and what is not */
static int
take_schemas(struct catalog *c, struct rows *r, struct err *err)
{
	size_t n = (size_t)rows_count(r), k;
	struct str *there = arena_array(c->arena, struct str, n);
	struct str *wanted = c->schemas;
	size_t nwanted = c->nschemas;
	int rc;

	for (k = 0; (rc = rows_next(r, err)) > 0; k++)
		there[k] = cell_text(c, r, 0);
	c->nschemas = 0;
	c->missing = arena_array(c->arena, struct str, nwanted);
	for (size_t i = 0; i < nwanted; i++) {
		for (k = 0; k < n && !str_eq(there[k], wanted[i]); k++)
			;
		if (k < n)
			c->schemas[c->nschemas++] = wanted[i];
		else
			c->missing[c->nmissing++] = wanted[i];
	}
	return rc;
}

/* what is configured has to be there; a default that is not (it may be set for
 * other databases too) is met by who searches, as it would be without us */
static int
take_search(struct catalog *c, struct rows *r, struct err *err)
{
	int rc = rows_next(r, err);

	if (rc > 0)
		c->text_search = cell_text(c, r, 0);
	else if (rc == 0 && c->conf->text_search != NULL)
		return err_world(err, ERR_INTERNAL,
		    "text_search names %s, which is no text search "
		    "configuration of database %.*s: write NAME for one of "
		    "pg_catalog and SCHEMA.NAME for any other (\\dF in psql "
		    "lists them)",
		    c->conf->text_search, STR_ARGS(c->database));
	else if (rc == 0)
		catalog_notice(c, STR("default_text_search_config"), false,
		    "names no text search configuration of this database: "
		    "__fts cannot be asked");
	return rc < 0 ? -1 : 0;
}

static void
give_attrs(struct catalog *c)
{
	const struct attr *a = c->attrs, *end = c->attrs + c->nattrs;

	for (size_t i = 0; i < c->nrels; i++) {
		while (a < end && a->rel < c->rels[i].oid)
			a++;
		c->rels[i].attrs = a;
		while (a < end && a->rel == c->rels[i].oid)
			a++;
		c->rels[i].nattrs = (size_t)(a - c->rels[i].attrs);
	}
}

static int
take_batch(struct catalog *c, const struct batch *b, struct err *err)
{
	if (take_database(c, batch_rows(b, CATALOG_DATABASE), err) != 0 ||
	    take_schemas(c, batch_rows(b, CATALOG_SCHEMAS), err) != 0 ||
	    take_search(c, batch_rows(b, CATALOG_SEARCH), err) != 0 ||
	    TAKE(rels, nrels, CATALOG_RELS, take_rel) != 0 ||
	    TAKE(attrs, nattrs, CATALOG_ATTRS, take_attr) != 0 ||
	    TAKE(cons, ncons, CATALOG_CONS, take_con) != 0 ||
	    TAKE(funs, nfuns, CATALOG_FUNS, take_fun) != 0 ||
	    TAKE(types, ntypes, CATALOG_TYPES, take_type) != 0 ||
	    TAKE(fields, nfields, CATALOG_FIELDS, take_fields) != 0 ||
	    take_labels(c, batch_rows(b, CATALOG_LABELS), err) != 0 ||
	    TAKE(opclasses, nopclasses, CATALOG_OPCLASSES, take_opclass) != 0 ||
	    TAKE(casts, ncasts, CATALOG_CASTS, take_cast) != 0 ||
	    TAKE(leaks, nleaks, CATALOG_LEAKS, take_leak) != 0 ||
	    TAKE(sources, nsources, CATALOG_SOURCES, take_source) != 0)
		return -1;
	give_attrs(c);
	return 0;
}

/* ----------------------------------------------------------------- asking */

/* never exposed, whatever the configuration says */
static bool
is_ours(struct str schema)
{
	return str_eq(schema, STR("dynapi")) ||
	       str_eq(schema, STR("information_schema")) ||
	       str_starts(schema, STR("pg_"));
}

/* the configured list, as an array literal and in c->schemas */
static int
list_schemas(struct catalog *c, struct buf *literal, struct err *err)
{
	struct str rest = str_from(c->conf->schemas), item;

	if (rest.p == NULL)
		rest = STR("");
	c->schemas = arena_array(c->arena, struct str, rest.len + 1);
	buf_char(literal, '{');
	while (conf_list_next(&rest, &item)) {
		if (c->nschemas > 0)
			buf_char(literal, ',');
		c->schemas[c->nschemas++] = str_dup(c->arena, item);
		if (is_ours(item))
			return err_world(err, ERR_INTERNAL,
			    "schemas names %.*s, which is never exposed: "
			    "take it out of the configuration",
			    STR_ARGS(item));
		buf_element(literal, item);
	}
	buf_char(literal, '}');
	if (c->nschemas == 0)
		return err_world(err, ERR_INTERNAL,
		    "schemas is empty: name at least one in the "
		    "configuration");
	if (literal->overflow || !utf8_valid(buf_view(literal)))
		return err_world(err, ERR_INTERNAL,
		    "schemas is too long or not UTF-8: correct the "
		    "configuration");
	return 0;
}

/* the configured name as an array literal, cut at its first dot */
static int
list_search(struct catalog *c, struct str *literal, struct err *err)
{
	struct str rest = str_from(c->conf->text_search), part;
	ptrdiff_t dot = str_chr(rest, '.');
	struct buf b;

	*literal = STR_NONE;
	if (c->conf->text_search == NULL)
		return 0;
	buf_init(&b, c->arena, SCHEMAS_MAX);
	buf_char(&b, '{');
	if (dot >= 0) {
		str_cut(&rest, '.', &part);
		buf_element(&b, part);
		buf_char(&b, ',');
	}
	buf_element(&b, rest);
	buf_char(&b, '}');
	*literal = buf_view(&b);
	if (b.overflow || !utf8_valid(*literal))
		return err_world(err, ERR_INTERNAL,
		    "text_search is too long or not UTF-8: correct the "
		    "configuration");
	return 0;
}

static int
ask_system_id(struct catalog *c, struct db *db, struct err *err)
{
	struct batch *b = batch_new(c->arena, BATCH_READ);
	struct rows *r;

	if (!c->may_see_system_id)
		return 0;
	b->timeout_ms = BATCH_LIMIT_MS;
	catalog_ask_system_id(b);
	if (db_run(db, b, err) != 0)
		return -1;
	r = batch_rows(b, 0);
	if (rows_next(r, err) > 0)
		c->system_id = cell_text(c, r, 0);
	return 0;
}

int
catalog_read(struct catalog *c, struct db *db, struct err *err)
{
	struct batch *b = batch_new(c->arena, BATCH_READ);
	struct buf schemas;
	struct str search;

	buf_init(&schemas, c->arena, SCHEMAS_MAX);
	if (list_schemas(c, &schemas, err) != 0 ||
	    list_search(c, &search, err) != 0)
		return -1;
	b->timeout_ms = BATCH_LIMIT_MS;
	catalog_ask(b, buf_view(&schemas), search, conceal_asked(c));
	if (db_run(db, b, err) != 0 || take_batch(c, b, err) != 0)
		return -1;
	return ask_system_id(c, db, err);
}

/* ---------------------------------------------------------------- finding */

static int
compare_oid(const void *key, const void *element)
{
	const uint32_t *a = key, *b = element;

	return (*a > *b) - (*a < *b);
}

struct rel *
catalog_rel(const struct catalog *c, uint32_t oid)
{
	return bsearch(
	    &oid, c->rels, c->nrels, sizeof(c->rels[0]), compare_oid);
}

const struct ctype *
catalog_ctype(const struct catalog *c, uint32_t oid)
{
	return bsearch(
	    &oid, c->types, c->ntypes, sizeof(c->types[0]), compare_oid);
}

const struct attr *
catalog_fields(const struct catalog *c, uint32_t rel, size_t *n)
{
	const struct attr *a = bsearch(
	    &rel, c->fields, c->nfields, sizeof(c->fields[0]), compare_oid);
	const struct attr *end = c->fields + c->nfields, *from = a;

	*n = 0;
	if (a == NULL)
		return NULL;
	while (from > c->fields && from[-1].rel == rel)
		from--;
	while (a < end && a->rel == rel)
		a++;
	*n = (size_t)(a - from);
	return from;
}

void
catalog_notice(
    struct catalog *c, struct str qname, bool excluded, const char *fmt, ...)
{
	size_t cap = c->notices_cap == 0 ? 64 : 2 * c->notices_cap;
	va_list ap;

	if (c->nnotices == c->notices_cap) {
		c->notices = c->notices == NULL
				 ? arena_array(c->arena, struct notice, cap)
				 : arena_grow(c->arena, c->notices,
				       c->notices_cap * sizeof(c->notices[0]),
				       cap * sizeof(c->notices[0]));
		c->notices_cap = cap;
	}
	va_start(ap, fmt);
	c->notices[c->nnotices++] = (struct notice){
	    qname, str_from(arena_vprintf(c->arena, fmt, ap)), excluded};
	va_end(ap);
}
