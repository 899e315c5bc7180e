/*
 * Pickles: those that were recorded of vSPC.py's clients under Python 2.7 to
 * 3.13, each in every cut; all that such a client never sends, which is
 * refused; and what is written, byte by byte.
 */
#include "proto/admin/pickle.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define BYTES(literal) slice_of(literal, sizeof(literal) - 1)
#define TEXT(literal)                                                          \
    {                                                                          \
        (const uint8_t *)(literal), sizeof(literal) - 1                        \
    }
#define FRAME(length) "\x80\4\x95" length "\0\0\0\0\0\0\0"

static const struct {
    struct slice in;
    enum pickle_kind kind;
    int64_t number;
    struct slice text;
} read[] = {
    /* Python 3.8 to 3.13, protocol 4. */
    { TEXT("\x80\4\x4b\3."), PICKLE_NUMBER, 3, { 0 } },
    { TEXT("\x80\4N."), PICKLE_NONE, 0, { 0 } },
    { TEXT(FRAME("\x8") "\x8c\4web1\x94."), PICKLE_TEXT, 0, TEXT("web1") },
    { TEXT(FRAME("\x1c") "\x8c\x18"
                         "free_for_all_or_readonly\x94."),
      PICKLE_TEXT, 0, TEXT("free_for_all_or_readonly") },
    { TEXT(FRAME("\4") "\x8c\0\x94."), PICKLE_TEXT, 0, TEXT("") },
    { TEXT(FRAME("\4") "\x4d\x8a\x89."), PICKLE_NUMBER, 35210, { 0 } },
    { TEXT(FRAME("\6") "\x4a\0\0\1\0."), PICKLE_NUMBER, 65536, { 0 } },
    { TEXT(FRAME("\6") "\x4a\xff\xff\xff\xff."), PICKLE_NUMBER, -1, { 0 } },
    { TEXT("\x80\4\x8a\5\0\0\0\0\1."), PICKLE_NUMBER, INT64_C(1) << 32, { 0 } },
    { TEXT("\x80\4\x8a\5\0\0\0\0\x80."),
      PICKLE_NUMBER,
      -(INT64_C(1) << 39),
      { 0 } },
    { TEXT("\x80\4\x8a\x8\0\0\0\0\0\0\0\x80."),
      PICKLE_NUMBER,
      INT64_MIN,
      { 0 } },
    { TEXT("\x80\4\x8a\0."), PICKLE_NUMBER, 0, { 0 } },
    { TEXT("\x80\4\x8c\3\xed\xb3\xbf\x94."), PICKLE_TEXT, 0,
      TEXT("\xed\xb3\xbf") },
    { TEXT("\x80\4\x8c\3a\0\n\x94."), PICKLE_TEXT, 0, TEXT("a\0\n") },
    /* Python 3.14, protocol 5. */
    { TEXT("\x80\5\x4b\4."), PICKLE_NUMBER, 4, { 0 } },
    /* Python 3.6 and 3.7, protocol 3. */
    { TEXT("\x80\3\x4b\3."), PICKLE_NUMBER, 3, { 0 } },
    { TEXT("\x80\3X\4\0\0\0web1q\0."), PICKLE_TEXT, 0, TEXT("web1") },
    { TEXT("\x80\3X\2\0\0\0\xc3\xbcq\1."), PICKLE_TEXT, 0, TEXT("\xc3\xbc") },
    /* Python 2.7, protocol 0. */
    { TEXT("I2\n."), PICKLE_NUMBER, 2, { 0 } },
    { TEXT("I0\n."), PICKLE_NUMBER, 0, { 0 } },
    { TEXT("I-99\n."), PICKLE_NUMBER, -99, { 0 } },
    { TEXT("N."), PICKLE_NONE, 0, { 0 } },
    { TEXT("S'web1'\np0\n."), PICKLE_TEXT, 0, TEXT("web1") },
    { TEXT("S'free_for_all'\np12\n."), PICKLE_TEXT, 0, TEXT("free_for_all") },
    { TEXT("S\"it's\"\np0\n."), PICKLE_TEXT, 0, TEXT("it's") },
    { TEXT("S'a\\n\\r\\t\\\\\\'\\xc3\\xBC'\np0\n."), PICKLE_TEXT, 0,
      TEXT("a\n\r\t\\'\xc3\xbc") },
    { TEXT("S''\np0\n."), PICKLE_TEXT, 0, TEXT("") },
};

enum { READ_COUNT = sizeof read / sizeof read[0] };

static enum pickle_event read_some(struct slice in, struct pickle_value *v,
                                   size_t *used)
{
    *used = SIZE_MAX;
    return pickle_read(in, v, used);
}

static void recorded_pickles_are_read_in_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < READ_COUNT; i++) {
        struct pickle_value v;
        size_t used;

        for (size_t len = 0; len < read[i].in.len; len++)
            assert_int_equal(
                read_some(slice_of(read[i].in.data, len), &v, &used),
                PICKLE_NEED_MORE);
        assert_int_equal(read_some(read[i].in, &v, &used), PICKLE_READ);
        assert_int_equal(used, read[i].in.len);
        assert_int_equal(v.kind, read[i].kind);
        assert_true(v.number == read[i].number);
        assert_true(slice_is_equal(slice_of(v.text, v.len), read[i].text));
    }
}

