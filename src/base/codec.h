/* Encodings of bytes as text: RFC 3986 percent, RFC 4648 base64 and base16. */
#ifndef DYNAPI_CODEC_H
#define DYNAPI_CODEC_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct buf;

/* one decode; -1 on a bad escape.  plus_is_space for query strings only */
int percent_decode(
    struct arena *, struct str, bool plus_is_space, struct str *out);

void buf_base64(struct buf *, struct str bytes);
void buf_base64url(struct buf *, struct str bytes); /* no padding */
void buf_hex(struct buf *, struct str bytes);       /* lower case */
/* strict: no white space, padding as RFC 4648 wants it, last bits zero */
int base64_decode(struct arena *, struct str, struct str *out);
int base64url_decode(struct arena *, struct str, struct str *out);
int hex_decode(struct arena *, struct str, struct str *out);

#endif
