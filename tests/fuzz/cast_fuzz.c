/*
 * Recordings: whatever is in a file is the same events in one piece and byte by
 * byte; texts are UTF-8, and times do not go back. The first byte says which
 * version it is. What is written again is read as the same, and headers are
 * read without harm.
 */
#include "base/text.h"
#include "proto/cast/cast_line.h"
#include "proto/cast/cast_reader.h"
#include "proto/cast/cast_writer.h"
#include "record/reading/record_facts.h"

#include <stdlib.h>

struct digest {
    uint64_t sum;
    uint64_t count;
    uint64_t skipped;
    bool is_torn;
};

static void check(bool is_right)
{
    if (!is_right)
        abort();
}

static void note(struct digest *d, enum cast_item item,
                 const struct cast_event *event, uint64_t *before_us)
{
    struct text_check utf8 = { 0 };

    d->count++;
    d->sum = d->sum * 31 + item;
    for (size_t i = 0; i < event->text.len; i++)
        d->sum = d->sum * 31 + event->text.data[i];
    if (item == CAST_HEADER)
        return;
    d->sum = d->sum * 31 + event->time_us + (uint64_t)event->code;
    check(event->code > ' ' && event->code <= '~');
    check(event->time_us >= *before_us);
    check(text_check(&utf8, event->text) && utf8.left == 0);
    *before_us = event->time_us;
}

/* In the other version. */
static void write_again(struct cast_writer *w, const struct cast_event *event)
{
    struct cast_reader r;
    struct cast_event again;
    struct slice in = slice_of_text("{}\n");
    uint64_t before_us = w->has_intervals ? w->time_us : 0;
    struct buf line;

    buf_init(&line, 6 * CAST_LINE_MAX + CAST_LINE_AROUND);
    cast_reader_init(&r);
    check(cast_reader_next(&r, &in, &again) == CAST_HEADER);
    check(cast_reader_begin(&r, w->has_intervals ? 3 : 2));
    check(cast_writer_put(w, &line, event->code, event->time_us, event->text));
    in = buf_bytes(&line);
    if (line.len <= CAST_LINE_MAX) {
        check(cast_reader_next(&r, &in, &again) == CAST_EVENT);
        check(again.code == event->code &&
              again.time_us + before_us == event->time_us &&
              slice_is_equal(again.text, event->text));
    }
    cast_reader_done(&r);
    buf_done(&line);
}

static struct digest feed(const uint8_t *data, size_t size, unsigned version,
                          size_t step)
{
    struct digest digest = { 0 };
    uint64_t before_us = 0;
    struct record_facts facts;
    struct cast_event event;
    struct cast_writer w;
    struct cast_reader r;
    enum cast_item item;

    cast_reader_init(&r);
    cast_writer_init(&w, version == 3 ? 2 : 3);
    for (size_t at = 0; at < size; at += step) {
        struct slice in =
            slice_of(data + at, size - at < step ? size - at : step);

        while ((item = cast_reader_next(&r, &in, &event)) != CAST_NEED_MORE) {
            note(&digest, item, &event, &before_us);
            if (item == CAST_EVENT) {
                write_again(&w, &event);
                continue;
            }
            (void)record_facts_read(&facts, event.text);
            check(cast_reader_begin(&r, version));
        }
        check(in.len == 0);
    }
    digest.skipped = r.skipped;
    digest.is_torn = cast_reader_is_torn(&r);
    cast_reader_done(&r);
    return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned version = size > 0 && (data[0] & 1) != 0 ? 3 : 2;
    struct digest whole, bytes;

    if (size == 0)
        return 0;
    whole = feed(data + 1, size - 1, version, size);
    bytes = feed(data + 1, size - 1, version, 1);
    check(whole.sum == bytes.sum && whole.count == bytes.count &&
          whole.skipped == bytes.skipped && whole.is_torn == bytes.is_torn);
    return 0;
}
