/*
 * The command: reads the database, compares with the snapshot on disk, and
 * does what was asked.  It holds the lock from before it reads until it has
 * written, so that of two runs at once the later knowledge wins.
 *
 * Nothing on standard output means that nothing has changed; cron then sends
 * no mail.
 */
#include "config.h"

#include "introspect/introspect.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "conf/conf.h"
#include "schema/schema.h"
#include "db/db.h"

#define PROGRAM      "dynapi-introspect"
#define MISTAKES_MAX ((size_t)1 << 20)

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

enum task { TASK_WRITE, TASK_CHECK, TASK_DIFF, TASK_LIST, TASK_JSON };

struct run {
	struct arena *arena;
	struct err err;
	enum task task;
	const char *conf_path;
	struct conf conf;
	struct db *db;
	struct snapshot now, old;
	bool has_old;
	struct err old_err; /* why there is no old one that can be read */
	struct buf out;
};

static const struct option longs[] = {
    {"config", required_argument, NULL, 'c'},
    {"check", no_argument, NULL, 'k'},
    {"diff", no_argument, NULL, 'd'},
    {"list", no_argument, NULL, 'l'},
    {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static void
print_help(FILE *f)
{
	fputs("usage: " PROGRAM " [-c CONF] [--check | --diff | --list | "
	      "--json]\n\n"
	      "Reads the database's catalogs and writes the snapshot that the "
	      "responders serve;\n"
	      "prints what has changed, and nothing when nothing has.\n\n"
	      "  -c, --config CONF  read this file (" CONF_DEFAULT_FILE ")\n"
	      "      --check        write nothing; exit 1 when the snapshot is "
	      "stale or damaged\n"
	      "      --diff         write nothing; print what would change\n"
	      "      --list         tables, columns, keys, what is excluded "
	      "and why, warnings\n"
	      "      --json         the same as JSON\n"
	      "  -h, --help         this text\n"
	      "  -V, --version      the version\n\n"
	      "Exit status: 0 done, 1 refused, failed or stale, 2 wrong usage."
	      "\n",
	    f);
}

static int
wrong_usage(void)
{
	print_help(stderr);
	return EXIT_USAGE;
}

/* false when it is not what was asked for before; a list as JSON is one task */
static bool
choose_task(struct run *r, enum task task)
{
	enum task before = r->task;

	if (task == TASK_LIST && before == TASK_JSON)
		return true;
	r->task = task;
	return before == TASK_WRITE || before == task ||
	       (before == TASK_LIST && task == TASK_JSON);
}

/* -1: go on; else the exit status */
static int
read_options(struct run *r, int argc, char **argv)
{
	bool fine = true;
	int c;

	while (
	    fine && (c = getopt_long(argc, argv, "c:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'c':
			r->conf_path = optarg;
			break;
		case 'h':
			print_help(stdout);
			return EXIT_DONE;
		case 'V':
			printf(PROGRAM " %s (snapshot format %d)\n",
			    PACKAGE_VERSION, SNAPSHOT_FORMAT);
			return EXIT_DONE;
		case 'k':
			fine = choose_task(r, TASK_CHECK);
			break;
		case 'd':
			fine = choose_task(r, TASK_DIFF);
			break;
		case 'l':
			fine = choose_task(r, TASK_LIST);
			break;
		case 'j':
			fine = choose_task(r, TASK_JSON);
			break;
		default:
			fine = false;
			break;
		}
	}
	return fine && optind == argc ? -1 : wrong_usage();
}

/* one line, whatever libpq had to say */
static int
complain(const struct err *err)
{
	const char *text = err->cause != NULL    ? err->cause
			   : err->detail != NULL ? err->detail
						 : err_title(err->id);
	bool blank = false;

	fputs(PROGRAM ": ", stderr);
	for (; *text != '\0'; text++) {
		if (strchr(" \t\r\n", *text) != NULL) {
			blank = true;
			continue;
		}
		if (blank)
			fputc(' ', stderr);
		blank = false;
		fputc(*text, stderr);
	}
	fputc('\n', stderr);
	return EXIT_REFUSED;
}

static int
read_conf(struct run *r)
{
	struct buf mistakes;

	buf_init(&mistakes, r->arena, MISTAKES_MAX);
	if (conf_read(r->arena, r->conf_path, &r->conf, &mistakes, &r->err) ==
	    0)
		return 0;
	if (mistakes.len > 0)
		fputs(mistakes.p, stderr);
	else
		complain(&r->err);
	return -1;
}

static void
free_db(void *arg)
{
	db_free(arg);
}

static int
read_database(struct run *r)
{
	struct db_opts opts = {
	    .application_name = PROGRAM,
	    .connect_timeout_s = (int)(r->conf.connect_timeout / 1000) + 1,
	};

	opts.conninfo = conf_conninfo(r->arena, &r->conf, &r->err);
	if (opts.conninfo == NULL)
		return -1;
	r->db = db_new(&opts);
	arena_defer(r->arena, free_db, r->db);
	return introspect_read(r->arena, r->db, &r->conf, &r->now, &r->err);
}

static void
read_old(struct run *r)
{
	err_init(&r->old_err, r->arena);
	r->has_old = snapshot_read(
			 r->arena, r->conf.snapshot, &r->old, &r->old_err) == 0;
}

static int
print_out(struct run *r)
{
	if (r->out.overflow ||
	    fwrite(r->out.p, 1, r->out.len, stdout) != r->out.len ||
	    fflush(stdout) != 0) {
		fprintf(stderr, PROGRAM ": cannot write to standard output\n");
		return -1;
	}
	return 0;
}

/* ------------------------------------------------------------------ writing */

/* a snapshot that is not of this database was not made by this configuration:
 * writing over it would be a mistake more often than not */
static int
check_old(struct run *r)
{
	int format = snapshot_format(r->conf.snapshot);

	if (format > SNAPSHOT_FORMAT)
		return err_world(
		    &r->err, ERR_SNAPSHOT_UNAVAILABLE, "%s", r->old_err.cause);
	if (!r->has_old || introspect_same_database(&r->old, &r->now))
		return 0;
	return err_world(&r->err, ERR_SNAPSHOT_UNAVAILABLE,
	    "%s is the snapshot of database %.*s (system %.*s), conninfo "
	    "leads to database %.*s (system %.*s): remove the file first if "
	    "this is meant",
	    r->conf.snapshot, STR_ARGS(r->old.meta.database),
	    STR_ARGS(r->old.meta.system_id), STR_ARGS(r->now.meta.database),
	    STR_ARGS(r->now.meta.system_id));
}

static void
announce(struct run *r)
{
	if (!r->has_old && access(r->conf.snapshot, F_OK) == 0)
		fprintf(stderr, PROGRAM ": replaced: %s\n", r->old_err.cause);
	buf_printf(&r->out, "snapshot written: %zu tables\n", r->now.ntables);
}

static int
write_locked(struct run *r)
{
	read_old(r);
	if (read_database(r) != 0 || check_old(r) != 0)
		return complain(&r->err);
	if (r->has_old && introspect_diff(&r->out, &r->old, &r->now) == 0)
		return EXIT_DONE;
	if (!r->has_old)
		announce(r);
	r->now.meta.generation = r->old.meta.generation + 1;
	if (snapshot_write(r->conf.snapshot, &r->now, &r->err) != 0)
		return complain(&r->err);
	return print_out(r) == 0 ? EXIT_DONE : EXIT_REFUSED;
}

static int
run_write(struct run *r)
{
	int lock = snapshot_lock(r->conf.snapshot, &r->err);
	int status;

	if (lock < 0)
		return complain(&r->err);
	status = write_locked(r);
	close(lock);
	return status;
}

/* ------------------------------------------------------------------ looking */

static int
run_compare(struct run *r)
{
	size_t lines;

	read_old(r);
	if (!r->has_old)
		return complain(&r->old_err);
	if (read_database(r) != 0)
		return complain(&r->err);
	lines = introspect_diff(&r->out, &r->old, &r->now);
	if (print_out(r) != 0)
		return EXIT_REFUSED;
	return r->task == TASK_CHECK && lines > 0 ? EXIT_REFUSED : EXIT_DONE;
}

static int
run_list(struct run *r)
{
	if (read_database(r) != 0)
		return complain(&r->err);
	if (r->task == TASK_JSON)
		introspect_list_json(&r->out, &r->now);
	else
		introspect_list(&r->out, &r->now);
	return print_out(r) == 0 ? EXIT_DONE : EXIT_REFUSED;
}

static int
run_task(struct run *r)
{
	switch (r->task) {
	case TASK_WRITE:
		return run_write(r);
	case TASK_CHECK:
	case TASK_DIFF:
		return run_compare(r);
	case TASK_LIST:
	case TASK_JSON:
		return run_list(r);
	}
	return EXIT_USAGE;
}

int
introspect_main(int argc, char **argv)
{
	struct run r = {.arena = arena_new(), .conf_path = CONF_DEFAULT_FILE};
	int status;

	err_init(&r.err, r.arena);
	buf_init(&r.out, r.arena, SIZE_MAX / 8);
	/* what matters is said on standard error by complain */
	log_open(PROGRAM, "/dev/null", LEVEL_ERROR);
	status = read_options(&r, argc, argv);
	if (status < 0)
		status = read_conf(&r) == 0 ? run_task(&r) : EXIT_REFUSED;
	arena_free(r.arena);
	log_close();
	return status;
}
