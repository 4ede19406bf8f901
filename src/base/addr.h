/*
 * Addresses of the internet and networks of them.  One form for both families:
 * IPv4 is kept as IPv6 maps it (::ffff:192.0.2.1), so that the same address is
 * the same whichever way it was written (RFC 4291 2.5.5.2).
 */
#ifndef DYNAPI_ADDR_H
#define DYNAPI_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define ADDR_TEXT_MAX 46

struct addr {
	unsigned char b[16];
};

struct net {
	struct addr addr;
	unsigned bits; /* of b that count; an IPv4 network has 96 and more */
};

/* a whole text without port and zone; false: it is no address */
bool addr_parse(struct str, struct addr *);
bool addr_is_v4(const struct addr *);
/* as it is written shortest, terminated; its length */
size_t addr_text(const struct addr *, char out[ADDR_TEXT_MAX]);
/* "192.0.2.0/24", "2001:db8::/32", or one address */
bool net_parse(struct str, struct net *);
/* no network of IPv6 has an address of IPv4 */
bool net_has(const struct net *, const struct addr *);

#endif
