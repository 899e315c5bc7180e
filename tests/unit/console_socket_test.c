/* WebSocket sessions at a console, over the in-memory stream. */
#include "core/keyboard.h"
#include "socket_fixture.h"

/* ---- bytes ----------------------------------------------------------------
 */

static void expect_hello(const struct socket_peer *p)
{
    assert_true(p->texts.len > 15);
    assert_memory_equal(buf_bytes(&p->texts).data, "{\"type\":\"hello\"", 15);
}

static void hello_comes_first(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    expect_hello(&f->a);
    assert_true(socket_peer_heard(&f->a, "\"position\":0,\"is_live\":true"));
}

static void hello_comes_before_the_answer_to_take(void **state)
{
    struct socket_fixture *f = *state;
    struct console_socket_start start = socket_start(&f->site, f->console);

    start.takes = true;
    socket_peer_open(&f->a, &f->site, &start);
    expect_hello(&f->a);
    assert_true(socket_peer_heard(&f->a, "\"kind\":\"message\""));
}

static void output_is_binary_and_nothing_else(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    print(f, part(0, 1000));
    assert_true(socket_peer_got(&f->a, part(0, 1000)));
}

/* Whatever the connection takes at once. */
static void output_comes_whole_in_every_cut(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    for (size_t room = 1; room < 40; room++) {
        peer_block(f->a.peer);
        print(f, part(0, 300));
        peer_take(f->a.peer, room);
        acknowledge(&f->a, f->console->output.head);
        assert_true(socket_peer_got(&f->a, part(0, 300)));
        peer_unblock(f->a.peer);
    }
}

/* Across the wrap of the ring, and more than a frame. */
static void long_output_comes_whole(void **state)
{
    struct socket_fixture *f = *state;
    uint64_t at = 0;

    attach(f, &f->a);
    for (int i = 0; i < 7; i++) {
        print(f, part((size_t)at, (size_t)at + 48 * KIB));
        assert_true(
            socket_peer_got(&f->a, part((size_t)at, (size_t)at + 48 * KIB)));
        at += 48 * KIB;
        acknowledge(&f->a, at);
    }
}

static void input_is_typed_in_every_cut(void **state)
{
    struct socket_fixture *f = *state;
    struct buf frames;

    attach(f, &f->a);
    socket_peer_put(&f->a, 0x82, part(0, 200));
    socket_peer_put(&f->a, 0x81, BYTES("{\"ping\":[1,\"x\"]}"));
    frames = f->a.peer->stream.to_session;
    buf_init(&f->a.peer->stream.to_session, frames.max);
    for (size_t len = 1; len < 40; len++) {
        peer_give_pieces(f->a.peer, buf_bytes(&frames), len);
        assert_true(peer_got(f->vm, part(0, 200)));
        assert_true(
            socket_peer_heard(&f->a, "{\"type\":\"pong\",\"ping\":[1,\"x\"],"));
    }
    buf_done(&frames);
}

static void fragments_are_one_stream(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    socket_peer_put(&f->a, 0x02, BYTES("ls"));
    socket_peer_put(&f->a, 0x89, BYTES("ping"));
    socket_peer_put(&f->a, 0x00, BYTES(" -"));
    socket_peer_put(&f->a, 0x80, BYTES("l\r"));
    site_run(&f->site);
    assert_true(peer_got(f->vm, BYTES("ls -l\r")));
}

/* ---- acknowledgements ------------------------------------------------------
 */

/* It has a window, and then lags like a telnet client that reads nothing. */
static void whoever_acknowledges_nothing_lags(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    peer_put_data(f->vm, part(0, 400 * KIB));
    site_run(&f->site);
    assert_true(f->console->output.head >= 256 * KIB);
    assert_true(f->console->output.head < 256 * KIB + 64 * KIB + LIMIT_READ);
    site_holds_due(&f->site);
    assert_int_equal(f->console->output.head, 400 * KIB);
    assert_int_equal(f->site.seen[FACT_CLIENT_LAGS].count, 1);
    assert_true(socket_peer_got(&f->a, part(0, 256 * KIB)));
}

