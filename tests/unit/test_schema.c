/*
 * The snapshot as its readers see it: what is written comes back, names are
 * found as DECISIONS 2 says, records that are not ours are refused, and
 * opening does not grow with the number of tables.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "cases.h"
#include "schema/schema.h"
#include "schema/schema_priv.h"

static char dir[] = "/tmp/dynapi-schema-XXXXXX";
static char path[64];

/* the head of a record; what follows is up to the case */
#define HEAD(schema, name, path)                                               \
	"{\"schema\":\"" schema "\",\"name\":\"" name "\",\"path\":\"" path    \
	"\",\"kind\":\"table\",\"oid\":7,\"can_insert\":true,"                 \
	"\"est_rows\":-1,"
#define INT4                                                                   \
	"{\"class\":\"int4\",\"oid\":23,\"schema\":\"pg_catalog\","            \
	"\"name\":\"int4\",\"display\":\"integer\"}"
#define ID                                                                     \
	"{\"name\":\"id\",\"attnum\":1,\"type\":0,\"not_null\":true,"          \
	"\"identity\":\"always\",\"has_eq\":true,\"has_order\":true}"
#define SIMPLE                                                                 \
	"\"types\":[" INT4 "],\"columns\":[" ID "],\"key\":[0],"               \
	"\"constraints\":[],\"fkeys\":[],\"refs\":[]}"
#define SMALL(schema, name, path) HEAD(schema, name, path) SIMPLE

/* every field of every struct at least once */
#define RICH                                                                   \
	"{\"schema\":\"public\",\"name\":\"film \\\"x\\\" \xc3\xa4\","         \
	"\"path\":\"film \\\"x\\\" \xc3\xa4\",\"kind\":\"view\",\"oid\":"      \
	"4294967295,\"can_insert\":true,\"can_update\":true,"                  \
	"\"can_delete\":true,\"row_security\":true,\"conceals\":true,"         \
	"\"est_rows\":1000,"                                                   \
	"\"comment\":\"a\\nb\",\"types\":[" INT4 ","                           \
	"{\"class\":\"enum\",\"oid\":9001,\"schema\":\"public\",\"name\":"     \
	"\"mood\",\"display\":\"public.mood\",\"labels\":[\"sad\",\"\"]},"     \
	"{\"class\":\"array\",\"oid\":9002,\"schema\":\"public\",\"name\":"    \
	"\"_mood\",\"display\":\"public.mood[]\",\"element\":1},"              \
	"{\"class\":\"composite\",\"oid\":9003,\"schema\":\"public\","         \
	"\"name\":\"pair\",\"display\":\"public.pair\",\"fields\":["           \
	"{\"name\":\"a\",\"type\":0},{\"name\":\"b\",\"type\":2}]},"           \
	"{\"class\":\"numeric\",\"oid\":9004,\"schema\":\"public\",\"name\":"  \
	"\"price\",\"display\":\"public.price\",\"is_domain\":true,"           \
	"\"domain_not_null\":true,\"base_schema\":\"pg_catalog\","             \
	"\"base_name\":\"numeric\",\"precision\":10,\"scale\":-2},"            \
	"{\"class\":\"text\",\"oid\":1043,\"schema\":\"pg_catalog\","          \
	"\"name\":\"varchar\",\"display\":\"character varying(5)\","           \
	"\"max_len\":5}],\"columns\":["                                        \
	"{\"name\":\"id\",\"attnum\":1,\"type\":0,\"not_null\":true,"          \
	"\"identity\":\"by default\",\"updatable\":true,\"has_eq\":true,"      \
	"\"has_order\":true,\"comment\":\"\"},"                                \
	"{\"name\":\"moods\",\"attnum\":3,\"type\":2,\"has_default\":true},"   \
	"{\"name\":\"pair\",\"attnum\":4,\"type\":3,\"generated\":true},"      \
	"{\"name\":\"price\",\"attnum\":5,\"type\":4},"                        \
	"{\"name\":\"code\",\"attnum\":6,\"type\":5},"                         \
	"{\"name\":\"pin\",\"attnum\":2,\"type\":0,\"updatable\":true,"        \
	"\"write_only\":true}],\"computed\":["                                 \
	"{\"name\":\"label\",\"schema\":\"legacy\",\"type\":2,"                \
	"\"has_eq\":true,\"has_order\":true,\"comment\":\"c\"},"               \
	"{\"name\":\"x y\",\"schema\":\"public\",\"type\":0}],"                \
	"\"key\":[4,0],\"search\":[\"^code\",\"a.b\"],"                        \
	"\"constraints\":["                                                    \
	"{\"name\":\"p\",\"kind\":\"primary\",\"columns\":[4,0]},"             \
	"{\"name\":\"u\",\"kind\":\"unique\",\"columns\":[3]},"                \
	"{\"name\":\"c\",\"kind\":\"check\",\"columns\":[]},"                  \
	"{\"name\":\"w\",\"kind\":\"check\",\"columns\":[0,5]},"               \
	"{\"name\":\"x\",\"kind\":\"exclude\",\"columns\":[1]}],"              \
	"\"fkeys\":[{\"name\":\"f2\",\"columns\":[0,4],\"far_table\":"         \
	"\"legacy.t\",\"far_columns\":[\"a\",\"b\"]},"                         \
	"{\"name\":\"f1\",\"columns\":[0],\"far_table\":\"public.a\","         \
	"\"far_columns\":[\"id\"]}],"                                          \
	"\"refs\":[{\"name\":\"r\",\"columns\":[0],\"far_table\":"             \
	"\"public.a\",\"far_columns\":[\"id\"],\"far_unique\":true}]}"

