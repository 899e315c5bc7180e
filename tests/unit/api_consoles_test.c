/*
 * The commands that show consoles: consoles.list, consoles.show,
 * consoles.moves.
 */
#include "api_fixture.h"

#include "base/clock.h"
#include "core/keyboard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define U1 "11111111-1111-1111-1111-111111111111"
#define U2 "22222222-2222-2222-2222-222222222222"
#define U3 "33333333-3333-3333-3333-333333333333"
#define U4 "44444444-4444-4444-4444-444444444444"

static int setup(void **state)
{
    struct api_fixture *f;

    api_fixture_setup(state);
    f = *state;
    api_fixture_add(f, U1, "s0", "web-10");
    api_fixture_add(f, U2, "s0", "web-2");
    api_fixture_add(f, U3, "s0", "Db-1");
    api_fixture_add(f, U4, "kernel", "web-1");
    return 0;
}

/* ---- lists -------------------------------------------------------------- */

/* The names of the items, with blanks between; total and hidden behind them. */
static const char *names_of(json_t *json)
{
    static char text[1024];
    json_t *items = json_object_get(json, "items");
    size_t len = 0, i;
    json_t *item;

    text[0] = '\0';
    json_array_foreach (items, i, item) {
        len +=
            (size_t)snprintf(text + len, sizeof text - len, "%s ",
                             json_string_value(json_object_get(item, "name")));
    }
    snprintf(text + len, sizeof text - len, "%lld %lld",
             (long long)json_integer_value(json_object_get(json, "total")),
             (long long)json_integer_value(json_object_get(json, "hidden")));
    json_decref(json);
    return text;
}

#define assert_list(f, query, expected)                                        \
    assert_string_equal(names_of(api_fixture_get(f, 200, "/consoles" query)),  \
                        expected)

static void a_list_is_in_the_order_that_people_expect(void **state)
{
    struct api_fixture *f = *state;

    assert_list(f, "", "Db-1 web-1 web-2 web-10 4 0");
    assert_list(f, "?sort=-name", "web-10 web-2 web-1 Db-1 4 0");
}

static void a_list_without_consoles_is_empty(void **state)
{
    struct api_fixture *f = *state;

    assert_list(f, "", "0 0");
    assert_list(f, "?sort=-clients&limit=3&offset=2", "0 0");
}

static void a_list_is_filtered(void **state)
{
    struct api_fixture *f = *state;

    assert_list(f, "?match=web-*", "web-1 web-2 web-10 3 0");
    assert_list(f, "?match=web-?", "web-1 web-2 2 0");
    assert_list(f, "?match=*/kernel", "web-1 1 0");
    assert_list(f, "?match=" U2, "web-2 1 0");
    assert_list(f, "?search=DB", "Db-1 1 0");
    assert_list(f, "?search=3333-", "Db-1 1 0");
    assert_list(f, "?search=kern&match=web-*", "web-1 1 0");
    assert_list(f, "?search=nothing", "0 0");
}

static void a_list_has_pages(void **state)
{
    struct api_fixture *f = *state;

    assert_list(f, "?limit=2", "Db-1 web-1 4 0");
    assert_list(f, "?limit=2&offset=2", "web-2 web-10 4 0");
    assert_list(f, "?limit=2&offset=3", "web-10 4 0");
    assert_list(f, "?offset=4", "4 0");
    assert_list(f, "?limit=1&offset=1&match=web-*", "web-2 3 0");
}

static void a_list_is_by_state_and_by_clients(void **state)
{
    struct api_fixture *f = *state;
    struct peer *vm = vm_start_as(&f->site, U2, "s0");

    assert_list(f, "?state=connected", "vm-0001 1 0");
    assert_list(f, "?state=none", "Db-1 web-1 web-10 3 0");
    assert_list(f, "?state=moving", "0 0");
    assert_list(f, "?sort=state", "vm-0001 Db-1 web-1 web-10 4 0");
    peer_give(vm, BYTES("login: "));
    assert_list(f, "?sort=activity&limit=1", "vm-0001 4 0");
    assert_list(f, "?sort=-activity&offset=3", "vm-0001 4 0");
    telnet_connect(&f->site, directory_find(&f->site.directory, U3, "s0"));
    assert_list(f, "?sort=clients&limit=1", "Db-1 4 0");
}

