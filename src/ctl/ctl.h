/*
 * dynapictl: the sysadmin's commands.
 *
 * A command is one file that exports one const struct cmd; cmd.def is the
 * table.  Usage, help and the options come from the entry; ctl_main finds the
 * command, reads its options, provides what it needs (configuration,
 * connection, snapshot, keys) and calls run.  A command never looks at argv.
 *
 * run returns 0, -1 with c->err set (exit status 1), or CTL_USAGE (2).
 * Everything lives in c->arena until the program ends.
 */
#ifndef DYNAPI_CTL_H
#define DYNAPI_CTL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "conf/conf.h"
#include "db/db.h"

struct arena;
struct ctl;
struct keys;
struct schema;
struct stmt;

#define CTL_USAGE       2
#define CMD_OPTIONS_MAX 6

struct cmd_option {
	const char *name; /* without the dashes */
	char letter;      /* short form, or 0 */
	const char *arg;  /* what its argument is called, or NULL */
	const char *help;
};

enum cmd_needs {
	NEEDS_CONF = 1 << 0,   /* a configuration without mistakes */
	NEEDS_ADMIN = 1 << 1,  /* c->db is admin_conninfo */
	NEEDS_SCHEMA = 1 << 2, /* c->schema */
	NEEDS_KEYS = 1 << 3,   /* c->keys */
	CAN_JSON = 1 << 4      /* takes --json */
};

struct cmd {
	const char *name;    /* "user add" */
	const char *args;    /* of the usage line */
	const char *summary; /* one line */
	const char *help;    /* what else is good to know, or NULL */
	struct cmd_option options[CMD_OPTIONS_MAX];
	size_t min_args, max_args;
	unsigned needs;
	int (*run)(struct ctl *, char **args, size_t nargs);
};

#define CMD(entry) extern const struct cmd cmd_##entry;
#include "ctl/cmd.def"
#undef CMD

struct ctl {
	struct arena *arena;
	const char *conf_path;
	struct conf conf;
	struct db *db;
	struct schema *schema;
	struct keys *keys;
	bool json;
	const struct cmd *cmd;
	const char
	    *values[CMD_OPTIONS_MAX]; /* of the options that were given */
	struct err err;
};

int ctl_main(int argc, char **argv);

/* the option's argument ("" when it takes none), or NULL: not given */
const char *ctl_option(const struct ctl *, const char *name);
/* -1 with the text as the reason */
int ctl_refuse(struct ctl *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* CTL_USAGE, after saying what is wrong and how the command is used */
int ctl_usage(struct ctl *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* what was done, to standard output; what to look at, to standard error */
void ctl_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ctl_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* c->schema, for a command that needs it only sometimes */
int ctl_open_schema(struct ctl *);
/* a connection of ours; check: the schema's version must be the program's */
struct db *ctl_connect(struct ctl *, const char *conninfo, bool check);
/* one statement, its own batch; NULL with c->err */
struct rows *ctl_ask(struct ctl *, enum batch_kind, struct stmt *);
/* the same when one row is enough: true there is one, false none (err_id
 * ERR_NONE) or failed.  The cells of *rows are those of the row */
bool ctl_ask_one(
    struct ctl *, enum batch_kind, struct stmt *, struct rows **rows);

/* an account as it is now; -1 with c->err when there is none */
struct ctl_account {
	int64_t id;
	bool active, superuser;
};
int ctl_account(struct ctl *, const char *name, struct ctl_account *);
/* changes one account unless it is the last active superuser.  change is the
 * statement's beginning, such as "delete from dynapi.users u" */
#define ctl_change_account(c, name, literal)                                   \
	ctl_change_account_text((c), (name), "" literal, sizeof(literal) - 1)
int ctl_change_account_text(
    struct ctl *, const char *name, const char *change, size_t len);
/* from --password-stdin or the terminal; checked, hashed.  NULL with err */
char *ctl_new_password(struct ctl *, const char *username);

/* what a name of an account, a role or a group must be */
int ctl_check_name(struct ctl *, const char *name);

/* as it is now; -1 with c->err when there is none */
int ctl_role(struct ctl *, const char *name, int64_t *id);
int ctl_group(struct ctl *, const char *name, int64_t *id);
/* runs what gives one row for each name that was asked for: the name, and t, or
 * f where there was nothing to do.  Says all behind whose */
struct change_words {
	const char *done, *idle;
	bool idle_fails; /* -1 when there was one */
};
int ctl_change(struct ctl *, struct stmt *, const char *whose,
    const struct change_words *);
/* who has a role, or is in a group */
enum member_change { ROLE_GIVE, ROLE_TAKE, GROUP_JOIN, GROUP_LEAVE };
int ctl_members(
    struct ctl *, enum member_change, const char *name, const char *users);
/* NAME TABLES FLAGS: one more rule for each of the tables */
int ctl_rule(struct ctl *, char **args, bool can);

/*
 * Qualified names of the tables in "film,public.actor" or '*', from the
 * snapshot, as a JSON array; NULL with c->err that names what may be meant.
 */
const char *ctl_tables(struct ctl *, const char *list);
/* " and …" for r.table_name as it is stored, whether there is such a table or
 * not: as it is given, or of the default schema; '*' is any */
void ctl_add_stored(struct ctl *, struct stmt *, struct str name);
/* are these the letters of rights? */
bool ctl_is_flags(const char *);
/* "; is it a or b?", or "" */
const char *ctl_near(struct ctl *, struct str name);
/* the letters of crudb for the five flags of a row, from cell first on */
void ctl_flags(struct buf *, const struct rows *, size_t first);
/* says rows of a table and five flags, each behind whose */
int ctl_say_flags(struct ctl *, const char *whose, struct rows *);

/* every table and sequence of the exposed schemas for the responders' role;
 * what could not be given is said */
int ctl_expose(struct ctl *, const char *responder);
/* a file of sql/; _for puts the role's quoted name for @RESPONDER@ */
int ctl_sql(struct ctl *, const char *name, struct str *text);
int ctl_sql_for(
    struct ctl *, const char *name, const char *role, struct str *text);
/* all migrations; the n-th brings the schema to version n */
struct migration {
	const char *name;
	struct str text;
};
int ctl_migrations(struct ctl *, struct migration **);
/* a name as SQL has it */
struct str ctl_quoted(struct ctl *, const char *name);

/*
 * A list as an aligned table for people, or as JSON.  Cells are added row by
 * row; a column's kind says how JSON shows them.
 */
enum list_kind {
	LIST_TEXT,
	LIST_NUMBER,
	LIST_FLAG,  /* t or f */
	LIST_WORDS, /* comma separated: an array */
	LIST_JSON   /* as it is */
};
struct list_column {
	const char *name;
	enum list_kind kind;
};
struct list;
struct list *ctl_list(struct ctl *, const struct list_column *, size_t n);
void ctl_list_add(struct list *, struct str cell); /* p NULL: null */
void ctl_list_rows(struct list *, struct rows *, struct err *);
void ctl_list_print(struct list *, bool json);

#endif
