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

/* the classes that the SQL standard leaves to others, but for those that
 * PostgreSQL (XX) and we (ZD) have taken: a trigger's own refusal */
static bool
is_custom(const char *sqlstate)
{
	char c = sqlstate[0];

	return ((c >= '6' && c <= '9') || (c >= 'I' && c <= 'Z')) &&
	       strncmp(sqlstate, "XX", 2) != 0 &&
	       strncmp(sqlstate, "ZD", 2) != 0;
}

enum err_id
sqlstate_err(const char *sqlstate, enum batch_kind kind)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strncmp(sqlstate, table[i].code, strlen(table[i].code)) ==
		    0)
			return kind == BATCH_READ ? table[i].read
						  : table[i].write;
	return kind != BATCH_READ && is_custom(sqlstate) ? ERR_CONSTRAINT
							 : ERR_INTERNAL;
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
