#include "session/client_session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/stream_tls.h"
#include "session/client_session_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char half_authenticated[] =
    "it has begun AUTHENTICATION and goes on without an end of it";

static struct client_session *session_of(struct client *client)
{
    return CONTAINER_OF(client, struct client_session, client);
}

/* Whoever called has more to say about it than we. */
static enum log_level usual_level(const struct client_session *s)
{
    return s->role->on_end != NULL ? LOG_DEBUG : LOG_INFO;
}

static struct client_session *session_at(struct session *session)
{
    return CONTAINER_OF(session, struct client_session, session);
}

/*
 * Once it is known whether it is in TLS: it is a client now. secure_is_open
 * says that there is no telling yet, and there are no terms before hands are
 * shaken.
 */
static void log_connected(struct client_session *s)
{
    struct tls_terms terms = { "none" };

    if (s->is_logged || s->session.is_ending || secure_is_open(&s->secure) ||
        secure_is_missing(&s->secure))
        return;
    if (stream_is_tls(s->wire.stream))
        terms = stream_tls_terms(s->wire.stream);
    if (terms.text[0] == '\0')
        return;
    s->is_logged = true;
    s->client.is_encrypted = stream_is_tls(s->wire.stream);
    log_line(usual_level(s), "client connected console=%s peer=%s tls=%s",
             LOG_TEXT(console_name(s->client.console).text), s->client.peer,
             s->client.is_encrypted ? LOG_TEXT(terms.text) : "no");
}

/* It ends at the end of the turn; may be called twice, the first one counts. */
static void close_session(struct client_session *s, const char *reason,
                          bool gently)
{
    if (s->session.is_ending)
        return;
    s->end_reason = reason;
    s->ends_gently = gently;
    deadline_stop(&s->deadline);
    client_past_give_up(&s->past);
    stream_want(s->wire.stream, 0);
    session_mark_ending(s->ctx, &s->session);
}

static void leave_console(struct client_session *s)
{
    log_line(usual_level(s), "client disconnected console=%s peer=%s reason=%s",
             LOG_TEXT(console_name(s->client.console).text), s->client.peer,
             LOG_TEXT(s->end_reason));
    client_line_end(s);
    if (s->is_told)
        client_report_detached(&s->client);
    client_detach(&s->client, clock_now_us());
}

static void end_session(struct session *session)
{
    struct client_session *s = session_at(session);

    if (s->client.console != NULL)
        leave_console(s);
    if (s->role->on_end != NULL)
        s->role->on_end(s->role->owner, s->end_reason);
    wire_done(&s->wire, s->ends_gently);
    secure_done(&s->secure);
}

static void free_session(struct session *session)
{
    free(session_at(session));
}

static void close_broken(struct client_session *s, int error)
{
    if (s->session.is_ending)
        return;
    if (error == -ENOBUFS)
        close_session(s, "it does not take our answers", false);
    else if (stream_is_tls(s->wire.stream) &&
             stream_tls_problem(s->wire.stream)[0] != '\0')
        close_session(s, stream_tls_problem(s->wire.stream), false);
    else if (error == -ETIMEDOUT)
        close_session(s, "it does not answer any more", false);
    else
        close_session(s, "the connection was reset", false);
}

/*
 * A line of text for the person at the other end. Left out when much is queued
 * already: who does not read needs no more of them.
 */
__attribute__((format(printf, 2, 3))) static void say(struct client_session *s,
                                                      const char *format, ...)
{
    char line[3 * LIMIT_NAME + 128];
    va_list args;
    int len;

    if (s->role->way != CLIENT_OF_PORT || s->wire.out.len > LIMIT_ANSWERS_MARK)
        return;
    va_start(args, format);
    len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof line)
        (void)buf_append(&s->wire.out, slice_of(line, (size_t)len));
}

