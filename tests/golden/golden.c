/*
 * Reads tests/golden/NAME.case and query/NAME.case: a request, and below it,
 * indented by a tab, what becomes of it: the tree, the SQL and its arguments,
 * or the error.  Prints TAP.  UPDATE_GOLDEN=1 writes the files anew: read the
 * difference before you believe it.  golden --sql prints all statements as a psql script instead,
 * each prepared and executed with its arguments (against sample.sql).
 *
 * The path says the dialect.  "= GET …" lines behind a request are the same
 * question in another dialect: what comes of it must be the same, byte by byte.
 *
 * The line behind a request is its body: JSON, or "form: a=1&b=2".
 *
 * cursor=<a|b> stands for the cursor behind a row whose order keys are these
 * texts (\N: null).
 *
 * "set NAME" and "set NAME=VALUE" lines change the configuration for what
 * follows in the file: strict, nopage, numeric_as=string, bigint_as=string,
 * regex, stitch, etag, marks (a write shows its row as the question says, by a
 * statement of its own), cursor_key=TEXT, and numbers: max_rows, max_filters,
 * max_includes, max_depth, max_included.  events=TABLE (or *) is the table that
 * emits events.  "set default" undoes them.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/sample_tables.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/form.h"
#include "base/json.h"
#include "base/params.h"
#include "query/query.h"
#include "stmt/stmt.h"

#define FILE_MAX (4u << 20)
#define SAME_MAX 8

struct golden {
	struct arena *arena;
	const char *file;
	struct query_limits limits;
	struct stmt_opts opts;
	bool update, print_sql;
	struct buf out; /* the file as it should be */
	unsigned cases, failures;
};

/* the dialects, by the beginning of the path */
static const struct door {
	const char *base;
	struct query *(*parse)(struct arena *, struct params *,
	    const struct query_limits *, struct err *);
} doors[] = {
    {"/api/dyn/", query_parse_drf},
    {"/api/auto/", query_parse_where},
    {"/api/v2/", query_parse_ransack},
};

struct request {
	const struct door *door;
	struct str line, method, path, query, body, want;
	unsigned number; /* of its line in the file */
};

static bool
is_table(const char *wanted, struct str name)
{
	return strcmp(wanted, "*") == 0 || str_eq_c(name, wanted);
}

static void
reset_options(struct golden *g)
{
	schema_emit(sample_schema(), NULL, is_table);
	g->limits = (struct query_limits){.page_size = 25,
	    .max_page_size = 1000,
	    .max_filters = 64,
	    .max_includes = 10,
	    .max_depth = 3,
	    .allow_page = true};
	g->opts = (struct stmt_opts){
	    .page_size = 25, .max_page_size = 1000, .max_included = 10000};
}

static void
die(const struct golden *g, unsigned line, const char *what, struct str text)
{
	printf(
	    "Bail out! %s:%u: %s: %.*s\n", g->file, line, what, STR_ARGS(text));
	exit(1);
}

