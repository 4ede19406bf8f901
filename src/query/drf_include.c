/*
 * include=customer.address,rentals(limit=5;ordering=-rental_date): relations
 * beside each row.  The same relation named twice is one, with what both say.
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

static struct level *
add_include(struct level *l, struct str name, struct str alias)
{
	struct arena *a = l->d->arena;
	struct level *far = arena_make(a, struct level);
	struct include *in;

	if (l->q->ninclude == l->far_cap)
		grow_includes(l);
	far->d = l->d;
	far->q = query_new(a);
	far->depth = l->depth + 1;
	far->name = str_from(
	    arena_printf(a, "%.*s%.*s.", STR_ARGS(l->name), STR_ARGS(name)));
	in = &l->q->include[l->q->ninclude];
	*in = (struct include){.name = name, .alias = alias, .query = far->q};
	in->text = str_sub(far->name, 0, far->name.len - 1);
	l->far[l->q->ninclude++] = far;
	return far;
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
	if (++l->d->nincludes > limits->max_includes) {
		err_add_field(l->d->err, ERR_LIMIT, p->name,
		    "At most %zu relations.", limits->max_includes);
		return NULL;
	}
	return add_include(l, name, alias);
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
		at = far;
	}
	return at;
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
	return drf_take(far, members, n);
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
