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
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct arena;
struct buf;
struct column;
struct fkey;
struct form;
struct json;
struct params;
struct query;
struct relation;
struct schema;
struct table;
struct type;
struct visible;

/* what an operator wants of its column (op.def) */
enum op_takes {
	OP_TAKES_EQUAL,
	OP_TAKES_ORDER,
	OP_TAKES_TEXT,
	OP_TAKES_PATTERN,
	OP_TAKES_REGEX,
	OP_TAKES_SEARCH,
	OP_TAKES_SET,
	OP_TAKES_ARRAY,
	OP_TAKES_RANGE,
	OP_TAKES_JSON,
	OP_TAKES_TREE,
	OP_TAKES_GRAPH
};

enum op {
#define OP(id, suffix, negated, takes, sql) OP_##id,
#include "query/op.def"
#undef OP
	OP__MAX
};

struct op_info {
	const char *suffix;
	const char *negated; /* suffix of its negation, or "" */
	const char *sql;
	enum op_takes takes;
};

extern const struct op_info query_ops[OP__MAX];

enum join_kind { JOIN_LEFT, JOIN_INNER, JOIN_ANTI };

/*
 * A column, possibly through relations, possibly into a JSON value.  Which of
 * the names are relations, which the column and which JSON keys, only the
 * snapshot can tell: query_resolve finds out, trying the longest column name
 * first, for names may hold the separator.
 */
struct path {
	struct str text;   /* as the user wrote it */
	struct str *names; /* views into one text where they were split */
	size_t nnames;     /* 0: no column at all, count(*) */
	/* filled by query_resolve */
	/* all to-one; none inside a where, but any in what is searched */
	const struct relation **hops;
	size_t nhops;
	const struct column *column;
	struct str *json; /* keys and indices inside a json value */
	size_t njson;
};

enum aggregate { AGG_NONE, AGG_COUNT, AGG_SUM, AGG_AVG, AGG_MIN, AGG_MAX };

/* a value as the user wrote it; after resolve it fits type */
struct value {
	struct str text;
	bool is_null;
	/* what it is bound as; set by resolve.  NULL: as text */
	const struct type *type;
};

enum expr_kind {
	EXPR_AND,
	EXPR_OR,
	EXPR_NOT,
	EXPR_CMP,
	EXPR_IN,
	EXPR_ISNULL,
	EXPR_BETWEEN,
	EXPR_EXISTS /* made by resolve from paths through relations */
};

/* of which related rows a leaf behind relations speaks */
enum whose {
	WHOSE_BY_SIGN, /* some row; negated and to-many: no row that is */
	/* of v2, which joins: some row, or where null is asked for the row of
	 * nulls that stands where there is none */
	WHOSE_JOINED,
	WHOSE_EVERY /* the same; to-many: no row that is not */
};

/*
 * A dialect writes leaves with paths of any length.  query_resolve turns a
 * path through relations into EXISTS of one relation each, the leaf inside:
 *   - members of one AND that go through the same relation share one EXISTS,
 *     so that they are asked of the same related row;
 *   - a negated leaf stays inside EXISTS where all relations are to-one, and
 *     through a to-many one means "no such related row": EXISTS is negated,
 *     unless the leaf says otherwise (enum whose).
 */
struct expr {
	enum expr_kind kind;
	bool negated; /* leaves and EXISTS: is not equal, not in … */
	/* of a leaf of a group, wherever it comes to stand: without it the
	 * others would mean something else, so that its name must be there */
	bool must;
	/* of a leaf of v2: an OR without it is what is meant, where a name
	 * that is not there is passed over */
	bool loose;
	enum whose whose; /* of a leaf */
	struct str text;  /* as the user wrote it */
	union {
		struct { /* AND, OR; NOT has one member */
			struct expr **v;
			size_t n;
			/* the same of one column whose name is that of all
			 * of them, with _or_ or _and_; it comes first */
			struct expr *whole;
		} list;
		struct { /* CMP */
			struct path path;
			enum op op;
			struct value value;
			/* in having: the aggregate of path is compared */
			enum aggregate agg;
			/* "= ''": dropped by resolve, also from an OR,
			 * where the column is no text */
			bool if_text;
			bool distinct; /* of its distinct values */
			/* of a search for words: in which configuration, as
			 * the snapshot has it */
			struct str config;
			/* of a search: the words of the value one behind the
			 * other, no operators among them */
			bool phrase;
			/* of a search: the number of the argument, once it is
			 * bound for another column; NULL: it has its own */
			size_t *shared;
			/* of a place in a tree: the relation to the row
			 * above; in a graph: through a join table, or to
			 * the edges, from which onward leads to the next
			 * row.  Set by resolve */
			const struct relation *tree, *onward;
		} cmp;
		struct { /* IN, BETWEEN (two values) */
			struct path path;
			struct value *v;
			size_t n;
		} in;
		struct path null_path; /* ISNULL */
		struct {               /* EXISTS: some row of the relation */
			const struct relation *relation;
			struct expr *where; /* NULL: any row */
			bool or_none;       /* also where there is no row */
		} exists;
	};
};

