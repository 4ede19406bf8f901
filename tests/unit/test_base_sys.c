/* arena, err, log, file, proc and clock, with real files, pipes and programs
 * in a folder of the test's own. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "cases.h"

static char folder[] = "/tmp/test-base-XXXXXX";

static int
set_up(void **state)
{
	(void)state;
	arena = arena_new();
	return mkdtemp(folder) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return rmdir(folder);
}

static const char *
path_of(const char *name)
{
	return arena_printf(arena, "%s/%s", folder, name);
}

static const char *
write_file(const char *name, const char *text, mode_t mode)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static const char *
read_back(const char *path)
{
	struct err err;
	struct str s;

	err_init(&err, arena);
	assert_int_equal(file_read(arena, path, 1000000, &s, &err), 0);
	return s.p;
}

static void
test_arena_sizes(void **state)
{
	static const size_t sizes[] = {
	    0, 1, 15, 16, 17, 1000, 4096, 4097, 16384, 16385, 100000, 3000000};
	struct arena *a = arena_new();
	unsigned char *made[500];
	size_t size[500];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < 500; i++) {
			size[i] = sizes[i % (i < 480 ? 8 : 12)];
			made[i] = arena_alloc(a, size[i]);
			assert_int_equal((uintptr_t)made[i] % 16, 0);
			memset(made[i], (int)(i & 0xff), size[i]);
		}
		for (size_t i = 0; i < 500; i++)
			for (size_t k = 0; k < size[i]; k++)
				if (made[i][k] != (i & 0xff))
					fail_msg("object %zu overwritten", i);
		assert_true(arena_used(a) > 3700000);
		arena_reset(a);
		assert_int_equal(arena_used(a), 0);
	}
	arena_free(a);
	arena_free(NULL);
}

static void
test_arena_helpers(void **state)
{
	struct point {
		int x, y;
	} * p;
	unsigned char *z;

	(void)state;
	memset(arena_alloc(arena, 5000), 0xff, 5000);
	arena_reset(arena);
	z = arena_zalloc(arena, 100, 7);
	for (size_t i = 0; i < 700; i++)
		assert_int_equal(z[i], 0);
	p = arena_make(arena, struct point);
	assert_int_equal(p->x + p->y, 0);
	assert_string_equal(arena_strdup(arena, "abc"), "abc");
	assert_string_equal(arena_printf(arena, "%d-%s", 5, "x"), "5-x");
	assert_memory_equal(arena_memdup(arena, "a\0b", 3), "a\0b", 3);
	assert_non_null(arena_memdup(arena, NULL, 0));
	assert_non_null(arena_array(arena, struct point, 0));
}

/* small and in place, small and moved, from small to large, large */
static void
test_arena_grow(void **state)
{
	struct arena *a = arena_new();
	unsigned char *p = arena_alloc(a, 1);
	size_t was = 1;

	(void)state;
	p[0] = 0;
	for (size_t size = 2; size < 5000000; size = size * 5 / 3 + 1) {
		p = arena_grow(a, p, was, size);
		for (size_t i = 0; i < size; i++) {
			if (i < was && p[i] != i % 251)
				fail_msg("byte %zu of %zu lost", i, size);
			p[i] = (unsigned char)(i % 251);
		}
		if (size % 3 == 0)
			memset(arena_alloc(a, 20), 0xff, 20);
		if (size % 5 == 0)
			memset(arena_alloc(a, 20000), 0xff, 20000);
		was = size;
	}
	arena_free(a);
}

static void
note(void *arg)
{
	char **at = arg;

	*(*at)++ = 'x';
}

static void
note_y(void *arg)
{
	char **at = arg;

	*(*at)++ = 'y';
}

static void
test_arena_defer(void **state)
{
	struct arena *a = arena_new();
	char seen[10] = "", *at = seen;

	(void)state;
	arena_defer(a, note, &at);
	arena_defer(a, note_y, &at);
	arena_defer(a, note, &at);
	assert_string_equal(seen, "");
	arena_reset(a);
	assert_string_equal(seen, "xyx");
	arena_reset(a);
	assert_string_equal(seen, "xyx");
	arena_defer(a, note_y, &at);
	arena_free(a);
	assert_string_equal(seen, "xyxy");
}

static void
run_out_of_memory(void)
{
	arena_alloc(arena, SIZE_MAX);
}

static void
overflow_array(void)
{
	arena_zalloc(arena, SIZE_MAX / 8, 16);
}

