#include "record/record_cast.h"

#include "base/clock.h"
#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum {
    /* Of a byte: \u001b. */
    ESCAPED_MAX = 6,
    /* [18446744073709.551615,"o",""] and a LF. */
    AROUND_MAX = 40,
    US_PER_S = 1000 * 1000,
};

/* ---- JSON ------------------------------------------------------------- */

static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static size_t put_escaped(uint8_t *to, uint8_t byte)
{
    static const char hex[] = "0123456789abcdef";

    to[0] = '\\';
    to[1] = 'u';
    to[2] = '0';
    to[3] = '0';
    to[4] = (uint8_t)hex[byte >> 4];
    to[5] = (uint8_t)hex[byte & 15];
    return ESCAPED_MAX;
}

/* CR and LF end each line of a console, so they are kept short. */
static size_t put_special(uint8_t *to, uint8_t byte)
{
    if (byte == '\r' || byte == '\n' || byte == '"' || byte == '\\') {
        to[0] = '\\';
        to[1] = byte == '\r' ? 'r' : byte == '\n' ? 'n' : byte;
        return 2;
    }
    return put_escaped(to, byte);
}

static size_t put_bytes(uint8_t *to, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(to, bytes.data, bytes.len);
    return bytes.len;
}

static size_t put_replacement(uint8_t *to)
{
    return put_bytes(to, slice_of_text("\xef\xbf\xbd")); /* U+FFFD */
}

/* What stands between the quotes; `to` has ESCAPED_MAX for each byte. Output is
 * plain text mostly, and copied in runs. */
static size_t put_text(uint8_t *to, struct slice text)
{
    size_t len = 0;
    size_t at = 0;

    while (at < text.len) {
        size_t run = at;
        uint32_t code;
        size_t n;

        while (run < text.len && is_plain(text.data[run]))
            run++;
        memcpy(to + len, text.data + at, run - at);
        len += run - at;
        at = run;
        if (at == text.len)
            break;
        if (text.data[at] < 0x80) {
            len += put_special(to + len, text.data[at++]);
            continue;
        }
        n = text_character(slice_after(text, at), &code);
        if (n == 0) {
            len += put_replacement(to + len);
            at++;
        } else {
            memcpy(to + len, text.data + at, n);
            len += n;
            at += n;
        }
    }
    return len;
}

size_t record_cast_whole(struct slice bytes)
{
    for (size_t n = 1; n <= 3 && n <= bytes.len; n++) {
        uint8_t byte = bytes.data[bytes.len - n];
        struct text_check check = { 0 };

        if (byte < 0x80)
            break;
        if (byte >= 0xc0)
            return text_check(&check, slice_after(bytes, bytes.len - n)) &&
                           check.left > 0
                       ? bytes.len - n
                       : bytes.len;
    }
    return bytes.len;
}

/* ---- entries ---------------------------------------------------------- */

struct head {
    uint64_t time_us;
    uint32_t len;
    uint8_t code; /* enum record_cast_code */
};

void record_cast_entry(uint8_t to[RECORD_CAST_HEAD], enum record_cast_code code,
                       uint64_t time_us, size_t len)
{
    const struct head head = {
        .time_us = time_us,
        .len = (uint32_t)len,
        .code = (uint8_t)code,
    };

    static_assert(sizeof head == RECORD_CAST_HEAD, "a head of an entry");
    memcpy(to, &head, sizeof head);
}

/* Takes the entry at the front. */
static struct slice take_entry(struct slice *in, struct head *ret_head)
{
    struct slice data;

    memcpy(ret_head, in->data, sizeof *ret_head);
    data = slice_of(in->data + sizeof *ret_head, ret_head->len);
    *in = slice_after(*in, sizeof *ret_head + data.len);
    return data;
}

static size_t put_time(uint8_t *to, uint64_t us)
{
    return (size_t)snprintf((char *)to, AROUND_MAX, "%" PRIu64 ".%06" PRIu64,
                            us / US_PER_S, us % US_PER_S);
}

static size_t put_line(uint8_t *to, const struct head *head, struct slice data)
{
    size_t len = 0;

    if (head->code == RECORD_CAST_LINE) {
        len += put_bytes(to, data);
        to[len++] = '\n';
        return len;
    }
    to[len++] = '[';
    len += put_time(to + len, head->time_us);
    len += put_bytes(to + len, slice_of_text(",\""));
    to[len++] = head->code;
    len += put_bytes(to + len, slice_of_text("\",\""));
    len += put_text(to + len, data);
    return len + put_bytes(to + len, slice_of_text("\"]\n"));
}

size_t record_cast_render(struct slice *in, uint8_t *to, size_t size)
{
    size_t len = 0;

    while (in->len > 0) {
        struct head head;
        struct slice rest = *in;
        struct slice data = take_entry(&rest, &head);

        if (data.len * ESCAPED_MAX + AROUND_MAX > size - len)
            break;
        len += put_line(to + len, &head, data);
        *in = rest;
    }
    return len;
}

/* ---- the header ------------------------------------------------------- */

/* In quotes. Foreign texts are bounded where they come from; here all of them
 * together are. */
struct quoted {
    char text[128 * ESCAPED_MAX + 3];
};

static struct quoted quote(const char *text)
{
    struct slice bytes = slice_of_text(text);
    struct quoted quoted;
    size_t len = 1;

    if (bytes.len > 128)
        bytes.len = record_cast_whole(slice_of(bytes.data, 128));
    quoted.text[0] = '"';
    len += put_text((uint8_t *)quoted.text + 1, bytes);
    quoted.text[len] = '"';
    quoted.text[len + 1] = '\0';
    return quoted;
}

size_t record_cast_header(char to[RECORD_CAST_HEADER_MAX],
                          const struct record_cast_header *h)
{
    char started[CLOCK_TEXT_LEN];
    char offset[AROUND_MAX];

    clock_format_ms(started, h->started_ms);
    (void)put_time((uint8_t *)offset, h->offset_us);
    return (size_t)snprintf(
        to, RECORD_CAST_HEADER_MAX,
        "{%s,\"timestamp\":%" PRId64 ",\"title\":%s,"
        "\"vspcd\":{\"recording\":%s,\"part\":%" PRIu32 ",\"started\":\"%s\","
        "\"uuid\":%s,\"label\":%s,\"name\":%s,\"reason\":%s,\"by\":%s,"
        "\"input\":%s,\"gaps\":%" PRIu32 ",\"missing\":%" PRIu64
        ",\"place\":\"%016" PRIx64 ":%" PRIu64 "\",\"offset\":%s}}",
        h->is_v3 ? "\"version\":3,\"term\":{\"cols\":80,\"rows\":24}"
                 : "\"version\":2,\"width\":80,\"height\":24",
        h->begun_ms / 1000, quote(h->title).text, quote(h->id).text, h->part,
        started, quote(h->uuid).text, quote(h->label).text, quote(h->name).text,
        quote(h->reason).text, quote(h->by).text,
        h->has_input ? "true" : "false", h->gaps, h->missing, h->epoch,
        h->position, offset);
}
