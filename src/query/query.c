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

const struct op_info query_ops[OP__MAX] = {
#define OP(id, suffix, negated, takes, sql)                                    \
	[OP_##id] = {suffix, negated, sql, OP_TAKES_##takes},
#include "query/op.def"
#undef OP
};

struct query *
query_new(struct arena *a)
{
	return arena_make(a, struct query);
}

void
query_path_name(
    struct arena *a, struct path *p, struct str text, struct str name)
{
	p->text = text;
	p->names = arena_array(a, struct str, 1);
	p->names[0] = name;
	p->nnames = 1;
}

/* how long the separator at s[i] is; none begins or ends a path */
static size_t
separator_at(struct str s, size_t i)
{
	size_t n = 0;

	if (i == 0)
		return 0;
	if (s.p[i] == '.')
		n = 1;
	else if (s.p[i] == '_' && i + 1 < s.len && s.p[i + 1] == '_')
		n = 2;
	return i + n < s.len ? n : 0;
}

void
query_path(struct arena *a, struct path *p, struct str text, struct str name)
{
	size_t n = 1;

	for (size_t i = 0; i < name.len; i++)
		n += separator_at(name, i) > 0;
	p->text = text;
	p->names = arena_array(a, struct str, n);
	p->nnames = 0;
	for (size_t i = 0; i < name.len;) {
		size_t cut = separator_at(name, i);

		if (cut == 0) {
			i++;
			continue;
		}
		p->names[p->nnames++] = str_sub(name, 0, i);
		name = str_sub(name, i + cut, name.len);
		i = 0;
	}
	p->names[p->nnames++] = name;
}

struct expr *
query_cmp(struct arena *a, struct str text, struct str name, enum op op,
    struct str value)
{
	struct expr *e = arena_make(a, struct expr);

	e->kind = EXPR_CMP;
	e->text = text;
	query_path_name(a, &e->cmp.path, text, name);
	e->cmp.op = op;
	e->cmp.value.text = value;
	return e;
}

/* does it say the same when its members stand among others? */
static bool
is_apart(const struct expr *e, enum expr_kind kind)
{
	return e->kind == kind && e->list.whole == NULL;
}

struct expr *
query_logic(struct arena *a, enum expr_kind kind, struct expr **v, size_t n)
{
	struct expr *e;
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += is_apart(v[i], kind) ? v[i]->list.n : 1;
	if (total == 0)
		return NULL;
	if (n == 1)
		return v[0];
	e = arena_make(a, struct expr);
	e->kind = kind;
	e->list.v = arena_array(a, struct expr *, total);
	for (size_t i = 0; i < n; i++) {
		bool apart = is_apart(v[i], kind);

		for (size_t k = 0; k < (apart ? v[i]->list.n : 1); k++)
			e->list.v[e->list.n++] = apart ? v[i]->list.v[k] : v[i];
	}
	return e;
}

struct expr *
query_not(struct arena *a, struct expr *of)
{
	struct expr *e = arena_make(a, struct expr);

	e->kind = EXPR_NOT;
	e->text = of->text;
	e->list.v = arena_array(a, struct expr *, 1);
	e->list.v[0] = of;
	e->list.n = 1;
	return e;
}

void
query_and(struct arena *a, struct query *q, struct expr *also)
{
	struct expr *both[] = {q->where, also};

	if (also == NULL)
		return;
	q->where = q->where == NULL ? also : query_logic(a, EXPR_AND, both, 2);
}

bool
query_same_path(const struct path *a, const struct path *b)
{
	if (a->column != b->column || a->nhops != b->nhops ||
	    a->njson != b->njson)
		return false;
	for (size_t i = 0; i < a->nhops; i++)
		if (a->hops[i] != b->hops[i])
			return false;
	for (size_t i = 0; i < a->njson; i++)
		if (!str_eq(a->json[i], b->json[i]))
			return false;
	return true;
}

struct str
query_field_name(const struct field *f)
{
	return f->alias.p != NULL ? f->alias : f->path.column->name;
}

struct str
query_include_name(const struct include *in)
{
	return in->alias.p != NULL ? in->alias : in->name;
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
