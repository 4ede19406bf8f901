/*
 * Counting.  A period is cut into BUCKETS - 1 slices, each counted in a word;
 * with the slice that has begun they cover all of the period before any moment.
 *
 * First a word is raised, then all are added up: of several who do so at once,
 * the one who raised last sees all others, so that never too many find
 * themselves within the rate; who is beyond it takes his back.  A process that
 * is killed in between leaves one too many: never one too few.  Lagging behind
 * the clock, or behind a counter that was given to another name, is found after
 * the fact, and begins again.
 */
#include "limit/limit.h"
#include "limit/limit_priv.h"

#include <string.h>
#include <time.h>

#include "conf/conf.h"

#define COUNT_BITS 20
#define COUNT_MASK (((uint64_t)1 << COUNT_BITS) - 1)
#define SLICE_MASK (((uint64_t)1 << 28) - 1)
#define MARK_MASK  (~COUNT_MASK)

/* a word further ahead is not believed: the file may hold anything */
#define AHEAD_MAX ((uint64_t)1 << 20)
#define RACES     32 /* so often it is tried again; then it is as if over */
/* a set is locked for microseconds: who waits longer waits for a process that
 * was stopped, and goes on without.  At worst a name is there twice then */
#define LOCK_TRIES 20

struct counter {
	struct throttle_set *set;
	int way;
	uint64_t key, tag;
	int64_t n, width_us;
};

static uint64_t
load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

/* of the same name another rate counts by itself: its slices differ */
static uint64_t
hash_name(const struct throttle *t, enum throttle_what what, struct str who,
    const struct rate *rate)
{
	uint64_t key[2], hash;

	memcpy(key, t->head->secret, sizeof(key));
	key[0] ^= (uint64_t)what + 1;
	key[1] ^= (uint64_t)rate->period_s;
	hash = throttle_siphash((const unsigned char *)key, who);
	return hash != 0 ? hash : 1;
}

/* ---- counters ----------------------------------------------------------- */

static int
find_way(const struct counter *c)
{
	for (int i = 0; i < WAYS; i++)
		if (load(&c->set->key[i]) == c->key)
			return i;
	return -1;
}

/* the way nobody misses; else the one that was not used for the longest time.
 * A time yet to come is none: the file may hold anything */
static int
find_victim(const struct counter *c, uint64_t now_s)
{
	uint64_t oldest = UINT64_MAX, seen, last;
	int victim = 0;

	for (int i = 0; i < WAYS; i++) {
		seen = load(&c->set->seen[i]);
		last = seen >> 32;
		if (load(&c->set->key[i]) == 0 || last > now_s ||
		    last + (uint32_t)seen < now_s)
			return i;
		if (last < oldest) {
			oldest = last;
			victim = i;
		}
	}
	return victim;
}

static void
mark_seen(const struct counter *c, int way, uint64_t now_s)
{
	uint64_t life = (uint64_t)c->width_us * (BUCKETS + 1) / 1000000 + 1;
	uint64_t seen = now_s << 32 | (life & UINT32_MAX);

	if (load(&c->set->seen[way]) != seen)
		__atomic_store_n(&c->set->seen[way], seen, __ATOMIC_RELAXED);
}

static void
make_way(const struct throttle *t, struct counter *c, uint64_t now_s)
{
	off_t at = LOCK_SETS + (off_t)(c->set - t->sets);
	int tries = LOCK_TRIES;

	while (throttle_lock(t, at) != 0 && --tries > 0)
		nanosleep(&(struct timespec){0, 500000}, NULL);
	c->way = find_way(c);
	if (c->way < 0) {
		c->way = find_victim(c, now_s);
		mark_seen(c, c->way, now_s);
		__atomic_store_n(
		    &c->set->key[c->way], c->key, __ATOMIC_SEQ_CST);
	}
	if (tries > 0)
		throttle_unlock(t, at);
}

/* c->way holds the name, as long as nobody takes it away */
static void
find_counter(const struct throttle *t, struct counter *c, int64_t now_us)
{
	uint64_t now_s = (uint64_t)now_us / 1000000;

	c->way = find_way(c);
	if (c->way < 0)
		make_way(t, c, now_s);
	else
		mark_seen(c, c->way, now_s);
}