/* sorted by qualified name, as a snapshot is */
static const char *const sample[] = {
    SMALL("legacy", "film", "legacy.film"),
    SMALL("legacy", "t", "legacy.t"),
    SMALL("public", "a", "a"),
    SMALL("public", "a.b", "a.b"),
    RICH,
    SMALL("public", "reload", "public.reload"),
};
#define NSAMPLE (COUNT(sample))

static void
read_sample(struct arena *a, const char *json, struct table *t)
{
	struct arena *scratch = arena_new();

	assert_int_equal(record_read(a, scratch, str_from(json), t), 0);
	arena_free(scratch);
}

static struct snapshot *
make_snapshot(struct arena *a)
{
	static struct notice notices[] = {
	    {STR("public.z"), STR("it has no column"), true},
	    {STR("public.a"), STR("look at it"), false},
	};
	struct snapshot *s = arena_make(a, struct snapshot);

	s->meta = (struct snapshot_meta){
	    .program_version = STR("0.1"),
	    .database = STR("shop\nof \"Ann\""),
	    .system_id = STR("7300000000000000001"),
	    .database_oid = 4000000000u,
	    .generation = 7,
	    .written_s = 1800000000,
	    .default_schema = STR("public"),
	    .schemas = STR("public, legacy"),
	    .text_search = STR("public.\"it's\""),
	};
	s->tables = arena_array(a, struct table, NSAMPLE);
	s->ntables = NSAMPLE;
	for (size_t i = 0; i < NSAMPLE; i++)
		read_sample(a, sample[i], &s->tables[i]);
	s->notices = notices;
	s->nnotices = 2;
	return s;
}

static void
write_sample(void)
{
	struct arena *a = arena_new();
	struct err err;

	err_init(&err, a);
	if (snapshot_write(path, make_snapshot(a), &err) != 0)
		fail_msg("%s", err.cause);
	arena_free(a);
}

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/schema?#%%.sqlite", dir);
	write_sample();
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static void
assert_record(const struct table *t, const char *json)
{
	struct arena *a = arena_new();
	struct buf b;

	buf_init(&b, a, 1 << 20);
	table_json(&b, t, true);
	assert_string_equal(b.p, json);
	arena_free(a);
}

static void
test_round_trip(void **state)
{
	struct arena *a = arena_new();
	struct snapshot s;
	struct err err;

	(void)state;
	err_init(&err, a);
	if (snapshot_read(a, path, &s, &err) != 0)
		fail_msg("%s", err.cause);
	assert_int_equal(s.ntables, NSAMPLE);
	for (size_t i = 0; i < NSAMPLE; i++)
		assert_record(&s.tables[i], sample[i]);
	assert_true(str_eq_c(s.meta.program_version, "0.1"));
	assert_true(str_eq_c(s.meta.database, "shop\nof \"Ann\""));
	assert_true(str_eq_c(s.meta.system_id, "7300000000000000001"));
	assert_true(str_eq_c(s.meta.default_schema, "public"));
	assert_true(str_eq_c(s.meta.schemas, "public, legacy"));
	assert_true(str_eq_c(s.meta.text_search, "public.\"it's\""));
	assert_int_equal(s.meta.database_oid, 4000000000u);
	assert_int_equal(s.meta.generation, 7);
	assert_int_equal(s.meta.written_s, 1800000000);
	assert_int_equal(s.nnotices, 2);
	assert_true(str_eq_c(s.notices[0].qname, "public.z"));
	assert_true(str_eq_c(s.notices[0].text, "it has no column"));
	assert_true(s.notices[0].excluded);
	assert_false(s.notices[1].excluded);
	arena_free(a);
}

