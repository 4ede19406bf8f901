/* What the files of the feed tell each other. */
#ifndef DYNAPI_FEED_PRIV_H
#define DYNAPI_FEED_PRIV_H

#include "base/err.h"
#include "query/query.h"

/* where in a row the field of a CSV line goes */
#define FIELD_IGNORED SIZE_MAX

struct feed {
	struct feed_opts opts;
	struct arena *arena;
	struct arena *scratch; /* of the present row */
	struct assign *row;
	int64_t index; /* of the next row */
	const struct json *next;
	/* what came and is not taken yet: p[from … len) */
	char *p;
	size_t cap, from, len;
	bool ended, failed;
	/* CSV: the columns of the header */
	const struct column **columns;
	size_t ncolumns;
	size_t *places; /* of each field of a line */
	size_t nfields;
};

struct field_text {
	struct str text;
	bool quoted;
};

/* feed_row.c: 0, or -1 with faults added; f->row is filled */
int feed_json_row(
    struct feed *, const struct json *, struct feed_row *, struct err *);
int feed_csv_row(
    struct feed *, struct str line, struct feed_row *, struct err *);
/* -1: nothing can be read under this header */
int feed_csv_header(struct feed *, struct str line, struct err *);

#endif
