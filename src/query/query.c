/*
 * Making and joining the parts of a query, and the row path.  A key joins the
 * filters, so that a row is a list of at most one.
 */
#include "query/query_priv.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/utf8.h"
#include "schema/schema.h"

#define E false
#define O true
const struct op_info query_ops[OP__MAX] = {
#define OP(id, suffix, kind, sql) [OP_##id] = {suffix, sql, kind},
#include "query/op.def"
#undef OP
};
#undef E
#undef O

struct query *
query_new(struct arena *a)
{
	return arena_make(a, struct query);
}

struct expr *
query_cmp(struct arena *a, struct str text, struct str name, enum op op,
    struct str value)
{
	struct expr *e = arena_make(a, struct expr);

	e->kind = EXPR_CMP;
	e->text = text;
	e->cmp.path.text = text;
	e->cmp.path.names = arena_array(a, struct str, 1);
	e->cmp.path.names[0] = name;
	e->cmp.path.nnames = 1;
	e->cmp.op = op;
	e->cmp.value.text = value;
	return e;
}

void
query_and(struct arena *a, struct query *q, struct expr *also)
{
	struct expr *both, *old = q->where;
	size_t n = 1;

	if (old == NULL) {
		q->where = also;
		return;
	}
	if (old->kind == EXPR_AND)
		n = old->list.n;
	both = arena_make(a, struct expr);
	both->kind = EXPR_AND;
	both->list.n = n + 1;
	both->list.v = arena_array(a, struct expr *, n + 1);
	for (size_t i = 0; i < n; i++)
		both->list.v[i] = old->kind == EXPR_AND ? old->list.v[i] : old;
	both->list.v[n] = also;
	q->where = both;
}

/* -1 ERR_BAD_PATH, or ERR_NOT_FOUND: no row can have this key */
static int
read_part(struct arena *a, struct str raw, const struct column *c,
    struct value *v, struct err *err)
{
	struct str text;

	if (percent_decode(a, raw, false, &text) != 0)
		return err_set(err, ERR_BAD_PATH,
		    "A percent sign is not followed by two hex digits.");
	if (!utf8_valid(text) || str_chr(text, '\0') >= 0)
		return err_set(err, ERR_BAD_PATH,
		    "The path is not valid UTF-8 without U+0000.");
	v->type = c->type;
	if (value_match(a, c->type, text, &v->text) != NULL)
		return err_set(err, ERR_NOT_FOUND, NULL);
	return 0;
}

static void
add_key(struct arena *a, struct query *q, const struct column *c,
    const struct value *v)
{
	struct expr *e = query_cmp(a, c->name, c->name, OP_EQ, v->text);

	e->cmp.path.column = c;
	e->cmp.value = *v;
	query_and(a, q, e);
}

int
query_key(struct arena *a, struct query *q, struct str raw, struct err *err)
{
	const struct table *t = q->table;
	struct str rest = raw, part;
	size_t n = 0;

	if (t->nkey == 0)
		return err_set(err, ERR_NO_KEY, NULL);
	q->key = arena_array(a, struct value, t->nkey);
	while (str_cut(&rest, ',', &part)) {
		if (n == t->nkey)
			return err_set(err, ERR_NOT_FOUND, NULL);
		if (read_part(
			a, part, &t->columns[t->key[n]], &q->key[n], err) != 0)
			return -1;
		n++;
	}
	if (n != t->nkey)
		return err_set(err, ERR_NOT_FOUND, NULL);
	q->nkey = n;
	for (size_t i = 0; i < n; i++)
		add_key(a, q, &t->columns[t->key[i]], &q->key[i]);
	q->norder = 0;
	q->want_count = COUNT_NONE;
	q->page = (struct page){.kind = PAGE_NONE};
	return 0;
}
