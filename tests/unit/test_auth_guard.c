/*
 * The guard and the sessions against a real PostgreSQL, as the responders'
 * role.  Run by tests/api/guard.t, which has put the dynapi schema into the
 * database.
 */
#include "db_help.h"

#include "auth/auth.h"
#include "schema/schema.h"

#define SID(n) "00000000-0000-4000-8000-00000000000" #n

static struct table film = {.qname = {"public.film", 11}};
static struct table actor = {.qname = {"public.actor", 12}};
static struct table note = {.qname = {"public.note", 11}, .row_security = true};

/* ids: bea 1, root 2, off 3, cat 4; each one's session has his number; 5 and
 * 6 are bea's, ended and expired */
static void
fill(void)
{
	sql("truncate dynapi.session, dynapi.user_roles");
	sql("delete from dynapi.users where id <> 0");
	sql("update dynapi.users set is_active = true");
	sql("insert into dynapi.users (id, username, password, is_superuser, "
	    "is_active) values (1, 'bea', 'h1', false, true), "
	    "(2, 'root', 'h2', true, true), (3, 'off', 'h3', true, false), "
	    "(4, 'cat', null, false, true)");
	sql("insert into dynapi.session (id, user_id, expires, revoked) "
	    "values ('" SID(
		1) "', 1, now() + interval '1 h', null), "
		   "('" SID(
		       2) "', 2, now() + interval '1 h', null), "
			  "('" SID(
			      3) "', 3, now() + interval '1 h', null), "
				 "('" SID(
				     4) "', 4, now() + interval '1 h', null), "
					"('" SID(
					    5) "', 1, now() + interval '1 h', "
					       "now()), "
					       "('" SID(
						   6) "', 1, now() - interval "
						      "'1 s', null)");
	sql("insert into dynapi.user_roles (user_id, table_name, can_read, "
	    "can_create, can_update, can_delete) values "
	    "(1, 'public.film', true, false, true, false), "
	    "(1, 'public.note', true, true, false, false), "
	    "(3, 'public.film', true, true, true, true), "
	    "(4, 'public.actor', false, false, false, false), "
	    "(0, 'public.actor', true, false, false, false)");
}

static int
guard_set_up(void **state)
{
	struct db_opts o = default_opts;

	set_up(state);
	db_free(db);
	o.conninfo = "dbname=postgres user=dynapi_responder";
	db = db_new(&o);
	fill();
	return 0;
}

static struct principal
who(int64_t id, const char *sid)
{
	return (struct principal){
	    .id = id, .anonymous = sid == NULL, .sid = str_from(sid)};
}

static struct batch *
guarded(enum batch_kind kind, struct stmt *guard, const char *text)
{
	struct batch *b = batch_new(arena, kind);

	batch_guard(b, guard);
	batch_add(b, make_stmt("test", text, 0, NULL));
	return b;
}

