/* Counts before it allocates, so that a hostile query costs one pass. */
#include "base/params.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/utf8.h"

static int
decode(struct arena *a, struct str raw, struct str *out, struct err *err)
{
	if (percent_decode(a, raw, true, out) != 0)
		return err_set(err, ERR_BAD_QUERY,
		    "A percent sign is not followed by two hex digits.");
	if (!utf8_valid(*out))
		return err_set(
		    err, ERR_BAD_QUERY, "The parameters are not valid UTF-8.");
	if (str_chr(*out, '\0') >= 0)
		return err_set(
		    err, ERR_BAD_QUERY, "The parameters hold U+0000.");
	return 0;
}

static int
read_param(struct arena *a, struct str pair, struct param *p, struct err *err)
{
	struct str rest = pair, name;

	str_cut(&rest, '=', &name);
	if (rest.p == NULL)
		rest = STR("");
	if (name.len == 0)
		return err_set(err, ERR_BAD_QUERY, "A parameter has no name.");
	if (decode(a, name, &p->name, err) != 0 ||
	    decode(a, rest, &p->value, err) != 0)
		return -1;
	return 0;
}

static size_t
count_pairs(struct str query)
{
	struct str rest = query, pair;
	size_t n = 0;

	while (str_cut(&rest, '&', &pair))
		n += pair.len > 0;
	return n;
}

int
params_parse(struct arena *a, struct str query, size_t max_params,
    struct params *out, struct err *err)
{
	struct str rest = query, pair;
	size_t n = count_pairs(query);

	*out = (struct params){NULL, 0};
	if (n > max_params)
		return err_set(err, ERR_LIMIT,
		    "There are more than %zu parameters.", max_params);
	out->v = arena_array(a, struct param, n);
	while (str_cut(&rest, '&', &pair)) {
		if (pair.len == 0)
			continue;
		if (read_param(a, pair, &out->v[out->n], err) != 0)
			return -1;
		out->n++;
	}
	return 0;
}

struct param *
params_get(const struct params *ps, struct str name)
{
	for (size_t i = 0; i < ps->n; i++)
		if (str_eq(ps->v[i].name, name))
			return &ps->v[i];
	return NULL;
}

size_t
params_count(const struct params *ps, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < ps->n; i++)
		n += str_eq(ps->v[i].name, name);
	return n;
}
