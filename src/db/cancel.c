/*
 * PQcancel connects and waits, and a stopped server makes it wait for ever.
 * So it runs in a short-lived process, whose end is seen on a pipe and which
 * is killed when it takes too long.  Its end also tells that no cancel is
 * still under way that could hit the connection's next query.
 */
#include "db/db_priv.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* own connection, own pipe, nothing of the parent's: above all not the
 * client's socket, whose end the client waits for */
static void
run_helper(PGcancel *request, int pipe_fd)
{
	char message[256];
	int fd;

	fd = dup2(pipe_fd, STDIN_FILENO);
	if (close_range(STDERR_FILENO + 1, ~0U, 0) != 0 || fd < 0)
		_exit(1);
	close(STDOUT_FILENO);
	signal(SIGALRM, SIG_DFL);
	alarm(5);
	_exit(PQcancel(request, message, sizeof(message)) == 1 ? 0 : 1);
}

int
cancel_start(struct cancel *c, PGconn *conn)
{
	PGcancel *request = PQgetCancel(conn);
	int ends[2];

	if (request == NULL)
		return -1;
	if (pipe(ends) != 0) {
		PQfreeCancel(request);
		return -1;
	}
	c->pid = fork();
	if (c->pid == 0)
		run_helper(request, ends[1]);
	PQfreeCancel(request);
	close(ends[1]);
	if (c->pid < 0) {
		c->pid = 0;
		close(ends[0]);
		return -1;
	}
	c->fd = ends[0];
	return 0;
}

static bool
wait_end(int fd, int64_t deadline_us)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int64_t left = deadline_us - clock_mono_us();
		int n = poll(&p, 1, left > 0 ? (int)(left / 1000) : 0);

		if (n > 0)
			return true;
		if (n == 0 || errno != EINTR)
			return false;
	}
}

bool
cancel_finish(struct cancel *c, int64_t deadline_us)
{
	bool ended;
	int status = 0;

	if (c->pid == 0)
		return true;
	ended = wait_end(c->fd, deadline_us);
	if (!ended)
		kill(c->pid, SIGKILL);
	close(c->fd);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	c->pid = 0;
	return ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
