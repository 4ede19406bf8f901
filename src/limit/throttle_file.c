/*
 * The file: made whole beside its place and renamed into it, with all its
 * blocks, so that a full disk is seen here and not as SIGBUS later.  Who makes
 * one holds a lock (flock) on the new file; a leftover of a process that was
 * killed is what the next one begins with.
 *
 * Times in it are those of the monotonic clock, which all processes share and
 * nobody can set; so a file of an earlier boot is of no use.
 */
#include "limit/limit.h"
#include "limit/limit_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/log.h"

#define HEAD_BYTES 4096
#define FILE_BYTES (HEAD_BYTES + SETS * sizeof(struct throttle_set))
#define FORMAT     1
#define TRIES      100
#define TRY_MS     10

static const char magic[8] = "DynAPI\x1at";

static void
read_boot(char boot[BOOT_BYTES])
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	memset(boot, 0, BOOT_BYTES);
	if (fd < 0)
		return;
	if (read(fd, boot, BOOT_BYTES) != BOOT_BYTES)
		memset(boot, 0, BOOT_BYTES);
	close(fd);
}

/* NULL, or why it cannot be used */
static const char *
check_head(const struct throttle_head *h, off_t size)
{
	char boot[BOOT_BYTES];

	if (size != (off_t)FILE_BYTES ||
	    memcmp(h->magic, magic, sizeof magic) != 0)
		return "is damaged";
	if (h->format != FORMAT || h->sets != SETS || h->ways != WAYS ||
	    h->buckets != BUCKETS)
		return "has another format";
	read_boot(boot);
	if (memcmp(h->boot, boot, BOOT_BYTES) != 0)
		return "is of an earlier boot";
	return NULL;
}

static const char *
check_file(int fd, struct stat *st)
{
	struct throttle_head h;

	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))
		return "is no regular file";
	if (pread(fd, &h, sizeof h, 0) != sizeof h)
		return "is damaged";
	return check_head(&h, st->st_size);
}

static struct throttle *
map_file(int fd, const struct stat *st)
{
	struct throttle *t;
	void *p =
	    mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		return NULL;
	t = calloc(1, sizeof *t);
	if (t == NULL)
		log_fatal("memory", "out of memory");
	t->head = p;
	t->sets = (struct throttle_set *)(void *)((char *)p + HEAD_BYTES);
	t->fd = fd;
	t->device = st->st_dev;
	t->inode = st->st_ino;
	t->now_us = clock_mono_us;
	return t;
}

/* all of the new file; its blocks are zero, which is empty */
static int
fill(int fd)
{
	struct throttle_head h = {
	    .format = FORMAT, .sets = SETS, .ways = WAYS, .buckets = BUCKETS};

	memcpy(h.magic, magic, sizeof magic);
	random_bytes(h.secret, sizeof h.secret);
	read_boot(h.boot);
	if (ftruncate(fd, 0) != 0)
		return -1;
	errno = posix_fallocate(fd, 0, (off_t)FILE_BYTES);
	if (errno != 0 || fchmod(fd, 0660) != 0)
		return -1;
	return pwrite(fd, &h, sizeof h, 0) == sizeof h ? 0 : -1;
}

static bool
is_same(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* the new file, locked, in nobody else's hands; -1 */
static int
open_new(const char *name)
{
	int fd = open(
	    name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0660);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && is_same(fd, name))
		return fd;
	close(fd);
	errno = EWOULDBLOCK;
	return -1;
}

static const char missing[] = "is missing", away[] = "cannot be opened";

/* the file as it lies there; *why when it cannot be used */
static struct throttle *
open_old(const char *path, const char **why)
{
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct throttle *t = NULL;
	struct stat st;

	*why = errno == ENOENT ? missing : away;
	if (fd < 0)
		return NULL;
	*why = check_file(fd, &st);
	if (*why == NULL && (t = map_file(fd, &st)) == NULL)
		*why = away;
	if (t == NULL)
		close(fd);
	return t;
}

/* the same, when nobody else can be making one: 0, 1 there is one, -1 */
static int
replace_file(int fd, const char *path, const char *name)
{
	const char *why;
	struct throttle *other = open_old(path, &why);
	int saved;

	if (other != NULL) {
		throttle_close(other);
		unlink(name);
		return 1;
	}
	if (fill(fd) == 0 && rename(name, path) == 0) {
		if (why != missing)
			log_msg(LEVEL_WARN, "throttle",
			    "%s: the old one %s: all counts begin anew", path,
			    why);
		return 0;
	}
	saved = errno;
	unlink(name);
	errno = saved;
	return -1;
}

/* 0 when it is worth another look at path */
static int
make_file(const char *path, const char *name)
{
	int fd = open_new(name), rc;

	if (fd < 0 && errno == EWOULDBLOCK) {
		nanosleep(&(struct timespec){0, TRY_MS * 1000000}, NULL);
		return 0;
	}
	if (fd < 0)
		return -1;
	rc = replace_file(fd, path, name);
	close(fd);
	return rc < 0 ? -1 : 0;
}

struct throttle *
throttle_open(const char *path, struct err *err)
{
	struct arena *a = arena_new();
	const char *name = arena_printf(a, "%s.new", path), *why = missing;
	struct throttle *t = NULL;
	int rc = 0;

	for (int i = 0; i < TRIES && rc == 0; i++) {
		t = open_old(path, &why);
		if (t != NULL || why == away)
			break;
		rc = make_file(path, name);
	}
	if (t == NULL)
		err_world(err, ERR_INTERNAL, "%s: %s", path,
		    rc != 0 || why == away ? strerror(errno) : why);
	arena_free(a);
	return t;
}

void
throttle_close(struct throttle *t)
{
	if (t == NULL)
		return;
	munmap(t->head, FILE_BYTES);
	close(t->fd);
	free(t);
}

bool
throttle_replaced(const struct throttle *t, const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 || st.st_dev != t->device ||
	       st.st_ino != t->inode || st.st_size != (off_t)FILE_BYTES;
}

void
throttle_set_clock(struct throttle *t, int64_t (*now_us)(void))
{
	t->now_us = now_us;
}

/* ---- locks -------------------------------------------------------------- */

static int
set_lock(const struct throttle *t, short type, off_t at)
{
	struct flock l = {
	    .l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
	int rc;

	do
		rc = fcntl(t->fd, F_SETLK, &l);
	while (rc != 0 && errno == EINTR);
	return rc;
}

int
throttle_lock(const struct throttle *t, off_t at)
{
	return set_lock(t, F_WRLCK, at);
}

void
throttle_unlock(const struct throttle *t, off_t at)
{
	set_lock(t, F_UNLCK, at);
}

/* ---- places ------------------------------------------------------------- */

static int
find_place(const struct throttle *t, int places)
{
	for (int i = 0; i < places; i++) {
		int place = (int)((getpid() + i) % places);

		if (throttle_lock(t, LOCK_PLACES + place) == 0)
			return place;
	}
	return -1;
}

int
throttle_enter(struct throttle *t, int64_t wait_ms)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	int places = processors > 0 ? (int)processors : 1, place;
	int64_t until = clock_mono_us() + wait_ms * 1000;

	/* often, so that who waits gets a place before who has just come */
	while ((place = find_place(t, places)) < 0 && clock_mono_us() < until)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	return place;
}

void
throttle_leave(struct throttle *t, int place)
{
	if (place >= 0)
		throttle_unlock(t, LOCK_PLACES + place);
}