static void a_list_is_by_host(void **state)
{
    static const char *const hosts[] = { "192.0.2.10", "192.0.2.9", "::1" };
    struct api_fixture *f = *state;

    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        const struct vm_identity identity = {
            .uuid = hosts[i],
            .label = "s0",
            .name = hosts[i],
        };
        struct console_past past = { .is_proven = true };

        assert_true(ip_parse(hosts[i], &past.ip));
        assert_non_null(
            directory_restore(&f->site.directory, &identity, &past));
    }
    assert_list(f, "?sort=host", "::1 192.0.2.9 192.0.2.10 3 0");
}

static void what_may_not_be_read_is_only_counted(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_allow(f, "alice", "web-*", RIGHT_READ);
    assert_list(f, "", "Db-1 web-1 web-2 web-10 4 0");
    api_fixture_be(f, "alice");
    assert_list(f, "", "web-1 web-2 web-10 3 1");
    /* Whatever is looked for: else names could be guessed. */
    assert_list(f, "?match=Db-*", "0 1");
    assert_list(f, "?match=Da-*", "0 1");
    api_fixture_be(f, NULL);
    assert_list(f, "", "0 4");
}

static void only_the_members_that_are_wanted_are_shown(void **state)
{
    struct api_fixture *f = *state;
    char *text = api_fixture_text(f, 200, HTTP_VERB_GET,
                                  "/consoles?fields=name,port&limit=1", NULL);

    assert_string_equal(text, "{\"items\":[{\"name\":\"Db-1\",\"port\":null}],"
                              "\"total\":4,\"hidden\":0}\n");
    free(text);
}

static void a_list_that_cannot_be_is_refused(void **state)
{
    struct api_fixture *f = *state;
    json_t *json = api_fixture_get(f, 400, "/consoles?fields=name,prot");
    const char *message = NULL, *code = NULL;

    assert_int_equal(json_unpack(json, "{s:{s:s,s:s}}", "error", "code", &code,
                                 "message", &message),
                     0);
    assert_string_equal(code, "bad-request");
    assert_non_null(strstr(message, "fields must be all, or some of id, uuid"));
    json_decref(json);
    json_decref(api_fixture_get(f, 400, "/consoles?match=[a"));
    assert_non_null(strstr(
        api_fixture_refused(f, HTTP_VERB_GET, "/consoles?sort=colour", NULL),
        "sort must be one of name"));
    assert_non_null(strstr(
        api_fixture_refused(f, HTTP_VERB_GET, "/consoles?limit=-1", NULL),
        "limit must be a number"));
}

static void a_list_of_some_vms_has_these_alone(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_add(f, U4, "s1", "web-1");
    assert_list(f, "?uuids=" U2 "," U4, "web-1/kernel web-1/s1 web-2 3 0");
    assert_list(f, "?uuids=" U2 ",,none," U3 ",", "Db-1 web-2 2 0");
    assert_list(f, "?match=web-*&uuids=" U2 "," U3, "web-2 1 0");
    assert_list(f, "?uuids=", "0 0");
    /* Nobody finds out which UUIDs there are. */
    api_fixture_allow(f, "alice", "web-*", RIGHT_READ);
    api_fixture_be(f, "alice");
    assert_list(f, "?uuids=" U2 "," U3, "web-2 1 0");
}

/* ---- while a list is made ------------------------------------------------ */

static void remove_console(struct api_fixture *f, const char *uuid,
                           const char *label)
{
    struct console *c = directory_find(&f->site.directory, uuid, label);

    census_walks_forget(&f->site.walks, c);
    directory_remove(c);
}

/* Many consoles, and one goes, or comes, after each number of pieces. */
static void consoles_come_and_go_while_they_are_listed(void **state)
{
    enum { CONSOLES = 60 };

    (void)state;
    for (unsigned turn = 0, is_over = 0; !is_over; turn++) {
        enum api_more more = API_MORE;
        struct api_fixture_call c;
        struct api_fixture f;
        unsigned pieces = 0;
        json_t *json;
        char text[64];
        size_t count;

        api_fixture_open(&f);
        for (unsigned i = 0; i < CONSOLES; i++) {
            snprintf(text, sizeof text, "vm-%u", i * 7 % CONSOLES);
            api_fixture_add(&f, text, "s0", text);
        }
        api_fixture_begin(&f, &c, HTTP_VERB_GET, "/consoles?fields=name", NULL);
        while (more == API_MORE) {
            if (pieces++ == turn) {
                remove_console(&f, "vm-30", "s0");
                api_fixture_add(&f, "vm-99", "s0", "vm-99");
            }
            more = api_produce(&c.call, &c.body);
        }
        is_over = pieces <= turn;
        json = json_loadb((const char *)buf_bytes(&c.body).data, c.body.len, 0,
                          NULL);
        assert_non_null(json);
        count = json_array_size(json_object_get(json, "items"));
        /* It was shown before it went, or not at all. */
        assert_true(count == CONSOLES - 1 || count == CONSOLES);
        assert_int_equal(json_integer_value(json_object_get(json, "total")),
                         count);
        json_decref(json);
        api_fixture_end(&c);
        api_fixture_close(&f);
    }
}

