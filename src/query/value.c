/*
 * Text that is to become a value of a type.  PostgreSQL's own input functions
 * are generous ("now", " 12 ", "0x10", a zone dropped in silence); ours is the
 * grammar that the API promises, so a value means the same in any version of
 * the database.  What C cannot judge (inet, xml, geometric types, types of
 * extensions) passes and the database judges it.
 */
#include "query/query_priv.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"
#include "schema/schema.h"

#define DIMENSIONS_MAX 6

/* pg_config_manual.h: NAMEDATALEN - 1 */
#define NAME_BYTES_MAX 63
/* numeric.c: what an unconstrained numeric can hold */
#define NUMERIC_POWER_MAX 131071
#define NUMERIC_POWER_MIN (-16383)

#define NOT_A_NUMBER "A valid number is required."
#define NOT_AN_INT   "A valid integer is required."
#define OUT_OF_RANGE "The number is out of range."

/* a decimal number: which powers of ten its digits reach */
struct number {
	bool negative, zero, special;
	struct str digits; /* from the first to the last that is not 0 */
	int64_t high, low; /* powers of the first and last of them */
	int64_t power;     /* the exponent as written */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
count_digits(struct str s, size_t from)
{
	size_t i = from;

	while (i < s.len && is_digit(s.p[i]))
		i++;
	return i - from;
}

static bool
read_int(struct str s, int64_t *out)
{
	size_t sign = s.len > 0 && s.p[0] == '-';

	return count_digits(s, sign) > 0 &&
	       count_digits(s, sign) + sign == s.len && str_i64(s, out) == 0;
}

static const char *
check_int(struct arena *a, struct str s, int64_t low, int64_t high)
{
	size_t sign = s.len > 0 && s.p[0] == '-';
	int64_t n;

	if (count_digits(s, sign) == 0 || count_digits(s, sign) + sign != s.len)
		return NOT_AN_INT;
	if (!read_int(s, &n) || n < low || n > high)
		return arena_printf(a,
		    "Ensure this value is between %lld and %lld.",
		    (long long)low, (long long)high);
	return NULL;
}

/* a mantissa's digits without its point, as one text */
static int64_t
exponent(struct str s)
{
	int64_t n;

	if (s.len > 0 && s.p[0] == '+')
		s = str_sub(s, 1, s.len);
	if (!read_int(s, &n) || n > 1000000 || n < -1000000)
		return s.p[0] == '-' ? -1000000 : 1000000;
	return n;
}

/* the powers of a mantissa of n_int digits before its point */
static void
measure(struct arena *a, struct number *n, struct str mantissa, int64_t power)
{
	char *digits = arena_alloc(a, mantissa.len + 1);
	size_t len = 0, first = 0;
	int64_t n_int = str_chr(mantissa, '.');

	if (n_int < 0)
		n_int = (int64_t)mantissa.len;
	for (size_t i = 0; i < mantissa.len; i++)
		if (mantissa.p[i] != '.')
			digits[len++] = mantissa.p[i];
	while (len > 0 && digits[len - 1] == '0')
		len--;
	while (first < len && digits[first] == '0')
		first++;
	n->zero = first == len;
	n->power = power;
	n->digits = (struct str){digits + first, len - first};
	n->high = n_int - 1 - (int64_t)first + power;
	n->low = n_int - (int64_t)len + power;
}

/* -?digits[.digits][e[+-]digits], or one of the words that to_json writes */
static bool
read_number(struct arena *a, struct str s, struct number *n)
{
	size_t i, start, frac;
	int64_t power = 0;

	*n = (struct number){.special = true};
	if (str_eq_c(s, "NaN") || str_eq_c(s, "Infinity") ||
	    str_eq_c(s, "-Infinity"))
		return true;
	n->special = false;
	n->negative = s.len > 0 && s.p[0] == '-';
	start = i = n->negative;
	i += count_digits(s, i);
	if (i == start)
		return false;
	if (i < s.len && s.p[i] == '.') {
		frac = count_digits(s, i + 1);
		if (frac == 0)
			return false;
		i += 1 + frac;
	}
	if (i < s.len && (s.p[i] == 'e' || s.p[i] == 'E')) {
		size_t e = i + 1, sign;

		sign = e < s.len && (s.p[e] == '+' || s.p[e] == '-');
		if (count_digits(s, e + sign) == 0 ||
		    e + sign + count_digits(s, e + sign) != s.len)
			return false;
		power = exponent(str_sub(s, e, s.len));
	} else if (i != s.len) {
		return false;
	}
	measure(a, n, str_sub(s, start, i - start), power);
	return true;
}

static const char *
check_numeric(struct arena *a, struct str s)
{
	struct number n;

	if (!read_number(a, s, &n))
		return NOT_A_NUMBER;
	if (n.special)
		return NULL;
	if (n.zero ? n.power > -NUMERIC_POWER_MIN || n.power < NUMERIC_POWER_MIN
		   : n.high > NUMERIC_POWER_MAX || n.low < NUMERIC_POWER_MIN)
		return OUT_OF_RANGE;
	return NULL;
}

static const char *
check_float(struct arena *a, struct str s, bool single)
{
	struct number n;
	double d;

	if (!read_number(a, s, &n))
		return NOT_A_NUMBER;
	if (n.special)
		return NULL;
	errno = 0;
	d = single ? (double)strtof(str_c(a, s), NULL)
		   : strtod(str_c(a, s), NULL);
	if (errno == ERANGE && (d == 0 || isinf(d)))
		return OUT_OF_RANGE;
	return NULL;
}

/* what numeric(precision, scale) would round in silence or refuse */
static const char *
check_digits(struct arena *a, const struct type *t, struct str s)
{
	struct number n;

	if (t->precision == 0 || !read_number(a, s, &n) || n.zero)
		return NULL;
	if (n.special)
		return str_eq_c(s, "NaN") ? NULL : OUT_OF_RANGE;
	if (n.low < -(int64_t)t->scale)
		return arena_printf(a,
		    "Ensure that there are no more than %d decimal places.",
		    t->scale);
	if (n.high >= (int64_t)t->precision - t->scale)
		return arena_printf(a,
		    "Ensure that there are no more than %d digits before the "
		    "decimal point.",
		    t->precision - t->scale);
	return NULL;
}

static const char *
check_bool(struct str s, struct str *out)
{
	static const char *const words[][2] = {{"true", "false"}, {"t", "f"},
	    {"yes", "no"}, {"y", "n"}, {"on", "off"}, {"1", "0"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (str_case_eq(s, str_from(words[i][0]))) {
			*out = STR("true");
			return NULL;
		}
		if (str_case_eq(s, str_from(words[i][1]))) {
			*out = STR("false");
			return NULL;
		}
	}
	return "Must be a valid boolean.";
}

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 32 hex digits; hyphens after any group of four, braces, and the URN form of
 * RFC 4122 are allowed as PostgreSQL allows them */
static const char *
check_uuid(struct arena *a, struct str s, struct str *out)
{
	static const char text[] = "Must be a valid UUID.";
	char hex[36];
	size_t n = 0, digits = 0;

	if (s.len > 9 && str_case_eq(str_sub(s, 0, 9), STR("urn:uuid:")))
		s = str_sub(s, 9, s.len);
	else if (s.len > 2 && s.p[0] == '{' && s.p[s.len - 1] == '}')
		s = str_sub(s, 1, s.len - 2);
	for (size_t i = 0; i < s.len; i++) {
		int v = hex_value(s.p[i]);

		if (s.p[i] == '-' && digits > 0 && digits < 32 &&
		    digits % 4 == 0 && s.p[i - 1] != '-')
			continue;
		if (v < 0 || digits == 32)
			return text;
		if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
			hex[n++] = '-';
		hex[n++] = "0123456789abcdef"[v];
		digits++;
	}
	if (digits != 32)
		return text;
	*out = (struct str){arena_memdup(a, hex, n), n};
	return NULL;
}

static const char *
check_bytea(struct arena *a, struct str s, struct str *out)
{
	struct str bytes;
	struct buf b;

	if (base64_decode(a, s, &bytes) != 0)
		return "Must be valid base64.";
	buf_init(&b, a, 2 + 2 * bytes.len);
	buf_lit(&b, "\\x");
	buf_hex(&b, bytes);
	*out = buf_view(&b);
	return NULL;
}

static const char *
check_enum(const struct type *t, struct str s)
{
	for (size_t i = 0; i < t->nlabels; i++)
		if (str_eq(t->labels[i], s))
			return NULL;
	return "Not a valid choice.";
}

static const char *
check_json(struct arena *a, struct str s)
{
	struct err e;

	err_init(&e, NULL);
	return json_parse_row(a, s, &e) != NULL ? NULL : "Must be valid JSON.";
}

bool
value_is_builtin(const struct type *t, const char *name)
{
	return str_eq_c(t->base_schema, "pg_catalog") &&
	       str_eq_c(t->base_name, name);
}

/* the types of pg_catalog that have no class of their own */
static const char *
check_builtin(struct arena *a, const struct type *t, struct str s)
{
	static const char *const ids[] = {"oid", "xid", "cid"};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (value_is_builtin(t, ids[i]))
			return check_int(a, s, 0, UINT32_MAX);
	return NULL;
}

/* deeper than PostgreSQL's MAXDIM, which is no fault of ours to it */
static bool
is_too_deep(struct str s)
{
	size_t depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.len && depth <= DIMENSIONS_MAX; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.p[i] == '{')
			depth++;
		else if (!quoted && s.p[i] == '}' && depth > 0)
			depth--;
	}
	return depth > DIMENSIONS_MAX;
}