struct field {
	struct path path;
	/* STR_NONE: the column's name; of aggregates "sum_amount", "count" */
	struct str alias;
	enum aggregate agg;
	bool distinct; /* count(distinct …) */
};

struct order_key {
	struct path path;
	const struct field *field; /* by this aggregate; set by resolve */
	bool desc;
	enum { NULLS_DEFAULT, NULLS_FIRST, NULLS_LAST } nulls;
};

enum page_kind {
	PAGE_NONE,   /* every matching row */
	PAGE_SLICE,  /* limit and offset */
	PAGE_NUMBER, /* page and page_size: the envelope */
	PAGE_CURSOR  /* keyset: the limit rows after the cursor */
};

struct page {
	enum page_kind kind;
	bool has_limit;
	int64_t limit; /* rows */
	int64_t offset;
	int64_t number;    /* PAGE_NUMBER: from 1; 0 means "last" */
	struct str cursor; /* as sent; empty: the first page */
	/* PAGE_CURSOR, set by resolve: one per order key, or NULL at the start */
	struct value *after;
};

enum count_kind { COUNT_NONE, COUNT_EXACT, COUNT_ESTIMATED };

/*
 * Rows of a relation beside each row.  A to-one relation is an object or null
 * (its where: the object is null when it does not meet it), a to-many one an
 * array with its own order and limit.  JOIN_INNER also drops rows that have
 * no such related row, JOIN_ANTI those that have one (and shows nothing).
 */
struct include {
	struct str text;  /* as the user wrote it */
	struct str name;  /* of the relation */
	struct str alias; /* STR_NONE: the relation's own name */
	enum join_kind join;
	struct query *query; /* its own select, where, order, page, includes */
	const struct relation *relation; /* set by resolve */
	/* it has a depth: where it is back at the table that it left, again
	 * (NULL: no more) stands once more, put there by resolve */
	bool repeats;
	struct include *again;
};

struct term {
	struct str text;
};

struct query {
	const struct table *table; /* set by resolve */
	struct field *select;
	size_t nselect; /* 0: every column */
	bool distinct;  /* of the selected columns */
	bool shaped;    /* v2: a[…] says what is shown */
	/* these columns are left out, where select is empty */
	struct path *except;
	size_t nexcept;
	/* computed fields beside those, resolve puts them into select */
	struct path *also;
	size_t nalso;
	struct expr *where; /* NULL: everything */
	struct term *search;
	size_t nsearch;
	/* set by resolve: comparisons whose value is each of the terms; their
	 * paths keep all hops */
	struct expr *search_in;
	size_t nsearch_in;
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
	bool lenient_key; /* a key in a body is ignored, whatever it says */
	/* set by resolve on the outermost query: the tables beside its own that
	 * are touched anywhere, each of which needs the right to read it */
	const struct table **touched;
	size_t ntouched;
	bool relates; /* some relation is named, also one to its own table */
};

struct query_limits {
	bool strict; /* unknown filter or ordering names are 400 */
	int64_t page_size, max_page_size;
	int64_t max_rows;    /* 0: none */
	size_t max_filters;  /* leaves of all conditions together */
	size_t max_includes; /* in one request, at any depth */
	size_t max_depth;    /* relations one behind the other */
	bool allow_page;     /* the dialect has page= */
	bool regex;          /* regular expressions are offered */
	/* keys the signature of cursors; empty: cursors are refused */
	struct str cursor_key;
	/* the tables that exist for the caller (conceal); NULL: all */
	const struct visible *visible;
	/* puts into a query that does not say what it shows (shaped) what its
	 * table's rows show then; included: by another query */
	int (*shape)(void *arg, struct query *, const struct table *,
	    bool included, struct err *);
	void *shape_arg;
};

/*
 * Native dialect (CONTRACT 1.5, DECISIONS 3 and 4).  NULL and err when the
 * syntax is wrong: ERR_BAD_PARAM naming the parameter, ERR_LIMIT.
 */
struct query *query_parse_drf(
    struct arena *, struct params *, const struct query_limits *, struct err *);

