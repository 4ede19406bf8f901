/*
 * The bytes of many rows, cut into lines.  A line has to fit into memory, the
 * body does not: what was read is kept until its line is whole, and everything
 * made of a row lies in an arena that is emptied before the next one.
 */
#include "query/feed_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/utf8.h"
#include "schema/schema.h"

#define READ_BYTES 65536

static void
free_scratch(void *arg)
{
	arena_free(arg);
}

struct feed *
feed_new(struct arena *a, const struct feed_opts *opts)
{
	struct feed *f = arena_make(a, struct feed);

	f->opts = *opts;
	f->arena = a;
	f->scratch = arena_new();
	arena_defer(a, free_scratch, f->scratch);
	f->row = arena_array(a, struct assign, table_ninput(opts->table) + 1);
	if (opts->kind == FEED_JSON) {
		f->next = opts->json->kind == JSON_ARRAY ? opts->json->child
							 : opts->json;
		return f;
	}
	f->cap = 2 * READ_BYTES;
	f->p = arena_alloc(a, f->cap);
	return f;
}

void
feed_blame(const struct feed *f, struct err *err, enum err_id id, int64_t index,
    struct str name, const char *text)
{
	const struct json *all = f->opts.json;
	struct str field = name;

	if (err->nfields >= FEED_FAULTS_MAX)
		return;
	if (err->arena != NULL &&
	    (f->opts.kind != FEED_JSON || all->kind == JSON_ARRAY))
		field = str_from(arena_printf(err->arena, "[%lld]%s%.*s",
		    (long long)index, name.len > 0 ? "." : "", STR_ARGS(name)));
	if (field.len > 0)
		err_add_field(err, id, field, "%s", text);
	else /* the one row that there is, as a whole */
		err_set(err, id, "%s", text);
}

/* ---- lines -------------------------------------------------------------- */

/* more bytes behind those that are there: 1, 0 the end, -1 */
static int
read_more(struct feed *f, struct err *err)
{
	ssize_t n;

	if (f->ended)
		return 0;
	if (f->from > 0) {
		memmove(f->p, f->p + f->from, f->len - f->from);
		f->len -= f->from;
		f->from = 0;
	}
	if (f->cap - f->len < READ_BYTES) {
		f->p = arena_grow(f->arena, f->p, f->len, 2 * f->cap);
		f->cap *= 2;
	}
	n = f->opts.read(f->opts.arg, f->p + f->len, READ_BYTES, err);
	if (n < 0)
		return -1;
	f->len += (size_t)n;
	f->ended = n == 0;
	return n > 0;
}

/* the line feed that ends the line, or NULL; *at: where to look next.  In CSV
 * one inside quotes is text; a doubled quote opens and closes nothing */
static const char *
find_end(const struct feed *f, size_t *at, bool *quoted)
{
	const char *from = f->p + f->from + *at, *end = f->p + f->len, *p;

	if (f->opts.kind == FEED_CSV) {
		for (p = from; p < end; p++) {
			if (*p == '"')
				*quoted = !*quoted;
			else if (*p == '\n' && !*quoted)
				return p;
		}
	} else {
		p = memchr(from, '\n', (size_t)(end - from));
		if (p != NULL)
			return p;
	}
	*at = f->len - f->from;
	return NULL;
}

static int
too_long(struct feed *f, struct err *err)
{
	feed_blame(f, err, ERR_BODY_TOO_LARGE, f->index, STR_NONE,
	    "A line may have at most 1 MiB.");
	return -1;
}

/* the next line without its end: 1, 0 there is none, -1 */
static int
take_line(struct feed *f, struct str *line, struct err *err)
{
	const char *end;
	bool quoted = false;
	size_t at = 0;
	int rc;

	for (;;) {
		end = find_end(f, &at, &quoted);
		if (end != NULL)
			break;
		if (f->len - f->from > FEED_LINE_MAX)
			return too_long(f, err);
		rc = read_more(f, err);
		if (rc < 0)
			return -1;
		if (rc > 0)
			continue;
		if (f->len == f->from)
			return 0;
		end = f->p + f->len;
		break;
	}
	*line = (struct str){f->p + f->from, (size_t)(end - f->p) - f->from};
	f->from += line->len + (end < f->p + f->len);
	if (line->len > 0 && line->p[line->len - 1] == '\r')
		line->len--;
	return line->len > FEED_LINE_MAX ? too_long(f, err) : 1;
}

