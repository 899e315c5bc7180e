/*
 * WebSocket frames: what they say in every cut, what is refused and with which
 * close code, and the heads that go out.
 */
#include "proto/websocket/websocket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After those that it needs. */
#include <cmocka.h>

enum { TOLD_MAX = 8192 };

/* What a reader told, as text: pieces of a message as one. */
struct told {
    size_t len;
    bool is_in_data;
    char text[TOLD_MAX];
};

__attribute__((format(printf, 2, 3))) static void say(struct told *t,
                                                      const char *format, ...)
{
    va_list values;
    int len;

    va_start(values, format);
    len = vsnprintf(t->text + t->len, TOLD_MAX - t->len, format, values);
    va_end(values);
    assert_true(len >= 0 && t->len + (size_t)len < TOLD_MAX);
    t->len += (size_t)len;
}

static const char *name_of(enum websocket_opcode opcode)
{
    static const char *const names[] = {
        [WEBSOCKET_TEXT] = "text",   [WEBSOCKET_BINARY] = "binary",
        [WEBSOCKET_CLOSE] = "close", [WEBSOCKET_PING] = "ping",
        [WEBSOCKET_PONG] = "pong",
    };

    return names[opcode];
}

static void say_event(struct told *t, enum websocket_event event,
                      const struct websocket_item *item)
{
    int len = (int)item->body.len;
    const char *body = (const char *)item->body.data;

    switch (event) {
    case WEBSOCKET_NEED_MORE:
        break;
    case WEBSOCKET_DATA:
        assert_true(len > 0);
        if (!t->is_in_data)
            say(t, "%s ", name_of(item->opcode));
        t->is_in_data = true;
        say(t, "%.*s", len, body);
        break;
    case WEBSOCKET_DATA_END:
        if (!t->is_in_data)
            say(t, "%s ", name_of(item->opcode));
        t->is_in_data = false;
        say(t, ".\n");
        break;
    case WEBSOCKET_CONTROL:
        if (item->opcode == WEBSOCKET_CLOSE)
            say(t, "[close %u %.*s]", item->close_code, len > 2 ? len - 2 : 0,
                len > 2 ? body + 2 : "");
        else
            say(t, "[%s %.*s]", name_of(item->opcode), len, body);
        break;
    case WEBSOCKET_BROKEN:
        say(t, "[%u %s]", item->close_code, item->problem);
        break;
    }
}

/* Gives one piece, in memory of its own, which is gone when the next comes. */
static bool give(struct websocket_reader *r, struct told *t, struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);
    struct slice in = slice_of(copy, bytes.len);
    enum websocket_event event;

    assert_non_null(copy);
    memcpy(copy, bytes.data, bytes.len);
    do {
        struct websocket_item item;

        event = websocket_next(r, &in, &item);
        say_event(t, event, &item);
        if (event == WEBSOCKET_NEED_MORE)
            assert_int_equal(in.len, 0);
    } while (event != WEBSOCKET_NEED_MORE && event != WEBSOCKET_BROKEN);
    free(copy);
    return event != WEBSOCKET_BROKEN;
}

/* first: the first piece; piece: of those behind it; 0: random. */
static void check_cut(enum websocket_side side, struct slice bytes,
                      size_t first, size_t piece, const char *expected)
{
    static struct told t;
    struct websocket_reader r;
    unsigned seed = (unsigned)first;
    bool is_well = true;

    t.len = 0;
    t.is_in_data = false;
    t.text[0] = '\0';
    websocket_reader_init(&r, side);
    for (size_t at = 0; at < bytes.len && is_well;) {
        size_t len = at == 0 ? first : piece;

        if (len == 0) {
            seed = seed * 1103515245u + 12345u;
            len = (seed >> 16) % 9 + 1;
        }
        if (len > bytes.len - at)
            len = bytes.len - at;
        is_well = give(&r, &t, slice_of(bytes.data + at, len));
        at += len;
    }
    if (strcmp(t.text, expected) != 0)
        fail_msg("cut at %zu, by %zu: told %s, not %s", first, piece, t.text,
                 expected);
}

static void check(enum websocket_side side, struct slice bytes,
                  const char *expected)
{
    for (size_t cut = 1; cut <= bytes.len; cut++) {
        check_cut(side, bytes, cut, bytes.len, expected);
        check_cut(side, bytes, cut, 0, expected);
    }
    check_cut(side, bytes, 1, 1, expected);
}

