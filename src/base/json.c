/*
 * Recursive descent with a depth limit.  Unescaped strings share one
 * allocation as long as the source: a string and its terminator never need
 * more room than the string with its quotes.
 */
#include "base/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/utf8.h"

/* up to here comparing all pairs of keys beats sorting them */
#define PAIRS_MAX 8

struct reader {
	const char *p, *end, *start;
	char *text; /* where the next unescaped string goes */
	unsigned depth;
	bool allow_twins;
	struct arena *arena;
	struct err *err;
};

static struct json *read_value(struct reader *);

/* returns NULL for the convenience of the caller */
static void *
refuse_at(struct reader *r, const char *at, const char *why)
{
	err_set(r->err, ERR_BAD_JSON, "At byte %zu: %s.",
	    (size_t)(at - r->start), why);
	return NULL;
}

static void *
refuse(struct reader *r, const char *why)
{
	return refuse_at(r, r->p, r->p < r->end ? why : "the text ends early");
}

static void
skip_space(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' ||
				    *r->p == '\r' || *r->p == '\t'))
		r->p++;
}

/* the next byte after white space; 0 at the end (a NUL is no token either) */
static char
peek(struct reader *r)
{
	skip_space(r);
	return r->p < r->end ? *r->p : '\0';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
skip_digits(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && is_digit(*r->p))
		r->p++;
	return r->p > from;
}

static bool
skip_one(struct reader *r, char a, char b)
{
	if (r->p == r->end || (*r->p != a && *r->p != b))
		return false;
	r->p++;
	return true;
}

static bool
skip_number(struct reader *r)
{
	skip_one(r, '-', '-');
	if (!skip_one(r, '0', '0') && !skip_digits(r))
		return false;
	if (skip_one(r, '.', '.') && !skip_digits(r))
		return false;
	if (skip_one(r, 'e', 'E')) {
		skip_one(r, '+', '-');
		return skip_digits(r);
	}
	return true;
}

/* four hex digits at p, or -1 */
static long
read_u16(const struct reader *r, const char *p)
{
	long v = 0;

	if (r->end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];

		if (is_digit(c))
			v = v << 4 | (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v << 4 | (c - 'A' + 10);
		else
			return -1;
	}
	return v;
}

/* after "\u"; the escape begins at r->p - 2 */
static bool
read_unicode(struct reader *r)
{
	const char *at = r->p - 2;
	long c = read_u16(r, r->p), low;

	if (c < 0)
		return refuse(r, "a bad \\u escape");
	r->p += 4;
	if (c == 0)
		return refuse_at(r, at, "U+0000 cannot be stored");
	if (c >= 0xd800 && c <= 0xdfff) {
		low = -1;
		if (r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u')
			low = read_u16(r, r->p + 2);
		if (c > 0xdbff || low < 0xdc00 || low > 0xdfff)
			return refuse_at(r, at, "half of a surrogate pair");
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		r->p += 6;
	}
	r->text += utf8_encode(r->text, (uint32_t)c);
	return true;
}

/* after the backslash */
static bool
read_escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	if (r->p == r->end)
		return refuse(r, "");
	if (*r->p == 'u') {
		r->p++;
		return read_unicode(r);
	}
	at = memchr(from, *r->p, sizeof(from) - 1);
	if (at == NULL)
		return refuse(r, "a bad escape");
	*r->text++ = to[at - from];
	r->p++;
	return true;
}

/* bytes of a string that stand for themselves */
static void
copy_plain(struct reader *r)
{
	const char *from = r->p;
	size_t n;

	while (r->p < r->end && *r->p != '"' && *r->p != '\\' &&
	       (unsigned char)*r->p >= 0x20)
		r->p++;
	n = (size_t)(r->p - from);
	memcpy(r->text, from, n);
	r->text += n;
}

/* at the opening quote */
static bool
read_string(struct reader *r, struct str *out)
{
	const char *text = r->text;

	r->p++;
	for (;;) {
		copy_plain(r);
		if (r->p == r->end)
			return refuse(r, "");
		if (*r->p == '"')
			break;
		if (*r->p != '\\')
			return refuse(r, "a control character in a string");
		r->p++;
		if (!read_escape(r))
			return false;
	}
	r->p++;
	*out = (struct str){text, (size_t)(r->text - text)};
	*r->text++ = '\0';
	return true;
}

static int
compare_keys(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return str_cmp((*x)->key, (*y)->key);
}

static const struct json *
find_twin_by_pairs(const struct json *object)
{
	for (const struct json *a = object->child; a != NULL; a = a->next)
		for (const struct json *b = a->next; b != NULL; b = b->next)
			if (str_eq(a->key, b->key))
				return b;
	return NULL;
}

