/*
 * The measuring stick of the bench: what the same parts can do when nothing
 * is checked.  libfcgi, PQexecPrepared and JSON written by hand; no routing,
 * no token, no rights, no limits.  Not a model for anything.
 *
 *   /r7        the row with id 7
 *   /l0/100    100 rows after id 0
 *   /i         inserts a row; the body is five lines, one value each
 *   /j0        100 buyers after id 0, each with its address and the last five
 *              rentals, which the database makes into JSON
 *   /s0        the same, with a second statement for the rentals
 */
#include <fcgiapp.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS "id, store_id, first_name, last_name, email, active, created"
#define BUYERS                                                                 \
	" FROM public.buyer b JOIN public.address a ON a.id = b.address_id"    \
	" WHERE b.id > $1 ORDER BY b.id LIMIT 100"
#define BUYER                                                                  \
	"SELECT b.id, b.first_name, b.last_name, b.email, b.active,"           \
	" b.address_id, a.id, a.street, a.city, a.postal_code"
#define RENTALS                                                                \
	" (SELECT id, buyer_id, film, staff_id, rented, returned"              \
	" FROM public.rental WHERE buyer_id = b.id"                            \
	" ORDER BY id DESC LIMIT 5) r"
#define OWN_END     6 /* columns of a buyer; those of the address follow */
#define ADDRESS_END 10
#define OID_BOOL    16
#define OID_INT8    20
#define OID_INT4    23
#define OID_JSON    114

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
	else if (type == OID_INT4 || type == OID_INT8 || type == OID_JSON)
		put(value, strlen(value));
	else
		put_string(value);
}

/* the columns from first to end */
static void
put_members(const PGresult *res, int row, int first, int end)
{
	for (int col = first; col < end; col++) {
		put(col == first ? "{" : ",", 1);
		put_string(PQfname(res, col));
		put(":", 1);
		put_cell(res, row, col);
	}
}

static void
put_row(const PGresult *res, int row)
{
	put_members(res, row, 0, PQnfields(res));
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

/* rows of a second result that belong to the row with this id; returns the
 * first one that does not */
static int
put_rentals(const PGresult *rentals, int next, const char *id)
{
	int first = next;

	put("[", 1);
	for (; next < PQntuples(rentals) &&
	       strcmp(PQgetvalue(rentals, next, 0), id) == 0;
	     next++) {
		if (next > first)
			put(",", 1);
		put_members(rentals, next, 1, PQnfields(rentals));
		put("}", 1);
	}
	put("]", 1);
	return next;
}

/* rentals: NULL when they are the last column of res */
static void
put_buyers(const PGresult *res, const PGresult *rentals)
{
	int next = 0;

	put("[", 1);
	for (int row = 0; row < PQntuples(res); row++) {
		if (row > 0)
			put(",", 1);
		put_members(res, row, 0, OWN_END);
		put(",\"address\":", 11);
		put_members(res, row, OWN_END, ADDRESS_END);
		put("},\"rental\":", 11);
		if (rentals == NULL)
			put_cell(res, row, ADDRESS_END);
		else
			next =
			    put_rentals(rentals, next, PQgetvalue(res, row, 0));
		put("}", 1);
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
by_id(PGconn *db, const char *statement, const char *id)
{
	return PQexecPrepared(db, statement, 1, &id, NULL, NULL, 0);
}

static bool
is_bad(PGconn *db, const PGresult *res)
{
	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		return false;
	fputs(PQerrorMessage(db), stderr);
	return true;
}

static void
answer(PGconn *db, FCGX_Request *req)
{
	char *path = FCGX_GetParam("REQUEST_URI", req->envp);
	PGresult *res, *second = NULL;

	res = path[1] == 'l'   ? list(db, path + 2)
	      : path[1] == 'i' ? insert(db, req->in)
			       : by_id(db, (char[]){path[1], 0}, path + 2);
	if (path[1] == 's')
		second = by_id(db, "t", path + 2);
	len = 0;
	if (is_bad(db, res) || (second != NULL && is_bad(db, second))) {
		FCGX_FPrintF(req->out, "Status: 500 %s\r\n\r\n", "Failed");
	} else {
		FCGX_PutS("Status: 200 OK\r\n"
			  "Content-Type: application/json\r\n\r\n",
		    req->out);
		if (path[1] == 'l')
			put_rows(res);
		else if (path[1] == 'j' || path[1] == 's')
			put_buyers(res, second);
		else
			put_row(res, 0);
		FCGX_PutStr(out, (int)len, req->out);
	}
	PQclear(res);
	PQclear(second);
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
		" RETURNING " COLUMNS) ||
	    !prepare(db, "j",
		BUYER ", (SELECT coalesce(json_agg(r), '[]') FROM" RENTALS
		      ")" BUYERS) ||
	    !prepare(db, "s", BUYER BUYERS) ||
	    !prepare(db, "t",
		"SELECT b.id, r.* FROM (SELECT id FROM public.buyer"
		" WHERE id > $1 ORDER BY id LIMIT 100"
		") b CROSS JOIN LATERAL" RENTALS " ORDER BY b.id, r.id DESC"))
		return 1;
	FCGX_Init();
	FCGX_InitRequest(&req, 0, 0);
	while (FCGX_Accept_r(&req) == 0) {
		answer(db, &req);
		FCGX_Finish_r(&req);
	}
	return 0;
}
