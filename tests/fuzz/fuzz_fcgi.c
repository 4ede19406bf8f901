/*
 * Bytes of a web server: whatever stands on the socket, reading the request,
 * its body and its route neither crashes nor hangs.  The bytes pass through
 * libfcgi itself, on a real connection.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "base/arena.h"
#include "base/err.h"
#include "conf/conf.h"
#include "http/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
const char *__lsan_default_suppressions(void);

/* FCGX_Accept_r (libfcgi 2.4.2) forgets the parameters of a connection that
 * it throws away; only who may write to the socket can make it do so */
const char *
__lsan_default_suppressions(void)
{
	return "leak:libfcgi";
}

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct fcgi *fcgi;
static struct arena *arena;
static struct conf conf;

static const struct route routes[] = {
    {METHOD_GET, "/api/dyn/{table}", 0, NULL, NULL},
    {METHOD_PATCH, "/api/dyn/{table}/{key}", 0, NULL, NULL},
    {0},
};
static const struct root roots[] = {{"native", "/api/dyn", routes}, {0}};

/* an abstract socket on descriptor 0: nothing is left in the file system */
static void
listen_on_zero(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = sizeof(sa_family_t);

	assert(fd >= 0);
	assert(bind(fd, (struct sockaddr *)&address, len) == 0);
	assert(listen(fd, 8) == 0);
	len = sizeof(address);
	assert(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
	assert(dup2(fd, 0) == 0);
	close(fd);
}

static void
set_up(void)
{
	listen_on_zero();
	arena = arena_new();
	conf =
	    (struct conf){.body_max = 4096, .url_max = 1024, .max_params = 20};
	fcgi = fcgi_new();
	assert(fcgi != NULL && !fcgi_is_cgi(fcgi));
	fcgi_set_client_timeout(fcgi, 200);
}

static int
send_bytes(const uint8_t *data, size_t n)
{
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 6);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	assert(fd >= 0);
	assert(connect(fd, (struct sockaddr *)&address, len) == 0);
	if (n > 0)
		(void)!send(fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	return fd;
}

/* one whole request with these bytes as URI and body, so that the fuzzer
 * need not invent the framing first */
static size_t
frame(uint8_t *out, const uint8_t *data, size_t n)
{
	static const uint8_t begin[] = {
	    1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
	static const char name[] = "REQUEST_URI";
	static const char method[] = "\x0e\x03REQUEST_METHODGET";
	size_t value = n < 120 ? n : 120, at = 0, params;

	params = 2 + sizeof(name) - 1 + value + sizeof(method) - 1;
	memcpy(out, begin, sizeof begin);
	at += sizeof begin;
	memcpy(out + at, (uint8_t[]){1, 4, 0, 1, 0, (uint8_t)params, 0, 0}, 8);
	at += 8;
	out[at++] = sizeof(name) - 1;
	out[at++] = (uint8_t)value;
	memcpy(out + at, name, sizeof(name) - 1);
	at += sizeof(name) - 1;
	memcpy(out + at, data, value);
	at += value;
	memcpy(out + at, method, sizeof(method) - 1);
	at += sizeof(method) - 1;
	memcpy(out + at, (uint8_t[]){1, 4, 0, 1, 0, 0, 0, 0}, 8);
	at += 8;
	/* what is left of the input follows as raw records */
	memcpy(out + at, data + value, n - value);
	return at + n - value;
}

static bool
is_offered(const void *arg, const struct route *r)
{
	return arg == NULL && r->handle == NULL;
}

static void
read_one(void)
{
	struct request req = {0};
	struct response res;
	struct err err;

	err_init(&err, arena);
	response_init(&res, arena, fcgi, 4096);
	if (request_read(arena, fcgi, &conf, &req, &err) == 0 &&
	    request_read_body(arena, fcgi, &conf, &req, &err) == 0)
		route_find(roots, &req, &err);
	if (err.id == ERR_BAD_METHOD)
		route_allow(roots, &req, arena, is_offered, NULL);
	response_end(&res);
	fcgi_finish(fcgi);
	arena_reset(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static uint8_t framed[8192 + 256];
	/* a good request behind it: accept comes back even when libfcgi throws
	 * the first connection away */
	static const uint8_t good[] = {1, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0,
	    0, 0, 1, 4, 0, 1, 0, 0, 0, 0, 1, 5, 0, 1, 0, 0, 0, 0};
	int first, second;

	if (fcgi == NULL)
		set_up();
	if (n > 8192)
		return 0;
	if (n > 0 && data[0] % 2 == 0)
		first = send_bytes(framed, frame(framed, data + 1, n - 1));
	else
		first = send_bytes(data, n);
	second = send_bytes(good, sizeof good);
	if (fcgi_accept(fcgi) == 0)
		read_one();
	close(first);
	/* the second may have been taken already */
	if (recv(second, framed, 1, MSG_DONTWAIT | MSG_PEEK) < 0 &&
	    fcgi_accept(fcgi) == 0)
		read_one();
	close(second);
	return 0;
}
