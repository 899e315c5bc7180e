/* Whole sessions at the port of the menu: which list they get, the way to a
 * console and back, and that nothing comes out that is not theirs. */
#include "client_fixture.h"

#include "session/client/menu/client_menu_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TTYPE "\x18"
#define NAWS "\x1f"
#define XTERM IAC SB TTYPE "\0XTERM-256COLOR" IAC SE
#define DUMB IAC SB TTYPE "\0DUMB" IAC SE
#define OTHER_UUID "50 0c 1e 2f 33 41 5a 6b-7c 8d 9e af b0 c1 d2 e4"
#define OTHER "500c1e2f-3341-5a6b-7c8d-9eafb0c1d2e4"

static bool has(const struct peer *p, const char *text)
{
    return p->data.len > 0 && memmem(buf_bytes(&p->data).data, p->data.len,
                                     text, strlen(text)) != NULL;
}

#define assert_has(p, text)                                                    \
    do {                                                                       \
        if (!has(p, text))                                                     \
            fail_msg("no \"%s\" in \"%.*s\"", text, (int)(p)->data.len,        \
                     (const char *)buf_bytes(&(p)->data).data);                \
    } while (0)

static void give(struct peer *p, struct slice bytes)
{
    peer_give(p, bytes);
    site_menus_due(p->site);
}

static void set_up_menus(struct fixture *f)
{
    f->site.ctx.settings.menu_escape = '~';
    f->site.ctx.settings.history = (struct history_wish){ 24, 4 * KIB };
}

/* With a screen, at the list. */
static struct peer *screen_connect(struct fixture *f)
{
    struct peer *p = menu_connect(&f->site);

    set_up_menus(f);
    peer_give(p, BYTES(YES IAC WILL TTYPE IAC WONT NAWS));
    give(p, BYTES(XTERM));
    return p;
}

static struct peer *lines_connect(struct fixture *f)
{
    struct peer *p = menu_connect(&f->site);

    set_up_menus(f);
    give(p, BYTES(YES IAC WONT TTYPE IAC WONT NAWS));
    return p;
}

static struct console *add_other(struct fixture *f, const char *name)
{
    struct console *c;

    vm_start_as(&f->site, OTHER_UUID, LABEL);
    c = directory_find(&f->site.directory, OTHER, LABEL);
    assert_non_null(c);
    directory_rename(c, name, 1);
    site_run(&f->site);
    return c;
}

/* One section: whoever connects may do this on consoles of the pattern. */
static void allow(struct fixture *f, const char *pattern, enum right right)
{
    const struct access_text member = { "anybody", 1 };
    struct access_section_source section = { .pattern = { pattern, 1 } };
    const struct access_source source = { .section = &section,
                                          .section_count = 1 };

    section.members[right] = (struct access_texts){ &member, 1 };
    site_set_rules(&f->site, &source);
    (void)sessions_judge(&f->site.ctx);
    site_run(&f->site);
    site_menus_due(&f->site);
}

/* ---- its terminal ------------------------------------------------------- */

static void a_terminal_is_asked_for_its_name_once_it_is_served(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    assert_true(peer_heard(p, "WILL 0, WILL 3, WILL 1, DO 0, DO 3, DO 24, "
                              "DO 31"));
    peer_give(p, BYTES(YES IAC WILL TTYPE IAC WILL NAWS));
    assert_true(peer_heard(p, "SB 24 1"));
    assert_int_equal(p->data.len, 0);
    give(p, BYTES(XTERM));
    assert_has(p, "\033[2J");
    assert_has(p, " vspcd: 1-1 of 1 console, by name");
    assert_has(p, "      1 vm-0001 ");
}

static void a_terminal_that_is_not_known_gets_lines(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    peer_give(p, BYTES(YES IAC WILL TTYPE));
    give(p, BYTES(DUMB));
    assert_has(p, "\r\n1-1 of 1 console, by name\r\n     1  vm-0001 ");
    assert_has(p, "number, text, ? or q: ");
    assert_false(has(p, "\033"));
}

static void a_client_without_the_option_gets_lines(void **state)
{
    struct fixture *f = *state;
    struct peer *p = lines_connect(f);

    assert_has(p, "number, text, ? or q: ");
    assert_false(has(p, "\033"));
}

