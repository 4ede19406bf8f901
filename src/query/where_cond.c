/*
 * What stands in where, filter, find, order_by and sort.  Three ways to write
 * a condition, ["id", ">", 5], {"id": [">", 5]} and (id,>,5), become a row of
 * JSON values first and are read by one function, so that they cannot mean
 * different things.
 */
#include "query/where_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/params.h"

enum takes { TAKES_VALUE, TAKES_TEXT, TAKES_LIST };

static const struct word {
	const char *text;
	enum op op;
	bool negated;
	enum takes takes;
} words[] = {
    {"=", OP_EQ, false, TAKES_VALUE},
    {"==", OP_EQ, false, TAKES_VALUE},
    {"!=", OP_EQ, true, TAKES_VALUE},
    {">", OP_GT, false, TAKES_VALUE},
    {"<", OP_LT, false, TAKES_VALUE},
    {">=", OP_GE, false, TAKES_VALUE},
    {"<=", OP_LE, false, TAKES_VALUE},
    {"in", OP_EQ, false, TAKES_LIST},
    {"!in", OP_EQ, true, TAKES_LIST},
    {"like", OP_LIKE, false, TAKES_TEXT},
    {"!like", OP_LIKE, true, TAKES_TEXT},
};

/* one parameter under way */
struct reading {
	struct where *w;
	const struct param *p;
	struct conds *conds;
	struct orders *orders;
};

/* the elements of a condition or an order; more than three are counted */
struct parts {
	const struct json *v[3];
	size_t n;
};

static int
refuse(struct reading *r, const char *text)
{
	return where_refuse(r->w, r->p, text);
}

static bool
is_null(const struct json *j)
{
	return j->kind == JSON_NULL ||
	       (j->kind == JSON_STRING && str_case_eq(j->text, STR("null")));
}

/* numbers, and arrays for columns that are arrays, as they were written */
static struct str
text_of(const struct json *j)
{
	switch (j->kind) {
	case JSON_FALSE:
		return STR("false");
	case JSON_TRUE:
		return STR("true");
	case JSON_STRING:
		return j->text;
	case JSON_NULL:
	case JSON_NUMBER:
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return j->src;
}

/* "a.b.c" as names */
static void
split_path(struct arena *a, struct path *p, struct str text)
{
	struct str rest = text, name;
	size_t n = 1;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == '.';
	p->text = text;
	p->names = arena_array(a, struct str, n);
	p->nnames = 0;
	while (str_cut(&rest, '.', &name))
		p->names[p->nnames++] = name;
}

struct path *
where_path(struct expr *e)
{
	if (e->kind == EXPR_CMP)
		return &e->cmp.path;
	return e->kind == EXPR_ISNULL ? &e->null_path : &e->in.path;
}

static const struct word *
find_word(struct reading *r, const struct json *j)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (j->kind == JSON_STRING &&
		    str_case_eq(j->text, str_from(words[i].text)))
			return &words[i];
	err_add_field(r->w->err, ERR_BAD_PARAM, r->p->name,
	    "There is no operator %.*s.", STR_ARGS(j->src));
	return NULL;
}

static int
set_list(struct reading *r, struct expr *e, const struct json *list)
{
	size_t n = 0;

	if (list->kind != JSON_ARRAY)
		return refuse(r, "This operator needs a list of values.");
	e->kind = EXPR_IN;
	e->in.v = arena_array(r->w->arena, struct value, list->n + 1);
	for (const struct json *j = list->child; j != NULL; j = j->next) {
		if (j->kind == JSON_NULL)
			return refuse(r, "A list cannot hold null.");
		e->in.v[n++].text = text_of(j);
	}
	e->in.n = n;
	return 0;
}

static int
set_operand(struct reading *r, struct expr *e, const struct word *word,
    const struct json *j)
{
	e->negated = word->negated;
	if (word->takes == TAKES_LIST)
		return set_list(r, e, j);
	if (is_null(j) && word->op == OP_EQ) {
		e->kind = EXPR_ISNULL;
		return 0;
	}
	if (j->kind == JSON_NULL)
		return refuse(r, "This operator cannot be used with null.");
	if (word->takes == TAKES_TEXT && j->kind != JSON_STRING)
		return refuse(r, "A pattern is a text.");
	e->kind = EXPR_CMP;
	e->cmp.op = word->op;
	e->cmp.value.text = text_of(j);
	return 0;
}

