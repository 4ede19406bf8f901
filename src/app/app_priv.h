/* What the files of app/ share. */
#ifndef DYNAPI_APP_PRIV_H
#define DYNAPI_APP_PRIV_H

#include <stdbool.h>

struct batch;
struct ctx;
struct route;
struct rows;
struct stmt;
struct table;

/* request id, CORS, nosniff: on every answer */
void ctx_common_headers(struct ctx *);
bool ctx_origin_allowed(const struct ctx *);

/* c->body, and c->form where it was one; -1: ERR_MEDIA_TYPE, ERR_BAD_JSON,
 * ERR_BAD_FORM, ERR_BAD_VALUE, ERR_LIMIT */
int ctx_parse_body(struct ctx *);
/* -1 with ERR_FORBIDDEN: a page of another site has an unknown visitor's
 * browser write */
int ctx_check_origin(struct ctx *);
/* can PostgreSQL do with c->table what the route is for? */
bool ctx_offers(const struct ctx *, const struct route *);

/* may he read the table?  Asked only after a failure; "no" when in doubt.  The
 * rows are those of a statement that is asked with it (NULL: none) */
bool ctx_may_read(
    struct ctx *, const struct table *, struct stmt *also, struct rows **);
/* -1 with ERR_BAD_METHOD: PostgreSQL cannot do with the table what the route
 * is for */
int ctx_check_method(struct ctx *);

#endif