static bool
is_mine(const struct counter *c)
{
	return load(&c->set->key[c->way]) == c->key;
}

/* ---- words -------------------------------------------------------------- */

static uint64_t
mark_of(const struct counter *c, uint64_t slice)
{
	return c->tag << 48 | (slice & SLICE_MASK) << COUNT_BITS;
}

/* what the word of this slice counts */
static int64_t
count_of(const struct counter *c, uint64_t slice)
{
	uint64_t word = load(&c->set->count[c->way][slice % BUCKETS]);

	if ((word & MARK_MASK) != mark_of(c, slice))
		return 0;
	return (int64_t)(word & COUNT_MASK);
}

/* with the slice to come: others may be in it already */
static int64_t
add_up(const struct counter *c, uint64_t slice)
{
	int64_t sum = count_of(c, slice + 1);

	for (uint64_t i = 0; i < BUCKETS; i++)
		sum += count_of(c, slice - i);
	return sum;
}

/* 0 when there is room for one; else when there will be, in microseconds */
static int64_t
wait_for_room(const struct counter *c, uint64_t slice, int64_t now_us)
{
	int64_t sum = add_up(c, slice);
	uint64_t past = slice - BUCKETS;

	if (sum < c->n)
		return 0;
	while (sum >= c->n && past != slice + 1)
		sum -= count_of(c, ++past);
	return (int64_t)(past + BUCKETS) * c->width_us - now_us;
}

/* does the word count a slice after this one already?  Then this process was
 * held up for longer than the period */
static bool
is_ahead(const struct counter *c, uint64_t word, uint64_t slice)
{
	uint64_t by = ((word >> COUNT_BITS) - slice) & SLICE_MASK;

	return word >> 48 == c->tag && by > 0 && by < AHEAD_MAX;
}

/* the word of the slice, one more; false: the counter is another name's, or
 * the slice long past */
static bool
raise_word(const struct counter *c, uint64_t slice, struct taken *taken)
{
	uint64_t *word = &c->set->count[c->way][slice % BUCKETS];
	uint64_t old = load(word), mark = mark_of(c, slice), next;

	do {
		if (!is_mine(c) || is_ahead(c, old, slice))
			return false;
		next = (old & MARK_MASK) == mark ? old + 1 : mark + 1;
		if ((next & COUNT_MASK) == 0)
			return false;
	} while (!__atomic_compare_exchange_n(
	    word, &old, next, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	*taken = (struct taken){word, mark};
	return true;
}

void
throttle_give_back(struct taken *taken)
{
	uint64_t *word = taken->count, old;

	if (word == NULL)
		return;
	old = load(word);
	while ((old & MARK_MASK) == taken->mark && (old & COUNT_MASK) > 0 &&
	       !__atomic_compare_exchange_n(word, &old, old - 1, false,
		   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
	*taken = (struct taken){NULL, 0};
}

/* ---- taking ------------------------------------------------------------- */

/* 0 taken, -1 begin again, else the wait */
static int64_t
try_take(const struct throttle *t, struct counter *c, struct taken *taken)
{
	int64_t now_us = t->now_us(), wait;
	uint64_t slice = (uint64_t)(now_us / c->width_us);

	find_counter(t, c, now_us);
	wait = wait_for_room(c, slice, now_us);
	if (wait > 0)
		return wait;
	if (!raise_word(c, slice, taken))
		return -1;
	if (add_up(c, slice) <= c->n && is_mine(c) &&
	    (uint64_t)(t->now_us() / c->width_us) == slice)
		return 0;
	throttle_give_back(taken);
	return -1;
}

int64_t
throttle_take(struct throttle *t, enum throttle_what what, struct str who,
    const struct rate *rate, struct taken *taken)
{
	struct counter c = {.key = hash_name(t, what, who, rate),
	    .n = rate->n,
	    .width_us =
		(rate->period_s * 1000000 + BUCKETS - 2) / (BUCKETS - 1)};
	int64_t wait = -1;

	c.set = &t->sets[c.key >> 54];
	c.tag = c.key & 0xffff;
	*taken = (struct taken){NULL, 0};
	for (int i = 0; i < RACES && wait < 0; i++)
		wait = try_take(t, &c, taken);
	return wait >= 0 ? wait : 1;
}
