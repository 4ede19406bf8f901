/*
 * Frames in pieces of any size, heads of requests, and events as text.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "cases.h"
#include "notify/notify_priv.h"
#include "sample_tables.h"

/* ---- frames ------------------------------------------------------------- */

static size_t
from_hex(const char *hex, unsigned char *out)
{
	size_t n = 0;
	unsigned byte;

	for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2) {
		if (*hex == ' ')
			continue;
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		out[n++] = (unsigned char)byte;
	}
	return n;
}

static const char *
event_word(enum frame_event e)
{
	static const char *const words[] = {
	    "nothing", "message", "ping", "pong", "closed", "fault"};

	return words[e];
}

/* what is heard of the bytes when they come so many at a time */
static struct str
heard(const unsigned char *bytes, size_t n, size_t each)
{
	struct frame_reader r = {.keep = 16};
	enum frame_event e;
	struct buf out;

	buf_init(&out, arena, 4096);
	for (size_t at = 0; at < n; at += each) {
		unsigned char piece[512], *p = piece;
		size_t left = n - at < each ? n - at : each;

		memcpy(piece, bytes + at, left);
		while ((e = frame_read(&r, &p, &left)) != FRAME_NOTHING) {
			buf_printf(&out, "%s", event_word(e));
			if (e == FRAME_PINGED)
				buf_printf(&out, ":%.*s", r.ncontrol,
				    (const char *)r.control);
			if (e == FRAME_MESSAGE && r.ntext <= r.keep)
				buf_printf(&out, ":%.*s", (int)r.ntext,
				    r.text == NULL ? "" : r.text);
			buf_lit(&out, " ");
			if (e < FRAME_CLOSED)
				continue;
			buf_printf(&out, "%d ", r.code);
			frame_forget(&r);
			return buf_view(&out);
		}
	}
	frame_forget(&r);
	return buf_view(&out);
}

static void
test_frames(void **state)
{
	static const struct {
		int line;
		const char *hex, *want;
	} cases[] = {
	    {__LINE__, "8182 01020304 696b", "message:hi "},
	    {__LINE__, "8180 01020304", "message: "},
	    {__LINE__, "0181 00000000 61 8081 00000000 62", "message:ab "},
	    {__LINE__, "0181 00000000 61 8981 00000000 7a 8081 00000000 62",
		"ping:z message:ab "},
	    {__LINE__, "0180 00000000 0080 00000000 8080 00000000",
		"message: "},
	    {__LINE__, "8180 00000000 8181 00000000 61", "message: message:a "},
	    {__LINE__, "8281 00000000 ff", "message: "},
	    {__LINE__, "8a80 00000000", "pong "},
	    {__LINE__, "0181 00000000 c3 8081 00000000 a9",
		"message:\303\251 "},
	    /* longer than what is waited for */
	    {__LINE__, "8191 00000000 6161616161616161616161616161616161",
		"message "},
	    {__LINE__, "8880 00000000", "closed 1005 "},
	    {__LINE__, "8882 00000000 03e8", "closed 1000 "},
	    {__LINE__, "8885 00000000 0bb8 627965", "closed 3000 "},
	    {__LINE__, "8181 00000000", ""},
	    {__LINE__, "81", ""},
	    {__LINE__, "8102 6869", "fault 1002 "},
	    {__LINE__, "c180 00000000", "fault 1002 "},
	    {__LINE__, "9180 00000000", "fault 1002 "},
	    {__LINE__, "8380 00000000", "fault 1002 "},
	    {__LINE__, "8f80 00000000", "fault 1002 "},
	    {__LINE__, "0980 00000000", "fault 1002 "},
	    {__LINE__, "89fe 007e 00000000", "fault 1002 "},
	    {__LINE__, "8080 00000000", "fault 1002 "},
	    {__LINE__, "0180 00000000 8180 00000000", "fault 1002 "},
	    {__LINE__, "81fe 007d 00000000", "fault 1002 "},
	    {__LINE__, "81ff 000000000000ffff 00000000", "fault 1002 "},
	    {__LINE__, "81ff 8000000000000000 00000000", "fault 1002 "},
	    {__LINE__, "81ff 0000000000010001 00000000", "fault 1009 "},
	    {__LINE__, "01fe fffe 00000000", ""},
	    {__LINE__, "8181 00000000 ff", "fault 1007 "},
	    {__LINE__, "8181 00000000 c3", "fault 1007 "},
	    {__LINE__, "0181 00000000 c3 8081 00000000 28", "fault 1007 "},
	    {__LINE__, "0182 00000000 e282 8081 00000000 28", "fault 1007 "},
	    {__LINE__, "8183 00000000 eda080", "fault 1007 "},
	    {__LINE__, "8881 00000000 03", "fault 1002 "},
	    {__LINE__, "8882 00000000 03ed", "fault 1002 "},
	    {__LINE__, "8883 00000000 03e8ff", "fault 1007 "},
	};
	unsigned char bytes[256];
	size_t n;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		n = from_hex(cases[i].hex, bytes);
		for (size_t each = 1; each <= n; each++)
			want_str(cases[i].line, heard(bytes, n, each),
			    str_from(cases[i].want));
	}
}

