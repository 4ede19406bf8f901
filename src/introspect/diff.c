/*
 * What changed, in lines for people.  Two sorted lists are walked side by
 * side: tables by qualified name, then the columns of each by name.  What
 * differs and has no line of its own makes "altered table X": a difference
 * is never silent, because what is silent is not written.
 */
#include "introspect/introspect.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "schema/schema.h"

#define LINE_MAX_BYTES ((size_t)1 << 20)

struct diff {
	struct arena *scratch; /* for one table */
	struct buf *out;
	size_t lines;
	struct str qname;  /* of the table at hand */
	struct buf change; /* what is different about one thing */
	bool restored;     /* another copy of the database: OIDs say nothing */
};

static void
say_table(struct diff *d, const char *what)
{
	buf_printf(d->out, "%s table %.*s\n", what, STR_ARGS(d->qname));
	d->lines++;
}

static void
say_column(struct diff *d, const char *what, const struct column *c)
{
	buf_printf(d->out, "%s column %.*s.%.*s (%.*s)\n", what,
	    STR_ARGS(d->qname), STR_ARGS(c->name), STR_ARGS(c->type->display));
	d->lines++;
}

/* collects "a; b" for the line that end_change writes */
static void add_change(struct diff *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
add_change(struct diff *d, const char *fmt, ...)
{
	va_list ap;

	if (d->change.len > 0)
		buf_lit(&d->change, "; ");
	va_start(ap, fmt);
	buf_vprintf(&d->change, fmt, ap);
	va_end(ap);
}

static void
end_change(struct diff *d, const char *what, struct str column)
{
	if (d->change.len == 0)
		return;
	buf_printf(d->out, "altered %s %.*s%s%.*s: ", what, STR_ARGS(d->qname),
	    column.p == NULL ? "" : ".", STR_ARGS(column));
	buf_str(d->out, buf_view(&d->change));
	buf_char(d->out, '\n');
	buf_clear(&d->change);
	d->lines++;
}

static void
change_flag(struct diff *d, const char *name, bool was, bool is)
{
	if (was != is)
		add_change(d, "%s%s", is ? "" : "not ", name);
}

/* ------------------------------------------------------------------- types */

static bool is_same_type(const struct type *, const struct type *);

static bool
is_same_texts(const struct str *a, size_t na, const struct str *b, size_t nb)
{
	if (na != nb)
		return false;
	for (size_t i = 0; i < na; i++)
		if (!str_eq(a[i], b[i]))
			return false;
	return true;
}

static bool
is_same_fields(const struct type *a, const struct type *b)
{
	if (a->nfields != b->nfields)
		return false;
	for (size_t i = 0; i < a->nfields; i++)
		if (!str_eq(a->fields[i].name, b->fields[i].name) ||
		    !is_same_type(a->fields[i].type, b->fields[i].type))
			return false;
	return true;
}

static bool
is_same_type(const struct type *a, const struct type *b)
{
	if (a->class != b->class || !str_eq(a->schema, b->schema) ||
	    !str_eq(a->name, b->name) || !str_eq(a->display, b->display) ||
	    a->is_domain != b->is_domain ||
	    a->domain_not_null != b->domain_not_null ||
	    !str_eq(a->base_schema, b->base_schema) ||
	    !str_eq(a->base_name, b->base_name) || a->max_len != b->max_len ||
	    a->precision != b->precision || a->scale != b->scale)
		return false;
	if ((a->element == NULL) != (b->element == NULL))
		return false;
	if (a->element != NULL && !is_same_type(a->element, b->element))
		return false;
	return is_same_texts(a->labels, a->nlabels, b->labels, b->nlabels) &&
	       is_same_fields(a, b);
}

static void
change_type(struct diff *d, const struct type *was, const struct type *is)
{
	if (is_same_type(was, is))
		return;
	if (!str_eq(was->display, is->display))
		add_change(d, "type %.*s, was %.*s", STR_ARGS(is->display),
		    STR_ARGS(was->display));
	else
		add_change(d, "type %.*s has changed", STR_ARGS(is->display));
}

/* ----------------------------------------------------------------- columns */

static const char *
name_identity(enum identity i)
{
	switch (i) {
	case IDENTITY_NONE:
		return "not identity";
	case IDENTITY_ALWAYS:
		return "identity always";
	case IDENTITY_BY_DEFAULT:
		return "identity by default";
	}
	return "";
}

static void
compare_column(
    struct diff *d, const struct column *was, const struct column *is)
{
	change_type(d, was->type, is->type);
	change_flag(d, "not null", was->not_null, is->not_null);
	change_flag(d, "with default", was->has_default, is->has_default);
	if (was->identity != is->identity)
		add_change(d, "%s", name_identity(is->identity));
	change_flag(d, "generated", was->generated, is->generated);
	change_flag(d, "updatable", was->updatable, is->updatable);
	change_flag(d, "write-only", was->write_only, is->write_only);
	change_flag(d, "filterable", was->has_eq, is->has_eq);
	change_flag(d, "orderable", was->has_order, is->has_order);
	if (!str_eq(was->comment, is->comment))
		add_change(d, "comment");
	end_change(d, "column", is->name);
}

static void
compare_columns(struct diff *d, const struct table *was, const struct table *is)
{
	const struct column *other;

	for (size_t i = 0; i < table_ninput(was); i++)
		if (table_input(is, was->columns[i].name) == NULL)
			say_column(d, "dropped", &was->columns[i]);
	for (size_t i = 0; i < table_ninput(is); i++) {
		other = table_input(was, is->columns[i].name);
		if (other == NULL)
			say_column(d, "added", &is->columns[i]);
		else
			compare_column(d, other, &is->columns[i]);
	}
}

/* ------------------------------------------------------------------ tables */

/* the parts of a table that have a name, as text, sorted */
struct part {
	struct str name, text;
};

static void
add_columns(struct buf *b, const struct table *t, const uint16_t *v, size_t n)
{
	buf_char(b, '(');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_lit(b, ", ");
		buf_str(b, t->columns[v[i]].name);
	}
	buf_char(b, ')');
}

