/*
 * Columns that the configuration keeps from clients.  Hidden ones never reach
 * the snapshot, so that nothing behind it can tell them from columns that do
 * not exist; write-only ones reach it apart from the others.  Where that
 * cannot be had (a row is addressed by its key) the table is not exposed.
 */
#include "introspect/introspect_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/conf.h"
#include "schema/schema.h"

#define PATH_MAX_BYTES ((size_t)4096)

/* names of text columns that nobody should be shown */
static const char looks_secret[] =
    "*password*, *passwd*, secret, *_secret, secret_*, token, *_token, "
    "api_key, apikey, *_api_key, private_key, encrypted_*, *_hash, *_digest";

/* one pattern of hidden or write_only */
struct rule {
	const char *pattern;
	enum sight sight;
	bool used;
};

struct rules {
	struct catalog *c;
	struct rule *v;
	size_t n;
	struct buf path; /* "schema.table.column" at hand */
};

static void
add_rules(struct rules *l, const char *list, enum sight sight)
{
	struct str rest = str_from(list), item;

	while (rest.p != NULL && conf_list_next(&rest, &item))
		l->v[l->n++] = (struct rule){
		    .pattern = str_c(l->c->arena, item), .sight = sight};
}

static const char *
name_sight(enum sight sight)
{
	return sight == SIGHT_HIDDEN ? "hidden" : "write_only";
}

/* with its schema, or without: in any */
static struct rule *
find_rule(
    struct rules *l, struct str schema, struct str table, struct str column)
{
	struct rule *found = NULL;
	struct str path;

	buf_clear(&l->path);
	buf_printf(&l->path, "%.*s.%.*s.%.*s", STR_ARGS(schema),
	    STR_ARGS(table), STR_ARGS(column));
	path = buf_view(&l->path);
	for (size_t i = 0; i < l->n; i++) {
		struct rule *r = &l->v[i];

		if (!conf_list_has(r->pattern, path) &&
		    !conf_list_has(
			r->pattern, str_sub(path, schema.len + 1, path.len)))
			continue;
		r->used = true;
		if (found == NULL || found->sight < r->sight)
			found = r;
	}
	return found;
}

/* "public.account.pin" when a value of the type has such a column in it: rows
 * of a table as a value, in arrays and domains too */
static const char *
find_inside(struct rules *l, uint32_t oid)
{
	const struct ctype *t = catalog_ctype(l->c, oid);
	const struct attr *fields;
	const char *found = NULL;
	size_t n = 0;

	if (t == NULL)
		return NULL;
	if (t->base != 0)
		return find_inside(l, t->base);
	if (t->category == 'A' && t->elem != 0)
		return find_inside(l, t->elem);
	fields = t->rel != 0 ? catalog_fields(l->c, t->rel, &n) : NULL;
	for (size_t i = 0; found == NULL && i < n; i++) {
		if (find_rule(l, t->schema, t->name, fields[i].name) != NULL)
			found = arena_printf(l->c->arena, "%.*s.%.*s.%.*s",
			    STR_ARGS(t->schema), STR_ARGS(t->name),
			    STR_ARGS(fields[i].name));
		else
			found = find_inside(l, fields[i].type);
	}
	return found;
}

static void
mark_column(struct rules *l, const struct rel *r, struct attr *a)
{
	const struct rule *rule = find_rule(l, r->schema, r->name, a->name);
	const char *inside = find_inside(l, a->type);

	if (rule != NULL) {
		a->sight = rule->sight;
		a->why = arena_printf(l->c->arena, "%s = %s",
		    name_sight(rule->sight), rule->pattern);
	}
	if (a->sight == SIGHT_WRITE_ONLY &&
	    (a->generated || a->identity == 'a' || !a->updatable)) {
		a->sight = SIGHT_HIDDEN;
		a->why = arena_printf(
		    l->c->arena, "%s, but PostgreSQL cannot write it", a->why);
	}
	if (inside != NULL && a->sight != SIGHT_HIDDEN) {
		a->sight = SIGHT_HIDDEN;
		a->why =
		    arena_printf(l->c->arena, "%s is in its values", inside);
	}
}

bool
conceal_asked(const struct catalog *c)
{
	const char *const lists[] = {c->conf->hidden, c->conf->write_only};
	struct str item;

	for (size_t i = 0; i < 2; i++) {
		struct str rest = str_from(lists[i]);

		if (rest.p != NULL && conf_list_next(&rest, &item))
			return true;
	}
	return false;
}

void
conceal_columns(struct catalog *c)
{
	const char *hidden = c->conf->hidden, *write_only = c->conf->write_only;
	struct rules l = {.c = c};

	l.v = arena_array(c->arena, struct rule,
	    (hidden != NULL ? strlen(hidden) : 0) +
		(write_only != NULL ? strlen(write_only) : 0));
	add_rules(&l, hidden, SIGHT_HIDDEN);
	add_rules(&l, write_only, SIGHT_WRITE_ONLY);
	if (l.n == 0)
		return;
	buf_init(&l.path, c->arena, PATH_MAX_BYTES);
	for (size_t i = 0; i < c->nrels; i++) {
		const struct rel *r = &c->rels[i];
		struct attr *a = c->attrs + (r->attrs - c->attrs);

		for (size_t k = 0; k < r->nattrs; k++)
			mark_column(&l, r, &a[k]);
	}
	for (size_t i = 0; i < c->nfuns; i++)
		c->funs[i].inside = find_inside(&l, c->funs[i].type);
	for (size_t i = 0; i < l.n; i++)
		if (!l.v[i].used)
			catalog_notice(c, str_from(l.v[i].pattern), false,
			    "is named by %s, but there is no such column",
			    name_sight(l.v[i].sight));
}

