/* What vspcd and vspcd-pam say: the same in every cut, and never more than one
 * message. */
#include "auth/helper/pam_wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Reads bytes as a connection that gives piece of them at once. False: they are
 * no message. *ret_used: what was taken of them. */
static bool read_cut(struct pam_wire *w, const void *bytes, size_t len,
                     size_t piece, size_t *ret_used)
{
    const uint8_t *from = bytes;
    size_t used = 0;
    uint8_t *at;
    size_t room;

    memset(w, 0, sizeof *w);
    while ((room = pam_wire_room(w, &at)) > 0 && used < len) {
        size_t count = len - used < piece ? len - used : piece;

        if (count > room)
            count = room;
        memcpy(at, from + used, count);
        used += count;
        if (!pam_wire_added(w, count))
            return false;
    }
    *ret_used = used;
    return true;
}

static bool is_whole(struct pam_wire *w)
{
    uint8_t *at;

    return pam_wire_room(w, &at) == 0;
}

static void a_message_is_the_same_in_every_cut(void **state)
{
    static const struct {
        enum pam_wire_kind kind;
        const char *text;
    } messages[] = {
        { PAM_WIRE_ANSWER, "secret" },   { PAM_WIRE_ANSWER, "" },
        { PAM_WIRE_TEXT, "\xff\n\x01" }, { PAM_WIRE_HIDDEN, "Password: " },
        { PAM_WIRE_VISIBLE, "Code: " },  { PAM_WIRE_ACCEPTED, "alice" },
        { PAM_WIRE_DENIED, "" },         { PAM_WIRE_EXPIRED, "" },
        { PAM_WIRE_FAILED, "why" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        size_t len = strlen(messages[i].text);
        struct pam_wire w = { 0 };
        uint8_t bytes[64];

        assert_true(pam_wire_put(&w, messages[i].kind, messages[i].text, len));
        assert_int_equal(w.len, PAM_WIRE_HEAD + len);
        memcpy(bytes, w.bytes, w.len);
        /* The next message is right behind it. */
        memcpy(bytes + w.len, "N1\0\0", 4);
        for (size_t piece = 1; piece <= len + 2 * PAM_WIRE_HEAD; piece++) {
            struct pam_wire got;
            size_t used;

            assert_true(
                read_cut(&got, bytes, len + 2 * PAM_WIRE_HEAD, piece, &used));
            assert_true(is_whole(&got));
            assert_int_equal(used, PAM_WIRE_HEAD + len);
            assert_int_equal(pam_wire_kind(&got), messages[i].kind);
            assert_string_equal(got.text, messages[i].text);
        }
    }
}

static void a_login_has_a_name_and_an_address(void **state)
{
    struct pam_wire w = { 0 };
    struct pam_wire got;
    size_t used;

    (void)state;
    for (size_t piece = 1; piece < 24; piece++) {
        enum pam_wire_kind kind =
            piece % 2 != 0 ? PAM_WIRE_LOGIN : PAM_WIRE_CHECK;

        assert_true(pam_wire_put_login(&w, kind, "alice", "192.0.2.7"));
        assert_true(read_cut(&got, w.bytes, w.len, piece, &used));
        assert_true(is_whole(&got));
        assert_int_equal(pam_wire_kind(&got), kind);
        assert_string_equal(got.text, "alice");
        assert_string_equal(pam_wire_remote(&got), "192.0.2.7");
    }
    assert_true(pam_wire_put_login(&w, PAM_WIRE_LOGIN, "alice", ""));
    assert_true(read_cut(&got, w.bytes, w.len, 1, &used));
    assert_true(is_whole(&got));
    assert_string_equal(pam_wire_remote(&got), "");
}

static void what_is_too_long_is_not_made(void **state)
{
    char text[PAM_WIRE_TEXT_MAX + 2];
    struct pam_wire w = { 0 };

    (void)state;
    memset(text, 'x', sizeof text);
    assert_true(pam_wire_put(&w, PAM_WIRE_ANSWER, text, PAM_WIRE_TEXT_MAX));
    assert_false(
        pam_wire_put(&w, PAM_WIRE_ANSWER, text, PAM_WIRE_TEXT_MAX + 1));
    assert_false(pam_wire_put(&w, PAM_WIRE_ANSWER, "a\0b", 3));
    text[PAM_WIRE_NAME_MAX + 1] = '\0';
    assert_false(pam_wire_put_login(&w, PAM_WIRE_LOGIN, text, ""));
    assert_false(pam_wire_put(&w, PAM_WIRE_ACCEPTED, text, strlen(text)));
    text[PAM_WIRE_NAME_MAX] = '\0';
    assert_true(pam_wire_put_login(&w, PAM_WIRE_LOGIN, text, "192.0.2.7"));
    assert_true(pam_wire_put(&w, PAM_WIRE_ACCEPTED, text, strlen(text)));
    assert_false(pam_wire_put_login(&w, PAM_WIRE_LOGIN, "", "192.0.2.7"));
    memset(text, '1', sizeof text);
    text[PAM_WIRE_TEXT_MAX] = '\0';
    assert_false(pam_wire_put_login(&w, PAM_WIRE_LOGIN, "alice", text));
}

static void garbage_is_no_message(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } garbage[] = {
        { "X1\0\0", 4 },           /* no such kind */
        { "H2\0\0", 4 },           /* another version */
        { "H1\2\0", 4 },           /* 512 bytes */
        { "H1\377\377", 4 },       /* 65535 */
        { "N1\0\1x", 5 },          /* denied has no text */
        { "E1\0\1x", 5 },          /* nor has expired */
        { "Y1\0\0", 4 },           /* nobody */
        { "Y1\1\1", 4 },           /* a name of 257 bytes */
        { "A1\0\3a\0b", 7 },       /* a NUL */
        { "L1\0\5alice", 9 },      /* a login without an address */
        { "L1\0\1\0", 5 },         /* nobody */
        { "L1\0\7al\0ic\0e", 11 }, /* three texts */
        { "GET / HTTP/1.0\r\n", 16 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        for (size_t piece = 1; piece <= garbage[i].len; piece++) {
            struct pam_wire w;
            size_t used;

            assert_false(
                read_cut(&w, garbage[i].bytes, garbage[i].len, piece, &used));
        }
    }
}

static void nothing_is_left_of_a_secret(void **state)
{
    static const struct pam_wire none = { 0 };
    struct pam_wire w = { 0 };

    (void)state;
    assert_true(pam_wire_put(&w, PAM_WIRE_ANSWER, "secret", 6));
    pam_wire_wipe(&w);
    assert_memory_equal(&w, &none, sizeof w);
    /* Nor of one that is overwritten. */
    assert_true(pam_wire_put(&w, PAM_WIRE_ANSWER, "secret", 6));
    assert_true(pam_wire_put(&w, PAM_WIRE_ANSWER, "x", 1));
    assert_null(memmem(&w, sizeof w, "ecret", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_the_same_in_every_cut),
        cmocka_unit_test(a_login_has_a_name_and_an_address),
        cmocka_unit_test(what_is_too_long_is_not_made),
        cmocka_unit_test(garbage_is_no_message),
        cmocka_unit_test(nothing_is_left_of_a_secret),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
