/* str, utf8, buf and escape: tables of cases, and for buf_json every byte at
 * every offset against a plain restatement of the rule. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/escape.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cases.h"

static void
want_true(int line, bool fine)
{
	if (!fine)
		fail_msg("line %d", line);
}

static void
test_str_compare(void **state)
{
	static const struct {
		int line;
		struct str a, b;
		int cmp;
		bool case_eq;
	} cases[] = {
	    {__LINE__, {"", 0}, {"", 0}, 0, true},
	    {__LINE__, {NULL, 0}, {"", 0}, 0, true},
	    {__LINE__, {NULL, 0}, {"a", 1}, -1, false},
	    {__LINE__, {"a", 1}, {"A", 1}, 1, true},
	    {__LINE__, {"ab", 2}, {"a", 1}, 1, false},
	    {__LINE__, {"a\0b", 3}, {"a\0c", 3}, -1, false},
	    {__LINE__, {"\xc3\x84", 2}, {"\xc3\xa4", 2}, -1, false},
	    {__LINE__, {"\x7f", 1}, {"\x80", 1}, -1, false},
	    {__LINE__, {"@[", 2}, {"`{", 2}, -1, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str a = cases[i].a, b = cases[i].b;

		want_true(cases[i].line, str_cmp(a, b) == cases[i].cmp);
		want_true(cases[i].line, str_cmp(b, a) == -cases[i].cmp);
		want_true(cases[i].line, str_eq(a, b) == (cases[i].cmp == 0));
		want_true(cases[i].line, str_case_eq(a, b) == cases[i].case_eq);
	}
	assert_true(str_eq_c(STR("abc"), "abc"));
	assert_false(str_eq_c(STR("abc"), "abcd"));
}

static void
test_str_parts(void **state)
{
	(void)state;
	assert_true(str_starts(STR("abc"), STR("")));
	assert_true(str_starts(STR("abc"), STR("ab")));
	assert_false(str_starts(STR("ab"), STR("abc")));
	assert_true(str_ends(STR("abc"), STR("bc")));
	assert_false(str_ends(STR("bc"), STR("abc")));
	assert_int_equal(str_chr(STR("abcb"), 'b'), 1);
	assert_int_equal(str_rchr(STR("abcb"), 'b'), 3);
	assert_int_equal(str_chr(STR("abc"), 'x'), -1);
	assert_int_equal(str_rchr(STR_NONE, 'x'), -1);
	want_str(__LINE__, str_sub(STR("abc"), 1, 1), STR("b"));
	want_str(__LINE__, str_sub(STR("abc"), 1, 99), STR("bc"));
	want_str(__LINE__, str_sub(STR("abc"), 99, 1), STR(""));
	assert_non_null(str_sub(STR("abc"), 99, 1).p);
	assert_null(str_sub(STR_NONE, 0, 1).p);
	want_str(__LINE__, str_trim(STR(" \t\r\na b\n ")), STR("a b"));
	want_str(__LINE__, str_trim(STR(" \n ")), STR(""));
	assert_null(str_from(NULL).p);
	assert_string_equal(str_c(arena, str_sub(STR("abc"), 1, 1)), "b");
	assert_null(str_dup(arena, STR_NONE).p);
	want_str(__LINE__, str_dup(arena, STR("x\0y")), STR("x\0y"));
	assert_true(str_hash(STR("film")) == str_hash(STR("film")));
	assert_false(str_hash(STR("film")) == str_hash(STR("Film")));
	assert_false(str_hash(STR("a")) == str_hash(STR("a\0")));
}

static void
test_str_cut(void **state)
{
	static const struct {
		int line;
		const char *text, *joined;
	} cases[] = {
	    {__LINE__, "", "<>"},
	    {__LINE__, "a", "<a>"},
	    {__LINE__, "a,,b", "<a><><b>"},
	    {__LINE__, ",", "<><>"},
	    {__LINE__, "ab,c,", "<ab><c><>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str rest = str_from(cases[i].text), part;
		struct buf b;

		buf_init(&b, arena, 100);
		while (str_cut(&rest, ',', &part)) {
			buf_char(&b, '<');
			buf_str(&b, part);
			buf_char(&b, '>');
		}
		assert_null(rest.p);
		want_str(
		    cases[i].line, buf_view(&b), str_from(cases[i].joined));
	}
}

static void
test_str_i64(void **state)
{
	static const struct {
		int line;
		const char *text;
		int rc;
		int64_t v;
	} cases[] = {
	    {__LINE__, "0", 0, 0},
	    {__LINE__, "-0", 0, 0},
	    {__LINE__, "007", 0, 7},
	    {__LINE__, "9223372036854775807", 0, INT64_MAX},
	    {__LINE__, "-9223372036854775808", 0, INT64_MIN},
	    {__LINE__, "9223372036854775808", -1, 0},
	    {__LINE__, "-9223372036854775809", -1, 0},
	    {__LINE__, "99999999999999999999999", -1, 0},
	    {__LINE__, "", -1, 0},
	    {__LINE__, "-", -1, 0},
	    {__LINE__, "+1", -1, 0},
	    {__LINE__, " 1", -1, 0},
	    {__LINE__, "1 ", -1, 0},
	    {__LINE__, "1.0", -1, 0},
	    {__LINE__, "0x1", -1, 0},
	    {__LINE__, "--1", -1, 0},
	    {__LINE__, "\xd9\xa1", -1, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t v = 0;

		want_true(cases[i].line,
		    str_i64(str_from(cases[i].text), &v) == cases[i].rc);
		want_true(cases[i].line, v == cases[i].v);
	}
	assert_int_equal(str_i64(STR_NONE, &(int64_t){0}), -1);
}

static void
test_utf8_valid(void **state)
{
	static const struct {
		int line;
		const char *text;
		size_t span;
		bool valid;
	} cases[] = {
	    {__LINE__, "", 0, true},
	    {__LINE__, "plain text of more than eight bytes", 35, true},
	    {__LINE__, "\xc2\x80", 2, true},
	    {__LINE__, "\xdf\xbf", 2, true},
	    {__LINE__, "\xe0\xa0\x80", 3, true},
	    {__LINE__, "\xed\x9f\xbf\xee\x80\x80", 6, true},
	    {__LINE__, "\xf0\x90\x80\x80", 4, true},
	    {__LINE__, "\xf4\x8f\xbf\xbf", 4, true},
	    {__LINE__,
		"12345678\xc3\xa4"
		"12345678",
		18, true},
	    {__LINE__, "\x80", 0, false},
	    {__LINE__, "\xc0\x80", 0, false},
	    {__LINE__, "\xc1\xbf", 0, false},
	    {__LINE__, "\xe0\x9f\xbf", 0, false},
	    {__LINE__, "\xed\xa0\x80", 0, false},
	    {__LINE__, "\xf0\x8f\xbf\xbf", 0, false},
	    {__LINE__, "\xf4\x90\x80\x80", 0, false},
	    {__LINE__, "\xf5\x80\x80\x80", 0, false},
	    {__LINE__, "\xff", 0, false},
	    {__LINE__, "12345678\xc3", 8, false},
	    {__LINE__, "1234567\xe2\x82", 7, false},
	    {__LINE__, "ab\xf0\x9f\x98x", 2, false},
	    {__LINE__, "\xe2\x28\xa1", 0, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		/* a copy of exact size, so that reading on is seen */
		struct str s = str_from(cases[i].text);

		s.p = arena_memdup(arena, s.p, s.len);
		want_true(cases[i].line, utf8_valid(s) == cases[i].valid);
		want_true(cases[i].line, utf8_span(s) == cases[i].span);
	}
	assert_true(utf8_valid(STR("a\0b")));
	assert_int_equal(
	    utf8_count(STR("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80")), 4);
}

