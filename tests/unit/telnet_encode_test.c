/* Sending: what goes out, and what is known of it after any partial write. */
#include "proto/telnet_decode.h"
#include "proto/telnet_encode.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define IAC "\xff"
#define AYT "\xf6"
#define SB "\xfa"
#define SE "\xf0"
#define WILL "\xfb"

/* What the encoder must do, a byte at a time, for the properties below. */
static void reference_encode(const struct telnet_encoder *mode, bool *after_cr,
                             struct slice in, struct buf *out)
{
    bool nvt = mode->is_nvt && !mode->is_raw;

    for (size_t i = 0; i < in.len; i++) {
        uint8_t byte = in.data[i];

        if (nvt && *after_cr && byte != '\n')
            assert_int_equal(buf_append(out, slice_of("", 1)), 0);
        assert_int_equal(buf_append(out, slice_of(&byte, 1)), 0);
        if (byte == 255 && !mode->is_raw)
            assert_int_equal(buf_append(out, slice_of(&byte, 1)), 0);
        *after_cr = byte == '\r';
    }
}

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static uint32_t below(uint32_t *seed, uint32_t limit)
{
    return next_random(seed) % limit;
}

/* Rich in bytes that the encoder minds; some runs of nothing but one. */
static void fill(uint8_t *data, size_t len, uint32_t *seed)
{
    static const uint8_t minded[] = { 255,  255, 255, '\r', '\r',
                                      '\n', 0,   'a', 240,  250 };
    uint32_t plain = below(seed, 3) * 30;
    bool is_run = below(seed, 4) == 0;
    uint8_t byte = minded[below(seed, sizeof minded)];

    for (size_t i = 0; i < len; i++) {
        if (!is_run)
            byte = plain > 0 && below(seed, plain) > 0
                       ? (uint8_t)next_random(seed)
                       : minded[below(seed, sizeof minded)];
        data[i] = byte;
    }
}

static void append_sent(const struct telnet_batch *b, size_t sent,
                        struct buf *wire)
{
    for (int i = 0; sent > 0; i++) {
        size_t len = b->part[i].iov_len < sent ? b->part[i].iov_len : sent;

        assert_true(i < b->count);
        assert_true(b->part[i].iov_len > 0);
        assert_int_equal(buf_append(wire, slice_of(b->part[i].iov_base, len)),
                         0);
        sent -= len;
    }
}

/* Takes len bytes off the front of the two spans. */
static void take_spans(struct slice in[2], size_t len)
{
    size_t first = len < in[0].len ? len : in[0].len;

    in[0] = slice_after(in[0], first);
    in[1] = slice_after(in[1], len - first);
}

static void cut_spans(struct slice data, uint32_t *seed, struct slice in[2])
{
    size_t len = 1 + below(seed, (uint32_t)data.len);
    size_t first = below(seed, (uint32_t)len + 1);

    in[0] = slice_of(data.data, first);
    in[1] = slice_of(data.data + first, len - first);
}

/* Sends data in random writes of random batches; returns the commands that
 * were put in between. */
static int send_in_pieces(struct telnet_encoder *e, struct slice data,
                          uint32_t *seed, struct buf *wire, struct buf *plain)
{
    static struct telnet_batch batch;
    int commands = 0;

    while (data.len > 0 || telnet_encoder_owes(e)) {
        struct slice in[2] = { { 0 } };
        size_t sent, taken;
        bool is_small = below(seed, 2) == 0;

        if (data.len > 0)
            cut_spans(data, seed, in);
        telnet_encode(e, in, &batch);
        assert_true(batch.taken <= in[0].len + in[1].len);
        sent = below(seed, 4) == 0 ? batch.bytes
                                   : below(seed, (uint32_t)batch.bytes + 1);
        if (is_small && sent > 5)
            sent = below(seed, 5);
        append_sent(&batch, sent, wire);
        append_sent(&batch, sent, plain);
        taken = telnet_encode_sent(e, &batch, sent);
        if (sent == batch.bytes)
            assert_int_equal(taken, batch.taken);
        take_spans(in, taken);
        data = slice_after(data, taken);
        if (!telnet_encoder_owes(e) && !e->is_raw && below(seed, 3) == 0) {
            assert_int_equal(telnet_put_command(wire, TELNET_NOP), 0);
            commands++;
        }
    }
    return commands;
}