/* The VM waits for what could have to be sent again. */
static void whoever_can_come_again_is_waited_for(void **state)
{
    struct socket_fixture *f = *state;

    attach_labelled(f, &f->a, NULL);
    peer_put_data(f->vm, part(0, 200 * KIB));
    site_run(&f->site);
    assert_true(f->console->output.head < 64 * KIB + LIMIT_READ);
    site_holds_due(&f->site);
    assert_int_equal(f->console->output.head, 200 * KIB);
    assert_int_equal(f->site.seen[FACT_CLIENT_LAGS].count, 1);
    assert_true(socket_peer_got(&f->a, part(0, 200 * KIB)));
    /* It was sent all of it, but no more than its window. */
    print(f, part(200 * KIB, 300 * KIB));
    assert_true(socket_peer_got(&f->a, part(200 * KIB, 256 * KIB)));
}

static void what_was_lost_is_a_gap(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    peer_put_data(f->vm, part(0, 400 * KIB));
    site_run(&f->site);
    site_holds_due(&f->site);
    assert_int_equal(f->console->output.head, 400 * KIB);
    socket_peer_forget(&f->a);
    acknowledge(&f->a, 256 * KIB);
    assert_true(socket_peer_got(&f->a, part(336 * KIB, 400 * KIB)));
    assert_true(socket_peer_heard(&f->a,
                                  "{\"type\":\"gap\",\"reason\":\"slow\","
                                  "\"bytes\":81920,\"from\":262144,"
                                  "\"to\":344064"));
}

static void acknowledgements_of_the_future_are_ignored(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    print(f, part(0, 100));
    acknowledge(&f->a, 101);
    acknowledge(&f->a, UINT64_MAX);
    socket_peer_say(&f->a, "{\"ack\":99999999999999999999999999}");
    socket_peer_say(&f->a, "{\"ack\":-1}");
    socket_peer_say(&f->a, "{\"ack\":\"all\"}");
    print(f, part(100, 200));
    assert_true(socket_peer_got(&f->a, part(0, 200)));
    assert_true(f->a.close == 0);
}

static void purged_output_is_a_gap(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    peer_block(f->a.peer);
    print(f, part(0, 100));
    console_purge_output(f->console, 0);
    directory_settle(&f->site.directory);
    peer_unblock(f->a.peer);
    print(f, part(100, 200));
    assert_true(socket_peer_heard(&f->a, "\"purged\""));
    assert_int_equal(buf_bytes(&f->a.output).data[f->a.output.len - 1],
                     pattern_at(199));
}

/* ---- input that waits ------------------------------------------------------
 */

/* Its commands and acknowledgements get through. */
static void stuck_vm_keeps_no_command_back(void **state)
{
    struct socket_fixture *f = *state;
    size_t held = site_settings().held_input_max;

    attach(f, &f->a);
    peer_block(f->vm);
    while (console_takes_input(f->console))
        socket_peer_type(&f->a, part(0, 16 * KIB));
    socket_peer_type(&f->a, part(0, 48 * KIB));
    assert_true(f->console->held_input.len < held + LIMIT_READ);
    socket_peer_forget(&f->a);
    socket_peer_say(&f->a, "{\"ping\":7}");
    assert_true(socket_peer_heard(&f->a, "{\"type\":\"pong\",\"ping\":7,"));
    /* Beyond its window it is not read. */
    socket_peer_type(&f->a, part(0, 16 * KIB));
    socket_peer_type(&f->a, part(0, 1 * KIB));
    socket_peer_say(&f->a, "{\"ping\":8}");
    assert_int_equal(f->a.texts.len, 0);
    peer_unblock(f->vm);
    socket_peer_listen(&f->a);
    /* It may wait for nothing but this, and says nothing meanwhile. */
    assert_true(socket_peer_heard(&f->a, "{\"type\":\"input\""));
    socket_peer_say(&f->a, "{\"ping\":9}");
    assert_true(socket_peer_heard(&f->a, "{\"type\":\"pong\",\"ping\":9,"));
}

static void input_that_waited_comes_in_order(void **state)
{
    struct socket_fixture *f = *state;
    size_t typed = 0;

    attach(f, &f->a);
    peer_block(f->vm);
    while (typed < 8 * 24 * KIB) {
        socket_peer_type(&f->a, part(typed, typed + 24 * KIB));
        typed += 24 * KIB;
    }
    peer_unblock(f->vm);
    assert_true(peer_got(f->vm, part(0, typed)));
    assert_true(socket_peer_heard(&f->a, "{\"type\":\"input\",\"position\":"
                                         "196608}"));
}

