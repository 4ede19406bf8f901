/*
 * Writes with conditions, and creates that are made once: what the statement
 * says, which of its columns are the row's, and that no tag and no key reaches
 * the text.
 */
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "cases.h"
#include "query/query.h"
#include "sample_tables.h"
#include "schema/schema.h"
#include "stmt/stmt.h"

#define TAG(columns)                                                           \
	"pg_catalog.left(pg_catalog.encode(pg_catalog.sha256("                 \
	"pg_catalog.convert_to(" columns ", 'UTF8')), 'hex'), 32)"
#define PAIR TAG("pg_catalog.format('%L,%L,', t.\"a\", t.\"b\")")
#define KEY                                                                    \
	" where t.\"a\" = $1::\"pg_catalog\".\"text\" and t.\"b\" = "          \
	"$2::\"pg_catalog\".\"date\""

static const struct stmt_opts plain = {.page_size = 30, .max_page_size = 500};
static const struct stmt_opts tagged = {
    .page_size = 30, .max_page_size = 500, .etag = true};
static const struct query_limits limits = {
    .page_size = 30, .max_page_size = 500, .max_filters = 64};

static const struct table *
pair(void)
{
	return sample_table(STR("pair"));
}

/* the row a,2026-01-31 of pair */
static struct query *
row(void)
{
	struct query *q = query_new(arena);
	struct err err;

	err_init(&err, arena);
	if (query_resolve(arena, q, NULL, pair(), &limits, &err) != 0 ||
	    query_key(arena, q, STR("a,2026-01-31"), &err) != 0)
		fail_msg("the key is refused");
	return q;
}

static struct body
note(void)
{
	static struct assign as;

	as = (struct assign){.column = &pair()->columns[0], .text = STR("x")};
	return (struct body){&as, 1};
}

static void
want_text(int line, const struct stmt *s, const char *want)
{
	if (strcmp(s->text.p, want) != 0)
		fail_msg("line %d: got  %s\nwant %s", line, s->text.p, want);
}

/* the last columns, behind the shape's, are not the row's */
static void
want_hidden(int line, const struct stmt *s, size_t hidden)
{
	if (s->shape == NULL || s->shape->n + hidden != s->ncols)
		fail_msg("line %d: %zu columns, %zu of them members", line,
		    s->ncols, s->shape != NULL ? s->shape->n : 0);
}

static void
test_delete_text(void **state)
{
	struct tag_rule rule = {.has_match = true};

	(void)state;
	want_text(__LINE__, stmt_delete_if(arena, row(), false, NULL, &plain),
	    "delete from \"public\".\"pair\" t" KEY " returning 1");
	want_text(__LINE__, stmt_delete(arena, row()),
	    "delete from \"public\".\"pair\" t" KEY " returning 1");
	want_text(__LINE__, stmt_delete_if(arena, row(), false, &rule, &plain),
	    "with w as (delete from \"public\".\"pair\" t" KEY " and (" PAIR
	    " = any($3::text[])) returning 1 as c1, true as done) select w.c1, "
	    "w.done, x.there from (select exists (select from "
	    "\"public\".\"pair\" t where t.\"a\" = $4::\"pg_catalog\".\"text\" "
	    "and t.\"b\" = $5::\"pg_catalog\".\"date\") as there) x left join "
	    "w on true");
}

static void
test_update_text(void **state)
{
	struct tag_rule rule = {.has_none = true};
	struct body body = note();
	struct stmt *s;

	(void)state;
	s = stmt_update_if(arena, row(), &body, true, &rule, &tagged);
	want_text(__LINE__, s,
	    "with w as (update \"public\".\"pair\" t set \"a\" = "
	    "$1::\"pg_catalog\".\"text\" where t.\"a\" = "
	    "$2::\"pg_catalog\".\"text\" and t.\"b\" = "
	    "$3::\"pg_catalog\".\"date\" and (" PAIR
	    " = any($4::text[])) is not true returning t.\"a\" as c1, t.\"b\" "
	    "as c2, true as done) select w.c1, w.c2, w.done, x.there from "
	    "(select exists (select from "
	    "\"public\".\"pair\" t where t.\"a\" = $5::\"pg_catalog\".\"text\" "
	    "and t.\"b\" = $6::\"pg_catalog\".\"date\") as there) x left join "
	    "w on true");
	want_hidden(__LINE__, s, 2);
	assert_true(s->row_tag);
	assert_int_equal(s->etag_col, -1);
	s = stmt_update_if(arena, row(), &body, false, NULL, &tagged);
	want_hidden(__LINE__, s, 1);
	assert_int_equal(s->etag_col, 1);
	s = stmt_update_if(arena, row(), &body, true, NULL, &plain);
	assert_null(s->shape);
	assert_false(s->row_tag);
}

