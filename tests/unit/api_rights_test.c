/*
 * Who may use which command: every row there is, with every right. A row that
 * is new, or whose right is another one, is not in the table here: somebody has
 * to think about it and write down what it is to be.
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

/* A use of each row, which needs at least `needs`: the row's own right, unless
 * the command asks for more on account of what it is to do. */
static const struct use {
    const char *name;
    enum right right; /* of the row */
    enum right needs; /* of this use */
    bool is_change;
    const char *target; /* behind {console} */
    const char *body;
} uses[] = {
    /* Show what may be read, item by item. */
    { "consoles.list", RIGHT_NONE, RIGHT_NONE, false, "/consoles", NULL },
    { "clients.list", RIGHT_NONE, RIGHT_NONE, false, "/clients", NULL },
    { "people.list", RIGHT_NONE, RIGHT_NONE, false, "/who", NULL },
    { "events", RIGHT_NONE, RIGHT_NONE, false, "/events", NULL },
    { "alerts.list", RIGHT_NONE, RIGHT_NONE, false, "/alerts", NULL },
    { "alerts.show", RIGHT_NONE, RIGHT_NONE, false, "/alerts/1", NULL },
    /* Needs write on the alert's console: api_alerts_test. */
    { "alerts.acknowledge", RIGHT_NONE, RIGHT_NONE, true,
      "/alerts/1/acknowledge", NULL },
    { "recordings.list", RIGHT_NONE, RIGHT_NONE, false, "/recordings", NULL },
    /* Judge by the recording's console: tests/program/test_recordings.py. */
    { "recordings.show", RIGHT_NONE, RIGHT_NONE, false, "/recordings/1", NULL },
    { "recordings.cast", RIGHT_NONE, RIGHT_NONE, false, "/recordings/1/cast",
      NULL },
    { "recordings.delete", RIGHT_NONE, RIGHT_NONE, true, "/recordings/1",
      NULL },
    /* Are about the caller, or about nobody. */
    { "whoami", RIGHT_NONE, RIGHT_NONE, false, "/whoami", NULL },
    { "login.show", RIGHT_NONE, RIGHT_NONE, false, "/login", NULL },
    { "login", RIGHT_NONE, RIGHT_NONE, true, "/login", NULL },
    { "logout", RIGHT_NONE, RIGHT_NONE, true, "/logout", NULL },
    { "version", RIGHT_NONE, RIGHT_NONE, false, "/version", NULL },
    { "openapi", RIGHT_NONE, RIGHT_NONE, false, "/openapi.json", NULL },
    { "healthz", RIGHT_NONE, RIGHT_NONE, false, "//healthz", NULL },
    { "readyz", RIGHT_NONE, RIGHT_NONE, false, "//readyz", NULL },
    { "access.explain", RIGHT_NONE, RIGHT_NONE, false,
      "/access/explain?console=any", NULL },
    /* Are about the caller's own, or need more. */
    { "sessions.list", RIGHT_NONE, RIGHT_NONE, false, "/sessions", NULL },
    { "sessions.end", RIGHT_NONE, RIGHT_NONE, true, "/sessions/1", NULL },
    { "tokens.list", RIGHT_NONE, RIGHT_NONE, false, "/tokens", NULL },
    { "tokens.create", RIGHT_NONE, RIGHT_ADMIN, true, "/tokens",
      "{\"name\":\"ci\",\"owner\":\"bob\"}" },
    { "tokens.revoke", RIGHT_NONE, RIGHT_NONE, true, "/tokens/ci", NULL },
    { "clients.disconnect", RIGHT_NONE, RIGHT_CONTROL, true, "/clients/1",
      NULL },
    { "consoles.disconnect", RIGHT_READ, RIGHT_CONTROL, true, "/disconnect",
      "{\"all\":true}" },
    { "consoles.takeover", RIGHT_WRITE, RIGHT_WRITE, true, "/takeover", NULL },
    /* Have a right, and that is all. */
    /* Addresses and names of all consoles are in it. */
    { "refusals", RIGHT_CONTROL, RIGHT_CONTROL, false, "/refusals", NULL },
    /* Without threads it answers 503: tests/program/test_vspc_doctor.py. */
    { "diagnosis", RIGHT_CONTROL, RIGHT_CONTROL, false, "/diagnosis", NULL },
    { "consoles.show", RIGHT_READ, RIGHT_READ, false, "", NULL },
    { "consoles.clients", RIGHT_READ, RIGHT_READ, false, "/clients", NULL },
    { "consoles.moves", RIGHT_READ, RIGHT_READ, false, "/moves", NULL },
    { "consoles.log", RIGHT_READ, RIGHT_READ, false, "/log", NULL },
    { "consoles.search", RIGHT_READ, RIGHT_READ, false, "/log/search?search=a",
      NULL },
    { "consoles.places", RIGHT_READ, RIGHT_READ, false, "/log/places", NULL },
    { "consoles.history", RIGHT_READ, RIGHT_READ, false, "/history", NULL },
    { "console_log", RIGHT_READ, RIGHT_READ, false, "", NULL },
    { "consoles.attach", RIGHT_READ, RIGHT_READ, false, "/attach", NULL },
    { "consoles.send", RIGHT_WRITE, RIGHT_WRITE, true, "/send",
      "{\"data\":\"a\"}" },
    { "consoles.record", RIGHT_WRITE, RIGHT_WRITE, true, "/record", NULL },
    { "consoles.record_stop", RIGHT_WRITE, RIGHT_WRITE, true, "/record/stop",
      NULL },
    { "consoles.break", RIGHT_BREAK, RIGHT_BREAK, true, "/break", NULL },
    { "consoles.message", RIGHT_CONTROL, RIGHT_CONTROL, true, "/message",
      "{\"text\":\"a\"}" },
    { "consoles.lock", RIGHT_CONTROL, RIGHT_CONTROL, true, "/lock", NULL },
    { "consoles.unlock", RIGHT_CONTROL, RIGHT_CONTROL, true, "/unlock", NULL },
    { "consoles.forget", RIGHT_ADMIN, RIGHT_ADMIN, true, "", NULL },
    { "metrics", RIGHT_READ, RIGHT_READ, false, "//metrics", NULL },
    { "status", RIGHT_READ, RIGHT_READ, false, "/status", NULL },
    { "vm-listeners", RIGHT_READ, RIGHT_READ, false, "/vm-listeners", NULL },
    { "series", RIGHT_READ, RIGHT_READ, false, "/series", NULL },
    { "limits", RIGHT_READ, RIGHT_READ, false, "/limits", NULL },
    { "alerts.rules", RIGHT_READ, RIGHT_READ, false, "/alerts/rules", NULL },
    { "alerts.mutes", RIGHT_READ, RIGHT_READ, false, "/alerts/mutes", NULL },
    { "alerts.webhooks", RIGHT_READ, RIGHT_READ, false, "/alerts/webhooks",
      NULL },
    { "alerts.mute", RIGHT_CONTROL, RIGHT_CONTROL, true, "/alerts/mutes",
      "{\"match\":\"*\"}" },
    { "alerts.unmute", RIGHT_CONTROL, RIGHT_CONTROL, true, "/alerts/mutes/1",
      NULL },
    { "alerts.test", RIGHT_ADMIN, RIGHT_ADMIN, true, "/alerts/test",
      "{\"webhook\":\"a\"}" },
    { "ssh-keys.list", RIGHT_ADMIN, RIGHT_ADMIN, false, "/ssh-keys", NULL },
    { "ssh-keys.add", RIGHT_ADMIN, RIGHT_ADMIN, true, "/ssh-keys",
      "{\"name\":\"a\",\"key\":\"a\"}" },
    { "ssh-keys.delete", RIGHT_ADMIN, RIGHT_ADMIN, true, "/ssh-keys/1", NULL },
    { "vm-keys.make", RIGHT_ADMIN, RIGHT_ADMIN, true, "/vm-keys",
      "{\"uuid\":\"a\"}" },
    { "config.show", RIGHT_ADMIN, RIGHT_ADMIN, false, "/config", NULL },
    { "config.check", RIGHT_ADMIN, RIGHT_ADMIN, false, "/config/check", NULL },
    { "config.reload", RIGHT_ADMIN, RIGHT_ADMIN, true, "/config/reload", NULL },
};