/* ---- texts -----------------------------------------------------------------
 */

static void notices_have_their_place(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    print(f, part(0, 10));
    peer_break(f->vm);
    socket_peer_listen(&f->a);
    assert_true(socket_peer_heard(&f->a, "\"kind\":\"gone\",\"text\":\"VM "
                                         "disconnected\",\"position\":10,"
                                         "\"state\":\"none\""));
    vm_start(&f->site);
    assert_true(socket_peer_heard(&f->a, "\"kind\":\"back\""));
}

static void people_are_listed(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    assert_true(socket_peer_heard(&f->a, "\"total\":1}"));
    attach(f, &f->b);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.texts.len, 0); /* not at once */
    socket_people_due(&f->site);
    assert_true(socket_peer_heard(&f->a, "\"total\":2}"));
}

static void wrong_commands_are_answered(void **state)
{
    static const struct {
        const char *text;
        const char *answer;
    } cases[] = {
        { "[]", "\"bad-request\"" },
        { "{", "\"bad-request\"" },
        { "{\"fly\":true,\"id\":5}",
          "\"unknown-command\",\"command\":\"fly\",\"text\":\"vspcd does not "
          "know this command\",\"id\":5" },
        { "{\"break\":\"maybe\"}", "\"bad-request\"" },
        { "{\"sysrq\":\"long\"}", "\"bad-request\"" },
        { "{\"window\":{\"rows\":0,\"columns\":80}}", "\"bad-request\"" },
        { "{\"window\":7}", "\"bad-request\"" },
        { "{\"message\":\"hi\"}", "\"failed\"" },
        { "{\"disconnect\":\"some\"}", "\"bad-request\"" },
        { "{\"disconnect\":1}", "\"failed\"" },
        { "{\"give\":\"alice\"}", "\"bad-request\"" },
        { "{\"give\":1}", "\"failed\",\"command\":\"give\"" },
        { "{\"ack\":null}", "\"bad-request\"" },
    };
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        socket_peer_forget(&f->a);
        socket_peer_say(&f->a, cases[i].text);
        assert_true(socket_peer_heard(&f->a, cases[i].answer));
        assert_int_equal(f->a.close, 0);
    }
}

static void floods_of_commands_end(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    for (int i = 0; i < 40; i++)
        socket_peer_put(&f->a, 0x81, BYTES("{\"ping\":1}"));
    site_run(&f->site);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 1008);
    assert_true(f->a.peer->stream.is_closed);
}

static void acknowledgements_are_no_flood(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    for (int i = 0; i < 2000; i++)
        socket_peer_put(&f->a, 0x81, BYTES("{\"ack\": 0}"));
    site_run(&f->site);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 0);
}

static void long_texts_end(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    socket_peer_put(&f->a, 0x81, slice_of(memset(output, 'x', 5000), 5000));
    site_run(&f->site);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 1009);
}

static void broken_frames_end(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    peer_give(f->a.peer, BYTES("\x82\x01x")); /* not masked */
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 1002);
    assert_true(f->a.peer->stream.is_closed);
}

/* ---- rights and locks ------------------------------------------------------
 */

static void set_rules(struct socket_fixture *f, enum right right)
{
    static const struct access_text anybody = { "anybody", 1 };
    struct access_section_source section = { .pattern = { "*", 1 } };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    if (right != RIGHT_NONE)
        section.members[right] = (struct access_texts){ &anybody, 1 };
    site_set_rules(&f->site, &source);
}

static void set_right(struct socket_fixture *f, enum right right)
{
    set_rules(f, right);
    (void)sessions_judge(&f->site.ctx);
    directory_settle(&f->site.directory);
    site_run(&f->site);
}

static void readers_type_nothing(void **state)
{
    struct socket_fixture *f = *state;

    set_right(f, RIGHT_READ);
    attach(f, &f->a);
    socket_peer_type(&f->a, BYTES("rm -rf /\r"));
    assert_true(peer_got(f->vm, BYTES("")));
    assert_true(socket_peer_heard(&f->a, "you may only read"));
    socket_peer_say(&f->a, "{\"break\":\"pulse\"}");
    assert_true(socket_peer_heard(&f->a, "\"forbidden\""));
}

