/*
 * One file per resource, each with its route table at the end.  A handler
 * returns 0 when the response is complete, or -1 with c->err set: the error
 * document is written in one place (serve.c).  A handler never checks what
 * its route's needs say, and never touches libpq or FastCGI.
 */
#ifndef DYNAPI_HANDLER_H
#define DYNAPI_HANDLER_H

#include "app/app.h"

struct buf;
struct format;
struct jsonw;
struct sha256;

extern const struct route routes_account[];   /* /api/auth/… */
extern const struct route routes_auto[];      /* /api/auto/… reading */
extern const struct route routes_auto_user[]; /* /api/auto/auth/userinfo */
extern const struct route routes_auto_write[];
extern const struct route routes_data[];  /* /api/dyn/{table}/… reading */
extern const struct route routes_write[]; /* /api/dyn/{table}/… writing */
extern const struct route routes_bulk[];  /* /api/dyn/{table}/ many rows */
extern const struct route routes_health[];
extern const struct route routes_index[];    /* /api/, /api/dyn/, reload */
extern const struct route routes_options[];  /* OPTIONS */
extern const struct route routes_users[];    /* /api/users/… */
extern const struct route routes_v2[];       /* /api/v2/{table}/… */
extern const struct route routes_v2_info[];  /* /api/v2/info/… */
extern const struct route routes_v2_users[]; /* /api/v2/users/… */

/* the front doors: their grammar, their errors */
extern const struct dialect dialect_native; /* data_read.c */
extern const struct dialect dialect_users;  /* native, of accounts; users.c */
extern const struct dialect dialect_v2;     /* v2.c */
extern const struct dialect dialect_auto;   /* auto.c */
/* all of them, the default first, NULL-terminated */
extern const struct dialect *const handler_dialects[];

/* every table above under the root it belongs to, in the order of search */
extern const struct root handler_roots[];

/*
 * The login of every front door (account.c): the account that lookup finds (a
 * statement like session_lookup) by name, its password, a new session.  *user is its
 * row, read already; what goes wrong in any way looks the same from outside.
 */
int account_open(struct ctx *, struct str name, struct stmt *lookup,
    struct str password, struct session *, struct rows **user);
/* {"id":…,"username":…,"email":…,"contact":…} */
void account_write(
    struct jsonw *, const struct session *, const struct rows *user);
/* an access token of the session; its id, user_id and end are enough */
struct str account_token(struct ctx *, const struct session *);

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
/* behind this guard; also (NULL: nothing) in the same round trip gives *rows */
int rights_ask(struct ctx *, struct stmt *guard, struct stmt *also,
    struct rows **rows, struct rights *);
/* c->rights, behind the guard of what the request does with its table; once
 * (read.c) */
int read_rights(struct ctx *);
/* a guard has passed: may he also read the first table?  Asked once */
bool rights_of_guard(struct ctx *, struct rows *guard);
/* behind it: may he read c->shown[i]? */
bool rights_of_shown(const struct rows *guard, size_t i);
/* NULL: he has none on this table */
const struct right *rights_on(const struct rights *, struct str qname);
/* may he read it? */
bool rights_see(const struct rights *, struct str qname);
/* the same for struct visible */
bool rights_visible(const void *rights, const struct table *);
/* "rights":["read"] */
void rights_write(struct jsonw *, const struct right *);

struct body;
struct query;

/*
 * Reading, the same for every dialect (read.c): ask, run, write.
 *
 *   l.q = read_ask(c, &c->req.params)      the dialect's grammar, resolved
 *   list_run(c, &l)                        guard, count, select: one flush
 *   … headers from l.total, l.q->page …
 *   list_write(c, &l)                      the rows, streamed or in hand
 */
#define NO_COUNT SIZE_MAX
struct list {
	struct query *q;
	const struct format *format;
	struct batch *b;
	struct rows *rows;  /* NULL after a HEAD that only counted */
	size_t count_at;    /* index of the count in the batch, or NO_COUNT */
	int64_t count_cap;  /* the count stops here; 0: it is exact */
	size_t estimate_at; /* of the planner's figure, or NO_COUNT */
	bool capped;        /* max_rows set the limit, not the client */
	bool in_hand;       /* all rows are held; else they stream */
	int64_t total;      /* matching rows, -1: not known */
};
/*
 * Parses and resolves for c->table, and sets c->touched.  With conceal the
 * tables that the caller may not read do not exist for his names.
 */
