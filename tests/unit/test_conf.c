/*
 * The reader of dynapi.conf: what it takes, what it refuses (all mistakes at
 * once, each with its line), and that what is shown can be read again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "cases.h"
#include "conf/conf.h"
#include "conf/conf_priv.h"

static char dir[] = "/tmp/dynapi-conf-XXXXXX";
static char path[64];

struct read {
	struct arena *arena;
	struct conf conf;
	struct buf mistakes;
	struct err err;
	int rc;
};

static void
write_file(const char *name, const void *text, size_t len, mode_t mode)
{
	FILE *f;

	unlink(name);
	f = fopen(name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(name, mode), 0);
}

static void
read_text(struct read *r, const char *text, size_t len)
{
	r->arena = arena_new();
	err_init(&r->err, r->arena);
	buf_init(&r->mistakes, r->arena, 1 << 20);
	write_file(path, text, len, 0600);
	r->rc = conf_read(r->arena, path, &r->conf, &r->mistakes, &r->err);
}

/* every mistake without the file's name in front */
static const char *
list_mistakes(struct read *r)
{
	struct str rest = buf_view(&r->mistakes), line;
	struct buf b;

	buf_init(&b, r->arena, 1 << 20);
	while (str_cut(&rest, '\n', &line) && line.len > 0) {
		assert_true(str_starts(line, str_from(path)));
		line = str_sub(line, strlen(path) + 1, line.len);
		buf_str(&b, line);
		buf_char(&b, '\n');
	}
	return b.p;
}

#define REFUSED(text, mistakes)                                                \
	{                                                                      \
		__LINE__, text, sizeof(text) - 1, mistakes                     \
	}

#define RATE                                                                   \
	"must be a rate such as 1000/d; s, m, h and d are understood, and "    \
	"10m\n"
#define RATE_BOUNDS "must be from 1 to 1000000, in 1s to 31d\n"