/* Decoding gives the data back, and every command that was put between. */
static void check_decodes_to(struct slice wire, enum telnet_line_ends lines,
                             struct slice data, int commands)
{
    struct telnet_decoder d;
    struct telnet_item item;
    enum telnet_event event;

    telnet_decoder_init(&d, lines);
    while ((event = telnet_next(&d, &wire, &item)) != TELNET_NEED_MORE) {
        if (event == TELNET_COMMAND) {
            assert_int_equal(item.verb, TELNET_NOP);
            commands--;
            continue;
        }
        assert_int_equal(event, TELNET_DATA);
        assert_true(item.body.len <= data.len);
        assert_memory_equal(item.body.data, data.data, item.body.len);
        data = slice_after(data, item.body.len);
    }
    assert_int_equal(data.len, 0);
    assert_int_equal(commands, 0);
    telnet_decoder_done(&d);
}

static void check_one_sending(uint32_t seed, uint32_t max)
{
    static uint8_t bytes[3 * TELNET_BATCH_SCRATCH];
    uint32_t kind = below(&seed, 3);
    struct telnet_encoder e = { .is_nvt = kind == 1, .is_raw = kind == 2 };
    struct slice data = slice_of(bytes, below(&seed, max));
    struct buf wire, plain, expected;
    bool after_cr = false;
    int commands;

    buf_init(&wire, UINT32_MAX / 2);
    buf_init(&plain, UINT32_MAX / 2);
    buf_init(&expected, UINT32_MAX / 2);
    fill(bytes, data.len, &seed);
    reference_encode(&e, &after_cr, data, &expected);
    commands = send_in_pieces(&e, data, &seed, &wire, &plain);
    assert_true(slice_is_equal(buf_bytes(&plain), buf_bytes(&expected)));
    if (!e.is_raw)
        check_decodes_to(buf_bytes(&wire),
                         e.is_nvt ? TELNET_LINES_PRINTER : TELNET_LINES_BINARY,
                         data, commands);
    buf_done(&wire);
    buf_done(&plain);
    buf_done(&expected);
}

static void test_any_partial_writes_send_what_the_reference_sends(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 6000; i++)
        check_one_sending(i * 2654435761u, i % 8 == 0 ? 8192 : 64);
}

static void test_batches_that_fill_up_send_what_the_reference_sends(
    void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 30; i++)
        check_one_sending(i * 2654435761u, 3 * TELNET_BATCH_SCRATCH);
}

/* A CR is the last byte that fits, and what comes next does not. */
static void test_nul_of_a_cr_at_the_end_of_the_batch_is_sent_once(void **state)
{
    static struct telnet_batch batch;
    static uint8_t bytes[TELNET_BATCH_SCRATCH + 8];

    (void)state;
    for (size_t len = TELNET_BATCH_SCRATCH - 8; len < sizeof bytes; len++) {
        struct telnet_encoder e = { .is_nvt = true };
        struct slice in[2] = { slice_of(bytes, len), BYTES("b" IAC) };
        struct buf wire, expected;
        bool after_cr = false;

        memset(bytes, 'a', len);
        bytes[0] = 255;
        bytes[len - 1] = '\r';
        buf_init(&wire, 2 * sizeof bytes);
        buf_init(&expected, 2 * sizeof bytes);
        reference_encode(&e, &after_cr, in[0], &expected);
        reference_encode(&e, &after_cr, in[1], &expected);
        while (in[0].len + in[1].len > 0) {
            telnet_encode(&e, in, &batch);
            assert_true(batch.bytes > 0);
            append_sent(&batch, batch.bytes, &wire);
            take_spans(in, telnet_encode_sent(&e, &batch, batch.bytes));
        }
        assert_true(slice_is_equal(buf_bytes(&wire), buf_bytes(&expected)));
        buf_done(&wire);
        buf_done(&expected);
    }
}