static void
test_utf8_encode(void **state)
{
	uint32_t c;
	char text[4];

	(void)state;
	for (c = 0; c <= 0x10ffff; c += c < 0x11000 ? 1 : 0x101) {
		size_t n = utf8_encode(text, c);
		bool fine = c < 0xd800 || c > 0xdfff;

		if (utf8_char((struct str){text, n}) != (fine ? n : 0) ||
		    utf8_decode((struct str){text, n}) != c)
			fail_msg("U+%04X", c);
	}
}

static void
test_buf_grows(void **state)
{
	struct buf b;
	char want[1000];

	(void)state;
	buf_init(&b, arena, sizeof(want));
	assert_string_equal(b.p, "");
	for (size_t i = 0; i < sizeof(want); i++) {
		want[i] = (char)('a' + i % 26);
		if (i % 100 == 0)
			arena_alloc(arena, 1); /* not the last any more */
		buf_char(&b, want[i]);
		assert_int_equal(b.p[b.len], '\0');
	}
	assert_false(b.overflow);
	assert_memory_equal(b.p, want, sizeof(want));
	buf_char(&b, 'x');
	assert_true(b.overflow);
	assert_int_equal(b.len, sizeof(want));
	buf_clear(&b);
	assert_false(b.overflow);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.p, "");
}

