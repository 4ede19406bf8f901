/*
 * A growing byte string in an arena.  p is never NULL and always terminated;
 * len never exceeds max.  An append that would pass max is dropped whole and
 * sets overflow, which stays set: append freely, test once at the end.
 */
#ifndef DYNAPI_BUF_H
#define DYNAPI_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct arena;

struct buf {
	char *p;
	size_t len;
	size_t cap; /* bytes that fit without growing, terminator excluded */
	size_t max;
	bool overflow;
	struct arena *arena;
};

void buf_init(struct buf *, struct arena *, size_t max);
/* over storage of the caller's that never grows: max is bytes - 1 */
void buf_fixed(struct buf *, char *storage, size_t bytes);
/* empties; keeps the storage and clears overflow */
void buf_clear(struct buf *);
/* the slow half of an append: room for n more, or false and overflow set */
bool buf_reserve(struct buf *, size_t n);

static inline void
buf_add(struct buf *b, const void *bytes, size_t n)
{
	if (n == 0 || (n > b->cap - b->len && !buf_reserve(b, n)))
		return;
	memcpy(b->p + b->len, bytes, n);
	b->len += n;
	b->p[b->len] = '\0';
}

static inline void
buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.len);
}

static inline void
buf_char(struct buf *b, char c)
{
	if (b->cap == b->len && !buf_reserve(b, 1))
		return;
	b->p[b->len++] = c;
	b->p[b->len] = '\0';
}

void buf_cstr(struct buf *, const char *);
#define buf_lit(b, literal) buf_add((b), "" literal, sizeof(literal) - 1)
void buf_u64(struct buf *, uint64_t);
void buf_i64(struct buf *, int64_t);
void buf_printf(struct buf *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *, const char *fmt, va_list)
    __attribute__((format(printf, 2, 0)));
/* makes room for n more bytes and returns the place to write them, or NULL
 * (and overflow set) past max; commit with buf_grew */
char *buf_room(struct buf *, size_t n);
void buf_grew(struct buf *, size_t n);
struct str buf_view(const struct buf *);

#endif
