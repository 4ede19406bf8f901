/* Forms: which fields come out of a body, and what is refused with which
 * words. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/form.h"
#include "base/json.h"
#include "cases.h"

#define URL  "application/x-www-form-urlencoded"
#define PART "multipart/form-data; boundary=X"
#define DATA "Content-Disposition: form-data; name="
#define MAX  5

/* the body in memory of exactly its size, so that reading on is seen */
static int
parse(const char *type, struct str body, struct form *form, struct err *err)
{
	err_init(err, arena);
	body.p = arena_memdup(arena, body.p, body.len);
	return form_parse(arena, str_from(type), body, MAX, form, err);
}

/* "a=1|file:b=…|" */
static struct str
show(const struct form *form)
{
	struct buf b;

	buf_init(&b, arena, 100000);
	for (size_t i = 0; i < form->n; i++) {
		if (form->v[i].is_file)
			buf_lit(&b, "file:");
		buf_str(&b, form->v[i].name);
		buf_char(&b, '=');
		buf_str(&b, form->v[i].value);
		buf_char(&b, '|');
	}
	return buf_view(&b);
}

static void
test_kinds(void **state)
{
	static const struct {
		int line;
		const char *type;
		bool is;
	} cases[] = {
	    {__LINE__, URL, true},
	    {__LINE__, "Application/X-WWW-Form-URLencoded ;x", true},
	    {__LINE__, PART, true},
	    {__LINE__, "multipart/form-data", true},
	    {__LINE__, "multipart/mixed; boundary=X", false},
	    {__LINE__, "application/json", false},
	    {__LINE__, "application/x-www-form-urlencoded2", false},
	    {__LINE__, "", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (form_is(str_from(cases[i].type)) != cases[i].is)
			fail_msg("line %d", cases[i].line);
	assert_false(form_is(STR_NONE));
}

static void
test_accepts(void **state)
{
	static const struct {
		int line;
		const char *type;
		struct str body, want;
	} cases[] = {
	    {__LINE__, URL, STR(""), STR("")},
	    {__LINE__, URL, STR("a=1&b=2&a="), STR("a=1|b=2|a=|")},
	    {__LINE__, URL, STR("a+b=%C3%A4+%2B%26%3D&&c&"),
		STR("a b=\xc3\xa4 +&=|c=|")},
	    {__LINE__, URL ";charset=\"UTF-8\" ", STR("a=b=c\n"),
		STR("a=b=c\n|")},
	    {__LINE__, URL "; ;charset=utf-8;;", STR("a=1"), STR("a=1|")},
	    {__LINE__, "multipart/form-data;; boundary=X ;", STR("--X--"),
		STR("")},
	    {__LINE__, PART, STR("--X--"), STR("")},
	    {__LINE__, PART, STR("--X-- \t\r\nepilogue --X"), STR("")},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a\r\n\r\n1\r\n--X\r\n" DATA
		    "\"b\"\r\n\r\n\r\n--X--\r\n"),
		STR("a=1|b=|")},
	    {__LINE__, PART,
		STR("preamble\r\n--Y\r\n--X \t\r\n" DATA "a\r\n\r\n1\r\n--X--"),
		STR("a=1|")},
	    /* the line end before the boundary is the boundary's */
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a\r\n\r\n\r\n1\n--X\r-\n--\r\n--\r\n\r\n"
		    "--X--"),
		STR("a=\r\n1\n--X\r-\n--\r\n--\r\n|")},
	    /* the empty line is the boundary's: a part without content */
	    {__LINE__, PART, STR("--X\r\n" DATA "a\r\n\r\n--X--"), STR("a=|")},
	    {__LINE__, PART,
		STR("--X\r\nX-Other: \xc3\xa4\r\nCONTENT-DISPOSITION:form-DATA "
		    "; x=y;Name=a;z=\"\"\r\nContent-Type: text/plain;charset="
		    "utf-8\r\ncontent-transfer-encoding: BINARY\r\n\r\n1"
		    "\r\n--X--"),
		STR("a=1|")},
	    /* what browsers and curl make of names */
	    {__LINE__, PART,
		STR("--X\r\n" DATA "\"q%22%0d%0A%2B%\"\r\n\r\n1\r\n--X--"),
		STR("q\"\r\n%2B%=1|")},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "\"a\\\"\\\\b\\c;\"\r\n\r\n1\r\n--X--"),
		STR("a\"\\b\\c;=1|")},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "\"\xc3\xa4\"\r\n\r\n\xc3\xa4\r\n--X--"),
		STR("\xc3\xa4=\xc3\xa4|")},
	    /* files */
	    {__LINE__, PART,
		STR("--X\r\n" DATA "f; filename=\"\\\\x\\y\xff\"\r\n"
		    "Content-Type: image/png\r\n\r\n\xff\0\r\n-\r\n--X--"),
		STR("file:f=\xff\0\r\n-|")},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "f; filename=\"x\"\r\n\r\n\r\n--X--"),
		STR("file:f=|")},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "f; filename=\"\"\r\n"
		    "Content-Type: application/octet-stream\r\n\r\n\r\n--X--"),
		STR("")},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "f; filename=\"\"\r\n\r\n1\r\n--X--"),
		STR("file:f=1|")},
	    {__LINE__, "multipart/form-data; boundary=\"a b'()+_,-./:=?\"",
		STR("--a b'()+_,-./:=?\r\n" DATA
		    "a\r\n\r\n--a b\r\n--a b'()+_,-./:=?--"),
		STR("a=--a b|")},
	    {__LINE__, "multipart/form-data; x=y; Boundary=0", STR("--0--"),
		STR("")},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct form form;
		struct err err;

		if (parse(cases[i].type, cases[i].body, &form, &err) != 0)
			fail_msg("line %d: %s", cases[i].line,
			    err.detail != NULL ? err.detail : err.fields->text);
		want_str(cases[i].line, show(&form), cases[i].want);
	}
}

