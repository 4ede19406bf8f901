/* A question as SQL.  What lies behind a relation is a sub-select wherever it
 * is needed, and texts are compared by their positions. */
#include "random.h"

#include <stdlib.h>
#include <string.h>

static unsigned nnames; /* of tables, each another one */

const char *
sql_name(void)
{
	return random_format("z%u", nnames++);
}

void
sql_table(struct text *t, const struct table *table, const char *name)
{
	text_ident(t, table->schema);
	text_char(t, '.');
	text_ident(t, table->name);
	text_format(t, " %s", name);
}

void
sql_column(struct text *t, const char *name, const char *column)
{
	text_format(t, "%s.", name);
	text_ident(t, column);
}

static void
put_equal(struct text *t, const char *one, const char *const *ones,
    const char *two, const char *const *twos, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		text_add(t, i > 0 ? " and " : "");
		sql_column(t, one, ones[i]);
		text_add(t, " = ");
		sql_column(t, two, twos[i]);
	}
}

/* the rows of far that belong to one of near */
void
sql_match(
    struct text *t, const struct relation *r, const char *near, const char *far)
{
	const char *via = sql_name();

	if (r->via == NULL) {
		put_equal(t, far, r->far_columns, near, r->near_columns, r->n);
		return;
	}
	text_add(t, "exists (select from ");
	sql_table(t, r->via, via);
	text_add(t, " where ");
	put_equal(t, via, r->via_near, near, r->near_columns, r->n);
	text_add(t, " and ");
	put_equal(t, via, r->via_far, far, r->far_columns, r->nfar);
	text_add(t, ")");
}

/* ---- values ------------------------------------------------------------- */

static void
put_keys(struct text *t, const struct place *p)
{
	text_add(t, "array[");
	for (size_t i = 0; i < p->nkeys; i++) {
		text_add(t, i > 0 ? ", " : "");
		text_literal(t, p->key[i]);
	}
	text_add(t, "]");
}

static void
put_inside(
    struct text *t, const char *name, const struct path *p, enum form form)
{
	text_add(t, form == FORM_TEXT ? "jsonb_extract_path_text(("
				      : "jsonb_extract_path((");
	sql_column(t, name, p->column->name);
	text_add(t, ")::jsonb, variadic ");
	put_keys(t, p->place);
	text_add(t, ")");
}

static void
put_own(struct text *t, const char *name, const struct path *p, enum form form)
{
	bool base64 = p->column->class == CLASS_BYTEA && form == FORM_SHOWN;

	/* json keeps the spaces that somebody has written */
	if (p->place != NULL &&
	    (form != FORM_SHOWN || p->column->class == CLASS_JSONB)) {
		put_inside(t, name, p, form);
		return;
	}
	if (base64)
		text_add(t, "translate(encode(");
	sql_column(t, name, p->column->name);
	if (p->place != NULL) {
		text_add(t, " #> ");
		put_keys(t, p->place);
	} else if (base64)
		text_add(t, ", 'base64'), E'\\n', '')");
	else if (form == FORM_TEXT)
		text_add(t, "::text");
}

/* from the relation at on */
static void
put_rest(struct text *t, const char *name, const struct path *p, size_t at,
    enum form form)
{
	const char *far;

	if (at == p->nhops) {
		put_own(t, name, p, form);
		return;
	}
	far = sql_name();
	text_add(t, "(select ");
	put_rest(t, far, p, at + 1, form);
	text_add(t, " from ");
	sql_table(t, p->hops[at]->far, far);
	text_add(t, " where ");
	sql_match(t, p->hops[at], name, far);
	text_add(t, ")");
}

void
sql_value(
    struct text *t, const char *name, const struct path *p, enum form form)
{
	put_rest(t, name, p, 0, form);
}

/* ---- conditions --------------------------------------------------------- */

static void
put_left(struct text *t, const struct side *s, enum form form)
{
	struct path own = s->leaf->path;

	own.nhops = 0;
	if (s->given == NULL)
		sql_value(t, s->name, &own, form);
	else
		text_add(t, s->given);
}

static void
put_text_value(struct text *t, const struct node *leaf)
{
	text_literal(t, leaf->values[0]);
	text_add(t, "::text");
}

/* with the type that it is compared as */
static void
put_right(struct text *t, const struct node *leaf, size_t i)
{
	text_literal(t, leaf->values[i]);
	if (leaf->of != NULL && leaf->of->function != NULL)
		return;
	if (leaf->path.place == NULL)
		text_format(t, "::%s", leaf->path.column->type);
	else
		text_add(t, leaf->as_number ? "::jsonb" : "::text");
}

