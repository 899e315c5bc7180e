/*
 * What a client is shown, as bytes on its connection: the view's items,
 * rendered by telnet or raw. Output goes straight from the ring to the socket;
 * only words and commands are queued in front of it.
 *
 * The loop in flush alternates: everything up to the next bytes is rendered
 * into the queue, then queue and bytes are written in one call. It ends when
 * the socket takes no more, or when the view has nothing. So the place of a
 * notice in the output is right without a mark in any queue, and the queue is
 * bounded: it holds what stands before one span.
 */
#include "base/clock.h"
#include "session/client/client_session_private.h"

#include <stdarg.h>
#include <stdio.h>

/* Words are for people, who come by telnet: a raw connection and a remote
 * system get none. A client that does not read its queue needs no more words,
 * and gets none. */
void client_output_say(struct client_session *s, const char *format, ...)
{
    char line[3 * LIMIT_NAME + 128];
    va_list args;
    int len;

    if (s->role->way != CLIENT_TELNET ||
        s->telnet.wire.out.len > LIMIT_ANSWERS_MARK)
        return;
    va_start(args, format);
    len = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < sizeof line)
        (void)buf_append(&s->telnet.wire.out, slice_of(line, (size_t)len));
}

/* The VM may be away since before the client was attached, or before it was
 * known that notices can be said to it. */
void client_output_note_absence(struct client_session *s)
{
    const struct console *c = s->client.console;

    if (c != NULL && s->mode == CLIENT_MODE_TELNET && !console_has_vm(c))
        view_note(&s->client.view, VIEW_NOTICE_GONE, c->output.head);
}

/* A client that wants a serial line (RFC 2217), or never negotiates, is a
 * program: it gets the VM's bytes and nothing else. */
bool client_output_takes_notices(const struct client_session *s)
{
    return s->mode == CLIENT_MODE_TELNET && client_session_is_person(s);
}

/* It may have another name by now, which is not for those who lost it. */
void client_output_notice(struct client_session *s, const char *text)
{
    if (s->client.right < RIGHT_READ)
        client_output_say(s, "\r\n[vspcd: %s]\r\n", text);
    else
        client_output_say(s, "\r\n[vspcd: %s: %s]\r\n",
                          console_name(s->client.console).text, text);
}

static void say_notice(struct client_session *s, enum view_notice notice)
{
    static const char *const texts[] = {
        [VIEW_NOTICE_GONE] = "VM disconnected; this connection waits for it",
        [VIEW_NOTICE_BACK] = "VM connected",
        [VIEW_NOTICE_GONE_AND_BACK] = "VM disconnected, and connected again",
        [VIEW_NOTICE_TAKEN_OVER] =
            "VM connected from another address: its host has changed",
        [VIEW_NOTICE_TAKEN_OVER_AND_GONE] =
            ("VM connected from another address, and disconnected; this "
             "connection waits for it"),
    };

    client_output_notice(s, texts[notice]);
}

/* Puts an item that is no output into the wire's queue, before the output that
 * is next. A break is for programs too; it is telnet and no words. */
static void render(struct client_session *s, const struct view_item *item)
{
    if (item->kind == VIEW_BREAK)
        client_line_say_break(s, item->is_on);
    if (!client_output_takes_notices(s))
        return;
    if (item->kind == VIEW_NOTICE)
        say_notice(s, item->notice);
    if (item->kind == VIEW_SKIPPED)
        client_output_say(s, "\r\n[vspcd: %llu bytes skipped]\r\n",
                          (unsigned long long)item->skipped);
    if (item->kind == VIEW_END && s->says_reason)
        client_output_notice(s, s->end_detail);
}

/* Up to the next output, which is none where nothing may go out: before the
 * client is served, while its peer has suspended it, and while older output is
 * waited for, which has to come first. */
static void next_output(struct client_session *s, struct view_item *item)
{
    *item = (struct view_item){ .kind = VIEW_NOTHING };
    if (!client_session_is_shown(s) || !client_session_is_attached(s) ||
        s->comport.is_suspended || client_menu_is_losing(s) ||
        client_past_is_awaited(s))
        return;
    for (client_next(&s->client, item);
         item->kind != VIEW_BYTES && item->kind != VIEW_NOTHING;
         client_next(&s->client, item))
        render(s, item);
}

/* Everything is gone from here: the view has said END, and neither queue nor
 * half a byte is left. What the socket has, the kernel delivers. */
static bool is_drained(const struct client_session *s)
{
    return s->phase == CLIENT_DRAINING && s->client.view.has_ended &&
           s->telnet.wire.out.len == 0 &&
           !telnet_encoder_owes(&s->telnet.wire.encoder);
}

/* A half-closed client is closed when the output is quiet: each byte that it
 * takes starts that time anew. */
static void took(struct client_session *s, size_t len)
{
    if (len == 0)
        return;
    s->may_look_back = false;
    client_took(&s->client, len, clock_now_us());
    if (s->phase == CLIENT_HALF_CLOSED)
        client_session_enter(s, CLIENT_HALF_CLOSED);
}

static void flush(struct client_session *s)
{
    int r = WIRE_DONE;

    while (!client_session_is_ending(s) && r == WIRE_DONE) {
        struct view_item item;
        size_t taken, queued;

        next_output(s, &item);
        queued = s->telnet.wire.out.len;
        r = wire_write(&s->telnet.wire, item.bytes.part, &s->telnet.ctx->batch,
                       &taken);
        if (r < 0) {
            telnet_link_write_failed(&s->telnet, r);
            return;
        }
        took(s, taken);
        if (taken > 0 || s->telnet.wire.out.len < queued)
            client_idle_sent(s);
        /* Only the queue went out: there is no more output now. */
        if (item.kind == VIEW_NOTHING)
            break;
    }
    if (is_drained(s))
        client_session_end_gently(s, s->end_detail);
    telnet_link_update_interest(&s->telnet, r == WIRE_BLOCKED);
}

/* While the stream is known to take nothing, only the interest is set:
 * on_written comes back here. Called for whatever may have changed, and cheap
 * if nothing has. */
void client_output_flush(struct client_session *s)
{
    if (client_session_is_ending(s))
        return;
    if (s->telnet.is_mute)
        telnet_link_flush(&s->telnet);
    else if (telnet_link_is_blocked(&s->telnet))
        telnet_link_update_interest(&s->telnet, true);
    else
        flush(s);
}

/*
 * A person who comes to a console sees what is on it, as on the screen of a
 * machine. A client that wants a serial line (a raw connection, RFC 2217) gets
 * what comes from now on: a program would take old bytes for new ones.
 *
 * Once, and before the first byte (may_look_back): going back behind bytes that
 * were shown would show them twice. It waits for the answer about BINARY, which
 * tells people's programs from others.
 */
bool client_output_look_back(struct client_session *s)
{
    struct reader *reader = &s->client.reader;
    uint64_t at = reader->at;

    if (!s->may_look_back || s->mode != CLIENT_MODE_TELNET ||
        !client_session_has_answered(s))
        return false;
    s->may_look_back = false;
    if (client_session_is_person(s)) {
        console_look_back(reader, &s->telnet.ctx->settings.history);
        client_past_begin(s, at);
    }
    return reader->at != at;
}
