/*
 * The database as we know it: tables, columns, types, keys and relations.
 *
 * dynapi-introspect fills struct table from the catalogs and writes them with
 * snapshot_write; everybody else opens the file with schema_open and sees the
 * same structs.  Opening checks the header and the directory of names only;
 * a table's record is read, verified and kept at first touch, so that opening
 * costs the same with 10 tables as with 60,000.
 *
 * Everything reached from a struct schema belongs to its arena and is valid
 * until schema_free.  It is read-only for all but the introspection.
 * Names are PostgreSQL's own (pg_class, pg_attribute, pg_constraint: chapter
 * 53, System Catalogs).
 */
#ifndef DYNAPI_SCHEMA_H
#define DYNAPI_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct buf;
struct err;

#define SNAPSHOT_FORMAT 3

/* What the input grammar, the filters and the rendering need to know. */
enum type_class {
	TYPE_BOOL,
	TYPE_INT2,
	TYPE_INT4,
	TYPE_INT8,
	TYPE_NUMERIC,
	TYPE_FLOAT4,
	TYPE_FLOAT8,
	TYPE_TEXT, /* text, varchar, name, citext: max_len says how many */
	TYPE_CHAR, /* bpchar */
	TYPE_BYTEA,
	TYPE_DATE,
	TYPE_TIME,
	TYPE_TIMETZ,
	TYPE_TIMESTAMP,
	TYPE_TIMESTAMPTZ,
	TYPE_INTERVAL,
	TYPE_UUID,
	TYPE_JSON,
	TYPE_JSONB,
	TYPE_ENUM,
	TYPE_ARRAY,
	TYPE_COMPOSITE,
	TYPE_RANGE,   /* multiranges too */
	TYPE_BUILTIN, /* other types of pg_catalog: text in, text out */
	TYPE_OTHER    /* types of extensions: to_json decides how they look */
};

struct type {
	enum type_class class;   /* of the base type, where this is a domain */
	uint32_t oid;            /* of the column's own type */
	struct str schema, name; /* pg_type.typname: "int4", "_text", … */
	struct str display;      /* format_type, for people */
	bool is_domain;
	bool domain_not_null;
	struct str base_schema, base_name; /* of a domain; else as above */
	int32_t max_len;                   /* characters, 0: no limit */
	int32_t precision;                 /* numeric: digits, 0: no limit */
	int32_t scale;
	struct str *labels; /* enum, in their order */
	size_t nlabels;
	struct type *element;      /* array */
	struct type_field *fields; /* composite */
	size_t nfields;
};

struct type_field {
	struct str name;
	struct type *type;
};

enum identity { IDENTITY_NONE, IDENTITY_ALWAYS, IDENTITY_BY_DEFAULT };

struct table;

/*
 * A column, or a computed field: what a function with its name makes of a row.
 * Computed fields have a type, eq and order, and are never written; they are
 * no columns of the table and only table_computed finds them.
 */
struct column {
	struct str name;
	int16_t attnum;
	struct type *type;
	bool not_null; /* domain's NOT NULL included */
	bool has_default;
	enum identity identity;
	bool generated;         /* GENERATED ALWAYS AS … STORED */
	bool updatable;         /* PostgreSQL can write it (views) */
	bool write_only;        /* bodies may set it, nothing shows it */
	bool has_eq, has_order; /* = exists; < and > exist */
	struct str comment;     /* STR_NONE when there is none */
	/* resolved at load: the foreign key of this single column, or NULL */
	const struct fkey *fkey;
	/* computed: the table of whose rows, and where the function is */
	const struct table *computed_of;
	struct str function_schema; /* STR_NONE: it is a column */
};

enum constraint_kind {
	CONSTRAINT_PRIMARY,
	CONSTRAINT_UNIQUE,
	CONSTRAINT_CHECK,
	CONSTRAINT_EXCLUDE
};

struct constraint {
	struct str name;
	enum constraint_kind kind;
	/* indices into table.columns; of a CHECK write-only ones too */
	uint16_t *columns;
	size_t ncolumns;
};

/* One foreign key; in table.fkeys it leaves the table, in table.refs it
 * arrives (columns are always this table's, far_columns the other's). */
struct fkey {
	struct str name;
	uint16_t *columns;
	size_t ncolumns;
	struct str far_table; /* qualified name as in the directory */
	struct str *far_columns;
	bool far_unique; /* refs: the far columns are unique: to-one */
};

