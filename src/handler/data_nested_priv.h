/* What the files of nested creates tell each other. */
#ifndef DYNAPI_DATA_NESTED_PRIV_H
#define DYNAPI_DATA_NESTED_PRIV_H

#include "handler/handler.h"

/* a row that is there already becomes this parent's child */
bool data_nested_takes_over(const struct nested *);
/*
 * After the batch has failed with c->err: names the row, its fields and the
 * constraint, as far as he may read the row's table.  -1.
 */
int data_nested_fault(struct ctx *, struct nested_set *, const struct batch *);

#endif