static bool
set_flag(struct golden *g, struct str name)
{
	const struct {
		const char *name;
		bool *flag, value;
	} flags[] = {
	    {"strict", &g->limits.strict, true},
	    {"nopage", &g->limits.allow_page, false},
	    {"regex", &g->limits.regex, true},
	    {"numeric_as=string", &g->opts.numeric_as_string, true},
	    {"bigint_as=string", &g->opts.bigint_as_string, true},
	    {"stitch", &g->opts.stitch, true},
	    {"etag", &g->opts.etag, true},
	    {"marks", &g->opts.marks, true},
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (str_eq_c(name, flags[i].name)) {
			*flags[i].flag = flags[i].value;
			return true;
		}
	return false;
}

static bool
set_number(struct golden *g, struct str name, int64_t n)
{
	if (str_eq_c(name, "max_rows"))
		g->opts.max_rows = g->limits.max_rows = n;
	else if (str_eq_c(name, "max_included"))
		g->opts.max_included = n;
	else if (str_eq_c(name, "max_filters"))
		g->limits.max_filters = (size_t)n;
	else if (str_eq_c(name, "max_includes"))
		g->limits.max_includes = (size_t)n;
	else if (str_eq_c(name, "max_depth"))
		g->limits.max_depth = (size_t)n;
	else
		return false;
	return true;
}

static void
set_option(struct golden *g, struct str option, unsigned line)
{
	struct str value = option, name;
	int64_t n;

	if (str_eq_c(option, "default")) {
		reset_options(g);
		return;
	}
	if (set_flag(g, option))
		return;
	str_cut(&value, '=', &name);
	if (str_eq_c(name, "cursor_key") && value.p != NULL)
		g->limits.cursor_key = value;
	else if (str_eq_c(name, "events") && value.p != NULL)
		schema_emit(sample_schema(), str_c(g->arena, value), is_table);
	else if (value.p == NULL || str_i64(value, &n) != 0 || n < 0 ||
		 !set_number(g, name, n))
		die(g, line, "no such option", option);
}

static void
put_error(struct buf *b, const struct err *e)
{
	buf_printf(b, "error: %s", err_code(e->id));
	if (e->detail != NULL)
		buf_printf(b, " %s", e->detail);
	buf_char(b, '\n');
	for (const struct err_field *f = e->fields; f != NULL; f = f->next)
		buf_printf(b, "  %.*s: %s\n", STR_ARGS(f->field), f->text);
}

static void put_shape(struct buf *, const struct shape *);

/* columns count from 0, children from 1 */
static void
put_member(struct buf *b, const struct member *m)
{
	buf_printf(b, "%.*s ", STR_ARGS(m->name));
	switch (m->kind) {
	case MEMBER_CELL:
		buf_printf(b, "%zu", m->col);
		break;
	case MEMBER_OBJECT:
		buf_printf(b, "%zu ", m->col);
		put_shape(b, m->shape);
		break;
	case MEMBER_ROWS:
		buf_printf(b, "[child %zu]", m->child + 1);
		break;
	}
}

static void
put_shape(struct buf *b, const struct shape *shape)
{
	buf_char(b, '{');
	for (size_t i = 0; i < shape->n; i++) {
		if (i > 0)
			buf_lit(b, ", ");
		put_member(b, &shape->v[i]);
	}
	buf_char(b, '}');
}

/* label 1.2: the second child of the first */
static void
put_stmt(struct buf *b, const char *label, const struct stmt *s)
{
	buf_printf(b, "%s: %s\n", label, s->text.p);
	for (size_t i = 0; i < s->nargs; i++)
		if (s->args[i] == NULL)
			buf_printf(b, "arg %zu is null\n", i + 1);
		else
			buf_printf(b, "arg %zu |%s|\n", i + 1, s->args[i]);
	if (s->shape != NULL) {
		buf_lit(b, "shape: ");
		put_shape(b, s->shape);
		buf_char(b, '\n');
	}
	for (size_t i = 0; i < s->nchildren; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s%c%zu",
		    strncmp(label, "child", 5) == 0 ? label : "child",
		    strncmp(label, "child", 5) == 0 ? '.' : ' ', i + 1);
		put_stmt(b, name, s->children[i]);
	}
}

/* as psql reads it; arguments as literals, for EXECUTE has no binding */
static void
print_sql(const struct golden *g, const struct request *r, const struct stmt *s)
{
	printf("\\echo '%s:%u'\n", strrchr(g->file, '/') + 1, r->number);
	printf("prepare s as %s;\nexecute s", s->text.p);
	for (size_t i = 0; i < s->nargs; i++) {
		fputs(i == 0 ? "(" : ", ", stdout);
		if (s->args[i] == NULL) {
			fputs("null", stdout);
			continue;
		}
		putchar('\'');
		for (const char *p = s->args[i]; *p != '\0'; p++)
			printf(*p == '\'' ? "''" : "%c", *p);
		putchar('\'');
	}
	printf("%s;\ndeallocate s;\n", s->nargs > 0 ? ")" : "");
}

static void
give(struct golden *g, const struct request *r, struct buf *b,
    const struct stmt *s)
{
	if (g->print_sql)
		print_sql(g, r, s);
	put_stmt(b, s->label, s);
}

