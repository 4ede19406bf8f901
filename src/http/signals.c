/*
 * The signals of a responder, and its watchdog: an alarm a second that cuts off
 * whoever keeps us waiting on a connection.
 */
#include "http/http_priv.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

/* signal state: the only mutable globals beside the log */
static volatile sig_atomic_t term_seen, hup_seen, catching, ticking;
static volatile sig_atomic_t drain_s, drain_until;
/* the watchdog: what is done to which connection, and when (seconds) */
static volatile sig_atomic_t watched_fd = -1, watched_how, watched_until;
/* takes the listening socket's place when it is time to leave */
static volatile sig_atomic_t null_fd = -1;

static sig_atomic_t
now_s(void)
{
	return (sig_atomic_t)(clock_mono_us() / 1000000);
}

static void
tick(void)
{
	if (ticking || !catching)
		return;
	ticking = 1;
	alarm(1);
}

/*
 * Every handler restarts what it interrupts: libfcgi takes EINTR for the end
 * of a connection.  So accept(2) is not interrupted either, but finds no
 * socket any more when it begins again.
 */
static void
on_term(int sig)
{
	(void)sig;
	if (term_seen)
		_exit(0);
	term_seen = 1;
	drain_until = now_s() + drain_s;
	if (null_fd >= 0)
		dup2(null_fd, STDIN_FILENO);
	tick();
}

static void
on_alarm(int sig)
{
	(void)sig;
	ticking = 0;
	if (term_seen && now_s() >= drain_until)
		_exit(0);
	if (watched_fd >= 0 && now_s() >= watched_until)
		shutdown(watched_fd, watched_how);
	if (term_seen || watched_fd >= 0)
		tick();
}

static void
on_hup(int sig)
{
	(void)sig;
	hup_seen = 1;
}

static void
catch_signal(int sig, void (*fn)(int))
{
	struct sigaction sa = {.sa_handler = fn, .sa_flags = SA_RESTART};

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

void
fcgi_signals(const struct fcgi *f, int64_t drain_ms)
{
	drain_s = (sig_atomic_t)(drain_ms / 1000);
	if (!fcgi_is_cgi(f) && null_fd < 0)
		null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	catching = 1;
	catch_signal(SIGTERM, on_term);
	/* what multiwatch ends its children with, as mod_fastcgi did; libfcgi's
	 * own handler would make every accept fail at once, for ever */
	catch_signal(SIGUSR1, on_term);
	catch_signal(SIGALRM, on_alarm);
	catch_signal(SIGHUP, on_hup);
	signal(SIGPIPE, SIG_IGN);
}

void
watch_begin(int fd, int how, int64_t ms)
{
	watched_fd = -1;
	watched_how = how;
	watched_until = now_s() + (sig_atomic_t)((ms + 999) / 1000);
	watched_fd = fd;
	tick();
}

void
watch_end(void)
{
	watched_fd = -1;
}

bool
fcgi_take_hup(void)
{
	bool was = hup_seen != 0;

	hup_seen = 0;
	return was;
}

bool
signals_leaving(void)
{
	return term_seen != 0;
}