static const struct {
	int line;
	const char *text;
	size_t len;
	const char *mistakes;
} refused[] = {
    REFUSED(
	"page_size\n", "1: a line is \"name = value\"; the '=' is missing\n"),
    REFUSED("= 5\n", "1: a name is missing before '='\n"),
    REFUSED("pagesize = 5\n",
	"1: there is no parameter \"pagesize\"; is it page_size?\n"),
    REFUSED("Page_Size = 5\n",
	"1: there is no parameter \"Page_Size\"; is it page_size?\n"),
    REFUSED(
	"zzzzzzzzzzzz = 5\n", "1: there is no parameter \"zzzzzzzzzzzz\"\n"),
    REFUSED("include.x = 5\n",
	"1: there is no parameter \"include.x\"; is it include?\n"),
    REFUSED("page_size = 5\n\npage_size = 5\n",
	"3: page_size stands here twice, first in line 1\n"),
    REFUSED("page_size = \n", "1: page_size must be a whole number\n"),
    REFUSED("page_size = 0\n", "1: page_size must be from 1 to 100000\n"),
    REFUSED("page_size = -1\n", "1: page_size must be a whole number\n"),
    REFUSED("page_size = 1k\n", "1: page_size must be a whole number\n"),
    REFUSED("page_size = 5 # five\n", "1: page_size must be a whole number\n"),
    REFUSED("max_rows = 9223372036854775808\n",
	"1: max_rows must be a whole number\n"),
    REFUSED("body_max = 1\n", "1: body_max must be from 1k to 1g\n"),
    REFUSED("body_max = 9223372036854775807k\n",
	"1: body_max must be a number of bytes; k, m and g are "
	"understood\n"),
    REFUSED("body_max = 1t\n",
	"1: body_max must be a number of bytes; k, m and g are "
	"understood\n"),
    REFUSED("access_ttl = 5 years\n",
	"1: access_ttl must be a time; ms, s, min, h and d are "
	"understood\n"),
    REFUSED("access_ttl = 1.5h\n",
	"1: access_ttl must be a time; ms, s, min, h and d are "
	"understood\n"),
    REFUSED("access_ttl = 9s\n", "1: access_ttl must be from 10s to 30d\n"),
    REFUSED("strict = true\n", "1: strict must be yes or no\n"),
    REFUSED("strict =\n", "1: strict must be yes or no\n"),
    REFUSED("pooler = pgbouncer\n",
	"1: pooler must be one of: none session transaction\n"),
    REFUSED(
	"pooler =\n", "1: pooler must be one of: none session transaction\n"),
    REFUSED("serve = native, helth\n",
	"1: serve has no \"helth\"; known: native health auto v2\n"),
    REFUSED("serve =\n", "1: serve cannot be empty\n"),
    REFUSED("snapshot = schema.sqlite\n",
	"1: snapshot must be an absolute file name\n"),
    REFUSED("snapshot =\n", "1: snapshot cannot be empty\n"),
    REFUSED("schemas = ,\n", "1: schemas needs at least one schema\n"),
    REFUSED("schemas = public, dynapi\n", "1: schemas cannot expose dynapi\n"),
    REFUSED("schemas = pg_catalog\n", "1: schemas cannot expose pg_catalog\n"),
    REFUSED("schemas = a, b, a\n", "1: schemas has a twice\n"),
    REFUSED("mount = api\n",
	"1: mount begins with a slash and does not end in one\n"),
    REFUSED("mount = /api/\n",
	"1: mount begins with a slash and does not end in one\n"),
    REFUSED("mount = /a?b\n", "1: mount is a plain path\n"),
    REFUSED("log = dynapi.log\n",
	"1: log must be syslog, stderr or an absolute file name\n"),
    REFUSED(
	"log =\n", "1: log must be syslog, stderr or an absolute file name\n"),
    REFUSED("throttle = 10\n", "1: throttle " RATE),
    REFUSED("throttle = /d\n", "1: throttle " RATE),
    REFUSED("throttle = 10/\n", "1: throttle " RATE),
    REFUSED("throttle = 10/month\n", "1: throttle " RATE),
    REFUSED("throttle = 10/d/d\n", "1: throttle " RATE),
    REFUSED("throttle = 10 / d\n", "1: throttle " RATE),
    REFUSED("throttle = 10/-1s\n", "1: throttle " RATE),
    REFUSED("throttle = 10/D\n", "1: throttle " RATE),
    REFUSED("throttle = 10/9223372036854775807d\n", "1: throttle " RATE),
    REFUSED("throttle = 0/d\n", "1: throttle " RATE_BOUNDS),
    REFUSED("throttle = -1/d\n", "1: throttle " RATE_BOUNDS),
    REFUSED("throttle = 1000001/d\n", "1: throttle " RATE_BOUNDS),
    REFUSED("throttle_login = 1/0s\n", "1: throttle_login " RATE_BOUNDS),
    REFUSED("throttle_login = 1/32d\n", "1: throttle_login " RATE_BOUNDS),
    REFUSED("trusted_proxies = 10.0.0.0/8, localhost\n",
	"1: trusted_proxies \"localhost\" is no address, network or unix:\n"),
    REFUSED("trusted_proxies = 10.0.0.0/33\n",
	"1: trusted_proxies \"10.0.0.0/33\" is no address, network or "
	"unix:\n"),
    REFUSED("trusted_proxies = unix:/run/web\n",
	"1: trusted_proxies \"unix:/run/web\" is no address, network or "
	"unix:\n"),
    REFUSED("throttle_file = throttle\n",
	"1: throttle_file must be an absolute file name\n"),
    REFUSED("cors_origins = *, example.org\n",
	"1: cors_origins has \"example.org\", which is no origin such as "
	"https://www.example.org\n"),
    REFUSED("cors_origins = https://example.org/\n",
	"1: cors_origins has \"https://example.org/\", which is no origin "
	"such as https://www.example.org\n"),
    REFUSED("base_url = https://example.org/api\n",
	"1: base_url is like https://www.example.org, without a path (see "
	"mount)\n"),
    REFUSED("base_url = example.org\n",
	"1: base_url is like https://www.example.org, without a path (see "
	"mount)\n"),
    REFUSED("key = id\n", "1: key is written as key.TABLE = …\n"),
    REFUSED("key. = id\n", "1: key is written as key.TABLE = …\n"),
    REFUSED("key.v =\n", "1: key.v needs a value\n"),
    REFUSED("key.v = a\nkey.v = b\n", "2: key.v stands here twice\n"),
    REFUSED("search = a\n", "1: search is written as search.TABLE = …\n"),
    REFUSED("search.t =\n", "1: search.t needs a value\n"),
    REFUSED("search.t = ,\n", "1: search.t needs at least one column\n"),
    REFUSED("search.t = a\nsearch.t = ^a\n", "2: search.t stands here twice\n"),
    REFUSED("search.t = a, ^ b\n",
	"1: search.t has ^ without a column behind it\n"),
    REFUSED("search.t ==\n", "1: search.t has = without a column behind it\n"),
    REFUSED("\nsearch.t = a, b, a\n", "2: search.t has a twice\n"),
    REFUSED("search.t = @a @b @a\n", "1: search.t has @a twice\n"),
    REFUSED("search.t = $a\nregex = no\n",
	"1: search.t has $a, which needs regex = yes\n"),
    REFUSED("search.t = a\nsearch.u = $\nsearch.v = $b\n",
	"2: search.u has $ without a column behind it\n"
	"3: search.v has $b, which needs regex = yes\n"),
    REFUSED("shape.t =\n", "1: shape.t needs a value\n"),
    REFUSED("shape.t = {}\nshape.t = {}\n", "2: shape.t stands here twice\n"),
    REFUSED("\nshape.t = {\"only\":\n",
	"2: shape.t is no JSON: At byte 8: the text ends early.\n"),
    REFUSED("shape.t = [\"a\"]\n",
	"1: shape.t is a JSON object such as {\"except\": [\"note\"]}\n"),
    REFUSED("shape.t = {\"onyl\":[]}\n",
	"1: shape.t has \"onyl\", which is none of only, except, methods, "
	"include\n"),
    REFUSED("shape.t = {\"only\":[],\"only\":[]}\n",
	"1: shape.t is no JSON: At byte 18: a name that was there before.\n"),
    REFUSED("shape.t = {\"only\":{\"a\":1}}\n",
	"1: shape.t \"only\" is a list of names\n"),
    REFUSED("shape.t = {\"except\":[\"a\",1]}\n",
	"1: shape.t \"except\" is a list of names\n"),
    REFUSED("shape.t = {\"methods\":[\"\"]}\n",
	"1: shape.t \"methods\" is a list of names\n"),
    REFUSED("shape.t = {\"include\":[\"a\",{\"b\":{}}]}\n",
	"1: shape.t \"include\" is a list of names, or an object of them\n"),
    REFUSED("shape.t = {\"include\":{\"a\":true}}\n",
	"1: shape.t is a JSON object such as {\"except\": [\"note\"]}\n"),
    REFUSED("shape.t = {\"include\":{\"a\":{\"exept\":[]}}}\n",
	"1: shape.t has \"exept\", which is none of only, except, methods, "
	"include\n"),
    REFUSED("shape.t = {\"include\":{\"a\":{\"include\":[\"b\",\"c\"]}}}\n"
	    "max_includes = 2\n",
	"1: shape.t includes 3 relations, above max_includes = 2\n"),
    REFUSED(
	"max_depth = 1\nshape.t = {\"include\":{\"a\":{\"include\":\"b\"}}}\n",
	"2: shape.t includes 2 relations one behind the other, above "
	"max_depth = 1\n"),
    REFUSED("max_page_size = 10\n",
	"1: page_size and max_page_size: the first is above the second\n"),
    REFUSED("\nbody_max = 4m\nbulk_body_max = 2m\n",
	"3: body_max and bulk_body_max: the first is above the second\n"),
    REFUSED("access_ttl = 2d\nrefresh_ttl = 1d\n",
	"2: access_ttl and refresh_ttl: the first is above the second\n"),
    REFUSED("conninfo = host=a\nconninfo_file = /x\n",
	"2: conninfo and conninfo_file: only one of them\n"),
    REFUSED("admin_conninfo = host=a\nadmin_conninfo_file = /x\n",
	"2: admin_conninfo and admin_conninfo_file: only one of them\n"),
    REFUSED("mount = /a\xc3\n", "1: this line is not UTF-8\n"),
    REFUSED("# \xff\n", "1: this line is not UTF-8\n"),
    REFUSED("mount = /a\0b\n", "1: this line has a control character\n"),
    REFUSED("mount = /a\x1b[1m\n", "1: this line has a control character\n"),
    REFUSED("mount = /a\x7f\n", "1: this line has a control character\n"),
    REFUSED("strict = maybe\nnonsense\n# fine\nporler = none\n",
	"1: strict must be yes or no\n"
	"2: a line is \"name = value\"; the '=' is missing\n"
	"4: there is no parameter \"porler\"; is it pooler?\n"),
};

