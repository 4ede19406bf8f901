/*
 * The text of a statement holds nothing that a client wrote: the injection
 * and naughty lists, as filter, search term, key and body, leave the text as
 * it was and arrive as arguments byte for byte.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/params.h"
#include "base/utf8.h"
#include "cases.h"
#include "query/query.h"
#include "sample_tables.h"
#include "stmt/stmt_priv.h"

static const struct stmt_opts opts = {.page_size = 30, .max_page_size = 500};
static const struct query_limits limits = {.page_size = 30,
    .max_page_size = 500,
    .max_filters = 64,
    .allow_page = true,
    .regex = true};

static void
test_ident(void **state)
{
	static const struct {
		int line;
		const char *name, *want;
	} cases[] = {
	    {__LINE__, "film", "\"film\""},
	    {__LINE__, "", "\"\""},
	    {__LINE__, "Film List", "\"Film List\""},
	    {__LINE__, "a\"b", "\"a\"\"b\""},
	    {__LINE__, "\"", "\"\"\"\""},
	    {__LINE__, "a\"\";--", "\"a\"\"\"\";--\""},
	    {__LINE__, "$1", "\"$1\""},
	    {__LINE__, "\\", "\"\\\""},
	    {__LINE__, "select", "\"select\""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stmt *s = stmt_new(arena, "test");

		stmt_ident(s, str_from(cases[i].name));
		if (strcmp(s->text.p, cases[i].want) != 0)
			fail_msg("line %d: %s", cases[i].line, s->text.p);
	}
}

static void
test_params(void **state)
{
	struct stmt *s = stmt_new(arena, "test");

	(void)state;
	for (int i = 0; i < 100; i++)
		stmt_param_i64(s, i);
	stmt_param(s, STR_NONE, NULL);
	stmt_param(s, STR("it's"), sample_type("c_enum"));
	stmt_param_again(s, 7);
	assert_int_equal(s->nargs, 102);
	assert_string_equal(s->args[0], "0");
	assert_string_equal(s->args[99], "99");
	assert_null(s->args[100]);
	assert_string_equal(s->args[101], "it's");
	assert_non_null(
	    strstr(s->text.p, "$100::int8$101$102::\"public\".\"mpaa\"$7"));
}

/* only these stand in the text, or there would be a text for each number */
static void
test_limit(void **state)
{
	static const struct {
		int line;
		int64_t rows;
		const char *want;
	} cases[] = {
	    {__LINE__, 1, " limit 1"},
	    {__LINE__, 2, " limit $1::int8"},
	    {__LINE__, 20, " limit 20"},
	    {__LINE__, 25, " limit 25"},
	    {__LINE__, 30, " limit 30"},
	    {__LINE__, 50, " limit 50"},
	    {__LINE__, 100, " limit 100"},
	    {__LINE__, 101, " limit $1::int8"},
	    {__LINE__, 500, " limit 500"},
	    {__LINE__, 1000, " limit 1000"},
	    {__LINE__, 1000000, " limit $1::int8"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stmt *s = stmt_new(arena, "test");

		stmt_limit(s, cases[i].rows, &opts);
		if (strcmp(s->text.p, cases[i].want) != 0)
			fail_msg("line %d: %s", cases[i].line, s->text.p);
	}
}

static struct str
url(const char *before, struct str text)
{
	struct buf b;

	buf_init(&b, arena, 1 << 20);
	buf_cstr(&b, before);
	buf_url(&b, text);
	return buf_view(&b);
}

/* the statement for a query string, or NULL when it is refused */
static struct stmt *
select_of(const char *table, struct schema *schema, struct str query)
{
	struct params params;
	struct query *q;
	struct err err;

	err_init(&err, arena);
	if (params_parse(arena, query, 100, &params, &err) != 0 ||
	    (q = query_parse_drf(arena, &params, &limits, &err)) == NULL ||
	    query_resolve(arena, q, schema, sample_table(str_from(table)),
		&limits, &err) != 0)
		return NULL;
	return stmt_select(arena, q, &opts);
}

static struct stmt *
select_for(struct str query)
{
	return select_of("film", NULL, query);
}

/* the configuration of a search is a name of the snapshot inside a literal */
static void
test_search_config(void **state)
{
	static const struct {
		int line;
		const char *config, *want;
	} cases[] = {
	    {__LINE__, "pg_catalog.english",
		"('pg_catalog.english'::pg_catalog.regconfig, $1::text)"},
	    {__LINE__, "public.\"it's\"",
		"('public.\"it''s\"'::pg_catalog.regconfig, $1::text)"},
	    {__LINE__, "public.\"'');--\"",
		"('public.\"'''');--\"'::pg_catalog.regconfig, $1::text)"},
	    {__LINE__, NULL, "websearch_to_tsquery($1::text)"},
	};
	const struct table *t = sample_table(STR("film"));
	struct query *q = query_new(arena);
	struct err err;

	(void)state;
	err_init(&err, arena);
	assert_int_equal(query_resolve(arena, q, NULL, t, &limits, &err), 0);
	q->where = arena_make(arena, struct expr);
	q->where->kind = EXPR_CMP;
	q->where->cmp.op = OP_FTS;
	q->where->cmp.path.column = table_column(t, STR("title"));
	q->where->cmp.value.text = STR("x");
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stmt *s;

		q->where->cmp.config = str_from(cases[i].config);
		s = stmt_select(arena, q, &opts);
		if (strstr(s->text.p, cases[i].want) == NULL)
			fail_msg("line %d: %s", cases[i].line, s->text.p);
	}
}

