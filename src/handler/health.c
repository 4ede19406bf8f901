/*
 * /api/health/: live says that this process answers, and touches nothing;
 * ready says that a request could be served: snapshot, database, version.
 */
#include "handler/handler.h"

#include "base/jsonw.h"

#define PING_MS 2000

static int
health_live(struct ctx *c)
{
	struct jsonw w;

	respond_begin(c, &w);
	jsonw_object(&w);
	jsonw_kv_c(&w, "status", "ok");
	jsonw_end(&w);
	return respond_json(c, 200);
}

/* why it is not ready, without what only the log may say */
static const char *
database_state(struct ctx *c)
{
	if (db_ping(c->app->db, PING_MS, &c->err) == 0)
		return "ok";
	return err_code(c->err.id);
}

static int
health_ready(struct ctx *c)
{
	const char *database = database_state(c);
	bool snapshot = c->app->schema != NULL;
	bool ok = snapshot && c->err.id == ERR_NONE;
	struct jsonw w;

	if (!ok)
		response_header(&c->res, "Retry-After", STR("1"));
	respond_begin(c, &w);
	jsonw_object(&w);
	jsonw_kv_c(&w, "status", ok ? "ok" : "unavailable");
	jsonw_kv_c(&w, "database", database);
	jsonw_kv_c(&w, "snapshot", snapshot ? "ok" : "snapshot_unavailable");
	jsonw_end(&w);
	return respond_json(c, ok ? 200 : 503);
}

#define UNCOUNTED (NEEDS_NO_TOKEN | NOT_COUNTED)

const struct route routes_health[] = {
    {METHOD_GET, "/api/health", UNCOUNTED, health_ready,
	"Can requests be served"},
    {METHOD_HEAD, "/api/health", UNCOUNTED, health_ready, NULL},
    {METHOD_GET, "/api/health/ready", UNCOUNTED, health_ready,
	"Can requests be served"},
    {METHOD_HEAD, "/api/health/ready", UNCOUNTED, health_ready, NULL},
    {METHOD_GET, "/api/health/live", UNCOUNTED, health_live,
	"Does the responder answer"},
    {METHOD_HEAD, "/api/health/live", UNCOUNTED, health_live, NULL},
    {0},
};
