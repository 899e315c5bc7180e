/*
 * Commands about alerts, mutes and webhooks, without an engine and without the
 * webhooks' thread: what is shown to whom, and who may change what.
 */
#include "api_fixture.h"

#include "api/alerts_means.h"
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    struct api_fixture api;
    struct alert_book book;
    struct alerts_means alerts;
    struct console *web, *db;
    struct alert_rule rule;
    struct alerts_test *tester;
    enum webhook_asked asked;
};

static void keep(void *owner, const struct alert_item *item)
{
    (void)owner;
    (void)item;
}

static void keep_mute(void *owner, const struct alert_mute *mute)
{
    (void)owner;
    (void)mute;
}

static void drop(void *owner, uint64_t id)
{
    (void)owner;
    (void)id;
}

static void acknowledge(void *owner, uint64_t id, const char *by,
                        const char *comment)
{
    alert_book_acknowledge(&((struct fixture *)owner)->book, id, by, comment,
                           clock_utc_ms());
}

static const struct alert_mute *mute(void *owner, const struct alert_mute *wish)
{
    return alert_book_mute(&((struct fixture *)owner)->book, wish,
                           clock_utc_ms());
}

static struct alert_mute *unmute(void *owner, uint64_t id, const char *by)
{
    assert_string_equal(by, "root");
    return alert_book_unmute(&((struct fixture *)owner)->book, id,
                             clock_utc_ms());
}

static void expire(void *owner)
{
    alert_book_expire(&((struct fixture *)owner)->book, clock_utc_ms());
}

static bool rule(void *owner, size_t index, struct alert_rule_state *ret)
{
    *ret = (struct alert_rule_state){
        .rule = &((struct fixture *)owner)->rule,
        .found = 3,
        .others = 4,
    };
    return index == 0;
}

static bool webhook(void *owner, size_t index, struct webhook_state *ret)
{
    (void)owner;
    *ret = (struct webhook_state){
        .name = "ops",
        .format = WEBHOOK_SLACK,
        .is_failing = true,
        .waiting = 1,
        .sent = 2,
    };
    return index == 0;
}

static enum webhook_asked test(void *owner, const char *name,
                               struct alerts_test *waiter)
{
    struct fixture *f = owner;

    assert_string_equal(name, "ops");
    f->tester = waiter;
    return f->asked;
}

static int setup(void **state)
{
    static struct fixture f;
    static const uint64_t seed[2] = { 1, 2 };
    const struct alert_book_keeper keeper = {
        .keep = keep,
        .drop = drop,
        .keep_mute = keep_mute,
        .drop_mute = drop,
    };

    memset(&f, 0, sizeof f);
    api_fixture_open(&f.api);
    alert_book_init(&f.book, seed, &keeper);
    f.alerts = (struct alerts_means){
        .owner = &f,
        .book = &f.book,
        .acknowledge = acknowledge,
        .mute = mute,
        .unmute = unmute,
        .expire = expire,
        .rule = rule,
        .webhook = webhook,
        .test = test,
    };
    f.rule = (struct alert_rule){
        .name = (char *)(uintptr_t) "panic",
        .pattern = (char *)(uintptr_t) "Kernel panic",
        .severity = ALERT_CRITICAL,
    };
    f.api.means.alerts = &f.alerts;
    f.web = api_fixture_add(&f.api, "u1", "s0", "web-01");
    f.db = api_fixture_add(&f.api, "u2", "s0", "db-01");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    api_fixture_close(&f->api);
    alert_book_done(&f->book);
    return 0;
}

static void raise_alert(struct fixture *f, const struct console *c,
                        const char *name)
{
    const struct alert_found found = {
        .rule = name,
        .severity = ALERT_CRITICAL,
        .console = c,
        .time_ms = clock_utc_ms(),
        .text = "Kernel panic",
    };

    assert_non_null(alert_book_add(&f->book, &found));
}

static void three_alerts(struct fixture *f)
{
    raise_alert(f, f->web, "panic");
    raise_alert(f, f->db, "panic");
    raise_alert(f, f->web, "oops");
}

/* The ids of a list, as "3 2 1 total=3 hidden=0". */
static void assert_list(struct fixture *f, const char *target,
                        const char *expected)
{
    json_t *list = api_fixture_get(&f->api, 200, target);
    char text[200] = "";
    const json_t *item;
    size_t i;

    json_array_foreach (json_object_get(list, "items"), i, item)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%lld ",
                 json_integer_value(json_object_get(item, "id")));
    snprintf(text + strlen(text), sizeof text - strlen(text),
             "total=%lld hidden=%lld",
             json_integer_value(json_object_get(list, "total")),
             json_integer_value(json_object_get(list, "hidden")));
    assert_string_equal(text, expected);
    json_decref(list);
}

