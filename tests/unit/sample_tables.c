/*
 * film and film_actor are pagila's; every has a column of each kind of type;
 * odd has names that need quoting; the others are for one rule each.
 */
#include "sample_tables.h"

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
    OWN(COMPOSITE, "address"), .fields = address_fields, .nfields = 2};
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
    {S("c_hstore"), 32, &t_hstore, USUAL},
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

static uint16_t first[] = {0}, first_two[] = {0, 1};

#define COLUMNS(c) .columns = c, .ncolumns = sizeof(c) / sizeof(c[0])
#define CAN        .can_insert = true, .can_update = true, .can_delete = true
#define NAMED(n)                                                               \
	.schema = S("public"), .name = S(n), .qname = S("public." n),          \
	.path = S(n), .est_rows = -1, CAN

struct table sample_tables[] = {
    {NAMED("film"), COLUMNS(film_columns), .key = first, .nkey = 1},
    {NAMED("film_actor"), COLUMNS(film_actor_columns), .key = first_two,
	.nkey = 2},
    {NAMED("every"), COLUMNS(every_columns), .key = first, .nkey = 1},
    {NAMED("odd"), COLUMNS(odd_columns), .key = first, .nkey = 1},
    {NAMED("log"), COLUMNS(log_columns)},
    {NAMED("film_list"), COLUMNS(film_list_columns), .key = first, .nkey = 1,
	.kind = TABLE_VIEW},
    {NAMED("pair"), COLUMNS(pair_columns), .key = first_two, .nkey = 2,
	.row_security = true},
    {NAMED("rules"), COLUMNS(rules_columns), .key = first, .nkey = 1},
    {NAMED("bits"), COLUMNS(bits_columns)},
    {.schema = S("Old \"Stuff\""),
	.name = S("film list"),
	.qname = S("Old \"Stuff\".film list"),
	.path = S("Old \"Stuff\".film list"),
	.est_rows = -1,
	CAN,
	COLUMNS(film_actor_columns),
	.key = first_two,
	.nkey = 2},
};

const size_t sample_ntables = sizeof(sample_tables) / sizeof(sample_tables[0]);

const struct table *
sample_table(struct str path)
{
	for (size_t i = 0; i < sample_ntables; i++)
		if (str_eq(sample_tables[i].path, path))
			return &sample_tables[i];
	return NULL;
}

const struct type *
sample_type(const char *column)
{
	const struct column *c;

	c = table_column(sample_table(STR("every")), str_from(column));
	return c != NULL ? c->type : NULL;
}
