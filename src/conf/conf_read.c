/*
 * Reads the file line by line and collects every mistake with its line, so
 * that a sysadmin corrects them in one go.  What one value demands of another
 * is checked at the end, where all are known.
 */
#include "conf/conf.h"
#include "conf/conf_priv.h"

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/utf8.h"

#define CONF_FILE_MAX (1 << 20)

struct reader {
	struct arena *arena;
	const char *path;
	struct conf *conf;
	size_t *lines; /* where each parameter was set, 0: nowhere */
	size_t line;
	struct buf *mistakes;
	struct err *err;
};

static void __attribute__((format(printf, 3, 4)))
add_mistake(struct reader *r, size_t line, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(r->arena, fmt, ap);
	va_end(ap);
	text = arena_printf(r->arena, "%s:%zu: %s", r->path, line, text);
	err_world(r->err, ERR_INTERNAL, "%s", text);
	buf_cstr(r->mistakes, text);
	buf_char(r->mistakes, '\n');
}

static const char *
find_nearest(struct str name)
{
	size_t best = 4, d;
	const char *nearest = NULL;

	for (size_t i = 0; i < conf_nparams; i++) {
		d = conf_distance(name, str_from(conf_params[i].name));
		if (d < best && d < name.len) {
			best = d;
			nearest = conf_params[i].name;
		}
	}
	return nearest;
}

static void
report_unknown(struct reader *r, struct str name)
{
	const char *nearest = find_nearest(name);

	if (nearest == NULL)
		add_mistake(r, r->line, "there is no parameter \"%.*s\"",
		    STR_ARGS(name));
	else
		add_mistake(r, r->line,
		    "there is no parameter \"%.*s\"; is it %s?", STR_ARGS(name),
		    nearest);
}

static void
read_pair(struct reader *r, const struct conf_param *family, struct str of,
    struct str value)
{
	struct conf_pair **at = conf_param_value(family, r->conf);

	for (; *at != NULL; at = &(*at)->next)
		if (str_eq_c(of, (*at)->name)) {
			add_mistake(r, r->line, "%s.%s stands here twice",
			    family->name, (*at)->name);
			return;
		}
	if (value.len == 0) {
		add_mistake(r, r->line, "%s.%.*s needs a value", family->name,
		    STR_ARGS(of));
		return;
	}
	*at = arena_make(r->arena, struct conf_pair);
	(*at)->name = str_c(r->arena, of);
	(*at)->value = str_c(r->arena, value);
	(*at)->line = r->line;
}

static void
read_param(struct reader *r, const struct conf_param *p, struct str value)
{
	size_t *line = &r->lines[p - conf_params];
	const char *wrong;

	if (*line != 0) {
		add_mistake(r, r->line,
		    "%s stands here twice, first in line %zu", p->name, *line);
		return;
	}
	*line = r->line;
	wrong = p->kind->set(r->arena, p, value, conf_param_value(p, r->conf));
	if (wrong != NULL)
		add_mistake(r, r->line, "%s %s", p->name, wrong);
}

static void
read_setting(struct reader *r, struct str name, struct str value)
{
	ptrdiff_t dot = str_chr(name, '.');
	const struct conf_param *p;

	p = conf_param_find(dot < 0 ? name : str_sub(name, 0, (size_t)dot));
	if (p == NULL || (p->of == NULL && dot >= 0))
		report_unknown(r, name);
	else if (p->of == NULL)
		read_param(r, p, value);
	else if (dot < 0 || (size_t)dot + 1 == name.len)
		add_mistake(r, r->line, "%s is written as %s.%s = …", p->name,
		    p->name, p->of);
	else
		read_pair(
		    r, p, str_sub(name, (size_t)dot + 1, name.len), value);
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') ||
		    s.p[i] == 0x7f)
			return true;
	return false;
}

