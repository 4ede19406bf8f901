/*
 * include=customer.address,rentals(limit=5;ordering=-rental_date): relations
 * beside each row.  The same relation named twice is one, with what both say.
 *
 * depth=3 is the same include three times, each in the one before.  What is
 * asked of it is read three times: then each has a tree of its own, which
 * query_resolve puts where the relation has come back to its table.
 */
#include "query/drf_priv.h"

#include "base/arena.h"

static const struct {
	const char *word;
	enum join_kind join;
} joins[] = {{"!inner", JOIN_INNER}, {"!anti", JOIN_ANTI}};

/* one item: alias:path!join(members) */
struct item {
	struct str alias;    /* of the last relation of the path */
	struct str path;     /* relations with dots between */
	enum join_kind join; /* of the last one */
	struct str members;  /* STR_NONE: no parentheses */
};

static bool
split_members(struct str *text, struct item *item)
{
	ptrdiff_t open = drf_find(*text, '(');

	if (open < 0)
		return true;
	if (text->p[text->len - 1] != ')')
		return false;
	item->members =
	    str_sub(*text, (size_t)open + 1, text->len - (size_t)open - 2);
	*text = str_sub(*text, 0, (size_t)open);
	return true;
}

static void
split_join(struct str *text, struct item *item)
{
	for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
		struct str word = str_from(joins[i].word);

		if (text->len <= word.len || !str_ends(*text, word))
			continue;
		*text = str_sub(*text, 0, text->len - word.len);
		item->join = joins[i].join;
		return;
	}
}

static int
read_item(
    struct level *l, const struct param *p, struct str text, struct item *item)
{
	struct arena *a = l->d->arena;
	ptrdiff_t colon;

	*item = (struct item){.join = JOIN_LEFT};
	text = str_trim(text);
	if (!split_members(&text, item))
		return drf_refuse(
		    l, p, "Nothing may follow a closing parenthesis.");
	colon = drf_find(text, ':');
	if (colon >= 0) {
		item->alias = str_sub(text, 0, (size_t)colon);
		drf_unquote(a, item->alias, &item->alias);
		text = str_sub(text, (size_t)colon + 1, text.len);
	}
	split_join(&text, item);
	item->path = text;
	if (text.len == 0 || (colon >= 0 && item->alias.len == 0))
		return drf_refuse(l, p, "Name a relation.");
	return 0;
}

static bool
is_same(const struct include *in, struct str name, struct str alias)
{
	return str_eq(in->name, name) &&
	       (in->alias.p == NULL) == (alias.p == NULL) &&
	       str_eq(in->alias, alias);
}

static void
grow_includes(struct level *l)
{
	struct arena *a = l->d->arena;
	struct query *q = l->q;
	size_t n = l->far_cap, cap = n == 0 ? 4 : 2 * n;

	q->include = arena_grow(
	    a, q->include, n * sizeof(*q->include), cap * sizeof(*q->include));
	l->far =
	    arena_grow(a, l->far, n * sizeof(*l->far), cap * sizeof(*l->far));
	l->far_cap = cap;
}

/* the level below l that the include is of */
static struct level *
make_include(
    struct level *l, struct str name, struct str alias, struct include *in)
{
	struct arena *a = l->d->arena;
	struct level *far = arena_make(a, struct level);

	far->d = l->d;
	far->q = query_new(a);
	far->depth = l->depth + 1;
	far->name = str_from(
	    arena_printf(a, "%.*s%.*s.", STR_ARGS(l->name), STR_ARGS(name)));
	*in = (struct include){.name = name, .alias = alias, .query = far->q};
	in->text = str_sub(far->name, 0, far->name.len - 1);
	return far;
}

static struct level *
add_include(struct level *l, struct str name, struct str alias)
{
	size_t i = l->q->ninclude++;

	if (i == l->far_cap)
		grow_includes(l);
	l->far[i] = make_include(l, name, alias, &l->q->include[i]);
	return l->far[i];
}

static int
count_include(struct level *l, const struct param *p)
{
	size_t max = l->d->limits->max_includes;

	return ++l->d->nincludes <= max
		   ? 0
		   : err_add_field(l->d->err, ERR_LIMIT, p->name,
			 "At most %zu relations.", max);
}

