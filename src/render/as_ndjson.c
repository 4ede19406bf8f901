/* One object a line; a cut between lines cannot be seen in the bytes. */
#include "render/render_priv.h"

#include "base/buf.h"

static void
write_nothing(struct render *r, struct buf *b)
{
	(void)r;
	(void)b;
}

static void
write_row(struct render *r, const struct rows *rows, struct buf *b)
{
	render_object(r, rows, b);
	buf_char(b, '\n');
}

const struct format format_ndjson = {
    .name = "ndjson",
    .media_type = "application/x-ndjson",
    .has_end = false,
    .head = write_nothing,
    .row = write_row,
    .tail = write_nothing,
};
