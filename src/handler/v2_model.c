/*
 * What Rails calls the model of a table: the singular of its name, by the
 * endings that its inflector knows.  The first that fits counts.
 */
#include "handler/v2_priv.h"

#include "base/arena.h"

static const struct {
	const char *many, *one;
} endings[] = {
    {"people", "person"},
    {"men", "man"},
    {"children", "child"},
    {"mice", "mouse"},
    {"oxen", "ox"},
    {"quizzes", "quiz"},
    {"matrices", "matrix"},
    {"vertices", "vertex"},
    {"indices", "index"},
    {"databases", "database"},
    {"movies", "movie"},
    {"shoes", "shoe"},
    {"aliases", "alias"},
    {"statuses", "status"},
    {"buses", "bus"},
    {"axes", "axis"},
    {"crises", "crisis"},
    {"analyses", "analysis"},
    {"diagnoses", "diagnosis"},
    {"theses", "thesis"},
    {"tives", "tive"},
    {"hives", "hive"},
    {"lves", "lf"},
    {"rves", "rf"},
    {"ves", "fe"},
    {"alias", "alias"},
    {"status", "status"},
    {"bus", "bus"},
    {"sis", "sis"},
    {"news", "news"},
    {"series", "series"},
    {"species", "species"},
    {"ies", "y"},
    {"oes", "o"},
    {"xes", "x"},
    {"ches", "ch"},
    {"shes", "sh"},
    {"sses", "ss"},
    {"ss", "ss"},
    {"s", ""},
    {"ta", "tum"},
    {"ia", "ium"},
};

struct str
v2_singular(struct arena *a, struct str name)
{
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		struct str many = str_from(endings[i].many);

		/* something is left of every name */
		if (str_ends(name, many) &&
		    (name.len > many.len || *endings[i].one != '\0'))
			return str_from(arena_printf(a, "%.*s%s",
			    (int)(name.len - many.len), name.p,
			    endings[i].one));
	}
	return name;
}
