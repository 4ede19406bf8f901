/*
 * The kinds of parameters: how each is read from the file and shown again.
 * A value is shown in the largest unit that divides it, so that what was
 * shown can be read back.
 */
#include "conf/conf.h"
#include "conf/conf_priv.h"

#include "base/addr.h"
#include "base/arena.h"
#include "base/buf.h"

struct unit {
	const char *suffix;
	int64_t factor;
};

/* the largest first; in sizes the bare number, in times seconds are last
 * resort of reading: see parse_scaled */
static const struct unit size_units[] = {
    {"g", 1 << 30}, {"m", 1 << 20}, {"k", 1 << 10}, {"", 1}, {NULL, 0}};
static const struct unit time_units[] = {{"d", 86400000}, {"h", 3600000},
    {"min", 60000}, {"s", 1000}, {"ms", 1}, {"", 1000}, {NULL, 0}};

static int
parse_scaled(struct str text, const struct unit *units, int64_t *out)
{
	size_t digits = 0;
	struct str suffix;

	while (
	    digits < text.len && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	if (str_i64(str_sub(text, 0, digits), out) != 0)
		return -1;
	suffix = str_trim(str_sub(text, digits, text.len));
	for (; units->suffix != NULL; units++)
		if (str_case_eq(suffix, str_from(units->suffix)))
			return __builtin_mul_overflow(*out, units->factor, out)
				   ? -1
				   : 0;
	return -1;
}

static void
show_scaled(
    struct buf *b, int64_t v, const struct unit *units, const char *smallest)
{
	for (; v != 0 && units->suffix != NULL; units++)
		if (v % units->factor == 0) {
			buf_i64(b, v / units->factor);
			buf_cstr(b, units->suffix);
			return;
		}
	buf_i64(b, v);
	buf_cstr(b, smallest);
}

static const char *
check_bounds(struct arena *a, const struct conf_param *p, int64_t v,
    const struct unit *units)
{
	int64_t lo = 0, hi = 0;

	parse_scaled(str_from(p->lo), units, &lo);
	parse_scaled(str_from(p->hi), units, &hi);
	if (v >= lo && v <= hi)
		return NULL;
	return arena_printf(a, "must be from %s to %s", p->lo, p->hi);
}

static const char *
set_scaled(struct arena *a, const struct conf_param *p, struct str text,
    const struct unit *units, const char *form, int64_t *value)
{
	int64_t v;
	const char *wrong;

	if (parse_scaled(text, units, &v) != 0)
		return form;
	wrong = check_bounds(a, p, v, units);
	if (wrong == NULL)
		*value = v;
	return wrong;
}

static const char *
set_number(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	static const struct unit one[] = {{"", 1}, {NULL, 0}};

	return set_scaled(a, p, text, one, "must be a whole number", value);
}

static void
show_number(struct buf *b, const void *value)
{
	buf_i64(b, *(const conf_number *)value);
}

static const char *
set_size(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	return set_scaled(a, p, text, size_units,
	    "must be a number of bytes; k, m and g are understood", value);
}

static void
show_size(struct buf *b, const void *value)
{
	show_scaled(b, *(const conf_size *)value, size_units, "");
}

static const char *
set_time(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	return set_scaled(a, p, text, time_units,
	    "must be a time; ms, s, min, h and d are understood", value);
}

int
conf_time_parse(struct str text, int64_t *ms)
{
	return parse_scaled(text, time_units, ms);
}

static void
show_time(struct buf *b, const void *value)
{
	show_scaled(b, *(const conf_time *)value, time_units, "s");
}

static const char *
set_flag(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	(void)a;
	(void)p;
	if (!str_eq_c(text, "yes") && !str_eq_c(text, "no"))
		return "must be yes or no";
	*(conf_flag *)value = str_eq_c(text, "yes");
	return NULL;
}

static void
show_flag(struct buf *b, const void *value)
{
	buf_cstr(b, *(const conf_flag *)value ? "yes" : "no");
}

static const char *
set_choice(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	struct str rest = str_from(p->lo), word;

	while (conf_list_next(&rest, &word))
		if (str_eq(word, text)) {
			*(conf_choice *)value = str_c(a, text);
			return NULL;
		}
	return arena_printf(a, "must be one of: %s", p->lo);
}

/* nothing after the '=' is "not set" */
static const char *
set_text(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	struct str rest = text, item;

	while (p->lo[0] != '\0' && conf_list_next(&rest, &item))
		if (!conf_list_has(p->lo, item))
			return arena_printf(a, "has no \"%.*s\"; known: %s",
			    STR_ARGS(item), p->lo);
	*(conf_text *)value = text.len == 0 ? NULL : str_c(a, text);
	return NULL;
}

static void
show_text(struct buf *b, const void *value)
{
	const char *text = *(const conf_text *)value;

	buf_cstr(b, text == NULL ? "" : text);
}

static const char *
set_file(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	if (text.len > 0 && text.p[0] != '/')
		return "must be an absolute file name";
	return set_text(a, p, text, value);
}

/* ---- rates -------------------------------------------------------------- */

#define RATE_MAX        1000000
#define RATE_PERIOD_MAX (31 * 86400)

static const struct {
	const char *letter, *word;
	int64_t seconds;
} periods[] = {{"d", "day", 86400}, {"h", "hour", 3600}, {"m", "min", 60},
    {"m", "minute", 60}, {"s", "sec", 1}, {"s", "second", 1}};

/* "m", "min", "minute", "10m" */
static int
parse_period(struct str text, int64_t *seconds)
{
	size_t digits = 0;
	int64_t times = 1;

	while (
	    digits < text.len && text.p[digits] >= '0' && text.p[digits] <= '9')
		digits++;
	if (digits > 0 && str_i64(str_sub(text, 0, digits), &times) != 0)
		return -1;
	text = str_sub(text, digits, text.len);
	for (size_t i = 0; i < sizeof periods / sizeof *periods; i++)
		if (str_eq_c(text, periods[i].letter) ||
		    str_eq_c(text, periods[i].word))
			return __builtin_mul_overflow(
				   times, periods[i].seconds, seconds)
				   ? -1
				   : 0;
	return -1;
}

static const char *
set_rate(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	struct str rest = text, count;
	struct rate *r;

	(void)p;
	*(conf_rate *)value = NULL;
	if (text.len == 0)
		return NULL;
	r = arena_make(a, struct rate);
	str_cut(&rest, '/', &count);
	if (str_i64(count, &r->n) != 0 || rest.p == NULL ||
	    parse_period(rest, &r->period_s) != 0)
		return "must be a rate such as 1000/d; s, m, h and d are "
		       "understood, and 10m";
	if (r->n < 1 || r->n > RATE_MAX || r->period_s < 1 ||
	    r->period_s > RATE_PERIOD_MAX)
		return "must be from 1 to 1000000, in 1s to 31d";
	*(conf_rate *)value = r;
	return NULL;
}

static void
show_rate(struct buf *b, const void *value)
{
	const struct rate *r = *(const conf_rate *)value;
	size_t i = 0;

	if (r == NULL)
		return;
	while (r->period_s % periods[i].seconds != 0)
		i++;
	buf_i64(b, r->n);
	buf_char(b, '/');
	if (r->period_s != periods[i].seconds)
		buf_i64(b, r->period_s / periods[i].seconds);
	buf_cstr(b, periods[i].letter);
}

/* ---- networks ----------------------------------------------------------- */

static bool
add_net(struct nets *nets, struct str item)
{
	if (str_eq(item, STR("unix:"))) {
		nets->local = true;
		return true;
	}
	return net_parse(item, &nets->v[nets->n++]);
}

static const char *
set_nets(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	struct str rest = text, item;
	struct nets *nets;
	size_t n = 0;

	(void)p;
	*(conf_nets *)value = NULL;
	while (conf_list_next(&rest, &item))
		n++;
	if (n == 0)
		return NULL;
	nets = arena_make(a, struct nets);
	nets->text = str_c(a, text);
	nets->v = arena_array(a, struct net, n);
	for (rest = text; conf_list_next(&rest, &item);)
		if (!add_net(nets, item))
			return arena_printf(a,
			    "\"%.*s\" is no address, network or unix:",
			    STR_ARGS(item));
	*(conf_nets *)value = nets;
	return NULL;
}

static void
show_nets(struct buf *b, const void *value)
{
	const struct nets *nets = *(const conf_nets *)value;

	buf_cstr(b, nets == NULL ? "" : nets->text);
}

static const char *
set_pairs(
    struct arena *a, const struct conf_param *p, struct str text, void *value)
{
	(void)a;
	(void)p;
	(void)text;
	*(conf_pairs *)value = NULL;
	return NULL;
}

const struct conf_kind conf_kind_text = {"text", set_text, show_text};
const struct conf_kind conf_kind_file = {"file", set_file, show_text};
const struct conf_kind conf_kind_flag = {"flag", set_flag, show_flag};
const struct conf_kind conf_kind_number = {"number", set_number, show_number};
const struct conf_kind conf_kind_size = {"size", set_size, show_size};
const struct conf_kind conf_kind_time = {"time", set_time, show_time};
const struct conf_kind conf_kind_choice = {"choice", set_choice, show_text};
const struct conf_kind conf_kind_rate = {"rate", set_rate, show_rate};
const struct conf_kind conf_kind_nets = {"networks", set_nets, show_nets};
const struct conf_kind conf_kind_pairs = {"family", set_pairs, NULL};
