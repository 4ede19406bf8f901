/*
 * Wycheproof's signature vectors through token_open, which every real token
 * passes: what is invalid there must not open, and of what is valid, HS256
 * opens.  DYNAPI_TESTDATA names the folder; without it this is one counted
 * skip.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "auth/auth.h"
#include "auth/auth_priv.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "cases.h"

#define SUITE "jwt/json_web_signature_test.json"

static const char *data;
static int invalids, valids, contradictions, opened;

static struct str
get(const struct json *object, const char *name)
{
	const struct json *j = json_get(object, str_from(name));

	return j == NULL || j->kind != JSON_STRING ? STR_NONE : j->text;
}

/*
 * All that an attacker knows of the group's key, each as an HMAC key: its
 * secret (for the HMAC groups it is the true one), the public numbers as text
 * and as bytes.
 */
static void
add_keys(struct keys *keys, const struct json *jwk)
{
	static const char *const names[] = {"k", "n", "x", "y", "e"};

	for (size_t i = 0; i < COUNT(names); i++) {
		struct str text = get(jwk, names[i]), bytes;

		if (text.p == NULL || keys->n + 2 > KEYS_MAX ||
		    base64url_decode(arena, text, &bytes) != 0)
			continue;
		keys->v[keys->n++] = (struct key){bytes, get(jwk, "kid")};
		keys->v[keys->n++] = (struct key){text, get(jwk, "kid")};
	}
}

/* Two cases say "invalid" of a token that another one calls valid, byte for
 * byte: the padding they are about was lost on the way. */
static bool
is_valid_elsewhere(const struct json *group, struct str jws)
{
	const struct json *test = json_get(group, STR("tests"));

	for (test = test->child; test != NULL; test = test->next)
		if (str_eq_c(get(test, "result"), "valid") &&
		    str_eq(get(test, "jws"), jws))
			return true;
	return false;
}

/* some decoders skip what is no base64url; ours may not (SECURITY J9) */
static bool
is_clean(struct str jws)
{
	for (size_t i = 0; i < jws.len; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
			   "wxyz0123456789-_.",
			jws.p[i]) == NULL)
			return false;
	return true;
}

static void
try_token(const struct keys *keys, const struct json *group,
    const struct json *test, bool hs256)
{
	struct str payload, jws = get(test, "jws");
	bool valid = str_eq_c(get(test, "result"), "valid"), opens;
	struct err err;

	if (!valid && is_valid_elsewhere(group, jws)) {
		contradictions++;
		return;
	}
	err_init(&err, arena);
	opens = token_open(arena, keys, jws, &payload, &err) == 0;
	assert_true(opens == (err.id == ERR_NONE));
	if (opens != (valid && hs256 && is_clean(jws)))
		fail_msg("case %.*s %s: %.*s",
		    STR_ARGS(json_get(test, STR("tcId"))->src),
		    opens ? "opens" : err.cause,
		    STR_ARGS(get(test, "comment")));
	invalids += !valid;
	valids += valid;
	opened += opens;
}

static void
try_group(const struct json *group)
{
	const struct json *private = json_get(group, STR("private"));
	const struct json *public = json_get(group, STR("public"));
	const struct json *test = json_get(group, STR("tests"));
	struct keys keys = {.arena = arena};
	bool hs256 = str_eq_c(get(private, "alg"), "HS256");

	add_keys(&keys, public != NULL ? public : private);
	assert_true(keys.n > 0);
	for (test = test->child; test != NULL; test = test->next)
		try_token(&keys, group, test, hs256);
}

static void
test_wycheproof(void **state)
{
	const char *path = arena_printf(arena, "%s/" SUITE, data);
	const struct json *suite;
	struct str text;
	struct err err;

	(void)state;
	err_init(&err, arena);
	if (file_read(arena, path, 10000000, &text, &err) != 0)
		fail_msg("%s", err.cause);
	suite = json_parse(arena, text, &err);
	assert_non_null(suite);
	for (const struct json *g = json_get(suite, STR("testGroups"))->child;
	     g != NULL; g = g->next)
		try_group(g);
	assert_int_equal(invalids, 353);
	assert_int_equal(contradictions, 2);
	assert_int_equal(valids, 46);
	assert_int_equal(opened, 8);
}

static const char *
find_data(void)
{
	static char path[4096];
	const char *named = getenv("DYNAPI_TESTDATA");
	const char *srcdir = getenv("srcdir");

	if (named != NULL)
		return named;
	snprintf(path, sizeof(path), "%s/../shared/testdata",
	    srcdir == NULL ? "." : srcdir);
	return path;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_wycheproof),
	};

	data = find_data();
	if (access(data, R_OK) != 0) {
		printf("1..1\nok 1 - third-party data # SKIP no %s, set "
		       "DYNAPI_TESTDATA\n",
		    data);
		return 0;
	}
	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