static void
read_line(struct reader *r, struct str line)
{
	struct str name;

	line = str_trim(line);
	if (!utf8_valid(line))
		add_mistake(r, r->line, "this line is not UTF-8");
	else if (has_control(line))
		add_mistake(r, r->line, "this line has a control character");
	else if (line.len == 0 || line.p[0] == '#')
		return;
	else if (str_chr(line, '=') < 0)
		add_mistake(r, r->line,
		    "a line is \"name = value\"; the '=' is "
		    "missing");
	else {
		str_cut(&line, '=', &name);
		name = str_trim(name);
		if (name.len == 0)
			add_mistake(r, r->line, "a name is missing before '='");
		else
			read_setting(r, name, str_trim(line));
	}
}

static const char *
check_schemas(struct arena *a, const char *schemas)
{
	struct str rest = str_from(schemas), item, others, other;

	if (!conf_list_next(&rest, &item))
		return "needs at least one schema";
	do {
		if (str_eq_c(item, "dynapi") ||
		    str_eq_c(item, "information_schema") ||
		    str_starts(item, STR("pg_")))
			return arena_printf(
			    a, "cannot expose %.*s", STR_ARGS(item));
		others = rest;
		while (conf_list_next(&others, &other))
			if (str_eq(item, other))
				return arena_printf(
				    a, "has %.*s twice", STR_ARGS(item));
	} while (conf_list_next(&rest, &item));
	return NULL;
}

static const char *
check_mount(struct arena *a, const char *mount)
{
	struct str s = str_from(mount);

	(void)a;
	if (s.len == 0)
		return NULL;
	if (s.p[0] != '/' || s.p[s.len - 1] == '/')
		return "begins with a slash and does not end in one";
	for (size_t i = 0; i < s.len; i++)
		if (strchr("?#% \t\"\\", s.p[i]) != NULL)
			return "is a plain path";
	return NULL;
}

static const char *
check_log(struct arena *a, const char *log)
{
	(void)a;
	if (log != NULL && (log[0] == '/' || strcmp(log, "stderr") == 0 ||
			       strcmp(log, "syslog") == 0))
		return NULL;
	return "must be syslog, stderr or an absolute file name";
}

/* scheme, host and port, nothing after them (RFC 6454) */
static bool
is_origin(struct str s)
{
	size_t scheme = str_starts(s, STR("https://"))  ? 8
			: str_starts(s, STR("http://")) ? 7
							: 0;
	struct str host = str_sub(s, scheme, s.len);

	return scheme > 0 && host.len > 0 && str_chr(host, '/') < 0 &&
	       str_chr(host, '?') < 0 && str_chr(host, '#') < 0 &&
	       str_chr(host, '@') < 0;
}

static const char *
check_origins(struct arena *a, const char *origins)
{
	struct str rest = str_from(origins), item;

	while (conf_list_next(&rest, &item))
		if (!str_eq_c(item, "*") && !is_origin(item))
			return arena_printf(a,
			    "has \"%.*s\", which is no origin such as "
			    "https://www.example.org",
			    STR_ARGS(item));
	return NULL;
}

static const char *
check_base_url(struct arena *a, const char *url)
{
	struct str rest = str_from(url), item;

	(void)a;
	if (url == NULL ||
	    (conf_list_next(&rest, &item) && rest.len == 0 && is_origin(item)))
		return NULL;
	return "is like https://www.example.org, without a path (see mount)";
}

static const char *
check_present(struct arena *a, const char *text)
{
	(void)a;
	return text == NULL ? "cannot be empty" : NULL;
}

/* texts whose form is more than their kind */
static const struct {
	const char *name;
	const char *(*check)(struct arena *, const char *);
} checks[] = {
    {"schemas", check_schemas},
    {"mount", check_mount},
    {"base_url", check_base_url},
    {"log", check_log},
    {"cors_origins", check_origins},
    {"snapshot", check_present},
    {"serve", check_present},
    {"jwt_issuer", check_present},
    {"jwt_audience", check_present},
};

/* the line of a parameter; one that is not in the file is charged to line 1 */
static size_t
find_line(const struct reader *r, const char *name)
{
	size_t line = r->lines[conf_param_find(str_from(name)) - conf_params];

	return line == 0 ? 1 : line;
}