static void a_list_that_nobody_waits_for_ends(void **state)
{
    struct api_fixture *f = *state;
    struct api_fixture_call c;

    for (int pieces = 0; pieces < 5; pieces++) {
        api_fixture_begin(f, &c, HTTP_VERB_GET, "/consoles", NULL);
        for (int i = 0; i < pieces; i++)
            (void)api_produce(&c.call, &c.body);
        api_fixture_end(&c);
        assert_true(list_is_empty(&f->site.walks.all));
    }
}

static void a_right_that_is_lost_meanwhile_is_lost(void **state)
{
    struct api_fixture *f = *state;
    struct api_fixture_call c;
    json_t *json;

    api_fixture_allow(f, "alice", "web-*", RIGHT_READ);
    api_fixture_be(f, "alice");
    api_fixture_begin(f, &c, HTTP_VERB_GET, "/consoles", NULL);
    for (int i = 0; i < 2; i++)
        (void)api_produce(&c.call, &c.body);
    assert_int_equal(c.body.len, 0);
    api_fixture_allow(f, "bob", "web-*", RIGHT_READ);
    api_fixture_take(&c);
    json =
        json_loadb((const char *)buf_bytes(&c.body).data, c.body.len, 0, NULL);
    assert_string_equal(names_of(json), "0 1");
    api_fixture_end(&c);
}

/* Lists of one kind: as many as there may be begin, and the next one waits
 * until one of them needs its turn no more. */
static void check_turns(struct api_fixture *f, const char *target)
{
    enum { MANY = 100 };
    struct api_fixture_call *calls = calloc(MANY, sizeof *calls);
    size_t first = 0, waiting = 0;

    assert_non_null(calls);
    for (size_t i = 0; i < MANY; i++) {
        api_fixture_begin(f, &calls[i], HTTP_VERB_GET, target, NULL);
        if (api_produce(&calls[i].call, &calls[i].body) == API_WAIT)
            waiting++;
        else
            first = i + 1;
    }
    assert_true(first > 0 && waiting == MANY - first);
    /* One that waits goes, and is not woken. */
    api_fixture_end(&calls[first]);
    assert_int_equal(calls[first + 1].woken, 0);
    api_fixture_take(&calls[0]);
    if (!calls[0].has_ended)
        fail_msg("%s has no end", target);
    api_fixture_end(&calls[0]);
    assert_int_equal(calls[first + 1].woken, 1);
    assert_int_equal(calls[first + 2].woken, 0);
    /* Each of the others has its turn then. */
    for (size_t i = 1; i < MANY; i++) {
        if (i == first)
            continue;
        api_fixture_take(&calls[i]);
        assert_true(calls[i].has_ended);
        api_fixture_end(&calls[i]);
    }
    assert_true(list_is_empty(&f->site.walks.all));
    free(calls);
}

static void very_many_lists_take_turns(void **state)
{
    check_turns(*state, "/consoles");
    check_turns(*state, "/who");
    check_turns(*state, "/clients");
}

static void a_list_that_is_sorted_needs_no_turn(void **state)
{
    struct api_fixture *f = *state;
    struct api_fixture_call slow[20];

    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++) {
        api_fixture_begin(f, &slow[i], HTTP_VERB_GET, "/consoles", NULL);
        for (int n = 0; slow[i].body.len == 0 && n < 20; n++)
            assert_int_equal(api_produce(&slow[i].call, &slow[i].body),
                             API_MORE);
        assert_true(slow[i].body.len > 0);
    }
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
        api_fixture_end(&slow[i]);
}

/* ---- one console --------------------------------------------------------- */

