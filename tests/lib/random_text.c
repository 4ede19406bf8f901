/* Texts, memory and chance.  Memory hangs on one chain, so that nothing is
 * ever lost; the numbers are those of splitmix64, the same everywhere. */
#include "random.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ------------------------------------------------------------- */

static struct chunk {
	struct chunk *next;
	size_t used, size;
	_Alignas(16) char bytes[];
} * chunks;

void *
random_make(size_t size)
{
	size_t room = size > 65536 ? size : 65536;
	struct chunk *c = chunks;
	void *p;

	size = (size + 15) & ~(size_t)15;
	if (c == NULL || c->size - c->used < size) {
		c = calloc(1, sizeof(*c) + room + 16);
		if (c == NULL) {
			fprintf(stderr, "random: out of memory\n");
			exit(2);
		}
		c->size = room + 16;
		c->next = chunks;
		chunks = c;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

char *
random_copy(const char *p, size_t n)
{
	char *copy = random_make(n + 1);

	memcpy(copy, p, n);
	return copy;
}

/* ---- text --------------------------------------------------------------- */

static void
add_bytes(struct text *t, const char *p, size_t n)
{
	if (t->n + n + 1 > t->cap) {
		size_t cap = 2 * (t->n + n) + 64;
		char *bigger = random_make(cap);

		if (t->n > 0)
			memcpy(bigger, t->p, t->n);
		t->p = bigger;
		t->cap = cap;
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
}

void
text_add(struct text *t, const char *s)
{
	add_bytes(t, s, strlen(s));
}

void
text_char(struct text *t, char c)
{
	add_bytes(t, &c, 1);
}

const char *
text_get(const struct text *t)
{
	return t->n > 0 ? t->p : "";
}

static char *format_list(const char *, va_list)
    __attribute__((format(printf, 1, 0)));

static char *
format_list(const char *format, va_list list)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, list);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	p = random_make((size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, format, list);
	return p;
}

char *
random_format(const char *format, ...)
{
	va_list list;
	char *p;

	va_start(list, format);
	p = format_list(format, list);
	va_end(list);
	return p;
}

void
text_format(struct text *t, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	text_add(t, format_list(format, list));
	va_end(list);
}

static void
add_doubled(struct text *t, const char *s, char quote)
{
	text_char(t, quote);
	for (; *s != '\0'; s++) {
		if (*s == quote)
			text_char(t, quote);
		text_char(t, *s);
	}
	text_char(t, quote);
}

void
text_ident(struct text *t, const char *s)
{
	add_doubled(t, s, '"');
}

void
text_quoted(struct text *t, const char *s)
{
	add_doubled(t, s, '"');
}

void
text_literal(struct text *t, const char *s)
{
	add_doubled(t, s, '\'');
}

void
text_json(struct text *t, const char *s)
{
	text_char(t, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			text_format(t, "\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			text_format(t, "\\u%04x", (unsigned)*s);
		else
			text_char(t, *s);
	}
	text_char(t, '"');
}

void
text_percent(struct text *t, const char *s)
{
	for (; *s != '\0'; s++) {
		char low = (char)(*s | 0x20);

		if ((low >= 'a' && low <= 'z') || (*s >= '0' && *s <= '9') ||
		    strchr("-_.", *s) != NULL)
			text_char(t, *s);
		else
			text_format(t, "%%%02X", (unsigned)(unsigned char)*s);
	}
}

void
text_copy(struct text *t, const char *s)
{
	static const char bytes[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";

	for (; *s != '\0'; s++) {
		const char *known = strchr(bytes, *s);

		if (known == NULL)
			text_char(t, *s);
		else
			text_format(t, "\\%c", letters[known - bytes]);
	}
}

/* ---- chance ------------------------------------------------------------- */

static uint64_t state;

void
random_seed(unsigned long seed)
{
	state = seed;
}

static uint64_t
next_number(void)
{
	uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned
random_below(unsigned n)
{
	return (unsigned)(next_number() % n);
}

bool
random_chance(unsigned percent)
{
	return random_below(100) < percent;
}
