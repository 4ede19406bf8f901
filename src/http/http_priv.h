/* What the files of http/ share. */
#ifndef DYNAPI_HTTP_PRIV_H
#define DYNAPI_HTTP_PRIV_H

#include "http/http.h"

/* SIGTERM was seen: no request is begun any more */
bool signals_leaving(void);

/*
 * Whoever keeps us waiting on the connection longer than this is cut off by
 * shutdown(2) with how.  A tick a second looks at it while there is something
 * to look at, so that a request costs no system call for it.
 */
void watch_begin(int fd, int how, int64_t ms);
void watch_end(void);

#endif