/* a counter goes up by itself, and may have to stand at a value */
static void
test_lock(void **state)
{
	const struct column *a = &pair()->columns[0];
	struct tag_rule rule = {.lock = a, .lock_value = STR("5")};
	struct assign next = {.column = a, .is_next = true};
	struct body body = {&next, 1};
	struct stmt *s;

	(void)state;
	s = stmt_update_if(arena, row(), &body, false, NULL, &plain);
	want_text(__LINE__, s,
	    "update \"public\".\"pair\" t set \"a\" = "
	    "coalesce(t.\"a\", 0) + 1 where t.\"a\" = "
	    "$1::\"pg_catalog\".\"text\" and t.\"b\" = "
	    "$2::\"pg_catalog\".\"date\" returning 1");
	s = stmt_update_if(arena, row(), &body, false, &rule, &plain);
	if (strstr(s->text.p,
		" and coalesce(t.\"a\", 0) = "
		"$3::\"pg_catalog\".\"text\" returning 1 as c1") == NULL)
		fail_msg("the counter is not asked for: %s", s->text.p);
	assert_string_equal(s->args[2], "5");
	want_text(__LINE__, stmt_lock(arena, row(), a, STR("5")),
	    "select case when coalesce(t.\"a\", 0) <> "
	    "$1::\"pg_catalog\".\"text\" then dynapi.refuse('ZD003') end "
	    "from \"public\".\"pair\" t where t.\"a\" = "
	    "$2::\"pg_catalog\".\"text\" and t.\"b\" = "
	    "$3::\"pg_catalog\".\"date\" for update");
}

/* ---- lock_version ------------------------------------------------------- */

#define UP "\"lock_version\" = coalesce(t.\"lock_version\", 0) + 1"

static struct type *
type_of(struct str column)
{
	return table_column(sample_table(STR("every")), column)->type;
}

/* pair with a third column of this name */
static struct table *
counted(struct str name)
{
	struct table *t = arena_memdup(arena, pair(), sizeof *t);
	struct column *v = arena_array(arena, struct column, 3);

	memcpy(v, pair()->columns, 2 * sizeof *v);
	v[2] = (struct column){
	    .name = name, .type = type_of(STR("c_int4")), .updatable = true};
	t->columns = v;
	t->ncolumns = 3;
	return t;
}

/* which columns are assigned, how; what follows "set" */
static const struct counting {
	int line;
	bool counts;
	enum { UNNAMED, GIVEN, DEFAULT, NEXT } how;
	const char *want;
} countings[] = {
    {__LINE__, false, UNNAMED, "\"a\" = $1::\"pg_catalog\".\"text\""},
    {__LINE__, true, UNNAMED, "\"a\" = $1::\"pg_catalog\".\"text\", " UP},
    {__LINE__, true, GIVEN,
	"\"a\" = $1::\"pg_catalog\".\"text\", "
	"\"lock_version\" = $2::\"pg_catalog\".\"int4\""},
    {__LINE__, false, DEFAULT,
	"\"a\" = $1::\"pg_catalog\".\"text\", \"lock_version\" = default"},
    {__LINE__, true, DEFAULT, "\"a\" = $1::\"pg_catalog\".\"text\", " UP},
    {__LINE__, true, NEXT, "\"a\" = $1::\"pg_catalog\".\"text\", " UP},
};

static void
test_counting(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(countings); i++) {
		const struct counting *k = &countings[i];
		const struct table *t = counted(STR("lock_version"));
		struct query *q = row();
		struct stmt_opts o = plain;
		struct assign as[] = {
		    {.column = &t->columns[0], .text = STR("x")},
		    {.column = &t->columns[2],
			.text = STR("7"),
			.is_default = k->how == DEFAULT,
			.is_next = k->how == NEXT}};
		struct body body = {as, k->how == UNNAMED ? 1 : 2};
		struct stmt *s;

		o.counts = k->counts;
		q->table = t;
		s = stmt_update_if(arena, q, &body, false, NULL, &o);
		if (strstr(s->text.p,
			arena_printf(arena, " set %s where ", k->want)) == NULL)
			fail_msg("line %d: %s", k->line, s->text.p);
		s = stmt_change(arena, q, &body, -1, false, &o);
		if (strstr(s->text.p,
			arena_printf(arena, " set %s where ", k->want)) == NULL)
			fail_msg("line %d: %s", k->line, s->text.p);
	}
}