static void
test_rights(void **state)
{
	static const struct {
		int line;
		int64_t id;
		const char *sid;
		const struct table *table; /* NULL: none */
		enum action action;
		enum err_id want;
	} cases[] = {
	    /* by action */
	    {__LINE__, 1, SID(1), &film, ACTION_READ, ERR_NONE},
	    {__LINE__, 1, SID(1), &film, ACTION_UPDATE, ERR_NONE},
	    {__LINE__, 1, SID(1), &film, ACTION_CREATE, ERR_FORBIDDEN},
	    {__LINE__, 1, SID(1), &film, ACTION_DELETE, ERR_FORBIDDEN},
	    {__LINE__, 1, SID(1), &note, ACTION_CREATE, ERR_NONE},
	    {__LINE__, 1, SID(1), &note, ACTION_UPDATE, ERR_FORBIDDEN},
	    /* no row; a row without flags; what visitors may is theirs */
	    {__LINE__, 1, SID(1), &actor, ACTION_READ, ERR_FORBIDDEN},
	    {__LINE__, 4, SID(4), &actor, ACTION_READ, ERR_FORBIDDEN},
	    {__LINE__, 4, SID(4), &film, ACTION_READ, ERR_FORBIDDEN},
	    /* superuser, and one who is switched off */
	    {__LINE__, 2, SID(2), &actor, ACTION_DELETE, ERR_NONE},
	    {__LINE__, 3, SID(3), &film, ACTION_READ, ERR_TOKEN_INVALID},
	    /* sessions */
	    {__LINE__, 1, SID(5), &film, ACTION_READ, ERR_TOKEN_INVALID},
	    {__LINE__, 1, SID(6), &film, ACTION_READ, ERR_TOKEN_INVALID},
	    {__LINE__, 1, SID(7), &film, ACTION_READ, ERR_TOKEN_INVALID},
	    {__LINE__, 1, SID(2), &film, ACTION_READ, ERR_TOKEN_INVALID},
	    {__LINE__, 2, SID(1), &film, ACTION_READ, ERR_TOKEN_INVALID},
	    {__LINE__, 9, SID(1), &film, ACTION_READ, ERR_TOKEN_INVALID},
	    {__LINE__, 0, SID(1), &film, ACTION_READ, ERR_TOKEN_INVALID},
	    /* visitors */
	    {__LINE__, 0, NULL, &actor, ACTION_READ, ERR_NONE},
	    {__LINE__, 0, NULL, &actor, ACTION_UPDATE, ERR_FORBIDDEN},
	    {__LINE__, 0, NULL, &film, ACTION_READ, ERR_FORBIDDEN},
	    /* no table */
	    {__LINE__, 1, SID(1), NULL, ACTION_READ, ERR_NONE},
	    {__LINE__, 4, SID(4), NULL, ACTION_READ, ERR_NONE},
	    {__LINE__, 3, SID(3), NULL, ACTION_READ, ERR_TOKEN_INVALID},
	    {__LINE__, 1, SID(5), NULL, ACTION_READ, ERR_TOKEN_INVALID},
	    {__LINE__, 0, NULL, NULL, ACTION_READ, ERR_NONE},
	};
	const struct guard_opts opts = {0};

	(void)state;
	/* three rounds: custom plans, then generic ones */
	for (size_t k = 0; k < 3 * COUNT(cases); k++) {
		size_t i = k % COUNT(cases);
		struct principal p = who(cases[i].id, cases[i].sid);
		struct guard_need need = {cases[i].table, cases[i].action};
		struct batch *b = guarded(BATCH_READ,
		    auth_guard(arena, &p, &need, cases[i].table != NULL, &opts),
		    "select 'ran'");
		int rc = run(b);

		if ((rc == 0) != (cases[i].want == ERR_NONE) ||
		    err.id != cases[i].want)
			fail_msg(
			    "line %d: %s", cases[i].line, err_code(err.id));
		if (rc == 0)
			assert_string_equal(value_of(b, 1), "ran");
	}
}

static void
test_needs(void **state)
{
	static const struct guard_need both[] = {
	    {&film, ACTION_READ}, {&note, ACTION_CREATE}};
	static const struct guard_need one_not[] = {
	    {&film, ACTION_READ}, {&actor, ACTION_READ}};
	static const struct {
		int line;
		int64_t id;
		const char *sid;
		const struct guard_need *needs;
		struct guard_opts opts;
		enum err_id want;
	} cases[] = {
	    {__LINE__, 1, SID(1), both, {0}, ERR_NONE},
	    {__LINE__, 1, SID(1), one_not, {0}, ERR_FORBIDDEN},
	    {__LINE__, 2, SID(2), one_not, {0}, ERR_NONE},
	    {__LINE__, 0, NULL, one_not, {0}, ERR_FORBIDDEN},
	    {__LINE__, 1, SID(1), both, {.need_user = true}, ERR_NONE},
	    {__LINE__, 1, SID(1), both, {.need_superuser = true},
		ERR_FORBIDDEN},
	    {__LINE__, 2, SID(2), NULL, {.need_superuser = true}, ERR_NONE},
	    {__LINE__, 3, SID(3), NULL, {.need_superuser = true},
		ERR_TOKEN_INVALID},
	    {__LINE__, 0, NULL, NULL, {.need_superuser = true},
		ERR_TOKEN_INVALID},
	    {__LINE__, 0, NULL, NULL, {.need_user = true}, ERR_TOKEN_INVALID},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct principal p = who(cases[i].id, cases[i].sid);
		size_t n = cases[i].needs == NULL ? 0 : 2;

		run(guarded(BATCH_READ,
		    auth_guard(arena, &p, cases[i].needs, n, &cases[i].opts),
		    "select 1"));
		if (err.id != cases[i].want)
			fail_msg(
			    "line %d: %s", cases[i].line, err_code(err.id));
	}
}

