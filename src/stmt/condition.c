/*
 * What a query asks of its rows.  Through a relation it is asked with EXISTS,
 * never with a join: no row comes twice, and it works in UPDATE and DELETE.
 * SQL's logic has three values: the negation of a comparison leaves rows out
 * whose value is null, as the comparison does.
 */
#include "stmt/stmt_priv.h"

#include <assert.h>

#include "base/arena.h"

static bool
is_builtin(const struct type *t, const char *name)
{
	return str_eq_c(t->base_name, name) &&
	       str_eq_c(t->base_schema, "pg_catalog");
}

/*
 * The operators of a type of an extension (citext, hstore, ltree) live where
 * the type lives; without its schema PostgreSQL would fall back on a cast to
 * text and compare something else.  All other classes have theirs in
 * pg_catalog, whatever schema the type is in.
 */
static struct str
find_schema(const struct type *t)
{
	if (t == NULL || (t->class != TYPE_TEXT && t->class != TYPE_OTHER) ||
	    str_eq_c(t->base_schema, "pg_catalog"))
		return STR_NONE;
	return t->base_schema;
}

void
stmt_operator(struct stmt *s, const char *op, const struct type *t)
{
	struct str schema = find_schema(t);
	bool foreign = schema.p != NULL;

	stmt_lit(s, " ");
	if (foreign) {
		stmt_lit(s, "operator(");
		stmt_ident(s, schema);
		stmt_lit(s, ".");
	}
	/* LIKE is a keyword for what PostgreSQL finds by these names */
	if (foreign && strcmp(op, "like") == 0)
		op = "~~";
	else if (foreign && strcmp(op, "ilike") == 0)
		op = "~~*";
	buf_cstr(&s->text, op);
	if (foreign)
		stmt_lit(s, ")");
	stmt_lit(s, " ");
}

/* a cast to name would cut the text off; name = text compares all of it */
static bool
is_bound_as_text(const struct type *t)
{
	return t == NULL || is_builtin(t, "name");
}

void
stmt_value(struct stmt *s, const struct value *v, const struct type *t)
{
	struct str text = v->is_null ? STR_NONE : v->text;

	stmt_param(s, text, is_bound_as_text(t) ? NULL : t);
	if (is_bound_as_text(t))
		stmt_lit(s, "::text");
}

/* a leaf's left side with the type its right side is bound as */
struct left {
	const struct from *f;
	const struct path *path;
	enum path_form form;
	const struct type *type; /* NULL: text */
	enum aggregate agg;
	bool distinct;
};

static struct left
left_of(const struct from *f, const struct path *p, const struct value *v)
{
	struct left l = {.f = f, .path = p, .form = PATH_VALUE};

	if (v != NULL && v->type != NULL)
		l.type = v->type;
	else if (p->njson == 0)
		l.type = p->column->type;
	/* inside a JSON value: its text, or what it is */
	if (p->njson > 0 && l.type != NULL && l.type->class == TYPE_JSONB)
		l.form = PATH_JSONB;
	else if (p->njson > 0)
		l.form = PATH_TEXT;
	return l;
}

/* whose operators are meant */
static const struct type *
operand_type(const struct left *l)
{
	if (l->agg != AGG_NONE)
		return query_type(l->path, l->agg);
	return l->path->njson > 0 ? NULL : l->path->column->type;
}

static void
emit_left(struct stmt *s, const struct left *l)
{
	if (l->agg == AGG_NONE) {
		stmt_path(s, l->f, l->path, l->form);
		return;
	}
	stmt_aggregate(s, l->f, l->path, l->agg, l->distinct);
	if (l->form == PATH_TEXT &&
	    query_type(l->path, l->agg)->class != TYPE_TEXT)
		stmt_lit(s, "::text");
}

/* a number in a JSON value is compared with numbers only */
static void
emit_ordered(struct stmt *s, struct left l)
{
	if (l.path->njson > 0 && l.form == PATH_JSONB)
		l.form = PATH_NUMBER;
	emit_left(s, &l);
}

static void emit_exists(struct stmt *, const struct expr *);

static void
emit_list(struct stmt *s, const struct from *f, const struct expr *e)
{
	if (e->kind == EXPR_NOT)
		stmt_lit(s, "not ");
	stmt_lit(s, "(");
	for (size_t i = 0; i < e->list.n; i++) {
		if (i > 0 && e->kind == EXPR_OR)
			stmt_lit(s, " or ");
		else if (i > 0)
			stmt_lit(s, " and ");
		stmt_expr(s, f, e->list.v[i]);
	}
	stmt_lit(s, ")");
}