/* what PostgreSQL said is an argument, whatever it is */
static void
test_violated(void **state)
{
	const struct table *t = sample_table(STR("film"));
	struct violated usual = {
	    STR("public"), STR("film_1"), STR("film_1_n"), STR_NONE};
	struct violated hostile = {
	    STR("a\"b"), STR("x'; drop table y; --"), STR_NONE, STR("c'")};
	struct stmt *s = stmt_violated(arena, t, &usual);
	struct stmt *other = stmt_violated(arena, t, &hostile);

	(void)state;
	assert_string_equal(s->text.p, other->text.p);
	assert_int_equal(s->nargs, 6);
	assert_string_equal(s->args[2], "public");
	assert_string_equal(s->args[3], "film");
	assert_string_equal(other->args[0], "a\"b");
	assert_string_equal(other->args[1], "x'; drop table y; --");
	assert_null(other->args[4]);
	assert_string_equal(other->args[5], "c'");
}

/* the question whether others refer to a row: only of what the change assigns,
 * and no value of it in the text */
static void
test_refers(void **state)
{
	static const uint16_t key[] = {0};
	const struct conflict merge = {key, 1, false};
	const struct table *t = sample_table(STR("pair"));
	const struct column *a = &t->columns[0], *b = &t->columns[1];
	const struct column *both[] = {a, b};
	const struct self_key k = {t, &a, &b, 1}, back = {t, &b, &a, 1};
	const struct violated v = {STR("s'"), STR("t"), STR("c"), STR_NONE};
	const char *arrays[] = {"{x}", "{2026-01-31}"};
	const struct chunk chunk = {.table = t,
	    .columns = both,
	    .arrays = arrays,
	    .ncolumns = 2,
	    .nkey = 1,
	    .first = 1,
	    .last = 1};
	const struct effect rows = {.chunk = &chunk};
	const struct effect merged = {.chunk = &chunk, .on = &merge};
	const struct effect all = {.columns = both, .ncolumns = 1};
	struct assign as = {.column = b, .text = STR("2026-01-31")};
	struct body body = {&as, 1};
	struct query *q = query_new(arena);
	const struct effect set = {.of = q, .set = &body};
	struct stmt *s, *other;

	(void)state;
	q->table = t;
	assert_false(effect_assigns(&set, a));
	assert_true(effect_assigns(&set, b));
	assert_false(effect_assigns(&rows, a));
	assert_true(effect_assigns(&rows, b));
	assert_false(effect_assigns(&merged, a));
	assert_true(effect_assigns(&all, a));
	assert_false(effect_assigns(&all, b));
	assert_null(stmt_refers(arena, &all, &k, &v));

	s = stmt_refers(arena, &set, &k, &v);
	assert_non_null(
	    strstr(s->text.p, " where ((s.r0 = s.n0) is not true)"));
	assert_non_null(strstr(s->text.p, " > case when s.f0 = s.r0 then 1"));
	assert_string_equal(s->args[s->nargs - 2], "s'");
	as.text = STR("x'; drop table y; --");
	other = stmt_refers(arena, &set, &k, &v);
	assert_string_equal(s->text.p, other->text.p);
	as.column = a;
	as.is_next = true;
	s = stmt_refers(arena, &set, &back, &v);
	assert_non_null(strstr(s->text.p, " where (true)"));
	s = stmt_refers(arena, &rows, &k, &v);
	assert_non_null(strstr(s->text.p, "u.c1 as n0 from u join "));
	assert_non_null(strstr(s->text.p, " t on t.\"a\" = u.c0)"));
	s = stmt_refers(arena, &merged, &k, &v);
	assert_non_null(strstr(s->text.p, " t on t.\"a\" = u.c0)"));
}

