/*
 * Shows a configuration: the values in force, and the sample file.  Passwords
 * inside connection strings never leave by here.
 */
#include "conf/conf.h"
#include "conf/conf_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"

#define SHOW_MAX (1 << 20)
#define HIDDEN   "****"

static void
hide_query(struct buf *b, struct str query)
{
	struct str pair, name;
	bool first = true;

	while (str_cut(&query, '&', &pair)) {
		if (!first)
			buf_char(b, '&');
		first = false;
		name = pair;
		str_cut(&pair, '=', &name);
		buf_str(b, name);
		if (pair.p == NULL)
			continue;
		buf_char(b, '=');
		if (str_ends(name, STR("password")))
			buf_lit(b, HIDDEN);
		else
			buf_str(b, pair);
	}
}

/* scheme://user:password@host…?password=… */
static void
hide_in_uri(struct buf *b, struct str uri)
{
	size_t from = (size_t)(strstr(uri.p, "//") - uri.p) + 2;
	struct str rest = str_sub(uri, from, uri.len), user, base;
	ptrdiff_t slash = str_chr(rest, '/');
	ptrdiff_t at = str_chr(rest, '@'), colon;

	buf_str(b, str_sub(uri, 0, from));
	if (at >= 0 && (slash < 0 || at < slash)) {
		user = str_sub(rest, 0, (size_t)at);
		colon = str_chr(user, ':');
		if (colon >= 0) {
			buf_str(b, str_sub(user, 0, (size_t)colon + 1));
			buf_lit(b, HIDDEN);
		} else
			buf_str(b, user);
		rest = str_sub(rest, (size_t)at, rest.len);
	}
	str_cut(&rest, '?', &base);
	buf_str(b, base);
	if (rest.p != NULL) {
		buf_char(b, '?');
		hide_query(b, rest);
	}
}

/* one value of "name = value" as libpq reads it: bare or in quotes, with
 * backslashes; returns its length */
static size_t
skip_value(struct str s)
{
	bool quoted = s.len > 0 && s.p[0] == '\'';
	size_t i = quoted;

	for (; i < s.len; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (quoted ? s.p[i] == '\'' : strchr(" \t\n", s.p[i]) != 0)
			return i + quoted;
	}
	return s.len;
}