/* several frames of one message count together */
static void
test_message_limit(void **state)
{
	unsigned char head[8] = {0x01, 0xfe, 0x80, 0x00, 0, 0, 0, 0};
	static unsigned char zeros[0x8000];
	struct frame_reader r = {.keep = 0};
	unsigned char *p;
	size_t n;

	(void)state;
	for (int i = 0; i < 3; i++) {
		p = head;
		n = sizeof(head);
		assert_int_equal(frame_read(&r, &p, &n),
		    i < 2 ? FRAME_NOTHING : FRAME_FAULT);
		head[0] = 0x00;
		p = zeros;
		n = sizeof(zeros);
		if (i < 2)
			assert_int_equal(frame_read(&r, &p, &n), FRAME_NOTHING);
	}
	assert_int_equal(r.code, CLOSE_TOO_BIG);
}

static void
test_frame_head(void **state)
{
	static const struct {
		size_t length;
		const char *hex;
	} cases[] = {
	    {0, "8100"},
	    {125, "817d"},
	    {126, "817e007e"},
	    {65535, "817effff"},
	    {65536, "817f0000000000010000"},
	};
	unsigned char got[10], want[10];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t n = from_hex(cases[i].hex, want);

		assert_int_equal(
		    frame_head(got, FRAME_TEXT, cases[i].length), n);
		assert_memory_equal(got, want, n);
	}
}

static void
test_codes(void **state)
{
	static const unsigned good[] = {
	    1000, 1001, 1002, 1003, 1007, 1011, 1014, 3000, 4999};
	static const unsigned bad[] = {
	    0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		assert_true(frame_code_ok(good[i]));
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_false(frame_code_ok(bad[i]));
}

/* ---- heads -------------------------------------------------------------- */

static void
test_head(void **state)
{
	struct head h;
	struct err err;
	struct str text = STR("GET /ws/x/?a=b HTTP/1.1\r\n"
			      "host: a:1\r\n"
			      "Connection:keep-alive , UPGRADE\r\n"
			      "X-Forwarded-For: 1, 2\r\n"
			      "Other: x\r\n"
			      "x-forwarded-for: 3\r\n"
			      "Upgrade: \t websocket \t\r\n"
			      "Authorization:\r\n\r\nrest");

	(void)state;
	assert_int_equal(head_length(text), text.len - 4);
	assert_int_equal(head_length(str_sub(text, 0, text.len - 5)), 0);
	err_init(&err, arena);
	assert_int_equal(
	    head_read(&h, str_sub(text, 0, text.len - 4), &err), 0);
	want_str(__LINE__, h.method, STR("GET"));
	want_str(__LINE__, h.target, STR("/ws/x/?a=b"));
	want_str(__LINE__, h.host, STR("a:1"));
	want_str(__LINE__, h.forwarded, STR("3"));
	want_str(__LINE__, h.upgrade, STR("websocket"));
	assert_true(head_has(h.connection, "upgrade"));
	assert_false(head_has(h.connection, "keep"));
	assert_non_null(h.authorization.p);
	assert_null(h.origin.p);
	assert_false(h.http_1_0);
}

static void
test_bad_heads(void **state)
{
	static const struct {
		int line;
		const char *text;
	} cases[] = {
	    {__LINE__, "\r\n\r\n"},
	    {__LINE__, "GET\r\n\r\n"},
	    {__LINE__, "GET /\r\n\r\n"},
	    {__LINE__, "GET  / HTTP/1.1\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1 \r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.2\r\n\r\n"},
	    {__LINE__, "GET / http/1.1\r\n\r\n"},
	    {__LINE__, "GET http://x/ HTTP/1.1\r\n\r\n"},
	    {__LINE__, "G(T / HTTP/1.1\r\n\r\n"},
	    {__LINE__, "GET /\001 HTTP/1.1\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\nX\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\n: x\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\nX : x\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\nA: x\r\n b\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\nA: x\001\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\nA: x\ny: z\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\nHost: x\r\nHOST: x\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\nOrigin: x\r\nOrigin: y\r\n\r\n"},
	    {__LINE__, "GET / HTTP/1.1\r\nAuthorization: x\r\n"
		       "Authorization: x\r\n\r\n"},
	};
	struct head h;
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		err_init(&err, arena);
		if (head_read(&h, str_from(cases[i].text), &err) == 0)
			fail_msg("line %d was taken", cases[i].line);
		assert_int_equal(err.id, ERR_BAD_REQUEST);
	}
}

