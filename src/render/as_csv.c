/*
 * RFC 4180: a header row always, CRLF, NULL is nothing and the empty text is
 * "".  The values are those of the JSON forms without their quotes.
 */
#include "render/render_priv.h"

#include "base/buf.h"
#include "db/db.h"

static void
write_head(struct render *r, struct buf *b)
{
	if (r->plan != NULL)
		plan_csv_head(r, b);
	for (size_t i = 0; r->plan == NULL && i < r->ncols; i++) {
		if (i > 0)
			buf_char(b, ',');
		cell_csv(b, CELL_TEXT, r->cols[i].name, r->csv_guard);
	}
	buf_lit(b, "\r\n");
}

static void
write_row(struct render *r, const struct rows *rows, struct buf *b)
{
	if (r->plan != NULL)
		plan_csv_row(r, rows, b);
	for (size_t i = 0; r->plan == NULL && i < r->ncols; i++) {
		if (i > 0)
			buf_char(b, ',');
		cell_csv(b, r->cols[i].cell, rows_cell(rows, i), r->csv_guard);
	}
	buf_lit(b, "\r\n");
}

static void
write_tail(struct render *r, struct buf *b)
{
	(void)r;
	(void)b;
}

const struct format format_csv = {
    .name = "csv",
    .media_type = "text/csv",
    .has_end = false,
    .head = write_head,
    .row = write_row,
    .tail = write_tail,
};
