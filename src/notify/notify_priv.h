/*
 * What the files of notify/ share.
 *
 *   daemon.c     the process: options, configuration, keys, snapshot, signals
 *   loop.c       the sockets, the clock, whose turn it is
 *   client.c     one connection: what it sends, its queue, its end
 *   head.c       … the head of its request
 *   frame.c      … the frames of its WebSocket
 *   subscribe.c  … whose it is and which table it wants
 *   topic.c      … among those who listen to it
 *   answer.c     … what it is told first: a handshake, a stream, a problem
 *   message.c    events as text, and in the frames of both protocols
 *   journal.c    events out of the database
 *   deliver.c    who may see which of them
 */
#ifndef DYNAPI_NOTIFY_PRIV_H
#define DYNAPI_NOTIFY_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "conf/conf.h"
#include "schema/schema.h"
#include "stmt/stmt.h"
#include "auth/auth.h"

struct buf;
struct db;

#define HEAD_MAX       8192  /* of a request, beside its token */
#define MESSAGE_MAX    65536 /* that a client may send */
#define QUEUE_EVENTS   256
#define QUEUE_BYTES    ((size_t)1 << 20)
#define HEAD_US        10000000 /* for the head of a request */
#define TOKEN_US       5000000  /* for a token after it */
#define LEAVE_US       2000000  /* for the client's part of a close */
#define STOP_US        4000000  /* the same of all, at SIGTERM */
#define PING_US        30000000
#define COMMENT_US     15000000
#define DEAD_US        60000000
#define CHECK_US       25000000 /* rights of who gets no events */
#define POLL_US        1000000
#define BUSY_US        1000000 /* after an event, or a wake-up */
#define BUSY_POLL_US   5000
#define TICK_US        250000
#define EVENTS_AT_ONCE 1000
#define CHECKS_AT_ONCE 1000 /* rights in one statement */

/* RFC 6455 7.4.1, and ours from 4000 on as HTTP has them */
enum close_code {
	CLOSE_NORMAL = 1000,
	CLOSE_GOING = 1001,
	CLOSE_PROTOCOL = 1002,
	CLOSE_NO_CODE = 1005,
	CLOSE_BAD_TEXT = 1007,
	CLOSE_TOO_BIG = 1009,
	CLOSE_LATER = 1013,
	CLOSE_UNAUTHORIZED = 4401,
	CLOSE_FORBIDDEN = 4403,
	CLOSE_NOT_FOUND = 4404,
};

/* ---- frame.c ------------------------------------------------------------ */

enum frame_op {
	FRAME_MORE = 0,
	FRAME_TEXT = 1,
	FRAME_BINARY = 2,
	FRAME_CLOSE = 8,
	FRAME_PING = 9,
	FRAME_PONG = 10
};

enum frame_event {
	FRAME_NOTHING, /* all bytes are read */
	FRAME_MESSAGE, /* text or binary, to its end */
	FRAME_PINGED,  /* control is what the answer has to carry */
	FRAME_PONGED,
	FRAME_CLOSED, /* code is the client's, or CLOSE_NO_CODE */
	FRAME_FAULT   /* code is why; nothing more can be read */
};

/* reads the client's side of a WebSocket, in pieces of any size */
struct frame_reader {
	unsigned char head[14];
	uint8_t nhead, nhead_want;
	uint8_t op;      /* of the frame */
	uint8_t message; /* op of the message that goes on, 0: none */
	bool in_payload;
	uint64_t at, length; /* in the payload */
	size_t message_len;
	unsigned char split[4]; /* a character that two pieces share */
	uint8_t nsplit;
	unsigned char control[125];
	uint8_t ncontrol;
	int code;
	/* texts are kept, when they are no longer than this */
	size_t keep;
	char *text;
	size_t ntext;
};

/* the next event in the bytes *p, which it moves on; it unmasks them there */
enum frame_event frame_read(
    struct frame_reader *, unsigned char **p, size_t *n);
void frame_forget(struct frame_reader *); /* the text that is kept */
/* the head of one of our frames; how many bytes */
size_t frame_head(unsigned char out[10], enum frame_op, size_t length);
/* may a close frame carry it? (RFC 6455 7.4) */
bool frame_code_ok(unsigned code);

/* ---- head.c ------------------------------------------------------------- */

struct head {
	struct str method, target;
	bool http_1_0;
	struct str host, origin, authorization, upgrade, connection, key;
	struct str version, protocols, last_event_id, forwarded, content_length;
	struct str transfer_encoding, preflight;
};

/* bytes up to and with the empty line that ends a head; 0: it goes on */
size_t head_length(struct str);
/* a whole head; -1: malformed, ERR_BAD_REQUEST */
int head_read(struct head *, struct str, struct err *);
/* does a comma separated list have the word? (any case) */
bool head_has(struct str list, const char *word);

/* ---- message.c ---------------------------------------------------------- */

struct event {
	int64_t seq;
	struct str table; /* qualified name */
	struct str kind;  /* created, updated, deleted */
	struct str *key;  /* texts of the key's columns; NULL: many rows */
	size_t nkey;
	int64_t rows;
	struct topic *topic; /* NULL: nobody listens */
	struct blob *ws, *sse;
};

/* {"event":"created","table":"order","pk":31,"id":7} */
void message_event(struct buf *, const struct event *, const struct table *,
    const struct stmt_opts *);
/* events are missing before this id */
void message_resync(struct buf *, struct str table, int64_t id);
void message_close(struct buf *, int code);

/* bytes on their way to one or many */
struct blob {
	unsigned refs;
	size_t len;
	char bytes[];
};
struct blob *blob_new(size_t len); /* one reference */
void blob_drop(struct blob *);
struct blob *blob_copy(struct str);
struct blob *blob_frame(enum frame_op, struct str payload);
struct blob *blob_close(int code);
/* id 0: none */
struct blob *blob_sse(struct str event, int64_t id, struct str data);