static void a_client_that_echoes_itself_gets_lines(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    peer_give(p, BYTES(IAC DO BINARY IAC DO SGA IAC DONT ECHO IAC WILL TTYPE));
    give(p, BYTES(XTERM));
    assert_has(p, "number, text, ? or q: ");
    peer_forget(p);
    give(p, BYTES("vm"));
    assert_int_equal(p->data.len, 0);
    give(p, BYTES("\r"));
    assert_has(p, "1-1 of 1 console with \"vm\", by name");
}

static void a_terminal_that_does_not_answer_gets_lines(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    give(p, BYTES(YES IAC WILL TTYPE));
    assert_int_equal(p->data.len, 0);
    site_menu_terminals_due(&f->site);
    assert_has(p, "number, text, ? or q: ");
}

static void a_client_without_telnet_gets_lines(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    give(p, BYTES("vm\n"));
    assert_has(p, "1-1 of 1 console with \"vm\", by name");
    peer_forget(p);
    give(p, BYTES("1\n"));
    assert_has(p, "[vspcd: vm-0001: opened; close the connection to leave "
                  "it]");
    assert_int_equal(f->console->client_count, 1);
    give(p, BYTES("ls\n"));
    assert_true(peer_got(f->vm, BYTES("ls\n")));
}

static void a_silent_client_gets_lines_in_time(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    site_menus_due(&f->site);
    assert_int_equal(p->data.len, 0);
    site_negotiations_due(&f->site);
    site_menus_due(&f->site);
    assert_has(p, "number, text, ? or q: ");
}

static void the_window_decides_the_size(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    peer_give(p, BYTES(YES IAC WILL TTYPE IAC WILL NAWS IAC SB NAWS
                       "\0\x78\0\x0a" IAC SE));
    give(p, BYTES(XTERM));
    assert_has(p, "\033[10;1H Enter opens");
    peer_forget(p);
    give(p, BYTES(IAC SB NAWS "\0\x50\0\x14" IAC SE));
    assert_has(p, "\033[20;1H Enter opens");
}

/* ---- to a console, and back --------------------------------------------- */

static void a_console_is_opened_with_what_is_on_it(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    peer_give(f->vm, BYTES("Debian\r\nlogin: "));
    peer_forget(p);
    give(p, BYTES("\r"));
    assert_has(p, "[vspcd: vm-0001: opened; after Enter, ~. goes back to the "
                  "list, ~? helps]");
    assert_has(p, "Debian\r\nlogin: ");
    assert_int_equal(f->console->client_count, 1);
    assert_int_equal(f->site.seen[FACT_CLIENT_ATTACHED].count, 1);
    peer_forget(p);
    peer_give(f->vm, BYTES("more"));
    assert_true(peer_got(p, BYTES("more")));
    give(p, BYTES("root\r"));
    assert_true(peer_got(f->vm, BYTES("root\r")));
}

static void escape_comes_back_to_the_list(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    give(p, BYTES("\r"));
    give(p, BYTES("x\r~"));
    peer_forget(p);
    give(p, BYTES("."));
    assert_has(p, " vspcd: 1-1 of 1 console");
    assert_has(p, "vm-0001: back at the list");
    assert_int_equal(f->console->client_count, 0);
    assert_int_equal(f->site.seen[FACT_CLIENT_DETACHED].count, 1);
    peer_forget(p);
    peer_give(f->vm, BYTES("not for the list"));
    assert_int_equal(p->data.len, 0);
    give(p, BYTES("\r"));
    assert_has(p, "not for the list");
    assert_true(peer_got(f->vm, BYTES("x\r")));
}

static void the_list_is_where_it_was(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    add_other(f, "another");
    p = screen_connect(f);
    assert_has(p, ">      1 another");
    give(p, BYTES("vm\r"));
    give(p, BYTES("~."));
    assert_has(p, "1-1 of 1 console with \"vm\"");
    assert_has(p, " Find: vm");
}

/* A name, Enter, a command and the way back at once, in every cut. */
static void typing_ahead_works_in_every_cut(void **state)
{
    struct fixture *f = *state;
    static const char typed[] = "vm-0\rls ~.\r~~x\r~.q";

    for (size_t piece = 1; piece <= sizeof typed; piece++) {
        struct peer *p = screen_connect(f);

        for (size_t at = 0; at < sizeof typed - 1; at += piece) {
            size_t left = sizeof typed - 1 - at;

            peer_give(p, slice_of(typed + at, left < piece ? left : piece));
        }
        site_menus_due(&f->site);
        assert_true(peer_got(f->vm, BYTES("ls ~.\r~x\r")));
        /* At the list "q" is text behind a text. */
        assert_has(p, " Find: vm-0q");
        assert_int_equal(f->console->client_count, 0);
        give(p, BYTES("\x04"));
        assert_true(p->stream.is_closed);
        peer_remove(p);
    }
}

