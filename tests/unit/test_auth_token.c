/*
 * Tokens against SECURITY J1 to J9, J13 and J14, made by a signer of the
 * test's own, so that what we refuse was not refused for being made wrongly:
 * each case differs from an accepted token in the one thing it is about.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/auth.h"
#include "base/err.h"
#include "cases.h"
#include "conf/conf.h"

#define NOW 1000000
#define KEY "0123456789abcdef0123456789abcdef"
#define OLD "an older key that is still good, 42"

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define SID    "01234567-89ab-4cde-8f01-23456789abcd"
#define NAMES                                                                  \
	"\"iss\":\"dynapi\",\"aud\":\"dynapi\",\"sub\":\"7\",\"sid\":\"" SID   \
	"\",\"jti\":\"x1\",\"token_type\":\"access\""
#define TIMES   "\"iat\":999990,\"exp\":1000100"
#define PAYLOAD "{" NAMES "," TIMES "}"

static struct keys *keys;
static struct conf conf;
static char key_path[64];

static void
write_file(const char *path, const char *text, size_t n, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static int
set_up(void **state)
{
	struct err err;
	int fd;

	(void)state;
	arena = arena_new();
	strcpy(key_path, "/tmp/test_auth.XXXXXX");
	fd = mkstemp(key_path);
	assert_true(fd >= 0);
	close(fd);
	write_file(
	    key_path, KEY "\n" OLD "\n", strlen(KEY) + strlen(OLD) + 2, 0600);
	err_init(&err, arena);
	keys = keys_load(key_path, &err);
	assert_non_null(keys);
	conf.jwt_issuer = "dynapi";
	conf.jwt_audience = "dynapi";
	conf.jwt_leeway = 5000;
	conf.token_max = 8192;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	keys_free(keys);
	arena_free(arena);
	return unlink(key_path);
}

/* ---- the signer ---- */

static char *
b64url(const void *bytes, size_t n)
{
	size_t max = (n + 2) / 3 * 4 + 1;
	char *p = arena_alloc(arena, max);
	int len = EVP_EncodeBlock((unsigned char *)p, bytes, (int)n);

	while (len > 0 && p[len - 1] == '=')
		len--;
	p[len] = '\0';
	for (int i = 0; i < len; i++) {
		if (p[i] == '+')
			p[i] = '-';
		else if (p[i] == '/')
			p[i] = '_';
	}
	return p;
}

static char *
sign_with(const EVP_MD *md, const char *key, size_t key_len, const char *header,
    const char *payload)
{
	char *input = arena_printf(arena, "%s.%s",
	    b64url(header, strlen(header)), b64url(payload, strlen(payload)));
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n;

	assert_non_null(HMAC(md, key, (int)key_len,
	    (const unsigned char *)input, strlen(input), mac, &n));
	return arena_printf(arena, "%s.%s", input, b64url(mac, n));
}

static char *
sign(const char *header, const char *payload)
{
	return sign_with(EVP_sha256(), KEY, strlen(KEY), header, payload);
}

static enum err_id
verify(const char *token, size_t n, int64_t now)
{
	/* of exactly its size, so that reading on is seen */
	struct str s = {arena_memdup(arena, token, n), n};
	struct claims c;
	struct err err;

	err_init(&err, arena);
	if (token_verify(arena, keys, &conf, s, "access", now, &c, &err) == 0)
		return ERR_NONE;
	assert_true(
	    err.id == ERR_TOKEN_INVALID || err.id == ERR_HEADERS_TOO_LARGE);
	return err.id;
}

static void
expect(int line, const char *token, int64_t now, enum err_id want)
{
	enum err_id got = verify(token, strlen(token), now);

	if (got != want)
		fail_msg("line %d: got %s, wanted %s", line, err_code(got),
		    err_code(want));
}

/* ---- cases ---- */