static void
test_refused(void **state)
{
	struct read r;

	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		read_text(&r, refused[i].text, refused[i].len);
		if (r.rc != -1 || r.err.id != ERR_INTERNAL ||
		    strcmp(list_mistakes(&r), refused[i].mistakes) != 0)
			fail_msg("%s:%d: rc %d, got:\n%s", __FILE__,
			    refused[i].line, r.rc, list_mistakes(&r));
		assert_true(
		    str_starts(str_from(r.mistakes.p), str_from(r.err.cause)));
		arena_free(r.arena);
	}
}

/* one line in, the line that conf_print shows */
static const struct {
	int line;
	const char *text, *shown;
} taken[] = {
    {__LINE__, "page_size = 10", "page_size = 10\n"},
    {__LINE__, "  page_size=10  \r", "page_size = 10\n"},
    {__LINE__, "\tpage_size\t=\t10", "page_size = 10\n"},
    {__LINE__, "page_size = 25", ""},
    {__LINE__, "# page_size = 10", ""},
    {__LINE__, "", ""},
    {__LINE__, "body_max = 2048", "body_max = 2k\n"},
    {__LINE__, "body_max = 2K", "body_max = 2k\n"},
    {__LINE__, "body_max = 1025", "body_max = 1025\n"},
    {__LINE__, "body_max = 1024k", ""},
    {__LINE__, "body_max = 1 g", "body_max = 1g\n"},
    {__LINE__, "bulk_body_max = 1024g", "bulk_body_max = 1024g\n"},
    {__LINE__, "statement_timeout = 5", "statement_timeout = 5s\n"},
    {__LINE__, "statement_timeout = 1500ms", "statement_timeout = 1500ms\n"},
    {__LINE__, "statement_timeout = 2000 ms", "statement_timeout = 2s\n"},
    {__LINE__, "statement_timeout = 24h", "statement_timeout = 1d\n"},
    {__LINE__, "statement_timeout = 90min", "statement_timeout = 90min\n"},
    {__LINE__, "jwt_leeway = 0", "jwt_leeway = 0s\n"},
    {__LINE__, "strict = yes", "strict = yes\n"},
    {__LINE__, "pooler = transaction", "pooler = transaction\n"},
    {__LINE__, "exclude =", "exclude =\n"},
    {__LINE__, "exclude = a, b=c # d", "exclude = a, b=c # d\n"},
    {__LINE__, "include = été_*", "include = été_*\n"},
    {__LINE__, "serve = health", "serve = health\n"},
    {__LINE__, "mount = /a/b", "mount = /a/b\n"},
    {__LINE__, "log = /var/log/x", "log = /var/log/x\n"},
    {__LINE__, "throttle = 1000/day", "throttle = 1000/d\n"},
    {__LINE__, "throttle = 5/second", "throttle = 5/s\n"},
    {__LINE__, "throttle = 5/90m", "throttle = 5/90m\n"},
    {__LINE__, "throttle = 5/120min", "throttle = 5/2h\n"},
    {__LINE__, "throttle_login = 10/m", ""},
    {__LINE__, "throttle_login =", "throttle_login =\n"},
    {__LINE__, "trusted_proxies = 10.0.0.0/8,::1 unix:",
	"trusted_proxies = 10.0.0.0/8,::1 unix:\n"},
    {__LINE__, "cors_origins = *", "cors_origins = *\n"},
    {__LINE__, "cors_origins = http://a:8 https://b",
	"cors_origins = http://a:8 https://b\n"},
    {__LINE__, "base_url = https://e:8443", "base_url = https://e:8443\n"},
    {__LINE__, "key.film_list = fid", "key.film_list = fid\n"},
    {__LINE__, "key.b = y\nkey.a.v = x, z", "key.b = y\nkey.a.v = x, z\n"},
    {__LINE__, "search.film = title, ^a =b,@c a.b",
	"search.film = title, ^a =b,@c a.b\n"},
    {__LINE__, "search.f= =a", "search.f = =a\n"},
    {__LINE__, "search.f = $a ^a a\nregex = yes",
	"search.f = $a ^a a\nregex = yes\n"},
    {__LINE__, "shape.a = {}", "shape.a = {}\n"},
    {__LINE__, "shape.a.b = {\"only\":\"x\", \"methods\": [\"y\", \"z\"]}",
	"shape.a.b = {\"only\":\"x\", \"methods\": [\"y\", \"z\"]}\n"},
    {__LINE__, "shape.a={\"include\":{\"b\":{\"include\":[\"c=d\"]},\"e\":{}}}",
	"shape.a = {\"include\":{\"b\":{\"include\":[\"c=d\"]},\"e\":{}}}\n"},
    {__LINE__, "conninfo = host=h dbname=d", "conninfo = host=h dbname=d\n"},
    {__LINE__, "conninfo = host=h password=secret dbname=d",
	"conninfo = host=h password=**** dbname=d\n"},
    {__LINE__, "conninfo = host=h password = 'se cr\\'et' dbname=d",
	"conninfo = host=h password=**** dbname=d\n"},
    {__LINE__, "conninfo = sslpassword=secret",
	"conninfo = sslpassword=****\n"},
    {__LINE__, "conninfo = password=secret", "conninfo = password=****\n"},
    {__LINE__, "conninfo = password='secret", "conninfo = password=****\n"},
    {__LINE__, "conninfo = host='h password=secret", "conninfo = host=****\n"},
    {__LINE__, "conninfo = postgres://u:secret@h:5/d?sslmode=require",
	"conninfo = postgres://u:****@h:5/d?sslmode=require\n"},
    {__LINE__, "conninfo = postgresql:///d?host=/s&password=secret&user=u",
	"conninfo = postgresql:///d?host=/s&password=****&user=u\n"},
    {__LINE__, "conninfo = postgres://u@h", "conninfo = postgres://u@h\n"},
    {__LINE__, "admin_conninfo = user=a password=secret",
	"admin_conninfo = user=a password=****\n"},
};