/* ---- messages ----------------------------------------------------------- */

static struct str
event_text(const struct event *e, const char *table, bool texts)
{
	struct stmt_opts o = {
	    .bigint_as_string = texts, .numeric_as_string = texts};
	const struct table *t = sample_table(str_from(table));
	struct buf out;

	assert_non_null(t);
	buf_init(&out, arena, 4096);
	message_event(&out, e, t, &o);
	return buf_view(&out);
}

static void
test_messages(void **state)
{
	struct str key[] = {STR("31"), STR("a\"b")};
	struct event e = {
	    .seq = 7, .kind = STR("created"), .key = key, .nkey = 1, .rows = 1};
	struct buf out;

	(void)state;
	want_str(__LINE__, event_text(&e, "film", false),
	    STR("{\"event\":\"created\",\"table\":\"film\",\"pk\":31,"
		"\"id\":7}"));
	e.nkey = 2;
	want_str(__LINE__, event_text(&e, "film", false),
	    STR("{\"event\":\"created\",\"table\":\"film\",\"pk\":null,"
		"\"rows\":1,\"id\":7}"));
	e.key = NULL;
	e.nkey = 0;
	e.rows = 12;
	e.kind = STR("deleted");
	want_str(__LINE__, event_text(&e, "film", false),
	    STR("{\"event\":\"deleted\",\"table\":\"film\",\"pk\":null,"
		"\"rows\":12,\"id\":7}"));
	buf_init(&out, arena, 4096);
	message_resync(&out, STR("film"), 9);
	want_str(__LINE__, buf_view(&out),
	    STR("{\"event\":\"resync\",\"table\":\"film\",\"id\":9}"));
}

static void
want_blob(int line, struct blob *b, struct str want)
{
	want_str(line, (struct str){b->bytes, b->len}, want);
	blob_drop(b);
}

static void
test_blobs(void **state)
{
	(void)state;
	want_blob(__LINE__, blob_frame(FRAME_TEXT, STR("hi")), STR("\201\2hi"));
	want_blob(__LINE__, blob_close(4401), STR("\210\2\021\061"));
	want_blob(__LINE__, blob_close(CLOSE_NO_CODE), STR("\210\0"));
	want_blob(__LINE__, blob_sse(STR("created"), 7, STR("{}")),
	    STR("id: 7\nevent: created\ndata: {}\n\n"));
	want_blob(__LINE__, blob_sse(STR("close"), 0, STR("{}")),
	    STR("event: close\ndata: {}\n\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frames),
	    cmocka_unit_test(test_message_limit),
	    cmocka_unit_test(test_frame_head),
	    cmocka_unit_test(test_codes),
	    cmocka_unit_test(test_head),
	    cmocka_unit_test(test_bad_heads),
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_blobs),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
