/*
 * Events: the ring, who gets which, resuming by id, and the form of Server-Sent
 * Events.
 */
#include "api_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/events/event_hub.h"
#include "api/events/event_tell.h"
#include "base/clock.h"
#include "log/log.h"
#include "log/log_words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the ring ------------------------------------------------------------ */

static struct event *event_of(const char *name, size_t padding)
{
    static char text[EVENT_JSON_MAX];
    struct event_draft d;

    event_draft_begin(&d, EVENT_VM_UP, 0);
    event_draft_identity(&d, "uuid", "s0", name, 0);
    memset(text, '1', padding);
    if (padding > 0)
        event_draft_json(&d, "padding", slice_of(text, padding));
    return event_draft_end(&d);
}

static void test_ring_keeps_as_many_as_it_says(void **state)
{
    struct event_ring *r = calloc(1, sizeof *r);
    uint64_t lost;

    (void)state;
    event_ring_init(r);
    for (uint64_t n = 1; n <= 3 * EVENT_RING_COUNT + 5; n++) {
        event_ring_add(r, event_of("web", 0));
        assert_int_equal(r->next, n + 1);
        assert_int_equal(r->first,
                         n <= EVENT_RING_COUNT ? 1 : n - EVENT_RING_COUNT + 1);
    }
    /* From every place: what is kept comes, the rest is counted. */
    for (uint64_t from = 1; from <= r->next; from++) {
        uint64_t at = from;
        const struct event *e = event_ring_get(r, &at, &lost);

        assert_int_equal(lost, from < r->first ? r->first - from : 0);
        assert_int_equal(at, from + lost);
        if (from < r->next)
            assert_int_equal(e->number, at);
        else
            assert_null(e);
    }
    event_ring_done(r);
    assert_int_equal(r->bytes, 0);
    free(r);
}

static void test_ring_keeps_no_more_bytes_than_it_may(void **state)
{
    struct event_ring *r = calloc(1, sizeof *r);
    uint64_t at = 1;
    uint64_t lost;

    (void)state;
    event_ring_init(r);
    for (int i = 0; i < 1000; i++) {
        event_ring_add(r, event_of("web", 12000));
        assert_in_range(r->bytes, 1, EVENT_RING_BYTES);
    }
    assert_in_range(r->next - r->first, EVENT_RING_BYTES / 13000,
                    EVENT_RING_BYTES / 12000);
    assert_non_null(event_ring_get(r, &at, &lost));
    assert_int_equal(lost, r->first - 1);
    event_ring_done(r);
    free(r);
}

/* ---- one event ----------------------------------------------------------- */

static json_t *json_of(const struct event *e)
{
    char *text = calloc(1, e->json.len + 2);
    json_t *json;

    text[0] = '{';
    memcpy(text + 1, e->json.data, e->json.len);
    json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json == NULL)
        fail_msg("no JSON: %s", text);
    free(text);
    return json;
}

/* Whatever a VM is called, and however long it is. */
static void test_every_name_is_json(void **state)
{
    static char longest[2000];
    const char *names[] = { "web",          "a\"b\\c", "\x01\x7f\xff\xfe",
                            "\xe2\x80\x8b", "",        "\"\"\"\"",
                            longest };
    struct event *e;

    (void)state;
    memset(longest, '"', sizeof longest - 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct event_draft d;
        json_t *json;

        event_draft_begin(&d, EVENT_VM_RENAMED, 0);
        event_draft_identity(&d, "uuid", "s0", names[i], 50000);
        for (int j = 0; j < 40; j++) /* more than there is room for */
            event_draft_text(&d, "x", NULL);
        event_draft_text(&d, "old_name", names[i]);
        event_draft_flag(&d, "tls", true);
        e = event_draft_end(&d);
        json = json_of(e);
        assert_string_equal(json_string_value(json_object_get(json, "event")),
                            "vm-renamed");
        assert_string_equal(json_string_value(json_object_get(json, "time")),
                            "1970-01-01T00:00:00.000Z");
        assert_int_equal(json_integer_value(json_object_get(json, "port")),
                         50000);
        assert_true(json_is_true(json_object_get(json, "tls")));
        json_decref(json);
        free(e);
    }
}