static void
test_refuses(void **state)
{
	static const char bad_part[] = "Part 1: a line of its head is "
				       "malformed.",
			  no_line[] = "Behind part 1, its boundary does not "
				      "end its line.",
			  no_disposition[] = "Part 1: it has no "
					     "Content-Disposition.",
			  bad_disposition[] = "Part 1: its "
					      "Content-Disposition is "
					      "malformed.",
			  no_boundary[] = "The Content-Type has no valid "
					  "boundary.",
			  bad_type[] = "The Content-Type is malformed.";
	static const struct {
		int line;
		const char *type;
		struct str body;
		const char *detail;
	} cases[] = {
	    {__LINE__, URL, STR("a=%"),
		"A percent sign is not followed by two hex digits."},
	    {__LINE__, URL, STR("%4=1"),
		"A percent sign is not followed by two hex digits."},
	    {__LINE__, URL, STR("a=%FF"),
		"The parameters are not valid UTF-8."},
	    {__LINE__, URL, STR("\xc3=1"),
		"The parameters are not valid UTF-8."},
	    {__LINE__, URL, STR("a=%00"), "The parameters hold U+0000."},
	    {__LINE__, URL, STR("a\0=1"), "The parameters hold U+0000."},
	    {__LINE__, URL, STR("=1"), "A parameter has no name."},
	    {__LINE__, URL, STR("a&b&c&d&e&f"),
		"There are more than 5 parameters."},
	    {__LINE__, URL "; charset=latin1", STR("a=1"),
		"A form must be in UTF-8."},
	    {__LINE__, URL "; charset", STR("a=1"), bad_type},
	    {__LINE__, URL "; charset=", STR("a=1"), bad_type},
	    {__LINE__, URL "; charset=\"utf-8", STR("a=1"), bad_type},
	    {__LINE__, URL "; charset=utf-8 x", STR("a=1"), bad_type},
	    {__LINE__, "multipart/form-data", STR("--X--"), no_boundary},
	    {__LINE__, "multipart/form-data; boundary=\"\"", STR("----"),
		no_boundary},
	    {__LINE__, "multipart/form-data; boundary=\"X \"", STR("--X --"),
		no_boundary},
	    {__LINE__, "multipart/form-data; boundary=\"X;\"", STR("--X;--"),
		no_boundary},
	    {__LINE__, "multipart/form-data; boundary=\"X\\\"\"", STR("--X--"),
		no_boundary},
	    {__LINE__,
		"multipart/form-data; boundary=012345678901234567890123456789"
		"01234567890123456789012345678901234567890",
		STR("--"), no_boundary},
	    {__LINE__, "multipart/form-data; boundary=X; boundary=X",
		STR("--X--"), "The Content-Type has two boundaries."},
	    {__LINE__, PART, STR(""),
		"The boundary of the Content-Type is not in the body."},
	    {__LINE__, PART, STR("-X--"),
		"The boundary of the Content-Type is not in the body."},
	    {__LINE__, PART, STR("\n--X\n" DATA "a\n\n1\n--X--\n"),
		"The boundary of the Content-Type is not in the body."},
	    {__LINE__, PART, STR("--X"),
		"Behind part 0, its boundary does not end its line."},
	    {__LINE__, PART, STR("--X-"),
		"Behind part 0, its boundary does not end its line."},
	    {__LINE__, PART, STR("--X--x"),
		"Behind part 0, its boundary does not end its line."},
	    {__LINE__, PART, STR("--X--\n"),
		"Behind part 0, its boundary does not end its line."},
	    {__LINE__, PART, STR("--X\n" DATA "a\r\n\r\n1\r\n--X--"),
		"Behind part 0, its boundary does not end its line."},
	    {__LINE__, PART, STR("--X\r\n" DATA "a\r\n\r\n1\r\n--XY--"),
		no_line},
	    {__LINE__, PART, STR("--X\r\n" DATA "a\r\n\r\n1\r\n--X"), no_line},
	    {__LINE__, PART, STR("--X\r\n" DATA "a\r\n\r\n1\n--X--"),
		"Part 1: no boundary ends it."},
	    {__LINE__, PART, STR("--X\r\n" DATA "a\r\n\r\n1"),
		"Part 1: no boundary ends it."},
	    {__LINE__, PART, STR("--X\r\n"), "Part 1: its head does not end."},
	    {__LINE__, PART, STR("--X\r\n" DATA "a\r\n--X--"),
		"Part 1: its head does not end."},
	    {__LINE__, PART, STR("--X\r\n" DATA "a\n\n1\r\n--X--"),
		"Part 1: its head does not end."},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a\r\n--X\r\n" DATA "b\r\n\r\n1\r\n--X--"),
		bad_part},
	    {__LINE__, PART, STR("--X\r\n\r\n1\r\n--X--"), no_disposition},
	    {__LINE__, PART,
		STR("--X\r\nContent-Type: text/plain\r\n\r\n1\r\n--X--"),
		no_disposition},
	    {__LINE__, PART, STR("--X\r\n: a\r\n\r\n1\r\n--X--"), bad_part},
	    {__LINE__, PART, STR("--X\r\n" DATA "\r\n a\r\n\r\n1\r\n--X--"),
		bad_part},
	    {__LINE__, PART,
		STR("--X\r\nContent-Disposition : form-data; name=a\r\n\r\n1"
		    "\r\n--X--"),
		bad_part},
	    {__LINE__, PART, STR("--X\r\n" DATA "\"a\0\"\r\n\r\n1\r\n--X--"),
		bad_part},
	    {__LINE__, PART, STR("--X\r\n" DATA "\"a\rb\"\r\n\r\n1\r\n--X--"),
		bad_part},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a\r\n" DATA "a\r\n\r\n1\r\n--X--"),
		"Part 1: a line of its head comes twice."},
	    {__LINE__, PART,
		STR("--X\r\nContent-Disposition: attachment; name=a\r\n\r\n1"
		    "\r\n--X--"),
		"Part 1: its Content-Disposition is not form-data."},
	    {__LINE__, PART,
		STR("--X\r\nContent-Disposition: form-data\r\n\r\n1\r\n--X--"),
		"Part 1: it has no name."},
	    {__LINE__, PART, STR("--X\r\n" DATA "\"\"\r\n\r\n1\r\n--X--"),
		"Part 1: it has no name."},
	    {__LINE__, PART, STR("--X\r\n" DATA "\r\n\r\n1\r\n--X--"),
		bad_disposition},
	    {__LINE__, PART, STR("--X\r\n" DATA "\"a\r\n\r\n1\r\n--X--"),
		bad_disposition},
	    {__LINE__, PART, STR("--X\r\n" DATA "\"a\\\"\r\n\r\n1\r\n--X--"),
		bad_disposition},
	    {__LINE__, PART, STR("--X\r\n" DATA "a b\r\n\r\n1\r\n--X--"),
		bad_disposition},
	    {__LINE__, PART, STR("--X\r\n" DATA "a;b\r\n\r\n1\r\n--X--"),
		bad_disposition},
	    {__LINE__, PART, STR("--X\r\n" DATA "a; name=b\r\n\r\n1\r\n--X--"),
		"Part 1: it has two names."},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a; filename=b; Filename=c\r\n\r\n1\r\n"
		    "--X--"),
		"Part 1: it has two filenames."},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a; filename*=UTF-8''b\r\n\r\n1\r\n--X--"),
		"Part 1: a form has no parameters with an asterisk."},
	    {__LINE__, PART, STR("--X\r\n" DATA "\"\xff\"\r\n\r\n1\r\n--X--"),
		"Part 1: its name is not valid UTF-8."},
	    {__LINE__, PART,
		STR("--X\r\n" DATA
		    "a\r\nContent-Type: multipart/mixed; boundary=Y"
		    "\r\n\r\n1\r\n--X--"),
		"Part 1: a part cannot have parts."},
	    {__LINE__, PART,
		STR("--X\r\n" DATA
		    "a\r\nContent-Type: text/plain; charset=latin1"
		    "\r\n\r\n1\r\n--X--"),
		"Part 1: its charset must be UTF-8."},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a\r\nContent-Type: text/plain; charset"
		    "\r\n\r\n1\r\n--X--"),
		"Part 1: its Content-Type is malformed."},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a\r\nContent-Transfer-Encoding: base64"
		    "\r\n\r\nMQ==\r\n--X--"),
		"Part 1: its Content-Transfer-Encoding must be 7bit, 8bit or "
		"binary."},
	    {__LINE__, PART, STR("--X\r\n" DATA "a\r\n\r\n\xff\r\n--X--"),
		"a: Must be valid UTF-8 without U+0000."},
	    {__LINE__, PART, STR("--X\r\n" DATA "a\r\n\r\n\0\r\n--X--"),
		"a: Must be valid UTF-8 without U+0000."},
	    {__LINE__, PART,
		STR("--X\r\n" DATA "a\r\n\r\n1\r\n--X\r\n\r\n2\r\n--X--"),
		"Part 2: it has no Content-Disposition."},
