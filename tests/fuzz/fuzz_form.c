/*
 * A table and a method, a Content-Type in the first line, then the body.  What
 * is taken has names and texts that can be stored, gives an object, and written
 * again as the other kind of form the same fields; what the object holds
 * becomes a statement or is refused as JSON would be.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "../unit/sample_tables.h"
#include "fuzz.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/form.h"
#include "base/json.h"
#include "query/query.h"

#define FIELDS_MAX 50

static const struct stmt_opts opts = {.page_size = 25, .max_page_size = 1000};

static void
check_fields(const struct form *form)
{
	must(form->n <= FIELDS_MAX);
	for (size_t i = 0; i < form->n; i++) {
		const struct form_field *f = &form->v[i];

		must(f->name.len > 0 && form_is_text(f->name));
		must(f->value.p != NULL);
		must(f->is_file || form_is_text(f->value));
	}
}

/* as a browser writes it; a boundary that can be in no field */
static struct str
write_parts(struct arena *a, const struct form *form)
{
	struct buf b;

	buf_init(&b, a, 10000000);
	for (size_t i = 0; i < form->n; i++) {
		const struct form_field *f = &form->v[i];

		buf_lit(&b, "--\x27(fuzz)\x27\r\n"
			    "Content-Disposition: form-data; name=\"");
		for (size_t k = 0; k < f->name.len; k++) {
			if (strchr("\"\r\n", f->name.p[k]) != NULL)
				buf_printf(&b, "%%%02X", f->name.p[k]);
			else if (f->name.p[k] == '\\')
				buf_lit(&b, "\\\\");
			else
				buf_char(&b, f->name.p[k]);
		}
		buf_cstr(&b, f->is_file ? "\"; filename=\"x\"" : "\"");
		buf_lit(&b, "\r\n\r\n");
		buf_str(&b, f->value);
		buf_lit(&b, "\r\n");
	}
	buf_lit(&b, "--\x27(fuzz)\x27--\r\n");
	return buf_view(&b);
}

/* a name that no head can have as it is */
static bool
is_odd(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (((unsigned char)name.p[i] < ' ' &&
			strchr("\r\n\t", name.p[i]) == NULL) ||
		    name.p[i] == 0x7f || name.p[i] == '%')
			return true;
	return name.len > 1000;
}

static bool
holds(struct str s, struct str what)
{
	return memmem(s.p, s.len, what.p, what.len) != NULL;
}

static void
check_again(struct arena *a, const struct form *form)
{
	struct form again;
	struct err err;

	for (size_t i = 0; i < form->n; i++)
		if (is_odd(form->v[i].name) ||
		    holds(form->v[i].value, STR("--'(fuzz)'")))
			return;
	err_init(&err, a);
	must(form_parse(a, STR("multipart/form-data; boundary=\"'(fuzz)'\""),
		 write_parts(a, form), FIELDS_MAX, &again, &err) == 0);
	must(again.n == form->n);
	for (size_t i = 0; i < form->n; i++) {
		must(str_eq(again.v[i].name, form->v[i].name));
		must(str_eq(again.v[i].value, form->v[i].value));
		must(again.v[i].is_file == form->v[i].is_file);
	}
}

static void
check_row(struct arena *a, const struct table *t, const struct form *form,
    bool creating)
{
	const struct query_limits limits = {.page_size = 25};
	struct query *q = query_new(a);
	const struct json *j;
	struct body body;
	struct err err;

	err_init(&err, a);
	j = body_from_form(a, t, form, creating, &err);
	must((j == NULL) == (err.id != ERR_NONE));
	if (j == NULL || query_resolve(a, q, NULL, t, &limits, &err) != 0)
		return;
	must(j->kind == JSON_OBJECT);
	if (body_parse(a, t, j, creating ? BODY_CREATE : BODY_PATCH, NULL,
		&body, &err) != 0) {
		must(err.id != ERR_NONE && err_status(err.id) < 500);
		return;
	}
	must(stmt_insert(a, t, &body, true, &opts)->nargs == body.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	struct str rest, type;
	struct form form;
	struct err err;

	err_init(&err, a);
	if (n > 0) {
		rest = (struct str){arena_memdup(a, bytes + 1, n - 1), n - 1};
		str_cut(&rest, '\n', &type);
		if (!form_is(type)) {
			/* most of the time it should be one */
			type = STR("multipart/form-data; boundary=X");
		}
		if (form_parse(a, type, rest, FIELDS_MAX, &form, &err) != 0) {
			must(err.id == ERR_BAD_FORM || err.id == ERR_LIMIT ||
			     err.id == ERR_MEDIA_TYPE);
			must(err.detail != NULL || err.fields != NULL);
		} else {
			must(err.id == ERR_NONE);
			check_fields(&form);
			check_again(a, &form);
			check_row(a,
			    &sample_tables[(bytes[0] >> 1) % sample_ntables],
			    &form, bytes[0] & 1);
		}
	}
	arena_free(a);
	return 0;
}
