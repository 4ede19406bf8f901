/* The auto dialect's parts: where.c reads parameters, where_cond.c what stands
 * in them as conditions and orders. */
#ifndef DYNAPI_WHERE_PRIV_H
#define DYNAPI_WHERE_PRIV_H

#include "query/query_priv.h"

struct json;

struct where {
	struct arena *arena;
	const struct query_limits *limits;
	struct query *q;
	struct err *err;
	size_t nfilters, nincludes;
	struct expr
	    *find; /* asked for the first row: replaces where and order */
	int64_t page, size;
	bool has_size;
	struct level *groups; /* group_by and aggregate */
};

/* the conditions of one parameter, in the order they were written */
struct conds {
	struct expr **v;
	size_t n;
};

/* -1: ERR_BAD_PARAM naming the parameter, ERR_LIMIT */
int where_conds(struct where *, const struct param *, struct conds *);

/* the same of an order: order_by and sort */
struct orders {
	struct order_key *v;
	size_t n;
};
int where_orders(struct where *, const struct param *, struct orders *);

/* of JSON in a parameter; NULL: ERR_BAD_PARAM naming it */
const struct json *where_json(
    struct where *, const struct param *, struct str text);

/* the path of a leaf */
struct path *where_path(struct expr *);

int where_refuse(struct where *, const struct param *, const char *text);

#endif