static bool may_read(const struct client_session *s)
{
    return !s->is_draining && console_takes_input(s->client.console) &&
           s->wire.out.len <= LIMIT_ANSWERS_MARK;
}

static bool is_blocked(const struct client_session *s)
{
    return s->wire.stream->interest & STREAM_WRITE;
}

static void update_interest(struct client_session *s, bool blocked)
{
    if (!s->session.is_ending)
        stream_want(s->wire.stream, (may_read(s) ? STREAM_READ : 0u) |
                                        (blocked ? STREAM_WRITE : 0u));
}

/* Who wants a serial line (RFC 2217), or never negotiates, is a program: the
 * VM's bytes and nothing else. */
static bool takes_notices(const struct client_session *s)
{
    return s->mode == MODE_TELNET && client_session_is_person(s);
}

static void say_notice(struct client_session *s, enum view_notice notice)
{
    static const char *const texts[] = {
        [VIEW_NOTICE_GONE] = "VM disconnected; this connection waits for it",
        [VIEW_NOTICE_BACK] = "VM connected",
        [VIEW_NOTICE_GONE_AND_BACK] = "VM disconnected, and connected again",
    };

    say(s, "\r\n[vspcd: %s: %s]\r\n", console_name(s->client.console).text,
        texts[notice]);
}

/* Puts what is no output into the wire's queue, before the output that is
 * next. */
static void render(struct client_session *s, const struct view_item *item)
{
    if (item->kind == VIEW_BREAK)
        client_line_say_break(s, item->is_on);
    if (!takes_notices(s))
        return;
    if (item->kind == VIEW_NOTICE)
        say_notice(s, item->notice);
    if (item->kind == VIEW_SKIPPED)
        say(s, "\r\n[vspcd: %llu bytes skipped]\r\n",
            (unsigned long long)item->skipped);
    if (item->kind == VIEW_END && s->says_reason)
        say(s, "\r\n[vspcd: %s: %s]\r\n", console_name(s->client.console).text,
            s->end_reason);
}

/* Up to the next output, which is none where nothing may go out. */
static void next_output(struct client_session *s, struct view_item *item)
{
    *item = (struct view_item){ .kind = VIEW_NOTHING };
    if (!s->is_serving || s->comport.is_suspended || client_past_is_awaited(s))
        return;
    for (client_next(&s->client, item);
         item->kind != VIEW_BYTES && item->kind != VIEW_NOTHING;
         client_next(&s->client, item))
        render(s, item);
}

static bool is_drained(struct client_session *s)
{
    return s->is_draining && s->wire.out.len == 0 && s->client.view.has_ended &&
           !telnet_encoder_owes(&s->wire.encoder);
}

/* Of what next_output has shown. */
static void took(struct client_session *s, size_t len)
{
    if (len == 0)
        return;
    s->may_look_back = false;
    client_took(&s->client, len, clock_now_us());
}

/* Writes as much as the client takes. */
static void flush(struct client_session *s)
{
    int r = WIRE_DONE;

    while (!s->session.is_ending && r == WIRE_DONE) {
        struct view_item item;
        size_t taken;

        next_output(s, &item);
        r = wire_write(&s->wire, item.bytes.part, &s->ctx->batch, &taken);
        if (r < 0) {
            close_broken(s, r);
            return;
        }
        took(s, taken);
        /* Then only what was queued went out, and that is all there is. */
        if (item.kind == VIEW_NOTHING)
            break;
    }
    if (is_drained(s)) {
        close_session(s, s->end_reason, true);
        return;
    }
    update_interest(s, r == WIRE_BLOCKED);
}

/* A flush unless the stream is known to take nothing now. */
void client_session_flush(struct client_session *s)
{
    if (s->session.is_ending)
        return;
    if (is_blocked(s))
        update_interest(s, true);
    else
        flush(s);
}