/* What is looked through and not copied is not looked through again. */
static void test_long_run_before_a_doubled_byte_is_not_copied(void **state)
{
    static struct telnet_batch batch;
    static uint8_t bytes[2 * TELNET_BATCH_SCRATCH];
    struct telnet_encoder e = { .is_nvt = false };
    struct slice in[2] = { slice_of(bytes, sizeof bytes), { 0 } };

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    bytes[sizeof bytes - 1] = 255;
    telnet_encode(&e, in, &batch);
    assert_int_equal(batch.count, 2);
    assert_ptr_equal(batch.part[0].iov_base, bytes);
    assert_int_equal(batch.part[0].iov_len, sizeof bytes - 1);
    assert_int_equal(batch.part[1].iov_len, 2);
    assert_int_equal(batch.taken, sizeof bytes);
}

/* What the program lives on: a whole read goes into one batch. */
static void test_one_read_with_a_percent_of_255_is_one_batch(void **state)
{
    static struct telnet_batch batch;
    static uint8_t bytes[64 * 1024];
    struct telnet_encoder e = { .is_nvt = false };
    struct slice in[2] = { slice_of(bytes, sizeof bytes), { 0 } };

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = i % 100 == 0 ? 255 : 'a';
    telnet_encode(&e, in, &batch);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.taken, sizeof bytes);
}

/* One write that stops after sent bytes, and one of all the rest. */
static void check_two_writes(const uint8_t bytes[4], size_t cut, size_t sent)
{
    static struct telnet_batch batch;
    struct telnet_encoder e = { .is_nvt = true };
    struct slice in[2] = { { bytes, cut }, { bytes + cut, 4 - cut } };
    struct buf wire, expected;
    bool after_cr = false;

    buf_init(&wire, 100);
    buf_init(&expected, 100);
    reference_encode(&e, &after_cr, slice_of(bytes, 4), &expected);
    telnet_encode(&e, in, &batch);
    assert_int_equal(batch.bytes, expected.len);
    if (sent > batch.bytes)
        sent = batch.bytes;
    append_sent(&batch, sent, &wire);
    take_spans(in, telnet_encode_sent(&e, &batch, sent));
    telnet_encode(&e, in, &batch);
    append_sent(&batch, batch.bytes, &wire);
    telnet_encode_sent(&e, &batch, batch.bytes);
    assert_true(slice_is_equal(buf_bytes(&wire), buf_bytes(&expected)));
    assert_int_equal(e.after_cr, bytes[3] == '\r');
    assert_false(telnet_encoder_owes(&e));
    buf_done(&wire);
    buf_done(&expected);
}

static void test_all_writes_of_all_short_data_are_exact(void **state)
{
    static const uint8_t letters[] = { 255, '\r', '\n', 'a' };

    (void)state;
    for (unsigned word = 0; word < 256; word++) {
        uint8_t bytes[4];

        for (unsigned i = 0; i < 4; i++)
            bytes[i] = letters[word >> (2 * i) & 3];
        for (size_t n = 0; n < (size_t)5 * 13; n++)
            check_two_writes(bytes, n % 5, n / 5);
    }
}

static void test_spans_that_are_the_same_byte_are_counted_twice(void **state)
{
    static struct telnet_batch batch;
    struct slice in[2] = { BYTES(IAC), BYTES(IAC) };

    (void)state;
    in[1] = in[0];
    for (size_t sent = 1; sent <= 4; sent++) {
        struct telnet_encoder e = { .is_nvt = false };

        telnet_encode(&e, in, &batch);
        assert_int_equal(batch.bytes, 4);
        assert_int_equal(telnet_encode_sent(&e, &batch, sent), (sent + 1) / 2);
        assert_int_equal(telnet_encoder_owes(&e), sent % 2);
    }
}

