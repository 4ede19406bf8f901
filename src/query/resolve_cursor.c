/*
 * Where a keyset page ends, as a text that the client carries.  It is signed
 * together with the question, so that it cannot be made up and is of no use
 * for another one: what it holds are values the client was shown, or could
 * have asked for.
 *
 *   u8 version; u8 mac[16]; for each order key:
 *   u8 1 when null, else 0; u32 length, little-endian; bytes
 */
#include "query/resolve_priv.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/digest.h"

#define VERSION      1
#define MAC_BYTES    16
#define QUESTION_MAX ((size_t)64 << 20)
/* beside the key: the statement grows with the square of it (stmt/keyset.c) */
#define ORDER_MAX 16

/* the question without what may differ from page to page */
static struct str
make_question(struct arena *a, const struct query *q)
{
	struct query same = *q;
	struct buf b;

	same.page = (struct page){.kind = PAGE_NONE};
	same.want_count = COUNT_NONE;
	same.format = STR_NONE;
	buf_init(&b, a, QUESTION_MAX);
	query_dump(&b, &same);
	return buf_view(&b);
}

static void
sign(struct arena *a, const struct query *q, struct str values, struct str key,
    unsigned char mac[SHA256_BYTES])
{
	struct buf b;

	buf_init(&b, a, 2 * QUESTION_MAX);
	buf_char(&b, VERSION);
	buf_str(&b, make_question(a, q));
	buf_char(&b, '\0');
	buf_str(&b, values);
	hmac_sha256(key, buf_view(&b), mac);
}

static void
put_value(struct buf *b, struct str text)
{
	uint32_t len = (uint32_t)text.len;

	buf_char(b, text.p == NULL);
	for (int i = 0; i < 4; i++)
		buf_char(b, (char)(len >> (8 * i) & 0xff));
	buf_str(b, text);
}

struct str
query_cursor(struct arena *a, const struct query *q, const struct str *texts,
    const struct query_limits *limits)
{
	unsigned char mac[SHA256_BYTES];
	struct buf values, whole, out;

	buf_init(&values, a, QUESTION_MAX);
	for (size_t i = 0; i < q->norder; i++)
		put_value(&values, texts[i]);
	sign(a, q, buf_view(&values), limits->cursor_key, mac);
	buf_init(&whole, a, 2 * QUESTION_MAX);
	buf_char(&whole, VERSION);
	buf_add(&whole, mac, MAC_BYTES);
	buf_str(&whole, buf_view(&values));
	buf_init(&out, a, 4 * QUESTION_MAX);
	buf_base64url(&out, buf_view(&whole));
	return buf_view(&out);
}

/* false: it is not what put_value wrote */
static bool
take_value(struct str *rest, struct value *v)
{
	size_t len = 0;

	if (rest->len < 5)
		return false;
	v->is_null = rest->p[0] != 0;
	for (size_t i = 0; i < 4; i++)
		len |= (size_t)(unsigned char)rest->p[1 + i] << (8 * i);
	if (len > rest->len - 5)
		return false;
	v->text = str_sub(*rest, 5, len);
	*rest = str_sub(*rest, 5 + len, rest->len);
	return true;
}

static bool
read_token(struct resolve *r, struct query *q)
{
	unsigned char mac[SHA256_BYTES];
	struct str bytes, rest;

	if (base64url_decode(r->arena, q->page.cursor, &bytes) != 0 ||
	    bytes.len < 1 + MAC_BYTES || bytes.p[0] != VERSION)
		return false;
	rest = str_sub(bytes, 1 + MAC_BYTES, bytes.len);
	sign(r->arena, q, rest, r->limits->cursor_key, mac);
	if (!bytes_equal(mac, bytes.p + 1, MAC_BYTES))
		return false;
	q->page.after = arena_array(r->arena, struct value, q->norder);
	for (size_t i = 0; i < q->norder; i++) {
		if (!take_value(&rest, &q->page.after[i]))
			return false;
		q->page.after[i].type = query_type(&q->order[i].path, AGG_NONE);
	}
	return rest.len == 0;
}

int
resolve_cursor(struct resolve *r, struct query *q)
{
	const char *text = NULL;

	if (q->page.kind != PAGE_CURSOR)
		return 0;
	if (q->table->nkey == 0)
		text = "This table has no key, so there is no cursor.";
	else if (r->limits->cursor_key.len == 0)
		text = "Paging by cursor is not offered; use page.";
	else if (q->norder > ORDER_MAX + q->table->nkey)
		text = "At most 16 columns to order by.";
	else if (q->page.cursor.len > 0 && !read_token(r, q))
		text = "This is no cursor of this question.";
	if (text == NULL)
		return 0;
	q->page.after = NULL;
	resolve_wrong(r, ERR_BAD_PARAM, STR("cursor"), text);
	return -1;
}