static void
test_file_mode(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void
test_paths(void **state)
{
	static const struct {
		int line;
		const char *segment, *qname; /* NULL: there is none */
	} cases[] = {
	    {__LINE__, "a", "public.a"},
	    {__LINE__, "public.a", "public.a"},
	    {__LINE__, "a.b", "public.a.b"},
	    {__LINE__, "public.a.b", "public.a.b"},
	    {__LINE__, "film", NULL},
	    {__LINE__, "legacy.film", "legacy.film"},
	    {__LINE__, "t", NULL},
	    {__LINE__, "reload", NULL},
	    {__LINE__, "public.reload", "public.reload"},
	    {__LINE__, "film \"x\" \xc3\xa4", "public.film \"x\" \xc3\xa4"},
	    {__LINE__, "A", NULL},
	    {__LINE__, "", NULL},
	    {__LINE__, ".", NULL},
	    {__LINE__, "public", NULL},
	    {__LINE__, "public.", NULL},
	    {__LINE__, ".a", NULL},
	};
	struct schema *s;
	struct err err;

	(void)state;
	err_init(&err, NULL);
	s = schema_open(path, &err);
	assert_non_null(s);
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct table *t =
		    schema_table_by_path(s, str_from(cases[i].segment), &err);

		if ((t == NULL) != (cases[i].qname == NULL) ||
		    (t != NULL && !str_eq_c(t->qname, cases[i].qname)) ||
		    err.id != ERR_NONE)
			fail_msg(
			    "line %d: %s", cases[i].line, cases[i].segment);
		if (t != NULL)
			assert_ptr_equal(t, schema_table(s, t->qname, &err));
	}
	/* a zero byte ends nothing */
	assert_null(schema_table_by_path(s, (struct str){"a\0b", 3}, &err));
	schema_free(s);
}

static void
test_entries(void **state)
{
	const struct table_entry *e;
	struct schema *s;

	(void)state;
	s = schema_open(path, NULL);
	assert_non_null(s);
	assert_int_equal(schema_count(s), NSAMPLE);
	e = schema_entry(s, 4);
	assert_true(str_eq_c(e->schema, "public"));
	assert_true(str_eq_c(e->name, "film \"x\" \xc3\xa4"));
	assert_true(str_eq(e->path, e->name));
	assert_int_equal(e->kind, TABLE_VIEW);
	assert_int_equal(e->nkey, 2);
	assert_true(str_eq_c(e->key[0], "code"));
	assert_true(str_eq_c(e->key[1], "id"));
	e = schema_entry(s, 0);
	assert_true(str_eq_c(e->path, "legacy.film"));
	schema_free(s);
}

static void
test_table(void **state)
{
	const struct table *t;
	struct schema *s;

	(void)state;
	s = schema_open(path, NULL);
	assert_non_null(s);
	t = schema_table(s, STR("public.film \"x\" \xc3\xa4"), NULL);
	assert_non_null(t);
	/* the key of one column, not the one that only begins with it */
	assert_ptr_equal(t->columns[0].fkey, &t->fkeys[1]);
	assert_null(t->columns[4].fkey);
	assert_ptr_equal(table_column(t, STR("price")), &t->columns[3]);
	assert_null(table_column(t, STR("Price")));
	assert_null(t->columns[1].comment.p);
	assert_non_null(t->columns[0].comment.p);
	assert_true(str_eq_c(t->columns[3].type->base_name, "numeric"));
	assert_true(str_eq_c(t->columns[4].type->base_name, "varchar"));
	schema_free(s);
}

static void
test_replaced(void **state)
{
	struct schema *s;

	(void)state;
	s = schema_open(path, NULL);
	assert_non_null(s);
	assert_false(schema_replaced(s, path));
	write_sample();
	assert_true(schema_replaced(s, path));
	/* the old one can still be read */
	assert_non_null(schema_table(s, STR("public.a"), NULL));
	unlink(path);
	assert_false(schema_replaced(s, path));
	assert_non_null(schema_table(s, STR("legacy.t"), NULL));
	schema_free(s);
	write_sample();
}

