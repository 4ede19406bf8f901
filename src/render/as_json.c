/* An array of objects, or one object; nothing between the rows but a comma. */
#include "render/render_priv.h"

#include "base/buf.h"

static void
write_head(struct render *r, struct buf *b)
{
	if (!r->single)
		buf_char(b, '[');
}

static void
write_row(struct render *r, const struct rows *rows, struct buf *b)
{
	if (r->nrows > 0)
		buf_char(b, ',');
	render_object(r, rows, b);
}

static void
write_tail(struct render *r, struct buf *b)
{
	if (!r->single)
		buf_char(b, ']');
}

const struct format format_json = {
    .name = "json",
    .media_type = "application/json",
    .has_end = true,
    .head = write_head,
    .row = write_row,
    .tail = write_tail,
};
