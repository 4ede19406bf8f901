/*
 * PostgreSQL says the same of a row that refers to none and of one that others
 * of its table refer to: which of them was it?  Asked after the failure, of
 * what there was before the change.
 */
#include "stmt/stmt_priv.h"

#include <assert.h>

#include "base/arena.h"

/* ---- what a change assigns ---------------------------------------------- */

const struct effect *
effect_of(struct arena *a, struct effect change)
{
	struct effect *c = arena_make(a, struct effect);

	*c = change;
	return c;
}

/* where it stands in the chunk, or ncolumns */
static size_t
find_in_chunk(const struct chunk *c, const struct column *col)
{
	size_t i = 0;

	while (i < c->ncolumns && c->columns[i] != col)
		i++;
	return i;
}

/* columns that are compared to find the row stay as they are */
static bool
is_compared(const struct effect *e, const struct column *col)
{
	if (e->on != NULL)
		return positions_have(e->on->columns, e->on->ncolumns,
		    (size_t)(col - e->chunk->table->columns));
	return find_in_chunk(e->chunk, col) < e->chunk->nkey;
}

bool
effect_assigns(const struct effect *e, const struct column *col)
{
	if (e->set != NULL)
		return body_assign(e->set, col) != NULL;
	if (e->chunk != NULL)
		return find_in_chunk(e->chunk, col) < e->chunk->ncolumns &&
		       !is_compared(e, col);
	for (size_t i = 0; i < e->ncolumns; i++)
		if (e->columns[i] == col)
			return true;
	return false;
}

bool
effect_assigns_any(
    const struct effect *e, const struct column *const *columns, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (columns[i] != NULL && effect_assigns(e, columns[i]))
			return true;
	return false;
}

/* ---- the rows that change: s(r0 …, f0 …, n0 …) --------------------------- */

static void
emit_number(struct stmt *s, const char *letter, size_t i)
{
	buf_cstr(&s->text, letter);
	buf_u64(&s->text, i);
}

/* what the database makes is taken for another value */
static bool
is_made(const struct effect *e, const struct column *col)
{
	const struct assign *as =
	    e->set != NULL ? body_assign(e->set, col) : NULL;

	return as != NULL &&
	       (as->is_next || (as->is_default && col->has_default));
}

static void
emit_new(struct stmt *s, const struct effect *e, const struct column *col)
{
	const struct assign *as;

	if (e->chunk != NULL) {
		emit_number(s, "u.c", find_in_chunk(e->chunk, col));
		return;
	}
	as = body_assign(e->set, col);
	assert(as != NULL);
	stmt_param(s, as->is_null || as->is_default ? STR_NONE : as->text,
	    as->column->type);
}

static void
emit_changed_columns(
    struct stmt *s, const struct effect *e, const struct self_key *k)
{
	stmt_lit(s, "s as (select");
	for (size_t i = 0; i < k->n; i++) {
		stmt_lit(s, " ");
		stmt_column(s, k->far[i]);
		emit_number(s, " as r", i);
		stmt_lit(s, ", ");
		stmt_column(s, k->near[i]);
		emit_number(s, " as f", i);
		if (effect_assigns(e, k->far[i]) && !is_made(e, k->far[i])) {
			stmt_lit(s, ", ");
			emit_new(s, e, k->far[i]);
			emit_number(s, " as n", i);
		}
		if (i + 1 < k->n)
			stmt_lit(s, ",");
	}
}

static void
emit_match(struct stmt *s, const struct chunk *c, size_t i, bool first)
{
	if (first)
		stmt_lit(s, " t on ");
	else
		stmt_lit(s, " and ");
	stmt_column(s, c->columns[i]);
	stmt_operator(s, "=", c->columns[i]->type);
	emit_number(s, "u.c", i);
}

static void
emit_chunk_row(struct stmt *s, const struct effect *e)
{
	bool first = true;

	stmt_lit(s, " from u join ");
	stmt_table(s, e->chunk->table);
	for (size_t i = 0; i < e->chunk->ncolumns; i++) {
		if (!is_compared(e, e->chunk->columns[i]))
			continue;
		emit_match(s, e->chunk, i, first);
		first = false;
	}
}

