/*
 * What a type is to the rest of the program.  The class of a built-in type
 * goes by its OID, which PostgreSQL keeps for ever (pg_type.dat); domains,
 * enums, arrays and the like are classed by the introspection, which has
 * their pg_type rows.
 */
#include "schema/schema.h"

enum type_class
type_class_of(uint32_t oid)
{
	switch (oid) {
	case 16:
		return TYPE_BOOL;
	case 17:
		return TYPE_BYTEA;
	case 19:   /* name */
	case 25:   /* text */
	case 1043: /* varchar */
		return TYPE_TEXT;
	case 20:
		return TYPE_INT8;
	case 21:
		return TYPE_INT2;
	case 23:
		return TYPE_INT4;
	case 114:
		return TYPE_JSON;
	case 700:
		return TYPE_FLOAT4;
	case 701:
		return TYPE_FLOAT8;
	case 1042: /* bpchar */
		return TYPE_CHAR;
	case 1082:
		return TYPE_DATE;
	case 1083:
		return TYPE_TIME;
	case 1114:
		return TYPE_TIMESTAMP;
	case 1184:
		return TYPE_TIMESTAMPTZ;
	case 1186:
		return TYPE_INTERVAL;
	case 1266:
		return TYPE_TIMETZ;
	case 1700:
		return TYPE_NUMERIC;
	case 2950:
		return TYPE_UUID;
	case 3802:
		return TYPE_JSONB;
	default:
		return TYPE_OTHER;
	}
}

static const char *const class_names[] = {
    [TYPE_BOOL] = "bool",
    [TYPE_INT2] = "int2",
    [TYPE_INT4] = "int4",
    [TYPE_INT8] = "int8",
    [TYPE_NUMERIC] = "numeric",
    [TYPE_FLOAT4] = "float4",
    [TYPE_FLOAT8] = "float8",
    [TYPE_TEXT] = "text",
    [TYPE_CHAR] = "char",
    [TYPE_BYTEA] = "bytea",
    [TYPE_DATE] = "date",
    [TYPE_TIME] = "time",
    [TYPE_TIMETZ] = "timetz",
    [TYPE_TIMESTAMP] = "timestamp",
    [TYPE_TIMESTAMPTZ] = "timestamptz",
    [TYPE_INTERVAL] = "interval",
    [TYPE_UUID] = "uuid",
    [TYPE_JSON] = "json",
    [TYPE_JSONB] = "jsonb",
    [TYPE_ENUM] = "enum",
    [TYPE_ARRAY] = "array",
    [TYPE_COMPOSITE] = "composite",
    [TYPE_RANGE] = "range",
    [TYPE_BUILTIN] = "builtin",
    [TYPE_OTHER] = "other",
};

const char *
type_class_name(enum type_class c)
{
	return class_names[c];
}

bool
type_is_text(const struct type *t)
{
	return t->class == TYPE_TEXT || t->class == TYPE_CHAR;
}

/* what people know by its text, and is not made of parts */
bool
type_is_searched(const struct type *t)
{
	static const char *const builtin[] = {
	    "inet", "cidr", "macaddr", "macaddr8"};

	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++)
		if (t->class == TYPE_BUILTIN &&
		    str_eq_c(t->base_name, builtin[i]))
			return true;
	return type_is_text(t) || t->class == TYPE_ENUM ||
	       t->class == TYPE_UUID;
}

bool
type_is_number(const struct type *t)
{
	return t->class >= TYPE_INT2 && t->class <= TYPE_FLOAT8;
}
