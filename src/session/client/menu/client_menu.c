/*
 * A client that came to the menu (--menu-port): where it is, and what is done
 * with what it types.
 *
 *     AT_DOOR --served--> AT_TERMINAL --answer, or time--> AT_LIST <--+
 *                                                             |       |
 *                                                             v       |
 *                                                          AT_CONSOLE-+
 *
 * At a console it is a client like those of its port, and all that they have
 * (notices, pace, moves, rights) is there without a line here; only what it
 * types goes through the escape key. At the list it is no client of anything:
 * the session has no target, and what is typed goes to the list.
 *
 * What is typed while the client has to wait for us (its terminal is asked, a
 * page is being found for an Enter, a command was obeyed) is kept, and it is
 * not read any more (client_menu_is_waiting): so typing ahead works as on a
 * port, and a script may send name, Enter and commands at once.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "log/log.h"
#include "log/log_words.h"
#include "session/client/menu/client_menu_private.h"
#include "session/menu/menu_lines.h"
#include "session/menu/menu_screen.h"
#include "session/menu/menu_terminal.h"

#include <stdlib.h>

enum { TTYPE_SEND = 1 };

/* SGA does not count: busybox refuses it, and sends each key all the same. */
bool client_menu_echoes(const struct client_menu *cm)
{
    const struct wire *w = &cm->session->telnet.wire;

    return cm->session->mode == CLIENT_MODE_TELNET &&
           telpeer_is_on(&w->peer, TELPEER_US, TELNET_OPTION_ECHO);
}

static void count(struct client_menu *cm, bool is_counted)
{
    struct gate *gate = &cm->session->telnet.ctx->gate;

    if (cm->is_counted == is_counted)
        return;
    cm->is_counted = is_counted;
    gate->at_no_console += is_counted ? 1 : (uint32_t)-1;
}

/* ---- life --------------------------------------------------------------- */

void client_menu_init(struct client_session *s)
{
    struct client_menu *cm = xcalloc(1, sizeof *cm);

    s->menu = cm;
    s->may_look_back = false; /* there is nothing to look back to yet */
    cm->session = s;
    menu_init(&cm->menu);
    menu_keys_init(&cm->keys);
    prompt_begin(&cm->prompt, false);
    buf_init(&cm->ahead, 4 * LIMIT_READ);
    buf_init(&cm->held, MENU_HELD_MAX);
    list_init(&cm->work);
    census_walk_init(&cm->walk);
    deadline_init(&cm->pause);
    deadline_init(&cm->refresh);
}

void client_menu_stop(struct client_session *s)
{
    struct client_menu *cm = s->menu;

    if (cm == NULL)
        return;
    client_menu_stop_work(cm);
    deadline_stop(&cm->pause);
    count(cm, false);
}

static void log_closed(const struct client_menu *cm)
{
    const struct client_session *s = cm->session;

    log_audit(LOG_INFO, s->client.peer, NULL,
              LOG_MENU_CLOSED " peer=%s principal=%s proof=%s reason=%s",
              s->client.peer, LOG_TEXT(principal_format(&s->who).text),
              principal_proof_name((enum principal_proof)s->who.proof),
              LOG_TEXT(s->end_detail));
}

void client_menu_done(struct client_session *s)
{
    struct client_menu *cm = s->menu;

    if (cm == NULL)
        return;
    client_menu_stop(s);
    menu_done(&cm->menu);
    prompt_done(&cm->prompt);
    buf_done(&cm->ahead);
    buf_done(&cm->held);
    free(cm);
    s->menu = NULL;
}

void client_menu_end(struct client_session *s)
{
    if (s->menu != NULL && s->menu->is_logged)
        log_closed(s->menu);
}

int client_menu_greet(struct client_session *s)
{
    static const struct wire_option ours[] = {
        { TELPEER_PEER, TELNET_OPTION_TTYPE },
        { TELPEER_PEER, TELNET_OPTION_NAWS },
    };

    s->was_asked_window = true;
    return wire_offer(&s->telnet.wire, ours, sizeof ours / sizeof ours[0]);
}

/* ---- at the list -------------------------------------------------------- */

bool client_menu_is_at_list(const struct client_session *s)
{
    return s->menu != NULL && s->menu->place != MENU_AT_CONSOLE;
}

/* A list of lines stays what it is until its person asks for another one: a
 * number is that of the line that was seen. */
static bool is_steady(const struct client_menu *cm)
{
    return cm->place >= MENU_AT_LIST && !cm->has_screen;
}

/* A line that is typed at a list of lines is about the page that it shows. */
static bool has_to_wait(const struct client_menu *cm)
{
    if (cm->place != MENU_AT_LIST)
        return cm->place < MENU_AT_LIST;
    return cm->has_screen ? cm->menu.awaits_page : cm->menu.is_other;
}

