/*
 * The decoder's facts are written as transcripts: data as it is, everything
 * else in angle brackets. Data that comes in several slices reads as one.
 */
#include "proto/telnet_decode.h"

#include "state_names.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define IAC "\xff"
#define NOP "\xf1"
#define DM "\xf2"
#define IP "\xf4"
#define AYT "\xf6"
#define SB "\xfa"
#define SE "\xf0"
#define WILL "\xfb"
#define DO "\xfd"

enum { TRANSCRIPT_MAX = 4096 };

struct transcript {
    char text[TRANSCRIPT_MAX];
    size_t len;
    int slices; /* DATA events */
};

static void write_text(struct transcript *t, const char *text)
{
    size_t len = strlen(text);

    assert_true(t->len + len < sizeof t->text);
    memcpy(t->text + t->len, text, len + 1);
    t->len += len;
}

static void write_bytes(struct transcript *t, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.data[i];
        char text[8];

        snprintf(text, sizeof text, c > ' ' && c < 127 ? "%c" : "\\%02x", c);
        write_text(t, text);
    }
}

static void write_event(struct transcript *t, enum telnet_event event,
                        const struct telnet_item *item)
{
    char text[32];

    switch (event) {
    case TELNET_NEED_MORE:
        break;
    case TELNET_DATA:
        assert_true(item->body.len > 0);
        t->slices++;
        write_bytes(t, item->body);
        break;
    case TELNET_COMMAND:
        snprintf(text, sizeof text, "<%s>", telnet_verb_name(item->verb));
        write_text(t, text);
        break;
    case TELNET_NEGOTIATION:
        snprintf(text, sizeof text, "<%s %d>", telnet_verb_name(item->verb),
                 item->option);
        write_text(t, text);
        break;
    case TELNET_SUBOPTION:
        snprintf(text, sizeof text, "<SB %d ", item->option);
        write_text(t, text);
        write_bytes(t, item->body);
        write_text(t, ">");
        break;
    case TELNET_OVERSIZED:
        snprintf(text, sizeof text, "<OVERSIZED %d>", item->option);
        write_text(t, text);
        break;
    }
}

/* Each piece lies in memory of its own, so that ASan sees what is read. */
static void feed(struct telnet_decoder *d, struct slice in, size_t piece,
                 struct transcript *t)
{
    while (in.len > 0) {
        size_t len = piece < in.len ? piece : in.len;
        uint8_t *copy = malloc(len);
        struct slice rest = slice_of(copy, len);
        struct telnet_item item;
        enum telnet_event event;

        assert_non_null(copy);
        memcpy(copy, in.data, len);
        while ((event = telnet_next(d, &rest, &item)) != TELNET_NEED_MORE)
            write_event(t, event, &item);
        assert_int_equal(rest.len, 0);
        free(copy);
        in = slice_after(in, len);
    }
}

/* However it is cut, the transcript is this one. */
static void check_decoded(enum telnet_line_ends lines, struct slice in,
                          const char *expected)
{
    for (size_t piece = in.len; piece > 0; piece--) {
        struct transcript t = { .len = 0 };
        struct telnet_decoder d;

        telnet_decoder_init(&d, lines);
        feed(&d, in, piece, &t);
        telnet_decoder_done(&d);
        assert_string_equal(t.text, expected);
    }
}

static int count_slices(enum telnet_line_ends lines, struct slice in)
{
    struct transcript t = { .len = 0 };
    struct telnet_decoder d;

    telnet_decoder_init(&d, lines);
    feed(&d, in, in.len, &t);
    telnet_decoder_done(&d);
    return t.slices;
}

static void test_plain_data_is_one_slice_of_the_input(void **state)
{
    struct slice bytes = BYTES("plain data"), in = bytes;
    struct telnet_decoder d;
    struct telnet_item item;

    (void)state;
    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    assert_int_equal(telnet_next(&d, &in, &item), TELNET_DATA);
    assert_ptr_equal(item.body.data, bytes.data);
    assert_int_equal(item.body.len, bytes.len);
    assert_int_equal(telnet_next(&d, &in, &item), TELNET_NEED_MORE);
    telnet_decoder_done(&d);
}

static void test_doubled_255_is_one_byte_of_data(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY, BYTES("a" IAC IAC "b"), "a\\ffb");
    check_decoded(TELNET_LINES_BINARY, BYTES(IAC IAC), "\\ff");
    check_decoded(TELNET_LINES_BINARY, BYTES(IAC IAC IAC IAC IAC IAC),
                  "\\ff\\ff\\ff");
}

