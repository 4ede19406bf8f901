/* A fixed stack of scopes knows where a comma belongs. */
#include "base/jsonw.h"

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/escape.h"

void
jsonw_init(struct jsonw *w, struct buf *out)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
}

/* a comma when something stands before in this scope */
static void
separate(struct jsonw *w)
{
	if (w->some[w->depth - 1])
		buf_char(w->out, ',');
	w->some[w->depth - 1] = true;
}

static void
before_value(struct jsonw *w)
{
	if (w->depth == 0)
		return;
	if (w->scope[w->depth - 1] == '{') {
		assert(w->keyed);
		w->keyed = false;
	} else {
		separate(w);
	}
}

static void
open_scope(struct jsonw *w, char c)
{
	before_value(w);
	assert(w->depth < JSONW_DEPTH_MAX);
	w->scope[w->depth] = c;
	w->some[w->depth] = false;
	w->depth++;
	buf_char(w->out, c);
}

void
jsonw_object(struct jsonw *w)
{
	open_scope(w, '{');
}

void
jsonw_array(struct jsonw *w)
{
	open_scope(w, '[');
}

void
jsonw_end(struct jsonw *w)
{
	assert(w->depth > 0 && !w->keyed);
	w->depth--;
	buf_char(w->out, w->scope[w->depth] == '{' ? '}' : ']');
}

void
jsonw_key_str(struct jsonw *w, struct str key)
{
	assert(w->depth > 0 && w->scope[w->depth - 1] == '{' && !w->keyed);
	separate(w);
	buf_json(w->out, key);
	buf_char(w->out, ':');
	w->keyed = true;
}

void
jsonw_key(struct jsonw *w, const char *key)
{
	jsonw_key_str(w, str_from(key));
}

void
jsonw_str(struct jsonw *w, struct str s)
{
	if (s.p == NULL) {
		jsonw_null(w);
		return;
	}
	before_value(w);
	buf_json(w->out, s);
}

void
jsonw_cstr(struct jsonw *w, const char *s)
{
	jsonw_str(w, str_from(s));
}

void
jsonw_i64(struct jsonw *w, int64_t v)
{
	before_value(w);
	buf_i64(w->out, v);
}

void
jsonw_bool(struct jsonw *w, bool v)
{
	before_value(w);
	buf_cstr(w->out, v ? "true" : "false");
}

void
jsonw_null(struct jsonw *w)
{
	before_value(w);
	buf_lit(w->out, "null");
}

void
jsonw_raw(struct jsonw *w, struct str json)
{
	before_value(w);
	buf_str(w->out, json);
}

void
jsonw_kv(struct jsonw *w, const char *key, struct str v)
{
	jsonw_key(w, key);
	jsonw_str(w, v);
}

void
jsonw_kv_c(struct jsonw *w, const char *key, const char *v)
{
	jsonw_key(w, key);
	jsonw_cstr(w, v);
}

void
jsonw_kv_i64(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	jsonw_i64(w, v);
}

void
jsonw_kv_bool(struct jsonw *w, const char *key, bool v)
{
	jsonw_key(w, key);
	jsonw_bool(w, v);
}
