/*
 * What the files of this folder tell each other.
 *
 * A struct from is the tables that one SELECT reads: its query's own and those
 * joined to-one, by an include or by a path of select, order or group.
 * Conditions join nothing; they ask with EXISTS.  Everything is emitted for the
 * table that s->alias stands for; paths find their joins from there.
 */
#ifndef DYNAPI_STMT_PRIV_H
#define DYNAPI_STMT_PRIV_H

#include "query/query.h"
#include "schema/schema.h"
#include "stmt/stmt.h"

struct join {
	struct join *next;
	unsigned alias, near; /* its own, and of the table it hangs on */
	const struct relation *relation;
	/* when it has conditions of its own; others share one join */
	const struct include *include;
	bool inner; /* rows without it are dropped */
};

struct from {
	const struct query *q;
	unsigned alias; /* of q->table */
	bool grouped;
	bool marked; /* the row that a write has marked, and no other */
	struct join *joins, **end;
};

/* a path into a JSON value that is bound already */
struct json_path {
	struct json_path *next;
	const struct path *path;
	size_t arg;
};

/* one argument that is an array */
void stmt_param_texts(struct stmt *, const struct str *, size_t n);
void stmt_param_values(struct stmt *, const struct value *, size_t n,
    const struct type *element); /* NULL: text */
/* the operator, in the schema where an extension's type has it */
void stmt_operator(struct stmt *, const char *op, const struct type *);

/* from.c */
void stmt_plan(
    struct stmt *, struct from *, const struct query *, unsigned alias);
/* the joins of its order alone */
void stmt_plan_order(
    struct stmt *, struct from *, const struct query *, unsigned alias);
/* the table that an include of the table near was joined as */
unsigned stmt_joined(
    const struct from *, unsigned near, const struct include *);
void stmt_joins(struct stmt *, const struct from *);
/* far's columns equal near's; many-to-many: via's equal near's */
void stmt_match(struct stmt *, const struct relation *, unsigned near,
    unsigned far, unsigned via);
/* "far t2", many-to-many "via t3 join far t2 on …"; once: no pair of rows is
 * there twice */
void stmt_far(struct stmt *, const struct relation *, unsigned far,
    unsigned via, bool once);
/* what a path names; from NULL: it has no hops */
enum path_form {
	PATH_VALUE,
	PATH_TEXT,
	PATH_JSONB,
	PATH_NUMBER /* inside a JSON value: a number as jsonb, or null */
};
void stmt_path(
    struct stmt *, const struct from *, const struct path *, enum path_form);

/* condition.c: " where " before the first, " and " before the others */
void stmt_and(struct stmt *, bool *some);
void stmt_conditions(
    struct stmt *, const struct query *, bool joined, bool *some);
void stmt_expr(struct stmt *, const struct from *, const struct expr *);
/* "exists (select 1 from …": the far rows of the row at hand, of the table that
 * s->alias then is */
void stmt_related(struct stmt *, const struct relation *, unsigned near);
/* behind what the path names: is it null, or is it not? */
void stmt_is_null(struct stmt *, const struct path *, bool negated);
void stmt_value(struct stmt *, const struct value *, const struct type *);

/* search.c: is the term somewhere where it is looked for? */
void stmt_term(struct stmt *, const struct query *, struct str term);

/* tree.c: is the row below or above another, at any distance? */
void stmt_in_tree(struct stmt *, const struct expr *cmp);
/* does one lead to the other, by any number of edges? */
void stmt_in_graph(struct stmt *, const struct expr *cmp);

/* aggregate.c */
bool stmt_is_grouped(const struct query *);
bool stmt_is_selected(const struct query *, const struct path *);
void stmt_aggregate(struct stmt *, const struct from *, const struct path *,
    enum aggregate, bool distinct);
/* is the name the snapshot's, and short enough for an identifier? */
bool stmt_field_is_plain(const struct field *);
void stmt_group(struct stmt *, const struct from *, bool of_nothing);

/* output.c: is such a column selected as it is? */
bool stmt_is_plain(const struct type *);
/* as a result column, and as a member of a JSON object */
void stmt_field(struct stmt *, const struct from *, const struct field *,
    const struct stmt_opts *);
void stmt_field_json(struct stmt *, const struct from *, const struct field *,
    const struct stmt_opts *);

/* order.c */
void stmt_order_key(
    struct stmt *, const struct from *, const struct order_key *);
