/*
 * Waiting: for PostgreSQL, with an eye on the client and on the clock.  When
 * the client has left or time is up the query is cancelled once, and what the
 * server still says is read for a short while; a server that stays silent
 * loses its connection.
 */
#include "db/db_priv.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"

void
run_lose(struct run *r, const char *why)
{
	if (r->lost)
		return;
	r->lost = true;
	r->why_lost = str_c(r->b->arena, str_trim(str_from(why)));
}

void
run_cancel(struct run *r, const char *why, int64_t drain_us)
{
	r->cancelled = true;
	r->why_cancelled = why;
	r->client_fd = -1;
	r->idle_us = 0;
	r->deadline_us = clock_mono_us() + drain_us;
	if (cancel_start(&r->cancel, r->db->conn) != 0)
		run_lose(r, "the cancel request could not be started");
}

static void
give_up(struct run *r, bool client_gone)
{
	if (r->cancelled) {
		run_lose(r, "the server does not answer");
		return;
	}
	r->b->client_gone = client_gone;
	run_cancel(r, client_gone ? "the client left" : "time is up", DRAIN_US);
}

/* -1: no bound; 0: passed */
static int
get_left_ms(const struct run *r)
{
	int64_t left = r->idle_us;

	if (left == 0) {
		if (r->deadline_us == 0)
			return -1;
		left = r->deadline_us - clock_mono_us();
	}
	if (left <= 0)
		return 0;
	left = (left + 999) / 1000;
	return left > 86400000 ? 86400000 : (int)left;
}

static void
transfer(struct run *r)
{
	PGconn *conn = r->db->conn;

	/* a dead connection is told by PQgetResult, after what had come */
	if (!PQconsumeInput(conn) && PQstatus(conn) == CONNECTION_OK)
		run_lose(r, PQerrorMessage(conn));
	if (r->unsent) {
		r->db->stats.flushes++;
		r->unsent = PQflush(conn) > 0;
	}
}

static void
wait_more(struct run *r)
{
	struct pollfd p[2] = {
	    {.fd = PQsocket(r->db->conn), .events = POLLIN},
	    {.fd = r->client_fd, .events = POLLRDHUP},
	};
	int ms = get_left_ms(r), n = 0;

	if (r->unsent)
		p[0].events |= POLLOUT;
	if (ms != 0) {
		r->db->stats.waits++;
		n = poll(p, 2, ms);
	}
	if (n < 0) {
		if (errno != EINTR)
			run_lose(r, strerror(errno));
	} else if (n > 0 && p[0].revents != 0) {
		transfer(r);
	} else {
		give_up(r, n > 0);
	}
}

PGresult *
run_await(struct run *r)
{
	while (!r->lost && PQisBusy(r->db->conn))
		wait_more(r);
	return r->lost ? NULL : PQgetResult(r->db->conn);
}
