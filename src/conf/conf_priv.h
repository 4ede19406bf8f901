/*
 * What the files of conf/ share: the table of parameters as data, and the
 * kinds, each a parser and a printer of one C type.
 */
#ifndef DYNAPI_CONF_PRIV_H
#define DYNAPI_CONF_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct arena;
struct buf;
struct conf;
struct conf_pair;
struct conf_param;

struct conf_kind {
	const char *name;
	/* stores at *value; NULL, or what is wrong with the text */
	const char *(*set)(struct arena *, const struct conf_param *,
	    struct str text, void *value);
	/* as it would stand in the file */
	void (*show)(struct buf *, const void *value);
};

extern const struct conf_kind conf_kind_text, conf_kind_file, conf_kind_flag,
    conf_kind_number, conf_kind_size, conf_kind_time, conf_kind_choice,
    conf_kind_pairs, conf_kind_rate, conf_kind_nets;

struct conf_param {
	const char *name;
	const struct conf_kind *kind;
	const char *def, *lo, *hi;
	bool reload;
	const char *of; /* families: what stands after the dot, else NULL */
	const char *prose;
	size_t offset; /* in struct conf */
};

extern const struct conf_param conf_params[];
extern const size_t conf_nparams;

const struct conf_param *conf_param_find(struct str name);
void *conf_param_value(const struct conf_param *, struct conf *);
/* every parameter has its default */
void conf_defaults(struct arena *, struct conf *);
/* conf_shape.c: reads the JSON of shape.TABLE; NULL, or what is wrong */
const char *conf_shape_read(
    struct arena *, const struct conf *, struct conf_pair *);
/* appends a connection string with its passwords replaced by stars */
void conf_hide(struct buf *, struct str conninfo);

#endif
