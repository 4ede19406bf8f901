/*
 * The bytes of every type against PostgreSQL's own to_json, and whole answers
 * in each format.  Run by tests/api/db.t.
 */
#include "db_help.h"

#include "render/render.h"

static void
test_like_to_json(void **state)
{
	static const struct {
		int line;
		enum cell cell;
		const char *value;
	} cases[] = {
	    {__LINE__, CELL_RAW, "(-32768)::int2"},
	    {__LINE__, CELL_RAW, "(-2147483648)::int4"},
	    {__LINE__, CELL_RAW, "(-9223372036854775808)::int8"},
	    {__LINE__, CELL_RAW, "9223372036854775807::int8"},
	    {__LINE__, CELL_REAL, "0.00::numeric"},
	    {__LINE__, CELL_REAL, "-123456789012345678901234567890.12345678"},
	    {__LINE__, CELL_REAL, "'1e300'::numeric"},
	    {__LINE__, CELL_REAL, "'1e-30'::numeric"},
	    {__LINE__, CELL_REAL, "'NaN'::numeric"},
	    {__LINE__, CELL_REAL, "'Infinity'::numeric"},
	    {__LINE__, CELL_REAL, "'-Infinity'::numeric"},
	    {__LINE__, CELL_REAL, "0.1::float4"},
	    {__LINE__, CELL_REAL, "'1e-45'::float4"},
	    {__LINE__, CELL_REAL, "'3.4028235e38'::float4"},
	    {__LINE__, CELL_REAL, "0.1::float8"},
	    {__LINE__, CELL_REAL, "'-0'::float8"},
	    {__LINE__, CELL_REAL, "'1e15'::float8"},
	    {__LINE__, CELL_REAL, "'1e16'::float8"},
	    {__LINE__, CELL_REAL, "'5e-324'::float8"},
	    {__LINE__, CELL_REAL, "'1.7976931348623157e308'::float8"},
	    {__LINE__, CELL_REAL, "'NaN'::float8"},
	    {__LINE__, CELL_REAL, "'-Infinity'::float8"},
	    {__LINE__, CELL_BOOL, "true"},
	    {__LINE__, CELL_BOOL, "false"},
	    {__LINE__, CELL_TEXT, "''::text"},
	    {__LINE__, CELL_TEXT, "'plain'::varchar(20)"},
	    {__LINE__, CELL_TEXT, "'pad'::char(10)"},
	    {__LINE__, CELL_TEXT, "'n'::name"},
	    {__LINE__, CELL_TEXT, "'x'::\"char\""},
	    {__LINE__, CELL_TEXT, "e'\\b\\f\\n\\r\\t\\v\\\\/\"''<>&'::text"},
	    {__LINE__, CELL_TEXT,
		"(select string_agg(chr(i), '') from generate_series(1, 1300) "
		"i)"},
	    {__LINE__, CELL_TEXT,
		"e'\\u00e4\\u20ac\\U0001f600\\u2028\\ufeff'::text"},
	    {__LINE__, CELL_TEXT, "repeat('long \"quoted\" ', 10000)"},
	    {__LINE__, CELL_TEXT, "12.34::money"},
	    {__LINE__, CELL_TEXT, "'<a>&amp;</a>'::xml"},
	    {__LINE__, CELL_TEXT, "'(1,2)'::point"},
	    {__LINE__, CELL_TEXT, "'[(0,0),(1,1)]'::lseg"},
	    {__LINE__, CELL_TEXT, "'<(0,0),1>'::circle"},
	    {__LINE__, CELL_TEXT, "'a:1 b'::tsvector"},
	    {__LINE__, CELL_TEXT, "'a & b'::tsquery"},
	    {__LINE__, CELL_TEXT, "'pg_class'::regclass"},
	    {__LINE__, CELL_TEXT, "'(0,1)'::tid"},
	    {__LINE__, CELL_TEXT, "'happy'::public.mood"},
	    {__LINE__, CELL_QUOTED_RAW, "date '2026-02-28'"},
	    {__LINE__, CELL_QUOTED_RAW, "date '0044-03-15 BC'"},
	    {__LINE__, CELL_QUOTED_RAW, "date '5874897-12-31'"},
	    {__LINE__, CELL_QUOTED_RAW, "date 'infinity'"},
	    {__LINE__, CELL_QUOTED_RAW, "time '24:00'"},
	    {__LINE__, CELL_QUOTED_RAW, "time '12:30:00.000001'"},
	    {__LINE__, CELL_QUOTED_RAW, "timetz '12:30:00.5+05:45'"},
	    {__LINE__, CELL_QUOTED_RAW, "interval '-1 year 2 mons 3.5 secs'"},
	    {__LINE__, CELL_QUOTED_RAW, "interval '0'"},
	    {__LINE__, CELL_QUOTED_RAW,
		"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid"},
	    {__LINE__, CELL_QUOTED_RAW, "'::1/64'::inet"},
	    {__LINE__, CELL_QUOTED_RAW, "'10.0.0.0/8'::cidr"},
	    {__LINE__, CELL_QUOTED_RAW, "'08:00:2b:01:02:03'::macaddr"},
	    {__LINE__, CELL_QUOTED_RAW, "b'1010'"},
	    {__LINE__, CELL_QUOTED_RAW, "'101'::varbit"},
	    {__LINE__, CELL_QUOTED_RAW, "'16/B374D848'::pg_lsn"},
	    {__LINE__, CELL_TIMESTAMP, "timestamp '2026-01-31 08:00:00'"},
	    {__LINE__, CELL_TIMESTAMP,
		"timestamp '2026-01-31 08:00:00.123456'"},
	    {__LINE__, CELL_TIMESTAMP, "timestamp '0001-01-01 00:00:00 BC'"},
	    {__LINE__, CELL_TIMESTAMP, "timestamp '294276-12-31 23:59:59'"},
	    {__LINE__, CELL_TIMESTAMP, "timestamp 'infinity'"},
	    {__LINE__, CELL_TIMESTAMP, "timestamp '-infinity'"},
	    {__LINE__, CELL_TIMESTAMPTZ,
		"timestamptz '2026-07-31 08:00:00.1+02'"},
	    {__LINE__, CELL_TIMESTAMPTZ,
		"timestamptz '1880-01-01 00:00:00 Europe/Amsterdam'"},
	    {__LINE__, CELL_TIMESTAMPTZ, "timestamptz '4713-01-02 00:00 BC'"},
	    {__LINE__, CELL_TIMESTAMPTZ, "timestamptz '-infinity'"},
	    {__LINE__, CELL_JSON, "'{\"a\": [1, 2.50, null]}'::json"},
	    {__LINE__, CELL_JSON, "'{\"b\": 1, \"a\": \"x\\ny\"}'::jsonb"},
	    {__LINE__, CELL_JSON, "'\"text\"'::jsonb"},
	    {__LINE__, CELL_JSON, "'null'::json"},
	    {__LINE__, CELL_JSON, "to_json(array[1, null, 3])"},
	    {__LINE__, CELL_JSON, "to_json(array['a\"b', 'c'])"},
	    {__LINE__, CELL_JSON, "to_json(int4range(1, 5))"},
	    {__LINE__, CELL_JSON, "to_json(row(1, 'x', now()))"},
	};

	(void)state;
	sql("drop type if exists public.mood;"
	    "create type public.mood as enum ('sad', 'happy')");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct batch *b = make_batch(BATCH_READ,
		    arena_printf(arena, "select %s v, to_json(%s)::text want",
			cases[i].value, cases[i].value));
		struct stmt *s = b->stmts[0];
		struct rows *rows;
		struct str want;
		struct buf got;

		s->ncols = 2;
		s->cols = arena_array(arena, struct stmt_col, 2);
		s->cols[0] = (struct stmt_col){STR("v"), cases[i].cell};
		s->cols[1] = (struct stmt_col){STR("want"), CELL_TEXT};
		if (run(b) != 0)
			fail_msg("line %d: %s", cases[i].line, err.cause);
		rows = batch_rows(b, 0);
		assert_int_equal(rows_next(rows, &err), 1);
		buf_init(&got, arena, 1 << 20);
		cell_json(&got, cases[i].cell, rows_cell(rows, 0));
		want = rows_cell(rows, 1);
		if (!str_eq(buf_view(&got), want))
			fail_msg("line %d: %.200s\ninstead of %.200s",
			    cases[i].line, got.p, want.p);
	}
}

