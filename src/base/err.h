/*
 * What went wrong, told once.  Functions return 0 or -1 (or NULL) and fill a
 * struct err given by the caller as the last argument; the first error wins,
 * later calls to err_set leave it alone.  Field errors are collected: several
 * may be added before the function gives up.
 *
 * err.def is the table of all errors: id, HTTP status (RFC 9110), stable code,
 * title.  detail is for the caller and names nothing he may not see; cause is
 * for the log only.
 */
#ifndef DYNAPI_ERR_H
#define DYNAPI_ERR_H

#include <stdbool.h>

#include "base/str.h"

struct arena;

enum err_id {
	ERR_NONE,
#define ERR(id, status, code, title) ERR_##id,
#include "base/err.def"
#undef ERR
	ERR__MAX
};

struct err_field {
	struct str field; /* as the caller wrote it */
	const char *text;
	struct err_field *next;
};

struct err {
	struct arena *arena; /* owner of the texts; NULL: texts are dropped */
	enum err_id id;
	const char *detail; /* for the caller, or NULL: the title is enough */
	const char *cause;  /* for the log, or NULL */
	struct err_field *fields, **fields_tail;
	unsigned nfields;  /* more than a table can have columns are dropped */
	int retry_after_s; /* 0: the table decides (503 and 429 get 1) */
};

void err_init(struct err *, struct arena *);
/* returns -1, so that "return err_set(…)" reads well */
int err_set(struct err *, enum err_id, const char *detail_fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* the same with a text for the log; detail stays the title */
int err_world(struct err *, enum err_id, const char *cause_fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* with texts that are there already; fields that were added stay, with the id
 * that they have given it */
void err_tell(struct err *, enum err_id, const char *detail, const char *cause);
/* adds a field error; the id of the first one is the id of the whole */
int err_add_field(struct err *, enum err_id, struct str field,
    const char *text_fmt, ...) __attribute__((format(printf, 4, 5)));
void err_clear(struct err *);

int err_status(enum err_id);
const char *err_code(enum err_id);
const char *err_title(enum err_id);

#endif
