/*
 * The VM's end: ESXi's order and bytes, whole and byte by byte; as any VM's, as
 * a move's source, and as its destination; and its serial line.
 */
#include "vm/host/vmend.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define SB232 "\xff\xfa\xe8"
#define SE "\xff\xf0"

static const struct vmend_identity identity = {
    .name = "vm-0001",
    .uuid = "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3",
    .uri = "vSPC.py",
    .direction = 'S',
};

/* The concentrator of the captures. */
#define GREETING "\xff\xfb\x00\xff\xfb\x03\xff\xfb\x01\xff\xfd\x00\xff\xfd\x03"
#define KNOWN_2                                                                \
    SB232 "\x01\x00\x01\x02\x03\x28\x29\x2b\x2c\x2d\x2e\x30\x46\x47\x49\x50"   \
          "\x51\x52\x53" SE

#define SEQUENCE "\x01\xff\x00\xf0"
#define SEQUENCE_SENT "\x01\xff\xff\x00\xf0"
#define OTHER_SEQUENCE "\x02\x03\x04\x05"
#define KNOWN_1                                                                \
    SB232 "\x00\x00\x01\x02\x03\x28\x29\x2b\x2c\x2d\x2e\x30\x46\x47\x49\x50"   \
          "\x51\x54\x55\x56\x57\x52\x53" SE

/* What it says of its serial port when it may. */
#define SB44 "\xff\xfa\x2c"
#define SETTINGS                                                               \
    SB44 "\x01\0\x01\xc2\0" SE SB44 "\x02\x08" SE SB44 "\x03\x01" SE SB44      \
         "\x04\x01" SE SB44 "\x05\x01" SE SB44 "\x05\x08" SE SB44              \
         "\x05\x0b" SE
#define MASKS SB44 "\x0a\x10" SE SB44 "\x0b\xff\xff" SE

struct fixture {
    struct uart uart;
    struct vmend end;
    struct buf out;
    enum vmend_event event; /* the last one but NEED_MORE */
    uint8_t data[64];
    size_t data_len;
    uint8_t secret[64];
    size_t secret_len;
};

static void take(struct fixture *f, struct slice in)
{
    enum vmend_event event;
    struct slice body;

    do {
        assert_int_equal(vmend_next(&f->end, &in, &f->out, &event, &body), 0);
        if (event != VMEND_NEED_MORE)
            f->event = event;
        if (event == VMEND_DATA) {
            assert_true(f->data_len + body.len <= sizeof f->data);
            memcpy(f->data + f->data_len, body.data, body.len);
            f->data_len += body.len;
        } else if (event == VMEND_GOAHEAD) {
            assert_true(body.len <= sizeof f->secret);
            memcpy(f->secret, body.data, body.len);
            f->secret_len = body.len;
        }
    } while (event != VMEND_NEED_MORE);
}

static void expect(struct fixture *f, struct slice said)
{
    assert_int_equal(f->out.len, said.len);
    if (said.len > 0)
        assert_memory_equal(buf_bytes(&f->out).data, said.data, said.len);
    buf_take(&f->out, f->out.len);
}

static int start(void **state)
{
    static struct fixture f;

    f = (struct fixture){ .event = VMEND_NEED_MORE };
    buf_init(&f.out, 4096);
    uart_init(&f.uart, 115200, UART_BOTH);
    vmend_init(&f.end, &identity, &f.uart, NULL, AUTH_OFFERED);
    *state = &f;
    return vmend_greet(&f.end, &f.out);
}

static int end(void **state)
{
    struct fixture *f = *state;

    vmend_done(&f->end);
    buf_done(&f->out);
    return 0;
}

/* Up to WILL-PROXY, as captured. */
static void open_forwarding(struct fixture *f)
{
    take(f, BYTES(GREETING "\xff\xfd\xe8\xff\xfe\x25" KNOWN_2 SB232 "\x47" SE));
    assert_int_equal(f->event, VMEND_OPENED);
    buf_take(&f->out, f->out.len);
}

