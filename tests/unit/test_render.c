/* Cells as JSON and CSV, and the choice of a format. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cases.h"
#include "render/render.h"

static void
test_cells(void **state)
{
	static const struct {
		int line;
		enum cell cell;
		const char *text, *json, *csv;
	} cases[] = {
	    {__LINE__, CELL_TEXT, NULL, "null", ""},
	    {__LINE__, CELL_RAW, NULL, "null", ""},
	    {__LINE__, CELL_JSON, NULL, "null", ""},
	    {__LINE__, CELL_RAW, "-12", "-12", "-12"},
	    {__LINE__, CELL_REAL, "1.50", "1.50", "1.50"},
	    {__LINE__, CELL_REAL, "-0", "-0", "-0"},
	    {__LINE__, CELL_REAL, "1e+20", "1e+20", "1e+20"},
	    {__LINE__, CELL_REAL, "NaN", "\"NaN\"", "NaN"},
	    {__LINE__, CELL_REAL, "Infinity", "\"Infinity\"", "Infinity"},
	    {__LINE__, CELL_REAL, "-Infinity", "\"-Infinity\"", "-Infinity"},
	    {__LINE__, CELL_BOOL, "t", "true", "true"},
	    {__LINE__, CELL_BOOL, "f", "false", "false"},
	    {__LINE__, CELL_TEXT, "", "\"\"", "\"\""},
	    {__LINE__, CELL_TEXT, "a", "\"a\"", "a"},
	    {__LINE__, CELL_TEXT, "a\"b", "\"a\\\"b\"", "\"a\"\"b\""},
	    {__LINE__, CELL_TEXT, "a,b", "\"a,b\"", "\"a,b\""},
	    {__LINE__, CELL_TEXT, "a\nb\\", "\"a\\nb\\\\\"", "\"a\nb\\\""},
	    {__LINE__, CELL_TEXT, "\001\037\177", "\"\\u0001\\u001f\177\"",
		"\001\037\177"},
	    {__LINE__, CELL_TEXT, "\303\244 \360\237\230\200",
		"\"\303\244 \360\237\230\200\"", "\303\244 \360\237\230\200"},
	    {__LINE__, CELL_TEXT, "0123456789abcdef\"",
		"\"0123456789abcdef\\\"\"", "\"0123456789abcdef\"\"\""},
	    {__LINE__, CELL_QUOTED_RAW, "2026-01-31", "\"2026-01-31\"",
		"2026-01-31"},
	    {__LINE__, CELL_TIMESTAMP, "2026-01-31 08:00:00.25",
		"\"2026-01-31T08:00:00.25\"", "2026-01-31T08:00:00.25"},
	    {__LINE__, CELL_TIMESTAMP, "0044-03-15 00:00:00 BC",
		"\"0044-03-15T00:00:00 BC\"", "0044-03-15T00:00:00 BC"},
	    {__LINE__, CELL_TIMESTAMP, "infinity", "\"infinity\"", "infinity"},
	    {__LINE__, CELL_TIMESTAMPTZ, "-infinity", "\"-infinity\"",
		"-infinity"},
	    {__LINE__, CELL_TIMESTAMPTZ, "2026-01-31 08:00:00+00",
		"\"2026-01-31T08:00:00+00:00\"", "2026-01-31T08:00:00+00:00"},
	    {__LINE__, CELL_TIMESTAMPTZ, "0044-03-15 00:00:00+00 BC",
		"\"0044-03-15T00:00:00+00:00 BC\"",
		"0044-03-15T00:00:00+00:00 BC"},
	    {__LINE__, CELL_TIMESTAMPTZ, "10000-01-01 00:00:00+00",
		"\"10000-01-01T00:00:00+00:00\"", "10000-01-01T00:00:00+00:00"},
	    {__LINE__, CELL_TIMESTAMPTZ, "2026-07-31 08:00:00.5+02",
		"\"2026-07-31T08:00:00.5+02:00\"",
		"2026-07-31T08:00:00.5+02:00"},
	    {__LINE__, CELL_TIMESTAMPTZ, "2026-07-31 08:00:00-03:30",
		"\"2026-07-31T08:00:00-03:30\"", "2026-07-31T08:00:00-03:30"},
	    {__LINE__, CELL_TIMESTAMPTZ, "0044-03-15 00:53:28+00:53:28 BC",
		"\"0044-03-15T00:53:28+00:53:28 BC\"",
		"0044-03-15T00:53:28+00:53:28 BC"},
	    {__LINE__, CELL_BYTEA, "\\x", "\"\"", "\"\""},
	    {__LINE__, CELL_BYTEA, "\\x66", "\"Zg==\"", "Zg=="},
	    {__LINE__, CELL_BYTEA, "\\x666f", "\"Zm8=\"", "Zm8="},
	    {__LINE__, CELL_BYTEA, "\\x666f6f", "\"Zm9v\"", "Zm9v"},
	    {__LINE__, CELL_BYTEA, "\\xfbff00fe", "\"+/8A/g==\"", "+/8A/g=="},
	    {__LINE__, CELL_JSON, "{\"a\":\n 1}", "{\"a\":  1}",
		"\"{\"\"a\"\":  1}\""},
	    {__LINE__, CELL_JSON, "[1,2]", "[1,2]", "\"[1,2]\""},
	    {__LINE__, CELL_JSON, "null", "null", "\"null\""},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str text = str_from(cases[i].text);
		struct buf json, csv;

		/* behind something, and in storage that has to grow */
		buf_init(&json, a, 1000);
		buf_init(&csv, a, 1000);
		buf_lit(&json, "x");
		buf_lit(&csv, "x");
		cell_json(&json, cases[i].cell, text);
		cell_csv(&csv, cases[i].cell, text, false);
		if (strcmp(json.p + 1, cases[i].json) != 0)
			fail_msg("line %d: %s", cases[i].line, json.p);
		if (strcmp(csv.p + 1, cases[i].csv) != 0)
			fail_msg("line %d: %s", cases[i].line, csv.p);
	}
	arena_free(a);
}