/* In the clear, where that is not allowed. */
static void refuse_clear(struct client_session *s)
{
    say(s,
        "[vspcd: %s: refused, this port wants TLS; connect with telnet -z ssl, "
        "openssl s_client, or the like]\r\n",
        console_name(s->client.console).text);
    wire_release(&s->wire);
    (void)wire_flush(&s->wire);
    close_session(s,
                  s->role->way == CLIENT_REMOTE
                      ? "TLS is required, and the remote system has none "
                        "(telnet's option AUTHENTICATION, type SSL)"
                      : "TLS is required on this port, and it does without",
                  true);
}

/* The peer is there, in whatever way was agreed on. */
static void tell_open(struct client_session *s)
{
    struct tls_terms terms = { "none" };

    if (s->is_open || s->session.is_ending || s->is_draining ||
        s->role->on_open == NULL)
        return;
    if (stream_is_tls(s->wire.stream))
        terms = stream_tls_terms(s->wire.stream);
    if (terms.text[0] == '\0')
        return; /* it has failed, and is about to say so */
    s->is_open = true;
    s->role->on_open(s->role->owner, terms.text);
}

/* About BINARY: as people's programs do. Some that log consoles never do. */
static bool has_answered(const struct client_session *s)
{
    enum telopt_state binary =
        telpeer_state(&s->wire.peer, TELPEER_US, TELNET_OPTION_BINARY);

    return binary == TELOPT_ON || binary == TELOPT_OFF;
}

bool client_session_is_person(const struct client_session *s)
{
    return telpeer_state(&s->wire.peer, TELPEER_PEER, TELNET_OPTION_COM_PORT) !=
           TELOPT_ON;
}

/*
 * Who comes to a console sees what is on it, as on the screen of a machine. Who
 * wants a serial line (a raw connection, RFC 2217) gets what comes from now on:
 * a program would take old bytes for new ones. False: nothing has changed.
 */
static bool look_back(struct client_session *s)
{
    struct reader *reader = &s->client.reader;
    uint64_t at = reader->at;

    if (!s->may_look_back || s->mode != MODE_TELNET || !has_answered(s))
        return false;
    s->may_look_back = false;
    if (client_session_is_person(s)) {
        console_look_back(reader, &s->ctx->settings.history);
        client_past_begin(s, at);
    }
    return reader->at != at;
}

/* Systems that we called are not somebody who has come. */
static void report_attached(struct client_session *s)
{
    if (s->is_told || s->session.is_ending || s->role->on_end != NULL)
        return;
    s->is_told = true;
    client_report_attached(&s->client);
}

static void serve(struct client_session *s)
{
    if (s->is_serving || s->session.is_ending || secure_is_open(&s->secure))
        return;
    log_connected(s);
    if (secure_is_missing(&s->secure)) {
        refuse_clear(s);
        return;
    }
    s->is_serving = true;
    look_back(s);
    tell_open(s);
    report_attached(s);
    deadline_stop(&s->deadline);
    if (s->secure.state != SECURE_DONE && s->role->way == CLIENT_OF_PORT)
        s->wire.peer.policy = &client_policy;
    client_session_flush(s);
}

/* The way to TLS is decided on, one way or the other: back to what there is
 * to know of every client. */
static void go_on_negotiating(struct client_session *s)
{
    log_connected(s);
    deadline_stop(&s->deadline);
    if (has_answered(s))
        serve(s);
    else
        deadline_start(&s->ctx->negotiations, &s->deadline, clock_now_us());
}

