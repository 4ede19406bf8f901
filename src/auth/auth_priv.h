/* What the files of this folder share; the vector suites use it too. */
#ifndef DYNAPI_AUTH_PRIV_H
#define DYNAPI_AUTH_PRIV_H

#include <stddef.h>

#include "base/str.h"

struct arena;
struct err;

#define KEY_BYTES_MIN 32 /* RFC 7518 section 3.2 */
#define KEYS_MAX      8

struct key {
	struct str secret;
	struct str id; /* the kid of the tokens it signs; terminated */
};

struct keys {
	struct arena *arena;
	struct key v[KEYS_MAX]; /* the first one signs */
	size_t n;
};

/*
 * The JWS around a token: 0 when it has three parts, a header that we accept
 * and a signature by one of the keys; *payload is then the middle part,
 * decoded but not looked at.  -1: ERR_TOKEN_INVALID.
 */
int token_open(struct arena *, const struct keys *, struct str token,
    struct str *payload, struct err *);

#endif