static bool trusts_no_proxy(void *owner, const struct principal *who)
{
    (void)owner;
    return who->proof != PROOF_PROXY;
}

static void a_proxys_word_counts_while_it_is_trusted(void **state)
{
    struct socket_fixture *f = *state;
    struct console_socket_start start = socket_start(&f->site, f->console);

    set_right(f, RIGHT_WRITE);
    assert_true(principal_prove(start.who, PROOF_PROXY, "bob"));
    socket_peer_open(&f->a, &f->site, &start);
    set_right(f, RIGHT_WRITE);
    assert_int_equal(f->a.close, 0);
    f->site.ctx.trusts_proxy = trusts_no_proxy;
    set_right(f, RIGHT_WRITE);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 4003);
}

static void without_a_right_it_is_refused(void **state)
{
    struct socket_fixture *f = *state;
    struct slice texts;

    set_right(f, RIGHT_NONE);
    attach(f, &f->a);
    assert_int_equal(f->a.close, 4003);
    assert_int_equal(f->console->client_count, 0);
    /* Not even a name of the console: one text, the end. */
    texts = buf_bytes(&f->a.texts);
    assert_memory_equal(texts.data, "{\"type\":\"end\"", 13);
    for (size_t i = 0; i < texts.len; i++)
        assert_true((texts.data[i] == '\n') == (i == texts.len - 1));
}

static void lost_rights_end_it(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    peer_block(f->a.peer);
    print(f, part(0, 1000));
    set_right(f, RIGHT_NONE);
    assert_int_equal(f->console->client_count, 1);
    peer_unblock(f->a.peer);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 4003);
    assert_int_equal(f->console->client_count, 0);
}

static void changed_rights_are_told(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    set_right(f, RIGHT_READ);
    assert_true(socket_peer_heard(&f->a, "{\"type\":\"right\",\"right\":"
                                         "\"read\"}"));
}

static void locked_console_says_by_whom(void **state)
{
    struct socket_fixture *f = *state;
    struct console_socket_start start = socket_start(&f->site, f->console);

    start.mode = LOCK_EXCLUSIVE;
    socket_peer_open(&f->a, &f->site, &start);
    attach(f, &f->b);
    assert_int_equal(f->b.close, 4009);
    assert_true(socket_peer_heard(&f->b, "has locked it"));
}

static void no_console_is_a_code(void **state)
{
    struct socket_fixture *f = *state;
    struct console_socket_start start = socket_start(&f->site, NULL);

    socket_peer_open(&f->a, &f->site, &start);
    assert_int_equal(f->a.close, 4004);
}

static void disconnected_one_shall_not_come_again(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    assert_true(
        client_disconnect(client_at(f->console->clients.next), "because"));
    directory_settle(&f->site.directory);
    site_run(&f->site);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 4001);
    assert_true(socket_peer_heard(&f->a, "{\"type\":\"end\",\"reason\":"
                                         "\"because\",\"code\":4001,"
                                         "\"again\":false}"));
}

/* ---- ends ------------------------------------------------------------------
 */

static void goodbye_is_answered(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    socket_peer_put(&f->a, 0x88, BYTES("\x03\xe8"));
    site_run(&f->site);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 1000);
    assert_int_equal(f->console->client_count, 0);
}

/* It gets what is due, and a code to come again with. */
static void shut_down_delivers(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    peer_block(f->a.peer);
    print(f, part(0, 5000));
    session_shut_down(&f->site.ctx.all, "vspcd stops");
    directory_settle(&f->site.directory);
    site_run(&f->site);
    assert_false(f->a.peer->stream.is_closed);
    peer_unblock(f->a.peer);
    socket_peer_listen(&f->a);
    assert_true(socket_peer_got(&f->a, part(0, 5000)));
    assert_int_equal(f->a.close, 1012);
    assert_true(f->a.peer->stream.is_closed);
}

static void drains_are_bounded(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    peer_block(f->a.peer);
    print(f, part(0, 5000));
    session_shut_down(&f->site.ctx.all, "vspcd stops");
    socket_drains_due(&f->site);
    assert_true(f->a.peer->stream.is_closed);
    peer_unblock(f->a.peer);
}

