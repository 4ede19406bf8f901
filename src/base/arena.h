/*
 * An arena owns everything made for one lifetime (a request, a snapshot) and
 * gives it back at once.  arena_alloc never returns NULL: limits on input come
 * first, and running out of memory ends the process with a log line, so that
 * its supervisor starts a fresh one.
 *
 * Foreign objects (PGresult, jwt_t, file descriptors) get an owner at birth:
 * arena_defer runs the given function at reset, in reverse order.
 *
 * Under AddressSanitizer each object is an allocation of its own, so that the
 * checker sees overruns inside an arena.
 */
#ifndef DYNAPI_ARENA_H
#define DYNAPI_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* 16-byte aligned, not cleared */
void *arena_alloc(struct arena *, size_t bytes)
    __attribute__((malloc, returns_nonnull));
/* n * size, overflow is fatal; cleared */
void *arena_zalloc(struct arena *, size_t n, size_t size)
    __attribute__((malloc, returns_nonnull));
#define arena_make(a, type)     ((type *)arena_zalloc((a), 1, sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_zalloc((a), (n), sizeof(type)))
/* a larger object with the same beginning; old is not used afterwards.
 * In place when old is the last thing allocated */
void *arena_grow(struct arena *, void *old, size_t old_bytes, size_t bytes)
    __attribute__((returns_nonnull));
char *arena_strdup(struct arena *, const char *);
void *arena_memdup(struct arena *, const void *, size_t bytes);
char *arena_printf(struct arena *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *fmt, va_list)
    __attribute__((format(printf, 2, 0)));
void arena_defer(struct arena *, void (*fn)(void *), void *arg);
/* runs the deferred calls, keeps the first block for the next use */
void arena_reset(struct arena *);
void arena_free(struct arena *);
/* bytes handed out since the last reset */
size_t arena_used(const struct arena *);

#endif
