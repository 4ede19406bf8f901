/*
 * What the files that resolve a query tell each other.  A scope is one query
 * of the tree, the outermost one or that of an included relation, with the
 * table its names are looked up in.
 */
#ifndef DYNAPI_RESOLVE_PRIV_H
#define DYNAPI_RESOLVE_PRIV_H

#include "base/err.h"
#include "query/query_priv.h"
#include "schema/schema.h"

struct known; /* relations of one table, looked up once */

/* the whole request */
struct resolve {
	struct arena *arena;
	struct schema *schema;
	const struct query_limits *limits;
	const struct table *root;
	struct known *known;
	const struct table **touched;
	size_t ntouched, touched_cap;
	bool relates;
	size_t nfilters, nincludes, nselected, nordered;
	bool failed;
	struct err *err;
};

struct scope {
	struct resolve *r;
	struct query *q;
	const struct table *table;
	size_t depth; /* relations passed to come here */
};

enum found {
	FOUND,
	DROP, /* not there, and nobody insists */
	WRONG
};

/* adds the field error */
enum found resolve_wrong(
    struct resolve *, enum err_id, struct str field, const char *text);

/* resolve_path.c: what a path names; FOUND fills it and touches the tables */
enum found resolve_path(struct scope *, struct path *, bool must);
/* the same where it may end with a relation: then p->column is NULL */
enum found resolve_far(struct scope *, struct path *, bool must);
/* the same where only to-one relations lead: select, order, group */
enum found resolve_column(struct scope *, struct path *, bool must);
/* is it a column, with nothing of JSON behind?  Says no word about it */
bool resolve_is_column(struct scope *, struct path *);
/* its rows are read: the caller needs the right to */
void resolve_touch(struct resolve *, const struct table *);
/* a column, else a computed field */
const struct column *resolve_named(const struct table *, struct str name);
/* all of its names as one, separators included; "" where there are none */
struct str resolve_whole(const struct path *);
/* relations, column and keys with something between them */
struct str resolve_title(struct arena *, const struct path *, const char *sep);
/* of a column that is a foreign key to its own table: the relation that it
 * makes, to the row above; NULL: it is none */
const struct relation *resolve_tree(struct scope *, const struct path *);
/* cuts from a path that ends with relations those by which rows of another
 * table lead from row to row of one, and ends it with the key that these refer
 * to; false: it does not end so */
bool resolve_graph(struct expr *cmp);
/* the relation of an include, or NULL and an error */
const struct relation *resolve_relation(
    struct scope *, struct str field, struct str name);

/* resolve_value.c: what a value is compared with */
struct operand {
	const struct type *type;
	bool has_eq, has_order;
	bool inside; /* of a JSON value, whatever that may hold */
};
struct operand resolve_operand(const struct path *, enum aggregate);
/* does the operator fit, and the value?  Sets its type */
enum found resolve_op(struct scope *, struct expr *cmp, struct operand);
enum found resolve_in(struct scope *, struct expr *in, struct operand);
enum found resolve_refuse_type(struct resolve *, const struct path *,
    const struct type *, const char *what);

/* resolve_where.c */
void resolve_where(struct scope *);
typedef enum found leaf_fn(struct scope *, struct expr *, bool must);
/* every leaf by the function, members that are not there dropped */
enum found resolve_expr(struct scope *, struct expr *, bool must, leaf_fn *);

/* resolve_search.c: where the terms of the search are looked for */
void resolve_search(struct scope *);

/* resolve_group.c: queries that answer with groups */
bool resolve_is_grouped(const struct query *);
void resolve_group(struct scope *);
void resolve_group_order(struct scope *);

/* resolve_include.c; in: as below */
void resolve_includes(struct scope *, const struct include *in);

/* resolve.c: one query; in: the relation that it is included by, or NULL */
void resolve_query(struct scope *, const struct include *in);
/* the same is among the first n, under the same name */
bool resolve_is_selected(const struct query *, size_t n, const struct field *);
bool resolve_is_ordered(
    const struct query *, size_t n, const struct path *, const struct field *);
/* a key behind the others, unless it is there or has no order */
void resolve_append_order(struct scope *, const struct path *, bool desc);
/* room for n more keys */
void resolve_grow_order(struct scope *, size_t n);

/* cursor.c: the values a cursor holds, when it is ours and of this question */
int resolve_cursor(struct resolve *, struct query *);

#endif
