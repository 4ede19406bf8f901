/* Reads until the end rather than trusting st_size: a file may grow, and what
 * is in /proc has no size. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define CHUNK_BYTES 16384

static int
fail(struct err *err, const char *path, const char *why)
{
	return err_world(err, ERR_INTERNAL, "%s: %s", path, why);
}

/* 1 more to come, 0 end, -1 errno */
static int
read_chunk(int fd, struct buf *b)
{
	size_t room =
	    b->max - b->len < CHUNK_BYTES ? b->max - b->len : CHUNK_BYTES;
	char *p = buf_room(b, room);
	ssize_t n;

	do
		n = read(fd, p, room);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		buf_grew(b, (size_t)n);
	return n > 0 ? 1 : (int)n;
}

static int
read_all(
    int fd, const char *path, size_t max_bytes, struct buf *b, struct err *err)
{
	int got = 1;

	/* one byte of room is left over as long as the file is not too large */
	while (got > 0 && b->len <= max_bytes)
		got = read_chunk(fd, b);
	if (got < 0)
		return fail(err, path, strerror(errno));
	if (b->len > max_bytes)
		return fail(err, path, "the file is too large");
	return 0;
}

int
file_read(struct arena *a, const char *path, size_t max_bytes, struct str *out,
    struct err *err)
{
	struct buf b;
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return fail(err, path, strerror(errno));
	buf_init(
	    &b, a, max_bytes < SIZE_MAX / 8 ? max_bytes + 1 : SIZE_MAX / 8);
	rc = read_all(fd, path, max_bytes, &b, err);
	close(fd);
	*out = buf_view(&b);
	return rc;
}

int
file_check_secret(const char *path, mode_t forbidden_mode, struct err *err)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fail(err, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fail(err, path, "it is not a regular file");
	if ((st.st_mode & forbidden_mode) != 0)
		return err_world(err, ERR_INTERNAL,
		    "%s: mode %04o is too open, none of %04o is allowed", path,
		    (unsigned)(st.st_mode & 07777), (unsigned)forbidden_mode);
	return 0;
}

/* "." when there is no slash, "/" when the only one is the first */
static bool
name_dir(const char *path, char *dir, size_t bytes)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path);

	if (n == 0) {
		strcpy(dir, slash == NULL ? "." : "/");
		return true;
	}
	if (n >= bytes)
		return false;
	memcpy(dir, path, n);
	dir[n] = '\0';
	return true;
}

int
file_sync_dir(const char *path_in_it)
{
	char dir[4096];
	int fd, rc;

	if (!name_dir(path_in_it, dir, sizeof(dir)))
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}