/* ---- client.c ----------------------------------------------------------- */

struct queue {
	struct blob **v;
	unsigned first, n, cap;
	size_t sent;  /* bytes of the first */
	size_t bytes; /* of all */
};

enum client_state {
	CLIENT_HEAD,   /* its request is being read */
	CLIENT_TOKEN,  /* a WebSocket that has not said whose it is */
	CLIENT_OPEN,   /* subscribed */
	CLIENT_LEAVING /* has been told its end */
};

struct client {
	struct client *next, *prev;
	struct client *topic_next, *topic_prev;
	struct client *doomed_next;
	struct topic *topic;
	char *segment; /* of the path: the table it wants */
	int fd;
	uint32_t watched; /* what epoll was asked for */
	enum client_state state;
	bool sse, unix_peer;
	bool named;       /* has shown a token */
	bool behind;      /* since is before the others' position */
	bool upgraded;    /* it is a WebSocket */
	bool peer_closed; /* its close frame has come */
	bool deaf;        /* after a fault nothing can be read */
	bool half_close;  /* our last byte is out */
	bool doomed;      /* its connection is gone */
	char may;         /* what live_rights has said last */
	int64_t user_id, exp;
	char sid[37];
	char source[46]; /* address */
	int64_t since;   /* no events up to this one */
	int64_t wanted;  /* since= of its request, -1: none */
	int64_t resync;  /* what comes before is lost, -1: nothing */
	int64_t deadline_us;
	int64_t heard_us, told_us, pinged_us, checked_us;
	int code; /* of its end */
	char *in;
	size_t nin, in_cap;
	struct frame_reader frames;
	struct queue out;
};

/* who listens to one table */
struct topic {
	struct topic *next;
	struct client *first;
	const struct table *table;
	bool told; /* its listeners are in the batch */
	size_t qname_len;
	char qname[];
};

struct notifier;

struct client *client_new(struct notifier *, int fd);
void client_free(struct notifier *, struct client *);
/* bytes have come, or may go */
void client_serve(struct notifier *, struct client *, bool readable);
/* takes the reference over */
void client_send(struct client *, struct blob *);
/* an event: too many of them and he is sent away */
void client_tell(struct notifier *, struct client *, struct blob *);
/* as much as the socket takes */
void client_flush(struct notifier *, struct client *);
/* says why, and goes */
void client_end(struct notifier *, struct client *, int code);
/* what the clock has to say */
void client_tick(struct notifier *, struct client *, int64_t now_us);

/* ---- topic.c ------------------------------------------------------------ */

struct topic *topic_find(struct notifier *, struct str qname);
void topic_join(struct notifier *, struct client *, const struct table *);
void topic_leave(struct notifier *, struct client *); /* or not in any */

/* ---- subscribe.c, answer.c ---------------------------------------------- */

/* the head is complete: text begins with it, and has nothing behind it */
void subscribe_request(struct notifier *, struct client *, struct str text);
/* the first message of a WebSocket without a token */
void subscribe_token(struct notifier *, struct client *, struct str text);

void answer_handshake(struct client *, struct str key, bool protocol);
void answer_stream(struct client *, struct str origin);
void answer_preflight(struct client *, struct str origin);
/* and the connection ends behind it */
void answer_problem(struct notifier *, struct client *, const struct err *,
    const char *headers);

/* ---- journal.c -------------------------------------------------------- */

/* what comes after a position; -1: the database is away.  In the arena. */
int journal_read(
    struct notifier *, int64_t after, struct event **, size_t *n, struct err *);
int journal_position(
    struct notifier *, int64_t *kept_from, int64_t *last, struct err *);
/* *more: there is more to remove */
int journal_purge(struct notifier *, bool *more, struct err *);

/* ---- deliver.c ---------------------------------------------------------- */

/* the events after notifier.last to all that are not behind */
void deliver_new(struct notifier *);
/* the next ones to one who is */
void deliver_behind(struct notifier *, struct client *);
/* client.may of each; -1: the database is away */
int deliver_check(struct notifier *, struct client **, size_t n, struct err *);
/* sends away who may not listen any more */
bool deliver_judge(struct notifier *, struct client *);

/* ---- loop.c, daemon.c --------------------------------------------------- */

#define TOPICS 256

struct notifier {
	const char *conf_path;
	struct arena *arena; /* of the configuration */
	struct conf conf;
	struct keys *keys;
	struct schema *schema; /* NULL: none could be opened yet */
	bool schema_warned;
	struct stmt_opts stmt_opts;
	struct db *db;
	struct arena *scratch; /* of what is being done */
	/* the log has been read up to here; -1: not at all yet */
	int64_t last;
	int64_t poll_us, purge_us, tick_us;
	int64_t busy_us; /* until then the log is looked at all the time */
	bool db_down;    /* the log has been told */
	bool pooled;     /* nobody wakes us */
	int epoll, listener, signals, db_fd;
	uint64_t db_connects;
	bool has_path; /* the listener is a file, to be removed */
	bool paused;   /* nobody is accepted */
	size_t room;   /* clients that there are descriptors for */
	bool stopping, done;
	int64_t stop_us;
	struct client *clients, *doomed;
	size_t nclients, nbehind;
	struct topic *topics[TOPICS];
};

/* -1: it cannot listen (already logged) */
int loop_open(struct notifier *);
void loop_run(struct notifier *);
void loop_close(struct notifier *);
void loop_watch(struct notifier *, struct client *, uint32_t events);
/* opens the snapshot when it is new */
void daemon_follow_snapshot(struct notifier *);
void daemon_reload(struct notifier *);

#endif
