/*
 * From the head of a request to a subscription: the address, the origin, the
 * token, the right, the position in the log.  What a WebSocket is refused it is
 * told by a close code, for browsers show a page nothing else.
 */
#include "notify/notify_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/log.h"
#include "base/params.h"
#include "base/utf8.h"
#include "http/http.h"

#define SEGMENTS    3
#define KEY_BYTES   16 /* of Sec-WebSocket-Key, decoded */
#define BEARER      "bearer."
#define TOKEN_FRAME 64 /* {"token":""} and some blanks */

struct asked {
	struct head head;
	struct arena *arena;
	struct str segment; /* of the table, decoded */
	struct str since;
	bool sse;
	bool offered; /* the subprotocol */
	struct str token;
	struct err err;
	const char *headers; /* of a refusal */
};

/* ---- what is asked for -------------------------------------------------- */

static int
refuse(struct asked *q, enum err_id id, const char *detail)
{
	return detail == NULL ? err_set(&q->err, id, NULL)
			      : err_set(&q->err, id, "%s", detail);
}

static int
decode_segment(struct asked *q, struct str raw)
{
	if (percent_decode(q->arena, raw, false, &q->segment) != 0 ||
	    !utf8_valid(q->segment) || str_chr(q->segment, '\0') >= 0 ||
	    q->segment.len == 0)
		return refuse(q, ERR_BAD_PATH, NULL);
	return 0;
}

/* MOUNT/ws/dynapi/TABLE/, or sse */
static int
read_path(struct notifier *d, struct asked *q, struct str path)
{
	struct str mount = str_from(d->conf.mount), rest, parts[SEGMENTS], part;
	size_t n = 0;

	if (!str_starts(path, mount))
		return refuse(q, ERR_NOT_FOUND, NULL);
	path = str_sub(path, mount.len, path.len);
	if (path.len == 0 || path.p[0] != '/')
		return refuse(q, ERR_NOT_FOUND, NULL);
	rest = str_sub(path, 1, path.len);
	while (str_cut(&rest, '/', &part)) {
		if (part.len == 0 && rest.p == NULL && n == SEGMENTS)
			break; /* the optional slash at the end */
		if (n == SEGMENTS || part.len == 0)
			return refuse(q, ERR_NOT_FOUND, NULL);
		parts[n++] = part;
	}
	if (n != SEGMENTS || !str_eq(parts[1], STR("dynapi")))
		return refuse(q, ERR_NOT_FOUND, NULL);
	q->sse = str_eq(parts[0], STR("sse"));
	if (!q->sse && !str_eq(parts[0], STR("ws")))
		return refuse(q, ERR_NOT_FOUND, NULL);
	return decode_segment(q, parts[2]);
}

static int
read_target(struct notifier *d, struct asked *q)
{
	struct str path = q->head.target, query = STR("");
	struct params params;
	struct param *since;
	ptrdiff_t at = str_chr(path, '?');

	if (path.len > (size_t)d->conf.url_max)
		return refuse(q, ERR_URL_TOO_LONG, NULL);
	if (at >= 0) {
		query = str_sub(path, (size_t)at + 1, path.len);
		path.len = (size_t)at;
	}
	if (read_path(d, q, path) != 0 ||
	    params_parse(q->arena, query, (size_t)d->conf.max_params, &params,
		&q->err) != 0)
		return -1;
	since = params_get(&params, STR("since"));
	q->since = since != NULL ? since->value : STR_NONE;
	/* an event stream that goes on says it so */
	if (q->sse && q->head.last_event_id.len > 0)
		q->since = q->head.last_event_id;
	return 0;
}

static int
read_since(struct asked *q, int64_t *since)
{
	*since = -1;
	if (q->since.p == NULL)
		return 0;
	if (str_i64(q->since, since) != 0 || *since < 0)
		return refuse(
		    q, ERR_BAD_PARAM, "since has to be the id of an event.");
	return 0;
}

/* a page of another site must not listen with the token of this one's user;
 * programs send no Origin */
static bool
origin_ok(const struct notifier *d, const struct head *h)
{
	struct str host = h->origin;
	ptrdiff_t at;

	if (h->origin.p == NULL)
		return true;
	if (d->conf.cors_origins != NULL &&
	    conf_list_has(d->conf.cors_origins, h->origin))
		return true;
	at = str_chr(host, ':');
	if (at < 0 || !str_starts(str_sub(host, (size_t)at, 3), STR("://")))
		return false;
	host = str_sub(host, (size_t)at + 3, host.len);
	return h->host.len > 0 && str_case_eq(host, h->host);
}

