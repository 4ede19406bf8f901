/*
 * One connection.  What it is sent is a queue of blobs; it is never waited for:
 * who does not read is sent away when his queue is full, and the others do not
 * notice.  A client that is gone is only marked: the loop frees it when nobody
 * walks over lists any more.
 */
#include "notify/notify_priv.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#define PIECES        64 /* blobs in one system call */
#define FLUSH_AT      128
#define PONGS_MAX     16 /* waiting, of who does not read them */
#define READ_BYTES    8192
#define READS_AT_ONCE 4

/* ---- the queue ---------------------------------------------------------- */

static void
queue_grow(struct queue *q)
{
	unsigned cap = q->cap == 0 ? 8 : 2 * q->cap;
	struct blob **v = malloc(cap * sizeof(struct blob *));

	if (v == NULL)
		log_fatal("memory", "out of memory for a queue");
	assert(q->n == 0 || q->v != NULL);
	for (unsigned i = 0; i < q->n; i++)
		v[i] = q->v[(q->first + i) % q->cap];
	free(q->v);
	q->v = v;
	q->cap = cap;
	q->first = 0;
}

static void
queue_add(struct queue *q, struct blob *b)
{
	if (q->n == q->cap)
		queue_grow(q);
	q->v[(q->first + q->n++) % q->cap] = b;
	q->bytes += b->len;
}

static void
queue_shift(struct queue *q)
{
	struct blob *b = q->v[q->first];

	q->bytes -= b->len;
	q->sent = 0;
	q->first = (q->first + 1) % q->cap;
	q->n--;
	blob_drop(b);
	if (q->n > 0)
		return;
	/* idle connections are many, and hold nothing */
	free(q->v);
	q->v = NULL;
	q->cap = 0;
	q->first = 0;
}

/* all but what is on its way */
static void
queue_clear(struct queue *q)
{
	struct blob *b;

	while (q->n > (q->sent > 0 ? 1 : 0)) {
		b = q->v[(q->first + --q->n) % q->cap];
		q->bytes -= b->len;
		blob_drop(b);
	}
}

/* n bytes are out */
static void
queue_sent(struct queue *q, size_t n)
{
	size_t left;

	while (q->n > 0) {
		assert(q->v != NULL);
		left = q->v[q->first]->len - q->sent;
		if (n < left) {
			q->sent += n;
			return;
		}
		n -= left;
		queue_shift(q);
	}
}

/* ---- its life ----------------------------------------------------------- */

struct client *
client_new(struct notifier *d, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		log_fatal("memory", "out of memory for a connection");
	c->fd = fd;
	c->wanted = -1;
	c->heard_us = c->told_us = clock_mono_us();
	c->deadline_us = c->heard_us + HEAD_US;
	c->next = d->clients;
	if (c->next != NULL)
		c->next->prev = c;
	d->clients = c;
	d->nclients++;
	return c;
}

void
client_free(struct notifier *d, struct client *c)
{
	topic_leave(d, c);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		d->clients = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	d->nclients--;
	close(c->fd);
	frame_forget(&c->frames);
	while (c->out.n > 0)
		queue_shift(&c->out);
	free(c->out.v);
	free(c->in);
	free(c->segment);
	free(c);
}

static void
log_end_of(const struct client *c)
{
	if (c->segment == NULL)
		return;
	log_begin(LEVEL_INFO, "live_end");
	log_cstr("table", c->segment);
	log_cstr("by", c->sse ? "sse" : "ws");
	if (c->named)
		log_i64("user", c->user_id);
	else
		log_cstr("user", "anonymous");
	log_cstr("remote", c->source);
	log_i64("code", c->code);
	log_end();
}

static void
doom(struct notifier *d, struct client *c)
{
	if (c->doomed)
		return;
	if (c->state == CLIENT_OPEN || c->state == CLIENT_TOKEN) {
		c->code = CLOSE_NO_CODE;
		log_end_of(c);
	}
	topic_leave(d, c);
	c->state = CLIENT_LEAVING;
	c->doomed = true;
	c->doomed_next = d->doomed;
	d->doomed = c;
}