static const char *
print_changed(struct read *r)
{
	char *text = NULL, *kept;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	conf_print(&r->conf, true, f);
	fclose(f);
	kept = arena_strdup(r->arena, text);
	free(text);
	return kept;
}

static void
test_taken(void **state)
{
	struct read r;

	(void)state;
	for (size_t i = 0; i < COUNT(taken); i++) {
		read_text(&r, taken[i].text, strlen(taken[i].text));
		if (r.rc != 0 || strcmp(print_changed(&r), taken[i].shown) != 0)
			fail_msg("%s:%d: rc %d, %s%s", __FILE__, taken[i].line,
			    r.rc, r.mistakes.p, print_changed(&r));
		arena_free(r.arena);
	}
}

static void
test_defaults(void **state)
{
	struct read r;

	(void)state;
	read_text(&r, "", 0);
	assert_int_equal(r.rc, 0);
	assert_null(r.conf.conninfo);
	assert_null(r.conf.key);
	assert_true(r.conf.prepared_statements);
	assert_int_equal(r.conf.page_size, 25);
	assert_int_equal(r.conf.body_max, 1 << 20);
	assert_int_equal(r.conf.access_ttl, 15 * 60 * 1000);
	assert_int_equal(r.conf.max_rows, 0);
	assert_string_equal(r.conf.schemas, "public");
	assert_string_equal(print_changed(&r), "");
	arena_free(r.arena);
}

