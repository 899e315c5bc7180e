/* The log: lines from outside are harmless, and nobody waits for a reader. */
#include "log/log.h"
#include "log/log_words.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void values_are_one_word_or_quoted(void **state)
{
    (void)state;
    assert_string_equal(LOG_TEXT("web-01"), "web-01");
    assert_string_equal(LOG_TEXT(""), "\"\"");
    assert_string_equal(LOG_TEXT("my vm"), "\"my vm\"");
    assert_string_equal(LOG_TEXT("a=b"), "\"a=b\"");
    assert_string_equal(LOG_TEXT("say \"hi\" \\"), "\"say \\\"hi\\\" \\\\\"");
    assert_string_equal(LOG_TEXT("b\xc3\xbcro"), "b\xc3\xbcro");
}

static void control_characters_never_reach_a_line(void **state)
{
    (void)state;
    assert_string_equal(LOG_TEXT("a\nb\x1b[2J\x7f"), "\"a?b?[2J?\"");
}

static void long_values_are_cut(void **state)
{
    char value[1000];

    (void)state;
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    assert_true(strlen(LOG_TEXT(value)) < sizeof(struct log_value));
    memset(value, '"', sizeof value - 1);
    assert_true(strlen(LOG_TEXT(value)) < sizeof(struct log_value));
}

/* A full pipe that nobody reads; afterwards somebody does. */
static void reader_that_stalls_costs_lines_and_is_told(void **state)
{
    static char text[1 << 20];
    int ends[2];
    size_t len = 0;
    ssize_t n;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log_open(ends[1], LOG_INFO);
    for (int i = 0; i < 10000; i++)
        log_info("line number=%d with some words to make it longer", i);
    log_flush();
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    for (int round = 0; round < 100; round++) {
        while ((n = read(ends[0], text + len, sizeof text - 1 - len)) > 0)
            len += (size_t)n;
        log_flush();
    }
    log_open(STDERR_FILENO, LOG_INFO);
    text[len] = '\0';
    assert_non_null(strstr(text, "line number=0 "));
    assert_non_null(strstr(text, LOG_LINES_LOST));
    assert_null(strstr(text, "line number=9999 "));
    close(ends[0]);
    close(ends[1]);
}

static void debug_lines_are_only_for_who_asks(void **state)
{
    char text[200] = "";
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    log_open(ends[1], LOG_INFO);
    log_debug("hidden");
    log_open(ends[1], LOG_DEBUG);
    log_debug("shown");
    log_flush();
    log_open(STDERR_FILENO, LOG_INFO);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, "Z debug shown\n"));
    assert_null(strstr(text, "hidden"));
    close(ends[0]);
    close(ends[1]);
}

/* Takes as many calls as it is told to, and remembers what came. */
struct reader {
    int calls_left;
    int records;
    char text[1 << 17];
    size_t len;
};

static size_t take_record(void *owner, const char *bytes, size_t len)
{
    struct reader *r = owner;

    if (r->calls_left == 0)
        return 0;
    r->calls_left--;
    r->records++;
    assert_int_equal(strnlen(bytes, len), len - 1);
    assert_true(r->len + len <= sizeof r->text);
    memcpy(r->text + r->len, bytes, len);
    r->text[r->len + len - 1] = '\n';
    r->len += len;
    return len;
}

static void records_come_one_by_one_and_say_where_some_are_lost(void **state)
{
    static struct reader r;
    struct log_output output = { { LOG_SYSLOG, false }, take_record, &r };
    const char *loss;
    int number = 0;

    (void)state;
    log_set_output(&output);
    while (log_room() > 200)
        log_info("line number=%d.", number++);
    log_info("line number=%d. %0300d", number++, 0);
    log_info("line number=%d. %0300d", number++, 0);
    assert_int_equal(log_flush(), LOG_BLOCKED);
    r.calls_left = 20;
    assert_int_equal(log_flush(), LOG_SOME);
    assert_int_equal(r.records, 20);
    log_info("line after=yes");
    r.calls_left = 10000;
    assert_int_equal(log_flush(), LOG_ALL);
    log_open(STDERR_FILENO, LOG_INFO);
    assert_int_equal(r.records, number - 2 + 2);
    r.text[r.len] = '\0';
    loss = strstr(r.text, LOG_LINES_LOST " count=2 kind=other\n");
    assert_non_null(loss);
    assert_non_null(strstr(loss, "line after=yes"));
    assert_null(strstr(loss, "number="));
}

