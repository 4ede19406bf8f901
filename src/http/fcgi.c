/*
 * The only file that knows FastCGI and CGI.  Without a listening socket on
 * descriptor 0 the same calls answer one CGI request from the environment.
 * What the web servers really do, and why each step is here, was measured
 * before it was written; the comments name the server that needs it.
 */
#include "http/http_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

/* select(2) inside libfcgi cannot hold larger descriptors (CVE-2012-6687) */
#define DESCRIPTORS_MAX 1024
/* a web server sends the parameters in one go */
#define HEAD_MS 5000
/* how much a client must accept, or send, within client_timeout */
#define WRITE_BYTES 65536

/* a body that is read piece by piece */
struct piecewise {
	bool open;         /* its end has not been seen */
	int64_t want, got; /* want -1: not announced */
	int64_t max;
	/* how long the bytes up to 64 KiB behind mark may still be waited for;
	 * what we do between two reads is not the client's time */
	int64_t mark, left_us;
};

struct fcgi {
	FCGX_Request req;
	bool is_cgi;
	bool cgi_done;
	bool broken;
	int64_t client_timeout_ms;
	struct piecewise body;
};

static void
limit_descriptors(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) != 0 ||
	    rl.rlim_cur <= DESCRIPTORS_MAX)
		return;
	rl.rlim_cur = DESCRIPTORS_MAX;
	setrlimit(RLIMIT_NOFILE, &rl);
}

struct fcgi *
fcgi_new(void)
{
	struct fcgi *f = calloc(1, sizeof *f);

	if (f == NULL)
		log_fatal("memory", "out of memory");
	f->client_timeout_ms = 60000;
	limit_descriptors();
	if (FCGX_Init() == 0 && !FCGX_IsCGI()) {
		/* no listening socket: see accept_request */
		FCGX_InitRequest(&f->req, -1, FCGI_FAIL_ACCEPT_ON_INTR);
		return f;
	}
	if (getenv("REQUEST_METHOD") == NULL) {
		free(f);
		return NULL;
	}
	f->is_cgi = true;
	return f;
}

void
fcgi_free(struct fcgi *f)
{
	if (!f->is_cgi)
		FCGX_Free(&f->req, 1);
	free(f);
}

bool
fcgi_is_cgi(const struct fcgi *f)
{
	return f->is_cgi;
}

void
fcgi_set_client_timeout(struct fcgi *f, int64_t ms)
{
	f->client_timeout_ms = ms;
}

/* FCGI_WEB_SERVER_ADDRS (FastCGI 1.0, 3.2) and what a small answer needs */
static bool
welcome_tcp(int fd, const struct sockaddr_storage *from)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)from;
	struct str allowed = str_from(getenv("FCGI_WEB_SERVER_ADDRS")), one;
	char name[INET_ADDRSTRLEN] = "";
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (allowed.len == 0)
		return true;
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &in->sin_addr, name, sizeof name);
	while (str_cut(&allowed, ',', &one))
		if (name[0] != '\0' && str_eq_c(str_trim(one), name))
			return true;
	return false;
}

bool
fcgi_idle(const struct fcgi *f)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	return !f->is_cgi && poll(&p, 1, 0) != 1;
}

/* a connection, or -1 with errno */
static int
accept_connection(void)
{
	struct sockaddr_storage from = {.ss_family = AF_UNIX};
	socklen_t len = sizeof from;
	int fd =
	    accept4(STDIN_FILENO, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);

	if (fd < 0 || from.ss_family == AF_UNIX || welcome_tcp(fd, &from))
		return fd;
	close(fd);
	errno = ECONNABORTED;
	return -1;
}

/*
 * libfcgi could accept by itself, but then nobody would know since when it
 * waits for the parameters, and somebody who sends none would have the
 * responder for himself.  So it is given a connection ("kept" from an earlier
 * request), and none to listen on: what it throws away ends the call.
 */
static int
accept_request(struct fcgi *f)
{
	int fd = accept_connection(), rc;

	if (fd < 0)
		return -1;
	f->req.ipcFd = fd;
	f->req.keepConnection = 1;
	watch_begin(fd, SHUT_RD, HEAD_MS);
	rc = FCGX_Accept_r(&f->req);
	watch_end();
	/* a kept connection would keep this responder waiting for its next
	 * request while others have work */
	f->req.keepConnection = 0;
	if (rc == 0)
		return 0;
	errno = ECONNABORTED;
	return -1;
}

