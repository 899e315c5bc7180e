/* What clients may do: by the rules, when they come, and when the rules or the
 * console change under them. */
#include "client_fixture.h"

#include "session/client/client_session_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* One section for consoles of this pattern, which gives this right to whoever
 * connects from here. */
static void allow(struct fixture *f, const char *pattern, enum right right)
{
    const struct access_text member = {
        right == RIGHT_NONE ? "somebody-else" : "anybody from local", 1
    };
    struct access_section_source section = { .pattern = { pattern, 1 } };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    section.members[right == RIGHT_NONE ? RIGHT_READ : right] =
        (struct access_texts){ &member, 1 };
    site_set_rules(&f->site, &source);
    (void)sessions_judge(&f->site.ctx);
    site_run(&f->site);
}

static void one_without_a_right_is_told_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    allow(f, "*", RIGHT_NONE);
    client = client_connect(&f->site, f->console);
    peer_give(f->vm, BYTES("secret"));
    peer_give(client, BYTES(YES));
    assert_true(peer_got(
        client, BYTES("[vspcd: refused, you have no access here]\r\n")));
    assert_true(client->stream.is_closed);
    assert_int_equal(f->console->client_count, 0);
}

static void one_without_a_right_types_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    allow(f, "*", RIGHT_NONE);
    client = client_connect(&f->site, f->console);
    client->is_raw = true;
    peer_give(client, BYTES("reboot\r"));
    assert_true(peer_got(f->vm, BYTES("")));
    assert_true(client->stream.is_closed);
    assert_int_equal(f->console->client_count, 0);
}

static void a_raw_listener_asks_the_rules_too(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    allow(f, "*", RIGHT_NONE);
    client = listener_connect(f);
    peer_give(f->vm, BYTES("secret"));
    assert_true(peer_got(client, BYTES("")));
    assert_true(client->stream.is_closed);
}

static void without_rules_nobody_may_anything(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    site_set_access(&f->site, NULL);
    client = client_connect(&f->site, f->console);
    peer_give(client, BYTES(YES));
    assert_true(client->stream.is_closed);
}

static void a_reader_reads_and_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    allow(f, "*", RIGHT_READ);
    client = telnet_connect(&f->site, f->console);
    peer_give(f->vm, BYTES("login: "));
    assert_true(peer_got(client, BYTES("login: ")));
    peer_give(client, BYTES("root\r"));
    assert_true(
        peer_got(client, BYTES(NOTICE("vm-0001: you may only read; what you "
                                      "type is discarded"))));
    peer_give(client, BYTES("root\r"));
    assert_true(peer_got(client, BYTES("")));
    assert_true(peer_got(f->vm, BYTES("")));
    assert_int_equal(f->console->input_bytes, 0);
}

static void a_reader_breaks_and_sets_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *client;
    uint32_t baud = line_get(&f->console->line, LINE_CLIENTS, LINE_BAUD);

    allow(f, "*", RIGHT_READ);
    client = telnet_connect(&f->site, f->console);
    peer_give(client, BYTES(IAC WILL "\x2c"));
    peer_give(client, BYTES(IAC SB "\x2c\x01\x00\x00\x12\xc0" IAC SE));
    assert_int_equal(line_get(&f->console->line, LINE_CLIENTS, LINE_BAUD),
                     baud);
    peer_forget(f->vm);
    peer_give(client, BYTES(IAC SB "\x2c\x05\x05" IAC SE)); /* break on */
    peer_give(client, BYTES(IAC "\xf3"));                   /* IAC BRK */
    peer_give(client, BYTES(IAC SB "\x2c\x05\x09" IAC SE)); /* DTR off */
    peer_give(client, BYTES(IAC SB "\x2c\x0c\x02" IAC SE)); /* purge */
    assert_true(peer_heard(f->vm, ""));
    assert_int_equal(f->console->dtr_clients, 1);
    assert_true(peer_got(f->vm, BYTES("")));
}

static void one_who_writes_does_not_break(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    allow(f, "*", RIGHT_WRITE);
    client = telnet_connect(&f->site, f->console);
    peer_give(client, BYTES("x" IAC "\xf3"));
    assert_true(peer_got(f->vm, BYTES("x")));
    assert_true(peer_heard(f->vm, ""));
    assert_true(
        peer_got(client, BYTES(NOTICE("vm-0001: you may not send a break"))));
}

static void a_reader_does_not_end_the_break_of_another(void **state)
{
    struct fixture *f = *state;
    struct peer *first = telnet_connect(&f->site, f->console);
    struct peer *second = telnet_connect(&f->site, f->console);

    peer_give(second, BYTES(IAC WILL "\x2c"));
    peer_give(first, BYTES(IAC WILL "\x2c"));
    peer_give(first, BYTES(IAC SB "\x2c\x05\x05" IAC SE));
    peer_forget(f->vm);
    peer_give(second, BYTES(IAC SB "\x2c\x05\x06" IAC SE));
    assert_true(peer_heard(f->vm, ""));
}

