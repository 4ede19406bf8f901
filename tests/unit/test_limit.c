/*
 * The throttles: never more than the rate in any stretch of time, by a clock
 * that the test sets; who loses his counter when there are too many; many
 * processes at one counter, also when they are killed; files that are not what
 * they should be; and who the client is.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/log.h"
#include "cases.h"
#include "conf/conf.h"
#include "http/http.h"
#include "limit/limit.h"
#include "limit/limit_priv.h"

#define SECOND 1000000
#define DAY    ((int64_t)86400 * SECOND)

static char dir[] = "/tmp/dynapi-limit-XXXXXX";
static char path[64];
static int64_t now;

static int64_t
read_now(void)
{
	return now;
}

static struct throttle *
open_file(void)
{
	struct throttle *t;
	struct err err;

	err_init(&err, arena);
	t = throttle_open(path, &err);
	if (t == NULL)
		fail_msg("%s", err.cause);
	return t;
}

/* a new one, with our clock */
static struct throttle *
open_new(void)
{
	struct throttle *t;

	unlink(path);
	t = open_file();
	throttle_set_clock(t, read_now);
	return t;
}

static int64_t
take(struct throttle *t, const char *who, const struct rate *rate)
{
	struct taken taken;

	return throttle_take(t, THROTTLE_USER, str_from(who), rate, &taken);
}

static int
setup(void **state)
{
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/throttle", dir);
	log_set_level(LEVEL_ERROR); /* replaced files are warnings */
	return make_arena(state);
}

static int
teardown(void **state)
{
	unlink(path);
	rmdir(dir);
	return drop_arena(state);
}

/* ---- hash --------------------------------------------------------------- */

/* the example of the paper, and the reference vectors of 0 and 8 bytes */
static void
test_siphash(void **state)
{
	unsigned char key[16], text[15];

	(void)state;
	for (unsigned char i = 0; i < 16; i++)
		key[i] = i;
	for (unsigned char i = 0; i < 15; i++)
		text[i] = i;
	assert_true(throttle_siphash(key, (struct str){(char *)text, 15}) ==
		    0xa129ca6149be45e5);
	assert_true(throttle_siphash(key, (struct str){(char *)text, 0}) ==
		    0x726fdb47dd0e0e31);
	assert_true(throttle_siphash(key, (struct str){(char *)text, 8}) ==
		    0x93f5f5799a932462);
	assert_true(throttle_siphash(key, STR_NONE) == 0x726fdb47dd0e0e31);
}

/* ---- windows ------------------------------------------------------------ */

static const struct {
	int line;
	struct rate rate;
	int64_t from; /* where the clock stands */
} rates[] = {
    {__LINE__, {1, 1}, 0},
    {__LINE__, {1, 1}, 123456789},
    {__LINE__, {10, 1}, 15872},
    {__LINE__, {10, 60}, 3 * DAY},
    {__LINE__, {7, 600}, 1},
    {__LINE__, {1000, 86400}, 40 * DAY + 17},
    {__LINE__, {3, 31 * 86400}, 4000 * DAY},
};

/* at the limit, one past it, and just when it was promised */
static void
test_window(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rates); i++) {
		const struct rate *r = &rates[i].rate;
		int64_t period = r->period_s * SECOND, wait;
		struct throttle *t = open_new();

		now = rates[i].from;
		for (int64_t n = 0; n < r->n; n++)
			if (take(t, "a", r) != 0)
				fail_msg("line %d: %lld of %lld", rates[i].line,
				    (long long)n, (long long)r->n);
		wait = take(t, "a", r);
		if (wait < period || wait > period + period / 60)
			fail_msg("line %d: wait %lld", rates[i].line,
			    (long long)wait);
		if (take(t, "b", r) != 0)
			fail_msg("line %d: another", rates[i].line);
		now += wait - 1;
		if (take(t, "a", r) == 0)
			fail_msg("line %d: too early", rates[i].line);
		now += 1;
		for (int64_t n = 0; n < r->n; n++)
			if (take(t, "a", r) != 0)
				fail_msg(
				    "line %d: after the wait", rates[i].line);
		if (take(t, "a", r) == 0)
			fail_msg("line %d: too many", rates[i].line);
		throttle_close(t);
	}
}

