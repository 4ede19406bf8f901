/*
 * Ranges are written as PostgreSQL writes them, "[2026-01-01,2026-02-01)".
 * The bounds of the built-in types are held to the grammar of their element,
 * or "now" and a dropped zone would come in by this door.
 */
#include "query/query_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/escape.h"
#include "schema/schema.h"

#define NOT_A_RANGE "Must be a valid range."

static const struct {
	const char *range, *multirange;
	enum type_class element;
} builtin[] = {
    {"int4range", "int4multirange", TYPE_INT4},
    {"int8range", "int8multirange", TYPE_INT8},
    {"numrange", "nummultirange", TYPE_NUMERIC},
    {"daterange", "datemultirange", TYPE_DATE},
    {"tsrange", "tsmultirange", TYPE_TIMESTAMP},
    {"tstzrange", "tstzmultirange", TYPE_TIMESTAMPTZ},
};

/* one bound up to its delimiter; doubled quotes and backslashes undone */
static bool
take_bound(struct str *rest, struct buf *out, bool *present)
{
	bool quoted = false;

	buf_clear(out);
	*present = false;
	while (rest->len > 0) {
		char c = rest->p[0];

		if (!quoted && (c == ',' || c == ')' || c == ']'))
			return true;
		*rest = str_sub(*rest, 1, rest->len);
		*present = true;
		if (c == '\\' || (c == '"' && quoted && rest->len > 0 &&
				     rest->p[0] == '"')) {
			if (rest->len == 0)
				return false;
			buf_char(out, rest->p[0]);
			*rest = str_sub(*rest, 1, rest->len);
		} else if (c == '"') {
			quoted = !quoted;
		} else {
			buf_char(out, c);
		}
	}
	return false;
}

static bool
take_one_of(struct str *rest, char a, char b)
{
	if (rest->len == 0 || (rest->p[0] != a && rest->p[0] != b))
		return false;
	*rest = str_sub(*rest, 1, rest->len);
	return true;
}

static const char *
check_bound(struct arena *a, enum type_class class, struct str text)
{
	struct type t = {.class = class,
	    .base_schema = STR("pg_catalog"),
	    .base_name = STR("")};
	struct str out;

	return value_match(a, &t, text, &out);
}

static const char *
check_range(struct arena *a, enum type_class class, struct str *rest)
{
	const char *wrong;
	struct buf bound;
	bool present;

	if (str_starts(*rest, STR("empty"))) {
		*rest = str_sub(*rest, 5, rest->len);
		return NULL;
	}
	buf_init(&bound, a, rest->len);
	if (!take_one_of(rest, '[', '('))
		return NOT_A_RANGE;
	for (int i = 0; i < 2; i++) {
		if (!take_bound(rest, &bound, &present) ||
		    !take_one_of(rest, i == 0 ? ',' : ')', i == 0 ? ',' : ']'))
			return NOT_A_RANGE;
		wrong =
		    present ? check_bound(a, class, buf_view(&bound)) : NULL;
		if (wrong != NULL)
			return wrong;
	}
	return NULL;
}

static const char *
check_multirange(struct arena *a, enum type_class class, struct str rest)
{
	if (!take_one_of(&rest, '{', '{'))
		return NOT_A_RANGE;
	if (str_eq_c(rest, "}"))
		return NULL;
	do {
		const char *wrong = check_range(a, class, &rest);

		if (wrong != NULL)
			return wrong;
	} while (take_one_of(&rest, ',', ','));
	return str_eq_c(rest, "}") ? NULL : NOT_A_RANGE;
}

const char *
value_range(struct arena *a, const struct type *t, struct str text)
{
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
		const char *wrong;

		if (value_is_builtin(t, builtin[i].multirange))
			return check_multirange(a, builtin[i].element, text);
		if (!value_is_builtin(t, builtin[i].range))
			continue;
		wrong = check_range(a, builtin[i].element, &text);
		return wrong == NULL && text.len > 0 ? NOT_A_RANGE : wrong;
	}
	return NULL; /* a range of the user's: the database judges */
}

static bool
is_bound_by(struct str text, const char *brackets)
{
	return text.len > 0 && strchr(brackets, text.p[0]) != NULL;
}

/* [value,value], quoted as it may hold anything */
static struct str
make_span(struct arena *a, struct str value, bool multirange)
{
	struct buf b;

	buf_init(&b, a, 4 * value.len + 16);
	buf_cstr(&b, multirange ? "{[" : "[");
	for (int bound = 0; bound < 2; bound++) {
		if (bound > 0)
			buf_char(&b, ',');
		buf_element(&b, value);
	}
	buf_cstr(&b, multirange ? "]}" : "]");
	return buf_view(&b);
}

const char *
value_span(
    struct arena *a, const struct type *t, struct str text, struct str *out)
{
	bool range = false, multirange = false;

	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
		range = range || value_is_builtin(t, builtin[i].range);
		multirange =
		    multirange || value_is_builtin(t, builtin[i].multirange);
	}
	if ((range && !is_bound_by(text, "[(") && !str_eq_c(text, "empty")) ||
	    (multirange && !is_bound_by(text, "{[(")))
		text = make_span(a, text, multirange);
	else if (multirange && text.p[0] != '{')
		text = str_from(arena_printf(a, "{%.*s}", STR_ARGS(text)));
	return value_match(a, t, text, out);
}
