/*
 * NAWS: sizes as they are put and parsed, and what the decoder makes of those
 * that clients really send, in every cut.
 */
#include "proto/naws.h"

#include "proto/telnet_decode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define IAC "\xff"
#define SB_NAWS "\xff\xfa\x1f"
#define SE "\xff\xf0"

#define TEXT(literal)                                                          \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }

/* The first subnegotiation of in, fed in two pieces; and the data behind it. */
struct heard {
    bool has_window;
    struct window window;
    uint8_t data[16];
    size_t len;
};

static void hear(struct telnet_decoder *d, struct slice in, struct heard *h)
{
    struct telnet_item item;
    enum telnet_event event;

    while ((event = telnet_next(d, &in, &item)) != TELNET_NEED_MORE) {
        if (event == TELNET_SUBOPTION && item.option == TELNET_OPTION_NAWS)
            h->has_window = naws_parse(item.body, &h->window);
        if (event != TELNET_DATA)
            continue;
        assert_true(h->len + item.body.len <= sizeof h->data);
        memcpy(h->data + h->len, item.body.data, item.body.len);
        h->len += item.body.len;
    }
}

static const struct {
    struct slice sent;
    bool has_window;
    struct window window;
} cases[] = {
    { TEXT(SB_NAWS "\0\x50\0\x18" SE "x"), true, { 80, 24 } },
    /* As RFC 1073 demands it. */
    { TEXT(SB_NAWS "\0" IAC IAC "\0\x18" SE "x"), true, { 255, 24 } },
    { TEXT(SB_NAWS "\0\x50\0" IAC IAC SE "x"), true, { 80, 255 } },
    { TEXT(SB_NAWS "\0" IAC IAC "\0" IAC IAC SE "x"), true, { 255, 255 } },
    { TEXT(SB_NAWS IAC IAC IAC IAC IAC IAC IAC IAC SE "x"),
      true,
      { 65535, 65535 } },
    /* Not doubled. */
    { TEXT(SB_NAWS "\0" IAC "\0\x18" SE "x"), true, { 255, 24 } },
    { TEXT(SB_NAWS "\0\x50\0" IAC SE "x"), true, { 80, 255 } },
    { TEXT(SB_NAWS "\0" IAC "\0" IAC SE "x"), true, { 255, 255 } },
    { TEXT(SB_NAWS "\0" IAC IAC "\0" IAC SE "x"), true, { 255, 255 } },
    /* 240 is SE's number, and data. */
    { TEXT(SB_NAWS "\0\xf0\0\xf0" SE "x"), true, { 240, 240 } },
    { TEXT(SB_NAWS "\0" IAC "\0\xf0" SE "x"), true, { 255, 240 } },
    /* Of another length, and with commands in it. */
    { TEXT(SB_NAWS SE "x"), false, { 0, 0 } },
    { TEXT(SB_NAWS "\0\x50\0" SE "x"), false, { 0, 0 } },
    { TEXT(SB_NAWS "\0\x50\0\x18\0" SE "x"), false, { 0, 0 } },
    { TEXT(SB_NAWS "\0\x50" IAC "\xf1" IAC "\xfb\x03"
                   "\0\x18" SE "x"),
      true,
      { 80, 24 } },
};

static void a_size_is_heard_in_any_cut_and_swallows_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice sent = cases[i].sent;

        for (size_t cut = 0; cut <= sent.len; cut++) {
            struct telnet_decoder d;
            struct heard h = { .len = 0 };

            telnet_decoder_init(&d, TELNET_LINES_BINARY);
            hear(&d, slice_of(sent.data, cut), &h);
            hear(&d, slice_after(sent, cut), &h);
            assert_int_equal(h.has_window, cases[i].has_window);
            assert_true(window_is_equal(h.window, cases[i].window));
            assert_int_equal(h.len, 1);
            assert_int_equal(h.data[0], 'x');
            telnet_decoder_done(&d);
        }
    }
}

static void what_is_put_is_heard(void **state)
{
    static const struct window windows[] = {
        { 80, 24 }, { 255, 255 }, { 65535, 1 }, { 240, 511 }, { 0, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct telnet_decoder d;
        struct heard h = { .len = 0 };
        struct buf out;

        buf_init(&out, 100);
        telnet_decoder_init(&d, TELNET_LINES_BINARY);
        assert_int_equal(naws_put(&out, windows[i]), 0);
        hear(&d, buf_bytes(&out), &h);
        assert_true(h.has_window);
        assert_true(window_is_equal(h.window, windows[i]));
        assert_int_equal(h.len, 0);
        telnet_decoder_done(&d);
        buf_done(&out);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_is_heard_in_any_cut_and_swallows_nothing),
        cmocka_unit_test(what_is_put_is_heard),
    };

    return cmocka_run_group_tests_name("naws", tests, NULL, NULL);
}
