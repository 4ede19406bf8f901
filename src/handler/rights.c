/*
 * The rights of the caller on all tables at once: for lists of tables, and for
 * what may be said about tables beside the one he asked for.
 */
#include "handler/handler.h"

#include "base/arena.h"
#include "base/jsonw.h"

/* columns of auth_rights after the table's name */
static const char *const names[RIGHTS] = {
    "create", "read", "update", "delete", "bulk"};

bool
rights_of_guard(struct ctx *c, struct rows *guard)
{
	return rows_next(guard, &c->err) == 1 &&
	       str_starts(rows_cell(guard, 0), STR("t"));
}

bool
rights_of_shown(const struct rows *guard, size_t i)
{
	struct str said = rows_cell(guard, 0);

	return i + 1 < said.len && said.p[i + 1] == 't';
}

static bool
read_right(struct ctx *c, const struct rows *rows, struct right *r)
{
	bool some = false;

	r->table = str_dup(c->arena, rows_cell(rows, 0));
	for (size_t i = 0; i < RIGHTS; i++) {
		r->has[i] = str_eq(rows_cell(rows, i + 1), STR("t"));
		some = some || r->has[i];
	}
	return some;
}

static int
read_all(struct ctx *c, struct rows *rows, struct rights *out)
{
	size_t max = (size_t)rows_count(rows);
	int rc;

	*out =
	    (struct rights){arena_array(c->arena, struct right, max), 0, NULL};
	while ((rc = rows_next(rows, &c->err)) == 1) {
		struct right *r = &out->v[out->n];

		if (!read_right(c, rows, r))
			continue;
		if (str_eq_c(r->table, "*"))
			out->all = r;
		out->n++;
	}
	return rc;
}

int
rights_ask(struct ctx *c, struct stmt *guard, struct stmt *also,
    struct rows **rows, struct rights *out)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	size_t with = 0, at;

	batch_guard(b, guard);
	if (also != NULL)
		with = batch_add(b, also);
	at = batch_add(b, auth_rights(c->arena, &c->principal));
	if (ctx_run(c, b) != 0 || read_all(c, batch_rows(b, at), out) != 0)
		return -1;
	if (also != NULL)
		*rows = batch_rows(b, with);
	return 0;
}

const struct right *
rights_on(const struct rights *rights, struct str qname)
{
	size_t lo = 0, hi = rights->n;

	if (rights->all != NULL)
		return rights->all;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int cmp = str_cmp(rights->v[mid].table, qname);

		if (cmp == 0)
			return &rights->v[mid];
		if (cmp < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

bool
rights_see(const struct rights *rights, struct str qname)
{
	const struct right *r = rights_on(rights, qname);

	return r != NULL && r->has[ACTION_READ];
}

bool
rights_visible(const void *rights, const struct table *t)
{
	return rights_see(rights, t->qname);
}

void
rights_write(struct jsonw *w, const struct right *r)
{
	jsonw_key(w, "rights");
	jsonw_array(w);
	for (size_t i = 0; i < RIGHTS; i++)
		if (r->has[i])
			jsonw_cstr(w, names[i]);
	jsonw_end(w);
}
