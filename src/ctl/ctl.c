/* What every command needs: its options, its complaints, one question to the
 * database, an account by name. */
#include "ctl/ctl.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "stmt/stmt.h"

const char *
ctl_option(const struct ctl *c, const char *name)
{
	for (size_t i = 0; c->cmd->options[i].name != NULL; i++)
		if (strcmp(c->cmd->options[i].name, name) == 0)
			return c->values[i];
	return NULL;
}

int
ctl_refuse(struct ctl *c, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(c->arena, fmt, ap);
	va_end(ap);
	return err_set(&c->err, ERR_BAD_REQUEST, "%s", text);
}

void
ctl_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void
ctl_warn(const char *fmt, ...)
{
	va_list ap;

	fputs("dynapictl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

struct rows *
ctl_ask(struct ctl *c, enum batch_kind kind, struct stmt *s)
{
	struct batch *b = batch_new(c->arena, kind);
	size_t i = batch_add(b, s);

	return db_run(c->db, b, &c->err) == 0 ? batch_rows(b, i) : NULL;
}

bool
ctl_ask_one(
    struct ctl *c, enum batch_kind kind, struct stmt *s, struct rows **rows)
{
	*rows = ctl_ask(c, kind, s);
	return *rows != NULL && rows_next(*rows, &c->err) == 1;
}

int
ctl_account(struct ctl *c, const char *name, struct ctl_account *account)
{
	struct stmt *s = stmt_new(c->arena, "account");
	struct rows *rows;

	stmt_lit(s, "select id, is_active, is_superuser from dynapi.users "
		    "where username = ");
	stmt_param(s, str_from(name), NULL);
	if (!ctl_ask_one(c, BATCH_READ, s, &rows))
		return ctl_refuse(c, "there is no user \"%s\"", name);
	account->active = str_eq_c(rows_cell(rows, 1), "t");
	account->superuser = str_eq_c(rows_cell(rows, 2), "t");
	return str_i64(rows_cell(rows, 0), &account->id);
}

/*
 * Two administrators who remove each other at the same moment must not both
 * succeed: the lock lets one statement see what the other has done.
 */
int
ctl_change_account_text(
    struct ctl *c, const char *name, const char *change, size_t len)
{
	struct batch *b = batch_new(c->arena, BATCH_WRITE);
	struct stmt *lock = stmt_new(c->arena, "lock");
	struct stmt *s = stmt_new(c->arena, "account");
	struct rows *rows;
	size_t i;

	stmt_lit(lock, "select pg_catalog.pg_advisory_xact_lock("
		       "pg_catalog.hashtext('dynapi.users superusers'))");
	stmt_lit(s,
	    "with who as (select w.id, w.is_active and w.is_superuser "
	    "and not exists (select from dynapi.users o "
	    "where o.is_active and o.is_superuser and o.id <> w.id) as last "
	    "from dynapi.users w where w.username = ");
	stmt_param(s, str_from(name), NULL);
	stmt_lit(s, "), changed as (");
	stmt_add(s, change, len);
	stmt_lit(s, " where u.id = (select w.id from who w where not w.last) "
		    "returning u.id) select w.last from who w "
		    "left join changed h on h.id = w.id");
	batch_add(b, lock);
	i = batch_add(b, s);
	if (db_run(c->db, b, &c->err) != 0)
		return -1;
	rows = batch_rows(b, i);
	if (rows_next(rows, &c->err) != 1)
		return ctl_refuse(c, "there is no user \"%s\"", name);
	if (str_eq_c(rows_cell(rows, 0), "t"))
		return ctl_refuse(c,
		    "\"%s\" is the last active superuser: make another one "
		    "first",
		    name);
	return 0;
}

struct str
ctl_quoted(struct ctl *c, const char *name)
{
	struct stmt *s = stmt_new(c->arena, "name");

	stmt_ident(s, str_from(name));
	return buf_view(&s->text);
}
