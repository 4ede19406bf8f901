/*
 * /api/auth/: login, refresh, logout, me.  A login is two batches with the
 * password's hash computed between them, in this process and not in the
 * database; what goes wrong in any way looks the same from outside.
 */
#include "handler/handler.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/jsonw.h"

#define JTI_BYTES          16
#define PASSWORD_BYTES_MAX 1024

/* a member of the body that must be a text */
static struct str
take_text(struct ctx *c, const char *name)
{
	struct str key = str_from(name);
	const struct json *j = json_get(c->body, key);

	if (j == NULL)
		err_add_field(
		    &c->err, ERR_REQUIRED, key, "This field is required.");
	else if (j->kind != JSON_STRING)
		err_add_field(
		    &c->err, ERR_BAD_VALUE, key, "Not a valid string.");
	else if (j->text.len == 0)
		err_add_field(&c->err, ERR_BAD_VALUE, key,
		    "This field may not be blank.");
	else
		return j->text;
	return STR_NONE;
}

static int
take_object(struct ctx *c)
{
	if (c->body->kind == JSON_OBJECT)
		return 0;
	return err_set(&c->err, ERR_BAD_VALUE, "The body must be an object.");
}

/* ---- tokens ------------------------------------------------------------- */

/* a token of the session for the time given, but not beyond its end */
static struct str
make_token(
    struct ctx *c, const struct session *s, const char *type, int64_t ttl_ms)
{
	char jti[2 * JTI_BYTES + 1];
	struct claims claims = {.sub = s->user_id,
	    .iat = clock_real_s(),
	    .sid = s->id,
	    .end = s->end,
	    .jti = {jti, 2 * JTI_BYTES},
	    .type = str_from(type)};

	claims.exp = claims.iat + ttl_ms / 1000;
	if (s->end > 0 && claims.exp > s->end)
		claims.exp = s->end;
	random_hex(jti, JTI_BYTES);
	return str_from(
	    token_mint(c->arena, c->app->keys, &c->app->conf, &claims));
}

static void
make_session(struct ctx *c, struct session *s, struct str id, int64_t user_id)
{
	int64_t ttl_ms = c->app->conf.refresh_ttl;

	*s = (struct session){
	    .id = id, .user_id = user_id, .lifetime_s = ttl_ms / 1000};
	s->end = clock_real_s() + s->lifetime_s;
	s->refresh = make_token(c, s, "refresh", ttl_ms);
}

struct str
account_token(struct ctx *c, const struct session *s)
{
	return make_token(c, s, "access", c->app->conf.access_ttl);
}

static void
write_tokens(struct ctx *c, struct jsonw *w, const struct session *s)
{
	jsonw_kv(w, "refresh", s->refresh);
	jsonw_kv(w, "access", account_token(c, s));
}

/* ---- login -------------------------------------------------------------- */

struct account {
	int64_t id;      /* 0: nobody who could log in has that name */
	struct str hash; /* STR_NONE: none to compare with */
};

static int
find_account(struct ctx *c, struct stmt *lookup, struct account *account)
{
	struct batch *b = ctx_batch(c, BATCH_READ);
	size_t at = batch_add(b, lookup);
	struct rows *rows;
	int rc;

	*account = (struct account){.hash = STR_NONE};
	if (ctx_run(c, b) != 0)
		return -1;
	rows = batch_rows(b, at);
	rc = rows_next(rows, &c->err);
	if (rc != 1)
		return rc;
	if (!str_eq_c(rows_cell(rows, 2), "t"))
		return 0;
	if (rows_cell(rows, 1).p != NULL)
		account->hash = str_dup(c->arena, rows_cell(rows, 1));
	return str_i64(rows_cell(rows, 0), &account->id);
}

/* always computes a hash, so that all names take the same time */
static int
check_password(struct ctx *c, const struct account *account,
    struct str password, bool *rehash)
{
	switch (password_verify(c->arena, account->hash, password, rehash)) {
	case 1:
		return 0;
	case 0:
		return err_set(&c->err, ERR_LOGIN_FAILED, NULL);
	default:
		return err_world(&c->err, ERR_LOGIN_FAILED,
		    "the password hash of user %lld is of an unknown kind or "
		    "above the limits",
		    (long long)account->id);
	}
}

static int
open_session(struct ctx *c, const struct account *account, struct str new_hash,
    struct session *s, struct rows **user)
{
	struct batch *b = ctx_batch(c, BATCH_WRITE);
	size_t at;
	int rc;

