/*
 * Which relations are exposed, under which path and with which key; and why
 * others are not (DECISIONS 2).
 */
#include "introspect/introspect_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "conf/conf.h"
#include "schema/schema.h"

/* path segments below /api/dyn/ that are routes, and those that a client's
 * URL parser would resolve away */
static const char *const fixed_segments[] = {
    "reload", "config", "search", ".", ".."};

static bool
is_fixed(struct str name)
{
	for (size_t i = 0;
	     i < sizeof(fixed_segments) / sizeof(fixed_segments[0]); i++)
		if (str_eq_c(name, fixed_segments[i]))
			return true;
	return false;
}

static bool
is_default(const struct catalog *c, struct str schema)
{
	return c->nschemas > 0 && str_eq(schema, c->schemas[0]);
}

/* the pattern of the list that matches the table, or STR_NONE */
static struct str
find_pattern(struct catalog *c, const char *list, const struct rel *r)
{
	struct str rest = str_from(list), item;

	while (rest.p != NULL && conf_list_next(&rest, &item)) {
		const char *pattern = str_c(c->arena, item);

		if (conf_list_has(pattern, r->name) ||
		    conf_list_has(pattern, r->qname))
			return item;
	}
	return STR_NONE;
}

static bool
is_listed(const char *list)
{
	struct str rest = str_from(list), item;

	return list != NULL && conf_list_next(&rest, &item);
}

/* names that could not be written to the snapshot (database in SQL_ASCII) */
static bool
is_readable(const struct rel *r)
{
	if (!utf8_valid(r->qname))
		return false;
	for (size_t i = 0; i < r->nattrs; i++)
		if (!utf8_valid(r->attrs[i].name) ||
		    !utf8_valid(r->attrs[i].display))
			return false;
	return true;
}

/* true when it is exposed as far as its own properties go */
static bool
check_rel(struct catalog *c, const struct rel *r)
{
	struct str pattern = find_pattern(c, c->conf->exclude, r);

	if (r->partition)
		catalog_notice(
		    c, r->qname, true, "is a partition; its parent is exposed");
	else if (r->nattrs == 0)
		catalog_notice(c, r->qname, true, "has no column");
	else if (r->broken)
		catalog_notice(c, r->qname, true,
		    "cannot be read: a foreign data wrapper without handler");
	else if (!is_readable(r))
		catalog_notice(
		    c, r->qname, true, "has names that are not UTF-8");
	else if (pattern.p != NULL)
		catalog_notice(
		    c, r->qname, true, "exclude = %.*s", STR_ARGS(pattern));
	else if (is_listed(c->conf->include) &&
		 find_pattern(c, c->conf->include, r).p == NULL)
		catalog_notice(c, r->qname, true, "is not in include");
	else
		return conceal_fits(c, r);
	return false;
}

static int
compare_qname(const void *a, const void *b)
{
	const struct rel *const *x = a, *const *y = b;
	int c = str_cmp((*x)->qname, (*y)->qname);

	return c != 0 ? c : str_cmp((*x)->schema, (*y)->schema);
}

/* candidates in the order of their qualified names */
static struct rel **
list_candidates(struct catalog *c, size_t *n)
{
	struct rel **v = arena_array(c->arena, struct rel *, c->nrels);

	*n = 0;
	for (size_t i = 0; i < c->nrels; i++)
		if (check_rel(c, &c->rels[i]))
			v[(*n)++] = &c->rels[i];
	qsort(v, *n, sizeof(v[0]), compare_qname);
	return v;
}

/* "a"."b.c" and "a.b"."c" are one name to rights and logs: neither is shown */
static size_t
drop_ambiguous(struct catalog *c, struct rel **v, size_t n)
{
	size_t kept = 0, end;

	for (size_t i = 0; i < n; i = end) {
		end = i + 1;
		while (end < n && str_eq(v[end]->qname, v[i]->qname))
			end++;
		if (end == i + 1) {
			v[kept++] = v[i];
			continue;
		}
		for (size_t k = i; k < end; k++)
			catalog_notice(c, v[k]->qname, true,
			    "the names of schema and table (%.*s and %.*s) "
			    "read the same as another table's",
			    STR_ARGS(v[k]->schema), STR_ARGS(v[k]->name));
	}
	return kept;
}

