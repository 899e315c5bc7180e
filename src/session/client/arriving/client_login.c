/*
 * A login before a client is served: for a person who by address, or by a
 * certificate, may do less than a login could give.
 *
 * Who is asked: a telnet client that has answered about BINARY and wants no
 * serial line, in TLS or from this machine. A program is never asked; where a
 * client turns out to be one (COM-PORT), the login is dropped, and its address
 * or certificate has to do.
 *
 * Until the login is over nothing is taken, attached or told that has to do
 * with the console: client_serving_take_place asks client_login_is_possible
 * first, which every way to the console goes through. What is typed before the
 * first question is dropped: it cannot have been the answer.
 *
 * A password that is being checked stops the reading: what is typed ahead is
 * kept, and goes to the console if the login succeeds, to the next question if
 * PAM has one, and nowhere if it fails.
 */
#include "session/login.h"

#include "session/client/client_session_private.h"

static const char use_tls[] = "use TLS (telnet -z ssl)";
static const char have_tls[] =
    "its administrator has to switch TLS on (client-tls)";

/* The rules are asked once for each read: a peer may send many pieces of data
 * in one, and there may be many rules. */
static bool has_hope(struct client_session *s)
{
    if (s->hope == CLIENT_HOPE_UNKNOWN)
        s->hope =
            client_access_may_gain(s) ? CLIENT_HOPE_SOME : CLIENT_HOPE_NONE;
    return s->hope == CLIENT_HOPE_SOME;
}

void client_login_look_again(struct client_session *s)
{
    if (s->hope != CLIENT_HOPE_OVER)
        s->hope = CLIENT_HOPE_UNKNOWN;
}

/* Whether its principal could become another one by a login; not whether it is
 * a person. The rules without sections have nobody who comes from elsewhere. */
static bool could_gain(struct client_session *s)
{
    const struct session_context *ctx = s->telnet.ctx;

    return s->role->way == CLIENT_TELNET && !s->role->is_outgoing &&
           s->role->talk == NULL && ctx->settings.asks_logins &&
           ctx->authenticate != NULL &&
           (s->target.console != NULL || s->menu != NULL) && has_hope(s);
}

bool client_login_is_possible(struct client_session *s)
{
    return s->phase < CLIENT_SERVING && s->mode == CLIENT_MODE_TELNET &&
           client_session_is_person(s) && could_gain(s);
}

/* The time for an answer about BINARY is over. On a slow link it may be under
 * way; and without a login there is nothing for this client. */
bool client_login_is_awaited(struct client_session *s)
{
    client_login_look_again(s);
    if (s->has_finished || s->mode == CLIENT_MODE_RAW ||
        client_session_has_answered(s) || !client_session_is_person(s) ||
        !could_gain(s) || client_access_right(s) >= RIGHT_READ)
        return false;
    return ++s->waits < CLIENT_LOGIN_WAITS;
}

/* Whether a password may be typed here. Somebody who came by a balancer came
 * over a network, whatever address the balancer says. */
static bool may_be_asked(const struct client_session *s)
{
    return telnet_link_is_encrypted(&s->telnet) || s->who.is_local;
}

static void refuse_clear_login(struct client_session *s, const char *advice)
{
    const char *reason = client_end_text(CLIENT_END_LOGIN_IN_CLEAR);

    client_output_say(
        s, "[vspcd: refused, this needs a login, and for that %s]\r\n", advice);
    (void)wire_flush(&s->telnet.wire);
    client_access_log_refused(s, LOG_WARNING, 0, reason);
    client_session_end_gently(s, reason);
}

/* A person who may watch is told what there is besides. False: the client is
 * served without a login. */
static bool refuse_to_ask(struct client_session *s)
{
    const char *advice = s->role->policy != TLS_OFF ? use_tls : have_tls;

    s->hope = CLIENT_HOPE_OVER;
    if (client_access_right(s) < RIGHT_READ) {
        refuse_clear_login(s, advice);
        return true;
    }
    client_output_say(s, "[vspcd: you may only read; to log in %s]\r\n",
                      advice);
    return false;
}

static void client_login_on_change(void *owner);

static void start(struct client_session *s)
{
    const struct login_setup setup = {
        .authenticate = s->telnet.ctx->authenticate,
        .who = {
            .from = &s->who,
            .door = client_door_name((enum client_door)s->client.door),
            .peer = s->client.peer,
        },
        .out = &s->telnet.wire.out,
        .may_skip = client_access_right(s) >= RIGHT_READ,
        .on_change = client_login_on_change,
        .owner = s,
    };

    telnet_link_stay_clear(&s->telnet);
    client_session_enter(s, CLIENT_LOGIN);
    s->login = login_new(&setup);
    client_output_flush(s);
}