/* rows that hold the counter, and those that do not */
static void
test_counting_many(void **state)
{
	static const uint16_t key[] = {0};
	const struct conflict merge = {key, 1, false}, keep = {key, 1, true};
	const struct table *t = counted(STR("lock_version"));
	const struct column *columns[] = {
	    &t->columns[0], &t->columns[1], &t->columns[2]};
	const char *arrays[] = {"{x}", "{2026-01-31}", "{7}"};
	struct chunk chunk = {.table = t,
	    .columns = columns,
	    .arrays = arrays,
	    .ncolumns = 2,
	    .nkey = 1,
	    .first = 1,
	    .last = 1};
	struct stmt_opts o = plain;

	(void)state;
	o.counts = true;
#define TEXT(stmt) (stmt)->text.p
	assert_non_null(strstr(TEXT(stmt_bulk_update(arena, &chunk, false, &o)),
	    " set \"b\" = u.c1, " UP " from u "));
	assert_non_null(
	    strstr(TEXT(stmt_bulk_insert(arena, &chunk, &merge, false, &o)),
		"\"b\" = excluded.\"b\", " UP " where "));
	assert_null(
	    strstr(TEXT(stmt_bulk_insert(arena, &chunk, &keep, false, &o)),
		"lock_version"));
	assert_null(
	    strstr(TEXT(stmt_bulk_insert(arena, &chunk, NULL, false, &o)),
		"lock_version"));
	chunk.ncolumns = 3;
	assert_null(strstr(
	    TEXT(stmt_bulk_update(arena, &chunk, false, &o)), "coalesce"));
	assert_null(
	    strstr(TEXT(stmt_bulk_insert(arena, &chunk, &merge, false, &o)),
		"coalesce"));
	chunk.ncolumns = 1;
	assert_null(strstr(
	    TEXT(stmt_bulk_update(arena, &chunk, false, &o)), "lock_version"));
#undef TEXT
}

/* of this name, a whole number, and one that may be changed */
static void
test_counter(void **state)
{
	struct table *t = counted(STR("lock_version"));
	struct column *c = arena_memdup(arena, t->columns, 3 * sizeof *c);

	(void)state;
	t->columns = c;
	assert_ptr_equal(table_counter(t), &c[2]);
	assert_null(table_counter(counted(STR("Lock_version"))));
	assert_null(table_counter(pair()));
	c[2].generated = true;
	assert_null(table_counter(t));
	c[2].generated = false;
	c[2].updatable = false;
	assert_null(table_counter(t));
	c[2].updatable = true;
	c[2].identity = IDENTITY_ALWAYS;
	assert_null(table_counter(t));
	c[2].identity = IDENTITY_NONE;
	c[2].type = type_of(STR("c_numeric"));
	assert_null(table_counter(t));
	c[2].type = type_of(STR("c_int8"));
	assert_ptr_equal(table_counter(t), &c[2]);
}

/* whatever the tags are, and however many */
static void
test_tags_are_arguments(void **state)
{
	static const struct str tags[] = {
	    {"", 0}, {"'; drop table pair; --", 22}, {"{a,b}", 5}, {"$1", 2}};
	const struct stmt *base = NULL, *s;
	struct body body = note();

	(void)state;
	for (size_t n = 0; n <= COUNT(tags); n++) {
		struct str *v = arena_array(arena, struct str, COUNT(tags));
		struct tag_rule rule = {.has_match = true,
		    .has_none = true,
		    .match = v,
		    .none = v,
		    .nmatch = n,
		    .nnone = n};

		memcpy(v, tags, sizeof tags);
		s = stmt_update_if(arena, row(), &body, true, &rule, &tagged);
		if (base == NULL)
			base = s;
		assert_int_equal(s->nargs, base->nargs);
		want_text(__LINE__, s, base->text.p);
	}
}