static void
test_headers(void **state)
{
	static const struct {
		int line;
		const char *header;
		bool good;
	} cases[] = {
	    {__LINE__, HEADER, true},
	    {__LINE__, "{\"alg\":\"HS256\"}", true},
	    {__LINE__, " { \"typ\" : \"JWT\", \"alg\" : \"HS256\" } ", true},
	    /* J1 */
	    {__LINE__, "{\"alg\":\"none\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"None\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"NONE\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"nOnE\",\"typ\":\"JWT\"}", false},
	    /* J3 */
	    {__LINE__, "{\"alg\":\"HS384\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"HS512\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"hs256\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"HS256 \",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":256,\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":null,\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":[\"HS256\"],\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"Alg\":\"HS256\",\"typ\":\"JWT\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"alg\":\"HS256\"}", false},
	    {__LINE__, "{\"alg\":\"none\",\"alg\":\"HS256\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"\\u0061lg\":\"HS256\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"x\":1,\"x\":2}", false},
	    {__LINE__, "{\"alg\":\"HS256\\u0000\"}", false},
	    /* J4 */
	    {__LINE__, "{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"kid\":\"' or 1=1--\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"kid\":\"http://h/\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"kid\":\"\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"kid\":null}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"kid\":[\"0\"]}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"kid\":0}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"jku\":\"http://h/\"}", true},
	    {__LINE__, "{\"alg\":\"HS256\",\"x5u\":\"file:///x\"}", true},
	    {__LINE__, "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\"}}", true},
	    /* J6 */
	    {__LINE__, "{\"alg\":\"HS256\",\"typ\":\"jwt\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"typ\":\"JWE\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"typ\":\"\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"typ\":null}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"typ\":1}", false},
	    /* J7 */
	    {__LINE__, "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"crit\":[]}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"crit\":null}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"zip\":\"DEF\"}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"b64\":true}", false},
	    {__LINE__, "{\"alg\":\"HS256\",\"b64\":false}", false},
	    /* not an object */
	    {__LINE__, "[\"HS256\"]", false},
	    {__LINE__, "\"HS256\"", false},
	    {__LINE__, "HS256", false},
	    {__LINE__, "", false},
	    {__LINE__, "{\"alg\":\"HS256\"} x", false},
	    {__LINE__, "{\"alg\":\"HS256\"", false},
	    {__LINE__, "\xef\xbb\xbf{\"alg\":\"HS256\"}", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect(cases[i].line, sign(cases[i].header, PAYLOAD), NOW,
		    cases[i].good ? ERR_NONE : ERR_TOKEN_INVALID);
}

static void
test_payloads(void **state)
{
	static const struct {
		int line;
		const char *payload;
		bool good;
	} cases[] = {
	    {__LINE__, PAYLOAD, true},
	    {__LINE__, "{" NAMES "," TIMES ",\"nbf\":1000000}", true},
	    {__LINE__, "{" NAMES "," TIMES ",\"role\":\"admin\"}", true},
	    {__LINE__, "{" NAMES "," TIMES ",\"end\":1000200}", true},
	    {__LINE__, "{" NAMES "," TIMES ",\"end\":\"x\"}", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"end\":-1}", false},
	    /* J5 */
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":1000001}", true},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":999996}", true},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":999995}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":1}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":0}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":null}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":true}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":\"1000100\"}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":1000100.0}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":1e300}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":1E7}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":-1000100}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":[1000100]}", false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":9223372036854775807}",
		true},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":9223372036854775808}",
		false},
	    {__LINE__, "{" NAMES ",\"iat\":1,\"exp\":18446744073710551616}",
		false},
	    {__LINE__, "{" NAMES "," TIMES ",\"exp\":1000100}", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"nbf\":1000005}", true},
	    {__LINE__, "{" NAMES "," TIMES ",\"nbf\":1000006}", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"nbf\":\"1\"}", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"nbf\":1.5}", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"nbf\":null}", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"nbf\":-1}", false},
	    {__LINE__, "{" NAMES ",\"exp\":1000100}", false},
	    {__LINE__, "{" NAMES ",\"exp\":1000100,\"iat\":1000005}", true},
	    {__LINE__, "{" NAMES ",\"exp\":1000100,\"iat\":1000006}", false},
	    {__LINE__,
		"{" NAMES ",\"exp\":1000100,\"iat\":9223372036854775807}",
		false},
	    {__LINE__, "{" NAMES ",\"exp\":1000100,\"iat\":\"1\"}", false},
	    /* shapes */
	    {__LINE__, "[1]", false},
	    {__LINE__, "1", false},
	    {__LINE__, "null", false},
	    {__LINE__, "", false},
	    {__LINE__, "{}", false},
	    {__LINE__, PAYLOAD "x", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"x\":\"\xff\"}", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"x\":\"\\ud800\"}", false},
	    {__LINE__, "{" NAMES "," TIMES ",\"x\":\"\\u0000\"}", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect(cases[i].line, sign(HEADER, cases[i].payload), NOW,
		    cases[i].good ? ERR_NONE : ERR_TOKEN_INVALID);
}

