/*
 * Inside schema/: the parts of the snapshot file.
 *
 *   header     key and value rows; their SHA-256 covers all but itself, and
 *              one row is the directory's SHA-256, one the notices'
 *   part 1     the directory: names, kinds and keys of all tables, sorted by
 *              qualified name and searched where it lies
 *   part 2     the notices, as JSON
 *   record i   table i of the directory, as JSON, with the SHA-256 of salt,
 *              i and text; the salt is new in each file
 *
 * A record's checksum lies beside it and not in the directory, which so stays
 * small enough to be verified whole at each start.
 */
#ifndef DYNAPI_SCHEMA_PRIV_H
#define DYNAPI_SCHEMA_PRIV_H

#include "schema/schema.h"

struct arena;
struct buf;
struct err;
struct snapfile;

enum snapshot_part { PART_DIRECTORY = 1, PART_NOTICES = 2 };

/* header read and verified; closed with the arena */
struct snapfile *snapfile_open(struct arena *, const char *path, struct err *);
const struct snapshot_meta *snapfile_meta(const struct snapfile *);
/* a verified copy in the arena */
int snapfile_part(struct snapfile *, struct arena *, enum snapshot_part,
    struct str *bytes, struct err *);
int snapfile_record(struct snapfile *, struct arena *, size_t i,
    struct str *json, struct err *);
/* false when path names another file now; true when it names none */
bool snapfile_current(const struct snapfile *, const char *path);

/* snapshot_lock.c: run by root (cron), what we make must be of use to the
 * responders: a new file goes to the owner of its folder */
int snapshot_give(int fd, const char *path);

/* snapshot_header.c: the rows, in the order of their names */
enum header_row {
	HEADER_DATABASE,
	HEADER_DATABASE_OID,
	HEADER_DEFAULT_SCHEMA,
	HEADER_DIRECTORY_SHA256,
	HEADER_FORMAT,
	HEADER_GENERATION,
	HEADER_NOTICES_SHA256,
	HEADER_PROGRAM_VERSION,
	HEADER_SALT,
	HEADER_SCHEMAS,
	HEADER_SYSTEM_ID, /* may be absent */
	HEADER_TABLES,
	HEADER_TEXT_SEARCH, /* may be absent */
	HEADER_WRITTEN_S,
	HEADER__MAX
};

extern const char *const header_names[HEADER__MAX];

struct header {
	struct str row[HEADER__MAX];
	struct str sha256; /* as the file states it */
	bool strange;      /* a row that we do not know */
};

void header_put(
    struct header *, struct arena *, struct str name, struct str value);
struct str header_hex(struct arena *, const void *, size_t);
struct str header_sum(const struct header *, struct arena *);
/* complete, and its checksum is right */
bool header_holds(const struct header *, struct arena *);
/* -1 when a number is none */
int header_take(const struct header *, struct arena *, struct snapshot_meta *,
    struct str *salt);
/* all rows but the parts' checksums */
void header_fill(
    struct header *, struct arena *, const struct snapshot *, struct str salt);

/* directory.c: a view of the bytes, which stay the caller's */
struct directory {
	struct str bytes;
	size_t n;
};

struct directory_hit {
	struct str qname, schema, name;
	enum table_kind kind;
	bool full_path; /* addressed with its schema */
	size_t nkey;
	struct str keys; /* the encoded key names, for directory_key */
};

void directory_write(struct buf *, const struct snapshot *);
/* checks that every entry lies inside and that they are in order; -1 else */
int directory_open(struct str bytes, struct directory *);
void directory_get(const struct directory *, size_t i, struct directory_hit *);
/* position of a qualified name, or -1 */
ptrdiff_t directory_find(const struct directory *, struct str qname);
/* cuts the next key name off keys */
struct str directory_key(struct str *keys);

/* record.c: the words that stand for our enums, by their values */
extern const char *const record_kinds[];       /* TABLE_FOREIGN + 1 */
extern const char *const record_constraints[]; /* CONSTRAINT_EXCLUDE + 1 */
extern const char *const record_identities[];  /* IDENTITY_BY_DEFAULT + 1 */

void notices_write(struct buf *, const struct notice *, size_t n);
/* record_read.c: texts are copied to the arena; scratch is used while
 * reading; -1: it is not a record as table_json makes them */
int record_read(
    struct arena *, struct arena *scratch, struct str json, struct table *);
int notices_read(struct arena *, struct arena *scratch, struct str json,
    struct notice **, size_t *n);

/* where the relations of a table are kept, and the arena they live in; NULL
 * when it is not a table of this schema */
struct relations **schema_kept(
    struct schema *, const struct table *, struct arena **);

#endif
