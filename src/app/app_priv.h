/* What the files of app/ share. */
#ifndef DYNAPI_APP_PRIV_H
#define DYNAPI_APP_PRIV_H

#include <stdbool.h>

struct batch;
struct ctx;
struct rows;
struct stmt;

/* request id, CORS, nosniff: on every answer */
void ctx_common_headers(struct ctx *);
bool ctx_origin_allowed(const struct ctx *);

/* may he read the table?  Asked only after a failure; "no" when in doubt.  The
 * rows are those of a statement that is asked with it (NULL: none) */
bool ctx_may_read(struct ctx *, struct stmt *also, struct rows **);
/* -1 with ERR_BAD_METHOD: PostgreSQL cannot do with the table what the route
 * is for */
int ctx_check_method(struct ctx *);
/* a constraint was violated: c->err names its fields and itself */
void ctx_violated(struct ctx *, const struct batch *);

#endif
