/* A small schema in memory: tables that show one thing each.  sample.sql in
 * tests/golden makes the same tables in a database. */
#ifndef DYNAPI_SAMPLE_TABLES_H
#define DYNAPI_SAMPLE_TABLES_H

#include <stddef.h>

#include "schema/schema.h"

/* as literals: no foreign key arrives at them */
extern struct table sample_tables[];
extern const size_t sample_ntables;

/* the same tables out of a snapshot, with their relations; made once */
struct schema *sample_schema(void);
/* one of its tables by path below /api/dyn/, or NULL */
const struct table *sample_table(struct str path);
/* the type of a column of public.every, or NULL */
const struct type *sample_type(const char *column);

#endif
