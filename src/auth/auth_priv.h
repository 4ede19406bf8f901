/* What the files of this folder share; the vector suites use it too. */
#ifndef DYNAPI_AUTH_PRIV_H
#define DYNAPI_AUTH_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct err;

#define KEY_BYTES_MIN 32 /* RFC 7518 section 3.2 */
#define KEYS_MAX      8

#define JTI_MAX       64
#define VERIFIED_MAX  64
#define VERIFIED_TEXT 1024 /* longer ones are verified each time */

/*
 * An access token that was found good, by its whole text: its signature and
 * claims need not be looked at again, its times and its session are judged
 * each time.  (A hash of the text would cost more than all the rest here, and
 * keep no secret: the signing keys lie beside it.)
 */
struct verified {
	char *text; /* VERIFIED_TEXT of room, from the first use on */
	size_t len;
	const char *iss, *aud; /* for which settings; the keys are re-read
	                        * together with them */
	bool used;
	int64_t sub, iat, nbf, exp, end;
	char sid[37], jti[JTI_MAX + 1];
};

struct key {
	struct str secret;
	struct str id; /* the kid of the tokens it signs; terminated */
};

struct keys {
	struct arena *arena;
	struct key v[KEYS_MAX]; /* the first one signs */
	size_t n;
	struct verified verified[VERIFIED_MAX]; /* goes when keys are re-read */
};

/*
 * The JWS around a token: 0 when it has three parts, a header that we accept
 * and a signature by one of the keys; *payload is then the middle part,
 * decoded but not looked at.  -1: ERR_TOKEN_INVALID.
 */
int token_open(struct arena *, const struct keys *, struct str token,
    struct str *payload, struct err *);

#endif