/* a record of one table, with a part replaced by something else */
static void
test_bad_records(void **state)
{
	static const struct {
		int line;
		const char *json;
	} cases[] = {
	    {__LINE__, ""},
	    {__LINE__, "[]"},
	    {__LINE__, "{}"},
	    {__LINE__, "{\"schema\":\"a\"}"},
#define OF(types, columns, rest)                                               \
	HEAD("public", "a", "a")                                               \
	"\"types\":[" types "],\"columns\":[" columns "]," rest "}"
#define REST "\"key\":[],\"constraints\":[],\"fkeys\":[],\"refs\":[]"
#define TYPE(more)                                                             \
	"{\"class\":\"int4\",\"oid\":23,\"schema\":\"x\",\"name\":\"x\","      \
	"\"display\":\"x\"" more "}"
#define COMPUTED(more)                                                         \
	HEAD("public", "a", "a")                                               \
	"\"types\":[" INT4 "],\"columns\":[" ID "],\"computed\":" more         \
	"," REST "}"
#define COLUMN(more) "{\"name\":\"id\",\"attnum\":1,\"type\":0" more "}"
	    {__LINE__, COMPUTED("{}")},
	    {__LINE__, COMPUTED("[1]")},
	    {__LINE__, COMPUTED("[{\"name\":\"f\",\"schema\":\"x\"}]")},
	    {__LINE__, COMPUTED("[{\"name\":\"f\",\"type\":0}]")},
	    {__LINE__,
		COMPUTED("[{\"name\":\"f\",\"schema\":\"x\",\"type\":1}]")},
	    {__LINE__, COMPUTED("[{\"name\":\"id\",\"schema\":\"x\","
				"\"type\":0}]")},
	    {__LINE__, OF(INT4, "", REST)},
	    {__LINE__, OF("", ID, REST)},
	    {__LINE__, OF("{}", ID, REST)},
	    {__LINE__, OF("1", ID, REST)},
	    {__LINE__, OF(TYPE(",\"is_domain\":true"), ID, REST)},
	    {__LINE__, OF(TYPE(",\"is_domain\":false"), ID, REST)},
	    {__LINE__, OF(TYPE(",\"max_len\":-1"), ID, REST)},
	    {__LINE__, OF(TYPE(",\"max_len\":2147483648"), ID, REST)},
	    {__LINE__, OF(TYPE(",\"max_len\":1.5"), ID, REST)},
	    {__LINE__, OF("{\"class\":\"array\",\"oid\":1,\"schema\":\"x\","
			  "\"name\":\"x\",\"display\":\"x\",\"element\":0}",
			   ID, REST)},
	    {__LINE__, OF("{\"class\":\"enum\",\"oid\":1,\"schema\":\"x\","
			  "\"name\":\"x\",\"display\":\"x\"}",
			   ID, REST)},
	    {__LINE__, OF("{\"class\":\"int5\",\"oid\":1,\"schema\":\"x\","
			  "\"name\":\"x\",\"display\":\"x\"}",
			   ID, REST)},
/* write-only columns stand behind the others, and nothing but a CHECK is
 * made of them */
#define PIN "{\"name\":\"pin\",\"attnum\":2,\"type\":0,\"write_only\":true}"
#define CONSTRAINT(kind)                                                       \
	"\"key\":[],\"constraints\":[{\"name\":\"x\",\"kind\":\"" kind         \
	"\",\"columns\":[1]}],\"fkeys\":[],\"refs\":[]"
	    {__LINE__, OF(INT4, PIN, REST)},
	    {__LINE__, OF(INT4, PIN "," ID, REST)},
	    {__LINE__, OF(INT4, ID "," PIN "," ID, REST)},
	    {__LINE__, OF(INT4, ID "," PIN, CONSTRAINT("unique"))},
	    {__LINE__, OF(INT4, ID "," PIN, CONSTRAINT("exclude"))},
	    {__LINE__, OF(INT4, ID, CONSTRAINT("check"))},
	    {__LINE__, OF(INT4, ID "," PIN,
			   "\"key\":[1],\"constraints\":[],\"fkeys\":[],"
			   "\"refs\":[]")},
	    {__LINE__, OF(INT4, ID "," PIN,
			   "\"key\":[],\"constraints\":[],\"fkeys\":[{"
			   "\"name\":\"x\",\"columns\":[1],\"far_table\":\"a\","
			   "\"far_columns\":[\"id\"]}],\"refs\":[]")},
	    {__LINE__, OF(INT4, ID "," PIN,
			   "\"computed\":[{\"name\":\"pin\",\"schema\":\"x\","
			   "\"type\":0}]," REST)},
	    {__LINE__, OF(INT4, ID "," COLUMN(",\"write_only\":false"), REST)},
	    {__LINE__, OF(INT4, "{}", REST)},
	    {__LINE__, OF(INT4, "null", REST)},
	    {__LINE__, OF(INT4, COLUMN(",\"identity\":\"x\""), REST)},
	    {__LINE__, OF(INT4, COLUMN(",\"comment\":null"), REST)},
	    {__LINE__,
		OF(INT4, "{\"name\":\"id\",\"attnum\":1,\"type\":1}", REST)},
	    {__LINE__,
		OF(INT4, "{\"name\":\"id\",\"attnum\":0,\"type\":0}", REST)},
	    {__LINE__, OF(INT4, ID,
			   "\"key\":[1],\"constraints\":[],\"fkeys\":[],"
			   "\"refs\":[]")},
	    {__LINE__, OF(INT4, ID,
			   "\"key\":[-1],\"constraints\":[],\"fkeys\":[],"
			   "\"refs\":[]")},
	    {__LINE__, OF(INT4, ID,
			   "\"key\":0,\"constraints\":[],\"fkeys\":[],"
			   "\"refs\":[]")},
	    {__LINE__, OF(INT4, ID, "\"search\":\"a\"," REST)},
	    {__LINE__, OF(INT4, ID, "\"search\":[\"a\",1]," REST)},
	    {__LINE__, OF(INT4, ID, "\"key\":[]")},
	    {__LINE__, OF(INT4, ID,
			   "\"key\":[],\"constraints\":[{\"name\":\"x\","
			   "\"kind\":\"y\",\"columns\":[]}],\"fkeys\":[],"
			   "\"refs\":[]")},
	    {__LINE__, OF(INT4, ID,
			   "\"key\":[],\"constraints\":[],\"fkeys\":[{"
			   "\"name\":\"x\",\"columns\":[0],\"far_table\":\"a\","
			   "\"far_columns\":[]}],\"refs\":[]")},
	    {__LINE__, OF(INT4, ID,
			   "\"key\":[],\"constraints\":[],\"fkeys\":[{"
			   "\"name\":\"x\",\"columns\":[],\"far_table\":\"a\","
			   "\"far_columns\":[]}],\"refs\":[]")},
	};
	struct arena *a = arena_new(), *scratch = arena_new();
	struct table t;

	(void)state;
	assert_int_equal(
	    record_read(a, scratch, STR(OF(INT4, ID, REST)), &t), 0);
	assert_int_equal(
	    record_read(
		a, scratch, STR(OF(INT4, ID "," PIN, CONSTRAINT("check"))), &t),
	    0);
	assert_int_equal(t.ncolumns, 1);
	assert_int_equal(table_ninput(&t), 2);
	assert_null(table_column(&t, STR("pin")));
	assert_ptr_equal(table_input(&t, STR("pin")), &t.columns[1]);
	assert_ptr_equal(
	    table_input(&t, STR("id")), table_column(&t, STR("id")));
	assert_null(table_input(&t, STR("pi")));
	for (size_t i = 0; i < COUNT(cases); i++)
		if (record_read(a, scratch, str_from(cases[i].json), &t) == 0)
			fail_msg("line %d was taken", cases[i].line);
	arena_free(scratch);
	arena_free(a);
}

