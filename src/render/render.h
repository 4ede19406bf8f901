/*
 * Rows to bytes.  A renderer knows nothing of HTTP: it appends to a buffer
 * that the caller empties.  Each result column has a cell class and a
 * ready-made prefix, found once per result, so that a row is copying.
 */
#ifndef DYNAPI_RENDER_H
#define DYNAPI_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "stmt/stmt.h"

struct arena;
struct buf;
struct rows;

struct plan;
struct render;

/* one output format as a set of functions */
struct format {
	const char *name;       /* format= */
	const char *media_type; /* RFC 6838 */
	bool has_end;           /* a cut is visible in the bytes themselves */
	void (*head)(struct render *, struct buf *);
	void (*row)(struct render *, const struct rows *, struct buf *);
	void (*tail)(struct render *, struct buf *);
};

extern const struct format format_json;   /* RFC 8259, an array of objects */
extern const struct format format_ndjson; /* one object a line */
extern const struct format format_csv;    /* RFC 4180, header row always */

const struct format *format_by_name(struct str);
/* RFC 9110 12.5.1: the best of Accept; NULL when none fits; an absent or
 * empty header is JSON */
const struct format *format_by_accept(struct str accept);

struct render {
	const struct format *format;
	const struct stmt_col *cols;
	size_t ncols;
	struct str *prefix; /* per column, ready to copy */
	struct plan *plan;  /* not NULL: a row is not simply its columns */
	struct arena *arena;
	size_t nrows;   /* written so far */
	bool csv_guard; /* CSV: an apostrophe before what a spreadsheet runs */
	bool single;    /* JSON: one object, not an array */
};

/* prepares prefixes for the statement's columns */
void render_init(struct render *, struct arena *, const struct format *,
    const struct rows *, bool single);
void render_head(struct render *, struct buf *);
void render_row(struct render *, const struct rows *, struct buf *);
void render_tail(struct render *, struct buf *);

/* one cell as a JSON value, the bytes of PostgreSQL's to_json; p NULL: null */
void cell_json(struct buf *, enum cell, struct str text);
/* the same value for CSV: no JSON quotes, RFC 4180 ones where needed */
void cell_csv(struct buf *, enum cell, struct str text, bool guard);

#endif
