/*
 * A list is gathered whole before it is printed: columns are as wide as their
 * widest cell.  Cells may hold what a user typed, so control characters never
 * reach the terminal as they are.
 */
#include "ctl/ctl.h"

#include <assert.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/escape.h"
#include "base/str.h"
#include "base/utf8.h"

#define JSON_MAX  (256u << 20)
#define FIELD_MAX 4096

struct list {
	struct arena *arena;
	const struct list_column *columns;
	size_t ncolumns;
	struct str *cells; /* row after row */
	size_t n, cap;
};

struct list *
ctl_list(struct ctl *c, const struct list_column *columns, size_t n)
{
	struct list *l = arena_make(c->arena, struct list);

	l->arena = c->arena;
	l->columns = columns;
	l->ncolumns = n;
	l->cap = 64;
	l->cells = arena_array(c->arena, struct str, l->cap);
	return l;
}

void
ctl_list_add(struct list *l, struct str cell)
{
	if (l->n == l->cap) {
		l->cells = arena_grow(l->arena, l->cells,
		    l->cap * sizeof(*l->cells), 2 * l->cap * sizeof(*l->cells));
		l->cap *= 2;
	}
	l->cells[l->n++] = str_dup(l->arena, cell);
}

void
ctl_list_rows(struct list *l, struct rows *rows, struct err *e)
{
	while (rows_next(rows, e) == 1)
		for (size_t i = 0; i < l->ncolumns; i++)
			ctl_list_add(l, rows_cell(rows, i));
}

static void
write_words(struct jsonw *w, struct str words)
{
	struct str word;

	jsonw_array(w);
	while (conf_list_next(&words, &word))
		jsonw_str(w, word);
	jsonw_end(w);
}

static void
write_cell(struct jsonw *w, enum list_kind kind, struct str cell)
{
	if (cell.p == NULL) {
		jsonw_null(w);
		return;
	}
	switch (kind) {
	case LIST_TEXT:
		jsonw_str(w, cell);
		break;
	case LIST_NUMBER:
	case LIST_JSON:
		jsonw_raw(w, cell);
		break;
	case LIST_FLAG:
		jsonw_bool(w, str_eq_c(cell, "t"));
		break;
	case LIST_WORDS:
		write_words(w, cell);
		break;
	}
}

static void
print_json(const struct list *l)
{
	struct buf b;
	struct jsonw w;

	buf_init(&b, l->arena, JSON_MAX);
	jsonw_init(&w, &b);
	jsonw_array(&w);
	for (size_t i = 0; i < l->n; i++) {
		const struct list_column *col = &l->columns[i % l->ncolumns];

		if (i % l->ncolumns == 0)
			jsonw_object(&w);
		jsonw_key(&w, col->name);
		write_cell(&w, col->kind, l->cells[i]);
		if (i % l->ncolumns == l->ncolumns - 1)
			jsonw_end(&w);
	}
	jsonw_end(&w);
	fwrite(b.p, 1, b.len, stdout);
	putchar('\n');
}

static bool
is_plain(struct str s)
{
	if (!utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return true;
}

static struct str
show_cell(const struct list *l, enum list_kind kind, struct str cell)
{
	struct buf b;

	if (cell.p == NULL)
		return STR("-");
	if (kind == LIST_FLAG)
		return str_eq_c(cell, "t") ? STR("yes") : STR("no");
	if (cell.len == 0)
		return STR("-");
	if (is_plain(cell))
		return cell;
	buf_init(&b, l->arena, FIELD_MAX);
	buf_log(&b, cell);
	return buf_view(&b);
}

static void
print_row(const struct list *l, const struct str *cells, const size_t *widths)
{
	size_t n;

	for (size_t i = 0; i < l->ncolumns; i++) {
		fwrite(cells[i].p, 1, cells[i].len, stdout);
		if (i + 1 == l->ncolumns)
			break;
		for (n = utf8_count(cells[i]); n < widths[i] + 2; n++)
			putchar(' ');
	}
	putchar('\n');
}

static void
print_table(const struct list *l)
{
	struct str *shown = arena_array(l->arena, struct str, l->n + 1);
	struct str *head = arena_array(l->arena, struct str, l->ncolumns);
	size_t *widths = arena_array(l->arena, size_t, l->ncolumns), w, col;

	for (size_t i = 0; i < l->ncolumns; i++) {
		head[i] = str_from(l->columns[i].name);
		widths[i] = head[i].len;
	}
	for (size_t i = 0; i < l->n; i++) {
		col = i % l->ncolumns;
		shown[i] = show_cell(l, l->columns[col].kind, l->cells[i]);
		w = utf8_count(shown[i]);
		if (w > widths[col])
			widths[col] = w;
	}
	print_row(l, head, widths);
	for (size_t i = 0; i < l->n; i += l->ncolumns)
		print_row(l, shown + i, widths);
}

void
ctl_list_print(struct list *l, bool json)
{
	assert(l->n % l->ncolumns == 0);
	if (json)
		print_json(l);
	else
		print_table(l);
}