static void
test_buf_limits(void **state)
{
	struct buf b;
	char storage[9];

	(void)state;
	buf_init(&b, arena, 5);
	buf_lit(&b, "abc");
	buf_lit(&b, "def"); /* dropped whole */
	assert_true(b.overflow);
	buf_lit(&b, "de");
	assert_true(b.overflow);
	assert_string_equal(b.p, "abcde");
	assert_null(buf_room(&b, 1));
	assert_null(buf_room(&b, SIZE_MAX));
	buf_init(&b, arena, 0);
	buf_str(&b, STR_NONE);
	assert_false(b.overflow);
	buf_printf(&b, "%d", 1);
	assert_true(b.overflow);
	assert_string_equal(b.p, "");

	buf_fixed(&b, storage, sizeof(storage));
	buf_cstr(&b, "12345678");
	assert_false(b.overflow);
	assert_ptr_equal(b.p, storage);
	buf_char(&b, '9');
	assert_true(b.overflow);
	assert_string_equal(storage, "12345678");
}

static void
test_buf_numbers(void **state)
{
	struct buf b;
	char *w;

	(void)state;
	buf_init(&b, arena, 1000);
	buf_i64(&b, INT64_MIN);
	buf_char(&b, ' ');
	buf_i64(&b, INT64_MAX);
	buf_char(&b, ' ');
	buf_i64(&b, 0);
	buf_char(&b, ' ');
	buf_u64(&b, UINT64_MAX);
	buf_printf(&b, " %s-%03d", "x", 7);
	w = buf_room(&b, 3);
	memcpy(w, "abc", 3);
	buf_grew(&b, 2);
	assert_string_equal(b.p, "-9223372036854775808 9223372036854775807 0 "
				 "18446744073709551615 x-007ab");
}