static void
put_ordered(struct text *t, const struct side *s)
{
	const struct node *leaf = s->leaf;

	if (leaf->path.place == NULL) {
		put_left(t, s, FORM_VALUE);
		return;
	}
	if (!leaf->as_number) {
		put_left(t, s, FORM_TEXT);
		return;
	}
	text_add(t, "(case when jsonb_typeof(");
	put_left(t, s, FORM_VALUE);
	text_add(t, ") = 'number' then ");
	put_left(t, s, FORM_VALUE);
	text_add(t, " end)");
}

static void
put_lower(struct text *t, const struct side *s, bool lower)
{
	text_add(t, lower ? "lower(" : "(");
	put_left(t, s, FORM_TEXT);
	text_add(t, ")");
}

static void
put_lower_value(struct text *t, const struct side *s, bool lower)
{
	text_add(t, lower ? "lower(" : "(");
	put_text_value(t, s->leaf);
	text_add(t, ")");
}

/* position, left or right of the text */
static void
put_text_test(struct text *t, const struct side *s, enum test test)
{
	bool lower = test == TEST_IEXACT || test == TEST_ICONTAINS ||
		     test == TEST_ISTARTS || test == TEST_IENDS;
	bool starts = test == TEST_STARTS || test == TEST_ISTARTS;

	if (test == TEST_CONTAINS || test == TEST_ICONTAINS) {
		text_add(t, "strpos(");
		put_lower(t, s, lower);
		text_add(t, ", ");
		put_lower_value(t, s, lower);
		text_add(t, ") > 0");
		return;
	}
	if (test != TEST_IEXACT)
		text_add(t, starts ? "left(" : "right(");
	put_lower(t, s, lower);
	if (test != TEST_IEXACT) {
		text_add(t, ", length(");
		put_lower_value(t, s, lower);
		text_add(t, "))");
	}
	text_add(t, " = ");
	put_lower_value(t, s, lower);
}

static void
put_keys_test(struct text *t, const struct side *s, const char *function)
{
	const struct node *leaf = s->leaf;

	text_format(t, "%s((", function);
	put_left(t, s, FORM_VALUE);
	text_add(t, ")::jsonb, ");
	if (leaf->test != TEST_KEY)
		text_add(t, "array[");
	for (size_t i = 0; i < leaf->nvalues; i++) {
		text_add(t, i > 0 ? ", " : "");
		text_literal(t, leaf->values[i]);
	}
	text_add(t, leaf->test != TEST_KEY ? "])" : ")");
}

static void
put_list_test(struct text *t, const struct side *s)
{
	put_left(t, s, s->leaf->path.place != NULL ? FORM_TEXT : FORM_VALUE);
	text_add(t, " in (");
	for (size_t i = 0; i < s->leaf->nvalues; i++) {
		text_add(t, i > 0 ? ", " : "");
		put_right(t, s->leaf, i);
	}
	text_add(t, ")");
}

static void
put_plain_test(struct text *t, const struct side *s)
{
	enum test test = s->leaf->test;

	if (s->given != NULL)
		text_add(t, s->given);
	else if (test >= TEST_LIKE && test <= TEST_IREGEX)
		put_left(t, s, FORM_TEXT);
	else if (test == TEST_EQ && s->leaf->path.place != NULL)
		put_left(t, s, FORM_TEXT);
	else
		put_ordered(t, s);
	text_format(t, " %s ", tests[test].sql);
	if (test >= TEST_LIKE && test <= TEST_IREGEX)
		put_text_value(t, s->leaf);
	else
		put_right(t, s->leaf, 0);
}

/* up from the row at hand, or from the row that is named, step by step; each
 * keeps the way it has come, so that a circle ends */
static void
put_tree_test(struct text *t, const struct side *s)
{
	const struct column *c = s->leaf->path.column;
	const char *up = sql_name(), *z = sql_name(), *seen = sql_name();
	bool below = s->leaf->test == TEST_BELOW;

	text_add(t, "coalesce(");
	if (below)
		put_right(t, s->leaf, 0);
	else
		sql_column(t, s->name, c->tree_key);
	text_format(t, " = any (array(with recursive %s as (select ", up);
	if (below) {
		sql_column(t, s->name, c->name);
		text_add(t, " as k, array[");
		sql_column(t, s->name, c->name);
		text_format(t, "] as %s", seen);
	} else {
		sql_column(t, z, c->name);
		text_add(t, " as k, array[");
		sql_column(t, z, c->name);
		text_format(t, "] as %s from ", seen);
		sql_table(t, c->tree, z);
		text_add(t, " where ");
		sql_column(t, z, c->tree_key);
		text_add(t, " = ");
		put_right(t, s->leaf, 0);
	}
	text_add(t, " union all select ");
	sql_column(t, z, c->name);
	text_format(t, ", %s || ", seen);
	sql_column(t, z, c->name);
	text_format(t, " from %s, ", up);
	sql_table(t, c->tree, z);
	text_add(t, " where ");
	sql_column(t, z, c->tree_key);
	text_format(t, " = %s.k and not ", up);
	sql_column(t, z, c->name);
	text_format(t,
	    " = any (%s)) select k from %s where k is not null)), "
	    "false)",
	    seen, up);
}

