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
/* a default shape: is this column left out unless the request names columns? */
bool v2_is_left_out(const struct ctx *, struct str column);

int v2_schema(struct ctx *);
int v2_dsl(struct ctx *);
int v2_translations(struct ctx *);

#endif