static void what_is_typed_before_the_answers_counts(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    set_up_menus(f);
    peer_give(p, BYTES(IAC DO SGA "vm\r\0" IAC DO BINARY));
    peer_give(p, BYTES("ls\r" IAC WILL BINARY IAC DO ECHO IAC WILL TTYPE));
    give(p, BYTES(XTERM));
    assert_true(peer_got(f->vm, BYTES("ls\r")));
}

static void enter_of_the_list_is_not_typed(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    give(p, BYTES("vm\r\n1\r\n"));
    give(p, BYTES("ls\r\n"));
    assert_true(peer_got(f->vm, BYTES("ls\r\n")));
    give(p, BYTES("\r\n"));
    assert_true(peer_got(f->vm, BYTES("\r\n")));
}

static void escape_alone_is_typed_in_time(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    give(p, BYTES("\r"));
    give(p, BYTES("~"));
    assert_int_equal(f->vm->data.len, 0);
    site_menu_keys_due(&f->site);
    assert_true(peer_got(f->vm, BYTES("~")));
    give(p, BYTES(".\r"));
    assert_true(peer_got(f->vm, BYTES(".\r")));
}

static void esc_alone_clears_the_text_in_time(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    give(p, BYTES("vm\033"));
    assert_has(p, " Find: vm");
    peer_forget(p);
    site_menu_keys_due(&f->site);
    assert_has(p, "Enter opens");
}

/* ---- a VM that takes nothing -------------------------------------------- */

static void a_vm_that_takes_nothing_keeps_nobody(void **state)
{
    struct fixture *f = *state;
    struct peer *p;
    char typed[1024];

    memset(typed, 'x', sizeof typed);
    p = screen_connect(f);
    give(p, BYTES("\r"));
    f->vm->stream.room = 0;
    while (console_takes_input(f->console))
        peer_give(p, slice_of(typed, sizeof typed));
    for (int i = 0; i < 5; i++)
        peer_give(p, slice_of(typed, sizeof typed));
    peer_forget(p);
    give(p, BYTES("\r~."));
    assert_has(p, "back at the list");
    assert_int_equal(f->console->client_count, 0);
}

static void what_a_vm_did_not_take_comes_in_order(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);
    uint8_t typed[1024];
    size_t sent = 0;

    give(p, BYTES("\r"));
    f->vm->stream.room = 0;
    while (console_takes_input(f->console) || sent < 80 * (size_t)KIB) {
        if (!console_takes_input(f->console) &&
            client_menu_is_waiting(
                CONTAINER_OF(client_at(f->console->clients.next),
                             struct client_session, client)))
            break;
        for (size_t i = 0; i < sizeof typed; i++)
            typed[i] = (uint8_t)('a' + (sent + i) % 25);
        peer_give(p, slice_of(typed, sizeof typed));
        sent += sizeof typed;
    }
    f->vm->stream.room = SIZE_MAX;
    site_run(&f->site);
    site_menus_due(&f->site);
    assert_int_equal(f->vm->data.len, sent);
    for (size_t i = 0; i < sent; i++)
        assert_int_equal(buf_bytes(&f->vm->data).data[i], 'a' + i % 25);
}

/* ---- commands ----------------------------------------------------------- */

static void who_is_here_is_told(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    telnet_connect(&f->site, f->console);
    give(p, BYTES("\r"));
    peer_forget(p);
    give(p, BYTES("~w"));
    assert_has(p, "[vspcd: vm-0001: 2 here]");
    assert_has(p, "  port\r\n");
    assert_has(p, "  menu  you\r\n");
    assert_false(has(p, "typed last"));
}

static void who_typed_is_for_those_in_control(void **state)
{
    struct fixture *f = *state;
    struct peer *other, *p;

    allow(f, "*", RIGHT_CONTROL);
    p = screen_connect(f);
    other = telnet_connect(&f->site, f->console);
    give(p, BYTES("\r"));
    peer_give(other, BYTES("x"));
    peer_forget(p);
    give(p, BYTES("~w"));
    assert_has(p, "  port  typed last\r\n");
}

