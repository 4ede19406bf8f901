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
#include "wire.h"

#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 5

struct text {
	char *p; /* NULL: not there */
	size_t n;
};

struct question {
	struct text name, method, uri, body, headers;
};

static const char usage[] = "usage: ask SOCKET <REQUESTS >ANSWERS\n"
			    "       ask SOCKET METHOD URI [BODY [HEADER...]]\n";

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

/* ---- request ------------------------------------------------------------ */

static void
put_param(FILE *to, const char *name, const char *value, size_t n)
{
	wire_param(to, name, strlen(name), value, n);
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
			put_param(to, wire_header_name(line, n), value,
			    strlen(value));
	}
	free(all);
}

static void
put_params(FILE *to, const struct question *q)
{
	const char *query = memchr(q->uri.p, '?', q->uri.n);
	char number[24];

	for (const char *const *pair = wire_fixed; *pair != NULL; pair++)
		wire_pair(to, *pair);
	put_param(to, "REQUEST_METHOD", q->method.p, q->method.n);
	put_param(to, "REQUEST_URI", q->uri.p, q->uri.n);
	query = query == NULL ? q->uri.p + q->uri.n : query + 1;
	put_param(
	    to, "QUERY_STRING", query, (size_t)(q->uri.p + q->uri.n - query));
	if (q->body.p != NULL && !has_header(q, "Content-Type:"))
		put_param(to, "CONTENT_TYPE", "application/json", 16);
	if (q->body.p != NULL && !has_header(q, "Content-Length:")) {
		snprintf(number, sizeof number, "%zu", q->body.n);
		put_param(to, "CONTENT_LENGTH", number, strlen(number));
	}
	put_headers(to, q);
}

static void
take(void *to, const char *p, size_t n)
{
	fwrite(p, 1, n, to);
}

static struct text
ask(const char *path, const struct question *q, bool *whole)
{
	struct text params, out;
	struct wire_request request = {.body = q->body.p, .body_n = q->body.n};
	FILE *mem = wire_memory(&params.p, &params.n);

	put_params(mem, q);
	if (fclose(mem) != 0)
		wire_die("parameters");
	request.params = params.p;
	request.params_n = params.n;
	mem = wire_memory(&out.p, &out.n);
	*whole = wire_ask(path, &request, take, mem) == 0;
	free(params.p);
	if (fclose(mem) != 0)
		wire_die("answer");
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
	FILE *mem = wire_memory(&t.p, &t.n);

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
