/*
 * The v2 dialect: Ransack's q, the serializer's a, page and per (CONTRACT 5.2
 * to 5.4).  A query string is first made the JSON object that the body of a
 * search would be; one walker reads both.  Syntax only: "a_b_c_eq" becomes a
 * path of all its pieces, and query_resolve finds out what they are.
 */
#include "query/ransack_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "query/query_priv.h"

/* what an offset may reach, as int4 (SECURITY: checked arithmetic) */
#define ROWS_MAX INT64_C(2147483647)

static void
refuse(struct ransack *r, struct str field, const char *text)
{
	err_add_field(r->err, ERR_BAD_PARAM, field, "%s", text);
}

/* an object, or its JSON as a text; NULL when it is blank or wrong */
static const struct json *
take_object(struct ransack *r, const struct json *j)
{
	struct str text, name;

	if (j == NULL)
		return NULL;
	name = j->key;
	if (j->kind == JSON_STRING) {
		text = str_trim(j->text);
		if (text.len == 0)
			return NULL;
		j = json_parse(r->arena, text, r->err);
		if (j == NULL)
			return NULL;
	}
	if (j->kind == JSON_OBJECT || j->kind == JSON_NULL)
		return j->kind == JSON_OBJECT ? j : NULL;
	refuse(r, name, "An object is wanted.");
	return NULL;
}

/* ---- order -------------------------------------------------------------- */

static void
add_sort(struct ransack *r, struct query *q, struct str name, struct str dir)
{
	struct order_key *k = &q->order[q->norder];

	if (name.len == 0)
		return;
	ransack_path(r->arena, &k->path, name);
	k->desc = str_case_eq(dir, STR("desc"));
	q->norder++;
}

/* "name desc", or {"name":"name","dir":"desc"} */
static void
take_sort(struct ransack *r, struct query *q, const struct json *j)
{
	const struct json *name = json_get(j, STR("name"));
	const struct json *dir = json_get(j, STR("dir"));
	struct str text = STR(""), word = STR("");
	ptrdiff_t blank;

	if (name != NULL) {
		if (r->limits->strict && j->n > (dir != NULL ? 2u : 1u))
			refuse(r, STR("s"),
			    "Only a name and a direction are wanted.");
		ransack_scalar(name, &text);
		if (dir != NULL)
			ransack_scalar(dir, &word);
		add_sort(r, q, text, word);
		return;
	}
	if (!ransack_scalar(j, &text)) {
		refuse(r, STR("s"), "A name and a direction are wanted.");
		return;
	}
	blank = str_rchr(text, ' ');
	if (blank > 0) {
		word = str_sub(text, (size_t)blank + 1, text.len);
		text = str_trim(str_sub(text, 0, (size_t)blank));
	}
	add_sort(r, q, text, word);
}

static void
take_sorts(struct ransack *r, struct query *q, const struct json *s)
{
	bool list = ransack_is_many(s);
	const struct json *m = list ? s->child : s;

	q->order = arena_array(r->arena, struct order_key, list ? s->n : 1);
	for (; m != NULL; m = list ? m->next : NULL)
		take_sort(r, q, m);
}

/* ---- pages -------------------------------------------------------------- */

static int64_t
take_number(struct ransack *r, const struct json *j, int64_t max)
{
	struct str text;
	int64_t n;

	if (!ransack_scalar(j, &text) || str_i64(text, &n) != 0)
		refuse(r, j->key, "A whole number is required.");
	else if (n < 1)
		refuse(r, j->key, "Must be at least 1.");
	else if (n > max)
		err_add_field(r->err, ERR_BAD_PARAM, j->key,
		    "Must be at most %lld.", (long long)max);
	else
		return n;
	return 1;
}

/* "" and null say nothing */
static const struct json *
find_given(const struct json *root, struct str name)
{
	const struct json *j = json_get(root, name);
	struct str text;

	return j != NULL && ransack_scalar(j, &text) && text.len == 0 ? NULL
								      : j;
}