void
sql_test(struct text *t, const struct side *s)
{
	const struct node *leaf = s->leaf;

	switch (leaf->test) {
	case TEST_DISTINCT:
		text_add(t, "coalesce(");
		put_left(t, s, FORM_VALUE);
		text_add(t, " <> ");
		put_right(t, leaf, 0);
		text_add(t, ", true)");
		break;
	case TEST_IEXACT:
	case TEST_CONTAINS:
	case TEST_ICONTAINS:
	case TEST_STARTS:
	case TEST_ISTARTS:
	case TEST_ENDS:
	case TEST_IENDS:
		put_text_test(t, s, leaf->test);
		break;
	case TEST_WORDS:
		text_add(t, "to_tsvector(");
		put_left(t, s, FORM_TEXT);
		text_add(t, ") @@ websearch_to_tsquery(");
		put_text_value(t, leaf);
		text_add(t, ")");
		break;
	case TEST_ELEMENT:
		text_literal(t, leaf->values[0]);
		text_format(t, "::%s = any (", leaf->path.column->element);
		put_left(t, s, FORM_VALUE);
		text_add(t, ")");
		break;
	case TEST_KEY:
		put_keys_test(t, s, "jsonb_exists");
		break;
	case TEST_ANY_KEY:
		put_keys_test(t, s, "jsonb_exists_any");
		break;
	case TEST_ALL_KEYS:
		put_keys_test(t, s, "jsonb_exists_all");
		break;
	case TEST_BELOW:
	case TEST_ABOVE:
		put_tree_test(t, s);
		break;
	case TEST_IN:
		put_list_test(t, s);
		break;
	case TEST_BETWEEN:
		put_ordered(t, s);
		text_add(t, " between ");
		put_right(t, leaf, 0);
		text_add(t, " and ");
		put_right(t, leaf, 1);
		break;
	case TEST_NULL:
		put_left(
		    t, s, leaf->path.place != NULL ? FORM_TEXT : FORM_VALUE);
		text_add(t, " is null");
		break;
	default:
		put_plain_test(t, s);
		break;
	}
}

/* ---- logic -------------------------------------------------------------- */

static bool joined; /* the question that is written */

/* one leaf, hops of whose path lie behind us */
struct step {
	const struct node *node;
	size_t at;
	bool negated;
};

static void put_all(
    struct text *, const struct step *, size_t n, const char *name);

static bool
leads_to_many(const struct node *leaf)
{
	for (size_t i = 0; i < leaf->path.nhops; i++)
		if (!leaf->path.hops[i]->to_one)
			return true;
	return false;
}

static const struct relation *
next_hop(const struct step *s)
{
	return s->node->kind == NODE_LEAF && s->at < s->node->path.nhops
		   ? s->node->path.hops[s->at]
		   : NULL;
}

/* the related rows; joined, a row of nulls where there is none */
static void
put_related(
    struct text *t, const struct relation *r, const char *name, const char *far)
{
	text_add(t, joined ? "(select) z left join " : "");
	sql_table(t, r->far, far);
	text_add(t, joined ? " on " : " where ");
	sql_match(t, r, name, far);
	text_add(t, joined ? " where true" : "");
}

/* some related row for which all these hold */
static void
put_exists(struct text *t, const struct relation *r, const struct step *v,
    size_t n, const char *name)
{
	const char *far = sql_name();
	struct step inner[LIST_MAX];
	size_t left = 0;

	text_add(t, "exists (select from ");
	put_related(t, r, name, far);
	for (size_t i = 0; i < n; i++) {
		struct step s = v[i];

		s.at++;
		/* the relation itself was meant */
		if (s.at == s.node->path.nhops && s.node->path.column == NULL)
			continue;
		inner[left++] = s;
	}
	if (left > 0) {
		text_add(t, " and ");
		put_all(t, inner, left, far);
	}
	text_add(t, ")");
}