/* Until much is kept it is read: behind what it has typed may be its answer
 * about the terminal, or its end. */
bool client_menu_is_waiting(const struct client_session *s)
{
    const struct client_menu *cm = s->menu;

    return cm != NULL &&
           (cm->ahead.len >= CLIENT_PEEK || cm->held.len > MENU_HELD_MARK);
}

static void show_list(struct client_menu *cm)
{
    struct client_menus *all = client_menus_of(cm);

    cm->place = MENU_AT_LIST;
    count(cm, true);
    deadline_stop(&cm->pause);
    menu_keys_init(&cm->keys);
    prompt_begin(&cm->prompt, client_menu_echoes(cm));
    menu_forget_screen(&cm->menu);
    menu_make_stale(&cm->menu);
    cm->must_draw = true;
    if (cm->has_screen)
        deadline_start(&all->refreshes, &cm->refresh, clock_now_us());
    client_menu_want(cm, true);
}

/* A client that says nothing of its terminal, or cannot leave the echo to us,
 * gets lines. */
static void know_terminal(struct client_menu *cm, bool has_screen)
{
    if (cm->place != MENU_AT_TERMINAL)
        return;
    cm->has_screen = has_screen && client_menu_echoes(cm);
    show_list(cm);
}

static void client_menu_terminal_due(struct deadline *d, void *owner)
{
    struct client_menu *cm = CONTAINER_OF(d, struct client_menu, pause);
    struct session_context *ctx = owner;

    know_terminal(cm, false);
    directory_settle(ctx->directory);
}

static void log_opened(struct client_menu *cm)
{
    const struct client_session *s = cm->session;
    struct stream_security security = stream_security(s->telnet.wire.stream);

    cm->is_logged = true;
    log_audit(LOG_INFO, s->client.peer, NULL,
              LOG_MENU_OPENED " peer=%s tls=%s door=%s principal=%s proof=%s",
              s->client.peer,
              security.is_secure ? LOG_TEXT(security.terms) : "no",
              client_door_name((enum client_door)s->client.door),
              LOG_TEXT(principal_format(&s->who).text),
              principal_proof_name((enum principal_proof)s->who.proof));
}

/* Asked only now: before TLS, the name of a terminal would be one more thing
 * that is said in the clear. */
static void ask_terminal(struct client_menu *cm)
{
    const uint8_t body = TTYPE_SEND;

    if (telnet_put_suboption(&cm->session->telnet.wire.out, TELNET_OPTION_TTYPE,
                             slice_of(&body, 1)) < 0)
        client_session_end_for(cm->session, CLIENT_END_NO_MEMORY);
}

static enum telopt_state ttype_state(const struct client_session *s)
{
    return telpeer_state(&s->telnet.wire.peer, TELPEER_PEER,
                         TELNET_OPTION_TTYPE);
}

void client_menu_begin(struct client_session *s)
{
    struct client_menu *cm = s->menu;

    log_opened(cm);
    cm->place = MENU_AT_TERMINAL;
    count(cm, true);
    if (s->mode != CLIENT_MODE_TELNET || ttype_state(s) == TELOPT_OFF) {
        know_terminal(cm, false);
        return;
    }
    deadline_start(&client_menus_of(cm)->terminals, &cm->pause, clock_now_us());
    if (ttype_state(s) == TELOPT_ON)
        ask_terminal(cm);
}

void client_menu_handle_option(struct client_session *s,
                               const struct telpeer_item *item)
{
    if (s->menu == NULL || item->option != TELNET_OPTION_TTYPE ||
        s->menu->place != MENU_AT_TERMINAL)
        return;
    if (item->is_on)
        ask_terminal(s->menu);
    else
        know_terminal(s->menu, false);
}

void client_menu_handle_terminal(struct client_session *s, struct slice body)
{
    if (s->menu != NULL)
        know_terminal(s->menu, menu_terminal_has_screen(body));
}

void client_menu_handle_window(struct client_session *s)
{
    struct client_menu *cm = s->menu;

    if (cm == NULL || is_steady(cm))
        return;
    menu_set_window(&cm->menu, s->client.window);
    cm->must_draw = true;
    client_menu_want(cm, true);
}

/* ---- from and to a console ---------------------------------------------- */

static void refuse(struct client_menu *cm, const struct console *c,
                   const struct err *why)
{
    menu_notice(&cm->menu, "%s: refused, %s", console_name(c).text, why->text);
    show_list(cm);
}

/* With the keys themselves: "the escape key" is telnet's to most people. */
static void say_opened(const struct client_menu *cm, const char *name)
{
    int key = cm->escape.key;

    if (key != 0)
        client_output_say(cm->session,
                          "[vspcd: %s: opened; after Enter, %c. goes back to "
                          "the list, %c? helps]\r\n",
                          name, key, key);
    else
        client_output_say(cm->session,
                          "[vspcd: %s: opened; close the connection to leave "
                          "it]\r\n",
                          name);
}

