/*
 * Who asks (struct principal) and may he (the guard).
 *
 *   token ─auth_identify→ principal ─auth_guard→ stmt
 *
 * A token says who; it never says what may be done: rights are read from the
 * database by the guard, a statement that raises, in the same flush as the
 * work.  token.c is the only user of libjwt, password.c of libargon2.
 * Sources: RFC 7515, 7519, 8725; RFC 6750; RFC 9106.
 */
#ifndef DYNAPI_AUTH_H
#define DYNAPI_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct arena;
struct conf;
struct err;
struct stmt;
struct table;

#define ANONYMOUS_ID 0 /* the row of dynapi.users that visitors are */

struct principal {
	int64_t id;
	bool anonymous;
	struct str sid; /* session id (uuid text) */
	struct str jti;
	int64_t exp; /* seconds since the epoch */
	int64_t end; /* of the session, when the token was made; 0: unknown */
};

/* BULK: update or delete of many rows at once, beside the right to do it */
enum action {
	ACTION_CREATE,
	ACTION_READ,
	ACTION_UPDATE,
	ACTION_DELETE,
	ACTION_BULK
};
const char *action_name(enum action); /* "create", … */

struct keys; /* the signing keys of this process */

/*
 * Reads jwt_key_file: refuses files readable by others and keys under 32
 * bytes (ERR_INTERNAL, cause names file and reason).  A second line in the
 * file is an older key that is still accepted.
 */
struct keys *keys_load(const char *path, struct err *);
void keys_free(struct keys *);
/* what signs cursors: another secret, made from the key that signs tokens; in
 * the arena.  All processes with the same key file have the same. */
struct str keys_cursor(struct arena *, const struct keys *);

struct claims {
	int64_t sub, iat, exp;
	int64_t end; /* of the session; 0: not said */
	struct str sid, jti;
	struct str type; /* "access" or "refresh" */
};

/* the signature check that every token passes, and the vector suites too:
 * alg as in the header ("HS256"), key bytes, signing input, raw signature */
bool token_signature_ok(
    struct str alg, struct str key, struct str input, struct str signature);
/* -1: ERR_TOKEN_INVALID, ERR_HEADERS_TOO_LARGE; checks J1–J9, J13 */
int token_verify(struct arena *, struct keys *, const struct conf *,
    struct str token, const char *want_type, int64_t now_s, struct claims *,
    struct err *);
/* a signed token, terminated, in the arena */
char *token_mint(struct arena *, const struct keys *, const struct conf *,
    const struct claims *);

/*
 * From the value of the Authorization header (p NULL: absent → anonymous).
 * -1: ERR_TOKEN_INVALID for a bad token or another scheme than Bearer and the
 * one given (NULL: none).
 */
int auth_identify(struct arena *, struct keys *, const struct conf *,
    struct str authorization, const char *scheme, int64_t now_s,
    struct principal *, struct err *);

struct guard_need {
	const struct table *table;
	enum action action;
};

struct guard_opts {
	bool need_user;           /* anonymous does not pass (401) */
	bool need_superuser;      /* else 403 */
	bool read_only;           /* so is what follows in the transaction */
	int statement_timeout_ms; /* 0: leave the session's */
	/* of what follows; p NULL: leave the session's.  One that PostgreSQL
	 * does not know fails with 22023, but not before the rights */
	struct str timezone;
	/* of a write: tables beside the first one whose rows may be shown */
	const struct table *const *shown;
	size_t nshown;
	/* dynapi.may_read becomes t or f, as the cell begins: for what follows
	 * in the transaction (stmt/mark.c) */
	bool marks;
};

/*
 * The statement that raises ZD001 (session or user not valid, or anonymous
 * where a user is needed) or ZD002 (no right, anonymous or not); sets
 * dynapi.user_id locally where a table has row security.  n may be 0: only
 * "is this user still valid".  Its one cell begins with t when the principal
 * may also read the first table, else with f; then follows the same for each
 * of those that are shown.
 */
struct stmt *auth_guard(struct arena *, const struct principal *,
    const struct guard_need *, size_t n, const struct guard_opts *);

/*
 * The statements of a session's life.  All are functions of the owner's in the
 * database: the responders' role can neither read a hash nor write these
 * tables.
 */
#define REFRESH_HASH_BYTES 32

struct session {
	struct str id; /* uuid text */
	int64_t user_id;
	int64_t lifetime_s;
	int64_t end;        /* seconds since the epoch; no token outlives it */
	struct str refresh; /* the token that is good from now on */
};

/* a new session id */
struct str session_id_new(struct arena *);
/* id, password, is_active of a user who can log in; or no row */
struct stmt *session_lookup(struct arena *, struct str username);
/*
 * id, username, email, contact; no row when the user is not active or his
 * hash is not verified any more.  new_hash STR_NONE keeps the stored one.
 */
struct stmt *session_open(struct arena *, const struct session *,
    struct str verified, struct str new_hash, struct str client);
/* true: old was the good token, s->refresh is it now; false: no more, and the
 * session has ended if old was good before */
struct stmt *session_rotate(
    struct arena *, const struct session *, struct str old);
/* true: it was open */
struct stmt *session_revoke(struct arena *, struct str id, int64_t user_id);

/*
 * What the principal may do, by qualified name in the order of bytes: columns
 * table_name, can_create, can_read, can_update, can_delete, can_bulk.  A
 * superuser has one row for the table "*".
 */
struct stmt *auth_rights(struct arena *, const struct principal *);

/*
 * The accounts as a table that can be asked and written like any other, by a
 * superuser (guard_opts.need_superuser): with the columns of the native
 * dialect, or with those of v2.  What goes into the column "password" is the
 * hash.  In the arena.
 */
const struct table *accounts_table(struct arena *);
const struct table *accounts_table_v2(struct arena *);
/* what is wrong with a user's name or e-mail address, or NULL */
const char *accounts_name_wrong(struct str name);
const char *accounts_email_wrong(struct str email);

/* Argon2id m=19456 t=2 p=1, PHC string in the arena */
char *password_hash(struct arena *, struct str password);
/*
 * 1 right, 0 wrong, -1 refused (parameters above the cap, unknown format).
 * hash STR_NONE: computes a dummy hash and returns 0, so that an unknown name
 * costs the same.  *rehash: the stored form is older than today's parameters.
 */
int password_verify(
    struct arena *, struct str hash, struct str password, bool *rehash);
/* why a new password is refused, or NULL (length 8 to 1,024 bytes, not only
 * digits, not the user's name) */
const char *password_weak(struct str password, struct str username);

#endif
