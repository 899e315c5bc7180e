/*
 * What receivers are sent, in each form, and that nothing that a VM prints or
 * is called means anything there; which alerts a receiver wants; URLs; the
 * signature.
 */
#include "base/mem.h"
#include "webhook/webhook_body.h"
#include "webhook/webhook_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WEB "https://vspc.example.org"
#define UUID "42390ae0-0000-0000-0000-000000000001"
#define LINK "/#/console/" UUID "%2Fs0?at=0000000000000abc:4711"

static struct alert_item web_alert(void)
{
    return (struct alert_item){
        .id = 17,
        .severity = ALERT_CRITICAL,
        .cause = ALERT_OUTPUT,
        .rule = "kernel-panic",
        .uuid = UUID,
        .label = "s0",
        .name = "web-01",
        .shown = "web-01",
        .text = "Kernel panic - not syncing: <&`\"",
        .before = { "the line before" },
        .after = { "the line after" },
        .before_count = 1,
        .after_count = 1,
        .epoch = 0xabc,
        .position = 4711,
        .time_ms = 1767225600000,
        .last_ms = 1767225600000,
        .count = 1,
    };
}

static void check(enum webhook_format format, enum webhook_event event,
                  const char *web_url, const char *expected)
{
    struct webhook_spec spec = { .format = format };
    struct alert_item item = web_alert();
    char *text;

    if (format == WEBHOOK_PAGERDUTY)
        spec.secret = (char *)(uintptr_t) "R0UTING";
    if (event == WEBHOOK_ACKNOWLEDGED)
        alert_item_acknowledge(&item, "alice", "on <it>", 1767225660000);
    text = webhook_body(&spec, event, &item, web_url, 1767225661000);
    assert_string_equal(text, expected);
    free(text);
    free(item.by);
    free(item.comment);
}

#define ALERT(state, by, at, comment)                                          \
    "{\"id\":17,\"rule\":\"kernel-panic\",\"severity\":\"critical\","          \
    "\"cause\":\"output\",\"console\":{\"id\":\"" UUID "/s0\","                \
    "\"uuid\":\"" UUID "\",\"label\":\"s0\",\"name\":\"web-01\"},"             \
    "\"time\":\"2026-01-01T00:00:00.000Z\","                                   \
    "\"last_time\":\"2026-01-01T00:00:00.000Z\",\"count\":1,"                  \
    "\"text\":\"Kernel panic - not syncing: <&`\\\"\","                        \
    "\"before\":[\"the line before\"],\"after\":[\"the line after\"],"         \
    "\"place\":\"0000000000000abc:4711\",\"state\":\"" state "\","             \
    "\"acknowledged_by\":" by ",\"acknowledged_at\":" at                       \
    ",\"comment\":" comment ",\"link\":\"" LINK "\"}"
#define OPEN_ALERT ALERT("open", "null", "null", "null")

static void json_has_all_of_an_alert(void **state)
{
    (void)state;
    check(WEBHOOK_JSON, WEBHOOK_ALERT, WEB,
          "{\"event\":\"alert\",\"time\":\"2026-01-01T00:01:01.000Z\","
          "\"url\":\"" WEB LINK "\",\"alert\":" OPEN_ALERT "}");
    check(WEBHOOK_JSON, WEBHOOK_ACKNOWLEDGED, NULL,
          "{\"event\":\"alert-acknowledged\","
          "\"time\":\"2026-01-01T00:01:01.000Z\",\"url\":null,\"alert\":" ALERT(
              "acknowledged", "\"alice\"", "\"2026-01-01T00:01:00.000Z\"",
              "\"on <it>\"") "}");
}

static void slack_gets_a_text_with_its_marks_escaped(void **state)
{
    (void)state;
    check(WEBHOOK_SLACK, WEBHOOK_ALERT, WEB,
          "{\"text\":\"*critical: kernel-panic on web-01*\\n"
          "```the line before\\n"
          "Kernel panic - not syncing: &lt;&amp;'\\\"\\n"
          "the line after\\n```\\n"
          "<" WEB LINK "|Open the console>\"}");
    check(WEBHOOK_SLACK, WEBHOOK_ACKNOWLEDGED, NULL,
          "{\"text\":\"*alice has acknowledged kernel-panic on web-01*\\n"
          "on &lt;it&gt;\\n\"}");
}

#define RUN(text, weight, font)                                                \
    "{\"type\":\"RichTextBlock\",\"inlines\":[{\"type\":\"TextRun\","          \
    "\"text\":\"" text "\",\"weight\":\"" weight "\","                         \
    "\"fontType\":\"" font "\"}]}"
#define CARD(body)                                                             \
    "{\"type\":\"message\",\"attachments\":[{"                                 \
    "\"contentType\":\"application/vnd.microsoft.card.adaptive\","             \
    "\"content\":{"                                                            \
    "\"$schema\":\"http://adaptivecards.io/schemas/adaptive-card.json\","      \
    "\"type\":\"AdaptiveCard\",\"version\":\"1.4\"," body "}}]}"

