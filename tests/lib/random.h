/*
 * Random questions, and what PostgreSQL itself answers to them.  The catalog
 * comes from random.sql, line by line; a question is made of it (make), and
 * then written twice: as URLs of the dialects that can say it, and as SQL that
 * shares no line of thought with src/stmt: sub-selects where that joins, joins
 * nowhere, positions of texts where that has LIKE.
 *
 * Nothing is freed: the program lives for a second.
 */
#ifndef DYNAPI_RANDOM_H
#define DYNAPI_RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#define HOPS_MAX   4
#define VALUES_MAX 4
#define LIST_MAX   6
#define JSON_MAX   3

/* ---- random_text.c ------------------------------------------------------ */

struct text {
	char *p; /* with a NUL behind */
	size_t n, cap;
};

void *random_make(size_t size);
char *random_copy(const char *, size_t n);
char *random_format(const char *, ...) __attribute__((format(printf, 1, 2)));
void text_add(struct text *, const char *);
void text_char(struct text *, char);
void text_format(struct text *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
void text_ident(struct text *, const char *);
void text_literal(struct text *, const char *);
void text_json(struct text *, const char *);
void text_percent(struct text *, const char *);
/* "a ""quoted"" word" */
void text_quoted(struct text *, const char *);
/* one column of COPY */
void text_copy(struct text *, const char *);
const char *text_get(const struct text *);

void random_seed(unsigned long);
unsigned random_below(unsigned n);
bool random_chance(unsigned percent);

/* ---- random_catalog.c --------------------------------------------------- */

enum class {
	CLASS_INT,
	CLASS_NUMERIC,
	CLASS_FLOAT,
	CLASS_TEXT,
	CLASS_CHAR,
	CLASS_BOOL,
	CLASS_TIME, /* date, time, timestamp, timestamptz */
	CLASS_INTERVAL,
	CLASS_UUID,
	CLASS_ENUM,
	CLASS_ARRAY,
	CLASS_RANGE,
	CLASS_JSON,
	CLASS_JSONB,
	CLASS_BYTEA,
	CLASS_OTHER
};

struct list {
	const char **v;
	size_t n;
};

/* a place inside a json value, and what stands there in some row */
struct place {
	const char *key[JSON_MAX];
	size_t nkeys;
	bool is_number;
	const char *value;
};

struct column {
	const char *name;
	const char *type; /* as a cast takes it */
	const char *element;
	enum class class;
	bool not_null, has_eq, has_order, is_domain;
	struct list values, elements;
	struct place *places;
	size_t nplaces;
	/* it is a foreign key to its own table, to this column */
	const struct table *tree;
	const char *tree_key;
};

struct table {
	const char *schema, *name, *path;
	long rows;
	struct column *columns;
	size_t ncolumns;
	struct column **key;
	size_t nkey;
	struct relation *relations;
	size_t nrelations;
};

struct relation {
	const char *bare, *name, *constraint;
	const char *by; /* what tells it from its like */
	unsigned level;
	struct table *near, *far, *via;
	bool to_one, backwards;
	const char **near_columns, **far_columns;
	size_t n, nfar;
	const char **via_near, **via_far;
};

struct catalog {
	struct table *tables;
	size_t ntables;
};

void catalog_read(struct catalog *);
const struct column *table_find(const struct table *, const char *name);
bool class_is_text(const struct column *);
bool class_is_searched(const struct column *);

/* ---- random_question.c -------------------------------------------------- */

/* a column, through relations, or inside a json value */
struct path {
	const struct relation *hops[HOPS_MAX];
	size_t nhops;
	const struct column *column; /* NULL: the last relation itself */
	const struct place *place;   /* NULL: all of the column */
};

enum test {
	TEST_EQ,
	TEST_LT,
	TEST_LE,
	TEST_GT,
	TEST_GE,
	TEST_DISTINCT,
	TEST_IEXACT,
	TEST_CONTAINS,
	TEST_ICONTAINS,
	TEST_STARTS,
	TEST_ISTARTS,
	TEST_ENDS,
	TEST_IENDS,
	TEST_LIKE,
	TEST_ILIKE,
	TEST_REGEX,
	TEST_IREGEX,
	TEST_WORDS,
	TEST_SUPERSET,
	TEST_SUBSET,
	TEST_OVERLAP,
	TEST_ELEMENT,
	TEST_KEY,
	TEST_ANY_KEY,
	TEST_ALL_KEYS,
	TEST_LEFT,
	TEST_RIGHT,
	TEST_NOT_RIGHT,
	TEST_NOT_LEFT,
	TEST_ADJACENT,
	TEST_BELOW,
	TEST_ABOVE,
	TEST_IN,
	TEST_BETWEEN,
	TEST_NULL,
	TEST__MAX
};

struct test_info {
	const char *suffix, *negated; /* of the native dialect */
	const char *sql;              /* where it is a plain operator */
};
extern const struct test_info tests[TEST__MAX];

enum node_kind { NODE_LEAF, NODE_AND, NODE_OR, NODE_NOT };

struct node {
	enum node_kind kind;
	struct node *v[LIST_MAX];
	size_t n;
	/* leaf */
	struct path path;
	enum test test;
	bool negated;
	const char *values[VALUES_MAX];
	size_t nvalues;
	const char *said;       /* the value as a list of elements, or NULL */
	bool as_number;         /* inside json: compared as a number */
	const struct field *of; /* in having: this aggregate */
};

struct field {
	struct path path;
	const char *function; /* NULL: none */
	bool distinct;
	const char *alias; /* as it stands in the answer */
	bool named;        /* the alias is the question's */
};

struct order {
	struct path path;
	const struct field *of; /* by this aggregate */
	bool desc;
	enum { ORDER_PLAIN, ORDER_FIRST, ORDER_LAST } nulls;
};

enum join { JOIN_LEFT, JOIN_INNER, JOIN_ANTI };

struct include {
	const struct relation *relation;
	const char *alias; /* NULL: its name */
	enum join join;
	struct query *query;
	/* it has itself in it, so many in all; said once, it is this */
	unsigned depth;
	struct query *once;
};

enum page { PAGE_ALL, PAGE_SLICE, PAGE_NUMBER, PAGE_WALK };

struct query {
	const struct table *table;
	struct field fields[LIST_MAX];
	size_t nfields;
	bool distinct;
	struct node *where; /* NODE_AND, or NULL */
	/* as v2 alone asks: of the rows of an outer join, so that null is also
	 * found where there is no related row */
	bool joined;
	const char *terms[LIST_MAX];
	size_t nterms;
	struct order order[LIST_MAX];
	size_t norder;
	struct include include[LIST_MAX];
	size_t ninclude;
	bool grouped;
	struct path group[LIST_MAX];
	size_t ngroup;
	struct node *having;
	enum page page;
	long limit, offset, number; /* limit 0: none */
	bool count;
};

struct query *question_make(const struct catalog *);

/* random_leaf.c */
#define PICK(list, n) (&(list)[random_below((unsigned)(n))])
const struct relation *leaf_relation(const struct table *, bool to_one);
/* through up to max relations; the table it leads to */
const struct table *leaf_hops(const struct table *, struct path *, size_t max,
    unsigned percent, bool to_one);
void leaf_column(const struct table *, struct path *);
const char *leaf_value(const struct column *);
struct node *leaf_where(const struct table *, size_t depth);
/* some tests behind relations become tests for null; were there any? */
bool leaf_join(struct node *where);
void leaf_terms(struct query *);
bool path_same(const struct path *, const struct path *);
const char *path_title(const struct path *, const char *separator);

/* ---- writing ------------------------------------------------------------ */

/* false: this dialect cannot say it */
bool write_native(struct text *, const struct query *);
bool write_auto(struct text *, const struct query *);
bool write_v2(struct text *, const struct query *);
/* one row: how many there are in all, and the answer */
void write_sql(struct text *, const struct query *);

/* random_sql.c: parts of it */
enum form { FORM_SHOWN, FORM_VALUE, FORM_TEXT };

/* what is compared: a value of the leaf's own column in the table "name", or
 * an aggregate */
struct side {
	const char *name;
	const char *given; /* NULL: of name */
	const struct node *leaf;
};

/* of tables, each another one */
const char *sql_name(void);
void sql_table(struct text *, const struct table *, const char *name);
void sql_column(struct text *, const char *name, const char *column);
/* the rows of far that belong to one of near */
void sql_match(
    struct text *, const struct relation *, const char *near, const char *far);
void sql_value(struct text *, const char *name, const struct path *, enum form);
/* each with " and " before it */
void sql_conditions(struct text *, const struct query *, const char *name);
void sql_test(struct text *, const struct side *);

#endif
