/*
 * Escaping.  All of these look for the next byte that needs something and
 * append the run before it in one piece; buf_json, which every text cell of a
 * list passes, looks at eight bytes at a time.
 */
#include "base/escape.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

#define LOG_VALUE_MAX 1024

static const char hex_digits[] = "0123456789abcdef";

#define EVERY(byte) (0x0101010101010101u * (byte))

/* nonzero exactly when a byte of w is below 0x20, a quote or a backslash.
 * The subtractions may borrow into a higher byte only from a byte that is
 * itself a hit, so "none" is exact */
static uint64_t
find_special(uint64_t w)
{
	uint64_t quote = w ^ EVERY('"'), slash = w ^ EVERY('\\');

	return (((w - EVERY(0x20)) & ~w) | ((quote - EVERY(1)) & ~quote) |
		   ((slash - EVERY(1)) & ~slash)) &
	       EVERY(0x80);
}

static bool
is_special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

/* where the next byte that needs an escape is, from i on; or the end */
static inline size_t
find_json_run(struct str s, size_t i)
{
	uint64_t w;

	for (; i + 8 <= s.len; i += 8) {
		memcpy(&w, s.p + i, 8);
		if (find_special(w) != 0)
			break;
	}
	if (i + 8 > s.len && s.len >= 8) {
		/* the last word again, so that a short rest is one step */
		memcpy(&w, s.p + s.len - 8, 8);
		if (find_special(w) == 0)
			return s.len;
	}
	while (i < s.len && !is_special((unsigned char)s.p[i]))
		i++;
	return i;
}

static void
add_json_escape(struct buf *b, unsigned char c)
{
	char text[6] = {
	    '\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
	static const char short_form[0x20] = {
	    ['\b'] = 'b',
	    ['\f'] = 'f',
	    ['\n'] = 'n',
	    ['\r'] = 'r',
	    ['\t'] = 't',
	};

	if (c == '"' || c == '\\')
		text[1] = (char)c;
	else if (short_form[c] != 0)
		text[1] = short_form[c];
	buf_add(b, text, text[1] == 'u' ? 6 : 2);
}

void
buf_json(struct buf *b, struct str s)
{
	size_t from = 0, run = find_json_run(s, 0);
	char *w;

	if (run == s.len) {
		w = buf_room(b, run + 2);
		if (w == NULL)
			return;
		w[0] = '"';
		if (run > 0)
			memcpy(w + 1, s.p, run);
		w[run + 1] = '"';
		buf_grew(b, run + 2);
		return;
	}
	buf_char(b, '"');
	for (;;) {
		buf_add(b, s.p + from, run - from);
		if (run == s.len)
			break;
		add_json_escape(b, (unsigned char)s.p[run]);
		from = run + 1;
		run = find_json_run(s, from);
	}
	buf_char(b, '"');
}

static bool
needs_csv_quotes(struct str s)
{
	if (s.len == 0 || s.p[0] == ' ' || s.p[s.len - 1] == ' ')
		return true;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\r' ||
		    s.p[i] == '\n')
			return true;
	return false;
}

void
buf_element(struct buf *b, struct str s)
{
	size_t from = 0;

	buf_char(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] != '"' && s.p[i] != '\\')
			continue;
		buf_add(b, s.p + from, i - from);
		buf_char(b, '\\');
		from = i;
	}
	buf_add(b, s.p + from, s.len - from);
	buf_char(b, '"');
}

void
buf_csv(struct buf *b, struct str s)
{
	struct str rest = s, part;
	bool first = true;

	if (!needs_csv_quotes(s)) {
		buf_str(b, s);
		return;
	}
	buf_char(b, '"');
	for (; str_cut(&rest, '"', &part); first = false) {
		if (!first)
			buf_lit(b, "\"\"");
		buf_str(b, part);
	}
	buf_char(b, '"');
}

static bool
is_unreserved(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

void
buf_url(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char text[3] = {'%', "0123456789ABCDEF"[c >> 4],
		    "0123456789ABCDEF"[c & 15]};

		if (is_unreserved(c))
			buf_char(b, (char)c);
		else
			buf_add(b, text, 3);
	}
}

static const char *
name_entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
buf_html(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		const char *entity = name_entity(s.p[i]);

		if (entity != NULL)
			buf_cstr(b, entity);
		else
			buf_char(b, s.p[i]);
	}
}

static bool
is_bare_log(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return s.len > 0;
}

/* bytes at s that go into the log as they are, at least one character; 0 when
 * the first byte has to be escaped.  U+0080 to U+009F steer terminals too */
static size_t
keep_in_log(struct str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t n = utf8_char(s);

	if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
		return 0;
	if (c == 0xc2 && n == 2 && (unsigned char)s.p[1] < 0xa0)
		return 0;
	return n;
}

/* where to cut: not inside a character */
static size_t
cut_log_value(struct str s)
{
	size_t n = LOG_VALUE_MAX;

	if (s.len <= n)
		return s.len;
	for (size_t back = 0; back < 4; back++)
		if (((unsigned char)s.p[n - back] & 0xc0) != 0x80)
			return n - back;
	return n;
}

static void
add_log_byte(struct buf *b, unsigned char c)
{
	char text[4] = {'\\', 'x', hex_digits[c >> 4], hex_digits[c & 15]};

	if (c == '"' || c == '\\') {
		text[1] = (char)c;
		buf_add(b, text, 2);
	} else {
		buf_add(b, text, 4);
	}
}

void
buf_log(struct buf *b, struct str s)
{
	struct str rest = str_sub(s, 0, cut_log_value(s));
	bool whole = rest.len == s.len;

	if (whole && is_bare_log(s)) {
		buf_str(b, s);
		return;
	}
	buf_char(b, '"');
	while (rest.len > 0) {
		size_t n = keep_in_log(rest);

		if (n == 0)
			add_log_byte(b, (unsigned char)rest.p[0]);
		else
			buf_add(b, rest.p, n);
		rest = str_sub(rest, n == 0 ? 1 : n, rest.len);
	}
	if (!whole)
		buf_printf(b, "...[%zu bytes]", s.len);
	buf_char(b, '"');
}
