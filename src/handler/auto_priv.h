/* What the files of the auto dialect tell each other. */
#ifndef DYNAPI_AUTO_PRIV_H
#define DYNAPI_AUTO_PRIV_H

#include "handler/handler.h"

/* -1; no such row, in this dialect's words */
int auto_not_found(struct ctx *);

#endif