struct query *read_ask(struct ctx *, struct params *);
/*
 * How a write is to show its row, where the dialect has words for that: a
 * question without conditions, as for a read.  *q NULL: they do not say.
 * The write's guard then asks for the right to read what is touched.
 */
int read_shape(struct ctx *, struct params *, struct query **q);
/* an included relation has too many rows; -1 */
int read_too_many(struct ctx *);
/* the members of a body become parameters behind those of the address; -1:
 * ERR_BAD_JSON, ERR_BAD_PARAM, ERR_LIMIT (question.c) */
int question_take(struct ctx *, const struct json *body);
/* the same where parameters are JSON already */
int question_take_json(struct ctx *, const struct json *body);
/* the same for a tree that is parsed already (bodies) */
int read_resolve(struct ctx *, struct query *);
/* the limits for names: with conceal what he may not read does not exist */
int read_limits(struct ctx *, struct query_limits *);
int list_run(struct ctx *, struct list *);
int list_write(struct ctx *, struct list *);
/* a row by its key (a raw path segment): rows of one statement, in hand;
 * ERR_NOT_FOUND is the caller's to say when there is none */
struct rows *read_row(struct ctx *, struct query *, struct str raw_key);
/* Content-Range: table first-last/total (n rows from first; total -1: *) */
void range_header(struct ctx *, int64_t first, int64_t n, int64_t total);
bool list_is_counted(const struct list *); /* exactly or not */
/* pages of l->total rows */
int64_t list_pages(const struct list *);
/* the cursor behind the last row of a full cursor page, else STR_NONE */
struct str list_cursor(struct ctx *, const struct list *);
/*
 * This list's own address (by the dialect's base and c->req.params) with one
 * parameter replaced, or left out where value is STR_NONE.  Where the question
 * came in a body and is too long for an address: that of the search, for the
 * same body.  -1: ERR_LIMIT, it would be too long all the same.
 */
int list_link(struct ctx *, struct buf *, const char *name, struct str value);
/* the same as Link: <…>; rel="…" */
int link_header(
    struct ctx *, const char *rel, const char *name, struct str value);
/* "/api/dyn/film/", below the mount */
void link_path(struct ctx *, struct buf *path);
/* is it, below the mount, short enough for a request and for a header? */
bool link_fits(const struct ctx *, const struct buf *path);

/*
 * Writing one row, the same for every dialect (data_write.c).  0: PostgreSQL
 * has committed; rows is what the caller may see of it, or NULL.  -1 with
 * ERR_NOT_FOUND: there is no such row.
 */
struct write {
	enum action action; /* create, update, delete */
	bool replace;       /* update: absent columns get their default */
	bool lenient_key;   /* a key in the body need not equal the path's */
	bool locks;         /* update: by lock_version; ERR_STALE_ROW */
	const struct json *body;
	struct str raw_key; /* path segment; not for create */
	bool want_row;      /* also of a delete; unless Prefer says otherwise */
	/* what a dialect may take from the head of the request */
	bool want_tag;    /* the entity tag of what came of it */
	bool conditional; /* If-Match, If-None-Match: ERR_PRECONDITION_FAILED */
	bool once;        /* create: Idempotency-Key */
	/* create: the body holds the rows of its relations, too; or NULL */
	struct document *document;
	/* create, update: how the row is shown, of read_shape; NULL: whole */
	struct query *shape;
	/* what came of it */
	struct rows *rows;
	int64_t affected;
	struct str key; /* create: the raw path segment; STR_NONE: no key */
	struct str tag; /* want_tag: without quotes, or STR_NONE */
	bool replayed;  /* created before, under the same Idempotency-Key */
};
int write_row(struct ctx *, struct write *);
/* Location of a create and the entity tag, where there is something: not after
 * a dry run */
void write_headers(struct ctx *, const struct write *);
/* A write of one row, or a create, knows its rows: any other parameter than
 * those in own (separated by blanks; "a[" is all that begin so) is refused,
 * since it would seem to choose them; names that are no parameters, where names
 * are strict. */
