/*
 * What the statements bring back, against a real PostgreSQL with the tables of
 * tests/golden/sample.sql: included rows in the two forms, pages by cursor,
 * entity tags, and plans that use the indexes there are.  Run by
 * tests/api/db.t.
 */
#include "db_help.h"

#include "query/query.h"
#include "render/render.h"
#include "sample_tables.h"

static struct stmt_opts opts;

/* ---- trees -------------------------------------------------------------- */

static const struct column *
column(const struct table *t, const char *name)
{
	const struct column *c = table_column(t, str_from(name));

	if (c == NULL)
		fail_msg("%.*s has no %s", STR_ARGS(t->qname), name);
	return c;
}

static struct order_key *
add_order(struct query *q, const char *name)
{
	struct order_key *k = &q->order[q->norder++];
	const char *p = name[0] == '-' ? name + 1 : name;

	*k = (struct order_key){.desc = p != name};
	k->path.column = column(q->table, p);
	k->path.text = k->path.column->name;
	return k;
}

static void
order_by_key(struct query *q)
{
	for (size_t i = 0; i < q->table->nkey; i++) {
		struct order_key *k = &q->order[q->norder++];

		*k = (struct order_key){0};
		k->path.column = &q->table->columns[q->table->key[i]];
	}
}

/* without order; all columns */
static struct query *
query_of(const char *table)
{
	struct query *q = query_new(arena);

	q->table = sample_table(str_from(table));
	if (q->table == NULL)
		fail_msg("no table %s", table);
	q->order = arena_array(arena, struct order_key, 8);
	q->include = arena_array(arena, struct include, 4);
	return q;
}

static void
add_field(struct query *q, const char *name)
{
	if (q->nselect == 0)
		q->select = arena_array(arena, struct field, 32);
	q->select[q->nselect++].path.column = column(q->table, name);
}

static void
limit(struct query *q, int64_t rows, int64_t offset)
{
	q->page = (struct page){.kind = PAGE_SLICE,
	    .has_limit = true,
	    .limit = rows,
	    .offset = offset};
}

static uint16_t *
position(const struct table *t, const char *name)
{
	uint16_t *p = arena_array(arena, uint16_t, 1);

	*p = (uint16_t)(column(t, name) - t->columns);
	return p;
}

static struct relation *
relate(const char *name, enum relation_kind kind, const struct table *near,
    const char *column_name, const struct table *far, const char *far_column)
{
	struct relation *r = arena_make(arena, struct relation);

	*r = (struct relation){.name = str_from(name),
	    .kind = kind,
	    .near = near,
	    .far = far,
	    .columns = position(near, column_name),
	    .far_columns = position(far, far_column),
	    .ncolumns = 1,
	    .nfar = 1};
	return r;
}

static struct include *
include(struct query *q, const struct relation *r, struct query *far)
{
	struct include *inc = &q->include[q->ninclude++];

	*inc = (struct include){.relation = r, .name = r->name, .query = far};
	return inc;
}

static struct relation *
language_of_film(void)
{
	return relate("language", RELATION_TO_ONE, sample_table(STR("film")),
	    "language_id", sample_table(STR("language")), "language_id");
}

/* there is no such key, but the statement would be the same */
static struct relation *
every_of_film(void)
{
	return relate("every", RELATION_TO_MANY, sample_table(STR("film")),
	    "film_id", sample_table(STR("every")), "c_int4");
}

static struct relation *
actors_of_film(void)
{
	struct relation *r =
	    relate("actor", RELATION_MANY_TO_MANY, sample_table(STR("film")),
		"film_id", sample_table(STR("actor")), "actor_id");

	r->via = sample_table(STR("film_actor"));
	r->via_near = position(r->via, "film_id");
	r->via_far = position(r->via, "actor_id");
	return r;
}

static struct relation *
films_of_actor(void)
{
	struct relation *r =
	    relate("film", RELATION_MANY_TO_MANY, sample_table(STR("actor")),
		"actor_id", sample_table(STR("film")), "film_id");

	r->via = sample_table(STR("film_actor"));
	r->via_near = position(r->via, "actor_id");
	r->via_far = position(r->via, "film_id");
	return r;
}