/* Whatever the times: between the nth and the one n before it lies more than
 * the period; and who waits as long as he is told passes. */
static void
test_any_stretch(void **state)
{
	struct rate rate = {20, 60};
	struct throttle *t = open_new();
	static int64_t at[4000];
	int64_t wait, gap;
	size_t n = 0;
	unsigned seed = 20261122;

	(void)state;
	now = 77 * SECOND;
	for (int i = 0; i < 60000 && n < COUNT(at); i++) {
		gap = rand_r(&seed) % 100 < 97 ? rand_r(&seed) % 400000
					       : rand_r(&seed) % 90000000;
		now += gap;
		wait = take(t, "a", &rate);
		if (wait == 0)
			at[n++] = now;
		else if (i % 50 == 0) {
			now += wait;
			assert_int_equal(take(t, "a", &rate), 0);
			if (n < COUNT(at))
				at[n++] = now;
		}
	}
	assert_true(n > 1000);
	for (size_t i = (size_t)rate.n; i < n; i++)
		if (at[i] - at[i - (size_t)rate.n] < 60 * SECOND)
			fail_msg("%zu: %lld us", i,
			    (long long)(at[i] - at[i - (size_t)rate.n]));
	throttle_close(t);
}

/* half of it an hour later: the older half is free first */
static void
test_slides(void **state)
{
	struct rate rate = {10, 86400};
	struct throttle *t = open_new();
	int64_t wait;

	(void)state;
	now = DAY;
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(t, "a", &rate), 0);
	now += DAY / 2;
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(t, "a", &rate), 0);
	wait = take(t, "a", &rate);
	assert_true(wait >= DAY / 2 && wait <= DAY / 2 + DAY / 60);
	now += wait;
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(t, "a", &rate), 0);
	wait = take(t, "a", &rate);
	assert_true(wait >= DAY / 2 - DAY / 30 && wait <= DAY / 2 + DAY / 30);
	throttle_close(t);
}

static void
test_give_back(void **state)
{
	struct rate rate = {3, 60};
	struct throttle *t = open_new();
	struct taken taken[4];

	(void)state;
	now = DAY;
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 3; i++)
			assert_int_equal(throttle_take(t, THROTTLE_NAME,
					     STR("a"), &rate, &taken[i]),
			    0);
		assert_true(throttle_take(t, THROTTLE_NAME, STR("a"), &rate,
				&taken[3]) > 0);
		throttle_give_back(&taken[3]); /* nothing */
		assert_true(throttle_take(t, THROTTLE_NAME, STR("a"), &rate,
				&taken[3]) > 0);
		/* also later, and only once */
		now += 100000;
		for (int i = 0; i < 3; i++) {
			throttle_give_back(&taken[i]);
			throttle_give_back(&taken[i]);
		}
	}
	/* what is long past cannot take away from what came after */
	throttle_take(t, THROTTLE_NAME, STR("a"), &rate, &taken[0]);
	now += 6400 * (int64_t)SECOND;
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    throttle_take(t, THROTTLE_NAME, STR("a"), &rate, &taken[1]),
		    0);
	throttle_give_back(&taken[0]);
	assert_true(
	    throttle_take(t, THROTTLE_NAME, STR("a"), &rate, &taken[2]) > 0);
	throttle_close(t);
}

