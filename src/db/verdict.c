/*
 * What an attempt's failure means.  A write failed for certain when an error
 * came before or at its sync, or when the server ended the connection instead
 * of answering one of its statements: the transaction ends with the sync only.
 * Everything else that was sent and not confirmed is "outcome unknown".
 *
 * Texts for the log: the server's primary message may hold the caller's
 * values, DETAIL nearly always does; so messages are kept for errors that are
 * not the caller's, and DETAIL never.
 */
#include "db/db_priv.h"

#include <string.h>

#include "base/arena.h"
#include "stmt/stmt.h"

static const char *
get_field(const struct run *r, const PGresult *res, int field)
{
	const char *text = PQresultErrorField(res, field);

	return text != NULL ? arena_strdup(r->b->arena, text) : NULL;
}

static bool
is_field(const PGresult *res, int field, const char *want)
{
	const char *text = PQresultErrorField(res, field);

	return text != NULL && strcmp(text, want) == 0;
}

static bool
is_fatal(const PGresult *res)
{
	return is_field(res, PG_DIAG_SEVERITY_NONLOCALIZED, "FATAL") ||
	       is_field(res, PG_DIAG_SEVERITY_NONLOCALIZED, "PANIC");
}

/* functions and triggers raise what they like and put into the text what they
 * like; which grant is missing is PostgreSQL's own word everywhere */
static bool
is_said_by_function(const PGresult *res)
{
	return PQresultErrorField(res, PG_DIAG_CONTEXT) != NULL &&
	       !is_field(res, PG_DIAG_SOURCE_FUNCTION, "aclcheck_error");
}

static void
note_plan(struct run *r, const struct op *op, const PGresult *res)
{
	const char *state = r->b->sqlstate;

	if (strcmp(state, "26000") == 0) {
		r->stale_plan = true;
		r->forget_all = true;
	}
	/* "cached plan must not change result type" in any language */
	if (strcmp(state, "0A000") == 0 && op->kind == OP_EXEC &&
	    op->prepared != NULL &&
	    is_field(res, PG_DIAG_SOURCE_FUNCTION, "RevalidateCachedQuery")) {
		r->stale_plan = true;
		prepared_forget(&r->db->prepared, op->prepared);
	}
}

void
run_note_error(struct run *r, const struct op *op, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	struct batch *b = r->b;

	if (state == NULL || strlen(state) != 5) {
		/* libpq's own words have no severity */
		run_lose(r, PQresultErrorField(res, PG_DIAG_SEVERITY) == NULL
				? PQresultErrorMessage(res)
				: "an error without SQLSTATE");
		return;
	}
	if (is_fatal(res) && op->kind == OP_SYNC) {
		run_lose(r, "the server ended the connection while committing");
		return;
	}
	/* a read has its answers by then */
	if (op->kind == OP_DEALLOCATE && b->kind != BATCH_WRITE) {
		prepared_undoom(&r->db->prepared);
		return;
	}
	if (r->failed)
		return;
	r->failed = true;
	memcpy(b->sqlstate, state, 6);
	b->failed = op->kind == OP_EXEC || op->kind == OP_PREPARE
			? op->stmt
			: b->n - (b->n > 0);
	b->constraint = get_field(r, res, PG_DIAG_CONSTRAINT_NAME);
	b->column = get_field(r, res, PG_DIAG_COLUMN_NAME);
	b->table = get_field(r, res, PG_DIAG_TABLE_NAME);
	b->schema = get_field(r, res, PG_DIAG_SCHEMA_NAME);
	r->message = get_field(r, res, PG_DIAG_MESSAGE_PRIMARY);
	b->in_function = is_said_by_function(res);
	r->guard_raised =
	    op->kind == OP_EXEC && (ptrdiff_t)op->stmt == b->guard;
	r->row_policy =
	    strcmp(state, "42501") == 0 &&
	    is_field(res, PG_DIAG_SOURCE_FUNCTION, "ExecWithCheckOptions");
	if (is_fatal(res))
		run_lose(r, r->message != NULL ? r->message : "FATAL");
	note_plan(r, op, res);
}

static enum err_id
choose_id(const struct run *r)
{
	const struct batch *b = r->b;

	if (r->guard_raised && strcmp(b->sqlstate, "ZD001") == 0)
		return ERR_TOKEN_INVALID;
	if (r->guard_raised && strcmp(b->sqlstate, "ZD002") == 0)
		return ERR_FORBIDDEN;
	if (r->row_policy)
		return ERR_FORBIDDEN;
	if (r->stale_plan)
		return ERR_SNAPSHOT_STALE;
	return sqlstate_err(b->sqlstate, b->kind);
}

static int
explain(const struct run *r, struct err *err)
{
	const struct batch *b = r->b;
	enum err_id id = choose_id(r);
	const char *label = b->n > 0 && b->stmts[b->failed]->label != NULL
				? b->stmts[b->failed]->label
				: "batch";
	const char *said = r->message, *constraint = b->constraint;

	if (err_status(id) < 500 || said == NULL || b->in_function)
		said = "";
	if (*said != '\0' || constraint == NULL)
		constraint = "";
	return err_world(err, id, "SQLSTATE %s in %s%s%s%s%s%s%s%s",
	    b->sqlstate, label, *said != '\0' ? ": " : "", said,
	    *constraint != '\0' ? ", constraint " : "", constraint,
	    r->cancelled ? ": " : "", r->cancelled ? r->why_cancelled : "",
	    *said != '\0' && strcmp(b->sqlstate, "42501") == 0
		? ": the responders' database role lacks this GRANT"
		: "");
}

int
run_verdict(struct run *r, struct err *err)
{
	if (r->shape_changed)
		return err_world(err, ERR_SNAPSHOT_STALE,
		    "the columns of the result are not those of the snapshot");
	if (r->failed)
		return explain(r, err);
	if (!r->lost)
		return 0;
	if (r->b->kind == BATCH_WRITE && r->sent)
		return err_world(err, ERR_OUTCOME_UNKNOWN, "%s", r->why_lost);
	if (r->cancelled)
		return err_world(err, ERR_TIMEOUT, "%s, and %s",
		    r->why_cancelled, r->why_lost);
	return err_world(err, ERR_DB_UNAVAILABLE, "%s", r->why_lost);
}
