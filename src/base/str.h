/*
 * Borrowed text: a pointer and a length.  A struct str owns nothing and is
 * not terminated; whoever made the bytes keeps them alive (normally an
 * arena).  The empty string has len 0 and a non-NULL p; STR_NONE (p NULL)
 * means "absent".
 */
#ifndef DYNAPI_STR_H
#define DYNAPI_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct str {
	const char *p;
	size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE     ((struct str){NULL, 0})
/* for printf: "%.*s", STR_ARGS(s) */
#define STR_ARGS(s) (int)(s).len, (s).p ? (s).p : ""

/* in comparisons STR_NONE equals the empty string */
struct str str_from(const char *cstring); /* NULL becomes STR_NONE */
bool str_eq(struct str, struct str);
bool str_eq_c(struct str, const char *);
bool str_case_eq(struct str, struct str); /* ASCII letters only */
bool str_starts(struct str, struct str prefix);
bool str_ends(struct str, struct str suffix);
int str_cmp(struct str, struct str); /* bytewise, shorter first */
/* position of c, or -1 */
ptrdiff_t str_chr(struct str, char c);
ptrdiff_t str_rchr(struct str, char c);
struct str str_sub(struct str, size_t from, size_t len); /* clamped */
/*
 * Cuts the part before the next sep off *rest.  Returns false when nothing is
 * left; "a,,b" gives "a", "", "b"; "" gives one empty part.
 * Start with *rest = the text; the last part leaves rest->p NULL.
 */
bool str_cut(struct str *rest, char sep, struct str *part);
struct str str_trim(struct str); /* spaces, tabs, CR, LF */
/* a terminated copy in the arena */
char *str_c(struct arena *, struct str);
struct str str_dup(struct arena *, struct str);
/* whole text, optional '-', decimal digits only; -1 when it is not that or
 * does not fit */
int str_i64(struct str, int64_t *);
uint64_t str_hash(struct str);

#endif