static void test_a_draft_that_is_full_stays_json(void **state)
{
    static char longest[2000];
    struct event_draft d;
    struct event *e;
    char key[16];

    (void)state;
    memset(longest, '"', sizeof longest - 1);
    event_draft_begin(&d, EVENT_VM_UP, 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        event_draft_text(&d, key, longest);
        event_draft_number(&d, key + 1, INT64_MAX);
    }
    e = event_draft_end(&d);
    assert_in_range(e->json.len, EVENT_JSON_MAX - 1000, EVENT_JSON_MAX);
    json_decref(json_of(e));
    free(e);
}

static void test_kinds_have_names(void **state)
{
    struct slice bad = { NULL, 0 };
    uint32_t kinds = 0;

    (void)state;
    for (int i = 0; i < EVENT_KIND_COUNT; i++) {
        assert_true(event_kinds_parse(event_kind_name((enum event_kind)i),
                                      &kinds, &bad));
        assert_int_equal(kinds, UINT32_C(1) << i);
    }
    assert_true(event_kinds_parse("vm-up,vm-down", &kinds, &bad));
    assert_int_equal(kinds, 1 << EVENT_VM_UP | 1 << EVENT_VM_DOWN);
    assert_false(event_kinds_parse("vm-up,vm-u,vm-down", &kinds, &bad));
    assert_true(slice_is_equal(bad, slice_of_text("vm-u")));
    assert_false(event_kinds_parse("", &kinds, &bad));
    assert_false(event_kinds_parse("vm-up,", &kinds, &bad));
}

/* ---- the command --------------------------------------------------------- */

struct fixture {
    struct api_fixture api;
    struct event_hub *hub;
    struct console *web, *db;
};

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof f);
    api_fixture_open(&f.api);
    f.hub = event_hub_open(&f.api.site.ctx);
    f.api.means.events = f.hub;
    f.web = api_fixture_add(&f.api, "u-web", "s0", "web");
    f.db = api_fixture_add(&f.api, "u-db", "s0", "db");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    event_hub_close(f->hub);
    api_fixture_close(&f->api);
    return 0;
}

static void up(struct fixture *f, struct console *c)
{
    const struct fact fact = {
        .kind = FACT_VM_ATTACHED,
        .console = c,
        .vm_attached.peer = "192.0.2.1:40000",
    };

    event_tell_fact(f->hub, &fact);
}

static void down(struct fixture *f, struct console *c)
{
    const struct fact fact = {
        .kind = FACT_VM_DETACHED,
        .console = c,
        .vm_detached = { .peer = "192.0.2.1:40000", .reason = "closed" },
    };

    event_tell_fact(f->hub, &fact);
}

static void listen_to(struct fixture *f, struct api_fixture_call *c,
                      const char *target)
{
    api_fixture_begin(&f->api, c, HTTP_VERB_GET, target, NULL);
    assert_int_equal(c->answered, 1);
    assert_int_equal(c->call.answer.status, 200);
    assert_string_equal(c->call.answer.type, "text/event-stream");
    api_fixture_take(c);
}

/* What has come, in words: "vm-up web, vm-down db, gap 4"; it is taken. last:
 * its last id, if not NULL. Checks the form on the way. */
static const char *heard(struct api_fixture_call *c, char last[EVENT_ID_MAX])
{
    static char words[8192];
    char *text;
    char *line;
    char *at;
    size_t len = 0;
    char id[EVENT_ID_MAX] = "";

    api_fixture_take(c);
    text = calloc(1, c->body.len + 1);
    if (c->body.len > 0)
        memcpy(text, buf_bytes(&c->body).data, c->body.len);
    buf_take(&c->body, c->body.len);
    words[0] = '\0';
    for (line = strtok_r(text, "\n", &at); line != NULL;
         line = strtok_r(NULL, "\n", &at)) {
        json_t *json;
        const char *event;
        const char *about;

        if (strncmp(line, "id: ", 4) == 0)
            snprintf(id, sizeof id, "%s", line + 4);
        if (strncmp(line, "data: ", 6) != 0)
            continue;
        json = json_loads(line + 6, JSON_REJECT_DUPLICATES, NULL);
        if (json == NULL)
            fail_msg("no JSON: %s", line);
        assert_string_equal(json_string_value(json_object_get(json, "id")), id);
        event = json_string_value(json_object_get(json, "event"));
        about = json_string_value(json_object_get(json, "name"));
        len += (size_t)snprintf(words + len, sizeof words - len, "%s%s",
                                len > 0 ? ", " : "", event);
        if (about != NULL)
            len +=
                (size_t)snprintf(words + len, sizeof words - len, " %s", about);
        if (strcmp(event, "gap") == 0) {
            json_t *lost = json_object_get(json, "lost");

            len += (size_t)snprintf(words + len, sizeof words - len, " %lld",
                                    json_is_null(lost)
                                        ? -1LL
                                        : (long long)json_integer_value(lost));
        }
        json_decref(json);
    }
    if (last != NULL)
        memcpy(last, id, sizeof id);
    free(text);
    return words;
}