static void teams_gets_a_card_without_markup(void **state)
{
    (void)state;
    check(WEBHOOK_TEAMS, WEBHOOK_ALERT, WEB,
          CARD("\"body\":[" RUN(
              "critical: kernel-panic on web-01", "Bolder",
              "Default") "," RUN("the line before\\n"
                                 "Kernel panic - not syncing: <&`\\\"\\n"
                                 "the line after\\n",
                                 "Default",
                                 "Monospace") "],"
                                              "\"actions\":[{\"type\":\"Action."
                                              "OpenUrl\","
                                              "\"title\":\"Open the console\","
                                              "\"url\":\"" WEB LINK "\"}]"));
    check(WEBHOOK_TEAMS, WEBHOOK_ACKNOWLEDGED, NULL,
          CARD("\"body\":[" RUN(
              "alice has acknowledged kernel-panic on web-01", "Bolder",
              "Default") "," RUN("on <it>", "Default", "Default") "]"));
}

static void alertmanager_gets_labels_that_stay(void **state)
{
    (void)state;
#define LABELS                                                                 \
    "[{\"labels\":{\"alertname\":\"kernel-panic\","                            \
    "\"severity\":\"critical\",\"console\":\"web-01\","                        \
    "\"uuid\":\"" UUID "\",\"label\":\"s0\"},\"annotations\":{"
#define DESCRIPTION                                                            \
    "\"description\":\"the line before\\n"                                     \
    "Kernel panic - not syncing: <&`\\\"\\nthe line after\\n\"},"              \
    "\"startsAt\":\"2026-01-01T00:00:00.000Z\""
    check(WEBHOOK_ALERTMANAGER, WEBHOOK_ALERT, WEB,
          LABELS "\"summary\":\"critical: kernel-panic on "
                 "web-01\"," DESCRIPTION ",\"generatorURL\":\"" WEB LINK
                 "\"}]");
    check(WEBHOOK_ALERTMANAGER, WEBHOOK_ACKNOWLEDGED, NULL,
          LABELS "\"summary\":\"alice has acknowledged kernel-panic on "
                 "web-01\"," DESCRIPTION
                 ",\"endsAt\":\"2026-01-01T00:01:01.000Z\"}]");
}

static void pagerduty_gets_an_incident_with_the_key(void **state)
{
    (void)state;
#define INCIDENT(action)                                                       \
    "{\"routing_key\":\"R0UTING\",\"event_action\":\"" action "\","            \
    "\"dedup_key\":\"vspcd-" UUID "/s0-17\",\"client\":\"vspcd\""
    check(WEBHOOK_PAGERDUTY, WEBHOOK_ALERT, WEB,
          INCIDENT("trigger") ",\"payload\":{"
                              "\"summary\":\"critical: kernel-panic on web-01: "
                              "Kernel panic - not syncing: <&`\\\"\","
                              "\"source\":\"web-01\",\"severity\":\"critical\","
                              "\"timestamp\":\"2026-01-01T00:00:00.000Z\","
                              "\"component\":\"serial console\","
                              "\"class\":\"kernel-panic\","
                              "\"custom_details\":" OPEN_ALERT "},"
                              "\"links\":[{\"href\":\"" WEB LINK "\","
                              "\"text\":\"Open the console\"}]}");
    check(WEBHOOK_PAGERDUTY, WEBHOOK_ACKNOWLEDGED, WEB,
          INCIDENT("acknowledge") "}");
}

