/* What the files of app/ share. */
#ifndef DYNAPI_APP_PRIV_H
#define DYNAPI_APP_PRIV_H

#include <stdbool.h>

struct app;
struct ctx;

/* opens the snapshot when it is new; true when it changed */
bool app_follow_snapshot(struct app *);
/* request id, CORS, nosniff: on every answer */
void ctx_common_headers(struct ctx *);
bool ctx_origin_allowed(const struct ctx *);

#endif
