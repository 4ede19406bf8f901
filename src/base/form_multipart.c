/*
 * multipart/form-data.  What stands before the first boundary and behind the
 * last is nobody's (RFC 2046 5.1.1); of everything between, each byte belongs
 * to the head or to the content of one part.  The end of a part is looked for
 * from where its content begins, so that the body is read once.
 */
#include "base/form.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

#define BOUNDARY_MAX  70 /* RFC 2046 5.1.1 */
#define PART_HEAD_MAX 8192
/* "Content-Disposition:form-data;name=a" and the empty line */
#define PART_MIN 40

struct reader {
	struct arena *arena;
	struct str body;
	size_t at;
	struct str end; /* CR LF "--" boundary */
	size_t number;  /* of the part, from 1 */
	struct err *err;
};

/* the head of a part */
struct head {
	struct str disposition, type, encoding;
	struct str name;
	bool is_file, is_nameless; /* a file without a name of its own */
};

static int
refuse(struct reader *r, const char *why)
{
	return err_set(r->err, ERR_BAD_FORM, "Part %zu: %s", r->number, why);
}

static struct str
rest_of(const struct reader *r)
{
	return str_sub(r->body, r->at, r->body.len);
}

/* ---- boundaries --------------------------------------------------------- */

static bool
is_boundary(struct str s)
{
	if (s.len == 0 || s.len > BOUNDARY_MAX || s.p[s.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z');

		if (!plain && (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL))
			return false;
	}
	return true;
}

static int
read_boundary(struct reader *r, struct str params)
{
	struct str name, value, boundary = STR_NONE;
	struct buf b;

	while (form_param(r->arena, &params, &name, &value) > 0) {
		if (!str_case_eq(name, STR("boundary")))
			continue;
		if (boundary.p != NULL)
			return err_set(r->err, ERR_BAD_FORM,
			    "The Content-Type has two boundaries.");
		boundary = value;
	}
	if (boundary.p == NULL || !is_boundary(boundary))
		return err_set(r->err, ERR_BAD_FORM,
		    "The Content-Type has no valid boundary.");
	buf_init(&b, r->arena, BOUNDARY_MAX + 4);
	buf_lit(&b, "\r\n--");
	buf_str(&b, boundary);
	r->end = buf_view(&b);
	return 0;
}

/* where the next boundary's line begins, its line end before it included;
 * -1: there is none */
static ptrdiff_t
find_end(const struct reader *r, size_t from)
{
	const char *p =
	    memmem(r->body.p + from, r->body.len - from, r->end.p, r->end.len);

	return p == NULL ? -1 : p - r->body.p;
}

/* the first may begin the body */
static int
find_first(struct reader *r)
{
	ptrdiff_t at;

	if (str_starts(r->body, str_sub(r->end, 2, r->end.len))) {
		r->at = r->end.len - 2;
		return 0;
	}
	at = find_end(r, 0);
	if (at < 0)
		return err_set(r->err, ERR_BAD_FORM,
		    "The boundary of the Content-Type is not in the body.");
	r->at = (size_t)at + r->end.len;
	return 0;
}

/* behind a boundary: 1 when it was the last one */
static int
end_line(struct reader *r)
{
	bool last = str_starts(rest_of(r), STR("--"));

	r->at += last ? 2 : 0;
	while (r->at < r->body.len &&
	       (r->body.p[r->at] == ' ' || r->body.p[r->at] == '\t'))
		r->at++;
	if (last && r->at == r->body.len)
		return 1;
	if (!str_starts(rest_of(r), STR("\r\n")))
		return err_set(r->err, ERR_BAD_FORM,
		    "Behind part %zu, its boundary does not end its line.",
		    r->number);
	r->at += 2;
	return last;
}

/* ---- heads -------------------------------------------------------------- */

/* browsers write three bytes of a name as %XX, and no others */
static struct str
decode_name(struct arena *a, struct str s)
{
	static const struct {
		const char *code;
		char byte;
	} codes[] = {{"%22", '"'}, {"%0D", '\r'}, {"%0A", '\n'}};
	char *text = arena_alloc(a, s.len);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		text[n] = s.p[i];
		for (size_t k = 0; k < 3; k++)
			if (str_case_eq(
				str_sub(s, i, 3), str_from(codes[k].code))) {
				text[n] = codes[k].byte;
				i += 2;
				break;
			}
		n++;
	}
	return (struct str){text, n};
}

static int
take_param(struct reader *r, struct head *h, struct str name, struct str value)
{
	if (str_ends(name, STR("*")))
		return refuse(r, "a form has no parameters with an asterisk.");
	if (str_case_eq(name, STR("filename"))) {
		if (h->is_file)
			return refuse(r, "it has two filenames.");
		h->is_file = true;
		h->is_nameless = value.len == 0;
	}
	if (str_case_eq(name, STR("name"))) {
		if (h->name.p != NULL)
			return refuse(r, "it has two names.");
		h->name = decode_name(r->arena, value);
	}
	return 0;
}

/* form-data; name="…"; filename="…" */
static int
read_disposition(struct reader *r, struct head *h)
{
	struct str rest, name, value;
	int rc;

	if (h->disposition.p == NULL)
		return refuse(r, "it has no Content-Disposition.");
	if (!str_case_eq(form_cut(h->disposition, &rest), STR("form-data")))
		return refuse(r, "its Content-Disposition is not form-data.");
	while ((rc = form_param(r->arena, &rest, &name, &value)) > 0)
		if (take_param(r, h, name, value) != 0)
			return -1;
	if (rc < 0)
		return refuse(r, "its Content-Disposition is malformed.");
	if (h->name.p == NULL || h->name.len == 0)
		return refuse(r, "it has no name.");
	return form_is_text(h->name)
		   ? 0
		   : refuse(r, "its name is not valid UTF-8.");
}

