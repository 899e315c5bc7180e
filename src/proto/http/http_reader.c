#include "proto/http/http_reader.h"

#include "base/buf.h"
#include "proto/http/http_lines.h"

#include <stdlib.h>
#include <string.h>

/* Of a line that begins a chunk, with its extensions; of a body's trailers. */
enum { CHUNK_LINE_MAX = 256, TRAILERS_MAX = 4096, CHUNK_DIGITS_MAX = 15 };

enum part {
    PART_HEAD,
    PART_BODY,     /* left bytes of it */
    PART_BODY_END, /* until the connection ends */
    PART_CHUNK_DIGITS,
    PART_CHUNK_EXTENSION,
    PART_CHUNK_LINE_LF,
    PART_CHUNK, /* left bytes of it */
    PART_CHUNK_CR,
    PART_CHUNK_LF,
    PART_TRAILERS,
    PART_DONE, /* and not yet said so */
    PART_MALFORMED,
};

struct http_reader {
    struct buf bytes;       /* of the head that arrives, or was told of */
    struct http_head *head; /* that the last call told of */
    uint64_t left;          /* of the body, or of the chunk */
    struct http_lines lines;
    struct http_wrong wrong;
    uint32_t at; /* bytes of the chunk's line; of the trailers */
    uint8_t side;
    uint8_t part;
    bool has_no_body; /* the next one */
};

_Static_assert(sizeof(struct http_reader) <= 128,
               "what an idle connection costs");

struct http_reader *http_reader_new(enum http_side side)
{
    struct http_reader *r = calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->side = (uint8_t)side;
    buf_init(&r->bytes, HTTP_HEAD_MAX);
    return r;
}

/* A head may have a password or a token. */
static void drop_head(struct http_reader *r)
{
    buf_done_secret(&r->bytes);
    free(r->head);
    r->head = NULL;
}

void http_reader_free(struct http_reader *r)
{
    if (r == NULL)
        return;
    drop_head(r);
    free(r);
}

void http_reader_expect_no_body(struct http_reader *r)
{
    r->has_no_body = true;
}

bool http_reader_end(struct http_reader *r)
{
    if (r->part == PART_BODY_END)
        r->part = PART_DONE;
    return r->part == PART_DONE || (r->part == PART_HEAD && r->bytes.len == 0);
}

static enum http_event be_malformed(struct http_reader *r, uint16_t status,
                                    const char *problem)
{
    drop_head(r);
    r->wrong = (struct http_wrong){ .status = status, .problem = problem };
    r->part = PART_MALFORMED;
    return HTTP_MALFORMED;
}

/* ---- heads -----------------------------------------------------------------
 */

static enum part part_behind(const struct http_head *head)
{
    if (!head->has_body)
        return PART_DONE;
    if (head->has_length)
        return PART_BODY;
    return http_field(head, "transfer-encoding").data != NULL
               ? PART_CHUNK_DIGITS
               : PART_BODY_END;
}

static enum http_event finish_head(struct http_reader *r)
{
    struct http_wrong wrong;

    r->head = calloc(1, sizeof *r->head);
    if (r->head == NULL)
        return be_malformed(r, 503, "there is no memory");
    if (!http_head_parse(r->head, r->side, buf_bytes(&r->bytes), &wrong))
        return be_malformed(r, wrong.status, wrong.problem);
    /* 1xx: the answer itself comes later. */
    if (r->has_no_body) {
        r->head->has_body = false;
        r->has_no_body = r->head->status < 200;
    }
    r->left = r->head->length;
    r->at = 0;
    r->part = (uint8_t)part_behind(r->head);
    return HTTP_HEAD_DONE;
}

static enum http_event take_head(struct http_reader *r, struct slice *in)
{
    size_t len = 0;

    if (r->bytes.len == 0 && in->len > 0)
        http_lines_init(&r->lines, r->side == HTTP_SIDE_SERVER
                                       ? HTTP_LINES_REQUEST
                                       : HTTP_LINES_RESPONSE);
    while (len < in->len && !r->lines.is_done) {
        if (r->bytes.len + len == HTTP_HEAD_MAX)
            return be_malformed(r, 431, "the fields are too long");
        if (!http_lines_take(&r->lines, in->data[len++]))
            return be_malformed(r, r->lines.status, r->lines.problem);
    }
    if (buf_append_secret(&r->bytes, slice_of(in->data, len)) < 0)
        return be_malformed(r, 503, "there is no memory");
    *in = slice_after(*in, len);
    return r->bytes.len > 0 && r->lines.is_done ? finish_head(r)
                                                : HTTP_NEED_MORE;
}

