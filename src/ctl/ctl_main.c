/*
 * Finds the command, reads the options that its entry declares, and provides
 * what it needs before it runs.  Options may stand before and after the
 * command; a command's name is one or two words.
 */
#include "config.h"

#include "ctl/ctl.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/version.h"
#include "auth/auth.h"
#include "schema/schema.h"

#define PROGRAM      "dynapictl"
#define MISTAKES_MAX (1 << 20)

/* beyond every short option */
enum {
	OPTION_JSON = 256,
	OPTION_OWN /* of the command: this and the following */
};

static const struct cmd *const commands[] = {
#define CMD(entry) &cmd_##entry,
#include "ctl/cmd.def"
#undef CMD
};
#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void
print_help(FILE *f)
{
	fputs("usage: " PROGRAM " [-c CONF] COMMAND [ARGUMENT...]\n\n", f);
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(
		    f, "  %-13s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "  -c, --config CONF  read this file "
	      "(" CONF_DEFAULT_FILE ")\n"
	      "      --json         lists as JSON\n"
	      "  -h, --help         this text, or that of a command\n"
	      "  -V, --version      the version\n"
	      "\n"
	      "Exit status: 0 done, 1 refused or failed, 2 wrong usage.  See "
	      "dynapictl(1).\n",
	    f);
}

static void
print_usage(const struct cmd *cmd, FILE *f)
{
	fprintf(f, "usage: " PROGRAM " [-c CONF] %s%s%s%s\n", cmd->name,
	    cmd->args[0] == '\0' ? "" : " ", cmd->args,
	    cmd->needs & CAN_JSON ? " [--json]" : "");
}

static void
print_command_help(const struct cmd *cmd, FILE *f)
{
	char letter[5];

	print_usage(cmd, f);
	fprintf(f, "\n%s.\n", cmd->summary);
	if (cmd->help != NULL)
		fprintf(f, "%s\n", cmd->help);
	if (cmd->options[0].name != NULL)
		fputc('\n', f);
	for (const struct cmd_option *o = cmd->options; o->name != NULL; o++) {
		snprintf(letter, sizeof(letter), o->letter ? "-%c, " : "    ",
		    o->letter);
		fprintf(f, "  %s--%s%s%s\n        %s\n", letter, o->name,
		    o->arg == NULL ? "" : " ", o->arg == NULL ? "" : o->arg,
		    o->help);
	}
}

static void
print_version(void)
{
	printf(PROGRAM " %s (dynapi schema %d, snapshot format %d)\n",
	    PACKAGE_VERSION, DYNAPI_SCHEMA_VERSION, SNAPSHOT_FORMAT);
}

/* the command that argv[0] names, or argv[0] and argv[1]; *words of them */
static const struct cmd *
find_command(char **argv, int argc, int *words)
{
	size_t first;

	for (size_t i = 0; i < NCOMMANDS; i++) {
		const char *name = commands[i]->name;

		first = strcspn(name, " ");
		if (strlen(argv[0]) != first ||
		    strncmp(argv[0], name, first) != 0)
			continue;
		*words = name[first] == '\0' ? 1 : 2;
		if (*words == 1 ||
		    (argc > 1 && strcmp(argv[1], name + first + 1) == 0))
			return commands[i];
	}
	return NULL;
}

struct option_table {
	struct option longs[CMD_OPTIONS_MAX + 5];
	char shorts[2 * CMD_OPTIONS_MAX + 8];
};

