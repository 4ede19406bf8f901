/*
 * Relations out of foreign keys: which there are, what they are called, and
 * that what somebody cannot see does not show in either.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cases.h"
#include "sample_tables.h"
#include "schema/schema.h"

/* "name: column,column -> schema.table(column,column)", "!" before it: the
 * columns are unique; columns and key are comma lists */
struct plan {
	const char *qname, *columns, *key;
	const char *fkeys[4];
};

static struct type int4 = {.class = TYPE_INT4,
    .oid = 23,
    .schema = {"pg_catalog", 10},
    .name = {"int4", 4},
    .display = {"integer", 7},
    .base_schema = {"pg_catalog", 10},
    .base_name = {"int4", 4}};

static char dir[] = "/tmp/relation.XXXXXX", path[sizeof(dir) + 10];

static size_t
split(struct str list, struct str *v)
{
	size_t n = 0;

	while (list.len > 0 && str_cut(&list, ',', &v[n]))
		n++;
	return n;
}

static uint16_t *
positions(const struct table *t, const struct str *names, size_t n)
{
	uint16_t *v = arena_array(arena, uint16_t, n);

	for (size_t i = 0; i < n; i++) {
		const struct column *c = table_column(t, names[i]);

		assert_non_null(c);
		v[i] = (uint16_t)(c - t->columns);
	}
	return v;
}

static void
make_table(struct table *t, const struct plan *p)
{
	struct str names[8], rest = str_from(p->qname);

	t->qname = rest;
	str_cut(&rest, '.', &t->schema);
	t->name = rest;
	t->path = str_eq_c(t->schema, "public") ? t->name : t->qname;
	t->est_rows = -1;
	t->ncolumns = split(str_from(p->columns), names);
	t->columns = arena_array(arena, struct column, t->ncolumns);
	for (size_t i = 0; i < t->ncolumns; i++)
		t->columns[i] = (struct column){.name = names[i],
		    .attnum = (int16_t)(i + 1),
		    .type = &int4,
		    .has_eq = true,
		    .has_order = true};
	t->nkey = split(str_from(p->key), names);
	t->key = positions(t, names, t->nkey);
	t->fkeys = arena_array(arena, struct fkey, 4);
	t->refs = arena_array(arena, struct fkey, 16);
}

static struct table *
find_plan(struct table *v, size_t n, struct str qname)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].qname, qname))
			return &v[i];
	return NULL;
}

static void
add_fkey(struct table *v, size_t n, struct table *t, const char *text)
{
	struct str rest = str_from(text), name, here, far_table, there[8],
		   ours[8];
	struct fkey *f = &t->fkeys[t->nfkeys++], *r;
	struct table *far;
	bool unique = text[0] == '!';

	str_cut(&rest, ':', &name);
	str_cut(&rest, '>', &here);
	str_cut(&rest, '(', &far_table);
	f->name = str_sub(name, unique, name.len);
	f->ncolumns = split(str_trim(str_sub(here, 0, here.len - 1)), ours);
	f->columns = positions(t, ours, f->ncolumns);
	f->far_table = str_trim(far_table);
	split(str_sub(rest, 0, rest.len - 1), there);
	f->far_columns =
	    arena_memdup(arena, there, f->ncolumns * sizeof(there[0]));
	f->far_unique = true;
	far = find_plan(v, n, f->far_table);
	if (far == NULL)
		return;
	r = &far->refs[far->nrefs++];
	*r = (struct fkey){.name = f->name,
	    .ncolumns = f->ncolumns,
	    .columns = positions(far, there, f->ncolumns),
	    .far_table = t->qname,
	    .far_columns =
		arena_memdup(arena, ours, f->ncolumns * sizeof(ours[0])),
	    .far_unique = unique};
}

/* the plans, which are sorted, as a schema; damaged: its bytes are not */
static struct schema *
make_schema(const struct plan *plans, size_t n)
{
	struct table *v = arena_array(arena, struct table, n);
	struct snapshot s = {.tables = v, .ntables = n};
	struct schema *schema;
	struct err err;

	err_init(&err, arena);
	s.meta = (struct snapshot_meta){.program_version = STR("0"),
	    .database = STR("x"),
	    .default_schema = STR("public"),
	    .schemas = STR("public,other")};
	for (size_t i = 0; i < n; i++)
		make_table(&v[i], &plans[i]);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 4 && plans[i].fkeys[k] != NULL; k++)
			add_fkey(v, n, &v[i], plans[i].fkeys[k]);
	if (snapshot_write(path, &s, &err) != 0)
		fail_msg("%s", err.cause);
	schema = schema_open(path, &err);
	assert_non_null(schema);
	return schema;
}

