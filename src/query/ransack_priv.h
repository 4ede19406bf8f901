/* What the files of the v2 dialect tell each other. */
#ifndef DYNAPI_RANSACK_PRIV_H
#define DYNAPI_RANSACK_PRIV_H

#include "query/query.h"

struct json;

enum wants { WANTS_VALUE, WANTS_LIST, WANTS_FLAG };
enum spread { SPREAD_NONE, SPREAD_ANY, SPREAD_ALL };

/* of a flag: what it says when the value is true, reversed when it is false */
enum meaning { MEANS_OP, MEANS_TRUE, MEANS_FALSE, MEANS_NULL, MEANS_BLANK };

struct ransack_predicate {
	const char *name;
	enum wants wants;
	enum meaning meaning;
	enum op op;
	bool negated;
};

struct ransack {
	struct arena *arena;
	const struct query_limits *limits;
	struct err *err;
	size_t nfilters, nincludes; /* so far */
};

/* ransack_tree.c: parameters with brackets as one JSON object */
struct json *ransack_tree(struct arena *, struct params *, struct err *);
/* the short name of a part of q, of a group or of a condition, which may also
 * be written out: 'a' for "attributes"; 0 for any other name */
char ransack_word(struct str);
/* a list is an array, or an object whose names are numbers */
bool ransack_is_list(const struct json *);
/* the same of objects, whatever their indices look like */
bool ransack_is_many(const struct json *);
/* a text (trimmed), number or truth value as text, "" for null; false when it
 * is none of them */
bool ransack_scalar(const struct json *, struct str *out);
/* 1 true, 0 false, -1 neither, as CONTRACT 5.2 writes them */
int ransack_flag(struct str);
/* "a_b_c" as a path of all its pieces, views into text */
void ransack_path(struct arena *, struct path *, struct str text);

/* ransack_predicate.c: the one of this name, or NULL */
const struct ransack_predicate *ransack_predicate(struct str, enum spread *);
/* ransack_filter.c: the member with this short name, or NULL; two are refused */
const struct json *ransack_part(
    struct ransack *, const struct json *, char word);
/* the conditions of q, or NULL; errors are in r->err */
struct expr *ransack_where(struct ransack *, const struct json *q);
/* ransack_shape.c: what a[…] says of the columns and relations */
void ransack_shape(struct ransack *, struct query *, const struct json *a);

#endif
