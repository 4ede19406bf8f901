/* What a connection is told first. */
#include "notify/notify_priv.h"

#include "base/arena.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/jsonw.h"

#define ANSWER_MAX 16384
#define RETRY_MS   2000

static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* 1.3 */

static void
send_buf(struct client *c, const struct buf *b)
{
	client_send(c, blob_copy(buf_view(b)));
}

void
answer_handshake(struct client *c, struct str key, bool protocol)
{
	struct arena *a = arena_new();
	unsigned char hash[SHA1_BYTES];
	struct buf b, joined;

	buf_init(&joined, a, 128);
	buf_str(&joined, key);
	buf_cstr(&joined, guid);
	sha1(buf_view(&joined), hash);
	buf_init(&b, a, ANSWER_MAX);
	buf_lit(&b, "HTTP/1.1 101 Switching Protocols\r\n"
		    "Upgrade: websocket\r\n"
		    "Connection: Upgrade\r\n"
		    "Sec-WebSocket-Accept: ");
	buf_base64(&b, (struct str){(const char *)hash, sizeof(hash)});
	if (protocol)
		buf_lit(&b, "\r\nSec-WebSocket-Protocol: dynapi");
	buf_lit(&b, "\r\n\r\n");
	send_buf(c, &b);
	arena_free(a);
}

/* only for origins that were found allowed: they are repeated */
static void
add_origin(struct buf *b, struct str origin)
{
	if (origin.len == 0)
		return;
	buf_lit(b, "Access-Control-Allow-Origin: ");
	buf_str(b, origin);
	buf_lit(b, "\r\nVary: Origin\r\n");
}

void
answer_stream(struct client *c, struct str origin)
{
	struct arena *a = arena_new();
	struct buf b;

	buf_init(&b, a, ANSWER_MAX);
	buf_lit(&b, "HTTP/1.1 200 OK\r\n"
		    "Content-Type: text/event-stream\r\n"
		    "Cache-Control: no-store\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "X-Accel-Buffering: no\r\n"
		    "Connection: close\r\n");
	add_origin(&b, origin);
	buf_printf(&b, "\r\nretry: %d\n\n", RETRY_MS);
	send_buf(c, &b);
	arena_free(a);
}

void
answer_preflight(struct client *c, struct str origin)
{
	struct arena *a = arena_new();
	struct buf b;

	buf_init(&b, a, ANSWER_MAX);
	buf_lit(&b, "HTTP/1.1 204 No Content\r\n"
		    "Access-Control-Allow-Methods: GET\r\n"
		    "Access-Control-Allow-Headers: Authorization, "
		    "Last-Event-ID\r\n"
		    "Access-Control-Max-Age: 600\r\n"
		    "Connection: close\r\n");
	add_origin(&b, origin);
	buf_lit(&b, "\r\n");
	send_buf(c, &b);
	arena_free(a);
}

static void
write_problem(struct arena *a, struct buf *b, const struct err *err, int status)
{
	char id[17];
	struct jsonw w;

	random_hex(id, 8);
	jsonw_init(&w, b);
	jsonw_object(&w);
	jsonw_kv_c(&w, "type",
	    arena_printf(a, "urn:dynapi:error:%s", err_code(err->id)));
	jsonw_kv_c(&w, "title", err_title(err->id));
	jsonw_kv_i64(&w, "status", status);
	if (err->detail != NULL)
		jsonw_kv_c(&w, "detail", err->detail);
	jsonw_kv_c(&w, "code", err_code(err->id));
	jsonw_kv_c(&w, "request_id", id);
	jsonw_end(&w);
	buf_lit(b, "\n");
}

static const char *
reason(int status)
{
	switch (status) {
	case 401:
		return "Unauthorized";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 426:
		return "Upgrade Required";
	case 429:
		return "Too Many Requests";
	case 431:
		return "Request Header Fields Too Large";
	default:
		return status < 500 ? "Bad Request" : "Service Unavailable";
	}
}

void
answer_problem(struct notifier *d, struct client *c, const struct err *err,
    const char *headers)
{
	struct arena *a = arena_new();
	int status = err_status(err->id);
	struct buf b, body;

	buf_init(&b, a, ANSWER_MAX);
	buf_init(&body, a, ANSWER_MAX);
	write_problem(a, &body, err, status);
	buf_printf(&b, "HTTP/1.1 %d %s\r\n", status, reason(status));
	if (status == 401)
		buf_lit(&b, "WWW-Authenticate: Bearer realm=\"dynapi\"\r\n");
	if (status == 503 || status == 429)
		buf_lit(&b, "Retry-After: 1\r\n");
	if (headers != NULL)
		buf_cstr(&b, headers);
	buf_printf(&b,
	    "Content-Type: application/problem+json\r\n"
	    "Content-Length: %zu\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Cache-Control: no-store\r\n"
	    "Connection: close\r\n\r\n",
	    body.len);
	buf_str(&b, buf_view(&body));
	send_buf(c, &b);
	arena_free(a);
	client_end(d, c, 0);
}
