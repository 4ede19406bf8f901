/*
 * What the fuzzers share.  A fuzzer aborts at what must not be; the sanitizers
 * it is built with see the rest.
 */
#ifndef DYNAPI_TESTS_FUZZ_H
#define DYNAPI_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "stmt/stmt.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static inline void
must(bool fine)
{
	if (!fine)
		abort();
}

/* a small letter, a digit or a mark: no value of a client's gets into SQL */
static inline bool
is_ours(char c, const char *marks)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       strchr(marks, c) != NULL;
}

/* outside quoted identifiers stands nothing but our own words, and each
 * parameter is used */
static inline void
check_text(const struct stmt *s, const char *marks)
{
	bool quoted = false;
	size_t highest = 0;

	must(!s->text.overflow);
	for (const char *p = s->text.p; *p != '\0'; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (!quoted)
			must(is_ours(*p, marks));
		if (*p == '$' && !quoted) {
			size_t n = strtoul(p + 1, NULL, 10);

			must(n > 0 && n <= s->nargs);
			highest = n > highest ? n : highest;
		}
	}
	must(!quoted && highest == s->nargs);
	for (size_t i = 0; i < s->nargs; i++)
		must(s->args[i] == NULL || utf8_valid(str_from(s->args[i])));
}

#endif
