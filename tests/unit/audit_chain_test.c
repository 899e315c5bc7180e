/* Numbers and digests of the audit log: what is missing shows, and so does
 * what was changed; a file that ends anywhere is continued. */
#include "audit/audit_chain.h"
#include "audit/audit_check.h"

#include "json_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* A log in memory; line[i] is that of the event i + 1, without its newline. */
struct log {
    struct audit_chain chain;
    char text[16384];
    size_t len;
    struct slice line[16];
    size_t lines;
};

static void put(struct log *l, const char *text)
{
    const struct log_record r = { .level = LOG_INFO,
                                  .text = text,
                                  .utc = "2026-01-31T23:59:59.123Z" };
    char line[LOG_RECORD_MAX];
    size_t len = audit_chain_add(&l->chain, line, &r);

    assert_true(l->len + len < sizeof l->text);
    memcpy(l->text + l->len, line, len);
    l->line[l->lines++] = slice_of(l->text + l->len, len - 1);
    l->len += len;
}

static void begin(struct log *l)
{
    *l = (struct log){ .len = 0 };
    audit_chain_init(&l->chain);
}

static void make_log(struct log *l)
{
    begin(l);
    put(l, "attached console=\"a } \\\" b\" peer=192.0.2.1:80");
    put(l, "not attached console=\"}\"");
    put(l, "detached console=web seconds=17");
    put(l, "the end");
}

static struct slice bytes_of(const struct log *l)
{
    return slice_of(l->text, l->len);
}

/* ---- events ------------------------------------------------------------- */

static void events_are_numbered_and_joined(void **state)
{
    static struct log l;
    struct audit_event first, second;
    bool is_string;
    char value[LOG_RECORD_MAX];

    (void)state;
    make_log(&l);
    assert_true(audit_chain_read(l.line[0], &first));
    assert_true(audit_chain_read(l.line[1], &second));
    assert_int_equal(first.number, 1);
    assert_string_equal(first.prev, "0000000000000000");
    assert_int_equal(second.number, 2);
    /* printf '%s' LINE | sha256sum */
    begin(&l);
    put(&l, "x");
    assert_string_equal(l.chain.digest, "8d2a7c75d7164b55");
    l.text[l.len - 1] = '\0';
    assert_true(json_check(l.text, "n", value, &is_string));
    assert_string_equal(value, "1");
    assert_false(is_string);
}

static void a_piece_of_an_event_is_no_event(void **state)
{
    static struct log l;
    struct audit_event event;

    (void)state;
    make_log(&l);
    for (size_t i = 0; i < l.lines; i++) {
        for (size_t len = 0; len < l.line[i].len; len++)
            assert_false(
                audit_chain_read(slice_of(l.line[i].data, len), &event));
        assert_true(audit_chain_read(l.line[i], &event));
        assert_int_equal(event.number, i + 1);
    }
}

static void what_is_like_an_event_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "{\"v\":2,\"n\":1,\"prev\":\"0000000000000000\",\"a\":1}",
        "{\"v\":1,\"n\":0,\"prev\":\"0000000000000000\",\"a\":1}",
        "{\"v\":1,\"n\":01,\"prev\":\"0000000000000000\",\"a\":1}",
        "{\"v\":1,\"n\":-1,\"prev\":\"0000000000000000\",\"a\":1}",
        "{\"v\":1,\"n\":18446744073709551617,\"prev\":\"0000000000000000\",}",
        "{\"v\":1,\"n\":1,\"prev\":\"000000000000000\",\"a\":1}",
        "{\"v\":1,\"n\":1,\"prev\":\"00000000000000000\",\"a\":1}",
        "{\"v\":1,\"n\":1,\"prev\":\"000000000000000G\",\"a\":1}",
        "{\"v\":1,\"n\":1,\"prev\":\"0000000000000000\",\"a\":1} ",
        "{\"v\":1,\"n\":1,\"prev\":\"0000000000000000\",\"a\":1}}",
        "{\"v\":1,\"n\":1,\"prev\":\"0000000000000000\",\"a\":\"}\\\"}",
        " {\"v\":1,\"n\":1,\"prev\":\"0000000000000000\",\"a\":1}",
    };
    struct audit_event event;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(audit_chain_read(slice_of_text(texts[i]), &event));
}