static int
make_all(void **state)
{
	make_arena(state);
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/s.sqlite", dir);
	return 0;
}

static int
remove_all(void **state)
{
	schema_free(sample_schema());
	unlink(path);
	rmdir(dir);
	return drop_arena(state);
}

/* "name kind far[ via]" of each, in their order */
static const char *
list_relations(struct schema *s, const char *table, const struct visible *see)
{
	static const char *const kinds[] = {"one", "many", "through"};
	const struct table *t = schema_table_by_path(s, str_from(table), NULL);
	struct relations all;
	struct err err;
	char *text = arena_strdup(arena, "");

	err_init(&err, arena);
	assert_non_null(t);
	assert_int_equal(schema_relations(s, arena, t, see, &all, &err), 0);
	for (size_t i = 0; i < all.n; i++) {
		const struct relation *r = &all.v[i];

		assert_ptr_equal(r->near, t);
		text = arena_printf(arena, "%s%.*s %s %.*s%s%.*s\n", text,
		    STR_ARGS(r->name), kinds[r->kind], STR_ARGS(r->far->qname),
		    r->via != NULL ? " " : "",
		    STR_ARGS(r->via != NULL ? r->via->qname : STR("")));
	}
	return text;
}

static void
test_sample(void **state)
{
	static const struct {
		int line;
		const char *table, *want;
	} cases[] = {
	    {__LINE__, "city",
		"address many public.address\ncountry one public.country\n"},
	    {__LINE__, "film",
		"actor through public.actor public.film_actor\n"
		"dubbing many public.dubbing\n"
		"film_actor many public.film_actor\n"
		"inventory many public.inventory\n"
		"language one public.language\n"
		"review many public.review\n"},
	    /* a key that is also a foreign key: one row at most */
	    {__LINE__, "staff",
		"account many public.account\n"
		"address one public.address\nbadge one public.badge\n"
		"manager one public.staff\nrental many public.rental\n"
		"staff many public.staff\n"},
	    /* the name is that of a column, if one that is only written */
	    {__LINE__, "account",
		"customer!customer_id one public.customer\n"
		"staff one public.staff\n"},
	    {__LINE__, "review", "film!film_id one public.film\n"},
	    {__LINE__, "shelf", "slot many public.slot\n"},
	    {__LINE__, "odd", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got =
		    list_relations(sample_schema(), cases[i].table, NULL);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("line %d: %s has\n%s", cases[i].line,
			    cases[i].table, got);
	}
}

static const struct plan plans[] = {
    {"other.film", "id,language_id", "id",
	{"fl: language_id -> public.language(id)"}},
    {"public.cast", "film_id,person_id,role_id,note",
	"film_id,person_id,role_id",
	{"cf: film_id -> public.film(id)", "cp: person_id -> public.person(id)",
	    "cr: role_id -> public.role(id)"}},
    {"public.crew", "film_id,person_id", "film_id,person_id",
	{"wf: film_id -> public.film(id)",
	    "wp: person_id -> public.person(id)"}},
    {"public.employee", "id,reports_to,_id,pair_id", "id",
	{"er: reports_to -> public.employee(id)",
	    "eu: _id -> public.hidden(id)",
	    "!ep: pair_id -> public.employee(id)"}},
    {"public.film", "id,language_id,original_language_id,genre,genre_id", "id",
	{"fl: language_id -> public.language(id)",
	    "fo: original_language_id -> public.language(id)",
	    "fg: genre_id -> public.genre(id)"}},
    {"public.follow", "from_id,to_id", "from_id,to_id",
	{"ff: from_id -> public.person(id)", "ft: to_id -> public.person(id)"}},
    {"public.genre", "id", "id", {NULL}},
    {"public.language", "id,name", "id", {NULL}},
    {"public.likes", "film_id,person_id", "",
	{"lf: film_id -> public.film(id)",
	    "lp: person_id -> public.person(id)"}},
    {"public.person", "id,name", "id", {NULL}},
    {"public.place", "a,b,c,d,place", "a,b", {NULL}},
    {"public.role", "id", "id", {NULL}},
    {"public.visit", "id,a,b,c", "id",
	{"v1: a,b -> public.place(a,b)", "v2: a,c -> public.place(a,b)"}},
};

static void
test_names(void **state)
{
	static const struct {
		int line;
		const char *table, *want;
	} cases[] = {
	    /* two foreign keys; the columns have names of their own */
	    {__LINE__, "film",
		"cast many public.cast\ncrew many public.crew\n"
		"genre!genre_id one public.genre\n"
		"language one public.language\nlikes many public.likes\n"
		"original_language one public.language\n"
		"person!cast through public.person public.cast\n"
		"person!crew through public.person public.crew\n"
		"role through public.role public.cast\n"},
	    /* two tables of one name and column, and two columns of one */
	    {__LINE__, "language",
		"film!original_language_id many public.film\n"
		"other.film!fl many other.film\n"
		"public.film!fl many public.film\n"},
	    /* to itself, both ways; a foreign key to what is not exposed; one
	     * whose column is nothing but "_id" */
	    {__LINE__, "employee",
		"employee!pair_id!back one public.employee\n"
		"employee!reports_to one public.employee\n"
		"employee!reports_to!back many public.employee\n"
		"pair one public.employee\n"},
	    /* through a table between the table and itself */
	    {__LINE__, "person",
		"cast many public.cast\ncrew many public.crew\n"
		"film!cast through public.film public.cast\n"
		"film!crew through public.film public.crew\n"
		"follow!from_id many public.follow\n"
		"follow!to_id many public.follow\n"
		"likes many public.likes\n"
		"person!follow!ff through public.person public.follow\n"
		"person!follow!ft through public.person public.follow\n"
		"role through public.role public.cast\n"},
	    /* keys of two columns */
	    {__LINE__, "visit",
		"place!v1 one public.place\nplace!v2 one public.place\n"},
	    {__LINE__, "place",
		"visit!v1 many public.visit\nvisit!v2 many public.visit\n"},
	    /* without a key nothing goes through it */
	    {__LINE__, "likes",
		"film one public.film\nperson one public.person\n"},
	};
	struct schema *s = make_schema(plans, COUNT(plans));

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *got = list_relations(s, cases[i].table, NULL);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("line %d: %s has\n%s", cases[i].line,
			    cases[i].table, got);
	}
	schema_free(s);
}