enum { USES = sizeof uses / sizeof *uses };

static const char *why_not_ready(void *owner)
{
    (void)owner;
    return NULL;
}

static int setup(void **state)
{
    struct api_fixture *f;
    int r = api_fixture_setup(state);

    f = *state;
    f->means.census.why_not_ready = why_not_ready;
    (void)vm_start(&f->site);
    (void)telnet_connect(&f->site, site_console(&f->site));
    return r;
}

static const struct use *use_of(const struct api_command *row)
{
    for (size_t i = 0; i < USES; i++)
        if (strcmp(uses[i].name, row->name) == 0)
            return &uses[i];
    fail_msg("%s is a new row: think about its right, and add it", row->name);
    return NULL;
}

/* alice comes from elsewhere, and has this right on everything. */
static void be_alice(struct api_fixture *f, enum right right)
{
    api_fixture_be(f, "alice");
    f->who.is_local = false;
    api_fixture_allow(f, right != RIGHT_NONE ? "alice" : "bob", "*",
                      right != RIGHT_NONE ? right : RIGHT_READ);
}

/* The console is named by its UUID, from which nobody learns its name. */
static void use(struct api_fixture *f, struct api_fixture_call *c,
                const struct api_command *row, const struct use *use)
{
    const struct console *console = site_console(&f->site);
    const char *at = strchr(row->path, '{');
    char target[256];

    if (at == NULL || strncmp(at, "{console}", 9) != 0)
        snprintf(target, sizeof target, "%s", use->target);
    else
        snprintf(target, sizeof target, "%.*s%s%s", (int)(at - row->path),
                 row->path, console->uuid, use->target);
    api_fixture_begin(f, c, row->verb, target, use->body);
}