static void
test_bad_directories(void **state)
{
	static const struct {
		int line;
		struct str bytes;
	} cases[] = {
	    {__LINE__, STR("")},
	    {__LINE__, STR("\0\0\0")},
	    {__LINE__, STR("\1\0\0\0")},
	    {__LINE__, STR("\xff\xff\xff\xff")},
	    {__LINE__, STR("\1\0\0\0\x08\0\0\0")},
	    {__LINE__, STR("\1\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0")},
	    /* kind */
	    {__LINE__, STR("\1\0\0\0\x08\0\0\0\5\0\0\1\0\3\0a.b")},
	    /* schema as long as the whole */
	    {__LINE__, STR("\1\0\0\0\x08\0\0\0\0\0\0\3\0\3\0a.b")},
	    /* name and key end outside */
	    {__LINE__, STR("\1\0\0\0\x08\0\0\0\0\0\0\1\0\4\0a.b")},
	    {__LINE__, STR("\1\0\0\0\x08\0\0\0\0\0\1\1\0\3\0a.b")},
	    {__LINE__, STR("\1\0\0\0\x08\0\0\0\0\0\1\1\0\3\0a.b\1\0")},
	    /* twice the same */
	    {__LINE__, STR("\2\0\0\0\x0c\0\0\0\x0c\0\0\0\0\0\0\1\0\3\0a.b")},
	};
	struct directory d;

	(void)state;
	assert_int_equal(
	    directory_open(STR("\1\0\0\0\x08\0\0\0\0\0\1\1\0\3\0a.b\1\0k"), &d),
	    0);
	for (size_t i = 0; i < COUNT(cases); i++)
		if (directory_open(cases[i].bytes, &d) == 0)
			fail_msg("line %d was taken", cases[i].line);
}