/* the relation below l, which may be there already; NULL: there are too many */
static struct level *
find_include(struct level *l, const struct param *p, struct str name,
    struct str alias, size_t *at)
{
	const struct query_limits *limits = l->d->limits;

	for (*at = 0; *at < l->q->ninclude; (*at)++)
		if (is_same(&l->q->include[*at], name, alias))
			return l->far[*at];
	if (l->depth + 1 > limits->max_depth) {
		err_add_field(l->d->err, ERR_LIMIT, p->name,
		    "At most %zu relations one behind the other.",
		    limits->max_depth);
		return NULL;
	}
	return count_include(l, p) == 0 ? add_include(l, name, alias) : NULL;
}

static int
set_join(struct level *l, const struct param *p, struct include *in,
    bool is_new, enum join_kind join)
{
	if (!is_new && (in->join == JOIN_ANTI) != (join == JOIN_ANTI))
		return drf_refuse(
		    l, p, "A relation cannot be shown and be !anti at once.");
	if (is_new || join == JOIN_INNER)
		in->join = join;
	return 0;
}

/* down the path, making what is not there yet; NULL: it cannot be */
static struct level *
walk_path(struct level *l, const struct param *p, const struct item *item)
{
	struct level *at = l;
	struct str rest = item->path, name;

	while (drf_part(&rest, '.', &name) > 0) {
		bool last = rest.p == NULL;
		size_t before = at->q->ninclude, i;
		struct level *far;

		drf_unquote(l->d->arena, name, &name);
		if (name.len == 0) {
			drf_refuse(l, p, "Name a relation.");
			return NULL;
		}
		far = find_include(
		    at, p, name, last ? item->alias : STR_NONE, &i);
		if (far == NULL ||
		    set_join(l, p, &at->q->include[i], i == before,
			last ? item->join : JOIN_LEFT) != 0)
			return NULL;
		far->in = &at->q->include[i];
		at = far;
	}
	return at;
}

/* as often as the members say that are far's, and are taken by it */
static int
repeat_include(
    struct level *far, const struct param *p, struct param *members, size_t n)
{
	size_t max = far->d->limits->max_depth;
	struct include *in = far->in;

	if (far->times > 0 && in->join == JOIN_ANTI)
		return drf_blame(far, STR("depth"), ERR_BAD_PARAM,
		    "Nothing is shown that could have a depth.");
	if (far->depth + (size_t)far->times > max + 1)
		return drf_blame(far, STR("depth"), ERR_LIMIT,
		    arena_printf(far->d->arena,
			"At most %zu relations one behind the other.", max));
	in->repeats = in->repeats || far->times > 0;
	for (int64_t i = far->times; i > 1; i--) {
		struct include *again =
		    arena_make(far->d->arena, struct include);

		if (count_include(far, p) != 0)
			return -1;
		far = make_include(far, in->name, in->alias, again);
		if (drf_take(far, members, n) != 0)
			return -1;
		again->join = in->join;
		again->repeats = true;
		in->again = again;
		in = again;
	}
	return 0;
}

static int
take_item(struct level *l, const struct param *p, const struct item *item)
{
	struct level *far = walk_path(l, p, item);
	struct param *members;
	size_t n;

	if (far == NULL)
		return -1;
	if (item->members.p == NULL || str_trim(item->members).len == 0)
		return 0;
	if (drf_members(l, p, item->members, &members, &n) != 0)
		return -1;
	far->times = 0;
	return drf_take(far, members, n) == 0
		   ? repeat_include(far, p, members, n)
		   : -1;
}

int
drf_include(struct level *l, const struct param *p)
{
	struct str rest = p->value, text;
	struct item item;
	int got;

	while ((got = drf_part(&rest, ',', &text)) > 0)
		if (read_item(l, p, text, &item) != 0 ||
		    take_item(l, p, &item) != 0)
			return -1;
	return got == 0
		   ? 0
		   : drf_refuse(l, p, "A quote or parenthesis is not closed.");
}