static struct relation *
films_of_language(void)
{
	return relate("film", RELATION_TO_MANY, sample_table(STR("language")),
	    "language_id", sample_table(STR("film")), "language_id");
}

static struct expr *
compare(const struct table *t, const char *name, enum op op, const char *value)
{
	struct expr *e = arena_make(arena, struct expr);

	e->kind = EXPR_CMP;
	e->cmp.path.column = column(t, name);
	e->cmp.op = op;
	e->cmp.value.text = str_from(value);
	e->cmp.value.type = e->cmp.path.column->type;
	return e;
}

/* ---- answers ------------------------------------------------------------ */

static const char *
answer(const struct query *q, bool stitch)
{
	struct stmt_opts o = opts;
	struct batch *b = batch_new(arena, BATCH_READ);
	struct rows *rows;
	struct render r;
	struct buf out;

	o.stitch = stitch;
	batch_add(b, stmt_select(arena, q, &o));
	if (run(b) != 0)
		fail_msg("%s\n%s", err.cause, b->stmts[0]->text.p);
	rows = batch_rows(b, 0);
	buf_init(&out, arena, 16 << 20);
	render_init(&r, arena, &format_json, rows, false);
	render_head(&r, &out);
	while (rows_next(rows, &err) == 1)
		render_row(&r, rows, &out);
	render_tail(&r, &out);
	return out.p;
}

static void
want_alike(int line, const struct query *q, const char *part)
{
	const char *nested = answer(q, false), *stitched = answer(q, true);

	if (strcmp(nested, stitched) != 0)
		fail_msg("line %d: %.2000s\nstitched %.2000s", line, nested,
		    stitched);
	if (strstr(nested, part) == NULL)
		fail_msg("line %d: no %s in %.2000s", line, part, nested);
}

static void
test_every_type(void **state)
{
	struct query *film = query_of("film"), *every = query_of("every");

	(void)state;
	add_field(film, "title");
	order_by_key(film);
	order_by_key(every);
	include(film, every_of_film(), every);
	opts.numeric_as_string = opts.bigint_as_string = false;
	want_alike(__LINE__, film, "\"c_numeric\":1.50,");
	want_alike(__LINE__, film, "\"c_bytea\":\"AAECAw==\"");
	opts.numeric_as_string = opts.bigint_as_string = true;
	want_alike(__LINE__, film, "\"c_numerics\":[\"1.50\",null]");
	opts.numeric_as_string = opts.bigint_as_string = false;
}

/* language > films > (language, actors > films, every) */
static void
test_depth(void **state)
{
	struct query *top = query_of("language"), *film = query_of("film"),
		     *actor = query_of("actor"), *again = query_of("film"),
		     *one = query_of("language"), *every = query_of("every");
	struct include *inc;

	(void)state;
	order_by_key(top);
	add_field(film, "title");
	add_order(film, "-title");
	order_by_key(film);
	add_field(actor, "last_name");
	add_order(actor, "-last_name");
	order_by_key(actor);
	add_field(again, "film_id");
	order_by_key(again);
	add_field(every, "id");
	order_by_key(every);
	include(top, films_of_language(), film);
	include(film, language_of_film(), one);
	include(film, actors_of_film(), actor);
	inc = include(film, every_of_film(), every);
	inc->alias = STR("a \"name\", longer than any identifier of PostgreSQL "
			 "can be in bytes");
	include(actor, films_of_actor(), again);
	want_alike(__LINE__, top, "\"language\":{\"language_id\":1,");
	limit(top, 3, 1);
	limit(film, 4, 2);
	limit(actor, 2, 0);
	limit(again, 3, 1);
	want_alike(__LINE__, top, "\"actor\":[{\"last_name\":\"");
	one->where = compare(one->table, "name", OP_EQ, "English");
	want_alike(__LINE__, top, "\"language\":null");
	film->where = compare(film->table, "film_id", OP_GT, "20");
	want_alike(__LINE__, top, "\\\"name\\\", longer");
}