/* an array, composite or hstore as JSON; else it is PostgreSQL's own form, in
 * which an array begins with a brace, a composite with a parenthesis */
static const char *
check_nested(
    struct arena *a, const struct type *t, struct str s, struct str *out)
{
	char begin = t->class == TYPE_ARRAY ? '[' : '{';
	struct json *j;
	struct err e;
	bool is_null;

	if (t->class == TYPE_ARRAY && is_too_deep(s))
		return "A list has at most six dimensions.";
	err_init(&e, NULL);
	if (s.len == 0 || s.p[0] != begin ||
	    (j = json_parse_row(a, s, &e)) == NULL)
		return NULL;
	return value_from_json(a, t, j, out, &is_null);
}

const char *
value_match(
    struct arena *a, const struct type *t, struct str s, struct str *out)
{
	struct moment m;

	*out = s;
	switch (t->class) {
	case TYPE_BOOL:
		return check_bool(s, out);
	case TYPE_INT2:
		return check_int(a, s, INT16_MIN, INT16_MAX);
	case TYPE_INT4:
		return check_int(a, s, INT32_MIN, INT32_MAX);
	case TYPE_INT8:
		return check_int(a, s, INT64_MIN, INT64_MAX);
	case TYPE_NUMERIC:
		return check_numeric(a, s);
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		return check_float(a, s, t->class == TYPE_FLOAT4);
	case TYPE_BYTEA:
		return check_bytea(a, s, out);
	case TYPE_DATE:
		return value_date(s, &m);
	case TYPE_TIME:
	case TYPE_TIMETZ:
		return value_time(s, t->class == TYPE_TIMETZ);
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMPTZ:
		return value_timestamp(s, t->class == TYPE_TIMESTAMPTZ, &m);
	case TYPE_INTERVAL:
		return value_interval(s);
	case TYPE_UUID:
		return check_uuid(a, s, out);
	case TYPE_JSON:
	case TYPE_JSONB:
		return check_json(a, s);
	case TYPE_ENUM:
		return check_enum(t, s);
	case TYPE_ARRAY:
	case TYPE_COMPOSITE:
		return check_nested(a, t, s, out);
	case TYPE_RANGE:
		return value_range(a, t, s);
	case TYPE_BUILTIN:
		return check_builtin(a, t, s);
	case TYPE_OTHER:
		return str_eq_c(t->base_name, "hstore")
			   ? check_nested(a, t, s, out)
			   : NULL;
	case TYPE_TEXT:
	case TYPE_CHAR:
		return NULL;
	}
	return NULL;
}