static void silent_peer_is_given_up(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    socket_pings_due(&f->site);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.pings, 1);
    assert_true(socket_peer_heard(&f->a, "\"type\":\"ping\""));
    socket_peer_put(&f->a, 0x8a, BYTES(""));
    site_run(&f->site);
    socket_pings_due(&f->site);
    socket_pings_due(&f->site);
    assert_false(f->a.peer->stream.is_closed);
    socket_pings_due(&f->site);
    assert_true(f->a.peer->stream.is_closed);
}

static void failed_writes_end_it(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    f->a.peer->stream.is_broken = true;
    print(f, part(0, 100));
    assert_true(f->a.peer->stream.is_closed);
    assert_int_equal(f->console->client_count, 0);
}

/* What it had said before the break counts. */
static void last_line_of_a_broken_peer_is_typed(void **state)
{
    struct socket_fixture *f = *state;

    attach(f, &f->a);
    socket_peer_put(&f->a, 0x82, BYTES("halt\r"));
    f->a.peer->stream.is_broken = true;
    print(f, part(0, 100));
    assert_true(peer_got(f->vm, BYTES("halt\r")));
    assert_true(f->a.peer->stream.is_closed);
}

/* ---- coming again ----------------------------------------------------------
 */

/* What was written and never arrived is still there, and so is what was typed.
 */
static void lost_connection_goes_on(void **state)
{
    struct socket_fixture *f = *state;

    attach_labelled(f, &f->a, NULL);
    print(f, part(0, 1000));
    socket_peer_type(&f->a, BYTES("abc"));
    acknowledge(&f->a, 100);
    peer_break(f->a.peer);
    socket_losts_due(&f->site);
    assert_true(f->a.peer->stream.is_closed);
    assert_int_equal(f->console->client_count, 1);
    print(f, part(1000, 2000));
    attach_labelled(f, &f->b, place_of(f, 500));
    assert_true(socket_peer_got(&f->b, part(500, 2000)));
    assert_true(socket_peer_heard(&f->b, "\"input_position\":3,"));
    assert_int_equal(f->console->client_count, 1);
    assert_int_equal(f->site.seen[FACT_CLIENT_ATTACHED].count, 1);
    socket_peer_type(&f->b, BYTES("def"));
    assert_true(peer_got(f->vm, BYTES("abcdef")));
}

/* The former connection may look alive. */
static void next_connection_takes_over(void **state)
{
    struct socket_fixture *f = *state;

    attach_labelled(f, &f->a, NULL);
    print(f, part(0, 1000));
    attach_labelled(f, &f->b, NULL);
    socket_peer_listen(&f->a);
    assert_int_equal(f->a.close, 4001);
    assert_true(f->a.peer->stream.is_closed);
    assert_true(socket_peer_got(&f->b, part(0, 1000)));
    assert_true(socket_peer_heard(&f->b, "\"is_resumed\":true"));
}

/* Its next connection may prove less, or more. */
static void right_of_the_next_connection_is_in_its_hello(void **state)
{
    struct socket_fixture *f = *state;

    attach_labelled(f, &f->a, NULL);
    print(f, part(0, 1000));
    peer_break(f->a.peer);
    socket_losts_due(&f->site);
    set_rules(f, RIGHT_READ);
    attach_labelled(f, &f->b, NULL);
    expect_hello(&f->b);
    assert_true(socket_peer_got(&f->b, part(0, 1000)));
    assert_true(socket_peer_heard(&f->b, "\"right\":\"read\""));
}

/* While it is away it holds the VM like a slow client, so nothing is lost. */
static void full_output_waits_for_the_next_connection(void **state)
{
    struct socket_fixture *f = *state;

    attach_labelled(f, &f->a, NULL);
    peer_put_data(f->vm, part(0, 200 * KIB));
    site_run(&f->site);
    peer_break(f->a.peer);
    socket_losts_due(&f->site);
    attach_labelled(f, &f->b, place_of(f, 10));
    for (uint64_t at = f->console->output.head; at < 200 * KIB;
         at = f->console->output.head)
        acknowledge(&f->b, at);
    assert_true(socket_peer_got(&f->b, part(10, 200 * KIB)));
}