static void
test_once(void **state)
{
	struct once once = {7, STR("it's"), STR("\\x00")};
	struct body body = note();
	struct stmt *s;

	(void)state;
	want_text(__LINE__, stmt_once_check(arena, &once),
	    "select dynapi.refuse('ZD004') from dynapi.idempotency i where "
	    "i.user_id = $1::int8 and i.key = $2::text and i.expires > "
	    "pg_catalog.now()");
	want_text(__LINE__, stmt_once_find(arena, pair(), &once),
	    "select i.fingerprint::text, i.created, i.row_key[1], "
	    "i.row_key[2] from "
	    "dynapi.idempotency i where i.user_id = $1::int8 and i.key = "
	    "$2::text and i.expires > pg_catalog.now()");
	s = stmt_insert_once(arena, pair(), &body, true, &once, &plain);
	want_text(__LINE__, s,
	    "insert into \"public\".\"pair\" as t (\"a\") values "
	    "($1::\"pg_catalog\".\"text\") returning t.\"a\", t.\"b\", "
	    "dynapi.idempotency_keep($2::int8, $3::text, $4::bytea, $5::text, "
	    "'201', array[t.\"a\"::text, t.\"b\"::text])");
	want_hidden(__LINE__, s, 1);
	assert_string_equal(s->args[2], "it's");
	assert_string_equal(s->args[4], "public.pair");
	s = stmt_insert_once(arena, pair(), &body, false, &once, &tagged);
	want_hidden(__LINE__, s, 2);
	assert_int_equal(s->etag_col, 2);
}

/* without a key there is something to return nevertheless */
static void
test_once_without_key(void **state)
{
	const struct table *t = sample_table(STR("log"));
	struct once once = {0, STR("k"), STR("\\x00")};
	struct body body = {0};

	(void)state;
	assert_int_equal(t->nkey, 0);
	want_text(__LINE__,
	    stmt_insert_once(arena, t, &body, false, &once, &plain),
	    "insert into \"public\".\"log\" as t default values returning "
	    "dynapi.idempotency_keep($1::int8, $2::text, $3::bytea, $4::text, "
	    "'201', null)");
}

static struct stmt *
nested(int line, const char *json, bool returning, const struct once *once)
{
	static const struct query_limits deep = {.max_depth = 2};
	struct schema *schema = sample_schema();
	struct nested_set set;
	struct err err;

	err_init(&err, arena);
	if (nested_parse(arena, schema,
		schema_table(schema, STR("public.shelf"), &err),
		json_parse(arena, str_from(json), &err), &deep, &set,
		&err) != 0)
		fail_msg("line %d: %d", line, (int)err.id);
	return stmt_insert_nested(arena, &set, returning, once, &plain);
}

#define SHELF(n, room, number)                                                 \
	"n" n                                                                  \
	" as (insert into \"public\".\"shelf\" as t (\"room\", \"number\") "   \
	"select " room "::\"pg_catalog\".\"int4\", " number                    \
	"::\"pg_catalog\".\"int4\" returning t.\"room\", t.\"number\""

/* of one object the key of its outermost row, of several their number */
static void
test_once_nested(void **state)
{
	struct once once = {7, STR("it's"), STR("\\x00")};
	struct stmt *s;

	(void)state;
	s = nested(
	    __LINE__, "{\"room\":1,\"number\":2,\"slot\":[{}]}", false, &once);
	want_text(__LINE__, s,
	    "with " SHELF("0", "$1",
		"$2") "), n1 as (insert into \"public\".\"slot\" as t "
		      "(\"room\", "
		      "\"number\") select n0.\"room\", n0.\"number\" from n0 "
		      "returning t.\"slot_id\") select t.\"room\", "
		      "t.\"number\", dynapi.idempotency_keep($3::int8, "
		      "$4::text, "
		      "$5::bytea, $6::text, '201', array[t.\"room\"::text, "
		      "t.\"number\"::text]) from n0 t");
	assert_string_equal(s->args[3], "it's");
	assert_string_equal(s->args[5], "public.shelf");
	s = nested(__LINE__,
	    "[{\"room\":1,\"number\":2},{\"room\":1,\"number\":3}]", false,
	    &once);
	want_text(__LINE__, s,
	    "with " SHELF("0", "$1", "$2") "), " SHELF("1", "$3",
		"$4") ") select 1, "
		      "dynapi.idempotency_keep($5::int8, $6::text, $7::bytea, "
		      "$8::text, '201', null, $9::int8)");
	assert_string_equal(s->args[8], "2");
	s = nested(__LINE__, "{\"room\":1,\"number\":2}", true, NULL);
	want_text(__LINE__, s,
	    "with " SHELF("0", "$1",
		"$2") ", t.\"label\") select t.\"room\", t.\"number\", "
		      "(select (select pg_catalog.row_to_json(r.*)::text from "
		      "(select t.\"room\" as \"room\", t.\"number\" as "
		      "\"number\", t.\"label\" as \"label\") r) from n0 t) "
		      "from "
		      "n0 t");
}

