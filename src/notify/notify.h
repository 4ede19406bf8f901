/*
 * dynapi-notifyd: tells clients of committed changes, by WebSocket (RFC 6455)
 * and as an event stream (WHATWG HTML, section 9.2).
 *
 *   dynapi.event ─journal→ events ─deliver→ clients ─client→ bytes
 *
 * The log in the database is the truth; NOTIFY only says that there is
 * something new.  An event goes to who would find its row by a GET: rights are
 * read anew for each batch of events.  One process, one thread, one database
 * connection; any number of daemons may run, for a message's id is the event's
 * position in the log.
 *
 * The protocol is spoken by frame.c and head.c and not by libwebsockets:
 * version 4.1 takes unmasked frames, ends bad ones without a close code, and
 * cannot read a Sec-WebSocket-Protocol as long as a token.
 */
#ifndef DYNAPI_NOTIFY_H
#define DYNAPI_NOTIFY_H

int notify_main(int argc, char **argv);

#endif