enum table_kind {
	TABLE_ORDINARY,
	TABLE_PARTITIONED,
	TABLE_VIEW,
	TABLE_MATVIEW,
	TABLE_FOREIGN
};
const char *table_kind_name(enum table_kind); /* "materialized view" */

struct table {
	struct str schema, name;
	struct str qname; /* schema.name: rights and logs use this */
	struct str path;  /* the segment below /api/dyn/ */
	uint32_t oid;
	enum table_kind kind;
	/* by attnum, dropped and hidden ones left out; write-only ones stand
	 * behind the ncolumns that can be read, where who reads does not look:
	 * table_input finds them */
	struct column *columns;
	size_t ncolumns, nwrite_only;
	bool conceals; /* has hidden or write-only columns: what the snapshot
	                * does not name of it may be named after them */
	struct column *computed; /* by name; none has a column's name */
	size_t ncomputed;
	uint16_t *key; /* indices of the primary (or configured) key */
	size_t nkey;
	/* search.TABLE: each with the prefix that it has there; NULL: not set,
	 * whatever type_is_searched is searched */
	struct str *search;
	size_t nsearch;
	struct constraint *constraints;
	size_t nconstraints;
	struct fkey *fkeys, *refs;
	size_t nfkeys, nrefs;
	bool can_insert, can_update, can_delete; /* what PostgreSQL can */
	bool row_security;
	bool emits; /* its changes go to the log of events; not in the file */
	int64_t est_rows; /* pg_class.reltuples, -1: never analysed */
	struct str comment;
};

/* a line of the directory: all that is known without loading the table */
struct table_entry {
	struct str qname, schema, name, path;
	enum table_kind kind;
	struct str *key; /* column names */
	size_t nkey;
};

/* why a table is not exposed, or what an operator should know */
struct notice {
	struct str qname;
	struct str text;
	bool excluded; /* else: a warning */
};

struct snapshot_meta {
	struct str program_version;
	struct str database;  /* current_database() */
	struct str system_id; /* pg_control_system().system_identifier or
	                         * STR_NONE where it may not be read */
	uint32_t database_oid;
	uint64_t generation; /* grows by one with each written change */
	int64_t written_s;   /* clock_real_s */
	struct str default_schema;
	struct str schemas; /* as configured: part of "is it still fresh" */
	/* the configuration of text searches, quoted as regconfig reads it, or
	 * STR_NONE where the database has none */
	struct str text_search;
};

struct schema;

/*
 * NULL with ERR_SNAPSHOT_UNAVAILABLE (cause for the log: missing, damaged,
 * another format with both versions named).
 */
struct schema *schema_open(const char *path, struct err *);
/* every record's checksum, before another one is given up for this one */
int schema_verify(struct schema *, struct err *);
void schema_free(struct schema *);
const struct snapshot_meta *schema_meta(const struct schema *);
/* true when path now names another file than the one opened (one stat);
 * false when it is gone: the old one serves on */
bool schema_replaced(const struct schema *, const char *path);

/*
 * Which tables emit events: those whose name or qualified name is in the list,
 * as has() says.  Asked once of each table, so that no request pays for it;
 * the list has to stay as long as the schema, or the next call.
 */
void schema_emit(struct schema *, const char *list,
    bool (*has)(const char *list, struct str item));

size_t schema_count(const struct schema *);
const struct table_entry *schema_entry(const struct schema *, size_t i);
/*
 * By qualified name / by path segment (DECISIONS 2: exact name of the default
 * schema, else split at a dot).  NULL with err->id ERR_NONE when there is no
 * such table; NULL with ERR_SNAPSHOT_UNAVAILABLE when its record is damaged.
 */
const struct table *schema_table(
    struct schema *, struct str qname, struct err *);
const struct table *schema_table_by_path(
    struct schema *, struct str segment, struct err *);

/*
 * Relations: the foreign keys both ways, and through join tables (a table
 * whose primary key is made of the columns of two foreign keys).
 *
 * Names: to-one is the column without "_id", else the table; to-many is the
 * table.  Where two would be equal, or equal to a column, each is
 * "table!column" (of the foreign key; "table!constraint" where it has several
 * columns, and "!back" after it for the backward one of a key from a table to
 * itself), many-to-many "table!jointable".  Those that still are equal have
 * the constraint's name, and then the schema's, in them.  A bare name that
 * stands for several is ambiguous.
 */
