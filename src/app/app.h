/*
 * One process (struct app) and one request (struct ctx).
 *
 * A request is read aloud in serve.c: read it, find its route, identify the
 * caller, meet what the route needs, let the handler answer, log one line.
 * Everything made for it lives in ctx.arena and is gone after the log line.
 *
 *   request → route → principal → query → stmt → rows → response
 *
 * struct app is read-only while a request runs; between requests it follows
 * a new snapshot and a SIGHUP.
 */
#ifndef DYNAPI_APP_H
#define DYNAPI_APP_H

#include <locale.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth/auth.h"
#include "base/err.h"
#include "conf/conf.h"
#include "db/db.h"
#include "http/http.h"
#include "limit/limit.h"
#include "query/query.h"
#include "schema/schema.h"
#include "stmt/stmt.h"

/*
 * How one front door speaks (DECISIONS 1): the grammar of its questions, the
 * shape of its errors, where its tables live.
 */
struct dialect {
	const char *base; /* "/api/dyn/": what paths and links begin with */
	bool alone;       /* there is one table, and base is where it is */
	/* OF_ACCOUNTS: the accounts as they are shown here; or NULL */
	const struct table *(*accounts)(struct arena *);
	struct query *(*parse)(struct arena *, struct params *,
	    const struct query_limits *, struct err *);
	/* writes headers and body of c->err; NULL: RFC 9457 */
	void (*error)(struct ctx *, int status);
	/* struct query_limits.shape of what reads, with its ctx; or NULL */
	int (*shape)(void *ctx, struct query *, const struct table *,
	    bool included, struct err *);
	const char *challenge; /* of a 401 (RFC 9110 11.6.1); NULL: Bearer */
	const char *scheme;    /* is taken as well as Bearer; NULL: none is */
	bool strict; /* unknown names are errors unless handling=lenient */
	enum body_mode put; /* what a PUT of a row does to it */
	int64_t page_max;   /* no page has more rows; 0: as configured */
};

struct jsonw;
struct rights;

struct app {
	struct arena *arena; /* of the configuration */
	const char *conf_path;
	struct conf conf;
	struct fcgi *fcgi;
	struct schema *schema; /* NULL: none could be opened yet */
	int64_t looked_us;     /* when the snapshot was looked at */
	bool schema_warned;    /* its absence was logged */
	struct keys *keys;
	struct db *db;
	struct throttle *throttle;  /* NULL: not asked for, or not to be had */
	int64_t throttle_looked_us; /* when its file was looked at; 0: never */
	bool throttle_warned;       /* that it cannot be had was logged */
	locale_t letters;           /* of all scripts; 0: not asked for yet */
	/* all there are, NULL-terminated; the first is the default */
	const struct dialect *const *dialects;
	const struct root *roots; /* all there are, the last one empty */
	struct root *served_roots;
	struct stmt_opts stmt_opts;
	struct query_limits query_limits;
	uint64_t served;
};

struct ctx {
	struct arena *arena;
	struct app *app;
	struct request req;
	const struct route *route;
	const char *allow; /* Allow header of a 405, and of OPTIONS */
	struct principal principal;
	const struct dialect *dialect; /* by the path; never NULL */
	const struct table *table;
	/* tables beside it that the query touches: the guard asks for the
	 * right to read each */
	const struct table **touched;
	size_t ntouched;
	/* tables whose rows may be shown beside its own: the guard says of each
	 * whether he may read it */
	const struct table **shown;
	size_t nshown;
	/* a write shows its row in another shape: the guard leaves word for it
	 * whether he may read the table */
	bool marks;
	/* rights beside these and the one the guard is asked for (ctx_need) */
	struct guard_need *also;
	size_t nalso;
	bool strict; /* unknown names are errors, whatever is configured */
	/* what he may do, once it was read (handler/rights.c); with conceal
	 * it says which tables exist */
	const struct rights *rights;
	const struct json *body; /* NEEDS_JSON, NEEDS_ROWS */
	const struct form *form; /* what it was made of (TAKES_FORM), or NULL */
	struct response res;
	struct err err;
	struct batch *batch; /* the last one that ran: for the log */
	/* a write in bulk that has failed: what is asked then is asked in its
	 * transaction, of what it has written */
	struct load *load;
	enum action action;  /* what the last guard was asked */
	struct str timezone; /* Prefer: timezone=, STR_NONE: UTC */
	bool guarded;        /* a guard has been asked */
	bool counted;        /* ctx_count has counted it: taken */
	struct taken taken, tried[2];
	int64_t began_us, db_us;
};

