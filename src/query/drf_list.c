/*
 * The punctuation of the native dialect: comma lists, quotes, parentheses.  A
 * quote opens only at the beginning of a word, so that 5" is a value like any
 * other; inside quotes two of them are one.
 */
#include "query/drf_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

/* of one list (SECURITY 3) */
#define VALUES_MAX 1000

static bool
opens_quote(struct str s, size_t i)
{
	return s.p[i] == '"' &&
	       (i == 0 || strchr(" =,;:.-!([{", s.p[i - 1]) != NULL);
}

/* behind the quote that closes the one at s[i], or s.len + 1 */
static size_t
skip_quoted(struct str s, size_t i)
{
	for (i++; i < s.len; i++) {
		if (s.p[i] != '"')
			continue;
		if (i + 1 == s.len || s.p[i + 1] != '"')
			return i + 1;
		i++;
	}
	return s.len + 1;
}

/* where c stands outside quotes and parentheses, else s.len; s.len + 1 when
 * these are not whole */
static size_t
find_outside(struct str s, char c)
{
	size_t depth = 0, i = 0;

	while (i < s.len) {
		if (depth == 0 && s.p[i] == c)
			return i;
		if (opens_quote(s, i)) {
			i = skip_quoted(s, i);
			continue;
		}
		if (s.p[i] == ')' && depth == 0)
			return s.len + 1;
		depth += s.p[i] == '(';
		depth -= s.p[i] == ')';
		i++;
	}
	return depth > 0 ? s.len + 1 : i;
}

int
drf_part(struct str *rest, char sep, struct str *part)
{
	size_t end;

	if (rest->p == NULL)
		return 0;
	end = find_outside(*rest, sep);
	if (end > rest->len)
		return -1;
	*part = str_sub(*rest, 0, end);
	*rest = end < rest->len ? str_sub(*rest, end + 1, rest->len) : STR_NONE;
	return 1;
}

size_t
drf_count(struct str list, char sep)
{
	size_t n = 1;

	for (size_t i = 0; i < list.len; i++)
		n += list.p[i] == sep;
	return n;
}

ptrdiff_t
drf_find(struct str s, char c)
{
	size_t i = find_outside(s, c);

	return i < s.len ? (ptrdiff_t)i : -1;
}

bool
drf_unquote(struct arena *a, struct str s, struct str *out)
{
	struct buf b;

	if (s.len < 2 || s.p[0] != '"' || skip_quoted(s, 0) != s.len)
		return false;
	buf_init(&b, a, s.len);
	for (size_t i = 1; i + 1 < s.len; i++) {
		buf_char(&b, s.p[i]);
		i += s.p[i] == '"';
	}
	*out = buf_view(&b);
	return true;
}

/* behind the quoted name that begins at s[i] and is followed by one of these,
 * or i: it is not quoted */
static size_t
quoted_name(struct str s, size_t i, const char *followers)
{
	size_t end;

	if (i >= s.len || s.p[i] != '"')
		return i;
	end = skip_quoted(s, i);
	if (end > s.len || (end < s.len && strchr(followers, s.p[end]) == NULL))
		return i;
	return end;
}

bool
drf_item(struct str *rest, struct str *item)
{
	size_t i = 0;

	if (rest->p == NULL)
		return false;
	while (i < rest->len && rest->p[i] == ' ')
		i++;
	i += i < rest->len && rest->p[i] == '-';
	i = quoted_name(*rest, i, ",.:_ ");
	while (i < rest->len && rest->p[i] != ',') {
		i++;
		if (rest->p[i - 1] == '.')
			i = quoted_name(*rest, i, ",.:_ ");
	}
	*item = str_trim(str_sub(*rest, 0, i));
	*rest = i < rest->len ? str_sub(*rest, i + 1, rest->len) : STR_NONE;
	return true;
}

/* how long the separator at s[i] is */
static size_t
separator_at(struct str s, size_t i)
{
	if (s.p[i] == '.')
		return 1;
	return s.p[i] == '_' && i + 1 < s.len && s.p[i + 1] == '_' ? 2 : 0;
}

/* how long the name at the head of s is; its separator does not count */
static size_t
name_length(struct str s, bool *quoted)
{
	size_t i = quoted_name(s, 0, "._");

	*quoted = i > 0 && (i == s.len || separator_at(s, i) > 0);
	if (*quoted)
		return i;
	for (i = 1; i < s.len && separator_at(s, i) == 0;)
		i++;
	return i;
}

