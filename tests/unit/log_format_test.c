/* A line of the log in all its forms; whatever a VM calls itself is a value
 * and nothing else. */
#include "log/log_format.h"

#include "json_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define UTC "2026-01-31T23:59:59.123Z"

static const struct log_form text_line = { LOG_LINES, false };
static const struct log_form json_line = { LOG_LINES, true };

/* The record with what ends it taken off, and looked at. */
static const char *format(enum log_level level, const char *text,
                          struct log_form form)
{
    static char record[LOG_RECORD_MAX];
    struct log_record r = { .level = level,
                            .text = text,
                            .utc = UTC,
                            .local = "Jan 31 23:59:59",
                            .pid = 4711 };
    size_t len = log_format(record, &r, form);

    assert_true(len <= sizeof record);
    assert_int_equal(record[len - 1],
                     form.envelope >= LOG_SYSLOG ? '\0' : '\n');
    record[len - 1] = '\0';
    assert_int_equal(strlen(record), len - 1);
    return record;
}

static void check(const char *text, struct log_form form, const char *expected)
{
    assert_string_equal(format(LOG_INFO, text, form), expected);
}

static void text_has_time_and_level_before_it(void **state)
{
    (void)state;
    check("VM connected console=web-01", text_line,
          UTC " info VM connected console=web-01");
    assert_string_equal(format(LOG_ERROR, "x", text_line), UTC " error x");
    assert_string_equal(format(LOG_DEBUG, "x", text_line), UTC " debug x");
}

static void systemd_gets_the_level_as_a_prefix(void **state)
{
    struct log_form form = { LOG_PREFIXED, false };

    (void)state;
    check("VM connected", form, "<6>VM connected");
    assert_string_equal(format(LOG_ERROR, "x", form), "<3>x");
    assert_string_equal(format(LOG_WARNING, "x", form), "<4>x");
    assert_string_equal(format(LOG_DEBUG, "x", form), "<7>x");
}

static void syslog_gets_facility_daemon(void **state)
{
    struct log_form form = { LOG_SYSLOG, false };

    (void)state;
    check("VM connected console=\"my vm\"", form,
          "<30>Jan 31 23:59:59 vspcd[4711]: VM connected console=\"my vm\"");
    assert_string_equal(format(LOG_WARNING, "x", form),
                        "<28>Jan 31 23:59:59 vspcd[4711]: x");
}

static void the_journal_gets_fields(void **state)
{
    struct log_form form = { LOG_JOURNAL, false };

    (void)state;
    check("output lost console=\"my \\\"vm\\\"\" at-least-bytes=7", form,
          "MESSAGE=output lost console=\"my \\\"vm\\\"\" at-least-bytes=7\n"
          "PRIORITY=6\n"
          "SYSLOG_FACILITY=3\n"
          "SYSLOG_IDENTIFIER=vspcd\n"
          "CONSOLE=my \"vm\"\n"
          "AT_LEAST_BYTES=7\n");
}

#define JSON(message, members)                                                 \
    "{\"time\":\"" UTC "\",\"level\":\"info\",\"message\":\"" message          \
    "\"" members "}"

static void json_has_a_member_for_each_field(void **state)
{
    (void)state;
    check("VM connected console=web-01 port=50000 ms=0.5 tls=no up=yes to=none",
          json_line,
          JSON("VM connected",
               ",\"console\":\"web-01\",\"port\":50000,\"ms\":0.5,"
               "\"tls\":false,\"up\":true,\"to\":null"));
    check("listed", json_line, JSON("listed", ""));
    check("id=", json_line, JSON("", ",\"id\":\"\""));
}

static void texts_that_look_like_numbers_stay_texts(void **state)
{
    static const char *const texts[] = { "7", "0", "1.5", "none", "yes", "no" };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char line[400];
        char expected[600];

        snprintf(line, sizeof line, "x name=%s", LOG_TEXT(texts[i]));
        snprintf(expected, sizeof expected, JSON("x", ",\"name\":\"%s\""),
                 texts[i]);
        check(line, json_line, expected);
    }
}

/* 007 and 1e3 are no numbers of ours. */
static void what_json_has_no_number_for_is_text(void **state)
{
    (void)state;
    check("x a=007 b=1e3 c=1. d=-1 e=.5", json_line,
          JSON("x", ",\"a\":\"007\",\"b\":\"1e3\",\"c\":\"1.\",\"d\":\"-1\","
                    "\"e\":\".5\""));
}

static void words_between_fields_are_the_messages(void **state)
{
    (void)state;
    check("a limit (LimitNOFILE=, ulimit -n) reason=x of which y=\"1 2\" more",
          json_line,
          JSON("a limit (LimitNOFILE=, ulimit -n) of which more",
               ",\"reason\":\"x\",\"y\":\"1 2\""));
}

static void a_value_that_was_cut_is_a_value(void **state)
{
    (void)state;
    check("x console=\"my v", json_line, JSON("x", ",\"console\":\"my v\""));
    check("x console=\"my v\\", json_line,
          JSON("x", ",\"console\":\"my v\\\\\""));
    check("x console=\"b\xc3", json_line,
          JSON("x", ",\"console\":\"b\xef\xbf\xbd\""));
}

