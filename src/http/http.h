/*
 * Three nouns: a request that came in, the route it takes, the response that
 * goes out.  fcgi.c is the only file that knows FastCGI and CGI.
 *
 *   fcgi_accept ─request_read→ request ─route_find→ route … response_end
 *
 * Routing uses REQUEST_URI alone, raw: every other path parameter differs
 * between web servers.  It is split at '/' first, then each segment is decoded
 * once.  Sources: FastCGI 1.0, RFC 3875 (CGI), RFC 9110 (HTTP semantics),
 * RFC 3986.
 */
#ifndef DYNAPI_HTTP_H
#define DYNAPI_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/params.h"
#include "base/str.h"

struct arena;
struct conf;
struct err;
struct nets;

/* ---- the web server's side ---------------------------------------------- */

struct fcgi;

/* FastCGI on descriptor 0 when it is a listening socket, else one plain CGI
 * request from the environment; NULL when neither fits */
struct fcgi *fcgi_new(void);
void fcgi_free(struct fcgi *);
bool fcgi_is_cgi(const struct fcgi *);
/* waits for a request: 0, 1 when what came was none (ask again), -1 when it is
 * time to leave (SIGTERM, error, CGI: after the first) */
int fcgi_accept(struct fcgi *);
bool fcgi_idle(const struct fcgi *); /* fcgi_accept would have to wait */
/* a parameter of the request, or STR_NONE; valid until fcgi_finish or _break */
struct str fcgi_param(const struct fcgi *, const char *name);
/* all of a header, however often it came, joined with ", " (RFC 9110 5.3) as
 * some web servers do; *n: how many we were given to join.  A copy. */
struct str fcgi_param_list(
    const struct fcgi *, struct arena *, const char *name, size_t *n);
/*
 * Reads the body to its end.  -1: ERR_BODY_TOO_LARGE past max, ERR_BAD_REQUEST
 * when the client left in the middle or the announced length was wrong.
 */
int fcgi_read_body(struct fcgi *, struct buf *, struct err *);
/*
 * The same piece by piece: begin, then read until 0 (all of it has come) or
 * -1 with the errors above.  However long it is, 64 KiB of it have to come
 * within client_timeout.  Drop reads and forgets what is left: not every web
 * server delivers an answer that overtakes the body.
 */
int fcgi_body_begin(struct fcgi *, int64_t max, struct err *);
ssize_t fcgi_body_read(struct fcgi *, char *room, size_t n, struct err *);
void fcgi_body_drop(struct fcgi *);
int fcgi_client_fd(const struct fcgi *); /* to watch; -1: cannot tell */
/* -1 when the client is gone or has accepted nothing for too long */
int fcgi_write(struct fcgi *, const void *, size_t);
int fcgi_flush(struct fcgi *);
void fcgi_finish(struct fcgi *);
/*
 * The body cannot be finished: breaks the connection in the one way that
 * nginx, lighttpd and mod_proxy_fcgi turn into an error for the client.
 */
void fcgi_break(struct fcgi *);
/* can a failure after the head be made visible?  false: spool the answer */
bool fcgi_can_break(const struct fcgi *);
void fcgi_set_client_timeout(struct fcgi *, int64_t ms);

/* SIGTERM drains (a second one ends at once), SIGHUP asks for a reload; may be
 * called again for another time to drain */
void fcgi_signals(const struct fcgi *, int64_t drain_ms);
bool fcgi_take_hup(void); /* true once after each SIGHUP */

/* ---- request ------------------------------------------------------------ */

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_QUERY, /* GET with a body: draft-ietf-httpbis-safe-method-w-body */
	METHOD__MAX, /* anything else is 405 */
};
const char *method_name(enum method);

struct segment {
	struct str raw;
	struct str text; /* decoded once; valid UTF-8 without U+0000 */
};

struct request {
	enum method method;
	struct str method_text;
	struct str target; /* REQUEST_URI without authority and fragment */
	struct segment *segments; /* below the mount; no empty last one */
	size_t nsegments;
	struct str query; /* raw, without '?' */
	struct params params;
	struct str body;
	bool streamed; /* the body is rows, not read yet: request_body_begin */
	struct str content_type, accept, authorization, origin;
	struct str preflight;               /* Access-Control-Request-Method */
	struct str prefer;                  /* RFC 7240 */
	struct str if_match, if_none_match; /* RFC 9110 13.1 */
	struct str idempotency_key;
	struct str remote; /* the client's address: request_client */
	const char *id;    /* request id: ours, 16 hex digits */
};

/* path, query and headers; -1 with ERR_BAD_PATH, ERR_BAD_QUERY,
 * ERR_URL_TOO_LONG, ERR_NOT_FOUND (not below the mount) … */
int request_read(struct arena *, struct fcgi *, const struct conf *,
    struct request *, struct err *);
/* the body; -1 as fcgi_read_body, ERR_MEDIA_TYPE for a Content-Encoding */
int request_read_body(struct arena *, struct fcgi *, const struct conf *,
    struct request *, struct err *);
/* NDJSON or CSV: what a route with NEEDS_ROWS reads with fcgi_body_read */
bool request_is_rows(const struct request *);
/* before the first fcgi_body_read of a streamed body; -1 as request_read_body
 * with bulk_body_max for body_max */
