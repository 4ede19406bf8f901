/* What the formats share. */
#ifndef DYNAPI_RENDER_PRIV_H
#define DYNAPI_RENDER_PRIV_H

#include "base/buf.h"
#include "render/render.h"

/* {"a": or ,"a": */
struct str render_prefix(struct arena *, struct str name, bool first);
/* the present row as a JSON object */
void render_object(const struct render *, const struct rows *, struct buf *);

/*
 * shape.c: the parts of a row that is not simply its columns, ready to be
 * written.  Child rows are consumed while the parents are written, so a plan
 * serves one pass; n is the parent's number, from 1.
 */
struct plan *plan_new(struct arena *, const struct rows *); /* NULL: flat */
void plan_object(
    const struct plan *, const struct rows *, size_t n, struct buf *);

void plan_csv_head(const struct render *, struct buf *);
void plan_csv_row(const struct render *, const struct rows *, struct buf *);

#endif