static void test_doubled_255_costs_no_slice_of_its_own(void **state)
{
    (void)state;
    assert_int_equal(count_slices(TELNET_LINES_BINARY, BYTES("a" IAC IAC "b")),
                     2);
    assert_int_equal(
        count_slices(TELNET_LINES_BINARY, BYTES(IAC IAC "a" IAC IAC)), 1);
}

static void test_commands_stand_between_data(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY, BYTES("a" IAC AYT "b" IAC NOP),
                  "a<AYT>b<NOP>");
}

/* SYNCH, RFC 854: with urgent data in its place in the stream, DM is a command
 * like any other, and costs neither the byte before it nor the one behind. */
static void test_data_mark_is_a_command_in_its_place(void **state)
{
    (void)state;
    for (int lines = TELNET_LINES_BINARY; lines <= TELNET_LINES_PRINTER;
         lines++) {
        enum telnet_line_ends ends = (enum telnet_line_ends)lines;

        check_decoded(ends, BYTES("ab" IAC DM "root\r"), "ab<DM>root\\0d");
        check_decoded(ends, BYTES(IAC DM IAC DO "\6"), "<DM><DO 6>");
        check_decoded(ends, BYTES(IAC IP IAC DM IAC DM "x"), "<IP><DM><DM>x");
        check_decoded(ends, BYTES(IAC IAC DM IAC DM), "\\ff\\f2<DM>");
    }
    check_decoded(TELNET_LINES_KEYBOARD, BYTES("a\r" IAC DM "\nb"),
                  "a\\0d<DM>b");
    check_decoded(TELNET_LINES_BINARY, BYTES(IAC SB "\x2c" IAC DM "x" IAC SE),
                  "<SB 44 x>");
}

static void test_command_that_rfc_854_lacks_is_a_command(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY,
                  BYTES("a" IAC "\xef"
                        "b"),
                  "a<?>b");
}

static void test_negotiation_names_verb_and_option(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY, BYTES(IAC WILL "\x25" IAC DO "\0"),
                  "<WILL 37><DO 0>");
}

static void test_option_255_is_an_option(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY,
                  BYTES(IAC WILL "\xff"
                                 "a"),
                  "<WILL 255>a");
}

static void test_suboption_has_its_body_undoubled(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY,
                  BYTES("a" IAC SB "\xe8"
                        "x" IAC IAC "y" IAC SE "b"),
                  "a<SB 232 x\\ffy>b");
    check_decoded(TELNET_LINES_BINARY,
                  BYTES(IAC SB "\xe8" IAC IAC IAC IAC IAC SE),
                  "<SB 232 \\ff\\ff>");
}

static void test_suboption_may_be_empty(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY, BYTES(IAC SB "\x01" IAC SE "a"),
                  "<SB 1 >a");
}

static void test_suboption_without_an_option_ends_at_its_se(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY, BYTES(IAC SB IAC SE "a"), "<SB 255 >a");
}

static void test_suboption_in_one_input_is_not_copied(void **state)
{
    struct slice bytes = BYTES(IAC SB "\xe8"
                                      "body" IAC SE),
                 in = bytes;
    struct telnet_decoder d;
    struct telnet_item item;

    (void)state;
    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    assert_int_equal(telnet_next(&d, &in, &item), TELNET_SUBOPTION);
    assert_ptr_equal(item.body.data, bytes.data + 3);
    assert_null(d.suboption.data);
    telnet_decoder_done(&d);
}

static void test_suboption_memory_goes_with_the_next_call(void **state)
{
    struct slice in = BYTES(IAC SB "\xe8"
                                   "a" IAC IAC "b" IAC SE);
    struct telnet_decoder d;
    struct telnet_item item;

    (void)state;
    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    assert_int_equal(telnet_next(&d, &in, &item), TELNET_SUBOPTION);
    assert_non_null(d.suboption.data);
    assert_int_equal(telnet_next(&d, &in, &item), TELNET_NEED_MORE);
    assert_null(d.suboption.data);
    telnet_decoder_done(&d);
}

static void test_command_inside_a_suboption_is_ignored(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY,
                  BYTES(IAC SB "\xe8"
                               "a" IAC NOP "b" IAC SE "c"),
                  "<SB 232 ab>c");
    check_decoded(TELNET_LINES_BINARY,
                  BYTES(IAC SB "\xe8"
                               "a" IAC WILL "\x03"
                               "b" IAC SE "c"),
                  "<SB 232 ab>c");
    check_decoded(TELNET_LINES_BINARY,
                  BYTES(IAC SB "\xe8"
                               "a" IAC SB "b" IAC SE "c"),
                  "<SB 232 ab>c");
}