static void
add_texts(struct buf *b, const struct str *v, size_t n)
{
	buf_char(b, '(');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_lit(b, ", ");
		buf_str(b, v[i]);
	}
	buf_char(b, ')');
}

static const char *
name_constraint(enum constraint_kind k)
{
	switch (k) {
	case CONSTRAINT_PRIMARY:
		return "primary key";
	case CONSTRAINT_UNIQUE:
		return "unique";
	case CONSTRAINT_CHECK:
		return "check";
	case CONSTRAINT_EXCLUDE:
		return "exclude";
	}
	return "";
}

static struct part *
print_constraints(struct diff *d, const struct table *t)
{
	struct part *v = arena_array(d->scratch, struct part, t->nconstraints);
	struct buf b;

	for (size_t i = 0; i < t->nconstraints; i++) {
		const struct constraint *k = &t->constraints[i];

		buf_init(&b, d->scratch, LINE_MAX_BYTES);
		buf_printf(&b, "%s %.*s ", name_constraint(k->kind),
		    STR_ARGS(k->name));
		add_columns(&b, t, k->columns, k->ncolumns);
		v[i] = (struct part){k->name, buf_view(&b)};
	}
	return v;
}

static struct part *
print_fkeys(struct diff *d, const struct table *t, const char *what,
    const struct fkey *fkeys, size_t n)
{
	struct part *v = arena_array(d->scratch, struct part, n);
	struct buf b;

	for (size_t i = 0; i < n; i++) {
		const struct fkey *f = &fkeys[i];

		buf_init(&b, d->scratch, LINE_MAX_BYTES);
		buf_printf(&b, "%s %.*s ", what, STR_ARGS(f->name));
		add_columns(&b, t, f->columns, f->ncolumns);
		buf_printf(&b, " %s %.*s ", what[0] == 'f' ? "to" : "from",
		    STR_ARGS(f->far_table));
		add_texts(&b, f->far_columns, f->ncolumns);
		if (f->far_unique && what[0] != 'f')
			buf_lit(&b, ", one at most");
		v[i] = (struct part){f->name, buf_view(&b)};
	}
	return v;
}

