/*
 * Asks a FastCGI responder many things, one after the other, as a web server
 * would.  Requests and answers are lines of PostgreSQL's COPY text form, so
 * that psql can write the questions and judge the answers:
 *
 *   in   NAME  METHOD  URI  [BODY  [HEADERS]]     out  NAME  STATUS  HEAD  BODY
 *
 * The columns are separated by tabs; \N is "not there", HEADERS are lines
 * "Name: value", and \xHH is any byte.  Or one request as arguments, whose
 * answer is printed as it came.  FastCGI 1.0, RFC 3875.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RECORD_MAX  65535
#define COLUMNS_MAX 5

enum { BEGIN_REQUEST = 1, END_REQUEST = 3, PARAMS = 4, STDIN = 5, STDOUT = 6 };

struct text {
	char *p; /* NULL: not there */
	size_t n;
};

struct question {
	struct text name, method, uri, body, headers;
};

static const char usage[] = "usage: ask SOCKET <REQUESTS >ANSWERS\n"
			    "       ask SOCKET METHOD URI [BODY [HEADER...]]\n";

static void
die(const char *what)
{
	fprintf(stderr, "ask: %s: %s\n", what, strerror(errno));
	exit(2);
}

static FILE *
open_memory(struct text *t)
{
	FILE *f = open_memstream(&t->p, &t->n);

	if (f == NULL)
		die("memory");
	return f;
}

/* ---- lines -------------------------------------------------------------- */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* the byte that the letters after a backslash mean; moves over them */
static char
unescape(const char **from)
{
	static const char letters[] = "bfnrtv", bytes[] = "\b\f\n\r\t\v";
	const char *p = *from;
	const char *known = *p == '\0' ? NULL : strchr(letters, *p);

	*from = p + 1;
	if (known != NULL)
		return bytes[known - letters];
	if (*p != 'x' || hex_value(p[1]) < 0 || hex_value(p[2]) < 0)
		return *p;
	*from = p + 3;
	return (char)(hex_value(p[1]) << 4 | hex_value(p[2]));
}

/* one column, decoded in place */
static struct text
read_column(char *column)
{
	struct text t = {column, 0};
	const char *from = column;

	if (strcmp(column, "\\N") == 0)
		return (struct text){NULL, 0};
	while (*from != '\0') {
		char c = *from++;

		t.p[t.n++] = c == '\\' ? unescape(&from) : c;
	}
	t.p[t.n] = '\0';
	return t;
}

static void
read_question(char *line, struct question *q)
{
	struct text column[COLUMNS_MAX] = {{NULL, 0}};
	char *next = line;

	for (size_t i = 0; i < COLUMNS_MAX && next != NULL; i++) {
		char *this = strsep(&next, "\t");

		column[i] = read_column(this);
	}
	*q = (struct question){
	    column[0], column[1], column[2], column[3], column[4]};
	if (q->uri.p == NULL || q->method.p == NULL || q->name.p == NULL) {
		fprintf(stderr, "ask: a line has no name, method or URI\n");
		exit(2);
	}
}