static const struct relation *
get(struct schema *s, const char *table, const char *name)
{
	struct relations all;
	const struct relation *r, **choices;
	size_t n;

	schema_relations(s, arena,
	    schema_table_by_path(s, str_from(table), NULL), NULL, &all, NULL);
	r = relation_find(&all, str_from(name), arena, &choices, &n);
	assert_non_null(r);
	assert_int_equal(n, 0);
	return r;
}

/* near and far columns stand in pairs, also through a table between */
static void
test_columns(void **state)
{
	struct schema *s = make_schema(plans, COUNT(plans));
	const struct relation *r = get(s, "visit", "place!v2");

	(void)state;
	assert_int_equal(r->ncolumns, 2);
	assert_int_equal(r->nfar, 2);
	assert_int_equal(r->columns[0], 1);
	assert_int_equal(r->columns[1], 3);
	assert_int_equal(r->far_columns[0], 0);
	assert_int_equal(r->far_columns[1], 1);
	assert_true(str_eq_c(r->constraint, "v2"));
	assert_false(r->backwards);
	r = get(s, "place", "visit!v2");
	assert_true(r->backwards);
	assert_int_equal(r->columns[1], 1);
	assert_int_equal(r->far_columns[1], 3);
	r = get(s, "person", "person!follow!ft");
	assert_int_equal(r->via_near[0], 0);
	assert_int_equal(r->via_far[0], 1);
	assert_true(r->backwards);
	r = get(s, "film", "role");
	assert_int_equal(r->columns[0], 0);
	assert_int_equal(r->via_near[0], 0);
	assert_int_equal(r->via_far[0], 2);
	assert_int_equal(r->far_columns[0], 0);
	assert_true(str_eq_c(r->constraint, "cr"));
	schema_free(s);
}

static void
test_find(void **state)
{
	static const struct {
		int line;
		const char *table, *name, *found; /* NULL: none */
		size_t nchoices;
	} cases[] = {
	    {__LINE__, "film", "language", "language", 0},
	    {__LINE__, "film", "person!crew", "person!crew", 0},
	    {__LINE__, "film", "person", NULL, 2},
	    {__LINE__, "film", "genre", NULL, 1},
	    {__LINE__, "film", "genre!genre_id", "genre!genre_id", 0},
	    {__LINE__, "film", "Language", NULL, 0},
	    {__LINE__, "film", "", NULL, 0},
	    {__LINE__, "film", "person!", NULL, 0},
	    {__LINE__, "language", "film", NULL, 3},
	    {__LINE__, "employee", "employee", NULL, 3},
	};
	struct schema *s = make_schema(plans, COUNT(plans));

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct relation *r, **choices = NULL;
		struct str name = str_from(cases[i].name);
		struct relations all;
		size_t n = 99;

		schema_relations(s, arena,
		    schema_table_by_path(s, str_from(cases[i].table), NULL),
		    NULL, &all, NULL);
		r = relation_find(&all, name, arena, &choices, &n);
		if ((r == NULL) != (cases[i].found == NULL) ||
		    (r != NULL && !str_eq_c(r->name, cases[i].found)) ||
		    n != cases[i].nchoices)
			fail_msg("line %d: %zu", cases[i].line, n);
		for (size_t k = 0; k < n; k++)
			if (!str_eq(choices[k]->bare, name))
				fail_msg(
				    "line %d: choice %zu", cases[i].line, k);
		assert_ptr_equal(relation_find(&all, name, arena, NULL, &n), r);
	}
	schema_free(s);
}