bool client_login_begin(struct client_session *s)
{
    if (s->login != NULL)
        return true;
    client_login_look_again(s);
    if (!client_login_is_possible(s))
        return false;
    if (!client_session_has_answered(s)) {
        s->hope = CLIENT_HOPE_OVER; /* no person's program is so silent */
        return false;
    }
    if (!may_be_asked(s))
        return refuse_to_ask(s);
    start(s);
    return true;
}

/* No telnet client shows what the other side does not echo, unless it has
 * refused that. */
static bool is_seen(const struct client_session *s)
{
    return telpeer_state(&s->telnet.wire.peer, TELPEER_US,
                         TELNET_OPTION_ECHO) == TELOPT_ON;
}

void client_login_done(struct client_session *s)
{
    login_free(s->login);
    s->login = NULL;
}

/* The client is judged by what it is now. */
static void serve(struct client_session *s)
{
    s->hope = CLIENT_HOPE_OVER;
    client_login_done(s);
    client_session_enter(s, CLIENT_NEGOTIATING);
    client_serving_begin(s);
}

void client_login_stop(struct client_session *s)
{
    if (s->login == NULL || client_session_is_ending(s))
        return;
    client_input_drop(s);
    serve(s);
}

/* The reason outlives the login: it is static. */
static void conclude(struct client_session *s)
{
    struct login *l = s->login;

    if (l->stage == LOGIN_FAILED) {
        client_input_drop(s);
        (void)wire_flush(&s->telnet.wire);
        client_session_end_gently(s, l->reason);
        return;
    }
    if (l->stage == LOGIN_PROVEN)
        client_access_prove(s, &l->attempt.who);
    s->is_behind_login = l->prompt.is_behind_cr;
    serve(s);
}

/* A check has ended, or PAM has something to say. What was typed behind a wrong
 * password was meant for the console. */
static void client_login_on_change(void *owner)
{
    struct client_session *s = owner;

    if (client_session_is_ending(s))
        return;
    if (login_is_over(s->login))
        conclude(s);
    else if (s->login->stage == LOGIN_NAME)
        client_input_drop(s);
    if (!client_session_is_ending(s))
        client_input_take(s, slice_of(NULL, 0));
    client_output_flush(s);
    directory_settle(s->telnet.ctx->directory);
}

void client_login_late(struct client_session *s)
{
    login_end_late(s->login);
    conclude(s);
}

static void type(struct client_session *s, struct slice in)
{
    int r = login_take(s->login, &in, is_seen(s));

    if (r < 0)
        telnet_link_break(&s->telnet, r);
    else if (login_is_over(s->login))
        conclude(s);
}

/* The next byte, which is data: one, or 255 twice. It may be none: the NUL
 * behind a CR. */
static void type_next(struct client_session *s, struct slice *in)
{
    struct telnet_link *l = &s->telnet;
    enum telpeer_event event = TELPEER_DATA;
    struct telpeer_item item;
    struct slice next = slice_of(in->data, 1);

    if (in->data[0] == TELNET_IAC &&
        l->wire.peer.decoder.state == TELNET_IN_DATA)
        next.len = 2;
    *in = slice_after(*in, next.len);
    while (event == TELPEER_DATA && client_login_is_under_way(s) &&
           !client_session_is_ending(s)) {
        int r = telpeer_next(&l->wire.peer, &next, &l->wire.out, &event, &item);

        if (r < 0)
            telnet_link_break(l, r);
        else if (event == TELPEER_DATA)
            type(s, item.body);
    }
}

/* One byte after the other, because any of them may be the last one that is the
 * login's. */
bool client_login_take_data(struct client_session *s, struct slice *in)
{
    const struct telpeer *peer = &s->telnet.wire.peer;

    while (client_login_is_under_way(s) && !client_session_is_ending(s) &&
           telpeer_is_data_next(peer, *in)) {
        if (!login_takes(s->login))
            return true;
        type_next(s, in);
    }
    return false;
}

void client_login_interrupt(struct client_session *s)
{
    static const char ctrl_c = 3;

    if (login_takes(s->login))
        type(s, slice_of(&ctrl_c, 1));
}
