/*
 * A FastCGI client: asks a responder as a web server would and prints the
 * answer, or how long it took.  It can also start the program anew for each
 * request, as FastCGI responder or as plain CGI, and count the start in.
 * A bearer token is taken from the environment, so that it stands in no
 * process list.  FastCGI 1.0, RFC 3875 (CGI).
 */
#include "../lib/wire.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOKEN_VARIABLE "FCGIGET_TOKEN"
#define PARAMS_MAX     64

static const char usage[] =
    "usage: fcgiget [-it] [-n TIMES] [-k FIRST] [-m METHOD] [-d BODY | -b "
    "FILE]\n"
    "               [-H 'NAME: VALUE']... -s SOCKET [-f] URI [-- PROGRAM...]\n"
    "       fcgiget [...] -c URI -- PROGRAM...\n"
    "  -s  ask the responder at this Unix socket\n"
    "  -f  make the socket and start PROGRAM for each request\n"
    "  -c  start PROGRAM as plain CGI for each request\n"
    "  -i  print the head too\n"
    "  -t  print \"status first_ms total_ms body_bytes cpu_ms\" instead;\n"
    "      first_ms is when the first byte of the body came, cpu_ms what a\n"
    "      PROGRAM has used\n"
    "  -k  {} in URI counts from FIRST\n"
    "A token in $" TOKEN_VARIABLE " is sent as bearer token.\n";

struct options {
	bool head, times, start, cgi;
	long count, first;
	const char *method, *body, *socket, *uri;
	size_t body_n;
	char **program;
	char *params[PARAMS_MAX]; /* NAME=VALUE, as a CGI program has them */
	size_t nparams;
};

/* one answer as it comes in */
struct answer {
	const struct options *opts;
	double began, first, end; /* ms */
	double cpu;
	char head[8192];
	size_t head_len, head_end; /* head_end: 0 until the empty line */
	size_t body_bytes;
};

static double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

/* ---- request ------------------------------------------------------------ */

static void
keep_param(struct options *o, char *pair)
{
	if (pair == NULL || o->nparams + 1 == PARAMS_MAX)
		wire_die("parameters");
	o->params[o->nparams++] = pair;
}

static void
add_param(struct options *o, const char *name, const char *value)
{
	char *pair;

	keep_param(o, asprintf(&pair, "%s=%s", name, value) < 0 ? NULL : pair);
}

static void
add_header(struct options *o, const char *line)
{
	size_t n = strcspn(line, ":");
	const char *value = line + n + 1;

	if (line[n] != ':')
		wire_die(line);
	add_param(o, wire_header_name(line, n), value + strspn(value, " "));
}

/* the address with {} replaced by the number of this request */
static void
number_uri(char *out, size_t max, const char *uri, long number)
{
	const char *place = strstr(uri, "{}");

	if (place == NULL)
		snprintf(out, max, "%s", uri);
	else
		snprintf(out, max, "%.*s%ld%s", (int)(place - uri), uri, number,
		    place + 2);
}

static void
add_fixed_params(struct options *o)
{
	const char *token = getenv(TOKEN_VARIABLE);
	char number[24], *bearer;

	for (const char *const *pair = wire_fixed; *pair != NULL; pair++)
		keep_param(o, strdup(*pair));
	snprintf(number, sizeof number, "%zu", o->body_n);
	add_param(o, "REQUEST_METHOD", o->method);
	add_param(o, "CONTENT_LENGTH", *o->body ? number : "");
	if (token == NULL || *token == '\0')
		return;
	if (asprintf(&bearer, "Bearer %s", token) < 0)
		wire_die("token");
	add_param(o, "HTTP_AUTHORIZATION", bearer);
	free(bearer);
}

/* ---- answer ------------------------------------------------------------- */

static void
take_body(struct answer *a, const char *p, size_t n)
{
	if (n == 0)
		return;
	if (a->body_bytes == 0)
		a->first = now_ms();
	a->body_bytes += n;
	if (!a->opts->times)
		fwrite(p, 1, n, stdout);
}

/* the head ends with an empty line, whose lines end in CR LF or LF */
static size_t
find_head_end(const char *head, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (head[i] == '\n' &&
		    (head[i - 1] == '\n' ||
			(i > 2 && memcmp(head + i - 3, "\r\n\r\n", 4) == 0)))
			return i + 1;
	return 0;
}

static void
take(void *answer, const char *p, size_t n)
{
	struct answer *a = answer;
	size_t part;

	if (a->head_end != 0) {
		take_body(a, p, n);
		return;
	}
	part = sizeof a->head - 1 - a->head_len;
	if (part > n)
		part = n;
	memcpy(a->head + a->head_len, p, part);
	a->head_len += part;
	a->head_end = find_head_end(a->head, a->head_len);
	if (a->head_end == 0)
		return;
	if (a->opts->head && !a->opts->times)
		fwrite(a->head, 1, a->head_end, stdout);
	/* what of the head's buffer is body already, and what did not fit */
	take_body(a, a->head + a->head_end, a->head_len - a->head_end);
	take_body(a, p + part, n - part);
}

static int
answer_status(const struct answer *a)
{
	const char *line = strstr(a->head, "Status: ");

	if (a->head_end == 0)
		return 0;
	return line == NULL ? 200 : atoi(line + 8);
}

/* ---- FastCGI ------------------------------------------------------------ */

static int
ask_socket(const struct options *o, struct answer *a)
{
	struct wire_request r = {.body = o->body, .body_n = o->body_n};
	char *params;
	int rc;
	FILE *mem = wire_memory(&params, &r.params_n);

	for (size_t i = 0; i < o->nparams; i++)
		wire_pair(mem, o->params[i]);
	if (fclose(mem) != 0)
		wire_die("parameters");
	r.params = params;
	rc = wire_ask(o->socket, &r, take, a);
	free(params);
	return rc;
}

