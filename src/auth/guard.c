/*
 * The guard: key look-ups in session, where what the user is stands too, and in
 * user_rights, where triggers keep what flags, roles and rules come to
 * (sql/006-rules.sql); each costs as much as half an insert.  Its scalar
 * sub-selects are null when the session is not valid, and without the right;
 * else true or false: may he also read the first table?  (What is written is
 * shown only to who may read it.)  Of other tables that are written beside it
 * the same letters follow.
 *
 * Names and values never reach the text: it depends on the actions, their
 * number and the options, so that there are few prepared guards.
 */
#include "auth/auth.h"

#include <stddef.h>

#include "base/arena.h"
#include "schema/schema.h"
#include "stmt/stmt.h"

const char *
action_name(enum action action)
{
	switch (action) {
	case ACTION_CREATE:
		return "create";
	case ACTION_READ:
		return "read";
	case ACTION_UPDATE:
		return "update";
	case ACTION_DELETE:
		return "delete";
	case ACTION_BULK:
		return "change in bulk";
	}
	return "";
}

static void
add_flag(struct stmt *s, enum action action)
{
	switch (action) {
	case ACTION_CREATE:
		stmt_lit(s, "r.can_create");
		break;
	case ACTION_READ:
		stmt_lit(s, "r.can_read");
		break;
	case ACTION_UPDATE:
		stmt_lit(s, "r.can_update");
		break;
	case ACTION_DELETE:
		stmt_lit(s, "r.can_delete");
		break;
	case ACTION_BULK:
		stmt_lit(s, "r.can_bulk");
		break;
	}
}

/* repeating a value as its own parameter is cheaper than joining over it */
static void
add_from_rights(
    struct stmt *s, const struct principal *p, const struct table *t)
{
	stmt_lit(s, " from dynapi.user_rights r where r.user_id = ");
	stmt_param_i64(s, p->id);
	stmt_lit(s, " and r.table_name = ");
	stmt_param(s, t->qname, NULL);
	stmt_lit(s, "::pg_catalog.text");
}

/* true or false as the first need has it, null without the right.  Only a
 * write has to ask whether he may also read; one look-up answers both. */
static void
add_first_need(
    struct stmt *s, const struct principal *p, const struct guard_need *n)
{
	stmt_lit(s, "(select case when ");
	add_flag(s, n->action);
	if (n->action == ACTION_READ)
		stmt_lit(s, " then true end");
	else
		stmt_lit(s, " then r.can_read end");
	add_from_rights(s, p, n->table);
	stmt_lit(s, ")");
}

static void
add_need(struct stmt *s, const struct principal *p, const struct guard_need *n)
{
	stmt_lit(s, "exists (select");
	add_from_rights(s, p, n->table);
	stmt_lit(s, " and ");
	add_flag(s, n->action);
	stmt_lit(s, ")");
}

static void
add_needs(struct stmt *s, const struct principal *p,
    const struct guard_need *needs, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (i == 1)
			stmt_lit(s, "case when ");
		else
			stmt_lit(s, " and ");
		add_need(s, p, &needs[i]);
	}
	if (n > 1)
		stmt_lit(s, " then ");
	add_first_need(s, p, &needs[0]);
	if (n > 1)
		stmt_lit(s, " end");
}

/* of a valid u: true or false, or it raises */
static void
add_right(struct stmt *s, const struct principal *p,
    const struct guard_need *needs, size_t n, const struct guard_opts *opts)
{
	if (n == 0 && !opts->need_superuser) {
		stmt_lit(s, "true");
		return;
	}
	stmt_lit(s, "u.is_superuser or ");
	if (!opts->need_superuser) {
		stmt_lit(s, "coalesce(");
		add_needs(s, p, needs, n);
		stmt_lit(s, ", ");
	}
	stmt_lit(s, "dynapi.refuse('ZD002') is null");
	if (!opts->need_superuser)
		stmt_lit(s, ")");
}

/* where the principal is looked up, with the flags of the user, which a session
 * has as well (sql/005-flags.sql); no row: not valid */
static void
add_from(struct stmt *s, const struct principal *p)
{
	if (p->anonymous) {
		stmt_lit(s, " from dynapi.users u where u.id = ");
		stmt_param_i64(s, p->id);
	} else {
		stmt_lit(s, " from dynapi.session u where u.id = ");
		stmt_param(s, p->sid, NULL);
		stmt_lit(s, "::pg_catalog.uuid and u.user_id = ");
		stmt_param_i64(s, p->id);
		stmt_lit(s, " and u.revoked is null");
		stmt_lit(s, " and u.expires > pg_catalog.now()");
	}
	stmt_lit(s, " and u.is_active");
}

