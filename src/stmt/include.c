/*
 * What is selected, and how a row's cells become an object: columns, to-one
 * relations as objects of joined columns at any depth, to-many ones as one
 * cell of JSON, or as rows of a statement of their own.
 */
#include "stmt/stmt_priv.h"

#include "base/arena.h"

static struct member *
add_member(
    struct stmt *s, struct shape *shape, struct str name, enum member_kind kind)
{
	size_t bytes = shape->n * sizeof(*shape->v);
	struct member *m;

	shape->v =
	    arena_grow(s->arena, shape->v, bytes, bytes + sizeof(*shape->v));
	m = &shape->v[shape->n++];
	*m = (struct member){.name = name, .kind = kind};
	return m;
}

/* a comma; the number of the column */
static size_t
begin_column(struct list *l)
{
	if (l->n > 0)
		stmt_lit(l->s, ", ");
	l->n++;
	return l->s->ncols;
}

static void
end_column(struct list *l, size_t col)
{
	if (!l->named)
		return;
	stmt_lit(l->s, " as c");
	buf_u64(&l->s->text, col);
}

static void
add_field(struct list *l, const struct field *f, struct shape *shape)
{
	size_t col = begin_column(l);

	stmt_field(l->s, l->f, f, l->o);
	end_column(l, col);
	add_member(l->s, shape, l->s->cols[col].name, MEMBER_CELL)->col = col;
}

static void
add_columns(struct list *l, const struct query *q, struct shape *shape)
{
	struct field f = {0};

	for (size_t i = 0; i < q->nselect; i++)
		add_field(l, &q->select[i], shape);
	for (size_t i = 0; q->nselect == 0 && i < q->table->ncolumns; i++) {
		f.path.column = &q->table->columns[i];
		add_field(l, &f, shape);
	}
}

/* the far column equals ours, so that it is null only where there is no row */
void
stmt_presence(struct stmt *s, const struct relation *r, unsigned alias)
{
	unsigned old = s->alias;

	s->alias = alias;
	stmt_column(s, &r->far->columns[r->far_columns[0]]);
	s->alias = old;
	stmt_lit(s, " is not null");
}

static void
add_object(struct list *l, const struct include *inc,
    const struct through *through, struct shape *shape)
{
	struct through here = {through, inc};
	struct stmt *s = l->s;
	unsigned near = s->alias;
	size_t col = begin_column(l), at = shape->n;
	struct shape *inner = arena_make(s->arena, struct shape);

	s->alias = stmt_joined(l->f, near, inc);
	stmt_col(s, query_include_name(inc), CELL_BOOL);
	stmt_presence(s, inc->relation, s->alias);
	end_column(l, col);
	add_member(s, shape, query_include_name(inc), MEMBER_OBJECT)->col = col;
	shape->v[at].shape = inner;
	stmt_members(l, inc->query, &here, inner);
	s->alias = near;
}

static void
add_children(struct list *l, const struct include *inc,
    const struct through *through, struct shape *shape)
{
	struct stmt *s = l->s, *child = stmt_stitched(l, inc, through);
	size_t bytes = s->nchildren * sizeof(*s->children);

	s->children = arena_grow(
	    s->arena, s->children, bytes, bytes + sizeof(*s->children));
	s->children[s->nchildren] = child;
	add_member(s, shape, query_include_name(inc), MEMBER_ROWS)->child =
	    s->nchildren++;
}

static void
add_nested(struct list *l, const struct include *inc, struct shape *shape)
{
	size_t col = begin_column(l);

	stmt_col(l->s, query_include_name(inc), CELL_JSON);
	stmt_nested_rows(l->s, inc, l->o);
	end_column(l, col);
	add_member(l->s, shape, query_include_name(inc), MEMBER_CELL)->col =
	    col;
}

void
stmt_members(struct list *l, const struct query *q,
    const struct through *through, struct shape *shape)
{
	add_columns(l, q, shape);
	for (size_t i = 0; i < q->ninclude; i++) {
		const struct include *inc = &q->include[i];

		if (inc->join == JOIN_ANTI)
			continue;
		if (inc->relation->kind == RELATION_TO_ONE)
			add_object(l, inc, through, shape);
		else if (l->o->stitch)
			add_children(l, inc, through, shape);
		else
			add_nested(l, inc, shape);
	}
}
