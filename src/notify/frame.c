/*
 * The client's half of RFC 6455, byte by byte: a frame is judged by its head
 * before any of its payload is looked at, and no payload is stored but that of
 * a control frame and a text that somebody waits for.
 */
#include "notify/notify_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"

#define MASKED 0x80
#define FINAL  0x80

static enum frame_event
fault(struct frame_reader *r, int code)
{
	r->code = code;
	return FRAME_FAULT;
}

static bool
is_control(uint8_t op)
{
	return (op & 8) != 0;
}

/* the first two bytes: what the frame is, and how long its head will be */
static int
judge_start(struct frame_reader *r)
{
	unsigned char b = r->head[0], len = r->head[1] & 0x7f;

	r->op = b & 0x0f;
	if ((b & 0x70) != 0 || !(r->head[1] & MASKED))
		return -1;
	if (is_control(r->op)) {
		if (r->op > FRAME_PONG || !(b & FINAL) || len > 125)
			return -1;
	} else if (r->op > FRAME_BINARY ||
		   (r->op == FRAME_MORE) != (r->message != 0)) {
		return -1;
	}
	r->nhead_want = len == 127 ? 14 : len == 126 ? 8 : 6;
	return 0;
}

static uint64_t
read_length(const struct frame_reader *r)
{
	unsigned char len = r->head[1] & 0x7f;
	size_t bytes = len == 127 ? 8 : len == 126 ? 2 : 0;
	uint64_t v = 0;

	if (bytes == 0)
		return len;
	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | r->head[2 + i];
	return v;
}

/* the whole head; 0, or the code of a fault */
static int
begin_payload(struct frame_reader *r)
{
	unsigned char len = r->head[1] & 0x7f;

	r->at = 0;
	r->length = read_length(r);
	r->in_payload = true;
	/* the shortest form (5.2), and no sign */
	if ((len == 126 && r->length < 126) ||
	    (len == 127 && (r->length <= UINT16_MAX || r->length >> 63 != 0)))
		return CLOSE_PROTOCOL;
	if (is_control(r->op)) {
		r->ncontrol = 0;
		return 0;
	}
	if (r->op != FRAME_MORE) {
		r->message = r->op;
		r->message_len = 0;
		r->nsplit = 0;
		r->ntext = 0;
	}
	if (r->length > MESSAGE_MAX - r->message_len)
		return CLOSE_TOO_BIG;
	r->message_len += r->length;
	return 0;
}

static int
read_head(struct frame_reader *r, unsigned char **p, size_t *n)
{
	while (*n > 0 && (r->nhead < 2 || r->nhead < r->nhead_want)) {
		r->head[r->nhead++] = *(*p)++;
		(*n)--;
		if (r->nhead == 2 && judge_start(r) != 0)
			return CLOSE_PROTOCOL;
	}
	return r->nhead >= 2 && r->nhead == r->nhead_want ? begin_payload(r)
							  : 0;
}

static void
unmask(struct frame_reader *r, unsigned char *p, size_t n)
{
	const unsigned char *mask = r->head + r->nhead_want - 4;

	for (size_t i = 0; i < n; i++)
		p[i] ^= mask[(r->at + i) & 3];
	r->at += n;
}

/* the end of a character whose beginning came with the piece before */
static bool
finish_split(struct frame_reader *r, struct str *s)
{
	unsigned char lead = r->split[0];
	size_t want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;

	while (r->nsplit > 0 && r->nsplit < want && s->len > 0) {
		r->split[r->nsplit++] = (unsigned char)*s->p;
		*s = str_sub(*s, 1, s->len);
	}
	if (r->nsplit == 0 || r->nsplit < want)
		return true;
	r->nsplit = 0;
	return utf8_char((struct str){(const char *)r->split, want}) == want;
}

static bool
check_text(struct frame_reader *r, struct str s)
{
	unsigned char lead;
	size_t span, want;

	if (!finish_split(r, &s))
		return false;
	if (s.len == 0)
		return true;
	span = utf8_span(s);
	s = str_sub(s, span, s.len);
	if (s.len == 0)
		return true;
	lead = (unsigned char)s.p[0];
	want = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (lead < 0xc2 || lead > 0xf4 || s.len >= want)
		return false;
	memcpy(r->split, s.p, s.len);
	r->nsplit = (uint8_t)s.len;
	return true;
}

