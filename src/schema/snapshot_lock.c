/*
 * One writer at a time.  The lock is held by the kernel (flock) and so dies
 * with its holder; the file beside the snapshot stays and is empty.  Who has
 * the lock knows that nobody else is writing: what lies there half-written
 * was left by a writer that was killed.
 */
#include "schema/schema_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"

#define RANDOM_DIGITS 16

static const char *
name_dir(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return arena_printf(a, "%.*s", (int)(slash + 1 - path), path);
}

/* only for files just created: a name that was there may lead elsewhere */
int
snapshot_give(int fd, const char *path)
{
	struct arena *a;
	struct stat st;
	int rc;

	if (geteuid() != 0)
		return 0;
	a = arena_new();
	rc = stat(name_dir(a, path), &st);
	arena_free(a);
	return rc == 0 ? fchown(fd, st.st_uid, st.st_gid) : -1;
}

/* NAME.0123456789abcdef.new */
static bool
is_leftover(const char *file, const char *name)
{
	size_t n = strlen(name);

	return strncmp(file, name, n) == 0 && file[n] == '.' &&
	       strspn(file + n + 1, "0123456789abcdef") == RANDOM_DIGITS &&
	       strcmp(file + n + 1 + RANDOM_DIGITS, ".new") == 0;
}

static void
remove_leftovers(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	DIR *d = opendir(name_dir(a, path));
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_leftover(e->d_name, name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
}

static int
open_lock(const char *name)
{
	int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(name, flags | O_CREAT | O_EXCL, 0640);

	if (fd < 0 && errno == EEXIST)
		return open(name, flags);
	if (fd >= 0 && snapshot_give(fd, name) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static int
wait_for_lock(int fd)
{
	int rc;

	do
		rc = flock(fd, LOCK_EX);
	while (rc != 0 && errno == EINTR);
	return rc;
}

int
snapshot_lock(const char *path, struct err *err)
{
	struct arena *a = arena_new();
	const char *name = arena_printf(a, "%s.lock", path);
	int fd = open_lock(name);

	if (fd >= 0 && wait_for_lock(fd) != 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		err_world(err, ERR_INTERNAL,
		    "cannot lock %s: %s; its folder must be there and "
		    "writable for this user",
		    name, strerror(errno));
	else
		remove_leftovers(a, path);
	arena_free(a);
	return fd;
}
