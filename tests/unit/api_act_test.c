/*
 * Commands that act on a console: send, break, message, lock, unlock, takeover,
 * disconnect, forget.
 */
#include "api_fixture.h"

#include "base/clock.h"
#include "core/keyboard.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/client/client_session.h"
#include "session/typing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT "/consoles/vm-0001"

struct fixture {
    struct api_fixture api;
    struct console *console;
    struct peer *vm;
    struct console *forgotten;
};

static void forget(void *owner, struct console *c)
{
    struct fixture *f = owner;

    f->forgotten = c;
}

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof f);
    api_fixture_open(&f.api);
    f.api.means.owner = &f;
    f.api.means.forget = forget;
    f.api.means.census = (struct census_source){ .owner = NULL };
    f.vm = vm_start(&f.api.site);
    f.console = site_console(&f.api.site);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    api_fixture_close(&f->api);
    return 0;
}

static struct client *last_client(struct fixture *f)
{
    return client_at(f->console->clients.prev);
}

/* A client of whoever calls at this time. */
static struct peer *own_client(struct fixture *f)
{
    struct peer *peer = telnet_connect(&f->api.site, f->console);

    last_client(f)->who = &f->api.who;
    keyboard_look(last_client(f));
    return peer;
}

static json_t *post(struct fixture *f, unsigned status, const char *target,
                    const char *body)
{
    json_t *json =
        api_fixture_json(&f->api, status, HTTP_VERB_POST, target, body);

    site_run(&f->api.site);
    return json;
}

/* The error's code, or a member's text; good until the next call. */
static const char *word(json_t *json, const char *member)
{
    static char text[512];
    const json_t *error = json_object_get(json, "error");
    const char *value = json_string_value(
        json_object_get(error != NULL ? error : json, member));

    snprintf(text, sizeof text, "%s", value != NULL ? value : "-");
    json_decref(json);
    return text;
}

static long long count(json_t *json, const char *member)
{
    long long number = json_integer_value(json_object_get(json, member));

    json_decref(json);
    return number;
}

/* ---- the audit ------------------------------------------------------------
 */

static uint64_t hear(void *owner, const struct log_record *record,
                     enum log_noise noise)
{
    unsigned *done = owner;

    (void)noise;
    *done += strstr(record->text, LOG_API_COMMAND) != NULL &&
             strstr(record->text, "status=200") != NULL;
    return 0;
}

/* Lines are limited; whatever somebody tries without end, what others do is
 * there, and what he does. */
static void what_fails_does_not_hide_what_is_done(void **state)
{
    static const uint64_t seed[2] = { 1, 2 };
    struct fixture *f = *state;
    unsigned done = 0;
    const struct log_auditor auditor = { hear, &done };

    (void)log_open_gate(seed);
    log_set_auditor(&auditor);
    api_fixture_allow(&f->api, "alice", "*", RIGHT_CONTROL);
    api_fixture_be(&f->api, "alice");
    for (int i = 0; i < 300; i++)
        json_decref(post(f, 400, AT "/disconnect", "{}"));
    assert_int_equal(done, 0);
    json_decref(post(f, 200, AT "/lock", NULL));
    assert_int_equal(done, 1);
    for (int i = 0; i < 300; i++)
        json_decref(post(f, 200, AT "/lock", NULL));
    api_fixture_be(&f->api, "root");
    done = 0;
    json_decref(post(f, 200, AT "/unlock", NULL));
    assert_int_equal(done, 1);
    log_set_auditor(NULL);
    log_close_gate();
}

/* ---- to the VM ------------------------------------------------------------
 */

static void a_text_is_typed(void **state)
{
    struct fixture *f = *state;
    json_t *json = post(f, 200, AT "/send", "{\"data\":\"ls\\r\"}");

    assert_int_equal(json_integer_value(json_object_get(json, "sent")), 3);
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(json, "console"), "name")),
                        "vm-0001");
    json_decref(json);
    assert_true(peer_got(f->vm, BYTES("ls\r")));
    assert_int_equal(
        count(post(f, 200, AT "/send", "{\"data_base64\":\"/wA=\"}"), "sent"),
        2);
    assert_true(peer_got(f->vm, BYTES("\xff\0")));
}

