/*
 * SQL text and its arguments, built from three calls only: literal text,
 * quoted identifier, bind parameter.  A user's value can reach the text by
 * none of them: stmt_lit takes string literals only (the compiler sees to
 * it), identifiers come from the snapshot, values are bound.
 *
 * Equal questions make equal text; the text names a prepared statement.
 * Building from a resolved query cannot fail.
 */
#ifndef DYNAPI_STMT_H
#define DYNAPI_STMT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

struct arena;
struct assign;
struct body;
struct column;
struct nested;
struct nested_set;
struct json_path;
struct query;
struct stmt_opts;
struct table;
struct type;

/* How a result column's text becomes JSON (render/cell.c). */
enum cell {
	CELL_RAW,         /* integers: the text is JSON */
	CELL_REAL,        /* numeric, float: raw unless NaN or an infinity */
	CELL_BOOL,        /* t or f */
	CELL_TEXT,        /* a JSON string */
	CELL_QUOTED_RAW,  /* quoted, needs no escaping: uuid, date, time */
	CELL_TIMESTAMP,   /* the blank becomes T; infinity stays */
	CELL_TIMESTAMPTZ, /* the same, "+00" becomes "+00:00" */
	CELL_BYTEA,       /* \x… becomes base64 */
	CELL_JSON         /* raw, line feeds become blanks */
};

struct stmt_col {
	struct str name;
	enum cell cell;
};

/*
 * How a row becomes an object when it is more than its columns one after the
 * other: to-one relations are objects made of joined columns, to-many ones
 * either a column that holds their JSON, or rows of a statement of their own
 * (stitched) whose first column is the number of the parent's row, from 1.
 */
enum member_kind { MEMBER_CELL, MEMBER_OBJECT, MEMBER_ROWS };

struct member {
	struct str name;
	enum member_kind kind;
	size_t col;   /* CELL; OBJECT: t or f, is there one; ROWS: unused */
	size_t child; /* ROWS: index in the statement's children */
	struct shape *shape; /* OBJECT */
};

struct shape {
	struct member *v;
	size_t n;
};

struct stmt {
	struct arena *arena;
	struct buf text;
	const char **args; /* NULL: SQL null; terminated text */
	size_t nargs, args_cap;
	struct stmt_col *cols; /* what it returns, in order; may be none */
	size_t ncols;
	/* NULL: each column is a member.  Columns no member names are hidden:
	 * parents' numbers, texts of order keys, the entity tag */
	struct shape *shape;
	struct stmt **children; /* run after this one in the same batch */
	size_t nchildren;
	ptrdiff_t order_col; /* first of the hidden order texts, or -1 */
	ptrdiff_t etag_col;  /* the hidden entity tag, or -1 */
	/* the first columns are the table's, and the tag is made of them */
	bool row_tag;
	unsigned alias;    /* what stmt_column prints: t, t1, t2 … */
	unsigned naliases; /* used so far */
	struct json_path *json_paths; /* that are bound (from.c) */
	bool read_only; /* makes the rest of its transaction read-only */
	bool emits;     /* writes the log of events */
	bool counted;   /* its one cell is the number of the rows */
	const struct effect *effect; /* of rows that are there; NULL: none */
	const char *label; /* for logs and explain: "guard", "list", … */
};

struct stmt_opts {
	bool numeric_as_string, bigint_as_string;
	int64_t page_size, max_page_size; /* limits printed as literals */
	int64_t max_rows;                 /* 0: none */
	int64_t max_included; /* stitched rows of one relation; one more is
	                       * selected, so that the reader can tell */
	bool stitch; /* the parents are in hand: to-many by own statements */
	/* not stitched, and yet no more than max_included rows; ZD003 */
	bool bounded;
	bool etag; /* the row's entity tag: etag_col or row_tag */
	/* what the tag is made of (version.TABLE); NULL: of every column */
	const struct column *version;
	/* a write that returns its one row marks it (stmt_select_marked), if
	 * the guard has been told to say that he may read it */
	bool marks;
	bool counts; /* a change that does not say what becomes of it counts
	              * table_counter up */
	bool many;   /* there are many chunks: one event for each, not for each
	              * of its rows */
};