static void alerts_are_found_by_what_they_are(void **state)
{
    struct fixture *f = *state;

    assert_list(f, "/alerts", "total=0 hidden=0");
    three_alerts(f);
    alert_book_acknowledge(&f->book, 1, "alice", NULL, clock_utc_ms());
    assert_list(f, "/alerts", "3 2 total=2 hidden=0");
    assert_list(f, "/alerts?state=acknowledged", "1 total=1 hidden=0");
    assert_list(f, "/alerts?state=all", "3 2 1 total=3 hidden=0");
    assert_list(f, "/alerts?state=all&match=web-*", "3 1 total=2 hidden=0");
    assert_list(f, "/alerts?state=all&match=u2/s0", "2 total=1 hidden=0");
    assert_list(f, "/alerts?state=all&rule=oo*", "3 total=1 hidden=0");
    assert_list(f, "/alerts?state=all&limit=1&offset=1", "2 total=3 hidden=0");
    assert_list(f, "/alerts?since=1h", "3 2 total=2 hidden=0");
    assert_list(f, "/alerts?since=4000000000", "total=0 hidden=0");
    json_decref(api_fixture_get(&f->api, 400, "/alerts?match=["));
    json_decref(api_fixture_get(&f->api, 400, "/alerts?rule=["));
}

static void a_long_list_comes_whole(void **state)
{
    struct fixture *f = *state;
    char expected[64];

    for (int i = 0; i < 1000; i++)
        raise_alert(f, f->web, "panic");
    assert_list(f, "/alerts?limit=2", "1000 999 total=1000 hidden=0");
    snprintf(expected, sizeof expected, "1 total=1000 hidden=0");
    assert_list(f, "/alerts?limit=5&offset=999", expected);
}

static void an_alert_is_shown_and_acknowledged(void **state)
{
    struct fixture *f = *state;
    json_t *json;

    three_alerts(f);
    json = api_fixture_get(&f->api, 200, "/alerts/2");
    assert_string_equal(json_string_value(json_object_get(json, "state")),
                        "open");
    json_decref(json);
    json = api_fixture_json(&f->api, 200, HTTP_VERB_POST,
                            "/alerts/2/acknowledge", "{\"comment\":\"on it\"}");
    assert_string_equal(
        json_string_value(json_object_get(json, "acknowledged_by")), "root");
    assert_string_equal(json_string_value(json_object_get(json, "comment")),
                        "on it");
    json_decref(json);
    json_decref(api_fixture_get(&f->api, 404, "/alerts/4"));
    json_decref(api_fixture_json(&f->api, 404, HTTP_VERB_POST,
                                 "/alerts/4/acknowledge", NULL));
}

/* What may not be read is not there; a reader does not acknowledge. */
static void rights_are_those_on_the_console(void **state)
{
    struct fixture *f = *state;

    three_alerts(f);
    api_fixture_be(&f->api, "alice");
    f->api.who.is_local = false;
    api_fixture_allow(&f->api, "alice", "web-*", RIGHT_READ);
    assert_list(f, "/alerts", "3 1 total=2 hidden=1");
    json_decref(api_fixture_get(&f->api, 404, "/alerts/2"));
    json_decref(api_fixture_get(&f->api, 200, "/alerts/1"));
    json_decref(api_fixture_json(&f->api, 403, HTTP_VERB_POST,
                                 "/alerts/1/acknowledge", NULL));
    json_decref(api_fixture_json(&f->api, 404, HTTP_VERB_POST,
                                 "/alerts/2/acknowledge", NULL));
    api_fixture_allow(&f->api, "alice", "web-*", RIGHT_WRITE);
    json_decref(api_fixture_json(&f->api, 200, HTTP_VERB_POST,
                                 "/alerts/1/acknowledge", NULL));
    /* The console goes: its names decide. */
    directory_remove(f->web);
    assert_list(f, "/alerts", "3 total=1 hidden=1");
    json_decref(api_fixture_json(&f->api, 200, HTTP_VERB_POST,
                                 "/alerts/3/acknowledge", NULL));
    api_fixture_allow(&f->api, "bob", "web-*", RIGHT_WRITE);
    assert_list(f, "/alerts", "total=0 hidden=3");
}

