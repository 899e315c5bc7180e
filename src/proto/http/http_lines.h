/*
 * http_lines.h - whether the bytes of a head, or of a chunked body's trailers,
 * keep to the letter of RFC 9112: one byte after the other, so that a peer that
 * speaks something else is refused at its first wrong byte.
 *
 * http_head.c has a library to take a head apart. The build of it that
 * distributions have is lenient: it takes a blank before a colon, folded lines,
 * line ends without CR and HTTP/0.9. Servers that differ in what they take for
 * a message are what requests are smuggled through, so a head is looked at here
 * first.
 */
#ifndef PROTO_HTTP_HTTP_LINES_H
#define PROTO_HTTP_HTTP_LINES_H

#include <stdbool.h>
#include <stdint.h>

enum http_lines_kind {
    HTTP_LINES_REQUEST,
    HTTP_LINES_RESPONSE,
    HTTP_LINES_TRAILERS, /* fields without a start line */
};

/* The first three are the reader's; status and problem once take is false. */
struct http_lines {
    bool is_done; /* the empty line was taken */
    uint16_t status;
    const char *problem;
    uint8_t kind;
    uint8_t place;
    uint8_t word;   /* of the start line */
    uint8_t fields; /* so far */
    uint32_t at;    /* bytes of the word so far */
};

void http_lines_init(struct http_lines *l, enum http_lines_kind kind);

/* False: the byte is wrong there. Not to be called after that or is_done. */
bool http_lines_take(struct http_lines *l, uint8_t byte);

/* A character of a token (RFC 9110, section 5.6.2). */
bool http_is_token(uint8_t byte);

#endif
