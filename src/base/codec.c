/* Strict decoders: one text for one value, so that nothing passes a check in
 * one spelling and is used in another. */
#include "base/codec.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* 0 to 15, or -1 */
static int
read_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* two hex digits, or -1 */
static int
read_byte(const char *p)
{
	int high = read_hex(p[0]), low = read_hex(p[1]);

	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int
percent_decode(
    struct arena *a, struct str s, bool plus_is_space, struct str *out)
{
	size_t n = 0;
	char *p;
	int byte;

	if (str_chr(s, '%') < 0 && (!plus_is_space || str_chr(s, '+') < 0)) {
		*out = s;
		return 0;
	}
	p = arena_alloc(a, s.len);
	for (size_t i = 0; i < s.len; i++) {
		p[n] = s.p[i];
		if (s.p[i] == '+' && plus_is_space)
			p[n] = ' ';
		if (s.p[i] == '%') {
			byte = s.len - i < 3 ? -1 : read_byte(s.p + i + 1);
			if (byte < 0)
				return -1;
			p[n] = (char)byte;
			i += 2;
		}
		n++;
	}
	*out = (struct str){p, n};
	return 0;
}

static void
add_base64(struct buf *b, struct str s, const char *digits, bool pad)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.len; i += 3) {
		size_t have = s.len - i < 3 ? s.len - i : 3;
		unsigned v = (unsigned)p[i] << 16;
		char text[4];

		if (have > 1)
			v |= (unsigned)p[i + 1] << 8;
		if (have > 2)
			v |= p[i + 2];
		text[0] = digits[v >> 18];
		text[1] = digits[v >> 12 & 63];
		text[2] = have > 1 ? digits[v >> 6 & 63] : '=';
		text[3] = have > 2 ? digits[v & 63] : '=';
		buf_add(b, text, pad ? 4 : have + 1);
	}
}

void
buf_base64(struct buf *b, struct str bytes)
{
	add_base64(b, bytes, alphabet, true);
}

void
buf_base64url(struct buf *b, struct str bytes)
{
	add_base64(b, bytes, url_alphabet, false);
}

void
buf_hex(struct buf *b, struct str bytes)
{
	char *w = buf_room(b, 2 * bytes.len);

	if (w == NULL)
		return;
	for (size_t i = 0; i < bytes.len; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		w[2 * i] = "0123456789abcdef"[c >> 4];
		w[2 * i + 1] = "0123456789abcdef"[c & 15];
	}
	buf_grew(b, 2 * bytes.len);
}

/* 0 to 63, or -1 */
static int
read_digit(char c, const char *digits)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == digits[62])
		return 62;
	return c == digits[63] ? 63 : -1;
}

/* s without padding */
static int
decode_base64(
    struct arena *a, struct str s, const char *digits, struct str *out)
{
	size_t n = 0;
	unsigned v = 0, bits = 0;
	char *p;

	if (s.len % 4 == 1)
		return -1;
	p = arena_alloc(a, s.len / 4 * 3 + 3);
	for (size_t i = 0; i < s.len; i++) {
		int digit = read_digit(s.p[i], digits);

		if (digit < 0)
			return -1;
		v = v << 6 | (unsigned)digit;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[n++] = (char)(v >> bits);
			v &= (1u << bits) - 1;
		}
	}
	*out = (struct str){p, n};
	return v == 0 ? 0 : -1;
}

int
base64_decode(struct arena *a, struct str s, struct str *out)
{
	size_t pad = 0;

	if (s.len % 4 != 0)
		return -1;
	while (pad < 2 && pad < s.len && s.p[s.len - 1 - pad] == '=')
		pad++;
	return decode_base64(a, str_sub(s, 0, s.len - pad), alphabet, out);
}

int
base64url_decode(struct arena *a, struct str s, struct str *out)
{
	return decode_base64(a, s, url_alphabet, out);
}

int
hex_decode(struct arena *a, struct str s, struct str *out)
{
	char *p;
	int byte;

	if (s.len % 2 != 0)
		return -1;
	p = arena_alloc(a, s.len / 2);
	for (size_t i = 0; i < s.len; i += 2) {
		byte = read_byte(s.p + i);
		if (byte < 0)
			return -1;
		p[i / 2] = (char)byte;
	}
	*out = (struct str){p, s.len / 2};
	return 0;
}