static void
test_classes(void **state)
{
	struct type t = {.class = type_class_of(1043)};

	(void)state;
	assert_int_equal(t.class, TYPE_TEXT);
	assert_true(type_is_text(&t));
	assert_false(type_is_number(&t));
	t.class = type_class_of(1700);
	assert_true(type_is_number(&t));
	assert_false(type_is_text(&t));
	assert_int_equal(type_class_of(16384), TYPE_OTHER);
	for (int i = 0; i <= TYPE_OTHER; i++)
		assert_non_null(type_class_name((enum type_class)i));
}

static void
test_searched(void **state)
{
	static const struct {
		int line;
		enum type_class class;
		const char *name;
		bool is;
	} cases[] = {
	    {__LINE__, TYPE_TEXT, "text", true},
	    {__LINE__, TYPE_CHAR, "bpchar", true},
	    {__LINE__, TYPE_ENUM, "mood", true},
	    {__LINE__, TYPE_UUID, "uuid", true},
	    {__LINE__, TYPE_BUILTIN, "inet", true},
	    {__LINE__, TYPE_BUILTIN, "cidr", true},
	    {__LINE__, TYPE_BUILTIN, "macaddr", true},
	    {__LINE__, TYPE_BUILTIN, "macaddr8", true},
	    {__LINE__, TYPE_OTHER, "inet", false},
	    {__LINE__, TYPE_BUILTIN, "xml", false},
	    {__LINE__, TYPE_BUILTIN, "tsvector", false},
	    {__LINE__, TYPE_BUILTIN, "oid", false},
	    {__LINE__, TYPE_INT4, "int4", false},
	    {__LINE__, TYPE_DATE, "date", false},
	    {__LINE__, TYPE_JSON, "json", false},
	    {__LINE__, TYPE_JSONB, "jsonb", false},
	    {__LINE__, TYPE_BYTEA, "bytea", false},
	    {__LINE__, TYPE_ARRAY, "_text", false},
	    {__LINE__, TYPE_COMPOSITE, "text", false},
	    {__LINE__, TYPE_RANGE, "int4range", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct type t = {.class = cases[i].class,
		    .base_name = str_from(cases[i].name)};

		if (type_is_searched(&t) != cases[i].is)
			fail_msg("line %d: %s", cases[i].line, cases[i].name);
	}
}

/* a snapshot in hand is asked as its file would be */
static void
test_in_hand(void **state)
{
	struct arena *a = arena_new();
	struct snapshot *snap = make_snapshot(a);
	struct schema *s = schema_of(a, snap);
	struct err err;

	(void)state;
	err_init(&err, NULL);
	assert_int_equal(schema_count(s), NSAMPLE);
	assert_ptr_equal(schema_meta(s), &snap->meta);
	for (size_t i = 0; i < NSAMPLE; i++) {
		const struct table *t = &snap->tables[i];

		assert_ptr_equal(schema_table(s, t->qname, &err), t);
		assert_ptr_equal(schema_table_by_path(s, t->path, &err), t);
	}
	assert_null(schema_table(s, STR("public.nope"), &err));
	assert_int_equal(err.id, ERR_NONE);
	arena_free(a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_searched),
	    cmocka_unit_test(test_in_hand),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_file_mode),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_entries),
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_replaced),
	    cmocka_unit_test(test_bad_records),
	    cmocka_unit_test(test_bad_directories),
	    cmocka_unit_test(test_classes),
	};

	return cmocka_run_group_tests_name(
	    "schema", tests, make_dir, remove_dir);
}
