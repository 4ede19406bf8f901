/*
 * What can happen to a snapshot file: cut short, bits flipped, pages mixed up,
 * another format, replaced while read, its writer killed at each system call
 * or out of space.  A reader sees the right table or an error, never another
 * table and never "there is none".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "cases.h"
#include "schema/schema.h"
#include "schema/schema_priv.h"

#define NTABLES    40
#define PAGE_BYTES 4096
#define FLIPS      1000

static char dir[] = "/tmp/dynapi-damage-XXXXXX";
static char path[64];
static char *good; /* the bytes of a good file */
static size_t good_len;
static char *json[NTABLES]; /* what each table must say */
static struct str qname[NTABLES];
static struct arena *arena; /* of the samples */

/* generation 1 has other comments than generation 2, and so on */
static void
make_snapshot(struct arena *a, unsigned generation, struct snapshot *s)
{
	struct arena *scratch = arena_new();
	const char *text;

	*s = (struct snapshot){.ntables = NTABLES};
	s->meta = (struct snapshot_meta){
	    .program_version = STR("0.1"),
	    .database = STR("shop"),
	    .generation = generation,
	    .default_schema = STR("public"),
	    .schemas = STR("public"),
	};
	s->tables = arena_array(a, struct table, NTABLES);
	for (int i = 0; i < NTABLES; i++) {
		text = arena_printf(scratch,
		    "{\"schema\":\"public\",\"name\":\"t%02d\","
		    "\"path\":\"t%02d\",\"kind\":\"table\",\"oid\":%d,"
		    "\"est_rows\":-1,\"comment\":\"generation %u %0900d\","
		    "\"types\":[{\"class\":\"int4\",\"oid\":23,"
		    "\"schema\":\"pg_catalog\",\"name\":\"int4\","
		    "\"display\":\"integer\"}],\"columns\":[{\"name\":"
		    "\"id\",\"attnum\":1,\"type\":0}],\"key\":[0],"
		    "\"constraints\":[],\"fkeys\":[],\"refs\":[]}",
		    i, i, i + 1, generation, i);
		assert_int_equal(
		    record_read(a, scratch, str_from(text), &s->tables[i]), 0);
	}
	arena_free(scratch);
}

static int
write_generation(unsigned generation)
{
	struct arena *a = arena_new();
	struct snapshot s;
	int rc;

	make_snapshot(a, generation, &s);
	rc = snapshot_write(path, &s, NULL);
	arena_free(a);
	return rc;
}