static int
check_upgrade(struct asked *q)
{
	const struct head *h = &q->head;
	struct str raw;

	q->headers = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
	if (!head_has(h->upgrade, "websocket") ||
	    !head_has(h->connection, "upgrade"))
		return refuse(q, ERR_UPGRADE_REQUIRED, NULL);
	if (!str_eq(h->version, STR("13")))
		return refuse(q, ERR_UPGRADE_REQUIRED,
		    "Sec-WebSocket-Version has to be 13.");
	q->headers = NULL;
	if (h->http_1_0 || base64_decode(q->arena, h->key, &raw) != 0 ||
	    raw.len != KEY_BYTES)
		return refuse(q, ERR_BAD_REQUEST,
		    "The WebSocket handshake is malformed.");
	return 0;
}

/* "dynapi, bearer.TOKEN": browsers can say nothing else */
static int
read_protocols(struct asked *q)
{
	struct str list = q->head.protocols, item;

	while (list.p != NULL && str_cut(&list, ',', &item)) {
		item = str_trim(item);
		if (str_eq(item, STR("dynapi")))
			q->offered = true;
		if (!str_starts(item, STR(BEARER)))
			continue;
		if (q->token.p != NULL || q->head.authorization.len > 0)
			return refuse(
			    q, ERR_BAD_REQUEST, "There may be one token.");
		q->token = str_sub(item, sizeof(BEARER) - 1, item.len);
	}
	return 0;
}

static int
check_request(struct notifier *d, struct asked *q)
{
	const struct head *h = &q->head;

	if (read_target(d, q) != 0)
		return -1;
	if (!str_eq(h->method, STR("GET"))) {
		q->headers = "Allow: GET\r\n";
		return refuse(q, ERR_BAD_METHOD, "Allowed here: GET.");
	}
	if (h->transfer_encoding.p != NULL ||
	    (h->content_length.p != NULL &&
		!str_eq(h->content_length, STR("0"))))
		return refuse(q, ERR_BAD_REQUEST, "A GET has no body here.");
	if (h->host.p == NULL && !h->http_1_0)
		return refuse(q, ERR_BAD_REQUEST, "There is no Host header.");
	if (!origin_ok(d, h))
		return refuse(q, ERR_FORBIDDEN,
		    "Pages of this origin may not listen (cors_origins).");
	if (q->sse)
		return 0;
	if (check_upgrade(q) != 0)
		return -1;
	return read_protocols(q);
}

/* ---- who asks ----------------------------------------------------------- */

static int
take_principal(struct client *c, const struct principal *p, struct err *err)
{
	if (p->sid.len >= sizeof(c->sid))
		return err_set(err, ERR_TOKEN_INVALID, NULL);
	c->named = !p->anonymous;
	c->user_id = p->id;
	c->exp = p->exp;
	memcpy(c->sid, p->sid.p != NULL ? p->sid.p : "", p->sid.len);
	c->sid[p->sid.len] = '\0';
	return 0;
}

static int
identify(struct notifier *d, struct client *c, struct arena *a,
    struct str authorization, struct err *err)
{
	struct principal p;

	if (auth_identify(a, d->keys, &d->conf, authorization, NULL,
		clock_real_s(), &p, err) != 0)
		return -1;
	return take_principal(c, &p, err);
}

static struct str
bearer(struct arena *a, struct str token)
{
	return str_from(arena_printf(a, "Bearer %.*s", STR_ARGS(token)));
}

static bool
is_local(const struct client *c)
{
	return c->unix_peer || strncmp(c->source, "127.", 4) == 0 ||
	       strcmp(c->source, "::1") == 0 ||
	       strncmp(c->source, "::ffff:127.", 11) == 0;
}

/* a web server of this machine says who has come to it, behind what it was
 * told by others */
static void
take_source(struct notifier *d, struct client *c, struct asked *q)
{
	struct str forwarded = q->head.forwarded, source = str_from(c->source);
	ptrdiff_t comma = str_rchr(forwarded, ',');

	if (is_local(c) && forwarded.len > 0) {
		source = str_trim(
		    str_sub(forwarded, (size_t)(comma + 1), forwarded.len));
		forwarded =
		    comma < 0 ? STR_NONE : str_sub(forwarded, 0, (size_t)comma);
	}
	source = request_client(
	    q->arena, source, forwarded, d->conf.trusted_proxies);
	if (source.len == 0 || source.len >= sizeof(c->source))
		return;
	memmove(c->source, source.p, source.len);
	c->source[source.len] = '\0';
}

