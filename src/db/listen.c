/*
 * LISTEN.  The connection is that of the batches: what is notified between two
 * of them lies in its socket, and what comes during one is kept by libpq.
 */
#include "db/db_priv.h"

#include "base/arena.h"
#include "stmt/stmt.h"

static int
say_listen(struct db *db, struct arena *a, struct err *err)
{
	struct batch *b = batch_new(a, BATCH_WRITE);
	struct stmt *s = stmt_new(a, "listen");
	struct err e;

	stmt_lit(s, "listen dynapi");
	batch_add(b, s);
	err_init(&e, a);
	if (db_run(db, b, &e) == 0)
		return 0;
	return err_world(
	    err, e.id, "LISTEN: %s", e.cause != NULL ? e.cause : "");
}

int
db_listen(struct db *db, struct err *err)
{
	struct arena *a;
	int rc;

	if (db_connect(db, err) != 0)
		return -1;
	if (db->listens)
		return 0;
	a = arena_new();
	rc = say_listen(db, a, err);
	arena_free(a);
	db->listens = rc == 0;
	return rc;
}

int
db_fd(const struct db *db)
{
	return db->conn == NULL ? -1 : PQsocket(db->conn);
}

bool
db_woken(struct db *db)
{
	PGnotify *note;
	bool woken = db->notified;

	db->notified = false;
	if (db->conn == NULL)
		return woken;
	if (!PQconsumeInput(db->conn) || PQstatus(db->conn) != CONNECTION_OK) {
		conn_lost(db, NULL);
		return true;
	}
	while ((note = PQnotifies(db->conn)) != NULL) {
		PQfreemem(note);
		woken = true;
	}
	if (db->dying) {
		conn_lost(db, "the server ended the connection");
		return true;
	}
	return woken;
}