/* a default that its own kind refuses would leave a zero behind */
static void
test_every_default_is_valid(void **state)
{
	struct arena *a = arena_new();
	struct conf c;
	const char *wrong;

	(void)state;
	memset(&c, 0, sizeof(c));
	for (size_t i = 0; i < conf_nparams; i++) {
		const struct conf_param *p = &conf_params[i];

		wrong = p->kind->set(
		    a, p, str_from(p->def), conf_param_value(p, &c));
		if (wrong != NULL)
			fail_msg("%s: its default %s", p->name, wrong);
	}
	arena_free(a);
}

/* the sample with every '#' before a setting taken away is a good file that
 * changes nothing */
static void
test_sample(void **state)
{
	char *text = NULL, *p;
	size_t len = 0, settings = 0, families = 0;
	FILE *f = open_memstream(&text, &len);
	struct read r;

	(void)state;
	for (size_t i = 0; i < conf_nparams; i++)
		families += conf_params[i].of != NULL;
	conf_sample(f);
	fclose(f);
	for (p = text; p != NULL; p = strchr(p, '\n')) {
		p += *p == '\n';
		/* those of a family stand for no setting */
		if (p[0] != '#' || p[1] == ' ' ||
		    p[1 + strcspn(p + 1, ". ")] == '.')
			continue;
		p[0] = ' ';
		settings++;
	}
	read_text(&r, text, len);
	assert_string_equal(r.mistakes.p, "");
	assert_string_equal(print_changed(&r), "");
	assert_int_equal(settings, conf_nparams - families);
	arena_free(r.arena);
	free(text);
}