static bool
is_crowded(const struct notifier *d, const struct client *me)
{
	int64_t user = 0, source = 0;

	for (const struct client *c = d->clients; c != NULL; c = c->next) {
		if (c == me || c->state == CLIENT_LEAVING ||
		    c->state == CLIENT_HEAD)
			continue;
		user += me->named && c->named && c->user_id == me->user_id;
		source += strcmp(c->source, me->source) == 0;
	}
	return user >= d->conf.notify_max_user ||
	       source >= d->conf.notify_max_source;
}

/* ---- may he, and from where on ------------------------------------------ */

static int
close_code_of(const struct notifier *d, const struct client *c, bool known)
{
	if (known && c->may == 't')
		return 0;
	if (c->named && c->may == 's')
		return CLOSE_UNAUTHORIZED;
	if (d->conf.conceal || !known)
		return CLOSE_NOT_FOUND;
	return c->named ? CLOSE_FORBIDDEN : CLOSE_UNAUTHORIZED;
}

/* his table, and whether he may read it: 0, or the code to go with.  What is
 * concealed costs the same questions as what is not there. */
static int
find_right(struct notifier *d, struct client *c)
{
	const struct table *t;
	struct err err;

	err_init(&err, d->scratch);
	if (d->schema == NULL)
		return CLOSE_LATER;
	t = schema_table_by_path(d->schema, str_from(c->segment), &err);
	if (t == NULL && err.id != ERR_NONE)
		return CLOSE_LATER;
	if (t != NULL)
		topic_join(d, c, t);
	if (deliver_check(d, &c, 1, &err) != 0) {
		log_msg(LEVEL_WARN, "live", "%s",
		    err.cause != NULL ? err.cause : err_title(err.id));
		return CLOSE_LATER;
	}
	return close_code_of(d, c, t != NULL);
}

static void
say_resync(struct client *c, int64_t id)
{
	struct arena *a = arena_new();
	struct buf text;

	buf_init(&text, a, HEAD_MAX);
	message_resync(&text, c->topic->table->path, id);
	client_send(c, c->sse ? blob_sse(STR("resync"), id, buf_view(&text))
			      : blob_frame(FRAME_TEXT, buf_view(&text)));
	arena_free(a);
}

/* from where on he is told: what he has missed is read from the log */
static int
find_position(struct notifier *d, struct client *c)
{
	int64_t kept_from, last, since = c->wanted;
	struct err err;

	if (since < 0 && d->last >= 0) {
		c->since = d->last;
		return 0;
	}
	deliver_new(d);
	err_init(&err, d->scratch);
	if (d->last < 0 || journal_position(d, &kept_from, &last, &err) != 0)
		return CLOSE_LATER;
	c->wanted = -1;
	c->since = since < 0 ? d->last : since;
	if (since > last || (since >= 0 && since < kept_from - 1)) {
		c->since = since > last ? d->last : since;
		c->resync = since > last ? d->last : kept_from - 1;
	}
	if (c->since < d->last) {
		c->behind = true;
		d->nbehind++;
	}
	return 0;
}

/* 0, or the code to go with */
static int
open_subscription(struct notifier *d, struct client *c)
{
	int code = is_crowded(d, c) ? CLOSE_LATER : find_right(d, c);

	if (code == 0)
		code = find_position(d, c);
	if (code != 0)
		topic_leave(d, c);
	return code;
}

static void
log_open_of(const struct client *c)
{
	log_begin(LEVEL_INFO, "live");
	log_cstr("table", c->segment);
	log_cstr("by", c->sse ? "sse" : "ws");
	if (c->named)
		log_i64("user", c->user_id);
	else
		log_cstr("user", "anonymous");
	log_cstr("remote", c->source);
	log_end();
}

static void
begin(struct notifier *d, struct client *c)
{
	c->state = CLIENT_OPEN;
	c->heard_us = clock_mono_us();
	if (c->resync >= 0)
		say_resync(c, c->resync);
	c->resync = -1;
	log_open_of(c);
	client_flush(d, c);
}

/* ---- the two ways ------------------------------------------------------- */

static void
refuse_stream(struct notifier *d, struct client *c, struct asked *q, int code)
{
	enum err_id id = code == CLOSE_UNAUTHORIZED ? ERR_TOKEN_INVALID
			 : code == CLOSE_FORBIDDEN  ? ERR_FORBIDDEN
			 : code == CLOSE_NOT_FOUND  ? ERR_NOT_FOUND
			 : d->schema == NULL        ? ERR_SNAPSHOT_UNAVAILABLE
			 : d->db_down               ? ERR_DB_UNAVAILABLE
						    : ERR_BUSY;

	refuse(q, id, NULL);
	answer_problem(d, c, &q->err, NULL);
}

