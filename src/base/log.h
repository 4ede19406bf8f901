/*
 * One logfmt line per event, to stderr, a file or syslog(3).  Values are
 * escaped (buf_log), so that an event is always one line.  Levels: ERROR an
 * operator must act, WARN he should look, INFO normal life, DEBUG for us.
 * Never given to it: tokens, passwords, bind values, connection strings.
 */
#ifndef DYNAPI_LOG_H
#define DYNAPI_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum log_level { LEVEL_ERROR, LEVEL_WARN, LEVEL_INFO, LEVEL_DEBUG };
/* "error", "warn", "info" or "debug"; anything else is LEVEL_INFO */
enum log_level log_level_of(const char *name);

/* dest: "stderr", "syslog" or an absolute file name; -1 when it cannot be
 * opened (the old destination stays) */
int log_open(const char *program, const char *dest, enum log_level);
int log_reopen(void); /* after SIGHUP */
void log_set_level(enum log_level);
void log_close(void);

/*
 * Lines of INFO and DEBUG may be held back while there is more to do than to
 * write about it; whoever turns it on calls log_flush before it waits.  What
 * is held is lost when the process is killed.
 */
void log_hold(bool on);
bool log_held(void);
void log_flush(void);

/* a line is built field by field and written by log_end in one write(2) */
void log_begin(enum log_level, const char *event);
void log_str(const char *key, struct str);
void log_cstr(const char *key, const char *); /* NULL: the field is left out */
void log_i64(const char *key, int64_t);
void log_end(void);

/* event and one text */
void log_msg(enum log_level, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* LEVEL_ERROR, then exit(1) */
void log_fatal(const char *event, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn));
uint64_t log_lost(void); /* lines that could not be written */

#endif