struct stmt *stmt_new(struct arena *, const char *label);
void stmt_add(struct stmt *, const char *text, size_t len);
#define stmt_lit(s, literal) stmt_add((s), "" literal, sizeof(literal) - 1)
/* from the snapshot or our own source, never from a request */
void stmt_ident(struct stmt *, struct str);
/* the same in these quotes, such as those of a literal */
void stmt_quoted(struct stmt *, struct str, char quote);
void stmt_table(struct stmt *, const struct table *); /* "schema"."name" */
void stmt_type(struct stmt *, const struct type *);   /* base of a domain */
/* $n, or $n::type when type is given; STR_NONE binds null */
void stmt_param(struct stmt *, struct str value, const struct type *);
void stmt_param_i64(struct stmt *, int64_t); /* $n::int8 */
/* $n once more, of the nth argument counted from 1 */
void stmt_param_again(struct stmt *, size_t n);
/* t for the outermost table, t1, t2 … for those that are joined */
void stmt_alias(struct stmt *, unsigned alias);
/* a column, or a computed field, of the table that s->alias stands for */
void stmt_column(struct stmt *, const struct column *);
/* the column as it is selected: as it is, or as its JSON (output.c) */
void stmt_output(
    struct stmt *, const struct column *, const struct stmt_opts *);
/* how its text, as PostgreSQL has it, becomes JSON */
enum cell stmt_cell(const struct type *, const struct stmt_opts *);
/* "from … where …": the rows of a resolved query, of the table t */
void stmt_from_where(struct stmt *, const struct query *);
/* " where …" or "": what the query asks of the table that s->alias stands
 * for; a condition through a relation is an EXISTS, so that it holds in
 * UPDATE and DELETE too */
void stmt_where(struct stmt *, const struct query *);
/*
 * The row's entity tag: 32 hexadecimal digits made of every column, whatever is
 * selected, so that it is the same expression in a SELECT and in the WHERE of
 * an UPDATE; or of o->version.
 */
void stmt_tag(struct stmt *, const struct table *, const struct stmt_opts *);
/*
 * Where the columns are selected as they are, the reader of the row makes the
 * same tag of the texts of its cells, one per column of the table (p NULL:
 * null), which costs the database nothing.
 */
bool stmt_tag_is_of_cells(const struct table *, const struct stmt_opts *);
struct str stmt_tag_of_cells(struct arena *, const struct str *, size_t n);
/* the row limit: printed when it is one of the common ones (MEASURED 2) */
void stmt_limit(struct stmt *, int64_t rows, const struct stmt_opts *);
void stmt_col(struct stmt *, struct str name, enum cell);

/* the rows of a resolved query, in order, with its limit and offset */
struct stmt *stmt_select(
    struct arena *, const struct query *, const struct stmt_opts *);
/*
 * The same of the one row that a write has marked before it in the same
 * transaction; no row where it wrote none.  To-many relations stand in the row,
 * and more than o->max_included rows of one raise ZD003, so that there is an
 * answer before anything is committed.
 */
struct stmt *stmt_select_marked(
    struct arena *, const struct query *, const struct stmt_opts *);
/* how many rows match; cap > 0 stops counting there */
struct stmt *stmt_count(struct arena *, const struct query *, int64_t cap);
/*
 * About how many rows match (one cell, a whole number): the planner's figure
 * where nothing is filtered and no row is hidden (stmt_is_estimated:
 * pg_class.reltuples, if the table was ever analysed), else a count that stops
 * at ESTIMATE_ROWS_MAX.
 */