/* of a write the letters of other tables follow that of its own */
static void
test_shown(void **state)
{
	static const struct guard_need write = {&note, ACTION_CREATE};
	static const struct guard_need read = {&film, ACTION_READ};
	static const struct table *const shown[] = {&film, &actor};
	const struct guard_opts opts = {.shown = shown, .nshown = 2};
	const struct guard_opts reads = {
	    .shown = shown, .nshown = 2, .read_only = true};
	static const struct {
		int line;
		int64_t id;
		const char *sid, *want;
	} cases[] = {
	    {__LINE__, 1, SID(1), "tf"},
	    {__LINE__, 2, SID(2), "tt"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct principal p = who(cases[i].id, cases[i].sid);
		struct batch *b = guarded(BATCH_WRITE,
		    auth_guard(arena, &p, &write, 1, &opts), "select 1");
		const char *said;

		assert_int_equal(run(b), 0);
		said = value_of(b, 0);
		if (strchr("tf", said[0]) == NULL ||
		    strncmp(said + 1, cases[i].want, 2) != 0)
			fail_msg("line %d: %s", cases[i].line, said);
		b = guarded(BATCH_READ, auth_guard(arena, &p, &read, 1, &reads),
		    "select 1");
		assert_int_equal(run(b), 0);
		assert_string_equal(value_of(b, 0), "t");
	}
}

static void
test_visitors_switched_off(void **state)
{
	const struct principal p = who(0, NULL);
	const struct guard_need need = {&actor, ACTION_READ};
	const struct guard_opts opts = {0};

	(void)state;
	sql("update dynapi.users set is_active = false where id = 0");
	assert_fails(guarded(BATCH_READ, auth_guard(arena, &p, &need, 1, &opts),
			 "select 1"),
	    ERR_TOKEN_INVALID);
}

/* what is refused writes nothing, what is changed counts at once */
static void
test_fresh(void **state)
{
	const struct principal p = who(1, SID(1));
	const struct guard_need need = {&film, ACTION_UPDATE};
	const struct guard_opts opts = {0};
	static const struct {
		int line;
		const char *change;
		enum err_id want;
	} steps[] = {
	    {__LINE__, "select 1", ERR_NONE},
	    {__LINE__, "update dynapi.user_roles set can_update = false",
		ERR_FORBIDDEN},
	    {__LINE__,
		"update dynapi.users set is_superuser = true "
		"where id = 1",
		ERR_NONE},
	    {__LINE__,
		"update dynapi.users set is_superuser = false "
		"where id = 1",
		ERR_FORBIDDEN},
	    {__LINE__, "update dynapi.user_roles set can_update = true",
		ERR_NONE},
	    {__LINE__,
		"insert into dynapi.roles (id, name) values (7, 'r'); "
		"insert into dynapi.role_users values (7, 1); "
		"insert into dynapi.permissions (role_id, predicate, "
		"table_name, to_update) "
		"values (7, 'cannot', 'public.film', true)",
		ERR_FORBIDDEN},
	    {__LINE__, "delete from dynapi.role_users", ERR_NONE},
	    {__LINE__,
		"update dynapi.users set username = 'beatrice' "
		"where id = 1",
		ERR_TOKEN_INVALID},
	    {__LINE__, "update dynapi.session set revoked = null", ERR_NONE},
	    {__LINE__, "update dynapi.users set is_active = false where id = 1",
		ERR_TOKEN_INVALID},
	    {__LINE__, "update dynapi.users set is_active = true where id = 1",
		ERR_TOKEN_INVALID},
	    {__LINE__, "update dynapi.session set revoked = null", ERR_NONE},
	    {__LINE__, "select dynapi.password_set(1, 'h9')",
		ERR_TOKEN_INVALID},
	    {__LINE__, "update dynapi.session set revoked = null", ERR_NONE},
	    {__LINE__, "delete from dynapi.users where id = 1",
		ERR_TOKEN_INVALID},
	};
	const char *text =
	    "insert into public.note (owner, body) values (1, 'x')";

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		sql("delete from public.note");
		sql(steps[i].change);
		run(guarded(
		    BATCH_WRITE, auth_guard(arena, &p, &need, 1, &opts), text));
		if (err.id != steps[i].want)
			fail_msg("line %d: %s %s", steps[i].line,
			    err_code(err.id), err.cause ? err.cause : "");
		assert_string_equal(sql("select count(*) from public.note"),
		    err.id == ERR_NONE ? "1" : "0");
	}
}

