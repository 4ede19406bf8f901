/*
 * The question a client asks, as a tree.
 *
 * A dialect parses parameters into a struct query and knows syntax only; names
 * are still text (struct path).  query_resolve is the only place where names
 * and types are checked; afterwards names are pointers into the snapshot and
 * values are known to fit their columns, so that building the statement cannot
 * fail.  Every path and expression keeps the text it was written as, so that a
 * message can name what the user typed.
 *
 * The tree can hold what the richest dialect can say: nested includes with
 * their own filter, order and page, logic trees, quantified relations,
 * aggregates, JSON paths and aliases.
 *
 * Writes: body_* turn a JSON object into assignments, checked against the
 * table by the same value rules.
 */
#ifndef DYNAPI_QUERY_H
#define DYNAPI_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct buf;
struct column;
struct err;
struct fkey;
struct json;
struct params;
struct query;
struct schema;
struct table;
struct type;

/* op.def: OP(id, native suffix, kind, SQL).  Native ?name__suffix=; a column
 * of exactly the whole name wins, then with OP_EQ. */
enum op {
#define OP(id, suffix, kind, sql) OP_##id,
#include "query/op.def"
#undef OP
	OP__MAX
};

struct op_info {
	const char *suffix, *sql;
	bool needs_order; /* else equality is enough */
};

extern const struct op_info query_ops[OP__MAX];

enum join_kind { JOIN_LEFT, JOIN_INNER, JOIN_ANTI };

/* one relation on the way to a column */
struct join {
	const struct fkey *fkey;
	const struct table *far;
	bool to_many;
};

/* a column, possibly through relations, possibly into a JSON value */
struct path {
	struct str text;   /* as the user wrote it */
	struct str *names; /* relation names, then the column */
	size_t nnames;
	struct str *json; /* keys and indices inside a json value */
	size_t njson;
	bool json_text; /* last JSON step gives text (->>) */
	/* filled by query_resolve */
	struct join *joins;
	size_t njoins;
	const struct column *column;
};

enum aggregate { AGG_NONE, AGG_COUNT, AGG_SUM, AGG_AVG, AGG_MIN, AGG_MAX };

/* a value as the user wrote it; after resolve it fits type */
struct value {
	struct str text;
	bool is_null;
	const struct type *type; /* what it is bound as; set by resolve */
};

enum expr_kind {
	EXPR_AND,
	EXPR_OR,
	EXPR_NOT,
	EXPR_CMP,
	EXPR_IN,
	EXPR_ISNULL,
	EXPR_BETWEEN,
	EXPR_EXISTS
};

enum quantifier { QUANT_NONE, QUANT_ANY, QUANT_ALL };

struct expr {
	enum expr_kind kind;
	struct str text; /* as the user wrote it */
	union {
		struct { /* AND, OR; NOT has one member */
			struct expr **v;
			size_t n;
		} list;
		struct { /* CMP */
			struct path path;
			enum op op;
			struct value value;
			enum quantifier quant;
			enum aggregate agg; /* in having */
		} cmp;
		struct { /* IN, BETWEEN (two values) */
			struct path path;
			struct value *v;
			size_t n;
		} in;
		struct path null_path; /* ISNULL */
		struct {               /* EXISTS: some row of the relation */
			struct path relation;
			struct join *join; /* resolved */
			struct expr *where;
		} exists;
	};
};

struct field {
	struct path path;
	struct str alias; /* STR_NONE: the path's own name */
	enum aggregate agg;
};

struct order_key {
	struct path path;
	bool desc;
	enum { NULLS_DEFAULT, NULLS_FIRST, NULLS_LAST } nulls;
};

enum page_kind {
	PAGE_NONE,   /* every matching row */
	PAGE_SLICE,  /* limit and offset */
	PAGE_NUMBER, /* page and page_size: the envelope */
	PAGE_CURSOR
};

struct page {
	enum page_kind kind;
	bool has_limit;
	int64_t limit; /* rows */
	int64_t offset;
	int64_t number; /* PAGE_NUMBER: from 1; 0 means "last" */
	struct str cursor;
};

enum count_kind { COUNT_NONE, COUNT_EXACT, COUNT_ESTIMATED };

