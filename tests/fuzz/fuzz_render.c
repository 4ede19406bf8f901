/* A text cell, written as JSON and as CSV, reads back as the same text; any
 * cell fits any text without a wild write; an Accept header chooses a format
 * or none. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"
#include "render/render.h"

static void
check_json(struct arena *a, struct str text)
{
	struct json *j;
	struct err err;
	struct buf b;

	buf_init(&b, a, 6 * text.len + 2);
	cell_json(&b, CELL_TEXT, text);
	must(!b.overflow);
	/* PostgreSQL holds neither invalid UTF-8 nor U+0000 */
	if (!utf8_valid(text) || str_chr(text, '\0') >= 0)
		return;
	err_init(&err, a);
	j = json_parse(a, buf_view(&b), &err);
	must(j != NULL && j->kind == JSON_STRING && str_eq(j->text, text));
}

/* one field of RFC 4180, or the bare text */
static struct str
read_csv(struct arena *a, struct str field)
{
	struct buf b;

	buf_init(&b, a, field.len + 1);
	if (field.len == 0 || field.p[0] != '"') {
		for (size_t i = 0; i < field.len; i++)
			must(strchr("\",\r\n", field.p[i]) == NULL ||
			     field.p[i] == '\0');
		return field;
	}
	must(field.len >= 2 && field.p[field.len - 1] == '"');
	for (size_t i = 1; i + 1 < field.len; i++) {
		if (field.p[i] == '"') {
			must(i + 2 < field.len && field.p[i + 1] == '"');
			i++;
		}
		buf_char(&b, field.p[i]);
	}
	return buf_view(&b);
}

static void
check_csv(struct arena *a, struct str text)
{
	struct buf b;

	for (int guard = 0; guard < 2; guard++) {
		struct str back;

		buf_init(&b, a, 2 * text.len + 3);
		cell_csv(&b, CELL_TEXT, text, guard);
		must(!b.overflow);
		back = read_csv(a, buf_view(&b));
		if (guard && back.len == text.len + 1)
			back = str_sub(back, 1, back.len);
		must(str_eq(back, text));
	}
}

static void
check_full(struct str text, enum cell cell, size_t room)
{
	char storage[64];
	struct buf b;

	memset(storage, '#', sizeof(storage));
	buf_fixed(&b, storage, room);
	cell_json(&b, cell, text);
	cell_csv(&b, cell, text, true);
	must(b.len < room && storage[room] == '#');
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	const struct format *f;
	struct str text;

	if (n >= 1) {
		text.len = n - 1;
		text.p = arena_memdup(a, bytes + 1, n - 1);
		f = format_by_accept(text);
		must(f == NULL || f == format_by_name(str_from(f->name)));
		check_json(a, text);
		check_csv(a, text);
		/* the other cells are never empty */
		if (text.len > 0)
			check_full(text, bytes[0] % (CELL_JSON + 1),
			    1 + bytes[0] % 63);
	}
	arena_free(a);
	return 0;
}
