/*
 * Whose request it is.  X-Forwarded-For is written by anybody: it is believed
 * from the right, as far as those who wrote it are proxies that we trust.
 */
#include "http/http.h"

#include "base/addr.h"
#include "base/arena.h"
#include "conf/conf.h"

static bool
has_net(const struct nets *trusted, const struct addr *a)
{
	for (size_t i = 0; i < trusted->n; i++)
		if (net_has(&trusted->v[i], a))
			return true;
	return false;
}

/* nginx says "unix:", others nothing or the socket's name */
static bool
is_local(struct str remote)
{
	return remote.len == 0 || str_starts(remote, STR("unix:")) ||
	       remote.p[0] == '/';
}

static bool
is_trusted(const struct nets *trusted, struct str remote)
{
	struct addr a;

	if (addr_parse(remote, &a))
		return has_net(trusted, &a);
	return trusted->local && is_local(remote);
}

static bool
is_port(struct str text)
{
	int64_t n;

	return text.len <= 5 && str_i64(text, &n) == 0 && n >= 0 && n <= 65535;
}

/* an address; some proxies add the port, to IPv6 in brackets */
static bool
read_entry(struct str text, struct addr *out)
{
	struct str rest, port = STR("0");
	ptrdiff_t colon = str_chr(text, ':');

	if (text.len > 0 && text.p[0] == '[') {
		rest = str_sub(text, 1, text.len);
		if (!str_cut(&rest, ']', &text) || rest.p == NULL ||
		    str_chr(text, ':') < 0)
			return false;
		if (rest.len > 0 && rest.p[0] != ':')
			return false;
		if (rest.len > 0)
			port = str_sub(rest, 1, rest.len);
	} else if (colon >= 0 && colon == str_rchr(text, ':')) {
		port = str_sub(text, (size_t)colon + 1, text.len);
		text.len = (size_t)colon;
	}
	return is_port(port) && addr_parse(text, out);
}

/* cuts off what stands behind the last comma; false: nothing is left */
static bool
cut_last(struct str *list, struct str *entry)
{
	ptrdiff_t comma;

	if (list->p == NULL)
		return false;
	comma = str_rchr(*list, ',');
	*entry = str_trim(str_sub(*list, (size_t)(comma + 1), list->len));
	if (comma < 0)
		*list = STR_NONE;
	else
		list->len = (size_t)comma;
	return true;
}

struct str
request_client(struct arena *a, struct str remote, struct str forwarded,
    const struct nets *trusted)
{
	struct addr client = {{0}}, next;
	bool found = false, more;
	struct str entry;
	char *text;

	more = trusted != NULL && is_trusted(trusted, remote);
	while (
	    more && cut_last(&forwarded, &entry) && read_entry(entry, &next)) {
		client = next;
		found = true;
		more = has_net(trusted, &client);
	}
	if (!found)
		return remote;
	text = arena_alloc(a, ADDR_TEXT_MAX);
	return (struct str){text, addr_text(&client, text)};
}
