#include "record/record_cast.h"

#include "base/clock.h"
#include "proto/cast/cast_line.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

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

static size_t put_line(uint8_t *to, const struct head *head, struct slice data)
{
    if (head->code != RECORD_CAST_LINE)
        return cast_line_put(to, (char)head->code, head->time_us, data);
    memcpy(to, data.data, data.len);
    to[data.len] = '\n';
    return data.len + 1;
}

size_t record_cast_render(struct slice *in, uint8_t *to, size_t size)
{
    size_t len = 0;

    while (in->len > 0) {
        struct head head;
        struct slice rest = *in;
        struct slice data = take_entry(&rest, &head);

        if (data.len * CAST_LINE_BYTE_MAX + CAST_LINE_AROUND > size - len)
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
    char text[128 * CAST_LINE_BYTE_MAX + 3];
};

static struct quoted quote(const char *text)
{
    struct slice bytes = slice_of_text(text);
    struct quoted quoted;
    size_t len = 1;

    if (bytes.len > 128)
        bytes.len = cast_line_whole(slice_of(bytes.data, 128));
    quoted.text[0] = '"';
    len += cast_line_put_text((uint8_t *)quoted.text + 1, bytes);
    quoted.text[len] = '"';
    quoted.text[len + 1] = '\0';
    return quoted;
}

size_t record_cast_header(char to[RECORD_CAST_HEADER_MAX],
                          const struct record_cast_header *h)
{
    char started[CLOCK_TEXT_LEN];
    char offset[CAST_LINE_AROUND];

    clock_format_ms(started, h->started_ms);
    offset[cast_line_put_time((uint8_t *)offset, h->offset_us)] = '\0';
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