static void test_text_is_not_copied(void **state)
{
    static struct telnet_batch batch;
    struct telnet_encoder e = { .is_nvt = false };
    struct slice in[2] = { BYTES("ab\r\n"), BYTES("cd") };

    (void)state;
    telnet_encode(&e, in, &batch);
    assert_int_equal(batch.count, 2);
    assert_ptr_equal(batch.part[0].iov_base, in[0].data);
    assert_int_equal(batch.part[0].iov_len, 4);
    assert_ptr_equal(batch.part[1].iov_base, in[1].data);
    assert_int_equal(batch.part[1].iov_len, 2);
}

static void test_doubled_bytes_cost_no_parts(void **state)
{
    static struct telnet_batch batch;
    struct telnet_encoder e = { .is_nvt = false };
    struct slice in[2] = { BYTES("a" IAC "b" IAC "c"), { 0 } };

    (void)state;
    telnet_encode(&e, in, &batch);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.part[0].iov_len, 7);
    assert_memory_equal(batch.part[0].iov_base,
                        "a\xff\xff"
                        "b\xff\xff"
                        "c",
                        7);
}

static void test_raw_data_goes_as_it_is(void **state)
{
    static struct telnet_batch batch;
    struct telnet_encoder e = { .is_raw = true, .is_nvt = true };
    struct slice in[2] = { BYTES("a" IAC "\r"), BYTES("b") };

    (void)state;
    telnet_encode(&e, in, &batch);
    assert_int_equal(batch.count, 2);
    assert_int_equal(batch.bytes, 4);
    assert_int_equal(telnet_encode_sent(&e, &batch, 3), 3);
    assert_false(telnet_encoder_owes(&e));
    assert_false(e.after_cr);
}

static void test_nothing_to_send_is_an_empty_batch(void **state)
{
    static struct telnet_batch batch;
    struct telnet_encoder e = { .is_nvt = true, .after_cr = true };
    struct slice in[2] = { { 0 } };

    (void)state;
    telnet_encode(&e, in, &batch);
    assert_int_equal(batch.count, 0);
    assert_int_equal(batch.bytes, 0);
    assert_int_equal(telnet_encode_sent(&e, &batch, 0), 0);
    assert_true(e.after_cr);
}

static void test_batch_that_is_full_ends_and_the_next_goes_on(void **state)
{
    static struct telnet_batch batch;
    static uint8_t bytes[TELNET_BATCH_SCRATCH];
    struct telnet_encoder e = { .is_nvt = false };
    struct slice in[2] = { slice_of(bytes, sizeof bytes), { 0 } };
    size_t wire = 0;
    int batches = 0;

    (void)state;
    memset(bytes, 255, sizeof bytes);
    while (in[0].len > 0 || telnet_encoder_owes(&e)) {
        telnet_encode(&e, in, &batch);
        assert_true(batch.count <= TELNET_BATCH_PARTS);
        wire += batch.bytes;
        take_spans(in, telnet_encode_sent(&e, &batch, batch.bytes));
        batches++;
    }
    assert_int_equal(wire, 2 * sizeof bytes);
    assert_true(batches <= 3);
}

static void check_appended(struct telnet_encoder *e, struct slice in,
                           struct slice expected)
{
    struct buf out;

    buf_init(&out, 100);
    assert_int_equal(telnet_encode_append(e, in, &out), 0);
    assert_true(slice_is_equal(buf_bytes(&out), expected));
    buf_done(&out);
}

static void test_nvt_puts_nul_behind_a_bare_cr(void **state)
{
    struct telnet_encoder e = { .is_nvt = true };

    (void)state;
    check_appended(&e, BYTES("a\rb"), BYTES("a\r\0b"));
    check_appended(&e, BYTES("\r\n"), BYTES("\r\n"));
    check_appended(&e, BYTES("\r\0"), BYTES("\r\0\0"));
    check_appended(&e, BYTES("\r" IAC), BYTES("\r\0" IAC IAC));
}

static void test_nvt_cr_at_the_end_goes_out_at_once(void **state)
{
    struct telnet_encoder e = { .is_nvt = true };

    (void)state;
    check_appended(&e, BYTES("a\r"), BYTES("a\r"));
    assert_true(e.after_cr);
    check_appended(&e, BYTES("\n"), BYTES("\n"));
    check_appended(&e, BYTES("\r"), BYTES("\r"));
    check_appended(&e, BYTES("b"), BYTES("\0b"));
    assert_false(e.after_cr);
}

