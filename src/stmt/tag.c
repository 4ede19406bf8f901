/*
 * Entity tags: half a SHA-256 of the row's columns, each as a literal with a
 * comma behind it.  format() takes a value's text from its output function, as
 * the protocol does, and quotes by rules that no setting and no locale changes;
 * so that the texts of a row that was read anyway make the same tag here, at a
 * tenth of what a row by key costs the database.  SHA-256 is there under FIPS
 * rules too, and its half leaves nobody two rows with one tag.
 */
#include "stmt/stmt_priv.h"

#include <string.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/digest.h"

#define TAG_BYTES 16
/* a function takes 100 arguments at most */
#define CHUNK 90

static void
emit_literals(struct stmt *s, const struct table *t, size_t from)
{
	size_t to = from + CHUNK < t->ncolumns ? from + CHUNK : t->ncolumns;

	stmt_lit(s, "pg_catalog.format('");
	for (size_t i = from; i < to; i++)
		stmt_lit(s, "%L,");
	stmt_lit(s, "'");
	for (size_t i = from; i < to; i++) {
		stmt_lit(s, ", ");
		stmt_column(s, &t->columns[i]);
	}
	stmt_lit(s, ")");
}

static void
emit_hash(struct stmt *s, const struct table *t, const struct column *version)
{
	stmt_lit(s, "pg_catalog.left(pg_catalog.encode(pg_catalog.sha256("
		    "pg_catalog.convert_to(");
	if (version != NULL) {
		stmt_column(s, version);
		stmt_lit(s, "::text");
	}
	for (size_t i = 0; version == NULL && i < t->ncolumns; i += CHUNK) {
		if (i > 0)
			stmt_lit(s, " || ");
		emit_literals(s, t, i);
	}
	stmt_lit(s, ", 'UTF8')), 'hex'), 32)");
}

/* whole numbers as they are; other texts may hold what a tag must not */
void
stmt_tag(struct stmt *s, const struct table *t, const struct stmt_opts *o)
{
	enum type_class class;

	class = o->version != NULL ? o->version->type->class : TYPE_OTHER;
	if (class != TYPE_INT2 && class != TYPE_INT4 && class != TYPE_INT8) {
		emit_hash(s, t, o->version);
		return;
	}
	stmt_column(s, o->version);
	stmt_lit(s, "::text");
}

bool
stmt_tag_is_of_cells(const struct table *t, const struct stmt_opts *o)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		if (!stmt_is_plain(t->columns[i].type))
			return false;
	return o->version == NULL;
}

/* as quote_literal() has it */
static void
add_literal(struct buf *b, struct str s)
{
	size_t from = 0;

	if (s.p == NULL) {
		buf_lit(b, "NULL,");
		return;
	}
	if (memchr(s.p, '\\', s.len) != NULL)
		buf_char(b, 'E');
	buf_char(b, '\'');
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] == '\'' || s.p[i] == '\\') {
			buf_add(b, s.p + from, i + 1 - from);
			from = i;
		}
	buf_add(b, s.p + from, s.len - from);
	buf_lit(b, "',");
}

struct str
stmt_tag_of_cells(struct arena *a, const struct str *v, size_t n)
{
	unsigned char sum[SHA256_BYTES];
	struct buf text, tag;

	buf_init(&text, a, SIZE_MAX / 4);
	for (size_t i = 0; i < n; i++)
		add_literal(&text, v[i]);
	sha256(buf_view(&text), sum);
	buf_init(&tag, a, 2 * TAG_BYTES);
	buf_hex(&tag, (struct str){(const char *)sum, TAG_BYTES});
	return buf_view(&tag);
}
