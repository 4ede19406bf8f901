/* Who listens to which table: a hash of tables, each with its list. */
#include "notify/notify_priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static struct topic **
find_bucket(struct notifier *d, struct str qname)
{
	return &d->topics[str_hash(qname) % TOPICS];
}

struct topic *
topic_find(struct notifier *d, struct str qname)
{
	struct topic *t = *find_bucket(d, qname);

	while (
	    t != NULL && !str_eq((struct str){t->qname, t->qname_len}, qname))
		t = t->next;
	return t;
}

static struct topic *
make_topic(struct notifier *d, const struct table *table)
{
	struct topic **bucket = find_bucket(d, table->qname);
	struct topic *t = calloc(1, sizeof(*t) + table->qname.len);

	if (t == NULL)
		log_fatal("memory", "out of memory for a table");
	t->table = table;
	t->qname_len = table->qname.len;
	memcpy(t->qname, table->qname.p, table->qname.len);
	t->next = *bucket;
	*bucket = t;
	return t;
}

void
topic_join(struct notifier *d, struct client *c, const struct table *table)
{
	struct topic *t = topic_find(d, table->qname);

	if (t == NULL)
		t = make_topic(d, table);
	c->topic = t;
	c->topic_prev = NULL;
	c->topic_next = t->first;
	if (t->first != NULL)
		t->first->topic_prev = c;
	t->first = c;
}

static void
drop_topic(struct notifier *d, struct topic *t)
{
	struct topic **at =
	    find_bucket(d, (struct str){t->qname, t->qname_len});

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	free(t);
}

void
topic_leave(struct notifier *d, struct client *c)
{
	struct topic *t = c->topic;

	if (c->behind)
		d->nbehind--;
	c->behind = false;
	if (t == NULL)
		return;
	c->topic = NULL;
	if (c->topic_prev != NULL)
		c->topic_prev->topic_next = c->topic_next;
	else
		t->first = c->topic_next;
	if (c->topic_next != NULL)
		c->topic_next->topic_prev = c->topic_prev;
	if (t->first == NULL)
		drop_topic(d, t);
}