static void the_next_pickle_is_left(void **state)
{
    struct pickle_value v;
    size_t used;

    (void)state;
    for (size_t i = 0; i < READ_COUNT; i++) {
        uint8_t two[256];

        memcpy(two, read[i].in.data, read[i].in.len);
        memcpy(two + read[i].in.len, "\x80\4N.", 4);
        assert_int_equal(
            read_some(slice_of(two, read[i].in.len + 4), &v, &used),
            PICKLE_READ);
        assert_int_equal(used, read[i].in.len);
    }
}

static void what_no_client_sends_is_refused(void **state)
{
    static const struct slice refused[] = {
        TEXT("\x80\1N."),                         /* no such protocol here */
        TEXT("\x80\6N."),                         /* nor that */
        TEXT("."),                                /* no value */
        TEXT("\x80\4."),                          /* the same */
        TEXT("\x80\4NN."),                        /* two values */
        TEXT("\x80\4N\x94\x94."),                 /* two memos */
        TEXT("\x80\4\x88."),                      /* True */
        TEXT("\x80\4\x89."),                      /* False */
        TEXT("I01\n."),                           /* True of protocol 0 */
        TEXT("I00\n."),                           /* False of protocol 0 */
        TEXT("I\n."),                             /* no digits */
        TEXT("I-\n."),                            /* no digits either */
        TEXT("I1x\n."),                           /* not a digit */
        TEXT("I12345678901\n."),                  /* too many digits */
        TEXT("I1L\n."),                           /* a long */
        TEXT("F3.9\n."),                          /* a float */
        TEXT("\x80\4G@\x8\0\0\0\0\0\0."),         /* a float */
        TEXT("L1L\n."),                           /* LONG */
        TEXT("\x80\4\x8b\1\0\0\0\1."),            /* LONG4 */
        TEXT("\x80\4\x8a\x9\0\0\0\0\0\0\0\0\1."), /* more than 64 bits */
        TEXT("\x80\4]."),                         /* a list */
        TEXT("\x80\4}."),                         /* a dict */
        TEXT("\x80\4)."),                         /* a tuple */
        TEXT("\x80\4(."),                         /* MARK */
        TEXT("\x80\4C\1a."),                      /* bytes */
        TEXT("\x80\4T\1\0\0\0a."),                /* BINSTRING */
        TEXT("\x80\4U\1a."),                      /* SHORT_BINSTRING */
        TEXT("Va\n."),                            /* UNICODE */
        TEXT("\x80\4h\0."),                       /* BINGET */
        TEXT("g0\n."),                            /* GET */
        TEXT("\x80\4r\0\0\0\0."),                 /* LONG_BINPUT */
        TEXT("cos\nsystem\n(S'true'\ntR."),       /* GLOBAL, REDUCE */
        TEXT("(S'true'\nios\nsystem\n."),         /* INST */
        TEXT("\x80\4\x8c\2os\x8c\6system\x93."),  /* STACK_GLOBAL */
        TEXT("\x80\4P0\n."),                      /* PERSID */
        TEXT("\x80\4\x82\1."),                    /* EXT1 */
        TEXT("S'a\n."),                           /* no quote behind it */
        TEXT("Sa'\n."),                           /* none before it */
        TEXT("S'\n."),                            /* one of two */
        TEXT("S'a'b'\n."),                        /* one within */
        TEXT("S'\\q'\n."),                        /* an unknown escape */
        TEXT("S'\\x4'\n."),                       /* half of one */
        TEXT("S'\\'\n."),                         /* the last quote is one */
        TEXT("S'a'\np\n."),                       /* a memo without a number */
        TEXT("S'a'\npx\n."),                      /* not a number */
        TEXT("\x80\4\x8c\1\xff\x94."),            /* no UTF-8 */
        TEXT("\x80\4\x8c\2\xc3\x28\x94."),        /* nor that */
        TEXT(FRAME("\x7") "\x8c\4web1\x94."),     /* shorter than it is */
        TEXT(FRAME("\x9") "\x8c\4web1\x94.N"),    /* longer */
        TEXT("\x80\4\x95\0\0\0\0\0\0\0\1"),       /* much longer */
        TEXT("\x80\4X\0\0\1\0"),                  /* 64 KiB of text */
        TEXT("\xff\xfd\xe9"),                     /* telnet */
        TEXT("GET / HTTP/1.1\r\n"),
        TEXT("\x16\3\1"), /* TLS */
    };
    struct pickle_value v;
    size_t used;

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        assert_int_equal(read_some(refused[i], &v, &used), PICKLE_REFUSED);
}

