/*
 * Rows out of arrays, NDJSON and CSV: what is taken, what is refused under
 * which name, and that it does not matter in which pieces a body comes.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "cases.h"
#include "query/query.h"
#include "sample_tables.h"

/* a body that comes in pieces of so many bytes */
struct pieces {
	struct str rest;
	size_t each;
	bool breaks; /* instead of ending */
};

static ssize_t
read_piece(void *arg, char *room, size_t n, struct err *err)
{
	struct pieces *p = arg;
	size_t part = p->rest.len < p->each ? p->rest.len : p->each;

	if (part > n)
		part = n;
	if (part == 0 && p->breaks)
		return err_set(err, ERR_BAD_REQUEST, "broken");
	memcpy(room, p->rest.p, part);
	p->rest = str_sub(p->rest, part, p->rest.len);
	return (ssize_t)part;
}

static void
print_row(struct buf *b, const struct feed_row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		const struct assign *as = &row->v[i];

		if (i > 0)
			buf_char(b, ' ');
		buf_str(b, as->column->name);
		buf_char(b, '=');
		if (as->is_null)
			buf_lit(b, "null");
		else
			buf_printf(b, "<%.*s>", STR_ARGS(as->text));
	}
	buf_char(b, ';');
}

/* rows, then the faults, then why it ended early */
static struct str
feed_text(enum feed_kind kind, enum body_mode mode, const char *table,
    struct str text, size_t each)
{
	struct pieces p = {text, each, false};
	struct feed_opts o = {.kind = kind,
	    .mode = mode,
	    .table = sample_table(str_from(table)),
	    .csv_guard = true,
	    .read = read_piece,
	    .arg = &p};
	struct feed_row row;
	struct feed *f;
	struct err err;
	struct buf b;
	enum feed_got got;

	err_init(&err, arena);
	buf_init(&b, arena, 1 << 24);
	if (kind == FEED_JSON)
		o.json = json_parse_row(arena, text, &err);
	assert_non_null(o.table);
	f = feed_new(arena, &o);
	while ((got = feed_next(f, &row, &err)) != FEED_END) {
		if (got == FEED_ROW)
			print_row(&b, &row);
		else if (got == FEED_BROKEN)
			break;
	}
	assert_int_equal(
	    got == FEED_BROKEN || err.id != ERR_NONE, err.id != ERR_NONE);
	for (const struct err_field *e = err.fields; e != NULL; e = e->next)
		buf_printf(&b, " %.*s", STR_ARGS(e->field));
	if (err.id != ERR_NONE)
		buf_printf(&b, " %s", err_code(err.id));
	return buf_view(&b);
}

struct feed_case {
	int line;
	enum body_mode mode;
	const char *table, *text, *want;
};

static void
run_cases(enum feed_kind kind, const struct feed_case *v, size_t n)
{
	static const size_t pieces[] = {1, 2, 7, 65536};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < COUNT(pieces); k++)
			want_str(v[i].line,
			    feed_text(kind, v[i].mode, v[i].table,
				str_from(v[i].text), pieces[k]),
			    str_from(v[i].want));
}

static void
test_json(void **state)
{
	static const struct feed_case cases[] = {
	    {__LINE__, BODY_CREATE, "pair", "[]", ""},
	    {__LINE__, BODY_CREATE, "pair",
		"[{\"a\":\"x\",\"b\":\"2024-01-01\"}]",
		"a=<x> b=<2024-01-01>;"},
	    {__LINE__, BODY_CREATE, "pair",
		"{\"b\":\"2024-01-01\",\"a\":\"x\"}", "a=<x> b=<2024-01-01>;"},
	    {__LINE__, BODY_CREATE, "rules",
		"[{\"name\":\"n\",\"price\":1},{\"price\":2,\"name\":\"m\","
		"\"note\":null}]",
		"name=<n> price=<1>;name=<m> note=null price=<2>;"},
	    {__LINE__, BODY_CREATE, "rules",
		"[{\"name\":\"n\"},1,{\"name\":\"toolong\",\"price\":1,\"x\":2}"
		",{\"id\":1,\"name\":\"n\",\"price\":1}]",
		" [0].price [1] [2].x [2].name [3].id required"},
	    {__LINE__, BODY_CREATE, "rules", "{\"name\":\"n\"}",
		" price required"},
	    {__LINE__, BODY_PATCH, "pair",
		"[{\"b\":\"2024-01-01\",\"a\":\"x\"}]",
		"a=<x> b=<2024-01-01>;"},
	    {__LINE__, BODY_PATCH, "rules",
		"[{\"note\":\"n\",\"id\":7,\"size\":3},{\"id\":8}]",
		"id=<7> note=<n>;id=<8>;"},
	    {__LINE__, BODY_PATCH, "rules",
		"[{\"note\":\"n\"},{\"id\":null},{\"id\":\"x\"},{\"id\":1,"
		"\"id\":2},{\"id\":3,\"nope\":1},[]]",
		" [0].id [1].id [2].id [3].id [4].nope [5] required"},
	};

	(void)state;
	run_cases(FEED_JSON, cases, COUNT(cases));
}