static void test_it_speaks_first(void **state)
{
    expect(*state, BYTES("\xff\xfb\x25"));
}

static void test_order_is_that_of_the_capture(void **state)
{
    struct fixture *f = *state;

    expect(f, BYTES("\xff\xfb\x25"));
    take(f, BYTES("\xff\xfb\x00\xff\xfb\x03\xff\xfb\x01"));
    expect(f, BYTES("\xff\xfd\x00\xff\xfd\x03\xff\xfd\x01"));
    take(f, BYTES("\xff\xfd\x00\xff\xfd\x03"));
    expect(f, BYTES("\xff\xfb\x00\xff\xfb\x03"));
    take(f, BYTES("\xff\xfd\xe8"));
    expect(f, BYTES("")); /* 232 waits for an answer to AUTHENTICATION */
    take(f, BYTES("\xff\xfe\x25"));
    expect(f, BYTES("\xff\xfb\xe8"));
    take(f, BYTES(KNOWN_2));
    expect(f, BYTES(SB232 "\x00\x00\x01\x02\x03\x28\x29\x2b\x2c\x2d\x2e\x30\x46"
                          "\x47\x49\x50\x51\x54\x55\x56\x57\x52\x53" SE SB232
                          "\x46"
                          "SvSPC.py" SE));
    take(f, BYTES(SB232 "\x51" SE));
    expect(f,
           BYTES(SB232 "\x50"
                       "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af b0 c1 d2 e3" SE));
    assert_int_equal(f->event, VMEND_NEED_MORE);
    take(f, BYTES(SB232 "\x47" SE));
    assert_int_equal(f->event, VMEND_OPENED);
    expect(f, BYTES("\xff\xfb\x2c"));
    take(f, BYTES(SB232 "\x53" SE));
    expect(f, BYTES(SB232 "\x52"
                          "vm-0001" SE));
}

static void test_segmentation_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct slice all =
        BYTES(GREETING "\xff\xfd\xe8\xff\xfe\x25" KNOWN_2 SB232 "\x51" SE SB232
                       "\x47" SE SB232 "\x53" SE "a\xff\xff"
                       "b");
    uint8_t whole[512];
    size_t whole_len;

    take(f, all);
    whole_len = f->out.len;
    assert_true(whole_len <= sizeof whole);
    memcpy(whole, buf_bytes(&f->out).data, whole_len);
    end(state);

    start(state);
    f = *state;
    for (size_t i = 0; i < all.len; i++)
        take(f, slice_of(all.data + i, 1));
    expect(f, slice_of(whole, whole_len));
    assert_int_equal(f->data_len, 3);
    assert_memory_equal(f->data,
                        "a\xff"
                        "b",
                        3);
}

static void test_do_232_after_the_answer_is_answered_at_once(void **state)
{
    struct fixture *f = *state;

    buf_take(&f->out, f->out.len);
    take(f, BYTES("\xff\xfe\x25"));
    expect(f, BYTES(""));
    take(f, BYTES("\xff\xfd\xe8"));
    expect(f, BYTES("\xff\xfb\xe8"));
}

static void test_a_do_232_that_is_withdrawn_is_not_answered(void **state)
{
    struct fixture *f = *state;

    buf_take(&f->out, f->out.len);
    take(f, BYTES("\xff\xfd\xe8\xff\xfe\xe8"));
    assert_int_equal(f->event, VMEND_CLOSED);
    take(f, BYTES("\xff\xfe\x25"));
    expect(f, BYTES(""));
}

static void test_com_port_waits_for_will_proxy(void **state)
{
    struct fixture *f = *state;

    buf_take(&f->out, f->out.len);
    take(f, BYTES("\xff\xfe\x25\xff\xfd\xe8\xff\xfd\x2c"));
    expect(f, BYTES("\xff\xfb\xe8"));
    take(f, BYTES(SB232 "\x47" SE));
    expect(f, BYTES("\xff\xfb\x2c" SETTINGS MASKS));
    take(f, BYTES("\xff\xfd\x2c"));
    expect(f, BYTES(""));
}