/* what a running responder takes over of a changed file */
static void
test_kept(void **state)
{
	static const struct {
		int line;
		const char *before, *after, *kept, *changed;
	} cases[] = {
	    {__LINE__, "", "", "", ""},
	    {__LINE__, "page_size = 5", "page_size = 6", "", "page_size = 6\n"},
	    {__LINE__, "strict = yes", "", "", ""},
	    {__LINE__, "key.v = a", "key.v = b", "", "key.v = b\n"},
	    {__LINE__, "conninfo = host=a", "conninfo = host=a", "",
		"conninfo = host=a\n"},
	    {__LINE__, "conninfo = host=a", "conninfo = host=b\nstrict = yes",
		"conninfo", "conninfo = host=a\nstrict = yes\n"},
	    {__LINE__, "conninfo = password=a", "conninfo = password=b",
		"conninfo", "conninfo = password=****\n"},
	    {__LINE__, "conninfo_file = /a", "conninfo = host=b",
		"conninfo, conninfo_file", "conninfo_file = /a\n"},
	    {__LINE__, "pooler = session\nstatement_timeout = 1500ms\nlog = /a",
		"prepared_statements = no",
		"pooler, prepared_statements, statement_timeout, log",
		"pooler = session\nstatement_timeout = 1500ms\nlog = /a\n"},
	};
	struct read before, after;
	struct buf kept;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		read_text(&before, cases[i].before, strlen(cases[i].before));
		read_text(&after, cases[i].after, strlen(cases[i].after));
		assert_int_equal(before.rc | after.rc, 0);
		buf_init(&kept, after.arena, 4096);
		conf_keep(after.arena, &after.conf, &before.conf, &kept);
		arena_free(before.arena);
		want_str(
		    cases[i].line, buf_view(&kept), str_from(cases[i].kept));
		want_str(cases[i].line, str_from(print_changed(&after)),
		    str_from(cases[i].changed));
		arena_free(after.arena);
	}
}

static void
test_modes(void **state)
{
	static const struct {
		mode_t mode;
		int rc;
	} modes[] = {{0600, 0}, {0640, 0}, {0400, 0}, {0644, -1}, {0660, -1},
	    {0604, -1}, {0601, -1}};
	struct read r;

	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		read_text(&r, "", 0);
		assert_int_equal(chmod(path, modes[i].mode), 0);
		r.rc = conf_read(r.arena, path, &r.conf, &r.mistakes, &r.err);
		if (r.rc != modes[i].rc)
			fail_msg(
			    "mode %04o: %d", (unsigned)modes[i].mode, r.rc);
		assert_int_equal(r.mistakes.len > 0, r.rc != 0);
		arena_free(r.arena);
	}
}

static void
test_missing_file(void **state)
{
	struct arena *a = arena_new();
	struct buf mistakes;
	struct conf c;
	struct err e;

	(void)state;
	err_init(&e, a);
	buf_init(&mistakes, a, 4096);
	assert_int_equal(conf_read(a, "/nonexistent/x", &c, &mistakes, &e), -1);
	assert_int_equal(e.id, ERR_INTERNAL);
	assert_non_null(strstr(mistakes.p, "/nonexistent/x"));
	arena_free(a);
}

