/*
 * One writer at a time.  The lock is held by the kernel (flock) and so dies
 * with its holder; the file beside the snapshot stays and is empty.  Who has
 * the lock knows that nobody else is writing: what lies there half-written
 * was left by a writer that was killed.
 */
#include "schema/schema.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"

#define RANDOM_DIGITS 16

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
	const char *dir =
	    slash == NULL ? "."
			  : arena_printf(a, "%.*s", (int)(name - path), path);
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (is_leftover(e->d_name, name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
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
	int fd;

	fd = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd >= 0 && wait_for_lock(fd) != 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		err_world(err, ERR_INTERNAL, "cannot lock %s: %s", name,
		    strerror(errno));
	else
		remove_leftovers(a, path);
	arena_free(a);
	return fd;
}
