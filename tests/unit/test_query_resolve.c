/*
 * What names, relations, types and limits make of a question: trees written
 * out by hand, refusals with their field and text, and cursors.  The golden
 * cases ask the same from the outside, and show the SQL.
 */
#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/json.h"
#include "base/params.h"
#include "cases.h"
#include "query/query.h"
#include "sample_tables.h"

static const struct query_limits usual = {.page_size = 25,
    .max_page_size = 100,
    .max_filters = 20,
    .max_includes = 5,
    .max_depth = 3,
    .allow_page = true,
    .cursor_key = {"key of the tests", 16}};

static struct query *
parse(const char *query, struct err *err)
{
	struct params params;
	struct query *q;

	err_init(err, arena);
	if (params_parse(arena, str_from(query), 100, &params, err) != 0)
		fail_msg("%s is no query string", query);
	q = query_parse_drf(arena, &params, &usual, err);
	if (q == NULL)
		fail_msg("%s: %s", query,
		    err->fields != NULL ? err->fields->text : "");
	return q;
}

/* the tree, or "error: code" and the fields */
static const char *
outcome(const char *table, struct query *q, const struct query_limits *limits)
{
	struct err err;
	struct buf b;

	err_init(&err, arena);
	buf_init(&b, arena, 100000);
	if (query_resolve(arena, q, sample_schema(),
		sample_table(str_from(table)), limits, &err) == 0) {
		query_dump(&b, q);
		return b.p;
	}
	buf_printf(&b, "error: %s\n", err_code(err.id));
	for (const struct err_field *f = err.fields; f != NULL; f = f->next)
		buf_printf(&b, "%.*s: %s\n", STR_ARGS(f->field), f->text);
	if (err.fields == NULL && err.detail != NULL)
		buf_printf(&b, "%s\n", err.detail);
	return b.p;
}

struct tcase {
	int line;
	const char *table, *query, *want;
};

static void
run_cases(const struct tcase *v, size_t n, const struct query_limits *limits)
{
	struct err err;

	for (size_t i = 0; i < n; i++) {
		const char *got =
		    outcome(v[i].table, parse(v[i].query, &err), limits);

		if (strcmp(got, v[i].want) != 0)
			fail_msg(
			    "line %d: %s gave\n%s", v[i].line, v[i].query, got);
	}
}

/* ---- paths -------------------------------------------------------------- */

static void
test_paths(void **state)
{
	static const struct tcase cases[] = {
	    {__LINE__, "customer", "address.city.city=X&fields=email",
		"table public.customer\ntouches public.address public.city\n"
		"select email\n"
		"where\n"
		"  exists address\n"
		"    exists city\n"
		"      eq city \"X\" as text\n"
		"order -customer_id\n"},
	    /* the longest column first, though "meta" is one too */
	    {__LINE__, "document", "meta__kept=x&fields=document_id",
		"table public.document\nselect document_id\nwhere\n"
		"  eq meta__kept \"x\" as text\norder -document_id\n"},
	    {__LINE__, "document", "meta__kept__a=x&fields=document_id",
		"table public.document\nselect document_id\nwhere\n"
		"  eq meta->kept->a \"x\"\norder -document_id\n"},
	    {__LINE__, "customer", "document.meta__kept=x&fields=email",
		"table public.customer\ntouches public.document\n"
		"select email\nwhere\n"
		"  exists document\n    eq meta__kept \"x\" as text\n"
		"order -customer_id\n"},
	    /* a column has the relation's name: behind it lies nothing else */
	    {__LINE__, "review", "film.title=x&film=y&fields=stars",
		"table public.review\ntouches public.film\nselect stars\n"
		"where\n  and\n    exists \"film!film_id\"\n"
		"      eq title \"x\" as varchar\n    eq film \"y\" as text\n"
		"order -review_id\n"},
	    /* what is not there is dropped; that it is not there is said only
	     * to who may read the table that was looked at */
	    {__LINE__, "customer", "address.nope=1&nope.city=1&fields=email",
		"table public.customer\ntouches public.address\nselect "
		"email\norder -customer_id\n"},
	    {__LINE__, "customer", "address=1&address.city=1&fields=email",
		"table public.customer\ntouches public.address\nselect "
		"email\norder -customer_id\n"},
	    {__LINE__, "language", "dubbing.film_id=1",
		"error: bad_filter\ndubbing.film_id: The relation \"dubbing\" "
		"is ambiguous; write dubbing!language_id or "
		"dubbing!original_language_id.\n"},
	    {__LINE__, "rental", "customer.address.city.country.country=X",
		"error: limit_exceeded\ncustomer.address.city.country.country:"
		" At most 3 relations one behind the other.\n"},
	    {__LINE__, "rental", "fields=rental_id,customer.document.meta",
		"error: bad_filter\ncustomer.document.meta: Only relations to "
		"one row can be used here.\n"},
	    {__LINE__, "rental", "ordering=-payment.amount",
		"error: bad_filter\n-payment.amount: Only relations to one "
		"row can be used here.\n"},
	    /* the own table needs no second right */
	    {__LINE__, "staff", "manager.manager.first_name=X&fields=staff_id",
		"table public.staff\nselect staff_id\nwhere\n"
		"  exists manager\n    exists manager\n"
		"      eq first_name \"X\" as text\norder -staff_id\n"},
	    {__LINE__, "customer", "rental.customer.email=x&fields=email",
		"table public.customer\ntouches public.rental\nselect email\n"
		"where\n  exists rental\n    exists customer\n"
		"      eq email \"x\" as text\norder -customer_id\n"},
	};

	(void)state;
	run_cases(cases, COUNT(cases), &usual);
}

static struct path
new_path(const char *text, size_t nnames)
{
	struct path p = {.text = str_from(text)};
	struct str rest = p.text;

	p.names = arena_array(arena, struct str, nnames + 1);
	while (p.nnames < nnames && str_cut(&rest, '_', &p.names[p.nnames]))
		p.nnames++;
	return p;
}

static struct query *
new_where(const char *path, size_t nnames, const char *value)
{
	struct query *q = query_new(arena);

	q->where = arena_make(arena, struct expr);
	q->where->kind = EXPR_CMP;
	q->where->cmp.path = new_path(path, nnames);
	q->where->cmp.value.text = str_from(value);
	return q;
}