static void
put_file(const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static void
get_file(void)
{
	struct stat st;
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	good_len = (size_t)st.st_size;
	good = arena_alloc(arena, good_len);
	assert_int_equal(read(fd, good, good_len), good_len);
	close(fd);
}

static int
make_good(void **state)
{
	struct snapshot s;
	struct buf b;

	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/schema.sqlite", dir);
	arena = arena_new();
	make_snapshot(arena, 1, &s);
	for (int i = 0; i < NTABLES; i++) {
		buf_init(&b, arena, 1 << 20);
		table_json(&b, &s.tables[i], true);
		json[i] = b.p;
		qname[i] = s.tables[i].qname;
	}
	if (snapshot_write(path, &s, NULL) != 0)
		return -1;
	get_file();
	return 0;
}

/* how many files lie in our folder */
static int
count_files(void)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static int
remove_all(void **state)
{
	char lock[80];

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
	unlink(path);
	arena_free(arena);
	return rmdir(dir);
}

/* touches every table: what comes is right, what fails says so; the number
 * of those that failed, NTABLES when the file was refused whole */
static int
touch_all(const char *what, unsigned long detail)
{
	struct arena *a = arena_new();
	struct schema *s;
	struct err err;
	struct buf b;
	int bad = 0, rc;

	err_init(&err, a);
	s = schema_open(path, &err);
	if (s == NULL) {
		if (err.id != ERR_SNAPSHOT_UNAVAILABLE || err.cause == NULL)
			fail_msg(
			    "%s %lu: refused without a word", what, detail);
		arena_free(a);
		return NTABLES;
	}
	/* SQLite complains of some damage at first and not again */
	rc = schema_verify(s, &err);
	if (rc != 0 && err.id != ERR_SNAPSHOT_UNAVAILABLE)
		fail_msg("%s %lu: refused without a word", what, detail);
	for (int i = 0; i < NTABLES; i++) {
		const struct table *t;

		err_clear(&err);
		t = schema_table(s, qname[i], &err);
		if (t == NULL && err.id != ERR_SNAPSHOT_UNAVAILABLE)
			fail_msg("%s %lu: table %d is gone", what, detail, i);
		bad += t == NULL;
		if (t == NULL)
			continue;
		buf_init(&b, a, 1 << 20);
		table_json(&b, t, true);
		if (strcmp(b.p, json[i]) != 0)
			fail_msg("%s %lu: table %d is wrong: %s", what, detail,
			    i, b.p);
	}
	if (rc == 0 && bad > 0)
		fail_msg("%s %lu: verified, but damaged", what, detail);
	schema_free(s);
	arena_free(a);
	return bad;
}

static void
test_good(void **state)
{
	(void)state;
	put_file(good, good_len);
	assert_int_equal(touch_all("good", 0), 0);
}

static void
test_truncated(void **state)
{
	(void)state;
	for (size_t n = 0; n < good_len; n += PAGE_BYTES) {
		put_file(good, n);
		if (touch_all("cut at", n) == 0)
			fail_msg("cut at %zu: nobody noticed", n);
		put_file(good, n + 1);
		touch_all("cut at", n + 1);
	}
}

/* the file is cut while it is open */
static void
test_cut_while_open(void **state)
{
	struct schema *s;
	int seen = 0;

	(void)state;
	put_file(good, good_len);
	s = schema_open(path, NULL);
	assert_non_null(s);
	assert_int_equal(truncate(path, PAGE_BYTES), 0);
	for (int i = 0; i < NTABLES; i++)
		seen += schema_table(s, qname[i], NULL) != NULL;
	assert_true(seen < NTABLES);
	assert_true(schema_replaced(s, path));
	schema_free(s);
}

/* xorshift64: the same flips in each run */
static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void
test_bit_flips(void **state)
{
	uint64_t x = 88172645463325252u;
	int noticed = 0;
	size_t bit;

	(void)state;
	for (int i = 0; i < FLIPS; i++) {
		bit = next_random(&x) % (8 * good_len);
		good[bit / 8] ^= (char)(1 << bit % 8);
		put_file(good, good_len);
		noticed += touch_all("flipped bit", bit) > 0;
		good[bit / 8] ^= (char)(1 << bit % 8);
	}
	/* most bits are text of records; the rest is unused space */
	assert_true(noticed > FLIPS / 4);
}

static void
test_mixed_pages(void **state)
{
	size_t pages = good_len / PAGE_BYTES;
	char *mixed = malloc(good_len);

	(void)state;
	assert_non_null(mixed);
	for (size_t i = 0; i < pages; i++) {
		size_t k = (i + 1) % pages;

		memcpy(mixed, good, good_len);
		memcpy(
		    mixed + i * PAGE_BYTES, good + k * PAGE_BYTES, PAGE_BYTES);
		put_file(mixed, good_len);
		if (touch_all("copied page", i) == 0)
			fail_msg("copied page %zu: nobody noticed", i);
		memset(mixed + i * PAGE_BYTES, 0, PAGE_BYTES);
		put_file(mixed, good_len);
		if (touch_all("empty page", i) == 0)
			fail_msg("empty page %zu: nobody noticed", i);
	}
	free(mixed);
}

/* a page of an older snapshot with the same tables */
static void
test_older_page(void **state)
{
	char *mixed = malloc(good_len);
	int fd;

	(void)state;
	assert_non_null(mixed);
	assert_int_equal(write_generation(2), 0);
	for (size_t n = 0; n < good_len; n += PAGE_BYTES) {
		memcpy(mixed, good, good_len);
		fd = open(path, O_RDONLY);
		assert_true(fd >= 0);
		assert_true(pread(fd, mixed + n, PAGE_BYTES, (off_t)n) > 0);
		close(fd);
		put_file(mixed, good_len);
		touch_all("older page", n);
		assert_int_equal(write_generation(2), 0);
	}
	free(mixed);
}

static void
assert_refused(int line, const char *word)
{
	struct arena *a = arena_new();
	struct err err;

	err_init(&err, a);
	if (schema_open(path, &err) != NULL)
		fail_msg("line %d was taken", line);
	if (err.id != ERR_SNAPSHOT_UNAVAILABLE || err.cause == NULL ||
	    strstr(err.cause, word) == NULL ||
	    strstr(err.cause, "dynapi-introspect") == NULL)
		fail_msg("line %d: %s", line,
		    err.cause == NULL ? "no cause" : err.cause);
	arena_free(a);
}

static void
test_no_snapshot(void **state)
{
	static const char text[] = "this is not a snapshot, whatever it is";

	(void)state;
	unlink(path);
	assert_refused(__LINE__, "No such file");
	put_file("", 0);
	assert_refused(__LINE__, "is empty");
	put_file(text, sizeof(text));
	assert_refused(__LINE__, "not a database");
	unlink(path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_refused(__LINE__, "not a regular file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0644), 0);
	assert_refused(__LINE__, "not a regular file");
	unlink(path);
}

/* in a child that is nobody, because root may read everything */
static void
test_no_permission(void **state)
{
	struct err err;
	int status;
	pid_t child;

	(void)state;
	put_file(good, good_len);
	assert_int_equal(chmod(dir, 0755), 0);
	assert_int_equal(chmod(path, 0), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		err_init(&err, NULL);
		if (schema_open(path, &err) == NULL)
			_exit(3);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	unlink(path);
}

static void
test_other_format(void **state)
{
	char *at = memmem(good, good_len, "format3", 7);

	(void)state;
	assert_non_null(at);
	at[6] = '9';
	put_file(good, good_len);
	assert_refused(__LINE__, "format 9");
	assert_refused(__LINE__, "reads format 3");
	assert_int_equal(snapshot_format(path), 9);
	at[6] = '3';
	put_file(good, good_len);
	assert_int_equal(snapshot_format(path), 3);
	unlink(path);
	assert_int_equal(snapshot_format(path), 0);
}

/* the generation of the whole file under path; every record is checked */
static unsigned
read_generation(void)
{
	struct arena *a = arena_new();
	char comment[32];
	struct snapshot s;
	struct err err;
	unsigned g;

	err_init(&err, a);
	if (snapshot_read(a, path, &s, &err) != 0)
		fail_msg("%s", err.cause);
	g = (unsigned)s.meta.generation;
	snprintf(comment, sizeof(comment), "generation %u ", g);
	for (int i = 0; i < NTABLES; i++)
		if (!str_starts(s.tables[i].comment, str_from(comment)))
			fail_msg("table %d is not of generation %u", i, g);
	arena_free(a);
	return g;
}

/* lets the child do n system calls, then kills it; false when it had ended */
static bool
kill_after(pid_t child, int n)
{
	int status;

	for (int i = 0; i < 2 * n; i++) {
		if (waitpid(child, &status, 0) != child || WIFEXITED(status))
			return false;
		if (ptrace(PTRACE_SYSCALL, child, NULL, NULL) != 0)
			break;
	}
	kill(child, SIGKILL);
	while (waitpid(child, &status, 0) == child && !WIFEXITED(status) &&
	       !WIFSIGNALED(status))
		;
	return !WIFEXITED(status);
}

static void
test_killed_writer(void **state)
{
	bool going = true;
	unsigned was, is;
	int lock, calls;
	pid_t child;

	(void)state;
	assert_int_equal(write_generation(1), 0);
	for (calls = 1; going; calls++) {
		was = read_generation();
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			ptrace(PTRACE_TRACEME, 0, NULL, NULL);
			raise(SIGSTOP);
			_exit(write_generation(was + 1) == 0 ? 0 : 1);
		}
		going = kill_after(child, calls);
		is = read_generation();
		if (is != was && is != was + 1)
			fail_msg("call %d: %u became %u", calls, was, is);
		lock = snapshot_lock(path, NULL);
		assert_true(lock >= 0);
		close(lock);
		/* the snapshot and its lock */
		assert_int_equal(count_files(), 2);
	}
	assert_int_equal(is, was + 1);
	assert_true(calls > 30);
}

static void
test_no_space(void **state)
{
	int status, failed = 0;
	pid_t child;

	(void)state;
	assert_int_equal(write_generation(1), 0);
	for (rlim_t n = 0; n <= good_len; n += 3 * PAGE_BYTES) {
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &(struct rlimit){n, n});
			_exit(write_generation(2) == 0 ? 0 : 1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFEXITED(status));
		failed += WEXITSTATUS(status) != 0;
		assert_int_equal(
		    read_generation(), WEXITSTATUS(status) == 0 ? 2 : 1);
		assert_int_equal(count_files(), 2);
		assert_int_equal(write_generation(1), 0);
	}
	assert_true(failed > 3);
}

/* writers all the time, readers never see anything but a whole file */
static void
test_many_writers(void **state)
{
	pid_t children[3];
	int status;

	(void)state;
	assert_int_equal(write_generation(1), 0);
	for (unsigned i = 0; i < 3; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] != 0)
			continue;
		for (unsigned k = 0; k < 20; k++)
			if (write_generation(10 * i + k + 1) != 0)
				_exit(1);
		_exit(0);
	}
	for (int i = 0; i < 50; i++)
		read_generation();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	read_generation();
	assert_int_equal(count_files(), 2);
}

