/*
 * What the test programs begin with: cmocka and what it wants before it, an
 * arena for the cases of a table, and the length of such a table.
 */
#ifndef DYNAPI_CASES_H
#define DYNAPI_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))
#define UNUSED   __attribute__((unused))

static UNUSED struct arena *arena;

static UNUSED int
make_arena(void **state)
{
	(void)state;
	arena = arena_new();
	return 0;
}

static UNUSED int
drop_arena(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static UNUSED void
want_str(int line, struct str got, struct str want)
{
	if (!str_eq(got, want))
		fail_msg("line %d: got \"%.*s\", want \"%.*s\"", line,
		    STR_ARGS(got), STR_ARGS(want));
}

#endif