	make_session(c, s, session_id_new(c->arena), account->id);
	at = batch_add(b,
	    session_open(c->arena, s, account->hash, new_hash, c->req.remote));
	if (ctx_run(c, b) != 0)
		return -1;
	*user = batch_rows(b, at);
	rc = rows_next(*user, &c->err);
	if (rc == 0)
		return err_world(&c->err, ERR_LOGIN_FAILED,
		    "the account changed while it was checked");
	return rc < 0 ? -1 : 0;
}

/* *new_hash: STR_NONE when the stored one is good */
static int
compare_password(struct ctx *c, const struct account *account,
    struct str password, struct str *new_hash)
{
	bool rehash;
	int place, rc;

	*new_hash = STR_NONE;
	if (ctx_hash_begin(c, &place) != 0)
		return -1;
	rc = check_password(c, account, password, &rehash);
	if (rc == 0 && rehash)
		*new_hash = str_from(password_hash(c->arena, password));
	ctx_hash_end(c, place);
	return rc;
}

static int
try_account(struct ctx *c, struct stmt *lookup, struct str password,
    struct session *s, struct rows **user)
{
	struct account account;
	struct str new_hash;

	if (find_account(c, lookup, &account) != 0 ||
	    compare_password(c, &account, password, &new_hash) != 0)
		return -1;
	return open_session(c, &account, new_hash, s, user);
}

int
account_open(struct ctx *c, struct str name, struct stmt *lookup,
    struct str password, struct session *s, struct rows **user)
{
	int rc;

	if (password.len > PASSWORD_BYTES_MAX)
		return err_add_field(&c->err, ERR_BAD_VALUE, STR("password"),
		    "This password is too long: 1,024 bytes at most.");
	if (ctx_try(c, name) != 0)
		return -1;
	rc = try_account(c, lookup, password, s, user);
	if (c->err.id != ERR_LOGIN_FAILED)
		ctx_forgive(c);
	return rc;
}

void
account_write(struct jsonw *w, const struct session *s, const struct rows *user)
{
	jsonw_object(w);
	jsonw_kv_i64(w, "id", s->user_id);
	jsonw_kv(w, "username", rows_cell(user, 1));
	jsonw_kv(w, "email", rows_cell(user, 2));
	jsonw_kv(w, "contact", rows_cell(user, 3));
	jsonw_end(w);
}

static int
account_login(struct ctx *c)
{
	struct str username, password;
	struct rows *user = NULL;
	struct session s = {0};
	struct jsonw w;

	if (take_object(c) != 0)
		return -1;
	username = take_text(c, "username");
	password = take_text(c, "password");
	if (c->err.id != ERR_NONE ||
	    account_open(c, username, session_lookup(c->arena, username),
		password, &s, &user) != 0)
		return -1;
	respond_begin(c, &w);
	jsonw_object(&w);
	write_tokens(c, &w, &s);
	jsonw_key(&w, "user");
	account_write(&w, &s, user);
	jsonw_end(&w);
	return respond_json(c, 200);
}

/* ---- refresh and logout ------------------------------------------------- */

static int
verify_refresh(struct ctx *c, struct str token, struct claims *claims)
{
	return token_verify(c->arena, c->app->keys, &c->app->conf, token,
	    "refresh", clock_real_s(), claims, &c->err);
}

/* 0 when the statement's one value is true */
static int
ask_true(struct ctx *c, struct batch *b, size_t at)
{
	struct rows *rows;
	int rc;

	if (ctx_run(c, b) != 0)
		return -1;
	rows = batch_rows(b, at);
	rc = rows_next(rows, &c->err);
	if (rc < 0)
		return -1;
	if (rc == 1 && str_eq_c(rows_cell(rows, 0), "t"))
		return 0;
	return err_world(&c->err, ERR_TOKEN_INVALID,
	    "the session has ended or the refresh token was used before");
}

static int
rotate_session(struct ctx *c, struct str token, struct session *s)
{
	struct batch *b = ctx_batch(c, BATCH_WRITE);
	struct claims claims;
	size_t at;

	if (verify_refresh(c, token, &claims) != 0)
		return -1;
	make_session(c, s, claims.sid, claims.sub);
	at = batch_add(b, session_rotate(c->arena, s, token));
	return ask_true(c, b, at);
}

static int
account_refresh(struct ctx *c)
{
	struct session s;
	struct str token;
	struct jsonw w;
	int rc;

	if (take_object(c) != 0)
		return -1;
	token = take_text(c, "refresh");
	if (token.p == NULL || ctx_try(c, STR_NONE) != 0)
		return -1;
	rc = rotate_session(c, token, &s);
	if (c->err.id != ERR_TOKEN_INVALID)
		ctx_forgive(c);
	if (rc != 0)
		return -1;
	respond_begin(c, &w);
	jsonw_object(&w);
	write_tokens(c, &w, &s);
	jsonw_end(&w);
	return respond_json(c, 200);
}