/* ---- sending ------------------------------------------------------------ */

void
client_send(struct client *c, struct blob *b)
{
	if (c->doomed)
		blob_drop(b);
	else
		queue_add(&c->out, b);
}

/* the last byte is out */
static void
finish(struct notifier *d, struct client *c)
{
	if (c->state != CLIENT_LEAVING || c->half_close)
		return;
	/* of a WebSocket the other side says that it has understood */
	if (c->upgraded && !c->peer_closed)
		return;
	c->half_close = true;
	if (c->peer_closed)
		doom(d, c);
	else
		shutdown(c->fd, SHUT_WR);
}

void
client_flush(struct notifier *d, struct client *c)
{
	struct iovec v[PIECES];
	struct queue *q = &c->out;
	bool waited = (c->watched & EPOLLOUT) != 0;
	ssize_t n;
	int pieces;

	while (q->n > 0 && !c->doomed) {
		for (pieces = 0; pieces < PIECES && pieces < (int)q->n;
		     pieces++) {
			struct blob *b =
			    q->v[(q->first + (unsigned)pieces) % q->cap];
			size_t skip = pieces == 0 ? q->sent : 0;

			v[pieces] =
			    (struct iovec){b->bytes + skip, b->len - skip};
		}
		n = writev(c->fd, v, pieces);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN) {
			loop_watch(d, c, EPOLLIN | EPOLLOUT);
			return;
		}
		if (n < 0) {
			doom(d, c);
			return;
		}
		c->told_us = clock_mono_us();
		/* there is room again: the other side has read */
		if (waited)
			c->heard_us = c->told_us;
		queue_sent(q, (size_t)n);
	}
	if (c->doomed)
		return;
	loop_watch(d, c, EPOLLIN);
	finish(d, c);
}

void
client_tell(struct notifier *d, struct client *c, struct blob *b)
{
	client_send(c, b);
	if (c->out.n >= FLUSH_AT || c->out.bytes > QUEUE_BYTES / 2)
		client_flush(d, c);
	if (c->out.n <= QUEUE_EVENTS && c->out.bytes <= QUEUE_BYTES)
		return;
	queue_clear(&c->out);
	client_end(d, c, CLOSE_LATER);
}

static void
say_end(struct client *c, int code)
{
	char room[64];
	struct buf text;

	buf_fixed(&text, room, sizeof(room));
	message_close(&text, code);
	if (c->upgraded)
		client_send(c, blob_close(code));
	else if (c->sse && c->state == CLIENT_OPEN)
		client_send(c, blob_sse(STR("close"), 0, buf_view(&text)));
}

void
client_end(struct notifier *d, struct client *c, int code)
{
	if (c->state == CLIENT_LEAVING)
		return;
	say_end(c, code);
	c->code = code;
	if (code != 0)
		log_end_of(c);
	topic_leave(d, c);
	c->state = CLIENT_LEAVING;
	c->deadline_us = clock_mono_us() + LEAVE_US;
	client_flush(d, c);
}

/* ---- reading ------------------------------------------------------------ */

static void
refuse_head(struct notifier *d, struct client *c, enum err_id id)
{
	struct err err;

	err_init(&err, NULL);
	err_set(&err, id, NULL);
	answer_problem(d, c, &err, NULL);
}

static void
read_head(struct notifier *d, struct client *c, size_t cap)
{
	struct str text = {c->in, c->nin};
	size_t n = head_length(text);

	if (n == 0) {
		if (c->nin == cap)
			refuse_head(d, c, ERR_HEADERS_TOO_LARGE);
		return;
	}
	/* nothing may be said before our answer, and a GET has no body */
	if (n < c->nin)
		refuse_head(d, c, ERR_BAD_REQUEST);
	else
		subscribe_request(d, c, text);
	free(c->in);
	c->in = NULL;
}

static void
serve_head(struct notifier *d, struct client *c)
{
	size_t cap = HEAD_MAX + (size_t)d->conf.token_max;
	ssize_t n;

	if (c->in == NULL) {
		c->in = malloc(cap);
		c->in_cap = cap;
	}
	if (c->in == NULL)
		log_fatal("memory", "out of memory for a request");
	n = read(c->fd, c->in + c->nin, c->in_cap - c->nin);
	if (n > 0) {
		c->nin += (size_t)n;
		read_head(d, c, c->in_cap);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		doom(d, c);
	}
}