static void
make_options(struct option_table *t, const struct cmd *cmd)
{
	static const struct option common[] = {
	    {"config", required_argument, NULL, 'c'},
	    {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},
	    {"json", no_argument, NULL, OPTION_JSON},
	};
	size_t n = sizeof(common) / sizeof(common[0]);
	char *s;

	memset(t, 0, sizeof(*t));
	memcpy(t->longs, common, sizeof(common));
	/* '+': stop at the command; its own options come in the second pass */
	s = stpcpy(t->shorts, cmd == NULL ? "+:c:hV" : ":c:hV");
	if (cmd == NULL)
		return;
	for (int i = 0; cmd->options[i].name != NULL; i++) {
		const struct cmd_option *o = &cmd->options[i];

		t->longs[n++] = (struct option){o->name,
		    o->arg == NULL ? no_argument : required_argument, NULL,
		    OPTION_OWN + i};
		if (o->letter != 0)
			*s++ = o->letter;
		if (o->letter != 0 && o->arg != NULL)
			*s++ = ':';
	}
}

static int
find_own(const struct cmd *cmd, int letter)
{
	for (int i = 0; cmd != NULL && cmd->options[i].name != NULL; i++)
		if (letter == OPTION_OWN + i ||
		    letter == cmd->options[i].letter)
			return i;
	return -1;
}

static int
report_option(struct ctl *c, int kind, char **argv)
{
	return ctl_usage(c,
	    kind == ':' ? "%s needs an argument" : "there is no option %s",
	    argv[optind - 1]);
}

/* 0, CTL_USAGE, or -1: everything is said and done (help, version) */
static int
read_options(struct ctl *c, int argc, char **argv)
{
	struct option_table t;
	int got, own;

	make_options(&t, c->cmd);
	opterr = 0;
	optind = 0;
	while ((got = getopt_long(argc, argv, t.shorts, t.longs, NULL)) != -1) {
		own = find_own(c->cmd, got);
		if (own >= 0)
			c->values[own] = optarg == NULL ? "" : optarg;
		else if (got == 'c')
			c->conf_path = optarg;
		else if (got == OPTION_JSON)
			c->json = true;
		else if (got == 'V') {
			print_version();
			return -1;
		} else if (got == 'h') {
			if (c->cmd == NULL)
				print_help(stdout);
			else
				print_command_help(c->cmd, stdout);
			return -1;
		} else
			return report_option(c, got, argv);
	}
	return 0;
}

static int
read_conf(struct ctl *c)
{
	struct buf mistakes;

	buf_init(&mistakes, c->arena, MISTAKES_MAX);
	if (conf_read(c->arena, c->conf_path, &c->conf, &mistakes, &c->err) ==
	    0)
		return 0;
	fputs(mistakes.p, stderr);
	err_clear(&c->err);
	return ctl_refuse(c, "the configuration has mistakes");
}

static void
close_db(void *db)
{
	db_free(db);
}

struct db *
ctl_connect(struct ctl *c, const char *conninfo, bool check)
{
	struct db_opts opts = {.conninfo = conninfo,
	    .application_name = PROGRAM,
	    .connect_timeout_s = (int)(c->conf.connect_timeout / 1000),
	    .check_version = check};
	struct db *db;

	if (conninfo == NULL)
		return NULL;
	db = db_new(&opts);
	arena_defer(c->arena, close_db, db);
	return db_connect(db, &c->err) == 0 ? db : NULL;
}

static int
connect_admin(struct ctl *c)
{
	c->db = ctl_connect(c,
	    conf_admin_conninfo(c->arena, &c->conf, c->conf_path, &c->err),
	    true);
	return c->db == NULL ? -1 : 0;
}

static void
close_schema(void *schema)
{
	schema_free(schema);
}

int
ctl_open_schema(struct ctl *c)
{
	c->schema = schema_open(c->conf.snapshot, &c->err);
	if (c->schema == NULL)
		return -1;
	arena_defer(c->arena, close_schema, c->schema);
	schema_emit(c->schema, c->conf.events, conf_list_has);
	return 0;
}

static void
close_keys(void *keys)
{
	keys_free(keys);
}

