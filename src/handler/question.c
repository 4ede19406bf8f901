/*
 * A question in a JSON body, as the parameters of an address: there is one
 * grammar, and one parser of it.  Where parameters are no JSON, lists become
 * comma lists and trees of conditions the parentheses of or=, and=, not=,
 * quoted where they need to be.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"

/* which parameters are comma lists; quoted: of values, which may have commas */
static bool
is_list_name(struct str name, bool *quoted)
{
	static const struct {
		const char *end;
		bool quoted;
	} lists[] = {{"fields", true}, {"group_by", true}, {"search", true},
	    {"aggregate", false}, {"include", false}, {"ordering", false},
	    {"__in", true}, {"__nin", true}, {"__between", true},
	    {"__nbetween", true}, {"having", false}};

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		*quoted = lists[i].quoted;
		if (lists[i].end[0] == '_'
			? str_ends(name, str_from(lists[i].end))
			: str_eq_c(name, lists[i].end))
			return true;
	}
	return false;
}

static void
add_quoted(struct buf *b, struct str s)
{
	buf_char(b, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '"')
			buf_char(b, '"');
		buf_char(b, s.p[i]);
	}
	buf_char(b, '"');
}

/* a value of a comma list, in quotes where it could be taken for two */
static void
add_listed(struct buf *b, struct str s)
{
	bool plain = s.len > 0;

	for (size_t i = 0; i < s.len; i++)
		plain = plain && strchr(" ,;()\"'\t\r\n", s.p[i]) == NULL;
	if (plain)
		buf_str(b, s);
	else
		add_quoted(b, s);
}

/* ["a", "b"] as "a,b" */
static int
list_text(struct ctx *c, const struct json *array, bool quoted, struct str *out)
{
	struct buf b;

	buf_init(&b, c->arena, SIZE_MAX / 4);
	for (const struct json *j = array->child; j != NULL; j = j->next) {
		if (j->kind == JSON_NULL || j->kind == JSON_OBJECT ||
		    j->kind == JSON_ARRAY)
			return err_add_field(&c->err, ERR_BAD_PARAM, array->key,
			    "The members must be texts, numbers, true or "
			    "false.");
		if (j != array->child)
			buf_char(
			    &b, str_eq_c(array->key, "having") ? ';' : ',');
		if (j->kind == JSON_STRING && quoted)
			add_listed(&b, j->text);
		else
			buf_str(&b, j->kind == JSON_STRING ? j->text : j->src);
	}
	*out = buf_view(&b);
	return 0;
}

static int
value_text(struct ctx *c, const struct json *j, struct str *out)
{
	bool quoted;

	*out = STR_NONE;
	if (j->kind == JSON_NULL)
		return err_add_field(&c->err, ERR_BAD_PARAM, j->key,
		    "Cannot be null; isnull asks for that.");
	if (j->kind == JSON_ARRAY && is_list_name(j->key, &quoted))
		return list_text(c, j, quoted, out);
	if (j->kind == JSON_OBJECT && is_list_name(j->key, &quoted))
		return err_add_field(&c->err, ERR_BAD_PARAM, j->key,
		    "Must be a text, as in an address, or a list of texts.");
	*out = j->kind == JSON_STRING ? j->text : j->src;
	return 0;
}

/* ---- {"or": [{"a": 1}, {"b": 2}]} as "(a=1;b=2)" ------------------------- */

static bool
is_group(const struct json *j)
{
	return (j->kind == JSON_ARRAY || j->kind == JSON_OBJECT) &&
	       (str_eq_c(j->key, "or") || str_eq_c(j->key, "and") ||
		   str_eq_c(j->key, "not"));
}

static bool
has_any(struct str s, const char *bytes)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr(bytes, s.p[i]) != NULL)
			return true;
	return false;
}

static int add_group(struct ctx *, struct buf *, const struct json *);