static void test_cr_before_the_change_to_binary_needs_no_nul(void **state)
{
    struct telnet_encoder e = { .is_nvt = true };

    (void)state;
    check_appended(&e, BYTES("\r"), BYTES("\r"));
    e.is_nvt = false;
    check_appended(&e, BYTES("b"), BYTES("b"));
    e.is_nvt = true;
    check_appended(&e, BYTES("c"), BYTES("c"));
}

static void test_cr_of_binary_data_needs_no_nul_later(void **state)
{
    struct telnet_encoder e = { .is_nvt = false };

    (void)state;
    check_appended(&e, BYTES("\r"), BYTES("\r"));
    e.is_nvt = true;
    check_appended(&e, BYTES("b"), BYTES("b"));
}

static void test_append_sends_what_is_owed_first(void **state)
{
    struct telnet_encoder e = { .owes_iac = true };

    (void)state;
    check_appended(&e, BYTES("a" IAC), BYTES(IAC "a" IAC IAC));
    assert_false(telnet_encoder_owes(&e));
}

static void test_append_behind_a_command_leaves_what_is_owed(void **state)
{
    struct telnet_encoder e = { .owes_iac = true };
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(telnet_put_command(&out, TELNET_AYT), 0);
    assert_int_equal(telnet_encode_append(&e, BYTES("a"), &out), 0);
    assert_true(slice_is_equal(buf_bytes(&out), BYTES(IAC AYT "a")));
    assert_true(telnet_encoder_owes(&e));
    buf_done(&out);
}

static void test_append_that_does_not_fit_changes_nothing(void **state)
{
    struct telnet_encoder e = { .owes_iac = true };
    struct buf out;

    (void)state;
    buf_init(&out, 3);
    assert_int_equal(telnet_encode_append(&e, BYTES("a" IAC), &out), -ENOBUFS);
    assert_int_equal(out.len, 0);
    assert_true(telnet_encoder_owes(&e));
    buf_done(&out);
}

static void test_put_doubles_255_in_suboptions_only(void **state)
{
    struct slice expected = BYTES(IAC AYT IAC WILL "\xe8" IAC SB "\x2c"
                                                   "a" IAC IAC IAC SE);
    struct buf out;

    (void)state;
    buf_init(&out, 100);
    assert_int_equal(telnet_put_command(&out, TELNET_AYT), 0);
    assert_int_equal(telnet_put_negotiation(&out, TELNET_WILL, 232), 0);
    assert_int_equal(telnet_put_suboption(&out, 44, BYTES("a" IAC)), 0);
    assert_true(slice_is_equal(buf_bytes(&out), expected));
    buf_done(&out);
}

static void test_put_that_does_not_fit_changes_nothing(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 6);
    assert_int_equal(telnet_put_suboption(&out, 44, BYTES(IAC)), -ENOBUFS);
    assert_int_equal(out.len, 0);
    buf_done(&out);
}

/* Undoes bytes with telnet_copy_data as far as it goes and with telnet_next
 * where it stops, cut and with room as the seed says. */
static void decode_by_copying(struct slice in, unsigned seed, struct buf *out)
{
    struct telnet_decoder d;
    static uint8_t room[4096];

    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    while (in.len > 0) {
        size_t cut = 1 + (size_t)rand_r(&seed) % in.len;
        struct slice piece = slice_of(in.data, cut);
        struct telnet_item item;
        enum telnet_event event = TELNET_DATA;

        in = slice_after(in, cut);
        while (event != TELNET_NEED_MORE) {
            size_t most = (size_t)rand_r(&seed) % sizeof room;
            size_t n;

            room[most] = 42; /* must not be written */
            n = telnet_copy_data(&d, &piece, room, most);
            assert_true(n <= most);
            assert_int_equal(room[most], 42);
            assert_int_equal(buf_append(out, slice_of(room, n)), 0);
            event = telnet_next(&d, &piece, &item);
            if (event == TELNET_DATA)
                assert_int_equal(buf_append(out, item.body), 0);
        }
    }
    telnet_decoder_done(&d);
}

