/*
 * Which format: by name, or by Accept (RFC 9110 12.5.1).  For each format the
 * most specific range that matches it gives its weight; the heaviest format
 * wins, on a tie the one that stands first in our list.  A part that cannot be
 * read says nothing.
 */
#include "render/render.h"

static const struct format *const formats[] = {
    &format_json, &format_ndjson, &format_csv};

#define NFORMATS (sizeof(formats) / sizeof(formats[0]))

const struct format *
format_by_name(struct str name)
{
	for (size_t i = 0; i < NFORMATS; i++)
		if (str_eq_c(name, formats[i]->name))
			return formats[i];
	return NULL;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* qvalue in thousandths, -1: not one */
static int
parse_weight(struct str s)
{
	int v;

	if (s.len == 0 || s.len > 5 || (s.p[0] != '0' && s.p[0] != '1') ||
	    (s.len > 1 && s.p[1] != '.'))
		return -1;
	v = (s.p[0] - '0') * 1000;
	for (size_t i = 2, unit = 100; i < s.len; i++, unit /= 10) {
		if (!is_digit(s.p[i]))
			return -1;
		v += (s.p[i] - '0') * (int)unit;
	}
	return v <= 1000 ? v : -1;
}

/* the weight among the parameters of one range; 1000 without one */
static int
find_weight(struct str params)
{
	struct str part, name;
	int weight = 1000;

	while (str_cut(&params, ';', &part)) {
		str_cut(&part, '=', &name);
		if (str_case_eq(str_trim(name), STR("q")))
			weight =
			    part.p == NULL ? -1 : parse_weight(str_trim(part));
	}
	return weight;
}

/* how closely the range names the media type: 3 exactly, 2 type/ *, 1 any
 * type, 0 not at all */
static int
match_range(struct str range, const char *media_type)
{
	struct str type = str_from(media_type);
	ptrdiff_t slash = str_chr(type, '/');

	if (str_eq_c(range, "*/*"))
		return 1;
	if (str_case_eq(range, type))
		return 3;
	if (str_ends(range, STR("/*")) && slash >= 0 &&
	    str_case_eq(str_sub(range, 0, range.len - 1),
		str_sub(type, 0, (size_t)slash + 1)))
		return 2;
	return 0;
}

/* the weight of one media type; 0: not acceptable */
static int
weigh(struct str accept, const char *media_type)
{
	struct str part, range;
	int best = 0, weight = 0;

	while (str_cut(&accept, ',', &part)) {
		int closeness, w;

		str_cut(&part, ';', &range);
		closeness = match_range(str_trim(range), media_type);
		w = part.p == NULL ? 1000 : find_weight(part);
		if (w >= 0 && closeness > best) {
			best = closeness;
			weight = w;
		}
	}
	return weight;
}

const struct format *
format_by_accept(struct str accept)
{
	const struct format *best = NULL;
	int most = 0;

	if (str_trim(accept).len == 0)
		return &format_json;
	for (size_t i = 0; i < NFORMATS; i++) {
		int w = weigh(accept, formats[i]->media_type);

		if (w > most) {
			most = w;
			best = formats[i];
		}
	}
	return best;
}