struct fact_row {
    struct fact fact;
    const char *kind, *text, *more; /* behind the console */
};

static void check_facts(struct fixture *f, const struct fact_row *rows,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fact fact = rows[i].fact;
        char target[64];
        char expected[512];
        char *text;

        fact.console = f->web;
        event_tell_fact(f->hub, &fact);
        snprintf(target, sizeof target, "/events?after=0&follow=false&kind=%s",
                 rows[i].kind);
        text = api_fixture_text(&f->api, 200, HTTP_VERB_GET, target, NULL);
        snprintf(expected, sizeof expected, "\"console\":\"web\",%s%s",
                 rows[i].text, rows[i].more);
        if (strstr(text, expected) == NULL)
            fail_msg("%s is not in %s", expected, text);
        free(text);
    }
}

#define FROM_TO "\"from\":\"192.0.2.1:1\",\"to\":\"192.0.2.2:2\""

static void test_what_vms_do_is_an_event(void **state)
{
    static char name[] = "old";
    const struct fact_move_ended move = { .from = "192.0.2.1:1",
                                          .to = "192.0.2.2:2",
                                          .took_us = 4999,
                                          .held = 5,
                                          .verdict = MOVE_COMPLETED };
    const struct fact_move_ended failed = { .from = "192.0.2.1:1",
                                            .verdict = MOVE_TIMED_OUT };
    const struct fact_takeover takeover = { "192.0.2.1:1", "192.0.2.2:2",
                                            "why" };
    const struct fact_row rows[] = {
        { { .kind = FACT_MOVE_ENDED, .move_ended = move },
          "vm-moved",
          FROM_TO ",\"ms\":4,\"held_bytes\":5,\"outcome\":\"completed\"",
          "}" },
        { { .kind = FACT_MOVE_ENDED, .move_ended = failed },
          "vm-move-failed",
          "\"from\":\"192.0.2.1:1\",\"ms\":0,\"held_bytes\":0,"
          "\"outcome\":\"timed-out\"",
          "}" },
        { { .kind = FACT_VM_RENAMED, .vm_renamed.former_name = name },
          "vm-renamed",
          "\"old_name\":\"old\"",
          "}" },
        { { .kind = FACT_DESTINATION_REPLACED,
            .destination_replaced = { "192.0.2.1:1", "192.0.2.2:2" } },
          "move-destination",
          FROM_TO,
          "}" },
        { { .kind = FACT_VM_TAKEN_OVER, .takeover = takeover },
          "vm-taken-over",
          FROM_TO,
          ",\"reason\":\"why\"}" },
        { { .kind = FACT_VM_TAKEOVER_REFUSED, .takeover = takeover },
          "vm-takeover-refused",
          FROM_TO,
          ",\"reason\":\"why\"}" },
        { { .kind = FACT_OUTPUT_LOST, .output_lost = { "192.0.2.1:1", 12 } },
          "output-lost",
          "\"peer\":\"192.0.2.1:1\",\"bytes\":12",
          "}" },
    };

    check_facts(*state, rows, sizeof rows / sizeof rows[0]);
}