static void what_a_former_output_did_not_take_is_counted(void **state)
{
    static struct reader stuck;
    static struct reader next;
    struct log_output output = { { LOG_SYSLOG, false }, take_record, &stuck };

    (void)state;
    log_set_output(&output);
    for (int i = 0; i < 5; i++)
        log_info("line");
    next.calls_left = 100;
    output.owner = &next;
    log_set_output(&output);
    assert_int_equal(log_flush(), LOG_ALL);
    log_open(STDERR_FILENO, LOG_INFO);
    assert_int_equal(next.records, 1);
    next.text[next.len] = '\0';
    assert_non_null(strstr(next.text, "count=5 kind=other\n"));
}

/* ---- audit lines --------------------------------------------------------- */

/* Takes so many bytes, in whatever cuts. */
struct stream_reader {
    size_t bytes_left;
    size_t len;
    char text[1 << 19];
};

static size_t take_bytes(void *owner, const char *bytes, size_t len)
{
    struct stream_reader *r = owner;
    size_t taken = len < r->bytes_left ? len : r->bytes_left;

    assert_true(r->len + taken < sizeof r->text);
    memcpy(r->text + r->len, bytes, taken);
    r->len += taken;
    r->bytes_left -= taken;
    return taken;
}

/* The numbers of lines "MESSAGE number=N " in the text, in ascending order, and
 * no line that is not one. Returns how
 * many there are. */
static int count_in_order(char *text, const char *message)
{
    int count = 0;
    int last = -1;
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char word[16];
        int number = -1;

        if (strstr(line, LOG_LINES_LOST) != NULL)
            continue;
        assert_int_equal(sscanf(line, "%*s info %15s number=%d", word, &number),
                         2);
        if (strcmp(word, message) != 0)
            continue;
        assert_true(number > last);
        last = number;
        count++;
    }
    return count;
}

/* A reader takes a little now and then, in cuts of lines, while others fill
 * their queue again and again. */
static void other_lines_never_displace_audit_lines(void **state)
{
    static struct stream_reader r;
    static char copy[sizeof r.text];
    struct log_output output = { { LOG_LINES, false }, take_bytes, &r };

    (void)state;
    log_set_output(&output);
    for (int round = 0; round < 300; round++) {
        for (int i = 0; i < 40; i++)
            log_info("noise number=%d", round * 40 + i);
        log_audit(LOG_INFO, "192.0.2.1:1", "web", "audit number=%d", round);
        r.bytes_left = (size_t)(100 + round % 37);
        (void)log_flush();
    }
    r.bytes_left = SIZE_MAX;
    assert_int_equal(log_flush(), LOG_ALL);
    log_open(STDERR_FILENO, LOG_INFO);
    r.text[r.len] = '\0';
    memcpy(copy, r.text, sizeof copy);
    assert_int_equal(count_in_order(copy, "audit"), 300);
    assert_non_null(strstr(r.text, "kind=other"));
    assert_null(strstr(r.text, "kind=audit"));
    assert_true(count_in_order(r.text, "noise") < 300 * 40);
}

static void while_the_reader_follows_lines_stay_in_order(void **state)
{
    static struct stream_reader r;
    struct log_output output = { { LOG_LINES, false }, take_bytes, &r };

    (void)state;
    r = (struct stream_reader){ .bytes_left = SIZE_MAX };
    log_set_output(&output);
    for (int i = 0; i < 10; i += 2) {
        log_info("line number=%d", i);
        log_audit(LOG_INFO, NULL, NULL, "line number=%d", i + 1);
    }
    assert_int_equal(log_flush(), LOG_ALL);
    log_open(STDERR_FILENO, LOG_INFO);
    r.text[r.len] = '\0';
    assert_int_equal(count_in_order(r.text, "line"), 10);
}