/* In TLS or in the clear. True: in TLS, and all of in has gone there. */
static bool begin_with(struct client_session *s, struct slice in)
{
    bool is_first = s->secure.state == SECURE_FIRST;
    bool is_tls = secure_is_hello(&s->secure, in);
    int r = is_tls ? secure_begin(&s->secure, &s->wire, &s->ctx->tls, in,
                                  s->role->host)
                   : 0;

    deadline_stop(&s->deadline);
    /* Then there is nothing that AUTHENTICATION could still lead to, and who
     * is told DO would wait for what comes of it. */
    if (is_tls && is_first)
        s->wire.peer.policy = &client_policy;
    if (r == 0 && is_first)
        r = wire_greet(&s->wire);
    if (r == 0 && !is_tls)
        r = secure_go_on_clear(&s->secure, &s->wire);
    if (r < 0)
        close_broken(s, r);
    else if (is_tls)
        update_interest(s, true); /* when the hands are shaken */
    else if (is_first)
        deadline_start(&s->ctx->negotiations, &s->deadline, clock_now_us());
    else
        go_on_negotiating(s);
    log_connected(s);
    return is_tls;
}

void client_session_first_byte_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, deadline);

    (void)owner;
    (void)begin_with(s, slice_of(NULL, 0));
    client_session_flush(s);
    directory_settle(s->ctx->directory);
}

/* It sends no more, or has to go: what it has to get still goes out. */
static void drain(struct client_session *s, const char *reason)
{
    if (s->is_draining || s->session.is_ending)
        return;
    if (secure_is_missing(&s->secure) || s->wire.is_held) {
        close_session(s, reason, false);
        return;
    }
    secure_give_up(&s->secure);
    s->is_draining = true;
    s->end_reason = reason;
    view_end_at(&s->client.view, s->client.console->output.head);
    s->is_serving = true;
    deadline_start(&s->ctx->drains, &s->deadline, clock_now_us());
}

static void client_pull(struct client *client)
{
    client_session_flush(session_of(client));
}

static void client_input_changed(struct client *client)
{
    struct client_session *s = session_of(client);

    update_interest(s, is_blocked(s));
}

static void client_lines_changed(struct client *client)
{
    struct client_session *s = session_of(client);

    if (s->session.is_ending)
        return;
    client_line_tell(s);
    if (s->wire.out.len > 0)
        client_session_flush(s);
}

static void shut_down(struct session *session, const char *reason)
{
    struct client_session *s = session_at(session);

    if (!s->is_draining)
        s->says_reason = s->mode == MODE_TELNET;
    client_past_give_up(&s->past);
    drain(s, reason);
    client_session_flush(s);
}

static void close_now(struct session *session, const char *reason)
{
    close_session(session_at(session), reason, false);
}

static const struct session_ops session_ops = {
    .shut_down = shut_down,
    .close = close_now,
    .end = end_session,
    .free = free_session,
};

static const struct client_ops session_client_ops = {
    .pull = client_pull,
    .input_changed = client_input_changed,
    .lines_changed = client_lines_changed,
};

/* r: what came of an option or message of it. */
static int handle_authentication(struct client_session *s, int r)
{
    if (r < 0)
        return r;
    if (s->secure.state == SECURE_NOT) {
        go_on_negotiating(s);
    } else if (s->secure.state == SECURE_ASKED ||
               s->secure.state == SECURE_STARTED) {
        deadline_stop(&s->deadline);
        s->end_reason = half_authenticated;
        deadline_start(&s->ctx->drains, &s->deadline, clock_now_us());
    }
    return 0;
}

static int handle_option(struct client_session *s,
                         const struct telpeer_item *item)
{
    bool is_peer = item->side == TELPEER_PEER;

    if (item->option == TELNET_OPTION_AUTHENTICATION)
        return handle_authentication(
            s, secure_handle_option(&s->secure, &s->wire, item->is_on));

    if (item->option == TELNET_OPTION_BINARY && !is_peer)
        s->wire.encoder.is_nvt = !item->is_on;
    if (item->option == TELNET_OPTION_COM_PORT && is_peer)
        return client_line_handle_option(s, item->is_on);
    return 0;
}