static struct stmt *
update_for(struct str key, struct str note)
{
	const struct table *t = sample_table(STR("pair"));
	struct query *q = query_new(arena);
	struct assign as = {.column = &t->columns[0], .text = note};
	struct body body = {&as, 1};
	struct err err;

	err_init(&err, arena);
	if (query_resolve(arena, q, NULL, t, &limits, &err) != 0 ||
	    query_key(arena, q, key, &err) != 0)
		return NULL;
	return stmt_update(arena, q, &body, true, &opts);
}

static void
want_same(const char *what, struct str value, const struct stmt *s,
    const struct stmt *base)
{
	if (s == NULL)
		fail_msg("%s refused %.*s", what, STR_ARGS(value));
	else if (strcmp(s->text.p, base->text.p) != 0)
		fail_msg("%s: %.*s made %s", what, STR_ARGS(value), s->text.p);
}

static void
try_filter(struct str v)
{
	struct stmt *s = select_for(url("title=", v));

	want_same("filter", v, s, select_for(STR("title=x")));
	assert_int_equal(s->nargs, 1);
	assert_true(str_eq_c(v, s->args[0]));
}

/* patterns and lists are arguments too */
static void
try_operators(struct str v)
{
	static const char *const operators[] = {"contains", "istartswith",
	    "like", "nilike", "isdistinct", "gte", "fts"};
	struct buf quoted;

	for (size_t i = 0; i < COUNT(operators); i++) {
		const char *name =
		    arena_printf(arena, "title__%s=", operators[i]);

		want_same(operators[i], v, select_for(url(name, v)),
		    select_for(url(name, STR("x"))));
	}
	if (v.len == 0 || str_chr(v, '"') >= 0)
		return;
	buf_init(&quoted, arena, v.len + 10);
	buf_printf(&quoted, "\"%.*s\",y", STR_ARGS(v));
	want_same("in", v, select_for(url("title__in=", buf_view(&quoted))),
	    select_for(STR("title__in=x")));
}

static void
try_search(struct str v)
{
	static const char *const tables[] = {
	    "film", "actor", "document", "inventory", "payment", "rental"};
	struct buf quoted;

	if (v.len == 0 || str_chr(v, '"') >= 0)
		return;
	buf_init(&quoted, arena, v.len + 2);
	buf_printf(&quoted, "\"%.*s\"", STR_ARGS(v));
	/* each prefix, and relations */
	for (size_t i = 0; i < COUNT(tables); i++)
		want_same("search", v,
		    select_of(tables[i], sample_schema(),
			url("search=", buf_view(&quoted))),
		    select_of(tables[i], sample_schema(), STR("search=x")));
}

static void
try_key_and_body(struct str v)
{
	struct buf key;
	struct stmt *s;

	buf_init(&key, arena, 1 << 20);
	buf_url(&key, v);
	buf_lit(&key, ",2026-01-31");
	s = update_for(buf_view(&key), v);
	want_same("update", v, s, update_for(STR("x,2026-01-31"), STR("x")));
	assert_true(str_eq_c(v, s->args[0]));
	assert_true(str_eq_c(v, s->args[1]));
}