static void a_name_cannot_add_members_or_lines(void **state)
{
    char line[500];
    char value[500];
    bool is_string = false;

    (void)state;
    snprintf(line, sizeof line, "VM connected console=%s peer=p",
             LOG_TEXT("a\" level=\"x\",\"n\":1}\n{\xc2\x9b\xe2\x80\xa8"));
    assert_true(json_check(format(LOG_INFO, line, json_line), "console", value,
                           &is_string));
    assert_string_equal(value, "a\" level=\"x\",\"n\":1}?{??");
    assert_true(is_string);
    assert_true(json_check(format(LOG_INFO, line, json_line), "level", value,
                           &is_string));
    assert_string_equal(value, "info");
}

/* xorshift: the same bytes in each run. */
static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static void random_bytes_as_a_name_are_one_string(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t len = next_random(&seed) % 400;
        char name[400];
        char line[LOG_LINE_MAX];
        char value[LOG_LINE_MAX] = "missing";
        bool is_string = false;

        for (size_t n = 0; n < len; n++)
            name[n] = (char)(next_random(&seed) >>
                             (next_random(&seed) % 3 == 0 ? 8 : 9) % 24);
        name[len] = '\0';
        snprintf(line, sizeof line, "VM connected console=%s port=1",
                 LOG_TEXT(name));
        assert_true(json_check(format(LOG_INFO, line, json_line), "console",
                               value, &is_string));
        assert_true(is_string);
        assert_true(json_check(format(LOG_INFO, line, json_line), "port", value,
                               &is_string));
        assert_string_equal(value, "1");
    }
}

/* Also what no caller of ours writes. */
static void random_lines_are_one_object(void **state)
{
    static const char letters[] = "ab=\"\\ 1.-\xc3\xbc\x80";
    uint32_t seed = 7;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        size_t len = next_random(&seed) % (LOG_LINE_MAX - 1);
        char line[LOG_LINE_MAX];
        struct log_form form = { LOG_LINES, false };

        for (size_t n = 0; n < len; n++)
            line[n] = letters[(next_random(&seed) >> 7) % (sizeof letters - 1)];
        line[len] = '\0';
        assert_true(
            json_check(format(LOG_INFO, line, json_line), NULL, NULL, NULL));
        for (int e = LOG_LINES; e <= LOG_JOURNAL; e++) {
            form.envelope = (enum log_envelope)e;
            form.is_json = i % 2 == 0;
            (void)format(LOG_INFO, line, form);
        }
    }
}

/* ---- audit events -------------------------------------------------------- */

static void an_audit_line_has_its_own_id_in_the_journal(void **state)
{
    static char record[LOG_RECORD_MAX];
    struct log_record r = { .level = LOG_INFO,
                            .text = "attached console=web",
                            .utc = UTC,
                            .is_audit = true,
                            .number = 17 };

    (void)state;
    (void)log_format(record, &r, (struct log_form){ LOG_JOURNAL, false });
    assert_string_equal(record, "MESSAGE=attached console=web\n"
                                "PRIORITY=6\n"
                                "SYSLOG_FACILITY=3\n"
                                "SYSLOG_IDENTIFIER=vspcd\n"
                                "MESSAGE_ID=" LOG_AUDIT_MESSAGE_ID "\n"
                                "AUDIT_NUMBER=17\n"
                                "CONSOLE=web\n");
}

static void an_audit_event_begins_with_its_number(void **state)
{
    static char record[LOG_RECORD_MAX + 1];
    struct log_record r = { .level = LOG_INFO,
                            .text = "client connected console=\"a b\" port=7",
                            .utc = UTC,
                            .number = UINT64_MAX };
    size_t len = log_format_audit(record, &r, "0123456789abcdef");

    (void)state;
    record[len] = '\0';
    assert_string_equal(
        record,
        "{\"v\":1,\"n\":18446744073709551615,\"prev\":\"0123456789abcdef\","
        "\"time\":\"" UTC
        "\",\"level\":\"info\",\"event\":\"client connected\","
        "\"console\":\"a b\",\"port\":7}");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_has_time_and_level_before_it),
        cmocka_unit_test(systemd_gets_the_level_as_a_prefix),
        cmocka_unit_test(syslog_gets_facility_daemon),
        cmocka_unit_test(the_journal_gets_fields),
        cmocka_unit_test(json_has_a_member_for_each_field),
        cmocka_unit_test(texts_that_look_like_numbers_stay_texts),
        cmocka_unit_test(what_json_has_no_number_for_is_text),
        cmocka_unit_test(words_between_fields_are_the_messages),
        cmocka_unit_test(a_value_that_was_cut_is_a_value),
        cmocka_unit_test(a_name_cannot_add_members_or_lines),
        cmocka_unit_test(random_bytes_as_a_name_are_one_string),
        cmocka_unit_test(random_lines_are_one_object),
        cmocka_unit_test(an_audit_line_has_its_own_id_in_the_journal),
        cmocka_unit_test(an_audit_event_begins_with_its_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