/* The list may have it by a name that it had, with which it could be read. */
static bool has_gone(struct client_menu *cm, const struct console *c)
{
    if (client_access_right_on(cm->session, c) >= RIGHT_READ)
        return false;
    menu_notice(&cm->menu, "this console has gone");
    show_list(cm);
    return true;
}

void client_menu_attach(struct client_menu *cm, struct console *c)
{
    struct client_session *s = cm->session;
    struct console_name name = console_name(c);
    struct err why;

    if (has_gone(cm, c))
        return;
    client_menu_stop_work(cm);
    deadline_stop(&cm->pause);
    if (cm->has_screen && menu_screen_clear(&s->telnet.wire.out) < 0) {
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
        return;
    }
    cm->place = MENU_AT_CONSOLE;
    client_menu_console_begin(cm);
    say_opened(cm, name.text);
    if (client_session_attach(&s->client, c, &why) == CLIENT_ATTACHED)
        count(cm, false);
    else if (!client_session_is_ending(s))
        refuse(cm, c, &why);
}

void client_menu_leave(struct client_menu *cm, const char *reason)
{
    struct client_session *s = cm->session;
    struct console_name name = console_name(s->target.console);
    bool may_read = s->client.right >= RIGHT_READ;

    cm->must_leave = false;
    client_menu_console_end(cm);
    client_session_leave(&s->client, reason);
    if (client_session_is_ending(s))
        return;
    if (may_read)
        menu_notice(&cm->menu, "%s: %s", name.text, reason);
    else
        menu_notice(&cm->menu, "%s", reason);
    show_list(cm);
}

/* Not now: this is the middle of core's work. Until then it sees nothing more,
 * and what it types goes nowhere. */
bool client_menu_lose(struct client_session *s)
{
    if (s->menu == NULL || s->menu->place != MENU_AT_CONSOLE)
        return false;
    client_skip(&s->client, clock_now_us());
    s->menu->must_leave = true;
    client_menu_want(s->menu, true);
    return true;
}

bool client_menu_is_losing(const struct client_session *s)
{
    return s->menu != NULL && s->menu->must_leave;
}

void client_menu_refresh(struct client_session *s)
{
    struct client_menu *cm = s->menu;

    if (cm == NULL || cm->place != MENU_AT_LIST || is_steady(cm))
        return;
    menu_make_stale(&cm->menu);
    cm->must_draw = true;
    client_menu_want(cm, false);
}

/* ---- the end ------------------------------------------------------------ */

/* The list goes from the screen, and what is said stands below it. */
static void say_end(struct client_menu *cm, const char *reason)
{
    struct client_session *s = cm->session;

    if (cm->has_screen)
        (void)menu_screen_clear(&s->telnet.wire.out);
    client_output_say(s, "%s[vspcd: %s]\r\n", cm->has_screen ? "" : "\r\n",
                      reason);
    (void)wire_flush(&s->telnet.wire);
}

bool client_menu_shut_down(struct client_session *s, const char *reason)
{
    if (s->menu == NULL || s->menu->place == MENU_AT_CONSOLE ||
        s->phase < CLIENT_SERVING || client_session_is_ending(s))
        return false;
    say_end(s->menu, reason);
    client_session_end_gently(s, reason);
    return true;
}

/* The person leaves. */
static void quit(struct client_menu *cm)
{
    say_end(cm, "goodbye");
    client_session_end_gently(cm->session, client_end_text(CLIENT_END_QUIT));
}

void client_menu_warn(struct client_session *s, const char *text)
{
    struct client_menu *cm = s->menu;

    if (cm == NULL || cm->place != MENU_AT_LIST)
        return;
    if (!cm->has_screen) {
        client_output_say(s, "\r\n[vspcd: %s]\r\n", text);
        return;
    }
    menu_notice(&cm->menu, "%s", text);
    cm->must_draw = true;
    client_menu_want(cm, true);
}

/* ---- what is typed ------------------------------------------------------ */

static void act(struct client_menu *cm, enum menu_act what)
{
    switch (what) {
    case MENU_STAYS:
        break;
    case MENU_CHANGES:
        cm->must_draw = true;
        client_menu_want(cm, true);
        break;
    case MENU_ATTACHES:
        client_menu_attach(cm, menu_chosen(&cm->menu));
        break;
    case MENU_LEAVES:
        quit(cm);
        break;
    }
}