static void test_what_people_do_is_an_event(void **state)
{
    static char name[] = "alice", reason[] = "new \"disk\"";
    const struct fact_client client = { .peer = "192.0.2.7:4000",
                                        .name = name,
                                        .number = 7,
                                        .others = 3,
                                        .door = CLIENT_DOOR_WEBSOCKET,
                                        .proof = PROOF_TOKEN,
                                        .is_encrypted = true };
    const struct fact_lock lock = { name, reason, 60500000 };
    static const char who[] =
        "\"peer\":\"192.0.2.7:4000\",\"tls\":true,\"client\":\"alice\","
        "\"proof\":\"token\",\"door\":\"websocket\",\"number\":7";
    static const char whose[] =
        "\"by\":\"alice\",\"reason\":\"new \\\"disk\\\"\",\"seconds\":60";
    const struct fact_row rows[] = {
        { { .kind = FACT_CLIENT_ATTACHED, .client = client },
          "client-attached",
          who,
          "}" },
        { { .kind = FACT_CLIENT_DETACHED, .client = client },
          "client-detached",
          who,
          "}" },
        { { .kind = FACT_CLIENT_LAGS, .client = client },
          "client-lags",
          who,
          "}" },
        { { .kind = FACT_KEYBOARD_TAKEN, .client = client },
          "keyboard-taken",
          who,
          "}" },
        { { .kind = FACT_CLIENT_REFUSED, .client = client },
          "limit-reached",
          who,
          ",\"limit\":\"client-limit\",\"others\":3}" },
        { { .kind = FACT_KEYBOARD_LOCKED, .lock = lock },
          "keyboard-locked",
          whose,
          "}" },
        { { .kind = FACT_KEYBOARD_UNLOCKED, .lock = lock },
          "keyboard-unlocked",
          whose,
          "}" },
    };

    check_facts(*state, rows, sizeof rows / sizeof rows[0]);
}

static void test_a_gap_of_a_log_is_an_event(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;

    listen_to(f, &c, "/events?kind=log-gap");
    event_tell_log_gap(f->hub, f->db, 17, "No space left on device");
    assert_string_equal(heard(&c, NULL), "log-gap db");
    api_fixture_end(&c);
}

static void test_what_comes_is_told(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    struct api_fixture_call late;

    up(f, f->web);
    listen_to(f, &c, "/events");
    assert_string_equal(heard(&c, NULL), "");
    up(f, f->db);
    assert_int_equal(c.woken, 1);
    down(f, f->web); /* it is told once until it takes */
    assert_int_equal(c.woken, 1);
    assert_string_equal(heard(&c, NULL), "vm-up db, vm-down web");
    down(f, f->db);
    assert_int_equal(c.woken, 2);
    assert_string_equal(heard(&c, NULL), "vm-down db");
    /* And what has come before, if it is wanted. */
    listen_to(f, &late, "/events?after=0");
    assert_string_equal(heard(&late, NULL),
                        "vm-up web, vm-up db, vm-down web, vm-down db");
    api_fixture_end(&late);
    api_fixture_end(&c);
}

static void test_it_ends_behind_what_is_kept_if_asked_to(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;

    up(f, f->web);
    listen_to(f, &c, "/events?after=0&follow=false");
    assert_string_equal(heard(&c, NULL), "vm-up web");
    assert_true(c.has_ended);
    api_fixture_end(&c);
}

static void test_kinds_and_patterns_are_filters(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call kinds;
    struct api_fixture_call match;

    listen_to(f, &kinds, "/events?kind=vm-down,vm-expired");
    listen_to(f, &match, "/events?match=w*");
    up(f, f->web);
    up(f, f->db);
    down(f, f->db);
    event_tell_expired(f->hub, f->db);
    event_tell_gone(f->hub, "u-old", "s0", "wold", 50001);
    assert_string_equal(heard(&kinds, NULL),
                        "vm-down db, vm-expired db, vm-expired wold");
    assert_string_equal(heard(&match, NULL), "vm-up web, vm-expired wold");
    api_fixture_end(&kinds);
    api_fixture_end(&match);
}

static void check_refused(struct fixture *f, unsigned status,
                          const char *target, const char *part)
{
    char *text = api_fixture_text(&f->api, status, HTTP_VERB_GET, target, NULL);

    if (strstr(text, part) == NULL)
        fail_msg("%s: %s", target, text);
    free(text);
}

static void test_wrong_wishes_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const ids[] = {
        "1",
        "x",
        "0123456789abcdef",
        "0123456789abcdef-",
        "0123456789abcdef--1",
        "0123456789abcdef-+1",
        "0123456789abcdef-1x",
        "0123456789abcdeg-1",
        "0123456789abcdef-99999999999999999999",
    };

    check_refused(f, 400, "/events?kind=vm-up,vm-dwon", "vm-dwon");
    check_refused(f, 400, "/events?kind=", "kind");
    check_refused(f, 400, "/events?match=%5B", "[");
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char target[100];

        snprintf(target, sizeof target, "/events?after=%s", ids[i]);
        check_refused(f, 400, target, "id of an event");
    }
}

