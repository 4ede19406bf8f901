/* A request is written into memory first and leaves in one send(2), so that
 * who measures does not measure this file. */
#include "wire.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECORD_MAX 65535

enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

const char *const wire_fixed[] = {"GATEWAY_INTERFACE=CGI/1.1",
    "SCRIPT_NAME=", "SERVER_PROTOCOL=HTTP/1.1", "SERVER_NAME=localhost",
    "SERVER_PORT=80", "REMOTE_ADDR=127.0.0.1", NULL};

void
wire_die(const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
	    strerror(errno));
	exit(2);
}

FILE *
wire_memory(char **p, size_t *n)
{
	FILE *f = open_memstream(p, n);

	if (f == NULL)
		wire_die("memory");
	return f;
}

const char *
wire_header_name(const char *name, size_t n)
{
	static char out[256];
	size_t at = 5;

	if (n + 6 > sizeof out)
		wire_die("header");
	memcpy(out, "HTTP_", 5);
	for (size_t i = 0; i < n; i++)
		out[at++] = name[i] == '-'
				? '_'
				: (char)toupper((unsigned char)name[i]);
	out[at] = '\0';
	if (strcmp(out, "HTTP_CONTENT_TYPE") == 0 ||
	    strcmp(out, "HTTP_CONTENT_LENGTH") == 0)
		return out + 5;
	return out;
}

static void
put_length(FILE *to, size_t n)
{
	if (n < 128) {
		fputc((int)n, to);
		return;
	}
	for (int shift = 24; shift >= 0; shift -= 8)
		fputc(
		    (int)((n >> shift) & 0xff) | (shift == 24 ? 0x80 : 0), to);
}

void
wire_param(FILE *to, const char *name, size_t name_n, const char *value,
    size_t value_n)
{
	put_length(to, name_n);
	put_length(to, value_n);
	fwrite(name, 1, name_n, to);
	fwrite(value, 1, value_n, to);
}

void
wire_pair(FILE *to, const char *pair)
{
	size_t n = strcspn(pair, "=");

	wire_param(to, pair, n, pair + n + 1, strlen(pair + n + 1));
}

static void
put_record(FILE *to, int type, const char *p, size_t n)
{
	unsigned char h[8] = {1, (unsigned char)type, 0, 1,
	    (unsigned char)(n >> 8), (unsigned char)n, 0, 0};

	fwrite(h, 1, sizeof h, to);
	fwrite(p, 1, n, to);
}

/* a stream: records of what fits into one, then an empty one */
static void
put_stream(FILE *to, int type, const char *p, size_t n)
{
	size_t part;

	for (; n > 0; n -= part, p += part) {
		part = n < RECORD_MAX ? n : RECORD_MAX;
		put_record(to, type, p, part);
	}
	put_record(to, type, "", 0);
}

struct sockaddr_un
wire_address(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof sa.sun_path)
		wire_die(path);
	strcpy(sa.sun_path, path);
	return sa;
}

static int
open_socket(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = wire_address(path);

	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0)
		wire_die(path);
	return fd;
}

static void
send_request(int fd, const struct wire_request *r)
{
	static const char begin[8] = {0, 1}; /* responder, close afterwards */
	char *bytes, *p;
	size_t n;
	ssize_t w;
	FILE *mem = wire_memory(&bytes, &n);

	put_record(mem, BEGIN_REQUEST, begin, sizeof begin);
	put_stream(mem, PARAMS, r->params, r->params_n);
	put_stream(mem, STDIN, r->body, r->body_n);
	if (fclose(mem) != 0)
		wire_die("request");
	/* what cannot be sent, the answer will tell */
	for (p = bytes; n > 0; n -= (size_t)w, p += w)
		if ((w = send(fd, p, n, MSG_NOSIGNAL)) <= 0)
			break;
	free(bytes);
}

int
wire_ask(const char *path, const struct wire_request *r,
    void (*take)(void *arg, const char *p, size_t n), void *arg)
{
	static char data[RECORD_MAX + 256];
	unsigned char h[8];
	int fd = open_socket(path), rc = -1;
	FILE *from = fdopen(fd, "r");
	size_t n;

	if (from == NULL)
		wire_die("memory");
	send_request(fd, r);
	while (rc != 0 && fread(h, 1, sizeof h, from) == sizeof h) {
		n = (size_t)(h[4] << 8 | h[5]);
		if (fread(data, 1, n + h[6], from) != n + h[6])
			break;
		if (h[1] == STDOUT)
			take(arg, data, n);
		else if (h[1] == END_REQUEST)
			rc = 0;
	}
	fclose(from);
	return rc;
}