/* ---- bodies ----------------------------------------------------------------
 */

static enum http_event take_body(struct http_reader *r, struct slice *in,
                                 struct slice *ret)
{
    size_t len = in->len;

    if (len == 0)
        return HTTP_NEED_MORE;
    if (r->part != PART_BODY_END) {
        len = len < r->left ? len : (size_t)r->left;
        r->left -= len;
        if (r->left == 0)
            r->part = r->part == PART_CHUNK ? PART_CHUNK_CR : PART_DONE;
    }
    *ret = slice_of(in->data, len);
    *in = slice_after(*in, len);
    return HTTP_BODY;
}

static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static const char *take_chunk_digit(struct http_reader *r, uint8_t byte)
{
    int digit = digit_of(byte);

    if (r->at == 0)
        r->left = 0;
    r->at++;
    if (digit >= 0) {
        if (r->at > CHUNK_DIGITS_MAX)
            return "a chunk is too long";
        r->left = r->left << 4 | (unsigned)digit;
        return NULL;
    }
    if (r->at == 1 || (byte != '\r' && byte != ';'))
        return "a chunk does not begin with its length";
    r->part = byte == ';' ? PART_CHUNK_EXTENSION : PART_CHUNK_LINE_LF;
    return NULL;
}

static const char *take_chunk_extension(struct http_reader *r, uint8_t byte)
{
    if (byte == '\r') {
        r->part = PART_CHUNK_LINE_LF;
        return NULL;
    }
    if (++r->at > CHUNK_LINE_MAX)
        return "a chunk's extensions are too long";
    if ((byte < ' ' && byte != '\t') || byte == 0x7f)
        return "a chunk's extensions have a control character";
    return NULL;
}

static const char *take_trailer(struct http_reader *r, uint8_t byte)
{
    if (++r->at > TRAILERS_MAX)
        return "the trailers are too long";
    if (!http_lines_take(&r->lines, byte))
        return r->lines.problem;
    if (r->lines.is_done)
        r->part = PART_DONE;
    return NULL;
}

/* CR and LF of lines that have nothing else to say. */
static const char *take_line_end(struct http_reader *r, uint8_t byte)
{
    if (byte != (r->part == PART_CHUNK_CR ? '\r' : '\n'))
        return "a chunk's line does not end with CR LF";
    if (r->part == PART_CHUNK_CR) {
        r->part = PART_CHUNK_LF;
        return NULL;
    }
    r->at = 0;
    if (r->part == PART_CHUNK_LF)
        r->part = PART_CHUNK_DIGITS;
    else if (r->left > 0)
        r->part = PART_CHUNK;
    else {
        http_lines_init(&r->lines, HTTP_LINES_TRAILERS);
        r->part = PART_TRAILERS;
    }
    return NULL;
}

static const char *take_frame(struct http_reader *r, uint8_t byte)
{
    if (r->part == PART_CHUNK_DIGITS)
        return take_chunk_digit(r, byte);
    if (r->part == PART_CHUNK_EXTENSION)
        return take_chunk_extension(r, byte);
    if (r->part == PART_TRAILERS)
        return take_trailer(r, byte);
    return take_line_end(r, byte);
}

/* ---- all of it -------------------------------------------------------------
 */

static enum http_event take_event(struct http_reader *r, struct slice *in,
                                  struct slice *ret_body)
{
    const char *problem;

    for (;;) {
        switch ((enum part)r->part) {
        case PART_HEAD:
            return take_head(r, in);
        case PART_BODY:
        case PART_BODY_END:
        case PART_CHUNK:
            return take_body(r, in, ret_body);
        case PART_DONE:
            r->part = PART_HEAD;
            return HTTP_DONE;
        case PART_MALFORMED:
            return HTTP_MALFORMED;
        default:
            break;
        }
        if (in->len == 0)
            return HTTP_NEED_MORE;
        problem = take_frame(r, in->data[0]);
        if (problem != NULL)
            return be_malformed(r, 400, problem);
        *in = slice_after(*in, 1);
    }
}

enum http_event http_next(struct http_reader *r, struct slice *in,
                          struct http_item *ret)
{
    enum http_event event;

    *ret = (struct http_item){ 0 };
    if (r->head != NULL)
        drop_head(r);
    event = take_event(r, in, &ret->body);
    if (event == HTTP_HEAD_DONE)
        ret->head = r->head;
    if (event == HTTP_MALFORMED) {
        ret->status = r->wrong.status;
        ret->problem = r->wrong.problem;
    }
    return event;
}