#define BYTES(text)                                                            \
    {                                                                          \
        (const uint8_t *)(text), sizeof(text) - 1                              \
    }

/* As a client receives them, not masked. */
static const struct {
    struct slice bytes;
    const char *told;
} frames[] = {
    /* RFC 6455, section 5.7. */
    { BYTES("\x81\x05Hello"), "text Hello.\n" },
    { BYTES("\x01\x03Hel\x80\x02lo"), "text Hello.\n" },
    { BYTES("\x89\x05Hello\x8a\x05Hello"), "[ping Hello][pong Hello]" },
    /* Control frames within a message. */
    { BYTES("\x02\x01"
            "a\x89\x00\x00\x01"
            "b\x8a\x01p\x80\x01"
            "c"),
      "binary a[ping ]b[pong p]c.\n" },
    { BYTES("\x81\x00\x82\x00\x02\x00\x00\x00\x80\x00"),
      "text .\nbinary .\nbinary .\n" },
    { BYTES("\x82\x7e\x00\x7e"
            "12345678901234567890123456789012345678901234567890123456789012"
            "12345678901234567890123456789012345678901234567890123456789012"
            "12\x81\x01x"),
      "binary 12345678901234567890123456789012345678901234567890123456789012"
      "1234567890123456789012345678901234567890123456789012345678901212.\n"
      "text x.\n" },
    /* Characters cut by frames. */
    { BYTES("\x01\x02\xc3\xa4\x00\x01\xe2\x00\x02\x82\xac\x80\x04\xf0\x9f\x98"
            "\x80"),
      "text \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80.\n" },
    { BYTES("\x81\x04\xf4\x8f\xbf\xbf\x81\x03\xed\x9f\xbf\x81\x03\xef\xbf\xbf"),
      "text \xf4\x8f\xbf\xbf.\ntext \xed\x9f\xbf.\ntext \xef\xbf\xbf.\n" },
    /* What is no text may be anything. */
    { BYTES("\x82\x02\xff\xfe"), "binary \xff\xfe.\n" },
    /* The end, and what comes behind it. */
    { BYTES("\x88\x00\x81\x01x\xff\xff"), "[close 1005 ]" },
    { BYTES("\x88\x02\x03\xe8"), "[close 1000 ]" },
    { BYTES("\x88\x05\x0f\xa1\xe2\x82\xac"), "[close 4001 \xe2\x82\xac]" },
    { BYTES("\x88\x02\x03\xf6"), "[close 1014 ]" },
    { BYTES("\x01\x01x\x88\x02\x0b\xb8\x80\x00"), "text x[close 3000 ]" },
    /* Not there yet. */
    { BYTES("\x81"), "" },
    { BYTES("\x82\x7f\x00\x00\x00\x00\x00\x01\x00"), "" },
    { BYTES("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"
            "a"),
      "binary a" },
};