/* a full buffer overflows, it does not get half a cell or a wild write */
static void
test_full(void **state)
{
	static const struct {
		enum cell cell;
		const char *text;
	} cases[] = {
	    {CELL_TEXT, "some \"text\""},
	    {CELL_QUOTED_RAW, "2026-01-31"},
	    {CELL_TIMESTAMP, "2026-01-31 00:00:00"},
	    {CELL_TIMESTAMPTZ, "2026-01-31 00:00:00+00"},
	    {CELL_BYTEA, "\\x00010203040506070809"},
	    {CELL_JSON, "[1,\n\n2,3,4]"},
	};
	char storage[64];
	struct buf b;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t room = 1; room < 12; room++) {
			struct str text = str_from(cases[i].text);

			memset(storage, '#', sizeof(storage));
			buf_fixed(&b, storage, room);
			cell_json(&b, cases[i].cell, text);
			assert_true(b.overflow);
			assert_int_equal(storage[room], '#');
			buf_fixed(&b, storage, room);
			cell_csv(&b, cases[i].cell, text, true);
			assert_true(b.len < room);
			assert_int_equal(storage[room], '#');
		}
}

static void
test_csv_guard(void **state)
{
	static const struct {
		int line;
		enum cell cell;
		const char *text, *csv;
	} cases[] = {
	    {__LINE__, CELL_TEXT, "=1+1", "\"'=1+1\""},
	    {__LINE__, CELL_TEXT, "+x", "\"'+x\""},
	    {__LINE__, CELL_TEXT, "-x", "\"'-x\""},
	    {__LINE__, CELL_TEXT, "@x", "\"'@x\""},
	    {__LINE__, CELL_TEXT, "\tx", "\"'\tx\""},
	    {__LINE__, CELL_TEXT, "\rx", "\"'\rx\""},
	    {__LINE__, CELL_TEXT, "=\"a\"", "\"'=\"\"a\"\"\""},
	    {__LINE__, CELL_TEXT, "a=1", "a=1"},
	    {__LINE__, CELL_TEXT, "", "\"\""},
	    /* numbers stay numbers */
	    {__LINE__, CELL_RAW, "-1", "-1"},
	    {__LINE__, CELL_REAL, "-1.5", "-1.5"},
	};
	struct arena *a = arena_new();

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b;

		buf_init(&b, a, 1000);
		cell_csv(&b, cases[i].cell, str_from(cases[i].text), true);
		if (strcmp(b.p, cases[i].csv) != 0)
			fail_msg("line %d: %s", cases[i].line, b.p);
	}
	arena_free(a);
}

