/*
 * The process dynapi-introspect: catalogs to snapshot.
 *
 * introspect_read asks the catalogs (a fixed number of statements, all in one
 * snapshot, never one per table) and gives the same struct snapshot that
 * snapshot_read gives of a file; so "what is new" is a comparison of two of
 * them, and writing is snapshot_write.
 *
 *   catalog_sql.c  the statements
 *   catalog.c      their rows as structs that follow the catalogs
 *   catalog_type.c types of columns out of pg_type rows
 *   expose.c       which relations are exposed, and under which path and key
 *   searched.c     which columns the configuration has searched
 *   assemble.c     struct table out of all this
 *   diff.c list.c  what is shown
 */
#ifndef DYNAPI_INTROSPECT_H
#define DYNAPI_INTROSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct arena;
struct buf;
struct conf;
struct db;
struct err;
struct snapshot;

/* the database as the configuration exposes it; generation is 0 */
int introspect_read(struct arena *, struct db *, const struct conf *,
    struct snapshot *, struct err *);
/*
 * What differs, one line each ("added table public.film", …); returns how
 * many lines.  Estimates of row numbers and excluded tables are no news.
 */
size_t introspect_diff(
    struct buf *, const struct snapshot *was, const struct snapshot *is);
/* both are of the same database (a cluster restored or upgraded elsewhere is
 * another one, when we are allowed to tell) */
bool introspect_same_database(
    const struct snapshot *was, const struct snapshot *is);
void introspect_list(struct buf *, const struct snapshot *);
void introspect_list_json(struct buf *, const struct snapshot *);

/* the program; an exit status */
int introspect_main(int argc, char **argv);

#endif