static void audit_lines_above_their_own_room_are_counted(void **state)
{
    static struct stream_reader r;
    struct log_output output = { { LOG_LINES, false }, take_bytes, &r };
    const char *loss;
    unsigned lost = 0;
    int kept;

    (void)state;
    r = (struct stream_reader){ 0 };
    log_set_output(&output);
    for (int i = 0; i < 9000; i++)
        log_audit(LOG_INFO, NULL, NULL, "audit number=%d", i);
    r.bytes_left = SIZE_MAX;
    assert_int_equal(log_flush(), LOG_ALL);
    log_open(STDERR_FILENO, LOG_INFO);
    r.text[r.len] = '\0';
    loss = strstr(r.text, LOG_LINES_LOST);
    assert_non_null(loss);
    assert_int_equal(sscanf(loss, LOG_LINES_LOST " count=%u kind=audit", &lost),
                     1);
    kept = count_in_order(r.text, "audit");
    assert_int_equal((unsigned)kept + lost, 9000);
}

/* Far more than its room, by one that may fill half of it. */
static void a_noisy_peer_leaves_room_for_others(void **state)
{
    static const uint64_t seed[2] = { 1, 2 };
    static struct stream_reader r;
    struct log_output output = { { LOG_LINES, false }, take_bytes, &r };

    (void)state;
    r = (struct stream_reader){ 0 };
    log_set_output(&output);
    (void)log_open_gate(seed);
    (void)log_flush();
    for (int i = 0; i < 2000; i++) {
        char about[16];

        snprintf(about, sizeof about, "vm-%d", i);
        log_audit(LOG_INFO, "192.0.2.1:80", about, "audit number=%d %0200d", i,
                  0);
    }
    log_audit(LOG_INFO, "192.0.2.2:80", "web", "quiet number=1");
    r.bytes_left = SIZE_MAX;
    log_close_gate();
    assert_int_equal(log_flush(), LOG_ALL);
    log_open(STDERR_FILENO, LOG_INFO);
    r.text[r.len] = '\0';
    assert_non_null(strstr(r.text, "info quiet number=1\n"));
    assert_non_null(strstr(r.text, "kind=audit"));
}

/* ---- limited lines ------------------------------------------------------- */

static void limited_lines_end_with_a_summary(void **state)
{
    static const uint64_t seed[2] = { 1, 2 };
    static struct stream_reader r;
    struct log_output output = { { LOG_LINES, false }, take_bytes, &r };

    (void)state;
    r = (struct stream_reader){ .bytes_left = SIZE_MAX };
    log_set_output(&output);
    (void)log_open_gate(seed);
    for (int i = 0; i < 100; i++) {
        log_limited(LOG_WARNING, "192.0.2.1:80", "a b", "too much of=%d", i);
        log_counted(LOG_INFO, "[2001:db8::1]:80", "a check");
        log_limited(LOG_DEBUG, "192.0.2.1:80", "a b", "hidden of=%d", i);
    }
    log_close_gate();
    assert_int_equal(log_flush(), LOG_ALL);
    log_open(STDERR_FILENO, LOG_INFO);
    r.text[r.len] = '\0';
    assert_non_null(strstr(r.text, "warning too much of=4\n"));
    assert_null(strstr(r.text, "too much of=5\n"));
    assert_non_null(
        strstr(r.text, "warning " LOG_LINES_LEFT_OUT
                       " log-message=\"too much\" peer=192.0.2.1 about=\"a b\" "
                       "count=95 seconds=0 since=2"));
    assert_non_null(strstr(
        r.text, "info a check peer=2001:db8::/64 count=100 seconds=0 since=2"));
    assert_null(strstr(r.text, "hidden"));
}

/* ---- the auditor --------------------------------------------------------- */

struct auditor {
    uint64_t taken;
    char text[4096];
    enum log_noise noise; /* of the last */
};