static void
show_read(struct golden *g, const struct request *r, struct buf *b,
    const struct query *q)
{
	query_dump(b, q);
	if (q->want_count == COUNT_EXACT)
		give(g, r, b, stmt_count(g->arena, q, 0));
	if (q->want_count == COUNT_ESTIMATED)
		give(g, r, b, stmt_estimate(g->arena, q));
	if (str_eq_c(r->method, "HEAD"))
		give(g, r, b, stmt_count(g->arena, q, 100));
	else
		give(g, r, b, stmt_select(g->arena, q, &g->opts));
}

/* the statement, and each beginning of it that is tried after a failure */
static int
show_nested(struct golden *g, const struct request *r, struct buf *b,
    const struct table *t, const struct json *j, struct err *err)
{
	const struct nested *last;
	struct nested_set set;

	if (nested_parse(
		g->arena, sample_schema(), t, j, &g->limits, &set, err) != 0)
		return -1;
	give(g, r, b, stmt_insert_nested(g->arena, &set, true, NULL, &g->opts));
	for (size_t i = 1; i <= set.n; i++) {
		struct stmt *s = stmt_begin_nested(g->arena, &set, i, &last);

		s->label =
		    arena_printf(g->arena, "up to %.*s", STR_ARGS(last->path));
		give(g, r, b, s);
	}
	return 0;
}

static const struct json *
read_body(struct golden *g, const struct request *r, const struct table *t,
    struct err *err)
{
	struct str fields = r->body, kind;
	struct form form;

	str_cut(&fields, ':', &kind);
	if (!str_eq_c(kind, "form"))
		return json_parse_row(g->arena, r->body, err);
	if (form_parse(g->arena, STR("application/x-www-form-urlencoded"),
		str_trim(fields), 100, &form, err) != 0)
		return NULL;
	return body_from_form(
	    g->arena, t, &form, str_eq_c(r->method, "POST"), err);
}

static int
show_write(struct golden *g, const struct request *r, struct buf *b,
    const struct query *q, const struct table *t, struct err *err)
{
	bool post = str_eq_c(r->method, "POST");
	enum body_mode mode = post                         ? BODY_CREATE
			      : str_eq_c(r->method, "PUT") ? BODY_REPLACE
							   : BODY_PATCH;
	struct body body;
	const struct json *j = read_body(g, r, t, err);

	if (post && j != NULL &&
	    nested_is(g->arena, sample_schema(), t, j, NULL))
		return show_nested(g, r, b, t, j, err);
	if (j == NULL ||
	    body_parse(g->arena, t, j, mode, post ? NULL : q, &body, err) != 0)
		return -1;
	give(g, r, b,
	    post ? stmt_insert(g->arena, t, &body, t->ncolumns < 9, &g->opts)
		 : stmt_update(g->arena, q, &body, t->ncolumns < 9, &g->opts));
	if (post && g->opts.marks)
		give(g, r, b, stmt_select_marked(g->arena, q, &g->opts));
	return 0;
}

static int
ask(struct golden *g, const struct request *r, const struct table *t,
    struct str query, struct query **q, struct err *err)
{
	struct params params;

	if (params_parse(g->arena, query, 100, &params, err) != 0)
		return -1;
	*q = r->door->parse(g->arena, &params, &g->limits, err);
	if (*q == NULL)
		return -1;
	return query_resolve(g->arena, *q, sample_schema(), t, &g->limits, err);
}

/* the question with the cursor that "<a|b>" stands for */
static int
fill_cursor(struct golden *g, const struct request *r, const struct table *t,
    struct str *query, struct err *err)
{
	const char *mark = strstr(str_c(g->arena, *query), "cursor=<");
	struct str texts[16], rest, before, part, cursor;
	struct query *q;
	size_t n = 0;