static void
test_ndjson(void **state)
{
	static const struct feed_case cases[] = {
	    {__LINE__, BODY_CREATE, "log", "", ""},
	    {__LINE__, BODY_CREATE, "log", "\n \r\n\t\n", ""},
	    {__LINE__, BODY_CREATE, "log", "{}", ";"},
	    {__LINE__, BODY_CREATE, "log",
		"{\"line\":\"a\"}\r\n\n {\"line\":\"b\\n\"} \n{\"line\":\"\"}",
		"line=<a>;line=<b\n>;line=<>;"},
	    {__LINE__, BODY_CREATE, "log",
		"{\"line\":\"a\"}\n{\"line\":\n{\"line\":\"b\"}\nnull\n[{}]",
		"line=<a>;line=<b>; [1] [3] [4] bad_json"},
	    {__LINE__, BODY_CREATE, "log", "{\"line\":\"a\"} {\"line\":\"b\"}",
		" [0] bad_json"},
	    {__LINE__, BODY_CREATE, "log", "\xef\xbb\xbf{\"line\":\"a\"}",
		" [0] bad_json"},
	    {__LINE__, BODY_CREATE, "log", "{\"line\":\"\xc0\xaf\"}\n{}",
		"; [0] bad_json"},
	    {__LINE__, BODY_CREATE, "log", "{\"data\":{\"a\":1,\"a\":2}}",
		"data=<{\"a\":1,\"a\":2}>;"},
	    {__LINE__, BODY_CREATE, "log", "{\"line\":\"a\",\"line\":\"b\"}",
		" [0].line bad_value"},
	};

	(void)state;
	run_cases(FEED_NDJSON, cases, COUNT(cases));
}