/* name=value, in quotes where the value would end before its end */
static int
add_condition(struct ctx *c, struct buf *b, const struct json *j)
{
	struct str text;
	bool listed, quoted;

	if (has_any(j->key, "=;()\""))
		return err_add_field(&c->err, ERR_BAD_PARAM, j->key,
		    "There can be no such name in a group.");
	buf_str(b, j->key);
	buf_char(b, '=');
	if (is_group(j))
		return add_group(c, b, j);
	if (value_text(c, j, &text) != 0)
		return -1;
	listed = is_list_name(j->key, &quoted);
	if (listed && j->kind == JSON_STRING && has_any(text, ";()"))
		return err_add_field(&c->err, ERR_BAD_PARAM, j->key,
		    "Must be a list of values.");
	if (!listed && has_any(text, ";()\""))
		add_quoted(b, text);
	else
		buf_str(b, text);
	return 0;
}

static int
add_conditions(struct ctx *c, struct buf *b, const struct json *object)
{
	if (object->twin != NULL)
		return err_add_field(&c->err, ERR_BAD_PARAM, object->twin->key,
		    "Given more than once.");
	for (const struct json *j = object->child; j != NULL; j = j->next) {
		if (j != object->child)
			buf_char(b, ';');
		if (add_condition(c, b, j) != 0)
			return -1;
	}
	return 0;
}

/* an object's members are one condition of a list: all of them must hold */
static int
add_listed_conditions(struct ctx *c, struct buf *b, const struct json *list)
{
	for (const struct json *j = list->child; j != NULL; j = j->next) {
		if (j->kind != JSON_OBJECT)
			return err_add_field(&c->err, ERR_BAD_PARAM, list->key,
			    "The members must be objects of conditions.");
		if (j != list->child)
			buf_char(b, ';');
		if (j->n != 1)
			buf_lit(b, "and=(");
		if (add_conditions(c, b, j) != 0)
			return -1;
		if (j->n != 1)
			buf_char(b, ')');
	}
	return 0;
}

/* nested as deep as JSON may; the dialect says how deep it may be */
static int
add_group(struct ctx *c, struct buf *b, const struct json *j)
{
	int rc;

	buf_char(b, '(');
	rc = j->kind == JSON_OBJECT ? add_conditions(c, b, j)
				    : add_listed_conditions(c, b, j);
	buf_char(b, ')');
	return rc;
}

static int
param_text(struct ctx *c, const struct json *j, struct str *out)
{
	struct buf b;

	if (!is_group(j))
		return value_text(c, j, out);
	buf_init(&b, c->arena, SIZE_MAX / 4);
	if (add_group(c, &b, j) != 0)
		return -1;
	*out = buf_view(&b);
	return 0;
}

/* where parameters are JSON, a member is what it was written as */
static int
json_text(struct ctx *c, const struct json *j, struct str *out)
{
	if (j->kind == JSON_NULL)
		return err_add_field(&c->err, ERR_BAD_PARAM, j->key,
		    "Cannot be null; it may be left out.");
	*out = j->kind == JSON_STRING ? j->text : j->src;
	return 0;
}

/* the members of the body as parameters behind those of the address */
static int
take_members(struct ctx *c, const struct json *body,
    int (*read)(struct ctx *, const struct json *, struct str *))
{
	struct params *all = &c->req.params;
	size_t max = (size_t)c->app->conf.max_params;
	struct param *v;

	/* what it means twice is the dialect's, as in an address */
	if (body->kind != JSON_OBJECT ||
	    (body->twin != NULL && c->form == NULL))
		return err_set(&c->err, ERR_BAD_JSON,
		    "A JSON object with each parameter once is required.");
	if (all->n + body->n > max)
		return err_set(
		    &c->err, ERR_LIMIT, "At most %zu parameters.", max);
	v = arena_array(c->arena, struct param, all->n + body->n);
	for (size_t i = 0; i < all->n; i++)
		v[i] = all->v[i];
	*all = (struct params){v, all->n};
	for (const struct json *j = body->child; j != NULL; j = j->next) {
		struct param *p = &v[all->n];

		p->name = j->key;
		if (read(c, j, &p->value) != 0)
			return -1;
		all->n++;
	}
	return 0;
}

int
question_take(struct ctx *c, const struct json *body)
{
	return take_members(c, body, param_text);
}

int
question_take_json(struct ctx *c, const struct json *body)
{
	return take_members(c, body, json_text);
}
