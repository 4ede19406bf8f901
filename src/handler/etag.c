/*
 * Entity tags and the conditions made of them (RFC 9110 8.8.3 and 13.1).
 *
 * A write evaluates its conditions in the database, in the statement that
 * writes; a read has the row in hand.  What cannot be read is 400, never
 * ignored: a condition that is overlooked is a lost update.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/digest.h"
#include "render/render.h"

#define TAGS_MAX 1000

/* the tags of one header */
struct tags {
	bool some; /* the header was there */
	bool any;  /* '*' */
	struct str *v;
	size_t n;
};

/* ---- reading the headers ------------------------------------------------ */

static bool
is_tag_char(unsigned char c)
{
	return c > ' ' && c != '"' && c != 0x7f;
}

/* the text of "…" off the front; false: that is none */
static bool
take_quoted(struct str *rest, struct str *tag)
{
	size_t i = 1;

	if (rest->len == 0 || rest->p[0] != '"')
		return false;
	while (i < rest->len && is_tag_char((unsigned char)rest->p[i]))
		i++;
	if (i == rest->len || rest->p[i] != '"')
		return false;
	*tag = str_sub(*rest, 1, i - 1);
	*rest = str_trim(str_sub(*rest, i + 1, rest->len));
	return rest->len == 0 || rest->p[0] == ',';
}

/* the list without its weak members unless weak */
static int
take_list(struct ctx *c, struct str rest, bool weak, struct tags *out)
{
	size_t seen = 0;
	struct str tag;
	bool is_weak;

	for (;;) {
		while (rest.len > 0 && strchr(", \t", rest.p[0]) != NULL)
			rest = str_sub(rest, 1, rest.len);
		if (rest.len == 0)
			return seen > 0 ? 0 : -1;
		is_weak = str_starts(rest, STR("W/"));
		if (is_weak)
			rest = str_sub(rest, 2, rest.len);
		if (!take_quoted(&rest, &tag))
			return -1;
		if (++seen > TAGS_MAX)
			return err_set(&c->err, ERR_HEADERS_TOO_LARGE,
			    "At most %d entity tags can be compared.",
			    TAGS_MAX);
		if (!is_weak || weak)
			out->v[out->n++] = tag;
	}
}

/* strchr finds the end of its string in a NUL, which no header holds */
static int
take_tags(struct ctx *c, const char *name, struct str header, bool weak,
    struct tags *out)
{
	*out = (struct tags){.some = header.p != NULL};
	if (header.p == NULL)
		return 0;
	out->any = str_eq(str_trim(header), STR("*"));
	if (out->any)
		return 0;
	out->v = arena_array(c->arena, struct str, TAGS_MAX);
	if (take_list(c, header, weak, out) == 0)
		return 0;
	return err_set(&c->err, ERR_BAD_REQUEST,
	    "%s must be * or a list of entity tags in double quotes.", name);
}

static int
take_both(struct ctx *c, struct tags *match, struct tags *none)
{
	if (take_tags(c, "If-Match", c->req.if_match, false, match) != 0)
		return -1;
	return take_tags(c, "If-None-Match", c->req.if_none_match, true, none);
}

/* ---- conditions of a write ---------------------------------------------- */

/* what a web server appends to the tag of what it compresses */
static struct str
strip_coding(struct str tag)
{
	static const char *const codings[] = {"-gzip", "-br", "-zstd"};

	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++)
		if (str_ends(tag, str_from(codings[i])))
			return str_sub(tag, 0, tag.len - strlen(codings[i]));
	return tag;
}

/* the row's part of a tag */
static struct str
row_tag(struct str tag)
{
	ptrdiff_t dot = str_chr(tag, '.');

	return dot < 0 ? strip_coding(tag) : str_sub(tag, 0, (size_t)dot);
}

static void
cut_tags(struct tags *t)
{
	for (size_t i = 0; i < t->n; i++)
		t->v[i] = row_tag(t->v[i]);
}

/* "*" of If-Match is met by every row that is there; that of If-None-Match by
 * none, as is an empty list of If-Match */
int
etag_rule(struct ctx *c, struct tag_rule *rule)
{
	struct tags match, none;

	*rule = (struct tag_rule){0};
	if (take_both(c, &match, &none) != 0)
		return -1;
	cut_tags(&match);
	cut_tags(&none);
	rule->has_match = (match.some && !match.any) || none.any;
	rule->match = match.v;
	rule->nmatch = none.any ? 0 : match.n;
	rule->has_none = none.some && !none.any;
	rule->none = none.v;
	rule->nnone = none.n;
	return rule->has_match || rule->has_none;
}

static bool
has_tag(const struct str *v, size_t n, struct str tag)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i], tag))
			return true;
	return false;
}

