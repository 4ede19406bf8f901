/*
 * The response as a state machine: head, then body, then done.  The body is
 * held back until it is complete or too large, so that an error that comes
 * late can still be an error page; what was complete goes out with its
 * Content-Length, which makes a cut visible everywhere.
 */
#include "http/http.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"

/* Two lines of RESPONSE_LINE_MAX (links) and the short ones.  nginx takes what
 * fastcgi_buffer_size says (32k in our snippet, else 4k), lighttpd 64k. */
#define HEAD_MAX    20000
#define CHUNK_BYTES 32768

/* ours are few; RFC 9110 chapter 15 */
const char *
status_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 201:
		return "Created";
	case 204:
		return "No Content";
	case 206:
		return "Partial Content";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 406:
		return "Not Acceptable";
	case 409:
		return "Conflict";
	case 411:
		return "Length Required";
	case 412:
		return "Precondition Failed";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 415:
		return "Unsupported Media Type";
	case 422:
		return "Unprocessable Content";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	case 503:
		return "Service Unavailable";
	case 504:
		return "Gateway Timeout";
	default:
		return "Internal Server Error";
	}
}

void
response_init(
    struct response *res, struct arena *a, struct fcgi *io, size_t hold_bytes)
{
	*res = (struct response){.arena = a,
	    .io = io,
	    .status = 200,
	    .hold_bytes = hold_bytes,
	    .spool_fd = -1,
	    .spool_max = INT64_MAX,
	    .length = -1};
	buf_init(&res->headers, a, HEAD_MAX);
	buf_init(&res->body, a, SIZE_MAX / 2);
}

void
response_status(struct response *res, int status)
{
	assert(res->state == RESPONSE_HEAD);
	res->status = status;
}

bool
response_header(struct response *res, const char *name, struct str value)
{
	size_t line = strlen(name) + value.len + 4;

	assert(res->state == RESPONSE_HEAD);
	for (size_t i = 0; i < value.len; i++)
		assert(value.p[i] != '\r' && value.p[i] != '\n' &&
		       value.p[i] != '\0');
	if (line > RESPONSE_LINE_MAX || res->headers.len + line > HEAD_MAX) {
		res->incomplete = true;
		return false;
	}
	buf_cstr(&res->headers, name);
	buf_lit(&res->headers, ": ");
	buf_str(&res->headers, value);
	buf_lit(&res->headers, "\r\n");
	return true;
}

void
response_header_f(struct response *res, const char *name, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(res->arena, fmt, ap);
	va_end(ap);
	response_header(res, name, str_from(text));
}

void
response_header_drop(struct response *res, const char *name)
{
	struct str start = str_from(name), rest = buf_view(&res->headers), line;
	struct buf kept;

	buf_init(&kept, res->arena, res->headers.max);
	while (rest.len > 0 && str_cut(&rest, '\n', &line)) {
		if (line.len == 0 ||
		    (str_starts(line, start) && line.p[start.len] == ':'))
			continue;
		buf_str(&kept, line);
		buf_char(&kept, '\n');
	}
	res->headers = kept;
}

void
response_reset(struct response *res)
{
	assert(res->state == RESPONSE_HEAD);
	buf_clear(&res->headers);
	buf_clear(&res->body);
	res->incomplete = false;
	res->length = -1;
	if (res->spool_fd >= 0 && ftruncate(res->spool_fd, 0) == 0)
		lseek(res->spool_fd, 0, SEEK_SET);
	res->spooled = 0;
}

struct buf *
response_body(struct response *res)
{
	return &res->body;
}

/* length < 0: unknown */
static int
send_head(struct response *res, int64_t length)
{
	struct buf head;

	buf_init(&head, res->arena, HEAD_MAX + 256);
	buf_lit(&head, "Status: ");
	buf_i64(&head, res->status);
	buf_char(&head, ' ');
	buf_cstr(&head, status_reason(res->status));
	buf_lit(&head, "\r\n");
	buf_str(&head, buf_view(&res->headers));
	if (length >= 0) {
		buf_lit(&head, "Content-Length: ");
		buf_i64(&head, length);
		buf_lit(&head, "\r\n");
	} else if (!res->no_body && res->status != 204) {
		/* without it Apache keeps a cut connection for 5 s */
		buf_lit(&head, "Connection: close\r\n");
	}
	buf_lit(&head, "\r\n");
	res->state = RESPONSE_BODY;
	return fcgi_write(res->io, head.p, head.len);
}