static void
test_lock(void **state)
{
	char name[100];
	struct err err;
	int fd, other;

	(void)state;
	fd = snapshot_lock(path, NULL);
	assert_true(fd >= 0);
	snprintf(name, sizeof(name), "%s.lock", path);
	other = open(name, O_RDWR);
	assert_true(other >= 0);
	assert_int_not_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(fd);
	assert_int_equal(flock(other, LOCK_EX | LOCK_NB), 0);
	close(other);
	/* a symbolic link is nobody's lock file */
	unlink(name);
	assert_int_equal(symlink("/dev/null", name), 0);
	err_init(&err, NULL);
	assert_int_equal(snapshot_lock(path, &err), -1);
	assert_int_equal(err.id, ERR_INTERNAL);
	unlink(name);
}

/* written by root, it is the responders' to read and to replace */
static void
test_owner(void **state)
{
	uid_t want = geteuid() == 0 ? 65534 : geteuid();
	char lock[80];
	struct stat st;
	int fd;

	(void)state;
	snprintf(lock, sizeof(lock), "%s.lock", path);
	unlink(lock);
	assert_int_equal(chown(dir, want, (gid_t)-1), 0);
	fd = snapshot_lock(path, NULL);
	assert_true(fd >= 0);
	assert_int_equal(write_generation(1), 0);
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, want);
	assert_int_equal(stat(lock, &st), 0);
	assert_int_equal(st.st_uid, want);
}

static void
test_no_folder(void **state)
{
	struct arena *a = arena_new();
	struct snapshot s;
	struct err err;

	(void)state;
	make_snapshot(a, 1, &s);
	err_init(&err, a);
	assert_int_equal(
	    snapshot_write("/nonexistent/schema.sqlite", &s, &err), -1);
	assert_non_null(strstr(err.cause, "No such file"));
	arena_free(a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_truncated),
	    cmocka_unit_test(test_cut_while_open),
	    cmocka_unit_test(test_bit_flips),
	    cmocka_unit_test(test_mixed_pages),
	    cmocka_unit_test(test_older_page),
	    cmocka_unit_test(test_no_snapshot),
	    cmocka_unit_test(test_no_permission),
	    cmocka_unit_test(test_other_format),
	    cmocka_unit_test(test_lock),
	    cmocka_unit_test(test_killed_writer),
	    cmocka_unit_test(test_no_space),
	    cmocka_unit_test(test_many_writers),
	    cmocka_unit_test(test_owner),
	    cmocka_unit_test(test_no_folder),
	};

	return cmocka_run_group_tests_name(
	    "schema damage", tests, make_good, remove_all);
}
