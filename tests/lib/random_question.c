/* The parts of a question put together: conditions, what is shown, order,
 * page, relations beside each row, or groups. */
#include "random.h"

#include <stdlib.h>
#include <string.h>

/* ---- fields, order, page ------------------------------------------------ */

static void
make_fields(struct query *q, bool plain)
{
	size_t n = 1 + random_below(4);

	for (size_t i = 0; i < n; i++) {
		struct field f = {.alias = NULL};
		bool twice = false;

		leaf_column(plain ? q->table
				  : leaf_hops(q->table, &f.path, 2, 15, true),
		    &f.path);
		if (q->distinct && (!f.path.column->has_eq ||
				       f.path.column->class == CLASS_BYTEA))
			continue;
		if (q->distinct && f.path.place != NULL)
			f.path.place = NULL;
		f.alias = path_title(&f.path, ".");
		for (size_t k = 0; k < q->nfields; k++)
			twice =
			    twice || strcmp(q->fields[k].alias, f.alias) == 0;
		if (!twice && strlen(f.alias) < 60)
			q->fields[q->nfields++] = f;
	}
}

static void
turn(struct order *o)
{
	o->desc = random_chance(50);
	if (random_chance(30))
		o->nulls = random_chance(50) ? ORDER_FIRST : ORDER_LAST;
}

static void
make_order(struct query *q)
{
	size_t n = random_chance(50) ? 0 : 1 + random_below(3);

	for (size_t i = 0; i < n; i++) {
		struct order o = {.of = NULL};
		bool twice = false;

		if (q->distinct)
			o.path = PICK(q->fields, q->nfields)->path;
		else
			leaf_column(
			    leaf_hops(q->table, &o.path, 2, 25, true), &o.path);
		if (!o.path.column->has_order && o.path.place == NULL)
			continue;
		turn(&o);
		for (size_t k = 0; k < q->norder; k++)
			twice = twice || path_same(&q->order[k].path, &o.path);
		if (!twice)
			q->order[q->norder++] = o;
	}
}

static void
make_page(struct query *q)
{
	const struct table *t = q->table;
	unsigned die = random_below(100);

	q->count = random_chance(25);
	if (die < 35) {
		q->page = PAGE_SLICE;
		q->limit = random_chance(85) ? 1 + (long)random_below(40) : 0;
		q->offset = random_chance(50) ? (long)random_below(60) : 0;
		if (q->limit == 0)
			q->offset = t->rows - (long)random_below(200);
		if (q->offset < 0)
			q->offset = 0;
	} else if (die < 60) {
		q->page = PAGE_NUMBER;
		q->number = 1 + (long)random_below(4);
		q->limit = 1 + (long)random_below(60);
	} else if (die < 75 && t->nkey > 0 && !q->distinct && !q->grouped) {
		q->page = PAGE_WALK;
		q->limit = t->rows / 8 + 1;
		if (q->limit > 1000)
			q->limit = 1000;
	}
}

/* ---- includes ----------------------------------------------------------- */

static void make_includes(struct query *, size_t depth);

static const char *
include_title(const struct include *inc)
{
	return inc->alias != NULL ? inc->alias : inc->relation->name;
}

static bool
is_name_free(const struct query *q, const char *name)
{
	for (size_t i = 0; i < q->ninclude; i++)
		if (strcmp(include_title(&q->include[i]), name) == 0)
			return false;
	for (size_t i = 0; i < q->nfields; i++)
		if (strcmp(q->fields[i].alias, name) == 0)
			return false;
	return q->nfields > 0 || table_find(q->table, name) == NULL;
}

static struct query *
make_inner(const struct relation *r, size_t depth)
{
	struct query *q = random_make(sizeof(*q));

	q->table = r->far;
	if (random_chance(35))
		make_fields(q, false);
	if (random_chance(30))
		q->where = leaf_where(q->table, depth);
	if (!r->to_one) {
		if (random_chance(50))
			make_order(q);
		/* rows of rows of rows are many */
		if (depth > 1 || random_chance(60)) {
			q->page = PAGE_SLICE;
			q->limit = 1 + (long)random_below(5);
			q->offset =
			    random_chance(25) ? (long)random_below(3) : 0;
		}
	}
	if (depth < 3 && random_chance(30))
		make_includes(q, depth);
	return q;
}

