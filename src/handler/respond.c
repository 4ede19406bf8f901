/*
 * How handlers answer: documents, one row, many rows.  Rows are rendered one
 * by one into the response's buffer, which is pumped out as it fills, so that
 * memory does not grow with the answer.
 */
#include "handler/handler.h"

#include "base/arena.h"
#include "base/escape.h"
#include "base/jsonw.h"
#include "render/render.h"

struct buf *
respond_begin(struct ctx *c, struct jsonw *w)
{
	struct buf *body = response_body(&c->res);

	jsonw_init(w, body);
	return body;
}

/* HEAD has the length of what GET would send */
static void
set_length(struct ctx *c)
{
	if (c->res.no_body)
		c->res.length = (int64_t)c->res.body.len;
}

int
respond_json(struct ctx *c, int status)
{
	buf_lit(response_body(&c->res), "\n");
	response_status(&c->res, status);
	response_header(&c->res, "Content-Type", STR("application/json"));
	set_length(c);
	return 0;
}

int
respond_empty(struct ctx *c)
{
	response_status(&c->res, 204);
	return 0;
}

const struct format *
respond_format(struct ctx *c, struct str format_param)
{
	const struct format *f;

	if (format_param.p != NULL) {
		f = format_by_name(format_param);
		if (f == NULL)
			err_add_field(&c->err, ERR_BAD_PARAM, STR("format"),
			    "Must be json, ndjson or csv.");
		return f;
	}
	f = format_by_accept(c->req.accept);
	if (f == NULL)
		err_set(&c->err, ERR_NOT_ACCEPTABLE,
		    "application/json, application/x-ndjson and text/csv "
		    "can be produced.");
	return f;
}

void
respond_format_headers(struct ctx *c, const struct format *f)
{
	struct buf name;

	/* nginx drops what it buffers when we break off, and with it the line
	 * that says so; and lines are asked for to be read as they come */
	if (f == &format_ndjson)
		response_header(&c->res, "X-Accel-Buffering", STR("no"));
	if (f != &format_csv) {
		response_header(
		    &c->res, "Content-Type", str_from(f->media_type));
		return;
	}
	response_header(&c->res, "Content-Type",
	    STR("text/csv; charset=utf-8; header=present"));
	buf_init(&name, c->arena, 512);
	buf_lit(&name, "attachment; filename=\"");
	/* percent-encoded: a name may hold anything */
	buf_url(&name, c->table->path);
	buf_lit(&name, ".csv\"");
	response_header(&c->res, "Content-Disposition", buf_view(&name));
}

int
respond_rows(
    struct ctx *c, struct rows *rows, const struct format *f, bool single)
{
	struct buf *body = response_body(&c->res);
	struct render r;
	int rc;

	render_init(&r, c->arena, f, rows, single);
	r.csv_guard = c->app->conf.csv_guard;
	respond_format_headers(c, f);
	render_head(&r, body);
	while ((rc = rows_next(rows, &c->err)) == 1) {
		render_row(&r, rows, body);
		if (response_pump(&c->res, &c->err) != 0)
			return -1;
	}
	if (rc < 0) {
		/* lines have no end that could be missing: say it in one */
		if (f == &format_ndjson && c->res.state == RESPONSE_BODY)
			buf_printf(body,
			    "{\"error\":{\"status\":%d,\"code\":\"%s\","
			    "\"request_id\":\"%s\"}}\n",
			    err_status(c->err.id), err_code(c->err.id),
			    c->req.id);
		return -1;
	}
	render_tail(&r, body);
	return 0;
}

int
respond_row(
    struct ctx *c, struct rows *rows, const struct format *f, int status)
{
	if (rows_count(rows) == 0)
		return err_set(&c->err, ERR_NOT_FOUND, NULL);
	response_status(&c->res, status);
	if (respond_rows(c, rows, f, true) != 0)
		return -1;
	if (f == &format_json)
		buf_lit(response_body(&c->res), "\n");
	set_length(c);
	return 0;
}
