/*
 * Tables beside the query's own: each relation path is joined once.  A to-one
 * relation adds no rows, so that a left join changes nothing but the columns
 * at hand; PostgreSQL drops it where none of them is used.
 */
#include "stmt/stmt_priv.h"

#include <assert.h>

#include "base/arena.h"

static bool
is_conditional(const struct include *inc)
{
	const struct query *q = inc->query;

	if (q->where != NULL || q->nsearch > 0)
		return true;
	for (size_t i = 0; i < q->ninclude; i++)
		if (q->include[i].join != JOIN_LEFT)
			return true;
	return false;
}

static struct join *
find_join(const struct from *f, unsigned near, const struct relation *relation,
    const struct include *inc)
{
	struct join *j = f->joins;

	if (inc != NULL && !is_conditional(inc))
		inc = NULL;
	while (j != NULL && (j->near != near || j->relation != relation ||
				j->include != inc))
		j = j->next;
	return j;
}

static struct join *
plan_join(struct stmt *s, struct from *f, unsigned near,
    const struct relation *relation, const struct include *inc)
{
	struct join *j = find_join(f, near, relation, inc);

	assert(relation->kind == RELATION_TO_ONE);
	if (j != NULL)
		return j;
	j = arena_make(s->arena, struct join);
	j->alias = ++s->naliases;
	j->near = near;
	j->relation = relation;
	j->include = inc != NULL && is_conditional(inc) ? inc : NULL;
	*f->end = j;
	f->end = &j->next;
	return j;
}

static void
plan_path(struct stmt *s, struct from *f, unsigned alias, const struct path *p)
{
	for (size_t i = 0; i < p->nhops; i++)
		alias = plan_join(s, f, alias, p->hops[i], NULL)->alias;
}

/* having compares aggregates, whose columns may lie behind a relation */
static void
plan_having(struct stmt *s, struct from *f, const struct expr *e)
{
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT:
		for (size_t i = 0; i < e->list.n; i++)
			plan_having(s, f, e->list.v[i]);
		break;
	case EXPR_CMP:
		plan_path(s, f, f->alias, &e->cmp.path);
		break;
	case EXPR_IN:
	case EXPR_BETWEEN:
		plan_path(s, f, f->alias, &e->in.path);
		break;
	case EXPR_ISNULL:
		plan_path(s, f, f->alias, &e->null_path);
		break;
	case EXPR_EXISTS:
		break;
	}
}

/* what is selected of a table and of those that its includes bring */
static void
plan_members(
    struct stmt *s, struct from *f, const struct query *q, unsigned alias)
{
	for (size_t i = 0; i < q->ninclude; i++) {
		const struct include *inc = &q->include[i];
		struct join *j;

		if (inc->relation->kind != RELATION_TO_ONE ||
		    inc->join == JOIN_ANTI)
			continue;
		j = plan_join(s, f, alias, inc->relation, inc);
		if (inc->join == JOIN_INNER && q == f->q)
			j->inner = true;
		plan_members(s, f, inc->query, j->alias);
	}
	for (size_t i = 0; i < q->nselect; i++)
		plan_path(s, f, alias, &q->select[i].path);
}

static void
start_plan(struct from *f, const struct query *q, unsigned alias)
{
	*f = (struct from){
	    .q = q, .alias = alias, .grouped = stmt_is_grouped(q)};
	f->end = &f->joins;
}

static void
plan_order(struct stmt *s, struct from *f)
{
	const struct query *q = f->q;

	for (size_t i = 0; i < q->norder; i++)
		if (q->order[i].field == NULL && stmt_orders(q, &q->order[i]))
			plan_path(s, f, f->alias, &q->order[i].path);
}

void
stmt_plan_order(
    struct stmt *s, struct from *f, const struct query *q, unsigned alias)
{
	start_plan(f, q, alias);
	plan_order(s, f);
}