static void a_break_has_its_key_behind_it(void **state)
{
    struct fixture *f = *state;

    json_decref(post(f, 200, AT "/break", NULL));
    assert_true(peer_heard(f->vm, "command 243"));
    assert_true(peer_got(f->vm, BYTES("")));
    json_decref(post(f, 200, AT "/break", "{\"sysrq\":\"h\"}"));
    assert_true(peer_heard(f->vm, "command 243"));
    assert_true(peer_got(f->vm, BYTES("h")));
    assert_string_equal(
        word(post(f, 400, AT "/break", "{\"sysrq\":\"/\"}"), "code"),
        "bad-request");
    assert_true(peer_heard(f->vm, ""));
}

static void who_may_write_sends_no_break(void **state)
{
    struct fixture *f = *state;

    api_fixture_allow(&f->api, "alice", "*", RIGHT_WRITE);
    api_fixture_be(&f->api, "alice");
    json_decref(post(f, 403, AT "/break", NULL));
    json_decref(post(f, 200, AT "/send", "{\"data\":\"a\"}"));
    api_fixture_allow(&f->api, "alice", "*", RIGHT_READ);
    json_decref(post(f, 403, AT "/send", "{\"data\":\"b\"}"));
    assert_true(peer_got(f->vm, BYTES("a")));
}

static void without_a_vm_it_is_a_conflict(void **state)
{
    struct fixture *f = *state;

    peer_break(f->vm);
    site_run(&f->api.site);
    assert_string_equal(
        word(post(f, 409, AT "/send", "{\"data\":\"a\"}"), "code"),
        "vm-disconnected");
}

static void a_pace_has_its_bound(void **state)
{
    struct fixture *f = *state;
    char body[2048] = "{\"pace\":1,\"data\":\"";
    size_t len = strlen(body);

    memset(body + len, 'a', 700);
    snprintf(body + len + 700, sizeof body - len - 700, "\"}");
    json_decref(post(f, 400, AT "/send", body));
    assert_true(peer_got(f->vm, BYTES("")));
}

/* The call is dropped while it waits, and when the VM takes input again. */
static void a_call_that_is_dropped_types_nothing_more(void **state)
{
    struct fixture *f = *state;
    struct api_fixture_call call;

    console_hold_input(f->console);
    api_fixture_begin(&f->api, &call, HTTP_VERB_POST, AT "/send",
                      "{\"data\":\"a\"}");
    assert_int_equal(call.answered, 0);
    assert_int_equal(f->console->client_count, 1);
    api_fixture_end(&call);
    assert_int_equal(f->console->client_count, 0);
    console_release_input(f->console);
    directory_settle(&f->api.site.directory);
    site_run(&f->api.site);
    assert_true(peer_got(f->vm, BYTES("")));
}

static void a_call_that_waits_is_answered(void **state)
{
    struct fixture *f = *state;
    struct deadline_queue *ticks = typing_ticks(&f->api.site.ctx);
    struct api_fixture_call call;

    console_hold_input(f->console);
    api_fixture_begin(&f->api, &call, HTTP_VERB_POST, AT "/send",
                      "{\"data\":\"a\"}");
    deadline_queue_fire(ticks, clock_now_us() + 2 * TYPING_STALL_US);
    assert_int_equal(call.answered, 1);
    assert_int_equal(call.call.answer.status, 503);
    api_fixture_end(&call);
}

/* ---- the keyboard ---------------------------------------------------------
 */

