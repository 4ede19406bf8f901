/*
 * Results.  In hand: one PGresult with all rows.  Streamed: PGresults of one
 * row (or a chunk of them) each, read as the caller asks.
 *
 * Before the first row is handed out the columns' types are compared with
 * what the statement's author took them for: a cell class that copies bytes
 * into JSON as they are must never meet a text.
 */
#include "db/db_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stmt/stmt.h"

/* pg_type.dat */
enum {
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_OID = 26,
	OID_XID = 28,
	OID_CID = 29,
	OID_JSON = 114,
	OID_CIDR = 650,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_MACADDR8 = 774,
	OID_MACADDR = 829,
	OID_INET = 869,
	OID_DATE = 1082,
	OID_TIME = 1083,
	OID_TIMESTAMP = 1114,
	OID_TIMESTAMPTZ = 1184,
	OID_INTERVAL = 1186,
	OID_TIMETZ = 1266,
	OID_BIT = 1560,
	OID_VARBIT = 1562,
	OID_NUMERIC = 1700,
	OID_UUID = 2950,
	OID_PG_LSN = 3220,
	OID_JSONB = 3802,
	OID_XID8 = 5069
};

static bool
is_integer(Oid type)
{
	return type == OID_INT4 || type == OID_INT8 || type == OID_INT2 ||
	       type == OID_OID;
}

static bool
is_real(Oid type)
{
	return type == OID_NUMERIC || type == OID_FLOAT8 || type == OID_FLOAT4;
}

/* types whose text never holds what JSON wants escaped */
static bool
is_plain(Oid type)
{
	static const Oid plain[] = {OID_UUID, OID_DATE, OID_TIME, OID_TIMETZ,
	    OID_INTERVAL, OID_TIMESTAMP, OID_TIMESTAMPTZ, OID_INET, OID_CIDR,
	    OID_MACADDR, OID_MACADDR8, OID_BIT, OID_VARBIT, OID_PG_LSN, OID_XID,
	    OID_XID8, OID_CID, OID_BOOL, OID_BYTEA};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i] == type)
			return true;
	return is_integer(type) || is_real(type);
}

static bool
fits(enum cell cell, Oid type)
{
	switch (cell) {
	case CELL_RAW:
		return is_integer(type);
	case CELL_REAL:
		return is_real(type) || is_integer(type);
	case CELL_BOOL:
		return type == OID_BOOL;
	case CELL_TEXT:
		return true;
	case CELL_QUOTED_RAW:
		return is_plain(type);
	case CELL_TIMESTAMP:
		return type == OID_TIMESTAMP;
	case CELL_TIMESTAMPTZ:
		return type == OID_TIMESTAMPTZ;
	case CELL_BYTEA:
		return type == OID_BYTEA;
	case CELL_JSON:
		return type == OID_JSON || type == OID_JSONB;
	}
	return false;
}

/* a write is done by now and has to be shown somehow: as text */
static bool
check_columns(struct rows *r, enum batch_kind kind)
{
	const struct stmt *s = r->stmt;

	if (s->ncols == 0)
		return true;
	if (s->ncols != (size_t)r->ncols)
		return false;
	for (size_t i = 0; i < s->ncols; i++) {
		if (fits(s->cols[i].cell, PQftype(r->res, (int)i)))
			continue;
		if (kind == BATCH_READ)
			return false;
		s->cols[i].cell = CELL_TEXT;
	}
	return true;
}

bool
rows_take(struct rows *r, PGresult *res, enum batch_kind kind)
{
	bool is_first = r->ncols == 0;

	rows_clear(r);
	r->res = res;
	r->n = PQntuples(res);
	r->at = -1;
	r->ncols = PQnfields(res);
	return r->ncols == 0 || !is_first || check_columns(r, kind);
}

void
rows_clear(struct rows *r)
{
	PQclear(r->res);
	r->res = NULL;
	r->n = 0;
}

size_t
rows_ncols(const struct rows *r)
{
	return (size_t)r->ncols;
}

const struct stmt *
rows_stmt(const struct rows *r)
{
	return r->stmt;
}

struct rows *
rows_child(const struct rows *r, size_t i)
{
	const struct batch *b = r->batch;
	size_t at = 0;

	assert(i < r->stmt->nchildren);
	while (b->stmts[at] != r->stmt->children[i])
		at++;
	return b->rows[at];
}

int64_t
rows_count(const struct rows *r)
{
	if (r->run != NULL || r->res == NULL)
		return -1;
	if (r->stmt->counted && r->n == 1)
		return strtoll(PQgetvalue(r->res, 0, 0), NULL, 10);
	if (PQresultStatus(r->res) == PGRES_TUPLES_OK)
		return r->n;
	return strtoll(PQcmdTuples(r->res), NULL, 10);
}

/* the next rows of a stream: 1, 0 at its end, -1 */
static int
read_more(struct rows *r, struct err *err)
{
	struct run *run = r->run;
	int64_t start = clock_mono_us();

	rows_clear(r);
	run_receive(run);
	run->b->db_us += clock_mono_us() - start;
	if (run->streaming && r->n > 0)
		return 1;
	r->run = NULL;
	return run_verdict(run, err) != 0 ? -1 : 0;
}

int
rows_next(struct rows *r, struct err *err)
{
	int rc;

	if (r->at + 1 < r->n) {
		r->at++;
		return 1;
	}
	if (r->run == NULL)
		return 0;
	rc = read_more(r, err);
	if (rc == 1)
		r->at = 0;
	return rc;
}

struct str
rows_cell(const struct rows *r, size_t col)
{
	int i = (int)col;
	size_t len = (size_t)PQgetlength(r->res, r->at, i);

	if (len == 0 && PQgetisnull(r->res, r->at, i))
		return STR_NONE;
	return (struct str){PQgetvalue(r->res, r->at, i), len};
}

struct str
rows_name(const struct rows *r, size_t col)
{
	return str_from(PQfname(r->res, (int)col));
}

void
rows_rewind(struct rows *r)
{
	r->at = -1;
}