static void
put_group(struct text *t, const struct node *node, const char *name)
{
	struct step v[LIST_MAX];

	if (node->kind == NODE_OR) {
		text_add(t, "(");
		for (size_t i = 0; i < node->n; i++) {
			v[0] =
			    (struct step){node->v[i], 0, node->v[i]->negated};
			text_add(t, i > 0 ? " or " : "");
			put_all(t, v, 1, name);
		}
		text_add(t, ")");
		return;
	}
	for (size_t i = 0; i < node->n; i++)
		v[i] = (struct step){node->v[i], 0, node->v[i]->negated};
	text_add(t, node->kind == NODE_NOT ? "not (" : "(");
	put_all(t, v, node->n, name);
	text_add(t, ")");
}

static void
put_one(struct text *t, const struct step *s, const char *name)
{
	struct side side = {name, NULL, s->node};

	if (s->node->kind != NODE_LEAF) {
		put_group(t, s->node, name);
		return;
	}
	text_add(t, s->negated ? "not (" : "(");
	sql_test(t, &side);
	text_add(t, ")");
}

/* "none of the related rows": a negation through a relation to many, and the
 * relation itself being null */
static bool
take_none(struct step *s)
{
	bool itself = s->node->path.column == NULL;
	bool none = itself ? !s->negated : s->negated && leads_to_many(s->node);

	/* a row that has a value is wanted */
	if (joined && !itself && s->node->test == TEST_NULL)
		none = false;
	if (s->at > 0 || next_hop(s) == NULL)
		return false;
	if (none || itself)
		s->negated = false;
	return none;
}

/* members of a group of the same kind are members of the list itself */
static size_t
flatten(struct step *out, size_t n, const struct step *s)
{
	if (s->node->kind != NODE_AND) {
		out[n++] = *s;
		return n;
	}
	for (size_t i = 0; i < s->node->n; i++) {
		const struct node *m = s->node->v[i];

		n = flatten(out, n, &(struct step){m, 0, m->negated});
	}
	return n;
}

/* all of these; those that begin with the same relation ask the same row */
static void
put_all(struct text *t, const struct step *v, size_t n, const char *name)
{
	struct step all[LIST_MAX * LIST_MAX * LIST_MAX];
	bool done[LIST_MAX * LIST_MAX * LIST_MAX] = {false};
	struct step same[LIST_MAX * LIST_MAX];
	size_t total = 0;
	bool some = false;

	for (size_t i = 0; i < n; i++)
		total = flatten(all, total, &v[i]);
	for (size_t i = 0; i < total; i++) {
		const struct relation *hop = next_hop(&all[i]);
		size_t nsame = 0;

		if (done[i])
			continue;
		text_add(t, some ? " and " : "");
		some = true;
		if (hop == NULL) {
			put_one(t, &all[i], name);
			continue;
		}
		same[0] = all[i];
		if (take_none(&same[0])) {
			text_add(t, "not ");
			put_exists(t, hop, same, 1, name);
			continue;
		}
		for (size_t k = i; k < total; k++) {
			struct step s = all[k];

			if (done[k] || next_hop(&s) != hop || take_none(&s))
				continue;
			same[nsame++] = s;
			done[k] = true;
		}
		put_exists(t, hop, same, nsame, name);
	}
}

/* ---- rows --------------------------------------------------------------- */

static void
put_term(struct text *t, const struct table *table, const char *name,
    const char *term)
{
	bool some = false, other;

	text_add(t, "(");
	for (size_t i = 0; i < table->ncolumns; i++) {
		if (!class_is_searched(&table->columns[i]))
			continue;
		text_add(t, some ? " or " : "");
		some = true;
		/* a cast of an inet shows more than people see */
		other = table->columns[i].class == CLASS_OTHER;
		text_add(t, other ? "strpos(lower(format('%s', "
				  : "strpos(lower(cast(");
		sql_column(t, name, table->columns[i].name);
		text_add(t, other ? ")), lower(" : " as text)), lower(");
		text_literal(t, term);
		text_add(t, ")) > 0");
	}
	text_add(t, ")");
}

/* each with " and " before it */
void
sql_conditions(struct text *t, const struct query *q, const char *name)
{
	if (q->where != NULL) {
		struct step s = {q->where, 0, false};

		joined = q->joined;
		text_add(t, " and ");
		put_all(t, &s, 1, name);
	}
	for (size_t i = 0; i < q->nterms; i++) {
		text_add(t, " and ");
		put_term(t, q->table, name, q->terms[i]);
	}
	for (size_t i = 0; i < q->ninclude; i++) {
		const struct include *inc = &q->include[i];
		const char *far = sql_name();

		if (inc->join == JOIN_LEFT)
			continue;
		text_add(t, inc->join == JOIN_ANTI ? " and not exists ("
						   : " and exists (");
		text_add(t, "select from ");
		sql_table(t, inc->relation->far, far);
		text_add(t, " where ");
		sql_match(t, inc->relation, name, far);
		sql_conditions(t, inc->query, far);
		text_add(t, ")");
	}
}
