/* What the files of the v2 dialect tell each other. */
#ifndef DYNAPI_V2_PRIV_H
#define DYNAPI_V2_PRIV_H

#include "handler/handler.h"

/*
 * The rolling token (CONTRACT 5.7): a new one of the same session goes out
 * with each answer that a guard has let through, refusals by right or value
 * included.
 */
void v2_token(struct ctx *);
int v2_authenticate(struct ctx *);
/* an empty 200 */
int v2_empty(struct ctx *);
/* v2_shape.c: what a row shows where the request does not say it, as a[…]
 * would say it; NULL: all.  rights NULL: without relations */
const struct json *v2_shape_of(
    struct ctx *, const struct table *, const struct rights *, struct err *);
/* the same for struct dialect */
int v2_shape(void *ctx, struct query *, const struct table *, bool included,
    struct err *);

/* v2.c: what is done at a table and at a row */
int v2_list(struct ctx *);
int v2_search(struct ctx *);
int v2_show(struct ctx *);
int v2_create(struct ctx *);
int v2_update(struct ctx *);
int v2_delete(struct ctx *);
int v2_options(struct ctx *);
/* the row of a body: {"user":{…}} or {…}; a column of that name is a column */
const struct json *v2_unwrap(const struct ctx *);

/* v2_model.c: "order" of orders */
struct str v2_singular(struct arena *, struct str name);

int v2_schema(struct ctx *);
int v2_dsl(struct ctx *);
int v2_translations(struct ctx *);

#endif