/* From every place: each event exactly once, in order. */
static void test_it_resumes_at_every_place(void **state)
{
    enum { COUNT = 9 };
    struct fixture *f = *state;
    char ids[COUNT + 1][EVENT_ID_MAX];
    struct api_fixture_call c;

    listen_to(f, &c, "/events");
    assert_string_equal(heard(&c, ids[0]), "");
    for (int i = 0; i < COUNT; i++) {
        (i % 2 == 0 ? up : down)(f, i < 5 ? f->web : f->db);
        (void)heard(&c, ids[i + 1]);
    }
    api_fixture_end(&c);
    for (int i = 0; i <= COUNT; i++) {
        char target[128];
        const char *words;
        int count = 0;

        snprintf(target, sizeof target, "/events?after=%.47s", ids[i]);
        listen_to(f, &c, target);
        words = heard(&c, NULL);
        for (const char *w = words; (w = strstr(w, "vm-")) != NULL; w++)
            count++;
        assert_int_equal(count, COUNT - i);
        assert_null(strstr(words, "gap"));
        api_fixture_end(&c);
    }
}

/* So a connection that breaks before the first event misses none. */
static void test_the_beginning_has_an_id(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    char first[EVENT_ID_MAX];
    char second[EVENT_ID_MAX];
    struct event_listener l;
    const struct event_wish wish = { .after = first };
    struct event_item item;
    struct err why;
    static const struct event_listener_ops no_ops = { .on_news = NULL };

    listen_to(f, &c, "/events");
    assert_string_equal(heard(&c, first), "");
    api_fixture_end(&c);
    up(f, f->web);
    up(f, f->db);
    assert_int_equal(
        event_listener_begin(&l, f->hub, &f->api.who, &no_ops, &wish, &why),
        EVENT_LISTENS);
    assert_int_equal(event_listener_take(&l, &item), EVENT_SHOWN);
    assert_int_equal(event_listener_take(&l, &item), EVENT_SHOWN);
    assert_int_equal(event_listener_take(&l, &item), EVENT_NONE);
    event_listener_id(&l, second);
    assert_string_equal(second, item.id);
    event_listener_end(&l);
    event_listener_end(&l); /* twice is once */
}

static void test_what_is_gone_is_told(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call slow;
    struct api_fixture_call other;
    const char *words;

    listen_to(f, &slow, "/events?kind=vm-down");
    assert_string_equal(heard(&slow, NULL), "");
    for (int i = 0; i < EVENT_RING_COUNT + 10; i++)
        up(f, f->web);
    assert_int_equal(slow.woken, 1);
    assert_string_equal(heard(&slow, NULL), "gap 10");
    down(f, f->web);
    assert_string_equal(heard(&slow, NULL), "vm-down web");
    api_fixture_end(&slow);
    /* Of another run nobody knows how many there were. */
    listen_to(f, &other, "/events?kind=vm-down&after=0123456789abcdef-7");
    words = heard(&other, NULL);
    assert_string_equal(words, "gap -1, vm-down web");
    api_fixture_end(&other);
}

static void test_one_sees_what_one_may_read_then(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;

    api_fixture_allow(&f->api, "alice", "web*", RIGHT_READ);
    api_fixture_be(&f->api, "alice");
    listen_to(f, &c, "/events");
    up(f, f->web);
    up(f, f->db);
    event_tell_gone(f->hub, "u-1", "s0", "web-old", 0);
    event_tell_gone(f->hub, "u-2", "s0", "db-old", 0);
    assert_string_equal(heard(&c, NULL), "vm-up web, vm-expired web-old");
    /* The rules of the moment of delivery count, not those of the event. */
    up(f, f->web);
    up(f, f->db);
    api_fixture_allow(&f->api, "alice", "db*", RIGHT_READ);
    assert_string_equal(heard(&c, NULL), "vm-up db");
    api_fixture_end(&c);
}

/* Hidden events move the place, too: whoever comes again misses none. */
static void test_nobody_misses_what_was_hidden(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    struct event_listener *l;
    char id[EVENT_ID_MAX];
    char target[128];

    listen_to(f, &c, "/events?kind=vm-expired");
    assert_string_equal(heard(&c, id), "");
    for (int i = 0; i < EVENT_RING_COUNT + 10; i++) {
        up(f, f->web);
        if (i % 1000 == 0)
            assert_string_equal(heard(&c, NULL), "");
    }
    assert_string_equal(heard(&c, NULL), "");
    l = c.call.state; /* its first member */
    event_listener_id(l, id);
    l->is_beat_due = true;
    assert_string_equal(heard(&c, id), "");
    api_fixture_end(&c);
    snprintf(target, sizeof target, "/events?kind=vm-expired&after=%s", id);
    listen_to(f, &c, target);
    assert_string_equal(heard(&c, NULL), "");
    api_fixture_end(&c);
}

