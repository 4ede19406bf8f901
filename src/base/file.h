/* Files that are read whole and replaced whole. */
#ifndef DYNAPI_FILE_H
#define DYNAPI_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

struct arena;
struct err;

/* -1: ERR_INTERNAL with the file's name and the reason as cause */
int file_read(struct arena *, const char *path, size_t max_bytes, struct str *,
    struct err *);
/*
 * Refuses what is not a regular file (symbolic links are followed), or is
 * readable or writable beyond mask: forbidden_mode 0077 means the owner only.
 */
int file_check_secret(const char *path, mode_t forbidden_mode, struct err *);
/* fsync of a folder, so that a rename in it survives a power cut */
int file_sync_dir(const char *path_in_it);

#endif
