/*
 * Small objects are cut from blocks; blocks grow geometrically, and the first
 * one is kept across resets, so that an ordinary request costs no malloc.
 * A large object is an allocation of its own in a list, which is also how
 * every object is made under AddressSanitizer.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define EACH_ALONE 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define EACH_ALONE 1
#endif
#ifndef EACH_ALONE
#define EACH_ALONE 0
#endif

#define ALIGN       16
#define FIRST_BYTES ((size_t)16 * 1024)
#define BLOCK_MAX   ((size_t)1024 * 1024)

struct block {
	_Alignas(ALIGN) struct block *next;
	size_t bytes;
	_Alignas(ALIGN) char data[];
};

struct large {
	_Alignas(ALIGN) struct large *next;
	struct large **link; /* what points here */
	_Alignas(ALIGN) char data[];
};

struct deferred {
	void (*fn)(void *);
	void *arg;
	struct deferred *next;
};

struct arena {
	struct block *blocks; /* the newest, being filled */
	struct block *first;
	char *at, *end; /* free part of the newest block */
	size_t block_bytes;
	struct large *large;
	struct deferred *deferred;
	size_t used;
};

static void *
must_have(void *p, size_t bytes)
{
	if (p == NULL)
		log_fatal("out_of_memory", "no memory for %zu bytes", bytes);
	return p;
}

static void *
get_memory(size_t bytes)
{
	if (bytes > SIZE_MAX / 4)
		must_have(NULL, bytes);
	return must_have(malloc(bytes), bytes);
}

static size_t
round_up(size_t bytes)
{
	if (bytes > SIZE_MAX / 4)
		must_have(NULL, bytes);
	return (bytes + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static void
open_block(struct arena *a)
{
	struct block *b;

	b = get_memory(sizeof(*b) + a->block_bytes);
	b->bytes = a->block_bytes;
	b->next = a->blocks;
	a->blocks = b;
	a->at = b->data;
	a->end = b->data + b->bytes;
	if (a->block_bytes < BLOCK_MAX)
		a->block_bytes *= 2;
}

static void
link_large(struct arena *a, struct large *l)
{
	l->next = a->large;
	l->link = &a->large;
	if (l->next != NULL)
		l->next->link = &l->next;
	a->large = l;
}

static void *
alloc_large(struct arena *a, size_t bytes)
{
	struct large *l;

	l = get_memory(sizeof(*l) + bytes);
	link_large(a, l);
	return l->data;
}

static bool
is_large(const struct arena *a, size_t bytes)
{
	return EACH_ALONE || bytes > a->block_bytes / 4;
}

struct arena *
arena_new(void)
{
	struct arena *a;

	a = get_memory(sizeof(*a));
	memset(a, 0, sizeof(*a));
	a->block_bytes = FIRST_BYTES;
	open_block(a);
	a->first = a->blocks;
	return a;
}

void *
arena_alloc(struct arena *a, size_t bytes)
{
	size_t whole = round_up(bytes);
	void *p;

	a->used += whole;
	if (!EACH_ALONE && whole <= (size_t)(a->end - a->at)) {
		p = a->at;
		a->at += whole;
		return p;
	}
	if (is_large(a, whole))
		return alloc_large(a, bytes);
	open_block(a);
	p = a->at;
	a->at += whole;
	return p;
}

void *
arena_zalloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &bytes))
		must_have(NULL, SIZE_MAX);
	p = arena_alloc(a, bytes);
	memset(p, 0, bytes);
	return p;
}

/* p is the start of a large object exactly when the list says so; the list
 * is short outside sanitized builds, where every object is in it */
static struct large *
find_large(const struct arena *a, const void *p)
{
	for (struct large *l = a->large; l != NULL; l = l->next)
		if ((const void *)l->data == p)
			return l;
	return NULL;
}

static void *
grow_large(struct large *l, size_t bytes)
{
	if (bytes > SIZE_MAX / 4)
		must_have(NULL, bytes);
	l = must_have(realloc(l, sizeof(*l) + bytes), bytes);
	*l->link = l;
	if (l->next != NULL)
		l->next->link = &l->next;
	return l->data;
}

void *
arena_grow(struct arena *a, void *old, size_t old_bytes, size_t bytes)
{
	size_t was = round_up(old_bytes), whole = round_up(bytes);
	struct large *l;
	void *p;

	assert(bytes >= old_bytes && (old != NULL || old_bytes == 0));
	if (old == NULL)
		return arena_alloc(a, bytes);
	if (!EACH_ALONE && (char *)old + was == a->at &&
	    whole - was <= (size_t)(a->end - a->at)) {
		a->used += whole - was;
		a->at += whole - was;
		return old;
	}
	l = find_large(a, old);
	if (l != NULL) {
		a->used += whole - was;
		return grow_large(l, bytes);
	}
	p = arena_alloc(a, bytes);
	memcpy(p, old, old_bytes);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s) + 1);
}

void *
arena_memdup(struct arena *a, const void *src, size_t bytes)
{
	void *p = arena_alloc(a, bytes);

	if (bytes > 0)
		memcpy(p, src, bytes);
	return p;
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	assert(fmt != NULL);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		log_fatal("format", "vsnprintf refused a format");
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct deferred *d = arena_alloc(a, sizeof(*d));

	d->fn = fn;
	d->arg = arg;
	d->next = a->deferred;
	a->deferred = d;
}

static void
run_deferred(struct arena *a)
{
	struct deferred *d;

	while ((d = a->deferred) != NULL) {
		a->deferred = d->next;
		d->fn(d->arg);
	}
}

static void
free_large(struct arena *a)
{
	struct large *l;

	while ((l = a->large) != NULL) {
		a->large = l->next;
		free(l);
	}
}

void
arena_reset(struct arena *a)
{
	struct block *b;

	run_deferred(a);
	free_large(a);
	while ((b = a->blocks) != a->first) {
		a->blocks = b->next;
		free(b);
	}
	a->at = a->first->data;
	a->end = a->first->data + a->first->bytes;
	a->block_bytes = 2 * FIRST_BYTES;
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a->first);
	free(a);
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}