#define ESTIMATE_ROWS_MAX 10000
bool stmt_is_estimated(const struct query *);
struct stmt *stmt_estimate(struct arena *, const struct query *);
/*
 * Writes.  The returned row has every column in the table's order; without
 * returning, one column per key column (create, nothing without a key) or a
 * row with 1 (update, delete).  q carries the key condition.  An update of
 * nothing (PATCH {}) only selects what it would have returned.
 */
struct stmt *stmt_insert(struct arena *, const struct table *,
    const struct body *, bool returning, const struct stmt_opts *);
struct stmt *stmt_update(struct arena *, const struct query *,
    const struct body *, bool returning, const struct stmt_opts *);
struct stmt *stmt_delete(struct arena *, const struct query *);

/* what the entity tag of the row has to be: one of these, and none of those */
struct tag_rule {
	bool has_match, has_none;
	struct str *match, *none;
	size_t nmatch, nnone;
	/* and this counter stands at this value, null being 0; NULL: at any */
	const struct column *lock;
	struct str lock_value;
};
/*
 * The same for a row whose entity tag obeys the rule (NULL: any).  With a rule
 * there is one row in any case, and its last two columns say t (else null or
 * f): was it done; was there such a row when the statement began?  The
 * condition is a part of the write, so that the one that has to wait for
 * another sees what that one has made of the row.
 */
struct stmt *stmt_update_if(struct arena *, const struct query *,
    const struct body *, bool returning, const struct tag_rule *,
    const struct stmt_opts *);
struct stmt *stmt_delete_if(struct arena *, const struct query *,
    bool returning, const struct tag_rule *, const struct stmt_opts *);

/*
 * A create that is made once, whatever becomes of its answer: the key that its
 * user gave it is kept by the statement that inserts the row; of many rows in
 * their transaction.
 */
#define ONCE_TAKEN "ZD004"
struct once {
	int64_t user_id;
	struct str key;
	struct str fingerprint; /* '\x…' */
};
/* raises ONCE_TAKEN when the key is in use; goes before stmt_insert_once */
struct stmt *stmt_once_check(struct arena *, const struct once *);
struct stmt *stmt_insert_once(struct arena *, const struct table *,
    const struct body *, bool returning, const struct once *,
    const struct stmt_opts *);
/* what many rows have behind the last of them */
struct stmt *stmt_once_keep(
    struct arena *, const struct table *, const struct once *, int64_t rows);
/* behind stmt_insert_once and its like: no row came back that would have kept
 * it, since a trigger wrote another one in its place, or none */
struct stmt *stmt_once_ensure(
    struct arena *, const struct table *, const struct once *);
/* fingerprint, number of rows, the texts of the one row's key (null: it has
 * none, or they were many); no row: the key is free */
struct stmt *stmt_once_find(
    struct arena *, const struct table *, const struct once *);

/*
 * Many rows (bulk.c): for each column the texts of all rows as the literal of
 * one text array, terminated and kept by the caller.  Rows first … last of
 * them, counted from 1, are meant.
 */
struct chunk {
	const struct table *table;
	const struct column **columns;
	const char **arrays;
	size_t ncolumns; /* 0: one row of defaults */
	size_t nkey;     /* update: the first columns are the key */
	int64_t first, last;
};
/* where a row with the same values in these columns is there already */
struct conflict {
	const uint16_t *columns; /* indices: a primary or unique key */
	size_t ncolumns;
	bool ignore; /* it stays as it is; else: it is changed */
};
/* returning: the rows as above, else the statement's rows are those affected.
 * Raises ZD005 for a row that this transaction has written before. */
struct stmt *stmt_bulk_insert(struct arena *, const struct chunk *,
    const struct conflict *, bool returning, const struct stmt_opts *);
/* raises ZD005 unless every row is there and is changed once */
struct stmt *stmt_bulk_update(struct arena *, const struct chunk *,
    bool returning, const struct stmt_opts *);
/* has this transaction written the row with the key of row "first"?  No row:
 * there is none */
