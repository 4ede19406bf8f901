/* codec, digest and params; the hash vectors are those of FIPS 180-2, RFC 4231
 * and RFC 4648. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/params.h"
#include "cases.h"

static struct str
exact(struct str s)
{
	return (struct str){arena_memdup(arena, s.p, s.len), s.len};
}

static void
test_percent(void **state)
{
	static const struct {
		int line;
		bool plus;
		struct str text, want; /* p NULL: refused */
	} cases[] = {
	    {__LINE__, true, {"", 0}, {"", 0}},
	    {__LINE__, true, {"a+b", 3}, {"a b", 3}},
	    {__LINE__, false, {"a+b", 3}, {"a+b", 3}},
	    {__LINE__, false, {"a+%41", 5}, {"a+A", 3}},
	    {__LINE__, true, {"%2b+%2B", 7}, {"+ +", 3}},
	    {__LINE__, true, {"%00", 3}, {"\0", 1}},
	    {__LINE__, true, {"%C3%a4", 6}, {"\xc3\xa4", 2}},
	    {__LINE__, true, {"%2541", 5}, {"%41", 3}},
	    {__LINE__, true, {"%", 1}, {NULL, 0}},
	    {__LINE__, true, {"a%4", 3}, {NULL, 0}},
	    {__LINE__, true, {"%4g", 3}, {NULL, 0}},
	    {__LINE__, true, {"%g4", 3}, {NULL, 0}},
	    {__LINE__, true, {"%%41", 4}, {NULL, 0}},
	    {__LINE__, true, {"%+1", 3}, {NULL, 0}},
	    {__LINE__, true, {"%u0041", 6}, {NULL, 0}},
	    {__LINE__, true, {"% 1", 3}, {NULL, 0}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str out;
		int rc;

		rc = percent_decode(
		    arena, exact(cases[i].text), cases[i].plus, &out);
		if (rc != (cases[i].want.p == NULL ? -1 : 0))
			fail_msg("line %d: %d", cases[i].line, rc);
		if (rc == 0)
			want_str(cases[i].line, out, cases[i].want);
	}
}

