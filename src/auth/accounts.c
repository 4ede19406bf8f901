/*
 * The accounts as tables of the query engine: two views (sql/007-users.sql),
 * one for each way of naming their columns, that no snapshot has, for they are
 * the same in every database.  Lengths are what is taken here; the password
 * has none, for it is a hash when it gets there.
 */
#include "auth/auth.h"

#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "schema/schema.h"

#define NAME_MAX_CHARACTERS  150
#define EMAIL_MAX_CHARACTERS 254

enum use {
	USE_NEEDED,  /* a create names it */
	USE_GIVEN,   /* it has a default */
	USE_OPEN,    /* it may be null */
	USE_MADE,    /* nobody writes it */
	USE_SEEN,    /* nor this, which may be null */
	USE_PASSWORD /* nobody reads it */
};

struct plan {
	const char *name;
	enum type_class class;
	int32_t max_len;
	enum use use;
};

static const struct plan native[] = {
    {"id", TYPE_INT8, 0, USE_MADE},
    {"username", TYPE_TEXT, NAME_MAX_CHARACTERS, USE_NEEDED},
    {"email", TYPE_TEXT, EMAIL_MAX_CHARACTERS, USE_GIVEN},
    {"first_name", TYPE_TEXT, NAME_MAX_CHARACTERS, USE_GIVEN},
    {"last_name", TYPE_TEXT, NAME_MAX_CHARACTERS, USE_GIVEN},
    {"contact", TYPE_TEXT, 50, USE_OPEN},
    {"is_active", TYPE_BOOL, 0, USE_GIVEN},
    {"is_staff", TYPE_BOOL, 0, USE_GIVEN},
    {"is_superuser", TYPE_BOOL, 0, USE_GIVEN},
    {"date_joined", TYPE_TIMESTAMPTZ, 0, USE_MADE},
    {"last_login", TYPE_TIMESTAMPTZ, 0, USE_SEEN},
    {"password", TYPE_TEXT, 0, USE_PASSWORD},
};

static const struct plan v2[] = {
    {"id", TYPE_INT8, 0, USE_MADE},
    {"username", TYPE_TEXT, NAME_MAX_CHARACTERS, USE_NEEDED},
    {"email", TYPE_TEXT, EMAIL_MAX_CHARACTERS, USE_GIVEN},
    {"first_name", TYPE_TEXT, NAME_MAX_CHARACTERS, USE_GIVEN},
    {"last_name", TYPE_TEXT, NAME_MAX_CHARACTERS, USE_GIVEN},
    {"admin", TYPE_BOOL, 0, USE_GIVEN},
    {"locked", TYPE_BOOL, 0, USE_GIVEN},
    {"created_at", TYPE_TIMESTAMPTZ, 0, USE_MADE},
    {"last_sign_in_at", TYPE_TIMESTAMPTZ, 0, USE_SEEN},
    {"password", TYPE_TEXT, 0, USE_PASSWORD},
};

static const char *const searched[] = {
    "username", "email", "first_name", "last_name"};
#define NSEARCHED (sizeof searched / sizeof *searched)

static struct type *
make_type(struct arena *a, const struct plan *p)
{
	static const struct {
		enum type_class class;
		const char *name, *display;
	} types[] = {{TYPE_INT8, "int8", "bigint"}, {TYPE_TEXT, "text", "text"},
	    {TYPE_BOOL, "bool", "boolean"},
	    {TYPE_TIMESTAMPTZ, "timestamptz", "timestamp with time zone"}};
	struct type *t = arena_make(a, struct type);
	size_t i = 0;

	while (types[i].class != p->class)
		i++;
	*t = (struct type){.class = p->class,
	    .schema = STR("pg_catalog"),
	    .name = str_from(types[i].name),
	    .display = str_from(types[i].display),
	    .base_schema = STR("pg_catalog"),
	    .base_name = str_from(types[i].name),
	    .max_len = p->max_len};
	return t;
}

static void
make_column(
    struct arena *a, struct column *col, const struct plan *p, size_t number)
{
	*col = (struct column){.name = str_from(p->name),
	    .attnum = (int16_t)number,
	    .type = make_type(a, p),
	    .not_null = p->use != USE_OPEN && p->use != USE_SEEN,
	    .has_default = p->use == USE_GIVEN,
	    .generated = p->use == USE_MADE || p->use == USE_SEEN,
	    .updatable = true,
	    .write_only = p->use == USE_PASSWORD,
	    .has_eq = true,
	    .has_order = true};
}

static const struct table *
make_table(struct arena *a, struct str name, const struct plan *plans, size_t n)
{
	struct table *t = arena_make(a, struct table);

	*t = (struct table){.schema = STR("dynapi"),
	    .name = name,
	    .qname = str_from(arena_printf(a, "dynapi.%.*s", STR_ARGS(name))),
	    .path = STR("users"),
	    .kind = TABLE_VIEW,
	    .columns = arena_array(a, struct column, n),
	    .ncolumns = n - 1, /* the last one is the password */
	    .nwrite_only = 1,
	    .conceals = true,
	    .key = arena_make(a, uint16_t),
	    .nkey = 1,
	    .search = arena_array(a, struct str, NSEARCHED),
	    .nsearch = NSEARCHED,
	    .can_insert = true,
	    .can_update = true,
	    .can_delete = true,
	    .est_rows = -1,
	    .comment = STR("Accounts")};
	t->key[0] = 0;
	for (size_t i = 0; i < n; i++)
		make_column(a, &t->columns[i], &plans[i], i + 1);
	for (size_t i = 0; i < NSEARCHED; i++)
		t->search[i] = str_from(searched[i]);
	return t;
}

const struct table *
accounts_table(struct arena *a)
{
	return make_table(
	    a, STR("account"), native, sizeof native / sizeof *native);
}

const struct table *
accounts_table_v2(struct arena *a)
{
	return make_table(a, STR("account_v2"), v2, sizeof v2 / sizeof *v2);
}

const char *
accounts_name_wrong(struct str name)
{
	if (!utf8_valid(name) || name.len == 0 ||
	    utf8_count(name) > NAME_MAX_CHARACTERS)
		return "A name has 1 to 150 characters of UTF-8.";
	if (str_trim(name).len != name.len)
		return "A name does not begin or end in blanks.";
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return "A name has no control characters.";
	return NULL;
}

const char *
accounts_email_wrong(struct str email)
{
	ptrdiff_t at = str_chr(email, '@');
	bool wrong =
	    at < 1 || (size_t)at + 1 == email.len || !utf8_valid(email);

	for (size_t i = 0; i < email.len && !wrong; i++) {
		unsigned char ch = (unsigned char)email.p[i];

		wrong = ch <= ' ' || ch == 0x7f || strchr("<>", ch) != NULL;
	}
	return wrong ? "That is no e-mail address." : NULL;
}
