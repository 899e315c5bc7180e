/*
 * A client's way to being served: TLS decided, what it speaks found out, a
 * place taken, its console attached, and only then output.
 * client_session_private.h has the picture.
 *
 * The order is what counts. Nothing of a console goes out before TLS is decided
 * (secure_is_open, secure_is_missing). A place is taken before the console is
 * attached, so that a stranger who is refused was never seen by the VM; and
 * before a place its right is asked for, behind a login if that may give more.
 * The line in the log comes when it is known whether the connection is in TLS,
 * so client_serving_log is asked at each step. The owner (on_open) and the fact
 * come before output that could end the session.
 */
#include "base/clock.h"
#include "session/client/client_log.h"
#include "session/client/client_session_private.h"

#include <stdio.h>

/* Once, when the client is attached and it is known whether the connection is
 * in TLS. secure_is_open says that this is not known yet, and there are no
 * terms before the handshake of a raw connection is done. So it is asked at
 * each step on the way. */
void client_serving_log(struct client_session *s)
{
    struct stream_security security;
    struct stream_certificate certificate = { .nameless = "" };

    if (s->is_logged || client_session_is_ending(s) ||
        !client_session_is_attached(s) || secure_is_open(&s->telnet.secure))
        return;
    security = stream_security(s->telnet.wire.stream);
    if (security.terms[0] == '\0')
        return;
    s->is_logged = true;
    s->client.is_encrypted = security.is_secure;
    if (!s->role->is_outgoing)
        certificate = stream_certificate(s->telnet.wire.stream);
    client_log_connected(&s->client, client_session_log_level(s),
                         security.is_secure ? security.terms : "",
                         &certificate);
}

/* The peer is there, in whatever way was agreed on: on_open once, and never for
 * a connection that only drains. */
void client_serving_tell_open(struct client_session *s)
{
    struct stream_security security;

    if (s->is_open || !client_session_is_shown(s) ||
        s->phase == CLIENT_DRAINING || s->role->on_open == NULL)
        return;
    security = stream_security(s->telnet.wire.stream);
    if (security.terms[0] == '\0')
        return; /* it has failed, and is about to say so */
    s->is_open = true;
    s->role->on_open(s->role->owner, security.terms);
}

/* Once, and not for systems that vspcd called: they are no clients that have
 * come. */
void client_serving_report(struct client_session *s)
{
    if (s->is_told || client_session_is_ending(s) || s->role->is_outgoing ||
        !client_session_is_attached(s))
        return;
    s->is_told = true;
    client_report_attached(&s->client);
}

/* What was kept of its input must not have it refused once more. */
static void end_refused(struct client_session *s, enum client_end end)
{
    (void)wire_flush(&s->telnet.wire);
    client_input_drop(s);
    client_session_end_gently(s, client_end_text(end));
}

/* A console that refuses a client; who has no right was logged already. */
void client_serving_log_refused(const struct client_session *s,
                                enum client_outcome outcome,
                                const struct err *why)
{
    const struct console *c = s->target.console;

    if (outcome == CLIENT_REFUSED_LIMIT)
        log_audit(client_session_log_level(s), s->client.peer,
                  console_id(c).text,
                  LOG_CLIENT_LIMIT_REACHED CLIENT_LOG_FIELDS " limit=%u",
                  CLIENT_LOG_VALUES(&s->client, c),
                  c->directory->settings.client_limit);
    if (outcome == CLIENT_REFUSED_LOCK)
        client_access_log_refused(s, LOG_INFO, 0, why->text);
}

/* By a protocol of its own, if that has something for it. A failure matters to
 * nobody: the session ends. */
static bool is_refused_otherwise(struct client_session *s,
                                 enum client_outcome outcome, const char *why)
{
    const struct client_talk *talk = s->role->talk;

    if (talk == NULL || talk->refused == NULL)
        return false;
    (void)talk->refused(s->role->owner, outcome, why, &s->telnet.wire);
    return true;
}

/* In words, where words may be said. The line goes out at once, since nobody is
 * to wait for it. */
static void refuse_by_console(struct client_session *s,
                              enum client_outcome outcome,
                              const struct err *why)
{
    if (!is_refused_otherwise(s, outcome, why->text))
        client_output_say(s, "[vspcd: %s: refused, %s]\r\n",
                          console_name(s->target.console).text, why->text);
    client_serving_log_refused(s, outcome, why);
    end_refused(s, outcome == CLIENT_REFUSED_LIMIT ? CLIENT_END_LIMIT
                                                   : CLIENT_END_LOCKED);
}

