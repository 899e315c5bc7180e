/*
 * Is it another protocol: every beginning that is known, in every cut, and what
 * only looks like one.
 */
#include "proto/first/first_bytes.h"

#include "state_names.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *text;
    enum first_bytes answer;
} known[] = {
    { "GET / HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "POST / HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "PUT / HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "HEAD / HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "OPTIONS * HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "DELETE / HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "PATCH / HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "CONNECT host:22 HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "TRACE / HTTP/1.1\r\n", FIRST_BYTES_HTTP },
    { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", FIRST_BYTES_HTTP },
    { "SSH-2.0-OpenSSH_9.2\r\n", FIRST_BYTES_SSH },
    { "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", FIRST_BYTES_PROXY },
    { "\x16\x03\x01\x02\x06\x01", FIRST_BYTES_TLS },
    { "\x16\x03\x03\x02\x06\x01", FIRST_BYTES_TLS },
};
enum { KNOWN = sizeof known / sizeof known[0] };

static enum first_bytes look(const char *bytes, size_t len)
{
    return first_bytes_look(slice_of(bytes, len), FIRST_BYTES_ALL);
}

static void a_beginning_is_known_in_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < KNOWN; i++) {
        size_t len = strlen(known[i].text);
        bool was_known = false;

        for (size_t cut = 0; cut <= len; cut++) {
            enum first_bytes answer = look(known[i].text, cut);

            assert_int_equal(answer, answer == FIRST_BYTES_OPEN && !was_known
                                         ? FIRST_BYTES_OPEN
                                         : known[i].answer);
            was_known = answer != FIRST_BYTES_OPEN;
            if (cut >= FIRST_BYTES_LEN)
                assert_true(was_known);
        }
    }
}

/* It begins as a person does who types Enter twice. */
static void version_2_of_proxy_is_known_from_its_nul_on(void **state)
{
    static const char header[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0";

    (void)state;
    for (size_t cut = 1; cut < sizeof header; cut++) {
        enum first_bytes expected = cut < FIRST_BYTES_ENTER ? FIRST_BYTES_OTHER
                                    : cut < FIRST_BYTES_LEN ? FIRST_BYTES_OPEN
                                                            : FIRST_BYTES_PROXY;

        assert_int_equal(look(header, cut), expected);
    }
    assert_int_equal(look("\r\n\r\n\r", 5), FIRST_BYTES_OTHER);
}

static void nothing_is_typed_before_the_blank(void **state)
{
    (void)state;
    assert_int_equal(look("GET", 3), FIRST_BYTES_OPEN);
    assert_int_equal(look("OPTIONS", 7), FIRST_BYTES_OPEN);
    assert_int_equal(look("SSH", 3), FIRST_BYTES_OPEN);
    assert_int_equal(look("\x16\x03", 2), FIRST_BYTES_OPEN);
    assert_int_equal(look("P", 1), FIRST_BYTES_OPEN);
}

static void what_only_looks_like_one_is_another(void **state)
{
    static const char *const others[] = {
        "get /",        "GETTY",        "GET\r",        "POSTfix",
        "PUTTY",        "HEADS",        "PR\r",         "SSHD",
        "ssh-",         "root\r",       "\xff\xfd\x01", "\x15\x03\x01",
        "\x16\x04\x01", "\x16\x03\x05", "\x16\x16",
    };

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(look(others[i], strlen(others[i])), FIRST_BYTES_OTHER);
}

static void only_the_wanted_protocols_are_looked_for(void **state)
{
    unsigned http = FIRST_BYTES_BIT(FIRST_BYTES_HTTP);

    (void)state;
    for (size_t i = 0; i < KNOWN; i++) {
        struct slice text = slice_of_text(known[i].text);
        bool is_http = known[i].answer == FIRST_BYTES_HTTP;

        assert_int_equal(first_bytes_look(text, http),
                         is_http ? FIRST_BYTES_HTTP : FIRST_BYTES_OTHER);
        assert_int_equal(first_bytes_look(text, 0), FIRST_BYTES_OTHER);
    }
    assert_int_equal(first_bytes_look(slice_of_text("S"), http),
                     FIRST_BYTES_OTHER);
    assert_int_equal(first_bytes_look(slice_of_text("\x16"), http),
                     FIRST_BYTES_OTHER);
}

static void each_answer_has_a_name(void **state)
{
    (void)state;
    CHECK_STATE_NAMES(first_bytes_name, enum first_bytes, FIRST_BYTES_COUNT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_beginning_is_known_in_every_cut),
        cmocka_unit_test(nothing_is_typed_before_the_blank),
        cmocka_unit_test(version_2_of_proxy_is_known_from_its_nul_on),
        cmocka_unit_test(what_only_looks_like_one_is_another),
        cmocka_unit_test(only_the_wanted_protocols_are_looked_for),
        cmocka_unit_test(each_answer_has_a_name),
    };

    return cmocka_run_group_tests_name("first_bytes", tests, NULL, NULL);
}
