/*
 * A request as we see it.  The path and the query come from REQUEST_URI alone:
 * web servers decode, collapse and rewrite every other form differently.
 */
#include "http/http.h"

#include <string.h>

#include "base/arena.h"
#include "base/codec.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/utf8.h"
#include "conf/conf.h"

#define SEGMENTS_MAX 16

static const char *const method_names[METHOD__MAX] = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"};

const char *
method_name(enum method m)
{
	return m < METHOD__MAX ? method_names[m] : "?";
}

static enum method
method_of(struct str text)
{
	int m;

	for (m = 0; m < METHOD__MAX; m++)
		if (str_eq_c(text, method_names[m]))
			break;
	return (enum method)m;
}

/* scheme://authority stays in front of an absolute-form target on Apache, a
 * fragment behind it on nginx and lighttpd */
static struct str
bare_target(struct str uri)
{
	ptrdiff_t i;
	size_t from;

	i = str_chr(uri, '#');
	if (i >= 0)
		uri.len = (size_t)i;
	if (uri.len > 0 && uri.p[0] == '/')
		return uri;
	for (from = 0; from + 3 <= uri.len; from++)
		if (memcmp(uri.p + from, "://", 3) == 0)
			break;
	if (from + 3 > uri.len)
		return uri;
	uri = str_sub(uri, from + 3, uri.len);
	i = str_chr(uri, '/');
	return i < 0 ? STR("/") : str_sub(uri, (size_t)i, uri.len);
}

static bool
has_raw_control(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return true;
	return false;
}

/* "..", also when hidden by %2F: nginx chooses its location by the decoded
 * path, so it would guard another place than the one we see */
static bool
climbs(struct str text)
{
	struct str rest = text, part;

	while (str_cut(&rest, '/', &part))
		if (str_eq(part, STR(".")) || str_eq(part, STR("..")))
			return true;
	return false;
}

static int
add_segment(struct arena *a, struct request *r, struct str raw, struct err *err)
{
	struct segment *seg;

	if (r->nsegments == SEGMENTS_MAX)
		return err_set(err, ERR_NOT_FOUND, NULL);
	seg = &r->segments[r->nsegments];
	seg->raw = raw;
	if (raw.len == 0)
		return err_set(
		    err, ERR_BAD_PATH, "The path has an empty segment.");
	if (percent_decode(a, raw, false, &seg->text) != 0)
		return err_set(err, ERR_BAD_PATH,
		    "The path has a malformed percent escape.");
	if (!utf8_valid(seg->text) || str_chr(seg->text, '\0') >= 0)
		return err_set(
		    err, ERR_BAD_PATH, "The path is not valid UTF-8 text.");
	if (climbs(seg->text))
		return err_set(
		    err, ERR_BAD_PATH, "The path has a '.' or '..' segment.");
	r->nsegments++;
	return 0;
}

static int
split_path(struct arena *a, struct request *r, struct str path, struct err *err)
{
	struct str rest, raw;

	r->segments = arena_array(a, struct segment, SEGMENTS_MAX);
	if (path.len == 0 || path.p[0] != '/')
		return err_set(err, ERR_NOT_FOUND, NULL);
	rest = str_sub(path, 1, path.len);
	while (str_cut(&rest, '/', &raw)) {
		if (raw.len == 0 && rest.p == NULL)
			break; /* the optional slash at the end */
		if (add_segment(a, r, raw, err) != 0)
			return -1;
	}
	return 0;
}

static int
read_target(struct arena *a, const struct conf *conf, struct request *r,
    struct err *err)
{
	struct str mount = str_from(conf->mount), path = r->target;
	ptrdiff_t q = str_chr(r->target, '?');

	r->query = STR("");
	if (q >= 0) {
		path.len = (size_t)q;
		r->query = str_sub(r->target, (size_t)q + 1, r->target.len);
	}
	if (mount.len > 0) {
		if (!str_starts(path, mount))
			return err_set(err, ERR_NOT_FOUND, NULL);
		path = str_sub(path, mount.len, path.len);
	}
	if (path.len == 0)
		path = STR("/");
	if (split_path(a, r, path, err) != 0)
		return -1;
	return params_parse(
	    a, r->query, (size_t)conf->max_params, &r->params, err);
}

/* a copy: the log line is written when the connection's own are gone */
static struct str
take_param(struct arena *a, const struct fcgi *f, const char *name)
{
	return str_dup(a, fcgi_param(f, name));
}

static struct str
take_list(struct arena *a, const struct fcgi *f, const char *name)
{
	size_t n;

	return fcgi_param_list(f, a, name, &n);
}

static struct str
read_remote(struct arena *a, const struct fcgi *f, const struct nets *trusted)
{
	struct str remote = take_param(a, f, "REMOTE_ADDR");

	if (trusted == NULL)
		return remote;
	return request_client(
	    a, remote, take_list(a, f, "HTTP_X_FORWARDED_FOR"), trusted);
}

int
request_read(struct arena *a, struct fcgi *f, const struct conf *conf,
    struct request *r, struct err *err)
{
	char *id = arena_alloc(a, 17);
	struct str uri = take_param(a, f, "REQUEST_URI");
	size_t nauthorizations, nkeys;

