/*
 * Password hashes: Argon2id in PHC strings (RFC 9106), and Django's
 * pbkdf2_sha256 so that its users can move in.  Stored parameters are capped
 * before anything is computed: a row with a huge cost must not stop us.
 */
#include "auth/auth.h"

#include <string.h>

#include <argon2.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/log.h"

/* what new hashes get */
#define MEMORY_KIB 19456
#define PASSES     2
#define LANES      1
#define SALT_BYTES 16
#define HASH_BYTES 32

/* what stored ones may ask for */
#define MEMORY_KIB_MAX 262144
#define PASSES_MAX     10
#define LANES_MAX      8
#define ITERATIONS_MAX 2000000
#define STORED_MAX     512

#define PASSWORD_MIN 8
#define PASSWORD_MAX 1024

struct cost {
	int64_t memory_kib, passes, lanes;
};

static void
must(int status, const char *what)
{
	if (status != ARGON2_OK)
		log_fatal("password", "libargon2: %s: %s", what,
		    argon2_error_message(status));
}

char *
password_hash(struct arena *a, struct str password)
{
	unsigned char salt[SALT_BYTES];
	size_t bytes = argon2_encodedlen(
	    PASSES, MEMORY_KIB, LANES, SALT_BYTES, HASH_BYTES, Argon2_id);
	char *text = arena_alloc(a, bytes);

	random_bytes(salt, sizeof(salt));
	must(argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.p,
		 password.len, salt, sizeof(salt), HASH_BYTES, text, bytes),
	    "hash");
	return text;
}

/* as long as a real one takes */
static void
burn_time(struct str password)
{
	static const unsigned char salt[SALT_BYTES];
	unsigned char hash[HASH_BYTES];

	must(argon2id_hash_raw(PASSES, MEMORY_KIB, LANES, password.p,
		 password.len, salt, sizeof(salt), hash, sizeof(hash)),
	    "hash");
}

/* "m=19456": cuts it off *rest */
static bool
take_cost(struct str *rest, const char *name, int64_t max, int64_t *out)
{
	struct str part;

	if (!str_cut(rest, ',', &part) || !str_starts(part, str_from(name)))
		return false;
	part = str_sub(part, strlen(name), part.len);
	return str_i64(part, out) == 0 && *out >= 1 && *out <= max;
}

/* $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH */
static bool
read_phc(struct str hash, struct cost *c)
{
	struct str rest = hash, part;

	if (!str_starts(rest, STR("$argon2id$v=19$")))
		return false;
	rest = str_sub(rest, strlen("$argon2id$v=19$"), rest.len);
	return str_cut(&rest, '$', &part) &&
	       take_cost(&part, "m=", MEMORY_KIB_MAX, &c->memory_kib) &&
	       take_cost(&part, "t=", PASSES_MAX, &c->passes) &&
	       take_cost(&part, "p=", LANES_MAX, &c->lanes) && part.p == NULL;
}

static int
verify_argon2(
    struct arena *a, struct str hash, struct str password, bool *rehash)
{
	struct cost c;

	if (!read_phc(hash, &c))
		return -1;
	*rehash = c.memory_kib != MEMORY_KIB || c.passes != PASSES ||
		  c.lanes != LANES;
	switch (argon2id_verify(str_c(a, hash), password.p, password.len)) {
	case ARGON2_OK:
		return 1;
	case ARGON2_VERIFY_MISMATCH:
		return 0;
	default:
		return -1;
	}
}

/* pbkdf2_sha256$ITERATIONS$SALT$BASE64 */
static int
verify_django(
    struct arena *a, struct str hash, struct str password, bool *rehash)
{
	struct str rest = hash, name, count, salt, want;
	unsigned char got[SHA256_BYTES];
	int64_t n;

	if (!str_cut(&rest, '$', &name) || !str_cut(&rest, '$', &count) ||
	    !str_cut(&rest, '$', &salt) || str_i64(count, &n) != 0 || n < 1 ||
	    n > ITERATIONS_MAX || rest.p == NULL ||
	    base64_decode(a, rest, &want) != 0 || want.len != sizeof(got))
		return -1;
	*rehash = true;
	pbkdf2_sha256(password, salt, (unsigned)n, got);
	return bytes_equal(got, want.p, sizeof(got)) ? 1 : 0;
}

int
password_verify(
    struct arena *a, struct str hash, struct str password, bool *rehash)
{
	int rc = -1;

	*rehash = false;
	if (password.len > PASSWORD_MAX)
		return 0;
	if (hash.p == NULL) {
		burn_time(password);
		return 0;
	}
	if (hash.len > STORED_MAX || memchr(hash.p, '\0', hash.len) != NULL)
		rc = -1;
	else if (str_starts(hash, STR("$argon2id$")))
		rc = verify_argon2(a, hash, password, rehash);
	else if (str_starts(hash, STR("pbkdf2_sha256$")))
		rc = verify_django(a, hash, password, rehash);
	/* refused in no less time than a wrong password */
	if (rc < 0)
		burn_time(password);
	return rc;
}

static bool
only_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return true;
}

const char *
password_weak(struct str password, struct str username)
{
	if (password.len < PASSWORD_MIN)
		return "This password is too short: 8 bytes at least.";
	if (password.len > PASSWORD_MAX)
		return "This password is too long: 1,024 bytes at most.";
	if (only_digits(password))
		return "This password is entirely numeric.";
	if (str_case_eq(password, username))
		return "This password is the user's name.";
	return NULL;
}