static void
test_once_many(void **state)
{
	struct once once = {7, STR("it's"), STR("\\x00")};
	struct stmt *s = stmt_once_keep(arena, pair(), &once, 3);

	(void)state;
	want_text(__LINE__, s,
	    "select dynapi.idempotency_keep($1::int8, $2::text, $3::bytea, "
	    "$4::text, '201', null, $5::int8)");
	assert_string_equal(s->args[4], "3");
}

/* sha256sum of the literals */
static void
test_tag_of_cells(void **state)
{
	static const struct {
		int line;
		struct str v[3];
		size_t n;
		const char *want;
	} cases[] = {
	    {__LINE__, {{NULL, 0}}, 1, "42993079c20f6a6a4f231cd55722824f"},
	    {__LINE__, {{"", 0}}, 1, "68a1107193a8183bcd7758c9b3d9f3e8"},
	    {__LINE__, {{"7", 1}, {"it's", 4}, {"a\\b", 3}}, 3,
		"375a08c15c7fdc348cd80545dd0963f9"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		want_str(cases[i].line,
		    stmt_tag_of_cells(arena, cases[i].v, cases[i].n),
		    str_from(cases[i].want));
}

static void
test_version_column(void **state)
{
	struct stmt_opts opts = tagged;
	struct stmt *s = stmt_new(arena, "test");

	(void)state;
	opts.version = &pair()->columns[1];
	stmt_tag(s, pair(), &opts);
	want_text(__LINE__, s,
	    "pg_catalog.left(pg_catalog.encode(pg_catalog.sha256("
	    "pg_catalog.convert_to(t.\"b\"::text, 'UTF8')), 'hex'), 32)");
	opts.version = table_column(sample_table(STR("rules")), STR("id"));
	assert_non_null(opts.version);
	s = stmt_new(arena, "test");
	stmt_tag(s, sample_table(STR("rules")), &opts);
	want_text(__LINE__, s, "t.\"id\"::text");
}

/* the path's key, and what the body says of it */
static void
test_lenient_key(void **state)
{
	static const struct {
		int line;
		bool lenient;
		const char *json;
		enum err_id want;
	} cases[] = {
	    {__LINE__, false, "{}", ERR_NONE},
	    {__LINE__, false, "{\"a\":\"a\",\"b\":\"2026-01-31\"}", ERR_NONE},
	    {__LINE__, false, "{\"a\":\"other\"}", ERR_BAD_VALUE},
	    {__LINE__, false, "{\"a\":null}", ERR_BAD_VALUE},
	    {__LINE__, true, "{\"a\":\"other\",\"b\":null}", ERR_NONE},
	    {__LINE__, true, "{\"a\":{}}", ERR_NONE},
	    {__LINE__, true, "{\"nope\":1}", ERR_UNKNOWN_COLUMN},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct query *q = row();
		struct body body;
		struct err err;

		err_init(&err, arena);
		q->lenient_key = cases[i].lenient;
		body_parse(arena, pair(),
		    json_parse(arena, str_from(cases[i].json), &err),
		    BODY_PATCH, q, &body, &err);
		if (err.id != cases[i].want)
			fail_msg("line %d: %d", cases[i].line, (int)err.id);
		if (err.id == ERR_NONE && body.n != 0)
			fail_msg("line %d: the key is written", cases[i].line);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_delete_text, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_update_text, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_lock, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_counting, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_counting_many, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_counter, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_tags_are_arguments, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(test_once, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_once_without_key, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_once_nested, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_once_many, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_tag_of_cells, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_version_column, make_arena, drop_arena),
	    cmocka_unit_test_setup_teardown(
		test_lenient_key, make_arena, drop_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
