/*
 * What a client's connection and its console tell the session: readiness,
 * breaks and ends from below, output and changes from beside. Each is a row of
 * one of two tables of operations, and leads to the file that has the subject.
 */
#include "base/mem.h"
#include "session/client/client_session_private.h"

#include <stdlib.h>

/* ---- its link ------------------------------------------------------------ */

/* All the reasons for not reading are RESTS and none WAITS: a client that takes
 * no answers, or whose input the console does not take, waits for somebody
 * else, perhaps for ever. A break ends it then, whatever it had said. */
static enum telnet_link_pace client_events_pace(const struct telnet_link *l)
{
    const struct client_session *s =
        CONTAINER_OF(l, const struct client_session, telnet);

    if (s->phase >= CLIENT_HALF_CLOSED || s->has_finished ||
        (s->target.console == NULL && !client_session_is_choosing(s)) ||
        s->has_typed_over || s->is_refused || client_menu_is_waiting(s) ||
        (s->phase == CLIENT_LOGIN && s->kept.len > 0) ||
        l->wire.out.len > LIMIT_ANSWERS_MARK)
        return TELNET_LINK_RESTS;
    return TELNET_LINK_READS;
}

static const struct telnet_link_policies *client_events_policies(
    const struct telnet_link *l)
{
    return client_role_policies(
        CONTAINER_OF(l, const struct client_session, telnet)->role);
}

static const char *client_events_host(const struct telnet_link *l)
{
    return CONTAINER_OF(l, const struct client_session, telnet)->role->host;
}

static void client_events_on_bytes(struct telnet_link *l, struct slice in)
{
    client_input_take(client_session_of_telnet(l), in);
}

/* A client is read while the console takes no input, but little: see
 * client_input.c. So is one at a list, or without a console. A login needs no
 * more, and what was read may be a password. */
static void client_events_on_readable(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);
    bool logs_in = client_login_is_under_way(s);
    bool takes = !logs_in && !client_menu_is_at_list(s) &&
                 s->target.console != NULL &&
                 console_takes_input(s->target.console);
    ssize_t n;

    n = telnet_link_read(l, l->ctx->read_buffer,
                         takes ? LIMIT_READ : CLIENT_PEEK);
    if (n > 0 && (logs_in || client_login_is_under_way(s)))
        explicit_bzero(l->ctx->read_buffer, (size_t)n);
    client_output_flush(s);
}

/* Writability is also how the end of the handshake is seen: telnet_link asks
 * for it until hands are shaken. */
static void client_events_on_written(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);

    if (s->phase == CLIENT_HANDSHAKING)
        client_serving_go_on(s);
    client_serving_log(s);
    client_serving_tell_open(s);
    client_output_flush(s);
    client_line_catch_up(s);
    client_menu_written(s);
    if (s->role->talk != NULL && s->role->talk->on_written != NULL &&
        !client_session_is_ending(s))
        s->role->talk->on_written(s->role->owner);
}

static bool may_be_served_later(const struct client_session *s)
{
    return s->mode == CLIENT_MODE_UNDECIDED && s->kept.len == 0 &&
           (s->phase == CLIENT_FIRST_BYTE || s->phase == CLIENT_NEGOTIATING) &&
           !secure_is_missing(&s->telnet.secure);
}

/* No hello can come any more, so it is greeted now: where nobody is left, that
 * is what shows it. */
static void finish_unserved(struct client_session *s)
{
    s->has_finished = true;
    if (s->phase == CLIENT_FIRST_BYTE)
        telnet_link_hello_overdue(&s->telnet);
}

/*
 * The peer sends no more. A program may have sent all that it had to say, and
 * wait for the answer (nc -N): it is shown what comes until the output is
 * quiet. A remote system that vspcd called has hung up.
 *
 * A client that has said nothing at all is no client yet: it may be a health
 * check, whose connection is gone by the time that it would be served. If it is
 * there then, it is a reader (nc </dev/null). Where TLS is required, or has
 * begun, nothing can come of it any more.
 */
static void client_events_on_closed(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);

    if (s->role->is_outgoing)
        client_session_drain(s, client_end_text(CLIENT_END_CLOSED_BY_REMOTE));
    else if (client_serving_awaits_telnet(s))
        client_session_end_for(s, CLIENT_END_CLOSED);
    else if (may_be_served_later(s))
        finish_unserved(s);
    else if (s->phase == CLIENT_NEGOTIATING)
        client_serving_stop_negotiating(s);
    if (s->phase == CLIENT_SERVING)
        client_session_enter(s, CLIENT_HALF_CLOSED);
    else if (s->phase < CLIENT_SERVING && !s->has_finished)
        client_session_end_for(s, CLIENT_END_CLOSED);
    telnet_link_update_interest(&s->telnet, telnet_link_is_blocked(&s->telnet));
}

static void client_events_on_distrusted(struct telnet_link *l,
                                        const char *reason)
{
    client_access_lose(client_session_of_telnet(l), reason);
}

const struct telnet_link_ops client_events_of_link = {
    .policies = client_events_policies,
    .host = client_events_host,
    .greet = client_role_greet,
    .on_secured = client_serving_on_secured,
    .on_bytes = client_events_on_bytes,
    .take_data = client_input_take_data,
    .on_event = client_input_on_event,
    .pace = client_events_pace,
    .on_readable = client_events_on_readable,
    .on_written = client_events_on_written,
    .on_end = client_events_on_closed,
    .on_broken = client_session_on_broken,
    .on_distrusted = client_events_on_distrusted,
};

/* ---- its client --------------------------------------------------------- */

static void client_events_pull(struct client *client)
{
    client_output_flush(client_session_of(client));
}

static void client_events_input_changed(struct client *client)
{
    client_input_go_on(client_session_of(client));
}

static void client_events_lines_changed(struct client *client)
{
    struct client_session *s = client_session_of(client);

    if (client_session_is_ending(s))
        return;
    client_line_tell(s);
    client_window_ask(s);
    if (s->telnet.wire.out.len > 0)
        client_output_flush(s);
}

static void client_events_judge_client(struct client *client)
{
    (void)client_access_judge(client_session_of(client));
}

static void client_events_say(struct client *client, const char *text)
{
    struct client_session *s = client_session_of(client);

    if (!client_session_is_shown(s) || !client_output_takes_notices(s))
        return;
    client_output_notice(s, text);
    client_output_flush(s);
}

static void client_events_disconnect(struct client *client, const char *reason)
{
    struct client_session *s = client_session_of(client);

    if (s->phase >= CLIENT_DRAINING)
        return;
    free(s->end_text);
    s->end_text = xstrdup(reason);
    client_session_shut_down(client, s->end_text);
}

const struct client_ops client_events_of_console = {
    .say = client_events_say,
    .disconnect = client_events_disconnect,
    .judge = client_events_judge_client,
    .pull = client_events_pull,
    .input_changed = client_events_input_changed,
    .lines_changed = client_events_lines_changed,
};