static void a_console_is_shown_with_everything(void **state)
{
    struct api_fixture *f = *state;
    struct peer *vm = vm_start_as(&f->site, U2, "s0");
    const char *id, *vm_name, *name, *vm_state, *right, *last_output;
    json_t *json, *port, *locked_by;
    int clients, output_bytes;

    peer_give(vm, BYTES("login: "));
    json = api_fixture_get(f, 200, "/consoles/" U2);
    assert_int_equal(
        json_unpack(json, "{s:s, s:s, s:s, s:s, s:s, s:o, s:i, s:i, s:s, s:o}",
                    "id", &id, "vm", &vm_name, "name", &name, "state",
                    &vm_state, "right", &right, "port", &port, "clients",
                    &clients, "output_bytes", &output_bytes, "last_output",
                    &last_output, "locked_by", &locked_by),
        0);
    assert_string_equal(id, U2 "/s0");
    assert_string_equal(vm_name, "vm-0001");
    assert_string_equal(name, "vm-0001");
    assert_string_equal(vm_state, "connected");
    assert_string_equal(right, "admin");
    assert_true(json_is_null(port));
    assert_int_equal(clients, 0);
    assert_int_equal(output_bytes, 7);
    assert_int_equal(strlen(last_output), strlen("2026-01-31T23:59:59.123Z"));
    assert_true(json_is_null(locked_by));
    json_decref(json);
}

static void who_has_the_keyboard_is_shown(void **state)
{
    struct api_fixture *f = *state;
    struct console *c = directory_find(&f->site.directory, U3, "s0");
    const uint64_t now_us = clock_now_us();
    const char *locked_by, *by, *reason, *since, *until;
    json_t *json;

    assert_int_equal(
        keyboard_lock(c, &f->who, "maintenance", now_us, now_us + 60000000),
        KEYBOARD_LOCKED);
    json = api_fixture_get(f, 200, "/consoles/" U3);
    assert_int_equal(json_unpack(json, "{s:s, s:{s:s, s:s, s:s, s:s}}",
                                 "locked_by", &locked_by, "lock", "by", &by,
                                 "reason", &reason, "since", &since, "until",
                                 &until),
                     0);
    assert_string_equal(locked_by, "root");
    assert_string_equal(by, "root");
    assert_string_equal(reason, "maintenance");
    assert_true(strcmp(since, until) < 0);
    json_decref(json);
    keyboard_unlock(c);
    json = api_fixture_get(f, 200, "/consoles/" U3);
    assert_true(json_is_null(json_object_get(json, "lock")));
    assert_true(json_is_null(json_object_get(json, "locked_by")));
    json_decref(json);
}

static void who_has_typed_is_for_those_who_control(void **state)
{
    struct api_fixture *f = *state;
    struct peer *client;
    json_t *json;

    (void)vm_start_as(&f->site, U1, "s0");
    client =
        telnet_connect(&f->site, directory_find(&f->site.directory, U1, "s0"));
    json = api_fixture_get(f, 200, "/consoles/" U1);
    assert_true(json_is_null(json_object_get(json, "typist")));
    json_decref(json);
    peer_give(client, BYTES("ls"));
    json = api_fixture_get(f, 200, "/consoles/" U1);
    assert_string_equal(json_string_value(json_object_get(json, "typist")),
                        "local");
    json_decref(json);
    api_fixture_allow(f, "alice", "*", RIGHT_BREAK);
    api_fixture_be(f, "alice");
    json = api_fixture_get(f, 200, "/consoles/" U1);
    assert_null(json_object_get(json, "typist"));
    json_decref(json);
}

static void a_console_is_found_by_any_of_its_names(void **state)
{
    struct api_fixture *f = *state;
    static const char *const targets[] = {
        "/consoles/" U4,
        "/consoles/" U4 "%2Fkernel",
        "/consoles/web-1",
    };

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        json_t *json = api_fixture_get(f, 200, targets[i]);

        assert_string_equal(json_string_value(json_object_get(json, "id")),
                            U4 "/kernel");
        json_decref(json);
    }
    json_decref(api_fixture_get(f, 404, "/consoles/web-1%2Fkernel"));
}

