/*
 * Which names of a path are relations, which is the column, which are keys in
 * a JSON value.  Names may hold the separator, so each place is tried with as
 * many of them as one name as there are; the first way that leads to a column
 * is taken.
 */
#include "query/resolve_priv.h"

#include "base/arena.h"
#include "base/buf.h"

#define TEXT_MAX (1u << 20)

struct known {
	struct known *next;
	const struct table *table;
	struct relations relations;
};

enum found
resolve_wrong(
    struct resolve *r, enum err_id id, struct str field, const char *text)
{
	r->failed = true;
	err_add_field(r->err, id, field, "%s", text);
	return WRONG;
}

static const struct relations *
find_relations(struct resolve *r, const struct table *t)
{
	struct known *k = r->known;

	while (k != NULL && k->table != t)
		k = k->next;
	if (k != NULL)
		return &k->relations;
	k = arena_make(r->arena, struct known);
	k->table = t;
	if (schema_relations(r->schema, r->arena, t, r->limits->visible,
		&k->relations, r->err) != 0) {
		r->failed = true;
		return NULL;
	}
	k->next = r->known;
	r->known = k;
	return &k->relations;
}

void
resolve_touch(struct resolve *r, const struct table *t)
{
	size_t cap = r->touched_cap == 0 ? 4 : 2 * r->touched_cap;

	if (t == r->root)
		return;
	for (size_t i = 0; i < r->ntouched; i++)
		if (r->touched[i] == t)
			return;
	if (r->ntouched == r->touched_cap) {
		r->touched = arena_grow(r->arena, r->touched,
		    r->touched_cap * sizeof(t), cap * sizeof(t));
		r->touched_cap = cap;
	}
	r->touched[r->ntouched++] = t;
}

static void
touch(struct resolve *r, const struct relation *rel)
{
	r->relates = true;
	resolve_touch(r, rel->far);
	if (rel->via != NULL)
		resolve_touch(r, rel->via);
}

const struct column *
resolve_named(const struct table *t, struct str name)
{
	const struct column *c = table_column(t, name);

	return c != NULL ? c : table_computed(t, name);
}

/* ---- walking ------------------------------------------------------------ */

struct way {
	struct way *next;
	const struct relation *relation;
};

struct walk {
	struct scope *s;
	const struct path *p;
	const struct relation **hops;
	size_t nhops, max_hops;
	const struct column *column;
	size_t json_from;
	struct way *ways, **ways_tail;   /* also those that led nowhere */
	bool far;                        /* may end with a relation */
	bool deep;                       /* a way was too long */
	bool is_broken;                  /* the schema cannot be read */
	const struct relation **choices; /* where a name was ambiguous */
	size_t nchoices;
};

/* names[from] up to names[to], as they were written */
static struct str
join_names(const struct path *p, size_t from, size_t to)
{
	const struct str *last = &p->names[to - 1];

	if (to == from + 1)
		return *last;
	return (struct str){
	    p->names[from].p, (size_t)(last->p + last->len - p->names[from].p)};
}

static bool walk(struct walk *, const struct table *, size_t at);

static void
add_way(struct walk *w, const struct relation *rel)
{
	struct way *way = arena_make(w->s->r->arena, struct way);

	way->relation = rel;
	*w->ways_tail = way;
	w->ways_tail = &way->next;
}

static bool
walk_through(struct walk *w, const struct relation *rel, size_t at)
{
	if (w->nhops == w->max_hops) {
		w->deep = true;
		return false;
	}
	add_way(w, rel);
	w->hops[w->nhops++] = rel;
	if (at == w->p->nnames || walk(w, rel->far, at))
		return true;
	w->nhops--;
	return false;
}

static bool
is_json(const struct column *c)
{
	return c != NULL &&
	       (c->type->class == TYPE_JSON || c->type->class == TYPE_JSONB);
}

