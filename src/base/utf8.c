/* The lead byte tells the length and the range of the second byte (RFC 3629
 * section 4); the rest are plain continuation bytes. */
#include "base/utf8.h"

#include <string.h>

#define HIGH_BITS 0x8080808080808080u

/* length of the well-formed sequence at p, 0 when there is none */
static size_t
measure(const unsigned char *p, size_t left)
{
	unsigned char lead = p[0], low = 0x80, high = 0xbf;
	size_t n;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	n = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (left < n)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t
utf8_char(struct str s)
{
	return s.len == 0 ? 0 : measure((const unsigned char *)s.p, s.len);
}

size_t
utf8_span(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint64_t word;
	size_t i = 0, n;

	while (i < s.len) {
		if (i + 8 <= s.len) {
			memcpy(&word, p + i, 8);
			if ((word & HIGH_BITS) == 0) {
				i += 8;
				continue;
			}
		}
		n = measure(p + i, s.len - i);
		if (n == 0)
			break;
		i += n;
	}
	return i;
}

bool
utf8_valid(struct str s)
{
	return utf8_span(s) == s.len;
}

size_t
utf8_count(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

uint32_t
utf8_decode(struct str s)
{
	uint32_t c = (unsigned char)s.p[0];

	if (s.len > 1)
		c &= 0x7fu >> s.len;
	for (size_t i = 1; i < s.len; i++)
		c = c << 6 | ((unsigned char)s.p[i] & 0x3f);
	return c;
}

size_t
utf8_encode(char out[4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}