/* of the auto dialect: larger pages are this large, without a word */
#define WHERE_PAGE_MAX 100

/*
 * Auto dialect (CONTRACT 3.2, both ways to write where, or_where, order_by),
 * query/where.c; v2 dialect (CONTRACT 5.2-5.4: q[…], a[…], page, per, count),
 * query/ransack.c.  Errors as above; both give the tree that the native
 * dialect gives for the same question.
 */
struct query *query_parse_where(
    struct arena *, struct params *, const struct query_limits *, struct err *);
struct query *query_parse_ransack(
    struct arena *, struct params *, const struct query_limits *, struct err *);
/* the same from a JSON body (POST …/search/, QUERY): members are parameters */
struct query *query_parse_ransack_json(struct arena *, const struct json *,
    const struct query_limits *, struct err *);

/*
 * What a[…] is where a request has none: the value of shape.TABLE, whose form
 * conf has checked, as far as it names what is there and can be shown; relations
 * by the names they have for the caller.  NULL: nothing is left of it.
 */
struct query_shaping {
	struct arena *arena;
	struct schema *schema;
	const struct visible *named; /* relations are called as among these */
	const struct visible *seen;  /* relations to others are left out */
	bool alone;                  /* all relations are */
	/* is told of each name that the table does not have, or NULL */
	void (*miss)(void *arg, const char *text);
	void *arg;
};
struct json *query_shaped(const struct query_shaping *, const struct table *,
    const struct json *, struct err *);
/* such a value, put into a query that is not resolved yet */
int query_shape(
    struct arena *, struct query *, const struct json *, struct err *);

/*
 * The keyset cursor that continues after a row (query/cursor.c): the texts of
 * its order keys (p NULL: null), as PostgreSQL wrote them, signed together
 * with the question.  base64url, in the arena.
 */
struct str query_cursor(struct arena *, const struct query *,
    const struct str *texts, const struct query_limits *);

/* an empty query: one row or every row of a table */
struct query *query_new(struct arena *);

/*
 * Checks names, types and limits, and fills the pointers.  -1: ERR_BAD_FILTER,
 * ERR_UNKNOWN_COLUMN, ERR_BAD_VALUE … with the field as the user wrote it.
 */
int query_resolve(struct arena *, struct query *, struct schema *,
    const struct table *, const struct query_limits *, struct err *);

/*
 * What is wrong with a line of search.TABLE ("title", "^code", "@note",
 * "customer.email"), for people, or NULL.  The tables that it leads through
 * are added to *touched.
 */
struct touched {
	const struct table **v;
	size_t n;
};
const char *query_search_check(struct arena *, struct schema *,
    const struct table *, struct str item, struct touched *);

/*
 * The row path: one raw segment, split at ',', each part decoded once, checked
 * against the key's types.  Appends to q->where (after resolve), keeps the
 * values in q->key, and drops order, page and count: there is one such row.
 * -1: ERR_NO_KEY; ERR_BAD_PATH (bad escape, UTF-8, NUL); ERR_NOT_FOUND when
 * the value cannot be one of this type.
 */
int query_key(
    struct arena *, struct query *, struct str raw_segment, struct err *);

/* of a resolved query: what a part of the answer is called */
struct str query_field_name(const struct field *);
struct str query_include_name(const struct include *);
/* resolved: do they name the same? */
bool query_same_path(const struct path *, const struct path *);
/* resolved: the type of what the path names, or of its aggregate */
const struct type *query_type(const struct path *, enum aggregate);

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
	bool is_next; /* one more than it is; null counts as 0 */
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
/*
 * The object that a form's fields mean (form_body.c): repeated ones of an array
 * column are its elements, an empty one is null where it is no text, a file is
 * bytea or text; creating: what the database fills may be empty, and a boolean
 * that must be there is false where it is not.  NULL and ERR_BAD_VALUE: a file
 * that fits no column.
 */
const struct json *body_from_form(struct arena *, const struct table *,
    const struct form *, bool creating, struct err *);
/* what it says of this column, or NULL */
struct assign *body_assign(const struct body *, const struct column *);
/* may a body hold it, and must it? */
bool body_may_hold(const struct column *);
bool body_must_hold(const struct column *);

/*
 * A JSON object that holds rows of several tables: its own columns, and under
 * the names of relations the rows that belong to it (nested_body.c).
 *
 * What belongs to what, and which rows are created or only linked, is decided
 * here; the statement follows the tree.  A row is linked when it carries the
 * columns that its relation refers to and these are made by the database, or
 * when it carries nothing else; where they are given by hand, the row is
 * created unless it is there.  null for a relation to one row says that there
 * is none: the columns that would name it are null.  null and [] for one to
 * many rows are none of them.
 */
