/*
 * Dates, times and durations: ISO 8601 and exactly what to_json writes, so
 * that what was read can be written back.  "now", "yesterday", "Jan 3" and a
 * zone where the column has none are refused although PostgreSQL would take
 * them.  Limits are PostgreSQL's (appendix "Date/Time Support").
 */
#include "query/query_priv.h"

#include <string.h>

#define DATE_FORMAT                                                            \
	"Date has wrong format. Use this format instead: YYYY-MM-DD."
#define TIME_FORMAT                                                            \
	"Time has wrong format. Use this format instead: hh:mm[:ss[.uuuuuu]]."
#define TIMETZ_FORMAT                                                          \
	"Time has wrong format. Use this format instead: "                     \
	"hh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
#define DATETIME_FORMAT                                                        \
	"Datetime has wrong format. Use this format instead: "                 \
	"YYYY-MM-DDThh:mm[:ss[.uuuuuu]]."
#define DATETIMETZ_FORMAT                                                      \
	"Datetime has wrong format. Use this format instead: "                 \
	"YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
#define DURATION_FORMAT                                                        \
	"Duration has wrong format. Use this format instead: PnYnMnDTnHnMnS."
#define NO_ZONE     "This column has no time zone; leave it out."
#define DATE_LIMITS "The date is out of range."

#define DAY_MICROS        INT64_C(86400000000)
#define DATE_YEAR_MAX     5874897
#define DATETIME_YEAR_MAX 294276
#define JULIAN_DAY_ZERO   (-2440588) /* 4714-11-24 BC */
#define ZONE_HOUR_MAX     15

struct scan {
	const char *p, *end;
};