static void
put_column(const char *p, size_t n)
{
	static const char bytes[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";

	for (size_t i = 0; i < n; i++) {
		const char *known = p[i] ? strchr(bytes, p[i]) : NULL;

		if (known != NULL) {
			putchar('\\');
			putchar(letters[known - bytes]);
		} else if (p[i] == '\0') {
			fputs("\\\\x00", stdout);
		} else {
			putchar(p[i]);
		}
	}
}

/* ---- FastCGI ------------------------------------------------------------ */

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

static void
put_param(FILE *to, const char *name, const char *value, size_t n)
{
	put_length(to, strlen(name));
	put_length(to, n);
	fputs(name, to);
	fwrite(value, 1, n, to);
}

/* "Content-Type" is CONTENT_TYPE, "Accept" is HTTP_ACCEPT */
static const char *
param_name(const char *name, size_t n)
{
	static char out[256];
	size_t at = 5;

	if (n + 6 > sizeof out)
		die("header");
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

static bool
has_header(const struct question *q, const char *name)
{
	const char *line = q->headers.p;

	for (; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncasecmp(line, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

/* a header without value takes back what is sent otherwise */
static void
put_headers(FILE *to, const struct question *q)
{
	char *all = q->headers.p, *line;

	if (all == NULL)
		return;
	all = strdup(all);
	for (char *rest = all; (line = strsep(&rest, "\n")) != NULL;) {
		size_t n = strcspn(line, ":");
		const char *value = line + n + (line[n] == ':');

		value += strspn(value, " ");
		if (*value != '\0')
			put_param(
			    to, param_name(line, n), value, strlen(value));
	}
	free(all);
}

static void
put_params(FILE *to, const struct question *q)
{
	const char *query = memchr(q->uri.p, '?', q->uri.n);
	char number[24];

	put_param(to, "GATEWAY_INTERFACE", "CGI/1.1", 7);
	put_param(to, "REQUEST_METHOD", q->method.p, q->method.n);
	put_param(to, "REQUEST_URI", q->uri.p, q->uri.n);
	query = query == NULL ? q->uri.p + q->uri.n : query + 1;
	put_param(
	    to, "QUERY_STRING", query, (size_t)(q->uri.p + q->uri.n - query));
	put_param(to, "SCRIPT_NAME", "", 0);
	put_param(to, "SERVER_PROTOCOL", "HTTP/1.1", 8);
	put_param(to, "SERVER_NAME", "localhost", 9);
	put_param(to, "SERVER_PORT", "80", 2);
	put_param(to, "REMOTE_ADDR", "127.0.0.1", 9);
	if (q->body.p != NULL && !has_header(q, "Content-Type:"))
		put_param(to, "CONTENT_TYPE", "application/json", 16);
	if (q->body.p != NULL && !has_header(q, "Content-Length:")) {
		snprintf(number, sizeof number, "%zu", q->body.n);
		put_param(to, "CONTENT_LENGTH", number, strlen(number));
	}
	put_headers(to, q);
}

static void
put_question(FILE *to, const struct question *q)
{
	static const char begin[8] = {0, 1}; /* responder, close afterwards */
	struct text params;
	FILE *mem = open_memory(&params);

	put_params(mem, q);
	if (fclose(mem) != 0)
		die("parameters");
	put_record(to, BEGIN_REQUEST, begin, sizeof begin);
	put_stream(to, PARAMS, params.p, params.n);
	put_stream(to, STDIN, q->body.p, q->body.n);
	free(params.p);
}

/* all of the answer's output; -1: it ended before the request did */
static int
get_answer(FILE *from, FILE *to)
{
	static char data[RECORD_MAX + 256];
	unsigned char h[8];
	size_t n;

	while (fread(h, 1, sizeof h, from) == sizeof h) {
		n = (size_t)(h[4] << 8 | h[5]);
		if (fread(data, 1, n + h[6], from) != n + h[6])
			return -1;
		if (h[1] == STDOUT)
			fwrite(data, 1, n, to);
		else if (h[1] == END_REQUEST)
			return 0;
	}
	return -1;
}

static int
open_socket(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof sa.sun_path)
		die(path);
	strcpy(sa.sun_path, path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof sa) != 0)
		die(path);
	return fd;
}

static void
send_all(int fd, const char *p, size_t n)
{
	ssize_t w;

	for (; n > 0; n -= (size_t)w, p += w)
		if ((w = send(fd, p, n, MSG_NOSIGNAL)) <= 0)
			return; /* the answer will tell */
}

static struct text
ask(const char *path, const struct question *q, bool *whole)
{
	struct text bytes, out;
	FILE *mem = open_memory(&bytes), *from;
	int fd;

	put_question(mem, q);
	if (fclose(mem) != 0)
		die("request");
	fd = open_socket(path);
	send_all(fd, bytes.p, bytes.n);
	free(bytes.p);
	mem = open_memory(&out);
	from = fdopen(fd, "r");
	*whole = get_answer(from, mem) == 0;
	fclose(from);
	if (fclose(mem) != 0)
		die("answer");
	return out;
}

/* ---- answers ------------------------------------------------------------ */

/* where the body begins: after an empty line */
static size_t
head_length(const struct text *out)
{
	const char *end = memmem(out->p, out->n, "\r\n\r\n", 4);

	return end == NULL ? out->n : (size_t)(end - out->p) + 4;
}

/* a cut answer has the status 0, whatever its head promised */
static int
status_of(const struct text *out, bool whole)
{
	if (!whole || out->n == 0)
		return 0;
	return strncmp(out->p, "Status: ", 8) == 0 ? atoi(out->p + 8) : 200;
}

static void
print_answer(const struct question *q, const struct text *out, bool whole)
{
	size_t head = head_length(out);

	put_column(q->name.p, q->name.n);
	printf("\t%d\t", status_of(out, whole));
	put_column(out->p, head < 4 ? 0 : head - 4);
	putchar('\t');
	put_column(out->p + head, out->n - head);
	putchar('\n');
}

static int
ask_lines(const char *path)
{
	struct question q;
	struct text out;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	bool whole;

	while ((n = getline(&line, &room, stdin)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		read_question(line, &q);
		out = ask(path, &q, &whole);
		print_answer(&q, &out, whole);
		free(out.p);
	}
	free(line);
	return ferror(stdin) || fflush(stdout) != 0;
}

static struct text
joined(char **words)
{
	struct text t;
	FILE *mem = open_memory(&t);

	for (size_t i = 0; words[i] != NULL; i++)
		fprintf(mem, "%s\n", words[i]);
	fclose(mem);
	return t;
}

static int
ask_once(const char *path, int argc, char **argv)
{
	struct question q = {.method = {argv[0], strlen(argv[0])},
	    .uri = {argv[1], strlen(argv[1])}};
	struct text out;
	bool whole;

	if (argc > 2 && *argv[2] != '\0')
		q.body = (struct text){argv[2], strlen(argv[2])};
	if (argc > 3)
		q.headers = joined(argv + 3);
	out = ask(path, &q, &whole);
	printf("%d\n", status_of(&out, whole));
	fwrite(out.p, 1, out.n, stdout);
	free(out.p);
	free(q.headers.p);
	return fflush(stdout) != 0;
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 2)
		return ask_lines(argv[1]);
	if (argc >= 4)
		return ask_once(argv[1], argc - 2, argv + 2);
	fputs(usage, stderr);
	return 2;
}
