/*
 * A line is built in a fixed buffer, so that logging works when memory is out,
 * and leaves in one write(2).  A field that does not fit is left out and the
 * line says so.  Nothing here waits: what the destination does not take within
 * a moment is counted as lost.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/escape.h"

#define LINE_BYTES 8192
#define CUT_MARK   " cut=true"
#define WAIT_MS    100

enum kind { TO_STDERR, TO_FILE, TO_SYSLOG };

struct line {
	struct buf b;
	enum log_level level;
	bool active, cut;
	char text[LINE_BYTES];
};

static struct {
	enum kind kind;
	enum log_level level;
	int fd;
	bool may_block; /* not a regular file: ask before writing */
	bool torn;      /* the last write was short: begin with a new line */
	bool syslog_open;
	uint64_t lost;
	char program[64], path[4096];
} sink = {.level = LEVEL_INFO, .fd = STDERR_FILENO, .may_block = true};

static struct line current;

/* lines that wait for log_flush */
static struct {
	size_t len;
	bool on;
	char text[LINE_BYTES];
} held;

static const struct {
	const char *name;
	int priority;
} levels[] = {
    [LEVEL_ERROR] = {"error", LOG_ERR},
    [LEVEL_WARN] = {"warn", LOG_WARNING},
    [LEVEL_INFO] = {"info", LOG_INFO},
    [LEVEL_DEBUG] = {"debug", LOG_DEBUG},
};

enum log_level
log_level_of(const char *name)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (strcmp(name, levels[i].name) == 0)
			return (enum log_level)i;
	return LEVEL_INFO;
}

static bool
is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void
use_fd(enum kind kind, int fd)
{
	if (sink.kind == TO_FILE)
		close(sink.fd);
	sink.kind = kind;
	sink.fd = fd;
	sink.may_block = fd >= 0 && !is_regular(fd);
	sink.torn = false;
}

static int
use_file(const char *path)
{
	int fd;

	if (path[0] != '/' || strlen(path) >= sizeof(sink.path))
		return -1;
	fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
	    0640);
	if (fd < 0)
		return -1;
	use_fd(TO_FILE, fd);
	if (path != sink.path)
		strcpy(sink.path, path);
	return 0;
}

int
log_open(const char *program, const char *dest, enum log_level level)
{
	log_flush();
	if (strcmp(dest, "stderr") == 0)
		use_fd(TO_STDERR, STDERR_FILENO);
	else if (strcmp(dest, "syslog") == 0)
		use_fd(TO_SYSLOG, -1);
	else if (use_file(dest) != 0)
		return -1;
	sink.level = level;
	snprintf(sink.program, sizeof(sink.program), "%s", program);
	if (sink.syslog_open)
		closelog();
	sink.syslog_open = sink.kind == TO_SYSLOG;
	if (sink.syslog_open)
		openlog(sink.program, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	return 0;
}

int
log_reopen(void)
{
	log_flush();
	return sink.kind == TO_FILE ? use_file(sink.path) : 0;
}

void
log_set_level(enum log_level level)
{
	sink.level = level;
}

void
log_close(void)
{
	log_hold(false);
	if (sink.syslog_open)
		closelog();
	sink.syslog_open = false;
	use_fd(TO_STDERR, STDERR_FILENO);
}

static bool
can_write(void)
{
	struct pollfd p = {.fd = sink.fd, .events = POLLOUT};

	return !sink.may_block ||
	       (poll(&p, 1, WAIT_MS) == 1 && (p.revents & POLLOUT) != 0);
}

static void
write_line(const char *text, size_t len)
{
	ssize_t n = -1;

	if (can_write())
		do
			n = write(sink.fd, text, len);
		while (n < 0 && errno == EINTR);
	if (n != (ssize_t)len)
		sink.lost++;
	if (n > 0)
		sink.torn = n < (ssize_t)len;
}

/* the text of a second is made once in it */
void
log_flush(void)
{
	size_t len = held.len;

	held.len = 0;
	if (len > 0)
		write_line(held.text, len);
}

void
log_hold(bool on)
{
	log_flush();
	held.on = on;
}

bool
log_held(void)
{
	return held.len > 0;
}

/* only what is of daily life may wait */
static void
pass_line(enum log_level level, const char *text, size_t len)
{
	if (len > sizeof(held.text) - held.len)
		log_flush();
	if (!held.on || level < LEVEL_INFO || len > sizeof(held.text)) {
		log_flush();
		write_line(text, len);
		return;
	}
	memcpy(held.text + held.len, text, len);
	held.len += len;
}

static void
add_time(struct buf *b)
{
	static time_t second = -1;
	static char text[40];
	struct timespec now;
	struct tm tm;
	char micros[6];

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec != second) {
		second = now.tv_sec;
		gmtime_r(&second, &tm);
		strftime(text, sizeof(text), "ts=%Y-%m-%dT%H:%M:%S.", &tm);
	}
	buf_cstr(b, text);
	now.tv_nsec /= 1000;
	for (int i = 5; i >= 0; i--, now.tv_nsec /= 10)
		micros[i] = (char)('0' + now.tv_nsec % 10);
	buf_add(b, micros, sizeof(micros));
	buf_char(b, 'Z');
}

