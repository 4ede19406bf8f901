/* Borrowed text.  STR_NONE compares as the empty string: who must tell the
 * two apart looks at p. */
#include "base/str.h"

#include <string.h>

#include "base/arena.h"

struct str
str_from(const char *cstring)
{
	if (cstring == NULL)
		return STR_NONE;
	return (struct str){cstring, strlen(cstring)};
}

bool
str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
str_eq_c(struct str a, const char *b)
{
	return str_eq(a, str_from(b));
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool
str_case_eq(struct str a, struct str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && str_eq(str_sub(s, 0, prefix.len), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len &&
	       str_eq(str_sub(s, s.len - suffix.len, suffix.len), suffix);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	if (c != 0)
		return c < 0 ? -1 : 1;
	return (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t
str_chr(struct str s, char c)
{
	const char *at = s.len == 0 ? NULL : memchr(s.p, c, s.len);

	return at == NULL ? -1 : at - s.p;
}

ptrdiff_t
str_rchr(struct str s, char c)
{
	const char *at = s.len == 0 ? NULL : memrchr(s.p, c, s.len);

	return at == NULL ? -1 : at - s.p;
}

struct str
str_sub(struct str s, size_t from, size_t len)
{
	if (s.p == NULL)
		return s;
	if (from > s.len)
		from = s.len;
	if (len > s.len - from)
		len = s.len - from;
	return (struct str){s.p + from, len};
}

bool
str_cut(struct str *rest, char sep, struct str *part)
{
	ptrdiff_t at;

	if (rest->p == NULL)
		return false;
	at = str_chr(*rest, sep);
	if (at < 0) {
		*part = *rest;
		*rest = STR_NONE;
		return true;
	}
	*part = str_sub(*rest, 0, (size_t)at);
	*rest = str_sub(*rest, (size_t)at + 1, rest->len);
	return true;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	size_t from = 0, to = s.len;

	while (from < to && is_blank(s.p[from]))
		from++;
	while (to > from && is_blank(s.p[to - 1]))
		to--;
	return str_sub(s, from, to - from);
}

char *
str_c(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.len + 1);

	if (s.len > 0)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

struct str
str_dup(struct arena *a, struct str s)
{
	if (s.p == NULL)
		return s;
	return (struct str){str_c(a, s), s.len};
}

int
str_i64(struct str s, int64_t *out)
{
	bool negative = s.len > 0 && s.p[0] == '-';
	uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0);
	uint64_t v = 0;

	s = str_sub(s, negative ? 1 : 0, s.len);
	if (s.len == 0)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		unsigned digit = (unsigned)s.p[i] - '0';

		if (digit > 9 || v > (limit - digit) / 10)
			return -1;
		v = v * 10 + digit;
	}
	*out = (int64_t)(negative ? -v : v);
	return 0;
}

/* eight bytes a step, multiply and fold; for tables whose keys are ours, it
 * does not withstand somebody who chooses the keys */
uint64_t
str_hash(struct str s)
{
	const uint64_t k = 0x9e3779b97f4a7c15u;
	uint64_t h = s.len * k, word;
	size_t i = 0;

	for (; i + 8 <= s.len; i += 8) {
		memcpy(&word, s.p + i, 8);
		h = (h ^ word) * k;
		h ^= h >> 29;
	}
	word = 0;
	for (size_t shift = 0; i < s.len; i++, shift += 8)
		word |= (uint64_t)(unsigned char)s.p[i] << shift;
	h = (h ^ word) * k;
	h ^= h >> 32;
	h *= k;
	return h ^ h >> 29;
}