static void the_longest_alert_has_room(void **state)
{
    char line[ALERT_LINE_MAX];
    struct alert_item item = web_alert();

    (void)state;
    memset(line, '&', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    item.text = line;
    item.before_count = item.after_count = ALERT_LINES_MAX;
    for (int i = 0; i < ALERT_LINES_MAX; i++)
        item.before[i] = item.after[i] = line;
    for (int i = 0; i < WEBHOOK_FORMATS; i++) {
        const struct webhook_spec spec = {
            .format = (enum webhook_format)i,
            .secret = (char *)(uintptr_t) "R0UTING",
        };
        char *text = webhook_body(&spec, WEBHOOK_ALERT, &item, WEB, 1);
        json_t *json = json_loads(text, 0, NULL);

        assert_non_null(json);
        assert_true(strlen(text) > (size_t)21 * (ALERT_LINE_MAX - 1));
        assert_non_null(strstr(text, "%2Fs0?at="));
        json_decref(json);
        free(text);
    }
}

/* ---- what is wanted ------------------------------------------------------ */

static void a_receiver_wants_what_its_section_says(void **state)
{
    char *consoles[] = { (char *)(uintptr_t) "db-*",
                         (char *)(uintptr_t) "web-*" };
    struct webhook_spec spec = { .severity = ALERT_WARNING };
    struct alert_item item = web_alert();
    const struct access_console console = { .name = item.name };

    (void)state;
    assert_true(webhook_wants(&spec, WEBHOOK_ALERT, &item, &console));
    item.severity = ALERT_WARNING;
    assert_true(webhook_wants(&spec, WEBHOOK_ALERT, &item, &console));
    item.severity = ALERT_INFO;
    assert_false(webhook_wants(&spec, WEBHOOK_ALERT, &item, &console));
    /* A test goes out whatever is wanted. */
    assert_true(webhook_wants(&spec, WEBHOOK_TEST, &item, &console));
    item.severity = ALERT_CRITICAL;
    assert_false(webhook_wants(&spec, WEBHOOK_ACKNOWLEDGED, &item, &console));
    spec.wants_acknowledged = true;
    assert_true(webhook_wants(&spec, WEBHOOK_ACKNOWLEDGED, &item, &console));
    spec.console = consoles;
    spec.console_count = 1;
    assert_false(webhook_wants(&spec, WEBHOOK_ALERT, &item, &console));
    spec.console_count = 2;
    assert_true(webhook_wants(&spec, WEBHOOK_ALERT, &item, &console));
    spec.rule = (char *)(uintptr_t) "oom-*";
    assert_false(webhook_wants(&spec, WEBHOOK_ALERT, &item, &console));
    spec.rule = (char *)(uintptr_t) "kernel-*";
    assert_true(webhook_wants(&spec, WEBHOOK_ALERT, &item, &console));
}

static void urls_and_keys_are_checked_without_being_shown(void **state)
{
    static const char *const good[] = {
        "https://hooks.example.org/services/T0/B0/SECRET",
        "http://127.0.0.1:8080/",
        "HTTPS://[2001:db8::1]:8443/x?y=z#@",
        "http://host",
    };
    static const char *const bad[] = {
        "",
        "https://",
        "ftp://SECRET/",
        "file:///SECRET",
        "https:///SECRET",
        "https://:80/SECRET",
        "https://user:SECRET@host/",
        "https://SECRET@host",
        "https://host/SECRET x",
        "https://host/\r\nSECRET",
        "https://h\xc3\xb6st/SECRET",
        "hooks.example.org/SECRET",
    };
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(webhook_url_check(good[i], &err), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(webhook_url_check(bad[i], &err) < 0);
        assert_null(strstr(err.text, "SECRET"));
    }
    assert_int_equal(
        webhook_secret_check(WEBHOOK_JSON, "any \"thing\" goes", &err), 0);
    assert_int_equal(webhook_secret_check(WEBHOOK_PAGERDUTY, "R0UTING", &err),
                     0);
    assert_true(webhook_secret_check(WEBHOOK_PAGERDUTY, "SECRET\"", &err) < 0);
    assert_null(strstr(err.text, "SECRET"));
}

/* ---- requests ------------------------------------------------------------ */

static void a_status_says_what_becomes_of_a_delivery(void **state)
{
    static const struct {
        unsigned status;
        enum webhook_fate fate;
    } rows[] = {
        { 200, WEBHOOK_DELIVERED }, { 202, WEBHOOK_DELIVERED },
        { 204, WEBHOOK_DELIVERED }, { 299, WEBHOOK_DELIVERED },
        { 0, WEBHOOK_RETRY },       { 100, WEBHOOK_RETRY },
        { 408, WEBHOOK_RETRY },     { 429, WEBHOOK_RETRY },
        { 500, WEBHOOK_RETRY },     { 503, WEBHOOK_RETRY },
        { 599, WEBHOOK_RETRY },     { 301, WEBHOOK_REFUSED },
        { 307, WEBHOOK_REFUSED },   { 400, WEBHOOK_REFUSED },
        { 401, WEBHOOK_REFUSED },   { 404, WEBHOOK_REFUSED },
        { 410, WEBHOOK_REFUSED },   { 499, WEBHOOK_REFUSED },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(webhook_judge(rows[i].status), rows[i].fate);
}

/* The digest was made by another implementation. */
static void a_signature_covers_time_and_body(void **state)
{
    char signature[WEBHOOK_SIGNATURE_MAX];

    (void)state;
    webhook_sign("Jefe", 1767225600, "{}", signature);
    assert_string_equal(
        signature,
        "sha256="
        "f9af0253920f01f15d2f7025018fea13eee543695b72830cba02e45e7db6a7c5");
    webhook_sign("Jefe", 1767225601, "{}", signature);
    assert_string_not_equal(
        signature,
        "sha256="
        "f9af0253920f01f15d2f7025018fea13eee543695b72830cba02e45e7db6a7c5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_has_all_of_an_alert),
        cmocka_unit_test(slack_gets_a_text_with_its_marks_escaped),
        cmocka_unit_test(teams_gets_a_card_without_markup),
        cmocka_unit_test(alertmanager_gets_labels_that_stay),
        cmocka_unit_test(pagerduty_gets_an_incident_with_the_key),
        cmocka_unit_test(the_longest_alert_has_room),
        cmocka_unit_test(a_receiver_wants_what_its_section_says),
        cmocka_unit_test(urls_and_keys_are_checked_without_being_shown),
        cmocka_unit_test(a_status_says_what_becomes_of_a_delivery),
        cmocka_unit_test(a_signature_covers_time_and_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