/* -1: the configuration cannot be used (already logged) */
int app_init(struct app *, const char *conf_path, const struct root *roots,
    const struct dialect *const *dialects);
void app_fini(struct app *);
/* opens the snapshot when it is new; true when it changed */
bool app_follow_snapshot(struct app *);
/* the accept loop; returns the exit status */
int app_run(struct app *);

void serve_request(struct ctx *);

/* what a request like this one has to be allowed to do with its table */
enum action ctx_action(const struct ctx *);
/* the value of Allow: the methods that this path has, with c->table those that
 * PostgreSQL can do */
const char *ctx_allow(const struct ctx *);
/* Accept-Post (Linked Data Platform) and Accept-Patch (RFC 5789): the media
 * types that these methods read at this path */
void ctx_accept_headers(struct ctx *);
/* c->principal from the request's head; -1 with c->err */
int ctx_identify(struct ctx *);
/*
 * What the throttles say (throttling.c); -1 with ERR_THROTTLED.  A request
 * counts once, and not where it is answered 401 or 403 (ctx_uncount).
 */
int ctx_count(struct ctx *);
void ctx_uncount(struct ctx *);
/* before a secret is looked at: the one of name (STR_NONE: a token's), from
 * this client.  It stays counted when it was wrong; ctx_forgive otherwise */
int ctx_try(struct ctx *, struct str name);
void ctx_forgive(struct ctx *);
/* before and after a password is hashed; the place, or -1 with ERR_BUSY */
int ctx_hash_begin(struct ctx *, int *place);
void ctx_hash_end(struct ctx *, int place);
/* the guard of this request's table, and of those it touches */
struct stmt *ctx_guard(struct ctx *, enum action);
/* one more right that the guards of this request ask for, once; nalso = 0
 * takes all of them back */
void ctx_need(struct ctx *, const struct table *, enum action);
/* the same, and the statements after it may run this long */
struct stmt *ctx_guard_for(struct ctx *, enum action, int64_t timeout_ms);
/* any other guard: no table, superuser only … */
struct stmt *ctx_guard_user(struct ctx *, bool superuser);
struct batch *ctx_batch(struct ctx *, enum batch_kind);
/* db_run; on failure the error is made fit for the client (fields named from
 * the snapshot, hints for the log) */
int ctx_run(struct ctx *, struct batch *);
/* the same for a batch that has failed with c->err already; -1 */
int ctx_failed(struct ctx *, struct batch *);
/*
 * A constraint was violated: where it was this table's (true), and he may read
 * that, c->err names it and its fields.  ctx_failed asks of c->table.
 */
bool ctx_violated(struct ctx *, const struct table *, const struct batch *);
/* what the batch says of it; was it this table that said no? */
struct violated ctx_violation(const struct batch *);
bool ctx_said_by(const struct table *, const struct batch *);
/* the limits for this request (Prefer: handling=strict) */
struct query_limits ctx_limits(const struct ctx *);
/* "/mount/api/dyn/film/7/": path parts are appended escaped */
void ctx_link(const struct ctx *, struct buf *, struct str path);
/* "errors":{"field":["text", …]}; nothing where no field is named */
void ctx_write_fields(struct jsonw *, const struct err *);
/* the whole error document of c->err as the response */
void ctx_error(struct ctx *);

#endif