static void handle_command(struct client_session *s, uint8_t verb)
{
    struct console *c = s->client.console;

    if (verb == TELNET_BRK) {
        client_line_handle_break(s);
        return;
    }
    /* Once a read: a flood of them is worth no more. */
    if (verb != TELNET_AYT || s->was_asked)
        return;
    s->was_asked = true;
    say(s, "\r\n[vspcd: %s: yes, VM %s]\r\n", console_name(c).text,
        console_has_vm(c) ? "connected" : "not connected");
}

static void give_input(struct client_session *s, struct slice bytes)
{
    if (!client_input(&s->client, bytes))
        close_session(s, "there is no memory for its input", false);
}

/*
 * Data with doubled bytes in it is put together, so that it reaches the VM in
 * one piece and not in as many as it has such bytes. Other data is passed on
 * from where it lies.
 */
static void copy_doubled(struct client_session *s, struct slice *in)
{
    size_t copied;

    if (secure_is_missing(&s->secure) || in->len == 0 ||
        memchr(in->data, TELNET_IAC, in->len) == NULL)
        return;
    copied =
        telpeer_copy_data(&s->wire.peer, in, s->ctx->copy_buffer, LIMIT_READ);
    if (copied > 0)
        give_input(s, slice_of(s->ctx->copy_buffer, copied));
}

static int handle_suboption(struct client_session *s,
                            const struct telpeer_item *item)
{
    if (item->option == TELNET_OPTION_COM_PORT)
        return client_line_handle_message(s, item->body);
    if (item->option == TELNET_OPTION_AUTHENTICATION)
        return handle_authentication(
            s, secure_handle_message(&s->secure, &s->wire, item->body));
    return 0;
}

/* Whether this is more than negotiating, on the way to TLS or without it. */
static bool is_too_early(const struct client_session *s,
                         enum telpeer_event event,
                         const struct telpeer_item *item)
{
    return secure_is_missing(&s->secure) && event != TELPEER_NEED_MORE &&
           event != TELPEER_OPTION &&
           (event != TELPEER_SUBOPTION ||
            item->option != TELNET_OPTION_AUTHENTICATION);
}

static int handle_event(struct client_session *s, enum telpeer_event event,
                        const struct telpeer_item *item)
{
    if (is_too_early(s, event, item)) {
        refuse_clear(s);
        return 0;
    }
    switch (event) {
    case TELPEER_DATA:
        give_input(s, item->body);
        return 0;
    case TELPEER_OPTION:
        return handle_option(s, item);
    case TELPEER_COMMAND:
        handle_command(s, item->verb);
        return 0;
    case TELPEER_SUBOPTION:
        return handle_suboption(s, item);
    case TELPEER_OVERSIZED:
        close_session(s, "a subnegotiation of more than 16 KiB", false);
        return 0;
    case TELPEER_NEED_MORE:
        return 0;
    }
    return 0;
}

/* It has said all that it had to say at once: what it is may be known now. */
static void settle(struct client_session *s)
{
    if (s->session.is_ending || !has_answered(s))
        return;
    serve(s);
    /* An answer that has come late. */
    if (s->is_serving && look_back(s))
        client_session_flush(s);
}

static void handle_telnet(struct client_session *s, struct slice in)
{
    enum telpeer_event event = TELPEER_DATA;
    struct telpeer_item item;

    while (!s->session.is_ending && event != TELPEER_NEED_MORE) {
        int r;

        if (secure_is_due(&s->secure, in) && begin_with(s, in))
            return;
        copy_doubled(s, &in);
        if (s->session.is_ending)
            return;
        r = telpeer_next(&s->wire.peer, &in, &s->wire.out, &event, &item);
        if (r == 0)
            r = handle_event(s, event, &item);
        if (r < 0)
            close_broken(s, r);
    }
    settle(s);
}

static bool is_answer(const uint8_t *p)
{
    return p[0] == TELNET_IAC && p[1] >= TELNET_WILL && p[1] <= TELNET_DONT &&
           (p[2] == TELNET_OPTION_BINARY || p[2] == TELNET_OPTION_SGA ||
            p[2] == TELNET_OPTION_ECHO);
}

