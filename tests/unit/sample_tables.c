/*
 * film and its neighbours are like pagila's; every has a column of each kind
 * of type; odd has names that need quoting; the others are for one rule each.
 * Their relations come out of a snapshot, as everywhere: it is written to a
 * file, which is gone as soon as it is open.
 */
#include "sample_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"

#define S(x)                                                                   \
	{                                                                      \
		"" x, sizeof(x) - 1                                            \
	}

#define BUILTIN(c, n, d)                                                       \
	.class = TYPE_##c, .schema = S("pg_catalog"), .name = S(n),            \
	.display = S(d), .base_schema = S("pg_catalog"), .base_name = S(n)
#define OWN(c, n)                                                              \
	.class = TYPE_##c, .schema = S("public"), .name = S(n),                \
	.display = S(n), .base_schema = S("public"), .base_name = S(n)

static struct type t_bool = {BUILTIN(BOOL, "bool", "boolean")};
static struct type t_int2 = {BUILTIN(INT2, "int2", "smallint")};
static struct type t_int4 = {BUILTIN(INT4, "int4", "integer")};
static struct type t_int8 = {BUILTIN(INT8, "int8", "bigint")};
static struct type t_numeric = {BUILTIN(NUMERIC, "numeric", "numeric")};
static struct type t_money4 = {
    BUILTIN(NUMERIC, "numeric", "numeric(4,2)"), .precision = 4, .scale = 2};
static struct type t_float4 = {BUILTIN(FLOAT4, "float4", "real")};
static struct type t_float8 = {BUILTIN(FLOAT8, "float8", "double precision")};
static struct type t_text = {BUILTIN(TEXT, "text", "text")};
static struct type t_name = {BUILTIN(TEXT, "name", "name")};
static struct type t_varchar5 = {
    BUILTIN(TEXT, "varchar", "character varying(5)"), .max_len = 5};
static struct type t_varchar255 = {
    BUILTIN(TEXT, "varchar", "character varying(255)"), .max_len = 255};
static struct type t_char3 = {
    BUILTIN(CHAR, "bpchar", "character(3)"), .max_len = 3};
static struct type t_onechar = {BUILTIN(BUILTIN, "char", "\"char\"")};
static struct type t_citext = {OWN(TEXT, "citext")};
static struct type t_bytea = {BUILTIN(BYTEA, "bytea", "bytea")};
static struct type t_date = {BUILTIN(DATE, "date", "date")};
static struct type t_time = {BUILTIN(TIME, "time", "time without time zone")};
static struct type t_timetz = {
    BUILTIN(TIMETZ, "timetz", "time with time zone")};
static struct type t_timestamp = {
    BUILTIN(TIMESTAMP, "timestamp", "timestamp without time zone")};
static struct type t_timestamptz = {
    BUILTIN(TIMESTAMPTZ, "timestamptz", "timestamp with time zone")};
static struct type t_interval = {BUILTIN(INTERVAL, "interval", "interval")};
static struct type t_uuid = {BUILTIN(UUID, "uuid", "uuid")};
static struct type t_json = {BUILTIN(JSON, "json", "json")};
static struct type t_jsonb = {BUILTIN(JSONB, "jsonb", "jsonb")};
static struct type t_inet = {BUILTIN(BUILTIN, "inet", "inet")};
static struct type t_oid = {BUILTIN(BUILTIN, "oid", "oid")};
static struct type t_point = {BUILTIN(BUILTIN, "point", "point")};
static struct type t_box = {BUILTIN(BUILTIN, "box", "box")};
static struct type t_tsvector = {BUILTIN(BUILTIN, "tsvector", "tsvector")};
static struct type t_hstore = {OWN(OTHER, "hstore")};

static struct type t_year = {.class = TYPE_INT4,
    .is_domain = true,
    .schema = S("public"),
    .name = S("year"),
    .display = S("year"),
    .base_schema = S("pg_catalog"),
    .base_name = S("int4")};