/* names split at every underscore, as the v2 dialect does */
static void
test_split_names(void **state)
{
	static const struct {
		int line;
		const char *table, *path;
		size_t n;
		const char *want;
	} cases[] = {
	    {__LINE__, "customer", "first_name", 2,
		"  eq first_name \"1\" as text\n"},
	    {__LINE__, "film", "film_actor_actor_id", 4,
		"  exists film_actor\n    eq actor_id \"1\" as int2\n"},
	    {__LINE__, "film", "film_actor_actor_first_name", 5,
		"  exists film_actor\n    exists actor\n"
		"      eq first_name \"1\" as text\n"},
	    {__LINE__, "dubbing", "original_language_name", 3,
		"  exists original_language\n"
		"    eq name \"1\" as varchar\n"},
	    {__LINE__, "document", "customer_document_meta_a_b", 5,
		"  exists customer\n    exists document\n"
		"      eq meta->a->b \"1\"\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct query *q = new_where(cases[i].path, cases[i].n, "1");
		const char *got = outcome(cases[i].table, q, &usual);

		if (strstr(got, cases[i].want) == NULL)
			fail_msg("line %d: %s", cases[i].line, got);
	}
}

static void
test_many_names(void **state)
{
	char text[200];
	struct query *q;

	(void)state;
	memset(text, '_', sizeof(text));
	text[100] = '\0';
	memcpy(text, "meta", 4);
	q = new_where(text, 64, "1");
	assert_non_null(strstr(outcome("document", q, &usual), "eq meta->"));
	q = new_where(text, 65, "1");
	assert_non_null(
	    strstr(outcome("document", q, &usual), "There are too many names"));
}

/* ---- conditions --------------------------------------------------------- */

static void
test_exists(void **state)
{
	static const struct tcase cases[] = {
	    /* one AND, one related row */
	    {__LINE__, "customer",
		"rental.staff_id=1&email=x&rental.inventory.film_id=2&"
		"rental.inventory.inventory_id=3&fields=email",
		"table public.customer\n"
		"touches public.rental public.inventory\nselect email\n"
		"where\n  and\n    exists rental\n      and\n"
		"        eq staff_id \"1\" as int4\n"
		"        exists inventory\n          and\n"
		"            eq film_id \"2\" as int4\n"
		"            eq inventory_id \"3\" as int4\n"
		"    eq email \"x\" as text\norder -customer_id\n"},
	    /* each of an OR may find its own */
	    {__LINE__, "customer",
		"or=(rental.staff_id=1;rental.staff_id=2)&fields=email",
		"table public.customer\ntouches public.rental\nselect email\n"
		"where\n  or\n    exists rental\n"
		"      eq staff_id \"1\" as int4\n    exists rental\n"
		"      eq staff_id \"2\" as int4\norder -customer_id\n"},
	    /* a negation stays inside to-one, and means "no row" of to-many */
	    {__LINE__, "rental",
		"customer.email__ne=x&customer.active=true&fields=rental_id",
		"table public.rental\ntouches public.customer\n"
		"select rental_id\nwhere\n  exists customer\n    and\n"
		"      ne email \"x\" as text\n"
		"      eq active \"true\" as bool\norder -rental_id\n"},
	    {__LINE__, "customer",
		"rental.staff_id__ne=1&rental.staff_id=2&fields=email",
		"table public.customer\ntouches public.rental\nselect email\n"
		"where\n  and\n    not exists rental\n"
		"      eq staff_id \"1\" as int4\n    exists rental\n"
		"      eq staff_id \"2\" as int4\norder -customer_id\n"},
	    {__LINE__, "address",
		"city.country.country__nin=A,B&"
		"customer.rental.staff_id__nbetween=1,2&fields=phone",
		"table public.address\n"
		"touches public.city public.country public.customer "
		"public.rental\nselect phone\nwhere\n  and\n"
		"    exists city\n      exists country\n"
		"        nin country \"A\" as text \"B\" as text\n"
		"    not exists customer\n      exists rental\n"
		"        between staff_id \"1\" as int4 \"2\" as int4\n"
		"order -address_id\n"},
	    /* that there is such a row at all */
	    {__LINE__, "staff", "badge__isnull=true&fields=staff_id",
		"table public.staff\ntouches public.badge\nselect staff_id\n"
		"where\n  not exists badge\norder -staff_id\n"},
	    {__LINE__, "customer",
		"rental.payment__nnull=&rental.staff_id=1&fields=email",
		"table public.customer\n"
		"touches public.rental public.payment\nselect email\n"
		"where\n  exists rental\n    and\n      exists payment\n"
		"      eq staff_id \"1\" as int4\norder -customer_id\n"},
	    {__LINE__, "customer",
		"rental__nnull=&rental.staff_id=1&fields=email",
		"table public.customer\ntouches public.rental\nselect email\n"
		"where\n  exists rental\n    eq staff_id \"1\" as int4\n"
		"order -customer_id\n"},
	    /* members that are not there leave an AND, and nothing else */
	    {__LINE__, "customer", "email=x&nope=1&fields=email",
		"table public.customer\nselect email\nwhere\n"
		"  eq email \"x\" as text\norder -customer_id\n"},
	    {__LINE__, "customer", "not=(nope=1)",
		"error: unknown_column\nnope: There is no such column.\n"},
	    {__LINE__, "customer", "or=(email=x;address.nope=1)",
		"error: unknown_column\naddress.nope: There is no such "
		"column.\n"},
	};

	(void)state;
	run_cases(cases, COUNT(cases), &usual);
}

static void
test_operators(void **state)
{
	static const struct tcase cases[] = {
	    {__LINE__, "document",
		"tags__acontains=a,%22b,c%22,&tags__aoverlap=%7Bx%7D&"
		"tags__aelement=a,b&scores__contains=1,2&"
		"scores__acontainedby=%5B3%5D&scores__aelement=4&fields=tags",
		"table public.document\nselect tags\nwhere\n  and\n"
		"    acontains tags \"{\\\"a\\\",\\\"b,c\\\",\\\"\\\"}\" as "
		"_text\n    aoverlap tags \"{x}\" as _text\n"
		"    aelement tags \"a,b\" as text\n"
		"    acontains scores \"{\\\"1\\\",\\\"2\\\"}\" as _int4\n"
		"    acontainedby scores \"{\\\"3\\\"}\" as _int4\n"
		"    aelement scores \"4\" as int4\norder -document_id\n"},
	    {__LINE__, "document",
		"valid__contains=5&valid__aoverlap=%5B1,3)&"
		"valid__left_of=9&valid__adjacent=(,2%5D&fields=tags",
		"table public.document\nselect tags\nwhere\n  and\n"
		"    acontains valid \"[\\\"5\\\",\\\"5\\\"]\" as int4range\n"
		"    aoverlap valid \"[1,3)\" as int4range\n"
		"    left_of valid \"[\\\"9\\\",\\\"9\\\"]\" as int4range\n"
		"    adjacent valid \"(,2]\" as int4range\n"
		"order -document_id\n"},
	    {__LINE__, "document",
		"meta__contains=%7B%7D&meta.a__contains=x&meta.a__gt=5&"
		"meta.a__lt=b&meta.a__between=1,2&meta__has_any_keys=a,b&"
		"raw.a__ne=1&raw__has_key=k&fields=tags",
		"table public.document\nselect tags\nwhere\n  and\n"
		"    acontains meta \"{}\" as jsonb\n"
		"    contains meta->a \"x\"\n    gt meta->a \"5\" as jsonb\n"
		"    lt meta->a \"b\"\n"
		"    between meta->a \"1\" as jsonb \"2\" as jsonb\n"
		"    has_any_keys meta \"{\\\"a\\\",\\\"b\\\"}\" as _text\n"
		"    ne raw->a \"1\"\n    has_key raw \"k\"\n"
		"order -document_id\n"},
	    {__LINE__, "every",
		"c_datemultirange__contains=2026-01-31&"
		"c_datemultirange__acontains=%5B2026-01-31,)&"
		"c_enum__icontains=p&c_char__like=a%25&c_text__fts=x&"
		"fields=id",
		"table public.every\nselect id\nwhere\n  and\n"
		"    acontains c_datemultirange "
		"\"{[\\\"2026-01-31\\\",\\\"2026-01-31\\\"]}\" as "
		"datemultirange\n"
		"    acontains c_datemultirange \"{[2026-01-31,)}\" as "
		"datemultirange\n    icontains c_enum \"p\"\n"
		"    like c_char \"a%\"\n    fts c_text \"x\"\norder -id\n"},
	};
	static const struct {
		int line;
		const char *query, *field, *text;
	} wrong[] = {
	    {__LINE__, "c_int4__contains=1", "c_int4__contains",
		"Columns of type integer cannot be matched with a text."},
	    {__LINE__, "c_texts__icontains=1", "c_texts__icontains",
		"Columns of type text[] cannot be matched with a text."},
	    {__LINE__, "c_text__regex=1", "c_text__regex",
		"Regular expressions are not offered here."},
	    {__LINE__, "c_int4__fts=1", "c_int4__fts",
		"Columns of type integer cannot be searched for words."},
	    {__LINE__, "c_text__aoverlap=1", "c_text__aoverlap",
		"Columns of type text cannot be compared as sets."},
	    {__LINE__, "c_jsonb__aoverlap=1", "c_jsonb__aoverlap",
		"Columns of type jsonb cannot be compared as sets."},
	    {__LINE__, "c_json__acontains=1", "c_json__acontains",
		"Columns of type json cannot be compared as sets."},
	    {__LINE__, "c_boxes__aelement=1", "c_boxes__aelement",
		"Columns of type box[] cannot be asked for an element."},
	    {__LINE__, "c_text__aelement=1", "c_text__aelement",
		"Columns of type text cannot be asked for an element."},
	    {__LINE__, "c_texts__left_of=1", "c_texts__left_of",
		"Columns of type text[] cannot be compared as ranges."},
	    {__LINE__, "c_hstore__has_key=1", "c_hstore__has_key",
		"Columns of type hstore cannot be asked for a key."},
	    {__LINE__, "c_json=1", "c_json",
		"Columns of type json cannot be filtered."},
	    {__LINE__, "c_hstore__gt=a%3D%3E1", "c_hstore__gt",
		"Columns of type hstore cannot be compared."},
	    {__LINE__, "ordering=c_hstore", "c_hstore",
		"Columns of type hstore cannot be ordered by."},
	    {__LINE__, "c_box__gt=1", "c_box__gt",
		"Columns of type box cannot be compared."},
	    {__LINE__, "c_json__in=1", "c_json__in",
		"Columns of type json cannot be filtered."},
	    {__LINE__, "c_point__between=1,2", "c_point__between",
		"Columns of type point cannot be filtered."},
	    {__LINE__, "c_int4s__acontains=1,x", "c_int4s__acontains",
		"A valid integer is required."},
	    {__LINE__, "c_int4s__aelement=x", "c_int4s__aelement",
		"A valid integer is required."},
	    {__LINE__, "c_texts__acontains=%22a", "c_texts__acontains",
		"A quoted value must end with its quote."},
	    {__LINE__, "c_texts__acontains=%22a%22%22", "c_texts__acontains",
		"A quoted value must end with its quote."},
	    {__LINE__, "c_texts__acontains=%22a%22b", "c_texts__acontains",
		"A quoted value must end with its quote."},
	    {__LINE__, "c_int4range__contains=x", "c_int4range__contains",
		"A valid integer is required."},
	    {__LINE__, "c_int4range__contains=%5B1", "c_int4range__contains",
		"Must be a valid range."},
	    {__LINE__, "c_jsonb__contains=x", "c_jsonb__contains",
		"Must be valid JSON."},
	    {__LINE__, "c_jsonb.a__acontains=x", "c_jsonb.a__acontains",
		"Must be valid JSON."},
	    {__LINE__, "c_int4__in=1,x,y", "c_int4__in",
		"A valid integer is required."},
	};

	(void)state;
	run_cases(cases, COUNT(cases), &usual);
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct err err;
		struct query *q = parse(wrong[i].query, &err);
		int rc = query_resolve(arena, q, sample_schema(),
		    sample_table(STR("every")), &usual, &err);

		if (rc != -1 || err.fields == NULL ||
		    err.fields->next != NULL ||
		    !str_eq_c(err.fields->field, wrong[i].field) ||
		    strcmp(err.fields->text, wrong[i].text) != 0)
			fail_msg("line %d: %s", wrong[i].line,
			    err.fields == NULL ? "taken" : err.fields->text);
	}
}