static void test_se_outside_a_suboption_is_ignored(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY, BYTES("a" IAC SE "b"), "ab");
}

static size_t put_long_suboption(uint8_t *to, size_t body)
{
    memcpy(to, IAC SB "\xe8", 3);
    memset(to + 3, 'x', body);
    memcpy(to + 3 + body, IAC SE "a", 3);
    return body + 6;
}

static void test_suboption_of_the_maximum_is_taken(void **state)
{
    static uint8_t wire[TELNET_SUBOPTION_MAX + 6];
    const size_t pieces[] = { 1, 1000, sizeof wire };

    (void)state;
    put_long_suboption(wire, TELNET_SUBOPTION_MAX);
    for (size_t i = 0; i < 3; i++) {
        struct slice in = slice_of(wire, sizeof wire);
        struct telnet_decoder d;
        struct telnet_item item;
        size_t found = 0;

        telnet_decoder_init(&d, TELNET_LINES_BINARY);
        while (in.len > 0) {
            size_t len = pieces[i] < in.len ? pieces[i] : in.len;
            struct slice piece = slice_of(in.data, len);
            enum telnet_event event;

            while ((event = telnet_next(&d, &piece, &item)) != TELNET_NEED_MORE)
                if (event == TELNET_SUBOPTION)
                    found = item.body.len;
            in = slice_after(in, len);
        }
        assert_int_equal(found, TELNET_SUBOPTION_MAX);
        telnet_decoder_done(&d);
    }
}

static void test_longer_suboption_is_reported_once_and_skipped(void **state)
{
    static uint8_t wire[3 * TELNET_SUBOPTION_MAX + 6];
    const size_t pieces[] = { 1, 1000, sizeof wire };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t more = 1; more < sizeof wire; more *= 64) {
            struct transcript t = { .len = 0 };
            struct telnet_decoder d;
            size_t len = put_long_suboption(wire, TELNET_SUBOPTION_MAX + more);

            telnet_decoder_init(&d, TELNET_LINES_BINARY);
            feed(&d, slice_of(wire, len), pieces[i], &t);
            assert_string_equal(t.text, "<OVERSIZED 232>a");
            assert_null(d.suboption.data);
            telnet_decoder_done(&d);
        }
    }
}

static void test_suboption_after_an_oversized_one_is_taken(void **state)
{
    static uint8_t wire[TELNET_SUBOPTION_MAX + 7];
    struct transcript t = { .len = 0 };
    struct telnet_decoder d;
    size_t len = put_long_suboption(wire, TELNET_SUBOPTION_MAX + 1);

    (void)state;
    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    feed(&d, slice_of(wire, len), len, &t);
    feed(&d,
         BYTES(IAC SB "\x01"
                      "b" IAC SE),
         1, &t);
    assert_string_equal(t.text, "<OVERSIZED 232>a<SB 1 b>");
    telnet_decoder_done(&d);
}

static void test_binary_leaves_line_ends_alone(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_BINARY, BYTES("a\r\nb\r\0c\rd"),
                  "a\\0d\\0ab\\0d\\00c\\0dd");
}

static void test_keyboard_line_ends_become_cr(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_KEYBOARD, BYTES("a\r\nb\r\0c\rd\n"),
                  "a\\0db\\0dc\\0dd\\0a");
    check_decoded(TELNET_LINES_KEYBOARD, BYTES("\r\r\n\r\0\0\n"),
                  "\\0d\\0d\\0d\\00\\0a");
}

static void test_printer_keeps_cr_lf_and_drops_the_nul_of_cr(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_PRINTER, BYTES("a\r\nb\r\0c\r\0\0d"),
                  "a\\0d\\0ab\\0dc\\0d\\00d");
}

static void test_printer_lines_stay_in_one_slice(void **state)
{
    (void)state;
    assert_int_equal(count_slices(TELNET_LINES_PRINTER, BYTES("a\r\nb\r\nc")),
                     1);
}

static void test_command_does_not_part_a_line_end(void **state)
{
    (void)state;
    check_decoded(TELNET_LINES_KEYBOARD, BYTES("a\r" IAC NOP "\nb"),
                  "a\\0d<NOP>b");
    check_decoded(TELNET_LINES_PRINTER, BYTES("a\r" IAC IAC "\0b"),
                  "a\\0d\\ff\\00b");
}