int
fcgi_accept(struct fcgi *f)
{
	int why;

	f->broken = false;
	f->body.open = false;
	if (f->is_cgi) {
		if (f->cgi_done)
			return -1;
		f->cgi_done = true;
		return 0;
	}
	if (signals_leaving())
		return -1;
	if (accept_request(f) == 0)
		return 0;
	why = errno;
	if (signals_leaving() || why == EINTR || why == ECONNABORTED)
		return 1;
	log_msg(LEVEL_ERROR, "accept", "%s", strerror(why));
	if (why == EBADF || why == EINVAL || why == ENOTSOCK)
		return -1;
	/* out of descriptors or memory: others may free some */
	nanosleep(&(struct timespec){1, 0}, NULL);
	return 1;
}

/* "NAME=value" has this name: its value, else NULL */
static const char *
value_of(const char *pair, const char *name, size_t len)
{
	if (*pair != *name || strncmp(pair, name, len) != 0 || pair[len] != '=')
		return NULL;
	return pair + len + 1;
}

struct str
fcgi_param(const struct fcgi *f, const char *name)
{
	size_t len = strlen(name);
	const char *value = NULL;

	if (f->is_cgi)
		return str_from(getenv(name));
	for (char **p = f->req.envp; *p != NULL && value == NULL; p++)
		value = value_of(*p, name, len);
	return str_from(value);
}

struct str
fcgi_param_list(
    const struct fcgi *f, struct arena *a, const char *name, size_t *n)
{
	size_t len = strlen(name);
	struct str first = STR_NONE;
	const char *value;
	struct buf all;

	*n = 0;
	if (f->is_cgi)
		return str_dup(a, str_from(getenv(name)));
	for (char **p = f->req.envp; *p != NULL; p++) {
		if ((value = value_of(*p, name, len)) == NULL)
			continue;
		if ((*n)++ == 0) {
			first = str_from(value);
			continue;
		}
		if (*n == 2) {
			buf_init(&all, a, SIZE_MAX / 2);
			buf_str(&all, first);
		}
		buf_lit(&all, ", ");
		buf_cstr(&all, value);
	}
	return *n > 1 ? buf_view(&all) : str_dup(a, first);
}

/* ---- body --------------------------------------------------------------- */

/* -1: error; 0: end; else bytes put into the room */
static ssize_t
read_some(struct fcgi *f, char *p, size_t room)
{
	FCGX_Stream *in = f->req.in;
	size_t ready;
	int c;
	ssize_t n;

	if (f->is_cgi) {
		do
			n = read(STDIN_FILENO, p, room);
		while (n < 0 && errno == EINTR);
		return n;
	}
	/* one byte fills libfcgi's buffer from one read; the rest of it is
	 * there without waiting, so that our clock is looked at in between */
	c = FCGX_GetChar(in);
	if (c == EOF)
		return FCGX_GetError(in) != 0 ? -1 : 0;
	p[0] = (char)c;
	ready = (size_t)(in->stop - in->rdNext);
	if (ready > room - 1)
		ready = room - 1;
	return 1 + FCGX_GetStr(p + 1, (int)ready, in);
}

/* the rest is read and dropped: a web server that still writes would not
 * deliver our answer (Apache's CGI) */
static void
drain(struct fcgi *f, int64_t deadline_us)
{
	char waste[4096];

	while (clock_mono_us() < deadline_us &&
	       read_some(f, waste, sizeof waste) > 0)
		;
}

static int
read_cgi_unsized(struct fcgi *f, int64_t deadline_us, struct err *err)
{
	char c;

	/* Apache's CGI shows a cut chunked upload as a plain end of file, so
	 * a body without length cannot be trusted */
	if (read_some(f, &c, 1) <= 0)
		return 0;
	drain(f, deadline_us);
	return err_set(err, ERR_LENGTH_REQUIRED, NULL);
}

