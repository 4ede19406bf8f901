/*
 * Algorithms are fetched once and their contexts kept: a fetch by name costs
 * more than the hash of a token.  A failure of libcrypto is a broken
 * installation, so it ends the process.
 */
#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "base/log.h"

struct sha256 {
	EVP_MD_CTX *ctx;
};

static void
must(bool fine, const char *what)
{
	if (!fine)
		log_fatal("crypto", "libcrypto: %s failed", what);
}

static const EVP_MD *
get_md(void)
{
	static EVP_MD *md;

	if (md == NULL)
		md = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(md != NULL, "EVP_MD_fetch");
	return md;
}

static EVP_MD_CTX *
new_md_ctx(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	must(ctx != NULL, "EVP_MD_CTX_new");
	return ctx;
}

static EVP_MAC_CTX *
new_mac_ctx(void)
{
	char name[] = "SHA256";
	OSSL_PARAM params[2];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

	must(ctx != NULL, "EVP_MAC_CTX_new");
	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	must(
	    EVP_MAC_CTX_set_params(ctx, params) == 1, "EVP_MAC_CTX_set_params");
	EVP_MAC_free(mac); /* the context holds it */
	return ctx;
}

static void
start(EVP_MD_CTX *ctx)
{
	must(EVP_DigestInit_ex2(ctx, get_md(), NULL) == 1, "EVP_DigestInit");
}

struct sha256 *
sha256_new(void)
{
	struct sha256 *s = malloc(sizeof(*s));

	if (s == NULL)
		log_fatal("out_of_memory", "no memory for a hash");
	s->ctx = new_md_ctx();
	start(s->ctx);
	return s;
}

void
sha256_add(struct sha256 *s, const void *bytes, size_t n)
{
	must(EVP_DigestUpdate(s->ctx, bytes, n) == 1, "EVP_DigestUpdate");
}

void
sha256_end(struct sha256 *s, unsigned char out[SHA256_BYTES])
{
	must(EVP_DigestFinal_ex(s->ctx, out, NULL) == 1, "EVP_DigestFinal");
	EVP_MD_CTX_free(s->ctx);
	free(s);
}

void
sha1(struct str s, unsigned char out[SHA1_BYTES])
{
	must(EVP_Digest(s.p, s.len, out, NULL, EVP_sha1(), NULL) == 1, "SHA1");
}

void
sha256(struct str text, unsigned char out[SHA256_BYTES])
{
	static struct sha256 kept;

	if (kept.ctx == NULL)
		kept.ctx = new_md_ctx();
	start(kept.ctx);
	sha256_add(&kept, text.p, text.len);
	must(EVP_DigestFinal_ex(kept.ctx, out, NULL) == 1, "EVP_DigestFinal");
}

void
hmac_sha256(struct str key, struct str text, unsigned char out[SHA256_BYTES])
{
	static EVP_MAC_CTX *ctx;
	/* a NULL key would mean "the key of last time" */
	const char *key_p = key.p == NULL ? "" : key.p;
	size_t n;

	if (ctx == NULL)
		ctx = new_mac_ctx();
	must(
	    EVP_MAC_init(ctx, (const unsigned char *)key_p, key.len, NULL) == 1,
	    "EVP_MAC_init");
	must(EVP_MAC_update(ctx, (const unsigned char *)text.p, text.len) == 1,
	    "EVP_MAC_update");
	must(
	    EVP_MAC_final(ctx, out, &n, SHA256_BYTES) == 1 && n == SHA256_BYTES,
	    "EVP_MAC_final");
}

void
pbkdf2_sha256(struct str password, struct str salt, unsigned iterations,
    unsigned char out[SHA256_BYTES])
{
	must(PKCS5_PBKDF2_HMAC(password.p, (int)password.len,
		 (const unsigned char *)salt.p, (int)salt.len, (int)iterations,
		 get_md(), SHA256_BYTES, out) == 1,
	    "PKCS5_PBKDF2_HMAC");
}

bool
bytes_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

void
random_bytes(void *out, size_t n)
{
	unsigned char *p = out;
	ssize_t got;

	while (n > 0) {
		got = getrandom(p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			log_fatal("random", "getrandom: %s", strerror(errno));
		p += got;
		n -= (size_t)got;
	}
}

void
random_hex(char *out, size_t n)
{
	unsigned char *p = (unsigned char *)out + n;

	/* the bytes wait in the upper half, which is overwritten last */
	random_bytes(p, n);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = p[i];

		out[2 * i] = "0123456789abcdef"[c >> 4];
		out[2 * i + 1] = "0123456789abcdef"[c & 15];
	}
	out[2 * n] = '\0';
}