static const char whole[] = "select * from (values "
			    "(1, 'a', true), (2, null, false), (3, '', null)"
			    ") t (\"i\"\"d\", \"na,me\", ok)";

static const char *
render(struct batch *b, const struct format *f, bool single)
{
	struct rows *rows;
	struct render r;
	struct buf out;

	b->stmts[0]->cols = arena_array(arena, struct stmt_col, 3);
	b->stmts[0]->ncols = 3;
	b->stmts[0]->cols[0] = (struct stmt_col){STR("i\"d"), CELL_RAW};
	b->stmts[0]->cols[1] = (struct stmt_col){STR("na,me"), CELL_TEXT};
	b->stmts[0]->cols[2] = (struct stmt_col){STR("ok"), CELL_BOOL};
	if (run(b) != 0)
		fail_msg("%s", err.cause);
	rows = batch_rows(b, 0);
	buf_init(&out, arena, 10000);
	render_init(&r, arena, f, rows, single);
	render_head(&r, &out);
	while (rows_next(rows, &err) == 1)
		render_row(&r, rows, &out);
	render_tail(&r, &out);
	return out.p;
}

static void
test_whole(void **state)
{
	static const char json[] =
	    "[{\"i\\\"d\":1,\"na,me\":\"a\",\"ok\":true},"
	    "{\"i\\\"d\":2,\"na,me\":null,\"ok\":false},"
	    "{\"i\\\"d\":3,\"na,me\":\"\",\"ok\":null}]";
	static const char ndjson[] =
	    "{\"i\\\"d\":1,\"na,me\":\"a\",\"ok\":true}\n"
	    "{\"i\\\"d\":2,\"na,me\":null,\"ok\":false}\n"
	    "{\"i\\\"d\":3,\"na,me\":\"\",\"ok\":null}\n";
	static const char csv[] = "\"i\"\"d\",\"na,me\",ok\r\n"
				  "1,a,true\r\n2,,false\r\n3,\"\",\r\n";

	(void)state;
	for (int stream = 0; stream < 2; stream++) {
		struct batch *b[3];

		for (size_t i = 0; i < 3; i++) {
			b[i] = make_batch(BATCH_READ, whole);
			b[i]->stream = stream;
		}
		assert_string_equal(render(b[0], &format_json, false), json);
		assert_string_equal(
		    render(b[1], &format_ndjson, false), ndjson);
		assert_string_equal(render(b[2], &format_csv, false), csv);
	}
}