/* A client at a console that may not be read is not there. */
static bool is_refused(const struct api_fixture_call *c, enum right right)
{
    unsigned status = c->answered > 0 ? c->call.answer.status : 0;

    return status == 403 || (status == 404 && right < RIGHT_READ &&
                             strstr(c->call.command->path, "{number}") != NULL);
}

static void every_row_is_here(void **state)
{
    struct api_cursor cursor = { 0 };
    const struct api_command *row;
    size_t count = 0;

    (void)state;
    while ((row = api_next_row(&cursor)) != NULL) {
        const struct use *use = use_of(row);

        if (row->right != use->right || row->is_change != use->is_change)
            fail_msg("%s: its right, or that it is audited, is not as here",
                     row->name);
        /* A GET has no effects; nothing else is left out of the audit, but
         * what only reads. */
        if ((row->verb != HTTP_VERB_GET) !=
            (row->is_change || strcmp(row->name, "config.check") == 0))
            fail_msg("%s: its method and its audit do not go together",
                     row->name);
        /* Who has had a console, and by what, is an auditor's to know. A client
         * that attaches is an event by itself. */
        if (row->shows_output != (strcmp(row->name, "consoles.log") == 0 ||
                                  strcmp(row->name, "consoles.search") == 0 ||
                                  strcmp(row->name, "consoles.history") == 0 ||
                                  strcmp(row->name, "recordings.cast") == 0 ||
                                  strcmp(row->name, "console_log") == 0))
            fail_msg("%s: whether it shows output is not as here", row->name);
        count++;
    }
    assert_int_equal(count, USES);
}

static void each_right_allows_what_it_says(void **state)
{
    struct api_cursor cursor = { 0 };
    const struct api_command *row;

    while ((row = api_next_row(&cursor)) != NULL) {
        const struct use *of_row = use_of(row);

        for (int right = RIGHT_NONE; right < RIGHT_COUNT; right++) {
            struct api_fixture *f;
            struct api_fixture_call c;

            setup(state);
            f = *state;
            be_alice(f, (enum right)right);
            use(f, &c, row, of_row);
            if (is_refused(&c, (enum right)right) !=
                (right < (int)of_row->needs))
                fail_msg("%s with the right %s: status %u", row->name,
                         right_name((enum right)right), c.call.answer.status);
            api_fixture_end(&c);
            api_fixture_teardown(state);
        }
    }
}

/* Whoever has proven nothing may try again, and learns nothing by it. */
static void nobody_is_asked_who_he_is(void **state)
{
    struct api_fixture *f = *state;
    struct api_cursor cursor = { 0 };
    const struct api_command *row;

    while ((row = api_next_row(&cursor)) != NULL) {
        struct api_fixture_call c;

        api_fixture_be(f, NULL);
        use(f, &c, row, use_of(row));
        if (row->right != RIGHT_NONE)
            assert_int_equal(c.call.answer.status, 401);
        api_fixture_end(&c);
    }
}

/* alice may not read the console: no answer has its name; and its id only if
 * she has said it. */
static void what_may_not_be_read_is_not_shown(void **state)
{
    struct api_fixture *f = *state;
    const struct console *console = site_console(&f->site);
    struct api_cursor cursor = { 0 };
    const struct api_command *row;

    be_alice(f, RIGHT_NONE);
    while ((row = api_next_row(&cursor)) != NULL) {
        struct api_fixture_call c;
        bool is_named = strstr(row->path, "{console}") != NULL;
        char *shown;

        use(f, &c, row, use_of(row));
        api_fixture_take(&c);
        shown = calloc(1, c.body.len + 1);
        assert_non_null(shown);
        for (uint32_t i = 0; i < c.body.len; i++)
            shown[i] = (char)buf_bytes(&c.body).data[i];
        if (strstr(shown, console->name))
            fail_msg("%s shows a hidden console's name: %s", row->name, shown);
        if (!is_named && strstr(shown, console->uuid))
            fail_msg("%s shows a hidden console's UUID: %s", row->name, shown);
        free(shown);
        api_fixture_end(&c);
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup, api_fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_here),
        cmocka_unit_test(each_right_allows_what_it_says),
        TEST(nobody_is_asked_who_he_is),
        TEST(what_may_not_be_read_is_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
