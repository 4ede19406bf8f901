/*
 * Rows to bytes: the prefixes are made once per result, and a row is then
 * prefix, cell, prefix, cell.
 */
#include "render/render_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/escape.h"
#include "db/db.h"

/* {"a": and ,"b": – what stands before each cell of an object */
struct str
render_prefix(struct arena *a, struct str name, bool first)
{
	struct buf b;

	buf_init(&b, a, SIZE_MAX / 4);
	buf_char(&b, first ? '{' : ',');
	buf_json(&b, name);
	buf_char(&b, ':');
	return buf_view(&b);
}

/* a statement that says nothing about its columns: all are text */
static struct stmt_col *
name_columns(struct arena *a, const struct rows *rows)
{
	size_t n = rows_ncols(rows);
	struct stmt_col *cols = arena_array(a, struct stmt_col, n);

	for (size_t i = 0; i < n; i++) {
		cols[i].name = rows_name(rows, i);
		cols[i].cell = CELL_TEXT;
	}
	return cols;
}

void
render_init(struct render *r, struct arena *a, const struct format *format,
    const struct rows *rows, bool single)
{
	const struct stmt *s = rows_stmt(rows);

	*r = (struct render){.format = format, .single = single, .arena = a};
	r->plan = plan_new(a, rows);
	r->cols = s->cols;
	r->ncols = s->ncols;
	if (s->ncols == 0) {
		r->cols = name_columns(a, rows);
		r->ncols = rows_ncols(rows);
	}
	r->prefix = arena_array(a, struct str, r->ncols);
	for (size_t i = 0; i < r->ncols; i++)
		r->prefix[i] = render_prefix(a, r->cols[i].name, i == 0);
}

void
render_object(const struct render *r, const struct rows *rows, struct buf *b)
{
	if (r->plan != NULL) {
		plan_object(r->plan, rows, r->nrows + 1, b);
		return;
	}
	if (r->ncols == 0)
		buf_char(b, '{');
	for (size_t i = 0; i < r->ncols; i++) {
		buf_str(b, r->prefix[i]);
		cell_json(b, r->cols[i].cell, rows_cell(rows, i));
	}
	buf_char(b, '}');
}

void
render_head(struct render *r, struct buf *b)
{
	r->format->head(r, b);
}

void
render_row(struct render *r, const struct rows *rows, struct buf *b)
{
	r->format->row(r, rows, b);
	r->nrows++;
}

void
render_tail(struct render *r, struct buf *b)
{
	r->format->tail(r, b);
}