static const struct {
    struct slice bytes;
    const char *told;
} broken[] = {
    { BYTES("\xc1\x00"), "[1002 a reserved bit is set]" },
    { BYTES("\xa1\x00"), "[1002 a reserved bit is set]" },
    { BYTES("\x91\x00"), "[1002 a reserved bit is set]" },
    { BYTES("\x81\x85"), "[1002 a server's frame is masked]" },
    { BYTES("\x83\x00"), "[1002 the opcode is not known]" },
    { BYTES("\x87\x00"), "[1002 the opcode is not known]" },
    { BYTES("\x8b\x00"), "[1002 the opcode is not known]" },
    { BYTES("\x8f\x00"), "[1002 the opcode is not known]" },
    { BYTES("\x0f\x00"), "[1002 the opcode is not known]" },
    { BYTES("\x09\x00"), "[1002 a control frame is fragmented]" },
    { BYTES("\x08\x00"), "[1002 a control frame is fragmented]" },
    { BYTES("\x89\x7e\x00\x7e"), "[1002 a control frame is too long]" },
    { BYTES("\x88\x7f"), "[1002 a control frame is too long]" },
    { BYTES("\x80\x00"), "[1002 there is no message to be continued]" },
    { BYTES("\x81\x00\x00\x00"),
      "text .\n[1002 there is no message to be continued]" },
    { BYTES("\x01\x01x\x81\x01y"),
      "text x[1002 a message begins within another one]" },
    { BYTES("\x02\x00\x02\x00"), "[1002 a message begins within another one]" },
    { BYTES("\x82\x7e\x00\x7d"),
      "[1002 a length is not written in the shortest way]" },
    { BYTES("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"),
      "[1002 a length is not written in the shortest way]" },
    { BYTES("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
      "[1002 a length has its top bit set]" },
    { BYTES("\x88\x01\x03"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x02\x03\xe7"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x02\x03\xec"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x02\x03\xed"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x02\x03\xee"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x02\x03\xf7"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x02\x07\xd0"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x02\x13\x88"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x02\x00\x00"), "[1002 the close code is not valid]" },
    { BYTES("\x88\x03\x03\xe8\xff"), "[1007 the reason is no UTF-8]" },
    { BYTES("\x88\x04\x03\xe8\xe2\x82"), "[1007 the reason is no UTF-8]" },
    { BYTES("\x81\x01\xff"), "[1007 a text is no UTF-8]" },
    { BYTES("\x81\x02\xc0\x80"), "[1007 a text is no UTF-8]" },
    { BYTES("\x81\x01\x80"), "[1007 a text is no UTF-8]" },
    { BYTES("\x81\x03\xe0\x9f\xbf"), "[1007 a text is no UTF-8]" },
    { BYTES("\x81\x03\xed\xa0\x80"), "[1007 a text is no UTF-8]" },
    { BYTES("\x81\x04\xf0\x8f\xbf\xbf"), "[1007 a text is no UTF-8]" },
    { BYTES("\x81\x04\xf4\x90\x80\x80"), "[1007 a text is no UTF-8]" },
    { BYTES("\x81\x01\xf5"), "[1007 a text is no UTF-8]" },
};

static void frames_are_read_in_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
        check(WEBSOCKET_CLIENT, frames[i].bytes, frames[i].told);
}

/* The part of the text before what is wrong is told or not, as it was cut. */
static void check_end(struct slice bytes, const char *expected)
{
    struct websocket_reader r;

    for (size_t piece = 1; piece <= bytes.len; piece++) {
        static struct told t;
        bool is_well = true;

        t.len = 0;
        t.is_in_data = false;
        websocket_reader_init(&r, WEBSOCKET_CLIENT);
        for (size_t at = 0; at < bytes.len && is_well; at += piece) {
            size_t rest = bytes.len - at;

            is_well = give(
                &r, &t, slice_of(bytes.data + at, rest < piece ? rest : piece));
        }
        assert_false(is_well);
        assert_non_null(strstr(t.text, expected));
        assert_string_equal(strstr(t.text, expected), expected);
    }
}

static void what_is_broken_is_so_in_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        check_end(broken[i].bytes, broken[i].told);
}

static void a_text_ends_with_a_character(void **state)
{
    (void)state;
    check(WEBSOCKET_CLIENT, slice_of("\x01\x01\xe2\x80\x01\x82\x81\x01x", 9),
          "text \xe2\x82[1007 a text ends within a character]");
}

static void broken_stays_broken(void **state)
{
    struct websocket_reader r;
    struct websocket_item item;
    struct slice in = slice_of("\xff\x00", 2);

    (void)state;
    websocket_reader_init(&r, WEBSOCKET_CLIENT);
    assert_int_equal(websocket_next(&r, &in, &item), WEBSOCKET_BROKEN);
    in = slice_of("\x81\x01x", 3);
    assert_int_equal(websocket_next(&r, &in, &item), WEBSOCKET_BROKEN);
    assert_int_equal(item.close_code, 1002);
    assert_string_equal(item.problem, "a reserved bit is set");
}

/* RFC 6455, section 5.7: the same frames, from a client. */
static void a_client_masks(void **state)
{
    (void)state;
    check(WEBSOCKET_SERVER,
          slice_of("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
                   "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
                   "\x89\x80\x01\x02\x03\x04\x82\x80\x01\x02\x03\x04",
                   34),
          "text Hello.\n[pong Hello][ping ]binary .\n");
    check(WEBSOCKET_SERVER, slice_of("\x81\x05Hello", 7),
          "[1002 a client's frame is not masked]");
}

