/*
 * The measuring stick of the bench: what the same parts can do when nothing
 * is checked.  libfcgi, PQexecPrepared and JSON written by hand; no routing,
 * no token, no rights, no limits.  Not a model for anything.
 *
 *   /r7        the row with id 7
 *   /l0/100    100 rows after id 0
 *   /i         inserts a row; the body is five lines, one value each
 */
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS  "id, store_id, first_name, last_name, email, active, created"
#define OID_BOOL 16
#define OID_INT8 20
#define OID_INT4 23

static char *out;
static size_t len, room;

static void
put(const char *s, size_t n)
{
	if (len + n > room) {
		room = 2 * (len + n);
		out = realloc(out, room);
		if (out == NULL)
			abort();
	}
	memcpy(out + len, s, n);
	len += n;
}

static void
put_string(const char *s)
{
	char escape[8];
	const char *plain = s;

	put("\"", 1);
	for (; *s != '\0'; s++) {
		if ((unsigned char)*s >= ' ' && *s != '"' && *s != '\\')
			continue;
		put(plain, (size_t)(s - plain));
		snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*s);
		put(escape, 6);
		plain = s + 1;
	}
	put(plain, (size_t)(s - plain));
	put("\"", 1);
}

static void
put_cell(const PGresult *res, int row, int col)
{
	const char *value = PQgetvalue(res, row, col);
	Oid type = PQftype(res, col);

	if (PQgetisnull(res, row, col))
		put("null", 4);
	else if (type == OID_BOOL)
		put(*value == 't' ? "true" : "false", *value == 't' ? 4 : 5);
	else if (type == OID_INT4 || type == OID_INT8)
		put(value, strlen(value));
	else
		put_string(value);
}

static void
put_row(const PGresult *res, int row)
{
	for (int col = 0; col < PQnfields(res); col++) {
		put(col == 0 ? "{" : ",", 1);
		put_string(PQfname(res, col));
		put(":", 1);
		put_cell(res, row, col);
	}
	put("}", 1);
}

static void
put_rows(const PGresult *res)
{
	put("[", 1);
	for (int row = 0; row < PQntuples(res); row++) {
		if (row > 0)
			put(",", 1);
		put_row(res, row);
	}
	put("]", 1);
}

static PGresult *
insert(PGconn *db, FCGX_Stream *in)
{
	char body[8192], *rest = body;
	const char *args[5];
	int n = FCGX_GetStr(body, sizeof body - 1, in);

	body[n] = '\0';
	for (int i = 0; i < 5; i++)
		args[i] = strsep(&rest, "\n");
	return PQexecPrepared(db, "i", 5, args, NULL, NULL, 0);
}

static PGresult *
list(PGconn *db, char *path)
{
	const char *args[2];

	args[0] = strsep(&path, "/");
	args[1] = path;
	return PQexecPrepared(db, "l", 2, args, NULL, NULL, 0);
}

static PGresult *
row(PGconn *db, const char *path)
{
	return PQexecPrepared(db, "r", 1, &path, NULL, NULL, 0);
}

static void
answer(PGconn *db, FCGX_Request *req)
{
	char *path = FCGX_GetParam("REQUEST_URI", req->envp);
	PGresult *res;

	res = path[1] == 'r'   ? row(db, path + 2)
	      : path[1] == 'l' ? list(db, path + 2)
			       : insert(db, req->in);
	len = 0;
	if (PQresultStatus(res) != PGRES_TUPLES_OK) {
		FCGX_FPrintF(req->out, "Status: 500 %s\r\n\r\n", "Failed");
		fputs(PQerrorMessage(db), stderr);
	} else {
		FCGX_PutS("Status: 200 OK\r\n"
			  "Content-Type: application/json\r\n\r\n",
		    req->out);
		if (path[1] == 'l')
			put_rows(res);
		else
			put_row(res, 0);
		FCGX_PutStr(out, (int)len, req->out);
	}
	PQclear(res);
}

static bool
prepare(PGconn *db, const char *name, const char *sql)
{
	PGresult *res = PQprepare(db, name, sql, 0, NULL);
	bool done = PQresultStatus(res) == PGRES_COMMAND_OK;

	if (!done)
		fputs(PQerrorMessage(db), stderr);
	PQclear(res);
	return done;
}

int
main(int argc, char **argv)
{
	PGconn *db = PQconnectdb(argc > 1 ? argv[1] : "");
	FCGX_Request req;

	if (!prepare(db, "r",
		"SELECT " COLUMNS " FROM public.customer WHERE id = $1") ||
	    !prepare(db, "l",
		"SELECT " COLUMNS " FROM public.customer WHERE id > $1"
		" ORDER BY id LIMIT $2") ||
	    !prepare(db, "i",
		"INSERT INTO public.customer (store_id, first_name, last_name,"
		" email, active) VALUES ($1, $2, $3, $4, $5)"
		" RETURNING " COLUMNS))
		return 1;
	FCGX_Init();
	FCGX_InitRequest(&req, 0, 0);
	while (FCGX_Accept_r(&req) == 0) {
		answer(db, &req);
		FCGX_Finish_r(&req);
	}
	return 0;
}
