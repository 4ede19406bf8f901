/* Whatever comes, json_parse accepts or refuses it; what it accepts and writes
 * compactly it must read again as the same text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fuzz.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"

/* each value's span lies inside its parent's */
static void
check_spans(const struct json *j)
{
	size_t n = 0;

	for (const struct json *m = j->child; m != NULL; m = m->next, n++) {
		must(m->src.p > j->src.p);
		must(m->src.p + m->src.len < j->src.p + j->src.len);
		must((m->key.p != NULL) == (j->kind == JSON_OBJECT));
		must(j->kind != JSON_OBJECT || json_get(j, m->key) == m);
		check_spans(m);
	}
	must(n == j->n);
	if (j->kind != JSON_STRING)
		return;
	must(utf8_valid(j->text) && str_chr(j->text, '\0') < 0);
	must(j->text.p[j->text.len] == '\0');
}

static struct str
compact(struct arena *a, const struct json *j)
{
	struct buf b;

	buf_init(&b, a, 10000000);
	json_write(&b, j);
	must(!b.overflow);
	return buf_view(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	struct str text = {arena_memdup(a, bytes, n), n}, once;
	struct json *j;
	struct err err;

	err_init(&err, a);
	j = json_parse(a, text, &err);
	must((j == NULL) == (err.id == ERR_BAD_JSON));
	if (j != NULL) {
		check_spans(j);
		once = compact(a, j);
		j = json_parse(a, once, &err);
		must(j != NULL && str_eq(j->src, once));
		must(str_eq(compact(a, j), once));
	} else {
		must(err.detail != NULL);
	}
	arena_free(a);
	return 0;
}
