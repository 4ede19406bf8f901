/* Opens a session that cannot be refreshed, as long as its token; the token
 * alone is on standard output. */
#include "ctl/ctl.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/str.h"
#include "auth/auth.h"
#include "stmt/stmt.h"

#define JTI_BYTES 16
#define TTL_MAX   (366LL * 86400 * 1000)

static int
read_ttl(struct ctl *c, int64_t *ttl_s)
{
	const char *text = ctl_option(c, "ttl");
	int64_t ms = c->conf.access_ttl;

	if (text != NULL && (conf_time_parse(str_from(text), &ms) != 0 ||
				ms < 1000 || ms > TTL_MAX))
		return ctl_usage(c, "--ttl is a time from 1s to 366d");
	*ttl_s = ms / 1000;
	return 0;
}

static int
open_session(struct ctl *c, int64_t user, int64_t ttl_s, struct str *sid)
{
	struct stmt *s = stmt_new(c->arena, "session");
	struct rows *rows;

	stmt_lit(
	    s, "insert into dynapi.session (user_id, expires, client) select ");
	stmt_param_i64(s, user);
	stmt_lit(s, ", pg_catalog.now() + pg_catalog.make_interval(secs => ");
	stmt_param_i64(s, ttl_s);
	stmt_lit(s, "), 'dynapictl token' returning id");
	if (!ctl_ask_one(c, BATCH_WRITE, s, &rows))
		return -1;
	*sid = str_dup(c->arena, rows_cell(rows, 0));
	return 0;
}

static int
make_token(struct ctl *c, char **args, size_t nargs)
{
	struct ctl_account account;
	struct claims claims;
	char jti[2 * JTI_BYTES + 1];
	int64_t ttl_s = 0;
	int rc;

	(void)nargs;
	rc = read_ttl(c, &ttl_s);
	if (rc != 0)
		return rc;
	if (ctl_account(c, args[0], &account) != 0)
		return -1;
	if (account.id == 0 || !account.active)
		return ctl_refuse(c, "\"%s\" %s", args[0],
		    account.id == 0 ? "needs no token" : "is disabled");
	claims = (struct claims){.sub = account.id,
	    .iat = clock_real_s(),
	    .jti = {jti, 2 * JTI_BYTES},
	    .type = STR("access")};
	claims.exp = claims.end = claims.iat + ttl_s;
	random_hex(jti, JTI_BYTES);
	if (open_session(c, account.id, ttl_s, &claims.sid) != 0)
		return -1;
	puts(token_mint(c->arena, c->keys, &c->conf, &claims));
	return 0;
}

const struct cmd cmd_token = {
    .name = "token",
    .args = "USER [--ttl 1h]",
    .summary = "Opens a session and prints its access token",
    .help = "The session cannot be refreshed.  A new password or disabling "
	    "the account ends it.",
    .options =
	{
	    {"ttl", 0, "TIME", "how long it is valid (access_ttl)"},
	},
    .min_args = 1,
    .max_args = 1,
    .needs = NEEDS_CONF | NEEDS_KEYS | NEEDS_ADMIN,
    .run = make_token,
};