static void a_break_is_sent_by_those_who_may(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    give(p, BYTES("\r"));
    peer_forget(f->vm);
    give(p, BYTES("~b"));
    assert_true(peer_heard(f->vm, "command 243"));
    assert_has(p, "a break was sent");
    allow(f, "*", RIGHT_WRITE);
    peer_forget(p);
    give(p, BYTES("~b"));
    assert_int_equal(f->vm->said.len, 0);
    assert_false(has(p, "a break was sent"));
    assert_has(p, "you may not send a break");
}

static void the_keyboard_is_taken_over_by_those_in_control(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    allow(f, "*", RIGHT_WRITE);
    p = screen_connect(f);
    give(p, BYTES("\r~t"));
    assert_has(p, "vm-0001: that needs the right to control this console");
    allow(f, "*", RIGHT_CONTROL);
    give(p, BYTES("~t"));
    assert_has(p, "vm-0001: everybody who may type may type here");
    assert_int_equal(f->vm->data.len, 0);
}

static void a_break_that_goes_nowhere_is_not_said_to_be_sent(void **state)
{
    struct fixture *f = *state;
    struct peer *other = telnet_connect(&f->site, f->console);
    struct peer *p = screen_connect(f);

    give(p, BYTES("\r"));
    client_at(f->console->clients.next)->keyboard = KEYBOARD_ONE_WRITER;
    client_at(f->console->clients.prev)->keyboard = KEYBOARD_ONE_WRITER;
    peer_give(other, BYTES("x"));
    peer_forget(f->vm);
    peer_forget(p);
    give(p, BYTES("~b"));
    assert_int_equal(f->vm->said.len, 0);
    assert_has(p, "has the keyboard; what you type is discarded");
    assert_false(has(p, "a break was sent"));
}

static unsigned count(const struct peer *p, const char *text)
{
    struct slice data = buf_bytes(&p->data);
    unsigned count = 0;
    const uint8_t *at;

    while ((at = memmem(data.data, data.len, text, strlen(text))) != NULL) {
        data = slice_after(data, (size_t)(at - data.data) + 1);
        count++;
    }
    return count;
}

/* One that is told to many costs time, and thousands of them may come at
 * once. */
static void others_come_first_behind_a_command(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    allow(f, "*", RIGHT_CONTROL);
    give(p, BYTES("\r"));
    peer_forget(p);
    peer_give(p, BYTES("~w~w~mone\r\n~mtwo\rls\r~."));
    peer_listen(p);
    assert_int_equal(count(p, ": 1 here]"), 1);
    assert_int_equal(f->vm->data.len, 0);
    site_menus_due(&f->site);
    assert_int_equal(count(p, ": 1 here]"), 2);
    assert_int_equal(count(p, "nobody else is here"), 2);
    assert_true(peer_got(f->vm, BYTES("ls\r")));
    assert_has(p, "back at the list");
}

/* It is turned out while its commands wait: they are not obeyed. */
static void one_that_drains_commands_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    give(p, BYTES("\r"));
    peer_block(p);
    peer_give(p, BYTES("~w~b~."));
    peer_forget(f->vm);
    assert_true(client_disconnect(client_at(f->console->clients.next), "out"));
    site_menus_due(&f->site);
    assert_int_equal(f->console->client_count, 1);
    assert_int_equal(f->vm->said.len, 0);
    peer_unblock(p);
    site_run(&f->site);
    assert_has(p, "vm-0001: out");
    assert_true(p->stream.is_closed);
}

/* What may be half of telnet waits, and is no command at the end. */
static void an_end_commands_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *p = menu_connect(&f->site);

    set_up_menus(f);
    p->is_raw = true;
    peer_give(p, BYTES("/\r"));
    site_menus_due(&f->site);
    give(p, BYTES("1\r"));
    assert_int_equal(f->console->client_count, 1);
    peer_forget(f->vm);
    peer_give(p, BYTES(IAC WILL "x\r~b"));
    peer_break(p);
    site_run(&f->site);
    assert_int_equal(f->console->client_count, 0);
    assert_int_equal(f->vm->data.len, 0);
    assert_int_equal(f->vm->said.len, 0);
}

