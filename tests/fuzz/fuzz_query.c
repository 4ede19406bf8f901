/*
 * A table, a query string and a row path, one a line.  Whatever comes is
 * refused with an error or becomes statements in whose text, outside quoted
 * identifiers, stands nothing but our own words.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../unit/sample_tables.h"
#include "fuzz.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/params.h"
#include "base/utf8.h"
#include "query/query.h"
#include "stmt/stmt.h"

/* the capitals: E'', and the format and encoding of an entity tag */
static const char marks[] = " .,()$:<>=*/+-_'\\[]{}|&~@#?!%EFLTU";

static void
check_tree(const struct stmt *s)
{
	check_text(s, marks);
	for (size_t i = 0; i < s->nchildren; i++)
		check_tree(s->children[i]);
}

static void
check_select(struct arena *a, const struct query *q)
{
	static const struct stmt_opts opts[] = {
	    {.page_size = 25, .max_page_size = 1000, .max_included = 1000},
	    {.page_size = 25,
		.max_page_size = 1000,
		.max_included = 1000,
		.stitch = true,
		.etag = true},
	    {.page_size = 25,
		.max_page_size = 1000,
		.max_rows = 7,
		.max_included = 7,
		.numeric_as_string = true,
		.bigint_as_string = true},
	};

	for (size_t i = 0; i < sizeof(opts) / sizeof(opts[0]); i++)
		check_tree(stmt_select(a, q, &opts[i]));
}

static void
check_query(struct arena *a, const struct query *q)
{
	struct buf b;

	buf_init(&b, a, 1 << 24);
	query_dump(&b, q);
	must(!b.overflow && utf8_valid(buf_view(&b)));
	must(q->page.offset >= 0 && q->page.limit >= 0);
	for (size_t i = 0; i < q->ntouched; i++)
		must(q->touched[i] != NULL);
	check_select(a, q);
	check_tree(stmt_count(a, q, 0));
	check_tree(stmt_count(a, q, 11));
	check_tree(stmt_estimate(a, q));
}

static const struct table *
choose_table(uint8_t choice)
{
	struct schema *schema = sample_schema();
	size_t i = (choice & 0x1f) % schema_count(schema);

	return schema_table(schema, schema_entry(schema, i)->qname, NULL);
}

static int
try_query(struct arena *a, struct str query, struct str key, uint8_t choice,
    struct err *err)
{
	struct query_limits limits = {.strict = choice & 0x80,
	    .page_size = 25,
	    .max_page_size = 1000,
	    .max_filters = 8,
	    .max_includes = 5,
	    .max_depth = 3,
	    .allow_page = (choice & 0x40) == 0,
	    .regex = choice & 0x20,
	    .cursor_key = STR("key")};
	struct params params;
	struct query *q;

	if (params_parse(a, query, 32, &params, err) != 0)
		return -1;
	q = query_parse_drf(a, &params, &limits, err);
	if (q == NULL || query_resolve(a, q, sample_schema(),
			     choose_table(choice), &limits, err) != 0)
		return -1;
	check_query(a, q);
	if (key.p == NULL)
		return 0;
	if (query_key(a, q, key, err) != 0)
		return -1;
	check_query(a, q);
	check_tree(stmt_delete(a, q));
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	struct str rest, query;
	struct err err;
	int result;

	err_init(&err, a);
	if (n > 0) {
		rest = (struct str){arena_memdup(a, bytes + 1, n - 1), n - 1};
		str_cut(&rest, '\n', &query);
		result = try_query(a, query, rest, bytes[0], &err);
		must((result == 0) == (err.id == ERR_NONE));
		must(err.id == ERR_NONE || err_status(err.id) < 500);
	}
	arena_free(a);
	return 0;
}
