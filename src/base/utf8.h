/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, at most
 * U+10FFFF.  U+0000 is valid UTF-8; who cannot store it must ask. */
#ifndef DYNAPI_UTF8_H
#define DYNAPI_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

bool utf8_valid(struct str);
/* bytes before the first that is not part of a well-formed character */
size_t utf8_span(struct str);
/* bytes of the well-formed character that s begins with; 0 when it does not */
size_t utf8_char(struct str);
/* number of characters of valid UTF-8 */
size_t utf8_count(struct str);
/* of one well-formed character */
uint32_t utf8_decode(struct str);
/* writes 1 to 4 bytes, returns how many */
size_t utf8_encode(char out[4], uint32_t codepoint);

#endif
