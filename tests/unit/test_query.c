/*
 * What golden cases do not show: values for every type that are accepted, in
 * which form, and refused; that equal values are found equal; trees built by
 * hand that no dialect parses yet.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "cases.h"
#include "query/query.h"
#include "sample_tables.h"

static void
want_value(int line, const char *column, const char *text, const char *want)
{
	const struct type *t = sample_type(column);
	struct str out = STR("");
	const char *wrong;

	if (t == NULL)
		fail_msg("line %d: no column %s", line, column);
	wrong = value_check(arena, t, str_from(text), &out);
	if (want == NULL && wrong == NULL)
		fail_msg("line %d: %s took \"%s\"", line, column, text);
	if (want != NULL && wrong != NULL)
		fail_msg("line %d: %s refused \"%s\": %s", line, column, text,
		    wrong);
	if (want != NULL && !str_eq_c(out, want))
		fail_msg("line %d: %s made \"%.*s\" of \"%s\"", line, column,
		    STR_ARGS(out), text);
}

/* taken as it is */
static void
test_value_accepted(void **state)
{
	static const struct {
		int line;
		const char *column, *text;
	} cases[] = {
	    {__LINE__, "c_int2", "32767"},
	    {__LINE__, "c_int2", "-0"},
	    {__LINE__, "c_int8", "-9223372036854775808"},
	    {__LINE__, "c_int8", "0000000000000000000000000000000001"},
	    {__LINE__, "c_numeric", "0"},
	    {__LINE__, "c_numeric", "-0.0"},
	    {__LINE__, "c_numeric", "1E-16383"},
	    {__LINE__, "c_numeric", "9.9e131071"},
	    {__LINE__, "c_numeric", "0e16383"},
	    {__LINE__, "c_numeric", "0.0000000000000000000000000000001"},
	    {__LINE__, "c_money", "99.99"},
	    {__LINE__, "c_money", "-99.990"},
	    {__LINE__, "c_money", "0099.99"},
	    {__LINE__, "c_money", "9999e-2"},
	    {__LINE__, "c_money", "0.00"},
	    {__LINE__, "c_money", "NaN"},
	    {__LINE__, "c_float8", "1.7976931348623157e308"},
	    {__LINE__, "c_float8", "5e-324"},
	    {__LINE__, "c_float8", "-Infinity"},
	    {__LINE__, "c_float4", "1e-45"},
	    {__LINE__, "c_text", ""},
	    {__LINE__, "c_text", "  "},
	    {__LINE__, "c_text", "no limit at all"},
	    {__LINE__, "c_varchar",
		"ab\xe2\x98\x83"
		"de"},
	    {__LINE__, "c_char", "abc"},
	    {__LINE__, "c_onechar", ""},
	    {__LINE__, "c_onechar", "\\351"},
	    {__LINE__, "c_date", "0001-01-01"},
	    {__LINE__, "c_date", "9999-12-31"},
	    {__LINE__, "c_date", "10000-01-01"},
	    {__LINE__, "c_date", "5874897-12-31"},
	    {__LINE__, "c_date", "4714-11-24 BC"},
	    {__LINE__, "c_date", "0005-02-29 BC"},
	    {__LINE__, "c_date", "2000-02-29"},
	    {__LINE__, "c_date", "-infinity"},
	    {__LINE__, "c_time", "00:00"},
	    {__LINE__, "c_time", "23:59:59.999999"},
	    {__LINE__, "c_time", "24:00"},
	    {__LINE__, "c_timetz", "08:00"},
	    {__LINE__, "c_timetz", "08:00:00Z"},
	    {__LINE__, "c_timetz", "08:00:00+15:59:59"},
	    {__LINE__, "c_timestamp", "2026-01-31 08:00"},
	    {__LINE__, "c_timestamp", "2026-01-31T08:00:00.5"},
	    {__LINE__, "c_timestamp", "0044-03-15T12:00:00.5 BC"},
	    {__LINE__, "c_timestamp", "294276-12-31T23:59:59.999999"},
	    {__LINE__, "c_timestamp", "infinity"},
	    {__LINE__, "c_timestamptz", "2026-01-31T08:00:00+00:00"},
	    {__LINE__, "c_timestamptz", "2026-01-31 08:00:00+00"},
	    {__LINE__, "c_timestamptz", "2026-01-31T08:00:00-0330"},
	    {__LINE__, "c_timestamptz", "0044-03-15T12:00:00+00:00 BC"},
	    {__LINE__, "c_timestamptz", "2026-01-31T08:00Z"},
	    {__LINE__, "c_interval", "PT0S"},
	    {__LINE__, "c_interval", "P1Y-2M3DT-4H5M6.5S"},
	    {__LINE__, "c_interval", "P2W"},
	    {__LINE__, "c_interval", "PT-0.000001S"},
	    {__LINE__, "c_interval", "00:00:01.5"},
	    {__LINE__, "c_interval", "-1000:00:00"},
	    {__LINE__, "c_interval", "1 year 2 mons -3 days 04:05:06"},
	    {__LINE__, "c_interval", "2 weeks"},
	    {__LINE__, "c_json", " [1] "},
	    {__LINE__, "c_jsonb", "null"},
	    {__LINE__, "c_enum", "PG-13"},
	    {__LINE__, "c_inet", "whatever the database says"},
	    {__LINE__, "c_oid", "0"},
	    {__LINE__, "c_texts", "{}"},
	    {__LINE__, "c_int4s", "[0:1]={1,2}"},
	    {__LINE__, "c_address", "(a,1)"},
	    {__LINE__, "c_int4range", "empty"},
	    {__LINE__, "c_int4range", "(,)"},
	    {__LINE__, "c_int4range", "[-5,\"7\")"},
	    {__LINE__, "c_tsrange", "[2026-01-31 08:00,infinity]"},
	    {__LINE__, "c_datemultirange", "{}"},
	    {__LINE__, "c_datemultirange", "{empty,[2026-01-31,)}"},
	    {__LINE__, "c_hstore", "a=>1"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_value(cases[i].line, cases[i].column, cases[i].text,
		    cases[i].text);
}

/* taken in another form */
static void
test_value_converted(void **state)
{
	static const struct {
		int line;
		const char *column, *text, *want;
	} cases[] = {
	    {__LINE__, "c_bool", "T", "true"},
	    {__LINE__, "c_bool", "on", "true"},
	    {__LINE__, "c_bool", "y", "true"},
	    {__LINE__, "c_bool", "0", "false"},
	    {__LINE__, "c_bool", "OFF", "false"},
	    {__LINE__, "c_bytea", "", "\\x"},
	    {__LINE__, "c_bytea", "AA==", "\\x00"},
	    {__LINE__, "c_bytea", "////", "\\xffffff"},
	    {__LINE__, "c_uuid", "A0EEBC999C0B4EF8BB6D6BB9BD380A11",
		"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	    {__LINE__, "c_uuid", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
		"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	    {__LINE__, "c_uuid",
		"URN:UUID:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
		"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	    {__LINE__, "c_texts", "[\"a\\\"\",null,[]]", NULL},
	    {__LINE__, "c_texts", "[\"a\\\"\\\\\",null,\"\"]",
		"{\"a\\\"\\\\\",NULL,\"\"}"},
	    {__LINE__, "c_int4s", "[[1,2],[3,4]]",
		"{{\"1\",\"2\"},{\"3\",\"4\"}}"},
	    {__LINE__, "c_int4s", "[]", "{}"},
	    {__LINE__, "c_boxes", "[\"(1,1),(0,0)\",null]",
		"{\"(1,1),(0,0)\";NULL}"},
	    {__LINE__, "c_address", "{\"number\":5}", "(,\"5\")"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_value(cases[i].line, cases[i].column, cases[i].text,
		    cases[i].want);
}

static void
test_value_refused(void **state)
{
	static const struct {
		int line;
		const char *column, *text;
	} cases[] = {
	    {__LINE__, "c_int2", ""},
	    {__LINE__, "c_int2", "32768"},
	    {__LINE__, "c_int4", "12 "},
	    {__LINE__, "c_int4", "--1"},
	    {__LINE__, "c_int4", "1_000"},
	    {__LINE__, "c_int4", "\xd9\xa1"},
	    {__LINE__, "c_int8", "99999999999999999999999999999999"},
	    {__LINE__, "c_numeric", ""},
	    {__LINE__, "c_numeric", "-"},
	    {__LINE__, "c_numeric", "1,5"},
	    {__LINE__, "c_numeric", "1e5.5"},
	    {__LINE__, "c_numeric", "1e+"},
	    {__LINE__, "c_numeric", "inf"},
	    {__LINE__, "c_numeric", "0x1F"},
	    {__LINE__, "c_numeric", "1e-16384"},
	    {__LINE__, "c_numeric", "0e999999999999"},
	    {__LINE__, "c_money", "100"},
	    {__LINE__, "c_money", "1e2"},
	    {__LINE__, "c_money", "0.001"},
	    {__LINE__, "c_money", "Infinity"},
	    {__LINE__, "c_float8", "1e999"},
	    {__LINE__, "c_float8", "nan"},
	    {__LINE__, "c_float4", "1e-50"},
	    {__LINE__, "c_varchar", "abcdef"},
	    {__LINE__, "c_char", "abcd"},
	    {__LINE__, "c_onechar", "ab"},
	    {__LINE__, "c_bool", "tru"},
	    {__LINE__, "c_bool", "2"},
	    {__LINE__, "c_bytea", "A"},
	    {__LINE__, "c_bytea", "AA"},
	    {__LINE__, "c_bytea", "AB=="},
	    {__LINE__, "c_bytea", "\\x00"},
	    {__LINE__, "c_bytea", "AA==\n"},
	    {__LINE__, "c_date", ""},
	    {__LINE__, "c_date", "2026-01-31T00:00"},
	    {__LINE__, "c_date", "2026-13-01"},
	    {__LINE__, "c_date", "2026-00-01"},
	    {__LINE__, "c_date", "2026-01-00"},
	    {__LINE__, "c_date", "2026-04-31"},
	    {__LINE__, "c_date", "1900-02-29"},
	    {__LINE__, "c_date", "0004-02-29 BC"},
	    {__LINE__, "c_date", "026-01-01"},
	    {__LINE__, "c_date", "02026-01-01"},
	    {__LINE__, "c_date", "-2026-01-01"},
	    {__LINE__, "c_date", "20260131"},
	    {__LINE__, "c_date", "Infinity"},
	    {__LINE__, "c_date", "infinity BC"},
	    {__LINE__, "c_date", "4714-11-23 BC"},
	    {__LINE__, "c_date", "2026-01-31 "},
	    {__LINE__, "c_date", "tomorrow"},
	    {__LINE__, "c_date", "epoch"},
	    {__LINE__, "c_time", "8:00"},
	    {__LINE__, "c_time", "08"},
	    {__LINE__, "c_time", "24:00:00.000001"},
	    {__LINE__, "c_time", "08:60"},
	    {__LINE__, "c_time", "08:00:60"},
	    {__LINE__, "c_time", "08:00:00."},
	    {__LINE__, "c_time", "08:00:00,5"},
	    {__LINE__, "c_time", "08:00 PM"},
	    {__LINE__, "c_time", "08:00Z"},
	    {__LINE__, "c_timetz", "08:00 Europe/Berlin"},
	    {__LINE__, "c_timetz", "08:00+5"},
	    {__LINE__, "c_timetz", "08:00+055"},
	    {__LINE__, "c_timetz", "08:00+05:6"},
	    {__LINE__, "c_timestamp", "2026-01-31T"},
	    {__LINE__, "c_timestamp", "2026-01-31t08:00"},
	    {__LINE__, "c_timestamp", "2026-01-31  08:00"},
	    {__LINE__, "c_timestamp", "2026-01-31T24:00"},
	    {__LINE__, "c_timestamp", "2026-01-31T08:00+00"},
	    {__LINE__, "c_timestamp", "now"},
	    {__LINE__, "c_timestamptz", "2026-01-31T08:00 UTC"},
	    {__LINE__, "c_timestamptz", "2026-01-31Z"},
	    {__LINE__, "c_timestamptz", "2026-01-31T08:00+1600"},
	    {__LINE__, "c_timestamptz", "4714-11-24T00:00:00+01 BC"},
	    {__LINE__, "c_timestamptz", "1706688000"},
	    {__LINE__, "c_interval", "P"},
	    {__LINE__, "c_interval", "PT"},
	    {__LINE__, "c_interval", "P1DT"},
	    {__LINE__, "c_interval", "P1"},
	    {__LINE__, "c_interval", "P1H"},
	    {__LINE__, "c_interval", "PT1D"},
	    {__LINE__, "c_interval", "P1M1Y"},
	    {__LINE__, "c_interval", "-P1D"},
	    {__LINE__, "c_interval", "1"},
	    {__LINE__, "c_interval", "1 day "},
	    {__LINE__, "c_interval", " 1 day"},
	    {__LINE__, "c_interval", "1day"},
	    {__LINE__, "c_interval", "01:02:03 1 day"},
	    {__LINE__, "c_uuid", ""},
	    {__LINE__, "c_uuid", "{}"},
	    {__LINE__, "c_uuid", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	    {__LINE__, "c_uuid", "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11"},
	    {__LINE__, "c_uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-"},
	    {__LINE__, "c_uuid", "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	    {__LINE__, "c_jsonb", ""},
	    {__LINE__, "c_jsonb", "{'a':1}"},
	    {__LINE__, "c_enum", ""},
	    {__LINE__, "c_enum", "PG-1"},
	    {__LINE__, "c_oid", "4294967296"},
	    {__LINE__, "c_oid", "pg_class"},
	    {__LINE__, "c_texts", "[[1],2]"},
	    {__LINE__, "c_address", "{\"city\":1}"},
	    {__LINE__, "c_int4range", ""},
	    {__LINE__, "c_int4range", "[1,2"},
	    {__LINE__, "c_int4range", "1,2"},
	    {__LINE__, "c_int4range", "[1]"},
	    {__LINE__, "c_int4range", "[1,2)x"},
	    {__LINE__, "c_int4range", "[\"1,2)"},
	    {__LINE__, "c_int4range", "[1,2\\"},
	    {__LINE__, "c_tsrange", "[2026-01-31 08:00Z,)"},
	    {__LINE__, "c_datemultirange", "{[today,)}"},
	    {__LINE__, "c_datemultirange", "{"},
	    {__LINE__, "c_datemultirange", "{empty"},
	    {__LINE__, "c_datemultirange", "{empty,}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_value(cases[i].line, cases[i].column, cases[i].text, NULL);
}

/* a comparison takes what a write cannot store */
static void
test_value_match(void **state)
{
	struct str out;

	(void)state;
	assert_null(
	    value_match(arena, sample_type("c_varchar"), STR("abcdef"), &out));
	assert_null(
	    value_match(arena, sample_type("c_money"), STR("1.234"), &out));
	assert_non_null(
	    value_match(arena, sample_type("c_money"), STR("1.2.3"), &out));
}

static void
test_value_equal(void **state)
{
	static const struct {
		int line;
		bool same;
		const char *column, *a, *b;
	} cases[] = {
	    {__LINE__, true, "c_int4", "7", "007"},
	    {__LINE__, true, "c_int4", "0", "-0"},
	    {__LINE__, false, "c_int4", "7", "8"},
	    {__LINE__, true, "c_numeric", "1.50", "15e-1"},
	    {__LINE__, true, "c_numeric", "-0", "0.000"},
	    {__LINE__, false, "c_numeric", "1.5", "-1.5"},
	    {__LINE__, false, "c_numeric", "15", "150"},
	    {__LINE__, true, "c_numeric", "NaN", "NaN"},
	    {__LINE__, false, "c_numeric", "NaN", "0"},
	    {__LINE__, true, "c_float8", "1e2", "100"},
	    {__LINE__, true, "c_date", "infinity", "infinity"},
	    {__LINE__, false, "c_date", "infinity", "-infinity"},
	    {__LINE__, false, "c_date", "infinity", "1970-01-01"},
	    {__LINE__, true, "c_timestamp", "2026-01-31",
		"2026-01-31T00:00:00.000"},
	    {__LINE__, true, "c_timestamptz", "2026-01-31T23:30:00Z",
		"2026-02-01 01:00+01:30"},
	    {__LINE__, false, "c_timestamptz", "2026-01-31T23:30:00Z",
		"2026-01-31T23:30:00+01"},
	    {__LINE__, true, "c_text", "a", "a"},
	    {__LINE__, false, "c_text", "a", "a "},
	    {__LINE__, false, "c_text", "7", "007"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (value_equal(sample_type(cases[i].column),
			str_from(cases[i].a),
			str_from(cases[i].b)) != cases[i].same)
			fail_msg("line %d: %s, %s", cases[i].line, cases[i].a,
			    cases[i].b);
}

static struct expr *
new_list(enum expr_kind kind, struct expr *a, struct expr *b)
{
	struct expr *e = arena_make(arena, struct expr);

	e->kind = kind;
	e->list.v = arena_array(arena, struct expr *, 2);
	e->list.v[e->list.n++] = a;
	if (b != NULL)
		e->list.v[e->list.n++] = b;
	return e;
}

static struct path
new_path(const char *name)
{
	struct path p = {.text = str_from(name), .nnames = 1};

	p.names = arena_array(arena, struct str, 1);
	p.names[0] = p.text;
	return p;
}

static struct expr *
new_cmp(const char *name, enum op op, const char *value)
{
	struct expr *e = arena_make(arena, struct expr);

	e->kind = EXPR_CMP;
	e->cmp.path = new_path(name);
	e->cmp.op = op;
	e->cmp.value.text = str_from(value);
	return e;
}

static struct expr *
new_in(enum expr_kind kind, const char *name, const char *a, const char *b)
{
	struct expr *e = arena_make(arena, struct expr);

	e->kind = kind;
	e->in.path = new_path(name);
	e->in.v = arena_array(arena, struct value, 2);
	e->in.v[0].text = str_from(a);
	e->in.v[1].text = str_from(b);
	e->in.n = 2;
	return e;
}

static const char *
resolve_and_dump(struct expr *where, struct err *err)
{
	struct query_limits limits = {.page_size = 25, .max_filters = 9};
	struct query *q = query_new(arena);
	struct buf b;

	err_init(err, arena);
	q->where = where;
	if (query_resolve(
		arena, q, NULL, sample_table(STR("film")), &limits, err) != 0)
		return NULL;
	buf_init(&b, arena, 10000);
	query_dump(&b, q);
	return b.p;
}

static void
test_resolve_tree(void **state)
{
	struct expr *null = arena_make(arena, struct expr);
	struct expr *tree;
	struct err err;

	(void)state;
	null->kind = EXPR_ISNULL;
	null->null_path = new_path("length");
	tree = new_list(EXPR_OR,
	    new_list(EXPR_NOT, new_in(EXPR_IN, "rating", "G", "PG"), NULL),
	    new_list(
		EXPR_AND, new_in(EXPR_BETWEEN, "film_id", "1", "9"), null));
	assert_string_equal(resolve_and_dump(tree, &err),
	    "table public.film\n"
	    "where\n"
	    "  or\n"
	    "    not\n"
	    "      in rating \"G\" as mpaa \"PG\" as mpaa\n"
	    "    and\n"
	    "      between film_id \"1\" as int4 \"9\" as int4\n"
	    "      isnull length\n"
	    "order -film_id\n");
}

/* a condition that is not there may vanish from an AND, never from an OR */
static void
test_resolve_drops(void **state)
{
	struct err err;
	const char *text;

	(void)state;
	text = resolve_and_dump(new_list(EXPR_AND, new_cmp("nope", OP_EQ, "1"),
				    new_cmp("length", OP_GT, "1")),
	    &err);
	assert_string_equal(text,
	    "table public.film\nwhere\n  gt length \"1\" as int2\n"
	    "order -film_id\n");
	text = resolve_and_dump(new_cmp("nope", OP_EQ, "1"), &err);
	assert_string_equal(text, "table public.film\norder -film_id\n");
	assert_null(
	    resolve_and_dump(new_list(EXPR_OR, new_cmp("nope", OP_EQ, "1"),
				 new_cmp("length", OP_GT, "1")),
		&err));
	assert_int_equal(err.id, ERR_UNKNOWN_COLUMN);
	assert_null(resolve_and_dump(
	    new_list(EXPR_NOT, new_cmp("nope", OP_EQ, "1"), NULL), &err));
	assert_int_equal(err.id, ERR_UNKNOWN_COLUMN);
}

/* the order of members in a body does not matter */
static void
test_body_order(void **state)
{
	static const char *const texts[] = {
	    "{\"note\":\"n\",\"price\":1,\"name\":\"a\"}",
	    "{\"name\":\"a\",\"price\":1,\"note\":\"n\"}",
	};
	const struct table *t = sample_table(STR("rules"));

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct body body;
		struct err err;

		err_init(&err, arena);
		assert_int_equal(
		    body_parse(arena, t,
			json_parse(arena, str_from(texts[i]), &err),
			BODY_CREATE, NULL, &body, &err),
		    0);
		assert_int_equal(body.n, 3);
		assert_true(str_eq_c(body.v[0].column->name, "name"));
		assert_true(str_eq_c(body.v[1].column->name, "note"));
		assert_true(str_eq_c(body.v[2].column->name, "price"));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_value_accepted),
	    cmocka_unit_test(test_value_converted),
	    cmocka_unit_test(test_value_refused),
	    cmocka_unit_test(test_value_match),
	    cmocka_unit_test(test_value_equal),
	    cmocka_unit_test(test_resolve_tree),
	    cmocka_unit_test(test_resolve_drops),
	    cmocka_unit_test(test_body_order),
	};

	return cmocka_run_group_tests_name(
	    "query", tests, make_arena, drop_arena);
}
