/*
 * The rules of names and addresses of accounts, and the tables that accounts
 * are: what can be read is no hash, what can be written is what is said.
 */
#include <string.h>

#include "base/arena.h"
#include "schema/schema.h"
#include "auth/auth.h"
#include "cases.h"

static void
test_names(void **state)
{
	static const struct {
		int line;
		struct str name;
		bool wrong;
	} cases[] = {
	    {__LINE__, {"bea", 3}, false},
	    {__LINE__, {"a", 1}, false},
	    {__LINE__, {"a b", 3}, false},
	    {__LINE__, {"bea@example.org", 15}, false},
	    {__LINE__, {"'); --", 6}, false},
	    {__LINE__, {"\xc3\xa9\xe2\x82\xac", 5}, false},
	    {__LINE__, {"", 0}, true},
	    {__LINE__, {" bea", 4}, true},
	    {__LINE__, {"bea ", 4}, true},
	    {__LINE__, {"bea\t", 4}, true},
	    {__LINE__, {"b\na", 3}, true},
	    {__LINE__, {"b\0a", 3}, true},
	    {__LINE__,
		{"b\x7f"
		 "a",
		    3},
		true},
	    {__LINE__, {"b\x1b[1m", 5}, true},
	    {__LINE__, {"b\xff", 2}, true},
	    {__LINE__, {"b\xc3", 2}, true},
	};
	char text[301];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if ((accounts_name_wrong(cases[i].name) != NULL) !=
		    cases[i].wrong)
			fail_msg("line %d", cases[i].line);
	/* characters count, not bytes */
	for (size_t i = 0; i < 300; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[300] = 'x';
	assert_null(accounts_name_wrong((struct str){text, 300}));
	assert_non_null(accounts_name_wrong((struct str){text, 301}));
}

static void
test_emails(void **state)
{
	static const struct {
		int line;
		struct str email;
		bool wrong;
	} cases[] = {
	    {__LINE__, {"bea@example.org", 15}, false},
	    {__LINE__, {"a@b", 3}, false},
	    {__LINE__, {"a+b@c@d", 7}, false},
	    {__LINE__, {"\xc3\xa9@b", 4}, false},
	    {__LINE__, {"", 0}, true},
	    {__LINE__, {"@", 1}, true},
	    {__LINE__, {"bea", 3}, true},
	    {__LINE__, {"@b", 2}, true},
	    {__LINE__, {"a@", 2}, true},
	    {__LINE__, {"a @b", 4}, true},
	    {__LINE__, {"a@b\nBcc: c@d", 12}, true},
	    {__LINE__, {"<a@b>", 5}, true},
	    {__LINE__, {"a@b\0c", 5}, true},
	    {__LINE__, {"a@b\xff", 4}, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if ((accounts_email_wrong(cases[i].email) != NULL) !=
		    cases[i].wrong)
			fail_msg("line %d", cases[i].line);
}

static void
check_table(const struct table *t, const char *made, const char *flag)
{
	const struct column *password, *id;

	password = table_input(t, STR("password"));
	id = table_column(t, STR("id"));
	assert_non_null(password);
	assert_true(password->write_only && password->not_null);
	assert_false(password->has_default);
	assert_null(table_column(t, STR("password")));
	assert_null(table_input(t, STR("rights_version")));
	assert_true(id != NULL && id->generated);
	assert_int_equal(t->nkey, 1);
	assert_ptr_equal(&t->columns[t->key[0]], id);
	assert_true(table_column(t, str_from(made))->generated);
	assert_false(table_column(t, str_from(flag))->generated);
	assert_true(table_column(t, str_from(flag))->has_default);
	assert_int_equal(table_ninput(t), t->ncolumns + 1);
	for (size_t i = 0; i < t->nsearch; i++)
		assert_non_null(table_column(t, t->search[i]));
}

static void
test_tables(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	check_table(accounts_table(a), "last_login", "is_superuser");
	check_table(accounts_table_v2(a), "last_sign_in_at", "admin");
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_emails),
	    cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
