/*
 * epoll, one thread.  Statements are waited for here, so that all wait while
 * one runs: a batch of events takes about a millisecond, and none may take
 * more than the second that PostgreSQL is told.  Descriptors are left for the
 * database and the log: accepting stops before the last one is given away.
 */
#include "notify/notify_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/db.h"

#define EVENTS_MAX 256
#define ACCEPTS    64 /* before the others have their turn */
#define BACKLOG    1024
#define SPARE_FDS  24
#define OVER_MAX   64 /* connections that are told that there are too many */
#define PURGE_US   10000000
#define QUEUE_LOW  64 /* who is behind and has less gets more */

/* ---- where it listens --------------------------------------------------- */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

static int
parse_port(struct str s, in_port_t *port)
{
	int64_t v;

	if (str_i64(s, &v) != 0 || v < 1 || v > 65535)
		return -1;
	*port = htons((uint16_t)v);
	return 0;
}

/* its length, 0 when it is none */
static socklen_t
parse_address(const char *text, union address *a)
{
	struct str s = str_from(text), host;
	char room[INET6_ADDRSTRLEN];
	ptrdiff_t colon = str_rchr(s, ':');

	memset(a, 0, sizeof(*a));
	if (text[0] == '/') {
		if (s.len >= sizeof(a->un.sun_path))
			return 0;
		a->un.sun_family = AF_UNIX;
		memcpy(a->un.sun_path, s.p, s.len);
		return sizeof(a->un);
	}
	if (colon < 0 || (size_t)colon >= sizeof(room))
		return 0;
	host = str_sub(s, 0, (size_t)colon);
	s = str_sub(s, (size_t)colon + 1, s.len);
	if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
		host = str_sub(host, 1, host.len - 2);
	memcpy(room, host.p, host.len);
	room[host.len] = '\0';
	if (inet_pton(AF_INET, room, &a->in.sin_addr) == 1) {
		a->in.sin_family = AF_INET;
		return parse_port(s, &a->in.sin_port) == 0 ? sizeof(a->in) : 0;
	}
	if (inet_pton(AF_INET6, room, &a->in6.sin6_addr) != 1)
		return 0;
	a->in6.sin6_family = AF_INET6;
	return parse_port(s, &a->in6.sin6_port) == 0 ? sizeof(a->in6) : 0;
}

/* a socket that nobody listens on any more */
static void
remove_stale(const union address *a, socklen_t len)
{
	struct stat st;
	int fd;

	if (a->any.sa_family != AF_UNIX || lstat(a->un.sun_path, &st) != 0 ||
	    !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, &a->any, len) != 0 && errno == ECONNREFUSED)
		unlink(a->un.sun_path);
	if (fd >= 0)
		close(fd);
}

static int
bind_listener(const union address *a, socklen_t len)
{
	int on = 1, fd;
	mode_t mask;
	bool fine;

	remove_stale(a, len);
	fd = socket(
	    a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	mask = umask(0117);
	fine = bind(fd, &a->any, len) == 0 && listen(fd, BACKLOG) == 0;
	umask(mask);
	if (fine)
		return fd;
	close(fd);
	return -1;
}

static void
add_fd(struct notifier *d, int fd, void *what)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = what};

	if (fd >= 0 && epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &e) != 0 &&
	    errno != EEXIST)
		log_msg(LEVEL_ERROR, "live", "epoll: %s", strerror(errno));
}

static int
open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* as many descriptors as we may have; how many clients that is */
static size_t
raise_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return SPARE_FDS;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	return r.rlim_cur > 2 * SPARE_FDS ? (size_t)r.rlim_cur - SPARE_FDS
					  : SPARE_FDS;
}

