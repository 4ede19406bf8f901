/* dynapi.fcgi: the responder.  All it does is hand its routes to the loop. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config.h"

#include "app/app.h"
#include "handler/handler.h"

static const char usage[] = "usage: dynapi.fcgi [-c FILE] [-V] [--help]\n";

static const char explanation[] =
    "dynapi.fcgi answers web requests; it is started by a web server or a\n"
    "process manager, not from a terminal.  As FastCGI it wants a listening\n"
    "socket on descriptor 0:\n"
    "\n"
    "  spawn-fcgi -n -s /run/dynapi/fcgi.sock -- \\\n"
    "      /usr/bin/multiwatch -f 4 -- dynapi.fcgi -c FILE\n"
    "\n"
    "As plain CGI the web server runs it once for each request.  The\n"
    "configuration is FILE, else $DYNAPI_CONF, else\n" CONF_DEFAULT_FILE
    ".\nSee dynapi(7) and dynapi.fcgi(8).\n";

static const char *
default_conf(void)
{
	const char *env = getenv("DYNAPI_CONF");

	return env != NULL ? env : CONF_DEFAULT_FILE;
}

/*
 * RFC 3875 4.4: the words of a query without "=" may become the arguments of a
 * CGI program (Apache does it), and must not choose our configuration.  How
 * many of ours there are; -1: these look like ours and may be the client's.
 */
static int
count_own(int argc, char **argv)
{
	const char *query = getenv("QUERY_STRING");

	if (argc == 1 || getenv("GATEWAY_INTERFACE") == NULL || query == NULL ||
	    query[0] == '\0' || strchr(query, '=') != NULL)
		return argc;
	if (query[0] == '-' || strncasecmp(query, "%2d", 3) == 0)
		return -1;
	return argv[1][0] == '-' ? argc : 1;
}

static int
refuse_arguments(void)
{
	fputs("Status: 400 Bad Request\r\n"
	      "Content-Type: text/plain\r\n"
	      "X-Content-Type-Options: nosniff\r\n\r\n"
	      "A query without '=' must not begin with '-'.\n",
	    stdout);
	return 0;
}

int
main(int argc, char **argv)
{
	struct app app = {.conf_path = default_conf()};
	int status;

	argc = count_own(argc, argv);
	if (argc < 0)
		return refuse_arguments();
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "-V") == 0) {
			puts("dynapi.fcgi " PACKAGE_VERSION);
			return 0;
		} else if (strcmp(argv[i], "--help") == 0) {
			printf("%s\n%s", usage, explanation);
			return 0;
		} else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
			app.conf_path = argv[++i];
		} else {
			fputs(usage, stderr);
			return 2;
		}
	}
	app.fcgi = fcgi_new();
	if (app.fcgi == NULL) {
		fputs(explanation, stderr);
		return 2;
	}
	status = app_init(&app, app.conf_path, handler_roots, handler_dialects);
	status = status == 0 ? app_run(&app) : 1;
	app_fini(&app);
	return status;
}