static void
test_none_and_one(void **state)
{
	char *none = arena_printf(arena, "%s where false", whole);
	char *one = arena_printf(arena, "%s limit 1", whole);

	(void)state;
	assert_string_equal(
	    render(make_batch(BATCH_READ, none), &format_json, false), "[]");
	assert_string_equal(
	    render(make_batch(BATCH_READ, none), &format_ndjson, false), "");
	assert_string_equal(
	    render(make_batch(BATCH_READ, none), &format_csv, false),
	    "\"i\"\"d\",\"na,me\",ok\r\n");
	assert_string_equal(
	    render(make_batch(BATCH_READ, one), &format_json, true),
	    "{\"i\\\"d\":1,\"na,me\":\"a\",\"ok\":true}");
}

/* a statement that says nothing about its columns */
static void
test_unnamed(void **state)
{
	struct batch *b = make_batch(BATCH_READ, "select 1 a, 'x\"' \"b c\"");
	struct rows *rows;
	struct render r;
	struct buf out;

	(void)state;
	assert_runs(b);
	rows = batch_rows(b, 0);
	buf_init(&out, arena, 1000);
	render_init(&r, arena, &format_json, rows, true);
	assert_int_equal(rows_next(rows, &err), 1);
	render_row(&r, rows, &out);
	assert_string_equal(out.p, "{\"a\":\"1\",\"b c\":\"x\\\"\"}");
}