/* ---- the end of a file -------------------------------------------------- */

static void an_empty_file_begins_a_log(void **state)
{
    struct audit_end end;

    (void)state;
    assert_true(audit_chain_read_end(slice_of("", 0), true, &end));
    assert_int_equal(end.chain.number, 0);
    assert_string_equal(end.chain.digest, "0000000000000000");
    assert_false(end.is_torn);
    assert_false(end.lacks_newline);
}

/* Wherever it ends, what follows has the next number, and fits. */
static void a_file_that_ends_anywhere_is_continued(void **state)
{
    static struct log l;
    size_t last = 0; /* bytes up to the newline of the last whole line */
    size_t count = 0;

    (void)state;
    make_log(&l);
    for (size_t len = 0; len <= l.len; len++) {
        bool is_whole = count < l.lines &&
                        len == last + l.line[count].len; /* no newline yet */
        bool is_torn = len > last && !is_whole;
        struct audit_chain expected;
        struct audit_end end;

        if (len > 0 && l.text[len - 1] == '\n') {
            last = len;
            count++;
            is_torn = is_whole = false;
        }
        audit_chain_init(&expected);
        if (count + is_whole > 0)
            audit_chain_set(&expected, count + is_whole,
                            l.line[count + is_whole - 1]);
        assert_true(audit_chain_read_end(slice_of(l.text, len), true, &end));
        assert_int_equal(end.is_torn, is_torn);
        assert_int_equal(end.lacks_newline, len > last);
        assert_int_equal(end.chain.number, count + is_whole + is_torn);
        assert_string_equal(end.chain.digest, expected.digest);
    }
}

static void a_torn_line_with_a_number_uses_it_up(void **state)
{
    static struct log l;
    struct audit_end end;

    (void)state;
    begin(&l);
    put(&l, "one");
    l.chain.number = 41;
    put(&l, "two");
    assert_true(audit_chain_read_end(slice_of(l.text, l.len - 3), true, &end));
    assert_true(end.is_torn);
    assert_int_equal(end.chain.number, 42);
}

static void what_a_failed_disk_left_is_passed_over(void **state)
{
    static struct log l;
    struct audit_end end;

    (void)state;
    make_log(&l);
    memcpy(l.text + l.len, "\0\0\0\n\n{\"v\":1", 12);
    assert_true(audit_chain_read_end(slice_of(l.text, l.len + 12), true, &end));
    assert_true(end.is_torn);
    assert_true(end.lacks_newline);
    assert_int_equal(end.chain.number, 5);
    assert_string_equal(end.chain.digest, l.chain.digest);
}

static void other_files_are_no_audit_logs(void **state)
{
    static const char *const texts[] = {
        "root:x:0:0:root:/root:/bin/bash\n",
        "x",
        "\n\n\n",
        "{}\n",
        "{\"v\":2,\"n\":1}\n",
    };
    struct audit_end end;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(audit_chain_read_end(slice_of_text(texts[i]), true, &end));
}

static void the_end_of_a_long_file_is_enough(void **state)
{
    static struct log l;
    struct slice piece;
    struct audit_end end;

    (void)state;
    make_log(&l);
    piece = slice_after(bytes_of(&l), 20);
    assert_true(audit_chain_read_end(piece, false, &end));
    assert_int_equal(end.chain.number, 4);
    assert_string_equal(end.chain.digest, l.chain.digest);
    /* No event within it. */
    piece = slice_of(l.text + 5, 20);
    assert_false(audit_chain_read_end(piece, false, &end));
}

/* ---- checking ----------------------------------------------------------- */

static struct audit_check check;

static enum audit_finding look(struct slice line)
{
    return audit_check_line(&check, line);
}