/* In words that say nothing of a console, not even that there is one. */
static void refuse_by_rules(struct client_session *s, const struct err *why)
{
    if (!is_refused_otherwise(s, CLIENT_REFUSED_RIGHT, why->text))
        client_output_say(s, "[vspcd: refused, %s]\r\n", why->text);
    end_refused(s, CLIENT_END_NO_RIGHT);
}

/* The gate has logged it. */
static void refuse_by_gate(struct client_session *s, const char *line)
{
    if (!is_refused_otherwise(s, CLIENT_REFUSED_NOW,
                              "too many clients are connected, or none is "
                              "served at present; try again later"))
        client_output_say(s, "%s", line);
    end_refused(s, CLIENT_END_TOTAL);
}

/* Whether there is anything to serve it: its console, or those to choose from.
 */
static bool has_target(const struct client_session *s)
{
    return client_session_is_choosing(s) || s->target.console != NULL;
}

static bool is_authenticated(const struct client_session *s)
{
    return s->who.proof != PROOF_ADDRESS;
}

/* Connections that vspcd has made take no stranger's place. */
static bool take_place(struct client_session *s, const char **ret_line)
{
    return s->role->is_outgoing ||
           gate_take_place(&s->telnet.ctx->gate, &s->place,
                           &s->telnet.wire.stream->peer, is_authenticated(s),
                           ret_line);
}

/* From here on the VM waits for it, and sees it as DCD. It is shown what has
 * come since its connection did, although nobody has waited for it so far; a
 * program that connects and starts something would miss the beginning. */
enum client_outcome client_serving_attach(struct client_session *s,
                                          struct err *why)
{
    enum client_outcome outcome =
        client_attach(&s->client, s->target.console, clock_now_us(), why);

    if (outcome != CLIENT_ATTACHED)
        return outcome;
    gate_remove_newcomer(&s->telnet.ctx->gate, &s->newcomer);
    s->stay = (struct client_stay){
        .since_us = clock_now_us(),
        .input_bytes = s->client.input_bytes,
        .output_bytes = s->client.output_bytes,
    };
    console_begin_at(&s->client.reader, s->came_at);
    client_output_note_absence(s);
    (void)client_line_begin(s);
    if (s->role->talk != NULL && s->role->talk->attached != NULL &&
        s->role->talk->attached(s->role->owner, &s->telnet.wire) < 0)
        client_session_end_for(s, CLIENT_END_NO_MEMORY);
    return CLIENT_ATTACHED;
}

/* Behind a login that may give more; by its rights, and as one of all clients.
 */
static bool is_let_in(struct client_session *s)
{
    const char *line;
    struct err why;

    if (client_login_is_possible(s))
        return false;
    if (!client_access_decide(s, &why)) {
        refuse_by_rules(s, &why);
        return false;
    }
    if (!take_place(s, &line)) {
        refuse_by_gate(s, line);
        return false;
    }
    return true;
}

bool client_serving_take_place(struct client_session *s)
{
    enum client_outcome outcome;
    struct err why;

    if (client_session_is_ending(s) || s->target.console == NULL)
        return false;
    if (client_session_is_attached(s))
        return true;
    if (!is_let_in(s))
        return false;
    outcome = client_serving_attach(s, &why);
    if (outcome != CLIENT_ATTACHED) {
        refuse_by_console(s, outcome, &why);
        return false;
    }
    client_serving_log(s);
    return true;
}

/* One that chooses has a place and no console. */
static bool take_place_of_chooser(struct client_session *s)
{
    if (!is_let_in(s))
        return false;
    gate_remove_newcomer(&s->telnet.ctx->gate, &s->newcomer);
    return true;
}

/* Before that nobody has shown a certificate. By AUTHENTICATION a client may
 * have answered everything else already. */
static bool is_shaking_hands(const struct client_session *s)
{
    return stream_security(s->telnet.wire.stream).terms[0] == '\0';
}

/* A quiet console shows nothing, and whoever has just logged in would wait for
 * more of the login. It goes out in front of the console's output. */
static void greet_by_right(struct client_session *s)
{
    static const char *const texts[RIGHT_COUNT] = {
        [RIGHT_NONE] = "",
        [RIGHT_READ] = "you are logged in, and may only read",
        [RIGHT_WRITE] = "you are logged in, and may type",
        [RIGHT_BREAK] = "you are logged in, and may type and send breaks",
        [RIGHT_CONTROL] = "you are logged in, and may control it",
        [RIGHT_ADMIN] = "you are logged in, and may do everything",
    };

    if (s->who.proof == PROOF_PASSWORD || s->who.proof == PROOF_TOKEN)
        client_output_notice(s, texts[s->client.right]);
}

/* The order: the reader goes back before the first byte goes out; on_open and
 * the fact come before output that could end the session; then AUTHENTICATION
 * is closed, and the output goes. */
