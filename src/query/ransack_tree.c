/*
 * "q[name_eq]=x" as the JSON object {"q":{"name_eq":"x"}}, so that a query
 * string and a body are walked by the same code.  Brackets nest as deep as
 * JSON may; "[]" appends.  "[][key]" belongs to the last element until that
 * has such a key, as Ruby writes lists of hashes and reads them.
 */
#include "query/ransack_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/params.h"
#include "query/query_priv.h"

static struct json *
append(struct arena *a, struct json *parent, struct str key)
{
	struct json **tail = &parent->child;

	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = arena_make(a, struct json);
	(*tail)->key = key;
	parent->n++;
	return *tail;
}

static struct json *
find(const struct json *parent, struct str key)
{
	struct json *m = parent->child;

	while (m != NULL && !str_eq(m->key, key))
		m = m->next;
	return m;
}

/* "[key]" off the head; false when there is none */
static bool
cut_step(struct str *rest, struct str *key)
{
	ptrdiff_t close = str_chr(*rest, ']');

	if (rest->len == 0 || rest->p[0] != '[' || close < 1)
		return false;
	*key = str_sub(*rest, 1, (size_t)close - 1);
	*rest = str_sub(*rest, (size_t)close + 1, rest->len);
	return str_chr(*key, '[') < 0;
}

/* "[a][b]", where nothing is appended: has it been given? */
static bool
has_steps(const struct json *j, struct str rest)
{
	struct str key;

	while (j != NULL && cut_step(&rest, &key))
		j = key.len > 0 && j->kind == JSON_OBJECT ? find(j, key) : NULL;
	return j != NULL;
}

/* the last element, when it is an object that what follows belongs to */
static struct json *
find_open(const struct json *list, struct str rest)
{
	struct json *m = list->child;

	while (m != NULL && m->next != NULL)
		m = m->next;
	return m != NULL && rest.len > 0 && m->kind == JSON_OBJECT &&
		       !has_steps(m, rest)
		   ? m
		   : NULL;
}

/* the member or next element of a value of which nothing is known yet, or
 * that is of the same kind; NULL when it is another */
static struct json *
enter(struct arena *a, struct json *parent, struct str key, struct str rest)
{
	enum json_kind kind = key.len > 0 ? JSON_OBJECT : JSON_ARRAY;
	struct json *m;

	if (parent->kind == JSON_NULL)
		parent->kind = kind;
	if (parent->kind != kind)
		return NULL;
	m = kind == JSON_OBJECT ? find(parent, key) : find_open(parent, rest);
	return m != NULL ? m : append(a, parent, key);
}

static const char *
put_param(struct arena *a, struct json *root, const struct param *p)
{
	ptrdiff_t open = str_chr(p->name, '[');
	size_t head = open < 0 ? p->name.len : (size_t)open;
	struct str rest = str_sub(p->name, head, p->name.len), key;
	struct json *j;

	if (head == 0)
		return "A name is missing before the bracket.";
	j = enter(a, root, str_sub(p->name, 0, head), rest);
	for (unsigned depth = 1; rest.len > 0; depth++) {
		if (!cut_step(&rest, &key))
			return "The brackets do not fit together.";
		if (depth == JSON_DEPTH_MAX)
			return "The brackets are nested too deep.";
		j = enter(a, j, key, rest);
		if (j == NULL)
			return "This contradicts another parameter.";
	}
	if (j->kind == JSON_STRING)
		return "Given more than once.";
	if (j->kind != JSON_NULL)
		return "This contradicts another parameter.";
	j->kind = JSON_STRING;
	j->text = j->src = p->value;
	return NULL;
}

struct json *
ransack_tree(struct arena *a, struct params *params, struct err *err)
{
	struct json *root = arena_make(a, struct json);
	bool failed = false;

	root->kind = JSON_OBJECT;
	for (size_t i = 0; i < params->n; i++) {
		struct param *p = &params->v[i];
		const char *wrong = put_param(a, root, p);

		p->used = true;
		if (wrong == NULL)
			continue;
		err_add_field(err, ERR_BAD_PARAM, p->name, "%s", wrong);
		failed = true;
	}
	return failed ? NULL : root;
}

static bool
is_index(struct str key)
{
	for (size_t i = 0; i < key.len; i++)
		if (key.p[i] < '0' || key.p[i] > '9')
			return false;
	return key.len > 0;
}

bool
ransack_is_list(const struct json *j)
{
	if (j->kind != JSON_OBJECT)
		return j->kind == JSON_ARRAY;
	for (const struct json *m = j->child; m != NULL; m = m->next)
		if (!is_index(m->key))
			return false;
	return j->n > 0;
}

bool
ransack_is_many(const struct json *j)
{
	if (ransack_is_list(j))
		return true;
	if (j->kind != JSON_OBJECT)
		return false;
	for (const struct json *m = j->child; m != NULL; m = m->next)
		if (m->kind != JSON_OBJECT)
			return false;
	return j->n > 0;
}

char
ransack_word(struct str name)
{
	static const struct word {
		const char *name;
		char word;
	} words[] = {{"attributes", 'a'}, {"predicate", 'p'},
	    {"predicate_name", 'p'}, {"values", 'v'}, {"combinator", 'm'},
	    {"conditions", 'c'}, {"groupings", 'g'}, {"sorts", 's'}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq_c(name, words[i].name) ||
		    (name.len == 1 && name.p[0] == words[i].word))
			return words[i].word;
	return '\0';
}

bool
ransack_scalar(const struct json *j, struct str *out)
{
	switch (j->kind) {
	case JSON_NULL:
		*out = STR("");
		return true;
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_NUMBER:
		*out = j->src;
		return true;
	case JSON_STRING:
		*out = str_trim(j->text);
		return true;
	case JSON_ARRAY:
	case JSON_OBJECT:
		break;
	}
	return false;
}

int
ransack_flag(struct str s)
{
	static const char *const yes[] = {"true", "1", "t", "T", "TRUE"};
	static const char *const no[] = {"false", "0", "f", "F", "FALSE"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		if (str_eq_c(s, yes[i]))
			return 1;
		if (str_eq_c(s, no[i]))
			return 0;
	}
	return -1;
}

/* an underscore at either end is part of the name; more pieces than there may
 * be are not worth their room, for many values may ask for the same name */
void
ransack_path(struct arena *a, struct path *p, struct str text)
{
	size_t n = 1, from = 0;

	for (size_t i = 0; i < text.len && n <= PATH_NAMES_MAX; i++)
		n += text.p[i] == '_';
	p->text = text;
	p->names = arena_array(a, struct str, n);
	p->nnames = 0;
	for (size_t i = 1; i + 1 < text.len; i++)
		if (text.p[i] == '_' && i > from && p->nnames + 1 < n) {
			p->names[p->nnames++] = str_sub(text, from, i - from);
			from = i + 1;
		}
	p->names[p->nnames++] = str_sub(text, from, text.len);
}