static void
test_settings(void **state)
{
	const struct principal p = who(1, SID(1)), visitor = who(0, NULL);
	const struct guard_need plain = {&film, ACTION_READ};
	const struct guard_need row = {&note, ACTION_READ};
	const struct guard_need open = {&actor, ACTION_READ};
	const struct guard_opts none = {0};
	const struct guard_opts opts = {.statement_timeout_ms = 4321};
	const char *who_text = "select dynapi.current_user_id()::text";
	struct batch *b;

	(void)state;
	b = guarded(
	    BATCH_READ, auth_guard(arena, &p, &row, 1, &none), who_text);
	assert_runs(b);
	assert_string_equal(value_of(b, 1), "1");
	b = guarded(
	    BATCH_READ, auth_guard(arena, &p, &plain, 1, &none), who_text);
	assert_runs(b);
	assert_string_equal(value_of(b, 1), "(null)");
	b = guarded(BATCH_READ, auth_guard(arena, &p, &row, 1, &opts),
	    "show statement_timeout");
	assert_runs(b);
	assert_string_equal(value_of(b, 1), "4321ms");
	assert_string_equal(ask("show statement_timeout"), "30s");
	assert_string_equal(ask(who_text), "(null)");
	/* policies see it, in this batch and for this user only */
	sql("insert into public.note (owner, body) "
	    "values (1, 'mine'), (2, 'not mine'), (0, 'for all')");
	b = guarded(BATCH_READ, auth_guard(arena, &p, &row, 1, &none),
	    "select string_agg(body, ',') from public.note");
	assert_runs(b);
	assert_string_equal(value_of(b, 1), "mine");
	assert_string_equal(ask("select count(*) from public.note"), "0");
	sql("insert into dynapi.user_roles (user_id, table_name, can_read) "
	    "values (0, 'public.note', true)");
	b = guarded(BATCH_READ, auth_guard(arena, &visitor, &row, 1, &none),
	    "select string_agg(body, ',') from public.note");
	assert_runs(b);
	assert_string_equal(value_of(b, 1), "for all");
	b = guarded(BATCH_READ, auth_guard(arena, &visitor, &open, 1, &opts),
	    "show statement_timeout");
	assert_runs(b);
	assert_string_equal(value_of(b, 1), "4321ms");
}

/* the text must not depend on who asks and for what */
static void
test_text(void **state)
{
	const struct principal a = who(1, SID(1)), b = who(77, SID(2));
	const struct guard_need x = {&film, ACTION_READ};
	const struct guard_need y = {&actor, ACTION_READ};
	const struct guard_opts none = {0};
	const struct guard_opts slow = {.statement_timeout_ms = 1};
	const struct guard_opts slower = {.statement_timeout_ms = 999};

	(void)state;
	assert_string_equal(auth_guard(arena, &a, &x, 1, &none)->text.p,
	    auth_guard(arena, &b, &y, 1, &none)->text.p);
	assert_string_equal(auth_guard(arena, &a, &x, 1, &slow)->text.p,
	    auth_guard(arena, &b, &y, 1, &slower)->text.p);
}

/* ---- sessions ------------------------------------------------------------ */

static struct session
session_of(const char *sid, int64_t user, const char *refresh)
{
	return (struct session){.id = str_from(sid),
	    .user_id = user,
	    .lifetime_s = 60,
	    .refresh = str_from(refresh)};
}

static const char *
ask_write(struct stmt *s)
{
	struct batch *b = batch_new(arena, BATCH_WRITE);

	batch_add(b, s);
	assert_runs(b);
	return value_of(b, 0);
}

static const char *
rotate(int64_t user, const char *old, const char *new)
{
	struct session s = session_of(SID(8), user, new);

	return ask_write(session_rotate(arena, &s, str_from(old)));
}

static const char *
open_one(int64_t user, const char *verified, const char *new_hash)
{
	struct session s = session_of(SID(8), user, "first");

	return ask_write(session_open(arena, &s, str_from(verified),
	    str_from(new_hash), STR("192.0.2.1")));
}