/* The only thing that no host says, so it is said only if it is wanted. */
static void test_the_window_is_asked_for_by_who_wants_it(void **state)
{
    struct fixture *f = *state;
    struct vmend_identity terminal = identity;

    terminal.wants_window = true;
    f->end.identity = &terminal;
    buf_take(&f->out, f->out.len);
    take(f, BYTES("\xff\xfe\x25\xff\xfd\xe8\xff\xfd\x2c"));
    expect(f, BYTES("\xff\xfb\xe8"));
    take(f, BYTES(SB232 "\x47" SE));
    expect(f, BYTES("\xff\xfb\x2c" SETTINGS MASKS "\xff\xfd\x1f"));
    take(f, BYTES("\xff\xfa\x1f\0\x50\0\x18" SE)); /* not agreed on yet */
    assert_int_equal(f->event, VMEND_OPENED);
    take(f, BYTES("\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\xff" SE));
    expect(f, BYTES(""));
    assert_int_equal(f->event, VMEND_WINDOW);
    assert_int_equal(f->end.window.columns, 80);
    assert_int_equal(f->end.window.rows, 255);
}

static void test_the_window_is_refused_by_who_does_not(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    take(f, BYTES("\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18" SE));
    expect(f, BYTES("\xff\xfe\x1f"));
    assert_false(window_is_known(f->end.window));
}

static void test_unknown_options_are_refused(void **state)
{
    struct fixture *f = *state;

    buf_take(&f->out, f->out.len);
    take(f, BYTES("\xff\xfd\x18\xff\xfb\x18\xff\xfd\x01\xff\xfb\xe8"));
    expect(f, BYTES("\xff\xfc\x18\xff\xfe\x18\xff\xfc\x01\xff\xfe\xe8"));
}

static void test_an_unknown_code_is_named(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    take(f, BYTES(SB232 "\x63\x01" SE));
    expect(f, BYTES(SB232 "\x02\x63" SE));
}

static void test_messages_before_232_is_on_mean_nothing(void **state)
{
    struct fixture *f = *state;

    buf_take(&f->out, f->out.len);
    take(f, BYTES(SB232 "\x47" SE SB232 "\x51" SE));
    expect(f, BYTES(""));
    assert_int_equal(f->event, VMEND_NEED_MORE);
}

static void test_refusal_is_told(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES("\xff\xfe\x25\xff\xfd\xe8" KNOWN_2 SB232 "\x49" SE));
    assert_int_equal(f->event, VMEND_REFUSED);
}

static void test_the_extension_goes_off_and_on_again(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    take(f, BYTES("\xff\xfe\xe8"));
    assert_int_equal(f->event, VMEND_CLOSED);
    expect(f, BYTES("\xff\xfc\xe8"));
    take(f, BYTES("\xff\xfd\xe8"));
    expect(f, BYTES("\xff\xfb\xe8"));
    take(f, BYTES(KNOWN_2 KNOWN_2));
    assert_int_equal(f->out.len, 42); /* introduced once */
    take(f, BYTES(SB232 "\x47" SE));
    assert_int_equal(f->event, VMEND_OPENED);
}

static void test_break_is_told(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    take(f, BYTES("\xff\xf1\xff\xf3"));
    assert_int_equal(f->event, VMEND_BREAK);
    expect(f, BYTES(""));
}

/* SYNCH: a concentrator that is a telnet daemon at heart may say it. */
static void test_commands_without_a_meaning_are_not_data(void **state)
{
    const struct slice said = BYTES("ab\xff\xf2root\r\xff\xf4\xff\xf2x");
    struct fixture *f = *state;

    open_forwarding(f);
    for (size_t cut = 0; cut <= said.len; cut++) {
        f->data_len = 0;
        take(f, slice_of(said.data, cut));
        take(f, slice_after(said, cut));
        assert_int_equal(f->data_len, 8);
        assert_memory_equal(f->data, "abroot\rx", 8);
    }
}