const struct attr *
conceal_find(const struct rel *r, struct str name)
{
	for (size_t i = 0; i < r->nattrs; i++)
		if (r->attrs[i].sight != SIGHT_OPEN &&
		    str_eq(r->attrs[i].name, name))
			return &r->attrs[i];
	return NULL;
}

/* -------------------------------------------------- what cannot be concealed */

static bool
is_primary(const struct catalog *c, const struct rel *r, int16_t num)
{
	for (size_t i = 0; i < c->ncons; i++) {
		const struct con *con = &c->cons[i];

		if (con->rel != r->oid || con->kind != 'p')
			continue;
		for (size_t k = 0; k < con->n; k++)
			if (con->nums[k] == num)
				return true;
	}
	return false;
}

bool
conceal_fits(struct catalog *c, const struct rel *r)
{
	size_t open = 0;

	for (size_t i = 0; i < r->nattrs; i++)
		open += r->attrs[i].sight == SIGHT_OPEN;
	if (open == 0) {
		catalog_notice(c, r->qname, true,
		    "has no column that can be read (%s)", r->attrs[0].why);
		return false;
	}
	for (size_t i = 0; i < r->nattrs; i++) {
		const struct attr *a = &r->attrs[i];

		if (a->sight == SIGHT_OPEN || !is_primary(c, r, a->num))
			continue;
		catalog_notice(c, r->qname, false,
		    "is not exposed: its rows are addressed by %.*s, which "
		    "cannot be kept from clients (%s)",
		    STR_ARGS(a->name), a->why);
		return false;
	}
	return true;
}

/* ------------------------------------------------------ what to tell of them */

/* is there a row without a value from us? */
static bool
is_needed(struct catalog *c, const struct attr *a)
{
	const struct type *t = catalog_type(c, a->type, a->typmod, a->display);

	return (a->not_null || t->domain_not_null) && !a->generated &&
	       !a->has_default && a->identity == '\0' &&
	       !catalog_type_default(c, a->type);
}

static bool
is_secret(struct catalog *c, const struct attr *a)
{
	const struct ctype *t = catalog_ctype(c, a->type);
	char *name = arena_memdup(c->arena, a->name.p, a->name.len);

	if (t == NULL || (t->category != 'S' && t->category != 'U'))
		return false;
	for (size_t i = 0; i < a->name.len; i++)
		if (name[i] >= 'A' && name[i] <= 'Z')
			name[i] = (char)(name[i] + ('a' - 'A'));
	return conf_list_has(looks_secret, (struct str){name, a->name.len});
}

/* as hidden and write_only take it */
static const char *
print_pattern(struct catalog *c, const struct rel *r, const struct attr *a)
{
	char *text = arena_printf(
	    c->arena, "%.*s.%.*s", STR_ARGS(r->qname), STR_ARGS(a->name));

	for (char *p = text; *p != '\0'; p++)
		if (strchr(", \t#", *p) != NULL)
			*p = '?';
	return text;
}

static void
tell_column(struct catalog *c, const struct rel *r, const struct attr *a)
{
	switch (a->sight) {
	case SIGHT_OPEN:
		if (is_secret(c, a))
			catalog_notice(c, r->qname, false,
			    "column %.*s looks like a secret: hidden = %s or "
			    "write_only = %s keeps it from clients",
			    STR_ARGS(a->name), print_pattern(c, r, a),
			    print_pattern(c, r, a));
		return;
	case SIGHT_WRITE_ONLY:
		catalog_notice(c, r->qname, true,
		    "column %.*s is write-only: %s", STR_ARGS(a->name), a->why);
		return;
	case SIGHT_HIDDEN:
		catalog_notice(c, r->qname, true, "column %.*s is hidden: %s",
		    STR_ARGS(a->name), a->why);
		if (r->table->can_insert && is_needed(c, a))
			catalog_notice(c, r->qname, false,
			    "rows cannot be created, but where a trigger fills "
			    "%.*s: it is hidden, not null and has no default",
			    STR_ARGS(a->name));
		return;
	}
}

void
conceal_tell(struct catalog *c, const struct rel *r)
{
	for (size_t i = 0; i < r->nattrs; i++)
		tell_column(c, r, &r->attrs[i]);
}

static const struct attr *
find_attr(const struct rel *r, int16_t num)
{
	for (size_t i = 0; i < r->nattrs; i++)
		if (r->attrs[i].num == num)
			return &r->attrs[i];
	return NULL;
}

void
conceal_tell_sources(struct catalog *c)
{
	for (size_t i = 0; i < c->nsources; i++) {
		const struct source *s = &c->sources[i];
		const struct rel *r = catalog_rel(c, s->rel);
		const struct rel *of = catalog_rel(c, s->of);
		const struct attr *a =
		    of != NULL ? find_attr(of, s->num) : NULL;

		if (r == NULL || r->table == NULL || a == NULL ||
		    a->sight == SIGHT_OPEN || conceal_find(r, a->name) != NULL)
			continue;
		catalog_notice(c, r->qname, false,
		    "may show what is in %.*s.%.*s (%s): look at its columns",
		    STR_ARGS(of->qname), STR_ARGS(a->name), a->why);
	}
}