/* Under new rules within the turn. */
static void rights_are_taken_and_given_live(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("a")));
    allow(f, "*", RIGHT_READ);
    assert_true(peer_got(
        client, BYTES(NOTICE("vm-0001: you may only read from now on"))));
    peer_give(client, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("")));
    allow(f, "*", RIGHT_WRITE);
    assert_true(
        peer_got(client, BYTES(NOTICE("vm-0001: you may type from now on"))));
    peer_give(client, BYTES("c"));
    assert_true(peer_got(f->vm, BYTES("c")));
}

static void one_who_loses_read_is_closed_with_the_reason(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_block(client);
    peer_give(f->vm, BYTES("not read yet"));
    allow(f, "*", RIGHT_NONE);
    peer_give(f->vm, BYTES("secret"));
    peer_unblock(client);
    site_run(&f->site);
    assert_true(peer_got(client, BYTES(NOTICE("the rules do not allow reading "
                                              "this console"))));
    assert_true(client->stream.is_closed);
}

/* ---- persons, whose groups and tokens change ---------------------------- */

/* Wheel writes, and everybody here reads. */
static void allow_wheel(struct fixture *f)
{
    static const struct access_text wheel = { "unix:wheel", 1 };
    static const struct access_text local = { "anybody from local", 1 };
    struct access_section_source section = { .pattern = { "*", 1 } };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    section.members[RIGHT_WRITE] = (struct access_texts){ &wheel, 1 };
    section.members[RIGHT_READ] = (struct access_texts){ &local, 1 };
    site_set_rules(&f->site, &source);
}

static struct principal alice(void)
{
    char *wheel = (char *)"wheel";
    struct principal p = principal_of_address(false, (struct ip){ 0 });

    assert_true(principal_prove(&p, PROOF_PASSWORD, "alice"));
    principal_set_groups(&p, &wheel, 1);
    return p;
}

/* The only client has logged in. */
static struct client_session *prove(struct fixture *f, struct principal who)
{
    struct client_session *s = client_session_of(
        CONTAINER_OF(f->console->clients.next, struct client, node));
    struct err why;

    client_access_prove(s, &who);
    assert_true(client_access_decide(s, &why));
    return s;
}

static void one_who_leaves_a_group_loses_its_right(void **state)
{
    struct fixture *f = *state;
    struct groups_watch watch;
    struct client_session *s;
    struct peer *client;

    groups_watch_open(&watch, NULL, NULL);
    f->site.ctx.groups = &watch;
    allow_wheel(f);
    client = telnet_connect(&f->site, f->console);
    s = prove(f, alice());
    peer_give(client, BYTES("a"));
    assert_true(peer_got(f->vm, BYTES("a")));
    /* The name service has said so. */
    principal_set_groups(&s->who, NULL, 0);
    s->watched.on_change(s->watched.owner);
    site_run(&f->site);
    assert_true(peer_got(
        client, BYTES(NOTICE("vm-0001: you may only read from now on"))));
    peer_give(client, BYTES("b"));
    assert_true(peer_got(f->vm, BYTES("")));
    peer_break(client);
    site_run(&f->site);
    assert_true(list_is_empty(&watch.watched));
    groups_watch_close(&watch);
    f->site.ctx.groups = NULL;
}

static void ignore_use(void *owner, const struct token *token, bool is_new)
{
    (void)owner;
    (void)token;
    (void)is_new;
}

/* It is closed, though everybody here may read. */
static void one_whose_token_ends_is_closed(void **state)
{
    static const struct tokens_events events = { .on_use = ignore_use };
    struct fixture *f = *state;
    struct principal who = principal_of_address(false, (struct ip){ 0 });
    uint8_t random[TOKEN_RANDOM_LEN] = { 1 };
    char text[TOKEN_LEN + 1];
    struct token token = { .id = 1,
                           .name = "ci",
                           .owner = "alice",
                           .right = RIGHT_READ,
                           .used_from = "" };
    struct tokens *tokens = tokens_new(&events);
    struct peer *client;

    token_make(random, text);
    token_digest(slice_of_text(text), token.digest);
    tokens_replace(tokens, &token, 1, 1, NULL, NULL, NULL);
    f->site.ctx.tokens = tokens;
    allow_wheel(f);
    client = telnet_connect(&f->site, f->console);
    assert_int_equal(tokens_prove(tokens, slice_of_text(text), 1, &who),
                     TOKENS_PROVEN);
    who.owner->is_local = true;
    (void)prove(f, who);
    (void)sessions_judge(&f->site.ctx);
    peer_give(f->vm, BYTES("output"));
    assert_true(peer_got(client, BYTES("output")));
    tokens_replace(tokens, NULL, 0, 1, NULL, NULL, NULL);
    assert_int_equal(sessions_judge(&f->site.ctx).clients, 1);
    peer_give(f->vm, BYTES("secret"));
    site_run(&f->site);
    assert_true(peer_got(client, BYTES(NOTICE("its token was revoked or "
                                              "has expired"))));
    assert_true(client->stream.is_closed);
    f->site.ctx.tokens = NULL;
    tokens_free(tokens);
}

