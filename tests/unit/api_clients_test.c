/*
 * The commands that show clients: consoles.clients, clients.list, people.list.
 */
#include "api_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- clients without sessions -------------------------------------------- */

enum { CLIENTS_MAX = 400 };

static void no_pull(struct client *client)
{
    (void)client;
}

static const struct client_ops client_ops = {
    .pull = no_pull,
    .input_changed = no_pull,
    .lines_changed = no_pull,
};

struct fixture {
    struct api_fixture api;
    struct console *web, *db;
    struct client client[CLIENTS_MAX];
    struct principal who[CLIENTS_MAX];
    size_t count;
};

static int setup(void **state)
{
    static struct fixture f;

    memset(&f, 0, sizeof f);
    api_fixture_open(&f.api);
    f.web = api_fixture_add(&f.api, "web", "s0", "web");
    f.db = api_fixture_add(&f.api, "db", "s0", "db");
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < f->count; i++) {
        client_detach(&f->client[i], 9);
        principal_done(&f->who[i]);
    }
    directory_settle(&f->api.site.directory);
    api_fixture_close(&f->api);
    return 0;
}

/* name NULL: somebody at 192.0.2.7. */
static struct client *attach(struct fixture *f, struct console *c,
                             const char *name, enum client_door door,
                             uint64_t since_us)
{
    const struct client_origin origin = {
        .door = door,
        .right = RIGHT_WRITE,
        .peer = "192.0.2.7:4000",
        .now_us = since_us,
    };
    struct client *client = &f->client[f->count];
    struct principal *who = &f->who[f->count++];
    struct err why;
    struct ip ip;

    assert_true(ip_parse("192.0.2.7", &ip));
    *who = principal_of_address(true, ip);
    if (name != NULL)
        assert_true(principal_prove(who, PROOF_PASSWORD, name));
    client_init(client, &client_ops, &origin);
    client->who = who;
    assert_int_equal(client_attach(client, c, since_us, &why), CLIENT_ATTACHED);
    return client;
}

static json_t *get(struct fixture *f, const char *target)
{
    return api_fixture_get(&f->api, 200, target);
}

/* "WORD WORD TOTAL HIDDEN": a member of each item. */
static const char *members_of(json_t *json, const char *member)
{
    static char text[8192];
    json_t *items = json_object_get(json, "items");
    size_t len = 0, i;
    json_t *item;

    text[0] = '\0';
    json_array_foreach (items, i, item) {
        const json_t *value = json_object_get(item, member);

        if (json_is_integer(value))
            len += (size_t)snprintf(text + len, sizeof text - len, "%lld ",
                                    (long long)json_integer_value(value));
        else
            len += (size_t)snprintf(
                text + len, sizeof text - len, "%s ",
                json_is_string(value) ? json_string_value(value) : "-");
    }
    snprintf(text + len, sizeof text - len, "%lld %lld",
             (long long)json_integer_value(json_object_get(json, "total")),
             (long long)json_integer_value(json_object_get(json, "hidden")));
    json_decref(json);
    return text;
}

/* ---- clients --------------------------------------------------------------
 */

static void a_client_is_shown_with_what_it_is(void **state)
{
    struct fixture *f = *state;
    const char *name, *proof, *peer, *door, *right, *mode, *console, *since;
    json_t *json;
    int number, keyboard, typed;

    attach(f, f->web, "alice", CLIENT_DOOR_PORT, 1);
    json = get(f, "/consoles/web/clients");
    assert_int_equal(
        json_unpack(json,
                    "{s:[{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, "
                    "s:b}]}",
                    "items", "number", &number, "name", &name, "proof", &proof,
                    "peer", &peer, "door", &door, "right", &right, "mode",
                    &mode, "console", &console, "since", &since, "has_keyboard",
                    &keyboard, "typed_last", &typed),
        0);
    assert_int_equal(number, 1);
    assert_string_equal(name, "alice");
    assert_string_equal(proof, "password");
    assert_string_equal(peer, "192.0.2.7:4000");
    assert_string_equal(door, "port");
    assert_string_equal(right, "write");
    assert_string_equal(mode, "free-for-all");
    assert_string_equal(console, "web");
    assert_int_equal(strlen(since), strlen("2026-01-31T23:59:59.123Z"));
    assert_false(keyboard);
    assert_false(typed);
    json_decref(json);
}

static void clients_are_in_the_order_of_their_coming(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 5; i++)
        attach(f, f->web, "alice", CLIENT_DOOR_PORT, 1);
    attach(f, f->db, "bob", CLIENT_DOOR_PORT, 1);
    client_wait(&f->client[1]);
    assert_string_equal(members_of(get(f, "/consoles/web/clients"), "number"),
                        "1 2 3 4 5 5 0");
    assert_string_equal(
        members_of(get(f, "/consoles/web/clients?limit=2&offset=1"), "number"),
        "2 3 5 0");
    assert_string_equal(members_of(get(f, "/consoles/db/clients"), "name"),
                        "bob 1 0");
}

static void very_many_clients_are_all_shown(void **state)
{
    struct fixture *f = *state;
    json_t *json, *items;

    for (int i = 0; i < CLIENTS_MAX; i++)
        attach(f, i % 4 == 0 ? f->db : f->web, NULL, CLIENT_DOOR_PORT, 1);
    json = get(f, "/clients");
    items = json_object_get(json, "items");
    assert_int_equal(json_array_size(items), CLIENTS_MAX);
    assert_int_equal(json_integer_value(json_object_get(json, "total")),
                     CLIENTS_MAX);
    json_decref(json);
    json = get(f, "/consoles/web/clients");
    items = json_object_get(json, "items");
    assert_int_equal(json_array_size(items), CLIENTS_MAX * 3 / 4);
    json_decref(json);
}

