/* What the files of the v2 dialect tell each other. */
#ifndef DYNAPI_RANSACK_PRIV_H
#define DYNAPI_RANSACK_PRIV_H

#include "query/query.h"

struct json;

struct ransack {
	struct arena *arena;
	const struct query_limits *limits;
	struct err *err;
	size_t nfilters, nincludes; /* so far */
};

/* ransack_tree.c: parameters with brackets as one JSON object */
struct json *ransack_tree(struct arena *, struct params *, struct err *);
/* a list is an array, or an object whose names are numbers */
bool ransack_is_list(const struct json *);
/* a text (trimmed), number or truth value as text, "" for null; false when it
 * is none of them */
bool ransack_scalar(const struct json *, struct str *out);
/* 1 true, 0 false, -1 neither, as CONTRACT 5.2 writes them */
int ransack_flag(struct str);
/* "a_b_c" as a path of all its pieces, views into text */
void ransack_path(struct arena *, struct path *, struct str text);

/* ransack_filter.c: the conditions of q, or NULL; errors are in r->err */
struct expr *ransack_where(struct ransack *, const struct json *q);
/* ransack_shape.c: what a[…] says of the columns and relations */
void ransack_shape(struct ransack *, struct query *, const struct json *a);

#endif
