/*
 * A web server without manners: says to a FastCGI responder whatever it is
 * told to, in order, and shows what comes back.
 *
 *   rude SOCKET SECONDS STEP...     SOCKET: a path, or a port of 127.0.0.1
 *
 *   begin=ROLE,FLAGS,ID     FCGI_BEGIN_REQUEST
 *   param=NAME=VALUE        is kept for the next …
 *   params=BYTES            … PARAMS in records of so many bytes, and their end
 *   open=BYTES              … the same without the end
 *   lie=NAME,VALUE          a parameter's two lengths; kept like param
 *   fill=TYPE,ID,BYTES      a record of that many letters x
 *   text=TYPE,ID,TEXT       a record
 *   hex=DIGITS              these bytes
 *   sleep=MS  shut  close   wait, send no more, leave without reading
 *   get=URI                 a whole request
 *
 * The answer's STDOUT goes to our own.  Exit status: 0 the responder ended the
 * connection, 3 it was still open after SECONDS.  FastCGI 1.0.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RECORD_MAX 65535

enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, STDOUT = 6 };

static int peer = -1;

/* parameters for the next PARAMS */
static unsigned char params[1 << 20];
static size_t nparams;

static void
die(const char *what)
{
	fprintf(stderr, "rude: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void
send_bytes(const void *p, size_t n)
{
	const char *at = p;
	ssize_t w;

	for (; n > 0; n -= (size_t)w, at += w)
		if ((w = send(peer, at, n, MSG_NOSIGNAL)) <= 0)
			return; /* the answer will tell */
}

static void
send_record(long type, long id, const void *p, size_t n)
{
	unsigned char h[8] = {1, (unsigned char)type, (unsigned char)(id >> 8),
	    (unsigned char)id, (unsigned char)(n >> 8), (unsigned char)n};

	send_bytes(h, sizeof h);
	send_bytes(p, n);
}

static void
keep(const void *p, size_t n)
{
	if (n > sizeof params - nparams)
		die("too many parameters");
	memcpy(params + nparams, p, n);
	nparams += n;
}

static void
keep_length(unsigned long n)
{
	unsigned char b[4] = {(unsigned char)(n >> 24 | 0x80),
	    (unsigned char)(n >> 16), (unsigned char)(n >> 8),
	    (unsigned char)n};

	if (n < 128)
		keep(b + 3, 1);
	else
		keep(b, 4);
}

static void
keep_param(const char *text)
{
	const char *value = strchr(text, '=');

	if (value == NULL)
		die(text);
	keep_length((unsigned long)(value - text));
	keep_length(strlen(value + 1));
	keep(text, (size_t)(value - text));
	keep(value + 1, strlen(value + 1));
}

static void
send_params(size_t each, bool end)
{
	size_t at, n;

	for (at = 0; at < nparams; at += n) {
		n = nparams - at < each ? nparams - at : each;
		send_record(PARAMS, 1, params + at, n);
	}
	if (end)
		send_record(PARAMS, 1, "", 0);
	nparams = 0;
}

static void
send_fill(const char *value)
{
	static char text[RECORD_MAX];
	long type, id;
	size_t n;

	if (sscanf(value, "%ld,%ld,%zu", &type, &id, &n) != 3 ||
	    n > sizeof text)
		die(value);
	memset(text, 'x', n);
	send_record(type, id, text, n);
}

static void
send_text(const char *value)
{
	long type, id;
	int at = 0;

	if (sscanf(value, "%ld,%ld,%n", &type, &id, &at) != 2 || at == 0)
		die(value);
	send_record(type, id, value + at, strlen(value + at));
}

static void
send_hex(const char *value)
{
	unsigned byte;

	for (; sscanf(value, "%2x", &byte) == 1; value += 2) {
		unsigned char c = (unsigned char)byte;

		send_bytes(&c, 1);
		if (value[1] == '\0')
			break;
	}
}

static void
send_begin(const char *value)
{
	unsigned char b[8] = {0};
	long role, flags, id;

	if (sscanf(value, "%ld,%ld,%ld", &role, &flags, &id) != 3)
		die(value);
	b[0] = (unsigned char)(role >> 8);
	b[1] = (unsigned char)role;
	b[2] = (unsigned char)flags;
	send_record(BEGIN_REQUEST, id, b, sizeof b);
}

static void
send_get(const char *uri)
{
	static char param[70000];

	snprintf(param, sizeof param, "REQUEST_URI=%s", uri);
	send_begin("1,0,1");
	keep_param("REQUEST_METHOD=GET");
	keep_param(param);
	send_params(RECORD_MAX, true);
	send_record(STDIN, 1, "", 0);
}

static void
pause_ms(const char *value)
{
	long ms = atol(value);

	nanosleep(&(struct timespec){ms / 1000, (ms % 1000) * 1000000}, NULL);
}

static void
take_step(const char *step)
{
	const char *value = strchr(step, '=');
	size_t n = value != NULL ? (size_t)(value - step) : strlen(step);
	unsigned long name_len, value_len;

	value = value != NULL ? value + 1 : "";
#define IS(word) (n == sizeof(word) - 1 && memcmp(step, word, n) == 0)
	if (IS("begin"))
		send_begin(value);
	else if (IS("param"))
		keep_param(value);
	else if (IS("params") || IS("open"))
		send_params(strtoul(value, NULL, 10), IS("params"));
	else if (IS("lie") &&
		 sscanf(value, "%lu,%lu", &name_len, &value_len) == 2) {
		keep_length(name_len);
		keep_length(value_len);
	} else if (IS("fill"))
		send_fill(value);
	else if (IS("text"))
		send_text(value);
	else if (IS("hex"))
		send_hex(value);
	else if (IS("get"))
		send_get(value);
	else if (IS("sleep"))
		pause_ms(value);
	else if (IS("shut"))
		shutdown(peer, SHUT_WR);
	else if (IS("close"))
		exit(0);
	else
		die(step);
#undef IS
}

/* what is left of the record in hand: STDOUT or something else */
struct reader {
	unsigned char head[8];
	size_t have, content, padding;
};

static void
read_on(struct reader *r, const unsigned char *p, size_t n)
{
	size_t part;

	for (; n > 0; n -= part, p += part) {
		if (r->content > 0) {
			part = n < r->content ? n : r->content;
			if (r->head[1] == STDOUT)
				fwrite(p, 1, part, stdout);
			r->content -= part;
		} else if (r->padding > 0) {
			part = n < r->padding ? n : r->padding;
			r->padding -= part;
		} else {
			part = 1;
			r->head[r->have++] = *p;
			if (r->have < sizeof r->head)
				continue;
			r->have = 0;
			r->content = (size_t)(r->head[4] << 8 | r->head[5]);
			r->padding = r->head[6];
		}
	}
}

/* 0: the responder closed; 3: time is up */
static int
read_answer(long seconds)
{
	static unsigned char bytes[65536];
	struct pollfd p = {.fd = peer, .events = POLLIN};
	time_t end = time(NULL) + seconds;
	struct reader r = {.have = 0};
	ssize_t n;

	for (;;) {
		if (time(NULL) > end || poll(&p, 1, 1000) < 0)
			return 3;
		if (p.revents == 0)
			continue;
		n = read(peer, bytes, sizeof bytes);
		if (n <= 0)
			return 0;
		read_on(&r, bytes, (size_t)n);
	}
}

static void
connect_path(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof sa.sun_path)
		die(path);
	strcpy(sa.sun_path, path);
	peer = socket(AF_UNIX, SOCK_STREAM, 0);
	if (peer < 0 || connect(peer, (struct sockaddr *)&sa, sizeof sa) != 0)
		die(path);
}

static void
connect_port(const char *port)
{
	struct sockaddr_in sa = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(port)),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	peer = socket(AF_INET, SOCK_STREAM, 0);
	if (peer < 0 || connect(peer, (struct sockaddr *)&sa, sizeof sa) != 0)
		die(port);
}

int
main(int argc, char **argv)
{
	int status;

	if (argc < 3) {
		fputs("usage: rude SOCKET SECONDS STEP...\n", stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (argv[1][0] == '/')
		connect_path(argv[1]);
	else
		connect_port(argv[1]);
	for (int i = 3; i < argc; i++)
		take_step(argv[i]);
	status = read_answer(atol(argv[2]));
	return fflush(stdout) != 0 ? 2 : status;
}