static void
test_open(void **state)
{
	(void)state;
	/* not active, another hash, no hash, the visitors, nobody */
	assert_string_equal(open_one(3, "h3", NULL), "(no row)");
	assert_string_equal(open_one(1, "h2", NULL), "(no row)");
	assert_string_equal(open_one(1, NULL, NULL), "(no row)");
	assert_string_equal(open_one(4, NULL, NULL), "(no row)");
	assert_string_equal(open_one(4, "", NULL), "(no row)");
	assert_string_equal(open_one(0, NULL, "h"), "(no row)");
	assert_string_equal(open_one(99, "h1", NULL), "(no row)");
	assert_string_equal(sql("select count(*) from dynapi.session"), "6");
	assert_string_equal(
	    sql("select count(last_login) from dynapi.users"), "0");
	sql("update dynapi.session set expires = now() - interval '2 d' "
	    "where id = '" SID(6) "'");
	assert_string_equal(open_one(1, "h1", "h1new"), "1");
	assert_string_equal(
	    sql("select password || ' ' || (last_login is not null) "
		"from dynapi.users where id = 1"),
	    "h1new true");
	assert_string_equal(sql("select client || ' ' || (expires > now()) "
				"from dynapi.session where id = '" SID(8) "'"),
	    "192.0.2.1 true");
	/* what expired long ago was taken away */
	assert_string_equal(sql("select count(*) from dynapi.session "
				"where id = '" SID(6) "'"),
	    "0");
}

static void
test_rotate(void **state)
{
	(void)state;
	assert_string_equal(open_one(1, "h1", NULL), "1");
	assert_string_equal(rotate(1, "first", "second"), "t");
	assert_string_equal(rotate(1, "second", "third"), "t");
	/* another user's session stays */
	assert_string_equal(rotate(2, "third", "x"), "f");
	assert_string_equal(rotate(1, "third", "fourth"), "t");
	/* one that was good before ends it */
	assert_string_equal(rotate(1, "second", "x"), "f");
	assert_string_equal(rotate(1, "fourth", "x"), "f");
	assert_string_equal(sql("select revoked is not null from "
				"dynapi.session where id = '" SID(8) "'"),
	    "t");
}

static void
test_rotate_ended(void **state)
{
	static const char *const changes[] = {
	    "update dynapi.session set expires = now()",
	    "update dynapi.session set revoked = now()",
	    "update dynapi.users set is_active = false where id = 1",
	    "delete from dynapi.users where id = 1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		fill();
		assert_string_equal(open_one(1, "h1", NULL), "1");
		sql(changes[i]);
		if (strcmp(rotate(1, "first", "x"), "f") != 0)
			fail_msg("after: %s", changes[i]);
	}
}

static void
test_revoke(void **state)
{
	(void)state;
	assert_string_equal(
	    ask_write(session_revoke(arena, STR(SID(1)), 2)), "f");
	assert_string_equal(
	    ask_write(session_revoke(arena, STR(SID(1)), 1)), "t");
	assert_string_equal(
	    ask_write(session_revoke(arena, STR(SID(1)), 1)), "f");
	assert_string_equal(
	    ask_write(session_revoke(arena, STR(SID(9)), 1)), "f");
}

static void
test_lookup(void **state)
{
	static const struct {
		int line;
		const char *name, *want;
	} cases[] = {
	    {__LINE__, "bea", "1"},
	    {__LINE__, "off", "3"},
	    {__LINE__, "Bea", "(no row)"},
	    {__LINE__, "bea ", "(no row)"},
	    {__LINE__, "", "(no row)"},
	    {__LINE__, "' or true --", "(no row)"},
	    {__LINE__, "%", "(no row)"},
	    {__LINE__, "anonymous", "(no row)"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct batch *b = batch_new(arena, BATCH_READ);

		batch_add(b, session_lookup(arena, str_from(cases[i].name)));
		assert_runs(b);
		if (strcmp(value_of(b, 0), cases[i].want) != 0)
			fail_msg("line %d", cases[i].line);
	}
}

static void
test_ids(void **state)
{
	struct str a = session_id_new(arena), b = session_id_new(arena);

	(void)state;
	assert_false(str_eq(a, b));
	assert_string_equal(
	    sql(arena_printf(arena, "select '%.*s'::uuid::text", STR_ARGS(a))),
	    str_c(arena, a));
	assert_int_equal(a.p[14], '4');
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, guard_set_up, tear_down)
	    TEST(test_rights),
	    TEST(test_needs),
	    TEST(test_shown),
	    TEST(test_visitors_switched_off),
	    TEST(test_fresh),
	    TEST(test_settings),
	    TEST(test_text),
	    TEST(test_open),
	    TEST(test_rotate),
	    TEST(test_rotate_ended),
	    TEST(test_revoke),
	    TEST(test_lookup),
	    TEST(test_ids),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
