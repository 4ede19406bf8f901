/*
 * Growing doubles, so that appending is linear; the arena extends the buffer
 * in place when nothing was allocated after it.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdio.h>

#include "base/arena.h"

#define CAP_MIN 64

/* what p points to before the first growth; nothing writes to it */
static char nothing[1];

void
buf_init(struct buf *b, struct arena *a, size_t max)
{
	*b = (struct buf){.p = nothing, .max = max, .arena = a};
}

void
buf_fixed(struct buf *b, char *storage, size_t bytes)
{
	assert(bytes > 0);
	storage[0] = '\0';
	*b = (struct buf){.p = storage, .cap = bytes - 1, .max = bytes - 1};
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
	b->overflow = false;
	if (b->cap > 0)
		b->p[0] = '\0';
}

static size_t
choose_cap(const struct buf *b, size_t need)
{
	size_t cap = b->cap < CAP_MIN ? CAP_MIN : b->cap;

	while (cap < need)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	return cap < b->max ? cap : b->max;
}

bool
buf_reserve(struct buf *b, size_t n)
{
	size_t cap;

	if (n <= b->cap - b->len)
		return true;
	if (n > b->max - b->len) {
		b->overflow = true;
		return false;
	}
	cap = choose_cap(b, b->len + n);
	if (b->cap == 0) {
		b->p = arena_alloc(b->arena, cap + 1);
		b->p[0] = '\0';
	} else {
		b->p = arena_grow(b->arena, b->p, b->cap + 1, cap + 1);
	}
	b->cap = cap;
	return true;
}

char *
buf_room(struct buf *b, size_t n)
{
	return buf_reserve(b, n) ? b->p + b->len : NULL;
}

void
buf_grew(struct buf *b, size_t n)
{
	assert(n <= b->cap - b->len);
	if (n == 0)
		return;
	b->len += n;
	b->p[b->len] = '\0';
}

void
buf_cstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void
buf_i64(struct buf *b, int64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);
	uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;

	do {
		digits[--at] = (char)('0' + u % 10);
		u /= 10;
	} while (u != 0);
	if (v < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof(digits) - at);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	assert(n >= 0);
	if (n == 0 || !buf_reserve(b, (size_t)n))
		return;
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, ap);
	b->len += (size_t)n;
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

struct str
buf_view(const struct buf *b)
{
	return (struct str){b->p, b->len};
}
