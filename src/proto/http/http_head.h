/*
 * http_head.h - a message's head, and what its fields say about the body and
 * the connection (RFC 9112). Readers of messages: http_reader.h.
 */
#ifndef PROTO_HTTP_HTTP_HEAD_H
#define PROTO_HTTP_HTTP_HEAD_H

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

/* Of a reader: slices are good until the next call of http_next. */
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

/* Whether the head has it more than once. */
bool http_field_is_repeated(const struct http_head *head, const char *name);

/* Whether a field that is a list has this word in it, without case: Connection,
 * Upgrade. */
bool http_field_has(const struct http_head *head, const char *name,
                    const char *word);

struct http_wrong {
    uint16_t status;
    const char *problem;
};

/*
 * Takes a whole head apart, with its empty line, which http_lines.h has let
 * pass. head is all zeros; its slices point into bytes. False: *ret says why.
 */
bool http_head_parse(struct http_head *head, enum http_side side,
                     struct slice bytes, struct http_wrong *ret);

#endif
