/*
 * The row that a write has made, for a statement behind it in the same flush:
 * its key is in a setting of the transaction, since what a default or a trigger
 * has put there the client has not heard yet.  The row of somebody who may not
 * read it (the guard has said so) is not marked: what a computed value fails of
 * would tell him what is in it.
 */
#include "stmt/stmt_priv.h"

#define MARK "'dynapi.row'"

void
stmt_mark(struct stmt *s, const struct table *t)
{
	stmt_lit(s, "pg_catalog.set_config(" MARK ", case when "
		    "pg_catalog.current_setting('dynapi.may_read', true) = 't' "
		    "then (");
	stmt_key_texts(s, t);
	stmt_lit(s, ")::text end, true)");
}

/* after a transaction that has set it, the setting is there, and empty */
void
stmt_is_marked(struct stmt *s, const struct table *t)
{
	for (size_t i = 0; i < t->nkey; i++) {
		const struct column *c = &t->columns[t->key[i]];

		if (i > 0)
			stmt_lit(s, " and ");
		stmt_column(s, c);
		stmt_operator(s, "=", c->type);
		stmt_lit(s, "((nullif(pg_catalog.current_setting(" MARK
			    ", true), '')::text[])[");
		buf_u64(&s->text, i + 1);
		stmt_lit(s, "])::");
		stmt_type(s, c->type);
	}
}
