/* Hashes, keyed hashes and random bytes; the only user of libcrypto. */
#ifndef DYNAPI_DIGEST_H
#define DYNAPI_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define SHA256_BYTES 32

struct sha256; /* for hashing in pieces */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *, const void *, size_t);
void sha256_end(struct sha256 *, unsigned char out[SHA256_BYTES]); /* frees */

void sha256(struct str, unsigned char out[SHA256_BYTES]);
#define SHA1_BYTES 20
void sha1(struct str, unsigned char out[SHA1_BYTES]); /* RFC 6455 wants it */
void hmac_sha256(struct str key, struct str text,
    unsigned char out[SHA256_BYTES]); /* RFC 2104 */
/* PBKDF2 with HMAC-SHA-256, one block (RFC 8018) */
void pbkdf2_sha256(struct str password, struct str salt, unsigned iterations,
    unsigned char out[SHA256_BYTES]);
/* constant time for equal lengths */
bool bytes_equal(const void *, const void *, size_t);
/* from getrandom(2); ends the process rather than return weak bytes */
void random_bytes(void *, size_t);
/* n random bytes as lower-case hex, terminated: out holds 2n + 1 */
void random_hex(char *out, size_t n);

#endif