/* exit status of fn in a child whose standard error is the file */
static int
run_child(void (*fn)(void), const char *path)
{
	int status, fd;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
			_exit(99);
		fn();
		_exit(98);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_arena_fatal(void **state)
{
	const char *path = path_of("fatal");

	(void)state;
	assert_int_equal(run_child(run_out_of_memory, path), 1);
	assert_non_null(strstr(read_back(path), " level=error pid="));
	assert_non_null(strstr(read_back(path), " event=out_of_memory msg="));
	assert_int_equal(run_child(overflow_array, path), 1);
	assert_non_null(strstr(read_back(path), " event=out_of_memory msg="));
	unlink(path);
}

static void
test_err_first_wins(void **state)
{
	struct err e;

	(void)state;
	err_init(&e, arena);
	assert_int_equal(err_set(&e, ERR_BAD_FILTER, "no %s", "x"), -1);
	assert_int_equal(err_set(&e, ERR_INTERNAL, "later"), -1);
	assert_int_equal(err_world(&e, ERR_INTERNAL, "later"), -1);
	err_add_field(&e, ERR_BAD_VALUE, STR("f"), "later");
	assert_int_equal(e.id, ERR_BAD_FILTER);
	assert_string_equal(e.detail, "no x");
	assert_null(e.cause);
	assert_null(e.fields);

	err_clear(&e);
	assert_int_equal(e.id, ERR_NONE);
	assert_ptr_equal(e.arena, arena);
	err_world(&e, ERR_DB_UNAVAILABLE, "cause %d", 5);
	assert_null(e.detail);
	assert_string_equal(e.cause, "cause 5");

	err_clear(&e);
	err_set(&e, ERR_NOT_FOUND, NULL);
	assert_int_equal(e.id, ERR_NOT_FOUND);
	assert_null(e.detail);

	err_init(&e, NULL);
	err_set(&e, ERR_LIMIT, "dropped %d", 1);
	assert_int_equal(e.id, ERR_LIMIT);
	assert_null(e.detail);
	assert_int_equal(err_set(NULL, ERR_LIMIT, "nobody asks"), -1);
}

static void
test_err_fields(void **state)
{
	char name[] = "title";
	struct err e;

	(void)state;
	err_init(&e, arena);
	err_add_field(
	    &e, ERR_BAD_VALUE, (struct str){name, 5}, "too %s", "long");
	err_add_field(&e, ERR_REQUIRED, STR("year"), "missing");
	err_set(&e, ERR_INTERNAL, "later");
	memset(name, '?', 5);
	assert_int_equal(e.id, ERR_BAD_VALUE);
	assert_true(str_eq_c(e.fields->field, "title"));
	assert_string_equal(e.fields->text, "too long");
	assert_true(str_eq_c(e.fields->next->field, "year"));
	assert_null(e.fields->next->next);
	assert_null(e.detail);
	err_clear(&e);
	assert_null(e.fields);
	err_add_field(&e, ERR_READ_ONLY, STR("id"), "x");
	assert_null(e.fields->next);
	/* more than any table has columns are not kept */
	for (int i = 0; i < 5000; i++)
		assert_int_equal(
		    err_add_field(&e, ERR_REQUIRED, STR("f"), "x"), -1);
	assert_in_range(e.nfields, 1600, 2500);
}

static void
test_err_table(void **state)
{
	int last = 0;

	(void)state;
	for (int i = ERR_NONE + 1; i < ERR__MAX; i++) {
		assert_true(err_status(i) >= 400 && err_status(i) < 600);
		assert_true(err_status(i) >= last);
		last = err_status(i);
		assert_true(strlen(err_title(i)) > 0);
		for (int k = ERR_NONE; k < i; k++)
			assert_string_not_equal(err_code(i), err_code(k));
	}
	assert_string_equal(err_code(ERR_BAD_JSON), "bad_json");
	assert_int_equal(err_status(ERR_CONSTRAINT), 422);
}

static void
test_log_file(void **state)
{
	const char *path = path_of("log"), *aside = path_of("log.1"), *text;

	(void)state;
	assert_int_equal(log_open("prog", path, LEVEL_INFO), 0);
	log_begin(LEVEL_INFO, "request");
	log_str("path", STR("/a b\nlevel=error"));
	log_cstr("none", NULL);
	log_cstr("user", "");
	log_msg(LEVEL_WARN, "inside", "%d%%", 5);
	log_i64("status", -1);
	log_end();
	log_begin(LEVEL_DEBUG, "hidden");
	log_i64("x", 1);
	log_end();
	log_msg(LEVEL_DEBUG, "hidden", "x");
	text = read_back(path);
	assert_int_equal(strncmp(text, "ts=20", 5), 0);
	assert_non_null(strstr(text,
	    " event=request path=\"/a b\\x0alevel=error\" user=\"\" "
	    "status=-1\n"));
	assert_non_null(strstr(text, "Z level=warn prog=prog pid="));
	assert_non_null(strstr(text, " event=inside msg=5%\n"));
	assert_null(strstr(text, "hidden"));

	assert_int_equal(rename(path, aside), 0);
	assert_int_equal(log_reopen(), 0);
	log_msg(LEVEL_ERROR, "after", "x");
	assert_non_null(strstr(read_back(path), "event=after"));
	assert_null(strstr(read_back(aside), "event=after"));
	/* a destination that cannot be had leaves the old one */
	assert_int_equal(log_open("p", "/nowhere/log", LEVEL_DEBUG), -1);
	assert_int_equal(log_open("p", "relative", LEVEL_DEBUG), -1);
	log_msg(LEVEL_ERROR, "still", "x");
	assert_non_null(strstr(read_back(path), "event=still"));
	log_close();
	unlink(path);
	unlink(aside);
}

static void
test_log_long_line(void **state)
{
	const char *path = path_of("log"), *text;
	char *big = memset(arena_alloc(arena, 3000), 'x', 3000);

	(void)state;
	assert_int_equal(log_open("prog", path, LEVEL_INFO), 0);
	log_begin(LEVEL_INFO, "long");
	for (int i = 0; i < 20; i++)
		log_str("big", (struct str){big, 3000});
	log_i64("last", 1);
	log_end();
	log_close();
	text = read_back(path);
	assert_true(strlen(text) <= 8192);
	assert_true(strlen(text) > 7000);
	assert_non_null(strstr(text, "...[3000 bytes]\" last=1 cut=true\n"));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	unlink(path);
}

/* a reader that has stopped reading costs lines, not the process */
static void
test_log_lost(void **state)
{
	const char *path = path_of("fifo");
	uint64_t before = log_lost();
	int64_t began;
	char junk[4096] = "";
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(log_open("p", path, LEVEL_INFO), -1);
	fd = open(path, O_RDWR | O_NONBLOCK);
	assert_true(fd >= 0);
	assert_int_equal(log_open("p", path, LEVEL_INFO), 0);
	while (write(fd, junk, sizeof(junk)) > 0)
		;
	began = clock_mono_us();
	log_msg(LEVEL_INFO, "full", "x");
	assert_int_equal(log_lost(), before + 1);
	assert_true(clock_mono_us() - began < 5000000);
	while (read(fd, junk, sizeof(junk)) == sizeof(junk))
		;
	log_msg(LEVEL_INFO, "room", "x");
	assert_int_equal(log_lost(), before + 1);
	assert_true(read(fd, junk, sizeof(junk)) > 0);
	log_close();
	close(fd);
	unlink(path);
}

static void
test_file_read(void **state)
{
	const char *path = write_file("f", "12345", 0640);
	struct err err;
	struct str s;

	(void)state;
	err_init(&err, arena);
	assert_int_equal(file_read(arena, path, 5, &s, &err), 0);
	assert_true(str_eq_c(s, "12345"));
	assert_int_equal(s.p[5], '\0');
	assert_int_equal(file_read(arena, path, 4, &s, &err), -1);
	assert_int_equal(err.id, ERR_INTERNAL);
	assert_non_null(strstr(err.cause, "/f: the file is too large"));
	err_clear(&err);
	assert_int_equal(file_read(arena, path_of("none"), 5, &s, &err), -1);
	assert_non_null(strstr(err.cause, "/none: No such file"));
	assert_null(err.detail);
	assert_int_equal(file_read(arena, folder, 5, &s, NULL), -1);
	write_file("f", "", 0640);
	assert_int_equal(file_read(arena, path, 0, &s, NULL), 0);
	assert_int_equal(s.len, 0);
	assert_non_null(s.p);
	/* no size is known beforehand */
	assert_int_equal(
	    file_read(arena, "/proc/self/status", 100000, &s, NULL), 0);
	assert_true(s.len > 100);
	assert_int_equal(file_sync_dir(path), 0);
	assert_int_equal(file_sync_dir("/nowhere/f"), -1);
	assert_int_equal(file_sync_dir("plain"), 0);
	unlink(path);
}

static void
test_file_secret(void **state)
{
	const char *path = write_file("s", "x", 0600);
	const char *link_path = path_of("link");
	struct err err;

	(void)state;
	err_init(&err, arena);
	assert_int_equal(file_check_secret(path, 0077, &err), 0);
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(file_check_secret(link_path, 0077, &err), 0);
	chmod(path, 0640);
	assert_int_equal(file_check_secret(path, 0027, &err), 0);
	assert_int_equal(file_check_secret(path, 0077, &err), -1);
	assert_int_equal(err.id, ERR_INTERNAL);
	assert_non_null(strstr(err.cause, "mode 0640"));
	assert_int_equal(file_check_secret(link_path, 0077, NULL), -1);
	chmod(path, 0604);
	assert_int_equal(file_check_secret(path, 0027, NULL), -1);
	assert_int_equal(file_check_secret(folder, 0, NULL), -1);
	assert_int_equal(file_check_secret(path_of("none"), 0, NULL), -1);
	unlink(link_path);
	unlink(path);
}

/* runs the text with sh, which is not how proc_run is used elsewhere */
static int
run_sh(const char *text, int timeout_ms, struct buf *out)
{
	char sh[] = "/bin/sh", option[] = "-c";
	char *argv[] = {sh, option, arena_strdup(arena, text), NULL};

	return proc_run(argv, timeout_ms, out);
}

static void
test_proc(void **state)
{
	char none[] = "/nowhere/program", *argv[] = {none, NULL};
	struct buf b;
	int fd;

	(void)state;
	buf_init(&b, arena, 100);
	assert_int_equal(
	    run_sh("echo out; echo err >&2; exit 3", 20000, &b), 3);
	assert_string_equal(b.p, "out\nerr\n");
	buf_clear(&b);
	assert_int_equal(run_sh("kill -9 $$", 20000, &b), 137);
	assert_int_equal(run_sh("exit 255", 20000, &b), 255);
	assert_int_equal(proc_run(argv, 20000, &b), -1);
	assert_string_equal(b.p, "");
	/* more than fits is dropped, and does not block the program */
	assert_int_equal(run_sh("i=0; while [ $i -lt 3000 ]; do "
				"echo 12345678901234567890123456789; "
				"i=$((i+1)); done; exit 4",
			     20000, &b),
	    4);
	assert_int_equal(b.len, 100);
	assert_true(b.overflow);
	/* nothing of ours is open there, input is empty */
	buf_clear(&b);
	fd = open("/dev/null", O_RDONLY); /* to be inherited */
	assert_true(fd > 2);
	assert_int_equal(run_sh("cat; for i in 3 4 5 6 7 8 9; do "
				"[ -e /proc/$$/fd/$i ] && echo $i; done; "
				"exit 0",
			     20000, &b),
	    0);
	assert_string_equal(b.p, "");
	close(fd);
}

static void
test_proc_signals(void **state)
{
	struct buf b;
	sigset_t set, old;

	(void)state;
	buf_init(&b, arena, 100);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run_sh("kill -TERM $$; exit 0", 20000, &b), 143);
	assert_int_equal(run_sh("kill -PIPE $$; exit 0", 20000, &b), 141);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void
test_proc_timeout(void **state)
{
	int64_t began = clock_mono_us();
	struct buf b;

	(void)state;
	buf_init(&b, arena, 100);
	/* a grandchild holds the pipe, too */
	assert_int_equal(
	    run_sh("echo a; sleep 1000 & sleep 1000", 300, &b), -2);
	assert_string_equal(b.p, "a\n");
	assert_int_equal(
	    run_sh("exec >/dev/null 2>&1; sleep 1000", 300, &b), -2);
	assert_int_equal(run_sh("while :; do echo x; done", 300, &b), -2);
	assert_int_equal(run_sh("exec >/dev/null 2>&1; exit 5", 20000, &b), 5);
	assert_true(clock_mono_us() - began >= 900000);
	assert_true(clock_mono_us() - began < 15000000);
}

static void
test_clock(void **state)
{
	int64_t a = clock_mono_us(), b = clock_mono_us();

	(void)state;
	assert_true(b >= a);
	assert_true(clock_real_s() > 1700000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_arena_sizes),
	    cmocka_unit_test(test_arena_helpers),
	    cmocka_unit_test(test_arena_grow),
	    cmocka_unit_test(test_arena_defer),
	    cmocka_unit_test(test_arena_fatal),
	    cmocka_unit_test(test_err_first_wins),
	    cmocka_unit_test(test_err_fields),
	    cmocka_unit_test(test_err_table),
	    cmocka_unit_test(test_log_file),
	    cmocka_unit_test(test_log_long_line),
	    cmocka_unit_test(test_log_lost),
	    cmocka_unit_test(test_file_read),
	    cmocka_unit_test(test_file_secret),
	    cmocka_unit_test(test_proc),
	    cmocka_unit_test(test_proc_signals),
	    cmocka_unit_test(test_proc_timeout),
	    cmocka_unit_test(test_clock),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