static void
line_begin(struct line *l, enum log_level level, const char *event)
{
	struct buf *b = &l->b;

	l->active = level <= sink.level;
	if (!l->active)
		return;
	l->level = level;
	l->cut = false;
	/* room is kept for the mark, the new line and the terminator */
	buf_fixed(b, l->text, sizeof(l->text) - sizeof(CUT_MARK) - 1);
	if (sink.kind != TO_SYSLOG) {
		if (sink.torn)
			buf_char(b, '\n');
		add_time(b);
		buf_lit(b, " level=");
		buf_cstr(b, levels[level].name);
		if (sink.program[0] != '\0') {
			buf_lit(b, " prog=");
			buf_cstr(b, sink.program);
		}
		buf_lit(b, " pid=");
		buf_i64(b, getpid());
		buf_char(b, ' ');
	}
	buf_lit(b, "event=");
	buf_log(b, str_from(event));
}

static void
line_field(struct line *l, const char *key, struct str value)
{
	struct buf *b = &l->b;
	size_t before;

	if (!l->active)
		return;
	before = b->len;
	buf_char(b, ' ');
	buf_cstr(b, key);
	buf_char(b, '=');
	buf_log(b, value);
	if (!b->overflow)
		return;
	b->overflow = false;
	b->len = before;
	b->p[before] = '\0';
	l->cut = true;
}

static void
line_end(struct line *l)
{
	struct buf *b = &l->b;
	size_t len;

	if (!l->active)
		return;
	len = b->len;
	l->active = false;
	if (l->cut) {
		memcpy(l->text + len, CUT_MARK, sizeof(CUT_MARK) - 1);
		len += sizeof(CUT_MARK) - 1;
	}
	l->text[len] = '\0';
	if (sink.kind == TO_SYSLOG) {
		syslog(levels[l->level].priority, "%s", l->text);
		return;
	}
	l->text[len] = '\n';
	pass_line(l->level, l->text, len + 1);
}

void
log_begin(enum log_level level, const char *event)
{
	line_begin(&current, level, event);
}

void
log_str(const char *key, struct str value)
{
	line_field(&current, key, value);
}

void
log_cstr(const char *key, const char *value)
{
	if (value != NULL)
		line_field(&current, key, str_from(value));
}

void
log_i64(const char *key, int64_t value)
{
	char text[24];
	struct buf b;

	buf_fixed(&b, text, sizeof(text) - 1);
	buf_i64(&b, value);
	line_field(&current, key, buf_view(&b));
}

void
log_end(void)
{
	line_end(&current);
}

/* a line of its own, so that a message while another line is being built
 * (out of memory, say) does not end up inside it */
static __attribute__((format(printf, 3, 0))) void
write_message(
    enum log_level level, const char *event, const char *fmt, va_list ap)
{
	struct line l;
	char text[2048];

	line_begin(&l, level, event);
	vsnprintf(text, sizeof(text), fmt, ap);
	line_field(&l, "msg", str_from(text));
	line_end(&l);
}

void
log_msg(enum log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;

	if (level > sink.level)
		return;
	va_start(ap, fmt);
	write_message(level, event, fmt, ap);
	va_end(ap);
}

void
log_fatal(const char *event, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	write_message(LEVEL_ERROR, event, fmt, ap);
	va_end(ap);
	exit(1);
}

uint64_t
log_lost(void)
{
	return sink.lost;
}