static struct str ratings[] = {S("G"), S("PG"), S("PG-13"), S("R"), S("NC-17")};
static struct type t_rating = {
    OWN(ENUM, "mpaa"), .labels = ratings, .nlabels = 5};

static struct type t_texts = {
    BUILTIN(ARRAY, "_text", "text[]"), .element = &t_text};
static struct type t_int4s = {
    BUILTIN(ARRAY, "_int4", "integer[]"), .element = &t_int4};
static struct type t_int8s = {
    BUILTIN(ARRAY, "_int8", "bigint[]"), .element = &t_int8};
static struct type t_numerics = {
    BUILTIN(ARRAY, "_numeric", "numeric[]"), .element = &t_numeric};
static struct type t_byteas = {
    BUILTIN(ARRAY, "_bytea", "bytea[]"), .element = &t_bytea};
static struct type t_jsonbs = {
    BUILTIN(ARRAY, "_jsonb", "jsonb[]"), .element = &t_jsonb};
static struct type t_boxes = {
    BUILTIN(ARRAY, "_box", "box[]"), .element = &t_box};
static struct type t_dates = {
    BUILTIN(ARRAY, "_date", "date[]"), .element = &t_date};

static struct type_field address_fields[] = {
    {S("street"), &t_text}, {S("number"), &t_int4}};
static struct type t_address = {
    OWN(COMPOSITE, "place"), .fields = address_fields, .nfields = 2};
static struct type_field secret_fields[] = {
    {S("key"), &t_bytea}, {S("amount"), &t_numeric}, {S("at"), &t_timestamp}};
static struct type t_secret = {
    OWN(COMPOSITE, "secret"), .fields = secret_fields, .nfields = 3};
static struct type t_secrets = {OWN(ARRAY, "_secret"), .element = &t_secret};

static struct type t_int4range = {BUILTIN(RANGE, "int4range", "int4range")};
static struct type t_tsrange = {BUILTIN(RANGE, "tsrange", "tsrange")};
static struct type t_datemultirange = {
    BUILTIN(RANGE, "datemultirange", "datemultirange")};

/* filtered and ordered; needed and given are the usual mixtures */
#define USUAL  .updatable = true, .has_eq = true, .has_order = true
#define NEEDED .not_null = true, USUAL
#define GIVEN  .has_default = true, NEEDED

static struct column film_columns[] = {
    {S("film_id"), 1, &t_int4, GIVEN},
    {S("title"), 2, &t_varchar255, NEEDED},
    {S("description"), 3, &t_text, USUAL},
    {S("release_year"), 4, &t_year, USUAL},
    {S("language_id"), 5, &t_int2, NEEDED},
    {S("rental_rate"), 6, &t_money4, GIVEN},
    {S("length"), 7, &t_int2, USUAL},
    {S("rating"), 8, &t_rating, .has_default = true, USUAL},
    {S("last_update"), 9, &t_timestamptz, GIVEN},
    {S("special_features"), 10, &t_texts, USUAL},
    {S("fulltext"), 11, &t_tsvector, GIVEN},
};

static struct column film_actor_columns[] = {
    {S("actor_id"), 1, &t_int2, NEEDED},
    {S("film_id"), 2, &t_int2, NEEDED},
    {S("last_update"), 3, &t_timestamptz, GIVEN},
};

