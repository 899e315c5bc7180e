/*
 * At a console: what is typed goes through the escape key, and on to the VM.
 *
 * A VM that takes nothing must not keep its person from coming back to the
 * list. So what the console does not take is kept here, bounded, and the client
 * is read further: the escape key behind it is seen. It is given to the console
 * in order when that takes input again, and dropped when its person leaves.
 */
#include "base/clock.h"
#include "base/text.h"
#include "proto/enter.h"
#include "session/client/client_control.h"
#include "session/client/menu/client_menu_private.h"

enum { CLIENTS_SHOWN = 20, NAME_SHOWN = 64 };

static bool console_takes(const struct client_session *s, size_t len)
{
    const struct console *c = s->client.console;

    return c == NULL || s->client.right < RIGHT_WRITE ||
           console_takes_input(c) || console_has_input_room(c, len);
}

static void give(struct client_menu *cm, struct slice bytes)
{
    struct client_session *s = cm->session;

    if (bytes.len == 0)
        return;
    if (cm->held.len == 0 && console_takes(s, bytes.len)) {
        client_input_type(s, bytes);
        return;
    }
    client_wait(&s->client);
    if (buf_append(&cm->held, bytes) < 0)
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
}

void client_menu_input_changed(struct client_session *s)
{
    struct client_menu *cm = s->menu;
    struct buf held;

    if (cm == NULL || cm->held.len == 0 || !console_takes(s, cm->held.len))
        return;
    held = cm->held;
    buf_init(&cm->held, held.max);
    give(cm, buf_bytes(&held));
    buf_done(&held);
    client_access_tell_denied(s);
}

void client_menu_console_begin(struct client_menu *cm)
{
    menu_escape_init(&cm->escape,
                     cm->session->telnet.ctx->settings.menu_escape);
    cm->asks = MENU_ASKS_NOTHING;
    cm->is_behind_cr =
        cm->has_screen ? cm->keys.is_behind_cr : cm->prompt.is_behind_cr;
}

void client_menu_console_end(struct client_menu *cm)
{
    buf_done(&cm->held);
    buf_init(&cm->held, MENU_HELD_MAX);
    deadline_stop(&cm->pause);
}

/* ---- commands ----------------------------------------------------------- */

static void say_help(struct client_menu *cm)
{
    struct client_session *s = cm->session;

    client_output_notice(s, "after Enter, type");
    for (int i = 0; i < MENU_COMMAND_COUNT; i++) {
        const struct menu_command_words *words =
            menu_command_words((enum menu_command)i);

        client_output_say(s, " %c%c  %s\r\n", cm->escape.key, words->letter,
                          words->text);
    }
    client_output_say(s, " %c%c  one %c for the VM\r\n", cm->escape.key,
                      cm->escape.key, cm->escape.key);
}

static void say_client(struct client_menu *cm, const struct client *client)
{
    struct client_session *s = cm->session;
    bool knows_typist = s->client.right >= RIGHT_CONTROL;
    struct census_client row;
    char name[NAME_SHOWN];

    census_read_client(&row, client);
    (void)text_clean(name, sizeof name,
                     slice_of_text(row.name[0] != '\0' ? row.name : "-"));
    client_output_say(
        s, " %llu  %s  %s  %s%s%s\r\n", (unsigned long long)row.number, name,
        row.peer[0] != '\0' ? row.peer : "-", client_door_name(row.door),
        knows_typist && row.number == s->client.console->typist ? "  typed last"
                                                                : "",
        client == &s->client ? "  you" : "");
}

/* Who typed is for those who control the console to know. As many as fit into
 * the queue for words. */
static void say_who(struct client_menu *cm)
{
    struct client_session *s = cm->session;
    const struct console *c = s->client.console;
    const struct client *client = NULL;
    uint32_t count = 0;

    client_output_say(s, "\r\n[vspcd: %s: %u here]\r\n", console_name(c).text,
                      c->client_count);
    while ((client = census_next_client(c, client)) != NULL &&
           count++ < CLIENTS_SHOWN)
        say_client(cm, client);
    if (client != NULL)
        client_output_say(s, " and %u more\r\n",
                          c->client_count - CLIENTS_SHOWN);
}

/* One that may not is told by whoever looks at what was denied. */
static void send_break(struct client_menu *cm)
{
    struct client_session *s = cm->session;

    s->was_break_told = false;
    client_line_handle_break(s);
    if (s->client.right >= RIGHT_BREAK && !s->client.is_locked_out)
        client_output_notice(s, "a break was sent");
}

static void say(struct client_menu *cm, const struct err *text)
{
    client_output_notice(cm->session, text->text);
}