static bool
walk_relations(struct walk *w, const struct table *t, size_t at)
{
	size_t to = w->far ? w->p->nnames : w->p->nnames - 1;
	const struct relations *all;

	if (to <= at)
		return false;
	all = find_relations(w->s->r, t);
	w->is_broken = w->is_broken || all == NULL;
	for (; to > at && !w->is_broken; to--) {
		struct str name = join_names(w->p, at, to);
		const struct relation *rel, **choices;
		size_t n;

		rel = relation_find(all, name, w->s->r->arena, &choices, &n);
		/* a column has its name, but nothing lies behind that */
		if (rel == NULL && n == 1 && !is_json(resolve_named(t, name)))
			rel = choices[0];
		if (rel != NULL && walk_through(w, rel, to))
			return true;
		if (n > 1 && w->nchoices == 0) {
			w->choices = choices;
			w->nchoices = n;
		}
	}
	return false;
}

static bool
walk_json(struct walk *w, const struct table *t, size_t at)
{
	for (size_t to = w->p->nnames - 1; to > at; to--) {
		const struct column *c =
		    resolve_named(t, join_names(w->p, at, to));

		if (!is_json(c))
			continue;
		w->column = c;
		w->json_from = to;
		return true;
	}
	return false;
}

static bool
walk(struct walk *w, const struct table *t, size_t at)
{
	size_t n = w->p->nnames;

	w->column = resolve_named(t, join_names(w->p, at, n));
	w->json_from = n;
	if (w->column != NULL)
		return true;
	return walk_relations(w, t, at) ||
	       (!w->is_broken && walk_json(w, t, at));
}

/* ---- what came of it ---------------------------------------------------- */

static enum found
refuse_choices(struct resolve *r, struct str field,
    const struct relation **choices, size_t n)
{
	struct buf b;

	buf_init(&b, r->arena, TEXT_MAX);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_cstr(&b, i + 1 == n ? " or " : ", ");
		buf_str(&b, choices[i]->name);
	}
	buf_lit(&b, ".");
	return resolve_wrong(r, ERR_BAD_FILTER, field,
	    arena_printf(r->arena,
		"The relation \"%.*s\" is ambiguous; write %s",
		STR_ARGS(choices[0]->bare), b.p));
}

static enum found
refuse_depth(struct resolve *r, struct str field)
{
	return resolve_wrong(r, ERR_LIMIT, field,
	    arena_printf(r->arena,
		"At most %zu relations one behind the other.",
		r->limits->max_depth));
}

/* that a table has no such column is told to those alone who may read it */
static enum found
explain_loss(struct walk *w, bool must)
{
	struct resolve *r = w->s->r;

	for (const struct way *way = w->ways; way != NULL; way = way->next)
		touch(r, way->relation);
	if (w->is_broken)
		return WRONG;
	if (w->deep)
		return refuse_depth(r, w->p->text);
	if (w->nchoices > 0)
		return refuse_choices(r, w->p->text, w->choices, w->nchoices);
	if (!must && !r->limits->strict)
		return DROP;
	return resolve_wrong(
	    r, ERR_UNKNOWN_COLUMN, w->p->text, "There is no such column.");
}

static void
begin_walk(struct walk *w, struct scope *s, const struct path *p, bool far)
{
	size_t limit = s->r->limits->max_depth;

	*w = (struct walk){.s = s, .p = p, .far = far};
	w->ways_tail = &w->ways;
	w->max_hops = limit > s->depth ? limit - s->depth : 0;
	w->hops =
	    arena_array(s->r->arena, const struct relation *, w->max_hops + 1);
}

bool
resolve_is_column(struct scope *s, struct path *p)
{
	struct walk w;

	begin_walk(&w, s, p, false);
	return p->nnames > 0 && p->nnames <= PATH_NAMES_MAX &&
	       walk(&w, s->table, 0) && w.json_from == p->nnames;
}

static enum found
find_way(struct scope *s, struct path *p, bool far, bool must)
{
	struct walk w;

	begin_walk(&w, s, p, far);
	if (p->nnames > PATH_NAMES_MAX)
		return resolve_wrong(s->r, ERR_LIMIT, p->text,
		    "There are too many names in a path.");
	if (p->nnames == 0 || !walk(&w, s->table, 0))
		return explain_loss(&w, must);
	p->hops = w.nhops > 0 ? w.hops : NULL;
	p->nhops = w.nhops;
	p->column = w.column;
	p->njson = p->nnames - w.json_from;
	p->json = p->njson > 0 ? p->names + w.json_from : NULL;
	for (size_t i = 0; i < p->nhops; i++)
		touch(s->r, p->hops[i]);
	return FOUND;
}