static void
check_texts(struct reader *r)
{
	const struct conf_param *p;
	const char *wrong, *const *text;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		p = conf_param_find(str_from(checks[i].name));
		text = conf_param_value(p, r->conf);
		wrong = checks[i].check(r->arena, *text);
		if (wrong != NULL)
			add_mistake(
			    r, find_line(r, p->name), "%s %s", p->name, wrong);
	}
}

static void
check_pair_of(
    struct reader *r, const char *one, const char *other, const char *why)
{
	size_t a = find_line(r, one), b = find_line(r, other);

	add_mistake(r, a > b ? a : b, "%s and %s: %s", one, other, why);
}

static void
check_together(struct reader *r)
{
	const struct conf *c = r->conf;

	if (c->page_size > c->max_page_size)
		check_pair_of(r, "page_size", "max_page_size",
		    "the first is above the second");
	if (c->body_max > c->bulk_body_max)
		check_pair_of(r, "body_max", "bulk_body_max",
		    "the first is above the second");
	if (c->access_ttl > c->refresh_ttl)
		check_pair_of(r, "access_ttl", "refresh_ttl",
		    "the first is above the second");
	if (c->conninfo != NULL && c->conninfo_file != NULL)
		check_pair_of(
		    r, "conninfo", "conninfo_file", "only one of them");
	if (c->admin_conninfo != NULL && c->admin_conninfo_file != NULL)
		check_pair_of(r, "admin_conninfo", "admin_conninfo_file",
		    "only one of them");
}

static bool
stands_before(const char *list, struct str item)
{
	struct str rest = str_from(list), other;

	while (conf_list_next(&rest, &other) && other.p < item.p)
		if (str_eq(other, item))
			return true;
	return false;
}

static const char *
check_searched(struct arena *a, const struct conf *c, struct conf_pair *pair)
{
	struct str rest = str_from(pair->value), item;
	bool some = false;

	for (; conf_list_next(&rest, &item); some = true) {
		if (item.len == 1 && strchr("^=@$", item.p[0]) != NULL)
			return arena_printf(a,
			    "has %.*s without a column behind it",
			    STR_ARGS(item));
		if (item.p[0] == '$' && !c->regex)
			return arena_printf(a,
			    "has %.*s, which needs regex = yes",
			    STR_ARGS(item));
		if (stands_before(pair->value, item))
			return arena_printf(
			    a, "has %.*s twice", STR_ARGS(item));
	}
	return some ? NULL : "needs at least one column";
}

/* each line of a family, once all parameters are known */
static void
check_lines(struct reader *r, const char *family, struct conf_pair *p,
    const char *(*check)(
	struct arena *, const struct conf *, struct conf_pair *))
{
	for (; p != NULL; p = p->next) {
		const char *wrong = check(r->arena, r->conf, p);

		if (wrong != NULL)
			add_mistake(
			    r, p->line, "%s.%s %s", family, p->name, wrong);
	}
}

static int
load(struct reader *r)
{
	struct str text, line;

	if (file_check_secret(r->path, 0027, r->err) != 0 ||
	    file_read(r->arena, r->path, CONF_FILE_MAX, &text, r->err) != 0) {
		buf_printf(r->mistakes, "%s\n",
		    r->err->cause == NULL ? r->path : r->err->cause);
		return -1;
	}
	while (str_cut(&text, '\n', &line)) {
		r->line++;
		read_line(r, line);
	}
	check_texts(r);
	check_together(r);
	check_lines(r, "search", r->conf->search, check_searched);
	check_lines(r, "shape", r->conf->shape, conf_shape_read);
	return r->mistakes->len > 0 ? -1 : 0;
}

int
conf_read(struct arena *a, const char *path, struct conf *c,
    struct buf *mistakes, struct err *e)
{
	struct reader r = {.arena = a,
	    .path = path,
	    .conf = c,
	    .lines = arena_array(a, size_t, conf_nparams),
	    .mistakes = mistakes,
	    .err = e};

	conf_defaults(a, c);
	return load(&r);
}
