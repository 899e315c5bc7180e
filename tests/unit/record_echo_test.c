/* Which typed keys a recording has. "< abc" is typed, "> abc" is shown. */
#include "record/record_echo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KEPT_MAX = 16 * 1024 };

static struct record_echo echo;
static uint64_t now_us;
static char kept[KEPT_MAX];
static bool has_dropped;

static int set_up(void **state)
{
    (void)state;
    record_echo_init(&echo);
    now_us = 1000;
    kept[0] = '\0';
    has_dropped = false;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    record_echo_done(&echo);
    return 0;
}

static void take(void)
{
    size_t len = strlen(kept);
    struct slice bytes = buf_bytes(&echo.kept);

    assert_true(len + bytes.len < sizeof kept);
    if (bytes.len > 0)
        memcpy(kept + len, bytes.data, bytes.len);
    kept[len + bytes.len] = '\0';
    buf_take(&echo.kept, bytes.len);
    has_dropped = has_dropped || echo.has_dropped;
    echo.has_dropped = false;
}

static void type(const char *keys)
{
    record_echo_type(&echo, slice_of_text(keys), now_us);
    take();
}

static void show(const char *output)
{
    record_echo_show(&echo, slice_of_text(output), now_us);
    take();
}

static void wait(void)
{
    now_us += RECORD_ECHO_US;
    record_echo_check(&echo, now_us);
    take();
}

static void expect(const char *keys, bool are_dropped)
{
    assert_string_equal(kept, keys);
    assert_true(has_dropped == are_dropped);
}

static void what_is_shown_is_kept(void **state)
{
    (void)state;
    type("ls");
    expect("", false);
    show("l");
    expect("l", false);
    show("s");
    type("\r");
    show("\r\nfile\r\n$ ");
    type("id\r");
    show("id\r\n");
    expect("ls\rid\r", false);
}

static void what_is_not_shown_is_not(void **state)
{
    (void)state;
    show("Password: ");
    type("secret");
    wait();
    type("more\r");
    show("\r\nLogin incorrect\r\nlogin: ");
    type("root");
    show("root");
    expect("root", true);
}

static void a_secret_that_is_typed_at_once_is_dropped_with_its_enter(
    void **state)
{
    (void)state;
    type("root\r");
    show("root\r\nPassword: ");
    type("Last1\r");
    show("\r\nLast login: never\r\n$ ");
    type("w");
    show("w");
    expect("root\rw", true);
}

static void stars_are_no_echo(void **state)
{
    (void)state;
    type("a");
    show("*");
    type("b");
    show("*");
    type("\r");
    show("\r\n");
    expect("", true);
}

static void the_rest_of_a_line_is_secret(void **state)
{
    (void)state;
    type("a");
    show("x");
    type("b");
    show("b");
    type("c\rd");
    show("d");
    expect("d", true);
}

static void control_characters_need_no_echo(void **state)
{
    (void)state;
    type("\003");
    show("^C\r\n$ ");
    type("\033[A\033OB\t");
    expect("\003\033[A\033OB\t", false);
    type("x");
    show("x");
    expect("\003\033[A\033OB\tx", false);
}

static void answers_to_control_characters_are_passed_over(void **state)
{
    (void)state;
    type("ab\177c\r");
    show("ab\b \bc\r\n");
    expect("ab\177c\r", false);
    type("\003x");
    show("^C\r\nx");
    expect("ab\177c\r\003", true); /* an answer is no more than ^C */
}

static void two_lines_at_once_are_kept(void **state)
{
    (void)state;
    type("a\rb\r");
    show("a\r\nb\r\n");
    expect("a\rb\r", false);
}

static void keys_in_other_output_are_dropped(void **state)
{
    (void)state;
    type("a");
    show("[ 12.3] eth0: link is down\r\na");
    expect("", true);
}

static void a_character_of_several_bytes_is_kept(void **state)
{
    (void)state;
    type("\xc3\xa4");
    show("\xc3");
    show("\xa4");
    expect("\xc3\xa4", false);
}

static void what_waits_is_bounded(void **state)
{
    static char keys[RECORD_ECHO_MAX + 2];

    (void)state;
    memset(keys, 'x', sizeof keys - 1);
    type("a");
    type(keys);
    assert_false(record_echo_waits(&echo));
    expect("", true);
    type("y\rz");
    show("z");
    expect("z", true);
}

static void each_way_to_cut_is_the_same(void **state)
{
    static const char keys[] = "ls \177x\r\033[Aid\r";
    static const char shown[] = "ls \b \bx\r\nid\r\n";
    size_t len = strlen(shown);

    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        record_echo_type(&echo, slice_of_text(keys), now_us);
        record_echo_show(&echo, slice_of(shown, cut), now_us);
        record_echo_show(&echo, slice_of(shown + cut, len - cut), now_us);
        kept[0] = '\0';
        take();
        expect(keys, false);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_is_shown_is_kept),
        TEST(what_is_not_shown_is_not),
        TEST(a_secret_that_is_typed_at_once_is_dropped_with_its_enter),
        TEST(stars_are_no_echo),
        TEST(the_rest_of_a_line_is_secret),
        TEST(control_characters_need_no_echo),
        TEST(answers_to_control_characters_are_passed_over),
        TEST(two_lines_at_once_are_kept),
        TEST(keys_in_other_output_are_dropped),
        TEST(a_character_of_several_bytes_is_kept),
        TEST(what_waits_is_bounded),
        TEST(each_way_to_cut_is_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