static void test_data_is_binary_once_both_agree(void **state)
{
    struct fixture *f = *state;

    assert_true(f->end.encoder.is_nvt);
    take(f, BYTES("\r\n"));
    open_forwarding(f);
    assert_false(f->end.encoder.is_nvt);
    take(f, BYTES("\r\n"));
    assert_int_equal(f->data_len, 3);
    assert_memory_equal(f->data, "\r\r\n", 3);
}

/* The serial line */

/* With COM-PORT, and what it says then. */
static void open_line(struct fixture *f)
{
    open_forwarding(f);
    take(f, BYTES("\xff\xfd\x2c"));
    expect(f, BYTES(SETTINGS MASKS));
    f->event = VMEND_NEED_MORE;
}

/* The event of this alone, which comes byte by byte. */
static enum vmend_event event_of(struct fixture *f, struct slice said)
{
    f->event = VMEND_NEED_MORE;
    for (size_t i = 0; i < said.len; i++)
        take(f, slice_of(said.data + i, 1));
    return f->event;
}

static void test_settings_are_told_once_com_port_is_on(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    assert_int_equal(vmend_put_uart(&f->end, &f->out), 0);
    expect(f, BYTES(""));
    take(f, BYTES("\xff\xfd\x2c"));
    expect(f, BYTES(SETTINGS MASKS));
    take(f, BYTES("\xff\xfd\x2c"));
    assert_int_equal(vmend_put_uart(&f->end, &f->out), 0);
    expect(f, BYTES(""));
}

static void test_only_what_has_changed_is_told_again(void **state)
{
    struct fixture *f = *state;

    open_line(f);
    f->uart.baud = 255;
    f->uart.lines = UART_DTR;
    assert_int_equal(vmend_put_uart(&f->end, &f->out), 0);
    expect(f, BYTES(SB44 "\x01\0\0\0\xff\xff" SE SB44 "\x05\x0c" SE));
}

static void test_com_port_off_and_on_tells_all_again(void **state)
{
    struct fixture *f = *state;

    open_line(f);
    take(f, BYTES("\xff\xfe\x2c"));
    expect(f, BYTES("\xff\xfc\x2c"));
    f->uart.lines = 0;
    assert_int_equal(vmend_put_uart(&f->end, &f->out), 0);
    expect(f, BYTES(""));
    f->uart.lines = UART_BOTH;
    take(f, BYTES("\xff\xfd\x2c"));
    expect(f, BYTES("\xff\xfb\x2c" SETTINGS MASKS));
}

static void test_a_line_break_begins_and_ends(void **state)
{
    struct fixture *f = *state;
    struct slice on = BYTES(SB44 "\x6a\x10" SE);
    struct slice off = BYTES(SB44 "\x6a\x60" SE);

    open_line(f);
    assert_int_equal(event_of(f, off), VMEND_NEED_MORE);
    assert_int_equal(event_of(f, on), VMEND_BREAK_ON);
    assert_int_equal(event_of(f, on), VMEND_NEED_MORE);
    assert_int_equal(event_of(f, off), VMEND_BREAK_OFF);
    assert_int_equal(event_of(f, BYTES("\xff\xf3")), VMEND_BREAK);
    expect(f, BYTES(""));
}

static void test_a_break_stands_among_the_data(void **state)
{
    struct fixture *f = *state;
    struct slice in =
        BYTES("ab" SB44 "\x6a\x10" SE "c" SB44 "\x6a\0" SE "d\xff\xf3");
    static const enum vmend_event order[] = {
        VMEND_DATA,      VMEND_BREAK_ON, VMEND_DATA,
        VMEND_BREAK_OFF, VMEND_DATA,     VMEND_BREAK,
    };
    enum vmend_event event;
    struct slice body;

    open_line(f);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        assert_int_equal(vmend_next(&f->end, &in, &f->out, &event, &body), 0);
        assert_int_equal(event, order[i]);
    }
}

