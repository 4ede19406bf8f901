/*
 * The snapshot from three sides, chosen by the first byte: a record as JSON
 * (what is taken must say the same when it is written and read again), a
 * directory (what is taken can be walked and searched), and the file itself
 * (a good one with bytes overwritten, or bytes that are no snapshot at all:
 * a table that is found is the right one).
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "schema/schema.h"
#include "schema/schema_priv.h"

#define NTABLES  6
#define JSON_MAX 10000000

static char dir[] = "/tmp/dynapi-fuzz-XXXXXX";
static char path[64];
static struct str good; /* a good file */
static struct str json[NTABLES], qname[NTABLES];

/* ----------------------------------------------------------------- records */

static struct str
print_table(struct arena *a, const struct table *t)
{
	struct buf b;

	buf_init(&b, a, JSON_MAX);
	table_json(&b, t, true);
	return buf_view(&b);
}

static void
try_record(struct arena *a, struct str text)
{
	struct table t, again;
	struct str once;

	if (record_read(a, a, text, &t) != 0)
		return;
	once = print_table(a, &t);
	must(record_read(a, a, once, &again) == 0);
	must(str_eq(once, print_table(a, &again)));
	for (size_t i = 0; i < t.ncolumns; i++)
		must(table_column(&t, t.columns[i].name) != NULL);
}

static void
try_notices(struct arena *a, struct str text)
{
	struct notice *v;
	size_t n;

	if (notices_read(a, a, text, &v, &n) != 0)
		return;
	for (size_t i = 0; i < n; i++)
		must(v[i].qname.p != NULL && v[i].text.p != NULL);
}

static void
try_directory(struct str bytes)
{
	struct directory d;
	struct directory_hit h;

	if (directory_open(bytes, &d) != 0)
		return;
	for (size_t i = 0; i < d.n; i++) {
		directory_get(&d, i, &h);
		must(directory_find(&d, h.qname) == (ptrdiff_t)i);
		must(h.schema.len + 1 + h.name.len == h.qname.len);
		for (size_t k = 0; k < h.nkey; k++)
			str_hash(directory_key(&h.keys));
	}
	must(directory_find(&d, STR("\xff.\xff")) < 0);
}

/* -------------------------------------------------------------------- file */

static void
put_file(struct str bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0);
	must(write(fd, bytes.p, bytes.len) == (ssize_t)bytes.len);
	close(fd);
}

static void
touch_all(struct arena *a)
{
	struct schema *s;
	struct err err;

	err_init(&err, a);
	s = schema_open(path, &err);
	must((s == NULL) == (err.id == ERR_SNAPSHOT_UNAVAILABLE));
	for (size_t i = 0; s != NULL && i < NTABLES; i++) {
		const struct table *t;

		err_clear(&err);
		t = schema_table(s, qname[i], &err);
		must((t == NULL) == (err.id == ERR_SNAPSHOT_UNAVAILABLE));
		must(t == NULL || str_eq(print_table(a, t), json[i]));
	}
	schema_free(s);
}

/* the input is a list of: three bytes position, one length, what to put */
static void
try_patches(struct arena *a, struct str p)
{
	char *bytes = arena_memdup(a, good.p, good.len);
	size_t at, n;

	while (p.len > 4) {
		at = ((size_t)(unsigned char)p.p[0] << 16 |
			 (size_t)(unsigned char)p.p[1] << 8 |
			 (unsigned char)p.p[2]) %
		     good.len;
		n = (unsigned char)p.p[3];
		p = str_sub(p, 4, p.len);
		n = n < p.len ? n : p.len;
		n = n < good.len - at ? n : good.len - at;
		memcpy(bytes + at, p.p, n);
		p = str_sub(p, n, p.len);
	}
	put_file((struct str){bytes, good.len});
	touch_all(a);
}

static void
try_file(struct arena *a, struct str bytes)
{
	struct schema *s;
	struct err err;

	put_file(bytes);
	err_init(&err, a);
	s = schema_open(path, &err);
	must((s == NULL) == (err.id == ERR_SNAPSHOT_UNAVAILABLE));
	schema_free(s);
}

/* --------------------------------------------------------------- beginning */

static void
remove_all(void)
{
	unlink(path);
	rmdir(dir);
}

static void
read_good(struct arena *a)
{
	struct stat st;
	int fd = open(path, O_RDONLY);
	char *bytes;

	must(fd >= 0 && fstat(fd, &st) == 0);
	bytes = arena_alloc(a, (size_t)st.st_size);
	must(read(fd, bytes, (size_t)st.st_size) == st.st_size);
	close(fd);
	good = (struct str){bytes, (size_t)st.st_size};
}

static void
make_good(struct arena *a)
{
	struct snapshot s = {.ntables = NTABLES};
	const char *text;

	must(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/schema", dir);
	atexit(remove_all);
	s.meta.program_version = s.meta.database = STR("x");
	s.meta.default_schema = s.meta.schemas = STR("public");
	s.tables = arena_array(a, struct table, NTABLES);
	for (int i = 0; i < NTABLES; i++) {
		text = arena_printf(a,
		    "{\"schema\":\"public\",\"name\":\"t%d\",\"path\":\"t%d\","
		    "\"kind\":\"table\",\"oid\":1,\"est_rows\":0,\"types\":[{"
		    "\"class\":\"text\",\"oid\":25,\"schema\":\"s\",\"name\":"
		    "\"t\",\"display\":\"d\"}],\"columns\":[{\"name\":\"id\","
		    "\"attnum\":1,\"type\":0}],\"key\":[0],\"constraints\":[],"
		    "\"fkeys\":[],\"refs\":[],\"comment\":\"%0*d\"}",
		    i, i, 1000 * i + 1, 7);
		must(record_read(a, a, str_from(text), &s.tables[i]) == 0);
		json[i] = print_table(a, &s.tables[i]);
		qname[i] = s.tables[i].qname;
	}
	must(snapshot_write(path, &s, NULL) == 0);
	read_good(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct arena *kept;
	struct arena *a = arena_new();
	struct str rest;

	if (kept == NULL)
		make_good(kept = arena_new());
	rest.p = arena_memdup(a, bytes + (n > 0), n - (n > 0));
	rest.len = n - (n > 0);
	switch (n == 0 ? 0 : bytes[0] % 5) {
	case 0:
		try_record(a, rest);
		break;
	case 1:
		try_notices(a, rest);
		break;
	case 2:
		try_directory(rest);
		break;
	case 3:
		try_patches(a, rest);
		break;
	default:
		try_file(a, rest);
		break;
	}
	arena_free(a);
	return 0;
}