int write_params(struct ctx *, const char *own);
bool write_owns(struct str name, const char *own);
/* the path segment of a created row, or STR_NONE; all: rows has every column
 * of the table, not the key's alone */
struct str write_key(struct ctx *, struct rows *, bool all);
/* appends one more part of a row's path segment: the text of key column i */
void key_segment(struct ctx *, struct buf *, size_t i, struct str text);

/*
 * lock_version, where the body of a change names it (lock.c): the row has to
 * be at *value, and counts up.  NULL: it is not named, or there is none.
 */
const struct column *lock_take(struct ctx *, struct body *, struct str *value);

/*
 * Prefer (prefer.c, RFC 7240).  What writes (write_row, bulk_write,
 * bulk_change) follows it and says so in Preference-Applied; a dialect is left
 * with the shape of an answer without rows.
 */
/* of a write, before its guard: with handling=strict a value that is not known
 * is ERR_BAD_PARAM; and prefer_zone */
int prefer_check(struct ctx *);
/* tx=rollback: all is done, and then undone */
bool prefer_dry_run(const struct ctx *);
/* do the rows go out?  otherwise: what holds without preference */
bool prefer_rows(const struct ctx *, bool otherwise);
/* return=minimal or headers-only */
bool prefer_nothing(const struct ctx *);
/* Preference-Applied of a write; rows: they go out */
void prefer_applied(struct ctx *, bool rows);
/* timezone=, for the guards from here on */
int prefer_zone(struct ctx *);
/* after a failure: there is no such zone, and the same is to be tried without;
 * or c->err says so */
bool prefer_was_zone(struct ctx *);
void prefer_zone_header(struct ctx *);
/* handling=, of a request whose names were resolved */
void handling_header(struct ctx *);

/*
 * Idempotency-Key (once.c).  1: the request has one, 0: it has none, -1:
 * ERR_BAD_REQUEST.  once_replay, after the batch has failed: 1: the row was
 * created before, and *w says what is left of it; 0: that was not why; -1.
 */
int once_read(struct ctx *, struct once *);
int once_replay(struct ctx *, struct write *, const struct once *,
    size_t check /* the statement's index */);
/*
 * The parts of it, for many rows (bulk_write.c), whose body need not be in
 * hand: its bytes are added to the hash, which ends as once->fingerprint.
 * once_find: 1: *kept stands at what is kept under the key, 0: nothing is, -1.
 * once_confirm: this is its repeat, and is answered as such; or -1.
 */
struct sha256 *once_hash(const struct ctx *);
struct str once_fingerprint(struct ctx *, struct sha256 *);
int once_find(
    struct ctx *, const struct once *, struct rows **kept, bool *may_read);
int once_confirm(struct ctx *, const struct once *, const struct rows *kept,
    int64_t *created);
/* can it be that another request with the key came before? */
bool once_is_clash(const struct err *);

/*
 * Entity tags (etag.c).  The tag of a row stands for the row as it is; behind
 * a '.' follows what its representation depends on beside the row, so that
 * If-Match takes the tag of any representation.
 */
/* the options of a statement that shows this table's row, with its tag */
struct stmt_opts etag_opts(const struct ctx *);
/* the headers' conditions: 1 there are some, 0 none, -1 ERR_BAD_REQUEST */
int etag_rule(struct ctx *, struct tag_rule *);
/* would another time zone make another tag of the same row? */
bool etag_depends_on_zone(const struct ctx *);
/* does a row with this tag obey? */
bool etag_obeys(struct str tag, const struct tag_rule *);
/* the tag of the row that rows stands at; STR_NONE: it has none */
struct str etag_of(struct ctx *, const struct rows *);
/* the same of this representation of the row: its format, and what else was
 * asked */
struct str etag_full(struct ctx *, struct str row, const struct format *);
/* of a written row */
void etag_header(struct ctx *, struct str tag);
/* is a row of this question what its own columns say, and nothing else? */
bool etag_fits(const struct ctx *, const struct query *);
/* GET and HEAD of the row that rows begins with: the header, and what the
 * conditions say.  1: the answer is complete (304), 0: go on, -1: 412 */
int etag_respond(struct ctx *, struct rows *, const struct format *);

