/* Names of log files: patterns, and what VMs may call themselves. */
#include "conlog/file/conlog_name.h"

#include "base/slice.h"
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* 2026-01-31 23:59:59 UTC */
static const int64_t when_s = 1769903999;

static const char uuid[] = "564d0b1c-93d1-2e3a-8d4c-0a1b2c3d4e5f";

static void expect(const char *pattern, const struct conlog_facts *facts,
                   const char *path)
{
    char to[CONLOG_NAME_MAX];
    struct err err;

    assert_int_equal(conlog_name_check(pattern, &err), 0);
    assert_int_equal(conlog_name_expand(pattern, facts, when_s, to),
                     strlen(path));
    assert_string_equal(to, path);
}

/* A VM of that name. */
static void expect_name(const char *pattern, const char *name, const char *path)
{
    struct conlog_facts facts = { .name = name };

    expect(pattern, &facts, path);
}

static void expect_wrong(const char *pattern, const char *text)
{
    struct err err;

    assert_int_equal(conlog_name_check(pattern, &err), -EINVAL);
    assert_string_equal(err.text, text);
}

static void a_pattern_is_filled_in(void **state)
{
    struct conlog_facts facts = { .name = "web-01",
                                  .uuid = uuid,
                                  .label = "serial0" };

    (void)state;
    expect("%{name}.log", &facts, "web-01.log");
    expect("%{uuid}/%{label}", &facts,
           "564d0b1c-93d1-2e3a-8d4c-0a1b2c3d4e5f/serial0");
    expect("%{uuid-hex}", &facts, "564d0b1c93d12e3a8d4c0a1b2c3d4e5f");
    expect("%Y/%m/%d/%H-%{name}", &facts, "2026/01/31/23-web-01");
    expect("100%%-%{name}", &facts, "100%-web-01");
    expect("büro/%{name} (%{label})", &facts, "büro/web-01 (serial0)");
}