/* per without page means nothing, but may not be wrong */
static void
take_page(struct ransack *r, struct query *q, const struct json *root)
{
	const struct json *page = find_given(root, STR("page"));
	const struct json *per = find_given(root, STR("per"));
	int64_t limit = r->limits->page_size;

	if (per != NULL)
		limit = take_number(r, per, r->limits->max_page_size);
	if (page == NULL)
		return;
	q->page.kind = PAGE_NUMBER;
	q->page.has_limit = true;
	q->page.limit = limit;
	q->page.number = take_number(r, page, ROWS_MAX);
	if (q->page.number - 1 > ROWS_MAX / limit)
		refuse(r, STR("page"), "There cannot be that many pages.");
	else
		q->page.offset = (q->page.number - 1) * limit;
	q->want_count = COUNT_EXACT;
}

static void
take_count(struct ransack *r, struct query *q, const struct json *j)
{
	struct str text;
	int flag = ransack_scalar(j, &text) ? ransack_flag(text) : -1;

	if (flag < 0)
		refuse(r, j->key, "Must be true or false.");
	else if (flag == 1)
		q->want_count = COUNT_EXACT;
}

/* ---- all of it ---------------------------------------------------------- */

static bool
is_known(struct str name)
{
	static const char *const known[] = {
	    "q", "a", "json_attrs", "page", "per", "count", "format"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq_c(name, known[i]))
			return true;
	return false;
}

static void
check_names(struct ransack *r, const struct json *root)
{
	for (const struct json *m = root->child; m != NULL; m = m->next)
		if (r->limits->strict && !is_known(m->key))
			refuse(r, m->key, "There is no such parameter.");
}

static struct query *
take_all(struct ransack *r, const struct json *root)
{
	struct query *q = query_new(r->arena);
	const struct json *attrs = json_get(root, STR("json_attrs"));
	const struct json *count = find_given(root, STR("count"));
	const struct json *format = json_get(root, STR("format")), *sorts, *j;

	check_names(r, root);
	j = take_object(r, json_get(root, STR("q")));
	if (j != NULL) {
		q->where = ransack_where(r, j);
		sorts = ransack_part(r, j, 's');
		if (sorts != NULL)
			take_sorts(r, q, sorts);
	}
	if (attrs == NULL)
		attrs = json_get(root, STR("a"));
	j = take_object(r, attrs);
	if (j != NULL)
		ransack_shape(r, q, j);
	take_page(r, q, root);
	if (count != NULL)
		take_count(r, q, count);
	if (format != NULL && !ransack_scalar(format, &q->format))
		refuse(r, format->key, "A name is wanted.");
	return r->err->id == ERR_NONE ? q : NULL;
}

struct query *
query_parse_ransack(struct arena *a, struct params *params,
    const struct query_limits *limits, struct err *err)
{
	struct ransack r = {.arena = a, .limits = limits, .err = err};
	struct json *root = ransack_tree(a, params, err);

	return root == NULL ? NULL : take_all(&r, root);
}

/* a reader of rows lets twins pass */
static const struct json *
find_twin(const struct json *j)
{
	const struct json *twin = j->twin;

	for (const struct json *m = j->child; m != NULL && twin == NULL;
	     m = m->next)
		twin = find_twin(m);
	return twin;
}

struct query *
query_parse_ransack_json(struct arena *a, const struct json *body,
    const struct query_limits *limits, struct err *err)
{
	struct ransack r = {.arena = a, .limits = limits, .err = err};
	const struct json *twin = find_twin(body);

	if (body->kind != JSON_OBJECT)
		err_set(err, ERR_BAD_JSON, "The body must be an object.");
	else if (twin != NULL)
		err_add_field(
		    err, ERR_BAD_JSON, twin->key, "Given more than once.");
	return err->id == ERR_NONE ? take_all(&r, body) : NULL;
}
