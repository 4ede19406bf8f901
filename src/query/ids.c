/*
 * Rows by a list of keys: one IN where the key is one column, else an OR of
 * the keys.  Every part is of its column's type before anything is asked.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "query/query.h"
#include "query/query_priv.h"
#include "schema/schema.h"

#define IDS_MAX 1000 /* as of a list of values */

/* the part at the head of *rest, up to one of the two separators; *end is
 * the one found, 0 at the end of the text.  -1: a quote has no other half */
static int
cut_part(struct arena *a, struct str *rest, struct str *part, char *end)
{
	bool quoted = rest->len > 0 && rest->p[0] == '"';
	size_t i = quoted;
	struct buf b;

	buf_init(&b, a, rest->len + 1);
	for (; i < rest->len; i++) {
		char c = rest->p[i];

		if (quoted && c == '"') {
			if (i + 1 == rest->len || rest->p[i + 1] != '"')
				break;
			i++;
		} else if (!quoted && (c == ',' || c == ';')) {
			break;
		}
		buf_char(&b, c);
	}
	if (quoted && i++ == rest->len)
		return -1;
	*part = buf_view(&b);
	*end = i < rest->len ? rest->p[i] : '\0';
	*rest = str_sub(*rest, i + 1, rest->len);
	return *end == '\0' || *end == ',' || *end == ';' ? 0 : -1;
}

/* 0 with the parts of the next key in v */
static int
cut_key(struct arena *a, const struct table *t, struct str *rest,
    struct value *v, bool *last, struct err *err, struct str field)
{
	const char *wrong = NULL;
	struct str part;
	char end = ',';

	for (size_t i = 0; i < t->nkey && wrong == NULL; i++) {
		const struct column *c = &t->columns[t->key[i]];
		bool ends = i + 1 == t->nkey;

		if (end == '\0' || (end == ';' && i > 0) ||
		    cut_part(a, rest, &part, &end) != 0 ||
		    (!ends && end != ',') ||
		    (ends && end == (t->nkey == 1 ? ';' : ',')))
			wrong = "Must be a list of keys.";
		else
			wrong = value_match(a, c->type, part, &v[i].text);
		v[i].type = c->type;
	}
	*last = end == '\0';
	return wrong == NULL
		   ? 0
		   : err_add_field(err, ERR_BAD_VALUE, field, "%s", wrong);
}

static struct expr *
one_column(struct arena *a, const struct column *c, struct value *v, size_t n)
{
	struct expr *e = arena_make(a, struct expr);

	e->kind = EXPR_IN;
	e->text = c->name;
	query_path_name(a, &e->in.path, c->name, c->name);
	e->in.path.column = c;
	e->in.v = v;
	e->in.n = n;
	return e;
}

static struct expr *
several_columns(
    struct arena *a, const struct table *t, const struct value *v, size_t n)
{
	struct expr **keys = arena_array(a, struct expr *, n);
	struct expr **parts = arena_array(a, struct expr *, t->nkey);

	for (size_t k = 0; k < n; k++) {
		for (size_t i = 0; i < t->nkey; i++) {
			const struct column *c = &t->columns[t->key[i]];

			parts[i] = query_cmp(a, c->name, c->name, OP_EQ,
			    v[k * t->nkey + i].text);
			parts[i]->cmp.path.column = c;
			parts[i]->cmp.value = v[k * t->nkey + i];
		}
		keys[k] = query_logic(a, EXPR_AND, parts, t->nkey);
	}
	return query_logic(a, EXPR_OR, keys, n);
}

int
query_ids(struct arena *a, struct query *q, struct str field, struct str list,
    struct err *err)
{
	const struct table *t = q->table;
	struct value *v;
	bool last = false;
	size_t n = 0;

	if (t->nkey == 0)
		return err_set(err, ERR_NO_KEY, NULL);
	v = arena_array(a, struct value, IDS_MAX * t->nkey);
	for (; !last; n++) {
		if (n == IDS_MAX)
			return err_add_field(
			    err, ERR_LIMIT, field, "At most %d keys.", IDS_MAX);
		if (cut_key(a, t, &list, v + n * t->nkey, &last, err, field) !=
		    0)
			return -1;
	}
	query_and(a, q,
	    t->nkey == 1 ? one_column(a, &t->columns[t->key[0]], v, n)
			 : several_columns(a, t, v, n));
	return 0;
}