/* what no dialect writes */
static void
test_strange_trees(void **state)
{
	struct query *q = query_new(arena);
	struct expr *exists = arena_make(arena, struct expr);
	struct expr *empty = arena_make(arena, struct expr);

	(void)state;
	exists->kind = EXPR_EXISTS;
	exists->text = STR("e");
	q->where = exists;
	assert_string_equal(outcome("film", q, &usual),
	    "error: bad_filter\ne: This kind of condition cannot be asked "
	    "for.\n");
	q = new_where("length", 1, "1");
	q->where->cmp.agg = AGG_MAX;
	assert_string_equal(outcome("film", q, &usual),
	    "error: bad_filter\nlength: Aggregates can only be compared in "
	    "having.\n");
	q = new_where("length", 0, "1");
	assert_string_equal(
	    outcome("film", q, &usual), "table public.film\norder -film_id\n");
	q = query_new(arena);
	empty->kind = EXPR_AND;
	q->where = empty;
	assert_string_equal(
	    outcome("film", q, &usual), "table public.film\norder -film_id\n");
}

/* ---- limits ------------------------------------------------------------- */

static void
test_limits(void **state)
{
	static const struct tcase cases[] = {
	    {__LINE__, "customer", "email=a&rental.staff_id=1&fields=email",
		"table public.customer\ntouches public.rental\nselect email\n"
		"where\n  and\n    eq email \"a\" as text\n"
		"    exists rental\n      eq staff_id \"1\" as int4\n"
		"order -customer_id\n"},
	    {__LINE__, "customer",
		"email=a&active=1&include=rental(staff_id=1)",
		"error: limit_exceeded\nAt most 2 filters.\n"},
	    {__LINE__, "customer", "or=(email=a;email=b;email=c)",
		"error: limit_exceeded\nAt most 2 filters.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&having=count(*)__gt=1;customer_id=1&"
		"amount=1",
		"error: limit_exceeded\nAt most 2 filters.\n"},
	    {__LINE__, "customer", "include=address.city",
		"table public.customer\ntouches public.address public.city\n"
		"order -customer_id\ninclude left address\n"
		"  table public.address\n  include left city\n"
		"    table public.city\n"},
	    {__LINE__, "customer", "include=address.city,rental",
		"error: limit_exceeded\nrental: At most 2 relations.\n"},
	    {__LINE__, "customer", "include=rental.staff.address",
		"error: limit_exceeded\nrental.staff.address: At most 2 "
		"relations one behind the other.\n"},
	    {__LINE__, "customer", "include=rental(staff.address.phone=1)",
		"error: limit_exceeded\nstaff.address.phone: At most 2 "
		"relations one behind the other.\n"},
	    {__LINE__, "customer", "address.city.country.country=1",
		"error: limit_exceeded\naddress.city.country.country: At most "
		"2 relations one behind the other.\n"},
	    {__LINE__, "customer", "address.city.country.nope=1",
		"error: limit_exceeded\naddress.city.country.nope: At most "
		"2 relations one behind the other.\n"},
	};
	struct query_limits tight = usual;

	(void)state;
	tight.max_filters = 2;
	tight.max_includes = 2;
	tight.max_depth = 2;
	/* the order of the last but one: the include is found too deep first */
	run_cases(cases, COUNT(cases), &tight);
	tight.max_depth = 0;
	run_cases(&(struct tcase){__LINE__, "customer", "address.phone=1",
		      "error: limit_exceeded\naddress.phone: At most 0 "
		      "relations one behind the other.\n"},
	    1, &tight);
}