int request_body_begin(struct fcgi *, const struct conf *, struct err *);
/* the client, from REMOTE_ADDR and, when that is a proxy that is trusted
 * (trusted_proxies; NULL: none), X-Forwarded-For: the entry furthest right that
 * is none; one that is no address ends the search before it */
struct str request_client(struct arena *, struct str remote,
    struct str forwarded, const struct nets *trusted);
/* is the body's media type this one (parameters ignored)? */
bool request_is(const struct request *, const char *media_type);
/* preference token of Prefer such as "handling=strict" */
bool request_prefers(const struct request *, const char *token);
/* the value of a preference such as timezone=…, unquoted; or STR_NONE */
struct str request_preference(const struct request *, const char *name);

/* ---- route -------------------------------------------------------------- */

struct ctx;

enum need {
	NEEDS_NONE = 0,
	NEEDS_USER = 1,      /* a signed-in user */
	NEEDS_SUPERUSER = 2, /* checked by the guard */
	NEEDS_TABLE = 4,     /* {table} is in the snapshot */
	NEEDS_JSON = 8,      /* a JSON body */
	NEEDS_KEY = 16,      /* the table has a key */
	NEEDS_SCHEMA = 32,   /* a snapshot is open */
	NEEDS_NO_TOKEN = 64, /* a token sent along is not looked at */
	ONLY_READS = 128,    /* the right to read is enough for its method */
	NEEDS_ROWS = 256,    /* a JSON body, or rows that are not read yet */
	DELETES = 512,       /* it does what DELETE does */
	TAKES_FORM = 1024,   /* a form instead of the JSON body */
	NOT_COUNTED = 2048,  /* no throttle counts it */
	OF_ACCOUNTS = 4096   /* NEEDS_TABLE: that of the accounts */
};

struct route {
	enum method method;
	/* segments; {name} takes any one */
	const char *pattern;
	unsigned needs;
	int (*handle)(struct ctx *);
	const char *summary;
};

/* routes of one front door */
struct root {
	const char *name; /* what "serve" calls it; NULL ends a list of roots */
	const char *base; /* what all its patterns begin with: "/api/dyn" */
	const struct route *routes;
};

/* does the path begin with the segments of base?  "/a/b/" is as "/a/b". */
bool request_is_below(const struct request *, const char *base);
/*
 * The first route that fits; literal segments are looked for before {name}.
 * NULL: ERR_NOT_FOUND, or ERR_BAD_METHOD: the path has others.
 */
const struct route *route_find(
    const struct root *, const struct request *, struct err *);
/* the first route of the path, whatever its method; NULL: there is none */
const struct route *route_of_path(const struct root *, const struct request *);
/* the methods of the path's routes, as the Allow header has them; offered says
 * which of them count */
const char *route_allow(const struct root *, const struct request *,
    struct arena *, bool (*offered)(const void *arg, const struct route *),
    const void *arg);
/* the segment that {name} of the pattern took */
const struct segment *route_segment(
    const struct route *, const struct request *, const char *name);

/* ---- response ----------------------------------------------------------- */

enum response_state {
	RESPONSE_HEAD, /* nothing sent: status and headers can change */
	RESPONSE_BODY, /* the head is out */
	RESPONSE_DONE
};

struct response {
	struct arena *arena;
	struct fcgi *io;
	enum response_state state;
	int status;
	struct buf headers;
	bool incomplete;   /* a header did not fit: the log says so */
	struct buf body;   /* held back until it is known or full */
	size_t hold_bytes; /* held back at most */
	bool no_body;      /* HEAD, 204, 304 */
	bool spool;        /* hold back everything, in a file */
	int spool_fd;
	int64_t spooled, spool_max;
	bool failed;        /* the body was cut */
	bool client_gone;   /* … because nobody reads it any more */
	int64_t sent_bytes; /* of the body */
	int64_t ended_us;   /* clock_mono_us when all of it was written */
	int64_t length;     /* Content-Length for HEAD, -1: from the body */
};

void response_init(
    struct response *, struct arena *, struct fcgi *, size_t hold_bytes);
void response_status(struct response *, int);
/* a line of the head with its CR LF: Apache's buffer for one has 8,192 bytes */
#define RESPONSE_LINE_MAX 8000
/* The value must be free of CR, LF and NUL: ours to ensure, so it asserts.
 * false: the line is too long or the head full, and nothing was added.  What
 * can be long (links) has to be looked at while it can be refused. */
bool response_header(struct response *, const char *name, struct str value);
void response_header_f(struct response *, const char *name, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
/* takes back a header that was set before */
void response_header_drop(struct response *, const char *name);
/* drops headers and body collected so far; only in RESPONSE_HEAD */
void response_reset(struct response *);
/* where the body is written; call response_pump now and then */
struct buf *response_body(struct response *);
/* sends what has been held back when it is more than hold_bytes; -1: the
 * client is gone or the disk is full (ERR_INTERNAL), ERR_LIMIT: spool_max */
int response_pump(struct response *, struct err *);
/* sends what is left, with Content-Length when nothing went out before, and
 * ends the request */
int response_end(struct response *);
/* the body cannot be finished */
void response_break(struct response *);
const char *status_reason(int status);

#endif