static void fragments_are_bounded(void **state)
{
    static uint8_t bytes[2 * (WEBSOCKET_FRAGMENTS_MAX + 1)];
    static struct told t;
    struct websocket_reader r;

    (void)state;
    websocket_reader_init(&r, WEBSOCKET_CLIENT);
    /* Those of a message before it do not count. */
    assert_true(give(&r, &t, slice_of("\x01\x00\x00\x00\x80\x00", 6)));
    bytes[0] = WEBSOCKET_TEXT;
    assert_true(give(&r, &t, slice_of(bytes, 2 * WEBSOCKET_FRAGMENTS_MAX)));
    /* A control frame between them is none of them. */
    assert_true(give(&r, &t, slice_of("\x89\x00", 2)));
    assert_false(give(&r, &t, slice_of("\x80\x00", 2)));
    assert_string_equal(t.text,
                        "text .\n[ping ][1009 a message has too many frames]");
}

static void a_reader_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct websocket_reader) <= 200);
}

static void masks_are_the_same_at_every_place(void **state)
{
    static const uint8_t mask[4] = { 0x12, 0x34, 0x56, 0x78 };
    uint8_t body[64];

    (void)state;
    for (size_t at = 0; at < 5; at++) {
        for (size_t start = 0; start < 9; start++) {
            for (size_t len = 0; len < sizeof body - start; len++) {
                memset(body, 0, sizeof body);
                websocket_mask(body + start, len, mask, at);
                for (size_t i = 0; i < sizeof body; i++)
                    assert_int_equal(body[i], i < start || i >= start + len
                                                  ? 0
                                                  : mask[(at + i - start) & 3]);
            }
        }
    }
}

static void heads_are_of_every_length(void **state)
{
    static const uint64_t lengths[] = { 0,      1,       125,      126,
                                        0xffff, 0x10000, INT64_MAX };
    static const uint8_t mask[4] = { 1, 2, 3, 4 };
    static const size_t sizes[] = { 2, 2, 2, 4, 4, 10, 10 };

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        for (int masked = 0; masked <= 1; masked++) {
            uint8_t head[WEBSOCKET_HEAD_MAX];
            size_t len = websocket_put_head(head, WEBSOCKET_BINARY, lengths[i],
                                            masked ? mask : NULL);
            struct websocket_reader r;
            struct websocket_item item;
            struct slice in = slice_of(head, len);

            assert_int_equal(len, sizes[i] + (masked ? 4 : 0));
            websocket_reader_init(&r,
                                  masked ? WEBSOCKET_SERVER : WEBSOCKET_CLIENT);
            assert_int_equal(websocket_next(&r, &in, &item),
                             lengths[i] == 0 ? WEBSOCKET_DATA_END
                                             : WEBSOCKET_NEED_MORE);
            assert_int_equal(r.left, lengths[i]);
        }
    }
}

static void a_close_is_cut_at_a_character(void **state)
{
    uint8_t body[WEBSOCKET_CONTROL_MAX];
    char reason[200] = "";

    (void)state;
    assert_int_equal(websocket_put_close(body, 1001, ""), 2);
    assert_memory_equal(body, "\x03\xe9", 2);
    assert_int_equal(websocket_put_close(body, 4001, "bye"), 5);
    assert_memory_equal(body,
                        "\x0f\xa1"
                        "bye",
                        5);
    /* 121 letters, and one of three bytes that has no room. */
    (void)snprintf(reason, sizeof reason, "%0121d\xe2\x82\xac", 0);
    assert_int_equal(websocket_put_close(body, 1000, reason), 123);
    reason[119] = '\0';
    (void)strcat(reason, "\xe2\x82\xac"
                         "x\xe2\x82\xac");
    assert_int_equal(websocket_put_close(body, 1000, reason), 125);
    assert_int_equal(body[124], 'x');
    assert_int_equal(websocket_put_close(body, 1000,
                                         "a\xff"
                                         "b"),
                     3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_read_in_every_cut),
        cmocka_unit_test(what_is_broken_is_so_in_every_cut),
        cmocka_unit_test(a_text_ends_with_a_character),
        cmocka_unit_test(broken_stays_broken),
        cmocka_unit_test(a_client_masks),
        cmocka_unit_test(fragments_are_bounded),
        cmocka_unit_test(a_reader_is_small),
        cmocka_unit_test(masks_are_the_same_at_every_place),
        cmocka_unit_test(heads_are_of_every_length),
        cmocka_unit_test(a_close_is_cut_at_a_character),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