static void test_listeners_are_bounded(void **state)
{
    static struct api_fixture_call c[EVENT_LISTENERS_MAX];
    struct fixture *f = *state;

    for (int i = 0; i < EVENT_LISTENERS_MAX; i++)
        listen_to(f, &c[i], "/events");
    check_refused(f, 429, "/events", "too-many");
    api_fixture_end(&c[7]);
    listen_to(f, &c[7], "/events");
    for (int i = 0; i < EVENT_LISTENERS_MAX; i++)
        api_fixture_end(&c[i]);
}

/* ---- audit events -------------------------------------------------------- */

static size_t no_write(void *owner, const char *bytes, size_t len)
{
    (void)owner;
    (void)bytes;
    return len;
}

static void test_audit_events_are_for_administrators(void **state)
{
    static const struct log_output output = { .write = no_write };
    struct fixture *f = *state;
    struct api_fixture_call c;
    struct api_fixture_call plain;
    char id[EVENT_ID_MAX];
    char target[128];

    log_set_output(&output);
    api_fixture_allow(&f->api, "alice", "*", RIGHT_CONTROL);
    api_fixture_be(&f->api, "alice");
    check_refused(f, 403, "/events?audit=true", "admin");
    check_refused(f, 403, "/events?kind=audit", "admin");
    api_fixture_be(&f->api, NULL);
    check_refused(f, 401, "/events?audit=true", "admin");
    api_fixture_be(&f->api, "root");
    log_audit(LOG_INFO, NULL, NULL, LOG_READY " count=%d", 0);
    listen_to(f, &c, "/events?audit=true");
    listen_to(f, &plain, "/events");
    log_audit(LOG_INFO, NULL, NULL, LOG_READY " count=%d", 1);
    log_info(LOG_READY " count=%d", 2);
    up(f, f->web);
    assert_string_equal(heard(&c, NULL), "audit, vm-up web");
    assert_string_equal(heard(&plain, id), "vm-up web");
    /* For a while lines are kept for whoever comes again. */
    api_fixture_end(&c);
    log_audit(LOG_INFO, NULL, NULL, LOG_READY " count=%d", 3);
    snprintf(target, sizeof target, "/events?kind=audit&after=%s", id);
    listen_to(f, &c, target);
    assert_string_equal(heard(&c, NULL), "audit");
    api_fixture_end(&c);
    api_fixture_end(&plain);
}

static void test_audit_events_that_nobody_kept_are_a_gap(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call c;
    char id[EVENT_ID_MAX];
    char target[128];

    listen_to(f, &c, "/events");
    (void)heard(&c, id);
    api_fixture_end(&c);
    log_audit(LOG_INFO, NULL, NULL, LOG_READY " count=%d", 1);
    up(f, f->web);
    snprintf(target, sizeof target, "/events?audit=true&after=%s", id);
    listen_to(f, &c, target);
    assert_string_equal(heard(&c, NULL), "gap -1, vm-up web");
    api_fixture_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_keeps_as_many_as_it_says),
        cmocka_unit_test(test_ring_keeps_no_more_bytes_than_it_may),
        cmocka_unit_test(test_every_name_is_json),
        cmocka_unit_test(test_a_draft_that_is_full_stays_json),
        cmocka_unit_test(test_kinds_have_names),
        cmocka_unit_test_setup_teardown(test_what_vms_do_is_an_event, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_people_do_is_an_event, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_gap_of_a_log_is_an_event, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_comes_is_told, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_it_ends_behind_what_is_kept_if_asked_to, setup, teardown),
        cmocka_unit_test_setup_teardown(test_kinds_and_patterns_are_filters,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_wishes_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_it_resumes_at_every_place, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_the_beginning_has_an_id, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_is_gone_is_told, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_one_sees_what_one_may_read_then,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_misses_what_was_hidden,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_listeners_are_bounded, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_audit_events_are_for_administrators, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_audit_events_that_nobody_kept_are_a_gap, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
