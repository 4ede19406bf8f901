/*
 * What of a request is counted, and for whom.  Users by their id, others by
 * their address, where IPv6 counts by the network that one customer is given
 * (RFC 6177: /64 at least).  Without its file nothing is throttled: serving
 * goes on, and the log says so.
 */
#include "app/app.h"

#include <ctype.h>
#include <string.h>
#include <wctype.h>

#include "app/app_priv.h"
#include "base/addr.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"

/* the file may be removed or replaced at any time; who asks within this time
 * of another does not look again */
#define LOOK_US 1000000

/* failed logins of one address, for one of a name */
#define SOURCE_FACTOR 10
#define SOURCE_MAX    1000000

#define HASH_WAIT_MS 1000

static void
look_at_file(struct app *app)
{
	const char *path = app->conf.throttle_file;
	struct arena *a;
	struct err err;

	if (app->throttle != NULL && !throttle_replaced(app->throttle, path))
		return;
	throttle_close(app->throttle);
	a = arena_new();
	err_init(&err, a);
	app->throttle = path != NULL ? throttle_open(path, &err) : NULL;
	if (app->throttle == NULL && !app->throttle_warned)
		log_msg(LEVEL_WARN, "throttle",
		    "%s; nothing is throttled until it can be",
		    err.cause ? err.cause : "throttle_file is not set");
	app->throttle_warned = app->throttle == NULL;
	arena_free(a);
}

/* the same one during all of a request: what was taken lies in it */
static struct throttle *
use_throttle(struct ctx *c)
{
	struct app *app = c->app;

	if (app->throttle_looked_us == 0 ||
	    c->began_us - app->throttle_looked_us > LOOK_US) {
		app->throttle_looked_us = c->began_us;
		look_at_file(app);
	}
	return app->throttle;
}

static int
refuse(struct ctx *c, int64_t wait_us)
{
	int64_t seconds = (wait_us + 999999) / 1000000;

	c->err.retry_after_s = (int)seconds;
	return err_set(&c->err, ERR_THROTTLED,
	    "Request was throttled. Expected available in %lld second%s.",
	    (long long)seconds, seconds == 1 ? "" : "s");
}

/* as many bytes of the address as tell one client from another */
static struct str
client_of(struct ctx *c)
{
	struct str remote = c->req.remote;
	struct addr a;

	if (!addr_parse(remote, &a))
		return remote;
	return str_dup(c->arena,
	    (struct str){(const char *)a.b, addr_is_v4(&a) ? sizeof a.b : 8});
}

/* ---- requests ----------------------------------------------------------- */

int
ctx_count(struct ctx *c)
{
	const struct rate *rate = c->app->conf.throttle;
	struct throttle *t;
	int64_t wait;

	if (rate == NULL || c->counted ||
	    (c->route != NULL && c->route->needs & NOT_COUNTED))
		return 0;
	t = use_throttle(c);
	if (t == NULL)
		return 0;
	c->counted = true;
	if (c->principal.anonymous)
		wait = throttle_take(
		    t, THROTTLE_CLIENT, client_of(c), rate, &c->taken);
	else
		wait = throttle_take(t, THROTTLE_USER,
		    (struct str){
			(const char *)&c->principal.id, sizeof c->principal.id},
		    rate, &c->taken);
	return wait == 0 ? 0 : refuse(c, wait);
}

void
ctx_uncount(struct ctx *c)
{
	throttle_give_back(&c->taken);
}

/* ---- logins ------------------------------------------------------------- */

/* The letter that all stand for which the database may take for the same, by
 * lower() of whatever locale it has; 0: it may vanish there.  That of an i with
 * a dot is an i, and one more dot by some. */
static uint32_t
fold_letter(const struct app *app, uint32_t letter)
{
	if (letter == 0x307)
		return 0;
	if (app->letters == (locale_t)0)
		return letter < 0x80 ? (uint32_t)tolower((int)letter) : 0x80;
	return towlower_l(towupper_l(letter, app->letters), app->letters);
}

/* names that the database may take for the same count together, and no others:
 * who has a name in another script is not locked out with everybody else */
static struct str
fold_name(struct ctx *c, struct str name)
{
	struct app *app = c->app;
	char *text = arena_alloc(c->arena, 2 * name.len + 1);
	size_t n = 0, len;
	uint32_t letter;

	if (app->letters == (locale_t)0)
		app->letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	for (size_t i = 0; i < name.len; i += len) {
		len = utf8_char(str_sub(name, i, name.len));
		if (len == 0)
			break;
		letter = fold_letter(app, utf8_decode(str_sub(name, i, len)));
		if (letter != 0)
			n += utf8_encode(text + n, letter);
	}
	return (struct str){text, n};
}

int
ctx_try(struct ctx *c, struct str name)
{
	const struct rate *rate = c->app->conf.throttle_login;
	struct throttle *t = rate != NULL ? use_throttle(c) : NULL;
	struct rate source;
	int64_t wait;

	if (t == NULL)
		return 0;
	source = *rate;
	source.n *= SOURCE_FACTOR;
	if (source.n > SOURCE_MAX)
		source.n = SOURCE_MAX;
	/* who tries too many names gets no places for them in the file, where
	 * each may take another one's */
	wait = throttle_take(
	    t, THROTTLE_SOURCE, client_of(c), &source, &c->tried[1]);
	if (wait == 0 && name.p != NULL)
		wait = throttle_take(
		    t, THROTTLE_NAME, fold_name(c, name), rate, &c->tried[0]);
	if (wait == 0)
		return 0;
	ctx_forgive(c);
	return refuse(c, wait);
}

void
ctx_forgive(struct ctx *c)
{
	throttle_give_back(&c->tried[0]);
	throttle_give_back(&c->tried[1]);
}

int
ctx_hash_begin(struct ctx *c, int *place)
{
	struct throttle *t = use_throttle(c);

	*place = t != NULL ? throttle_enter(t, HASH_WAIT_MS) : -1;
	if (t == NULL || *place >= 0)
		return 0;
	return err_set(&c->err, ERR_BUSY,
	    "Too many passwords are being checked. Try again.");
}

void
ctx_hash_end(struct ctx *c, int place)
{
	if (c->app->throttle != NULL)
		throttle_leave(c->app->throttle, place);
}