static struct column every_columns[] = {
    {S("id"), 1, &t_int8, .identity = IDENTITY_BY_DEFAULT, NEEDED},
    {S("c_bool"), 2, &t_bool, USUAL},
    {S("c_int2"), 3, &t_int2, USUAL},
    {S("c_int4"), 4, &t_int4, USUAL},
    {S("c_int8"), 5, &t_int8, USUAL},
    {S("c_numeric"), 6, &t_numeric, USUAL},
    {S("c_money"), 7, &t_money4, USUAL},
    {S("c_float4"), 8, &t_float4, USUAL},
    {S("c_float8"), 9, &t_float8, USUAL},
    {S("c_text"), 10, &t_text, USUAL},
    {S("c_varchar"), 11, &t_varchar5, USUAL},
    {S("c_char"), 12, &t_char3, USUAL},
    {S("c_name"), 13, &t_name, USUAL},
    {S("c_onechar"), 14, &t_onechar, USUAL},
    {S("c_citext"), 15, &t_citext, USUAL},
    {S("c_bytea"), 16, &t_bytea, USUAL},
    {S("c_date"), 17, &t_date, USUAL},
    {S("c_time"), 18, &t_time, USUAL},
    {S("c_timetz"), 19, &t_timetz, USUAL},
    {S("c_timestamp"), 20, &t_timestamp, USUAL},
    {S("c_timestamptz"), 21, &t_timestamptz, USUAL},
    {S("c_interval"), 22, &t_interval, USUAL},
    {S("c_uuid"), 23, &t_uuid, USUAL},
    {S("c_json"), 24, &t_json, .updatable = true},
    {S("c_jsonb"), 25, &t_jsonb, USUAL},
    {S("c_enum"), 26, &t_rating, USUAL},
    {S("c_domain"), 27, &t_year, USUAL},
    {S("c_inet"), 28, &t_inet, USUAL},
    {S("c_oid"), 29, &t_oid, USUAL},
    {S("c_point"), 30, &t_point, .updatable = true},
    {S("c_box"), 31, &t_box, .updatable = true, .has_eq = true},
    {S("c_hstore"), 32, &t_hstore, .updatable = true, .has_eq = true},
    {S("c_texts"), 33, &t_texts, USUAL},
    {S("c_int4s"), 34, &t_int4s, USUAL},
    {S("c_int8s"), 35, &t_int8s, USUAL},
    {S("c_numerics"), 36, &t_numerics, USUAL},
    {S("c_byteas"), 37, &t_byteas, USUAL},
    {S("c_jsonbs"), 38, &t_jsonbs, USUAL},
    {S("c_boxes"), 39, &t_boxes, .updatable = true},
    {S("c_dates"), 40, &t_dates, USUAL},
    {S("c_address"), 41, &t_address, USUAL},
    {S("c_secret"), 42, &t_secret, USUAL},
    {S("c_secrets"), 43, &t_secrets, USUAL},
    {S("c_int4range"), 44, &t_int4range, USUAL},
    {S("c_tsrange"), 45, &t_tsrange, USUAL},
    {S("c_datemultirange"), 46, &t_datemultirange, USUAL},
};

static struct column odd_columns[] = {
    {S("id"), 1, &t_int4, GIVEN},
    {S("search"), 2, &t_text, USUAL},
    {S("page"), 3, &t_int4, USUAL},
    {S("fields"), 4, &t_text, USUAL},
    {S("a,b"), 5, &t_text, USUAL},
    {S("Straße 1"), 6, &t_text, USUAL},
    {S("-minus"), 7, &t_int4, USUAL},
    {S("qu\"ote"), 8, &t_text, USUAL},
    {S("x"), 9, &t_int4, USUAL},
    {S("x__eq"), 10, &t_int4, USUAL},
    {S("select"), 11, &t_int4, USUAL},
    {S("t"), 12, &t_int4, USUAL},
};

static struct column log_columns[] = {
    {S("at"), 1, &t_timestamp, USUAL},
    {S("line"), 2, &t_text, USUAL},
    {S("data"), 3, &t_json, .updatable = true},
};

static struct column film_list_columns[] = {
    {S("film_id"), 1, &t_int4, USUAL},
    {S("title"), 2, &t_varchar255, .has_eq = true, .has_order = true},
};

static struct column pair_columns[] = {
    {S("a"), 1, &t_text, NEEDED},
    {S("b"), 2, &t_date, NEEDED},
};

