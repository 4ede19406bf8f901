/*
 * The signing keys: lines of one file, the newest first.  A key's name (kid)
 * is made from the key itself, so that all processes agree on it without
 * being told.
 */
#include "auth/auth.h"
#include "auth/auth_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"

#define FILE_BYTES_MAX 65536

static void
name_key(struct arena *a, struct key *k)
{
	unsigned char mac[SHA256_BYTES];
	struct buf b;

	hmac_sha256(k->secret, STR("dynapi key id"), mac);
	buf_init(&b, a, 8);
	buf_hex(&b, (struct str){(const char *)mac, 4});
	k->id = buf_view(&b);
}

static int
add_key(struct keys *keys, struct str line, const char *path, struct err *err)
{
	struct key *k = &keys->v[keys->n];

	if (line.len == 0)
		return 0;
	if (line.len < KEY_BYTES_MIN)
		return err_world(err, ERR_INTERNAL,
		    "%s: a key has %zu bytes, it needs %d", path, line.len,
		    KEY_BYTES_MIN);
	if (keys->n == KEYS_MAX)
		return err_world(
		    err, ERR_INTERNAL, "%s: more than %d keys", path, KEYS_MAX);
	k->secret = line;
	name_key(keys->arena, k);
	keys->n++;
	return 0;
}

static int
read_keys(struct keys *keys, const char *path, struct err *err)
{
	struct str rest, line;

	if (file_check_secret(path, 0027, err) != 0 ||
	    file_read(keys->arena, path, FILE_BYTES_MAX, &rest, err) != 0)
		return -1;
	while (str_cut(&rest, '\n', &line)) {
		if (add_key(keys, str_trim(line), path, err) != 0)
			return -1;
	}
	if (keys->n == 0)
		return err_world(err, ERR_INTERNAL, "%s: no key in it", path);
	return 0;
}

struct keys *
keys_load(const char *path, struct err *err)
{
	struct arena *a = arena_new();
	struct keys *keys = arena_make(a, struct keys);

	keys->arena = a;
	if (read_keys(keys, path, err) == 0)
		return keys;
	keys_free(keys);
	return NULL;
}

void
keys_free(struct keys *keys)
{
	if (keys != NULL)
		arena_free(keys->arena);
}

struct str
keys_cursor(struct arena *a, const struct keys *keys)
{
	unsigned char mac[SHA256_BYTES];

	hmac_sha256(keys->v[0].secret, STR("dynapi cursor"), mac);
	return (struct str){arena_memdup(a, mac, sizeof mac), sizeof mac};
}
