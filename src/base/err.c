/* The first error is the cause and later ones are its echo, so err_set keeps
 * the first; only field errors are collected. */
#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>

#include "base/arena.h"

/* a body of nothing but wrong names could make a million */
#define FIELDS_MAX 2000

static const struct {
	int status;
	const char *code, *title;
} table[ERR__MAX] = {
    [ERR_NONE] = {200, "none", "No error."},
#define ERR(id, status, code, title) [ERR_##id] = {status, code, title},
#include "base/err.def"
#undef ERR
};

void
err_init(struct err *e, struct arena *a)
{
	*e = (struct err){.arena = a};
	e->fields_tail = &e->fields;
}

void
err_clear(struct err *e)
{
	err_init(e, e->arena);
}

/* the text for a first error; NULL when this is an echo or has no owner */
static __attribute__((format(printf, 3, 0))) const char *
take(struct err *e, enum err_id id, const char *fmt, va_list ap)
{
	if (e == NULL || e->id != ERR_NONE)
		return NULL;
	e->id = id;
	if (e->arena == NULL || fmt == NULL)
		return NULL;
	return arena_vprintf(e->arena, fmt, ap);
}

int
err_set(struct err *e, enum err_id id, const char *detail_fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, detail_fmt);
	text = take(e, id, detail_fmt, ap);
	va_end(ap);
	if (text != NULL)
		e->detail = text;
	return -1;
}

int
err_world(struct err *e, enum err_id id, const char *cause_fmt, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, cause_fmt);
	text = take(e, id, cause_fmt, ap);
	va_end(ap);
	if (text != NULL)
		e->cause = text;
	return -1;
}

void
err_tell(struct err *e, enum err_id id, const char *detail, const char *cause)
{
	err_set(e, id, NULL);
	e->detail = detail;
	e->cause = cause;
}

int
err_add_field(
    struct err *e, enum err_id id, struct str field, const char *text_fmt, ...)
{
	struct err_field *f;
	va_list ap;

	if (e == NULL || (e->id != ERR_NONE && e->fields == NULL))
		return -1;
	if (e->id == ERR_NONE)
		e->id = id;
	if (e->arena == NULL || e->nfields == FIELDS_MAX)
		return -1;
	e->nfields++;
	f = arena_make(e->arena, struct err_field);
	f->field = str_dup(e->arena, field);
	va_start(ap, text_fmt);
	f->text = arena_vprintf(e->arena, text_fmt, ap);
	va_end(ap);
	*e->fields_tail = f;
	e->fields_tail = &f->next;
	return -1;
}

int
err_status(enum err_id id)
{
	return table[id].status;
}

const char *
err_code(enum err_id id)
{
	return table[id].code;
}

const char *
err_title(enum err_id id)
{
	return table[id].title;
}
