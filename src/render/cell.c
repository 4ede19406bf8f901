/*
 * One cell, from PostgreSQL's text form in the session's fixed styles to the
 * bytes of its to_json (DateStyle ISO, bytea_output hex).
 * What bytea becomes differs on purpose: base64.
 */
#include "render/render.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/escape.h"

static void
add_quoted(struct buf *b, struct str s)
{
	char *w = buf_room(b, s.len + 2);

	if (w == NULL)
		return;
	w[0] = '"';
	memcpy(w + 1, s.p, s.len);
	w[s.len + 1] = '"';
	buf_grew(b, s.len + 2);
}

/* NaN and the infinities are strings */
static bool
is_number(struct str s)
{
	char c = s.p[s.len > 1 && s.p[0] == '-'];

	return c >= '0' && c <= '9';
}

/* behind the hours of "+02" or "-03:30"; the whole length without a zone */
static size_t
find_zone_end(struct str s, ptrdiff_t blank)
{
	ptrdiff_t i = (ptrdiff_t)s.len - 3;

	while (i > blank && s.p[i] != '+' && s.p[i] != '-')
		i--;
	return blank < 0 || i <= blank ? s.len : (size_t)i + 3;
}

/* "2026-01-31 08:00:00+00 BC" → "2026-01-31T08:00:00+00:00 BC"; the date may
 * be longer, minutes of the zone stay, an infinity has neither */
static void
add_timestamp(struct buf *b, struct str s, bool has_zone)
{
	ptrdiff_t blank = str_chr(s, ' ');
	size_t split = has_zone ? find_zone_end(s, blank) : s.len;
	size_t at = b->len;

	buf_str(b, str_sub(s, 0, split));
	if (blank >= 0 && (size_t)blank < split && b->len == at + split)
		b->p[at + (size_t)blank] = 'T';
	if (has_zone && blank >= 0 && (split == s.len || s.p[split] != ':'))
		buf_lit(b, ":00");
	buf_str(b, str_sub(s, split, s.len));
}

/* 0-9 and a-f; whatever else comes stays a small number */
static uint32_t
hex_value(unsigned char c)
{
	return (c & 15u) + 9u * (c >> 6);
}

/* \x… to base64, three bytes at a time and without a copy between */
static void
add_base64(struct buf *b, struct str hex)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = hex.p + 2;
	size_t n = hex.len < 2 ? 0 : (hex.len - 2) / 2, i, j;
	size_t out = (n + 2) / 3 * 4;
	char *w = buf_room(b, out);

	if (w == NULL)
		return;
	for (i = 0; i < n; i += 3) {
		uint32_t v = 0;

		for (j = 0; j < 3; j++, p += 2) {
			v <<= 8;
			if (i + j < n)
				v |= hex_value((unsigned char)p[0]) << 4 |
				     hex_value((unsigned char)p[1]);
		}
		*w++ = digits[v >> 18 & 63];
		*w++ = digits[v >> 12 & 63];
		*w++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*w++ = i + 2 < n ? digits[v & 63] : '=';
	}
	buf_grew(b, out);
}

/* line feeds become blanks, so that a row is one line; between tokens they
 * mean the same, and inside a JSON string they cannot stand */
static void
add_json(struct buf *b, struct str s)
{
	size_t at = b->len;
	char *p, *end;

	buf_str(b, s);
	if (b->len != at + s.len)
		return;
	end = b->p + b->len;
	for (p = b->p + at; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		*p = ' ';
}

void
cell_json(struct buf *b, enum cell cell, struct str s)
{
	if (s.p == NULL) {
		buf_lit(b, "null");
		return;
	}
	switch (cell) {
	case CELL_RAW:
		buf_str(b, s);
		return;
	case CELL_REAL:
		if (is_number(s))
			buf_str(b, s);
		else
			add_quoted(b, s);
		return;
	case CELL_BOOL:
		if (s.p[0] == 't')
			buf_lit(b, "true");
		else
			buf_lit(b, "false");
		return;
	case CELL_TEXT:
		buf_json(b, s);
		return;
	case CELL_QUOTED_RAW:
		add_quoted(b, s);
		return;
	case CELL_TIMESTAMP:
	case CELL_TIMESTAMPTZ:
		buf_char(b, '"');
		add_timestamp(b, s, cell == CELL_TIMESTAMPTZ);
		buf_char(b, '"');
		return;
	case CELL_BYTEA:
		buf_char(b, '"');
		add_base64(b, s);
		buf_char(b, '"');
		return;
	case CELL_JSON:
		add_json(b, s);
		return;
	}
}

/* the first characters that start a formula (SECURITY O1); behind apostrophes
 * of its own too, so that ours can be told from them when it comes back */
static bool
is_formula(struct str s)
{
	size_t i = 0;

	while (i < s.len && s.p[i] == '\'')
		i++;
	return i < s.len && s.p[i] != '\0' &&
	       strchr("=+-@\t\r", s.p[i]) != NULL;
}

static void
add_csv_text(struct buf *b, struct str s, bool guard)
{
	struct str rest = s, part;
	bool first = true;

	if (!guard || !is_formula(s)) {
		buf_csv(b, s);
		return;
	}
	buf_lit(b, "\"'");
	for (; str_cut(&rest, '"', &part); first = false) {
		if (!first)
			buf_lit(b, "\"\"");
		buf_str(b, part);
	}
	buf_char(b, '"');
}

/* nested JSON always has commas or quotes, so its field is written quoted */
static void
add_csv_json(struct buf *b, struct str s)
{
	size_t at = b->len, quotes = 0;
	char *p, *w;

	for (size_t i = 0; i < s.len; i++)
		quotes += s.p[i] == '"';
	if (!buf_reserve(b, s.len + quotes + 2))
		return;
	p = w = b->p + at;
	*w++ = '"';
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			*w++ = '"';
		*w++ = s.p[i] == '\n' ? ' ' : s.p[i];
	}
	*w++ = '"';
	buf_grew(b, (size_t)(w - p));
}

void
cell_csv(struct buf *b, enum cell cell, struct str s, bool guard)
{
	if (s.p == NULL)
		return;
	switch (cell) {
	case CELL_RAW:
	case CELL_REAL:
	case CELL_QUOTED_RAW:
		buf_str(b, s);
		return;
	case CELL_BOOL:
		cell_json(b, cell, s);
		return;
	case CELL_TEXT:
		add_csv_text(b, s, guard);
		return;
	case CELL_TIMESTAMP:
	case CELL_TIMESTAMPTZ:
		add_timestamp(b, s, cell == CELL_TIMESTAMPTZ);
		return;
	case CELL_BYTEA:
		if (s.len <= 2)
			buf_lit(b, "\"\"");
		else
			add_base64(b, s);
		return;
	case CELL_JSON:
		add_csv_json(b, s);
		return;
	}
}
