/*
 * Forms: which kind it is, the simple kind, and fields as JSON.  A browser says
 * nothing of a charset where its page is in UTF-8; whoever says another one
 * means other letters than we would read.
 */
#include "base/form.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/params.h"
#include "base/utf8.h"

static const struct str urlencoded = {"application/x-www-form-urlencoded", 33};
static const struct str multipart = {"multipart/form-data", 19};

bool
form_is_text(struct str s)
{
	return utf8_valid(s) && str_chr(s, '\0') < 0;
}

/* ---- headers ------------------------------------------------------------ */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(struct str *s)
{
	size_t i = 0;

	while (i < s->len && is_blank(s->p[i]))
		i++;
	*s = str_sub(*s, i, s->len);
}

static size_t
token_span(struct str s)
{
	size_t i = 0;

	while (i < s.len && s.p[i] > ' ' && s.p[i] < 0x7f &&
	       strchr("()<>@,;:\\\"/[]?={}", s.p[i]) == NULL)
		i++;
	return i;
}

bool
form_is_token(struct str s)
{
	return s.len > 0 && token_span(s) == s.len;
}

static bool
is_escape(struct str s, size_t i)
{
	return s.p[i] == '\\' && i + 1 < s.len &&
	       (s.p[i + 1] == '"' || s.p[i + 1] == '\\');
}

/* from a quote to the next one that stands without backslash; any other
 * backslash is part of a name, as browsers send it */
static int
cut_quoted(struct arena *a, struct str *rest, struct str *value)
{
	size_t n = 0, end = 1;
	char *text;

	while (end < rest->len && rest->p[end] != '"')
		end += is_escape(*rest, end) ? 2 : 1;
	if (end >= rest->len)
		return -1;
	text = arena_alloc(a, end);
	for (size_t i = 1; i < end; i++) {
		i += is_escape(*rest, i);
		text[n++] = rest->p[i];
	}
	*value = (struct str){text, n};
	*rest = str_sub(*rest, end + 1, rest->len);
	return 1;
}

static int
cut_token(struct str *rest, struct str *token)
{
	size_t n = token_span(*rest);

	*token = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->len);
	return n > 0 ? 1 : -1;
}

int
form_param(
    struct arena *a, struct str *rest, struct str *name, struct str *value)
{
	bool some = false;

	skip_blanks(rest);
	for (; rest->len > 0 && rest->p[0] == ';'; skip_blanks(rest)) {
		*rest = str_sub(*rest, 1, rest->len);
		some = true;
	}
	if (rest->len == 0)
		return 0;
	if (!some)
		return -1;
	if (cut_token(rest, name) < 0 || rest->len < 2 || rest->p[0] != '=')
		return -1;
	*rest = str_sub(*rest, 1, rest->len);
	return rest->p[0] == '"' ? cut_quoted(a, rest, value)
				 : cut_token(rest, value);
}

struct str
form_cut(struct str header, struct str *params)
{
	ptrdiff_t at = str_chr(header, ';');
	size_t n = at < 0 ? header.len : (size_t)at;

	*params = str_sub(header, n, header.len);
	return str_trim(str_sub(header, 0, n));
}

int
form_charset_fits(struct arena *a, struct str params)
{
	struct str name, value;
	int rc;

	while ((rc = form_param(a, &params, &name, &value)) > 0)
		if (str_case_eq(name, STR("charset")) &&
		    !str_case_eq(value, STR("utf-8")) &&
		    !str_case_eq(value, STR("us-ascii")))
			return 0;
	return rc < 0 ? -1 : 1;
}

/* ---- the two kinds ------------------------------------------------------ */

bool
form_is(struct str content_type)
{
	struct str params, type = form_cut(content_type, &params);

	return str_case_eq(type, urlencoded) || str_case_eq(type, multipart);
}

static int
check_charset(struct arena *a, struct str params, struct err *err)
{
	int fits = form_charset_fits(a, params);

	if (fits == 0)
		return err_set(err, ERR_MEDIA_TYPE, "A form must be in UTF-8.");
	if (fits < 0)
		return err_set(
		    err, ERR_BAD_FORM, "The Content-Type is malformed.");
	return 0;
}

static int
parse_urlencoded(struct arena *a, struct str body, size_t max, struct form *out,
    struct err *err)
{
	struct params ps;
	struct err why;

	err_init(&why, a);
	if (params_parse(a, body, max, &ps, &why) != 0)
		return err_set(err,
		    why.id == ERR_LIMIT ? ERR_LIMIT : ERR_BAD_FORM, "%s",
		    why.detail);
	out->v = arena_array(a, struct form_field, ps.n);
	for (size_t i = 0; i < ps.n; i++)
		out->v[out->n++] = (struct form_field){
		    .name = ps.v[i].name, .value = ps.v[i].value};
	return 0;
}

int
form_parse(struct arena *a, struct str content_type, struct str body,
    size_t max, struct form *out, struct err *err)
{
	struct str params, type = form_cut(content_type, &params);

	*out = (struct form){NULL, 0};
	if (check_charset(a, params, err) != 0)
		return -1;
	if (str_case_eq(type, urlencoded))
		return parse_urlencoded(a, body, max, out, err);
	return form_multipart(a, params, body, max, out, err);
}

struct json *
form_json(struct arena *a, const struct form *form, struct err *err)
{
	struct json **v = arena_array(a, struct json *, form->n);

	for (size_t i = 0; i < form->n; i++) {
		const struct form_field *f = &form->v[i];

		if (f->is_file)
			err_add_field(err, ERR_BAD_FORM, f->name,
			    "No file is expected here.");
		else
			v[i] = json_make_text(a, f->name, f->value);
	}
	return err->id != ERR_NONE ? NULL
				   : json_make(a, JSON_OBJECT, v, form->n);
}
