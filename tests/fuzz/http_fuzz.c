/*
 * HTTP from a peer, either side: the same is told however it is cut, fields and
 * bodies are what they say they are, and between messages no memory is held. A
 * target that is taken apart comes out again of its encoded segments.
 *
 * The first byte of an input is the side and where it is cut.
 */
#include "base/buf.h"
#include "proto/http/http_lines.h"
#include "proto/http/http_reader.h"
#include "proto/http/http_target.h"

#include <stdlib.h>

/* Without ASan this is not there. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

/* All that was told, so that two tellings can be compared. */
struct told {
    struct buf bytes;
    uint64_t length; /* of the body that is under way */
    uint64_t seen;
    bool has_length;
    bool is_in_body;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void tell(struct told *t, struct slice bytes)
{
    require(buf_append(&t->bytes, bytes) == 0);
}

static void tell_number(struct told *t, uint64_t number)
{
    tell(t, slice_of(&number, sizeof number));
}

static void require_target(struct slice target)
{
    struct http_target t, again;
    char text[3 * HTTP_TARGET_MAX + 2] = "/";

    if (http_target_parse(&t, target) != NULL)
        return;
    for (size_t i = 0; i < t.segment_count; i++) {
        require(http_target_encode(text, sizeof text - 1, t.segment[i]));
        strcat(text, "/");
    }
    require(http_target_parse(&again, slice_of_text(text)) == NULL);
    require(again.segment_count == t.segment_count);
    for (size_t i = 0; i < t.segment_count; i++)
        require(strcmp(again.segment[i], t.segment[i]) == 0);
    http_target_done(&again);
    http_target_done(&t);
}

static void require_field(const struct http_field *field)
{
    require(field->name.len > 0);
    for (size_t i = 0; i < field->name.len; i++)
        require(http_is_token(field->name.data[i]));
    for (size_t i = 0; i < field->value.len; i++)
        require(field->value.data[i] >= ' ' || field->value.data[i] == '\t');
}

static void tell_head(struct told *t, const struct http_head *head)
{
    require(head->field_count <= HTTP_FIELDS_MAX);
    tell(t, head->target);
    tell_number(t, head->verb);
    tell_number(t, head->status);
    tell_number(t, head->minor);
    tell_number(t, head->keeps_alive);
    tell_number(t, head->is_upgrade);
    tell_number(t, head->has_body);
    for (size_t i = 0; i < head->field_count; i++) {
        require_field(&head->field[i]);
        tell(t, head->field[i].name);
        tell(t, head->field[i].value);
    }
    require_target(head->target);
    t->length = head->length;
    t->has_length = head->has_length && head->has_body;
    t->seen = 0;
}

static void tell_event(struct told *t, enum http_event event,
                       const struct http_item *item)
{
    if (event == HTTP_BODY) {
        require(item->body.len > 0);
        t->seen += item->body.len;
        if (!t->is_in_body)
            tell_number(t, HTTP_BODY);
        t->is_in_body = true;
        tell(t, item->body);
        return;
    }
    if (event == HTTP_NEED_MORE)
        return;
    t->is_in_body = false;
    tell_number(t, event);
    if (event == HTTP_HEAD_DONE)
        tell_head(t, item->head);
    if (event == HTTP_DONE)
        require(!t->has_length || t->seen == t->length);
    if (event == HTTP_MALFORMED) {
        require(item->status >= 400 && item->problem[0] != '\0');
        tell_number(t, item->status);
        tell(t, slice_of_text(item->problem));
    }
}

/* In memory of its own, so that nothing behind it is read. */
static bool give(struct http_reader *r, struct told *t, struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len);
    struct slice in = slice_of(copy, bytes.len);
    enum http_event event;

    require(copy != NULL);
    memcpy(copy, bytes.data, bytes.len);
    do {
        struct http_item item;

        event = http_next(r, &in, &item);
        tell_event(t, event, &item);
    } while (event != HTTP_NEED_MORE && event != HTTP_MALFORMED);
    require(event == HTTP_MALFORMED || in.len == 0);
    free(copy);
    return event != HTTP_MALFORMED;
}

static size_t memory_now(void)
{
    return __sanitizer_get_current_allocated_bytes != NULL
               ? __sanitizer_get_current_allocated_bytes()
               : 0;
}

static void play(struct told *t, enum http_side side, struct slice bytes,
                 size_t piece)
{
    struct http_reader *r = http_reader_new(side);
    size_t memory = memory_now() - t->bytes.cap;
    bool is_well = true;

    while (bytes.len > 0 && is_well) {
        size_t len = bytes.len < piece ? bytes.len : piece;

        is_well = give(r, t, slice_of(bytes.data, len));
        bytes = slice_after(bytes, len);
    }
    require(memory_now() - t->bytes.cap <= memory + HTTP_HEAD_MAX);
    if (is_well && http_reader_end(r))
        require(memory_now() - t->bytes.cap == memory);
    http_reader_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct told whole = { .has_length = false };
    struct told cut = { .has_length = false };
    enum http_side side;
    struct slice in;

    if (len < 2)
        return 0;
    side = (bytes[0] & 1) != 0 ? HTTP_SIDE_CLIENT : HTTP_SIDE_SERVER;
    in = slice_of(bytes + 1, len - 1);
    buf_init(&whole.bytes, UINT32_MAX);
    buf_init(&cut.bytes, UINT32_MAX);
    play(&whole, side, in, in.len);
    play(&cut, side, in, (bytes[0] >> 1) + 1u);
    require(slice_is_equal(buf_bytes(&whole.bytes), buf_bytes(&cut.bytes)));
    buf_done(&whole.bytes);
    buf_done(&cut.bytes);
    return 0;
}
