/*
 * Two ways in: the bytes as an Authorization header, which must never make
 * anybody of a visitor; and the bytes as header and payload of a token that
 * is signed rightly, so that what stands behind the signature is reached.
 * What is accepted must be what was written, and expired an hour later.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "auth/auth.h"
#include "auth/auth_priv.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/err.h"
#include "conf/conf.h"

#define NOW 1000000

static struct conf conf = {.jwt_issuer = "dynapi",
    .jwt_audience = "dynapi",
    .jwt_leeway = 5000,
    .token_max = 8192};
static struct keys keys = {
    .v = {{{"0123456789abcdef0123456789abcdef", 32}, {"key1", 4}}}, .n = 1};

static void
check_accepted(const struct claims *c)
{
	must(c->sub > 0 && c->exp > NOW - 5 && c->iat <= NOW + 5);
	must(c->sid.len == 36 && c->jti.len > 0);
	must(str_eq_c(c->type, "access"));
}

static void
try_header(struct arena *a, struct str text)
{
	struct principal p;
	struct err err;

	err_init(&err, a);
	if (auth_identify(a, &keys, &conf, text, "Token", NOW, &p, &err) != 0) {
		must(err.id == ERR_TOKEN_INVALID || err.id == ERR_BAD_REQUEST ||
		     err.id == ERR_HEADERS_TOO_LARGE);
		return;
	}
	/* nobody can sign without the key */
	must(err.id == ERR_NONE && p.anonymous && p.id == ANONYMOUS_ID);
	must(str_trim(text).len == 0);
}

static struct str
sign(struct arena *a, struct str header, struct str payload)
{
	unsigned char mac[SHA256_BYTES];
	struct buf b;

	buf_init(&b, a, 1 << 20);
	buf_base64url(&b, header);
	buf_char(&b, '.');
	buf_base64url(&b, payload);
	hmac_sha256(keys.v[0].secret, buf_view(&b), mac);
	buf_char(&b, '.');
	buf_base64url(&b, (struct str){(const char *)mac, sizeof(mac)});
	must(!b.overflow);
	return buf_view(&b);
}

static void
try_signed(struct arena *a, struct str header, struct str payload)
{
	struct str token = sign(a, header, payload);
	struct claims c;
	struct err err;

	err_init(&err, a);
	if (token_verify(a, &keys, &conf, token, "access", NOW, &c, &err) !=
	    0) {
		must(err.id == ERR_TOKEN_INVALID ||
		     err.id == ERR_HEADERS_TOO_LARGE);
		return;
	}
	check_accepted(&c);
	must(token_verify(a, &keys, &conf, token, "refresh", NOW, &c, &err) !=
	     0);
	/* a changed signature is no signature */
	must(token_verify(a, &keys, &conf, str_sub(token, 0, token.len - 1),
		 "access", NOW, &c, &err) != 0);
}

/* the first byte chooses; header and payload are parted by a NUL */
int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	struct str text = {arena_memdup(a, bytes, n), n};
	ptrdiff_t nul;

	if (keys.arena == NULL)
		keys.arena = arena_new();
	if (n > 0 && bytes[0] == 's') {
		text = str_sub(text, 1, n);
		nul = str_chr(text, '\0');
		if (nul >= 0)
			try_signed(a, str_sub(text, 0, (size_t)nul),
			    str_sub(text, (size_t)nul + 1, n));
		else
			try_signed(a, STR("{\"alg\":\"HS256\"}"), text);
	} else {
		try_header(a, text);
	}
	arena_free(a);
	return 0;
}
