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

struct stmt {
	struct arena *arena;
	struct buf text;
	const char **args; /* NULL: SQL null; terminated text */
	size_t nargs, args_cap;
	struct stmt_col *cols; /* what it returns, in order; may be none */
	size_t ncols;
	bool read_only;    /* makes the rest of its transaction read-only */
	const char *label; /* for logs and explain: "guard", "list", … */
};

struct stmt_opts {
	bool numeric_as_string, bigint_as_string;
	int64_t page_size, max_page_size; /* limits printed as literals */
	int64_t max_rows;                 /* 0: none */
};

struct stmt *stmt_new(struct arena *, const char *label);
void stmt_add(struct stmt *, const char *text, size_t len);
#define stmt_lit(s, literal) stmt_add((s), "" literal, sizeof(literal) - 1)
/* from the snapshot or our own source, never from a request */
void stmt_ident(struct stmt *, struct str);
void stmt_table(struct stmt *, const struct table *); /* "schema"."name" */
void stmt_type(struct stmt *, const struct type *);   /* base of a domain */
/* $n, or $n::type when type is given; STR_NONE binds null */
void stmt_param(struct stmt *, struct str value, const struct type *);
void stmt_param_i64(struct stmt *, int64_t); /* $n::int8 */
/* $n once more, of the nth argument counted from 1 */
void stmt_param_again(struct stmt *, size_t n);
/* a column of the table, which every statement of ours calls t */
void stmt_column(struct stmt *, const struct column *);
/* the column as it is selected: as it is, or as its JSON (output.c) */
void stmt_output(
    struct stmt *, const struct column *, const struct stmt_opts *);
/* "from … where …": the rows of a resolved query */
void stmt_from_where(struct stmt *, const struct query *);
void stmt_where(struct stmt *, const struct query *); /* " where …" or "" */
/* the row limit: printed when it is one of the common ones (MEASURED 2) */
void stmt_limit(struct stmt *, int64_t rows, const struct stmt_opts *);
void stmt_col(struct stmt *, struct str name, enum cell);

/* the rows of a resolved query, in order, with its limit and offset */
struct stmt *stmt_select(
    struct arena *, const struct query *, const struct stmt_opts *);
/* how many rows match; cap > 0 stops counting there */
struct stmt *stmt_count(struct arena *, const struct query *, int64_t cap);
/*
 * About how many rows match (one cell, a whole number): the planner's figure
 * where nothing is filtered and no row is hidden (pg_class.reltuples, if the
 * table was ever analysed), else a count capped at 10,000.
 */
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
/* one assignment cast to its column's type, alone: finds the value that
 * PostgreSQL refuses (DECISIONS 5) */
struct stmt *stmt_cast(struct arena *, const struct assign *);

#endif
