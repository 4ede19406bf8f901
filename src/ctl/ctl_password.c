/*
 * A new password, from standard input or typed twice on the terminal without
 * echo.  It never stands in argv or the environment.  A signal while the echo
 * is off takes effect after the terminal is as it was.
 */
#include "ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"
#include "base/utf8.h"
#include "auth/auth.h"

#define PASSWORD_MAX 1024

static volatile sig_atomic_t caught;

static void
note_signal(int number)
{
	caught = number;
}

/* up to the line's end; -1 nothing there, interrupted, or too long */
static ssize_t
read_line(int fd, char line[PASSWORD_MAX + 1])
{
	size_t n = 0;
	ssize_t got;
	char c;

	for (;;) {
		got = read(fd, &c, 1);
		if (got < 0)
			return -1;
		if (got == 0 || c == '\n')
			break;
		if (n == PASSWORD_MAX + 1)
			return -1;
		line[n++] = c;
	}
	if (n > 0 && line[n - 1] == '\r')
		n--;
	return got == 0 && n == 0 ? -1 : (ssize_t)n;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define NSIGNALS (sizeof(signals) / sizeof(signals[0]))

static ssize_t
read_hidden(int tty, const char *prompt, char line[PASSWORD_MAX + 1])
{
	struct sigaction note = {.sa_handler = note_signal};
	struct sigaction before[NSIGNALS];
	struct termios shown, hidden;
	ssize_t n;

	if (tcgetattr(tty, &shown) != 0)
		return -1;
	for (size_t i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &note, &before[i]);
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(tty, TCSAFLUSH, &hidden);
	n = dprintf(tty, "%s: ", prompt) < 0 || caught != 0
		? -1
		: read_line(tty, line);
	tcsetattr(tty, TCSAFLUSH, &shown);
	dprintf(tty, "\n");
	for (size_t i = 0; i < NSIGNALS; i++)
		sigaction(signals[i], &before[i], NULL);
	if (caught != 0)
		raise(caught);
	return n;
}

static int
ask_terminal(struct ctl *c, char line[PASSWORD_MAX + 1], ssize_t *len)
{
	char again[PASSWORD_MAX + 1];
	int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	bool same;

	if (tty < 0)
		return ctl_refuse(
		    c, "there is no terminal to ask on: use --password-stdin");
	*len = read_hidden(tty, "Password", line);
	if (*len < 0) {
		close(tty);
		return ctl_refuse(c, "no password was given");
	}
	same = read_hidden(tty, "Again", again) == *len &&
	       memcmp(line, again, (size_t)*len) == 0;
	explicit_bzero(again, sizeof(again));
	close(tty);
	return same ? 0 : ctl_refuse(c, "the two passwords differ");
}

static int
check_password(struct ctl *c, struct str password, const char *username)
{
	const char *weak;

	if (!utf8_valid(password) || str_chr(password, '\0') >= 0)
		return ctl_refuse(c, "the password is not UTF-8 text");
	weak = password_weak(password, str_from(username));
	return weak == NULL ? 0 : ctl_refuse(c, "password refused: %s", weak);
}

char *
ctl_new_password(struct ctl *c, const char *username)
{
	char line[PASSWORD_MAX + 1];
	ssize_t len = 0;
	char *hash = NULL;
	int rc;

	if (ctl_option(c, "password-stdin") == NULL)
		rc = ask_terminal(c, line, &len);
	else {
		len = read_line(STDIN_FILENO, line);
		rc = len < 0 ? ctl_refuse(c,
				   "no password on standard input, or one "
				   "of more than 1024 bytes")
			     : 0;
	}
	if (rc == 0 &&
	    check_password(c, (struct str){line, (size_t)len}, username) == 0)
		hash = password_hash(c->arena, (struct str){line, (size_t)len});
	explicit_bzero(line, sizeof(line));
	return hash;
}