static void a_whole_log_has_nothing_missing(void **state)
{
    static struct log l;

    (void)state;
    make_log(&l);
    audit_check_begin(&check);
    for (size_t i = 0; i < l.lines; i++)
        assert_int_equal(look(l.line[i]), AUDIT_FOLLOWS);
    assert_int_equal(check.events, 4);
    assert_int_equal(check.first, 1);
    assert_string_equal(check.chain.digest, l.chain.digest);
}

static void a_log_may_begin_later(void **state)
{
    static struct log l;

    (void)state;
    make_log(&l);
    audit_check_begin(&check);
    assert_int_equal(look(l.line[2]), AUDIT_FOLLOWS);
    assert_int_equal(look(l.line[3]), AUDIT_FOLLOWS);
    assert_int_equal(check.first, 3);
}

static void lost_events_are_no_change(void **state)
{
    static struct log l;

    (void)state;
    begin(&l);
    put(&l, "one");
    assert_int_equal(audit_chain_skip(&l.chain), 2);
    assert_int_equal(audit_chain_skip(&l.chain), 3);
    put(&l, "two");
    audit_check_begin(&check);
    assert_int_equal(look(l.line[0]), AUDIT_FOLLOWS);
    assert_int_equal(look(slice_of_text("{\"v\":1,\"n\":2,\"pr")), AUDIT_TORN);
    assert_int_equal(look(l.line[1]), AUDIT_LOST);
    assert_int_equal(check.lost, 2);
}

static void each_line_that_is_taken_out_shows(void **state)
{
    static struct log l;

    (void)state;
    make_log(&l);
    for (size_t missing = 1; missing + 1 < l.lines; missing++) {
        audit_check_begin(&check);
        for (size_t i = 0; i < l.lines; i++) {
            if (i != missing)
                assert_int_equal(look(l.line[i]), i == missing + 1
                                                      ? AUDIT_BROKEN
                                                      : AUDIT_FOLLOWS);
        }
    }
}

static void each_byte_that_is_changed_shows(void **state)
{
    static struct log l;

    (void)state;
    make_log(&l);
    for (size_t at = 0; at < l.line[1].len; at++) {
        uint8_t *byte =
            (uint8_t *)l.text + (l.line[1].data - l.line[0].data) + at;
        bool shows = false;

        *byte ^= 1;
        audit_check_begin(&check);
        for (size_t i = 0; i < l.lines; i++)
            shows |= look(l.line[i]) != AUDIT_FOLLOWS;
        assert_true(shows);
        *byte ^= 1;
    }
}

static void lines_twice_or_in_another_order_show(void **state)
{
    static struct log l;

    (void)state;
    make_log(&l);
    audit_check_begin(&check);
    (void)look(l.line[0]);
    assert_int_equal(look(l.line[0]), AUDIT_BROKEN);
    audit_check_begin(&check);
    (void)look(l.line[1]);
    assert_int_equal(look(l.line[0]), AUDIT_BROKEN);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_are_numbered_and_joined),
        cmocka_unit_test(a_piece_of_an_event_is_no_event),
        cmocka_unit_test(what_is_like_an_event_is_none),
        cmocka_unit_test(an_empty_file_begins_a_log),
        cmocka_unit_test(a_file_that_ends_anywhere_is_continued),
        cmocka_unit_test(a_torn_line_with_a_number_uses_it_up),
        cmocka_unit_test(what_a_failed_disk_left_is_passed_over),
        cmocka_unit_test(other_files_are_no_audit_logs),
        cmocka_unit_test(the_end_of_a_long_file_is_enough),
        cmocka_unit_test(a_whole_log_has_nothing_missing),
        cmocka_unit_test(a_log_may_begin_later),
        cmocka_unit_test(lost_events_are_no_change),
        cmocka_unit_test(each_line_that_is_taken_out_shows),
        cmocka_unit_test(each_byte_that_is_changed_shows),
        cmocka_unit_test(lines_twice_or_in_another_order_show),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