static void
test_csv(void **state)
{
	static const struct feed_case cases[] = {
	    {__LINE__, BODY_CREATE, "log", "line", ""},
	    {__LINE__, BODY_CREATE, "log", "line\r\n", ""},
	    {__LINE__, BODY_CREATE, "log", "line\r\n\r\n\"\"\r\nx",
		"line=null;line=<>;line=<x>;"},
	    {__LINE__, BODY_CREATE, "log", "line,at\na,\n\"b,\"\"c\"\"\n\",\n",
		"at=null line=<a>;at=null line=<b,\"c\"\n>;"},
	    {__LINE__, BODY_CREATE, "log", "\"at\",\"line\"\n,\" x \"\n, y ",
		"at=null line=< x >;at=null line=< y >;"},
	    {__LINE__, BODY_CREATE, "log", "line,data\n1,\"{\"\"a\"\":1}\"",
		"line=<1> data=<{\"a\":1}>;"},
	    {__LINE__, BODY_CREATE, "log",
		"line\n\"'=1\"\n\"''=1\"\n'=1\n\"'x\"",
		"line=<=1>;line=<'=1>;line=<'=1>;line=<'x>;"},
	    {__LINE__, BODY_CREATE, "every",
		"id,c_int4range,c_texts,c_bytea,c_bool\n"
		"1,\"\"\"[1,5)\"\"\",\"[\"\"a\"\",null]\",AP8=,t\n"
		"2,\"[1,5)\",\"{a,NULL}\",\"\",false",
		"id=<1> c_bool=<true> c_bytea=<\\x00ff> c_texts=<{\"a\",NULL}> "
		"c_int4range=<[1,5)>;"
		"id=<2> c_bool=<false> c_bytea=<\\x> c_texts=<{a,NULL}> "
		"c_int4range=<[1,5)>;"},
	    {__LINE__, BODY_CREATE, "odd", "\"a,b\",\"qu\"\"ote\",x__eq\n1,2,3",
		"a,b=<1> qu\"ote=<2> x__eq=<3>;"},
	    {__LINE__, BODY_CREATE, "odd", "\"'-minus\"\n4", "-minus=<4>;"},
	    {__LINE__, BODY_PATCH, "rules", "note,size,id\nn,1,7\n,,8",
		"id=<7> note=<n>;id=<8> note=null;"},
	    /* what is write-only */
	    {__LINE__, BODY_CREATE, "account", "must,name,pin\nm,n,1\n",
		"name=<n> pin=<1> must=<m>;"},
	    {__LINE__, BODY_PATCH, "account", "pin,id\n2,1\n",
		"id=<1> pin=<2>;"},
	    {__LINE__, BODY_CREATE, "account", "name,password_hash\nm,n",
		" password_hash must unknown_column"},
	    {__LINE__, BODY_CREATE, "account", "pin,name,must\n123456,n,",
		" [0].pin [0].must bad_value"},
	    /* what is refused */
	    {__LINE__, BODY_CREATE, "log", "", " bad_request"},
	    {__LINE__, BODY_CREATE, "log", "\n1", "  unknown_column"},
	    {__LINE__, BODY_CREATE, "log", "\xef\xbb\xbfline\n1",
		" bad_request"},
	    {__LINE__, BODY_CREATE, "log", "\"line\n1", " bad_request"},
	    {__LINE__, BODY_CREATE, "log", "l\"ine\n1", " bad_request"},
	    {__LINE__, BODY_CREATE, "log", "lin\xff\n1", " bad_request"},
	    {__LINE__, BODY_CREATE, "log", "line,line,nope\n1",
		" line nope bad_value"},
	    {__LINE__, BODY_CREATE, "log", "a,b,c,d,e,f,g,h,i\n1",
		" bad_request"},
	    {__LINE__, BODY_CREATE, "rules", "id,size\n1,1",
		" id size name price read_only"},
	    {__LINE__, BODY_PATCH, "rules", "note\n1", " id required"},
	    {__LINE__, BODY_PATCH, "pair",
		"a,b\n,2024-01-01\nx,y\nx,2024-01-01",
		"a=<x> b=<2024-01-01>; [0].a [1].b constraint"},
	    {__LINE__, BODY_CREATE, "log",
		"line,at\n1\n1,,3\n\"x\"y,\nx\"y,\n1,now\n\"x",
		" [0] [1] [2] [3] bad_value"},
	    {__LINE__, BODY_CREATE, "log", "line\n\"x\"y\n1\n\xff\n2",
		"line=<1>;line=<2>; [0] [2] bad_value"},
	    {__LINE__, BODY_CREATE, "rules", "name,price\n,1\nn,\nn,x\nn,1",
		"name=<n> price=<1>; [0].name [1].price [2].price constraint"},
	};

	(void)state;
	run_cases(FEED_CSV, cases, COUNT(cases));
}

/* a line of n letters in its value, and one behind it */
static void
want_line(int line, enum feed_kind kind, size_t n, const char *want)
{
	struct str got;
	struct buf b;

	buf_init(&b, arena, 1 << 23);
	if (kind == FEED_CSV)
		buf_lit(&b, "line\n");
	else
		buf_lit(&b, "{\"line\":\"");
	for (size_t i = 0; i < n; i++)
		buf_char(&b, 'x');
	if (kind == FEED_CSV)
		buf_lit(&b, "\nx");
	else
		buf_lit(&b, "\"}\n{\"line\":\"x\"}");
	got = feed_text(kind, BODY_CREATE, "log", buf_view(&b), 65536);
	if (!str_ends(got, str_from(want)))
		fail_msg("line %d: %zu letters: got \"%.*s\"", line, n,
		    STR_ARGS(
			str_sub(got, got.len > 99 ? got.len - 99 : 0, 99)));
}

static void
test_line_limit(void **state)
{
	(void)state;
	want_line(__LINE__, FEED_CSV, FEED_LINE_MAX, ";line=<x>;");
	want_line(__LINE__, FEED_CSV, FEED_LINE_MAX + 1, " [0] body_too_large");
	want_line(__LINE__, FEED_CSV, 2 * FEED_LINE_MAX, " [0] body_too_large");
	want_line(__LINE__, FEED_NDJSON, FEED_LINE_MAX - 11, ";line=<x>;");
	want_line(
	    __LINE__, FEED_NDJSON, FEED_LINE_MAX - 10, " [0] body_too_large");
}

/* U+0000 stands in no C string */
static void
test_zero(void **state)
{
	(void)state;
	want_str(__LINE__,
	    feed_text(FEED_CSV, BODY_CREATE, "log", STR("line\na\0b\nc"), 64),
	    STR("line=<c>; [0] bad_value"));
	want_str(__LINE__,
	    feed_text(FEED_CSV, BODY_CREATE, "log", STR("li\0ne\na"), 64),
	    STR(" bad_request"));
	want_str(__LINE__,
	    feed_text(FEED_NDJSON, BODY_CREATE, "log", STR("{}\n\0\n{}"), 64),
	    STR(";; [1] bad_json"));
}