/* a name is another counter for each use, and for each period */
static void
test_apart(void **state)
{
	struct rate minute = {1, 60}, hour = {1, 3600};
	struct throttle *t = open_new();
	struct taken taken;

	(void)state;
	now = DAY;
	for (int what = THROTTLE_USER; what <= THROTTLE_SOURCE; what++) {
		assert_int_equal(throttle_take(t, (enum throttle_what)what,
				     STR("x"), &minute, &taken),
		    0);
		assert_int_equal(throttle_take(t, (enum throttle_what)what,
				     STR("x"), &hour, &taken),
		    0);
		assert_true(throttle_take(t, (enum throttle_what)what, STR("x"),
				&minute, &taken) > 0);
		assert_true(throttle_take(t, (enum throttle_what)what, STR("x"),
				&hour, &taken) > 0);
	}
	assert_int_equal(take(t, "", &minute), 0);
	assert_int_equal(take(t, "X", &minute), 0);
	/* a rate that was changed goes on with the same count */
	minute.n = 2;
	assert_int_equal(take(t, "X", &minute), 0);
	assert_true(take(t, "X", &minute) > 0);
	throttle_close(t);
}

/* the clock of an earlier boot is no reason to wait for ever */
static void
test_clock_back(void **state)
{
	struct rate rate = {5, 60};
	struct throttle *t = open_new();

	(void)state;
	now = 50 * DAY;
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(t, "a", &rate), 0);
	now = DAY;
	for (int i = 0; i < 5; i++)
		assert_int_equal(take(t, "a", &rate), 0);
	assert_true(take(t, "a", &rate) > 0);
	throttle_close(t);
}

/* ---- too many names ----------------------------------------------------- */

/* What is used stays, however many others come; what was not is taken over,
 * and then begins with an empty counter. */
static void
test_takeover(void **state)
{
	struct rate rate = {3, 86400};
	struct throttle *t = open_new();
	char name[32];
	int passed = 0;

	(void)state;
	now = DAY;
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(t, "kept", &rate), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(t, "left", &rate), 0);
	for (int i = 0; i < 3 * SETS * WAYS; i++) {
		if (i % 1000 == 0) {
			now += SECOND;
			assert_true(take(t, "kept", &rate) > 0);
		}
		snprintf(name, sizeof name, "n%d", i);
		passed += take(t, name, &rate) == 0;
	}
	assert_int_equal(passed, 3 * SETS * WAYS);
	assert_true(take(t, "kept", &rate) > 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take(t, "left", &rate), 0);
	assert_true(take(t, "left", &rate) > 0);
	throttle_close(t);
}

/* counters of minutes that are over make room before those of a day */
static void
test_takeover_expired(void **state)
{
	struct rate day = {1, 86400}, minute = {1, 60};
	struct throttle *t = open_new();
	char name[32];
	int kept = 0;

	(void)state;
	now = DAY;
	for (int i = 0; i < SETS; i++) {
		snprintf(name, sizeof name, "day%d", i);
		take(t, name, &day);
	}
	now += 10 * SECOND;
	for (int i = 0; i < 5 * SETS * WAYS; i++) {
		if (i % SETS == 0)
			now += 70 * (int64_t)SECOND;
		snprintf(name, sizeof name, "m%d", i);
		assert_int_equal(take(t, name, &minute), 0);
	}
	for (int i = 0; i < SETS; i++) {
		snprintf(name, sizeof name, "day%d", i);
		kept += take(t, name, &day) > 0;
	}
	assert_int_equal(kept, SETS);
	throttle_close(t);
}

/* ---- processes ---------------------------------------------------------- */

#define WORKERS 8

/* how many each got, in memory that all see */
static int64_t *
share_counts(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(p != MAP_FAILED);
	return p;
}

/* tries until it was refused so often in a row, each time with a file of its
 * own now and then */
static void
hammer(int worker, int64_t *count, const char *const *names, size_t nnames,
    const struct rate *rate)
{
	struct throttle *t = open_file();
	int refused = 0;

	for (unsigned i = (unsigned)worker; refused < 2000; i++) {
		if (take(t, names[i % nnames], rate) == 0) {
			__atomic_add_fetch(
			    &count[i % nnames], 1, __ATOMIC_SEQ_CST);
			refused = 0;
		} else
			refused++;
		if (i % 5000 == 4999) {
			throttle_close(t);
			t = open_file();
		}
	}
	throttle_close(t);
}

