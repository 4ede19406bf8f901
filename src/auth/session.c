/*
 * Sessions are rows; what a client holds of one is its access token (its id)
 * and its refresh token, of which the database knows the SHA-256 alone.
 */
#include "auth/auth.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"
#include "stmt/stmt.h"

#define UUID_BYTES 16

/* RFC 9562 section 5.4: version 4 */
struct str
session_id_new(struct arena *a)
{
	unsigned char bytes[UUID_BYTES];
	struct str raw = {(const char *)bytes, sizeof(bytes)};
	struct buf b;

	random_bytes(bytes, sizeof(bytes));
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	buf_init(&b, a, 36);
	buf_hex(&b, str_sub(raw, 0, 4));
	for (size_t i = 4; i <= 8; i += 2) {
		buf_char(&b, '-');
		buf_hex(&b, str_sub(raw, i, 2));
	}
	buf_char(&b, '-');
	buf_hex(&b, str_sub(raw, 10, 6));
	return buf_view(&b);
}

/* as bytea is written */
static void
add_token_hash(struct arena *a, struct stmt *s, struct str token)
{
	unsigned char hash[REFRESH_HASH_BYTES];
	struct buf b;

	sha256(token, hash);
	buf_init(&b, a, 2 + 2 * sizeof(hash));
	buf_lit(&b, "\\x");
	buf_hex(&b, (struct str){(const char *)hash, sizeof(hash)});
	stmt_param(s, buf_view(&b), NULL);
	stmt_lit(s, "::pg_catalog.bytea");
}

static void
add_uuid(struct stmt *s, struct str id)
{
	stmt_param(s, id, NULL);
	stmt_lit(s, "::pg_catalog.uuid");
}

static void
add_text(struct stmt *s, struct str text)
{
	stmt_lit(s, ", ");
	stmt_param(s, text, NULL);
	stmt_lit(s, "::pg_catalog.text");
}

struct stmt *
session_lookup(struct arena *a, struct str username)
{
	struct stmt *s = stmt_new(a, "login");

	stmt_lit(s, "select id, password, is_active from dynapi.login_lookup(");
	stmt_param(s, username, NULL);
	stmt_lit(s, "::pg_catalog.text)");
	return s;
}

struct stmt *
session_open(struct arena *a, const struct session *session,
    struct str verified, struct str new_hash, struct str client)
{
	struct stmt *s = stmt_new(a, "session_open");

	stmt_lit(s, "select id, username, email, contact "
		    "from dynapi.session_open(");
	stmt_param_i64(s, session->user_id);
	add_text(s, verified);
	add_text(s, new_hash);
	stmt_lit(s, ", ");
	add_uuid(s, session->id);
	stmt_lit(s, ", ");
	add_token_hash(a, s, session->refresh);
	stmt_lit(s, ", ");
	stmt_param_i64(s, session->lifetime_s);
	add_text(s, client);
	stmt_lit(s, ")");
	return s;
}

struct stmt *
session_rotate(struct arena *a, const struct session *session, struct str old)
{
	struct stmt *s = stmt_new(a, "session_rotate");

	stmt_lit(s, "select dynapi.session_rotate(");
	add_uuid(s, session->id);
	stmt_lit(s, ", ");
	stmt_param_i64(s, session->user_id);
	stmt_lit(s, ", ");
	add_token_hash(a, s, old);
	stmt_lit(s, ", ");
	add_token_hash(a, s, session->refresh);
	stmt_lit(s, ", ");
	stmt_param_i64(s, session->lifetime_s);
	stmt_lit(s, ")");
	return s;
}

struct stmt *
session_revoke(struct arena *a, struct str id, int64_t user_id)
{
	struct stmt *s = stmt_new(a, "session_revoke");

	stmt_lit(s, "select dynapi.session_revoke(");
	add_uuid(s, id);
	stmt_lit(s, ", ");
	stmt_param_i64(s, user_id);
	stmt_lit(s, ")");
	return s;
}