static void test_cr_is_handed_out_before_what_follows_it(void **state)
{
    struct slice in = BYTES("a\r");
    struct telnet_decoder d;
    struct telnet_item item;

    (void)state;
    telnet_decoder_init(&d, TELNET_LINES_KEYBOARD);
    assert_int_equal(telnet_next(&d, &in, &item), TELNET_DATA);
    assert_int_equal(item.body.len, 2);
    telnet_decoder_done(&d);
}

static void test_binary_takes_effect_behind_a_cr(void **state)
{
    struct transcript t = { .len = 0 };
    struct telnet_decoder d;

    (void)state;
    telnet_decoder_init(&d, TELNET_LINES_KEYBOARD);
    feed(&d, BYTES("\r"), 1, &t);
    d.lines = TELNET_LINES_BINARY;
    feed(&d, BYTES("\n"), 1, &t);
    d.lines = TELNET_LINES_KEYBOARD;
    feed(&d, BYTES("\n"), 1, &t);
    assert_string_equal(t.text, "\\0d\\0a\\0a");
    telnet_decoder_done(&d);
}

/*
 * telnet_copy_data into memory of just that room, so that ASan sees what is
 * written beyond it; what is behind what it returns must be as it was.
 */
static size_t copy_checked(struct telnet_decoder *d, struct slice *in,
                           size_t room, struct transcript *t)
{
    uint8_t *to = malloc(room);
    size_t copied;

    assert_non_null(to);
    memset(to, 42, room);
    copied = telnet_copy_data(d, in, to, room);
    assert_true(copied <= room);
    for (size_t i = copied; i < room; i++)
        assert_int_equal(to[i], 42);
    write_bytes(t, slice_of(to, copied));
    free(to);
    return copied;
}

/* As feed, but with data copied wherever it can be. */
static void feed_copying(struct telnet_decoder *d, struct slice in,
                         size_t piece, size_t room, struct transcript *t)
{
    while (in.len > 0) {
        size_t len = piece < in.len ? piece : in.len;
        uint8_t *copy = malloc(len);
        struct slice rest = slice_of(copy, len);
        struct telnet_item item;
        enum telnet_event event;

        assert_non_null(copy);
        memcpy(copy, in.data, len);
        do {
            while (copy_checked(d, &rest, room, t) > 0)
                ;
            event = telnet_next(d, &rest, &item);
            write_event(t, event, &item);
        } while (event != TELNET_NEED_MORE);
        assert_int_equal(rest.len, 0);
        free(copy);
        in = slice_after(in, len);
    }
}

/* Copying and not copying say the same and leave the same behind. */
static void check_copying(enum telnet_line_ends lines, bool after_cr,
                          struct slice in, size_t piece, size_t room)
{
    struct transcript plain = { .len = 0 }, copied = { .len = 0 };
    struct telnet_decoder a, b;

    telnet_decoder_init(&a, lines);
    telnet_decoder_init(&b, lines);
    a.after_cr = b.after_cr = after_cr;
    feed(&a, in, piece, &plain);
    feed_copying(&b, in, piece, room, &copied);
    assert_int_equal(plain.len, copied.len);
    assert_memory_equal(plain.text, copied.text, plain.len);
    assert_int_equal(a.state, b.state);
    assert_int_equal(a.after_cr, b.after_cr);
    telnet_decoder_done(&a);
    telnet_decoder_done(&b);
}

static void test_copying_decodes_all_short_input_like_events(void **state)
{
    static const uint8_t letters[] = { 255, 255, 250, 240, 251, '\r', 0, 'a' };

    (void)state;
    for (unsigned word = 0; word < 1u << 15; word++) {
        uint8_t bytes[5];

        for (unsigned i = 0; i < 5; i++)
            bytes[i] = letters[word >> (3 * i) & 7];
        check_copying(TELNET_LINES_BINARY, word % 2 != 0, slice_of(bytes, 5),
                      1 + word % 5, 1 + word / 5 % 4);
    }
}

static void test_copying_decodes_random_input_like_events(void **state)
{
    static const uint8_t minded[] = { 255, 255, 255, 255, 250, 240, 251, 13 };
    static const unsigned rarity[] = { 1, 2, 10, 40, 100 };
    static const size_t pieces[] = { 1, 7, 33, 100, 600 };
    uint8_t bytes[600];

    (void)state;
    for (unsigned seed = 1; seed <= 6000; seed++) {
        unsigned random = seed;
        unsigned every = rarity[seed % 5];
        size_t len = (size_t)rand_r(&random) % sizeof bytes;

        for (size_t i = 0; i < len; i++) {
            bytes[i] = (uint8_t)rand_r(&random);
            if ((unsigned)rand_r(&random) % every == 0)
                bytes[i] = minded[bytes[i] % sizeof minded];
            /* Mostly pairs: commands would hide them. */
            if (i > 0 && bytes[i - 1] == 255 && rand_r(&random) % 8 != 0)
                bytes[i] = 255;
        }
        check_copying((enum telnet_line_ends)(seed % 7 == 0 ? seed % 3 : 0),
                      seed % 2 != 0, slice_of(bytes, len),
                      pieces[rand_r(&random) % 5],
                      1 + (size_t)rand_r(&random) % 200);
    }
}