/* children below a to-one relation, which may be missing */
static void
test_below_one(void **state)
{
	struct query *film = query_of("film"), *language = query_of("language"),
		     *more = query_of("film");

	(void)state;
	add_field(film, "film_id");
	add_order(film, "-film_id");
	add_field(more, "film_id");
	order_by_key(more);
	limit(more, 2, 0);
	include(film, language_of_film(), language);
	include(language, films_of_language(), more);
	language->where = compare(language->table, "name", OP_LT, "French");
	want_alike(__LINE__, film, "\"film\":[{\"film_id\":");
	want_alike(__LINE__, film, "\"language\":null");
}

/* ---- cursors ------------------------------------------------------------ */

/* the rows' order texts become the cursor of the next page */
static size_t
read_page(struct query *q, struct buf *ids)
{
	struct batch *b = batch_new(arena, BATCH_READ);
	struct stmt *s = stmt_select(arena, q, &opts);
	struct value *after = arena_array(arena, struct value, q->norder);
	struct rows *rows;
	size_t n = 0;

	batch_add(b, s);
	if (run(b) != 0)
		fail_msg("%s\n%s", err.cause, s->text.p);
	rows = batch_rows(b, 0);
	for (; rows_next(rows, &err) == 1; n++) {
		buf_str(ids, rows_cell(rows, 0));
		buf_char(ids, ' ');
		for (size_t i = 0; i < q->norder; i++) {
			struct str text =
			    rows_cell(rows, (size_t)s->order_col + i);

			after[i].is_null = text.p == NULL;
			after[i].text =
			    str_dup(arena, text.p == NULL ? STR("") : text);
			after[i].type = q->order[i].path.column->type;
		}
	}
	q->page.after = after;
	return n;
}

static const char *
walk_pages(struct query *q, int64_t size)
{
	struct buf ids;

	buf_init(&ids, arena, 1 << 20);
	q->page = (struct page){
	    .kind = PAGE_CURSOR, .has_limit = true, .limit = size};
	while (read_page(q, &ids) > 0)
		;
	return ids.p;
}

static const char *
read_whole(struct query *q)
{
	struct buf ids;

	buf_init(&ids, arena, 1 << 20);
	q->page = (struct page){.kind = PAGE_CURSOR};
	read_page(q, &ids);
	return ids.p;
}

