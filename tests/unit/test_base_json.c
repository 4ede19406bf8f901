/* The JSON reader and writer: what is accepted and how it comes out compact,
 * what is refused and at which byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "cases.h"

/* the text in memory of exactly its size, so that reading on is seen */
static struct json *
parse(struct str text, struct err *err)
{
	err_init(err, arena);
	text.p = arena_memdup(arena, text.p, text.len);
	return json_parse(arena, text, err);
}

static void
test_accepts(void **state)
{
	static const struct {
		int line;
		const char *text, *compact;
	} cases[] = {
	    {__LINE__, "null", "null"},
	    {__LINE__, " true\n", "true"},
	    {__LINE__, "false", "false"},
	    {__LINE__, "0", "0"},
	    {__LINE__, "-0", "-0"},
	    {__LINE__, "-0.0e-00", "-0.0e-00"},
	    {__LINE__, "123.4560E+5", "123.4560E+5"},
	    {__LINE__, "10000000000000000000000000000000000000001",
		"10000000000000000000000000000000000000001"},
	    {__LINE__, "1e99999", "1e99999"},
	    {__LINE__, "\"\"", "\"\""},
	    {__LINE__, "\"\\/\\b\\f\\n\\r\\t\\\"\\\\\"",
		"\"/\\b\\f\\n\\r\\t\\\"\\\\\""},
	    {__LINE__, "\"\\u0041\\u00e4\\u20AC\\uD83D\\uDE00\"",
		"\"A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
	    {__LINE__, "\"\\u001F\x7f\"", "\"\\u001f\x7f\""},
	    {__LINE__, "\"\\\\u0000\"", "\"\\\\u0000\""},
	    {__LINE__, "[]", "[]"},
	    {__LINE__, " [ 1 , [ ] , { } ] ", "[1,[],{}]"},
	    {__LINE__, "{\t\"a\" :\r1,\"b\":[\"c\"]}",
		"{\"a\":1,\"b\":[\"c\"]}"},
	    {__LINE__, "{\"\":{\"\":null}}", "{\"\":{\"\":null}}"},
	    {__LINE__, "{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"},
	    {__LINE__, "[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json *j;
		struct err err;
		struct buf b;

		j = parse(str_from(cases[i].text), &err);
		if (j == NULL)
			fail_msg("line %d: %s", cases[i].line, err.detail);
		assert_int_equal(err.id, ERR_NONE);
		buf_init(&b, arena, 1000);
		json_write(&b, j);
		if (strcmp(b.p, cases[i].compact) != 0)
			fail_msg("line %d: %s", cases[i].line, b.p);
	}
}

static void
test_refuses(void **state)
{
	static const struct {
		int line;
		struct str text;
		int byte;
	} cases[] = {
	    {__LINE__, STR(""), 0},
	    {__LINE__, STR("  "), 2},
	    {__LINE__, STR("nul"), 0},
	    {__LINE__, STR("nullx"), 4},
	    {__LINE__, STR("True"), 0},
	    {__LINE__, STR("NaN"), 0},
	    {__LINE__, STR("Infinity"), 0},
	    {__LINE__, STR("+1"), 0},
	    {__LINE__, STR("01"), 1},
	    {__LINE__, STR("-"), 1},
	    {__LINE__, STR("-a"), 1},
	    {__LINE__, STR("1."), 2},
	    {__LINE__, STR(".5"), 0},
	    {__LINE__, STR("1e"), 2},
	    {__LINE__, STR("1e+"), 3},
	    {__LINE__, STR("0x1"), 1},
	    {__LINE__, STR("1 2"), 2},
	    {__LINE__, STR("'a'"), 0},
	    {__LINE__, STR("\"a"), 2},
	    {__LINE__, STR("\"a\\"), 3},
	    {__LINE__, STR("\"\\x41\""), 2},
	    {__LINE__, STR("\"\\U0041\""), 2},
	    {__LINE__, STR("\"\\u004\""), 3},
	    {__LINE__, STR("\"\\u00"), 3},
	    {__LINE__, STR("\"a\nb\""), 2},
	    {__LINE__, STR("\"\0\""), 1},
	    {__LINE__, STR("\"\\u0000\""), 1},
	    {__LINE__, STR("{\"a\\u0000b\":1}"), 3},
	    {__LINE__, STR("\"\\ud800\""), 1},
	    {__LINE__, STR("\"\\udc00\""), 1},
	    {__LINE__, STR("\"\\ud800\\u0041\""), 1},
	    {__LINE__, STR("\"\\ud800\\ud800\""), 1},
	    {__LINE__, STR("\"\\udc00\\ud800\""), 1},
	    {__LINE__, STR("\"\xff\""), 1},
	    {__LINE__, STR("\"\xed\xa0\x80\""), 1},
	    {__LINE__, STR("[1]\xc0\x80"), 3},
	    {__LINE__, STR("\xef\xbb\xbf{}"), 0},
	    {__LINE__, STR("["), 1},
	    {__LINE__, STR("[1"), 2},
	    {__LINE__, STR("[1,]"), 3},
	    {__LINE__, STR("[,1]"), 1},
	    {__LINE__, STR("[1 2]"), 3},
	    {__LINE__, STR("[1}"), 2},
	    {__LINE__, STR("[1]]"), 3},
	    {__LINE__, STR("[1]\0"), 3},
	    {__LINE__, STR("[\f1]"), 1},
	    {__LINE__, STR("[\xc2\xa0]"), 1},
	    {__LINE__, STR("{"), 1},
	    {__LINE__, STR("{a:1}"), 1},
	    {__LINE__, STR("{\"a\"}"), 4},
	    {__LINE__, STR("{\"a\" 1}"), 5},
	    {__LINE__, STR("{\"a\":}"), 5},
	    {__LINE__, STR("{\"a\":1,}"), 7},
	    {__LINE__, STR("{1:1}"), 1},
	    {__LINE__, STR("{\"a\":1]"), 6},
	    {__LINE__, STR("// c\n1"), 0},
	    {__LINE__, STR("{\"a\":1,\"a\":2}"), 11},
	    {__LINE__, STR("{\"a\":1,\"\\u0061\":1}"), 16},
	    {__LINE__,
		STR("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,"
		    "\"g\":1,\"h\":1,\"i\":1,\"b\":1}"),
		59},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err;
		int byte = -1;

		if (parse(cases[i].text, &err) != NULL)
			fail_msg("line %d: accepted", cases[i].line);
		assert_int_equal(err.id, ERR_BAD_JSON);
		assert_non_null(err.detail);
		if (sscanf(err.detail, "At byte %d:", &byte) != 1 ||
		    byte != cases[i].byte)
			fail_msg("line %d: %s", cases[i].line, err.detail);
	}
}

static struct str
nest(size_t depth, char open, char close)
{
	struct buf b;

	buf_init(&b, arena, 1000000);
	for (size_t i = 0; i < depth; i++)
		buf_char(&b, open);
	for (size_t i = 0; i < depth; i++)
		buf_char(&b, close);
	return buf_view(&b);
}

static void
test_depth(void **state)
{
	struct err err;

	(void)state;
	assert_non_null(parse(nest(JSON_DEPTH_MAX, '[', ']'), &err));
	assert_null(parse(nest(JSON_DEPTH_MAX + 1, '[', ']'), &err));
	assert_string_equal(err.detail, "At byte 32: the nesting is too deep.");
	assert_null(parse(nest(100000, '[', ']'), &err));
	/* closing again gives the depth back */
	assert_non_null(parse(STR("[[],[],[],[],[],[],[],[],[],[],[],[],[],"
				  "[],[],[],[],[],[],[],[],[],[],[],[],[],[],"
				  "[],[],[],[],[],[],[],[]]"),
	    &err));
}

static void
test_tree(void **state)
{
	const struct json *j, *m;
	struct err err;

	(void)state;
	j = parse(STR(" {\"a\" : [1, -2.50], \"b\\n\":\"x\\u0041\"} "), &err);
	assert_non_null(j);
	assert_int_equal(j->kind, JSON_OBJECT);
	assert_int_equal(j->n, 2);
	assert_int_equal(j->src.p[0], '{');
	assert_int_equal(j->src.p[j->src.len - 1], '}');
	m = json_get(j, STR("a"));
	assert_int_equal(m->kind, JSON_ARRAY);
	assert_int_equal(m->n, 2);
	assert_true(str_eq_c(m->src, "[1, -2.50]"));
	assert_true(str_eq_c(m->child->next->src, "-2.50"));
	assert_null(m->child->key.p);
	m = json_get(j, STR("b\n"));
	assert_true(str_eq_c(m->src, "\"x\\u0041\""));
	assert_string_equal(m->text.p, "xA");
	assert_null(json_get(j, STR("b")));
	assert_null(json_get(m, STR("a")));
	assert_string_equal(json_kind_name(m->kind), "string");
}

/* quadratic work would take minutes */
static void
test_many_keys(void **state)
{
	int64_t began = clock_mono_us();
	struct err err;
	struct buf b;

	(void)state;
	buf_init(&b, arena, 10000000);
	buf_char(&b, '{');
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "%s\"k%d\":%d", i == 0 ? "" : ",", i * 7, i);
	buf_char(&b, '}');
	assert_non_null(parse(buf_view(&b), &err));
	b.p[b.len - 1] = ',';
	buf_lit(&b, "\"k7\":0}");
	assert_null(parse(buf_view(&b), &err));
	assert_non_null(strstr(err.detail, "a name that was there before"));
	assert_true(clock_mono_us() - began < 10000000);
}

static void
test_writer(void **state)
{
	struct jsonw w;
	struct buf b;

	(void)state;
	buf_init(&b, arena, 1000);
	jsonw_init(&w, &b);
	jsonw_object(&w);
	jsonw_kv(&w, "a", STR("x\"y"));
	jsonw_kv(&w, "none", STR_NONE);
	jsonw_kv_c(&w, "c", NULL);
	jsonw_kv_i64(&w, "n", -5);
	jsonw_kv_bool(&w, "t", true);
	jsonw_key_str(&w, STR("k\n"));
	jsonw_array(&w);
	jsonw_i64(&w, 1);
	jsonw_raw(&w, STR("2.50"));
	jsonw_array(&w);
	jsonw_end(&w);
	jsonw_object(&w);
	jsonw_end(&w);
	jsonw_null(&w);
	jsonw_bool(&w, false);
	jsonw_cstr(&w, "");
	jsonw_end(&w);
	jsonw_end(&w);
	assert_int_equal(w.depth, 0);
	assert_string_equal(b.p,
	    "{\"a\":\"x\\\"y\",\"none\":null,\"c\":null,\"n\":-5,\"t\":true,"
	    "\"k\\n\":[1,2.50,[],{},null,false,\"\"]}");
}

static void
misuse_value_without_key(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_i64(w, 1);
}

static void
misuse_key_in_array(struct jsonw *w)
{
	jsonw_array(w);
	jsonw_key(w, "a");
}

static void
misuse_key_at_top(struct jsonw *w)
{
	jsonw_key(w, "a");
}

static void
misuse_two_keys(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_key(w, "a");
	jsonw_key(w, "b");
}

static void
misuse_end_after_key(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_key(w, "a");
	jsonw_end(w);
}

static void
misuse_end_at_top(struct jsonw *w)
{
	jsonw_end(w);
}

static void
misuse_depth(struct jsonw *w)
{
	for (int i = 0; i <= JSONW_DEPTH_MAX; i++)
		jsonw_array(w);
}

static void
test_writer_misuse(void **state)
{
	static void (*const misuses[])(struct jsonw *) = {
	    misuse_value_without_key,
	    misuse_key_in_array,
	    misuse_key_at_top,
	    misuse_two_keys,
	    misuse_end_after_key,
	    misuse_end_at_top,
	    misuse_depth,
	};
	struct jsonw w;
	struct buf b;
	int status;
	pid_t pid;

	(void)state;
	for (size_t i = 0; i < COUNT(misuses); i++) {
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
			if (freopen("/dev/null", "w", stderr) == NULL)
				_exit(2);
			buf_init(&b, arena, 1000);
			jsonw_init(&w, &b);
			misuses[i](&w);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
			fail_msg("misuse %zu was let through", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accepts),
	    cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_tree),
	    cmocka_unit_test(test_many_keys),
	    cmocka_unit_test(test_writer),
	    cmocka_unit_test(test_writer_misuse),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
