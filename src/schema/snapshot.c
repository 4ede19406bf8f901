/*
 * The snapshot file, and the only user of SQLite.  Reading opens it immutable
 * and without memory mapping: no lock, no journal, and a file that is cut
 * short under us is an error and not a signal.  Writing builds a new file
 * beside the old one, reads it back whole, and renames it.
 */
#include "schema/schema_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/file.h"

#define SALT_BYTES  16
#define HEADER_MAX  64                /* rows */
#define PART_MAX    ((size_t)1 << 30) /* bytes of a record or a part */
#define STEPS_MAX   1000              /* of 1,000 instructions each */
#define OPEN_TRIES  5
#define APPLICATION "0x44796e41" /* "DynA", for file(1) */

struct snapfile {
	sqlite3 *db;
	sqlite3_stmt *record;
	const char *path;
	struct stat st;
	struct header header;
	struct snapshot_meta meta;
	struct str salt;
	unsigned steps; /* of the statement that runs */
};

/* ---------------------------------------------------------------- reading */

static int
unusable(const struct snapfile *f, const char *why, struct err *err)
{
	return err_world(err, ERR_SNAPSHOT_UNAVAILABLE,
	    "snapshot %s: %s; dynapi-introspect writes it anew", f->path, why);
}

static void
close_file(void *arg)
{
	struct snapfile *f = arg;

	sqlite3_finalize(f->record);
	sqlite3_close(f->db);
}

/* a statement of ours needs few steps; more means that the file lies */
static int
count_steps(void *arg)
{
	struct snapfile *f = arg;

	return ++f->steps > STEPS_MAX;
}

