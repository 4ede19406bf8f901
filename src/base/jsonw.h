/*
 * A JSON writer for documents that are not rows.  It places commas and checks
 * nesting with a stack of scopes; misuse is a bug of ours and asserts.
 */
#ifndef DYNAPI_JSONW_H
#define DYNAPI_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct buf;

#define JSONW_DEPTH_MAX 32

struct jsonw {
	struct buf *out;
	unsigned depth;
	char scope[JSONW_DEPTH_MAX]; /* '{' or '[' */
	bool some[JSONW_DEPTH_MAX];  /* something written in this scope */
	bool keyed;                  /* a key waits for its value */
};

void jsonw_init(struct jsonw *, struct buf *);
void jsonw_object(struct jsonw *);
void jsonw_array(struct jsonw *);
void jsonw_end(struct jsonw *); /* closes the innermost scope */
void jsonw_key(struct jsonw *, const char *);
void jsonw_key_str(struct jsonw *, struct str);
void jsonw_str(struct jsonw *, struct str); /* STR_NONE writes null */
void jsonw_cstr(struct jsonw *, const char *);
void jsonw_i64(struct jsonw *, int64_t);
void jsonw_bool(struct jsonw *, bool);
void jsonw_null(struct jsonw *);
void jsonw_raw(struct jsonw *, struct str); /* a ready JSON value */
/* key and value in one call */
void jsonw_kv(struct jsonw *, const char *key, struct str);
void jsonw_kv_c(struct jsonw *, const char *key, const char *);
void jsonw_kv_i64(struct jsonw *, const char *key, int64_t);
void jsonw_kv_bool(struct jsonw *, const char *key, bool);

#endif
