/* What a client sends to dynapi-notifyd: its frames mean the same in whatever
 * pieces they come, and a head is taken or refused. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/utf8.h"
#include "notify/notify_priv.h"

#define KEEP       64
#define EVENTS_MAX 256

struct heard {
	size_t n;
	struct {
		enum frame_event event;
		int code;
		size_t length;
	} v[EVENTS_MAX];
};

static void
note(struct heard *h, const struct frame_reader *r, enum frame_event e)
{
	if (h->n == EVENTS_MAX)
		return;
	h->v[h->n].event = e;
	h->v[h->n].code = e >= FRAME_CLOSED ? r->code : 0;
	h->v[h->n++].length = e == FRAME_PINGED    ? r->ncontrol
			      : e == FRAME_MESSAGE ? r->message_len
						   : 0;
	if (e == FRAME_CLOSED)
		must(r->code == CLOSE_NO_CODE ||
		     frame_code_ok((unsigned)r->code));
	if (e == FRAME_FAULT)
		must(r->code == CLOSE_PROTOCOL || r->code == CLOSE_BAD_TEXT ||
		     r->code == CLOSE_TOO_BIG);
	if (e == FRAME_MESSAGE) {
		must(r->message_len <= MESSAGE_MAX);
		/* the op of the first frame is not kept: bytes are not looked
		 * at, and leave no text */
		if (r->text != NULL && r->ntext <= r->keep &&
		    r->ntext == r->message_len)
			must(utf8_valid((struct str){r->text, r->ntext}));
	}
}

static void
hear(struct heard *h, const uint8_t *bytes, size_t n, size_t each)
{
	struct frame_reader r = {.keep = KEEP};
	enum frame_event e = FRAME_NOTHING;

	*h = (struct heard){.n = 0};
	for (size_t at = 0; at < n && e < FRAME_CLOSED; at += each) {
		size_t left = n - at < each ? n - at : each;
		unsigned char *copy = malloc(left), *p = copy;

		must(copy != NULL);
		memcpy(copy, bytes + at, left);
		while ((e = frame_read(&r, &p, &left)) != FRAME_NOTHING) {
			note(h, &r, e);
			if (e >= FRAME_CLOSED)
				break;
		}
		free(copy);
	}
	frame_forget(&r);
}

static void
read_head(const uint8_t *bytes, size_t n)
{
	struct arena *a = arena_new();
	struct str text = {arena_memdup(a, bytes, n), n};
	struct head h;
	struct err err;

	err_init(&err, a);
	text.len = head_length(text);
	if (text.len > 0 && head_read(&h, text, &err) == 0)
		must(h.method.len > 0 && h.target.len > 0);
	else if (text.len > 0)
		must(err.id != ERR_NONE);
	arena_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct heard whole, pieces;

	if (n == 0)
		return 0;
	hear(&whole, bytes, n, n);
	for (size_t each = 1; each < 9; each += 3) {
		hear(&pieces, bytes, n, each);
		must(pieces.n == whole.n &&
		     memcmp(pieces.v, whole.v, whole.n * sizeof(whole.v[0])) ==
			 0);
	}
	read_head(bytes, n);
	return 0;
}