static void
test_cursor(void **state)
{
	static const struct {
		int line;
		const char *keys[3];
		int nulls[3];
	} cases[] = {
	    {__LINE__, {"id"}, {0}},
	    {__LINE__, {"-id"}, {0}},
	    {__LINE__, {"c_int4", "id"}, {0}},
	    {__LINE__, {"-c_int4", "id"}, {0}},
	    {__LINE__, {"-c_int4", "-id"}, {NULLS_LAST}},
	    {__LINE__, {"c_int4", "-id"}, {NULLS_FIRST}},
	    {__LINE__, {"c_int2", "-c_text", "id"}, {0, NULLS_LAST}},
	    {__LINE__, {"-c_citext", "c_bool", "id"}, {0, NULLS_FIRST}},
	    {__LINE__, {"c_float8", "c_timestamptz", "id"}, {0}},
	    {__LINE__, {"c_numeric", "-c_char", "id"}, {0}},
	    {__LINE__, {"c_name", "c_onechar", "id"}, {0}},
	    {__LINE__, {"c_bytea", "c_jsonb", "id"}, {0}},
	    {__LINE__, {"c_texts", "c_enum", "id"}, {0}},
	    {__LINE__, {"c_address", "c_interval", "id"}, {0}},
	    {__LINE__, {"c_int4range", "c_inet", "id"}, {0}},
	    {__LINE__, {"c_uuid", "c_domain", "id"}, {NULLS_LAST, NULLS_FIRST}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct query *q = query_of("every");
		const char *whole;

		add_field(q, "id");
		for (size_t k = 0; k < 3 && cases[i].keys[k] != NULL; k++)
			add_order(q, cases[i].keys[k])->nulls =
			    cases[i].nulls[k];
		whole = read_whole(q);
		if (strlen(whole) < 50)
			fail_msg("line %d: %s", cases[i].line, whole);
		for (int64_t size = 1; size < 9; size += 3) {
			const char *pages = walk_pages(q, size);

			if (strcmp(whole, pages) != 0)
				fail_msg("line %d: %s\ninstead of %s",
				    cases[i].line, pages, whole);
		}
	}
}

/* by a column of a relation, with conditions and a relation to be there */
static void
test_cursor_related(void **state)
{
	struct query *q = query_of("film"), *every = query_of("every");
	const struct relation *hop = language_of_film();
	const char *whole;

	(void)state;
	add_field(q, "film_id");
	add_order(q, "-length");
	add_order(q, "title")->desc = true;
	q->order[1].path.column = column(hop->far, "name");
	q->order[1].path.hops = &hop;
	q->order[1].path.nhops = 1;
	order_by_key(q);
	q->where = compare(q->table, "film_id", OP_LT, "70");
	whole = read_whole(q);
	assert_string_equal(whole, walk_pages(q, 7));
	add_field(every, "id");
	order_by_key(every);
	include(q, every_of_film(), every)->join = JOIN_INNER;
	assert_true(strlen(read_whole(q)) < strlen(whole));
	assert_string_equal(read_whole(q), walk_pages(q, 2));
}

/* ---- entity tags -------------------------------------------------------- */

static const char *
read_tag(void)
{
	struct query *q = query_of("film");
	struct batch *b = batch_new(arena, BATCH_READ);
	struct stmt_opts o = {.etag = true};
	struct stmt *s;
	struct rows *rows;

	add_field(q, "title");
	q->where = compare(q->table, "film_id", OP_EQ, "1");
	s = stmt_select(arena, q, &o);
	batch_add(b, s);
	assert_runs(b);
	rows = batch_rows(b, 0);
	assert_int_equal(rows_next(rows, &err), 1);
	assert_int_equal(s->shape->n, 1);
	return str_c(arena, rows_cell(rows, (size_t)s->etag_col));
}

static void
test_etag(void **state)
{
	const char *tag = read_tag(), *changed;

	(void)state;
	assert_int_equal(strlen(tag), 32);
	assert_string_equal(tag, read_tag());
	sql("update public.film set length = length + 1 where film_id = 1");
	changed = read_tag();
	assert_string_not_equal(tag, changed);
	sql("update public.film set length = length - 1 where film_id = 1");
	assert_string_equal(tag, read_tag());
}

/* ---- plans -------------------------------------------------------------- */

static const char *
explain(const struct stmt *s)
{
	struct buf text, plan;
	PGresult *res;

	buf_init(&text, arena, 1 << 20);
	buf_init(&plan, arena, 1 << 20);
	buf_printf(&text, "explain (costs off) %s", s->text.p);
	res = PQexecParams(
	    other, text.p, (int)s->nargs, NULL, s->args, NULL, NULL, 0);
	if (PQresultStatus(res) != PGRES_TUPLES_OK)
		fail_msg("%s\n%s", PQerrorMessage(other), text.p);
	for (int i = 0; i < PQntuples(res); i++)
		buf_printf(&plan, "%s\n", PQgetvalue(res, i, 0));
	PQclear(res);
	return plan.p;
}

static void
want_plan(int line, const struct stmt *s, const char *part, const char * not )
{
	const char *plan = explain(s);

	if ((part != NULL && strstr(plan, part) == NULL) ||
	    (not != NULL && strstr(plan, not ) != NULL))
		fail_msg("line %d: %s\n%s", line, s->text.p, plan);
}

static struct query *
payments(const char *first, const char *second)
{
	struct query *q = query_of("payment");

	add_order(q, first);
	if (second != NULL)
		add_order(q, second);
	q->page =
	    (struct page){.kind = PAGE_CURSOR, .has_limit = true, .limit = 20};
	q->page.after = arena_array(arena, struct value, q->norder);
	for (size_t i = 0; i < q->norder; i++) {
		q->page.after[i].text = STR("500");
		q->page.after[i].type = q->order[i].path.column->type;
	}
	return q;
}

/* a page far behind costs what the first one does: nothing is sorted but
 * what the branches bring, and no table is read from its beginning */
static void
test_cursor_plans(void **state)
{
	struct query *q;

	(void)state;
	want_plan(__LINE__,
	    stmt_select(arena, payments("payment_id", NULL), &opts),
	    "Index Scan using payment_pkey", "Sort");
	want_plan(__LINE__,
	    stmt_select(arena, payments("-customer_id", "-payment_id"), &opts),
	    "Index Scan Backward using by_customer", "Sort");
	want_plan(__LINE__,
	    stmt_select(arena, payments("customer_id", "-payment_id"), &opts),
	    "Index Scan using by_customer", "Seq Scan");
	want_plan(__LINE__,
	    stmt_select(arena, payments("rental_id", "payment_id"), &opts),
	    "Index Scan using by_rental", "Seq Scan");
	/* few rows are null */
	q = payments("rental_id", "payment_id");
	q->page.after[0].is_null = true;
	want_plan(
	    __LINE__, stmt_select(arena, q, &opts), "by_rental", "Seq Scan");
}

static void
test_include_plans(void **state)
{
	struct query *q = query_of("customer"), *far = query_of("payment");
	const struct relation *r = relate("payment", RELATION_TO_MANY, q->table,
	    "customer_id", far->table, "customer_id");
	struct stmt_opts o = opts;
	struct expr exists = {.kind = EXPR_EXISTS};
	struct stmt *s;

	(void)state;
	o.stitch = true;
	order_by_key(q);
	order_by_key(far);
	limit(q, 20, 0);
	include(q, r, far);
	want_plan(__LINE__, stmt_select(arena, q, &opts), "by_customer",
	    "Seq Scan on payment");
	s = stmt_select(arena, q, &o);
	want_plan(__LINE__, s, "customer_pkey", "payment");
	want_plan(
	    __LINE__, s->children[0], "by_customer", "Seq Scan on payment");
	limit(far, 3, 0);
	s = stmt_select(arena, q, &o);
	want_plan(__LINE__, s->children[0], "Index Scan using by_customer",
	    "Seq Scan");
	exists.exists.relation = r;
	exists.exists.where = compare(far->table, "payment_id", OP_LT, "9");
	q->where = &exists;
	q->ninclude = 0;
	want_plan(__LINE__, stmt_count(arena, q, 0), "payment_pkey",
	    "Seq Scan on payment");
}

static void
test_condition_plans(void **state)
{
	struct query *q = query_of("payment");
	struct value v[3] = {
	    {.text = STR("5")}, {.text = STR("6")}, {.is_null = true}};
	struct expr in = {.kind = EXPR_IN, .in = {.v = v, .n = 3}};
	struct query *d = query_of("document");
	struct expr *element = compare(d->table, "tags", OP_ELEMENT, "x");

	(void)state;
	in.in.path.column = column(q->table, "payment_id");
	v[0].type = v[1].type = v[2].type = in.in.path.column->type;
	q->where = &in;
	want_plan(__LINE__, stmt_count(arena, q, 0), "payment_pkey", "Seq");
	element->cmp.value.type = column(d->table, "tags")->type->element;
	d->where = element;
	want_plan(__LINE__, stmt_count(arena, d, 0), "by_tag", "Seq");
	d->where = compare(d->table, "words", OP_FTS, "red car");
	want_plan(__LINE__, stmt_count(arena, d, 0), "by_word", "Seq");
}

/* ---- data --------------------------------------------------------------- */

static const char data[] =
    "insert into public.language (name) values "
    "('English'), ('French'), (''), ('Nobody''s');"
    "insert into public.film (title, language_id, length, description) "
    "select 'film ' || i, 1 + i % 3, nullif(i % 7, 0), "
    "e'line\\n\"' || i from generate_series(1, 90) i;"
    "insert into public.actor (first_name, last_name) "
    "select 'a' || i, 'l' || i % 4 from generate_series(1, 12) i;"
    "insert into public.film_actor (actor_id, film_id) "
    "select a, f from generate_series(1, 12) a, generate_series(1, 60) f "
    "where (a + f) % 3 = 0;"
    "insert into public.every (c_int4, c_address) values (1, null), "
    "(null, row(null, null)::public.place), (2, null);"
    "insert into public.every (c_int4, c_bool, c_int2, c_int8, c_numeric, "
    "c_money, c_float4, c_float8, c_text, c_varchar, c_char, c_name, "
    "c_onechar, c_citext, c_bytea, c_date, c_time, c_timetz, c_timestamp, "
    "c_timestamptz, c_interval, c_uuid, c_json, c_jsonb, c_enum, c_domain, "
    "c_inet, c_oid, c_point, c_box, c_hstore, c_texts, c_int4s, c_int8s, "
    "c_numerics, c_byteas, c_jsonbs, c_dates, c_address, c_secret, "
    "c_secrets, c_int4range, c_tsrange, c_datemultirange) "
    "select 1 + i % 30, i % 2 = 0, i % 3, 9007199254740993 + i, "
    "case i % 4 when 0 then 'NaN' when 1 then 1.50 when 2 then 'Infinity' "
    "else i end, 1.5, 0.1, case i % 3 when 0 then '-Infinity' when 1 then "
    "1e300 else 0.1 end, e'ä\"\\\\\\n' || i % 3, 'v', 'c', 'n' || i % 2, "
    "chr(97 + i % 2), case i % 3 when 0 then 'ABC' when 1 then 'abc' else "
    "'b' end, '\\x00010203', '2026-01-31', '12:30:00.5', '12:30:00+02', "
    "'infinity', '2026-01-31 08:00:00.5+02', make_interval(hours => i), "
    "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', e'{\"a\":\\n 1}', "
    "jsonb_build_object('n', i % 5), (enum_range(null::public.mpaa))[1 + i % "
    "5], "
    "1990 + i % 3, '10.0.0.0/8', i, '(1,2)', '(1,1),(0,0)', "
    "'a=>1, b=>NULL', array['x', null, 'y\"'], '{{1,2},{3,4}}', "
    "array[9007199254740993], array[1.50, null], array['\\x00'::bytea], "
    "array['{\"a\": 1}'::jsonb], array[date '2026-01-31'], "
    "row('s', i % 2)::public.place, row('\\x01', 1.50, "
    "'2026-01-31')::public.secret, array[row('\\x01', 1.50, "
    "'2026-01-31')::public.secret], int4range(1, 5 + i % 3), "
    "'[2026-01-01,2026-02-01)', '{[2026-01-01,2026-02-01)}' "
    "from generate_series(1, 45) i;"
    "insert into public.country (country) values ('x');"
    "insert into public.city (city, country_id) values ('x', 1);"
    "insert into public.address (address, city_id) values ('x', 1);"
    "insert into public.customer (first_name, last_name, address_id) "
    "select 'f' || i, 'l' || i, 1 from generate_series(1, 1000) i;"
    "alter table public.payment drop constraint payment_rental_fkey;"
    "insert into public.payment (customer_id, rental_id, amount, "
    "payment_date) select 1 + i / 21, nullif(i % 3000, 0), 1, "
    "now() from generate_series(1, 20000) i;"
    "create index by_customer on public.payment (customer_id, payment_id);"
    "create index by_rental on public.payment (rental_id, payment_id);"
    "insert into public.document (tags, words) "
    "select array['t' || i], to_tsvector('w' || i) "
    "from generate_series(1, 5000) i;"
    "create index by_tag on public.document using gin (tags);"
    "create index by_word on public.document using gin (words);"
    "analyze";

static char *
read_file(const char *path)
{
	static char text[1 << 16];
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL)
		fail_msg("%s cannot be read", path);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

static int
fill_database(void **state)
{
	const char *src = getenv("DYNAPI_SRCDIR");

	(void)state;
	arena = arena_new();
	other_open();
	sql(read_file(arena_printf(
	    arena, "%s/tests/golden/sample.sql", src != NULL ? src : ".")));
	sql(data);
	arena_free(arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_every_type),
	    TEST(test_depth),
	    TEST(test_below_one),
	    TEST(test_cursor),
	    TEST(test_cursor_related),
	    TEST(test_etag),
	    TEST(test_cursor_plans),
	    TEST(test_include_plans),
	    TEST(test_condition_plans),
	};

	log_open("test_stmt_db", "/dev/null", LEVEL_DEBUG);
	return cmocka_run_group_tests(tests, fill_database, NULL);
}
