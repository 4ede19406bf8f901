/*
 * A question of the v2 dialect, as a query string or, when it begins with a
 * brace, as the body of a search.  Whatever comes is refused with an error or
 * becomes statements in whose text, outside quoted identifiers, stands nothing
 * but our own words.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../unit/sample_tables.h"
#include "fuzz.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/params.h"
#include "base/utf8.h"
#include "query/query.h"
#include "stmt/stmt.h"

static void
check_stmt(const struct stmt *s)
{
	check_text(s, " .,()$:<>=*/+-_'\\[]#|&?~!@E");
	for (size_t i = 0; i < s->nchildren; i++)
		check_stmt(s->children[i]);
}

static void
check_query(struct arena *a, const struct query *q)
{
	static const struct stmt_opts stream = {
	    .page_size = 25, .max_page_size = 1000, .max_included = 100};
	static const struct stmt_opts stitch = {.page_size = 25,
	    .max_page_size = 1000,
	    .max_included = 100,
	    .stitch = true};
	struct buf b;

	buf_init(&b, a, 1 << 24);
	query_dump(&b, q);
	must(!b.overflow && utf8_valid(buf_view(&b)));
	must(q->page.offset >= 0 && q->page.limit >= 0);
	check_stmt(stmt_select(a, q, &stream));
	check_stmt(stmt_select(a, q, &stitch));
	check_stmt(stmt_count(a, q, 0));
}

static struct query *
parse(struct arena *a, struct str text, const struct query_limits *limits,
    struct err *err)
{
	struct params params;
	struct json *body;

	if (text.len > 0 && text.p[0] == '{') {
		body = json_parse_row(a, text, err);
		return body == NULL
			   ? NULL
			   : query_parse_ransack_json(a, body, limits, err);
	}
	if (params_parse(a, text, 32, &params, err) != 0)
		return NULL;
	return query_parse_ransack(a, &params, limits, err);
}

static int
try_query(struct arena *a, struct str text, uint8_t choice, struct err *err)
{
	struct query_limits limits = {.strict = choice & 0x80,
	    .page_size = 25,
	    .max_page_size = 1000,
	    .max_filters = 16,
	    .max_includes = 4,
	    .max_depth = 3,
	    .allow_page = true};
	const struct table *t =
	    sample_table(sample_tables[(choice & 0x7f) % sample_ntables].path);
	struct query *q = parse(a, text, &limits, err);

	if (q == NULL ||
	    query_resolve(a, q, sample_schema(), t, &limits, err) != 0)
		return -1;
	check_query(a, q);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	struct err err;
	struct str text;
	int result;

	err_init(&err, a);
	if (n > 0) {
		text = (struct str){arena_memdup(a, bytes + 1, n - 1), n - 1};
		result = try_query(a, text, bytes[0], &err);
		must((result == 0) == (err.id == ERR_NONE));
		must(err.id == ERR_NONE || err_status(err.id) < 500);
	}
	arena_free(a);
	return 0;
}