static const struct rel *
find_qname(struct rel *const *v, size_t n, struct str qname)
{
	struct rel key = {.qname = qname}, *k = &key;
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (str_eq(v[mid]->qname, k->qname))
			return v[mid];
		if (str_cmp(k->qname, v[mid]->qname) < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* the table of the default schema whose plain name is that qualified name */
static const struct rel *
find_shadow(
    struct catalog *c, struct rel *const *v, size_t n, const struct rel *r)
{
	const char *qname;
	const struct rel *other;

	qname = arena_printf(
	    c->arena, "%.*s.%.*s", STR_ARGS(c->schemas[0]), STR_ARGS(r->qname));
	other = find_qname(v, n, str_from(qname));
	return other != NULL && is_default(c, other->schema) ? other : NULL;
}

/* STR_NONE when another table has its address */
static struct str
choose_path(
    struct catalog *c, struct rel *const *v, size_t n, const struct rel *r)
{
	const struct rel *shadow;

	if (is_default(c, r->schema) && !is_fixed(r->name))
		return r->name;
	shadow = find_shadow(c, v, n, r);
	if (shadow != NULL) {
		catalog_notice(c, r->qname, true,
		    "its path is that of the table %.*s in schema %.*s",
		    STR_ARGS(shadow->name), STR_ARGS(shadow->schema));
		return STR_NONE;
	}
	if (is_default(c, r->schema))
		catalog_notice(c, r->qname, false,
		    "is addressed as %.*s: %.*s is a fixed route",
		    STR_ARGS(r->qname), STR_ARGS(r->name));
	return r->qname;
}

void
expose_rels(struct catalog *c)
{
	struct rel **v;
	size_t n;

	for (size_t i = 0; i < c->nmissing; i++)
		catalog_notice(c, c->missing[i], false,
		    "is named by schemas, but there is no such schema");
	conceal_columns(c);
	v = list_candidates(c, &n);
	n = drop_ambiguous(c, v, n);
	for (size_t i = 0; i < n; i++) {
		v[i]->path = choose_path(c, v, n, v[i]);
		if (v[i]->path.p != NULL)
			v[i]->table = arena_make(c->arena, struct table);
	}
}

/* -------------------------------------------------------------------- keys */

/* by name or with its schema */
static bool
is_about(
    const struct catalog *c, const struct conf_pair *p, const struct rel *r)
{
	return str_eq_c(r->qname, p->name) ||
	       (is_default(c, r->schema) && str_eq_c(r->name, p->name));
}

/* the last one */
const char *
expose_line(
    const struct catalog *c, const struct conf_pair *p, const struct rel *r)
{
	const char *found = NULL;

	for (; p != NULL; p = p->next)
		if (is_about(c, p, r))
			found = p->value;
	return found;
}

static void
tell_line(struct catalog *c, const char *family, const struct conf_pair *p)
{
	for (size_t i = 0; i < c->nrels; i++)
		if (c->rels[i].table != NULL && is_about(c, p, &c->rels[i]))
			return;
	catalog_notice(c, str_from(p->name), false,
	    "is named by %s.%s, but no such table is exposed", family, p->name);
}

void
expose_tell_lines(struct catalog *c)
{
	const struct {
		const char *name;
		const struct conf_pair *first;
	} families[] = {{"key", c->conf->key}, {"search", c->conf->search},
	    {"shape", c->conf->shape}, {"version", c->conf->version}};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		for (const struct conf_pair *p = families[i].first; p != NULL;
		     p = p->next)
			tell_line(c, families[i].name, p);
}

static bool
add_key_column(struct catalog *c, struct rel *r, struct str name)
{
	struct table *t = r->table;
	const struct column *column = table_column(t, name);
	const struct attr *concealed = conceal_find(r, name);
	size_t at;

	if (concealed != NULL) {
		catalog_notice(c, r->qname, false,
		    "key.%.*s names %.*s, which is kept from clients (%s)",
		    STR_ARGS(r->qname), STR_ARGS(name), concealed->why);
		return false;
	}
	if (column == NULL) {
		catalog_notice(c, r->qname, false,
		    "key.%.*s names %.*s, which is no column of it",
		    STR_ARGS(r->qname), STR_ARGS(name));
		return false;
	}
	if (!column->has_eq) {
		catalog_notice(c, r->qname, false,
		    "key.%.*s names %.*s, whose type has no equality",
		    STR_ARGS(r->qname), STR_ARGS(name));
		return false;
	}
	at = (size_t)(column - t->columns);
	if (!positions_have(t->key, t->nkey, at))
		t->key[t->nkey++] = (uint16_t)at;
	return true;
}

static void
use_key_line(struct catalog *c, struct rel *r, const char *line)
{
	struct str rest = str_from(line), name;
	struct table *t = r->table;

	t->key = arena_array(c->arena, uint16_t, t->ncolumns);
	while (conf_list_next(&rest, &name))
		if (!add_key_column(c, r, name)) {
			t->nkey = 0;
			return;
		}
}

/* all columns of the constraint are in the key */
static bool
is_within_key(const struct table *t, const struct constraint *con)
{
	for (size_t i = 0; i < con->ncolumns; i++) {
		size_t k;

		for (k = 0; k < t->nkey && t->key[k] != con->columns[i]; k++)
			;
		if (k == t->nkey)
			return false;
	}
	return true;
}

static bool
is_key_unique(const struct table *t)
{
	for (size_t i = 0; i < t->nconstraints; i++)
		if ((t->constraints[i].kind == CONSTRAINT_PRIMARY ||
			t->constraints[i].kind == CONSTRAINT_UNIQUE) &&
		    is_within_key(t, &t->constraints[i]))
			return true;
	return false;
}

static bool
use_primary_key(struct rel *r)
{
	struct table *t = r->table;

	for (size_t i = 0; i < t->nconstraints; i++)
		if (t->constraints[i].kind == CONSTRAINT_PRIMARY) {
			t->key = t->constraints[i].columns;
			t->nkey = t->constraints[i].ncolumns;
			return true;
		}
	return false;
}

void
expose_key(struct catalog *c, struct rel *r)
{
	const char *line = expose_line(c, c->conf->key, r);
	struct table *t = r->table;

	if (use_primary_key(r)) {
		if (line != NULL)
			catalog_notice(c, r->qname, false,
			    "has a primary key; key.%.*s is not used",
			    STR_ARGS(r->qname));
		return;
	}
	if (line != NULL)
		use_key_line(c, r, line);
	if (t->nkey == 0)
		catalog_notice(c, r->qname, false,
		    "has no key: its rows have no address; key.%.*s = "
		    "COLUMN[,COLUMN] names one",
		    STR_ARGS(r->qname));
	else if ((t->kind == TABLE_ORDINARY || t->kind == TABLE_PARTITIONED) &&
		 !is_key_unique(t))
		catalog_notice(c, r->qname, false,
		    "nothing keeps the columns of key.%.*s unique",
		    STR_ARGS(r->qname));
}