/* file: URIs of SQLite give '?', '#' and '%' a meaning */
static const char *
name_uri(struct arena *a, const char *path, const char *options)
{
	struct buf b;

	buf_init(&b, a, PATH_MAX * 3 + 100);
	buf_cstr(&b, path[0] == '/' ? "file://" : "file:./");
	for (; *path != '\0'; path++) {
		if (strchr("?#%", *path) != NULL)
			buf_printf(&b, "%%%02X", (unsigned)*path);
		else
			buf_char(&b, *path);
	}
	buf_cstr(&b, options);
	return b.p;
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int
open_sqlite(struct snapfile *f, struct arena *a, struct err *err)
{
	const char *uri = name_uri(a, f->path, "?mode=ro&immutable=1");

	if (stat(f->path, &f->st) != 0)
		return unusable(f, strerror(errno), err);
	if (!S_ISREG(f->st.st_mode))
		return unusable(f, "is not a regular file", err);
	if (f->st.st_size == 0)
		return unusable(f, "is empty", err);
	if (sqlite3_open_v2(uri, &f->db,
		SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		return unusable(f, sqlite3_errmsg(f->db), err);
	return 0;
}

/* opens what path names and knows for sure which file that was */
static int
open_known(struct snapfile *f, struct arena *a, struct err *err)
{
	struct stat after;

	for (int i = 0; i < OPEN_TRIES; i++) {
		if (open_sqlite(f, a, err) != 0)
			return -1;
		if (stat(f->path, &after) == 0 && is_same_file(&f->st, &after))
			return 0;
		sqlite3_close(f->db);
		f->db = NULL;
	}
	return unusable(f, "is replaced all the time", err);
}

static int
limit_sqlite(struct snapfile *f, struct err *err)
{
	int longest = f->st.st_size > INT_MAX ? INT_MAX : (int)f->st.st_size;

	sqlite3_limit(f->db, SQLITE_LIMIT_LENGTH, longest);
	sqlite3_limit(f->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_progress_handler(f->db, 1000, count_steps, f);
	if (sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) !=
		SQLITE_OK ||
	    sqlite3_db_config(f->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) !=
		SQLITE_OK ||
	    sqlite3_exec(f->db,
		"PRAGMA mmap_size=0; PRAGMA cell_size_check=1;"
		"PRAGMA cache_size=-256",
		NULL, NULL, NULL) != SQLITE_OK)
		return unusable(f, sqlite3_errmsg(f->db), err);
	return 0;
}

static sqlite3_stmt *
prepare(struct snapfile *f, const char *sql, struct err *err)
{
	sqlite3_stmt *s;

	f->steps = 0;
	if (sqlite3_prepare_v2(f->db, sql, -1, &s, NULL) == SQLITE_OK)
		return s;
	unusable(f, sqlite3_errmsg(f->db), err);
	return NULL;
}

static struct str
column_bytes(sqlite3_stmt *s, int i)
{
	const void *p = sqlite3_column_blob(s, i);
	int n = sqlite3_column_bytes(s, i);

	if (p == NULL)
		return STR("");
	return (struct str){p, (size_t)n};
}

/* -1 when SQLite objects */
static int
scan_header(struct snapfile *f, struct arena *a, struct err *err)
{
	sqlite3_stmt *s;
	int rc, n = 0;

	s = prepare(f, "SELECT key, value FROM header ORDER BY key", err);
	if (s == NULL)
		return -1;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && n++ < HEADER_MAX)
		header_put(
		    &f->header, a, column_bytes(s, 0), column_bytes(s, 1));
	if (rc != SQLITE_DONE)
		unusable(f, sqlite3_errmsg(f->db), err);
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int
check_format(const struct snapfile *f, struct err *err)
{
	struct str format = f->header.row[HEADER_FORMAT];
	int64_t v;

	if (str_i64(format, &v) != 0)
		return unusable(f, "is not a snapshot", err);
	if (v == SNAPSHOT_FORMAT)
		return 0;
	return err_world(err, ERR_SNAPSHOT_UNAVAILABLE,
	    "snapshot %s has format %" PRId64 " (written by DynAPI %.*s), "
	    "this program reads format %d; run the dynapi-introspect of the "
	    "same version",
	    f->path, v, STR_ARGS(f->header.row[HEADER_PROGRAM_VERSION]),
	    SNAPSHOT_FORMAT);
}

static int
read_header(struct snapfile *f, struct arena *a, struct err *err)
{
	/* another format may have another idea of checksums */
	if (scan_header(f, a, err) != 0 || check_format(f, err) != 0)
		return -1;
	if (!header_holds(&f->header, a) ||
	    header_take(&f->header, a, &f->meta, &f->salt) != 0)
		return unusable(f, "is damaged (header)", err);
	return 0;
}

struct snapfile *
snapfile_open(struct arena *a, const char *path, struct err *err)
{
	struct snapfile *f = arena_make(a, struct snapfile);

	f->path = arena_strdup(a, path);
	arena_defer(a, close_file, f);
	if (open_known(f, a, err) != 0 || limit_sqlite(f, err) != 0 ||
	    read_header(f, a, err) != 0)
		return NULL;
	return f;
}

const struct snapshot_meta *
snapfile_meta(const struct snapfile *f)
{
	return &f->meta;
}

bool
snapfile_current(const struct snapfile *f, const char *path)
{
	struct stat st;

	return stat(path, &st) != 0 || is_same_file(&f->st, &st);
}

static enum header_row
row_of_part(enum snapshot_part part)
{
	return part == PART_DIRECTORY ? HEADER_DIRECTORY_SHA256
				      : HEADER_NOTICES_SHA256;
}

static struct str
sum_of(struct arena *a, struct str bytes)
{
	unsigned char sum[SHA256_BYTES];

	sha256(bytes, sum);
	return header_hex(a, sum, sizeof(sum));
}

int
snapfile_part(struct snapfile *f, struct arena *a, enum snapshot_part part,
    struct str *bytes, struct err *err)
{
	struct str stated = f->header.row[row_of_part(part)];
	sqlite3_stmt *s;
	int rc = -1;

	s = prepare(f, "SELECT bytes FROM part WHERE id = ?", err);
	if (s == NULL)
		return -1;
	sqlite3_bind_int(s, 1, part);
	if (sqlite3_step(s) == SQLITE_ROW) {
		*bytes = column_bytes(s, 0);
		if (str_eq(stated, sum_of(a, *bytes))) {
			*bytes = str_dup(a, *bytes);
			rc = 0;
		}
	}
	sqlite3_finalize(s);
	if (rc != 0)
		unusable(f, "is damaged (directory)", err);
	return rc;
}

static void
hash_record(
    struct str salt, size_t i, struct str json, unsigned char sum[SHA256_BYTES])
{
	struct sha256 *h = sha256_new();
	char number[24];
	int n = snprintf(number, sizeof(number), " %zu ", i);

	sha256_add(h, salt.p, salt.len);
	sha256_add(h, number, (size_t)n);
	sha256_add(h, json.p, json.len);
	sha256_end(h, sum);
}

/* the row under the statement, when its checksum holds */
static int
take_record(struct snapfile *f, struct arena *a, size_t i, struct str *json)
{
	unsigned char sum[SHA256_BYTES];
	struct str stated;

	*json = column_bytes(f->record, 1);
	hash_record(f->salt, i, *json, sum);
	stated = column_bytes(f->record, 0);
	if (stated.len != SHA256_BYTES ||
	    memcmp(stated.p, sum, SHA256_BYTES) != 0)
		return -1;
	*json = str_dup(a, *json);
	return 0;
}

int
snapfile_record(struct snapfile *f, struct arena *a, size_t i, struct str *json,
    struct err *err)
{
	int rc = -1;

	if (f->record == NULL)
		f->record = prepare(
		    f, "SELECT sha256, json FROM record WHERE id = ?", err);
	if (f->record == NULL)
		return -1;
	f->steps = 0;
	sqlite3_bind_int64(f->record, 1, (sqlite3_int64)i);
	if (sqlite3_step(f->record) == SQLITE_ROW)
		rc = take_record(f, a, i, json);
	sqlite3_reset(f->record);
	if (rc != 0)
		unusable(f, "is damaged (record)", err);
	return rc;
}

int
snapshot_format(const char *path)
{
	struct arena *a = arena_new();
	struct snapfile *f = arena_make(a, struct snapfile);
	int64_t v = 0;

	f->path = path;
	arena_defer(a, close_file, f);
	if (open_known(f, a, NULL) != 0 || limit_sqlite(f, NULL) != 0 ||
	    (read_header(f, a, NULL) != 0 &&
		f->header.row[HEADER_FORMAT].p == NULL) ||
	    str_i64(f->header.row[HEADER_FORMAT], &v) != 0 || v < 0 ||
	    v > INT_MAX)
		v = 0;
	arena_free(a);
	return (int)v;
}

/* ---------------------------------------------------------------- writing */

struct writer {
	const char *path, *temp;
	const struct snapshot *snap;
	struct arena *arena;   /* for the whole */
	struct arena *scratch; /* for one record */
	sqlite3 *db;
	int fd;
	struct str salt;
	struct header header;
};

static int
cannot_write(const struct writer *w, const char *why, struct err *err)
{
	return err_world(err, ERR_INTERNAL,
	    "cannot write the snapshot %s: %s; the old one stays", w->path,
	    why);
}

static int
create_temp(struct writer *w, struct err *err)
{
	char random[17];

	random_hex(random, 8);
	w->temp = arena_printf(w->arena, "%s.%s.new", w->path, random);
	w->fd = open(
	    w->temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (w->fd < 0) {
		cannot_write(w, strerror(errno), err);
		w->temp = NULL;
		return -1;
	}
	if (fchmod(w->fd, 0640) != 0 || snapshot_give(w->fd, w->temp) != 0)
		return cannot_write(w, strerror(errno), err);
	return 0;
}

static int
run_sql(struct writer *w, const char *sql, struct err *err)
{
	if (sqlite3_exec(w->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return cannot_write(w, sqlite3_errmsg(w->db), err);
}

static int
create_tables(struct writer *w, struct err *err)
{
	const char *uri = name_uri(w->arena, w->temp, "?mode=rw");

	if (sqlite3_open_v2(uri, &w->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
		NULL) != SQLITE_OK)
		return cannot_write(w, sqlite3_errmsg(w->db), err);
	return run_sql(w,
	    "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
	    "PRAGMA locking_mode=EXCLUSIVE; PRAGMA mmap_size=0;"
	    "PRAGMA application_id=" APPLICATION ";"
	    "BEGIN;"
	    "CREATE TABLE header (key TEXT PRIMARY KEY, value TEXT NOT NULL)"
	    " WITHOUT ROWID;"
	    "CREATE TABLE part (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
	    "CREATE TABLE record (id INTEGER PRIMARY KEY,"
	    " sha256 BLOB NOT NULL, json TEXT NOT NULL)",
	    err);
}

static void
bind_blob(sqlite3_stmt *s, int i, struct str v)
{
	sqlite3_bind_blob64(s, i, v.len == 0 ? "" : v.p, v.len, SQLITE_STATIC);
}

static void
bind_text(sqlite3_stmt *s, int i, struct str v)
{
	sqlite3_bind_text64(
	    s, i, v.len == 0 ? "" : v.p, v.len, SQLITE_STATIC, SQLITE_UTF8);
}

static sqlite3_stmt *
prepare_write(struct writer *w, const char *sql, struct err *err)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(w->db, sql, -1, &s, NULL) == SQLITE_OK)
		return s;
	cannot_write(w, sqlite3_errmsg(w->db), err);
	return NULL;
}

/* runs it; the statement can be bound anew */
static int
run_once(struct writer *w, sqlite3_stmt *s, struct err *err)
{
	int rc = sqlite3_step(s);

	if (rc != SQLITE_DONE)
		cannot_write(w, sqlite3_errmsg(w->db), err);
	sqlite3_reset(s);
	return rc == SQLITE_DONE ? 0 : -1;
}

static int
write_record(struct writer *w, sqlite3_stmt *s, size_t i, struct err *err)
{
	unsigned char sum[SHA256_BYTES];
	struct buf b;

	buf_init(&b, w->scratch, PART_MAX);
	table_json(&b, &w->snap->tables[i], true);
	if (b.overflow)
		return cannot_write(w, "a table is too large", err);
	hash_record(w->salt, i, buf_view(&b), sum);
	sqlite3_bind_int64(s, 1, (sqlite3_int64)i);
	bind_blob(s, 2, (struct str){(const char *)sum, sizeof(sum)});
	bind_text(s, 3, buf_view(&b));
	return run_once(w, s, err);
}

static int
write_records(struct writer *w, struct err *err)
{
	sqlite3_stmt *s =
	    prepare_write(w, "INSERT INTO record VALUES (?, ?, ?)", err);
	int rc = s == NULL ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < w->snap->ntables; i++) {
		rc = write_record(w, s, i, err);
		arena_reset(w->scratch);
	}
	sqlite3_finalize(s);
	return rc;
}

/* bytes as one part; its checksum goes into the header */
static int
write_part(struct writer *w, enum snapshot_part part, const struct buf *b,
    struct err *err)
{
	sqlite3_stmt *s;
	int rc;

	if (b->overflow)
		return cannot_write(w, "too many tables", err);
	w->header.row[row_of_part(part)] = sum_of(w->arena, buf_view(b));
	s = prepare_write(w, "INSERT INTO part VALUES (?, ?)", err);
	if (s == NULL)
		return -1;
	sqlite3_bind_int(s, 1, part);
	bind_blob(s, 2, buf_view(b));
	rc = run_once(w, s, err);
	sqlite3_finalize(s);
	return rc;
}

static int
write_parts(struct writer *w, struct err *err)
{
	struct buf b;

	buf_init(&b, w->arena, PART_MAX);
	directory_write(&b, w->snap);
	if (write_part(w, PART_DIRECTORY, &b, err) != 0)
		return -1;
	buf_init(&b, w->arena, PART_MAX);
	notices_write(&b, w->snap->notices, w->snap->nnotices);
	return write_part(w, PART_NOTICES, &b, err);
}

static int
write_row(struct writer *w, sqlite3_stmt *s, const char *name, struct str v,
    struct err *err)
{
	bind_text(s, 1, str_from(name));
	bind_text(s, 2, v);
	return run_once(w, s, err);
}

static int
write_header(struct writer *w, struct err *err)
{
	const struct header *h = &w->header;
	sqlite3_stmt *s;
	int rc = 0;

	s = prepare_write(w, "INSERT INTO header VALUES (?, ?)", err);
	if (s == NULL)
		return -1;
	header_fill(&w->header, w->arena, w->snap, w->salt);
	for (int i = 0; rc == 0 && i < HEADER__MAX; i++)
		if (h->row[i].p != NULL)
			rc = write_row(w, s, header_names[i], h->row[i], err);
	if (rc == 0)
		rc = write_row(w, s, "sha256", header_sum(h, w->arena), err);
	sqlite3_finalize(s);
	return rc;
}

/* reads it back as a responder would, and more of it than he would */
static int
verify(struct writer *w, struct err *err)
{
	struct arena *a = arena_new();
	struct snapshot back;
	struct err why;
	int rc;

	err_init(&why, w->arena);
	rc = snapshot_read(a, w->temp, &back, &why);
	if (rc == 0 && back.ntables != w->snap->ntables)
		rc = err_world(&why, ERR_INTERNAL, "tables are missing");
	arena_free(a);
	if (rc == 0)
		return 0;
	return cannot_write(w, why.cause, err);
}

static int
build(struct writer *w, struct err *err)
{
	if (create_temp(w, err) != 0 || create_tables(w, err) != 0 ||
	    write_records(w, err) != 0 || write_parts(w, err) != 0 ||
	    write_header(w, err) != 0 || run_sql(w, "COMMIT", err) != 0)
		return -1;
	if (sqlite3_close(w->db) != SQLITE_OK)
		return cannot_write(w, sqlite3_errmsg(w->db), err);
	w->db = NULL;
	if (fsync(w->fd) != 0)
		return cannot_write(w, strerror(errno), err);
	return verify(w, err);
}

static int
put_in_place(struct writer *w, struct err *err)
{
	if (rename(w->temp, w->path) != 0)
		return cannot_write(w, strerror(errno), err);
	w->temp = NULL;
	/* the new file is there; only a power cut could take it back */
	if (file_sync_dir(w->path) != 0)
		return err_world(err, ERR_INTERNAL,
		    "snapshot %s: its folder cannot be synced: %s", w->path,
		    strerror(errno));
	return 0;
}

int
snapshot_write(const char *path, const struct snapshot *snap, struct err *err)
{
	char salt[SALT_BYTES];
	struct writer w = {.path = path, .snap = snap, .fd = -1};
	int rc;

	random_bytes(salt, sizeof(salt));
	w.salt = (struct str){salt, sizeof(salt)};
	w.arena = arena_new();
	w.scratch = arena_new();
	rc = build(&w, err);
	if (rc == 0)
		rc = put_in_place(&w, err);
	sqlite3_close(w.db);
	if (w.fd >= 0)
		close(w.fd);
	if (w.temp != NULL)
		unlink(w.temp);
	arena_free(w.scratch);
	arena_free(w.arena);
	return rc;
}