void client_serving_begin(struct client_session *s)
{
    if (s->phase >= CLIENT_SERVING || !has_target(s) ||
        secure_is_open(&s->telnet.secure) || is_shaking_hands(s))
        return;
    if (secure_is_missing(&s->telnet.secure)) {
        client_session_refuse_clear(s);
        return;
    }
    if (client_login_begin(s) ||
        !(client_session_is_choosing(s) ? take_place_of_chooser(s)
                                        : client_serving_take_place(s)))
        return;
    client_serving_log(s);
    client_session_enter(s, CLIENT_SERVING);
    client_idle_begin(s);
    (void)client_output_look_back(s);
    client_serving_tell_open(s);
    client_serving_report(s);
    telnet_link_stay_clear(&s->telnet);
    client_window_ask(s);
    if (s->menu != NULL)
        client_menu_begin(s);
    else
        greet_by_right(s);
    client_output_flush(s);
}

void client_serving_decide(struct client_session *s)
{
    if (client_session_is_ending(s) || !client_session_has_answered(s))
        return;
    client_serving_begin(s);
    client_window_ask(s);
    /* An answer that has come late. */
    if (client_session_is_shown(s) && client_output_look_back(s))
        client_output_flush(s);
}

/* Whether there is TLS is decided, one way or the other: back to what has to be
 * found out of every client. */
void client_serving_go_on(struct client_session *s)
{
    if (s->phase >= CLIENT_SERVING)
        return;
    client_session_enter(s, CLIENT_NEGOTIATING);
    client_serving_log(s);
    if (client_session_has_answered(s))
        client_serving_begin(s);
}

void client_serving_on_secured(struct telnet_link *l)
{
    struct client_session *s = client_session_of_telnet(l);
    bool is_first = s->phase == CLIENT_FIRST_BYTE;

    if (s->phase >= CLIENT_SERVING)
        return;
    switch ((enum secure_state)l->secure.state) {
    case SECURE_FIRST:
    case SECURE_ACCEPTED:
        break;
    case SECURE_OFFERED:
        if (is_first)
            client_session_enter(s, CLIENT_NEGOTIATING);
        break;
    case SECURE_ASKED:
    case SECURE_STARTED:
        /* Once: each message of the exchange comes here, and one that repeats
         * what changes nothing would renew its time for ever. */
        if (s->phase != CLIENT_AUTHENTICATING)
            client_session_enter(s, CLIENT_AUTHENTICATING);
        break;
    case SECURE_DONE:
        client_session_enter(s, CLIENT_HANDSHAKING);
        break;
    case SECURE_NOT:
        client_serving_go_on(s);
        break;
    }
    client_serving_log(s);
}

bool client_serving_awaits_telnet(const struct client_session *s)
{
    return s->role->talk != NULL && s->mode == CLIENT_MODE_UNDECIDED &&
           s->phase < CLIENT_SERVING;
}

/* Once more, for a bounded time: nothing may go out to it before. */
static void await_telnet(struct client_session *s)
{
    if (++s->waits < CLIENT_TELNET_WAITS)
        client_session_enter(s, CLIENT_NEGOTIATING);
    else
        client_session_end_for(s, CLIENT_END_NO_TELNET);
}

/* It was silent so far: it gets the bare bytes, until it turns out to be
 * telnet. A client with a mode has answered something and only left BINARY
 * open. Without a console there is nothing to serve it yet, and it is not read:
 * its time begins anew. */
void client_serving_stop_negotiating(struct client_session *s)
{
    if (!has_target(s)) {
        client_session_enter(s, (enum client_phase)s->phase);
        return;
    }
    if (client_serving_awaits_telnet(s)) {
        await_telnet(s);
        return;
    }
    if (client_login_is_awaited(s)) {
        client_session_enter(s, CLIENT_NEGOTIATING);
        return;
    }
    if (s->mode == CLIENT_MODE_UNDECIDED)
        s->telnet.wire.encoder.is_raw = true;
    telnet_link_stay_clear(&s->telnet);
    client_serving_begin(s);
    if (s->has_finished && s->phase == CLIENT_SERVING)
        client_session_enter(s, CLIENT_HALF_CLOSED);
}

/* A remote system may look up our name before it answers. Where TLS is required
 * there is nothing else to be had from it, so it is waited for more than
 * once. */
void client_serving_stop_calling(struct client_session *s)
{
    if (secure_is_missing(&s->telnet.secure) &&
        ++s->waits < CLIENT_ANSWER_WAITS)
        client_session_enter(s, CLIENT_CALLING);
    else
        client_serving_stop_negotiating(s);
}
