/*
 * How often somebody may do something, counted by all processes of a host in
 * one file that they map (struct throttle).
 *
 *   rate, who ─throttle_take→ 0, or how long to wait ─throttle_give_back→
 *
 * The promise: in no stretch of time as long as the rate's period are more than
 * its n taken and kept, whatever processes do at the same time and whenever
 * they are killed.  A count costs no system call and waits for nobody.  Names
 * are not in the file, only 64 bits of a keyed hash of each.
 *
 * The same file says how many passwords are being hashed on the host.
 */
#ifndef DYNAPI_LIMIT_H
#define DYNAPI_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct err;
struct rate;

struct throttle;

/* what is counted: the same name is another counter for each */
enum throttle_what {
	THROTTLE_USER,
	THROTTLE_CLIENT,
	THROTTLE_NAME,
	THROTTLE_SOURCE
};

/* what throttle_take took; all zero: nothing */
struct taken {
	uint64_t *count;
	uint64_t mark;
};

/* the file, made when it is missing, damaged or of an earlier boot; NULL with
 * the reason as cause */
struct throttle *throttle_open(const char *path, struct err *);
void throttle_close(struct throttle *);
/* is it another file by now, or none? */
bool throttle_replaced(const struct throttle *, const char *path);
/* a clock of microseconds instead of clock_mono_us: for tests */
void throttle_set_clock(struct throttle *, int64_t (*now_us)(void));

/* 0, or the microseconds after which the next one passes when nobody else takes
 * any until then */
int64_t throttle_take(struct throttle *, enum throttle_what, struct str who,
    const struct rate *, struct taken *);
/* it shall not have counted; before throttle_close.  *taken is zero then */
void throttle_give_back(struct taken *);

/* one of as many places as there are processors, waited for that long; -1: all
 * are taken.  A process that dies has left its place. */
int throttle_enter(struct throttle *, int64_t wait_ms);
void throttle_leave(struct throttle *, int place);

#endif