#define P "--X\r\n" DATA "a\r\n\r\n1\r\n"
	    {__LINE__, PART, STR(P P P P P P "--X--"),
		"There are more than 5 parts."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got;
		struct form form;
		struct err err;

		if (parse(cases[i].type, cases[i].body, &form, &err) == 0)
			fail_msg("line %d: taken", cases[i].line);
		got = err.detail;
		if (got == NULL)
			got = arena_printf(arena, "%.*s: %s",
			    STR_ARGS(err.fields->field), err.fields->text);
		want_str(
		    cases[i].line, str_from(got), str_from(cases[i].detail));
		if (err_status(err.id) != 400 && err_status(err.id) != 415)
			fail_msg(
			    "line %d: %s", cases[i].line, err_code(err.id));
	}
}

static void
test_long_head(void **state)
{
	struct form form;
	struct err err;
	struct buf b;

	(void)state;
	for (int more = 0; more < 2; more++) {
		buf_init(&b, arena, 100000);
		buf_lit(&b, "--X\r\n" DATA "a\r\nY: ");
		while (b.len < 5 + 8192 - 4 + (size_t)more)
			buf_char(&b, 'y');
		buf_lit(&b, "\r\n\r\n1\r\n--X--");
		if ((parse(PART, buf_view(&b), &form, &err) == 0) == more)
			fail_msg("%d more", more);
	}
	want_str(__LINE__, str_from(err.detail),
	    STR("Part 1: its head is longer than 8192 bytes."));
}