static int
read_body(struct fcgi *f, struct buf *out, struct err *err)
{
	struct str length = fcgi_param(f, "CONTENT_LENGTH");
	int64_t want = -1, got = 0, deadline;
	char chunk[8192];
	ssize_t n;

	deadline = clock_mono_us() + f->client_timeout_ms * 1000;
	if (length.len > 0 && (str_i64(length, &want) != 0 || want < 0))
		return err_set(
		    err, ERR_BAD_REQUEST, "Content-Length is not a number.");
	if (f->is_cgi && want < 0)
		return read_cgi_unsized(f, deadline, err);
	if (want > (int64_t)out->max) {
		drain(f, deadline);
		return err_set(err, ERR_BODY_TOO_LARGE,
		    "The body may have at most %zu bytes.", out->max);
	}
	while (!(f->is_cgi && got >= want) &&
	       (n = read_some(f, chunk, sizeof chunk)) != 0) {
		if (n < 0 || clock_mono_us() > deadline)
			return err_set(err, ERR_BAD_REQUEST,
			    "The body did not arrive completely.");
		buf_add(out, chunk, (size_t)n);
		got += n;
		if (out->overflow) {
			drain(f, deadline);
			return err_set(err, ERR_BODY_TOO_LARGE,
			    "The body may have at most %zu bytes.", out->max);
		}
	}
	if (want >= 0 && got != want)
		return err_set(err, ERR_BAD_REQUEST,
		    "The body is not as long as Content-Length says.");
	return 0;
}

int
fcgi_read_body(struct fcgi *f, struct buf *out, struct err *err)
{
	int rc;

	if (!f->is_cgi)
		watch_begin(f->req.ipcFd, SHUT_RD, f->client_timeout_ms);
	rc = read_body(f, out, err);
	watch_end();
	return rc;
}

static int
too_large(struct err *err, int64_t max)
{
	return err_set(err, ERR_BODY_TOO_LARGE,
	    "The body may have at most %lld bytes.", (long long)max);
}

int
fcgi_body_begin(struct fcgi *f, int64_t max, struct err *err)
{
	struct str length = fcgi_param(f, "CONTENT_LENGTH");
	int64_t want = -1, patience = f->client_timeout_ms * 1000;

	if (length.len > 0 && (str_i64(length, &want) != 0 || want < 0))
		return err_set(
		    err, ERR_BAD_REQUEST, "Content-Length is not a number.");
	if (f->is_cgi && want < 0)
		return read_cgi_unsized(f, clock_mono_us() + patience, err);
	f->body = (struct piecewise){true, want, 0, max, 0, patience};
	return want > max ? too_large(err, max) : 0;
}

/* as read_some, but no longer than the web server has to be waited for */
static ssize_t
read_piece(struct fcgi *f, char *room, size_t n)
{
	struct piecewise *b = &f->body;
	int64_t began = clock_mono_us();
	ssize_t got;

	if (b->left_us <= 0)
		return -1;
	if (f->is_cgi && b->got >= b->want)
		return 0;
	if (!f->is_cgi)
		watch_begin(f->req.ipcFd, SHUT_RD, (b->left_us + 999) / 1000);
	got = read_some(f, room, n);
	watch_end();
	b->left_us -= clock_mono_us() - began;
	if (got <= 0)
		return got;
	b->got += got;
	if (b->got - b->mark >= WRITE_BYTES) {
		b->mark = b->got;
		b->left_us = f->client_timeout_ms * 1000;
	}
	return got;
}

ssize_t
fcgi_body_read(struct fcgi *f, char *room, size_t n, struct err *err)
{
	struct piecewise *b = &f->body;
	ssize_t got;

	if (!b->open)
		return 0;
	got = read_piece(f, room, n);
	if (got < 0) {
		b->open = false;
		return err_set(err, ERR_BAD_REQUEST,
		    "The body did not arrive completely.");
	}
	if (b->got > b->max)
		return too_large(err, b->max);
	if (got > 0)
		return got;
	b->open = false;
	if (b->want >= 0 && b->got != b->want)
		return err_set(err, ERR_BAD_REQUEST,
		    "The body is not as long as Content-Length says.");
	return 0;
}

void
fcgi_body_drop(struct fcgi *f)
{
	int64_t deadline = clock_mono_us() + f->client_timeout_ms * 1000;
	char waste[4096];

	while (f->body.open && clock_mono_us() < deadline)
		f->body.open = read_piece(f, waste, sizeof waste) > 0;
}