static struct scan
scan_start(struct str s)
{
	return (struct scan){s.p, s.p + s.len};
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
take(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* between min and max digits; more is a mismatch */
static bool
take_number(struct scan *s, int min, int max, int64_t *out)
{
	int n = 0;

	*out = 0;
	while (s->p < s->end && is_digit(*s->p)) {
		if (++n > max)
			return false;
		*out = *out * 10 + (*s->p++ - '0');
	}
	return n >= min;
}

static bool
take_two(struct scan *s, int64_t max, int64_t *out)
{
	return take_number(s, 2, 2, out) && *out <= max;
}

static bool
is_leap(int64_t y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

static int64_t
days_in_month(int64_t y, int64_t m)
{
	static const int days[] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[m - 1] + (m == 2 && is_leap(y));
}

/* days since 1970-01-01 in the proleptic Gregorian calendar, where year 0 is
 * 1 BC.  Years begin in March, so that the leap day is the last one */
static int64_t
day_number(int64_t y, int64_t m, int64_t d)
{
	int64_t era, of_era, of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	of_era = y - era * 400;
	of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

/* YYYY-MM-DD; longer years have no leading zero */
static bool
take_date(struct scan *s, bool bc, int64_t *days, int64_t *year)
{
	const char *start = s->p;
	int64_t y, m, d;

	if (!take_number(s, 4, 7, &y) || y == 0 ||
	    (s->p - start > 4 && *start == '0'))
		return false;
	if (!take(s, '-') || !take_two(s, 12, &m) || m == 0 || !take(s, '-') ||
	    !take_two(s, 31, &d) || d == 0)
		return false;
	if (bc)
		y = 1 - y;
	if (d > days_in_month(y, m))
		return false;
	*days = day_number(y, m, d);
	*year = y;
	return true;
}

static bool
take_fraction(struct scan *s, int64_t *micros)
{
	const char *start;

	*micros = 0;
	if (!take(s, '.'))
		return true;
	start = s->p;
	if (!take_number(s, 1, 6, micros))
		return false;
	for (ptrdiff_t n = s->p - start; n < 6; n++)
		*micros *= 10;
	return true;
}

/* hh:mm[:ss[.uuuuuu]]; 24:00 is the end of a day where the type can say so */
static bool
take_time(struct scan *s, bool may_24, int64_t *micros)
{
	int64_t h, m, sec = 0, frac = 0;

	if (!take_two(s, may_24 ? 24 : 23, &h) || !take(s, ':') ||
	    !take_two(s, 59, &m))
		return false;
	if (take(s, ':') &&
	    (!take_two(s, 59, &sec) || !take_fraction(s, &frac)))
		return false;
	*micros = ((h * 60 + m) * 60 + sec) * 1000000 + frac;
	return *micros <= DAY_MICROS;
}

/* Z, +hh, +hhmm, +hh:mm, +hh:mm:ss */
static bool
take_zone(struct scan *s, int64_t *seconds)
{
	int64_t h, m = 0, sec = 0;
	const char *start;
	bool minus;

	*seconds = 0;
	if (take(s, 'Z'))
		return true;
	minus = take(s, '-');
	if (!minus && !take(s, '+'))
		return false;
	start = s->p;
	if (!take_number(s, 2, 4, &h) || s->p - start == 3)
		return false;
	if (s->p - start == 4) {
		m = h % 100;
		h /= 100;
	} else if (take(s, ':')) {
		if (!take_two(s, 59, &m) ||
		    (take(s, ':') && !take_two(s, 59, &sec)))
			return false;
	}
	if (h > ZONE_HOUR_MAX || m > 59)
		return false;
	*seconds = (h * 60 + m) * 60 + sec;
	if (minus)
		*seconds = -*seconds;
	return true;
}

static bool
read_infinity(struct str s, struct moment *m)
{
	*m = (struct moment){0};
	if (str_eq_c(s, "infinity"))
		m->infinite = 1;
	else if (str_eq_c(s, "-infinity"))
		m->infinite = -1;
	return m->infinite != 0;
}

static bool
cut_bc(struct str *s)
{
	if (!str_ends(*s, STR(" BC")))
		return false;
	s->len -= 3;
	return true;
}

const char *
value_date(struct str text, struct moment *m)
{
	bool bc = cut_bc(&text);
	struct scan s = scan_start(text);
	int64_t year;

	if (!bc && read_infinity(text, m))
		return NULL;
	*m = (struct moment){0};
	if (!take_date(&s, bc, &m->days, &year) || s.p != s.end)
		return DATE_FORMAT;
	if (m->days < JULIAN_DAY_ZERO || year > DATE_YEAR_MAX)
		return DATE_LIMITS;
	return NULL;
}

const char *
value_time(struct str text, bool zone)
{
	struct scan s = scan_start(text);
	int64_t micros, offset;

	if (!take_time(&s, true, &micros))
		return zone ? TIMETZ_FORMAT : TIME_FORMAT;
	if (s.p == s.end)
		return NULL;
	if (!take_zone(&s, &offset) || s.p != s.end)
		return zone ? TIMETZ_FORMAT : TIME_FORMAT;
	return zone ? NULL : NO_ZONE;
}

static void
shift(struct moment *m, int64_t seconds)
{
	m->micros -= seconds * 1000000;
	if (m->micros < 0) {
		m->micros += DAY_MICROS;
		m->days--;
	} else if (m->micros >= DAY_MICROS) {
		m->micros -= DAY_MICROS;
		m->days++;
	}
}

const char *
value_timestamp(struct str text, bool zone, struct moment *m)
{
	const char *format = zone ? DATETIMETZ_FORMAT : DATETIME_FORMAT;
	bool bc = cut_bc(&text), zoned = false;
	struct scan s = scan_start(text);
	int64_t year, offset = 0;

	if (!bc && read_infinity(text, m))
		return NULL;
	*m = (struct moment){0};
	if (!take_date(&s, bc, &m->days, &year))
		return format;
	if (s.p < s.end) {
		if ((!take(&s, 'T') && !take(&s, ' ')) ||
		    !take_time(&s, false, &m->micros))
			return format;
		zoned = s.p < s.end;
		if (zoned && (!take_zone(&s, &offset) || s.p != s.end))
			return format;
	}
	if (zoned && !zone)
		return NO_ZONE;
	shift(m, offset);
	if (m->days < JULIAN_DAY_ZERO ||
	    m->days > day_number(DATETIME_YEAR_MAX, 12, 31))
		return DATE_LIMITS;
	return NULL;
}

/* [+-]digits[.digits] */
static bool
take_amount(struct scan *s)
{
	int64_t n;

	if (!take(s, '-'))
		take(s, '+');
	if (!take_number(s, 1, 15, &n))
		return false;
	return !take(s, '.') || take_number(s, 1, 15, &n);
}

/* PnYnMnWnDTnHnMnS, at least one of them, in this order */
static bool
is_iso_duration(struct scan s)
{
	static const char units[] = "YMWDTHMS";
	size_t at = 0, n = 0;

	if (!take(&s, 'P'))
		return false;
	while (s.p < s.end) {
		const char *unit;

		if (at <= 4 && take(&s, 'T')) {
			at = 5;
			if (s.p == s.end)
				return false;
			continue;
		}
		if (!take_amount(&s) || s.p == s.end)
			return false;
		unit = memchr(units + at, *s.p, (at < 5 ? 4 : 8) - at);
		if (unit == NULL)
			return false;
		at = (size_t)(unit - units) + 1;
		s.p++;
		n++;
	}
	return n > 0;
}

/* [+-]h:mm[:ss[.uuuuuu]] with any number of hours */
static bool
take_clock(struct scan *s)
{
	int64_t n;

	if (!take(s, '-'))
		take(s, '+');
	if (!take_number(s, 1, 10, &n) || !take(s, ':') || !take_two(s, 59, &n))
		return false;
	return !take(s, ':') || (take_two(s, 59, &n) && take_fraction(s, &n));
}

static bool
take_unit(struct scan *s)
{
	static const char *const units[] = {"year", "mon", "month", "week",
	    "day", "hour", "min", "minute", "sec", "second"};
	struct str word = {s->p, 0};

	while (s->p < s->end && *s->p >= 'a' && *s->p <= 'z')
		s->p++;
	word.len = (size_t)(s->p - word.p);
	if (word.len > 1 && word.p[word.len - 1] == 's')
		word.len--;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (str_eq_c(word, units[i]))
			return true;
	return false;
}

/* PostgreSQL's own style: "1 year 2 mons -3 days 04:05:06.7" */
static bool
is_plain_duration(struct scan s)
{
	do {
		struct scan before = s;

		if (take_clock(&s))
			return s.p == s.end;
		s = before;
		if (!take_amount(&s) || !take(&s, ' ') || !take_unit(&s))
			return false;
		if (s.p == s.end)
			return true;
	} while (take(&s, ' '));
	return false;
}

const char *
value_interval(struct str text)
{
	struct moment m;

	if (read_infinity(text, &m)) /* PostgreSQL 17 has them */
		return NULL;
	if (is_iso_duration(scan_start(text)) ||
	    is_plain_duration(scan_start(text)))
		return NULL;
	return DURATION_FORMAT;
}
