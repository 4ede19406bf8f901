/*
 * A strict reader of RFC 8259 texts.  The whole text is validated (UTF-8 too)
 * before anything is returned; each value remembers the span of source it came
 * from, so that numbers and nested values reach PostgreSQL as they were
 * written.  Refused beyond the grammar: duplicate keys, U+0000, lone
 * surrogates, a byte order mark, nesting deeper than the limit.
 */
#ifndef DYNAPI_JSON_H
#define DYNAPI_JSON_H

#include "base/str.h"

struct arena;
struct buf;
struct err;

#define JSON_DEPTH_MAX 32

enum json_kind {
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
};

struct json {
	enum json_kind kind;
	struct str src;  /* the span of the source, quotes included */
	struct str text; /* STRING: unescaped; terminated */
	struct str key;  /* member of an object: its name, unescaped */
	struct json *child, *next;
	const struct json *twin; /* OBJECT: a member whose name came before */
	size_t n;                /* members or elements */
};

/* NULL and ERR_BAD_JSON (detail with the byte offset) when refused */
struct json *json_parse(struct arena *, struct str text, struct err *);
/* a row: an object inside it may have twins, for json columns can hold them;
 * all others look at "twin" */
struct json *json_parse_row(struct arena *, struct str text, struct err *);
/* the member, or NULL; also NULL when j is no object */
const struct json *json_get(const struct json *, struct str key);
/* compact: strings re-escaped, numbers as written, white space dropped */
void json_write(struct buf *, const struct json *);
const char *json_kind_name(enum json_kind);

/* What was not read but made has no src.  A text, of which a copy is kept: */
struct json *json_make_text(struct arena *, struct str key, struct str text);
/* an array or an object of these members, which become its own */
struct json *json_make(
    struct arena *, enum json_kind, struct json *const *members, size_t n);

#endif
