/*
 * The header of a snapshot: a few rows of name and text, and one checksum over
 * all of them.  The checksums of the other parts are among the rows, so that
 * who has verified the header can verify the rest.
 */
#include "schema/schema_priv.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"

const char *const header_names[HEADER__MAX] = {
    [HEADER_DATABASE] = "database",
    [HEADER_DATABASE_OID] = "database_oid",
    [HEADER_DEFAULT_SCHEMA] = "default_schema",
    [HEADER_DIRECTORY_SHA256] = "directory_sha256",
    [HEADER_FORMAT] = "format",
    [HEADER_GENERATION] = "generation",
    [HEADER_NOTICES_SHA256] = "notices_sha256",
    [HEADER_PROGRAM_VERSION] = "program_version",
    [HEADER_SALT] = "salt",
    [HEADER_SCHEMAS] = "schemas",
    [HEADER_SYSTEM_ID] = "system_id",
    [HEADER_TABLES] = "tables",
    [HEADER_TEXT_SEARCH] = "text_search",
    [HEADER_WRITTEN_S] = "written_s",
};

void
header_put(struct header *h, struct arena *a, struct str name, struct str value)
{
	for (int i = 0; i < HEADER__MAX; i++)
		if (str_eq_c(name, header_names[i])) {
			h->row[i] = str_dup(a, value);
			return;
		}
	if (str_eq(name, STR("sha256")))
		h->sha256 = str_dup(a, value);
	else
		h->strange = true;
}

struct str
header_hex(struct arena *a, const void *bytes, size_t n)
{
	struct buf b;

	buf_init(&b, a, 2 * n);
	buf_hex(&b, (struct str){bytes, n});
	return buf_view(&b);
}

/* names and texts, each ended by a zero byte */
struct str
header_sum(const struct header *h, struct arena *a)
{
	unsigned char sum[SHA256_BYTES];
	struct sha256 *s = sha256_new();

	for (int i = 0; i < HEADER__MAX; i++) {
		if (h->row[i].p == NULL)
			continue;
		sha256_add(s, header_names[i], strlen(header_names[i]) + 1);
		sha256_add(s, h->row[i].p, h->row[i].len);
		sha256_add(s, "", 1);
	}
	sha256_end(s, sum);
	return header_hex(a, sum, sizeof(sum));
}

bool
header_holds(const struct header *h, struct arena *a)
{
	for (int i = 0; i < HEADER__MAX; i++)
		if (h->row[i].p == NULL && i != HEADER_SYSTEM_ID &&
		    i != HEADER_TEXT_SEARCH)
			return false;
	return !h->strange && str_eq(h->sha256, header_sum(h, a));
}

static bool
take_number(const struct header *h, enum header_row row, int64_t *v)
{
	return str_i64(h->row[row], v) == 0 && *v >= 0;
}

int
header_take(const struct header *h, struct arena *a, struct snapshot_meta *m,
    struct str *salt)
{
	int64_t oid, generation;

	if (!take_number(h, HEADER_DATABASE_OID, &oid) ||
	    !take_number(h, HEADER_GENERATION, &generation) ||
	    !take_number(h, HEADER_WRITTEN_S, &m->written_s) ||
	    hex_decode(a, h->row[HEADER_SALT], salt) != 0)
		return -1;
	m->database_oid = (uint32_t)oid;
	m->generation = (uint64_t)generation;
	m->program_version = h->row[HEADER_PROGRAM_VERSION];
	m->database = h->row[HEADER_DATABASE];
	m->system_id = h->row[HEADER_SYSTEM_ID];
	m->default_schema = h->row[HEADER_DEFAULT_SCHEMA];
	m->schemas = h->row[HEADER_SCHEMAS];
	m->text_search = h->row[HEADER_TEXT_SEARCH];
	return 0;
}

static struct str
print_number(struct arena *a, uint64_t v)
{
	return str_from(arena_printf(a, "%" PRIu64, v));
}

void
header_fill(struct header *h, struct arena *a, const struct snapshot *s,
    struct str salt)
{
	const struct snapshot_meta *m = &s->meta;

	h->row[HEADER_DATABASE] = m->database;
	h->row[HEADER_DATABASE_OID] = print_number(a, m->database_oid);
	h->row[HEADER_DEFAULT_SCHEMA] = m->default_schema;
	h->row[HEADER_FORMAT] = print_number(a, SNAPSHOT_FORMAT);
	h->row[HEADER_GENERATION] = print_number(a, m->generation);
	h->row[HEADER_PROGRAM_VERSION] = m->program_version;
	h->row[HEADER_SALT] = header_hex(a, salt.p, salt.len);
	h->row[HEADER_SCHEMAS] = m->schemas;
	h->row[HEADER_SYSTEM_ID] = m->system_id;
	h->row[HEADER_TABLES] = print_number(a, s->ntables);
	h->row[HEADER_TEXT_SEARCH] = m->text_search;
	h->row[HEADER_WRITTEN_S] = print_number(a, (uint64_t)m->written_s);
}