static void a_lock_is_shown_and_holds(void **state)
{
    struct fixture *f = *state;
    struct peer *other = telnet_connect(&f->api.site, f->console);
    json_t *json =
        post(f, 200, AT "/lock", "{\"reason\":\"new disk\",\"seconds\":60}");
    json_t *console = json_object_get(json, "console");
    json_t *lock = json_object_get(console, "lock");

    assert_string_equal(
        json_string_value(json_object_get(console, "locked_by")), "root");
    assert_string_equal(json_string_value(json_object_get(lock, "reason")),
                        "new disk");
    assert_true(json_is_string(json_object_get(lock, "until")));
    json_decref(json);
    peer_give(other, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("")));
    json_decref(post(f, 200, AT "/send", "{\"data\":\"a\"}"));
    assert_true(peer_got(f->vm, BYTES("a")));
}

static void anothers_lock_is_a_conflict(void **state)
{
    struct fixture *f = *state;

    api_fixture_allow(&f->api, "alice", "*", RIGHT_CONTROL);
    json_decref(post(f, 200, AT "/lock", NULL));
    api_fixture_be(&f->api, "alice");
    assert_string_equal(word(post(f, 409, AT "/lock", NULL), "message"),
                        "root has locked the keyboard");
    assert_string_equal(word(post(f, 409, AT "/unlock", NULL), "code"),
                        "conflict");
    assert_string_equal(
        word(post(f, 409, AT "/send", "{\"data\":\"a\"}"), "code"), "conflict");
    api_fixture_be(&f->api, "root");
    json_decref(post(f, 200, AT "/unlock", NULL));
    json_decref(post(f, 200, AT "/unlock", NULL));
    api_fixture_be(&f->api, "alice");
    json_decref(post(f, 200, AT "/lock", NULL));
    api_fixture_be(&f->api, "root");
    json_decref(post(f, 200, AT "/unlock", NULL));
    assert_null(keyboard_lock_of(f->console));
}

static void a_lock_needs_a_name(void **state)
{
    const struct access_text anybody = { "anybody", 1 };
    struct fixture *f = *state;
    struct access_section_source section = { .pattern = { "*", 1 } };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    section.members[RIGHT_ADMIN] = (struct access_texts){ &anybody, 1 };
    site_set_rules(&f->api.site, &source);
    api_fixture_be(&f->api, NULL);
    json_decref(post(f, 403, AT "/lock", NULL));
    assert_null(keyboard_lock_of(f->console));
}

static void own_clients_get_the_keyboard(void **state)
{
    struct fixture *f = *state;
    struct peer *other;
    char body[64];

    assert_string_equal(word(post(f, 404, AT "/takeover", NULL), "code"),
                        "not-found");
    other = telnet_connect(&f->api.site, f->console);
    last_client(f)->mode = LOCK_WRITE;
    (void)own_client(f);
    json_decref(post(f, 200, AT "/takeover", NULL));
    assert_ptr_equal(keyboard_holder(f->console), last_client(f));
    peer_give(other, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("")));
    (void)own_client(f);
    assert_string_equal(word(post(f, 409, AT "/takeover", NULL), "code"),
                        "ambiguous");
    snprintf(body, sizeof body, "{\"client\":%llu}",
             (unsigned long long)last_client(f)->number);
    json_decref(post(f, 200, AT "/takeover", body));
    assert_ptr_equal(keyboard_holder(f->console), last_client(f));
}

/* ---- clients --------------------------------------------------------------
 */

static void the_people_are_told(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->api.site, f->console);

    assert_int_equal(
        count(post(f, 200, AT "/message", "{\"text\":\"down at 5\"}"), "told"),
        1);
    assert_true(peer_got(
        client, BYTES("\r\n[vspcd: vm-0001: root says: down at 5]\r\n")));
    api_fixture_allow(&f->api, "alice", "*", RIGHT_BREAK);
    api_fixture_be(&f->api, "alice");
    json_decref(post(f, 403, AT "/message", "{\"text\":\"a\"}"));
}