void
stmt_plan(struct stmt *s, struct from *f, const struct query *q, unsigned alias)
{
	start_plan(f, q, alias);
	plan_members(s, f, q, alias);
	plan_order(s, f);
	for (size_t i = 0; i < q->ngroup; i++)
		plan_path(s, f, alias, &q->group[i]);
	if (q->having != NULL)
		plan_having(s, f, q->having);
}

static unsigned
joined(const struct from *f, unsigned near, const struct relation *relation,
    const struct include *inc)
{
	const struct join *j = find_join(f, near, relation, inc);

	assert(j != NULL);
	return j->alias;
}

unsigned
stmt_joined(const struct from *f, unsigned near, const struct include *inc)
{
	return joined(f, near, inc->relation, inc);
}

/* t1."a" = t."b" for each pair */
static void
emit_equal(struct stmt *s, const struct table *one, unsigned one_alias,
    const uint16_t *ones, const struct table *two, unsigned two_alias,
    const uint16_t *twos, size_t n)
{
	unsigned alias = s->alias;

	for (size_t i = 0; i < n; i++) {
		const struct column *c = &one->columns[ones[i]];

		if (i > 0)
			stmt_lit(s, " and ");
		s->alias = one_alias;
		stmt_column(s, c);
		stmt_operator(s, "=", c->type);
		s->alias = two_alias;
		stmt_column(s, &two->columns[twos[i]]);
	}
	s->alias = alias;
}

void
stmt_match(struct stmt *s, const struct relation *r, unsigned near,
    unsigned far, unsigned via)
{
	if (r->via != NULL)
		emit_equal(s, r->via, via, r->via_near, r->near, near,
		    r->columns, r->ncolumns);
	else
		emit_equal(s, r->far, far, r->far_columns, r->near, near,
		    r->columns, r->ncolumns);
}

static void
emit_table(struct stmt *s, const struct table *t, unsigned alias)
{
	stmt_table(s, t);
	stmt_lit(s, " ");
	stmt_alias(s, alias);
}

/* columns of the join table's key that are in neither foreign key: with one
 * the same two rows can be joined more than once */
static bool
names_pairs_twice(const struct relation *r)
{
	for (size_t i = 0; i < r->via->nkey; i++)
		if (!positions_have(r->via_near, r->ncolumns, r->via->key[i]) &&
		    !positions_have(r->via_far, r->nfar, r->via->key[i]))
			return true;
	return false;
}

static void
emit_pairs(struct stmt *s, const struct relation *r, unsigned via)
{
	stmt_lit(s, "(select distinct ");
	for (size_t i = 0; i < r->ncolumns; i++) {
		if (i > 0)
			stmt_lit(s, ", ");
		stmt_ident(s, r->via->columns[r->via_near[i]].name);
	}
	for (size_t i = 0; i < r->nfar; i++) {
		if (positions_have(r->via_near, r->ncolumns, r->via_far[i]))
			continue;
		stmt_lit(s, ", ");
		stmt_ident(s, r->via->columns[r->via_far[i]].name);
	}
	stmt_lit(s, " from ");
	stmt_table(s, r->via);
	stmt_lit(s, ") ");
	stmt_alias(s, via);
}

void
stmt_far(struct stmt *s, const struct relation *r, unsigned far, unsigned via,
    bool once)
{
	if (r->via != NULL) {
		if (once && names_pairs_twice(r))
			emit_pairs(s, r, via);
		else
			emit_table(s, r->via, via);
		stmt_lit(s, " join ");
	}
	emit_table(s, r->far, far);
	if (r->via != NULL) {
		stmt_lit(s, " on ");
		emit_equal(s, r->far, far, r->far_columns, r->via, via,
		    r->via_far, r->nfar);
	}
}

void
stmt_joins(struct stmt *s, const struct from *f)
{
	unsigned alias = s->alias;

	for (const struct join *j = f->joins; j != NULL; j = j->next) {
		bool some = true;

		if (j->inner)
			stmt_lit(s, " join ");
		else
			stmt_lit(s, " left join ");
		emit_table(s, j->relation->far, j->alias);
		stmt_lit(s, " on ");
		stmt_match(s, j->relation, j->near, j->alias, 0);
		if (j->include == NULL)
			continue;
		s->alias = j->alias;
		stmt_conditions(s, j->include->query, false, &some);
		s->alias = alias;
	}
}

