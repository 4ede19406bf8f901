/* What the files of writing in bulk tell each other. */
#ifndef DYNAPI_BULK_PRIV_H
#define DYNAPI_BULK_PRIV_H

#include "handler/handler.h"
#include "render/render.h"

/* a statement under way, and which rows are in it */
struct sent {
	struct stmt *stmt;
	struct chunk chunk;
	int64_t index; /* of its first row */
};

struct loading {
	struct ctx *c;
	struct bulk *b;
	struct feed *feed;
	bool many; /* more rows than a statement has, or who knows */
	struct load *load;
	struct sent *sent[LOAD_ROOMS]; /* the last ones, in a ring */
	size_t nsent;
	/* the chunk that is being filled, in a room of its own; NULL: none */
	struct sent *open;
	struct arena *room;
	struct buf *texts; /* of each of its columns */
	size_t bytes;
	struct render render;
	bool rendering; /* the head is written */
	/* what the rows so far change of rows that were there */
	const struct column **assigned;
	size_t nassigned;
	int64_t nrows; /* put into chunks */
	/* the request has an Idempotency-Key; hash: of a body that is still
	 * being read */
	bool keyed;
	struct once once;
	struct sha256 *hash;
};

struct stmt *bulk_stmt(struct loading *, struct arena *, const struct chunk *);
/*
 * After a statement has failed with c->err: the transaction is rolled back,
 * and c->err names the row, and its fields where that can be told.  -1.
 */
int bulk_fault(struct loading *);

#endif