struct stmt *stmt_bulk_find(struct arena *, const struct chunk *);
/* the numbers, from 1, of those rows whose keys are there */
struct stmt *stmt_bulk_present(struct arena *, const struct chunk *);
/* column i of row "first" cast alone */
struct stmt *stmt_bulk_cast(struct arena *, const struct chunk *, size_t i);
/*
 * Update (body NULL: delete) of all rows of a resolved query.  max < 0: any
 * number, else ZD003 is raised when there are more.  Without returning: the
 * rows affected.
 */
struct stmt *stmt_change(struct arena *, const struct query *,
    const struct body *, int64_t max, bool returning, const struct stmt_opts *);

/*
 * Before such an update: locks its rows, and raises ZD003 where one of them has
 * a counter (null being 0) that does not stand at this value.
 */
struct stmt *stmt_lock(struct arena *, const struct query *,
    const struct column *counter, struct str value);

/* one assignment cast to its column's type, alone: finds the value that
 * PostgreSQL refuses (DECISIONS 5) */
struct stmt *stmt_cast(struct arena *, const struct assign *);
/* can PostgreSQL read this pattern? */
struct stmt *stmt_regex(struct arena *, struct str pattern);

/* what PostgreSQL said of a violation; STR_NONE: nothing */
struct violated {
	struct str schema, table, constraint, column;
};
/*
 * Was it the table, or one that it stands for (partitions at any depth, tables
 * that inherit, tables below a view)?  Then there are rows, one per column of
 * the constraint, or one alone:
 * - the name of the constraint in that table (null: it has none there);
 * - k: the constraint is over it, p: it decides whether a row is in the index,
 *   r: a foreign key from a table to itself refers to it; null: no column;
 * - the table's column that shows it; null: none does;
 * - of a view: schema and name of the table below it.
 */
struct stmt *stmt_violated(
    struct arena *, const struct table *, const struct violated *);

/*
 * What a write does to rows that are there, kept with it for the question that
 * may have to be asked when it fails (refer.c).
 */
struct effect {
	const struct query *of; /* these rows become so */
	const struct body *set;
	const struct chunk *chunk; /* or, of many rows, the first of these */
	const struct conflict *on; /* where such a row is there */
	/* of many that are not known any more: the columns */
	const struct column *const *columns;
	size_t ncolumns;
};
bool effect_assigns(const struct effect *, const struct column *);
/* one of them; NULL is none */
bool effect_assigns_any(
    const struct effect *, const struct column *const *, size_t n);
/*
 * A foreign key of the table to itself, from near to far: is there a row when
 * the change takes from another row what that refers to?  NULL: the rows of
 * the change are not known.
 */
struct self_key {
	const struct table *table;
	const struct column *const *near, *const *far;
	size_t n;
};
struct stmt *stmt_refers(struct arena *, const struct effect *,
    const struct self_key *, const struct violated *);

/*
 * A document of rows of several tables as one statement (insert_nested.c): each
 * row is a WITH part that takes the keys of others from their RETURNING.
 * Foreign keys are checked at the end of the statement, when all are there.
 *
 * It returns one row: of a single outermost object its key columns and its
 * tag; with returning, of each row of the document its columns as one JSON
 * object (nested.col; null where there is none).  A row that is to be linked
 * and is not there makes it fail with SQLSTATE 22012 (STMT_NOT_LINKED).  once:
 * NULL, or what keeps the key of the single outermost row, of several their
 * number.
 */
#define STMT_NOT_LINKED "22012"
struct stmt *stmt_insert_nested(struct arena *, struct nested_set *,
    bool returning, const struct once *, const struct stmt_opts *);
/*
 * Only the first rows of the document, in the order in which they are written
 * (1 to set->n); *last is the last one of them.  What they refer to is among
 * them, so that the shortest beginning that fails ends in the row that is
 * wrong.
 */
struct stmt *stmt_begin_nested(struct arena *, struct nested_set *, size_t rows,
    const struct nested **last);

#endif