/* what PostgreSQL would cut off without a word, or refuse without a name */
static const char *
check_length(struct arena *a, const struct type *t, struct str s)
{
	if (value_is_builtin(t, "name") && s.len > NAME_BYTES_MAX)
		return arena_printf(a,
		    "Ensure this field has no more than %d bytes.",
		    NAME_BYTES_MAX);
	if (t->max_len > 0 && utf8_count(s) > (size_t)t->max_len)
		return arena_printf(a,
		    "Ensure this field has no more than %d characters.",
		    t->max_len);
	return NULL;
}

/* how many bits PostgreSQL makes of "0101", "b0101" or "x5" */
static size_t
count_bits(struct str s)
{
	if (s.len > 0 && (s.p[0] == 'b' || s.p[0] == 'B'))
		return s.len - 1;
	if (s.len > 0 && (s.p[0] == 'x' || s.p[0] == 'X'))
		return 4 * (s.len - 1);
	return s.len;
}

static const char *
check_bits(struct arena *a, const struct type *t, struct str s)
{
	size_t n = count_bits(s), max = (size_t)t->max_len;
	bool varying = value_is_builtin(t, "varbit");

	if (max == 0 || n == max || (varying && n < max))
		return NULL;
	return arena_printf(a, "Ensure this field has %s %zu bits.",
	    varying ? "no more than" : "exactly", max);
}