static bool
is_not_rental(const void *arg, const struct table *t)
{
	return !str_eq_c(t->name, arg);
}

/* a relation that is not seen is as unknown as one that is not there */
static void
test_visible(void **state)
{
	static const struct {
		int line;
		const char *hidden, *there;
	} cases[] = {
	    {__LINE__, "rental.staff_id=1&fields=email",
		"nope__.staff_id=1&fields=email"},
	    {__LINE__, "include=rental", "include=nope__"},
	    {__LINE__, "include=address.customer.rental",
		"include=address.customer.nope__"},
	    {__LINE__, "fields=rental.staff_id", "fields=nope__.staff_id"},
	    {__LINE__, "rental__isnull=true", "nope____isnull=true"},
	};
	struct visible see = {is_not_rental, "rental"};
	struct query_limits limits = usual;

	(void)state;
	limits.visible = &see;
	for (int strict = 0; strict < 2; strict++) {
		limits.strict = strict;
		for (size_t i = 0; i < COUNT(cases); i++) {
			struct err err;
			const char *a = outcome(
			    "customer", parse(cases[i].hidden, &err), &limits);
			const char *b = outcome(
			    "customer", parse(cases[i].there, &err), &limits);
			char *same = arena_strdup(arena, b), *at;

			while ((at = strstr(same, "nope__")) != NULL)
				memcpy(at, "rental", 6);
			if (strcmp(a, same) != 0)
				fail_msg("line %d: %s", cases[i].line, a);
		}
	}
	/* of two that shared a name one is gone: the other has it */
	see.arg = "film_actor";
	run_cases(&(struct tcase){__LINE__, "film",
		      "actor.last_name=x&strict=1&fields=title",
		      "error: unknown_column\nactor.last_name: There is no "
		      "such column.\nstrict: There is no such column.\n"},
	    1, &limits);
}

/* ---- search ------------------------------------------------------------- */

/* a table that the caller cannot see is as absent from what is searched as one
 * that is not there; what it is called does not depend on that */
static void
test_search_visible(void **state)
{
	static const struct {
		int line;
		const char *table, *hidden, *want;
	} cases[] = {
	    {__LINE__, "rental", "",
		"table public.rental\ntouches public.customer "
		"public.inventory public.film\nselect rental_id\n"
		"search \"x\" in customer.email ^inventory.film.title "
		"customer.last_name\norder -rental_id\n"},
	    {__LINE__, "rental", "film",
		"table public.rental\ntouches public.customer\n"
		"select rental_id\nsearch \"x\" in customer.email "
		"customer.last_name\norder -rental_id\n"},
	    {__LINE__, "rental", "customer",
		"table public.rental\ntouches public.inventory public.film\n"
		"select rental_id\nsearch \"x\" in ^inventory.film.title\n"
		"order -rental_id\n"},
	    /* of the join table */
	    {__LINE__, "actor", "film_actor",
		"table public.actor\nselect actor_id\n"
		"search \"x\" in ^last_name\norder -actor_id\n"},
	    {__LINE__, "badge", "staff",
		"table public.badge\nselect staff_id\n"
		"search \"x\" in =code\norder -staff_id\n"},
	    {__LINE__, "payment", "customer",
		"error: bad_filter\nsearch: This table has no text columns "
		"to search.\n"},
	};
	struct query_limits limits = usual;
	struct visible see = {is_not_rental, NULL};

	(void)state;
	limits.visible = &see;
	limits.regex = true;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct table *t = sample_table(str_from(cases[i].table));

		see.arg = cases[i].hidden;
		run_cases(&(struct tcase){cases[i].line, cases[i].table,
			      arena_printf(arena, "search=x&fields=%.*s",
				  STR_ARGS(t->columns[0].name)),
			      cases[i].want},
		    1, &limits);
	}
}

/* the tables on the way to a column that is not there are touched as well:
 * whether it is there is no business of who may not read them */
static void
test_search_lost(void **state)
{
	struct query_limits limits = usual;
	struct str lost[] = {STR("customer.nope"), STR("staff_id"),
	    STR("inventory.film.nope"), STR("$staff.first_name"), STR("nope.x"),
	    STR("rental_id.x")};
	struct table t = *sample_table(STR("rental"));
	struct query *q;
	struct err err;

	(void)state;
	t.search = lost;
	t.nsearch = COUNT(lost);
	q = parse("search=x", &err);
	assert_int_equal(
	    query_resolve(arena, q, sample_schema(), &t, &limits, &err), -1);
	assert_int_equal(err.id, ERR_BAD_FILTER);
	assert_int_equal(err.nfields, 1);
	assert_true(str_eq_c(err.fields->field, "search"));
	assert_int_equal(q->ntouched, 3);
	assert_true(str_eq_c(q->touched[0]->name, "customer"));
	assert_true(str_eq_c(q->touched[1]->name, "inventory"));
	assert_true(str_eq_c(q->touched[2]->name, "film"));
}