static void take_keys(struct client_menu *cm, struct slice *in)
{
    struct slice text = slice_of(NULL, 0);
    enum menu_key key = menu_keys_next(&cm->keys, in, &text);

    if (menu_keys_is_waiting(&cm->keys))
        deadline_start(&client_menus_of(cm)->escapes, &cm->pause,
                       clock_now_us());
    else
        deadline_stop(&cm->pause);
    act(cm, menu_press(&cm->menu, key, text));
}

static void client_menu_escape_due(struct deadline *d, void *owner)
{
    struct client_menu *cm = CONTAINER_OF(d, struct client_menu, pause);
    struct session_context *ctx = owner;

    act(cm, menu_press(&cm->menu, menu_keys_time_out(&cm->keys),
                       slice_of(NULL, 0)));
    directory_settle(ctx->directory);
}

enum prompt_event client_menu_prompt(struct client_menu *cm, struct slice *in)
{
    enum prompt_event event = PROMPT_NEED_MORE;

    if (prompt_next(&cm->prompt, in, &cm->session->telnet.wire.out, &event) < 0)
        client_session_end_for(cm->session, CLIENT_END_NO_MEMORY);
    return event;
}

static void take_line(struct client_menu *cm, struct slice *in)
{
    enum prompt_event event = client_menu_prompt(cm, in);

    if (event == PROMPT_LEFT)
        quit(cm);
    if (event != PROMPT_ENTERED)
        return;
    act(cm, menu_lines_answer(&cm->menu, cm->prompt.line));
    prompt_begin(&cm->prompt, client_menu_echoes(cm));
}

static void keep_ahead(struct client_menu *cm, struct slice in)
{
    if (in.len > 0 && buf_append(&cm->ahead, in) < 0)
        client_session_end_for(cm->session, CLIENT_END_NO_MEMORY);
}

void client_menu_take(struct client_session *s, struct slice in)
{
    struct client_menu *cm = s->menu;

    s->is_active = true;
    if (cm->must_leave)
        return;
    if (cm->ahead.len > 0) {
        keep_ahead(cm, in);
        return;
    }
    while (in.len > 0 && !client_session_is_ending(s)) {
        if (has_to_wait(cm)) {
            keep_ahead(cm, in);
            /* Behind a command the others come first: one that is told to many
             * costs time, and there may be thousands in what was read. */
            return;
        }
        if (cm->place == MENU_AT_CONSOLE) {
            if (client_menu_console_take(cm, &in))
                continue;
            keep_ahead(cm, in);
            client_menu_want(cm, true);
            return;
        }
        if (cm->has_screen)
            take_keys(cm, &in);
        else
            take_line(cm, &in);
    }
}

/* ahead is emptied first: what is typed may have to wait once more. One that is
 * on its way out commands nothing any more. */
void client_menu_take_ahead(struct client_menu *cm)
{
    struct client_session *s = cm->session;
    struct buf ahead = cm->ahead;

    if (ahead.len == 0 || has_to_wait(cm) || s->phase >= CLIENT_DRAINING)
        return;
    buf_init(&cm->ahead, ahead.max);
    client_menu_take(s, buf_bytes(&ahead));
    buf_done(&ahead);
    client_access_tell_denied(s);
    if (!client_session_is_ending(s))
        client_output_flush(s);
}

void client_menu_written(struct client_session *s)
{
    if (s->menu != NULL && s->menu->must_draw)
        client_menu_want(s->menu, true);
}

/* ---- all of them -------------------------------------------------------- */

void client_menu_open_all(struct session_context *ctx)
{
    struct client_menus *all = xcalloc(1, sizeof *all);

    ctx->clients->menus = all;
    list_init(&all->urgent);
    list_init(&all->patient);
    deadline_init(&all->work);
    session_context_open_queue(ctx, &all->starts, 0, client_menu_work_due);
    session_context_open_queue(ctx, &all->rests, MENU_REST_US,
                               client_menu_work_due);
    session_context_open_queue(ctx, &all->refreshes, MENU_REFRESH_US,
                               client_menu_refresh_due);
    session_context_open_queue(ctx, &all->terminals, MENU_TERMINAL_US,
                               client_menu_terminal_due);
    session_context_open_queue(ctx, &all->escapes, MENU_KEYS_ESCAPE_US,
                               client_menu_escape_due);
    session_context_open_queue(ctx, &all->holds, MENU_ESCAPE_HELD_US,
                               client_menu_hold_due);
}

void client_menu_close_all(struct session_context *ctx)
{
    struct client_menus *all = ctx->clients->menus;

    deadline_stop(&all->work);
    deadline_queue_close(&all->starts);
    deadline_queue_close(&all->rests);
    deadline_queue_close(&all->refreshes);
    deadline_queue_close(&all->terminals);
    deadline_queue_close(&all->escapes);
    deadline_queue_close(&all->holds);
    free(all);
}