/* as a name, a value can at most be ignored */
static void
try_name(struct str v)
{
	struct stmt *plain = select_for(STR(""));
	struct stmt *s;
	struct buf b;

	if (v.len == 0)
		return;
	buf_init(&b, arena, 1 << 20);
	buf_url(&b, v);
	buf_lit(&b, "=1");
	s = select_for(buf_view(&b));
	if (s != NULL)
		want_same("name", v, s, plain);
	s = select_for(url("ordering=", v));
	if (s != NULL)
		want_same("ordering", v, s, plain);
	assert_null(select_for(url("fields=nope,", v)));
}

static size_t
try_file(const char *file)
{
	static char line[1 << 16];
	FILE *f = fopen(file, "r");
	size_t n = 0;

	if (f == NULL)
		fail_msg("%s cannot be read", file);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		struct str v = {line, strcspn(line, "\n")};

		if (!utf8_valid(v))
			continue;
		try_filter(v);
		try_operators(v);
		try_search(v);
		try_key_and_body(v);
		try_name(v);
		n++;
	}
	if (f != NULL)
		fclose(f);
	return n;
}

static void
test_hostile_values(void **state)
{
	static const char *const values[] = {"", "'", "''", "\"", "\\", "\\'",
	    "x' or '1'='1", "'; drop table film; --", "$1", "%s%n", "?",
	    ":name", "/*", "*/", "--", "E'\\x27'", "\n", "\t", "\x7f",
	    "\xe2\x80\xae", "\xc2\xa0", "1::int", "{}", "[]", "(select 1)",
	    "null", "default", "\xef\xbc\x87"};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		try_filter(str_from(values[i]));
		try_operators(str_from(values[i]));
		try_search(str_from(values[i]));
		try_key_and_body(str_from(values[i]));
		try_name(str_from(values[i]));
	}
}

static void
test_hostile_lists(void **state)
{
	static const char *const patterns[] = {
	    "payloads/*.txt", "naughty-strings/blns.txt"};
	const char *data = getenv("DYNAPI_TESTDATA");
	const char *src = getenv("DYNAPI_SRCDIR");
	size_t n = 0;

	(void)state;
	if (data == NULL)
		data = arena_printf(
		    arena, "%s/../shared/testdata", src != NULL ? src : ".");
	for (size_t i = 0; i < COUNT(patterns); i++) {
		glob_t files;

		if (glob(arena_printf(arena, "%s/%s", data, patterns[i]), 0,
			NULL, &files) != 0)
			skip();
		for (size_t k = 0; k < files.gl_pathc; k++)
			n += try_file(files.gl_pathv[k]);
		globfree(&files);
	}
	if (n < 1000)
		fail_msg("only %zu strings", n);
}

