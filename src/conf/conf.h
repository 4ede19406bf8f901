/*
 * Configuration: a flat file of "name = value" lines, '#' starts a comment
 * line.  conf.def is THE table of parameters; the struct, the reader, the
 * manual page and the sample file come from it.  A name written as FOO.NAME
 * in the table is a family: key.TABLE = a,b.
 *
 * conf_read reports all mistakes at once, each with file and line.
 */
#ifndef DYNAPI_CONF_H
#define DYNAPI_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/str.h"

struct arena;
struct buf;
struct err;
struct json;
struct net;

/* one line of a family such as key.TABLE */
struct conf_pair {
	const char *name, *value;
	size_t line;
	const struct json *json; /* of shape.TABLE: the value, read */
	struct conf_pair *next;
};

/* so many in any time of this length */
struct rate {
	int64_t n, period_s;
};

/* addresses and networks */
struct nets {
	const char *text;
	struct net *v; /* base/addr.h */
	size_t n;
	bool local; /* "unix:" is one of them: who comes by a local socket */
};

/* C types of the parameter kinds */
typedef const char *conf_text;        /* NULL when not set */
typedef const char *conf_file;        /* absolute path, or NULL */
typedef bool conf_flag;               /* yes or no */
typedef int64_t conf_number;          /* plain */
typedef int64_t conf_size;            /* bytes; k, m, g suffixes */
typedef int64_t conf_time;            /* milliseconds; ms, s, min, h, d */
typedef const char *conf_choice;      /* one of a closed list */
typedef struct conf_pair *conf_pairs; /* in file order */
typedef const struct rate *conf_rate; /* NULL when not set */
typedef const struct nets *conf_nets; /* NULL when not set */

struct conf {
#define PARAM(name, kind, def, lo, hi, reload, prose) conf_##kind name;
#define FAMILY(name, of, prose)                       conf_pairs name;
#include "conf/conf.def"
#undef PARAM
#undef FAMILY
};

/* The build says where things are; a file compiled by hand gets these. */
#ifndef DYNAPI_SYSCONFDIR
#define DYNAPI_SYSCONFDIR "/etc/dynapi"
#endif
#ifndef DYNAPI_LOCALSTATEDIR
#define DYNAPI_LOCALSTATEDIR "/var/lib/dynapi"
#endif
#ifndef DYNAPI_BINDIR
#define DYNAPI_BINDIR "/usr/bin"
#endif
#define CONF_DEFAULT_FILE DYNAPI_SYSCONFDIR "/dynapi.conf"

/*
 * Reads path into *c (texts in the arena), defaults first.  Every mistake is
 * appended to *mistakes as "file:line: text\n"; -1 when there was one (or the
 * file cannot be read, or others than owner and group may read it) and
 * ERR_INTERNAL with the first as cause.
 */
int conf_read(struct arena *, const char *path, struct conf *c,
    struct buf *mistakes, struct err *);
/* at SIGHUP: what is read at start only has the value of before in *c; the
 * names of those that differed are appended to *kept, "a, b" */
void conf_keep(struct arena *, struct conf *c, const struct conf *before,
    struct buf *kept);
/* effective values, one "name = value" a line; secrets (conninfo texts) are
 * shown with their password hidden.  only_changed: what differs from the
 * default */
void conf_print(const struct conf *, bool only_changed, FILE *);
/* the sample file: every parameter with its prose, commented out */
void conf_sample(FILE *);
/* conninfo, or the content of conninfo_file; NULL with err when neither */
const char *conf_conninfo(struct arena *, const struct conf *, struct err *);
/* the same of admin_conninfo; path is the configuration file, which must be
 * its owner's alone when admin_conninfo stands in it */
const char *conf_admin_conninfo(
    struct arena *, const struct conf *, const char *path, struct err *);
/* a time as the file has it ("90min"), in milliseconds; -1 when it is none */
int conf_time_parse(struct str, int64_t *ms);
/* how many letters lie between two names, for "is it …?"; SIZE_MAX for names
 * too long to compare */
size_t conf_distance(struct str, struct str);
/* is item in the comma or blank separated list? '*' and '?' match */
bool conf_list_has(const char *list, struct str item);
/* walks a list: *rest starts as str_from(list); false at the end */
bool conf_list_next(struct str *rest, struct str *item);

#endif
