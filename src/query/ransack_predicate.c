/*
 * The predicates of v2, in the table below: their names, alone and with _any
 * or _all, as operators of ours.
 */
#include "query/ransack_priv.h"

#include <string.h>

/* CONTRACT 5.2; those that want a value or a list exist with _any and _all */
static const struct ransack_predicate predicates[] = {
    {"eq", WANTS_VALUE, MEANS_OP, OP_EQ, false},
    {"not_eq", WANTS_VALUE, MEANS_OP, OP_EQ, true},
    {"lt", WANTS_VALUE, MEANS_OP, OP_LT, false},
    {"lteq", WANTS_VALUE, MEANS_OP, OP_LE, false},
    {"gt", WANTS_VALUE, MEANS_OP, OP_GT, false},
    {"gteq", WANTS_VALUE, MEANS_OP, OP_GE, false},
    {"in", WANTS_LIST, MEANS_OP, OP_EQ, false},
    {"not_in", WANTS_LIST, MEANS_OP, OP_EQ, true},
    {"matches", WANTS_VALUE, MEANS_OP, OP_ILIKE, false},
    {"does_not_match", WANTS_VALUE, MEANS_OP, OP_ILIKE, true},
    {"cont", WANTS_VALUE, MEANS_OP, OP_ICONTAINS, false},
    {"not_cont", WANTS_VALUE, MEANS_OP, OP_ICONTAINS, true},
    {"i_cont", WANTS_VALUE, MEANS_OP, OP_ICONTAINS, false},
    {"not_i_cont", WANTS_VALUE, MEANS_OP, OP_ICONTAINS, true},
    {"start", WANTS_VALUE, MEANS_OP, OP_ISTARTSWITH, false},
    {"not_start", WANTS_VALUE, MEANS_OP, OP_ISTARTSWITH, true},
    {"end", WANTS_VALUE, MEANS_OP, OP_IENDSWITH, false},
    {"not_end", WANTS_VALUE, MEANS_OP, OP_IENDSWITH, true},
    {"true", WANTS_FLAG, MEANS_TRUE, OP_EQ, false},
    {"not_true", WANTS_FLAG, MEANS_TRUE, OP_EQ, true},
    {"false", WANTS_FLAG, MEANS_FALSE, OP_EQ, false},
    {"not_false", WANTS_FLAG, MEANS_FALSE, OP_EQ, true},
    {"null", WANTS_FLAG, MEANS_NULL, OP_EQ, false},
    {"not_null", WANTS_FLAG, MEANS_NULL, OP_EQ, true},
    {"blank", WANTS_FLAG, MEANS_BLANK, OP_EQ, false},
    {"present", WANTS_FLAG, MEANS_BLANK, OP_EQ, true},
};

/* is it this predicate, alone or with _any or _all? */
static bool
is_predicate(
    struct str s, const struct ransack_predicate *p, enum spread *spread)
{
	size_t n = strlen(p->name);
	struct str rest = str_sub(s, n, s.len);

	if (!str_starts(s, str_from(p->name)))
		return false;
	*spread = SPREAD_NONE;
	if (rest.len == 0)
		return true;
	*spread = str_eq_c(rest, "_any") ? SPREAD_ANY : SPREAD_ALL;
	return p->wants != WANTS_FLAG &&
	       (str_eq_c(rest, "_any") || str_eq_c(rest, "_all"));
}

const struct ransack_predicate *
ransack_predicate(struct str name, enum spread *spread)
{
	for (size_t i = 0; i < sizeof(predicates) / sizeof(predicates[0]); i++)
		if (is_predicate(name, &predicates[i], spread))
			return &predicates[i];
	return NULL;
}
