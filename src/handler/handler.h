/*
 * One file per resource, each with its route table at the end.  A handler
 * returns 0 when the response is complete, or -1 with c->err set: the error
 * document is written in one place (serve.c).  A handler never checks what
 * its route's needs say, and never touches libpq or FastCGI.
 */
#ifndef DYNAPI_HANDLER_H
#define DYNAPI_HANDLER_H

#include "app/app.h"

struct format;
struct jsonw;

extern const struct route routes_account[]; /* /api/auth/… */
extern const struct route routes_data[];    /* /api/dyn/{table}/… reading */
extern const struct route routes_write[];   /* /api/dyn/{table}/… writing */
extern const struct route routes_health[];
extern const struct route routes_index[];   /* /api/, /api/dyn/, reload */
extern const struct route routes_options[]; /* OPTIONS */

/* every table above under the root it belongs to, in the order of search */
extern const struct root handler_roots[];

/* what the caller may do, as auth_rights tells it (rights.c) */
#define RIGHTS 5
struct right {
	struct str table;
	bool has[RIGHTS]; /* the first four as enum action */
};
struct rights {
	struct right *v; /* sorted by table */
	size_t n;
	const struct right *all; /* of a superuser: on every table */
};
int rights_read(struct ctx *, struct rows *, struct rights *);
/* NULL: he has none on this table */
const struct right *rights_on(const struct rights *, struct str qname);
/* "rights":["read"] */
void rights_write(struct jsonw *, const struct right *);

struct body;
struct query;
/* After a batch has failed: the fields that PostgreSQL cannot have meant, by
 * casting each alone; a key that no row can have is ERR_NOT_FOUND.  -1. */
int blame_body(struct ctx *, const struct body *);
int blame_query(struct ctx *, const struct query *);

/* the Allow header of this table or row: what PostgreSQL can do with it */
const char *data_methods(const struct ctx *);

/* a JSON document as the response: begin, write with *w, end with respond */
struct buf *respond_begin(struct ctx *, struct jsonw *w);
int respond_json(struct ctx *, int status);
/* an empty 204 */
int respond_empty(struct ctx *);
/* rows in the given format, streamed; single: one object, not a list */
int respond_rows(
    struct ctx *, struct rows *, const struct format *, bool single);
/* one row in hand; ERR_NOT_FOUND when there is none */
int respond_row(struct ctx *, struct rows *, const struct format *, int status);
/* Content-Type and what else the format wants */
void respond_format_headers(struct ctx *, const struct format *);
/* the format the client asked for (format= before Accept); NULL with err */
const struct format *respond_format(struct ctx *, struct str format_param);

#endif