static void test_modem_lines_are_told_when_they_change(void **state)
{
    struct fixture *f = *state;

    open_line(f);
    assert_int_equal(event_of(f, BYTES(SB44 "\x6b\x30" SE)), VMEND_LINES);
    assert_int_equal(event_of(f, BYTES(SB44 "\x6b\x30" SE)), VMEND_NEED_MORE);
    assert_int_equal(event_of(f, BYTES(SB44 "\x6b\xb8" SE)), VMEND_LINES);
    assert_int_equal(f->end.comport.seen, 0xb0);
    assert_int_equal(event_of(f, BYTES(SB44 "\x6b\xb0" SE)), VMEND_NEED_MORE);
}

static void test_suspend_and_resume(void **state)
{
    struct fixture *f = *state;
    struct slice suspend = BYTES(SB44 "\x6c" SE);
    struct slice resume = BYTES(SB44 "\x6d" SE);

    open_line(f);
    assert_int_equal(event_of(f, resume), VMEND_NEED_MORE);
    assert_int_equal(event_of(f, suspend), VMEND_NEED_MORE);
    assert_false(vmend_may_send(&f->end));
    assert_int_equal(event_of(f, resume), VMEND_RESUMED);
    assert_true(vmend_may_send(&f->end));
    (void)event_of(f, suspend);
    assert_int_equal(event_of(f, BYTES("\xff\xfe\x2c")), VMEND_RESUMED);
}

static void test_settings_that_it_does_not_take_are_told(void **state)
{
    struct fixture *f = *state;

    open_line(f);
    assert_int_equal(event_of(f, BYTES(SB44 "\x65\0\x01\xc2\0" SE SB44
                                            "\x69\x08" SE SB44 "\x69\x0e" SE)),
                     VMEND_NEED_MORE);
    assert_int_equal(event_of(f, BYTES(SB44 "\x65\0\0\x25\x80" SE)),
                     VMEND_SETTING);
    assert_int_equal(f->end.comport.answer.value, 9600);
    assert_int_equal(event_of(f, BYTES(SB44 "\x69\x0c" SE)), VMEND_SETTING);
    assert_int_equal(f->end.comport.answer.value, COMPORT_RTS_OFF);
}

static void test_a_signature_is_told_to_who_asks(void **state)
{
    struct fixture *f = *state;

    open_line(f);
    take(f, BYTES(SB44 "\x64theirs" SE));
    expect(f, BYTES(""));
    take(f, BYTES(SB44 "\x64" SE));
    expect(f, BYTES(SB44 "\0vspc-vm " VSPCD_VERSION SE));
}

static void test_what_is_no_message_means_nothing(void **state)
{
    struct fixture *f = *state;

    open_line(f);
    assert_int_equal(
        event_of(f,
                 BYTES(SB44 SE SB44 "\x6a" SE SB44 "\x6a\x10\x10" SE SB44
                                    "\x65\x01" SE SB44 "\x06\x10" SE SB44
                                    "\x71\x01" SE SB44 "\xff\xff\xff\xff" SE)),
        VMEND_NEED_MORE);
    expect(f, BYTES(""));
}

static void test_the_line_is_silent_before_com_port_is_on(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    assert_int_equal(
        event_of(f, BYTES(SB44 "\x6a\x10" SE SB44 "\x6c" SE SB44 "\x64" SE)),
        VMEND_NEED_MORE);
    assert_true(vmend_may_send(&f->end));
    expect(f, BYTES(""));
}

static void test_our_break_is_what_the_peer_has_a_word_for(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    assert_int_equal(vmend_put_break(&f->end, &f->out), 0);
    expect(f, BYTES("\xff\xf3"));
    take(f, BYTES("\xff\xfd\x2c"));
    buf_take(&f->out, f->out.len);
    assert_int_equal(vmend_put_break(&f->end, &f->out), 0);
    expect(f, BYTES(SB44 "\x05\x05" SE SB44 "\x05\x06" SE));
}

/* A move's source */