static void a_console_that_may_not_be_read_is_not_shown(void **state)
{
    struct api_fixture *f = *state;

    api_fixture_allow(f, "alice", "web-*", RIGHT_READ);
    api_fixture_be(f, "alice");
    json_decref(api_fixture_get(f, 200, "/consoles/web-2"));
    json_decref(api_fixture_get(f, 403, "/consoles/Db-1"));
    json_decref(api_fixture_get(f, 403, "/consoles/Db-1/clients"));
    json_decref(api_fixture_get(f, 403, "/consoles/Db-1/moves"));
    api_fixture_be(f, NULL);
    json_decref(api_fixture_get(f, 401, "/consoles/web-2"));
}

/* ---- moves --------------------------------------------------------------- */

static void a_console_that_is_not_there_is_denied_alike(void **state)
{
    struct api_fixture *f = *state;
    char *there;
    char *missing;

    (void)api_fixture_add(f, "500c1e2f-3341-5a6b-7c8d-9eafb0c1d201", "s0",
                          "web-1");
    api_fixture_be(f, NULL);
    there = api_fixture_text(f, 401, HTTP_VERB_GET, "/consoles/web-1", NULL);
    missing = api_fixture_text(f, 401, HTTP_VERB_GET, "/consoles/web-2", NULL);
    assert_non_null(strstr(there, "web-1"));
    *(strstr(there, "web-1") + 4) = '2';
    assert_string_equal(there, missing);
    free(there);
    free(missing);
}

static void the_last_moves_are_shown(void **state)
{
    struct api_fixture *f = *state;
    struct fact_move_ended how = { .from = "192.0.2.1:902",
                                   .to = "192.0.2.2:902",
                                   .took_us = 1500000,
                                   .held = 3,
                                   .verdict = MOVE_COMPLETED };
    char *text;

    past_moves_add(&f->moves, "web-2", U2 "/s0", &how, 1000);
    how.verdict = MOVE_TIMED_OUT;
    how.took_us = 20790000; /* no sum of powers of two */
    how.to[0] = '\0';
    past_moves_add(&f->moves, "web-2", U2 "/s0", &how, 2000);
    past_moves_add(&f->moves, "Db-1", U3 "/s0", &how, 3000);
    text =
        api_fixture_text(f, 200, HTTP_VERB_GET, "/consoles/web-2/moves", NULL);
    assert_string_equal(
        text, "{\"items\":[{\"ended\":\"1970-01-01T00:00:02.000Z\","
              "\"from\":\"192.0.2.1:902\",\"to\":null,\"completed\":false,"
              "\"outcome\":\"timed-out\",\"took\":20.79,\"held_bytes\":3},"
              "{\"ended\":\"1970-01-01T00:00:01.000Z\","
              "\"from\":\"192.0.2.1:902\",\"to\":\"192.0.2.2:902\","
              "\"completed\":true,\"outcome\":\"completed\",\"took\":1.5,"
              "\"held_bytes\":3}],\"total\":2,\"hidden\":0}\n");
    free(text);
}

#define WITH(test)                                                             \
    cmocka_unit_test_setup_teardown(test, setup, api_fixture_teardown)
#define EMPTY(test)                                                            \
    cmocka_unit_test_setup_teardown(test, api_fixture_setup,                   \
                                    api_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(a_list_is_in_the_order_that_people_expect),
        EMPTY(a_list_without_consoles_is_empty),
        WITH(a_list_is_filtered),
        WITH(a_list_has_pages),
        WITH(a_list_of_some_vms_has_these_alone),
        WITH(a_list_is_by_state_and_by_clients),
        EMPTY(a_list_is_by_host),
        WITH(what_may_not_be_read_is_only_counted),
        WITH(only_the_members_that_are_wanted_are_shown),
        WITH(a_list_that_cannot_be_is_refused),
        cmocka_unit_test(consoles_come_and_go_while_they_are_listed),
        WITH(a_list_that_nobody_waits_for_ends),
        WITH(a_right_that_is_lost_meanwhile_is_lost),
        WITH(very_many_lists_take_turns),
        WITH(a_list_that_is_sorted_needs_no_turn),
        WITH(a_console_is_shown_with_everything),
        WITH(who_has_the_keyboard_is_shown),
        EMPTY(who_has_typed_is_for_those_who_control),
        WITH(a_console_is_found_by_any_of_its_names),
        WITH(a_console_that_may_not_be_read_is_not_shown),
        EMPTY(a_console_that_is_not_there_is_denied_alike),
        WITH(the_last_moves_are_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