/* what its text would be in; a part of parts is of another time */
static int
check_type(struct reader *r, const struct head *h)
{
	struct str params, type = form_cut(h->type, &params);
	int fits;

	if (type.len >= 10 &&
	    str_case_eq(str_sub(type, 0, 10), STR("multipart/")))
		return refuse(r, "a part cannot have parts.");
	fits = form_charset_fits(r->arena, params);
	if (fits == 0)
		return refuse(r, "its charset must be UTF-8.");
	return fits > 0 ? 0 : refuse(r, "its Content-Type is malformed.");
}

static int
check_encoding(struct reader *r, const struct head *h)
{
	static const char *const plain[] = {"7bit", "8bit", "binary"};

	if (h->encoding.p == NULL)
		return 0;
	for (size_t i = 0; i < 3; i++)
		if (str_case_eq(h->encoding, str_from(plain[i])))
			return 0;
	return refuse(
	    r, "its Content-Transfer-Encoding must be 7bit, 8bit or binary.");
}

/* a line that is no "name: value", or holds what no header can */
static bool
is_bad_line(struct str line, ptrdiff_t colon)
{
	if (colon <= 0 || !form_is_token(str_sub(line, 0, (size_t)colon)))
		return true;
	for (size_t i = 0; i < line.len; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') ||
		    line.p[i] == 0x7f)
			return true;
	return false;
}

static int
read_line(struct reader *r, struct head *h, struct str line)
{
	const struct {
		const char *name;
		struct str *value;
	} known[] = {{"Content-Disposition", &h->disposition},
	    {"Content-Type", &h->type},
	    {"Content-Transfer-Encoding", &h->encoding}};
	ptrdiff_t colon = str_chr(line, ':');
	struct str name;

	if (is_bad_line(line, colon))
		return refuse(r, "a line of its head is malformed.");
	name = str_sub(line, 0, (size_t)colon);
	for (size_t i = 0; i < 3; i++) {
		if (!str_case_eq(name, str_from(known[i].name)))
			continue;
		if (known[i].value->p != NULL)
			return refuse(r, "a line of its head comes twice.");
		*known[i].value =
		    str_trim(str_sub(line, (size_t)colon + 1, line.len));
	}
	return 0;
}

/* up to the empty line, which is left behind */
static int
read_head(struct reader *r, struct head *h)
{
	struct str rest = rest_of(r), head;
	bool cut = rest.len > PART_HEAD_MAX;
	const char *end =
	    memmem(rest.p, cut ? PART_HEAD_MAX : rest.len, "\r\n\r\n", 4);

	if (str_starts(rest, STR("\r\n")))
		return refuse(r, "it has no Content-Disposition.");
	if (end == NULL)
		return refuse(r, cut ? "its head is longer than 8192 bytes."
				     : "its head does not end.");
	head = (struct str){rest.p, (size_t)(end - rest.p)};
	r->at += head.len + 4;
	while (head.len > 0) {
		const char *p = memmem(head.p, head.len, "\r\n", 2);
		size_t n = p != NULL ? (size_t)(p - head.p) : head.len;

		if (read_line(r, h, str_sub(head, 0, n)) != 0)
			return -1;
		head = str_sub(head, n + (p != NULL ? 2 : 0), head.len);
	}
	return read_disposition(r, h) != 0 || check_type(r, h) != 0
		   ? -1
		   : check_encoding(r, h);
}

/* ---- parts -------------------------------------------------------------- */

/* the empty line may be the line end of the boundary: a part without content */
static int
read_content(struct reader *r, struct str *content)
{
	ptrdiff_t end = find_end(r, r->at - 2);

	if (end < 0)
		return refuse(r, "no boundary ends it.");
	*content = (size_t)end < r->at
		       ? STR("")
		       : str_sub(r->body, r->at, (size_t)end - r->at);
	r->at = (size_t)end + r->end.len;
	return 0;
}

static int
read_part(struct reader *r, struct form *out)
{
	struct head h = {.name = STR_NONE};
	struct str content = STR("");

	if (read_head(r, &h) != 0 || read_content(r, &content) != 0)
		return -1;
	/* browsers send it where no file was chosen */
	if (h.is_nameless && content.len == 0)
		return 0;
	if (!h.is_file && !form_is_text(content))
		return err_add_field(r->err, ERR_BAD_FORM, h.name,
		    "Must be valid UTF-8 without U+0000.");
	out->v[out->n++] = (struct form_field){h.name, content, h.is_file};
	return 0;
}

int
form_multipart(struct arena *a, struct str params, struct str body, size_t max,
    struct form *out, struct err *err)
{
	struct reader r = {
	    .arena = a, .body = body, .end = STR(""), .err = err};
	size_t room;
	int last;

	if (body.p == NULL)
		r.body = STR("");
	if (read_boundary(&r, params) != 0 || find_first(&r) != 0)
		return -1;
	room = r.body.len / PART_MIN + 1;
	*out = (struct form){
	    arena_array(a, struct form_field, max < room ? max : room), 0};
	while ((last = end_line(&r)) == 0) {
		if (r.number++ == max)
			return err_set(err, ERR_LIMIT,
			    "There are more than %zu parts.", max);
		if (read_part(&r, out) != 0)
			return -1;
	}
	return last < 0 ? -1 : 0;
}