static void mutes_are_made_and_ended(void **state)
{
    struct fixture *f = *state;
    json_t *json = api_fixture_json(
        &f->api, 200, HTTP_VERB_POST, "/alerts/mutes",
        "{\"match\":\"web-*\",\"seconds\":60,\"reason\":\"tests\"}");

    assert_int_equal(json_integer_value(json_object_get(json, "id")), 1);
    assert_true(json_is_string(json_object_get(json, "until")));
    assert_true(json_is_null(json_object_get(json, "rule")));
    assert_string_equal(json_string_value(json_object_get(json, "by")), "root");
    json_decref(json);
    json = api_fixture_json(&f->api, 200, HTTP_VERB_POST, "/alerts/mutes",
                            "{\"rule\":\"x\",\"seconds\":0}");
    assert_true(json_is_null(json_object_get(json, "until")));
    json_decref(json);
    assert_list(f, "/alerts/mutes", "1 2 total=2 hidden=0");
    json_decref(api_fixture_json(&f->api, 400, HTTP_VERB_POST, "/alerts/mutes",
                                 "{\"seconds\":60}"));
    json_decref(api_fixture_json(&f->api, 400, HTTP_VERB_POST, "/alerts/mutes",
                                 "{\"match\":\"[\"}"));
    json_decref(api_fixture_json(&f->api, 200, HTTP_VERB_DELETE,
                                 "/alerts/mutes/1", NULL));
    json_decref(api_fixture_json(&f->api, 404, HTTP_VERB_DELETE,
                                 "/alerts/mutes/1", NULL));
    assert_list(f, "/alerts/mutes", "2 total=1 hidden=0");
    while (f->book.mutes.count < ALERT_MUTES_MAX)
        json_decref(api_fixture_json(&f->api, 200, HTTP_VERB_POST,
                                     "/alerts/mutes", "{\"rule\":\"x\"}"));
    json_decref(api_fixture_json(&f->api, 429, HTTP_VERB_POST, "/alerts/mutes",
                                 "{\"rule\":\"x\"}"));
}

static void rules_and_webhooks_are_listed(void **state)
{
    struct fixture *f = *state;
    char *text =
        api_fixture_text(&f->api, 200, HTTP_VERB_GET, "/alerts/rules", NULL);

    assert_non_null(strstr(text, "\"name\":\"panic\""));
    assert_non_null(strstr(text, "\"found\":3,\"left_out\":4"));
    free(text);
    text =
        api_fixture_text(&f->api, 200, HTTP_VERB_GET, "/alerts/webhooks", NULL);
    assert_non_null(strstr(text, "{\"name\":\"ops\",\"format\":\"slack\","
                                 "\"state\":\"failing\",\"waiting\":1,"
                                 "\"sent\":2"));
    free(text);
}

static void a_test_answers_when_it_has_ended(void **state)
{
    struct fixture *f = *state;
    const struct webhook_result result = {
        .webhook = "ops",
        .status = 410,
        .took_us = 1500 * 1000,
        .reason = "answered with status 410",
    };
    struct api_fixture_call c;

    api_fixture_begin(&f->api, &c, HTTP_VERB_POST, "/alerts/test",
                      "{\"webhook\":\"ops\"}");
    assert_int_equal(c.answered, 0);
    f->tester->on_done(f->tester->owner, &result);
    assert_int_equal(c.answered, 1);
    assert_string_equal(c.call.answer.body,
                        "{\"webhook\":\"ops\",\"delivered\":false,"
                        "\"status\":410,"
                        "\"message\":\"answered with status 410\","
                        "\"took\":1.5}\n");
    api_fixture_end(&c);
    /* Whoever asks goes before. */
    api_fixture_begin(&f->api, &c, HTTP_VERB_POST, "/alerts/test",
                      "{\"webhook\":\"ops\"}");
    api_fixture_end(&c);
    f->asked = WEBHOOK_NO_SUCH;
    json_decref(api_fixture_json(&f->api, 404, HTTP_VERB_POST, "/alerts/test",
                                 "{\"webhook\":\"ops\"}"));
    f->asked = WEBHOOK_BUSY;
    json_decref(api_fixture_json(&f->api, 429, HTTP_VERB_POST, "/alerts/test",
                                 "{\"webhook\":\"ops\"}"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(alerts_are_found_by_what_they_are),
        TEST(a_long_list_comes_whole),
        TEST(an_alert_is_shown_and_acknowledged),
        TEST(rights_are_those_on_the_console),
        TEST(mutes_are_made_and_ended),
        TEST(rules_and_webhooks_are_listed),
        TEST(a_test_answers_when_it_has_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