/* ---- rows with relations -------------------------------------------------- */

static struct stmt *
with_columns(const char *text, size_t n, const struct stmt_col *cols)
{
	struct stmt *s = make_stmt("test", text, 0, NULL);

	s->ncols = n;
	s->cols = arena_memdup(arena, cols, n * sizeof(*cols));
	return s;
}

static struct shape *
make_shape(size_t n, const struct member *v)
{
	struct shape *shape = arena_make(arena, struct shape);

	shape->n = n;
	shape->v = arena_memdup(arena, v, n * sizeof(*v));
	return shape;
}

static void
add_child(struct stmt *s, struct stmt *child)
{
	struct stmt **children =
	    arena_array(arena, struct stmt *, s->nchildren + 1);

	for (size_t i = 0; i < s->nchildren; i++)
		children[i] = s->children[i];
	children[s->nchildren++] = child;
	s->children = children;
}

#define PARENTS                                                                \
	"select * from (values (1, 't', 10, 'Rom\"e'), (2, 'f', null, "        \
	"null), (3, 't', 30, '')) v (id, there, far, city)"

/* shops with a to-one city, their sales, and the lines of each sale */
static struct stmt *
shops(const char *more)
{
	static const struct stmt_col shop_cols[] = {{STR("id"), CELL_RAW},
	    {STR("there"), CELL_TEXT}, {STR("far"), CELL_RAW},
	    {STR("city"), CELL_TEXT}};
	static const struct stmt_col sale_cols[] = {{STR("ord"), CELL_RAW},
	    {STR("no"), CELL_RAW}, {STR("note"), CELL_TEXT}};
	static const struct stmt_col line_cols[] = {
	    {STR("ord"), CELL_RAW}, {STR("what"), CELL_TEXT}};
	struct stmt *shop, *sale, *line;
	struct shape *city;

	line = with_columns(
	    "values (1, 'a'), (3, 'b'), (3, 'c \"d\"')", 2, line_cols);
	sale = with_columns(
	    "values (1, 7, 'x,y'), (3, 8, null), (3, 9, '')", 3, sale_cols);
	add_child(sale, line);
	sale->shape = make_shape(
	    3, (struct member[]){{STR("no"), MEMBER_CELL, 1, 0, NULL},
		   {STR("lines"), MEMBER_ROWS, 0, 0, NULL},
		   {STR("note"), MEMBER_CELL, 2, 0, NULL}});
	shop =
	    with_columns(arena_printf(arena, PARENTS "%s", more), 4, shop_cols);
	add_child(shop, sale);
	city = make_shape(
	    2, (struct member[]){{STR("far"), MEMBER_CELL, 2, 0, NULL},
		   {STR("name"), MEMBER_CELL, 3, 0, NULL}});
	shop->shape = make_shape(
	    3, (struct member[]){{STR("city"), MEMBER_OBJECT, 1, 0, city},
		   {STR("id"), MEMBER_CELL, 0, 0, NULL},
		   {STR("sales"), MEMBER_ROWS, 0, 0, NULL}});
	return shop;
}

