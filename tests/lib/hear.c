/*
 * hear - a listener for the live tests: speaks the client's half of RFC 6455
 * and reads event streams, and shares no code with the daemon.
 *
 *   hear [OPTION]... ADDRESS PATH
 *
 * ADDRESS is 127.0.0.1:PORT or the path of a socket.  Each message is a line on
 * standard output (of an event stream each line that is no comment); the last
 * line says how it ended: "close CODE", "http STATUS", "eof", "time" or "enough".
 *
 *   -s         an event stream, not a WebSocket
 *   -t TOKEN   in Authorization        -p TOKEN  as a subprotocol
 *   -m TEXT    the first message       -H LINE   one more header
 *   -x HEX     these bytes, raw, after the handshake; "." waits 50 ms
 *   -n N       leave after N messages  -w MS     leave after so long (10000)
 *   -r FILE    make the file when the connection stands, of many all
 *   -z         then stop reading for good
 *   -g         wait for a SIGUSR1 before reading on
 *   -c N       this many connections at once: how many messages in all, and how
 *              many have ended as the first
 *   -l         keys are times in microseconds: how late messages came
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ROOM     (1 << 20)
#define EXTRA    16
#define ROOM_FEW 16384

struct options {
	const char *address, *path, *token, *protocol, *message, *raw, *ready;
	const char *headers[EXTRA];
	int nheaders, connections;
	long enough, wait_ms;
	bool stream, deaf, gate, late;
};

struct listener {
	int fd;
	bool open, done;
	char *in;
	size_t n, cap;
	long messages;
	char end[32];
};

static struct options o = {.wait_ms = 10000, .connections = 1};
static volatile sig_atomic_t go;
static int nopen;
static long *lates;
static size_t nlates;

static void
fail(const char *what)
{
	fprintf(stderr, "hear: %s: %s\n", what, strerror(errno));
	exit(2);
}

static long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
dial(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	const char *colon = strrchr(o.address, ':');
	int fd, rc;

	if (o.address[0] == '/') {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		snprintf(un.sun_path, sizeof(un.sun_path), "%s", o.address);
		rc = connect(fd, (struct sockaddr *)&un, sizeof(un));
	} else {
		if (colon == NULL)
			fail("address");
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		in.sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10));
		in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		rc = connect(fd, (struct sockaddr *)&in, sizeof(in));
	}
	if (rc != 0)
		fail("connect");
	return fd;
}

static void
put(int fd, const void *bytes, size_t n)
{
	if (send(fd, bytes, n, MSG_NOSIGNAL) < 0 && errno != EPIPE &&
	    errno != ECONNRESET)
		fail("send");
}

static void
ask(int fd)
{
	char *text;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	fprintf(f, "GET %s HTTP/1.1\r\nHost: %s\r\n", o.path,
	    o.address[0] == '/' ? "localhost" : o.address);
	if (!o.stream)
		fprintf(f, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			   "Sec-WebSocket-Version: 13\r\n");
	if (o.token != NULL)
		fprintf(f, "Authorization: Bearer %s\r\n", o.token);
	if (o.protocol != NULL)
		fprintf(f, "Sec-WebSocket-Protocol: dynapi, bearer.%s\r\n",
		    o.protocol);
	for (int i = 0; i < o.nheaders; i++)
		fprintf(f, "%s\r\n", o.headers[i]);
	fprintf(f, "\r\n");
	fclose(f);
	put(fd, text, n);
	free(text);
}

/* a masked frame */
static void
put_frame(int fd, unsigned char op, const char *bytes, size_t n)
{
	static const unsigned char mask[4] = {0x12, 0x34, 0x56, 0x78};
	unsigned char *frame = malloc(n + 14);
	size_t head = 2;

	frame[0] = 0x80 | op;
	if (n < 126) {
		frame[1] = 0x80 | (unsigned char)n;
	} else {
		frame[1] = 0x80 | 126;
		frame[2] = (unsigned char)(n >> 8);
		frame[3] = (unsigned char)n;
		head = 4;
	}
	memcpy(frame + head, mask, 4);
	for (size_t i = 0; i < n; i++)
		frame[head + 4 + i] = (unsigned char)bytes[i] ^ mask[i & 3];
	put(fd, frame, head + 4 + n);
	free(frame);
}