int
loop_open(struct notifier *d)
{
	const char *where = d->conf.notify_listen;
	union address a;
	socklen_t len = where == NULL ? 0 : parse_address(where, &a);

	if (len == 0) {
		log_msg(LEVEL_ERROR, "configuration",
		    "notify_listen is no address:port and no path");
		return -1;
	}
	d->room = raise_limit();
	d->listener = bind_listener(&a, len);
	if (d->listener < 0) {
		log_msg(
		    LEVEL_ERROR, "listen", "%s: %s", where, strerror(errno));
		return -1;
	}
	d->has_path = where[0] == '/';
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	d->signals = open_signals();
	add_fd(d, d->listener, &d->listener);
	add_fd(d, d->signals, &d->signals);
	log_msg(LEVEL_INFO, "listen", "%s", where);
	return 0;
}

/* ---- who comes ---------------------------------------------------------- */

static void
name_source(struct client *c, const union address *a)
{
	const void *at = &a->in.sin_addr;

	if (a->any.sa_family == AF_UNIX) {
		c->unix_peer = true;
		memcpy(c->source, "unix:", sizeof("unix:"));
		return;
	}
	if (a->any.sa_family == AF_INET6)
		at = &a->in6.sin6_addr;
	inet_ntop(a->any.sa_family, at, c->source, sizeof(c->source));
}

static void
pause_accepting(struct notifier *d, bool pause)
{
	if (pause == d->paused)
		return;
	d->paused = pause;
	log_msg(LEVEL_WARN, "live",
	    pause ? "no room for more connections: they wait"
		  : "room for connections again");
	if (pause)
		epoll_ctl(d->epoll, EPOLL_CTL_DEL, d->listener, NULL);
	else
		add_fd(d, d->listener, &d->listener);
}

static bool
is_full(const struct notifier *d)
{
	return d->nclients >= d->room ||
	       d->nclients >= (size_t)d->conf.notify_max + OVER_MAX;
}

/* false: nobody is waiting, or there is no room */
static bool
accept_one(struct notifier *d)
{
	union address a = {.any = {.sa_family = AF_UNSPEC}};
	socklen_t len = sizeof(a);
	struct client *c;
	int fd, on = 1, dead_ms = DEAD_US / 1000;

	if (is_full(d)) {
		pause_accepting(d, true);
		return false;
	}
	fd = accept4(d->listener, &a.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM)
			pause_accepting(d, true);
		return errno == EINTR || errno == ECONNABORTED;
	}
	/* a message is one write, and waits for no other; who does not
	 * acknowledge it is gone */
	if (a.any.sa_family != AF_UNIX) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms,
		    sizeof(dead_ms));
	}
	c = client_new(d, fd);
	name_source(c, &a);
	c->watched = EPOLLIN;
	add_fd(d, fd, c);
	return true;
}