struct include {
	struct path path;
	struct str alias;
	enum join_kind join;
	struct query *query; /* its own select, where, order, page */
};

struct term {
	struct str text;
};

struct query {
	const struct table *table; /* set by resolve */
	struct field *select;
	size_t nselect; /* 0: every column */
	bool distinct;
	struct expr *where; /* NULL: everything */
	struct term *search;
	size_t nsearch;
	const struct column **search_columns; /* set by resolve */
	size_t nsearch_columns;
	struct order_key *order; /* resolve appends the default or the key */
	size_t norder;
	struct page page;
	struct include *include;
	size_t ninclude;
	struct path *group;
	size_t ngroup;
	struct expr *having;
	enum count_kind want_count;
	struct str format; /* format=, STR_NONE: by Accept */
	/* set by query_key: the values of the path, one per key column */
	struct value *key;
	size_t nkey;
};

struct query_limits {
	bool strict; /* unknown filter or ordering names are 400 */
	int64_t page_size, max_page_size;
	int64_t max_rows; /* 0: none */
	size_t max_filters;
	bool allow_page; /* the dialect has page= */
};

/*
 * Native dialect (CONTRACT 1.5, DECISIONS 3 and 4).  NULL and err when the
 * syntax is wrong: ERR_BAD_PARAM naming the parameter, ERR_LIMIT.
 */
struct query *query_parse_drf(
    struct arena *, struct params *, const struct query_limits *, struct err *);

/* an empty query: one row or every row of a table */
struct query *query_new(struct arena *);

/*
 * Checks names, types and limits, and fills the pointers.  -1: ERR_BAD_FILTER,
 * ERR_UNKNOWN_COLUMN, ERR_BAD_VALUE … with the field as the user wrote it.
 */
int query_resolve(struct arena *, struct query *, struct schema *,
    const struct table *, const struct query_limits *, struct err *);

/*
 * The row path: one raw segment, split at ',', each part decoded once, checked
 * against the key's types.  Appends to q->where (after resolve), keeps the
 * values in q->key, and drops order, page and count: there is one such row.
 * -1: ERR_NO_KEY; ERR_BAD_PATH (bad escape, UTF-8, NUL); ERR_NOT_FOUND when
 * the value cannot be one of this type.
 */
int query_key(
    struct arena *, struct query *, struct str raw_segment, struct err *);

/* the tree as indented text: golden cases and dynapictl explain */
void query_dump(struct buf *, const struct query *);

/*
 * Does this text fit the type?  Our own grammar for numbers, dates, times,
 * uuids, booleans, base64, enum labels; length in characters, digits of a
 * numeric.  Returns a text that says what is wrong, or NULL.  *out is what
 * PostgreSQL gets: bytea as '\x…', uuid and boolean in one form; an array
 * or composite may also be written as JSON; all else is the text itself.
 */
const char *value_check(
    struct arena *, const struct type *, struct str text, struct str *out);
/* the same to compare with: what is too long simply equals nothing */
const char *value_match(
    struct arena *, const struct type *, struct str text, struct str *out);
/*
 * The same for a value of a JSON body.  *is_null for null; arrays, composites
 * and hstore become PostgreSQL's literals, json keeps its source text.
 */
const char *value_from_json(struct arena *, const struct type *,
    const struct json *, struct str *out, bool *is_null);
/* two texts that passed value_match: is it the same value? */
bool value_equal(const struct type *, struct str, struct str);

/* One column of a write. */
struct assign {
	const struct column *column;
	struct str text; /* as value_check gave it; none when null or default */
	bool is_null;
	bool is_default;
};

struct body {
	struct assign *v;
	size_t n;
};

enum body_mode {
	BODY_CREATE,  /* POST */
	BODY_REPLACE, /* PUT: absent optional columns get their default */
	BODY_PATCH
};

/*
 * The members of a JSON object as assignments, in the table's column order;
 * all field errors together.  key: the query whose path names the row for
 * BODY_REPLACE and BODY_PATCH (a key in the body must equal it), or NULL.
 * No assignment at all (PATCH {}) is right too: stmt_update then only reads.
 */
int body_parse(struct arena *, const struct table *, const struct json *,
    enum body_mode, const struct query *key, struct body *, struct err *);

#endif