static void
put_raw(int fd, const char *hex)
{
	unsigned byte;

	for (; *hex != '\0';) {
		if (*hex == '.') {
			poll(NULL, 0, 50);
			hex++;
		} else if (*hex == ' ') {
			hex++;
		} else {
			if (sscanf(hex, "%2x", &byte) != 1)
				fail("hex");
			put(fd, &(unsigned char){(unsigned char)byte}, 1);
			hex += 2;
		}
	}
}

static void
end(struct listener *l, const char *how, long code)
{
	if (l->done)
		return;
	if (code < 0)
		snprintf(l->end, sizeof(l->end), "%s", how);
	else
		snprintf(l->end, sizeof(l->end), "%s %ld", how, code);
	l->done = true;
}

static void
drop(struct listener *l, size_t n)
{
	memmove(l->in, l->in + n, l->n - n);
	l->n -= n;
}

static void
note_late(const char *bytes, size_t n)
{
	const char *key = memmem(bytes, n, "\"pk\":", 5);
	struct timespec t;

	if (key == NULL)
		return;
	if ((nlates & (nlates - 1)) == 0)
		lates = realloc(
		    lates, (nlates == 0 ? 1 : 2 * nlates) * sizeof(*lates));
	clock_gettime(CLOCK_REALTIME, &t);
	lates[nlates++] =
	    t.tv_sec * 1000000 + t.tv_nsec / 1000 - strtol(key + 5, NULL, 10);
}

static int
compare(const void *a, const void *b)
{
	const long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
print_lates(void)
{
	if (nlates == 0)
		return;
	qsort(lates, nlates, sizeof(*lates), compare);
	printf("late p50 %ld p99 %ld max %ld us\n", lates[nlates / 2],
	    lates[nlates * 99 / 100], lates[nlates - 1]);
	free(lates);
}

static void
show(struct listener *l, const char *bytes, size_t n)
{
	l->messages++;
	if (o.late)
		note_late(bytes, n);
	if (o.connections > 1)
		return;
	printf("%.*s\n", (int)n, bytes);
	fflush(stdout);
}

static bool
take_head(struct listener *l)
{
	char *stop = memmem(l->in, l->n, "\r\n\r\n", 4);
	long status;

	if (stop == NULL)
		return false;
	status = l->n > 12 ? strtol(l->in + 9, NULL, 10) : 0;
	if (status != (o.stream ? 200 : 101)) {
		end(l, "http", status);
		return false;
	}
	if (o.protocol != NULL && !o.stream &&
	    memmem(l->in, (size_t)(stop - l->in) + 1,
		"Sec-WebSocket-Protocol: dynapi\r", 31) == NULL &&
	    memmem(l->in, (size_t)(stop - l->in) + 1,
		"sec-websocket-protocol: dynapi\r", 31) == NULL)
		end(l, "no protocol", -1);
	if (!o.stream && memmem(l->in, (size_t)(stop - l->in),
			     "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", 28) == NULL)
		end(l, "bad accept", -1);
	drop(l, (size_t)(stop - l->in) + 4);
	l->open = true;
	if (++nopen == o.connections && o.ready != NULL) {
		FILE *f = fopen(o.ready, "w");

		if (f == NULL)
			fail(o.ready);
		fclose(f);
	}
	if (o.message != NULL)
		put_frame(l->fd, 1, o.message, strlen(o.message));
	if (o.raw != NULL)
		put_raw(l->fd, o.raw);
	return true;
}

/* false: not all of it is there */
static bool
take_frame(struct listener *l)
{
	unsigned char *p = (unsigned char *)l->in;
	size_t head = 2, n;
	unsigned char op;

	if (l->n < 2)
		return false;
	n = p[1] & 0x7f;
	op = p[0] & 0x0f;
	if ((p[0] & 0xf0) != 0x80 || (p[1] & 0x80) != 0) {
		end(l, "bad frame", -1);
		return false;
	}
	if (n == 126) {
		if (l->n < 4)
			return false;
		n = (size_t)p[2] << 8 | p[3];
		head = 4;
	}
	if (l->n < head + n)
		return false;
	if (op == 1) {
		show(l, l->in + head, n);
	} else if (op == 8) {
		put_frame(l->fd, 8, l->in + head, n);
		end(l, "close", n >= 2 ? p[head] << 8 | p[head + 1] : 1005);
	} else if (op == 9) {
		put_frame(l->fd, 10, l->in + head, n);
	} else if (op == 10) {
		printf("pong %.*s\n", (int)n, l->in + head);
		fflush(stdout);
	}
	drop(l, head + n);
	return true;
}

/* a stream may come in chunks of HTTP/1.1: their lines are hexadecimal only */
static bool
take_line(struct listener *l)
{
	char *stop = memchr(l->in, '\n', l->n);
	size_t n, used;

	if (stop == NULL)
		return false;
	used = (size_t)(stop - l->in) + 1;
	n = used - 1;
	if (n > 0 && l->in[n - 1] == '\r')
		n = 0;
	if (n > 5 && memcmp(l->in, "data:", 5) == 0)
		show(l, l->in, n);
	else if (n > 0 && l->in[0] != ':' && o.connections == 1)
		printf("%.*s\n", (int)n, l->in);
	fflush(stdout);
	drop(l, used);
	return true;
}

static void
take(struct listener *l)
{
	while (!l->done) {
		if (l->open && o.enough > 0 && l->messages >= o.enough) {
			end(l, "enough", -1);
			return;
		}
		if (!l->open) {
			if (!take_head(l))
				return;
			if (o.deaf)
				return;
		} else if (!(o.stream ? take_line(l) : take_frame(l))) {
			return;
		}
	}
}

static void
hear(struct listener *l)
{
	ssize_t n = recv(l->fd, l->in + l->n, l->cap - l->n, 0);

	if (n > 0) {
		l->n += (size_t)n;
		take(l);
	} else {
		end(l, "eof", -1);
	}
}

static void
wake(int signal)
{
	(void)signal;
	go = 1;
}

static void
read_options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "st:p:m:H:x:n:w:r:zgc:l")) != -1) {
		switch (c) {
		case 's':
			o.stream = true;
			break;
		case 't':
			o.token = optarg;
			break;
		case 'p':
			o.protocol = optarg;
			break;
		case 'm':
			o.message = optarg;
			break;
		case 'H':
			if (o.nheaders < EXTRA)
				o.headers[o.nheaders++] = optarg;
			break;
		case 'x':
			o.raw = optarg;
			break;
		case 'n':
			o.enough = strtol(optarg, NULL, 10);
			break;
		case 'w':
			o.wait_ms = strtol(optarg, NULL, 10);
			break;
		case 'r':
			o.ready = optarg;
			break;
		case 'z':
			o.deaf = true;
			break;
		case 'g':
			o.gate = true;
			break;
		case 'c':
			o.connections = (int)strtol(optarg, NULL, 10);
			break;
		case 'l':
			o.late = true;
			break;
		default:
			exit(2);
		}
	}
	if (optind + 2 != argc)
		fail("usage");
	o.address = argv[optind];
	o.path = argv[optind + 1];
}