static void test_begin_is_one_message(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    assert_true(f->end.knows_moves);
    assert_int_equal(vmend_put_begin(&f->end, BYTES(SEQUENCE).data, &f->out),
                     0);
    expect(f, BYTES(SB232 "\x28" SEQUENCE_SENT SE));
    assert_int_equal(vmend_put_abort(&f->end, &f->out), 0);
    expect(f, BYTES(SB232 "\x30" SE));
}

static void test_moves_that_are_not_listed_are_not_known(void **state)
{
    struct fixture *f = *state;

    take(f, BYTES("\xff\xfe\x25\xff\xfd\xe8" SB232
                  "\x01\x28\x29\x2b\x2d\x2e\x30" SE));
    assert_false(f->end.knows_moves); /* VMOTION-PEER is missing */
    take(f, BYTES(KNOWN_2));
    assert_true(f->end.knows_moves);
}

/* Begins and takes an answer; returns what that was. */
static enum vmend_event answer_to_begin(struct fixture *f, struct slice answer)
{
    (void)vmend_put_begin(&f->end, BYTES(SEQUENCE).data, &f->out);
    buf_take(&f->out, f->out.len);
    f->event = VMEND_NEED_MORE;
    for (size_t i = 0; i < answer.len; i++)
        take(f, slice_of(answer.data + i, 1));
    expect(f, BYTES(""));
    return f->event;
}

static void test_goahead_has_the_secret(void **state)
{
    struct fixture *f = *state;
    struct slice goahead =
        BYTES(SB232 "\x29" SEQUENCE_SENT "\xff\xff\xf0s\0" SE);

    open_forwarding(f);
    assert_int_equal(answer_to_begin(f, goahead), VMEND_GOAHEAD);
    assert_int_equal(f->secret_len, 4);
    assert_memory_equal(f->secret, "\xff\xf0s\0", 4);
    /* Once is enough. */
    f->event = VMEND_NEED_MORE;
    take(f, goahead);
    assert_int_equal(f->event, VMEND_NEED_MORE);
}

static void test_refusals_of_begin_are_told(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    assert_int_equal(answer_to_begin(f, BYTES(SB232 "\x2b" SEQUENCE_SENT SE)),
                     VMEND_NOTNOW);
    assert_int_equal(answer_to_begin(f, BYTES(SB232 "\x03\x28" SE)),
                     VMEND_BEGIN_UNKNOWN);
}

static void test_answers_to_another_move_mean_nothing(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    assert_int_equal(
        answer_to_begin(f, BYTES(SB232 "\x29" OTHER_SEQUENCE "secret" SE)),
        VMEND_NEED_MORE);
    assert_int_equal(answer_to_begin(f, BYTES(SB232 "\x2b" OTHER_SEQUENCE SE)),
                     VMEND_NEED_MORE);
    /* Nor do those that only a destination waits for. */
    assert_int_equal(
        answer_to_begin(
            f, BYTES(SB232 "\x2d" SEQUENCE_SENT SE SB232 "\x03\x2c" SE)),
        VMEND_NEED_MORE);
}

static void test_a_goahead_after_abort_means_nothing(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    (void)vmend_put_begin(&f->end, BYTES(SEQUENCE).data, &f->out);
    (void)vmend_put_abort(&f->end, &f->out);
    f->event = VMEND_NEED_MORE;
    take(f, BYTES(SB232 "\x29" SEQUENCE_SENT "secret" SE));
    assert_int_equal(f->event, VMEND_NEED_MORE);
}

static void test_nothing_is_said_while_the_extension_is_off(void **state)
{
    struct fixture *f = *state;

    open_forwarding(f);
    take(f, BYTES("\xff\xfe\xe8"));
    expect(f, BYTES("\xff\xfc\xe8"));
    (void)vmend_put_begin(&f->end, BYTES(SEQUENCE).data, &f->out);
    (void)vmend_put_abort(&f->end, &f->out);
    expect(f, BYTES(""));
}

