/*
 * The names of all tables as one string of bytes: a count, a sorted list of
 * offsets, the entries.  It is searched where it lies: opening a snapshot
 * unpacks nothing, however many tables there are.
 *
 *   u32 n; u32 offset[n];
 *   entry: u8 kind; u8 flags; u8 nkey; u16 schema length; text qname;
 *          text key[nkey];         text: u16 length, bytes
 * Numbers are little-endian.
 */
#include "schema/schema_priv.h"

#include <assert.h>

#include "base/buf.h"

#define FLAG_FULL_PATH 1
#define ENTRY_HEAD     5

static void
add_u8(struct buf *b, size_t v)
{
	assert(v <= UINT8_MAX);
	buf_char(b, (char)v);
}

static void
add_u16(struct buf *b, size_t v)
{
	assert(v <= UINT16_MAX);
	buf_char(b, (char)(v & 0xff));
	buf_char(b, (char)(v >> 8));
}

static void
put_u32(char *at, size_t v)
{
	assert(v <= UINT32_MAX);
	for (int i = 0; i < 4; i++)
		at[i] = (char)(v >> (8 * i) & 0xff);
}

static size_t
get_u8(const char *at)
{
	return (unsigned char)*at;
}

static size_t
get_u16(const char *at)
{
	return get_u8(at) | get_u8(at + 1) << 8;
}

static size_t
get_u32(const char *at)
{
	return get_u16(at) | get_u16(at + 2) << 16;
}

static void
add_text(struct buf *b, struct str s)
{
	add_u16(b, s.len);
	buf_str(b, s);
}

static void
add_entry(struct buf *b, const struct table *t)
{
	add_u8(b, t->kind);
	add_u8(b, str_eq(t->path, t->qname) ? FLAG_FULL_PATH : 0);
	add_u8(b, t->nkey);
	add_u16(b, t->schema.len);
	add_text(b, t->qname);
	for (size_t i = 0; i < t->nkey; i++)
		add_text(b, t->columns[t->key[i]].name);
}

void
directory_write(struct buf *b, const struct snapshot *s)
{
	size_t start = b->len;
	char number[4];

	put_u32(number, s->ntables);
	for (size_t i = 0; i <= s->ntables; i++)
		buf_add(b, number, 4);
	for (size_t i = 0; i < s->ntables && !b->overflow; i++) {
		put_u32(b->p + start + 4 + 4 * i, b->len - start);
		add_entry(b, &s->tables[i]);
	}
}

static size_t
entry_at(const struct directory *d, size_t i)
{
	return get_u32(d->bytes.p + 4 + 4 * i);
}

/* moves *at behind the text there; false when it ends outside */
static bool
skip_text(struct str bytes, size_t *at)
{
	if (bytes.len - *at < 2)
		return false;
	*at += 2 + get_u16(bytes.p + *at);
	return *at <= bytes.len;
}

static bool
entry_fits(const struct directory *d, size_t i)
{
	size_t at = entry_at(d, i), schema, qname, nkey;

	if (at > d->bytes.len || d->bytes.len - at < ENTRY_HEAD + 2)
		return false;
	if (get_u8(d->bytes.p + at) > TABLE_FOREIGN)
		return false;
	nkey = get_u8(d->bytes.p + at + 2);
	schema = get_u16(d->bytes.p + at + 3);
	at += ENTRY_HEAD;
	qname = get_u16(d->bytes.p + at);
	if (schema >= qname || !skip_text(d->bytes, &at))
		return false;
	for (; nkey > 0; nkey--)
		if (!skip_text(d->bytes, &at))
			return false;
	return true;
}

static struct str
qname_at(const struct directory *d, size_t i)
{
	const char *at = d->bytes.p + entry_at(d, i) + ENTRY_HEAD;

	return (struct str){at + 2, get_u16(at)};
}

int
directory_open(struct str bytes, struct directory *d)
{
	*d = (struct directory){.bytes = bytes};
	if (bytes.len < 4)
		return -1;
	d->n = get_u32(bytes.p);
	if (d->n > (bytes.len - 4) / 4)
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		if (!entry_fits(d, i))
			return -1;
		if (i > 0 && str_cmp(qname_at(d, i - 1), qname_at(d, i)) >= 0)
			return -1;
	}
	return 0;
}

void
directory_get(const struct directory *d, size_t i, struct directory_hit *h)
{
	const char *at = d->bytes.p + entry_at(d, i);
	size_t schema = get_u16(at + 3);

	assert(i < d->n);
	h->kind = (enum table_kind)get_u8(at);
	h->full_path = (get_u8(at + 1) & FLAG_FULL_PATH) != 0;
	h->nkey = get_u8(at + 2);
	h->qname = qname_at(d, i);
	h->schema = str_sub(h->qname, 0, schema);
	h->name = str_sub(h->qname, schema + 1, h->qname.len);
	h->keys.p = h->qname.p + h->qname.len;
	h->keys.len = (size_t)(d->bytes.p + d->bytes.len - h->keys.p);
}

ptrdiff_t
directory_find(const struct directory *d, struct str qname)
{
	size_t lo = 0, hi = d->n, mid;
	int c;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		c = str_cmp(qname, qname_at(d, mid));
		if (c == 0)
			return (ptrdiff_t)mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

struct str
directory_key(struct str *keys)
{
	struct str name = str_sub(*keys, 2, get_u16(keys->p));

	*keys = str_sub(*keys, 2 + name.len, keys->len);
	return name;
}
