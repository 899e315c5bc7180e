/*
 * The text of a token: its form, and which slips are noticed.
 */
#include "auth/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void make(uint8_t byte, char text[TOKEN_LEN + 1])
{
    uint8_t random[TOKEN_RANDOM_LEN];

    memset(random, byte, sizeof random);
    token_make(random, text);
}

static enum token_form form_of(const char *text)
{
    return token_form(slice_of_text(text));
}

/* Reckoned by another program; the form must never change, because programs
 * that look for secrets know it. */
static void the_text_is_the_number_and_its_checksum(void **state)
{
    char text[TOKEN_LEN + 1];

    (void)state;
    make(0, text);
    assert_string_equal(
        text, "vspc_00000000000000000000000000000000000000000002YBYSj");
    make(255, text);
    assert_string_equal(
        text, "vspc_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp10bJTBV");
}

static void what_was_made_is_whole(void **state)
{
    char text[TOKEN_LEN + 1];

    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        make((uint8_t)byte, text);
        assert_int_equal(strlen(text), TOKEN_LEN);
        assert_int_equal(form_of(text), TOKEN_WHOLE);
    }
}

static void each_slip_of_one_character_is_noticed(void **state)
{
    static const char others[] = "0Az~ \n";
    char text[TOKEN_LEN + 1];

    (void)state;
    make(42, text);
    for (size_t i = TOKEN_PREFIX_LEN; i < TOKEN_LEN; i++) {
        char right = text[i];

        for (size_t k = 0; k < sizeof others; k++) { /* with the NUL */
            text[i] = others[k];
            assert_int_equal(token_form(slice_of(text, TOKEN_LEN)),
                             others[k] == right ? TOKEN_WHOLE : TOKEN_MISTYPED);
        }
        text[i] = right;
    }
}

static void two_characters_that_change_places_are_noticed(void **state)
{
    char text[TOKEN_LEN + 1];

    (void)state;
    make(42, text);
    for (size_t i = TOKEN_PREFIX_LEN; i + 1 < TOKEN_LEN; i++) {
        char first = text[i];

        if (first == text[i + 1])
            continue;
        text[i] = text[i + 1];
        text[i + 1] = first;
        assert_int_equal(form_of(text), TOKEN_MISTYPED);
        text[i + 1] = text[i];
        text[i] = first;
    }
}

static void a_cut_or_longer_text_is_mistyped(void **state)
{
    char text[TOKEN_LEN + 2];

    (void)state;
    make(7, text);
    for (size_t len = 0; len < TOKEN_LEN; len++)
        assert_int_equal(token_form(slice_of(text, len)),
                         len < TOKEN_PREFIX_LEN ? TOKEN_NONE : TOKEN_MISTYPED);
    text[TOKEN_LEN] = '0';
    assert_int_equal(token_form(slice_of(text, TOKEN_LEN + 1)), TOKEN_MISTYPED);
}

static void passwords_are_no_tokens(void **state)
{
    (void)state;
    assert_int_equal(form_of(""), TOKEN_NONE);
    assert_int_equal(form_of("vspc"), TOKEN_NONE);
    assert_int_equal(form_of("VSPC_0"), TOKEN_NONE);
    assert_int_equal(form_of(" vspc_0"), TOKEN_NONE);
    assert_int_equal(token_form(slice_of(NULL, 0)), TOKEN_NONE);
}

/* By sha256sum(1). */
static void the_digest_is_of_the_whole_text(void **state)
{
    static const uint8_t expected[TOKEN_DIGEST_LEN] = {
        0xec, 0xca, 0xba, 0x7d, 0x1f, 0x9b, 0xb7, 0xe4, 0xb4, 0xa4, 0x19,
        0xad, 0xec, 0x9e, 0x07, 0x46, 0xd5, 0x1f, 0x56, 0x89, 0xd8, 0x61,
        0xe6, 0xc8, 0x7e, 0x12, 0xba, 0x38, 0xec, 0x2a, 0x75, 0xa9
    };
    char text[TOKEN_LEN + 1];
    uint8_t digest[TOKEN_DIGEST_LEN];

    (void)state;
    make(0, text);
    token_digest(slice_of_text(text), digest);
    assert_memory_equal(digest, expected, sizeof expected);
}

static void names_are_short_and_plain(void **state)
{
    static const char *const wrong[] = { "",    "a b", "a/b",      "a:b",
                                         "a\n", "a*b", "\xc3\xa4", "a\"b" };
    char name[TOKEN_NAME_MAX + 2];

    (void)state;
    assert_true(token_is_name("web-01_CI.test"));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(token_is_name(wrong[i]));
    memset(name, 'a', sizeof name);
    name[TOKEN_NAME_MAX] = '\0';
    assert_true(token_is_name(name));
    name[TOKEN_NAME_MAX] = 'a';
    name[TOKEN_NAME_MAX + 1] = '\0';
    assert_false(token_is_name(name));
}

static void times_are_utc_to_the_second(void **state)
{
    (void)state;
    assert_string_equal(token_time(1, "never").text, "1970-01-01T00:00:01Z");
    assert_string_equal(token_time(1798761599, "never").text,
                        "2026-12-31T23:59:59Z");
    assert_string_equal(token_time(0, "never").text, "never");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_the_number_and_its_checksum),
        cmocka_unit_test(what_was_made_is_whole),
        cmocka_unit_test(each_slip_of_one_character_is_noticed),
        cmocka_unit_test(two_characters_that_change_places_are_noticed),
        cmocka_unit_test(a_cut_or_longer_text_is_mistyped),
        cmocka_unit_test(passwords_are_no_tokens),
        cmocka_unit_test(the_digest_is_of_the_whole_text),
        cmocka_unit_test(names_are_short_and_plain),
        cmocka_unit_test(times_are_utc_to_the_second),
    };

    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
