/* The catalogs as rows, and what is made of them on the way to a snapshot. */
#ifndef DYNAPI_INTROSPECT_PRIV_H
#define DYNAPI_INTROSPECT_PRIV_H

#include <stdint.h>

#include "base/str.h"
#include "introspect/introspect.h"

struct batch;
struct column;
struct conf_pair;
struct rows;
struct table;
struct type;

/* who is shown a column; the later member wins where two are meant */
enum sight { SIGHT_OPEN, SIGHT_WRITE_ONLY, SIGHT_HIDDEN };

/* pg_attribute, of relations and of composite types */
struct attr {
	uint32_t rel;
	int16_t num;
	struct str name;
	uint32_t type;
	int32_t typmod;
	struct str display;
	bool not_null, has_default, generated, updatable;
	/* a counter of changes (table_counter) that the responders' role may
	 * not count up, though it may change the table */
	bool barred;
	char identity;
	struct str comment;
	enum sight sight;
	const char *why; /* it is not open */
};

/* pg_class */
struct rel {
	uint32_t oid;
	struct str schema, name, qname;
	char kind;
	bool partition, row_security;
	bool broken;     /* a foreign table without handler, or a view of one */
	unsigned events; /* pg_relation_is_updatable: bits 2, 3, 4 */
	int64_t est_rows;
	struct str comment;
	const struct attr *attrs;
	size_t nattrs;
	struct str path;     /* set by expose, when exposed */
	struct table *table; /* NULL: not exposed */
};

/* pg_proc: a value computed of a row of rel */
struct fun {
	uint32_t rel;
	struct str name, schema;
	uint32_t type;
	struct str display;
	bool may_run;
	struct str comment;
	const char *inside; /* its values hold this concealed column */
};

/* pg_constraint, and unique indexes that are no constraint */
struct con {
	uint32_t rel, far;
	struct str name, far_name;
	char kind;
	int16_t *nums, *far_nums;
	size_t n, nfar;
};

/* pg_type */
struct ctype {
	uint32_t oid, rel, elem, base;
	struct str schema, name;
	char kind, category;
	int32_t typmod; /* of a domain: its base type's */
	struct str base_display;
	bool not_null, has_default;
	struct str *labels;
	size_t nlabels;
};

/* default operator classes of a type */
struct opclass {
	uint32_t type;
	bool btree, hash;
	bool less;     /* btree's order is called "<" */
	bool plain_eq; /* "=" is found whatever the search path */
};

struct cast {
	uint32_t from, to;
};

/* a view that shows rows of a table with row security as its owner */
struct leak {
	uint32_t view;
	struct str table;
};

/* a view or an heir whose rows may hold that column of another relation */
struct source {
	uint32_t rel, of;
	int16_t num;
};

struct variant; /* catalog_type.c: types made so far */

struct catalog {
	struct arena *arena;
	const struct conf *conf;
	struct str database, system_id;
	struct str text_search; /* STR_NONE: there is none */
	uint32_t database_oid;
	bool may_see_system_id;
	struct str *schemas; /* as configured and present */
	size_t nschemas;
	struct str *missing; /* configured and not there, or not exposable */
	size_t nmissing;
	/* all sorted by their first member */
	struct rel *rels;
	size_t nrels;
	struct attr *attrs, *fields;
	size_t nattrs, nfields;
	struct con *cons;
	size_t ncons;
	struct fun *funs; /* those of one relation by name */
	size_t nfuns;
	struct ctype *types;
	size_t ntypes;
	struct opclass *opclasses;
	size_t nopclasses;
	struct cast *casts;
	size_t ncasts;
	struct leak *leaks;
	size_t nleaks;
	struct source *sources; /* only where columns are to be concealed */
	size_t nsources;
	struct variant **variants;
	size_t variants_cap, nvariants;
	struct notice *notices;
	size_t nnotices, notices_cap;
};

/* catalog_sql.c: positions of the statements in the batch */
enum catalog_stmt {
	CATALOG_DATABASE,
	CATALOG_SCHEMAS,
	CATALOG_SEARCH,
	CATALOG_RELS,
	CATALOG_ATTRS,
	CATALOG_CONS,
	CATALOG_FUNS,
	CATALOG_TYPES,
	CATALOG_FIELDS,
	CATALOG_LABELS,
	CATALOG_OPCLASSES,
	CATALOG_CASTS,
	CATALOG_LEAKS,
	CATALOG_SOURCES,
	CATALOG__MAX
};

/* all of them, for the schemas in the array literal; search is one of the
 * schema and name of a text search configuration (STR_NONE: the default);
 * without sources there are none of these */
void catalog_ask(
    struct batch *, struct str schemas, struct str search, bool sources);
void catalog_ask_system_id(struct batch *);

int catalog_read(struct catalog *, struct db *, struct err *);
struct rel *catalog_rel(const struct catalog *, uint32_t oid);
const struct ctype *catalog_ctype(const struct catalog *, uint32_t oid);
/* the columns of a composite type's relation */
const struct attr *catalog_fields(
    const struct catalog *, uint32_t rel, size_t *n);
void catalog_notice(struct catalog *, struct str qname, bool excluded,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

struct type *catalog_type(
    struct catalog *, uint32_t oid, int32_t typmod, struct str display);
/* a domain's own default, or that of one it is made of */
bool catalog_type_default(const struct catalog *, uint32_t oid);
bool catalog_has_eq(const struct catalog *, uint32_t type);
bool catalog_has_order(const struct catalog *, uint32_t type);

/* expose.c: gives a table to each relation that is exposed, and notices to
 * those that are not */
void expose_rels(struct catalog *);
/* the key that the configuration names, or the primary key */
void expose_key(struct catalog *, struct rel *);
/* the line of a family (key.TABLE) that is about it, or NULL */
const char *expose_line(
    const struct catalog *, const struct conf_pair *, const struct rel *);
/* notices about lines of families that are about no table */
void expose_tell_lines(struct catalog *);

/* conceal.c: which columns are hidden or write-only; said of all relations
 * before any is exposed */
void conceal_columns(struct catalog *);
/* is there any to look for? */
bool conceal_asked(const struct catalog *);
/* the column of that name, when it is not open */
const struct attr *conceal_find(const struct rel *, struct str name);
/* false: what is to be kept from clients cannot be, and a notice says so */
bool conceal_fits(struct catalog *, const struct rel *);
/* notices about the columns of a table that is exposed, and of the tables
 * that may show what others conceal */
void conceal_tell(struct catalog *, const struct rel *);
void conceal_tell_sources(struct catalog *);

/* compute.c: functions that are fields of the exposed tables */
void compute_fields(struct catalog *);

/* searched.c: what the configuration has searched; notices about what of that
 * cannot be */
void searched_fill(struct catalog *, struct rel *);
void searched_tell(struct catalog *, const struct snapshot *);

/* assemble.c */
void assemble_tables(struct catalog *, struct snapshot *);

#endif
