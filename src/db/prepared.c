/*
 * The prepared statements of one connection.  A name is never used twice on a
 * connection, so that an answer that is late or lost cannot make an old name
 * mean a new statement; evicted names are deallocated with a later batch.
 */
#include "db/db_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* longer texts are sent unnamed: they are hardly ever asked again */
#define TEXT_MAX 32768

void
prepared_init(struct prepared *p, size_t max)
{
	memset(p, 0, sizeof(*p));
	p->max = max;
}

void
prepared_next_batch(struct prepared *p)
{
	p->batch++;
}

static void
unlink_age(struct prepared *p, struct prepared_stmt *s)
{
	if (s->newer != NULL)
		s->newer->older = s->older;
	else
		p->newest = s->older;
	if (s->older != NULL)
		s->older->newer = s->newer;
	else
		p->oldest = s->newer;
}

static void
link_newest(struct prepared *p, struct prepared_stmt *s)
{
	s->newer = NULL;
	s->older = p->newest;
	if (p->newest != NULL)
		p->newest->newer = s;
	else
		p->oldest = s;
	p->newest = s;
}

static void
unlink_hash(struct prepared *p, struct prepared_stmt *s)
{
	struct prepared_stmt **at = &p->buckets[s->hash % PREPARED_BUCKETS];

	while (*at != s)
		at = &(*at)->next_hash;
	*at = s->next_hash;
}

static void
free_stmt(struct prepared *p, struct prepared_stmt *s)
{
	unlink_hash(p, s);
	unlink_age(p, s);
	p->n--;
	free(s->text);
	free(s);
}

void
prepared_forget(struct prepared *p, struct prepared_stmt *s)
{
	if (s->state == PREPARED_READY && p->ndoomed < DOOMED_MAX)
		memcpy(p->doomed[p->ndoomed++], s->name, sizeof(s->name));
	free_stmt(p, s);
}

void
prepared_clear(struct prepared *p)
{
	while (p->newest != NULL)
		free_stmt(p, p->newest);
	p->ndoomed = 0;
}

void
prepared_undoom(struct prepared *p)
{
	if (p->ndoomed == 0)
		return;
	p->ndoomed--;
	memmove(p->doomed[0], p->doomed[1], p->ndoomed * sizeof(p->doomed[0]));
}

void
prepared_ready(struct prepared_stmt *s)
{
	s->state = PREPARED_READY;
}

static void
write_name(char out[16], uint64_t n)
{
	char digits[16];
	size_t i = 0, at = 0;

	do {
		digits[i++] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0 && i < 14);
	out[at++] = 's';
	while (i > 0)
		out[at++] = digits[--i];
	out[at] = '\0';
}

static struct prepared_stmt *
find(struct prepared *p, struct str text, uint64_t hash)
{
	struct prepared_stmt *s = p->buckets[hash % PREPARED_BUCKETS];

	for (; s != NULL; s = s->next_hash)
		if (s->hash == hash && s->len == text.len &&
		    memcmp(s->text, text.p, text.len) == 0)
			return s;
	return NULL;
}

/* false when there is no room: everything is in use, or too many names wait
 * to be deallocated */
static bool
make_room(struct prepared *p)
{
	if (p->n < p->max)
		return true;
	if (p->oldest == NULL || p->oldest->batch == p->batch ||
	    p->ndoomed == DOOMED_MAX)
		return false;
	prepared_forget(p, p->oldest);
	return true;
}

static struct prepared_stmt *
add(struct prepared *p, struct str text, uint64_t hash)
{
	struct prepared_stmt *s;

	s = calloc(1, sizeof(*s));
	if (s != NULL)
		s->text = malloc(text.len);
	if (s == NULL || s->text == NULL)
		log_fatal("memory", "out of memory for a statement");
	memcpy(s->text, text.p, text.len);
	s->len = text.len;
	s->hash = hash;
	s->state = PREPARED_SENT;
	write_name(s->name, ++p->last_name);
	s->next_hash = p->buckets[hash % PREPARED_BUCKETS];
	p->buckets[hash % PREPARED_BUCKETS] = s;
	link_newest(p, s);
	p->n++;
	return s;
}

struct prepared_stmt *
prepared_get(struct prepared *p, struct str text, bool *is_new)
{
	uint64_t hash = str_hash(text);
	struct prepared_stmt *s = find(p, text, hash);

	*is_new = false;
	if (s != NULL) {
		unlink_age(p, s);
		link_newest(p, s);
	} else {
		if (text.len == 0 || text.len > TEXT_MAX || !make_room(p))
			return NULL;
		s = add(p, text, hash);
		*is_new = true;
	}
	s->batch = p->batch;
	return s;
}