/* A move's destination */

static int start_destination(void **state)
{
    static struct vmend_ticket ticket = {
        .sequence = SEQUENCE,
        .secret = { 's', 0xff, 0xf0 },
        .secret_len = 3,
    };
    struct fixture *f;
    int r = start(state);

    f = *state;
    ticket.told = (struct comport_told){ f->uart, true };
    vmend_init(&f->end, &identity, &f->uart, &ticket, AUTH_OFFERED);
    buf_take(&f->out, f->out.len);
    return r < 0 ? r : vmend_greet(&f->end, &f->out);
}

/* Up to where it may say VMOTION-PEER. */
static void join(struct fixture *f)
{
    take(f, BYTES(GREETING "\xff\xfd\xe8\xff\xfe\x25"));
    buf_take(&f->out, f->out.len);
}

static void test_peer_is_said_in_place_of_do_proxy(void **state)
{
    struct fixture *f = *state;

    expect(f, BYTES("\xff\xfb\x25"));
    join(f);
    take(f, BYTES(KNOWN_2));
    expect(f, BYTES(KNOWN_1 SB232 "\x2c" SEQUENCE_SENT "s\xff\xff\xf0" SE
                                  "\xff\xfb\x2c"));
    take(f, BYTES(KNOWN_2));
    expect(f, BYTES(""));
    assert_int_equal(f->event, VMEND_NEED_MORE);
}

static void test_a_destination_says_who_it_is_if_asked(void **state)
{
    struct fixture *f = *state;

    join(f);
    take(f, BYTES(KNOWN_2));
    buf_take(&f->out, f->out.len);
    take(f, BYTES(SB232 "\x53" SE));
    expect(f, BYTES(SB232 "\x52"
                          "vm-0001" SE));
}

static void test_peer_ok_opens_it_and_complete_ends_the_move(void **state)
{
    struct fixture *f = *state;
    struct slice peer_ok = BYTES(SB232 "\x2d" SEQUENCE_SENT SE);

    join(f);
    take(f, BYTES(KNOWN_2));
    buf_take(&f->out, f->out.len);
    for (size_t i = 0; i < peer_ok.len; i++)
        take(f, slice_of(peer_ok.data + i, 1));
    assert_int_equal(f->event, VMEND_PEER_OK);
    assert_true(f->end.is_open);
    assert_int_equal(vmend_put_complete(&f->end, &f->out), 0);
    expect(f, BYTES(SB232 "\x2e" SEQUENCE_SENT SE));
    /* From now on it is an end like any other. */
    f->event = VMEND_NEED_MORE;
    take(f, peer_ok);
    assert_int_equal(f->event, VMEND_NEED_MORE);
    take(f, BYTES("\xff\xfe\xe8\xff\xfd\xe8"));
    buf_take(&f->out, f->out.len);
    take(f, BYTES(KNOWN_2));
    expect(f, BYTES(KNOWN_1 SB232 "\x46"
                                  "SvSPC.py" SE));
}

static void test_a_destination_renegotiates_no_settings(void **state)
{
    struct fixture *f = *state;

    join(f);
    take(f, BYTES(KNOWN_2));
    buf_take(&f->out, f->out.len);
    take(f, BYTES("\xff\xfd\x2c"));
    expect(f, BYTES(MASKS));
    take(f, BYTES(SB232 "\x2d" SEQUENCE_SENT SE));
    f->uart.data_bits = 7;
    assert_int_equal(vmend_put_uart(&f->end, &f->out), 0);
    expect(f, BYTES(""));
    /* But what has changed on the way. */
    assert_int_equal(vmend_put_complete(&f->end, &f->out), 0);
    expect(f, BYTES(SB232 "\x2e" SEQUENCE_SENT SE SB44 "\x02\x07" SE));
}