static const struct json *
find_twin_by_sorting(struct arena *a, const struct json *object)
{
	const struct json **v = arena_array(a, const struct json *, object->n);
	size_t n = 0;

	for (const struct json *m = object->child; m != NULL; m = m->next)
		v[n++] = m;
	qsort(v, n, sizeof(*v), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (str_eq(v[i - 1]->key, v[i]->key))
			return v[i]->src.p > v[i - 1]->src.p ? v[i] : v[i - 1];
	return NULL;
}

static const struct json *
find_twin(struct arena *a, const struct json *object)
{
	return object->n <= PAIRS_MAX ? find_twin_by_pairs(object)
				      : find_twin_by_sorting(a, object);
}

static bool
check_twins(struct reader *r, struct json *object)
{
	object->twin = find_twin(r->arena, object);
	if (object->twin == NULL || r->allow_twins)
		return true;
	return refuse_at(
	    r, object->twin->src.p, "a name that was there before");
}

/* one element, or a name and its value */
static struct json *
read_member(struct reader *r, enum json_kind kind)
{
	struct str key = STR_NONE;
	struct json *m;

	if (kind == JSON_OBJECT) {
		if (peek(r) != '"')
			return refuse(r, "a name in quotes is expected");
		if (!read_string(r, &key))
			return NULL;
		if (peek(r) != ':')
			return refuse(r, "a colon is expected");
		r->p++;
	}
	m = read_value(r);
	if (m != NULL)
		m->key = key;
	return m;
}

static bool
read_members(struct reader *r, struct json *j, char close)
{
	struct json **tail = &j->child;

	r->p++;
	if (peek(r) == close) {
		r->p++;
		return true;
	}
	for (;;) {
		*tail = read_member(r, j->kind);
		if (*tail == NULL)
			return false;
		tail = &(*tail)->next;
		j->n++;
		if (peek(r) == close)
			break;
		if (peek(r) != ',')
			return refuse(r, "a comma or the end is expected");
		r->p++;
	}
	r->p++;
	return j->kind == JSON_ARRAY || check_twins(r, j);
}

static bool
read_container(struct reader *r, struct json *j, char close)
{
	bool fine;

	if (r->depth == JSON_DEPTH_MAX)
		return refuse(r, "the nesting is too deep");
	r->depth++;
	fine = read_members(r, j, close);
	r->depth--;
	return fine;
}

static bool
read_word(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0)
		return refuse(r, "an unknown word");
	r->p += n;
	return true;
}

/* fills kind and what belongs to it */
static bool
read_kind(struct reader *r, struct json *j, char c)
{
	switch (c) {
	case '{':
		j->kind = JSON_OBJECT;
		return read_container(r, j, '}');
	case '[':
		j->kind = JSON_ARRAY;
		return read_container(r, j, ']');
	case '"':
		j->kind = JSON_STRING;
		return read_string(r, &j->text);
	case 'n':
		j->kind = JSON_NULL;
		return read_word(r, "null");
	case 't':
		j->kind = JSON_TRUE;
		return read_word(r, "true");
	case 'f':
		j->kind = JSON_FALSE;
		return read_word(r, "false");
	default:
		break;
	}
	if (c != '-' && !is_digit(c))
		return refuse(r, "a value is expected");
	j->kind = JSON_NUMBER;
	return skip_number(r) || refuse(r, "a bad number");
}

static struct json *
read_value(struct reader *r)
{
	struct json *j = arena_make(r->arena, struct json);
	char c = peek(r);

	j->src.p = r->p;
	if (!read_kind(r, j, c))
		return NULL;
	j->src.len = (size_t)(r->p - j->src.p);
	return j;
}

static struct json *
parse(struct arena *a, struct str text, bool allow_twins, struct err *err)
{
	const char *p = text.p == NULL ? "" : text.p;
	struct reader r = {.p = p,
	    .start = p,
	    .end = p + text.len,
	    .allow_twins = allow_twins,
	    .arena = a,
	    .err = err};
	struct json *j;
	size_t good;

	good = utf8_span(text);
	if (good < text.len)
		return refuse_at(&r, p + good, "the text is not UTF-8");
	if (str_starts(text, STR("\xef\xbb\xbf")))
		return refuse(&r, "a byte order mark is not allowed");
	r.text = arena_alloc(a, text.len + 1);
	j = read_value(&r);
	if (j == NULL)
		return NULL;
	skip_space(&r);
	return r.p == r.end ? j : refuse(&r, "nothing more is expected");
}

struct json *
json_parse(struct arena *a, struct str text, struct err *err)
{
	return parse(a, text, false, err);
}

struct json *
json_parse_row(struct arena *a, struct str text, struct err *err)
{
	return parse(a, text, true, err);
}

struct json *
json_make_text(struct arena *a, struct str key, struct str text)
{
	struct json *j = arena_make(a, struct json);

	j->kind = JSON_STRING;
	j->key = key;
	j->text = (struct str){str_c(a, text), text.len};
	return j;
}

struct json *
json_make(
    struct arena *a, enum json_kind kind, struct json *const *members, size_t n)
{
	struct json *j = arena_make(a, struct json);
	struct json **tail = &j->child;

	j->kind = kind;
	j->n = n;
	for (size_t i = 0; i < n; i++) {
		*tail = members[i];
		tail = &members[i]->next;
	}
	if (kind == JSON_OBJECT)
		j->twin = find_twin(a, j);
	return j;
}

const struct json *
json_get(const struct json *j, struct str key)
{
	if (j->kind != JSON_OBJECT)
		return NULL;
	for (const struct json *m = j->child; m != NULL; m = m->next)
		if (str_eq(m->key, key))
			return m;
	return NULL;
}

void
json_write(struct buf *b, const struct json *j)
{
	bool is_object = j->kind == JSON_OBJECT;

	if (j->kind == JSON_STRING) {
		buf_json(b, j->text);
		return;
	}
	if (j->kind < JSON_ARRAY) {
		buf_str(b, j->src);
		return;
	}
	buf_char(b, is_object ? '{' : '[');
	for (const struct json *m = j->child; m != NULL; m = m->next) {
		if (m != j->child)
			buf_char(b, ',');
		if (is_object) {
			buf_json(b, m->key);
			buf_char(b, ':');
		}
		json_write(b, m);
	}
	buf_char(b, is_object ? '}' : ']');
}

const char *
json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
	    [JSON_NULL] = "null",
	    [JSON_FALSE] = "boolean",
	    [JSON_TRUE] = "boolean",
	    [JSON_NUMBER] = "number",
	    [JSON_STRING] = "string",
	    [JSON_ARRAY] = "array",
	    [JSON_OBJECT] = "object",
	};

	return names[kind];
}
