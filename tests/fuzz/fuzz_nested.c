/*
 * A table, then a document of rows and those that belong to them.  What is
 * refused is refused with a reason; what is taken becomes one statement in
 * whose text, outside quoted identifiers, stands nothing but our own words.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../unit/sample_tables.h"
#include "fuzz.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"
#include "query/query.h"
#include "stmt/stmt.h"

static void
check_stmt(const struct stmt *s)
{
	check_text(s, " .,()$:=*/_'\\[]E");
	must(s->ncols > 0);
	must(s->nargs < 65536 && s->ncols < 1665);
}

static void
check_set(const struct nested_set *set)
{
	must(set->n > 0 && set->n <= NESTED_MAX && set->v[0] == set->first);
	for (size_t i = 0; i < set->n; i++) {
		const struct nested *n = set->v[i];

		must(n->number == i);
		must((n->relation == NULL) == (n->place == NESTED_ALONE));
		must((n->relation == NULL) == (n->up == NULL));
		must(n->how == NESTED_CREATE ||
		     (n->relation != NULL && n->nby > 0 && n->down == NULL));
		must(n->how != NESTED_ENSURE || n->place != NESTED_BEHIND);
		for (size_t k = 0; k < n->body.n; k++)
			must(
			    n->given[n->body.v[k].column - n->table->columns] !=
			    NESTED_GIVEN);
	}
}

static int
try_body(struct arena *a, struct str text, uint8_t choice, struct err *err)
{
	static const struct stmt_opts opts = {
	    .page_size = 25, .max_page_size = 1000};
	static const struct query_limits limits = {.max_depth = 4};
	struct once once = {1, STR("k"), STR("\\x00")};
	struct schema *schema = sample_schema();
	struct json *j = json_parse_row(a, text, err);
	const struct table_entry *e;
	const struct table *t;
	const struct nested *last;
	struct nested_set set;
	int rc;

	if (j == NULL)
		return -1;
	e = schema_entry(schema, choice % schema_count(schema));
	t = schema_table(schema, e->qname, err);
	must(t != NULL);
	rc = nested_parse(a, schema, t, j, &limits, &set, err);
	must((rc == 0) == (err->id == ERR_NONE));
	if (j->kind == JSON_OBJECT)
		(void)nested_is(a, schema, t, j, NULL);
	if (rc != 0)
		return -1;
	check_set(&set);
	check_stmt(stmt_insert_nested(
	    a, &set, choice % 3 == 0, choice % 2 == 0 ? &once : NULL, &opts));
	check_stmt(stmt_begin_nested(a, &set, choice % set.n + 1, &last));
	must(last != NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	struct err err;

	err_init(&err, a);
	if (n > 0) {
		struct str text = {arena_memdup(a, bytes + 1, n - 1), n - 1};
		int result = try_body(a, text, bytes[0], &err);

		must((result == 0) == (err.id == ERR_NONE));
		must(err.id == ERR_NONE || err_status(err.id) < 500);
	}
	arena_free(a);
	return 0;
}