void
loop_watch(struct notifier *d, struct client *c, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.ptr = c};

	if (c->watched == events)
		return;
	c->watched = events;
	epoll_ctl(d->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void
sweep(struct notifier *d)
{
	struct client *c;

	while ((c = d->doomed) != NULL) {
		d->doomed = c->doomed_next;
		client_free(d, c);
	}
	if (d->paused && !d->stopping && !is_full(d))
		pause_accepting(d, false);
}

/* ---- signals ------------------------------------------------------------ */

static void
stop(struct notifier *d)
{
	struct client *next;

	if (d->stopping)
		return;
	d->stopping = true;
	d->stop_us = clock_mono_us() + STOP_US;
	close(d->listener);
	d->listener = -1;
	for (struct client *c = d->clients; c != NULL; c = next) {
		next = c->next;
		client_end(d, c, c->state == CLIENT_HEAD ? 0 : CLOSE_GOING);
		c->deadline_us = d->stop_us;
	}
}

static void
take_signals(struct notifier *d)
{
	struct signalfd_siginfo s;

	while (read(d->signals, &s, sizeof(s)) == (ssize_t)sizeof(s)) {
		if (s.ssi_signo == SIGHUP)
			daemon_reload(d);
		else
			stop(d);
	}
}

/* ---- the clock ---------------------------------------------------------- */

/* rights of those who have long been told nothing */
static void
check_idle(struct notifier *d, int64_t now)
{
	struct client **v;
	struct err err;
	size_t n = 0;

	arena_reset(d->scratch);
	err_init(&err, d->scratch);
	v = arena_array(d->scratch, struct client *, CHECKS_AT_ONCE);
	for (struct client *c = d->clients; c != NULL && n < CHECKS_AT_ONCE;
	     c = c->next)
		if (c->state == CLIENT_OPEN && now - c->checked_us > CHECK_US)
			v[n++] = c;
	if (n == 0 || deliver_check(d, v, n, &err) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		deliver_judge(d, v[i]);
}

static void
purge(struct notifier *d, int64_t now)
{
	bool more = false;
	struct err err;

	if (now < d->purge_us)
		return;
	arena_reset(d->scratch);
	err_init(&err, d->scratch);
	if (journal_purge(d, &more, &err) != 0)
		log_msg(LEVEL_WARN, "purge", "%s",
		    err.cause != NULL ? err.cause : err_title(err.id));
	d->purge_us = now + (more ? TICK_US : PURGE_US);
}

static void
tick(struct notifier *d, int64_t now)
{
	d->tick_us = now + TICK_US;
	for (struct client *c = d->clients; c != NULL; c = c->next)
		client_tick(d, c, now);
	if (d->stopping) {
		d->done = d->clients == NULL || now > d->stop_us;
		return;
	}
	daemon_follow_snapshot(d);
	if (d->last < 0 || d->db_down)
		return;
	check_idle(d, now);
	purge(d, now);
}

/* ---- the database ------------------------------------------------------- */

/* its descriptor changes with each connection */
static void
watch_db(struct notifier *d)
{
	struct db_stats stats;
	int fd = db_fd(d->db);

	db_stats(d->db, &stats);
	if (fd == d->db_fd && stats.connects == d->db_connects)
		return;
	d->db_fd = fd;
	d->db_connects = stats.connects;
	add_fd(d, fd, &d->db_fd);
}

static void
follow_log(struct notifier *d, int64_t now)
{
	struct client *next;

	if (d->stopping)
		return;
	if (db_woken(d->db)) {
		d->busy_us = now + BUSY_US;
		d->poll_us = now;
	}
	if (now >= d->poll_us)
		deliver_new(d);
	for (struct client *c = d->clients; c != NULL && d->nbehind > 0;
	     c = next) {
		next = c->next;
		if (c->behind && c->out.n < QUEUE_LOW && !d->db_down)
			deliver_behind(d, c);
	}
	watch_db(d);
}

/* ---- turns -------------------------------------------------------------- */

static int
find_wait(const struct notifier *d)
{
	int64_t until = d->tick_us, now = clock_mono_us();

	if (!d->stopping && d->poll_us < until)
		until = d->poll_us;
	if (d->nbehind > 0 && !d->db_down)
		until = now + 1000;
	return until <= now ? 0 : (int)((until - now + 999) / 1000);
}

static void
serve(struct notifier *d, const struct epoll_event *e)
{
	if (e->data.ptr == &d->listener) {
		for (int i = 0; i < ACCEPTS && accept_one(d); i++)
			;
	} else if (e->data.ptr == &d->signals) {
		take_signals(d);
	} else if (e->data.ptr != &d->db_fd) {
		client_serve(d, e->data.ptr,
		    (e->events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0);
	}
}

void
loop_run(struct notifier *d)
{
	struct epoll_event events[EVENTS_MAX];
	int64_t now;
	int n;

	while (!d->done) {
		n = epoll_wait(d->epoll, events, EVENTS_MAX, find_wait(d));
		for (int i = 0; i < n; i++)
			serve(d, &events[i]);
		now = clock_mono_us();
		follow_log(d, now);
		if (now >= d->tick_us)
			tick(d, now);
		sweep(d);
		if (d->stopping && d->clients == NULL)
			d->done = true;
	}
}

void
loop_close(struct notifier *d)
{
	while (d->clients != NULL)
		client_free(d, d->clients);
	if (d->listener >= 0)
		close(d->listener);
	if (d->has_path)
		unlink(d->conf.notify_listen);
	if (d->epoll >= 0)
		close(d->epoll);
	if (d->signals >= 0)
		close(d->signals);
}
