/*
 * http_reader.h - HTTP/1.1 messages, from bytes to events (RFC 9112): requests
 * for a server, responses for a client.
 *
 * No I/O, no clock, no callbacks to the caller. The caller feeds bytes, takes
 * one event at a time, and may stop after any of them. What is in memory is the
 * head that is arriving, bounded by HTTP_HEAD_MAX; without one, in a body too,
 * a reader is under 128 bytes.
 *
 * Strict: a message with Transfer-Encoding and Content-Length, with several
 * lengths, a bare CR in a head, a line folded, or a field without a name is
 * malformed. HTTP/0.9 and HTTP/2's preface are, too. A request of HTTP/1.1 has
 * one Host. Extensions of chunks, and trailers, are bounded and left out.
 */
#ifndef PROTO_HTTP_HTTP_READER_H
#define PROTO_HTTP_HTTP_READER_H

#include "proto/http/http_head.h"

/* For whom the sender speaks, on vspcd's Unix socket: it counts from the
 * account of the setting --ssh-login-user, and is refused from any other. */
#define HTTP_FIELD_PERSON "Vspcd-Person"
/* By which of vspcd's keys for ssh the person has come: its id in digits. */
#define HTTP_FIELD_PERSON_KEY "Vspcd-Person-Key"

enum http_event {
    HTTP_NEED_MORE, /* all input was used; feed more later */
    HTTP_HEAD_DONE, /* the message's head is complete */
    HTTP_BODY,      /* some of its body */
    HTTP_DONE, /* the message is complete; input behind it was not used. After
                * is_upgrade it belongs to the other protocol, or is HTTP if the
                * server stays with that: then go on */
    HTTP_MALFORMED, /* status and problem say what to answer; nothing more can
                     * be read from the connection */
};

/* http_next returns the same event again after HTTP_MALFORMED. */
struct http_item {
    const struct http_head *head; /* HEAD_DONE */
    struct slice body;            /* BODY: points into the input */
    uint16_t status;              /* MALFORMED: 400, 414, 431, 501, 503, 505 */
    const char *problem;          /* MALFORMED: static text */
};

struct http_reader;

/* NULL: there is no memory. Freeing takes NULL. */
struct http_reader *http_reader_new(enum http_side side);
void http_reader_free(struct http_reader *r);

/* Takes one event off the front of *in. */
enum http_event http_next(struct http_reader *r, struct slice *in,
                          struct http_item *ret);

/* Client: the next response has no body, whatever its fields say (HEAD). */
void http_reader_expect_no_body(struct http_reader *r);

/* Client: the connection has ended. True: that was the end of the message, or
 * of none. */
bool http_reader_end(struct http_reader *r);

#endif