/* the include in itself, behind the others that it has */
static void
repeat(struct include *inc, unsigned depth)
{
	struct query *once = inc->query, *q;

	if (once->ninclude == LIST_MAX ||
	    !is_name_free(once, include_title(inc)))
		return;
	/* the same relation again would be merged */
	for (size_t i = 0; i < once->ninclude; i++)
		if (once->include[i].relation == inc->relation)
			return;
	inc->depth = depth;
	inc->once = once;
	for (unsigned i = 1; i < depth; i++) {
		q = random_make(sizeof(*q));
		*q = *once;
		q->include[q->ninclude] = *inc;
		q->include[q->ninclude++].depth = i;
		inc->query = q;
	}
}

static void
make_includes(struct query *q, size_t depth)
{
	size_t n = 1 + random_below(depth > 0 ? 1 : 2);

	for (size_t i = 0; i < n; i++) {
		struct include *inc = &q->include[q->ninclude];
		unsigned die = random_below(100);
		bool twice = false;

		*inc = (struct include){
		    .relation = leaf_relation(q->table, false)};
		if (inc->relation == NULL)
			return;
		/* the same relation again would be merged */
		for (size_t k = 0; k < q->ninclude; k++)
			twice =
			    twice || q->include[k].relation == inc->relation;
		if (random_chance(15))
			inc->alias = random_format("my %u", random_below(9));
		if (twice || !is_name_free(q, include_title(inc)))
			continue;
		inc->join = die < 80   ? JOIN_LEFT
			    : die < 92 ? JOIN_INNER
				       : JOIN_ANTI;
		inc->query = make_inner(inc->relation, depth + 1);
		if (inc->relation->near == inc->relation->far &&
		    inc->join != JOIN_ANTI && random_chance(70))
			repeat(inc, 1 + random_below(3));
		q->ninclude++;
	}
}

/* ---- groups ------------------------------------------------------------- */

static bool
can_sum(const struct column *c)
{
	return c->class == CLASS_INT || c->class == CLASS_NUMERIC;
}

static bool
can_rank(const struct column *c)
{
	return c->has_order && !c->is_domain &&
	       (can_sum(c) || class_is_text(c) || c->class == CLASS_TIME ||
		   c->class == CLASS_ENUM || c->class == CLASS_FLOAT);
}

static void
make_aggregate(struct query *q)
{
	static const char *const words[] = {
	    "count", "sum", "avg", "min", "max"};
	struct field *f = &q->fields[q->nfields];
	unsigned word = random_below(5);
	const struct table *t;

	*f = (struct field){.function = words[word], .named = true};
	if (word > 0 || random_chance(50)) {
		t = leaf_hops(q->table, &f->path, 2, 15, true);
		f->path.column = PICK(t->columns, t->ncolumns);
		if ((word == 1 || word == 2) && !can_sum(f->path.column))
			return;
		if (word > 2 && !can_rank(f->path.column))
			return;
		f->distinct = f->path.column->has_eq && random_chance(20);
	}
	f->alias = random_format("a%zu", q->nfields);
	q->nfields++;
}

static void
make_group_keys(struct query *q)
{
	size_t n = random_below(3);

	for (size_t i = 0; i < n; i++) {
		struct path p = {.nhops = 0};
		bool twice = false;

		leaf_column(leaf_hops(q->table, &p, 2, 25, true), &p);
		p.place = NULL;
		if (!p.column->has_order || p.column->class == CLASS_JSONB ||
		    p.column->class == CLASS_BYTEA)
			continue;
		for (size_t k = 0; k < q->ngroup; k++)
			twice =
			    twice || strcmp(path_title(&p, "."),
					 path_title(&q->group[k], ".")) == 0;
		if (!twice && strlen(path_title(&p, ".")) < 60)
			q->group[q->ngroup++] = p;
	}
	for (size_t i = 0; i < q->ngroup; i++)
		q->fields[q->nfields++] = (struct field){.path = q->group[i],
		    .alias = path_title(&q->group[i], ".")};
}

