/*
 * SQLSTATE to error.  The table is read from top to bottom; it is only
 * consulted when something failed, so nothing is indexed.
 */
#include "db/db.h"

#include <string.h>

static const struct {
	const char *code;
	enum err_id read, write;
} table[] = {
#define SQLSTATE(code, read, write, condition) {code, ERR_##read, ERR_##write},
#include "db/sqlstate.def"
#undef SQLSTATE
};

enum err_id
sqlstate_err(const char *sqlstate, enum batch_kind kind)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strncmp(sqlstate, table[i].code, strlen(table[i].code)) ==
		    0)
			return kind == BATCH_READ ? table[i].read
						  : table[i].write;
	return ERR_INTERNAL;
}

bool
sqlstate_is_stale(const char *sqlstate)
{
	return sqlstate_err(sqlstate, BATCH_READ) == ERR_SNAPSHOT_STALE;
}

bool
sqlstate_is_value(const char *sqlstate)
{
	return strncmp(sqlstate, "22", 2) == 0;
}