/* One part, whatever it is made of. */
static void a_folder_is_one_name(void **state)
{
    static const struct {
        const char *folder, *path;
    } rows[] = {
        { "/prod/web", "prod_web/web.log" },
        { "prod", "prod/web.log" },
        { "/../../etc", "_._.._etc/web.log" },
        { "//", "_/web.log" },
        { "/", "_/web.log" },
        { "", "_/web.log" },
        { NULL, "_/web.log" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct conlog_facts facts = { .name = "web",
                                            .folder = rows[i].folder };

        expect("%{folder}/%{name}.log", &facts, rows[i].path);
    }
    /* Not what differs between consoles. */
    expect_wrong("%{folder}", "all consoles would have the same file: it needs "
                              "one of %{name}, %{uuid}, %{uuid-hex} and "
                              "%{label}");
}

static void a_uuid_is_found_in_what_hosts_write(void **state)
{
    struct conlog_facts facts = {
        .uuid = "56 4D 0B 1C 93 d1 2e 3a-8d 4c 0a 1b 2c 3d 4e 5f"
    };

    (void)state;
    expect("%{uuid-hex}", &facts, "564d0b1c93d12e3a8d4c0a1b2c3d4e5f");
}

static void what_is_no_uuid_is_kept_apart_whole(void **state)
{
    struct conlog_facts facts = { .uuid = "my/own-Cafe" };

    (void)state;
    expect("%{uuid-hex}", &facts, "my_own-Cafe");
    facts.uuid = "564d0b1c93d12e3a8d4c0a1b2c3d4e5f0";
    expect("%{uuid-hex}", &facts, facts.uuid);
    facts.uuid = NULL;
    expect("%{uuid-hex}", &facts, "_");
}

static void nothing_leaves_the_directory(void **state)
{
    (void)state;
    expect_name("%{name}", "../../etc/passwd", "_._.._etc_passwd");
    expect_name("%{name}", "..", "_.");
    expect_name("%{name}", ".", "_");
    expect_name("%{name}", "/", "_");
    expect_name("a/%{name}/b", "..", "a/_./b");
    expect_name("%{name}%{label}", ".", "_");
    expect_name("%{name}", "", "_");
    expect_name("%{name}/%{label}/x", NULL, "_/_/x");
    expect_name("%{name}%{name}", ".", "_.");
}

static void nothing_is_hidden_or_an_option(void **state)
{
    (void)state;
    expect_name("%{name}", "-rf", "_rf");
    expect_name("%{name}", ".bashrc", "_bashrc");
    expect_name("%{label}-%{name}", "x", "_x");
    expect_name("%{name}", " x ", "_x_");
    expect_name("x%{name}", "-y", "x-y");
}

static void nothing_means_anything_to_a_shell_or_terminal(void **state)
{
    (void)state;
    expect_name("%{name}", "a*b?c[d]e{f}", "a_b_c_d_e_f_");
    expect_name("%{name}", "$(reboot);`x`|y&z", "_(reboot)__x__y_z");
    expect_name("%{name}", "a\"b'c\\d<e>f!g#h~", "a_b_c_d_e_f_g_h_");
    expect_name("%{name}", "a\x1b[2Jb\nc\rd\x7f", "a__2Jb_c_d_");
    expect_name("%{name}", "web server (old), v1.2+x@y:z=%Y",
                "web server (old), v1.2+x@y:z=%Y");
}

static void what_is_not_utf8_is_replaced_byte_by_byte(void **state)
{
    (void)state;
    expect_name("%{name}", "a\xff\xc3(", "a__(");
    expect_name("%{name}", "\xed\xa0\x80", "___"); /* a surrogate */
    expect_name("%{name}", "\xc0\xaf", "__");      /* an overlong slash */
    expect_name("%{name}", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
    expect_name("%{name}",
                "\xc2\x9b"
                "2J",
                "_2J"); /* CSI */
}

static void what_cannot_be_seen_is_replaced(void **state)
{
    (void)state;
    expect_name("%{name}", "a\xe2\x80\xaetxt.b", "a_txt.b"); /* RLO */
    expect_name("%{name}", "a\xe2\x80\x8b", "a_");           /* ZWSP */
    expect_name("%{name}", "a\xef\xbb\xbf", "a_");           /* BOM */
    expect_name("%{name}", "a\xc2\xa0", "a_");               /* NBSP */
    expect_name("%{name}", "a\xe2\x81\xa6z", "a_z");         /* LRI */
    expect_name("%{name}", "a\xf3\xa0\x81\x81", "a_");       /* a tag */
    expect_name("%{name}", "\xe3\x83\x86", "\xe3\x83\x86");
}

static void a_live_file_is_no_rotated_one(void **state)
{
    (void)state;
    expect_name("%{name}", "web.1", "web_1");
    expect_name("%{name}", "web.999.gz", "web_999.gz");
    expect_name("%{name}", "web.gz.tmp", "web.gz_tmp");
    expect_name("%{name}", "10.0.0.1", "10.0.0_1");
    expect_name("%{name}.log", "10.0.0.1", "10.0.0.1.log");
    expect_name("%{name}/log", "web.1", "web.1/log");
    expect_name("%{name}", "web.1000", "web.1000");
    expect_name("%{name}", "web.0", "web.0");
    expect_name("%{name}", "web.01", "web.01");
    expect_name("%{name}", "1", "1");
    expect_name("%{name}.%Y%m%d", "web", "web.20260131");
    expect_name("%{name}.%H", "web", "web_23");
}

static void long_names_are_cut_and_kept_apart(void **state)
{
    char name[400], one[CONLOG_NAME_MAX], other[CONLOG_NAME_MAX];
    struct conlog_facts facts = { .name = name };
    uint32_t code;

    (void)state;
    memset(name, 'x', sizeof name);
    name[CONLOG_NAME_PART_MAX] = '\0';
    expect("%{name}", &facts, name);
    name[CONLOG_NAME_PART_MAX] = 'x';
    name[sizeof name - 1] = '\0';
    assert_int_equal(conlog_name_expand("%{name}", &facts, when_s, one),
                     CONLOG_NAME_PART_MAX);
    name[sizeof name - 2] = 'y';
    conlog_name_expand("%{name}", &facts, when_s, other);
    assert_string_not_equal(one, other);
    assert_memory_equal(one, other, CONLOG_NAME_PART_MAX - 16);
    assert_int_equal(one[CONLOG_NAME_PART_MAX - 17], '~');

    /* Cut between characters, wherever they fall. */
    for (size_t shift = 0; shift < 4; shift++) {
        memset(name, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof name; i += 4)
            memcpy(name + i, "\xf0\x9f\x90\xa7\0", 5);
        assert_true(conlog_name_expand("%{name}", &facts, when_s, one) <=
                    CONLOG_NAME_PART_MAX);
        for (struct slice s = slice_of_text(one); s.len > 0;) {
            size_t len = text_character(s, &code);

            assert_true(len > 0);
            s = slice_after(s, len);
        }
    }
}

/* The hash is part of names on disks: it never changes. */
static void a_cut_name_is_the_same_in_every_version(void **state)
{
    char name[300], path[CONLOG_NAME_MAX];
    struct conlog_facts facts = { .name = name };

    (void)state;
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    conlog_name_expand("%{name}", &facts, when_s, path);
    assert_string_equal(path + CONLOG_NAME_PART_MAX - 17, "~e1cc42855e3978af");
}

static void the_longest_path_has_room(void **state)
{
    char long_text[2000], path[CONLOG_NAME_MAX];
    struct conlog_facts facts = { long_text, long_text, long_text, long_text };
    const char *pattern = "%{name}/%{uuid}/%{label}/%{name}/%{name}/%{uuid-hex}"
                          "/%{name}%{label}/%{name}%{uuid}";
    struct err err;

    (void)state;
    memset(long_text, '.', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(conlog_name_check(pattern, &err), 0);
    assert_int_equal(conlog_name_expand(pattern, &facts, when_s, path),
                     CONLOG_NAME_MAX - 1);
    assert_int_equal(strlen(path), CONLOG_NAME_MAX - 1);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    char longest[300];

    (void)state;
    expect_wrong("", "it is empty");
    expect_wrong("log/%{nmae}",
                 "character 5: there is no %{nmae}; did you mean %{name}?");
    expect_wrong("ü%{uuid_hex}",
                 "character 2: there is no %{uuid_hex}; did you mean "
                 "%{uuid-hex}?");
    expect_wrong("%{host}",
                 "character 1: there is no %{host}; there are "
                 "%{name}, %{uuid}, %{uuid-hex}, %{label}, %{folder}, %Y, %m, "
                 "%d, %H, and %% for a percent sign");
    expect_wrong("%{name}%M",
                 "character 8: there is no %M; there are "
                 "%{name}, %{uuid}, %{uuid-hex}, %{label}, %{folder}, %Y, "
                 "%m, %d, %H, and %% for a percent sign");
    expect_wrong("a%{name", "character 2: a %{ without its }");
    expect_wrong("%{name}%",
                 "character 8: nothing behind the %; there are "
                 "%{name}, %{uuid}, %{uuid-hex}, %{label}, %{folder}, %Y, "
                 "%m, %d, %H, and %% for a percent sign");
    expect_wrong("/var/log/%{name}",
                 "character 1: it must be relative to the directory of the "
                 "logs, without a / at its front");
    expect_wrong("a//%{name}", "character 3: there is no name before the /");
    expect_wrong("%{name}/", "character 9: there is no name behind the /");
    expect_wrong("../%{name}",
                 "character 1: a name cannot begin with \".\" here");
    expect_wrong("%{name}/-x",
                 "character 9: a name cannot begin with \"-\" here");
    expect_wrong("%{name}\n",
                 "character 8: it is an invisible character, or not UTF-8");
    expect_wrong("%{name}\u202e",
                 "character 8: it is an invisible character, or not UTF-8");
    expect_wrong("%{name}~",
                 "character 8: ~ is for the ends of names that vspcd cuts or "
                 "tells apart");
    expect_wrong("%{name}\xff",
                 "character 8: it is an invisible character, or not UTF-8");
    expect_wrong("console-%Y.log",
                 "all consoles would have the same file: it needs one of "
                 "%{name}, %{uuid}, %{uuid-hex} and %{label}");
    expect_wrong("1/2/3/4/5/6/7/8/%{name}",
                 "character 16: too many folders; at most 7");
    memset(longest, 'x', sizeof longest);
    longest[256] = '\0';
    expect_wrong(longest, "it is too long: 256 bytes; at most 255");
}

static void dates_change_at_the_hour_or_at_midnight(void **state)
{
    (void)state;
    assert_true(conlog_name_next_date("%{name}", when_s) == INT64_MAX);
    assert_true(conlog_name_next_date("%{name}%%H", when_s) == INT64_MAX);
    assert_int_equal(conlog_name_next_date("%Y%{name}", when_s), when_s + 1);
    assert_int_equal(conlog_name_next_date("%d%{name}", when_s + 1),
                     when_s + 1 + 24 * 3600);
    assert_int_equal(conlog_name_next_date("%Y%H%{name}", when_s + 1),
                     when_s + 1 + 3600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_filled_in),
        cmocka_unit_test(a_folder_is_one_name),
        cmocka_unit_test(a_uuid_is_found_in_what_hosts_write),
        cmocka_unit_test(what_is_no_uuid_is_kept_apart_whole),
        cmocka_unit_test(nothing_leaves_the_directory),
        cmocka_unit_test(nothing_is_hidden_or_an_option),
        cmocka_unit_test(nothing_means_anything_to_a_shell_or_terminal),
        cmocka_unit_test(what_is_not_utf8_is_replaced_byte_by_byte),
        cmocka_unit_test(what_cannot_be_seen_is_replaced),
        cmocka_unit_test(a_live_file_is_no_rotated_one),
        cmocka_unit_test(long_names_are_cut_and_kept_apart),
        cmocka_unit_test(a_cut_name_is_the_same_in_every_version),
        cmocka_unit_test(the_longest_path_has_room),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(dates_change_at_the_hour_or_at_midnight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
