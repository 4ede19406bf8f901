/*
 * A table and a method, then a body.  What is refused is refused with a
 * reason; what is taken becomes a statement with one argument for each value,
 * all valid UTF-8, and never the same column twice.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/sample_tables.h"
#include "fuzz.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"
#include "query/query.h"
#include "stmt/stmt.h"

static const struct stmt_opts opts = {.page_size = 25, .max_page_size = 1000};

static void
check_body(const struct table *t, const struct body *b, enum body_mode mode)
{
	must(b->n <= t->ncolumns);
	for (size_t i = 0; i < b->n; i++) {
		const struct assign *as = &b->v[i];

		must(i == 0 || as->column > b->v[i - 1].column);
		must(!as->column->generated && as->column->updatable);
		must(as->column->identity != IDENTITY_ALWAYS);
		must(!as->is_null || !as->column->not_null);
		must(!as->is_default || mode == BODY_REPLACE);
		if (!as->is_null && !as->is_default)
			must(utf8_valid(as->text));
	}
}

static void
check_stmt(const struct stmt *s, const struct body *b, size_t nkey)
{
	size_t values = 0;

	for (size_t i = 0; i < b->n; i++)
		values += !b->v[i].is_default;
	must(!s->text.overflow && s->nargs == values + nkey);
	for (size_t i = 0; i < s->nargs; i++)
		must(s->args[i] == NULL || utf8_valid(str_from(s->args[i])));
}

static int
try_body(struct arena *a, struct str text, const struct table *t,
    enum body_mode mode, struct err *err)
{
	const struct query_limits limits = {.page_size = 25};
	struct query *q = query_new(a);
	struct json *j = json_parse(a, text, err);
	struct body body;

	if (j == NULL || query_resolve(a, q, NULL, t, &limits, err) != 0)
		return -1;
	if (mode != BODY_CREATE &&
	    query_key(
		a, q, t->nkey == 1 ? STR("7") : STR("7,2026-01-31"), err) != 0)
		return -1;
	if (body_parse(
		a, t, j, mode, mode == BODY_CREATE ? NULL : q, &body, err) != 0)
		return -1;
	check_body(t, &body, mode);
	for (size_t i = 0; i < body.n; i++)
		must(stmt_cast(a, &body.v[i])->nargs == 1);
	if (mode == BODY_CREATE)
		check_stmt(stmt_insert(a, t, &body, true, &opts), &body, 0);
	else
		check_stmt(
		    stmt_update(a, q, &body, false, &opts), &body, t->nkey);
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
		int result;

		result = try_body(a, text,
		    &sample_tables[(bytes[0] >> 2) % sample_ntables],
		    (enum body_mode)((bytes[0] & 3) % 3), &err);
		must((result == 0) == (err.id == ERR_NONE));
		must(err.id == ERR_NONE || err_status(err.id) < 500);
	}
	arena_free(a);
	return 0;
}