	if (mark == NULL)
		return 0;
	rest = str_from(mark + strlen("cursor=<"));
	before = str_sub(*query, 0, query->len - rest.len - 1);
	str_cut(&rest, '>', &part);
	if (ask(g, r, t,
		str_from(arena_printf(
		    g->arena, "%.*s%.*s", STR_ARGS(before), STR_ARGS(rest))),
		&q, err) != 0)
		return -1;
	for (struct str text; n < 16 && str_cut(&part, '|', &text); n++)
		texts[n] = str_eq_c(text, "\\N") ? STR_NONE : text;
	if (n != q->norder)
		die(g, r->number, "as many texts as order keys", r->line);
	cursor = query_cursor(g->arena, q, texts, &g->limits);
	*query = str_from(arena_printf(g->arena, "%.*s%.*s%.*s",
	    STR_ARGS(before), STR_ARGS(cursor), STR_ARGS(rest)));
	return 0;
}

static int
answer(
    struct golden *g, const struct request *r, struct buf *b, struct err *err)
{
	struct str rest = r->path, query = r->query, name, key;
	const struct table *t;
	struct query *q;

	str_cut(&rest, '/', &name);
	if (!str_cut(&rest, '/', &key))
		key = STR("");
	t = sample_table(name);
	if (t == NULL)
		die(g, r->number, "no such table", name);
	if (fill_cursor(g, r, t, &query, err) != 0 ||
	    ask(g, r, t, query, &q, err) != 0)
		return -1;
	if (key.len > 0 && query_key(g->arena, q, key, err) != 0)
		return -1;
	if (str_eq_c(r->method, "GET") || str_eq_c(r->method, "HEAD")) {
		show_read(g, r, b, q);
		return 0;
	}
	if (str_eq_c(r->method, "DELETE")) {
		give(g, r, b, stmt_delete(g->arena, q));
		return 0;
	}
	return show_write(g, r, b, q, t, err);
}

static struct str
run_request(struct golden *g, const struct request *r)
{
	struct str text, line;
	struct buf raw, b;
	struct err err;

	buf_init(&raw, g->arena, FILE_MAX);
	buf_init(&b, g->arena, FILE_MAX);
	err_init(&err, g->arena);
	if (answer(g, r, &raw, &err) != 0)
		put_error(&raw, &err);
	text = buf_view(&raw);
	while (str_cut(&text, '\n', &line))
		if (text.p != NULL || line.len > 0)
			buf_printf(&b, "\t%.*s\n", STR_ARGS(line));
	return buf_view(&b);
}

static void
print_lines(const char *label, struct str text)
{
	struct str line;

	printf("# %s\n", label);
	while (str_cut(&text, '\n', &line))
		printf("#%.*s\n", STR_ARGS(line));
}

static void
check(struct golden *g, const struct request *r, struct str got,
    struct str want, bool fine)
{
	g->cases++;
	if (g->print_sql)
		return;
	printf("%s %u - %s:%u %.*s\n", fine ? "ok" : "not ok", g->cases,
	    strrchr(g->file, '/') + 1, r->number, STR_ARGS(r->line));
	if (fine)
		return;
	g->failures++;
	print_lines("got:", got);
	print_lines("wanted:", want);
}

/* the request, then what asks the same in other words */
static void
run_case(struct golden *g, const struct request *r, const struct request *same,
    size_t nsame)
{
	struct str got = run_request(g, r);

	buf_str(&g->out, got);
	check(g, r, got, r->want, str_eq(got, r->want) || g->update);
	for (size_t i = 0; i < nsame; i++) {
		struct str other = run_request(g, &same[i]);

		check(g, &same[i], other, got, str_eq(other, got));
	}
}

/* "GET /api/dyn/film/7?fields=title" */
static void
split_request(struct golden *g, struct request *r)
{
	struct str rest = r->line, url;

	str_cut(&rest, ' ', &r->method);
	url = rest.p != NULL ? rest : STR("");
	for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++)
		if (str_starts(url, str_from(doors[i].base)))
			r->door = &doors[i];
	if (r->door == NULL)
		die(g, r->number, "no request", r->line);
	url = str_sub(url, strlen(r->door->base), url.len);
	str_cut(&url, '?', &r->path);
	r->query = url.p != NULL ? url : STR("");
}

