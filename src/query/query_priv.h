/* What the files of this folder tell each other. */
#ifndef DYNAPI_QUERY_PRIV_H
#define DYNAPI_QUERY_PRIV_H

#include "query/query.h"

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

/* query.c: where becomes "where and also" */
void query_and(struct arena *, struct query *, struct expr *also);
struct expr *query_cmp(struct arena *, struct str text, struct str name,
    enum op, struct str value);

#endif
