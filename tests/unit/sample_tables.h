/* A small schema in memory: tables that show one thing each.  sample.sql in
 * tests/golden makes the same tables in a database. */
#ifndef DYNAPI_SAMPLE_TABLES_H
#define DYNAPI_SAMPLE_TABLES_H

#include <stddef.h>

#include "schema/schema.h"

extern struct table sample_tables[];
extern const size_t sample_ntables;

/* by path below /api/dyn/, or NULL */
const struct table *sample_table(struct str path);
/* the type of a column of public.every, or NULL */
const struct type *sample_type(const char *column);

#endif
