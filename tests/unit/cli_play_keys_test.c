/* Keys of the player, in whatever pieces a terminal sends them. */
#include "cli/play/play_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const char *typed, enum play_key wanted)
{
    size_t len = strlen(typed);

    for (size_t piece = 1; piece <= len; piece++) {
        struct play_keys keys = { .state = PLAY_KEYS_PLAIN };
        enum play_key found = PLAY_KEY_NONE;

        for (size_t at = 0; at < len; at += piece) {
            struct slice in =
                slice_of(typed + at, len - at < piece ? len - at : piece);

            while (in.len > 0) {
                enum play_key key = play_keys_next(&keys, &in);

                if (key != PLAY_KEY_NONE) {
                    assert_int_equal(found, PLAY_KEY_NONE);
                    found = key;
                }
            }
        }
        assert_int_equal(found, wanted);
    }
}

static void keys_are_known(void **state)
{
    (void)state;
    expect(" ", PLAY_KEY_PAUSE);
    expect("q", PLAY_KEY_LEAVE);
    expect("\x04", PLAY_KEY_LEAVE);
    expect("\x03", PLAY_KEY_INTERRUPT);
    expect("\x1a", PLAY_KEY_SUSPEND);
    expect(".", PLAY_KEY_STEP);
    expect("]", PLAY_KEY_MARKER);
    expect("0", PLAY_KEY_HOME);
    expect("+", PLAY_KEY_FASTER);
    expect("-", PLAY_KEY_SLOWER);
}

static void arrows_are_known_in_both_modes(void **state)
{
    (void)state;
    expect("\033[A", PLAY_KEY_FASTER);
    expect("\033OB", PLAY_KEY_SLOWER);
    expect("\033[C", PLAY_KEY_FORWARD);
    expect("\033OD", PLAY_KEY_BACK);
    expect("\033[H", PLAY_KEY_HOME);
    expect("\033[1;5C", PLAY_KEY_FORWARD);
}

static void what_means_nothing_is_passed_over(void **state)
{
    (void)state;
    expect("x", PLAY_KEY_NONE);
    expect("\033[5~", PLAY_KEY_NONE);
    expect("\033x", PLAY_KEY_NONE);
    expect("\033[5~q", PLAY_KEY_LEAVE);
    expect("\033\033[C", PLAY_KEY_FORWARD);
    expect("\033q", PLAY_KEY_LEAVE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_known),
        cmocka_unit_test(arrows_are_known_in_both_modes),
        cmocka_unit_test(what_means_nothing_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
