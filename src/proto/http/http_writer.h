/*
 * http_writer.h - heads of HTTP/1.1 messages, and the frames of a chunked body
 * (RFC 9112), as bytes appended to a buffer.
 *
 * Every function returns buf.h's failures, and the buffer is as it was then.
 * Values must have no line ends: a value that has one is an error of the
 * caller, which cleans foreign text first.
 */
#ifndef PROTO_HTTP_HTTP_WRITER_H
#define PROTO_HTTP_HTTP_WRITER_H

#include "base/buf.h"

#include <stdint.h>

/* "Not Found"; "" for a status that vspcd never sends. */
const char *http_status_text(unsigned status);

/* "HTTP/1.1 200 OK" and its line end; "GET /path HTTP/1.1". */
int http_write_status(struct buf *to, unsigned status);
int http_write_request(struct buf *to, const char *verb, const char *target);
int http_write_field(struct buf *to, const char *name, const char *value);
int http_write_number(struct buf *to, const char *name, uint64_t value);
/* The empty line behind the fields. */
int http_write_end(struct buf *to);

/* A chunk of a body is written in place: http_chunk_begin notes where it is,
 * its bytes are appended, http_chunk_end sets their number; a chunk without
 * bytes is taken back. http_write_last_chunk ends the body. */
enum { HTTP_CHUNK_HEAD = 10 };
int http_chunk_begin(struct buf *to, uint32_t *ret_at);
int http_chunk_end(struct buf *to, uint32_t at);
int http_write_last_chunk(struct buf *to);

#endif