static void
keep_text(struct frame_reader *r, struct str s)
{
	if (r->keep == 0 || r->ntext + s.len > r->keep) {
		/* longer than anything that is waited for */
		r->ntext = r->keep + 1;
		return;
	}
	if (r->text == NULL)
		r->text = malloc(r->keep);
	if (r->text == NULL)
		log_fatal("memory", "out of memory for a message");
	memcpy(r->text + r->ntext, s.p, s.len);
	r->ntext += s.len;
}

void
frame_forget(struct frame_reader *r)
{
	free(r->text);
	r->text = NULL;
	r->ntext = 0;
	r->keep = 0;
}

bool
frame_code_ok(unsigned code)
{
	return (code >= 1000 && code <= 1003) ||
	       (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static enum frame_event
end_close(struct frame_reader *r)
{
	unsigned code = r->ncontrol < 2
			    ? CLOSE_NO_CODE
			    : (unsigned)(r->control[0] << 8 | r->control[1]);
	struct str reason = {(const char *)r->control + 2, 0};

	if (r->ncontrol == 1 || (r->ncontrol >= 2 && !frame_code_ok(code)))
		return fault(r, CLOSE_PROTOCOL);
	if (r->ncontrol > 2)
		reason.len = r->ncontrol - 2u;
	if (!utf8_valid(reason))
		return fault(r, CLOSE_BAD_TEXT);
	r->code = (int)code;
	return FRAME_CLOSED;
}

static enum frame_event
end_frame(struct frame_reader *r)
{
	bool final = r->head[0] & FINAL;
	bool text = r->message == FRAME_TEXT;

	r->in_payload = false;
	r->nhead = 0;
	switch (r->op) {
	case FRAME_CLOSE:
		return end_close(r);
	case FRAME_PING:
		return FRAME_PINGED;
	case FRAME_PONG:
		return FRAME_PONGED;
	default:
		break;
	}
	if (!final)
		return FRAME_NOTHING;
	r->message = 0;
	if (text && r->nsplit > 0)
		return fault(r, CLOSE_BAD_TEXT);
	return FRAME_MESSAGE;
}

static bool
take_payload(struct frame_reader *r, struct str s)
{
	if (is_control(r->op)) {
		memcpy(r->control + r->ncontrol, s.p, s.len);
		r->ncontrol += (uint8_t)s.len;
		return true;
	}
	if (r->message != FRAME_TEXT)
		return true;
	keep_text(r, s);
	return check_text(r, s);
}

enum frame_event
frame_read(struct frame_reader *r, unsigned char **p, size_t *n)
{
	enum frame_event event;
	struct str piece;
	int code;

	while (*n > 0 || r->in_payload) {
		if (!r->in_payload && (code = read_head(r, p, n)) != 0)
			return fault(r, code);
		if (!r->in_payload)
			return FRAME_NOTHING;
		piece.len =
		    *n < r->length - r->at ? *n : (size_t)(r->length - r->at);
		piece.p = (const char *)*p;
		unmask(r, *p, piece.len);
		*p += piece.len;
		*n -= piece.len;
		if (!take_payload(r, piece))
			return fault(r, CLOSE_BAD_TEXT);
		if (r->at < r->length)
			return FRAME_NOTHING;
		event = end_frame(r);
		if (event != FRAME_NOTHING)
			return event;
	}
	return FRAME_NOTHING;
}

size_t
frame_head(unsigned char out[10], enum frame_op op, size_t length)
{
	out[0] = (unsigned char)(FINAL | op);
	if (length < 126) {
		out[1] = (unsigned char)length;
		return 2;
	}
	if (length <= UINT16_MAX) {
		out[1] = 126;
		out[2] = (unsigned char)(length >> 8);
		out[3] = (unsigned char)length;
		return 4;
	}
	out[1] = 127;
	for (size_t i = 0; i < 8; i++)
		out[2 + i] = (unsigned char)((uint64_t)length >> (56 - 8 * i));
	return 10;
}
