/*
 * The body of an HTML form: application/x-www-form-urlencoded as the WHATWG URL
 * standard reads it, multipart/form-data as RFC 7578 and RFC 2046 5.1 write it.
 * Strict, in one pass: the fields are those that were sent, in their order, or
 * the whole is refused.  Values are views of the body where nothing had to be
 * decoded.
 */
#ifndef DYNAPI_FORM_H
#define DYNAPI_FORM_H

#include <stdbool.h>

#include "base/str.h"

struct arena;
struct err;
struct json;

struct form_field {
	struct str name;  /* valid UTF-8, not empty, no U+0000 */
	struct str value; /* the same, or empty; of a file any bytes */
	bool is_file;     /* it came with a filename */
};

struct form {
	struct form_field *v;
	size_t n;
};

/* is this Content-Type one of the two? */
bool form_is(struct str content_type);
/*
 * -1: ERR_BAD_FORM, which says what is wrong and in which part; ERR_LIMIT: more
 * than max fields; ERR_MEDIA_TYPE: a charset other than UTF-8.
 */
int form_parse(struct arena *, struct str content_type, struct str body,
    size_t max, struct form *, struct err *);
/* an object whose members are the fields, all of them texts; a name that comes
 * again is its twin.  NULL and ERR_BAD_FORM: there is a file among them. */
struct json *form_json(struct arena *, const struct form *, struct err *);

/* form_multipart.c: params is what stands in Content-Type behind the type */
int form_multipart(struct arena *, struct str params, struct str body,
    size_t max, struct form *, struct err *);
/*
 * The next ";name=value" of a header, the value a token or in quotes (form.c);
 * there may be nothing between semicolons (RFC 9110 5.6.6).  1 and *rest behind
 * it, 0 at the end, -1 malformed.
 */
int form_param(
    struct arena *, struct str *rest, struct str *name, struct str *value);
/* what stands before the first ";" of such a header; *params: the rest */
struct str form_cut(struct str header, struct str *params);
/* is there no charset= but one that UTF-8 reads?  1, 0, or -1: malformed */
int form_charset_fits(struct arena *, struct str params);
/* a text that a field can have: valid UTF-8 without U+0000 */
bool form_is_text(struct str);
/* what a header's name and an unquoted value are made of (RFC 9110 5.6.2) */
bool form_is_token(struct str);

#endif
