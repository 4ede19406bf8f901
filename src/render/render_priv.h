/* What the formats share. */
#ifndef DYNAPI_RENDER_PRIV_H
#define DYNAPI_RENDER_PRIV_H

#include "render/render.h"

/* the present row as a JSON object */
void render_object(const struct render *, const struct rows *, struct buf *);

#endif