/*
 * Where in raw input two answers to our greeting stand one behind the other;
 * in.len if nowhere. Every telnet client answers more than one of its options,
 * and in one segment; in other data such six bytes are as good as impossible.
 */
static size_t find_answers(struct slice in)
{
    size_t at = 0;

    while (in.len - at >= 6) {
        const uint8_t *iac = memchr(in.data + at, TELNET_IAC, in.len - at - 5);

        if (iac == NULL)
            break;
        at = (size_t)(iac - in.data);
        if (is_answer(iac) && is_answer(iac + 3))
            return at;
        at++;
    }
    return in.len;
}

static void become_telnet(struct client_session *s)
{
    s->mode = MODE_TELNET;
    s->wire.encoder.is_raw = false;
    if (!console_has_vm(s->client.console))
        view_note(&s->client.view, VIEW_NOTICE_GONE,
                  s->client.console->output.head);
}

static void handle_raw(struct client_session *s, struct slice in)
{
    size_t raw_len = in.len;

    if (s->raw_seen < CLIENT_RAW_TRIAL)
        raw_len = find_answers(in);
    s->raw_seen += raw_len;
    if (raw_len > 0)
        give_input(s, slice_of(in.data, raw_len));
    if (raw_len == in.len || s->session.is_ending)
        return;
    become_telnet(s);
    handle_telnet(s, slice_after(in, raw_len));
}

static void decide_mode(struct client_session *s, struct slice in)
{
    if (s->mode != MODE_UNDECIDED)
        return;
    /* To the VM it would be keys that nobody has pressed. */
    if (secure_is_late_hello(&s->secure, in)) {
        close_session(s,
                      "a TLS hello, but too late: it was greeted in the clear "
                      "after a second without a byte",
                      false);
        return;
    }
    if (in.data[0] == TELNET_IAC) {
        become_telnet(s);
        return;
    }
    s->mode = MODE_RAW;
    s->wire.encoder.is_raw = true;
    secure_give_up(&s->secure);
    serve(s);
}

static void handle_bytes(struct client_session *s, struct slice in)
{
    decide_mode(s, in);
    if (s->session.is_ending)
        return;
    s->was_asked = false;
    if (s->mode == MODE_TELNET)
        handle_telnet(s, in);
    else
        handle_raw(s, in);
    if (s->wire.out.len > 0)
        client_session_flush(s);
}

static void read_client(struct client_session *s)
{
    uint8_t *to = s->ctx->read_buffer;
    ssize_t n = stream_read(s->wire.stream, to, LIMIT_READ);

    if (n > 0) {
        if (s->secure.state != SECURE_FIRST ||
            !begin_with(s, slice_of(to, (size_t)n)))
            handle_bytes(s, slice_of(to, (size_t)n));
    } else if (n == 0) {
        drain(s, s->role->on_end != NULL ? "closed by the remote system"
                                         : "closed by the client");
        flush(s);
    } else if (n != -EAGAIN) {
        close_broken(s, (int)n);
    }
}

static void write_client(struct client_session *s)
{
    if (s->secure.state == SECURE_DONE && !s->is_serving &&
        !deadline_is_running(&s->deadline))
        go_on_negotiating(s);
    log_connected(s);
    if (s->is_serving)
        tell_open(s);
    flush(s);
    client_line_catch_up(s);
}

static void on_ready(void *owner, unsigned ready)
{
    struct client_session *s = owner;

    if (ready & STREAM_WRITE)
        write_client(s);
    if ((ready & STREAM_READ) && !s->session.is_ending) {
        /* A broken connection tells so even while it is not to be read; it
         * tells again when it is, or when something is to be written. */
        if (may_read(s))
            read_client(s);
        else
            flush(s);
    }
    directory_settle(s->ctx->directory);
}