static void test_a_completed_end_may_be_the_next_source(void **state)
{
    struct fixture *f = *state;

    join(f);
    take(f, BYTES(KNOWN_2 SB232 "\x2d" SEQUENCE_SENT SE));
    (void)vmend_put_complete(&f->end, &f->out);
    assert_int_equal(
        answer_to_begin(f, BYTES(SB232 "\x29" SEQUENCE_SENT "secret" SE)),
        VMEND_GOAHEAD);
}

static void test_refusals_of_peer_are_told(void **state)
{
    struct fixture *f = *state;

    join(f);
    take(f, BYTES(KNOWN_2 SB232 "\x03\x2c" SE));
    assert_int_equal(f->event, VMEND_PEER_REFUSED);
    f->event = VMEND_NEED_MORE;
    take(f, BYTES(SB232 "\x49" SE));
    assert_int_equal(f->event, VMEND_PEER_REFUSED);
}

static void test_peer_ok_of_another_move_means_nothing(void **state)
{
    struct fixture *f = *state;

    join(f);
    /* Too early, of another move, and what is said to others. */
    take(f, BYTES(SB232 "\x2d" SEQUENCE_SENT SE));
    take(f, BYTES(KNOWN_2 SB232 "\x2d" OTHER_SEQUENCE SE SB232 "\x47" SE));
    assert_int_equal(f->event, VMEND_NEED_MORE);
    assert_false(f->end.is_open);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, end)
#define DESTINATION_TEST(name)                                                 \
    cmocka_unit_test_setup_teardown(name, start_destination, end)
    const struct CMUnitTest tests[] = {
        TEST(test_it_speaks_first),
        TEST(test_order_is_that_of_the_capture),
        TEST(test_segmentation_changes_nothing),
        TEST(test_do_232_after_the_answer_is_answered_at_once),
        TEST(test_a_do_232_that_is_withdrawn_is_not_answered),
        TEST(test_com_port_waits_for_will_proxy),
        TEST(test_the_window_is_asked_for_by_who_wants_it),
        TEST(test_the_window_is_refused_by_who_does_not),
        TEST(test_unknown_options_are_refused),
        TEST(test_an_unknown_code_is_named),
        TEST(test_messages_before_232_is_on_mean_nothing),
        TEST(test_refusal_is_told),
        TEST(test_the_extension_goes_off_and_on_again),
        TEST(test_break_is_told),
        TEST(test_commands_without_a_meaning_are_not_data),
        TEST(test_data_is_binary_once_both_agree),
        TEST(test_settings_are_told_once_com_port_is_on),
        TEST(test_only_what_has_changed_is_told_again),
        TEST(test_com_port_off_and_on_tells_all_again),
        TEST(test_a_line_break_begins_and_ends),
        TEST(test_a_break_stands_among_the_data),
        TEST(test_modem_lines_are_told_when_they_change),
        TEST(test_suspend_and_resume),
        TEST(test_settings_that_it_does_not_take_are_told),
        TEST(test_a_signature_is_told_to_who_asks),
        TEST(test_what_is_no_message_means_nothing),
        TEST(test_the_line_is_silent_before_com_port_is_on),
        TEST(test_our_break_is_what_the_peer_has_a_word_for),
        TEST(test_begin_is_one_message),
        TEST(test_moves_that_are_not_listed_are_not_known),
        TEST(test_goahead_has_the_secret),
        TEST(test_refusals_of_begin_are_told),
        TEST(test_answers_to_another_move_mean_nothing),
        TEST(test_a_goahead_after_abort_means_nothing),
        TEST(test_nothing_is_said_while_the_extension_is_off),
        DESTINATION_TEST(test_peer_is_said_in_place_of_do_proxy),
        DESTINATION_TEST(test_a_destination_says_who_it_is_if_asked),
        DESTINATION_TEST(test_peer_ok_opens_it_and_complete_ends_the_move),
        DESTINATION_TEST(test_a_destination_renegotiates_no_settings),
        DESTINATION_TEST(test_a_completed_end_may_be_the_next_source),
        DESTINATION_TEST(test_refusals_of_peer_are_told),
        DESTINATION_TEST(test_peer_ok_of_another_move_means_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