enum found
resolve_path(struct scope *s, struct path *p, bool must)
{
	return find_way(s, p, false, must);
}

enum found
resolve_far(struct scope *s, struct path *p, bool must)
{
	return find_way(s, p, true, must);
}

enum found
resolve_column(struct scope *s, struct path *p, bool must)
{
	enum found f = resolve_path(s, p, must);

	if (f != FOUND)
		return f;
	for (size_t i = 0; i < p->nhops; i++)
		if (p->hops[i]->kind != RELATION_TO_ONE)
			return resolve_wrong(s->r, ERR_BAD_FILTER, p->text,
			    "Only relations to one row can be used here.");
	return FOUND;
}

struct str
resolve_whole(const struct path *p)
{
	return p->nnames == 0 ? STR("") : join_names(p, 0, p->nnames);
}

struct str
resolve_title(struct arena *a, const struct path *p, const char *sep)
{
	struct buf b;

	buf_init(&b, a, TEXT_MAX);
	for (size_t i = 0; i < p->nhops; i++) {
		buf_str(&b, p->hops[i]->name);
		buf_cstr(&b, sep);
	}
	buf_str(&b, p->column->name);
	for (size_t i = 0; i < p->njson; i++) {
		buf_cstr(&b, sep);
		buf_str(&b, p->json[i]);
	}
	return buf_view(&b);
}

const struct relation *
resolve_tree(struct scope *s, const struct path *p)
{
	const struct table *t =
	    p->nhops > 0 ? p->hops[p->nhops - 1]->far : s->table;
	const struct relations *all = find_relations(s->r, t);

	for (size_t i = 0; all != NULL && i < all->n; i++) {
		const struct relation *rel = &all->v[i];

		if (rel->far == t && !rel->backwards && rel->ncolumns == 1 &&
		    &t->columns[rel->columns[0]] == p->column)
			return rel;
	}
	return NULL;
}

/* through a join table, or to the edges and from there to one row */
static size_t
count_steps(const struct path *p)
{
	const struct relation *last = p->hops[p->nhops - 1], *edges;

	if (last->kind == RELATION_MANY_TO_MANY)
		return last->near == last->far ? 1 : 0;
	if (p->nhops < 2 || last->backwards)
		return 0;
	edges = p->hops[p->nhops - 2];
	return edges->backwards && edges->kind != RELATION_MANY_TO_MANY &&
		       edges->near == last->far
		   ? 2
		   : 0;
}

bool
resolve_graph(struct expr *e)
{
	struct path *p = &e->cmp.path;
	const struct relation *from, *to;
	size_t steps;

	if (p->column != NULL || p->nhops == 0 || (steps = count_steps(p)) == 0)
		return false;
	from = p->hops[p->nhops - steps];
	to = p->hops[p->nhops - 1];
	/* both ends of an edge are the same column of one table */
	if (from->ncolumns != 1 || to->nfar != 1 ||
	    from->columns[0] != to->far_columns[0])
		return false;
	e->cmp.tree = from;
	e->cmp.onward = steps == 2 ? to : NULL;
	p->nhops -= steps;
	p->column = &from->near->columns[from->columns[0]];
	return true;
}

const struct relation *
resolve_relation(struct scope *s, struct str field, struct str name)
{
	const struct relations *all = find_relations(s->r, s->table);
	const struct relation *rel, **choices;
	size_t n;

	if (all == NULL)
		return NULL;
	rel = relation_find(all, name, s->r->arena, &choices, &n);
	/* a column has its name: here nobody means the column */
	if (rel == NULL && n == 1)
		rel = choices[0];
	if (rel == NULL && n > 1) {
		refuse_choices(s->r, field, choices, n);
	} else if (rel == NULL) {
		resolve_wrong(s->r, ERR_UNKNOWN_COLUMN, field,
		    "There is no such relation.");
	} else if (s->depth >= s->r->limits->max_depth) {
		refuse_depth(s->r, field);
		return NULL;
	} else {
		touch(s->r, rel);
	}
	return rel;
}