static size_t
skip_blank(struct str s)
{
	size_t i = 0;

	while (i < s.len && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	return i;
}

/* by its name, or because an open quote has swallowed one */
static bool
is_secret(struct str name, struct str value)
{
	return str_ends(name, STR("password")) ||
	       memmem(value.p, value.len, "password", 8) != NULL;
}

static void
hide_in_pairs(struct buf *b, struct str s)
{
	struct str name;
	size_t n;

	for (;;) {
		s = str_sub(s, skip_blank(s), s.len);
		if (!str_cut(&s, '=', &name) || s.p == NULL) {
			buf_str(b, str_trim(name));
			return;
		}
		name = str_trim(name);
		s = str_sub(s, skip_blank(s), s.len);
		n = skip_value(s);
		buf_str(b, name);
		buf_char(b, '=');
		if (is_secret(name, str_sub(s, 0, n)))
			buf_lit(b, HIDDEN);
		else
			buf_str(b, str_sub(s, 0, n));
		s = str_sub(s, n, s.len);
		if (str_trim(s).len == 0)
			return;
		buf_char(b, ' ');
	}
}

void
conf_hide(struct buf *b, struct str conninfo)
{
	if (str_starts(conninfo, STR("postgres://")) ||
	    str_starts(conninfo, STR("postgresql://")))
		hide_in_uri(b, conninfo);
	else
		hide_in_pairs(b, conninfo);
}

static void
show_value(struct buf *b, const struct conf_param *p, const void *value)
{
	const char *text;

	if (p->kind == &conf_kind_text &&
	    str_ends(str_from(p->name), STR("conninfo"))) {
		text = *(const conf_text *)value;
		if (text != NULL)
			conf_hide(b, str_from(text));
	} else
		p->kind->show(b, value);
}

static void
print_pairs(const struct conf_param *p, const struct conf_pair *pair, FILE *f)
{
	for (; pair != NULL; pair = pair->next)
		fprintf(f, "%s.%s = %s\n", p->name, pair->name, pair->value);
}

void
conf_print(const struct conf *c, bool only_changed, FILE *f)
{
	struct arena *a = arena_new();
	struct conf defaults;
	struct buf now, before;
	const char *value;

	conf_defaults(a, &defaults);
	buf_init(&now, a, SHOW_MAX);
	buf_init(&before, a, SHOW_MAX);
	for (size_t i = 0; i < conf_nparams; i++) {
		const struct conf_param *p = &conf_params[i];

		value = (const char *)c + p->offset;
		if (p->of != NULL) {
			print_pairs(
			    p, *(const conf_pairs *)(const void *)value, f);
			continue;
		}
		buf_clear(&now);
		buf_clear(&before);
		show_value(&now, p, value);
		show_value(&before, p, conf_param_value(p, &defaults));
		if (!only_changed || strcmp(now.p, before.p) != 0)
			fprintf(f, "%s =%s%s\n", p->name,
			    now.len > 0 ? " " : "", now.p);
	}
	arena_free(a);
}

/* by their texts: what is shown can be read again */
void
conf_keep(struct arena *a, struct conf *c, const struct conf *before,
    struct buf *kept)
{
	struct buf now, was;

	buf_init(&now, a, SHOW_MAX);
	buf_init(&was, a, SHOW_MAX);
	for (size_t i = 0; i < conf_nparams; i++) {
		const struct conf_param *p = &conf_params[i];
		void *value = conf_param_value(p, c);

		if (p->reload)
			continue;
		buf_clear(&now);
		buf_clear(&was);
		p->kind->show(&now, value);
		p->kind->show(&was, (const char *)before + p->offset);
		if (str_eq(buf_view(&now), buf_view(&was)))
			continue;
		p->kind->set(a, p, buf_view(&was), value);
		buf_cstr(kept, kept->len > 0 ? ", " : "");
		buf_cstr(kept, p->name);
	}
}

static void
print_wrapped(FILE *f, const char *text)
{
	size_t column = 0, n;

	while (*text != '\0') {
		n = strcspn(text, " ");
		if (column == 0 || column + 1 + n > 77) {
			fprintf(f, "%s# %.*s", column == 0 ? "" : "\n", (int)n,
			    text);
			column = 2 + n;
		} else {
			fprintf(f, " %.*s", (int)n, text);
			column += 1 + n;
		}
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

static void
print_limits(FILE *f, const struct conf_param *p)
{
	if (p->kind == &conf_kind_choice)
		fprintf(f, "# One of: %s.\n", p->lo);
	else if (p->kind == &conf_kind_flag)
		fputs("# yes or no.\n", f);
	else if (p->kind == &conf_kind_text && p->lo[0] != '\0')
		fprintf(f, "# Out of: %s.\n", p->lo);
	else if (p->hi[0] != '\0')
		fprintf(f, "# From %s to %s.\n", p->lo, p->hi);
}

void
conf_sample(FILE *f)
{
	fputs("# dynapi.conf: the configuration of DynAPI, see "
	      "dynapi.conf(5).\n"
	      "# Every parameter stands here with its default, commented "
	      "out.\n"
	      "# The file's mode must be 0600 or 0640; \"dynapictl "
	      "checkconf\" finds mistakes.\n",
	    f);
	for (size_t i = 0; i < conf_nparams; i++) {
		const struct conf_param *p = &conf_params[i];

		fputc('\n', f);
		print_wrapped(f, p->prose);
		print_limits(f, p);
		if (p->of != NULL)
			fprintf(f, "#%s.%s =\n", p->name, p->of);
		else
			fprintf(f, "#%s =%s%s\n", p->name,
			    p->def[0] == '\0' ? "" : " ", p->def);
	}
}
