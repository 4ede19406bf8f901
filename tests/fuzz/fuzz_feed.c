/*
 * A table, a kind and a method, then a body, in pieces of some size.  Every
 * row that is taken fits its columns; the same body gives the same rows in
 * whatever pieces it comes; what is refused has a reason.
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

struct pieces {
	struct str rest;
	size_t each;
};

struct outcome {
	size_t rows, values, bytes;
	unsigned faults;
	enum err_id id;
};

static ssize_t
read_piece(void *arg, char *room, size_t n, struct err *err)
{
	struct pieces *p = arg;
	size_t part = p->rest.len < p->each ? p->rest.len : p->each;

	(void)err;
	if (part > n)
		part = n;
	memcpy(room, p->rest.p, part);
	p->rest = str_sub(p->rest, part, p->rest.len);
	return (ssize_t)part;
}

static void
check_row(
    const struct feed_opts *o, const struct feed_row *row, struct outcome *out)
{
	size_t nkey = o->mode == BODY_PATCH ? o->table->nkey : 0;

	must(row->n >= nkey && row->n <= o->table->ncolumns);
	for (size_t i = 0; i < row->n; i++) {
		const struct assign *as = &row->v[i];

		must(!as->is_default);
		must(!as->is_null || !as->column->not_null);
		must(as->is_null || utf8_valid(as->text));
		must(
		    as->is_null || memchr(as->text.p, 0, as->text.len) == NULL);
		if (i < nkey)
			must(
			    as->column == &o->table->columns[o->table->key[i]]);
		else
			must(!as->column->generated && as->column->updatable);
		if (i > nkey)
			must(as->column > row->v[i - 1].column);
		out->bytes += as->text.len;
	}
	out->rows++;
	out->values += row->n;
}

static struct outcome
feed(struct feed_opts *o, struct str text, size_t each)
{
	struct pieces p = {text, each};
	struct arena *a = arena_new();
	struct outcome out = {0};
	struct feed_row row;
	struct feed *f;
	struct err err;
	enum feed_got got;

	err_init(&err, a);
	o->read = read_piece;
	o->arg = &p;
	o->json = o->kind == FEED_JSON ? json_parse_row(a, text, &err) : NULL;
	if (o->kind != FEED_JSON || o->json != NULL) {
		f = feed_new(a, o);
		while ((got = feed_next(f, &row, &err)) != FEED_END) {
			if (got == FEED_BROKEN)
				break;
			if (got == FEED_ROW)
				check_row(o, &row, &out);
			else
				must(err.id != ERR_NONE);
		}
		must(got != FEED_BROKEN || err.id != ERR_NONE);
	}
	must(err.id == ERR_NONE || err_status(err.id) < 500);
	out.id = err.id;
	out.faults = err.nfields;
	arena_free(a);
	return out;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct feed_opts o = {.csv_guard = true};
	struct outcome some, all;
	struct str text;

	if (n < 2)
		return 0;
	o.kind = (enum feed_kind)(bytes[0] % 3);
	o.mode = bytes[0] & 0x80 ? BODY_PATCH : BODY_CREATE;
	o.table = &sample_tables[(bytes[0] >> 2) % sample_ntables];
	if (o.table->nkey == 0)
		o.mode = BODY_CREATE;
	text = (struct str){(const char *)bytes + 2, n - 2};
	some = feed(&o, text, 1 + bytes[1] % 16u);
	all = feed(&o, text, SIZE_MAX);
	must(memcmp(&some, &all, sizeof some) == 0);
	return 0;
}
