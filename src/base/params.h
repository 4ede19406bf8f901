/*
 * The parameters of a query string (application/x-www-form-urlencoded as the
 * WHATWG URL standard reads it: '+' is a space, percent-decoded once).
 * Order and repetition are kept; what repetition means is the dialect's.
 */
#ifndef DYNAPI_PARAMS_H
#define DYNAPI_PARAMS_H

#include "base/str.h"

struct arena;
struct err;

struct param {
	struct str name, value; /* decoded, valid UTF-8, no U+0000 */
	bool used;              /* a parser marks what it understood */
};

struct params {
	struct param *v;
	size_t n;
};

/* -1: ERR_BAD_QUERY (bad escape, UTF-8, NUL), ERR_LIMIT (too many) */
int params_parse(struct arena *, struct str query, size_t max_params,
    struct params *, struct err *);
/* the first with that name, or NULL */
struct param *params_get(const struct params *, struct str name);
/* how many have that name */
size_t params_count(const struct params *, struct str name);

#endif