static void
make_having(struct query *q)
{
	const struct field *f = PICK(q->fields, q->nfields);
	struct node *leaf = random_make(sizeof(*leaf));

	leaf->test = (enum test)random_below(TEST_GE + 1);
	leaf->of = f;
	leaf->path = f->path;
	if (f->function != NULL && strcmp(f->function, "count") == 0)
		leaf->values[0] = random_format("%u", random_below(20));
	else if (f->function == NULL || strcmp(f->function, "min") == 0 ||
		 strcmp(f->function, "max") == 0)
		leaf->values[0] = leaf_value(f->path.column);
	else
		leaf->values[0] = random_format("%u", random_below(500));
	if (leaf->values[0] == NULL)
		return;
	leaf->nvalues = 1;
	leaf->negated = leaf->test == TEST_EQ && random_chance(30);
	q->having = random_make(sizeof(*q->having));
	q->having->kind = NODE_AND;
	q->having->v[q->having->n++] = leaf;
}

static void
make_group_order(struct query *q)
{
	size_t n = random_below(3);

	for (size_t i = 0; i < n; i++) {
		const struct field *f = PICK(q->fields, q->nfields);
		struct order o = {.path = f->path};
		bool twice = false;

		o.of = f->function != NULL ? f : NULL;
		turn(&o);
		for (size_t k = 0; k < q->norder; k++)
			twice = twice ||
				(q->order[k].of == o.of &&
				    (o.of != NULL ||
					path_same(&q->order[k].path, &o.path)));
		if (!twice)
			q->order[q->norder++] = o;
	}
}

static void
make_groups(struct query *q)
{
	size_t n = 1 + random_below(3);

	q->grouped = true;
	make_group_keys(q);
	for (size_t i = 0; i < n; i++)
		make_aggregate(q);
	if (q->nfields == 0) {
		q->fields[q->nfields++] = (struct field){
		    .function = "count", .alias = "n", .named = true};
	}
	if (random_chance(30))
		make_having(q);
	make_group_order(q);
}

/* ---- the whole ---------------------------------------------------------- */

static void
make_rows(struct query *q)
{
	if (random_chance(10)) {
		q->distinct = true;
		make_fields(q, false);
		q->distinct = q->nfields > 0;
	} else if (random_chance(35)) {
		make_fields(q, random_chance(60));
	}
	make_order(q);
	if (!q->distinct && random_chance(35))
		make_includes(q, 0);
}

static bool
has_text(const struct table *t)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		if (class_is_searched(&t->columns[i]))
			return true;
	return false;
}

/* nothing beside it that v2 cannot say; if it cannot say it all the same, it
 * becomes a question like others */
static bool
is_joined(struct query *q)
{
	struct query joined = *q;
	struct text t = {NULL, 0, 0};

	joined.joined = true;
	joined.page = PAGE_NUMBER;
	joined.number = 1 + (long)random_below(3);
	joined.limit = 1 + (long)random_below(60);
	if (!write_v2(&t, &joined))
		return false;
	*q = joined;
	return true;
}

struct query *
question_make(const struct catalog *c)
{
	struct query *q = random_make(sizeof(*q));

	q->table = PICK(c->tables, c->ntables);
	/* whoever has no relations is asked less often */
	if (q->table->nrelations == 0 && random_chance(70))
		q->table = PICK(c->tables, c->ntables);
	q->where = leaf_where(q->table, 0);
	if (q->where != NULL && random_chance(25) && leaf_join(q->where) &&
	    is_joined(q))
		return q;
	if (random_chance(8) && has_text(q->table))
		leaf_terms(q);
	if (random_chance(18))
		make_groups(q);
	else
		make_rows(q);
	make_page(q);
	/* tens of thousands of rows with theirs say no more than some */
	if (q->page == PAGE_ALL && q->ninclude > 0 && q->table->rows > 1500) {
		q->page = PAGE_SLICE;
		q->limit = 1 + (long)random_below(200);
	}
	if (q->page == PAGE_ALL && q->table->rows > 5000 && random_chance(60)) {
		q->page = PAGE_SLICE;
		q->limit = 500 + (long)random_below(1500);
	}
	if (q->page == PAGE_WALK && q->ninclude > 0 && q->table->rows > 1500)
		q->ninclude = 0;
	return q;
}