/* the value with its own wildcards taken literally */
static struct str
like_pattern(struct arena *a, struct str text, bool open_start, bool open_end)
{
	struct buf b;

	buf_init(&b, a, 2 * text.len + 2);
	if (open_start)
		buf_char(&b, '%');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.p[i];

		if (c == '%' || c == '_' || c == '\\')
			buf_char(&b, '\\');
		buf_char(&b, c);
	}
	if (open_end)
		buf_char(&b, '%');
	return buf_view(&b);
}

/* the client's own pattern; a backslash at its end, where PostgreSQL wants
 * something to escape, is one */
static struct str
whole_pattern(struct arena *a, struct str text)
{
	size_t n = 0;

	while (n < text.len && text.p[text.len - 1 - n] == '\\')
		n++;
	if (n % 2 == 0)
		return text;
	return str_from(arena_printf(a, "%.*s\\", STR_ARGS(text)));
}

static struct str
pattern_of(struct arena *a, enum op op, struct str text)
{
	bool start = op == OP_CONTAINS || op == OP_ICONTAINS ||
		     op == OP_ENDSWITH || op == OP_IENDSWITH;
	bool end = op == OP_CONTAINS || op == OP_ICONTAINS ||
		   op == OP_STARTSWITH || op == OP_ISTARTSWITH;

	return like_pattern(a, text, start, end);
}

static void
emit_text(struct stmt *s, const struct expr *e, struct str text)
{
	size_t *shared = e->cmp.shared;

	if (shared != NULL && *shared > 0) {
		stmt_param_again(s, *shared);
	} else {
		stmt_param(s, e->cmp.value.is_null ? STR_NONE : text, NULL);
		if (shared != NULL)
			*shared = s->nargs;
	}
	stmt_lit(s, "::text");
}

/* char(n) without its blanks, an enum's label, an inet without "/32", which a
 * cast would add: the text that people see */
static void
emit_text_op(struct stmt *s, struct left l, const struct expr *e)
{
	const struct op_info *op = &query_ops[e->cmp.op];
	struct str text = e->cmp.value.text;
	const struct type *t = operand_type(&l);
	bool is_address = t != NULL && is_builtin(t, "inet");

	l.form = is_address ? PATH_VALUE : PATH_TEXT;
	if (is_address)
		stmt_lit(s, "pg_catalog.abbrev(");
	emit_left(s, &l);
	if (is_address)
		stmt_lit(s, ")");
	stmt_operator(s, op->sql, t);
	if (op->takes == OP_TAKES_TEXT)
		text = pattern_of(s->arena, e->cmp.op, text);
	else if (op->takes == OP_TAKES_PATTERN)
		text = whole_pattern(s->arena, text);
	emit_text(s, e, text);
}

/* 'pg_catalog.english'::pg_catalog.regconfig, : a constant, so that an index on
 * to_tsvector of the same configuration serves the search; it comes from the
 * snapshot as an identifier does */
static void
emit_config(struct stmt *s, struct str config)
{
	if (config.p == NULL)
		return;
	stmt_quoted(s, config, '\'');
	stmt_lit(s, "::pg_catalog.regconfig, ");
}

static void
emit_search_op(struct stmt *s, struct left l, const struct expr *e)
{
	bool vector =
	    l.path->njson == 0 && is_builtin(l.path->column->type, "tsvector");

	l.form = vector ? PATH_VALUE : PATH_TEXT;
	if (!vector) {
		stmt_lit(s, "pg_catalog.to_tsvector(");
		emit_config(s, e->cmp.config);
	}
	emit_left(s, &l);
	if (!vector)
		stmt_lit(s, ")");
	if (e->cmp.phrase)
		stmt_lit(s, " @@ pg_catalog.phraseto_tsquery(");
	else
		stmt_lit(s, " @@ pg_catalog.websearch_to_tsquery(");
	emit_config(s, e->cmp.config);
	emit_text(s, e, e->cmp.value.text);
	stmt_lit(s, ")");
}

/* @> can use an index on the array, = any() cannot; but a name is cut off
 * when it is cast, so that it is compared as the text it is */
static void
emit_element_op(struct stmt *s, const struct left *l, const struct value *v)
{
	const struct type *element = l->path->column->type->element;

	if (is_builtin(element, "name")) {
		stmt_value(s, v, element);
		stmt_lit(s, " = any(");
		emit_left(s, l);
		stmt_lit(s, ")");
		return;
	}
	emit_left(s, l);
	stmt_lit(s, " @> array[");
	stmt_value(s, v, element);
	stmt_lit(s, "]");
}