/* one argument, in PostgreSQL's form of an array */
static void
test_arrays(void **state)
{
	static const struct {
		int line;
		struct str v[3];
		size_t n;
		const char *want;
	} cases[] = {
	    {__LINE__, {{NULL, 0}}, 0, "{}"},
	    {__LINE__, {{"", 0}}, 1, "{\"\"}"},
	    {__LINE__, {{NULL, 0}, {"NULL", 4}}, 2, "{NULL,\"NULL\"}"},
	    {__LINE__, {{"a,b", 3}, {"{", 1}, {" ", 1}}, 3,
		"{\"a,b\",\"{\",\" \"}"},
	    {__LINE__, {{"\"", 1}, {"\\", 1}, {"'", 1}}, 3,
		"{\"\\\"\",\"\\\\\",\"'\"}"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stmt *s = stmt_new(arena, "test");

		stmt_param_texts(s, cases[i].v, cases[i].n);
		assert_string_equal(s->text.p, "$1::text[]");
		if (strcmp(s->args[0], cases[i].want) != 0)
			fail_msg("line %d: %s", cases[i].line, s->args[0]);
	}
}

static void
test_patterns(void **state)
{
	static const struct {
		int line;
		const char *query, *want;
	} cases[] = {
	    {__LINE__, "title__iexact=50%25", "50\\%"},
	    {__LINE__, "title__contains=a_b", "%a\\_b%"},
	    {__LINE__, "title__contains=", "%%"},
	    {__LINE__, "title__istartswith=%5C", "\\\\%"},
	    {__LINE__, "title__endswith=x", "%x"},
	    {__LINE__, "title__like=a%25_", "a%_"},
	    {__LINE__, "title__like=%5C%25", "\\%"},
	    {__LINE__, "title__like=a%5C", "a\\\\"},
	    {__LINE__, "title__like=a%5C%5C", "a\\\\"},
	    {__LINE__, "title__ilike=%5C%5C%5C", "\\\\\\\\"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stmt *s = select_for(str_from(cases[i].query));

		if (s == NULL || strcmp(s->args[0], cases[i].want) != 0)
			fail_msg("line %d: %s", cases[i].line,
			    s == NULL ? "refused" : s->args[0]);
	}
}

/* what a type asks for stands in the text: it comes from the snapshot */
static void
test_cast(void **state)
{
	const struct table *t = sample_table(STR("every"));
	struct assign as = {.text = STR("2006")};
	struct stmt *s;

	(void)state;
	as.column = table_column(t, STR("c_domain"));
	s = stmt_cast(arena, &as);
	assert_string_equal(s->text.p, "select $1::\"public\".\"year\"");
	assert_string_equal(s->args[0], "2006");
	as.is_null = true;
	s = stmt_cast(arena, &as);
	assert_null(s->args[0]);
}

/* the modifier of an extension's type is its input function's alone */
static void
test_cast_modifier(void **state)
{
	struct type t = {.class = TYPE_OTHER,
	    .schema = STR("public"),
	    .name = STR("vector"),
	    .display = STR("public.vector(3)")};
	struct column c = {.name = STR("v"), .type = &t};
	struct assign as = {.column = &c, .text = STR("[1,2]")};
	struct stmt *s = stmt_cast(arena, &as);

	(void)state;
	assert_string_equal(s->text.p,
	    "select r.v from pg_catalog.json_to_record("
	    "pg_catalog.json_build_object('v', $1::text)) as "
	    "r(v public.vector(3))");
	assert_string_equal(s->args[0], "[1,2]");
	t.is_domain = true;
	assert_string_equal(
	    stmt_cast(arena, &as)->text.p, "select $1::\"public\".\"vector\"");
	s = stmt_regex(arena, STR("("));
	assert_string_equal(s->text.p, "select '' ~ $1::text");
	assert_string_equal(s->args[0], "(");
}

/* without the row, the key is what comes back; without a key, nothing */
static void
test_insert_returning(void **state)
{
	struct body body = {NULL, 0};
	struct stmt *s;

	(void)state;
	s = stmt_insert(arena, sample_table(STR("pair")), &body, false, &opts);
	assert_string_equal(s->text.p,
	    "insert into \"public\".\"pair\" as t default values "
	    "returning t.\"a\", t.\"b\"");
	assert_int_equal(s->ncols, 2);
	assert_true(str_eq_c(s->cols[1].name, "b"));
	assert_int_equal(s->cols[1].cell, CELL_QUOTED_RAW);
	s = stmt_insert(arena, sample_table(STR("log")), &body, false, &opts);
	assert_string_equal(
	    s->text.p, "insert into \"public\".\"log\" as t default values");
	assert_int_equal(s->ncols, 0);
}

static void
test_cells(void **state)
{
	static const struct {
		const char *column;
		enum cell cell, as_string;
	} cases[] = {
	    {"c_bool", CELL_BOOL, CELL_BOOL},
	    {"c_int2", CELL_RAW, CELL_RAW},
	    {"c_int4", CELL_RAW, CELL_RAW},
	    {"c_int8", CELL_RAW, CELL_QUOTED_RAW},
	    {"c_numeric", CELL_REAL, CELL_QUOTED_RAW},
	    {"c_float4", CELL_REAL, CELL_REAL},
	    {"c_float8", CELL_REAL, CELL_REAL},
	    {"c_text", CELL_TEXT, CELL_TEXT},
	    {"c_char", CELL_TEXT, CELL_TEXT},
	    {"c_citext", CELL_TEXT, CELL_TEXT},
	    {"c_bytea", CELL_BYTEA, CELL_BYTEA},
	    {"c_date", CELL_QUOTED_RAW, CELL_QUOTED_RAW},
	    {"c_timetz", CELL_QUOTED_RAW, CELL_QUOTED_RAW},
	    {"c_timestamp", CELL_TIMESTAMP, CELL_TIMESTAMP},
	    {"c_timestamptz", CELL_TIMESTAMPTZ, CELL_TIMESTAMPTZ},
	    {"c_interval", CELL_QUOTED_RAW, CELL_QUOTED_RAW},
	    {"c_uuid", CELL_QUOTED_RAW, CELL_QUOTED_RAW},
	    {"c_json", CELL_JSON, CELL_JSON},
	    {"c_jsonb", CELL_JSON, CELL_JSON},
	    {"c_enum", CELL_TEXT, CELL_TEXT},
	    {"c_domain", CELL_RAW, CELL_RAW},
	    {"c_inet", CELL_TEXT, CELL_TEXT},
	    {"c_hstore", CELL_JSON, CELL_JSON},
	    {"c_texts", CELL_JSON, CELL_JSON},
	    {"c_address", CELL_JSON, CELL_JSON},
	    {"c_int4range", CELL_JSON, CELL_JSON},
	};
	static const struct stmt_opts strings = {
	    .numeric_as_string = true, .bigint_as_string = true};
	const struct table *t = sample_table(STR("every"));

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stmt *s = stmt_new(arena, "test");
		const struct column *c;

		c = table_column(t, str_from(cases[i].column));
		stmt_output(s, c, &opts);
		stmt_output(s, c, &strings);
		if (s->cols[0].cell != cases[i].cell ||
		    s->cols[1].cell != cases[i].as_string)
			fail_msg("%s: %d, %d", cases[i].column,
			    (int)s->cols[0].cell, (int)s->cols[1].cell);
	}
}

/* trees that no dialect of this issue writes */
static void
test_expressions(void **state)
{
	struct query *q = query_new(arena);
	struct value two[2] = {{.text = STR("G")}, {.is_null = true}};
	struct str name = STR("rating");
	struct expr in = {.kind = EXPR_IN,
	    .in = {{.text = name, .names = &name, .nnames = 1}, two, 2}};
	struct expr none = {.kind = EXPR_IN,
	    .in = {{.text = name, .names = &name, .nnames = 1}, two, 0}};
	struct expr null = {.kind = EXPR_ISNULL,
	    .null_path = {.text = name, .names = &name, .nnames = 1}};
	struct expr *nulls[] = {&null}, *all[3];
	struct expr not = {.kind = EXPR_NOT, .list = {nulls, 1}};
	struct expr or = {.kind = EXPR_OR, .list = {all, 3}};
	struct err err;
	struct stmt *s;

	(void)state;
	all[0] = &in;
	all[1] = &none;
	all[2] = &not ;
	err_init(&err, arena);
	q->where = & or ;
	assert_int_equal(query_resolve(arena, q, NULL,
			     sample_table(STR("film")), &limits, &err),
	    0);
	s = stmt_count(arena, q, 0);
	assert_string_equal(s->text.p,
	    "select pg_catalog.count(*) from \"public\".\"film\" t where "
	    "(t.\"rating\" = any($1::\"public\".\"mpaa\"[]) or "
	    "t.\"rating\" = any($2::\"public\".\"mpaa\"[]) or "
	    "not (t.\"rating\" is null))");
	assert_string_equal(s->args[0], "{\"G\",NULL}");
	assert_string_equal(s->args[1], "{}");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_search_config),
	    cmocka_unit_test(test_violated),
	    cmocka_unit_test(test_refers),
	    cmocka_unit_test(test_ident),
	    cmocka_unit_test(test_params),
	    cmocka_unit_test(test_limit),
	    cmocka_unit_test(test_hostile_values),
	    cmocka_unit_test(test_hostile_lists),
	    cmocka_unit_test(test_arrays),
	    cmocka_unit_test(test_patterns),
	    cmocka_unit_test(test_cast),
	    cmocka_unit_test(test_cast_modifier),
	    cmocka_unit_test(test_insert_returning),
	    cmocka_unit_test(test_cells),
	    cmocka_unit_test(test_expressions),
	};

	return cmocka_run_group_tests_name(
	    "stmt", tests, make_arena, drop_arena);
}