/* ---- answer ------------------------------------------------------------- */

int
fcgi_client_fd(const struct fcgi *f)
{
	return f->is_cgi ? -1 : f->req.ipcFd;
}

static int
write_cgi(const char *p, size_t n, int64_t timeout_ms)
{
	struct pollfd pfd = {STDOUT_FILENO, POLLOUT, 0};
	ssize_t w;

	while (n > 0) {
		if (poll(&pfd, 1, (int)timeout_ms) == 0)
			return -1;
		w = write(STDOUT_FILENO, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return -1;
		p += w;
		n -= (size_t)w;
	}
	return 0;
}

/* a client that accepts nothing must not hold a responder */
static void
watch_client(const struct fcgi *f)
{
	watch_begin(f->req.ipcFd, SHUT_RDWR, f->client_timeout_ms);
}

int
fcgi_write(struct fcgi *f, const void *p, size_t n)
{
	const char *from = p;
	size_t part;
	int rc = 0;

	if (f->broken)
		return -1;
	if (f->is_cgi)
		return write_cgi(from, n, f->client_timeout_ms);
	for (; n > 0 && rc == 0; n -= part, from += part) {
		part = n < WRITE_BYTES ? n : WRITE_BYTES;
		watch_client(f);
		if (FCGX_PutStr(from, (int)part, f->req.out) != (int)part)
			rc = -1;
	}
	watch_end();
	return rc;
}

int
fcgi_flush(struct fcgi *f)
{
	int rc;

	if (f->broken)
		return -1;
	if (f->is_cgi)
		return 0;
	watch_client(f);
	rc = FCGX_FFlush(f->req.out);
	watch_end();
	return rc == 0 && FCGX_GetError(f->req.out) == 0 ? 0 : -1;
}

void
fcgi_finish(struct fcgi *f)
{
	if (f->is_cgi || f->broken)
		return;
	watch_client(f);
	/* libfcgi waits after each answer until the web server has hung up,
	 * lest what that still writes reset the connection.  It writes nothing
	 * more when we have read to the end. */
	f->req.keepConnection =
	    f->req.in != NULL && FCGX_HasSeenEOF(f->req.in) != 0;
	FCGX_Finish_r(&f->req);
	if (f->req.ipcFd >= 0)
		close(f->req.ipcFd);
	f->req.ipcFd = -1;
	watch_end();
}

void
fcgi_break(struct fcgi *f)
{
	/* version 1, type FCGI_ABORT_REQUEST: a record that a responder may
	 * not send.  Nothing less makes nginx cut the client off. */
	unsigned char rec[8] = {1, 2, 0, 0, 0, 0, 0, 0};

	if (f->is_cgi || f->broken) {
		f->broken = true;
		return;
	}
	rec[2] = (unsigned char)(f->req.requestId >> 8);
	rec[3] = (unsigned char)(f->req.requestId & 0xff);
	fcgi_flush(f);
	/* lighttpd reports success when data and end arrive together */
	nanosleep(&(struct timespec){0, 20000000}, NULL);
	if (write(f->req.ipcFd, rec, sizeof rec) < 0)
		log_msg(LEVEL_DEBUG, "break", "%s", strerror(errno));
	FCGX_Free(&f->req, 1);
	f->broken = true;
}

/*
 * mod_fcgid cannot be told a failure, nor HTTP/1.0 clients, nor HTTP/2 ones
 * behind lighttpd and Apache.  The software's name does not tell mod_fcgid
 * from mod_proxy_fcgi; SCRIPT_FILENAME does.
 */
bool
fcgi_can_break(const struct fcgi *f)
{
	struct str software = fcgi_param(f, "SERVER_SOFTWARE");
	struct str protocol = fcgi_param(f, "SERVER_PROTOCOL");
	struct str script = fcgi_param(f, "SCRIPT_FILENAME");
	bool apache = str_starts(software, STR("Apache"));

	if (f->is_cgi || str_eq(protocol, STR("HTTP/1.0")))
		return false;
	if (apache && !str_starts(script, STR("proxy:fcgi://")))
		return false;
	if (str_starts(protocol, STR("HTTP/2")) &&
	    (apache || str_starts(software, STR("lighttpd"))))
		return false;
	return true;
}