static int
check_text(struct feed *f, struct str line, struct err *err)
{
	const char *wrong = NULL;

	if (!utf8_valid(line))
		wrong = "The line is not UTF-8.";
	else if (str_chr(line, '\0') >= 0)
		wrong = "U+0000 cannot be stored.";
	if (wrong != NULL)
		feed_blame(f, err, ERR_BAD_VALUE, f->index, STR_NONE, wrong);
	return wrong != NULL ? -1 : 0;
}

/* ---- rows --------------------------------------------------------------- */

static enum feed_got
got(struct feed *f, int rc, struct feed_row *row)
{
	row->index = f->index++;
	row->v = f->row;
	return rc == 0 ? FEED_ROW : FEED_FAULT;
}

static enum feed_got
next_member(struct feed *f, struct feed_row *row, struct err *err)
{
	const struct json *j = f->next;

	if (j == NULL)
		return FEED_END;
	f->next = f->opts.json->kind == JSON_ARRAY ? j->next : NULL;
	return got(f, feed_json_row(f, j, row, err), row);
}

static bool
is_blank(struct str line)
{
	return str_trim(line).len == 0;
}

static enum feed_got
next_ndjson(struct feed *f, struct feed_row *row, struct err *err)
{
	const struct json *j;
	struct err e;
	struct str line;
	int rc;

	do
		rc = take_line(f, &line, err);
	while (rc == 1 && is_blank(line));
	if (rc <= 0)
		return rc == 0 ? FEED_END : FEED_BROKEN;
	err_init(&e, f->scratch);
	j = json_parse_row(f->scratch, line, &e);
	if (j != NULL)
		return got(f, feed_json_row(f, j, row, err), row);
	feed_blame(f, err, e.id, f->index, STR_NONE,
	    e.detail != NULL ? e.detail : err_title(e.id));
	return got(f, -1, row);
}

/* -1: there is none, or it will not do */
static int
read_header(struct feed *f, struct err *err)
{
	struct str line;
	int rc = take_line(f, &line, err);

	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_BAD_REQUEST,
		    "The CSV must begin with a line of column names.");
	if (str_starts(line, STR("\xef\xbb\xbf")))
		return err_set(
		    err, ERR_BAD_REQUEST, "A byte order mark is not allowed.");
	if (!utf8_valid(line) || str_chr(line, '\0') >= 0)
		return err_set(err, ERR_BAD_REQUEST,
		    "The line of column names is not UTF-8 text.");
	return feed_csv_header(f, line, err);
}

static enum feed_got
next_csv(struct feed *f, struct feed_row *row, struct err *err)
{
	struct str line;
	int rc;

	if (f->columns == NULL && read_header(f, err) != 0)
		return FEED_BROKEN;
	rc = take_line(f, &line, err);
	if (rc <= 0)
		return rc == 0 ? FEED_END : FEED_BROKEN;
	rc = check_text(f, line, err);
	if (rc == 0)
		rc = feed_csv_row(f, line, row, err);
	return got(f, rc, row);
}

enum feed_got
feed_next(struct feed *f, struct feed_row *row, struct err *err)
{
	enum feed_got g = FEED_BROKEN;

	if (f->failed)
		return g;
	arena_reset(f->scratch);
	switch (f->opts.kind) {
	case FEED_JSON:
		g = next_member(f, row, err);
		break;
	case FEED_NDJSON:
		g = next_ndjson(f, row, err);
		break;
	case FEED_CSV:
		g = next_csv(f, row, err);
		break;
	}
	f->failed = g == FEED_BROKEN;
	return g;
}
