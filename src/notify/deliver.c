/*
 * Who may see which events.  All that is asked of the database for a batch is
 * asked before the first byte of it is queued: when the database goes away in
 * between, nobody has got anything, and the batch is read again.
 *
 * Where a policy or a view decides about single rows, the row is looked for as
 * the listener would; of one that is gone that cannot be asked, so that such a
 * table tells of no deletions, and of no changes of many rows at once.
 */
#include "notify/notify_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/log.h"
#include "db/db.h"

#define LITERAL_MAX  ((size_t)1 << 28)
#define CATCH_UP     128 /* events for one who is behind, at a time */
#define MESSAGE_ROOM 65536

struct batch_of {
	struct event *events;
	size_t n;
	struct client **who;
	size_t nwho;
	struct look *looks;
};

/* what one user sees of the events of one table */
struct look {
	struct look *next;
	const struct topic *topic;
	int64_t user_id;
	const bool *visible; /* by event */
};

static void
add_element(struct buf *b, struct str s)
{
	buf_char(b, b->len == 0 ? '{' : ',');
	if (s.p == NULL)
		buf_lit(b, "NULL");
	else
		buf_element(b, s);
}

static const char *
end_literal(struct buf *b)
{
	if (b->len == 0)
		buf_char(b, '{');
	buf_char(b, '}');
	return b->p;
}

static struct str
table_name(const struct client *c)
{
	return c->topic != NULL
		   ? (struct str){c->topic->qname, c->topic->qname_len}
		   : str_from(c->segment);
}

static struct stmt *
ask_rights(struct arena *a, struct client **v, size_t n)
{
	struct stmt *s = stmt_new(a, "live rights");
	struct buf users, sessions, tables;

	buf_init(&users, a, LITERAL_MAX);
	buf_init(&sessions, a, LITERAL_MAX);
	buf_init(&tables, a, LITERAL_MAX);
	for (size_t i = 0; i < n; i++) {
		buf_char(&users, i == 0 ? '{' : ',');
		buf_i64(&users, v[i]->user_id);
		add_element(
		    &sessions, v[i]->named ? str_from(v[i]->sid) : STR_NONE);
		add_element(&tables, table_name(v[i]));
	}
	stmt_lit(s, "select state from dynapi.live_rights(");
	stmt_param(s, str_from(end_literal(&users)), NULL);
	stmt_lit(s, "::pg_catalog.int8[], ");
	stmt_param(s, str_from(end_literal(&sessions)), NULL);
	stmt_lit(s, "::pg_catalog.uuid[], ");
	stmt_param(s, str_from(end_literal(&tables)), NULL);
	stmt_lit(s, "::pg_catalog.text[])");
	return s;
}

static int
check_some(struct notifier *d, struct client **v, size_t n, struct err *err)
{
	struct batch *b = batch_new(d->scratch, BATCH_WRITE);
	int64_t now = clock_mono_us();
	struct rows *rows;
	struct str state;

	batch_add(b, ask_rights(d->scratch, v, n));
	if (db_run(d->db, b, err) != 0)
		return -1;
	rows = batch_rows(b, 0);
	for (size_t i = 0; i < n; i++) {
		state =
		    rows_next(rows, err) == 1 ? rows_cell(rows, 0) : STR_NONE;
		v[i]->may = state.len == 1 ? state.p[0] : 's';
		v[i]->checked_us = now;
	}
	return 0;
}

int
deliver_check(struct notifier *d, struct client **v, size_t n, struct err *err)
{
	size_t some;

	/* no statement may take a second */
	for (; n > 0; v += some, n -= some) {
		some = n < CHECKS_AT_ONCE ? n : CHECKS_AT_ONCE;
		if (check_some(d, v, some, err) != 0)
			return -1;
	}
	return 0;
}

bool
deliver_judge(struct notifier *d, struct client *c)
{
	if (c->may == 't')
		return true;
	if (c->may == 's' && c->named)
		client_end(d, c, CLOSE_UNAUTHORIZED);
	else if (d->conf.conceal)
		client_end(d, c, CLOSE_NOT_FOUND);
	else
		client_end(
		    d, c, c->named ? CLOSE_FORBIDDEN : CLOSE_UNAUTHORIZED);
	return false;
}

/* ---- single rows -------------------------------------------------------- */

static bool
looks_at_rows(const struct table *t)
{
	return t->row_security || t->kind == TABLE_VIEW;
}

static bool
can_look(const struct event *e, const struct table *t)
{
	return e->key != NULL && e->nkey == t->nkey && t->nkey > 0 &&
	       !str_eq(e->kind, STR("deleted"));
}

/* the keys of those events of the table that can be looked for; which[i] is
 * the event of row i */