static int
load_keys(struct ctl *c)
{
	if (c->conf.jwt_key_file == NULL)
		return ctl_refuse(
		    c, "%s: jwt_key_file is not set", c->conf_path);
	c->keys = keys_load(c->conf.jwt_key_file, &c->err);
	if (c->keys == NULL)
		return -1;
	arena_defer(c->arena, close_keys, c->keys);
	return 0;
}

static int
meet_needs(struct ctl *c)
{
	unsigned needs = c->cmd->needs;

	if ((needs & NEEDS_CONF) != 0 && read_conf(c) != 0)
		return -1;
	if ((needs & NEEDS_KEYS) != 0 && load_keys(c) != 0)
		return -1;
	if ((needs & NEEDS_SCHEMA) != 0 && ctl_open_schema(c) != 0)
		return -1;
	if ((needs & NEEDS_ADMIN) != 0 && connect_admin(c) != 0)
		return -1;
	return 0;
}

/* the cause is for the log of a server; here the reader is the sysadmin */
static void
report(const struct err *e)
{
	const char *text = e->cause != NULL ? e->cause : e->detail;
	struct str what = str_trim(str_from(text));

	fprintf(stderr, PROGRAM ": %.*s%s\n",
	    STR_ARGS(what.len > 0 ? what : str_from(err_title(e->id))),
	    e->id == ERR_VERSION_MISMATCH ? ": run dynapictl init" : "");
	for (const struct err_field *f = e->fields; f != NULL; f = f->next)
		fprintf(stderr, "%.*s: %s\n", STR_ARGS(f->field), f->text);
}

static int
run_command(struct ctl *c, char **args, size_t nargs)
{
	int rc;

	if (nargs < c->cmd->min_args || nargs > c->cmd->max_args)
		return ctl_usage(c, "too %s arguments",
		    nargs < c->cmd->min_args ? "few" : "many");
	if (c->json && (c->cmd->needs & CAN_JSON) == 0)
		return ctl_usage(c, "%s has no --json", c->cmd->name);
	rc = meet_needs(c);
	if (rc == 0)
		rc = c->cmd->run(c, args, nargs);
	if (rc == -1)
		report(&c->err);
	return rc == -1 ? 1 : rc;
}

static int
dispatch(struct ctl *c, int argc, char **argv)
{
	int rc, words = 0, first;

	rc = read_options(c, argc, argv);
	if (rc != 0)
		return rc == -1 ? 0 : rc;
	if (optind == argc)
		return ctl_usage(c, "a command is missing");
	first = optind;
	c->cmd = find_command(argv + first, argc - first, &words);
	if (c->cmd == NULL)
		return ctl_usage(c, "there is no command \"%s%s%s\"",
		    argv[first], first + 1 < argc ? " " : "",
		    first + 1 < argc ? argv[first + 1] : "");
	argv += first + words - 1;
	argc -= first + words - 1;
	rc = read_options(c, argc, argv);
	if (rc != 0)
		return rc == -1 ? 0 : rc;
	return run_command(c, argv + optind, (size_t)(argc - optind));
}

int
ctl_usage(struct ctl *c, const char *fmt, ...)
{
	va_list ap;

	fputs(PROGRAM ": ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	if (c->cmd != NULL)
		print_usage(c->cmd, stderr);
	else
		fputs("\"" PROGRAM " --help\" lists the commands\n", stderr);
	return CTL_USAGE;
}

int
ctl_main(int argc, char **argv)
{
	const struct rlimit no_core = {0, 0};
	struct ctl c = {.conf_path = CONF_DEFAULT_FILE};
	int rc;

	/* we hold the signing key and passwords */
	setrlimit(RLIMIT_CORE, &no_core);
	/* what the connection would log is what report() says */
	log_open(PROGRAM, "/dev/null", LEVEL_ERROR);
	c.arena = arena_new();
	err_init(&c.err, c.arena);
	rc = dispatch(&c, argc, argv);
	arena_free(c.arena);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs(PROGRAM ": standard output cannot be written\n", stderr);
		return 1;
	}
	return rc;
}