static void
run_workers(int64_t *count, const char *const *names, size_t n,
    const struct rate *rate, pid_t pid[WORKERS])
{
	for (int w = 0; w < WORKERS; w++) {
		pid[w] = fork();
		assert_true(pid[w] >= 0);
		if (pid[w] != 0)
			continue;
		hammer(w, count, names, n, rate);
		_exit(0);
	}
}

static void
test_processes(void **state)
{
	static const char *const names[] = {"a", "b", "c"};
	struct rate rate = {50000, 86400};
	int64_t *count = share_counts();
	pid_t pid[WORKERS];
	int status;

	(void)state;
	unlink(path); /* all make it at once */
	run_workers(count, names, COUNT(names), &rate, pid);
	for (int w = 0; w < WORKERS; w++) {
		assert_int_equal(waitpid(pid[w], &status, 0), pid[w]);
		assert_int_equal(status, 0);
	}
	for (size_t i = 0; i < COUNT(names); i++)
		assert_int_equal(count[i], rate.n);
	munmap(count, 4096);
}

/* killed at any moment they leave at most one each behind, and nothing that
 * others would wait for */
static void
test_killed(void **state)
{
	static const char *const names[] = {"a"};
	struct rate rate = {1000000, 86400};
	int64_t *count = share_counts();
	pid_t pid[WORKERS], more[WORKERS];
	int status, killed = 0;

	(void)state;
	unlink(path);
	for (int round = 0; round < 5; round++) {
		run_workers(count, names, 1, &rate, pid);
		nanosleep(&(struct timespec){0, 20000000}, NULL);
		for (int w = 0; w < WORKERS; w++) {
			kill(pid[w], SIGKILL);
			waitpid(pid[w], &status, 0);
			killed += WIFSIGNALED(status);
		}
	}
	assert_true(killed > 0);
	run_workers(count, names, 1, &rate, more);
	for (int w = 0; w < WORKERS; w++) {
		waitpid(more[w], &status, 0);
		assert_int_equal(status, 0);
	}
	assert_true(count[0] <= rate.n);
	/* a killed one has taken and not told, or not taken back */
	assert_true(count[0] >= rate.n - 2 * killed);
	munmap(count, 4096);
}

/* as many as there are processors; who dies leaves */
static void
test_places(void **state)
{
	struct throttle *t = open_new();
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pid_t pid[64];
	int fd[2], status, place;
	char c;

	(void)state;
	assert_true(processors >= 1 && processors <= 64);
	assert_int_equal(pipe(fd), 0);
	for (long i = 0; i < processors; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			place = throttle_enter(t, 0);
			if (write(fd[1], place < 0 ? "-" : "+", 1) == 1)
				pause();
			_exit(0);
		}
		assert_int_equal(read(fd[0], &c, 1), 1);
		assert_int_equal(c, '+');
	}
	assert_int_equal(throttle_enter(t, 0), -1);
	assert_int_equal(throttle_enter(t, 30), -1);
	kill(pid[0], SIGKILL);
	waitpid(pid[0], &status, 0);
	place = throttle_enter(t, 1000);
	assert_true(place >= 0 && place < processors);
	throttle_leave(t, place);
	for (long i = 1; i < processors; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], &status, 0);
	}
	close(fd[0]);
	close(fd[1]);
	throttle_close(t);
}

/* ---- files -------------------------------------------------------------- */

