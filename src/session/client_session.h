/*
 * client_session.h - a person or program on a console's telnet port.
 *
 * Glue between a stream, a telnet endpoint and a client of a console. Greets
 * as a telnet server that offers an 8-bit clean line; serves whoever never
 * negotiates (nc, gdb) with the bare bytes.
 *
 * Which of the two a connection is, is known by its first byte: IAC is
 * telnet, anything else is raw. Output waits for that, or for the answer
 * about BINARY, at most CLIENT_NEGOTIATION_US.
 *
 * Owns itself: it ends with the connection.
 */
#ifndef SESSION_CLIENT_SESSION_H
#define SESSION_CLIENT_SESSION_H

#include "core/console.h"
#include "net/stream.h"
#include "session/session_context.h"

enum {
    CLIENT_NEGOTIATION_US = 500 * 1000,
    /* How long a client that ends may take for what is still its due. */
    CLIENT_DRAIN_US = 2000 * 1000,
};

/* Takes the stream over; refuses it politely when the console is full. */
void client_session_start(struct session_context *ctx, struct stream *stream,
                          struct console *console, enum tls_policy policy);

/* At once, all of them, with what they have not taken. */
void client_session_close_all(struct session_context *ctx);

/* Deadlines of the context's queues. */
void client_session_first_byte_due(struct deadline *d, void *owner);
void client_session_negotiation_due(struct deadline *d, void *owner);
void client_session_drain_due(struct deadline *d, void *owner);

#endif
