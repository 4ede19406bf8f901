/* What the files of this folder tell each other. */
#ifndef DYNAPI_QUERY_PRIV_H
#define DYNAPI_QUERY_PRIV_H

#include "query/query.h"

/* more than a name of 63 bytes can have */
#define PATH_NAMES_MAX 64

/* value.c */
bool value_is_builtin(const struct type *, const char *name);

/*
 * temporal.c: NULL or what is wrong.  The moment is the same for texts that
 * PostgreSQL takes for the same value.
 */
struct moment {
	int64_t days;   /* since 1970-01-01, in UTC when the text has a zone */
	int64_t micros; /* of the day */
	int infinite;   /* -1 or 1 */
};

const char *value_date(struct str, struct moment *);
const char *value_time(struct str, bool zone);
const char *value_timestamp(struct str, bool zone, struct moment *);
const char *value_interval(struct str);

/* range.c: the bounds of the built-in range and multirange types */
const char *value_range(struct arena *, const struct type *, struct str);
/* the same to compare with: a value alone is the range that holds only it */
const char *value_span(
    struct arena *, const struct type *, struct str text, struct str *out);

/* literal.c: an array as PostgreSQL or JSON write it, else "a,b" with quotes
 * around what holds a comma */
const char *value_list(
    struct arena *, const struct type *, struct str text, struct str *out);

/* resolve_search.c: the prefix that stands for it in search.TABLE */
const char *query_search_prefix(enum op);

/* query.c: where becomes "where and also"; also may be NULL */
void query_and(struct arena *, struct query *, struct expr *also);
/*
 * AND or OR of n expressions, in one form: members of the same kind are taken
 * apart, one alone stands for itself, none is NULL.
 */
struct expr *query_logic(
    struct arena *, enum expr_kind, struct expr **, size_t n);
struct expr *query_not(struct arena *, struct expr *);
/* a comparison of the column of this name */
struct expr *query_cmp(struct arena *, struct str text, struct str name,
    enum op, struct str value);
/* one name, which is not split */
void query_path_name(
    struct arena *, struct path *, struct str text, struct str name);
/* a path whose parts stand between dots or double underscores; name is a view
 * into text, so that its parts can be joined again */
void query_path(
    struct arena *, struct path *, struct str text, struct str name);

/*
 * drf.c, drf_aggregate.c: groups as the native dialect has them, also for another one:
 * a level of it for the query, its parameters, and what only holds when all of
 * them are known.
 */
struct level;
struct param;
struct level *drf_level(
    struct arena *, struct query *, const struct query_limits *, struct err *);
int drf_aggregate(struct level *, const struct param *);
int drf_group_by(struct level *, const struct param *);
/* "sum(amount)" becomes the function, the path inside; false: it is none */
bool drf_is_aggregate(struct str text);
int drf_read_aggregate(
    struct level *, const struct param *, struct str text, struct field *);
int drf_settle_groups(struct level *);

#endif