static bool
is_not(const void *arg, const struct table *t)
{
	return !str_eq_c(t->qname, arg);
}

/* a table that is not seen leads nowhere and takes no name */
static void
test_visible(void **state)
{
	static const struct {
		int line;
		const char *hidden, *table, *want;
	} cases[] = {
	    {__LINE__, "public.crew", "film",
		"cast many public.cast\ngenre!genre_id one public.genre\n"
		"language one public.language\nlikes many public.likes\n"
		"original_language one public.language\n"
		"person through public.person public.cast\n"
		"role through public.role public.cast\n"},
	    {__LINE__, "public.person", "film",
		"cast many public.cast\ncrew many public.crew\n"
		"genre!genre_id one public.genre\n"
		"language one public.language\nlikes many public.likes\n"
		"original_language one public.language\n"
		"role through public.role public.cast\n"},
	    {__LINE__, "other.film", "language",
		"film!language_id many public.film\n"
		"film!original_language_id many public.film\n"},
	    {__LINE__, "public.film", "language", "film many other.film\n"},
	};
	struct schema *s = make_schema(plans, COUNT(plans));

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct visible see = {is_not, cases[i].hidden};
		const char *got = list_relations(s, cases[i].table, &see);

		if (strcmp(got, cases[i].want) != 0)
			fail_msg("line %d: %s has\n%s", cases[i].line,
			    cases[i].table, got);
	}
	schema_free(s);
}

/* once for all who see everything; for others in their own arena */
static void
test_kept(void **state)
{
	struct schema *s = make_schema(plans, COUNT(plans));
	const struct table *t = schema_table_by_path(s, STR("film"), NULL);
	struct visible see = {is_not, ""};
	struct relations first, again, own;
	struct table copy = *t;

	(void)state;
	schema_relations(s, arena, t, NULL, &first, NULL);
	schema_relations(s, arena, t, NULL, &again, NULL);
	schema_relations(s, arena, t, &see, &own, NULL);
	assert_ptr_equal(first.v, again.v);
	assert_ptr_not_equal(first.v, own.v);
	assert_int_equal(first.n, own.n);
	/* a table of somebody else's is not kept under that name */
	schema_relations(s, arena, &copy, NULL, &own, NULL);
	assert_ptr_not_equal(first.v, own.v);
	assert_ptr_equal(own.v[0].near, &copy);
	schema_relations(NULL, arena, t, NULL, &own, NULL);
	assert_int_equal(own.n, 0);
	schema_free(s);
}

/* every record but the first is overwritten where it lies */
static void
spoil_records(void)
{
	static const char word[] = "\"columns\"";
	const size_t most = 1 << 20;
	char *bytes = arena_alloc(arena, most);
	FILE *f = fopen(path, "r+");
	size_t n = fread(bytes, 1, most, f), spoiled = 0;

	for (size_t i = 0; i + sizeof(word) < n; i++)
		if (memcmp(bytes + i, word, sizeof(word) - 1) == 0) {
			bytes[i + 1] = 'x';
			spoiled++;
		}
	assert_true(spoiled > 0);
	rewind(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void
test_damaged(void **state)
{
	struct schema *s = make_schema(plans, COUNT(plans));
	const struct table *t = schema_table_by_path(s, STR("film"), NULL);
	struct relations all;
	struct err err;

	(void)state;
	assert_non_null(t);
	spoil_records();
	err_init(&err, arena);
	assert_int_equal(schema_relations(s, arena, t, NULL, &all, &err), -1);
	assert_int_equal(err.id, ERR_SNAPSHOT_UNAVAILABLE);
	assert_non_null(err.cause);
	/* it does not become right by asking again */
	assert_int_equal(schema_relations(s, arena, t, NULL, &all, NULL), -1);
	schema_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sample),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_columns),
	    cmocka_unit_test(test_find),
	    cmocka_unit_test(test_visible),
	    cmocka_unit_test(test_kept),
	    cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests_name(
	    "relation", tests, make_all, remove_all);
}