static void a_message_is_for_the_others(void **state)
{
    struct fixture *f = *state;
    struct peer *other, *p;

    allow(f, "*", RIGHT_CONTROL);
    p = screen_connect(f);
    other = telnet_connect(&f->site, f->console);
    give(p, BYTES("\r"));
    peer_forget(other);
    give(p, BYTES("~mreboot at 5\r\n"));
    assert_has(other, "says: reboot at 5");
    assert_int_equal(f->vm->data.len, 0);
    give(p, BYTES("~mno\x03yes\r"));
    assert_true(peer_got(f->vm, BYTES("yes\r")));
}

static void another_client_is_disconnected_by_its_number(void **state)
{
    struct fixture *f = *state;
    struct peer *other, *p;
    char line[32];

    allow(f, "*", RIGHT_CONTROL);
    p = screen_connect(f);
    other = telnet_connect(&f->site, f->console);
    snprintf(line, sizeof line, "~x%llu\r",
             (unsigned long long)client_at(f->console->clients.next)->number);
    give(p, BYTES("\r"));
    give(p, slice_of_text(line));
    site_drains_due(&f->site);
    assert_true(other->stream.is_closed);
    assert_has(p, "disconnected: 1");
    give(p, BYTES("~xabc\r"));
    assert_has(p, "that is not the number of a client");
}

static void control_is_asked_for_before_the_line_is(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    give(p, BYTES("\r"));
    give(p, BYTES("~mls\r"));
    assert_has(p, "that needs the right to control this console");
    assert_true(peer_got(f->vm, BYTES("ls\r")));
}

/* ---- rights ------------------------------------------------------------- */

static void nothing_of_others_consoles_is_seen(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    add_other(f, "secret-db");
    allow(f, "vm-*", RIGHT_READ);
    p = screen_connect(f);
    give(p, BYTES("\t\t\t\033[F\033[H"));
    give(p, BYTES("secret"));
    give(p, BYTES("\r\x15" OTHER));
    give(p, BYTES("\r?"));
    assert_has(p, "1-1 of 1 console");
    assert_has(p, "no console has this text");
    assert_false(has(p, "secret-db"));
    assert_false(has(p, "of 2"));
    assert_int_equal(f->site.seen[FACT_CLIENT_ATTACHED].count, 0);
}

static void a_list_may_be_empty(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    allow(f, "nothing", RIGHT_READ);
    p = screen_connect(f);
    assert_has(p, "no console is here for you");
    assert_false(has(p, "vm-0001"));
}

static void a_right_that_is_lost_leads_back_to_the_list(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    give(p, BYTES("\r"));
    peer_forget(p);
    allow(f, "nothing", RIGHT_READ);
    peer_give(f->vm, BYTES("secret"));
    assert_false(has(p, "secret"));
    assert_has(p, "the rules do not allow reading this console");
    assert_has(p, "no console is here for you");
    assert_int_equal(f->console->client_count, 0);
    give(p, BYTES("\x04"));
    assert_true(p->stream.is_closed);
}

/* A VM that gets another name is judged in the middle of core's work. */
static void a_name_may_take_the_right_away(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    allow(f, "vm-*", RIGHT_WRITE);
    p = screen_connect(f);
    give(p, BYTES("\r"));
    directory_rename(f->console, "hidden", 1);
    peer_forget(p);
    peer_give(f->vm, BYTES("secret"));
    peer_give(p, BYTES("typed\r~w" IAC "\xf6"));
    site_menus_due(&f->site);
    assert_false(has(p, "secret"));
    assert_false(has(p, "here]"));
    assert_false(has(p, "hidden"));
    assert_int_equal(f->vm->data.len, 0);
    assert_int_equal(f->console->client_count, 0);
    assert_has(p, "no console is here for you");
}

/* The list on the screen is older than the name. */
static void a_name_that_may_not_be_read_opens_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    allow(f, "vm-*", RIGHT_WRITE);
    p = screen_connect(f);
    assert_has(p, "1-1 of 1 console");
    directory_rename(f->console, "hidden", 1);
    peer_forget(p);
    give(p, BYTES("\r"));
    assert_has(p, "this console has gone");
    assert_false(has(p, "hidden"));
    assert_int_equal(f->console->client_count, 0);
}