/* What it has had without saying so is no reason to hold the VM any more. */
static void place_of_the_next_connection_is_an_acknowledgement(void **state)
{
    struct socket_fixture *f = *state;
    uint64_t head;

    attach_labelled(f, &f->a, NULL);
    peer_put_data(f->vm, part(0, 400 * KIB));
    site_run(&f->site);
    head = f->console->output.head;
    assert_true(head < 100 * KIB);
    peer_break(f->a.peer);
    socket_losts_due(&f->site);
    attach_labelled(f, &f->b, place_of(f, head));
    assert_true(f->console->output.head > head);
}

static void nobody_else_goes_on_with_it(void **state)
{
    struct socket_fixture *f = *state;
    struct console_socket_start start;
    struct principal other = { .ip = { .low = 7 } };

    set_right(f, RIGHT_WRITE);
    attach_labelled(f, &f->a, NULL);
    start = socket_start(&f->site, f->console);
    start.label = "a label";
    start.who = &other;
    socket_peer_open(&f->b, &f->site, &start);
    assert_true(socket_peer_heard(&f->b, "\"is_resumed\":false"));
    assert_int_equal(f->console->client_count, 2);
}

static void away_is_for_a_time(void **state)
{
    struct socket_fixture *f = *state;

    attach_labelled(f, &f->a, NULL);
    peer_break(f->a.peer);
    socket_losts_due(&f->site);
    socket_aways_due(&f->site);
    assert_int_equal(f->console->client_count, 0);
    attach_labelled(f, &f->b, NULL);
    assert_true(socket_peer_heard(&f->b, "\"is_resumed\":false"));
}

/* Its rights end, or vspcd does, while it is away. */
static void away_ends_with_its_right(void **state)
{
    struct socket_fixture *f = *state;

    attach_labelled(f, &f->a, NULL);
    peer_break(f->a.peer);
    socket_losts_due(&f->site);
    set_right(f, RIGHT_NONE);
    assert_int_equal(f->console->client_count, 0);
}

static void goodbye_ends_a_labelled_one(void **state)
{
    struct socket_fixture *f = *state;

    attach_labelled(f, &f->a, NULL);
    socket_peer_put(&f->a, 0x88, BYTES("\x03\xe8"));
    site_run(&f->site);
    assert_int_equal(f->console->client_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hello_comes_first),
        TEST(hello_comes_before_the_answer_to_take),
        TEST(output_is_binary_and_nothing_else),
        TEST(output_comes_whole_in_every_cut),
        TEST(long_output_comes_whole),
        TEST(input_is_typed_in_every_cut),
        TEST(fragments_are_one_stream),
        TEST(whoever_acknowledges_nothing_lags),
        TEST(whoever_can_come_again_is_waited_for),
        TEST(what_was_lost_is_a_gap),
        TEST(acknowledgements_of_the_future_are_ignored),
        TEST(purged_output_is_a_gap),
        TEST(stuck_vm_keeps_no_command_back),
        TEST(input_that_waited_comes_in_order),
        TEST(notices_have_their_place),
        TEST(people_are_listed),
        TEST(wrong_commands_are_answered),
        TEST(floods_of_commands_end),
        TEST(acknowledgements_are_no_flood),
        TEST(long_texts_end),
        TEST(broken_frames_end),
        TEST(readers_type_nothing),
        TEST(a_proxys_word_counts_while_it_is_trusted),
        TEST(without_a_right_it_is_refused),
        TEST(lost_rights_end_it),
        TEST(changed_rights_are_told),
        TEST(locked_console_says_by_whom),
        TEST(no_console_is_a_code),
        TEST(disconnected_one_shall_not_come_again),
        TEST(goodbye_is_answered),
        TEST(shut_down_delivers),
        TEST(drains_are_bounded),
        TEST(silent_peer_is_given_up),
        TEST(failed_writes_end_it),
        TEST(last_line_of_a_broken_peer_is_typed),
        TEST(lost_connection_goes_on),
        TEST(next_connection_takes_over),
        TEST(right_of_the_next_connection_is_in_its_hello),
        TEST(full_output_waits_for_the_next_connection),
        TEST(place_of_the_next_connection_is_an_acknowledgement),
        TEST(nobody_else_goes_on_with_it),
        TEST(away_is_for_a_time),
        TEST(away_ends_with_its_right),
        TEST(goodbye_ends_a_labelled_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