static int
add_expr(struct reading *r, struct expr *e)
{
	struct where *w = r->w;
	struct conds *c = r->conds;

	if (++w->nfilters > w->limits->max_filters)
		return err_set(w->err, ERR_LIMIT, "At most %zu conditions.",
		    w->limits->max_filters);
	if (c->v == NULL)
		c->v = arena_array(
		    w->arena, struct expr *, w->limits->max_filters);
	c->v[c->n++] = e;
	return 0;
}

static int
add_cond(struct reading *r, const struct parts *parts)
{
	static const struct json equal = {
	    .kind = JSON_STRING, .text = {"=", 1}};
	const struct json *field = parts->v[0];
	const struct word *word;
	struct expr *e;

	if (parts->n != 2 && parts->n != 3)
		return refuse(r, "A condition is [field, value] or "
				 "[field, operator, value].");
	if (field->kind != JSON_STRING || field->text.len == 0)
		return refuse(r, "A condition begins with a field's name.");
	word = find_word(r, parts->n == 3 ? parts->v[1] : &equal);
	if (word == NULL)
		return -1;
	e = arena_make(r->w->arena, struct expr);
	e->text = field->text;
	if (set_operand(r, e, word, parts->v[parts->n - 1]) != 0)
		return -1;
	split_path(r->w->arena, where_path(e), field->text);
	return add_expr(r, e);
}

/* contract: whatever is not DESC is ascending */
static int
add_order(struct reading *r, const struct parts *parts)
{
	const struct json *field = parts->v[0];
	struct order_key *k;

	if (parts->n != 1 && parts->n != 2)
		return refuse(r, "An order is field, [field] or "
				 "[field, direction].");
	if (field->kind != JSON_STRING || field->text.len == 0)
		return refuse(r, "An order begins with a field's name.");
	if (parts->n == 2 && parts->v[1]->kind != JSON_STRING)
		return refuse(r, "A direction is \"ASC\" or \"DESC\".");
	k = &r->orders->v[r->orders->n++];
	k->desc = parts->n == 2 && str_case_eq(parts->v[1]->text, STR("desc"));
	split_path(r->w->arena, &k->path, field->text);
	return 0;
}

static int
add_parts(struct reading *r, const struct parts *parts)
{
	return r->conds != NULL ? add_cond(r, parts) : add_order(r, parts);
}

/* ---- JSON --------------------------------------------------------------- */

static int
read_list(struct reading *r, const struct json *list)
{
	struct parts parts = {.n = list->n};
	size_t i = 0;

	for (const struct json *j = list->child; j != NULL && i < 3;
	     j = j->next)
		parts.v[i++] = j;
	return add_parts(r, &parts);
}

/* {"id": 1, "name": ["like", "a%"]}, {"id": "DESC"} */
static int
read_dictionary(struct reading *r, const struct json *object)
{
	for (const struct json *j = object->child; j != NULL; j = j->next) {
		const struct json name = {
		    .kind = JSON_STRING, .text = j->key, .src = j->key};
		struct parts parts = {
		    {arena_memdup(r->w->arena, &name, sizeof(name)), j}, 2};

		if (r->conds != NULL && j->kind == JSON_ARRAY) {
			if (j->n != 2)
				return refuse(r,
				    "A condition is {field: value} or "
				    "{field: [operator, value]}.");
			parts.v[1] = j->child;
			parts.v[2] = j->child->next;
			parts.n = 3;
		}
		if (add_parts(r, &parts) != 0)
			return -1;
	}
	return 0;
}

static int
read_json(struct reading *r, const struct json *j)
{
	if (j->kind == JSON_OBJECT)
		return read_dictionary(r, j);
	if (j->kind != JSON_ARRAY)
		return refuse(r, "Must be a list or a dictionary.");
	if (j->child != NULL && j->child->kind == JSON_STRING)
		return read_list(r, j);
	for (j = j->child; j != NULL; j = j->next) {
		if (j->kind == JSON_ARRAY ? read_list(r, j) != 0
		    : j->kind == JSON_OBJECT
			? read_dictionary(r, j) != 0
			: refuse(r, "A list holds lists or dictionaries.") != 0)
			return -1;
	}
	return 0;
}