static void a_list_loses_what_may_not_be_read_any_more(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    add_other(f, "db");
    p = screen_connect(f);
    assert_has(p, "db");
    peer_forget(p);
    allow(f, "vm-*", RIGHT_READ);
    assert_has(p, "1-1 of 1 console");
    assert_false(has(p, "db"));
}

static void a_reader_is_told_once_that_it_types_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    allow(f, "*", RIGHT_READ);
    p = screen_connect(f);
    give(p, BYTES("\rls\r"));
    assert_has(p, "you may only read");
    assert_int_equal(f->vm->data.len, 0);
    give(p, BYTES("~."));
    assert_has(p, "back at the list");
}

/* ---- what changes under it ---------------------------------------------- */

static void a_list_becomes_new_by_itself(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    peer_forget(p);
    site_menu_refreshes_due(&f->site);
    assert_int_equal(p->data.len, 0);
    add_other(f, "db");
    telnet_connect(&f->site, f->console);
    site_menu_refreshes_due(&f->site);
    assert_has(p, "1-2 of 2 consoles");
    assert_has(p, "      1 db ");
    assert_has(p, "connected        1");
}

/* A number is that of the line that was seen. */
static void a_list_of_lines_changes_when_asked(void **state)
{
    struct fixture *f = *state;
    struct peer *p = lines_connect(f);

    peer_forget(p);
    add_other(f, "another");
    give(p, BYTES(IAC WILL NAWS IAC SB NAWS "\0\x50\0\x0a" IAC SE));
    allow(f, "*", RIGHT_WRITE);
    site_menu_refreshes_due(&f->site);
    assert_int_equal(p->data.len, 0);
    give(p, BYTES("1\r"));
    assert_has(p, "[vspcd: vm-0001: opened");
    give(p, BYTES("~."));
    assert_has(p, "     1  another");
}

static void a_console_that_goes_leaves_the_list(void **state)
{
    struct fixture *f = *state;
    struct console *other = add_other(f, "db");
    struct peer *p = screen_connect(f);

    peer_break(f->site.peers[1]);
    site_run(&f->site);
    peer_forget(p);
    census_walks_forget(&f->site.walks, other);
    directory_remove(other);
    give(p, BYTES("\r"));
    assert_int_equal(f->site.directory.client_count, 0);
    site_menu_refreshes_due(&f->site);
    assert_has(p, "1-1 of 1 console");
}

static void a_vm_that_leaves_leaves_its_client_there(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    give(p, BYTES("\r"));
    peer_forget(p);
    peer_break(f->vm);
    site_run(&f->site);
    assert_true(peer_got(
        p, BYTES(NOTICE("vm-0001: VM disconnected; this connection waits for "
                        "it"))));
    f->vm = vm_start(&f->site);
    assert_true(peer_got(p, BYTES(NOTICE("vm-0001: VM connected"))));
}

static void a_full_console_is_said_at_the_list(void **state)
{
    struct fixture *f = *state;
    struct directory_settings settings = f->site.directory.settings;
    struct peer *p = screen_connect(f);

    settings.client_limit = 1;
    directory_set(&f->site.directory, &settings);
    telnet_connect(&f->site, f->console);
    peer_forget(p);
    give(p, BYTES("\r"));
    assert_has(p, "vm-0001: refused, 1 clients are connected");
    assert_int_equal(f->console->client_count, 1);
    give(p, BYTES("\x04"));
    assert_true(p->stream.is_closed);
}

static void those_at_the_list_count_as_clients(void **state)
{
    struct fixture *f = *state;
    struct peer *p;

    f->site.ctx.gate.places.limits.all = 1;
    screen_connect(f);
    assert_int_equal(f->site.ctx.gate.at_no_console, 1);
    p = menu_connect(&f->site);
    peer_give(p, BYTES(YES IAC WILL TTYPE));
    assert_true(p->stream.is_closed);
    assert_int_equal(f->site.ctx.gate.at_no_console, 1);
    peer_break(f->site.peers[1]);
    site_run(&f->site);
    assert_int_equal(f->site.ctx.gate.at_no_console, 0);
}

static void one_at_the_list_is_told_why_it_ends(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    peer_forget(p);
    session_shut_down(&f->site.ctx.all, "shutting down");
    site_run(&f->site);
    assert_has(p, "[vspcd: shutting down]");
    assert_true(p->stream.is_closed);
}

/* ---- slow and broken ---------------------------------------------------- */