/* the refresh token of a body, where there is one: STR_NONE otherwise */
static int
take_refresh(struct ctx *c, struct str *token)
{
	*token = STR_NONE;
	if (c->req.body.len == 0)
		return 0;
	c->body = json_parse(c->arena, c->req.body, &c->err);
	if (c->body == NULL || take_object(c) != 0)
		return -1;
	if (json_get(c->body, STR("refresh")) == NULL)
		return 0;
	*token = take_text(c, "refresh");
	return token->p != NULL ? 0 : -1;
}

/* ends the session of the access token, and that of the refresh token when
 * the client sends the one of another session of his */
static int
account_logout(struct ctx *c)
{
	struct batch *b = ctx_batch(c, BATCH_WRITE);
	struct claims claims;
	struct str token;

	batch_guard(b, ctx_guard_user(c, false));
	batch_add(
	    b, session_revoke(c->arena, c->principal.sid, c->principal.id));
	if (take_refresh(c, &token) != 0)
		return -1;
	if (token.p != NULL) {
		if (verify_refresh(c, token, &claims) != 0)
			return -1;
		batch_add(
		    b, session_revoke(c->arena, claims.sid, c->principal.id));
	}
	return ctx_run(c, b) != 0 ? -1 : respond_empty(c);
}

/* ---- me ----------------------------------------------------------------- */

static struct stmt *
me_stmt(struct ctx *c)
{
	struct stmt *s = stmt_new(c->arena, "me");

	stmt_lit(s, "select username, email, first_name, last_name, contact, "
		    "is_staff, is_superuser, pg_catalog.to_json(last_login), "
		    "pg_catalog.to_json(date_joined) "
		    "from dynapi.users where id = ");
	stmt_param_i64(s, c->principal.id);
	return s;
}

static void
write_json_cell(struct jsonw *w, const char *key, struct str json)
{
	jsonw_key(w, key);
	if (json.p == NULL)
		jsonw_null(w);
	else
		jsonw_raw(w, json);
}

static int
write_me(struct ctx *c, struct jsonw *w, struct rows *rows)
{
	static const char *const texts[] = {
	    "username", "email", "first_name", "last_name", "contact"};
	int rc = rows_next(rows, &c->err);

	if (rc < 0)
		return -1;
	/* the guard saw him in the same snapshot */
	if (rc == 0)
		return err_set(&c->err, ERR_TOKEN_INVALID, NULL);
	jsonw_kv_i64(w, "id", c->principal.id);
	for (size_t i = 0; i < 5; i++)
		jsonw_kv(w, texts[i], rows_cell(rows, i));
	jsonw_kv_bool(w, "is_staff", str_eq_c(rows_cell(rows, 5), "t"));
	jsonw_kv_bool(w, "is_superuser", str_eq_c(rows_cell(rows, 6), "t"));
	write_json_cell(w, "last_login", rows_cell(rows, 7));
	write_json_cell(w, "date_joined", rows_cell(rows, 8));
	return 0;
}

static void
write_my_rights(struct jsonw *w, const struct rights *rights)
{
	jsonw_key(w, "rights");
	jsonw_array(w);
	for (size_t i = 0; i < rights->n; i++) {
		jsonw_object(w);
		jsonw_kv(w, "table", rights->v[i].table);
		rights_write(w, &rights->v[i]);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static int
account_me(struct ctx *c)
{
	struct rights rights;
	struct rows *me;
	struct jsonw w;

	if (rights_ask(c, ctx_guard_user(c, false), me_stmt(c), &me, &rights) !=
	    0)
		return -1;
	respond_begin(c, &w);
	jsonw_object(&w);
	if (write_me(c, &w, me) != 0)
		return -1;
	write_my_rights(&w, &rights);
	jsonw_end(&w);
	return respond_json(c, 200);
}

#define FORM (NEEDS_JSON | TAKES_FORM)

const struct route routes_account[] = {
    {METHOD_POST, "/api/auth/login", FORM | NEEDS_NO_TOKEN, account_login,
	"Open a session with name and password"},
    {METHOD_POST, "/api/auth/token/refresh", FORM | NEEDS_NO_TOKEN,
	account_refresh, "Exchange a refresh token for new tokens"},
    {METHOD_POST, "/api/auth/logout", NEEDS_USER, account_logout,
	"End the session"},
    {METHOD_GET, "/api/auth/me", NEEDS_USER, account_me,
	"Who I am and what I may do"},
    {METHOD_HEAD, "/api/auth/me", NEEDS_USER, account_me, NULL},
    {0},
};