bool
etag_obeys(struct str tag, const struct tag_rule *rule)
{
	if (rule->has_match &&
	    (tag.p == NULL || !has_tag(rule->match, rule->nmatch, tag)))
		return false;
	return !rule->has_none || tag.p == NULL ||
	       !has_tag(rule->none, rule->nnone, tag);
}

/* ---- tags --------------------------------------------------------------- */

/* the last line of version.TABLE that names the table, as introspection reads
 * key.TABLE; a column that is not there any more counts for nothing */
static const struct column *
version_column(const struct ctx *c)
{
	const struct table *t = c->table;
	const char *found = NULL;

	for (const struct conf_pair *p = c->app->conf.version; p != NULL;
	     p = p->next)
		if (str_eq_c(t->qname, p->name) || str_eq_c(t->path, p->name))
			found = p->value;
	return found != NULL ? table_column(t, str_from(found)) : NULL;
}

struct stmt_opts
etag_opts(const struct ctx *c)
{
	struct stmt_opts opts = c->app->stmt_opts;

	opts.etag = true;
	opts.version = version_column(c);
	return opts;
}

static bool
is_shown_by_zone(const struct type *t)
{
	return t->class == TYPE_TIMESTAMPTZ || t->class == TYPE_ARRAY ||
	       t->class == TYPE_COMPOSITE || t->class == TYPE_RANGE ||
	       t->class == TYPE_OTHER;
}

bool
etag_depends_on_zone(const struct ctx *c)
{
	const struct column *version = version_column(c);

	if (version != NULL)
		return is_shown_by_zone(version->type);
	for (size_t i = 0; i < c->table->ncolumns; i++)
		if (is_shown_by_zone(c->table->columns[i].type))
			return true;
	return false;
}

struct str
etag_of(struct ctx *c, const struct rows *rows)
{
	const struct stmt *s = rows_stmt(rows);
	size_t n = c->table->ncolumns;
	struct str *cells;

	if (s->etag_col >= 0)
		return rows_cell(rows, (size_t)s->etag_col);
	if (!s->row_tag)
		return STR_NONE;
	cells = arena_array(c->arena, struct str, n);
	for (size_t i = 0; i < n; i++)
		cells[i] = rows_cell(rows, i);
	return stmt_tag_of_cells(c->arena, cells, n);
}

void
etag_header(struct ctx *c, struct str tag)
{
	struct buf quoted;

	if (tag.p == NULL)
		return;
	buf_init(&quoted, c->arena, tag.len + 3);
	buf_char(&quoted, '"');
	buf_str(&quoted, tag);
	buf_char(&quoted, '"');
	response_header(&c->res, "ETag", buf_view(&quoted));
}

/* a computed field is no column of the row's */
static bool
is_own_column(const struct table *t, const struct path *p)
{
	return p->nhops == 0 && p->column >= t->columns &&
	       p->column < t->columns + t->ncolumns;
}

bool
etag_fits(const struct ctx *c, const struct query *q)
{
	if (c->timezone.p != NULL || q->ninclude > 0 || q->ngroup > 0)
		return false;
	for (size_t i = 0; i < q->nselect; i++)
		if (q->select[i].agg != AGG_NONE ||
		    !is_own_column(q->table, &q->select[i].path))
			return false;
	return true;
}

struct str
etag_full(struct ctx *c, struct str row, const struct format *f)
{
	unsigned char sum[SHA256_BYTES];
	struct buf b;

	if (row.p == NULL)
		return STR_NONE;
	buf_init(&b, c->arena, row.len + 100);
	buf_str(&b, row);
	if (f != &format_json)
		buf_printf(&b, ".%s", f->name);
	if (c->req.params.n >
	    (params_get(&c->req.params, STR("format")) != NULL)) {
		sha256(c->req.query, sum);
		buf_char(&b, '.');
		buf_hex(&b, (struct str){(const char *)sum, 8});
	}
	return buf_view(&b);
}

/* ---- conditions of a read ----------------------------------------------- */

/* weak comparison with the tag of this very representation */
static bool
is_known(const struct tags *none, struct str tag)
{
	for (size_t i = 0; i < none->n; i++)
		if (str_eq(strip_coding(none->v[i]), tag))
			return true;
	return none->any;
}

int
etag_respond(struct ctx *c, struct rows *rows, const struct format *f)
{
	struct str row, tag;
	struct tags match, none;

	if (take_both(c, &match, &none) != 0)
		return -1;
	if (rows_next(rows, &c->err) != 1)
		return 0;
	row = etag_of(c, rows);
	rows_rewind(rows);
	cut_tags(&match);
	if (match.some && !match.any &&
	    (row.p == NULL || !has_tag(match.v, match.n, row)))
		return err_set(&c->err, ERR_PRECONDITION_FAILED, NULL);
	tag = etag_full(c, row, f);
	etag_header(c, tag);
	if (!none.any && (tag.p == NULL || !is_known(&none, tag)))
		return 0;
	response_status(&c->res, 304);
	c->res.no_body = true;
	return 1;
}
