/*
 * Rows that are more than their columns: to-one relations are objects made of
 * joined columns, to-many ones a column with their JSON or the rows of a
 * statement of their own.  Those come in the order of their parents, so that
 * both are read side by side and each row is looked at once.
 */
#include "render/render_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "db/db.h"

/* rows of a child statement and how far they were written */
struct feed {
	struct rows *rows;
	struct plan *plan;
	bool some;          /* the present row is not written yet */
	int64_t parent;     /* number of the row that it belongs to, from 1 */
	size_t n;           /* its own number, which its children know */
	struct buf scratch; /* CSV: the list before it is quoted */
};

struct part {
	struct str name;
	struct str prefix; /* {"a": or ,"a": */
	enum member_kind kind;
	enum cell cell;
	size_t col;
	struct plan *plan; /* OBJECT */
	struct feed *feed; /* ROWS */
};

struct plan {
	struct part *v;
	size_t n;
};

static void
feed_next(struct feed *f)
{
	struct err err;

	err_init(&err, NULL);
	f->some = rows_next(f->rows, &err) == 1 &&
		  str_i64(rows_cell(f->rows, 0), &f->parent) == 0;
	f->n++;
}

static struct plan *make_plan(
    struct arena *, const struct shape *, const struct rows *);

/* a child whose columns are all members, but for the parent's number */
static struct plan *
plan_columns(struct arena *a, const struct stmt *s)
{
	struct plan *p = arena_make(a, struct plan);

	p->v = arena_array(a, struct part, s->ncols);
	for (size_t i = 1; i < s->ncols; i++) {
		struct part *part = &p->v[p->n];

		part->name = s->cols[i].name;
		part->prefix = render_prefix(a, part->name, p->n == 0);
		part->kind = MEMBER_CELL;
		part->cell = s->cols[i].cell;
		part->col = i;
		p->n++;
	}
	return p;
}

static struct feed *
make_feed(struct arena *a, struct rows *rows)
{
	const struct stmt *s = rows_stmt(rows);
	struct feed *f = arena_make(a, struct feed);

	f->rows = rows;
	buf_init(&f->scratch, a, SIZE_MAX / 4);
	f->plan = s->shape != NULL ? make_plan(a, s->shape, rows)
				   : plan_columns(a, s);
	rows_rewind(rows);
	feed_next(f);
	return f;
}

static struct plan *
make_plan(struct arena *a, const struct shape *shape, const struct rows *rows)
{
	const struct stmt *s = rows_stmt(rows);
	struct plan *p = arena_make(a, struct plan);

	p->n = shape->n;
	p->v = arena_array(a, struct part, shape->n);
	for (size_t i = 0; i < shape->n; i++) {
		const struct member *m = &shape->v[i];
		struct part *part = &p->v[i];

		part->name = m->name;
		part->prefix = render_prefix(a, m->name, i == 0);
		part->kind = m->kind;
		part->col = m->col;
		if (m->kind == MEMBER_CELL)
			part->cell = s->cols[m->col].cell;
		else if (m->kind == MEMBER_OBJECT)
			part->plan = make_plan(a, m->shape, rows);
		else
			part->feed = make_feed(a, rows_child(rows, m->child));
	}
	return p;
}

struct plan *
plan_new(struct arena *a, const struct rows *rows)
{
	const struct stmt *s = rows_stmt(rows);

	return s->shape != NULL ? make_plan(a, s->shape, rows) : NULL;
}

/* ---- JSON --------------------------------------------------------------- */

static bool
is_there(const struct part *p, const struct rows *rows)
{
	return str_eq(rows_cell(rows, p->col), STR("t"));
}

static void
write_feed(struct feed *f, size_t parent, struct buf *b)
{
	bool some = false;

	while (f->some && f->parent < (int64_t)parent)
		feed_next(f);
	buf_char(b, '[');
	for (; f->some && f->parent == (int64_t)parent; feed_next(f)) {
		if (some)
			buf_char(b, ',');
		plan_object(f->plan, f->rows, f->n, b);
		some = true;
	}
	buf_char(b, ']');
}

static void
write_part(
    const struct part *p, const struct rows *rows, size_t n, struct buf *b)
{
	switch (p->kind) {
	case MEMBER_CELL:
		cell_json(b, p->cell, rows_cell(rows, p->col));
		return;
	case MEMBER_OBJECT:
		if (is_there(p, rows))
			plan_object(p->plan, rows, n, b);
		else
			buf_lit(b, "null");
		return;
	case MEMBER_ROWS:
		write_feed(p->feed, n, b);
		return;
	}
}

void
plan_object(
    const struct plan *plan, const struct rows *rows, size_t n, struct buf *b)
{
	if (plan->n == 0)
		buf_char(b, '{');
	for (size_t i = 0; i < plan->n; i++) {
		buf_str(b, plan->v[i].prefix);
		write_part(&plan->v[i], rows, n, b);
	}
	buf_char(b, '}');
}

/* ---- CSV: objects are columns "address.city", lists are JSON ------------- */

struct csv {
	struct arena *arena;
	struct buf *out;
	size_t ncells; /* in this line so far */
	bool guard;
};

static void
add_head(struct csv *csv, const struct plan *plan, struct str above)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct part *p = &plan->v[i];
		struct str name = p->name;

		if (above.len > 0)
			name = str_from(arena_printf(csv->arena, "%.*s.%.*s",
			    STR_ARGS(above), STR_ARGS(name)));
		if (p->kind == MEMBER_OBJECT) {
			add_head(csv, p->plan, name);
			continue;
		}
		if (csv->ncells++ > 0)
			buf_char(csv->out, ',');
		cell_csv(csv->out, CELL_TEXT, name, csv->guard);
	}
}

void
plan_csv_head(const struct render *r, struct buf *b)
{
	struct csv csv = {r->arena, b, 0, r->csv_guard};

	add_head(&csv, r->plan, STR(""));
}

static void
add_list(struct csv *csv, struct feed *f, size_t parent)
{
	buf_clear(&f->scratch);
	write_feed(f, parent, &f->scratch);
	cell_csv(csv->out, CELL_JSON, buf_view(&f->scratch), csv->guard);
}

/* there: false in an object that is null */
static void
add_cells(struct csv *csv, const struct plan *plan, const struct rows *rows,
    size_t n, bool there)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct part *p = &plan->v[i];

		if (p->kind == MEMBER_OBJECT) {
			add_cells(
			    csv, p->plan, rows, n, there && is_there(p, rows));
			continue;
		}
		if (csv->ncells++ > 0)
			buf_char(csv->out, ',');
		if (there && p->kind == MEMBER_CELL)
			cell_csv(csv->out, p->cell, rows_cell(rows, p->col),
			    csv->guard);
		else if (there)
			add_list(csv, p->feed, n);
	}
}

void
plan_csv_row(const struct render *r, const struct rows *rows, struct buf *b)
{
	struct csv csv = {r->arena, b, 0, r->csv_guard};

	add_cells(&csv, r->plan, rows, r->nrows + 1, true);
}