static void
test_reopen(void **state)
{
	struct rate rate = {2, 86400};
	struct throttle *t = open_new(), *u;
	struct stat st;

	(void)state;
	throttle_set_clock(t, read_now);
	now = DAY;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	assert_true(st.st_blocks * 512 >= st.st_size); /* no hole */
	assert_int_equal(take(t, "a", &rate), 0);
	u = open_file();
	throttle_set_clock(u, read_now);
	assert_int_equal(take(u, "a", &rate), 0);
	assert_true(take(t, "a", &rate) > 0);
	throttle_close(t);
	throttle_close(u);
	t = open_file();
	throttle_set_clock(t, read_now);
	assert_true(take(t, "a", &rate) > 0);
	assert_false(throttle_replaced(t, path));
	unlink(path);
	assert_true(throttle_replaced(t, path));
	u = open_file();
	assert_true(throttle_replaced(t, path));
	assert_false(throttle_replaced(u, path));
	assert_int_equal(truncate(path, 100), 0);
	assert_true(throttle_replaced(u, path));
	throttle_close(t);
	throttle_close(u);
}

/* bytes to be changed in a good file; len -1: cut off there */
static const struct {
	int line;
	off_t at;
	int len;
	bool usable; /* counts stay */
} damages[] = {
    {__LINE__, 0, 1, false},        /* magic */
    {__LINE__, 8, 4, false},        /* format */
    {__LINE__, 12, 1, false},       /* sets */
    {__LINE__, 16, 1, false},       /* ways */
    {__LINE__, 20, 1, false},       /* buckets */
    {__LINE__, 40, 1, false},       /* boot */
    {__LINE__, 0, -1, false},       /* empty */
    {__LINE__, 20, -1, false},      /* within the head */
    {__LINE__, 4096, -1, false},    /* behind it */
    {__LINE__, 2000000, -1, false}, /* within the sets */
    {__LINE__, 4000, 10, true},     /* between */
};

static void
damage(off_t at, int len)
{
	char junk[16];
	int fd = open(path, O_RDWR);

	assert_true(fd >= 0);
	if (len < 0)
		assert_int_equal(ftruncate(fd, at), 0);
	else {
		assert_int_equal(pread(fd, junk, (size_t)len, at), len);
		for (int i = 0; i < len; i++)
			junk[i] = (char)(junk[i] + 1);
		assert_int_equal(pwrite(fd, junk, (size_t)len, at), len);
	}
	close(fd);
}

static void
test_damage(void **state)
{
	struct rate rate = {1, 86400};

	(void)state;
	now = DAY;
	for (size_t i = 0; i < COUNT(damages); i++) {
		struct throttle *t = open_new();

		assert_int_equal(take(t, "a", &rate), 0);
		throttle_close(t);
		damage(damages[i].at, damages[i].len);
		t = open_file();
		throttle_set_clock(t, read_now);
		if ((take(t, "a", &rate) > 0) != damages[i].usable)
			fail_msg("line %d", damages[i].line);
		if (take(t, "a", &rate) == 0)
			fail_msg("line %d: does not count", damages[i].line);
		throttle_close(t);
	}
}

/* any bytes behind the head: nobody is locked out for longer than the period,
 * nothing is read beyond the file */
static void
test_junk(void **state)
{
	struct rate rate = {5, 60};
	struct throttle *t = open_new();
	unsigned seed = 7;
	char name[16];
	int64_t wait;
	int passed;

	(void)state;
	for (size_t i = 0; i < sizeof(struct throttle_set) * SETS / 4; i++)
		((uint32_t *)(void *)t->sets)[i] =
		    (uint32_t)rand_r(&seed) << 16 ^ (uint32_t)rand_r(&seed);
	now = 12345 * (int64_t)SECOND;
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		wait = take(t, name, &rate);
		assert_true(wait >= 0 && wait <= 61 * (int64_t)SECOND);
	}
	now += 62 * (int64_t)SECOND;
	passed = 0;
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "n%d", i);
		passed += take(t, name, &rate) == 0;
	}
	assert_int_equal(passed, 2000);
	throttle_close(t);
}