static void test_copying_undoes_what_encoding_doubles(void **state)
{
    static const unsigned rarity[] = { 1, 2, 10, 100, 3000 };
    static uint8_t bytes[6000];

    (void)state;
    for (unsigned seed = 1; seed <= 500; seed++) {
        unsigned random = seed;
        unsigned every = rarity[seed % 5];
        size_t len = (size_t)rand_r(&random) % sizeof bytes;
        struct telnet_encoder e = { .is_nvt = false };
        struct buf wire;
        struct buf out;

        for (size_t i = 0; i < len; i++)
            bytes[i] = (unsigned)rand_r(&random) % every == 0
                           ? 255
                           : (uint8_t)rand_r(&random);
        buf_init(&wire, 2 * sizeof bytes);
        buf_init(&out, 2 * sizeof bytes);
        assert_int_equal(telnet_encode_append(&e, slice_of(bytes, len), &wire),
                         0);
        decode_by_copying(buf_bytes(&wire), seed, &out);
        assert_int_equal(out.len, len);
        if (len > 0)
            assert_memory_equal(buf_bytes(&out).data, bytes, len);
        buf_done(&wire);
        buf_done(&out);
    }
}

static void test_copying_stops_at_what_is_no_data(void **state)
{
    struct telnet_decoder d;
    struct slice in = BYTES("ab" IAC IAC "c" IAC "\xf6"
                            "de");
    uint8_t to[16];

    (void)state;
    telnet_decoder_init(&d, TELNET_LINES_BINARY);
    assert_int_equal(telnet_copy_data(&d, &in, to, sizeof to), 4);
    assert_memory_equal(to,
                        "ab\xff"
                        "c",
                        4);
    assert_int_equal(in.len, 4);
    assert_int_equal(telnet_copy_data(&d, &in, to, sizeof to), 0);
    telnet_decoder_done(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_partial_writes_send_what_the_reference_sends),
        cmocka_unit_test(
            test_batches_that_fill_up_send_what_the_reference_sends),
        cmocka_unit_test(test_nul_of_a_cr_at_the_end_of_the_batch_is_sent_once),
        cmocka_unit_test(test_long_run_before_a_doubled_byte_is_not_copied),
        cmocka_unit_test(test_one_read_with_a_percent_of_255_is_one_batch),
        cmocka_unit_test(test_all_writes_of_all_short_data_are_exact),
        cmocka_unit_test(test_spans_that_are_the_same_byte_are_counted_twice),
        cmocka_unit_test(test_text_is_not_copied),
        cmocka_unit_test(test_copying_undoes_what_encoding_doubles),
        cmocka_unit_test(test_copying_stops_at_what_is_no_data),
        cmocka_unit_test(test_doubled_bytes_cost_no_parts),
        cmocka_unit_test(test_raw_data_goes_as_it_is),
        cmocka_unit_test(test_nothing_to_send_is_an_empty_batch),
        cmocka_unit_test(test_batch_that_is_full_ends_and_the_next_goes_on),
        cmocka_unit_test(test_nvt_puts_nul_behind_a_bare_cr),
        cmocka_unit_test(test_nvt_cr_at_the_end_goes_out_at_once),
        cmocka_unit_test(test_cr_before_the_change_to_binary_needs_no_nul),
        cmocka_unit_test(test_cr_of_binary_data_needs_no_nul_later),
        cmocka_unit_test(test_append_sends_what_is_owed_first),
        cmocka_unit_test(test_append_behind_a_command_leaves_what_is_owed),
        cmocka_unit_test(test_append_that_does_not_fit_changes_nothing),
        cmocka_unit_test(test_put_doubles_255_in_suboptions_only),
        cmocka_unit_test(test_put_that_does_not_fit_changes_nothing),
    };

    return cmocka_run_group_tests_name("telnet_encode", tests, NULL, NULL);
}