void stmt_direction(struct stmt *, const struct order_key *);
bool stmt_orders(const struct query *, const struct order_key *);
void stmt_order(struct stmt *, const struct from *, bool *some);
void stmt_page(struct stmt *, const struct query *, const struct stmt_opts *);
void stmt_slice(struct stmt *, const struct query *, const struct stmt_opts *);
bool stmt_is_sliced(const struct query *);

/* keyset.c: the rows behind the cursor, by a condition or by another table */
bool stmt_keyset_branches(const struct query *);
void stmt_keyset_table(
    struct stmt *, const struct from *, const struct stmt_opts *);
void stmt_keyset_where(struct stmt *, const struct from *, bool *some);

/* select.c */
void stmt_rows(struct stmt *, const struct from *, const struct stmt_opts *);
/* " from …": what count(*) counts */
void stmt_counted(struct stmt *, const struct query *);

/* include.c: the select list and the shape of its rows */
struct level; /* stitch.c */
struct through {
	const struct through *up;
	const struct include *include;
};
struct list {
	struct stmt *s;
	const struct stmt_opts *o;
	const struct from *f;
	const struct level *level; /* NULL: the outermost query */
	bool named;                /* c1, c2 … */
	size_t n;
};
void stmt_members(struct list *, const struct query *, const struct through *,
    struct shape *);
void stmt_presence(struct stmt *, const struct relation *, unsigned alias);

/*
 * stmt.c: "select …", the expression of a text behind it, "…": the value as its
 * column would take it.  A cast would cut an element of a varchar(3)[] off
 * where an assignment refuses it; the type's input function refuses it too when
 * it is given the modifier.  format_type() wrote that, in the form that SQL has.
 */
void stmt_begin_input(struct stmt *, const struct type *);
void stmt_end_input(struct stmt *, const struct type *);

/* bulk.c: "with u as (…)", the rows of the chunk as ord, c0, c1 …, of their
 * types */
void stmt_chunk_rows(struct stmt *, const struct chunk *);

/* refer.c */
const struct effect *effect_of(struct arena *, struct effect);

/*
 * event.c: what the change "with w as (… returning …" says to the log of
 * events.  A line names one row, or, of many, says how many they are.
 */
#define EVENTS_MAX "1000"
enum event_kind {
	EVENT_CREATED,
	EVENT_UPDATED,
	EVENT_DELETED,
	EVENT_WRITTEN /* created, or updated where such a row was there */
};
struct event {
	const struct table *table;
	enum event_kind kind;
	const struct conflict *on; /* WRITTEN */
	bool sum;                  /* one line for all */
	bool any; /* there can be any number of rows: more than EVENTS_MAX have
	           * one line */
};
/* ", …": the columns of w that are the log's, of the row that s->alias is */
void stmt_emitted(struct stmt *, const struct event *);
/* ", e as (…)", behind w */
void stmt_emit(struct stmt *, const struct event *);
/* the inside of such a part for several changes, each with a name like n7 and
 * the columns of its table's key */
struct event_part {
	struct event event;
	char letter;
	size_t number;
};
void stmt_emit_parts(struct stmt *, const struct event_part *, size_t n);
/* the texts of the row's key as one array, or a null */
void stmt_key_texts(struct stmt *, const struct table *);

/* mark.c: keeps the key of the row that s->alias is until the transaction ends;
 * is it that row? */
void stmt_mark(struct stmt *, const struct table *);
void stmt_is_marked(struct stmt *, const struct table *);

/* nested.c: the rows of a to-many relation as one JSON text; and the columns of
 * the row that s->alias stands for */
void stmt_nested_rows(
    struct stmt *, const struct include *, const struct stmt_opts *);
void stmt_row_json(
    struct stmt *, const struct table *, const struct stmt_opts *);

/* write.c: " t set a = $1, …" */
void stmt_set(struct stmt *, const struct table *, const struct body *,
    const struct stmt_opts *);
/* what a change of a row of t counts up beside what it assigns; NULL: none */
const struct column *stmt_counter(
    const struct table *, const struct stmt_opts *);
/* ", lock_version = …" */
void stmt_count_up(struct stmt *, const struct column *counter);
/* one more column, which keeps the key of the row t; many >= 0: the number of
 * the rows */
void stmt_keep(
    struct stmt *, const struct table *, const struct once *, int64_t many);

/* stitch.c: the statement for a to-many relation of all the parents */
struct stmt *stmt_stitched(
    const struct list *parent, const struct include *, const struct through *);

#endif