/* rows of one document; each is a part of one statement */
#define NESTED_MAX 500

enum nested_how {
	NESTED_CREATE,
	NESTED_ENSURE, /* create unless there is such a row */
	NESTED_LINK
};

/* where a row stands in relation to the one it is written in */
enum nested_place {
	NESTED_ALONE,  /* the outermost */
	NESTED_BEFORE, /* the other one refers to it */
	NESTED_BEHIND, /* it refers to the other one */
	NESTED_BESIDE  /* through a join table */
};

/* a relation gives a column's value, or says that there is no row: that null
 * is in the body */
enum nested_given { NESTED_NOT_GIVEN, NESTED_GIVEN, NESTED_NULL };

struct nested {
	const struct table *table;
	const struct json *json;
	struct str path; /* "comments[0].", "" for the outermost */
	const struct relation *relation; /* from up; NULL: the outermost */
	struct nested *up, *down, *next;
	enum nested_place place;
	enum nested_how how;
	struct body body; /* CREATE, ENSURE */
	/* LINK, ENSURE: these columns (indices) name the row */
	const uint16_t *by;
	struct str *by_text;
	size_t nby;
	enum nested_given *given; /* per column */
	size_t number;
	size_t col; /* of the row in the statement's result; set by stmt */
};

struct nested_set {
	struct nested *first; /* the outermost rows, by next */
	bool single;          /* the body is one object */
	size_t n;             /* rows at any depth */
	struct nested **v;    /* all of them, by number */
};

/*
 * All field errors together, with paths such as comments[0].body; -1 also for
 * ERR_LIMIT.  Even then the set holds the rows that were seen, so that the
 * caller's rights on their tables can be asked for before he hears why.
 */
int nested_parse(struct arena *, struct schema *, const struct table *,
    const struct json *, const struct query_limits *, struct nested_set *,
    struct err *);
/* does a member of this object, or of one of these, name a relation? */
bool nested_is(struct arena *, struct schema *, const struct table *,
    const struct json *, const struct visible *);

/*
 * Many rows, one after the other: the members of a JSON array in hand, or the
 * lines of NDJSON and CSV as they come, in constant memory (feed.c).
 *
 *   f = feed_new(arena, &opts);
 *   while ((got = feed_next(f, &row, &err)) != FEED_END) …
 *
 * Rows are counted from 0.  A row that is wrong adds its faults to err, each
 * under "[17].price", and the next one can be asked for: one answer tells
 * many of them.
 *
 * CSV is RFC 4180 with a header row, as the API writes it: an empty field is
 * null, "" the empty text, an apostrophe that guards a formula is taken off,
 * arrays and composites are JSON.
 */
#define FEED_LINE_MAX   (1u << 20)
#define FEED_FAULTS_MAX 100 /* no more are worth being told */

enum feed_kind { FEED_JSON, FEED_NDJSON, FEED_CSV };

struct feed_opts {
	enum feed_kind kind;
	const struct table *table;
	enum body_mode mode;     /* BODY_CREATE, or BODY_PATCH: with its key */
	const struct json *json; /* FEED_JSON: an array, or one object */
	bool csv_guard;
	/* the others: bytes put into the room, 0 the end, -1 */
	ssize_t (*read)(void *arg, char *room, size_t n, struct err *);
	void *arg;
};

/* valid until the next call */
struct feed_row {
	int64_t index;
	/* in the table's order; BODY_PATCH: the key's columns come first */
	struct assign *v;
	size_t n;
};

enum feed_got {
	FEED_END,
	FEED_ROW,
	FEED_FAULT, /* err says more now: a field, or of the one row all */
	FEED_BROKEN /* nothing more can be read */
};

struct feed;
struct feed *feed_new(struct arena *, const struct feed_opts *);
enum feed_got feed_next(struct feed *, struct feed_row *, struct err *);
/* adds a fault of the row with this index; name STR_NONE: of all of it */
void feed_blame(const struct feed *, struct err *, enum err_id, int64_t index,
    struct str name, const char *text);

/*
 * "1,2,3", or "a,1;b,2" where the key has several columns: only these rows of
 * a resolved query.  A part with a comma, a semicolon or a quote in it stands
 * in double quotes, where two of them are one.  -1: ERR_NO_KEY, ERR_BAD_VALUE
 * or ERR_LIMIT naming the field.
 */
int query_ids(struct arena *, struct query *, struct str field, struct str list,
    struct err *);

#endif
