/*
 * A script of several statements: the simple protocol, which makes one
 * transaction of it and is not allowed in a pipeline, so we step out of it
 * for the time.  For migrations, which take what they take: no time limit of
 * ours beyond the session's.
 */
#include "db/db_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* the line of the script that PostgreSQL points at, 0: it does not */
static int
find_line(const char *sql, const PGresult *res)
{
	const char *text = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
	int64_t at;
	int line = 1;

	if (text == NULL || str_i64(str_from(text), &at) != 0)
		return 0;
	for (; *sql != '\0' && at > 1; sql++) {
		/* it counts characters */
		at -= ((unsigned char)*sql & 0xc0) != 0x80;
		line += *sql == '\n';
	}
	return line;
}

static int
refuse(struct db *db, const char *sql, const PGresult *res, struct err *err)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	int line = find_line(sql, res);

	if (state == NULL || message == NULL)
		return err_world(
		    err, ERR_DB_UNAVAILABLE, "%s", PQerrorMessage(db->conn));
	if (line > 0)
		return err_world(err, sqlstate_err(state, BATCH_WRITE),
		    "line %d: SQLSTATE %s: %s", line, state, message);
	return err_world(err, sqlstate_err(state, BATCH_WRITE),
	    "SQLSTATE %s: %s", state, message);
}

static int
run_script(struct db *db, const char *sql, struct err *err)
{
	PGresult *res;
	int rc = 0;

	if (!PQsendQuery(db->conn, sql))
		return err_world(
		    err, ERR_DB_UNAVAILABLE, "%s", PQerrorMessage(db->conn));
	/* blocks, flushes what is unsent */
	while ((res = PQgetResult(db->conn)) != NULL) {
		switch (PQresultStatus(res)) {
		case PGRES_COMMAND_OK:
		case PGRES_TUPLES_OK:
		case PGRES_EMPTY_QUERY:
			break;
		case PGRES_FATAL_ERROR:
			rc = refuse(db, sql, res, err);
			break;
		default:
			PQclear(res);
			conn_lost(db, "a script must not COPY");
			return err_world(
			    err, ERR_INTERNAL, "a script must not COPY");
		}
		PQclear(res);
	}
	return rc;
}

/* an aborted read is still open, or the script left a BEGIN behind */
static void
end_transaction(struct db *db)
{
	if (PQtransactionStatus(db->conn) != PQTRANS_IDLE)
		PQclear(PQexec(db->conn, "ROLLBACK"));
}

int
db_script(struct db *db, const char *sql, struct err *err)
{
	int rc;

	if (db_connect(db, err) != 0)
		return -1;
	if (!PQexitPipelineMode(db->conn)) {
		conn_lost(db, NULL);
		return err_world(
		    err, ERR_INTERNAL, "cannot leave the pipeline");
	}
	end_transaction(db);
	rc = run_script(db, sql, err);
	if (db->conn == NULL)
		return rc;
	end_transaction(db);
	/* the script may have dropped or altered anything */
	if (PQstatus(db->conn) != CONNECTION_OK ||
	    !PQenterPipelineMode(db->conn))
		conn_lost(db, NULL);
	db->checked = false;
	return rc;
}