/* a name that is two others with or between */
static struct column fork_columns[] = {
    {S("id"), 1, &t_int4, GIVEN},
    {S("left"), 2, &t_text, USUAL},
    {S("right"), 3, &t_text, USUAL},
    {S("left_or_right"), 4, &t_text, USUAL},
};

static struct column rules_columns[] = {
    {S("id"), 1, &t_int8, .identity = IDENTITY_ALWAYS, NEEDED},
    {S("name"), 2, &t_varchar5, NEEDED},
    {S("note"), 3, &t_text, USUAL},
    {S("flag"), 4, &t_bool, GIVEN},
    {S("size"), 5, &t_int4, .generated = true, USUAL},
    {S("price"), 6, &t_money4, NEEDED},
};

static struct column bits_columns[] = {
    {S("j"), 1, &t_json, .updatable = true},
    {S("p"), 2, &t_point, .updatable = true},
};

/* ---- neighbours of film ------------------------------------------------- */

static struct column country_columns[] = {
    {S("country_id"), 1, &t_int4, GIVEN},
    {S("country"), 2, &t_text, NEEDED},
};

static struct column city_columns[] = {
    {S("city_id"), 1, &t_int4, GIVEN},
    {S("city"), 2, &t_text, NEEDED},
    {S("country_id"), 3, &t_int4, NEEDED},
};

static struct column address_columns[] = {
    {S("address_id"), 1, &t_int4, GIVEN},
    {S("address"), 2, &t_text, NEEDED},
    {S("district"), 3, &t_text, USUAL},
    {S("city_id"), 4, &t_int4, NEEDED},
    {S("phone"), 5, &t_text, USUAL},
};

static struct column language_columns[] = {
    {S("language_id"), 1, &t_int2, GIVEN},
    {S("name"), 2, &t_varchar255, NEEDED},
};

static struct column actor_columns[] = {
    {S("actor_id"), 1, &t_int2, GIVEN},
    {S("first_name"), 2, &t_text, NEEDED},
    {S("last_name"), 3, &t_text, NEEDED},
};

static struct column staff_columns[] = {
    {S("staff_id"), 1, &t_int4, GIVEN},
    {S("first_name"), 2, &t_text, NEEDED},
    {S("manager_id"), 3, &t_int4, USUAL},
    {S("address_id"), 4, &t_int4, USUAL},
};

static struct column customer_columns[] = {
    {S("customer_id"), 1, &t_int4, GIVEN},
    {S("first_name"), 2, &t_text, NEEDED},
    {S("last_name"), 3, &t_text, NEEDED},
    {S("email"), 4, &t_text, USUAL},
    {S("address_id"), 5, &t_int4, NEEDED},
    {S("active"), 6, &t_bool, GIVEN},
    {S("create_date"), 7, &t_date, GIVEN},
};

static struct column inventory_columns[] = {
    {S("inventory_id"), 1, &t_int4, GIVEN},
    {S("film_id"), 2, &t_int4, NEEDED},
};

static struct column rental_columns[] = {
    {S("rental_id"), 1, &t_int4, GIVEN},
    {S("rental_date"), 2, &t_timestamptz, NEEDED},
    {S("inventory_id"), 3, &t_int4, NEEDED},
    {S("customer_id"), 4, &t_int4, NEEDED},
    {S("return_date"), 5, &t_timestamptz, USUAL},
    {S("staff_id"), 6, &t_int4, NEEDED},
};

static struct column payment_columns[] = {
    {S("payment_id"), 1, &t_int8, GIVEN},
    {S("customer_id"), 2, &t_int4, NEEDED},
    {S("rental_id"), 3, &t_int4, USUAL},
    {S("amount"), 4, &t_money4, NEEDED},
    {S("payment_date"), 5, &t_timestamptz, NEEDED},
    {S("took"), 6, &t_interval, USUAL},
};

/* two foreign keys to one table */
static struct column dubbing_columns[] = {
    {S("dubbing_id"), 1, &t_int4, GIVEN},
    {S("film_id"), 2, &t_int4, NEEDED},
    {S("language_id"), 3, &t_int2, NEEDED},
    {S("original_language_id"), 4, &t_int2, USUAL},
};

