/* A query string is refused or understood; what was understood, written again
 * with buf_url, must give the same parameters. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "fuzz.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/escape.h"
#include "base/params.h"
#include "base/utf8.h"

#define PARAMS_MAX 20

static bool
is_clean(struct str s)
{
	return s.p != NULL && utf8_valid(s) && str_chr(s, '\0') < 0;
}

static struct str
write_again(struct arena *a, const struct params *ps)
{
	struct buf b;

	buf_init(&b, a, 10000000);
	for (size_t i = 0; i < ps->n; i++) {
		must(is_clean(ps->v[i].name) && is_clean(ps->v[i].value));
		must(!ps->v[i].used && ps->v[i].name.len > 0);
		buf_url(&b, ps->v[i].name);
		buf_char(&b, '=');
		buf_url(&b, ps->v[i].value);
		buf_char(&b, '&');
	}
	must(!b.overflow);
	return buf_view(&b);
}

static void
check_same(const struct params *x, const struct params *y)
{
	must(x->n == y->n);
	for (size_t i = 0; i < x->n; i++) {
		must(str_eq(x->v[i].name, y->v[i].name));
		must(str_eq(x->v[i].value, y->v[i].value));
		must(params_get(x, x->v[i].name) <= &x->v[i]);
		must(params_count(x, x->v[i].name) >= 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	struct str text = {arena_memdup(a, bytes, n), n};
	struct params ps, again;
	struct err err;

	err_init(&err, a);
	if (params_parse(a, text, PARAMS_MAX, &ps, &err) != 0) {
		must(err.id == ERR_BAD_QUERY || err.id == ERR_LIMIT);
		must(err.detail != NULL);
	} else {
		must(ps.n <= PARAMS_MAX && err.id == ERR_NONE);
		text = write_again(a, &ps);
		must(params_parse(a, text, PARAMS_MAX, &again, &err) == 0);
		check_same(&ps, &again);
	}
	arena_free(a);
	return 0;
}