static void
refuse_path(int line, const char *name)
{
	struct err err;

	err_init(&err, arena);
	if (throttle_open(name, &err) != NULL || err.cause == NULL)
		fail_msg("line %d: %s", line, name);
}

static void
test_no_file(void **state)
{
	char name[128];

	(void)state;
	refuse_path(__LINE__, "/nonexistent/throttle");
	refuse_path(__LINE__, "/proc/throttle");
	refuse_path(__LINE__, dir);
	snprintf(name, sizeof name, "%s/link", dir);
	assert_int_equal(symlink(path, name), 0);
	refuse_path(__LINE__, name);
	unlink(name);
	assert_int_equal(mkfifo(name, 0600), 0);
	unlink(path);
	throttle_close(open_file());
	unlink(name);
}

/* who was killed while he made one */
static void
test_leftover(void **state)
{
	char name[128];
	FILE *f;

	(void)state;
	unlink(path);
	snprintf(name, sizeof name, "%s.new", path);
	f = fopen(name, "w");
	assert_non_null(f);
	fputs("half", f);
	fclose(f);
	throttle_close(open_file());
	assert_int_not_equal(access(name, F_OK), 0);
}

/* ---- who it is ---------------------------------------------------------- */

static const struct {
	int line;
	const char *text, *want; /* NULL: no address */
} addresses[] = {
    {__LINE__, "192.0.2.1", "192.0.2.1"},
    {__LINE__, "::ffff:192.0.2.1", "192.0.2.1"},
    {__LINE__, "2001:DB8:0:0::1", "2001:db8::1"},
    {__LINE__, "::", "::"},
    {__LINE__, "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
    {__LINE__, "", NULL},
    {__LINE__, " 192.0.2.1", NULL},
    {__LINE__, "192.0.2", NULL},
    {__LINE__, "192.0.2.256", NULL},
    {__LINE__, "192.0.02.1", NULL},
    {__LINE__, "3221225985", NULL},
    {__LINE__, "0x7f.1", NULL},
    {__LINE__, "192.0.2.1:80", NULL},
    {__LINE__, "fe80::1%eth0", NULL},
    {__LINE__, "[::1]", NULL},
    {__LINE__, "1:2:3:4:5:6:7:8:9", NULL},
    {__LINE__, "::1::", NULL},
    {__LINE__, "unknown", NULL},
    {__LINE__, "1111111111111111111111111111111111111111111111111", NULL},
};

static void
test_addresses(void **state)
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		bool ok = addr_parse(str_from(addresses[i].text), &a);

		if (ok != (addresses[i].want != NULL))
			fail_msg("line %d", addresses[i].line);
		if (ok)
			want_str(addresses[i].line,
			    (struct str){text, addr_text(&a, text)},
			    str_from(addresses[i].want));
	}
	assert_false(addr_parse((struct str){"::1\0x", 5}, &a));
}

static const struct {
	int line;
	const char *net, *in, *out; /* net NULL: none */
} networks[] = {
    {__LINE__, "192.0.2.1", "192.0.2.1", "192.0.2.2"},
    {__LINE__, "192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
    {__LINE__, "10.0.0.0/8", "10.255.0.1", "11.0.0.0"},
    {__LINE__, "192.0.2.128/25", "192.0.2.128", "192.0.2.127"},
    {__LINE__, "192.0.2.4/30", "192.0.2.7", "192.0.2.8"},
    {__LINE__, "0.0.0.0/0", "203.0.113.9", "::1"},
    {__LINE__, "::/0", "2001:db8::1", "203.0.113.9"},
    {__LINE__, "2001:db8::/32", "2001:db8:ffff::", "2001:db9::"},
    {__LINE__, "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"},
    {__LINE__, "::1", "::1", "::2"},
    {__LINE__, "192.0.2.0/24", "::ffff:192.0.2.9", "::192.0.2.9"},
};

static const char *const no_networks[] = {"", "/", "192.0.2.0/33",
    "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/24/1", "192.0.2/24", "::/129",
    "localhost", "192.0.2.0/2x", "*"};

static void
test_networks(void **state)
{
	struct addr a;
	struct net n;

	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++) {
		if (!net_parse(str_from(networks[i].net), &n))
			fail_msg("line %d", networks[i].line);
		assert_true(addr_parse(str_from(networks[i].in), &a));
		if (!net_has(&n, &a))
			fail_msg("line %d: in", networks[i].line);
		assert_true(addr_parse(str_from(networks[i].out), &a));
		if (net_has(&n, &a))
			fail_msg("line %d: out", networks[i].line);
	}
	for (size_t i = 0; i < COUNT(no_networks); i++)
		if (net_parse(str_from(no_networks[i]), &n))
			fail_msg("\"%s\" is a network", no_networks[i]);
}

