#include "proto/http/http_writer.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static const struct {
    uint16_t status;
    const char *text;
} texts[] = {
    { 100, "Continue" },
    { 101, "Switching Protocols" },
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 304, "Not Modified" },
    { 307, "Temporary Redirect" },
    { 308, "Permanent Redirect" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 410, "Gone" },
    { 411, "Length Required" },
    { 413, "Content Too Large" },
    { 414, "URI Too Long" },
    { 415, "Unsupported Media Type" },
    { 421, "Misdirected Request" },
    { 422, "Unprocessable Content" },
    { 423, "Locked" },
    { 426, "Upgrade Required" },
    { 429, "Too Many Requests" },
    { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },
    { 501, "Not Implemented" },
    { 503, "Service Unavailable" },
    { 504, "Gateway Timeout" },
    { 505, "HTTP Version Not Supported" },
    { 507, "Insufficient Storage" },
};

const char *http_status_text(unsigned status)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (texts[i].status == status)
            return texts[i].text;
    }
    return "";
}

/* All of the parts, or nothing. */
static int append_parts(struct buf *to, const char *const *parts)
{
    uint32_t before = to->len;

    for (; *parts != NULL; parts++) {
        int failure = buf_append(to, slice_of_text(*parts));

        if (failure < 0) {
            buf_cut(to, before);
            return failure;
        }
    }
    return 0;
}

int http_write_status(struct buf *to, unsigned status)
{
    char number[16];

    assert(status >= 100 && status <= 999);
    (void)snprintf(number, sizeof number, "%u ", status);
    return append_parts(to, (const char *const[]){ "HTTP/1.1 ", number,
                                                   http_status_text(status),
                                                   "\r\n", NULL });
}

int http_write_request(struct buf *to, const char *verb, const char *target)
{
    assert(strpbrk(target, " \r\n") == NULL);
    return append_parts(
        to, (const char *const[]){ verb, " ", target, " HTTP/1.1\r\n", NULL });
}

int http_write_field(struct buf *to, const char *name, const char *value)
{
    assert(strpbrk(value, "\r\n") == NULL);
    return append_parts(
        to, (const char *const[]){ name, ": ", value, "\r\n", NULL });
}

int http_write_number(struct buf *to, const char *name, uint64_t value)
{
    char number[24];

    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    return http_write_field(to, name, number);
}

int http_write_end(struct buf *to)
{
    return buf_append(to, slice_of_text("\r\n"));
}

/* Eight digits, of which those in front are zeros: RFC 9112 has nothing
 * against them, and so the length can be written later in place. */
int http_chunk_begin(struct buf *to, uint32_t *ret_at)
{
    uint32_t at = to->len;
    int failure = buf_append(to, slice_of("00000000\r\n", HTTP_CHUNK_HEAD));

    if (failure == 0)
        *ret_at = at;
    return failure;
}

int http_chunk_end(struct buf *to, uint32_t at)
{
    static const char digits[] = "0123456789abcdef";
    uint32_t len = to->len - at - HTTP_CHUNK_HEAD;
    int failure;

    if (len == 0) {
        buf_cut(to, at);
        return 0;
    }
    failure = buf_append(to, slice_of_text("\r\n"));
    if (failure < 0)
        return failure;
    for (unsigned i = 0; i < 8; i++)
        to->data[to->start + at + i] =
            (uint8_t)digits[len >> (28 - 4 * i) & 15];
    return 0;
}

int http_write_last_chunk(struct buf *to)
{
    return buf_append(to, slice_of_text("0\r\n\r\n"));
}