/* The break that it holds would last for ever. */
static void a_break_ends_with_its_right(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(client, BYTES(IAC WILL "\x2c"));
    peer_give(client, BYTES(IAC SB "\x2c\x05\x05" IAC SE));
    assert_true(client_at(f->console->clients.next)->is_in_break);
    allow(f, "*", RIGHT_WRITE);
    assert_false(client_at(f->console->clients.next)->is_in_break);
}

/* The VM's new name is another console for the rules: neither the name nor what
 * comes behind it is shown. */
static void a_renamed_console_is_judged_anew(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    allow(f, "vm-*", RIGHT_WRITE);
    client = telnet_connect(&f->site, f->console);
    site_renames_due(&f->site);
    peer_give(f->vm, BYTES(EXT(VM_NAME "db-0001") "secret"));
    site_renames_due(&f->site);
    site_run(&f->site);
    assert_true(peer_got(client, BYTES(NOTICE("the rules do not allow reading "
                                              "this console"))));
    peer_give(client, BYTES("x"));
    assert_true(client->stream.is_closed);
    assert_true(peer_got(f->vm, BYTES("")));
    assert_int_equal(f->console->client_count, 0);
}

/* Nor is the name that has taken the right away. */
static void a_name_that_may_not_be_read_is_not_said(void **state)
{
    struct fixture *f = *state;
    struct peer *client;

    allow(f, "vm-*", RIGHT_WRITE);
    client = telnet_connect(&f->site, f->console);
    directory_rename(f->console, "hidden", 1);
    site_run(&f->site);
    assert_true(peer_got(client, BYTES(NOTICE("the rules do not allow reading "
                                              "this console"))));
    assert_true(client->stream.is_closed);
}

/* Nor the lines of what is another console now, while its end is told. */
static void one_that_drains_sees_no_lines(void **state)
{
    struct fixture *f = *state;
    struct peer *client = telnet_connect(&f->site, f->console);

    peer_give(f->vm, BYTES(IAC WILL "\x2c"));
    peer_give(client, BYTES(IAC WILL "\x2c"));
    peer_forget(client);
    peer_block(client);
    peer_give(f->vm, BYTES(IAC SB "\x2c\x05\x09" IAC SE));
    allow(f, "nothing", RIGHT_WRITE);
    peer_give(f->vm, BYTES(IAC SB "\x2c\x05\x08" IAC SE));
    peer_unblock(client);
    site_run(&f->site);
    assert_true(peer_heard(client, "SB 44 107 26"));
    assert_true(client->stream.is_closed);
}

static void a_client_that_moves_is_judged_for_where_it_goes(void **state)
{
    struct fixture *f = *state;
    struct peer *other_vm =
        vm_start_as(&f->site, "11111111-1111-1111-1111-111111111111", "s1");
    struct console *other = directory_find(
        &f->site.directory, "11111111-1111-1111-1111-111111111111", "s1");
    struct peer *peer;
    struct client *client;
    struct err why;

    assert_non_null(other);
    allow(f, "*/" LABEL, RIGHT_WRITE);
    peer = telnet_connect(&f->site, f->console);
    client = client_at(f->console->clients.next);
    assert_int_equal(client_session_attach(client, other, &why),
                     CLIENT_REFUSED_RIGHT);
    directory_settle(&f->site.directory);
    peer_give(other_vm, BYTES("secret"));
    assert_true(peer_got(peer, BYTES("")));
    assert_int_equal(other->client_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_without_a_right_is_told_nothing),
        TEST(one_without_a_right_types_nothing),
        TEST(a_raw_listener_asks_the_rules_too),
        TEST(without_rules_nobody_may_anything),
        TEST(a_reader_reads_and_is_told_once),
        TEST(a_reader_breaks_and_sets_nothing),
        TEST(one_who_writes_does_not_break),
        TEST(a_reader_does_not_end_the_break_of_another),
        TEST(rights_are_taken_and_given_live),
        TEST(one_who_loses_read_is_closed_with_the_reason),
        TEST(one_who_leaves_a_group_loses_its_right),
        TEST(one_whose_token_ends_is_closed),
        TEST(a_break_ends_with_its_right),
        TEST(a_renamed_console_is_judged_anew),
        TEST(a_name_that_may_not_be_read_is_not_said),
        TEST(one_that_drains_sees_no_lines),
        TEST(a_client_that_moves_is_judged_for_where_it_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