static void clients_are_disconnected(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->api.site, f->console);
    struct peer *second = telnet_connect(&f->api.site, f->console);
    char body[80];

    snprintf(body, sizeof body, "{\"client\":%llu,\"reason\":\"new\\tdisk\"}",
             (unsigned long long)last_client(f)->number);
    assert_int_equal(
        count(post(f, 200, AT "/disconnect", body), "disconnected"), 1);
    assert_true(second->stream.is_closed);
    assert_false(first->stream.is_closed);
    json_decref(post(f, 404, AT "/disconnect", body));
    json_decref(post(f, 400, AT "/disconnect", NULL));
    json_decref(post(f, 400, AT "/disconnect", "{\"client\":1,\"all\":true}"));
    assert_int_equal(
        count(post(f, 200, AT "/disconnect", "{\"all\":true}"), "disconnected"),
        1);
    assert_true(first->stream.is_closed);
    assert_int_equal(
        count(post(f, 200, AT "/disconnect", "{\"all\":true}"), "disconnected"),
        0);
}

static void own_clients_need_no_right(void **state)
{
    struct fixture *f = *state;
    struct peer *own = own_client(f);
    uint64_t number = last_client(f)->number;
    struct peer *other = telnet_connect(&f->api.site, f->console);
    char target[64];

    api_fixture_allow(&f->api, "alice", "*", RIGHT_READ);
    api_fixture_be(&f->api, "alice");
    snprintf(target, sizeof target, "/clients/%llu",
             (unsigned long long)last_client(f)->number);
    assert_string_equal(
        word(api_fixture_json(&f->api, 403, HTTP_VERB_DELETE, target, NULL),
             "code"),
        "forbidden");
    snprintf(target, sizeof target, "/clients/%llu?reason=done",
             (unsigned long long)number);
    assert_int_equal(
        count(api_fixture_json(&f->api, 200, HTTP_VERB_DELETE, target, NULL),
              "disconnected"),
        1);
    site_run(&f->api.site);
    assert_true(own->stream.is_closed);
    assert_false(other->stream.is_closed);
    /* Clients of consoles that nobody may see are not there. */
    api_fixture_allow(&f->api, "alice", "other", RIGHT_ADMIN);
    snprintf(target, sizeof target, "/clients/%llu",
             (unsigned long long)last_client(f)->number);
    json_decref(api_fixture_json(&f->api, 404, HTTP_VERB_DELETE, target, NULL));
    json_decref(api_fixture_json(&f->api, 404, HTTP_VERB_DELETE,
                                 "/clients/99999", NULL));
}

static void a_console_in_use_is_not_forgotten(void **state)
{
    struct fixture *f = *state;
    json_t *json;

    json_decref(api_fixture_json(&f->api, 409, HTTP_VERB_DELETE, AT, NULL));
    peer_break(f->vm);
    site_run(&f->api.site);
    (void)telnet_connect(&f->api.site, f->console);
    json_decref(api_fixture_json(&f->api, 409, HTTP_VERB_DELETE, AT, NULL));
    json_decref(post(f, 200, AT "/disconnect", "{\"all\":true}"));
    assert_null(f->forgotten);
    json = api_fixture_json(&f->api, 200, HTTP_VERB_DELETE, AT, NULL);
    assert_ptr_equal(f->forgotten, f->console);
    assert_string_equal(json_string_value(json_object_get(json, "id")),
                        UUID "/" LABEL);
    json_decref(json);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_fails_does_not_hide_what_is_done),
        TEST(a_text_is_typed),
        TEST(a_break_has_its_key_behind_it),
        TEST(who_may_write_sends_no_break),
        TEST(without_a_vm_it_is_a_conflict),
        TEST(a_pace_has_its_bound),
        TEST(a_call_that_is_dropped_types_nothing_more),
        TEST(a_call_that_waits_is_answered),
        TEST(a_lock_is_shown_and_holds),
        TEST(anothers_lock_is_a_conflict),
        TEST(a_lock_needs_a_name),
        TEST(own_clients_get_the_keyboard),
        TEST(the_people_are_told),
        TEST(clients_are_disconnected),
        TEST(own_clients_need_no_right),
        TEST(a_console_in_use_is_not_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