/* what looks like a boundary again and again costs no more than once */
static void
test_linear(void **state)
{
	int64_t began = clock_mono_us();
	struct form form;
	struct err err;
	struct buf b;

	(void)state;
	buf_init(&b, arena, 20u << 20);
	buf_lit(&b, "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\r\n" DATA
		    "f; filename=x\r\n\r\n");
	while (b.len < 8u << 20)
		buf_lit(&b, "\r\n--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n--aaaa");
	buf_lit(&b, "\r\n--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab--");
	assert_int_equal(
	    parse("multipart/form-data;boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "ab",
		buf_view(&b), &form, &err),
	    0);
	assert_int_equal(form.n, 1);
	assert_true(form.v[0].value.len > (8u << 20) - 100);
	assert_true(clock_mono_us() - began < 5000000);
}

static void
test_json(void **state)
{
	struct json *j;
	struct form form;
	struct err err;
	struct buf b;

	(void)state;
	assert_int_equal(parse(URL, STR("a=1&b=%22&a=2"), &form, &err), 0);
	j = form_json(arena, &form, &err);
	assert_non_null(j);
	assert_int_equal(j->n, 3);
	want_str(__LINE__, j->twin->key, STR("a"));
	buf_init(&b, arena, 1000);
	json_write(&b, j);
	want_str(__LINE__, buf_view(&b),
	    STR("{\"a\":\"1\",\"b\":\"\\\"\",\"a\":\"2\"}"));

	assert_int_equal(
	    parse(PART, STR("--X\r\n" DATA "f; filename=x\r\n\r\n1\r\n--X--"),
		&form, &err),
	    0);
	assert_null(form_json(arena, &form, &err));
	assert_int_equal(err.id, ERR_BAD_FORM);
	want_str(__LINE__, err.fields->field, STR("f"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_accepts),
	    cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_long_head),
	    cmocka_unit_test(test_linear),
	    cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
