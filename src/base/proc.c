/*
 * The child gets a process group of its own, so that a time limit ends what it
 * started, too.  A failed exec is told through a pipe that exec closes.
 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define TIMED_OUT (-2)
/* our descriptors stay clear of 0 to 3, which the child rearranges */
#define FD_MIN 4

struct child {
	pid_t pid;
	int out;    /* its standard output and error */
	int failed; /* errno of a failed exec, or nothing */
	int64_t deadline_us;
};

/* fd moved to FD_MIN or above, or -1 */
static int
move_up(int fd)
{
	int up;

	if (fd < 0 || fd >= FD_MIN)
		return fd;
	up = fcntl(fd, F_DUPFD_CLOEXEC, FD_MIN);
	close(fd);
	return up;
}

static int
open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) != 0)
		return -1;
	fds[0] = move_up(fds[0]);
	fds[1] = move_up(fds[1]);
	if (fds[0] >= 0 && fds[1] >= 0)
		return 0;
	close(fds[0]);
	close(fds[1]);
	return -1;
}

static void
close_from(int fd)
{
	long max;

	if (close_range((unsigned)fd, ~0u, 0) == 0)
		return;
	max = sysconf(_SC_OPEN_MAX);
	for (; fd < (max < 0 ? 1024 : max); fd++)
		close(fd);
}

static void
reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void
become(char *const argv[], int out, int failed)
{
	ssize_t n;
	int null, why;

	setpgid(0, 0);
	null = open("/dev/null", O_RDONLY);
	if (null >= 0 && (null == 0 || dup2(null, 0) == 0) &&
	    dup2(out, 1) == 1 && dup2(out, 2) == 2 &&
	    dup3(failed, 3, O_CLOEXEC) == 3) {
		failed = 3;
		close_from(4);
		reset_signals();
		execv(argv[0], argv);
	}
	why = errno;
	n = write(failed, &why, sizeof(why));
	_exit(n < 0 ? 126 : 127);
}

static int
start(struct child *c, char *const argv[])
{
	int out[2], failed[2];

	if (open_pipe(out) != 0)
		return -1;
	if (open_pipe(failed) != 0) {
		close(out[0]);
		close(out[1]);
		return -1;
	}
	c->pid = fork();
	if (c->pid == 0)
		become(argv, out[1], failed[1]);
	close(out[1]);
	close(failed[1]);
	c->out = out[0];
	c->failed = failed[0];
	if (c->pid > 0) {
		setpgid(c->pid, c->pid);
		return 0;
	}
	close(c->out);
	close(c->failed);
	return -1;
}

/* milliseconds to the deadline, at least 0, at most most_ms */
static int
count_down(const struct child *c, int most_ms)
{
	int64_t left = (c->deadline_us - clock_mono_us() + 999) / 1000;

	if (left < 0)
		return 0;
	return left < most_ms ? (int)left : most_ms;
}

/* what fits goes to out, the rest is dropped; false at the end */
static bool
take_output(int fd, struct buf *out)
{
	char text[4096];
	size_t fits = out->max - out->len;
	ssize_t n = read(fd, text, sizeof(text));

	if (n > 0)
		buf_add(out, text, (size_t)n < fits ? (size_t)n : fits);
	if (n > 0 && (size_t)n > fits)
		out->overflow = true;
	return n > 0 || (n < 0 && errno == EINTR);
}

static int
collect(const struct child *c, struct buf *out)
{
	struct pollfd p = {.fd = c->out, .events = POLLIN};
	int n;

	for (;;) {
		n = poll(&p, 1, count_down(c, 60000));
		if (n > 0 && !take_output(c->out, out))
			return 0;
		if (count_down(c, 1) == 0)
			return TIMED_OUT;
	}
}

/* the child may live on after closing its output */
static int
await_exit(const struct child *c)
{
	pid_t got;
	int status;

	for (;;) {
		got = waitpid(c->pid, &status, WNOHANG);
		if (got < 0 && errno != EINTR)
			return -1;
		if (got == c->pid)
			break;
		if (count_down(c, 1) == 0)
			return TIMED_OUT;
		poll(NULL, 0, count_down(c, 5));
	}
	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}

static void
kill_all(const struct child *c)
{
	pid_t got;

	kill(-c->pid, SIGKILL);
	do
		got = waitpid(c->pid, NULL, 0);
	while (got < 0 && errno == EINTR);
}

int
proc_run(char *const argv[], int timeout_ms, struct buf *out)
{
	struct child c;
	int status, why;

	if (start(&c, argv) != 0)
		return -1;
	c.deadline_us = clock_mono_us() + (int64_t)timeout_ms * 1000;
	status = collect(&c, out);
	if (status == 0)
		status = await_exit(&c);
	if (status == TIMED_OUT)
		kill_all(&c);
	else if (read(c.failed, &why, sizeof(why)) == sizeof(why))
		status = -1;
	close(c.out);
	close(c.failed);
	return status;
}