/* a key, or for HAS_ANY and HAS_ALL an array of keys */
static void
emit_key_op(struct stmt *s, struct left l, const struct expr *e)
{
	l.form = PATH_JSONB;
	emit_left(s, &l);
	stmt_operator(s, query_ops[e->cmp.op].sql, operand_type(&l));
	emit_text(s, e, e->cmp.value.text);
	if (e->cmp.op != OP_HAS_KEY)
		stmt_lit(s, "[]");
}

static void
emit_compare(struct stmt *s, const struct left *l, const struct expr *e)
{
	if (query_ops[e->cmp.op].takes == OP_TAKES_ORDER)
		emit_ordered(s, *l);
	else
		emit_left(s, l);
	stmt_operator(s, query_ops[e->cmp.op].sql, operand_type(l));
	stmt_value(s, &e->cmp.value, l->type);
}

/* IS DISTINCT FROM takes the = that it finds, which is text's */
static void
emit_distinct(struct stmt *s, const struct left *l, const struct expr *e)
{
	size_t n;

	if (find_schema(operand_type(l)).p == NULL) {
		emit_compare(s, l, e);
		return;
	}
	stmt_lit(s, "(case when ");
	emit_left(s, l);
	stmt_lit(s, " is null or ");
	stmt_value(s, &e->cmp.value, l->type);
	n = s->nargs;
	stmt_lit(s, " is null then ");
	emit_left(s, l);
	stmt_lit(s, " is not null or ");
	stmt_param_again(s, n);
	stmt_lit(s, " is not null else not ");
	emit_left(s, l);
	stmt_operator(s, "=", operand_type(l));
	stmt_param_again(s, n);
	stmt_lit(s, " end)");
}

static void
emit_cmp(struct stmt *s, const struct from *f, const struct expr *e)
{
	struct left l;

	if (e->cmp.agg == AGG_NONE) {
		l = left_of(f, &e->cmp.path, &e->cmp.value);
	} else {
		l = (struct left){.f = f,
		    .path = &e->cmp.path,
		    .agg = e->cmp.agg,
		    .distinct = e->cmp.distinct};
		l.type = e->cmp.value.type != NULL ? e->cmp.value.type
						   : operand_type(&l);
	}
	switch (query_ops[e->cmp.op].takes) {
	case OP_TAKES_TREE:
		stmt_in_tree(s, e);
		break;
	case OP_TAKES_GRAPH:
		stmt_in_graph(s, e);
		break;
	case OP_TAKES_TEXT:
	case OP_TAKES_PATTERN:
	case OP_TAKES_REGEX:
		emit_text_op(s, l, e);
		break;
	case OP_TAKES_SEARCH:
		emit_search_op(s, l, e);
		break;
	case OP_TAKES_ARRAY:
		emit_element_op(s, &l, &e->cmp.value);
		break;
	case OP_TAKES_JSON:
		emit_key_op(s, l, e);
		break;
	case OP_TAKES_EQUAL:
	case OP_TAKES_ORDER:
	case OP_TAKES_SET:
	case OP_TAKES_RANGE:
		if (e->cmp.op == OP_DISTINCT)
			emit_distinct(s, &l, e);
		else
			emit_compare(s, &l, e);
		break;
	}
}

/* there are no arrays of arrays: one comparison a value */
static void
emit_in_each(struct stmt *s, const struct left *l, const struct expr *e)
{
	if (e->in.n == 0)
		stmt_lit(s, "false");
	for (size_t i = 0; i < e->in.n; i++) {
		stmt_add(s, i == 0 ? "(" : " or ", i == 0 ? 1 : 4);
		emit_left(s, l);
		stmt_lit(s, " = ");
		stmt_value(s, &e->in.v[i], l->type);
	}
	if (e->in.n > 0)
		stmt_lit(s, ")");
}

/* one argument, so that the text is the same for any number of values */
static void
emit_in(struct stmt *s, const struct from *f, const struct expr *e)
{
	struct left l =
	    left_of(f, &e->in.path, e->in.n > 0 ? &e->in.v[0] : NULL);

	if (l.type != NULL && l.type->class == TYPE_ARRAY) {
		emit_in_each(s, &l, e);
		return;
	}
	emit_left(s, &l);
	stmt_operator(s, "=", operand_type(&l));
	stmt_lit(s, "any(");
	stmt_param_values(
	    s, e->in.v, e->in.n, is_bound_as_text(l.type) ? NULL : l.type);
	stmt_lit(s, ")");
}

static void
emit_between(struct stmt *s, const struct from *f, const struct expr *e)
{
	assert(e->in.n == 2);
	stmt_lit(s, "(");
	for (size_t i = 0; i < 2; i++) {
		struct left l = left_of(f, &e->in.path, &e->in.v[i]);

		if (i > 0)
			stmt_lit(s, " and ");
		emit_ordered(s, l);
		stmt_operator(s, i == 0 ? ">=" : "<=", operand_type(&l));
		stmt_value(s, &e->in.v[i], l.type);
	}
	stmt_lit(s, ")");
}

