/*
 * inet_pton(3) reads the addresses: it is strict (no octal, no missing parts),
 * so that nothing has two meanings.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

bool
addr_parse(struct str text, struct addr *out)
{
	char copy[ADDR_TEXT_MAX];

	if (text.len == 0 || text.len >= sizeof copy ||
	    str_chr(text, '\0') >= 0)
		return false;
	memcpy(copy, text.p, text.len);
	copy[text.len] = '\0';
	memcpy(out->b, mapped, sizeof mapped);
	if (str_chr(text, ':') < 0)
		return inet_pton(AF_INET, copy, out->b + sizeof mapped) == 1;
	return inet_pton(AF_INET6, copy, out->b) == 1;
}

bool
addr_is_v4(const struct addr *a)
{
	return memcmp(a->b, mapped, sizeof mapped) == 0;
}

size_t
addr_text(const struct addr *a, char out[ADDR_TEXT_MAX])
{
	bool v4 = addr_is_v4(a);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? a->b + sizeof mapped : a->b,
	    out, ADDR_TEXT_MAX);
	return strlen(out);
}

bool
net_parse(struct str text, struct net *out)
{
	struct str rest = text, address;
	unsigned most, before;
	int64_t bits;

	str_cut(&rest, '/', &address);
	if (!addr_parse(address, &out->addr))
		return false;
	before = str_chr(address, ':') < 0 ? 96 : 0;
	most = 128 - before;
	bits = most;
	if (rest.p != NULL &&
	    (str_i64(rest, &bits) != 0 || bits < 0 || bits > (int64_t)most))
		return false;
	out->bits = before + (unsigned)bits;
	return true;
}

bool
net_has(const struct net *n, const struct addr *a)
{
	unsigned whole = n->bits / 8, rest = n->bits % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	if (n->bits < 96 && addr_is_v4(a))
		return false;
	if (memcmp(n->addr.b, a->b, whole) != 0)
		return false;
	return rest == 0 || ((n->addr.b[whole] ^ a->b[whole]) & mask) == 0;
}