static uint64_t take_audited(void *owner, const struct log_record *record,
                             enum log_noise noise)
{
    struct auditor *a = owner;

    assert_true(record->is_audit);
    assert_int_equal(record->number, 0);
    strncat(a->text, record->text, sizeof a->text - strlen(a->text) - 2);
    strcat(a->text, "\n");
    a->noise = noise;
    return ++a->taken;
}

static void audit_lines_go_to_the_auditor_whatever_the_level(void **state)
{
    static struct reader r = { .calls_left = 100 };
    struct log_output output = { { LOG_JOURNAL, false }, take_record, &r };
    struct auditor a = { 0 };
    struct log_auditor auditor = { take_audited, &a };

    (void)state;
    log_set_output(&output);
    log_set_level(LOG_WARNING);
    log_set_auditor(&auditor);
    log_audit(LOG_INFO, NULL, NULL, "attached console=web");
    log_audit(LOG_WARNING, "192.0.2.1:80", "web", "refused console=web");
    log_audit(LOG_DEBUG, "192.0.2.1:80", "web", "detail console=web");
    log_warning("other words=yes");
    log_set_auditor(NULL);
    log_audit(LOG_WARNING, NULL, NULL, "later a=1");
    log_audit(LOG_INFO, NULL, NULL, "hidden a=1");
    assert_int_equal(log_flush(), LOG_ALL);
    log_open(STDERR_FILENO, LOG_INFO);
    assert_string_equal(a.text, "attached console=web\nrefused console=web\n");
    r.text[r.len] = '\0';
    assert_non_null(strstr(r.text, "MESSAGE_ID=" LOG_AUDIT_MESSAGE_ID
                                   "\nAUDIT_NUMBER=2\nCONSOLE=web\n"));
    assert_null(strstr(r.text, "attached"));
    assert_null(strstr(r.text, "hidden"));
    assert_non_null(strstr(r.text, "MESSAGE=later"));
    assert_null(strstr(r.text, "AUDIT_NUMBER=0"));
}

static void what_was_left_out_is_told_to_the_auditor(void **state)
{
    static const uint64_t seed[2] = { 1, 2 };
    static struct auditor a;
    struct log_auditor auditor = { take_audited, &a };

    (void)state;
    a = (struct auditor){ 0 };
    log_open(STDERR_FILENO, LOG_ERROR);
    log_set_auditor(&auditor);
    (void)log_open_gate(seed);
    for (int i = 0; i < 300; i++)
        log_audit(LOG_INFO, "192.0.2.1:80", "web", "x=1");
    assert_int_equal(a.noise, LOG_NOISY);
    log_limited(LOG_INFO, "192.0.2.1:80", "web", "no audit line");
    a.text[0] = '\0';
    log_close_gate();
    log_set_auditor(NULL);
    log_open(STDERR_FILENO, LOG_INFO);
    assert_int_equal(a.taken, 201);
    assert_non_null(strstr(a.text, LOG_LINES_LEFT_OUT));
    assert_non_null(strstr(a.text, " peer=192.0.2.1 about=web count=100 "));
    assert_int_equal(a.noise, LOG_QUIET);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_one_word_or_quoted),
        cmocka_unit_test(control_characters_never_reach_a_line),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(reader_that_stalls_costs_lines_and_is_told),
        cmocka_unit_test(debug_lines_are_only_for_who_asks),
        cmocka_unit_test(records_come_one_by_one_and_say_where_some_are_lost),
        cmocka_unit_test(what_a_former_output_did_not_take_is_counted),
        cmocka_unit_test(other_lines_never_displace_audit_lines),
        cmocka_unit_test(while_the_reader_follows_lines_stay_in_order),
        cmocka_unit_test(audit_lines_above_their_own_room_are_counted),
        cmocka_unit_test(a_noisy_peer_leaves_room_for_others),
        cmocka_unit_test(limited_lines_end_with_a_summary),
        cmocka_unit_test(audit_lines_go_to_the_auditor_whatever_the_level),
        cmocka_unit_test(what_was_left_out_is_told_to_the_auditor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
