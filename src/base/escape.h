/*
 * Escaping is a function of the destination and named for it.  Each appends
 * to a struct buf.  Input is arbitrary bytes unless a line says otherwise.
 */
#ifndef DYNAPI_ESCAPE_H
#define DYNAPI_ESCAPE_H

#include "base/str.h"

struct buf;

/* a JSON string with its quotes (RFC 8259 section 7); input is valid UTF-8,
 * escapes what PostgreSQL's to_json escapes, in the same form */
void buf_json(struct buf *, struct str);
/* a CSV field (RFC 4180): quoted when empty, or when it holds a quote, comma,
 * CR, LF, or begins or ends with a space */
void buf_csv(struct buf *, struct str);
/* an element of PostgreSQL's array, range and composite literals, in double
 * quotes (PostgreSQL 8.15.6, 8.16.6) */
void buf_element(struct buf *, struct str);
/* one path segment or query value, RFC 3986 unreserved kept */
void buf_url(struct buf *, struct str);
void buf_html(struct buf *, struct str);
/* a logfmt value: bare when simple, else quoted with \x escapes for control
 * and non-UTF-8 bytes; cut at 1,024 bytes with a mark */
void buf_log(struct buf *, struct str);

#endif