/* how many of them go on */
static int
wait_all(struct listener *v, struct pollfd *p, long left)
{
	int n = 0;

	for (int i = 0; i < o.connections; i++) {
		bool mute = v[i].open && (o.deaf || (o.gate && !go));

		p[i] = (struct pollfd){
		    .fd = v[i].done || mute ? -1 : v[i].fd, .events = POLLIN};
		n += !v[i].done;
	}
	if (n == 0 ||
	    (poll(p, (nfds_t)o.connections, (int)left) < 0 && errno != EINTR))
		return n;
	for (int i = 0; i < o.connections; i++)
		if (p[i].fd >= 0 && p[i].revents != 0)
			hear(&v[i]);
	return n;
}

int
main(int argc, char **argv)
{
	struct listener *v;
	struct pollfd *p;
	long until, left, messages = 0;
	int same = 0;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, wake);
	read_options(argc, argv);
	v = calloc((size_t)o.connections, sizeof(*v));
	p = calloc((size_t)o.connections, sizeof(*p));
	for (int i = 0; i < o.connections; i++) {
		v[i].fd = dial();
		v[i].cap = o.connections == 1 ? ROOM : ROOM_FEW;
		v[i].in = malloc(v[i].cap);
		ask(v[i].fd);
	}
	until = now_ms() + o.wait_ms;
	while ((left = until - now_ms()) > 0 && wait_all(v, p, left) > 0)
		;
	for (int i = 0; i < o.connections; i++) {
		end(&v[i], "time", -1);
		messages += v[i].messages;
		same += strcmp(v[i].end, v[0].end) == 0;
	}
	if (o.connections > 1)
		printf("messages %ld\nsame end %d\n", messages, same);
	print_lates();
	puts(v[0].end);
	for (int i = 0; i < o.connections; i++)
		free(v[i].in);
	free(v);
	free(p);
	return 0;
}