static struct chunk
make_chunk(struct arena *a, const struct batch_of *b, const struct topic *topic,
    size_t *which)
{
	const struct table *t = topic->table;
	struct chunk chunk = {.table = t,
	    .columns = arena_array(a, const struct column *, t->nkey),
	    .arrays = arena_array(a, const char *, t->nkey),
	    .ncolumns = t->nkey,
	    .nkey = t->nkey,
	    .first = 1};
	struct buf text;

	for (size_t k = 0; k < t->nkey; k++) {
		chunk.last = 0;
		buf_init(&text, a, LITERAL_MAX);
		for (size_t i = 0; i < b->n; i++) {
			const struct event *e = &b->events[i];

			if (e->topic != topic || !can_look(e, t))
				continue;
			which[chunk.last++] = i;
			add_element(&text, e->key[k]);
		}
		chunk.columns[k] = &t->columns[t->key[k]];
		chunk.arrays[k] = end_literal(&text);
	}
	return chunk;
}

static struct stmt *
guard_of(struct arena *a, const struct client *c)
{
	struct principal p = {
	    .id = c->user_id, .anonymous = !c->named, .sid = str_from(c->sid)};
	struct guard_need need = {c->topic->table, ACTION_READ};
	struct guard_opts opts = {.read_only = true};

	return auth_guard(a, &p, &need, 1, &opts);
}

/* -1: the database is away; any other failure shows nothing */
static int
look(struct notifier *d, const struct batch_of *b, const struct client *c,
    bool *visible, struct err *err)
{
	struct arena *a = d->scratch;
	size_t *which = arena_array(a, size_t, b->n + 1);
	struct chunk chunk = make_chunk(a, b, c->topic, which);
	struct batch *batch = batch_new(a, BATCH_READ);
	struct err e;
	int64_t ord;

	if (chunk.last == 0)
		return 0;
	batch_guard(batch, guard_of(a, c));
	batch_add(batch, stmt_bulk_present(a, &chunk));
	err_init(&e, a);
	if (db_run(d->db, batch, &e) != 0) {
		if (e.id == ERR_DB_UNAVAILABLE)
			return err_world(err, e.id, "%s", e.cause);
		if (e.id != ERR_FORBIDDEN && e.id != ERR_TOKEN_INVALID)
			log_msg(LEVEL_WARN, "live_rows", "%s",
			    e.cause != NULL ? e.cause : err_title(e.id));
		return 0;
	}
	while (rows_next(batch_rows(batch, 1), &e) == 1)
		if (str_i64(rows_cell(batch_rows(batch, 1), 0), &ord) == 0 &&
		    ord >= 1 && ord <= chunk.last)
			visible[which[ord - 1]] = true;
	return 0;
}

static const struct look *
find_look(const struct batch_of *b, const struct client *c)
{
	const struct look *l;

	for (l = b->looks; l != NULL; l = l->next)
		if (l->topic == c->topic && l->user_id == c->user_id)
			break;
	return l;
}

static int
look_for_all(struct notifier *d, struct batch_of *b, struct err *err)
{
	for (size_t i = 0; i < b->nwho; i++) {
		struct client *c = b->who[i];
		struct look *l;
		bool *visible;

		if (c->topic == NULL || !looks_at_rows(c->topic->table) ||
		    find_look(b, c) != NULL)
			continue;
		visible = arena_array(d->scratch, bool, b->n);
		if (look(d, b, c, visible, err) != 0)
			return -1;
		l = arena_make(d->scratch, struct look);
		*l = (struct look){b->looks, c->topic, c->user_id, visible};
		b->looks = l;
	}
	return 0;
}

/* ---- sending ------------------------------------------------------------ */

static struct blob *
blob_for(struct notifier *d, struct event *e, const struct client *c)
{
	struct blob **blob = c->sse ? &e->sse : &e->ws;
	struct buf text;

	if (*blob == NULL) {
		buf_init(&text, d->scratch, MESSAGE_ROOM);
		message_event(&text, e, c->topic->table, &d->stmt_opts);
		*blob = c->sse ? blob_sse(e->kind, e->seq, buf_view(&text))
			       : blob_frame(FRAME_TEXT, buf_view(&text));
	}
	(*blob)->refs++;
	return *blob;
}

static void
send_to(struct notifier *d, const struct batch_of *b, struct client *c)
{
	const struct look *l = NULL;

	if (c->topic != NULL && looks_at_rows(c->topic->table))
		l = find_look(b, c);
	for (size_t i = 0; i < b->n && c->topic != NULL; i++) {
		struct event *e = &b->events[i];

		if (e->topic != c->topic || e->seq <= c->since ||
		    (l != NULL && !l->visible[i]))
			continue;
		client_tell(d, c, blob_for(d, e, c));
	}
}