/* trusted are 10/8, 2001:db8:1::/48 and, where L stands, local sockets */
static const struct {
	int line;
	bool local;
	const char *remote, *forwarded, *want;
} clients[] = {
    /* not from a proxy: whatever it says */
    {__LINE__, false, "203.0.113.5", NULL, "203.0.113.5"},
    {__LINE__, false, "203.0.113.5", "198.51.100.7", "203.0.113.5"},
    {__LINE__, false, "203.0.113.5", "10.0.0.1", "203.0.113.5"},
    {__LINE__, false, "2001:db8:2::1", "198.51.100.7", "2001:db8:2::1"},
    {__LINE__, false, "", "198.51.100.7", ""},
    {__LINE__, false, "unix:", "198.51.100.7", "unix:"},
    /* from one, that says nothing */
    {__LINE__, false, "10.0.0.1", NULL, "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", ",", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", " , 198.51.100.7,", "10.0.0.1"},
    /* the one furthest right that is none */
    {__LINE__, false, "10.0.0.1", "198.51.100.7", "198.51.100.7"},
    {__LINE__, false, "10.0.0.1", "1.1.1.1, 198.51.100.7", "198.51.100.7"},
    {__LINE__, false, "10.0.0.1", "1.1.1.1,198.51.100.7, 10.9.9.9",
	"198.51.100.7"},
    {__LINE__, false, "10.0.0.1", "1.1.1.1, 10.0.0.2, 198.51.100.7",
	"198.51.100.7"},
    {__LINE__, false, "2001:db8:1::5", "1.1.1.1, 2001:db8:9::1",
	"2001:db8:9::1"},
    {__LINE__, false, "::ffff:10.0.0.1", "198.51.100.7", "198.51.100.7"},
    {__LINE__, false, "10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"},
    {__LINE__, false, "10.0.0.1", "\t198.51.100.7 ", "198.51.100.7"},
    /* all are proxies: the first of them asks himself */
    {__LINE__, false, "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
    /* with ports */
    {__LINE__, false, "10.0.0.1", "198.51.100.7:4711", "198.51.100.7"},
    {__LINE__, false, "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"},
    {__LINE__, false, "10.0.0.1", "[2001:db8::7]", "2001:db8::7"},
    /* what is no address ends the walk */
    {__LINE__, false, "10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "198.51.100.7, unknown, 10.0.0.2",
	"10.0.0.2"},
    {__LINE__, false, "10.0.0.1", "198.51.100.7, , 10.0.0.2", "10.0.0.2"},
    {__LINE__, false, "10.0.0.1", "198.51.100.7 10.0.0.2", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "198.51.100.7;10.0.0.2", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "\"198.51.100.7\"", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "for=198.51.100.7", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "198.51.100.7:", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "198.51.100.7:99999", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "198.51.100.7:-1", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "[198.51.100.7]", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "[2001:db8::7", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "[2001:db8::7]x", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "[2001:db8::7]:", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "[", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "[]", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", ":", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "198.51.100.007", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "' or 1=1 --", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "fe80::1%25eth0", "10.0.0.1"},
    {__LINE__, false, "10.0.0.1", "\x01\x02\xff", "10.0.0.1"},
    /* local sockets */
    {__LINE__, true, "", "198.51.100.7", "198.51.100.7"},
    {__LINE__, true, "unix:", "198.51.100.7", "198.51.100.7"},
    {__LINE__, true, "/run/web.sock", "198.51.100.7", "198.51.100.7"},
    {__LINE__, true, "unix:", NULL, "unix:"},
    {__LINE__, true, "unix:", "unix:", "unix:"},
    {__LINE__, true, "localhost", "198.51.100.7", "localhost"},
    {__LINE__, true, "203.0.113.5", "198.51.100.7", "203.0.113.5"},
};

static void
test_clients(void **state)
{
	struct net v[2];
	struct nets nets = {.v = v, .n = 2};

	(void)state;
	assert_true(net_parse(STR("10.0.0.0/8"), &v[0]));
	assert_true(net_parse(STR("2001:db8:1::/48"), &v[1]));
	for (size_t i = 0; i < COUNT(clients); i++) {
		nets.local = clients[i].local;
		want_str(clients[i].line,
		    request_client(arena, str_from(clients[i].remote),
			str_from(clients[i].forwarded), &nets),
		    str_from(clients[i].want));
		want_str(clients[i].line,
		    request_client(arena, str_from(clients[i].remote),
			str_from(clients[i].forwarded), NULL),
		    str_from(clients[i].remote));
	}
}

/* any bytes there lead to the proxy, or to one of what could be an address */
static void
test_hostile_clients(void **state)
{
	static const char alphabet[] = "0123456789abcdef.:,,,[] \t%/x\xff";
	struct net v[1];
	struct nets nets = {.v = v, .n = 1, .local = true};
	struct str got;
	struct addr a;
	char text[200];
	unsigned seed = 99;
	size_t n;

	(void)state;
	assert_true(net_parse(STR("::/0"), &v[0]));
	for (int i = 0; i < 100000; i++) {
		n = (size_t)rand_r(&seed) % sizeof text;
		for (size_t j = 0; j < n; j++)
			text[j] = alphabet[(size_t)rand_r(&seed) %
					   (sizeof alphabet - 1)];
		got = request_client(
		    arena, STR("::9"), (struct str){text, n}, &nets);
		if (!addr_parse(got, &a))
			fail_msg("%d: %.*s", i, STR_ARGS(got));
		if (i % 1000 == 0)
			arena_reset(arena);
	}
}

/* for tests/api/throttle.t: takes all places and keeps them */
static int
hold(const char *name)
{
	struct throttle *t;
	struct err err;

	err_init(&err, NULL);
	t = throttle_open(name, &err);
	if (t == NULL)
		return 1;
	for (long i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++)
		throttle_lock(t, LOCK_PLACES + i);
	printf("held %d\n", (int)getpid());
	fflush(stdout);
	return pause();
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_siphash),
	    cmocka_unit_test(test_window),
	    cmocka_unit_test(test_any_stretch),
	    cmocka_unit_test(test_slides),
	    cmocka_unit_test(test_give_back),
	    cmocka_unit_test(test_apart),
	    cmocka_unit_test(test_clock_back),
	    cmocka_unit_test(test_takeover),
	    cmocka_unit_test(test_takeover_expired),
	    cmocka_unit_test(test_processes),
	    cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_places),
	    cmocka_unit_test(test_reopen),
	    cmocka_unit_test(test_damage),
	    cmocka_unit_test(test_junk),
	    cmocka_unit_test(test_no_file),
	    cmocka_unit_test(test_leftover),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_networks),
	    cmocka_unit_test(test_clients),
	    cmocka_unit_test(test_hostile_clients),
	};

	if (argc == 3 && strcmp(argv[1], "hold") == 0)
		return hold(argv[2]);
	return cmocka_run_group_tests(tests, setup, teardown);
}