static void a_client_that_takes_nothing_is_drawn_nothing(void **state)
{
    struct fixture *f = *state;
    struct peer *p = screen_connect(f);

    peer_block(p);
    for (int i = 0; i < 1000; i++) {
        console_note_output(f->console, (uint64_t)i * 1000 * 1000);
        give(p, BYTES("\t"));
    }
    assert_true(p->stream.from_session.len < 64 * (size_t)KIB);
    peer_unblock(p);
    site_menus_due(&f->site);
    peer_forget(p);
    give(p, BYTES("\x0c"));
    assert_has(p, " vspcd: 1-1 of 1 console");
}

/* At each step of its way, by a break that is seen in a read, in a write, or
 * when the session's turn comes. */
static void a_break_at_any_step_ends_it(void **state)
{
    static const char conversation[] =
        YES IAC WILL TTYPE XTERM "vm\rls\r~w\r~bx\r~.\033[B\r~.";
    struct fixture *f = *state;

    for (size_t at = 0; at < sizeof conversation; at++) {
        struct peer *p = menu_connect(&f->site);

        set_up_menus(f);
        peer_give(p, slice_of(conversation, at));
        if (at % 2 == 0)
            site_menus_due(&f->site);
        peer_break(p);
        site_run(&f->site);
        peer_give(f->vm, BYTES("output"));
        site_menus_due(&f->site);
        site_negotiations_due(&f->site);
        site_menu_keys_due(&f->site);
        site_menu_terminals_due(&f->site);
        site_menu_refreshes_due(&f->site);
        assert_true(p->stream.is_closed);
        peer_remove(p);
        assert_int_equal(f->console->client_count, 0);
        assert_int_equal(f->site.ctx.gate.at_no_console, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_terminal_is_asked_for_its_name_once_it_is_served),
        TEST(a_terminal_that_is_not_known_gets_lines),
        TEST(a_client_without_the_option_gets_lines),
        TEST(a_client_that_echoes_itself_gets_lines),
        TEST(a_terminal_that_does_not_answer_gets_lines),
        TEST(a_client_without_telnet_gets_lines),
        TEST(a_silent_client_gets_lines_in_time),
        TEST(the_window_decides_the_size),
        TEST(a_console_is_opened_with_what_is_on_it),
        TEST(escape_comes_back_to_the_list),
        TEST(the_list_is_where_it_was),
        TEST(typing_ahead_works_in_every_cut),
        TEST(what_is_typed_before_the_answers_counts),
        TEST(enter_of_the_list_is_not_typed),
        TEST(escape_alone_is_typed_in_time),
        TEST(esc_alone_clears_the_text_in_time),
        TEST(a_vm_that_takes_nothing_keeps_nobody),
        TEST(what_a_vm_did_not_take_comes_in_order),
        TEST(who_is_here_is_told),
        TEST(who_typed_is_for_those_in_control),
        TEST(a_break_is_sent_by_those_who_may),
        TEST(the_keyboard_is_taken_over_by_those_in_control),
        TEST(a_message_is_for_the_others),
        TEST(another_client_is_disconnected_by_its_number),
        TEST(control_is_asked_for_before_the_line_is),
        TEST(nothing_of_others_consoles_is_seen),
        TEST(a_list_may_be_empty),
        TEST(a_right_that_is_lost_leads_back_to_the_list),
        TEST(a_name_may_take_the_right_away),
        TEST(a_name_that_may_not_be_read_opens_nothing),
        TEST(a_list_loses_what_may_not_be_read_any_more),
        TEST(a_reader_is_told_once_that_it_types_nothing),
        TEST(a_list_becomes_new_by_itself),
        TEST(a_list_of_lines_changes_when_asked),
        TEST(a_console_that_goes_leaves_the_list),
        TEST(a_vm_that_leaves_leaves_its_client_there),
        TEST(a_full_console_is_said_at_the_list),
        TEST(those_at_the_list_count_as_clients),
        TEST(one_at_the_list_is_told_why_it_ends),
        TEST(a_client_that_takes_nothing_is_drawn_nothing),
        TEST(a_break_at_any_step_ends_it),
        TEST(a_break_that_goes_nowhere_is_not_said_to_be_sent),
        TEST(others_come_first_behind_a_command),
        TEST(one_that_drains_commands_nothing),
        TEST(an_end_commands_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