/* However it goes on: so a peer cannot have more kept than this. */
static void a_pickle_has_a_bound(void **state)
{
    static uint8_t bytes[PICKLE_MAX + 8];
    struct pickle_value v;
    size_t used;

    (void)state;
    memset(bytes, 'a', sizeof bytes);
    bytes[0] = 'S';
    bytes[1] = '\'';
    assert_int_equal(read_some(slice_of(bytes, PICKLE_MAX - 1), &v, &used),
                     PICKLE_NEED_MORE);
    assert_int_equal(read_some(slice_of(bytes, PICKLE_MAX), &v, &used),
                     PICKLE_REFUSED);
    memcpy(bytes + PICKLE_MAX + 4, "'\n.", 3);
    assert_int_equal(read_some(slice_of(bytes, sizeof bytes - 1), &v, &used),
                     PICKLE_REFUSED);
}

static void pickles_begin_with_two_bytes_only(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        assert_int_equal(pickle_is_begin((uint8_t)byte),
                         byte == 0x80 || byte == 'I');
}

static bool wrote(struct buf *b, struct slice bytes)
{
    bool is_so = slice_is_equal(buf_bytes(b), bytes);

    buf_done(b);
    return is_so;
}

#define KEY(word) "X\4\0\0\0" word
#define VM_OF(name, port)                                                      \
    "}(" KEY("name") name KEY("uuid") "X\2\0\0\0u1" KEY("port") port "u"
#define BYTES_VM_OF(name, port)                                                \
    "}(" KEY("name") name KEY("uuid") "T\2\0\0\0u1" KEY("port") port "u"

static void what_is_written_is_protocol_2(void **state)
{
    static const struct pickle_vm web = { "web", "u1", 35310 };
    static const struct pickle_vm db = { "db", "u1", 0 };
    struct buf b;

    (void)state;
    buf_init(&b, 1024);
    assert_int_equal(pickle_put_number(&b, 3), 0);
    assert_true(wrote(&b, BYTES("\x80\2J\3\0\0\0.")));
    assert_int_equal(pickle_put_number(&b, -2), 0);
    assert_true(wrote(&b, BYTES("\x80\2J\xfe\xff\xff\xff.")));
    assert_int_equal(pickle_put_text(&b, "vm_found"), 0);
    assert_true(wrote(&b, BYTES("\x80\2X\x8\0\0\0vm_found.")));
    assert_int_equal(pickle_put_text(&b, ""), 0);
    assert_true(wrote(&b, BYTES("\x80\2X\0\0\0\0.")));

    assert_int_equal(pickle_put_begin(&b, PICKLE_SINGLE), 0);
    assert_int_equal(pickle_put_vm(&b, PICKLE_SINGLE, &web), 0);
    assert_int_equal(pickle_put_vm(&b, PICKLE_SINGLE, &db), 0);
    assert_int_equal(pickle_put_end(&b, PICKLE_SINGLE), 0);
    assert_true(wrote(
        &b,
        BYTES("\x80\2" VM_OF("X\3\0\0\0web", "J\xee\x89\0\0") ".\x80\2" VM_OF(
            "X\2\0\0\0db", "N") ".")));

    assert_int_equal(pickle_put_begin(&b, PICKLE_LIST), 0);
    assert_int_equal(pickle_put_vm(&b, PICKLE_LIST, &web), 0);
    assert_int_equal(pickle_put_vm(&b, PICKLE_LIST, &db), 0);
    assert_int_equal(pickle_put_end(&b, PICKLE_LIST), 0);
    assert_true(
        wrote(&b, BYTES("\x80\2](" BYTES_VM_OF("T\3\0\0\0web", "J\xee\x89\0\0")
                            BYTES_VM_OF("T\2\0\0\0db", "N") "e.")));

    assert_int_equal(pickle_put_begin(&b, PICKLE_TUPLE), 0);
    assert_int_equal(pickle_put_vm(&b, PICKLE_TUPLE, &db), 0);
    assert_int_equal(pickle_put_end(&b, PICKLE_TUPLE), 0);
    assert_true(wrote(&b, BYTES("\x80\2J\1\0\0\0](" BYTES_VM_OF(
                              "T\2\0\0\0db", "N") "e\x86.")));
}

static void a_seed_of_version_2_is_a_list(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 64);
    assert_int_equal(pickle_put_list(&b, ""), 0);
    assert_true(wrote(&b, BYTES("\x80\2](e.")));
    assert_int_equal(pickle_put_list(&b, "no"), 0);
    assert_true(wrote(&b, BYTES("\x80\2](T\2\0\0\0noe.")));
}

static void a_vm_that_does_not_fit_is_not_written(void **state)
{
    static const struct pickle_vm web = { "web", "u1", 35310 };
    struct buf b;

    (void)state;
    buf_init(&b, 16);
    assert_true(pickle_put_vm(&b, PICKLE_SINGLE, &web) < 0);
    assert_true(pickle_put_text(&b, "more than there is room for") < 0);
    assert_int_equal(b.len, 0);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_pickles_are_read_in_every_cut),
        cmocka_unit_test(the_next_pickle_is_left),
        cmocka_unit_test(what_no_client_sends_is_refused),
        cmocka_unit_test(a_pickle_has_a_bound),
        cmocka_unit_test(pickles_begin_with_two_bytes_only),
        cmocka_unit_test(what_is_written_is_protocol_2),
        cmocka_unit_test(a_seed_of_version_2_is_a_list),
        cmocka_unit_test(a_vm_that_does_not_fit_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