/* at most one for each member of staff */
static struct column badge_columns[] = {
    {S("staff_id"), 1, &t_int4, NEEDED},
    {S("code"), 2, &t_text, NEEDED},
};

/* a column is called as the relation would be */
static struct column review_columns[] = {
    {S("review_id"), 1, &t_int4, GIVEN},
    {S("film_id"), 2, &t_int4, NEEDED},
    {S("film"), 3, &t_text, USUAL},
    {S("stars"), 4, &t_int2, NEEDED},
};

/* keys of two columns */
static struct column shelf_columns[] = {
    {S("room"), 1, &t_int4, NEEDED},
    {S("number"), 2, &t_int4, NEEDED},
    {S("label"), 3, &t_text, USUAL},
};

static struct column slot_columns[] = {
    {S("slot_id"), 1, &t_int4, GIVEN},
    {S("room"), 2, &t_int4, USUAL},
    {S("number"), 3, &t_int4, USUAL},
    {S("inventory_id"), 4, &t_int4, USUAL},
};

/* what can hold more than one value */
static struct column document_columns[] = {
    {S("document_id"), 1, &t_int4, GIVEN},
    {S("customer_id"), 2, &t_int4, USUAL},
    {S("meta"), 3, &t_jsonb, USUAL},
    {S("raw"), 4, &t_json, .updatable = true},
    {S("tags"), 5, &t_texts, USUAL},
    {S("scores"), 6, &t_int4s, USUAL},
    {S("valid"), 7, &t_int4range, USUAL},
    {S("meta__kept"), 8, &t_text, USUAL},
    {S("words"), 9, &t_tsvector, USUAL},
};

/* what is not here (password_hash) is hidden; pin and must cannot be read */
static struct column account_columns[] = {
    {S("id"), 1, &t_int4, GIVEN},
    {S("name"), 3, &t_text, NEEDED},
    {S("staff_id"), 5, &t_int4, USUAL},
    {S("customer_id"), 6, &t_int4, USUAL},
    {S("pin"), 2, &t_varchar5, .updatable = true, .write_only = true},
    {S("must"), 4, &t_text, .not_null = true, .updatable = true,
	.write_only = true},
    {S("customer"), 7, &t_jsonb, .updatable = true, .write_only = true},
};

/* the columns at these positions are that table's */
#define FKEY(n, far, at, far_column)                                           \
	{                                                                      \
		.name = S(n), .columns = (uint16_t[]){at}, .ncolumns = 1,      \
		.far_table = S("public." far),                                 \
		.far_columns = (struct str[]){S(far_column)},                  \
		.far_unique = true                                             \
	}

static struct fkey account_fkeys[] = {
    FKEY("account_customer_fkey", "customer", 3, "customer_id"),
    FKEY("account_staff_fkey", "staff", 2, "staff_id")};
static struct fkey city_fkeys[] = {
    FKEY("city_country_fkey", "country", 2, "country_id")};
static struct fkey address_fkeys[] = {
    FKEY("address_city_fkey", "city", 3, "city_id")};
static struct fkey film_fkeys[] = {
    FKEY("film_language_fkey", "language", 4, "language_id")};
static struct fkey film_actor_fkeys[] = {
    FKEY("film_actor_actor_fkey", "actor", 0, "actor_id"),
    FKEY("film_actor_film_fkey", "film", 1, "film_id")};
static struct fkey staff_fkeys[] = {
    FKEY("staff_address_fkey", "address", 3, "address_id"),
    FKEY("staff_manager_fkey", "staff", 2, "staff_id")};
static struct fkey customer_fkeys[] = {
    FKEY("customer_address_fkey", "address", 4, "address_id")};
static struct fkey inventory_fkeys[] = {
    FKEY("inventory_film_fkey", "film", 1, "film_id")};
