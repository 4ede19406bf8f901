/*
 * A JSON object becomes assignments in the table's column order, so that the
 * same columns give the same statement whatever order the client wrote.
 * Every fault is reported in one answer; nothing is written unless all is
 * right (SECURITY Q11: an unknown member is an error, never skipped).
 */
#include "query/query_priv.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "schema/schema.h"

struct reading {
	struct arena *arena;
	const struct table *table;
	const struct json *json;
	enum body_mode mode;
	const struct query *key;
	struct body *body;
	struct err *err;
};

bool
body_may_hold(const struct column *c)
{
	return !c->generated && c->identity != IDENTITY_ALWAYS && c->updatable;
}

bool
body_must_hold(const struct column *c)
{
	return c->not_null && !c->has_default && c->identity == IDENTITY_NONE &&
	       body_may_hold(c);
}

/* the value that the path gives this column, or NULL */
static const struct value *
path_value(const struct reading *r, const struct column *c)
{
	if (r->key == NULL)
		return NULL;
	for (size_t i = 0; i < r->key->nkey; i++)
		if (&r->table->columns[r->table->key[i]] == c)
			return &r->key->key[i];
	return NULL;
}

static void
check_key(struct reading *r, const struct column *c, const struct value *want,
    const struct json *j)
{
	struct str text;
	const char *wrong;
	bool is_null;

	wrong = value_from_json(r->arena, c->type, j, &text, &is_null);
	if (wrong == NULL &&
	    (is_null || !value_equal(c->type, want->text, text)))
		wrong = "The key must be the same as in the path.";
	if (wrong != NULL)
		err_add_field(r->err, ERR_BAD_VALUE, c->name, "%s", wrong);
}

static void
add_value(struct reading *r, const struct column *c, const struct json *j)
{
	struct assign *as = &r->body->v[r->body->n];
	const char *wrong;

	*as = (struct assign){.column = c};
	wrong = value_from_json(r->arena, c->type, j, &as->text, &as->is_null);
	if (wrong != NULL)
		err_add_field(r->err, ERR_BAD_VALUE, c->name, "%s", wrong);
	else if (as->is_null && c->not_null)
		/* as PostgreSQL would say it of a view or a domain */
		err_add_field(r->err, ERR_CONSTRAINT, c->name,
		    "This field may not be null.");
	else
		r->body->n++;
}

/* what a client could not read, it does not send back: a replaced row keeps
 * its write-only values */
static void
add_absent(struct reading *r, const struct column *c)
{
	if (r->mode == BODY_PATCH || !body_may_hold(c) ||
	    (r->mode == BODY_REPLACE && c->write_only))
		return;
	if (body_must_hold(c)) {
		err_add_field(
		    r->err, ERR_REQUIRED, c->name, "This field is required.");
		return;
	}
	if (r->mode == BODY_REPLACE)
		r->body->v[r->body->n++] =
		    (struct assign){.column = c, .is_default = true};
}

static void
read_column(struct reading *r, const struct column *c)
{
	const struct value *in_path = path_value(r, c);
	const struct json *j = json_get(r->json, c->name);

	if (in_path != NULL) {
		if (j != NULL && !r->key->lenient_key)
			check_key(r, c, in_path, j);
	} else if (j == NULL) {
		add_absent(r, c);
	} else if (body_may_hold(c)) {
		add_value(r, c, j);
	} else if (r->mode == BODY_CREATE) {
		err_add_field(
		    r->err, ERR_READ_ONLY, c->name, "This field is read-only.");
	}
}

static void
check_names(struct reading *r)
{
	if (r->json->twin != NULL)
		err_add_field(r->err, ERR_BAD_VALUE, r->json->twin->key,
		    "This field is given more than once.");
	for (const struct json *m = r->json->child; m != NULL; m = m->next)
		if (table_input(r->table, m->key) == NULL)
			err_add_field(r->err, ERR_UNKNOWN_COLUMN, m->key,
			    "There is no such column.");
}

int
body_parse(struct arena *a, const struct table *t, const struct json *json,
    enum body_mode mode, const struct query *key, struct body *out,
    struct err *err)
{
	struct reading r = {a, t, json, mode, key, out, err};

	*out = (struct body){NULL, 0};
	if (json->kind != JSON_OBJECT)
		return err_set(err, ERR_BAD_VALUE,
		    "The body must be a JSON object; this one is of type %s.",
		    json_kind_name(json->kind));
	out->v = arena_array(a, struct assign, table_ninput(t));
	check_names(&r);
	for (size_t i = 0; i < table_ninput(t); i++)
		read_column(&r, &t->columns[i]);
	return err->id != ERR_NONE ? -1 : 0;
}

struct assign *
body_assign(const struct body *body, const struct column *c)
{
	for (size_t i = 0; i < body->n; i++)
		if (body->v[i].column == c)
			return &body->v[i];
	return NULL;
}