static int
send_body(struct response *res, const void *p, size_t n)
{
	if (res->no_body)
		return 0;
	res->sent_bytes += (int64_t)n;
	if (fcgi_write(res->io, p, n) == 0)
		return 0;
	res->client_gone = true;
	return -1;
}

static void
close_spool(void *arg)
{
	close((int)(intptr_t)arg);
}

static int
open_spool(struct response *res)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(
	    dir != NULL ? dir : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	res->spool_fd = fd;
	arena_defer(res->arena, close_spool, (void *)(intptr_t)fd);
	return 0;
}

static int
write_spool(struct response *res, struct err *err)
{
	const char *p = res->body.p;
	size_t n = res->body.len;
	ssize_t w;

	if ((int64_t)n > res->spool_max - res->spooled)
		return err_set(err, ERR_LIMIT,
		    "This answer is too large to be sent in one piece; ask for "
		    "parts of it.");
	if (res->spool_fd < 0 && open_spool(res) != 0)
		return err_world(
		    err, ERR_INTERNAL, "spool file: %s", strerror(errno));
	while (n > 0) {
		w = write(res->spool_fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return err_world(err, ERR_INTERNAL, "spool file: %s",
			    strerror(errno));
		p += w;
		n -= (size_t)w;
		res->spooled += w;
	}
	buf_clear(&res->body);
	return 0;
}

int
response_pump(struct response *res, struct err *err)
{
	if (res->state == RESPONSE_HEAD) {
		if (res->body.len < res->hold_bytes || res->no_body)
			return 0;
		if (res->spool)
			return write_spool(res, err);
		if (send_head(res, -1) != 0)
			goto gone;
	} else if (res->body.len < CHUNK_BYTES) {
		return 0;
	}
	if (send_body(res, res->body.p, res->body.len) != 0 ||
	    fcgi_flush(res->io) != 0)
		goto gone;
	buf_clear(&res->body);
	return 0;
gone:
	res->failed = res->client_gone = true;
	res->state = RESPONSE_DONE;
	return err_world(err, ERR_INTERNAL, "the client is gone");
}

static int
copy_spool(struct response *res)
{
	char chunk[CHUNK_BYTES / 4];
	ssize_t n;

	if (lseek(res->spool_fd, 0, SEEK_SET) < 0)
		return -1;
	while ((n = read(res->spool_fd, chunk, sizeof chunk)) > 0)
		if (send_body(res, chunk, (size_t)n) != 0)
			return -1;
	return n < 0 ? -1 : 0;
}

static int
send_rest(struct response *res)
{
	int64_t length = res->spooled + (int64_t)res->body.len;
	int rc = 0;

	if (res->state == RESPONSE_DONE)
		return res->failed ? -1 : 0;
	if (res->state == RESPONSE_HEAD) {
		if (res->no_body)
			length = res->length;
		/* none at all; so has a HEAD whose length is not known */
		if (res->status == 204)
			length = -1;
		rc = send_head(res, length);
	}
	if (rc == 0 && res->spooled > 0 && !res->no_body)
		rc = copy_spool(res);
	if (rc == 0)
		rc = send_body(res, res->body.p, res->body.len);
	res->state = RESPONSE_DONE;
	if (rc != 0)
		res->failed = true;
	return rc;
}

int
response_end(struct response *res)
{
	int rc = send_rest(res);

	res->ended_us = clock_mono_us();
	fcgi_finish(res->io);
	return rc;
}

void
response_break(struct response *res)
{
	if (res->state == RESPONSE_BODY) {
		send_body(res, res->body.p, res->body.len);
		fcgi_break(res->io);
	}
	res->failed = true;
	res->state = RESPONSE_DONE;
}