static bool
is_request(struct str line)
{
	return line.len > 0 && line.p[0] >= 'A' && line.p[0] <= 'Z';
}

static void
take_body(struct golden *g, struct str *rest, struct request *r)
{
	struct str line;

	r->body = STR("");
	if (rest->len == 0 || strchr("\t\n", rest->p[0]) != NULL)
		return;
	str_cut(rest, '\n', &line);
	r->body = line;
	buf_str(&g->out, line);
	buf_char(&g->out, '\n');
}

static void
take_want(struct str *rest, struct request *r)
{
	const char *start = rest->p;
	struct str line;

	while (rest->len > 0 && rest->p[0] == '\t')
		str_cut(rest, '\n', &line);
	r->want = (struct str){start, (size_t)(rest->p - start)};
}

/* "= GET …" lines */
static size_t
take_same(struct golden *g, struct str *rest, const struct request *r,
    struct request *same)
{
	size_t n = 0;

	while (n < SAME_MAX && str_starts(*rest, STR("= "))) {
		struct request *s = &same[n++];

		*s = (struct request){
		    .number = r->number + (unsigned)n, .body = STR("")};
		str_cut(rest, '\n', &s->line);
		buf_str(&g->out, s->line);
		buf_char(&g->out, '\n');
		s->line = str_sub(s->line, 2, s->line.len);
		split_request(g, s);
	}
	return n;
}

static void
run_text(struct golden *g, struct str rest)
{
	struct str whole = rest, line;
	struct request same[SAME_MAX];

	while (rest.len > 0) {
		struct request r = {.number = 1};
		size_t nsame;

		for (const char *p = whole.p; p < rest.p; p++)
			r.number += *p == '\n';
		str_cut(&rest, '\n', &line);
		buf_str(&g->out, line);
		buf_char(&g->out, '\n');
		if (str_starts(line, STR("set ")))
			set_option(g, str_sub(line, 4, line.len), r.number);
		if (!is_request(line))
			continue;
		r.line = line;
		split_request(g, &r);
		nsame = take_same(g, &rest, &r, same);
		take_body(g, &rest, &r);
		take_want(&rest, &r);
		run_case(g, &r, same, nsame);
	}
}

static struct str
read_all(struct golden *g)
{
	char *text = arena_alloc(g->arena, FILE_MAX);
	FILE *f = fopen(g->file, "r");
	size_t n;

	if (f == NULL)
		die(g, 0, "cannot be read", STR(""));
	n = fread(text, 1, FILE_MAX, f);
	fclose(f);
	return (struct str){text, n};
}

static void
write_all(struct golden *g)
{
	FILE *f = fopen(g->file, "w");

	if (f == NULL || fwrite(g->out.p, 1, g->out.len, f) != g->out.len ||
	    fclose(f) != 0)
		die(g, 0, "cannot be written", STR(""));
}

static void
run_file(struct golden *g, const char *file)
{
	g->file = file;
	g->arena = arena_new();
	reset_options(g);
	buf_init(&g->out, g->arena, FILE_MAX);
	run_text(g, read_all(g));
	if (g->update)
		write_all(g);
	arena_free(g->arena);
}

int
main(int argc, char **argv)
{
	const char *dir = getenv("DYNAPI_SRCDIR");
	struct golden g = {.update = getenv("UPDATE_GOLDEN") != NULL,
	    .print_sql = argc > 1 && strcmp(argv[1], "--sql") == 0};
	static const char *const folders[] = {"", "query/"};
	char pattern[4096];
	glob_t files;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(pattern, sizeof(pattern), "%s/tests/golden/%s*.case",
		    dir != NULL ? dir : ".", folders[i]);
		if (glob(pattern, i > 0 ? GLOB_APPEND : 0, NULL, &files) == 0)
			continue;
		printf("Bail out! no case in %s\n", pattern);
		return 1;
	}
	for (size_t i = 0; i < files.gl_pathc; i++)
		run_file(&g, files.gl_pathv[i]);
	globfree(&files);
	if (!g.print_sql)
		printf("1..%u\n", g.cases);
	return g.failures > 0;
}
