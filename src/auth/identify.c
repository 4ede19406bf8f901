/* The Authorization header (RFC 6750, RFC 9110 section 11.6.2). */
#include "auth/auth.h"

#include "base/arena.h"
#include "base/err.h"

/* cuts the scheme off; false when it is neither Bearer nor the other one */
static bool
take_scheme(struct str *s, const char *other)
{
	struct str scheme;

	if (!str_cut(s, ' ', &scheme) || s->p == NULL)
		return false;
	if (!str_case_eq(scheme, STR("Bearer")) &&
	    (other == NULL || !str_case_eq(scheme, str_from(other))))
		return false;
	*s = str_trim(*s);
	return true;
}

int
auth_identify(struct arena *a, struct keys *keys, const struct conf *conf,
    struct str authorization, const char *scheme, int64_t now_s,
    struct principal *p, struct err *err)
{
	struct str s = str_trim(authorization);
	struct claims c;

	*p = (struct principal){.id = ANONYMOUS_ID, .anonymous = true};
	/* some servers pass an absent header as an empty one */
	if (s.len == 0)
		return 0;
	/* no token has a comma: web servers join two headers with it */
	if (str_chr(s, ',') >= 0)
		return err_set(err, ERR_BAD_REQUEST,
		    "There may be one Authorization header.");
	if (!take_scheme(&s, scheme))
		return err_world(err, ERR_TOKEN_INVALID,
		    "the Authorization scheme is not Bearer");
	if (token_verify(a, keys, conf, s, "access", now_s, &c, err) != 0)
		return -1;
	*p = (struct principal){.id = c.sub,
	    .sid = c.sid,
	    .jti = c.jti,
	    .exp = c.exp,
	    .end = c.end};
	return 0;
}