static bool
has_part(const struct part *v, size_t n, struct str text)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].text, text))
			return true;
	return false;
}

static void
compare_parts(struct diff *d, const struct part *was, size_t nwas,
    const struct part *is, size_t nis)
{
	for (size_t i = 0; i < nwas; i++)
		if (!has_part(is, nis, was[i].text))
			add_change(d, "dropped %.*s", STR_ARGS(was[i].text));
	for (size_t i = 0; i < nis; i++)
		if (!has_part(was, nwas, is[i].text))
			add_change(d, "added %.*s", STR_ARGS(is[i].text));
}

static void
compare_key(struct diff *d, const struct table *was, const struct table *is)
{
	struct buf a, b;

	buf_init(&a, d->scratch, LINE_MAX_BYTES);
	buf_init(&b, d->scratch, LINE_MAX_BYTES);
	add_columns(&a, was, was->key, was->nkey);
	add_columns(&b, is, is->key, is->nkey);
	if (!str_eq(buf_view(&a), buf_view(&b)))
		add_change(d, "key %s, was %s", b.p, a.p);
}

static struct str
print_search(struct diff *d, const struct table *t)
{
	struct buf b;

	if (t->search == NULL)
		return STR("every text");
	buf_init(&b, d->scratch, LINE_MAX_BYTES);
	for (size_t i = 0; i < t->nsearch; i++)
		buf_printf(
		    &b, "%s%.*s", i > 0 ? ", " : "", STR_ARGS(t->search[i]));
	return buf_view(&b);
}

static void
compare_search(struct diff *d, const struct table *was, const struct table *is)
{
	struct str a = print_search(d, was), b = print_search(d, is);

	if (!str_eq(a, b))
		add_change(
		    d, "search %.*s, was %.*s", STR_ARGS(b), STR_ARGS(a));
}

static void
compare_self(struct diff *d, const struct table *was, const struct table *is)
{
	if (was->kind != is->kind)
		add_change(d, "%s, was %s", table_kind_name(is->kind),
		    table_kind_name(was->kind));
	if (!str_eq(was->path, is->path))
		add_change(d, "path %.*s, was %.*s", STR_ARGS(is->path),
		    STR_ARGS(was->path));
	change_flag(d, "open to insert", was->can_insert, is->can_insert);
	change_flag(d, "open to update", was->can_update, is->can_update);
	change_flag(d, "open to delete", was->can_delete, is->can_delete);
	change_flag(
	    d, "under row security", was->row_security, is->row_security);
	if (!str_eq(was->comment, is->comment))
		add_change(d, "comment");
	compare_key(d, was, is);
	compare_search(d, was, is);
}

static struct part *
print_computed(struct diff *d, const struct table *t)
{
	struct part *v = arena_array(d->scratch, struct part, t->ncomputed);

	for (size_t i = 0; i < t->ncomputed; i++) {
		const struct column *c = &t->computed[i];

		v[i] = (struct part){c->name,
		    str_from(arena_printf(d->scratch,
			"field %.*s (%.*s), computed by %.*s.%.*s",
			STR_ARGS(c->name), STR_ARGS(c->type->display),
			STR_ARGS(c->function_schema), STR_ARGS(c->name)))};
	}
	return v;
}

static void
compare_relations(
    struct diff *d, const struct table *was, const struct table *is)
{
	compare_parts(d, print_constraints(d, was), was->nconstraints,
	    print_constraints(d, is), is->nconstraints);
	compare_parts(d,
	    print_fkeys(d, was, "foreign key", was->fkeys, was->nfkeys),
	    was->nfkeys,
	    print_fkeys(d, is, "foreign key", is->fkeys, is->nfkeys),
	    is->nfkeys);
	compare_parts(d,
	    print_fkeys(d, was, "reference", was->refs, was->nrefs), was->nrefs,
	    print_fkeys(d, is, "reference", is->refs, is->nrefs), is->nrefs);
	compare_parts(d, print_computed(d, was), was->ncomputed,
	    print_computed(d, is), is->ncomputed);
	end_change(d, "table", STR_NONE);
}

