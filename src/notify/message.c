/*
 * Events as text.  A message is the same for all who get it, so it is made
 * once per protocol, frame and all, and counted references of it are queued.
 */
#include "notify/notify_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/jsonw.h"
#include "base/log.h"
#include "render/render.h"

/* the key is text, also where a SELECT would have made JSON of it */
static enum cell
key_cell(const struct type *t, const struct stmt_opts *o)
{
	enum cell cell = stmt_cell(t, o);

	return cell == CELL_JSON && t->class != TYPE_JSON &&
		       t->class != TYPE_JSONB
		   ? CELL_TEXT
		   : cell;
}

static void
write_key(struct jsonw *w, const struct event *e, const struct table *t,
    const struct stmt_opts *o)
{
	const struct type *type;

	if (e->nkey > 1)
		jsonw_array(w);
	for (size_t i = 0; i < e->nkey; i++) {
		type = t->columns[t->key[i]].type;
		jsonw_raw(w, STR(""));
		cell_json(w->out, key_cell(type, o), e->key[i]);
	}
	if (e->nkey > 1)
		jsonw_end(w);
}

void
message_event(struct buf *out, const struct event *e, const struct table *t,
    const struct stmt_opts *o)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_kv(&w, "event", e->kind);
	jsonw_kv(&w, "table", t->path);
	jsonw_key(&w, "pk");
	/* the table may have got another key since */
	if (e->key != NULL && e->nkey == t->nkey && t->nkey > 0) {
		write_key(&w, e, t, o);
	} else {
		jsonw_null(&w);
		jsonw_kv_i64(&w, "rows", e->rows);
	}
	jsonw_kv_i64(&w, "id", e->seq);
	jsonw_end(&w);
}

void
message_resync(struct buf *out, struct str table, int64_t id)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_kv_c(&w, "event", "resync");
	jsonw_kv(&w, "table", table);
	jsonw_kv_i64(&w, "id", id);
	jsonw_end(&w);
}

void
message_close(struct buf *out, int code)
{
	struct jsonw w;

	jsonw_init(&w, out);
	jsonw_object(&w);
	jsonw_kv_c(&w, "event", "close");
	jsonw_kv_i64(&w, "code", code);
	jsonw_end(&w);
}

struct blob *
blob_new(size_t len)
{
	struct blob *b = malloc(sizeof(*b) + len);

	if (b == NULL)
		log_fatal("memory", "out of memory for a message");
	b->refs = 1;
	b->len = len;
	return b;
}

void
blob_drop(struct blob *b)
{
	if (b != NULL && --b->refs == 0)
		free(b);
}

struct blob *
blob_copy(struct str s)
{
	struct blob *b = blob_new(s.len);

	memcpy(b->bytes, s.p, s.len);
	return b;
}

struct blob *
blob_frame(enum frame_op op, struct str payload)
{
	unsigned char head[10];
	size_t n = frame_head(head, op, payload.len);
	struct blob *b = blob_new(n + payload.len);

	memcpy(b->bytes, head, n);
	if (payload.len > 0)
		memcpy(b->bytes + n, payload.p, payload.len);
	return b;
}

struct blob *
blob_close(int code)
{
	const char bytes[2] = {(char)(code >> 8), (char)code};

	return blob_frame(
	    FRAME_CLOSE, (struct str){bytes, code == CLOSE_NO_CODE ? 0 : 2});
}

struct blob *
blob_sse(struct str event, int64_t id, struct str data)
{
	struct arena *a = arena_new();
	struct blob *b;
	struct buf out;

	buf_init(&out, a, data.len + event.len + 64);
	if (id > 0)
		buf_printf(&out, "id: %lld\n", (long long)id);
	buf_printf(&out, "event: %.*s\ndata: ", STR_ARGS(event));
	buf_str(&out, data);
	buf_lit(&out, "\n\n");
	b = blob_copy(buf_view(&out));
	arena_free(a);
	return b;
}
