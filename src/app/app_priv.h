/* What the files of app/ share. */
#ifndef DYNAPI_APP_PRIV_H
#define DYNAPI_APP_PRIV_H

#include <stdbool.h>

struct ctx;

/* request id, CORS, nosniff: on every answer */
void ctx_common_headers(struct ctx *);
bool ctx_origin_allowed(const struct ctx *);

#endif
