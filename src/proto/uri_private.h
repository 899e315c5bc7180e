/*
 * uri_private.h - what the files of proto/uri share, and nobody else includes.
 */
#ifndef PROTO_URI_PRIVATE_H
#define PROTO_URI_PRIVATE_H

#include "proto/uri.h"

/* A URI being parsed. */
struct uri_parser {
    struct slice text;
    enum uri_place place;
    uint16_t own_port;
    size_t problem_at;
    struct uri uri;
};

/* Notes where the problem is: where points into the text, or to its end. */
enum uri_problem uri_fail(struct uri_parser *p, enum uri_problem problem,
                          const uint8_t *where);

/* How far s goes before the first of these characters. */
size_t uri_span_until(struct slice s, const char *stops);

/* Whether s is this text, in any case. */
bool uri_is_text(struct slice s, const char *text);

/* Takes a character off the front, %XX undone; -1: '%' without two digits. */
int uri_take_char(struct slice *s);

/* A '%' without two hex digits: where; NULL: none. */
const uint8_t *uri_find_bad_escape(struct slice s);

/*
 * Decodes raw, whose escapes are good, into to (size bytes, terminated).
 * False: there is no room, or it is not all printable UTF-8.
 */
bool uri_decode(char *to, size_t size, struct slice raw);

/* Fills host and host_kind. raw: what stands for the host, and is not empty. */
enum uri_problem uri_read_host(struct uri_parser *p, struct slice raw,
                               bool is_bracketed);

/* Fills the parameters from what is behind '#', and is not empty. */
enum uri_problem uri_read_parameters(struct uri_parser *p,
                                     struct slice fragment);

#endif