/*
 * A create of an object, or a list of them, that holds the rows of its relations
 * under their names (write.document): in one statement, with the right on every
 * table that is written (data_nested.c).  There is a key and a tag of one
 * outermost row; once it is replayed, the write has that row, and the document
 * no rows.
 */
struct document {
	bool whole; /* every column of a row goes out, not those alone that
	             * were sent and the keys that were made */
	/* what came of it */
	struct nested_set set;
	struct rows *rows;
	bool *open; /* may he read it?  By number of the row */
};
/* what write_row does of it */
int data_nested_create(struct ctx *, struct write *);
/* does a member of this object name a relation that he may know of? */
bool data_nested_is(struct ctx *, const struct json *body);
/*
 * The document as it was sent, with the values that are stored.  Of a row that
 * he may not read those that he sent, and the key, if it was made for him.
 */
int data_nested_write(struct ctx *, struct jsonw *, const struct document *);
struct chunk;
struct conflict;
struct feed_opts;

/*
 * Writing many rows, the same for every dialect (bulk_write.c): all of them in one
 * transaction, or none.  0: PostgreSQL has committed; -1: faults are named by
 * row and field, "[17].price".
 */
struct bulk {
	enum action action; /* create; update: each row holds its key */
	/* create: rows with these values are there already; NULL: a conflict */
	const struct conflict *on;
	/* the body, or rows of it (NDJSON and CSV come in as they are) */
	const struct json *json;
	int64_t max; /* rows, -1: any number */
	bool once;   /* create: Idempotency-Key */
	/* the rows as they are then go into the response's body, as an array
	 * in this format; NULL: they cannot */
	const struct format *format;
	bool want_rows; /* unless Prefer says otherwise */
	/* what came of it */
	int64_t affected;
	/* else nothing went into the body; nor when they were created before,
	 * under the same Idempotency-Key */
	bool may_read;
};
int bulk_write(struct ctx *, struct bulk *);

/* The rows of a resolved query, changed alike or deleted in one statement.
 * This and bulk_write ask for the rights themselves, "bulk" among them. */
struct change {
	struct query *q;
	const struct json *body; /* NULL: they are deleted */
	int64_t max;             /* ERR_TOO_MANY_ROWS; -1: any number */
	bool by_key;    /* no column but the key's is asked; else he must be
	              * allowed to read the table */
	bool want_rows; /* unless Prefer says otherwise */
	bool locks;     /* by lock_version; ERR_STALE_ROW */
	bool same;      /* with nothing to change: the rows as they are */
	/* what came of it */
	struct rows *rows; /* what the caller may see of them, or NULL */
	int64_t affected;
};
int bulk_change(struct ctx *, struct change *);

/* data_bulk.c: POST of an array, of lines, or with on_conflict= */
bool bulk_is_asked(const struct ctx *);
int bulk_create(struct ctx *);
/* of what bulk_write has written: the rows, or {counted: how many}, or
 * nothing */
int bulk_written(
    struct ctx *, const struct bulk *, int status, const char *counted);
/* of a change: the rows, or {counted: how many}, or nothing */
int bulk_respond(struct ctx *, const struct change *, const struct format *,
    const char *counted);

/* data_options.c: OPTIONS of a table or a row */
int data_options(struct ctx *);

/* data_read.c, data_write.c: what the native dialect does at a table and at a
 * row */
int data_list(struct ctx *);
int data_search(struct ctx *);
int data_retrieve(struct ctx *);
int data_create(struct ctx *);
int data_replace(struct ctx *);
int data_patch(struct ctx *);
int data_delete(struct ctx *);

/*
 * Writing accounts (users.c), which are a table but for what goes before and
 * comes after: users_take checks a body by the rules of accounts, and makes it
 * c->body with the hash in the place of the password; users_done (of what the
 * write has returned) says which rule the database has refused it by.
 */
int users_take(struct ctx *, const struct json *body, enum body_mode);
int users_done(struct ctx *, int rc);

/* After a batch has failed: the fields that PostgreSQL cannot have meant, by
 * casting each alone; a key that no row can have is ERR_NOT_FOUND.  -1. */
int blame_body(struct ctx *, const struct body *);
int blame_query(struct ctx *, const struct query *);
/* a constraint of a domain, which belongs to no table and names no column */
bool blame_is_domain(const struct batch *);

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