/* each claim in turn is replaced by something else, or left out */
static void
test_claims(void **state)
{
	static const char *const whole[][2] = {
	    {"iss", "\"dynapi\""},
	    {"aud", "\"dynapi\""},
	    {"sub", "\"7\""},
	    {"sid", "\"" SID "\""},
	    {"jti", "\"x1\""},
	    {"token_type", "\"access\""},
	};
	static const struct {
		int line;
		const char *name, *value; /* NULL: left out */
		bool good;
	} cases[] = {
	    {__LINE__, "", NULL, true},
	    /* J6 */
	    {__LINE__, "iss", NULL, false},
	    {__LINE__, "iss", "\"\"", false},
	    {__LINE__, "iss", "\"Dynapi\"", false},
	    {__LINE__, "iss", "\"dynapi \"", false},
	    {__LINE__, "iss", "[\"dynapi\"]", false},
	    {__LINE__, "iss", "null", false},
	    {__LINE__, "aud", NULL, false},
	    {__LINE__, "aud", "\"other\"", false},
	    {__LINE__, "aud", "\"\"", false},
	    {__LINE__, "aud", "null", false},
	    {__LINE__, "aud", "1", false},
	    {__LINE__, "aud", "{\"dynapi\":\"dynapi\"}", false},
	    {__LINE__, "aud", "[]", false},
	    {__LINE__, "aud", "[\"other\",\"dynap\"]", false},
	    {__LINE__, "aud", "[[\"dynapi\"]]", false},
	    {__LINE__, "aud", "[\"dynapi\"]", true},
	    {__LINE__, "aud", "[1,null,\"other\",\"dynapi\"]", true},
	    {__LINE__, "token_type", NULL, false},
	    {__LINE__, "token_type", "\"refresh\"", false},
	    {__LINE__, "token_type", "\"Access\"", false},
	    {__LINE__, "token_type", "\"\"", false},
	    {__LINE__, "token_type", "1", false},
	    /* J13 */
	    {__LINE__, "sub", NULL, false},
	    {__LINE__, "sub", "7", false},
	    {__LINE__, "sub", "\"\"", false},
	    {__LINE__, "sub", "\"0\"", false},
	    {__LINE__, "sub", "\"-7\"", false},
	    {__LINE__, "sub", "\"+7\"", false},
	    {__LINE__, "sub", "\"07\"", false},
	    {__LINE__, "sub", "\"7 \"", false},
	    {__LINE__, "sub", "\" 7\"", false},
	    {__LINE__, "sub", "\"7.0\"", false},
	    {__LINE__, "sub", "\"7e0\"", false},
	    {__LINE__, "sub", "\"0x7\"", false},
	    {__LINE__, "sub", "\"7\\u0000\"", false},
	    {__LINE__, "sub", "\"\\uff17\"", false}, /* full-width 7 */
	    {__LINE__, "sub", "\"admin\"", false},
	    {__LINE__, "sub", "[\"7\"]", false},
	    {__LINE__, "sub", "\"9223372036854775807\"", true},
	    {__LINE__, "sub", "\"9223372036854775808\"", false},
	    {__LINE__, "sub", "\"18446744073709551616\"", false},
	    {__LINE__, "sub", "\"18446744073709551623\"", false},
	    {__LINE__, "sid", NULL, false},
	    {__LINE__, "sid", "\"\"", false},
	    {__LINE__, "sid", "1", false},
	    {__LINE__, "sid", "\"01234567-89AB-4CDE-8F01-23456789ABCD\"",
		false},
	    {__LINE__, "sid", "\"0123456789ab4cde8f0123456789abcd\"", false},
	    {__LINE__, "sid", "\"01234567-89ab-4cde-8f01-23456789abcg\"",
		false},
	    {__LINE__, "sid", "\"{1234567-89ab-4cde-8f01-23456789abc}\"",
		false},
	    {__LINE__, "sid", "\"01234567-89ab-4cde-8f01-23456789abcd0\"",
		false},
	    {__LINE__, "sid", "\"012345678-9ab-4cde-8f01-23456789abcd\"",
		false},
	    {__LINE__, "jti", NULL, false},
	    {__LINE__, "jti", "\"\"", false},
	    {__LINE__, "jti", "1", false},
	    {__LINE__, "jti",
		"\"0123456789012345678901234567890123456789"
		"012345678901234567890123\"",
		true},
	    {__LINE__, "jti",
		"\"0123456789012345678901234567890123456789"
		"0123456789012345678901234\"",
		false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *text = arena_strdup(arena, "{" TIMES);

		for (size_t k = 0; k < COUNT(whole); k++) {
			bool this = strcmp(cases[i].name, whole[k][0]) == 0;
			const char *value = this ? cases[i].value : whole[k][1];

			if (value != NULL)
				text = arena_printf(arena, "%s,\"%s\":%s", text,
				    whole[k][0], value);
		}
		text = arena_printf(arena, "%s}", text);
		expect(cases[i].line, sign(HEADER, text), NOW,
		    cases[i].good ? ERR_NONE : ERR_TOKEN_INVALID);
	}
}

static void
test_signatures(void **state)
{
	static const char pem[] =
	    "-----BEGIN PUBLIC KEY-----\n"
	    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBALcCtKDmXHKMhgZJ1c3vTRUGsc3NGfPK\n"
	    "Gj4rCvF9o7yWWmWyx8sX8pXpRfhZ9hXUFqjCFMiZXPUtl5yGaGKRkzkCAwEAAQ==\n"
	    "-----END PUBLIC KEY-----\n";
	char *good = sign(HEADER, PAYLOAD), *dot = strrchr(good, '.');
	char *unsigned_part =
	    arena_printf(arena, "%.*s", (int)(dot - good + 1), good);
	const struct {
		int line;
		char *token;
		bool good;
	} cases[] = {
	    {__LINE__, good, true},
	    {__LINE__,
		sign_with(EVP_sha256(), OLD, strlen(OLD), HEADER, PAYLOAD),
		true},
	    /* J1 */
	    {__LINE__, unsigned_part, false},
	    {__LINE__, arena_printf(arena, "%.*s", (int)(dot - good), good),
		false},
	    {__LINE__, sign_with(EVP_sha256(), "", 0, HEADER, PAYLOAD), false},
	    /* J2 */
	    {__LINE__,
		sign_with(EVP_sha256(), pem, strlen(pem), HEADER, PAYLOAD),
		false},
	    {__LINE__,
		sign_with(EVP_sha256(), pem, strlen(pem) - 1, HEADER, PAYLOAD),
		false},
	    /* J3 */
	    {__LINE__,
		sign_with(EVP_sha384(), KEY, strlen(KEY), HEADER, PAYLOAD),
		false},
	    {__LINE__,
		sign_with(EVP_sha512(), KEY, strlen(KEY), HEADER, PAYLOAD),
		false},
	    {__LINE__,
		sign_with(EVP_sha384(), KEY, strlen(KEY), "{\"alg\":\"HS384\"}",
		    PAYLOAD),
		false},
	    {__LINE__,
		sign_with(
		    EVP_sha256(), KEY "\n", strlen(KEY) + 1, HEADER, PAYLOAD),
		false},
	    {__LINE__,
		sign_with(EVP_sha256(), KEY "\n" OLD,
		    strlen(KEY) + 1 + strlen(OLD), HEADER, PAYLOAD),
		false},
	    /* J7: JSON serialization, JWE with five parts, detached */
	    {__LINE__, arena_printf(arena, "{\"payload\":\"%s\"}", good),
		false},
	    {__LINE__, arena_printf(arena, "%s.a.b", good), false},
	    {__LINE__,
		arena_printf(
		    arena, "%s..%s", b64url(HEADER, strlen(HEADER)), dot + 1),
		false},
	    /* J9 */
	    {__LINE__, arena_printf(arena, "%s=", good), false},
	    {__LINE__, arena_printf(arena, "%s.", good), false},
	    {__LINE__, arena_printf(arena, ".%s", good), false},
	    {__LINE__, arena_printf(arena, "%s\n", good), false},
	    {__LINE__, arena_printf(arena, " %s", good), false},
	    {__LINE__, arena_printf(arena, "%s%s", good, dot + 1), false},
	    {__LINE__, arena_printf(arena, "%s%s", good, dot), false},
	    {__LINE__, arena_printf(arena, "%sA", good), false},
	    {__LINE__, arena_printf(arena, "%sAAAA", good), false},
	    {__LINE__, arena_strdup(arena, ""), false},
	    {__LINE__, arena_strdup(arena, "."), false},
	    {__LINE__, arena_strdup(arena, ".."), false},
	    {__LINE__, arena_strdup(arena, "..."), false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		expect(cases[i].line, cases[i].token, NOW,
		    cases[i].good ? ERR_NONE : ERR_TOKEN_INVALID);
}

/* J9: any byte replaced, any left out, one put in anywhere */
static void
test_mutations(void **state)
{
	static const char bytes[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789-_+/=. \t\n\r\"%\x7f\x80\xff";
	char *good = sign(HEADER, PAYLOAD), *bad;
	size_t n = strlen(good);

	(void)state;
	bad = arena_alloc(arena, n + 2);
	for (size_t i = 0; i <= n; i++) {
		/* sizeof: with the NUL */
		for (size_t k = 0; k < sizeof(bytes); k++) {
			memcpy(bad, good, n);
			if (i < n && good[i] != bytes[k]) {
				bad[i] = bytes[k];
				if (verify(bad, n, NOW) == ERR_NONE)
					fail_msg(
					    "byte %zu made %d", i, bytes[k]);
			}
			memcpy(bad + i + 1, good + i, n - i);
			memcpy(bad, good, i);
			bad[i] = bytes[k];
			if (verify(bad, n + 1, NOW) == ERR_NONE)
				fail_msg("%d before byte %zu", bytes[k], i);
		}
		if (i == n)
			break;
		memcpy(bad, good, i);
		memcpy(bad + i, good + i + 1, n - i - 1);
		if (verify(bad, n - 1, NOW) == ERR_NONE)
			fail_msg("byte %zu left out", i);
	}
	assert_int_equal(verify(good, n, NOW), ERR_NONE);
}

/* J8: long before any work; and depth that fits into the length */
static void
test_size(void **state)
{
	char *big = arena_alloc(arena, 1 << 20), *padded, *nested;
	size_t names = strlen(sign(HEADER, "{\"x\":\"\"," NAMES "," TIMES "}"));
	size_t pad = (8192 - names) * 3 / 4 - 4;

	(void)state;
	memset(big, 'a', 1 << 20);
	assert_int_equal(verify(big, 1 << 20, NOW), ERR_HEADERS_TOO_LARGE);
	assert_int_equal(verify(big, 8193, NOW), ERR_HEADERS_TOO_LARGE);
	assert_int_equal(verify(big, 8192, NOW), ERR_TOKEN_INVALID);
	padded = arena_printf(
	    arena, "{\"x\":\"%.*s\"," NAMES "," TIMES "}", (int)pad, big);
	expect(__LINE__, sign(HEADER, padded), NOW, ERR_NONE);
	padded = arena_printf(
	    arena, "{\"x\":\"%.*s\"," NAMES "," TIMES "}", (int)pad + 8, big);
	expect(__LINE__, sign(HEADER, padded), NOW, ERR_HEADERS_TOO_LARGE);
	memset(big, '[', 100000);
	nested =
	    arena_printf(arena, "{" NAMES "," TIMES ",\"x\":%.*s", 5000, big);
	expect(__LINE__, sign(HEADER, nested), NOW, ERR_TOKEN_INVALID);
	conf.token_max = 1 << 20;
	nested =
	    arena_printf(arena, "{" NAMES "," TIMES ",\"x\":%.*s", 100000, big);
	expect(__LINE__, sign(HEADER, nested), NOW, ERR_TOKEN_INVALID);
	conf.token_max = 8192;
}

/* an empty setting is no invitation */
static void
test_empty_settings(void **state)
{
	(void)state;
	conf.jwt_issuer = NULL;
	expect(__LINE__, sign(HEADER, PAYLOAD), NOW, ERR_TOKEN_INVALID);
	expect(__LINE__,
	    sign(HEADER,
		"{\"aud\":\"dynapi\",\"sub\":\"7\",\"sid\":\"" SID
		"\",\"jti\":\"x1\",\"token_type\":\"access\"," TIMES "}"),
	    NOW, ERR_TOKEN_INVALID);
	conf.jwt_issuer = "dynapi";
	conf.jwt_leeway = 0;
	expect(__LINE__, sign(HEADER, PAYLOAD), 1000099, ERR_NONE);
	expect(__LINE__, sign(HEADER, PAYLOAD), 1000100, ERR_TOKEN_INVALID);
	expect(__LINE__, sign(HEADER, PAYLOAD), 999990, ERR_NONE);
	expect(__LINE__, sign(HEADER, PAYLOAD), 999989, ERR_TOKEN_INVALID);
	conf.jwt_leeway = 5000;
}

static void
test_mint(void **state)
{
	struct claims in = {.sub = 42,
	    .iat = NOW,
	    .exp = NOW + 900,
	    .end = NOW + 1000,
	    .sid = STR(SID),
	    .jti = STR("abc"),
	    .type = STR("refresh")};
	struct claims out;
	struct err err;
	char *token = token_mint(arena, keys, &conf, &in);

	(void)state;
	err_init(&err, arena);
	assert_int_equal(token_verify(arena, keys, &conf, str_from(token),
			     "refresh", NOW, &out, &err),
	    0);
	assert_int_equal(out.sub, 42);
	assert_int_equal(out.iat, NOW);
	assert_int_equal(out.exp, NOW + 900);
	assert_int_equal(out.end, NOW + 1000);
	assert_true(str_eq(out.sid, in.sid) && str_eq(out.jti, in.jti) &&
		    str_eq(out.type, in.type));
	/* one kind is not good as the other */
	expect(__LINE__, token, NOW, ERR_TOKEN_INVALID);
	/* the old key does not sign */
	write_file(key_path, OLD "\n", strlen(OLD) + 1, 0640);
	keys_free(keys);
	keys = keys_load(key_path, &err);
	assert_non_null(keys);
	assert_int_equal(token_verify(arena, keys, &conf, str_from(token),
			     "refresh", NOW, &out, &err),
	    -1);
	assert_int_equal(err.id, ERR_TOKEN_INVALID);
	write_file(
	    key_path, KEY "\n" OLD "\n", strlen(KEY) + strlen(OLD) + 2, 0600);
	keys_free(keys);
	err_clear(&err);
	keys = keys_load(key_path, &err);
	assert_non_null(keys);
}

/* J14 */
static void
test_key_files(void **state)
{
	static const struct {
		int line;
		const char *text;
		mode_t mode;
		bool good;
	} cases[] = {
	    {__LINE__, KEY, 0600, true},
	    {__LINE__, KEY "\n", 0400, true},
	    {__LINE__, KEY "\r\n", 0640, true},
	    {__LINE__, "\n" KEY "\n\n" OLD "\n\n", 0440, true},
	    {__LINE__, KEY, 0644, false},
	    {__LINE__, KEY, 0604, false},
	    {__LINE__, KEY, 0602, false},
	    {__LINE__, KEY, 0601, false},
	    {__LINE__, KEY, 0660, false},
	    {__LINE__, KEY, 0666, false},
	    {__LINE__, "", 0600, false},
	    {__LINE__, "\n\n", 0600, false},
	    {__LINE__, "0123456789abcdef0123456789abcde", 0600, false},
	    {__LINE__, "0123456789abcdef0123456789abcde\n", 0600, false},
	    {__LINE__, "  0123456789abcdef0123456789abcde  ", 0600, false},
	    {__LINE__, KEY "\nshort\n", 0600, false},
	    {__LINE__,
		KEY "\n" KEY "\n" KEY "\n" KEY "\n" KEY "\n" KEY "\n" KEY
		    "\n" KEY "\n" KEY "\n",
		0600, false},
	};
	struct keys *k;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *path = arena_printf(arena, "%s.%zu", key_path, i);

		write_file(
		    path, cases[i].text, strlen(cases[i].text), cases[i].mode);
		err_init(&err, arena);
		k = keys_load(path, &err);
		unlink(path);
		if ((k != NULL) != cases[i].good)
			fail_msg("line %d: %s", cases[i].line,
			    k == NULL ? err.cause : "accepted");
		if (k == NULL &&
		    (err.id != ERR_INTERNAL || strstr(err.cause, path) == NULL))
			fail_msg(
			    "line %d: the file is not named", cases[i].line);
		if (k == NULL && strstr(err.cause, "abcdef") != NULL)
			fail_msg("line %d: the key is told", cases[i].line);
		keys_free(k);
	}
	err_init(&err, arena);
	assert_null(keys_load("/nonexistent/key", &err));
}

/* J15 */
static void
test_identify(void **state)
{
	char *t = sign(HEADER, PAYLOAD);
	const struct {
		int line;
		const char *value; /* NULL: no such header */
		enum err_id id;
		bool anonymous;
	} cases[] = {
	    {__LINE__, NULL, ERR_NONE, true},
	    {__LINE__, "", ERR_NONE, true},
	    {__LINE__, "  ", ERR_NONE, true},
	    {__LINE__, arena_printf(arena, "Bearer %s", t), ERR_NONE, false},
	    {__LINE__, arena_printf(arena, "bearer %s", t), ERR_NONE, false},
	    {__LINE__, arena_printf(arena, "BEARER %s", t), ERR_NONE, false},
	    {__LINE__, arena_printf(arena, " Bearer   %s ", t), ERR_NONE,
		false},
	    {__LINE__, t, ERR_TOKEN_INVALID, false},
	    {__LINE__, "Bearer", ERR_TOKEN_INVALID, false},
	    {__LINE__, "Bearer ", ERR_TOKEN_INVALID, false},
	    {__LINE__, arena_printf(arena, "Bearer%s", t), ERR_TOKEN_INVALID,
		false},
	    {__LINE__, arena_printf(arena, "Bearer\t%s", t), ERR_TOKEN_INVALID,
		false},
	    {__LINE__, arena_printf(arena, "Bearer: %s", t), ERR_TOKEN_INVALID,
		false},
	    {__LINE__, arena_printf(arena, "Bearer %s x", t), ERR_TOKEN_INVALID,
		false},
	    {__LINE__, arena_printf(arena, "Bearer \"%s\"", t),
		ERR_TOKEN_INVALID, false},
	    {__LINE__, arena_printf(arena, "Basic %s", t), ERR_TOKEN_INVALID,
		false},
	    {__LINE__, "Basic YWxhZGRpbjpvcGVuc2VzYW1l", ERR_TOKEN_INVALID,
		false},
	    {__LINE__, arena_printf(arena, "Token %s", t), ERR_TOKEN_INVALID,
		false},
	    {__LINE__, arena_printf(arena, "Bearer %s, Bearer %s", t, t),
		ERR_BAD_REQUEST, false},
	    {__LINE__, arena_printf(arena, "Bearer %s,Basic eDp5", t),
		ERR_BAD_REQUEST, false},
	};
	struct principal p;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		err_init(&err, arena);
		auth_identify(arena, keys, &conf, str_from(cases[i].value),
		    NULL, NOW, &p, &err);
		if (err.id != cases[i].id)
			fail_msg(
			    "line %d: %s", cases[i].line, err_code(err.id));
		if (err.id != ERR_NONE)
			continue;
		if (p.anonymous != cases[i].anonymous ||
		    p.id != (p.anonymous ? ANONYMOUS_ID : 7))
			fail_msg("line %d: user %d", cases[i].line, (int)p.id);
		if (!p.anonymous)
			assert_true(str_eq_c(p.sid, SID) && p.exp == 1000100);
	}
}

/* a front door may take one more scheme */
static void
test_other_scheme(void **state)
{
	static const struct {
		int line;
		const char *before;
		enum err_id id;
	} cases[] = {
	    {__LINE__, "Token ", ERR_NONE},
	    {__LINE__, "token  ", ERR_NONE},
	    {__LINE__, "Bearer ", ERR_NONE},
	    {__LINE__, "Tokens ", ERR_TOKEN_INVALID},
	    {__LINE__, "Token", ERR_TOKEN_INVALID},
	    {__LINE__, "Basic ", ERR_TOKEN_INVALID},
	    {__LINE__, "Token Token ", ERR_TOKEN_INVALID},
	    {__LINE__, "Token, Bearer ", ERR_BAD_REQUEST},
	};
	char *t = sign(HEADER, PAYLOAD), *text;
	struct principal p;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		err_init(&err, arena);
		text = arena_printf(arena, "%s%s", cases[i].before, t);
		auth_identify(
		    arena, keys, &conf, str_from(text), "Token", NOW, &p, &err);
		if (err.id != cases[i].id)
			fail_msg(
			    "line %d: %s", cases[i].line, err_code(err.id));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_payloads),
	    cmocka_unit_test(test_claims),
	    cmocka_unit_test(test_signatures),
	    cmocka_unit_test(test_mutations),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_empty_settings),
	    cmocka_unit_test(test_mint),
	    cmocka_unit_test(test_key_files),
	    cmocka_unit_test(test_identify),
	    cmocka_unit_test(test_other_scheme),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
