/* Running another program: no shell, closed descriptors, a time limit. */
#ifndef DYNAPI_PROC_H
#define DYNAPI_PROC_H

#include "base/buf.h"

/*
 * Runs argv[0] (absolute path), collects standard output and error together
 * in *out (what passes out's max is read and dropped).  Returns the exit
 * status, 128 + signal when it was killed, -1 when it could not be started,
 * -2 when timeout_ms passed (the program is killed).
 */
int proc_run(char *const argv[], int timeout_ms, struct buf *out);

#endif