enum relation_kind {
	RELATION_TO_ONE, /* also backwards, where the far columns are unique */
	RELATION_TO_MANY,
	RELATION_MANY_TO_MANY
};

struct relation {
	struct str name;
	struct str bare; /* what it would be called if it were alone */
	enum relation_kind kind;
	const struct table *near, *far;
	/* near.columns[i] = far.far_columns[i] (indices); many-to-many:
	 * near.columns[i] = via.via_near[i], via.via_far[i] =
	 * far.far_columns[i] */
	const uint16_t *columns, *far_columns;
	size_t ncolumns, nfar; /* equal but for many-to-many */
	const struct table *via;
	const uint16_t *via_near, *via_far;
	/* the constraint: near's (columns point away) or far's / via's */
	struct str constraint;
	bool backwards; /* the foreign key is the far table's (or via's) */
};

struct relations {
	const struct relation *v; /* by name */
	size_t n;
};

/* which tables exist for somebody */
struct visible {
	bool (*sees)(const void *arg, const struct table *);
	const void *arg;
};

/*
 * All relations of a table among visible tables (NULL: all; kept with the
 * schema, else in the arena).  -1: ERR_SNAPSHOT_UNAVAILABLE.
 */
int schema_relations(struct schema *, struct arena *, const struct table *,
    const struct visible *, struct relations *, struct err *);
/* are the tables that it goes through among these?  NULL: all are */
bool relation_is_seen(const struct relation *, const struct visible *);
/*
 * By name.  NULL: none, or those *nchoices whose bare name it is (choices may
 * be NULL): several, or one whose name had to differ from a column's.
 */
const struct relation *relation_find(const struct relations *, struct str name,
    struct arena *, const struct relation ***choices, size_t *nchoices);

const struct column *table_column(const struct table *, struct str name);
/* what a body may name: the write-only columns too, and how many these are */
const struct column *table_input(const struct table *, struct str name);
size_t table_ninput(const struct table *);
/* the column that counts the changes of a row, as Rails has it: lock_version,
 * where it is a whole number that may be changed; NULL: there is none */
const struct column *table_counter(const struct table *);
/* is the column at this position among the n of v? */
bool positions_have(const uint16_t *v, size_t n, size_t column);
/* fields that are computed of a row; for questions only */
const struct column *table_computed(const struct table *, struct str name);
/* all there is to know of it, as the snapshot holds it; without the estimate
 * two equal tables give equal bytes */
void table_json(struct buf *, const struct table *, bool with_estimate);

/* class of a built-in type by its OID (pg_type.dat); TYPE_OTHER if unknown */
enum type_class type_class_of(uint32_t oid);
const char *type_class_name(enum type_class);
bool type_is_text(const struct type *);
bool type_is_number(const struct type *);   /* JSON number by default */
bool type_is_searched(const struct type *); /* for parts of its text */

/* Everything in a snapshot, as the introspection has it in hand. */
struct snapshot {
	struct snapshot_meta meta;
	struct table *tables; /* sorted by qname */
	size_t ntables;
	struct notice *notices; /* sorted by qname and text */
	size_t nnotices;
};

/* the schema that a snapshot in hand would give, which is not copied */
struct schema *schema_of(struct arena *, const struct snapshot *);

/*
 * Writes beside path, verifies what was written, syncs and renames; -1 leaves
 * the old file as it was.  Killed at any moment leaves the old or the new
 * file.  meta.generation is what the caller says.
 *
 * Two writers at once each leave a whole file; who compares with the old file
 * first holds snapshot_lock meanwhile, so that an older state never replaces
 * a newer one.
 */
int snapshot_write(const char *path, const struct snapshot *, struct err *);
/* the whole file, every record verified; for --check, --diff, --list */
int snapshot_read(
    struct arena *, const char *path, struct snapshot *, struct err *);
/*
 * Waits for the lock file beside path and removes what killed writers left
 * there.  A descriptor to close, or -1 (ERR_INTERNAL with the cause).
 */
int snapshot_lock(const char *path, struct err *);
/* the format of the file, 0 when it cannot be told (missing, damaged) */
int snapshot_format(const char *path);

#endif