static void
begin_stream(struct notifier *d, struct client *c, struct asked *q)
{
	struct str origin = q->head.origin;
	int code;

	if (identify(d, c, q->arena, q->head.authorization, &q->err) != 0) {
		answer_problem(d, c, &q->err, NULL);
		return;
	}
	code = open_subscription(d, c);
	if (code != 0) {
		refuse_stream(d, c, q, code);
		return;
	}
	answer_stream(c, d->conf.cors_origins != NULL &&
				 conf_list_has(d->conf.cors_origins, origin)
			     ? origin
			     : STR_NONE);
	begin(d, c);
}

/* without a token he may have, one may still come */
static void
open_or_wait(struct notifier *d, struct client *c)
{
	int code = open_subscription(d, c);

	if (code == 0)
		begin(d, c);
	else if (c->named || code == CLOSE_LATER ||
		 (code == CLOSE_NOT_FOUND && !d->conf.conceal))
		client_end(d, c, code);
	else
		client_flush(d, c);
}

static void
begin_websocket(struct notifier *d, struct client *c, struct asked *q)
{
	struct str authorization = q->head.authorization;
	bool fine;

	if (q->token.p != NULL)
		authorization = bearer(q->arena, q->token);
	fine = identify(d, c, q->arena, authorization, &q->err) == 0;
	if (!fine && q->err.id != ERR_TOKEN_INVALID) {
		answer_problem(d, c, &q->err, NULL);
		return;
	}
	answer_handshake(c, q->head.key, q->offered);
	c->upgraded = true;
	c->state = CLIENT_TOKEN;
	c->deadline_us = clock_mono_us() + TOKEN_US;
	if (!c->named)
		c->frames.keep = (size_t)d->conf.token_max + TOKEN_FRAME;
	if (fine)
		open_or_wait(d, c);
	else
		client_end(d, c, CLOSE_UNAUTHORIZED);
}

static void
keep_segment(struct client *c, struct str s)
{
	c->segment = malloc(s.len + 1);
	if (c->segment == NULL)
		log_fatal("memory", "out of memory for a connection");
	memcpy(c->segment, s.p, s.len);
	c->segment[s.len] = '\0';
}

static bool
is_preflight(const struct notifier *d, const struct asked *q)
{
	const struct head *h = &q->head;

	return str_eq(h->method, STR("OPTIONS")) && h->preflight.len > 0 &&
	       h->origin.len > 0 && d->conf.cors_origins != NULL &&
	       conf_list_has(d->conf.cors_origins, h->origin);
}

static void
take_request(struct notifier *d, struct client *c, struct asked *q)
{
	if (is_preflight(d, q)) {
		answer_preflight(c, q->head.origin);
		client_end(d, c, 0);
		return;
	}
	take_source(d, c, q);
	if ((int64_t)d->nclients > d->conf.notify_max)
		refuse(q, ERR_BUSY, NULL);
	if (q->err.id != ERR_NONE || check_request(d, q) != 0 ||
	    read_since(q, &c->wanted) != 0) {
		answer_problem(d, c, &q->err, q->headers);
		return;
	}
	keep_segment(c, q->segment);
	c->sse = q->sse;
	c->resync = -1;
	if (q->sse)
		begin_stream(d, c, q);
	else
		begin_websocket(d, c, q);
}

void
subscribe_request(struct notifier *d, struct client *c, struct str text)
{
	struct asked q = {.arena = arena_new(), .token = STR_NONE};

	err_init(&q.err, q.arena);
	head_read(&q.head, text, &q.err);
	if (q.err.id == ERR_NONE)
		take_request(d, c, &q);
	else
		answer_problem(d, c, &q.err, NULL);
	arena_free(q.arena);
}

/* {"token":"…"} */
static struct str
read_token(struct arena *a, struct str text)
{
	const struct json *j, *token;
	struct err err;

	err_init(&err, a);
	j = json_parse(a, text, &err);
	token = j == NULL ? NULL : json_get(j, STR("token"));
	if (token == NULL || token->kind != JSON_STRING)
		return STR_NONE;
	return token->text;
}

void
subscribe_token(struct notifier *d, struct client *c, struct str text)
{
	struct arena *a = arena_new();
	struct str token = read_token(a, text);
	struct err err;

	err_init(&err, a);
	if (token.p == NULL) {
		/* who is told what all may read need not say anything */
		if (c->state == CLIENT_TOKEN)
			client_end(d, c, CLOSE_UNAUTHORIZED);
	} else if (identify(d, c, a, bearer(a, token), &err) != 0) {
		client_end(d, c, CLOSE_UNAUTHORIZED);
	} else {
		if (c->behind)
			c->wanted = c->since;
		topic_leave(d, c);
		c->state = CLIENT_TOKEN;
		open_or_wait(d, c);
	}
	arena_free(a);
}