static void
emit_changed(struct stmt *s, const struct effect *e, const struct self_key *k)
{
	if (e->chunk != NULL) {
		stmt_chunk_rows(s, e->chunk);
		stmt_lit(s, ", ");
	} else {
		stmt_lit(s, "with ");
	}
	emit_changed_columns(s, e, k);
	if (e->chunk != NULL)
		emit_chunk_row(s, e);
	else
		stmt_from_where(s, e->of);
	stmt_lit(s, ")");
}

/* ---- what they had, and who refers to it --------------------------------- */

static void
emit_given_up(struct stmt *s, const struct effect *e, const struct self_key *k)
{
	const char *before = " where (";

	for (size_t i = 0; i < k->n; i++) {
		if (!effect_assigns(e, k->far[i]))
			continue;
		buf_cstr(&s->text, before);
		before = " or ";
		if (is_made(e, k->far[i])) {
			stmt_lit(s, "true");
			continue;
		}
		emit_number(s, "(s.r", i);
		stmt_operator(s, "=", k->far[i]->type);
		emit_number(s, "s.n", i);
		stmt_lit(s, ") is not true");
	}
	stmt_lit(s, ")");
}

/* "x.f0 = s.r0 and …"; x NULL: the table's own columns */
static void
emit_referring(struct stmt *s, const struct self_key *k, const char *x)
{
	for (size_t i = 0; i < k->n; i++) {
		if (i > 0)
			stmt_lit(s, " and ");
		if (x != NULL)
			emit_number(s, x, i);
		else
			stmt_column(s, k->near[i]);
		stmt_operator(s, "=", k->far[i]->type);
		emit_number(s, "s.r", i);
	}
}

/* more rows than those that stop to refer to it by the same change: only that
 * row itself, where references stay as they are */
static void
emit_others(struct stmt *s, const struct effect *e, const struct self_key *k)
{
	stmt_lit(s, " and (select pg_catalog.count(*) from ");
	stmt_table(s, k->table);
	stmt_lit(s, " t where ");
	emit_referring(s, k, NULL);
	if (effect_assigns_any(e, k->near, k->n)) {
		stmt_lit(s, ") > (select pg_catalog.count(*) from s x where ");
		emit_referring(s, k, "x.f");
		stmt_lit(s, ")");
	} else {
		stmt_lit(s, ") > case when ");
		emit_referring(s, k, "s.f");
		stmt_lit(s, " then 1 else 0 end");
	}
}

/* where references follow, nobody is left behind */
static void
emit_stays(struct stmt *s, const struct violated *v)
{
	stmt_lit(s, " and exists (select from pg_catalog.pg_constraint o"
		    " join pg_catalog.pg_class c on c.oid = o.conrelid"
		    " join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
		    " where o.confupdtype in ('a', 'r') and o.conname = ");
	stmt_param(s, v->constraint, NULL);
	stmt_lit(s, "::name and n.nspname = ");
	stmt_param(s, v->schema, NULL);
	stmt_lit(s, "::name and c.relname = ");
	stmt_param(s, v->table, NULL);
	stmt_lit(s, "::name) limit 1");
}

/* are the values there that name the row of the chunk? */
static bool
is_found(const struct effect *e)
{
	size_t n = 0;

	if (e->on == NULL)
		return true;
	for (size_t i = 0; i < e->chunk->ncolumns; i++)
		n += is_compared(e, e->chunk->columns[i]);
	return n == e->on->ncolumns;
}

struct stmt *
stmt_refers(struct arena *a, const struct effect *e, const struct self_key *k,
    const struct violated *v)
{
	struct stmt *s;

	if ((e->of == NULL && e->chunk == NULL) ||
	    (e->chunk != NULL && !is_found(e)))
		return NULL;
	s = stmt_new(a, "refers");
	emit_changed(s, e, k);
	stmt_lit(s, " select 1 from s");
	emit_given_up(s, e, k);
	emit_others(s, e, k);
	emit_stays(s, v);
	return s;
}