/* ---- a program of our own ----------------------------------------------- */

static pid_t
run(const struct options *o, int in, int out, char **env)
{
	pid_t pid = fork();

	if (pid < 0)
		wire_die("fork");
	if (pid > 0)
		return pid;
	dup2(in, STDIN_FILENO);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	execve(o->program[0], o->program, env);
	wire_die(o->program[0]);
	return -1;
}

static int
reap(pid_t pid, struct answer *a)
{
	struct rusage used;
	int status;

	if (wait4(pid, &status, 0, &used) != pid)
		wire_die("wait4");
	a->cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 +
		 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static int
ask_started(const struct options *o, struct answer *a)
{
	char *env[] = {NULL};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;
	struct sockaddr_un sa = wire_address(o->socket);
	pid_t pid;

	unlink(o->socket);
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0 ||
	    listen(fd, 16) != 0)
		wire_die(o->socket);
	a->began = now_ms();
	pid = run(o, fd, -1, env);
	rc = ask_socket(o, a);
	a->end = now_ms();
	kill(pid, SIGKILL);
	reap(pid, a);
	close(fd);
	unlink(o->socket);
	return rc;
}

static int
ask_cgi(struct options *o, struct answer *a)
{
	size_t length = o->body_n;
	int in[2], out[2];
	static char data[65536];
	ssize_t n;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		wire_die("pipe");
	o->params[o->nparams] = NULL;
	a->began = now_ms();
	pid = run(o, in[0], out[1], o->params);
	close(in[0]);
	close(out[1]);
	/* a body of the bench fits the pipe */
	if (write(in[1], o->body, length) != (ssize_t)length)
		wire_die("body");
	close(in[1]);
	while ((n = read(out[0], data, sizeof data)) > 0)
		take(a, data, (size_t)n);
	close(out[0]);
	a->end = now_ms();
	return reap(pid, a) == 0 && n == 0 ? 0 : -1;
}

/* ---- main --------------------------------------------------------------- */

static int
ask(struct options *o, struct answer *a)
{
	int rc;

	if (o->cgi)
		return ask_cgi(o, a);
	if (o->start)
		return ask_started(o, a);
	a->began = now_ms();
	rc = ask_socket(o, a);
	a->end = now_ms();
	return rc;
}

/* one request: 0, or 1 when the answer was cut or is an error */
static int
one(struct options *o, long number)
{
	char uri[2048];
	const char *question;
	size_t fixed = o->nparams;
	struct answer a = {.opts = o};
	int rc, status;

	number_uri(uri, sizeof uri, o->uri, number);
	question = strchr(uri, '?');
	add_param(o, "REQUEST_URI", uri);
	add_param(o, "QUERY_STRING", question == NULL ? "" : question + 1);
	rc = ask(o, &a);
	status = answer_status(&a);
	if (o->times)
		printf("%d %.3f %.3f %zu %.3f\n", status,
		    (a.body_bytes ? a.first : a.end) - a.began, a.end - a.began,
		    a.body_bytes, a.cpu);
	if (rc != 0)
		fprintf(stderr, "fcgiget: %s: the answer was cut\n", uri);
	else if (status >= 400)
		fprintf(stderr, "fcgiget: %s: status %d\n", uri, status);
	while (o->nparams > fixed)
		free(o->params[--o->nparams]);
	return rc != 0 || status == 0 || status >= 400;
}

static void
map_body(struct options *o, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		wire_die(path);
	o->body_n = (size_t)st.st_size;
	o->body = mmap(NULL, o->body_n, PROT_READ, MAP_PRIVATE, fd, 0);
	if (o->body == MAP_FAILED)
		wire_die(path);
	close(fd);
}

static void
read_options(struct options *o, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+b:cd:fH:ik:m:n:s:t")) != -1) {
		switch (c) {
		case 'b':
			map_body(o, optarg);
			break;
		case 'c':
			o->cgi = true;
			break;
		case 'd':
			o->body = optarg;
			o->body_n = strlen(optarg);
			break;
		case 'f':
			o->start = true;
			break;
		case 'H':
			add_header(o, optarg);
			break;
		case 'i':
			o->head = true;
			break;
		case 'k':
			o->first = atol(optarg);
			break;
		case 'm':
			o->method = optarg;
			break;
		case 'n':
			o->count = atol(optarg);
			break;
		case 's':
			o->socket = optarg;
			break;
		case 't':
			o->times = true;
			break;
		default:
			fputs(usage, stderr);
			exit(2);
		}
	}
	o->uri = argv[optind];
	if (o->uri != NULL && argv[optind + 1] != NULL)
		o->program =
		    argv + optind + 1 + (strcmp(argv[optind + 1], "--") == 0);
	if (o->uri == NULL || (o->socket == NULL) != o->cgi ||
	    ((o->cgi || o->start) &&
		(o->program == NULL || *o->program == NULL))) {
		fputs(usage, stderr);
		exit(2);
	}
}

int
main(int argc, char **argv)
{
	struct options o = {.method = "GET", .body = "", .count = 1};
	int failed = 0;

	read_options(&o, argc, argv);
	signal(SIGPIPE, SIG_IGN);
	add_fixed_params(&o);
	for (long i = 0; i < o.count; i++)
		failed |= one(&o, o.first + i);
	for (size_t i = 0; i < o.nparams; i++)
		free(o.params[i]);
	return failed || fflush(stdout) != 0;
}