/* -1: nobody has got anything */
static int
deliver(struct notifier *d, struct batch_of *b, struct err *err)
{
	if (deliver_check(d, b->who, b->nwho, err) != 0)
		return -1;
	for (size_t i = 0; i < b->nwho; i++)
		deliver_judge(d, b->who[i]);
	if (look_for_all(d, b, err) != 0)
		return -1;
	for (size_t i = 0; i < b->nwho; i++) {
		send_to(d, b, b->who[i]);
		client_flush(d, b->who[i]);
	}
	for (size_t i = 0; i < b->n; i++) {
		blob_drop(b->events[i].ws);
		blob_drop(b->events[i].sse);
	}
	return 0;
}

static void
note_db(struct notifier *d, const struct err *err)
{
	if (err != NULL && !d->db_down)
		log_msg(LEVEL_ERROR, "live", "%s",
		    err->cause != NULL ? err->cause : err_title(err->id));
	if (err == NULL && d->db_down)
		log_msg(LEVEL_INFO, "live", "reading events again");
	d->db_down = err != NULL;
}

/* all who wait for an event of the batch */
static void
gather(struct notifier *d, struct batch_of *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		b->events[i].topic = topic_find(d, b->events[i].table);
	for (size_t i = 0; i < TOPICS; i++)
		for (struct topic *t = d->topics[i]; t != NULL; t = t->next)
			t->told = false;
	b->who = arena_array(d->scratch, struct client *, d->nclients + 1);
	for (size_t i = 0; i < b->n; i++) {
		struct topic *t = b->events[i].topic;

		if (t == NULL || t->told)
			continue;
		t->told = true;
		for (struct client *c = t->first; c != NULL; c = c->topic_next)
			if (c->state == CLIENT_OPEN && !c->behind)
				b->who[n++] = c;
	}
	b->nwho = n;
}

static int
read_new(struct notifier *d, struct err *err)
{
	struct batch_of b = {.looks = NULL};
	int64_t kept_from;

	if (!d->pooled && db_listen(d->db, err) != 0)
		return -1;
	if (d->last < 0)
		return journal_position(d, &kept_from, &d->last, err);
	if (journal_read(d, d->last, &b.events, &b.n, err) != 0)
		return -1;
	if (b.n == 0)
		return 0;
	d->busy_us = clock_mono_us() + BUSY_US;
	gather(d, &b);
	if (deliver(d, &b, err) != 0)
		return -1;
	d->last = b.events[b.n - 1].seq;
	if (b.n == EVENTS_AT_ONCE)
		d->poll_us = 0; /* there may be more */
	return 0;
}

/* who writes one event after the other wakes us for few of them
 * (db/wake.c): where there was one, more are looked for */
static int64_t
next_poll(const struct notifier *d)
{
	int64_t now = clock_mono_us();

	return now + (now < d->busy_us ? BUSY_POLL_US : POLL_US);
}

void
deliver_new(struct notifier *d)
{
	struct err err;

	arena_reset(d->scratch);
	err_init(&err, d->scratch);
	d->poll_us = INT64_MAX;
	if (read_new(d, &err) != 0) {
		note_db(d, &err);
		d->poll_us = clock_mono_us() + POLL_US;
		return;
	}
	note_db(d, NULL);
	if (d->poll_us > 0)
		d->poll_us = next_poll(d);
}

/* no more than he has room for, and nothing that all will be told */
static void
cut(struct batch_of *b, const struct client *c, int64_t last)
{
	size_t mine = 0, n;

	for (n = 0; n < b->n && b->events[n].seq <= last && mine < CATCH_UP;
	     n++)
		mine += b->events[n].topic == c->topic;
	b->n = n;
}

static int
catch_up(struct notifier *d, struct client *c, struct err *err)
{
	struct batch_of b = {.who = &c, .nwho = 1};
	size_t all;
	bool end;

	if (journal_read(d, c->since, &b.events, &b.n, err) != 0)
		return -1;
	for (size_t i = 0; i < b.n; i++)
		b.events[i].topic = topic_find(d, b.events[i].table);
	all = b.n;
	cut(&b, c, d->last);
	end = b.n < all ? b.events[b.n].seq > d->last : all < EVENTS_AT_ONCE;
	if (deliver(d, &b, err) != 0)
		return -1;
	if (c->state != CLIENT_OPEN)
		return 0;
	c->since = end ? d->last : b.events[b.n - 1].seq;
	if (c->since >= d->last) {
		c->behind = false;
		d->nbehind--;
	}
	return 0;
}

void
deliver_behind(struct notifier *d, struct client *c)
{
	struct err err;

	arena_reset(d->scratch);
	err_init(&err, d->scratch);
	note_db(d, catch_up(d, c, &err) != 0 ? &err : NULL);
}