static void take_over(struct client_menu *cm)
{
    const struct client_actor by = client_actor_of(&cm->session->client);
    struct err text;

    (void)client_control_take_over(&by, by.client, &text);
    say(cm, &text);
}

/* The line behind the command. Who may not do it need not type it first. */
static void ask(struct client_menu *cm, enum client_menu_question what)
{
    struct client_session *s = cm->session;
    struct err text;

    if (s->client.right < RIGHT_CONTROL) {
        err_set(&text, "that needs the right to control this console");
        say(cm, &text);
        return;
    }
    cm->asks = (uint8_t)what;
    prompt_begin(&cm->prompt, client_menu_echoes(cm));
    client_output_say(s, "\r\n[vspcd: %s, Ctrl-C to leave it]: ",
                      what == MENU_ASKS_NUMBER ? "number of the client"
                                               : "message");
}

static void disconnect(struct client_menu *cm, const char *line,
                       struct err *text)
{
    const struct client_actor by = client_actor_of(&cm->session->client);
    unsigned long number;

    if (text_number(line, UINT32_MAX, &number) && number != 0)
        (void)client_control_disconnect(&by, number, NULL, text);
    else
        err_set(text, "that is not the number of a client");
}

static void answered(struct client_menu *cm)
{
    enum client_menu_question what = (enum client_menu_question)cm->asks;
    const struct client_actor by = client_actor_of(&cm->session->client);
    struct err text;

    cm->asks = MENU_ASKS_NOTHING;
    if (what == MENU_ASKS_NUMBER)
        disconnect(cm, cm->prompt.line, &text);
    else
        (void)client_control_say(&by, cm->prompt.line, &text);
    say(cm, &text);
}

/* False: it was obeyed. */
static bool take_answer(struct client_menu *cm, struct slice *in)
{
    enum prompt_event event = client_menu_prompt(cm, in);

    if (event == PROMPT_LEFT)
        cm->asks = MENU_ASKS_NOTHING;
    if (event == PROMPT_ENTERED)
        answered(cm);
    cm->is_behind_cr = event == PROMPT_ENTERED && cm->prompt.is_behind_cr;
    return event != PROMPT_ENTERED;
}

static void obey(struct client_menu *cm, enum menu_command command)
{
    switch (command) {
    case MENU_COMMAND_BACK:
        client_menu_leave(cm, client_end_text(CLIENT_END_BACK));
        break;
    case MENU_COMMAND_HELP:
        say_help(cm);
        break;
    case MENU_COMMAND_BREAK:
        send_break(cm);
        break;
    case MENU_COMMAND_TAKE:
        take_over(cm);
        break;
    case MENU_COMMAND_WHO:
        say_who(cm);
        break;
    case MENU_COMMAND_SAY:
        ask(cm, MENU_ASKS_MESSAGE);
        break;
    case MENU_COMMAND_END:
        ask(cm, MENU_ASKS_NUMBER);
        break;
    }
}

/* The key alone goes to the VM when nothing came behind it for a while. */
static void watch_key(struct client_menu *cm)
{
    if (!cm->escape.is_held)
        deadline_stop(&cm->pause);
    else if (!deadline_is_running(&cm->pause))
        deadline_start(&client_menus_of(cm)->holds, &cm->pause, clock_now_us());
}

static bool take_typed(struct client_menu *cm, struct slice *in)
{
    struct menu_escape_item item;
    enum menu_escape_event event = menu_escape_next(&cm->escape, in, &item);

    if (event == MENU_ESCAPE_BYTES)
        give(cm, item.bytes);
    if (event == MENU_ESCAPE_COMMAND)
        obey(cm, item.command);
    if (cm->place == MENU_AT_CONSOLE && !client_session_is_ending(cm->session))
        watch_key(cm);
    return event != MENU_ESCAPE_COMMAND;
}

bool client_menu_console_take(struct client_menu *cm, struct slice *in)
{
    if (cm->must_leave) {
        *in = slice_of(NULL, 0);
        return true;
    }
    if (cm->asks != MENU_ASKS_NOTHING)
        return take_answer(cm, in);
    enter_skip_rest(&cm->is_behind_cr, in);
    return take_typed(cm, in);
}

void client_menu_hold_due(struct deadline *d, void *owner)
{
    struct client_menu *cm = CONTAINER_OF(d, struct client_menu, pause);
    struct session_context *ctx = owner;

    give(cm, menu_escape_time_out(&cm->escape));
    client_access_tell_denied(cm->session);
    directory_settle(ctx->directory);
}
