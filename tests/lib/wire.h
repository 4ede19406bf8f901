/*
 * A web server's side of FastCGI 1.0 and of what RFC 3875 (CGI) calls the
 * parameters, for the clients of the tests and of the bench.
 */
#ifndef DYNAPI_WIRE_H
#define DYNAPI_WIRE_H

#include <stddef.h>
#include <stdio.h>
#include <sys/un.h>

/* says what failed, and why, and exits */
void wire_die(const char *what) __attribute__((noreturn));
/* open_memstream that does not fail */
FILE *wire_memory(char **p, size_t *n);
struct sockaddr_un wire_address(const char *path);

/* parameters that are the same in every request, as NAME=VALUE; the last one
 * is NULL */
extern const char *const wire_fixed[];
/* "Content-Type" is CONTENT_TYPE, "Accept" is HTTP_ACCEPT; valid until the
 * next call */
const char *wire_header_name(const char *name, size_t n);
void wire_param(FILE *to, const char *name, size_t name_n, const char *value,
    size_t value_n);
void wire_pair(FILE *to, const char *pair); /* NAME=VALUE */

struct wire_request {
	const char *params; /* as wire_param wrote them */
	size_t params_n;
	const char *body;
	size_t body_n;
};
/*
 * Asks the responder at the socket; take gets the answer's output as it comes
 * in.  -1: it ended before the request did.
 */
int wire_ask(const char *path, const struct wire_request *,
    void (*take)(void *arg, const char *p, size_t n), void *arg);

#endif