static void
test_conninfo(void **state)
{
	static const struct {
		int line;
		const char *text;
		mode_t mode;
		const char *want;
	} cases[] = {
	    {__LINE__, "host=h\nrest\n", 0600, "host=h"},
	    {__LINE__, " host=h \r\n", 0640, "host=h"},
	    {__LINE__, "host=h", 0600, "host=h"},
	    {__LINE__, "host=h", 0644, NULL},
	    {__LINE__, "", 0600, NULL},
	    {__LINE__, "\nhost=h", 0600, NULL},
	};
	char file[64];
	struct read r;
	const char *got;

	(void)state;
	snprintf(file, sizeof(file), "%s/conninfo", dir);
	for (size_t i = 0; i < COUNT(cases); i++) {
		read_text(&r, "", 0);
		write_file(
		    file, cases[i].text, strlen(cases[i].text), cases[i].mode);
		r.conf.conninfo_file = file;
		got = conf_conninfo(r.arena, &r.conf, &r.err);
		if ((got == NULL) != (cases[i].want == NULL) ||
		    (got != NULL && strcmp(got, cases[i].want) != 0))
			fail_msg("%s:%d: %s", __FILE__, cases[i].line,
			    got == NULL ? "(refused)" : got);
		assert_int_equal(r.err.id, got == NULL ? ERR_INTERNAL : 0);
		arena_free(r.arena);
	}
	read_text(&r, "", 0);
	assert_null(conf_conninfo(r.arena, &r.conf, &r.err));
	arena_free(r.arena);
	read_text(&r, "conninfo = host=x", 17);
	assert_string_equal(conf_conninfo(r.arena, &r.conf, &r.err), "host=x");
	arena_free(r.arena);
	unlink(file);
}

static void
test_admin_conninfo(void **state)
{
	struct read r;

	(void)state;
	read_text(&r, "admin_conninfo = user=a", 23);
	assert_string_equal(
	    conf_admin_conninfo(r.arena, &r.conf, path, &r.err), "user=a");
	assert_int_equal(chmod(path, 0640), 0);
	assert_null(conf_admin_conninfo(r.arena, &r.conf, path, &r.err));
	assert_non_null(strstr(r.err.cause, "0640"));
	arena_free(r.arena);
	read_text(&r, "", 0);
	assert_null(conf_admin_conninfo(r.arena, &r.conf, path, &r.err));
	arena_free(r.arena);
}

static const struct {
	int line;
	const char *list, *item;
	bool want;
} lists[] = {
    {__LINE__, "a, b", "a", true},
    {__LINE__, "a, b", "b", true},
    {__LINE__, "a,b", "b", true},
    {__LINE__, "a b", "b", true},
    {__LINE__, "a, b", "c", false},
    {__LINE__, "a, b", "A", false},
    {__LINE__, "a, b", "", false},
    {__LINE__, "", "a", false},
    {__LINE__, NULL, "a", false},
    {__LINE__, "django_*", "django_session", true},
    {__LINE__, "django_*", "django_", true},
    {__LINE__, "django_*", "django", false},
    {__LINE__, "*_log", "a_log_log", true},
    {__LINE__, "*_log", "a_logs", false},
    {__LINE__, "a?c", "abc", true},
    {__LINE__, "a?c", "ac", false},
    {__LINE__, "*", "anything", true},
    {__LINE__, "*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false},
    {__LINE__, "public.*", "public.film", true},
};

static void
test_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++)
		if (conf_list_has(lists[i].list, str_from(lists[i].item)) !=
		    lists[i].want)
			fail_msg("%s:%d", __FILE__, lists[i].line);
}

static int
make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/dynapi.conf", dir);
	return 0;
}

static int
remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_taken),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_every_default_is_valid),
	    cmocka_unit_test(test_sample),
	    cmocka_unit_test(test_kept),
	    cmocka_unit_test(test_modes),
	    cmocka_unit_test(test_missing_file),
	    cmocka_unit_test(test_conninfo),
	    cmocka_unit_test(test_admin_conninfo),
	    cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