static void
test_escapes(void **state)
{
	static const struct {
		int line;
		void (*fn)(struct buf *, struct str);
		struct str text;
		const char *want;
	} cases[] = {
	    {__LINE__, buf_json, {"", 0}, "\"\""},
	    {__LINE__, buf_json, {NULL, 0}, "\"\""},
	    {__LINE__, buf_json, {"a\"b\\c/d", 7}, "\"a\\\"b\\\\c/d\""},
	    {__LINE__, buf_json, {"\b\f\n\r\t\v\0\x1f", 8},
		"\"\\b\\f\\n\\r\\t\\u000b\\u0000\\u001f\""},
	    {__LINE__, buf_json, {"\x7f\xc3\xa4</script>'", 13},
		"\"\x7f\xc3\xa4</script>'\""},
	    {__LINE__, buf_element, {"", 0}, "\"\""},
	    {__LINE__, buf_element, {"a, b}", 5}, "\"a, b}\""},
	    {__LINE__, buf_element, {"\"", 1}, "\"\\\"\""},
	    {__LINE__, buf_element, {"a\\b\"\"", 5}, "\"a\\\\b\\\"\\\"\""},
	    {__LINE__, buf_csv, {"", 0}, "\"\""},
	    {__LINE__, buf_csv, {"plain text", 10}, "plain text"},
	    {__LINE__, buf_csv, {"a,b", 3}, "\"a,b\""},
	    {__LINE__, buf_csv, {"\"", 1}, "\"\"\"\""},
	    {__LINE__, buf_csv, {"a\"\"b", 4}, "\"a\"\"\"\"b\""},
	    {__LINE__, buf_csv, {"a\nb", 3}, "\"a\nb\""},
	    {__LINE__, buf_csv, {"a\rb", 3}, "\"a\rb\""},
	    {__LINE__, buf_csv, {" a", 2}, "\" a\""},
	    {__LINE__, buf_csv, {"a ", 2}, "\"a \""},
	    {__LINE__, buf_csv, {"'=1", 3}, "'=1"},
	    {__LINE__, buf_url, {"", 0}, ""},
	    {__LINE__, buf_url, {"aZ09-._~", 8}, "aZ09-._~"},
	    {__LINE__, buf_url, {"a/b c+%&=", 9}, "a%2Fb%20c%2B%25%26%3D"},
	    {__LINE__, buf_url, {"\xc3\xa4\0", 3}, "%C3%A4%00"},
	    {__LINE__, buf_html, {"<a b=\"c\" d='e'>&", 16},
		"&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;"},
	    {__LINE__, buf_log, {"", 0}, "\"\""},
	    {__LINE__, buf_log, {"/api/dyn/film/?a", 16}, "/api/dyn/film/?a"},
	    {__LINE__, buf_log, {"a=b", 3}, "\"a=b\""},
	    {__LINE__, buf_log, {"a b", 3}, "\"a b\""},
	    {__LINE__, buf_log, {"a\"b\\c", 5}, "\"a\\\"b\\\\c\""},
	    {__LINE__, buf_log, {"a\nlevel=error", 13},
		"\"a\\x0alevel=error\""},
	    {__LINE__, buf_log, {"\x1b[2J\x7f\0", 6}, "\"\\x1b[2J\\x7f\\x00\""},
	    {__LINE__, buf_log, {"\xc3\xa4", 2}, "\"\xc3\xa4\""},
	    {__LINE__, buf_log, {"\xff\xc3", 2}, "\"\\xff\\xc3\""},
	    {__LINE__, buf_log,
		{"\xc2\x9b"
		 "2J",
		    4},
		"\"\\xc2\\x9b2J\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str s = cases[i].text;
		struct buf b;

		if (s.p != NULL)
			s.p = arena_memdup(arena, s.p, s.len);
		buf_init(&b, arena, 1000);
		cases[i].fn(&b, s);
		want_str(cases[i].line, buf_view(&b), str_from(cases[i].want));
	}
}

/* the rule of buf_json, one byte at a time */
static void
escape_slowly(struct buf *b, struct str s)
{
	static const char names[] = "\"\\\b\f\n\r\t", forms[] = "\"\\bfnrt";

	buf_char(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		const char *at = memchr(names, s.p[i], sizeof(names) - 1);

		if (at != NULL)
			buf_printf(b, "\\%c", forms[at - names]);
		else if ((unsigned char)s.p[i] < 0x20)
			buf_printf(b, "\\u%04x", (unsigned)s.p[i]);
		else
			buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}

static void
test_json_every_byte(void **state)
{
	char text[33];
	struct buf got, want;

	(void)state;
	buf_init(&got, arena, 1000);
	buf_init(&want, arena, 1000);
	for (unsigned c = 0; c < 256; c++)
		for (size_t at = 0; at < sizeof(text); at++) {
			struct str s = {text, sizeof(text)};

			memset(text, c & 1 ? 'x' : 0x20, sizeof(text));
			text[at] = (char)c;
			text[(at + c) % sizeof(text)] = (char)(c ^ 2);
			buf_clear(&got);
			buf_clear(&want);
			buf_json(&got, s);
			escape_slowly(&want, s);
			if (!str_eq(buf_view(&got), buf_view(&want)))
				fail_msg("byte %u at %zu", c, at);
		}
}

static void
test_log_cut(void **state)
{
	struct buf b;
	struct str s;
	char *p;

	(void)state;
	p = arena_alloc(arena, 5000);
	memset(p, 'x', 5000);
	memcpy(p + 1023, "\xe2\x82\xac", 3);
	buf_init(&b, arena, 10000);
	buf_log(&b, (struct str){p, 5000});
	s = buf_view(&b);
	/* the character on the border goes as a whole */
	assert_true(str_ends(s, STR("xxx...[5000 bytes]\"")));
	assert_int_equal(s.len, 1 + 1023 + strlen("...[5000 bytes]\""));
	assert_true(utf8_valid(s));

	memset(p, 'x', 1024);
	buf_clear(&b);
	buf_log(&b, (struct str){p, 1024});
	assert_int_equal(b.len, 1024);
	memset(p, 0x80, 5000);
	buf_clear(&b);
	buf_log(&b, (struct str){p, 5000});
	assert_int_equal(b.len, 1 + 4 * 1024 + strlen("...[5000 bytes]\""));
}

static void
test_escape_overflow(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, arena, 4);
	buf_json(&b, STR("abc"));
	assert_true(b.overflow);
	assert_string_equal(b.p, "");
	buf_init(&b, arena, 5);
	buf_json(&b, STR("abc"));
	assert_false(b.overflow);
	buf_init(&b, arena, 5);
	buf_json(&b, STR("\n\n\n"));
	assert_true(b.overflow);
	assert_true(b.len <= 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_str_compare),
	    cmocka_unit_test(test_str_parts),
	    cmocka_unit_test(test_str_cut),
	    cmocka_unit_test(test_str_i64),
	    cmocka_unit_test(test_utf8_valid),
	    cmocka_unit_test(test_utf8_encode),
	    cmocka_unit_test(test_buf_grows),
	    cmocka_unit_test(test_buf_limits),
	    cmocka_unit_test(test_buf_numbers),
	    cmocka_unit_test(test_escapes),
	    cmocka_unit_test(test_json_every_byte),
	    cmocka_unit_test(test_log_cut),
	    cmocka_unit_test(test_escape_overflow),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