static struct fkey rental_fkeys[] = {
    FKEY("rental_customer_fkey", "customer", 3, "customer_id"),
    FKEY("rental_inventory_fkey", "inventory", 2, "inventory_id"),
    FKEY("rental_staff_fkey", "staff", 5, "staff_id")};
static struct fkey payment_fkeys[] = {
    FKEY("payment_customer_fkey", "customer", 1, "customer_id"),
    FKEY("payment_rental_fkey", "rental", 2, "rental_id")};
static struct fkey dubbing_fkeys[] = {
    FKEY("dubbing_film_fkey", "film", 1, "film_id"),
    FKEY("dubbing_language_fkey", "language", 2, "language_id"),
    FKEY("dubbing_original_fkey", "language", 3, "language_id")};
static struct fkey badge_fkeys[] = {
    FKEY("badge_staff_fkey", "staff", 0, "staff_id")};
static struct fkey review_fkeys[] = {
    FKEY("review_film_fkey", "film", 1, "film_id")};
static struct fkey slot_fkeys[] = {
    FKEY("slot_inventory_fkey", "inventory", 3, "inventory_id"),
    {.name = S("slot_shelf_fkey"),
	.columns = (uint16_t[]){1, 2},
	.ncolumns = 2,
	.far_table = S("public.shelf"),
	.far_columns = (struct str[]){S("room"), S("number")},
	.far_unique = true}};
static struct fkey document_fkeys[] = {
    FKEY("document_customer_fkey", "customer", 1, "customer_id")};

/* by functions of the row, which the snapshot says they are of */
#define COMPUTED(n, t) .name = S(n), .type = &t, .function_schema = S("public")
#define ASKED          .has_eq = true, .has_order = true
static struct column film_computed[] = {{COMPUTED("cents", t_int4), ASKED},
    {COMPUTED("facts", t_jsonb), ASKED}, {COMPUTED("label", t_text), ASKED},
    {COMPUTED("pool", t_numerics), ASKED}, {COMPUTED("spot", t_point)}};
static struct column customer_computed[] = {
    {COMPUTED("full_name", t_text), ASKED}};
/* called as the relation */
static struct column inventory_computed[] = {{COMPUTED("slot", t_text), ASKED}};
/* of columns that are hidden */
static struct column account_computed[] = {
    {COMPUTED("strength", t_int4), ASKED}};
/* of a table that has a column t */
static struct column odd_computed[] = {
    {COMPUTED("x__twice \"x\"", t_int4), ASKED}};

/* what the configuration has searched; some of it is not there */
static struct str actor_search[] = {S("^last_name"), S("film.title")};
static struct str document_search[] = {S("=meta__kept"), S("@meta__kept"),
    S("meta.colour"), S("@words"), S("@customer.full_name"), S("scores"),
    S("words"), S("@document_id"), S("meta")};
static struct str inventory_search[] = {S("film.title"), S("=film.rating"),
    S("@film.fulltext"), S("slot"), S("film.language.name")};
static struct str payment_search[] = {S("$customer.last_name")};
static struct str rental_search[] = {S("customer.email"), S("customer.nope"),
    S("^inventory__film__title"), S("customer.last_name")};
static struct str review_search[] = {S("nope"), S("stars")};
static struct str badge_search[] = {S("staff.manager.first_name"), S("=code"),
    S("staff.manager.address.phone")};

static uint16_t first[] = {0}, first_two[] = {0, 1};

#define COLUMNS(c)  .columns = c, .ncolumns = sizeof(c) / sizeof(c[0])
#define SEARCHES(s) .search = s, .nsearch = sizeof(s) / sizeof(s[0])
#define FKEYS(f)    .fkeys = f, .nfkeys = sizeof(f) / sizeof(f[0])
#define COMPUTES(c) .computed = c, .ncomputed = sizeof(c) / sizeof(c[0])
#define CAN         .can_insert = true, .can_update = true, .can_delete = true
#define NAMED(n)                                                               \
	.schema = S("public"), .name = S(n), .qname = S("public." n),          \
	.path = S(n), .est_rows = -1, CAN