const char *
value_check(
    struct arena *a, const struct type *t, struct str s, struct str *out)
{
	const char *wrong = value_match(a, t, s, out);

	if (wrong != NULL)
		return wrong;
	if (t->class == TYPE_TEXT || t->class == TYPE_CHAR)
		return check_length(a, t, s);
	if (t->class == TYPE_NUMERIC)
		return check_digits(a, t, s);
	if (value_is_builtin(t, "bit") || value_is_builtin(t, "varbit"))
		return check_bits(a, t, s);
	if (value_is_builtin(t, "char") && s.len > 1 && s.p[0] != '\\')
		return "Ensure this field has no more than 1 characters.";
	return NULL;
}

static bool
equal_numbers(struct str x, struct str y)
{
	struct arena *a = arena_new();
	struct number n, m;
	bool same = false;

	if (read_number(a, x, &n) && read_number(a, y, &m)) {
		if (n.special || m.special)
			same = str_eq(x, y);
		else if (n.zero || m.zero)
			same = n.zero && m.zero;
		else
			same = n.negative == m.negative && n.high == m.high &&
			       str_eq(n.digits, m.digits);
	}
	arena_free(a);
	return same;
}

static bool
equal_moments(const struct type *t, struct str x, struct str y)
{
	struct moment m, n;
	bool zone = t->class == TYPE_TIMESTAMPTZ;

	if (t->class == TYPE_DATE) {
		if (value_date(x, &m) != NULL || value_date(y, &n) != NULL)
			return false;
	} else if (value_timestamp(x, zone, &m) != NULL ||
		   value_timestamp(y, zone, &n) != NULL) {
		return false;
	}
	return m.infinite == n.infinite && m.days == n.days &&
	       m.micros == n.micros;
}

bool
value_equal(const struct type *t, struct str x, struct str y)
{
	int64_t n, m;

	if (str_eq(x, y))
		return true;
	switch (t->class) {
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		return str_i64(x, &n) == 0 && str_i64(y, &m) == 0 && n == m;
	case TYPE_NUMERIC:
	case TYPE_FLOAT4:
	case TYPE_FLOAT8:
		return equal_numbers(x, y);
	case TYPE_DATE:
	case TYPE_TIMESTAMP:
	case TYPE_TIMESTAMPTZ:
		return equal_moments(t, x, y);
	case TYPE_BOOL:
	case TYPE_TEXT:
	case TYPE_CHAR:
	case TYPE_BYTEA:
	case TYPE_TIME:
	case TYPE_TIMETZ:
	case TYPE_INTERVAL:
	case TYPE_UUID:
	case TYPE_JSON:
	case TYPE_JSONB:
	case TYPE_ENUM:
	case TYPE_ARRAY:
	case TYPE_COMPOSITE:
	case TYPE_RANGE:
	case TYPE_BUILTIN:
	case TYPE_OTHER:
		return false;
	}
	return false;
}
