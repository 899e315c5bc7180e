/*
 * http_reader.h - HTTP/1.1 messages, from bytes to events (RFC 9112): requests
 * for a server, responses for a client.
 *
 * No I/O, no clock, no callbacks to the caller. The caller feeds bytes, takes
 * one event at a time, and may stop after any of them. What is in memory is the
 * head that is arriving, bounded by HTTP_HEAD_MAX; between messages a reader
 * holds none.
 *
 * Strict: a message with Transfer-Encoding and Content-Length, with several
 * lengths, a bare CR in a head, a line folded, or a field without a name is
 * malformed. HTTP/0.9 and HTTP/2's preface are, too.
 */
#ifndef PROTO_HTTP_HTTP_READER_H
#define PROTO_HTTP_HTTP_READER_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    HTTP_HEAD_MAX = 16 * 1024,  /* bytes of start line and fields */
    HTTP_TARGET_MAX = 8 * 1024, /* of them, the request's target */
    HTTP_FIELDS_MAX = 64,
};

enum http_side {
    HTTP_SIDE_SERVER, /* reads requests */
    HTTP_SIDE_CLIENT, /* reads responses */
};

enum http_verb {
    HTTP_VERB_GET,
    HTTP_VERB_HEAD,
    HTTP_VERB_POST,
    HTTP_VERB_PUT,
    HTTP_VERB_DELETE,
    HTTP_VERB_OPTIONS,
    HTTP_VERB_OTHER,
};
enum { HTTP_VERB_COUNT = HTTP_VERB_OTHER + 1 };

/* "GET"; "" for OTHER. */
const char *http_verb_name(enum http_verb verb);

struct http_field {
    struct slice name;  /* as it came; names are compared without case */
    struct slice value; /* without blanks at either end */
};

/* Slices are good until the next call of http_next. */
struct http_head {
    enum http_verb verb; /* server */
    struct slice target; /* server: as it came, "/path?query" */
    uint16_t status;     /* client */
    uint8_t minor;       /* of the version: 0 or 1 */
    bool keeps_alive;    /* another message may follow on the connection */
    bool is_upgrade; /* server: the peer asks for another protocol; client: it
                      * agrees (101): what follows the head is not HTTP */
    bool has_body;
    bool has_length;     /* of the body, else it is chunked or ends with the
                          * connection */
    bool wants_continue; /* Expect: 100-continue */
    uint64_t length;
    struct http_field field[HTTP_FIELDS_MAX];
    size_t field_count;
};

/* The first field of this name (lower case); data NULL: there is none. */
struct slice http_field(const struct http_head *head, const char *name);

/* Whether a field that is a list has this word in it, without case: Connection,
 * Upgrade. */
bool http_field_has(const struct http_head *head, const char *name,
                    const char *word);

enum http_event {
    HTTP_NEED_MORE, /* all input was used; feed more later */
    HTTP_HEAD_DONE, /* the message's head is complete */
    HTTP_BODY,      /* some of its body */
    HTTP_DONE, /* the message is complete; input behind it was not used, and
                * after is_upgrade belongs to the other protocol */
    HTTP_MALFORMED, /* status and problem say what to answer; nothing more can
                     * be read from the connection */
};

/* http_next returns the same event again after HTTP_MALFORMED. */
struct http_item {
    const struct http_head *head; /* HEAD_DONE */
    struct slice body;            /* BODY: points into the input */
    uint16_t status;              /* MALFORMED: 400, 414, 431, 501, 505 */
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