static void
test_search_check(void **state)
{
	static const struct {
		int line;
		const char *table, *item, *wrong;
	} cases[] = {
	    {__LINE__, "film", "title", NULL},
	    {__LINE__, "film", "^title", NULL},
	    {__LINE__, "film", "=rating", NULL},
	    {__LINE__, "film", "$rating", NULL},
	    {__LINE__, "film", "@description", NULL},
	    {__LINE__, "film", "@fulltext", NULL},
	    {__LINE__, "film", "label", NULL},
	    {__LINE__, "film", "language.name", NULL},
	    {__LINE__, "film", "^actor__last_name", NULL},
	    {__LINE__, "document", "@meta.a.b", NULL},
	    {__LINE__, "every", "c_uuid", NULL},
	    {__LINE__, "every", "=c_inet", NULL},
	    {__LINE__, "every", "c_citext", NULL},
	    {__LINE__, "film", "titel", "There is no such column."},
	    {__LINE__, "film", "", "There is no such column."},
	    {__LINE__, "film", "^^title", "There is no such column."},
	    {__LINE__, "film", "language", "There is no such column."},
	    {__LINE__, "film", "language.nope", "There is no such column."},
	    {__LINE__, "dubbing", "language.name", NULL},
	    {__LINE__, "language", "dubbing.film.title",
		"The relation \"dubbing\" is ambiguous; write "
		"dubbing!language_id or dubbing!original_language_id."},
	    {__LINE__, "film", "fulltext",
		"a tsvector is searched with @ before its name"},
	    {__LINE__, "film", "^fulltext",
		"a tsvector is searched with @ before its name"},
	    {__LINE__, "film", "@rating",
		"only texts and tsvectors are searched with @"},
	    {__LINE__, "every", "@c_uuid",
		"only texts and tsvectors are searched with @"},
	    {__LINE__, "film", "film_id",
		"columns of this type are not searched"},
	    {__LINE__, "document", "meta",
		"columns of this type are not searched"},
	    {__LINE__, "document", "tags",
		"columns of this type are not searched"},
	    {__LINE__, "every", "=c_bytea",
		"columns of this type are not searched"},
	    /* a hidden and a write-only one */
	    {__LINE__, "account", "password_hash", "There is no such column."},
	    {__LINE__, "account", "pin", "There is no such column."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct touched touched;
		const char *wrong = query_search_check(arena, sample_schema(),
		    sample_table(str_from(cases[i].table)),
		    str_from(cases[i].item), &touched);

		if ((wrong == NULL) != (cases[i].wrong == NULL) ||
		    (wrong != NULL && strcmp(wrong, cases[i].wrong) != 0))
			fail_msg("line %d: %s: %s", cases[i].line,
			    cases[i].item, wrong != NULL ? wrong : "good");
	}
}

/* ---- select, except, distinct ------------------------------------------- */

static struct path
new_name(const char *name)
{
	struct path p = {.text = str_from(name), .nnames = 1};

	p.names = arena_array(arena, struct str, 1);
	p.names[0] = p.text;
	return p;
}

static struct query *
new_except(const char *a, const char *b)
{
	struct query *q = query_new(arena);

	q->except = arena_array(arena, struct path, 2);
	q->except[q->nexcept++] = new_name(a);
	if (b != NULL)
		q->except[q->nexcept++] = new_name(b);
	return q;
}

static void
test_except(void **state)
{
	struct query_limits strict = usual;
	struct query *q;
	struct err err;

	(void)state;
	strict.strict = true;
	assert_string_equal(outcome("city", new_except("city", NULL), &usual),
	    "table public.city\nselect city_id country_id\norder -city_id\n");
	assert_string_equal(outcome("city", new_except("nope", NULL), &usual),
	    "table public.city\norder -city_id\n");
	assert_string_equal(outcome("city", new_except("nope", NULL), &strict),
	    "error: unknown_column\nnope: There is no such column.\n");
	assert_string_equal(
	    outcome("country", new_except("country_id", "country"), &usual),
	    "error: bad_filter\ncountry_id: At least one column must be "
	    "left.\n");
	q = new_except("address.phone", NULL);
	q->except[0].names = arena_array(arena, struct str, 2);
	q->except[0].names[0] = STR("address");
	q->except[0].names[1] = STR("phone");
	q->except[0].nnames = 2;
	assert_string_equal(outcome("customer", q, &usual),
	    "error: bad_filter\naddress.phone: Only columns of the table "
	    "itself can "
	    "be left out.\n");
	/* a cursor orders by the key, which may not be selected */
	q = parse("fields=rating&distinct=true", &err);
	q->page.kind = PAGE_CURSOR;
	assert_string_equal(outcome("film", q, &usual),
	    "error: bad_param\ncursor: Cannot be combined with distinct.\n");
	/* what is named explicitly wins */
	q = parse("fields=city", &err);
	q->except = new_except("city", NULL)->except;
	q->nexcept = 1;
	assert_int_equal(query_resolve(arena, q, sample_schema(),
			     sample_table(STR("city")), &usual, &err),
	    0);
	assert_int_equal(q->nselect, 1);
}

static void
test_select(void **state)
{
	static const struct tcase cases[] = {
	    {__LINE__, "customer", "fields=email,email,address.phone",
		"table public.customer\ntouches public.address\n"
		"select email address.phone as \"address.phone\"\n"
		"order -customer_id\n"},
	    {__LINE__, "document", "fields=meta.a.b,meta",
		"table public.document\nselect meta->a->b as \"meta.a.b\" "
		"meta\norder -document_id\n"},
	    {__LINE__, "film", "fields=rating,length&distinct=true",
		"table public.film\nselect distinct rating length\n"
		"order rating length\n"},
	    {__LINE__, "film",
		"fields=rating,length&distinct=true&ordering=-length",
		"table public.film\nselect distinct rating length\n"
		"order -length rating\n"},
	    {__LINE__, "film",
		"fields=rating,language.name&distinct=true&"
		"ordering=language.name",
		"table public.film\ntouches public.language\n"
		"select distinct rating language.name as \"language.name\"\n"
		"order language.name rating\n"},
	    {__LINE__, "film", "fields=rating&distinct=true&ordering=title",
		"error: bad_filter\ntitle: With distinct only what is "
		"selected can be ordered by.\n"},
	    {__LINE__, "every", "fields=c_json&distinct=true",
		"error: bad_filter\nc_json: Columns of type json cannot be "
		"told apart.\n"},
	    {__LINE__, "film", "fields=rating&distinct=true&include=language",
		"error: bad_filter\ndistinct: Cannot be combined with "
		"include.\n"},
	    {__LINE__, "customer", "fields=nope,address.nope",
		"error: unknown_column\nnope: There is no such column.\n"
		"address.nope: There is no such column.\n"},
	};

	(void)state;
	run_cases(cases, COUNT(cases), &usual);
}

/* what dialects say with golden cases; here what only a tree can say */
static void
test_computed(void **state)
{
	static const struct tcase cases[] = {
	    {__LINE__, "film", "fields=label,label,label.x",
		"error: unknown_column\nlabel.x: There is no such column.\n"},
	    {__LINE__, "film", "fields=cents&distinct=true&ordering=label",
		"error: bad_filter\nlabel: With distinct only what is "
		"selected can be ordered by.\n"},
	    {__LINE__, "film", "label__gt=a&facts__has_key=b&fields=cents",
		"table public.film\nselect cents\nwhere\n  and\n"
		"    gt label \"a\" as text\n    has_key facts \"b\"\n"
		"order -film_id\n"},
	    {__LINE__, "film", "pool__aelement=1.5&fields=cents",
		"table public.film\nselect cents\nwhere\n"
		"  aelement pool \"1.5\" as numeric\norder -film_id\n"},
	    {__LINE__, "film", "cents__contains=1",
		"error: bad_filter\ncents__contains: Columns of type integer "
		"cannot be matched with a text.\n"},
	    {__LINE__, "film", "aggregate=sum(label)",
		"error: bad_filter\nlabel: Columns of type text cannot "
		"be the argument of sum.\n"},
	};
	const struct table *t = sample_table(STR("film"));
	struct str names[] = {STR("label"), STR("nope"), STR("title")};
	struct path also[3];
	struct body body;
	struct err err;
	struct query *q;

	(void)state;
	run_cases(cases, COUNT(cases), &usual);
	assert_null(table_column(t, STR("label")));
	assert_null(table_computed(t, STR("title")));
	assert_ptr_equal(table_computed(t, STR("label"))->computed_of, t);
	for (size_t i = 0; i < 3; i++)
		also[i] = (struct path){
		    .text = names[i], .names = &names[i], .nnames = 1};
	q = parse("distinct=true&fields=cents", &err);
	q->also = also;
	q->nalso = 1;
	assert_string_equal(outcome("film", q, &usual),
	    "table public.film\nselect distinct cents label\n"
	    "order cents label\n");
	q = parse("fields=cents", &err);
	q->also = also;
	q->nalso = 3;
	assert_string_equal(outcome("film", q, &usual),
	    "error: unknown_column\n"
	    "nope: There is no such computed value.\n"
	    "title: There is no such computed value.\n");
	q = query_new(arena);
	q->distinct = true;
	q->also = also;
	q->nalso = 1;
	q->order = arena_make(arena, struct order_key);
	q->order->path = (struct path){.text = STR("cents"),
	    .names = &(struct str){"cents", 5},
	    .nnames = 1};
	q->norder = 1;
	assert_string_equal(outcome("film", q, &usual),
	    "error: bad_filter\ncents: With distinct only what is selected "
	    "can be ordered by.\n");
	err_init(&err, arena);
	assert_int_equal(
	    body_parse(arena, t,
		json_parse(arena, STR("{\"cents\":1,\"label\":null}"), &err),
		BODY_PATCH, NULL, &body, &err),
	    -1);
	assert_int_equal(err.id, ERR_UNKNOWN_COLUMN);
}

/* ---- includes ----------------------------------------------------------- */

static void
test_include(void **state)
{
	static const struct tcase cases[] = {
	    {__LINE__, "customer",
		"include=address.city,rental(limit=2;ordering=staff.first_name)"
		"&fields=email",
		"table public.customer\n"
		"touches public.address public.rental public.city "
		"public.staff\nselect email\norder -customer_id\n"
		"include left address\n  table public.address\n"
		"  include left city\n    table public.city\n"
		"include left rental\n  table public.rental\n"
		"  order staff.first_name rental_id\n"
		"  slice limit 2 offset 0\n"},
	    {__LINE__, "film", "include=actor!inner(last_name=X)&fields=title",
		"table public.film\ntouches public.actor public.film_actor\n"
		"select title\norder -film_id\ninclude inner actor\n"
		"  table public.actor\n  where\n"
		"    eq last_name \"X\" as text\n  order -actor_id\n"},
	    /* the relation's own name, whatever it was called */
	    {__LINE__, "review", "include=x:film&fields=stars",
		"table public.review\ntouches public.film\nselect stars\n"
		"order -review_id\ninclude left \"film!film_id\" as x\n"
		"  table public.film\n"},
	    {__LINE__, "review", "include=film",
		"table public.review\ntouches public.film\n"
		"order -review_id\ninclude left \"film!film_id\"\n"
		"  table public.film\n"},
	    {__LINE__, "customer", "include=email:address",
		"error: bad_filter\nemail: Two parts of the answer would have "
		"this name.\n"},
	    {__LINE__, "customer", "fields=active&include=email:address",
		"table public.customer\ntouches public.address\n"
		"select active\norder -customer_id\n"
		"include left address as email\n  table public.address\n"},
	    /* what shows nothing takes no name */
	    {__LINE__, "customer", "include=email:rental!anti&fields=email",
		"table public.customer\ntouches public.rental\nselect email\n"
		"order -customer_id\ninclude anti rental as email\n"
		"  table public.rental\n  order -rental_id\n"},
	    {__LINE__, "customer", "include=x:address,x:rental",
		"error: bad_filter\nx: Two parts of the answer would have "
		"this name.\n"},
	    {__LINE__, "customer", "include=address(ordering=phone)",
		"error: bad_filter\naddress: There is only one such row: it "
		"has no order.\n"},
	    {__LINE__, "customer", "include=address(limit=1)",
		"error: bad_filter\naddress: There is only one such row: it "
		"has no limit.\n"},
	    {__LINE__, "customer", "include=nope,address.nope",
		"error: unknown_column\nnope: There is no such relation.\n"
		"address.nope: There is no such relation.\n"},
	    {__LINE__, "language", "include=dubbing",
		"error: bad_filter\ndubbing: The relation \"dubbing\" is "
		"ambiguous; write dubbing!language_id or "
		"dubbing!original_language_id.\n"},
	};

	(void)state;
	run_cases(cases, COUNT(cases), &usual);
}

static struct include
new_include(const char *name, struct query *q)
{
	return (struct include){
	    .text = str_from(name), .name = str_from(name), .query = q};
}

static struct query *
with_includes(const struct include *v, size_t n)
{
	struct query *q = query_new(arena);

	q->select = arena_array(arena, struct field, 1);
	q->select[0].path = new_path("email", 1);
	q->nselect = 1;
	q->include = arena_memdup(arena, v, n * sizeof(v[0]));
	q->ninclude = n;
	return q;
}

#define HEAD                                                                   \
	"table public.customer\ntouches public.rental\nselect email\n"         \
	"order -customer_id\n"

/* dialects may name a relation twice; it is one */
static void
test_merge(void **state)
{
	struct include v[2];
	struct err err;

	(void)state;
	v[0] =
	    new_include("rental", parse("fields=rental_id&staff_id=1", &err));
	v[1] = new_include(
	    "rental", parse("fields=staff_id,rental_id&inventory_id=2&limit=3&"
			    "ordering=staff_id",
			  &err));
	v[1].join = JOIN_INNER;
	assert_string_equal(outcome("customer", with_includes(v, 2), &usual),
	    HEAD "include inner rental\n  table public.rental\n"
		 "  select rental_id staff_id\n  where\n    and\n"
		 "      eq staff_id \"1\" as int4\n"
		 "      eq inventory_id \"2\" as int4\n"
		 "  order staff_id rental_id\n  slice limit 3 offset 0\n");
	/* with another alias it is another one */
	v[0] = new_include("rental", query_new(arena));
	v[1] = new_include("rental", query_new(arena));
	v[1].alias = STR("again");
	assert_string_equal(outcome("customer", with_includes(v, 2), &usual),
	    HEAD "include left rental\n  table public.rental\n"
		 "  order -rental_id\n"
		 "include left rental as again\n  table public.rental\n"
		 "  order -rental_id\n");
	v[0] = new_include("rental", query_new(arena));
	v[1] = new_include("rental", query_new(arena));
	v[0].query->page =
	    (struct page){.kind = PAGE_SLICE, .has_limit = true, .limit = 1};
	v[1].query->page =
	    (struct page){.kind = PAGE_SLICE, .has_limit = true, .limit = 2};
	assert_string_equal(outcome("customer", with_includes(v, 2), &usual),
	    "error: bad_filter\nrental: This relation is included twice with "
	    "different limits.\n");
	v[0] = new_include("rental", query_new(arena));
	v[1] = new_include("rental", query_new(arena));
	v[0].join = JOIN_ANTI;
	assert_string_equal(outcome("customer", with_includes(v, 2), &usual),
	    "error: bad_filter\nrental: A relation cannot be shown and be "
	    "absent at once.\n");
}

/* what lists have and included rows have not */
static void
test_stray(void **state)
{
	static const struct {
		int line;
		const char *query, *text;
	} cases[] = {
	    {__LINE__, "aggregate=count(*)", "Aggregates cannot be included."},
	    {__LINE__, "count=exact", "Included rows cannot be counted."},
	    {__LINE__, "page=1&count=none",
		"Included rows have a limit and an offset, no pages."},
	    {__LINE__, "cursor=",
		"Included rows have a limit and an offset, no pages."},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err;
		struct include v =
		    new_include("rental", parse(cases[i].query, &err));
		const char *got =
		    outcome("customer", with_includes(&v, 1), &usual);

		if (strstr(got, cases[i].text) == NULL)
			fail_msg("line %d: %s", cases[i].line, got);
	}
}

/* ---- groups ------------------------------------------------------------- */

static void
test_groups(void **state)
{
	static const struct tcase cases[] = {
	    {__LINE__, "payment", "aggregate=count(*),sum(amount)",
		"table public.payment\n"
		"select count(*) as count sum(amount) as sum_amount\n"},
	    {__LINE__, "payment",
		"group_by=customer.address.district,customer_id&"
		"aggregate=avg(took),max(customer.email) as m&"
		"ordering=-m,customer_id",
		"table public.payment\n"
		"touches public.customer public.address\n"
		"select customer.address.district as "
		"\"customer.address.district\" customer_id "
		"avg(took) as avg_took max(customer.email) as m\n"
		"group customer.address.district customer_id\n"
		"order -max(customer.email) customer_id "
		"customer.address.district\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=count(distinct rental_id)&"
		"fields=customer_id&ordering=count_rental_id:nullslast",
		"table public.payment\n"
		"select customer_id count(distinct rental_id) as "
		"count_rental_id\ngroup customer_id\n"
		"order count(distinct rental_id) nulls last customer_id\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=sum(amount) as s&"
		"having=s__gt=5;s__between=1,9;count(*)__ne=3;customer_id__in="
		"%221,2%22",
		"error: bad_value\ncustomer_id__in: A valid integer is "
		"required.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=sum(amount) as s&"
		"having=s__gt=5;s__nbetween=1,9;count(*)__ne=3;customer_id__in="
		"1,2;s__in=7",
		"table public.payment\nselect customer_id sum(amount) as s\n"
		"group customer_id\nhaving\n  and\n"
		"    gt sum(amount) \"5\" as numeric\n    not\n      and\n"
		"        gte sum(amount) \"1\" as numeric\n"
		"        lte sum(amount) \"9\" as numeric\n"
		"    ne count(*) \"3\" as int8\n"
		"    in customer_id \"1\" as int4 \"2\" as int4\n    or\n"
		"      eq sum(amount) \"7\" as numeric\n"
		"order customer_id\n"},
	    {__LINE__, "film", "group_by=rating,rating",
		"table public.film\nselect rating\ngroup rating\n"
		"order rating\n"},
	    {__LINE__, "payment", "group_by=customer_id&aggregate=sum(nope)",
		"error: unknown_column\nnope: There is no such column.\n"},
	    {__LINE__, "payment", "group_by=nope",
		"error: unknown_column\nnope: There is no such column.\n"},
	    {__LINE__, "customer", "group_by=rental.staff_id",
		"error: bad_filter\nrental.staff_id: Only relations to one "
		"row can be used here.\n"},
	    {__LINE__, "customer", "aggregate=count(rental.staff_id)",
		"error: bad_filter\nrental.staff_id: Only relations to one "
		"row can be used here.\n"},
	    {__LINE__, "every", "group_by=c_json",
		"error: bad_filter\nc_json: Columns of type json cannot be "
		"grouped by.\n"},
	    {__LINE__, "every", "aggregate=sum(c_text)",
		"error: bad_filter\nc_text: Columns of type text cannot be "
		"the argument of sum.\n"},
	    {__LINE__, "every", "aggregate=max(c_bool)",
		"error: bad_filter\nc_bool: Columns of type boolean cannot be "
		"the argument of max.\n"},
	    {__LINE__, "every", "aggregate=min(c_uuid)",
		"error: bad_filter\nc_uuid: Columns of type uuid cannot be "
		"the argument of min.\n"},
	    {__LINE__, "every", "aggregate=count(distinct c_json)",
		"error: bad_filter\nc_json: Columns of type json cannot be "
		"told apart.\n"},
	    {__LINE__, "document", "aggregate=avg(meta.a)",
		"error: bad_filter\nmeta.a: Columns of type jsonb cannot be "
		"the argument of avg.\n"},
	    {__LINE__, "every",
		"aggregate=count(c_json),min(c_inet),max(c_enum)",
		"table public.every\nselect count(c_json) as count_c_json "
		"min(c_inet) as min_c_inet max(c_enum) as max_c_enum\n"},
	    {__LINE__, "payment", "aggregate=sum(amount),sum(distinct amount)",
		"error: bad_filter\nsum_amount: Two parts of the answer would "
		"have this name.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=count(*) as customer_id",
		"error: bad_filter\ncustomer_id: Two parts of the answer "
		"would have this name.\n"},
	    {__LINE__, "payment", "fields=amount&aggregate=count(*)",
		"error: bad_filter\namount: Only what is grouped by can stand "
		"beside an aggregate.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&ordering=amount&aggregate=count(*)",
		"error: bad_filter\namount: Groups can be ordered by what "
		"they are grouped by and by aggregates.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&ordering=nope&aggregate=count(*)",
		"table public.payment\nselect customer_id count(*) as count\n"
		"group customer_id\norder customer_id\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=count(*)&having=nope=1",
		"error: unknown_column\nnope: There is no such column.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=count(*)&having=amount=1",
		"error: bad_filter\namount: Only aggregates and what is "
		"grouped by can be compared here.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=count(*)&"
		"having=count__isnull=true",
		"error: bad_filter\ncount__isnull: Aggregates can only be "
		"compared with values.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=count(*)&having=count=1.5",
		"error: bad_value\ncount: A valid integer is required.\n"},
	    {__LINE__, "payment",
		"group_by=customer_id&aggregate=count(*)&"
		"having=count__contains=1",
		"error: bad_filter\ncount__contains: Columns of type int8 "
		"cannot be matched with a text.\n"},
	};

	(void)state;
	run_cases(cases, COUNT(cases), &usual);
}

/* what the native dialect refuses by itself, and another might not */
static void
test_strange_groups(void **state)
{
	struct query *q = query_new(arena);
	struct include in = new_include("rental", query_new(arena));
	struct err err;

	(void)state;
	q->having = new_where("count", 1, "1")->where;
	assert_string_equal(outcome("film", q, &usual),
	    "error: bad_filter\nhaving: Having needs a group or an "
	    "aggregate.\n");
	q = parse("aggregate=count(*)", &err);
	q->select[0].distinct = true;
	assert_string_equal(outcome("film", q, &usual),
	    "error: bad_filter\ncount(*): Only count can do without a "
	    "column.\n");
	q = parse("aggregate=count(*)", &err);
	q->select[0].agg = AGG_SUM;
	assert_string_equal(outcome("film", q, &usual),
	    "error: bad_filter\ncount(*): Only count can do without a "
	    "column.\n");
	q = parse("aggregate=count(*)", &err);
	q->include = &in;
	q->ninclude = 1;
	q->distinct = true;
	q->page.kind = PAGE_CURSOR;
	assert_string_equal(outcome("customer", q, &usual),
	    "error: bad_filter\ndistinct: Groups are distinct by "
	    "themselves.\nrental: Groups have no relations.\n"
	    "cursor: Groups have no cursor.\ndistinct: Cannot be combined "
	    "with include.\n");
}

/* ---- order -------------------------------------------------------------- */

static void
test_order(void **state)
{
	static const struct tcase cases[] = {
	    {__LINE__, "customer",
		"ordering=-address.city.city,address__city__city,email&"
		"fields=email",
		"table public.customer\ntouches public.address public.city\n"
		"select email\norder -address.city.city email customer_id\n"},
	    {__LINE__, "document", "ordering=meta.a,-raw.b&fields=tags",
		"table public.document\nselect tags\n"
		"order meta->a -raw->b document_id\n"},
	    {__LINE__, "odd", "ordering=-minus&fields=id",
		"table public.odd\nselect id\norder \"-minus\" id\n"},
	    {__LINE__, "odd", "ordering=--minus&fields=id",
		"table public.odd\nselect id\norder -\"-minus\" id\n"},
	    {__LINE__, "every", "ordering=c_json",
		"error: bad_filter\nc_json: Columns of type json cannot be "
		"ordered by.\n"},
	    {__LINE__, "log", "fields=line",
		"table public.log\nselect line\norder at line\n"},
	    {__LINE__, "customer", "ordering=address,nope&fields=email",
		"table public.customer\nselect email\norder -customer_id\n"},
	};

	(void)state;
	run_cases(cases, COUNT(cases), &usual);
}

/* ---- cursors ------------------------------------------------------------ */

static struct str
make_cursor(const char *table, const char *query, const struct str *texts,
    const struct query_limits *limits)
{
	struct err err;
	struct query *q = parse(query, &err);

	if (query_resolve(arena, q, sample_schema(),
		sample_table(str_from(table)), limits, &err) != 0)
		fail_msg("%s", query);
	return query_cursor(arena, q, texts, limits);
}

/* the question with that cursor; NULL: refused */
static struct query *
ask(const char *table, const char *query, struct str cursor,
    const struct query_limits *limits, struct err *err)
{
	struct query *q = parse(query, err);

	q->page.cursor = cursor;
	return query_resolve(arena, q, sample_schema(),
		   sample_table(str_from(table)), limits, err) == 0
		   ? q
		   : NULL;
}

static void
test_cursor(void **state)
{
	static const struct {
		int line;
		const char *table, *query;
		struct str texts[4];
	} cases[] = {
	    {__LINE__, "film", "cursor=", {{"7", 1}}},
	    {__LINE__, "film", "cursor=&ordering=length,-title",
		{{NULL, 0}, {"", 0}, {"7", 1}}},
	    {__LINE__, "film", "cursor=&ordering=language.name&rating=G",
		{{"a\0b", 3}, {"7", 1}}},
	    {__LINE__, "film_actor", "cursor=", {{"1", 1}, {"2", 1}}},
	    {__LINE__, "film_list", "cursor=", {{"1", 1}}},
	    {__LINE__, "document", "cursor=&ordering=meta.a",
		{{"{\"x\": 1}", 8}, {"2", 1}}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err;
		struct str c = make_cursor(
		    cases[i].table, cases[i].query, cases[i].texts, &usual);
		struct query *q =
		    ask(cases[i].table, cases[i].query, c, &usual, &err);

		if (q == NULL)
			fail_msg("line %d: refused", cases[i].line);
		for (size_t k = 0; k < q->norder; k++) {
			const struct value *v = &q->page.after[k];
			struct str want = cases[i].texts[k];

			if (v->is_null != (want.p == NULL) ||
			    !str_eq(v->text, want) || v->type == NULL)
				fail_msg(
				    "line %d: value %zu", cases[i].line, k);
		}
	}
}

static void
want_refused(int line, const char *table, const char *query, struct str cursor,
    const struct query_limits *limits)
{
	struct err err;

	if (ask(table, query, cursor, limits, &err) != NULL)
		fail_msg("line %d: taken", line);
	if (err.id != ERR_BAD_PARAM || err.fields == NULL ||
	    !str_eq_c(err.fields->field, "cursor"))
		fail_msg("line %d: %s", line, err_code(err.id));
}

/* not one bit of it may differ, and it is good for its question alone */
static void
test_cursor_refused(void **state)
{
	static const char query[] = "cursor=&limit=5&rating=G&ordering=title";
	static const struct {
		int line;
		bool same;
		const char *query;
	} others[] = {
	    {__LINE__, true, "cursor=&limit=9&rating=G&ordering=title"},
	    {__LINE__, true,
		"cursor=&rating=G&ordering=title&count=exact&format=csv"},
	    {__LINE__, true, "ordering=title,film_id&cursor=&rating=G"},
	    {__LINE__, false, "cursor=&limit=5&rating=PG&ordering=title"},
	    {__LINE__, false, "cursor=&limit=5&rating__ne=G&ordering=title"},
	    {__LINE__, false, "cursor=&limit=5&ordering=title"},
	    {__LINE__, false, "cursor=&limit=5&rating=G&ordering=-title"},
	    {__LINE__, false,
		"cursor=&limit=5&rating=G&ordering=title:nullsfirst"},
	    {__LINE__, false, "cursor=&limit=5&rating=G&ordering=description"},
	    {__LINE__, false, "cursor=&limit=5&rating=G&ordering=title,rating"},
	    {__LINE__, false,
		"cursor=&limit=5&rating=G&ordering=title&search=x"},
	};
	static const struct str texts[] = {{"ACE", 3}, {"7", 1}};
	struct query_limits other = usual, none = usual;
	struct str c = make_cursor("film", query, texts, &usual), bytes;
	struct buf b;
	struct err err;

	(void)state;
	other.cursor_key = STR("key of others...");
	none.cursor_key = STR_NONE;
	for (size_t i = 0; i < COUNT(others); i++) {
		if (!others[i].same)
			want_refused(
			    others[i].line, "film", others[i].query, c, &usual);
		else if (ask("film", others[i].query, c, &usual, &err) == NULL)
			fail_msg("line %d: refused", others[i].line);
	}
	want_refused(__LINE__, "film", query, c, &other);
	want_refused(__LINE__, "film", query, c, &none);
	want_refused(__LINE__, "film", query, STR_NONE, &none);
	want_refused(__LINE__, "log", "cursor=", STR_NONE, &usual);
	want_refused(__LINE__, "film", query, STR("not base64!"), &usual);
	want_refused(__LINE__, "film", query, STR("AQ"), &usual);
	assert_int_equal(base64url_decode(arena, c, &bytes), 0);
	for (size_t i = 0; i < bytes.len; i++) {
		char *spoiled = arena_memdup(arena, bytes.p, bytes.len);

		spoiled[i] = (char)(spoiled[i] ^ 1 << i % 8);
		buf_init(&b, arena, 1000);
		buf_base64url(&b, (struct str){spoiled, bytes.len});
		want_refused((int)i, "film", query, buf_view(&b), &usual);
		buf_clear(&b);
		buf_base64url(&b, str_sub(bytes, 0, i));
		if (i > 0)
			want_refused(
			    (int)i, "film", query, buf_view(&b), &usual);
	}
	want_refused(__LINE__, "film", query,
	    str_from(arena_printf(arena, "%.*sAA", STR_ARGS(c))), &usual);
}

static int
drop_all(void **state)
{
	schema_free(sample_schema());
	return drop_arena(state);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_split_names),
	    cmocka_unit_test(test_many_names),
	    cmocka_unit_test(test_exists),
	    cmocka_unit_test(test_operators),
	    cmocka_unit_test(test_strange_trees),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_visible),
	    cmocka_unit_test(test_search_visible),
	    cmocka_unit_test(test_search_lost),
	    cmocka_unit_test(test_search_check),
	    cmocka_unit_test(test_except),
	    cmocka_unit_test(test_select),
	    cmocka_unit_test(test_computed),
	    cmocka_unit_test(test_include),
	    cmocka_unit_test(test_merge),
	    cmocka_unit_test(test_stray),
	    cmocka_unit_test(test_groups),
	    cmocka_unit_test(test_strange_groups),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_cursor),
	    cmocka_unit_test(test_cursor_refused),
	};

	return cmocka_run_group_tests_name(
	    "query resolve", tests, make_arena, drop_all);
}