static void
hear_message(struct notifier *d, struct client *c)
{
	struct frame_reader *r = &c->frames;
	struct str text = {r->text, r->ntext};

	if (c->state == CLIENT_LEAVING || r->keep == 0)
		return;
	if (r->ntext > r->keep || r->text == NULL)
		text = STR("");
	subscribe_token(d, c, text);
	frame_forget(r);
}

static void
hear_close(struct notifier *d, struct client *c)
{
	c->peer_closed = true;
	if (c->state != CLIENT_LEAVING)
		client_end(d, c, c->frames.code);
	else if (c->out.n == 0)
		doom(d, c);
}

/* false: nothing more is read of it */
static bool
hear(struct notifier *d, struct client *c, enum frame_event event)
{
	struct str control = {
	    (const char *)c->frames.control, c->frames.ncontrol};

	switch (event) {
	case FRAME_NOTHING:
		return false;
	case FRAME_MESSAGE:
		hear_message(d, c);
		return true;
	case FRAME_PINGED:
		if (c->state != CLIENT_LEAVING && c->out.n < PONGS_MAX) {
			client_send(c, blob_frame(FRAME_PONG, control));
			client_flush(d, c);
		}
		return true;
	case FRAME_PONGED:
		return true;
	case FRAME_CLOSED:
		hear_close(d, c);
		return false;
	case FRAME_FAULT:
		client_end(d, c, c->frames.code);
		c->deaf = true;
		return false;
	}
	return false;
}

static void
serve_bytes(struct notifier *d, struct client *c)
{
	unsigned char room[READ_BYTES], *p;
	size_t left;
	ssize_t n;

	for (int i = 0; i < READS_AT_ONCE && !c->doomed; i++) {
		n = read(c->fd, room, sizeof(room));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			doom(d, c);
			return;
		}
		c->heard_us = clock_mono_us();
		p = room;
		left = (size_t)n;
		while (c->upgraded && !c->deaf && !c->doomed &&
		       !c->peer_closed &&
		       hear(d, c, frame_read(&c->frames, &p, &left)))
			;
	}
}

void
client_serve(struct notifier *d, struct client *c, bool readable)
{
	if (c->doomed)
		return;
	if (readable && c->state == CLIENT_HEAD)
		serve_head(d, c);
	else if (readable)
		serve_bytes(d, c);
	if (c->out.n > 0)
		client_flush(d, c);
}

/* ---- time --------------------------------------------------------------- */

static void
tick_open(struct notifier *d, struct client *c, int64_t now)
{
	int64_t heard = c->sse ? c->told_us : c->heard_us;

	if (c->named && clock_real_s() >= c->exp + d->conf.jwt_leeway / 1000) {
		client_end(d, c, CLOSE_UNAUTHORIZED);
	} else if (now - heard > DEAD_US) {
		doom(d, c);
	} else if (c->out.n == 0 && c->sse && now - c->told_us > COMMENT_US) {
		client_send(c, blob_copy(STR(":\n\n")));
		client_flush(d, c);
	} else if (c->out.n == 0 && !c->sse && now - c->heard_us > PING_US &&
		   now - c->pinged_us > PING_US) {
		c->pinged_us = now;
		client_send(c, blob_frame(FRAME_PING, STR("")));
		client_flush(d, c);
	}
}

void
client_tick(struct notifier *d, struct client *c, int64_t now)
{
	switch (c->state) {
	case CLIENT_HEAD:
	case CLIENT_LEAVING:
		if (now > c->deadline_us)
			doom(d, c);
		break;
	case CLIENT_TOKEN:
		if (now > c->deadline_us)
			client_end(d, c,
			    d->conf.conceal ? CLOSE_NOT_FOUND
					    : CLOSE_UNAUTHORIZED);
		break;
	case CLIENT_OPEN:
		tick_open(d, c, now);
		break;
	}
}
