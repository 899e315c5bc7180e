/* Lists of VMs: names, and CSV. */
#include "cli/uri/vm_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define UUID "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e3"

static struct vm_list read_list(const char *text)
{
    struct vm_list list = { 0 };
    struct err err = { "" };

    if (vm_list_read(&list, slice_of_text(text), &err) < 0)
        fail_msg("%s", err.text);
    return list;
}

static void refuses(const char *text, const char *why)
{
    struct vm_list list = { 0 };
    struct err err = { "" };

    assert_true(vm_list_read(&list, slice_of_text(text), &err) < 0);
    assert_string_equal(err.text, why);
    vm_list_done(&list);
}

static void a_line_is_a_vm(void **state)
{
    struct vm_list list = read_list("web-01\r\n\n  db 1 \nlast");

    (void)state;
    assert_int_equal(list.count, 3);
    assert_string_equal(list.item[0].name, "web-01");
    assert_string_equal(list.item[1].name, "  db 1 ");
    assert_string_equal(list.item[2].name, "last");
    assert_string_equal(list.item[0].uuid, "");
    assert_null(list.item[0].label);
    vm_list_done(&list);
}

static void csv_has_uuids_and_labels(void **state)
{
    struct vm_list list =
        read_list("\xef\xbb\xbfName,UUID\nweb-01,500C1E2F33415A6B7C8D9EAFB0C1"
                  "D2E3\nb," UUID ",s1\nc,,s2\n");

    (void)state;
    assert_int_equal(list.count, 3);
    assert_string_equal(list.item[0].uuid, UUID);
    assert_string_equal(list.item[1].label, "s1");
    assert_string_equal(list.item[2].uuid, "");
    assert_string_equal(list.item[2].label, "s2");
    vm_list_done(&list);
}

static void quotes_hold_commas_quotes_and_lines(void **state)
{
    struct vm_list list = read_list("\"a,\"\"b\"\"\nc\"," UUID "\nd\"e\n");

    (void)state;
    assert_int_equal(list.count, 2);
    assert_string_equal(list.item[0].name, "a,\"b\"\nc");
    assert_string_equal(list.item[0].uuid, UUID);
    assert_string_equal(list.item[1].name, "d\"e");
    vm_list_done(&list);
}

static void a_heading_is_first_only(void **state)
{
    struct vm_list list = read_list("\nname\nname\n");

    (void)state;
    assert_int_equal(list.count, 1);
    assert_string_equal(list.item[0].name, "name");
    vm_list_done(&list);
}

static void what_is_wrong_has_its_line(void **state)
{
    char longest[1100];

    (void)state;
    refuses("a\n\"b\nc\"\nd,x\n", "line 4: x is no UUID");
    refuses("a,,b,c", "line 1: more than name, UUID and label");
    refuses("a\n,b", "line 2: a VM without a name");
    refuses("\"a", "line 1: a quote is not closed");
    refuses("\"a\"b", "line 1: text behind a closing quote");
    refuses("a\xff", "line 1: not in UTF-8");
    refuses("a,,\xc3", "line 1: not in UTF-8");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    refuses(longest, "line 1: a field is too long");
}

static void a_nul_is_no_text(void **state)
{
    struct vm_list list = { 0 };
    struct err err = { "" };

    (void)state;
    assert_true(vm_list_read(&list, slice_of("a\0b", 3), &err) < 0);
    assert_string_equal(err.text, "line 1: a NUL");
    vm_list_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_a_vm),
        cmocka_unit_test(csv_has_uuids_and_labels),
        cmocka_unit_test(quotes_hold_commas_quotes_and_lines),
        cmocka_unit_test(a_heading_is_first_only),
        cmocka_unit_test(what_is_wrong_has_its_line),
        cmocka_unit_test(a_nul_is_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