/* "is null" is true of a row of nulls too, "is distinct from" is exact */
void
stmt_is_null(struct stmt *s, const struct path *p, bool negated)
{
	bool row = p->njson == 0 && p->column->type->class == TYPE_COMPOSITE;

	if (row && negated)
		stmt_lit(s, " is distinct from null");
	else if (row)
		stmt_lit(s, " is not distinct from null");
	else if (negated)
		stmt_lit(s, " is not null");
	else
		stmt_lit(s, " is null");
}

void
stmt_expr(struct stmt *s, const struct from *f, const struct expr *e)
{
	bool wrap = e->negated && (e->kind == EXPR_CMP || e->kind == EXPR_IN);

	if (wrap)
		stmt_lit(s, "not (");
	else if (e->negated && e->kind != EXPR_ISNULL)
		stmt_lit(s, "not ");
	switch (e->kind) {
	case EXPR_AND:
	case EXPR_OR:
	case EXPR_NOT:
		emit_list(s, f, e);
		break;
	case EXPR_CMP:
		emit_cmp(s, f, e);
		break;
	case EXPR_IN:
		emit_in(s, f, e);
		break;
	case EXPR_BETWEEN:
		emit_between(s, f, e);
		break;
	case EXPR_ISNULL:
		stmt_path(s, f, &e->null_path,
		    e->null_path.njson > 0 ? PATH_TEXT : PATH_VALUE);
		stmt_is_null(s, &e->null_path, e->negated);
		break;
	case EXPR_EXISTS:
		emit_exists(s, e);
		break;
	}
	if (wrap)
		stmt_lit(s, ")");
}

void
stmt_related(struct stmt *s, const struct relation *r, unsigned near)
{
	unsigned far = ++s->naliases;
	unsigned via = r->via != NULL ? ++s->naliases : 0;

	stmt_lit(s, "exists (select 1 from ");
	stmt_far(s, r, far, via, false);
	stmt_lit(s, " where ");
	stmt_match(s, r, near, far, via);
	s->alias = far;
}

/* with a condition that a row of nulls meets, also where there is no row */
static void
emit_exists(struct stmt *s, const struct expr *e)
{
	unsigned near = s->alias;

	if (e->exists.or_none)
		stmt_lit(s, "(");
	stmt_related(s, e->exists.relation, near);
	if (e->exists.where != NULL) {
		stmt_lit(s, " and ");
		stmt_expr(s, NULL, e->exists.where);
	}
	stmt_lit(s, ")");
	s->alias = near;
	if (!e->exists.or_none)
		return;
	stmt_lit(s, " or not ");
	stmt_related(s, e->exists.relation, near);
	stmt_lit(s, "))");
	s->alias = near;
}

void
stmt_and(struct stmt *s, bool *some)
{
	if (*some)
		stmt_lit(s, " and ");
	else
		stmt_lit(s, " where ");
	*some = true;
}

/* JOIN_INNER and JOIN_ANTI are conditions, but for what is joined anyway */
static void
emit_included(struct stmt *s, const struct include *inc, bool *some)
{
	unsigned near = s->alias;
	bool inner = true;

	stmt_and(s, some);
	if (inc->join == JOIN_ANTI)
		stmt_lit(s, "not ");
	stmt_related(s, inc->relation, near);
	stmt_conditions(s, inc->query, false, &inner);
	stmt_lit(s, ")");
	s->alias = near;
}

void
stmt_conditions(struct stmt *s, const struct query *q, bool joined, bool *some)
{
	const struct expr *e = q->where;

	if (e != NULL && e->kind == EXPR_AND) {
		for (size_t i = 0; i < e->list.n; i++) {
			stmt_and(s, some);
			stmt_expr(s, NULL, e->list.v[i]);
		}
	} else if (e != NULL) {
		stmt_and(s, some);
		stmt_expr(s, NULL, e);
	}
	for (size_t i = 0; i < q->nsearch; i++) {
		stmt_and(s, some);
		stmt_term(s, q, q->search[i].text);
	}
	for (size_t i = 0; i < q->ninclude; i++) {
		const struct include *inc = &q->include[i];

		if (inc->join == JOIN_ANTI ||
		    (inc->join == JOIN_INNER &&
			!(joined && inc->relation->kind == RELATION_TO_ONE)))
			emit_included(s, inc, some);
	}
}

void
stmt_where(struct stmt *s, const struct query *q)
{
	bool some = false;

	stmt_conditions(s, q, false, &some);
}