/* the names of a path some of which are quoted, joined by dots in text */
static void
read_quoted(struct arena *a, struct path *p, struct buf *text, struct str name)
{
	p->names = arena_array(a, struct str, name.len);
	while (name.len > 0) {
		bool quoted;
		size_t end = name_length(name, &quoted), from = text->len;
		struct str part = str_sub(name, 0, end);

		if (quoted)
			drf_unquote(a, part, &part);
		buf_str(text, part);
		p->names[p->nnames++] = str_sub(buf_view(text), from, part.len);
		if (end == name.len)
			break;
		buf_char(text, '.');
		name = str_sub(name, end + separator_at(name, end), name.len);
	}
}

static bool
has_quotes(struct str name)
{
	bool quoted = false;

	while (name.len > 0 && !quoted) {
		size_t end = name_length(name, &quoted);

		if (end == name.len)
			break;
		name = str_sub(name, end + separator_at(name, end), name.len);
	}
	return quoted;
}

int
drf_path(struct level *l, struct path *p, struct str blame, const char *before,
    struct str name, struct str behind)
{
	struct arena *a = l->d->arena;
	struct str text;
	struct buf b;
	size_t skip = strlen(before);

	*p = (struct path){0};
	/* room enough that it never moves: the names are views into it */
	buf_init(&b, a, skip + name.len + behind.len + 1);
	buf_room(&b, skip + name.len + behind.len);
	buf_cstr(&b, before);
	if (has_quotes(name)) {
		read_quoted(a, p, &b, name);
		buf_str(&b, behind);
	} else {
		buf_str(&b, name);
		buf_str(&b, behind);
		text = buf_view(&b);
		query_path(a, p, text, str_sub(text, skip, name.len));
	}
	p->text = buf_view(&b);
	if (p->nnames > PATH_MAX_NAMES)
		return drf_blame(
		    l, blame, ERR_LIMIT, "There are too many names in a path.");
	return 0;
}

static int
read_member(
    struct level *l, const struct param *of, struct str text, struct param *p)
{
	ptrdiff_t eq;

	while (text.len > 0 && text.p[0] == ' ')
		text = str_sub(text, 1, text.len);
	eq = drf_find(text, '=');
	if (eq < 0 && drf_needs_no_value(text)) {
		*p = (struct param){.name = text, .value = STR("")};
		return 0;
	}
	if (eq <= 0)
		return drf_refuse(
		    l, of, "Conditions are written name=value;name=value.");
	p->name = str_sub(text, 0, (size_t)eq);
	p->value = str_sub(text, (size_t)eq + 1, text.len);
	return 0;
}

int
drf_members(struct level *l, const struct param *of, struct str text,
    struct param **v, size_t *n)
{
	struct str rest = text, part;
	size_t max = l->d->limits->max_filters + PLAIN_MAX;
	size_t room = drf_count(text, ';');
	int got;

	*v = arena_array(l->d->arena, struct param, room < max ? room : max);
	*n = 0;
	while ((got = drf_part(&rest, ';', &part)) > 0) {
		if (*n == max)
			return drf_blame(l, of->name, ERR_LIMIT,
			    "There are too many conditions.");
		if (read_member(l, of, part, &(*v)[*n]) != 0)
			return -1;
		(*n)++;
	}
	return got == 0
		   ? 0
		   : drf_refuse(l, of, "A quote or parenthesis is not closed.");
}

/* the value at the head of rest; false: its quote is not closed */
static bool
take_value(struct arena *a, struct str *rest, struct str *value)
{
	size_t end = 0;

	if (rest->len > 0 && rest->p[0] == '"') {
		end = skip_quoted(*rest, 0);
		if (end > rest->len || (end < rest->len && rest->p[end] != ','))
			return false;
		drf_unquote(a, str_sub(*rest, 0, end), value);
	} else {
		while (end < rest->len && rest->p[end] != ',')
			end++;
		*value = str_sub(*rest, 0, end);
	}
	*rest = end < rest->len ? str_sub(*rest, end + 1, rest->len) : STR_NONE;
	return true;
}

int
drf_values(struct level *l, const struct param *p, struct value **v, size_t *n)
{
	struct str rest = p->value;
	size_t room = drf_count(p->value, ',');

	*v = arena_array(
	    l->d->arena, struct value, room < VALUES_MAX ? room : VALUES_MAX);
	*n = 0;
	while (rest.p != NULL) {
		if (*n == VALUES_MAX)
			return drf_blame(
			    l, p->name, ERR_LIMIT, "At most 1000 values.");
		if (!take_value(l->d->arena, &rest, &(*v)[(*n)++].text))
			return drf_refuse(
			    l, p, "A quoted value must end with its quote.");
	}
	return 0;
}
