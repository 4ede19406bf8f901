/*
 * base over the shared third-party data: JSONTestSuite, utf8tests and the big
 * list of naughty strings.  DYNAPI_TESTDATA names the folder; without it this
 * is one counted skip.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/file.h"
#include "base/json.h"
#include "base/params.h"
#include "base/utf8.h"
#include "cases.h"

static const char *data;

static struct str
read_data(const char *folder, const char *name)
{
	const char *path = arena_printf(arena, "%s/%s/%s", data, folder, name);
	struct err err;
	struct str s;

	err_init(&err, arena);
	if (file_read(arena, path, 10000000, &s, &err) != 0)
		fail_msg("%s", err.cause);
	return (struct str){arena_memdup(arena, s.p, s.len), s.len};
}

/* grammatical, but refused by rules of ours: names twice and U+0000 */
static bool
is_beyond_grammar(const char *name)
{
	static const char *const names[] = {
	    "y_object_duplicated_key.json",
	    "y_object_duplicated_key_and_value.json",
	    "y_object_escaped_null_in_key.json",
	    "y_string_null_escape.json",
	};

	for (size_t i = 0; i < COUNT(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void
test_json_suite(void **state)
{
	const char *folder = "json-parsing/test_parsing";
	int n = 0, y = 0, ours = 0, free_choice = 0;
	struct dirent *entry;
	struct err err;
	DIR *dir;

	(void)state;
	dir = opendir(arena_printf(arena, "%s/%s", data, folder));
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		const char *name = entry->d_name;
		bool accepted;

		if (name[0] == '.')
			continue;
		err_init(&err, arena);
		accepted =
		    json_parse(arena, read_data(folder, name), &err) != NULL;
		if (accepted != (err.id == ERR_NONE) ||
		    (!accepted && err.id != ERR_BAD_JSON))
			fail_msg("%s: %s", name, err_code(err.id));
		if (is_beyond_grammar(name)) {
			ours++;
			if (accepted)
				fail_msg("%s: accepted", name);
		} else if (name[0] == 'y') {
			y++;
			if (!accepted)
				fail_msg("%s: %s", name, err.detail);
		} else if (name[0] == 'n') {
			n++;
			if (accepted)
				fail_msg("%s: accepted", name);
		} else {
			free_choice++;
		}
	}
	closedir(dir);
	assert_int_equal(n, 188);
	assert_int_equal(y, 91);
	assert_int_equal(ours, 4);
	assert_int_equal(free_choice, 35);
}

/* the bytes as they would come in a query string and in a JSON body, where
 * U+0000 is refused as well */
static void
check_everywhere(const char *number, struct str bytes, bool valid)
{
	struct buf query, body;
	struct params ps;

	if (utf8_valid(bytes) != valid)
		fail_msg("%s: utf8_valid is wrong", number);
	valid = valid && str_chr(bytes, '\0') < 0;
	buf_init(&query, arena, 10000);
	buf_lit(&query, "a=");
	buf_url(&query, bytes);
	if ((params_parse(arena, buf_view(&query), 1, &ps, NULL) == 0) != valid)
		fail_msg("%s: params_parse is wrong", number);
	if (valid)
		assert_true(str_eq(ps.v[0].value, bytes));
	buf_init(&body, arena, 10000);
	buf_json(&body, bytes);
	if ((json_parse(arena, buf_view(&body), NULL) != NULL) != valid)
		fail_msg("%s: json_parse is wrong", number);
}

/* "c2 80" or "C280" */
static struct str
read_spaced_hex(struct str text)
{
	struct str part, bytes;
	struct buf b;

	buf_init(&b, arena, 1000);
	while (str_cut(&text, ' ', &part)) {
		assert_int_equal(hex_decode(arena, part, &bytes), 0);
		buf_str(&b, bytes);
	}
	return buf_view(&b);
}

static void
test_utf8(void **state)
{
	struct str rest = read_data("utf8", "utf8tests.txt"), line;
	int valid = 0, invalid = 0;

	(void)state;
	while (str_cut(&rest, '\n', &line)) {
		struct str number = line, kind = line, bytes, field;

		if (line.len == 0 || line.p[0] == '#')
			continue;
		str_cut(&line, ':', &number);
		str_cut(&line, ':', &kind);
		kind = str_trim(kind);
		if (str_eq_c(kind, "valid")) {
			valid++;
			check_everywhere(str_c(arena, number), line, true);
			continue;
		}
		str_cut(&line, ':', &field);
		bytes = read_spaced_hex(field);
		if (str_eq_c(kind, "valid hex")) {
			valid++;
			check_everywhere(str_c(arena, number), bytes, true);
		} else {
			assert_true(str_eq_c(kind, "invalid hex"));
			invalid++;
			check_everywhere(str_c(arena, number), bytes, false);
		}
	}
	assert_int_equal(valid, 77);
	assert_int_equal(invalid, 145);
}

/* each comes back byte for byte from JSON and from a query string */
static void
test_naughty(void **state)
{
	const struct json *list, *s, *again;
	struct params ps;
	struct buf b;

	(void)state;
	list =
	    json_parse(arena, read_data("naughty-strings", "blns.json"), NULL);
	assert_non_null(list);
	assert_int_equal(list->n, 515);
	buf_init(&b, arena, 1000000);
	for (s = list->child; s != NULL; s = s->next) {
		buf_clear(&b);
		buf_json(&b, s->text);
		again = json_parse(arena, buf_view(&b), NULL);
		assert_non_null(again);
		assert_true(str_eq(again->text, s->text));
		buf_clear(&b);
		buf_lit(&b, "x=");
		buf_url(&b, s->text);
		assert_int_equal(
		    params_parse(arena, buf_view(&b), 1, &ps, NULL), 0);
		assert_true(str_eq(ps.v[0].value, s->text));
		buf_clear(&b);
		buf_log(&b, s->text);
		for (size_t i = 0; i < b.len; i++)
			assert_true((unsigned char)b.p[i] >= ' ');
	}
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
	    cmocka_unit_test(test_json_suite),
	    cmocka_unit_test(test_utf8),
	    cmocka_unit_test(test_naughty),
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