/* the triggers of the accounts ask in whose session they are written */
static bool
wants_session(size_t n, const struct guard_opts *opts)
{
	return opts->need_superuser && n > 0 && !opts->read_only;
}

static bool
wants_user_id(
    const struct guard_need *needs, size_t n, const struct guard_opts *opts)
{
	if (wants_session(n, opts))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (needs[i].table->row_security)
			return true;
	}
	for (size_t i = 0; i < opts->nshown; i++)
		if (opts->shown[i]->row_security)
			return true;
	return false;
}

/* t or f for each: may he read it? */
static void
add_shown(
    struct stmt *s, const struct principal *p, const struct guard_opts *opts)
{
	if (opts->nshown == 0 || opts->read_only)
		return;
	stmt_lit(s, " || (select ''");
	for (size_t i = 0; i < opts->nshown; i++) {
		struct guard_need need = {opts->shown[i], ACTION_READ};

		stmt_lit(s, " || case when u.is_superuser or ");
		add_need(s, p, &need);
		stmt_lit(s, " then 't' else 'f' end");
	}
	add_from(s, p);
	stmt_lit(s, ")");
}

/* of a read the guard stays true: text is dearer */
static void
begin_setting(struct stmt *s, const struct guard_opts *opts)
{
	if (opts->read_only)
		stmt_lit(s, " and pg_catalog.set_config(");
	else
		stmt_lit(s, " || pg_catalog.set_config(");
}

static void
end_setting(struct stmt *s, const struct guard_opts *opts)
{
	stmt_lit(s, ", true)");
	if (opts->read_only)
		stmt_lit(s, " is not null");
}

/* what a guard that passes sets for the rest of its transaction */
static void
add_settings(struct stmt *s, const struct principal *p, bool user_id,
    bool session, const struct guard_opts *opts)
{
	if (user_id) {
		begin_setting(s, opts);
		stmt_lit(s, "'dynapi.user_id', ");
		stmt_param_i64(s, p->id);
		stmt_lit(s, "::pg_catalog.text");
		end_setting(s, opts);
	}
	if (session) {
		begin_setting(s, opts);
		stmt_lit(s, "'dynapi.session', ");
		stmt_param(s, p->sid, NULL);
		stmt_lit(s, "::pg_catalog.text");
		end_setting(s, opts);
	}
	if (opts->read_only) {
		begin_setting(s, opts);
		stmt_lit(s, "'transaction_read_only', 'on'");
		end_setting(s, opts);
	}
	if (opts->statement_timeout_ms > 0) {
		begin_setting(s, opts);
		stmt_lit(s, "'statement_timeout', ");
		stmt_param_i64(s, opts->statement_timeout_ms);
		stmt_lit(s, "::pg_catalog.text");
		end_setting(s, opts);
	}
	if (opts->timezone.p != NULL) {
		begin_setting(s, opts);
		stmt_lit(s, "'TimeZone', ");
		stmt_param(s, opts->timezone, NULL);
		stmt_lit(s, "::pg_catalog.text");
		end_setting(s, opts);
	}
}

struct stmt *
auth_guard(struct arena *a, const struct principal *p,
    const struct guard_need *needs, size_t n, const struct guard_opts *opts)
{
	struct stmt *s = stmt_new(a, "guard");
	bool user_id = wants_user_id(needs, n, opts);
	bool marks = opts->marks && !opts->read_only;
	bool tells = !opts->read_only && (user_id || opts->nshown > 0 ||
					     opts->statement_timeout_ms > 0 ||
					     opts->timezone.p != NULL);

	s->read_only = opts->read_only;
	if (p->anonymous && (opts->need_user || opts->need_superuser)) {
		stmt_lit(s, "select dynapi.refuse('ZD001')");
		return s;
	}
	stmt_lit(s, "select ");
	if (marks)
		stmt_lit(s, "pg_catalog.set_config('dynapi.may_read', ");
	if (tells || marks)
		stmt_lit(s, "case when ");
	stmt_lit(s, "coalesce((select ");
	add_right(s, p, needs, n, opts);
	add_from(s, p);
	stmt_lit(s, "), dynapi.refuse('ZD001') is null)");
	if (tells || marks)
		stmt_lit(s, " then 't' else 'f' end");
	if (marks)
		stmt_lit(s, ", true)");
	add_shown(s, p, opts);
	add_settings(s, p, user_id, wants_session(n, opts), opts);
	return s;
}

struct stmt *
auth_rights(struct arena *a, const struct principal *p)
{
	struct stmt *s = stmt_new(a, "rights");

	stmt_lit(s, "select table_name, can_create, can_read, can_update, "
		    "can_delete, can_bulk from dynapi.rights(");
	stmt_param_i64(s, p->id);
	stmt_lit(s, ") order by table_name collate \"C\"");
	return s;
}
