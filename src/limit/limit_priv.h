/*
 * What the files of limit/ share: how the file is laid out.
 *
 * A set holds the counters of up to WAYS names whose hashes begin alike.  A
 * counter is a ring of BUCKETS words; each counts one slice of the period and
 * says itself whose and which slice it is, so that nothing has to be cleared:
 *
 *   tag of the name: 16 bits | number of the slice: 28 bits | count: 20 bits
 *
 * A word of another tag or of a slice long past counts as 0.
 */
#ifndef DYNAPI_LIMIT_PRIV_H
#define DYNAPI_LIMIT_PRIV_H

#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

#define SETS    1024
#define WAYS    16
#define BUCKETS 64

#define BOOT_BYTES 36

struct throttle_head {
	char magic[8];
	uint32_t format, sets, ways, buckets;
	unsigned char secret[16];
	char boot[BOOT_BYTES + 4]; /* clocks begin anew with each */
};

struct throttle_set {
	uint64_t key[WAYS];  /* hash of the name; 0: free */
	uint64_t seen[WAYS]; /* second of last use << 32 | seconds it matters */
	uint64_t count[WAYS][BUCKETS];
};

struct throttle {
	struct throttle_head *head; /* the mapping */
	struct throttle_set *sets;
	int fd;
	uint64_t device, inode;
	int64_t (*now_us)(void);
};

/* record locks on bytes that the file need not have: a set being changed, a
 * place taken.  The kernel drops them when their holder dies. */
#define LOCK_SETS   ((off_t)1 << 40)
#define LOCK_PLACES ((off_t)1 << 41)
/* 0, -1: another process has it */
int throttle_lock(const struct throttle *, off_t at);
void throttle_unlock(const struct throttle *, off_t at);

/* SipHash-2-4 (Aumasson, Bernstein 2012) */
uint64_t throttle_siphash(const unsigned char key[16], struct str);

#endif