static void
test_encode(void **state)
{
	static const struct {
		int line;
		struct str bytes;
		const char *base64, *base64url, *hex;
	} cases[] = {
	    {__LINE__, STR(""), "", "", ""},
	    {__LINE__, STR("f"), "Zg==", "Zg", "66"},
	    {__LINE__, STR("fo"), "Zm8=", "Zm8", "666f"},
	    {__LINE__, STR("foo"), "Zm9v", "Zm9v", "666f6f"},
	    {__LINE__, STR("foob"), "Zm9vYg==", "Zm9vYg", "666f6f62"},
	    {__LINE__, STR("fooba"), "Zm9vYmE=", "Zm9vYmE", "666f6f6261"},
	    {__LINE__, STR("foobar"), "Zm9vYmFy", "Zm9vYmFy", "666f6f626172"},
	    {__LINE__, STR("\0\xff\xfe\xfb\xef\xbf"), "AP/++++/", "AP_----_",
		"00fffefbefbf"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str out;
		struct buf b;

		buf_init(&b, arena, 1000);
		buf_base64(&b, exact(cases[i].bytes));
		want_str(
		    cases[i].line, buf_view(&b), str_from(cases[i].base64));
		assert_int_equal(
		    base64_decode(arena, exact(buf_view(&b)), &out), 0);
		want_str(cases[i].line, out, cases[i].bytes);
		buf_clear(&b);
		buf_base64url(&b, exact(cases[i].bytes));
		want_str(
		    cases[i].line, buf_view(&b), str_from(cases[i].base64url));
		assert_int_equal(
		    base64url_decode(arena, exact(buf_view(&b)), &out), 0);
		want_str(cases[i].line, out, cases[i].bytes);
		buf_clear(&b);
		buf_hex(&b, exact(cases[i].bytes));
		want_str(cases[i].line, buf_view(&b), str_from(cases[i].hex));
		assert_int_equal(
		    hex_decode(arena, exact(buf_view(&b)), &out), 0);
		want_str(cases[i].line, out, cases[i].bytes);
	}
}

static void
test_decode_refusals(void **state)
{
	static const struct {
		int line;
		int (*fn)(struct arena *, struct str, struct str *);
		struct str text;
	} cases[] = {
	    {__LINE__, base64_decode, STR("Zg")},
	    {__LINE__, base64_decode, STR("Zg=")},
	    {__LINE__, base64_decode, STR("Z===")},
	    {__LINE__, base64_decode, STR("====")},
	    {__LINE__, base64_decode, STR("Zh==")},
	    {__LINE__, base64_decode, STR("Zm9=")},
	    {__LINE__, base64_decode, STR("Zg==Zg==")},
	    {__LINE__, base64_decode, STR("Zm9v\n")},
	    {__LINE__, base64_decode, STR("Zm 9")},
	    {__LINE__, base64_decode, STR("Zm-_")},
	    {__LINE__, base64_decode, STR("Zm\0v")},
	    {__LINE__, base64_decode, STR("Zm\xc3\xa4")},
	    {__LINE__, base64url_decode, STR("Z")},
	    {__LINE__, base64url_decode, STR("Zg==")},
	    {__LINE__, base64url_decode, STR("Zh")},
	    {__LINE__, base64url_decode, STR("Zm9")},
	    {__LINE__, base64url_decode, STR("Zm+/")},
	    {__LINE__, base64url_decode, STR("Zm9vZ")},
	    {__LINE__, hex_decode, STR("6")},
	    {__LINE__, hex_decode, STR("6g")},
	    {__LINE__, hex_decode, STR("0x66")},
	    {__LINE__, hex_decode, STR(" 66 ")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str out;

		if (cases[i].fn(arena, exact(cases[i].text), &out) == 0)
			fail_msg("line %d: accepted", cases[i].line);
	}
}

static void
want_hash(int line, const unsigned char *got, const char *want)
{
	struct buf b;

	buf_init(&b, arena, 100);
	buf_hex(&b, (struct str){(const char *)got, SHA256_BYTES});
	want_str(line, buf_view(&b), str_from(want));
}

static void
test_sha256(void **state)
{
	unsigned char out[SHA256_BYTES];
	struct sha256 *s;

	(void)state;
	sha256(STR_NONE, out);
	want_hash(__LINE__, out,
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256(STR("abc"), out);
	want_hash(__LINE__, out,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	s = sha256_new();
	for (int i = 0; i < 1000; i++)
		sha256_add(
		    s, memset(arena_alloc(arena, 1000), 'a', 1000), 1000);
	sha256(STR("between"), out); /* does not disturb the other */
	sha256_end(s, out);
	want_hash(__LINE__, out,
	    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void
test_hmac(void **state)
{
	unsigned char out[SHA256_BYTES];
	struct str long_key = {memset(arena_alloc(arena, 131), 0xaa, 131), 131};

	(void)state;
	hmac_sha256(STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
			"\x0b\x0b\x0b\x0b\x0b\x0b\x0b"),
	    STR("Hi There"), out);
	want_hash(__LINE__, out,
	    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	hmac_sha256(STR("Jefe"), STR("what do ya want for nothing?"), out);
	want_hash(__LINE__, out,
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	hmac_sha256(long_key,
	    STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	want_hash(__LINE__, out,
	    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	/* the key of before must not stay when the key is empty */
	hmac_sha256(STR(""), STR(""), out);
	want_hash(__LINE__, out,
	    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	hmac_sha256(STR("Jefe"), STR("x"), out);
	hmac_sha256(STR_NONE, STR_NONE, out);
	want_hash(__LINE__, out,
	    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void
test_random(void **state)
{
	unsigned char seen[32] = {0}, bytes[32];
	char a[17 + 2], b[17 + 2];

	(void)state;
	/* each byte changes at some time */
	for (int round = 0; round < 64; round++) {
		random_bytes(bytes, sizeof(bytes));
		for (size_t i = 0; i < sizeof(bytes); i++)
			seen[i] |= bytes[i];
	}
	for (size_t i = 0; i < sizeof(seen); i++)
		assert_int_equal(seen[i], 0xff);
	random_hex(a, 9);
	random_hex(b, 9);
	assert_int_equal(strlen(a), 18);
	assert_int_equal(strspn(a, "0123456789abcdef"), 18);
	assert_string_not_equal(a, b);
	assert_true(bytes_equal("abc", "abc", 3));
	assert_false(bytes_equal("abc", "abd", 3));
}

/* name=value of all, one a line */
static const char *
list_params(const struct params *ps)
{
	struct buf b;

	buf_init(&b, arena, 10000);
	for (size_t i = 0; i < ps->n; i++) {
		buf_str(&b, ps->v[i].name);
		buf_char(&b, '=');
		buf_str(&b, ps->v[i].value);
		buf_char(&b, '\n');
		assert_false(ps->v[i].used);
		assert_non_null(ps->v[i].value.p);
	}
	return b.p;
}

static void
test_params(void **state)
{
	static const struct {
		int line;
		const char *query, *want;
		enum err_id id;
	} cases[] = {
	    {__LINE__, "", "", ERR_NONE},
	    {__LINE__, "&&", "", ERR_NONE},
	    {__LINE__, "a=1", "a=1\n", ERR_NONE},
	    {__LINE__, "a=1&&b=2&", "a=1\nb=2\n", ERR_NONE},
	    {__LINE__, "a", "a=\n", ERR_NONE},
	    {__LINE__, "a=", "a=\n", ERR_NONE},
	    {__LINE__, "a=b=c", "a=b=c\n", ERR_NONE},
	    {__LINE__, "b=2&a=1&b=3", "b=2\na=1\nb=3\n", ERR_NONE},
	    {__LINE__, "a=1;b=2", "a=1;b=2\n", ERR_NONE},
	    {__LINE__, "a+b=c+d%2B", "a b=c d+\n", ERR_NONE},
	    {__LINE__, "%61%3d=%26%3D", "a==&=\n", ERR_NONE},
	    {__LINE__, "a=%2541", "a=%41\n", ERR_NONE},
	    {__LINE__, "n=%C3%A4\xc3\xa4", "n=\xc3\xa4\xc3\xa4\n", ERR_NONE},
	    {__LINE__, "a=1&a=2&a=3&a=4", "a=1\na=2\na=3\na=4\n", ERR_NONE},
	    {__LINE__, "a=1&a=2&a=3&a=4&a=5", NULL, ERR_LIMIT},
	    {__LINE__, "a=%", NULL, ERR_BAD_QUERY},
	    {__LINE__, "a=%zz", NULL, ERR_BAD_QUERY},
	    {__LINE__, "%4=1", NULL, ERR_BAD_QUERY},
	    {__LINE__, "a=%00", NULL, ERR_BAD_QUERY},
	    {__LINE__, "a%00b=1", NULL, ERR_BAD_QUERY},
	    {__LINE__, "a=%FF", NULL, ERR_BAD_QUERY},
	    {__LINE__, "a=\xff", NULL, ERR_BAD_QUERY},
	    {__LINE__, "a=%C0%80", NULL, ERR_BAD_QUERY},
	    {__LINE__, "a=%ED%A0%80", NULL, ERR_BAD_QUERY},
	    {__LINE__, "%C3=%A4", NULL, ERR_BAD_QUERY},
	    {__LINE__, "=1", NULL, ERR_BAD_QUERY},
	    {__LINE__, "=", NULL, ERR_BAD_QUERY},
	    {__LINE__, "a=1&=&b=2", NULL, ERR_BAD_QUERY},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct params ps;
		struct err err;
		int rc;

		err_init(&err, arena);
		rc = params_parse(
		    arena, exact(str_from(cases[i].query)), 4, &ps, &err);
		if (err.id != cases[i].id)
			fail_msg(
			    "line %d: %s", cases[i].line, err_code(err.id));
		assert_int_equal(rc, err.id == ERR_NONE ? 0 : -1);
		if (rc == 0)
			want_str(cases[i].line, str_from(list_params(&ps)),
			    str_from(cases[i].want));
	}
}

static void
test_params_find(void **state)
{
	struct params ps;
	struct err err;

	(void)state;
	err_init(&err, arena);
	assert_int_equal(
	    params_parse(arena, STR("b=2&a=1&b=3&n=a%00"), 4, &ps, &err), -1);
	assert_int_equal(params_parse(arena, STR_NONE, 0, &ps, &err), 0);
	assert_int_equal(ps.n, 0);
	assert_int_equal(
	    params_parse(arena, STR("b=2&a=1&b=3"), 4, &ps, &err), 0);
	assert_true(str_eq_c(params_get(&ps, STR("b"))->value, "2"));
	assert_null(params_get(&ps, STR("B")));
	assert_int_equal(params_count(&ps, STR("b")), 2);
	assert_int_equal(params_count(&ps, STR("c")), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_percent),
	    cmocka_unit_test(test_encode),
	    cmocka_unit_test(test_decode_refusals),
	    cmocka_unit_test(test_sha256),
	    cmocka_unit_test(test_hmac),
	    cmocka_unit_test(test_random),
	    cmocka_unit_test(test_params),
	    cmocka_unit_test(test_params_find),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
