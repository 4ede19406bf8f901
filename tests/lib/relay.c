/*
 * Stands between a PostgreSQL client and the server, and spoils one exchange
 * when it is told to.  A process for each connection; messages are passed on
 * whole.  PostgreSQL 15, chapter 55.
 *
 *   relay LISTEN-SOCKET SERVER-SOCKET ORDER-FILE
 *
 * The order file is one line.  It is looked at when a client has sent the Sync
 * that ends a batch, and taken away, so that one batch is spoilt and no more:
 *
 *   lose          the connection ends before the server has seen the Sync
 *   cut           the server answers to the end, and the client hears nothing
 *   cut-ready     the client hears all of it but the last message
 *   hole          the server gets the batch; nobody hears of it again
 *   say FILE      the server is dropped; FILE's bytes are the answer, and its
 *                 end is the end of the connection
 *   before FILE   FILE's bytes go in front of the server's answer
 *
 *   hello FILE    looked at when a client has connected: FILE's bytes instead
 *                 of a login
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX (64 * 1024 * 1024)

static const char usage[] =
    "usage: relay LISTEN-SOCKET SERVER-SOCKET ORDER-FILE\n";

enum spoil { PASS, CUT, CUT_READY, HOLE };

/* what has come from one side and is not yet a whole message */
struct side {
	int fd;
	char *p;
	size_t n, cap;
};

struct relay {
	struct side client, server;
	const char *order_path;
	bool begun; /* the startup message, which has no type, has passed */
	enum spoil spoil;
};

static void
die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	_exit(2);
}

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof a.sun_path) {
		errno = ENAMETOOLONG;
		die(path);
	}
	strcpy(a.sun_path, path);
	return a;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un a = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	/* a server that is away is a connection that ends at once */
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		_exit(0);
	return fd;
}

static int
listen_at(const char *path)
{
	struct sockaddr_un a = address_of(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(fd, 64) != 0)
		die(path);
	return fd;
}

/* the connection ends with the process */
static void
send_all(int fd, const char *p, size_t n)
{
	ssize_t w;

	for (; n > 0; n -= (size_t)w, p += w)
		if ((w = send(fd, p, n, MSG_NOSIGNAL)) <= 0)
			_exit(0);
}

static void
send_file(int fd, const char *path)
{
	FILE *f = fopen(path, "r");
	char chunk[8192];
	size_t n;

	if (f == NULL)
		die(path);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		send_all(fd, chunk, n);
	fclose(f);
}

/* until the other side has had enough */
static void
wait_end(int fd)
{
	char waste[4096];

	shutdown(fd, SHUT_WR);
	while (recv(fd, waste, sizeof waste, 0) > 0)
		;
	_exit(0);
}

/* ---- orders ------------------------------------------------------------- */

/* the order, when it begins with "hello" as wanted; it is taken away */
static bool
take_order(struct relay *r, bool hello, char *line, size_t room)
{
	FILE *f = fopen(r->order_path, "r");
	bool is_hello;

	if (f == NULL)
		return false;
	if (fgets(line, (int)room, f) == NULL)
		*line = '\0';
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	is_hello = strncmp(line, "hello ", 6) == 0;
	/* of two connections at once, one takes it */
	return is_hello == hello && *line != '\0' && unlink(r->order_path) == 0;
}

static void
obey(struct relay *r)
{
	char line[4096];

	if (!take_order(r, false, line, sizeof line))
		return;
	if (strcmp(line, "lose") == 0) {
		_exit(0);
	} else if (strcmp(line, "cut") == 0) {
		r->spoil = CUT;
	} else if (strcmp(line, "cut-ready") == 0) {
		r->spoil = CUT_READY;
	} else if (strcmp(line, "hole") == 0) {
		r->spoil = HOLE;
	} else if (strncmp(line, "say ", 4) == 0) {
		close(r->server.fd);
		send_file(r->client.fd, line + 4);
		wait_end(r->client.fd);
	} else if (strncmp(line, "before ", 7) == 0) {
		send_file(r->client.fd, line + 7);
	} else {
		fprintf(stderr, "relay: unknown order: %s\n", line);
		_exit(2);
	}
}

/* ---- messages ----------------------------------------------------------- */

static void
from_client(struct relay *r, const char *p, size_t n)
{
	if (r->begun && *p == 'S')
		obey(r);
	r->begun = true;
	send_all(r->server.fd, p, n);
}

static void
from_server(struct relay *r, const char *p, size_t n)
{
	bool ready = *p == 'Z';

	if (r->spoil == PASS || (r->spoil == CUT_READY && !ready))
		send_all(r->client.fd, p, n);
	else if (r->spoil != HOLE && ready)
		_exit(0);
}

/* the length of the message that begins at p, 0: it is not whole */
static size_t
message_length(const char *p, size_t n, bool typed)
{
	const unsigned char *u = (const unsigned char *)p + typed;
	size_t len;

	if (n < 4U + typed)
		return 0;
	len = ((size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 |
		  u[3]) +
	      typed;
	if (len > MESSAGE_MAX)
		_exit(3);
	return len <= n ? len : 0;
}

static void
read_side(struct side *s)
{
	ssize_t n;

	if (s->cap - s->n < 65536) {
		s->cap = s->cap * 2 + 131072;
		s->p = realloc(s->p, s->cap);
		if (s->p == NULL)
			die("memory");
	}
	n = recv(s->fd, s->p + s->n, s->cap - s->n, 0);
	if (n <= 0)
		_exit(0);
	s->n += (size_t)n;
}

static void
pass_on(struct relay *r, struct side *s)
{
	bool is_client = s == &r->client;
	size_t at = 0, len;

	read_side(s);
	while ((len = message_length(
		    s->p + at, s->n - at, !is_client || r->begun)) > 0) {
		if (is_client)
			from_client(r, s->p + at, len);
		else
			from_server(r, s->p + at, len);
		at += len;
	}
	s->n -= at;
	memmove(s->p, s->p + at, s->n);
}

static void
serve(int fd, const char *server, const char *order_path)
{
	struct relay r = {.client.fd = fd, .order_path = order_path};
	char line[4096];

	if (take_order(&r, true, line, sizeof line)) {
		send_file(fd, line + 6);
		wait_end(fd);
	}
	r.server.fd = connect_to(server);
	for (;;) {
		struct pollfd p[2] = {
		    {.fd = r.client.fd, .events = POLLIN},
		    {.fd = r.server.fd, .events = POLLIN},
		};

		if (poll(p, 2, -1) < 0)
			die("poll");
		if (p[0].revents != 0)
			pass_on(&r, &r.client);
		if (p[1].revents != 0)
			pass_on(&r, &r.server);
	}
}

int
main(int argc, char **argv)
{
	int listener, fd;

	if (argc != 4) {
		fputs(usage, stderr);
		return 2;
	}
	signal(SIGCHLD, SIG_IGN);
	listener = listen_at(argv[1]);
	while ((fd = accept(listener, NULL, NULL)) >= 0 || errno == EINTR) {
		if (fd < 0)
			continue;
		if (fork() == 0) {
			close(listener);
			serve(fd, argv[2], argv[3]);
		}
		close(fd);
	}
	die("accept");
}