struct table sample_tables[] = {
    {NAMED("film"), COLUMNS(film_columns), .key = first, .nkey = 1,
	FKEYS(film_fkeys), COMPUTES(film_computed)},
    {NAMED("film_actor"), COLUMNS(film_actor_columns), .key = first_two,
	.nkey = 2, FKEYS(film_actor_fkeys)},
    {NAMED("every"), COLUMNS(every_columns), .key = first, .nkey = 1},
    {NAMED("odd"), COLUMNS(odd_columns), .key = first, .nkey = 1,
	COMPUTES(odd_computed)},
    {NAMED("log"), COLUMNS(log_columns)},
    {NAMED("film_list"), COLUMNS(film_list_columns), .key = first, .nkey = 1,
	.kind = TABLE_VIEW},
    {NAMED("pair"), COLUMNS(pair_columns), .key = first_two, .nkey = 2,
	.row_security = true},
    {NAMED("rules"), COLUMNS(rules_columns), .key = first, .nkey = 1},
    {NAMED("bits"), COLUMNS(bits_columns)},
    {NAMED("fork"), COLUMNS(fork_columns), .key = first, .nkey = 1},
    {.schema = S("Old \"Stuff\""),
	.name = S("film list"),
	.qname = S("Old \"Stuff\".film list"),
	.path = S("Old \"Stuff\".film list"),
	.est_rows = -1,
	CAN,
	COLUMNS(film_actor_columns),
	.key = first_two,
	.nkey = 2},
    {NAMED("country"), COLUMNS(country_columns), .key = first, .nkey = 1},
    {NAMED("city"), COLUMNS(city_columns), .key = first, .nkey = 1,
	FKEYS(city_fkeys)},
    {NAMED("address"), COLUMNS(address_columns), .key = first, .nkey = 1,
	FKEYS(address_fkeys)},
    {NAMED("language"), COLUMNS(language_columns), .key = first, .nkey = 1},
    {NAMED("actor"), COLUMNS(actor_columns), .key = first, .nkey = 1,
	SEARCHES(actor_search)},
    {NAMED("staff"), COLUMNS(staff_columns), .key = first, .nkey = 1,
	FKEYS(staff_fkeys)},
    {NAMED("customer"), COLUMNS(customer_columns), .key = first, .nkey = 1,
	FKEYS(customer_fkeys), COMPUTES(customer_computed)},
    {NAMED("inventory"), COLUMNS(inventory_columns), .key = first, .nkey = 1,
	FKEYS(inventory_fkeys), COMPUTES(inventory_computed),
	SEARCHES(inventory_search)},
    {NAMED("rental"), COLUMNS(rental_columns), .key = first, .nkey = 1,
	FKEYS(rental_fkeys), SEARCHES(rental_search)},
    {NAMED("payment"), COLUMNS(payment_columns), .key = first, .nkey = 1,
	FKEYS(payment_fkeys), SEARCHES(payment_search)},
    {NAMED("dubbing"), COLUMNS(dubbing_columns), .key = first, .nkey = 1,
	FKEYS(dubbing_fkeys)},
    {NAMED("badge"), COLUMNS(badge_columns), .key = first, .nkey = 1,
	FKEYS(badge_fkeys), SEARCHES(badge_search)},
    {NAMED("review"), COLUMNS(review_columns), .key = first, .nkey = 1,
	FKEYS(review_fkeys), SEARCHES(review_search)},
    {NAMED("shelf"), COLUMNS(shelf_columns), .key = first_two, .nkey = 2},
    {NAMED("slot"), COLUMNS(slot_columns), .key = first, .nkey = 1,
	FKEYS(slot_fkeys)},
    {NAMED("document"), COLUMNS(document_columns), .key = first, .nkey = 1,
	FKEYS(document_fkeys), SEARCHES(document_search)},
    {NAMED("account"), .columns = account_columns, .ncolumns = 4,
	.nwrite_only = 3, .conceals = true, .key = first, .nkey = 1,
	FKEYS(account_fkeys), COMPUTES(account_computed)},
};

