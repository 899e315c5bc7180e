/* A text as one value of a language, whatever is in it. */
#include "cli/uri/uri_quote.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void check(enum uri_quote how, const char *text, const char *expected)
{
    struct buf to;

    buf_init(&to, 4096);
    uri_quote_add(&to, how, text);
    assert_int_equal(buf_append(&to, slice_of("", 1)), 0);
    assert_string_equal((const char *)buf_bytes(&to).data, expected);
    buf_done(&to);
}

static void names_of_quotes_are_known(void **state)
{
    enum uri_quote how = URI_QUOTE_FILE;

    (void)state;
    assert_true(uri_quote_find(slice_of_text("sh"), &how));
    assert_int_equal(how, URI_QUOTE_SH);
    assert_true(uri_quote_find(slice_of_text("text"), &how));
    assert_int_equal(how, URI_QUOTE_TEXT);
    assert_false(uri_quote_find(slice_of_text("s"), &how));
    assert_false(uri_quote_find(slice_of_text("shell"), &how));
}

static void a_shell_takes_nothing_but_the_text(void **state)
{
    (void)state;
    check(URI_QUOTE_SH, "web-01", "'web-01'");
    check(URI_QUOTE_SH, "", "''");
    check(URI_QUOTE_SH, "a'b", "'a'\\''b'");
    check(URI_QUOTE_SH, "$(x) `y` \\ \" \n", "'$(x) `y` \\ \" \n'");
    check(URI_QUOTE_SH, "gr\u00fcn", "'gr\u00fcn'");
}

/* Before a shell has the quotes, a terminal has what is pasted. */
static void a_terminal_takes_nothing_of_a_shells_text(void **state)
{
    (void)state;
    check(URI_QUOTE_SH, "\x1b[201~", "''\"$(printf '\\033')\"'[201~'");
    check(URI_QUOTE_SH, "a\tb", "'a'\"$(printf '\\011')\"'b'");
    check(URI_QUOTE_SH, "\u202e", "''\"$(printf '\\342\\200\\256')\"''");
}

static void powershell_reads_ascii(void **state)
{
    (void)state;
    check(URI_QUOTE_POWERSHELL, "a'b $x", "'a''b $x'");
    check(URI_QUOTE_POWERSHELL, "", "''");
    check(URI_QUOTE_POWERSHELL, "\u2018", "'' + [char]0x2018 + ''");
    check(URI_QUOTE_POWERSHELL, "gr\u00fcn\n",
          "'gr' + [char]0x00fc + 'n' + [char]0x000a + ''");
    check(URI_QUOTE_POWERSHELL, "\U0001f600\xff",
          "'' + [char]::ConvertFromUtf32(0x1f600) + '' + [char]0xfffd + ''");
}

static void escapes_are_those_of_python_and_yaml(void **state)
{
    (void)state;
    for (enum uri_quote how = URI_QUOTE_PYTHON; how <= URI_QUOTE_HCL; how++) {
        check(how, "a\"b\\c\nd", "\"a\\\"b\\\\c\\nd\"");
        check(how, "\t\x01\x7f", "\"\\u0009\\u0001\\u007f\"");
        check(how, "gr\u00fcn \u65e5", "\"gr\u00fcn \u65e5\"");
        /* What turns the direction of the text around it is seen. */
        check(how, "\u202e\U000e0041", "\"\\u202e\\U000e0041\"");
    }
    check(URI_QUOTE_PYTHON, "${x} %{y} $$ {{ z }}", "\"${x} %{y} $$ {{ z }}\"");
}

static void hcl_interpolates_nothing(void **state)
{
    (void)state;
    check(URI_QUOTE_HCL, "${x} %{y} $ % {", "\"$${x} %%{y} $ % {\"");
    check(URI_QUOTE_HCL, "$${x}", "\"$$${x}\"");
    check(URI_QUOTE_HCL, "$", "\"$\"");
}

static void vmx_has_codes(void **state)
{
    (void)state;
    check(URI_QUOTE_VMX, "a\"b|c#d\n", "\"a|22b|7Cc|23d|0A\"");
    check(URI_QUOTE_VMX, "\u00fc\u202e", "\"\u00fc|E2|80|AE\"");
}

static void oslo_config_has_lines(void **state)
{
    (void)state;
    check(URI_QUOTE_OSLO, "a$b\nc", "a$$b c");
}

static void people_read_what_is_seen(void **state)
{
    (void)state;
    check(URI_QUOTE_TEXT, "a\u202eb\nc\x1b[31m", "ab c[31m");
}

static void a_file_has_plain_letters(void **state)
{
    char longest[200];

    (void)state;
    check(URI_QUOTE_FILE, "a/b c,\u00fc.x_1-", "a_b_c__.x_1-");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    longest[59] = '\xc3'; /* a character that is cut */
    longest[60] = '\xbc';
    {
        char expected[61];

        memset(expected, 'a', 59);
        strcpy(expected + 59, "_");
        check(URI_QUOTE_FILE, longest, expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_quotes_are_known),
        cmocka_unit_test(a_shell_takes_nothing_but_the_text),
        cmocka_unit_test(a_terminal_takes_nothing_of_a_shells_text),
        cmocka_unit_test(powershell_reads_ascii),
        cmocka_unit_test(escapes_are_those_of_python_and_yaml),
        cmocka_unit_test(hcl_interpolates_nothing),
        cmocka_unit_test(vmx_has_codes),
        cmocka_unit_test(oslo_config_has_lines),
        cmocka_unit_test(people_read_what_is_seen),
        cmocka_unit_test(a_file_has_plain_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