static void
test_accept(void **state)
{
	static const struct {
		int line;
		const char *accept;
		const struct format *want;
	} cases[] = {
	    {__LINE__, NULL, &format_json},
	    {__LINE__, "", &format_json},
	    {__LINE__, " ", &format_json},
	    {__LINE__, "*/*", &format_json},
	    {__LINE__, "application/json", &format_json},
	    {__LINE__, "Application/JSON", &format_json},
	    {__LINE__, "application/json; charset=utf-8", &format_json},
	    {__LINE__, "application/x-ndjson", &format_ndjson},
	    {__LINE__, "text/csv", &format_csv},
	    {__LINE__, "text/*", &format_csv},
	    {__LINE__, "application/*", &format_json},
	    {__LINE__, "text/csv, application/json", &format_json},
	    {__LINE__, "text/csv, application/json;q=0.9", &format_csv},
	    {__LINE__, "text/csv;q=0.5,application/x-ndjson;q=0.6",
		&format_ndjson},
	    {__LINE__, "*/*;q=0.1, text/csv", &format_csv},
	    {__LINE__, "*/*, application/json;q=0", &format_ndjson},
	    {__LINE__, "application/*;q=0.2, application/x-ndjson;q=0.3",
		&format_ndjson},
	    {__LINE__, "text/csv ; q=0.5 , application/json ; Q=0.4",
		&format_csv},
	    {__LINE__,
		"text/html,application/xhtml+xml,application/xml;q=0.9,"
		"*/*;q=0.8",
		&format_json},
	    {__LINE__, "text/csv;q=1.000,application/json;q=0.999",
		&format_csv},
	    {__LINE__, ",,application/json,", &format_json},
	    {__LINE__, "application/xml", NULL},
	    {__LINE__, "text/html", NULL},
	    {__LINE__, "*/*;q=0", NULL},
	    {__LINE__, "application/json;q=0.000", NULL},
	    {__LINE__, "application/json;q=2", NULL},
	    {__LINE__, "application/json;q=1.1", NULL},
	    {__LINE__, "application/json;q=x", NULL},
	    {__LINE__, "application/json;q=", NULL},
	    {__LINE__, "application/json;q", NULL},
	    {__LINE__, "application/json;q=0.1234", NULL},
	    {__LINE__, "application", NULL},
	    {__LINE__, "*", NULL},
	    {__LINE__, "/", NULL},
	    {__LINE__, "app/*", NULL},
	    {__LINE__, "*/json", NULL},
	    {__LINE__, ";q=1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct format *got =
		    format_by_accept(str_from(cases[i].accept));

		if (got != cases[i].want)
			fail_msg("line %d: %s", cases[i].line,
			    got != NULL ? got->name : "none");
	}
}

static void
test_name(void **state)
{
	(void)state;
	assert_ptr_equal(format_by_name(STR("json")), &format_json);
	assert_ptr_equal(format_by_name(STR("ndjson")), &format_ndjson);
	assert_ptr_equal(format_by_name(STR("csv")), &format_csv);
	assert_null(format_by_name(STR("JSON")));
	assert_null(format_by_name(STR("")));
	assert_null(format_by_name(STR("xml")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_csv_guard),
	    cmocka_unit_test(test_accept),
	    cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
