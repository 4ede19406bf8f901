/*
 * What the files of the native dialect tell each other.  A level is one query
 * of the tree: the outermost one, or that of an included relation, which takes
 * the same parameters with ';' for '&'.
 */
#ifndef DYNAPI_DRF_PRIV_H
#define DYNAPI_DRF_PRIV_H

#include "base/err.h"
#include "base/params.h"
#include "query/query_priv.h"

/* what an offset may reach, as int4 (SECURITY: checked arithmetic) */
#define ROWS_MAX INT64_C(2147483647)
/* or, and, not inside each other */
#define LOGIC_MAX 8
/* more than a name of 63 bytes can have */
#define PATH_MAX_NAMES 32
/* parameters of a level beside its filters */
#define PLAIN_MAX 32

/* the whole request */
struct drf {
	struct arena *arena;
	const struct query_limits *limits;
	struct err *err;
	size_t nfilters, nincludes;
};

struct level {
	struct drf *d;
	struct query *q;
	struct str name; /* of the relation with a dot behind, or "" */
	size_t depth;    /* 0: the outermost */
	bool page, size, limit, offset, cursor, count; /* which were given */
	int64_t times;      /* depth=, 0 where it is not given */
	struct include *in; /* that it is the level of, while it is read */
	struct str *seen;   /* the names of its parameters */
	size_t nseen, seen_cap;
	struct level **far; /* of each of q->include */
	size_t far_cap;
	struct field *aggregates; /* joined to q->select at the end */
	size_t naggregates;
};

/* drf.c */
int drf_refuse(struct level *, const struct param *, const char *text);
int drf_blame(struct level *, struct str name, enum err_id, const char *text);
/* every parameter of a level, and what only holds when all are known */
int drf_take(struct level *, struct param *, size_t n);

/* drf_list.c: lists, quotes, parentheses */
/*
 * The part at the head of rest, up to the next sep that stands outside quotes
 * and parentheses.  0 when rest was used up before, 1, or -1: a quote or a
 * parenthesis has no other half.
 */
int drf_part(struct str *rest, char sep, struct str *part);
size_t drf_count(struct str list, char sep);
/* where c first stands outside quotes and parentheses, or -1 */
ptrdiff_t drf_find(struct str, char c);
/* "a ""quoted"" text" without its quotes; false: it is not quoted whole */
bool drf_unquote(struct arena *, struct str, struct str *out);
/* an item of a comma list whose quotes surround names; it is forgiving: a
 * quote that is not closed is a letter */
bool drf_item(struct str *rest, struct str *item);
/* name with some parts quoted; before and behind go into the text */
int drf_path(struct level *, struct path *, struct str blame,
    const char *before, struct str name, struct str behind);
/* the members of "a=1;b=2" */
int drf_members(struct level *, const struct param *of, struct str text,
    struct param **, size_t *n);
/* a comma list of values; quoted ones lose their quotes */
int drf_values(struct level *, const struct param *, struct value **, size_t *);

/* drf_filter.c */
int drf_filter(struct level *, const struct param *);
int drf_or(struct level *, const struct param *);
int drf_and(struct level *, const struct param *);
int drf_not(struct level *, const struct param *);
int drf_having(struct level *, const struct param *);
/* "name__null": it says all by itself */
bool drf_needs_no_value(struct str name);

/* drf_include.c */
int drf_include(struct level *, const struct param *);

#endif