/* in select, group and order the same path is the same argument, or they
 * would be different expressions to PostgreSQL; which one it is */
static size_t
bind_json_path(struct stmt *s, const struct path *p, bool shared)
{
	struct json_path *known;

	for (known = shared ? s->json_paths : NULL; known != NULL;
	     known = known->next)
		if (query_same_path(known->path, p))
			break;
	if (known != NULL) {
		stmt_param_again(s, known->arg);
		stmt_lit(s, "::text[]");
		return known->arg;
	}
	stmt_param_texts(s, p->json, p->njson);
	if (!shared)
		return s->nargs;
	known = arena_make(s->arena, struct json_path);
	known->path = p;
	known->arg = s->nargs;
	known->next = s->json_paths;
	s->json_paths = known;
	return known->arg;
}

/* arg: bound before, or 0 */
static size_t
emit_inside(struct stmt *s, const struct from *f, const struct path *p,
    enum path_form form, size_t arg)
{
	/* of a group the value is known that it is grouped by, not its text */
	bool grouped = f != NULL && f->grouped;
	bool unpack = grouped && form == PATH_TEXT;

	if (unpack)
		stmt_lit(s, "(");
	stmt_lit(s, "(");
	stmt_column(s, p->column);
	if (form == PATH_TEXT && !grouped)
		stmt_lit(s, " #>> ");
	else
		stmt_lit(s, " #> ");
	if (arg == 0) {
		arg = bind_json_path(s, p, f != NULL);
	} else {
		stmt_param_again(s, arg);
		stmt_lit(s, "::text[]");
	}
	stmt_lit(s, ")");
	if (p->column->type->class == TYPE_JSON &&
	    (grouped || form == PATH_JSONB))
		stmt_lit(s, "::jsonb");
	if (unpack)
		stmt_lit(s, " #>> '{}')");
	return arg;
}

/* jsonb has an order of all its values, where true is more than 5 */
static void
emit_number(struct stmt *s, const struct from *f, const struct path *p)
{
	size_t arg;

	stmt_lit(s, "case pg_catalog.jsonb_typeof(");
	arg = emit_inside(s, f, p, PATH_JSONB, 0);
	stmt_lit(s, ") when 'number' then ");
	emit_inside(s, f, p, PATH_JSONB, arg);
	stmt_lit(s, " end");
}

/* of a joined row that is not there nothing is computed */
static bool
begin_guarded(struct stmt *s, const struct from *f, const struct column *c)
{
	const struct join *j = f != NULL ? f->joins : NULL;

	while (j != NULL && j->alias != s->alias)
		j = j->next;
	if (j == NULL || c->computed_of == NULL)
		return false;
	stmt_lit(s, "case when ");
	stmt_presence(s, j->relation, s->alias);
	stmt_lit(s, " then ");
	return true;
}

void
stmt_path(struct stmt *s, const struct from *f, const struct path *p,
    enum path_form form)
{
	unsigned alias = s->alias;
	bool guarded;

	assert(p->column != NULL && (f != NULL || p->nhops == 0));
	for (size_t i = 0; i < p->nhops; i++)
		s->alias = joined(f, s->alias, p->hops[i], NULL);
	guarded = begin_guarded(s, f, p->column);
	if (p->njson > 0 && form == PATH_NUMBER) {
		emit_number(s, f, p);
	} else if (p->njson > 0) {
		emit_inside(s, f, p, form, 0);
	} else {
		stmt_column(s, p->column);
		if (form == PATH_JSONB && p->column->type->class == TYPE_JSON)
			stmt_lit(s, "::jsonb");
		else if (form == PATH_TEXT &&
			 p->column->type->class != TYPE_TEXT)
			stmt_lit(s, "::text");
	}
	if (guarded)
		stmt_lit(s, " end");
	s->alias = alias;
}