static void
test_broken(void **state)
{
	struct pieces p = {STR("{\"line\":\"a\"}\n{\"li"), 5, true};
	struct feed_opts o = {.kind = FEED_NDJSON,
	    .table = sample_table(STR("log")),
	    .read = read_piece,
	    .arg = &p};
	struct feed *f = feed_new(arena, &o);
	struct feed_row row;
	struct err err;

	(void)state;
	err_init(&err, arena);
	assert_int_equal(feed_next(f, &row, &err), FEED_ROW);
	assert_int_equal(row.index, 0);
	assert_int_equal(feed_next(f, &row, &err), FEED_BROKEN);
	assert_int_equal(err.id, ERR_BAD_REQUEST);
	assert_int_equal(feed_next(f, &row, &err), FEED_BROKEN);
}

/* a body of nothing but faults has a bounded answer and memory */
static void
test_many_faults(void **state)
{
	struct pieces p = {STR(""), 65536, false};
	struct feed_opts o = {.kind = FEED_NDJSON,
	    .table = sample_table(STR("log")),
	    .read = read_piece,
	    .arg = &p};
	struct feed_row row;
	struct feed *f;
	struct err err;
	struct buf b;

	(void)state;
	buf_init(&b, arena, 1 << 23);
	for (int i = 0; i < 100000; i++)
		buf_lit(&b, "[]\n");
	p.rest = buf_view(&b);
	err_init(&err, arena);
	f = feed_new(arena, &o);
	while (feed_next(f, &row, &err) != FEED_END)
		;
	assert_int_equal(row.index, 99999);
	assert_int_equal(err.nfields, FEED_FAULTS_MAX);
}

struct ids_case {
	int line;
	const char *table, *list, *want; /* NULL: refused */
};

static void
test_ids(void **state)
{
	static const struct ids_case cases[] = {
	    {__LINE__, "rules", "1", "1"},
	    {__LINE__, "rules", "1,2,-3", "1 2 -3"},
	    {__LINE__, "rules", "\"1\",2", "1 2"},
	    {__LINE__, "pair", "x,2024-01-01", "x 2024-01-01"},
	    {__LINE__, "pair", "x,2024-01-01;,2024-01-02",
		"x 2024-01-01  2024-01-02"},
	    {__LINE__, "pair", "\"a,\"\";b\",2024-01-01",
		"a,\\\";b 2024-01-01"},
	    {__LINE__, "pair", "a\"b,2024-01-01", "a\\\"b 2024-01-01"},
	    {__LINE__, "rules", "", NULL},
	    {__LINE__, "rules", ",", NULL},
	    {__LINE__, "rules", "1,", NULL},
	    {__LINE__, "rules", "1;2", NULL},
	    {__LINE__, "rules", "\"1", NULL},
	    {__LINE__, "rules", "\"1\"2", NULL},
	    {__LINE__, "rules", "x", NULL},
	    {__LINE__, "pair", "x", NULL},
	    {__LINE__, "pair", "x;2024-01-01", NULL},
	    {__LINE__, "pair", "x,2024-01-01,y", NULL},
	    {__LINE__, "pair", "x,2024-01-01;", NULL},
	    {__LINE__, "pair", "x,2024-01-01;y", NULL},
	    {__LINE__, "pair", "x,y", NULL},
	    {__LINE__, "log", "1", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct query *q = query_new(arena);
		struct err err;
		struct buf b;

		q->table = sample_table(str_from(cases[i].table));
		err_init(&err, arena);
		if (query_ids(arena, q, STR("ids"), str_from(cases[i].list),
			&err) != 0) {
			if (cases[i].want != NULL || err.id == ERR_NONE)
				fail_msg("line %d: refused", cases[i].line);
			continue;
		}
		if (cases[i].want == NULL)
			fail_msg("line %d: taken", cases[i].line);
		buf_init(&b, arena, 4096);
		query_dump(&b, q);
		/* every value stands in the tree, in its order */
		{
			struct str rest = str_from(cases[i].want), part;
			const char *at = b.p;

			while (str_cut(&rest, ' ', &part)) {
				at = strstr(at, str_c(arena, part));
				if (at == NULL)
					fail_msg("line %d: no %.*s in %s",
					    cases[i].line, STR_ARGS(part), b.p);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_ndjson),
	    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_line_limit),
	    cmocka_unit_test(test_zero),
	    cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_many_faults),
	    cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