const size_t sample_ntables = sizeof(sample_tables) / sizeof(sample_tables[0]);

static size_t
find_table(const struct table *v, struct str qname)
{
	size_t i = 0;

	while (i + 1 < sample_ntables && !str_eq(v[i].qname, qname))
		i++;
	return i;
}

/* do these columns hold the whole key? */
static bool
is_unique(const struct table *t, const struct fkey *f)
{
	size_t inside = 0;

	for (size_t k = 0; k < t->nkey; k++)
		for (size_t i = 0; i < f->ncolumns; i++)
			inside += t->key[k] == f->columns[i];
	return t->nkey > 0 && inside == t->nkey;
}

/* the same foreign key as the table sees it at which it arrives */
static void
add_ref(struct arena *a, struct table *far, const struct table *t,
    const struct fkey *f)
{
	struct fkey *r = &far->refs[far->nrefs++];

	r->name = f->name;
	r->far_table = t->qname;
	r->ncolumns = f->ncolumns;
	r->columns = arena_array(a, uint16_t, f->ncolumns);
	r->far_columns = arena_array(a, struct str, f->ncolumns);
	r->far_unique = is_unique(t, f);
	for (size_t i = 0; i < f->ncolumns; i++) {
		const struct column *c = table_column(far, f->far_columns[i]);

		r->columns[i] = (uint16_t)(c - far->columns);
		r->far_columns[i] = t->columns[f->columns[i]].name;
	}
}

static int
compare_tables(const void *a, const void *b)
{
	const struct table *x = a, *y = b;

	return str_cmp(x->qname, y->qname);
}

static struct table *
relate_tables(struct arena *a)
{
	struct table *v = arena_memdup(a, sample_tables, sizeof(sample_tables));

	qsort(v, sample_ntables, sizeof(v[0]), compare_tables);
	for (size_t i = 0; i < sample_ntables; i++)
		v[i].refs = arena_array(a, struct fkey, 64);
	for (size_t i = 0; i < sample_ntables; i++)
		for (size_t k = 0; k < v[i].nfkeys; k++) {
			const struct fkey *f = &v[i].fkeys[k];

			add_ref(a, &v[find_table(v, f->far_table)], &v[i], f);
		}
	return v;
}

static void
die(const struct err *e)
{
	printf("Bail out! no sample schema: %s\n",
	    e->cause != NULL ? e->cause : "no folder for it");
	exit(1);
}

struct schema *
sample_schema(void)
{
	static struct schema *schema;
	char dir[] = "/tmp/sample.XXXXXX", path[sizeof(dir) + 10];
	struct arena *a;
	struct snapshot s = {.ntables = sample_ntables};
	struct err err;

	if (schema != NULL)
		return schema;
	a = arena_new();
	err_init(&err, a);
	s.meta = (struct snapshot_meta){.program_version = STR("0"),
	    .database = STR("sample"),
	    .default_schema = STR("public"),
	    .schemas = STR("public, Old \"Stuff\""),
	    .text_search = STR("pg_catalog.english")};
	s.tables = relate_tables(a);
	if (mkdtemp(dir) == NULL)
		die(&err);
	snprintf(path, sizeof(path), "%s/schema", dir);
	if (snapshot_write(path, &s, &err) != 0 ||
	    (schema = schema_open(path, &err)) == NULL)
		die(&err);
	unlink(path);
	rmdir(dir);
	arena_free(a);
	return schema;
}

const struct table *
sample_table(struct str path)
{
	return schema_table_by_path(sample_schema(), path, NULL);
}

const struct type *
sample_type(const char *column)
{
	const struct column *c;

	c = table_column(sample_table(STR("every")), str_from(column));
	return c != NULL ? c->type : NULL;
}
