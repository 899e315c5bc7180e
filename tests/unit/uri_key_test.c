/* The key in a service URI, and the URI without it. */
#include "proto/uri/uri_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_key_is_taken_off(void **state)
{
    static const struct {
        const char *text;
        const char *bare;
        const char *key; /* NULL: none */
    } cases[] = {
        { "s0?key=k1", "s0", "k1" },
        { "s0?key=", "s0", "" },
        { "vspcd?port=com1&key=k1", "vspcd?port=com1", "k1" },
        { "vspcd?key=k1&port=com1", "vspcd?port=com1", "k1" },
        { "a?b&KEY=k1&c", "a?b&c", "k1" },
        { "a?key=k1&key=k2", "a", "k1" },
        { "telnet://vspc:13370?key=k1", "telnet://vspc:13370", "k1" },
        { "telnets://h:7?key=k1#verify", "telnets://h:7#verify", "k1" },
        { "vspc://web/com1?key=k1", "vspc://web/com1", "k1" },
        { "?key=k1", "", "k1" },
        { "s0?key=a?b=c", "s0", "a?b=c" },
        { "", "", NULL },
        { "s0", "s0", NULL },
        { "key=k1", "key=k1", NULL },
        { "s0?key", "s0?key", NULL },
        { "s0?monkey=k1", "s0?monkey=k1", NULL },
        { "s0#key=k1", "s0#key=k1", NULL },
        { "s0#?key=k1", "s0#?key=k1", NULL },
        { "a??b&&c&", "a??b&&c&", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice text = slice_of_text(cases[i].text);
        struct slice key = uri_find_key(text);
        char bare[64];

        bare[uri_remove_keys(text, (uint8_t *)bare)] = '\0';
        assert_string_equal(bare, cases[i].bare);
        assert_true((key.data == NULL) == (cases[i].key == NULL));
        if (cases[i].key != NULL)
            assert_true(slice_is_equal(key, slice_of_text(cases[i].key)));
    }
}

static void it_may_be_taken_off_in_place(void **state)
{
    char text[] = "vspcd?key=k1&port=com1#x";

    (void)state;
    text[uri_remove_keys(slice_of_text(text), (uint8_t *)text)] = '\0';
    assert_string_equal(text, "vspcd?port=com1#x");
}

#define KEY "0123456789abcdefABCDEF9876543210"

static void a_key_is_found_wherever_it_strays(void **state)
{
    static const struct {
        const char *uri;
        int at; /* of its value; -1: none */
    } cases[] = {
        { "key=" KEY, 4 },
        { "s0&key=" KEY, 7 },
        { "s0#KEY=" KEY "#x", 7 },
        { "s0%3fkey%3D" KEY, 11 },
        { "s0?%6bey=" KEY, 9 },
        { "s0?kkey=%30123456789abcdefABCDEF9876543210", 8 },
        { "telnet://key=" KEY "@h:1", 13 },
        { "", -1 },
        { "key=", -1 },
        { "s0?key=0123456789abcdefABCDEF987654321", -1 },
        { "s0?key=0123456789abcdefABCDEF987654321g", -1 },
        { "s0?key=0123456789abcdefABCDEF987654321%3", -1 },
        { "s0%3", -1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct slice text = slice_of_text(cases[i].uri);
        const uint8_t *key = uri_find_stray_key(text);

        assert_int_equal(key != NULL ? key - text.data : -1, cases[i].at);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_taken_off),
        cmocka_unit_test(it_may_be_taken_off_in_place),
        cmocka_unit_test(a_key_is_found_wherever_it_strays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