static const char *
render_stmt(struct stmt *s, const struct format *f, bool single)
{
	struct batch *b = make_batch(BATCH_READ, NULL);
	struct rows *rows;
	struct render r;
	struct buf out;
	size_t at = batch_add(b, s);

	assert_runs(b);
	rows = batch_rows(b, at);
	buf_init(&out, arena, 10000);
	render_init(&r, arena, f, rows, single);
	render_head(&r, &out);
	while (rows_next(rows, &err) == 1)
		render_row(&r, rows, &out);
	render_tail(&r, &out);
	return out.p;
}

static void
test_nested(void **state)
{
	(void)state;
	assert_string_equal(render_stmt(shops(""), &format_json, false),
	    "[{\"city\":{\"far\":10,\"name\":\"Rom\\\"e\"},\"id\":1,"
	    "\"sales\":[{\"no\":7,\"lines\":[{\"what\":\"a\"}],"
	    "\"note\":\"x,y\"}]},"
	    "{\"city\":null,\"id\":2,\"sales\":[]},"
	    "{\"city\":{\"far\":30,\"name\":\"\"},\"id\":3,"
	    "\"sales\":[{\"no\":8,\"lines\":[],\"note\":null},"
	    "{\"no\":9,\"lines\":[{\"what\":\"b\"},"
	    "{\"what\":\"c \\\"d\\\"\"}],\"note\":\"\"}]}]");
	assert_string_equal(render_stmt(shops(" limit 1"), &format_json, true),
	    "{\"city\":{\"far\":10,\"name\":\"Rom\\\"e\"},\"id\":1,"
	    "\"sales\":[{\"no\":7,\"lines\":[{\"what\":\"a\"}],"
	    "\"note\":\"x,y\"}]}");
	assert_string_equal(
	    render_stmt(shops(" limit 1"), &format_ndjson, false),
	    "{\"city\":{\"far\":10,\"name\":\"Rom\\\"e\"},\"id\":1,"
	    "\"sales\":[{\"no\":7,\"lines\":[{\"what\":\"a\"}],"
	    "\"note\":\"x,y\"}]}\n");
}

static void
test_nested_csv(void **state)
{
	(void)state;
	assert_string_equal(render_stmt(shops(""), &format_csv, false),
	    "city.far,city.name,id,sales\r\n"
	    "10,\"Rom\"\"e\",1,\"[{\"\"no\"\":7,\"\"lines\"\":"
	    "[{\"\"what\"\":\"\"a\"\"}],\"\"note\"\":\"\"x,y\"\"}]\""
	    "\r\n"
	    ",,2,\"[]\"\r\n"
	    "30,\"\",3,\"[{\"\"no\"\":8,\"\"lines\"\":[],\"\"note\"\":"
	    "null},{\"\"no\"\":9,\"\"lines\"\":[{\"\"what\"\":\"\"b\"\"},"
	    "{\"\"what\"\":\"\"c \\\"\"d\\\"\"\"\"}],\"\"note\"\":\"\"\"\"}]"
	    "\"\r\n");
	assert_string_equal(
	    render_stmt(shops(" where false"), &format_csv, false),
	    "city.far,city.name,id,sales\r\n");
}

/* columns that no member names are not shown */
static void
test_hidden(void **state)
{
	static const struct stmt_col cols[] = {
	    {STR("a"), CELL_RAW}, {STR("order"), CELL_TEXT}};
	struct stmt *s = with_columns("values (1, 'x'), (2, 'y')", 2, cols);

	(void)state;
	s->shape = make_shape(
	    1, (struct member[]){{STR("a"), MEMBER_CELL, 0, 0, NULL}});
	assert_string_equal(
	    render_stmt(s, &format_json, false), "[{\"a\":1},{\"a\":2}]");
	assert_string_equal(
	    render_stmt(s, &format_csv, false), "a\r\n1\r\n2\r\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_like_to_json),
	    TEST(test_whole),
	    TEST(test_none_and_one),
	    TEST(test_unnamed),
	    TEST(test_nested),
	    TEST(test_nested_csv),
	    TEST(test_hidden),
	};

	log_open("test_render_db", "/dev/null", LEVEL_DEBUG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
