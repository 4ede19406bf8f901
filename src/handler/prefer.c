/*
 * What the client prefers (RFC 7240), the same for every dialect.  What writes
 * asks here and not its caller, so that no front door can overlook a dry run.
 * Whether there is a time zone only PostgreSQL knows: the guard sets it when it
 * has found the rights, and where that fails the same is done once more without
 * it.
 */
#include "handler/handler.h"

#include <string.h>

#include "base/arena.h"

#define ZONE_MAX 64

/* ---- timezone= ---------------------------------------------------------- */

static int
refuse_zone(struct ctx *c)
{
	c->timezone = STR_NONE;
	if (!request_prefers(&c->req, "handling=strict"))
		return 0;
	return err_add_field(&c->err, ERR_BAD_PARAM, STR("Prefer"),
	    "There is no such time zone.");
}

static bool
is_zone_name(struct str zone)
{
	for (size_t i = 0; i < zone.len; i++) {
		char c = zone.p[i], letter = (char)(c | 0x20);

		if (!(letter >= 'a' && letter <= 'z') &&
		    !(c >= '0' && c <= '9') && strchr("+-/_", c) == NULL)
			return false;
	}
	return zone.len > 0 && zone.len <= ZONE_MAX;
}

int
prefer_zone(struct ctx *c)
{
	struct str zone = request_preference(&c->req, "timezone");

	if (zone.p == NULL)
		return 0;
	if (!is_zone_name(zone))
		return refuse_zone(c);
	c->timezone = zone;
	return 0;
}

bool
prefer_was_zone(struct ctx *c)
{
	const struct batch *b = c->batch;

	if (c->timezone.p == NULL || b == NULL || b->guard < 0 ||
	    b->failed != (size_t)b->guard || strcmp(b->sqlstate, "22023") != 0)
		return false;
	err_clear(&c->err);
	return refuse_zone(c) == 0;
}

void
prefer_zone_header(struct ctx *c)
{
	if (c->timezone.p != NULL)
		response_header_f(&c->res, "Preference-Applied",
		    "timezone=%.*s", STR_ARGS(c->timezone));
}

/* ---- of a write --------------------------------------------------------- */

/* with handling=strict: tx=rolback must not be a real write */
static int
check_value(struct ctx *c, const char *name, const char *values)
{
	struct str given = request_preference(&c->req, name);
	struct str rest = str_from(values), value;

	if (given.p == NULL)
		return 0;
	while (str_cut(&rest, ' ', &value))
		if (str_case_eq(given, value))
			return 0;
	return err_add_field(&c->err, ERR_BAD_PARAM, STR("Prefer"),
	    "%s can be one of: %s.", name, values);
}

int
prefer_check(struct ctx *c)
{
	if (request_prefers(&c->req, "handling=strict") &&
	    (check_value(c, "tx", "commit rollback") != 0 ||
		check_value(
		    c, "return", "headers-only minimal representation") != 0 ||
		check_value(c, "resolution",
		    "ignore-duplicates merge-duplicates") != 0))
		return -1;
	return prefer_zone(c);
}

bool
prefer_dry_run(const struct ctx *c)
{
	return request_prefers(&c->req, "tx=rollback");
}

bool
prefer_nothing(const struct ctx *c)
{
	return request_prefers(&c->req, "return=minimal") ||
	       request_prefers(&c->req, "return=headers-only");
}

bool
prefer_rows(const struct ctx *c, bool otherwise)
{
	if (prefer_nothing(c))
		return false;
	return otherwise || request_prefers(&c->req, "return=representation");
}

/* ---- Preference-Applied ------------------------------------------------- */

static bool
applied(struct ctx *c, const char *preference)
{
	if (!request_prefers(&c->req, preference))
		return false;
	response_header(&c->res, "Preference-Applied", str_from(preference));
	return true;
}

void
handling_header(struct ctx *c)
{
	if (!applied(c, "handling=strict"))
		applied(c, "handling=lenient");
}

void
prefer_applied(struct ctx *c, bool rows)
{
	applied(c, "tx=rollback");
	if (!applied(c, "return=minimal") &&
	    !applied(c, "return=headers-only") && rows)
		applied(c, "return=representation");
	handling_header(c);
	prefer_zone_header(c);
}