static void test_copying_stops_where_only_events_go_on(void **state)
{
    struct slice command = BYTES(IAC "a"), lines = BYTES("a");
    struct slice half = BYTES("a" IAC);
    struct telnet_decoder d;
    struct telnet_item item;
    uint8_t to[8];

    (void)state;
    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    assert_int_equal(telnet_copy_data(&d, &command, to, sizeof to), 0);
    assert_int_equal(command.len, 2);
    assert_int_equal(telnet_copy_data(&d, &half, to, 0), 0);
    assert_int_equal(telnet_copy_data(&d, &half, to, sizeof to), 1);
    assert_int_equal(half.len, 1);
    assert_int_equal(telnet_next(&d, &half, &item), TELNET_NEED_MORE);
    assert_int_equal(telnet_copy_data(&d, &lines, to, sizeof to), 0);
    assert_int_equal(lines.len, 1);
    telnet_decoder_init(&d, TELNET_LINES_PRINTER);
    assert_int_equal(telnet_copy_data(&d, &lines, to, sizeof to), 0);
    assert_int_equal(lines.len, 1);
    telnet_decoder_done(&d);
}

static void test_verbs_have_names(void **state)
{
    (void)state;
    assert_string_equal(telnet_verb_name(TELNET_SE), "SE");
    assert_string_equal(telnet_verb_name(TELNET_AYT), "AYT");
    assert_string_equal(telnet_verb_name(TELNET_WILL), "WILL");
    assert_string_equal(telnet_verb_name(TELNET_IAC), "IAC");
    assert_string_equal(telnet_verb_name(239), "?");
}

static void test_decoder_states_have_names(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(telnet_decoder_state_name, enum telnet_decoder_state,
                      TELNET_DECODER_STATE_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_data_is_one_slice_of_the_input),
        cmocka_unit_test(test_doubled_255_is_one_byte_of_data),
        cmocka_unit_test(test_doubled_255_costs_no_slice_of_its_own),
        cmocka_unit_test(test_commands_stand_between_data),
        cmocka_unit_test(test_data_mark_is_a_command_in_its_place),
        cmocka_unit_test(test_command_that_rfc_854_lacks_is_a_command),
        cmocka_unit_test(test_negotiation_names_verb_and_option),
        cmocka_unit_test(test_option_255_is_an_option),
        cmocka_unit_test(test_suboption_has_its_body_undoubled),
        cmocka_unit_test(test_suboption_may_be_empty),
        cmocka_unit_test(test_suboption_without_an_option_ends_at_its_se),
        cmocka_unit_test(test_suboption_in_one_input_is_not_copied),
        cmocka_unit_test(test_suboption_memory_goes_with_the_next_call),
        cmocka_unit_test(test_command_inside_a_suboption_is_ignored),
        cmocka_unit_test(test_se_outside_a_suboption_is_ignored),
        cmocka_unit_test(test_suboption_of_the_maximum_is_taken),
        cmocka_unit_test(test_longer_suboption_is_reported_once_and_skipped),
        cmocka_unit_test(test_suboption_after_an_oversized_one_is_taken),
        cmocka_unit_test(test_binary_leaves_line_ends_alone),
        cmocka_unit_test(test_keyboard_line_ends_become_cr),
        cmocka_unit_test(test_printer_keeps_cr_lf_and_drops_the_nul_of_cr),
        cmocka_unit_test(test_printer_lines_stay_in_one_slice),
        cmocka_unit_test(test_command_does_not_part_a_line_end),
        cmocka_unit_test(test_cr_is_handed_out_before_what_follows_it),
        cmocka_unit_test(test_binary_takes_effect_behind_a_cr),
        cmocka_unit_test(test_copying_decodes_all_short_input_like_events),
        cmocka_unit_test(test_copying_decodes_random_input_like_events),
        cmocka_unit_test(test_copying_stops_where_only_events_go_on),
        cmocka_unit_test(test_verbs_have_names),
        cmocka_unit_test(test_decoder_states_have_names),
    };

    return cmocka_run_group_tests_name("telnet", tests, NULL, NULL);
}
