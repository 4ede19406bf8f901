/*
 * The head of a request (RFC 9112), strictly: lines end in CR LF, no line is
 * folded, and what may stand once stands once.
 */
#include "notify/notify_priv.h"

#include <string.h>

#define LINES_MAX 100

size_t
head_length(struct str s)
{
	const char *end = memmem(s.p, s.len, "\r\n\r\n", 4);

	return end == NULL ? 0 : (size_t)(end - s.p) + 4;
}

bool
head_has(struct str list, const char *word)
{
	struct str item;

	while (list.p != NULL && str_cut(&list, ',', &item))
		if (str_case_eq(str_trim(item), str_from(word)))
			return true;
	return false;
}

static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return s.len > 0;
}

static bool
is_value(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool
is_target(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.len > 0 && s.p[0] == '/';
}

static int
read_request_line(struct head *h, struct str line)
{
	struct str version;

	if (!str_cut(&line, ' ', &h->method) || line.p == NULL ||
	    !str_cut(&line, ' ', &h->target) || line.p == NULL)
		return -1;
	version = line;
	h->http_1_0 = str_eq(version, STR("HTTP/1.0"));
	return is_token(h->method) && is_target(h->target) &&
		       (h->http_1_0 || str_eq(version, STR("HTTP/1.1")))
		   ? 0
		   : -1;
}

struct known {
	const char *name;
	size_t at;     /* in struct head */
	bool repeated; /* the last one counts */
};

#define KNOWN(name, member, repeated)                                          \
	{                                                                      \
		name, offsetof(struct head, member), repeated                  \
	}
static const struct known known[] = {
    KNOWN("Host", host, false),
    KNOWN("Origin", origin, false),
    KNOWN("Authorization", authorization, false),
    KNOWN("Upgrade", upgrade, false),
    KNOWN("Connection", connection, false),
    KNOWN("Sec-WebSocket-Key", key, false),
    KNOWN("Sec-WebSocket-Version", version, false),
    KNOWN("Sec-WebSocket-Protocol", protocols, false),
    KNOWN("Last-Event-ID", last_event_id, false),
    /* each proxy adds its own behind the others */
    KNOWN("X-Forwarded-For", forwarded, true),
    KNOWN("Content-Length", content_length, false),
    KNOWN("Transfer-Encoding", transfer_encoding, false),
    KNOWN("Access-Control-Request-Method", preflight, false),
};

/* NULL: it came before */
static const char *
take_field(struct head *h, struct str name, struct str value)
{
	struct str *field;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!str_case_eq(name, str_from(known[i].name)))
			continue;
		field = (struct str *)(void *)((char *)h + known[i].at);
		if (field->p != NULL && !known[i].repeated)
			return known[i].name;
		*field = value;
	}
	return NULL;
}

static int
read_field(struct head *h, struct str line, struct err *err)
{
	const char *twice;
	struct str name, value;

	if (!str_cut(&line, ':', &name) || line.p == NULL || !is_token(name))
		return err_set(
		    err, ERR_BAD_REQUEST, "A header line is malformed.");
	value = str_trim(line);
	if (!is_value(value))
		return err_set(err, ERR_BAD_REQUEST,
		    "A header has a control character in it.");
	twice = take_field(h, name, value);
	if (twice != NULL)
		return err_set(
		    err, ERR_BAD_REQUEST, "There may be one %s header.", twice);
	return 0;
}

int
head_read(struct head *h, struct str s, struct err *err)
{
	const char *end;
	struct str line;
	size_t lines = 0;

	*h = (struct head){.http_1_0 = false};
	while (s.len > 0) {
		end = memmem(s.p, s.len, "\r\n", 2);
		if (end == NULL)
			break;
		line = str_sub(s, 0, (size_t)(end - s.p));
		s = str_sub(s, line.len + 2, s.len);
		if (line.len == 0)
			break;
		if (lines++ == 0) {
			if (read_request_line(h, line) != 0)
				return err_set(err, ERR_BAD_REQUEST,
				    "The request line is malformed.");
			continue;
		}
		if (lines > LINES_MAX)
			return err_set(err, ERR_HEADERS_TOO_LARGE, NULL);
		if (read_field(h, line, err) != 0)
			return -1;
	}
	return lines > 0 ? 0
			 : err_set(err, ERR_BAD_REQUEST,
			       "The request line is malformed.");
}