/* The console does not take it: says so and closes. */
static void refuse(struct client_session *s, const struct console *c,
                   const struct err *why)
{
    if (!secure_is_missing(&s->secure))
        say(s, "[vspcd: %s: refused, %s]\r\n", console_name(c).text, why->text);
    (void)wire_flush(&s->wire);
    log_line(usual_level(s),
             "client refused console=%s peer=%s reason=\"limit of clients\"",
             LOG_TEXT(console_name(c).text), s->client.peer);
    close_session(s, "the console's limit of clients is reached", true);
}

static void start(struct client_session *s)
{
    uint64_t now_us = clock_now_us();
    int r;

    if (s->secure.state == SECURE_FIRST) {
        deadline_start(&s->ctx->client_first_bytes, &s->deadline, now_us);
        update_interest(s, false);
        return;
    }
    r = client_role_greet(s);
    if (r < 0) {
        close_broken(s, r);
        return;
    }
    if (s->secure.state == SECURE_DONE) {
        update_interest(s, true); /* it begins when the hands are shaken */
        return;
    }
    if (s->is_serving) {
        tell_open(s);
        report_attached(s);
    } else if (secure_is_open(&s->secure)) {
        deadline_start(&s->ctx->answers, &s->deadline, now_us);
    } else {
        deadline_start(&s->ctx->negotiations, &s->deadline, now_us);
    }
    flush(s);
}

struct client *client_session_start(struct session_context *ctx,
                                    struct stream *stream,
                                    struct console *console,
                                    const struct client_role *role)
{
    struct client_session *s = xcalloc(1, sizeof *s);
    struct address_text peer = address_format(&stream->peer);
    const struct client_origin origin = {
        .door = role->door,
        .peer = peer.text,
        .now_us = clock_now_us(),
    };
    bool is_caller = role->way == CLIENT_REMOTE;
    struct err why;

    s->ctx = ctx;
    s->role = role;
    s->may_look_back = role->way == CLIENT_OF_PORT;
    session_start(ctx, &s->session, &session_ops);
    deadline_init(&s->deadline);
    client_past_init(&s->past);
    client_init(&s->client, &session_client_ops, &origin);
    comport_peer_init(&s->comport, LINE_CLIENTS);
    secure_init(&s->secure, role->policy,
                is_caller ? role->tls : ctx->client_tls, is_caller,
                stream_is_tls(stream));
    wire_init(&s->wire, stream, client_role_policy(role), LIMIT_ANSWERS,
              on_ready, s);
    if (client_attach(&s->client, console, origin.now_us, &why) !=
        CLIENT_ATTACHED) {
        refuse(s, console, &why);
        return &s->client;
    }
    if (role->on_end != NULL)
        s->client.reader.at = role->output_at;
    log_connected(s);
    start(s);
    return &s->client;
}

void client_session_shut_down(struct client *client, const char *reason)
{
    shut_down(&session_of(client)->session, reason);
}

void client_session_end(struct client *client, const char *reason)
{
    struct client_session *s = session_of(client);

    s->role = client_role_without_owner(s->role->way);
    close_session(s, reason, false);
}

void client_session_negotiation_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, deadline);

    (void)owner;
    /* Silent so far: the bare bytes, until it should turn out to be telnet. */
    if (s->mode == MODE_UNDECIDED)
        s->wire.encoder.is_raw = true;
    secure_give_up(&s->secure);
    serve(s);
    directory_settle(s->ctx->directory);
}

void client_session_answer_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, deadline);

    if (secure_is_missing(&s->secure) && ++s->waits < CLIENT_ANSWER_WAITS)
        deadline_start(&s->ctx->answers, &s->deadline, clock_now_us());
    else
        client_session_negotiation_due(d, owner);
}

void client_session_drain_due(struct deadline *d, void *owner)
{
    struct client_session *s = CONTAINER_OF(d, struct client_session, deadline);

    (void)owner;
    close_session(s, s->end_reason, false);
}
