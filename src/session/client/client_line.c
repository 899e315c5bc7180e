/*
 * A client's side of its console's serial line: docs/rfc2217.md.
 *
 * A client that takes no answers must not fill its queue with changes of lines.
 * It is told nothing then, and caught up when it takes something again
 * (client_line_catch_up): with what holds by then, and not with each step.
 */
#include "base/clock.h"
#include "core/keyboard.h"
#include "session/client/client_control.h"
#include "session/client/client_log.h"
#include "session/client/client_session_private.h"

/* A connection that speaks no telnet has no way to be told of a break; a client
 * that takes no answers has missed it. */
void client_line_say_break(struct client_session *s, bool is_on)
{
    if (s->mode == CLIENT_MODE_TELNET &&
        s->telnet.wire.out.len <= LIMIT_ANSWERS_MARK)
        (void)comport_peer_tell_break(&s->comport, is_on, &s->telnet.wire.out);
}

void client_line_tell(struct client_session *s)
{
    uint8_t seen = console_lines(s->client.console, LINE_CLIENTS);

    if (s->client.right >= RIGHT_READ &&
        s->telnet.wire.out.len <= LIMIT_ANSWERS_MARK)
        (void)comport_peer_tell_lines(&s->comport, seen, &s->telnet.wire.out);
}

/* A break whose end was missed would last for ever for this client: it ends
 * now. */
void client_line_catch_up(struct client_session *s)
{
    if (client_session_is_ending(s) || !client_session_is_attached(s))
        return;
    client_line_tell(s);
    if (s->comport.sees_break && !s->client.console->is_in_break)
        client_line_say_break(s, false);
    if (s->telnet.wire.out.len > 0)
        client_output_flush(s);
}

/* A break may reboot a guest without a login (Magic SysRq). So one that is
 * sent is told, and not only who may. Once for each read, as a flood of them
 * says no more. */
static void begin_break(struct client_session *s)
{
    const struct client *client = &s->client;
    bool was_in_break = client->is_in_break;

    client_break(&s->client, true);
    if (was_in_break || !client->is_in_break || s->was_break_told)
        return;
    s->was_break_told = true;
    log_audit(LOG_INFO, client->peer, console_id(client->console).text,
              LOG_CLIENT_BREAK CLIENT_LOG_FIELDS,
              CLIENT_LOG_VALUES(client, client->console));
}

void client_line_handle_break(struct client_session *s)
{
    if (!client_serving_take_place(s))
        return;
    if (s->client.right >= RIGHT_BREAK)
        client_control_claim(&s->client);
    /* IAC BRK has no length: the break begins and ends at once. */
    begin_break(s);
    client_break(&s->client, false);
}

/* The option may be on since before the client was attached, when there was
 * nothing to tell: where TLS is required, the lines of a console are not told
 * in the clear. Or since it was at another console, which it remembers. */
int client_line_begin(struct client_session *s)
{
    if (client_session_is_person(s))
        return 0;
    if (s->comport.is_on) {
        client_line_tell(s);
        return 0;
    }
    return comport_peer_start(&s->comport,
                              console_lines(s->client.console, LINE_CLIENTS),
                              &s->telnet.wire.out);
}

/* Nothing that a client has not ended lasts for ever for the VM. */
void client_line_end(struct client_session *s)
{
    if (!s->comport.is_break)
        return;
    s->comport.is_break = false;
    client_break(&s->client, false);
}

int client_line_handle_option(struct client_session *s, bool is_on)
{
    if (is_on)
        client_login_stop(s);
    if (is_on)
        return client_session_is_attached(s) ? client_line_begin(s) : 0;
    client_line_end(s);
    comport_peer_init(&s->comport, LINE_CLIENTS);
    client_set_lines(&s->client, LINE_BOTH);
    return 0;
}

static void fulfil(struct client_session *s, enum comport_wish wish,
                   uint8_t driven)
{
    switch (wish) {
    case COMPORT_WISH_NOTHING:
    case COMPORT_WISH_SUSPEND: /* the end of the read writes what it may */
        break;
    case COMPORT_WISH_LINES:
        client_set_lines(&s->client, driven);
        break;
    case COMPORT_WISH_BREAK:
        if (s->comport.is_break)
            begin_break(s);
        else
            client_break(&s->client, false);
        break;
    case COMPORT_WISH_NO_BREAK:
        (void)client_may(&s->client, RIGHT_BREAK);
        break;
    case COMPORT_WISH_PURGE_TO:
        client_skip(&s->client, clock_now_us());
        break;
    case COMPORT_WISH_PURGE_FROM:
        client_purge_input(&s->client);
        break;
    case COMPORT_WISH_PURGE_BOTH:
        client_skip(&s->client, clock_now_us());
        client_purge_input(&s->client);
        break;
    }
}

int client_line_handle_message(struct client_session *s, struct slice body)
{
    struct console *c = s->target.console;
    uint8_t driven = s->client.lines;
    struct comport_request request = {
        .line = &c->line,
        .driven = &driven,
        .seen = console_lines(c, LINE_CLIENTS),
        .peer = s->client.peer,
        .console = c,
    };
    enum comport_wish wish;
    int r;

    if (!client_serving_take_place(s))
        return 0;
    /* Known when it is attached, and not before. */
    client_control_claim(&s->client);
    request.may_set = keyboard_is_free_for(&s->client);
    request.may_break = request.may_set && s->client.right >= RIGHT_BREAK;
    r = comport_peer_handle(&s->comport, &request, body, &s->telnet.wire.out,
                            &wish);
    fulfil(s, wish, driven);
    return r;
}