/* byte by byte, all but the estimate of rows */
static bool
is_same_table(struct diff *d, const struct table *was, const struct table *is)
{
	struct buf a, b;

	buf_init(&a, d->scratch, SIZE_MAX / 8);
	buf_init(&b, d->scratch, SIZE_MAX / 8);
	table_json(&a, was, false);
	table_json(&b, is, false);
	return str_eq(buf_view(&a), buf_view(&b));
}

static void
compare_table(struct diff *d, const struct table *was, const struct table *is)
{
	size_t lines = d->lines;

	d->qname = is->qname;
	if (!is_same_table(d, was, is)) {
		buf_init(&d->change, d->scratch, LINE_MAX_BYTES);
		compare_self(d, was, is);
		compare_relations(d, was, is);
		compare_columns(d, was, is);
		if (d->lines == lines && !d->restored)
			say_table(
			    d, was->oid == is->oid ? "altered" : "recreated");
	}
	arena_reset(d->scratch);
}

static void
compare_tables(
    struct diff *d, const struct snapshot *was, const struct snapshot *is)
{
	size_t i = 0, k = 0;
	int c;

	while (i < was->ntables || k < is->ntables) {
		c = i == was->ntables ? 1
		    : k == is->ntables
			? -1
			: str_cmp(was->tables[i].qname, is->tables[k].qname);
		if (c == 0) {
			compare_table(d, &was->tables[i++], &is->tables[k++]);
			continue;
		}
		d->qname = c < 0 ? was->tables[i].qname : is->tables[k].qname;
		say_table(d, c < 0 ? "dropped" : "added");
		i += c < 0;
		k += c > 0;
	}
}

/* -------------------------------------------------------------- everything */

static int
order_notices(const void *a, const void *b)
{
	const struct notice *x = a, *y = b;
	int c = str_cmp(x->qname, y->qname);

	return c != 0 ? c : str_cmp(x->text, y->text);
}

/* a snapshot's notices are sorted */
static bool
has_warning(const struct snapshot *s, const struct notice *wanted)
{
	const struct notice *n;

	if (s->nnotices == 0)
		return false;
	n = bsearch(wanted, s->notices, s->nnotices, sizeof(s->notices[0]),
	    order_notices);
	return n != NULL && !n->excluded;
}

static void
compare_warnings(struct diff *d, const char *what, const struct snapshot *of,
    const struct snapshot *other)
{
	const struct notice *n;

	for (size_t i = 0; i < of->nnotices; i++) {
		n = &of->notices[i];
		if (n->excluded || has_warning(other, n))
			continue;
		buf_printf(d->out, "%s: %.*s %.*s\n", what, STR_ARGS(n->qname),
		    STR_ARGS(n->text));
		d->lines++;
	}
}

static void
compare_meta(struct diff *d, const struct snapshot_meta *was,
    const struct snapshot_meta *is)
{
	if (!str_eq(was->schemas, is->schemas)) {
		buf_printf(d->out, "schemas %.*s, was %.*s\n",
		    STR_ARGS(is->schemas), STR_ARGS(was->schemas));
		d->lines++;
	}
	if (!str_eq(was->text_search, is->text_search)) {
		buf_printf(d->out, "text search configuration %.*s, was %.*s\n",
		    STR_ARGS(is->text_search), STR_ARGS(was->text_search));
		d->lines++;
	}
	if (d->restored) {
		buf_printf(d->out,
		    "database %.*s is another copy than before\n",
		    STR_ARGS(is->database));
		d->lines++;
	}
}

size_t
introspect_diff(
    struct buf *out, const struct snapshot *was, const struct snapshot *is)
{
	struct diff d = {.out = out, .scratch = arena_new()};

	d.restored = was->meta.database_oid != is->meta.database_oid ||
		     !introspect_same_database(was, is);
	compare_meta(&d, &was->meta, &is->meta);
	compare_tables(&d, was, is);
	compare_warnings(&d, "warning", is, was);
	compare_warnings(&d, "settled", was, is);
	arena_free(d.scratch);
	return d.lines;
}