const struct json *
where_json(struct where *w, const struct param *p, struct str text)
{
	const struct json *j;
	struct err why;

	err_init(&why, w->arena);
	j = json_parse(w->arena, text, &why);
	if (j == NULL)
		err_add_field(w->err, ERR_BAD_PARAM, p->name,
		    "This is not valid JSON. %s",
		    why.detail != NULL ? why.detail : "");
	return j;
}

/* the members of an order are bounded by the length of its text */
static int
parse_json(struct reading *r, struct str text)
{
	const struct json *j = where_json(r->w, r->p, text);

	return j != NULL ? read_json(r, j) : -1;
}

/* ---- (id,1)+(id,3) ------------------------------------------------------ */

/* the length of the JSON text or list at the head of s; 0: it has no end */
static size_t
json_length(struct str s)
{
	bool quoted = false;
	size_t depth = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (quoted && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && s.p[i] == '[')
			depth++;
		else if (!quoted && s.p[i] == ']' && depth > 0)
			depth--;
		if (!quoted && depth == 0)
			return i < s.len ? i + 1 : 0;
	}
	return 0;
}

static size_t
bare_length(struct str s)
{
	size_t n = 0;

	while (n < s.len && s.p[n] != ',' && s.p[n] != ')')
		n++;
	return n;
}

static struct str
skip(struct str s, const char *bytes)
{
	while (s.len > 0 && strchr(bytes, s.p[0]) != NULL)
		s = str_sub(s, 1, s.len);
	return s;
}

/* one element: JSON where it begins as a text or a list, else as it is */
static const struct json *
take_element(struct reading *r, struct str *rest)
{
	struct json *j = arena_make(r->w->arena, struct json);
	struct str s = skip(*rest, " ");
	size_t n;

	if (s.len == 0 || (s.p[0] != '"' && s.p[0] != '[')) {
		n = bare_length(s);
		j->kind = JSON_STRING;
		j->src = j->text = str_trim(str_sub(s, 0, n));
	} else if ((n = json_length(s)) == 0 ||
		   (j = json_parse(r->w->arena, str_sub(s, 0, n), NULL)) ==
		       NULL) {
		refuse(r, "A text or a list inside ( ) is not valid JSON.");
		return NULL;
	}
	*rest = skip(str_sub(s, n, s.len), " ");
	return j;
}

/* "(id,1)" at the head of rest */
static int
take_tuple(struct reading *r, struct str *rest)
{
	struct parts parts = {.n = 0};
	char end;

	do {
		const struct json *j;

		*rest = str_sub(*rest, 1, rest->len);
		j = take_element(r, rest);
		if (j == NULL)
			return -1;
		if (parts.n < 3)
			parts.v[parts.n] = j;
		parts.n++;
		end = rest->len > 0 ? rest->p[0] : '\0';
	} while (end == ',');
	if (end != ')')
		return refuse(r, "A ( has no ) where it should end.");
	*rest = skip(str_sub(*rest, 1, rest->len), " +");
	return add_parts(r, &parts);
}

static int
read_tuples(struct reading *r, struct str rest)
{
	while (rest.len > 0) {
		if (rest.p[0] != '(')
			return refuse(r, "Between conditions stands a plus.");
		if (take_tuple(r, &rest) != 0)
			return -1;
	}
	return 0;
}

/* ---- parameters --------------------------------------------------------- */

int
where_conds(struct where *w, const struct param *p, struct conds *out)
{
	struct reading r = {.w = w, .p = p, .conds = out};
	struct str text = str_trim(p->value);

	*out = (struct conds){NULL, 0};
	return text.len > 0 && text.p[0] == '(' ? read_tuples(&r, text)
						: parse_json(&r, text);
}

int
where_orders(struct where *w, const struct param *p, struct orders *out)
{
	struct reading r = {.w = w, .p = p, .orders = out};
	struct str text = str_trim(p->value);
	const struct json field = {
	    .kind = JSON_STRING, .text = text, .src = text};
	struct parts one = {{&field}, 1};

	/* each takes more letters than this counts */
	*out = (struct orders){
	    arena_array(w->arena, struct order_key, text.len / 2 + 2), 0};
	if (text.len > 0 && (text.p[0] == '[' || text.p[0] == '{'))
		return parse_json(&r, text);
	return add_order(&r, &one);
}