static void clients_of_hidden_consoles_are_only_counted(void **state)
{
    struct fixture *f = *state;

    attach(f, f->web, "alice", CLIENT_DOOR_PORT, 1);
    attach(f, f->db, "bob", CLIENT_DOOR_PORT, 1);
    attach(f, f->db, "bob", CLIENT_DOOR_PORT, 1);
    api_fixture_allow(&f->api, "carol", "web", RIGHT_READ);
    api_fixture_be(&f->api, "carol");
    assert_string_equal(members_of(get(f, "/clients"), "name"), "alice 1 2");
    assert_string_equal(members_of(get(f, "/who"), "name"), "alice 1 2");
}

static void who_typed_is_for_those_who_control(void **state)
{
    struct fixture *f = *state;
    json_t *json, *typed;

    attach(f, f->web, "alice", CLIENT_DOOR_PORT, 1);
    api_fixture_allow(&f->api, "carol", "web", RIGHT_BREAK);
    api_fixture_be(&f->api, "carol");
    json = get(f, "/consoles/web/clients");
    typed = json_object_get(json_array_get(json_object_get(json, "items"), 0),
                            "typed_last");
    assert_null(typed);
    json_decref(json);
}

/* A console and a client go between two pieces of a list. */
static void what_goes_while_clients_are_listed_is_left_out(void **state)
{
    struct fixture *f = *state;
    static const char *const targets[] = { "/clients", "/who",
                                           "/consoles/db/clients" };

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct api_fixture_call c;
        struct console *gone = api_fixture_add(&f->api, "gone", "s0", "gone");
        json_t *json;

        attach(f, f->db, "bob", CLIENT_DOOR_PORT, 1);
        api_fixture_begin(&f->api, &c, HTTP_VERB_GET, targets[i], NULL);
        client_detach(&f->client[f->count - 1], 2);
        census_walks_forget(&f->api.site.walks, gone);
        directory_remove(gone);
        directory_settle(&f->api.site.directory);
        api_fixture_take(&c);
        json = json_loadb((const char *)buf_bytes(&c.body).data, c.body.len, 0,
                          NULL);
        assert_string_equal(members_of(json, "name"), "0 0");
        api_fixture_end(&c);
        assert_true(list_is_empty(&f->api.site.walks.all));
    }
}

static void a_console_that_goes_has_no_clients(void **state)
{
    struct fixture *f = *state;
    struct console *gone = api_fixture_add(&f->api, "gone", "s0", "gone");
    struct api_fixture_call c;

    api_fixture_begin(&f->api, &c, HTTP_VERB_GET, "/consoles/gone/clients",
                      NULL);
    directory_remove(gone);
    api_fixture_take(&c);
    assert_string_equal(
        members_of(json_loadb((const char *)buf_bytes(&c.body).data, c.body.len,
                              0, NULL),
                   "name"),
        "0 0");
    api_fixture_end(&c);
}

/* ---- people ----------------------------------------------------------------
 */

static void clients_are_grouped_by_person(void **state)
{
    struct fixture *f = *state;
    json_t *json, *bob;

    attach(f, f->web, "bob-10", CLIENT_DOOR_PORT, 3);
    attach(f, f->web, NULL, CLIENT_DOOR_PORT, 3);
    attach(f, f->db, "bob-9", CLIENT_DOOR_MENU, 2);
    attach(f, f->web, "bob-9", CLIENT_DOOR_PORT, 1);
    attach(f, f->db, NULL, CLIENT_DOOR_PORT, 3);
    attach(f, f->db, NULL, CLIENT_DOOR_NULL_MODEM, 3);
    json = get(f, "/who");
    bob = json_array_get(json_object_get(json, "items"), 0);
    bob = json_incref(json_object_get(bob, "clients"));
    assert_string_equal(members_of(json, "name"), "bob-9 bob-10 - 3 0");
    assert_int_equal(json_array_size(bob), 2);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(bob, 0), "console")),
        "web");
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(bob, 1), "door")),
        "menu");
    json_decref(bob);
    assert_string_equal(members_of(get(f, "/who"), "address"),
                        "- - 192.0.2.7 3 0");
    assert_string_equal(members_of(get(f, "/who"), "proof"),
                        "password password address 3 0");
}

static void nobody_is_an_empty_list(void **state)
{
    struct fixture *f = *state;

    assert_string_equal(members_of(get(f, "/who"), "name"), "0 0");
    assert_string_equal(members_of(get(f, "/clients"), "name"), "0 0");
}

static void people_that_nobody_waits_for_are_forgotten(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < CLIENTS_MAX; i++)
        attach(f, f->web, i % 2 == 0 ? "alice" : NULL, CLIENT_DOOR_PORT, 1);
    for (int pieces = 0; pieces < 60; pieces++) {
        struct api_fixture_call c;

        api_fixture_begin(&f->api, &c, HTTP_VERB_GET, "/who", NULL);
        for (int i = 0; i < pieces; i++)
            if (api_produce(&c.call, &c.body) == API_END)
                break;
        api_fixture_end(&c);
    }
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ONE(a_client_is_shown_with_what_it_is),
        ONE(clients_are_in_the_order_of_their_coming),
        ONE(very_many_clients_are_all_shown),
        ONE(clients_of_hidden_consoles_are_only_counted),
        ONE(who_typed_is_for_those_who_control),
        ONE(what_goes_while_clients_are_listed_is_left_out),
        ONE(a_console_that_goes_has_no_clients),
        ONE(clients_are_grouped_by_person),
        ONE(nobody_is_an_empty_list),
        ONE(people_that_nobody_waits_for_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
