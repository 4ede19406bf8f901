/*
 * Random questions to a database of which random.sql tells on standard input.
 * For each the same in every dialect that can say it, as lines of COPY:
 *
 *   NUMBER  DIALECT  PAGE  COUNTED  ROWS  URI  SQL
 *
 * PAGE is all, slice, number or walk; COUNTED whether the answer's head has to
 * name the total.  The SQL gives one row: how many rows there are in all, and
 * the JSON array that is due.
 */
#include "random.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *name;
	bool (*write)(struct text *, const struct query *);
} dialects[] = {
    {"native", write_native}, {"auto", write_auto}, {"v2", write_v2}};

static void
print_question(unsigned long number, const struct query *q)
{
	static const char *const pages[] = {"all", "slice", "number", "walk"};
	struct text sql = {NULL, 0, 0};

	write_sql(&sql, q);
	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
		struct text uri = {NULL, 0, 0}, line = {NULL, 0, 0};

		if (!dialects[i].write(&uri, q))
			continue;
		text_format(&line, "%lu\t%s\t%s\t%s\t%ld\t", number,
		    dialects[i].name, pages[q->page], q->count ? "t" : "f",
		    q->limit);
		text_copy(&line, text_get(&uri));
		text_char(&line, '\t');
		text_copy(&line, text_get(&sql));
		puts(text_get(&line));
	}
}

int
main(int argc, char **argv)
{
	struct catalog c = {NULL, 0};
	unsigned long n;

	if (argc != 3) {
		fprintf(stderr, "usage: random SEED QUESTIONS <CATALOG\n");
		return 2;
	}
	catalog_read(&c);
	if (c.ntables == 0) {
		fprintf(stderr, "random: there is no table\n");
		return 2;
	}
	n = strtoul(argv[2], NULL, 10);
	for (unsigned long i = 1; i <= n; i++) {
		/* each can be asked alone again */
		random_seed(strtoul(argv[1], NULL, 10) * 1000003 + i);
		print_question(i, question_make(&c));
	}
	return 0;
}