	random_hex(id, 8);
	r->id = id;
	r->method_text = take_param(a, f, "REQUEST_METHOD");
	r->method = method_of(r->method_text);
	r->target = bare_target(uri.p != NULL ? uri : STR("/"));
	r->content_type = take_param(a, f, "CONTENT_TYPE");
	r->accept = take_list(a, f, "HTTP_ACCEPT");
	r->authorization =
	    fcgi_param_list(f, a, "HTTP_AUTHORIZATION", &nauthorizations);
	r->origin = take_param(a, f, "HTTP_ORIGIN");
	r->preflight = take_param(a, f, "HTTP_ACCESS_CONTROL_REQUEST_METHOD");
	r->prefer = take_list(a, f, "HTTP_PREFER");
	r->if_match = take_list(a, f, "HTTP_IF_MATCH");
	r->if_none_match = take_list(a, f, "HTTP_IF_NONE_MATCH");
	r->idempotency_key =
	    fcgi_param_list(f, a, "HTTP_IDEMPOTENCY_KEY", &nkeys);
	r->remote = read_remote(a, f, conf->trusted_proxies);
	if (r->target.len > (size_t)conf->url_max)
		return err_set(err, ERR_URL_TOO_LONG,
		    "The URL may have at most %lld bytes.",
		    (long long)conf->url_max);
	if (has_raw_control(r->target))
		return err_set(err, ERR_BAD_PATH,
		    "The URL has a space or a control character in it.");
	/* the other servers join the two, and auth_identify sees a comma */
	if (nauthorizations > 1)
		return err_set(err, ERR_BAD_REQUEST,
		    "There may be one Authorization header.");
	if (nkeys > 1)
		return err_set(err, ERR_BAD_REQUEST,
		    "There may be one Idempotency-Key header.");
	return read_target(a, conf, r, err);
}

static int
check_encoding(const struct fcgi *f, struct err *err)
{
	struct str encoding = fcgi_param(f, "HTTP_CONTENT_ENCODING");

	if (encoding.len == 0 || str_case_eq(encoding, STR("identity")))
		return 0;
	return err_set(
	    err, ERR_MEDIA_TYPE, "The body must not have a Content-Encoding.");
}

int
request_read_body(struct arena *a, struct fcgi *f, const struct conf *conf,
    struct request *r, struct err *err)
{
	struct buf body;

	buf_init(&body, a, (size_t)conf->body_max);
	if (fcgi_read_body(f, &body, err) != 0)
		return -1;
	r->body = buf_view(&body);
	return check_encoding(f, err);
}

bool
request_is_rows(const struct request *r)
{
	return request_is(r, "application/x-ndjson") ||
	       request_is(r, "text/csv");
}

int
request_body_begin(struct fcgi *f, const struct conf *conf, struct err *err)
{
	if (fcgi_body_begin(f, conf->bulk_body_max, err) != 0)
		return -1;
	return check_encoding(f, err);
}

bool
request_is(const struct request *r, const char *media_type)
{
	struct str type = r->content_type;
	ptrdiff_t i = str_chr(type, ';');

	if (i >= 0)
		type.len = (size_t)i;
	return str_case_eq(str_trim(type), str_from(media_type));
}

/* the next element of a list whose quoted texts may hold commas */
static bool
cut_element(struct str *rest, struct str *element)
{
	bool quoted = false;
	size_t i;

	if (rest->p == NULL)
		return false;
	for (i = 0; i < rest->len && (quoted || rest->p[i] != ','); i++) {
		if (quoted && rest->p[i] == '\\' && i + 1 < rest->len)
			i++;
		else if (rest->p[i] == '"')
			quoted = !quoted;
	}
	*element = str_sub(*rest, 0, i);
	*rest = i < rest->len ? str_sub(*rest, i + 1, rest->len) : STR_NONE;
	return true;
}

/* RFC 7240 2: the first one of a name counts; parameters behind ';' have no
 * meaning here */
static struct str
find_preference(const struct request *r, struct str name)
{
	struct str rest = r->prefer, item, value;
	ptrdiff_t at;

	while (cut_element(&rest, &item)) {
		at = str_chr(item, '=');
		if (at < 0 ||
		    !str_case_eq(str_trim(str_sub(item, 0, (size_t)at)), name))
			continue;
		value = str_trim(str_sub(item, (size_t)at + 1, item.len));
		if (value.len > 0 && value.p[0] == '"') {
			value = str_sub(value, 1, value.len);
			at = str_chr(value, '"');
			return at < 0 ? STR_NONE
				      : str_sub(value, 0, (size_t)at);
		}
		at = str_chr(value, ';');
		return at < 0 ? value : str_trim(str_sub(value, 0, (size_t)at));
	}
	return STR_NONE;
}

struct str
request_preference(const struct request *r, const char *name)
{
	return find_preference(r, str_from(name));
}

bool
request_prefers(const struct request *r, const char *token)
{
	struct str want = str_from(token), name;

	if (r->prefer.len == 0)
		return false;
	str_cut(&want, '=', &name);
	return want.p != NULL && str_case_eq(find_preference(r, name), want);
}
